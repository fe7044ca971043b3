//! Keeps the run's own record, `RUN/metrics.jsonl`, with one event in each line; it is only appended to. It also makes the report of the
//! record. If the process is killed, at most the line being written is lost: the reader drops a torn last line, and the writer
//! removes it.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::hub::replace_file;
use crate::path::name_of;
use crate::train::event::Event;
use crate::view::appended::Appended;
use crate::view::{Lang, report, words};

/// The log's name in a run's folder.
pub const FILE: &str = "metrics.jsonl";

/// Appends events to a run's log. Each line is handed to the system whole, in one write.
#[derive(Debug)]
pub struct Log(Appended);

impl Log {
    /// Opens the log of the run in folder `run`, which must exist. If there is no log yet, it creates one.
    ///
    /// # Errors
    /// The file cannot be opened or repaired.
    pub fn open(run: &Path) -> Result<Self> {
        let path = run.join(FILE);
        let file = Appended::open(&path, whole_lines_bytes);
        file.map(Self).map_err(|source| Error::io("io-open-runs-log", &path, &source))
    }

    /// Appends an event as a run's record keeps it ([`Event::recorded`]).
    ///
    /// # Errors
    /// The disk is full or gone. Then the log ends after the previous event, and this one can be written later.
    pub fn write(&mut self, event: &Event) -> Result<()> {
        let written = self.0.append(words::json_line(event).as_bytes());
        written.map_err(|source| Error::io("io-append-to-runs-log", self.0.path(), &source))
    }

    /// Makes sure that the log is in its place and whole.
    ///
    /// # Errors
    /// The disk is full or gone.
    pub fn mend(&mut self) -> Result<()> {
        self.0.mend().map_err(|source| Error::io("io-append-to-runs-log", self.0.path(), &source))
    }

    /// Whether the log at its place is still the one that was opened.
    pub fn in_place(&self) -> bool {
        self.0.in_place()
    }
}

/// The length of `file` up to its last line end, which is searched from the back.
fn whole_lines_bytes(file: &mut File) -> std::io::Result<u64> {
    let mut end = file.seek(SeekFrom::End(0))?;
    let mut block = [0; 4096];
    while end > 0 {
        let start = end.saturating_sub(block.len() as u64);
        let part = &mut block[..(end - start) as usize];
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(part)?;
        if let Some(at) = part.iter().rposition(|byte| *byte == b'\n') {
            return Ok(start + at as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

/// The events of the run in folder `run` that still count. It leaves out a torn last line, the events that a resumed run replaced,
/// and kinds that a newer version may have added.
///
/// # Errors
/// There is no log, it cannot be read, or a whole line of it is not an event (the error has its number).
pub fn read_events(run: &Path) -> Result<Vec<Event>> {
    let path = run.join(FILE);
    let file = File::open(&path).map_err(|source| Error::io("io-open-runs-log", &path, &source))?;
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let (mut events, mut line, mut number) = (Vec::new(), Vec::new(), 0);
    loop {
        line.clear();
        number += 1;
        reader.read_until(b'\n', &mut line).map_err(|source| Error::io("io-read-runs-log", &path, &source))?;
        if line.pop() != Some(b'\n') {
            return Ok(events);
        }
        if let Some(event) = event_from_line(&line).map_err(|error| error.at(format!("{}:{number}", name_of(&path))))? {
            push_event(&mut events, event);
        }
    }
}

fn event_from_line(line: &[u8]) -> Result<Option<Event>> {
    #[derive(serde::Deserialize)]
    struct Kind {
        event: String,
    }
    if line.iter().all(u8::is_ascii_whitespace) {
        return Ok(None);
    }
    let source = match serde_json::from_slice(line) {
        Ok(event) => return Ok(Some(event)),
        Err(source) => source,
    };
    match serde_json::from_slice::<Kind>(line) {
        Ok(kind) if !Event::KINDS.contains(&kind.event.as_str()) => Ok(None),
        _ => Err(Error::failed("not-an-event").with("detail", source.to_string())),
    }
}

/// Adds an event to those that count. A `resumed` first removes the events that it replaces.
pub fn push_event(events: &mut Vec<Event>, event: Event) {
    if let Event::Resumed { step: resumed } = event {
        events.retain(|earlier| earlier.step().is_none_or(|step| step <= resumed));
    }
    events.push(event);
}

/// Writes `RUN/report.html` from the run's log. It writes beside the page and renames, so that a reader never sees half a page.
///
/// # Errors
/// The log cannot be read or the page cannot be written.
pub fn write_report(run: &Path, lang: Lang) -> Result<PathBuf> {
    let path = run.join("report.html");
    write_page(&path, &report::html(&read_events(run)?, lang))?;
    Ok(path)
}

/// Writes a page, whole or not at all.
///
/// # Errors
/// The page cannot be written. The old page stays.
pub fn write_page(path: &Path, page: &str) -> Result<()> {
    replace_file(path, page.as_bytes()).map_err(|source| Error::io("io-write-report", path, &source))
}

#[cfg(all(test, not(target_arch = "wasm32")))] // files
mod tests {
    use super::*;
    use crate::message::Message;
    use crate::train::event::StepMetrics;
    use std::fs::OpenOptions;
    use std::io::Write;

    fn step(step: u64) -> Event {
        Event::Step(Box::new(StepMetrics { step, ..Default::default() }))
    }

    fn steps(events: &[Event]) -> Vec<u64> {
        events.iter().filter_map(Event::step).collect()
    }

    fn append(run: &Path, bytes: &[u8]) {
        OpenOptions::new().append(true).create(true).open(run.join(FILE)).unwrap().write_all(bytes).unwrap();
    }

    #[test]
    fn a_report_that_cannot_take_its_place_leaves_nothing() {
        let run = tempfile::tempdir().unwrap();
        std::fs::write(run.path().join(FILE), "").unwrap();
        // A folder with the report's name is in the way.
        std::fs::create_dir_all(run.path().join("report.html/in-the-way")).unwrap();
        let error = write_report(run.path(), Lang::En).unwrap_err();
        assert!(error.to_string().contains("io-write-report"), "{error}");
        assert!(!run.path().join("report.html.part").exists());
    }

    #[test]
    fn what_is_written_is_read() {
        let run = tempfile::tempdir().unwrap();
        let events = [step(1), Event::Checkpoint { step: 1, path: "a\nb".into() }, step(2)];
        let mut log = Log::open(run.path()).unwrap();
        for event in &events {
            log.write(event).unwrap();
        }
        assert_eq!(read_events(run.path()).unwrap(), events);
    }

    #[test]
    fn a_kill_at_any_byte_loses_only_the_line_being_written() {
        let whole = {
            let run = tempfile::tempdir().unwrap();
            let mut log = Log::open(run.path()).unwrap();
            (1..=3).for_each(|n| log.write(&step(n)).unwrap());
            std::fs::read(run.path().join(FILE)).unwrap()
        };
        let run = tempfile::tempdir().unwrap();
        for cut in 0..=whole.len() {
            std::fs::write(run.path().join(FILE), &whole[..cut]).unwrap();
            let kept = whole[..cut].iter().filter(|byte| **byte == b'\n').count() as u64;
            assert_eq!(steps(&read_events(run.path()).unwrap()), (1..=kept).collect::<Vec<_>>(), "cut at {cut}");
            // and the next writer goes on from there
            Log::open(run.path()).unwrap().write(&step(9)).unwrap();
            let want: Vec<u64> = (1..=kept).chain([9]).collect();
            assert_eq!(steps(&read_events(run.path()).unwrap()), want, "cut at {cut}");
        }
    }

    #[test]
    fn a_torn_line_longer_than_a_block_is_removed() {
        let run = tempfile::tempdir().unwrap();
        Log::open(run.path()).unwrap().write(&step(1)).unwrap();
        append(run.path(), &[b'x'; 10_000]);
        Log::open(run.path()).unwrap().write(&step(2)).unwrap();
        assert_eq!(steps(&read_events(run.path()).unwrap()), [1, 2]);
    }

    #[test]
    fn a_resume_overtakes_the_steps_after_it() {
        let run = tempfile::tempdir().unwrap();
        let mut log = Log::open(run.path()).unwrap();
        for event in [
            step(1),
            step(2),
            step(3),
            Event::Failed(crate::train::event::Failure { message: Message::plain("power"), ..Default::default() }),
        ] {
            log.write(&event).unwrap();
        }
        drop(log);
        let mut log = Log::open(run.path()).unwrap();
        for event in [Event::Resumed { step: 2 }, step(3), step(4)] {
            log.write(&event).unwrap();
        }
        let events = read_events(run.path()).unwrap();
        assert_eq!(steps(&events), [1, 2, 2, 3, 4]);
        assert_eq!(events.iter().filter(|event| **event == step(3)).count(), 1);
    }

    #[test]
    fn kinds_of_a_newer_version_are_left_out_and_damage_is_named() {
        let run = tempfile::tempdir().unwrap();
        append(run.path(), b"{\"event\":\"hologram\",\"step\":1}\n\n{\"event\":\"resumed\",\"step\":0}\n");
        assert_eq!(read_events(run.path()).unwrap(), [Event::Resumed { step: 0 }]);
        append(run.path(), b"{\"event\":\"step\",\"step\":\"many\"}\n");
        let error = read_events(run.path()).unwrap_err().to_string();
        assert!(error.contains("metrics.jsonl:4") && error.contains("not-an-event"), "{error}");
    }

    #[test]
    fn a_missing_log_is_named() {
        let error = read_events(Path::new("no-such-run")).unwrap_err().to_string();
        assert!(error.contains("no-such-run") && error.contains(FILE), "{error}");
    }
}
