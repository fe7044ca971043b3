//! Judges replacements: is a story still a story if another word stands in the place of one, and if not, which rule does it break?

use super::lexicon::{Class, Gender, Number, WordId};
use super::recognise::{self, Relaxed};
use super::relax::Relax;
use super::source::{Base, Control, FrameId, Rules, Shape, What};
use super::{Facts, Story};

/// What the grammar says of a replacement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The replacement is the same word, without regard to case.
    Same,
    /// It is another word, and the whole text is still a story that the grammar can tell.
    Fits,
    /// The text with it is not a story of the grammar. The rule is the first, in the order of [`Rule`], that explains this.
    Breaks(Rule),
}

/// Why a replacement is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// No sentence of this grammar has such a word.
    UnknownWord,
    /// The sentence could stand in a story, but here a pronoun or a name would refer to somebody else.
    Reference,
    /// The sentence could stand in a story, but not among these others.
    Discourse,
    /// The story is told in another tense.
    Tense,
    /// "a" before a vowel sound or "an" before a consonant sound.
    Sound,
    Number,
    Gender,
    Person,
    /// The verb or word has another form than this place takes.
    Form,
    /// The class and the form are right, but these words do not go together.
    Selection,
    /// This place takes one certain word.
    Wording,
    /// Another class of word stands here.
    WordClass,
}

impl Rule {
    pub const ALL: [Self; 12] = [
        Self::UnknownWord,
        Self::Reference,
        Self::Discourse,
        Self::Tense,
        Self::Sound,
        Self::Number,
        Self::Gender,
        Self::Person,
        Self::Form,
        Self::Selection,
        Self::Wording,
        Self::WordClass,
    ];
}

impl Story<'_> {
    /// Judges `replacement` in the place of word `word` of sentence `sentence`, without regard to case. `Fits` if and only if the
    /// whole text is still one that the grammar can produce (same number of sentences, any script, any choice of frames, characters
    /// and tense). Panics if there is no such word.
    pub fn judge(&self, sentence: usize, word: usize, replacement: &str) -> Verdict {
        let rules = self.rules();
        let original = self.sentences[sentence].words[word].id;
        let Some(new) = rules.lexicon.id(replacement) else { return Verdict::Breaks(Rule::UnknownWord) };
        if new == original {
            return Verdict::Same;
        }
        let mut texts: Vec<Vec<WordId>> = self.sentences.iter().map(super::Sentence::ids).collect();
        texts[sentence][word] = new;
        let sentences: Vec<&[WordId]> = texts.iter().map(Vec::as_slice).collect();
        let own = usize::from(self.places[0].script);
        let fits =
            recognise::in_script(rules, own, &sentences).is_some() || recognise::story(rules, &sentences).is_some();
        if fits {
            Verdict::Fits
        } else {
            Verdict::Breaks(broken_rule(rules, self.places[sentence], &texts[sentence], word, original))
        }
    }
}

impl<'g> Story<'g> {
    /// What word `word` of sentence `sentence` is; `None` for the fixed words of a sentence pattern, which have no features.
    /// Panics if there is no such word.
    pub fn facts(&self, sentence: usize, word: usize) -> Option<Facts<'g>> {
        let what = recognise::frame_at(self.rules(), self.places[sentence]).slots[word].what;
        facts(self.rules(), what, self.sentences[sentence].words[word].id)
    }
}

/// The rule that `words` break, where `words[at]` stands for `original` in a sentence of frame `place`.
fn broken_rule(rules: &Rules, place: FrameId, words: &[WordId], at: usize, original: WordId) -> Rule {
    let what = recognise::frame_at(rules, place).slots[at].what;
    if recognise::alone(rules, words) {
        return across_sentences(rules, place, what, words[at], original);
    }
    let holds = |relax| recognise::fits_place(rules, place, words, Some(Relaxed { word: at, relax }));
    let is_pronoun =
        matches!(what, What::Form { base: Base::Lexeme(l), .. } if rules.lexicon.lexemes[usize::from(l)].pronoun);
    let by_agreement = [
        (Relax::Sound, Rule::Sound),
        (Relax::Number, Rule::Number),
        (Relax::Gender, Rule::Gender),
        (Relax::Person, Rule::Person),
        (Relax::Tense, Rule::Tense),
        (Relax::Form, Rule::Form),
    ];
    if let Some((_, rule)) = by_agreement.into_iter().find(|(relax, _)| holds(*relax)) {
        return if is_pronoun { Rule::Reference } else { rule };
    }
    match what {
        What::Fixed(_) | What::Sound => Rule::Wording,
        What::Form { base: Base::Lexeme(l), .. } if rules.lexicon.lexemes[usize::from(l)].class == Class::Agreeing => {
            Rule::Wording
        }
        What::Form { .. } if holds(Relax::Lexeme) => Rule::Selection,
        What::Form { .. } => Rule::WordClass,
    }
}

/// For a sentence that is good by itself: the rule by which it does not go with the others.
fn across_sentences(rules: &Rules, place: FrameId, what: What, new: WordId, original: WordId) -> Rule {
    let script = &rules.scripts[usize::from(place.script)];
    let is_who = |v: u8| script.vars.get(usize::from(v)).is_some_and(|var| var.who);
    let lexemes = |word: WordId| rules.lexicon.readings[word as usize].iter().map(|r| r.lexeme);
    let same_lexeme = lexemes(new).any(|l| lexemes(original).any(|o| o == l));
    match what {
        What::Form { shape: Shape::Finite | Shape::Background | Shape::In(_), .. } if same_lexeme => Rule::Tense,
        What::Form { base: Base::Var(v), .. } if is_who(v) => Rule::Reference,
        What::Form { base: Base::Lexeme(_), control: Control::Var(v), .. } if is_who(v) => Rule::Reference,
        _ => Rule::Discourse,
    }
}

/// The facts of `word` in a slot, in the reading that the slot takes.
pub fn facts(rules: &Rules, what: What, word: WordId) -> Option<Facts<'_>> {
    let What::Form { base, shape, .. } = what else { return None };
    let mut readings = rules.lexicon.readings[word as usize].iter();
    let reading = readings.find(|r| match base {
        Base::Lexeme(l) => l == r.lexeme,
        Base::Var(_) => recognise::shape_fits_class(shape, rules.lexicon.lexemes[usize::from(r.lexeme)].class),
    })?;
    let lexeme = &rules.lexicon.lexemes[usize::from(reading.lexeme)];
    let agrees = matches!(shape, Shape::Noun | Shape::Agree);
    let kinds = (0..6u8).filter(|&bit| agrees && reading.cells >> bit & 1 == 1).map(super::forms::features_at);
    let (genders, numbers): (Vec<Gender>, Vec<Number>) = kinds.unzip();
    Some(Facts {
        class: lexeme.class,
        lemma: &lexeme.lemma,
        gender: genders.first().copied().filter(|g| genders.iter().all(|o| o == g)),
        number: numbers.first().copied().filter(|n| numbers.iter().all(|o| o == n)),
    })
}
