//! Says whether a text is one of the grammar's stories. It reads the same scripts, tables and frames as `sample`, but as
//! conditions: a mention narrows the values of its variable, and an agreeing word narrows gender and number. At the end every table
//! must have a row that agrees with all values. Nothing is approximated.

use super::english;
use super::forms;
use super::lexicon::{ANY_FEATURES, Class, Features, LexemeId, LexemeSet, Reading, Tense, WordId};
use super::relax::Relax;
use super::source::{Base, Control, Frame, FrameId, MAX_VARS, Rules, Script, Shape, Use, What};

const UNKNOWN: LexemeId = LexemeId::MAX;

/// Stands for whatever word would fit in its place.
pub const ANY: WordId = WordId::MAX;
/// A word that the lexicon does not have. It fits nowhere.
pub const UNKNOWN_WORD: WordId = WordId::MAX - 1;

/// What is known so far: each variable's lexeme (if it is known) and its possible features, and the possible tenses.
#[derive(Clone, Copy)]
pub struct State {
    lexeme: [LexemeId; MAX_VARS],
    features: [Features; MAX_VARS],
    tenses: u8,
    /// The variable whose lexeme's own gender and number do not count (only when a condition is dropped).
    free: u8,
}

/// A table that could not be settled when its sentence was read, because only pronouns had named a variable.
#[derive(Clone, Copy)]
struct Open<'r> {
    one: &'r Use,
    /// The sentence whose local variables it uses, counted from 1; 0 for the script's tables, which have none.
    sentence: usize,
    locals: State,
}

/// Drops conditions at one word, to find out which of them it breaks.
#[derive(Clone, Copy)]
pub struct Relaxed {
    pub word: usize,
    pub relax: Relax,
}

impl State {
    fn new(script: &Script) -> Self {
        let mut state = Self {
            lexeme: [UNKNOWN; MAX_VARS],
            features: [ANY_FEATURES; MAX_VARS],
            tenses: script.tenses,
            free: u8::MAX,
        };
        for (i, var) in script.vars.iter().enumerate() {
            state.features[i] = var.features;
        }
        state
    }

    fn enter(&mut self, script: &Script, frame: &Frame) {
        for (i, var) in frame.locals.iter().enumerate() {
            self.lexeme[script.vars.len() + i] = UNKNOWN;
            self.features[script.vars.len() + i] = var.features;
        }
    }

    /// Narrows `var` to `features`. Returns false if it cannot have any of them.
    fn narrow(&mut self, rules: &Rules, var: u8, features: Features) -> bool {
        let v = usize::from(var);
        self.features[v] &= features;
        let lexeme = rules.lexicon.lexemes.get(usize::from(self.lexeme[v])).filter(|_| self.free != var);
        self.features[v] & lexeme.map_or(ANY_FEATURES, |l| l.features) != 0
    }

    /// Sets `var` to `lexeme`. Returns false if that is impossible.
    fn name(&mut self, rules: &Rules, var: u8, lexeme: LexemeId) -> bool {
        let v = usize::from(var);
        if self.lexeme[v] != UNKNOWN && self.lexeme[v] != lexeme {
            return false;
        }
        self.lexeme[v] = lexeme;
        self.free == var || self.features[v] & rules.lexicon.lexemes[usize::from(lexeme)].features != 0
    }
}

/// The sentences' places if the text is a story, each sentence given by its words.
pub fn story(rules: &Rules, sentences: &[&[WordId]]) -> Option<Vec<FrameId>> {
    (0..rules.scripts.len()).find_map(|s| in_script(rules, s, sentences))
}

/// The same for one script.
pub fn in_script(rules: &Rules, s: usize, sentences: &[&[WordId]]) -> Option<Vec<FrameId>> {
    let script = &rules.scripts[s];
    let mut walk = Walk { rules, script, s, sentences, places: Vec::new(), open: Vec::new() };
    let start = State::new(script);
    walk.sentence(0, 0, 0, 0, &start).then_some(walk.places)
}

/// Whether the sentence can stand somewhere in some story.
pub fn alone(rules: &Rules, words: &[WordId]) -> bool {
    let places = rules.by_len.get(words.len()).map_or(&[][..], Vec::as_slice);
    places.iter().any(|&place| fits_place(rules, place, words, None))
}

/// Whether the words can be those of this frame, in some story.
pub fn fits_place(rules: &Rules, place: FrameId, words: &[WordId], relaxed: Option<Relaxed>) -> bool {
    let script = &rules.scripts[usize::from(place.script)];
    let frame = frame_at(rules, place);
    if !fixed_words_match(rules, frame, words, relaxed) {
        return false;
    }
    let mut state = State::new(script);
    state.enter(script, frame);
    let reader = FrameReader { rules, script, frame, words, relaxed };
    reader.read(0, state, &mut |state: &State| {
        let uses = script.uses.iter().chain(&frame.uses);
        let open: Vec<Open> = uses.map(|one| Open { one, sentence: 1, locals: *state }).collect();
        // This necessary condition is checked first, so that wrong readings end early.
        open.iter().all(|open| has_row(rules, open, state))
            && settle(rules, &open, state, script.vars.len(), &mut Vec::new())
            && are_distinct(script, state)
    })
}

pub fn frame_at(rules: &Rules, place: FrameId) -> &Frame {
    let step = &rules.scripts[usize::from(place.script)].steps[usize::from(place.step)];
    &step.groups[usize::from(place.group)].frames[usize::from(place.frame)]
}

/// Depth-first search over the ways to lay the sentences along the steps of a script.
struct Walk<'r, 't> {
    rules: &'r Rules,
    script: &'r Script,
    s: usize,
    sentences: &'t [&'t [WordId]],
    places: Vec<FrameId>,
    open: Vec<Open<'r>>,
}

impl<'r> Walk<'r, '_> {
    /// Lays out the sentences from `i` on, at step `t`, which has given `count` sentences from the groups in `used`.
    fn sentence(&mut self, i: usize, t: usize, count: usize, used: u64, state: &State) -> bool {
        let script = self.script;
        let Some(step) = script.steps.get(t) else {
            return i == self.sentences.len() && self.is_consistent(state);
        };
        if i < self.sentences.len() && count < step.max && self.here(i, t, count, used, state) {
            return true;
        }
        count >= step.min && self.sentence(i, t + 1, 0, 0, state)
    }

    fn here(&mut self, i: usize, t: usize, count: usize, used: u64, state: &State) -> bool {
        let (rules, script, words) = (self.rules, self.script, self.sentences[i]);
        for (g, group) in script.steps[t].groups.iter().enumerate().filter(|(g, _)| used >> g & 1 == 0) {
            for (f, frame) in group.frames.iter().enumerate() {
                if !fixed_words_match(rules, frame, words, None) {
                    continue;
                }
                let mut entered = *state;
                entered.enter(script, frame);
                self.places.push(FrameId { script: self.s as u16, step: t as u8, group: g as u8, frame: f as u16 });
                let reader = FrameReader { rules, script, frame, words, relaxed: None };
                let found =
                    reader.read(0, entered, &mut |after: &State| self.after(frame, i, t, count, used | 1 << g, after));
                if found {
                    return true;
                }
                self.places.pop();
            }
        }
        false
    }

    /// After a sentence is read: settles its tables if everything is known, else keeps them open, and continues.
    fn after(&mut self, frame: &'r Frame, i: usize, t: usize, count: usize, used: u64, state: &State) -> bool {
        let depth = self.open.len();
        let outer = self.script.vars.len();
        let open = |one| Open { one, sentence: i + 1, locals: *state };
        let uses: Vec<Open<'r>> = frame.uses.iter().map(open).collect();
        // This necessary condition is checked first, so that wrong readings end early.
        let mut all = self.script.uses.iter().map(open).chain(uses.iter().copied());
        if all.any(|open| !has_row(self.rules, &open, state)) {
            return false;
        }
        let is_known = |open: &Open| {
            let mut vars = open.one.vars.iter().flatten().map(|&v| usize::from(v));
            vars.all(|v| v >= outer || state.lexeme[v] != UNKNOWN)
        };
        let (known, unknown): (Vec<_>, Vec<_>) = uses.into_iter().partition(is_known);
        // Tables that share a variable of this sentence alone are settled together, now or at the end.
        let (now, later) = if unknown.is_empty() { (known, unknown) } else { (Vec::new(), [known, unknown].concat()) };
        if !settle(self.rules, &now, state, outer, &mut Vec::new()) {
            return false;
        }
        self.open.extend(later);
        let found = self.sentence(i + 1, t, count + 1, used, state);
        self.open.truncate(depth);
        found
    }

    fn is_consistent(&self, state: &State) -> bool {
        let of_script = self.script.uses.iter().map(|one| Open { one, sentence: 0, locals: *state });
        let all: Vec<Open> = of_script.chain(self.open.iter().copied()).collect();
        settle(self.rules, &all, state, self.script.vars.len(), &mut Vec::new()) && are_distinct(self.script, state)
    }
}

/// Whether no two variables that must differ are known to be the same thing.
fn are_distinct(script: &Script, state: &State) -> bool {
    script.distinct.iter().all(|&(a, b)| {
        let (a, b) = (state.lexeme[usize::from(a)], state.lexeme[usize::from(b)]);
        a == UNKNOWN || a != b
    })
}

/// Whether some row of this table agrees with what is known of its variables.
fn has_row(rules: &Rules, open: &Open, state: &State) -> bool {
    let outer = usize::MAX;
    rules.relations[open.one.relation].rows.iter().any(|row| row_fits(rules, open, row, state, outer))
}

fn value(open: &Open, state: &State, v: u8, outer: usize) -> (LexemeId, Features) {
    let v = usize::from(v);
    let from = if v < outer { state } else { &open.locals };
    (from.lexeme[v], from.features[v])
}

fn row_fits(rules: &Rules, open: &Open, row: &[LexemeSet], state: &State, outer: usize) -> bool {
    open.one.vars.iter().zip(row).all(|(var, cell)| {
        let Some(v) = *var else { return true };
        let (lexeme, features) = value(open, state, v, outer);
        if lexeme == UNKNOWN {
            cell.list.iter().any(|&l| rules.lexicon.lexemes[usize::from(l)].features & features != 0)
        } else {
            cell.has(lexeme)
        }
    })
}

/// Chooses a row for every table so that each unknown variable has a lexeme common to all its cells. `chosen` holds the
/// cells so far: (which sentence's variable, cell).
fn settle<'r>(
    rules: &'r Rules,
    open: &[Open<'r>],
    state: &State,
    outer: usize,
    chosen: &mut Vec<(usize, usize, &'r LexemeSet)>,
) -> bool {
    let Some((first, rest)) = open.split_first() else { return true };
    for row in &rules.relations[first.one.relation].rows {
        if !row_fits(rules, first, row, state, outer) {
            continue;
        }
        let depth = chosen.len();
        let joint = first.one.vars.iter().zip(row).all(|(var, cell)| {
            let Some(v) = *var else { return true };
            let (lexeme, features) = value(first, state, v, outer);
            if lexeme != UNKNOWN {
                return true;
            }
            let owner = if usize::from(v) < outer { 0 } else { first.sentence };
            let earlier = chosen.iter().filter(|c| (c.0, c.1) == (owner, usize::from(v)));
            let earlier: Vec<&LexemeSet> = earlier.map(|c| c.2).collect();
            chosen.push((owner, usize::from(v), cell));
            let mut candidates = cell.list.iter();
            candidates.any(|&l| {
                rules.lexicon.lexemes[usize::from(l)].features & features != 0 && earlier.iter().all(|set| set.has(l))
            })
        });
        if joint && settle(rules, rest, state, outer, chosen) {
            return true;
        }
        chosen.truncate(depth);
    }
    false
}

/// Whether the fixed words of a frame stand in their places. The check is cheap and rules out nearly every frame.
fn fixed_words_match(rules: &Rules, frame: &Frame, words: &[WordId], relaxed: Option<Relaxed>) -> bool {
    frame.slots.len() == words.len()
        && frame.slots.iter().zip(words).enumerate().all(|(i, (slot, &word))| match slot.what {
            What::Fixed(fixed) => fixed == word || word == ANY,
            What::Sound => {
                let next = match frame.slots.get(i + 1).map(|slot| slot.what) {
                    Some(What::Fixed(fixed)) => Some(fixed),
                    _ => words.get(i + 1).copied(),
                };
                is_article_right(rules, word, next, is_relaxed(relaxed, i, Relax::Sound))
            }
            What::Form { .. } => true,
        })
}

fn is_article_right(rules: &Rules, word: WordId, next: Option<WordId>, any_sound: bool) -> bool {
    if word == ANY || (next == Some(ANY) && rules.articles.contains(&word)) {
        return true;
    }
    let next = next.and_then(|n| rules.lexicon.words.get(n as usize)).map_or("", |w| w.lower.as_str());
    word == rules.articles[usize::from(english::wants_an(next))] || (any_sound && rules.articles.contains(&word))
}

fn is_relaxed(relaxed: Option<Relaxed>, word: usize, relax: Relax) -> bool {
    relaxed.is_some_and(|r| r.relax == relax && r.word.abs_diff(word) <= usize::from(relax == Relax::Sound))
}

/// Reads the words of one sentence into the slots of one frame.
struct FrameReader<'a> {
    rules: &'a Rules,
    script: &'a Script,
    frame: &'a Frame,
    words: &'a [WordId],
    relaxed: Option<Relaxed>,
}

impl FrameReader<'_> {
    /// Tries every way to read the slots from `i` on, and stops at the first that `then` accepts.
    fn read(&self, i: usize, state: State, then: &mut dyn FnMut(&State) -> bool) -> bool {
        let Some(slot) = self.frame.slots.get(i) else { return then(&state) };
        if !matches!(slot.what, What::Form { .. }) {
            return self.read(i + 1, state, then);
        }
        if self.words[i] != ANY {
            return self.read_as(self.words[i], i, slot.what, state, then);
        }
        let before = i.checked_sub(1).filter(|&b| matches!(self.frame.slots[b].what, What::Sound));
        let article = before.map(|b| self.words[b]).filter(|&article| article != ANY);
        if article.is_none() && !self.must_differ(slot.what) {
            return self.read(i + 1, state, then);
        }
        // After an article only words with the right sound come into question, and what must differ from another thing has to be
        // named. So every word is tried.
        let sounds = |word: WordId| article.is_none_or(|a| is_article_right(self.rules, a, Some(word), false));
        let words = 0..self.rules.lexicon.words.len() as WordId;
        words.filter(|&word| sounds(word)).any(|word| self.read_as(word, i, slot.what, state, then))
    }

    /// Whether a slot names a variable that must not be the same thing as another one.
    fn must_differ(&self, what: What) -> bool {
        let What::Form { base: Base::Var(v), .. } = what else { return false };
        self.script.distinct.iter().any(|&(a, b)| a == v || b == v)
    }

    /// The same with `word` in slot `i`.
    fn read_as(&self, word: WordId, i: usize, what: What, state: State, then: &mut dyn FnMut(&State) -> bool) -> bool {
        let What::Form { base, shape, control } = what else { return false };
        let relax = self.relaxed.filter(|r| r.word == i).map(|r| r.relax);
        let readings = self.rules.lexicon.readings.get(word as usize);
        for reading in readings.into_iter().flatten() {
            for tense in [Tense::Present, Tense::Past] {
                if state.tenses >> tense as u8 & 1 == 0 {
                    continue;
                }
                // If the form does not depend on the story's tense, one pass with all possible tenses is enough.
                let timed = matches!(shape, Shape::Finite | Shape::Background) && relax != Some(Relax::Tense);
                let mut next = state;
                if timed {
                    next.tenses = 1 << tense as u8;
                }
                if self.take(base, shape, control, *reading, tense, relax, &mut next) && self.read(i + 1, next, then) {
                    return true;
                }
                if !timed {
                    break;
                }
            }
        }
        false
    }

    /// Narrows `state` by this reading of a word. Returns false if the word cannot stand here.
    #[allow(clippy::too_many_arguments, reason = "the parts of one slot, used in one place")]
    fn take(
        &self,
        base: Base,
        shape: Shape,
        control: Control,
        reading: Reading,
        tense: Tense,
        relax: Option<Relax>,
        state: &mut State,
    ) -> bool {
        let rules = self.rules;
        let lexeme = &rules.lexicon.lexemes[usize::from(reading.lexeme)];
        let any_lexeme = relax == Some(Relax::Lexeme);
        let class_of = |id: LexemeId| rules.lexicon.lexemes[usize::from(id)].class;
        match base {
            Base::Lexeme(fixed) if fixed != reading.lexeme && !(any_lexeme && class_of(fixed) == lexeme.class) => {
                return false;
            }
            Base::Var(_) if !shape_fits_class(shape, lexeme.class) => return false,
            _ => {}
        }
        let cells = relax.map_or(reading.cells, |r| r.widen(reading.cells, lexeme.class));
        if let (Base::Var(v), Some(Relax::Number | Relax::Gender)) = (base, relax) {
            state.free = v;
        }
        let Some((own, controlled)) = forms::conditions(shape, control, cells, tense) else { return false };
        if let (Base::Var(v), false) = (base, any_lexeme)
            && !(state.name(rules, v, reading.lexeme) && (shape != Shape::Noun || state.narrow(rules, v, own)))
        {
            return false;
        }
        match control {
            Control::Var(v) if controlled != ANY_FEATURES => state.narrow(rules, v, controlled),
            _ => true,
        }
    }
}

/// A first, coarse check; the tables decide the rest.
pub fn shape_fits_class(shape: Shape, class: Class) -> bool {
    match shape {
        Shape::Noun => class == Class::Noun,
        Shape::Agree => matches!(class, Class::Adjective | Class::Agreeing),
        Shape::Cell(0) => matches!(class, Class::Name | Class::Plain),
        Shape::Finite | Shape::Background | Shape::In(_) | Shape::Participle | Shape::Cell(_) => class == Class::Verb,
    }
}
