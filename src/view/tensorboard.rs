//! Writes the run's scalars for TensorBoard: step and eval events -> `events.out.tfevents.*`. A TFRecord is a length, the length's
//! checksum, a payload and the payload's checksum. The payload is a `tensorflow.Event` message of a few fields, which this file
//! encodes.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::error::{Error, Result};
use crate::train::event::{EvalMetrics, Event, Metrics, StepMetrics};

/// Writes one file of events; a resumed run writes another beside it, as TensorBoard expects.
#[derive(Debug)]
pub struct TensorBoard {
    file: File,
    path: PathBuf,
    payload: Vec<u8>,
    record: Vec<u8>,
}

impl TensorBoard {
    /// Starts a file in folder `dir`, which must exist.
    ///
    /// # Errors
    /// The file cannot be created or written.
    pub fn create(dir: &Path) -> Result<Self> {
        let (file, path) = create_unused(dir, unix_secs())?;
        let mut board = Self { file, path, payload: Vec::new(), record: Vec::new() };
        board.append(|payload| encode_version(payload, unix_secs()))?;
        Ok(board)
    }

    /// Appends what TensorBoard can show of an event; other kinds are passed over.
    ///
    /// # Errors
    /// The disk is full or gone.
    pub fn write(&mut self, event: &Event) -> Result<()> {
        let now = unix_secs();
        match event {
            Event::Step(step) => self.append(|payload| encode_step(payload, now, step)),
            Event::Eval(eval) => self.append(|payload| encode_eval(payload, now, eval)),
            Event::Resumed { step } => self.append(|payload| encode_session_start(payload, now, step + 1)),
            _ => Ok(()),
        }
    }

    fn append(&mut self, encode: impl FnOnce(&mut Vec<u8>)) -> Result<()> {
        self.payload.clear();
        self.record.clear();
        encode(&mut self.payload);
        frame(&mut self.record, &self.payload);
        self.file.write_all(&self.record).map_err(|source| Error::io("io-append-to", &self.path, &source))
    }
}

/// TensorBoard reads a folder's files in the order of their names, so a later one must sort later.
fn create_unused(dir: &Path, now: f64) -> Result<(File, PathBuf)> {
    for attempt in 0..1000 {
        let path = dir.join(format!("events.out.tfevents.{:010}.electroscope.{attempt:03}", now as u64));
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(file) => return Ok((file, path)),
            Err(source) if source.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(source) => return Err(Error::io("io-create", &path, &source)),
        }
    }
    Err(Error::failed("too-many-event-files").at(dir.display()))
}

fn unix_secs() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

// message Event { double wall_time = 1; int64 step = 2; string file_version = 3; Summary summary = 5; SessionLog session_log = 7; }
// message Summary { message Value { string tag = 1; float simple_value = 2; } repeated Value value = 1; }
// message SessionLog { enum SessionStatus { START = 1; } SessionStatus status = 1; }

fn encode_version(payload: &mut Vec<u8>, wall_secs: f64) {
    double_field(payload, 1, wall_secs);
    bytes_field(payload, 3, b"brain.Event:2");
}

/// Tells TensorBoard to forget what earlier files say from `first_step` on.
fn encode_session_start(payload: &mut Vec<u8>, wall_secs: f64, first_step: u64) {
    double_field(payload, 1, wall_secs);
    varint_field(payload, 2, first_step);
    let mut log = Vec::with_capacity(2);
    varint_field(&mut log, 1, 1);
    bytes_field(payload, 7, &log);
}

fn encode_step(payload: &mut Vec<u8>, wall_secs: f64, step: &StepMetrics) {
    let own =
        [("train/lr", step.lr), ("train/grad_norm", step.grad_norm), ("train/tokens_per_sec", step.tokens_per_sec)];
    let scalars = metric_scalars(&step.metrics).map(|(_, train, value)| (train, value));
    encode_scalars(payload, wall_secs, step.step, scalars.into_iter().chain(own));
}

fn encode_eval(payload: &mut Vec<u8>, wall_secs: f64, eval: &EvalMetrics) {
    let own = [("heldout/unigram_entropy", eval.unigram_entropy), ("heldout/rtd_auc_rule", eval.rtd_auc_rule)];
    let scalars = metric_scalars(&eval.metrics).map(|(heldout, _, value)| (heldout, value));
    encode_scalars(payload, wall_secs, eval.step, scalars.into_iter().chain(own));
}

/// Each metric's tag in an evaluation, its tag in a step, and its value.
fn metric_scalars(m: &Metrics) -> [(&'static str, &'static str, Option<f64>); 11] {
    [
        ("heldout/mlm_loss", "train/mlm_loss", m.mlm_loss),
        ("heldout/rtd_loss", "train/rtd_loss", m.rtd_loss),
        ("heldout/total_loss", "train/total_loss", m.total_loss),
        ("heldout/trivial_rtd_loss", "train/trivial_rtd_loss", m.trivial_rtd_loss),
        ("heldout/mlm_accuracy", "train/mlm_accuracy", m.mlm_accuracy),
        ("heldout/sampled_accuracy", "train/sampled_accuracy", m.sampled_accuracy),
        ("heldout/rtd_accuracy", "train/rtd_accuracy", m.rtd_accuracy),
        ("heldout/rtd_auc", "train/rtd_auc", m.rtd_auc),
        ("heldout/rtd_precision", "train/rtd_precision", m.rtd_precision),
        ("heldout/rtd_recall", "train/rtd_recall", m.rtd_recall),
        ("heldout/replaced_share", "train/replaced_share", m.replaced_share),
    ]
}

fn encode_scalars(
    payload: &mut Vec<u8>,
    wall_secs: f64,
    step: u64,
    scalars: impl Iterator<Item = (&'static str, Option<f64>)>,
) {
    double_field(payload, 1, wall_secs);
    varint_field(payload, 2, step);
    length_delimited(payload, 5, |summary| {
        for (tag, value) in scalars {
            let Some(value) = value.filter(|value| value.is_finite()) else { continue };
            length_delimited(summary, 1, |entry| {
                bytes_field(entry, 1, tag.as_bytes());
                key(entry, 2, 5);
                entry.extend_from_slice(&(value as f32).to_le_bytes());
            });
        }
    });
}

/// A field's number and wire type: 0 varint, 1 eight bytes, 2 length-delimited, 5 four bytes.
fn key(out: &mut Vec<u8>, field: u64, wire_type: u64) {
    varint(out, field << 3 | wire_type);
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn varint_field(out: &mut Vec<u8>, field: u64, value: u64) {
    key(out, field, 0);
    varint(out, value);
}

fn double_field(out: &mut Vec<u8>, field: u64, value: f64) {
    key(out, field, 1);
    out.extend_from_slice(&value.to_le_bytes());
}

fn bytes_field(out: &mut Vec<u8>, field: u64, bytes: &[u8]) {
    key(out, field, 2);
    varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Writes the content first and its length in front of it after: no second buffer.
fn length_delimited(out: &mut Vec<u8>, field: u64, content: impl FnOnce(&mut Vec<u8>)) {
    key(out, field, 2);
    let start = out.len();
    content(out);
    let end = out.len();
    varint(out, (end - start) as u64);
    let length_bytes = out.len() - end;
    out[start..].rotate_right(length_bytes);
}

/// payload -> TFRecord: u64 length, its masked checksum, payload, its masked checksum; little-endian.
fn frame(record: &mut Vec<u8>, payload: &[u8]) {
    let length = (payload.len() as u64).to_le_bytes();
    record.extend_from_slice(&length);
    record.extend_from_slice(&masked_crc32c(&length).to_le_bytes());
    record.extend_from_slice(payload);
    record.extend_from_slice(&masked_crc32c(payload).to_le_bytes());
}

/// TFRecord's masking: a checksum of data that holds checksums would otherwise be a poor one.
fn masked_crc32c(bytes: &[u8]) -> u32 {
    crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

/// CRC-32C (Castagnoli), reflected polynomial 0x82f63b78.
fn crc32c(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = crc32c_table();
    !bytes.iter().fold(!0, |crc: u32, byte| TABLE[((crc ^ u32::from(*byte)) & 0xff) as usize] ^ (crc >> 8))
}

const fn crc32c_table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        let mut crc = i as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0x82f6_3b78 } else { crc >> 1 };
            bit += 1;
        }
        table[i] = crc;
        i += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crc32c_matches_the_published_vectors() {
        // RFC 3720, B.4, and the check value of the CRC catalogue.
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c(&[0xff; 32]), 0x62a8_ab43);
        let ascending: Vec<u8> = (0..32).collect();
        assert_eq!(crc32c(&ascending), 0x46dd_794e);
        assert_eq!(crc32c(b""), 0);
    }

    /// Made with TensorBoard 2.21's own writer: `RecordWriter.write(Event(wall_time=1.5, step=300, summary=...))`.
    #[test]
    fn a_scalar_record_has_the_bytes_that_tensorboard_writes() {
        let mut payload = Vec::new();
        encode_scalars(&mut payload, 1.5, 300, [("train/lr", Some(0.5)), ("gone", None)].into_iter());
        let mut record = Vec::new();
        frame(&mut record, &payload);
        let hex: String = record.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, GOLDEN);
    }

    const GOLDEN: &str =
        "1f00000000000000514b441809000000000000f83f10ac022a110a0f0a08747261696e2f6c72150000003f02a8339e";

    #[test]
    fn long_messages_get_a_length_of_several_bytes() {
        let mut out = Vec::new();
        length_delimited(&mut out, 1, |content| content.extend_from_slice(&[7; 300]));
        let mut want = Vec::new();
        bytes_field(&mut want, 1, &[7; 300]);
        assert_eq!(out, want);
        assert_eq!(out[..3], [0x0a, 0xac, 0x02]);
    }

    #[test]
    fn undefined_and_infinite_values_are_left_out() {
        let mut with = Vec::new();
        let scalars = [("a", Some(f64::NAN)), ("b", None), ("c", Some(1.0))];
        encode_scalars(&mut with, 0.0, 1, scalars.into_iter());
        let mut without = Vec::new();
        encode_scalars(&mut without, 0.0, 1, [("c", Some(1.0))].into_iter());
        assert_eq!(with, without);
    }

    /// Reads a file back record by record, checking every checksum.
    fn records(mut bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut records = Vec::new();
        while !bytes.is_empty() {
            let (length, rest) = bytes.split_at(8);
            let n = u64::from_le_bytes(length.try_into().unwrap()) as usize;
            assert_eq!(rest[..4], masked_crc32c(length).to_le_bytes());
            let (payload, rest) = rest[4..].split_at(n);
            assert_eq!(rest[..4], masked_crc32c(payload).to_le_bytes());
            records.push(payload.to_vec());
            bytes = &rest[4..];
        }
        records
    }

    #[test]
    fn a_file_begins_with_its_version_and_two_runs_never_share_one() {
        let dir = tempfile::tempdir().unwrap();
        let mut first = TensorBoard::create(dir.path()).unwrap();
        let second = TensorBoard::create(dir.path()).unwrap();
        assert!(second.path > first.path);
        first.write(&Event::Step(Box::new(StepMetrics { step: 1, lr: Some(0.1), ..Default::default() }))).unwrap();
        first.write(&Event::Checkpoint { step: 1, path: "x".into() }).unwrap();
        let records = records(&std::fs::read(&first.path).unwrap());
        assert_eq!(records.len(), 2);
        assert!(records[0].ends_with(b"brain.Event:2"));
        assert!(records[1].windows(8).any(|window| window == b"train/lr"));
    }
}
