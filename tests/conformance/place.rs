//! One target of a provider, driven as the command line drives it.
//! Never reads what it made through the provider, where the database can be asked itself.

use std::fs;
use std::path::Path;

use reconcile::apply::{ApplyError, Impatient, Moment, Observer, Terms};
use reconcile::fingerprint::Fingerprint;
use reconcile::journal::Holder;
use reconcile::model::state::{Desired, Snapshot};
use reconcile::ops;
use reconcile::plan::{Allowance, Plan};
use reconcile::provider::open::{self, Mode};
use reconcile::report::{Applied, Report};
use reconcile::source::Revision;
use reconcile::target::Target;
use serde_yaml::Value;

use crate::cases::declared;
use crate::cases::folder::{self, Folder};
use crate::stage::{Objects, Provider, Rows, Stage};

/// Every finding that a person may allow.
const CONSENTS: [&str; 7] = ["RK201", "RK203", "RK211", "RK230", "RK401", "RK402", "RK403"];

pub struct Place {
    pub provider: &'static Provider,
    pub stage: Box<dyn Stage>,
}

/// All that an apply that changes nothing must leave as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    pub objects: Objects,
    pub rows: Rows,
    pub record: Rows,
    pub base: Fingerprint,
}

/// Stops an apply at its nth moment.
pub struct StopAt(pub usize);

impl Observer for StopAt {
    fn at(&mut self, _: &Moment) -> Result<(), String> {
        let is_now = self.0 == 0;
        self.0 = self.0.wrapping_sub(1);
        if is_now { Err("stopped by the test".to_owned()) } else { Ok(()) }
    }
}

/// Lets an apply go on.
pub const NEVER: StopAt = StopAt(usize::MAX);

impl Place {
    pub fn fresh(provider: &'static Provider) -> Option<Place> {
        Some(Place { provider, stage: (provider.fresh)()? })
    }

    /// Another target of the same provider.
    pub fn another(&self) -> Place {
        Place::fresh(self.provider).expect("there was one before")
    }

    /// Resources written as in a file, for an environment that prunes and overwrites.
    pub fn declared(&self, manifests: &str) -> Desired {
        self.declared_with(manifests, "  setup: { default: overwrite }\n  prune: true\n")
    }

    /// `settings` are lines of the environment's spec.
    pub fn declared_with(&self, manifests: &str, settings: &str) -> Desired {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("all.yaml"), written(manifests)).unwrap();
        declared::in_folder(folder.path(), self.provider, settings)
            .unwrap_or_else(|fault| panic!("{fault}\n{manifests}"))
    }

    pub fn open(&self, mode: Mode) -> Box<dyn Target> {
        open::open(&self.stage.config(), self.stage.root(), mode).unwrap()
    }

    pub fn snapshot(&self) -> Snapshot {
        self.open(Mode::Read).inspect().unwrap()
    }

    pub fn plan(&self, desired: &Desired) -> Plan {
        let mut target = self.open(Mode::Read);
        ops::plan::plan(desired.clone(), target.as_mut(), &Revision::default()).unwrap()
    }

    /// Applies with every consent given.
    pub fn apply(&self, plan: &Plan, goal: Option<&Desired>) -> Result<Report, ApplyError> {
        self.apply_watched(plan, goal, &mut { NEVER })
    }

    pub fn apply_watched(
        &self,
        plan: &Plan,
        goal: Option<&Desired>,
        observer: &mut dyn Observer,
    ) -> Result<Report, ApplyError> {
        let allow: Vec<Allowance> = CONSENTS.iter().map(|code| code.parse().unwrap()).collect();
        self.apply_allowing(plan, goal, &allow, observer)
    }

    pub fn apply_allowing(
        &self,
        plan: &Plan,
        goal: Option<&Desired>,
        allow: &[Allowance],
        observer: &mut dyn Observer,
    ) -> Result<Report, ApplyError> {
        let clock = || "2026-01-01T00:00:01Z".to_owned();
        let holder = holder("ada");
        let terms = Terms {
            holder: &holder,
            allow,
            signed_by: &[],
            clock: &clock,
            outside_window: None,
            patience: &Impatient,
        };
        ops::apply::run(plan, goal.cloned(), self.open(Mode::Write).as_mut(), &terms, observer)
    }

    /// Brings the target to what is declared, and holds that a new plan is empty. Returns the journal's number.
    pub fn bring(&self, desired: &Desired) -> u64 {
        let plan = self.plan(desired);
        let report = self.apply(&plan, Some(desired)).unwrap_or_else(|e| panic!("{e:?}\n{}", sql(&plan)));
        assert_eq!(report.outcome, Applied::Done, "{report:#?}\n{}", sql(&plan));
        report.entry.expect("what is applied is kept in the journal")
    }

    pub fn insert(&mut self, table: &str, rows: &[&[(&str, &str)]]) {
        let cell = |(name, text): &(&str, &str)| ((*name).to_owned(), Value::from(*text));
        let rows = rows.iter().map(|row| row.iter().map(cell).collect()).collect();
        assert_eq!(self.stage.insert(&[(table.to_owned(), rows)]), Vec::<String>::new());
    }

    pub fn run(&mut self, sql: &str) {
        self.stage.run(sql).unwrap_or_else(|e| panic!("{sql}: {e}"));
    }

    /// What a column holds, in the order of the primary key.
    pub fn column(&mut self, table: &str, column: &str) -> Vec<Value> {
        let rows = self.stage.rows().remove(table).unwrap_or_default();
        rows.into_iter().map(|mut row| row.remove(column).unwrap_or_default()).collect()
    }

    pub fn see(&mut self) -> Seen {
        let mut record = self.stage.record();
        // That an apply failed is kept, so the tables of the record may be made where there were none.
        record.retain(|table, rows| !rows.is_empty() && !table.ends_with("meta"));
        Seen {
            objects: self.stage.objects(),
            rows: self.stage.rows(),
            record,
            base: self.snapshot().fingerprint(),
        }
    }

    /// A case brought to the point where its change is planned, and what it leads to.
    pub fn at_the_point(&mut self, name: &str) -> Desired {
        let folder = case(name);
        let side = |side: &str| declared::side(&folder, side, self.provider).unwrap();
        let (before, after) = (side("before"), side("after"));
        if !before.resources.is_empty() {
            self.bring(&before);
        }
        assert_eq!(self.stage.insert(&folder.rows), Vec::<String>::new(), "{name}");
        after
    }
}

pub fn holder(actor: &str) -> Holder {
    Holder { actor: actor.to_owned(), since: "2026-01-01T00:00:00Z".to_owned() }
}

pub fn sql(plan: &Plan) -> String {
    plan.steps.iter().flat_map(|step| &step.statements).map(|one| format!("{one};\n")).collect()
}

fn case(name: &str) -> Folder {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut all = folder::all(&root).into_iter();
    all.find(|folder| folder.name == name).unwrap_or_else(|| panic!("there is no case {name}"))
}

/// `Entity order` or `Entity order once purchase`, and its spec below it, indented; one resource a paragraph.
pub fn written(manifests: &str) -> String {
    let one = |text: &str| {
        let (head, spec) = text.trim().split_once('\n').expect("a name, and a spec below it");
        let (kind, name) = head.trim().split_once(' ').expect("a kind and a name");
        let indent = spec.len() - spec.trim_start().len();
        let spec: String = spec.lines().map(|line| format!("  {}\n", &line[indent..])).collect();
        let metadata = match name.split_once(" once ") {
            Some((name, before)) => format!("name: {name}, renamedFrom: {before}"),
            None => format!("name: {name}"),
        };
        format!("apiVersion: reconcile/v1\nkind: {kind}\nmetadata: {{ {metadata} }}\nspec:\n{spec}")
    };
    manifests.trim().split("\n\n").map(one).collect::<Vec<_>>().join("---\n")
}
