//! Changes bytes in the file of a small network. The reader takes the whole file or refuses it.
#![no_main]

use electroscope::hub::{ElectraConfig, HubTensor, Role, expected_tensors, network_from_bytes, write_safetensors};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (bool, Vec<(u16, u8)>, u16)| {
    let (discriminator, edits, cut) = input;
    let role = if discriminator { Role::Discriminator } else { Role::Generator };
    let config = ElectraConfig {
        vocab_size: 3,
        embedding_size: 2,
        hidden_size: 2,
        num_hidden_layers: 1,
        num_attention_heads: 1,
        intermediate_size: 1,
        max_position_embeddings: 1,
        ..ElectraConfig::standard(role)
    };
    let tensors: Vec<(String, HubTensor)> = expected_tensors(&config, role)
        .into_iter()
        .map(|(name, shape)| (name, HubTensor { data: vec![1.0; shape.iter().product()], shape }))
        .collect();
    let mut bytes = Vec::new();
    write_safetensors(&mut bytes, tensors.iter().map(|(name, tensor)| (name.clone(), tensor)))
        .expect("memory takes it");
    for (at, byte) in edits {
        let at = usize::from(at) % bytes.len();
        bytes[at] = byte;
    }
    bytes.truncate(bytes.len().saturating_sub(usize::from(cut)));
    if let Ok((network, _)) = network_from_bytes(&config.to_json(role), &bytes, role) {
        assert_eq!(network.tensors.len(), tensors.len());
    }
});
