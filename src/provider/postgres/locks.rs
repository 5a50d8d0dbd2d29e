//! Whom the steps of a plan keep waiting, and what reads slower after them.
//! Never raised for a small table: there every step is an instant.

use std::collections::{BTreeMap, BTreeSet};

use super::conversion;
use super::lower;
use super::shape::{Index, Rule, Table};
use super::world::{Added, Deed, Known, World, deed};
use crate::address::Address;
use crate::model::entity;
use crate::model::name::RESERVED_PREFIX;
use crate::plan::{Finding, Level, Runs, Step};
use crate::target::{LARGE_TABLE, Scene};

/// Judges every step of a plan, in order.
pub fn findings(steps: &[Step], scene: &Scene<'_>) -> Vec<Finding> {
    let mut judge = Judge::new(scene);
    for step in steps {
        for statement in step.statements.iter().filter(|_| step.task.is_none()) {
            let Some(deed) = deed(statement) else { continue };
            judge.weigh(step, &deed);
            judge.world.follow(&deed);
        }
    }
    judge.finish()
}

/// Who waits while a statement runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Waits {
    /// SHARE and SHARE ROW EXCLUSIVE keep off those who write.
    Writers,
    /// ACCESS EXCLUSIVE keeps off everybody.
    Everybody,
}

/// How long a statement takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Takes {
    Instant,
    /// It reads all rows.
    Scan,
    /// It writes all rows again.
    Rewrite,
}

struct Judge<'a> {
    world: World,
    scene: &'a Scene<'a>,
    /// The large tables that are locked against everybody by now, by their names of today.
    locked: BTreeMap<String, Address>,
    /// Tables with columns of which it is known that they hold no NULL.
    checked: BTreeSet<String>,
    /// The longest work under each lock, by the address of its step.
    long: BTreeMap<(Address, Takes), (Waits, u64)>,
    /// How many rows are gone through while a table is locked that is another one.
    held: BTreeMap<Address, (u64, String)>,
    found: Vec<Finding>,
}

impl<'a> Judge<'a> {
    fn new(scene: &'a Scene<'a>) -> Judge<'a> {
        Judge {
            world: World::new(scene.natives),
            scene,
            locked: BTreeMap::new(),
            checked: BTreeSet::new(),
            long: BTreeMap::new(),
            held: BTreeMap::new(),
            found: Vec::new(),
        }
    }

    fn weigh(&mut self, step: &Step, deed: &Deed) {
        if step.runs == Runs::Before {
            if let Deed::AddConstraint { table, name, rule: Added::Check, .. } = deed
                && name.starts_with(RESERVED_PREFIX)
            {
                self.checked.insert(table.clone());
            }
        } else if let (Some((table, waits, takes)), Runs::Inside) = (self.lock(deed), step.runs) {
            self.note(step, &table, waits, takes);
        }
        self.slower(step, deed);
    }

    /// What is locked, against whom, and for how long.
    fn lock(&self, deed: &Deed) -> Option<(String, Waits, Takes)> {
        let (everybody, writers) = (Waits::Everybody, Waits::Writers);
        let (table, waits, takes) = match deed {
            Deed::Retype { table, column, to } => {
                let found = self.world.tables.get(table)?.table.column(column)?.ty.clone();
                let is_free = conversion::is_rewrite_free(&found, to);
                (table, everybody, if is_free { Takes::Instant } else { Takes::Rewrite })
            }
            Deed::AddColumn { table, writes_rows } => {
                (table, everybody, if *writes_rows { Takes::Rewrite } else { Takes::Instant })
            }
            Deed::SetNotNull { table, .. } => {
                let former = &self.world.tables.get(table)?.former;
                let is_known = self.checked.contains(former);
                (table, everybody, if is_known { Takes::Instant } else { Takes::Scan })
            }
            Deed::AddConstraint { table, rule, is_checked, .. } => match (rule, is_checked) {
                (Added::Reference { .. }, true) => (table, writers, Takes::Scan),
                (Added::Reference { .. }, false) => (table, writers, Takes::Instant),
                (Added::Check | Added::Key, true) => (table, everybody, Takes::Scan),
                (Added::KeyByIndex, _) | (Added::Check | Added::Key, false) => {
                    (table, everybody, Takes::Instant)
                }
            },
            Deed::CreateIndex { table, is_beside: false, .. } => (table, writers, Takes::Scan),
            // What is locked by name is copied then.
            Deed::Lock { table } => (table, writers, Takes::Scan),
            Deed::RenameTable { table, .. }
            | Deed::RenameColumn { table, .. }
            | Deed::RenameConstraint { table, .. }
            | Deed::DropTable { table }
            | Deed::DropColumn { table, .. }
            | Deed::DropConstraint { table, .. }
            | Deed::DropExpression { table, .. }
            | Deed::Alter { table } => (table, everybody, Takes::Instant),
            Deed::DropIndex { name, is_beside: false } => {
                let table = self.world.index(name)?.0.table.name.clone();
                return Some((table, everybody, Takes::Instant));
            }
            Deed::Write { table } => (table, writers, Takes::Rewrite),
            Deed::RenameIndex { .. }
            | Deed::RenameType { .. }
            | Deed::DropType { .. }
            | Deed::DropIndex { .. }
            | Deed::CreateIndex { .. }
            | Deed::Validate { .. } => return None,
        };
        Some((table.clone(), waits, takes))
    }

    fn note(&mut self, step: &Step, table: &str, waits: Waits, takes: Takes) {
        let Some(known) = self.world.tables.get(table) else { return };
        let n_rows = self.n_rows(known);
        if n_rows < LARGE_TABLE {
            return;
        }
        if takes > Takes::Instant {
            // Whoever came for another table waits as long.
            let former = known.former.clone();
            let others = self.locked.iter().filter(|(locked, _)| **locked != former);
            for (_, address) in others {
                let held = self.held.entry(address.clone()).or_insert((0, former.clone()));
                held.0 = held.0.max(n_rows);
            }
            let long = self.long.entry((step.address.clone(), takes)).or_insert((waits, n_rows));
            *long = (long.0.max(waits), long.1.max(n_rows));
        }
        if waits == Waits::Everybody {
            let former = known.former.clone();
            self.locked.entry(former).or_insert_with(|| step.address.clone());
        }
    }

    fn n_rows(&self, known: &Known) -> u64 {
        let before = Address::new(entity::KIND, known.former.as_str());
        let renamed = self.scene.renamed.iter().find(|(_, old)| **old == before).map(|(new, _)| new);
        self.scene.rows.get(renamed.unwrap_or(&before)).copied().unwrap_or_default()
    }

    /// `RK501` to `RK503`: what reads slower than it might.
    fn slower(&mut self, step: &Step, deed: &Deed) {
        let finding = match deed {
            Deed::DropIndex { name, .. } => self.index_dropped(step, name),
            Deed::CreateIndex { table, columns: Some(columns), .. } => self.index_twice(step, table, columns),
            Deed::AddConstraint { table, rule: Added::Reference { to, columns }, .. } => {
                self.reference_alone(step, table, columns, to)
            }
            Deed::RenameTable { .. }
            | Deed::RenameColumn { .. }
            | Deed::RenameConstraint { .. }
            | Deed::RenameIndex { .. }
            | Deed::RenameType { .. }
            | Deed::DropTable { .. }
            | Deed::DropColumn { .. }
            | Deed::DropConstraint { .. }
            | Deed::DropType { .. }
            | Deed::DropExpression { .. }
            | Deed::Retype { .. }
            | Deed::SetNotNull { .. }
            | Deed::AddColumn { .. }
            | Deed::AddConstraint { .. }
            | Deed::Validate { .. }
            | Deed::CreateIndex { .. }
            | Deed::Alter { .. }
            | Deed::Write { .. }
            | Deed::Lock { .. } => None,
        };
        self.found.extend(finding);
    }

    /// The table as the plan leaves it.
    fn wanted(&self, step: &Step) -> Option<Table> {
        let entity = self.scene.after.get(&step.address)?.as_entity()?;
        Some(lower::table(&step.address.name, entity, self.scene.after))
    }

    fn index_dropped(&self, step: &Step, name: &str) -> Option<Finding> {
        let (known, index) = self.world.index(name)?;
        let columns = index.columns.as_ref()?;
        let n_rows = self.n_rows(known);
        let is_led = self.wanted(step).is_some_and(|wanted| led_by(&wanted, columns).next().is_some());
        (n_rows >= LARGE_TABLE && !is_led).then(|| {
            let message = format!(
                "drops the index on ({}): what looks for rows by it reads all {} instead",
                columns.join(", "),
                rows(n_rows)
            );
            finding("RK501", step, n_rows, message, "see that no query looks for rows by it")
        })
    }

    fn index_twice(&self, step: &Step, table: &str, columns: &[String]) -> Option<Finding> {
        let n_rows = self.world.tables.get(table).map(|known| self.n_rows(known)).unwrap_or_default();
        let wanted = self.wanted(step)?;
        // Beside its writers it is built under another name.
        let is_own = |one: &&Index| !one.unique && one.columns.as_deref() == Some(columns);
        let own = wanted.indexes.iter().find(is_own)?;
        let other = led_by(&wanted, columns).find(|(other, _)| **other != own.name)?;
        let message = format!(
            "an index on ({}) is needless beside `{}`, which begins alike",
            columns.join(", "),
            other.0
        );
        (n_rows >= LARGE_TABLE)
            .then(|| finding("RK502", step, n_rows, message, "leave it out: every write keeps both"))
    }

    fn reference_alone(&self, step: &Step, table: &str, columns: &[String], to: &str) -> Option<Finding> {
        let n_rows = self.n_rows(self.world.tables.get(table)?);
        let wanted = self.wanted(step)?;
        (n_rows >= LARGE_TABLE && led_by(&wanted, columns).next().is_none()).then(|| {
            let names = columns.join(", ");
            let message = format!(
                "no index is on ({names}): whoever deletes from `{to}` or changes its key reads all {}",
                rows(n_rows)
            );
            finding("RK503", step, n_rows, message, &format!("declare an index on [{names}]"))
        })
    }

    fn finish(self) -> Vec<Finding> {
        let mut found = self.found;
        for ((address, takes), (waits, n_rows)) in &self.long {
            let does = match takes {
                Takes::Rewrite => "writes",
                Takes::Scan | Takes::Instant => "reads",
            };
            let again = if *takes == Takes::Rewrite { " again" } else { "" };
            let who = match waits {
                Waits::Everybody => "everybody else waits",
                Waits::Writers => "everybody who writes waits",
            };
            let code = if *takes == Takes::Rewrite { "RK301" } else { "RK302" };
            let message = format!("{does} all {}{again}, and {who} meanwhile", rows(*n_rows));
            found.push(Finding { help: None, ..about(code, address, *n_rows, message, "") });
        }
        for (address, (n_rows, table)) in &self.held {
            let message = format!(
                "stays locked against everybody until the transaction ends, while {} of `{table}` are gone through",
                rows(*n_rows)
            );
            let help = "apply the two changes one after the other";
            found.push(about("RK303", address, *n_rows, message, help));
        }
        found
    }
}

/// The names of what keeps an index that begins with these columns, with its columns.
fn led_by<'t>(table: &'t Table, columns: &'t [String]) -> impl Iterator<Item = (&'t String, &'t [String])> {
    let keys = table.constraints.iter().filter(|one| matches!(one.rule, Rule::PrimaryKey | Rule::Unique));
    let keys = keys.map(|one| (&one.name, one.columns.as_slice()));
    let indexes = table.indexes.iter().filter_map(|one| Some((&one.name, one.columns.as_deref()?)));
    keys.chain(indexes).filter(move |(_, own)| own.starts_with(columns))
}

fn rows(n_rows: u64) -> String {
    crate::plan::count(n_rows, "row")
}

fn finding(code: &str, step: &Step, n_rows: u64, message: String, help: &str) -> Finding {
    about(code, &step.address, n_rows, message, help)
}

fn about(code: &str, address: &Address, n_rows: u64, message: String, help: &str) -> Finding {
    Finding {
        code: code.to_owned(),
        level: Level::Notice,
        address: address.clone(),
        path: None,
        message,
        rows: Some(n_rows),
        samples: Vec::new(),
        help: Some(help.to_owned()),
        allowed_by: None,
        judged: None,
    }
}
