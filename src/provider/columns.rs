//! The columns of an entity before and after a change, side by side.
//! Never knows a target's types: it goes by names alone.

use std::collections::BTreeMap;

use crate::diff::change::Change;
use crate::model::entity::Entity;
use crate::model::field::Field;
use crate::target::Scene;

/// The names of columns after a change, with those they have now, where they have one. `has` tells of the columns that
/// are there. The generated key is the caller's to judge.
pub fn pairs(
    change: &Change,
    before: &Entity,
    after: &Entity,
    has: &dyn Fn(&str) -> bool,
    scene: &Scene<'_>,
) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let renames: BTreeMap<&str, &str> = change.renames("fields").collect();
    let is_there = |name: &String| has(name);
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
            if let Some(source) = source.filter(is_there).or(renamed.filter(is_there)) {
                found.insert(column, source);
            }
        }
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

/// The columns of a field, each with the entity it points to where it is a lookup.
fn targets<'a>(name: &str, field: &'a Field) -> Vec<(String, Option<&'a str>)> {
    let polymorphic = field.ty.polymorphic_columns(name);
    if polymorphic.is_empty() {
        return vec![(name.to_owned(), field.ty.lookup_targets().first().copied())];
    }
    polymorphic.into_iter().map(|(column, to)| (column, Some(to))).collect()
}
