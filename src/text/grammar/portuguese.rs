//! Brazilian Portuguese morphology. The code has the regular rules; the word list gives exceptions after a slash.

use super::lexicon::{Cell, GERUND, Gender, INFINITIVE, Number, PARTICIPLE, Person, Tense, agree_cell, finite_cell};

/// `word` without `end`, with `new` instead.
fn swapped(word: &str, end: &str, new: &str) -> Option<String> {
    word.strip_suffix(end).map(|stem| format!("{stem}{new}"))
}

fn plural(word: &str) -> String {
    const ENDINGS: [(&str, &str); 13] = [
        ("ão", "ões"),
        ("al", "ais"),
        ("el", "éis"),
        ("ol", "óis"),
        ("ul", "uis"),
        ("il", "is"),
        ("m", "ns"),
        ("r", "res"),
        ("z", "zes"),
        ("ês", "eses"),
        ("ás", "ases"),
        ("us", "us"),
        ("n", "ns"),
    ];
    let by_ending = ENDINGS.iter().find_map(|(end, new)| swapped(word, end, new));
    by_ending.unwrap_or_else(|| format!("{word}s"))
}

/// Gender as the ending tells it; `None` where it does not and the word list must.
pub fn gender(word: &str) -> Option<Gender> {
    if ["ção", "são", "dade", "gem", "a"].iter().any(|end| word.ends_with(end)) {
        Some(Gender::Feminine)
    } else if word.ends_with('o') && !word.ends_with("ão") {
        Some(Gender::Masculine)
    } else {
        None
    }
}

/// `pão/pães`: singular and plural.
pub fn noun(word: &str, exceptions: &[&str]) -> [String; 2] {
    let many = exceptions.first().map_or_else(|| plural(word), |&p| p.to_owned());
    [word.to_owned(), many]
}

/// m.sg, f.sg, m.pl, f.pl of `bonito`, `grande`, `bom/boa/bons/boas`, `fácil/fácil/fáceis/fáceis`.
fn four_forms(word: &str, exceptions: &[&str]) -> [String; 4] {
    if let [f, mp, fp] = *exceptions {
        return [word, f, mp, fp].map(str::to_owned);
    }
    let feminine = swapped(word, "o", "a")
        .or_else(|| swapped(word, "or", "ora"))
        .or_else(|| swapped(word, "ês", "esa"))
        .unwrap_or_else(|| word.to_owned());
    let feminine_plural = plural(&feminine);
    [word.to_owned(), feminine, plural(word), feminine_plural]
}

/// The cells of an agreeing word from its four forms. Neuter is never asked for in Portuguese.
fn agree_cells(forms: [String; 4]) -> Vec<(Cell, String)> {
    let [ms, fs, mp, fp] = forms;
    vec![
        (agree_cell(Gender::Masculine, Number::Singular), ms),
        (agree_cell(Gender::Feminine, Number::Singular), fs),
        (agree_cell(Gender::Masculine, Number::Plural), mp),
        (agree_cell(Gender::Feminine, Number::Plural), fp),
    ]
}

pub fn adjective(word: &str, exceptions: &[&str]) -> Vec<(Cell, String)> {
    agree_cells(four_forms(word, exceptions))
}

/// `o=o,a,os,as`: m, f, plural m, plural f; `seu=seu,seus`: singular, plural.
pub fn agreeing(forms: &[&str]) -> Option<Vec<(Cell, String)>> {
    let row = match *forms {
        [singular, plural] => [singular, singular, plural, plural],
        [ms, fs, mp, fp] => [ms, fs, mp, fp],
        _ => return None,
    };
    Some(agree_cells(row.map(str::to_owned)))
}

/// Endings of the three conjugations: present, perfect, imperfect (first and third singular, first and third plural).
const ENDINGS: [(&str, [[&str; 4]; 3], &str, &str); 3] = [
    ("ar", [["o", "a", "amos", "am"], ["ei", "ou", "amos", "aram"], ["ava", "ava", "ávamos", "avam"]], "ando", "ado"),
    ("er", [["o", "e", "emos", "em"], ["i", "eu", "emos", "eram"], ["ia", "ia", "íamos", "iam"]], "endo", "ido"),
    ("ir", [["o", "e", "imos", "em"], ["i", "iu", "imos", "iram"], ["ia", "ia", "íamos", "iam"]], "indo", "ido"),
];

/// Verbs in -air (cair, sair): the i stands alone and takes its accent.
const IN_AIR: [[&str; 4]; 3] =
    [["aio", "ai", "aímos", "aem"], ["aí", "aiu", "aímos", "aíram"], ["aía", "aía", "aíamos", "aíam"]];

/// The stem as it is spelled before this ending: buscar, busquei; chegar, cheguei; dançar, dancei; conhecer, conheço.
fn spelled(stem: &str, ending: &str, conjugation: &str) -> String {
    let front = ending.starts_with(['e', 'i', 'é', 'í']);
    let changed = match (conjugation, front) {
        ("ar", true) => {
            swapped(stem, "c", "qu").or_else(|| swapped(stem, "g", "gu")).or_else(|| swapped(stem, "ç", "c"))
        }
        ("er" | "ir", false) => {
            let hushed = swapped(stem, "gu", "g").or_else(|| swapped(stem, "c", "ç"));
            hushed.or_else(|| swapped(stem, "g", "j"))
        }
        _ => None,
    };
    format!("{}{ending}", changed.unwrap_or_else(|| stem.to_owned()))
}

fn regular(word: &str, tense: usize, slot: usize) -> Option<String> {
    if let Some(stem) = word.strip_suffix("air") {
        return Some(format!("{stem}{}", IN_AIR[tense][slot]));
    }
    // passear: passeio, passeia, passeiam
    if let Some(stem) = word.strip_suffix("ear").filter(|_| tense == 0 && slot != 2) {
        return Some(format!("{stem}ei{}", ENDINGS[0].1[0][slot]));
    }
    let (conjugation, endings, ..) = ENDINGS.iter().find(|(end, ..)| word.ends_with(end))?;
    let stem = word.strip_suffix(conjugation)?;
    Some(spelled(stem, endings[tense][slot], conjugation))
}

/// `dormir/durmo,,,`, `ser/sou,é,somos,são/fui,foi,fomos,foram/era,era,éramos,eram/sendo/sido`: present, perfect,
/// imperfect, gerund, participle; what is left empty is regular. `None` where a form cannot be made.
pub fn verb(word: &str, exceptions: &[&str]) -> Option<Vec<(Cell, String)>> {
    let mut forms = vec![(INFINITIVE, word.to_owned())];
    for (t, tense) in [Tense::Present, Tense::Past, Tense::Imperfect].into_iter().enumerate() {
        let given: Vec<&str> = exceptions.get(t).map_or_else(Vec::new, |e| e.split(',').collect());
        let slots = [
            (Person::First, Number::Singular),
            (Person::Third, Number::Singular),
            (Person::First, Number::Plural),
            (Person::Third, Number::Plural),
        ];
        for (s, (person, number)) in slots.into_iter().enumerate() {
            let exception = given.get(s).filter(|g| !g.is_empty()).map(|&g| g.to_owned());
            forms.push((finite_cell(tense, person, number), exception.or_else(|| regular(word, t, s))?));
        }
    }
    let (end, _, gerund, participle) = ENDINGS.iter().find(|(end, ..)| word.ends_with(end)).unwrap_or(&ENDINGS[1]);
    let stem = word.strip_suffix(end).unwrap_or(word);
    let is_in_air = word.ends_with("air");
    let given = |i: usize| exceptions.get(i).filter(|e| !e.is_empty()).map(|&e| e.to_owned());
    forms.push((GERUND, given(3).unwrap_or_else(|| format!("{stem}{gerund}"))));
    let participle =
        given(4).unwrap_or_else(|| if is_in_air { format!("{stem}ído") } else { format!("{stem}{participle}") });
    let four = four_forms(&participle, &[]);
    forms.extend(four.into_iter().enumerate().map(|(i, form)| (PARTICIPLE + i as Cell, form)));
    Some(forms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plurals_follow_the_ending() {
        for (one, many) in [
            ("vaca", "vacas"),
            ("avião", "aviões"),
            ("animal", "animais"),
            ("anel", "anéis"),
            ("lençol", "lençóis"),
            ("azul", "azuis"),
            ("barril", "barris"),
            ("jardim", "jardins"),
            ("flor", "flores"),
            ("nariz", "narizes"),
            ("ônibus", "ônibus"),
            ("português", "portugueses"),
            ("hífen", "hífens"),
            ("café", "cafés"),
        ] {
            assert_eq!(noun(one, &[])[1], many);
        }
        assert_eq!(noun("pão", &["pães"])[1], "pães");
    }

    #[test]
    fn adjectives_have_four_forms() {
        for (word, forms) in [
            ("bonito", ["bonito", "bonita", "bonitos", "bonitas"]),
            ("grande", ["grande", "grande", "grandes", "grandes"]),
            ("feliz", ["feliz", "feliz", "felizes", "felizes"]),
            ("azul", ["azul", "azul", "azuis", "azuis"]),
            ("trabalhador", ["trabalhador", "trabalhadora", "trabalhadores", "trabalhadoras"]),
            ("marrom", ["marrom", "marrom", "marrons", "marrons"]),
            ("francês", ["francês", "francesa", "franceses", "francesas"]),
        ] {
            assert_eq!(four_forms(word, &[]), forms.map(str::to_owned));
        }
    }

    #[test]
    fn verbs_conjugate() {
        let row = |word: &str, exceptions: &[&str], tense: Tense| -> [String; 4] {
            let forms = verb(word, exceptions).unwrap();
            [
                (Person::First, Number::Singular),
                (Person::Third, Number::Singular),
                (Person::First, Number::Plural),
                (Person::Third, Number::Plural),
            ]
            .map(|(p, n)| forms.iter().find(|(c, _)| *c == finite_cell(tense, p, n)).unwrap().1.clone())
        };
        assert_eq!(row("cantar", &[], Tense::Present), ["canto", "canta", "cantamos", "cantam"]);
        assert_eq!(row("buscar", &[], Tense::Past), ["busquei", "buscou", "buscamos", "buscaram"]);
        assert_eq!(row("chegar", &[], Tense::Past), ["cheguei", "chegou", "chegamos", "chegaram"]);
        assert_eq!(row("dançar", &[], Tense::Past), ["dancei", "dançou", "dançamos", "dançaram"]);
        assert_eq!(row("conhecer", &[], Tense::Present), ["conheço", "conhece", "conhecemos", "conhecem"]);
        assert_eq!(row("fugir", &["fujo,foge,,fogem"], Tense::Present), ["fujo", "foge", "fugimos", "fogem"]);
        assert_eq!(row("erguer", &[], Tense::Present), ["ergo", "ergue", "erguemos", "erguem"]);
        assert_eq!(row("sair", &[], Tense::Past), ["saí", "saiu", "saímos", "saíram"]);
        assert_eq!(row("sair", &[], Tense::Imperfect), ["saía", "saía", "saíamos", "saíam"]);
        assert_eq!(row("passear", &[], Tense::Present), ["passeio", "passeia", "passeamos", "passeiam"]);
        assert_eq!(row("beber", &[], Tense::Imperfect), ["bebia", "bebia", "bebíamos", "bebiam"]);
        assert_eq!(row("dormir", &["durmo,,,"], Tense::Present), ["durmo", "dorme", "dormimos", "dormem"]);
    }

    #[test]
    fn gender_is_told_or_asked_for() {
        assert_eq!(gender("canção"), Some(Gender::Feminine));
        assert_eq!(gender("viagem"), Some(Gender::Feminine));
        assert_eq!(gender("gato"), Some(Gender::Masculine));
        assert_eq!(gender("leite"), None);
        assert_eq!(gender("avião"), None);
    }
}
