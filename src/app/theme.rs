//! Colours, sizes and fonts: a light and a dark theme, one accent, one ramp for p(replaced), one colour for swapped words.
//! the choice of the system or the person -> [`Theme`] -> egui's style, and the colours that the panels paint with.

use egui::{Color32, Context, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Stroke, TextStyle, Visuals};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The smallest size of text.
pub const TEXT_MIN: f32 = 14.0;
/// The contrasts that WCAG 2 (AA) demands of text, and of the edges that show a control.
pub const CONTRAST_MIN: f32 = 4.5;
pub const EDGE_CONTRAST_MIN: f32 = 3.0;
/// The text sizes that a person can choose; the last is twice the first.
pub const SCALES: [f32; 6] = [1.0, 1.1, 1.25, 1.5, 1.75, 2.0];

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThemeChoice {
    #[default]
    System,
    Light,
    Dark,
}

impl ThemeChoice {
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    pub fn preference(self) -> egui::ThemePreference {
        match self {
            Self::System => egui::ThemePreference::System,
            Self::Light => egui::ThemePreference::Light,
            Self::Dark => egui::ThemePreference::Dark,
        }
    }
}

/// The colours of one theme. `text`, `weak`, `accent` and `alert` can be read on `background`, `panel` and `raised`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Theme {
    pub dark: bool,
    /// The colour between the panels.
    pub background: Color32,
    pub panel: Color32,
    /// Buttons, fields, and chips without a verdict.
    pub raised: Color32,
    pub text: Color32,
    pub weak: Color32,
    pub line: Color32,
    /// The accent: buttons that act, whatever is chosen, and the judge.
    pub accent: Color32,
    /// Text on `accent`.
    pub on_accent: Color32,
    /// The generator: the words that it put in, the text on them, and its curves. They are filled or outlined too, so that no
    /// reader depends on the hue.
    pub swap: Color32,
    pub on_swap: Color32,
    /// Handles, rails, and the edges of things that a person can choose.
    pub edge: Color32,
    /// Something went wrong. The colour is never the only sign of it.
    pub alert: Color32,
    /// The ends of the ramp, for p(replaced) 0 and 1.
    pub ramp: [Color32; 2],
}

pub const LIGHT: Theme = Theme {
    dark: false,
    background: Color32::from_rgb(0xEC, 0xEE, 0xF2),
    panel: Color32::from_rgb(0xFF, 0xFF, 0xFF),
    raised: Color32::from_rgb(0xF1, 0xF3, 0xF7),
    text: Color32::from_rgb(0x1A, 0x1E, 0x25),
    weak: Color32::from_rgb(0x53, 0x5D, 0x6B),
    line: Color32::from_rgb(0xD3, 0xD8, 0xE0),
    accent: Color32::from_rgb(0x1F, 0x4F, 0xC4),
    on_accent: Color32::WHITE,
    swap: Color32::from_rgb(0xA8, 0x4B, 0x0B),
    on_swap: Color32::WHITE,
    edge: Color32::from_rgb(0x80, 0x89, 0x97),
    alert: Color32::from_rgb(0xA8, 0x24, 0x1C),
    ramp: [Color32::from_rgb(0xEE, 0xF2, 0xFB), Color32::from_rgb(0x16, 0x35, 0x8C)],
};

pub const DARK: Theme = Theme {
    dark: true,
    background: Color32::from_rgb(0x12, 0x15, 0x1A),
    panel: Color32::from_rgb(0x1B, 0x1F, 0x26),
    raised: Color32::from_rgb(0x27, 0x2C, 0x35),
    text: Color32::from_rgb(0xE7, 0xEA, 0xEF),
    weak: Color32::from_rgb(0xA9, 0xB2, 0xBF),
    line: Color32::from_rgb(0x39, 0x40, 0x4B),
    accent: Color32::from_rgb(0x8A, 0xB4, 0xFF),
    on_accent: Color32::from_rgb(0x0B, 0x13, 0x24),
    swap: Color32::from_rgb(0xF2, 0xB1, 0x6A),
    on_swap: Color32::from_rgb(0x24, 0x16, 0x06),
    edge: Color32::from_rgb(0x7A, 0x85, 0x95),
    alert: Color32::from_rgb(0xFF, 0xA8, 0x9C),
    ramp: [Color32::from_rgb(0x24, 0x2B, 0x38), Color32::from_rgb(0xC3, 0xD9, 0xFF)],
};

impl Theme {
    pub fn of(ctx: &Context) -> Self {
        match ctx.theme() {
            egui::Theme::Dark => DARK,
            egui::Theme::Light => LIGHT,
        }
    }

    /// A shade of one hue: nearly the panel's colour for 0, and the farthest from it for 1.
    pub fn ramp(&self, p: f64) -> Color32 {
        mixed(self.ramp, p)
    }

    /// The same for shares of what the judge got wrong: no hue of success, however large the share.
    pub fn wrong_ramp(&self, share: f64) -> Color32 {
        mixed([self.raised, self.alert], share)
    }

    /// The colour of text on any fill: black or white, whichever can be read (one of them always has a contrast above 4.5).
    pub fn on(&self, fill: Color32) -> Color32 {
        let [black, white] = [Color32::BLACK, Color32::WHITE];
        if contrast(fill, black) >= contrast(fill, white) { black } else { white }
    }

    pub fn body(&self) -> FontId {
        FontId::new(15.0, FontFamily::Proportional)
    }

    pub fn small(&self) -> FontId {
        FontId::new(TEXT_MIN, FontFamily::Proportional)
    }

    pub fn strong(&self) -> FontId {
        FontId::new(15.0, strong_family())
    }

    pub fn mono(&self) -> FontId {
        FontId::new(TEXT_MIN, FontFamily::Monospace)
    }

    fn visuals(&self) -> Visuals {
        let mut v = if self.dark { Visuals::dark() } else { Visuals::light() };
        let round = CornerRadius::same(6);
        v.panel_fill = self.background;
        v.window_fill = self.panel;
        v.window_stroke = Stroke::new(1.0, self.line);
        v.extreme_bg_color = if self.dark { self.background } else { self.panel };
        v.faint_bg_color = self.raised;
        v.code_bg_color = self.raised;
        v.hyperlink_color = self.accent;
        v.warn_fg_color = self.alert;
        v.error_fg_color = self.alert;
        v.selection.bg_fill = self.accent;
        v.selection.stroke = Stroke::new(1.0, self.on_accent);
        v.weak_text_color = Some(self.weak);
        v.override_text_color = None;
        let states = [
            (&mut v.widgets.noninteractive, self.panel, self.line, self.text),
            (&mut v.widgets.inactive, self.raised, self.line, self.text),
            (&mut v.widgets.hovered, self.raised, self.accent, self.text),
            (&mut v.widgets.active, self.raised, self.accent, self.text),
            (&mut v.widgets.open, self.raised, self.accent, self.text),
        ];
        for (widget, fill, line, text) in states {
            // This fill is for rails and scroll handles; buttons use the other one.
            widget.bg_fill = self.edge;
            widget.weak_bg_fill = fill;
            widget.bg_stroke = Stroke::new(1.0, line);
            widget.fg_stroke = Stroke::new(1.0, text);
            widget.corner_radius = round;
            widget.expansion = 0.0;
        }
        v.widgets.active.bg_stroke.width = 2.0;
        v
    }
}

/// A colour between two: the first for 0, the second for 1.
fn mixed(ends: [Color32; 2], share: f64) -> Color32 {
    let share = if share.is_finite() { share.clamp(0.0, 1.0) as f32 } else { 0.0 };
    let [from, to] = ends.map(|c| [c.r(), c.g(), c.b()]);
    let mix = |i: usize| (f32::from(from[i]) + (f32::from(to[i]) - f32::from(from[i])) * share).round() as u8;
    Color32::from_rgb(mix(0), mix(1), mix(2))
}

/// Draws boxes that can be ticked hollow until they are ticked.
pub fn hollow(ui: &mut egui::Ui) {
    let theme = Theme::of(ui.ctx());
    let widgets = &mut ui.visuals_mut().widgets;
    for state in [&mut widgets.inactive, &mut widgets.hovered, &mut widgets.active] {
        state.bg_fill = theme.raised;
    }
    widgets.inactive.bg_stroke.color = theme.edge;
}

/// The medium weight, for headings and for what a person should see first.
pub fn strong_family() -> FontFamily {
    FontFamily::Name("strong".into())
}

/// Installs the fonts and both themes; it is called once.
pub fn install(ctx: &Context) {
    ctx.set_fonts(fonts());
    for (name, theme) in [(egui::Theme::Light, LIGHT), (egui::Theme::Dark, DARK)] {
        let visuals = theme.visuals();
        ctx.style_mut_of(name, |style| {
            style.visuals = visuals;
            style.text_styles = [
                (TextStyle::Small, theme.small()),
                (TextStyle::Body, theme.body()),
                (TextStyle::Button, theme.body()),
                (TextStyle::Monospace, theme.mono()),
                (TextStyle::Heading, FontId::new(17.0, strong_family())),
            ]
            .into();
            style.spacing.item_spacing = egui::vec2(8.0, 6.0);
            style.spacing.button_padding = egui::vec2(10.0, 5.0);
            style.spacing.interact_size.y = 28.0;
            style.spacing.scroll = egui::style::ScrollStyle::solid();
            style.spacing.slider_rail_height = 4.0;
            style.interaction.selectable_labels = false;
        });
    }
}

fn fonts() -> FontDefinitions {
    let mut fonts = FontDefinitions::empty();
    let files: [(&str, &'static [u8], FontFamily); 3] = [
        ("Roboto", include_bytes!("../../assets/fonts/Roboto-Regular.ttf"), FontFamily::Proportional),
        ("Roboto Medium", include_bytes!("../../assets/fonts/Roboto-Medium.ttf"), strong_family()),
        ("Roboto Mono", include_bytes!("../../assets/fonts/RobotoMono-Regular.ttf"), FontFamily::Monospace),
    ];
    for (name, bytes, family) in files {
        fonts.font_data.insert(name.to_owned(), Arc::new(FontData::from_static(bytes)));
        fonts.families.insert(family, vec![name.to_owned()]);
    }
    fonts
}

/// WCAG 2's ratio of luminances, 1 to 21.
pub fn contrast(a: Color32, b: Color32) -> f32 {
    let luminance = |c: Color32| {
        let linear = |byte: u8| {
            let s = f32::from(byte) / 255.0;
            if s <= 0.04045 { s / 12.92 } else { ((s + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(c.r()) + 0.7152 * linear(c.g()) + 0.0722 * linear(c.b())
    };
    let [a, b] = [luminance(a), luminance(b)];
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_can_be_read_in_both_themes() {
        for theme in [LIGHT, DARK] {
            for (name, text) in
                [("text", theme.text), ("weak", theme.weak), ("accent", theme.accent), ("alert", theme.alert)]
            {
                for ground in [theme.background, theme.panel, theme.raised] {
                    let ratio = contrast(text, ground);
                    assert!(ratio >= CONTRAST_MIN, "{name} on {ground:?}, dark {}: {ratio}", theme.dark);
                }
            }
            assert!(contrast(theme.on_accent, theme.accent) >= CONTRAST_MIN);
            assert!(contrast(theme.on_swap, theme.swap) >= CONTRAST_MIN);
            for thing in [theme.swap, theme.edge] {
                for ground in [theme.background, theme.panel, theme.raised] {
                    assert!(contrast(thing, ground) >= EDGE_CONTRAST_MIN, "{thing:?}, dark {}", theme.dark);
                }
            }
            for p in (0..=100).map(|n| f64::from(n) / 100.0) {
                for fill in [theme.ramp(p), theme.wrong_ramp(p)] {
                    assert!(contrast(theme.on(fill), fill) >= CONTRAST_MIN, "p {p}, dark {}", theme.dark);
                }
            }
        }
    }

    /// A grey picture must still order the tokens: along the ramp the luminance changes in one direction only, and far.
    #[test]
    fn the_ramp_reads_without_colour() {
        for theme in [LIGHT, DARK] {
            let far: Vec<f32> = (0..=20).map(|n| contrast(theme.ramp(f64::from(n) / 20.0), theme.panel)).collect();
            assert!(far.is_sorted_by(|a, b| a < b), "{far:?}");
            assert!(far[20] / far[0] > 7.0, "{far:?}");
        }
    }

    #[test]
    fn every_character_of_every_text_is_in_the_fonts() {
        let ctx = Context::default();
        install(&ctx);
        // Nothing is painted here, so the textures that a painter would upload are dropped.
        ctx.run_ui(egui::RawInput::default(), |_| {}).textures_delta.clear();
        let texts = crate::view::words::FILES.iter().flat_map(|(_, en, pt)| [en, pt]);
        let characters: std::collections::BTreeSet<char> =
            texts.flat_map(|text| text.chars()).filter(|c| !c.is_control()).collect();
        for family in [FontFamily::Proportional, strong_family()] {
            let id = FontId::new(15.0, family);
            let missing: Vec<char> =
                characters.iter().copied().filter(|c| !ctx.fonts_mut(|fonts| fonts.has_glyph(&id, *c))).collect();
            assert!(missing.is_empty(), "{id:?} has no {missing:?}");
        }
    }
}
