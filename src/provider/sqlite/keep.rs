//! What a change would destroy or change, moved aside before any step runs.
//! Never keeps what stays as it is.

use super::actual::actual;
use super::after::{self, After, Output, Source};
use super::autonumber;
use super::catalog;
use super::conversion::Losses;
use super::lexer::{literal, quote};
use super::table::Table;
use crate::diff::change::Change;
use crate::model::entity::Entity;
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
    format!("{}trash_{number}", catalog::PREFIX)
}

/// The name under which a numbering waits in the trash.
pub fn sequence_aside(table: &str, sequence: &str) -> String {
    format!("{table}/{sequence}")
}

/// The statement that moves a numbering aside.
pub fn move_sequence(from: &str, to: &str) -> String {
    format!(
        "UPDATE \"_reconcile_sequence\" SET \"name\" = {} WHERE \"name\" = {}",
        literal(to),
        literal(from)
    )
}

/// Moves aside what a change destroys or changes. None where there is nothing, or no way to find its rows again.
pub fn keep(change: &Change, scene: &Scene<'_>, number: u64) -> Option<(Work, Moved)> {
    let Some(Resource::Entity(before)) = change.before.as_ref().filter(|_| change.touches_target()) else {
        return None;
    };
    let name = change.address_before().name.as_str();
    let table = actual(name, before, scene.natives, scene.before, scene).table;
    let moved = Moved {
        number,
        table: table_name(number),
        address: change.address_before().clone(),
        columns: None,
        key: Vec::new(),
        sequences: sequences(change, before, scene),
        rows: None,
    };
    if scene.rows.get(&change.address) == Some(&0) && moved.sequences.is_empty() {
        return None;
    }
    let after = match &change.after {
        Some(Resource::Entity(after)) if !is_replaced(change) => after,
        Some(_) | None => return Some(whole(&table, name, moved)),
    };
    columns(change, before, after, &table, scene, moved)
}

/// Tells whether what is there now goes as a whole, and another one takes its name.
pub fn is_replaced(change: &Change) -> bool {
    change.before.is_some() && change.restored.as_ref().is_some_and(|one| one.rows)
}

/// Copies all rows, each value as it is stored.
fn whole(table: &Table, name: &str, moved: Moved) -> (Work, Moved) {
    let stored = table.columns.iter().filter(|column| !column.is_generated());
    let names = stored.map(|column| quote(&column.name)).collect::<Vec<_>>().join(", ");
    let trash = quote(&moved.table);
    let statements = vec![
        // Without types, so that no value becomes another.
        format!("CREATE TABLE {trash} ({names})"),
        format!("INSERT INTO {trash} ({names}) SELECT {names} FROM {}", quote(name)),
    ];
    (
        Work {
            title: format!("keep the rows of table {}", quote(name)),
            statements,
            cost: Cost::Scan,
            stage: Stage::Inside,
        },
        moved,
    )
}

/// The numberings that end with a change.
fn sequences(change: &Change, before: &Entity, scene: &Scene<'_>) -> Vec<String> {
    let is_numbered = |entity: &Entity, name: &str| {
        entity.fields.get(name).is_some_and(|field| matches!(field.ty, FieldType::Autonumber { .. }))
    };
    let old = change.address_before().name.as_str();
    let after = change.after.as_ref().and_then(Resource::as_entity).filter(|_| !is_replaced(change));
    let goes_on = |field: &str| {
        let Some(after) = after else { return false };
        match scene.aside.lines.get(&change.address) {
            Some(line) => after.fields.keys().any(|name| {
                is_numbered(after, name)
                    && after::origin(line, name, scene) == after::Origin::Present(field.to_owned())
            }),
            None => {
                let new =
                    change.renames("fields").find(|(_, old)| *old == field).map_or(field, |(new, _)| new);
                is_numbered(after, new)
            }
        }
    };
    let ends = before.fields.keys().filter(|name| is_numbered(before, name) && !goes_on(name));
    ends.map(|name| autonumber::sequence(old, name)).collect()
}

/// Copies the values that a change destroys or changes, each with the key by which its row is found again.
fn columns(
    change: &Change,
    before: &Entity,
    after: &Entity,
    table: &Table,
    scene: &Scene<'_>,
    mut moved: Moved,
) -> Option<(Work, Moved)> {
    let name = change.address_before().name.as_str();
    // Under the names that what it points to has now.
    let present =
        scene.before.get(change.address_before()).and_then(|resource| resource.as_entity()).unwrap_or(before);
    let rows = rows(change, before, after, table, scene);
    let stored = table.columns.iter().filter(|column| !column.is_generated());
    let (mut kept, mut wanted) = (Vec::new(), Vec::new());
    for column in stored {
        if rows.outputs.iter().any(|output| output.carried.as_deref() == Some(column.name.as_str())) {
            continue;
        }
        let field = after::field_of(present, &column.name).map(|(field, _)| field.to_owned());
        // What the model does not know stays, unless the table is made as it was.
        let is_known = field.is_some()
            || present.primary_key.is_none() && column.name == crate::model::entity::GENERATED_KEY
            || scene.aside.lines.contains_key(&change.address);
        if !is_known {
            continue;
        }
        let output = became(change, before, after, &column.name, &rows, scene);
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
    let trash = quote(&moved.table);
    let affinity = |output: Option<&Output>| match output.map(|output| output.type_name.as_str()) {
        // In a strict table `ANY` takes every value as it is; elsewhere it would make numbers of texts.
        Some(name) if !name.eq_ignore_ascii_case("ANY") && !name.is_empty() => format!(" {name}"),
        Some(_) | None => String::new(),
    };
    let output = |column: &String| rows.outputs.iter().find(|output| output.column == *column);
    let (mut definitions, mut values) = (Vec::new(), Vec::new());
    for column in &key.columns {
        definitions.push(format!("{}{}", quote(&after::key(column)), affinity(output(column))));
        let from = output(column).and_then(|output| output.carried.as_deref());
        values.push(renamed_options(quote(column), from, present, after, column, scene));
    }
    for column in key.today.iter().flatten() {
        definitions.push(quote(&today(column)));
        values.push(renamed_options(
            quote(&after::from(column)),
            Some(column),
            present,
            after,
            column,
            scene,
        ));
    }
    let (mut worth, mut same) = (Vec::new(), Vec::new());
    for (column, output) in &wanted {
        let (is, was) = (quote(&after::from(&column.name)), quote(&after::was(&column.name)));
        definitions.push(was.clone());
        values.push(is.clone());
        match output {
            Some(output) => {
                let now = quote(&after::became(&output.column));
                definitions.push(format!("{now}{}", affinity(Some(output))));
                values.push(quote(&output.column));
                same.push(format!("{was} IS {now} AND typeof({was}) = typeof({now})"));
            }
            None => {
                worth.push(format!("{is} IS NOT NULL"));
                same.push(format!("{was} IS NULL"));
            }
        }
    }
    let filter = match wanted.iter().all(|(_, output)| output.is_none()) && key.today.is_none() {
        true if worth.is_empty() => " WHERE false".to_owned(),
        true => format!(" WHERE {}", worth.join(" OR ")),
        false => String::new(),
    };
    let mut statements = vec![
        format!("CREATE TABLE {trash} ({})", definitions.join(", ")),
        format!("INSERT INTO {trash} SELECT {} FROM ({}){filter}", values.join(", "), rows.select),
    ];
    match &key.today {
        Some(columns) => {
            let list: Vec<String> = columns.iter().map(|column| quote(&today(column))).collect();
            statements.push(format!(
                "CREATE INDEX {} ON {trash} ({})",
                quote(&format!("{}.today", moved.table)),
                list.join(", ")
            ));
        }
        None if filter.is_empty() => {
            statements.push(format!("DELETE FROM {trash} WHERE {}", same.join(" AND ")));
        }
        None => {}
    }
    moved.columns = Some(kept);
    moved.key = key.columns;
    let title = format!("keep values of table {}", quote(name));
    Some((Work { title, statements, cost: Cost::Scan, stage: Stage::Inside }, moved))
}

/// A value under the name that its option will have once the plan's picklists are changed, which is after this.
fn renamed_options(
    value: String,
    from: Option<&str>,
    present: &Entity,
    after: &Entity,
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
    if !scene.aside.lines.is_empty() && picklist(after, column).is_none() {
        return value;
    }
    after::with_options(&value, options)
}

/// The column of the trash by which a row is found while it gets its new key.
fn today(column: &str) -> String {
    format!("today {column}")
}

/// The rows after a change, with the options of picklists under the names they will have.
fn rows(change: &Change, before: &Entity, after: &Entity, table: &Table, scene: &Scene<'_>) -> After {
    let renamed = std::collections::BTreeMap::new();
    let source = Source { table: &change.address_before().name, actual: table, renamed: &renamed };
    after::after(change, before, after, source, scene, Losses::Refused)
}

/// The column that will hold what becomes of the values of a column of today.
fn became<'a>(
    change: &Change,
    before: &Entity,
    after: &Entity,
    column: &str,
    rows: &'a After,
    scene: &Scene<'_>,
) -> Option<&'a Output> {
    let name = match scene.aside.lines.get(&change.address) {
        Some(line) => rows
            .outputs
            .iter()
            .map(|output| &output.column)
            .find(|output| after::origin(line, output, scene) == after::Origin::Present(column.to_owned()))
            .cloned(),
        None => {
            let actual = actual(&change.address_before().name, before, scene.natives, scene.before, scene);
            let sources = super::conversion::pairs(change, before, after, &actual.table, scene);
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
        true => Some(Key { columns, today: Some(present) }),
    }
}

/// What the trash already noted of the rows of a change: the keys that nothing else tells, and the fillings that are
/// others each time they are asked for. Each column, and the query that finds its value for a row.
/// `name_of` says what a column of today is called where the rows are read.
pub struct Noted {
    pub keys: Vec<(String, String)>,
    pub fillings: Vec<(String, String)>,
}

/// Writes the queries of what was noted.
pub fn noted(change: &Change, scene: &Scene<'_>, name_of: &dyn Fn(&str) -> String) -> Noted {
    let mut noted = Noted { keys: Vec::new(), fillings: Vec::new() };
    let (Some(Resource::Entity(before)), Some(Resource::Entity(after))) = (&change.before, &change.after)
    else {
        return noted;
    };
    let Some(moved) = scene.aside.moved.get(&change.address).filter(|moved| !moved.is_whole()) else {
        return noted;
    };
    let table = actual(&change.address_before().name, before, scene.natives, scene.before, scene).table;
    let rows = rows(change, before, after, &table, scene);
    let Some(Key { columns, today: by_today }) = key(&table, &rows) else { return noted };
    let same: Option<Vec<String>> = match &by_today {
        Some(present) => Some(present.iter().map(|column| (today(column), column)).collect::<Vec<_>>()),
        None => {
            let carried = |column: &String| {
                let output = rows.outputs.iter().find(|output| output.column == *column)?;
                Some((after::key(column), output.carried.as_ref()?))
            };
            columns.iter().map(carried).collect()
        }
    }
    .map(|pairs| {
        pairs.iter().map(|(kept, column)| format!("noted.{} IS {}", quote(kept), name_of(column))).collect()
    });
    let Some(same) = same else { return noted };
    // Around the table itself, its `rowid` would be taken for a column of that name.
    let find = |kept: String| {
        format!(
            "(SELECT noted.{} FROM (SELECT * FROM {}) AS noted WHERE {})",
            quote(&kept),
            quote(&moved.table),
            same.join(" AND ")
        )
    };
    let became = moved.columns.iter().flatten().filter_map(|kept| kept.became.clone());
    let is_another = |column: &String| change.backfill.get(column).is_some_and(changes_by_itself);
    noted.fillings =
        became.filter(is_another).map(|column| (column.clone(), find(after::became(&column)))).collect();
    if by_today.is_some() {
        noted.keys = columns.into_iter().map(|column| (column.clone(), find(after::key(&column)))).collect();
    }
    noted
}

/// Tells of a filling that it may be another one each time it is asked for.
fn changes_by_itself(filling: &DefaultValue) -> bool {
    match filling {
        DefaultValue::Sql { .. } => true,
        DefaultValue::Value(value) => matches!(value.as_str(), Some("now" | "generated")),
    }
}
