//! `import`: a package held against a target, and what it wants of it.
//! Never speaks of a resource that the package does not hold: the rest of the target is left as it is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use indexmap::IndexMap;

use crate::address::{Address, glob};
use crate::model::entity::Entity;
use crate::model::environment::Environment;
use crate::model::name::{self, NameLimits};
use crate::model::repository::{Entry, Repository, View};
use crate::model::resource::{Resource, kind_entry};
use crate::model::setup::{Action, Binding, DecidedBy, Setup, choose};
use crate::model::state::{Declared, Desired, Origin, Scope, Snapshot};
use crate::model::task::Task;
use crate::package::{Package, PackagedResource};
use crate::validate::validate;
use crate::wire::import::{ImportCheck, Missing, Remark, ResourceCheck, TaskCheck, Weight};

/// What an import is decided by, besides the package.
pub struct Destination<'a> {
    pub environment: &'a Environment,
    /// The target as people know it.
    pub target: &'a str,
    pub snapshot: &'a Snapshot,
    /// What the repository declares for the environment.
    pub declared: &'a BTreeSet<Address>,
    /// What names each known provider can hold.
    pub limits: &'a BTreeMap<String, NameLimits>,
}

/// What was found out, and what is to be planned if no error stands.
pub struct Checked {
    pub check: ImportCheck,
    pub desired: Desired,
}

/// Holds a package against a target, under the importer's bindings.
pub fn check(package: &Package, into: &Destination<'_>, bindings: &BTreeMap<Address, Binding>) -> Checked {
    let work = Work { package, into, bindings, decided: decide(package, into.environment, bindings) };
    let mut remarks = work.own_remarks();
    let missing = work.missing(&mut remarks);
    work.standard_remarks(&mut remarks);
    work.rules(&mut remarks);
    let resources = work.decided.iter().map(|(address, one)| work.listed(address, one, &mut remarks));
    let check = ImportCheck {
        package: package.manifest().name.clone(),
        environment: into.environment.name.clone(),
        target: into.target.to_owned(),
        provenance: package.manifest().provenance.clone(),
        resources: resources.collect(),
        missing,
        remarks: work.general(),
    };
    Checked { check, desired: work.desired() }
}

/// What was decided for one resource of the package.
struct Decided<'a> {
    packaged: &'a PackagedResource,
    action: Action,
    by: DecidedBy,
    setup: Setup,
    /// Its address in the target.
    bound: Address,
}

fn decide<'a>(
    package: &'a Package,
    environment: &Environment,
    bindings: &BTreeMap<Address, Binding>,
) -> BTreeMap<Address, Decided<'a>> {
    let one = |(address, packaged): (&Address, &'a PackagedResource)| {
        let kind = kind_entry(&address.kind)?;
        let binding = bindings.get(address).cloned().unwrap_or_default();
        let (action, by) = choose(
            binding.action,
            environment.action_for(address),
            Some(packaged.action),
            environment.setup_default,
            &kind.actions,
        );
        let mut setup = packaged.setup.clone();
        setup.as_name = binding.as_name.or(setup.as_name);
        setup.target = binding.target.or(setup.target);
        if binding.without_tasks {
            setup.tasks.clear();
        }
        let name = match action {
            Action::Create => setup.as_name.as_ref(),
            Action::Existing | Action::Update => setup.target.as_ref(),
            Action::Merge | Action::Overwrite | Action::Skip | Action::Select => None,
        };
        let bound = Address::new(address.kind.clone(), name.unwrap_or(&address.name));
        Some((address.clone(), Decided { packaged, action, by, setup, bound }))
    };
    package.resources().iter().filter_map(one).collect()
}

type Remarks = BTreeMap<Address, Vec<Remark>>;

fn error(message: impl Into<String>) -> Remark {
    Remark { weight: Weight::Error, message: message.into(), help: None }
}

fn warning(message: impl Into<String>) -> Remark {
    Remark { weight: Weight::Warning, message: message.into(), help: None }
}

impl Remark {
    fn help(self, help: impl Into<String>) -> Remark {
        Remark { help: Some(help.into()), ..self }
    }
}

struct Work<'a> {
    package: &'a Package,
    into: &'a Destination<'a>,
    bindings: &'a BTreeMap<Address, Binding>,
    decided: BTreeMap<Address, Decided<'a>>,
}

impl Work<'_> {
    /// What an importer may choose for a resource.
    fn choices(&self, address: &Address, one: &Decided<'_>) -> Vec<Action> {
        let known = kind_entry(&address.kind).map(|kind| kind.actions.actions).unwrap_or_default();
        let may = |action: &&Action| **action != Action::Select && permits(one.packaged, **action, known);
        known.iter().filter(may).copied().collect()
    }

    fn own_remarks(&self) -> Remarks {
        let mut twins: BTreeMap<&Address, usize> = BTreeMap::new();
        for one in self.decided.values().filter(|one| one.action != Action::Skip) {
            *twins.entry(&one.bound).or_default() += 1;
        }
        let mut remarks = Remarks::new();
        for (address, one) in &self.decided {
            let mut own = self.action_remarks(address, one);
            own.extend(self.name_remarks(address, one));
            own.extend(task_remarks(address, one));
            if twins.get(&one.bound).is_some_and(|n| *n > 1) && one.action != Action::Skip {
                own.push(error(format!("another resource of the package is bound to `{}` too", one.bound)));
            }
            if own.iter().all(|remark| remark.weight != Weight::Error) {
                own.extend(self.presence(one));
            }
            let include = &self.into.environment.include;
            if !include.is_empty() && !include.iter().any(|p| glob(p, &one.bound.to_string())) {
                let name = &self.into.environment.name;
                own.push(warning(format!(
                    "environment {name} does not include it, so no plan will look after it"
                )));
            }
            remarks.insert(address.clone(), own);
        }
        remarks
    }

    fn action_remarks(&self, address: &Address, one: &Decided<'_>) -> Vec<Remark> {
        let choices: Vec<&str> = self.choices(address, one).iter().map(|a| a.as_str()).collect();
        let known = kind_entry(&address.kind).map(|kind| kind.actions.actions).unwrap_or_default();
        let who = match one.by {
            DecidedBy::Importer => "",
            DecidedBy::EnvironmentResource => "the environment's `setup` says so, and ",
            DecidedBy::Manifest | DecidedBy::EnvironmentDefault | DecidedBy::KindDefault => "",
        };
        let choose = format!("choose one of {}", choices.join(", "));
        if !known.contains(&one.action) {
            let message =
                format!("`{}`: {who}{} resources have no such setup action", one.action, address.kind);
            return vec![error(message).help(choose)];
        }
        if one.action == Action::Select {
            let first = choices.first().copied().unwrap_or("merge");
            let help = format!("{choose}, for example with --setup {address}={first}");
            return vec![error("`select`: its setup action has to be decided").help(help)];
        }
        if !permits(one.packaged, one.action, known) {
            let message = format!("`{}`: {who}the package does not allow it", one.action);
            return vec![error(message).help(choose)];
        }
        Vec::new()
    }

    /// Names that a binding gives and that the action does not use, or that are none.
    fn name_remarks(&self, address: &Address, one: &Decided<'_>) -> Vec<Remark> {
        let Some(binding) = self.bindings.get(address) else { return Vec::new() };
        let mut remarks = Vec::new();
        if binding.as_name.is_some() && one.action != Action::Create {
            remarks.push(error(format!(
                "`as` goes with the setup action `create`, and this is `{}`",
                one.action
            )));
        }
        if binding.target.is_some() && !matches!(one.action, Action::Existing | Action::Update) {
            let message = format!("`target` goes with `existing` or `update`, and this is `{}`", one.action);
            remarks.push(error(message));
        }
        for given in binding.as_name.iter().chain(&binding.target) {
            let limits = self.into.limits.get(&self.into.environment.target.provider);
            if let Some(fault) = name::fault(given) {
                remarks.push(error(format!("the name `{given}` {fault}")));
            } else if let Some(fault) = limits.and_then(|limits| name::fault_on(given, limits)) {
                let message = format!("the target cannot be given the name `{given}`: it {fault}");
                remarks.push(error(message));
            }
        }
        remarks
    }

    /// What the target holds of it already.
    fn presence(&self, one: &Decided<'_>) -> Vec<Remark> {
        let name = &self.into.environment.name;
        let is_found = self.into.snapshot.state.contains_key(&one.bound);
        let is_ours = self.into.snapshot.inventory.contains_key(&one.bound);
        match (one.action, is_found) {
            (Action::Existing | Action::Update, false) => vec![
                error(format!("`{}` must exist in environment {name}, and does not", one.bound))
                    .help("create it there, bind another name with `target`, or choose another action"),
            ],
            (Action::Create, true) => vec![
                error(format!("is to be created as new, and environment {name} has `{}` already", one.bound))
                    .help("name a free one with `as`, or choose another action"),
            ],
            (Action::Merge | Action::Overwrite, true) if !is_ours && one.packaged.resource.is_standard() => {
                let message =
                    format!("environment {name} has it, unmanaged: what is there is kept as the vendor's");
                vec![warning(message)]
            }
            (Action::Merge | Action::Overwrite, true) if !is_ours => {
                vec![warning(format!("environment {name} has it already, unmanaged: it is adopted"))]
            }
            (
                Action::Merge
                | Action::Overwrite
                | Action::Create
                | Action::Update
                | Action::Existing
                | Action::Skip
                | Action::Select,
                _,
            ) => Vec::new(),
        }
    }

    /// Names what is needed and is neither in the package nor in the target.
    fn missing(&self, remarks: &mut Remarks) -> Vec<Missing> {
        let mut missing: BTreeMap<Address, Vec<String>> = BTreeMap::new();
        let holds = |address: &Address| self.into.snapshot.state.contains_key(address);
        for (address, one) in &self.decided {
            // What is left as it is needs nothing of this package.
            if matches!(one.action, Action::Skip | Action::Existing) {
                continue;
            }
            for (path, to) in one.packaged.resource.references() {
                let place = format!("{address}/{}", path.trim_start_matches("fields/"));
                let name = &self.into.environment.name;
                let remark = match self.decided.get(&to).map(|dependency| dependency.action) {
                    Some(Action::Skip) if !holds(&to) => {
                        error(format!("needs `{to}`, which is skipped and not in environment {name}"))
                            .help(format!("choose another action for `{to}`, or skip this one too"))
                    }
                    None if !holds(&self.bound_outside(&to)) => {
                        let help = "export it along, create it there, or bind it to another name there: \
                                    `{ action: existing, target: NAME }` in a file of bindings";
                        error(format!(
                            "needs `{to}`, which is neither in the package nor in environment {name}"
                        ))
                        .help(help)
                    }
                    // What another resource of the package lacks itself is said of it.
                    Some(_) | None => continue,
                };
                let own = remarks.entry(address.clone()).or_default();
                if !own.contains(&remark) {
                    own.push(remark);
                }
                missing.entry(to).or_default().push(place);
            }
        }
        missing.into_iter().map(|(address, needed_by)| Missing { address, needed_by }).collect()
    }

    /// The name that stands in the target for something that the package needs and does not hold.
    fn bound_outside(&self, address: &Address) -> Address {
        let bound = self.bindings.get(address).and_then(|binding| binding.target.as_ref());
        Address::new(address.kind.clone(), bound.unwrap_or(&address.name))
    }

    fn standard_remarks(&self, remarks: &mut Remarks) {
        for (address, one) in &self.decided {
            if let Err(remark) = self.whole(address, one) {
                remarks.entry(address.clone()).or_default().push(remark);
            }
        }
    }

    /// The resource as it is declared for the target: customizations on the base that the target has.
    fn whole(&self, address: &Address, one: &Decided<'_>) -> Result<Resource, Remark> {
        let mut resource = one.packaged.resource.clone();
        let outside = self.bindings.iter().filter(|(a, _)| !self.decided.contains_key(*a));
        let names = outside.filter_map(|(a, b)| Some((a.clone(), b.target.clone()?))).collect();
        resource.follow_renames(&names);
        let is_left = matches!(one.action, Action::Skip | Action::Existing | Action::Select);
        let Resource::Entity(custom) = &resource else { return Ok(resource) };
        if !custom.standard || is_left {
            return Ok(resource);
        }
        let name = &self.into.environment.name;
        if one.action == Action::Create {
            let message = "customizes a standard entity, and has no base of its own to be created with";
            return Err(error(message).help("choose merge or overwrite"));
        }
        let Some(found) = self.into.snapshot.state.get(address).and_then(|r| r.as_entity()) else {
            let message = format!(
                "customizes the standard entity `{}`, which environment {name} does not have",
                address.name
            );
            return Err(error(message).help("install the vendor's definition there first, or skip it"));
        };
        let owned = self.into.snapshot.inventory.get(address).and_then(|owned| owned.declared.as_entity());
        match owned {
            Some(ours) if !ours.standard => {
                let message =
                    format!("customizes a standard entity, and in environment {name} it is an ordinary one");
                Err(error(message).help("skip it, or declare it there with `standard: true`"))
            }
            Some(ours) => combined(ours, Base::Marked, custom),
            None => combined(found, Base::Found, custom),
        }
        .map(Resource::Entity)
    }

    /// What the rules for manifests say of the package's resources among those of the target.
    fn rules(&self, remarks: &mut Remarks) {
        let mut repository = Repository::default();
        let environment = Environment { include: Vec::new(), ..self.into.environment.clone() };
        repository.environments.insert(environment.name.clone(), (environment, Origin::default()));
        let entry = |resource: Arc<Resource>, setup: Setup, file: String| {
            let origin = Origin { file, document: 0 };
            Entry {
                resource,
                renamed_from: None,
                labels: BTreeMap::new(),
                waivers: Vec::new(),
                setup,
                origin,
                customized: None,
                variants: BTreeMap::new(),
            }
        };
        for (address, resource) in &self.into.snapshot.state {
            let there = entry(resource.clone(), Setup::default(), String::new());
            repository.resources.insert(address.clone(), there);
        }
        for (address, one) in self.decided.iter().filter(|(_, one)| one.action != Action::Skip) {
            let there = self.into.snapshot.state.get(&one.bound);
            let packed = match (one.action, there) {
                (Action::Existing, Some(there)) => entry(there.clone(), Setup::default(), String::new()),
                (_, _) => match self.whole(address, one) {
                    Ok(resource) => {
                        let setup = Setup { tasks: one.setup.tasks.clone(), ..one.packaged.setup.clone() };
                        entry(Arc::new(resource), setup, address.to_string())
                    }
                    Err(_) => continue,
                },
            };
            repository.resources.insert(address.clone(), packed);
        }
        // Nothing varies where there is one environment.
        let view = View { environments: repository.environments.keys().cloned().collect() };
        for found in validate(&repository, &view, self.into.limits).0 {
            let Ok(address) = found.origin.file.parse::<Address>() else { continue };
            let own = remarks.entry(address).or_default();
            // A reference that leads nowhere has been told already, by the name of what is missing.
            let is_told = own.iter().any(|remark| remark.weight == Weight::Error);
            if !found.diagnostic.is_error() || (found.diagnostic.code == "RV104" && is_told) {
                continue;
            }
            let path =
                found.path.iter().filter(|step| *step != "spec").cloned().collect::<Vec<_>>().join("/");
            let remark = error(format!("{} {path}: {}", found.diagnostic.code, found.diagnostic.message));
            own.push(Remark { help: found.diagnostic.help, ..remark });
        }
    }

    fn listed(&self, address: &Address, one: &Decided<'_>, remarks: &mut Remarks) -> ResourceCheck {
        let remarks = remarks.remove(address).unwrap_or_default();
        ResourceCheck {
            address: address.clone(),
            kind: address.kind.to_string(),
            state: remarks.iter().map(|r| r.weight).max().unwrap_or(Weight::Ok),
            action: one.action,
            actions: self.choices(address, one),
            bound_to: (one.bound != *address).then(|| one.bound.clone()),
            tasks: listed_tasks(one),
            remarks,
        }
    }

    /// What concerns no single resource.
    fn general(&self) -> Vec<Remark> {
        let mut remarks = Vec::new();
        let needed: BTreeSet<Address> = self
            .decided
            .values()
            .flat_map(|one| one.packaged.resource.references())
            .map(|(_, to)| to)
            .collect();
        for (address, binding) in self.bindings.iter().filter(|(a, _)| !self.decided.contains_key(*a)) {
            if !needed.contains(address) {
                let message =
                    format!("`{address}` is decided, and is neither in the package nor needed by it");
                remarks.push(error(message).help("list what it holds: reconcile package inspect FILE.zip"));
            } else if binding.as_name.is_some() || !matches!(binding.action, None | Some(Action::Existing)) {
                let message =
                    format!("`{address}` is not in the package, so it can only be bound as `existing`");
                remarks.push(error(message).help("write `{ action: existing, target: NAME }`"));
            }
        }
        if self.package.manifest().environment.as_ref() == Some(&self.into.environment.name) {
            let message = "the package holds a plan for this very environment, and an import plans again";
            remarks.push(warning(message).help("apply exactly that plan: reconcile apply FILE.zip"));
        }
        let deleted = self.package.plan().map(|plan| plan.summary.destroy).unwrap_or_default();
        if deleted > 0 {
            let what = if deleted == 1 { "a resource" } else { "resources" };
            remarks
                .push(warning(format!("the plan in the package also deletes {what}; an import never does")));
        }
        let environment = self.into.environment;
        let mut strays = self
            .decided
            .values()
            .filter(|one| !matches!(one.action, Action::Skip | Action::Existing))
            .map(|one| &one.bound)
            .filter(|bound| !self.into.declared.contains(*bound));
        if let Some(first) = strays.next() {
            let more = match strays.count() {
                0 => String::new(),
                n_more => format!(" and {n_more} more"),
            };
            let next = if environment.prune { "delete" } else { "release" };
            let message = format!(
                "this repository does not declare `{first}`{more} for environment {}, and its next plan would {next} that",
                environment.name
            );
            remarks.push(warning(message).help("add the manifests to the repository before the next plan"));
        }
        remarks
    }

    fn desired(&self) -> Desired {
        let declared = |(address, one): (&Address, &Decided<'_>)| {
            let declared = Declared {
                resource: Arc::new(self.whole(address, one).ok()?),
                renamed_from: one.packaged.renamed_from.clone(),
                labels: one.packaged.labels.clone(),
                waivers: Vec::new(),
                setup: one.setup.clone(),
                action: one.action,
                origin: Origin::default(),
            };
            Some((address.clone(), declared))
        };
        Desired {
            environment: Environment { prune: false, ..self.into.environment.clone() },
            scope: Scope::Part,
            resources: self.decided.iter().filter_map(declared).collect(),
            unfinished: Vec::new(),
            today: None,
            unreviewed: Default::default(),
        }
    }
}

/// The SQL of a task names tables, and does not follow a resource to another name.
fn task_remarks(address: &Address, one: &Decided<'_>) -> Option<Remark> {
    if one.setup.tasks.is_empty() || !one.action.acts() || one.bound == *address {
        return None;
    }
    let message =
        format!("its tasks were written for `{}`, and it would be set up as `{}`", address, one.bound);
    Some(error(message).help(format!("leave its tasks out: --no-tasks {address}")))
}

fn listed_tasks(one: &Decided<'_>) -> Vec<TaskCheck> {
    let check = |(name, task): (&String, &Task)| TaskCheck {
        name: name.clone(),
        when: task.when,
        left_out: !one.action.acts() || !one.setup.tasks.contains_key(name),
    };
    one.packaged.setup.tasks.iter().map(check).collect()
}

/// Tells whether the package lets a resource be set up so. What it says itself it allows.
fn permits(packaged: &PackagedResource, action: Action, known: &[Action]) -> bool {
    packaged.setup.permits(action, known) || (known.contains(&action) && action == packaged.action)
}

/// Which members of an entity in the target are its vendor's.
#[derive(Clone, Copy)]
enum Base {
    /// Those that our record marks so.
    Marked,
    /// All that the package does not add: nobody has said anything yet.
    Found,
}

/// A vendor's base with customizations added.
fn combined(entity: &Entity, base: Base, custom: &Entity) -> Result<Entity, Remark> {
    let mut whole = Entity { standard: true, native: None, ..entity.clone() };
    add(&mut whole.fields, &custom.fields, base, |m| &mut m.standard)?;
    add(&mut whole.keys, &custom.keys, base, |m| &mut m.standard)?;
    add(&mut whole.indexes, &custom.indexes, base, |m| &mut m.standard)?;
    add(&mut whole.checks, &custom.checks, base, |m| &mut m.standard)?;
    add(&mut whole.relationships, &custom.relationships, base, |m| &mut m.standard)?;
    Ok(whole)
}

fn add<T: Clone>(
    to: &mut IndexMap<String, T>,
    added: &IndexMap<String, T>,
    base: Base,
    mark: impl Fn(&mut T) -> &mut bool,
) -> Result<(), Remark> {
    to.retain(|name, member| match base {
        Base::Marked => *mark(member),
        Base::Found => !added.contains_key(name),
    });
    to.values_mut().for_each(|member| *mark(member) = true);
    for (name, member) in added {
        if to.contains_key(name) {
            let message = format!("`{name}` belongs to the standard definition in the target");
            return Err(error(message).help("a standard member is never changed; give yours another name"));
        }
        to.insert(name.clone(), member.clone());
    }
    Ok(())
}
