//! A table that is there, brought back to its definitions of then, with the values that come back.
//! Never makes the table again: whoever reads it or points to it goes on doing so.

use std::collections::BTreeMap;

use super::after::{self, After};
use super::alter;
use super::conversion;
use super::ddl;
use super::holding;
use super::keep;
use super::lexer::{literal, quote};
use super::lower;
use super::native;
use super::restore::{self, go_on, spelled, typed};
use super::shape::{Column, Constraint, Index, Made, Rule, Table};
use super::way::{self, Origin};
use crate::diff::change::Change;
use crate::journal::past::Line;
use crate::model::entity::Entity;
use crate::target::{Cost, Scene, Stage, Work};

/// The work that brings a table back that is there.
pub fn work(
    change: &Change,
    line: &Line,
    before: &Entity,
    goal: &Entity,
    actual: &Table,
    scene: &Scene<'_>,
) -> Vec<Work> {
    let name = change.address.name.as_str();
    let rows = after::back(line, Some((name, actual)), scene);
    let carried: BTreeMap<String, String> = rows
        .outputs
        .iter()
        .filter_map(|output| Some((output.column.clone(), output.carried.clone()?)))
        .collect();
    let mut reshape = Reshape {
        change,
        line,
        scene,
        before,
        now: actual.clone(),
        then: restore::then(line, name, goal, scene),
        rows,
        carried,
        statements: Vec::new(),
        late: Vec::new(),
        cost: Cost::Instant,
    };
    reshape.name();
    let missing = reshape.drop_around();
    reshape.columns();
    reshape.add_around(missing);
    reshape.comments();
    let title = match reshape.cost {
        Cost::Rewrite => format!("bring table {} back to what it was", quote(name)),
        Cost::Instant | Cost::Scan if change.address_before().name != name => {
            format!("rename table {} to {}", quote(&change.address_before().name), quote(name))
        }
        Cost::Instant | Cost::Scan => format!("bring back what hangs on table {}", quote(name)),
    };
    let (statements, cost) = (reshape.statements, reshape.cost);
    let inside = Work { title, statements, cost, stage: Stage::Inside };
    std::iter::once(inside).chain(ddl::references_later(name, &reshape.late)).collect()
}

struct Reshape<'a> {
    change: &'a Change,
    line: &'a Line,
    scene: &'a Scene<'a>,
    before: &'a Entity,
    /// What is there, under the names that it has by now.
    now: Table,
    then: Table,
    rows: After,
    /// The column of today whose values a column of then has.
    carried: BTreeMap<String, String>,
    statements: Vec<String>,
    late: Vec<Constraint>,
    cost: Cost,
}

/// What is to be added once the columns are there.
struct Missing {
    constraints: Vec<Constraint>,
    indexes: Vec<Index>,
}

/// The column in which values wait until the name is free.
fn place(number: usize) -> String {
    format!("_reconcile_back_{number}")
}

impl Reshape<'_> {
    fn alter(&mut self, what: String) {
        let sql = format!("ALTER TABLE {} {what}", quote(&self.then.name));
        self.statements.push(sql);
    }

    /// Gives the table its name of then.
    fn name(&mut self) {
        if self.now.name != self.then.name {
            let (old, new) = (quote(&self.now.name), quote(&self.then.name));
            self.statements.push(format!("ALTER TABLE {old} RENAME TO {new}"));
            self.now.name.clone_from(&self.then.name);
        }
    }

    /// The column of then that goes on with the values of one of today.
    fn goal_of(&self, column: &str) -> Option<String> {
        self.carried.iter().find(|(_, from)| *from == column).map(|(goal, _)| goal.clone())
    }

    /// Tells whether a column of today stays as it is.
    fn is_untouched(&self, column: &str) -> bool {
        let (found, wanted) = (self.now.column(column), self.then.column(column));
        let Some((found, wanted)) = found.zip(wanted) else { return false };
        let is_generated =
            found.made.is_generated() && found.made == wanted.made && found.default == wanted.default;
        (is_generated || self.goal_of(column).as_deref() == Some(column))
            && found.ty == wanted.ty
            && found.collation == wanted.collation
    }

    fn columns_of_then(&self, columns: &[String]) -> Option<Vec<String>> {
        columns.iter().map(|column| self.goal_of(column)).collect()
    }

    fn is_same(&self, found: &Constraint, wanted: &Constraint) -> bool {
        let is_settled = found.columns.iter().all(|column| self.is_untouched(column));
        let columns = self.columns_of_then(&found.columns);
        let same_columns = columns.as_ref() == Some(&wanted.columns);
        let rest = |one: &Constraint| (one.beyond.clone(), one.validated, one.deferral);
        if rest(found) != rest(wanted) || (found.using != wanted.using) {
            return false;
        }
        match (&found.rule, &wanted.rule) {
            (Rule::PrimaryKey, Rule::PrimaryKey) | (Rule::Unique, Rule::Unique) => {
                same_columns && (is_settled || found.using.is_none())
            }
            // The server's words name columns and types, so they are the same only where these are.
            (Rule::Check(one), Rule::Check(other)) | (Rule::Other(one), Rule::Other(other)) => {
                is_settled && one == other
            }
            (Rule::Reference(one), Rule::Reference(other)) => {
                let far = self.scene.renamed.iter().find(|(_, old)| old.name == one.table);
                let table = far.map_or(&one.table, |(new, _)| &new.name);
                same_columns
                    && !self.ends_move(wanted)
                    && *table == other.table
                    && one.columns == other.columns
                    && one.on_delete == other.on_delete
                    && one.on_update == other.on_update
            }
            (Rule::PrimaryKey | Rule::Unique | Rule::Check(_) | Rule::Reference(_) | Rule::Other(_), _) => {
                false
            }
        }
    }

    /// Tells of a reference of then whose two ends get their types of then one after the other: meanwhile it does not
    /// hold.
    fn ends_move(&self, wanted: &Constraint) -> bool {
        let Rule::Reference(far) = &wanted.rule else { return false };
        let moves = |columns: &[String]| {
            columns.iter().any(|column| {
                let found = self.carried.get(column).and_then(|from| self.now.column(from));
                let ty = self.then.column(column).map(|column| &column.ty);
                found.map(|found| &found.ty) != ty
            })
        };
        moves(&wanted.columns)
            && match far.table == self.then.name {
                true => moves(&far.columns),
                false => holding::moves_later(far, self.scene),
            }
    }

    /// Drops the constraints and indexes that were not there then; those of others stay.
    fn drop_around(&mut self) -> Missing {
        let ours = lower::table(&self.change.address_before().name, self.before, self.scene.before);
        let (mut open, mut constraints) = (self.now.constraints.clone(), Vec::new());
        for wanted in self.then.constraints.clone() {
            let by_name = open.iter().position(|one| one.name == wanted.name && self.is_same(one, &wanted));
            match by_name.or_else(|| open.iter().position(|one| self.is_same(one, &wanted))) {
                Some(found) => {
                    let found = open.remove(found);
                    // One that let go comes again under its name of then.
                    let comes_again = match &found.rule {
                        Rule::Reference(far) => holding::holds_again(far, self.scene),
                        Rule::PrimaryKey | Rule::Unique | Rule::Check(_) | Rule::Other(_) => false,
                    };
                    if found.name != wanted.name && !comes_again {
                        let (old, new) = (quote(&found.name), quote(&wanted.name));
                        self.alter(format!("RENAME CONSTRAINT {old} TO {new}"));
                    }
                }
                None => constraints.push(wanted),
            }
        }
        // What points to a key goes before the key.
        open.sort_by_key(|one| !matches!(one.rule, Rule::Reference(_)));
        for one in open {
            let is_in_the_way = constraints.iter().any(|wanted| wanted.name == one.name);
            let is_ours = ours.constraints.iter().any(|own| {
                own.name == one.name || (own.columns == one.columns && same_sort(&own.rule, &one.rule))
            });
            if is_ours || is_in_the_way || one.columns.iter().any(|column| self.goes(column)) {
                self.alter(holding::drop_constraint(&one, self.scene));
            }
        }
        let (mut open, mut indexes) = (self.now.indexes.clone(), Vec::new());
        for wanted in self.then.indexes.clone() {
            let is_same = |one: &Index| {
                let same = match (&one.columns, &wanted.columns) {
                    (Some(found), Some(columns)) => self.columns_of_then(found).as_ref() == Some(columns),
                    (None, None) => {
                        one.sql == wanted.sql
                            && self.now.columns.iter().all(|column| self.is_untouched(&column.name))
                    }
                    (_, _) => false,
                };
                same && one.unique == wanted.unique && one.valid == wanted.valid
            };
            let by_name = open.iter().position(|one| one.name == wanted.name && is_same(one));
            match by_name.or_else(|| open.iter().position(is_same)) {
                Some(found) => {
                    let found = open.remove(found);
                    if found.name != wanted.name {
                        let (old, new) = (quote(&found.name), quote(&wanted.name));
                        self.statements.push(format!("ALTER INDEX {old} RENAME TO {new}"));
                    }
                }
                None => indexes.push(wanted),
            }
        }
        for one in open {
            let is_in_the_way = indexes.iter().any(|wanted| wanted.name == one.name);
            let is_ours = ours.indexes.iter().any(|own| own.name == one.name || own.columns == one.columns);
            if is_ours || is_in_the_way {
                self.statements.push(format!("DROP INDEX {}", quote(&one.name)));
            }
        }
        Missing { constraints, indexes }
    }

    /// Tells of a column of today that is not there then, or only with other values.
    fn goes(&self, column: &str) -> bool {
        let is_known = way::field_of(self.before, column).is_some()
            || self.before.primary_key.is_none() && column == crate::model::entity::GENERATED_KEY;
        let is_generated = self.now.column(column).is_some_and(|found| found.made.is_generated());
        match is_generated {
            true => is_known && !self.is_untouched(column),
            false => self.goal_of(column).is_none() && (is_known || self.then.column(column).is_some()),
        }
    }

    /// Brings every column back to its name, its type and its values.
    fn columns(&mut self) {
        let stored: Vec<Column> =
            self.then.columns.iter().filter(|column| !column.made.is_generated()).cloned().collect();
        let remade: Vec<Column> =
            stored.iter().filter(|column| !self.carried.contains_key(&column.name)).cloned().collect();
        for (number, column) in remade.iter().enumerate() {
            let bare = Column { name: place(number + 1), ..Column::default() };
            let plain = Column { ty: column.ty.clone(), collation: column.collation.clone(), ..bare };
            self.alter(format!("ADD COLUMN {}", lower::render_column(&plain)));
        }
        self.fill(&remade);
        let gone: Vec<Column> = self.now.columns.iter().filter(|one| self.goes(&one.name)).cloned().collect();
        // What is computed hangs on the others.
        let (computed, plain): (Vec<&Column>, Vec<&Column>) =
            gone.iter().partition(|column| column.made.is_generated());
        for column in computed.into_iter().chain(plain) {
            self.alter(format!("DROP COLUMN {}", quote(&column.name)));
        }
        self.names(&remade);
        for column in &stored {
            let found = self.carried.get(&column.name).and_then(|from| self.now.column(from)).cloned();
            self.settle(found, column);
        }
        for column in self.then.columns.clone().iter().filter(|column| column.made.is_generated()) {
            if !self.is_untouched(&column.name) {
                self.cost = Cost::Rewrite;
                self.alter(format!("ADD COLUMN {}", lower::render_column(column)));
            }
        }
    }

    /// Writes the values that come back.
    fn fill(&mut self, remade: &[Column]) {
        // What nobody kept is empty in every row, as it is already.
        let is_empty = |column: &Column| {
            let output = self.rows.outputs.iter().find(|output| output.column == column.name);
            way::origin(self.line, &column.name, self.scene) == Origin::Nothing
                && output.is_some_and(|output| !output.is_fresh)
        };
        if remade.iter().all(is_empty) {
            return;
        }
        self.cost = Cost::Rewrite;
        let noted = keep::noted(self.change, self.scene);
        let from = |column: &str| format!("rows.{}", quote(&after::from(column)));
        let value = |column: &Column| {
            let plain = format!("rows.{}", quote(&column.name));
            let key = noted.as_ref().and_then(|noted| {
                let (_, kept) = noted.keys.iter().find(|(name, _)| *name == column.name)?;
                let (table, same) = (&noted.table, noted.is_same(&from));
                Some(format!("(SELECT noted.{} FROM {table} AS noted WHERE {same})", quote(kept)))
            });
            typed(column, &key.unwrap_or(plain))
        };
        let sets: Vec<String> = remade
            .iter()
            .enumerate()
            .filter(|(_, column)| !is_empty(column))
            .map(|(number, column)| format!("{} = {}", quote(&place(number + 1)), value(column)))
            .collect();
        let table = quote(&self.then.name);
        self.statements.push(format!(
            "UPDATE {table} SET {}\n  FROM ({}) AS rows WHERE {table}.ctid = rows.{}",
            sets.join(", "),
            self.rows.select,
            after::PLACE
        ));
    }

    /// Gives columns their names of then.
    fn names(&mut self, remade: &[Column]) {
        let mut open: Vec<(String, String)> = self
            .carried
            .iter()
            .filter(|(goal, from)| goal != from)
            .map(|(goal, from)| (from.clone(), goal.clone()))
            .collect();
        let others = self.now.columns.iter().filter(|one| !self.goes(&one.name)).map(|one| one.name.clone());
        let mut taken: Vec<String> = others.collect();
        let mut number = 0;
        while let Some((from, _)) = open.first().cloned() {
            let free = open.iter().position(|(_, goal)| !taken.contains(goal));
            let (from, to) = match free {
                Some(free) => open.remove(free),
                // Two of them have each other's names.
                None => {
                    number += 1;
                    let aside = format!("_reconcile_aside_{number}");
                    open[0].0.clone_from(&aside);
                    (from, aside)
                }
            };
            self.alter(format!("RENAME COLUMN {} TO {}", quote(&from), quote(&to)));
            taken.retain(|name| *name != from);
            taken.push(to);
        }
        for (number, column) in remade.iter().enumerate() {
            self.alter(format!("RENAME COLUMN {} TO {}", quote(&place(number + 1)), quote(&column.name)));
        }
    }

    /// Brings one column, which has its name, back to its definition; `found` is how it was carried over.
    fn settle(&mut self, found: Option<Column>, wanted: &Column) {
        let name = quote(&wanted.name);
        let bare = Column { ty: wanted.ty.clone(), collation: wanted.collation.clone(), ..Column::default() };
        let found = found.unwrap_or(bare);
        let retyped = found.ty != wanted.ty || found.collation != wanted.collation;
        let counts = |column: &Column| column.sequence.is_some();
        let goes_on = counts(&found)
            && counts(wanted)
            && found.made == wanted.made
            && native::is_serial(&found) == native::is_serial(wanted);
        if counts(&found) && !goes_on {
            match found.made {
                Made::IdentityAlways | Made::IdentityByDefault => {
                    self.alter(format!("ALTER COLUMN {name} DROP IDENTITY"))
                }
                Made::Plain | Made::Stored | Made::Virtual => {
                    self.alter(format!("ALTER COLUMN {name} DROP DEFAULT"));
                    let sequence = found.sequence.as_ref().map(|one| quote(&one.name)).unwrap_or_default();
                    self.statements.push(format!("DROP SEQUENCE {sequence}"));
                }
            }
        } else if found.default.is_some() && !goes_on && (retyped || wanted.default != found.default) {
            self.alter(format!("ALTER COLUMN {name} DROP DEFAULT"));
        }
        if alter::counts_by_itself(wanted) {
            let gone = alter::lone_counters(&found, self.scene);
            self.statements.extend(gone.iter().map(|name| format!("DROP SEQUENCE {}", quote(name))));
        }
        if retyped {
            self.retype(&found, wanted);
        }
        if wanted.not_null && !found.not_null {
            self.cost = if self.cost == Cost::Rewrite { Cost::Rewrite } else { Cost::Scan };
            self.alter(format!("ALTER COLUMN {name} SET NOT NULL"));
        }
        if found.not_null && !wanted.not_null {
            self.alter(format!("ALTER COLUMN {name} DROP NOT NULL"));
        }
        match (goes_on, &wanted.sequence) {
            (true, Some(sequence)) => {
                let former = found.sequence.as_ref().filter(|former| former.name != sequence.name);
                let rename = former.map(|former| {
                    format!("ALTER SEQUENCE {} RENAME TO {}", quote(&former.name), quote(&sequence.name))
                });
                self.statements.extend(rename);
                if retyped && native::is_serial(wanted) {
                    let name = quote(&sequence.name);
                    self.statements.push(format!("ALTER SEQUENCE {name} AS {}", wanted.ty));
                }
                if found.sequence.as_ref().map(|one| &one.comment) != Some(&sequence.comment) {
                    let text =
                        sequence.comment.as_ref().map_or_else(|| "NULL".to_owned(), |text| literal(text));
                    self.statements.push(format!("COMMENT ON SEQUENCE {} IS {text}", quote(&sequence.name)));
                }
            }
            (false, Some(sequence)) => {
                let sequence = quote(&sequence.name);
                if wanted.made.is_plain() {
                    let comment = wanted.sequence.as_ref().and_then(|one| one.comment.as_ref());
                    // As `serial` makes it.
                    let of = match (comment, wanted.ty.as_str()) {
                        (None, ty @ ("smallint" | "integer")) => format!(" AS {ty}"),
                        (_, _) => String::new(),
                    };
                    self.statements.push(format!("CREATE SEQUENCE {sequence}{of}"));
                    let table = quote(&self.then.name);
                    self.statements.push(format!("ALTER SEQUENCE {sequence} OWNED BY {table}.{name}"));
                    self.statements.extend(
                        comment.map(|text| format!("COMMENT ON SEQUENCE {sequence} IS {}", literal(text))),
                    );
                } else {
                    let words = lower::render_type(&spelled(wanted));
                    let words = words.find("GENERATED").map_or("", |at| &words[at..]).to_owned();
                    self.alter(format!("ALTER COLUMN {name} ADD {words}"));
                }
                self.statements.extend(go_on(self.line, &self.then.name, wanted, true, self.scene));
            }
            (_, None) => {}
        }
        if let Some(default) = &wanted.default
            && (!goes_on && (retyped || found.default.as_ref() != Some(default))
                || goes_on && !native::is_serial(wanted) && found.default.as_ref() != Some(default))
        {
            self.statements.extend(lower::counters(wanted));
            self.alter(format!("ALTER COLUMN {name} SET DEFAULT {default}"));
        }
    }

    fn retype(&mut self, found: &Column, wanted: &Column) {
        let name = quote(&wanted.name);
        let collation = wanted.collation.as_ref().map(|one| format!(" COLLATE {one}")).unwrap_or_default();
        let (old, new) = (way::type_of(self.before, &found.name), way::type_of(self.before, &wanted.name));
        let using = match conversion::needs_using(&found.ty, &wanted.ty) {
            true => format!(" USING {}", conversion::convert(&name, &old, &new, &found.ty, &wanted.ty)),
            false => String::new(),
        };
        if !conversion::is_rewrite_free(&found.ty, &wanted.ty) {
            self.cost = Cost::Rewrite;
        }
        self.alter(format!("ALTER COLUMN {name} TYPE {}{collation}{using}", wanted.ty));
    }

    /// Adds the constraints and indexes that were there then and are not now.
    fn add_around(&mut self, missing: Missing) {
        let table = self.then.name.clone();
        let mut indexes = Some(missing.indexes);
        let mut constraints = missing.constraints;
        // What points into this very table comes after the keys that it may point at, which an index may keep as well.
        constraints.sort_by_key(|one| matches!(one.rule, Rule::Reference(_)));
        for constraint in constraints {
            if matches!(constraint.rule, Rule::Reference(_))
                && let Some(indexes) = indexes.take()
            {
                self.add_indexes(&table, &indexes);
            }
            if holding::is_tied_later(&constraint, &self.now, self.scene) {
                continue;
            }
            let is_later = match &constraint.rule {
                Rule::Reference(far) => {
                    let waits = self.ends_move(&constraint) || !ddl::is_there(&far.table, self.scene);
                    far.table != self.then.name && waits
                }
                Rule::PrimaryKey | Rule::Unique | Rule::Check(_) | Rule::Other(_) => false,
            };
            if is_later {
                self.late.push(constraint);
                continue;
            }
            self.cost = if self.cost == Cost::Rewrite { Cost::Rewrite } else { Cost::Scan };
            self.alter(format!("ADD {}", lower::render_constraint(&constraint)));
        }
        self.add_indexes(&table, &indexes.unwrap_or_default());
    }

    fn add_indexes(&mut self, table: &str, indexes: &[Index]) {
        self.statements.extend(indexes.iter().map(|index| lower::render_index(table, index, false)));
    }

    fn comments(&mut self) {
        if self.now.comment != self.then.comment {
            self.statements.push(lower::comment_on_table(&self.then.name, self.then.comment.as_deref()));
        }
        for wanted in &self.then.columns {
            let found = match self.carried.get(&wanted.name) {
                Some(from) => self.now.column(from),
                None => self.now.column(&wanted.name).filter(|_| self.is_untouched(&wanted.name)),
            };
            let said = found.and_then(|found| found.comment.as_deref());
            if said != wanted.comment.as_deref() {
                let sql = lower::comment_on_column(&self.then.name, &wanted.name, wanted.comment.as_deref());
                self.statements.push(sql);
            }
        }
    }
}

fn same_sort(one: &Rule, other: &Rule) -> bool {
    match (one, other) {
        (Rule::PrimaryKey, Rule::PrimaryKey) | (Rule::Unique, Rule::Unique) => true,
        (Rule::Reference(one), Rule::Reference(other)) => one.table == other.table,
        (Rule::PrimaryKey | Rule::Unique | Rule::Check(_) | Rule::Reference(_) | Rule::Other(_), _) => false,
    }
}
