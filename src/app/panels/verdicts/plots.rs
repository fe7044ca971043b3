//! Draws what all thresholds together say: the ROC curve, precision over recall, and the reliability diagram.

use crate::app::panels::PanelContext;
use crate::app::panels::plot::{Dash, Plot};
use crate::screen::axis::Axis;
use crate::screen::verdicts::edge;
use crate::t;
use crate::train::event::{Calibration, CalibrationBin, Confusion, EvalMetrics};
use egui::{Pos2, Rect, Response, RichText, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

/// The least width of a plot.
const WIDTH_MIN: f32 = 190.0;
const HEIGHT: f32 = 170.0;
/// The tallest plot. A panel that stands alone has room for it.
const HEIGHT_MAX: f32 = 420.0;

/// One of the three plots, with the data that it is drawn from.
#[derive(Clone, Copy)]
enum Picture<'a> {
    Roc(&'a [Confusion]),
    PrecisionRecall(&'a [Confusion]),
    Reliability(&'a Calibration),
}

/// Draws the plots that the evaluation has data for. Returns the threshold that was pressed.
pub fn ui(ui: &mut Ui, cx: &PanelContext, eval: &EvalMetrics, bin: usize) -> Option<f64> {
    let curve = eval.histogram.as_ref().map(|histogram| histogram.curve());
    let mut pictures = Vec::new();
    if let Some(curve) = &curve {
        pictures.extend([Picture::Roc(curve), Picture::PrecisionRecall(curve)]);
    }
    pictures.extend(eval.calibration.as_ref().map(Picture::Reliability));
    let columns = ((ui.available_width() / WIDTH_MIN) as usize).clamp(1, pictures.len().max(1));
    let mut picked = None;
    for row in pictures.chunks(columns) {
        ui.columns(columns, |uis| {
            for (column, picture) in uis.iter_mut().zip(row) {
                // Columns justify their text; the text below the plots must not be justified.
                let ragged = egui::Layout::top_down(egui::Align::LEFT);
                let drawn = column.with_layout(ragged, |ui| picture_ui(ui, cx, eval, *picture, bin));
                picked = drawn.inner.or(picked);
            }
        });
    }
    picked
}

/// The values of one count on a picture's axes.
fn place(picture: Picture, counts: &Confusion) -> Option<(f64, f64)> {
    match picture {
        Picture::Roc(_) => counts.false_alarm_rate().zip(counts.recall()),
        Picture::PrecisionRecall(_) => counts.recall().zip(counts.precision()),
        Picture::Reliability(_) => None,
    }
}

fn picture_ui(ui: &mut Ui, cx: &PanelContext, eval: &EvalMetrics, picture: Picture, bin: usize) -> Option<f64> {
    let (title, axes) = match picture {
        Picture::Roc(_) => (t!(cx, "verdicts-roc", auc = cx.number(eval.metrics.rtd_auc, 3)), "verdicts-roc-axes"),
        Picture::PrecisionRecall(_) => (cx.t("verdicts-pr"), "verdicts-pr-axes"),
        Picture::Reliability(calibration) => {
            let error = cx.number(calibration.expected_error, 3);
            (t!(cx, "verdicts-reliability", error = error), "verdicts-reliability-axes")
        }
    };
    let about = match picture {
        Picture::Roc(_) => "glossary-auc-about",
        Picture::PrecisionRecall(_) => "glossary-base-rate-about",
        Picture::Reliability(_) => "glossary-reliability-about",
    };
    ui.label(RichText::new(&title).font(cx.theme.strong())).on_hover_text(cx.t(about));
    let sense = if matches!(picture, Picture::Reliability(_)) { Sense::hover() } else { Sense::click_and_drag() };
    // Below the plot stand its axes, in up to three lines.
    let left = ui.clip_rect().bottom() - ui.cursor().top() - 3.0 * 20.0;
    let height = left.min(0.8 * ui.available_width()).clamp(HEIGHT, HEIGHT_MAX);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), sense);
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &title));
    let unit = Axis::new(0.0, 1.0, false);
    let plot = Plot::new(rect, unit, unit);
    plot.grid(ui.painter(), cx.theme, cx.lang(), "");
    let picked = match picture {
        Picture::Roc(curve) | Picture::PrecisionRecall(curve) => {
            curve_ui(ui, cx, &plot, picture, curve, bin, &response)
        }
        Picture::Reliability(calibration) => {
            reliability_ui(ui, cx, &plot, &calibration.bins, response);
            None
        }
    };
    ui.label(RichText::new(cx.t(axes)).font(cx.theme.small()).color(cx.theme.weak));
    picked
}

/// Draws the curve over all thresholds, a ring at the chosen one, and the curve of a random judge. Returns the threshold that is
/// nearest to a press.
fn curve_ui(
    ui: &Ui,
    cx: &PanelContext,
    plot: &Plot,
    picture: Picture,
    curve: &[Confusion],
    bin: usize,
    response: &Response,
) -> Option<f64> {
    let guess = Stroke::new(1.5, cx.theme.weak);
    let blind = match (picture, curve.first()) {
        (Picture::PrecisionRecall(_), Some(always)) => {
            let base = always.precision();
            [(0.0, base), (1.0, base)]
        }
        _ => [(0.0, Some(0.0)), (1.0, Some(1.0))],
    };
    plot.curve(ui.painter(), blind, Dash::Dashed, guess);
    let places: Vec<Option<(f64, f64)>> = curve.iter().map(|counts| place(picture, counts)).collect();
    let points = places.iter().flatten().map(|(x, y)| (*x, Some(*y)));
    plot.curve(ui.painter(), points, Dash::Solid, Stroke::new(2.4, cx.theme.accent));
    let at = |n: usize| places.get(n).copied().flatten().and_then(|(x, y)| plot.at(x, y));
    if let Some(now) = at(bin) {
        ui.painter().circle(now, 6.0, cx.theme.panel, Stroke::new(2.5, cx.theme.text));
    }
    let pressed = response.is_pointer_button_down_on() || response.dragged();
    let pointer = response.interact_pointer_pos().filter(|_| pressed)?;
    nearest(pointer, (0..places.len()).map(|n| (n, at(n)))).map(edge)
}

/// The threshold whose point lies nearest to the pointer.
fn nearest(pointer: Pos2, points: impl Iterator<Item = (usize, Option<Pos2>)>) -> Option<usize> {
    let far = points.filter_map(|(n, at)| Some((n, at?.distance_sq(pointer))));
    far.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(n, _)| n)
}

/// Plots the judge's probabilities against the true shares, bin by bin. A calibrated judge lies on the dashed line. A larger disc
/// stands for more tokens.
fn reliability_ui(ui: &Ui, cx: &PanelContext, plot: &Plot, bins: &[CalibrationBin], response: Response) {
    plot.curve(ui.painter(), [(0.0, Some(0.0)), (1.0, Some(1.0))], Dash::Dashed, Stroke::new(1.5, cx.theme.weak));
    let filled = bins.iter().filter_map(|bin| Some((bin.tokens, bin.mean_p_replaced?, bin.replaced_share?)));
    let filled: Vec<(u64, f64, f64)> = filled.filter(|(tokens, ..)| *tokens > 0).collect();
    let line = filled.iter().map(|(_, said, true_share)| (*said, Some(*true_share)));
    plot.curve(ui.painter(), line, Dash::Solid, Stroke::new(1.6, cx.theme.accent));
    let most = filled.iter().map(|(tokens, ..)| *tokens).max().unwrap_or(1) as f32;
    let pointer = response.hover_pos();
    let mut words = None;
    for (tokens, said, true_share) in filled {
        let Some(at) = plot.at(said, true_share) else { continue };
        // The radius grows with the logarithm, because nearly all tokens are in the first bin.
        let radius = 3.0 + 5.0 * (tokens as f32).ln_1p() / most.ln_1p();
        ui.painter().circle(at, radius, cx.theme.ramp(0.7), Stroke::new(1.0, cx.theme.text));
        let reach = Rect::from_center_size(at, vec2(2.0, 2.0) * radius.max(8.0));
        if pointer.is_some_and(|pointer| reach.contains(pos2(pointer.x, pointer.y))) {
            let [said, true_share] = [said, true_share].map(|share| cx.percent(Some(share), 1));
            words = Some(t!(cx, "verdicts-bin", said = said, share = true_share, tokens = tokens));
        }
    }
    if let Some(words) = words {
        response.on_hover_text_at_pointer(words);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_has_its_place_on_each_curve() {
        let counts = Confusion { caught: 3, missed: 1, false_alarm: 1, passed: 9 };
        assert_eq!(place(Picture::Roc(&[]), &counts), Some((0.1, 0.75)));
        assert_eq!(place(Picture::PrecisionRecall(&[]), &counts), Some((0.75, 0.75)));
        let silent = Confusion { caught: 0, missed: 4, false_alarm: 0, passed: 10 };
        assert_eq!(place(Picture::PrecisionRecall(&[]), &silent), None);
    }

    #[test]
    fn the_nearest_threshold_is_taken_and_gaps_are_passed_over() {
        let points = [Some(pos2(0.0, 0.0)), None, Some(pos2(10.0, 0.0))];
        let at = |x| nearest(pos2(x, 1.0), points.into_iter().enumerate());
        assert_eq!([at(2.0), at(9.0)], [Some(0), Some(2)]);
        assert_eq!(nearest(pos2(0.0, 0.0), [(0, None)].into_iter()), None);
    }
}
