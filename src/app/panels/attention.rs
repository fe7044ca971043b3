//! Shows the attention of both networks side by side: which token attends to which in one layer, for one head or for all heads
//! together.
//! choice -> `Command::Attention` -> the state's maps -> lines and numbers.

mod lines;

use super::contract::{PanelContext, elsewhen_ui};
use crate::app::theme;
use crate::screen::attention::{TOKENS_MAX, shown};
use crate::t;
use crate::text::tokenizer::Names;
use crate::train::event::{AttentionMap, Command, Network};
use egui::{Align, ComboBox, Layout, RichText, Ui};
use lines::{lines_ui, spoken};

const NETWORKS: [(Network, &str); 2] =
    [(Network::Generator, "attention-generator"), (Network::Discriminator, "attention-judge")];
/// Below this width one network stands below the other.
const SIDE_BY_SIDE: f32 = 380.0;
/// The greatest width of a network. Longer lines would only separate the tokens.
const NETWORK_WIDTH: f32 = 560.0;

#[derive(Default)]
pub struct AttentionPanel {
    /// The layer's number, from 0.
    layer: u32,
    /// The chosen head of each network; none means the mean of all heads.
    head: [Option<usize>; 2],
    /// Whether the tokens that frame a text are drawn too.
    frame: bool,
    /// Whether the panel asks again with every readout.
    follow: bool,
    /// How many readouts had come when the panel last asked.
    asked_at: Option<u64>,
    /// The token that has the focus.
    focus: Option<usize>,
}

impl AttentionPanel {
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut PanelContext) {
        let layers = layers(cx);
        self.layer = self.layer.min(layers.saturating_sub(1));
        self.choices_ui(ui, cx, layers);
        self.follow_run(cx);
        ui.label(RichText::new(cx.t("attention-caveat")).font(cx.theme.small()).color(cx.theme.weak));
        let state = cx.state;
        if state.attention.is_empty() {
            ui.label(cx.about_answers().unwrap_or_else(|| cx.t("attention-none")));
            return;
        }
        let maps = NETWORKS.map(|(network, key)| (state.attention_at(network, cx.view.scrub), cx.t(key)));
        if let Some(map) = maps.iter().find_map(|(map, _)| *map) {
            elsewhen_ui(ui, cx, "attention-elsewhen", map.step);
        }
        if ui.available_width() >= SIDE_BY_SIDE {
            ui.columns_const(|columns: &mut [Ui; 2]| {
                for (n, (column, (map, name))) in columns.iter_mut().zip(&maps).enumerate() {
                    column.with_layout(Layout::top_down(Align::LEFT), |ui| {
                        ui.set_max_width(NETWORK_WIDTH);
                        self.network_ui(ui, cx, n, *map, name);
                    });
                }
            });
        } else {
            for (n, (map, name)) in maps.iter().enumerate() {
                self.network_ui(ui, cx, n, *map, name);
            }
        }
    }

    /// Draws the choice of the layer and of special tokens, and the button that asks.
    fn choices_ui(&mut self, ui: &mut Ui, cx: &mut PanelContext, layers: u32) {
        let mut ask = false;
        ui.horizontal_wrapped(|ui| {
            let answered = cx.answered();
            let shown = !cx.state.attention.is_empty();
            let button = cx.t(if shown { "attention-again" } else { "attention-ask" });
            ask |= ui.add_enabled(answered, egui::Button::new(button)).clicked();
            let number = |layer: u32| cx.lang().whole(u64::from(layer) + 1);
            let chosen = t!(cx, "attention-layer-of", layer = number(self.layer), layers = u64::from(layers));
            let label = ui.label(cx.t("attention-layer"));
            let combo = ComboBox::from_id_salt("attention layer").selected_text(chosen);
            let combo = combo.show_ui(ui, |ui| {
                for layer in 0..layers {
                    ask |= ui.selectable_value(&mut self.layer, layer, number(layer)).changed() && shown;
                }
            });
            combo.response.labelled_by(label.id);
            theme::hollow(ui);
            ui.checkbox(&mut self.follow, cx.t("attention-follow"));
            let Names { cls, sep, .. } = cx.state.specials();
            ui.checkbox(&mut self.frame, t!(cx, "attention-frame", cls = cls, sep = sep));
        });
        if ask && cx.answered() {
            self.ask(cx);
        }
    }

    fn ask(&mut self, cx: &mut PanelContext) {
        self.asked_at = Some(cx.state.readouts.seen());
        for (network, _) in NETWORKS {
            cx.send(Command::Attention { network, layer: self.layer });
        }
    }

    /// Asks again if a readout has come since the last time.
    fn follow_run(&mut self, cx: &mut PanelContext) {
        let new = self.asked_at.is_some_and(|at| at != cx.state.readouts.seen());
        if self.follow && new && cx.view.transport.live {
            self.ask(cx);
        }
    }

    fn network_ui(&mut self, ui: &mut Ui, cx: &PanelContext, n: usize, map: Option<&AttentionMap>, name: &str) {
        ui.push_id(("network", n), |ui| {
            ui.label(RichText::new(name).font(cx.theme.strong()));
            let Some(map) = map else {
                ui.label(cx.t("attention-absent"));
                return;
            };
            let at = t!(cx, "attention-at", layer = u64::from(map.layer) + 1, step = map.step);
            ui.label(RichText::new(at).font(cx.theme.small()).color(cx.theme.weak));
            self.head_ui(ui, cx, n, map, name);
            let specials = cx.state.specials();
            let frame = [specials.cls.as_str(), specials.sep.as_str()];
            let shown = shown(map, self.head[n], if self.frame { &[] } else { &frame });
            if shown.tokens.is_empty() {
                ui.label(cx.t("attention-absent"));
                return;
            }
            lines_ui(ui, cx, name, &shown, &mut self.focus);
            if shown.left_out > 0 {
                ui.label(t!(cx, "attention-left-out", shown = TOKENS_MAX, count = shown.left_out));
            }
            match self.focus.filter(|at| *at < shown.tokens.len()) {
                Some(at) => {
                    ui.label(spoken(cx, name, &shown, at));
                    if !self.frame {
                        let share = cx.percent(Some(f64::from(shown.hidden[at])), 0);
                        ui.label(RichText::new(t!(cx, "attention-hidden", share = share)).color(cx.theme.weak));
                    }
                }
                None => drop(ui.label(RichText::new(cx.t("attention-hint")).color(cx.theme.weak))),
            }
        });
    }

    fn head_ui(&mut self, ui: &mut Ui, cx: &PanelContext, n: usize, map: &AttentionMap, network: &str) {
        let heads = map.heads as usize;
        let head = &mut self.head[n];
        *head = head.filter(|head| *head < heads);
        let name = |head: Option<usize>| match head {
            None => cx.t("attention-mean"),
            Some(head) => t!(cx, "attention-head", number = head + 1),
        };
        let label = t!(cx, "attention-heads-of", network = network);
        let combo = ComboBox::from_id_salt("head").selected_text(name(*head)).width(150.0);
        ui.name_inputs(label, |ui| {
            combo.show_ui(ui, |ui| {
                for choice in std::iter::once(None).chain((0..heads).map(Some)) {
                    ui.selectable_value(head, choice, name(choice));
                }
            });
        });
    }
}

/// How many layers the networks have, by the run's settings or a map.
fn layers(cx: &PanelContext) -> u32 {
    let told = cx.state.setting("layers").and_then(serde_json::Value::as_u64);
    let seen = || cx.state.attention.values().find_map(|maps| maps.last()).map(|map| map.layers);
    told.and_then(|layers| u32::try_from(layers).ok()).or_else(seen).unwrap_or(1).max(1)
}
