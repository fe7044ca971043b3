//! Tells program text, settings and lists from prose, for names that leave the choice: `europarl.cs` is Czech or C#.
//! the first lines of a text -> [`is_program`].

/// The share of lines with marks of a program from which a text is one. Comments and manuals within programs are prose, so it is
/// small. Of 5,317 programs, settings and logs with such names on a machine with Debian about 40 have less, most of them tables
/// of words.
const SHARE: f64 = 0.1;
/// In a longer line, which may be a whole document, a single mark says nothing: more than one in fifty characters must be one.
const LINE_CHARS: usize = 300;
/// A text that begins so is no prose.
const BEGINNINGS: &[&str] = &["#!", "<?", "/*", "//", "--[[", "@echo", "\\documentclass", "\\input"];

/// Whether a text is a program, settings or a list.
pub fn is_program(text: &str) -> bool {
    let text = text.trim_start();
    let lower: String = text.chars().take(32).collect::<String>().to_lowercase();
    if BEGINNINGS.iter().any(|beginning| lower.starts_with(beginning)) {
        return true;
    }
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    let marked = lines().filter(|line| is_marked(line)).count();
    marked as f64 > SHARE * lines().count() as f64
}

/// Whether a line has marks that programs, settings or lists have and prose has not.
fn is_marked(line: &str) -> bool {
    if line.chars().nth(LINE_CHARS).is_some() {
        // Programs for browsers are often one line.
        return line.matches(['{', '}', ';', '=', '<', '>']).count() * 50 > line.chars().count();
    }
    // No "#" and "@", because messages begin with them, and no "--", which begins speech.
    let begins =
        ["# ", "##", "#-", "#include", "#define", "//", "/*", "*/", "}", "{", "<", "\\", "$", "[", "%", "::", "=", "|"];
    let ends = ["{", "}", "\\", "(", "[", ">", "*/", "|", "&&"];
    let within = ["=", "()", "${", "$(", "->", "::", "||", "&&", "</", "/*", "*/", "://", ");"];
    let other = |c: &char| !c.is_whitespace();
    let (signs, digits) = (line.chars().filter(other).count(), line.chars().filter(char::is_ascii_digit).count());
    begins.iter().any(|mark| line.starts_with(mark))
        || ends.iter().any(|mark| line.ends_with(mark))
        || within.iter().any(|mark| line.contains(mark))
        || (line.ends_with(';') && !ends_with_entity(line))
        || is_setting(line)
        || line.split_whitespace().any(|word| word.matches('/').count() > 1)
        // Times, sizes and checksums of logs and lists.
        || 5 * digits > 2 * signs
}

/// Whether a line ends with a sign as tokenized text writes it: `&quot;`.
fn ends_with_entity(line: &str) -> bool {
    line.rsplit_once('&').is_some_and(|(_, entity)| entity[..entity.len() - 1].chars().all(char::is_alphanumeric))
}

/// Whether a line is `name: value`, with a name as programs write it.
fn is_setting(line: &str) -> bool {
    let name = line.trim_start_matches("- ").split_once(':').map(|(name, _)| name);
    name.is_some_and(|name| {
        name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_settings_and_lists_are_known() {
        for program in [
            "/* C++ */\nint main() {\n  return 0;\n}\n",
            "using System;\nusing System.IO;\n\nnamespace A\n{\n    class B\n    {\n    }\n}\n",
            "import { a } from \"b\";\n\nexport const c: number = 1;\n",
            "package A;\nuse strict;\n\n=head1 NAME\n\nA - a long text about the module.\n\n=cut\n\nsub new {\n",
            "all: a.o\n\tgcc -o a a.o\n\nCFLAGS = -O2\n",
            "echo hello\nif [ -f a ]; then\n  cp a ${B}\nfi\nX=1\n",
            "set -e\nfor f in *; do\n  cat \"$f\" | wc\ndone\nexit $(date +%s)\n",
            "local x = 1\nfunction f()\n  return x\nend\n",
            "body {\n  color: red;\n}\n",
            "name: a\nversion: 2\nitems:\n  - one\n  - two\n",
            "2026-11-29 10:00:00 INFO started\n2026-11-29 10:00:01 INFO stopped\n",
            "[section]\nkey = value\n",
            "KEY=value\nOTHER=thing\n",
            "@article{a,\n  title = {A},\n}\n",
            "\\documentclass{article}\nThis is a long text.\nAnd it goes on.\n",
            "d41d8cd98f00b204e9800998ecf8427e  a.txt\n",
            "<a><b>text</b></a>\n",
        ] {
            assert!(is_program(program), "{program}");
        }
    }

    #[test]
    fn prose_of_any_kind_is_none() {
        for prose in [
            "Obnoven\u{ed} zased\u{e1}n\u{ed}\nProhla\u{161}uji zased\u{e1}n\u{ed} za obnoven\u{e9}; d\u{11b}kuji.\n(Potlesk)\n",
            "\u{2013} Dok\u{105}d idziesz?\n-- Nie wiem.\n- Id\u{17a}!\n",
            "@petr Ahoj!\n#praha je kr\u{e1}sn\u{e1}\nhttps a nic v\u{ed}c\n",
            "Don &apos;t say that , he said , &quot; please . &quot;\nshe is a well @-@ known writer\n",
            "Petr: Co to je?\nPavel: Nic.\nHlas za sc\u{e9}nou: Ticho!\n",
            "V roce 1989 p\u{159}i\u{161}lo 12 000 lid\u{ed}.\nDne 5. \u{10d}ervna 2001 v 10:30 v\u{161}ichni odjeli.\n",
            "\u{41a}\u{443}\u{447}\u{435}\u{442}\u{43e} \u{441}\u{43f}\u{438}\u{435}.\n\n\u{41c}\u{430}\u{447}\u{43a}\u{430}\u{442}\u{430} \u{43d}\u{435}.\n",
            " = Kniha = \n\nDlouh\u{fd} text o knize, kter\u{fd} nekon\u{10d}\u{ed}.\nDruh\u{fd} odstavec.\nT\u{159}et\u{ed}.\n\
             \u{10c}tvrt\u{fd}.\nP\u{e1}t\u{fd}.\n\u{160}est\u{fd}.\nSedm\u{fd}.\nOsm\u{fd}.\nDev\u{e1}t\u{fd}.\nDes\u{e1}t\u{fd}.\n",
            "one short line",
            "",
        ] {
            assert!(!is_program(prose), "{prose}");
        }
    }
}
