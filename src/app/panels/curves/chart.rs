//! Draws one chart: its curves, the dashes by which a reader tells them apart, and the marks that belong to them.

use crate::app::panels::PanelContext;
use crate::app::panels::plot::{self, Dash, Plot};
use crate::app::theme::Theme;
use crate::screen::axis::{self, Axis};
use crate::screen::glossary::{self, Entry};
use crate::screen::state::RunState;
use crate::screen::time::Timeline;
use crate::train::metrics::table::{Color, Line, Metric, Subject};
use egui::{Align2, Color32, Painter, Rect, Sense, Stroke, Ui, vec2};

/// Charts that are shown together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    Losses,
    Judge,
    Generator,
    Motor,
}

impl Group {
    pub const ALL: [Self; 4] = [Self::Losses, Self::Judge, Self::Generator, Self::Motor];

    pub fn key(self) -> &'static str {
        match self {
            Self::Losses => "curves-group-losses",
            Self::Judge => "curves-group-judge",
            Self::Generator => "curves-group-generator",
            Self::Motor => "curves-group-motor",
        }
    }
}

pub struct Chart {
    pub group: Group,
    /// Its name.
    pub key: &'static str,
    /// The subjects of its curves. The table of metrics says which metric has which subject.
    subjects: &'static [Subject],
    /// Whether the axis shows all values that the first metric can have.
    whole: bool,
    decimals: usize,
}

struct Curve {
    metric: Metric,
    dash: Dash,
}

impl Curve {
    fn of(metric: Metric) -> Option<Self> {
        let dash = match metric.about().line {
            Line::Solid => Dash::Solid,
            Line::Dashed => Dash::Dashed,
            Line::Dotted | Line::Evaluated => Dash::Dotted,
            Line::Level | Line::Marks | Line::Absent => return None,
        };
        Some(Self { metric, dash })
    }

    fn name(&self, cx: &PanelContext) -> String {
        cx.strings.metric(self.metric, "curve")
    }
}

pub const CHARTS: [Chart; 8] = [
    Chart {
        group: Group::Losses,
        key: "curves-chart-mlm",
        subjects: &[Subject::GeneratorLoss],
        whole: false,
        decimals: 2,
    },
    Chart { group: Group::Losses, key: "curves-chart-rtd", subjects: &[Subject::JudgeLoss], whole: false, decimals: 3 },
    Chart { group: Group::Judge, key: "curves-chart-judge", subjects: &[Subject::Auc], whole: true, decimals: 3 },
    Chart {
        group: Group::Judge,
        key: "curves-chart-verdicts",
        subjects: &[Subject::Verdicts],
        whole: true,
        decimals: 3,
    },
    Chart {
        group: Group::Judge,
        key: "curves-chart-accuracy",
        subjects: &[Subject::Accuracy],
        whole: false,
        decimals: 3,
    },
    Chart {
        group: Group::Generator,
        key: "curves-chart-generator",
        subjects: &[Subject::Guesses],
        whole: true,
        decimals: 3,
    },
    Chart { group: Group::Motor, key: "curves-chart-motor", subjects: &[Subject::Gradient], whole: false, decimals: 2 },
    Chart { group: Group::Motor, key: "curves-chart-speed", subjects: &[Subject::Speed], whole: false, decimals: 0 },
];

/// An entry of the legend: its sign, its words, and the word of the glossary that explains it.
type Legend = (Sign, String, Option<Entry>);

/// The sign that a legend's entry shows before its words.
enum Sign {
    Line(Dash, Color32),
    Diamond(Color32),
}

impl Chart {
    fn metrics(&self) -> impl Iterator<Item = Metric> {
        Metric::ALL.into_iter().filter(|metric| metric.about().subject.is_some_and(|s| self.subjects.contains(&s)))
    }

    /// Its curves, the most important one first.
    fn curves(&self) -> Vec<Curve> {
        let mut curves: Vec<Curve> = self.metrics().filter_map(Curve::of).collect();
        curves.sort_by_key(|curve| curve.metric.about().line);
        curves
    }

    /// Axes that cover everything that will be drawn.
    pub fn plot(&self, place: Rect, cx: &PanelContext, line: &Timeline, log_y: bool, span: Option<usize>) -> Plot {
        let whole =
            self.curves().first().filter(|_| self.whole && !log_y).map(|curve| curve.metric.about().unit.range());
        let y = if let Some([min, max]) = whole {
            Axis::new(min, max, false)
        } else {
            let [min, max] = axis::range(self.values(cx, span, log_y)).unwrap_or([0.0, 1.0]);
            let margin = if log_y { 0.0 } else { (max - min) * 0.06 };
            Axis::new(min - margin, max + margin, log_y)
        };
        Plot::new(place, line.axis, y)
    }

    fn values(&self, cx: &PanelContext, span: Option<usize>, log_y: bool) -> Vec<f64> {
        let state = cx.state;
        let curves = self.curves();
        let mut values: Vec<f64> = Vec::with_capacity(2 * state.steps.len() * curves.len());
        for metric in curves.iter().map(|curve| curve.metric) {
            values.extend(state.steps.iter().filter_map(|step| metric.of_step(step)));
            values.extend(state.evals.iter().filter_map(|eval| metric.of_eval(eval)));
            for (_, run) in &cx.view.overlays {
                values.extend(means(run, metric, span.or(Some(0))).filter_map(|(_, mean)| mean));
            }
        }
        values.retain(|value| !log_y || *value > 0.0);
        // The axis includes the level line, even if few steps have come to compare with it.
        if let (Some((_, level)), Some([min, max])) = (self.level(state), axis::range(values.clone())) {
            values.retain(|value| (min..=max).contains(value));
            values.extend(std::iter::repeat_n(level, 1 + values.len() / 100));
        }
        values
    }

    /// The metric that is drawn as one level line, with its value on the held-out text, else on the training text.
    fn level(&self, state: &RunState) -> Option<(Metric, f64)> {
        let metric = self.metrics().find(|metric| metric.about().line == Line::Level)?;
        let held_out = state.evals.last().and_then(|eval| metric.of_eval(eval));
        let text = || match metric {
            Metric::UnigramEntropy => state.plan.as_ref().and_then(|plan| plan.corpus.unigram_entropy),
            _ => None,
        };
        Some((metric, held_out.or_else(text).filter(|level| level.is_finite())?))
    }

    /// Draws raw values thin and smoothed ones thick, other runs behind them, and held-out values on top.
    pub fn draw(&self, painter: &Painter, cx: &PanelContext, plot: &Plot, line: &Timeline, span: Option<usize>) {
        let theme = cx.theme;
        if let Some((_, level)) = self.level(cx.state) {
            let ends = [plot.x.min, plot.x.max].map(|x| (x, Some(level)));
            plot.curve(painter, ends, Dash::DashDot, Stroke::new(1.5, theme.weak));
        }
        for (n, (_, run)) in cx.view.overlays.iter().enumerate() {
            self.draw_other(painter, cx, plot, line, run, n + 1, span);
        }
        let (state, curves) = (cx.state, self.curves());
        for (n, curve) in curves.iter().enumerate().rev() {
            let color = ink(theme, curve, n);
            if curve.metric.about().line == Line::Evaluated {
                let values =
                    state.evals.iter().filter_map(|eval| Some((line.x_of(eval.step)?, curve.metric.of_eval(eval))));
                plot.curve(painter, values, curve.dash, Stroke::new(2.0, color));
                continue;
            }
            let raw = state.steps.iter().map(|step| (line.time.of(step), curve.metric.of_step(step)));
            if span.is_none() {
                plot.curve(painter, raw, curve.dash, Stroke::new(1.6, color));
                continue;
            }
            // Raw values are pale, and their line is solid, because nobody can read a pale dashed line.
            plot.curve(painter, raw, Dash::Solid, Stroke::new(1.0, color.gamma_multiply(0.3)));
            let places = state.steps.iter().map(|step| line.time.of(step));
            let smooth = places.zip(means(state, curve.metric, span)).map(|(x, (_, mean))| (x, mean));
            plot.curve(painter, smooth, curve.dash, Stroke::new(2.4, color));
        }
        for eval in state.evals.iter() {
            for (n, curve) in curves.iter().enumerate() {
                let place = line.x_of(eval.step).zip(curve.metric.of_eval(eval)).and_then(|(x, y)| plot.at(x, y));
                if let Some(at) = place.filter(|at| plot.rect.expand(2.0).contains(*at)) {
                    plot::diamond(painter, at, theme.panel, Stroke::new(1.8, ink(theme, curve, n)));
                }
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "all of it is where and how one other run is drawn")]
    fn draw_other(
        &self,
        painter: &Painter,
        cx: &PanelContext,
        plot: &Plot,
        line: &Timeline,
        run: &RunState,
        number: usize,
        span: Option<usize>,
    ) {
        let color = cx.theme.weak;
        for curve in self.curves() {
            let places = run.steps.iter().map(|step| line.time.of(step));
            let points: Vec<(f64, Option<f64>)> =
                places.zip(means(run, curve.metric, span)).map(|(x, (_, mean))| (x, mean)).collect();
            let last = points.iter().rev().find_map(|(x, y)| plot.at(*x, (*y)?));
            plot.curve(painter, points, curve.dash, Stroke::new(1.3, color));
            if let Some(at) = last {
                let at = egui::pos2(at.x.min(plot.rect.right() - 4.0), at.y.clamp(plot.rect.top(), plot.rect.bottom()));
                painter.circle(at, 8.0, cx.theme.panel, Stroke::new(1.0, color));
                painter.text(at, Align2::CENTER_CENTER, number.to_string(), cx.theme.small(), cx.theme.text);
            }
        }
    }

    fn entries(&self, cx: &PanelContext, step: Option<u64>, span: Option<usize>) -> Vec<Legend> {
        let named = |name: String, value: Option<f64>| format!("{name} {}", cx.number(value, self.decimals));
        let curves = self.curves();
        let mut entries: Vec<Legend> = Vec::new();
        for (n, curve) in curves.iter().enumerate() {
            let value = value_at(cx.state, curve.metric, step, span);
            let sign = Sign::Line(curve.dash, ink(cx.theme, curve, n));
            entries.push((sign, named(curve.name(cx), value), glossary::of_metric(curve.metric)));
        }
        if let Some((metric, level)) = self.level(cx.state) {
            let name = cx.strings.metric(metric, "curve");
            let sign = Sign::Line(Dash::DashDot, cx.theme.weak);
            entries.push((sign, named(name, Some(level)), glossary::of_metric(metric)));
        }
        let first = curves.first();
        let held_out = cx.state.eval_at(step).zip(first).and_then(|(eval, curve)| curve.metric.of_eval(eval));
        if let Some(first) = first.filter(|_| held_out.is_some()) {
            let sign = Sign::Diamond(ink(cx.theme, first, 0));
            entries.push((sign, named(cx.t("curves-held-out"), held_out), Some(glossary::HELD_OUT)));
        }
        entries
    }

    /// How many lines the legend takes at this width.
    pub fn legend_lines(&self, ui: &Ui, cx: &PanelContext, span: Option<usize>) -> usize {
        let (mut lines, mut used) = (1, 0.0);
        let room = ui.max_rect().width();
        for (_, words, _) in self.entries(cx, cx.view.scrub, span) {
            let text = ui.painter().layout_no_wrap(words, cx.theme.small(), cx.theme.text).size().x;
            let width = SIGN_WIDTH + text + ENTRY_GAP;
            if used > 0.0 && used + width - ENTRY_GAP > room {
                (lines, used) = (lines + 1, 0.0);
            }
            used += width;
        }
        lines
    }

    /// Draws the legend in this many lines. Entries without room are left out; the most important ones come first.
    pub fn legend_ui(&self, ui: &mut Ui, cx: &PanelContext, step: Option<u64>, span: Option<usize>, lines: usize) {
        let (mut at, room) = (ui.max_rect().left_top(), ui.max_rect());
        for (sign, words, entry) in self.entries(cx, step, span) {
            let text = ui.painter().layout_no_wrap(words.clone(), cx.theme.small(), cx.theme.text);
            let width = SIGN_WIDTH + text.size().x + ENTRY_GAP;
            if at.x > room.left() && at.x + width - ENTRY_GAP > room.right() {
                at = egui::pos2(room.left(), at.y + LEGEND_LINE);
            }
            if at.y >= room.top() + LEGEND_LINE * lines as f32 {
                break;
            }
            let rect = Rect::from_min_size(at, vec2(width - ENTRY_GAP, LEGEND_LINE));
            let middle = rect.center().y;
            let [from, to] = [0.0, SIGN_WIDTH - 6.0].map(|x| egui::pos2(at.x + x, middle));
            match sign {
                Sign::Line(dash, color) => dash.draw(ui.painter(), &[from, to], Stroke::new(2.4, color)),
                Sign::Diamond(color) => {
                    let stroke = Stroke::new(1.8, color);
                    plot::diamond(ui.painter(), from + (to - from) / 2.0, cx.theme.panel, stroke);
                }
            }
            let place = egui::pos2(at.x + SIGN_WIDTH, middle - text.size().y / 2.0);
            ui.painter().galley(place, text, cx.theme.text);
            // A screen reader reads the legend from these.
            let response = ui.interact(rect, ui.scope_id().with(("entry", self.key, &words)), Sense::hover());
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &words));
            if let Some(entry) = entry {
                response.on_hover_text(format!("{}\n{}", cx.t(entry.about), cx.t("curves-what")));
            }
            at.x += width;
        }
    }
}

/// The room before an entry's words and behind them, and the height of a line of entries.
const SIGN_WIDTH: f32 = 24.0;
const ENTRY_GAP: f32 = 8.0;
pub const LEGEND_LINE: f32 = 20.0;

/// The colour of a curve. Dashes tell curves apart; the first is the most important and has the colour of its network.
fn ink(theme: Theme, curve: &Curve, n: usize) -> Color32 {
    let own = match curve.metric.about().color {
        Color::Generator => theme.swap,
        Color::Judge | Color::Bound | Color::Motor => theme.accent,
    };
    [own, theme.text, theme.weak][n.min(2)]
}

/// A metric's means, or its raw values, one for each step of `run.steps`.
fn means(run: &RunState, metric: Metric, span: Option<usize>) -> impl Iterator<Item = (u64, Option<f64>)> {
    run.steps.iter().zip(run.smooth.iter()).map(move |(step, smooth)| {
        let value = match span {
            Some(span) => smooth.mean(span, metric),
            None => metric.of_step(step),
        };
        (step.step, value)
    })
}

/// The value of a curve at a step, or the newest without a step.
fn value_at(run: &RunState, metric: Metric, step: Option<u64>, span: Option<usize>) -> Option<f64> {
    means(run, metric, span).take_while(|(at, _)| step.is_none_or(|step| *at <= step)).last().and_then(|(_, v)| v)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::state::Source;
    use crate::train::event::{Event, StepMetrics};

    /// The subjects that only the report draws.
    const ELSEWHERE: [Subject; 1] = [Subject::LearningRate];

    #[test]
    fn every_metric_is_drawn_as_the_table_says() {
        for metric in Metric::ALL {
            let about = metric.about();
            let here = about.subject.filter(|subject| !ELSEWHERE.contains(subject));
            assert_eq!(about.subject.is_none(), about.line == Line::Absent, "{metric:?}: both or neither");
            let of = |chart: &&Chart| chart.metrics().any(|other| other == metric);
            let charts: Vec<&Chart> = CHARTS.iter().filter(of).collect();
            assert_eq!(charts.len(), usize::from(here.is_some()), "{metric:?}: one chart draws it");
            let curves = charts.iter().flat_map(|chart| chart.curves()).filter(|curve| curve.metric == metric).count();
            let line = matches!(about.line, Line::Solid | Line::Dashed | Line::Dotted | Line::Evaluated);
            assert_eq!(curves, usize::from(here.is_some() && line), "{metric:?}");
        }
    }

    #[test]
    fn the_curves_of_a_chart_are_told_apart_and_the_first_is_whole() {
        let names = |chart: &Chart| chart.curves().iter().map(|curve| curve.metric).collect::<Vec<_>>();
        assert_eq!(names(&CHARTS[1]), [Metric::RtdLoss, Metric::TrivialRtdLoss, Metric::TokenRtdLoss]);
        assert_eq!(names(&CHARTS[2]), [Metric::RtdAuc, Metric::RtdAucContext, Metric::SwapAuc]);
        assert_eq!(names(&CHARTS[3]), [Metric::RtdRecall, Metric::RtdPrecision]);
        for chart in &CHARTS {
            let dashes: Vec<Dash> = chart.curves().iter().map(|curve| curve.dash).collect();
            assert_eq!(dashes, [Dash::Solid, Dash::Dashed, Dash::Dotted][..dashes.len()], "{}", chart.key);
            let levels = chart.metrics().filter(|metric| metric.about().line == Line::Level).count();
            assert!(levels <= 1 && !dashes.is_empty(), "{}", chart.key);
        }
    }

    /// The smoothed value at a step does not depend on how long the run is: the history is thinned, the mean is not.
    #[test]
    fn a_smoothed_value_does_not_depend_on_how_much_was_thinned() {
        let step = |n: u64| {
            let mut step = StepMetrics { step: n, ..StepMetrics::default() };
            step.metrics.mlm_loss = Some(if n.is_multiple_of(2) { 1.0 } else { 3.0 });
            Event::Step(Box::new(step))
        };
        let short = RunState::from_events(Source::Live, (1..=2_000).map(step));
        let long = RunState::from_events(Source::Live, (1..=40_000).map(step));
        let at = 1_985;
        assert!(short.steps.iter().any(|s| s.step == at) && long.steps.iter().any(|s| s.step == at));
        let value = |run| value_at(run, Metric::MlmLoss, Some(at), Some(1)).unwrap();
        assert_eq!(value(&short), value(&long));
        // The long history keeps only odd steps, whose mean would be 3.
        assert!((value(&long) - 2.0).abs() < 0.05, "{}", value(&long));
    }
}
