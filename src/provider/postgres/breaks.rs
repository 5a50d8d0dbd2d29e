//! What of others stands in the way of a plan: PostgreSQL changes no column that a view, a policy or a trigger reads, and
//! drops nothing that something else needs.
//! Never asks the target: the inspection has seen it already.

use std::collections::BTreeSet;

use super::lexer::{Sort, Token, tokens};
use super::reader::Reader;
use super::shape::{Constraint, Rule};
use super::way;
use super::world::{Deed, Known, World, deed};
use crate::address::Address;
use crate::model::entity;
use crate::plan::{Finding, Level, Step};
use crate::target::Scene;

/// Judges every step of a plan, in order.
pub fn findings(steps: &[Step], scene: &Scene<'_>) -> Vec<Finding> {
    let readers = Reader::all(scene.natives);
    let world = World::new(scene.natives);
    let was_there = world.tables.keys().cloned().collect();
    let mut judge = Judge { world, readers, scene, was_there, handled: BTreeSet::new() };
    let mut found = Vec::new();
    for step in steps {
        for statement in &step.statements {
            if step.task.is_some() {
                judge.handled.extend(changed_names(statement));
            } else if let Some(name) = made(statement) {
                found.extend(judge.make(step, &name));
            } else if let Some(deed) = deed(statement) {
                found.extend(judge.weigh(step, &deed));
                judge.world.follow(&deed);
            }
        }
    }
    found
}

/// The name of the table that a statement of ours makes.
fn made(statement: &str) -> Option<String> {
    let rest = statement.strip_prefix("CREATE TABLE ")?;
    tokens(rest).ok()?.first()?.name()
}

/// The names in the SQL of a task that makes, changes or drops objects: what they are afterwards is not known.
fn changed_names(sql: &str) -> Vec<String> {
    let found = tokens(sql).unwrap_or_default();
    let inner = found.iter().filter(|token| token.sort == Sort::Text).filter_map(Token::value);
    let mut names: Vec<String> = inner.flat_map(|text| changed_names(&text)).collect();
    if found.iter().any(|token| ["DROP", "ALTER", "CREATE"].iter().any(|word| token.is(word))) {
        names.extend(found.iter().filter_map(Token::name));
    }
    names
}

struct Judge<'a> {
    world: World,
    readers: Vec<Reader>,
    scene: &'a Scene<'a>,
    was_there: BTreeSet<String>,
    /// What tasks that ran by now have changed.
    handled: BTreeSet<String>,
}

impl Judge<'_> {
    fn weigh(&self, step: &Step, deed: &Deed) -> Vec<Finding> {
        match deed {
            Deed::DropTable { table } => self.drop_table(step, table),
            Deed::DropColumn { table, column } => self.drop_column(step, table, column),
            Deed::Retype { table, column, .. } => self.retype(step, table, column),
            Deed::DropConstraint { table, name } => {
                let Some(known) = self.world.tables.get(table) else { return Vec::new() };
                let dropped = known.table.constraint(name).filter(|one| is_key(one));
                dropped.map(|key| self.drop_key(step, table, known, &key.columns)).unwrap_or_default()
            }
            Deed::DropIndex { name, .. } => {
                let Some((known, index)) = self.world.index(name).filter(|(_, index)| index.unique) else {
                    return Vec::new();
                };
                let columns = index.columns.clone().unwrap_or_default();
                self.drop_key(step, &known.table.name, known, &columns)
            }
            Deed::DropType { name } => self.drop_type(step, name),
            Deed::RenameTable { .. }
            | Deed::RenameColumn { .. }
            | Deed::RenameConstraint { .. }
            | Deed::RenameIndex { .. }
            | Deed::RenameType { .. }
            | Deed::DropExpression { .. }
            | Deed::SetNotNull { .. }
            | Deed::AddColumn { .. }
            | Deed::AddConstraint { .. }
            | Deed::Validate { .. }
            | Deed::CreateIndex { .. }
            | Deed::Alter { .. }
            | Deed::Write { .. }
            | Deed::Lock { .. } => Vec::new(),
        }
    }

    /// Something that no manifest can tell of has the name of what is to be made.
    fn make(&self, step: &Step, name: &str) -> Option<Finding> {
        let is_it = |kind: &str| {
            let mut natives = self.scene.natives.iter();
            natives.any(|native| native.kind == kind && native.name == name) && !self.handled.contains(name)
        };
        let kind = match self.world.tables.contains_key(name) {
            true => "table",
            false => *["view", "materialized view", "sequence"].iter().find(|kind| is_it(kind))?,
        };
        let message = format!(
            "step {} would fail: a {kind} `{name}` is there already, and no manifest can say it",
            step.id
        );
        let help = format!("`reconcile drift` says why; rename or drop the {kind} `{name}` first");
        Some(finding("RK111", step, None, message, help))
    }

    /// Tells whether a reader is still what the inspection saw.
    fn is_there(&self, reader: &Reader) -> bool {
        let own = reader.name.split('(').next().unwrap_or_default();
        let own = own.rsplit('.').next().unwrap_or_default().trim_matches('"');
        if self.handled.contains(own) {
            return false;
        }
        let Some(on) = &reader.on else { return true };
        let home = self.world.tables.values().find(|known| known.former == *on);
        match home {
            None => !self.was_there.contains(on),
            Some(home) if reader.kind == "generated column" => {
                let is_it = |name: &str| home.columns.get(name) == Some(&reader.name);
                home.table.columns.iter().any(|one| is_it(&one.name) && one.made.is_generated())
            }
            Some(_) => true,
        }
    }

    /// Those that read a table or type, by its name before the plan; of one column, or of any.
    fn readers_of(&self, former: &str, is_read: impl Fn(&Reader) -> bool) -> Vec<String> {
        let all = self.readers.iter().filter(|reader| reader.of == former && is_read(reader));
        let mut names: Vec<String> =
            all.filter(|reader| self.is_there(reader)).map(Reader::describe).collect();
        names.dedup();
        let mut seen = BTreeSet::new();
        names.retain(|name| seen.insert(name.clone()));
        names
    }

    fn drop_table(&self, step: &Step, table: &str) -> Vec<Finding> {
        let Some(known) = self.world.tables.get(table) else { return Vec::new() };
        let readers = self.readers_of(&known.former, |reader| !reader.is_own && !is_abroad(reader));
        let mut pointing = self.pointing(table, |on, _| on != table);
        pointing.extend(self.readers_of(&known.former, is_abroad));
        let read = (!readers.is_empty()).then(|| read(step, None, "cannot be dropped", &readers));
        let needed = (!pointing.is_empty()).then(|| needed(step, None, "cannot be dropped", &pointing));
        read.into_iter().chain(needed).collect()
    }

    fn drop_column(&self, step: &Step, table: &str, column: &str) -> Vec<Finding> {
        let Some((known, former)) = self.column(table, column) else { return Vec::new() };
        let is_read = |reader: &Reader| reader.column.as_deref() == Some(former);
        let readers = self.readers_of(&known.former, |reader| is_read(reader) && !is_abroad(reader));
        let mut pointing = self.pointing(table, |_, far| far.iter().any(|one| one == column));
        pointing.extend(self.readers_of(&known.former, |reader| is_read(reader) && is_abroad(reader)));
        let path = self.path(step, known, former, column);
        let read = (!readers.is_empty()).then(|| read(step, path.clone(), "cannot be dropped", &readers));
        let needed = (!pointing.is_empty()).then(|| needed(step, path, "cannot be dropped", &pointing));
        read.into_iter().chain(needed).collect()
    }

    fn retype(&self, step: &Step, table: &str, column: &str) -> Vec<Finding> {
        let Some((known, former)) = self.column(table, column) else { return Vec::new() };
        let is_read = |reader: &Reader| reader.column.as_deref() == Some(former) && reader.holds_type();
        let readers = self.readers_of(&known.former, is_read);
        let path = self.path(step, known, former, column);
        (!readers.is_empty())
            .then(|| read(step, path, "cannot change its type", &readers))
            .into_iter()
            .collect()
    }

    /// A key goes that references of others need. Where another key is on the same columns, it is not known which of the
    /// two they need.
    fn drop_key(&self, step: &Step, table: &str, known: &Known, columns: &[String]) -> Vec<Finding> {
        let keys = known.table.constraints.iter().filter(|one| is_key(one) && one.columns == columns).count();
        let indexes = known.table.indexes.iter();
        let indexes = indexes.filter(|one| one.unique && one.columns.as_deref() == Some(columns)).count();
        if columns.is_empty() || keys + indexes > 1 {
            return Vec::new();
        }
        let same = |_: &str, far: &[String]| {
            far.len() == columns.len() && far.iter().all(|column| columns.contains(column))
        };
        let mut pointing = self.pointing(table, same);
        // Of another schema it is known which columns it points at, one by one.
        let former: Vec<&String> = columns.iter().filter_map(|column| known.columns.get(column)).collect();
        let abroad = |reader: &Reader| {
            let read = |column: &&String| {
                self.readers.iter().any(|one| {
                    one.kind == reader.kind
                        && one.name == reader.name
                        && one.on == reader.on
                        && one.column.as_ref() == Some(*column)
                })
            };
            is_abroad(reader) && former.iter().all(read)
        };
        pointing.extend(self.readers_of(&known.former, abroad));
        (!pointing.is_empty())
            .then(|| needed(step, None, "cannot lose this key", &pointing))
            .into_iter()
            .collect()
    }

    fn drop_type(&self, step: &Step, name: &str) -> Vec<Finding> {
        let Some(former) = self.world.types.get(name) else { return Vec::new() };
        let mut readers = self.readers_of(former, |_| true);
        for known in self.world.tables.values() {
            let columns = known.table.columns.iter().filter(|one| one.enumeration.as_deref() == Some(name));
            readers.extend(columns.map(|one| format!("column `{}` of `{}`", one.name, known.table.name)));
        }
        (!readers.is_empty())
            .then(|| read(step, None, "cannot lose its present type", &readers))
            .into_iter()
            .collect()
    }

    /// The references to columns of a table; `is_meant` is given the table that one is on, and the columns.
    fn pointing(&self, table: &str, is_meant: impl Fn(&str, &[String]) -> bool) -> Vec<String> {
        let all = self.world.references_to(table).into_iter().filter(|(on, one)| match &one.rule {
            Rule::Reference(far) => is_meant(&on.table.name, &far.columns),
            Rule::PrimaryKey | Rule::Unique | Rule::Check(_) | Rule::Other(_) => false,
        });
        all.map(|(known, one)| format!("foreign key `{}` on `{}`", one.name, known.table.name)).collect()
    }

    /// A column with the name that it has before the plan. None where the plan has made it.
    fn column<'w>(&'w self, table: &str, column: &str) -> Option<(&'w Known, &'w str)> {
        let known = self.world.tables.get(table)?;
        Some((known, known.columns.get(column)?))
    }

    /// The field that a column belongs to, where the step is about its entity.
    fn path(&self, step: &Step, known: &Known, former: &str, column: &str) -> Option<String> {
        let before = Address::new(entity::KIND, known.former.as_str());
        let renamed = self.scene.renamed.get(&step.address).unwrap_or(&step.address);
        if *renamed != before {
            return None;
        }
        let field = |state: &crate::model::state::State, address: &Address, column: &str| {
            let entity = state.get(address)?.as_entity()?;
            way::field_of(entity, column).map(|(name, _)| name.to_owned())
        };
        field(self.scene.after, &step.address, column).or_else(|| field(self.scene.before, &before, former))
    }
}

/// Tells of a foreign key of another schema.
fn is_abroad(reader: &Reader) -> bool {
    reader.kind == "foreign key"
}

fn is_key(constraint: &Constraint) -> bool {
    matches!(constraint.rule, Rule::PrimaryKey | Rule::Unique)
}

/// `RK404`: something that the plan says nothing of reads what goes or changes.
fn read(step: &Step, path: Option<String>, cannot: &str, readers: &[String]) -> Finding {
    let (names, verb) = (listed(readers), if readers.len() == 1 { "reads" } else { "read" });
    let help = format!("change or drop {names} first; a task with `when: before` may do it");
    finding("RK404", step, path, format!("{cannot} while {names} {verb} it"), help)
}

/// `RK405`: something that the plan says nothing of needs the key that goes.
fn needed(step: &Step, path: Option<String>, cannot: &str, pointing: &[String]) -> Finding {
    let (names, verb) = (listed(pointing), if pointing.len() == 1 { "points" } else { "point" });
    finding(
        "RK405",
        step,
        path,
        format!("{cannot} while {names} {verb} at it"),
        format!("drop {names} first"),
    )
}

fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

fn finding(code: &str, step: &Step, path: Option<String>, message: String, help: String) -> Finding {
    Finding {
        code: code.to_owned(),
        level: Level::Refuse,
        address: step.address.clone(),
        path,
        message,
        rows: None,
        samples: Vec::new(),
        help: Some(help),
        allowed_by: None,
        judged: None,
    }
}
