//! What grants power: where a target is, what may be done to it, and what is let pass.
//! Never takes any of it from a revision under review: the trusted revision says it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::environment::{Environment, Strategy, TargetConfig};
use super::window::Window;

/// What a revision would change in power, and does not before it is trusted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Power {
    /// The trusted revision, for people.
    pub from: String,
    pub held: Vec<Held>,
}

/// One thing that grants power and that two revisions have otherwise.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Held {
    /// Where it stands: `environment production`, `reconcile.yaml`, `entity/order`.
    pub place: String,
    /// `target`, `allow`, `rules keep-rows`.
    pub what: String,
    /// As the trusted revision has it, and as it is taken; none where it has no such thing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trusted: Option<String>,
    /// As the revision under review would have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposed: Option<String>,
}

/// The difference between two sets of things that grant power.
pub fn held(
    place: &str,
    trusted: &BTreeMap<String, String>,
    proposed: &BTreeMap<String, String>,
) -> Vec<Held> {
    let names: BTreeSet<&String> = trusted.keys().chain(proposed.keys()).collect();
    let differs = |name: &&&String| trusted.get(**name) != proposed.get(**name);
    let one = |name: &String| Held {
        place: place.to_owned(),
        what: name.clone(),
        trusted: trusted.get(name).cloned(),
        proposed: proposed.get(name).cloned(),
    };
    names.iter().filter(differs).map(|name| one(name)).collect()
}

impl Environment {
    /// This environment with all that grants power as the trusted one has it. What it holds, and how that is set up,
    /// stays its own.
    pub fn under(self, trusted: &Environment) -> Environment {
        Environment {
            name: self.name,
            include: self.include,
            setup_default: self.setup_default,
            setup_resources: self.setup_resources,
            target: trusted.target.clone(),
            prune: trusted.prune,
            auto_apply: trusted.auto_apply,
            self_heal: trusted.self_heal,
            follows: trusted.follows.clone(),
            allow: trusted.allow.clone(),
            max_destroy: trusted.max_destroy,
            require_signed_by: trusted.require_signed_by.clone(),
            trash: trusted.trash,
            strategy: trusted.strategy,
            windows: trusted.windows.clone(),
            policy: trusted.policy.clone(),
        }
    }

    /// What of it grants power, in the words of its manifest.
    pub fn power(&self) -> BTreeMap<String, String> {
        let listed = |all: &mut dyn Iterator<Item = String>| {
            let all: Vec<String> = all.collect();
            (!all.is_empty()).then(|| all.join(", "))
        };
        let yes = |is_so: bool| is_so.then(|| "true".to_owned());
        let said = [
            ("target", Some(written(&self.target))),
            ("prune", yes(self.prune)),
            ("autoApply", yes(self.auto_apply)),
            ("selfHeal", yes(self.self_heal)),
            ("ref", self.follows.clone()),
            ("allow", listed(&mut self.allow.iter().cloned())),
            ("maxDestroy", self.max_destroy.map(|limit| limit.to_string())),
            ("requireSignedBy", listed(&mut self.require_signed_by.iter().map(ToString::to_string))),
            ("trash", Some(format!("{} days", self.trash))),
            (
                "strategy",
                self.strategy.map(|strategy| match strategy {
                    Strategy::Online => "online".to_owned(),
                    Strategy::Plain => "plain".to_owned(),
                }),
            ),
            ("windows", listed(&mut self.windows.iter().map(window))),
        ];
        said.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?))).collect()
    }
}

fn window(window: &Window) -> String {
    let manual = if window.manual { " manual" } else { "" };
    let overrun = if window.overrun { " overrun" } else { "" };
    format!("{window}{manual}{overrun}")
}

/// A target as its manifest writes it.
fn written(target: &TargetConfig) -> String {
    let one = |(name, setting): (&String, &super::setting::Setting)| match name.as_str() {
        "" => setting.written().to_owned(),
        name => format!("{name}: {}", setting.written()),
    };
    let settings: Vec<String> = target.settings.iter().map(one).collect();
    format!("{} {}", target.provider, settings.join(", "))
}
