//! The registry of kinds, and one resource of any of them.
//! Never holds what one kind alone needs: that is in the kind's own file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::entity::{self, Entity};
use super::field::FieldType;
use super::picklist::{self, Picklist};
use super::setup::{Action, KindActions};
use super::text::Text;
use crate::address::{Address, Kind};

/// One kind: how manifests and addresses write it, and which setup actions it knows.
#[derive(Clone, Debug)]
pub struct KindEntry {
    /// As manifests write it: `Entity`.
    pub manifest: &'static str,
    pub plural: &'static str,
    pub actions: KindActions,
}

/// Every kind, in the order that people list them.
pub const KINDS: [KindEntry; 2] = [
    KindEntry {
        manifest: "Entity",
        plural: "entities",
        actions: KindActions {
            kind: entity::KIND,
            actions: &[
                Action::Merge,
                Action::Overwrite,
                Action::Create,
                Action::Existing,
                Action::Skip,
                Action::Select,
            ],
            default: Action::Merge,
        },
    },
    KindEntry {
        manifest: "Picklist",
        plural: "picklists",
        actions: KindActions {
            kind: picklist::KIND,
            actions: &[
                Action::Merge,
                Action::Overwrite,
                Action::Create,
                Action::Existing,
                Action::Skip,
                Action::Select,
            ],
            default: Action::Merge,
        },
    },
];

/// Returns the registry's entry of a kind.
pub fn kind_entry(kind: &Kind) -> Option<&'static KindEntry> {
    const { &KINDS }.iter().find(|entry| entry.actions.kind == *kind)
}

/// One resource's content. Which resource it is says the address it is kept under.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "spec", rename_all = "lowercase")]
#[expect(clippy::large_enum_variant, reason = "resources live in maps, and nearly all are entities")]
pub enum Resource {
    Entity(Entity),
    Picklist(Picklist),
}

impl Resource {
    pub fn kind(&self) -> Kind {
        match self {
            Resource::Entity(_) => entity::KIND,
            Resource::Picklist(_) => picklist::KIND,
        }
    }

    pub fn display_name(&self) -> Option<&Text> {
        match self {
            Resource::Entity(entity) => entity.display_name.as_ref(),
            Resource::Picklist(picklist) => picklist.display_name.as_ref(),
        }
    }

    pub fn as_entity(&self) -> Option<&Entity> {
        match self {
            Resource::Entity(entity) => Some(entity),
            Resource::Picklist(_) => None,
        }
    }

    pub fn as_picklist(&self) -> Option<&Picklist> {
        match self {
            Resource::Entity(_) => None,
            Resource::Picklist(picklist) => Some(picklist),
        }
    }

    pub fn is_standard(&self) -> bool {
        match self {
            Resource::Entity(entity) => entity.standard,
            Resource::Picklist(_) => false,
        }
    }

    /// Tells whether there is anything that is a directive and no state.
    pub fn has_directives(&self) -> bool {
        match self {
            Resource::Entity(entity) => {
                entity.fields.values().any(|f| f.renamed_from.is_some() || f.backfill.is_some())
                    || entity.keys.values().any(|k| k.renamed_from.is_some())
                    || entity.indexes.values().any(|i| i.renamed_from.is_some())
            }
            Resource::Picklist(picklist) => picklist.options.values().any(|o| o.renamed_from.is_some()),
        }
    }

    /// Drops what is a directive and no state.
    pub fn strip_directives(&mut self) {
        match self {
            Resource::Entity(entity) => entity.strip_directives(),
            Resource::Picklist(picklist) => picklist.strip_directives(),
        }
    }

    /// Returns what this resource references, each with the path inside it that does, in declared order.
    pub fn references(&self) -> Vec<(String, Address)> {
        let mut found = Vec::new();
        match self {
            Resource::Entity(entity) => {
                for (name, field) in &entity.fields {
                    if let FieldType::Picklist { picklist } = &field.ty {
                        found.push((format!("fields/{name}"), Address::new(picklist::KIND, picklist)));
                    }
                    for to in field.ty.lookup_targets() {
                        found.push((format!("fields/{name}"), Address::new(entity::KIND, to)));
                    }
                }
                for (name, relationship) in &entity.relationships {
                    let to = Address::new(entity::KIND, &relationship.references.entity);
                    found.push((format!("relationships/{name}"), to));
                }
            }
            Resource::Picklist(_) => {}
        }
        found
    }

    /// Points every reference to a renamed resource at its new name. Returns whether anything changed.
    pub fn follow_renames(&mut self, renamed: &BTreeMap<Address, String>) -> bool {
        let mut changed = false;
        let mut follow = |kind: Kind, name: &mut String| {
            if let Some(new) = renamed.get(&Address::new(kind, name.as_str())) {
                name.clone_from(new);
                changed = true;
            }
        };
        match self {
            Resource::Entity(entity) => {
                for field in entity.fields.values_mut() {
                    match &mut field.ty {
                        FieldType::Picklist { picklist } => follow(picklist::KIND, picklist),
                        FieldType::Lookup { entity, entities, .. } => {
                            entity.iter_mut().chain(entities).for_each(|to| follow(entity::KIND, to));
                        }
                        FieldType::Text { .. }
                        | FieldType::Integer
                        | FieldType::Bigint
                        | FieldType::Decimal { .. }
                        | FieldType::Money
                        | FieldType::Float
                        | FieldType::Boolean
                        | FieldType::Date
                        | FieldType::Time
                        | FieldType::Datetime
                        | FieldType::Uuid
                        | FieldType::Json
                        | FieldType::Binary { .. }
                        | FieldType::Autonumber { .. } => {}
                    }
                }
                for relationship in entity.relationships.values_mut() {
                    follow(entity::KIND, &mut relationship.references.entity);
                }
            }
            Resource::Picklist(_) => {}
        }
        changed
    }
}
