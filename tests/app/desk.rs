//! Runs the app without a window: a desk in a test harness. Tests find controls by role and label, and compare pictures only where
//! nothing else can show the fault.
//! `open(..)` -> harness -> `get_by_label`, `click`, `run_steps` -> assertions; `same_picture`.

use crate::{RUNS, adapter};
use egui_kittest::Harness;
use electroscope::app::desk::Desk;
use electroscope::app::panels::PanelId;
use electroscope::app::theme;
use electroscope::view::Lang;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

pub type App = Harness<'static, Option<Desk>>;

/// How a test opens the app.
#[derive(Clone, Copy)]
pub struct Look {
    pub lang: Lang,
    pub theme: egui::Theme,
    pub size: [f32; 2],
    /// With an adapter, for pictures.
    pub drawn: bool,
}

pub const LOOK: Look = Look { lang: Lang::En, theme: egui::Theme::Light, size: [1280.0, 800.0], drawn: false };

/// A desk that shows the recorded run, with nothing remembered.
pub fn open(look: Look) -> App {
    LazyLock::force(&RUNS);
    let mut builder = Harness::builder().with_size(look.size).with_theme(look.theme).with_context_setup(theme::install);
    if look.drawn {
        builder = builder.wgpu();
    }
    let ui = move |ui: &mut egui::Ui, desk: &mut Option<Desk>| {
        let desk = desk.get_or_insert_with(|| {
            let mut desk = Desk::fresh(ui.ctx(), look.lang).expect("the recording is whole");
            desk.settings.theme = match look.theme {
                egui::Theme::Dark => theme::ThemeChoice::Dark,
                egui::Theme::Light => theme::ThemeChoice::Light,
            };
            desk
        });
        desk.ui(ui);
    };
    let mut app = builder.build_ui_state(ui, None);
    app.run_steps(3);
    app
}

pub fn desk(app: &mut App) -> &mut Desk {
    app.state_mut().as_mut().expect("the first frame opened it")
}

/// Brings a panel to the front.
pub fn show(app: &mut App, id: PanelId) {
    if matches!(id, PanelId::Data | PanelId::Hardware) {
        adapter::looked_for("a panel that lists them");
    }
    desk(app).settings.layout.show(id);
    app.run_steps(2);
}

/// Draws the app and compares it with `tests/snapshots/NAME.png`; `UPDATE_SNAPSHOTS=1` writes that file instead.
/// All pixels may differ a little, because drivers round differently, and a few pixels may differ more.
pub fn same_picture(app: &mut App, name: &str) {
    let drawn = app.render().expect("there is an adapter");
    let (width, height, bytes) = (drawn.width(), drawn.height(), drawn.into_raw());
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots").join(format!("{name}.png"));
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some_and(|v| v == "1") {
        return write(&kept, width, height, &bytes);
    }
    let (kept_width, kept_height, kept_bytes) = read(&kept);
    let far = |(a, b): &(&[u8], &[u8])| a.iter().zip(*b).take(3).any(|(a, b)| a.abs_diff(*b) > 32);
    let pixels = bytes.chunks_exact(4).zip(kept_bytes.chunks_exact(4));
    let same_size = (width, height) == (kept_width, kept_height);
    let different = pixels.filter(|pair| far(pair)).count();
    // One pixel in 500. A letter that has changed is more than that.
    if !same_size || different > (width * height / 500) as usize {
        let new = std::env::temp_dir().join(format!("{name}.new.png"));
        write(&new, width, height, &bytes);
        panic!("{name}: {different} pixels differ from {}; the new picture is {}", kept.display(), new.display());
    }
}

fn write(path: &PathBuf, width: u32, height: u32, rgba: &[u8]) {
    std::fs::create_dir_all(path.parent().expect("a file lies in a folder")).unwrap();
    let mut encoder = png::Encoder::new(std::fs::File::create(path).unwrap(), width, height);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    encoder.write_header().unwrap().write_image_data(rgba).unwrap();
}

fn read(path: &Path) -> (u32, u32, Vec<u8>) {
    let file =
        std::fs::File::open(path).unwrap_or_else(|e| panic!("{}: {e}; UPDATE_SNAPSHOTS=1 writes it", path.display()));
    let mut reader = png::Decoder::new(std::io::BufReader::new(file)).read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut bytes).unwrap();
    (info.width, info.height, bytes)
}
