//! Finds circles of files. If two files of a room name each other, directly or through others, a reader can only understand them
//! together.
//! files -> what each names of its own room -> groups that can reach one another -> the circles, with a line for each step.
//!
//! A file names another by a path: `super::b::Item`, `crate::room::b::Item`, and `part::Item` in the file whose part it is. `mod`
//! and `pub use` do not count, because a file that only passes a name on needs to know nothing of it. A path through such a name
//! leads to the file that defines it. Items for tests are left out.

use super::{Source, identifier};
use std::collections::{BTreeMap, BTreeSet};

/// Where a module stands: `src/cpu/par.rs` and `src/cpu/par/mod.rs` -> `cpu`, `par`.
type Module = Vec<String>;

struct File {
    name: String,
    code: String,
    /// The names that it imports or passes on, with the path of each.
    imports: BTreeMap<String, Module>,
}

/// A step of a circle: the place, the name that is used there, and the file that defines the name.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Naming {
    line: usize,
    path: String,
    to: Module,
}

/// Every circle among these files, one text each.
pub fn circles(sources: &[Source]) -> Vec<String> {
    let files = Files::new(sources);
    let names: BTreeMap<Module, Vec<Naming>> =
        files.0.keys().map(|module| (module.clone(), files.named_by(module))).collect();
    let reach: BTreeMap<&Module, BTreeSet<&Module>> =
        names.keys().map(|module| (module, reached(module, &names))).collect();
    let mut told = BTreeSet::new();
    let mut circles = Vec::new();
    for module in names.keys().filter(|module| reach[module].contains(module)) {
        let circle: BTreeSet<&Module> =
            names.keys().filter(|other| reach[module].contains(other) && reach[other].contains(module)).collect();
        if !told.insert(circle.clone()) {
            continue;
        }
        let steps = circle.iter().flat_map(|from| {
            let inside = names[*from].iter().filter(|naming| circle.contains(&naming.to));
            inside.map(|n| format!("{}:{} names `{}` of {}", files.0[*from].name, n.line, n.path, files.0[&n.to].name))
        });
        circles.push(steps.collect::<Vec<_>>().join("\n    "));
    }
    circles
}

/// All files that can be reached from `module` by names.
fn reached<'a>(module: &Module, names: &'a BTreeMap<Module, Vec<Naming>>) -> BTreeSet<&'a Module> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&Module> = names[module].iter().map(|naming| &naming.to).collect();
    while let Some(next) = open.pop() {
        if reached.insert(next) {
            open.extend(names[next].iter().map(|naming| &naming.to));
        }
    }
    reached
}

struct Files(BTreeMap<Module, File>);

impl Files {
    fn new(sources: &[Source]) -> Self {
        let file = |source: &Source| {
            let lines = source.code().into_iter();
            let mut code = String::new();
            for (line, text) in lines {
                // Lines that are left out become empty lines, so that line numbers stay right.
                code.extend(std::iter::repeat_n('\n', line - 1 - code.matches('\n').count()));
                code.push_str(&without_strings(&text));
                code.push('\n');
            }
            let file = File { name: source.name.clone(), code, imports: BTreeMap::new() };
            (module_of(&source.name), file)
        };
        let mut files = Self(sources.iter().map(file).collect());
        let imports: Vec<(Module, BTreeMap<String, Module>)> =
            files.0.keys().map(|module| (module.clone(), files.imports_of(module))).collect();
        for (module, imports) in imports {
            files.0.get_mut(&module).expect("a key of the same map").imports = imports;
        }
        files
    }

    fn imports_of(&self, module: &Module) -> BTreeMap<String, Module> {
        let paths = uses(&self.0[module].code).into_iter().flat_map(|found| branches(&found.tree));
        let absolute = paths.filter_map(|path| Some((path.last()?.clone(), self.absolute(module, &path)?)));
        absolute.collect()
    }

    /// Every file of the same room that this one names, each where it is first named.
    fn named_by(&self, module: &Module) -> Vec<Naming> {
        let code = &self.0[module].code;
        let (mut rest, mut paths) = (code.clone(), Vec::new());
        for found in uses(code) {
            let blank: String = rest[found.span.clone()].chars().map(|c| if c == '\n' { c } else { ' ' }).collect();
            // `chars` may shorten what is not ASCII; the places of what follows must not move.
            if blank.len() == found.span.len() {
                rest.replace_range(found.span.clone(), &blank);
            }
            if !found.passed_on {
                paths.extend(branches(&found.tree).into_iter().map(|path| (found.span.start, path)));
            }
        }
        paths.extend(plain_paths(&rest));
        let mut named: Vec<Naming> = Vec::new();
        for (at, path) in paths {
            let Some(to) = self.absolute(module, &path).and_then(|path| self.file_of(&path, 0)) else { continue };
            if to != *module && to.first() == module.first() && !named.iter().any(|naming| naming.to == to) {
                named.push(Naming { line: 1 + code[..at].matches('\n').count(), path: path.join("::"), to });
            }
        }
        named
    }

    /// A path in a module's code as one from the root; none where it begins in a library or with a local name.
    fn absolute(&self, module: &Module, path: &[String]) -> Option<Module> {
        let supers = path.iter().take_while(|part| *part == "super").count();
        let from = |base: &[String], rest: &[String]| Some([base, rest].concat());
        match path.first()?.as_str() {
            "crate" => from(&[], &path[1..]),
            "self" => from(module, &path[1..]),
            "super" => from(module.get(..module.len().checked_sub(supers)?)?, &path[supers..]),
            part => self.0.contains_key(&[&module[..], &[part.to_owned()]].concat()).then(|| [module, path].concat()),
        }
    }

    /// The file that defines what an absolute path leads to.
    fn file_of(&self, path: &[String], depth: usize) -> Option<Module> {
        let file = (1..=path.len()).rev().map(|len| &path[..len]).find(|start| self.0.contains_key(*start))?;
        let passed_on = path.get(file.len()).and_then(|name| self.0[file].imports.get(name));
        match passed_on {
            // Limits the search, because names may be passed on in a circle.
            Some(path) if depth < 8 && path.as_slice() != file => self.file_of(path, depth + 1),
            _ => Some(file.to_vec()),
        }
    }
}

fn module_of(name: &str) -> Module {
    let path = name.trim_start_matches("src/").trim_end_matches(".rs");
    path.split('/').filter(|part| *part != "mod").map(str::to_owned).collect()
}

/// The line with nothing between its quotation marks.
fn without_strings(line: &str) -> String {
    let mut kept = String::new();
    let (mut inside, mut escaped) = (false, false);
    for c in line.chars() {
        if !inside || (c == '"' && !escaped) {
            kept.push(c);
        }
        if c == '"' && !escaped {
            inside = !inside;
        }
        escaped = inside && c == '\\' && !escaped;
    }
    kept
}

/// A `use`: where it stands, what it says, and whether it passes names on.
struct Use {
    span: std::ops::Range<usize>,
    tree: String,
    passed_on: bool,
}

fn uses(code: &str) -> Vec<Use> {
    let mut found = Vec::new();
    let mut start = 0;
    for line in code.split_inclusive('\n') {
        let text = line.trim_start();
        let (passed_on, tree_at) = match text.strip_prefix("pub") {
            Some(rest) => (true, rest.find("use ").filter(|at| rest[..*at].trim_end().ends_with(')') || *at == 1)),
            None => (false, text.starts_with("use ").then_some(0)),
        };
        if let Some(at) = tree_at {
            let from = start + line.len() - text.len();
            let tree_from = from + if passed_on { "pub".len() } else { 0 } + at + "use ".len();
            let end = code[tree_from..].find(';').map_or(code.len(), |at| tree_from + at);
            found.push(Use { span: from..end, tree: code[tree_from..end].to_owned(), passed_on });
        }
        start += line.len();
    }
    found
}

/// `a::{b, c::{d, self}}` -> `a::b`, `a::c::d`, `a::c`.
fn branches(tree: &str) -> Vec<Vec<String>> {
    let parts = |path: &str| -> Vec<String> {
        let path = path.split(" as ").next().unwrap_or_default();
        path.split("::").map(|part| part.trim().to_owned()).filter(|part| !part.is_empty() && part != "*").collect()
    };
    let Some((head, group)) = tree.split_once('{') else { return vec![parts(tree)] };
    let group = &group[..group.rfind('}').unwrap_or(group.len())];
    let mut depth = 0;
    let members = group.split(|c| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        c == ',' && depth == 0
    });
    let inner = members.filter(|member| !member.trim().is_empty()).flat_map(branches);
    inner.map(|path| [parts(head), path].concat().into_iter().filter(|part| part != "self").collect()).collect()
}

/// The paths of two parts or more, `use` aside, with their places.
fn plain_paths(code: &str) -> Vec<(usize, Vec<String>)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(next) = code[at..].find("::") {
        let middle = at + next;
        let head_at = code[..middle]
            .rfind(|c: char| !c.is_alphanumeric() && c != '_')
            .map_or(0, |before| before + code[before..].chars().next().map_or(1, char::len_utf8));
        let mut path = vec![code[head_at..middle].to_owned()];
        let mut end = middle;
        while let Some(name) = code[end..].strip_prefix("::").map(identifier).filter(|name| !name.is_empty()) {
            end += "::".len() + name.len();
            path.push(name);
        }
        if path.len() > 1 && !path[0].is_empty() {
            found.push((head_at, path));
        }
        at = end.max(middle + "::".len());
    }
    found
}

/// Tests the readers on code that they must not misread, because a rule that finds nothing must be able to find something.
mod readers {
    use super::*;

    fn room(files: &[(&str, &str)]) -> Vec<String> {
        let source = |(name, text): &(&str, &str)| Source { name: (*name).into(), text: (*text).into() };
        circles(&files.iter().map(source).collect::<Vec<_>>())
    }

    #[test]
    fn two_files_that_name_each_other_are_a_circle() {
        let found = room(&[
            ("src/gpu/wait.rs", "use super::device::Gpu;\n"),
            ("src/gpu/device.rs", "//! One.\n\nfn f() -> crate::gpu::wait::Done {}\n"),
            ("src/gpu/mod.rs", "mod device;\nmod wait;\n"),
        ]);
        let told = "src/gpu/device.rs:3 names `crate::gpu::wait::Done` of src/gpu/wait.rs\n    \
                    src/gpu/wait.rs:1 names `super::device::Gpu` of src/gpu/device.rs";
        assert_eq!(found, [told]);
    }

    #[test]
    fn a_circle_may_go_by_way_of_others_and_through_groups() {
        let found = room(&[
            ("src/a/b.rs", "use super::{\n    c::{self, D},\n    x,\n};\n"),
            ("src/a/c.rs", "use crate::a::d;\n"),
            ("src/a/d.rs", "fn f() { super::b::g() }\n"),
            ("src/a/x.rs", ""),
        ]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].lines().count(), 3, "{found:?}");
    }

    #[test]
    fn what_is_passed_on_leads_to_the_file_that_defines_it() {
        let parts = [
            ("src/a/mod.rs", "mod b;\nmod c;\npub use b::B;\nfn f() { c::g() }\n"),
            ("src/a/b.rs", "pub struct B;\n"),
            ("src/a/c.rs", "use super::B;\npub fn g() {}\n"),
        ];
        assert_eq!(room(&parts), [""; 0], "c names b, through its parent");
        let parent = ("src/a/mod.rs", "mod c;\npub struct B;\nfn f() { c::g() }\n");
        assert_eq!(room(&[parent, parts[2]]).len(), 1, "c names its parent, which calls it");
    }

    #[test]
    fn tests_strings_and_other_rooms_are_no_step() {
        let found = room(&[
            ("src/a/b.rs", "use super::c;\nuse crate::z::c;\n"),
            (
                "src/a/c.rs",
                "const T: &str = \"super::b::X\"; // super::b\n#[cfg(test)]\nmod tests {\n    use super::super::b;\n}\n",
            ),
            ("src/z/c.rs", "use crate::a::b;\n"),
        ]);
        assert_eq!(found, [""; 0]);
    }
}
