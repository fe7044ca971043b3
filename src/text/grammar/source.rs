//! Reads a grammar from its text (`assets/grammar/*.txt`; the format is described there): word lists, tables of what goes
//! with what, and scripts of stories -> [`Rules`], where every choice is a list of indices.

mod entries;
mod frames;

use std::collections::HashMap;

use super::lexicon::{
    ANY_FEATURES, Cell, Class, FEATURELESS, Features, GERUND, Gender, INFINITIVE, LexemeId, LexemeSet, Lexicon,
    NO_WORD, Number, PARTICIPLE, Tense, WordId, agree_cell, features_of,
};
use super::{english, portuguese};
use crate::lang::Lang;
use crate::message::{Fact, Message};
use crate::{Error, Result};

/// The largest number of variables of a script and one of its frames together.
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

/// The cells of a participle for a set of features.
pub fn participle_cell(gender: Gender, number: Number) -> Cell {
    PARTICIPLE + number as u8 * 2 + (gender == Gender::Feminine) as u8
}
