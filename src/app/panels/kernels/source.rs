//! Draws a kernel's two texts, side by side or one at a time, line by line, with colours for keywords, numbers and comments.

use crate::app::panels::PanelContext;
use crate::app::theme::Theme;
use crate::screen::kernels::pieces::{Kind, pieces};
use crate::t;
use crate::train::kernels::Source;
use egui::text::{LayoutJob, TextFormat};
use egui::{Button, Label, Rect, Role, ScrollArea, Ui, WidgetInfo, vec2};
use std::borrow::Cow;

/// From this width on both texts stand side by side.
const WIDE: f32 = 720.0;
/// How many lines are shown at first: a page with the entry point at its top. The panel scrolls, so the text itself need not.
const PAGE: usize = 44;
/// How many lines above the entry point belong to its page.
const ABOVE: usize = 2;

/// The texts that are open.
#[derive(Default)]
pub struct SourceView {
    /// Whether the twin is shown and not the shader, if there is room for only one.
    twin: bool,
    /// Whether all lines are shown, and not only the page of the entry point.
    whole: bool,
    /// The kernel whose texts are open.
    shown: String,
}

impl SourceView {
    pub fn ui(&mut self, ui: &mut Ui, cx: &PanelContext, label: &str, source: &Source) {
        let jump = self.shown != label;
        if jump {
            (self.shown, self.whole) = (label.to_owned(), false);
        }
        let lines = source.entry_lines();
        let [wgsl, rust] = [("kernels-wgsl", source.wgsl, lines[0]), ("kernels-rust", source.twin, lines[1])];
        if ui.available_width() >= WIDE {
            ui.columns(2, |uis| {
                for (ui, text) in uis.iter_mut().zip([wgsl, rust]) {
                    ui.horizontal(|ui| {
                        ui.label(egui::RichText::new(cx.t(text.0)).font(cx.theme.strong()));
                        copy_ui(ui, cx, label, text.1);
                    });
                    text_ui(ui, cx, text, self.whole, jump);
                }
            });
            self.whole_ui(ui, cx, [wgsl.1, rust.1]);
            return;
        }
        let mut turned = false;
        ui.horizontal_wrapped(|ui| {
            for (twin, (key, ..)) in [(false, wgsl), (true, rust)] {
                let (name, chosen) = (cx.t(key), self.twin == twin);
                let response = ui.add(Button::selectable(chosen, &name));
                response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, chosen, &name));
                if response.clicked() {
                    (self.twin, turned) = (twin, true);
                }
            }
            copy_ui(ui, cx, label, if self.twin { rust.1 } else { wgsl.1 });
        });
        let text = if self.twin { rust } else { wgsl };
        text_ui(ui, cx, text, self.whole, jump || turned);
        self.whole_ui(ui, cx, [text.1, text.1]);
    }

    /// Draws the button that shows all lines, if there are more than a page.
    fn whole_ui(&mut self, ui: &mut Ui, cx: &PanelContext, texts: [&str; 2]) {
        let lines = texts.map(|text| text.lines().count()).into_iter().max().unwrap_or(0);
        if lines <= PAGE {
            return;
        }
        let name = if self.whole { cx.t("kernels-page") } else { t!(cx, "kernels-whole-text", lines = lines) };
        if ui.button(name).clicked() {
            self.whole = !self.whole;
        }
    }
}

fn copy_ui(ui: &mut Ui, cx: &PanelContext, label: &str, text: &str) {
    if ui.button(cx.t("kernels-copy")).on_hover_text(t!(cx, "kernels-copy-hint", kernel = label)).clicked() {
        ui.ctx().copy_text(text.to_owned());
    }
}

/// The lines that are shown: all, or the page that begins at the entry point.
fn shown(lines: usize, entry: Option<usize>, whole: bool) -> std::ops::Range<usize> {
    let first = entry.unwrap_or(0).saturating_sub(ABOVE).min(lines.saturating_sub(PAGE));
    if whole { 0..lines } else { first..(first + PAGE).min(lines) }
}

fn text_ui(ui: &mut Ui, cx: &PanelContext, text: (&str, &'static str, Option<usize>), whole: bool, jump: bool) {
    let (key, text, entry) = text;
    let lines: Vec<&str> = text.lines().collect();
    let height = ui.fonts_mut(|fonts| fonts.row_height(&cx.theme.mono())).ceil();
    let mut area = ScrollArea::horizontal().id_salt(("source", key)).auto_shrink([false, true]);
    if jump {
        area = area.horizontal_scroll_offset(0.0);
    }
    let frame = egui::Frame::new().fill(cx.theme.raised).corner_radius(4).inner_margin(6);
    frame.show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        area.show(ui, |ui| {
            for row in shown(lines.len(), entry, whole) {
                // Only the lines in sight are laid out.
                if !ui.clip_rect().y_range().intersects(ui.cursor().with_max_y(ui.cursor().top() + height).y_range()) {
                    ui.allocate_space(vec2(1.0, height));
                    continue;
                }
                if Some(row) == entry {
                    let top = ui.cursor().top();
                    let line = Rect::from_x_y_ranges(ui.clip_rect().x_range(), top..=top + height);
                    ui.painter().rect_filled(line, 0, cx.theme.ramp(0.2));
                }
                let job = line_job(cx.theme, &legible(lines[row]), row + 1, Some(row) == entry);
                ui.add(Label::new(job).extend());
            }
        });
    });
}

/// Signs in comments that the font lacks, with signs to draw instead.
const UNDRAWN: [(char, &str); 3] = [('ᵀ', "^T"), ('∘', "·"), ('\u{302}', "^")];

fn legible(line: &str) -> Cow<'_, str> {
    if line.is_ascii() {
        return Cow::Borrowed(line);
    }
    UNDRAWN.iter().fold(Cow::Borrowed(line), |line, (sign, drawn)| {
        if line.contains(*sign) { Cow::Owned(line.replace(*sign, drawn)) } else { line }
    })
}

fn line_job(theme: Theme, line: &str, number: usize, entry: bool) -> LayoutJob {
    let format = |color| TextFormat::simple(theme.mono(), color);
    let mut job = LayoutJob::default();
    job.append(&format!("{number:>4}  "), 0.0, format(theme.weak));
    let on_entry = |color| if entry { theme.on(theme.ramp(0.2)) } else { color };
    for (kind, range) in pieces(line) {
        let color = match kind {
            Kind::Plain => theme.text,
            Kind::Keyword => theme.accent,
            Kind::Number => theme.text,
            Kind::Mark | Kind::Comment => theme.weak,
        };
        let mut format = format(on_entry(color));
        format.italics = kind == Kind::Comment;
        // Colour is not the only sign of a number.
        format.underline = if kind == Kind::Number { egui::Stroke::new(1.0, theme.line) } else { egui::Stroke::NONE };
        job.append(&line[range], 0.0, format);
    }
    job
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_begins_at_the_entry_point_and_is_full_where_it_can_be() {
        assert_eq!(shown(200, Some(50), false), 48..92);
        assert_eq!(shown(200, Some(190), false), 156..200);
        assert_eq!((shown(30, Some(10), false), shown(200, Some(50), true)), (0..30, 0..200));
    }

    #[test]
    fn the_font_has_every_sign_of_every_source() {
        let ctx = egui::Context::default();
        crate::app::theme::install(&ctx);
        // Nothing is painted here, so the textures that a painter would upload are dropped.
        ctx.run_ui(egui::RawInput::default(), |_| {}).textures_delta.clear();
        let mono = crate::app::theme::LIGHT.mono();
        for kernel in crate::ops::ALL {
            let source = crate::train::kernels::source(kernel.label).unwrap();
            for line in source.wgsl.lines().chain(source.twin.lines()) {
                let missing = legible(line).chars().find(|c| !ctx.fonts_mut(|fonts| fonts.has_glyph(&mono, *c)));
                assert_eq!(missing, None, "{}: {line}: UNDRAWN says what stands for it", kernel.label);
            }
        }
    }
}
