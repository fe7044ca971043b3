//! `export`: a run's networks as folders that transformers' `from_pretrained` loads.

use super::args::ExportArgs;
use super::output::Output;
use crate::hub::{self, Role};
use crate::tasks::reader::{self, TRAINED_ROW_LEN};
use crate::train::checkpoint::resolve_model;
use crate::{Error, Result};
use serde::Serialize;

#[derive(Serialize)]
#[serde(tag = "event", rename = "export")]
struct Exported {
    path: String,
    /// The folders below it.
    networks: Vec<&'static str>,
    trained_row_len: Option<u32>,
}

pub fn run(args: &ExportArgs, output: Output) -> Result<()> {
    let found = resolve_model(&args.run)?;
    let folder = found.folder(Role::Generator)?;
    let pair = folder.parent().ok_or_else(|| Error::failed("it lies in no folder").at(folder.display()))?;
    let (mut networks, warnings) = hub::read_networks(pair)?;
    warnings.iter().try_for_each(|warning| output.warning(warning))?;
    let files = hub::tokenizer_files(folder)?;
    if files.is_empty() {
        return Err(Error::failed("there are no tokenizer files here").at(folder.display()));
    }
    let trained = reader::trained_row_len(&found, &networks.generator)?;
    let mut names = vec![Role::Generator.folder()];
    if networks.discriminator.is_some() {
        names.insert(0, Role::Discriminator.folder());
    }
    for network in networks.discriminator.iter_mut().chain([&mut networks.generator]) {
        // So that who reads the export knows it too; transformers keeps fields it does not know.
        if let Some(row_len) = trained {
            network.config.extra.insert(TRAINED_ROW_LEN.to_owned(), row_len.into());
        }
    }
    let positions = networks.generator.config.max_position_embeddings;
    hub::write_networks(&args.to, &networks, &files)?;
    if let Some(row_len) = trained.filter(|row_len| (*row_len as usize) < positions) {
        output.warning(&output.lang.pick(
            format!(
                "the model has {positions} positions, but was trained on rows of {row_len} tokens: positions from {row_len} \
                 on are untrained, so give it texts of at most {row_len} tokens"
            ),
            format!(
                "o modelo tem {positions} posições, mas foi treinado com linhas de {row_len} tokens: as posições a partir de \
                 {row_len} não foram treinadas, então dê textos de no máximo {row_len} tokens"
            ),
        ))?;
    }
    for name in &names {
        output.text(&args.to.join(name).display().to_string())?;
    }
    output.event(&Exported { path: args.to.display().to_string(), networks: names, trained_row_len: trained })
}
