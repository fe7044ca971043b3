//! Counts tests from the output of `cargo test`: its own totals, less the tests that printed `SKIP name: why` and passed.
//! lines of `cargo test -- --show-output` -> shown or swallowed, counted -> [`Tally`].

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Tests that ran and held: the skipped ones are not among them.
    pub passed: usize,
    pub failed: usize,
    /// Their names.
    pub failures: Vec<String>,
    /// One a test: its first `SKIP name: why` line, or `ignored`.
    pub skipped: Vec<String>,
    inside: Section,
    /// Tests of the current binary that printed SKIP: cargo's total, which follows, has them as passed.
    skipping: usize,
}

/// The part of the output that the last line belonged to.
#[derive(Debug, Default, PartialEq, Eq)]
enum Section {
    #[default]
    Run,
    /// The captured output of passing tests, only there because `--show-output` asks for it.
    Successes { skip_counted: bool },
}

impl Tally {
    /// Takes one line; true if it should be shown: everything but what passing tests printed, and of that the SKIP lines.
    pub fn read(&mut self, line: &str) -> bool {
        if let Some(totals) = line.strip_prefix("test result: ") {
            self.inside = Section::Run;
            self.add(totals);
        } else if let Some(name) = line.strip_prefix("test ").and_then(|rest| rest.strip_suffix(" ... FAILED")) {
            self.failures.push(name.to_owned());
        } else if line == "failures:" {
            self.inside = Section::Run;
        } else if line == "successes:" || (self.inside != Section::Run && is_heading(line)) {
            self.inside = Section::Successes { skip_counted: false };
        }
        let Section::Successes { skip_counted } = &mut self.inside else { return true };
        let skip = line.starts_with("SKIP ");
        if skip && !std::mem::replace(skip_counted, true) {
            self.skipping += 1;
            self.skipped.push(line["SKIP ".len()..].to_owned());
        }
        skip
    }

    /// `ok. 3 passed; 0 failed; 1 ignored; 0 measured; ...`
    fn add(&mut self, totals: &str) {
        let count = |what: &str| -> usize {
            let words: Vec<&str> = totals.split([' ', ';']).filter(|word| !word.is_empty()).collect();
            words.windows(2).find(|pair| pair[1] == what).and_then(|pair| pair[0].parse().ok()).unwrap_or(0)
        };
        self.passed += count("passed").saturating_sub(std::mem::take(&mut self.skipping));
        self.failed += count("failed");
        self.skipped.extend((0..count("ignored")).map(|_| "ignored: marked #[ignore]".to_owned()));
    }
}

/// `---- name stdout ----`: the captured output of the next test.
fn is_heading(line: &str) -> bool {
    line.starts_with("---- ") && line.ends_with(" stdout ----")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(output: &str) -> (Tally, Vec<&str>) {
        let mut tally = Tally::default();
        let shown = output.lines().filter(|line| tally.read(line)).collect();
        (tally, shown)
    }

    const OUTPUT: &str = "running 5 tests
test a ... ok
test b ... ok
test c ... ok
test d ... FAILED
test e ... ignored

successes:

---- a stdout ----
chatter
SKIP a: no adapter
SKIP a: no adapter, ragged

---- b stdout ----
chatter

---- c stdout ----
SKIP c: ../shared/fixtures not found

successes:
    a
    b
    c

failures:

---- d stdout ----
why it failed

failures:
    d

test result: FAILED. 3 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s
";

    #[test]
    fn a_test_that_skips_is_counted_once_and_not_as_passed() {
        let (tally, shown) = tally(OUTPUT);
        assert_eq!((tally.passed, tally.failed), (1, 1));
        assert_eq!(tally.failures, ["d"]);
        assert_eq!(tally.skipped, ["a: no adapter", "c: ../shared/fixtures not found", "ignored: marked #[ignore]"]);
        assert!(shown.contains(&"why it failed") && shown.contains(&"SKIP a: no adapter, ragged"));
        assert!(!shown.contains(&"chatter"));
    }

    #[test]
    fn several_binaries_add_up() {
        let twice = format!("{OUTPUT}{OUTPUT}");
        let (tally, _) = tally(&twice);
        assert_eq!((tally.passed, tally.failed, tally.skipped.len()), (2, 2, 6));
    }

    #[test]
    fn the_browser_closes_with_the_same_line() {
        let (tally, _) = tally("test x ... ok\ntest result: ok. 7 passed; 0 failed; 2 ignored\n");
        assert_eq!((tally.passed, tally.failed, tally.skipped.len()), (7, 0, 2));
    }
}
