//! Draws the marks that several panels share: a token's text, its chip with p(replaced), the glyph of its verdict, the ramp's
//! legend. Every mark shows its meaning by luminance, by a number and by a glyph, so that nobody has to tell one colour from
//! another.

use super::PanelContext;
use crate::app::theme::Theme;
use crate::screen::chips::{self, has_glyph};
use crate::train::event::{ReadToken, Verdict};
use egui::{
    Align2, Color32, CornerRadius, Painter, Pos2, Rect, Role, Sense, Shape, Stroke, StrokeKind, Ui, Vec2, WidgetInfo,
    pos2, vec2,
};

pub use crate::screen::chips::{Column, piece, verdict_key};

/// Height of a chip and of a row of tokens.
pub const HEIGHT: f32 = 26.0;
/// A glyph's box, beside a number.
pub const GLYPH: f32 = 12.0;
/// The width of the legend's shades.
const RAMP: f32 = 70.0;
/// The room between a chip's edge and its text.
pub const PAD: f32 = 7.0;

/// p(replaced) as text, such as `0,91` or `.91`: a chip has room for two digits.
pub fn p_text(p: Option<f64>, cx: &PanelContext) -> String {
    cx.number(p, 2)
}

/// Circle: caught. Cross: missed. Triangle: false alarm. Equals sign: masked, and the original again. Nothing: rightly passed.
pub fn glyph(painter: &Painter, verdict: Verdict, center: Pos2, color: Color32) {
    let r = GLYPH / 2.0 - 1.0;
    let stroke = Stroke::new(2.0, color);
    match verdict {
        Verdict::Caught => {
            painter.circle_stroke(center, r, stroke);
        }
        Verdict::Missed => {
            let r = r * 0.85;
            painter.line_segment([center - vec2(r, r), center + vec2(r, r)], stroke);
            painter.line_segment([center + vec2(-r, r), center + vec2(r, -r)], stroke);
        }
        Verdict::FalseAlarm => {
            let corners = [vec2(0.0, -r), vec2(r, r * 0.85), vec2(-r, r * 0.85)].map(|corner| center + corner);
            painter.add(Shape::closed_line(corners.to_vec(), stroke));
        }
        Verdict::LuckyGuess => {
            for y in [-r * 0.45, r * 0.45] {
                painter.line_segment([center + vec2(-r, y), center + vec2(r, y)], stroke);
            }
        }
        Verdict::Passed | Verdict::None => {}
    }
}

/// The width that a token's column needs in all rows.
pub fn column_width(ui: &Ui, token: &ReadToken, cx: &PanelContext, mask: &str) -> f32 {
    let text_width =
        |text: &str| ui.painter().layout_no_wrap(text.to_owned(), cx.theme.strong(), cx.theme.text).size().x;
    let mut width = text_width(piece(&token.original).0).max(text_width(piece(token.read()).0));
    if token.masked {
        width = width.max(text_width(mask));
    }
    let number = text_width(&p_text(token.p_replaced, cx)) + if has_glyph(token.verdict()) { GLYPH + 4.0 } else { 0.0 };
    (width.max(number) + 2.0 * PAD).ceil()
}

/// [`chips::folds`] with the widths of the window's fonts.
pub fn folds<'a>(ui: &Ui, sentence: &'a [ReadToken], room: f32, mask: &str, cx: &PanelContext) -> Vec<Vec<Column<'a>>> {
    chips::folds(sentence, room, |token| column_width(ui, token, cx, mask))
}

/// Draws the line under the text that joins the pieces of a word.
pub fn joint(painter: &Painter, cell: Rect, theme: Theme) {
    let y = cell.bottom() - 3.0;
    painter.line_segment([pos2(cell.left() - PAD, y), pos2(cell.left() + PAD, y)], Stroke::new(1.5, theme.weak));
}

/// The width of a row's name.
pub fn label_width(ui: &Ui, text: &str, cx: &PanelContext) -> f32 {
    ui.painter().layout_no_wrap(text.to_owned(), cx.theme.small(), cx.theme.text).size().x
}

/// How a token's text is set in its row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TokenStyle {
    Plain,
    /// A token that this row is not about.
    Faint,
    /// A hidden token: an outlined box.
    Masked,
    /// A token that the generator drew and that differs: a filled box.
    Replaced,
    /// A token that the generator drew and that is the original: an outlined box.
    Lucky,
}

pub fn text(painter: &Painter, rect: Rect, text: &str, style: TokenStyle, theme: Theme) {
    let round = CornerRadius::same(5);
    let (font, color) = match style {
        TokenStyle::Plain => (theme.body(), theme.text),
        TokenStyle::Faint => (theme.body(), theme.weak),
        TokenStyle::Masked => (theme.small(), theme.text),
        TokenStyle::Replaced => (theme.strong(), theme.on_swap),
        TokenStyle::Lucky => (theme.strong(), theme.text),
    };
    match style {
        TokenStyle::Masked => {
            painter.rect(rect, round, theme.raised, Stroke::new(1.0, theme.weak), StrokeKind::Inside);
        }
        TokenStyle::Replaced => {
            painter.rect_filled(rect, round, theme.swap);
        }
        TokenStyle::Lucky => {
            painter.rect_stroke(rect, round, Stroke::new(2.0, theme.swap), StrokeKind::Inside);
        }
        TokenStyle::Plain | TokenStyle::Faint => {}
    }
    painter.text(rect.center(), Align2::CENTER_CENTER, text, font, color);
}

/// The judge's chip: fill, number, and the glyph of `verdict`.
pub fn judged(painter: &Painter, rect: Rect, token: &ReadToken, verdict: Verdict, cx: &PanelContext) {
    let Some(p) = token.p_replaced else { return };
    let fill = cx.theme.ramp(p);
    let ink = cx.theme.on(fill);
    painter.rect(rect, CornerRadius::same(5), fill, Stroke::new(1.0, cx.theme.line), StrokeKind::Inside);
    let shift = if has_glyph(verdict) { (GLYPH + 4.0) / 2.0 } else { 0.0 };
    let number = painter.layout_no_wrap(p_text(Some(p), cx), cx.theme.body(), ink);
    let at = rect.center() - number.size() / 2.0 - vec2(shift, 0.0);
    let end = at.x + number.size().x;
    painter.galley(at, number, ink);
    glyph(painter, verdict, pos2(end + 4.0 + GLYPH / 2.0, rect.center().y), ink);
}

/// Explains the boxes of the generator and, below them, the fills and glyphs of the judge. It is always in sight.
pub fn legend(ui: &mut Ui, cx: &PanelContext) {
    ui.spacing_mut().item_spacing = vec2(6.0, 4.0);
    ui.spacing_mut().interact_size.y = 18.0;
    ui.horizontal_wrapped(|ui| {
        words_ui(ui, cx, "flow-story-generator", 4.0);
        for (style, key) in
            [(TokenStyle::Replaced, "flow-legend-replaced"), (TokenStyle::Lucky, "flow-legend-original")]
        {
            entry_ui(ui, cx, key, &|painter, place| {
                text(painter, Rect::from_center_size(place.center(), Vec2::splat(GLYPH + 2.0)), "", style, cx.theme);
            });
        }
    });
    ui.horizontal_wrapped(|ui| {
        words_ui(ui, cx, "flow-story-judge", 2.0);
        let [no, yes] = ["flow-legend-no", "flow-legend-yes"].map(|key| label_width(ui, &cx.t(key), cx));
        together(ui, no + yes + RAMP + 2.0 * 6.0 + 6.0, |ui| ramp_ui(ui, cx));
        for (verdict, key) in [
            (Verdict::Caught, "flow-legend-caught"),
            (Verdict::Missed, "flow-legend-missed"),
            (Verdict::FalseAlarm, "flow-legend-false-alarm"),
            (Verdict::LuckyGuess, "flow-legend-lucky"),
        ] {
            entry_ui(ui, cx, key, &|painter, place| glyph(painter, verdict, place.center(), cx.theme.text));
        }
    });
}

fn words_ui(ui: &mut Ui, cx: &PanelContext, key: &str, behind: f32) {
    ui.label(egui::RichText::new(cx.t(key)).font(cx.theme.small()).color(cx.theme.weak));
    ui.add_space(behind);
}

/// A sign and its word, which stay on one line.
fn entry_ui(ui: &mut Ui, cx: &PanelContext, key: &str, sign: &dyn Fn(&Painter, Rect)) {
    let width = GLYPH + 2.0 + 6.0 + label_width(ui, &cx.t(key), cx) + 9.0;
    together(ui, width, |ui| {
        let (place, _) = ui.allocate_exact_size(Vec2::splat(GLYPH + 2.0), Sense::hover());
        sign(ui.painter(), place);
        words_ui(ui, cx, key, 3.0);
    });
}

/// Keeps its content together at the end of a line.
fn together(ui: &mut Ui, width: f32, draw: impl FnOnce(&mut Ui)) {
    let row = egui::Layout::left_to_right(egui::Align::Center);
    ui.allocate_ui_with_layout(vec2(width, 18.0), row, draw);
}

/// The ramp from 0 to 1, with a mark at the value from which the judge says "replaced".
fn ramp_ui(ui: &mut Ui, cx: &PanelContext) {
    words_ui(ui, cx, "flow-legend-no", 0.0);
    let (rect, response) = ui.allocate_exact_size(vec2(RAMP, 14.0), Sense::hover());
    const STEPS: usize = 10;
    for n in 0..STEPS {
        let width = rect.width() / STEPS as f32;
        let left = rect.left() + width * n as f32;
        let part = Rect::from_min_size(pos2(left, rect.top()), vec2(width + 0.5, rect.height()));
        ui.painter().rect_filled(part, CornerRadius::ZERO, cx.theme.ramp((n as f64 + 0.5) / STEPS as f64));
    }
    let line = Stroke::new(1.0, cx.theme.line);
    ui.painter().rect_stroke(rect, CornerRadius::same(2), line, StrokeKind::Outside);
    let half = [rect.center_top() - vec2(0.0, 3.0), rect.center_bottom() + vec2(0.0, 3.0)];
    ui.painter().line_segment(half, Stroke::new(2.0, cx.theme.text));
    let meaning = cx.t("flow-legend-ramp");
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &meaning));
    response.on_hover_text(meaning);
    words_ui(ui, cx, "flow-legend-yes", 4.0);
}
