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

    /// `1.23e-4` or `1,23e-4`.
    pub fn scientific(self, value: f64, decimals: usize) -> String {
        format!("{value:.decimals$e}").replace('.', self.decimal_mark().encode_utf8(&mut [0; 1]))
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

    /// A setting's value, which TOML writes as `0.002` and `2600`, as people read it: `0,002` and `2.600`. In English both are as
    /// in TOML.
    pub fn setting(self, toml: &str) -> String {
        match (self, toml.parse::<u64>(), toml.parse::<f64>()) {
            (Self::Pt, Ok(whole), _) => self.whole(whole),
            (Self::Pt, _, Ok(_)) => toml.replace('.', ","),
            _ => toml.to_owned(),
        }
    }

    /// What a person types for a setting, as TOML writes it. `whole`: the setting is a whole number.
    pub fn typed_setting(self, typed: &str, whole: bool) -> String {
        // Groups may be incomplete while a person types, but `1.5` is no whole number.
        let in_groups = || typed.split('.').skip(1).all(|group| group.len() >= 3);
        match self {
            Self::Pt if whole && in_groups() => typed.replace('.', ""),
            Self::Pt if !whole && typed.contains(',') => typed.replace('.', "").replacen(',', ".", 1),
            _ => typed.to_owned(),
        }
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
        assert_eq!([Lang::En, Lang::Pt].map(|lang| lang.scientific(1.234e-4, 2)), ["1.23e-4", "1,23e-4"]);
        assert_eq!(Lang::Pt.percent(0.1391, 1), "13,9%");
    }

    #[test]
    fn a_setting_is_read_and_typed_as_the_language_writes_numbers() {
        let shown = |lang: Lang| ["0.002", "2600", "1e-6", "wgsl", "true"].map(|toml| lang.setting(toml));
        assert_eq!(shown(Lang::En), ["0.002", "2600", "1e-6", "wgsl", "true"]);
        assert_eq!(shown(Lang::Pt), ["0,002", "2.600", "1e-6", "wgsl", "true"]);
        let whole = ["2.600", "2600", "2.6000", "1.5"].map(|typed| Lang::Pt.typed_setting(typed, true));
        assert_eq!(whole, ["2600", "2600", "26000", "1.5"]);
        let other = ["0,002", "0.002", "1.234,5", "0,", "fan_in"].map(|typed| Lang::Pt.typed_setting(typed, false));
        assert_eq!(other, ["0.002", "0.002", "1234.5", "0.", "fan_in"]);
        assert_eq!(Lang::En.typed_setting("0,002", false), "0,002", "the configuration refuses it");
    }

    #[test]
    fn a_locale_names_its_language() {
        let codes = ["pt", "pt_BR.UTF-8", "PT-pt", "en", "C", ""];
        let langs = [Lang::Pt, Lang::Pt, Lang::Pt, Lang::En, Lang::En, Lang::En];
        assert_eq!(codes.map(Lang::from_code), langs);
    }
}
