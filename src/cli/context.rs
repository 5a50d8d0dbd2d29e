//! What every verb begins with: the repository, its environments and their targets.
//! Never goes on with a repository that has an error.

use std::collections::BTreeMap;
use std::env::VarError;
use std::path::Path;

use super::args::{Format, Global};
use super::exit::{Code, Failure};
use super::terminal::Terminal;
use crate::address::glob;
use crate::diagnostic::Diagnostic;
use crate::journal::{Holder, Timestamp};
use crate::manifest::{self, Config};
use crate::model::environment::{Environment, TargetConfig};
use crate::model::name::NameLimits;
use crate::model::power::Power;
use crate::model::repository::Repository;
use crate::model::setting::{NoVariable, Unfilled};
use crate::ops;
use crate::ops::repository::Checked;
use crate::ops::trust::{Fresh, Trusted};
use crate::policy;
use crate::provider;
use crate::provider::open::{Mode, Outside};
use crate::render::diagnostics::diagnostics;
use crate::signature::PublicKey;
use crate::source::{self, Files};
use crate::target::Target;

/// One run.
#[derive(Clone)]
pub struct Context {
    pub global: Global,
    pub terminal: Terminal,
}

/// A repository without errors.
pub struct Opened {
    pub files: Files,
    pub repository: Repository,
    /// What it would change in power, where another revision is trusted with it.
    pub power: Option<Power>,
}

/// Whether a verb reads or writes: reads take all environments by default, writes must be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Read,
    Write,
}

impl Context {
    pub fn new(global: Global) -> Context {
        let terminal = Terminal::new(&global);
        Context { global, terminal }
    }

    /// The same run, but reading another revision; none for the work tree.
    pub fn at(&self, rev: Option<&str>) -> Context {
        let mut global = self.global.clone();
        global.rev = rev.map(str::to_owned);
        Context::new(global)
    }

    pub fn root(&self) -> &Path {
        &self.global.directory
    }

    pub fn is_json(&self) -> bool {
        self.global.format == Format::Json
    }

    /// Reads the files, of the work tree or of `--rev`.
    pub fn files(&self) -> Result<Files, Failure> {
        let rev = self.global.rev.as_deref();
        let folders = self.settings(rev)?.folders;
        Ok(match rev {
            Some(rev) => source::at_revision(self.root(), rev, &folders)?,
            None => source::work_tree(self.root(), &folders)?,
        })
    }

    /// Reads `reconcile.yaml`, of the work tree or of a revision. What is wrong with it goes to stderr, and ends the
    /// run.
    pub fn settings(&self, rev: Option<&str>) -> Result<Config, Failure> {
        let Some(file) = source::root_config(self.root(), rev)? else { return Ok(Config::default()) };
        let (config, found) = manifest::config(&file);
        if !found.is_empty() {
            let text_of = |path: &str| (path == file.path).then_some(file.text.as_str());
            eprint!("{}", diagnostics(&found, self.terminal.paint_error, &text_of));
        }
        match found.iter().any(|d| d.is_error()) {
            true => Err(Failure::said(Code::Error)),
            false => Ok(config),
        }
    }

    /// Checks a repository, under the policy that counts.
    pub fn check(&self, files: &Files) -> Result<Checked, Failure> {
        let rev = self.global.trust.as_deref().or(self.global.rev.as_deref());
        let policy = self.settings(rev)?.policy;
        Ok(ops::repository::check_under(files, &name_limits(), &policy, Some(today())))
    }

    /// Reads the revision whose word on power counts.
    fn trusted(&self) -> Result<Option<Trusted>, Failure> {
        let Some(rev) = self.global.trust.as_deref() else { return Ok(None) };
        let config = self.settings(Some(rev))?;
        let files = source::at_revision(self.root(), rev, &config.folders)?;
        let checked = ops::repository::check_under(&files, &name_limits(), &config.policy, None);
        if checked.has_errors() {
            let errors: Vec<_> = checked.diagnostics.into_iter().filter(|d| d.is_error()).collect();
            eprint!("{}", diagnostics(&errors, self.terminal.paint_error, &|path| files.text(path)));
            return Err(Failure::error(format!("revision `{rev}` has mistakes, and is not trusted"))
                .help("name a revision that `reconcile validate --rev` finds nothing in"));
        }
        let from = match files.revision.label() {
            label if rev.starts_with(&label) => label,
            label => format!("{rev} ({label})"),
        };
        Ok(Some(Trusted { from, repository: checked.repository, config }))
    }

    /// Reads and checks the repository. Its diagnostics go to stderr; an error among them ends the run.
    pub fn open(&self) -> Result<Opened, Failure> {
        self.open_files(self.files()?)
    }

    /// Checks a repository whose files are read already.
    pub fn open_files(&self, files: Files) -> Result<Opened, Failure> {
        let (mut opened, found) = self.examine(files)?;
        if found.iter().any(Diagnostic::is_error) {
            return Err(Failure::said(Code::Error));
        }
        self.hold(&mut opened, Fresh::Dropped)?;
        Ok(opened)
    }

    /// Puts the power of the revision that `--trust` names in the place of the repository's own.
    pub fn hold(&self, opened: &mut Opened, fresh: Fresh) -> Result<(), Failure> {
        if let Some(trusted) = self.trusted()? {
            let config = self.settings(self.global.rev.as_deref())?;
            opened.power = Some(ops::trust::hold(&mut opened.repository, &config, &trusted, fresh));
        }
        Ok(())
    }

    /// Checks a repository, and says on stderr what is wrong with it. With an error among the diagnostics, it must not
    /// be gone on with.
    pub fn examine(&self, files: Files) -> Result<(Opened, Vec<Diagnostic>), Failure> {
        let Checked { repository, diagnostics: mut found } = self.check(&files)?;
        // What the policy only warns of is for `lint` to say.
        found.retain(|one| one.is_error() || !policy::is_of_policy(one));
        let shown: Vec<_> = found.iter().filter(|d| d.is_error() || !self.terminal.quiet).cloned().collect();
        if !shown.is_empty() {
            let text = diagnostics(&shown, self.terminal.paint_error, &|path| files.text(path));
            eprint!("{text}");
        }
        Ok((Opened { files, repository, power: None }, found))
    }

    /// Chooses environments of a repository by `-e`.
    pub fn environments<'a>(
        &self,
        repository: &'a Repository,
        purpose: Purpose,
    ) -> Result<Vec<&'a Environment>, Failure> {
        let all: Vec<&Environment> = repository.environments.values().map(|(e, _)| e).collect();
        self.choose(all, purpose)
    }

    /// Takes the environment that is named, or chooses by `-e`.
    pub fn environments_or<'a>(
        &self,
        repository: &'a Repository,
        named: Option<&str>,
        purpose: Purpose,
    ) -> Result<Vec<&'a Environment>, Failure> {
        let Some(name) = named else { return self.environments(repository, purpose) };
        if !self.global.environments.is_empty() {
            return Err(Failure::error("the environment is named twice").help("leave -e out"));
        }
        match repository.environments.get(name) {
            Some((environment, _)) => Ok(vec![environment]),
            None => {
                let names: Vec<&str> = repository.environments.keys().map(String::as_str).collect();
                Err(Failure::error(format!("there is no environment `{name}`"))
                    .help(format!("there are: {}", names.join(", "))))
            }
        }
    }

    /// Chooses among environments by `-e`.
    pub fn choose<'a>(
        &self,
        all: Vec<&'a Environment>,
        purpose: Purpose,
    ) -> Result<Vec<&'a Environment>, Failure> {
        let names = || all.iter().map(|e| e.name.as_str()).collect::<Vec<_>>().join(", ");
        if self.global.environments.is_empty() {
            return match (purpose, all.len()) {
                (_, 0) => Err(Failure::error("the repository declares no environment")
                    .help("add one with `kind: Environment`, or start with `reconcile init`")),
                (Purpose::Read, _) | (Purpose::Write, 1) => Ok(all),
                (Purpose::Write, _) => {
                    Err(Failure::error("this repository has several environments, and none is named")
                        .help(format!("choose with -e: {}", names())))
                }
            };
        }
        let mut chosen = Vec::new();
        for pattern in &self.global.environments {
            let before = chosen.len();
            chosen.extend(all.iter().copied().filter(|e| glob(pattern, &e.name)));
            if chosen.len() == before {
                return Err(Failure::error(format!("there is no environment `{pattern}`"))
                    .help(format!("there are: {}", names())));
            }
        }
        chosen.sort_by(|a, b| a.name.cmp(&b.name));
        chosen.dedup_by(|a, b| a.name == b.name);
        Ok(chosen)
    }

    /// The one environment that a verb is for.
    pub fn environment<'a>(&self, repository: &'a Repository) -> Result<&'a Environment, Failure> {
        match self.environments(repository, Purpose::Write)?.as_slice() {
            [one] => Ok(one),
            several => {
                let names: Vec<&str> = several.iter().map(|e| e.name.as_str()).collect();
                Err(Failure::error("this verb is for one environment")
                    .help(format!("choose one of {}", names.join(", "))))
            }
        }
    }

    /// Opens the target of an environment, with the variables that its settings name. One whose environment requires signatures is not opened for writing here.
    pub fn target(&self, environment: &Environment, mode: Mode) -> Result<Box<dyn Target>, Failure> {
        match mode {
            Mode::Read => {}
            Mode::Write => writable(environment, &[])?,
        }
        Ok(provider::open::open(&self.config(environment)?, outside(self.root()), mode)?)
    }

    /// Opens a target for what is kept beside the journal: a suspension, the outbox. That needs no signature.
    pub fn keeper(&self, environment: &Environment) -> Result<Box<dyn Target>, Failure> {
        Ok(provider::open::open(&self.config(environment)?, outside(self.root()), Mode::Write)?)
    }

    /// Opens a target for writing what a package brings that these keys signed.
    pub fn signed_target(
        &self,
        environment: &Environment,
        signed_by: &[PublicKey],
    ) -> Result<Box<dyn Target>, Failure> {
        writable(environment, signed_by)?;
        Ok(provider::open::open(&self.config(environment)?, outside(self.root()), Mode::Write)?)
    }

    /// What a target is opened with. It holds secrets: nothing may be printed of it but what is written.
    pub fn config(&self, environment: &Environment) -> Result<TargetConfig, Failure> {
        environment.target.filled(&variable).map_err(|unfilled| missing(environment, &unfilled))
    }

    /// Who applies: `RECONCILE_ACTOR`, else user and host.
    pub fn holder(&self) -> Holder {
        let variable = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
        let user = variable("USER").or_else(|| variable("LOGNAME")).unwrap_or_else(|| "somebody".to_owned());
        let host = || std::fs::read_to_string("/etc/hostname").ok().map(|h| h.trim().to_owned());
        let host = variable("HOSTNAME").or_else(host).filter(|h| !h.is_empty());
        let actor = variable("RECONCILE_ACTOR").unwrap_or_else(|| match host {
            Some(host) => format!("{user}@{host}"),
            None => user,
        });
        Holder { actor, since: now() }
    }
}

/// Reads a variable for the settings of a target or a sink.
pub fn variable(name: &str) -> Result<String, NoVariable> {
    match std::env::var(name) {
        Ok(text) if text.is_empty() => Err(NoVariable::Empty),
        Ok(text) => Ok(text),
        Err(VarError::NotPresent) => Err(NoVariable::Unset),
        Err(VarError::NotUnicode(_)) => Err(NoVariable::NotText),
    }
}

/// What targets are opened in: the folder of the repository, and the variables of this process.
pub fn outside(root: &Path) -> Outside<'_> {
    Outside { root, variable: &|name| std::env::var(name).ok() }
}

fn missing(environment: &Environment, unfilled: &Unfilled) -> Failure {
    let Unfilled { name, why, place } = unfilled;
    let place = place.as_ref().map(|(file, line)| format!("{file}:{line} names it; ")).unwrap_or_default();
    Failure::error(format!(
        "the target of environment {} needs the variable `{name}`, which {why}",
        environment.name
    ))
    .help(format!("{place}set it where `reconcile` runs: export {name}=…"))
}

/// Refuses to write to an environment that requires a signature which is not among these.
pub fn writable(environment: &Environment, signed_by: &[PublicKey]) -> Result<(), Failure> {
    let required = &environment.require_signed_by;
    if required.is_empty() || signed_by.iter().any(|key| required.contains(key)) {
        return Ok(());
    }
    let name = &environment.name;
    let message = format!("environment {name} takes signed packages only");
    Err(Failure::new(Code::BadPackage, message).help(format!(
        "nothing was changed; save the plan, sign it and apply that: reconcile plan -e {name} --out FILE.zip, \
         reconcile package sign FILE.zip --key KEY, reconcile apply FILE.zip"
    )))
}

/// The instant, as the journal writes it.
pub fn now() -> Timestamp {
    instant().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The instant.
pub fn instant() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// The day in UTC, on which waivers are over everywhere at once.
pub fn today() -> jiff::civil::Date {
    instant().to_zoned(jiff::tz::TimeZone::UTC).date()
}

pub fn name_limits() -> BTreeMap<String, NameLimits> {
    let known = provider::open::providers().iter();
    known.filter_map(|name| Some(((*name).to_owned(), provider::open::name_limits(name)?))).collect()
}
