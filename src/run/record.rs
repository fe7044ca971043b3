//! Keeps a run's record whole although it cannot always be written: what a full disk refuses waits in memory, in order, until it can
//! be written.
//! event -> [`Record::append`] -> the store, later if need be; [`News`] when writing stops and when it begins again.

use super::host::{Part, Store};
use crate::Error;
use crate::message::Message;
use crate::train::event::{Event, News};
use std::collections::VecDeque;

/// The largest number of events of a part that memory holds. Most of them are steps, of less than a kilobyte each.
const WAITING_MAX: usize = 100_000;

/// The record of a run, as far as it is known to be written.
#[derive(Default)]
pub struct Record([Waiting; Part::ALL.len()]);

/// What a part of the record still lacks.
#[derive(Default)]
struct Waiting {
    events: VecDeque<Event>,
    /// How many events were dropped since the part was whole, because memory held no more.
    dropped: u64,
    /// Why it could not be written the last time.
    failed: Option<Error>,
}

impl Record {
    /// Writes an event into every part that it belongs to. What cannot be written waits.
    pub fn append(&mut self, store: &mut impl Store, event: &Event) -> Vec<News> {
        let Some(recorded) = event.recorded() else { return Vec::new() };
        let parts = Part::ALL.into_iter().zip(&mut self.0).filter(|(part, _)| part.holds(&recorded));
        parts.filter_map(|(part, waiting)| waiting.append(part, store, &recorded)).collect()
    }

    /// Tries again to write what waits. Returns what is missing all the same, in words, or none if the record is whole.
    pub fn finish(&mut self, store: &mut impl Store) -> Option<Message> {
        let parts = Part::ALL.into_iter().zip(&mut self.0);
        let lost: Vec<Message> = parts.filter_map(|(part, waiting)| waiting.finish(part, store)).collect();
        together(lost)
    }
}

impl Waiting {
    fn append(&mut self, part: Part, store: &mut impl Store, event: &Event) -> Option<News> {
        if self.events.is_empty() && self.failed.is_none() {
            let error = store.append(part, event).err()?;
            self.events.push_back(event.clone());
            let news = News::refused(part.words(), &error);
            self.failed = Some(error);
            return Some(news);
        }
        self.events.push_back(event.clone());
        if self.flush(part, store) {
            return Some(News::again(part.words(), std::mem::take(&mut self.dropped)));
        }
        (self.events.len() > WAITING_MAX).then(|| self.drop_one(part)).flatten()
    }

    /// Writes what waits. Returns whether all of it is written.
    fn flush(&mut self, part: Part, store: &mut impl Store) -> bool {
        while let Some(event) = self.events.front() {
            if let Err(error) = store.append(part, event) {
                self.failed = Some(error);
                return false;
            }
            self.events.pop_front();
        }
        self.failed = None;
        true
    }

    /// Drops the oldest step, because the events between the steps are rare and say more. It is reported once.
    fn drop_one(&mut self, part: Part) -> Option<News> {
        let oldest = self.events.iter().position(|event| matches!(event, Event::Step(_))).unwrap_or(0);
        self.events.remove(oldest);
        self.dropped += 1;
        (self.dropped == 1).then(|| News::more_than(WAITING_MAX, part.words()))
    }

    fn finish(&mut self, part: Part, store: &mut impl Store) -> Option<Message> {
        let whole = self.events.is_empty() || self.flush(part, store);
        let lost = self.dropped + self.events.len() as u64;
        if whole && lost == 0 {
            return None;
        }
        let error = self.failed.as_ref().map_or_else(|| Message::new("memory-was-full"), Message::from);
        Some(Message::new("record-lacks").with("what", part.words()).with("count", lost).with("error", error))
    }
}

/// Several losses as one message, each on its own line; none if there are none.
pub fn together(lost: impl IntoIterator<Item = Message>) -> Option<Message> {
    lost.into_iter().reduce(|first, second| Message::new("lost-both").with("first", first).with("second", second))
}

#[cfg(test)]
mod tests;
