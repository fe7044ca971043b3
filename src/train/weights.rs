//! Weights between an engine's arenas and Hugging Face's names: every part of every ledger entry, both ways.

use super::engine::Engine;
use crate::hub::{ElectraConfig, HubTensor, Network, Networks, Role, Tensors};
use crate::model::ledger::{Group, Shape, Tower};
use crate::model::{Model, Parameter};
use crate::train::checkpoint::Moments;
use crate::{Error, Result};

/// The sizes of networks that were read.
///
/// # Errors
/// A head larger than the kernels cover, or a depth or size this program cannot count.
pub fn shape_from_networks(networks: &Networks) -> Result<Shape> {
    let discriminator = networks.discriminator.as_ref().map(|network| tower(&network.config)).transpose()?;
    Ok(Shape { generator: tower(&networks.generator.config)?, discriminator })
}

/// The sizes of one network.
pub fn tower(c: &ElectraConfig) -> Result<Tower> {
    let head = c.hidden_size / c.num_attention_heads;
    if head > crate::ops::attention::HEAD_MAX as usize {
        return Err(Error::failed(format!(
            "attention heads of {head} channels; at most {}",
            crate::ops::attention::HEAD_MAX
        )));
    }
    let size = |n: usize| u32::try_from(n).map_err(|_| Error::failed(format!("a size of {n}")));
    Ok(Tower {
        vocab: size(c.vocab_size)?,
        positions: size(c.max_position_embeddings)?,
        segments: size(c.type_vocab_size)?,
        embedding: size(c.embedding_size)?,
        hidden: size(c.hidden_size)?,
        layers: size(c.num_hidden_layers)?,
        heads: size(c.num_attention_heads)?,
        ffn: size(c.intermediate_size)?,
        eps_bits: (c.layer_norm_eps as f32).to_bits(),
    })
}

/// What a network's config.json says.
#[derive(Debug, Clone, Copy)]
pub struct ConfigFacts {
    pub dropout: f64,
    pub attention_dropout: f64,
    pub initializer_range: f64,
    pub pad_id: u32,
}

/// config.json of a tower.
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

fn group(role: Role) -> Group {
    match role {
        Role::Discriminator => Group::Discriminator,
        Role::Generator => Group::Generator,
    }
}

/// Writes the weights of a run's networks into the engine. The shared ones are taken from the discriminator, if there is one.
pub fn load_run(model: &Model, engine: &mut Engine, networks: &Networks) {
    load_networks(&model.parameters, engine, |group| match group {
        Group::Generator => Some(&networks.generator),
        _ => networks.discriminator.as_ref(),
    });
}

/// Writes the weights of the networks there are: those of every group that `parameters` name.
pub fn load_networks<'n>(
    parameters: &[Parameter],
    engine: &mut Engine,
    network_of: impl Fn(Group) -> Option<&'n Network>,
) {
    for parameter in parameters {
        let entry = &parameter.entry;
        let mut values = vec![0.0; entry.len() as usize];
        // In reverse: a shared entry lists the discriminator first, so it is written last.
        for part in entry.parts.iter().rev() {
            let network = network_of(part.network).expect("a plan is recorded for the networks that were read");
            let tensor =
                network.tensors.get(&part.name).expect("a network holds exactly the tensors of its configuration");
            let first = (part.rows.start * entry.row_len()) as usize;
            values[first..first + tensor.data.len()].copy_from_slice(&tensor.data);
        }
        engine.write_f32(&parameter.value, &values);
    }
}

/// The tensors of one network, cut out of entries given in the model's order (values, gradients, anything of that shape).
pub fn network_tensors(parameters: &[Parameter], values: &[Vec<f32>], role: Role) -> Tensors {
    let mut tensors = Tensors::new();
    for (parameter, values) in parameters.iter().zip(values) {
        let entry = &parameter.entry;
        for part in entry.parts.iter().filter(|part| part.network == group(role)) {
            let shape = entry.part_shape(part);
            let first = (part.rows.start * entry.row_len()) as usize;
            let data = values[first..first + shape.iter().product::<usize>()].to_vec();
            tensors.insert(part.name.clone(), HubTensor { shape, data });
        }
    }
    tensors
}

/// The networks as they are in the engine now.
pub async fn read_networks(model: &Model, engine: &mut Engine, facts: ConfigFacts) -> Result<Networks> {
    let mut values = Vec::with_capacity(model.parameters.len());
    for parameter in &model.parameters {
        values.push(engine.read_f32(&parameter.value).await?);
    }
    let network = |tower: &Tower, role| Network {
        config: config_from_tower(tower, role, facts),
        tensors: network_tensors(&model.parameters, &values, role),
    };
    let shape = &model.spec.shape;
    Ok(Networks {
        discriminator: shape.discriminator.as_ref().map(|tower| network(tower, Role::Discriminator)),
        generator: network(&shape.generator, Role::Generator),
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

/// The way back; names and shapes must be the model's.
pub fn load_moments(model: &Model, engine: &mut Engine, moments: &Moments) -> Result<()> {
    let expected: Vec<(String, Vec<usize>)> = model
        .parameters
        .iter()
        .map(|p| (p.entry.name.clone(), p.entry.shape.iter().map(|&n| n as usize).collect()))
        .collect();
    moments.check(&expected)?;
    for parameter in &model.parameters {
        let Some([m, v]) = &parameter.moments else { continue };
        for (tensor, from) in [(m, &moments.m), (v, &moments.v)] {
            engine.write_f32(tensor, &from[&parameter.entry.name].data);
        }
    }
    Ok(())
}

/// Initial values, from the seed alone.
pub fn initialise(model: &Model, engine: &mut Engine, seed: u64) {
    for (index, parameter) in model.parameters.iter().enumerate() {
        let pad_row = parameter.entry.name.ends_with("word_embeddings.weight").then_some(model.spec.pad_id);
        let values = crate::model::init::values(&parameter.entry, index as u32, seed, pad_row);
        engine.write_f32(&parameter.value, &values);
    }
}
