//! The command line as a person typed it: every command and flag. Each flag is checked for its own form and nothing more.
//! arguments -> [`Typed`] -> the commands of this room, which make a request of it.

use crate::app::panels::PanelId;
use crate::gpu::DeviceName;
use crate::path::name_of;
use crate::run::Request;
use crate::text::grammar::Level;
use crate::text::unknown::ACCEPTED;
use crate::text::wordpiece::COVERAGE;
use crate::train::checkpoint;
use crate::view::Lang;
use crate::{Error, Result};
use clap::builder::{OsStringValueParser, PossibleValuesParser, TypedValueParser, ValueHint};
use clap::{Args, Parser, Subcommand};
use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

const ABOUT: &str = "Pre-trains ELECTRA text encoders with handwritten WGSL compute shaders, on any GPU and on none";

const EXAMPLES: &str = "\
Examples:
  electroscope                                          the desktop app
  electroscope train                                    a first run of about two minutes
  electroscope train --corpus books/ --preset tiny      your own text (txt, jsonl, csv, parquet)
  electroscope detect runs/NEWEST \"the dog drank the bone\"
  electroscope export runs/NEWEST --to my-electra       for transformers' from_pretrained

electroscope COMMAND --help tells all about a command.";

/// A command line that clap accepts.
#[derive(Debug, Parser)]
#[command(name = "electroscope", version, about = ABOUT, after_help = EXAMPLES, max_term_width = 110)]
#[command(disable_help_subcommand = true)]
pub struct Typed {
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Language of messages, and of the built-in text [default: the system's for messages, en for text]
    #[arg(
        long, global = true, value_name = "en|pt", value_parser = PossibleValuesParser::new(["en", "pt"]),
        hide_possible_values = true
    )]
    pub lang: Option<String>,
}

impl Typed {
    /// The language of messages: as asked for, else the system's.
    pub fn message_lang(&self) -> Lang {
        message_lang(self.lang.clone())
    }

    /// The language of the built-in text: as asked for, else English.
    pub fn text_lang(&self) -> Lang {
        self.lang.as_deref().map_or(Lang::En, Lang::from_code)
    }
}

/// The language of messages where `asked` is what a person typed for it.
fn message_lang(asked: Option<String>) -> Lang {
    let system =
        || ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()));
    asked.or_else(system).map_or(Lang::En, |code| Lang::from_code(&code))
}

/// The language of messages about a command line that clap refuses.
pub fn lang_of_refused(arguments: &[String]) -> Lang {
    let alone = arguments.iter().position(|argument| argument == "--lang").and_then(|at| arguments.get(at + 1));
    let joined = || arguments.iter().find_map(|argument| argument.strip_prefix("--lang="));
    message_lang(alone.map(String::as_str).or_else(joined).map(str::to_owned))
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Train a generator and a discriminator jointly
    Train(Box<TrainArgs>),
    /// Judge every token of a text: original or replaced
    Detect(DetectArgs),
    /// Let the generator fill in each `[MASK]` of a text
    Fill(FillArgs),
    /// Show the four stages on one text: mask, propose, replace, judge
    Corrupt(CorruptArgs),
    /// Measure a run on held-out text
    Eval(EvalArgs),
    /// Train a WordPiece tokenizer
    Tokenizer(TokenizerArgs),
    /// Write both networks in Hugging Face's layout
    Export(ExportArgs),
    /// Print the built-in text
    Corpus(CorpusArgs),
    /// Check every kernel and whole training steps on a device
    Verify(VerifyArgs),
    /// Measure the speed of training steps
    Bench(BenchArgs),
    /// List adapters, their limits, and what each preset needs
    Info(InfoArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
    /// The desktop app, also without any command
    App(AppArgs),
}

/// Where a command runs.
#[derive(Debug, Args)]
pub struct DeviceArgs {
    /// auto, cpu, gpu, or part of an adapter's name
    #[arg(long, value_name = "DEVICE", default_value = "auto", value_parser = choice, help_heading = "Machine")]
    pub device: DeviceName,
}

fn choice(typed: &str) -> Result<DeviceName> {
    if typed.trim().is_empty() { Err(Error::usage("usage-name-is-empty")) } else { Ok(DeviceName::from(typed)) }
}

/// How results are printed.
#[derive(Debug, Args)]
pub struct OutputArgs {
    /// Print one JSON object a line, and nothing else, on standard output
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}

const TRAIN_EXAMPLES: &str = "\
Examples:
  electroscope train
  electroscope train --lang pt --minutes 5
  electroscope train --corpus books/ more.jsonl --preset mini --out runs/books
  electroscope train --corpus @files.list --text-field story --preset mini
  electroscope train --preset small --set batch=32 --set accumulate=4 --set lr=0.0005
  electroscope train --resume --out runs/books

Text whose file or folder is called test, dev, valid and the like is not trained on, unless it is
given alone.
Every setting of a preset can be given with --set; a wrong name is answered with the nearest.
Ctrl-C ends the run with a checkpoint; one more, after two seconds, ends it at once.";

#[derive(Debug, Args)]
#[command(after_help = TRAIN_EXAMPLES, allow_negative_numbers = true)]
pub struct TrainArgs {
    /// Files and folders of text to train on: txt, jsonl, json, csv, tsv, parquet, also in gz or zst; @LIST: the paths in a file
    /// [default: the built-in text]
    #[arg(long, value_name = "PATH", num_args = 1.., help_heading = "Text", value_hint = ValueHint::AnyPath)]
    pub corpus: Vec<PathBuf>,
    /// Files and folders of held-out text, beside --corpus [default: what names call valid, or a part of the corpus]
    #[arg(long, value_name = "PATH", num_args = 1.., help_heading = "Text", requires = "corpus", value_hint = ValueHint::AnyPath)]
    pub valid: Vec<PathBuf>,
    /// The field or column of documents in jsonl, json, csv, tsv and parquet [default: text, or the only one of the usual names]
    #[arg(long, value_name = "NAME", help_heading = "Text", requires = "corpus")]
    pub text_field: Option<String>,
    /// How rich the built-in text is: first-steps or stories [default: as the preset's size fits]
    #[arg(long, value_name = "LEVEL", help_heading = "Text", conflicts_with = "corpus", value_parser = level)]
    pub level: Option<Level>,
    /// A tokenizer's folder, a tokenizer.json or a vocab.txt [default: one is trained on the corpus]
    #[arg(long, value_name = "DIR|FILE", help_heading = "Text", value_hint = ValueHint::AnyPath)]
    pub tokenizer: Option<PathBuf>,

    /// nano, tiny, mini, small or base [default: nano]
    #[arg(long, value_name = "PRESET", help_heading = "Model")]
    pub preset: Option<String>,
    /// Settings that differ from the preset's, in TOML
    #[arg(long, value_name = "F.toml", help_heading = "Model", value_hint = ValueHint::AnyPath)]
    pub config: Option<PathBuf>,
    /// One setting, over the preset and the file; may be repeated
    #[arg(long, value_name = "KEY=VALUE", help_heading = "Model")]
    pub set: Vec<String>,
    /// Start from the weights in a folder with discriminator/ and generator/
    #[arg(long, value_name = "DIR", help_heading = "Model", conflicts_with = "resume", value_hint = ValueHint::AnyPath)]
    pub init: Option<PathBuf>,

    /// Length of the schedule in optimizer steps [default: the preset's]; with --resume it extends the run's
    #[arg(
        long, value_name = "N", help_heading = "Length", value_parser = count,
        conflicts_with = "minutes"
    )]
    pub steps: Option<u64>,
    /// Length of the schedule in minutes: the first steps are timed, then the number of steps is fixed
    #[arg(long, value_name = "M", help_heading = "Length", value_parser = positive)]
    pub minutes: Option<f64>,
    /// End cleanly after step N of the schedule, with a checkpoint; --resume goes on
    #[arg(long, value_name = "N", help_heading = "Length", value_parser = count)]
    pub stop_after: Option<u64>,
    /// Source of everything random [default: 1]
    #[arg(long, value_name = "N", help_heading = "Length", value_parser = seed)]
    pub seed: Option<u64>,

    /// The run's folder [default: runs/DATE-TIME-PRESET; with --resume the one below runs/ that was started last]
    #[arg(long, value_name = "RUN", help_heading = "Run", value_hint = ValueHint::AnyPath)]
    pub out: Option<PathBuf>,
    /// Go on with a run, exactly, from its newest checkpoint, or from that of STEP
    #[arg(long, value_name = "STEP", help_heading = "Run", num_args = 0..=1, require_equals = true, value_parser = count)]
    pub resume: Option<Option<u64>>,

    #[command(flatten)]
    pub machine: DeviceArgs,
    /// wgsl, the handwritten kernels, or burn, the baseline (in builds with the feature burn)
    #[arg(
        long, value_name = "ENGINE", default_value = "wgsl", help_heading = "Machine",
        value_parser = PossibleValuesParser::new(["wgsl", "burn"])
    )]
    pub engine: String,
    /// Processor threads [default: all]
    #[arg(long, value_name = "N", help_heading = "Machine", value_parser = threads)]
    pub threads: Option<usize>,
    /// Measure the kernels' variants again, also where this adapter's are known
    #[arg(long, help_heading = "Machine", conflicts_with = "kernels")]
    pub retune: bool,
    /// The kernels' variants as a file has them, such as a run's state.json: nothing is measured
    #[arg(long, value_name = "FILE", help_heading = "Machine", value_hint = ValueHint::AnyPath)]
    pub kernels: Option<PathBuf>,

    #[command(flatten)]
    pub output: OutputArgs,
}

impl TrainArgs {
    /// The request of the run.
    pub fn options(&self, text_lang: Lang) -> Request {
        let names = |paths: &[PathBuf]| paths.iter().map(|path| name_of(path)).collect();
        Request {
            corpus: names(&self.corpus),
            valid: names(&self.valid),
            text_field: self.text_field.clone(),
            lang: text_lang,
            level: self.level,
            tokenizer: self.tokenizer.as_deref().map(name_of),
            init: self.init.as_deref().map(name_of),
            out: self.out.as_deref().map(name_of),
            preset: self.preset.clone(),
            config: self.config.as_deref().map(name_of),
            set: self.set.clone(),
            steps: self.steps,
            minutes: self.minutes,
            stop_after: self.stop_after,
            seed: self.seed,
            threads: self.threads,
            device: self.machine.device.to_string(),
            engine: self.engine.clone(),
            resume: self.resume.is_some(),
            resume_step: self.resume.flatten(),
            retune: self.retune,
            watched: false,
            patient: std::io::stderr().is_terminal(),
            kernels: self.kernels.as_deref().map(name_of),
        }
    }
}

fn count(typed: &str) -> Result<u64> {
    typed.parse().ok().filter(|count| *count > 0).ok_or_else(|| Error::usage("usage-not-a-count"))
}

fn seed(typed: &str) -> Result<u64> {
    typed.parse().map_err(|_| Error::usage("usage-not-a-seed").with("most", u64::MAX.to_string()))
}

fn positive(typed: &str) -> Result<f64> {
    match typed.parse::<f64>() {
        Ok(number) if number.is_finite() && number > 0.0 => Ok(number),
        _ => Err(Error::usage("usage-not-above-zero")),
    }
}

/// A share of a whole, which may be all of it.
fn share(typed: &str) -> Result<f64> {
    match typed.parse::<f64>() {
        Ok(number) if (0.0..=1.0).contains(&number) => Ok(number),
        _ => Err(Error::usage("usage-not-a-share")),
    }
}

/// A folder as typed; `NEWEST` in place of a run's name is the run beside it that was started last.
fn folder(typed: OsString) -> Result<PathBuf> {
    let path = PathBuf::from(typed);
    if path.file_name() != Some("NEWEST".as_ref()) || path.exists() {
        return Ok(path);
    }
    let runs = path.parent().filter(|runs| !runs.as_os_str().is_empty()).unwrap_or(Path::new("."));
    checkpoint::newest_run(runs)?.ok_or_else(|| Error::usage("usage-no-run-yet").with("folder", runs))
}

fn level(typed: &str) -> Result<Level> {
    typed.parse()
}

/// More threads than any processor of today has.
const THREADS_MAX: usize = 4096;

fn threads(typed: &str) -> Result<usize> {
    match typed.parse::<usize>() {
        Ok(threads) if (1..=THREADS_MAX).contains(&threads) => Ok(threads),
        _ => Err(Error::usage("usage-not-a-number-of-threads").with("most", THREADS_MAX)),
    }
}

/// RUN or MODEL of the commands that read.
#[derive(Debug, Args)]
pub struct ModelArgs {
    /// A run's folder (runs/NEWEST: the one in runs that was started last), a checkpoint's, an exported pair's, or any Hugging Face ELECTRA folder
    #[arg(value_name = "RUN|MODEL", value_parser = OsStringValueParser::new().try_map(folder))]
    pub model: PathBuf,
}

const DETECT_EXAMPLES: &str = "\
Examples:
  electroscope detect runs/NEWEST \"the dog drank the bone\"
  cat sentences.txt | electroscope detect my-electra --json > judged.jsonl";

#[derive(Debug, Args)]
#[command(after_help = DETECT_EXAMPLES)]
pub struct DetectArgs {
    #[command(flatten)]
    pub model: ModelArgs,
    /// Texts; - or none: one a line from standard input
    #[arg(value_name = "TEXT|-")]
    pub texts: Vec<String>,
    #[command(flatten)]
    pub machine: DeviceArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  electroscope fill runs/NEWEST \"the [MASK] sat on the [MASK]\" --top 3")]
pub struct FillArgs {
    #[command(flatten)]
    pub model: ModelArgs,
    /// Texts with `[MASK]`; -: one a line from standard input
    #[arg(value_name = "TEXT|-", required = true)]
    pub texts: Vec<String>,
    /// Proposals for each `[MASK]`
    #[arg(long, value_name = "K", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    pub top: u32,
    #[command(flatten)]
    pub machine: DeviceArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  electroscope corrupt runs/NEWEST \"the dog eats the bone\" --seed 3",
    allow_negative_numbers = true
)]
pub struct CorruptArgs {
    #[command(flatten)]
    pub model: ModelArgs,
    /// Texts; -: one a line from standard input
    #[arg(value_name = "TEXT|-", required = true)]
    pub texts: Vec<String>,
    /// Chooses what is hidden and what is drawn
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = seed)]
    pub seed: u64,
    #[command(flatten)]
    pub machine: DeviceArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Debug, Args)]
pub struct EvalArgs {
    /// A run's folder
    #[arg(value_name = "RUN", value_parser = OsStringValueParser::new().try_map(folder))]
    pub run: PathBuf,
    /// More files and folders, as after --corpus a b c
    #[arg(value_name = "PATH", requires = "corpus", hide = true)]
    pub more: Vec<PathBuf>,
    /// Files and folders of text to measure on; @LIST: the paths in a file [default: the run's held-out text]
    #[arg(long, value_name = "PATH")]
    pub corpus: Vec<PathBuf>,
    /// Largest share of the text that may be unknown (`[UNK]`) [default: the run's unknown_max]
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub unknown_max: Option<f64>,
    /// The field or column of documents in jsonl, json, csv, tsv and parquet [default: text, or the only one of the usual names]
    #[arg(long, value_name = "NAME", requires = "corpus")]
    pub text_field: Option<String>,
    #[command(flatten)]
    pub machine: DeviceArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Debug, Args)]
pub struct TokenizerArgs {
    #[command(subcommand)]
    pub command: TokenizerCommand,
}

#[derive(Debug, Subcommand)]
pub enum TokenizerCommand {
    /// Train a WordPiece vocabulary on text
    Train(TokenizerTrainArgs),
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  electroscope tokenizer train --corpus books/ --vocab-size 8192 --out my-tokenizer\n\n\
                  Accents are kept unless --strip-accents is given: in Portuguese \"avó\" and \"avô\" are two people."
)]
pub struct TokenizerTrainArgs {
    /// Files and folders of text: txt, jsonl, json, csv, tsv, parquet, also in gz or zst; @LIST: the paths in a file
    #[arg(long, value_name = "PATH", required = true, num_args = 1..)]
    pub corpus: Vec<PathBuf>,
    /// The field or column of documents in jsonl, json, csv, tsv and parquet [default: text, or the only one of the usual names]
    #[arg(long, value_name = "NAME")]
    pub text_field: Option<String>,
    /// Entries wanted, special tokens included
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(8..1 << 24))]
    pub vocab_size: u32,
    /// A new folder for vocab.txt, tokenizer.json and tokenizer_config.json
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Whether "The" and "the" are one word
    #[arg(
        long, value_name = "true|false", default_value_t = true, action = clap::ArgAction::Set, num_args = 0..=1,
        default_missing_value = "true", require_equals = true, hide_possible_values = true
    )]
    pub lower_case: bool,
    /// Whether "ação" becomes "acao"
    #[arg(
        long, value_name = "true|false", default_value_t = false, action = clap::ArgAction::Set, num_args = 0..=1,
        default_missing_value = "true", require_equals = true, hide_possible_values = true
    )]
    pub strip_accents: bool,
    /// Share of the text's characters that get an entry of their own, the most frequent first
    #[arg(long, value_name = "SHARE", default_value_t = COVERAGE, value_parser = share)]
    pub character_coverage: f64,
    /// Largest share of the text that may be unknown (`[UNK]`)
    #[arg(long, value_name = "SHARE", default_value_t = ACCEPTED, value_parser = share)]
    pub unknown_max: f64,
    /// Longest text of the models it is for, in tokens
    #[arg(long, value_name = "N", default_value_t = 512, value_parser = clap::value_parser!(u32).range(3..))]
    pub max_positions: u32,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Debug, Args)]
pub struct ExportArgs {
    /// A run's folder, or a checkpoint's
    #[arg(value_name = "RUN", value_parser = OsStringValueParser::new().try_map(folder))]
    pub run: PathBuf,
    /// A new folder; discriminator/ and generator/ are made in it
    #[arg(long, value_name = "DIR")]
    pub to: PathBuf,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  electroscope corpus --lang pt --level stories --words 200 --seed 7")]
pub struct CorpusArgs {
    /// How rich the stories are: first-steps or stories
    #[arg(long, value_name = "LEVEL", default_value = "first-steps", value_parser = level)]
    pub level: Level,
    /// Chooses the stories
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = seed)]
    pub seed: u64,
    /// Stop after the story in which this many words are reached
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = count)]
    pub words: u64,
}

#[derive(Debug, Args)]
#[command(after_help = "Every kernel against its twin on the processor, gradients against finite \
                        differences,\nand the same training steps on both executors. Exit status 1 if anything is off.")]
pub struct VerifyArgs {
    /// A folder with a training step computed elsewhere; may be repeated
    #[arg(long, value_name = "DIR")]
    pub fixture: Vec<PathBuf>,
    /// Write what was computed here as DIR/FIXTURE.safetensors and DIR/FIXTURE.json
    #[arg(long, value_name = "DIR", requires = "fixture")]
    pub dump: Option<PathBuf>,
    #[command(flatten)]
    pub machine: DeviceArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  electroscope bench --preset nano --preset tiny --device cpu --set batch=16",
    allow_negative_numbers = true
)]
pub struct BenchArgs {
    /// Which presets [default: nano and tiny]
    #[arg(long, value_name = "PRESET")]
    pub preset: Vec<String>,
    /// One setting, over each preset; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// auto, cpu, gpu, or part of an adapter's name; may be repeated
    #[arg(long, value_name = "DEVICE", value_parser = choice, help_heading = "Machine")]
    pub device: Vec<DeviceName>,
    /// Processor threads [default: all]
    #[arg(long, value_name = "N", help_heading = "Machine", value_parser = threads)]
    pub threads: Option<usize>,
    /// Measure the kernels' variants again, also where an adapter's are known
    #[arg(long, help_heading = "Machine", conflicts_with = "kernels")]
    pub retune: bool,
    /// The kernels' variants as a file has them, such as a run's state.json: nothing is measured; {} takes the plain ones
    #[arg(long, value_name = "FILE", help_heading = "Machine")]
    pub kernels: Option<PathBuf>,
    /// Another engine to measure beside this one (in builds with the feature burn)
    #[arg(long, value_name = "ENGINE", value_parser = PossibleValuesParser::new(["burn"]))]
    pub against: Option<String>,
    /// Draw it too: each kernel against what the device does at best (a roofline), one page of HTML
    #[arg(long, value_name = "FILE", conflicts_with = "against")]
    pub report: Option<PathBuf>,
    /// Time measured for each, after warming up
    #[arg(long, value_name = "S", default_value_t = 10.0, value_parser = positive)]
    pub seconds: f64,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Debug, Args)]
pub struct InfoArgs {
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  electroscope completions bash > ~/.local/share/bash-completion/completions/electroscope"
)]
pub struct CompletionsArgs {
    pub shell: clap_complete::Shell,
}

#[derive(Debug, Default, Args)]
#[command(after_help = "Example:\n  electroscope app --run runs/NEWEST --theme dark")]
pub struct AppArgs {
    /// Show an earlier run; --play goes on with it
    #[arg(long, value_name = "RUN", value_parser = OsStringValueParser::new().try_map(folder))]
    pub run: Option<PathBuf>,
    /// Press the train button at once
    #[arg(long)]
    pub play: bool,
    /// Write the live run's events, one JSON object a line
    #[arg(long, value_name = "F.jsonl")]
    pub events: Option<PathBuf>,
    /// Write a picture of the window and close it
    #[arg(long, value_name = "F.png")]
    pub screenshot: Option<PathBuf>,
    /// When the picture is taken
    #[arg(long, value_name = "N", default_value_t = 3.0, value_parser = positive, requires = "screenshot")]
    pub after_secs: f64,
    /// Take the picture only after the run of --play has taken this many steps, or has ended
    #[arg(long, value_name = "N", requires_all = ["screenshot", "play"], value_parser = count)]
    pub after_step: Option<u64>,
    /// light or dark [default: as the system]
    #[arg(long, value_name = "THEME", value_parser = PossibleValuesParser::new(["light", "dark"]), hide_possible_values = true)]
    pub theme: Option<String>,
    /// Bring a panel to the front; may be repeated
    #[arg(long, value_name = "PANEL", value_parser = panel)]
    pub show: Vec<PanelId>,
    /// One panel over all others
    #[arg(long, value_name = "PANEL", value_parser = panel)]
    pub alone: Option<PanelId>,
    /// Open a kernel's texts in the kernels panel
    #[arg(long, value_name = "KERNEL", value_parser = kernel)]
    pub kernel: Option<String>,
    /// Size of the window, in points [default: 1280x800]
    #[arg(long, value_name = "WxH", value_parser = size)]
    pub size: Option<[u32; 2]>,
}

fn panel(typed: &str) -> Result<PanelId> {
    let names = || PanelId::ALL.map(PanelId::name).join(", ");
    PanelId::ALL
        .into_iter()
        .find(|id| id.name() == typed)
        .ok_or_else(|| Error::usage("usage-not-a-panel").with("known", names()))
}

fn kernel(typed: &str) -> Result<String> {
    let known = crate::ops::ALL.iter().any(|kernel| kernel.label == typed);
    if known { Ok(typed.to_owned()) } else { Err(Error::usage("usage-not-a-kernel")) }
}

fn size(typed: &str) -> Result<[u32; 2]> {
    let sides = typed.split_once('x').and_then(|(w, h)| Some([w.parse().ok()?, h.parse().ok()?]));
    sides
        .filter(|sides| sides.iter().all(|side| (200..=8192).contains(side)))
        .ok_or_else(|| Error::usage("usage-not-a-size"))
}
