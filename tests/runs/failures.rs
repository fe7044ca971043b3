//! Tests failures while a view is watching: the run says what to do and which checkpoint is safe, and it goes on where it can.

use crate::lab;
use crate::watched::{DESK, ENDLESS, Watched, numbers, options};
use electroscope::train::event::*;
use electroscope::view::{Lang, words};
use std::path::Path;

/// Makes it impossible for any user to write a checkpoint, by a file in the place of its folder. Or undoes that.
fn block(checkpoints: &Path) {
    std::fs::rename(checkpoints, checkpoints.with_extension("aside")).unwrap();
    std::fs::write(checkpoints, "in the way").unwrap();
}

fn unblock(checkpoints: &Path) {
    std::fs::remove_file(checkpoints).unwrap();
    std::fs::rename(checkpoints.with_extension("aside"), checkpoints).unwrap();
}

fn warning(kind: WarningKind) -> impl FnMut(&Event) -> Option<Warning> {
    move |event| match event {
        Event::Warning(warning) if warning.kind == kind => Some(warning.clone()),
        _ => None,
    }
}

#[test]
fn a_checkpoint_that_cannot_be_written_is_a_warning_and_the_next_is_tried() {
    let mut watched = Watched::start(options("blocked", ENDLESS));
    watched.steps_taken(3);
    watched.send(Command::Checkpoint);
    let saved = watched.wait(|event| if let Event::Checkpoint { step, .. } = event { Some(*step) } else { None });
    let checkpoints = DESK.path().join("blocked/checkpoints");
    block(&checkpoints);
    watched.send(Command::Checkpoint);
    let told = watched.wait(warning(WarningKind::CheckpointNotWritten));
    let [en, pt] = [Lang::En, Lang::Pt].map(|lang| words::text(&told.message, lang));
    assert!(en.contains(&format!("the checkpoint of step {saved} is safe")), "{en}");
    assert!(pt.contains(&format!("o ponto de controle do passo {saved} está a salvo")), "{pt}");
    watched.steps_taken(told.step + 5);
    unblock(&checkpoints);
    watched.send(Command::Checkpoint);
    let later = watched.wait(|event| if let Event::Checkpoint { step, .. } = event { Some(*step) } else { None });
    assert!(later > saved);
    // After the last step there is no next checkpoint. So the run fails, and says which checkpoint is safe.
    watched.steps_taken(later + 1);
    block(&checkpoints);
    watched.send(Command::Stop);
    let (events, result) = watched.end();
    assert!(result.is_err());
    let Some(Event::Failed(failure)) = events.last() else { panic!("{:?}", events.last()) };
    assert_eq!(failure.checkpoint.as_ref().map(|saved| saved.step), Some(later), "{failure:?}");
    assert_eq!(failure.kind, FailureKind::Other);
    assert!(failure.step > later && words::failure(failure, Lang::En).contains("was not written"), "{failure:?}");
    unblock(&checkpoints);
    assert!(checkpoints.join(format!("step-{later:09}/state.json")).is_file());
}

#[test]
fn a_corpus_that_is_deleted_is_told_once_and_training_goes_on() {
    let mut o = options("deleted", ENDLESS);
    let corpus = DESK.path().join("to-be-deleted.txt");
    std::fs::copy(DESK.path().join("corpus.txt"), &corpus).unwrap();
    o.corpus = vec![electroscope::host::native::name_of(&corpus)];
    let mut watched = Watched::start(o);
    watched.steps_taken(3);
    std::fs::remove_file(&corpus).unwrap();
    watched.send(Command::Checkpoint);
    let told = watched.wait(warning(WarningKind::CorpusGone));
    assert_eq!(told.message.code, "corpus-gone");
    assert!(words::text(&told.message, Lang::En).contains("to-be-deleted.txt"), "{}", told.message);
    watched.wait(|event| matches!(event, Event::Checkpoint { .. }).then_some(()));
    watched.steps_taken(told.step + 5);
    watched.send(Command::Checkpoint);
    watched.send(Command::Stop);
    let (events, result) = watched.end();
    result.unwrap();
    let told_again = events.iter().filter_map(warning(WarningKind::CorpusGone)).count();
    assert_eq!(told_again, 1);
    // A later attempt to resume it says what is missing.
    let mut resumed = options("deleted", &[]);
    (resumed.resume, resumed.corpus, resumed.preset, resumed.seed) = (true, Vec::new(), None, None);
    resumed.set = Vec::new();
    let (events, result) = Watched::start(resumed).end();
    assert!(result.is_err());
    let Some(Event::Failed(failure)) = events.last() else { panic!("{:?}", events.last()) };
    assert!(words::failure(failure, Lang::En).contains("to-be-deleted.txt"), "{failure:?}");
}

#[test]
fn numbers_that_leave_the_finite_end_the_run_with_a_reason_to_act_on() {
    let mut set = lab::with(ENDLESS, &["lr=1e30", "warmup=0", "checkpoint_every=1"]);
    set.retain(|setting| *setting != "checkpoint_every=1000000");
    let (events, result) = Watched::start(options("infinite", &set)).end();
    assert!(result.is_err());
    let Some(Event::Failed(failure)) = events.last() else { panic!("{:?}", events.last()) };
    assert_eq!(failure.kind, FailureKind::NonFinite, "{failure:?}");
    assert!(words::failure(failure, Lang::En).contains("--set lr=") && failure.checkpoint.is_some());
}

#[test]
fn a_lost_device_is_told_and_the_run_goes_on_elsewhere() {
    if crate::gpu("a_lost_device_is_told_and_the_run_goes_on_elsewhere").is_none() {
        return;
    }
    let mut o = options("lost", ENDLESS);
    o.device = "gpu".to_owned();
    let mut watched = Watched::start(o);
    watched.steps_taken(2);
    watched.send(Command::Checkpoint);
    let saved = watched.wait(|event| if let Event::Checkpoint { step, .. } = event { Some(*step) } else { None });
    watched.send(Command::Measure);
    let kernels = watched.wait(|event| if let Event::Kernels(k) = event { Some((**k).clone()) } else { None });
    println!("clock {:?}, roofs {:?}", kernels.clock, kernels.roofs);
    watched.send(Command::LoseDevice);
    let lost = watched.wait(|event| if let Event::DeviceLost(lost) = event { Some(lost.clone()) } else { None });
    assert_eq!((lost.kind, lost.checkpoint.map(|c| c.step)), (FailureKind::DeviceLost, Some(saved)));
    let (events, result) = watched.end();
    assert!(result.is_err());
    assert!(
        matches!(events.last(), Some(Event::Failed(f)) if f.kind == FailureKind::DeviceLost),
        "{:?}",
        events.last()
    );
    let mut resumed = options("lost", &[]);
    (resumed.resume, resumed.preset, resumed.seed, resumed.set) = (true, None, None, Vec::new());
    resumed.stop_after = Some(saved + 3);
    let (events, result) = Watched::start(resumed).end();
    result.unwrap();
    assert_eq!(numbers(&events).last().map(|step| step.step), Some(saved + 3));
}
