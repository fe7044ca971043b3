//! Checks what the design promises about the repository by reading its files: which room may know which, where `unsafe` and
//! `unwrap` may stand, what may be committed. Each rule gives its reason, and a failure names file and line. It is a program of its
//! own, because it only reads files and links nothing of the library.

#[path = "repository/circles.rs"]
mod circles;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The rooms in the order of the flow: one may name those before it, never one behind it.
const FLOW: [&str; 29] = [
    "path",
    "message",
    "error",
    "lang",
    "machine",
    "rng",
    "text",
    "batch",
    "plan",
    "ops",
    "objective",
    "config",
    "cpu",
    "gpu",
    "parity",
    "model",
    "hub",
    "burn",
    "train",
    "tasks",
    "verify",
    "run",
    "view",
    "host",
    "screen",
    "app",
    "cli",
    "web",
    "bin",
];
/// Rooms that come before a room and that it still must not name.
const STRANGERS: [(&str, &[&str]); 11] = [
    // A plan is plain data: it knows neither what its kernels compute nor who runs it.
    ("plan", &["text"]),
    ("ops", &["text"]),
    // Neither executor knows the other. `parity`, which compares them, comes after both.
    ("cpu", &["text", "config"]),
    ("gpu", &["text", "config", "cpu"]),
    // The network is recorded, saved and loaded without knowing who runs it.
    ("model", &["text", "cpu", "gpu", "parity"]),
    ("hub", &["cpu", "gpu", "parity"]),
    // The views read events; they drive no kernel. (The app also sets a device up.)
    ("view", &["plan", "ops", "cpu", "gpu", "burn", "run"]),
    // A host keeps what a run gives it: it computes nothing.
    ("host", &["batch", "ops", "cpu", "burn", "verify"]),
    // `screen` gets its data from events too. It starts no run and reads no file.
    ("screen", &["plan", "ops", "cpu", "gpu", "burn", "run", "host"]),
    ("app", &["plan", "ops", "cpu"]),
    ("web", &["plan", "ops"]),
];

/// Libraries that belong to a room, so that a change of library stays a change of that room.
const OWNED: [(&str, &[&str]); 8] = [
    ("wgpu", &["src/gpu/", "src/burn/", "src/app/", "web/"]),
    ("egui", &["src/app/"]),
    ("eframe", &["src/app/"]),
    ("gemm", &["src/cpu/"]),
    ("clap", &["src/bin/", "src/cli/"]),
    ("indicatif", &["src/bin/", "src/cli/", "src/view/"]),
    ("parquet", &["src/text/"]),
    ("memmap2", &["src/text/"]),
];

/// The only files that may hold `unsafe`, each for the reason it states at its top.
const UNSAFE: [&str; 6] = [
    "src/cpu/matmul.rs",
    "src/text/mmap.rs",
    "src/gpu/device.rs",
    "src/host/native/signals.rs",
    "src/machine/allocator.rs",
    "web/test/src/lib.rs",
];

#[test]
fn rooms_know_only_what_comes_before_them() {
    let broken = rust_files("src").into_iter().filter(|file| file.name != "src/lib.rs").flat_map(|file| {
        let room = file.room();
        let place = |name: &str| FLOW.iter().position(|other| *other == name);
        let strangers = STRANGERS.iter().find(|(name, _)| *name == room).map_or(&[][..], |(_, strangers)| strangers);
        let wrong = |name: &str| {
            let first_letter_of_a_type = name.starts_with(char::is_uppercase); // crate::Error, re-exported at the root
            name != room && !first_letter_of_a_type && (place(name) >= place(&room) || strangers.contains(&name))
        };
        let named = crate_paths(&file.code()).into_iter().filter(|(_, name)| wrong(name));
        named.map(|(line, name)| format!("{}:{line}: `{room}` names `{name}`", file.name)).collect::<Vec<_>>()
    });
    none(broken, "the rooms have one direction");
}

#[test]
fn every_room_has_its_place_in_the_flow() {
    let strange =
        rust_files("src").into_iter().filter(|file| file.name != "src/lib.rs" && !FLOW.contains(&&*file.room()));
    none(strange.map(|file| file.name), "a new room takes its place in FLOW");
}

#[test]
fn files_of_a_room_name_each_other_in_one_direction() {
    let files: Vec<Source> = rust_files("src").into_iter().filter(|file| file.name != "src/lib.rs").collect();
    none(
        circles::circles(&files),
        "files that name each other in a circle: what both need moves to a file that both may name",
    );
}

#[test]
fn libraries_stay_in_their_rooms() {
    for (library, rooms) in OWNED {
        let elsewhere =
            product_files().into_iter().filter(|file| !rooms.iter().any(|room| file.name.starts_with(room)));
        none(code_where(elsewhere, |code| names(code, library)), &format!("only {rooms:?} may name `{library}`"));
    }
}

#[test]
fn what_screens_share_needs_no_window_no_file_and_no_thread() {
    // `OWNED` keeps egui out of it. This keeps out the other things that a page in a browser does not have.
    let shared = rust_files("src/screen");
    assert!(!shared.is_empty(), "the room has moved");
    let absent = ["std::fs", "std::thread", "std::env", "std::time", "emath", "egui"];
    let broken = code_where(shared, |code| absent.iter().any(|name| has_word(code, name)));
    none(broken, "src/screen compiles for a browser and names no window library, file, thread or clock");
}

#[test]
fn a_run_leaves_files_threads_and_the_clock_to_its_host() {
    let run = rust_files("src/run");
    assert!(!run.is_empty(), "the room has moved");
    // `web_time` measures how long something took, in a browser too.
    let absent =
        ["std::fs", "std::path", "std::env", "std::thread", "std::process", "std::time::Instant", "machine::start"];
    let whole_words = ["SystemTime", "PathBuf", "chrono", "memmap2"];
    let named = |code: &str| {
        absent.iter().any(|name| code.contains(name)) || whole_words.iter().any(|name| has_word(code, name))
    };
    none(code_where(run, named), "src/run names no file, path, environment, thread or clock: its Host does");
}

#[test]
fn what_is_shared_among_threads_is_compiled_for_their_vectors() {
    // pulp compiles for the processor's own vectors what is inlined into its call, and only that: a closure left to the compiler's
    // judgement ran on the baseline's, at a quarter of the speed, and no test of results can see it.
    let files = rust_files("src/cpu").into_iter().filter(|file| file.name != "src/cpu/par.rs");
    let broken = files.flat_map(|file| {
        let code: String = file.code().into_iter().map(|(_, line)| format!("{line}\n")).collect();
        let calls = ["par::rows(", "par::simd("].into_iter().flat_map(|call| {
            code.match_indices(call)
                .map(|(at, _)| code[at..].split('|').next().unwrap_or_default().to_owned())
                .collect::<Vec<_>>()
        });
        let bare = calls.filter(|head| !head.contains("#[inline(always)]"));
        bare.map(|head| format!("{}: {}", file.name, head.replace('\n', " "))).collect::<Vec<_>>()
    });
    none(broken, "a closure given to par::rows or par::simd is #[inline(always)]");
}

#[test]
fn unsafe_stands_in_few_files_with_its_reason() {
    let elsewhere = product_files().into_iter().filter(|file| !UNSAFE.contains(&file.name.as_str()));
    none(code_where(elsewhere, |code| has_word(code, "unsafe")), &format!("only {UNSAFE:?} may hold `unsafe`"));
    let bare = UNSAFE.iter().filter_map(|name| Source::read(root().join(name))).flat_map(|file| {
        let lines: Vec<&str> = file.text.lines().collect();
        let uses = file.code().into_iter().filter(|(_, code)| has_word(code, "unsafe"));
        let bare = uses.filter(|(line, _)| !lines[line.saturating_sub(6)..*line].iter().any(|l| l.contains("SAFETY")));
        bare.map(|(line, _)| format!("{}:{line}", file.name)).collect::<Vec<_>>()
    });
    none(bare, "each `unsafe` has a SAFETY comment in the five lines above it");
}

#[test]
fn errors_are_values_outside_of_tests() {
    let rule = "no `unwrap` outside tests: an Error for the outside world, an `expect` that says why it cannot fail";
    none(code_where(product_files(), |code| code.contains(".unwrap()")), rule);
}

#[test]
fn words_for_people_stand_in_the_fluent_files() {
    // Portuguese of its own: the grammar of the built-in text, and the two words that the help of `tokenizer train` explains.
    let own = ["src/text/grammar/", "src/cli/args.rs"];
    let foreign = |text: &str| text.chars().any(|c| "ãõçáéíóúâêôàÃÕÇÁÉÍÓÚÂÊÔÀ".contains(c));
    let elsewhere = product_files().into_iter().filter(|file| !own.iter().any(|own| file.name.starts_with(own)));
    none(code_where(elsewhere, foreign), "Portuguese stands in assets/strings/pt");
    let scripts = ["js", "json", "css"].into_iter().flat_map(|ending| files("src", ending));
    none(text_where(scripts, foreign), "Portuguese stands in assets/strings/pt");
    let words = |code: &str| -> Vec<String> {
        code.split(|c: char| !c.is_alphanumeric() && c != '_').map(str::to_owned).collect()
    };
    let twice = |code: &str| code.contains(".pick(") || words(code).iter().any(|word| word.ends_with("_pt"));
    none(code_where(product_files(), twice), "a sentence is one message with facts, not a text in each language");
}

#[test]
fn every_exception_to_a_lint_has_its_reason() {
    let kinds = ["[allow(", "[expect("];
    let broken = all_rust_files().into_iter().flat_map(|file| {
        let starts = kinds.iter().flat_map(|kind| file.text.match_indices(kind)).map(|(at, _)| at);
        // An attribute may run over several lines: it ends where its bracket does.
        let attributes = starts.filter(|at| file.text[..*at].ends_with(['#', '!']));
        let bare = attributes.filter(|at| !file.text[*at..].split(")]").next().is_some_and(|it| it.contains("reason")));
        bare.map(|at| format!("{}:{}", file.name, file.text[..at].lines().count())).collect::<Vec<_>>()
    });
    none(broken, "`allow` and `expect` carry a reason");
}

#[test]
fn every_source_file_says_what_it_is_for() {
    let rust = all_rust_files().into_iter().filter(|file| !file.text.starts_with("//! "));
    let shaders = files("shaders", "wgsl").into_iter().filter(|file| !file.text.starts_with("// "));
    none(rust.chain(shaders).map(|file| file.name), "the first line says what the room does");
}

#[test]
fn nothing_is_left_open() {
    let marks = ["TODO", "FIXME", "XXX", "unimplemented!", "todo!", "dbg!"];
    let sources = product_files().into_iter().chain(files("shaders", "wgsl"));
    let open = text_where(sources, |text| marks.iter().any(|mark| has_word(text, mark)));
    none(open, "what is not done is an issue, not a comment");
}

#[test]
fn a_kernel_has_one_name_everywhere() {
    let table = fs::read_to_string(root().join("docs/kernels.md")).expect("docs/ has a table of kernels");
    let missing = files("shaders", "wgsl").into_iter().filter_map(|file| {
        let name = file.name.trim_start_matches("shaders/").to_owned();
        // `matmul.f16.wgsl`: a variant that needs a feature stands in a file of its own, beside the plain one.
        let op = name.split('.').next().filter(|op| !op.contains('/'))?;
        let homes = [format!("src/ops/{op}.rs"), format!("src/cpu/{op}.rs")];
        let mut missing: Vec<_> = homes.into_iter().filter(|home| !root().join(home).is_file()).collect();
        if !table.contains(&format!("| `{op}` |")) {
            missing.push("line in the table of docs/kernels.md".into());
        }
        (!missing.is_empty()).then(|| format!("{name}: no {}", missing.join(", no ")))
    });
    none(missing, "shader, specification, twin and the line in docs/kernels.md share one name");
}

#[test]
fn only_small_portable_files_are_committed() {
    let Some(tracked) = tracked_files() else {
        return println!("SKIP repository: not a git checkout, so what is committed cannot be listed");
    };
    // Written in two parts, so that this file does not hold them itself.
    let homes = [concat!("/ro", "ot/"), concat!("/wo", "rk/"), concat!("/ho", "me/"), concat!("/Us", "ers/")];
    let broken = tracked.iter().filter_map(|name| {
        // A file that was just deleted is still listed. It cannot be too large.
        let bytes = fs::read(root().join(name)).ok()?;
        if bytes.len() > 1_000_000 {
            return Some(format!("{name}: {} bytes; generated data belongs outside the repository", bytes.len()));
        }
        let text = String::from_utf8_lossy(&bytes);
        let home = homes.iter().find(|home| text.contains(**home))?;
        Some(format!("{name}: holds a path of one machine, `{home}`"))
    });
    none(broken, "what is committed is small and works on any machine");
}

/// One file as it stands; `name` is its path from the repository's root, with forward slashes.
struct Source {
    name: String,
    text: String,
}

impl Source {
    fn read(path: PathBuf) -> Option<Self> {
        let name = path.strip_prefix(root()).ok()?.to_string_lossy().replace('\\', "/");
        Some(Self { name, text: fs::read_to_string(path).ok()? })
    }

    /// `src/cpu/par.rs` and `src/cpu.rs` -> `cpu`.
    fn room(&self) -> String {
        identifier(self.name.trim_start_matches("src/"))
    }

    /// Its lines with their numbers, without comments and without test items. Relies on rustfmt: an item that opens with `{`
    /// at the end of a line closes with `}` at the start of one, indented alike.
    fn code(&self) -> Vec<(usize, String)> {
        let mut code = Vec::new();
        let mut test_item_ends_at = None;
        let mut test_item_starts = false;
        for (text, line) in self.text.lines().zip(1..) {
            let (indent, text) = (text.len() - text.trim_start().len(), text.trim());
            if let Some(end) = test_item_ends_at {
                if indent == end && text.starts_with('}') {
                    test_item_ends_at = None;
                }
            } else if ["#[cfg(test)]", "#[cfg(all(test,"].iter().any(|head| text.starts_with(head)) {
                test_item_starts = true;
            } else if test_item_starts {
                test_item_ends_at = text.ends_with('{').then_some(indent);
                test_item_starts = text.starts_with("#[");
            } else {
                code.push((line, text.split("//").next().unwrap_or("").to_owned()));
            }
        }
        code
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The Rust files below `folder`, less those that are tests as a whole.
fn rust_files(folder: &str) -> Vec<Source> {
    let mut found = files(folder, "rs");
    found.retain(|file| !file.name.contains("/tests/") && !file.name.ends_with("/tests.rs"));
    found
}

fn product_files() -> Vec<Source> {
    ["src", "web", "xtask"].into_iter().flat_map(rust_files).collect()
}

fn all_rust_files() -> Vec<Source> {
    let folders = ["src", "tests", "benches", "examples", "fuzz", "web", "xtask"];
    folders.into_iter().flat_map(|folder| files(folder, "rs")).collect()
}

/// Every text file below `folder` with this ending, by name. Build folders hold no sources of ours.
fn files(folder: &str, ending: &str) -> Vec<Source> {
    let mut folders = vec![root().join(folder)];
    let mut found: Vec<PathBuf> = Vec::new();
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            if path.is_dir() && !path.ends_with("target") {
                folders.push(path);
            } else if path.extension().is_some_and(|given| given == ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found.into_iter().filter_map(Source::read).collect()
}

fn tracked_files() -> Option<Vec<String>> {
    let output = Command::new("git").args(["ls-files", "-z"]).current_dir(root()).output().ok()?;
    let names = String::from_utf8_lossy(&output.stdout);
    output.status.success().then(|| names.split_terminator('\0').map(str::to_owned).collect())
}

/// The lines of code that break a rule, without tests and comments.
fn code_where(files: impl IntoIterator<Item = Source>, breaks: impl Fn(&str) -> bool) -> Vec<String> {
    let broken = |file: Source| {
        let lines = file.code().into_iter().filter(|(_, code)| breaks(code));
        lines.map(|(line, code)| format!("{}:{line}: {code}", file.name)).collect::<Vec<_>>()
    };
    files.into_iter().flat_map(broken).collect()
}

/// The lines, comments included, that break a rule.
fn text_where(files: impl IntoIterator<Item = Source>, breaks: impl Fn(&str) -> bool) -> Vec<String> {
    let broken = |file: Source| {
        let lines = file.text.lines().zip(1..).filter(|(text, _)| breaks(text.trim()));
        lines.map(|(text, line)| format!("{}:{line}: {}", file.name, text.trim())).collect::<Vec<_>>()
    };
    files.into_iter().flat_map(broken).collect()
}

/// The rooms that `crate::room` and `crate::{room::..., room}` name, with their lines.
fn crate_paths(code: &[(usize, String)]) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (index, (line, text)) in code.iter().enumerate() {
        for (at, path) in text.match_indices("crate::") {
            let rest = &text[at + path.len()..];
            if rest.starts_with('{') {
                let tail: String = code[index + 1..].iter().map(|(_, text)| text.as_str()).collect();
                found.extend(group_heads(&format!("{rest}{tail}")).into_iter().map(|name| (*line, name)));
            } else {
                found.push((*line, identifier(rest)));
            }
        }
    }
    found
}

/// `{a::B, c::{d, e}, f};...` -> a, c, f.
fn group_heads(group: &str) -> Vec<String> {
    let mut depth = 0;
    let mut heads = Vec::new();
    for (at, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
        if depth == 1 && matches!(character, '{' | ',') {
            heads.push(identifier(group[at + 1..].trim_start()));
        }
    }
    heads.retain(|head| !head.is_empty());
    heads
}

fn identifier(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// Whether this line of code reaches into `library`: `library::...`, `use library`.
fn names(code: &str, library: &str) -> bool {
    words(code, library).any(|(before, after)| after.starts_with("::") || before.trim_end().ends_with("use"))
}

fn has_word(text: &str, word: &str) -> bool {
    words(text, word).next().is_some()
}

/// Where `word` stands by itself: what is before it, what is after it.
fn words<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    let joins = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    text.match_indices(word).map(move |(at, _)| (&text[..at], &text[at + word.len()..])).filter(
        move |(before, after)| {
            !joins(before.chars().next_back()) && (word.ends_with('!') || !joins(after.chars().next()))
        },
    )
}

fn none(broken: impl IntoIterator<Item = String>, rule: &str) {
    let broken: Vec<String> = broken.into_iter().collect();
    assert!(broken.is_empty(), "{rule}:\n  {}", broken.join("\n  "));
}

/// Tests the readers on lines that they must not misread, because a rule that finds nothing must be able to find something.
mod readers {
    use super::*;

    fn source(text: &str) -> Source {
        Source { name: "src/cpu/par.rs".into(), text: text.into() }
    }

    #[test]
    fn comments_and_test_items_are_not_code() {
        let file = source(
            "use a; // b\n#[cfg(test)]\nmod tests {\n    c.unwrap();\n}\n#[cfg(all(test, x))]\nmod y {\n    e.unwrap();\n}\nfn d() {}\n",
        );
        let code: Vec<_> = file.code().into_iter().map(|(line, text)| (line, text.trim().to_owned())).collect();
        assert_eq!(code, [(1, "use a;".to_owned()), (10, "fn d() {}".to_owned())]);
    }

    #[test]
    fn rooms_are_found_alone_and_in_groups() {
        let file = source("use crate::{\n    batch::{Batch, NONE},\n    gpu,\n};\nlet x = crate::text::Corpus;\n");
        let named: Vec<_> = crate_paths(&file.code()).into_iter().map(|(_, name)| name).collect();
        assert_eq!(named, ["batch", "gpu", "text"]);
        assert_eq!(file.room(), "cpu");
    }

    #[test]
    fn a_library_is_named_by_paths_not_by_prose() {
        assert!(names("let x: wgpu::Buffer = y;", "wgpu") && names("use wgpu;", "wgpu"));
        assert!(!names("let my_wgpu = \"wgpu refuses it\";", "wgpu"));
    }

    #[test]
    fn the_walk_finds_this_repository() {
        assert!(files("src", "rs").iter().any(|file| file.name == "src/lib.rs"));
        assert!(all_rust_files().iter().any(|file| file.name == "tests/repository.rs"));
        assert!(files("shaders", "wgsl").iter().any(|file| file.name.starts_with("shaders/lib/")));
    }
}
