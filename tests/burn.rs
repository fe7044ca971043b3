//! Tests the Burn engine: against the fixtures, against our own engine on the processor and on an adapter, and through the built
//! program. It exists only in builds with the feature `burn`.

#![allow(unsafe_code, reason = "the environment of the test program is changed once, before anything else runs")]

#[path = "common/lab.rs"]
mod lab;
#[path = "common/program.rs"]
mod program;
#[path = "common/watched.rs"]
mod watched;

use electroscope::config::{Config, Overrides};
use electroscope::gpu::DeviceName;
use electroscope::lang::Lang;
use electroscope::plan::{KernelChoices, Stage};
use electroscope::tasks::drill::Drill;
use electroscope::text::grammar::Level;
use electroscope::train::engine::{Backend, Engine, Kind};
use electroscope::train::event::Command as Ask;
use electroscope::train::event::{AttentionMap, BatchSample, Change, Event, Network, OwnText, ReadToken, WordEdit};
use electroscope::train::weights::{self, ConfigFacts};
use electroscope::verify::against_burn;
use electroscope::verify::fixture::{Comparison, Fixture};
use electroscope::view::words;
use pollster::block_on;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use watched::Watched;

fn cpu() -> Backend {
    block_on(Backend::open_for(&DeviceName::Cpu, Kind::Burn)).unwrap()
}

/// The best adapter, registered with Burn once for all tests of this process.
fn adapter(test: &str) -> Option<Backend> {
    static PLACE: OnceLock<Result<Backend, String>> = OnceLock::new();
    let opened =
        PLACE.get_or_init(|| block_on(Backend::open_for(&DeviceName::Gpu, Kind::Burn)).map_err(|e| e.to_string()));
    match opened {
        Ok(backend) => Some(backend.clone()),
        Err(e) if std::env::var_os("REQUIRE_GPU").is_some_and(|v| v == "1") => panic!("{test}: {e}"),
        Err(_) => {
            println!("SKIP {test}: no adapter");
            None
        }
    }
}

fn all_pass(what: &str, mut comparisons: Vec<Comparison>) {
    let share = |c: &Comparison| if c.max > 0.0 { c.error / c.max } else { c.error };
    comparisons.sort_by(|a, b| share(b).total_cmp(&share(a)));
    for c in comparisons.iter().take(5) {
        println!("{what}: {} {:.2e} of {:.0e}", words::text(&c.name, Lang::En), c.error, c.max);
    }
    let failed: Vec<&Comparison> = comparisons.iter().filter(|c| !c.passed()).collect();
    assert!(!comparisons.is_empty() && failed.is_empty(), "{what}: {failed:?}");
}

// ---------------------------------------------------------------------------------------------------- against other engines

fn takes_the_fixtures_steps(backend: &Backend) {
    for name in ["ragged", "square"] {
        let dir = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/fixtures")).join(name);
        if !dir.is_dir() {
            println!("SKIP fixture {name} with Burn: ../shared/fixtures/{name} not found");
            continue;
        }
        let fixture = Fixture::read(&dir).unwrap();
        all_pass(name, block_on(fixture.compare(backend)).unwrap().comparisons);
    }
}

#[test]
fn burn_takes_the_fixtures_steps_on_the_processor() {
    takes_the_fixtures_steps(&cpu());
}

#[test]
fn burn_takes_the_fixtures_steps_on_an_adapter() {
    if let Some(backend) = adapter("burn_takes_the_fixtures_steps") {
        takes_the_fixtures_steps(&backend);
    }
}

fn agrees_with_ours(backend: &Backend) {
    for (what, settings) in against_burn::cases() {
        let what = words::text(&what, Lang::En);
        let comparisons = block_on(against_burn::compare(backend, settings)).unwrap();
        // The gradient of every parameter and, except for key biases, its last value; and three numbers of each of ten steps.
        let count = |wanted: &dyn Fn(&str) -> bool| comparisons.iter().filter(|c| wanted(&c.name.to_string())).count();
        let gradients = count(&|name| name.starts_with("grad."));
        let biases = count(&|name| name.starts_with("grad.") && name.ends_with("key.bias"));
        assert!(gradients > 40 && biases > 0, "{what}: {gradients} gradients");
        assert_eq!(comparisons.len(), 2 * gradients - biases + 30, "{what}");
        all_pass(&what, comparisons);
    }
}

#[test]
fn burn_and_our_twins_agree_on_every_gradient_and_ten_steps() {
    agrees_with_ours(&cpu());
}

#[test]
fn burn_and_our_kernels_agree_on_every_gradient_and_ten_steps() {
    if let Some(backend) = adapter("burn_and_our_kernels_agree") {
        agrees_with_ours(&backend);
    }
}

#[test]
fn weights_and_moments_come_out_as_they_went_in() {
    let set = ["batch=2", "seq_len=16", "max_positions=16", "vocab_size=64", "embedding_size=24"].map(str::to_owned);
    let config = Config::load("nano", &Overrides { set: set.to_vec(), ..Overrides::default() }).unwrap();
    let facts = ConfigFacts { dropout: 0.0, attention_dropout: 0.0, initializer_range: 0.02, pad_id: 0 };
    for backend in [Some(cpu()), adapter("weights_and_moments")].into_iter().flatten() {
        let mut ours = block_on(Drill::new(&config, &backend.with_wgsl(), KernelChoices::default(), 7)).unwrap();
        let mut burn = block_on(Drill::new(&config, &backend, KernelChoices::default(), 8)).unwrap();
        // Three steps, so that the moments are not zero.
        for step in 0..3 {
            block_on(ours.step(step)).unwrap();
        }
        let read = |drill: &mut Drill| {
            let Drill { model, engine, .. } = drill;
            (
                block_on(weights::read_networks(model, engine, facts)).unwrap(),
                block_on(weights::read_moments(model, engine)).unwrap(),
            )
        };
        let (networks, moments) = read(&mut ours);
        assert!(read(&mut burn).0 != networks);
        weights::load_run(&burn.model, &mut burn.engine, &networks);
        weights::load_moments(&burn.model, &mut burn.engine, &moments).unwrap();
        assert!(matches!(burn.engine, Engine::Burn(_)));
        let (networks_back, moments_back) = read(&mut burn);
        assert!(networks_back == networks && moments_back.m == moments.m && moments_back.v == moments.v);
    }
}

// -------------------------------------------------------------------------------------------------------------- the program

/// A folder of its own with a corpus and a cache.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("corpus.txt"), lab::stories(Level::FirstSteps, 200).join("\n\n")).unwrap();
        Self(dir)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn electroscope(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_electroscope"));
        command.args(args).current_dir(self.0.path()).env("ELECTROSCOPE_CACHE", self.path("cache"));
        command.output().unwrap()
    }

    /// Begins a run of twelve planned steps on the processor.
    fn train(&self, out: &str, engine: &str, set: &[&str], more: &[&str]) -> Output {
        self.train_on("cpu", out, engine, set, more)
    }

    fn train_on(&self, device: &str, out: &str, engine: &str, set: &[&str], more: &[&str]) -> Output {
        let mut args =
            vec!["train", "--json", "--corpus", "corpus.txt", "--preset", "nano", "--steps", "12", "--out", out];
        args.extend(["--device", device, "--engine", engine]);
        args.extend(more);
        for setting in
            lab::TINIEST.iter().chain(&["eval_every=5", "readout_every=5", "eval_rows=16", "warmup=0"]).chain(set)
        {
            args.extend(["--set", setting]);
        }
        self.electroscope(&args)
    }

    fn events(&self, run: &str) -> Vec<Value> {
        let text = std::fs::read_to_string(self.path(run).join("metrics.jsonl")).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

fn done(output: &Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn of_kind<'a>(events: &'a [Value], kind: &str) -> Vec<&'a Value> {
    events.iter().filter(|event| event["event"] == kind).collect()
}

/// The same numbers within `tolerance`, relative; the same steps.
fn assert_same_losses(ours: &[&Value], theirs: &[&Value], tolerance: f64) {
    assert_eq!(ours.len(), theirs.len());
    for (a, b) in ours.iter().zip(theirs) {
        assert_eq!((&a["step"], &a["tokens_seen"], &a["lr"]), (&b["step"], &b["tokens_seen"], &b["lr"]));
        for what in ["mlm_loss", "rtd_loss", "total_loss", "sampled_accuracy", "rtd_auc", "replaced_share"] {
            // Without a replaced token there is no AUC, on either side.
            assert_eq!(a[what].is_null(), b[what].is_null(), "{what}");
            let (a, b, step) = (a[what].as_f64().unwrap_or(0.0), b[what].as_f64().unwrap_or(0.0), &a["step"]);
            assert!((a - b).abs() <= tolerance * a.abs().max(1e-3), "step {step}, {what}: {a} ours, {b} with Burn");
        }
    }
}

#[test]
fn a_run_with_burn_is_the_run_with_our_kernels() {
    // Without dropout every number is the same except for rounding, including the generator's samples. At first the replacements
    // come by frequency, so that both ways of drawing them are tested.
    let set = ["replacements=unigram_to_generator", "takeoff_auc=0", "handover_latest=0", "handover_steps=8"];
    let desk = Desk::new();
    done(&desk.train("ours", "wgsl", &set, &[]));
    done(&desk.train("burn", "burn", &set, &[]));
    let (ours, burn) = (desk.events("ours"), desk.events("burn"));
    assert_eq!(of_kind(&burn, "plan")[0]["engine"], "burn");
    assert_same_losses(&of_kind(&ours, "step"), &of_kind(&burn, "step"), 2e-3);
    let evals = |events| of_kind(events, "eval").len();
    assert!(evals(&burn) >= 3 && evals(&burn) == evals(&ours));
    assert_same_losses(&of_kind(&ours, "eval"), &of_kind(&burn, "eval"), 2e-3);
    // The readout's sentences hold the same words, masks and proposals.
    let (ours, burn) = (of_kind(&ours, "readout"), of_kind(&burn, "readout"));
    assert_eq!(ours.len(), burn.len());
    let text = |readout: &Value, key: &str| readout["sentences"].to_string().matches(key).count();
    for (a, b) in ours.iter().zip(&burn) {
        assert!(text(a, "\"masked\":true") > 0);
        assert_eq!(text(a, "\"masked\":true"), text(b, "\"masked\":true"));
    }
    // Its checkpoint is like any other.
    let judged = desk.electroscope(&["detect", "burn", "the dog ate the bone", "--device", "cpu", "--json"]);
    done(&judged);
    let line: Value = serde_json::from_slice(&judged.stdout).unwrap();
    assert!(
        line["tokens"].as_array().unwrap().iter().all(|t| t["p_replaced"].as_f64().is_some_and(|p| p > 0.0 && p < 1.0))
    );
}

#[test]
fn a_run_goes_on_with_either_engine() {
    let desk = Desk::new();
    done(&desk.train("whole", "wgsl", &[], &[]));
    for (begins, ends) in [("burn", "wgsl"), ("wgsl", "burn")] {
        done(&desk.train(begins, begins, &[], &["--stop-after", "6"]));
        done(
            &desk.electroscope(&["train", "--json", "--resume", "--out", begins, "--device", "cpu", "--engine", ends]),
        );
        let (whole, parts) = (desk.events("whole"), desk.events(begins));
        assert_same_losses(&of_kind(&whole, "step"), &of_kind(&parts, "step"), 2e-3);
    }
}

#[test]
fn a_run_goes_on_with_either_engine_on_an_adapter() {
    if adapter("a_run_goes_on_with_either_engine_on_an_adapter").is_none() {
        return;
    }
    let desk = Desk::new();
    done(&desk.train("whole", "wgsl", &[], &[]));
    done(&desk.train_on("gpu", "parts", "burn", &[], &["--stop-after", "5"]));
    let mut resume = vec!["train", "--json", "--resume", "--out", "parts", "--device", "gpu"];
    let resumed = desk.electroscope(&[&resume[..], &["--stop-after", "9"]].concat());
    done(&resumed);
    // The run says that it continues with another engine's numbers. Burn had chosen no kernels, so they were measured then.
    let told = String::from_utf8_lossy(&resumed.stdout);
    assert!(told.contains("(Burn) and goes on on") && told.contains("\"preparing\""), "{told}");
    resume.extend(["--engine", "burn"]);
    done(&desk.electroscope(&resume));
    assert_same_losses(&of_kind(&desk.events("whole"), "step"), &of_kind(&desk.events("parts"), "step"), 2e-3);
}

#[test]
fn verify_compares_with_burn_where_it_is_there() {
    let ran = program::run(["verify", "--device", "cpu", "--json"]).good();
    let comparisons = ran.events_of("comparison");
    for (what, _) in against_burn::cases() {
        let suite = format!("against Burn: {}", words::text(&what, Lang::En));
        let of_suite: Vec<&Value> = comparisons.iter().filter(|c| c["suite"] == suite.as_str()).collect();
        assert!(of_suite.len() > 100 && of_suite.iter().all(|c| c["passed"] == true), "{suite}: {}", of_suite.len());
    }
}

#[test]
fn dropout_is_drawn_anew_in_every_step_and_the_same_in_every_run() {
    let desk = Desk::new();
    let dropout = ["dropout=0.1", "attention_dropout=0.1", "lr=1e-12"];
    done(&desk.train("off", "burn", &["lr=1e-12"], &[]));
    for run in ["a", "b"] {
        done(&desk.train(run, "burn", &dropout, &[]));
    }
    let losses = |run: &str| -> Vec<f64> {
        of_kind(&desk.events(run), "step").iter().map(|step| step["total_loss"].as_f64().unwrap()).collect()
    };
    let (off, a, b) = (losses("off"), losses("a"), losses("b"));
    assert_eq!(a, b);
    // The weights never change. So only dropout makes a difference from the run without it, and it differs from step to step.
    let shifts: Vec<f64> = a.iter().zip(&off).map(|(a, off)| a - off).collect();
    assert!(shifts.iter().all(|shift| *shift != 0.0 && shift.abs() < 5.0), "{shifts:?}");
    assert!(shifts.windows(2).all(|pair| pair[0] != pair[1]), "{shifts:?}");
}

/// What a person sees of a run whose weights are still the initial ones.
struct Seen {
    own_text: OwnText,
    maps: Vec<AttentionMap>,
    corrupted: BatchSample,
    judged: BatchSample,
}

fn seen(engine: &str) -> Seen {
    let set = watched::ENDLESS.iter().copied().chain(["lr=1e-12", "dropout=0", "attention_dropout=0"]);
    let mut options = watched::options(&format!("seen-{engine}"), &set.collect::<Vec<_>>());
    options.engine = engine.to_owned();
    let mut run = Watched::start(options);
    run.pause();
    let edits = vec![WordEdit { word: 1, change: Change::Mask }];
    run.send(Ask::SetOwnText { text: "the dog ate the bone".to_owned(), edits });
    let own_text = run.wait(|event| if let Event::OwnText(own_text) = event { Some(own_text.clone()) } else { None });
    let mut maps = Vec::new();
    for (network, layer) in [(Network::Generator, 0), (Network::Generator, 1), (Network::Discriminator, 1)] {
        run.send(Ask::Attention { network, layer });
        maps.push(run.wait(|event| if let Event::Attention(map) = event { Some(map.clone()) } else { None }));
    }
    let [corrupted, judged] = [Stage::REPLACE, Stage::JUDGE].map(|stage| {
        run.send(Ask::SeekStage { stage });
        run.wait(|event| if let Event::Batch(sample) = event { Some(sample.clone()) } else { None })
    });
    run.leave();
    Seen { own_text, maps, corrupted, judged }
}

#[test]
fn a_view_sees_a_burn_run_as_any_other() {
    let (ours, burn) = (seen("wgsl"), seen("burn"));
    assert_eq!(burn.own_text.tokens.len(), ours.own_text.tokens.len());
    for (a, b) in ours.own_text.tokens.iter().zip(&burn.own_text.tokens) {
        let (a, b) = (&a.token, &b.token);
        assert_eq!((a.original_id, a.masked, a.sampled_id), (b.original_id, b.masked, b.sampled_id));
        let of = |token: &ReadToken| [token.p_replaced, token.p_original].map(|p| p.unwrap_or(-1.0));
        assert!(of(a)[0] > 0.0 && of(a).iter().zip(of(b)).all(|(a, b)| (a - b).abs() < 1e-5), "{a:?}, with Burn {b:?}");
    }
    for (a, b) in ours.maps.iter().zip(&burn.maps) {
        assert_eq!((a.network, a.layer, a.heads, &a.tokens), (b.network, b.layer, b.heads, &b.tokens));
        assert_eq!(a.probabilities.len(), b.probabilities.len());
        let off = a.probabilities.iter().zip(&b.probabilities).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(off < 1e-5, "{:?}, layer {}: {off}", a.network, a.layer);
    }
    assert!(ours.maps[0].probabilities != ours.maps[1].probabilities);
    // The runs are paused at any place, so the steps differ. What a stage shows must not differ.
    for (stage, sample) in [(Stage::REPLACE, &burn.corrupted), (Stage::JUDGE, &burn.judged)] {
        assert_eq!((sample.known, sample.rows.is_empty()), (stage, false));
        assert!(sample.rows.iter().flatten().any(|token| token.replaced), "{sample:?}");
    }
    assert!(burn.judged.rows.iter().flatten().all(|token| token.p_replaced.is_some()));
}

#[test]
fn what_burn_cannot_run_is_told_in_one_error() {
    let desk = Desk::new();
    for (set, wanted) in [("batch=0", "batch"), ("hidden_size=15", "heads")] {
        let ran = desk.train("run", "burn", &[set], &[]);
        let message = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert_eq!(ran.status.code(), Some(2), "{message}");
        assert!(message.contains(wanted) && !message.contains("panicked"), "{message}");
        assert!(!desk.path("run").exists());
    }
    let ran = program::run(["train", "--engine", "torch"]);
    assert!(ran.status == 2 && ran.stderr.contains("burn") && ran.stdout.is_empty(), "{}", ran.stderr);
    let ran = program::run(["bench", "--against", "torch"]);
    assert!(ran.status == 2 && ran.stderr.contains("burn") && ran.stdout.is_empty(), "{}", ran.stderr);
    let ran = program::run(["train", "--engine", "burn", "--device", "no such card"]);
    assert!(ran.status == 2 && ran.stderr.contains("no adapter's name contains"), "{}", ran.stderr);
}

#[test]
fn a_gradient_that_is_not_finite_stops_the_run() {
    let desk = Desk::new();
    let ran = desk.train("run", "burn", &["lr=1e30"], &[]);
    let message = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert_eq!(ran.status.code(), Some(1), "{message}");
    assert!(message.contains("the gradient is not finite"), "{message}");
}

#[test]
fn bench_alternates_the_engines_and_tells_the_ratio() {
    let args = "bench --against burn --preset nano --set batch=2 --set seq_len=16 --device cpu --seconds 0.5 --json";
    let ran = program::run(args.split(' ')).good();
    let steps = ran.events_of("bench_step");
    let engines: Vec<&str> = steps.iter().map(|step| step["engine"].as_str().unwrap()).collect();
    assert_eq!(engines, ["wgsl", "burn"]);
    assert!(steps[1]["dispatches"].is_null() && steps[1]["flops"] == steps[0]["flops"]);
    let rates: Vec<f64> = steps.iter().map(|step| step["tokens_per_sec"].as_f64().unwrap()).collect();
    let ratio = &ran.events_of("bench_ratio")[0];
    assert!((ratio["ratio"].as_f64().unwrap() - rates[0] / rates[1]).abs() < 1e-9);
    assert_eq!((&ratio["against"], &ratio["preset"]), (&"burn".into(), &"nano".into()));
}

/// Asserts that the program's folder is where the test said.
#[test]
fn the_checkpoint_of_a_burn_run_is_whole() {
    let desk = Desk::new();
    done(&desk.train("run", "burn", &[], &[]));
    let checkpoint = desk.path("run").join("checkpoints/step-000000012");
    for file in
        ["discriminator/model.safetensors", "generator/model.safetensors", "optimizer.safetensors", "state.json"]
    {
        assert!(Path::new(&checkpoint).join(file).is_file(), "{file}");
    }
}
