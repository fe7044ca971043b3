//! The names of files and folders that are being written, and are renamed when they are whole. They end in `.part` and hold the number
//! of the process that writes, so that what a dead process left can be told from what a living one writes.

use std::sync::atomic::{AtomicU64, Ordering};

const ENDING: &str = ".part";

/// The ending of a name, such as `4711-0.part`. No other process and no other thread gets the same one.
pub fn part_ending() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("{}-{}{ENDING}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// The process in a name such as `0f3a.tokens-4711-0.part` or `.partial-tokenizer-0f3a.4711-0.part`.
pub fn process_of_part(name: &str) -> Option<u32> {
    let (_, last) = name.strip_suffix(ENDING)?.rsplit_once('.')?;
    let mut numbers = last.split('-').skip_while(|part| part.parse::<u32>().is_err());
    numbers.next()?.parse().ok()
}

#[cfg(all(test, not(target_arch = "wasm32")))] // a process has a number
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_its_process() {
        for (name, process) in [
            ("0f3a.tokens-4711-0.part", Some(4711)),
            ("0f3a.sentences-4711-12.part", Some(4711)),
            // As an earlier version named them.
            ("kernels-lavapipe.json.4711.part", Some(4711)),
            (".partial-tokenizer-0f3a.4711-0.part", Some(4711)),
            ("0f3a.tokens", None),
            ("tokenizer-0f3a", None),
            ("song.part", None),
            ("a.b.part", None),
            ("4711.part", None),
        ] {
            assert_eq!(process_of_part(name), process, "{name}");
        }
        let here = Some(std::process::id());
        let [one, two] = [part_ending(), part_ending()];
        assert_ne!(one, two);
        for name in [format!("a.json.{one}"), format!("0f3a.tokens-{one}"), format!(".partial-tokenizer-x.{two}")] {
            assert_eq!(process_of_part(&name), here, "{name}");
        }
    }
}
