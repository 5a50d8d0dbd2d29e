//! The statements that bring a table from one shape to another: none, a few `ALTER TABLE`s, or a rebuild.
//! Never drops an index or a trigger that the wanted shape has.

use super::conversion::Projected;
use super::lexer::{Sort, literal, mentions, quote, tokens};
use super::table::{Column, Index, Meaning, Shape, Table, Trigger, quoted};
use crate::model::state::Native;
use crate::target::Cost;

/// Statements with what they cost and what they do.
#[derive(Clone, Debug, Default)]
pub struct Course {
    pub statements: Vec<String>,
    pub title: String,
    pub cost: Option<Cost>,
}

/// What a change has to get from and to. Both shapes have the same table name.
#[derive(Debug)]
pub struct Passage<'a> {
    pub actual: &'a Shape,
    pub wanted: &'a Shape,
    pub projection: &'a [Projected],
    /// Columns that a constant default does not fill as the change wants it.
    pub filled: &'a [String],
    pub natives: &'a [Native],
    /// How many rows the table has, where they were counted.
    pub rows: Option<u64>,
}

/// Up to how many rows copying them twice is cheaper than one more `ALTER TABLE`. Each of those makes SQLite read
/// the whole schema again: with 1,000 tables, longer than it takes to copy this many rows.
const SMALL_TABLE: u64 = 10_000;

/// Chooses the cheapest way that keeps everything.
pub fn course(passage: &Passage<'_>) -> Course {
    let (actual, wanted) = (&passage.actual.table, &passage.wanted.table);
    let added: Vec<&Column> =
        wanted.columns.iter().filter(|column| actual.column(&column.name).is_none()).collect();
    let removed: Vec<&Column> =
        actual.columns.iter().filter(|column| wanted.column(&column.name).is_none()).collect();
    let is_changed = |column: &&Column| wanted.column(&column.name).is_some_and(|other| other != *column);
    let same_rest = !actual.columns.iter().any(|column| is_changed(&column))
        && actual.constraints == wanted.constraints
        && (actual.strict, actual.without_rowid) == (wanted.strict, wanted.without_rowid);
    let addable = added.iter().all(|column| is_addable(column) && !passage.filled.contains(&column.name));
    let droppable = removed.len() <= 1 && removed.iter().all(|column| is_droppable(column, passage));
    let is_small = passage.rows.is_some_and(|rows| rows <= SMALL_TABLE);
    // `ALTER TABLE` puts a column last; a table made anew has it where it is declared.
    let stays = actual.columns.iter().filter(|column| wanted.column(&column.name).is_some());
    let in_place = stays.chain(added.iter().copied()).map(|column| &column.name);
    let is_last = added.is_empty() || in_place.eq(wanted.columns.iter().map(|column| &column.name));
    let is_dear = !removed.is_empty() || added.len() > 1 || !is_last;
    match (same_rest && addable && droppable, is_small && is_dear) {
        (true, false) => alter(passage, &added, &removed),
        (true, true) | (false, _) => rebuild(passage, is_small),
    }
}

/// Tells whether `ALTER TABLE ADD COLUMN` takes it.
fn is_addable(column: &Column) -> bool {
    let allowed = column.clauses.iter().all(|clause| match &clause.meaning {
        Meaning::PrimaryKey(_) | Meaning::OtherPrimaryKey(_) | Meaning::Unique(_) | Meaning::Generated => {
            false
        }
        Meaning::Default(sql) => is_constant(sql),
        // `COLLATE` is harmless; a conflict clause on `UNIQUE` or `NOT NULL` is not worth telling apart.
        Meaning::Other => clause.text.to_ascii_uppercase().starts_with("COLLATE"),
        Meaning::NotNull | Meaning::Check(_) | Meaning::ForeignKey(_) => true,
    });
    let filled = column.default().is_some_and(|sql| !sql.eq_ignore_ascii_case("NULL"));
    allowed && (filled || !column.is_not_null())
}

fn is_constant(sql: &str) -> bool {
    let Ok(tokens) = tokens(sql) else { return false };
    tokens.iter().all(|token| match token.sort {
        Sort::Text | Sort::Number | Sort::Blob => true,
        Sort::Sign => token.is_sign("-") || token.is_sign("+"),
        Sort::Word => token.is("NULL"),
        Sort::Quoted | Sort::Parameter => false,
    })
}

/// Tells whether `ALTER TABLE DROP COLUMN` takes it: nothing else may speak of it.
fn is_droppable(column: &Column, passage: &Passage<'_>) -> bool {
    let wanted = &passage.wanted.table;
    let own = column.clauses.iter().all(|clause| {
        !matches!(
            clause.meaning,
            Meaning::PrimaryKey(_)
                | Meaning::OtherPrimaryKey(_)
                | Meaning::Unique(_)
                | Meaning::ForeignKey(_)
        )
    });
    let clauses = wanted.columns.iter().flat_map(|other| &other.clauses).chain(&wanted.constraints);
    let said = clauses.map(|clause| clause.text.as_str());
    let said = said.chain(passage.wanted.indexes.iter().map(|index| index.sql.as_str()));
    let said = said.chain(
        passage
            .natives
            .iter()
            .filter(|native| matches!(native.kind.as_str(), "view" | "trigger"))
            .map(|native| native.definition.as_str()),
    );
    own && !said.into_iter().any(|sql| mentions(sql, &column.name))
}

fn has_index(indexes: &[Index], wanted: &Index) -> bool {
    indexes.iter().any(|index| index.name == wanted.name && index.sql == wanted.sql)
}

fn has_trigger(triggers: &[Trigger], wanted: &Trigger) -> bool {
    triggers.iter().any(|trigger| trigger == wanted)
}

fn alter(passage: &Passage<'_>, added: &[&Column], removed: &[&Column]) -> Course {
    let (actual, wanted) = (passage.actual, passage.wanted);
    let table = quote(&wanted.table.name);
    let mut course = Course::default();
    let mut titles = Vec::new();
    let mut worst = |cost: Cost| course.cost = Some(worse(course.cost, cost));
    let gone: Vec<&Index> =
        actual.indexes.iter().filter(|index| !has_index(&wanted.indexes, index)).collect();
    let new: Vec<&Index> = wanted.indexes.iter().filter(|index| !has_index(&actual.indexes, index)).collect();
    for index in &gone {
        worst(Cost::Instant);
        course.statements.push(format!("DROP INDEX {}", quote(&index.name)));
    }
    for trigger in actual.triggers.iter().filter(|trigger| !has_trigger(&wanted.triggers, trigger)) {
        worst(Cost::Instant);
        course.statements.push(format!("DROP TRIGGER IF EXISTS {}", quote(&trigger.name)));
    }
    for column in added {
        let reads =
            column.is_not_null() || column.clauses.iter().any(|c| matches!(c.meaning, Meaning::Check(_)));
        worst(if reads { Cost::Scan } else { Cost::Instant });
        titles.push(format!("add column {}", quote(&column.name)));
        course.statements.push(format!("ALTER TABLE {table} ADD COLUMN {}", column.render()));
    }
    for column in removed {
        worst(Cost::Rewrite);
        titles.push(format!("drop column {}", quote(&column.name)));
        course.statements.push(format!("ALTER TABLE {table} DROP COLUMN {}", quote(&column.name)));
    }
    for index in &new {
        worst(Cost::Scan);
        course.statements.push(index.sql.clone());
    }
    for trigger in wanted.triggers.iter().filter(|trigger| !has_trigger(&actual.triggers, trigger)) {
        worst(Cost::Instant);
        course.statements.push(trigger.sql.clone());
    }
    if titles.is_empty() {
        let created = new.iter().map(|index| format!("create index {}", quote(&index.name)));
        let is_new = |index: &&&Index| new.iter().all(|other| other.name != index.name);
        let dropped = gone.iter().filter(is_new).map(|index| format!("drop index {}", quote(&index.name)));
        titles = created.chain(dropped).collect();
    }
    course.title = if titles.is_empty() { format!("alter table {table}") } else { titles.join(", ") };
    if !titles.is_empty() {
        course.title.push_str(&format!(" on table {table}"));
    }
    course
}

fn worse(left: Option<Cost>, right: Cost) -> Cost {
    match (left, right) {
        (Some(Cost::Rewrite), _) | (_, Cost::Rewrite) => Cost::Rewrite,
        (Some(Cost::Scan), _) | (_, Cost::Scan) => Cost::Scan,
        (Some(Cost::Instant) | None, Cost::Instant) => Cost::Instant,
    }
}

/// Makes the table again, with its rows and all that hung on it.
fn rebuild(passage: &Passage<'_>, is_small: bool) -> Course {
    let wanted = passage.wanted;
    let counts_up = |table: &Table| {
        let mut clauses = table.columns.iter().flat_map(|column| &column.clauses);
        clauses.any(|clause| mentions(&clause.text, "AUTOINCREMENT"))
    };
    let keeps_count = counts_up(&wanted.table) && counts_up(&passage.actual.table);
    let mut statements = match is_small && !keeps_count {
        true => by_copy(passage),
        false => by_rename(passage, keeps_count),
    };
    statements.extend(wanted.indexes.iter().map(|index| index.sql.clone()));
    statements.extend(wanted.triggers.iter().map(|trigger| trigger.sql.clone()));
    let title = format!("rebuild table {}", quote(&wanted.table.name));
    Course { statements, title, cost: Some(Cost::Rewrite) }
}

/// The insertion of all rows of `from` as the change wants them.
fn fill(passage: &Passage<'_>, into: &str, from: &str) -> String {
    let columns = quoted(passage.projection.iter().map(|projected| &projected.column));
    let values: Vec<&str> = passage.projection.iter().map(|projected| projected.sql.as_str()).collect();
    format!("INSERT INTO {into} ({columns})\n  SELECT {}\n  FROM {from}", values.join(", "))
}

/// For a small table: its rows are put aside and back, and no `ALTER TABLE` is needed.
fn by_copy(passage: &Passage<'_>) -> Vec<String> {
    let table = quote(&passage.wanted.table.name);
    let aside = quote(&format!("_reconcile_old_{}", passage.wanted.table.name));
    let stored = passage.actual.table.columns.iter().filter(|column| !column.is_generated());
    let stored = quoted(stored.map(|column| &column.name));
    vec![
        format!("CREATE TABLE {aside} AS SELECT {stored} FROM {table}"),
        format!("DROP TABLE {table}"),
        passage.wanted.table.render(),
        fill(passage, &table, &aside),
        format!("DROP TABLE {aside}"),
    ]
}

/// The rebuild of SQLite's own documentation: make, copy, drop, rename.
fn by_rename(passage: &Passage<'_>, keeps_count: bool) -> Vec<String> {
    let name = &passage.wanted.table.name;
    let table = quote(name);
    let passing = Table { name: format!("_reconcile_new_{name}"), ..passage.wanted.table.clone() };
    let (new, text) = (quote(&passing.name), literal(&passing.name));
    let mut statements =
        vec!["PRAGMA legacy_alter_table = ON".to_owned(), passing.render(), fill(passage, &new, &table)];
    if keeps_count {
        // Numbers of deleted rows must not be given again.
        statements.push(format!("DELETE FROM sqlite_sequence WHERE name = {text}"));
        statements.push(format!(
            "INSERT INTO sqlite_sequence (name, seq) SELECT {text}, seq FROM sqlite_sequence WHERE name = {}",
            literal(name)
        ));
    }
    statements.push(format!("DROP TABLE {table}"));
    statements.push(format!("ALTER TABLE {new} RENAME TO {table}"));
    statements.push("PRAGMA legacy_alter_table = OFF".to_owned());
    statements
}
