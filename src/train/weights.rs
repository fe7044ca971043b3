//! Moves weights between an engine's arenas and Hugging Face's names, both ways: every part of every entry of the ledger.

use super::engine::Engine;
use crate::hub::{ElectraConfig, HubTensor, Network, Networks, Role, Tensors};
use crate::message::{self, Message};
use crate::model::ledger::{Entry, Group, Part, Shape, Tower};
use crate::model::{Model, Parameter};
use crate::objective::{Head, NetId, Pass};
use crate::plan::Tensor;
use crate::train::checkpoint::Moments;
use crate::{Error, Result};
use std::borrow::Cow;

/// The sizes of networks that were read, for training with `passes`.
///
/// # Errors
/// A head is larger than the kernels support, or the networks are not those of the passes.
pub fn shape_from_networks(networks: &Networks, passes: &'static [Pass]) -> Result<Shape> {
    let shape = Shape {
        passes,
        main: tower(&networks.main.config)?,
        aux: networks.aux.as_ref().map(|network| tower(&network.config)).transpose()?,
    };
    let wanted = [true, passes.iter().any(|pass| pass.net == NetId::Aux)];
    let roles = [shape.name(NetId::Main) == networks.role.folder(), shape.aux.is_some()];
    if roles != wanted {
        let named = |name: &str| Message::new("network-called").with("name", name);
        let have = networks.all().map(|(role, _)| named(role.folder()));
        let trained = NETS.into_iter().filter(|net| passes.iter().any(|pass| pass.net == *net));
        let want = trained.map(|net| named(shape.name(net)));
        return Err(Error::failed("objective-trains-others")
            .with("want", message::joined(want))
            .with("have", message::joined(have)));
    }
    Ok(shape)
}

const NETS: [NetId; 2] = [NetId::Main, NetId::Aux];

/// The sizes of one network.
///
/// # Errors
/// A head is larger than the kernels support.
pub fn tower(c: &ElectraConfig) -> Result<Tower> {
    let head = c.hidden_size / c.num_attention_heads;
    if head > crate::ops::attention::HEAD_MAX as usize {
        let most = crate::ops::attention::HEAD_MAX;
        return Err(Error::failed("head-too-large").with("channels", head).with("most", most));
    }
    Ok(c.tower())
}

/// The facts of a network's config.json that are not sizes.
#[derive(Debug, Clone, Copy)]
pub struct ConfigFacts {
    pub dropout: f64,
    pub attention_dropout: f64,
    pub initializer_range: f64,
    pub pad_id: u32,
}

/// The config.json of a network.
pub fn config_from_tower(t: &Tower, role: Role, facts: ConfigFacts) -> ElectraConfig {
    ElectraConfig {
        vocab_size: t.vocab as usize,
        embedding_size: t.embedding as usize,
        hidden_size: t.hidden as usize,
        num_hidden_layers: t.layers as usize,
        num_attention_heads: t.heads as usize,
        intermediate_size: t.ffn as usize,
        hidden_dropout_prob: facts.dropout,
        attention_probs_dropout_prob: facts.attention_dropout,
        max_position_embeddings: t.positions as usize,
        type_vocab_size: t.segments as usize,
        initializer_range: facts.initializer_range,
        // Parsed from its shortest decimal form, so that 1e-12 stays 1e-12.
        layer_norm_eps: t.eps().to_string().parse().unwrap_or(1e-12),
        pad_token_id: Some(facts.pad_id),
        ..ElectraConfig::standard(role)
    }
}

/// Writes the weights of a run's networks into the engine. The shared ones are taken from the main network.
pub fn load_run(model: &Model, engine: &mut Engine, networks: &Networks) {
    load_networks(&model.parameters, engine, |net| match net {
        NetId::Main => Some(&networks.main),
        NetId::Aux => networks.aux.as_ref(),
    });
}

/// Writes the weights of every network that `parameters` name.
pub fn load_networks<'n>(
    parameters: &[Parameter],
    engine: &mut Engine,
    network_of: impl Fn(NetId) -> Option<&'n Network>,
) {
    for parameter in parameters {
        let entry = &parameter.entry;
        let mut values = vec![0.0; entry.len() as usize];
        // In reverse: a shared entry lists the main network first, so it is written last.
        for part in entry.parts.iter().rev() {
            let network = network_of(part.net).expect("a plan is recorded for the networks that were read");
            let tensor =
                network.tensors.get(&part.name).expect("a network holds exactly the tensors of its configuration");
            let first = (part.rows.start * entry.row_len()) as usize;
            values[first..first + tensor.data.len()].copy_from_slice(&tensor.data);
        }
        engine.write_f32(&parameter.value, &values);
    }
}

/// The tensors of one network, cut out of entries given in the model's order (values, gradients, anything of that shape).
pub fn network_tensors(parameters: &[Parameter], values: &[Vec<f32>], net: NetId) -> Tensors {
    let mut tensors = Tensors::new();
    for (parameter, values) in parameters.iter().zip(values) {
        let entry = &parameter.entry;
        for part in entry.parts.iter().filter(|part| part.net == net) {
            tensors.insert(part.name.clone(), cut(entry, part, values));
        }
    }
    tensors
}

/// Cuts a Hugging Face tensor out of the values of its entry.
fn cut(entry: &Entry, part: &Part, values: &[f32]) -> HubTensor {
    let shape = entry.part_shape(part);
    let first = (part.rows.start * entry.row_len()) as usize;
    let data = values[first..first + shape.iter().product::<usize>()].to_vec();
    HubTensor { shape, data }
}

/// A tensor of every parameter (its value or its gradient), named `NETWORK.NAME` as Hugging Face does. Shared tensors appear once,
/// under the main network.
///
/// # Errors
/// The device failed.
pub async fn read_named(model: &Model, engine: &mut Engine, pick: impl Fn(&Parameter) -> Tensor) -> Result<Tensors> {
    let mut named = Tensors::new();
    for parameter in &model.parameters {
        let values = engine.read_f32(&pick(parameter)).await?;
        let entry = &parameter.entry;
        // A shared entry lists one part for each network, the main one first; others list each block of rows.
        let parts = if entry.group == Group::Shared { &entry.parts[..1] } else { &entry.parts[..] };
        for part in parts {
            named.insert(format!("{}.{}", model.spec.shape.name(part.net), part.name), cut(entry, part, &values));
        }
    }
    Ok(named)
}

/// The role of the main network, which its head decides.
fn main_role(shape: &Shape) -> Role {
    if shape.heads(NetId::Main).any(|head| head == Head::Rtd) { Role::Discriminator } else { Role::Encoder }
}

/// The networks as they are in the engine now.
pub async fn read_networks(model: &Model, engine: &mut Engine, facts: ConfigFacts) -> Result<Networks> {
    let mut values = Vec::with_capacity(model.parameters.len());
    for parameter in &model.parameters {
        values.push(engine.read_f32(&parameter.value).await?);
    }
    let network = |net, tower: &Tower, role| Network {
        config: config_from_tower(tower, role, facts),
        tensors: network_tensors(&model.parameters, &values, net),
    };
    let shape = &model.spec.shape;
    let role = main_role(shape);
    Ok(Networks {
        main: network(NetId::Main, &shape.main, role),
        role,
        aux: shape.aux.as_ref().map(|tower| network(NetId::Aux, tower, Role::Generator)),
    })
}

/// Adam's moments by ledger name.
pub async fn read_moments(model: &Model, engine: &mut Engine) -> Result<Moments> {
    let mut moments = Moments::default();
    for parameter in &model.parameters {
        let Some([m, v]) = &parameter.moments else { continue };
        let shape: Vec<usize> = parameter.entry.shape.iter().map(|&n| n as usize).collect();
        for (tensor, into) in [(m, &mut moments.m), (v, &mut moments.v)] {
            let data = engine.read_f32(tensor).await?;
            into.insert(parameter.entry.name.clone(), HubTensor { shape: shape.clone(), data });
        }
    }
    Ok(moments)
}

/// Writes the moments into the engine. Names and shapes must be the model's.
pub fn load_moments(model: &Model, engine: &mut Engine, moments: &Moments) -> Result<()> {
    let expected: Vec<(String, Vec<usize>)> = model
        .parameters
        .iter()
        .map(|p| (p.entry.name.clone(), p.entry.shape.iter().map(|&n| n as usize).collect()))
        .collect();
    let moments = &under_todays_names(moments, &expected);
    moments.check(&expected)?;
    for parameter in &model.parameters {
        let Some([m, v]) = &parameter.moments else { continue };
        for (tensor, from) in [(m, &moments.m), (v, &moments.v)] {
            engine.write_f32(tensor, &from[&parameter.entry.name].data);
        }
    }
    Ok(())
}

/// Old checkpoints keep the moments of a masked language model that was trained alone under the name of a generator.
fn under_todays_names<'m>(moments: &'m Moments, expected: &[(String, Vec<usize>)]) -> Cow<'m, Moments> {
    let [old, new] = [Role::Generator, Role::Encoder].map(|role| format!("{}.", role.folder()));
    let trains_encoder = expected.iter().any(|(name, _)| name.starts_with(&new));
    if !trains_encoder || moments.m.keys().any(|name| name.starts_with(&new)) {
        return Cow::Borrowed(moments);
    }
    let renamed = |tensors: &Tensors| {
        let name = |name: &String| name.strip_prefix(&old).map_or_else(|| name.clone(), |rest| format!("{new}{rest}"));
        tensors.iter().map(|(key, tensor)| (name(key), tensor.clone())).collect()
    };
    Cow::Owned(Moments { m: renamed(&moments.m), v: renamed(&moments.v) })
}

/// Initial values, from the seed alone.
pub fn initialise(model: &Model, engine: &mut Engine, seed: u64) {
    for parameter in &model.parameters {
        let pad_row = parameter.entry.name.ends_with("word_embeddings.weight").then_some(model.spec.pad_id);
        let values = crate::model::init::values(&parameter.entry, seed, pad_row);
        engine.write_f32(&parameter.value, &values);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_of_an_encoder_that_was_called_a_generator_are_found() {
        let tensor = |data: f32| HubTensor { shape: vec![1], data: vec![data] };
        let moments = |name: &str| Moments {
            m: Tensors::from([(format!("{name}.w"), tensor(1.0)), ("shared.e".to_owned(), tensor(2.0))]),
            v: Tensors::from([(format!("{name}.w"), tensor(3.0)), ("shared.e".to_owned(), tensor(4.0))]),
        };
        let expected = |name: &str| vec![(format!("{name}.w"), vec![1]), ("shared.e".to_owned(), vec![1])];
        let read = |then: &str, now: &str| under_todays_names(&moments(then), &expected(now)).into_owned();
        assert_eq!(read("generator", "encoder"), moments("encoder"));
        assert_eq!(read("encoder", "encoder"), moments("encoder"));
        // A generator beside a discriminator keeps its name.
        assert_eq!(read("generator", "generator"), moments("generator"));
    }
}
