//! Reads and writes safetensors files: it checks the header against the file's real length, then gives one tensor at a time as f32.
//! file or bytes -> [`TensorFile`] -> [`HubTensor`]; [`write_safetensors`] writes the file again.
//! It allocates memory only for ranges that it has found inside the file, whatever the header says.

use crate::message::Message;
use crate::text::impostor::instead;
use crate::{Error, Result};
use safetensors::Dtype;
use safetensors::tensor::{Metadata, TensorInfo};
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// This many of a file's first bytes show what it is if it is no safetensors file.
const HEAD_BYTES: u64 = 512;
/// The format's own limit on the length of a header.
const HEADER_MAX: u64 = 100_000_000;

/// A tensor on the host: row-major, last axis fastest. `data.len()` is the product of `shape`.
#[derive(Debug, Clone, PartialEq)]
pub struct HubTensor {
    pub shape: Vec<usize>,
    pub data: Vec<f32>,
}

pub type Tensors = BTreeMap<String, HubTensor>;

/// An open safetensors file: its header read and checked, its tensors read when asked for.
#[derive(Debug)]
pub struct TensorFile<R> {
    source: R,
    data_start: u64,
    header: Metadata,
}

/// Opens a file; errors name it.
pub fn open_safetensors(path: &Path) -> Result<TensorFile<BufReader<File>>> {
    let file = File::open(path).map_err(|e| Error::io("io-open-file", path, &e))?;
    TensorFile::new(BufReader::new(file)).map_err(|e| e.at_path(path))
}

/// Every tensor of a safetensors file held in memory. F32, F16, BF16 and F64 become f32; other types are an error.
pub fn parse_safetensors(bytes: &[u8]) -> Result<Tensors> {
    let mut file = TensorFile::new(Cursor::new(bytes))?;
    let names: Vec<String> = file.shapes().into_keys().collect();
    names.into_iter().map(|name| file.tensor(&name).map(|tensor| (name, tensor))).collect()
}

impl<R: Read + Seek> TensorFile<R> {
    /// Reads the header and checks it: its length, its JSON, that the tensors fill the rest of the file without gap or
    /// overlap, and that every shape fits its range.
    pub fn new(mut source: R) -> Result<Self> {
        Self::read_header(&mut source).map(|(data_start, header)| Self { source, data_start, header })
    }

    /// Where the tensors begin, and the header. If the file is something else altogether, the error says what.
    fn read_header(source: &mut R) -> Result<(u64, Metadata)> {
        let unreadable = |e: io::Error| Error::failed("cannot-read-tensors-file").with("detail", e.to_string());
        let file_len = source.seek(SeekFrom::End(0)).map_err(unreadable)?;
        source.seek(SeekFrom::Start(0)).map_err(unreadable)?;
        let mut head = Vec::new();
        source.by_ref().take(HEAD_BYTES).read_to_end(&mut head).map_err(unreadable)?;
        let wrong = |why: Message| match instead(&head, false) {
            Some(error) if file_len > 0 => error,
            _ => damaged(why),
        };
        let Some(length) = head.first_chunk::<8>() else {
            return Err(wrong(Message::new("header-missing").with("held", file_len.to_string())));
        };
        let header_len = u64::from_le_bytes(*length);
        if header_len > file_len - 8 || header_len > HEADER_MAX {
            let (claimed, held) = (header_len.to_string(), file_len.to_string());
            return Err(wrong(Message::new("header-too-long").with("claimed", claimed).with("held", held)));
        }
        source.seek(SeekFrom::Start(8)).map_err(unreadable)?;
        // It fits into memory, because it is no longer than the file and HEADER_MAX.
        let mut text = vec![0; header_len as usize];
        source.read_exact(&mut text).map_err(unreadable)?;
        let header: Metadata = serde_json::from_slice(&text)
            .map_err(|e| wrong(Message::new("header-unreadable").with("detail", e.to_string())))?;
        let (held, claimed) = (file_len - 8 - header_len, header.data_len() as u64);
        if claimed != held {
            let (claimed, held) = (claimed.to_string(), held.to_string());
            return Err(damaged(Message::new("header-of-other-length").with("claimed", claimed).with("held", held)));
        }
        Ok((8 + header_len, header))
    }

    /// Whether the tensor `name` has whole numbers. No parameter has.
    pub fn is_whole(&self, name: &str) -> bool {
        let whole = |dtype| {
            matches!(
                dtype,
                Dtype::BOOL
                    | Dtype::U8
                    | Dtype::I8
                    | Dtype::U16
                    | Dtype::I16
                    | Dtype::U32
                    | Dtype::I32
                    | Dtype::U64
                    | Dtype::I64
            )
        };
        self.header.info(name).is_some_and(|info| whole(info.dtype))
    }

    /// Name and shape of every tensor.
    pub fn shapes(&self) -> BTreeMap<String, Vec<usize>> {
        self.header.tensors().into_iter().map(|(name, info)| (name, info.shape.clone())).collect()
    }

    /// The tensor `name` as f32: F16 and BF16 exactly, F64 rounded.
    pub fn tensor(&mut self, name: &str) -> Result<HubTensor> {
        let (info, bytes) = self.bytes(name)?;
        let data = match info.dtype {
            Dtype::F32 => numbers(&bytes, f32::from_le_bytes),
            Dtype::F16 => numbers(&bytes, |b| f32_from_f16(u16::from_le_bytes(b))),
            Dtype::BF16 => numbers(&bytes, |b| f32::from_bits(u32::from(u16::from_le_bytes(b)) << 16)),
            Dtype::F64 => numbers(&bytes, |b| f64::from_le_bytes(b) as f32),
            other => {
                return Err(Error::failed("tensor-not-floats").with("name", name).with("type", other.to_string()));
            }
        };
        Ok(HubTensor { shape: info.shape, data })
    }

    /// The tensor `name` of whole numbers (ids, positions, flags): shape and values.
    pub fn integers(&mut self, name: &str) -> Result<(Vec<usize>, Vec<i64>)> {
        let (info, bytes) = self.bytes(name)?;
        let data = match info.dtype {
            Dtype::I64 => numbers(&bytes, i64::from_le_bytes),
            Dtype::I32 => numbers(&bytes, |b| i64::from(i32::from_le_bytes(b))),
            Dtype::U32 => numbers(&bytes, |b| i64::from(u32::from_le_bytes(b))),
            Dtype::U8 | Dtype::BOOL => bytes.iter().map(|b| i64::from(*b)).collect(),
            other => {
                return Err(Error::failed("tensor-not-whole-numbers")
                    .with("name", name)
                    .with("type", other.to_string()));
            }
        };
        Ok((info.shape, data))
    }

    fn bytes(&mut self, name: &str) -> Result<(TensorInfo, Vec<u8>)> {
        let info = self.header.info(name).ok_or_else(|| Error::failed("no-such-tensor").with("name", name))?.clone();
        let (start, end) = info.data_offsets;
        let mut bytes = vec![0; end - start];
        self.source
            .seek(SeekFrom::Start(self.data_start + start as u64))
            .and_then(|_| self.source.read_exact(&mut bytes))
            .map_err(|e| Error::failed("cannot-read-tensor").with("name", name).with("detail", e.to_string()))?;
        Ok((info, bytes))
    }
}

fn damaged(why: Message) -> Error {
    Error::failed("safetensors-damaged").with("why", why)
}

fn numbers<const N: usize, T>(bytes: &[u8], number: impl Fn([u8; N]) -> T) -> Vec<T> {
    let (items, _) = bytes.as_chunks::<N>();
    items.iter().map(|item| number(*item)).collect()
}

/// IEEE half precision to single, exact for all 65,536 values.
fn f32_from_f16(half: u16) -> f32 {
    let sign = u32::from(half & 0x8000) << 16;
    let (exponent, mantissa) = (u32::from(half >> 10) & 0x1f, u32::from(half & 0x3ff));
    match exponent {
        // 2^-24 is the unit of the subnormals, and 1,023 of them are exact in f32.
        0 => f32::from_bits((mantissa as f32 * f32::from_bits(0x3380_0000)).to_bits() | sign),
        31 => f32::from_bits(sign | 0x7f80_0000 | mantissa << 13),
        // 112 = 127 - 15, the difference of the biases.
        _ => f32::from_bits(sign | (exponent + 112) << 23 | mantissa << 13),
    }
}

/// Writes f32 tensors ordered by name, with the metadata transformers asks for. The same tensors give the same bytes.
pub fn write_safetensors<'a>(
    out: &mut dyn Write,
    tensors: impl IntoIterator<Item = (String, &'a HubTensor)>,
) -> io::Result<()> {
    let tensors: BTreeMap<String, &HubTensor> = tensors.into_iter().collect();
    let mut end = 0;
    let infos = tensors.iter().map(|(name, tensor)| {
        assert_eq!(tensor.shape.iter().product::<usize>(), tensor.data.len(), "write_safetensors: {name}");
        let start = end;
        end += 4 * tensor.data.len();
        (name.clone(), TensorInfo { dtype: Dtype::F32, shape: tensor.shape.clone(), data_offsets: (start, end) })
    });
    let format = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    let header = Metadata::new(Some(format), infos.collect()).expect("ranges laid end to end are valid");
    let mut text = serde_json::to_vec(&header).expect("names, numbers and shapes are always JSON");
    text.resize(text.len().next_multiple_of(8), b' ');
    out.write_all(&(text.len() as u64).to_le_bytes())?;
    out.write_all(&text)?;
    let mut block = Vec::with_capacity(1 << 16);
    for tensor in tensors.values() {
        for numbers in tensor.data.chunks(1 << 14) {
            block.clear();
            block.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
            out.write_all(&block)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn file(header: &str, data: &[u8]) -> Vec<u8> {
        [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), data].concat()
    }

    fn sample() -> Vec<u8> {
        let a = HubTensor { shape: vec![2, 3], data: vec![1.0, -2.0, 3.5, 0.0, f32::MIN_POSITIVE, 1e30] };
        let b = HubTensor { shape: vec![1], data: vec![0.25] };
        let mut bytes = Vec::new();
        write_safetensors(&mut bytes, [("b".to_owned(), &b), ("a".to_owned(), &a)]).unwrap();
        bytes
    }

    #[test]
    fn what_is_written_is_read_and_the_reference_crate_agrees() {
        let bytes = sample();
        let ours = parse_safetensors(&bytes).unwrap();
        assert_eq!(ours["a"].data, [1.0, -2.0, 3.5, 0.0, f32::MIN_POSITIVE, 1e30]);
        assert_eq!(ours["b"].shape, [1]);
        let reference = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        assert_eq!(reference.tensor("a").unwrap().shape(), [2, 3]);
        let again =
            safetensors::serialize(reference.tensors(), Some(HashMap::from([("format".to_owned(), "pt".to_owned())])));
        assert_eq!(again.unwrap(), bytes, "same order, same padding");
    }

    #[test]
    fn every_half_is_converted_exactly() {
        for half in 0..=u16::MAX {
            let (exponent, mantissa) = (i32::from(half >> 10 & 0x1f), f64::from(half & 0x3ff));
            let sign = if half & 0x8000 == 0 { 1.0 } else { -1.0 };
            let got = f64::from(f32_from_f16(half));
            match exponent {
                31 if mantissa == 0.0 => assert_eq!(got, sign * f64::INFINITY),
                31 => assert!(got.is_nan()),
                0 => assert_eq!(got.to_bits(), (sign * mantissa * 2f64.powi(-24)).to_bits()),
                _ => assert_eq!(got, sign * (1.0 + mantissa / 1024.0) * 2f64.powi(exponent - 15)),
            }
        }
    }

    #[test]
    fn other_float_types_become_f32_and_integers_stay_whole() {
        let header = concat!(
            r#"{"bf":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]},"d":{"dtype":"F64","shape":[1],"data_offsets":[4,12]},"#,
            r#""i":{"dtype":"I64","shape":[1],"data_offsets":[12,20]}}"#
        );
        let data = [&[0x80, 0x3f, 0x20, 0xc0][..], &0.1f64.to_le_bytes()[..], &(-7i64).to_le_bytes()[..]].concat();
        let mut tensors = TensorFile::new(Cursor::new(file(header, &data))).unwrap();
        assert_eq!(tensors.tensor("bf").unwrap().data, [1.0, -2.5]);
        assert_eq!(tensors.tensor("d").unwrap().data, [0.1f32]);
        assert_eq!(tensors.integers("i").unwrap(), (vec![1], vec![-7]));
        assert!(tensors.tensor("i").unwrap_err().to_string().contains("tensor-not-floats (name = i, type = I64)"));
        assert!(tensors.integers("d").is_err());
        assert!(tensors.tensor("x").unwrap_err().to_string().contains("no-such-tensor (name = x)"));
    }

    #[test]
    fn damaged_files_give_one_clear_error() {
        let tensor = |range: &str, shape: &str| {
            file(&format!(r#"{{"a":{{"dtype":"F32","shape":{shape},"data_offsets":{range}}}}}"#), &[0; 8])
        };
        let whole = sample();
        // Where a size has 32 bits, as in a browser, such a number is not even read.
        let overflow = if usize::BITS == 64 { "overflow" } else { "invalid value" };
        for (bytes, said) in [
            (vec![], "header-missing (held = 0)"),
            (vec![0; 7], "header-missing (held = 7)"),
            (u64::MAX.to_le_bytes().to_vec(), "claimed = 18446744073709551615"),
            (file(r#"{"a":"#, b""), "header-unreadable (detail = EOF"),
            (file("{\"a\": \u{1}}", b""), "header-unreadable"),
            (whole[..whole.len() - 1].to_vec(), "header-of-other-length (claimed = 28, held = 27)"),
            (whole[..60].to_vec(), "header-too-long"),
            ([&whole[..], &[0]].concat(), "held = 29"),
            (tensor("[0,8]", "[3]"), "header-unreadable (detail = invalid shape"),
            (tensor("[4,8]", "[1]"), "invalid offset"),
            (tensor("[8,0]", "[1]"), "invalid offset"),
            (tensor("[0,8]", "[18446744073709551615,18446744073709551615]"), overflow),
            (tensor("[0,18446744073709551612]", "[4611686018427387903]"), overflow),
            (
                file(
                    concat!(
                        r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"#,
                        r#""b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#
                    ),
                    &[0; 8],
                ),
                "invalid offset",
            ),
        ] {
            let error = parse_safetensors(&bytes).expect_err(said).to_string();
            assert!(error.contains(said) && error.contains("safetensors-damaged"), "{said}: {error}");
        }
    }

    proptest! {
        #[test]
        fn mutated_bytes_never_panic(
            edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
            cut in prop::option::of(any::<prop::sample::Index>()),
        ) {
            let mut bytes = sample();
            for (at, byte) in edits {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            if let Some(cut) = cut {
                bytes.truncate(cut.index(bytes.len()));
            }
            // No header can give more bytes than the file has.
            if let Ok(tensors) = parse_safetensors(&bytes) {
                prop_assert!(tensors.values().map(|t| t.data.len()).sum::<usize>() * 2 <= bytes.len());
            }
        }

        #[test]
        fn any_header_is_read_or_refused(
            header in r#"\{("[ab]":\{"dtype":"(F32|F16|I64|F4)","shape":\[[0-9]{0,21}(,[0-9]{1,3})?\],"data_offsets":\[[0-9]{1,20},[0-9]{1,20}\]\},?){0,2}\}"#,
            data in prop::collection::vec(any::<u8>(), 0..32),
        ) {
            parse_safetensors(&file(&header, &data)).ok();
        }

        #[test]
        fn written_files_are_read_back_to_the_bit(values in prop::collection::vec(any::<u32>(), 0..40)) {
            let tensor = HubTensor { shape: vec![values.len()], data: values.iter().map(|v| f32::from_bits(*v)).collect() };
            let mut bytes = Vec::new();
            write_safetensors(&mut bytes, [("weights".to_owned(), &tensor)]).unwrap();
            let back = parse_safetensors(&bytes).unwrap();
            prop_assert_eq!(back["weights"].data.iter().map(|v| v.to_bits()).collect::<Vec<_>>(), values);
        }
    }
}
