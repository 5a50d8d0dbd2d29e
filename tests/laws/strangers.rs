//! Objects that nobody declares, on and beside what is managed.
//! Never makes one that the program should take for a member.

use std::collections::BTreeMap;

use reconcile::plan::Plan;

use super::bench::{Bench, Dump, quote};
use super::draw::Draw;
use super::judge::name_after;
use super::world::World;

pub struct Strangers {
    /// By name: its kind, the entity it reads, and the columns of it that it names.
    made: BTreeMap<String, (&'static str, Option<String>, Vec<String>)>,
    before: World,
    told: String,
}

impl Strangers {
    /// Makes some. A log table is always among them.
    pub fn draw(before: &World, bench: &Bench, draw: &mut Draw) -> Strangers {
        let mut strangers = Strangers { made: BTreeMap::new(), before: before.clone(), told: String::new() };
        let database = bench.database();
        let mut make = |name: &str, kind, entity: Option<&String>, columns: Vec<String>, sql: String| {
            database.execute_batch(&sql).unwrap_or_else(|error| panic!("`{sql}`: {error}"));
            strangers.told += &format!("{sql};\n");
            strangers.made.insert(name.to_owned(), (kind, entity.cloned(), columns));
        };
        let log = "CREATE TABLE \"s log\" (what, \"when\" TEXT DEFAULT CURRENT_TIMESTAMP); \
                   INSERT INTO \"s log\" (what) VALUES ('first')";
        make("s log", "table", None, Vec::new(), log.to_owned());
        let names: Vec<&String> = before.entities.keys().collect();
        for number in 0..1 + draw.below(4) {
            let entity = *draw.pick(&names);
            let key: Vec<String> =
                before.entities[entity].key_fields().into_iter().map(str::to_owned).collect();
            let plain: Vec<String> = before.entities[entity]
                .fields
                .iter()
                .filter(|(name, field)| field.ty.polymorphic_columns(name).is_empty())
                .map(|(name, _)| name.clone())
                .collect();
            let column = if plain.is_empty() { key[0].clone() } else { draw.pick(&plain).clone() };
            let (table, quoted) = (quote(entity), quote(&column));
            let name = format!("s '{number}");
            let title = quote(&name);
            let chosen = draw.below(if key.len() == 1 { 6 } else { 5 });
            let (kind, columns, sql) = match chosen {
                0 => {
                    ("view", Vec::new(), format!("CREATE VIEW {title} AS SELECT count(*) AS n FROM {table}"))
                }
                1 => {
                    let sql = format!("CREATE VIEW {title} AS SELECT {quoted} AS one FROM {table} AS t");
                    ("view", vec![column], sql)
                }
                2 => {
                    let sql = format!(
                        "CREATE TRIGGER {title} AFTER DELETE ON {table} BEGIN \
                         INSERT INTO \"s log\" (what) VALUES ('gone'); END"
                    );
                    ("trigger", Vec::new(), sql)
                }
                3 => {
                    let sql = format!(
                        "CREATE TRIGGER {title} AFTER DELETE ON {table} WHEN OLD.{quoted} IS NULL OR 1 BEGIN \
                         INSERT INTO \"s log\" (what) VALUES (OLD.{quoted}); END"
                    );
                    ("trigger", vec![column], sql)
                }
                4 => {
                    let sql =
                        format!("CREATE INDEX {title} ON {table} ({quoted}) WHERE {quoted} IS NOT NULL");
                    ("index", vec![column], sql)
                }
                _ => (
                    "table",
                    Vec::new(),
                    format!("CREATE TABLE {title} (a REFERENCES {table}); INSERT INTO {title} VALUES (NULL)"),
                ),
            };
            make(&name, kind, Some(entity), columns, sql);
        }
        strangers
    }

    /// The statements that made them.
    pub fn told(&self) -> &str {
        &self.told
    }

    /// Tells whether each is word for word what it was and works, unless the plan says that it would break.
    pub fn are_as_they_were(
        &self,
        after: &World,
        plan: &Plan,
        found: &Dump,
        bench: &Bench,
    ) -> Result<(), String> {
        let now = bench.dump();
        let database = bench.database();
        for (name, (kind, entity, columns)) in &self.made {
            let place = ((*kind).to_owned(), name.clone());
            let goes_on = entity.as_ref().map(|entity| (entity, name_after(entity, &self.before, after)));
            let is_gone = |entity: &str| {
                let fields = &self.before.entities[entity].fields;
                let goal = after.entities.get(entity).map(|one| &one.fields);
                columns.iter().any(|column| {
                    fields.contains_key(column) && goal.is_some_and(|goal| !goal.contains_key(column))
                })
            };
            let is_touched = match &goes_on {
                None => false,
                Some((entity, Some(new))) => *entity != new || is_gone(entity),
                Some((_, None)) => !after.merge && after.prune,
            };
            let is_announced = plan.findings.iter().any(|finding| {
                matches!(finding.code.as_str(), "RK403" | "RK402")
                    && finding.message.contains(&format!("`{name}`"))
            });
            if is_touched && !is_announced && *kind == "view" {
                let works = database.prepare(&format!("SELECT * FROM {}", quote(name)));
                works.map_err(|e| format!("view `{name}` does not work, and nobody said so: {e}"))?;
            }
            if is_touched || is_announced {
                continue;
            }
            if found.objects.get(&place) != now.objects.get(&place) {
                let (was, is) = (&found.objects.get(&place), now.objects.get(&place));
                return Err(format!("{kind} `{name}` was {was:?} and is {is:?}"));
            }
            match *kind {
                "table" if found.rows[name] != now.rows[name] => {
                    return Err(format!("table `{name}` does not hold what it held"));
                }
                "view" => {
                    let works = database.prepare(&format!("SELECT * FROM {}", quote(name)));
                    works.map_err(|e| format!("view `{name}` does not work: {e}"))?;
                }
                // One that does not work, and is announced, stops all that hang on its table.
                "trigger" if plan.findings.iter().all(|finding| finding.code != "RK403") => {
                    fires(&database, entity.as_deref().unwrap_or_default(), &now)?
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Deletes all rows of a table and takes it back.
fn fires(database: &rusqlite::Connection, table: &str, now: &Dump) -> Result<(), String> {
    let logged = || -> usize {
        let sql = "SELECT count(*) FROM \"s log\"";
        database.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap().try_into().unwrap()
    };
    database.execute_batch("PRAGMA foreign_keys = OFF; BEGIN").unwrap();
    let before = logged();
    let sql = format!("DELETE FROM {}", quote(table));
    let outcome = database.execute_batch(&sql).map_err(|error| format!("`{sql}`: {error}"));
    let new = logged() - before;
    database.execute_batch("ROLLBACK").unwrap();
    outcome?;
    match new >= now.rows[table].len() {
        true => Ok(()),
        false => Err(format!("a trigger on `{table}` did not fire")),
    }
}
