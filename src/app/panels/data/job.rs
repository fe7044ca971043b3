//! Does slow work on a thread of its own. A frame only asks how far the work is.
//! closure -> [`Job`] -> progress, then one result.

use crate::{Error, Result};
use egui::Context;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How far a job is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Progress {
    /// 0 to 1, if it is known.
    pub share: Option<f32>,
}

/// Passes on how far the work is while it runs.
#[derive(Clone)]
pub struct Reporter {
    progress: Arc<Mutex<Progress>>,
    pub stop: Arc<AtomicBool>,
    ctx: Context,
}

impl Reporter {
    pub fn share(&self, share: Option<f32>) {
        *self.progress.lock().unwrap_or_else(PoisonError::into_inner) = Progress { share };
        // The window draws new data at most this often.
        self.ctx.request_repaint_after(Duration::from_millis(50));
    }
}

/// Work under way. If a job is dropped, nobody gets its result.
pub struct Job<T> {
    reporter: Reporter,
    done: Receiver<Result<T>>,
}

impl<T: Send + 'static> Job<T> {
    pub fn start(ctx: &Context, work: impl FnOnce(&Reporter) -> Result<T> + Send + 'static) -> Self {
        let (send, done) = mpsc::channel();
        let reporter = Reporter { progress: Arc::default(), stop: Arc::default(), ctx: ctx.clone() };
        let told = reporter.clone();
        let run = move || {
            // If the receiver is gone, nobody wants the result any more.
            send.send(work(&told)).ok();
            told.ctx.request_repaint();
        };
        // If the system refuses a thread, the sender is dropped with the closure, and the next poll says so.
        std::thread::Builder::new().name("work".to_owned()).spawn(run).ok();
        Self { reporter, done }
    }

    /// Gives its result, once.
    pub fn poll(&self) -> Option<Result<T>> {
        match self.done.try_recv() {
            Ok(result) => Some(result),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(Err(Error::failed("work-ended"))),
        }
    }

    pub fn progress(&self) -> Progress {
        self.reporter.progress.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Asks the work to end. It does so when it next looks.
    pub fn stop(&self) {
        self.reporter.stop.store(true, Ordering::Relaxed);
    }
}

/// The result of a job that is done; the job is removed then.
pub fn finished<T: Send + 'static>(job: &mut Option<Job<T>>) -> Option<Result<T>> {
    let result = job.as_ref()?.poll()?;
    *job = None;
    Some(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait<T: Send + 'static>(job: &Job<T>) -> Result<T> {
        loop {
            if let Some(result) = job.poll() {
                return result;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn a_job_tells_how_far_it_is_and_its_result_once() {
        let ctx = Context::default();
        let (go, gone) = mpsc::channel::<()>();
        let job = Job::start(&ctx, move |reporter| {
            reporter.share(Some(0.5));
            gone.recv().ok();
            Ok(reporter.stop.load(Ordering::Relaxed))
        });
        while job.progress().share.is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        assert!(job.poll().is_none());
        job.stop();
        go.send(()).unwrap();
        assert!(wait(&job).unwrap(), "it was told to stop");
    }

    #[test]
    fn work_that_dies_is_an_error_and_not_a_wait_for_ever() {
        let job: Job<()> = Job::start(&Context::default(), |_| Err(Error::failed("no-such-run")));
        assert!(wait(&job).unwrap_err().to_string().contains("no-such-run"));
        let job: Job<()> = Job::start(&Context::default(), |_| {
            std::panic::resume_unwind(Box::new("quietly"));
        });
        assert!(wait(&job).unwrap_err().to_string().contains("work-ended"));
    }
}
