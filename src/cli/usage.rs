//! Tells wrong usage in the person's language: what clap found -> our error -> standard error, and status 2.

use crate::t;
use crate::view::Lang;
use crate::view::words::{self, Strings};
use crate::{Error, message::Message};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::error::Error as _;
use std::io::Write;

/// Ends the program. `--help` and `--version` come here too, and clap prints them, as it prints what [`wrong`] does not know.
pub fn exit(found: &clap::Error, lang: Lang) -> ! {
    let Some(error) = wrong(found) else { found.exit() };
    let strings = Strings::of(lang);
    let mut text = format!("{}: {}", words::label(lang), words::error(&error, lang));
    if let Some(usage) = context(found, ContextKind::Usage) {
        let usage = usage.trim_start_matches("Usage: ").trim_end();
        text.push_str(&format!("\n\n{}", t!(strings, "terminal-usage", usage = usage)));
    }
    writeln!(std::io::stderr(), "{text}\n\n{}", strings.t("terminal-usage-more")).ok();
    std::process::exit(error.exit_status().into())
}

fn context(found: &clap::Error, kind: ContextKind) -> Option<String> {
    found.get(kind).map(ContextValue::to_string).filter(|text| !text.is_empty())
}

/// What clap found, as an error of ours.
fn wrong(found: &clap::Error) -> Option<Error> {
    let argument = || context(found, ContextKind::InvalidArg);
    match found.kind() {
        ErrorKind::UnknownArgument => Some(match context(found, ContextKind::SuggestedArg) {
            None => Error::usage("usage-argument-unknown").with("argument", argument()?),
            Some(similar) => Error::usage("usage-argument-unknown")
                .with("argument", argument()?)
                .with("similar", similar)
                .hint("help-similar"),
        }),
        ErrorKind::InvalidSubcommand => {
            let command = context(found, ContextKind::InvalidSubcommand)?;
            Some(match context(found, ContextKind::SuggestedSubcommand) {
                None => Error::usage("usage-command-unknown").with("command", command),
                Some(similar) => Error::usage("usage-command-unknown")
                    .with("command", command)
                    .with("similar", similar)
                    .hint("help-similar"),
            })
        }
        ErrorKind::MissingRequiredArgument => {
            Some(Error::usage("usage-arguments-missing").with("arguments", argument()?))
        }
        ErrorKind::ArgumentConflict => {
            let (argument, prior) = (argument()?, context(found, ContextKind::PriorArg)?);
            Some(if prior == argument {
                Error::usage("usage-argument-twice").with("argument", argument)
            } else {
                Error::usage("usage-arguments-conflict").with("argument", argument).with("other", prior)
            })
        }
        ErrorKind::InvalidValue => wrong_value(found, argument()?),
        ErrorKind::ValueValidation => {
            let value = context(found, ContextKind::InvalidValue)?;
            let why = found.source()?;
            let why = match why.downcast_ref::<Error>() {
                Some(ours) => Message::from(ours),
                None => Message::plain(why.to_string()),
            };
            Some(
                Error::usage("usage-value-refused").with("argument", argument()?).with("value", value).with("why", why),
            )
        }
        _ => None,
    }
}

/// A value that is missing, or none of those that an argument takes.
fn wrong_value(found: &clap::Error, argument: String) -> Option<Error> {
    let known = context(found, ContextKind::ValidValue);
    Some(match (context(found, ContextKind::InvalidValue), known) {
        (Some(value), known) => Error::usage("usage-value-unknown")
            .with("argument", argument)
            .with("value", value)
            .with("known", known?)
            .hint("help-possible-values"),
        (None, Some(known)) => Error::usage("usage-value-missing")
            .with("argument", argument)
            .with("known", known)
            .hint("help-possible-values"),
        (None, None) => Error::usage("usage-value-missing").with("argument", argument),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::Typed;
    use clap::Parser;

    fn told(args: &str, lang: Lang) -> String {
        let found = Typed::try_parse_from(args.split(' ')).unwrap_err();
        words::error(&wrong(&found).unwrap_or_else(|| panic!("{args}: {found}")), lang)
    }

    #[test]
    fn wrong_usage_has_a_sentence_in_both_languages() {
        for (args, en, pt) in [
            ("e train --stepz 3", "unexpected argument '--stepz' found\n  help: similar: '--steps'", "'--stepz'"),
            ("e trian", "unrecognized command 'trian'\n  help: similar: 'train'", "comando desconhecido: 'trian'"),
            ("e export r", "these required arguments were not given: --to <DIR>", "faltam argumentos obrigatórios"),
            ("e train --seed 1 --seed 2", "the argument '--seed <N>' is given more than once", "mais de uma vez"),
            ("e train --steps 3 --minutes 1", "cannot be used with --minutes <M>", "não pode acompanhar --minutes"),
            ("e train --steps 0", "invalid value '0' for '--steps <N>': want a whole number above 0", "inteiro acima"),
            ("e train --lang fr", "invalid value 'fr' for '--lang <en|pt>'\n  help: possible values: en, pt", "'fr'"),
            ("e app --theme", "a value is required for '--theme <THEME>'", "é preciso um valor para '--theme"),
            ("e corpus --level hard", "no level \"hard\"\n  help: first-steps or stories", "não há nível \"hard\""),
        ] {
            let (english, portuguese) = (told(args, Lang::En), told(args, Lang::Pt));
            assert!(english.contains(en), "{args}: {english}");
            assert!(portuguese.contains(pt) && portuguese != english, "{args}: {portuguese}");
        }
    }

    #[test]
    fn help_and_version_are_no_wrong_usage() {
        for args in ["e --help", "e --version", "e train --help"] {
            assert!(wrong(&Typed::try_parse_from(args.split(' ')).unwrap_err()).is_none());
        }
    }
}
