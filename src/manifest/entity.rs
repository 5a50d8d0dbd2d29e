//! An entity's `spec`, decoded. What is wrong with a type's parameters is said here, where the type is known.
//! Never checks what the checker has: a part that is not as it should be is left out, or stands in as plain text.

use super::decode::{count, flag, members, text, texts, translated, value, word};
use super::grammar::{PARAMETERS, TEXT_FORMATS};
use crate::diagnostic::{Diagnostic, nearest};
use crate::model::entity::{Check, Entity, Index, Key, References, Relationship};
use crate::model::field::{Field, FieldType, TextFormat};
use crate::yaml::Node;

/// Decodes `spec`. `found` gets what is wrong with the fields' types.
pub fn decode(spec: &Node, found: &mut Vec<Diagnostic>) -> Entity {
    for (name, field) in spec.get("fields").map(Node::entries).unwrap_or_default() {
        parameters(name.text().unwrap_or_default(), field, found);
    }
    Entity {
        display_name: translated(spec, "displayName"),
        description: translated(spec, "description"),
        standard: flag(spec, "standard").unwrap_or_default(),
        fields: members(spec, "fields", field),
        primary_key: texts(spec, "primaryKey"),
        keys: members(spec, "keys", |node| Key {
            fields: texts(node, "fields").unwrap_or_default(),
            sql: text(node, "sql"),
            native: text(node, "native"),
            renamed_from: text(node, "renamedFrom"),
            standard: false,
        }),
        indexes: members(spec, "indexes", |node| Index {
            fields: texts(node, "fields").unwrap_or_default(),
            sql: text(node, "sql"),
            native: text(node, "native"),
            renamed_from: text(node, "renamedFrom"),
            standard: false,
        }),
        checks: members(spec, "checks", |node| Check {
            sql: text(node, "sql").unwrap_or_default(),
            native: text(node, "native"),
            standard: false,
        }),
        relationships: members(spec, "relationships", relationship),
        native: text(spec, "native"),
    }
}

fn relationship(node: &Node) -> Relationship {
    let references = node.get("references");
    Relationship {
        fields: texts(node, "fields").unwrap_or_default(),
        references: References {
            entity: references.and_then(|r| text(r, "entity")).unwrap_or_default(),
            fields: references.and_then(|r| texts(r, "fields")).unwrap_or_default(),
        },
        on_delete: word(node, "onDelete").unwrap_or_default(),
        on_update: word(node, "onUpdate").unwrap_or_default(),
        native: text(node, "native"),
        standard: false,
    }
}

fn field(node: &Node) -> Field {
    Field {
        required: flag(node, "required"),
        default: value(node, "default"),
        unique: flag(node, "unique"),
        check: text(node, "check"),
        display_name: translated(node, "displayName"),
        description: translated(node, "description"),
        native: text(node, "native"),
        renamed_from: text(node, "renamedFrom"),
        backfill: value(node, "backfill"),
        ..Field::of(field_type(node))
    }
}

fn field_type(node: &Node) -> FieldType {
    let plain = FieldType::Text { max_length: None, format: None };
    match text(node, "type").as_deref() {
        Some("text") => FieldType::Text {
            max_length: count(node, "maxLength"),
            format: word::<TextFormat>(node, "format"),
        },
        Some("integer") => FieldType::Integer,
        Some("bigint") => FieldType::Bigint,
        Some("decimal") => FieldType::Decimal {
            precision: count(node, "precision").unwrap_or(38),
            scale: count(node, "scale").unwrap_or_default(),
        },
        Some("money") => FieldType::Money,
        Some("float") => FieldType::Float,
        Some("boolean") => FieldType::Boolean,
        Some("date") => FieldType::Date,
        Some("time") => FieldType::Time,
        Some("datetime") => FieldType::Datetime,
        Some("uuid") => FieldType::Uuid,
        Some("json") => FieldType::Json,
        Some("binary") => FieldType::Binary { max_length: count(node, "maxLength") },
        Some("picklist") => match text(node, "picklist") {
            Some(picklist) => FieldType::Picklist { picklist },
            None => plain,
        },
        Some("lookup") => FieldType::Lookup {
            entity: text(node, "entity"),
            entities: texts(node, "entities").unwrap_or_default(),
            on_delete: word(node, "onDelete").unwrap_or_default(),
        },
        Some("autonumber") => FieldType::Autonumber { format: text(node, "format").unwrap_or_default() },
        Some(_) | None => plain,
    }
}

/// Which parameters a type takes, and which it must have.
fn parameters(name: &str, field: &Node, found: &mut Vec<Diagnostic>) {
    let Some(ty) = field.get("type").and_then(Node::as_text) else { return };
    let of_type = |known: &&super::grammar::Parameter| known.types.contains(&ty);
    for parameter in PARAMETERS {
        match field.entry(parameter.name) {
            Some((key, _)) if !of_type(&parameter) => {
                let message =
                    format!("`{}` says nothing about the type `{ty}` of field `{name}`", parameter.name);
                let takes: Vec<&str> = PARAMETERS.iter().filter(of_type).map(|p| p.name).collect();
                let help = match takes.is_empty() {
                    true => format!(
                        "`{ty}` takes no parameters; `{}` belongs to {}",
                        parameter.name,
                        parameter.types.join(" and ")
                    ),
                    false => format!("`{ty}` takes {}", takes.join(", ")),
                };
                found.push(Diagnostic::error("RV107", message).at(key.span).help(help));
            }
            None if parameter.required && of_type(&parameter) => {
                let message = format!("field `{name}` of type `{ty}` needs `{}`", parameter.name);
                let at = field.entry("type").map_or(field.span, |(_, value)| value.span);
                found.push(Diagnostic::error("RV103", message).at(at));
            }
            Some(_) | None => {}
        }
    }
    let at_type = field.entry("type").map_or(field.span, |(_, value)| value.span);
    match ty {
        "lookup" => match (field.get("entity"), field.entry("entities")) {
            (None, None) => {
                let message = format!("lookup `{name}` needs `entity` or `entities`");
                found.push(Diagnostic::error("RV103", message).at(at_type).help("write `entity: account`"));
            }
            (Some(_), Some((key, _))) => {
                let message = format!("lookup `{name}` has both `entity` and `entities`");
                found.push(Diagnostic::error("RV107", message).at(key.span).help("keep one of the two"));
            }
            (Some(_), None) | (None, Some(_)) => {}
        },
        "autonumber" => autonumber(name, field, at_type, found),
        "text" => {
            if let Some(format) = field.get("format")
                && let Some(word) = format.as_text()
                && !TEXT_FORMATS.contains(&word)
            {
                let help = match nearest(word, TEXT_FORMATS.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("choose one of {}", TEXT_FORMATS.join(", ")),
                };
                let message = format!("a text cannot have the format `{word}`");
                found.push(Diagnostic::error("RV110", message).at(format.span).help(help));
            }
        }
        _ => {}
    }
}

/// The format of an autonumber: text with `{seq}`, `{seq:N}`, `{year}`, `{month}`, `{day}`; `seq` exactly once.
fn autonumber(name: &str, field: &Node, at_type: crate::diagnostic::Span, found: &mut Vec<Diagnostic>) {
    let Some(format) = field.get("format") else {
        let message = format!("autonumber `{name}` needs `format`");
        found.push(Diagnostic::error("RV103", message).at(at_type).help("write `format: ORD-{seq:5}`"));
        return;
    };
    let text = format.as_text().unwrap_or_default();
    let mut rest = text;
    let mut n_seq = 0;
    let mut fault = None;
    while let Some(open) = rest.find(['{', '}']) {
        let token = rest[open..].strip_prefix('{').and_then(|t| t.split_once('}'));
        let Some((token, after)) = token else {
            fault = Some("has a brace without its other half".to_owned());
            break;
        };
        let width =
            token.strip_prefix("seq:").and_then(|w| w.parse::<u8>().ok()).filter(|w| (1..=18).contains(w));
        match token {
            "seq" => n_seq += 1,
            _ if width.is_some() => n_seq += 1,
            "year" | "month" | "day" => {}
            _ => {
                fault = Some(format!(
                    "has `{{{token}}}`, which is none of {{seq}}, {{seq:5}}, {{year}}, {{month}}, {{day}}"
                ))
            }
        }
        rest = after;
    }
    if fault.is_none() && n_seq != 1 {
        fault = Some("needs `{seq}` or `{seq:5}` exactly once".to_owned());
    }
    if let Some(fault) = fault {
        let message = format!("the format of autonumber `{name}` {fault}");
        found.push(Diagnostic::error("RV110", message).at(format.span).help("write `format: ORD-{seq:5}`"));
    }
}
