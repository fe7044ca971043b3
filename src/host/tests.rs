//! Runs on the memory host whose store refuses to write, as a full disk does: the run goes on, nothing is lost that memory can hold,
//! and what is lost is reported.

use super::memory::Memory;
use super::rehearsal::{request, stories};
use crate::error::Result;
use crate::message::{Fact, Message};
use crate::run;
use crate::train::checkpoint::State;
use crate::train::event::{Command, Event, Phase, Request, WarningKind};
use crate::view::{Lang, words};
use futures_channel::mpsc::{UnboundedSender, unbounded};
use std::cell::Cell;
use std::rc::Rc;

const STEPS: u64 = 30;

/// A short run with these settings changed.
fn short(set: &[&str]) -> Request {
    let mut request = Request { steps: Some(STEPS), ..request("run") };
    request.set.retain(|setting| !setting.starts_with("eval_every") && !setting.starts_with("batch"));
    request.set.extend(["eval_every=1000", "batch=2"].iter().chain(set).map(|setting| (*setting).to_owned()));
    request
}

fn memory() -> Memory {
    let memory = Memory::default();
    memory.add_text("stories", stories().unwrap());
    memory
}

/// Trains on `memory`; `hear` hears every event and may send commands.
fn trained(
    memory: &Memory,
    request: Request,
    mut hear: impl FnMut(&Event, &UnboundedSender<Command>),
) -> (Vec<Event>, Result<()>) {
    let (commands, received) = unbounded();
    let mut events = Vec::new();
    let mut host = memory.clone();
    let mut sink = |event: &Event| {
        hear(event, &commands);
        events.push(event.clone());
        Ok(())
    };
    let result = pollster::block_on(run::train(&mut host, request, received, &mut sink));
    (events, result)
}

fn named(what: &Message, code: &str) -> bool {
    what.code == code
}

/// The kinds and parts of a run's warnings about what it could not write.
fn warned(events: &[Event]) -> Vec<(WarningKind, String)> {
    let of = |event: &Event| match event {
        Event::Warning(warning) => match (warning.kind, warning.message.facts.get("what")) {
            (kind, Some(Fact::Message(what))) => Some((kind, what.code.to_string())),
            (WarningKind::CheckpointNotWritten, None) => Some((warning.kind, warning.message.code.to_string())),
            _ => None,
        },
        _ => None,
    };
    events.iter().filter_map(of).collect()
}

fn steps(events: &[Event]) -> Vec<u64> {
    events.iter().filter_map(|event| if let Event::Step(step) = event { Some(step.step) } else { None }).collect()
}

/// Weights and moments after the last step.
fn tensors(memory: &Memory) -> [Vec<u8>; 2] {
    let files = memory.run("run").unwrap().checkpoints[&STEPS].clone();
    ["optimizer.safetensors", "discriminator/model.safetensors"].map(|name| files[name].clone())
}

fn state(memory: &Memory, step: u64) -> State {
    let files = memory.run("run").unwrap().checkpoints[&step].clone();
    crate::train::checkpoint::parse_state(&files["state.json"]).unwrap().0
}

/// Refuses `code` from the event of step `from` until that of step `to`.
fn refused_between(
    memory: &Memory,
    code: &'static str,
    from: u64,
    to: u64,
) -> impl FnMut(&Event, &UnboundedSender<Command>) {
    let refused = Rc::new(Cell::new(false));
    let now = Rc::clone(&refused);
    memory.refuse_when(move |what| now.get() && named(what, code));
    move |event, _| {
        if let Event::Step(step) = event {
            refused.set((from..to).contains(&step.step));
        }
    }
}

#[test]
fn a_log_that_cannot_be_written_for_a_while_has_no_gap_and_the_run_is_the_same() {
    let undisturbed = memory();
    trained(&undisturbed, short(&[]), |_, _| {}).1.unwrap();
    let refused = memory();
    let hear = refused_between(&refused, "record-events", 5, 21);
    let (events, result) = trained(&refused, short(&[]), hear);
    result.unwrap();
    let part = "record-events".to_owned();
    assert_eq!(warned(&events), [(WarningKind::NotWritten, part.clone()), (WarningKind::WrittenAgain, part)]);
    let kept = [&undisturbed, &refused].map(|memory| memory.run("run").unwrap());
    for run in &kept {
        assert_eq!(steps(&run.events), (1..=STEPS).collect::<Vec<_>>());
    }
    assert!(tensors(&undisturbed) == tensors(&refused));
}

#[test]
fn the_other_tools_numbers_do_not_hold_the_log() {
    let memory = memory();
    memory.refuse_when(|what| named(what, "record-numbers"));
    let (events, result) = trained(&memory, short(&[]), |_, _| {});
    let error = result.unwrap_err();
    assert_eq!(error.code(), "run-not-all-written");
    let said = words::error(&error, Lang::En);
    assert!(said.contains("TensorBoard lacks 3") && said.contains("the checkpoint of step 30 is safe"), "{said}");
    assert_eq!(warned(&events), [(WarningKind::NotWritten, "record-numbers".to_owned())]);
    assert_eq!(steps(&memory.run("run").unwrap().events).len() as u64, STEPS);
}

#[test]
fn a_report_that_cannot_be_written_is_told_after_everything_else_is_kept() {
    let memory = memory();
    memory.refuse_when(|what| named(what, "record-report"));
    let (events, result) = trained(&memory, short(&[]), |_, _| {});
    assert!(words::error(&result.unwrap_err(), Lang::Pt).contains("o relatório não foi escrito"));
    assert!(matches!(events.last(), Some(Event::Finished(_))));
    assert!(memory.run("run").unwrap().checkpoints.contains_key(&STEPS));
}

#[test]
fn the_steps_that_no_checkpoint_could_keep_are_named() {
    let memory = memory();
    let hear = refused_between(&memory, "record-checkpoint", 15, 1000);
    let (events, result) = trained(&memory, short(&["checkpoint_every=10"]), hear);
    let error = result.unwrap_err();
    let fact = |name: &str| error.message.facts.get(name).cloned();
    assert_eq!((error.code(), fact("first"), fact("last")), ("steps-lost", Some(11_u64.into()), Some(STEPS.into())));
    assert!(words::error(&error, Lang::En).contains("steps 11 to 30 are lost; the checkpoint of step 10 is safe"));
    assert_eq!(warned(&events).len(), 1, "the checkpoint of step 20");
    let Some(Event::Failed(failure)) = events.last() else { panic!("{:?}", events.last()) };
    assert_eq!(failure.checkpoint.as_ref().map(|saved| saved.step), Some(10));
    // Nothing was ever kept.
    let bare = self::memory();
    bare.refuse_when(|what| named(what, "record-checkpoint"));
    let error = trained(&bare, short(&[]), |_, _| {}).1.unwrap_err();
    let said = words::error(&error, Lang::En);
    assert!(said.contains("steps 1 to 30 are lost; there is no checkpoint yet"), "{said}");
}

#[test]
fn a_run_that_somebody_watches_waits_for_room_at_its_end() {
    let patient = || Request { patient: true, ..short(&[]) };
    let roomy = memory();
    let left = Cell::new(1);
    roomy.refuse_when(move |what| named(what, "record-checkpoint") && left.replace(left.get() - 1) > 0);
    let (events, result) = trained(&roomy, patient(), |_, _| {});
    result.unwrap();
    let waits = (WarningKind::CheckpointNotWritten, "checkpoint-waits-for-room".to_owned());
    assert_eq!(warned(&events), std::slice::from_ref(&waits));
    assert!(roomy.run("run").unwrap().checkpoints.contains_key(&STEPS));
    // A person gives up, or the machine shuts down.
    for command in [Command::Stop, Command::Quit] {
        let full = memory();
        full.refuse_when(|what| named(what, "record-checkpoint"));
        let (events, result) = trained(&full, patient(), |event, commands| {
            if matches!(event, Event::Warning(warning) if warning.kind == WarningKind::CheckpointNotWritten) {
                commands.unbounded_send(command.clone()).unwrap();
            }
        });
        assert_eq!((result.unwrap_err().code(), warned(&events)), ("steps-lost", vec![waits.clone()]));
    }
}

#[test]
fn a_quit_keeps_the_last_whole_step_and_does_nothing_else() {
    let whole = memory();
    trained(&whole, short(&[]), |_, _| {}).1.unwrap();
    // At the first step, between two readouts, while a checkpoint is due, in the middle of an evaluation, and after the last step.
    for (at, set) in [(1, ""), (7, "eval_every=5"), (10, "checkpoint_every=10"), (12, "eval_every=12"), (30, "")] {
        let memory = memory();
        let set: Vec<&str> = set.split_whitespace().collect();
        let evaluates = |event: &Event| matches!(event, Event::State(state) if state.phase == Phase::Evaluating);
        let (events, result) = trained(&memory, short(&set), |event, commands| {
            let now = if at == 12 { evaluates(event) } else { matches!(event, Event::Step(_)) };
            if now && event.step() == Some(at) {
                // What was asked before does not delay it.
                commands.unbounded_send(Command::Evaluate).unwrap();
                commands.unbounded_send(Command::Measure).unwrap();
                commands.unbounded_send(Command::Quit).unwrap();
            }
        });
        result.unwrap();
        let Some(Event::Finished(finished)) = events.last() else { panic!("{:?}", events.last()) };
        let kept = state(&memory, finished.step);
        assert_eq!((kept.step, kept.planned_steps), (finished.step, STEPS));
        assert!((at..=at + 1).contains(&finished.step), "asked at {at}, ended at {}", finished.step);
        let after = events.iter().skip_while(|event| event.step() != Some(at));
        assert_eq!(after.filter(|event| matches!(event, Event::Eval(_))).count(), 0, "no evaluation after the quit");
        if finished.step == STEPS {
            continue;
        }
        let again = Request {
            resume: true,
            preset: None,
            set: Vec::new(),
            steps: None,
            seed: None,
            corpus: Vec::new(),
            ..short(&[])
        };
        trained(&memory, again, |_, _| {}).1.unwrap();
        assert!(tensors(&memory) == tensors(&whole), "resumed after {at}: the bytes differ");
    }
}

#[test]
fn a_stop_keeps_first_and_measures_then_unless_it_is_asked_again() {
    let order = |events: &[Event]| -> Vec<&'static str> {
        let name = |event: &Event| match event {
            Event::Checkpoint { .. } => Some("checkpoint"),
            Event::Eval(_) => Some("eval"),
            Event::Finished(_) => Some("finished"),
            _ => None,
        };
        events.iter().filter_map(name).collect()
    };
    for (again, want) in [(false, &["checkpoint", "eval", "finished"][..]), (true, &["checkpoint", "finished"])] {
        let memory = memory();
        let (events, result) = trained(&memory, short(&[]), |event, commands| match event {
            Event::Step(step) if step.step == 8 => commands.unbounded_send(Command::Stop).unwrap(),
            Event::Checkpoint { .. } if again => commands.unbounded_send(Command::Stop).unwrap(),
            _ => {}
        });
        result.unwrap();
        assert_eq!(order(&events), want);
    }
}

#[test]
fn a_configuration_that_cannot_be_written_is_written_with_the_next_checkpoint() {
    let memory = memory();
    let asked = Cell::new(0);
    // The first is that of the new run; the second has the steps that `--minutes` became.
    memory.refuse_when(move |what| named(what, "record-configuration") && asked.replace(asked.get() + 1) == 1);
    let request = Request { minutes: Some(0.02), steps: None, ..short(&[]) };
    let (events, result) = trained(&memory, request, |_, _| {});
    result.unwrap();
    let part = "record-configuration".to_owned();
    assert_eq!(warned(&events), [(WarningKind::NotWritten, part.clone()), (WarningKind::WrittenAgain, part)]);
    let run = memory.run("run").unwrap();
    let planned = *run.checkpoints.keys().last().unwrap();
    assert!(run.config.lines().any(|line| line == format!("steps = {planned}")), "{planned}: {}", run.config);
}
