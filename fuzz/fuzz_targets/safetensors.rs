//! Feeds any bytes as a safetensors file. The reader takes or refuses them. It does not panic, and it takes no more memory than the
//! file.
#![no_main]

use electroscope::hub::parse_safetensors;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (bool, &[u8], &[u8])| {
    let (framed, header, data) = input;
    // A header behind its right length is rare in random bytes, so half of the inputs get one.
    let length = if framed { (header.len() as u64).to_le_bytes().to_vec() } else { Vec::new() };
    let bytes = [&length, header, data].concat();
    if let Ok(tensors) = parse_safetensors(&bytes) {
        let numbers: usize = tensors.values().map(|tensor| tensor.data.len()).sum();
        assert!(2 * numbers <= bytes.len());
    }
});
