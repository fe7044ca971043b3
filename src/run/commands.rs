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
    /// Runs that were asked for while another one was under way.
    waiting: VecDeque<Request>,
}

impl Inbox {
    pub fn new(receiver: UnboundedReceiver<Command>) -> Self {
        Self { receiver, heard: VecDeque::new(), waiting: VecDeque::new() }
    }

    /// Whether a stop has come. Other commands wait in their order. While a run is being prepared, it obeys nothing but a stop.
    pub fn stop_is_heard(&mut self) -> bool {
        self.hear();
        self.heard.iter().any(Command::ends)
    }

    /// Whether the run must end at once, whatever else was asked before.
    pub fn quit_is_heard(&mut self) -> bool {
        self.hear();
        self.heard.contains(&Command::Quit)
    }

    fn hear(&mut self) {
        while let Ok(command) = self.receiver.try_recv() {
            self.heard.push_back(command);
        }
    }

    /// Drops the commands that came for a run that has ended, so that a second stop does not end the next run. Requests for other
    /// runs stay.
    pub fn forget(&mut self) {
        self.hear();
        for command in self.heard.drain(..) {
            if let Command::Start(request) = command {
                self.waiting.push_back(*request);
            }
        }
    }

    /// The next command for the run that is under way. Without `wait` it returns only a command that has already come.
    /// A request for another run waits until this one has ended.
    pub async fn next(&mut self, wait: bool) -> Option<Command> {
        loop {
            let command = match self.heard.pop_front() {
                Some(command) => command,
                None if !wait => self.receiver.try_recv().ok()?,
                None => {
                    let command = std::future::poll_fn(|cx| poll_next(cx, &mut self.receiver)).await;
                    // If nobody is left who could resume a paused run, it resumes.
                    command.unwrap_or(Command::Resume)
                }
            };
            match command {
                Command::Start(request) => self.waiting.push_back(*request),
                command => return Some(command),
            }
        }
    }

    /// The request for the next run; none if nobody is left to ask, or if a stop comes. Other commands are ignored until then.
    pub async fn start(&mut self) -> Option<Request> {
        if let Some(request) = self.waiting.pop_front() {
            return Some(request);
        }
        loop {
            let command = match self.heard.pop_front() {
                Some(command) => command,
                None => std::future::poll_fn(|cx| poll_next(cx, &mut self.receiver)).await?,
            };
            match command {
                Command::Start(request) => return Some(*request),
                command if command.ends() => return None,
                _ => {}
            }
        }
    }

    /// The next command for a run that is not training; none if nobody is left to ask, or if a stop comes.
    pub async fn question(&mut self) -> Option<Command> {
        let command = match self.heard.pop_front() {
            Some(command) => command,
            None => std::future::poll_fn(|cx| poll_next(cx, &mut self.receiver)).await?,
        };
        (!command.ends()).then_some(command)
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
    fn a_run_asked_for_during_another_waits_and_stops_for_the_first_do_not_end_it() {
        let (sender, receiver) = mpsc::unbounded();
        let mut inbox = Inbox::new(receiver);
        let send = |command| sender.unbounded_send(command).unwrap();
        let start = |out: &str| Command::Start(Box::new(Request { out: Some(out.into()), ..Request::default() }));
        send(start("second"));
        send(Command::Pause);
        assert_eq!(block_on(inbox.next(false)), Some(Command::Pause), "no command for the run that is under way");
        [Command::Stop, Command::Stop, start("third"), Command::Pause].into_iter().for_each(send);
        assert_eq!(block_on(inbox.next(false)), Some(Command::Stop));
        inbox.forget();
        let mut next = || block_on(inbox.start()).and_then(|request| request.out);
        assert_eq!([next(), next()], ["second", "third"].map(|out| Some(out.to_owned())));
        send(Command::Stop);
        assert_eq!(next(), None, "a stop between two runs ends the service");
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
