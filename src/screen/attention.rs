//! Computes what an attention map shows, without drawing: the weights of one head or of all, the tokens that are shown, and the
//! tokens that a token attends to.
//! `AttentionMap` -> [`Shown`].

use crate::train::event::AttentionMap;

/// The largest number of tokens that are drawn. The lines of more tokens cannot be told apart.
pub const TOKENS_MAX: usize = 64;

/// The part of a map that is drawn: its visible tokens, and the weights that they give to each other.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Shown {
    pub tokens: Vec<String>,
    /// `rows[from][to]`.
    pub rows: Vec<Vec<f32>>,
    /// For each token, the weight that it gives to tokens that are not drawn.
    pub hidden: Vec<f32>,
    /// Tokens beyond [`TOKENS_MAX`].
    pub left_out: usize,
}

/// `head`: the head's number, from 0, or none for the mean of all heads. `without`: tokens that are not drawn.
/// If the numbers of a map do not fit its tokens (the file is of another version, say), nothing is shown.
pub fn shown(map: &AttentionMap, head: Option<usize>, without: &[&str]) -> Shown {
    let (t, heads) = (map.tokens.len(), map.heads as usize);
    if heads == 0 || map.probabilities.len() != heads * t * t || head.is_some_and(|head| head >= heads) {
        return Shown::default();
    }
    let all: Vec<usize> = (0..t).filter(|&i| !without.contains(&map.tokens[i].as_str())).collect();
    let visible = &all[..all.len().min(TOKENS_MAX)];
    let weights = |from: usize| -> Vec<f32> {
        match head {
            Some(head) => map.row(head, from).to_vec(),
            None => {
                let mut mean = vec![0.0; t];
                for head in 0..heads {
                    mean.iter_mut().zip(map.row(head, from)).for_each(|(sum, w)| *sum += w / heads as f32);
                }
                mean
            }
        }
    };
    let (mut rows, mut hidden) = (Vec::with_capacity(visible.len()), Vec::with_capacity(visible.len()));
    for &from in visible {
        let row = weights(from);
        let kept: Vec<f32> = visible.iter().map(|&to| row[to]).collect();
        hidden.push((row.iter().sum::<f32>() - kept.iter().sum::<f32>()).clamp(0.0, 1.0));
        rows.push(kept);
    }
    let tokens = visible.iter().map(|&i| map.tokens[i].clone()).collect();
    Shown { tokens, rows, hidden, left_out: all.len() - visible.len() }
}

impl Shown {
    /// The tokens that token `from` attends to most, strongest first: positions with their weights.
    pub fn strongest(&self, from: usize, count: usize) -> Vec<(usize, f32)> {
        let row = self.rows.get(from).map_or(&[][..], Vec::as_slice);
        let mut order: Vec<(usize, f32)> = row.iter().copied().enumerate().collect();
        order.sort_by(|a, b| b.1.total_cmp(&a.1));
        order.truncate(count);
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::event::Network;

    /// Two heads over `tokens`: in the first each token attends to itself, in the second to all tokens alike.
    fn map(tokens: &[&str]) -> AttentionMap {
        let t = tokens.len();
        let own = (0..t * t).map(|i| if i / t == i % t { 1.0 } else { 0.0 });
        AttentionMap {
            step: 1,
            network: Network::Generator,
            layer: 0,
            layers: 2,
            heads: 2,
            tokens: tokens.iter().map(|t| (*t).to_owned()).collect(),
            probabilities: own.chain(std::iter::repeat_n(1.0 / t as f32, t * t)).collect(),
        }
    }

    #[test]
    fn the_frame_is_hidden_and_what_it_gets_is_told() {
        let frame = ["<s>", "</s>"];
        let map = map(&["<s>", "the", "dog", "</s>"]);
        let all_alike = shown(&map, Some(1), &frame);
        assert_eq!(all_alike.tokens, ["the", "dog"]);
        assert_eq!(all_alike.hidden, [0.5, 0.5]);
        let own = shown(&map, Some(0), &frame);
        assert_eq!((own.strongest(1, 5), own.hidden[0]), (vec![(1, 1.0), (0, 0.0)], 0.0));
        assert_eq!(shown(&map, Some(0), &[]).tokens.len(), 4);
    }

    #[test]
    fn the_mean_is_over_all_heads() {
        let mean = shown(&map(&["a", "b"]), None, &[]);
        assert_eq!(mean.rows, [[0.75, 0.25], [0.25, 0.75]]);
    }

    #[test]
    fn long_texts_and_broken_maps_are_bounded() {
        let long: Vec<String> = (0..TOKENS_MAX + 9).map(|n| n.to_string()).collect();
        let long = shown(&map(&long.iter().map(String::as_str).collect::<Vec<_>>()), None, &[]);
        assert_eq!((long.tokens.len(), long.left_out), (TOKENS_MAX, 9));
        let mut broken = map(&["a", "b"]);
        broken.probabilities.pop();
        assert_eq!(shown(&broken, None, &[]), Shown::default());
        assert_eq!(shown(&map(&["a"]), Some(2), &[]), Shown::default());
    }
}
