//! Shares a twin's rows among threads and vectorises its loops. No other file of the room knows the platform. Natively it uses
//! rayon and the widest vectors that the processor has (pulp chooses them at run time); in the browser it uses one thread.

/// Mutable rows that can be cut in two at a row: a slice with its row length, or several such side by side.
pub trait Rows: Send + Sized {
    fn split(self, row: usize) -> (Self, Self);
}

/// A slice seen as rows of `width` elements.
pub struct RowsMut<'a, T>(pub &'a mut [T], pub usize);

impl<T: Send> Rows for RowsMut<'_, T> {
    fn split(self, row: usize) -> (Self, Self) {
        let (head, tail) = self.0.split_at_mut(row * self.1);
        (RowsMut(head, self.1), RowsMut(tail, self.1))
    }
}

impl<A: Rows, B: Rows> Rows for (A, B) {
    fn split(self, row: usize) -> (Self, Self) {
        let ((a0, a1), (b0, b1)) = (self.0.split(row), self.1.split(row));
        ((a0, b0), (a1, b1))
    }
}

impl<A: Rows, B: Rows, C: Rows> Rows for (A, B, C) {
    fn split(self, row: usize) -> (Self, Self) {
        let ((a0, a1), (b0, b1), (c0, c1)) = (self.0.split(row), self.1.split(row), self.2.split(row));
        ((a0, b0, c0), (a1, b1, c1))
    }
}

impl<A: Rows, B: Rows, C: Rows, D: Rows> Rows for (A, B, C, D) {
    fn split(self, row: usize) -> (Self, Self) {
        let ((ab0, ab1), (cd0, cd1)) = ((self.0, self.1).split(row), (self.2, self.3).split(row));
        ((ab0.0, ab0.1, cd0.0, cd0.1), (ab1.0, ab1.1, cd1.0, cd1.1))
    }
}

/// Work (about one f32 operation each) below which a second thread costs more than it brings.
const WORK_MIN: usize = 16 * 1024;

/// `f(first_row, rows, count)` over contiguous blocks that cover all `count` rows, each on some thread; `work` per row.
/// Write `#[inline(always)]` before a closure that computes: only what is inlined here is compiled for the processor's vectors.
pub fn rows<R: Rows>(count: usize, work: usize, all: R, f: impl Fn(usize, R, usize) + Sync) {
    let parts = threads().min(count).min((count * work).div_ceil(WORK_MIN)).max(1);
    halve(0, count, parts, all, &f);
}

fn halve<R: Rows>(first: usize, count: usize, parts: usize, all: R, f: &(impl Fn(usize, R, usize) + Sync)) {
    if parts <= 1 || count <= 1 {
        return simd(
            #[inline(always)]
            || f(first, all, count),
        );
    }
    let left = count * (parts / 2) / parts;
    let (head, tail) = all.split(left);
    join(|| halve(first, left, parts / 2, head, f), || halve(first + left, count - left, parts - parts / 2, tail, f));
}

/// Runs `f` compiled for the vectors of this processor. `f`, and all it calls that should be fast, must be `#[inline(always)]`.
#[inline(always)]
pub fn simd<T>(f: impl FnOnce() -> T) -> T {
    struct Run<F>(F);
    impl<T, F: FnOnce() -> T> pulp::NullaryFnOnce for Run<F> {
        type Output = T;
        #[inline(always)]
        fn call(self) -> T {
            (self.0)()
        }
    }
    pulp::Arch::new().dispatch(Run(f))
}

#[cfg(not(target_arch = "wasm32"))]
mod platform {
    /// Threads the twins use.
    pub fn threads() -> usize {
        rayon::current_num_threads()
    }

    pub fn join(a: impl FnOnce() + Send, b: impl FnOnce() + Send) {
        rayon::join(a, b);
    }

    /// Runs `f` on a thread of the pool, where sharing work needs no hand-over.
    pub fn within<T: Send>(f: impl FnOnce() -> T + Send) -> T {
        rayon::scope(|_| f())
    }
}

#[cfg(target_arch = "wasm32")]
mod platform {
    /// Threads the twins use.
    pub fn threads() -> usize {
        1
    }

    pub fn join(a: impl FnOnce(), b: impl FnOnce()) {
        a();
        b();
    }

    /// There is only this thread.
    pub fn within<T>(f: impl FnOnce() -> T) -> T {
        f()
    }
}

/// The processor's vectors, as far as they decide the last bits of sums: `x86_64 avx2 fma`.
pub fn vectors() -> String {
    #[cfg(target_arch = "x86_64")]
    let there = [
        ("avx2", std::arch::is_x86_feature_detected!("avx2")),
        ("fma", std::arch::is_x86_feature_detected!("fma")),
        ("avx512f", std::arch::is_x86_feature_detected!("avx512f")),
    ];
    // Everywhere else an architecture has one set of them.
    #[cfg(not(target_arch = "x86_64"))]
    let there: [(&str, bool); 0] = [];
    there
        .iter()
        .filter(|(_, there)| *there)
        .fold(std::env::consts::ARCH.to_owned(), |text, (name, _)| text + " " + name)
}

use platform::join;
pub use platform::{threads, within};
