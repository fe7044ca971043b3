//! Receives commands. A paused run waits for the next one, a running run looks for one between two slices, and a run that rests to
//! share the device keeps what arrives.

use crate::train::event::{Command, Request};
use futures_channel::mpsc::UnboundedReceiver;
use futures_core::Stream;
use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

/// The commands that a run receives.
pub struct Inbox {
    receiver: UnboundedReceiver<Command>,
    /// Commands that were received while none could be obeyed.
    heard: VecDeque<Command>,
}

impl Inbox {
    pub fn new(receiver: UnboundedReceiver<Command>) -> Self {
        Self { receiver, heard: VecDeque::new() }
    }

    /// Whether a stop has come. Other commands wait in their order. While a run is being prepared, it obeys nothing but a stop.
    pub fn stop_is_heard(&mut self) -> bool {
        while let Ok(command) = self.receiver.try_recv() {
            self.heard.push_back(command);
        }
        self.heard.contains(&Command::Stop)
    }

    /// Drops the received commands up to the stop, so that the stop which ended one run does not end the next.
    pub fn forget_stop(&mut self) {
        while self.heard.pop_front().is_some_and(|command| command != Command::Stop) {}
    }

    /// The next command. Without `wait` it returns only a command that has already come.
    pub async fn next(&mut self, wait: bool) -> Option<Command> {
        if let Some(command) = self.heard.pop_front() {
            return Some(command);
        }
        if !wait {
            return self.receiver.try_recv().ok();
        }
        let command = std::future::poll_fn(|cx| poll_next(cx, &mut self.receiver)).await;
        // If nobody is left who could resume a paused run, it resumes.
        Some(command.unwrap_or(Command::Resume))
    }

    /// The request for the next run; none if nobody is left to ask, or if a stop comes. Other commands are ignored until then.
    pub async fn start(&mut self) -> Option<Request> {
        loop {
            let command = match self.heard.pop_front() {
                Some(command) => command,
                None => std::future::poll_fn(|cx| poll_next(cx, &mut self.receiver)).await?,
            };
            match command {
                Command::Start(request) => return Some(*request),
                Command::Stop => return None,
                _ => {}
            }
        }
    }

    /// Waits until a command has come, and keeps it for [`Inbox::next`].
    pub async fn arrival(&mut self) {
        let command = std::future::poll_fn(|cx| match poll_next(cx, &mut self.receiver) {
            Poll::Ready(Some(command)) => Poll::Ready(command),
            // If nobody is left to send a command, none comes.
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        });
        let command = command.await;
        self.heard.push_back(command);
    }
}

fn poll_next(cx: &mut Context<'_>, receiver: &mut UnboundedReceiver<Command>) -> Poll<Option<Command>> {
    Pin::new(receiver).poll_next(cx)
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
    fn an_arrival_waits_for_a_command_and_keeps_it() {
        let (sender, receiver) = mpsc::unbounded();
        let mut inbox = Inbox::new(receiver);
        let mut cx = Context::from_waker(std::task::Waker::noop());
        {
            let mut arrival = std::pin::pin!(inbox.arrival());
            assert!(arrival.as_mut().poll(&mut cx).is_pending());
            sender.unbounded_send(Command::Pause).unwrap();
            assert!(arrival.as_mut().poll(&mut cx).is_ready());
        }
        sender.unbounded_send(Command::Step).unwrap();
        let next = |inbox: &mut Inbox, wait| block_on(inbox.next(wait));
        assert_eq!(next(&mut inbox, false), Some(Command::Pause));
        assert_eq!(next(&mut inbox, true), Some(Command::Step));
        assert_eq!(next(&mut inbox, false), None);
        drop(sender);
        assert_eq!(next(&mut inbox, false), None);
        assert_eq!(next(&mut inbox, true), Some(Command::Resume), "a run that nobody can resume goes on");
        assert_eq!(block_on(inbox.start()), None);
    }
}
