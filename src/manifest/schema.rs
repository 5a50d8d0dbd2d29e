//! JSON Schemas (draft 2020-12) of manifests, for editors: made from the grammar, so that the two never differ.
//! Never says what only a whole repository can show: `validate` does.

use serde_json::{Map, Value, json};

use super::grammar::{
    API_VERSION, BINDING, BINDINGS, CONFIG, ENVIRONMENT, ENVIRONMENT_METADATA, FIELD, INDEX, KEY, KINDS,
    METADATA, Object, PARAMETERS, SETUP, SINK, Shape, TEXT_FORMATS,
};
use crate::model::setup::ACTIONS;
use crate::signature::PublicKey;

const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The format of an autonumber: any text, with the number in it once.
const AUTONUMBER: &str =
    r"^([^{}]|\{(year|month|day)\})*\{seq(:(0*[1-9]|0*1[0-8]))?\}([^{}]|\{(year|month|day)\})*$";

/// Names begin and end with what can be seen, and have no sign that addresses and patterns use.
const NAME: &str = r"^[^\s/\\*]([^/\\*]*[^\s/\\*])?$";

const ENVIRONMENT_NAME: &str = "^[a-z0-9][a-z0-9_-]{0,63}$";

/// A text that names a value.
const VALUE: &str = r"\$\{value:[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\}";

const VALUE_NAME: &str = "^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$";

/// What may be filled into a document.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fills {
    Nothing,
    /// `${value:NAME}` stands where anything else may.
    Values,
}

impl Fills {
    /// The schema of a scalar, which may be named instead.
    fn or_value(self, schema: Value, definitions: &mut Map<String, Value>) -> Value {
        match self {
            Fills::Nothing => schema,
            Fills::Values => json!({ "anyOf": [schema, named_value(definitions)] }),
        }
    }
}

fn named_value(definitions: &mut Map<String, Value>) -> Value {
    define(
        "named-value",
        definitions,
        |_| json!({ "description": "A value of the environment.", "type": "string", "pattern": VALUE }),
    )
}

/// Returns each schema with the name of its file, which is also its `$id`.
pub fn schemas() -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    for (kind, file) in [
        ("Environment", "environment.schema.json"),
        ("Entity", "entity.schema.json"),
        ("Picklist", "picklist.schema.json"),
    ] {
        let Some((_, spec, is_resource)) = KINDS.iter().find(|(word, ..)| *word == kind) else { continue };
        let mut definitions = Map::new();
        let schema = document(kind, spec, *is_resource, &mut definitions);
        all.push((file, written(file, &format!("{kind} of reconcile"), schema, definitions)));
    }
    let file = "bindings.schema.json";
    all.push((file, bindings(file)));
    let file = "config.schema.json";
    all.push((file, config(file)));
    let file = "manifest.schema.json";
    all.push((file, any_kind(file)));
    all
}

/// The decisions of an importer: no manifest, and written by hand like one.
fn bindings(file: &str) -> String {
    let mut definitions = Map::new();
    object(&BINDINGS, Fills::Nothing, &mut definitions);
    let name = definition_name(&BINDINGS);
    let schema = definitions.remove(&name).unwrap_or_default();
    written(file, "Bindings of reconcile", schema, definitions)
}

/// `reconcile.yaml`.
fn config(file: &str) -> String {
    let mut definitions = Map::new();
    object(&CONFIG, Fills::Nothing, &mut definitions);
    let schema = definitions.remove(&definition_name(&CONFIG)).unwrap_or_default();
    written(file, "Settings of a repository of reconcile", schema, definitions)
}

/// Any manifest: its `kind` decides which schema it is held against, so that faults are those of the right one.
fn any_kind(file: &str) -> String {
    let mut definitions = Map::new();
    let mut rules = Vec::new();
    for (kind, spec, is_resource) in KINDS {
        let schema = document(kind, spec, *is_resource, &mut definitions);
        definitions.insert((*kind).to_owned(), schema);
        rules.push(json!({
            "if": { "properties": { "kind": { "const": kind } }, "required": ["kind"] },
            "then": reference(kind),
        }));
    }
    let words: Vec<&str> = KINDS.iter().map(|(kind, ..)| *kind).collect();
    let schema = json!({
        "description": "One YAML document of a repository.",
        "type": "object",
        "properties": {
            "apiVersion": { "const": API_VERSION },
            "kind": { "enum": words, "description": "What the document declares." },
        },
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "allOf": rules,
    });
    written(file, "Manifest of reconcile", schema, definitions)
}

fn written(file: &str, title: &str, mut schema: Value, definitions: Map<String, Value>) -> String {
    schema["$schema"] = DRAFT.into();
    schema["$id"] = file.into();
    schema["title"] = title.into();
    schema["$defs"] = Value::Object(definitions);
    // Keys are sorted, as everywhere in `serde_json`: equal grammars give equal bytes.
    format!("{schema:#}\n")
}

fn document(kind: &str, spec: &Object, is_resource: bool, definitions: &mut Map<String, Value>) -> Value {
    let mut metadata = object(&METADATA, Fills::Nothing, definitions);
    metadata["description"] = METADATA.doc.into();
    if spec.title == ENVIRONMENT.title {
        let own = object(&ENVIRONMENT_METADATA, Fills::Nothing, definitions);
        let rule = json!({ "properties": { "name": { "pattern": ENVIRONMENT_NAME } } });
        metadata = json!({ "allOf": [own, rule], "description": ENVIRONMENT_METADATA.doc });
    }
    let fills = if is_resource { Fills::Values } else { Fills::Nothing };
    let mut properties = json!({
        "apiVersion": { "const": API_VERSION, "description": "The version of the manifest's form." },
        "kind": { "const": kind, "description": "What the document declares." },
        "metadata": metadata,
        "spec": object(spec, fills, definitions),
    });
    if is_resource {
        properties["setup"] = object(&SETUP, Fills::Nothing, definitions);
    }
    json!({
        "description": spec.doc,
        "type": "object",
        "properties": properties,
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "additionalProperties": false,
    })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}") })
}

/// A reference to a definition, which is made the first time it is asked for.
fn define(
    name: &str,
    definitions: &mut Map<String, Value>,
    make: impl FnOnce(&mut Map<String, Value>) -> Value,
) -> Value {
    if !definitions.contains_key(name) {
        // Taken at once: a definition may hold itself.
        definitions.insert(name.to_owned(), Value::Null);
        let made = make(definitions);
        definitions.insert(name.to_owned(), made);
    }
    reference(name)
}

fn definition_name(object: &Object) -> String {
    let title = object.title.replace("'s", "").replace('`', "");
    title.split(' ').filter(|word| !matches!(*word, "a" | "an")).collect::<Vec<_>>().join("-")
}

/// A reference to the schema of an object, by the words of its title: `an entity's `spec`` is `entity-spec`.
fn object(object: &Object, fills: Fills, definitions: &mut Map<String, Value>) -> Value {
    define(&definition_name(object), definitions, |definitions| {
        let mut properties = Map::new();
        for key in object.keys {
            let mut schema = shape(key.shape, fills, definitions);
            schema["description"] = key.doc.into();
            properties.insert(key.name.to_owned(), schema);
        }
        let required: Vec<&str> = object.keys.iter().filter(|key| key.required).map(|key| key.name).collect();
        let mut schema = json!({
            "description": object.doc,
            "type": "object",
            "properties": properties,
            "additionalProperties": false,
        });
        if !required.is_empty() {
            schema["required"] = required.into();
        }
        if says_what_it_is_on(object) {
            schema["oneOf"] = json!([{ "required": ["fields"] }, { "required": ["sql"] }]);
        }
        if object.title == SINK.title {
            schema["oneOf"] =
                ["webhook", "slack", "command"].map(|key| json!({ "required": [key] })).as_slice().into();
        }
        if object.title == FIELD.title {
            schema["allOf"] = field_rules(fills, definitions).into();
        }
        schema
    })
}

/// Tells of a key or index, which is on fields or on SQL of the target's own.
fn says_what_it_is_on(object: &Object) -> bool {
    [KEY.title, INDEX.title].contains(&object.title)
}

fn shape(shape: Shape, fills: Fills, definitions: &mut Map<String, Value>) -> Value {
    match shape {
        Shape::Text => json!({ "type": "string" }),
        Shape::Name => define("name", definitions, |_| {
            json!({
                "description": "A name, kept exactly as written.",
                "type": "string",
                "maxLength": 200,
                "pattern": NAME,
            })
        }),
        Shape::Word(words) => fills.or_value(json!({ "enum": words }), definitions),
        Shape::Translated => define("translated", definitions, |_| {
            json!({
                "description": "A text, or texts by language: `{ en: Order, de: Auftrag }`.",
                "type": ["string", "object"],
                "additionalProperties": { "type": "string" },
                "minProperties": 1,
            })
        }),
        Shape::Bool => fills.or_value(json!({ "type": "boolean" }), definitions),
        Shape::Count(least, most) => {
            fills.or_value(json!({ "type": "integer", "minimum": least, "maximum": most }), definitions)
        }
        Shape::Names => {
            let name = self::shape(Shape::Name, fills, definitions);
            json!({ "type": "array", "items": name, "minItems": 1, "uniqueItems": true })
        }
        Shape::NamesOrNone => {
            let name = self::shape(Shape::Name, fills, definitions);
            json!({ "type": "array", "items": name, "uniqueItems": true })
        }
        Shape::Texts => json!({ "type": "array", "items": { "type": "string" } }),
        Shape::Words(words) => {
            let word = fills.or_value(json!({ "enum": words }), definitions);
            json!({ "type": "array", "items": word })
        }
        Shape::Labels => json!({ "type": "object", "additionalProperties": { "type": "string" } }),
        Shape::Sql => define("task-sql", definitions, |_| {
            json!({
                "description": "SQL, or one text for each kind of target: `{ sqlite: …, postgres: … }`.",
                "type": ["string", "object"],
                "additionalProperties": { "type": "string" },
                "minProperties": 1,
            })
        }),
        Shape::Value => define("value", definitions, |definitions| {
            json!({
                "description": "A text, a number, true or false; or `{ sql: … }` in the target's own words.",
                "anyOf": [{ "type": ["string", "number", "boolean"] }, sql(definitions)],
            })
        }),
        Shape::Color => {
            fills.or_value(json!({ "type": "string", "pattern": "^#[0-9a-fA-F]{6}$" }), definitions)
        }
        Shape::Values => json!({
            "type": "object",
            "propertyNames": { "pattern": VALUE_NAME },
            "additionalProperties": { "type": ["string", "number", "boolean"] },
        }),
        Shape::Part => json!({ "type": "object", "minProperties": 1 }),
        Shape::PublicKeys => json!({
            "type": "array",
            "items": { "type": "string", "pattern": PublicKey::PATTERN },
            "minItems": 1,
        }),
        Shape::Target => json!({
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": { "type": ["string", "object"], "additionalProperties": { "type": "string" } },
        }),
        Shape::ActionMap => {
            let words: Vec<&str> = ACTIONS.iter().map(|action| action.as_str()).collect();
            json!({ "type": "object", "additionalProperties": { "enum": words } })
        }
        Shape::Object(inner) => object(inner, fills, definitions),
        Shape::List(inner) => {
            let item = object(inner, fills, definitions);
            json!({ "type": "array", "items": item })
        }
        Shape::Map(inner) => {
            let mut names = self::shape(Shape::Name, fills, definitions);
            if says_what_it_is_on(inner) {
                names["pattern"] = r"^[^.]*$".into();
            }
            if inner.title == BINDING.title {
                names = json!({ "type": "string", "pattern": "^[a-z-]+/[^/]+$" });
            }
            let one = object(inner, fills, definitions);
            // A member about which nothing need be said may be left empty: `draft:`.
            let says_something = inner.keys.iter().any(|key| key.required) || says_what_it_is_on(inner);
            let member = match says_something {
                true => one,
                false => json!({ "anyOf": [one, { "type": "null" }] }),
            };
            json!({ "type": "object", "propertyNames": names, "additionalProperties": member })
        }
    }
}

fn sql(definitions: &mut Map<String, Value>) -> Value {
    define("sql", definitions, |_| {
        json!({
            "description": "An SQL expression of the target.",
            "type": "object",
            "properties": { "sql": { "type": "string" } },
            "required": ["sql"],
            "additionalProperties": false,
        })
    })
}

/// Which settings go with which type.
fn field_rules(fills: Fills, definitions: &mut Map<String, Value>) -> Vec<Value> {
    let is = |types: &[&str]| json!({ "properties": { "type": { "enum": types } }, "required": ["type"] });
    let never = |names: &[&str]| {
        let all: Map<String, Value> = names.iter().map(|name| ((*name).to_owned(), false.into())).collect();
        json!({ "properties": all })
    };
    let mut rules = Vec::new();
    let mut rule = |types: &[&str], then: Value| rules.push(json!({ "if": is(types), "then": then }));
    let mut groups: Vec<(&[&str], bool, Vec<&str>)> = Vec::new();
    for one in PARAMETERS {
        match groups.iter_mut().find(|(types, required, _)| *types == one.types && *required == one.required)
        {
            Some((_, _, names)) => names.push(one.name),
            None => groups.push((one.types, one.required, vec![one.name])),
        }
    }
    for (types, required, names) in groups {
        let then = if required { json!({ "required": names }) } else { Value::Bool(true) };
        rule(types, then);
        let others: Vec<&str> =
            super::grammar::FIELD_TYPES.iter().copied().filter(|ty| !types.contains(ty)).collect();
        rule(&others, never(&names));
    }
    let format = fills.or_value(json!({ "enum": TEXT_FORMATS }), definitions);
    rule(&["text"], json!({ "properties": { "format": format } }));
    rule(&["lookup"], json!({ "oneOf": [{ "required": ["entity"] }, { "required": ["entities"] }] }));
    let format = fills.or_value(json!({ "pattern": AUTONUMBER }), definitions);
    let numbered = json!({ "required": ["format"], "properties": {
        "format": format, "default": false, "backfill": false, "check": false,
    } });
    rule(&["autonumber"], numbered);
    let sql = sql(definitions);
    let texts: &[&str] = &["text", "date", "time", "datetime", "uuid", "picklist", "lookup"];
    for (types, value) in [
        (texts, json!(["string"])),
        (&["integer", "bigint"], json!(["integer"])),
        (&["decimal", "money"], json!(["number", "string"])),
        (&["float"], json!(["number"])),
        (&["boolean"], json!(["boolean"])),
    ] {
        let value = fills.or_value(json!({ "anyOf": [{ "type": value }, sql] }), definitions);
        rule(types, json!({ "properties": { "default": value, "backfill": value } }));
    }
    rule(&["binary"], json!({ "properties": { "default": sql, "backfill": sql } }));
    rules.push(json!({
        "if": { "properties": { "required": { "const": true } }, "required": ["required"] },
        "then": { "properties": { "onDelete": { "not": { "const": "set-null" } } } },
    }));
    rules.push(json!({
        "if": { "required": ["entities"] },
        "then": { "properties": { "default": false, "backfill": false, "unique": { "const": false } } },
    }));
    // A rule that forbids nothing says nothing.
    rules.retain(|rule| rule["then"] != true);
    rules
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLES: &str = r##"
apiVersion: reconcile/v1
kind: Entity
metadata:
  name: order
  labels: { team: sales }
setup:
  action: overwrite
  allowed: [merge, overwrite]
spec:
  displayName: { en: Order, de: Auftrag }
  description: A customer's order
  fields:
    number:   { type: text, maxLength: 20, required: true }
    status:   { type: picklist, picklist: order-status, default: draft, required: true }
    customer: { type: lookup, entity: account, onDelete: "${value:on-delete}", required: "${value:strict}" }
    rating:   { type: integer, default: "${value:rating}", unique: "${value:strict}" }
    mail:     { type: text, format: "${value:format}", maxLength: "${value:longest}" }
    name:     { type: "${value:type}", displayName: "Name in ${value:country}" }
    about:    { type: lookup, entities: [account, order] }
    total:    { type: decimal, precision: 12, scale: 2, default: { sql: "1 + 1" } }
    note:     { type: text, maxLength: 500, renamedFrom: remark }
    code:     { type: autonumber, format: "ORD-{year}-{seq:5}", unique: true }
  keys:    { by-number: { fields: [number] } }
  indexes: { by-customer: { fields: [customer, status] } }
  checks:  { total-positive: { sql: "total >= 0" } }
  relationships: {}
---
apiVersion: reconcile/v1
kind: Picklist
metadata: { name: order-status }
spec:
  displayName: Order status
  options:
    draft:
    open:    { label: { en: Open, de: Offen }, color: "#2b8a3e" }
    late:    { label: Late, color: "${value:alarm}", retired: "${value:relaxed}" }
    lost:    { label: Lost, retired: true }
---
apiVersion: reconcile/v1
kind: Environment
metadata: { name: staging }
spec:
  target: { sqlite: .reconcile/staging.db }
  include: ["entity/*", "picklist/*"]
  setup: { default: overwrite, resources: { picklist/country: merge } }
  prune: true
  autoApply: true
  allow: [RK203]
  maxDestroy: 3
---
apiVersion: reconcile/v1
kind: Environment
metadata: { name: production }
spec:
  target: { postgres: { url: "${env:STAGING_URL}", schema: shop } }
  values: { country: DE, strict: true, longest: 40, share: 0.5 }
  patches:
    - { address: entity/order, spec: { fields: { note: { maxLength: 900, description: null } } } }
"##;

    fn read(yaml: &str) -> Vec<Value> {
        let documents = serde_yaml::Deserializer::from_str(yaml);
        documents.map(|one| serde::Deserialize::deserialize(one).unwrap()).collect()
    }

    /// The schema of any manifest, and that of this kind.
    fn validators(kind: &str) -> Vec<jsonschema::Validator> {
        let file = format!("{}.schema.json", kind.to_lowercase());
        let of = |(name, text): &(&str, String)| {
            let schema: Value = serde_json::from_str(text).unwrap();
            assert!(jsonschema::meta::is_valid(&schema), "{name}");
            (*name == file || *name == "manifest.schema.json")
                .then(|| jsonschema::validator_for(&schema).unwrap())
        };
        schemas().iter().filter_map(of).collect()
    }

    #[test]
    fn the_examples_of_the_design_are_valid() {
        for manifest in read(EXAMPLES) {
            for validator in validators(manifest["kind"].as_str().unwrap()) {
                let faults: Vec<String> = validator.iter_errors(&manifest).map(|e| e.to_string()).collect();
                assert_eq!(faults, Vec::<String>::new(), "{manifest}");
            }
        }
    }

    #[test]
    fn mistakes_are_found_where_they_are() {
        for (kind, spec, place) in [
            ("Entity", "{ field: {} }", "/spec"),
            ("Entity", "{ fields: { a: {} } }", "/spec/fields/a"),
            ("Entity", "{ fields: { a: { type: txt } } }", "/spec/fields/a/type"),
            ("Entity", "{ fields: { a: { type: integer, maxLength: 3 } } }", "/spec/fields/a/maxLength"),
            ("Entity", "{ fields: { a: { type: decimal, precision: 3 } } }", "/spec/fields/a"),
            ("Entity", "{ fields: { a: { type: text, maxLength: 0 } } }", "/spec/fields/a/maxLength"),
            ("Entity", "{ fields: { a: { type: text, format: mail } } }", "/spec/fields/a/format"),
            ("Entity", "{ fields: { a: { type: text, default: 5 } } }", "/spec/fields/a/default"),
            ("Entity", "{ fields: { a: { type: boolean, default: 'yes' } } }", "/spec/fields/a/default"),
            ("Entity", "{ fields: { a: { type: lookup } } }", "/spec/fields/a"),
            ("Entity", "{ fields: { a: { type: lookup, entity: b, entities: [c] } } }", "/spec/fields/a"),
            (
                "Entity",
                "{ fields: { a: { type: lookup, entity: b, required: true, onDelete: set-null } } }",
                "/spec/fields/a/onDelete",
            ),
            ("Entity", "{ fields: { a: { type: autonumber, format: ORD } } }", "/spec/fields/a/format"),
            (
                "Entity",
                "{ fields: { a: { type: autonumber, format: '{seq}{seq}' } } }",
                "/spec/fields/a/format",
            ),
            ("Entity", "{ fields: { a/b: { type: date } } }", "/spec/fields"),
            ("Entity", "{ keys: { a.b: { fields: [a] } } }", "/spec/keys"),
            ("Entity", "{ keys: { a: { fields: [] } } }", "/spec/keys/a/fields"),
            ("Entity", "{ displayName: 5 }", "/spec/displayName"),
            ("Picklist", "{}", "/spec"),
            ("Picklist", "{ options: { a: { color: red } } }", "/spec/options/a"),
            ("Environment", "{ target: { sqlite: a, postgres: b } }", "/spec/target"),
            ("Environment", "{ target: { sqlite: a }, maxDestroy: -1 }", "/spec/maxDestroy"),
            ("Environment", "{ target: { sqlite: a }, requireSignedBy: [] }", "/spec/requireSignedBy"),
            (
                "Environment",
                "{ target: { sqlite: a }, requireSignedBy: ['ed25519:AAAA'] }",
                "/spec/requireSignedBy/0",
            ),
            ("Environment", "{ target: { sqlite: a }, setup: { default: replace } }", "/spec/setup/default"),
            ("Environment", "{ target: { sqlite: a }, prune: '${value:a}' }", "/spec/prune"),
            ("Environment", "{ target: { sqlite: a }, values: { a: [b] } }", "/spec/values/a"),
            ("Environment", "{ target: { sqlite: a }, values: { 'a b': c } }", "/spec/values"),
            ("Environment", "{ target: { sqlite: a }, patches: [{ spec: {} }] }", "/spec/patches/0/spec"),
            (
                "Entity",
                "{ fields: { a: { type: text, maxLength: '${env:A}' } } }",
                "/spec/fields/a/maxLength",
            ),
        ] {
            let text = format!(
                "{{ apiVersion: reconcile/v1, kind: {kind}, metadata: {{ name: a }}, spec: {spec} }}"
            );
            let manifest = read(&text).remove(0);
            for validator in validators(kind) {
                let places: Vec<String> =
                    validator.iter_errors(&manifest).map(|e| e.instance_path().to_string()).collect();
                assert!(places.iter().any(|found| found == place), "{text}: {places:?}");
            }
        }
    }

    #[test]
    fn the_written_schemas_are_fresh() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
        let update = std::env::var_os("UPDATE").is_some();
        for (file, text) in schemas() {
            let path = folder.join(file);
            if update {
                std::fs::create_dir_all(&folder).unwrap();
                std::fs::write(&path, &text).unwrap();
            }
            let written = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(written == text, "schemas/{file} is not fresh; run UPDATE=1 cargo nextest run");
        }
    }
}
