//! Says what a finished run has learned: how far the judge came, by its last evaluation on held-out text, and words of the last
//! readout that show it.
//! state -> [`Learned`].

use super::state::RunState;
use crate::train::event::{ReadToken, RuleCounts, SwapScore, Verdict};

/// How far the judge came, by the controlled swaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    /// It catches at least half of the swapped words, and takes few right ones for replaced.
    Knows,
    /// It ranks a word in a wrong place above the same word in its own, but calls few of them replaced.
    Leans,
    /// It knows which words are often replaced, and nothing of what stands around them.
    Blind,
}

/// How far the judge came against its own generator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judge {
    /// It catches at least half of the replaced words.
    Finds,
    /// It ranks replaced words above originals, but calls few of them replaced.
    Ranks,
    /// It does no better than guessing.
    Guesses,
}

/// From this AUC on the order of the judge's numbers says something. Guessing has 0.5; the smallest held-out sets vary by a few
/// hundredths.
const RANKS_FROM: f64 = 0.6;
/// The largest share of right words that a judge who knows context may call replaced.
const ALARMS_MAX: f64 = 0.1;
/// How many caught words are shown.
const SHOWN: usize = 2;

/// A word that was put in the place of another, and the judge's probability that it was.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    pub word: String,
    pub original: String,
    pub p: f64,
    /// Whether the program put the word there, not the generator.
    pub test: bool,
}

/// What a run has learned. Shares are of held-out text.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Learned {
    /// The step of the evaluation.
    pub step: u64,
    pub judge: Option<Judge>,
    /// What the swaps say, if they were measured. It counts for more than the AUC.
    pub context: Option<Context>,
    pub swaps: Option<SwapScore>,
    /// The generator's replacements that are plainly wrong, and the others.
    pub rules: Option<RuleCounts>,
    /// The share of the replaced words that it caught, and of the originals that it took for replaced.
    pub recall: Option<f64>,
    pub false_alarms: Option<f64>,
    /// The share of the hidden words that the generator's first choice names.
    pub guessed: Option<f64>,
    /// Whether the generator knows more than how frequent words are.
    pub beyond_frequency: Option<bool>,
    /// Replaced words of the last readout: the surest catches, then the surest miss.
    pub caught: Vec<Example>,
    pub missed: Option<Example>,
}

/// None if the run was never evaluated.
pub fn learned(state: &RunState) -> Option<Learned> {
    let eval = state.evals.last()?;
    let metrics = &eval.metrics;
    let recall = eval.confusion.and_then(|counts| counts.recall()).or(metrics.rtd_recall);
    let judge = metrics.rtd_auc.map(|auc| match recall {
        Some(recall) if recall >= 0.5 => Judge::Finds,
        _ if auc >= RANKS_FROM => Judge::Ranks,
        _ => Judge::Guesses,
    });
    let swaps = eval.all_swaps().copied();
    let context = swaps.and_then(|swaps| match swaps.auc? {
        auc if auc < RANKS_FROM => Some(Context::Blind),
        _ if swaps.caught >= 0.5 && swaps.false_alarms <= ALARMS_MAX => Some(Context::Knows),
        _ => Some(Context::Leans),
    });
    let mut replaced: Vec<Example> = last_tokens(state).filter_map(example).collect();
    replaced.sort_by(|a, b| b.p.total_cmp(&a.p));
    let missed = replaced.last().filter(|example| example.p <= 0.5).cloned();
    replaced.retain(|example| example.p > 0.5);
    replaced.dedup_by(|a, b| (&a.word, &a.original) == (&b.word, &b.original));
    replaced.truncate(SHOWN);
    Some(Learned {
        step: eval.step,
        judge,
        context,
        swaps,
        rules: eval.rules,
        recall,
        false_alarms: eval.confusion.and_then(|counts| counts.false_alarm_rate()),
        guessed: metrics.mlm_accuracy,
        beyond_frequency: metrics.mlm_loss.zip(eval.unigram_entropy).map(|(loss, frequency)| loss < frequency),
        caught: replaced,
        missed,
    })
}

fn last_tokens(state: &RunState) -> impl Iterator<Item = &ReadToken> {
    state.readouts.last().into_iter().flat_map(|readout| readout.sentences.iter().chain(&readout.swaps).flatten())
}

fn example(token: &ReadToken) -> Option<Example> {
    matches!(token.verdict(), Verdict::Caught | Verdict::Missed).then_some(())?;
    let text = |token: &str| token.strip_prefix("##").unwrap_or(token).to_owned();
    Some(Example {
        word: text(token.read()),
        original: text(&token.original),
        p: token.p_replaced?,
        test: token.is_test(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::state::Source;
    use super::*;
    use crate::train::event::{Confusion, EvalMetrics, Event, Readout, SwapPart};

    fn run(auc: f64, counts: Confusion, tokens: Vec<ReadToken>) -> RunState {
        let mut eval =
            EvalMetrics { step: 9, confusion: Some(counts), unigram_entropy: Some(4.0), ..Default::default() };
        (eval.metrics.rtd_auc, eval.metrics.mlm_loss) = (Some(auc), Some(4.5));
        let readout = Readout { step: 9, sentences: vec![tokens], swaps: Vec::new() };
        RunState::from_events(Source::Live, [Event::Eval(Box::new(eval)), Event::Readout(readout)])
    }

    fn swapped(word: &str, p: f64) -> ReadToken {
        ReadToken {
            original: "dog".into(),
            sampled: Some(word.into()),
            masked: true,
            replaced: true,
            p_replaced: Some(p),
            ..ReadToken::default()
        }
    }

    #[test]
    fn the_words_follow_what_was_measured() {
        let counts = |caught| Confusion { caught, missed: 10 - caught, false_alarm: 1, passed: 99 };
        let of = |auc, caught| learned(&run(auc, counts(caught), Vec::new())).unwrap();
        assert_eq!(
            [of(0.97, 6), of(0.88, 1), of(0.52, 0)].map(|l| l.judge),
            [Some(Judge::Finds), Some(Judge::Ranks), Some(Judge::Guesses)]
        );
        let good = of(0.97, 6);
        assert_eq!((good.recall, good.false_alarms), (Some(0.6), Some(0.01)));
        assert_eq!(good.beyond_frequency, Some(false), "a loss above the entropy of frequencies");
        assert_eq!(learned(&RunState::default()), None);
    }

    #[test]
    fn the_swaps_count_for_more_than_the_auc() {
        let of = |auc, caught| {
            let swaps = SwapScore {
                part: SwapPart::All,
                swaps: 9,
                auc: Some(auc),
                beside_auc: None,
                pairs_right: auc,
                caught,
                false_alarms: 0.0,
            };
            let eval = EvalMetrics { swaps: vec![swaps], ..EvalMetrics::default() };
            learned(&RunState::from_events(Source::Live, [Event::Eval(Box::new(eval))])).unwrap().context
        };
        assert_eq!(
            [of(0.99, 0.9), of(0.9, 0.2), of(0.52, 0.9)],
            [Some(Context::Knows), Some(Context::Leans), Some(Context::Blind)]
        );
        assert_eq!(learned(&run(0.9, Confusion::default(), Vec::new())).unwrap().context, None);
    }

    #[test]
    fn the_surest_catches_and_the_surest_miss_are_shown() {
        let tokens = [("cat", 0.6), ("moon", 0.9), ("fox", 0.2), ("cat", 0.6), ("sea", 0.4), ("hat", 0.7)];
        let tokens = tokens.map(|(word, p)| swapped(word, p)).to_vec();
        let learned = learned(&run(0.9, Confusion::default(), tokens)).unwrap();
        let words: Vec<&str> = learned.caught.iter().map(|e| e.word.as_str()).collect();
        assert_eq!((words, learned.missed.unwrap().word.as_str()), (vec!["moon", "hat"], "fox"));
    }

    #[test]
    fn a_word_that_the_program_swapped_counts_as_a_test() {
        let mut state = run(0.9, Confusion::default(), vec![swapped("moon", 0.9)]);
        let row = vec![ReadToken { masked: false, ..swapped("song", 0.97) }];
        let readout = Readout { step: 10, swaps: vec![row], ..state.readouts.last().unwrap().clone() };
        state.fold(Event::Readout(readout));
        let learned = learned(&state).unwrap();
        let seen: Vec<(&str, bool)> = learned.caught.iter().map(|e| (e.word.as_str(), e.test)).collect();
        assert_eq!(seen, [("song", true), ("moon", false)]);
    }
}
