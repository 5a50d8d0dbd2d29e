//! `--trust`: what grants power comes from a trusted revision, whatever the revision at hand says of it.
//! Never opens a target that the trusted revision does not name, and marks SQL that it does not have.

use std::collections::{BTreeMap, BTreeSet};

use crate::address::Address;
use crate::manifest::Config;
use crate::model::environment::Environment;
use crate::model::notify::{Channel, Sink};
use crate::model::power::{Held, Power, held};
use crate::model::repository::{Entry, Repository};
use crate::model::unreviewed::{Unreviewed, sql};

/// A revision whose word on power counts.
pub struct Trusted {
    /// The revision, for people.
    pub from: String,
    pub repository: Repository,
    pub config: Config,
}

/// What becomes of environments that the trusted revision does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fresh {
    /// Their targets could be opened, so they are not there.
    Dropped,
    /// No target is asked.
    Kept,
}

/// Puts the trusted revision's power in the place of the repository's own. Returns what that would have changed.
pub fn hold(repository: &mut Repository, config: &Config, trusted: &Trusted, fresh: Fresh) -> Power {
    let mut all = held("reconcile.yaml", &settings(&trusted.config), &settings(config));
    let proposed = std::mem::take(&mut repository.environments);
    let known = &trusted.repository.environments;
    let whole = |name: &str, was: bool| Held {
        place: format!("environment {name}"),
        what: "the environment itself".to_owned(),
        trusted: was.then(|| "declared".to_owned()),
        proposed: (!was).then(|| "declared".to_owned()),
    };
    all.extend(known.keys().filter(|name| !proposed.contains_key(*name)).map(|name| whole(name, true)));
    for (name, (environment, origin)) in proposed {
        let Some((base, _)) = known.get(&name) else {
            all.push(whole(&name, false));
            if fresh == Fresh::Kept {
                let allow = Vec::new();
                let policy = trusted.config.policy.clone();
                repository.environments.insert(name, (Environment { allow, policy, ..environment }, origin));
            }
            continue;
        };
        all.extend(held(&format!("environment {name}"), &base.power(), &environment.power()));
        repository.environments.insert(name, (environment.under(base), origin));
    }
    for (address, entry) in &mut repository.resources {
        let base = trusted.repository.resources.get(address);
        let waivers = base.map(|base| base.waivers.clone()).unwrap_or_default();
        let said = |list: &[crate::model::policy::Waiver]| -> BTreeMap<String, String> {
            list.iter().map(|one| (format!("waiver of {}", one.code), one.to_string())).collect()
        };
        all.extend(held(&address.to_string(), &said(&waivers), &said(&entry.waivers)));
        entry.waivers = waivers;
    }
    let environments = repository.environments.keys().cloned();
    repository.unreviewed =
        environments.map(|name| (name.clone(), unreviewed(repository, trusted, &name))).collect();
    all.sort();
    Power { from: trusted.from.clone(), held: all }
}

/// What of `reconcile.yaml` grants power.
fn settings(config: &Config) -> BTreeMap<String, String> {
    let mut said: BTreeMap<String, String> = BTreeMap::new();
    for (name, text) in config.policy.said() {
        let all = said.entry(name).or_default();
        all.push_str(if all.is_empty() { "" } else { "; " });
        all.push_str(&text);
    }
    said.extend(config.notify.iter().map(|sink| (format!("notify {}", sink.name), channel(sink))));
    let host = &config.host;
    let host = [host.api.clone(), host.repository.clone()].into_iter().flatten().collect::<Vec<_>>();
    if !host.is_empty() {
        said.insert("host".to_owned(), host.join(" "));
    }
    said
}

fn channel(sink: &Sink) -> String {
    match &sink.channel {
        Channel::Webhook { url, .. } => format!("webhook {}", url.written()),
        Channel::Slack { url } => format!("slack {}", url.written()),
        Channel::Command(words) => format!("command {}", words.join(" ")),
    }
}

/// The SQL that an environment's resources have and the trusted revision's do not.
fn unreviewed(repository: &Repository, trusted: &Trusted, environment: &str) -> Unreviewed {
    let mut found = Unreviewed { from: trusted.from.clone(), ..Unreviewed::default() };
    for (address, entry) in &repository.resources {
        let base = trusted.repository.resources.get(address);
        let (sql, tasks) = (new_sql(entry, base, environment), new_tasks(entry, base));
        let put = |into: &mut BTreeMap<Address, BTreeSet<String>>, names: BTreeSet<String>| {
            if !names.is_empty() {
                into.insert(address.clone(), names);
            }
        };
        put(&mut found.sql, sql);
        put(&mut found.tasks, tasks);
    }
    found
}

fn new_sql(entry: &Entry, base: Option<&Entry>, environment: &str) -> BTreeSet<String> {
    let known = base.map(|base| sql(base.resource_in(environment))).unwrap_or_default();
    let own = sql(entry.resource_in(environment));
    own.into_iter().filter(|(place, text)| known.get(place) != Some(text)).map(|(place, _)| place).collect()
}

fn new_tasks(entry: &Entry, base: Option<&Entry>) -> BTreeSet<String> {
    let known = |name: &str| base.and_then(|base| base.setup.tasks.get(name));
    let own = entry.setup.tasks.iter();
    own.filter(|(name, task)| known(name) != Some(*task)).map(|(name, _)| name.clone()).collect()
}
