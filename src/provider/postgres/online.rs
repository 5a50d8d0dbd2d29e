//! The course of one table's change: what can be done beforehand without blocking anybody, what belongs into the
//! transaction, and what tidies up behind it.
//! Never leaves anything behind that has no statement to take it back.

use std::collections::BTreeMap;

use super::follow::SAYS;
use super::keep::Early;
use super::lexer::{literal, quote};
use super::lower;
use super::names;
use super::shape::{Column, Constraint, Index, Rule};
use crate::diff::change::{Change, TaskChange, TaskVerb};
use crate::model::environment::Strategy;
use crate::model::name::RESERVED_PREFIX;
use crate::model::task::When;
use crate::target::{Cost, Scene, Stage, Work};

/// From how many rows on a table is changed in steps that do not block.
const LARGE_TABLE: u64 = 50_000;

/// How many blocks of a table one batch goes through; a block has 8 KiB.
const BLOCKS_AT_ONCE: u32 = 500;

/// How a table is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    Online,
    Plain,
}

/// Chooses by what the environment says, else by the table's size.
pub fn pace(scene: &Scene<'_>, change: &Change) -> Pace {
    let rows = scene.rows.get(&change.address).copied();
    // What a task does to the rows beforehand, it does in the transaction.
    let is_due = |task: &TaskChange| task.verb == TaskVerb::Run && task.task.when == When::Before;
    match (scene.strategy, rows) {
        _ if change.tasks.iter().any(is_due) => Pace::Plain,
        (Some(Strategy::Online), Some(0)) | (Some(Strategy::Plain), _) => Pace::Plain,
        (Some(Strategy::Online), _) => Pace::Online,
        (None, Some(rows)) if rows >= LARGE_TABLE => Pace::Online,
        (None, _) => Pace::Plain,
    }
}

/// What a new column holds in the rows that are there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filler {
    pub sql: String,
    /// Whether it is one value for all rows.
    pub is_constant: bool,
}

/// What the change of a table comes to so far.
#[derive(Debug)]
pub struct Course {
    table: String,
    former: String,
    pace: Pace,
    /// The former name of each renamed column.
    former_names: BTreeMap<String, String>,
    /// The constraints that are there.
    found: Vec<String>,
    before: Vec<Work>,
    inside: Vec<String>,
    /// What is added once all columns are there.
    added: Vec<String>,
    late: Vec<String>,
    after: Vec<Work>,
    cost: Cost,
}

impl Course {
    pub fn new(table: &str, former: &str, pace: Pace) -> Course {
        Course {
            table: table.to_owned(),
            former: former.to_owned(),
            pace,
            former_names: BTreeMap::new(),
            found: Vec::new(),
            before: Vec::new(),
            inside: Vec::new(),
            added: Vec::new(),
            late: Vec::new(),
            after: Vec::new(),
            cost: Cost::Instant,
        }
    }

    /// Takes note of columns that have other names now; `renames` are old and new.
    pub fn renamed(&mut self, renames: &BTreeMap<String, String>) {
        self.former_names = renames.iter().map(|(old, new)| (new.clone(), old.clone())).collect();
    }

    /// Takes note of the constraints that are there.
    pub fn found(&mut self, constraints: &[Constraint]) {
        self.found = constraints.iter().map(|one| one.name.clone()).collect();
    }

    /// Takes note of what becomes of the rows.
    pub fn note(&mut self, cost: Cost) {
        self.cost = match (self.cost, cost) {
            (Cost::Rewrite, _) | (_, Cost::Rewrite) => Cost::Rewrite,
            (Cost::Scan, _) | (_, Cost::Scan) => Cost::Scan,
            (Cost::Instant, Cost::Instant) => Cost::Instant,
        };
    }

    /// Adds a statement to the transaction.
    pub fn now(&mut self, sql: String) {
        self.inside.push(sql);
    }

    fn alter(&self, what: &str) -> String {
        format!("ALTER TABLE {} {what}", quote(&self.table))
    }

    /// As `alter`, before the transaction.
    fn alter_former(&self, what: &str) -> String {
        format!("ALTER TABLE {} {what}", quote(&self.former))
    }

    fn is_online(&self) -> bool {
        self.pace == Pace::Online
    }

    fn former_columns(&self, columns: &[String]) -> Vec<String> {
        columns.iter().map(|column| self.former_names.get(column).unwrap_or(column).clone()).collect()
    }

    fn beforehand(&mut self, title: String, statements: Vec<String>, undo: Vec<String>) {
        self.before.push(Work { title, statements, cost: Cost::Scan, stage: Stage::Before { undo } });
    }

    /// Holds a constraint, which is there, against the rows that are there.
    pub fn validate(&mut self, found: &str, wanted: &Constraint) {
        self.note(Cost::Scan);
        if found != wanted.name {
            let sql = self.alter(&format!("RENAME CONSTRAINT {} TO {}", quote(found), quote(&wanted.name)));
            self.added.push(sql);
        }
        let sql = self.alter(&format!("VALIDATE CONSTRAINT {}", quote(&wanted.name)));
        self.added.push(sql);
    }

    /// Adds a constraint; `is_settled` tells that its columns hold already what they will hold.
    pub fn add_constraint(&mut self, constraint: Constraint, is_settled: bool, is_later: bool) {
        let name = quote(&constraint.name);
        if is_later {
            let sql = self.alter(&format!("ADD {}", lower::render_constraint(&constraint)));
            self.late.push(sql);
            return;
        }
        self.note(if constraint.validated { Cost::Scan } else { Cost::Instant });
        let can_wait = constraint.validated && !matches!(constraint.rule, Rule::Other(_));
        if !(self.is_online() && is_settled && can_wait) {
            let sql = self.alter(&format!("ADD {}", lower::render_constraint(&constraint)));
            self.added.push(sql);
            return;
        }
        let former = Constraint { columns: self.former_columns(&constraint.columns), ..constraint.clone() };
        match &constraint.rule {
            Rule::PrimaryKey | Rule::Unique => {
                let index = Index {
                    name: constraint.name.clone(),
                    unique: true,
                    columns: constraint.using.is_none().then_some(former.columns),
                    sql: constraint.using.clone().unwrap_or_default(),
                    valid: true,
                };
                let built = quote(&self.build(&index));
                let word = if constraint.rule == Rule::Unique { "UNIQUE" } else { "PRIMARY KEY" };
                let how = constraint.deferral.sql();
                let sql = self.alter(&format!("ADD CONSTRAINT {name} {word} USING INDEX {built} {how}"));
                self.added.push(sql.trim_end().to_owned());
            }
            Rule::Check(_) | Rule::Reference(_) | Rule::Other(_) => {
                let title = format!("add {} to table {}", name, quote(&self.former));
                // The name is the former one's until that goes.
                let is_taken = self.found.contains(&constraint.name);
                let place = if is_taken { building(&constraint.name) } else { constraint.name.clone() };
                let former = Constraint { name: place.clone(), ..former };
                let place = quote(&place);
                let statements = vec![
                    self.alter_former(&format!("ADD {} NOT VALID", lower::render_constraint(&former))),
                    self.alter_former(&format!("VALIDATE CONSTRAINT {place}")),
                ];
                let undo = vec![self.alter_former(&format!("DROP CONSTRAINT IF EXISTS {place}"))];
                self.beforehand(title, statements, undo);
                if is_taken {
                    let sql = self.alter(&format!("RENAME CONSTRAINT {place} TO {name}"));
                    self.added.push(sql);
                }
            }
        }
    }

    /// Builds an index beside the writers, under a name that is nobody else's. Returns that name.
    fn build(&mut self, index: &Index) -> String {
        let place = building(&index.name);
        let title = format!("build index {} beside its writers", quote(&index.name));
        let index = Index { name: place.clone(), ..index.clone() };
        let statements = vec![lower::render_index(&self.former, &index, true)];
        let undo = vec![format!("DROP INDEX CONCURRENTLY IF EXISTS {}", quote(&place))];
        self.beforehand(title, statements, undo);
        place
    }

    /// Drops an index.
    pub fn drop_index(&mut self, index: &Index) {
        let name = quote(&index.name);
        match self.pace {
            Pace::Plain => self.now(format!("DROP INDEX {name}")),
            Pace::Online => {
                // Under another name it is gone for everybody, and goes when nobody reads by it any more.
                let aside = quote(&names::fit(format!("{RESERVED_PREFIX}gone_{}", index.name)));
                self.now(format!("ALTER INDEX {name} RENAME TO {aside}"));
                self.after.push(Work {
                    title: format!("drop index {name} beside its readers"),
                    statements: vec![format!("DROP INDEX CONCURRENTLY IF EXISTS {aside}")],
                    cost: Cost::Instant,
                    stage: Stage::After,
                });
            }
        }
    }

    /// Adds an index; `is_settled` tells that its columns hold already what they will hold.
    pub fn add_index(&mut self, index: Index, is_settled: bool) {
        self.note(Cost::Scan);
        if !(self.is_online() && is_settled) {
            self.added.push(lower::render_index(&self.table, &index, false));
            return;
        }
        let columns = index.columns.as_ref().map(|columns| self.former_columns(columns));
        let name = quote(&index.name);
        let built = quote(&self.build(&Index { columns, ..index }));
        self.added.push(format!("ALTER INDEX {built} RENAME TO {name}"));
    }

    pub fn drop_column(&mut self, name: &str) {
        let sql = self.alter(&format!("DROP COLUMN {}", quote(name)));
        self.now(sql);
    }

    /// Adds a column with what the rows that are there hold in it.
    pub fn add_column(&mut self, column: &Column, filler: Option<&Filler>, is_volatile: bool) {
        let name = quote(&column.name);
        let set_default = |default: Option<&String>| match default {
            Some(default) => format!("ALTER COLUMN {name} SET DEFAULT {default}"),
            None => format!("ALTER COLUMN {name} DROP DEFAULT"),
        };
        let bare = Column { not_null: false, default: None, ..column.clone() };
        match filler {
            // All rows get one value without being written.
            Some(filler) if filler.is_constant => {
                let first = Column { default: Some(filler.sql.clone()), ..column.clone() };
                let sql = self.alter(&format!("ADD COLUMN {}", lower::render_column(&first)));
                self.now(sql);
                if column.default.as_ref() != Some(&filler.sql) {
                    let sql = self.alter(&set_default(column.default.as_ref()));
                    self.now(sql);
                }
            }
            Some(filler) => {
                let sql = self.alter(&format!("ADD COLUMN {}", lower::render_column(&bare)));
                self.now(sql);
                if column.default.is_some() {
                    let sql = self.alter(&set_default(column.default.as_ref()));
                    self.now(sql);
                }
                self.note(Cost::Rewrite);
                self.now(format!("UPDATE {} SET {name} = {}", quote(&self.table), filler.sql));
                if column.not_null {
                    let sql = self.alter(&format!("ALTER COLUMN {name} SET NOT NULL"));
                    self.now(sql);
                }
            }
            None if is_volatile && self.is_online() && column.sequence.is_none() => {
                self.fill_beforehand(column, &bare);
            }
            None => {
                self.note(if is_volatile || column.made.is_generated() {
                    Cost::Rewrite
                } else {
                    Cost::Instant
                });
                let sql = self.alter(&format!("ADD COLUMN {}", lower::render_column(column)));
                self.now(sql);
            }
        }
    }

    /// Adds a column whose default is another value for each row, and fills it batch by batch.
    fn fill_beforehand(&mut self, column: &Column, bare: &Column) {
        let name = quote(&column.name);
        let default = column.default.clone().unwrap_or_default();
        let title = format!("add column {name} to table {}", quote(&self.former));
        let statements = vec![
            self.alter_former(&format!("ADD COLUMN {}", lower::render_column(bare))),
            self.alter_former(&format!("ALTER COLUMN {name} SET DEFAULT {default}")),
        ];
        let undo = vec![self.alter_former(&format!("DROP COLUMN IF EXISTS {name}"))];
        self.beforehand(title, statements, undo);
        let title = format!("fill column {name} of table {} in batches", quote(&self.former));
        let batches = batches(&self.former, &column.name, &default);
        self.beforehand(title, vec![batches], Vec::new());
        match column.not_null {
            true => self.set_not_null(&column.name, true),
            // A row that was written while the batches went over it may have slipped through.
            false => {
                let table = quote(&self.table);
                self.inside.insert(0, format!("UPDATE {table} SET {name} = {default} WHERE {name} IS NULL"));
            }
        }
    }

    /// Fills what is empty in a column; `early` notes what is empty where that can be done ahead. Tells
    /// whether it was.
    pub fn backfill(&mut self, column: &str, sql: &str, early: Option<Early>) -> bool {
        self.note(Cost::Scan);
        let (table, name) = (quote(&self.table), quote(column));
        let early = early.filter(|_| self.is_online());
        let is_early = early.is_some();
        if let Some(early) = early {
            let Early { title, statement, undo } = early;
            // All columns are noted at once.
            if !self.before.iter().any(|work| work.title == title) {
                self.beforehand(title, vec![statement], undo);
            }
            let title = format!("fill column {name} of table {} in batches", quote(&self.former));
            self.beforehand(title, vec![batches(&self.former, column, sql)], Vec::new());
        }
        self.now(format!("UPDATE {table} SET {name} = {sql} WHERE {name} IS NULL"));
        is_early
    }

    /// Makes a column required; `is_settled` tells that it holds already what it will hold.
    pub fn set_not_null(&mut self, column: &str, is_settled: bool) {
        self.note(Cost::Scan);
        let name = quote(column);
        let set = self.alter(&format!("ALTER COLUMN {name} SET NOT NULL"));
        if !(self.is_online() && is_settled) {
            self.now(set);
            return;
        }
        // A check that holds for every row spares the scan under the lock.
        let check = quote(&names::fit(format!("{RESERVED_PREFIX}{}_{column}_not_null", self.former)));
        let former = self.former_columns(&[column.to_owned()]);
        let former = lower::quoted(&former);
        let title = format!("check that column {former} of table {} has no NULL", quote(&self.former));
        let statements = vec![
            self.alter_former(&format!("ADD CONSTRAINT {check} CHECK ({former} IS NOT NULL) NOT VALID")),
            self.alter_former(&format!("VALIDATE CONSTRAINT {check}")),
        ];
        let undo = vec![self.alter_former(&format!("DROP CONSTRAINT IF EXISTS {check}"))];
        self.beforehand(title, statements, undo);
        self.now(set);
        let drop = self.alter(&format!("DROP CONSTRAINT {check}"));
        self.now(drop);
    }

    /// Everything, in order.
    pub fn finish(mut self, title: &str) -> Vec<Work> {
        self.inside.append(&mut self.added);
        let mut all = self.before;
        let inside =
            Work { title: title.to_owned(), statements: self.inside, cost: self.cost, stage: Stage::Inside };
        all.push(inside);
        all.push(Work {
            title: format!("add references of table {}", quote(&self.table)),
            statements: self.late,
            cost: Cost::Scan,
            stage: Stage::Late,
        });
        all.extend(self.after);
        all
    }
}

/// The name of what is built beforehand, until its own name is free.
fn building(name: &str) -> String {
    names::fit(format!("{RESERVED_PREFIX}new_{name}"))
}

/// Fills what is empty in a column, some hundred blocks at a time, each in a transaction of its own.
fn batches(table: &str, column: &str, sql: &str) -> String {
    let (table, column) = (quote(table), quote(column));
    let (place, says) = (literal(&table), literal(SAYS));
    // While it runs, its session is named after how far it is: each name lasts as long as its transaction. The second time is for rows that were written meanwhile, and so went behind those that were filled already.
    format!(
        "DO $reconcile$\nDECLARE\n  first bigint;\n  blocks bigint;\nBEGIN\n  FOR time IN 1..2 LOOP\n    first := 0;\n    \
         blocks := pg_relation_size({place}::regclass) / current_setting('block_size')::bigint;\n    WHILE first <= \
         blocks LOOP\n      PERFORM set_config('application_name', {says} || (first + (time - 1) * blocks) || '/' || 2 * \
         blocks, true);\n      UPDATE {table} SET {column} = {sql}\n      WHERE {column} IS NULL AND ctid >= \
         format('(%s,0)', first)::tid AND ctid < format('(%s,0)', first + {BLOCKS_AT_ONCE})::tid;\n      COMMIT;\n      \
         first := first + {BLOCKS_AT_ONCE};\n    END LOOP;\n  END LOOP;\nEND\n$reconcile$"
    )
}
