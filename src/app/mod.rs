//! The desktop app shows replaced-token detection while it is being learned. It is a window over the same run that the command line
//! drives.
//!
//! ```text
//! trainer (its own thread and device) -> events -> state (a fold) -> panels -> asks -> desk -> commands -> trainer
//! ```
//! - [`crate::screen`]: what the panels draw from; plain data that knows no window.
//! - [`panels`]: one file for each panel. A panel draws from a `PanelContext` and keeps only what no other panel needs.
//! - [`desk`]: the whole app except the real window, so that tests can drive it; [`window`]: the real window around the desk.
//! - [`layout`], [`transport`], [`theme`], [`settings`]: the frame, the bar at the top, the looks, and what is remembered.
//! - [`machine`]: what this computer has and what each preset needs of it.
//! - [`first_run`]: what a first click starts.
//! - [`places`]: where runs are kept. [`trouble`]: what went wrong, with buttons that help. `finish`: the card at a run's end.
//!   `help`: keys and glossary. [`ending`]: signals, and a display that is lost. `kept`: the weights of a run that is not training.

pub mod desk;
mod ending;
mod finish;
pub mod first_run;
mod ground;
mod help;
mod kept;
pub mod layout;
pub mod machine;
pub mod panels;
mod picture;
pub mod places;
pub mod settings;
pub mod theme;
pub mod trainer;
pub mod transport;
pub mod trouble;
pub mod window;

use crate::gpu::AdapterKind;
use crate::train::checkpoint::RunFolder;
use crate::view::Lang;
use crate::{Error, Result};
use desk::{Desk, Opening};
pub use picture::Picture;
use settings::Settings;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Instant;
use wgpu::DeviceType;

/// How the app is started.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// An earlier run to show.
    pub run: Option<PathBuf>,
    /// Press "train" at once.
    pub play: bool,
    /// Write the live run's events here.
    pub events: Option<PathBuf>,
    pub picture: Option<Picture>,
    pub lang: Option<Lang>,
    pub system_lang: Lang,
    pub theme: Option<theme::ThemeChoice>,
    /// The size of the window, in points.
    pub size: Option<[u32; 2]>,
    /// Panels to bring to the front, and one to show over all others.
    pub show: Vec<panels::PanelId>,
    pub alone: Option<panels::PanelId>,
    /// The kernel whose texts are open in the kernels panel.
    pub kernel: Option<String>,
}

/// Opens the window; returns when it is closed.
///
/// # Errors
/// There is no display or no adapter to draw with, the run to open cannot be read, or the picture cannot be written.
pub fn run(options: Options) -> Result<()> {
    let started = Instant::now();
    if let (Some(run), true) = (&options.run, options.play) {
        // Only one process can train a run. Whoever wants to train it hears that first.
        RunFolder::refuse_in_use(run).map_err(|error| error.hint("help-look-without-play"))?;
    }
    refuse_without_display()?;
    if let Some(run) = &options.run {
        // A run that cannot be read is refused before a window opens.
        crate::view::log::read_events(run)?;
    }
    // A picture must be the same on every machine, so it does not use the person's settings.
    let settings_path = options.picture.is_none().then(Settings::path);
    let settings = settings_path.as_deref().map_or_else(Settings::default, Settings::load);
    let [width, height] = options.size.unwrap_or([1280, 800]).map(|side| side as f32);
    let viewport = egui::ViewportBuilder::default()
        .with_title("Electroscope")
        .with_app_id("electroscope")
        .with_inner_size([width, height])
        .with_min_inner_size([360.0, 480.0]);
    // Dithering hides bands in gradients, and the app draws none. It would take a tenth of a frame or more where a processor draws.
    let native = eframe::NativeOptions { viewport, dithering: false, ..eframe::NativeOptions::default() };
    let lang = options.lang.or(settings.lang).unwrap_or(options.system_lang);
    let opening = Opening {
        lang: options.lang,
        system_lang: options.system_lang,
        theme: options.theme,
        run: options.run,
        events: options.events,
        replay: true,
    };
    let (picture, play) = (options.picture, options.play);
    let (show, alone, kernel) = (options.show, options.alone, options.kernel);
    let failed = window::Failed::default();
    let told = Rc::clone(&failed);
    let create: eframe::AppCreator = Box::new(move |cc| {
        let mut desk = Desk::open(&cc.egui_ctx, settings, opening)?;
        show.into_iter().for_each(|id| desk.settings.layout.show(id));
        desk.settings.layout.full = alone;
        kernel.iter().for_each(|kernel| desk.open_kernel(kernel));
        let software = |info: &wgpu::AdapterInfo| {
            info.device_type == DeviceType::Cpu
                || AdapterKind::new(AdapterKind::Other, &info.name) == AdapterKind::Software
        };
        if cc.wgpu_render_state.as_ref().is_some_and(|state| software(&state.adapter.get_info())) {
            desk.pace = window::SOFTWARE_PACE;
        }
        let quit = ending::on_signals(&cc.egui_ctx);
        Ok(Box::new(window::Window::new(desk, settings_path, picture, play, started, told, quit)))
    });
    ending::on_exit(lang);
    ending::guard(|| eframe::run_native("electroscope", native, create))?.map_err(|e| {
        Error::failed("cannot-open-window").with("detail", e.to_string()).hint("help-train-without-window")
    })?;
    failed.get().map_or(Ok(()), |error| Err(error.clone()))
}

/// Says in one sentence that there is no display; the window library would take many.
fn refuse_without_display() -> Result<()> {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let unix = cfg!(all(unix, not(target_os = "macos")));
    if unix && !set("DISPLAY") {
        let error = if set("WAYLAND_DISPLAY") { Error::failed("no-x11-display") } else { Error::failed("no-display") };
        return Err(error.hint("help-train-without-window"));
    }
    Ok(())
}
