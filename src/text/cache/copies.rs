//! Finds documents that are trained on and held out: token cache -> how many there are. A document is known by a hash of its ids, so
//! a copy in another format or with other line ends is found too.

use std::ops::Range;

use super::TokenCache;
use crate::text::{Role, map_parallel};

/// Documents that are in both texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copies {
    /// The held-out documents that are also trained on.
    pub held_out: u64,
    /// All held-out documents.
    pub of: u64,
    /// The documents to train on that are also held out.
    pub training: u64,
}

/// How many documents one piece of the work has.
const PIECE: u64 = 1 << 12;

/// The documents that the files to train on share with the held-out files. `unk`: the id of what the vocabulary does not know.
pub fn copies(cache: &TokenCache, unk: u32) -> Copies {
    let documents = cache.documents();
    let pieces: Vec<Range<u64>> =
        (0..documents.div_ceil(PIECE)).map(|n| n * PIECE..((n + 1) * PIECE).min(documents)).collect();
    let hashes = |role| {
        map_parallel(&pieces, |piece| {
            let of_role = piece.clone().filter(|document| cache.document_role(*document) == role);
            of_role.map(|document| hash(cache, document, unk)).collect::<Vec<u64>>()
        })
    };
    let mut held_out = hashes(Role::HeldOut).concat();
    held_out.sort_unstable();
    if held_out.is_empty() {
        return Copies { held_out: 0, of: 0, training: 0 };
    }
    // Only the hashes that are held out are kept, because the other text may be large.
    let mut both = map_parallel(&pieces, |piece| {
        let trained = piece.clone().filter(|document| cache.document_role(*document) == Role::Corpus);
        let hashes = trained.map(|document| hash(cache, document, unk));
        hashes.filter(|hash| held_out.binary_search(hash).is_ok()).collect::<Vec<u64>>()
    })
    .concat();
    let training = both.len() as u64;
    both.sort_unstable();
    let copied = held_out.iter().filter(|hash| both.binary_search(hash).is_ok()).count();
    Copies { held_out: copied as u64, of: held_out.len() as u64, training }
}

fn hash(cache: &TokenCache, document: u64, unk: u32) -> u64 {
    let (mut sum, mut unknown) = (0_u64, false);
    cache.for_each_id(cache.document_tokens(document), |id| {
        unknown |= id == unk;
        // 2^64 / golden ratio, as in Fibonacci hashing.
        sum = (sum.rotate_left(23) ^ u64::from(id)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    });
    // The ids do not tell apart what the vocabulary does not know, but the text does.
    if unknown { cache.document_hash(document) } else { sum }
}
