//! `export`: writes a run's networks as folders that transformers' `from_pretrained` loads.

use super::args::ExportArgs;
use super::output::Output;
use crate::Result;
use crate::tasks::export;
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
    let export::Exported { networks, positions, trained_row_len, warnings } = export::export(&args.run, &args.to)?;
    warnings.iter().try_for_each(|warning| output.warning(warning))?;
    if let Some(row_len) = trained_row_len.filter(|row_len| (*row_len as usize) < positions) {
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
    for name in &networks {
        output.text(&args.to.join(name).display().to_string())?;
    }
    output.event(&Exported { path: args.to.display().to_string(), networks, trained_row_len })
}
