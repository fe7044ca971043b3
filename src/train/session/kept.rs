//! Reads from the engine what a checkpoint keeps of the networks.

use super::Session;
use crate::Result;
use crate::hub::Networks;
use crate::train::weights;

impl Session {
    /// The networks as they are now. Every number must have arrived.
    ///
    /// # Errors
    /// The device failed.
    pub async fn networks(&mut self) -> Result<Networks> {
        let facts = self.facts();
        let mut networks = weights::read_networks(&self.model, &mut self.engine, facts).await?;
        self.padding.restore(&mut networks);
        Ok(networks)
    }

    /// The facts of config.json that are not sizes.
    pub fn facts(&self) -> weights::ConfigFacts {
        weights::ConfigFacts {
            dropout: self.config.dropout,
            attention_dropout: self.config.attention_dropout,
            initializer_range: self.config.init_std,
            pad_id: self.tokenizer.specials().pad,
        }
    }
}
