//! `plan --out`: a plan and the resources it speaks of, as a package.
//! Never adds what the plan does not touch.

use std::collections::BTreeMap;

use crate::address::Address;
use crate::diff::change::Change;
use crate::model::state::{Declared, Desired};
use crate::package::{About, Package, PackageError, PackagedResource};
use crate::plan::Plan;

/// Packs a plan for its environment, with the declaration of every resource it touches.
pub fn pack(plan: &Plan, desired: &Desired, markdown: String) -> Result<Package, PackageError> {
    let about = About {
        name: plan.environment.clone(),
        description: None,
        provenance: plan.revision.clone(),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        source_environment: None,
    };
    let touched = |change: &Change| -> Option<(Address, PackagedResource)> {
        let (address, declared) = declaration(desired, &change.address)?;
        let packaged = PackagedResource {
            resource: declared.resource.as_ref().clone(),
            renamed_from: declared.renamed_from.clone(),
            labels: declared.labels.clone(),
            setup: declared.setup.clone(),
            action: declared.action,
            related_because: None,
        };
        Some((address.clone(), packaged))
    };
    let resources: BTreeMap<Address, PackagedResource> = plan.changes.iter().filter_map(touched).collect();
    Package::new(about, resources, Some(plan.clone()), Some(markdown))
}

/// The declaration behind an address of the target, which a setup may have bound to another name.
fn declaration<'a>(desired: &'a Desired, address: &Address) -> Option<(&'a Address, &'a Declared)> {
    let bound = |(a, d): &(&Address, &Declared)| {
        a.kind == address.kind
            && [&d.setup.as_name, &d.setup.target].iter().any(|n| n.as_deref() == Some(address.name.as_str()))
    };
    desired.resources.get_key_value(address).or_else(|| desired.resources.iter().find(bound))
}
