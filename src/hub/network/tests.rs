//! Tests of reading and writing one network.

use super::*;
use crate::rng::{Key, Stream};
use proptest::prelude::*;

/// A small configuration in which no two sizes are equal.
pub fn small_config(role: Role) -> ElectraConfig {
    ElectraConfig {
        vocab_size: 11,
        embedding_size: 5,
        hidden_size: 6,
        num_hidden_layers: 2,
        num_attention_heads: 2,
        intermediate_size: 7,
        max_position_embeddings: 9,
        ..ElectraConfig::standard(role)
    }
}

/// Uniform weights in (-1, 1) from a seed.
pub fn random_network(config: ElectraConfig, role: Role, seed: u64) -> Network {
    let key = Key::new(seed, 0, Stream::Init);
    let tensor = |(site, (name, shape)): (usize, (String, Vec<usize>))| {
        let count = shape.iter().product::<usize>() as u32;
        let data = (0..count).map(|i| key.unit(i, site as u32) as f32 * 2.0 - 1.0).collect();
        (name, HubTensor { shape, data })
    };
    let tensors = expected_tensors(&config, role).into_iter().enumerate().map(tensor).collect();
    Network { config, tensors }
}

fn bytes_of(tensors: &Tensors) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_safetensors(&mut bytes, tensors.iter().map(|(n, t)| (n.clone(), t))).unwrap();
    bytes
}

fn load(network: &Network, role: Role, change: impl FnOnce(&mut Tensors)) -> Result<(Network, Vec<Message>)> {
    let mut tensors = network.tensors.clone();
    change(&mut tensors);
    network_from_bytes(&network.config.to_json(role), &bytes_of(&tensors), role)
}

#[cfg(not(target_arch = "wasm32"))] // files
#[test]
fn a_folder_is_read_back_as_it_was_written() {
    let dir = tempfile::tempdir().unwrap();
    for role in Role::ALL {
        let network = random_network(small_config(role), role, 1);
        let folder = dir.path().join(role.folder());
        let vocab = vec![("vocab.txt".to_owned(), b"[PAD]\n".to_vec())];
        write_network(&folder, role, &network, &vocab).unwrap();
        assert_eq!(read_network(&folder, role).unwrap(), (network.clone(), vec![]));
        assert_eq!(tokenizer_files(&folder).unwrap(), vocab);
        // The tensors show the head, not the role: an encoder that was trained alone looks like a generator.
        assert_eq!(role_of(&folder).unwrap().proposes(), role.proposes());
        let again = write_network(&folder, role, &network, &vocab).unwrap_err();
        assert!(again.to_string().contains("folder-occupied"), "{again}");
    }
    let wrong = read_network(&dir.path().join("generator"), Role::Discriminator).unwrap_err().to_string();
    assert!(
        wrong.contains("tensors-of-generator, head = discriminator_predictions.")
            && wrong.contains("help: help-head-missing"),
        "{wrong}"
    );
}

#[test]
fn old_names_position_ids_and_a_tied_head_are_understood() {
    let network = random_network(small_config(Role::Generator), Role::Generator, 2);
    let (back, warnings) = load(&network, Role::Generator, |tensors| {
        for (old, new) in [("gamma", "weight"), ("beta", "bias")] {
            let names: Vec<String> =
                tensors.keys().filter(|n| n.ends_with(&format!("LayerNorm.{new}"))).cloned().collect();
            for name in names {
                let tensor = tensors.remove(&name).unwrap();
                tensors.insert(name.replace(&format!("LayerNorm.{new}"), &format!("LayerNorm.{old}")), tensor);
            }
        }
        let ids = HubTensor { shape: vec![1, 9], data: vec![0.0; 9] };
        tensors.insert("electra.embeddings.position_ids".to_owned(), ids);
        tensors.insert(TIED_HEAD.to_owned(), tensors[WORD_EMBEDDINGS].clone());
    })
    .unwrap();
    assert_eq!((back, warnings), (network.clone(), vec![]));

    let (back, warnings) = load(&network, Role::Generator, |tensors| {
        let mut head = tensors[WORD_EMBEDDINGS].clone();
        head.data[3] += 0.5;
        tensors.insert(TIED_HEAD.to_owned(), head);
    })
    .unwrap();
    assert_eq!(back, network);
    let told = format!("tied-head-differs (tensor = {TIED_HEAD}, gap = 5.000e-1)");
    assert_eq!(warnings.iter().map(Message::to_string).collect::<Vec<_>>(), [told]);

    let only_the_head = load(&network, Role::Generator, |tensors| {
        let word = tensors.remove(WORD_EMBEDDINGS).unwrap();
        tensors.insert(TIED_HEAD.to_owned(), word);
    });
    assert_eq!(only_the_head.unwrap().0, network);
}

#[test]
fn a_wrapper_around_the_names_is_taken_off_and_told() {
    for role in Role::ALL {
        let network = random_network(small_config(role), role, 6);
        for prefix in ["module.", "model.", "_orig_mod.", "net.student.", "module._orig_mod.", "discriminator."] {
            let (back, warnings) = load(&network, role, |tensors| {
                let named = std::mem::take(tensors).into_iter();
                *tensors = named.map(|(name, tensor)| (format!("{prefix}{name}"), tensor)).collect();
            })
            .unwrap();
            assert_eq!(back, network, "{prefix}");
            let told = format!("tensors-unwrapped (prefix = {prefix})");
            assert_eq!(warnings.iter().map(Message::to_string).collect::<Vec<_>>(), [told]);
        }
    }
    // A wrapper around the encoder alone, and old names within it.
    let network = random_network(small_config(Role::Generator), Role::Generator, 6);
    let (back, _) = load(&network, Role::Generator, |tensors| {
        let renamed = |(name, tensor): (String, HubTensor)| match name.strip_suffix("LayerNorm.weight") {
            Some(base) if base.starts_with("electra.") => (format!("model.{base}LayerNorm.gamma"), tensor),
            _ if name.starts_with("electra.") => (format!("model.{name}"), tensor),
            _ => (name, tensor),
        };
        *tensors = std::mem::take(tensors).into_iter().map(renamed).collect();
    })
    .unwrap();
    assert_eq!(back, network);
}

#[cfg(not(target_arch = "wasm32"))] // files
#[test]
fn a_folder_with_a_wrapper_has_the_role_of_what_is_in_it() {
    let dir = tempfile::tempdir().unwrap();
    let named = |prefix: &'static str, role: Role| {
        let tensors = random_network(small_config(role), role, 6).tensors.into_iter();
        tensors.map(move |(name, tensor)| (format!("{prefix}{name}"), tensor))
    };
    let role_with = |tensors: Tensors, role: Role| {
        fs::write(dir.path().join(WEIGHTS), bytes_of(&tensors)).unwrap();
        fs::write(dir.path().join("config.json"), small_config(role).to_json(role)).unwrap();
        (role_of(dir.path()), read_network(dir.path(), role))
    };
    for role in [Role::Discriminator, Role::Generator] {
        let (told, read) = role_with(named("module.", role).collect(), role);
        assert_eq!(told.unwrap(), role);
        assert!(read.is_ok());
    }
    // A wrapper beside a plain network is another network. Both readers leave it as it is.
    let both = named("", Role::Generator).chain(named("ema.", Role::Discriminator)).collect();
    let (told, read) = role_with(both, Role::Generator);
    assert_eq!(told.unwrap(), Role::Generator);
    let error = read.unwrap_err().to_string();
    assert!(error.contains("tensors-of-several (prefixes = electra, ema.electra)"), "{error}");
}

#[test]
fn several_networks_in_one_file_are_named() {
    let network = random_network(small_config(Role::Discriminator), Role::Discriminator, 6);
    let error = load(&network, Role::Discriminator, |tensors| {
        let twice = |(name, tensor): (String, HubTensor)| {
            ["student.", "teacher."].map(|prefix| (format!("{prefix}{name}"), tensor.clone()))
        };
        *tensors = std::mem::take(tensors).into_iter().flat_map(twice).collect();
    });
    let error = error.unwrap_err().to_string();
    assert!(error.contains("tensors-of-several (prefixes = student.electra, teacher.electra)"), "{error}");
    for (name, told) in [
        ("electra.encoder.layer.0.attention.self.query.lora_A.weight", "tensors-of-adapter"),
        ("roberta.embeddings.word_embeddings.weight", "tensors-of-other-model (model = roberta)"),
        ("albert.embeddings.word_embeddings.weight", "tensors-of-other-model (model = albert)"),
        ("electra.encoder.layer.0.output.dense.qweight", "tensors-of-quantised"),
        ("exp_avg.0", "tensors-of-optimizer"),
    ] {
        let alone = load(&network, Role::Discriminator, |tensors| {
            *tensors = Tensors::from([(name.to_owned(), HubTensor { shape: vec![1], data: vec![0.0] })]);
        });
        let error = alone.unwrap_err().to_string();
        assert!(error.contains(told), "{name}: {error}");
    }
}

#[test]
fn buffers_beside_the_parameters_are_left_out() {
    use safetensors::tensor::{Dtype, TensorView};
    let network = random_network(small_config(Role::Discriminator), Role::Discriminator, 7);
    let bytes = bytes_of(&network.tensors);
    let stored = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let (longs, small, flags) = ([0u8; 72], [1u8; 9], [1u8]);
    for (name, dtype, shape, data) in [
        ("electra.embeddings.position_ids", Dtype::I64, vec![1, 9], &longs[..]),
        ("electra.embeddings.token_type_ids", Dtype::I64, vec![1, 9], &longs[..]),
        ("position_ids", Dtype::U8, vec![9], &small[..]),
        ("num_batches_tracked", Dtype::I64, vec![], &longs[..8]),
        ("causal_mask", Dtype::BOOL, vec![1], &flags[..]),
    ] {
        let extra = (name.to_owned(), TensorView::new(dtype, shape, data).unwrap());
        let all = safetensors::serialize(stored.tensors().into_iter().chain([extra]), None).unwrap();
        let config = network.config.to_json(Role::Discriminator);
        let read = network_from_bytes(&config, &all, Role::Discriminator).unwrap();
        assert_eq!(read, (network.clone(), vec![]), "{name}");
    }
    // A parameter of whole numbers is none of them.
    let whole =
        ("electra.embeddings.LayerNorm.bias".to_owned(), TensorView::new(Dtype::I64, vec![5], &longs[..40]).unwrap());
    let others = stored.tensors().into_iter().filter(|(name, _)| *name != whole.0).chain([whole.clone()]);
    let all = safetensors::serialize(others, None).unwrap();
    let error = network_from_bytes(&network.config.to_json(Role::Discriminator), &all, Role::Discriminator);
    assert!(error.unwrap_err().to_string().contains("tensor-not-floats"));
}

#[test]
fn every_wrong_tensor_is_named_in_one_error() {
    let network = random_network(small_config(Role::Discriminator), Role::Discriminator, 3);
    let read = |change: &dyn Fn(&mut Tensors)| load(&network, Role::Discriminator, change).unwrap_err().to_string();
    let error = read(&|tensors| {
        tensors.remove("electra.encoder.layer.1.output.dense.bias");
        tensors.insert("extra".to_owned(), HubTensor { shape: vec![], data: vec![1.0] });
        tensors
            .insert("electra.embeddings.LayerNorm.bias".to_owned(), HubTensor { shape: vec![2], data: vec![0.0; 2] });
    });
    for part in [
        "tensors-missing (count = 1, names = electra.encoder.layer.1.output.dense.bias, more = 0)",
        "tensors-unexpected (count = 1, names = extra, more = 0)",
        "tensor-of-other-shape (name = electra.embeddings.LayerNorm.bias, is = [2], expected = [5])",
    ] {
        assert!(error.contains(part), "{error}");
    }

    let bare = read(&|tensors| {
        let encoder = tensors.iter().filter_map(|(n, t)| n.strip_prefix("electra.").map(|n| (n.to_owned(), t.clone())));
        *tensors = encoder.collect();
    });
    assert!(bare.contains("tensors-of-encoder") && bare.contains("head = discriminator_predictions."), "{bare}");

    let classifier = read(&|tensors| {
        tensors.retain(|name, _| name.starts_with("electra."));
        tensors.insert("classifier.out_proj.bias".to_owned(), HubTensor { shape: vec![2], data: vec![0.0; 2] });
    });
    assert!(classifier.contains("tensors-of-classifier"), "{classifier}");

    let broken = read(&|tensors| tensors.get_mut(WORD_EMBEDDINGS).unwrap().data[7] = f32::NAN);
    assert!(broken.contains("(at = 7, name = electra.embeddings.word_embeddings.weight, value = NaN)"), "{broken}");

    let twice = read(&|tensors| {
        let bias = tensors["electra.embeddings.LayerNorm.bias"].clone();
        tensors.insert("electra.embeddings.LayerNorm.beta".to_owned(), bias);
    });
    assert!(twice.contains("tensor-twice (name = electra.embeddings.LayerNorm.bias)"), "{twice}");
}

#[cfg(not(target_arch = "wasm32"))] // files
#[test]
fn shards_are_joined_and_may_not_point_elsewhere() {
    let dir = tempfile::tempdir().unwrap();
    let network = random_network(small_config(Role::Discriminator), Role::Discriminator, 4);
    let mut first = network.tensors.clone();
    let second = first.split_off("electra.encoder.layer.1");
    let mut map = BTreeMap::new();
    for (file, tensors) in [("model-00001-of-00002.safetensors", first), ("model-00002-of-00002.safetensors", second)] {
        fs::write(dir.path().join(file), bytes_of(&tensors)).unwrap();
        map.extend(tensors.into_keys().map(|name| (name, file)));
    }
    fs::write(dir.path().join("config.json"), network.config.to_json(Role::Discriminator)).unwrap();
    let index = dir.path().join(INDEX);
    fs::write(&index, serde_json::json!({"metadata": {"total_size": 1}, "weight_map": map}).to_string()).unwrap();
    assert_eq!(read_network(dir.path(), Role::Discriminator).unwrap().0, network);
    fs::remove_file(dir.path().join("model-00002-of-00002.safetensors")).unwrap();
    let lost = read_network(dir.path(), Role::Discriminator).unwrap_err();
    assert!(lost.place.unwrap().to_string().ends_with("model-00002-of-00002.safetensors"));
    fs::write(&index, r#"{"weight_map": {"a": "../model.safetensors"}}"#).unwrap();
    let outside = read_network(dir.path(), Role::Discriminator).unwrap_err().to_string();
    assert!(outside.contains("shard-name-not-plain"), "{outside}");
}

#[cfg(not(target_arch = "wasm32"))] // files
#[test]
fn a_folder_without_safetensors_says_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let read = || read_network(dir.path(), Role::Generator).unwrap_err().to_string();
    assert!(read().contains("config.json: cannot-do (doing = io-read-configuration"));
    fs::write(dir.path().join("config.json"), ElectraConfig::standard(Role::Generator).to_json(Role::Generator))
        .unwrap();
    assert!(read().contains("no-weights (file = model.safetensors)"));
    fs::write(dir.path().join("pytorch_model.bin"), "pickle").unwrap();
    let error = read();
    assert!(
        error
            .contains("(file = pytorch_model.bin, command = python -c \"from transformers import ElectraForMaskedLM; "),
        "{error}"
    );
    fs::write(dir.path().join(WEIGHTS), [0; 20]).unwrap();
    let error = read();
    assert!(error.contains("model.safetensors: safetensors-damaged"), "{error}");
    for (bytes, told) in [
        (
            &b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 51\n"[..],
            "file-is-lfs-pointer (bytes = 51)",
        ),
        (b"<!DOCTYPE html><html><body>401</body></html>", "file-is-web-page"),
        (b"PK\x03\x04\x00\x00\x08\x08\x00\x00model/data.pkl", "file-is-zip"),
        (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.", "file-is-pickle"),
        (br#"{"error":"Repository not found"}"#, "file-is-text"),
        (b"Entry not found", "file-is-text"),
        (b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", "file-is-format (format = gzip)"),
        (b"\x89HDF\r\n\x1a\n\x00\x00\x00", "file-is-format (format = HDF5)"),
        (b"GGUF\x03\x00\x00\x00\x00\x00", "file-is-format (format = GGUF)"),
    ] {
        fs::write(dir.path().join(WEIGHTS), bytes).unwrap();
        let error = read();
        assert!(error.contains("model.safetensors: not-the-file-itself") && error.contains(told), "{error}");
    }
    fs::write(dir.path().join("config.json"), "version https://git-lfs.github.com/spec/v1\nsize 9\n").unwrap();
    assert!(read().contains("config.json: not-the-file-itself (what = file-is-lfs-pointer (bytes = 9))"));
}

proptest! {
    #[test]
    fn a_mutated_network_is_read_or_refused(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        head in any::<bool>(),
    ) {
        let network = random_network(small_config(Role::Generator), Role::Generator, 5);
        let mut bytes = bytes_of(&network.tensors);
        // Half of the cases change only the header, because the interesting part of a file is small.
        let span = if head { 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize } else { bytes.len() };
        for (at, byte) in edits {
            let at = at.index(span);
            bytes[at] = byte;
        }
        network_from_bytes(&network.config.to_json(Role::Generator), &bytes, Role::Generator).ok();
    }
}
