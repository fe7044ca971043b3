//! The numbers of the shown run that the lesson's pages use. Each comes from the state, and is none if the state does not have it.

use crate::screen::state::RunState;
use crate::train::event::{ReadToken, SwapScore};

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    pub step: u64,
    pub vocab: Option<u64>,
    /// How many tokens the first sentence has, and how many words and punctuation marks they make.
    pub tokens: usize,
    pub words: usize,
    /// Counts over all sentences that are shown.
    pub masked: usize,
    pub swapped: usize,
    pub guess: Option<Guess>,
    pub mask_share: Option<f64>,
    /// How many tokens a step reads, padding included, and how many of them get a slot.
    pub step_tokens: Option<u64>,
    pub step_slots: Option<u64>,
    pub replaced: Option<f64>,
    pub recall: Option<f64>,
    pub auc: Option<f64>,
    /// The swaps of the newest evaluation, and its step.
    pub swaps: Option<(u64, SwapScore)>,
    /// The share of the generator's draws that is the original.
    pub lucky: Option<f64>,
    /// How many parameters the judge and the generator have.
    pub sizes: Option<[u64; 2]>,
    /// How many parameters the run trains: those that both networks share count once.
    pub parameters: Option<u64>,
    /// Whether something other than the generator draws at first.
    pub other_odds: bool,
}

/// A hidden token, the generator's best guess and the token that was drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Guess {
    pub original: String,
    pub best: String,
    pub probability: f64,
    pub sampled: String,
}

/// `scrub`: the step that a person looks at, or none for the newest.
pub fn facts(state: &RunState, scrub: Option<u64>) -> Facts {
    let readout = state.readout_at(scrub);
    let sentences = readout.map_or(&[][..], |r| &r.sentences);
    let counted = |sentence: &Vec<ReadToken>| sentence.iter().filter(|t| !t.special).count();
    let all = || sentences.iter().flatten().filter(|t| !t.special);
    let mask_share = state.setting("mask_prob").and_then(serde_json::Value::as_f64);
    let step_tokens = state.plan.as_ref().map(|plan| plan.rows * plan.row_tokens);
    let metrics = state.step_at(scrub).map(|step| &step.metrics);
    Facts {
        step: scrub.unwrap_or_else(|| state.step()),
        vocab: state.plan.as_ref().map(|plan| plan.corpus.vocab_size).filter(|size| *size > 0),
        tokens: sentences.first().map_or(0, counted),
        words: sentences
            .first()
            .map_or(0, |s| s.iter().filter(|t| !t.special && !t.original.starts_with("##")).count()),
        masked: all().filter(|t| t.masked).count(),
        swapped: all().filter(|t| t.replaced).count(),
        guess: all().find_map(guess),
        mask_share,
        step_tokens,
        step_slots: mask_share.zip(step_tokens).map(|(share, tokens)| (share * tokens as f64).round() as u64),
        replaced: metrics.and_then(|m| m.replaced_share),
        recall: metrics.and_then(|m| m.rtd_recall),
        auc: metrics.and_then(|m| m.rtd_auc),
        swaps: state.eval_at(scrub).and_then(|eval| Some((eval.step, *eval.all_swaps()?))),
        lucky: metrics.and_then(|m| m.sampled_accuracy),
        sizes: state
            .plan
            .as_ref()
            .map(|plan| [plan.discriminator_parameters, plan.generator_parameters])
            .filter(|sizes| sizes.iter().all(|size| *size > 0)),
        parameters: state.plan.as_ref().map(|plan| plan.parameters).filter(|all| *all > 0),
        other_odds: state.other_odds(),
    }
}

fn guess(token: &ReadToken) -> Option<Guess> {
    let best = token.proposals.first()?;
    Some(Guess {
        original: token.original.clone(),
        best: best.token.clone(),
        probability: f64::from(best.probability),
        sampled: token.sampled.clone()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::recorded;
    use crate::screen::state::Source;
    use crate::train::event::{Event, Proposal, Readout};
    use crate::view::Lang;

    #[test]
    fn an_empty_run_says_nothing_and_breaks_nothing() {
        assert_eq!(facts(&RunState::default(), None), Facts::default());
    }

    #[test]
    fn the_recorded_run_answers_every_page() {
        for lang in [Lang::En, Lang::Pt] {
            let state = RunState::from_events(Source::Recorded, recorded::events(lang).unwrap());
            let f = facts(&state, None);
            assert!(f.vocab.is_some() && f.tokens >= f.words && f.words > 2, "{f:?}");
            assert!(f.masked > 0 && f.swapped <= f.masked && f.guess.is_some(), "{f:?}");
            assert!(f.step_slots.unwrap() < f.step_tokens.unwrap() / 3, "{f:?}");
            assert!(f.replaced.is_some() && f.recall.is_some() && f.auc.is_some() && f.lucky.is_some(), "{f:?}");
            assert!(f.sizes.is_some_and(|[judge, generator]| judge > generator), "{f:?}");
        }
    }

    #[test]
    fn tokens_are_counted_as_the_strip_shows_them() {
        let token = |original: &str, sampled: Option<&str>| ReadToken {
            original: original.into(),
            masked: sampled.is_some(),
            sampled: sampled.map(str::to_owned),
            replaced: sampled.is_some_and(|s| s != original),
            proposals: sampled.map(|s| Proposal { id: 1, token: s.into(), probability: 0.5 }).into_iter().collect(),
            ..ReadToken::default()
        };
        let special = ReadToken { original: "[CLS]".into(), special: true, ..ReadToken::default() };
        let sentence = vec![special, token("bone", Some("bone")), token("##s", Some("ball")), token("fell", None)];
        let state = RunState::from_events(
            Source::Live,
            [Event::Readout(Readout { step: 3, sentences: vec![sentence], swaps: Vec::new() })],
        );
        let f = facts(&state, None);
        assert_eq!((f.tokens, f.words, f.masked, f.swapped, f.step), (3, 2, 2, 1, 3));
        assert_eq!(f.guess.unwrap().original, "bone");
    }
}
