//! The columns of a row as a change would leave them, each an expression over the table as it is now.
//! Never looks at the data itself, and shows no value that would not survive.

use std::collections::BTreeMap;

use super::conversion;
use super::kind::Kind;
use super::lexer::{literal, quote};
use super::shape::{Column, Made, Table};
use super::{lower, types};
use crate::diff::change::Change;
use crate::model::entity::{Entity, GENERATED_KEY};
use crate::model::field::{DefaultValue, Field, FieldType};
use crate::provider::columns;
use crate::target::Scene;

pub use crate::provider::columns::columns_now;

/// What gives a row a key that is nobody's yet.
pub const NEW_UUID: &str = "gen_random_uuid()";

/// One column of a changed table.
#[derive(Clone, Debug)]
pub struct Projected {
    pub column: String,
    pub sql: String,
    /// The same without a look at whether the value survives, and without a length that could cut it.
    pub bare: String,
    pub ty: String,
    /// A condition that a row's value does not survive and is not shown; none where all do.
    pub lost: Option<String>,
    /// Whether it is computed from the other columns as they will be.
    pub is_computed: bool,
    /// The column of today whose values it has, untouched; its type may be wider or narrower.
    pub carried: Option<String>,
    /// Whether no column of today gives it values.
    pub is_new: bool,
}

impl Projected {
    fn plain(column: String, sql: String, ty: String) -> Projected {
        Projected {
            column,
            bare: sql.clone(),
            sql,
            ty,
            lost: None,
            is_computed: false,
            carried: None,
            is_new: false,
        }
    }
}

/// The names of columns after a change, with those they have now, where they have one.
pub fn pairs(
    change: &Change,
    before: &Entity,
    after: &Entity,
    actual: &Table,
    scene: &Scene<'_>,
) -> BTreeMap<String, String> {
    let has = |name: &str| actual.column(name).is_some();
    let mut found = columns::pairs(change, before, after, &has, scene);
    // The generated key goes on as a field that says the same of itself.
    let renames: BTreeMap<&str, &str> = change.renames("fields").collect();
    let becomes = |(name, field): &(&String, &Field)| {
        let old = renames.get(name.as_str()).copied().unwrap_or(name);
        let is_new = !before.fields.contains_key(old);
        is_new && before.primary_key.is_none() && old == GENERATED_KEY && field.ty == FieldType::Uuid
    };
    if let Some((name, _)) = after.fields.iter().find(becomes).filter(|_| has(GENERATED_KEY)) {
        found.insert(name.clone(), GENERATED_KEY.to_owned());
    }
    // What has its name and is of another type goes.
    if after.primary_key.is_none() && actual.column(GENERATED_KEY).is_some_and(|column| column.ty == "uuid") {
        found.entry(GENERATED_KEY.to_owned()).or_insert_with(|| GENERATED_KEY.to_owned());
    }
    found
}

/// A changed entity, and the table that holds its rows now.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    pub change: &'a Change,
    pub before: &'a Entity,
    pub after: &'a Entity,
    pub actual: &'a Table,
    pub scene: &'a Scene<'a>,
}

impl Seen<'_> {
    pub fn pairs(&self) -> BTreeMap<String, String> {
        pairs(self.change, self.before, self.after, self.actual, self.scene)
    }

    /// The columns that the model knows after the change, in declared order: all, or those named.
    pub fn columns(&self, only: Option<&[String]>) -> Vec<Projected> {
        let sources = self.pairs();
        let renames: BTreeMap<&str, &str> = self.change.renames("fields").collect();
        let is_asked = |column: &str| only.is_none_or(|only| only.iter().any(|name| name == column));
        let mut found = Vec::new();
        let makes_key = self.after.primary_key.is_none() && !self.after.fields.contains_key(GENERATED_KEY);
        if makes_key && is_asked(GENERATED_KEY) {
            let source = sources.get(GENERATED_KEY);
            let sql = source.map_or_else(|| NEW_UUID.to_owned(), |source| quote(source));
            let ty = types::column_type(&FieldType::Uuid);
            let plain = Projected::plain(GENERATED_KEY.to_owned(), sql, ty);
            found.push(Projected { carried: source.cloned(), is_new: source.is_none(), ..plain });
        }
        for (name, field) in &self.after.fields {
            let old = renames.get(name.as_str()).copied().unwrap_or(name);
            let key = Field::of(FieldType::Uuid);
            let is_key = self.before.primary_key.is_none() && old == GENERATED_KEY;
            let was = self.before.fields.get(old).or_else(|| is_key.then_some(&key));
            let table = &self.change.address.name;
            for wanted in lower::columns(table, self.after, name, field, self.scene.after) {
                if !is_asked(&wanted.name) {
                    continue;
                }
                let source = sources.get(&wanted.name).and_then(|source| self.actual.column(source));
                found.push(match (source, was) {
                    (Some(source), Some(was)) => self.carried(&wanted, source, (old, was), (name, field)),
                    (_, _) => self.filled(&wanted, name, field),
                });
            }
        }
        found
    }

    fn carried(
        &self,
        wanted: &Column,
        source: &Column,
        was: (&str, &Field),
        goal: (&str, &Field),
    ) -> Projected {
        let ((old, was), (name, field)) = (was, goal);
        if wanted.made.is_generated() && !source.made.is_generated() {
            return self.filled(wanted, name, field);
        }
        let stays = self.type_before(old, was, &source.name).is_none_or(|before| before == wanted.ty);
        let ty = if stays { source.ty.clone() } else { present_type(wanted, field) };
        let value = self.with_options(&source.name, was, field);
        let from = if value == quote(&source.name) { source.ty.as_str() } else { "text" };
        let filler = self.filler(name, field, &ty).filter(|_| field.is_required());
        let filled = |sql: String| match &filler {
            Some(filler) => format!("coalesce({sql}, {filler})"),
            None => sql,
        };
        let kept = conversion::kept(&value, &was.ty, &field.ty, from, &ty);
        let sql = conversion::carried_over(&value, from, &ty);
        let is_untouched = value == quote(&source.name)
            && conversion::is_same_value(from, &ty)
            && (filler.is_none() || source.not_null);
        let bare = filled(conversion::unbounded(&value, from, &ty));
        let (sql, lost) = match kept == "true" {
            true => (sql, None),
            false => (
                format!("CASE WHEN {kept} THEN {sql} END"),
                Some(format!("({value} IS NOT NULL AND NOT ({kept}))")),
            ),
        };
        Projected {
            lost,
            bare,
            carried: is_untouched.then(|| source.name.clone()),
            ..Projected::plain(wanted.name.clone(), filled(sql), ty)
        }
    }

    /// The type that the model gives a column of today.
    fn type_before(&self, old: &str, was: &Field, source: &str) -> Option<String> {
        let table = &self.change.address_before().name;
        let columns = lower::columns(table, self.before, old, was, self.scene.before);
        match columns.as_slice() {
            [only] => Some(only.ty.clone()),
            _ => columns.into_iter().find(|column| column.name == source).map(|column| column.ty),
        }
    }

    /// A value of today, with its option under the name that it will have where its list renames it before.
    fn with_options(&self, source: &str, was: &Field, field: &Field) -> String {
        let value = quote(source);
        let FieldType::Picklist { picklist } = &was.ty else { return value };
        let options = self.scene.aside.options.get(picklist).filter(|_| was.ty != field.ty);
        let Some(options) = options.filter(|options| !options.is_empty()) else { return value };
        renamed_options(&value, options)
    }

    /// What a row gets that has no value.
    fn filler(&self, name: &str, field: &Field, ty: &str) -> Option<String> {
        let is_single = field.ty.polymorphic_columns(name).is_empty();
        let value = self.change.backfill.get(name).filter(|_| is_single)?;
        Some(typed_default(&field.ty, value, ty))
    }

    /// What the rows get in a new column.
    fn filled(&self, wanted: &Column, name: &str, field: &Field) -> Projected {
        let ty = present_type(wanted, field);
        let is_numbered = matches!(field.ty, FieldType::Autonumber { .. })
            || matches!(wanted.made, Made::IdentityAlways | Made::IdentityByDefault)
            || wanted.sequence.is_some() && field.default.is_none();
        let sql = match (self.filler(name, field, &ty), &field.default) {
            (_, _) if wanted.made.is_generated() => {
                format!("({})::{ty}", types::guarded(wanted.default.as_deref().unwrap_or("NULL")))
            }
            (Some(filler), _) => filler,
            (None, _) if is_numbered => format!("(row_number() OVER ())::{ty}"),
            (None, Some(default)) => typed_default(&field.ty, default, &ty),
            (None, None) => format!("NULL::{ty}"),
        };
        let is_computed = wanted.made.is_generated();
        Projected { is_computed, is_new: true, ..Projected::plain(wanted.name.clone(), sql, ty) }
    }
}

/// The type in which a value can be shown now: an enumerated type may not be there yet.
fn present_type(wanted: &Column, field: &Field) -> String {
    match wanted.enumeration {
        Some(_) => types::column_type(&field.ty),
        None => wanted.ty.clone(),
    }
}

/// A value under the new name of its option, as text.
pub fn renamed_options(value: &str, options: &[(String, String)]) -> String {
    let arms: Vec<String> =
        options.iter().map(|(new, old)| format!("WHEN {} THEN {}", literal(old), literal(new))).collect();
    format!("(CASE {value}::text {} ELSE {value}::text END)", arms.join(" "))
}

/// A default of some type. What takes a number from a sequence would write, so each row gets one of its own here.
fn typed_default(field: &FieldType, default: &DefaultValue, ty: &str) -> String {
    let takes_number = match default {
        DefaultValue::Sql { sql } => sql.to_ascii_lowercase().contains("nextval"),
        DefaultValue::Value(_) => false,
    };
    match (takes_number, Kind::of(ty)) {
        (true, Kind::Whole(_) | Kind::Numeric(_) | Kind::Float(_) | Kind::Text(_)) => {
            format!("(row_number() OVER ())::{ty}")
        }
        (_, _) => format!("({})::{ty}", types::default_sql(field, default)),
    }
}
