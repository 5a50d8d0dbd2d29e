//! What a watch reads of the repository: the tips of its branches, and what is declared there.
//! Never takes what cannot be read in full for all there is: then what was read before stays.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::desk::{Desk, Known, Message, Offer};
use crate::address::glob;
use crate::cli::context::{Context, name_limits};
use crate::cli::exit::{Code, Failure};
use crate::fingerprint::Fingerprint;
use crate::manifest::{self, Config};
use crate::model::environment::Environment;
use crate::model::repository::Repository;
use crate::ops;
use crate::render::diagnostics::diagnostics;
use crate::render::paint::Paint;
use crate::source::{self, Files, Revision, SourceError, Tip};
use crate::watch::{Event, Policy, Roster, Sight};
use crate::wire::watch::Word;

/// One revision, as it was read.
pub struct Loaded {
    pub revision: Revision,
    /// When the commit was made, where it is one.
    pub made: Option<jiff::Timestamp>,
    /// What it declares, or why that cannot be said: a line, and the whole text.
    pub content: Result<Repository, (String, String)>,
    /// Its environments, whatever is wrong with the rest.
    environments: Vec<Environment>,
    config: Config,
}

/// The readings of the repository.
pub struct Repositories;

impl Repositories {
    /// Looks whether there is anything to follow at all.
    pub fn check(desk: &Desk) -> Result<(), Failure> {
        let root = desk.context.root();
        if desk.order.work_tree {
            return match root.is_dir() {
                true => Ok(()),
                false => Err(SourceError::NotAFolder(root.to_owned()).into()),
            };
        }
        let branch = desk.order.branch.as_deref().unwrap_or("HEAD");
        match source::tip(root, branch) {
            Ok(_) => Ok(()),
            // It may come: with the first commit, or with the first fetch.
            Err(SourceError::UnknownRevision { .. }) if branch == "HEAD" => Ok(()),
            Err(SourceError::UnknownRevision { .. }) if source::tracked(root, branch)?.is_some() => Ok(()),
            Err(error @ SourceError::NoRepository(_)) => {
                Err(Failure::from(error).help("to follow its files as they are: reconcile watch --work-tree"))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Looks where the branches are, and reads what is new there.
    pub fn look(desk: &Desk) -> Message {
        let branch = desk.order.branch.as_deref().unwrap_or("HEAD");
        let mut tracked = BTreeSet::new();
        match source::tracked(desk.context.root(), branch) {
            Ok(found) => tracked.extend(found),
            Err(error) => return unread(Event::Looked(UNREAD), &error),
        }
        let base = match at(desk, branch) {
            Ok(base) => base,
            Err(error) => {
                let unseen = Event::Looked(Sight::Unread { has_remotes: !tracked.is_empty() });
                let is_first = desk.track(&tracked);
                return match error {
                    // The first fetch brings it.
                    SourceError::UnknownRevision { .. } if is_first => Message::of(unseen).with(Code::Error),
                    error => unread(unseen, &error),
                };
            }
        };
        let mut found = Found { tracked, ..Found::of(&base.1) };
        let mut unknown = Vec::new();
        for environment in declared(desk, &base.1) {
            let name = environment.name.clone();
            let own = environment.follows.clone().filter(|_| desk.order.branch.is_none());
            let here = match own.as_deref() {
                None => Ok(base.clone()),
                Some(own) => {
                    if let Ok(Some(one)) = source::tracked(desk.context.root(), own) {
                        found.tracked.insert(one);
                    }
                    at(desk, own)
                }
            };
            match here {
                Ok((key, loaded)) => found.add(environment, own.as_deref().unwrap_or(branch), key, loaded),
                Err(error) => {
                    // It is followed all the same: the branch may come with the next fetch.
                    unknown.push(super::told(Word::Warning, &name, error.to_string()));
                    found.expect(environment, own.as_deref().unwrap_or(branch));
                }
            }
        }
        let mut message = found.message(desk, Event::Looked);
        message.told.extend(unknown);
        message
    }

    /// Reads the work tree, unless git is changing it.
    pub fn scan(desk: &Desk) -> Message {
        let root = desk.context.root();
        if source::is_index_locked(root) {
            return Message::of(Event::Scanned(Sight::Moving));
        }
        let read =
            config(root, None).and_then(|config| Ok((source::work_tree(root, &config.folders)?, config)));
        let (files, config) = match read {
            Ok(read) => read,
            Err(error) => return unread(Event::Scanned(UNREAD), &error),
        };
        let key = format!("tree {}", fingerprint(&files));
        let loaded = match desk.loaded(&key) {
            Some(loaded) => loaded,
            None => Arc::new(load(&files, None, config)),
        };
        let mut found = Found::of(&loaded);
        for environment in declared(desk, &loaded) {
            found.add(environment, "the work tree", key.clone(), Arc::clone(&loaded));
        }
        found.message(desk, Event::Scanned)
    }
}

/// Nothing could be read, and no remote has anything better.
pub const UNREAD: Sight = Sight::Unread { has_remotes: false };

fn unread(event: Event, why: &SourceError) -> Message {
    let message = format!("the repository cannot be read, and nothing is concluded from that: {why}");
    Message::of(event).telling(super::told(Word::Warning, "", message)).with(Code::Error)
}

/// What is followed, as it is put together.
struct Found {
    roster: Roster,
    known: BTreeMap<String, Known>,
    loaded: BTreeMap<String, Arc<Loaded>>,
    tracked: BTreeSet<source::Tracked>,
    declared: Vec<String>,
    telling: (Config, Option<String>),
}

impl Found {
    /// What a revision says of the repository as a whole.
    fn of(loaded: &Loaded) -> Found {
        Found {
            roster: Roster::default(),
            known: BTreeMap::new(),
            loaded: BTreeMap::new(),
            tracked: BTreeSet::new(),
            declared: loaded.environments.iter().map(|one| one.name.clone()).collect(),
            telling: (loaded.config.clone(), loaded.revision.repository.clone()),
        }
    }

    fn add(&mut self, environment: Environment, branch: &str, key: String, loaded: Arc<Loaded>) {
        let name = environment.name.clone();
        // What is declared on the branch that it follows is what holds.
        let here = loaded.environments.iter().find(|one| one.name == name).cloned();
        self.expect(here.unwrap_or(environment), branch);
        self.roster.revisions.insert(name, key.clone());
        self.loaded.insert(key, loaded);
    }

    fn expect(&mut self, environment: Environment, branch: &str) {
        let is_signed_only = !environment.require_signed_by.is_empty();
        let policy =
            Policy { applies: environment.auto_apply && !is_signed_only, heals: environment.self_heal };
        self.roster.environments.insert(environment.name.clone(), policy);
        let known = Known {
            target: target(&environment),
            policy,
            is_signed_only,
            branch: branch.to_owned(),
            environment,
        };
        self.known.insert(known.environment.name.clone(), known);
    }

    fn message(mut self, desk: &Desk, event: fn(Sight) -> Event) -> Message {
        self.roster.has_remotes = !self.tracked.is_empty();
        let root = desk.context.root();
        let folders =
            self.loaded.values().flat_map(|one| &one.config.folders).map(|folder| root.join(folder));
        let folders = folders.collect();
        let offer = Offer {
            known: self.known,
            loaded: self.loaded,
            tracked: self.tracked,
            declared: self.declared,
            telling: self.telling,
            folders,
        };
        Message { loaded: Some(offer), ..Message::of(event(Sight::Read(self.roster))) }
    }
}

/// The target without opening it, as environments write it.
fn target(environment: &Environment) -> String {
    let written = environment.target.settings.get("").map(|setting| setting.written()).unwrap_or_default();
    format!("{} {written}", environment.target.provider).trim().to_owned()
}

/// The environments that are followed, as a revision declares them. Where the revision is not whole, those that were
/// followed before are still there.
fn declared(desk: &Desk, loaded: &Loaded) -> Vec<Environment> {
    let mut all: BTreeMap<String, Environment> = BTreeMap::new();
    if loaded.content.is_err() {
        all.extend(desk.known().into_iter().map(|(name, known)| (name, known.environment)));
    }
    all.extend(loaded.environments.iter().map(|one| (one.name.clone(), one.clone())));
    let named = &desk.context.global.environments;
    let is_named = |name: &str| named.is_empty() || named.iter().any(|pattern| glob(pattern, name));
    all.into_values().filter(|one| is_named(&one.name)).collect()
}

/// What a branch declares at its tip, read where that is new.
fn at(desk: &Desk, branch: &str) -> Result<(String, Arc<Loaded>), SourceError> {
    let root = desk.context.root();
    let tip = source::tip(root, branch)?;
    if let Some(loaded) = desk.loaded(&tip.commit) {
        return Ok((tip.commit, loaded));
    }
    let config = config(root, Some(&tip.commit))?;
    let files = source::at_revision(root, &tip.commit, &config.folders)?;
    let loaded = load(&files, Some(&tip), config);
    Ok((tip.commit, Arc::new(loaded)))
}

/// The repository's own settings.
fn config(root: &std::path::Path, rev: Option<&str>) -> Result<Config, SourceError> {
    let Some(file) = source::root_config(root, rev)? else { return Ok(Config::default()) };
    let (config, found) = manifest::config(&file);
    match found.iter().find(|one| one.is_error()) {
        Some(error) => {
            let line = error.span.map(|span| format!("line {}: ", span.line)).unwrap_or_default();
            let help = error.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
            Err(SourceError::Unreadable { path: file.path, why: format!("{line}{}{help}", error.message) })
        }
        None => Ok(config),
    }
}

fn load(files: &Files, tip: Option<&Tip>, config: Config) -> Loaded {
    let checked = ops::repository::check_under(files, &name_limits(), &config.policy, None);
    let environments = manifest::environments(files);
    let errors: Vec<_> = checked.diagnostics.iter().filter(|one| one.is_error()).cloned().collect();
    let content = match errors.first() {
        None => Ok(checked.repository),
        Some(first) => {
            let place = match (&first.file, first.span) {
                (Some(file), Some(span)) => format!("{file}:{}: ", span.line),
                (Some(file), None) => format!("{file}: "),
                (None, _) => String::new(),
            };
            let more = match errors.len() {
                1 => String::new(),
                n => format!(" (and {} more)", n - 1),
            };
            let line = format!("{place}error[{}]: {}{more}", first.code, first.message);
            Err((line, diagnostics(&errors, Paint::plain(), &|path| files.text(path))))
        }
    };
    Loaded {
        revision: files.revision.clone(),
        made: tip.and_then(|tip| tip.made),
        content,
        environments,
        config,
    }
}

fn fingerprint(files: &Files) -> Fingerprint {
    let texts: Vec<(&str, &str)> =
        files.files.iter().map(|file| (file.path.as_str(), file.text.as_str())).collect();
    Fingerprint::of(&(&files.revision, texts))
}

impl Context {
    /// The target of an environment that a watch opens: what may be written there has been decided.
    pub fn watched_target(
        &self,
        environment: &Environment,
        mode: crate::target::Mode,
    ) -> Result<Box<dyn crate::target::Target>, Failure> {
        let config = self.config(environment)?;
        Ok(crate::provider::open::open(&config, crate::cli::context::outside(self.root()), mode)?)
    }
}
