//! Lays out the flow of tokens as columns, without drawing: word pieces, verdicts, and where a line of columns wraps.

use super::state::RunState;
use crate::train::event::{ReadToken, Readout, Verdict};

/// A word piece as a person reads it, without the `##`; a joint under the text shows that it continues a word.
pub fn piece(token: &str) -> (&str, bool) {
    match token.strip_prefix("##") {
        Some(rest) if !rest.is_empty() => (rest, true),
        _ => (token, false),
    }
}

/// The verdict's key, for tooltips and for those who cannot see the glyph.
pub fn verdict_key(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Caught => "flow-verdict-caught",
        Verdict::Missed => "flow-verdict-missed",
        Verdict::FalseAlarm => "flow-verdict-false-alarm",
        Verdict::LuckyGuess => "flow-verdict-lucky",
        Verdict::Passed => "flow-verdict-passed",
        Verdict::None => "flow-verdict-none",
    }
}

/// Whether a verdict is drawn as a glyph.
pub fn has_glyph(verdict: Verdict) -> bool {
    !matches!(verdict, Verdict::Passed | Verdict::None)
}

/// A token's place on a line of columns that are aligned in all rows.
pub struct Column<'a> {
    /// The token's place in the sentence.
    pub index: usize,
    pub token: &'a ReadToken,
    pub left: f32,
    pub width: f32,
    /// Whether it continues the word before it, on the same line.
    pub joined: bool,
}

/// The gap between columns. The pieces of a word stand closer.
const COLUMN_GAP: f32 = 5.0;
const PIECE_GAP: f32 = 1.0;

/// The lines of columns, none of them wider than `room`. Special tokens are left out: they are judged but never counted.
/// `width` gives the width that a token's column needs in all rows.
pub fn folds(sentence: &[ReadToken], room: f32, width: impl Fn(&ReadToken) -> f32) -> Vec<Vec<Column<'_>>> {
    let mut lines = Vec::new();
    let mut line: Vec<Column> = Vec::new();
    let mut left = 0.0;
    for (index, token) in sentence.iter().enumerate().filter(|(_, token)| !token.special) {
        let width = width(token);
        let joined = piece(token.read()).1 && !line.is_empty();
        let gap = match (line.is_empty(), joined) {
            (true, _) => 0.0,
            (false, true) => PIECE_GAP,
            (false, false) => COLUMN_GAP,
        };
        if left + gap + width > room && !line.is_empty() {
            lines.push(std::mem::take(&mut line));
            line.push(Column { index, token, left: 0.0, width, joined: false });
            left = width;
        } else {
            line.push(Column { index, token, left: left + gap, width, joined });
            left += gap + width;
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// Where a row of tokens comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RowOf {
    /// A readout sentence, by its number.
    Sentence(usize),
    /// A sentence with one wrong word, by its number.
    Swap(usize),
    /// A row of a training batch.
    Batch,
}

/// The step and p(replaced) of this token in every readout that has it. A token of a batch has no history, because a batch comes
/// once.
pub fn history(state: &RunState, row: RowOf, index: usize, token: &ReadToken) -> Vec<(u64, f64)> {
    let of_readout = |readout: &Readout| {
        let row = match row {
            RowOf::Sentence(number) => readout.sentences.get(number)?,
            RowOf::Swap(number) => readout.swaps.get(number)?,
            RowOf::Batch => return None,
        };
        let then = row.get(index)?;
        let same = then.original_id == token.original_id;
        same.then_some((readout.step, then.p_replaced?))
    };
    state.readouts.iter().filter_map(of_readout).collect()
}

#[cfg(test)]
mod tests {
    use super::super::state::Source;
    use super::*;
    use crate::train::event::Event;

    #[test]
    fn lines_fold_at_the_room_and_pieces_stay_close() {
        let token = |text: &str, special| ReadToken { original: text.to_owned(), special, ..ReadToken::default() };
        let sentence = [token("[CLS]", true), token("dog", false), token("##s", false), token("ran", false)];
        let lines = folds(&sentence, 25.0, |_| 10.0);
        let seen: Vec<Vec<_>> =
            lines.iter().map(|line| line.iter().map(|c| (c.index, c.left, c.joined)).collect()).collect();
        assert_eq!(seen, [vec![(1, 0.0, false), (2, 10.0 + PIECE_GAP, true)], vec![(3, 0.0, false)]]);
        assert!(folds(&sentence[..1], 25.0, |_| 10.0).is_empty());
    }

    #[test]
    fn a_token_has_the_history_of_its_own_place() {
        let token = |original_id, p| ReadToken { original_id, p_replaced: Some(p), ..ReadToken::default() };
        let readout = |step, id, p| {
            Event::Readout(Readout {
                step,
                sentences: vec![vec![], vec![token(7, 0.0), token(id, p)]],
                swaps: vec![vec![token(7, 0.3)]],
            })
        };
        let events = [readout(1, 5, 0.4), readout(10, 5, 0.6), readout(20, 9, 0.9)];
        let state = RunState::from_events(Source::Live, events);
        assert_eq!(history(&state, RowOf::Sentence(1), 1, &token(5, 0.0)), [(1, 0.4), (10, 0.6)]);
        assert!(history(&state, RowOf::Sentence(4), 0, &token(5, 0.0)).is_empty());
        assert_eq!(history(&state, RowOf::Swap(0), 0, &token(7, 0.0)), [(1, 0.3), (10, 0.3), (20, 0.3)]);
        assert!(history(&state, RowOf::Batch, 0, &token(7, 0.0)).is_empty());
    }
}
