//! The plan: everything that apply will do to one environment, as one value.
//! Never makes itself: the planner does; renderers print it, packages hold it, sessions run it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::diff::change::{Change, Kept, task_path};
use crate::diff::decision::Verb;
use crate::fingerprint::Fingerprint;
use crate::model::trash::Moved;
use crate::source::Revision;

/// The number of a step in its plan, from 1.
pub type StepId = u32;

/// All steps for one environment, in order, bound to a base.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    pub environment: String,
    /// The provider's name: `sqlite`.
    pub provider: String,
    /// The target as people know it, without secrets: `sqlite .reconcile/staging.db`.
    pub target: String,
    pub revision: Revision,
    /// The apply of another environment that this repeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promoted_from: Option<Promotion>,
    /// The applies that this takes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolled_back: Option<Rollback>,
    /// What this is compared with instead of a target: then it is a preview that nothing applies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compared: Option<Compared>,
    /// What the target was when this was planned; on any other base the plan is stale.
    pub base: Fingerprint,
    /// What is declared for this environment.
    pub goal: Fingerprint,
    pub policy: Policy,
    pub changes: Vec<Change>,
    pub steps: Vec<Step>,
    pub findings: Vec<Finding>,
    /// What the data said. Apply asks again and refuses when the answer has changed.
    pub facts: Vec<Fact>,
    /// What is moved aside before it is destroyed or changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trash: Vec<Moved>,
    /// What is not declared and stays, with the reason.
    pub kept: Vec<Kept>,
    pub summary: Summary,
}

/// An apply of one environment that is repeated in another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Promotion {
    pub environment: String,
    /// The journal's number of that apply there.
    pub entry: u64,
}

/// The revision that stands in for a target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Compared {
    /// As it was asked for: `origin/main`.
    pub named: String,
    /// Where both sides were last the same.
    pub base: Revision,
}

/// Applies that are taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rollback {
    /// The journal's number of the apply that the target is brought back before.
    pub to_before: u64,
    /// The applies whose changes are undone one after the other, the newest first.
    pub undone: Vec<u64>,
}

/// The environment's limits, as the plan was made under them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Policy {
    pub prune: bool,
    pub auto_apply: bool,
    /// How many resources and members one plan may destroy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_destroy: Option<usize>,
    /// How many days what the plan moves aside is kept; 0 keeps nothing.
    #[serde(default)]
    pub trash: u32,
}

/// The smallest unit that is shown, run, journaled and resumed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    pub id: StepId,
    pub address: Address,
    /// What it does, for people: `rebuild table "order"`.
    pub title: String,
    /// The very statements that run, in order.
    pub statements: Vec<String>,
    /// The task whose SQL this is; none where the step is the tool's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskStep>,
    #[serde(default, skip_serializing_if = "Runs::is_inside")]
    pub runs: Runs,
    /// The number of its transaction, from 1, where what a server can lock at once needs several; else 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub part: u32,
    /// The statements that take back what ran before the transaction, where the apply fails after it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undo: Vec<String>,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// When a step runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Runs {
    /// Alone, before the transaction: it does not block others for long, and is taken back if the apply fails.
    Before,
    /// In the one transaction.
    #[default]
    Inside,
    /// Alone, after the transaction: it only tidies up.
    After,
}

impl Runs {
    pub fn is_inside(&self) -> bool {
        *self == Runs::Inside
    }
}

/// What a step needs to know of its task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskStep {
    pub name: String,
    /// The very query that is asked right before; where it returns a row, the step is skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unless: Option<String>,
}

impl TaskStep {
    /// The path inside the resource, as `--allow` writes it.
    pub fn path(&self) -> String {
        task_path(&self.name)
    }
}

impl Step {
    /// The query that says whether anything is left to do, where there is one.
    pub fn unless(&self) -> Option<&str> {
        self.task.as_ref()?.unless.as_deref()
    }
}

/// A coded remark on a step's risk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// `RK` and three digits; never changes its meaning.
    pub code: String,
    pub level: Level,
    pub address: Address,
    /// The path inside the resource, `fax`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// One line without a full stop: `destroys 17 values`.
    pub message: String,
    /// How many rows it costs or concerns, measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// The keys of up to five of these rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub samples: Vec<String>,
    /// The next move.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// The entry of the environment's `allow` that accepts it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_by: Option<String>,
    /// What the repository's policy makes of it, where it makes anything of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judged: Option<Judged>,
}

/// What the repository's policy makes of a finding.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Judged {
    /// The level that it has of itself, where the policy gives it another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_level: Option<Level>,
    /// What lets it pass for a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiver: Option<Waived>,
}

/// A waiver that lets a finding pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Waived {
    pub reason: String,
    /// The last day on which it counts: `2027-01-31`.
    pub expires: String,
}

impl Finding {
    /// The waiver that lets it pass.
    pub fn waiver(&self) -> Option<&Waived> {
        self.judged.as_ref()?.waiver.as_ref()
    }

    /// The level that it has of itself, where the policy gives it another.
    pub fn own_level(&self) -> Option<Level> {
        self.judged.as_ref()?.own_level
    }

    /// What allows exactly this: `RK203:entity/order/fax`.
    pub fn allowance(&self) -> String {
        format!("{}:{}", self.code, self.place())
    }

    /// Where it is: `entity/order/fax`.
    pub fn place(&self) -> String {
        match &self.path {
            Some(path) => format!("{}/{path}", self.address),
            None => self.address.to_string(),
        }
    }
}

/// How much a finding stands in the way.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Shown.
    Notice,
    /// Must be allowed by name before apply.
    Consent,
    /// Would fail or lose data without a word: no allowance helps, the cause must go.
    Refuse,
}

/// A question that was asked of the data, and its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Fact {
    pub address: Address,
    /// The query, in the target's own words.
    pub query: String,
    /// How many rows it found.
    pub count: u64,
}

/// The counts of the last line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    pub add: usize,
    /// Updated and adopted resources.
    pub change: usize,
    pub destroy: usize,
    /// Released and forgotten resources: no longer ours, left as they are.
    pub forget: usize,
    /// Destroyed resources, and destroyed fields and options of others: what `maxDestroy` limits.
    pub destroyed: usize,
}

impl Summary {
    pub fn of(changes: &[Change]) -> Summary {
        let mut summary = Summary::default();
        for change in changes {
            match change.verb {
                Verb::Create => summary.add += 1,
                Verb::Adopt | Verb::Update => summary.change += 1,
                Verb::Delete => {
                    summary.destroy += 1;
                    summary.destroyed += 1;
                    continue;
                }
                Verb::Release | Verb::Forget => summary.forget += 1,
                Verb::Keep => {}
            }
            summary.destroyed += change
                .members
                .iter()
                .filter(|m| m.verb == Verb::Delete && matches!(m.section.as_str(), "fields" | "options"))
                .count();
        }
        summary
    }
}

impl Plan {
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The findings that say what is destroyed, and of which nothing is kept.
    pub fn lost(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|f| matches!(f.code.as_str(), "RK201" | "RK203") && !self.is_kept(f))
    }

    /// Tells whether what a finding says is destroyed is moved aside before.
    pub fn is_kept(&self, finding: &Finding) -> bool {
        let change = self.changes.iter().find(|change| change.address == finding.address);
        let before = change.map_or(&finding.address, |change| change.address_before());
        self.trash.iter().filter(|moved| moved.address == *before).any(|moved| match &finding.path {
            _ if moved.is_whole() => true,
            Some(path) => moved.fields().contains(&path.as_str()),
            None => false,
        })
    }

    /// The numbers of what it brings back from the trash.
    pub fn restores(&self) -> impl Iterator<Item = u64> + '_ {
        self.changes
            .iter()
            .filter_map(|change| change.restored.as_ref())
            .flat_map(|one| one.from.iter().copied())
    }

    /// The transactions that the plan is cut into, each as a plan of its own: what becomes of the resources whose last
    /// step it holds. One where it is not cut.
    pub fn parts(&self) -> Vec<Plan> {
        let n_parts = self.steps.iter().map(|step| step.part).max().unwrap_or_default();
        if n_parts < 2 {
            return vec![self.clone()];
        }
        let mut part_of: BTreeMap<&Address, u32> = BTreeMap::new();
        for step in &self.steps {
            let part = part_of.entry(&step.address).or_default();
            *part = step.part.max(*part);
        }
        let is_of =
            |number: u32, address: &Address| part_of.get(address).copied().unwrap_or(1).max(1) == number;
        // What tidies up after a resource belongs to the part that changes it last.
        let is_in = |number: u32, step: &Step| match step.runs {
            Runs::Inside => step.part == number,
            Runs::After => is_of(number, &step.address),
            Runs::Before => false,
        };
        let cut = |number: u32| {
            let changes: Vec<Change> =
                self.changes.iter().filter(|change| is_of(number, &change.address)).cloned().collect();
            let is_moved = |moved: &&Moved| changes.iter().any(|one| *one.address_before() == moved.address);
            Plan {
                steps: self.steps.iter().filter(|step| is_in(number, step)).cloned().collect(),
                trash: self.trash.iter().filter(is_moved).cloned().collect(),
                findings: self.findings.iter().filter(|f| is_of(number, &f.address)).cloned().collect(),
                summary: Summary::of(&changes),
                changes,
                facts: Vec::new(),
                kept: Vec::new(),
                environment: self.environment.clone(),
                provider: self.provider.clone(),
                target: self.target.clone(),
                revision: self.revision.clone(),
                promoted_from: self.promoted_from.clone(),
                rolled_back: self.rolled_back.clone(),
                compared: self.compared.clone(),
                base: self.base,
                goal: self.goal,
                policy: self.policy.clone(),
            }
        };
        (1..=n_parts).map(cut).collect()
    }

    /// Identifies the plan: the SHA-256 of its JSON form.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self)
    }

    /// Accepts the findings that entries of an environment's `allow` cover.
    pub fn allow(&mut self, entries: &[String]) {
        let allowances: Vec<Allowance> = entries.iter().filter_map(|e| e.parse().ok()).collect();
        for finding in self.findings.iter_mut().filter(|f| f.level == Level::Consent && f.waiver().is_none())
        {
            finding.allowed_by = allowances.iter().find(|a| a.covers(finding)).map(|a| a.as_str().to_owned());
        }
    }

    /// Brings the findings into the order of the changes.
    pub fn sort_findings(&mut self) {
        let places = self.changes.iter().enumerate().map(|(i, change)| (&change.address, i));
        let place: BTreeMap<&Address, usize> = places.collect();
        self.findings.sort_by_cached_key(|f| {
            (place.get(&f.address).copied(), f.path.clone(), f.code.clone(), f.message.clone())
        });
    }

    /// Withdraws what waivers let pass that do not count on this day any more.
    pub fn withdraw_waivers(&mut self, today: &str) {
        for finding in &mut self.findings {
            if finding.waiver().is_some_and(|waiver| waiver.expires.as_str() < today) {
                finding.allowed_by = None;
                let own_level = finding.own_level();
                finding.judged = own_level.map(|own| Judged { own_level: Some(own), waiver: None });
            }
        }
    }

    /// The findings that waivers let pass, as the journal keeps them.
    pub fn waived(&self) -> impl Iterator<Item = String> + '_ {
        self.findings.iter().filter_map(|finding| {
            let waiver = finding.waiver()?;
            Some(format!("{} (waived until {}: {})", finding.allowance(), waiver.expires, waiver.reason))
        })
    }

    /// Identifies what the plan does to what, whoever plans it, when, and from which commit: two revisions that come to
    /// the same have the same digest, and a target that has moved gives another. What a notice has counted is left
    /// out, so that rows which come and go do not make another plan of it; what must be allowed is not.
    pub fn digest(&self) -> Fingerprint {
        let mut same = Plan { revision: Revision::default(), ..self.clone() };
        for finding in same.findings.iter_mut().filter(|finding| finding.level == Level::Notice) {
            (finding.message, finding.help) = (String::new(), None);
            (finding.rows, finding.samples) = (None, Vec::new());
        }
        Fingerprint::of(&same)
    }

    /// Returns what stands between this plan and an apply, given further allowances.
    pub fn refusals(&self, allow: &[Allowance]) -> Vec<Refusal<'_>> {
        let mut refusals: Vec<Refusal<'_>> = self
            .findings
            .iter()
            .filter_map(|finding| match finding.level {
                Level::Notice => None,
                Level::Consent if finding.allowed_by.is_some() => None,
                Level::Consent if allow.iter().any(|a| a.covers(finding)) => None,
                Level::Consent => Some(Refusal::NotAllowed(finding)),
                Level::Refuse => Some(Refusal::Impossible(finding)),
            })
            .collect();
        if let Some(limit) = self.policy.max_destroy
            && self.summary.destroyed > limit
        {
            refusals.push(Refusal::DestroysTooMuch { destroyed: self.summary.destroyed, limit });
        }
        refusals
    }
}

/// Why a plan may not be applied as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal<'a> {
    NotAllowed(&'a Finding),
    Impossible(&'a Finding),
    DestroysTooMuch { destroyed: usize, limit: usize },
}

/// An entry of `allow` or `--allow`: `CODE`, `CODE:ADDRESS` or `CODE:ADDRESS/path`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowance {
    text: String,
    code: String,
    place: Option<String>,
}

/// A text that is no allowance.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "`{0}` is no allowance; write CODE, CODE:ADDRESS or CODE:ADDRESS/path, for example RK203:entity/order/fax"
)]
pub struct NoAllowance(pub String);

impl std::str::FromStr for Allowance {
    type Err = NoAllowance;

    fn from_str(text: &str) -> Result<Allowance, NoAllowance> {
        let (code, place) = match text.split_once(':') {
            Some((code, place)) => (code, Some(place)),
            None => (text, None),
        };
        let digits = code.strip_prefix("RK").unwrap_or_default();
        let is_code = digits.len() == 3 && digits.bytes().all(|b| b.is_ascii_digit());
        if !is_code || place.is_some_and(|p| !p.contains('/')) {
            return Err(NoAllowance(text.to_owned()));
        }
        Ok(Allowance { text: text.to_owned(), code: code.to_owned(), place: place.map(str::to_owned) })
    }
}

impl Allowance {
    pub fn covers(&self, finding: &Finding) -> bool {
        let address = finding.address.to_string();
        self.code == finding.code
            && match (&self.place, &finding.path) {
                (None, _) => true,
                (Some(place), _) if *place == address => true,
                (Some(place), Some(path)) => *place == format!("{address}/{path}"),
                (Some(_), None) => false,
            }
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// `1 row`, `1,204 rows`.
pub fn count(n: u64, one: &str) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    let many = if n == 1 { "" } else { "s" };
    format!("{text} {one}{many}")
}
