//! Maps buffers for the processor. A mapping is requested at once, and awaited only when the work that uses the buffer is done.

use super::device::Gpu;
use super::wait::Done;
use futures_channel::oneshot;
use web_time::Instant;

/// A buffer on its way to being mapped.
pub struct Mapping {
    mapped: oneshot::Receiver<bool>,
    done: Done,
    /// Whether the submission is known to be done, and since when.
    executed: Option<Option<Instant>>,
}

impl Mapping {
    /// Maps the whole of `buffer` once `submission`, which uses it, has been executed.
    pub fn new(buffer: &wgpu::Buffer, mode: wgpu::MapMode, gpu: &Gpu, submission: &wgpu::SubmissionIndex) -> Self {
        let (sender, mapped) = oneshot::channel();
        // The mapping comes before the wait, because natively the wait's poll carries the mapping out.
        buffer.map_async(mode, .., move |result| {
            sender.send(result.is_ok()).ok();
        });
        Self { mapped, done: gpu.after(submission.clone()), executed: None }
    }

    /// Resolves when the buffer is mapped, with the time at which the submission had been executed; with none if the device was
    /// lost.
    pub async fn ready(self) -> Option<Instant> {
        // A lost device's mapping never comes, so it is awaited only once its submission is known to be done.
        let executed = match self.executed {
            Some(executed) => executed,
            None => self.done.await.ok(),
        }?;
        self.mapped.await.unwrap_or(false).then_some(executed)
    }

    /// Whether [`Mapping::ready`] would resolve (almost) at once.
    pub fn arrived(&mut self) -> bool {
        if self.executed.is_none() {
            self.executed = match self.done.try_recv() {
                Ok(None) => None,
                Ok(Some(executed)) => Some(Some(executed)),
                Err(oneshot::Canceled) => Some(None),
            };
        }
        self.executed.is_some()
    }
}
