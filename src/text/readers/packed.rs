//! Unpacks gzip and zstd as a stream: one member or frame after another, until the file ends. What stands behind the last one must be
//! zeros, with which some programs fill a block; anything else is refused, because text would be missing.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;
use ruzstd::decoding::StreamingDecoder;

use super::broken::Broken;
use crate::text::kinds::ZSTD;

/// The members of a gzip file.
pub struct Members<R> {
    /// None after the last member.
    member: Option<GzDecoder<R>>,
    /// Whether a member before this one was whole.
    later: bool,
}

impl<R: BufRead> Members<R> {
    pub fn new(file: R) -> Self {
        Self { member: Some(GzDecoder::new(file)), later: false }
    }
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = self.member.as_mut().filter(|_| !buffer.is_empty()) {
            let later = self.later;
            let read = member.read(buffer).map_err(|e| match e.kind() {
                // What follows the member before begins like a member, and is none.
                io::ErrorKind::InvalidInput if later && member.header().is_none() => Broken::AfterGzip.into(),
                _ => e,
            })?;
            if read > 0 {
                return Ok(read);
            }
            let mut file = self.member.take().map(GzDecoder::into_inner).expect("it was there just now");
            self.later = true;
            self.member = match after(&mut file)? {
                After::End => None,
                // The first byte of the magic number.
                After::Byte(0x1f) => Some(GzDecoder::new(file)),
                After::Byte(_) | After::Padded => return Err(Broken::AfterGzip.into()),
            };
        }
        Ok(0)
    }
}

enum After {
    End,
    Byte(u8),
    /// Something after zeros.
    Padded,
}

/// What stands behind a member.
fn after(file: &mut impl BufRead) -> io::Result<After> {
    let mut padded = false;
    loop {
        let bytes = file.fill_buf()?;
        match bytes.first() {
            None => return Ok(After::End),
            Some(0) => {}
            Some(_) if padded => return Ok(After::Padded),
            Some(&byte) => return Ok(After::Byte(byte)),
        }
        padded = true;
        let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
        file.consume(zeros);
    }
}

/// Whether four bytes begin a frame that holds no text, which decoders must skip.
fn is_skippable(magic: [u8; 4]) -> bool {
    magic[0] & 0xf0 == 0x50 && magic[1..] == [0x2a, 0x4d, 0x18]
}

/// Whether a file with these first bytes is zstd.
pub fn is_zstd(head: &[u8]) -> bool {
    head.first_chunk::<4>().is_some_and(|magic| *magic == ZSTD || is_skippable(*magic))
}

type Frame<R> = StreamingDecoder<io::Chain<io::Cursor<[u8; 4]>, R>, ruzstd::decoding::FrameDecoder>;

/// The frames of a zstd file.
pub struct Frames<R: BufRead> {
    /// The file, between two frames.
    between: Option<R>,
    frame: Option<Box<Frame<R>>>,
    /// Whether something was read before.
    later: bool,
}

impl<R: BufRead> Frames<R> {
    pub fn new(file: R) -> Self {
        Self { between: Some(file), frame: None, later: false }
    }

    /// Opens the next frame that holds text; `false` at the end of the file.
    fn open(&mut self, mut file: R) -> io::Result<bool> {
        loop {
            let mut magic = Vec::with_capacity(4);
            (&mut file).take(4).read_to_end(&mut magic)?;
            let magic: [u8; 4] = match <[u8; 4]>::try_from(magic.as_slice()) {
                Ok(magic) => magic,
                Err(_) if magic.iter().all(|&byte| byte == 0) && self.later => return Ok(false),
                Err(_) if self.later => return Err(Broken::AfterZstd.into()),
                Err(_) => return Err(io::ErrorKind::UnexpectedEof.into()),
            };
            if magic == [0; 4] && self.later {
                return match after(&mut file)? {
                    After::End => Ok(false),
                    After::Byte(_) | After::Padded => Err(Broken::AfterZstd.into()),
                };
            }
            if magic == ZSTD {
                self.later = true;
                let source = io::Cursor::new(magic).chain(file);
                self.frame = Some(Box::new(StreamingDecoder::new(source).map_err(io::Error::other)?));
                return Ok(true);
            }
            if !is_skippable(magic) {
                return Err(Broken::AfterZstd.into());
            }
            self.later = true;
            let mut length = [0; 4];
            file.read_exact(&mut length)?;
            let length = u64::from(u32::from_le_bytes(length));
            if io::copy(&mut (&mut file).take(length), &mut io::sink())? < length {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if let Some(frame) = &mut self.frame {
                let read = frame.read(buffer)?;
                if read > 0 {
                    return Ok(read);
                }
                let (source, decoder) = self.frame.take().expect("it was there just now").into_parts();
                // A frame may have no checksum. The decoder computes one in any case.
                if decoder
                    .get_checksum_from_data()
                    .is_some_and(|stored| decoder.get_calculated_checksum() != Some(stored))
                {
                    return Err(Broken::Checksum.into());
                }
                self.between = Some(source.into_inner().1);
            }
            let Some(file) = self.between.take() else { return Ok(0) };
            if !self.open(file)? {
                return Ok(0);
            }
        }
    }
}
