//! Reads a grammar from its text (`assets/grammar/*.txt`; the format is described there): word lists, tables of what goes
//! with what, and scripts of stories -> [`Rules`], where every choice is a list of indices.

use std::collections::HashMap;

use super::lexicon::{
    ANY_FEATURES, Cell, Class, FEATURELESS, Features, GERUND, Gender, INFINITIVE, LexemeId, LexemeSet, Lexicon,
    NO_WORD, Number, PARTICIPLE, Tense, WordId, agree_cell, features_of,
};
use super::{english, portuguese};
use crate::lang::Lang;
use crate::message::{Fact, Message};
use crate::{Error, Result};

/// The most variables of a script and one of its frames together.
pub const MAX_VARS: usize = 24;
pub type VarId = u8;

/// Everything a story is made of.
#[derive(Debug)]
pub struct Rules {
    pub lexicon: Lexicon,
    pub relations: Vec<Relation>,
    pub scripts: Vec<Script>,
    /// "a" and "an"; Portuguese has no word here.
    pub articles: [WordId; 2],
    /// Every frame of every script, by number of words: (script, step, group, frame).
    pub by_len: Vec<Vec<FrameId>>,
}

/// The place of a frame in the grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameId {
    pub script: u16,
    pub step: u8,
    pub group: u8,
    pub frame: u16,
}

/// A union of products: in each row every column has the lexemes that go together.
#[derive(Debug)]
pub struct Relation {
    /// The table as the grammar names it. Several relations may restrict one table.
    pub table: String,
    /// The table's columns, by name.
    pub columns: Vec<String>,
    pub rows: Vec<Vec<LexemeSet>>,
}

/// A relation between variables, one per column; `None` is a column that does not matter here.
#[derive(Debug, Clone)]
pub struct Use {
    pub relation: usize,
    pub vars: Vec<Option<VarId>>,
}

#[derive(Debug, Clone)]
pub struct Var {
    pub name: String,
    pub class: Class,
    pub features: Features,
    /// Whether it is a character. Mentions of a character are references.
    pub who: bool,
}

/// A kind of story. Its variables keep their values from the first sentence to the last.
#[derive(Debug)]
pub struct Script {
    pub name: String,
    pub weight: u32,
    pub tenses: u8,
    pub vars: Vec<Var>,
    pub uses: Vec<Use>,
    pub distinct: Vec<(VarId, VarId)>,
    pub steps: Vec<Step>,
}

/// A step of a script: between `min` and `max` sentences, each from another group.
#[derive(Debug)]
pub struct Step {
    pub min: usize,
    pub max: usize,
    pub groups: Vec<Group>,
}

/// One line of the grammar: a sentence with its alternatives written out.
#[derive(Debug, Clone)]
pub struct Group {
    pub weight: u32,
    pub frames: Vec<Frame>,
}

/// A sentence with holes. The variables from `script.vars.len()` on belong to it alone.
#[derive(Debug, Clone)]
pub struct Frame {
    pub slots: Vec<Slot>,
    pub locals: Vec<Var>,
    pub uses: Vec<Use>,
}

#[derive(Debug, Clone, Copy)]
pub struct Slot {
    pub what: What,
    pub space_before: bool,
    pub upper: bool,
}

#[derive(Debug, Clone, Copy)]
pub enum What {
    Fixed(WordId),
    /// "a", or "an" before a vowel sound.
    Sound,
    Form {
        base: Base,
        shape: Shape,
        control: Control,
    },
}

#[derive(Debug, Clone, Copy)]
pub enum Base {
    Var(VarId),
    Lexeme(LexemeId),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A noun in its own number.
    Noun,
    /// In the gender and number of what controls it.
    Agree,
    /// A participle in the gender and number of what controls it.
    Participle,
    /// A verb in the tense of the story.
    Finite,
    /// A verb in the tense that describes what lasts: the imperfect of a story in the past.
    Background,
    /// A verb in this tense.
    In(Tense),
    /// Always this form.
    Cell(Cell),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    None,
    Var(VarId),
    /// I, eu.
    FirstSingular,
    /// we, nós.
    FirstPlural,
    /// Two subjects joined by "and".
    ThirdPlural,
}

/// A table as written: columns with a name and a class, rows of lexemes.
struct Table {
    columns: Vec<(String, Class)>,
    rows: Vec<Vec<Vec<LexemeId>>>,
}

/// A frame as written, with the line it stands on.
#[derive(Clone)]
struct Line {
    number: usize,
    weight: u32,
    text: String,
}

struct Reader<'a> {
    language: Lang,
    file: &'a str,
    line: usize,
    lexicon: Lexicon,
    sets: HashMap<String, String>,
    macros: HashMap<String, String>,
    tables: HashMap<String, Table>,
    defs: HashMap<String, Vec<Line>>,
    relations: Vec<Relation>,
    relation_ids: HashMap<(String, Vec<Features>), usize>,
    scripts: Vec<Script>,
}

/// The block to which the next indented or dashed line belongs.
enum Block {
    None,
    Table(String),
    Def(String),
    Script,
}

/// Reads `text` of `file` (named in errors).
pub fn read(language: Lang, file: &str, text: &str) -> Result<Rules> {
    let mut reader = Reader {
        language,
        file,
        line: 0,
        lexicon: Lexicon::default(),
        sets: HashMap::new(),
        macros: HashMap::new(),
        tables: HashMap::new(),
        defs: HashMap::new(),
        relations: Vec::new(),
        relation_ids: HashMap::new(),
        scripts: Vec::new(),
    };
    let mut block = Block::None;
    for (number, line) in text.lines().enumerate() {
        reader.line = number + 1;
        let line = line.trim();
        if !line.is_empty() && !line.starts_with('#') {
            reader.read_line(line, &mut block)?;
        }
    }
    reader.finish()
}

impl Reader<'_> {
    fn wrong(&self, what: Message) -> Error {
        Error::failed("grammar-file-wrong").with("detail", what).at(format!("{}:{}", self.file, self.line))
    }

    fn expected(&self, form: &str) -> Error {
        self.wrong(Message::new("grammar-expected").with("form", form))
    }

    /// `word` is none of those that may stand at its place.
    fn unknown(&self, word: impl Into<Fact>, known: &str) -> Error {
        self.wrong(Message::new("grammar-unknown").with("word", word).with("known", known))
    }

    /// `kind` is `table`, `column`, `set`, `def` or `variable`.
    fn missing(&self, kind: &str, name: &str) -> Error {
        self.wrong(Message::new("grammar-missing").with("kind", kind).with("name", name))
    }

    fn twice(&self, lemma: &str) -> Error {
        self.wrong(Message::new("grammar-twice").with("lemma", lemma))
    }

    fn read_line(&mut self, line: &str, block: &mut Block) -> Result<()> {
        if let Some(text) = line.strip_prefix("- ") {
            let line = self.frame_line(text)?;
            return self.add_line(line, block);
        }
        let (head, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim();
        if let Some(class) = head.strip_suffix(':') {
            *block = Block::None;
            return rest.split_whitespace().try_for_each(|entry| self.add_word(class, entry));
        }
        match (head, &*block) {
            ("let" | "set", _) => {
                let (name, value) = rest.split_once('=').ok_or_else(|| self.expected("NAME = TEXT"))?;
                let kind = if head == "let" { &mut self.macros } else { &mut self.sets };
                kind.insert(name.trim().to_owned(), value.trim().to_owned());
            }
            ("table", _) => *block = self.begin_table(rest)?,
            ("def", _) => {
                self.defs.insert(rest.to_owned(), Vec::new());
                *block = Block::Def(rest.to_owned());
            }
            ("script", _) => {
                self.begin_script(rest)?;
                *block = Block::Script;
            }
            (_, Block::Script) => self.script_line(head, rest)?,
            (_, Block::Table(name)) => self.add_row(&name.clone(), line)?,
            _ => return Err(self.wrong(Message::new("grammar-without-meaning").with("word", head))),
        }
        Ok(())
    }

    // ---- words ----

    /// One entry of a word list: `mouse/mice:n`, `he=he,she,it,they`.
    fn add_word(&mut self, class: &str, entry: &str) -> Result<()> {
        if class == "agree" || class == "pronoun" {
            return self.add_agreeing(entry, class == "pronoun");
        }
        let (spelled, flags) = entry.split_once(':').unwrap_or((entry, ""));
        let mut parts = spelled.split('/');
        let lemma = parts.next().unwrap_or(spelled).replace('_', " ");
        let exceptions: Vec<&str> = parts.collect();
        let english = self.language == Lang::En;
        let (class, forms, features) = match class {
            "noun" => {
                let features = self.features(&lemma, flags)?;
                let only_plural = flags.contains('p');
                let exceptions = if only_plural { vec![lemma.as_str()] } else { exceptions };
                let two =
                    if english { english::noun(&lemma, &exceptions) } else { portuguese::noun(&lemma, &exceptions) };
                let cells = (0..6u8).filter(|c| features >> c & 1 == 1);
                (Class::Noun, cells.map(|c| (c, two[usize::from(c / 3)].clone())).collect(), features)
            }
            "name" => (Class::Name, vec![(0, lemma.clone())], self.features(&lemma, &format!("{flags}u"))?),
            "verb" => {
                let forms = if english {
                    Some(english::verb(&lemma, &exceptions))
                } else {
                    portuguese::verb(&lemma, &exceptions)
                };
                let forms = forms.ok_or_else(|| self.wrong(Message::new("grammar-irregular").with("lemma", &lemma)))?;
                (Class::Verb, forms, FEATURELESS)
            }
            "adj" if english => (Class::Adjective, english::adjective(&lemma), FEATURELESS),
            "adj" => (Class::Adjective, portuguese::adjective(&lemma, &exceptions), FEATURELESS),
            "word" => (Class::Plain, vec![(0, lemma.clone())], FEATURELESS),
            other => return Err(self.unknown(other, "noun, name, verb, adj, word, agree, pronoun")),
        };
        let added = self.lexicon.add(&lemma, class, &forms, features);
        added.map(drop).ok_or_else(|| self.twice(&lemma))
    }

    fn add_agreeing(&mut self, entry: &str, pronoun: bool) -> Result<()> {
        let (lemma, forms) = entry.split_once('=').ok_or_else(|| self.expected("WORD=FORM,FORM,..."))?;
        let forms: Vec<&str> = forms.split(',').collect();
        let cells = match self.language {
            Lang::En => english::agreeing(&forms),
            Lang::Pt => portuguese::agreeing(&forms),
        };
        let cells = cells.ok_or_else(|| {
            self.wrong(Message::new("grammar-number-of-forms").with("lemma", lemma).with("count", forms.len()))
        })?;
        let id = self.lexicon.add(lemma, Class::Agreeing, &cells, FEATURELESS);
        let id = id.ok_or_else(|| self.twice(lemma))?;
        self.lexicon.lexemes[usize::from(id)].pronoun = pronoun;
        Ok(())
    }

    /// m f n c: gender (c: masculine or feminine, spelled alike); u: only singular; p: only plural.
    fn features(&self, lemma: &str, flags: &str) -> Result<Features> {
        use Gender::{Feminine, Masculine, Neuter};
        let mut genders: &[Gender] = match self.language {
            Lang::En => &[Neuter],
            Lang::Pt => match portuguese::gender(lemma) {
                Some(Feminine) => &[Feminine],
                Some(_) => &[Masculine],
                None => &[],
            },
        };
        let mut numbers: &[Number] = &[Number::Singular, Number::Plural];
        for flag in flags.chars() {
            match flag {
                'm' => genders = &[Masculine],
                'f' => genders = &[Feminine],
                'n' => genders = &[Neuter],
                'c' => genders = &[Masculine, Feminine],
                'u' => numbers = &[Number::Singular],
                'p' => numbers = &[Number::Plural],
                other => return Err(self.unknown(format!("{lemma}:{other}"), "m, f, n, c, u, p")),
            }
        }
        if genders.is_empty() {
            return Err(self.wrong(Message::new("grammar-gender-unknown").with("lemma", lemma)));
        }
        let cells = genders.iter().flat_map(|&g| numbers.iter().map(move |&n| 1 << agree_cell(g, n)));
        Ok(cells.fold(0, |all, one: Features| all | one))
    }

    // ---- tables ----

    fn begin_table(&mut self, rest: &str) -> Result<Block> {
        let mut words = rest.split_whitespace();
        let name = words.next().ok_or_else(|| self.wrong(Message::new("grammar-table-without-name")))?.to_owned();
        let mut columns = Vec::new();
        for column in words {
            let (var, class) = column.split_once('/').ok_or_else(|| self.expected("Name/class"))?;
            columns.push((var.to_owned(), self.class(class)?));
        }
        self.tables.insert(name.clone(), Table { columns, rows: Vec::new() });
        Ok(Block::Table(name))
    }

    fn class(&self, letter: &str) -> Result<Class> {
        Ok(match letter {
            "n" => Class::Noun,
            "p" => Class::Name,
            "v" => Class::Verb,
            "a" => Class::Adjective,
            "w" => Class::Plain,
            "g" => Class::Agreeing,
            other => return Err(self.unknown(other, "n, p, v, a, w, g")),
        })
    }

    fn add_row(&mut self, name: &str, line: &str) -> Result<()> {
        let classes: Vec<Class> = self.tables[name].columns.iter().map(|c| c.1).collect();
        let cells: Vec<&str> = line.split('|').collect();
        if cells.len() != classes.len() {
            return Err(self.wrong(
                Message::new("grammar-row-of-other-length")
                    .with("table", name)
                    .with("columns", classes.len())
                    .with("cells", cells.len()),
            ));
        }
        let mut row = Vec::new();
        for (cell, class) in cells.into_iter().zip(classes) {
            let mut lexemes = Vec::new();
            self.add_cell(cell, class, &mut lexemes)?;
            if lexemes.is_empty() {
                return Err(self.wrong(Message::new("grammar-empty-cell")));
            }
            row.push(lexemes);
        }
        self.tables.get_mut(name).expect("looked up above").rows.push(row);
        Ok(())
    }

    fn add_cell(&self, cell: &str, class: Class, lexemes: &mut Vec<LexemeId>) -> Result<()> {
        for word in cell.split_whitespace() {
            if let Some(set) = word.strip_prefix('@') {
                let members = self.sets.get(set).ok_or_else(|| self.missing("set", set))?;
                self.add_cell(members, class, lexemes)?;
            } else {
                let lemma = word.replace('_', " ");
                let id = self.lexicon.lexeme(&lemma, class);
                let id = id.ok_or_else(|| {
                    self.wrong(
                        Message::new("grammar-not-in-list").with("lemma", &lemma).with("class", format!("{class:?}")),
                    )
                })?;
                lexemes.push(id);
            }
        }
        Ok(())
    }

    // ---- scripts ----

    fn begin_script(&mut self, rest: &str) -> Result<()> {
        let mut words = rest.split_whitespace();
        let name = words.next().ok_or_else(|| self.wrong(Message::new("grammar-script-without-name")))?.to_owned();
        let weight = words.next().map_or(Ok(1), |w| w.parse().map_err(|_| self.unknown(w, "1, 2, 3 ...")))?;
        let script = Script {
            name,
            weight,
            tenses: 1 << Tense::Present as u8,
            vars: Vec::new(),
            uses: Vec::new(),
            distinct: Vec::new(),
            steps: Vec::new(),
        };
        self.scripts.push(script);
        Ok(())
    }

    fn script_line(&mut self, head: &str, rest: &str) -> Result<()> {
        let mut script = self.scripts.pop().expect("a script block begins with a script");
        let outcome = self.extend_script(&mut script, head, rest);
        self.scripts.push(script);
        outcome
    }

    fn extend_script(&mut self, script: &mut Script, head: &str, rest: &str) -> Result<()> {
        match head {
            "tense" => {
                script.tenses = match rest {
                    "present" => 1 << Tense::Present as u8,
                    "past" => 1 << Tense::Past as u8,
                    "any" => (1 << Tense::Present as u8) | (1 << Tense::Past as u8),
                    other => return Err(self.unknown(other, "present, past, any")),
                }
            }
            // Restrictions come before the tables that use the variable.
            "var" => {
                let mut words = rest.split_whitespace();
                let (name, class) =
                    words.next().and_then(|w| w.split_once('/')).ok_or_else(|| self.expected("var Name/class"))?;
                let mut var =
                    Var { name: name.to_owned(), class: self.class(class)?, features: ANY_FEATURES, who: false };
                words.try_for_each(|word| self.restrict(&mut var, word))?;
                script.vars.push(var);
            }
            "use" => {
                let mut none = Vec::new();
                let one = self.read_use(rest, &mut script.vars, &mut none, true)?;
                script.uses.push(one);
            }
            "distinct" => {
                let find = |name: &str| script.vars.iter().position(|v| v.name == name).map(|v| v as VarId);
                let pair = rest.split_once(' ').and_then(|(a, b)| Some((find(a)?, find(b.trim())?)));
                script.distinct.push(pair.ok_or_else(|| self.wrong(Message::new("grammar-distinct-without-two")))?);
            }
            "step" => {
                let mut words = rest.split_whitespace();
                let count = words.next().unwrap_or("1");
                let (min, max) = count.split_once('-').unwrap_or((count, count));
                let (Ok(min), Ok(max)) = (min.parse(), max.parse()) else {
                    return Err(self.unknown(count, "1, 0-1, 2-3 ..."));
                };
                let mut step = Step { min, max, groups: Vec::new() };
                for name in words {
                    let lines = self.defs.get(name).cloned();
                    let lines = lines.ok_or_else(|| self.missing("def", name))?;
                    for line in lines {
                        step.groups.push(self.compile(&line, &script.vars)?);
                    }
                }
                script.steps.push(step);
            }
            other => return Err(self.wrong(Message::new("grammar-without-meaning").with("word", other))),
        }
        Ok(())
    }

    fn restrict(&self, var: &mut Var, word: &str) -> Result<()> {
        match word {
            "who" => var.who = true,
            "sg" => var.features = features_of(Number::Singular),
            "pl" => var.features = features_of(Number::Plural),
            other => return Err(self.unknown(other, "who, sg, pl")),
        }
        Ok(())
    }

    /// `life`, `life(Who Food=Meal)`: the columns that matter, each with its variable; new ones are declared.
    fn read_use(&mut self, text: &str, outer: &mut Vec<Var>, inner: &mut Vec<Var>, declare_outer: bool) -> Result<Use> {
        let (name, chosen) = match text.split_once('(') {
            Some((name, rest)) => (name.trim(), Some(rest.trim_end_matches(')').trim())),
            None => (text.trim(), None),
        };
        let Some(table) = self.tables.get(name) else { return Err(self.missing("table", name)) };
        let mut vars = vec![None; table.columns.len()];
        let mut restrictions = vec![ANY_FEATURES; table.columns.len()];
        let all: Vec<String> = table.columns.iter().map(|c| c.0.clone()).collect();
        let wanted: Vec<&str> =
            chosen.map_or_else(|| all.iter().map(String::as_str).collect(), |c| c.split_whitespace().collect());
        for want in wanted {
            let (column, var) = want.split_once('=').unwrap_or((want, want));
            let at = table.columns.iter().position(|c| c.0 == column);
            let at = at.ok_or_else(|| self.missing("column", &format!("{name}.{column}")))?;
            let class = table.columns[at].1;
            let known = outer.iter().chain(inner.iter()).position(|v| v.name == var);
            let id = known.unwrap_or_else(|| {
                let fresh = Var { name: var.to_owned(), class, features: ANY_FEATURES, who: false };
                if declare_outer {
                    outer.push(fresh)
                } else {
                    inner.push(fresh)
                }
                outer.len() + inner.len() - 1
            });
            let found = outer.iter().chain(inner.iter()).nth(id).expect("just declared");
            if found.class != class {
                let wrong = Message::new("grammar-column-of-other-class")
                    .with("var", var)
                    .with("own", format!("{:?}", found.class))
                    .with("column", column)
                    .with("table", name)
                    .with("class", format!("{class:?}"));
                return Err(self.wrong(wrong));
            }
            restrictions[at] = found.features;
            vars[at] = Some(id as VarId);
        }
        if outer.len() + inner.len() > MAX_VARS {
            return Err(self.wrong(Message::new("grammar-too-many-variables").with("most", MAX_VARS)));
        }
        Ok(Use { relation: self.relation(name, restrictions)?, vars })
    }

    /// The table, restricted to the lexemes that its variables can have.
    fn relation(&mut self, name: &str, restrictions: Vec<Features>) -> Result<usize> {
        let key = (name.to_owned(), restrictions);
        if let Some(&id) = self.relation_ids.get(&key) {
            return Ok(id);
        }
        let fits = |&id: &LexemeId, mask: Features| self.lexicon.lexemes[usize::from(id)].features & mask != 0;
        let row = |row: &Vec<Vec<LexemeId>>| -> Vec<LexemeSet> {
            let cells = row.iter().zip(&key.1);
            cells
                .map(|(cell, &mask)| LexemeSet::new(cell.iter().filter(|l| fits(l, mask)).copied().collect()))
                .collect()
        };
        let rows: Vec<Vec<LexemeSet>> = self.tables[name].rows.iter().map(row).collect();
        let rows: Vec<_> = rows.into_iter().filter(|cells| cells.iter().all(|c| !c.list.is_empty())).collect();
        if rows.is_empty() {
            return Err(self.wrong(Message::new("grammar-no-row-fits").with("table", name)));
        }
        let columns = self.tables[name].columns.iter().map(|(column, _)| column.clone()).collect();
        self.relations.push(Relation { table: name.to_owned(), columns, rows });
        self.relation_ids.insert(key, self.relations.len() - 1);
        Ok(self.relations.len() - 1)
    }

    // ---- frames ----

    /// `2* The {Who} ...`: a weight, and a text whose macros are put in.
    fn frame_line(&self, text: &str) -> Result<Line> {
        let weighted = text.split_once("* ").and_then(|(w, rest)| Some((w.trim().parse().ok()?, rest)));
        let (weight, text) = weighted.unwrap_or((1, text));
        let mut text = text.to_owned();
        // Longer names come first, so that $NIGHT is not taken for $NIG.
        let mut names: Vec<&String> = self.macros.keys().collect();
        names.sort_by_key(|name| std::cmp::Reverse(name.len()));
        for _ in 0..4 {
            for &name in &names {
                text = text.replace(&format!("${name}"), &self.macros[name]);
            }
        }
        if text.contains('$') {
            return Err(self.wrong(Message::new("grammar-name-undefined")));
        }
        Ok(Line { number: self.line, weight, text })
    }

    fn add_line(&mut self, line: Line, block: &Block) -> Result<()> {
        match block {
            Block::Def(name) => self.defs.get_mut(name).expect("made by its def line").push(line),
            Block::Script => {
                let mut script = self.scripts.pop().expect("a script block begins with a script");
                let group = self.compile(&line, &script.vars)?;
                let step =
                    script.steps.last_mut().ok_or_else(|| self.wrong(Message::new("grammar-sentence-before-step")))?;
                step.groups.push(group);
                self.scripts.push(script);
            }
            _ => return Err(self.wrong(Message::new("grammar-sentence-outside"))),
        }
        Ok(())
    }

    fn compile(&mut self, line: &Line, vars: &[Var]) -> Result<Group> {
        let here = std::mem::replace(&mut self.line, line.number);
        let (text, extras) = line.text.split_once(" ~ ").unwrap_or((&line.text, ""));
        let mut outer = vars.to_vec();
        let mut locals: Vec<Var> = Vec::new();
        let mut uses = Vec::new();
        let extras: Vec<&str> = extras.split(';').map(str::trim).filter(|e| !e.is_empty()).collect();
        // Restrictions (`Food/n pl`) declare their variable, so they are read before the tables.
        for extra in extras.iter().filter(|e| is_restriction(e)) {
            let mut words = extra.split_whitespace();
            let (name, class) =
                words.next().and_then(|w| w.split_once('/')).ok_or_else(|| self.expected("Name/class sg"))?;
            let mut var = Var { name: name.to_owned(), class: self.class(class)?, features: ANY_FEATURES, who: false };
            words.try_for_each(|word| self.restrict(&mut var, word))?;
            if vars.iter().any(|v| v.name == name) {
                return Err(self.wrong(Message::new("grammar-variable-of-script").with("name", name)));
            }
            locals.push(var);
        }
        for extra in extras.iter().filter(|e| !is_restriction(e)) {
            uses.push(self.read_use(extra, &mut outer, &mut locals, false)?);
        }
        let bound = uses.iter().flat_map(|u| u.vars.iter().flatten()).copied();
        let bound: Vec<VarId> = bound.collect();
        if let Some(at) = (0..locals.len()).find(|l| !bound.contains(&((vars.len() + l) as VarId))) {
            return Err(self.wrong(Message::new("grammar-variable-unbound").with("name", &locals[at].name)));
        }
        let names: Vec<&Var> = vars.iter().chain(&locals).collect();
        let mut frames = Vec::new();
        for flat in alternatives(text) {
            let slots = self.slots(&flat, &names)?;
            frames.push(Frame { slots, locals: locals.clone(), uses: uses.clone() });
        }
        self.line = here;
        Ok(Group { weight: line.weight, frames })
    }

    fn slots(&mut self, text: &str, vars: &[&Var]) -> Result<Vec<Slot>> {
        let mut slots = Vec::new();
        let mut rest = text.trim();
        let mut space = false;
        let mut begins = true;
        while let Some(first) = rest.chars().next() {
            if first.is_whitespace() {
                space = true;
                rest = rest.trim_start();
                continue;
            }
            let (piece, after) = next_piece(rest);
            let is_mark = !first.is_alphanumeric() && first != '{';
            let what = match piece.strip_prefix('{') {
                Some(hole) => self.hole(hole.trim_end_matches('}'), vars)?,
                None => What::Fixed(self.lexicon.intern(&piece.to_lowercase())),
            };
            let upper = !is_mark && (begins || first.is_uppercase());
            slots.push(Slot { what, space_before: space && !slots.is_empty(), upper });
            // After a dash or a quotation mark at the start, the next word still gets the capital. Inside a sentence such a mark
            // changes nothing.
            begins = is_mark && (matches!(first, '.' | '!' | '?') || (begins && slots.len() == 1));
            space = false;
            rest = after;
        }
        if slots.len() > 60 {
            return Err(self.wrong(Message::new("grammar-sentence-too-long")));
        }
        Ok(slots)
    }

    /// `Who`, `eat:Who`, `Eat.ing`, `be.past:Who`, `close/a:Door`, `a`.
    fn hole(&self, hole: &str, vars: &[&Var]) -> Result<What> {
        if hole == "a" && self.language == Lang::En {
            return Ok(What::Sound);
        }
        let (word, control) = hole.split_once(':').map_or((hole, None), |(w, c)| (w, Some(c)));
        let (word, shape) = word.split_once('.').map_or((word, None), |(w, s)| (w, Some(s)));
        let find = |name: &str| vars.iter().position(|v| v.name == name).map(|v| v as VarId);
        let is_var = word.chars().next().is_some_and(char::is_uppercase);
        let (base, class) = if is_var {
            let id = find(word).ok_or_else(|| self.missing("variable", word))?;
            (Base::Var(id), vars[usize::from(id)].class)
        } else {
            let id = self.fixed_lexeme(word)?;
            (Base::Lexeme(id), self.lexicon.lexemes[usize::from(id)].class)
        };
        let control = match control {
            None => Control::None,
            Some("I" | "eu") => Control::FirstSingular,
            Some("we" | "nós") => Control::FirstPlural,
            Some("they" | "eles") => Control::ThirdPlural,
            Some(name) => Control::Var(find(name).ok_or_else(|| self.missing("variable", name))?),
        };
        let shape = self.shape(class, shape)?;
        let wants_control = !matches!(shape, Shape::Noun | Shape::Cell(_));
        let invariant = self.language == Lang::En && matches!(shape, Shape::Agree | Shape::Participle);
        if wants_control && control == Control::None && !(invariant && class != Class::Agreeing) {
            return Err(self.wrong(Message::new("grammar-agrees-with-nothing").with("hole", hole)));
        }
        Ok(What::Form { base, shape, control })
    }

    fn fixed_lexeme(&self, word: &str) -> Result<LexemeId> {
        let (lemma, class) = word.split_once('/').map_or((word, None), |(w, c)| (w, Some(c)));
        let classes = match class {
            Some(letter) => vec![self.class(letter)?],
            None => vec![Class::Verb, Class::Agreeing, Class::Adjective],
        };
        let found = classes.into_iter().find_map(|c| self.lexicon.lexeme(lemma, c));
        found.ok_or_else(|| self.wrong(Message::new("grammar-in-no-list").with("lemma", lemma)))
    }

    fn shape(&self, class: Class, shape: Option<&str>) -> Result<Shape> {
        Ok(match (class, shape) {
            (Class::Noun, None) => Shape::Noun,
            (Class::Adjective | Class::Agreeing, None) => Shape::Agree,
            (Class::Name | Class::Plain, None) => Shape::Cell(0),
            (Class::Verb, None) => Shape::Finite,
            (Class::Verb, Some("bg")) => Shape::Background,
            (Class::Verb, Some("pres")) => Shape::In(Tense::Present),
            (Class::Verb, Some("past")) => Shape::In(Tense::Past),
            (Class::Verb, Some("imp")) => Shape::In(Tense::Imperfect),
            (Class::Verb, Some("inf")) => Shape::Cell(INFINITIVE),
            (Class::Verb, Some("ing")) => Shape::Cell(GERUND),
            (Class::Verb, Some("pp")) => Shape::Participle,
            (_, Some(other)) => {
                return Err(self.wrong(
                    Message::new("grammar-no-such-form").with("class", format!("{class:?}")).with("form", other),
                ));
            }
            (Class::Punctuation, None) => return Err(self.wrong(Message::new("grammar-punctuation-without-forms"))),
        })
    }

    fn finish(mut self) -> Result<Rules> {
        let mut by_len: Vec<Vec<FrameId>> = Vec::new();
        for (s, script) in self.scripts.iter().enumerate() {
            for (t, step) in script.steps.iter().enumerate() {
                if step.groups.len() < step.max.max(1) || step.groups.len() > 64 || step.min > step.max {
                    let what = Message::new("grammar-number-of-sentences")
                        .with("script", &script.name)
                        .with("step", t + 1)
                        .with("sentences", step.groups.len())
                        .with("wanted", step.max);
                    return Err(Error::failed("grammar-file-wrong").with("detail", what).at(self.file));
                }
                for (g, group) in step.groups.iter().enumerate() {
                    for (f, frame) in group.frames.iter().enumerate() {
                        let len = frame.slots.len();
                        by_len.resize_with(by_len.len().max(len + 1), Vec::new);
                        by_len[len].push(FrameId { script: s as u16, step: t as u8, group: g as u8, frame: f as u16 });
                    }
                }
            }
        }
        if self.scripts.is_empty() {
            let what = Message::new("grammar-without-script");
            return Err(Error::failed("grammar-file-wrong").with("detail", what).at(self.file));
        }
        let articles = match self.language {
            Lang::En => ["a", "an"].map(|word| self.lexicon.intern(word)),
            Lang::Pt => [NO_WORD; 2],
        };
        Ok(Rules { lexicon: self.lexicon, relations: self.relations, scripts: self.scripts, articles, by_len })
    }
}

fn is_restriction(extra: &str) -> bool {
    extra.split_whitespace().next().is_some_and(|word| word.contains('/') && !word.contains('('))
}

/// The next word, mark or hole of a frame, and the rest.
fn next_piece(text: &str) -> (&str, &str) {
    let first = text.chars().next().expect("asked only where something is left");
    let end = if first == '{' {
        text.find('}').map_or(text.len(), |at| at + 1)
    } else if first.is_alphanumeric() {
        text.find(|c: char| !c.is_alphanumeric()).unwrap_or(text.len())
    } else {
        first.len_utf8()
    };
    text.split_at(end)
}

/// Expands `(a|b (c|d))` to every sentence that the text stands for.
fn alternatives(text: &str) -> Vec<String> {
    let Some(open) = text.find('(') else { return vec![text.to_owned()] };
    let mut depth = 0;
    let mut cuts = vec![open];
    let mut close = text.len();
    for (at, c) in text.char_indices().skip_while(|(at, _)| *at < open) {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            '|' if depth == 1 => cuts.push(at),
            _ => {}
        }
        if depth == 0 {
            close = at;
            break;
        }
    }
    cuts.push(close);
    let tail = text.get(close + 1..).unwrap_or("");
    let inner = cuts.windows(2).map(|pair| &text[pair[0] + 1..pair[1]]);
    inner.flat_map(|option| alternatives(&format!("{}{option}{tail}", &text[..open]))).collect()
}

/// The cells of a participle for a set of features.
pub fn participle_cell(gender: Gender, number: Number) -> Cell {
    PARTICIPLE + number as u8 * 2 + (gender == Gender::Feminine) as u8
}
