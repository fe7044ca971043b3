//! Waits for the device without blocking the caller. Only this file differs between native and browser.
//!
//! In a browser the event loop calls back. Natively a driver calls back only while somebody polls, so a thread blocks in
//! `Device::poll` and completes the futures. wgpu keeps the callbacks of a lost device for ever, so the thread answers them itself.

use futures_channel::oneshot;
use web_time::Instant;

/// The time at which a submission had been executed, or nothing if the device was lost before.
pub type Done = oneshot::Receiver<Instant>;

#[cfg(not(target_arch = "wasm32"))]
mod native {
    use super::{Done, Instant, oneshot};
    use crate::{Error, Result};
    use std::sync::{Arc, mpsc};
    use std::thread::JoinHandle;

    type Request = (wgpu::SubmissionIndex, oneshot::Sender<Instant>);

    #[derive(Clone)]
    pub struct Waiter(Arc<Server>);

    struct Server {
        requests: Option<mpsc::Sender<Request>>,
        thread: Option<JoinHandle<()>>,
    }

    impl Drop for Server {
        /// Ends the thread and waits for it: a driver whose device is still polled while the process ends may crash.
        fn drop(&mut self) {
            drop(self.requests.take());
            if let Some(thread) = self.thread.take() {
                // The thread panics only if wgpu did, and that was reported then.
                thread.join().ok();
            }
        }
    }

    impl Waiter {
        pub fn new(device: &wgpu::Device) -> Result<Self> {
            let (requests, inbox) = mpsc::channel::<Request>();
            let device = device.clone();
            let thread = std::thread::Builder::new()
                .name("gpu-wait".into())
                .spawn(move || serve(&device, &inbox))
                .map_err(|e| Error::failed("no-thread-for-gpu").with("detail", e.to_string()))?;
            Ok(Self(Arc::new(Server { requests: Some(requests), thread: Some(thread) })))
        }

        pub fn after(&self, _queue: &wgpu::Queue, submission: wgpu::SubmissionIndex) -> Done {
            let (done, receiver) = oneshot::channel();
            // If the thread is gone, the sender that was just moved is gone too, and the receiver reports it.
            if let Some(requests) = &self.0.requests {
                requests.send((submission, done)).ok();
            }
            receiver
        }
    }

    fn serve(device: &wgpu::Device, inbox: &mpsc::Receiver<Request>) {
        while let Ok((submission, done)) = inbox.recv() {
            let wait = wgpu::PollType::Wait { submission_index: Some(submission), timeout: None };
            if device.poll(wait).is_ok() {
                done.send(Instant::now()).ok();
            }
        }
    }
}

#[cfg(target_arch = "wasm32")]
mod browser {
    use super::{Done, Instant, oneshot};
    use crate::Result;

    #[derive(Clone)]
    pub struct Waiter;

    impl Waiter {
        #[allow(clippy::unnecessary_wraps, reason = "the same signature as the native one, which starts a thread")]
        pub fn new(_device: &wgpu::Device) -> Result<Self> {
            Ok(Self)
        }

        #[allow(clippy::unused_self, reason = "the same signature as the native one")]
        pub fn after(&self, queue: &wgpu::Queue, _submission: wgpu::SubmissionIndex) -> Done {
            let (done, receiver) = oneshot::channel();
            queue.on_submitted_work_done(move || {
                done.send(Instant::now()).ok();
            });
            receiver
        }
    }
}

#[cfg(target_arch = "wasm32")]
pub use browser::Waiter;
#[cfg(not(target_arch = "wasm32"))]
pub use native::Waiter;
