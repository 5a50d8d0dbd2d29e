//! Standard entities: a vendor's definition and our customizations, joined into one.
//! Never lets a customization change what the vendor defines.

use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexMap;

use crate::address::Address;
use crate::diagnostic::Diagnostic;
use crate::model::entity::Entity;
use crate::model::repository::{Entry, Remark, Repository};
use crate::model::resource::Resource;
use crate::yaml::Part;

/// A customization that cannot be joined.
pub struct Clash {
    pub address: Address,
    pub remark: Remark,
    /// The environment whose variant it is about; none where there are no variants.
    pub environment: Option<String>,
}

/// Joins each customization with its standard definition, in every environment where one of the two is another.
pub fn combine(repository: &mut Repository, customizations: Vec<(Address, Entry)>) -> Vec<Clash> {
    let mut clashes = Vec::new();
    let mut seen: BTreeMap<Address, String> = BTreeMap::new();
    for (address, custom) in customizations {
        let mut fault = |path: &[&str], environment: Option<&str>, message: String, help: String| {
            clashes.push(Clash {
                address: address.clone(),
                remark: Remark {
                    origin: custom.origin.clone(),
                    path: path.iter().map(|step| (*step).to_owned()).collect(),
                    part: Part::Key,
                    diagnostic: Diagnostic::error("RV115", message).help(help),
                },
                environment: environment.map(str::to_owned),
            });
        };
        let extends = ["spec", "extends"];
        if let Some(first) = seen.insert(address.clone(), custom.origin.file.clone()) {
            let help = format!("its first customization is in {first}; put both into one document");
            fault(&extends, None, format!("`{address}` is customized twice"), help);
            continue;
        }
        let environments: Vec<String> =
            repository.environments_of(&address).into_iter().map(str::to_owned).collect();
        let Some(base) = repository.resources.get_mut(&address) else {
            let help = format!("declare `{address}` with `standard: true` and its vendor's fields");
            let message = format!("`{address}` is customized, and its standard definition is not here");
            fault(&extends, None, message, help);
            continue;
        };
        if !base.resource.is_standard() {
            let help = "merge the two documents, or mark the other one `standard: true`".to_owned();
            fault(&extends, None, format!("`{address}` is customized, and is no standard entity"), help);
            continue;
        }
        let mut redefined = |environment: Option<&str>, members: Vec<(&'static str, String)>| {
            for (section, name) in members {
                let help =
                    "a standard member is referenced, never changed; give yours another name".to_owned();
                let message = format!("`{name}` belongs to the standard definition of `{address}`");
                fault(&["spec", section, &name], environment, message, help);
            }
        };
        let varies = !(base.variants.is_empty() && custom.variants.is_empty());
        let mut variants = BTreeMap::new();
        for environment in environments.iter().filter(|_| varies) {
            let mut whole = base.resource_in(environment).clone();
            redefined(Some(environment), joined(&mut whole, custom.resource_in(environment).clone()));
            variants.insert(environment.clone(), whole);
        }
        let members = joined(&mut base.resource, custom.resource);
        if variants.is_empty() {
            redefined(None, members);
        }
        variants.retain(|_, variant| *variant != base.resource);
        base.variants = variants;
        base.labels.extend(custom.labels);
        // The customization's setup stands where the base has none; its tasks come on top.
        let mut setup = custom.setup;
        let tasks = std::mem::take(&mut setup.tasks);
        let own = std::mem::take(&mut base.setup.tasks);
        if base.setup.is_empty() {
            base.setup = setup;
        }
        base.setup.tasks = own;
        for (name, task) in tasks {
            if base.setup.tasks.contains_key(&name) {
                let message = format!("the standard definition of `{address}` has a task `{name}` already");
                fault(&["setup", "tasks", &name], None, message, "give yours another name".to_owned());
                continue;
            }
            base.setup.tasks.insert(name, task);
        }
        base.customized = Some(custom.origin);
    }
    for entry in repository.resources.values_mut().filter(|entry| entry.customized.is_none()) {
        for resource in entry.variants.values_mut().chain([&mut entry.resource]) {
            if resource.is_standard()
                && let Resource::Entity(entity) = Arc::make_mut(resource)
            {
                mark_all(entity);
            }
        }
    }
    clashes
}

fn mark_all(entity: &mut Entity) {
    entity.fields.values_mut().for_each(|m| m.standard = true);
    entity.keys.values_mut().for_each(|m| m.standard = true);
    entity.indexes.values_mut().for_each(|m| m.standard = true);
    entity.checks.values_mut().for_each(|m| m.standard = true);
    entity.relationships.values_mut().for_each(|m| m.standard = true);
}

/// Adds the customization's members. Returns those that the standard definition has already.
fn joined(standard: &mut Arc<Resource>, added: Arc<Resource>) -> Vec<(&'static str, String)> {
    let (Resource::Entity(standard), Resource::Entity(added)) =
        (Arc::make_mut(standard), Arc::unwrap_or_clone(added))
    else {
        return Vec::new();
    };
    mark_all(standard);
    let mut redefined = Vec::new();
    fn add<T>(
        section: &'static str,
        base: &mut IndexMap<String, T>,
        added: IndexMap<String, T>,
        redefined: &mut Vec<(&'static str, String)>,
    ) {
        for (name, member) in added {
            if base.contains_key(&name) {
                redefined.push((section, name));
            } else {
                base.insert(name, member);
            }
        }
    }
    add("fields", &mut standard.fields, added.fields, &mut redefined);
    add("keys", &mut standard.keys, added.keys, &mut redefined);
    add("indexes", &mut standard.indexes, added.indexes, &mut redefined);
    add("checks", &mut standard.checks, added.checks, &mut redefined);
    add("relationships", &mut standard.relationships, added.relationships, &mut redefined);
    redefined
}
