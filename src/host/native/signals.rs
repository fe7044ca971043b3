//! Hears the signals that ask the program to end. A signal that the parent process had ignored stays ignored (`nohup`, the background
//! of a script). Several signals within two seconds are one event: `timeout`, closing terminals and supervisors send several.
//! signal -> [`Asked`] -> whoever listens.
#![allow(
    unsafe_code,
    reason = "no library says without it whether a signal is ignored, or acts before the program ends; see SAFETY below"
)]

use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Signals within this time of the first one belong to the same event.
const TOGETHER: Duration = Duration::from_secs(2);
/// How long the program may still take if somebody insists that it ends.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// A person pressed Ctrl-C.
    Stop,
    /// The machine shuts down, the terminal closes, or a supervisor ends the program. It may soon end it by force.
    Quit,
    /// Somebody asks again. The program ends within a second, whatever it is doing.
    Insist,
}

/// Calls `hear` on a thread of its own whenever the program is asked to end, once for each event.
///
/// # Errors
/// The system refuses a handler or a thread.
pub fn listen(mut hear: impl FnMut(Asked) + Send + 'static) -> io::Result<()> {
    let mut heard = Heard::default();
    system::listen(move |signal, urgent| {
        let Some(asked) = heard.take(urgent, Instant::now()) else { return };
        hear(asked);
        if asked == Asked::Insist {
            std::thread::sleep(LAST_WORDS);
            INSISTED.store(true, Ordering::SeqCst);
            // The status of a program that a signal ended, as shells report it.
            std::process::exit(128 + signal);
        }
    })
}

/// Set before the program ends because somebody insisted: then nothing is waited for any more.
static INSISTED: AtomicBool = AtomicBool::new(false);
/// Work to do before the program ends, if a library of the system ends it without telling us.
static AT_EXIT: OnceLock<fn()> = OnceLock::new();

/// Does `work` before the program ends, whoever ends it, but for a signal on which somebody insists. The first `work` counts.
pub fn at_exit(work: fn()) {
    if AT_EXIT.set(work).is_ok() {
        system::at_exit();
    }
}

extern "C" fn ending() {
    if let Some(work) = AT_EXIT.get().filter(|_| !INSISTED.load(Ordering::SeqCst)) {
        work();
    }
}

/// Lets a write that would make a file too large (`ulimit -f`) fail like a write to a full disk. By default the system ends the
/// program.
pub fn report_large_files() {
    system::report_large_files();
}

/// What was heard so far.
#[derive(Default)]
struct Heard {
    first: Option<Instant>,
    quit: bool,
}

impl Heard {
    /// What a signal at `now` asks for beyond what was asked before. `urgent`: whether more than a person at a terminal sends it.
    fn take(&mut self, urgent: bool, now: Instant) -> Option<Asked> {
        let first = *self.first.get_or_insert(now);
        if now.saturating_duration_since(first) > TOGETHER {
            return Some(Asked::Insist);
        }
        if urgent {
            // An urgent signal hastens an end that a person has asked for.
            return (!std::mem::replace(&mut self.quit, true)).then_some(Asked::Quit);
        }
        (now == first && !self.quit).then_some(Asked::Stop)
    }
}

#[cfg(unix)]
mod system {
    use super::io;
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2};
    use signal_hook::iterator::Signals;
    use std::sync::Arc;

    /// The signals by which a machine, a terminal, a supervisor or a batch system announces the end. Each of them would end the
    /// program without a checkpoint. SIGQUIT (Ctrl-\) keeps its meaning: the program ends as it is, with a core dump.
    const ENDING: [i32; 7] = [SIGINT, SIGTERM, SIGHUP, libc::SIGXCPU, SIGUSR1, SIGUSR2, POWER];

    #[cfg(any(target_os = "linux", target_os = "android"))]
    const POWER: i32 = libc::SIGPWR;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    const POWER: i32 = SIGTERM;

    pub fn listen(mut take: impl FnMut(i32, bool) + Send + 'static) -> io::Result<()> {
        let mut signals = Signals::new(ENDING.into_iter().filter(|signal| !is_ignored(*signal)))?;
        let each = move || signals.forever().for_each(|signal| take(signal, signal != SIGINT));
        std::thread::Builder::new().name("signals".to_owned()).spawn(each)?;
        Ok(())
    }

    pub fn report_large_files() {
        // The handler only sets a flag that nobody reads. If there can be none, such a file ends the program, as by default.
        signal_hook::flag::register(libc::SIGXFSZ, Arc::default()).ok();
    }

    pub fn at_exit() {
        // SAFETY: the function takes nothing, does not unwind (a panic in it aborts), and lives as long as the program.
        unsafe { libc::atexit(super::ending) };
    }

    /// Whether the parent of this process had this signal ignored.
    fn is_ignored(signal: i32) -> bool {
        // SAFETY: without a new action the call changes nothing; it fills `old`, a plain structure that is valid as zeros, and reports
        // a signal that does not exist.
        unsafe {
            let mut old: libc::sigaction = std::mem::zeroed();
            libc::sigaction(signal, std::ptr::null(), &raw mut old) == 0 && old.sa_sigaction == libc::SIG_IGN
        }
    }
}

#[cfg(not(unix))]
mod system {
    use super::io;

    /// The status of a program that Ctrl-C ended is counted from this number.
    const SIGINT: i32 = 2;

    /// Ctrl-C, a closing console and a shutdown. The system does not say which of them it was.
    pub fn listen(mut take: impl FnMut(i32, bool) + Send + 'static) -> io::Result<()> {
        ctrlc::set_handler(move || take(SIGINT, false)).map_err(io::Error::other)
    }

    pub fn report_large_files() {}

    /// There the window library reports a display that is lost.
    pub fn at_exit() {
        let _: extern "C" fn() = super::ending;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What each signal asks for. A signal: the milliseconds after the first one, and whether it is urgent.
    fn asked(signals: &[(u64, bool)]) -> Vec<Option<Asked>> {
        let (mut heard, began) = (Heard::default(), Instant::now());
        signals.iter().map(|&(millis, urgent)| heard.take(urgent, began + Duration::from_millis(millis))).collect()
    }

    #[test]
    fn signals_that_come_together_are_one_event() {
        use Asked::{Insist, Quit, Stop};
        let (int, term) = (false, true);
        // `timeout` signals its child and then its own group; a closing terminal sends SIGHUP from the kernel and from the shell.
        assert_eq!(asked(&[(0, term), (1, term), (1900, term)]), [Some(Quit), None, None]);
        // A person who presses Ctrl-C three times in anger.
        assert_eq!(asked(&[(0, int), (300, int), (700, int)]), [Some(Stop), None, None]);
        // A supervisor that first interrupts and soon terminates: the second signal leaves less time, and is no second event.
        assert_eq!(asked(&[(0, int), (500, term), (600, int)]), [Some(Stop), Some(Quit), None]);
        // Ctrl-C in a terminal that then closes.
        assert_eq!(asked(&[(0, term), (500, int)]), [Some(Quit), None]);
        // Somebody who insists.
        assert_eq!(asked(&[(0, int), (2001, int)]), [Some(Stop), Some(Insist)]);
        assert_eq!(asked(&[(0, term), (100, term), (9000, term)]), [Some(Quit), None, Some(Insist)]);
    }
}
