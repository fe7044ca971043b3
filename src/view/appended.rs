//! A file that is only appended to, one whole record at a time, on a disk that may be full, gone or somebody else's for a while.
//! record -> [`Appended::append`] -> the file. After a failure the file ends with the record before, and the record can be given again.
//!
//! What is appended to a file that somebody has removed is not lost: the open file still holds it, and [`Appended::mend`] puts it back.
//! So it is enough to look now and then whether the file is in its place.

use crate::hub::same_file;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};

/// The length of a file up to its last whole record.
pub(super) type WholeBytes = fn(&mut File) -> io::Result<u64>;

#[derive(Debug)]
pub(super) struct Appended {
    file: File,
    path: PathBuf,
    /// Which file it is, as it was when it was opened.
    own: Metadata,
    /// The length of the file, up to its last whole record.
    bytes: u64,
    whole_bytes: WholeBytes,
    /// Whether the end of the file may hold a part of a record.
    torn: bool,
}

impl Appended {
    /// Opens the file, or creates it, and removes a torn record at its end.
    pub fn open(path: &Path, whole_bytes: WholeBytes) -> io::Result<Self> {
        Self::opened(OpenOptions::new().create(true).read(true).append(true).open(path)?, path, whole_bytes)
    }

    /// Creates the file, which must not exist.
    pub fn create(path: &Path, whole_bytes: WholeBytes) -> io::Result<Self> {
        Self::opened(OpenOptions::new().create_new(true).read(true).append(true).open(path)?, path, whole_bytes)
    }

    fn opened(mut file: File, path: &Path, whole_bytes: WholeBytes) -> io::Result<Self> {
        let bytes = whole_bytes(&mut file)?;
        file.set_len(bytes)?;
        let own = file.metadata()?;
        Ok(Self { file, path: path.to_owned(), own, bytes, whole_bytes, torn: false })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends a record in one write.
    pub fn append(&mut self, record: &[u8]) -> io::Result<()> {
        if self.torn {
            self.mend()?;
        }
        if let Err(error) = self.file.write_all(record) {
            // If even this fails, the next record does it before it is written, and readers cope with a torn record at the end.
            self.torn = true;
            self.mend().ok();
            return Err(error);
        }
        self.bytes += record.len() as u64;
        Ok(())
    }

    /// Whether the file at its path is still the one that was opened.
    pub fn in_place(&self) -> bool {
        std::fs::metadata(&self.path).is_ok_and(|found| same_file(&self.own, &found))
    }

    /// Makes sure that the file is in its place and ends with the last whole record.
    pub fn mend(&mut self) -> io::Result<()> {
        let found = match std::fs::metadata(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return self.put_back(),
            found => found?,
        };
        if !same_file(&self.own, &found) {
            // Somebody has put another file there, such as an edited copy. What people see there goes on.
            *self = Self::open(&self.path, self.whole_bytes)?;
        } else if found.len() > self.bytes {
            self.file.set_len(self.bytes)?;
        } else if found.len() < self.bytes {
            // Somebody has emptied it since, so its end need not be that of a record.
            self.bytes = (self.whole_bytes)(&mut self.file)?;
            self.file.set_len(self.bytes)?;
        }
        self.torn = false;
        Ok(())
    }

    /// Puts a file that somebody has removed back to its place. The open file still holds all that was written.
    fn put_back(&mut self) -> io::Result<()> {
        let mut again = Self::create(&self.path, self.whole_bytes)?;
        let copy = |from: &mut File, to: &mut File| {
            from.rewind()?;
            io::copy(&mut io::Read::take(from, self.bytes), to)
        };
        match copy(&mut self.file, &mut again.file) {
            Ok(bytes) => {
                again.bytes = bytes;
                *self = again;
                Ok(())
            }
            Err(error) => {
                // A part of it must not be taken for the whole.
                std::fs::remove_file(&self.path).ok();
                Err(error)
            }
        }
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    fn length(file: &mut File) -> io::Result<u64> {
        Ok(file.metadata()?.len())
    }

    #[test]
    fn a_file_that_is_removed_moved_emptied_or_replaced_goes_on_at_its_place() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("records");
        let read = || std::fs::read_to_string(&path).unwrap();
        let mut file = Appended::create(&path, length).unwrap();
        file.append(b"one ").unwrap();
        std::fs::remove_file(&path).unwrap();
        assert!(!file.in_place());
        // Nobody has looked yet, and nothing is lost.
        file.append(b"two ").unwrap();
        file.mend().unwrap();
        assert_eq!(read(), "one two ");
        std::fs::rename(&path, dir.path().join("elsewhere")).unwrap();
        file.mend().unwrap();
        file.append(b"three ").unwrap();
        assert_eq!(read(), "one two three ");
        std::fs::write(dir.path().join("edited"), "1 2 3 ").unwrap();
        std::fs::rename(dir.path().join("edited"), &path).unwrap();
        file.mend().unwrap();
        file.append(b"four ").unwrap();
        assert_eq!(read(), "1 2 3 four ");
        File::create(&path).unwrap();
        file.append(b"five ").unwrap();
        assert_eq!(read(), "five ");
        file.mend().unwrap();
        assert!(file.in_place());
        // What a failed write left at the end is removed.
        OpenOptions::new().append(true).open(&path).unwrap().write_all(b"to").unwrap();
        file.torn = true;
        file.append(b"six").unwrap();
        assert_eq!(read(), "five six");
    }

    #[test]
    fn while_its_folder_is_gone_it_cannot_be_mended_and_then_it_is_whole() {
        let dir = tempfile::tempdir().unwrap();
        let [folder, aside] = ["run", "aside"].map(|name| dir.path().join(name));
        std::fs::create_dir(&folder).unwrap();
        let mut file = Appended::create(&folder.join("records"), length).unwrap();
        file.append(b"one ").unwrap();
        std::fs::rename(&folder, &aside).unwrap();
        assert_eq!(file.mend().unwrap_err().kind(), io::ErrorKind::NotFound);
        // A file with the folder's name is in the way.
        std::fs::write(&folder, "").unwrap();
        file.mend().unwrap_err();
        std::fs::remove_file(&folder).unwrap();
        std::fs::create_dir(&folder).unwrap();
        file.mend().unwrap();
        file.append(b"two ").unwrap();
        assert_eq!(std::fs::read_to_string(folder.join("records")).unwrap(), "one two ");
        assert_eq!(std::fs::read_to_string(aside.join("records")).unwrap(), "one ");
    }
}
