//! Ends the program when a signal asks for it, or when the display is gone: every run keeps its last whole step first.

use super::trainer;
use crate::host::native::signals;
use crate::view::{Lang, words};
use crate::{Error, Result};
use std::io::Write;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

/// How long the program waits at its end for a run's last checkpoint.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// How long the window may then take to close.
const CLOSING: Duration = Duration::from_secs(2);

/// Lets a signal end the runs, and asks the window to close: it looks at the flag. If the window does not answer, the program ends
/// without it.
pub(super) fn on_signals(ctx: &egui::Context) -> Arc<AtomicBool> {
    let quit = Arc::new(AtomicBool::new(false));
    let (asked, ctx) = (Arc::clone(&quit), ctx.clone());
    let hear = move |_| {
        trainer::quit_all();
        if asked.swap(true, Ordering::SeqCst) {
            return;
        }
        ctx.request_repaint();
        let end = || {
            trainer::wait_for_all(PATIENCE);
            std::thread::sleep(CLOSING);
            // Whatever has not ended by now is not waited for again.
            trainer::forget_all();
            std::process::exit(0);
        };
        std::thread::Builder::new().name("ending".to_owned()).spawn(end).ok();
    };
    // Without it the window can still be closed.
    signals::listen(hear).ok();
    quit
}

/// The language of the sentence about a display that is lost.
static LANG: OnceLock<Lang> = OnceLock::new();

/// Lets every run keep its last whole step if the library of the display ends the program: Xlib does so once its server is gone.
pub(super) fn on_exit(lang: Lang) {
    LANG.set(lang).ok();
    signals::at_exit(|| {
        if trainer::all_have_ended() {
            return;
        }
        trainer::quit_all();
        trainer::wait_for_all(PATIENCE);
        let lang = LANG.get().copied().unwrap_or_default();
        writeln!(std::io::stderr(), "{}: {}", words::label(lang), words::error(&Error::failed("display-lost"), lang))
            .ok();
    });
}

/// Runs the window. If it dies, because its display is gone or by a fault of its own, every run keeps its last whole step, and one
/// sentence says why.
pub(super) fn guard<T>(window: impl FnOnce() -> T) -> Result<T> {
    let told = Arc::new(Mutex::new(None));
    let usual: Arc<dyn Fn(&PanicHookInfo<'_>) + Send + Sync> = Arc::from(take_hook());
    let (note, others) = (Arc::clone(&told), Arc::clone(&usual));
    let window_thread = std::thread::current().id();
    set_hook(Box::new(move |info| {
        if std::thread::current().id() != window_thread {
            return others(info);
        }
        // The first panic says why. Others may follow while everything is put away.
        note.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| info.to_string());
    }));
    let ran = catch_unwind(AssertUnwindSafe(window));
    set_hook(Box::new(move |info| usual(info)));
    ran.map_err(|_| {
        trainer::quit_all();
        trainer::wait_for_all(PATIENCE);
        let why = told.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default();
        if is_about_the_display(&why) {
            Error::failed("display-lost")
        } else {
            Error::failed("window-died").with("detail", why)
        }
    })
}

/// Whether a panic comes from the connection to the display: the window library has no other way to tell.
fn is_about_the_display(panic: &str) -> bool {
    ["winit", "x11rb", "ConnectionError", "IoError", "BrokenPipe", "Surface", "surface"]
        .iter()
        .any(|part| panic.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_that_dies_is_one_error_and_a_display_that_is_gone_is_named() {
        for (panic, code) in [
            ("Failed to send: ConnectionError(IoError(Os { code: 32, kind: BrokenPipe }))", "display-lost"),
            ("index out of bounds: the len is 3 but the index is 3", "window-died"),
            ("Failed to get monitor list in winit-0.30.13/src/x11/mod.rs", "display-lost"),
        ] {
            let error = guard(|| panic!("{panic}")).unwrap_err();
            assert_eq!(error.code(), code, "{panic}");
        }
        assert_eq!(guard(|| 7).unwrap(), 7);
    }
}
