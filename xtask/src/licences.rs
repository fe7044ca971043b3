//! Checks that the licence of every dependency, on every supported target, is one of [`ALLOWED`].
//! `cargo tree` -> (package, SPDX expression) -> allowed, or an error that names it.

use crate::places::TARGETS;
use crate::process;
use crate::test;
use std::collections::BTreeSet;

/// Permissive licences that only ask for their text. They are compatible with MIT OR Apache-2.0, in source and in binaries.
const ALLOWED: [&str; 12] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Packages with a licence that is not on the list, which only the Burn engine brings. They are used unchanged, as published, in a
/// build that is made for comparisons and that nobody gets by default. MPL-2.0 asks for the source of the files it covers, which
/// crates.io serves.
const BURN_ALONE: [(&str, &str); 2] = [("buildid", "MPL-2.0"), ("colored", "MPL-2.0")];

pub fn check() -> Result<(), String> {
    let ours = packages(&[])?;
    let with_burn = packages(test::burn_feature())?;
    let refused = [refused(&ours, &[]), refused(&with_burn, &BURN_ALONE)].concat();
    println!(
        "\nlicences: {} packages on {} targets, {} with the Burn engine, {} refused",
        ours.len(),
        TARGETS.len(),
        with_burn.len(),
        refused.len()
    );
    if refused.is_empty() { Ok(()) } else { Err(refused.join("; ")) }
}

/// `NAME vVERSION|EXPRESSION` of everything on any target.
fn packages(features: &[&str]) -> Result<BTreeSet<String>, String> {
    let mut packages = BTreeSet::new();
    for target in TARGETS {
        let args = ["tree", "--locked", "--workspace", "--edges", "normal,build,dev", "--target", target];
        let mut tree = process::cargo(&args);
        tree.args(features).args(["--prefix", "none", "--format", "{p}|{l}"]);
        packages.extend(process::output(tree)?.lines().filter(|line| !line.is_empty()).map(without_repeat_mark));
    }
    Ok(packages)
}

fn refused(packages: &BTreeSet<String>, exceptions: &[(&str, &str)]) -> Vec<String> {
    let excepted = |package: &str, expression: &str| {
        exceptions.iter().any(|(name, licence)| package.split(' ').next() == Some(name) && expression == *licence)
    };
    packages
        .iter()
        .filter_map(|line| {
            let (package, expression) = line.split_once('|')?;
            if excepted(package, expression) {
                return None;
            }
            match is_allowed(expression) {
                Ok(true) => None,
                Ok(false) => Some(format!("{package}: {expression:?} is not on the list")),
                Err(why) => Some(format!("{package}: {expression:?}: {why}")),
            }
        })
        .collect()
}

/// `cargo tree` marks what it has printed before.
fn without_repeat_mark(line: &str) -> String {
    line.trim_end_matches(" (*)").to_owned()
}

/// Whether an SPDX expression leaves us a choice within [`ALLOWED`]: `A OR B`, `A AND B`, `A WITH exception`, parentheses,
/// and the old `A/B`.
fn is_allowed(expression: &str) -> Result<bool, String> {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut parser = Parser { words: &words };
    let allowed = parser.any()?;
    match parser.words {
        [] => Ok(allowed),
        [word, ..] => Err(format!("`{word}` is not expected here")),
    }
}

struct Parser<'a> {
    words: &'a [&'a str],
}

impl Parser<'_> {
    /// all (OR all)*
    fn any(&mut self) -> Result<bool, String> {
        let mut allowed = self.all()?;
        while self.took("OR") {
            allowed |= self.all()?;
        }
        Ok(allowed)
    }

    /// one (AND one)*
    fn all(&mut self) -> Result<bool, String> {
        let mut allowed = self.one()?;
        while self.took("AND") {
            allowed &= self.one()?;
        }
        Ok(allowed)
    }

    /// ( any ) | licence [WITH exception]
    fn one(&mut self) -> Result<bool, String> {
        if self.took("(") {
            let allowed = self.any()?;
            return if self.took(")") { Ok(allowed) } else { Err("a parenthesis is not closed".into()) };
        }
        let mut licence = self.next()?;
        if self.took("WITH") {
            licence = format!("{licence} WITH {}", self.next()?);
        }
        Ok(ALLOWED.contains(&licence.as_str()))
    }

    fn took(&mut self, word: &str) -> bool {
        let there = self.words.first() == Some(&word);
        self.words = &self.words[usize::from(there)..];
        there
    }

    fn next(&mut self) -> Result<String, String> {
        let (word, rest) = self.words.split_first().ok_or("a licence is missing")?;
        self.words = rest;
        Ok((*word).to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::{is_allowed, refused};
    use std::collections::BTreeSet;

    #[test]
    fn an_exception_is_one_package_under_one_licence() {
        let packages: BTreeSet<String> =
            ["colored v3.1.1|MPL-2.0", "colored-json v1.0.0|MPL-2.0", "serde v1.0.0|MIT"].map(str::to_owned).into();
        assert_eq!(refused(&packages, &[("colored", "MPL-2.0")]).len(), 1);
        assert_eq!(refused(&packages, &[("colored", "GPL-3.0")]).len(), 2);
        assert_eq!(refused(&packages, &[]).len(), 2);
    }

    #[test]
    fn expressions_are_read_as_spdx_says() {
        for (expression, want) in [
            ("MIT", true),
            ("MIT/Apache-2.0", true),
            ("GPL-3.0 OR MIT", true),
            ("GPL-3.0 AND MIT", false),
            ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
            ("(MIT OR Apache-2.0) AND GPL-2.0", false),
            ("Apache-2.0 WITH LLVM-exception OR MIT", true),
            ("GPL-3.0 WITH LLVM-exception", false),
            ("MPL-2.0", false),
        ] {
            assert_eq!(is_allowed(expression), Ok(want), "{expression}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused_aloud() {
        for expression in ["", "MIT OR", "(MIT", "MIT Apache-2.0"] {
            assert!(is_allowed(expression).is_err(), "{expression}");
        }
    }
}
