//! The names that a setup gives: `as:` for a new resource, `target:` for one that exists under another name.
//! Never looks at the target: it only says which names are meant there.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::address::Address;
use crate::model::setup::Action;
use crate::model::state::{Declared, Desired};

/// Returns the declared resources under the names they have in the target, references included.
pub fn bind(desired: &Desired) -> Cow<'_, BTreeMap<Address, Declared>> {
    let names: BTreeMap<Address, String> =
        desired.resources.iter().filter_map(|(a, d)| Some((a.clone(), bound_name(d)?))).collect();
    if names.is_empty() {
        return Cow::Borrowed(&desired.resources);
    }
    let bound = desired.resources.iter().map(|(address, declared)| {
        let mut declared = declared.clone();
        Arc::make_mut(&mut declared.resource).follow_renames(&names);
        let name = names.get(address).unwrap_or(&address.name);
        (Address::new(address.kind.clone(), name), declared)
    });
    Cow::Owned(bound.collect())
}

fn bound_name(declared: &Declared) -> Option<String> {
    match declared.action {
        Action::Create => declared.setup.as_name.clone(),
        Action::Existing | Action::Update => declared.setup.target.clone(),
        Action::Merge | Action::Overwrite | Action::Skip | Action::Select => None,
    }
}
