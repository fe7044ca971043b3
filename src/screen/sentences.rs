//! Takes whole sentences out of the run's readout, as text that a person can try.
//! readout -> [`of_readout`] -> the panel "Your sentence".

use crate::train::event::{ReadToken, Readout};

/// The largest number of sentences that are offered, and of words in each.
const OFFERED: usize = 3;
const WORDS: std::ops::RangeInclusive<usize> = 4..=14;

/// The first short sentences of the readout rows, one from each row at first.
pub fn of_readout(readout: &Readout) -> Vec<String> {
    let mut offered: Vec<String> = Vec::new();
    for sentence in readout.sentences.iter().filter_map(|row| whole_sentences(row).into_iter().next()) {
        if !offered.contains(&sentence) {
            offered.push(sentence);
        }
    }
    offered.truncate(OFFERED);
    offered
}

/// The sentences that begin and end within a row. A row may begin in the middle of one, but its end is known by its last sign.
fn whole_sentences(row: &[ReadToken]) -> Vec<String> {
    let tokens = row.iter().filter(|token| !token.special).map(|token| token.original.as_str());
    let mut sentences = Vec::new();
    let mut text = String::new();
    let mut words = 0;
    for token in tokens {
        let (piece, joined) = match token.strip_prefix("##") {
            Some(rest) if !rest.is_empty() => (rest, true),
            _ => (token, false),
        };
        let sign = piece.chars().all(|c| c.is_ascii_punctuation());
        // An unknown token has no text to try.
        if piece.starts_with('[') && piece.len() > 1 {
            words = usize::MAX / 2;
        }
        if !text.is_empty() && !joined && !sign {
            text.push(' ');
        }
        text.push_str(piece);
        words += usize::from(!joined && !sign);
        if matches!(piece, "." | "!" | "?") {
            if WORDS.contains(&words) {
                sentences.push(std::mem::take(&mut text));
            }
            (text, words) = (String::new(), 0);
        }
    }
    sentences
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(text: &str) -> Vec<ReadToken> {
        let token = |original: &str| ReadToken {
            original: original.to_owned(),
            special: original == "[CLS]" || original == "[SEP]",
            ..ReadToken::default()
        };
        text.split(' ').map(token).collect()
    }

    #[test]
    fn sentences_are_whole_and_written_as_people_write() {
        let first = row("[CLS] yes . the loyal dog gnaw ##s the bone , and sleeps . then it [SEP]");
        let second = row("[CLS] a row without any end [SEP]");
        let third = row("[CLS] the [UNK] ate the bone . she sings in the bakery ! [SEP]");
        let readout = Readout { step: 1, sentences: vec![first.clone(), second, third, first], swaps: Vec::new() };
        assert_eq!(of_readout(&readout), ["the loyal dog gnaws the bone, and sleeps.", "she sings in the bakery!"]);
    }
}
