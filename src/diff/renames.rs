//! Which resources and members go on under a new name, and everything that follows them.
//! Never guesses: only `renamedFrom` renames.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::address::Address;
use crate::model::entity::Entity;
use crate::model::resource::Resource;
use crate::model::state::{Declared, Inventory, Snapshot, State};

/// The renamed resources: the old address, and the new name.
pub type Renamed = BTreeMap<Address, String>;

/// Finds the resources whose old name the target holds and whose new name it does not. A `renamedFrom` whose
/// rename is done already says nothing more.
pub fn resources(declared: &BTreeMap<Address, Declared>, snapshot: &Snapshot) -> Renamed {
    let mut renamed = Renamed::new();
    for (address, one) in declared {
        let Some(old) = &one.renamed_from else { continue };
        let old = Address::new(address.kind.clone(), old);
        let free = !snapshot.state.contains_key(address) && !declared.contains_key(&old);
        if free && snapshot.state.contains_key(&old) {
            renamed.insert(old, address.name.clone());
        }
    }
    renamed
}

/// The fields of one entity that go on under a new name: old, then new.
pub type RenamedFields = BTreeMap<String, String>;

/// Finds, for each declared entity that the target holds, its renamed fields.
pub fn fields(
    declared: &BTreeMap<Address, Declared>,
    state: &State,
    renamed: &Renamed,
) -> BTreeMap<Address, RenamedFields> {
    let old_of: BTreeMap<Address, &Address> =
        renamed.iter().map(|(old, new)| (Address::new(old.kind.clone(), new), old)).collect();
    let mut found = BTreeMap::new();
    for (address, one) in declared {
        let Some(entity) = one.resource.as_entity() else { continue };
        if entity.fields.values().all(|f| f.renamed_from.is_none()) {
            continue;
        }
        let present = state.get(*old_of.get(address).unwrap_or(&address)).and_then(|r| r.as_entity());
        let Some(present) = present else { continue };
        let fields: RenamedFields = entity
            .fields
            .iter()
            .filter_map(|(new, field)| Some((field.renamed_from.clone()?, new.clone())))
            .filter(|(old, new)| {
                present.fields.contains_key(old)
                    && !present.fields.contains_key(new)
                    && !entity.fields.contains_key(old)
            })
            .collect();
        if !fields.is_empty() {
            found.insert(address.clone(), fields);
        }
    }
    found
}

/// The target's state and inventory as they will read once the renames are done: every resource under its new
/// address, every reference to a renamed resource or field following it. The renamed fields themselves keep their
/// old names, so that the comparison still sees them as renamed.
pub fn follow<'a>(
    snapshot: &'a Snapshot,
    renamed: &Renamed,
    fields: &BTreeMap<Address, RenamedFields>,
) -> (Cow<'a, State>, Cow<'a, Inventory>) {
    if renamed.is_empty() && fields.is_empty() {
        return (Cow::Borrowed(&snapshot.state), Cow::Borrowed(&snapshot.inventory));
    }
    let new = |address: &Address| match renamed.get(address) {
        Some(name) => Address::new(address.kind.clone(), name),
        None => address.clone(),
    };
    let follow = |address: &Address, resource: &Resource| {
        let mut resource = resource.clone();
        resource.follow_renames(renamed);
        if let Resource::Entity(entity) = &mut resource {
            follow_fields(entity, address, fields);
        }
        Arc::new(resource)
    };
    let state = snapshot.state.iter().map(|(a, r)| (new(a), follow(&new(a), r))).collect();
    let inventory = snapshot.inventory.iter().map(|(a, owned)| {
        let mut owned = owned.clone();
        owned.declared = follow(&new(a), &owned.declared);
        (new(a), owned)
    });
    (Cow::Owned(state), Cow::Owned(inventory.collect()))
}

fn follow_fields(entity: &mut Entity, address: &Address, fields: &BTreeMap<Address, RenamedFields>) {
    let rename = |names: &mut Vec<String>, renamed: Option<&RenamedFields>| {
        for name in names {
            if let Some(new) = renamed.and_then(|r| r.get(name)) {
                name.clone_from(new);
            }
        }
    };
    let own = fields.get(address);
    for relationship in entity.relationships.values_mut() {
        let to = Address::new(address.kind.clone(), &relationship.references.entity);
        rename(&mut relationship.references.fields, fields.get(&to));
        rename(&mut relationship.fields, own);
    }
    entity.keys.values_mut().for_each(|key| rename(&mut key.fields, own));
    entity.indexes.values_mut().for_each(|index| rename(&mut index.fields, own));
    if let Some(key) = &mut entity.primary_key {
        rename(key, own);
    }
}
