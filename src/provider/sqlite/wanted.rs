//! The table that a change leads to, worked out from the table that is there.
//! Never touches a column, constraint or index whose member stays as it is.

use super::conversion;
use super::lexer::normal;
use super::lift::matches;
use super::lower::{self, World};
use super::parts::{self, Part, Place, place};
use super::table::{Clause, Column, Index, Meaning, Shape, Table};
use super::types;
use crate::diff::change::Change;
use crate::model::entity::{Entity, GENERATED_KEY};
use crate::model::field::{Field, FieldType};
use crate::target::Scene;

/// The entity of before under the names of after.
pub fn renamed(change: &Change, before: &Entity) -> Entity {
    let mut entity = before.clone();
    let renames: Vec<(&str, &str)> = change.renames("fields").collect();
    let follow = |name: &mut String| {
        if let Some((new, _)) = renames.iter().find(|(_, old)| *old == name.as_str()) {
            *name = (*new).to_owned();
        }
    };
    entity.fields = std::mem::take(&mut entity.fields)
        .into_iter()
        .map(|(mut name, field)| {
            follow(&mut name);
            (name, field)
        })
        .collect();
    entity.primary_key.iter_mut().flatten().for_each(follow);
    entity.keys.values_mut().flat_map(|key| &mut key.fields).for_each(follow);
    entity.indexes.values_mut().flat_map(|index| &mut index.fields).for_each(follow);
    entity.relationships.values_mut().flat_map(|relationship| &mut relationship.fields).for_each(follow);
    entity
}

/// The shape after the change; our own triggers are the caller's.
pub fn shape(change: &Change, before: &Entity, after: &Entity, actual: &Shape, scene: &Scene<'_>) -> Shape {
    let former =
        before.fields.keys().flat_map(|field| conversion::columns_now(before, field, scene)).collect();
    let before = &renamed(change, before);
    let parts = parts(change, before, actual);
    let mut wanted = Wanted { before, former, after, actual, parts: &parts, scene };
    let mut table = Table {
        name: actual.table.name.clone(),
        columns: wanted.columns(),
        constraints: wanted.constraints(),
        strict: actual.table.strict,
        without_rowid: actual.table.without_rowid,
    };
    wanted.set_primary_key(&mut table);
    if before.native != after.native || after.native.is_none() {
        lower::set_options(&mut table, after.native.as_deref());
    }
    let indexes = wanted.indexes(change);
    let foreign = |trigger: &&super::table::Trigger| !trigger.name.starts_with(super::autonumber::PREFIX);
    Shape { table, indexes, triggers: actual.triggers.iter().filter(foreign).cloned().collect() }
}

/// The parts of the actual table. Our indexes still carry the table's former name.
fn parts(change: &Change, before: &Entity, actual: &Shape) -> Vec<Part> {
    let mut former = actual.clone();
    former.table.name.clone_from(&change.address_before().name);
    parts::of(&former, &before.fields, Some(before))
}

struct Wanted<'a> {
    /// With the names of after.
    before: &'a Entity,
    /// The columns of before under the names that they had.
    former: Vec<String>,
    after: &'a Entity,
    actual: &'a Shape,
    parts: &'a [Part],
    scene: &'a Scene<'a>,
}

impl Wanted<'_> {
    fn columns(&self) -> Vec<Column> {
        let world = World::State(self.scene.after);
        let mut columns: Vec<Column> = Vec::new();
        if self.after.primary_key.is_none() && !self.after.fields.contains_key(GENERATED_KEY) {
            let wanted = lower::generated_key();
            let found = self.actual.table.column(GENERATED_KEY).filter(|column| matches(column, &wanted));
            columns.push(found.cloned().unwrap_or(wanted));
        }
        for (name, field) in &self.after.fields {
            let was = self.before.fields.get(name);
            for wanted in lower::field_columns(self.after, name, field, world) {
                let found = self.actual.table.column(&wanted.name);
                let mut column = found.map_or(wanted.clone(), |found| self.column(found, was, field, wanted));
                if !field.is_unique() {
                    column.clauses.retain(|clause| !matches!(clause.meaning, Meaning::Unique(_)));
                }
                columns.push(column);
            }
        }
        let before = lower::columns_of(self.before, &self.before.fields.keys().cloned().collect::<Vec<_>>());
        for column in &self.actual.table.columns {
            let is_known = |name: &String| name.eq_ignore_ascii_case(&column.name);
            let is_dropped = before.iter().chain(&self.former).any(is_known) || column.name == GENERATED_KEY;
            if !is_dropped && columns.iter().all(|known| !known.name.eq_ignore_ascii_case(&column.name)) {
                columns.push(column.clone());
            }
        }
        columns
    }

    /// A column that is there, as the field wants it.
    fn column(&self, found: &Column, was: Option<&Field>, field: &Field, wanted: Column) -> Column {
        let same_native = was.is_some_and(|was| was.native == field.native && field.native.is_some());
        // A number that is the key needs no rule to have a value; as soon as it is not, or becomes it, that counts.
        let is_key =
            |column: &Column| column.clauses.iter().any(|c| matches!(c.meaning, Meaning::PrimaryKey(_)));
        if is_key(found) == is_key(&wanted) && matches(found, &wanted) && found.name == wanted.name {
            return found.clone();
        }
        match was {
            Some(was) if same_native => {
                let mut column = self.edited(found, was, field, &wanted.name);
                retarget(&mut column, &wanted);
                column
            }
            Some(_) | None => wanted,
        }
    }

    /// Changes in a column that is not ours only what the model has words for.
    fn edited(&self, found: &Column, was: &Field, field: &Field, name: &str) -> Column {
        let plain = |field: &Field| {
            let field = Field { native: None, ..field.clone() };
            lower::column(self.after, name, &field, World::State(self.scene.after))
        };
        let (old, new) = (plain(was), plain(field));
        let mut column = found.clone();
        let is_same = |a: &Clause, b: &Clause| a.is_same(b);
        let is_gone = |clause: &Clause| match clause.meaning {
            Meaning::NotNull => was.is_required() != field.is_required(),
            Meaning::Default(_) => was.default != field.default,
            Meaning::ForeignKey(_) => !is_alike(&was.ty, &field.ty),
            Meaning::Check(_) => {
                old.clauses.iter().any(|other| is_same(other, clause))
                    && !new.clauses.iter().any(|other| is_same(other, clause))
            }
            Meaning::PrimaryKey(_)
            | Meaning::OtherPrimaryKey(_)
            | Meaning::Unique(_)
            | Meaning::Generated
            | Meaning::Other => false,
        };
        column.clauses.retain(|clause| !is_gone(clause));
        for clause in &new.clauses {
            let is_new = match clause.meaning {
                Meaning::NotNull => was.is_required() != field.is_required(),
                Meaning::Default(_) => was.default != field.default,
                Meaning::ForeignKey(_) => !is_alike(&was.ty, &field.ty),
                Meaning::Check(_) => !old.clauses.iter().any(|other| is_same(other, clause)),
                Meaning::PrimaryKey(_)
                | Meaning::OtherPrimaryKey(_)
                | Meaning::Unique(_)
                | Meaning::Generated
                | Meaning::Other => false,
            };
            if is_new {
                column.clauses.push(clause.clone());
            }
        }
        column
    }

    fn constraints(&self) -> Vec<Clause> {
        let mut kept = Vec::new();
        let mut done: Vec<Clause> = Vec::new();
        let targets: Vec<Clause> =
            self.after.fields.iter().filter_map(|(name, field)| lower::targets_check(name, field)).collect();
        for (number, clause) in self.actual.table.constraints.iter().enumerate() {
            let part = self.parts.iter().find(|part| place(part) == &Place::Constraint(number));
            let wanted = match part {
                Some(Part::Check { name, sql, .. }) => match self.after.checks.get(name) {
                    Some(check) => {
                        let wanted = lower::check(name, &check.sql);
                        done.push(wanted.clone());
                        if normal(sql) == normal(&check.sql) { Some(clause.clone()) } else { Some(wanted) }
                    }
                    None => None,
                },
                Some(Part::Relationship { name, .. }) => match lower::relationship(self.after, name) {
                    Some(wanted) => {
                        done.push(wanted.clone());
                        if clause.is_same(&wanted) { Some(clause.clone()) } else { Some(wanted) }
                    }
                    None => None,
                },
                Some(Part::Key { name, .. }) => match lower::key_constraint(self.after, name) {
                    Some(wanted) => {
                        done.push(wanted.clone());
                        let is_kept = clause.is_same(&wanted) && clause.name == wanted.name;
                        if is_kept { Some(clause.clone()) } else { Some(wanted) }
                    }
                    None => None,
                },
                Some(Part::Unique { .. } | Part::Index { .. }) => Some(clause.clone()),
                None if self.is_targets(clause) => {
                    targets.iter().any(|target| target.is_same(clause)).then(|| clause.clone())
                }
                None => Some(clause.clone()),
            };
            kept.extend(wanted);
        }
        // Two members may say the same under two names.
        let is_named = |other: &Clause, clause: &Clause| other.name.is_none() || other.name == clause.name;
        let is_there = |kept: &[Clause], clause: &Clause| {
            kept.iter().any(|other| other.is_same(clause) && is_named(other, clause))
        };
        let checks = self.after.checks.iter().map(|(name, check)| lower::check(name, &check.sql));
        let relationships =
            self.after.relationships.keys().filter_map(|name| lower::relationship(self.after, name));
        let keys = self.after.keys.keys().filter_map(|name| lower::key_constraint(self.after, name));
        for clause in targets.iter().cloned().chain(keys).chain(checks).chain(relationships) {
            if !is_there(&kept, &clause) && !is_there(&done, &clause) {
                kept.push(clause);
            }
        }
        kept
    }

    /// Tells whether a constraint keeps a lookup of before to one target.
    fn is_targets(&self, clause: &Clause) -> bool {
        let mut fields = self.before.fields.iter();
        fields.any(|(name, field)| {
            let is_polymorphic = !field.ty.polymorphic_columns(name).is_empty();
            let named = clause.name.as_deref();
            // The name of a renamed lookup's check still says the former one.
            is_polymorphic && named.is_some_and(|named| named.ends_with(".targets")) && {
                let columns = field.ty.polymorphic_columns(name);
                matches!(&clause.meaning, Meaning::Check(sql)
                    if columns.iter().any(|(column, _)| super::lexer::mentions(sql, column)))
                    || named == Some(lower::targets_name(name).as_str())
            }
        })
    }

    fn set_primary_key(&mut self, table: &mut Table) {
        let key: Vec<String> = match &self.after.primary_key {
            Some(fields) => lower::columns_of(self.after, fields),
            None => vec![GENERATED_KEY.to_owned()],
        };
        let current = table.primary_key();
        let is_key =
            |clause: &Clause| matches!(clause.meaning, Meaning::PrimaryKey(_) | Meaning::OtherPrimaryKey(_));
        let number: usize =
            table.columns.iter().map(|column| column.clauses.iter().filter(|c| is_key(c)).count()).sum();
        let number = number + table.constraints.iter().filter(|clause| is_key(clause)).count();
        let same =
            current.len() == key.len() && current.iter().zip(&key).all(|(a, b)| a.eq_ignore_ascii_case(b));
        if same && number <= 1 {
            return;
        }
        for column in &mut table.columns {
            column.clauses.retain(|clause| !is_key(clause));
        }
        table.constraints.retain(|clause| !is_key(clause));
        match key.as_slice() {
            [] => {}
            [only] => {
                let column = table.columns.iter_mut().find(|column| column.name.eq_ignore_ascii_case(only));
                if let Some(column) = column {
                    let clause = Clause::new("PRIMARY KEY", Meaning::PrimaryKey(Vec::new()));
                    let place =
                        usize::from(column.clauses.first().is_some_and(|c| c.meaning == Meaning::NotNull));
                    column.clauses.insert(place, clause);
                }
            }
            _ => {
                let text = format!("PRIMARY KEY ({})", super::table::quoted(&key));
                table.constraints.insert(0, Clause::new(text, Meaning::PrimaryKey(key)));
            }
        }
    }

    fn indexes(&self, change: &Change) -> Vec<Index> {
        let (old, new) = (change.address_before().name.as_str(), change.address.name.as_str());
        let mut open: Vec<&Index> = self.actual.indexes.iter().collect();
        let mut all = Vec::new();
        let mut missing = Vec::new();
        for (number, (section, member, wanted)) in self.wanted_indexes(new).into_iter().enumerate() {
            if self.is_constraint(section, member) {
                continue;
            }
            let is_alike = |index: &&Index| index.unique == wanted.unique && same_columns(index, &wanted);
            let is_ours = wanted.name.starts_with(&lower::index_name(new, ""));
            let is_named = |index: &&Index| index.name == wanted.name || (is_ours && index.name == *member);
            match open.iter().position(|index| is_alike(index) && is_named(index)) {
                Some(found) => all.push((number, open.remove(found).clone())),
                None => missing.push((number, wanted)),
            }
        }
        for (number, wanted) in missing {
            let is_alike = |index: &&Index| index.unique == wanted.unique && same_columns(index, &wanted);
            let Some(found) = open.iter().position(is_alike).map(|found| open.remove(found)) else {
                all.push((number, wanted));
                continue;
            };
            // Ours are named for the table and the member; others keep the name they have, or get the one that
            // the manifest gives them.
            let prefix = |table: &str| lower::index_name(table, "");
            let is_ours = found.name.starts_with(&prefix(old)) || !wanted.name.starts_with(&prefix(new));
            all.push((number, if is_ours { wanted } else { found.clone() }));
        }
        all.sort_by_key(|(number, _)| *number);
        let mut all: Vec<Index> = all.into_iter().map(|(_, index)| index).collect();
        let is_member = |index: &Index| {
            let own = Place::Index(index.name.clone());
            let is_ours = index.columns.is_some() && index.name.starts_with(&lower::index_name(old, ""));
            is_ours || self.parts.iter().any(|part| *place(part) == own)
        };
        all.extend(open.into_iter().filter(|index| !is_member(index)).cloned());
        all
    }

    fn wanted_indexes(&self, table: &str) -> Vec<(&'static str, &String, Index)> {
        let after = self.after;
        let mut all = Vec::new();
        for (name, field) in &after.fields {
            let indexes = lower::field_indexes(table, after, name, field);
            all.extend(indexes.into_iter().map(|index| ("fields", name, index)));
        }
        for name in after.keys.keys() {
            all.extend(lower::key_index(table, after, name).map(|index| ("keys", name, index)));
        }
        for name in after.indexes.keys() {
            all.extend(lower::plain_index(table, after, name).map(|index| ("indexes", name, index)));
        }
        all
    }

    /// Tells whether a member is kept by a constraint of the table or of its column.
    fn is_constraint(&self, section: &str, member: &str) -> bool {
        self.parts.iter().any(|part| match part {
            Part::Unique { field, place: Place::Column(_) } => section == "fields" && field == member,
            Part::Unique { .. }
            | Part::Key { .. }
            | Part::Index { .. }
            | Part::Check { .. }
            | Part::Relationship { .. } => false,
        })
    }
}

fn same_columns(left: &Index, right: &Index) -> bool {
    match (&left.columns, &right.columns) {
        (Some(left), Some(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(a, b)| a.eq_ignore_ascii_case(b))
        }
        (None, _) | (_, None) => false,
    }
}

/// Tells whether two types are the same to a column.
fn is_alike(was: &FieldType, ty: &FieldType) -> bool {
    let is_reference = |ty: &FieldType| matches!(ty, FieldType::Lookup { .. } | FieldType::Picklist { .. });
    was == ty
        || (!is_reference(was)
            && !is_reference(ty)
            && types::storage(was) == types::storage(ty)
            && types::check(was, "x") == types::check(ty, "x"))
}

/// Puts the far end of a column's foreign key where the wanted column has it.
fn retarget(column: &mut Column, wanted: &Column) {
    let far = wanted.clauses.iter().find(|clause| matches!(clause.meaning, Meaning::ForeignKey(_)));
    let Some(far) = far else { return };
    let own = column.clauses.iter_mut().find(|clause| matches!(clause.meaning, Meaning::ForeignKey(_)));
    if let (Some(own), Meaning::ForeignKey(key)) = (own, &far.meaning)
        && !matches!(&own.meaning, Meaning::ForeignKey(now) if now.table.eq_ignore_ascii_case(&key.table))
    {
        *own = Clause { name: own.name.take(), ..far.clone() };
    }
}
