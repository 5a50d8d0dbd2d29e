//! What a column of then is today: followed from apply to apply, or found in the trash.
//! Never looks at rows.

use crate::address::Address;
use crate::journal::past::{Hop, Line};
use crate::model::entity::{self, Entity};
use crate::model::trash::Moved;
use crate::target::Scene;

/// How a target tells whether two names are one.
pub type Same = fn(&str, &str) -> bool;

/// Where the values of a column came from when it goes back: a column of today, or the trash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    Present(String),
    /// What the trash kept of it, the column's name before it was dropped, and the number of the hop.
    Kept {
        moved: Moved,
        column: String,
        hop: usize,
    },
    /// It was there in rows that went into the trash as a whole.
    Whole {
        moved: Moved,
        column: String,
    },
    Nothing,
}

/// What the trash holds for a way back, if it still does.
pub fn alive<'a>(hop: &'a Hop, scene: &Scene<'_>) -> Option<&'a Moved> {
    hop.moved.as_ref().filter(|moved| scene.aside.alive.contains(&moved.number))
}

/// The entity that a line is today.
pub fn present<'a>(line: &Line, scene: &'a Scene<'_>) -> Option<&'a Entity> {
    scene.before.get(line.now.as_ref()?)?.as_entity()
}

/// The field that a column belongs to, with the entity it points to where it is a lookup.
pub fn field_of<'a>(entity: &'a Entity, column: &str, same: Same) -> Option<(&'a str, Option<&'a str>)> {
    for (name, field) in &entity.fields {
        let polymorphic = field.ty.polymorphic_columns(name);
        if let Some((_, to)) = polymorphic.iter().find(|(own, _)| same(own, column)) {
            return Some((name, Some(to)));
        }
        if polymorphic.is_empty() && same(name, column) {
            return Some((name, field.ty.lookup_targets().first().copied()));
        }
    }
    None
}

/// The column that went on with the values of another after an apply.
pub fn next(hop: &Hop, older: &Entity, newer: &Entity, column: &str, same: Same) -> Option<String> {
    let Some((field, to)) = field_of(older, column, same) else {
        // What the model does not know goes on under its own name.
        return Some(column.to_owned());
    };
    let renamed = hop.renamed.iter().find(|(_, old)| *old == field).map(|(new, _)| new.as_str());
    let name = match renamed {
        Some(new) => new,
        // Its name may have gone to another field.
        None if hop.renamed.contains_key(field) => return None,
        None => field,
    };
    let goal = newer.fields.get(name)?;
    let polymorphic = goal.ty.polymorphic_columns(name);
    let was_single = older.fields.get(field).is_some_and(|f| f.ty.polymorphic_columns(field).is_empty());
    if polymorphic.is_empty() && was_single {
        return Some(name.to_owned());
    }
    let to = to.map(|to| hop.names.get(&Address::new(entity::KIND, to)).map_or(to, String::as_str))?;
    match polymorphic.is_empty() {
        true => goal.ty.lookup_targets().contains(&to).then(|| name.to_owned()),
        false => polymorphic.into_iter().find(|(_, target)| *target == to).map(|(column, _)| column),
    }
}

/// Follows one column of then to what there is of it now.
pub fn origin(line: &Line, column: &str, scene: &Scene<'_>, same: Same) -> Origin {
    let mut name = column.to_owned();
    let present = present(line, scene);
    for (index, hop) in line.hops.iter().enumerate().rev() {
        let Some(older) = hop.state.as_entity() else { return Origin::Nothing };
        let newer = match index.checked_sub(1) {
            Some(newer) => line.hops[newer].state.as_entity(),
            None => line.destroyed.as_ref().map_or(present, |hop| hop.state.as_entity()),
        };
        let Some(newer) = newer else { return Origin::Nothing };
        // A column that was dropped may have made room for another one of its name.
        let kept = hop.moved.as_ref().and_then(|moved| moved.column(&name));
        let is_gone = kept.is_some_and(|kept| kept.became.is_none());
        match next(hop, older, newer, &name, same).filter(|_| !is_gone) {
            Some(next) => name = next,
            None => {
                let moved = alive(hop, scene).filter(|moved| moved.column(&name).is_some());
                return match moved {
                    Some(moved) => Origin::Kept { moved: moved.clone(), column: name, hop: index },
                    None => Origin::Nothing,
                };
            }
        }
    }
    match &line.destroyed {
        Some(hop) => match alive(hop, scene) {
            Some(moved) => Origin::Whole { moved: moved.clone(), column: name },
            None => Origin::Nothing,
        },
        None => Origin::Present(name),
    }
}
