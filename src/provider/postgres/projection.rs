//! The columns of a row as a change would leave them, each an expression over the table as it is now.
//! Never looks at the data itself, and shows no value that would not survive.

use std::collections::BTreeMap;

use super::conversion;
use super::kind::Kind;
use super::lexer::{literal, quote};
use super::native;
use super::shape::Table;
use super::types;
use crate::address::Address;
use crate::diff::change::Change;
use crate::model::entity::{self, Entity, GENERATED_KEY};
use crate::model::field::{DefaultValue, Field, FieldType};
use crate::model::picklist;
use crate::model::state::State;
use crate::target::Scene;

/// What gives a row a key that is nobody's yet.
pub const NEW_UUID: &str = "gen_random_uuid()";

/// One column of a changed table.
#[derive(Clone, Debug)]
pub struct Projected {
    pub column: String,
    pub sql: String,
    pub ty: String,
    /// A condition that a row's value does not survive and is not shown; none where all do.
    pub lost: Option<String>,
}

/// The names of columns after a change, with those they have now, where they have one.
pub fn pairs(
    change: &Change,
    before: &Entity,
    after: &Entity,
    actual: &Table,
    scene: &Scene<'_>,
) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let renames: BTreeMap<&str, &str> = change.renames("fields").collect();
    let has = |name: &String| actual.column(name).is_some();
    for (name, field) in &after.fields {
        let old = renames.get(name.as_str()).copied().unwrap_or(name);
        let Some(was) = before.fields.get(old) else { continue };
        let (sources, columns) = (targets(old, was), targets(name, field));
        let are_single = [(old, was), (name, field)]
            .iter()
            .all(|(name, field)| field.ty.polymorphic_columns(name).is_empty());
        for (column, to) in columns {
            let former = to.map(|to| scene.name_before(to));
            // Between one column and several, a value goes where its target goes.
            let same = sources.iter().find(|(_, target)| match (target, to) {
                (_, _) if are_single => true,
                (Some(target), Some(to)) => *target == to || Some(*target) == former,
                (None, _) | (_, None) => false,
            });
            // A polymorphic column is named for its target, which may have another name now.
            let renamed = former.map(|former| format!("{old}_{former}"));
            let source = same.map(|(source, _)| source.clone());
            if let Some(source) = source.filter(has).or(renamed.filter(has)) {
                found.insert(column, source);
            }
        }
    }
    if after.primary_key.is_none() && has(&GENERATED_KEY.to_owned()) {
        found.entry(GENERATED_KEY.to_owned()).or_insert_with(|| GENERATED_KEY.to_owned());
    }
    found
}

/// The columns that a field of before has now. Those of a polymorphic lookup are named for what it points to,
/// which may have another name after the plan.
pub fn columns_now(before: &Entity, field: &str, scene: &Scene<'_>) -> Vec<String> {
    let polymorphic = before.fields.get(field).map(|f| f.ty.polymorphic_columns(field)).unwrap_or_default();
    if polymorphic.is_empty() {
        return vec![field.to_owned()];
    }
    polymorphic.into_iter().map(|(_, to)| format!("{field}_{}", scene.name_before(to))).collect()
}

/// The columns of some fields, those of polymorphic lookups included.
pub fn columns_of(entity: &Entity, fields: &[String]) -> Vec<String> {
    let expand = |name: &String| {
        let polymorphic =
            entity.fields.get(name).map(|field| field.ty.polymorphic_columns(name)).unwrap_or_default();
        match polymorphic.is_empty() {
            true => vec![name.clone()],
            false => polymorphic.into_iter().map(|(column, _)| column).collect(),
        }
    };
    fields.iter().flat_map(expand).collect()
}

/// The columns of a field, each with the entity it points to where it is a lookup.
fn targets<'a>(name: &str, field: &'a Field) -> Vec<(String, Option<&'a str>)> {
    let polymorphic = field.ty.polymorphic_columns(name);
    if polymorphic.is_empty() {
        return vec![(name.to_owned(), field.ty.lookup_targets().first().copied())];
    }
    polymorphic.into_iter().map(|(column, to)| (column, Some(to))).collect()
}

/// The columns of a field, each with its type.
pub fn typed_columns(name: &str, field: &Field, state: &State) -> Vec<(String, String)> {
    let typed = |(column, to): (String, Option<&str>)| {
        let ty = match (&field.native, to) {
            (Some(native), _) => native::read(native).ty,
            (None, Some(to)) => key_type(to, state, 0),
            (None, None) => own_type(&field.ty, state),
        };
        (column, ty)
    };
    targets(name, field).into_iter().map(typed).collect()
}

fn own_type(ty: &FieldType, state: &State) -> String {
    if let FieldType::Picklist { picklist } = ty {
        let list = state.get(&Address::new(picklist::KIND, picklist)).and_then(|found| found.as_picklist());
        if list.is_some_and(|list| list.is_enum()) {
            return quote(picklist);
        }
    }
    types::column_type(ty)
}

/// The type of the key of an entity. A key may itself be a lookup; a ring of them is text.
fn key_type(name: &str, state: &State, depth: usize) -> String {
    let found = state.get(&Address::new(entity::KIND, name)).and_then(|resource| resource.as_entity());
    let Some(entity) = found else { return types::column_type(&FieldType::Uuid) };
    let key = entity.key_fields().first().map(|key| (*key).to_owned()).unwrap_or_default();
    match entity.fields.get(&key) {
        Some(Field { native: Some(native), .. }) => native::read(native).ty,
        Some(Field { ty: FieldType::Lookup { entity: Some(next), .. }, .. }) if depth < 16 => {
            key_type(next, state, depth + 1)
        }
        Some(field) => own_type(&field.ty, state),
        None => types::column_type(&FieldType::Uuid),
    }
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
        let is_asked = |column: &String| only.is_none_or(|only| only.contains(column));
        let mut found = Vec::new();
        let generated = GENERATED_KEY.to_owned();
        if self.after.primary_key.is_none()
            && !self.after.fields.contains_key(GENERATED_KEY)
            && is_asked(&generated)
        {
            let sql = sources.get(GENERATED_KEY).map_or_else(|| NEW_UUID.to_owned(), |source| quote(source));
            let ty = types::column_type(&FieldType::Uuid);
            found.push(Projected { column: generated, sql, ty, lost: None });
        }
        for (name, field) in &self.after.fields {
            let old = renames.get(name.as_str()).copied().unwrap_or(name);
            for (column, ty) in typed_columns(name, field, self.scene.after) {
                if !is_asked(&column) {
                    continue;
                }
                found.push(match (sources.get(&column), self.before.fields.get(old)) {
                    (Some(source), Some(was)) => self.carried(column, ty, source, old, was, name, field),
                    (_, _) => self.filled(column, ty, name, field),
                });
            }
        }
        found
    }

    #[allow(clippy::too_many_arguments, reason = "a column before and the same column after")]
    fn carried(
        &self,
        column: String,
        ty: String,
        source: &str,
        old: &str,
        was: &Field,
        name: &str,
        field: &Field,
    ) -> Projected {
        let present = self.actual.column(source).map_or_else(|| ty.clone(), |column| column.ty.clone());
        let stays = self.type_before(old, was, source).is_none_or(|before| before == ty);
        let value = self.with_options(source, was, field);
        // An enumerated type may not be there yet.
        let ty = match (stays, &field.ty) {
            (true, _) => present.clone(),
            (false, FieldType::Picklist { .. }) => types::column_type(&field.ty),
            (false, _) => ty,
        };
        let filler = self.filler(name, field, &ty).filter(|_| field.is_required());
        let filled = |sql: String| match &filler {
            Some(filler) => format!("coalesce({sql}, {filler})"),
            None => sql,
        };
        let from = if value == quote(source) { present.as_str() } else { "text" };
        let kept = conversion::kept(&value, &was.ty, &field.ty, from, &ty);
        let sql = conversion::carried_over(&value, from, &ty);
        match kept == "true" {
            true => Projected { column, sql: filled(sql), ty, lost: None },
            false => Projected {
                column,
                sql: filled(format!("CASE WHEN {kept} THEN {sql} END")),
                ty,
                lost: Some(format!("({value} IS NOT NULL AND NOT ({kept}))")),
            },
        }
    }

    /// The type that the model gives a column of today.
    fn type_before(&self, old: &str, was: &Field, source: &str) -> Option<String> {
        let columns = typed_columns(old, was, self.scene.before);
        match columns.as_slice() {
            [(_, ty)] => Some(ty.clone()),
            _ => columns.into_iter().find(|(column, _)| column == source).map(|(_, ty)| ty),
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
    fn filled(&self, column: String, ty: String, name: &str, field: &Field) -> Projected {
        let ty = match &field.ty {
            FieldType::Picklist { .. } => types::column_type(&field.ty),
            _ => ty,
        };
        let native = field.native.as_deref().map(native::read).unwrap_or_default();
        let sql = match (self.filler(name, field, &ty), &field.ty, &field.default) {
            (Some(filler), _, _) => filler,
            (None, _, _) if native.is_never_null() => format!("(row_number() OVER ())::{ty}"),
            (None, _, _) if native.made.is_generated() => {
                format!("({})::{ty}", native.expression.unwrap_or_default())
            }
            (None, FieldType::Autonumber { .. }, _) => "(row_number() OVER ())::text".to_owned(),
            (None, _, Some(default)) => typed_default(&field.ty, default, &ty),
            (None, _, None) => format!("NULL::{ty}"),
        };
        Projected { column, sql, ty, lost: None }
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
