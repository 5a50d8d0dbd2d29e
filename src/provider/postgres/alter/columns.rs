//! The columns of a table that is there: added, filled, turned into other types, counted on.
//! Never cuts a value, and never writes a row again that need not be.

use super::Alter;
use crate::model::field::{DefaultValue, Field, FieldType};
use crate::provider::postgres::conversion;
use crate::provider::postgres::keep::{self, Noted};
use crate::provider::postgres::lexer::{literal, quote};
use crate::provider::postgres::lower;
use crate::provider::postgres::names;
use crate::provider::postgres::native;
use crate::provider::postgres::online::Filler;
use crate::provider::postgres::restore;
use crate::provider::postgres::shape::{Column, Made, Sequence, Table};
use crate::provider::postgres::types;
use crate::target::{Cost, Scene};

impl Alter<'_> {
    pub(super) fn collation_changes(&self, found: &Column, wanted: &Column) -> bool {
        let was = self.was.column(&wanted.name).and_then(|was| was.collation.as_ref());
        found.collation != wanted.collation && was != wanted.collation.as_ref()
    }

    pub(super) fn columns(&mut self) {
        let keys = self.keys();
        let remade = self.remade();
        // What is computed from a column lets go of it first.
        for wanted in self.wanted.columns.clone() {
            let found = self.actual.column(&wanted.name);
            if found.is_some_and(|found| found.made.is_generated()) && !wanted.made.is_generated() {
                self.alter(format!("ALTER COLUMN {} DROP EXPRESSION", quote(&wanted.name)));
            }
        }
        for name in self.dropped_columns() {
            self.course.drop_column(&name);
        }
        for wanted in self.wanted.columns.clone() {
            if keys.contains(&wanted.name) {
                continue;
            }
            let found = self.actual.column(&wanted.name).filter(|_| !remade.contains(&wanted.name)).cloned();
            match found {
                Some(found) => self.column(&found, &wanted),
                None => self.add_column(&wanted),
            }
        }
    }

    /// Adds the columns of a key that nothing else tells, while what the rows are found by is still there: the trash
    /// knows the rows by the keys that it noted for them.
    pub(super) fn keys(&mut self) -> Vec<String> {
        let Some(noted) = keep::noted(self.change, self.scene).filter(|noted| !noted.keys.is_empty()) else {
            return Vec::new();
        };
        let new = self.wanted.columns.iter().filter(|one| self.actual.column(&one.name).is_none()).cloned();
        let new: Vec<Column> =
            new.filter(|one| noted.keys.iter().any(|(name, _)| *name == one.name)).collect();
        let mut sets = Vec::new();
        for column in &new {
            self.add_column(column);
            let kept = noted.keys.iter().find(|(name, _)| *name == column.name).map(|(_, kept)| quote(kept));
            sets.push(format!("{} = noted.{}", quote(&column.name), kept.unwrap_or_default()));
        }
        if !sets.is_empty() {
            self.course.note(Cost::Rewrite);
            self.write_noted(&noted, &sets.join(", "), "");
        }
        new.into_iter().map(|column| column.name).collect()
    }

    /// Writes what the trash noted of the rows.
    pub(super) fn write_noted(&mut self, noted: &Noted, sets: &str, and: &str) {
        let table = quote(self.new);
        let by_now = |column: &str| {
            let found = self.sources.iter().find(|(_, old)| *old == column).map(|(new, _)| new.as_str());
            format!("{table}.{}", quote(found.unwrap_or(column)))
        };
        let same = noted.is_same(&by_now);
        let sql = format!("UPDATE {table} SET {sets} FROM {} AS noted WHERE {same}{and}", noted.table);
        self.course.now(sql);
    }

    /// The field that a column belongs to, after the change.
    pub(super) fn field_of(&self, column: &str) -> Option<(&String, &Field)> {
        self.after.fields.iter().find(|(name, field)| {
            let own = field.ty.polymorphic_columns(name);
            name.as_str() == column || own.iter().any(|(own, _)| own == column)
        })
    }

    pub(super) fn backfill(&self, column: &str) -> Option<(FieldType, DefaultValue)> {
        let (name, field) = self.field_of(column)?;
        let value = self.change.backfill.get(name)?;
        field.ty.polymorphic_columns(name).is_empty().then(|| (field.ty.clone(), value.clone()))
    }

    pub(super) fn add_column(&mut self, wanted: &Column) {
        if let Some(sequence) = wanted.sequence.as_ref().filter(|one| one.comment.is_some()) {
            self.course.now(format!("CREATE SEQUENCE {}", quote(&sequence.name)));
        }
        lower::counters(wanted).into_iter().for_each(|sql| self.course.now(sql));
        let filler = self.backfill(&wanted.name);
        let default = self.field_of(&wanted.name).and_then(|(_, field)| field.default.clone());
        let filler = filler.map(|(ty, value)| Filler {
            sql: types::default_sql(&ty, &value),
            is_constant: matches!(value, DefaultValue::Value(_)) && !types::is_volatile(&ty, &value),
        });
        let ty = self.field_of(&wanted.name).map(|(_, field)| field.ty.clone());
        let is_volatile = match (&ty, &default) {
            (Some(FieldType::Autonumber { .. }), _) => true,
            (Some(ty), Some(default)) => types::is_volatile(ty, default),
            // The generated key.
            (None, _) => wanted.default.is_some(),
            (Some(_), None) => wanted.sequence.is_some(),
        };
        self.course.add_column(wanted, filler.as_ref(), is_volatile);
        for sql in lower::own_sequence(self.new, wanted) {
            self.course.now(sql);
        }
    }

    pub(super) fn column(&mut self, found: &Column, wanted: &Column) {
        let name = quote(&wanted.name);
        let was = self.was.column(&wanted.name).cloned();
        let retyped = found.ty != wanted.ty || self.collation_changes(found, wanted);
        let counted = |column: &Column| column.sequence.is_some() && column.made.is_plain();
        let makes_otherwise = found.made != wanted.made;
        // A default is compared through what its author wrote before, not through the server's words for it.
        let is_numbering =
            |column: &Column| column.sequence.as_ref().is_some_and(|one| one.comment.is_some());
        let says_same = was.as_ref().is_some_and(|was| was.default == wanted.default)
            && (found.default.is_some() == wanted.default.is_some() || counted(wanted));
        let default_stays =
            says_same && counted(found) == counted(wanted) && is_numbering(found) == is_numbering(wanted);
        let is_generated = wanted.made.is_generated();
        let still_counts = counted(found) && counted(wanted) && !is_numbering(wanted) && default_stays;
        if !found.made.is_generated()
            && found.default.is_some()
            && !is_generated
            && (!default_stays || (retyped && !still_counts))
            // Another default takes its place, unless a sequence or another type is in the way.
            && (retyped || makes_otherwise || wanted.default.is_none() || counted(found) || counted(wanted))
        {
            self.alter(format!("ALTER COLUMN {name} DROP DEFAULT"));
        }
        if makes_otherwise && matches!(found.made, Made::IdentityAlways | Made::IdentityByDefault) {
            match wanted.made {
                Made::IdentityAlways => self.alter(format!("ALTER COLUMN {name} SET GENERATED ALWAYS")),
                Made::IdentityByDefault => {
                    self.alter(format!("ALTER COLUMN {name} SET GENERATED BY DEFAULT"))
                }
                Made::Plain | Made::Stored | Made::Virtual => {
                    self.alter(format!("ALTER COLUMN {name} DROP IDENTITY"));
                }
            }
        }
        if counted(found)
            && !counted(wanted)
            && let Some(sequence) = &found.sequence
        {
            self.course.now(format!("DROP SEQUENCE {}", quote(&sequence.name)));
        }
        if counts_by_itself(wanted) {
            for name in lone_counters(found, self.scene) {
                self.course.now(format!("DROP SEQUENCE {}", quote(&name)));
            }
        }
        if retyped {
            self.retype(found, wanted);
        }
        if retyped
            && still_counts
            && let Some(sequence) = &found.sequence
        {
            self.course.now(format!("ALTER SEQUENCE {} AS {}", quote(&sequence.name), wanted.ty));
        }
        self.counting(found, wanted);
        if let Some(default) = &wanted.default
            && !is_generated
            && (!default_stays || retyped)
        {
            lower::counters(wanted).into_iter().for_each(|sql| self.course.now(sql));
            self.alter(format!("ALTER COLUMN {name} SET DEFAULT {default}"));
        }
        let fills = !found.not_null && wanted.not_null;
        let mut waits = false;
        if fills && let Some((ty, value)) = self.backfill(&wanted.name) {
            let sql = types::default_sql(&ty, &value);
            // What is another value each time is the one that the trash noted.
            let noted = keep::noted(self.change, self.scene);
            let kept = noted.as_ref().and_then(|noted| {
                noted.fillings.iter().find(|(column, _)| *column == wanted.name).map(|(_, kept)| quote(kept))
            });
            if let (Some(noted), Some(kept)) = (&noted, kept) {
                let (table, value) = (quote(self.new), restore::typed(wanted, &format!("noted.{kept}")));
                self.write_noted(
                    noted,
                    &format!("{name} = {value}"),
                    &format!(" AND {table}.{name} IS NULL"),
                );
            }
            // What could not be brought back is filled in the transaction.
            let early = keep::early(self.change, self.scene)
                .filter(|_| !retyped && self.reads_settled(&sql, &self.touched()));
            waits = !self.course.backfill(&wanted.name, &sql, early);
        }
        match (found.not_null, wanted.not_null) {
            (false, true) => {
                let in_key = self.wanted.primary_key().contains(&wanted.name);
                self.course.set_not_null(&wanted.name, !retyped && !in_key && !waits);
            }
            (true, false) => self.alter(format!("ALTER COLUMN {name} DROP NOT NULL")),
            (true, true) | (false, false) => {}
        }
    }

    /// Makes a column count by a sequence of its own.
    pub(super) fn counting(&mut self, found: &Column, wanted: &Column) {
        let name = quote(&wanted.name);
        let identity = |made: Made| matches!(made, Made::IdentityAlways | Made::IdentityByDefault);
        let options = |column: &Column| column.sequence.as_ref().map(|one| one.options.clone());
        let counts_otherwise =
            identity(wanted.made) && identity(found.made) && options(wanted) != options(found);
        if counts_otherwise {
            self.alter(format!("ALTER COLUMN {name} DROP IDENTITY"));
        }
        if identity(wanted.made) && (!identity(found.made) || counts_otherwise) {
            if !found.not_null {
                self.alter(format!("ALTER COLUMN {name} SET NOT NULL"));
            }
            let words = lower::render_type(wanted);
            let words = words.find("GENERATED").map_or("", |place| &words[place..]).to_owned();
            self.alter(format!("ALTER COLUMN {name} ADD {words}"));
            self.course.now(set_counter(self.new, wanted));
        }
        if identity(wanted.made)
            && identity(found.made)
            && !counts_otherwise
            && let (Some(old), Some(new)) = (&found.sequence, &wanted.sequence)
        {
            self.renumber(&wanted.name, old, new);
        }
        let plain = |column: &Column| column.sequence.clone().filter(|_| column.made.is_plain());
        let (Some(sequence), None) = (plain(wanted), plain(found)) else {
            if let (Some(old), Some(new)) = (plain(found), plain(wanted)) {
                self.renumber(&wanted.name, &old, &new);
            }
            return;
        };
        let (table, own) = (quote(self.new), quote(&sequence.name));
        // As `serial` makes it.
        let of = match (&sequence.comment, wanted.ty.as_str()) {
            (None, ty @ ("smallint" | "integer")) => format!(" AS {ty}"),
            (_, _) => String::new(),
        };
        self.course.now(format!("CREATE SEQUENCE {own}{of}"));
        self.course.now(format!("ALTER SEQUENCE {own} OWNED BY {table}.{name}"));
        match &sequence.comment {
            Some(comment) => {
                let comment = literal(comment);
                self.course.now(format!("COMMENT ON SEQUENCE {own} IS {comment}"));
                let text = literal(&own);
                self.course.now(format!("SELECT setval({text}, count(*) + 1, false) FROM {table}"));
            }
            None => {
                let text = literal(&own);
                self.alter(format!("ALTER COLUMN {name} SET DEFAULT nextval({text})"));
                self.course.now(set_counter(self.new, wanted));
            }
        }
    }

    /// Brings the sequence of a numbered column to its name and format.
    pub(super) fn renumber(&mut self, column: &str, old: &Sequence, new: &Sequence) {
        let is_ours = new.comment.is_some();
        if (is_ours || new.is_named) && old.name != new.name {
            self.course.now(format!("ALTER SEQUENCE {} RENAME TO {}", quote(&old.name), quote(&new.name)));
        }
        let was = self.was.column(column).and_then(|was| was.sequence.as_ref());
        if !is_ours && !new.is_named && was.is_some_and(|was| was.is_named) {
            let own = quote(&names::counter(self.new, column));
            self.course.now(format!("ALTER SEQUENCE {} RENAME TO {own}", quote(&old.name)));
        }
        if is_ours && old.comment != new.comment {
            let comment = new.comment.as_deref().map(literal).unwrap_or_default();
            self.course.now(format!("COMMENT ON SEQUENCE {} IS {comment}", quote(&new.name)));
        }
    }

    pub(super) fn retype(&mut self, found: &Column, wanted: &Column) {
        let name = quote(&wanted.name);
        let collation = wanted.collation.as_ref().map(|one| format!(" COLLATE {one}")).unwrap_or_default();
        let (from, to) =
            (self.type_before(&wanted.name), self.field_of(&wanted.name).map(|(_, f)| f.ty.clone()));
        let using = match (from, to) {
            (Some(from), Some(to)) if conversion::needs_using(&found.ty, &wanted.ty) => {
                let value = conversion::convert(&name, &from, &to, &found.ty, &wanted.ty);
                format!(" USING {value}")
            }
            (_, _) => String::new(),
        };
        let free = conversion::is_rewrite_free(&found.ty, &wanted.ty);
        self.course.note(if free { Cost::Instant } else { Cost::Rewrite });
        self.alter(format!("ALTER COLUMN {name} TYPE {}{collation}{using}", wanted.ty));
    }

    /// The type of the field that a column's values come from.
    pub(super) fn type_before(&self, column: &str) -> Option<FieldType> {
        let source = self.sources.get(column)?;
        let found = self.before.fields.iter().find(|(name, field)| {
            let own = field.ty.polymorphic_columns(name);
            *name == source || own.iter().any(|(own, _)| own == source)
        });
        found.map(|(_, field)| field.ty.clone())
    }
}

/// Sets a counting column beyond the rows that are there, and not below where it begins.
pub fn set_counter(table: &str, column: &Column) -> String {
    let (name, text) = (quote(&column.name), literal(&column.name));
    let place = literal(&quote(table));
    let options = column.sequence.as_ref().map(|sequence| sequence.options.as_str()).unwrap_or_default();
    let said = |words: &str| options.split_once(words)?.1.split_whitespace().next()?.parse::<i64>().ok();
    let next = match (said("START WITH "), said("INCREMENT BY ")) {
        (start, Some(..0)) => {
            format!("least(coalesce(min({name}), 0) - 1, {})", start.unwrap_or(-1))
        }
        (Some(start), _) => format!("greatest(coalesce(max({name}), 0) + 1, {start})"),
        (None, _) => format!("coalesce(max({name}), 0) + 1"),
    };
    format!("SELECT setval(pg_get_serial_sequence({place}, {text}), {next}, false) FROM {}", quote(table))
}

/// The sequences that no column owns, and that the default of this one alone counts by.
pub fn lone_counters(found: &Column, scene: &Scene<'_>) -> Vec<String> {
    let counters = native::counters(found.default.as_deref().unwrap_or_default());
    if found.sequence.is_some() || counters.is_empty() {
        return Vec::new();
    }
    let is_free =
        |name: &String| scene.natives.iter().any(|native| native.kind == "sequence" && native.name == *name);
    let tables = scene.natives.iter().filter(|native| native.kind == "table");
    let tables: Vec<Table> =
        tables.filter_map(|native| serde_json::from_str(&native.definition).ok()).collect();
    let n_users = |name: &String| {
        let defaults =
            tables.iter().flat_map(|table| &table.columns).filter_map(|one| one.default.as_deref());
        defaults.filter(|default| native::counters(default).contains(name)).count()
    };
    counters.into_iter().filter(|name| is_free(name) && n_users(name) == 1).collect()
}

/// Tells of a column that the target itself numbers.
pub fn counts_by_itself(column: &Column) -> bool {
    column.sequence.as_ref().is_some_and(|sequence| sequence.comment.is_none())
}
