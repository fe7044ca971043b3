//! What is learned, as data: an objective is a list of passes, and each pass takes one network over one form of the text.
//! config -> [`Objective`] -> `model` records its passes, `burn` runs the same list, `train` weighs their losses.
//!
//! **Invariant:** only this file knows what an objective's name stands for; a run asks for its passes. Two places take [`ELECTRA`]'s
//! passes by name, because they are about ELECTRA itself: reading a text with both networks (`tasks::reader`) and the fixtures of
//! `verify`.

use crate::plan::Stage;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A network's role in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NetId {
    /// Thrown away after training: the generator of ELECTRA.
    Aux,
    /// Kept and fine-tuned.
    Main,
}

/// Which form of the text a pass reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// The text as it is written.
    Original,
    /// The text in which the mask token hides some tokens.
    Masked,
    /// The text with replacements in the hidden places.
    Corrupted,
}

/// Which tokens a token's representation may depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sees {
    /// Every token of its row.
    All,
    /// Itself and the tokens before it.
    Left,
}

/// The positions whose loss counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum At {
    /// The slots: one for each token that was chosen to be hidden.
    Slots,
    /// Every token but padding.
    Tokens,
}

/// What a pass computes from the encoder's output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Head {
    /// Masked language modelling: a distribution over the vocabulary for each slot.
    Mlm,
    /// Replaced-token detection: for each token, whether it was replaced.
    Rtd,
}

/// One network's way over a batch: forward, loss, and the gradient of its own weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Pass {
    /// The range of the plan that holds it.
    pub stage: Stage,
    pub net: NetId,
    pub input: Input,
    pub sees: Sees,
    pub at: At,
    pub head: Head,
    /// Whether its samples replace the hidden tokens in later passes.
    pub draws: bool,
}

/// A pre-training objective: the order of its passes is the order in which they run. No gradient passes from one to another.
/// A pass that draws comes before those that do not.
#[derive(Debug, PartialEq, Eq)]
pub struct Objective {
    /// The name in a configuration: `objective = "..."`.
    pub name: &'static str,
    pub passes: &'static [Pass],
}

impl Stage {
    /// The gradients are set to zero. The stage has its name from what a person sees here: the batch arrives masked, and a view that
    /// halts after this stage shows the masked text.
    pub const MASK: Self = Self::named("mask");
    /// A masked language model reads the masked text and proposes a token for each slot. If another pass follows, the gradient of
    /// its weights is computed here too.
    pub const PROPOSE: Self = Self::named("propose");
    /// The samples are written into the text. A token that differs from the original is labelled replaced.
    pub const REPLACE: Self = Self::named("replace");
    /// The discriminator judges every token.
    pub const JUDGE: Self = Self::named("judge");
    /// The gradients of the last pass's weights are computed.
    pub const BACKWARD: Self = Self::named("backward");
    /// The optimizer updates the weights.
    pub const UPDATE: Self = Self::named("update");
    /// Every pass without dropout and gradients, on a held-out batch.
    pub const EVALUATE: Self = Self::named("evaluate");
    /// The same on the readout sentences. It owns its memory, so it may run between any two stages.
    pub const READOUT: Self = Self::named("readout");
    /// The readout again, with the attention of every layer. It runs on request, like the readout.
    pub const ATTENTION: Self = Self::named("attention");
}

/// A masked language model that fills the slots.
const PROPOSE: Pass = Pass {
    stage: Stage::PROPOSE,
    net: NetId::Aux,
    input: Input::Masked,
    sees: Sees::All,
    at: At::Slots,
    head: Head::Mlm,
    draws: true,
};
/// A discriminator that judges every token of the corrupted text.
const JUDGE: Pass = Pass {
    stage: Stage::JUDGE,
    net: NetId::Main,
    input: Input::Corrupted,
    sees: Sees::All,
    at: At::Tokens,
    head: Head::Rtd,
    draws: false,
};

/// Replaced-token detection (Clark et al., 2020).
pub static ELECTRA: Objective = Objective { name: "electra", passes: &[PROPOSE, JUDGE] };
/// Masked language modelling alone (Devlin et al., 2019): the baseline.
pub static MLM: Objective = Objective { name: "mlm", passes: &[Pass { net: NetId::Main, draws: false, ..PROPOSE }] };

/// Every objective that a configuration can name.
pub static ALL: [&Objective; 2] = [&ELECTRA, &MLM];

/// A network that judges the text as it is written. It reads texts with a discriminator alone.
pub static JUDGE_ORIGINAL: [Pass; 1] = [Pass { input: Input::Original, ..JUDGE }];
/// A network that proposes words for the blanks of a text.
pub static PROPOSE_ALONE: [Pass; 1] = [Pass { net: NetId::Main, draws: false, ..PROPOSE }];

impl Objective {
    pub fn named(name: &str) -> Option<&'static Self> {
        ALL.into_iter().find(|objective| objective.name == name)
    }

    /// The passes that run if replacements never come from a network. Passes that draw, and networks that only they use, are left
    /// out.
    pub fn passes_without_drawing(&self) -> &'static [Pass] {
        let drawing = self.passes.iter().take_while(|pass| pass.draws).count();
        &self.passes[drawing..]
    }
}

/// Whether some pass has this head.
pub fn have(passes: &[Pass], head: Head) -> bool {
    passes.iter().any(|pass| pass.head == head)
}

/// The heads of one network, in the order of the passes.
pub fn heads_of(passes: &[Pass], net: NetId) -> impl Iterator<Item = Head> {
    passes.iter().filter(move |pass| pass.net == net).map(|pass| pass.head)
}

/// An objective by its name, for a configuration's `#[serde(with = ...)]`.
pub mod by_name {
    use super::{ALL, Deserialize, Deserializer, Objective, Serialize, Serializer};

    /// # Errors
    /// Those of the serialiser.
    pub fn serialize<S: Serializer>(objective: &&'static Objective, serializer: S) -> Result<S::Ok, S::Error> {
        objective.name.serialize(serializer)
    }

    /// # Errors
    /// No objective has this name; the error lists the names.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<&'static Objective, D::Error> {
        let name = String::deserialize(deserializer)?;
        Objective::named(&name).ok_or_else(|| {
            let names: Vec<&str> = ALL.iter().map(|objective| objective.name).collect();
            serde::de::Error::custom(format!("unknown variant `{name}`, expected `{}`", names.join("` or `")))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_objective_keeps_the_rules_that_its_walkers_rely_on() {
        for objective in ALL {
            let passes = objective.passes;
            assert!(passes.len() <= crate::plan::step::SCALES, "{}: one scale for each pass", objective.name);
            assert!(passes.iter().any(|pass| pass.net == NetId::Main), "{}: a network is kept", objective.name);
            let drawing = passes.iter().take_while(|pass| pass.draws).count();
            assert!(passes[drawing..].iter().all(|pass| !pass.draws), "{}: drawing comes first", objective.name);
            let mut stages: Vec<_> = passes.iter().map(|pass| pass.stage).collect();
            stages.dedup();
            assert_eq!(stages.len(), passes.len(), "{}: a stage for each pass", objective.name);
            assert_eq!(Objective::named(objective.name), Some(objective));
        }
    }

    #[test]
    fn replacements_that_no_network_draws_leave_the_generator_out() {
        assert_eq!(ELECTRA.passes_without_drawing(), [JUDGE]);
        assert_eq!(MLM.passes_without_drawing(), MLM.passes);
    }
}
