//! References of other tables that stand on a key which a change takes away or gives another type: they let go before
//! it, and hold again once everything is made.
//! Never drops a reference for good: whether it stays is its own entity's to say.

use super::conversion;
use super::ddl;
use super::lexer::quote;
use super::lower;
use super::shape::{Column, Constraint, Reference, Rule, Table};
use crate::address::Address;
use crate::diff::change::Change;
use crate::model::entity::{self, Entity};
use crate::model::state::State;
use crate::target::{Cost, Scene, Stage, Work};

/// Puts around the work of one entity what references on its keys need.
pub fn around(
    change: &Change,
    before: &Entity,
    after: &Entity,
    scene: &Scene<'_>,
    mut all: Vec<Work>,
) -> Vec<Work> {
    let keys = touched(&change.address_before().name, &change.address.name, before, after, scene);
    if keys.is_empty() {
        return all;
    }
    let (mut released, mut retyped, mut tied) = (Vec::new(), Vec::new(), Vec::new());
    for holder in holders(change, &keys, scene) {
        let table = quote(&holder.table);
        released.push(format!(
            "ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {}",
            quote(&holder.constraint.name)
        ));
        retyped.extend(holder.retype.map(|sql| format!("ALTER TABLE {table} {sql}")));
        if let Some((table, constraint)) = holder.again {
            tied.extend(ddl::references_later(&table, &[constraint]));
        }
    }
    let cost = if retyped.is_empty() { Cost::Instant } else { Cost::Rewrite };
    match all.iter_mut().find(|work| work.stage == Stage::Inside) {
        Some(work) => {
            let own = std::mem::take(&mut work.statements);
            work.statements = released.into_iter().chain(own).chain(retyped).collect();
            if cost == Cost::Rewrite {
                work.cost = cost;
            }
        }
        None => return all,
    }
    all.extend(tied);
    all
}

/// `DROP CONSTRAINT …`, also of a reference that another change of the plan may have dropped already.
pub fn drop_constraint(constraint: &Constraint, scene: &Scene<'_>) -> String {
    let may_have_let_go = match &constraint.rule {
        Rule::Reference(far) => {
            is_placed(far, scene) && far_keys(far, scene).iter().any(|key| key.is(&far.columns))
        }
        Rule::PrimaryKey | Rule::Unique | Rule::Check(_) | Rule::Other(_) => false,
    };
    let word = if may_have_let_go { "DROP CONSTRAINT IF EXISTS" } else { "DROP CONSTRAINT" };
    format!("{word} {}", quote(&constraint.name))
}

/// Tells of a reference that stays what it is, that an earlier change of the plan has dropped and adds again at the end.
pub fn holds_again(far: &Reference, scene: &Scene<'_>) -> bool {
    is_placed(far, scene) && far_keys(far, scene).iter().any(|key| key.is_kept && key.is(&far.columns))
}

/// Tells of a reference that an earlier change of the plan made let go, and makes hold again after all changes; `now` is
/// its table as it is.
pub fn is_tied_later(wanted: &Constraint, now: &Table, scene: &Scene<'_>) -> bool {
    let Rule::Reference(far) = &wanted.rule else { return false };
    let former = scene.name_before(&far.table);
    let was_so = |one: &Constraint| match &one.rule {
        Rule::Reference(old) => {
            (one.name == wanted.name || now.constraint(&wanted.name).is_none())
                && one.columns == wanted.columns
                && one.beyond.is_none()
                && old.table == former
                && old.columns == far.columns
                && (old.on_delete, old.on_update) == (far.on_delete, far.on_update)
        }
        Rule::PrimaryKey | Rule::Unique | Rule::Check(_) | Rule::Other(_) => false,
    };
    holds_again(far, scene) && now.constraints.iter().any(was_so)
}

/// Tells of a reference whose far end gets another type with a change that comes later in the plan.
pub fn moves_later(far: &Reference, scene: &Scene<'_>) -> bool {
    let moves = |key: &Touched| key.retyped.is_some() && key.is(&far.columns);
    !is_placed(far, scene) && far_keys(far, scene).iter().any(moves)
}

fn is_placed(far: &Reference, scene: &Scene<'_>) -> bool {
    scene.placed.contains(&Address::new(entity::KIND, far.table.as_str()))
}

/// The keys of the table that a reference points to which do not stay as they are.
fn far_keys(far: &Reference, scene: &Scene<'_>) -> Vec<Touched> {
    let former = scene.name_before(&far.table);
    let of = |state: &State, name: &str| {
        state.get(&Address::new(entity::KIND, name)).and_then(|resource| resource.as_entity()).cloned()
    };
    match (of(scene.before, former), of(scene.after, &far.table)) {
        (Some(before), Some(after)) => touched(former, &far.table, &before, &after, scene),
        (_, _) => Vec::new(),
    }
}

/// A key that goes, or that changes its type.
struct Touched {
    columns: Vec<String>,
    /// The column after the change, where the key is one column and only its type is another.
    retyped: Option<Column>,
    /// Whether something keeps these columns apart afterwards.
    is_kept: bool,
}

impl Touched {
    fn is(&self, columns: &[String]) -> bool {
        self.columns.len() == columns.len() && self.columns.iter().all(|column| columns.contains(column))
    }
}

/// The keys of an entity on which references may stand and which do not stay as they are.
fn touched(old: &str, new: &str, before: &Entity, after: &Entity, scene: &Scene<'_>) -> Vec<Touched> {
    let was = lower::table(old, before, scene.before);
    let wanted = lower::table(new, after, scene.after);
    let is_kept = |columns: &[String]| {
        let is_key = |one: &&Constraint| matches!(one.rule, Rule::PrimaryKey | Rule::Unique);
        wanted.constraints.iter().filter(is_key).any(|one| one.columns == columns)
            || wanted.indexes.iter().any(|one| one.unique && one.columns.as_deref() == Some(columns))
    };
    let mut found = Vec::new();
    for one in was.constraints.iter().filter(|one| matches!(one.rule, Rule::PrimaryKey | Rule::Unique)) {
        let stays = wanted.constraints.iter().any(|new| new.rule == one.rule && new.columns == one.columns);
        let retyped = match one.columns.as_slice() {
            [only] if one.rule == Rule::PrimaryKey => {
                wanted.column(only).filter(|column| was.column(only).is_some_and(|was| was.ty != column.ty))
            }
            _ => None,
        };
        if !stays || retyped.is_some() {
            let (columns, is_kept) = (one.columns.clone(), is_kept(&one.columns));
            found.push(Touched { columns, retyped: retyped.filter(|_| stays).cloned(), is_kept });
        }
    }
    for one in was.indexes.iter().filter(|one| one.unique) {
        let stays = wanted.indexes.iter().any(|new| new.unique && new.columns == one.columns);
        let Some(columns) = one.columns.clone().filter(|_| !stays) else { continue };
        let is_kept = is_kept(&columns);
        found.push(Touched { columns, retyped: None, is_kept });
    }
    found
}

/// A reference that has to let go.
struct Holder {
    /// The name that its table has by now.
    table: String,
    constraint: Constraint,
    /// What gives its column the type of the key, where no other change does.
    retype: Option<String>,
    /// Its table after the plan, and what holds again then.
    again: Option<(String, Constraint)>,
}

fn holders(change: &Change, keys: &[Touched], scene: &Scene<'_>) -> Vec<Holder> {
    let former = change.address_before().name.as_str();
    let mut found = Vec::new();
    for native in scene.natives.iter().filter(|native| native.kind == "table" && native.name != former) {
        if !native.definition.contains(&format!("\"table\":{}", serde_json::Value::from(former))) {
            continue;
        }
        let Some(table) = Table::find(&native.name, std::slice::from_ref(native)) else { continue };
        for constraint in &table.constraints {
            let Rule::Reference(far) = &constraint.rule else { continue };
            let key = keys.iter().find(|key| far.table == former && key.is(&far.columns));
            let Some(key) = key.filter(|_| constraint.beyond.is_none()) else { continue };
            found.extend(holder(change, key, &table, constraint, scene));
        }
    }
    found
}

fn holder(
    change: &Change,
    key: &Touched,
    table: &Table,
    constraint: &Constraint,
    scene: &Scene<'_>,
) -> Option<Holder> {
    let address = Address::new(entity::KIND, table.name.as_str());
    let renamed = scene.renamed.iter().find(|(_, old)| **old == address).map(|(new, _)| new);
    let goal = renamed.unwrap_or(&address);
    // What is made already has its new definition.
    if scene.placed.contains(goal) {
        return None;
    }
    let was = scene.before.get(&address).and_then(|resource| resource.as_entity())?;
    let is = scene.after.get(goal).and_then(|resource| resource.as_entity());
    let wanted = is.map(|is| lower::table(&goal.name, is, scene.after));
    let again = wanted.as_ref().and_then(|wanted| {
        let same = |one: &&Constraint| match (&one.rule, &constraint.rule) {
            (Rule::Reference(new), Rule::Reference(old)) => {
                // One that only gets another name holds again under that.
                (one.name == constraint.name || table.constraint(&one.name).is_none())
                    && one.columns == constraint.columns
                    && new.table == change.address.name
                    && new.columns == old.columns
                    && (new.on_delete, new.on_update) == (old.on_delete, old.on_update)
            }
            (_, _) => false,
        };
        let mut found = wanted.constraints.iter().filter(same);
        let by_name = wanted.constraints.iter().filter(same).find(|one| one.name == constraint.name);
        by_name.or_else(|| found.next()).cloned()
    });
    // What could not hold again stays in the way, and is told of as such.
    let can_let_go = match &again {
        Some(_) => key.is_kept,
        None => is != Some(was),
    };
    if !can_let_go {
        return None;
    }
    let retype = match (&key.retyped, constraint.columns.as_slice(), &again) {
        (Some(goal), [column], Some(_)) if is == Some(was) => {
            let found = table.column(column)?;
            let types = |entity: Option<&crate::model::resource::Resource>| {
                let key = goal.name.as_str();
                entity.and_then(|resource| resource.as_entity()).and_then(|entity| entity.field_type(key))
            };
            let using = match (types(change.before.as_ref()), types(change.after.as_ref())) {
                (Some(from), Some(to)) if conversion::needs_using(&found.ty, &goal.ty) => {
                    let value = conversion::convert(&quote(column), &from, &to, &found.ty, &goal.ty);
                    format!(" USING {value}")
                }
                (_, _) => String::new(),
            };
            Some(format!("ALTER COLUMN {} TYPE {}{using}", quote(column), goal.ty))
        }
        (_, _, _) => None,
    };
    Some(Holder {
        table: table.name.clone(),
        constraint: constraint.clone(),
        retype,
        again: again.map(|constraint| (goal.name.clone(), constraint)),
    })
}
