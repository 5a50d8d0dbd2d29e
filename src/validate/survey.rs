//! What all rules look at: every resource with the environments that include it, found by name at once.
//! Never judges.

use std::collections::{BTreeMap, HashMap};

use super::words::Suggestions;
use crate::address::{Address, Kind, glob};
use crate::diagnostic::Diagnostic;
use crate::model::entity::Entity;
use crate::model::environment::Environment;
use crate::model::field::FieldType;
use crate::model::name::NameLimits;
use crate::model::picklist::Picklist;
use crate::model::repository::{Entry, Remark, Repository};
use crate::model::resource::Resource;
use crate::model::state::Origin;
use crate::yaml::Part;

/// The repository, arranged for asking.
pub struct Survey<'r> {
    pub repository: &'r Repository,
    pub targets: &'r BTreeMap<String, NameLimits>,
    /// Every resource, by address.
    pub sites: Vec<Site<'r>>,
    pub suggestions: Suggestions,
    entities: HashMap<&'r str, (&'r Entry, &'r Entity)>,
    picklists: HashMap<&'r str, (&'r Entry, &'r Picklist)>,
    names: HashMap<&'r Kind, Vec<&'r str>>,
}

/// One declared resource, and where remarks on it belong.
pub struct Site<'r> {
    pub address: &'r Address,
    pub entry: &'r Entry,
    /// The environments that include it.
    pub environments: Vec<&'r Environment>,
}

/// The key of an entity that names none.
static GENERATED_KEY_TYPE: FieldType = FieldType::Uuid;

/// Longer chains of keys that are themselves lookups are taken for circles.
const MAX_HOPS: usize = 16;

impl<'r> Survey<'r> {
    pub fn of(repository: &'r Repository, targets: &'r BTreeMap<String, NameLimits>) -> Survey<'r> {
        let mut survey = Survey {
            repository,
            targets,
            sites: Vec::with_capacity(repository.resources.len()),
            suggestions: Suggestions::default(),
            entities: HashMap::new(),
            picklists: HashMap::new(),
            names: HashMap::new(),
        };
        for (address, entry) in &repository.resources {
            match &*entry.resource {
                Resource::Entity(entity) => {
                    survey.entities.insert(&address.name, (entry, entity));
                }
                Resource::Picklist(picklist) => {
                    survey.picklists.insert(&address.name, (entry, picklist));
                }
            }
            survey.names.entry(&address.kind).or_default().push(&address.name);
            let text = address.to_string();
            let environments = repository
                .environments
                .values()
                .map(|(environment, _)| environment)
                .filter(|one| one.include.is_empty() || one.include.iter().any(|p| glob(p, &text)))
                .collect();
            survey.sites.push(Site { address, entry, environments });
        }
        survey
    }

    pub fn entity(&self, name: &str) -> Option<(&'r Entry, &'r Entity)> {
        self.entities.get(name).copied()
    }

    pub fn picklist(&self, name: &str) -> Option<(&'r Entry, &'r Picklist)> {
        self.picklists.get(name).copied()
    }

    /// The names of all resources of a kind, sorted.
    pub fn names(&self, kind: &Kind) -> &[&'r str] {
        self.names.get(kind).map(Vec::as_slice).unwrap_or_default()
    }

    /// The type of the one field that is an entity's primary key; none where there are several or it is unknown.
    pub fn key_type(&self, entity: &str) -> Option<&'r FieldType> {
        let (_, entity) = self.entity(entity)?;
        match entity.primary_key.as_deref() {
            None => Some(&GENERATED_KEY_TYPE),
            Some([name]) => entity.fields.get(name).map(|field| &field.ty),
            Some(_) => None,
        }
    }

    /// The type that a field's values have: a lookup's are those of the key it points to. None where it has
    /// several, or where that cannot be told.
    pub fn value_type<'a>(&self, ty: &'a FieldType) -> Option<&'a FieldType>
    where
        'r: 'a,
    {
        let mut ty = ty;
        for _ in 0..MAX_HOPS {
            let FieldType::Lookup { entity, .. } = ty else { return Some(ty) };
            ty = self.key_type(entity.as_deref()?)?;
        }
        None
    }

    /// The type of a field by name, the generated key included.
    pub fn field_type(&self, entity: &'r Entity, name: &str) -> Option<&'r FieldType> {
        if entity.primary_key.is_none() && name == crate::model::entity::GENERATED_KEY {
            return Some(&GENERATED_KEY_TYPE);
        }
        entity.fields.get(name).map(|field| &field.ty)
    }
}

impl<'r> Site<'r> {
    pub fn entity(&self) -> Option<&'r Entity> {
        self.entry.resource.as_entity()
    }

    pub fn name(&self) -> &'r str {
        &self.address.name
    }

    /// The file that declares it.
    pub fn file(&self) -> &'r str {
        &self.entry.origin.file
    }

    /// A remark on the resource itself.
    pub fn remark(&self, path: &[&str], part: Part, diagnostic: Diagnostic) -> Remark {
        remark(&self.entry.origin, path, part, diagnostic)
    }

    /// A remark on a member, in the document that declares it: the members of a standard entity that are not
    /// standard themselves are customizations.
    pub fn member(&self, standard: bool, path: &[&str], part: Part, diagnostic: Diagnostic) -> Remark {
        let origin = match (&self.entry.customized, standard) {
            (Some(customized), false) => customized,
            (Some(_), true) | (None, _) => &self.entry.origin,
        };
        remark(origin, path, part, diagnostic)
    }
}

/// A remark on a path of a document.
pub fn remark(origin: &Origin, path: &[&str], part: Part, diagnostic: Diagnostic) -> Remark {
    let path = path.iter().map(|step| (*step).to_owned()).collect();
    Remark { origin: origin.clone(), path, part, diagnostic }
}
