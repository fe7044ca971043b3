//! `export`: writes a run's networks as folders that transformers' `from_pretrained` loads.

use super::args::ExportArgs;
use super::output::Output;
use crate::Result;
use crate::message::Message;
use crate::path::name_of;
use crate::tasks::export;
use serde::Serialize;

#[derive(Serialize)]
#[serde(tag = "event", rename = "export")]
struct Exported {
    path: String,
    /// The step of the checkpoint, if the networks are a run's.
    step: Option<u64>,
    /// The folders below it.
    networks: Vec<&'static str>,
    trained_row_len: Option<u32>,
}

pub fn run(args: &ExportArgs, output: Output) -> Result<()> {
    let exported = export::export(&args.run, &args.to)?;
    let export::Exported { step, networks, positions, trained_row_len, warnings } = exported;
    warnings.iter().try_for_each(|warning| output.warning(warning))?;
    if let Some(row_len) = trained_row_len.filter(|row_len| (*row_len as usize) < positions) {
        output.warning(&Message::new("positions-untrained").with("positions", positions).with("row_len", row_len))?;
    }
    for name in &networks {
        output.text(&name_of(&args.to.join(name)))?;
    }
    output.event(&Exported { path: name_of(&args.to), step, networks, trained_row_len })
}
