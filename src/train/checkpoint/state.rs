//! state.json: where a run stands, and the length and hash of every file of its checkpoint.
//! [`State`] -> bytes -> [`parse_state`] -> the same state, after a check of the version and of the file's own hash.

use crate::hub::{FileRecord, hash_bytes};
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::Path;

/// The newest format this program writes and reads.
pub const FORMAT_VERSION: u64 = 1;

/// Where a run stands. `cursor` and `kernels` belong to the rooms that make them and pass through unchanged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    pub format_version: u64,
    /// Completed optimizer steps.
    pub step: u64,
    /// The length of the schedule, fixed when the run began.
    pub planned_steps: u64,
    pub seed: u64,
    /// Where in the corpus the next batch begins.
    pub cursor: Value,
    pub corpus_hash: String,
    pub tokenizer_hash: String,
    /// The kernel variants chosen on the adapter: they fix the order of sums.
    pub kernels: Value,
    /// Whatever else a trainer keeps, under names of its own.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

#[derive(Serialize, Deserialize)]
struct StateFile {
    #[serde(flatten)]
    state: State,
    files: BTreeMap<String, FileRecord>,
    state_sha256: String,
}

/// This part is read first, so that a newer format is not taken for a damaged file.
#[derive(Deserialize)]
struct Envelope {
    format_version: u64,
    state_sha256: Option<String>,
}

/// Why a checkpoint cannot be used.
#[derive(Debug)]
pub(super) enum Flaw {
    Newer(Error),
    Damaged(Error),
}

impl Flaw {
    pub fn at(self, path: &Path) -> Self {
        match self {
            Self::Newer(e) => Self::Newer(e.at_path(path)),
            Self::Damaged(e) => Self::Damaged(e.at_path(path)),
        }
    }
}

impl From<Flaw> for Error {
    fn from(flaw: Flaw) -> Self {
        match flaw {
            Flaw::Newer(error) | Flaw::Damaged(error) => error,
        }
    }
}

/// The file's own hash is computed with this text in the place of the hash.
const NO_HASH: &str = "0000000000000000000000000000000000000000000000000000000000000000";

fn hash_field(hash: &str) -> String {
    format!("\"state_sha256\": \"{hash}\"")
}

pub(super) fn to_json(state: &State, files: &BTreeMap<String, FileRecord>) -> Vec<u8> {
    let file = StateFile { state: state.clone(), files: files.clone(), state_sha256: NO_HASH.to_owned() };
    let mut text = serde_json::to_string_pretty(&file).expect("maps with string keys are always JSON");
    text.push('\n');
    let hash = hash_bytes(text.as_bytes());
    // The hash is the last field; whatever a trainer put in `extra` stands before it.
    let at = text.rfind(&hash_field(NO_HASH)).expect("the field was just written");
    text.replace_range(at..at + hash_field(NO_HASH).len(), &hash_field(&hash));
    text.into_bytes()
}

/// Reads a state.json: the state, and the length and hash of every other file of its checkpoint.
pub fn parse_state(bytes: &[u8]) -> Result<(State, BTreeMap<String, FileRecord>)> {
    parse(bytes).map_err(Error::from)
}

pub(super) fn parse(bytes: &[u8]) -> std::result::Result<(State, BTreeMap<String, FileRecord>), Flaw> {
    let unreadable =
        |e: serde_json::Error| Flaw::Damaged(Error::failed("state-unreadable").with("detail", e.to_string()));
    let envelope: Envelope = serde_json::from_slice(bytes).map_err(unreadable)?;
    let version = envelope.format_version;
    if version > FORMAT_VERSION {
        let error = Error::failed("checkpoint-is-newer").with("version", version).with("known", FORMAT_VERSION);
        return Err(Flaw::Newer(error));
    }
    if version == 0 || !hash_holds(bytes, envelope.state_sha256.as_deref()) {
        return Err(Flaw::Damaged(Error::failed("file-of-other-content")));
    }
    let file: StateFile = serde_json::from_slice(bytes).map_err(unreadable)?;
    if let Some(name) = file.files.keys().find(|name| !stays_inside(name)) {
        return Err(Flaw::Damaged(Error::failed("file-outside-checkpoint").with("name", format!("{name:?}"))));
    }
    Ok((file.state, file.files))
}

fn hash_holds(bytes: &[u8], hash: Option<&str>) -> bool {
    let (Some(hash), Ok(text)) = (hash, std::str::from_utf8(bytes)) else { return false };
    let Some(at) = text.rfind(&hash_field(hash)) else { return false };
    let end = at + hash_field(hash).len();
    hash_bytes([&text[..at], &hash_field(NO_HASH), &text[end..]].concat().as_bytes()) == hash
}

fn stays_inside(name: &str) -> bool {
    name.split('/').all(|part| !part.is_empty() && part != "." && part != ".." && !part.contains(['\\', ':', '\0']))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    pub fn sample_state(step: u64) -> State {
        State {
            format_version: FORMAT_VERSION,
            step,
            planned_steps: 1000,
            seed: u64::MAX,
            cursor: json!({"epoch": 1, "row": 17, "share": 0.1}),
            corpus_hash: "c0".to_owned(),
            tokenizer_hash: "70".to_owned(),
            kernels: json!({"matmul.nt": {"TILE_M": 64}}),
            extra: Map::from_iter([("elapsed_secs".to_owned(), json!(12.5))]),
        }
    }

    fn sample() -> Vec<u8> {
        let record = FileRecord { bytes: 3, sha256: NO_HASH.to_owned() };
        to_json(&sample_state(7), &BTreeMap::from([("generator/config.json".to_owned(), record)]))
    }

    #[test]
    fn a_state_survives_its_file() {
        let (state, files) = parse_state(&sample()).unwrap();
        assert_eq!(state, sample_state(7));
        assert_eq!(files["generator/config.json"].bytes, 3);
    }

    #[test]
    fn a_newer_format_is_refused_by_name() {
        let mut state = sample_state(7);
        state.format_version = FORMAT_VERSION + 2;
        let Err(Flaw::Newer(error)) = parse(&to_json(&state, &BTreeMap::new())) else {
            panic!("newer must be told apart")
        };
        assert!(error.to_string().contains("checkpoint-is-newer (version = 3, known = 1)"), "{error}");
        // A newer format may have none of today's fields.
        assert!(matches!(parse(br#"{"format_version": 2}"#), Err(Flaw::Newer(_))));
    }

    #[test]
    fn files_outside_the_checkpoint_are_refused() {
        for name in ["../x", "/etc/passwd", "a//b", "c:\\x", ""] {
            let record = FileRecord { bytes: 0, sha256: NO_HASH.to_owned() };
            let bytes = to_json(&sample_state(1), &BTreeMap::from([(name.to_owned(), record)]));
            assert!(parse_state(&bytes).unwrap_err().to_string().contains("outside"), "{name}");
        }
    }

    proptest! {
        #[test]
        fn any_changed_byte_is_noticed(at in any::<prop::sample::Index>(), by in 1u8..=255) {
            let mut bytes = sample();
            let at = at.index(bytes.len());
            bytes[at] = bytes[at].wrapping_add(by);
            prop_assert!(parse_state(&bytes).is_err());
        }

        #[test]
        fn a_cut_state_is_refused(at in any::<prop::sample::Index>()) {
            let bytes = sample();
            prop_assert!(parse_state(&bytes[..at.index(bytes.len())]).is_err());
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            parse_state(&bytes).ok();
        }
    }
}
