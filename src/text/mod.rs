//! Turns text into token ids: corpora -> tokenizer -> token cache.
//! files and folders ([`corpus`]) or any iterator of [`Chunk`]s -> a [`cache::TokenCache`], from which `batch` cuts rows.

pub mod cache;
#[cfg(not(target_arch = "wasm32"))]
pub mod corpus;
pub mod grammar;
pub mod impostor;
pub mod kinds;
#[cfg(not(target_arch = "wasm32"))]
mod mmap;
#[cfg(not(target_arch = "wasm32"))]
mod readers;
pub mod tokenizer;
pub mod unknown;
pub mod wordpiece;

use crate::message::Message;

/// What a document may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It is trained on, except for the documents that the held-out split takes.
    Corpus,
    /// It is never trained on. It replaces the held-out split.
    HeldOut,
}

impl Role {
    /// A text that is read for this, as a run reports it: its name, its size, what it was taken for, and why it has this role.
    pub fn listed(self, name: &str, bytes: u64, form: Message, why: Message) -> Message {
        let megabytes = bytes as f64 / 1e6;
        match self {
            Self::Corpus => Message::new("corpus-file-train")
                .with("path", name)
                .with("megabytes", megabytes)
                .with("form", form)
                .with("why", why),
            Self::HeldOut => Message::new("corpus-file-held-out")
                .with("path", name)
                .with("megabytes", megabytes)
                .with("form", form)
                .with("why", why),
        }
    }
}

/// A document, or the next piece of a long one, so that no whole file is ever in memory.
#[derive(Debug, Clone, PartialEq)]
pub struct Chunk {
    /// Lines, separated by `\n`, with one sentence (or paragraph) each. Blank lines have no meaning here.
    pub text: String,
    /// Whether the document ends with this chunk.
    pub last: bool,
    pub role: Role,
    /// How much of the whole source has been read so far, 0 to 1; `None` if the source has no end.
    pub share: Option<f32>,
}

impl Chunk {
    /// A whole document that may be trained on.
    pub fn document(text: impl Into<String>) -> Self {
        Self { text: text.into(), last: true, role: Role::Corpus, share: None }
    }
}

/// Applies `f` to all items, in order, on all cores if there are threads.
#[cfg(not(target_arch = "wasm32"))]
fn map_parallel<'t, T: Sync, R: Send>(items: &'t [T], f: impl Fn(&'t T) -> R + Sync + Send) -> Vec<R> {
    use rayon::prelude::*;
    items.par_iter().map(f).collect()
}

#[cfg(target_arch = "wasm32")]
fn map_parallel<'t, T, R>(items: &'t [T], f: impl Fn(&'t T) -> R) -> Vec<R> {
    items.iter().map(f).collect()
}

/// Lower-case hexadecimal digits of a hash.
fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut digits, byte| {
        write!(digits, "{byte:02x}").expect("writing to a String cannot fail");
        digits
    })
}

/// Reads chunks into batches of about `BATCH_BYTES` of text: enough work for all cores, little memory.
struct Batches<I>(I);

const BATCH_BYTES: usize = 4 << 20;

impl<I: Iterator<Item = crate::Result<Chunk>>> Iterator for Batches<I> {
    type Item = crate::Result<Vec<Chunk>>;

    fn next(&mut self) -> Option<Self::Item> {
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while bytes < BATCH_BYTES {
            match self.0.next() {
                // An empty chunk still counts, so that a batch of empty chunks ends.
                Some(Ok(chunk)) => {
                    bytes += chunk.text.len() + 16;
                    batch.push(chunk);
                }
                Some(Err(error)) => return Some(Err(error)),
                None => break,
            }
        }
        (!batch.is_empty()).then_some(Ok(batch))
    }
}
