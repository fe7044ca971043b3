//! Measures whether the judge knows context: in held-out text, words stand in each other's places, and the judge must tell which
//! places are wrong. No generator takes part, so that runs, objectives and steps compare.
//! grammar or held-out rows -> [`Swaps`] -> the evaluation pass without masks -> [`SwapLogits`] -> [`SwapScore`]s.
//!
//! **Nothing but context helps.** The words of a group are dealt out again among the places of the same group, so that every word
//! stands as often in a wrong place as in its own. A judge that knows only how often each word is replaced scores 0.5.
//!
//! **A spoiled row is no help either.** A judge that only senses that something in a row is wrong scores every word of it higher. To
//! see how much of this there is, an untouched word of the row is compared in the same way ([`SwapScore::beside_auc`]).
//!
//! On the built-in text a group is a column of a table of the grammar, in one form. A swap breaks a rule of selection, and at least
//! two other words of the sentence show which word is wrong. On other text a group is a band of frequency and of length.

use crate::Result;
use crate::batch::{Batch, HeldOut, Recipe, mask};
use crate::lang::Lang;
use crate::model::io::Outputs;
use crate::rng::{Key, Sequence, Stream};
use crate::text::grammar::{Grammar, Level, Role, Rule, Story, Verdict};
use crate::text::tokenizer::Tokenizer;
use crate::train::event::{SwapExample, SwapPart, SwapScore};
use crate::train::metrics::{same_token_auc, score_key_of};
use crate::train::story_rows::{StoryRow, WordAt, story_rows};
use std::collections::BTreeMap;
use std::ops::Range;

/// The seed of the stories and of every choice. The corpus has another one.
const SEED: u64 = 0x7377_6170;
/// The largest number of rows of stories from which places are taken.
const STORY_ROWS: usize = 1024;
/// The largest number of swaps of one role.
const SWAPS_OF_ROLE: usize = 64;
/// The largest number of swaps of one band of frequency.
const SWAPS_OF_BAND: usize = 160;
/// With fewer swaps no AUC is reported, because chance would move it too far.
const SWAPS_MIN: usize = 20;
/// In text that is not built in, a row gives at most one swap for this many of its tokens. A judge is trained with more replacements.
const TOKENS_A_SWAP: usize = 8;
/// Swaps of one row are at least this many tokens apart, and so is an untouched word that is compared.
const APART: usize = 4;
/// The largest number of tokens on each side of an example's word.
const AROUND: usize = 10;
/// How often another partner is tried for a word that may not stand where it was dealt to.
const PARTNERS: usize = 64;

/// The fixed swaps of a run, as batches to judge.
#[derive(Debug)]
pub struct Swaps {
    batches: Vec<SwapBatch>,
    pairs: Vec<Pair>,
}

/// A batch in which nothing is hidden, and the places in it that are compared.
#[derive(Debug)]
pub struct SwapBatch {
    pub batch: Batch,
    places: Vec<Place>,
}

/// A token of a batch that is compared.
#[derive(Debug, Clone, Copy)]
struct Place {
    token: usize,
    pair: usize,
    side: Side,
}

/// What a token is in its pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    /// The right word.
    Right,
    /// The wrong word in the same place.
    Wrong,
    /// An untouched word some way off, beside the right word and beside the wrong one.
    BesideRight,
    BesideWrong,
}

/// A place, the word that belongs there, and the one that was put there.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pair {
    right: u32,
    wrong: u32,
    /// The untouched word that is compared too; none in rows that are too short.
    beside: Option<u32>,
    parts: Vec<SwapPart>,
}

/// A sentence in which one word is wrong, as tokens without `[CLS]` and `[SEP]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spoiled {
    pub ids: Vec<u32>,
    /// The token that is wrong, and the id that belongs there.
    pub at: usize,
    pub right: u32,
}

/// The judge's logits of each pair, one list for each side; NaN before they are known.
#[derive(Debug, Default)]
pub struct SwapLogits([Vec<f32>; 4]);

impl SwapLogits {
    fn of(&self, side: Side, pair: usize) -> f32 {
        self.0[side as usize][pair]
    }
}

/// A place from which a word may be taken.
#[derive(Debug, Clone)]
struct Site<K> {
    /// The row and the token in it.
    row: usize,
    token: usize,
    id: u32,
    /// Words are dealt out among sites of one group.
    group: K,
    parts: Vec<SwapPart>,
}

impl Swaps {
    /// Swaps in stories that no run trains on.
    ///
    /// # Errors
    /// The grammar that is compiled in is damaged, or the tokenizer fails.
    pub fn of_grammar(language: Lang, level: Level, tokenizer: &Tokenizer, recipe: Recipe) -> Result<Self> {
        let grammar = Grammar::new(language, level)?;
        let mut rows = story_rows(&grammar, SEED, tokenizer, recipe, STORY_ROWS)?;
        let mut rng = Sequence::new(Key::new(SEED, 0, Stream::Grammar), 0);
        rng.shuffle(&mut rows);
        let sites = story_sites(&grammar, &rows, &mut rng);
        let mut stories = Stories { grammar: &grammar, last: None };
        let words: Vec<WordAt> = sites.iter().map(|site| word_at(&rows, site)).collect();
        let dealt = deal(&sites, &mut rng, |from, to| {
            let (word, replacement) = (words[to], tokenizer.token(sites[from].id));
            stories.get(word.document).judge(word.sentence as usize, word.word as usize, replacement)
                == Verdict::Breaks(Rule::Selection)
        });
        let text: Vec<Row> = rows.iter().map(|row| Row::of_story(row, recipe, tokenizer)).collect();
        Ok(Self::build(&text, &sites, &dealt, recipe, tokenizer))
    }

    /// Swaps in held-out rows. `counts`: occurrences of each id in the training text.
    pub fn of_rows(rows: &mut HeldOut, counts: &[u64], tokenizer: &Tokenizer, recipe: Recipe) -> Self {
        let text = Row::of_held_out(rows);
        let mut rng = Sequence::new(Key::new(SEED, 1, Stream::Grammar), 0);
        let sites = text_sites(&text, counts, tokenizer, &mut rng);
        let dealt = deal(&sites, &mut rng, |from, to| sites[from].id != sites[to].id);
        Self::build(&text, &sites, &dealt, recipe, tokenizer)
    }

    pub fn batches(&self) -> &[SwapBatch] {
        &self.batches
    }

    /// How many swaps there are.
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Whether the text has no place for a swap.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Makes the rows to judge: every row that has a swap as it is, and once for each of its swaps. No row has two wrong words, for
    /// the rest of the row is what decides.
    fn build(
        text: &[Row],
        sites: &[Site<Group>],
        dealt: &[Option<usize>],
        recipe: Recipe,
        tokenizer: &Tokenizer,
    ) -> Self {
        let mut of_row: BTreeMap<usize, Vec<(usize, usize)>> = BTreeMap::new();
        let mut pairs = Vec::new();
        for (site, from) in sites.iter().zip(dealt) {
            let Some(from) = *from else { continue };
            let (row, number) = (&text[site.row], pairs.len());
            of_row.entry(site.row).or_default().push((site.token, number));
            let beside = row.beside(site.token, number, tokenizer).map(|token| row.ids[token]);
            pairs.push(Pair { right: site.id, wrong: sites[from].id, beside, parts: site.parts.clone() });
        }
        let mut rows: Vec<ToJudge> = Vec::new();
        for (row, places) in of_row {
            rows.push((text[row].clone(), places.clone(), [Side::Right, Side::BesideRight]));
            for (token, pair) in places {
                let mut swapped = text[row].clone();
                swapped.ids[token] = pairs[pair].wrong;
                rows.push((swapped, vec![(token, pair)], [Side::Wrong, Side::BesideWrong]));
            }
        }
        let batch = |rows: &[ToJudge]| {
            let mut batch = recipe.batch();
            batch.ids.fill(tokenizer.specials().pad);
            let mut places = Vec::new();
            for (number, (row, of_row, [side, beside])) in rows.iter().enumerate() {
                let first = number * recipe.row_len;
                batch.ids[first..][..recipe.row_len].copy_from_slice(&row.ids);
                batch.type_ids[first..][..recipe.row_len].copy_from_slice(&row.type_ids);
                batch.attention[first..][..recipe.row_len].copy_from_slice(&row.attention);
                for &(token, pair) in of_row {
                    places.push(Place { token: first + token, pair, side: *side });
                    let other = row.beside(token, pair, tokenizer);
                    places.extend(other.map(|token| Place { token: first + token, pair, side: *beside }));
                }
            }
            mask::hide_none(&mut batch, tokenizer.specials());
            SwapBatch { batch, places }
        };
        Self { batches: rows.chunks(recipe.rows).map(batch).collect(), pairs }
    }

    /// Adds the discriminator's logits for a batch.
    pub fn judge(&self, of: &SwapBatch, out: &Outputs, into: &mut SwapLogits) {
        self.note(of, |token| out.token(token).logit, into);
    }

    fn note(&self, of: &SwapBatch, logit: impl Fn(usize) -> f32, into: &mut SwapLogits) {
        into.0.iter_mut().for_each(|side| side.resize(self.pairs.len(), f32::NAN));
        for place in &of.places {
            into.0[place.side as usize][place.pair] = logit(place.token);
        }
    }

    /// Up to `count` swaps for people to try: the sentence, or what stands around the word in a longer row.
    pub fn examples(&self, tokenizer: &Tokenizer, count: usize) -> Vec<SwapExample> {
        self.telling(tokenizer, count).into_iter().map(|place| self.example(place, tokenizer)).collect()
    }

    /// Up to `count` of the same swaps as tokens, if they fit into rows of `row_len` tokens.
    pub fn spoiled(&self, tokenizer: &Tokenizer, count: usize, row_len: usize) -> Vec<Spoiled> {
        let spoiled = |(of, place): (&SwapBatch, Place)| {
            let window = window(&of.batch, place.token, tokenizer);
            let Pair { right, wrong, .. } = self.pairs[place.pair];
            let at = place.token - window.start;
            let mut ids = of.batch.ids[window].to_vec();
            ids[at] = wrong;
            Spoiled { ids, at, right }
        };
        let fits = |spoiled: &Spoiled| spoiled.ids.len() + 2 <= row_len;
        self.telling(tokenizer, count).into_iter().map(spoiled).filter(fits).collect()
    }

    /// Up to `count` swaps that people can judge, spread over all. In the built-in text these are verbs and food, because who has
    /// not read the grammar cannot know who lives where. A text with an unknown token cannot be typed, so it is left out.
    fn telling(&self, tokenizer: &Tokenizer, count: usize) -> Vec<(&SwapBatch, Place)> {
        let of_batch = |of| of_right(of).map(move |place| (of, place));
        let is_known = |(of, place): &(&SwapBatch, Place)| {
            window(&of.batch, place.token, tokenizer).all(|n| of.batch.ids[n] != tokenizer.specials().unk)
        };
        let all: Vec<(&SwapBatch, Place)> = self.batches.iter().flat_map(of_batch).filter(is_known).collect();
        let has = |place: Place, part| self.pairs[place.pair].parts.contains(&part);
        let evident = |(_, place): &&(_, Place)| has(*place, SwapPart::Verb) || has(*place, SwapPart::Food);
        let evident: Vec<(&SwapBatch, Place)> = all.iter().filter(evident).copied().collect();
        let from = if evident.len() >= count { evident } else { all };
        let count = count.min(from.len());
        (0..count).map(|n| from[n * from.len() / count]).collect()
    }

    fn example(&self, (of, place): (&SwapBatch, Place), tokenizer: &Tokenizer) -> SwapExample {
        let batch = &of.batch;
        let Range { start, end } = window(batch, place.token, tokenizer);
        let begins = |n: &usize| !tokenizer.token(batch.ids[*n]).starts_with("##");
        let Pair { right, wrong, .. } = self.pairs[place.pair];
        let word = |id| tokenizer.token(id).to_owned();
        let with =
            |id| text_of((start..end).map(|n| tokenizer.token(if n == place.token { id } else { batch.ids[n] })));
        SwapExample {
            text: with(right),
            wrong_text: with(wrong),
            word: (start..place.token).filter(begins).count() as u32,
            right: word(right),
            wrong: word(wrong),
        }
    }

    /// The score of all swaps and of every part of them; none if a logit is not a number or if there is no swap.
    pub fn scores(&self, logits: &SwapLogits) -> Vec<SwapScore> {
        let known = |side: Side| {
            let of_side = &logits.0[side as usize];
            of_side.len() == self.pairs.len() && of_side.iter().all(|logit| !logit.is_nan())
        };
        if self.pairs.is_empty() || !known(Side::Right) || !known(Side::Wrong) {
            return Vec::new();
        }
        let mut parts: BTreeMap<SwapPart, Vec<usize>> = BTreeMap::new();
        for (number, pair) in self.pairs.iter().enumerate() {
            pair.parts.iter().for_each(|part| parts.entry(*part).or_default().push(number));
        }
        parts.insert(SwapPart::All, (0..self.pairs.len()).collect());
        parts.into_iter().map(|(part, pairs)| self.score(part, &pairs, logits)).collect()
    }

    fn score(&self, part: SwapPart, pairs: &[usize], logits: &SwapLogits) -> SwapScore {
        let share = |count: &dyn Fn(usize) -> f64| pairs.iter().map(|&p| count(p)).sum::<f64>() / pairs.len() as f64;
        let above = |logit: f32| f64::from(u8::from(logit > 0.0));
        let sides = |p: usize| [logits.of(Side::Right, p), logits.of(Side::Wrong, p)];
        let keys = |&p: &usize| {
            let (Pair { right, wrong, .. }, [of_right, of_wrong]) = (&self.pairs[p], sides(p));
            [score_key_of(*right, of_right, false), score_key_of(*wrong, of_wrong, true)]
        };
        let auc = |mut keys: Vec<u64>| {
            let enough = keys.len() >= 2 * SWAPS_MIN;
            same_token_auc(&mut keys).map(|(auc, _)| auc).filter(|_| enough)
        };
        let words: Vec<u64> = pairs.iter().flat_map(keys).collect();
        let others = |&p: &usize| {
            let [right, wrong] = [Side::BesideRight, Side::BesideWrong].map(|side| logits.of(side, p));
            let id = self.pairs[p].beside.filter(|_| !right.is_nan() && !wrong.is_nan())?;
            Some([score_key_of(id, right, false), score_key_of(id, wrong, true)])
        };
        let others: Vec<u64> = pairs.iter().filter_map(others).flatten().collect();
        SwapScore {
            part,
            swaps: pairs.len() as u64,
            auc: auc(words),
            beside_auc: auc(others),
            pairs_right: share(&|p| match sides(p)[1].total_cmp(&sides(p)[0]) {
                std::cmp::Ordering::Greater => 1.0,
                std::cmp::Ordering::Equal => 0.5,
                std::cmp::Ordering::Less => 0.0,
            }),
            caught: share(&|p| above(sides(p)[1])),
            false_alarms: share(&|p| above(sides(p)[0])),
        }
    }
}

/// The places of a batch whose words are right.
fn of_right(of: &SwapBatch) -> impl Iterator<Item = Place> {
    of.places.iter().filter(|place| place.side == Side::Right).copied()
}

/// The tokens to show around a token: its sentence, or in a row without lines what stands near it, cut where words begin.
fn window(batch: &Batch, token: usize, tokenizer: &Tokenizer) -> Range<usize> {
    let row = token / batch.row_len * batch.row_len;
    let is_text = |n: &usize| batch.eligible[*n] == 1;
    let begins = |n: &usize| !tokenizer.token(batch.ids[*n]).starts_with("##");
    let end = (token..row + batch.row_len).take_while(is_text).last().unwrap_or(token) + 1;
    let start = (row..=token).rev().take_while(is_text).last().unwrap_or(token);
    let start = (start.max(token.saturating_sub(AROUND))..=token).find(begins).unwrap_or(token);
    start..(token + 1..end).find(|n| *n > token + AROUND && begins(n)).unwrap_or(end)
}

/// Joins pieces into a text that the tokenizer would cut into the same pieces.
fn text_of<'t>(pieces: impl Iterator<Item = &'t str>) -> String {
    let mut text = String::new();
    for piece in pieces {
        let (word, glued) = piece.strip_prefix("##").map_or((piece, false), |rest| (rest, true));
        let closes = word.len() == 1 && word.starts_with(['.', ',', ';', ':', '!', '?', ')']);
        if !text.is_empty() && !glued && !closes {
            text.push(' ');
        }
        text.push_str(word);
    }
    text
}

/// A row, the tokens in it that are compared with the number of their pair, and the sides of these and of the untouched tokens.
type ToJudge = (Row, Vec<(usize, usize)>, [Side; 2]);

/// A row to judge, every array as long as a row.
#[derive(Debug, Clone)]
struct Row {
    ids: Vec<u32>,
    type_ids: Vec<u32>,
    attention: Vec<u32>,
}

impl Row {
    /// A word of the row that is not near `token`, another one for each pair.
    fn beside(&self, token: usize, pair: usize, tokenizer: &Tokenizer) -> Option<usize> {
        let far = |n: &usize| {
            let is_word = |id: u32| tokenizer.token(id).chars().all(char::is_alphabetic);
            n.abs_diff(token) >= APART
                && self.attention[*n] == 1
                && !tokenizer.specials().excludes(self.ids[*n])
                && is_word(self.ids[*n])
        };
        let far: Vec<usize> = (0..self.ids.len()).filter(far).collect();
        (!far.is_empty()).then(|| far[pair % far.len()])
    }

    fn of_story(row: &StoryRow, recipe: Recipe, tokenizer: &Tokenizer) -> Self {
        let mut batch = Batch::new(1, recipe.row_len, 1);
        batch.ids.fill(tokenizer.specials().pad);
        row.put(&mut batch, 0, tokenizer);
        Self { ids: batch.ids, type_ids: batch.type_ids, attention: batch.attention }
    }

    fn of_held_out(rows: &mut HeldOut) -> Vec<Self> {
        let mut batch = rows.buffer();
        let mut all = Vec::with_capacity(rows.rows());
        for index in 0..rows.batches() {
            rows.fill(index, &mut batch);
            for row in 0..batch.rows {
                let cells = row * batch.row_len..(row + 1) * batch.row_len;
                if all.len() < rows.rows() {
                    all.push(Self {
                        ids: batch.ids[cells.clone()].to_vec(),
                        type_ids: batch.type_ids[cells.clone()].to_vec(),
                        attention: batch.attention[cells].to_vec(),
                    });
                }
            }
        }
        all
    }
}

fn part_of(role: Role) -> SwapPart {
    match role {
        Role::Who => SwapPart::Who,
        Role::Verb => SwapPart::Verb,
        Role::Food => SwapPart::Food,
        Role::Place => SwapPart::Place,
        Role::Look => SwapPart::Look,
        Role::Thing => SwapPart::Thing,
    }
}

/// Words are dealt out among places of one group.
type Group = (u64, u64);

/// One place in each row of stories, until every role has enough.
fn story_sites(grammar: &Grammar, rows: &[StoryRow], rng: &mut Sequence) -> Vec<Site<Group>> {
    let mut columns: Vec<(String, usize)> = Vec::new();
    let mut of_role: BTreeMap<Role, usize> = BTreeMap::new();
    let mut sites = Vec::new();
    let mut stories = Stories { grammar, last: None };
    for (number, row) in rows.iter().enumerate() {
        let mut found = Vec::new();
        for (token, word) in row.words.iter().enumerate() {
            let Some(at) = word else { continue };
            let of_sentence = stories.get(at.document).sites(at.sentence as usize);
            let Some(site) = of_sentence.into_iter().find(|site| site.word == at.word as usize) else { continue };
            let column = (site.column.0.to_owned(), site.column.1);
            let column = columns.iter().position(|known| *known == column).unwrap_or_else(|| {
                columns.push(column);
                columns.len() - 1
            });
            let parts = vec![part_of(site.role), SwapPart::of_distance(site.distance)];
            let group = (column as u64, u64::from(site.form));
            found.push((site.role, Site { row: number, token: token + 1, id: row.ids[token], group, parts }));
        }
        // The role with the fewest swaps so far comes first, chance decides among equals.
        rng.shuffle(&mut found);
        found.sort_by_key(|(role, _)| of_role.get(role).copied().unwrap_or_default());
        if let Some((role, site)) = found.into_iter().next() {
            let count = of_role.entry(role).or_default();
            if *count < SWAPS_OF_ROLE {
                *count += 1;
                sites.push(site);
            }
        }
    }
    sites
}

fn word_at(rows: &[StoryRow], site: &Site<Group>) -> WordAt {
    rows[site.row].words[site.token - 1].expect("a site was made from this word")
}

/// The stories of [`SEED`], of which the last one is kept.
struct Stories<'g> {
    grammar: &'g Grammar,
    last: Option<(u64, Story<'g>)>,
}

impl<'g> Stories<'g> {
    fn get(&mut self, document: u64) -> &Story<'g> {
        if self.last.as_ref().is_none_or(|(known, _)| *known != document) {
            self.last = Some((document, self.grammar.document(SEED, document)));
        }
        &self.last.as_ref().expect("it was set just now").1
    }
}

/// Places of whole words in rows of any text.
fn text_sites(text: &[Row], counts: &[u64], tokenizer: &Tokenizer, rng: &mut Sequence) -> Vec<Site<Group>> {
    let ranks = word_ranks(counts, tokenizer);
    let mut candidates = Vec::new();
    for (number, row) in text.iter().enumerate() {
        for token in 0..row.ids.len() {
            let id = row.ids[token];
            let Some(rank) = ranks.get(id as usize).copied().flatten() else { continue };
            let next = row.ids.get(token + 1).filter(|_| row.attention.get(token + 1) == Some(&1));
            let goes_on = next.is_some_and(|&next| tokenizer.token(next).starts_with("##"));
            if row.attention[token] == 1 && !goes_on {
                candidates.push((number, token, id, rank));
            }
        }
    }
    rng.shuffle(&mut candidates);
    // Rare words come first. Frequent words stand everywhere and find places afterwards.
    candidates.sort_by_key(|(.., rank)| std::cmp::Reverse(SwapPart::of_rank(*rank)));
    let mut taken: Vec<Vec<usize>> = vec![Vec::new(); text.len()];
    let mut of_band: BTreeMap<SwapPart, usize> = BTreeMap::new();
    let mut sites = Vec::new();
    for (row, token, id, rank) in candidates {
        let tokens = text[row].attention.iter().filter(|&&real| real == 1).count();
        let most = (tokens / TOKENS_A_SWAP).max(1);
        let band = SwapPart::of_rank(rank);
        let of_band = of_band.entry(band).or_default();
        let close = taken[row].iter().any(|other| other.abs_diff(token) < APART);
        if taken[row].len() >= most || *of_band >= SWAPS_OF_BAND || close {
            continue;
        }
        *of_band += 1;
        taken[row].push(token);
        let length = SwapPart::of_length(tokenizer.token(id).chars().count());
        let group = (band as u64, length as u64);
        sites.push(Site { row, token, id, group, parts: vec![SwapPart::of_kind(rank), band, length] });
    }
    sites
}

/// The rank of every whole word by its frequency, from 1; none for pieces of words, marks, numbers and what never occurs.
fn word_ranks(counts: &[u64], tokenizer: &Tokenizer) -> Vec<Option<usize>> {
    let is_word = |id: usize| {
        let token = tokenizer.token(id as u32);
        counts[id] > 0 && !tokenizer.specials().excludes(id as u32) && token.chars().all(char::is_alphabetic)
    };
    let mut words: Vec<usize> = (0..counts.len()).filter(|&id| is_word(id)).collect();
    words.sort_by_key(|&id| (std::cmp::Reverse(counts[id]), id));
    let mut ranks = vec![None; counts.len()];
    for (rank, id) in (1..).zip(words) {
        ranks[id] = Some(rank);
    }
    ranks
}

/// Deals the words of each group out among its sites, so that each word is used at most once. `result[to]` is the site whose word
/// goes there; none if no word was found that `may` stand there.
fn deal(sites: &[Site<Group>], rng: &mut Sequence, mut may: impl FnMut(usize, usize) -> bool) -> Vec<Option<usize>> {
    let mut groups: BTreeMap<Group, Vec<usize>> = BTreeMap::new();
    for (number, site) in sites.iter().enumerate() {
        groups.entry(site.group).or_default().push(number);
    }
    let mut dealt = vec![None; sites.len()];
    for members in groups.into_values() {
        let mut from = members.clone();
        rng.shuffle(&mut from);
        for i in 0..members.len() {
            for _ in 0..PARTNERS {
                if may(from[i], members[i]) {
                    break;
                }
                let other = rng.below(members.len());
                // An exchange must not spoil a place that is settled already.
                if may(from[other], members[i]) && (other > i || may(from[i], members[other])) {
                    from.swap(i, other);
                }
            }
        }
        for (from, to) in from.into_iter().zip(members) {
            dealt[to] = may(from, to).then_some(from);
        }
    }
    dealt
}

#[cfg(test)]
mod tests;
