//! Tests the record with a store that refuses to write whenever a test says so.

use super::*;
use crate::Result;
use crate::config::Config;
use crate::run::host::{Ending, Kept};
use crate::train::checkpoint::Snapshot;
use crate::train::event::{Saved, StepMetrics};

/// What was written into each part, by step, and what is refused.
struct Disk {
    written: [Vec<u64>; 2],
    refuses: Box<dyn FnMut(Part) -> bool>,
}

impl Disk {
    fn new() -> Self {
        Self { written: Default::default(), refuses: Box::new(|_| false) }
    }

    fn refuses(&mut self, refuses: impl FnMut(Part) -> bool + 'static) {
        self.refuses = Box::new(refuses);
    }

    fn steps(&self, part: Part) -> &[u64] {
        &self.written[part as usize]
    }
}

impl Store for Disk {
    fn append(&mut self, part: Part, event: &Event) -> Result<()> {
        if (self.refuses)(part) {
            return Err(Error::failed("memory-refuses").with("what", part.words()));
        }
        self.written[part as usize].extend(event.step());
        Ok(())
    }

    fn name(&self) -> String {
        String::new()
    }

    fn begin_record(&mut self) -> Result<()> {
        Ok(())
    }

    fn events(&self) -> Result<Vec<Event>> {
        Ok(Vec::new())
    }

    fn write_config(&mut self, _: &Config) -> Result<()> {
        Ok(())
    }

    fn keep(&mut self, _: &Snapshot, _: usize) -> Result<Kept> {
        Err(Error::failed("memory-refuses"))
    }

    fn holds(&self, _: u64) -> bool {
        false
    }

    fn set_aside_after(&mut self, _: u64) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    fn next_steps(&self, _: Ending<'_>) -> Vec<String> {
        Vec::new()
    }

    fn close(&mut self) -> Result<()> {
        Ok(())
    }
}

fn step(step: u64) -> Event {
    Event::Step(Box::new(StepMetrics { step, ..StepMetrics::default() }))
}

/// The codes of what was reported while `steps` were recorded.
fn told(record: &mut Record, disk: &mut Disk, steps: impl Iterator<Item = u64>) -> Vec<(u64, String)> {
    let mut told = Vec::new();
    for n in steps {
        told.extend(record.append(disk, &step(n)).into_iter().map(|news| (n, news.message.code.into_owned())));
    }
    told
}

fn at(step: u64, code: &str) -> (u64, String) {
    (step, code.to_owned())
}

#[test]
fn what_was_refused_is_written_later_in_its_order_and_each_part_by_itself() {
    let (mut record, mut disk) = (Record::default(), Disk::new());
    assert_eq!(told(&mut record, &mut disk, 1..4), []);
    disk.refuses(|part| part == Part::Events);
    assert_eq!(told(&mut record, &mut disk, 4..7), [at(4, "not-written")]);
    assert_eq!((disk.steps(Part::Events), disk.steps(Part::Numbers)), (&[1, 2, 3][..], &[1, 2, 3, 4, 5, 6][..]));
    // Then the other way round: what waited for the one is written, and the other begins to wait.
    disk.refuses(|part| part == Part::Numbers);
    assert_eq!(told(&mut record, &mut disk, 7..9), [at(7, "written-again"), at(7, "not-written")]);
    disk.refuses(|_| false);
    assert_eq!(told(&mut record, &mut disk, 9..10), [at(9, "written-again")]);
    for part in Part::ALL {
        assert_eq!(disk.steps(part), (1..10).collect::<Vec<_>>(), "{part:?}");
    }
    assert!(record.finish(&mut disk).is_none());
}

#[test]
fn a_disk_that_fills_up_again_while_it_is_caught_up_loses_and_doubles_nothing() {
    let (mut record, mut disk) = (Record::default(), Disk::new());
    disk.refuses(|_| true);
    assert_eq!(told(&mut record, &mut disk, 1..6).len(), 2, "once for each part");
    // There is room for two more events, then for three, then for all.
    for room in [2, 3] {
        let mut left = room;
        disk.refuses(move |part| {
            left -= i32::from(part == Part::Events && left > 0);
            part == Part::Events && left == 0
        });
        assert!(
            told(&mut record, &mut disk, 5 + room as u64..6 + room as u64)
                .iter()
                .all(|(_, code)| code != "not-written")
        );
    }
    disk.refuses(|_| false);
    assert_eq!(told(&mut record, &mut disk, 9..10), [at(9, "written-again")]);
    assert_eq!(disk.steps(Part::Events), [1, 2, 3, 4, 5, 7, 8, 9]);
}

#[test]
fn memory_is_bounded_and_the_gap_is_told() {
    let (mut record, mut disk) = (Record::default(), Disk::new());
    disk.refuses(|part| part == Part::Events);
    let kept = Event::Checkpoint { step: 0, path: Saved { step: 0, path: String::new() }.path };
    record.append(&mut disk, &kept);
    let last = WAITING_MAX as u64 + 4;
    let news = told(&mut record, &mut disk, 1..last + 1);
    assert_eq!(news, [at(WAITING_MAX as u64, "memory-holds-no-more")], "it is told once");
    let lost = record.finish(&mut disk).expect("nothing was written");
    assert_eq!((&*lost.code, lost.facts.get("count")), ("record-lacks", Some(&(last + 1).into())));
    disk.refuses(|_| false);
    let news = record.append(&mut disk, &step(last + 1));
    assert_eq!(news[0].message.facts.get("count"), Some(&5_u64.into()), "{news:?}");
    // The oldest steps are gone. What is reported only once is kept.
    let written = disk.steps(Part::Events);
    assert_eq!((written[0], written[1], written.len()), (0, 6, WAITING_MAX + 1));
    assert_eq!(written.last(), Some(&(last + 1)));
}

#[test]
fn what_waits_at_the_end_is_tried_once_more() {
    for (refuses_at_the_end, missing) in [(false, None), (true, Some(2_u64))] {
        let (mut record, mut disk) = (Record::default(), Disk::new());
        disk.refuses(|part| part == Part::Numbers);
        told(&mut record, &mut disk, 1..3);
        disk.refuses(move |_| refuses_at_the_end);
        let lost = record.finish(&mut disk);
        assert_eq!(lost.as_ref().and_then(|lost| lost.facts.get("count")), missing.map(Into::into).as_ref());
        assert_eq!(disk.steps(Part::Numbers).len() as u64, 2 - missing.unwrap_or(0));
    }
}
