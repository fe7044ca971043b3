//! Opens the text of a run: the host's texts or the built-in corpus -> a tokenizer (given, or trained on it) -> the token cache.

use super::host::{Chunks, Host, Near};
use crate::config::Config;
use crate::lang::Lang;
use crate::message::Message;
use crate::text::cache::{self, Copies, Identity, TokenCache};
use crate::text::grammar::{Class, Grammar, Level, Rule, Story, Verdict};
use crate::text::tokenizer::{Cleaning, Tokenizer};
use crate::text::unknown::{Made, Unknown};
use crate::text::{Chunk, Role, wordpiece};
use crate::train::checkpoint::Checkpoint;
use crate::train::event::Preparing;
use crate::{Error, Result};
use std::sync::Arc;
use web_time::Instant;

/// Which text was asked for. A run keeps it, so that `--resume` and `eval` need no text.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Wanted {
    pub corpus: Vec<String>,
    pub valid: Vec<String>,
    /// The field of documents in files that have fields. Earlier versions had "text" alone.
    #[serde(default)]
    pub field: Option<String>,
    /// The level of the built-in corpus, if no text is named.
    pub builtin: Option<Level>,
    pub lang: Lang,
}

/// Text that is ready to be cut into rows.
pub struct Text {
    pub name: String,
    pub cache: Arc<TokenCache>,
    pub tokenizer: Arc<Tokenizer>,
    /// How much of the text the tokenizer does not know, and where it came from.
    pub unknown: Unknown,
    pub made: Made,
    /// A sentence to try the model on.
    pub example: Option<String>,
    /// Whether the text is only for judging a model, and none of it for training.
    pub only_held_out: bool,
    /// The grammar that the text was drawn from, if it is built in.
    pub builtin: Option<(Lang, Level)>,
    /// What a person should know about it.
    pub notices: Vec<Message>,
}

/// How many words of the built-in corpus a run trains on, by level.
fn builtin_words(level: Level) -> u64 {
    match level {
        Level::FirstSteps => 800_000,
        Level::Stories => 3_000_000,
    }
}

/// The seed of the built-in corpus. Every run has the same text, so that runs can be compared.
pub const BUILTIN_SEED: u64 = 1;

/// Gives an error as soon as somebody wants the preparation to end.
pub type KeepGoing<'g> = &'g dyn Fn() -> Result<()>;

/// The listener of the preparation.
pub type Tell<'t> = &'t mut dyn FnMut(Preparing);

/// Seconds between two lines about one piece of work.
const TELL_SECS: f64 = 3.0;

/// Passes on how far a piece of work is, every few seconds.
struct Progress<'a, 't> {
    tell: &'a mut Tell<'t>,
    told: Instant,
}

impl<'a, 't> Progress<'a, 't> {
    fn new(tell: &'a mut Tell<'t>) -> Self {
        Self { tell, told: Instant::now() }
    }

    fn at(&mut self, message: Message, share: Option<f32>) {
        if self.told.elapsed().as_secs_f64() >= TELL_SECS {
            self.told = Instant::now();
            (self.tell)(Preparing { message, share });
        }
    }
}

/// Where a run's tokenizer comes from.
pub enum TokenizerFrom<'c> {
    /// It is trained on the run's text, now or by an earlier run.
    Text,
    Name(String),
    Checkpoint(&'c Checkpoint),
}

impl TokenizerFrom<'_> {
    fn made(&self) -> Made {
        match self {
            Self::Text => Made::OfThisText,
            Self::Name(_) | Self::Checkpoint(_) => Made::OfOtherText,
        }
    }
}

/// Opens the text, loads the tokenizer or trains one of the configured size, and opens or builds the token cache.
/// `going` is asked at every piece of text.
pub fn open(
    host: &impl Host,
    near: Near<'_>,
    wanted: &Wanted,
    config: &Config,
    tokenizer: TokenizerFrom<'_>,
    going: KeepGoing<'_>,
    mut tell: Tell<'_>,
) -> Result<Text> {
    match wanted.builtin {
        Some(level) => open_stories(host, near, Stories::new(wanted.lang, level)?, config, tokenizer, going, &mut tell),
        None => open_texts(host, near, wanted, config, tokenizer, going, &mut tell),
    }
}

fn open_stories(
    host: &impl Host,
    near: Near<'_>,
    stories: Stories,
    config: &Config,
    tokenizer: TokenizerFrom<'_>,
    going: KeepGoing<'_>,
    tell: &mut Tell<'_>,
) -> Result<Text> {
    let identity = stories.identity();
    let chunks = || -> Chunks<'_> { Box::new(stories.chunks().map(|chunk| going().and(chunk))) };
    let made = tokenizer.made();
    let tokenizer = tokenizer_for(host, tokenizer, config, &identity, &chunks, tell)?;
    let cache = cache_for(host, near, &identity, &tokenizer, &chunks, tell)?;
    Ok(Text {
        name: format!("built-in, {}", stories.grammar.level()),
        unknown: cache.unknown(tokenizer.specials().unk),
        made,
        cache: Arc::new(cache),
        tokenizer: Arc::new(tokenizer),
        example: stories.example(),
        only_held_out: false,
        builtin: Some((stories.grammar.language(), stories.grammar.level())),
        notices: Vec::new(),
    })
}

fn open_texts(
    host: &impl Host,
    near: Near<'_>,
    wanted: &Wanted,
    config: &Config,
    tokenizer: TokenizerFrom<'_>,
    going: KeepGoing<'_>,
    tell: &mut Tell<'_>,
) -> Result<Text> {
    let texts = host.texts(&wanted.corpus, &wanted.valid, wanted.field.as_deref())?;
    let identity = texts.identity();
    texts.listing().into_iter().for_each(|message| tell(Preparing { message, share: None }));
    let made = tokenizer.made();
    let training = || -> Chunks<'_> { Box::new(texts.training_chunks().map(|chunk| going().and(chunk))) };
    let tokenizer = tokenizer_for(host, tokenizer, config, &identity, &training, tell)?;
    let all = || -> Chunks<'_> { Box::new(texts.chunks().map(|chunk| going().and(chunk))) };
    let cache = cache_for(host, near, &identity, &tokenizer, &all, tell)?;
    let held_out = |document| cache.document_role(document) == Role::HeldOut;
    let wordless = !(0..cache.documents()).any(held_out);
    if let Some(place) = texts.first_held_out().filter(|_| wordless) {
        return Err(Error::failed("no-word-to-hold-out").at(place));
    }
    let mut notices = texts.notices();
    notices.extend(about_documents(&cache, tokenizer.specials().unk, wanted.corpus.is_empty()));
    Ok(Text {
        name: name_of(wanted),
        unknown: cache.unknown(tokenizer.specials().unk),
        made,
        cache: Arc::new(cache),
        tokenizer: Arc::new(tokenizer),
        example: None,
        only_held_out: wanted.corpus.is_empty(),
        builtin: None,
        notices,
    })
}

/// How many paths the name of a text has.
const NAMED: usize = 3;

/// The paths of a text, the first of many.
fn name_of(wanted: &Wanted) -> String {
    let paths = wanted.corpus.iter().chain(&wanted.valid);
    let named: Vec<&str> = paths.clone().take(NAMED).map(String::as_str).collect();
    match paths.count() - named.len() {
        0 => named.join(", "),
        more => format!("{}, \u{2026} (+{more})", named.join(", ")),
    }
}

/// What a person should know about the documents of a text: which have no word, and which are both trained on and held out.
fn about_documents(cache: &TokenCache, unk: u32, only_held_out: bool) -> Vec<Message> {
    let mut notices = Vec::new();
    let empty = cache.empty_documents();
    if empty > 0 {
        notices.push(Message::new("documents-without-text").with("count", empty));
    }
    if only_held_out {
        return notices;
    }
    let Copies { held_out, of, training } = cache::copies(cache, unk);
    if held_out > 0 {
        notices.push(
            Message::new("held-out-text-is-trained-on")
                .with("held_out", held_out)
                .with("of", of)
                .with("training", training),
        );
    }
    notices
}

/// The built-in corpus in one language and level.
pub struct Stories {
    grammar: Grammar,
    lang: Lang,
    words: u64,
}

impl Stories {
    pub fn new(lang: Lang, level: Level) -> Result<Self> {
        Ok(Self { grammar: Grammar::new(lang, level)?, lang, words: builtin_words(level) })
    }

    fn identity(&self) -> Identity {
        let name = format!("built-in {} {}", self.lang.code(), self.grammar.level());
        // The program's version stands for the grammar's text, which is compiled in.
        let state = format!("{} words of seed {BUILTIN_SEED}, {}", self.words, env!("CARGO_PKG_VERSION"));
        Identity { name, state: format!("{state}, {} spellings", self.grammar.spellings().count()) }
    }

    pub fn chunks(&self) -> impl Iterator<Item = Result<Chunk>> + '_ {
        let mut words = 0u64;
        self.grammar.documents(BUILTIN_SEED).map_while(move |story| {
            if words >= self.words {
                return None;
            }
            words += story.sentences.iter().map(|s| s.words.len() as u64).sum::<u64>();
            let text: Vec<&str> = story.sentences.iter().map(|s| s.text.as_str()).collect();
            Some(Ok(Chunk::document(text.join("\n"))))
        })
    }

    /// A sentence of the grammar with a verb of another story. A judge learns to find this mistake first.
    fn example(&self) -> Option<String> {
        let verbs = |story: &Story| -> Vec<(usize, String)> {
            let first = &story.sentences[0];
            let is_verb = |w: &usize| story.facts(0, *w).is_some_and(|facts| facts.class == Class::Verb);
            (0..first.words.len()).filter(is_verb).map(|w| (w, first.word(w).to_owned())).collect()
        };
        let wrong = Verdict::Breaks(Rule::Selection);
        // In some stories the first verb fits any subject, so several stories are tried.
        (0..100).find_map(|number| {
            let [story, other] = [number, number + 1].map(|number| self.grammar.document(BUILTIN_SEED + 1, number));
            let (own, strangers) = (verbs(&story), verbs(&other));
            // A short verb is mostly an auxiliary, which fits too well to teach anything.
            let strangers = strangers.iter().map(|(_, verb)| verb).filter(|verb| verb.chars().count() > 4);
            let mut pairs = own.iter().flat_map(|(w, _)| strangers.clone().map(move |stranger| (*w, stranger)));
            let (word, stranger) = pairs.find(|(w, stranger)| story.judge(0, *w, stranger) == wrong)?;
            let sentence = &story.sentences[0];
            let span = sentence.words[word].span();
            Some(format!("{}{stranger}{}", &sentence.text[..span.start], &sentence.text[span.end..]))
        })
    }
}

/// Gets the tokenizer from its source. If it is trained here, the host keeps it under a key for its text and recipe.
fn tokenizer_for<'c>(
    host: &impl Host,
    from: TokenizerFrom<'_>,
    config: &Config,
    identity: &Identity,
    chunks: &dyn Fn() -> Chunks<'c>,
    tell: &mut Tell<'_>,
) -> Result<Tokenizer> {
    let cleaning =
        Cleaning { lower_case: config.lower_case, strip_accents: Some(config.strip_accents), ..Cleaning::UNCASED };
    match from {
        TokenizerFrom::Name(name) => return host.tokenizer(&name, cleaning),
        TokenizerFrom::Checkpoint(checkpoint) => return checkpoint.tokenizer(cleaning),
        TokenizerFrom::Text => {}
    }
    let coverage = config.character_coverage;
    let recipe = wordpiece::Recipe { coverage, ..wordpiece::Recipe::new(config.vocab_size as usize, cleaning) };
    let key = format!("{}\n{}\n{recipe:?}", identity.name, identity.state);
    if let Some(tokenizer) = host.known_tokenizer(&key, cleaning) {
        return Ok(tokenizer);
    }
    let mut progress = Progress::new(tell);
    let trained = wordpiece::train(chunks(), &recipe, |at| match at {
        wordpiece::Progress::Counting { share, .. } => progress.at(Message::new("counting-words"), share),
        wordpiece::Progress::Merging { entries, target } => {
            progress.at(Message::new("joining-pieces"), Some(entries as f32 / target as f32));
        }
    })?;
    host.keep_tokenizer(&key, &trained.tokenizer, config.max_positions as usize);
    Ok(trained.tokenizer)
}

/// The token cache of a text.
fn cache_for<'c>(
    host: &impl Host,
    near: Near<'_>,
    identity: &Identity,
    tokenizer: &Tokenizer,
    chunks: &dyn Fn() -> Chunks<'c>,
    tell: &mut Tell<'_>,
) -> Result<TokenCache> {
    let mut progress = Progress::new(tell);
    let mut at = |at: cache::Progress| progress.at(Message::new("turning-text-into-tokens"), at.share);
    let (cache, notices) = host.token_cache(near, identity, tokenizer, chunks, &mut at)?;
    notices.into_iter().for_each(|message| tell(Preparing { message, share: None }));
    Ok(cache)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_text_has_an_example_that_is_not_of_it() {
        for (lang, level) in
            [Lang::En, Lang::Pt].into_iter().flat_map(|l| [(l, Level::FirstSteps), (l, Level::Stories)])
        {
            let stories = Stories::new(lang, level).unwrap();
            let example = stories.example().unwrap();
            println!("{example}");
            assert!(stories.grammar.parse(&example).is_none(), "{example}");
        }
    }
}
