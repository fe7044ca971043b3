//! The two languages in which the program speaks to people, and how each writes numbers.

/// The languages in which the program speaks to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lang {
    #[default]
    En,
    Pt,
}

impl Lang {
    /// The language of a code such as `pt`, `pt-BR` or `pt_PT.UTF-8`; English for all other languages.
    pub fn from_code(code: &str) -> Self {
        if code.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("pt")) { Self::Pt } else { Self::En }
    }

    pub fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Pt => "pt",
        }
    }

    /// The mark before the decimals.
    pub fn decimal_mark(self) -> char {
        match self {
            Self::En => '.',
            Self::Pt => ',',
        }
    }

    /// The mark between groups of three digits.
    fn group_mark(self) -> char {
        match self {
            Self::En => ',',
            Self::Pt => '.',
        }
    }

    /// `0.91` or `0,91`; digits before the separator in groups of three.
    pub fn decimal(self, value: f64, decimals: usize) -> String {
        let digits = format!("{:.decimals$}", value.abs());
        let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
        let sign = if value < 0.0 && digits.bytes().any(|digit| (b'1'..=b'9').contains(&digit)) { "-" } else { "" };
        let mut text = format!("{sign}{}", self.grouped(whole));
        if !fraction.is_empty() {
            text.push(self.decimal_mark());
            text.push_str(fraction);
        }
        text
    }

    /// `12,345` or `12.345`.
    pub fn whole(self, value: u64) -> String {
        self.grouped(&value.to_string())
    }

    fn grouped(self, digits: &str) -> String {
        let mut text = String::with_capacity(digits.len() + digits.len() / 3);
        for (i, digit) in digits.chars().enumerate() {
            if i > 0 && (digits.len() - i).is_multiple_of(3) {
                text.push(self.group_mark());
            }
            text.push(digit);
        }
        text
    }

    /// `2.4 M`, `187 k`, `950`: a size to read, not to compute with.
    pub fn rough(self, value: u64) -> String {
        let scaled = |unit: f64| {
            let scaled = value as f64 / unit;
            self.decimal(scaled, usize::from(scaled < 99.95))
        };
        match value {
            0..1_000 => value.to_string(),
            1_000..1_000_000 => format!("{} k", scaled(1e3)),
            1_000_000..1_000_000_000 => format!("{} M", scaled(1e6)),
            _ => format!("{} G", scaled(1e9)),
        }
    }

    /// A share of one as `13.9%`.
    pub fn percent(self, share: f64, decimals: usize) -> String {
        format!("{}%", self.decimal(share * 100.0, decimals))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_follow_the_language() {
        assert_eq!([Lang::En, Lang::Pt].map(|lang| lang.decimal(0.914, 2)), ["0.91", "0,91"]);
        assert_eq!([Lang::En, Lang::Pt].map(|lang| lang.whole(1_234_567)), ["1,234,567", "1.234.567"]);
        assert_eq!(Lang::En.whole(123), "123");
        assert_eq!(Lang::Pt.decimal(-12345.678, 1), "-12.345,7");
        assert_eq!(Lang::En.decimal(-0.001, 2), "0.00");
        assert_eq!([950, 1_234, 187_521, 2_440_000].map(|n| Lang::En.rough(n)), ["950", "1.2 k", "188 k", "2.4 M"]);
        assert_eq!(Lang::Pt.percent(0.1391, 1), "13,9%");
    }

    #[test]
    fn a_locale_names_its_language() {
        let codes = ["pt", "pt_BR.UTF-8", "PT-pt", "en", "C", ""];
        let langs = [Lang::Pt, Lang::Pt, Lang::Pt, Lang::En, Lang::En, Lang::En];
        assert_eq!(codes.map(Lang::from_code), langs);
    }
}
