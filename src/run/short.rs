//! Says when a text is too short for the model that is to learn it: before a run in a window, and at its beginning in every view.

use crate::message::Message;

/// How often each entry of the vocabulary should occur in the text, on average. A text of 200 kB with the 2,048 entries of nano has
/// about 22, and its generator stayed worse than the frequencies of words; the built-in text of the first run has 1,100.
const OCCURRENCES: u64 = 100;
/// After this many passes over the same text, further ones teach next to nothing (Muennighoff et al. 2023, for language models).
const PASSES: u64 = 40;

/// What a person should know before they train on `tokens` of text with a vocabulary of `entries`, if the run reads `read` tokens in
/// all; none if the text is long enough.
pub fn too_short(tokens: u64, entries: u64, read: u64) -> Option<Message> {
    let wanted = (OCCURRENCES * entries).max(read / PASSES);
    let rare = tokens < OCCURRENCES * entries;
    let passes = read / tokens.max(1);
    if !rare && passes <= PASSES {
        return None;
    }
    if rare && passes < 2 {
        // A model learns by heart only what it reads often.
        return Some(
            Message::new("text-is-short-for-vocabulary")
                .with("tokens", tokens)
                .with("entries", entries)
                .with("each", tokens / entries.max(1))
                .with("wanted", wanted),
        );
    }
    if rare {
        return Some(
            Message::new("text-is-short")
                .with("tokens", tokens)
                .with("entries", entries)
                .with("each", tokens / entries.max(1))
                .with("passes", passes)
                .with("wanted", wanted),
        );
    }
    Some(Message::new("text-is-read-often").with("tokens", tokens).with("passes", passes).with("wanted", wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_short_for_its_vocabulary_or_for_the_length_of_the_run() {
        let code = |tokens, entries, read| too_short(tokens, entries, read).map(|message| message.code);
        // 200 kB of text, nano, its 10,400 steps.
        assert_eq!(code(45_000, 2048, 10_400 * 768).as_deref(), Some("text-is-short"));
        assert_eq!(code(45_000, 2048, 0).as_deref(), Some("text-is-short-for-vocabulary"));
        // The built-in text and the first run.
        assert_eq!(code(783_321, 705, 2_600 * 2048), None);
        // 3 MB of text are enough for tiny's vocabulary, but not for 40 million tokens of reading.
        assert_eq!(code(700_000, 4096, 10_000_000), None);
        assert_eq!(code(700_000, 4096, 40_000_000).as_deref(), Some("text-is-read-often"));
        assert_eq!(code(0, 0, 0), None);
    }
}
