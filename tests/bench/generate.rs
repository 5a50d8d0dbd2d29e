//! Repositories of any size, the same at every run: entities of twelve fields, each in a file of its own.
//! Never uses a name twice, and never makes a circle of required lookups.

use std::fmt::Write;
use std::fs;
use std::path::Path;

/// One picklist for this many entities.
const ENTITIES_A_PICKLIST: usize = 10;

/// Writes a repository with the environment `bench`, whose target is `bench.db` next to it.
pub fn repository(folder: &Path, entities: usize) {
    let write = |path: String, text: String| {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("folders can be made");
        fs::write(path, text).expect("files can be written");
    };
    let environment = "apiVersion: reconcile/v1\nkind: Environment\nmetadata: { name: bench }\nspec:\n  \
                       target: { sqlite: bench.db }\n  setup: { default: overwrite }\n  prune: true\n";
    write("environments/bench.yaml".to_owned(), environment.to_owned());
    for number in 0..entities.div_ceil(ENTITIES_A_PICKLIST) {
        write(format!("resources/picklists/status-{number:05}.yaml"), picklist(number));
    }
    for number in 0..entities {
        write(entity_path(number), entity(number, false));
    }
}

/// Changes one thing in each of some entities: a text gets longer, a field is new, or an index is.
pub fn change(folder: &Path, entities: usize, changed: usize) {
    for place in 0..changed {
        let number = place * entities / changed;
        fs::write(folder.join(entity_path(number)), entity(number, true)).expect("files can be written");
    }
}

fn entity_path(number: usize) -> String {
    format!("resources/entities/{:03}/entity-{number:05}.yaml", number / 100)
}

fn entity(number: usize, changed: bool) -> String {
    let picklist = number / ENTITIES_A_PICKLIST;
    let (parent, owner) = (number.saturating_sub(1), number / 2);
    let is = |kind: usize| changed && number % 3 == kind;
    let note_length = if is(0) { 800 } else { 500 };
    let mut text = format!(
        "apiVersion: reconcile/v1
kind: Entity
metadata:
  name: entity-{number:05}
  labels: {{ team: team-{} }}
spec:
  displayName: {{ en: Entity {number}, de: Entität {number} }}
  description: One of many that are alike
  fields:
    code: {{ type: text, maxLength: 20, required: true }}
    name: {{ type: text, maxLength: 200, required: true, displayName: Name }}
    status: {{ type: picklist, picklist: status-{picklist:05}, default: draft, required: true }}
    parent: {{ type: lookup, entity: entity-{parent:05}, onDelete: set-null }}
    owner: {{ type: lookup, entity: entity-{owner:05} }}
    quantity: {{ type: integer, required: true, default: 1, check: quantity > 0 }}
    amount: {{ type: decimal, precision: 12, scale: 2 }}
    active: {{ type: boolean, required: true, default: true }}
    due_on: {{ type: date, displayName: {{ en: Due on, de: Fällig am }} }}
    created_at: {{ type: datetime, required: true, default: now }}
    email: {{ type: text, maxLength: 100, format: email }}
    note: {{ type: text, maxLength: {note_length}, format: multiline }}
",
        number % 7
    );
    if is(1) {
        text.push_str("    added: { type: bigint }\n");
    }
    text.push_str(
        "  keys: { by-code: { fields: [code] } }\n  indexes:\n    by-status: { fields: [status, due_on] }\n",
    );
    if is(2) {
        text.push_str("    by-email: { fields: [email] }\n");
    }
    text.push_str("  checks: { amount-positive: { sql: amount >= 0 } }\n");
    text
}

fn picklist(number: usize) -> String {
    let mut text = format!(
        "apiVersion: reconcile/v1\nkind: Picklist\nmetadata: {{ name: status-{number:05} }}\nspec:\n  \
         displayName: Status {number}\n  options:\n"
    );
    for option in ["draft", "open", "waiting", "done", "lost"] {
        let _ =
            writeln!(text, "    {option}: {{ label: {{ en: {option}, de: {option} }}, color: \"#2b8a3e\" }}");
    }
    text
}
