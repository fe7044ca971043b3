//! English morphology. The code has the regular rules; the word list gives exceptions after a slash.

use super::lexicon::{Cell, GERUND, Gender, INFINITIVE, Number, PARTICIPLE, Person, Tense, agree_cell, finite_cell};

const VOWELS: [char; 5] = ['a', 'e', 'i', 'o', 'u'];

fn is_vowel(letter: Option<char>) -> bool {
    letter.is_some_and(|l| VOWELS.contains(&l))
}

/// The ending -s of plurals and of the third person.
fn with_s(word: &str) -> String {
    let mut back = word.chars().rev();
    let (last, before) = (back.next(), back.next());
    if last == Some('y') && !is_vowel(before) {
        return format!("{}ies", &word[..word.len() - 1]);
    }
    let hisses = ["s", "x", "z", "ch", "sh"].iter().any(|end| word.ends_with(end));
    let round = last == Some('o') && !is_vowel(before);
    format!("{word}{}", if hisses || round { "es" } else { "s" })
}

/// Whether the last consonant doubles (stop, stopped): the word has one vowel group, and ends in one consonant after one vowel
/// letter.
fn doubles(word: &str) -> bool {
    let letters: Vec<char> = word.chars().collect();
    let [.., before, vowel, last] = letters[..] else { return false };
    let groups = letters
        .iter()
        .enumerate()
        .filter(|&(i, l)| is_vowel(Some(*l)) && (i == 0 || !is_vowel(Some(letters[i - 1]))))
        .count();
    let consonant_before = !is_vowel(Some(before)) || (before == 'u' && letters.contains(&'q'));
    groups == 1 && consonant_before && is_vowel(Some(vowel)) && !is_vowel(Some(last)) && !"wxy".contains(last)
}

fn with_ed(word: &str) -> String {
    let before = word.chars().rev().nth(1);
    if word.ends_with('e') {
        format!("{word}d")
    } else if word.ends_with('y') && !is_vowel(before) {
        format!("{}ied", &word[..word.len() - 1])
    } else {
        format!("{}ed", stem(word))
    }
}

fn with_ing(word: &str) -> String {
    if let Some(stem) = word.strip_suffix("ie") {
        return format!("{stem}ying");
    }
    if let Some(stem) = word.strip_suffix('e')
        && !["ee", "oe", "ye"].iter().any(|end| word.ends_with(end))
    {
        return format!("{stem}ing");
    }
    format!("{}ing", stem(word))
}

/// The stem before -ed and -ing.
fn stem(word: &str) -> String {
    let last = word.chars().next_back().filter(|_| doubles(word));
    last.map_or_else(|| word.to_owned(), |l| format!("{word}{l}"))
}

/// `mouse/mice`: singular and plural.
pub fn noun(word: &str, exceptions: &[&str]) -> [String; 2] {
    let plural = exceptions.first().map_or_else(|| with_s(word), |&p| p.to_owned());
    [word.to_owned(), plural]
}

/// `eat/ate/eaten`, `forget/forgot/forgotten/forgetting`: past, participle, -ing form.
pub fn verb(word: &str, exceptions: &[&str]) -> Vec<(Cell, String)> {
    let given = |i: usize| exceptions.get(i).filter(|e| !e.is_empty()).map(|&e| e.to_owned());
    let past = given(0).unwrap_or_else(|| with_ed(word));
    let participle = given(1).unwrap_or_else(|| past.clone());
    let gerund = given(2).unwrap_or_else(|| with_ing(word));
    let third = if word == "have" { "has".to_owned() } else { with_s(word) };
    let mut forms = vec![(INFINITIVE, word.to_owned()), (GERUND, gerund)];
    for number in [Number::Singular, Number::Plural] {
        for person in [Person::First, Person::Third] {
            let is_third_singular = (person, number) == (Person::Third, Number::Singular);
            let (present, past) = match (word, person, number) {
                ("be", Person::First, Number::Singular) => ("am", "was"),
                ("be", Person::Third, Number::Singular) => ("is", "was"),
                ("be", _, Number::Plural) => ("are", "were"),
                _ if is_third_singular => (third.as_str(), past.as_str()),
                _ => (word, past.as_str()),
            };
            forms.push((finite_cell(Tense::Present, person, number), present.to_owned()));
            forms.push((finite_cell(Tense::Past, person, number), past.to_owned()));
            // English has one past tense, which also serves for the background of a story.
            forms.push((finite_cell(Tense::Imperfect, person, number), past.to_owned()));
        }
    }
    forms.extend((PARTICIPLE..PARTICIPLE + 4).map(|cell| (cell, participle.clone())));
    forms
}

/// An adjective: one form for all.
pub fn adjective(word: &str) -> Vec<(Cell, String)> {
    (0..6).map(|cell| (cell, word.to_owned())).collect()
}

/// `he=he,she,it,they`: m, f, n, plural; `this=this,these`: singular, plural.
pub fn agreeing(forms: &[&str]) -> Option<Vec<(Cell, String)>> {
    use Gender::{Feminine, Masculine, Neuter};
    let row = match *forms {
        [singular, plural] => [singular, singular, singular, plural],
        [m, f, n, plural] => [m, f, n, plural],
        _ => return None,
    };
    let mut cells = Vec::new();
    for (i, gender) in [Masculine, Feminine, Neuter].into_iter().enumerate() {
        cells.push((agree_cell(gender, Number::Singular), row[i].to_owned()));
        cells.push((agree_cell(gender, Number::Plural), row[3].to_owned()));
    }
    Some(cells)
}

/// Whether the article before this word is "an".
pub fn wants_an(word: &str) -> bool {
    let silent_h = ["hour", "honest", "heir"].iter().any(|start| word.starts_with(start));
    let spoken_y = ["uni", "use", "usu", "euro", "one", "once"].iter().any(|start| word.starts_with(start));
    silent_h || (is_vowel(word.chars().next()) && !spoken_y)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(word: &str, exceptions: &[&str], cell: Cell) -> String {
        verb(word, exceptions).into_iter().find(|(c, _)| *c == cell).unwrap().1
    }

    #[test]
    fn plurals_follow_the_spelling() {
        for (one, many) in [
            ("cow", "cows"),
            ("box", "boxes"),
            ("peach", "peaches"),
            ("dish", "dishes"),
            ("berry", "berries"),
            ("boy", "boys"),
            ("bus", "buses"),
            ("tomato", "tomatoes"),
            ("kangaroo", "kangaroos"),
            ("judge", "judges"),
        ] {
            assert_eq!(noun(one, &[])[1], many);
        }
        assert_eq!(noun("mouse", &["mice"])[1], "mice");
    }

    #[test]
    fn verbs_double_drop_and_change() {
        let past = finite_cell(Tense::Past, Person::Third, Number::Singular);
        let third = finite_cell(Tense::Present, Person::Third, Number::Singular);
        for (word, s, ed, ing) in [
            ("stop", "stops", "stopped", "stopping"),
            ("bake", "bakes", "baked", "baking"),
            ("cry", "cries", "cried", "crying"),
            ("play", "plays", "played", "playing"),
            ("visit", "visits", "visited", "visiting"),
            ("tie", "ties", "tied", "tying"),
            ("wash", "washes", "washed", "washing"),
            ("row", "rows", "rowed", "rowing"),
            ("clean", "cleans", "cleaned", "cleaning"),
            ("mix", "mixes", "mixed", "mixing"),
            ("open", "opens", "opened", "opening"),
            ("see", "sees", "seed", "seeing"),
        ] {
            assert_eq!(
                (form(word, &[], third), form(word, &[], past), form(word, &[], GERUND)),
                (s.into(), ed.into(), ing.into())
            );
        }
        assert_eq!(form("run", &["ran", "run"], GERUND), "running");
        assert_eq!(form("quit", &["quit", "quit"], GERUND), "quitting");
        assert_eq!(form("go", &["went", "gone"], third), "goes");
        assert_eq!(form("have", &["had", "had"], third), "has");
        assert_eq!(form("be", &["was", "been"], finite_cell(Tense::Past, Person::Third, Number::Plural)), "were");
        assert_eq!(form("be", &["was", "been"], finite_cell(Tense::Present, Person::First, Number::Singular)), "am");
    }

    #[test]
    fn articles_follow_the_sound() {
        for word in ["apple", "egg", "hour", "umbrella", "old"] {
            assert!(wants_an(word), "{word}");
        }
        for word in ["cow", "unicorn", "useful", "house", "one", "year"] {
            assert!(!wants_an(word), "{word}");
        }
    }
}
