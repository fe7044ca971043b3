//! Reads networks that transformers wrote for the fixtures, and writes them back to the same bytes.

use electroscope::hub::{self, Role, expected_tensors, open_safetensors};
use std::path::Path;

#[test]
fn both_networks_of_every_fixture_are_read_and_written_to_the_same_bytes() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/fixtures"));
    let Ok(fixtures) = std::fs::read_dir(root) else {
        println!("SKIP hub_fixtures: ../shared/fixtures not found");
        return;
    };
    let out = tempfile::tempdir().unwrap();
    let mut seen = 0;
    for fixture in fixtures.map(|entry| entry.unwrap().path()) {
        let (pair, warnings) = hub::read_pair(&fixture).unwrap();
        assert!(warnings.is_empty(), "{warnings:?}");
        for (role, network) in [(Role::Discriminator, &pair.discriminator), (Role::Generator, &pair.generator)] {
            let expected = expected_tensors(&network.config, role);
            assert_eq!(network.tensors.len(), expected.len());
            assert!(expected.iter().all(|(name, shape)| network.tensors[name].shape == *shape));
        }
        let copy = out.path().join(fixture.file_name().unwrap());
        hub::write_pair(&copy, &pair, &[]).unwrap();
        for role in [Role::Discriminator, Role::Generator] {
            let name = format!("{}/model.safetensors", role.folder());
            assert_eq!(std::fs::read(copy.join(&name)).unwrap(), std::fs::read(fixture.join(&name)).unwrap(), "{name}");
        }
        let mut batch = open_safetensors(&fixture.join("batch.safetensors")).unwrap();
        let (shape, ids) = batch.integers("input_ids").unwrap();
        assert_eq!(shape.iter().product::<usize>(), ids.len());
        assert!(ids.iter().all(|id| (0..pair.generator.config.vocab_size as i64).contains(id)));
        assert_eq!(batch.tensor("discriminator_logits").unwrap().shape, shape);
        seen += 1;
    }
    assert!(seen > 0, "no fixture in {}", root.display());
}
