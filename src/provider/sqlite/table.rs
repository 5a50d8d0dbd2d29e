//! A table, its indexes and triggers as SQLite holds them.
//! Never drops what it does not understand: every clause keeps the text it was written in.

use super::lexer::{normal, quote, tokens};
use crate::model::field::OnEvent;

/// One table with everything that hangs on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    pub table: Table,
    pub indexes: Vec<Index>,
    pub triggers: Vec<Trigger>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    pub name: String,
    pub columns: Vec<Column>,
    pub constraints: Vec<Clause>,
    pub strict: bool,
    pub without_rowid: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    /// As written; empty where there is none.
    pub type_name: String,
    pub clauses: Vec<Clause>,
}

/// A constraint of a column or of a table, as written, and what it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// The name after `CONSTRAINT`.
    pub name: Option<String>,
    /// As written, without its name.
    pub text: String,
    pub meaning: Meaning,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Without direction, conflict clause or `AUTOINCREMENT`. The columns are empty on a column.
    PrimaryKey(Vec<String>),
    /// A primary key with more to it.
    OtherPrimaryKey(Vec<String>),
    NotNull,
    /// Without a conflict clause. The columns are empty on a column.
    Unique(Vec<String>),
    /// What stands between the parentheses.
    Check(String),
    /// What stands after `DEFAULT`, with its parentheses.
    Default(String),
    ForeignKey(ForeignKey),
    Generated,
    /// `COLLATE` and all else.
    Other,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignKey {
    /// Empty on a column.
    pub columns: Vec<String>,
    pub table: String,
    /// Empty where the primary key is meant.
    pub to: Vec<String>,
    pub on_delete: OnEvent,
    pub on_update: OnEvent,
    /// Whether there is nothing more to it (`DEFERRABLE`, `MATCH`, `SET DEFAULT`).
    pub is_plain: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    pub name: String,
    pub unique: bool,
    /// None where it is more than a list of columns: expressions, `WHERE`, `COLLATE`, `DESC`.
    pub columns: Option<Vec<String>>,
    pub sql: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trigger {
    pub name: String,
    pub sql: String,
}

/// A list of names in quotes.
pub fn quoted<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> String {
    names.into_iter().map(|name| quote(name.as_ref())).collect::<Vec<_>>().join(", ")
}

impl ForeignKey {
    /// `REFERENCES …`, as we write it.
    pub fn render(&self) -> String {
        let mut text = format!("REFERENCES {}", quote(&self.table));
        if !self.to.is_empty() {
            text.push_str(&format!(" ({})", quoted(&self.to)));
        }
        for (event, words) in [(self.on_delete, "ON DELETE"), (self.on_update, "ON UPDATE")] {
            match event {
                // SQLite's own default refuses as well, at the end of the statement.
                OnEvent::NoAction | OnEvent::Restrict => {}
                OnEvent::Cascade => text.push_str(&format!(" {words} CASCADE")),
                OnEvent::SetNull => text.push_str(&format!(" {words} SET NULL")),
                OnEvent::SetDefault => text.push_str(&format!(" {words} SET DEFAULT")),
            }
        }
        text
    }
}

/// What follows `FOREIGN KEY (…)`, as written.
fn after_columns(text: &str) -> String {
    let tokens = tokens(text).unwrap_or_default();
    let start = tokens.iter().find(|token| token.is("REFERENCES")).map_or(0, |token| token.start);
    text[start..].to_owned()
}

impl Clause {
    pub fn new(text: impl Into<String>, meaning: Meaning) -> Clause {
        Clause { name: None, text: text.into(), meaning }
    }

    pub fn check(sql: &str) -> Clause {
        Clause::new(format!("CHECK ({sql})"), Meaning::Check(sql.to_owned()))
    }

    pub fn not_null() -> Clause {
        Clause::new("NOT NULL", Meaning::NotNull)
    }

    pub fn references(key: ForeignKey) -> Clause {
        let mut text = key.render();
        if !key.columns.is_empty() {
            text = format!("FOREIGN KEY ({}) {text}", quoted(&key.columns));
        }
        Clause::new(text, Meaning::ForeignKey(key))
    }

    pub fn named(mut self, name: &str) -> Clause {
        self.name = Some(name.to_owned());
        self
    }

    pub fn render(&self) -> String {
        match &self.name {
            Some(name) => format!("CONSTRAINT {} {}", quote(name), self.text),
            None => self.text.clone(),
        }
    }

    /// The clause in one spelling. The name counts only where it says something: on checks.
    fn canonical(&self) -> String {
        match &self.meaning {
            Meaning::ForeignKey(key) if key.is_plain => {
                let mut key = key.clone();
                key.columns.iter_mut().chain(&mut key.to).for_each(|name| name.make_ascii_lowercase());
                key.table.make_ascii_lowercase();
                format!("{:?}", key)
            }
            Meaning::Check(_) => format!("{:?} {}", self.name, normal(&self.text)),
            Meaning::PrimaryKey(_)
            | Meaning::OtherPrimaryKey(_)
            | Meaning::NotNull
            | Meaning::Unique(_)
            | Meaning::Default(_)
            | Meaning::ForeignKey(_)
            | Meaning::Generated
            | Meaning::Other => normal(&self.text),
        }
    }

    /// Tells whether two clauses mean the same.
    pub fn is_same(&self, other: &Clause) -> bool {
        (self.text == other.text && self.name == other.name) || self.canonical() == other.canonical()
    }
}

/// Tells whether two lists of clauses mean the same, in whatever order.
pub fn same_clauses<'a>(
    left: impl Iterator<Item = &'a Clause> + Clone,
    right: impl Iterator<Item = &'a Clause> + Clone,
) -> bool {
    if left.clone().map(|c| (&c.name, &c.text)).eq(right.clone().map(|c| (&c.name, &c.text))) {
        return true;
    }
    let sorted = |clauses: &mut dyn Iterator<Item = &'a Clause>| {
        let mut all: Vec<String> = clauses.map(Clause::canonical).collect();
        all.sort();
        all
    };
    sorted(&mut left.into_iter()) == sorted(&mut right.into_iter())
}

impl Column {
    /// Everything after the name.
    pub fn tail(&self) -> String {
        let clauses = self.clauses.iter().map(Clause::render);
        let type_name = Some(self.type_name.clone()).filter(|name| !name.is_empty());
        type_name.into_iter().chain(clauses).collect::<Vec<_>>().join(" ")
    }

    pub fn render(&self) -> String {
        format!("{} {}", quote(&self.name), self.tail()).trim_end().to_owned()
    }

    pub fn is_same(&self, other: &Column) -> bool {
        self.name.eq_ignore_ascii_case(&other.name)
            && self.type_name.eq_ignore_ascii_case(&other.type_name)
            && same_clauses(self.clauses.iter(), other.clauses.iter())
    }

    pub fn is_generated(&self) -> bool {
        self.clauses.iter().any(|clause| clause.meaning == Meaning::Generated)
    }

    pub fn is_not_null(&self) -> bool {
        self.clauses.iter().any(|clause| clause.meaning == Meaning::NotNull)
    }

    pub fn foreign_key(&self) -> Option<&ForeignKey> {
        self.clauses.iter().find_map(|clause| match &clause.meaning {
            Meaning::ForeignKey(key) => Some(key),
            Meaning::PrimaryKey(_)
            | Meaning::OtherPrimaryKey(_)
            | Meaning::NotNull
            | Meaning::Unique(_)
            | Meaning::Check(_)
            | Meaning::Default(_)
            | Meaning::Generated
            | Meaning::Other => None,
        })
    }

    pub fn default(&self) -> Option<&str> {
        self.clauses.iter().find_map(|clause| match &clause.meaning {
            Meaning::Default(sql) => Some(sql.as_str()),
            Meaning::PrimaryKey(_)
            | Meaning::OtherPrimaryKey(_)
            | Meaning::NotNull
            | Meaning::Unique(_)
            | Meaning::Check(_)
            | Meaning::ForeignKey(_)
            | Meaning::Generated
            | Meaning::Other => None,
        })
    }
}

impl Table {
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name))
    }

    /// The statement that makes it, as we write it.
    pub fn render(&self) -> String {
        let columns = self.columns.iter().map(Column::render);
        let parts: Vec<String> = columns.chain(self.constraints.iter().map(Clause::render)).collect();
        let options = self.options();
        let space = if options.is_empty() { "" } else { " " };
        format!("CREATE TABLE {} (\n  {}\n){space}{options}", quote(&self.name), parts.join(",\n  "))
    }

    /// `STRICT`, `WITHOUT ROWID`, both or none.
    pub fn options(&self) -> String {
        let strict = self.strict.then_some("STRICT");
        let without = self.without_rowid.then_some("WITHOUT ROWID");
        strict.into_iter().chain(without).collect::<Vec<_>>().join(", ")
    }

    /// The names of the primary key's columns; empty where there is none.
    pub fn primary_key(&self) -> Vec<String> {
        for column in &self.columns {
            for clause in &column.clauses {
                if let Meaning::PrimaryKey(_) | Meaning::OtherPrimaryKey(_) = clause.meaning {
                    return vec![column.name.clone()];
                }
            }
        }
        for clause in &self.constraints {
            if let Meaning::PrimaryKey(columns) | Meaning::OtherPrimaryKey(columns) = &clause.meaning {
                return columns.clone();
            }
        }
        Vec::new()
    }

    /// Whether every type is one that a `STRICT` table takes.
    pub fn may_be_strict(&self) -> bool {
        const TYPES: [&str; 6] = ["INT", "INTEGER", "REAL", "TEXT", "BLOB", "ANY"];
        self.columns.iter().all(|column| TYPES.iter().any(|ty| column.type_name.eq_ignore_ascii_case(ty)))
    }

    /// Moves constraints of the table that concern one column to that column, where they mean the same.
    /// `is_lookup` tells which foreign keys of one column belong to that column.
    pub fn fold(&mut self, is_lookup: impl Fn(&Clause, &ForeignKey) -> bool) {
        let constraints = std::mem::take(&mut self.constraints);
        for clause in constraints {
            let single = match &clause.meaning {
                Meaning::PrimaryKey(columns) | Meaning::Unique(columns) if columns.len() == 1 => {
                    columns.first().cloned()
                }
                Meaning::ForeignKey(key) if key.columns.len() == 1 && is_lookup(&clause, key) => {
                    key.columns.first().cloned()
                }
                Meaning::PrimaryKey(_)
                | Meaning::OtherPrimaryKey(_)
                | Meaning::NotNull
                | Meaning::Unique(_)
                | Meaning::Check(_)
                | Meaning::Default(_)
                | Meaning::ForeignKey(_)
                | Meaning::Generated
                | Meaning::Other => None,
            };
            let column = single.and_then(|name| {
                self.columns.iter_mut().find(|column| column.name.eq_ignore_ascii_case(&name))
            });
            match (column, clause.meaning.clone()) {
                (Some(column), Meaning::PrimaryKey(_)) => {
                    column.clauses.push(Clause {
                        name: clause.name,
                        ..Clause::new("PRIMARY KEY", Meaning::PrimaryKey(Vec::new()))
                    });
                }
                (Some(column), Meaning::Unique(_)) => {
                    column.clauses.push(Clause {
                        name: clause.name,
                        ..Clause::new("UNIQUE", Meaning::Unique(Vec::new()))
                    });
                }
                (Some(column), Meaning::ForeignKey(mut key)) => {
                    key.columns.clear();
                    let text = if key.is_plain { key.render() } else { after_columns(&clause.text) };
                    column
                        .clauses
                        .push(Clause { name: clause.name, ..Clause::new(text, Meaning::ForeignKey(key)) });
                }
                _ => self.constraints.push(clause),
            }
        }
    }
}
