//! Records the passes of an objective as launches: each network over its form of the text, and the gradients of its own weights.
//! passes, networks, batch -> [`Walk::forward`], [`Walk::backward`], in the stage that the caller has begun.

use super::arena::Arenas;
use super::encoder::{self, Dropouts, Encoded, Lookup, Text};
use super::heads::{self, Reading, Saved};
use super::io::Io;
use super::ledger::{Shape, Tower};
use crate::objective::{Head, Input, NetId, Pass, Sees};
use crate::ops::corrupt::{self, Inputs};
use crate::plan::{Elem, Recorder, Runs, Stage, Tensor};

/// The tensors of the networks of a shape: their weights, or the gradients of their weights.
pub struct Networks {
    aux: Option<Network>,
    main: Network,
}

struct Network {
    encoder: encoder::Weights,
    heads: Vec<(Head, heads::Weights)>,
}

impl Networks {
    pub fn new(recorder: &Recorder, arenas: &Arenas, shape: &Shape, gradients: bool) -> Self {
        let network = |net: NetId, tower: &Tower| {
            let lookup = Lookup { arenas, recorder, network: shape.name(net), gradients };
            let head = |head| (head, heads::Weights::new(head, &lookup));
            Network { encoder: encoder::Weights::new(&lookup, tower), heads: shape.heads(net).map(head).collect() }
        };
        Self {
            aux: shape.aux.as_ref().map(|tower| network(NetId::Aux, tower)),
            main: network(NetId::Main, &shape.main),
        }
    }

    fn network(&self, net: NetId) -> &Network {
        match net {
            NetId::Aux => self.aux.as_ref().expect("a shape has the networks of its passes"),
            NetId::Main => &self.main,
        }
    }
}

impl Network {
    fn head(&self, wanted: Head) -> &heads::Weights {
        let found = self.heads.iter().find(|(head, _)| *head == wanted);
        &found.expect("a network has the heads of its passes").1
    }
}

/// The passes over one batch.
pub struct Walk<'a> {
    pub shape: &'a Shape,
    pub networks: &'a Networks,
    pub io: &'a Io,
    /// (V) the fixed distribution of replacements.
    pub source: &'a Tensor,
}

/// The forms of the text that exist so far: the corrupted ids, and 1 for each id that is not the original. (B, T) each
#[derive(Default)]
pub struct Forms {
    corrupted: Option<(Tensor, Tensor)>,
    unchanged: Option<Tensor>,
}

/// What a pass keeps for its backward.
pub struct Passed {
    encoded: Encoded,
    saved: Saved,
}

/// What a pass does besides computing its results.
pub struct How<'a> {
    pub drop: Dropouts,
    /// The tensors of the gradients, if a backward follows.
    pub gradients: Option<&'a Networks>,
    /// Whether each layer's attention is written out, for people to look at.
    pub attention: bool,
}

impl How<'_> {
    /// Inference: neither dropout nor gradients.
    pub fn inference(attention: bool) -> Self {
        Self { drop: Dropouts::off(), gradients: None, attention }
    }
}

impl Walk<'_> {
    pub fn passes(&self) -> &'static [Pass] {
        self.shape.passes
    }

    /// Records every pass without dropout or gradients, all in the current stage.
    pub fn infer(&self, r: &mut Recorder, attention: bool) {
        let mut forms = Forms::default();
        for index in 0..self.passes().len() {
            self.forward(r, index, &mut forms, How::inference(attention));
        }
    }

    /// Records the same with a stage for each pass and one for the replacements.
    pub fn infer_by_stages(&self, r: &mut Recorder) {
        let mut forms = Forms::default();
        for (index, pass) in self.passes().iter().enumerate() {
            self.begin(r, pass, &mut forms);
            self.forward(r, index, &mut forms, How::inference(false));
        }
    }

    /// Begins the stage of a pass. If the pass is the first to need replacements, their stage comes before it.
    pub fn begin(&self, r: &mut Recorder, pass: &Pass, forms: &mut Forms) {
        if pass.input == Input::Corrupted && forms.corrupted.is_none() {
            r.begin(Stage::REPLACE, Runs::Each);
            forms.corrupted = Some(self.replace(r));
        }
        r.begin(pass.stage, Runs::Each);
    }

    /// Writes the samples into the text -> (corrupted, replaced)
    fn replace(&self, r: &mut Recorder) -> (Tensor, Tensor) {
        let io = self.io;
        let inputs = Inputs {
            ids: &io.ids,
            first: &io.token_slot,
            next: &io.slot_next,
            sampled: &io.slots.sampled,
            source: self.source,
            proposed: self.passes().iter().any(|pass| pass.draws),
        };
        corrupt::replace(r, "corrupted", inputs)
    }

    /// The form of the text that a pass reads, and which of its tokens are replaced, if the head needs that.
    fn text(&self, r: &mut Recorder, pass: &Pass, forms: &mut Forms) -> (Tensor, Option<Tensor>) {
        let io = self.io;
        let ids = match pass.input {
            Input::Corrupted => {
                let (corrupted, replaced) = forms.corrupted.get_or_insert_with(|| self.replace(r)).clone();
                return (corrupted, Some(replaced));
            }
            Input::Masked => &io.masked_ids,
            Input::Original => &io.ids,
        };
        // Nothing writes these labels, so they are zero.
        let unchanged = |r: &mut Recorder| r.state("replaced", Elem::U32, io.ids.shape());
        let labels = (pass.head == Head::Rtd).then(|| forms.unchanged.get_or_insert_with(|| unchanged(r)).clone());
        (ids.clone(), labels)
    }

    /// Records one pass: its network over its text, then its head over the encoder's output.
    pub fn forward(&self, r: &mut Recorder, index: usize, forms: &mut Forms, how: How) -> Passed {
        let pass = &self.passes()[index];
        let (tower, name) = (self.tower(pass.net), self.shape.name(pass.net));
        let (ids, replaced) = self.text(r, pass, forms);
        let io = self.io;
        let shares = how.attention.then(|| {
            let [rows, row_len] = [io.size.rows, io.size.row_len];
            // The host reads it while the stage waits after the layer that was asked for, so it shares no memory.
            r.state(&format!("{name}.shares"), Elem::F32, &[rows, tower.heads, row_len, row_len])
        });
        let text = Text {
            ids: &ids,
            types: &io.types,
            attention: &io.attention,
            shares: shares.as_ref(),
            causal: pass.sees == Sees::Left,
        };
        let network = self.networks.network(pass.net);
        let mut drop = how.drop;
        let encoded = encoder::forward(r, name, tower, &network.encoder, text, &mut drop);
        let reading =
            Reading { io, ids: &ids, replaced: replaced.as_ref(), at: pass.at, scale: index as u32, eps: tower.eps() };
        let d = how.gradients.map(|gradients| gradients.network(pass.net).head(pass.head));
        let saved = network.head(pass.head).forward(r, d, &encoded.y, &reading);
        Passed { encoded, saved }
    }

    /// Adds the gradients of the weights of the pass's network. No gradient leaves the network.
    pub fn backward(&self, r: &mut Recorder, index: usize, gradients: &Networks, passed: &Passed, pad_id: u32) {
        let pass = &self.passes()[index];
        let (network, d) = (self.networks.network(pass.net), gradients.network(pass.net));
        let dh = network.head(pass.head).backward(r, d.head(pass.head), &passed.saved, self.io);
        encoder::backward(r, &network.encoder, &d.encoder, &passed.encoded, dh, pad_id);
    }

    fn tower(&self, net: NetId) -> &Tower {
        self.shape.tower(net).expect("a shape has the networks of its passes")
    }
}

/// The tensor of the fixed distribution of replacements.
pub fn source(r: &mut Recorder, shape: &Shape) -> Tensor {
    r.state("replacements.source", Elem::U32, &[shape.main.vocab])
}
