//! How much of a text a tokenizer does not know: token counts -> [`Unknown`] -> a notice from 1 % on, a refusal where there is more
//! than a person allows.

use crate::message::Message;
use crate::{Error, Result};

/// From this share on a person is warned.
pub const NOTICED: f64 = 0.01;
/// The largest share that is accepted, unless a person says otherwise.
pub const ACCEPTED: f64 = 0.25;

/// What encoding a text has counted. An unknown word is one token, however long it is, so tokens alone may hide how much of the text
/// is lost. The count of characters shows that.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unknown {
    pub tokens: u64,
    pub unknown_tokens: u64,
    /// Characters of cleaned words. White space does not count.
    pub chars: u64,
    pub unknown_chars: u64,
    /// The unknown ones of words that are too long for WordPiece, whatever their characters are.
    pub long_chars: u64,
}

/// Where the tokenizer of a text came from. The advice depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    /// It was trained on this text.
    OfThisText,
    /// It was trained on other text.
    OfOtherText,
}

fn share(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64
}

impl Unknown {
    /// Counts tokens alone, where the characters are not known.
    pub fn of_counts(counts: &[u64], unk: u32) -> Self {
        let unknown_tokens = counts.get(unk as usize).copied().unwrap_or(0);
        Self { tokens: counts.iter().sum(), unknown_tokens, ..Self::default() }
    }

    /// The share of the tokens that are `[UNK]`.
    pub fn token_share(&self) -> f64 {
        share(self.unknown_tokens, self.tokens)
    }

    /// The share of the characters that stand in unknown words.
    pub fn char_share(&self) -> f64 {
        share(self.unknown_chars, self.chars)
    }

    /// The larger of both shares: what is lost of the text.
    pub fn share(&self) -> f64 {
        self.token_share().max(self.char_share())
    }

    /// What a person should know before they use the text.
    pub fn notice(&self, made: Made) -> Option<Message> {
        let told = || {
            Message::new("unknown-tokens")
                .with("share", self.token_share())
                .with("chars", self.char_share().max(self.token_share()))
                .with("why", self.why(made))
                .with("advice", self.advice(made))
        };
        (self.share() >= NOTICED).then(told)
    }

    /// Refuses a text of which more than `most` is unknown.
    ///
    /// # Errors
    /// A usage error with the measured shares, the cause, and what to do about it.
    pub fn check(&self, most: f64, made: Made) -> Result<()> {
        if self.share() <= most {
            return Ok(());
        }
        Err(Error::usage("too-many-unknown")
            .with("share", self.token_share())
            .with("chars", self.char_share().max(self.token_share()))
            .with("most", most)
            .with("why", self.why(made))
            .with("advice", self.advice(made)))
    }

    /// What a person should know if the held-out part alone has unknown tokens.
    pub fn notice_held_out(&self) -> Option<Message> {
        let told = || Message::new("unknown-tokens-held-out").with("share", self.token_share());
        (self.token_share() >= NOTICED).then(told)
    }

    /// Refuses a held-out part of which more than `most` is unknown.
    ///
    /// # Errors
    /// A usage error with the measured share.
    pub fn check_held_out(&self, most: f64) -> Result<()> {
        if self.token_share() <= most {
            return Ok(());
        }
        Err(Error::usage("too-many-unknown-held-out").with("share", self.token_share()).with("most", most))
    }

    /// Whether the length of words is the main cause, and not their characters.
    fn is_of_long_words(&self) -> bool {
        2 * self.long_chars > self.unknown_chars
    }

    fn why(&self, made: Made) -> Message {
        match made {
            _ if self.is_of_long_words() => Message::new("unknown-long-words"),
            Made::OfThisText => Message::new("unknown-rare-characters"),
            Made::OfOtherText => Message::new("unknown-of-other-text"),
        }
    }

    fn advice(&self, made: Made) -> Message {
        match made {
            _ if self.is_of_long_words() => Message::new("advice-break-words"),
            Made::OfThisText => Message::new("advice-cover-characters"),
            Made::OfOtherText => Message::new("advice-own-tokenizer"),
        }
    }
}

impl std::ops::AddAssign for Unknown {
    fn add_assign(&mut self, more: Self) {
        self.tokens += more.tokens;
        self.unknown_tokens += more.unknown_tokens;
        self.chars += more.chars;
        self.unknown_chars += more.unknown_chars;
        self.long_chars += more.long_chars;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unknown(tokens: u64, chars: u64, long: u64) -> Unknown {
        Unknown { tokens: 1000, unknown_tokens: tokens, chars: 4000, unknown_chars: chars, long_chars: long }
    }

    #[test]
    fn a_text_is_judged_by_what_is_lost_of_it() {
        assert_eq!(unknown(9, 39, 0).notice(Made::OfThisText), None, "below 1 % of both");
        assert!(unknown(10, 0, 0).notice(Made::OfThisText).is_some());
        assert!(unknown(1, 40, 0).notice(Made::OfThisText).is_some(), "few tokens, but many characters");
        assert!(unknown(250, 1000, 0).check(0.25, Made::OfOtherText).is_ok(), "25 % is still accepted");
        let error = unknown(251, 0, 0).check(0.25, Made::OfOtherText).unwrap_err();
        assert_eq!((error.exit_status(), error.code()), (2, "too-many-unknown"));
        assert!(unknown(1, 1001, 0).check(0.25, Made::OfOtherText).is_err());
        assert!(unknown(1000, 4000, 0).check(1.0, Made::OfOtherText).is_ok(), "a person said so");
        assert_eq!(Unknown::default().notice(Made::OfThisText), None, "no text at all");
    }

    #[test]
    fn the_cause_that_is_told_is_the_true_one() {
        let told = |unknown: Unknown, made| unknown.check(0.0, made).unwrap_err().to_string();
        let long = told(unknown(10, 1000, 900), Made::OfThisText);
        assert!(long.contains("unknown-long-words") && long.contains("advice-break-words"), "{long}");
        let rare = told(unknown(10, 1000, 100), Made::OfThisText);
        assert!(rare.contains("unknown-rare-characters") && rare.contains("advice-cover-characters"), "{rare}");
        let other = told(unknown(10, 1000, 0), Made::OfOtherText);
        assert!(other.contains("unknown-of-other-text") && other.contains("advice-own-tokenizer"), "{other}");
    }

    #[test]
    fn counts_alone_tell_the_share_of_tokens() {
        let unknown = Unknown::of_counts(&[0, 5, 10, 5], 1);
        assert_eq!((unknown.token_share(), unknown.share()), (0.25, 0.25));
        assert_eq!(Unknown::of_counts(&[], 7).share(), 0.0);
        assert!(unknown.notice_held_out().is_some() && unknown.check_held_out(0.25).is_ok());
        assert_eq!(unknown.check_held_out(0.2).unwrap_err().code(), "too-many-unknown-held-out");
    }
}
