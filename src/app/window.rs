//! The real window around the desk: it opens and closes, takes a picture of itself and times its frames.

use super::desk::Desk;
use super::panels::Ask;
use super::settings::Settings;
use super::{Picture, desk, theme};
use crate::screen::state::{Phase, Source};
use crate::t;
use crate::view::words::{self, Strings};
use crate::{Error, Result};
use egui::{ColorImage, ViewportCommand};
use std::cell::OnceCell;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

/// How many of the last frames the frame times cover.
const FRAMES: usize = 600;
/// The time between two frames that show new data, if the processor that trains also draws: a frame takes it 70 ms.
pub const SOFTWARE_PACE: Duration = Duration::from_millis(200);

pub struct Window {
    desk: Desk,
    settings_path: Option<PathBuf>,
    saved: Settings,
    shot: Option<Shot>,
    started: Instant,
    frame_ms: VecDeque<f32>,
    first_paint: Option<Duration>,
    play: bool,
    failed: Failed,
    /// Set once a signal asks the program to end.
    quit: Arc<AtomicBool>,
}

/// Why the picture was not written; it outlives the window, which the event loop owns.
pub type Failed = Rc<OnceCell<Error>>;

/// A picture that will be taken, or is being taken.
struct Shot {
    picture: Picture,
    arriving: Option<Receiver<std::sync::Arc<ColorImage>>>,
}

impl Window {
    /// `settings_path`: where the settings are kept, or none to keep them nowhere. `failed` is filled if the picture cannot be
    /// written.
    pub fn new(
        desk: Desk,
        settings_path: Option<PathBuf>,
        picture: Option<Picture>,
        play: bool,
        started: Instant,
        failed: Failed,
        quit: Arc<AtomicBool>,
    ) -> Self {
        let mut desk = desk;
        desk.cleared = true;
        let saved = desk.settings.clone();
        let shot = picture.map(|picture| Shot { picture, arriving: None });
        Self {
            desk,
            settings_path,
            saved,
            shot,
            started,
            frame_ms: VecDeque::new(),
            first_paint: None,
            play,
            failed,
            quit,
        }
    }

    fn time_frame(&mut self, frame: &eframe::Frame) {
        let Some(secs) = frame.info().cpu_usage else { return };
        if self.frame_ms.len() == FRAMES {
            self.frame_ms.pop_front();
        }
        self.frame_ms.push_back(secs * 1000.0);
        self.desk.view.frame_ms = percentiles(&self.frame_ms);
    }

    /// Asks for the picture when its time has come, and ends the program when it is written.
    fn take_picture(&mut self, ctx: &egui::Context) {
        let Some(shot) = &mut self.shot else { return };
        let Some(arriving) = &shot.arriving else {
            let wait = Duration::from_secs_f64(shot.picture.after_secs).saturating_sub(self.started.elapsed());
            let state = &self.desk.state;
            let ended = matches!(state.phase, Phase::Finished | Phase::Failed);
            let there = |step| state.source == Source::Live && (ended || state.step() >= step);
            let come = shot.picture.after_step.is_none_or(there);
            if wait.is_zero() && come {
                let (send, receive) = mpsc::channel();
                let again = ctx.clone();
                ctx.request_screenshot(move |image| {
                    send.send(image).ok();
                    again.request_repaint();
                });
                shot.arriving = Some(receive);
            } else if !wait.is_zero() {
                // The step that the picture waits for asks for a frame when it comes.
                ctx.request_repaint_after(wait);
            }
            return;
        };
        match arriving.try_recv() {
            Ok(image) => {
                if let Err(error) = write_png(&shot.picture.path, &image) {
                    self.failed.set(error).ok();
                }
                self.shot = None;
                ctx.send_viewport_cmd(ViewportCommand::Close);
            }
            Err(_) => ctx.request_repaint_after(Duration::from_millis(50)),
        }
    }

    fn save_settings(&mut self) {
        let Some(path) = &self.settings_path else { return };
        if self.desk.settings != self.saved {
            // The window works without saved settings, so a failure to save them needs no dialog.
            if let Err(error) = self.desk.settings.save(path) {
                eprintln!("{}", words::error(&error, self.desk.lang()));
            }
            self.saved = self.desk.settings.clone();
        }
    }
}

impl eframe::App for Window {
    fn logic(&mut self, ctx: &egui::Context, _: &mut eframe::Frame) {
        self.desk.receive();
        if self.quit.load(Ordering::SeqCst) {
            ctx.send_viewport_cmd(ViewportCommand::Close);
        }
    }

    fn ui(&mut self, ui: &mut egui::Ui, frame: &mut eframe::Frame) {
        self.time_frame(frame);
        if std::mem::take(&mut self.play) {
            self.desk.act(Ask::Play, &desk::wake(ui.ctx()));
        }
        self.desk.ui(ui);
        self.first_paint.get_or_insert_with(|| self.started.elapsed());
        self.take_picture(ui.ctx());
        if ui.input(|i| i.pointer.any_released()) {
            self.save_settings();
        }
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        let theme = if visuals.dark_mode { theme::DARK } else { theme::LIGHT };
        theme.panel.to_normalized_gamma_f32()
    }

    fn on_exit(&mut self) {
        self.save_settings();
        self.desk.close();
        if let (Some(first), Some([median, late])) = (self.first_paint, percentiles(&self.frame_ms)) {
            let strings = Strings::of(self.desk.lang());
            let frames = self.frame_ms.len();
            eprintln!(
                "{}",
                t!(
                    strings,
                    "app-window-frames",
                    frames = frames,
                    first = first.as_secs_f64(),
                    median = median,
                    late = late
                )
            );
        }
    }
}

/// The median and the 95th percentile.
fn percentiles(times: &VecDeque<f32>) -> Option<[f32; 2]> {
    let mut sorted: Vec<f32> = times.iter().copied().collect();
    sorted.sort_by(f32::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    Some([50, 95].map(|percent| sorted[last * percent / 100]))
}

/// # Errors
/// The file cannot be written.
pub fn write_png(path: &Path, image: &ColorImage) -> Result<()> {
    let file = std::fs::File::create(path).map_err(|e| Error::io("io-write-picture", path, &e))?;
    let [width, height] = image.size.map(|side| u32::try_from(side).unwrap_or(u32::MAX));
    let mut encoder = png::Encoder::new(std::io::BufWriter::new(file), width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let bytes: Vec<u8> = image.pixels.iter().flat_map(|p| [p.r(), p.g(), p.b()]).collect();
    let written = encoder.write_header().and_then(|mut writer| {
        writer.write_image_data(&bytes)?;
        writer.finish()
    });
    written.map_err(|e| Error::failed("cannot-write-picture").with("detail", e.to_string()).at_path(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_sorted_times() {
        assert_eq!(percentiles(&VecDeque::new()), None);
        let times: VecDeque<f32> = (0..=100).rev().map(|n| n as f32).collect();
        assert_eq!(percentiles(&times), Some([50.0, 95.0]));
    }

    #[test]
    fn a_picture_can_be_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("p.png");
        let image = ColorImage::filled([3, 2], egui::Color32::from_rgb(10, 20, 30));
        write_png(&path, &image).unwrap();
        let mut reader =
            png::Decoder::new(std::io::BufReader::new(std::fs::File::open(&path).unwrap())).read_info().unwrap();
        let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut bytes).unwrap();
        assert_eq!(bytes, [10, 20, 30].repeat(6));
    }
}
