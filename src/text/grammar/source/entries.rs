//! Reads what stands before the scripts of a grammar: the lists of words, and the tables of what goes with what.

use super::*;

impl Reader<'_> {
    // ---- words ----

    /// One entry of a word list: `mouse/mice:n`, `he=he,she,it,they`.
    pub(super) fn add_word(&mut self, class: &str, entry: &str) -> Result<()> {
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

    pub(super) fn add_agreeing(&mut self, entry: &str, pronoun: bool) -> Result<()> {
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
    pub(super) fn features(&self, lemma: &str, flags: &str) -> Result<Features> {
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

    pub(super) fn begin_table(&mut self, rest: &str) -> Result<Block> {
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

    pub(super) fn class(&self, letter: &str) -> Result<Class> {
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

    pub(super) fn add_row(&mut self, name: &str, line: &str) -> Result<()> {
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

    pub(super) fn add_cell(&self, cell: &str, class: Class, lexemes: &mut Vec<LexemeId>) -> Result<()> {
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
}
