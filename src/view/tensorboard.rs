//! Writes the run's scalars for TensorBoard: step and eval events -> `events.out.tfevents.*`. A TFRecord is a length, the length's
//! checksum, a payload and the payload's checksum. The payload is a `tensorflow.Event` message of a few fields, which this file
//! encodes.

use std::path::Path;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::error::{Error, Result};
use crate::train::event::{EvalMetrics, Event, StepMetrics};
use crate::train::metrics::table::Metric;
use crate::view::appended::Appended;

/// Writes one file of events; a resumed run writes another beside it, as TensorBoard expects.
#[derive(Debug)]
pub struct TensorBoard {
    file: Appended,
    /// When it was begun, and on a clock that never goes back.
    began: (f64, Instant),
    payload: Vec<u8>,
    record: Vec<u8>,
}

impl TensorBoard {
    /// Starts a file in folder `dir`, which must exist.
    ///
    /// # Errors
    /// The file cannot be created or written.
    pub fn create(dir: &Path) -> Result<Self> {
        Self::begin(dir, unix_secs())
    }

    /// `now`: what the clock says. It may have gone back since an earlier file was begun.
    fn begin(dir: &Path, now: f64) -> Result<Self> {
        let (file, secs) = create_last(dir, now)?;
        // A stranger's name may claim a time that no clock shows.
        let began = (if secs == SECS_MAX { now } else { now.max(secs as f64) }, Instant::now());
        let mut board = Self { file, began, payload: Vec::new(), record: Vec::new() };
        let wall_secs = board.wall_secs();
        if let Err(error) = board.append(|payload| encode_version(payload, wall_secs)) {
            // An empty file would count as the last one for ever.
            std::fs::remove_file(board.file.path()).ok();
            return Err(error);
        }
        Ok(board)
    }

    /// The time of an event. It is never before that of an earlier event or file, whatever happens to the clock.
    fn wall_secs(&self) -> f64 {
        self.began.0 + self.began.1.elapsed().as_secs_f64()
    }

    /// Appends what TensorBoard can show of an event. Other kinds of events are ignored.
    ///
    /// # Errors
    /// The disk is full or gone. Then the file ends after the previous event, and this one can be written later.
    pub fn write(&mut self, event: &Event) -> Result<()> {
        let now = self.wall_secs();
        match event {
            Event::Step(step) => self.append(|payload| encode_step(payload, now, step)),
            Event::Eval(eval) => self.append(|payload| encode_eval(payload, now, eval)),
            Event::Resumed { step } => self.append(|payload| encode_session_start(payload, now, step + 1)),
            _ => Ok(()),
        }
    }

    /// Makes sure that the file is in its place and whole.
    ///
    /// # Errors
    /// The disk is full or gone.
    pub fn mend(&mut self) -> Result<()> {
        self.file.mend().map_err(|source| Error::io("io-append-to", self.file.path(), &source))
    }

    fn append(&mut self, encode: impl FnOnce(&mut Vec<u8>)) -> Result<()> {
        self.payload.clear();
        self.record.clear();
        encode(&mut self.payload);
        frame(&mut self.record, &self.payload);
        self.file.append(&self.record).map_err(|source| Error::io("io-append-to", self.file.path(), &source))
    }
}

/// How the names of event files begin; then come ten digits of seconds since 1970.
const PREFIX: &str = "events.out.tfevents.";

/// The largest time that ten digits hold.
const SECS_MAX: u64 = 9_999_999_999;

/// Creates a file whose name sorts after those of all event files in the folder, because TensorBoard reads them in that order. If the
/// clock is behind the last of them, the name has the time after it. Returns that time too.
fn create_last(dir: &Path, now: f64) -> Result<(Appended, u64)> {
    let last = last_name(dir).map_err(|source| Error::io("io-list", dir, &source))?;
    let mut secs = (now as u64).min(SECS_MAX);
    loop {
        let name = format!("{PREFIX}{secs:010}.electroscope");
        let later = last.as_deref().is_none_or(|last| name.as_str() > last);
        // A name can sort after any other that has such a time. A stranger's file may have another name.
        let name = match &last {
            Some(last) if !later && secs == SECS_MAX => format!("{last}.electroscope"),
            _ if !later => {
                let theirs = last.as_deref().and_then(secs_of_name).unwrap_or(SECS_MAX - 1);
                secs = (theirs + 1).clamp(secs + 1, SECS_MAX);
                continue;
            }
            _ => name,
        };
        let path = dir.join(name);
        match Appended::create(&path, |file| Ok(file.metadata()?.len())) {
            Ok(file) => return Ok((file, secs)),
            // Somebody else began a file at the same moment.
            Err(source) if source.kind() == std::io::ErrorKind::AlreadyExists && secs < SECS_MAX => secs += 1,
            Err(source) => return Err(Error::io("io-create", &path, &source)),
        }
    }
}

/// The last name of an event file in a folder, in TensorBoard's order.
fn last_name(dir: &Path) -> std::io::Result<Option<String>> {
    let mut last = None;
    for entry in std::fs::read_dir(dir)? {
        // A name that is not UTF-8 sorts by its bytes; the text that stands for it here sorts as late or later.
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.starts_with(PREFIX) {
            last = last.max(Some(name));
        }
    }
    Ok(last)
}

fn secs_of_name(name: &str) -> Option<u64> {
    name.strip_prefix(PREFIX)?.split('.').next()?.parse().ok().filter(|secs| *secs < SECS_MAX)
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
    encode_scalars(payload, wall_secs, step.step, "train", scalars(|metric| metric.of_step(step)));
}

fn encode_eval(payload: &mut Vec<u8>, wall_secs: f64, eval: &EvalMetrics) {
    encode_scalars(payload, wall_secs, eval.step, "heldout", scalars(|metric| metric.of_eval(eval)));
}

/// The metrics that TensorBoard gets, by their keys.
fn scalars(value: impl Fn(Metric) -> Option<f64>) -> impl Iterator<Item = (&'static str, Option<f64>)> {
    let shown = Metric::ALL.into_iter().filter(|metric| metric.about().board);
    shown.map(move |metric| (metric.about().key, value(metric)))
}

/// Each scalar has the tag `FOLDER/KEY`.
fn encode_scalars(
    payload: &mut Vec<u8>,
    wall_secs: f64,
    step: u64,
    folder: &str,
    scalars: impl Iterator<Item = (&'static str, Option<f64>)>,
) {
    double_field(payload, 1, wall_secs);
    varint_field(payload, 2, step);
    length_delimited(payload, 5, |summary| {
        for (name, value) in scalars {
            let Some(value) = value.filter(|value| value.is_finite()) else { continue };
            length_delimited(summary, 1, |entry| {
                length_delimited(entry, 1, |tag| {
                    tag.extend_from_slice(folder.as_bytes());
                    tag.push(b'/');
                    tag.extend_from_slice(name.as_bytes());
                });
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

/// Writes the content first and then inserts its length before it, so that no second buffer is needed.
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

/// TFRecord's masking. Without it, a checksum of data that contains checksums would be weak.
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
        encode_scalars(&mut payload, 1.5, 300, "train", [("lr", Some(0.5)), ("gone", None)].into_iter());
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
        encode_scalars(&mut with, 0.0, 1, "a", scalars.into_iter());
        let mut without = Vec::new();
        encode_scalars(&mut without, 0.0, 1, "a", [("c", Some(1.0))].into_iter());
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
        assert!(second.file.path() > first.file.path());
        first.write(&Event::Step(Box::new(StepMetrics { step: 1, lr: Some(0.1), ..Default::default() }))).unwrap();
        first.write(&Event::Checkpoint { step: 1, path: "x".into() }).unwrap();
        let records = records(&std::fs::read(first.file.path()).unwrap());
        assert_eq!(records.len(), 2);
        assert!(records[0].ends_with(b"brain.Event:2"));
        assert!(records[1].windows(8).any(|window| window == b"train/lr"));
    }

    /// The name of a file and the time of its first event.
    fn name_and_time(board: &TensorBoard) -> (String, f64) {
        let name = board.file.path().file_name().unwrap().to_str().unwrap().to_owned();
        let first = records(&std::fs::read(board.file.path()).unwrap()).remove(0);
        (name, f64::from_le_bytes(first[1..9].try_into().unwrap()))
    }

    #[test]
    fn a_later_file_sorts_last_whatever_the_clock_says() {
        let dir = tempfile::tempdir().unwrap();
        // The clock stands still, goes forward, goes back by a second, by years, to before 1970, and then it is right again.
        let clock = [2e9, 2e9, 2e9 + 5.0, 2e9 + 4.0, 1.7e9, -1.0, 2e9 + 100.0];
        let begun: Vec<_> =
            clock.iter().map(|now| name_and_time(&TensorBoard::begin(dir.path(), *now).unwrap())).collect();
        assert!(begun.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1), "{begun:#?}");
        assert_eq!(begun[6].0, "events.out.tfevents.2000000100.electroscope");
    }

    #[test]
    fn files_of_other_writers_and_of_earlier_versions_come_first() {
        for there in [
            "events.out.tfevents.1999999999.host.42.0",
            "events.out.tfevents.2000000000.electroscope.000",
            "events.out.tfevents.2100000000.host.v2",
            "events.out.tfevents.9999999999.host",
            "events.out.tfevents.99999999999",
            "events.out.tfevents.zzz",
            "events.out.tfevents.",
        ] {
            let dir = tempfile::tempdir().unwrap();
            std::fs::write(dir.path().join(there), b"").unwrap();
            let first = name_and_time(&TensorBoard::begin(dir.path(), 2e9).unwrap()).0;
            let second = name_and_time(&TensorBoard::begin(dir.path(), 2e9).unwrap()).0;
            assert!(there < first.as_str() && first < second, "{there} {first} {second}");
            assert!(first.contains(PREFIX), "TensorBoard looks for this in a name");
        }
    }

    /// TensorBoard forgets what earlier files say from the step of such an event on.
    #[test]
    fn a_restart_is_marked_also_if_the_clock_went_back() {
        let dir = tempfile::tempdir().unwrap();
        let (_, before) = name_and_time(&TensorBoard::begin(dir.path(), 2e9).unwrap());
        let mut board = TensorBoard::begin(dir.path(), 1e9).unwrap();
        board.write(&Event::Resumed { step: 300 }).unwrap();
        let mark = records(&std::fs::read(board.file.path()).unwrap()).remove(1);
        assert!(f64::from_le_bytes(mark[1..9].try_into().unwrap()) >= before);
        // step = 301; session_log { status: START }
        assert_eq!(mark[9..], [0x10, 0xad, 0x02, 0x3a, 0x02, 0x08, 0x01]);
    }

    /// The length-delimited fields of a message, with their numbers.
    fn parts(mut bytes: &[u8]) -> Vec<(u64, &[u8])> {
        let mut found = Vec::new();
        let varint = |bytes: &mut &[u8]| {
            let (mut value, mut shift) = (0_u64, 0);
            loop {
                let byte = bytes[0];
                *bytes = &bytes[1..];
                value |= u64::from(byte & 0x7f) << shift;
                shift += 7;
                if byte < 0x80 {
                    return value;
                }
            }
        };
        while !bytes.is_empty() {
            let key = varint(&mut bytes);
            let length = match key & 7 {
                0 => {
                    varint(&mut bytes);
                    continue;
                }
                1 => 8,
                2 => varint(&mut bytes) as usize,
                _ => 4,
            };
            if key & 7 == 2 {
                found.push((key >> 3, &bytes[..length]));
            }
            bytes = &bytes[length..];
        }
        found
    }

    /// People have these names in their dashboards, so they must not change.
    #[test]
    fn the_tags_are_the_keys_of_the_record() {
        let both = "mlm_loss rtd_loss total_loss mlm_accuracy sampled_accuracy rtd_accuracy rtd_auc rtd_auc_context \
            rtd_precision rtd_recall replaced_share trivial_rtd_loss token_rtd_loss";
        let record: serde_json::Map<String, serde_json::Value> =
            Metric::ALL.iter().map(|metric| (metric.about().key.to_owned(), 0.5.into())).collect();
        let (mut step, mut eval) = (Vec::new(), Vec::new());
        encode_step(&mut step, 0.0, &serde_json::from_value(record.clone().into()).unwrap());
        encode_eval(&mut eval, 0.0, &serde_json::from_value(record.into()).unwrap());
        let of_evaluations =
            "unigram_entropy rtd_auc_rule swap_auc swap_pairs_right swap_caught swap_false_alarms swap_beside_auc";
        for (payload, folder, own) in
            [(step, "train", "lr grad_norm tokens_per_sec"), (eval, "heldout", of_evaluations)]
        {
            let want: Vec<String> =
                both.split_whitespace().chain(own.split_whitespace()).map(|key| format!("{folder}/{key}")).collect();
            let summary = parts(&payload).into_iter().find(|(field, _)| *field == 5).unwrap().1;
            let tags = parts(summary).into_iter().map(|(_, value)| parts(value)[0].1);
            assert_eq!(tags.map(|tag| String::from_utf8_lossy(tag).into_owned()).collect::<Vec<_>>(), want);
        }
    }
}
