//! Tests which files are read and for what: names, folders, several paths, lists, and what cannot be read.

use super::*;

#[test]
fn folder_rules() {
    let dir = folder(&[
        ("train.txt", b"train"),
        ("more/books.jsonl", b"{\"text\": \"books\"}"),
        ("more/dev.txt", b"dev"),
        ("valid.txt", b"valid"),
        ("validation-00000-of-00001.jsonl", b"{\"text\": \"v\"}"),
        ("Test.TXT", b"test"),
        ("testament.txt", b"testament"),
        ("SOURCE.txt", b"source"),
        ("LICENSE", b"licence"),
        ("readme.txt", b"readme"),
        ("manifest.tsv", b"manifest"),
        ("table.csv", b"a,b"),
        ("empty.txt", b""),
        (".hidden.txt", b"hidden"),
    ]);
    let corpus = open(dir.path()).unwrap();
    let mut found = documents(&corpus).unwrap();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    let name = |text: &str, role| (text.to_owned(), role);
    assert_eq!(
        found,
        [
            name("books", Role::Corpus),
            name("testament", Role::Corpus),
            name("train", Role::Corpus),
            name("v", Role::HeldOut),
            name("valid", Role::HeldOut)
        ]
    );
    let skipped: Vec<String> = corpus.skipped.iter().map(|(path, _)| name_of(path)).collect();
    assert_eq!(
        skipped,
        ["LICENSE", "SOURCE.txt", "Test.TXT", "empty.txt", "manifest.tsv", "dev.txt", "readme.txt", "table.csv"]
    );
    let told = corpus.listing();
    let count = |code: &str| told.iter().filter(|message| message.code == code).count();
    let counts = ["corpus-file-train", "corpus-file-held-out", "corpus-file-skipped"].map(count);
    assert_eq!((told.len(), counts), (5 + 8 + 1, [3, 2, 8]), "every file is told, and their number: {told:?}");
    let training: Vec<Role> = corpus.training_chunks().map(|chunk| chunk.unwrap().role).collect();
    assert_eq!(training, [Role::Corpus; 3]);
}

#[test]
fn given_held_out_text_replaces_that_of_the_folder() {
    let dir = folder(&[("a/train.txt", b"train"), ("a/valid.txt", b"valid"), ("b/test.txt", b"mine")]);
    let corpus = Corpus::open(&[dir.path().join("a")], &[dir.path().join("b")], None).unwrap();
    let found = documents(&corpus).unwrap();
    assert_eq!(found, [("train".to_owned(), Role::Corpus), ("mine".to_owned(), Role::HeldOut)]);
    let judged = Corpus::open_held_out(&[dir.path().join("a")], None).unwrap();
    assert!(documents(&judged).unwrap().iter().all(|(_, role)| *role == Role::HeldOut));
}

#[test]
fn a_file_that_is_held_out_is_never_trained_on_and_none_is_read_twice() {
    let dir = folder(&[("a.txt", b"a"), ("b.txt", b"b")]);
    let (a, all) = (dir.path().join("a.txt"), dir.path().to_owned());
    let corpus = Corpus::open(&[all.clone(), dir.path().join("./b.txt")], &[a], None).unwrap();
    assert_eq!(documents(&corpus).unwrap(), [("b".to_owned(), Role::Corpus), ("a".to_owned(), Role::HeldOut)]);
}

#[test]
fn names_of_folders_and_parts_of_names_keep_text_from_training() {
    let dir = folder(&[
        ("books/one.txt", b"one"),
        ("books/wiki.test.txt", b"t"),
        ("test/books.txt", b"t"),
        ("held-out/deep/er.jsonl", b"{\"text\": \"v\"}"),
        ("newsdev2016.en", b"t"),
        ("Validation-2/x", b"v"),
        ("dev/val.txt", b"v"),
        ("TestSet/train.txt", b"t"),
        ("contest/testament.txt", b"two"),
    ]);
    let corpus = open(dir.path()).unwrap();
    let mut found: Vec<(String, Role)> = documents(&corpus).unwrap();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    let texts = |role| found.iter().filter(|(_, r)| *r == role).map(|(text, _)| text.as_str()).collect::<Vec<_>>();
    assert_eq!((texts(Role::Corpus), texts(Role::HeldOut)), (vec!["one", "two"], vec!["v"; 3]));
    let judging = verdicts(&corpus).iter().filter(|(_, verdict)| verdict == "skipped-for-judging").count();
    assert_eq!(judging, 4);
    let why = |name: &str| corpus.listing().iter().find(|m| m.to_string().contains(name)).unwrap().to_string();
    assert!(why("er.jsonl").contains("word-of-folder (word = held-out)"), "{}", why("er.jsonl"));
    assert!(why("wiki.test.txt").contains("word-of-file (word = test)"), "{}", why("wiki.test.txt"));
    assert!(why("one.txt").contains("role-no-word"), "{}", why("one.txt"));
}

#[test]
fn an_ending_that_is_also_a_language_is_judged_by_the_bytes() {
    let czech = "M\u{16f}j pes sp\u{ed}.\nKo\u{10d}ka nesp\u{ed}; b\u{11b}h\u{e1}.\n".repeat(20);
    let latin2 = b"Pan \xb3\xf3d\xbc\n";
    let code = "using System;\nclass A\n{\n    int x = 1;\n}\n";
    let dir = folder(&[
        ("europarl.cs", czech.as_bytes()),
        ("bible.lua", b"Ku ngudilu Nzambi wakafuka diulu.\n"),
        ("news.mk.gz", &gzip("\u{43a}\u{443}\u{447}\u{435}\u{442}\u{43e} \u{441}\u{43f}\u{438}\u{435}.\n".as_bytes())),
        ("news.ts", &utf16("Avuxeni vatsongwana.\n", true, u16::to_le_bytes)),
        ("x/program.cs", code.as_bytes()),
        ("x/packed.ts.gz", &gzip(b"export const a = () => 1;\n")),
        ("x/run.sh", b"#!/bin/sh\necho This is a long story of a dog\n"),
        ("x/sums.log", b"d41d8cd98f00b204e9800998ecf8427e  a.txt\n"),
        ("x/clip.ts", b"G\0\x11\x10\0B\xf0\xff"),
        ("x/old.pl", latin2),
        // No language has this ending.
        ("x/notes.py", czech.as_bytes()),
    ]);
    let verdicts = verdicts(&open(dir.path()).unwrap());
    let of = |name: &str| verdicts.iter().find(|(file, _)| file == name).map(|(_, verdict)| verdict.as_str()).unwrap();
    assert_eq!(["europarl.cs", "bible.lua", "news.mk.gz", "news.ts"].map(of), ["Corpus"; 4]);
    let programs = ["program.cs", "packed.ts.gz", "run.sh", "sums.log", "notes.py"];
    assert_eq!(programs.map(of), ["skipped-other-kind"; 5]);
    // A file that may be a corpus but cannot be read is told so.
    assert_eq!((of("clip.ts"), of("old.pl")), ("file-not-utf8", "file-not-utf8"));
}

#[test]
fn what_a_shell_lists_is_judged_by_its_names_and_what_is_given_alone_is_not() {
    let dir = folder(&[("train.txt", b"a"), ("dev.txt", b"b"), ("valid.txt", b"c"), ("test/x.txt", b"d")]);
    let at = |names: &[&str]| names.iter().map(|name| dir.path().join(name)).collect::<Vec<_>>();
    let roles = |names: &[&str]| verdicts(&Corpus::open(&at(names), &[], None).unwrap());
    let verdict = |name: &str, verdict: &str| (name.to_owned(), verdict.to_owned());
    assert_eq!(
        roles(&["dev.txt", "test", "train.txt", "valid.txt"]),
        [
            verdict("train.txt", "Corpus"),
            verdict("valid.txt", "HeldOut"),
            verdict("dev.txt", "skipped-for-judging"),
            verdict("x.txt", "skipped-for-judging")
        ]
    );
    assert_eq!(roles(&["dev.txt"]), [verdict("dev.txt", "Corpus")]);
    assert_eq!(roles(&["test"]), [verdict("x.txt", "Corpus")]);
    assert_eq!(
        roles(&["dev.txt", "test"]),
        [verdict("dev.txt", "Corpus"), verdict("x.txt", "Corpus")],
        "all are meant"
    );
}

#[test]
#[cfg(unix)]
fn what_cannot_be_read_is_named_and_left_out() {
    use std::os::unix::fs::symlink;
    let dir = folder(&[("a.txt", b"a"), ("more/b.txt", b"b"), ("none/c", b"")]);
    let at = |name: &str| dir.path().join(name);
    symlink("nowhere", at("dead.txt")).unwrap();
    symlink("loop.txt", at("loop.txt")).unwrap();
    symlink("..", at("more/up")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(at("more/socket.txt")).unwrap();
    let corpus = open(dir.path()).unwrap();
    assert_eq!(documents(&corpus).unwrap().len(), 2);
    let unreadable =
        |corpus: &Corpus| corpus.skipped.iter().filter(|(_, r)| matches!(r, Skipped::Unreadable(_))).count();
    assert_eq!(unreadable(&corpus), 3, "{:?}", corpus.skipped);
    let notice = corpus.notices().remove(0).to_string();
    assert!(notice.contains("count = 3") && notice.contains("dead.txt") && notice.contains("loop.txt"), "{notice}");
    // Given with others it is left out too, but not alone, and a path that is not there at all is a mistake.
    let given = |names: &[&str]| Corpus::open(&names.iter().map(|name| at(name)).collect::<Vec<_>>(), &[], None);
    assert_eq!(unreadable(&given(&["a.txt", "dead.txt", "more/socket.txt"]).unwrap()), 2);
    assert!(given(&["dead.txt"]).unwrap_err().to_string().contains("dead.txt: cannot-do"));
    assert!(given(&["a.txt", "nothing.txt"]).unwrap_err().to_string().contains("nothing.txt: cannot-do"));
    assert!(given(&["more/socket.txt"]).unwrap_err().to_string().contains("not-a-file"));
    let nothing = given(&["dead.txt", "none"]).unwrap_err().to_string();
    assert!(nothing.contains("nothing-to-train-on") && nothing.contains("dead.txt"), "{nothing}");
}

#[test]
fn a_list_names_files_one_a_line() {
    let dir = folder(&[("a.txt", b"a"), ("b b.txt", b"b"), ("c.txt", b"c")]);
    let at = |name: &str| dir.path().join(name).display().to_string();
    let list = |text: String| {
        std::fs::write(dir.path().join("list"), text).unwrap();
        let list = PathBuf::from(format!("@{}", at("list")));
        assert!(is_there(&list) && listed_name(&list).to_string_lossy().starts_with('@'));
        Corpus::open(&[list], &[], None)
            .map(|corpus| documents(&corpus).unwrap().into_iter().map(|d| d.0).collect::<String>())
    };
    assert_eq!(list(format!("{}\r\n\n{}\n", at("a.txt"), at("b b.txt"))).unwrap(), "ab");
    assert_eq!(list("a.txt\nb b.txt".into()).unwrap(), "ab", "beside the list");
    assert_eq!(list(format!("{}\0{}\0", at("a.txt"), at("c.txt"))).unwrap(), "ac", "as find -print0 writes it");
    assert_eq!(list(format!("\u{feff}{}", at("a.txt"))).unwrap(), "a");
    assert!(list("\n \n".into()).unwrap_err().to_string().contains("list-is-empty"));
    assert!(list("no-such-file.txt".into()).unwrap_err().to_string().contains("no-such-file.txt"));
    let missing = Corpus::open(&[PathBuf::from(format!("@{}", at("no-list")))], &[], None).unwrap_err().to_string();
    assert!(missing.contains("io-read-list-of-files") && missing.contains("no-list"), "{missing}");
    assert!(!is_there(Path::new("@no-list")));
}

/// Two texts of one length and time whose names differ in one byte that is not UTF-8: neither gets the other's token cache.
#[test]
#[cfg(target_os = "linux")]
fn names_of_any_bytes_are_told_apart() {
    use std::os::unix::ffi::OsStrExt;
    let dir = tempfile::tempdir().unwrap();
    let texts = [&b"a\xe8.txt"[..], b"a\xe9.txt", "a\u{fffd}.txt".as_bytes()]
        .map(|name| dir.path().join(std::ffi::OsStr::from_bytes(name)));
    for (text, path) in ["one dog\n", "two dog\n", "six dog\n"].iter().zip(&texts) {
        std::fs::write(path, text).unwrap();
        std::fs::File::open(path).unwrap().set_modified(UNIX_EPOCH).unwrap();
    }
    let found = texts.clone().map(|path| open(&path).unwrap());
    let names: HashSet<String> = found.iter().map(|corpus| corpus.identity().name).collect();
    assert_eq!(names.len(), 3, "{names:?}");
    // In a folder all three are found, under their own names, and the list can be told apart too.
    let whole = open(dir.path()).unwrap();
    assert_eq!(whole.files.iter().map(|file| file.path.clone()).collect::<HashSet<_>>(), texts.into_iter().collect());
    let listed: HashSet<String> = whole.listing().iter().map(ToString::to_string).collect();
    assert_eq!(listed.len(), 4, "three files, and how many there are: {listed:?}");
}
