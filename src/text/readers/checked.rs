//! What every reader asks of a text: UTF-8, no zero byte, no longer than a line may be.

use super::input::LINE_BYTES_MAX;
use crate::{Error, Result};

/// The bytes of a row's field as text. The error has no place yet.
pub fn text(bytes: &[u8]) -> Result<&str> {
    if bytes.len() > LINE_BYTES_MAX {
        return Err(Error::failed("row-too-long").with("mib", LINE_BYTES_MAX >> 20));
    }
    let text = std::str::from_utf8(bytes).map_err(|e| Error::failed("row-not-utf8").with("byte", e.valid_up_to()))?;
    without_zero(text)
}

/// A text may be valid UTF-8 and still hold a zero byte; JSON can write one as an escape.
pub fn without_zero(text: &str) -> Result<&str> {
    if text.contains('\0') { Err(Error::failed("row-is-binary")) } else { Ok(text) }
}
