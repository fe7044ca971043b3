//! Maps a file into memory. Token caches are read this way, so a corpus of any size takes no heap. No other file of the program
//! maps memory.
#![allow(unsafe_code, reason = "a memory map is undefined behaviour if the file changes beneath it; see SAFETY below")]

use std::fs::File;
use std::ops::Deref;
use std::path::Path;

use crate::{Error, Result};

/// A whole file, read-only. Its first byte lies on a page border.
pub struct Mapped(memmap2::Mmap);

impl Mapped {
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|e| Error::io("io-open", path, &e))?;
        // SAFETY: token caches are written under another name and then renamed, never changed in place, so the mapped
        // file keeps its bytes for as long as the map holds it, also when a newer cache takes its name.
        let map = unsafe { memmap2::Mmap::map(&file) }.map_err(|e| Error::io("io-map-into-memory", path, &e))?;
        Ok(Self(map))
    }
}

impl Deref for Mapped {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}
