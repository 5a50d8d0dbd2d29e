//! The command line as data: every verb, flag and example.
//! Never acts.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::address::Address;
use crate::fingerprint::Fingerprint;
use crate::model::setup::Action;
use crate::plan::Allowance;

/// Keep application environments as YAML in git, see what would change, and apply exactly that.
#[derive(Debug, Parser)]
#[command(
    name = "reconcile",
    version,
    disable_help_subcommand = true,
    after_help = "Examples:
  reconcile init shop && cd shop        a small working repository
  reconcile --plan                      what would change, in every environment
  reconcile plan -e dev --out dev.zip   the same for one environment, saved as a package
  reconcile apply -e dev                plan, show, ask, apply
  reconcile apply dev.zip               apply exactly that package
  reconcile drift -e dev                what moved in the target since

Exit codes: 0 done, 1 error, 2 changes are pending (--detailed-exitcode), 10 lock held, 11 stale,
12 refused by policy, 13 package fails verification or lacks a signature, 14 partially applied."
)]
pub struct Arguments {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub verb: Verb,
}

/// The flags that every verb takes.
#[derive(Clone, Debug, Args)]
pub struct Global {
    /// The repository's folder
    #[arg(short = 'C', long = "directory", value_name = "DIR", default_value = ".", global = true)]
    pub directory: PathBuf,
    /// An environment by name or glob; repeatable. Default: all for reads, the only one for writes
    #[arg(
        short,
        long = "environment",
        value_name = "NAME",
        global = true,
        env = "RECONCILE_ENVIRONMENT",
        value_delimiter = ','
    )]
    pub environments: Vec<String>,
    /// Read this git revision, without a checkout, instead of the work tree
    #[arg(long, value_name = "REV", global = true)]
    pub rev: Option<String>,
    /// Take what grants power (targets, allow, policy, waivers, windows, keys, notify) from this git revision, whatever
    /// the files say, and run no SQL that it does not have
    #[arg(long, value_name = "REV", global = true)]
    pub trust: Option<String>,
    /// How results are written to stdout
    #[arg(long, value_name = "FORMAT", default_value = "text", global = true)]
    pub format: Format,
    /// When to colour
    #[arg(long, value_name = "WHEN", default_value = "auto", global = true)]
    pub color: When,
    /// Only results and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// More: what is kept, the statements of each step
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// No progress on stderr
    #[arg(long, global = true)]
    pub no_progress: bool,
}

/// Why somebody does what is not done every day: one line that says something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason(pub String);

impl std::str::FromStr for Reason {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Reason, &'static str> {
        let text = text.trim();
        match text.chars().count() {
            0 => Err("a reason says something"),
            1..=500 => Ok(Reason(text.to_owned())),
            _ => Err("a reason has at most 500 characters"),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// One document
    Json,
    /// One object a line
    Ndjson,
    /// For a comment on a pull request
    Markdown,
    /// One page that needs nothing else
    Html,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Workflow commands of GitHub Actions, and the job's summary
    Github,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum When {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Write a small working repository: environments, two entities, a picklist, a CI file
    #[command(after_help = "Example:\n  reconcile init shop && cd shop && reconcile --plan")]
    Init {
        /// Where; made if it is not there
        #[arg(default_value = ".")]
        dir: PathBuf,
    },
    /// Show every mistake of the repository; needs no target
    #[command(
        after_help = "Examples:\n  reconcile validate\n  reconcile validate --rev origin/main --format json"
    )]
    Validate,
    /// Show what the policy of reconcile.yaml has to say of the manifests; needs no target
    #[command(after_help = "Examples:
  reconcile lint
  reconcile lint --strict                   warnings are errors too
  reconcile lint --rev HEAD --format json

Names, what resources must say, rules over resources, waivers that are over, and every mistake that `validate` finds.")]
    Lint {
        /// Warnings are errors too
        #[arg(long)]
        strict: bool,
    },
    /// Show what would change; writes nothing
    #[command(after_help = "Examples:
  reconcile --plan                          every environment
  reconcile plan -e staging --out s.zip     save exactly this as a package
  reconcile plan --rev HEAD~1 -e dev        from another revision
  reconcile plan -e staging --rehearse      run the steps for a try, and roll them back
  reconcile plan --base origin/main         what this branch changes, without any target
  reconcile plan --format markdown          as Markdown, for people
  reconcile plan --comment                  as our comment on the pull request that a job runs for
  reconcile plan --detailed-exitcode        exit 2 when changes are pending

--base asks no target and needs no credentials; with --with-targets the plan against each target comes as well, and
where the two differ. The digest of a plan, which every format shows (text with -v), is what `apply --expect` takes.
A comment that cannot be written is a warning, and exit 1 unless the plan's own code is a worse one.")]
    Plan {
        /// Save the plan of the one environment as a package
        #[arg(long, value_name = "FILE.zip")]
        out: Option<PathBuf>,
        /// Exit 2 when changes are pending, 0 when there are none
        #[arg(long)]
        detailed_exitcode: bool,
        /// Run the very steps on the target, in a transaction that is rolled back, and say what each took and locked
        #[arg(long)]
        rehearse: bool,
        /// Rehearse on a database of its own on this server, made like the target without its rows, and dropped
        #[arg(long, value_name = "URL", requires = "rehearse")]
        on: Option<String>,
        /// Compare with where this branch left REV, instead of with the targets
        #[arg(long, value_name = "REV", conflicts_with_all = ["out", "rehearse"])]
        base: Option<String>,
        /// With --base: also plan against each target, and show where the two differ
        #[arg(long, requires = "base")]
        with_targets: bool,
        /// The longest that Markdown gets; details are cut first, and 0 cuts nothing. Default: what fits a comment
        #[arg(long, value_name = "BYTES", value_parser = bytes)]
        max_bytes: Option<usize>,
        /// Show it on the pull request as well: one comment, kept up to date, and the status of the commit
        #[arg(long)]
        comment: bool,
        /// The pull request; default: the one that the CI job runs for
        #[arg(long, value_name = "N", requires = "comment")]
        pull_request: Option<u64>,
        /// The variable with the host's token; default: the usual one of the host, such as GITHUB_TOKEN
        #[arg(long, visible_alias = "token-env", value_name = "VARIABLE", requires = "comment")]
        token_variable: Option<String>,
        #[command(flatten)]
        choices: Choices,
    },
    /// Apply a saved package exactly; or plan, show, ask and apply
    #[command(after_help = "Examples:
  reconcile apply -e dev                                   plan, show, ask, apply
  reconcile apply -e dev --yes                             do not ask
  reconcile apply staging.zip                              apply exactly that package
  reconcile apply -e dev --allow RK203:entity/order/fax    accept one finding
  reconcile apply -e dev --expect 3f5a…                    only what was reviewed, by the digest of its plan
  reconcile apply -e dev --reviewed change.zip             the same, by its package, and show what differs")]
    Apply {
        /// A package made by `plan --out`
        #[arg(value_name = "FILE.zip")]
        package: Option<PathBuf>,
        /// The package's detached signatures; default: FILE.zip.sig, where it is there
        #[arg(long, value_name = "FILE.sig", requires = "package")]
        signature: Option<PathBuf>,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
        /// Refuse, with exit 11, any other plan than the one of this digest
        #[arg(long, value_name = "SHA256", value_parser = digest)]
        expect: Option<Fingerprint>,
        /// Refuse, with exit 11, any other plan than the one of this package, and show how they differ
        #[arg(long, value_name = "FILE.zip", conflicts_with = "package")]
        reviewed: Option<PathBuf>,
        /// Accept a finding: CODE, CODE:ADDRESS or CODE:ADDRESS/path; repeatable
        #[arg(long, value_name = "CODE[:ADDRESS[/path]]")]
        allow: Vec<Allowance>,
        /// Apply although the windows of the environment are shut; the reason is journaled
        #[arg(long, value_name = "REASON")]
        outside_window: Option<Reason>,
        #[command(flatten)]
        choices: Choices,
    },
    /// Follow the repository, and apply what may be applied by itself
    #[command(after_help = "Examples:
  reconcile watch                                the branch that is checked out, every environment
  reconcile watch --ref origin/main -e staging   what is pushed to main, in staging
  reconcile watch --work-tree -e dev             files as they are saved
  reconcile watch --once                         one turn of each environment, for cron
  reconcile watch --format json                  one JSON object a line

Applies only where the environment says `autoApply: true`, and only what its `allow`, `maxDestroy` and `windows` let
through. What needs a person's consent is kept as a package; `reconcile apply FILE.zip` applies exactly that. Ctrl-C
ends it after what is under way; a second one ends it at once.")]
    Watch(Box<crate::cli::watch::Order>),
    /// Show what moved in the target since the last apply, and what it holds that nobody declared
    #[command(after_help = "Example:\n  reconcile drift -e staging --detailed-exitcode")]
    Drift {
        /// Exit 2 when something moved
        #[arg(long)]
        detailed_exitcode: bool,
    },
    /// Write manifests for what exists in a target and is not managed, and begin to own it
    #[command(after_help = "Examples:
  reconcile adopt -e dev --plan                   what would be adopted, and what no manifest can say
  reconcile adopt -e dev                          show, ask, write the manifests, record what is owned
  reconcile adopt -e dev --select 'entity/Sales*' these, and what they point to

Nothing in the target changes but our own record: the next plan is empty. What no manifest can say (views,
triggers, partial indexes) is listed and stays as it is. No file is ever written over.")]
    Adopt {
        /// Only these resources, and what they point to; repeatable
        #[arg(long, value_name = "ADDRESS|GLOB")]
        select: Vec<String>,
        /// The folder for the manifests, from the repository's root
        #[arg(long, value_name = "DIR", default_value = "resources")]
        out: PathBuf,
        /// Only show; write nothing
        #[arg(long, visible_alias = "dry-run")]
        plan: bool,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
    /// Apply to one environment exactly what was last applied to another
    #[command(after_help = "Examples:
  reconcile promote dev staging --plan            what would change in staging
  reconcile promote dev staging                   plan, show, ask, apply
  reconcile promote dev staging --out s.zip       save the plan; later: reconcile apply s.zip

What is promoted comes from the record in FROM's target, and not from the files: the setup actions, `include` and
`prune` are those of TO. The record holds no `renamedFrom`: what was renamed in FROM since the last apply to TO is
planned as one thing that goes and one that comes, with the finding RK401 where it may be a rename. Plan such a
change from the repository instead: reconcile apply -e TO.")]
    Promote {
        /// The environment whose last apply is promoted
        from: String,
        /// The environment that it is promoted to
        to: String,
        /// Only show; write nothing
        #[arg(long, visible_alias = "dry-run")]
        plan: bool,
        /// Save the plan as a package instead of applying it
        #[arg(long, value_name = "FILE.zip")]
        out: Option<PathBuf>,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
        /// Accept a finding: CODE, CODE:ADDRESS or CODE:ADDRESS/path; repeatable
        #[arg(long, value_name = "CODE[:ADDRESS[/path]]")]
        allow: Vec<Allowance>,
        /// Apply although the windows of the environment are shut; the reason is journaled
        #[arg(long, value_name = "REASON")]
        outside_window: Option<Reason>,
        /// Promote what was last applied to FROM although FROM has moved since
        #[arg(long)]
        allow_drift: bool,
    },
    /// Compare two environments, an environment with a revision, or two packages
    #[command(after_help = "Examples:
  reconcile diff staging production        what would make staging like production
  reconcile diff staging @HEAD~1           an environment with a revision
  reconcile diff staging --rev HEAD~1      the same
  reconcile diff reviewed.zip now.zip      two packages, resource by resource")]
    Diff {
        /// An environment, a revision as @REV, or a package FILE.zip
        #[arg(value_name = "A")]
        before: String,
        /// Likewise; `+` is what only this side has
        #[arg(value_name = "B")]
        after: Option<String>,
        /// Exit 2 when the sides differ
        #[arg(long)]
        detailed_exitcode: bool,
    },
    /// Save resources of an environment, as they really are there, as a package
    #[command(after_help = "Examples:
  reconcile export -e dev -o order.zip --select entity/order      with all that it needs
  reconcile export -e dev -o crm.zip --select 'entity/crm-*' --exclude picklist/country
  reconcile export -e dev -o all.zip --all --setup 'picklist/*=merge' --allow-setup 'entity/*=merge,overwrite'")]
    Export(Box<Export>),
    /// Import a package into an environment: validate, show, choose, plan, apply
    #[command(after_help = "Examples:
  reconcile import order.zip -e staging --plan                          look, and change nothing
  reconcile import order.zip -e staging                                 choose, see, confirm
  reconcile import order.zip -e staging --yes --setup entity/order=merge
  reconcile import order.zip -e staging --yes --bindings staging.yaml
  reconcile import order.zip -e staging --no-tasks                      without the SQL that it brings
  reconcile import order.zip -e staging --no-tasks entity/order         without that of one resource")]
    Import(Box<Import>),
    /// Read packages, and sign them
    #[command(subcommand)]
    Package(PackageVerb),
    /// Show how every environment stands: revisions, what waits, what has moved, the last apply, who watches
    #[command(after_help = "Examples:
  reconcile status                          every environment
  reconcile status -e 'prod*' --format json
  reconcile status --detailed-exitcode      exit 2 where one is not what the repository says")]
    Status {
        /// Exit 2 when an environment is not in sync, 0 when all are
        #[arg(long)]
        detailed_exitcode: bool,
        /// Where a watcher keeps the packages that need consent; default: .reconcile/spool in the repository
        #[arg(long, value_name = "DIR")]
        spool: Option<PathBuf>,
    },
    /// Let nothing be applied to an environment until it is resumed
    #[command(after_help = "Examples:
  reconcile suspend staging --reason 'the load test runs until noon'
  reconcile suspend -e staging

The target itself keeps who suspended it, why and since when: no apply, import, promote, rollback, adopt or watch
writes to it, from whatever machine, until `reconcile resume`. Plans are made as ever. An apply under way ends.")]
    Suspend {
        /// The environment; or say it with -e
        environment: Option<String>,
        /// Why, for everybody who finds it suspended
        #[arg(long, value_name = "TEXT")]
        reason: Option<Reason>,
    },
    /// Go on: lift a suspension, and finish what an interrupted apply left
    #[command(after_help = "Examples:
  reconcile resume staging
  reconcile resume                          every environment

A target that takes an apply whole or not at all never has anything left; then this says how the last one ended.")]
    Resume {
        /// The environment; or say it with -e
        environment: Option<String>,
    },
    /// List the applies of an environment, newest first
    #[command(after_help = "Example:\n  reconcile history -e dev --limit 5")]
    History {
        /// At most this many
        #[arg(long, default_value_t = 20, value_name = "N")]
        limit: usize,
    },
    /// Show one apply of the journal
    #[command(after_help = "Example:\n  reconcile show 7 -e dev")]
    Show {
        /// The number that `history` lists
        id: u64,
    },
    /// Plan back to the state before an apply, and apply that: definitions, rows and values
    #[command(after_help = "Examples:
  reconcile rollback 7 -e dev --plan           what would come back, and what would not
  reconcile rollback 7 -e dev                  plan, show, ask, apply
  reconcile rollback 7 -e dev --out back.zip   save the plan; later: reconcile apply back.zip

All that was touched by apply 7 and since goes back to what it was; all else stays. Rows and values come from the
trash as long as it keeps them (`trash` of the environment, 7 days by default). A rollback is an apply like any
other, and can be rolled back itself. Nothing in the repository changes: until the manifests say the same, the next
apply brings their state again.")]
    Rollback {
        /// The number that `history` lists
        id: u64,
        /// Only show; write nothing
        #[arg(long, visible_alias = "dry-run")]
        plan: bool,
        /// Save the plan as a package instead of applying it
        #[arg(long, value_name = "FILE.zip")]
        out: Option<PathBuf>,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
        /// Accept a finding: CODE, CODE:ADDRESS or CODE:ADDRESS/path; repeatable
        #[arg(long, value_name = "CODE[:ADDRESS[/path]]")]
        allow: Vec<Allowance>,
        /// Apply although the windows of the environment are shut; the reason is journaled
        #[arg(long, value_name = "REASON")]
        outside_window: Option<Reason>,
    },
    /// See and purge the rows and values that applies moved aside
    #[command(subcommand)]
    Trash(TrashVerb),
    /// Rewrite manifests in canonical form
    #[command(after_help = "Examples:
  reconcile fmt                       every manifest
  reconcile fmt --check               change nothing, exit 1 if something would change

Comments before a file's first line stay. A file with other comments is not touched.")]
    Fmt {
        /// Only these files, from the repository's root; default: all
        files: Vec<String>,
        /// Change nothing; exit 1 if something would change
        #[arg(long)]
        check: bool,
    },
    /// Write the JSON Schemas of manifests and documents
    #[command(after_help = "Examples:\n  reconcile schema entity\n  reconcile schema --out schemas")]
    Schema {
        /// One schema to stdout: entity, picklist, environment, manifest, plan, report, …
        name: Option<String>,
        /// Write all into this folder
        #[arg(long, value_name = "DIR", conflicts_with = "name")]
        out: Option<PathBuf>,
    },
    /// Write a completion script for a shell
    #[command(after_help = "Example:\n  reconcile completions bash > /etc/bash_completion.d/reconcile")]
    Completions { shell: clap_complete::Shell },
    /// Write the manual page
    #[command(after_help = "Example:\n  reconcile man | man -l -")]
    Man,
}

/// What is exported, and how.
#[derive(Clone, Debug, Args)]
pub struct Export {
    /// The package
    #[arg(short, long, value_name = "FILE.zip")]
    pub output: PathBuf,
    /// A resource by address, or several by glob; repeatable
    #[arg(long, value_name = "ADDRESS|GLOB", conflicts_with = "all")]
    pub select: Vec<String>,
    /// Everything that is managed
    #[arg(long)]
    pub all: bool,
    /// Choose from a list on the terminal
    #[arg(long, conflicts_with = "all")]
    pub interactive: bool,
    /// Leave out what the selected resources need
    #[arg(long)]
    pub no_related: bool,
    /// Leave this out; repeatable
    #[arg(long, value_name = "ADDRESS|GLOB")]
    pub exclude: Vec<String>,
    /// The package's name; default: the environment's
    #[arg(long)]
    pub name: Option<String>,
    /// What the package is for
    #[arg(long, value_name = "TEXT")]
    pub description: Option<String>,
    /// The setup action stored for a resource; `select` leaves it to the importer; repeatable
    #[arg(long, value_name = "ADDRESS=ACTION", value_parser = stored)]
    pub setup: Vec<(String, Action)>,
    /// What an importer may choose; default: any; repeatable
    #[arg(long, value_name = "ADDRESS=ACTION,…", value_parser = allowed)]
    pub allow_setup: Vec<(String, Vec<Action>)>,
}

/// What is imported, and how.
#[derive(Clone, Debug, Args)]
pub struct Import {
    /// A package made by `export` or by `plan --out`
    #[arg(value_name = "FILE.zip")]
    pub package: PathBuf,
    /// The package's detached signatures; default: FILE.zip.sig, where it is there
    #[arg(long, value_name = "FILE.sig")]
    pub signature: Option<PathBuf>,
    /// Stop at the preview
    #[arg(long)]
    pub plan: bool,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
    /// Accept a finding: CODE, CODE:ADDRESS or CODE:ADDRESS/path; repeatable
    #[arg(long, value_name = "CODE[:ADDRESS[/path]]")]
    pub allow: Vec<Allowance>,
    /// Apply although the windows of the environment are shut; the reason is journaled
    #[arg(long, value_name = "REASON")]
    pub outside_window: Option<Reason>,
    /// Leave out the tasks of this resource, or of all where none is named; repeatable
    #[arg(long, value_name = "ADDRESS|GLOB", num_args = 0..=1, default_missing_value = "*/*", value_parser = pattern)]
    pub no_tasks: Vec<String>,
    /// Actions and names in the target, from a file of `kind: Bindings`
    #[arg(long, value_name = "FILE")]
    pub bindings: Option<PathBuf>,
    #[command(flatten)]
    pub choices: Choices,
}

/// Setup actions chosen for this run.
#[derive(Clone, Debug, Default, Args)]
pub struct Choices {
    /// Choose a resource's setup action where its manifest allows it; repeatable
    #[arg(long, value_name = "ADDRESS=ACTION", value_parser = choice)]
    pub setup: Vec<(Address, Action)>,
}

#[derive(Debug, Subcommand)]
pub enum TrashVerb {
    /// Show what is kept, how much of it, since and until when, and from which apply
    #[command(after_help = "Example:\n  reconcile trash list -e dev")]
    List,
    /// Drop what is kept, for good
    #[command(after_help = "Examples:
  reconcile trash purge 3 4 -e dev       these
  reconcile trash purge --expired -e dev what was to be kept until now; the next apply does it as well
  reconcile trash purge --all -e dev     everything")]
    Purge(Purging),
}

/// What is dropped from the trash.
#[derive(Clone, Debug, Args)]
pub struct Purging {
    /// The numbers that `trash list` shows
    #[arg(value_name = "NUMBER", conflicts_with_all = ["all", "expired"])]
    pub numbers: Vec<u64>,
    /// Everything
    #[arg(long, conflicts_with = "expired")]
    pub all: bool,
    /// What was to be kept until now
    #[arg(long)]
    pub expired: bool,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
}

#[derive(Debug, Subcommand)]
pub enum PackageVerb {
    /// Show what a package holds
    #[command(after_help = "Examples:
  reconcile package inspect staging.zip
  reconcile package inspect staging.zip --key release.pub")]
    Inspect {
        file: PathBuf,
        #[command(flatten)]
        signed: Signed,
    },
    /// Check a package in full: signatures, paths, sizes, checksums, version, plan
    #[command(after_help = "Examples:
  reconcile package verify staging.zip && reconcile apply staging.zip
  reconcile package verify staging.zip --key release.pub        signed by this key, or exit 13

Every signature that a package has must be good, with --key or without. With --key, one of them must be of one of the
keys that are given.")]
    Verify {
        file: PathBuf,
        #[command(flatten)]
        signed: Signed,
    },
    /// Sign a package: it keeps every byte, and gets a signature at its end
    #[command(after_help = "Examples:
  reconcile package sign production.zip --key release.key
  reconcile package sign production.zip --key release.key --detached     writes production.zip.sig

An environment whose `requireSignedBy` names the key takes the package; see `reconcile package keygen`.")]
    Sign {
        file: PathBuf,
        /// The private key: Ed25519 in PKCS#8 PEM
        #[arg(long, value_name = "FILE", allow_hyphen_values = true)]
        key: PathBuf,
        /// Leave the package alone, and write the signature to FILE.zip.sig
        #[arg(long)]
        detached: bool,
    },
    /// Make a pair of keys: FILE to sign with, FILE.pub to check with
    #[command(after_help = "Example:\n  reconcile package keygen --out release.key

What it prints is the public key in one line, as `requireSignedBy` of an environment takes it. FILE is for its owner
alone: keep it out of the repository. Neither file is ever written over.")]
    Keygen {
        /// The private key's file
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Show how two packages differ
    #[command(after_help = "Example:\n  reconcile package diff reviewed.zip now.zip")]
    Diff { before: PathBuf, after: PathBuf },
}

/// Whose signatures count.
#[derive(Clone, Debug, Args)]
pub struct Signed {
    /// A public key that must have signed: `ed25519:…` or its file; repeatable, one of them is enough
    #[arg(long = "key", value_name = "KEY|FILE", allow_hyphen_values = true)]
    pub keys: Vec<String>,
    /// The package's detached signatures; default: FILE.zip.sig, where it is there
    #[arg(long, value_name = "FILE.sig")]
    pub signature: Option<PathBuf>,
}

fn digest(text: &str) -> Result<Fingerprint, String> {
    let digits = text.strip_prefix("sha256:").unwrap_or(text);
    digits.parse().map_err(|_| "a digest is 64 hexadecimal digits, as `reconcile plan` shows it".to_owned())
}

/// A limit with room for what is never cut.
fn bytes(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(bytes @ (0 | 4_000..)) => Ok(bytes),
        Ok(_) | Err(_) => Err("write 0, or at least 4000".to_owned()),
    }
}

fn choice(text: &str) -> Result<(Address, Action), String> {
    let (address, action) = text
        .split_once('=')
        .ok_or_else(|| "write ADDRESS=ACTION, for example entity/order=merge".to_owned())?;
    let address = address.parse().map_err(|e: crate::address::NoAddress| e.to_string())?;
    let action = action.parse().map_err(|e: crate::model::setup::NoAction| e.to_string())?;
    Ok((address, action))
}

fn pattern(text: &str) -> Result<String, String> {
    match text.split_once('/') {
        Some((kind, name)) if !kind.is_empty() && !name.is_empty() => Ok(text.to_owned()),
        Some(_) | None => Err("write an address or a glob, for example entity/order".to_owned()),
    }
}

fn stored(text: &str) -> Result<(String, Action), String> {
    let (pattern, action) = text
        .split_once('=')
        .ok_or_else(|| "write ADDRESS=ACTION, for example entity/order=merge".to_owned())?;
    Ok((pattern.to_owned(), action.parse().map_err(|e: crate::model::setup::NoAction| e.to_string())?))
}

fn allowed(text: &str) -> Result<(String, Vec<Action>), String> {
    let (pattern, actions) = text
        .split_once('=')
        .ok_or_else(|| "write ADDRESS=ACTION,…, for example entity/order=merge,overwrite".to_owned())?;
    let actions: Result<Vec<Action>, _> = actions.split(',').map(|word| word.trim().parse()).collect();
    Ok((pattern.to_owned(), actions.map_err(|e: crate::model::setup::NoAction| e.to_string())?))
}

/// Turns the short forms `--plan` and `--watch` into their verbs, wherever they stand before any other verb.
pub fn expand(arguments: impl IntoIterator<Item = std::ffi::OsString>) -> Vec<std::ffi::OsString> {
    let mut arguments: Vec<std::ffi::OsString> = arguments.into_iter().collect();
    let is_short = |argument: &std::ffi::OsString| argument == "--plan" || argument == "--watch";
    let Some(at) = arguments.iter().position(is_short) else { return arguments };
    let takes_value = ["-C", "--directory", "-e", "--environment", "--rev", "--format", "--color"];
    let is_word = |(index, one): (usize, &std::ffi::OsString)| {
        let follows_flag = index > 0 && takes_value.iter().any(|flag| arguments[index - 1] == *flag);
        !follows_flag && !one.to_string_lossy().starts_with('-')
    };
    // Behind another verb it is a flag of that verb.
    let has_verb = arguments.iter().enumerate().take(at).skip(1).any(is_word);
    if !has_verb {
        arguments[at] = if arguments[at] == "--plan" { "plan".into() } else { "watch".into() };
    }
    arguments
}
