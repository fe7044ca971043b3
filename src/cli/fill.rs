//! `fill`: prints the generator's proposals for each `[MASK]`.

use super::args::FillArgs;
use super::output::Output;
use super::texts;
use crate::Result;
use crate::tasks::reader::{Blank, Reader, Reading};
use crate::train::engine::Backend;
use serde::Serialize;

#[derive(Serialize)]
#[serde(tag = "event", rename = "fill")]
struct Filled<'a> {
    masks: &'a [Blank],
}

pub async fn run(args: &FillArgs, output: Output) -> Result<()> {
    let backend = Backend::open(&args.machine.device).await?;
    let mut reader = Reader::open(&args.model.model, Reading::Propose, backend)?;
    reader.warnings().iter().try_for_each(|warning| output.warning(warning))?;
    for text in texts::read(&args.texts)? {
        let text = text?;
        if text.is_blank_line() {
            continue;
        }
        let masks = reader.fill(&text.text, args.top as usize).await.map_err(|e| text.blame(e))?;
        output.too_long(reader.too_long(reader.tokenizer().encode(&text.text)?.ids.len()))?;
        output.event(&Filled { masks: &masks })?;
        output.text(&format!("{}\n{}", text.text, table(&masks, &reader.tokenizer().names().mask, output)))?;
    }
    Ok(())
}

/// One line for each blank: the words and their probabilities, best first.
fn table(masks: &[Blank], mask: &str, output: Output) -> String {
    let line = |(number, blank): (usize, &Blank)| {
        let words = blank.proposals.iter().map(|proposal| {
            let percent = output.lang.percent(proposal.probability.into(), 1);
            format!("{} {percent}", output.styled("1", &proposal.token))
        });
        format!("  {mask} {}: {}", number + 1, words.collect::<Vec<_>>().join(", "))
    };
    masks.iter().enumerate().map(line).collect::<Vec<_>>().join("\n")
}
