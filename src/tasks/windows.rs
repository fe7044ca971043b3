//! Cuts a text that is longer than a row into windows that overlap by a quarter. Each token belongs to the window in which it is
//! most central.

use std::ops::Range;

/// Windows of at most `row` tokens over `tokens`, in order. The last one ends with the text.
pub fn windows(tokens: usize, row: usize) -> Vec<Range<usize>> {
    let stride = (row - row / 4).max(1);
    let mut windows = Vec::with_capacity(1 + tokens.saturating_sub(row).div_ceil(stride));
    let mut start = 0;
    while start + row < tokens {
        windows.push(start..start + row);
        start += stride;
    }
    // The last window is as long as the others, so that its first tokens have others before them.
    windows.push(tokens.saturating_sub(row)..tokens);
    windows
}

/// The number of the window in which `token` is farthest from either end. Of two equal ones it is the earlier.
pub fn home(windows: &[Range<usize>], token: usize) -> usize {
    let depth = |window: &Range<usize>| (token - window.start).min(window.end - 1 - token);
    // Both ends of the windows rise, so those that hold the token stand together.
    let first = windows.partition_point(|window| window.end <= token);
    let candidates = windows.iter().enumerate().skip(first).take_while(|(_, window)| window.start <= token);
    let best = candidates.min_by_key(|(_, window)| std::cmp::Reverse(depth(window)));
    best.expect("the windows cover the text").0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_short_text_is_one_window() {
        assert_eq!(windows(7, 10), vec![0..7; 1]);
        assert_eq!(windows(10, 10), vec![0..10; 1]);
        assert_eq!(windows(0, 10), vec![0..0; 1]);
    }

    #[test]
    fn a_long_text_overlaps_by_a_quarter_and_tokens_are_judged_in_the_middle() {
        let over = windows(25, 8);
        assert_eq!(over, [0..8, 6..14, 12..20, 17..25]);
        // 6 and 7 lie in two windows: near the end of the first, at the start of the second.
        assert_eq!([5, 6, 7, 8].map(|token| home(&over, token)), [0, 0, 1, 1]);
    }

    proptest! {
        #[test]
        fn every_token_has_a_home_far_from_the_ends(tokens in 1usize..2000, row in 1usize..130) {
            let over = windows(tokens, row);
            prop_assert!(over.iter().all(|window| window.len() == row.min(tokens)));
            for token in 0..tokens {
                let home = &over[home(&over, token)];
                prop_assert!(home.contains(&token));
                // At least half the overlap, except at the ends of the text.
                let margin = (row / 8).saturating_sub(1);
                prop_assert!(token - home.start >= margin.min(token));
                prop_assert!(home.end - 1 - token >= margin.min(tokens - 1 - token));
            }
        }
    }
}
