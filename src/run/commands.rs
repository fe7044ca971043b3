//! Takes commands in: it waits for them while a run is paused, looks for them between two slices, and hears them while it naps.

use crate::train::event::Command;
use futures_channel::mpsc::UnboundedReceiver;
use futures_core::Stream;
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};

/// Commands on their way to a run.
pub struct Inbox {
    receiver: UnboundedReceiver<Command>,
    /// Heard during a nap.
    heard: VecDeque<Command>,
}

impl Inbox {
    pub fn new(receiver: UnboundedReceiver<Command>) -> Self {
        Self { receiver, heard: VecDeque::new() }
    }

    /// Whether the run was asked to end; whatever else came waits in its order. While a run is prepared, nothing else is obeyed.
    pub fn stop_is_heard(&mut self) -> bool {
        while let Ok(command) = self.receiver.try_recv() {
            self.heard.push_back(command);
        }
        self.heard.contains(&Command::Stop)
    }

    /// The next command; without `wait` only one that is there already.
    pub async fn next(&mut self, wait: bool) -> Option<Command> {
        if let Some(command) = self.heard.pop_front() {
            return Some(command);
        }
        if !wait {
            return self.receiver.try_recv().ok();
        }
        let command = std::future::poll_fn(|cx| poll_next(cx, &mut self.receiver)).await;
        // Nobody is left who could resume a paused run: it goes on.
        Some(command.unwrap_or(Command::Resume))
    }

    /// Sleeps, until a command comes. The run has its thread to itself, so it may.
    pub fn nap(&mut self, time: Duration) {
        let until = Instant::now() + time;
        let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
        let mut cx = Context::from_waker(&waker);
        loop {
            if let Poll::Ready(Some(command)) = poll_next(&mut cx, &mut self.receiver) {
                self.heard.push_back(command);
                return;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            std::thread::park_timeout(left);
        }
    }
}

fn poll_next(cx: &mut Context<'_>, receiver: &mut UnboundedReceiver<Command>) -> Poll<Option<Command>> {
    Pin::new(receiver).poll_next(cx)
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_channel::mpsc;
    use pollster::block_on;

    #[test]
    fn a_stop_is_heard_without_taking_anything_out_of_turn() {
        let (sender, receiver) = mpsc::unbounded();
        let mut inbox = Inbox::new(receiver);
        sender.unbounded_send(Command::Pause).unwrap();
        assert!(!inbox.stop_is_heard());
        sender.unbounded_send(Command::Stop).unwrap();
        assert!(inbox.stop_is_heard() && inbox.stop_is_heard());
        assert_eq!(block_on(inbox.next(true)), Some(Command::Pause));
        assert_eq!(block_on(inbox.next(true)), Some(Command::Stop));
    }

    #[test]
    fn a_nap_lasts_its_time_and_ends_with_a_command() {
        let (sender, receiver) = mpsc::unbounded();
        let mut inbox = Inbox::new(receiver);
        let began = Instant::now();
        inbox.nap(Duration::from_millis(30));
        assert!(began.elapsed() >= Duration::from_millis(30));
        let waker = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(20));
            sender.unbounded_send(Command::Pause).unwrap();
            sender
        });
        inbox.nap(Duration::from_secs(600));
        let sender = waker.join().unwrap();
        sender.unbounded_send(Command::Step).unwrap();
        let next = |inbox: &mut Inbox, wait| block_on(inbox.next(wait));
        assert_eq!(next(&mut inbox, false), Some(Command::Pause));
        assert_eq!(next(&mut inbox, true), Some(Command::Step));
        assert_eq!(next(&mut inbox, false), None);
        drop(sender);
        assert_eq!(next(&mut inbox, false), None);
        assert_eq!(next(&mut inbox, true), Some(Command::Resume), "a run that nobody can resume goes on");
    }
}
