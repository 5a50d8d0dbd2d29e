//! What a change would destroy or change, moved aside before any step of the transaction runs.
//! Never keeps what stays as it is.

use super::after::{self, After, Output};
use super::catalog;
use super::conversion;
use super::kind::Kind;
use super::lexer::{literal, quote};
use super::lower;
use super::names;
use super::online::{self, Pace};
use super::projection;
use super::shape::{Column, Table};
use super::way;
use crate::diff::change::Change;
use crate::model::entity::{Entity, GENERATED_KEY};
use crate::model::field::{DefaultValue, FieldType};
use crate::model::resource::Resource;
use crate::model::trash::{Moved, MovedColumn};
use crate::target::{Cost, Scene, Stage, Work};

/// How the rows of a change are found again after it.
struct Key {
    /// Columns after the change.
    columns: Vec<String>,
    /// Where a row gets a key that nothing else tells: the columns of today by which it is found while it gets it.
    today: Option<Vec<String>>,
}

/// The name of the table of the trash with this number.
pub fn table_name(number: u64) -> String {
    format!("trash_{number}")
}

/// The sequence of the trash that holds where a numbering was. It goes with its table.
pub fn sequence_aside(moved: &Moved, sequence: &str) -> Option<String> {
    let place = moved.sequences.iter().position(|own| own == sequence)?;
    Some(format!("{}.{}", quote(catalog::SCHEMA), quote(&format!("{}_{}", moved.table, place + 1))))
}

/// The statement that drops what the trash holds under a number.
pub fn drop_kept(moved: &Moved) -> String {
    format!("DROP TABLE {}", after::kept_table(moved))
}

/// Moves aside what a change destroys or changes. None where there is nothing, or no way to find its rows again.
pub fn keep(change: &Change, scene: &Scene<'_>, number: u64) -> Option<(Work, Moved)> {
    let Some(Resource::Entity(before)) = change.before.as_ref().filter(|_| change.touches_target()) else {
        return None;
    };
    let table = Table::find(&change.address_before().name, scene.natives)?;
    let goal = match &change.after {
        Some(Resource::Entity(goal)) if !is_replaced(change) => Some(goal),
        Some(_) | None => None,
    };
    let moved = Moved {
        number,
        table: table_name(number),
        address: change.address_before().clone(),
        columns: None,
        key: Vec::new(),
        sequences: sequences(change, goal, &table, scene),
        rows: None,
    };
    if scene.rows.get(&change.address) == Some(&0) && moved.sequences.is_empty() {
        return None;
    }
    match goal {
        Some(goal) => columns(change, before, goal, &table, scene, moved).map(|copy| copy.inside(&table)),
        None => whole(&table, moved),
    }
}

/// What is noted of the rows before they are filled, ahead of the transaction.
pub struct Early {
    pub title: String,
    pub statement: String,
    pub undo: Vec<String>,
}

/// Notes the empty values that a change fills, where they are filled ahead of the transaction, and how they come to be
/// empty again. None where something else is moved aside too, or what they are filled with is another value each time.
pub fn early(change: &Change, scene: &Scene<'_>) -> Option<Early> {
    let (Some(Resource::Entity(before)), Some(Resource::Entity(goal))) = (&change.before, &change.after)
    else {
        return None;
    };
    let moved = scene.aside.moved.get(&change.address).filter(|moved| !moved.is_whole())?;
    let table = Table::find(&change.address_before().name, scene.natives)?;
    let copy = columns(change, before, goal, &table, scene, moved.clone())?;
    if !copy.is_early {
        return None;
    }
    let (trash, name) = (after::kept_table(moved), quote(&table.name));
    let noted = noted(change, scene)?;
    let same = noted.is_same(&|column| format!("{name}.{}", quote(column)));
    let mut undo: Vec<String> = Vec::new();
    for kept in moved.columns.iter().flatten() {
        let (column, was) = (quote(&kept.column), quote(&after::was(&kept.column)));
        // What somebody else has written there since stays.
        let now = quote(&after::became(&kept.column));
        undo.push(format!(
            "UPDATE {name} SET {column} = NULL FROM {trash} AS noted WHERE {same} AND noted.{was} IS NULL AND \
             {name}.{column} = noted.{now}"
        ));
    }
    undo.push(format!("DROP TABLE IF EXISTS {trash}"));
    let title = format!("note the empty values of table {name}");
    Some(Early { title, statement: format!("CREATE TABLE {trash} AS {}", copy.select), undo })
}

/// The copy of some values of a table.
struct Copy {
    moved: Moved,
    select: String,
    /// Whether it is made before the transaction, in which only what came since is added.
    is_early: bool,
    /// What comes after it.
    more: Vec<String>,
}

impl Copy {
    /// The work in the transaction.
    fn inside(self, table: &Table) -> (Work, Moved) {
        let trash = after::kept_table(&self.moved);
        let copy = match self.is_early {
            true => format!("INSERT INTO {trash} {}", self.select),
            false => format!("CREATE TABLE {trash} AS {}", self.select),
        };
        let statements = [lock(table), copy].into_iter().chain(self.more).collect();
        let title = format!("keep values of table {}", quote(&table.name));
        (Work { title, statements, cost: Cost::Scan, stage: Stage::Inside }, self.moved)
    }
}

/// Tells whether what is there now goes as a whole, and another one takes its name.
pub fn is_replaced(change: &Change) -> bool {
    change.before.is_some() && change.restored.as_ref().is_some_and(|one| one.rows)
}

/// Nobody else writes to a table between the copy and the change.
fn lock(table: &Table) -> String {
    format!("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE", quote(&table.name))
}

/// Copies all rows.
fn whole(table: &Table, moved: Moved) -> Option<(Work, Moved)> {
    let stored: Vec<&Column> = table.columns.iter().filter(|column| !column.made.is_generated()).collect();
    let value = |column: &&Column| match column.enumeration {
        Some(_) => format!("{} AS {}", after::value(column, ""), quote(&column.name)),
        None => quote(&column.name),
    };
    let values: Vec<String> = stored.iter().map(value).collect();
    let mut statements = vec![
        lock(table),
        format!(
            "CREATE TABLE {} AS SELECT {} FROM {}",
            after::kept_table(&moved),
            values.join(", "),
            quote(&table.name)
        ),
    ];
    let first = stored.first()?;
    statements.extend(sequence_copies(&moved, &first.name));
    let title = format!("keep the rows of table {}", quote(&table.name));
    Some((Work { title, statements, cost: Cost::Scan, stage: Stage::Inside }, moved))
}

/// The statements that note where numberings are; `column` is one of the table of the trash.
fn sequence_copies(moved: &Moved, column: &str) -> Vec<String> {
    let mut statements = Vec::new();
    for sequence in &moved.sequences {
        let Some(aside) = sequence_aside(moved, sequence) else { continue };
        // One that counts down is below the least that another may have.
        statements.push(format!("CREATE SEQUENCE {aside} MINVALUE {}", i64::MIN));
        statements.push(copy_sequence(&quote(sequence), &aside));
        statements.push(format!(
            "ALTER SEQUENCE {aside} OWNED BY {}.{}",
            after::kept_table(moved),
            quote(column)
        ));
    }
    statements
}

/// The statement that lets one sequence go on where another one is; both are names in quotes.
pub fn copy_sequence(from: &str, to: &str) -> String {
    format!("SELECT setval({}, last_value, is_called) FROM {from}", literal(to))
}

/// The numberings that end with a change.
fn sequences(change: &Change, goal: Option<&Entity>, table: &Table, scene: &Scene<'_>) -> Vec<String> {
    let name = change.address.name.as_str();
    let goes_on = |column: &str| {
        let Some(goal) = goal else { return false };
        let wanted = lower::table(name, goal, scene.after);
        let counts = |after: &str| wanted.column(after).is_some_and(|column| column.sequence.is_some());
        match scene.aside.lines.get(&change.address) {
            Some(line) => {
                let present = way::Origin::Present(column.to_owned());
                wanted
                    .columns
                    .iter()
                    .any(|one| one.sequence.is_some() && way::origin(line, &one.name, scene) == present)
            }
            None => {
                let Some(Resource::Entity(before)) = &change.before else { return false };
                let pairs = projection::pairs(change, before, goal, table, scene);
                pairs.iter().any(|(new, old)| old == column && counts(new))
                    // What no manifest knows stays.
                    || way::field_of(before, column).is_none()
            }
        }
    };
    let numbered = table.columns.iter().filter(|column| !goes_on(&column.name));
    numbered.filter_map(|column| Some(column.sequence.as_ref()?.name.clone())).collect()
}

/// Copies the values that a change destroys or changes, each with the key by which its row is found again.
fn columns(
    change: &Change,
    before: &Entity,
    goal: &Entity,
    table: &Table,
    scene: &Scene<'_>,
    mut moved: Moved,
) -> Option<Copy> {
    // Under the names that what it points to has now.
    let present =
        scene.before.get(change.address_before()).and_then(|resource| resource.as_entity()).unwrap_or(before);
    let rows = after::after(change, before, goal, table, scene);
    let (mut kept, mut wanted) = (Vec::new(), Vec::new());
    for column in table.columns.iter().filter(|column| !column.made.is_generated()) {
        if rows.outputs.iter().any(|output| output.carried.as_deref() == Some(column.name.as_str())) {
            continue;
        }
        let field = way::field_of(present, &column.name).map(|(field, _)| field.to_owned());
        // What the model does not know stays.
        if field.is_none() && !(present.primary_key.is_none() && column.name == GENERATED_KEY) {
            continue;
        }
        let output = became(change, before, goal, &column.name, &rows, table, scene);
        kept.push(MovedColumn {
            column: column.name.clone(),
            field: field.unwrap_or_else(|| column.name.clone()),
            became: output.map(|output| output.column.clone()),
        });
        wanted.push((column, output));
    }
    if kept.is_empty() && moved.sequences.is_empty() {
        return None;
    }
    let key = key(table, &rows)?;
    let output = |column: &String| rows.outputs.iter().find(|output| output.column == *column);
    let kept_names = wanted.iter().map(|(column, _)| after::from(&column.name));
    let new_names = wanted.iter().filter_map(|(_, output)| Some(output.as_ref()?.column.clone()));
    let today_names = key.today.iter().flatten().map(|column| after::from(column));
    let names: Vec<String> =
        key.columns.iter().cloned().chain(today_names).chain(kept_names).chain(new_names).collect();
    let read = rows.only(&names, table);
    let mut values = Vec::new();
    let options = |value: String, from: Option<&str>, column: &str| {
        renamed_options(value, from, present, goal, column, scene)
    };
    for column in &key.columns {
        let from = output(column).and_then(|output| output.carried.as_deref());
        let value = options(read.name(column), from, column);
        values.push(format!("{value} AS {}", quote(&after::key(column))));
    }
    for column in key.today.iter().flatten() {
        let value = options(read.name(&after::from(column)), Some(column), column);
        values.push(format!("{value} AS {}", quote(&today(column))));
    }
    let mut changes = Vec::new();
    for (column, output) in &wanted {
        let is = read.name(&after::from(&column.name));
        values.push(format!("{is} AS {}", quote(&after::was(&column.name))));
        match output {
            Some(output) => {
                let now = read.name(&output.column);
                values.push(format!("{now} AS {}", quote(&after::became(&output.column))));
                changes.push(match after::value_type(column) == output.ty {
                    true => format!("NOT ({})", after::is_same(&is, &now, &output.ty)),
                    // Everything is some text: what is the same text again comes back without our help.
                    false if matches!(Kind::of(&column.ty), Kind::Text(_)) => {
                        let again = conversion::carried_over(&now, &output.ty, "text");
                        format!("{is} IS DISTINCT FROM {again}")
                    }
                    false => format!("({is} IS NOT NULL OR {now} IS NOT NULL)"),
                });
            }
            None => changes.push(format!("{is} IS NOT NULL")),
        }
    }
    let filter = match (key.today.is_some(), changes.is_empty()) {
        (true, _) => String::new(),
        (false, true) => " WHERE false".to_owned(),
        (false, false) => format!(" WHERE {}", changes.join(" OR ")),
    };
    let select = format!("SELECT {} FROM {}{filter}", values.join(", "), read.from);
    let mut more = Vec::new();
    if let Some(columns) = &key.today {
        let list: Vec<String> = columns.iter().map(|column| quote(&today(column))).collect();
        more.push(format!("CREATE INDEX ON {} ({})", after::kept_table(&moved), list.join(", ")));
    }
    more.extend(sequence_copies(&moved, &after::key(key.columns.first()?)));
    let is_filled = |(column, output): &(&Column, Option<&Output>)| {
        let is_constant = change.backfill.get(&column.name).is_some_and(|value| !changes_by_itself(value));
        let stays = output.is_some_and(|output| output.column == column.name && column.ty == output.ty);
        is_constant && stays && !column.not_null
    };
    let keeps_names =
        rows.outputs.iter().all(|one| one.carried.as_ref().is_none_or(|from| *from == one.column));
    let is_early = online::pace(scene, change) == Pace::Online
        && scene.aside.lines.is_empty()
        && keeps_names
        && more.is_empty()
        && wanted.iter().all(is_filled);
    moved.columns = Some(kept);
    moved.key = key.columns;
    Some(Copy { moved, select, is_early, more })
}

/// A value under the name that its option will have once the plan's picklists are changed, which is after this.
fn renamed_options(
    value: String,
    from: Option<&str>,
    present: &Entity,
    goal: &Entity,
    column: &str,
    scene: &Scene<'_>,
) -> String {
    let picklist = |entity: &Entity, column: &str| match &entity.fields.get(column)?.ty {
        FieldType::Picklist { picklist } => Some(picklist.clone()),
        _ => None,
    };
    let list = from.and_then(|from| picklist(present, from));
    let options = list.as_ref().and_then(|list| scene.aside.options.get(list));
    let Some(options) = options else { return value };
    // On the way back only those follow that choose from the same list then.
    if !scene.aside.lines.is_empty() && picklist(goal, column).is_none() {
        return value;
    }
    projection::renamed_options(&value, options)
}

/// The column of the trash by which a row is found while it gets its new key.
fn today(column: &str) -> String {
    names::fit(format!("today {column}"))
}

/// The column that will hold what becomes of the values of a column of today.
fn became<'a>(
    change: &Change,
    before: &Entity,
    goal: &Entity,
    column: &str,
    rows: &'a After,
    table: &Table,
    scene: &Scene<'_>,
) -> Option<&'a Output> {
    let name = match scene.aside.lines.get(&change.address) {
        Some(line) => {
            let present = way::Origin::Present(column.to_owned());
            let mut names = rows.outputs.iter().map(|output| &output.column);
            names.find(|output| way::origin(line, output, scene) == present).cloned()
        }
        None => {
            let sources = projection::pairs(change, before, goal, table, scene);
            sources.into_iter().find(|(_, from)| from == column).map(|(to, _)| to)
        }
    };
    let name = name?;
    rows.outputs.iter().find(|output| output.column == name)
}

/// Chooses the columns by which rows are found again: the key they have, as long as it stays, else the one they get.
fn key(table: &Table, rows: &After) -> Option<Key> {
    let present = table.primary_key();
    let carried = |column: &String| {
        let found = rows.outputs.iter().find(|output| output.carried.as_ref() == Some(column));
        found.map(|output| output.column.clone())
    };
    let stays: Option<Vec<String>> = present.iter().map(carried).collect();
    if let Some(columns) = stays.filter(|columns| !columns.is_empty()) {
        return Some(Key { columns, today: None });
    }
    let is_fresh =
        |column: &String| rows.outputs.iter().any(|output| output.column == *column && output.is_fresh);
    if rows.key.is_empty() {
        return None;
    }
    let columns = rows.key.clone();
    match columns.iter().any(is_fresh) {
        false => Some(Key { columns, today: None }),
        true if present.is_empty() => None,
        true => Some(Key { columns, today: Some(present.to_vec()) }),
    }
}

/// What the trash already noted of the rows of a change: the keys that nothing else tells, and the fillings that are
/// others each time they are asked for. Each column, and the column of the trash that has its value.
pub struct Noted {
    /// The table of the trash.
    pub table: String,
    /// The columns of the trash by which a row is found, with the columns of today.
    pub same: Vec<(String, String)>,
    pub keys: Vec<(String, String)>,
    pub fillings: Vec<(String, String)>,
}

impl Noted {
    /// The condition that what was noted belongs to a row, whose columns of today are called so.
    pub fn is_same(&self, name_of: &dyn Fn(&str) -> String) -> String {
        let pair = |(kept, column): &(String, String)| format!("noted.{} = {}", quote(kept), name_of(column));
        self.same.iter().map(pair).collect::<Vec<_>>().join(" AND ")
    }
}

/// Finds what was noted.
pub fn noted(change: &Change, scene: &Scene<'_>) -> Option<Noted> {
    let (Some(Resource::Entity(before)), Some(Resource::Entity(goal))) = (&change.before, &change.after)
    else {
        return None;
    };
    let moved = scene.aside.moved.get(&change.address).filter(|moved| !moved.is_whole())?;
    let table = Table::find(&change.address_before().name, scene.natives)?;
    let rows = after::after(change, before, goal, &table, scene);
    let Key { columns, today: by_today } = key(&table, &rows)?;
    let same: Vec<(String, String)> = match &by_today {
        Some(present) => present.iter().map(|column| (today(column), column.clone())).collect(),
        None => {
            let carried = |column: &String| {
                let output = rows.outputs.iter().find(|output| output.column == *column)?;
                Some((after::key(column), output.carried.clone()?))
            };
            columns.iter().map(carried).collect::<Option<_>>()?
        }
    };
    let became = moved.columns.iter().flatten().filter_map(|kept| kept.became.clone());
    let is_another = |column: &String| change.backfill.get(column).is_some_and(changes_by_itself);
    let fillings = became.filter(is_another).map(|column| (column.clone(), after::became(&column)));
    let keys = columns.into_iter().filter(|_| by_today.is_some());
    Some(Noted {
        table: after::kept_table(moved),
        same,
        fillings: fillings.collect(),
        keys: keys.map(|column| (column.clone(), after::key(&column))).collect(),
    })
}

/// Tells of a filling that it may be another one each time it is asked for.
fn changes_by_itself(filling: &DefaultValue) -> bool {
    match filling {
        DefaultValue::Sql { .. } => true,
        DefaultValue::Value(value) => matches!(value.as_str(), Some("now" | "generated")),
    }
}
