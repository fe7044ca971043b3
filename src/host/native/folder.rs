//! A run's folder as its store: config.toml, metrics.jsonl, the file for TensorBoard, checkpoints/ and report.html.

use crate::config::Config;
use crate::hub::replace_file;
use crate::lang::Lang;
use crate::message::Message;
use crate::path::{quoted, word_of};
use crate::run::host::{Ending, Kept, Store};
use crate::train::checkpoint::{RunFolder, Snapshot};
use crate::train::event::{Event, Outcome};
use crate::view::log::{Log, read_events, write_report};
use crate::view::tensorboard::TensorBoard;
use crate::view::words;
use crate::{Error, Result};

/// A run's folder that this process has locked.
#[derive(Debug)]
pub struct Folder {
    folder: RunFolder,
    lang: Lang,
    record: Option<(Log, TensorBoard)>,
}

impl Folder {
    pub(super) fn new(folder: RunFolder, lang: Lang) -> Self {
        Self { folder, lang, record: None }
    }
}

impl Store for Folder {
    fn name(&self) -> String {
        super::name_of(self.folder.path())
    }

    fn begin_record(&mut self) -> Result<()> {
        let run = self.folder.path();
        self.record = Some((Log::open(run)?, TensorBoard::create(run)?));
        Ok(())
    }

    fn append(&mut self, event: &Event) -> Result<()> {
        let Some((log, board)) = &mut self.record else {
            unreachable!("a run begins its record before its first event")
        };
        log.write(event)?;
        board.write(event)
    }

    fn events(&self) -> Result<Vec<Event>> {
        read_events(self.folder.path())
    }

    fn write_config(&mut self, config: &Config) -> Result<()> {
        let path = self.folder.path().join("config.toml");
        replace_file(&path, config.to_toml().as_bytes()).map_err(|e| Error::io("io-write-configuration", &path, &e))
    }

    fn keep(&mut self, snapshot: &Snapshot, keep: usize) -> Result<Kept> {
        let written = self.folder.write(snapshot, keep)?;
        Ok(Kept { place: super::name_of(&written.dir), warnings: written.warnings })
    }

    fn set_aside_after(&mut self, step: u64) -> Result<Vec<String>> {
        Ok(self.folder.set_aside_after(step)?.iter().map(|path| super::name_of(path)).collect())
    }

    fn next_steps(&self, Ending { outcome, judged, example, mask }: Ending<'_>) -> Vec<String> {
        let run = word_of(self.folder.path());
        // The name by which this program was called, because it may not be on the path.
        let program =
            std::env::args_os().next().map_or_else(|| "electroscope".to_owned(), |name| word_of(name.as_ref()));
        let common = words::text(&Message::new("example-text"), self.lang);
        let text = example.unwrap_or(&common);
        // After `--` a text may begin with a dash.
        let given = |text: &str| format!("{}{}", if text.starts_with('-') { "-- " } else { "" }, quoted(text));
        let first = if judged {
            format!("{program} detect {run} {}", given(text))
        } else {
            // No network judges here, so one word of the text is masked, for `fill`.
            let masked = |(n, word)| if n == 1 { mask } else { word };
            let words: Vec<&str> = text.split(' ').enumerate().map(masked).collect();
            format!("{program} fill {run} {}", given(&words.join(" ")))
        };
        let mut next = vec![first, format!("{program} eval {run}"), format!("{program} export {run} --to model")];
        if outcome == Outcome::Stopped {
            next.insert(0, format!("{program} train --resume --out {run}"));
        }
        next
    }

    fn close(&mut self) -> Result<()> {
        write_report(self.folder.path(), self.lang).map(|_| ())
    }
}
