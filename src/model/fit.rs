//! Whether a model can be recorded at all within a device's limits: its largest tensors, counted before any is made.
//! [`ModelSpec`] + limits -> nothing, or an error that says what is too large, by how much, and what would fit.

use super::ledger;
use super::record::{ModelSpec, TrainSpec};
use crate::plan::Limits;
use crate::{Error, Result};

/// Slots that a chunk of the vocabulary's softmax has at least (`heads::chunk_rows`).
const CHUNK_MIN: u64 = crate::plan::ALIGN as u64;

impl ModelSpec {
    /// Refuses a model of which some tensor could not be bound. Whether the whole fits into a device's memory shows when it is made.
    ///
    /// # Errors
    /// The tensor, its bytes, the limit, and sizes that keep to it.
    pub fn check(&self, limits: Limits) -> Result<()> {
        let bytes_max = limits.binding_bytes_max.min(limits.buffer_bytes_max);
        self.check_parameters(bytes_max)?;
        self.check_vocabulary(bytes_max)?;
        self.train.as_ref().map_or(Ok(()), |train| self.check_batch(train, bytes_max))
    }

    fn check_parameters(&self, bytes_max: u64) -> Result<()> {
        for entry in ledger::ledger(&self.shape, self.init, self.init_std) {
            let bytes = 4 * entry.shape.iter().map(|&n| u64::from(n)).fold(1, u64::saturating_mul);
            if bytes > bytes_max {
                return Err(too_large(&format!("{} {:?}", entry.name, entry.shape), bytes, bytes_max)
                    .hint("lower vocab_size, embedding_size, hidden_size or ffn_size"));
            }
        }
        Ok(())
    }

    fn check_vocabulary(&self, bytes_max: u64) -> Result<()> {
        let vocab = u64::from(self.shape.generator.vocab);
        let bytes = 4 * CHUNK_MIN * vocab;
        if bytes > bytes_max {
            let fits = bytes_max / (4 * CHUNK_MIN);
            return Err(too_large(&format!("the logits of {CHUNK_MIN} slots over {vocab} words"), bytes, bytes_max)
                .hint(format!("a vocabulary of {fits} fits")));
        }
        Ok(())
    }

    /// The widest activation: query, key and value side by side, or the feed-forward layer, of every token of a micro-batch.
    fn check_batch(&self, train: &TrainSpec, bytes_max: u64) -> Result<()> {
        let widths =
            self.shape.towers().map(|(_, t)| (3 * u64::from(t.hidden)).max(t.ffn.into()).max(t.embedding.into()));
        let widest = widths.max().unwrap_or(0);
        let (rows, row_len) = (u64::from(train.size.rows), u64::from(train.size.row_len));
        let row_bytes = 4 * row_len * widest;
        let bytes = rows.saturating_mul(row_bytes);
        if bytes <= bytes_max {
            return Ok(());
        }
        let what = format!("an activation of {rows} rows × {row_len} tokens × {widest} channels");
        let hint = match bytes_max / row_bytes {
            0 => "lower seq_len, hidden_size or ffn_size: not one row fits".to_owned(),
            fits => format!(
                "--set batch={fits} fits; with --set accumulate={} a step has as many rows",
                rows.div_ceil(fits)
            ),
        };
        Err(too_large(&what, bytes, bytes_max).hint(hint))
    }
}

fn too_large(what: &str, bytes: u64, bytes_max: u64) -> Error {
    let mib = |bytes: u64| format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20));
    Error::failed(format!("{what} needs {}; a device binds at most {} at once", mib(bytes), mib(bytes_max)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Overrides, PRESETS};
    use crate::model::Model;
    use crate::plan::Choices;

    fn spec(preset: &str, set: &[&str]) -> ModelSpec {
        let set = set.iter().map(|s| (*s).to_owned()).collect();
        let config = Config::load(preset, &Overrides { set, ..Overrides::default() }).unwrap();
        ModelSpec::from_config(&config, config.vocab_size, 0, None)
    }

    fn refused(preset: &str, set: &[&str]) -> String {
        spec(preset, set).check(Limits::default()).unwrap_err().to_string()
    }

    #[test]
    fn every_preset_fits_webgpus_default_limits() {
        for (preset, _) in PRESETS {
            spec(preset, &[]).check(Limits::default()).unwrap();
        }
    }

    #[test]
    fn what_is_refused_is_named_with_numbers_and_with_what_fits() {
        let words = refused("small", &["vocab_size=400000"]);
        assert!(words.contains("word_embeddings.weight [400000, 128] needs 195.3 MiB"), "{words}");
        assert!(words.contains("at most 128.0 MiB"), "{words}");
        let batch = refused("small", &["batch=1000"]);
        assert!(batch.contains("1000 rows × 128 tokens × 1024 channels needs 500.0 MiB"), "{batch}");
        assert!(batch.contains("--set batch=256") && batch.contains("--set accumulate=4"), "{batch}");
        assert!(refused("nano", &["ffn_size=1000000000", "batch=1"]).contains("intermediate.dense.weight"));
        assert!(refused("nano", &["vocab_size=600000", "embedding_size=4"]).contains("a vocabulary of 524288 fits"));
    }

    #[test]
    fn a_model_that_passes_can_be_recorded() {
        // On the border: one row more is refused, this many are recorded, where a tensor too large to bind would panic.
        let shapes: [(&str, &[&str]); 4] = [
            ("nano", &["seq_len=512"]),
            ("small", &["layers=1"]),
            ("small", &["layers=1", "ffn_size=512", "objective=mlm"]),
            ("mini", &["layers=1", "embedding_size=1500", "mask_prob=0.9"]),
        ];
        for (preset, set) in shapes {
            let at = |rows: u32| spec(preset, &[set, &[format!("batch={rows}").as_str()]].concat());
            let passes = |rows: u32| at(rows).check(Limits::default()).is_ok();
            let (mut most, mut least) = (1, 1 << 10);
            assert!(passes(most) && !passes(least), "{preset} {set:?}");
            while least - most > 1 {
                let middle = (most + least) / 2;
                *(if passes(middle) { &mut most } else { &mut least }) = middle;
            }
            let plan = Model::record(at(most), Choices::default(), Limits::default()).plan;
            assert!(plan.buffers.iter().all(|b| u64::from(b.len) * 4 <= Limits::default().buffer_bytes_max));
        }
    }
}
