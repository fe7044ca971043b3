//! Hands items to a writer on a thread of its own, so that nobody waits for a reader that takes nothing or for a disk that is full.
//! [`Feed::push`] -> what waits, in memory and bounded -> the writer; [`Change`] when it stops and when it goes on.

use crate::message::Message;
use crate::train::event::News;
use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How often an item that was refused is tried again.
const TRY_EVERY: Duration = Duration::from_millis(200);

/// A queue with a writer at its end. When it is dropped, the writer gets no more items, also none that it refused, and its thread
/// ends.
pub struct Feed<T>(Arc<Shared<T>>);

struct Shared<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
    /// The largest amount that may wait, in the units of [`Feed::push`].
    size_max: usize,
}

struct State<T> {
    /// Items that wait, with their sizes.
    waiting: VecDeque<(T, usize)>,
    size: usize,
    /// Whether the writer has an item that is not in `waiting` any more.
    writing: bool,
    written: u64,
    /// How many items were dropped since the last one that was written.
    dropped: u64,
    refused: Option<String>,
    gone: bool,
    /// Whether nobody pushes or waits any more.
    closed: bool,
    /// What the pusher knows: that items are refused, that some were dropped, that the reader is gone.
    told: [bool; 3],
}

/// What has changed since the last push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The writer was refused, for this reason. What is pushed waits.
    Refused(String),
    /// Everything that waited is being written. `dropped` items are lost.
    Again { dropped: u64 },
    /// Memory holds no more: the oldest items are dropped.
    Full,
    /// The reader is gone for ever.
    Gone,
}

impl Change {
    /// The message about it for a person; `what`: the name of what is written.
    pub fn news(&self, what: Message) -> News {
        match self {
            Self::Refused(why) => News::refused(what, Message::plain(why.clone())),
            Self::Full | Self::Gone => News::full(what),
            Self::Again { dropped } => News::again(what, *dropped),
        }
    }
}

/// Writes lines. A line that was refused halfway is continued where it stopped.
pub fn lines(mut out: impl Write) -> impl FnMut(&String) -> io::Result<()> {
    let mut done = 0;
    move |line| {
        // What a buffer accepted before it was refused is still there.
        out.flush()?;
        while done < line.len() {
            match out.write(&line.as_bytes()[done..]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => done += written,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        out.flush()?;
        done = 0;
        Ok(())
    }
}

/// What the writer has not written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    pub items: u64,
    /// Why; none if the writer only takes too long.
    pub refused: Option<String>,
}

impl<T: Send + 'static> Feed<T> {
    /// `write` is called with one item at a time, and with the same item again after it was refused.
    ///
    /// # Errors
    /// The system refuses a thread.
    pub fn new(
        name: &str,
        size_max: usize,
        mut write: impl FnMut(&T) -> io::Result<()> + Send + 'static,
    ) -> io::Result<Self> {
        let state = State {
            waiting: VecDeque::new(),
            size: 0,
            writing: false,
            written: 0,
            dropped: 0,
            refused: None,
            gone: false,
            closed: false,
            told: [false; 3],
        };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new(), size_max });
        let worker = Arc::clone(&shared);
        std::thread::Builder::new().name(name.to_owned()).spawn(move || worker.work(&mut write))?;
        Ok(Self(shared))
    }

    /// Adds an item. It never waits.
    pub fn push(&self, item: T, size: usize) -> Option<Change> {
        let mut state = self.0.lock();
        if !state.gone {
            state.waiting.push_back((item, size));
            state.size += size;
        }
        while state.size > self.0.size_max && state.waiting.len() > 1 {
            let (_, size) = state.waiting.pop_front()?;
            state.size -= size;
            state.dropped += 1;
        }
        self.0.changed.notify_all();
        state.news()
    }

    /// Waits until everything is written, as long as the writer gets on: at most for `patience` from one item to the next. It is asked
    /// again and again, because a person may lose it.
    pub fn finish(self, patience: impl Fn(bool) -> Duration) -> Option<Lost> {
        let mut state = self.0.lock();
        let (mut written, mut since) = (state.written, Instant::now());
        loop {
            let items = state.dropped + state.waiting.len() as u64 + u64::from(state.writing);
            if state.gone || items == 0 {
                return None;
            }
            let left = items > state.dropped;
            if state.written > written {
                (written, since) = (state.written, Instant::now());
            }
            if !left || since.elapsed() >= patience(state.refused.is_some()) {
                return Some(Lost { items, refused: state.refused.clone() });
            }
            state = self.0.wait(state, Duration::from_millis(20));
        }
    }
}

impl<T> Drop for Feed<T> {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.changed.notify_all();
    }
}

impl<T> State<T> {
    fn news(&mut self) -> Option<Change> {
        let [refused, full, gone] = &mut self.told;
        if self.gone {
            return (!std::mem::replace(gone, true)).then_some(Change::Gone);
        }
        match &self.refused {
            Some(why) if !std::mem::replace(refused, true) => return Some(Change::Refused(why.clone())),
            None if self.waiting.len() <= 1 && (*refused || *full) => {
                (*refused, *full) = (false, false);
                return Some(Change::Again { dropped: std::mem::take(&mut self.dropped) });
            }
            _ => {}
        }
        (self.dropped > 0 && !std::mem::replace(full, true)).then_some(Change::Full)
    }
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // Even if a thread died while it held the lock, the list holds whole items.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'s>(&'s self, state: MutexGuard<'s, State<T>>, time: Duration) -> MutexGuard<'s, State<T>> {
        self.changed.wait_timeout(state, time).map_or_else(|poisoned| poisoned.into_inner().0, |(state, _)| state)
    }

    fn work(&self, write: &mut impl FnMut(&T) -> io::Result<()>) {
        while let Some(item) = self.next() {
            while let Err(error) = write(&item) {
                let mut state = self.lock();
                if error.kind() == io::ErrorKind::BrokenPipe {
                    (state.gone, state.writing) = (true, false);
                    state.waiting.clear();
                    self.changed.notify_all();
                    return;
                }
                state.refused = Some(error.to_string());
                self.changed.notify_all();
                if self.rest(state).closed {
                    return;
                }
            }
            let mut state = self.lock();
            (state.refused, state.writing) = (None, false);
            state.written += 1;
            self.changed.notify_all();
        }
    }

    /// The next item, as soon as there is one; none if the queue is closed.
    fn next(&self) -> Option<T> {
        let mut state = self.lock();
        loop {
            if state.closed {
                return None;
            }
            if let Some((item, size)) = state.waiting.pop_front() {
                (state.size, state.writing) = (state.size - size, true);
                return Some(item);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits until an item that was refused is to be tried again, or the queue is closed.
    fn rest<'s>(&'s self, mut state: MutexGuard<'s, State<T>>) -> MutexGuard<'s, State<T>> {
        let until = Instant::now() + TRY_EVERY;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if state.closed || left.is_zero() {
                return state;
            }
            state = self.wait(state, left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    /// A writer that does with each item what the test says next; it says which items it took.
    fn scripted(size_max: usize) -> (Feed<u64>, mpsc::Sender<io::Result<()>>, mpsc::Receiver<u64>) {
        let (say, script) = mpsc::channel::<io::Result<()>>();
        let (took, taken) = mpsc::channel();
        let write = move |item: &u64| {
            // A test that says nothing more leaves the writer stuck, as a full pipe does.
            let Ok(answer) = script.recv() else {
                loop {
                    std::thread::park()
                }
            };
            answer?;
            took.send(*item).ok();
            Ok(())
        };
        (Feed::new("scripted", size_max, write).unwrap(), say, taken)
    }

    fn until<T>(mut done: impl FnMut() -> Option<T>) -> T {
        let began = Instant::now();
        loop {
            if let Some(value) = done() {
                return value;
            }
            assert!(began.elapsed() < Duration::from_secs(60));
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn what_a_full_disk_refuses_is_written_once_there_is_room_and_nothing_twice() {
        let (feed, say, taken) = scripted(100);
        assert_eq!(feed.push(0, 1), None);
        say.send(Err(io::ErrorKind::StorageFull.into())).unwrap();
        let mut pushed = 0;
        let change = until(|| {
            pushed += 1;
            feed.push(pushed, 0)
        });
        assert!(matches!(change, Change::Refused(_)), "{change:?}");
        say.send(Err(io::ErrorKind::QuotaExceeded.into())).unwrap();
        (0..=pushed).for_each(|_| say.send(Ok(())).unwrap());
        let wrote: Vec<u64> = (0..=pushed).map(|_| taken.recv().unwrap()).collect();
        assert_eq!(wrote, (0..=pushed).collect::<Vec<_>>());
        let again = until(|| {
            say.send(Ok(())).unwrap();
            feed.push(pushed + 1, 1)
        });
        assert_eq!(again, Change::Again { dropped: 0 });
        drop((say, taken));
    }

    /// A disk with room for three bytes at a time, which refuses every other write.
    #[derive(Clone, Default)]
    struct Tight {
        written: Arc<Mutex<Vec<u8>>>,
        writes: usize,
    }

    impl Write for Tight {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.writes += 1;
            match self.writes % 4 {
                0 => Err(io::ErrorKind::Interrupted.into()),
                1 => Err(io::ErrorKind::StorageFull.into()),
                _ => {
                    let some = &bytes[..bytes.len().min(3)];
                    self.written.lock().unwrap().extend(some);
                    Ok(some.len())
                }
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_that_is_refused_halfway_is_continued_where_it_stopped() {
        let disk = Tight::default();
        for out in [Box::new(disk.clone()) as Box<dyn Write>, Box::new(io::LineWriter::with_capacity(4, disk.clone()))]
        {
            let mut write = lines(out);
            for line in ["first line\n", "the second\n", "3\n"].map(str::to_owned) {
                until(|| write(&line).ok());
            }
        }
        assert_eq!(*disk.written.lock().unwrap(), b"first line\nthe second\n3\n".repeat(2));
    }

    #[test]
    fn a_reader_that_takes_nothing_costs_bounded_memory_and_no_time() {
        let (feed, say, taken) = scripted(10);
        let changes: Vec<Change> = (0..1000).filter_map(|n| feed.push(n, 1)).collect();
        assert_eq!(changes, [Change::Full]);
        let lost = feed.finish(|_| Duration::ZERO).expect("nothing was taken");
        assert_eq!(lost, Lost { items: 1000, refused: None });
        drop((say, taken));
    }

    #[test]
    fn a_slow_reader_gets_everything_at_the_end() {
        let (feed, say, taken) = scripted(100);
        (0..4).for_each(|n| assert_eq!(feed.push(n, 1), None));
        let slow = std::thread::spawn(move || {
            (0..4).for_each(|_| {
                std::thread::sleep(Duration::from_millis(30));
                say.send(Ok(())).unwrap();
            });
            taken.iter().take(4).collect::<Vec<_>>()
        });
        assert_eq!(feed.finish(|_| Duration::from_secs(60)), None);
        assert_eq!(slow.join().unwrap(), [0, 1, 2, 3]);
    }

    #[test]
    fn nothing_is_written_after_the_end_and_the_thread_ends_with_its_file() {
        for disk_is_full in [true, false] {
            let held = Arc::new(());
            let file = Arc::downgrade(&held);
            let write = move |_: &u64| {
                let _file = &held;
                if disk_is_full { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
            };
            let feed = Feed::new("ended", 100, write).unwrap();
            feed.push(0, 1);
            if disk_is_full {
                until(|| feed.push(1, 0));
            }
            let patience = if disk_is_full { Duration::ZERO } else { Duration::from_secs(60) };
            assert_eq!(feed.finish(|_| patience).is_some(), disk_is_full);
            until(|| file.upgrade().is_none().then_some(()));
        }
        // One that nobody finishes, because the run did not begin.
        let held = Arc::new(());
        let file = Arc::downgrade(&held);
        let write = move |_: &u64| {
            let _file = &held;
            Ok(())
        };
        drop(Feed::new("unused", 100, write).unwrap());
        until(|| file.upgrade().is_none().then_some(()));
    }

    #[test]
    fn a_reader_that_is_gone_is_told_once_and_nothing_is_lost_to_it() {
        let (feed, say, taken) = scripted(100);
        feed.push(0, 1);
        say.send(Err(io::ErrorKind::BrokenPipe.into())).unwrap();
        assert_eq!(until(|| feed.push(1, 1)), Change::Gone);
        assert_eq!(feed.push(2, 1), None);
        assert_eq!(feed.finish(|_| Duration::from_secs(60)), None);
        drop((say, taken));
    }
}
