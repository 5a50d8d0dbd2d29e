//! The public model of standard business entities, turned into manifests: one file an entity, with its own picklists.
//! Never invents a field, and never loses one without a word on why.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;
use serde_yaml::{Mapping, Value};

/// `cdm-core.json`.
#[derive(Deserialize)]
pub struct Model {
    pub entities: Vec<Entity>,
    pub picklists: Vec<Picklist>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entity {
    pub name: String,
    display_name: String,
    description: String,
    keys: Vec<Key>,
    pub fields: Vec<Field>,
}

#[derive(Deserialize)]
struct Key {
    kind: String,
    fields: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Field {
    name: String,
    #[serde(rename = "type")]
    ty: String,
    display_name: Option<String>,
    description: Option<String>,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    primary_key: bool,
    max_length: Option<u64>,
    precision: Option<u64>,
    scale: Option<u64>,
    min: Option<serde_json::Number>,
    max: Option<serde_json::Number>,
    #[serde(default)]
    targets: Vec<String>,
    picklist: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Picklist {
    name: String,
    display_name: Option<String>,
    global: bool,
    options: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    value: i64,
    label: String,
}

impl Model {
    pub fn read(path: &Path) -> Model {
        let text = std::fs::read_to_string(path).unwrap();
        let mut model: Model = serde_json::from_str(&text).unwrap();
        model.open_circles();
        model
    }

    /// The vendor requires some lookups that go in circles (a user has a business unit, which has a parent, …). It
    /// fills them while it installs itself; nobody else could write a first row, so these are not required here.
    fn open_circles(&mut self) {
        let mut needs: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for keys_first in [true, false] {
            for entity in &mut self.entities {
                for field in &mut entity.fields {
                    let is_lookup = field.ty == "lookup" && field.required;
                    if !is_lookup || field.primary_key != keys_first || field.is_own_key(&entity.name) {
                        continue;
                    }
                    if field.targets.iter().any(|to| reaches(&needs, to, &entity.name)) {
                        assert!(!field.primary_key, "the key of {} goes in a circle", entity.name);
                        field.required = false;
                    } else {
                        needs.entry(entity.name.clone()).or_default().extend(field.targets.iter().cloned());
                    }
                }
            }
        }
    }

    /// All manifests, by the path of their file.
    pub fn manifests(&self) -> BTreeMap<String, String> {
        let mut files = BTreeMap::new();
        for entity in &self.entities {
            files.insert(format!("standard/entities/{}.yaml", entity.name), text(&[entity.manifest()]));
        }
        let (global, local): (Vec<&Picklist>, Vec<&Picklist>) = self.picklists.iter().partition(|p| p.global);
        for picklist in global {
            files.insert(format!("standard/picklists/{}.yaml", picklist.name), text(&[picklist.manifest()]));
        }
        // A picklist that one entity alone uses is named for it: `Account_stateCode`.
        for picklist in local {
            let (owner, _) = picklist.name.split_once('_').unwrap();
            let file = files.entry(format!("standard/picklists/of-{owner}.yaml")).or_default();
            file.push_str(&text(&[picklist.manifest()]));
        }
        files
    }
}

fn reaches(needs: &BTreeMap<String, BTreeSet<String>>, from: &str, to: &str) -> bool {
    let mut open = vec![from];
    let mut seen = BTreeSet::new();
    while let Some(at) = open.pop() {
        if at == to {
            return true;
        }
        if seen.insert(at) {
            open.extend(needs.get(at).into_iter().flatten().map(String::as_str));
        }
    }
    false
}

impl Entity {
    fn manifest(&self) -> Value {
        let key = self.keys.iter().find(|key| key.kind == "primary").unwrap();
        let fields: Mapping = self
            .fields
            .iter()
            .filter_map(|field| Some((Value::from(field.name.as_str()), field.manifest(&self.name)?)))
            .collect();
        let spec = map([
            ("displayName", Value::from(self.display_name.as_str())),
            ("description", Value::from(self.description.as_str())),
            ("standard", Value::from(true)),
            ("primaryKey", Value::from(key.fields.clone())),
            ("fields", Value::Mapping(fields)),
        ]);
        document("Entity", &self.name, spec)
    }
}

impl Field {
    /// An activity's key is written as a lookup to the activity, also in the activity itself: there it is the key.
    fn is_own_key(&self, entity: &str) -> bool {
        self.primary_key && self.targets == [entity]
    }

    fn manifest(&self, entity: &str) -> Option<Value> {
        let mut settings = self.ty(entity)?;
        let mut put = |key: &str, value: Value| settings.insert(Value::from(key), value);
        if self.required {
            put("required", Value::from(true));
        }
        if self.primary_key && (self.ty == "uuid" || self.is_own_key(entity)) {
            put("default", Value::from("generated"));
        }
        if let Some(range) = self.range() {
            put("check", Value::from(range));
        }
        for (key, words) in [("displayName", &self.display_name), ("description", &self.description)] {
            if let Some(words) = words.as_deref().map(str::trim).filter(|words| !words.is_empty()) {
                put(key, Value::from(words));
            }
        }
        Some(Value::Mapping(settings))
    }

    fn ty(&self, entity: &str) -> Option<Mapping> {
        let of = |word: &str| Mapping::from_iter([(Value::from("type"), Value::from(word))]);
        let with = |word: &str, key: &str, value: Value| {
            let mut settings = of(word);
            settings.insert(Value::from(key), value);
            settings
        };
        let text = |format: Option<&str>| {
            let mut settings = of("text");
            // The vendor's longest texts have no length that anybody would reach.
            if let Some(length) = self.max_length.filter(|length| *length <= 1_000_000_000) {
                settings.insert(Value::from("maxLength"), Value::from(length));
            }
            if let Some(format) = format {
                settings.insert(Value::from("format"), Value::from(format));
            }
            settings
        };
        Some(match self.ty.as_str() {
            "string" => text(None),
            "text" => text(Some("multiline")),
            "email" => text(Some("email")),
            "phone" => text(Some("phone")),
            "url" => text(Some("url")),
            "timezone" => text(Some("timezone")),
            "decimal" => {
                let mut settings = with("decimal", "precision", Value::from(self.precision.unwrap()));
                settings.insert(Value::from("scale"), Value::from(self.scale.unwrap()));
                settings
            }
            "picklist" => with("picklist", "picklist", Value::from(self.picklist.as_deref().unwrap())),
            "lookup" if self.is_own_key(entity) => of("uuid"),
            "lookup" => match self.targets.as_slice() {
                [one] => with("lookup", "entity", Value::from(one.as_str())),
                several => with("lookup", "entities", Value::from(several.to_vec())),
            },
            // The parties of an activity are rows of `ActivityParty`; the activity has no column for them.
            "partylist" => return None,
            "integer" | "bigint" | "money" | "float" | "boolean" | "datetime" | "uuid" | "json" => {
                of(&self.ty)
            }
            other => panic!("the field {entity}.{} has the unknown type {other}", self.name),
        })
    }

    /// The values the vendor takes, where they are fewer than the type's.
    fn range(&self) -> Option<String> {
        let (min, max) = (self.min.as_ref()?, self.max.as_ref()?);
        let is_all =
            self.ty == "integer" && min.as_i64() == Some(-2147483648) && max.as_i64() == Some(2147483647);
        (!is_all).then(|| format!("\"{}\" BETWEEN {min} AND {max}", self.name))
    }
}

impl Picklist {
    fn manifest(&self) -> Value {
        let mut options = Mapping::new();
        for choice in &self.options {
            let mut name = slug(&choice.label);
            if name.is_empty() || options.contains_key(&name) {
                name = format!("{name}-{}", choice.value).trim_start_matches('-').to_owned();
            }
            let option = map([("label", Value::from(choice.label.as_str()))]);
            assert!(options.insert(Value::from(name), option).is_none(), "{} has an option twice", self.name);
        }
        let mut spec = Mapping::new();
        if let Some(words) = &self.display_name {
            spec.insert(Value::from("displayName"), Value::from(words.as_str()));
        }
        spec.insert(Value::from("options"), Value::Mapping(options));
        document("Picklist", &self.name, Value::Mapping(spec))
    }
}

/// `Doctor's Offices and Clinics` is the option `doctors-offices-and-clinics`.
fn slug(label: &str) -> String {
    let mut slug = String::new();
    for c in label.chars().take(60).filter(|c| *c != '\'') {
        match c.is_alphanumeric() {
            true => slug.extend(c.to_lowercase()),
            false if slug.ends_with('-') || slug.is_empty() => {}
            false => slug.push('-'),
        }
    }
    slug.trim_end_matches('-').to_owned()
}

fn document(kind: &str, name: &str, spec: Value) -> Value {
    map([
        ("apiVersion", Value::from("reconcile/v1")),
        ("kind", Value::from(kind)),
        ("metadata", map([("name", Value::from(name))])),
        ("spec", spec),
    ])
}

fn map<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::Mapping(entries.into_iter().map(|(key, value)| (Value::from(key), value)).collect())
}

fn text(documents: &[Value]) -> String {
    documents.iter().map(|one| format!("---\n{}", serde_yaml::to_string(one).unwrap())).collect()
}
