//! Says what went wrong: what happened, what is safe, and which buttons help.
//! failure -> [`Trouble`] -> [`Remedy`]s -> the request of a run that continues.

use super::panels::{Ask, PanelContext};
use crate::host::native::name_of;
use crate::message::Message;
use crate::path::path_of;
use crate::run::Request;
use crate::t;
use crate::train::event::{Failure, FailureKind, Settings};
use crate::train::standing::Standing;
use crate::view::words;
use egui::{RichText, Ui};

/// A run that could not continue, or something else that failed.
#[derive(Debug, Clone)]
pub struct Trouble {
    pub failure: Failure,
    /// The run's request and settings; none if the failure concerns no run.
    pub started: Option<(Request, Settings)>,
}

/// What a person may do about it with one click.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// Continue from the newest checkpoint, or from the start if there is none.
    GoOn,
    /// The same, on the processor instead.
    GoOnCpu,
    /// Half the rows in a micro-batch and twice as many micro-batches: the same step in half the memory.
    Smaller,
    /// A new run from the checkpoint's weights, with half the learning rate.
    LowerRate,
}

impl Trouble {
    /// A failure that concerns no run.
    pub fn new(message: Message) -> Self {
        Self { failure: Failure { message, ..Failure::default() }, started: None }
    }

    pub fn remedies(&self) -> Vec<Remedy> {
        use Remedy::{GoOn, GoOnCpu, LowerRate, Smaller};
        let Some((options, settings)) = &self.started else { return Vec::new() };
        let on_cpu = options.device == "cpu";
        let saved = self.failure.checkpoint.is_some();
        match self.failure.kind {
            FailureKind::Usage => Vec::new(),
            FailureKind::DeviceLost if on_cpu => vec![GoOn],
            FailureKind::DeviceLost => vec![GoOn, GoOnCpu],
            FailureKind::OutOfMemory => {
                let smaller = (whole(settings, "batch") > 1).then_some(Smaller);
                smaller.into_iter().chain((!on_cpu).then_some(GoOnCpu)).collect()
            }
            FailureKind::NonFinite => vec![LowerRate],
            FailureKind::Other => {
                if saved {
                    vec![GoOn]
                } else {
                    Vec::new()
                }
            }
        }
    }

    /// The request of the run that a remedy starts.
    pub fn options(&self, remedy: Remedy) -> Option<Request> {
        let (options, settings) = self.started.clone()?;
        let fresh = Request { out: None, resume: false, resume_step: None, ..options.clone() };
        let from = self.run();
        Some(match remedy {
            Remedy::GoOn => self.resumed(options),
            Remedy::GoOnCpu => Request { device: "cpu".to_owned(), ..self.resumed(options) },
            Remedy::Smaller => {
                let (batch, accumulate) = (whole(&settings, "batch"), whole(&settings, "accumulate").max(1));
                // An odd number of rows loses one, because all micro-batches of a step have the same size.
                let (batch, accumulate) = (batch / 2, accumulate * 2);
                with(fresh, &[format!("batch={batch}"), format!("accumulate={accumulate}")], from)
            }
            Remedy::LowerRate => {
                let lr = settings.get("lr").and_then(serde_json::Value::as_f64).unwrap_or(1e-3) / 2.0;
                with(fresh, &[format!("lr={lr}")], from)
            }
        })
    }

    /// The run's folder, if it has a checkpoint to continue from: `RUN/checkpoints/step-N`.
    fn run(&self) -> Option<String> {
        let saved = self.failure.checkpoint.as_ref()?;
        path_of(&saved.path).parent()?.parent().map(name_of)
    }

    fn resumed(&self, options: Request) -> Request {
        match self.run() {
            // A resumed run keeps its own configuration and refuses another one.
            Some(run) => Request {
                out: Some(run),
                resume: true,
                preset: None,
                config: None,
                set: Vec::new(),
                steps: None,
                seed: None,
                init: None,
                ..options
            },
            None => Request { out: None, resume: false, resume_step: None, ..options },
        }
    }
}

/// `options` with more settings, starting from a checkpoint's weights if there is one.
fn with(mut options: Request, set: &[String], init: Option<String>) -> Request {
    options.set.extend_from_slice(set);
    options.init = init.or(options.init);
    options
}

fn whole(settings: &Settings, key: &str) -> u64 {
    settings.get(key).and_then(serde_json::Value::as_u64).unwrap_or(0)
}

/// Draws the banner. It disappears once a person presses one of its buttons.
pub fn ui(ui: &mut Ui, cx: &mut PanelContext, trouble: &mut Option<Trouble>) {
    let Some(shown) = trouble.clone() else { return };
    ui.separator();
    ui.label(RichText::new(cx.t(heading(&shown))).font(cx.theme.strong()).color(cx.theme.alert));
    let failure = &shown.failure;
    if shown.started.is_some() && failure.kind != FailureKind::Usage {
        let safe = match &failure.checkpoint {
            Some(saved) => t!(cx, "app-trouble-safe", step = saved.step),
            None => cx.t("app-trouble-unsaved"),
        };
        ui.label(safe);
    }
    if let Some(key) = advice(&shown) {
        ui.label(cx.t(key));
    }
    // The details say what failed, where, and what to type.
    let details = words::failure(failure, cx.lang());
    let details = match failure.message.as_plain() {
        Some(_) => t!(cx, "app-trouble-details-english", details = details),
        None => t!(cx, "app-trouble-details", details = details),
    };
    ui.label(RichText::new(details).font(cx.theme.small()));
    let mut done = false;
    ui.horizontal_wrapped(|ui| {
        for remedy in shown.remedies() {
            if ui.button(button_text(&shown, remedy, cx)).clicked() {
                cx.asks.extend(shown.options(remedy).map(|options| Ask::Start(Box::new(options))));
                done = true;
            }
        }
        done |= ui.button(cx.t("app-trouble-dismiss")).clicked();
    });
    if done {
        *trouble = None;
    }
}

fn heading(trouble: &Trouble) -> &'static str {
    if trouble.started.is_none() {
        return "app-trouble-refused";
    }
    match trouble.failure.kind {
        FailureKind::Usage => "app-trouble-usage",
        FailureKind::DeviceLost => "app-trouble-device-lost",
        FailureKind::OutOfMemory => "app-trouble-out-of-memory",
        FailureKind::NonFinite => "app-trouble-non-finite",
        FailureKind::Other => "app-trouble-heading",
    }
}

/// What the failure means and what to do, unless the heading already says it.
fn advice(trouble: &Trouble) -> Option<&'static str> {
    trouble.started.as_ref()?;
    Some(match trouble.failure.kind {
        FailureKind::Usage => "app-trouble-usage-advice",
        FailureKind::DeviceLost => "app-trouble-device-lost-advice",
        FailureKind::OutOfMemory => "app-trouble-out-of-memory-advice",
        FailureKind::NonFinite => "app-trouble-non-finite-advice",
        FailureKind::Other => "app-trouble-other-advice",
    })
}

fn button_text(trouble: &Trouble, remedy: Remedy, cx: &PanelContext) -> String {
    match (remedy, &trouble.failure.checkpoint) {
        (Remedy::GoOn, Some(saved)) => t!(cx, "app-trouble-go-on", step = saved.step),
        (Remedy::GoOn, None) => cx.t("app-trouble-again"),
        (Remedy::GoOnCpu, Some(saved)) => t!(cx, "app-trouble-go-on-cpu", step = saved.step),
        (Remedy::GoOnCpu, None) => cx.t("app-trouble-again-cpu"),
        (Remedy::Smaller, _) => cx.t("app-trouble-smaller"),
        (Remedy::LowerRate, _) => cx.t("app-trouble-lower-rate"),
    }
}

/// Draws the warnings that still stand while the run continues.
pub fn notice_ui(ui: &mut Ui, cx: &PanelContext, notice: &mut Standing) {
    if notice.all().is_empty() {
        return;
    }
    ui.separator();
    let mut read = false;
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(cx.t("app-notice")).font(cx.theme.strong()).color(cx.theme.alert));
        for warning in notice.all() {
            ui.label(cx.strings.text(&warning.message));
        }
        read = ui.button(cx.t("app-trouble-dismiss")).clicked();
    });
    if read {
        notice.dismiss();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::first_run::first_run;
    use crate::train::event::Saved;
    use crate::view::Lang;

    fn trouble(kind: FailureKind, saved: bool) -> Trouble {
        let checkpoint = saved.then(|| Saved { step: 40, path: "/r/one/checkpoints/step-000000040".into() });
        let settings = [("batch", 32.0), ("accumulate", 1.0), ("lr", 0.002)];
        let settings = settings.map(|(key, value)| {
            let value = if key == "lr" { serde_json::json!(value) } else { serde_json::json!(value as u64) };
            (key.to_owned(), value)
        });
        let options = Request { preset: Some("nano".into()), seed: Some(3), ..first_run(Lang::En) };
        Trouble {
            failure: Failure { kind, checkpoint, ..Failure::default() },
            started: Some((options, settings.into_iter().collect())),
        }
    }

    #[test]
    fn a_lost_device_goes_on_from_the_checkpoint_or_on_the_processor() {
        let trouble = trouble(FailureKind::DeviceLost, true);
        assert_eq!(trouble.remedies(), [Remedy::GoOn, Remedy::GoOnCpu]);
        let cpu = trouble.options(Remedy::GoOnCpu).unwrap();
        assert_eq!((cpu.resume, cpu.out.as_deref(), cpu.device.as_str()), (true, Some("/r/one"), "cpu"));
        assert!(cpu.preset.is_none() && cpu.seed.is_none(), "a resumed run keeps its own configuration");
        let again = self::trouble(FailureKind::DeviceLost, false).options(Remedy::GoOn).unwrap();
        assert_eq!((again.resume, again.preset.as_deref(), again.seed), (false, Some("nano"), Some(3)));
    }

    #[test]
    fn too_little_memory_offers_the_same_step_in_half_the_memory() {
        let trouble = trouble(FailureKind::OutOfMemory, false);
        assert_eq!(trouble.remedies(), [Remedy::Smaller, Remedy::GoOnCpu]);
        assert_eq!(trouble.options(Remedy::Smaller).unwrap().set, ["batch=16", "accumulate=2"]);
    }

    #[test]
    fn a_run_that_left_the_numbers_goes_on_more_slowly_from_its_weights() {
        let trouble = trouble(FailureKind::NonFinite, true);
        let slower = trouble.options(Remedy::LowerRate).unwrap();
        assert_eq!((slower.set, slower.init, slower.resume), (vec!["lr=0.001".into()], Some("/r/one".into()), false));
    }

    #[test]
    fn what_was_asked_wrongly_has_no_button_that_asks_it_again() {
        assert!(trouble(FailureKind::Usage, true).remedies().is_empty());
        assert!(Trouble::new(Message::plain("no such run")).remedies().is_empty());
        assert_eq!(trouble(FailureKind::Other, true).remedies(), [Remedy::GoOn]);
        assert!(trouble(FailureKind::Other, false).remedies().is_empty());
    }
}
