//! Writes values as canonical YAML: the same value gives the same bytes, and every reader reads it back.
//! Never leaves a text plain that YAML 1.1 or 1.2 could take for something else.

use std::fmt::Write;

use serde_yaml::Value;

use super::scalar::{Place, digits, is_literal, scalar};

/// The most columns of a line that holds a whole mapping or list.
const WIDTH: usize = 100;
/// The most characters of a key that YAML lets stand before its `:` without a `?`, less some.
const SIMPLE_KEY: usize = 1000;
/// Collections this near the document's top are always written line by line.
const TOP: usize = 2;

/// Writes one document, without `---`.
///
/// Keys are texts: any other scalar is written as its text. A tag is left out, because manifests have none.
pub fn emit(value: &Value) -> String {
    let mut out = String::new();
    Emitter { out: &mut out }.value(value, 0, 0, Lead::Start);
    out
}

/// Writes several documents, with `---` between them.
pub fn emit_all(values: &[Value]) -> String {
    values.iter().map(emit).collect::<Vec<_>>().join("---\n")
}

struct Emitter<'o> {
    out: &'o mut String,
}

/// What stands on the line before a value.
#[derive(Clone, Copy, PartialEq)]
enum Lead {
    /// Nothing: the document begins.
    Start,
    /// `key:`
    Key,
    /// `- `
    Dash,
}

impl Emitter<'_> {
    /// Writes a value whose own lines are indented by `indent`, up to its line's end.
    fn value(&mut self, value: &Value, indent: usize, depth: usize, lead: Lead) {
        let space = if lead == Lead::Key { " " } else { "" };
        let column = self.out.len() - self.out.rfind('\n').map_or(0, |at| at + 1);
        let room = WIDTH.saturating_sub(column + space.len());
        if let Some(line) = one_line(value, depth, room) {
            self.line(space, &line);
            return;
        }
        match value {
            Value::Mapping(mapping) => {
                let mut first = lead != Lead::Key;
                if !first {
                    self.out.push('\n');
                }
                for (key, value) in mapping {
                    self.begin(indent, &mut first);
                    let key = scalar(&Value::String(key_text(key)), Place::Key);
                    // YAML ends its search for the `:` after 1,024 characters.
                    if key.chars().count() > SIMPLE_KEY {
                        let _ = write!(self.out, "? {key}\n{:indent$}:", "");
                    } else {
                        let _ = write!(self.out, "{key}:");
                    }
                    self.value(value, indent + 2, depth + 1, Lead::Key);
                }
            }
            Value::Sequence(items) => {
                let mut first = lead != Lead::Key;
                if !first {
                    self.out.push('\n');
                }
                for item in items {
                    self.begin(indent, &mut first);
                    self.out.push_str("- ");
                    self.value(item, indent + 2, depth + 1, Lead::Dash);
                }
            }
            Value::Tagged(tagged) => self.value(&tagged.value, indent, depth, lead),
            Value::String(text) if is_literal(text) => {
                self.line(space, if text.ends_with('\n') { "|" } else { "|-" });
                let indent = indent.max(2);
                for line in text.lines() {
                    match line {
                        "" => self.out.push('\n'),
                        _ => self.line("", &format!("{:indent$}{line}", "")),
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                self.line(space, &scalar(value, Place::Block));
            }
        }
    }

    fn line(&mut self, space: &str, text: &str) {
        self.out.push_str(space);
        self.out.push_str(text);
        self.out.push('\n');
    }

    /// Indents an entry, but for one that begins on the line that is already open.
    fn begin(&mut self, indent: usize, first: &mut bool) {
        if !std::mem::take(first) {
            let _ = write!(self.out, "{:indent$}", "");
        }
    }
}

/// Returns a collection on one line, if it is small enough to be read so.
fn one_line(value: &Value, depth: usize, room: usize) -> Option<String> {
    let is_small = match value {
        Value::Mapping(mapping) if mapping.is_empty() => return Some("{}".to_owned()),
        Value::Sequence(items) if items.is_empty() => return Some("[]".to_owned()),
        Value::Mapping(mapping) => {
            let inner = |v: &Value| matches!(v, Value::Mapping(inner) if !inner.is_empty());
            // Entries that are all mappings are a table, whose rows are lines of their own.
            mapping.values().all(|v| is_short(v, 1)) && !mapping.values().all(inner)
        }
        Value::Sequence(items) => items.iter().all(|item| is_short(item, 0)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Tagged(_) => false,
    };
    if !is_small || depth < TOP {
        return None;
    }
    let mut line = String::new();
    flow(value, &mut line, room).then_some(line)
}

fn is_short(value: &Value, levels: usize) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
        Value::String(text) => text.len() <= 4 * WIDTH && !is_literal(text),
        Value::Mapping(mapping) if mapping.is_empty() => true,
        Value::Sequence(items) if items.is_empty() => true,
        Value::Mapping(mapping) => levels > 0 && mapping.values().all(|v| is_short(v, levels - 1)),
        Value::Sequence(items) => levels > 0 && items.iter().all(|v| is_short(v, levels - 1)),
        Value::Tagged(tagged) => is_short(&tagged.value, levels),
    }
}

/// Writes a value in flow style; false as soon as there is no room for it.
fn flow(value: &Value, out: &mut String, room: usize) -> bool {
    match value {
        Value::Mapping(mapping) if !mapping.is_empty() => {
            for (index, (key, value)) in mapping.iter().enumerate() {
                out.push_str(if index == 0 { "{ " } else { ", " });
                out.push_str(&scalar(&Value::String(key_text(key)), Place::Key));
                out.push_str(": ");
                if !flow(value, out, room) {
                    return false;
                }
            }
            out.push_str(" }");
        }
        Value::Sequence(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index == 0 { "[" } else { ", " });
                if !flow(item, out, room) {
                    return false;
                }
            }
            out.push(']');
        }
        Value::Tagged(tagged) => return flow(&tagged.value, out, room),
        Value::Mapping(_) => out.push_str("{}"),
        Value::Sequence(_) => out.push_str("[]"),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            out.push_str(&scalar(value, Place::Flow));
        }
    }
    out.len() <= room || out.chars().count() <= room
}

fn key_text(key: &Value) -> String {
    match key {
        Value::String(text) => text.clone(),
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => digits(number),
        Value::Tagged(tagged) => key_text(&tagged.value),
        Value::Sequence(_) | Value::Mapping(_) => {
            let mut text = String::new();
            flow(key, &mut text, usize::MAX);
            text
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_yaml::Mapping;

    use super::*;

    fn value(text: &str) -> Value {
        serde_yaml::from_str(text).unwrap()
    }

    #[test]
    fn a_manifest_is_written_as_people_write_it() {
        let written = "\
apiVersion: reconcile/v1
kind: Entity
metadata:
  name: order
  labels: { team: sales }
setup:
  allowed: [merge, overwrite]
spec:
  displayName: Order
  description: |
    A customer's order.

      # no comment
  fields:
    number: { type: text, maxLength: 20, required: true }
    status: { type: picklist, label: { en: Open, de: Offen }, default: \"no\" }
    lines: { type: text, values: [a, \"b, c\"], empty: {} }
    long:
      type: text
      description: This one is far too long to stand on one line together with its type, so it does not
  keys:
    by-number: { fields: [number] }
  rows:
    - [1, \"1\", 2.5, null]
    - { a: \"2024-01-01\" }
    - name: x
      text: |-
        a
        b
    - - deep:
          deeper: { deepest: { x: 1 }, z: [] }
  checks: {}
";
        assert_eq!(emit(&value(written)), written);
        assert_eq!(emit_all(&[value("a: 1"), value("b")]), "a: 1\n---\nb\n");
    }

    #[test]
    fn a_key_of_any_length_can_be_read_back() {
        let mut mapping = Mapping::new();
        mapping.insert(Value::from("k".repeat(2000)), value("{ a: { b: 1 } }"));
        mapping.insert(value("[1, a]"), Value::Null);
        let text = emit(&Value::Mapping(mapping));
        let (documents, found) = crate::yaml::read(&text);
        assert_eq!(found, []);
        assert_eq!(emit(&documents[0].node.to_value()), text);
    }
}
