//! Chooses which documents are trained on and which are held out: token cache + seed -> two [`Part`]s that share no token.

use std::ops::Range;

use crate::rng::{Key, Stream};
use crate::text::Role;
use crate::text::cache::TokenCache;
use crate::{Error, Result};

/// Documents whose hash with the seed falls below this share are held out.
const HELD_OUT_SHARE: f64 = 0.02;
/// A corpus with fewer documents holds out the end of each one, because whole documents would be too few, or too much text.
const DOCUMENTS_MIN: u64 = 50;
/// The share of each document that is held out in such a corpus.
const HELD_OUT_TAIL: f64 = 0.05;
/// The largest number of rows that are held out, and that an evaluation judges.
pub const HELD_OUT_ROWS_MAX: usize = 2_000;

/// How much of each document belongs to a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Share {
    Whole,
    Head,
    Tail,
}

/// Some documents of a cache, or one end of each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The documents, in the order of the cache.
    documents: Vec<u32>,
    share: Share,
}

/// One document of a part: its tokens, and the sentences that they lie in (the outer two may reach beyond the tokens).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    pub tokens: Range<u64>,
    pub sentences: Range<u64>,
}

impl Part {
    /// Every document of the cache.
    pub fn whole(cache: &TokenCache) -> Result<Self> {
        Ok(Self { documents: (0..count(cache)?).collect(), share: Share::Whole })
    }

    /// Document after document; none is empty.
    pub fn spans<'a>(&'a self, cache: &'a TokenCache) -> impl Iterator<Item = Span> + 'a {
        self.documents
            .iter()
            .map(|&document| span(cache, document.into(), self.share))
            .filter(|span| !span.tokens.is_empty())
    }

    pub fn documents(&self) -> usize {
        self.documents.len()
    }

    pub fn tokens(&self, cache: &TokenCache) -> u64 {
        self.spans(cache).map(|span| span.tokens.end - span.tokens.start).sum()
    }

    /// How often each id occurs in this part: (vocabulary).
    pub fn counts(&self, cache: &TokenCache) -> Vec<u64> {
        let mut counts = vec![0; cache.vocab_size()];
        for span in self.spans(cache) {
            cache.for_each_id(span.tokens, |id| counts[id as usize] += 1);
        }
        counts
    }
}

fn count(cache: &TokenCache) -> Result<u32> {
    u32::try_from(cache.documents())
        .map_err(|_| Error::failed("too-many-documents").with("documents", cache.documents()).with("most", u32::MAX))
}

fn span(cache: &TokenCache, document: u64, share: Share) -> Span {
    let sentences = cache.document_sentences(document);
    let tokens = cache.document_tokens(document);
    let cut = |first: u64| {
        cache.sentence_ends()[sentences.start as usize..sentences.end as usize].partition_point(|&end| end <= first)
            as u64
    };
    match share {
        Share::Whole => Span { tokens, sentences },
        Share::Head => {
            let end = tail_start(cache, &tokens, &sentences);
            let last = sentences.start + cut(end.saturating_sub(1)) + 1;
            Span { tokens: tokens.start..end, sentences: sentences.start..last }
        }
        Share::Tail => {
            let start = tail_start(cache, &tokens, &sentences);
            Span { tokens: start..tokens.end, sentences: sentences.start + cut(start)..sentences.end }
        }
    }
}

/// Where the held-out end of a document starts: at the first sentence past 95 %, or within the last sentence if that is longer than
/// the last 5 %. A document of one token has no such end.
fn tail_start(cache: &TokenCache, tokens: &Range<u64>, sentences: &Range<u64>) -> u64 {
    let length = tokens.end - tokens.start;
    if length < 2 {
        return tokens.end;
    }
    let held_out = ((length as f64 * HELD_OUT_TAIL) as u64).max(1);
    let wanted = tokens.end - held_out;
    let ends = &cache.sentence_ends()[sentences.start as usize..sentences.end as usize];
    let border = ends[ends.partition_point(|&end| end < wanted)];
    if border < tokens.end { border } else { wanted }
}

/// The two parts of a corpus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    pub train: Part,
    pub held_out: Part,
}

impl Split {
    /// Files that are held out by name are the held-out part. Without any: documents by hash(seed, text) until they fill
    /// [`HELD_OUT_ROWS_MAX`] rows of `row_len` tokens, or the end of each document where there are fewer than 50.
    /// The choice of a document depends on its text and the seed alone, so copies of one are never on both sides.
    pub fn new(cache: &TokenCache, seed: u64, row_len: usize) -> Result<Self> {
        let documents = 0..count(cache)?;
        let by_file = |role| documents.clone().filter(|&d| cache.document_role(d.into()) == role).collect::<Vec<u32>>();
        let (train, held_out) = (by_file(Role::Corpus), by_file(Role::HeldOut));
        let split = if !held_out.is_empty() {
            Self::of(train, held_out, [Share::Whole, Share::Whole])
        } else if cache.documents() < DOCUMENTS_MIN {
            Self::of(train.clone(), train, [Share::Head, Share::Tail])
        } else {
            let held_out = chosen_by_hash(cache, &train, seed, row_len);
            let train = train.into_iter().filter(|document| held_out.binary_search(document).is_err()).collect();
            Self::of(train, held_out, [Share::Whole, Share::Whole])
        };
        if split.train.tokens(cache) == 0 {
            return Err(Error::failed("nothing-left-to-train-on").with("tokens", cache.tokens()));
        }
        if split.held_out.tokens(cache) == 0 {
            return Err(Error::failed("nothing-to-hold-out").with("tokens", cache.tokens()));
        }
        Ok(split)
    }

    /// The split of a text that nobody trains on: all of it is on both sides.
    pub fn to_look_at(cache: &TokenCache) -> Result<Self> {
        let whole = Part::whole(cache)?;
        if whole.tokens(cache) == 0 {
            return Err(Error::failed("no-word-in-text"));
        }
        Ok(Self { train: whole.clone(), held_out: whole })
    }

    /// How often each id occurs in the text to train on: (vocabulary). Only the held-out tokens are read for it.
    pub fn train_counts(&self, cache: &TokenCache) -> Vec<u64> {
        let held_out = self.held_out.counts(cache);
        cache.counts().iter().zip(held_out).map(|(all, held_out)| all - held_out).collect()
    }

    fn of(train: Vec<u32>, held_out: Vec<u32>, [head, tail]: [Share; 2]) -> Self {
        Self { train: Part { documents: train, share: head }, held_out: Part { documents: held_out, share: tail } }
    }
}

/// Chooses held-out documents by their hash, in order, and at least one.
fn chosen_by_hash(cache: &TokenCache, documents: &[u32], seed: u64, row_len: usize) -> Vec<u32> {
    let key = Key::new(seed, 0, Stream::HoldOut);
    let drawn = |document: u32| {
        let hash = cache.document_hash(document.into());
        key.word(hash as u32, (hash >> 32) as u32)
    };
    let mut order: Vec<(u32, u32)> = documents.iter().map(|&document| (drawn(document), document)).collect();
    order.sort_unstable();
    let limit = (HELD_OUT_SHARE * 4_294_967_296.0) as u32;
    let (mut chosen, mut rows, mut last) = (Vec::new(), 0, None);
    for &(word, document) in &order {
        // Documents with equal hashes are copies of one text, so they stay together.
        let full = word >= limit || rows >= HELD_OUT_ROWS_MAX as u64;
        if full && last.is_some_and(|last| last != word) {
            break;
        }
        let tokens = cache.document_tokens(document.into());
        rows += (tokens.end - tokens.start).div_ceil(row_len.saturating_sub(2).max(1) as u64);
        last = Some(word);
        chosen.push(document);
    }
    chosen.sort_unstable();
    chosen
}

/// The entropy, in nats, of the distribution that `counts` gives: the loss of a model that knows only how frequent each id is.
pub fn entropy_nats(counts: &[u64]) -> f64 {
    let total: u64 = counts.iter().sum();
    let used = counts.iter().filter(|&&count| count > 0);
    used.map(|&count| {
        let p = count as f64 / total as f64;
        -p * p.ln()
    })
    .sum()
}
