//! Tests the attention panel: who looks at whom in both networks, by name and by number.

use crate::desk::{Look, desk};
use crate::hands::{TALL, live, nothing_asked, open_at, press, says};
use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT, Queryable};
use electroscope::app::panels::PanelId;
use electroscope::text::tokenizer::Names;
use electroscope::train::event::{AttentionMap, Event, Network};
use electroscope::view::Lang;

fn map(network: Network, heads: u32) -> Event {
    let tokens = ["[CLS]", "the", "dog", "##s", "sleep", "[SEP]"].map(str::to_owned).to_vec();
    let t = tokens.len();
    // Every head gives two thirds to the token before and a third to [CLS].
    let row = |from: usize| {
        (0..t).map(move |to| match to {
            0 if from <= 1 => 1.0,
            0 => 1.0 / 3.0,
            to if to + 1 == from => 2.0 / 3.0,
            _ => 0.0,
        })
    };
    let head: Vec<f32> = (0..t).flat_map(row).collect();
    let probabilities = head.repeat(heads as usize);
    Event::Attention(AttentionMap { step: 40, network, layer: 1, layers: 2, heads, tokens, probabilities })
}

#[test]
fn without_a_run_it_says_what_to_press() {
    let mut app = open_at(TALL, PanelId::Attention);
    nothing_asked(&mut app);
    assert!(says(&app, "Press “Train”: the weights of your own run answer"));
    assert!(says(&app, "they are no explanation"), "the caveat is always there");
}

#[test]
fn both_networks_are_shown_with_numbers_on_focus_and_the_frame_hidden() {
    let mut app = open_at(TALL, PanelId::Attention);
    nothing_asked(&mut app);
    live(&mut app);
    assert!(says(&app, "Press “Show attention”"));
    desk(&mut app).hear(map(Network::Generator, 1));
    desk(&mut app).hear(map(Network::Discriminator, 2));
    app.run_steps(3);
    for network in ["Generator", "Judge"] {
        app.get_by_role_and_label(Role::ComboBox, &format!("Head of the network: {network}"));
        let spoken = format!("{network}: “sleep” looks at “##s” 67%");
        let token = app.get_by_label_contains(&spoken);
        assert_eq!(token.accesskit_node().role(), Role::Button);
    }
    assert!(!says(&app, "Judge: “[CLS]”"));
    app.get_by_label_contains("Judge: “sleep” looks at").focus();
    app.run_steps(3);
    assert!(says(&app, "33% go to tokens that are not drawn."));
    press(&mut app, Role::CheckBox, "Show [CLS] and [SEP]");
    assert!(says(&app, "Judge: “[CLS]” looks at"));
}

#[test]
fn special_tokens_have_the_names_that_the_runs_tokenizer_gives_them() {
    let mut app = open_at(TALL, PanelId::Attention);
    nothing_asked(&mut app);
    live(&mut app);
    let tokens = ["<s>", "the", "[SEP]", "</s>"].map(str::to_owned).to_vec();
    let probabilities = vec![0.25; 16];
    let network = Network::Generator;
    let map = AttentionMap { step: 1, network, layer: 0, layers: 1, heads: 1, tokens, probabilities };
    let [pad, unk, cls, sep, mask] = ["<pad>", "<unk>", "<s>", "</s>", "<mask>"].map(str::to_owned);
    desk(&mut app).state.plan.as_mut().unwrap().specials = Names { pad, unk, cls, sep, mask };
    desk(&mut app).hear(Event::Attention(map));
    app.run_steps(3);
    assert!(says(&app, "Generator: “the” looks at") && says(&app, "Generator: “[SEP]” looks at"));
    assert!(!says(&app, "Generator: “<s>”") && !says(&app, "Generator: “</s>”"));
    press(&mut app, Role::CheckBox, "Show <s> and </s>");
    assert!(says(&app, "Generator: “</s>” looks at"));
}

#[test]
fn a_long_text_is_cut_and_says_so() {
    let mut app = open_at(Look { lang: Lang::Pt, ..TALL }, PanelId::Attention);
    live(&mut app);
    let tokens: Vec<String> = (0..70).map(|n| format!("w{n}")).collect();
    let probabilities = vec![1.0 / 70.0; 70 * 70];
    let network = Network::Generator;
    let map = AttentionMap { step: 1, network, layer: 0, layers: 1, heads: 1, tokens, probabilities };
    desk(&mut app).hear(Event::Attention(map));
    app.run_steps(3);
    assert!(says(&app, "Os primeiros 64 tokens são desenhados; outros 6 ficam de fora."));
    assert!(says(&app, "Gerador: “w63” olha para") && !says(&app, "Gerador: “w64”"));
}
