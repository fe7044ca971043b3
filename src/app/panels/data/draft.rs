//! A run that is not started yet, as plain data: what a person chose. It turns into a request or into a command line.
//! choices -> [`Draft::options`], [`Draft::effective`], [`Draft::command_line`].

use crate::app::first_run::first_run;
use crate::config::Config;
use crate::gpu::DeviceName;
use crate::host::native::{self, name_of};
use crate::path::{quoted, word_of_name};
use crate::run::Request;
use crate::run::source::Wanted;
use crate::text::grammar::Level;
use crate::view::Lang;
use crate::{Error, Result};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The settings that are always in sight; the others are folded.
pub const MAIN: [&str; 5] = ["steps", "batch", "seq_len", "lr", "mask_prob"];

#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// Whether the run trains on a person's own files, not on the built-in text.
    pub own_text: bool,
    pub corpus: Vec<PathBuf>,
    /// The field of documents in files that have fields. If it is empty, the files decide.
    pub text_field: String,
    /// The language of the built-in text; it also decides whether accents are kept.
    pub lang: Lang,
    /// None means the level that fits the preset's size.
    pub level: Option<Level>,
    pub tokenizer: Option<PathBuf>,
    /// Weights to start from.
    pub init: Option<PathBuf>,
    pub preset: String,
    pub device: DeviceName,
    /// Values that a person typed over those of the preset, by key.
    pub edits: BTreeMap<String, String>,
    pub seed: String,
    /// The run's folder. If it is empty, date and preset make the name.
    pub out: String,
}

impl Draft {
    pub fn new(lang: Lang) -> Self {
        Self {
            own_text: false,
            corpus: Vec::new(),
            text_field: String::new(),
            lang,
            level: None,
            tokenizer: None,
            init: None,
            preset: "nano".to_owned(),
            device: DeviceName::Auto,
            edits: BTreeMap::new(),
            seed: String::new(),
            out: String::new(),
        }
    }

    /// The request of the run.
    ///
    /// # Errors
    /// A run on own text has no file, or the seed is no number.
    pub fn options(&self) -> Result<Request> {
        if self.own_text && self.corpus.is_empty() {
            return Err(Error::usage("no-text-chosen"));
        }
        let seed = self.seed.trim();
        let seed = (!seed.is_empty()).then(|| seed.parse::<u64>()).transpose();
        let seed = seed.map_err(|_| Error::usage("seed-not-whole").with("value", self.seed.trim()))?;
        let steps = self.edits.get("steps").map(|typed| typed.trim());
        let set = self.edits.iter().filter(|(key, _)| *key != "steps");
        let out = self.out.trim();
        Ok(Request {
            corpus: if self.own_text { self.corpus.iter().map(|path| name_of(path)).collect() } else { Vec::new() },
            text_field: self.field().filter(|_| self.own_text),
            level: self.level.filter(|_| !self.own_text),
            tokenizer: self.tokenizer.as_deref().map(name_of),
            init: self.init.as_deref().map(name_of),
            out: (!out.is_empty()).then(|| out.to_owned()),
            preset: (self.preset != "nano").then(|| self.preset.clone()),
            set: set.map(|(key, typed)| format!("{key}={}", typed.trim())).collect(),
            steps: steps.map(number_of_steps).transpose()?,
            seed,
            device: self.device.to_string(),
            ..first_run(self.lang)
        })
    }

    /// The configuration that the run will have, and the level of the built-in text if the run uses that.
    ///
    /// # Errors
    /// A setting is wrong by itself or together with another. The error is the same as on the command line.
    pub fn effective(&self) -> Result<(Config, Option<Level>)> {
        // Some settings depend on the text. A text that is still missing must not hide what is wrong with the other settings.
        let draft = Self { own_text: self.own_text && !self.corpus.is_empty(), ..self.clone() };
        native::effective_config(&draft.options()?)
    }

    /// The configuration without typed values. A setting that is undone takes its value from here.
    pub fn untouched(&self) -> Result<Config> {
        let plain = Self { edits: BTreeMap::new(), seed: String::new(), ..self.clone() };
        plain.effective().map(|(config, _)| config)
    }

    /// The text on which a tokenizer is trained.
    pub fn wanted(&self) -> Result<Wanted> {
        let (_, builtin) = self.effective()?;
        let Request { corpus, text_field: field, .. } = self.options()?;
        Ok(Wanted { builtin: builtin.filter(|_| corpus.is_empty()), corpus, valid: Vec::new(), field, lang: self.lang })
    }

    /// The command line that starts the same run.
    ///
    /// # Errors
    /// As [`Draft::options`].
    pub fn command_line(&self) -> Result<String> {
        Ok(command_line(&self.options()?))
    }

    /// The field of documents that a person named.
    pub fn field(&self) -> Option<String> {
        Some(self.text_field.trim()).filter(|field| !field.is_empty()).map(str::to_owned)
    }

    pub fn add_text(&mut self, path: PathBuf) {
        self.own_text = true;
        if !self.corpus.contains(&path) {
            self.corpus.push(path);
        }
    }
}

fn number_of_steps(typed: &str) -> Result<u64> {
    // Points and commas mean different things in different languages, so they are refused.
    let digits: String = typed.chars().filter(|c| !matches!(c, '_' | ' ')).collect();
    match digits.parse::<u64>() {
        Ok(steps) if steps > 0 => Ok(steps),
        _ => Err(Error::usage("steps-not-whole").with("value", typed)),
    }
}

/// A request as a command line. Options at their default are left out.
pub fn command_line(o: &Request) -> String {
    let mut words = vec!["electroscope".to_owned(), "train".to_owned()];
    let mut flag = |name: &str, word: String| words.extend([format!("--{name}"), word]);
    o.corpus.iter().for_each(|corpus| flag("corpus", word_of_name(corpus)));
    o.valid.iter().for_each(|valid| flag("valid", word_of_name(valid)));
    if let Some(field) = &o.text_field {
        flag("text-field", quoted(field));
    }
    if o.lang != Lang::En {
        flag("lang", o.lang.code().to_owned());
    }
    if let Some(level) = o.level {
        flag("level", level.to_string());
    }
    for (name, value) in [("tokenizer", &o.tokenizer), ("init", &o.init), ("out", &o.out)] {
        if let Some(value) = value {
            flag(name, word_of_name(value));
        }
    }
    if let Some(preset) = &o.preset {
        flag("preset", quoted(preset));
    }
    o.set.iter().for_each(|set| flag("set", quoted(set)));
    for (name, number) in [("steps", o.steps), ("seed", o.seed)] {
        if let Some(number) = number {
            flag(name, number.to_string());
        }
    }
    if o.device != "auto" {
        flag("device", quoted(&o.device));
    }
    if o.resume {
        words.push("--resume".to_owned());
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> Draft {
        Draft::new(Lang::En)
    }

    #[test]
    fn an_untouched_draft_is_the_first_run() {
        assert_eq!(draft().command_line().unwrap(), "electroscope train");
        let (config, level) = draft().effective().unwrap();
        assert_eq!((config.preset.as_str(), level), ("nano", Some(Level::FirstSteps)));
    }

    #[test]
    fn choices_reach_the_run_and_the_command_line() {
        let mut draft = Draft { lang: Lang::Pt, preset: "tiny".into(), seed: " 7 ".into(), ..draft() };
        draft.add_text("meus textos".into());
        draft.add_text("meus textos".into());
        draft.text_field = " corpo ".into();
        draft.edits = [("lr", "0.001"), ("steps", "1_000"), ("batch", "8")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into();
        draft.device = DeviceName::Named("RTX 3060".into());
        let (config, level) = draft.effective().unwrap();
        assert_eq!((config.lr, config.steps, config.batch, level), (0.001, 1000, 8, None));
        assert!(!config.strip_accents);
        let line = draft.command_line().unwrap();
        if !cfg!(windows) {
            assert_eq!(
                line,
                "electroscope train --corpus \"meus textos\" --text-field corpo --lang pt --preset tiny --set batch=8 --set lr=0.001 \
                 --steps 1000 --seed 7 --device \"RTX 3060\""
            );
        }
    }

    #[test]
    fn mistakes_are_told_and_change_nothing() {
        let edited = |key: &str, value: &str| {
            let mut draft = draft();
            draft.edits.insert(key.to_owned(), value.to_owned());
            draft.effective().unwrap_err().to_string()
        };
        assert!(edited("heads", "3").contains("heads"), "{}", edited("heads", "3"));
        assert!(edited("lr", "fast").contains("lr"));
        assert!(edited("steps", "many").contains("steps"));
        let own = Draft { own_text: true, ..draft() };
        assert!(own.options().unwrap_err().to_string().contains("no-text-chosen"));
        assert!(own.effective().is_ok(), "settings can be looked at before there is a text");
        assert!(Draft { seed: "-1".into(), ..draft() }.options().is_err());
    }

    #[test]
    #[cfg(unix)]
    fn a_path_of_any_bytes_reaches_the_run_and_the_command_line() {
        use std::os::unix::ffi::OsStringExt;
        let path = |bytes: &[u8]| PathBuf::from(std::ffi::OsString::from_vec(bytes.to_vec()));
        let mut draft = draft();
        [&b"caf\xe9"[..], b"-dash", b"it's"].into_iter().for_each(|bytes| draft.add_text(path(bytes)));
        draft.out = name_of(&path(b"\xff"));
        let options = draft.options().unwrap();
        assert_eq!(crate::path::path_of(&options.corpus[0]), path(b"caf\xe9"));
        assert_eq!(
            draft.command_line().unwrap(),
            r#"electroscope train --corpus $'caf\xe9' --corpus ./-dash --corpus "it's" --out $'\xff'"#
        );
    }
}
