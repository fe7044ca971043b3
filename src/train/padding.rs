//! Hides ids that no text has. Some models have more rows of word embeddings than their tokenizer has entries, because their vocabulary
//! was padded to a multiple of 8 or 64. networks -> [`Padding::hide`] -> networks that never propose such an id; and back again before
//! they are kept.

use crate::hub::{HubTensor, Network, Networks, WORD_BIAS};

/// The output bias of a hidden id. Its share of the softmax is exactly 0 in f32, so it has no gradient, and no noise can make it the
/// sample, whatever the temperature of a run may be.
const HIDDEN: f32 = -1e9;

/// The output biases that hidden ids had in their networks.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Padding {
    main: Vec<f32>,
    aux: Vec<f32>,
}

impl Padding {
    /// Hides the ids from `words` on.
    pub fn hide(networks: &mut Networks, words: usize) -> Self {
        let take = |network: &mut Network| {
            let beyond = network.tensors.get_mut(WORD_BIAS).and_then(|bias| bias.data.get_mut(words..));
            beyond.map(|beyond| {
                let own = beyond.to_vec();
                beyond.fill(HIDDEN);
                own
            })
        };
        Self {
            main: take(&mut networks.main).unwrap_or_default(),
            aux: networks.aux.as_mut().and_then(take).unwrap_or_default(),
        }
    }

    /// Gives the hidden ids their own biases again.
    pub fn restore(&self, networks: &mut Networks) {
        let put = |network: &mut Network, own: &[f32]| {
            let Some(HubTensor { data, .. }) = network.tensors.get_mut(WORD_BIAS) else { return };
            let words = data.len().saturating_sub(own.len());
            data[words..].copy_from_slice(own);
        };
        put(&mut networks.main, &self.main);
        if let Some(aux) = &mut networks.aux {
            put(aux, &self.aux);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::random_pair;

    #[test]
    fn what_is_hidden_comes_back_to_the_bit() {
        let pair: Networks = random_pair(7).into();
        for words in [0, 6, 10, 11, 12] {
            let mut hidden = pair.clone();
            let padding = Padding::hide(&mut hidden, words);
            let bias = &hidden.aux.as_ref().unwrap().tensors[WORD_BIAS].data;
            assert_eq!(
                bias.iter().filter(|value| **value == HIDDEN).count(),
                11_usize.saturating_sub(words),
                "{words}"
            );
            assert_eq!(hidden == pair, words >= 11);
            padding.restore(&mut hidden);
            assert_eq!(hidden, pair, "{words}");
        }
    }
}
