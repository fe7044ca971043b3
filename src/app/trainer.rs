//! Runs the trainer on a thread of its own, with a device of its own. Neither the window nor the trainer ever waits for the other.
//! A thread like it answers questions about the weights of a run that is not training.
//! commands -> `host::native::{train, look}` -> events -> an inbox that the window empties. The inbox wakes the window only as often as it
//! asks for.

use crate::host::native;
use crate::host::native::feed::{Feed, lines};
use crate::message::Message;
use crate::run::Request;
use crate::train::event::{Command, Event, Failure};
use crate::view::words;
use crate::{Error, Result};
use futures_channel::mpsc::{self, UnboundedReceiver, UnboundedSender};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use thread_priority::ThreadPriority;

/// How many events may wait for a window that takes none (it is minimised or covered) before steps are thinned.
const WAITING_MAX: usize = 8192;

/// The trainer's priority, out of 100: a nice value of 7 on Linux, below normal on Windows, hardly any change on macOS. The
/// window's own thread comes first, and so do the threads that draw on a software adapter.
const PRIORITY: u8 = 30;

/// The threads of this process that have not ended. Whoever ends the program without the window finds them here.
static LIVE: Mutex<Vec<Live>> = Mutex::new(Vec::new());

struct Live {
    /// Gone if the window has let go of the thread. Then it was asked to end.
    commands: Weak<UnboundedSender<Command>>,
    ended: Arc<AtomicBool>,
}

/// Notes that a thread has ended, also if it panicked.
struct Ended(Arc<AtomicBool>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

fn live() -> MutexGuard<'static, Vec<Live>> {
    LIVE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Asks every run of this process to keep its last whole step and to end.
pub fn quit_all() {
    for commands in live().iter().filter_map(|live| live.commands.upgrade()) {
        commands.unbounded_send(Command::Quit).ok();
    }
}

/// Whether no run of this process is under way.
pub fn all_have_ended() -> bool {
    live().iter().all(|live| live.ended.load(Ordering::SeqCst))
}

/// Gives up the runs that have not ended.
pub fn forget_all() {
    live().clear();
}

/// Waits until every run of this process has ended, at most for `patience`.
pub fn wait_for_all(patience: Duration) {
    let started = Instant::now();
    while !all_have_ended() && started.elapsed() < patience {
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Asks the window for a frame after some time. Any thread may call it.
pub type Wake = Arc<dyn Fn(Duration) + Send + Sync>;

/// A thread that trains a run, or one that answers questions about a run's weights.
pub struct Trainer {
    commands: Arc<UnboundedSender<Command>>,
    inbox: Arc<Inbox>,
    thread: Option<JoinHandle<()>>,
    /// Whether the window has taken the run's last event.
    over: bool,
}

impl Trainer {
    /// Starts the run after the runs `before` it have ended. Its events are also written to `events`, if given, one JSON object
    /// in each line. `runs`: the folder of runs that have no name. `pace`: the shortest time between two frames that the events ask for.
    ///
    /// # Errors
    /// The events' file cannot be written, or the system refuses a thread.
    pub fn start(
        options: Request,
        runs: PathBuf,
        events: Option<&Path>,
        before: Vec<JoinHandle<bool>>,
        wake: Wake,
        pace: Duration,
    ) -> Result<Self> {
        let file = events.map(EventFile::create).transpose()?;
        Self::spawn("trainer", file, Inbox::new(wake, pace), move |commands, sink| {
            // Those runs have reported themselves how they ended.
            before.into_iter().for_each(|thread| drop(thread.join()));
            pollster::block_on(native::train_in(&runs, options, commands, sink))
        })
    }

    /// Answers questions about the weights of a run's newest checkpoint, on `device`. Nothing is trained or written.
    ///
    /// # Errors
    /// The system refuses a thread.
    pub fn look(run: PathBuf, device: String, wake: Wake, pace: Duration) -> Result<Self> {
        Self::spawn("look", None, Inbox::new(wake, pace), move |commands, sink| {
            pollster::block_on(native::look(&run, &device, commands, sink))
        })
    }

    fn spawn(
        name: &str,
        mut file: Option<EventFile>,
        inbox: Inbox,
        work: impl FnOnce(UnboundedReceiver<Command>, &mut dyn FnMut(&Event) -> Result<()>) -> Result<()> + Send + 'static,
    ) -> Result<Self> {
        let inbox = Arc::new(inbox);
        let (commands, received) = mpsc::unbounded();
        let commands = Arc::new(commands);
        let told = Arc::clone(&inbox);
        let ended = Arc::new(AtomicBool::new(false));
        let end = Ended(Arc::clone(&ended));
        let run = move || {
            let _end = end;
            give_way();
            let mut ended = false;
            let mut sink = |event: &Event| {
                ended |= matches!(event, Event::Finished(_) | Event::Failed(_));
                told.push(event.clone());
                if let Some(warning) = file.as_mut().and_then(|file| file.write(event)) {
                    told.push(warning);
                }
                Ok(())
            };
            // If the run is refused before it has a folder, only this code reports it.
            if let (Err(error), false) = (work(received, &mut sink), ended) {
                told.push(refused(&error));
            }
            if let Some(file) = file {
                file.feed.finish(|_| LAST_WRITE);
            }
        };
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(run);
        let thread = thread.map_err(|e| Error::failed("no-trainer-thread").with("detail", e.to_string()))?;
        let mut live = live();
        live.retain(|live| !live.ended.load(Ordering::SeqCst));
        live.push(Live { commands: Arc::downgrade(&commands), ended });
        Ok(Self { commands, inbox, thread: Some(thread), over: false })
    }

    /// Sends a command. A run that has ended takes none, so the command is dropped.
    pub fn send(&self, command: Command) {
        self.commands.unbounded_send(command).ok();
    }

    /// The events since the last call.
    pub fn take(&mut self) -> Vec<Event> {
        let died = self.thread.as_ref().is_some_and(JoinHandle::is_finished);
        let mut events = self.inbox.take();
        self.over |= events.iter().any(|event| matches!(event, Event::Finished(_) | Event::Failed(_)));
        if died && !self.over {
            self.over = true;
            events.push(failed(Message::new("trainer-died")));
        }
        events
    }

    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Lets somebody else send commands too.
    pub fn commands(&self) -> UnboundedSender<Command> {
        UnboundedSender::clone(&self.commands)
    }

    /// Ends the run with a checkpoint and waits for it, at most for `patience`. Returns whether it ended in time.
    pub fn stop(mut self, patience: Duration) -> bool {
        self.send(Command::Stop);
        let Some(thread) = self.thread.take() else { return true };
        let started = Instant::now();
        while !thread.is_finished() {
            if started.elapsed() > patience {
                return false;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        thread.join().is_ok()
    }
}

impl Drop for Trainer {
    /// Nobody can steer the run any more, even if the window has died. So it keeps its last whole step and ends.
    fn drop(&mut self) {
        self.send(Command::Quit);
    }
}

fn refused(error: &Error) -> Event {
    Event::Failed(Failure::new(error, 0, None))
}

fn failed(message: Message) -> Event {
    Event::Failed(Failure { message, ..Failure::default() })
}

/// A file of events. If it cannot be written for a while, the run does not wait for it.
struct EventFile {
    feed: Feed<String>,
    step: u64,
}

/// How long the end of a run waits for the last events to reach the file.
const LAST_WRITE: Duration = Duration::from_secs(1);
/// How many bytes of events memory holds for the file.
const BYTES_MAX: usize = 16 << 20;

impl EventFile {
    fn create(path: &Path) -> Result<Self> {
        let file = File::options().create(true).append(true).open(path);
        let feed = file.and_then(|file| Feed::new("events", BYTES_MAX, from_empty(file)));
        Ok(Self { feed: feed.map_err(|e| Error::io("io-write-events", path, &e))?, step: 0 })
    }

    /// Returns what a person must know about the file.
    fn write(&mut self, event: &Event) -> Option<Event> {
        self.step = event.step().unwrap_or(self.step);
        let line = words::json_line(event);
        let size = line.len();
        let change = self.feed.push(line, size)?;
        Some(change.news(Message::new("record-stream")).at(self.step))
    }
}

/// Writes lines into a file, which the first of them empties. Until then an earlier run may still write its last events there.
fn from_empty(file: File) -> impl FnMut(&String) -> io::Result<()> {
    let file = Arc::new(file);
    let mut write = lines(Arc::clone(&file));
    // A pipe or a terminal cannot be emptied.
    let mut emptied = !file.metadata().is_ok_and(|data| data.is_file());
    move |line| {
        if !emptied {
            file.set_len(0)?;
            emptied = true;
        }
        write(line)
    }
}

/// Lowers the priority of this thread and, on Linux, of the threads that it starts: those of a software adapter's driver, and those
/// of the twins' pool if nothing started the pool earlier.
fn give_way() {
    let priority = ThreadPriority::Crossplatform(PRIORITY.try_into().expect("PRIORITY is below 100"));
    // If the system refuses, the window only answers a little later.
    priority.set_for_current().ok();
}

/// Events on their way to the window.
struct Inbox {
    waiting: Mutex<Waiting>,
    wake: Wake,
    pace: Duration,
}

struct Waiting {
    events: Vec<Event>,
    /// Whether a frame was asked for and has not come yet.
    asked: bool,
    taken: Option<Instant>,
}

impl Inbox {
    fn new(wake: Wake, pace: Duration) -> Self {
        Self { waiting: Mutex::new(Waiting { events: Vec::new(), asked: false, taken: None }), wake, pace }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // Even if a thread died while it held the lock, the list holds whole events.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, event: Event) {
        let mut waiting = self.lock();
        if waiting.events.len() >= WAITING_MAX {
            thin(&mut waiting.events);
        }
        // These events answer what a person did, so a frame is asked for at once. The window takes the earlier of two times.
        if matches!(event, Event::State(_) | Event::Finished(_) | Event::Failed(_)) {
            waiting.events.push(event);
            waiting.asked = true;
            drop(waiting);
            return (self.wake)(Duration::ZERO);
        }
        waiting.events.push(event);
        if !std::mem::replace(&mut waiting.asked, true) {
            let wait = waiting.taken.map_or(Duration::ZERO, |taken| self.pace.saturating_sub(taken.elapsed()));
            drop(waiting);
            (self.wake)(wait);
        }
    }

    fn take(&self) -> Vec<Event> {
        let mut waiting = self.lock();
        waiting.asked = false;
        waiting.taken = Some(Instant::now());
        std::mem::take(&mut waiting.events)
    }
}

/// Removes every second step, evaluation and readout. Events that come only once stay.
fn thin(events: &mut Vec<Event>) {
    let mut number = 0_u64;
    events.retain(|event| {
        let many = matches!(event, Event::Step(_) | Event::Eval(_) | Event::Readout(_) | Event::Preparing(_));
        number += u64::from(many);
        !many || number.is_multiple_of(2)
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::event::StepMetrics;
    use std::sync::atomic::AtomicUsize;

    fn step(step: u64) -> Event {
        Event::Step(Box::new(StepMetrics { step, ..StepMetrics::default() }))
    }

    #[test]
    fn a_window_that_does_not_look_costs_no_memory() {
        let inbox = Inbox::new(Arc::new(|_| {}), Duration::ZERO);
        inbox.push(failed(Message::new("trainer-died")));
        (1..=40_000).for_each(|n| inbox.push(step(n)));
        let events = inbox.take();
        assert!(events.len() <= WAITING_MAX + 1, "{}", events.len());
        assert!(matches!(&events[0], Event::Failed(_)), "what happens once is kept");
        assert_eq!(events.last(), Some(&step(40_000)));
    }

    #[test]
    fn the_file_of_events_holds_one_run() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("events.jsonl");
        std::fs::write(&path, "what an earlier program left, which is longer than all that follows\n".repeat(9))
            .unwrap();
        let mut first = EventFile::create(&path).unwrap();
        first.write(&step(1));
        // The next run is asked for while the first one ends.
        let mut second = EventFile::create(&path).unwrap();
        first.write(&step(2));
        assert_eq!(first.feed.finish(|_| Duration::from_secs(60)), None);
        let lines = || std::fs::read_to_string(&path).unwrap().lines().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(lines(), [step(1), step(2)].map(|event| words::json(&event)));
        second.write(&step(3));
        assert_eq!(second.feed.finish(|_| Duration::from_secs(60)), None);
        assert_eq!(lines(), [words::json(&step(3))]);
    }

    #[test]
    fn new_data_asks_for_one_frame_until_it_comes() {
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&asked);
        let pace = Duration::from_millis(50);
        let wake = move |wait| {
            assert!(wait <= pace);
            counted.fetch_add(1, Ordering::SeqCst);
        };
        let inbox = Inbox::new(Arc::new(wake), pace);
        (1..=5).for_each(|n| inbox.push(step(n)));
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        assert_eq!(inbox.take().len(), 5);
        inbox.push(step(6));
        assert_eq!(asked.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn an_answer_waits_for_no_pace() {
        let waits = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&waits);
        let inbox = Inbox::new(Arc::new(move |wait| told.lock().unwrap().push(wait)), Duration::from_secs(60));
        inbox.take();
        inbox.push(step(1));
        inbox.push(failed(Message::new("trainer-died")));
        let waits = waits.lock().unwrap().clone();
        assert!(waits.len() == 2 && waits[0] > Duration::from_secs(30) && waits[1].is_zero(), "{waits:?}");
    }
}
