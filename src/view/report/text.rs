//! Writes the page's sentences about a run: its result, what was trained, and how far it is. Values -> text, in one language.

use super::html::escape;
use super::run::{End, Run};
use crate::t;
use crate::train::event::RunPlan;
use crate::view::words::Strings;
use crate::view::{Lang, duration_text};

/// The run's result in one sentence, which also explains AUC.
pub(super) fn headline(run: &Run, lang: Lang) -> String {
    let Some(m) = run.final_metrics() else {
        return Strings::of(lang).t("report-unmeasured");
    };
    let strings = Strings::of(lang);
    if let Some(auc) = run.final_swaps().and_then(|swaps| swaps.auc) {
        return t!(strings, "report-swaps", times = lang.decimal(auc * 100.0, 0));
    }
    match (m.rtd_auc, m.mlm_loss) {
        (Some(auc), _) => t!(strings, "report-auc", times = lang.decimal(auc * 100.0, 0)),
        (None, Some(loss)) => t!(strings, "report-nats", loss = lang.decimal(loss, 2)),
        (None, None) => strings.t("report-no-loss"),
    }
}

/// What was trained and for how long, and how good the judge is compared with one that does not look.
pub(super) fn lede(run: &Run, lang: Lang) -> Vec<String> {
    let mut paragraphs = Vec::new();
    if let Some(plan) = run.plan {
        paragraphs.push(trained_text(run, plan, lang));
    }
    let Some(m) = run.final_metrics() else { return paragraphs };
    if let Some(swaps) = run.final_swaps() {
        let [caught, alarms] = [swaps.caught, swaps.false_alarms].map(|share| lang.percent(share, 0));
        let strings = Strings::of(lang);
        paragraphs.push(t!(strings, "report-swaps-how", swaps = swaps.swaps, caught = caught, alarms = alarms));
    }
    if let (Some(auc), Some(share), Some(accuracy)) = (m.rtd_auc, m.replaced_share, m.rtd_accuracy) {
        let auc = lang.decimal(auc, 2);
        let [share, blind, accuracy] = [share, share.max(1.0 - share), accuracy].map(|value| lang.percent(value, 1));
        let strings = Strings::of(lang);
        paragraphs.push(match run.final_swaps() {
            Some(_) => {
                t!(strings, "report-auc-says-less", auc = auc, share = share, blind = blind, accuracy = accuracy)
            }
            None => t!(strings, "report-accuracy", auc = auc, share = share, blind = blind, accuracy = accuracy),
        });
    }
    paragraphs
}

fn trained_text(run: &Run, plan: &RunPlan, lang: Lang) -> String {
    let strings = Strings::of(lang);
    let time = run.elapsed_secs().map_or_else(String::new, |secs| {
        // Spaces that do not break keep "1 min 58 s" on one line.
        format!(" {}", t!(strings, "report-trained-time", time = duration_text(secs).replace(' ', "\u{a0}")))
    });
    let device = run.device.map_or_else(String::new, |device| {
        format!(" {}", t!(strings, "report-trained-device", device = escape(&device.name)))
    });
    t!(
        strings,
        "report-trained",
        preset = escape(&plan.preset),
        parameters = lang.rough(plan.parameters),
        tokens = lang.rough(run.tokens_seen()),
        corpus = escape(&strings.text(&plan.corpus.title())),
        steps = run.last_step(),
        time = time,
        device = device,
    )
}

pub(super) fn unfinished_text(run: &Run, lang: Lang) -> String {
    let (strings, step) = (Strings::of(lang), run.last_step());
    let place = match run.plan.and_then(|plan| plan.planned_steps) {
        Some(planned) => t!(strings, "report-step-of-planned", step = step, planned = planned),
        None => lang.whole(step),
    };
    match run.end {
        Some(End::Finished(_)) => t!(strings, "report-stopped", place = place),
        _ => t!(strings, "report-unfinished", place = place),
    }
}
