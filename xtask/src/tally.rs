//! Counts tests from the output of `cargo test`: its own totals, less the tests that printed `SKIP name: why` and passed.
//! lines of `cargo test -- --show-output` -> shown or swallowed, counted -> [`Tally`].

use std::collections::BTreeSet;

/// A test that needs an adapter and sees none has this word in its reason.
pub const ADAPTER: &str = "adapter";

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many tests ran and passed, without the skipped ones.
    pub passed: usize,
    pub failed: usize,
    /// Their names.
    pub failures: Vec<String>,
    /// One line for each skipped test: its first `SKIP name: why` (one about an adapter, if it has several), or `ignored`.
    pub skipped: Vec<String>,
    /// The names of the tests that ran, with any result.
    pub ran: BTreeSet<String>,
    /// The names of those that a machine with an adapter runs differently: they printed `SKIP ...: no adapter`, or `AGAIN name:
    /// why`.
    pub again: BTreeSet<String>,
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
    Successes { test: String, skip_counted: bool },
}

impl Tally {
    /// Takes one line. Returns whether it should be shown: everything except the output of passing tests, of which only the SKIP
    /// lines are shown.
    pub fn read(&mut self, line: &str) -> bool {
        if let Some(totals) = line.strip_prefix("test result: ") {
            self.inside = Section::Run;
            self.add(totals);
        } else if let (Section::Run, Some((name, outcome))) = (&self.inside, outcome(line)) {
            self.ran.insert(name.to_owned());
            if outcome.starts_with("FAILED") {
                self.failures.push(name.to_owned());
            }
        } else if line == "failures:" {
            self.inside = Section::Run;
        } else if line == "successes:" {
            self.inside = Section::Successes { test: String::new(), skip_counted: false };
        } else if let (Section::Successes { test, skip_counted }, Some(name)) = (&mut self.inside, heading(line)) {
            (*test, *skip_counted) = (name.to_owned(), false);
        }
        self.inside == Section::Run || self.read_captured(line)
    }

    /// Takes a line that a passing test printed; true if it says that the test was skipped.
    fn read_captured(&mut self, line: &str) -> bool {
        let Section::Successes { test, skip_counted } = &mut self.inside else { return true };
        let skipped = line.strip_prefix("SKIP ");
        let about_adapter = |why: &str| why.contains(ADAPTER);
        if line.starts_with("AGAIN ") || skipped.is_some_and(about_adapter) {
            self.again.insert(test.clone());
        }
        let Some(why) = skipped else { return false };
        if !std::mem::replace(skip_counted, true) {
            self.skipping += 1;
            self.skipped.push(why.to_owned());
        } else if let Some(first) = self.skipped.last_mut().filter(|first| !about_adapter(first) && about_adapter(why))
        {
            why.clone_into(first);
        }
        true
    }

    /// Removes the tests that were skipped because there was no adapter, because a pass with one follows. Returns how many they
    /// were.
    pub fn without_those_for_an_adapter(&mut self) -> usize {
        let before = self.skipped.len();
        self.skipped.retain(|why| !why.contains(ADAPTER));
        before - self.skipped.len()
    }

    /// Those of `names` that did not run in this pass.
    pub fn missing<'a>(&'a self, names: &'a BTreeSet<String>) -> impl Iterator<Item = &'a String> {
        names.difference(&self.ran)
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

/// `test name ... ok` -> `name`, `ok`.
fn outcome(line: &str) -> Option<(&str, &str)> {
    let (name, outcome) = line.strip_prefix("test ")?.rsplit_once(" ... ")?;
    Some((name.strip_suffix(" - should panic").unwrap_or(name), outcome))
}

/// `---- name stdout ----`: the captured output of the next test.
fn heading(line: &str) -> Option<&str> {
    line.strip_prefix("---- ")?.strip_suffix(" stdout ----")
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
test x ... ok
AGAIN b: it looks for adapters

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
    fn tests_that_an_adapter_changes_are_named_and_the_others_stay_skipped() {
        let (mut tally, shown) = tally(OUTPUT);
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(tally.again, names(&["a", "b"]));
        assert!(!shown.iter().any(|line| line.starts_with("AGAIN")), "a test that ran is not shown as skipped");
        assert_eq!(tally.ran, names(&["a", "b", "c", "d", "e"]), "the line that `b` printed is no test");
        assert_eq!(tally.without_those_for_an_adapter(), 1);
        assert_eq!(tally.skipped, ["c: ../shared/fixtures not found", "ignored: marked #[ignore]"]);
    }

    #[test]
    fn what_did_not_run_again_is_missing() {
        let (tally, _) = tally("test a ... ok\ntest b - should panic ... ok\n");
        let wanted: BTreeSet<String> = ["a", "b", "module::c"].map(str::to_owned).into();
        assert_eq!(tally.missing(&wanted).collect::<Vec<_>>(), ["module::c"]);
    }

    #[test]
    fn a_later_line_about_an_adapter_is_the_reason() {
        let (tally, _) =
            tally("successes:\n\n---- f stdout ----\nSKIP f: no fixture\nSKIP f: no adapter\nSKIP f: no script\n");
        assert_eq!(tally.skipped, ["f: no adapter"]);
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
