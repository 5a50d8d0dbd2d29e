//! Generated repositories that are valid, and their edits.
//! Never writes a manifest by hand: the model is what the emitter makes of it.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use reconcile::address::Address;
use reconcile::model::entity::{Check, Entity, Index, Key, References, Relationship};
use reconcile::model::field::{DefaultValue, Field, FieldType, OnEvent, TextFormat};
use reconcile::model::picklist::{Choice, Picklist};
use reconcile::model::resource::Resource;
use reconcile::model::setup::Setup;
use reconcile::model::text::Text;
use reconcile::model::written::{Written, manifest_value};
use reconcile::source::{File, Files, Revision};
use reconcile::yaml;
use serde_json::{Value, json};

use super::draw::Draw;

/// What one repository declares.
#[derive(Clone, Debug, Default)]
pub struct World {
    pub picklists: IndexMap<String, Picklist>,
    pub entities: IndexMap<String, Entity>,
    /// The former name of a resource.
    pub renamed: BTreeMap<Address, String>,
    /// The field that a check of an entity speaks of.
    checked: BTreeMap<(String, String), String>,
    pub merge: bool,
    pub prune: bool,
}

/// Names that tempt; in lower case all different.
const TABLES: [&str; 14] = [
    "order",
    "account",
    "line item",
    "select",
    "it's",
    "a\"b",
    "größe",
    "数",
    "x.y",
    "no",
    "100%",
    "Group",
    "-- x",
    "(a)",
];
const FIELDS: [&str; 16] = [
    "name", "status", "total", "note", "from", "a b", "o'clock", "q\"q", "Straße", "名", "p.q", "key", "on",
    "rowid", "f;g", "default",
];
const MEMBERS: [&str; 6] = ["by-name", "order", "it's", "a\"b", "index", "ключ"];
const OPTIONS: [&str; 8] = ["draft", "open", "lost", "it's", "a b", "ü", "NULL", "1"];

pub fn entity_address(name: &str) -> Address {
    Address::new(reconcile::model::entity::KIND, name)
}

pub fn picklist_address(name: &str) -> Address {
    Address::new(reconcile::model::picklist::KIND, name)
}

fn free(draw: &mut Draw, names: &[&str], is_taken: impl Fn(&str) -> bool) -> Option<String> {
    let first = draw.below(names.len());
    let mut turns = names.iter().cycle().skip(first).take(names.len());
    turns.find(|name| !is_taken(name)).map(|name| (*name).to_owned())
}

impl World {
    pub fn draw(draw: &mut Draw) -> World {
        let mut world = World { merge: draw.one_in(4), prune: !draw.one_in(4), ..World::default() };
        for _ in 0..draw.below(3) {
            world.add_picklist(draw);
        }
        for _ in 0..1 + draw.below(3) {
            world.add_entity(draw);
        }
        world.repair();
        world
    }

    fn is_table(&self, name: &str) -> bool {
        let mut all = self.picklists.keys().chain(self.entities.keys()).chain(self.renamed.values());
        all.any(|other| other.eq_ignore_ascii_case(name))
    }

    fn add_picklist(&mut self, draw: &mut Draw) {
        let Some(name) = free(draw, &TABLES, |name| self.is_table(name)) else { return };
        let mut picklist = Picklist::default();
        for _ in 0..1 + draw.below(4) {
            add_option(&mut picklist, draw);
        }
        if draw.one_in(4) {
            picklist.display_name = Some(text(draw));
        }
        self.picklists.insert(name, picklist);
    }

    fn add_entity(&mut self, draw: &mut Draw) {
        let Some(name) = free(draw, &TABLES, |name| self.is_table(name)) else { return };
        self.entities.insert(name.clone(), Entity::default());
        if draw.one_in(4) {
            self.entities[&name].display_name = Some(text(draw));
        }
        for _ in 0..1 + draw.below(5) {
            self.add_field(&name, draw);
        }
        if draw.one_in(3) {
            let fields: Vec<String> = self.entities[&name].fields.keys().cloned().collect();
            let n_fields = 1 + draw.below(2);
            let key = (0..n_fields).map(|_| draw.pick(&fields).clone()).collect();
            self.entities[&name].primary_key = Some(key);
        }
        for _ in 0..draw.below(4) {
            self.add_member(&name, draw);
        }
    }

    fn add_field(&mut self, entity: &str, draw: &mut Draw) -> Option<String> {
        let fields = &self.entities[entity].fields;
        let is_taken = |name: &str| {
            let is_former = fields.values().any(|f| f.renamed_from.as_deref() == Some(name));
            is_former || fields.keys().any(|other| other.eq_ignore_ascii_case(name))
        };
        let name = free(draw, &FIELDS, is_taken)?;
        let field = self.draw_field(draw);
        self.entities[entity].fields.insert(name.clone(), field);
        Some(name)
    }

    fn draw_field(&self, draw: &mut Draw) -> Field {
        let mut field = Field::of(self.draw_type(draw));
        field.required = draw.one_in(3).then_some(true);
        field.unique = draw.one_in(6).then_some(true);
        field.default = if draw.one_in(3) { self.draw_default(&field.ty, draw) } else { None };
        // What it says is written when the world is repaired.
        field.check = draw.one_in(8).then(String::new);
        field.display_name = draw.one_in(8).then(|| text(draw));
        field
    }

    fn draw_type(&self, draw: &mut Draw) -> FieldType {
        let entities: Vec<&String> = self.entities.keys().collect();
        let picklists: Vec<&String> = self.picklists.keys().collect();
        match draw.below(22) {
            0 | 1 => FieldType::Text { max_length: None, format: None },
            2 | 3 => FieldType::Text { max_length: Some(*draw.pick(&[1, 5, 20, 40])), format: None },
            4 => FieldType::Text { max_length: Some(40), format: Some(TextFormat::Email) },
            5 => FieldType::Integer,
            6 => FieldType::Bigint,
            7 => {
                let (precision, scale) = *draw.pick(&[(4, 2), (12, 2), (5, 0)]);
                FieldType::Decimal { precision, scale }
            }
            8 => FieldType::Money,
            9 => FieldType::Float,
            10 => FieldType::Boolean,
            11 => FieldType::Date,
            12 => FieldType::Time,
            13 => FieldType::Datetime,
            14 => FieldType::Uuid,
            15 => FieldType::Json,
            16 => FieldType::Binary { max_length: *draw.pick(&[None, Some(2)]) },
            17 => FieldType::Autonumber {
                format: (*draw.pick(&["{seq}", "N-{seq:3}", "it's {seq}"])).to_owned(),
            },
            18 if !picklists.is_empty() => FieldType::Picklist { picklist: (*draw.pick(&picklists)).clone() },
            19 | 20 if !entities.is_empty() => FieldType::Lookup {
                entity: Some((*draw.pick(&entities)).clone()),
                entities: Vec::new(),
                on_delete: *draw.pick(&[OnEvent::NoAction, OnEvent::Cascade, OnEvent::SetNull]),
            },
            21 if entities.len() > 1 => FieldType::Lookup {
                entity: None,
                entities: entities.iter().take(2 + draw.below(2)).map(|name| (*name).clone()).collect(),
                on_delete: OnEvent::NoAction,
            },
            _ => FieldType::Integer,
        }
    }

    fn draw_default(&self, ty: &FieldType, draw: &mut Draw) -> Option<DefaultValue> {
        let value = match ty {
            FieldType::Text { .. } => json!(*draw.pick(&["x", "'", "1", "\"", "now"])),
            FieldType::Integer | FieldType::Bigint => json!(*draw.pick(&[0, 7, -1])),
            FieldType::Decimal { .. } | FieldType::Money => json!(*draw.pick(&[0, 12])),
            FieldType::Float => json!(*draw.pick(&[0.5, 1e20, -2.0])),
            FieldType::Boolean => json!(draw.one_in(2)),
            FieldType::Date => json!(*draw.pick(&["2024-02-29", "now"])),
            FieldType::Time => json!(*draw.pick(&["13:45:00", "now"])),
            FieldType::Datetime => json!(*draw.pick(&["2026-11-21T13:45:00Z", "now"])),
            FieldType::Uuid => json!(*draw.pick(&["123e4567-e89b-42d3-a456-426614174000", "generated"])),
            FieldType::Json => json!("{\"a\":[1,\"it's\"]}"),
            FieldType::Picklist { picklist } => {
                let options: Vec<&String> = self.picklists.get(picklist)?.options.keys().collect();
                json!(if options.is_empty() { return None } else { draw.pick(&options) })
            }
            FieldType::Binary { .. } | FieldType::Lookup { .. } | FieldType::Autonumber { .. } => {
                return None;
            }
        };
        Some(DefaultValue::Value(value))
    }

    /// Adds a key, an index, a check or a relationship.
    fn add_member(&mut self, name: &str, draw: &mut Draw) {
        let entity = &self.entities[name];
        let fields: Vec<String> = entity.fields.keys().cloned().collect();
        if fields.is_empty() {
            return;
        }
        let some = |draw: &mut Draw| -> Vec<String> {
            (0..1 + draw.below(2)).map(|_| draw.pick(&fields).clone()).collect()
        };
        let is_taken = |name: &str| {
            let formers = entity.keys.values().map(|k| &k.renamed_from);
            let formers = formers.chain(entity.indexes.values().map(|i| &i.renamed_from));
            let mut all = entity.keys.keys().chain(entity.indexes.keys()).chain(formers.flatten());
            all.any(|other| other.eq_ignore_ascii_case(name))
        };
        match draw.below(5) {
            0 => {
                let Some(member) = free(draw, &MEMBERS, is_taken) else { return };
                let key =
                    Key { fields: some(draw), sql: None, native: None, renamed_from: None, standard: false };
                self.entities[name].keys.insert(member, key);
            }
            1 | 2 => {
                let Some(member) = free(draw, &MEMBERS, is_taken) else { return };
                let index = Index {
                    fields: some(draw),
                    sql: None,
                    native: None,
                    renamed_from: None,
                    standard: false,
                };
                self.entities[name].indexes.insert(member, index);
            }
            3 => {
                let Some(member) = free(draw, &MEMBERS, |m| entity.checks.contains_key(m)) else { return };
                self.checked.insert((name.to_owned(), member.clone()), draw.pick(&fields).clone());
                self.entities[name]
                    .checks
                    .insert(member, Check { sql: String::new(), native: None, standard: false });
            }
            _ => {
                let Some(member) = free(draw, &MEMBERS, |m| entity.relationships.contains_key(m)) else {
                    return;
                };
                let far: Vec<String> = self.entities.keys().cloned().collect();
                let far = draw.pick(&far).clone();
                let to: Vec<String> =
                    self.entities[&far].key_fields().into_iter().map(str::to_owned).collect();
                let alike = |to: &String| {
                    let ty = self.entities[&far].field_type(to)?;
                    entity.fields.iter().find(|(_, field)| field.ty == ty).map(|(name, _)| name.clone())
                };
                let Some(near) = to.iter().map(alike).collect::<Option<Vec<String>>>() else { return };
                let relationship = Relationship {
                    fields: near,
                    references: References { entity: far, fields: to },
                    on_delete: *draw.pick(&[OnEvent::NoAction, OnEvent::Cascade, OnEvent::SetNull]),
                    on_update: *draw.pick(&[OnEvent::NoAction, OnEvent::Cascade]),
                    native: None,
                    standard: false,
                };
                self.entities[name].relationships.insert(member, relationship);
            }
        }
    }
}

fn add_option(picklist: &mut Picklist, draw: &mut Draw) {
    let is_taken = |name: &str| {
        let is_former = picklist.options.values().any(|c| c.renamed_from.as_deref() == Some(name));
        is_former || picklist.options.contains_key(name)
    };
    let Some(name) = free(draw, &OPTIONS, is_taken) else { return };
    let choice = Choice {
        label: draw.one_in(3).then(|| text(draw)),
        color: draw.one_in(5).then(|| "#2b8a3e".to_owned()),
        retired: draw.one_in(6).then_some(true),
        ..Choice::default()
    };
    picklist.options.insert(name, choice);
}

fn text(draw: &mut Draw) -> Text {
    match draw.below(3) {
        0 => Text::Plain("Plain".to_owned()),
        1 => Text::Plain("it's \"q\" ü".to_owned()),
        _ => Text::Languages(
            [("de".to_owned(), "Auftrag".to_owned()), ("en".to_owned(), "Order".to_owned())].into(),
        ),
    }
}

/// Edits.
impl World {
    /// The world after some edits. Directives of this world are gone from it.
    pub fn edited(&self, draw: &mut Draw) -> World {
        let mut world = self.clone();
        world.renamed.clear();
        for entity in world.entities.values_mut() {
            entity.strip_directives();
        }
        world.picklists.values_mut().for_each(Picklist::strip_directives);
        for _ in 0..1 + draw.below(5) {
            world.edit(draw);
        }
        world.repair();
        world
    }

    fn edit(&mut self, draw: &mut Draw) {
        let entities: Vec<String> = self.entities.keys().cloned().collect();
        let picklists: Vec<String> = self.picklists.keys().cloned().collect();
        let Some(name) = (!entities.is_empty()).then(|| draw.pick(&entities).clone()) else {
            return self.add_entity(draw);
        };
        let fields: Vec<String> = self.entities[&name].fields.keys().cloned().collect();
        let field = (!fields.is_empty()).then(|| draw.pick(&fields).clone());
        match (draw.below(26), field) {
            (0 | 1, _) => drop(self.add_field(&name, draw)),
            (2, Some(field)) => drop(self.entities[&name].fields.shift_remove(&field)),
            (3 | 4, Some(field)) => self.rename_field(&name, &field, draw),
            (5 | 6, Some(field)) => {
                let ty = self.draw_type(draw);
                let default = if draw.one_in(3) { self.draw_default(&ty, draw) } else { None };
                let field = &mut self.entities[&name].fields[&field];
                (field.ty, field.default) = (ty, default);
            }
            (7, Some(field)) => {
                let field = &mut self.entities[&name].fields[&field];
                if let FieldType::Text { max_length, .. } = &mut field.ty {
                    *max_length = *draw.pick(&[None, Some(2), Some(60)]);
                }
            }
            (8 | 9, Some(field)) => {
                let ty = self.entities[&name].fields[&field].ty.clone();
                let filler = self.draw_default(&ty, draw);
                let field = &mut self.entities[&name].fields[&field];
                field.required = Some(field.required.is_none());
                field.backfill = filler.filter(|_| field.required == Some(true) && !draw.one_in(3));
            }
            (10, Some(field)) => {
                let ty = self.entities[&name].fields[&field].ty.clone();
                let default = self.draw_default(&ty, draw);
                let field = &mut self.entities[&name].fields[&field];
                field.default = if field.default.is_some() { None } else { default };
            }
            (11, Some(field)) => {
                let field = &mut self.entities[&name].fields[&field];
                field.unique = if field.unique.is_some() { None } else { Some(true) };
            }
            (12, Some(field)) => {
                let field = &mut self.entities[&name].fields[&field];
                field.check = if field.check.is_some() { None } else { Some(String::new()) };
            }
            (13, _) => self.entities[&name].fields.reverse(),
            (14, Some(field)) => self.entities[&name].fields[&field].display_name = Some(text(draw)),
            (15 | 16, _) => self.add_member(&name, draw),
            (17, _) => {
                let entity = &mut self.entities[&name];
                entity.keys.pop();
                entity.checks.pop();
                entity.relationships.pop();
            }
            (18, _) => {
                let entity = &mut self.entities[&name];
                if let Some((old, index)) = entity.indexes.pop() {
                    let new = format!("{old}-2");
                    entity.indexes.insert(new, Index { renamed_from: Some(old), ..index });
                }
            }
            (19, _) => {
                self.entities.shift_remove(&name);
            }
            (20, _) => self.rename_entity(&name, draw),
            (21, _) => self.add_entity(draw),
            (22, _) if picklists.is_empty() => self.add_picklist(draw),
            (22..=24, _) if !picklists.is_empty() => {
                let name = draw.pick(&picklists).clone();
                self.edit_picklist(&name, draw);
            }
            (_, _) => {
                let entity = &mut self.entities[&name];
                entity.display_name = if entity.display_name.is_some() { None } else { Some(text(draw)) };
            }
        }
    }

    fn edit_picklist(&mut self, name: &str, draw: &mut Draw) {
        let picklist = &mut self.picklists[name];
        let options: Vec<String> = picklist.options.keys().cloned().collect();
        if options.is_empty() {
            return add_option(picklist, draw);
        }
        let option = draw.pick(&options).clone();
        match draw.below(7) {
            0 => add_option(picklist, draw),
            1 => drop(picklist.options.shift_remove(&option)),
            2 => {
                let new = format!("{option} new");
                let mut choice = picklist.options[&option].clone();
                if choice.renamed_from.is_none() {
                    choice.renamed_from = Some(option.clone());
                    let renamed = |(name, old): (String, Choice)| match name == option {
                        true => (new.clone(), choice.clone()),
                        false => (name, old),
                    };
                    picklist.options =
                        std::mem::take(&mut picklist.options).into_iter().map(renamed).collect();
                }
            }
            3 => {
                let choice = &mut picklist.options[&option];
                choice.retired = if choice.retired.is_some() { None } else { Some(true) };
            }
            4 => picklist.options.reverse(),
            5 => picklist.options[&option].label = Some(text(draw)),
            _ => drop(self.picklists.shift_remove(name)),
        }
    }

    fn rename_field(&mut self, entity: &str, old: &str, draw: &mut Draw) {
        let fields = &self.entities[entity].fields;
        let is_taken = |name: &str| {
            let is_former = fields.values().any(|f| f.renamed_from.as_deref() == Some(name));
            is_former || fields.keys().any(|other| other.eq_ignore_ascii_case(name))
        };
        if fields[old].renamed_from.is_some() {
            return;
        }
        let Some(new) = free(draw, &FIELDS, is_taken) else { return };
        let follow = |names: &mut Vec<String>| {
            names.iter_mut().filter(|name| *name == old).for_each(|name| name.clone_from(&new));
        };
        let one = &mut self.entities[entity];
        let renamed = |(name, mut field): (String, Field)| {
            if name != old {
                return (name, field);
            }
            field.renamed_from = Some(name);
            (new.clone(), field)
        };
        one.fields = std::mem::take(&mut one.fields).into_iter().map(renamed).collect();
        one.keys.values_mut().for_each(|key| follow(&mut key.fields));
        one.indexes.values_mut().for_each(|index| follow(&mut index.fields));
        one.relationships.values_mut().for_each(|relationship| follow(&mut relationship.fields));
        one.primary_key.iter_mut().for_each(&follow);
        let checked = self.checked.iter_mut().filter(|((of, _), field)| of == entity && *field == old);
        checked.for_each(|(_, field)| field.clone_from(&new));
        let pointing = self.entities.values_mut().flat_map(|one| one.relationships.values_mut());
        for relationship in pointing.filter(|relationship| relationship.references.entity == entity) {
            follow(&mut relationship.references.fields);
        }
    }

    fn rename_entity(&mut self, old: &str, draw: &mut Draw) {
        let address = entity_address(old);
        if self.renamed.contains_key(&address) {
            return;
        }
        let Some(new) = free(draw, &TABLES, |name| self.is_table(name)) else { return };
        let renamed =
            |(name, one): (String, Entity)| if name == old { (new.clone(), one) } else { (name, one) };
        self.entities = std::mem::take(&mut self.entities).into_iter().map(renamed).collect();
        let names = BTreeMap::from([(address, new.clone())]);
        for entity in self.entities.values_mut() {
            let mut resource = Resource::Entity(std::mem::take(entity));
            resource.follow_renames(&names);
            if let Resource::Entity(followed) = resource {
                *entity = followed;
            }
        }
        let checked = std::mem::take(&mut self.checked).into_iter();
        self.checked =
            checked.map(|((of, c), f)| ((if of == old { new.clone() } else { of }, c), f)).collect();
        self.renamed.insert(entity_address(&new), old.to_owned());
    }
}

/// What makes a world valid again.
impl World {
    fn repair(&mut self) {
        self.repair_picklists();
        let names: Vec<String> = self.entities.keys().cloned().collect();
        // A key first: what points at it depends on it.
        for name in &names {
            let entity = &mut self.entities[name];
            let fields = entity.fields.clone();
            let may_be_key = |field: &String| {
                let ty = fields.get(field).map(|field| &field.ty);
                ty.is_some_and(|ty| {
                    !matches!(
                        ty,
                        FieldType::Json
                            | FieldType::Binary { .. }
                            | FieldType::Lookup { .. }
                            | FieldType::Autonumber { .. }
                    )
                })
            };
            if let Some(key) = &mut entity.primary_key {
                key.retain(may_be_key);
                dedup(key);
            }
            entity.primary_key = entity.primary_key.take().filter(|key| !key.is_empty());
        }
        let single: Vec<String> =
            names.iter().filter(|name| self.entities[*name].key_fields().len() == 1).cloned().collect();
        for (at, name) in names.iter().enumerate() {
            self.repair_fields(name, &names[..at], &single);
        }
        for name in &names {
            self.repair_members(name);
        }
    }

    fn repair_picklists(&mut self) {
        for picklist in self.picklists.values_mut() {
            if picklist.options.is_empty() {
                picklist.options.insert("only".to_owned(), Choice::default());
            }
            let names: Vec<String> = picklist.options.keys().cloned().collect();
            for choice in picklist.options.values_mut() {
                choice.renamed_from = choice.renamed_from.take().filter(|old| !names.contains(old));
            }
        }
        let tables: Vec<String> = self.entities.keys().chain(self.picklists.keys()).cloned().collect();
        self.renamed.retain(|new, old| tables.contains(&new.name) && !tables.contains(old));
    }

    fn repair_fields(&mut self, name: &str, earlier: &[String], single: &[String]) {
        let entity = self.entities[name].clone();
        let key = entity.primary_key.clone().unwrap_or_default();
        let names: Vec<String> = entity.fields.keys().cloned().collect();
        let mut fixed = entity.fields;
        for (field_name, field) in &mut fixed {
            let plain = FieldType::Text { max_length: None, format: None };
            match &mut field.ty {
                FieldType::Picklist { picklist } if !self.picklists.contains_key(picklist) => {
                    field.ty = plain
                }
                FieldType::Lookup { entity: Some(to), .. } if !single.contains(to) => field.ty = plain,
                FieldType::Lookup { entity: None, entities, .. } => {
                    entities.retain(|to| single.contains(to));
                    if entities.len() < 2 {
                        field.ty = plain;
                    }
                }
                _ => {}
            }
            let in_key = key.contains(field_name);
            let is_autonumber = matches!(field.ty, FieldType::Autonumber { .. });
            let is_polymorphic = matches!(field.ty, FieldType::Lookup { entity: None, .. });
            if let FieldType::Lookup { entity: Some(to), .. } = &field.ty
                && !earlier.contains(to)
            {
                field.required = None;
            }
            if is_polymorphic {
                (field.unique, field.check) = (None, None);
            }
            if matches!(field.ty, FieldType::Json) {
                field.unique = None;
            }
            if is_autonumber {
                (field.check, field.unique) = (None, None);
            }
            if let FieldType::Lookup { on_delete, .. } = &mut field.ty
                && (field.required == Some(true) || in_key)
                && *on_delete == OnEvent::SetNull
            {
                *on_delete = OnEvent::Cascade;
            }
            let lists = &self.picklists;
            let holds = |value: &DefaultValue| fits(&field.ty, value, lists);
            field.default = field.default.take().filter(holds);
            field.backfill = field.backfill.take().filter(holds).filter(|_| field.required == Some(true));
            if field.check.is_some() {
                field.check = Some(condition(&field.ty, field_name));
            }
            field.renamed_from = field.renamed_from.take().filter(|old| !names.contains(old));
        }
        self.entities[name].fields = fixed;
    }

    fn repair_members(&mut self, name: &str) {
        let world = self.clone();
        let entity = &mut self.entities[name];
        let fields = entity.fields.clone();
        let ty = |field: &String| fields.get(field).map(|field| &field.ty);
        let may_index = |field: &String| {
            ty(field).is_some_and(|ty| !matches!(ty, FieldType::Lookup { entity: None, .. }))
        };
        let may_key = |field: &String| may_index(field) && ty(field) != Some(&FieldType::Json);
        for key in entity.keys.values_mut() {
            key.fields.retain(may_key);
            dedup(&mut key.fields);
        }
        entity.keys.retain(|_, key| !key.fields.is_empty());
        for index in entity.indexes.values_mut() {
            index.fields.retain(may_index);
            dedup(&mut index.fields);
        }
        entity.indexes.retain(|_, index| !index.fields.is_empty());
        let indexes: Vec<String> = entity.indexes.keys().cloned().collect();
        for index in entity.indexes.values_mut() {
            index.renamed_from = index.renamed_from.take().filter(|old| !indexes.contains(old));
        }
        entity.checks.retain(|check, rule| {
            let field = world.checked.get(&(name.to_owned(), check.clone()));
            let found = field.and_then(|field| Some((field, ty(field)?)));
            match found {
                Some((_, FieldType::Lookup { entity: None, .. } | FieldType::Autonumber { .. })) | None => {
                    false
                }
                Some((field, ty)) => {
                    rule.sql = condition(ty, field);
                    true
                }
            }
        });
        let in_key = |field: &String| entity.primary_key.iter().flatten().any(|key| key == field);
        entity.relationships.retain(|_, relationship| {
            let Some(far) = world.entities.get(&relationship.references.entity) else { return false };
            let to = &relationship.references.fields;
            let is_key = far.key_fields().iter().copied().eq(to.iter().map(String::as_str));
            let alike = |(near, far_field): (&String, &String)| {
                ty(near).is_some() && ty(near).cloned() == far.field_type(far_field)
            };
            let mut once = relationship.fields.clone();
            dedup(&mut once);
            let is_whole = once.len() == to.len() && relationship.fields.len() == to.len();
            let holds = |field: &String| in_key(field) || fields[field].is_required();
            let is_good = is_key && is_whole && relationship.fields.iter().zip(to).all(alike);
            let is_held = relationship.fields.iter().any(|field| is_good && holds(field));
            if is_held && relationship.on_delete == OnEvent::SetNull {
                relationship.on_delete = OnEvent::NoAction;
            }
            is_good
        });
    }
}

fn dedup(names: &mut Vec<String>) {
    let mut seen = Vec::new();
    names.retain(|name| {
        let is_new = !seen.contains(name);
        seen.push(name.clone());
        is_new
    });
}

/// A condition over one field that some values meet and others do not.
fn condition(ty: &FieldType, field: &str) -> String {
    let column = format!("\"{}\"", field.replace('"', "\"\""));
    match ty {
        FieldType::Integer
        | FieldType::Bigint
        | FieldType::Decimal { .. }
        | FieldType::Money
        | FieldType::Float => format!("{column} >= 0"),
        FieldType::Boolean => format!("CAST({column} AS integer) >= 0"),
        FieldType::Text { .. } | FieldType::Picklist { .. } => format!("{column} <> 'it''s (bad)'"),
        FieldType::Date
        | FieldType::Time
        | FieldType::Datetime
        | FieldType::Uuid
        | FieldType::Json
        | FieldType::Binary { .. }
        | FieldType::Lookup { .. }
        | FieldType::Autonumber { .. } => format!("length(CAST({column} AS text)) > 1"),
    }
}

fn fits(ty: &FieldType, value: &DefaultValue, lists: &IndexMap<String, Picklist>) -> bool {
    let DefaultValue::Value(value) = value else { return true };
    match (ty, value) {
        (FieldType::Text { max_length, .. }, Value::String(text)) => {
            max_length.is_none_or(|most| text.chars().count() <= most as usize)
        }
        (FieldType::Integer | FieldType::Bigint, Value::Number(number)) => number.is_i64(),
        (FieldType::Decimal { .. } | FieldType::Money, Value::Number(number)) => number.is_i64(),
        (FieldType::Float, Value::Number(_)) | (FieldType::Boolean, Value::Bool(_)) => true,
        (FieldType::Date, Value::String(text)) => text == "now" || text.len() == 10,
        (FieldType::Time, Value::String(text)) => text == "now" || text.len() == 8,
        (FieldType::Datetime, Value::String(text)) => text == "now" || text.len() == 20,
        (FieldType::Uuid, Value::String(text)) => text == "generated" || text.len() == 36,
        (FieldType::Json, Value::String(text)) => text.starts_with('{'),
        (FieldType::Picklist { picklist }, Value::String(text)) => {
            lists.get(picklist).is_some_and(|list| list.options.contains_key(text))
        }
        (_, _) => false,
    }
}

/// As files.
impl World {
    pub fn resources(&self) -> Vec<(Address, Resource)> {
        let picklists =
            self.picklists.iter().map(|(n, p)| (picklist_address(n), Resource::Picklist(p.clone())));
        let entities = self.entities.iter().map(|(n, e)| (entity_address(n), Resource::Entity(e.clone())));
        picklists.chain(entities).collect()
    }

    pub fn environment(&self) -> String {
        let (action, prune) = (if self.merge { "merge" } else { "overwrite" }, self.prune && !self.merge);
        format!(
            "apiVersion: reconcile/v1\nkind: Environment\nmetadata: {{ name: test }}\nspec:\n  \
             target: {{ sqlite: test.db }}\n  setup: {{ default: {action} }}\n  prune: {prune}\n"
        )
    }

    /// All manifests as one text, for people.
    pub fn told(&self) -> String {
        self.files(false).files.iter().map(|file| format!("---\n{}", file.text)).collect()
    }

    /// One file for each resource; `backwards` turns their order round.
    pub fn files(&self, backwards: bool) -> Files {
        let mut texts: Vec<String> = self
            .resources()
            .iter()
            .map(|(address, resource)| {
                let (labels, setup) = (BTreeMap::new(), Setup::default());
                let renamed_from = self.renamed.get(address).map(String::as_str);
                let written = Written { address, resource, renamed_from, labels: &labels, setup: &setup };
                yaml::emit(&manifest_value(&written))
            })
            .collect();
        texts.push(self.environment());
        if backwards {
            texts.reverse();
        }
        let number = |(n, text): (usize, String)| File { path: format!("{n:03}.yaml"), text };
        Files {
            revision: Revision::default(),
            files: texts.into_iter().enumerate().map(number).collect(),
            notes: Vec::new(),
        }
    }
}
