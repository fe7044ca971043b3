//! The pool of threads that twins, texts and the compilation of kernels share. [`start`] makes it before anybody uses it.
//!
//! rayon starts its pool at its first use. If the system refuses a thread then, rayon panics, and no second attempt is possible. So
//! the threads are started here, and rayon gets as many as there are.

/// The pool of this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pool {
    pub threads: usize,
    /// How many were asked for. The system may have given fewer.
    pub wanted: usize,
}

#[cfg(not(target_arch = "wasm32"))]
mod native {
    use super::Pool;
    use crate::{Error, Result};
    use std::io;
    use std::sync::{OnceLock, mpsc};
    use std::thread::Builder;

    /// Starts the pool with `wanted` threads, or with one for each processor. The first call decides for the whole process.
    ///
    /// # Errors
    /// The system gives no thread at all.
    pub fn start(wanted: Option<usize>) -> Result<Pool> {
        static POOL: OnceLock<std::result::Result<usize, String>> = OnceLock::new();
        match POOL.get_or_init(|| begin(wanted.unwrap_or_else(usual)).map_err(|e| e.to_string())) {
            Ok(wanted) => Ok(Pool { threads: rayon::current_num_threads(), wanted: *wanted }),
            Err(detail) => Err(Error::failed("no-threads").with("detail", detail)),
        }
    }

    /// What rayon itself would choose.
    fn usual() -> usize {
        let set = std::env::var("RAYON_NUM_THREADS").ok().and_then(|set| set.parse().ok()).filter(|count| *count > 0);
        set.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
    }

    fn begin(wanted: usize) -> io::Result<usize> {
        let spawn = |number, work: Work| Builder::new().name(format!("pool-{number}")).spawn(work).map(drop);
        let mut waiting = started(wanted, spawn)?;
        let threads = waiting.len();
        let hand_over = move |thread| {
            let free = waiting.pop().ok_or_else(|| io::Error::other("the pool asks for more threads than wait"))?;
            free.send(thread).map_err(|_| io::Error::other("a thread of the pool has ended"))
        };
        // An error means that there is a pool already, because somebody used it before this call. Then that pool serves, and the
        // threads that wait here end.
        rayon::ThreadPoolBuilder::new().num_threads(threads).spawn_handler(hand_over).build_global().ok();
        Ok(wanted)
    }

    type Work = Box<dyn FnOnce() + Send>;

    /// Starts threads that wait for their place in the pool: as many as wanted, or as many as there are.
    fn started(
        wanted: usize,
        mut spawn: impl FnMut(usize, Work) -> io::Result<()>,
    ) -> io::Result<Vec<mpsc::Sender<rayon::ThreadBuilder>>> {
        let mut waiting = Vec::with_capacity(wanted);
        for number in 0..wanted {
            let (give, take) = mpsc::channel::<rayon::ThreadBuilder>();
            let work = move || {
                if let Ok(thread) = take.recv() {
                    thread.run();
                }
            };
            match spawn(number, Box::new(work)) {
                Ok(()) => waiting.push(give),
                Err(error) if waiting.is_empty() => return Err(error),
                Err(_) => break,
            }
        }
        Ok(waiting)
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        fn refused() -> io::Error {
            io::Error::from(io::ErrorKind::WouldBlock)
        }

        #[test]
        fn as_many_threads_are_taken_as_there_are() {
            for (there, wanted, got) in [(0, 4, None), (1, 4, Some(1)), (3, 4, Some(3)), (9, 4, Some(4)), (0, 1, None)]
            {
                let mut left = there;
                let begun = started(wanted, |_, _| {
                    if left == 0 {
                        return Err(refused());
                    }
                    left -= 1;
                    Ok(())
                });
                assert_eq!(begun.ok().map(|waiting| waiting.len()), got, "{there} of {wanted}");
            }
        }

        #[test]
        fn the_pool_is_started_once_and_works() {
            let first = start(None).unwrap();
            assert!(first.threads > 0);
            // Whoever comes later gets the same pool, whatever they ask for.
            assert_eq!(start(Some(first.wanted + 5)).unwrap(), first);
            let (a, b) = rayon::join(|| 1, || 2);
            assert_eq!(a + b, 3);
        }
    }
}

#[cfg(target_arch = "wasm32")]
mod browser {
    use super::Pool;
    use crate::Result;

    /// There is one thread, whatever is asked.
    #[allow(clippy::unnecessary_wraps, reason = "the same signature as the native one, which starts threads")]
    pub fn start(_wanted: Option<usize>) -> Result<Pool> {
        Ok(Pool { threads: 1, wanted: 1 })
    }
}

#[cfg(target_arch = "wasm32")]
pub use browser::start;
#[cfg(not(target_arch = "wasm32"))]
pub use native::start;
