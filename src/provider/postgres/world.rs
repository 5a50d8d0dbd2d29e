//! What the statements of a plan do to what is there, one after the other.
//! Never asks the target: it follows the statements that we write ourselves, and knows nothing of those of a task.

use std::collections::BTreeMap;

use super::lexer::{Token, tokens};
use super::shape::{Constraint, Index, Rule, Table};
use crate::model::state::Native;

/// What one statement does, under the names that tables and columns have at its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    RenameTable {
        table: String,
        to: String,
    },
    RenameColumn {
        table: String,
        from: String,
        to: String,
    },
    RenameConstraint {
        table: String,
        from: String,
        to: String,
    },
    RenameIndex {
        from: String,
        to: String,
    },
    RenameType {
        from: String,
        to: String,
    },
    DropTable {
        table: String,
    },
    DropColumn {
        table: String,
        column: String,
    },
    DropConstraint {
        table: String,
        name: String,
    },
    DropIndex {
        name: String,
        is_beside: bool,
    },
    DropType {
        name: String,
    },
    DropExpression {
        table: String,
        column: String,
    },
    Retype {
        table: String,
        column: String,
        to: String,
    },
    SetNotNull {
        table: String,
        column: String,
    },
    AddColumn {
        table: String,
        writes_rows: bool,
    },
    AddConstraint {
        table: String,
        name: String,
        rule: Added,
        is_checked: bool,
    },
    Validate {
        table: String,
    },
    CreateIndex {
        table: String,
        name: String,
        columns: Option<Vec<String>>,
        is_beside: bool,
    },
    /// All else that alters a table in an instant.
    Alter {
        table: String,
    },
    /// Rows are written or read through.
    Write {
        table: String,
    },
    Lock {
        table: String,
    },
}

/// What sort of constraint is added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Added {
    Check,
    Reference {
        to: String,
        columns: Vec<String>,
    },
    Key,
    /// A key that takes over an index which is there.
    KeyByIndex,
}

/// A table that is there, under the names of the moment.
#[derive(Clone, Debug)]
pub struct Known {
    /// What it is called before the plan.
    pub former: String,
    pub table: Table,
    /// What its columns are called before the plan.
    pub columns: BTreeMap<String, String>,
}

/// All tables that were there before a plan and still are.
#[derive(Clone, Debug, Default)]
pub struct World {
    pub tables: BTreeMap<String, Known>,
    /// Enumerated types: the present name and the one before the plan.
    pub types: BTreeMap<String, String>,
}

impl World {
    pub fn new(natives: &[Native]) -> World {
        let of_kind = |kind: &'static str| natives.iter().filter(move |native| native.kind == kind);
        let table = |native: &Native| {
            let table: Table = serde_json::from_str(&native.definition).ok()?;
            let columns = table.columns.iter().map(|one| (one.name.clone(), one.name.clone())).collect();
            Some((native.name.clone(), Known { former: native.name.clone(), table, columns }))
        };
        World {
            tables: of_kind("table").filter_map(table).collect(),
            types: of_kind("enum").map(|native| (native.name.clone(), native.name.clone())).collect(),
        }
    }

    /// Finds the table that an index is on.
    pub fn index(&self, name: &str) -> Option<(&Known, &Index)> {
        self.tables.values().find_map(|known| Some((known, known.table.index(name)?)))
    }

    /// The references to a table, each with the table that it is on; its own among them.
    pub fn references_to(&self, table: &str) -> Vec<(&Known, &Constraint)> {
        let points = |one: &&Constraint| matches!(&one.rule, Rule::Reference(far) if far.table == table);
        self.tables
            .values()
            .flat_map(|known| known.table.constraints.iter().filter(points).map(move |one| (known, one)))
            .collect()
    }

    /// Brings all to what it is after a statement.
    pub fn follow(&mut self, deed: &Deed) {
        match deed {
            Deed::RenameTable { table, to } => {
                if let Some(mut known) = self.tables.remove(table) {
                    known.table.name.clone_from(to);
                    self.tables.insert(to.clone(), known);
                }
                self.each_reference(table, |far| far.table.clone_from(to));
            }
            Deed::RenameColumn { table, from, to } => self.rename_column(table, from, to),
            Deed::RenameConstraint { table, from, to } => {
                let found = self.tables.get_mut(table).map(|known| &mut known.table.constraints);
                found
                    .into_iter()
                    .flatten()
                    .filter(|one| one.name == *from)
                    .for_each(|one| one.name.clone_from(to));
            }
            Deed::RenameIndex { from, to } => {
                let all = self.tables.values_mut().flat_map(|known| &mut known.table.indexes);
                all.filter(|one| one.name == *from).for_each(|one| one.name.clone_from(to));
            }
            Deed::RenameType { from, to } => {
                if let Some(former) = self.types.remove(from) {
                    self.types.insert(to.clone(), former);
                }
                let columns = self.tables.values_mut().flat_map(|known| &mut known.table.columns);
                let holding = columns.filter(|one| one.enumeration.as_ref() == Some(from));
                holding.for_each(|one| one.enumeration = Some(to.clone()));
            }
            Deed::DropTable { table } => drop(self.tables.remove(table)),
            Deed::DropColumn { table, column } => {
                let Some(known) = self.tables.get_mut(table) else { return };
                known.columns.remove(column);
                known.table.columns.retain(|one| one.name != *column);
                known.table.constraints.retain(|one| !one.columns.contains(column));
                known.table.indexes.retain(|one| !one.columns.iter().flatten().any(|own| own == column));
            }
            Deed::DropConstraint { table, name } => {
                if let Some(known) = self.tables.get_mut(table) {
                    known.table.constraints.retain(|one| one.name != *name);
                }
            }
            Deed::DropIndex { name, .. } => {
                self.tables
                    .values_mut()
                    .for_each(|known| known.table.indexes.retain(|one| one.name != *name));
            }
            Deed::DropType { name } => drop(self.types.remove(name)),
            Deed::DropExpression { table, column } => {
                self.column(table, column, |one| one.made = super::shape::Made::Plain);
            }
            Deed::Retype { table, column, to } => self.column(table, column, |one| {
                one.ty.clone_from(to);
                one.enumeration = None;
            }),
            Deed::SetNotNull { table, column } => self.column(table, column, |one| one.not_null = true),
            Deed::AddConstraint { .. }
            | Deed::AddColumn { .. }
            | Deed::Validate { .. }
            | Deed::CreateIndex { .. }
            | Deed::Alter { .. }
            | Deed::Write { .. }
            | Deed::Lock { .. } => {}
        }
    }

    fn column(&mut self, table: &str, column: &str, change: impl FnOnce(&mut super::shape::Column)) {
        let columns = self.tables.get_mut(table).map(|known| &mut known.table.columns);
        columns.into_iter().flatten().find(|one| one.name == column).map(change);
    }

    fn rename_column(&mut self, table: &str, from: &str, to: &str) {
        let follow = |name: &mut String| {
            if name == from {
                to.clone_into(name);
            }
        };
        if let Some(known) = self.tables.get_mut(table) {
            if let Some(former) = known.columns.remove(from) {
                known.columns.insert(to.to_owned(), former);
            }
            known.table.columns.iter_mut().for_each(|one| follow(&mut one.name));
            known.table.constraints.iter_mut().flat_map(|one| &mut one.columns).for_each(follow);
            known.table.indexes.iter_mut().flat_map(|one| one.columns.iter_mut().flatten()).for_each(follow);
        }
        self.each_reference(table, |far| far.columns.iter_mut().for_each(follow));
    }

    fn each_reference(&mut self, table: &str, change: impl Fn(&mut super::shape::Reference)) {
        let all = self.tables.values_mut().flat_map(|known| &mut known.table.constraints);
        for constraint in all {
            if let Rule::Reference(far) = &mut constraint.rule
                && far.table == table
            {
                change(far);
            }
        }
    }
}

/// Reads a statement of our own. None where it does nothing to a table, or is not understood.
pub fn deed(statement: &str) -> Option<Deed> {
    let found = tokens(statement).ok()?;
    let words = Words { statement, all: &found };
    let name = |at: usize| found.get(at).and_then(Token::name);
    if words.begin(&["ALTER", "TABLE"]) {
        return words.alter_table(name(2)?);
    }
    if words.begin(&["ALTER", "INDEX"]) {
        return Some(Deed::RenameIndex {
            from: name(2)?,
            to: name(5).filter(|_| words.at(3, &["RENAME", "TO"]))?,
        });
    }
    if words.begin(&["ALTER", "TYPE"]) && words.at(3, &["RENAME", "TO"]) {
        return Some(Deed::RenameType { from: name(2)?, to: name(5)? });
    }
    if words.begin(&["DROP"]) {
        let at = if words.at(2, &["CONCURRENTLY"]) { 3 } else { 2 };
        let at = if words.at(at, &["IF", "EXISTS"]) { at + 2 } else { at };
        // What is in another schema is not of the target.
        let is_ours = !found.get(at + 1).is_some_and(|token| token.is_sign("."));
        let last = name(at).filter(|_| is_ours)?;
        return match found.get(1)? {
            word if word.is("TABLE") => Some(Deed::DropTable { table: last }),
            word if word.is("INDEX") => {
                Some(Deed::DropIndex { name: last, is_beside: words.at(2, &["CONCURRENTLY"]) })
            }
            word if word.is("TYPE") => Some(Deed::DropType { name: last }),
            _ => None,
        };
    }
    if words.begin(&["CREATE"]) {
        let at = found.iter().take(3).position(|token| token.is("INDEX"))?;
        let is_beside = words.at(at + 1, &["CONCURRENTLY"]);
        let at = if is_beside { at + 2 } else { at + 1 };
        let table = name(at + 2).filter(|_| words.at(at + 1, &["ON"]))?;
        return Some(Deed::CreateIndex { table, name: name(at)?, columns: words.columns(at + 3), is_beside });
    }
    if words.begin(&["LOCK", "TABLE"]) {
        return Some(Deed::Lock { table: name(2)? });
    }
    if words.begin(&["UPDATE"]) {
        return Some(Deed::Write { table: name(1)? });
    }
    if words.begin(&["DELETE", "FROM"]) || words.begin(&["INSERT", "INTO"]) {
        return Some(Deed::Write { table: name(2)? });
    }
    None
}

/// A statement cut into tokens.
struct Words<'a> {
    statement: &'a str,
    all: &'a [Token<'a>],
}

impl Words<'_> {
    fn begin(&self, words: &[&str]) -> bool {
        self.at(0, words)
    }

    fn at(&self, place: usize, words: &[&str]) -> bool {
        let run = self.all.get(place..).unwrap_or_default();
        run.len() >= words.len() && run.iter().zip(words).all(|(token, word)| token.is(word))
    }

    fn has(&self, words: &[&str]) -> bool {
        (0..self.all.len()).any(|place| self.at(place, words))
    }

    fn name(&self, at: usize) -> Option<String> {
        self.all.get(at).and_then(Token::name)
    }

    fn alter_table(&self, table: String) -> Option<Deed> {
        Some(match self.all.get(3)? {
            word if word.is("RENAME") => match self.all.get(4)? {
                word if word.is("TO") => Deed::RenameTable { table, to: self.name(5)? },
                word if word.is("COLUMN") => {
                    Deed::RenameColumn { table, from: self.name(5)?, to: self.name(7)? }
                }
                word if word.is("CONSTRAINT") => {
                    Deed::RenameConstraint { table, from: self.name(5)?, to: self.name(7)? }
                }
                _ => Deed::Alter { table },
            },
            word if word.is("DROP") => {
                let at = if self.at(5, &["IF", "EXISTS"]) { 7 } else { 5 };
                match self.all.get(4)? {
                    word if word.is("COLUMN") => Deed::DropColumn { table, column: self.name(at)? },
                    word if word.is("CONSTRAINT") => Deed::DropConstraint { table, name: self.name(at)? },
                    _ => Deed::Alter { table },
                }
            }
            word if word.is("ALTER") => self.alter_column(table)?,
            word if word.is("VALIDATE") => Deed::Validate { table },
            word if word.is("ADD") && self.at(4, &["COLUMN"]) => {
                Deed::AddColumn { table, writes_rows: self.writes_rows() }
            }
            word if word.is("ADD") => self.add_constraint(table)?,
            _ => Deed::Alter { table },
        })
    }

    fn alter_column(&self, table: String) -> Option<Deed> {
        let column = self.name(5)?;
        Some(match self.all.get(6)? {
            word if word.is("TYPE") => Deed::Retype { table, column, to: self.ty() },
            word if word.is("SET") && self.at(7, &["NOT", "NULL"]) => Deed::SetNotNull { table, column },
            word if word.is("DROP") && self.at(7, &["EXPRESSION"]) => Deed::DropExpression { table, column },
            _ => Deed::Alter { table },
        })
    }

    /// The type behind `TYPE`, as it is written.
    fn ty(&self) -> String {
        let rest = self.all.get(7..).unwrap_or_default();
        let from = rest.first().map_or(self.statement.len(), |token| token.start);
        let end = rest.iter().find(|token| token.is("USING") || token.is("COLLATE"));
        let to = end.map_or(self.statement.len(), |token| token.start);
        self.statement[from..to].trim().to_owned()
    }

    /// Tells whether a new column makes PostgreSQL write every row again.
    fn writes_rows(&self) -> bool {
        if self.all.iter().any(|token| ["serial", "bigserial", "smallserial"].iter().any(|ty| token.is(ty))) {
            return true;
        }
        if self.has(&["GENERATED"]) {
            return !self.all.iter().any(|token| token.is("VIRTUAL"));
        }
        let Some(at) = self.all.iter().position(|token| token.is("DEFAULT")) else { return false };
        // As `types::is_volatile` judges it: all that is called may be another value for each row, but for the clock.
        let calls = self.all[at..].windows(2).filter(|pair| pair[1].is_sign("(")).map(|pair| &pair[0]);
        calls.filter(|token| token.name().is_some()).any(|token| !token.is("now"))
    }

    fn add_constraint(&self, table: String) -> Option<Deed> {
        let name = self.name(5).filter(|_| self.at(4, &["CONSTRAINT"]))?;
        let rule = match self.all.get(6)? {
            word if word.is("CHECK") => Added::Check,
            word if word.is("FOREIGN") => {
                let at = self.all.iter().position(|token| token.is("REFERENCES"))?;
                Added::Reference { to: self.name(at + 1)?, columns: plain(self.all.get(9..at - 1)?)? }
            }
            _ if self.has(&["USING", "INDEX"]) => Added::KeyByIndex,
            word if word.is("UNIQUE") || word.is("PRIMARY") => Added::Key,
            _ => return Some(Deed::Alter { table }),
        };
        Some(Deed::AddConstraint { table, name, rule, is_checked: !self.has(&["NOT", "VALID"]) })
    }

    /// Plain columns in brackets behind a place; none where it says more.
    fn columns(&self, from: usize) -> Option<Vec<String>> {
        let open = self.all.get(from..)?.iter().position(|token| token.is_sign("("))? + from;
        let close = self.all.len().checked_sub(1).filter(|at| self.all[*at].is_sign(")"))?;
        let inner = self.all.get(open + 1..close)?;
        plain(inner)
    }
}

/// Names between commas, and nothing else.
fn plain(inner: &[Token<'_>]) -> Option<Vec<String>> {
    let is_plain = |(at, token): (usize, &Token<'_>)| match at % 2 {
        0 => token.name().is_some(),
        _ => token.is_sign(","),
    };
    let is_whole = inner.len() % 2 == 1 && inner.iter().enumerate().all(is_plain);
    is_whole.then(|| inner.iter().step_by(2).filter_map(Token::name).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_statements_are_understood() {
        let table = || "a b".to_owned();
        let said = [
            ("ALTER TABLE \"a b\" RENAME TO \"c\"", Deed::RenameTable { table: table(), to: "c".into() }),
            (
                "ALTER TABLE \"a b\" RENAME COLUMN \"x\" TO \"y\"",
                Deed::RenameColumn { table: table(), from: "x".into(), to: "y".into() },
            ),
            (
                "ALTER TABLE \"a b\" ALTER COLUMN \"type\" TYPE numeric(10,2) USING \"type\"::numeric(10,2)",
                Deed::Retype { table: table(), column: "type".into(), to: "numeric(10,2)".into() },
            ),
            (
                "ALTER TABLE \"a b\" ALTER COLUMN \"x\" SET NOT NULL",
                Deed::SetNotNull { table: table(), column: "x".into() },
            ),
            (
                "ALTER TABLE \"a b\" DROP CONSTRAINT IF EXISTS \"k\"",
                Deed::DropConstraint { table: table(), name: "k".into() },
            ),
            (
                "ALTER TABLE \"a b\" ADD CONSTRAINT \"k\" FOREIGN KEY (\"x\") REFERENCES \"far\" (\"id\") NOT VALID",
                Deed::AddConstraint {
                    table: table(),
                    name: "k".into(),
                    rule: Added::Reference { to: "far".into(), columns: vec!["x".into()] },
                    is_checked: false,
                },
            ),
            (
                "CREATE UNIQUE INDEX CONCURRENTLY \"i\" ON \"a b\" (\"x\", \"y\")",
                Deed::CreateIndex {
                    table: table(),
                    name: "i".into(),
                    columns: Some(vec!["x".into(), "y".into()]),
                    is_beside: true,
                },
            ),
            (
                "CREATE INDEX \"i\" ON \"a b\" USING btree (lower(x))",
                Deed::CreateIndex { table: table(), name: "i".into(), columns: None, is_beside: false },
            ),
            ("DROP TABLE \"a b\"", Deed::DropTable { table: table() }),
            (
                "ALTER TABLE \"a b\" ADD COLUMN \"x\" uuid DEFAULT gen_random_uuid() NOT NULL",
                Deed::AddColumn { table: table(), writes_rows: true },
            ),
            (
                "ALTER TABLE \"a b\" ADD COLUMN \"x\" numeric(9,2) DEFAULT 1 NOT NULL",
                Deed::AddColumn { table: table(), writes_rows: false },
            ),
        ];
        for (statement, expected) in said {
            assert_eq!(deed(statement), Some(expected), "{statement}");
        }
        assert_eq!(deed("DROP TABLE \"reconcile\".\"trash_1\""), None);
        assert_eq!(deed("CREATE TABLE \"a\" (\"index\" text)"), None);
    }
}
