//! An ELECTRA encoder as a list of launches: embeddings, post-norm layers, and the same list in reverse for the gradients. It is
//! written to read like the paper. The forward returns the values that the backward needs.

use super::arena::Arenas;
use super::ledger::Tower;
use crate::ops::Dropout;
use crate::ops::attention::{self, Attended, Heads};
use crate::ops::embed::{self, Tables};
use crate::ops::gelu;
use crate::ops::layernorm::{self, Affine, Normed};
use crate::ops::matmul::{self, Linear};
use crate::plan::{Recorder, Tensor};

/// The tensors of one network's encoder: its parameters, or their gradients.
pub struct Weights {
    embed: Tables,
    embed_norm: Affine,
    /// None if the embedding is as wide as the network.
    project: Option<Linear>,
    layers: Vec<LayerWeights>,
}

struct LayerWeights {
    qkv: Linear,
    out: Linear,
    norm1: Affine,
    up: Linear,
    down: Linear,
    norm2: Affine,
}

/// Looks up a tensor of a network, shared or its own: the parameter or its gradient.
pub struct Lookup<'a> {
    pub arenas: &'a Arenas,
    pub recorder: &'a Recorder,
    /// The network's name in the ledger.
    pub network: &'a str,
    pub gradients: bool,
}

impl Lookup<'_> {
    /// The name that a tensor of the network has in the ledger.
    fn full_name(&self, name: &str) -> String {
        let own = format!("{}.{name}", self.network);
        if self.arenas.has(&own) { own } else { format!("shared.{name}") }
    }

    pub fn tensor(&self, name: &str) -> Tensor {
        let name = self.full_name(name);
        if self.gradients {
            self.arenas.gradient(self.recorder, &name)
        } else {
            self.arenas.parameter(self.recorder, &name)
        }
    }

    /// A matrix for use in products, or its gradient.
    pub fn operand(&self, name: &str) -> Tensor {
        if self.gradients {
            return self.tensor(name);
        }
        self.arenas.operand(self.recorder, &self.full_name(name))
    }

    pub fn linear(&self, name: &str) -> Linear {
        Linear { w: self.operand(&format!("{name}.weight")), b: self.tensor(&format!("{name}.bias")) }
    }

    pub fn affine(&self, name: &str) -> Affine {
        Affine { w: self.tensor(&format!("{name}.weight")), b: self.tensor(&format!("{name}.bias")) }
    }
}

impl Weights {
    pub fn new(lookup: &Lookup, tower: &Tower) -> Self {
        let table = |name: &str| lookup.tensor(&format!("electra.embeddings.{name}.weight"));
        let layer = |l: u32| {
            let name = |s: &str| format!("electra.encoder.layer.{l}.{s}");
            LayerWeights {
                qkv: lookup.linear(&name("attention.self.qkv")),
                out: lookup.linear(&name("attention.output.dense")),
                norm1: lookup.affine(&name("attention.output.LayerNorm")),
                up: lookup.linear(&name("intermediate.dense")),
                down: lookup.linear(&name("output.dense")),
                norm2: lookup.affine(&name("output.LayerNorm")),
            }
        };
        Self {
            embed: Tables {
                word: table("word_embeddings"),
                position: table("position_embeddings"),
                segment: table("token_type_embeddings"),
            },
            embed_norm: lookup.affine("electra.embeddings.LayerNorm"),
            project: (tower.hidden != tower.embedding).then(|| lookup.linear("electra.embeddings_project")),
            layers: (0..tower.layers).map(layer).collect(),
        }
    }
}

/// What an encoder reads, all (B, T); and the tensor into which each layer writes its attention in turn, if there is one: (B, H, T,
/// T).
#[derive(Debug, Clone, Copy)]
pub struct Text<'a> {
    pub ids: &'a Tensor,
    pub types: &'a Tensor,
    pub attention: &'a Tensor,
    pub shares: Option<&'a Tensor>,
    /// Whether a token sees only itself and those before it.
    pub causal: bool,
}

/// The dropout probabilities of a pass, and the number of its next site.
pub struct Dropouts {
    hidden: f32,
    attention: f32,
    next_site: u32,
}

impl Dropouts {
    /// `first_site` separates the networks of a step.
    pub fn new(hidden: f64, attention: f64, first_site: u32) -> Self {
        Self { hidden: hidden as f32, attention: attention as f32, next_site: first_site }
    }

    pub fn off() -> Self {
        Self::new(0.0, 0.0, 0)
    }

    fn draw(&mut self, p: f32) -> Dropout {
        self.next_site += 1;
        if p == 0.0 { Dropout::OFF } else { Dropout::new(p, self.next_site) }
    }

    fn hidden(&mut self) -> Dropout {
        self.draw(self.hidden)
    }

    fn attention(&mut self) -> Dropout {
        self.draw(self.attention)
    }
}

/// What the forward keeps for the backward.
pub struct Encoded {
    ids: Tensor,
    types: Tensor,
    embed_norm: Normed,
    layers: Vec<LayerActs>,
    /// The encoder's output. (N, C)
    pub y: Tensor,
}

struct LayerActs {
    x: Tensor,
    attended: Attended,
    norm1: Normed,
    up_pre: Tensor,
    /// gelu(up_pre), if it is kept.
    up: Option<Tensor>,
    norm2: Normed,
}

/// How many bytes the gelus of an encoder may keep between forward and backward. If they need more, the backward computes them
/// again: one pass over memory for each layer saves a fifth of the memory that a step keeps.
const KEPT_GELUS_BYTES_MAX: u64 = 256 << 20;

/// text (B, T) -> y (N, C)
pub fn forward(r: &mut Recorder, name: &str, tower: &Tower, p: &Weights, text: Text, drop: &mut Dropouts) -> Encoded {
    let [_, t] = text.ids.dims();
    let embedded = embed::forward(r, &format!("{name}.embedded"), text.ids, text.types, &p.embed);
    let outer = drop.hidden();
    let embed_norm = layernorm::forward(r, &format!("{name}.embed"), &embedded, &p.embed_norm, tower.eps(), t, outer);
    let mut x = match &p.project {
        Some(project) => matmul::forward(r, &format!("{name}.projected"), &embed_norm.y, project),
        None => embed_norm.y.clone(),
    };
    let gelus = u64::from(tower.layers) * u64::from(text.ids.len()) * u64::from(tower.ffn);
    let gelus_bytes = gelus * u64::from(r.stored.bytes());
    let mut layers = Vec::with_capacity(p.layers.len());
    for (l, weights) in p.layers.iter().enumerate() {
        let mut acts = layer_forward(r, &format!("{name}.{l}"), tower, weights, &x, &text, drop);
        acts.up = acts.up.filter(|_| gelus_bytes <= KEPT_GELUS_BYTES_MAX);
        if let Some(shares) = text.shares {
            attention::map(r, &acts.attended, shares);
        }
        x = acts.norm2.y.clone();
        layers.push(acts);
    }
    Encoded { ids: text.ids.clone(), types: text.types.clone(), embed_norm, layers, y: x }
}

/// One post-norm layer. x: (N, C) -> norm2.y: (N, C)
fn layer_forward(
    r: &mut Recorder,
    name: &str,
    tower: &Tower,
    p: &LayerWeights,
    x: &Tensor,
    text: &Text,
    drop: &mut Dropouts,
) -> LayerActs {
    let mask = text.attention;
    let [_, t] = mask.dims();
    let label = |s: &str| format!("{name}.{s}");
    let heads = Heads { count: tower.heads, causal: text.causal };
    let (attention_drop, drop1, drop2) = (drop.attention(), drop.hidden(), drop.hidden());

    let qkv = matmul::forward(r, &label("qkv"), x, &p.qkv);
    let attended = attention::forward(r, &label("context"), &qkv, mask, heads, attention_drop);
    let out = matmul::forward(r, &label("attention"), &attended.ctx, &p.out);
    let norm1 = layernorm::forward_residual(r, &label("norm1"), x, &out, &p.norm1, tower.eps(), t, drop1);
    let (up_pre, up) = matmul::forward_gelu(r, &label("up"), &norm1.y, &p.up);
    let down = matmul::forward(r, &label("down"), &up, &p.down);
    let norm2 = layernorm::forward_residual(r, &label("norm2"), &norm1.y, &down, &p.norm2, tower.eps(), t, drop2);
    LayerActs { x: x.clone(), attended, norm1, up_pre, up: Some(up), norm2 }
}

/// Adds the gradients of all weights, from dy (N, C), the gradient of [`Encoded::y`].
pub fn backward(r: &mut Recorder, p: &Weights, d: &Weights, saved: &Encoded, dy: Tensor, pad_id: u32) {
    let mut dx = dy;
    for ((acts, p), d) in saved.layers.iter().zip(&p.layers).zip(&d.layers).rev() {
        dx = layer_backward(r, p, d, acts, &dx);
    }
    if let (Some(project), Some(d_project)) = (&p.project, &d.project) {
        matmul::backward_params(r, &saved.embed_norm.y, &dx, d_project);
        dx = matmul::backward_input(r, "d.embed", &dx, &project.w);
    }
    let dx = layernorm::backward(r, &saved.embed_norm, &p.embed_norm, &d.embed_norm, &dx);
    embed::backward(r, &saved.ids, &saved.types, &dx, &d.embed, pad_id);
}

/// The forward's list in reverse. dy: (N, C) -> dx: (N, C)
fn layer_backward(r: &mut Recorder, p: &LayerWeights, d: &LayerWeights, acts: &LayerActs, dy: &Tensor) -> Tensor {
    // in the forward: norm2 = LN(norm1 + dropout(down))
    let (dnorm1, ddown) = layernorm::backward_residual(r, &acts.norm2, &p.norm2, &d.norm2, dy);
    let up = acts.up.clone().unwrap_or_else(|| gelu::forward(r, "up.again", &acts.up_pre));
    matmul::backward_params(r, &up, &ddown, &d.down);
    let dup = matmul::backward_input_gelu(r, "d.up", &ddown, &p.down.w, &acts.up_pre);
    matmul::backward_params(r, &acts.norm1.y, &dup, &d.up);
    matmul::backward_input_add(r, &dup, &p.up.w, &dnorm1);
    // in the forward: norm1 = LN(x + dropout(attention))
    let (dx, dout) = layernorm::backward_residual(r, &acts.norm1, &p.norm1, &d.norm1, &dnorm1);
    matmul::backward_params(r, &acts.attended.ctx, &dout, &d.out);
    let dctx = matmul::backward_input(r, "d.context", &dout, &p.out.w);
    let dqkv = attention::backward(r, &acts.attended, &dctx);
    matmul::backward_params(r, &acts.x, &dqkv, &d.qkv);
    matmul::backward_input_add(r, &dqkv, &p.qkv.w, &dx);
    dx
}
