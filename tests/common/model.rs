//! Writes a small model with random weights and a tokenizer of its own, as transformers would.

use electroscope::hub::{ElectraConfig, HubTensor, Network, Role, expected_tensors, pair_from_networks, write_pair};
use electroscope::rng::{Key, Sequence, Stream};
use electroscope::text::tokenizer::{Cleaning, SPECIALS, Tokenizer};
use std::path::Path;

/// Words of the small tokenizer, after the special ones.
pub const WORDS: &str = "the a dog cat bone ball eats drank sat on in . , ##s ##ing run ação acao avó o";

/// Portuguese or English, lower case, accents kept.
pub fn tokenizer() -> Tokenizer {
    let vocab = SPECIALS.iter().copied().chain(WORDS.split(' ')).map(str::to_owned).collect();
    Tokenizer::new(vocab, Cleaning { strip_accents: Some(false), ..Cleaning::UNCASED }, "test").unwrap()
}

/// `dir`/discriminator and `dir`/generator with `positions` positions.
pub fn write_random(dir: &Path, positions: usize, seed: u64) {
    let tokenizer = tokenizer();
    let config = |role, hidden_size, num_attention_heads, intermediate_size| ElectraConfig {
        vocab_size: tokenizer.vocab_size(),
        embedding_size: 12,
        hidden_size,
        num_hidden_layers: 2,
        num_attention_heads,
        intermediate_size,
        max_position_embeddings: positions,
        ..ElectraConfig::standard(role)
    };
    let mut random = Sequence::new(Key::new(seed, 0, Stream::Init), 0);
    let mut network = |role, config: ElectraConfig| {
        let mut tensor = |(name, shape): (String, Vec<usize>)| {
            // Normalisation near one, everything else wide enough for judgements that differ.
            let centre = if name.ends_with("LayerNorm.weight") { 1.0 } else { 0.0 };
            let data = (0..shape.iter().product()).map(|_| centre + (random.unit() - 0.5) as f32).collect();
            (name, HubTensor { shape, data })
        };
        let tensors = expected_tensors(&config, role).into_iter().map(&mut tensor).collect();
        Network { config, tensors }
    };
    let discriminator = network(Role::Discriminator, config(Role::Discriminator, 24, 3, 40));
    let generator = network(Role::Generator, config(Role::Generator, 16, 2, 28));
    let (pair, _) = pair_from_networks(discriminator, generator).unwrap();
    let files = tokenizer.to_files(positions).unwrap().map(|(name, text)| (name.to_owned(), text.into_bytes()));
    write_pair(dir, &pair, &files).unwrap();
}
