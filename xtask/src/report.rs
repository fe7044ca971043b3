//! Sums up a whole test run: the counts, every failure, and the reason for whatever was left out.

use crate::tally::Tally;

#[derive(Default)]
pub struct Report {
    passed: usize,
    failed: usize,
    failures: Vec<String>,
    skipped: Vec<String>,
    /// Suites that were left out on purpose or do not exist yet. They are named, but they are not skipped tests.
    notes: Vec<String>,
}

impl Report {
    /// A finished suite. One that failed without a failing test (it did not compile, a test ended the process) is one failure.
    pub fn suite(&mut self, name: &str, tally: Tally, outcome: Result<(), String>) {
        self.passed += tally.passed;
        self.failed += tally.failed;
        self.skipped.extend(tally.skipped);
        self.failures.extend(tally.failures.iter().map(|test| format!("{name}: {test}")));
        match outcome {
            Err(why) if tally.failed == 0 => self.failure(name, &why),
            Ok(()) if tally.failed > 0 => self.failure(name, "tests failed, and yet it ended well"),
            _ => {}
        }
    }

    pub fn failure(&mut self, name: &str, why: &str) {
        self.failed += 1;
        self.failures.push(format!("{name}: {why}"));
    }

    pub fn skip(&mut self, name: &str, why: &str) {
        self.skipped.push(format!("{name}: {why}"));
    }

    pub fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }

    /// Prints everything and, alone on the last line, the totals.
    pub fn close(mut self) -> Result<(), String> {
        let skipped = self.skipped.len();
        self.skipped.sort();
        for (title, lines) in [("Notes", &self.notes), ("Skipped", &self.skipped), ("Failed", &self.failures)] {
            if !lines.is_empty() {
                println!("\n{title}:");
            }
            for same in lines.chunk_by(|a, b| a == b) {
                let times = if same.len() > 1 { format!(" ({} times)", same.len()) } else { String::new() };
                println!("  {}{times}", same[0]);
            }
        }
        println!("\n{} passed, {} failed, {skipped} skipped", self.passed, self.failed);
        if self.failed > 0 {
            return Err("tests failed".into());
        }
        if self.passed == 0 {
            return Err("no test ran".into());
        }
        Ok(())
    }
}
