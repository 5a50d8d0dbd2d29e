//! The comparison of a whole environment: which resources change, what stays, what stands in the way.
//! Never goes deeper than a resource: `members` does.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::bind::bind;
use super::change::{Change, Kept, Reason, SettingChange};
use super::decision::{Reach, Verb, decide};
use super::members::{self, Reaches, Views};
use super::renames::{self, Renamed, RenamedFields};
use crate::address::Address;
use crate::model::resource::Resource;
use crate::model::setup::Action;
use crate::model::shape::{MemberId, Shape};
use crate::model::state::{Declared, Desired, Inventory, Owned, Scope, Snapshot, State};

/// Everything that differs between one environment and its target.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison<'a> {
    /// By address.
    pub changes: Vec<Change>,
    pub kept: Vec<Kept>,
    pub obstacles: Vec<Obstacle>,
    /// Everything the target will hold once the changes are made.
    pub after: Cow<'a, State>,
}

/// Something that makes the comparison impossible to carry out as it is declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    pub code: &'static str,
    /// Whether it stands in the way, or is only to be seen.
    pub refuses: bool,
    pub address: Address,
    pub path: Option<String>,
    pub message: String,
    pub help: Option<String>,
}

/// Compares what is declared for one environment with one inspection of its target. Declared resources are in the
/// target's words already (`Dialect::normalize`).
pub fn compare<'a>(desired: &Desired, snapshot: &'a Snapshot) -> Comparison<'a> {
    let declared = bind(desired);
    let renamed = renames::resources(&declared, snapshot);
    let fields = renames::fields(&declared, &snapshot.state, &renamed);
    let (state, inventory) = renames::follow(snapshot, &renamed, &fields);
    let old_of: BTreeMap<Address, Address> =
        renamed.iter().map(|(old, new)| (Address::new(old.kind.clone(), new), old.clone())).collect();
    let mut work = Work {
        declared: &declared,
        state: &state,
        inventory: &inventory,
        snapshot,
        old_of: &old_of,
        fields: &fields,
        out: Found::default(),
        after: BTreeMap::new(),
    };
    for (address, one) in declared.iter() {
        work.declared_one(address, one);
    }
    match desired.scope {
        Scope::Whole => work.undeclared(desired, &renamed),
        Scope::Part => {}
    }
    let Work { out: Found { mut changes, kept, mut obstacles }, after, .. } = work;
    changes.sort_by(|a, b| a.address.cmp(&b.address));
    let after = goal_state(state, after);
    obstacles.extend(dangling(&declared, &changes, &after));
    Comparison { changes, kept, obstacles, after }
}

/// What the walk over the addresses collects.
#[derive(Default)]
struct Found {
    changes: Vec<Change>,
    kept: Vec<Kept>,
    obstacles: Vec<Obstacle>,
}

struct Work<'a> {
    declared: &'a BTreeMap<Address, Declared>,
    state: &'a State,
    inventory: &'a Inventory,
    snapshot: &'a Snapshot,
    old_of: &'a BTreeMap<Address, Address>,
    fields: &'a BTreeMap<Address, RenamedFields>,
    out: Found,
    /// What becomes of each touched address; none where it goes.
    after: BTreeMap<Address, Option<Resource>>,
}

impl Work<'_> {
    fn declared_one(&mut self, address: &Address, one: &Declared) {
        let found = self.state.get(address);
        let owned = self.inventory.get(address);
        self.both_names(address, one, found.is_some());
        match (one.action, found.is_some()) {
            (Action::Select, _) => self
                .obstacle("RK103", address, "has no setup action chosen yet (`select`)")
                .help(format!("choose one: --setup {address}=merge")),
            (Action::Existing | Action::Update, false) => {
                let message = format!("must exist for the action `{}`, and does not", one.action);
                self.obstacle("RK101", address, &message)
                    .help("create it in the target, bind another name with `setup.target`, or choose another action")
            }
            (Action::Create, true) if owned.is_none() => self
                .obstacle("RK102", address, "is to be created as new, and exists already")
                .help("name a free one with `setup.as`, or choose merge or overwrite"),
            (Action::Existing | Action::Skip, _) => {}
            (Action::Create | Action::Merge | Action::Overwrite, false) => {
                self.create(address, one, owned);
            }
            (Action::Create | Action::Update | Action::Merge | Action::Overwrite, true) => {
                self.update(address, one, owned);
            }
        }
    }

    fn is_renaming(&self) -> bool {
        !self.old_of.is_empty() || !self.fields.is_empty()
    }

    /// A rename whose old and new name both exist cannot be told from a mistake.
    fn both_names(&mut self, address: &Address, one: &Declared, found: bool) {
        let Some(old) = &one.renamed_from else { return };
        let old = Address::new(address.kind.clone(), old);
        let still_owned =
            self.snapshot.inventory.contains_key(&old) && self.snapshot.state.contains_key(&old);
        if found && still_owned && !self.declared.contains_key(&old) && !self.old_of.contains_key(address) {
            self.obstacle("RK106", address, &format!("is to be renamed from `{old}`, and both exist"))
                .help("drop `renamedFrom`, or remove one of the two from the target");
        }
    }

    fn create(&mut self, address: &Address, one: &Declared, owned: Option<&Owned>) {
        let resource = stripped(&one.resource).into_owned();
        let reason = if owned.is_some() { Reason::Vanished } else { Reason::Declared };
        let shape = Shape::of(&resource);
        let settings = shape.settings.iter().map(|(name, value)| SettingChange {
            name: name.clone(),
            reason,
            before: None,
            after: Some(value.clone()),
        });
        self.out.changes.push(Change {
            address: address.clone(),
            action: one.action,
            verb: Verb::Create,
            reason,
            renamed_from: None,
            before: None,
            after: Some(resource.clone()),
            declared: Some(resource.clone()),
            backfill: BTreeMap::new(),
            settings: settings.collect(),
            members: members::whole(&shape.members, Verb::Create, reason),
            tasks: Vec::new(),
            restored: None,
        });
        self.after.insert(address.clone(), Some(resource));
    }

    fn update(&mut self, address: &Address, one: &Declared, owned: Option<&Owned>) {
        let found = &self.state[address];
        let declared = stripped(&one.resource);
        let old_address = self.old_of.get(address);
        // Our record still has the old names of what it points at.
        let record_follows = self.is_renaming()
            && self.snapshot.inventory.get(address).is_some_and(|o| *o.declared != *declared);
        if !record_follows
            && owned.is_some_and(|o| *o.declared == *declared)
            && **found == *declared
            && old_address.is_none()
        {
            return;
        }
        let shapes = (Shape::of(&declared), Shape::of(found), owned.map(|o| Shape::of(&o.declared)));
        let fixed = fixed_members(&[Some(&declared), owned.map(|o| o.declared.as_ref())]);
        let renamed = renamed_members(&one.resource, &shapes.0, &shapes.1, self.fields.get(address));
        let views = Views {
            declared: &shapes.0,
            found: &shapes.1,
            owned: shapes.2.as_ref(),
            renamed: &renamed,
            fixed: &fixed,
        };
        self.check_standard(address, &declared, &views);
        let mut outcome = members::compare(&views, Reaches::of(one.action), declared.is_standard());
        for (section, name) in outcome.kept {
            let path = if matches!(section.as_str(), "fields" | "options") {
                name
            } else {
                format!("{section}/{name}")
            };
            let reason = "nobody declares it, and this setup action leaves it".to_owned();
            self.out.kept.push(Kept { address: address.clone(), path: Some(path), reason });
        }
        reorder(&outcome.goal, &shapes.1, &mut outcome.settings);
        let after = outcome.goal.into_resource(&declared, &|id| fixed.contains(id));
        let record_moves = record_follows || owned.is_none_or(|o| *o.declared != *declared);
        // A standard entity's marks are ours alone: the target does not know them.
        let target_moves = Shape::of(&after) != shapes.1;
        if target_moves
            || record_moves
            || !outcome.settings.is_empty()
            || !outcome.members.is_empty()
            || old_address.is_some()
        {
            let drifted = outcome.settings.iter().all(|s| s.reason == Reason::Drifted)
                && outcome.members.iter().all(|m| matches!(m.reason, Reason::Drifted | Reason::Vanished))
                && !record_moves;
            let (verb, reason) = match owned {
                None => (Verb::Adopt, Reason::Adopted),
                Some(_) if drifted && old_address.is_none() => (Verb::Update, Reason::Drifted),
                Some(_) => (Verb::Update, Reason::Declared),
            };
            self.out.changes.push(Change {
                address: address.clone(),
                action: one.action,
                verb,
                reason,
                renamed_from: old_address.cloned(),
                before: Some(Resource::clone(found)),
                after: Some(after.clone()),
                declared: Some(declared.into_owned()),
                backfill: backfill(&one.resource),
                settings: outcome.settings,
                members: outcome.members,
                tasks: Vec::new(),
                restored: None,
            });
        }
        self.after.insert(address.clone(), Some(after));
    }

    /// What the vendor owns is looked at, never touched.
    fn check_standard(&mut self, address: &Address, declared: &Resource, views: &Views<'_>) {
        let standard = fixed_members(&[Some(declared)]);
        for id in &standard {
            let path = id.1.clone();
            let Some(found) = views.found.members.get(id) else {
                self.obstacle("RK107", address, "lacks a member of its standard definition").at(path).help(
                    "install the vendor's version that has it, or take the definition of the version installed",
                );
                continue;
            };
            let want = views.declared.members.get(id);
            let differs = ["type", "required", "unique"].into_iter().find(|name| {
                let of = |s: Option<&Value>| s.cloned().unwrap_or(Value::Bool(false));
                of(want.and_then(|w| w.get(*name))) != of(found.get(*name))
            });
            if let Some(name) = differs {
                let message =
                    format!("differs from its standard definition in `{name}`, and is left as it is");
                self.obstacle("RK110", address, &message).at(path).only_shown();
            }
        }
    }

    fn undeclared(&mut self, desired: &Desired, renamed: &Renamed) {
        let reach = if desired.environment.prune { Reach::Owned } else { Reach::Nothing };
        let mut pruned = Vec::new();
        let gone: Vec<(&Address, &Owned)> =
            self.inventory.iter().filter(|(a, _)| !self.declared.contains_key(*a)).collect();
        for (address, owned) in gone {
            let found = self.state.get(address);
            let reach = if owned.declared.is_standard() { Reach::Nothing } else { reach };
            let verb = decide(false, found.is_some(), true, reach);
            if verb == Verb::Delete {
                pruned.push(address.clone());
                self.after.insert(address.clone(), None);
            }
            let shape = found.filter(|_| verb == Verb::Delete).map(|f| Shape::of(f)).unwrap_or_default();
            self.out.changes.push(Change {
                address: address.clone(),
                action: Action::Overwrite,
                verb,
                reason: Reason::NotDeclared,
                renamed_from: None,
                before: found.map(|f| Resource::clone(f)),
                after: found.filter(|_| verb != Verb::Delete).map(|f| Resource::clone(f)),
                declared: None,
                backfill: BTreeMap::new(),
                settings: Vec::new(),
                members: members::whole(&shape.members, verb, Reason::NotDeclared),
                tasks: Vec::new(),
                restored: None,
            });
        }
        if desired.resources.is_empty() && !self.inventory.is_empty() {
            let first = self.inventory.keys().next().cloned();
            let n = self.inventory.len();
            if let Some(first) = first {
                let message =
                    format!("is managed here ({n} in all), and the repository declares nothing at all");
                self.obstacle("RK108", &first, &message)
                    .help("an empty repository never deletes or releases anything; restore the files");
            }
        }
        for address in pruned.into_iter().filter(|_| !desired.unfinished.is_empty()) {
            let why = desired.unfinished.join("; ");
            self.obstacle(
                "RK108",
                &address,
                &format!("would be deleted from an unfinished repository: {why}"),
            )
            .help("mend that first, or turn `prune` off");
        }
        let known: BTreeSet<&Address> = self.declared.keys().chain(self.inventory.keys()).collect();
        let stay = self.state.keys().filter(|a| !known.contains(a) && !renamed.contains_key(*a));
        let reason = "it is not managed, and nobody declares it";
        self.out.kept.extend(stay.map(|address| Kept {
            address: address.clone(),
            path: None,
            reason: reason.to_owned(),
        }));
    }

    fn obstacle(&mut self, code: &'static str, address: &Address, message: &str) -> ObstacleDraft<'_> {
        self.out.obstacles.push(Obstacle {
            code,
            refuses: true,
            address: address.clone(),
            path: None,
            message: message.to_owned(),
            help: None,
        });
        let last = self.out.obstacles.len() - 1;
        ObstacleDraft(&mut self.out.obstacles[last])
    }
}

/// The obstacle just raised, to say more of it.
struct ObstacleDraft<'a>(&'a mut Obstacle);

impl ObstacleDraft<'_> {
    fn help(self, help: impl Into<String>) {
        self.0.help = Some(help.into());
    }

    fn at(self, path: String) -> Self {
        self.0.path = Some(path);
        self
    }

    fn only_shown(self) {
        self.0.refuses = false;
    }
}

/// The resource as a state, without its directives.
fn stripped(resource: &Resource) -> Cow<'_, Resource> {
    if !resource.has_directives() {
        return Cow::Borrowed(resource);
    }
    let mut resource = resource.clone();
    resource.strip_directives();
    Cow::Owned(resource)
}

fn fixed_members(resources: &[Option<&Resource>]) -> BTreeSet<MemberId> {
    let mut fixed = BTreeSet::new();
    for entity in resources.iter().flatten().filter_map(|r| r.as_entity()) {
        let mut add = |section: &str, name: &String| {
            fixed.insert((section.to_owned(), name.clone()));
        };
        entity.fields.iter().filter(|(_, m)| m.standard).for_each(|(n, _)| add("fields", n));
        entity.keys.iter().filter(|(_, m)| m.standard).for_each(|(n, _)| add("keys", n));
        entity.indexes.iter().filter(|(_, m)| m.standard).for_each(|(n, _)| add("indexes", n));
        entity.checks.iter().filter(|(_, m)| m.standard).for_each(|(n, _)| add("checks", n));
        entity.relationships.iter().filter(|(_, m)| m.standard).for_each(|(n, _)| add("relationships", n));
    }
    fixed
}

fn renamed_members(
    resource: &Resource,
    declared: &Shape,
    found: &Shape,
    fields: Option<&RenamedFields>,
) -> BTreeMap<MemberId, String> {
    let mut renamed = BTreeMap::new();
    for (old, new) in fields.into_iter().flatten() {
        renamed.insert(("fields".to_owned(), new.clone()), old.clone());
    }
    let mut add = |section: &str, name: &String, old: &Option<String>| {
        let Some(old) = old else { return };
        let id = |name: &String| (section.to_owned(), name.clone());
        let free = !found.members.contains_key(&id(name)) && !declared.members.contains_key(&id(old));
        if free && found.members.contains_key(&id(old)) {
            renamed.insert(id(name), old.clone());
        }
    };
    match resource {
        Resource::Entity(entity) => {
            entity.keys.iter().for_each(|(n, m)| add("keys", n, &m.renamed_from));
            entity.indexes.iter().for_each(|(n, m)| add("indexes", n, &m.renamed_from));
        }
        Resource::Picklist(picklist) => {
            picklist.options.iter().for_each(|(n, m)| add("options", n, &m.renamed_from));
        }
    }
    renamed
}

fn backfill(resource: &Resource) -> BTreeMap<String, crate::model::field::DefaultValue> {
    let fields = resource.as_entity().map(|e| &e.fields);
    fields
        .into_iter()
        .flatten()
        .filter_map(|(name, field)| Some((name.clone(), field.backfill.clone()?)))
        .collect()
}

/// Options have an order that people see; where those that stay change places, that is a change of its own.
pub fn reorder(goal: &Shape, found: &Shape, settings: &mut Vec<SettingChange>) {
    let options = |shape: &Shape, other: &Shape| -> Vec<Value> {
        let stay = shape.members.keys().filter(|id| id.0 == "options" && other.members.contains_key(*id));
        stay.map(|id| Value::from(id.1.as_str())).collect()
    };
    let (before, after) = (options(found, goal), options(goal, found));
    if before != after {
        settings.push(SettingChange {
            name: "order".to_owned(),
            reason: Reason::Declared,
            before: Some(Value::from(before)),
            after: Some(Value::from(after)),
        });
    }
}

pub fn goal_state(state: Cow<'_, State>, touched: BTreeMap<Address, Option<Resource>>) -> Cow<'_, State> {
    if touched.is_empty() {
        return state;
    }
    let mut after = state.into_owned();
    for (address, resource) in touched {
        match resource {
            Some(resource) => drop(after.insert(address, Arc::new(resource))),
            None => drop(after.remove(&address)),
        }
    }
    Cow::Owned(after)
}

/// After the plan, nothing may point at what is not there.
pub fn dangling(declared: &BTreeMap<Address, Declared>, changes: &[Change], after: &State) -> Vec<Obstacle> {
    let changed: BTreeSet<&Address> = changes.iter().map(|c| &c.address).collect();
    let deletes = changes.iter().any(|c| c.verb == Verb::Delete);
    let mut found = Vec::new();
    for (address, resource) in after {
        if !deletes && !changed.contains(address) {
            continue;
        }
        for (path, to) in resource.references() {
            if after.contains_key(&to) {
                continue;
            }
            let (code, why) = match declared.get(&to).map(|d| d.action) {
                Some(action @ (Action::Skip | Action::Existing)) => (
                    "RK105",
                    format!("needs `{to}`, which is left to the target (`{action}`) and is not there"),
                ),
                Some(_) | None => ("RK109", format!("would point at `{to}`, which will not exist")),
            };
            found.push(Obstacle {
                code,
                refuses: true,
                address: address.clone(),
                path: Some(path.trim_start_matches("fields/").to_owned()),
                message: why,
                help: Some(format!("declare `{to}` for this environment, or drop the reference")),
            });
        }
    }
    found
}
