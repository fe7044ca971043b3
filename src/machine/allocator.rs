//! The allocator of the program: the system's own. Where that one gives nothing, it ends the program with a sentence and status 1.
//!
//! Rust would end it by an abort: status 134, a core dump, and a sentence that helps nobody. Memory that a plan counts is compared
//! with the limits before any work ([`super::memory`]); what libraries take beside it is not known to the byte.
#![allow(unsafe_code, reason = "only such code can stand before the system's allocator; see SAFETY below")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::io::Write;
use std::sync::OnceLock;

/// What people read when memory ends. It is written beforehand, because nothing can be made then.
static LAST_WORDS: OnceLock<String> = OnceLock::new();

/// For an end before the language is known.
const WITHOUT_LANGUAGE: &str = "error: the system gives this program no more memory";

thread_local! {
    /// Whether this thread only asks how much there is, and can do without.
    static ASKS: Cell<bool> = const { Cell::new(false) };
}

/// Sets what people read when memory ends. Only the first call counts.
pub fn set_last_words(words: String) {
    LAST_WORDS.set(words).ok();
}

/// Runs `ask`. An allocation that fails in it returns nothing, as the caller expects.
pub(super) fn asking<T>(ask: impl FnOnce() -> T) -> T {
    ASKS.set(true);
    let answer = ask();
    ASKS.set(false);
    answer
}

/// The allocator that the program names as its global one.
pub struct Allocator;

// SAFETY: every function passes to the system's allocator what it was given, and returns what that one returned.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the contract of this function, which is that of the system's.
        given(unsafe { System.alloc(layout) })
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        given(unsafe { System.alloc_zeroed(layout) })
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        // SAFETY: as above; `memory` came from the system's allocator, because every other function asks it too.
        given(unsafe { System.realloc(memory, layout, bytes) })
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[inline]
fn given(memory: *mut u8) -> *mut u8 {
    if memory.is_null() && !ASKS.get() {
        end();
    }
    memory
}

/// Nothing here may allocate. Standard error is not buffered.
#[cold]
fn end() -> ! {
    let words = LAST_WORDS.get().map_or(WITHOUT_LANGUAGE, String::as_str);
    let mut error = std::io::stderr();
    error.write_all(words.as_bytes()).and_then(|()| error.write_all(b"\n")).ok();
    exit()
}

/// Work that others registered for the end is left out: it would need memory.
#[cfg(unix)]
fn exit() -> ! {
    // SAFETY: it ends the process and touches no memory of ours.
    unsafe { libc::_exit(1) }
}

#[cfg(not(unix))]
fn exit() -> ! {
    std::process::exit(1)
}
