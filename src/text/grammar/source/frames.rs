//! Reads the sentences of a grammar: macros and alternatives are written out, and every hole gets the variable and the form that it
//! takes.

use super::*;

impl Reader<'_> {
    /// `2* The {Who} ...`: a weight, and a text whose macros are put in.
    pub(super) fn frame_line(&self, text: &str) -> Result<Line> {
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

    pub(super) fn add_line(&mut self, line: Line, block: &Block) -> Result<()> {
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

    pub(super) fn compile(&mut self, line: &Line, vars: &[Var]) -> Result<Group> {
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

    pub(super) fn slots(&mut self, text: &str, vars: &[&Var]) -> Result<Vec<Slot>> {
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
    pub(super) fn hole(&self, hole: &str, vars: &[&Var]) -> Result<What> {
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

    pub(super) fn fixed_lexeme(&self, word: &str) -> Result<LexemeId> {
        let (lemma, class) = word.split_once('/').map_or((word, None), |(w, c)| (w, Some(c)));
        let classes = match class {
            Some(letter) => vec![self.class(letter)?],
            None => vec![Class::Verb, Class::Agreeing, Class::Adjective],
        };
        let found = classes.into_iter().find_map(|c| self.lexicon.lexeme(lemma, c));
        found.ok_or_else(|| self.wrong(Message::new("grammar-in-no-list").with("lemma", lemma)))
    }

    pub(super) fn shape(&self, class: Class, shape: Option<&str>) -> Result<Shape> {
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
