//! Both networks as Burn modules: shared embeddings, post-norm encoders, the two heads, and their losses.
//! Shapes: B rows, T tokens, N = B * T, C hidden, E embedding, H heads, S slots, V vocabulary.

use crate::model::ledger::{Group, Shape, Tower};
use crate::objective::{Head, NetId, Sees};
use burn::module::{Initializer, Module, Param};
use burn::nn::{Dropout, DropoutConfig, Embedding, EmbeddingConfig, LayerNorm, LayerNormConfig, Linear, LinearConfig};
use burn::tensor::activation::{log_sigmoid, log_softmax, softmax};
use burn::tensor::{Bool, Device, Int, Tensor};

/// What is trained: one set of embeddings, the main network and, if there is one, the auxiliary network.
#[derive(Module, Debug)]
pub struct Towers {
    embeddings: Embeddings,
    main: Network,
    aux: Option<Network>,
}

/// An encoder with the heads that the objective gives it.
#[derive(Module, Debug)]
struct Network {
    encoder: Encoder,
    mlm: Option<Mlm>,
    rtd: Option<Rtd>,
}

/// Word, position and segment tables and their normalisation, the same for both networks.
#[derive(Module, Debug)]
struct Embeddings {
    word: Embedding,
    position: Embedding,
    segment: Embedding,
    norm: LayerNorm,
    dropout: Dropout,
}

#[derive(Module, Debug)]
struct Encoder {
    /// The projection, if the embeddings have another width than the network.
    project: Option<Linear>,
    layers: Vec<Layer>,
}

#[derive(Module, Debug)]
struct Layer {
    heads: usize,
    query: Linear,
    key: Linear,
    value: Linear,
    attention_output: Linear,
    attention_norm: LayerNorm,
    intermediate: Linear,
    output: Linear,
    output_norm: LayerNorm,
    attention_dropout: Dropout,
    dropout: Dropout,
}

/// Proposes words: a dense layer with normalisation, then the word embeddings as output matrix.
#[derive(Module, Debug)]
struct Mlm {
    dense: Linear,
    norm: LayerNorm,
    bias: Param<Tensor<1>>,
}

/// Judges tokens: two dense layers.
#[derive(Module, Debug)]
struct Rtd {
    dense: Linear,
    prediction: Linear,
}

/// Probabilities of dropout.
#[derive(Debug, Clone, Copy)]
pub struct Dropouts {
    pub hidden: f64,
    pub attention: f64,
}

/// What an encoder reads beside the ids. All (B, T).
pub struct Text {
    pub segments: Tensor<2, Int>,
    /// 1 = token, 0 = padding.
    pub attention: Tensor<2>,
    /// Look-ups of this id give no gradient.
    pub pad_id: u32,
}

/// The positions of the slots and their labels. All (S). An unused slot has position 0 and weight 0.
pub struct Slots {
    pub position: Tensor<1, Int>,
    pub label: Tensor<1, Int>,
    /// 1 = used.
    pub used: Tensor<1>,
}

impl Towers {
    /// Modules of these sizes. Except for the normalisations everything is zero until the weights are set.
    pub fn new(shape: &Shape, dropouts: Dropouts, device: &Device) -> Self {
        let network = |net, tower: &Tower| {
            let has = |head| shape.heads(net).any(|own| own == head);
            Network {
                encoder: Encoder::new(tower, dropouts, device),
                mlm: has(Head::Mlm).then(|| Mlm::new(tower, device)),
                rtd: has(Head::Rtd).then(|| Rtd::new(tower, device)),
            }
        };
        Self {
            embeddings: Embeddings::new(&shape.main, dropouts, device),
            main: network(NetId::Main, &shape.main),
            aux: shape.aux.as_ref().map(|tower| network(NetId::Aux, tower)),
        }
    }

    fn network(&self, net: NetId) -> &Network {
        match net {
            NetId::Main => &self.main,
            NetId::Aux => self.aux.as_ref().expect("the modules are made for the networks of the passes"),
        }
    }

    /// ids (B, T) -> h (N, C)
    pub fn encode(&self, net: NetId, ids: Tensor<2, Int>, text: &Text, sees: Sees) -> Tensor<2> {
        self.network(net).encoder.forward(self.embeddings.forward(ids, text), text, sees)
    }

    /// h (N, C) -> logits (S, V)
    pub fn propose(&self, net: NetId, h: Tensor<2>, slots: &Slots) -> Tensor<2> {
        let head = self.network(net).mlm.as_ref().expect("the modules are made for the heads of the passes");
        let h = gelu(head.dense.forward(h.select(0, slots.position.clone())));
        let h = head.norm.forward(h);
        h.matmul(self.embeddings.word.weight.val().transpose()) + head.bias.val().unsqueeze::<2>()
    }

    /// h (N, C) -> logits (N) that a token was replaced
    pub fn judge(&self, net: NetId, h: Tensor<2>) -> Tensor<1> {
        let head = self.network(net).rtd.as_ref().expect("the modules are made for the heads of the passes");
        head.prediction.forward(gelu(head.dense.forward(h))).squeeze_dim(1)
    }

    /// The attention in a layer of a network: ids (B, T) -> (B, H, T, T)
    pub fn shares(&self, net: NetId, layer: usize, ids: Tensor<2, Int>, text: &Text, sees: Sees) -> Tensor<4> {
        self.network(net).encoder.shares(layer, self.embeddings.forward(ids, text), text, sees)
    }

    /// Every trained tensor under its Hugging Face name, always in this order.
    pub fn weights(&mut self) -> Vec<Weight<'_>> {
        let mut list = Vec::new();
        self.embeddings.weights(&mut list);
        for (net, network) in self.aux.iter_mut().map(|aux| (NetId::Aux, aux)).chain([(NetId::Main, &mut self.main)]) {
            network.weights(&mut list, Group::of(net));
        }
        list
    }
}

/// logits (S, V) -> negative log-likelihood of each label (S), 0 at unused slots
pub fn proposal_losses(logits: Tensor<2>, slots: &Slots) -> Tensor<1> {
    let chosen = log_softmax(logits, 1).gather(1, slots.label.clone().unsqueeze_dim(1));
    chosen.squeeze_dim::<1>(1).neg() * slots.used.clone()
}

/// logits, replaced (0 or 1), attention: (N) -> binary cross-entropy of each token (N), 0 at padding
pub fn judgement_losses(logits: Tensor<1>, replaced: Tensor<1>, attention: Tensor<1>) -> Tensor<1> {
    // -log p of the label, p = sigmoid(logit) or sigmoid(-logit).
    let sign = replaced * 2.0 - 1.0;
    log_sigmoid(logits * sign).neg() * attention
}

/// x * Phi(x), with the error function itself. Burn differentiates its own GELU as the tanh approximation, which is 1e-3 off.
fn gelu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    let phi = (x.clone() * std::f64::consts::FRAC_1_SQRT_2).erf() + 1.0;
    x * phi * 0.5
}

impl Embeddings {
    fn new(t: &Tower, dropouts: Dropouts, device: &Device) -> Self {
        let table = |rows: u32| {
            let config = EmbeddingConfig::new(rows as usize, t.embedding as usize);
            config.with_initializer(Initializer::Zeros).init(device)
        };
        Self {
            word: table(t.vocab),
            position: table(t.positions),
            segment: table(t.segments),
            norm: norm(t.embedding, t, device),
            dropout: DropoutConfig::new(dropouts.hidden).init(),
        }
    }

    /// ids (B, T) -> (B, T, E)
    fn forward(&self, ids: Tensor<2, Int>, text: &Text) -> Tensor<3> {
        let words = self.word.forward(ids.clone());
        let is_pad: Tensor<3, Bool> = ids.equal_scalar(text.pad_id as i32).unsqueeze_dim(2);
        let is_pad = is_pad.expand(words.dims());
        let words = words.clone().mask_where(is_pad, words.detach());
        let [_, row_len, _] = words.dims();
        let positions: Tensor<3> = self.position.weight.val().narrow(0, 0, row_len).unsqueeze();
        let x = words + self.segment.forward(text.segments.clone()) + positions;
        self.dropout.forward(self.norm.forward(x))
    }

    fn weights<'a>(&'a mut self, list: &mut Vec<Weight<'a>>) {
        let name = |s: &str| format!("electra.embeddings.{s}");
        for (table, s) in [
            (&mut self.word, "word_embeddings"),
            (&mut self.position, "position_embeddings"),
            (&mut self.segment, "token_type_embeddings"),
        ] {
            list.push(Weight::new(Group::Shared, name(&format!("{s}.weight")), Values::Matrix(&mut table.weight)));
        }
        norm_weights(list, Group::Shared, &name("LayerNorm"), &mut self.norm);
    }
}

impl Encoder {
    fn new(t: &Tower, dropouts: Dropouts, device: &Device) -> Self {
        Self {
            project: (t.hidden != t.embedding).then(|| linear([t.embedding, t.hidden], device)),
            layers: (0..t.layers).map(|_| Layer::new(t, dropouts, device)).collect(),
        }
    }

    /// x (B, T, E) -> (N, C)
    fn forward(&self, x: Tensor<3>, text: &Text, sees: Sees) -> Tensor<2> {
        let (x, bias) = self.enter(x, text, sees);
        self.layers.iter().fold(x, |x, layer| layer.forward(x, bias.clone()))
    }

    /// x (B, T, E) -> (B, H, T, T)
    fn shares(&self, layer: usize, x: Tensor<3>, text: &Text, sees: Sees) -> Tensor<4> {
        let (x, bias) = self.enter(x, text, sees);
        let x = self.layers[..layer].iter().fold(x, |x, layer| layer.forward(x, bias.clone()));
        self.layers[layer].shares(&x, bias)
    }

    /// x (B, T, E) -> the first layer's input (N, C), what is added to every layer's scores (B, 1, 1 or T, T)
    fn enter(&self, x: Tensor<3>, text: &Text, sees: Sees) -> (Tensor<2>, Tensor<4>) {
        let [rows, row_len, _] = x.dims();
        let x: Tensor<2> = x.flatten(0, 1);
        let x = match &self.project {
            Some(project) => project.forward(x),
            None => x,
        };
        // No token sees padding, because exp(-1e4) is 0 in f32 beside any real score.
        let bias = ((text.attention.clone() - 1.0) * 1e4).reshape([rows, 1, 1, row_len]);
        match sees {
            Sees::All => (x, bias),
            Sees::Left => {
                let later = Tensor::<2>::ones([row_len, row_len], &bias.device()).triu(1);
                (x, bias - later.unsqueeze::<4>() * 1e4)
            }
        }
    }

    fn weights<'a>(&'a mut self, list: &mut Vec<Weight<'a>>, group: Group) {
        if let Some(project) = &mut self.project {
            linear_weights(list, group, "electra.embeddings_project", project);
        }
        for (l, layer) in self.layers.iter_mut().enumerate() {
            let name = |s: &str| format!("electra.encoder.layer.{l}.{s}");
            linear_weights(list, group, &name("attention.self.query"), &mut layer.query);
            linear_weights(list, group, &name("attention.self.key"), &mut layer.key);
            linear_weights(list, group, &name("attention.self.value"), &mut layer.value);
            linear_weights(list, group, &name("attention.output.dense"), &mut layer.attention_output);
            norm_weights(list, group, &name("attention.output.LayerNorm"), &mut layer.attention_norm);
            linear_weights(list, group, &name("intermediate.dense"), &mut layer.intermediate);
            linear_weights(list, group, &name("output.dense"), &mut layer.output);
            norm_weights(list, group, &name("output.LayerNorm"), &mut layer.output_norm);
        }
    }
}

impl Layer {
    fn new(t: &Tower, dropouts: Dropouts, device: &Device) -> Self {
        let (h, f) = (t.hidden, t.ffn);
        Self {
            heads: t.heads as usize,
            query: linear([h, h], device),
            key: linear([h, h], device),
            value: linear([h, h], device),
            attention_output: linear([h, h], device),
            attention_norm: norm(h, t, device),
            intermediate: linear([h, f], device),
            output: linear([f, h], device),
            output_norm: norm(h, t, device),
            attention_dropout: DropoutConfig::new(dropouts.attention).init(),
            dropout: DropoutConfig::new(dropouts.hidden).init(),
        }
    }

    /// One post-norm layer. x: (N, C), bias: (B, 1, 1, T) -> (N, C)
    fn forward(&self, x: Tensor<2>, bias: Tensor<4>) -> Tensor<2> {
        let attended = self.attention_output.forward(self.attend(&x, bias));
        let x = self.attention_norm.forward(x + self.dropout.forward(attended));
        let fed = self.output.forward(gelu(self.intermediate.forward(x.clone())));
        self.output_norm.forward(x + self.dropout.forward(fed))
    }

    /// Shares of the values, head by head. x: (N, C) -> (N, C)
    fn attend(&self, x: &Tensor<2>, bias: Tensor<4>) -> Tensor<2> {
        let v = self.heads(self.value.forward(x.clone()), &bias);
        let shares = self.attention_dropout.forward(self.shares(x, bias));
        shares.matmul(v).swap_dims(1, 2).reshape(x.dims())
    }

    /// softmax(q k^T / sqrt(C / H) + bias). x: (N, C) -> (B, H, T, T)
    fn shares(&self, x: &Tensor<2>, bias: Tensor<4>) -> Tensor<4> {
        let [q, k] = [&self.query, &self.key].map(|linear| self.heads(linear.forward(x.clone()), &bias));
        let [.., width] = q.dims();
        softmax(q.matmul(k.transpose()) * (1.0 / (width as f64).sqrt()) + bias, 3)
    }

    /// y: (N, C) -> (B, H, T, C / H), with the rows of `bias`
    fn heads(&self, y: Tensor<2>, bias: &Tensor<4>) -> Tensor<4> {
        let ([_, hidden], [rows, _, _, row_len]) = (y.dims(), bias.dims());
        y.reshape([rows, row_len, self.heads, hidden / self.heads]).swap_dims(1, 2)
    }
}

impl Network {
    fn weights<'a>(&'a mut self, list: &mut Vec<Weight<'a>>, group: Group) {
        self.encoder.weights(list, group);
        if let Some(head) = &mut self.mlm {
            linear_weights(list, group, "generator_predictions.dense", &mut head.dense);
            norm_weights(list, group, "generator_predictions.LayerNorm", &mut head.norm);
            list.push(Weight::new(group, "generator_lm_head.bias".into(), Values::Vector(&mut head.bias)));
        }
        if let Some(head) = &mut self.rtd {
            linear_weights(list, group, "discriminator_predictions.dense", &mut head.dense);
            linear_weights(list, group, "discriminator_predictions.dense_prediction", &mut head.prediction);
        }
    }
}

impl Mlm {
    fn new(t: &Tower, device: &Device) -> Self {
        Self {
            dense: linear([t.hidden, t.embedding], device),
            norm: norm(t.embedding, t, device),
            bias: Param::from_tensor(Tensor::zeros([t.vocab as usize], device)),
        }
    }
}

impl Rtd {
    fn new(t: &Tower, device: &Device) -> Self {
        Self { dense: linear([t.hidden, t.hidden], device), prediction: linear([t.hidden, 1], device) }
    }
}

fn linear([from, to]: [u32; 2], device: &Device) -> Linear {
    LinearConfig::new(from as usize, to as usize).with_initializer(Initializer::Zeros).init(device)
}

fn norm(width: u32, t: &Tower, device: &Device) -> LayerNorm {
    LayerNormConfig::new(width as usize).with_epsilon(t.eps().into()).init(device)
}

/// A trained tensor: its group, its name in checkpoints, and its values.
pub struct Weight<'a> {
    pub group: Group,
    pub name: String,
    /// Burn keeps a linear layer's matrix as (in, out), checkpoints as (out, in).
    pub transposed: bool,
    pub values: Values<'a>,
}

/// By rank, which Burn's types tell apart.
pub enum Values<'a> {
    Vector(&'a mut Param<Tensor<1>>),
    Matrix(&'a mut Param<Tensor<2>>),
}

impl<'a> Weight<'a> {
    fn new(group: Group, name: String, values: Values<'a>) -> Self {
        Self { group, name, transposed: false, values }
    }
}

fn linear_weights<'a>(list: &mut Vec<Weight<'a>>, group: Group, name: &str, linear: &'a mut Linear) {
    let weight = Weight::new(group, format!("{name}.weight"), Values::Matrix(&mut linear.weight));
    list.push(Weight { transposed: true, ..weight });
    let bias = linear.bias.as_mut().expect("a linear layer is made with a bias");
    list.push(Weight::new(group, format!("{name}.bias"), Values::Vector(bias)));
}

fn norm_weights<'a>(list: &mut Vec<Weight<'a>>, group: Group, name: &str, norm: &'a mut LayerNorm) {
    list.push(Weight::new(group, format!("{name}.weight"), Values::Vector(&mut norm.gamma)));
    let bias = norm.beta.as_mut().expect("a normalisation is made with a bias");
    list.push(Weight::new(group, format!("{name}.bias"), Values::Vector(bias)));
}
