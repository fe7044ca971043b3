//! The table of metrics, at the end of this file: each metric is one line, and everything that is known of it stands there.
//! the table -> [`Metrics`], [`StepMetrics`], [`EvalMetrics`] (fields), [`Metric`] (names), [`About`] (what the views read of it).
//!
//! To add a metric that steps and evaluations measure:
//! 1. Write its line at the end of `shared`. The order of the lines is the order of the keys in metrics.jsonl.
//! 2. Write its label in `assets/strings/en/metrics.ftl` and `assets/strings/pt/metrics.ftl`.
//! 3. Measure it: the compiler asks for its value in [`crate::train::metrics::Fold::finish`].
//!
//! metrics.jsonl, `--json`, TensorBoard, the smoothed curves of the window, the curves and tables of the report and their labels
//! follow from the line.

use crate::train::event::{
    Calibration, Confusion, JudgeHistogram, JudgedExample, RuleCounts, SwapPart, SwapScore, finite_or_null,
};
use serde::{Deserialize, Serialize};

/// Everything that the table says of a metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct About {
    /// Its key in metrics.jsonl, and the last part of its tag in TensorBoard.
    pub key: &'static str,
    /// Its message in the Fluent files. If a view uses another name, the message has an attribute: `.curve` (the window), `.page`
    /// (the report's curves), `.line` (a line of a terminal), `.eval` (what `eval` prints).
    pub label: &'static str,
    pub unit: Unit,
    pub better: Better,
    /// The value of a model that knows nothing. A metric has to beat it.
    pub baseline: Option<Baseline>,
    pub smoothing: Smoothing,
    pub color: Color,
    /// The chart of its curve; none if no curve is drawn.
    pub subject: Option<Subject>,
    pub line: Line,
    /// Decimals in a table. A line of text has one less.
    pub decimals: usize,
    pub columns: Columns,
    /// Whether TensorBoard gets it.
    pub board: bool,
}

/// What a metric counts, and with it the range of its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// From 0 up.
    Nats,
    /// From 0 to 1.
    Share,
    /// Tokens in a second, from 0 up.
    Rate,
    /// A bare number, from 0 up.
    Plain,
}

impl Unit {
    pub const fn range(self) -> [f64; 2] {
        match self {
            Self::Share => [0.0, 1.0],
            Self::Nats | Self::Rate | Self::Plain => [0.0, f64::INFINITY],
        }
    }
}

/// The direction in which a metric improves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    Up,
    Down,
    /// The metric only describes.
    Neither,
}

impl Better {
    pub fn is_better(self, value: f64, than: f64) -> bool {
        match self {
            Self::Up => value > than,
            Self::Down => value < than,
            Self::Neither => false,
        }
    }
}

/// The value of a model that knows nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Baseline {
    Level(f64),
    /// Another metric of the same step or evaluation.
    Of(Metric),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Smoothing {
    /// It is noisy from step to step, so views show a mean.
    Mean,
    /// It is set, not measured, or it has no noise, so views show it as it is.
    Raw,
}

/// The role of a metric's colour: what the metric is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Color {
    Generator,
    Judge,
    /// A baseline of another metric.
    Bound,
    /// How the run works, not what it learns.
    Motor,
}

/// The subject of the curves in one chart. Views choose the subjects of each chart; people read metrics in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    GeneratorLoss,
    JudgeLoss,
    Auc,
    Verdicts,
    Accuracy,
    Guesses,
    LearningRate,
    Gradient,
    Speed,
}

/// How the window draws a metric, and in which order the legend of a chart names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Line {
    Solid,
    Dashed,
    Dotted,
    /// One level line across the chart.
    Level,
    /// A dotted line from evaluation to evaluation; marks at the evaluations in the report.
    Evaluated,
    /// Marks at the evaluations. Only the report draws them.
    Marks,
    Absent,
}

/// The report's tables that have a column of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Columns {
    Both,
    HeldOut,
    Training,
    None,
}

impl Metric {
    /// All metrics in the order in which people read them: subject by subject, those without a subject last.
    pub fn reading_order() -> [Self; Self::ALL.len()] {
        let mut metrics = Self::ALL;
        metrics.sort_by_key(|metric| (metric.about().subject.is_none(), metric.about().subject));
        metrics
    }

    /// Its value in a step, if that is a finite number.
    pub fn of_step(self, step: &StepMetrics) -> Option<f64> {
        self.raw_of_step(step).filter(|value| value.is_finite())
    }

    /// Its value in an evaluation, if that is a finite number.
    pub fn of_eval(self, eval: &EvalMetrics) -> Option<f64> {
        self.raw_of_eval(eval).filter(|value| value.is_finite())
    }
}

impl EvalMetrics {
    /// The score of all swaps; none if there are none.
    pub fn all_swaps(&self) -> Option<&SwapScore> {
        self.swaps.iter().find(|score| score.part == SwapPart::All)
    }
}

fn is_false(flag: &bool) -> bool {
    !*flag
}

macro_rules! about {
    ($key:ident, $label:tt, $unit:tt, $better:tt, $baseline:tt, $smoothing:tt, $color:tt, $subject:tt, $line:tt, $decimals:tt,
     $columns:tt, $board:tt) => {
        About {
            key: stringify!($key),
            label: $label,
            unit: Unit::$unit,
            better: Better::$better,
            baseline: about!(baseline $baseline),
            smoothing: Smoothing::$smoothing,
            color: Color::$color,
            subject: about!(subject $subject),
            line: about!(line $line),
            decimals: $decimals,
            columns: about!(columns $columns),
            board: about!(board $board),
        }
    };
    (baseline -) => { None };
    (baseline $level:literal) => { Some(Baseline::Level($level)) };
    (baseline $metric:ident) => { Some(Baseline::Of(Metric::$metric)) };
    (subject -) => { None };
    (subject $subject:ident) => { Some(Subject::$subject) };
    (line -) => { Line::Absent };
    (line $line:ident) => { Line::$line };
    (columns -) => { Columns::None };
    (columns $columns:ident) => { Columns::$columns };
    (board -) => { false };
    (board Board) => { true };
}

/// Makes the structs, the names and the facts of the table.
macro_rules! metrics {
    (
        shared { $($(#[doc = $shared_doc:literal])* $shared:ident | $Shared:ident $(| $shared_is:tt)*;)* }
        step { $($(#[doc = $step_doc:literal])* $step:ident | $Step:ident $(| $step_is:tt)*;)* }
        evaluation {
            $($(#[doc = $eval_doc:literal])* $(#[serde($($serde:tt)*)])? $eval:ident | $Eval:ident $(| $eval_is:tt)*;)*
        }
        derived { $($(#[doc = $derived_doc:literal])* $derived:ident | $Derived:ident $(| $derived_is:tt)* = $from:expr;)* }
    ) => {
        /// What a step and an evaluation both measure. Losses in nats; shares and accuracies from 0 to 1.
        /// Accuracy, AUC, precision, recall and `replaced_share` are over eligible tokens: neither padding nor special.
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
        #[serde(default)]
        pub struct Metrics {
            $($(#[doc = $shared_doc])* #[serde(with = "finite_or_null")] pub $shared: Option<f64>,)*
            /// Whether some value behind these numbers was NaN or infinite.
            #[serde(skip_serializing_if = "is_false")]
            pub non_finite: bool,
        }

        /// One optimizer step.
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
        #[serde(default)]
        pub struct StepMetrics {
            /// Completed optimizer steps, from 1.
            pub step: u64,
            #[serde(flatten)]
            pub metrics: Metrics,
            $($(#[doc = $step_doc])* #[serde(with = "finite_or_null")] pub $step: Option<f64>,)*
            /// Seconds since the run began, without interruptions.
            #[serde(with = "finite_or_null")]
            pub elapsed_secs: Option<f64>,
            /// Tokens that are not padding, since the run began.
            pub tokens_seen: u64,
        }

        /// One pass over the held-out text: fixed masks and noise, replacements by the current generator.
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
        #[serde(default)]
        pub struct EvalMetrics {
            pub step: u64,
            #[serde(flatten)]
            pub metrics: Metrics,
            #[serde(with = "finite_or_null")]
            pub elapsed_secs: Option<f64>,
            pub tokens_seen: u64,
            /// The share of the held-out tokens that the tokenizer does not know.
            #[serde(with = "finite_or_null", skip_serializing_if = "Option::is_none")]
            pub unknown_share: Option<f64>,
            $(
                $(#[doc = $eval_doc])*
                #[serde(with = "finite_or_null")]
                $(#[serde($($serde)*)])?
                pub $eval: Option<f64>,
            )*
            #[serde(skip_serializing_if = "Option::is_none")]
            pub confusion: Option<Confusion>,
            #[serde(skip_serializing_if = "Option::is_none")]
            pub calibration: Option<Calibration>,
            /// Built-in corpus only: the replacements that are plainly wrong, and the others.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub rules: Option<RuleCounts>,
            /// The scores of the controlled swaps: of all, and of each part.
            #[serde(skip_serializing_if = "Vec::is_empty")]
            pub swaps: Vec<SwapScore>,
            /// The distribution of the judgements. ROC, precision, recall and the confusion at any threshold come from it.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub histogram: Option<JudgeHistogram>,
            /// A few judged tokens in their text, of both kinds and from every range of p(replaced). Only watched runs have them,
            /// and they are never recorded.
            #[serde(skip_serializing_if = "Vec::is_empty")]
            pub examples: Vec<JudgedExample>,
        }

        /// The names of all metrics, in the order of the lines.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Metric {
            $($(#[doc = $shared_doc])* $Shared,)*
            $($(#[doc = $step_doc])* $Step,)*
            $($(#[doc = $eval_doc])* $Eval,)*
            $($(#[doc = $derived_doc])* $Derived,)*
        }

        impl Metric {
            /// All metrics in the order of the lines. `metric as usize` is the index.
            pub const ALL: [Self; [$(stringify!($Shared),)* $(stringify!($Step),)* $(stringify!($Eval),)* $(stringify!($Derived),)*].len()] =
                [$(Self::$Shared,)* $(Self::$Step,)* $(Self::$Eval,)* $(Self::$Derived,)*];

            pub const fn about(self) -> About {
                match self {
                    $(Self::$Shared => about!($shared $(, $shared_is)*),)*
                    $(Self::$Step => about!($step $(, $step_is)*),)*
                    $(Self::$Eval => about!($eval $(, $eval_is)*),)*
                    $(Self::$Derived => about!($derived $(, $derived_is)*),)*
                }
            }

            /// Whether evaluations measure it.
            pub const fn is_evaluated(self) -> bool {
                !matches!(self, $(Self::$Step)|*)
            }

            /// The raw value, which may be NaN or infinite. None if it is undefined, or if only evaluations measure it.
            pub fn raw_of_step(self, step: &StepMetrics) -> Option<f64> {
                match self {
                    $(Self::$Step => step.$step,)*
                    _ => self.of(&step.metrics),
                }
            }

            fn raw_of_eval(self, eval: &EvalMetrics) -> Option<f64> {
                match self {
                    $(Self::$Eval => eval.$eval,)*
                    _ => self.of(&eval.metrics),
                }
            }

            fn of(self, metrics: &Metrics) -> Option<f64> {
                match self {
                    $(Self::$Shared => metrics.$shared,)*
                    $(Self::$Derived => $from(metrics),)*
                    $(Self::$Step)|* $(| Self::$Eval)* => None,
                }
            }
        }

        impl StepMetrics {
            /// Every measured value of the step.
            pub fn values_mut(&mut self) -> impl Iterator<Item = &mut Option<f64>> {
                [$(&mut self.metrics.$shared,)* $(&mut self.$step,)*].into_iter()
            }
        }
    };
}

// The columns: field and key | name | label | unit | better | baseline | smoothing | colour | subject (chart) |
// line in the window | decimals in the report's tables | which tables have it | Board: TensorBoard gets it. A dash means none.
metrics! {
    shared {
        /// Mean over the masked slots.
        mlm_loss | MlmLoss | "metrics-mlm-loss" | Nats | Down | UnigramEntropy | Mean | Generator | GeneratorLoss | Solid | 3 | Both | Board;
        /// Mean over all tokens but padding, special ones included (the paper's).
        rtd_loss | RtdLoss | "metrics-rtd-loss" | Nats | Down | TrivialRtdLoss | Mean | Judge | JudgeLoss | Solid | 4 | Both | Board;
        /// Both, weighted as the run weighs them.
        total_loss | TotalLoss | "metrics-total-loss" | Nats | Down | - | Mean | Motor | - | - | 3 | - | Board;
        /// The generator's first choice is the original: share of the slots.
        mlm_accuracy | MlmAccuracy | "metrics-mlm-accuracy" | Share | Up | - | Mean | Generator | Guesses | Solid | 3 | - | Board;
        /// The generator's sample is the original: share of the slots.
        sampled_accuracy | SampledAccuracy | "metrics-sampled-accuracy" | Share | Up | - | Mean | Generator | Guesses | Dashed | 3 | HeldOut | Board;
        rtd_accuracy | RtdAccuracy | "metrics-rtd-accuracy" | Share | Up | BaseAccuracy | Mean | Judge | Accuracy | Solid | 3 | HeldOut | Board;
        rtd_auc | RtdAuc | "metrics-rtd-auc" | Share | Up | 0.5 | Mean | Judge | Auc | Solid | 3 | Both | Board;
        /// Over pairs of the same token, replaced against original: a judge that knows only tokens gets 0.5.
        rtd_auc_context | RtdAucContext | "metrics-rtd-auc-context" | Share | Up | 0.5 | Mean | Judge | Auc | Dashed | 3 | Both | Board;
        rtd_precision | RtdPrecision | "metrics-rtd-precision" | Share | Up | - | Mean | Judge | Verdicts | Dashed | 3 | Both | Board;
        rtd_recall | RtdRecall | "metrics-rtd-recall" | Share | Up | - | Mean | Judge | Verdicts | Solid | 3 | Both | Board;
        replaced_share | ReplacedShare | "metrics-replaced-share" | Share | Neither | - | Mean | Motor | - | - | 3 | HeldOut | Board;
        /// What a judge that knows only the base rate and the special tokens would get as `rtd_loss`.
        trivial_rtd_loss | TrivialRtdLoss | "metrics-trivial-rtd-loss" | Nats | Neither | - | Mean | Bound | JudgeLoss | Dashed | 4 | Both | Board;
        /// What a judge that knows each token's share of replacements in the latest steps, and nothing else, would get.
        token_rtd_loss | TokenRtdLoss | "metrics-token-rtd-loss" | Nats | Neither | - | Mean | Bound | JudgeLoss | Dotted | 4 | HeldOut | Board;
        /// Entropy of the sampled ids, nats (at most the logarithm of the number of slots).
        sampled_entropy | SampledEntropy | "metrics-sampled-entropy" | Nats | Neither | - | Mean | Generator | - | - | 3 | - | -;
        /// The share of the samples that are the most frequent one.
        sampled_top_share | SampledTopShare | "metrics-sampled-top-share" | Share | Neither | - | Mean | Generator | - | - | 3 | - | -;
    }
    step {
        /// The one used in this step.
        lr | Lr | "metrics-lr" | Plain | Neither | - | Raw | Motor | LearningRate | Solid | 6 | Training | Board;
        grad_norm | GradNorm | "metrics-grad-norm" | Plain | Neither | - | Mean | Motor | Gradient | Solid | 3 | Training | Board;
        /// Tokens that are not padding.
        tokens_per_sec | TokensPerSec | "metrics-tokens-per-sec" | Rate | Up | - | Mean | Motor | Speed | Solid | 0 | Training | Board;
    }
    evaluation {
        /// Nats a token of the held-out text.
        unigram_entropy | UnigramEntropy | "metrics-unigram-entropy" | Nats | Neither | - | Raw | Bound | GeneratorLoss | Level | 3 | HeldOut | Board;
        /// Built-in corpus only: replacements that are plainly wrong against originals.
        #[serde(skip_serializing_if = "Option::is_none")]
        rtd_auc_rule | RtdAucRule | "metrics-rtd-auc-rule" | Share | Up | 0.5 | Raw | Judge | Auc | Marks | 3 | - | Board;
        /// Controlled swaps: how often a word scores above itself, in a wrong place against its right one.
        #[serde(skip_serializing_if = "Option::is_none")]
        swap_auc | SwapAuc | "metrics-swap-auc" | Share | Up | 0.5 | Raw | Judge | Auc | Evaluated | 3 | HeldOut | Board;
        /// Controlled swaps: the wrong word scores above the right one in the same place.
        #[serde(skip_serializing_if = "Option::is_none")]
        swap_pairs_right | SwapPairsRight | "metrics-swap-pairs-right" | Share | Up | 0.5 | Raw | Judge | - | - | 3 | - | Board;
        /// Controlled swaps: share of the wrong words that are judged replaced.
        #[serde(skip_serializing_if = "Option::is_none")]
        swap_caught | SwapCaught | "metrics-swap-caught" | Share | Up | - | Raw | Judge | - | - | 3 | HeldOut | Board;
        /// Controlled swaps: share of the right words in the same places that are judged replaced.
        #[serde(skip_serializing_if = "Option::is_none")]
        swap_false_alarms | SwapFalseAlarms | "metrics-swap-false-alarms" | Share | Down | - | Raw | Judge | - | - | 3 | HeldOut | Board;
        /// Controlled swaps: the same-word AUC of an untouched word in the same row. Above 0.5, the judge senses that a row is spoiled.
        #[serde(skip_serializing_if = "Option::is_none")]
        swap_beside_auc | SwapBesideAuc | "metrics-swap-beside-auc" | Share | Neither | - | Raw | Judge | - | - | 3 | - | Board;
    }
    derived {
        /// The accuracy of a judge that always says "original".
        base_accuracy | BaseAccuracy | "metrics-base-accuracy" | Share | Neither | - | Mean | Bound | Accuracy | Dashed | 3 | - | -
            = |metrics: &Metrics| metrics.replaced_share.map(|share| 1.0 - share);
    }
}

#[cfg(test)]
mod tests;
