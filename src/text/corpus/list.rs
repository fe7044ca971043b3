//! Reads the paths of a corpus from a file: `@LIST` -> the paths in it, one in each line.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// The paths that are meant: `@LIST` is replaced by those in the file LIST.
pub fn expanded(given: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for path in given {
        match list_of(path) {
            Some(list) => paths.extend(read(&list)?),
            None => paths.push(path.clone()),
        }
    }
    Ok(paths)
}

/// The file that `@LIST` names. A file may itself be called so; then it is meant if there is no list.
fn list_of(path: &Path) -> Option<PathBuf> {
    let list = path_of_bytes(path.as_os_str().as_encoded_bytes().strip_prefix(b"@")?);
    (list.is_file() || !path.exists()).then_some(list)
}

/// The paths of a list. A relative one begins in the current folder or, if there is nothing, beside the list.
fn read(list: &Path) -> Result<Vec<PathBuf>> {
    let bytes = std::fs::read(list).map_err(|e| Error::io("io-read-list-of-files", list, &e))?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    // `find -print0` divides names by zero bytes, because a name may hold a line end.
    let end = if bytes.contains(&0) { 0 } else { b'\n' };
    let beside = list.parent().unwrap_or(Path::new(""));
    let place = |name: &[u8]| {
        let path = path_of_bytes(name);
        let other = beside.join(&path);
        if !path.exists() && other.exists() { other } else { path }
    };
    let names = bytes
        .split(|byte| *byte == end)
        .map(|name| if end == 0 { name } else { name.strip_suffix(b"\r").unwrap_or(name) });
    let paths: Vec<PathBuf> = names.filter(|name| !name.trim_ascii().is_empty()).map(place).collect();
    if paths.is_empty() { Err(Error::failed("list-is-empty").at_path(list)) } else { Ok(paths) }
}

#[cfg(unix)]
fn path_of_bytes(name: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    std::ffi::OsStr::from_bytes(name).into()
}

#[cfg(not(unix))]
fn path_of_bytes(name: &[u8]) -> PathBuf {
    String::from_utf8_lossy(name).into_owned().into()
}

/// Whether there is something at a path, or a list if it stands for one.
pub fn is_there(path: &Path) -> bool {
    list_of(path).map_or_else(|| path.exists(), |list| list.exists())
}

/// The path that means the same in any folder. One that leads to nothing stays as it is.
pub fn listed_name(path: &Path) -> PathBuf {
    let real = |path: &Path| std::fs::canonicalize(path).ok();
    let found = match list_of(path) {
        Some(list) => real(&list).map(|list| {
            let mut name = OsString::from("@");
            name.push(list);
            name.into()
        }),
        None => real(path),
    };
    found.unwrap_or_else(|| path.to_owned())
}
