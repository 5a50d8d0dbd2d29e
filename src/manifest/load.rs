//! All documents of a repository to its environments and resources.
//! Never stops at a mistake: every document is read, and what can be decoded is.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::decode::{
    actions, count, flag, labels, members, public_keys, setup, text, texts, translated, word,
};
use super::grammar::{API_VERSION, BINDINGS_KIND, KINDS, METADATA, Object, SETUP};
use super::place::place;
use super::{check, entity};
use crate::address::Address;
use crate::diagnostic::{self, Diagnostic, Severity, nearest};
use crate::model::entity::Entity;
use crate::model::environment::{Environment, TargetConfig};
use crate::model::picklist::{Choice, Picklist};
use crate::model::repository::{Entry, Remark, Repository};
use crate::model::resource::Resource;
use crate::model::state::Origin;
use crate::source::Files;
use crate::yaml::{self, Node, Part};

/// Decodes all manifests. The diagnostics are placed and sorted, the source's notes among them.
pub fn load(files: &Files) -> (Repository, Vec<Diagnostic>) {
    let mut loading = Loading::default();
    loading.found.extend(files.notes.iter().cloned());
    for note in &files.notes {
        loading.repository.unfinished.push(note.message.clone());
    }
    for file in &files.files {
        let (documents, faults) = yaml::read(&file.text);
        loading.found.extend(faults.into_iter().map(|d| d.in_file(&file.path)));
        for (document, node) in documents.into_iter().map(|d| d.node).enumerate() {
            let mut found = Vec::new();
            loading.document(&node, Origin { file: file.path.clone(), document }, &mut found);
            loading.found.extend(found.into_iter().map(|d| d.in_file(&file.path)));
        }
    }
    loading.combine();
    let Loading { repository, mut found, remarks, .. } = loading;
    found.extend(place(remarks, files));
    diagnostic::sort(&mut found);
    (repository, found)
}

/// Decodes one resource document of a package. Errors are one text, the first fault first.
pub fn document(path: &str, text: &str) -> Result<(Address, Entry), String> {
    let files = Files {
        revision: Default::default(),
        files: vec![crate::source::File { path: path.to_owned(), text: text.to_owned() }],
        notes: Vec::new(),
    };
    let mut loading = Loading::default();
    let (documents, mut found) = yaml::read(text);
    for (document, node) in documents.into_iter().map(|d| d.node).enumerate() {
        loading.document(&node, Origin { file: files.files[0].path.clone(), document }, &mut found);
    }
    if let Some(fault) = found.iter().find(|d| d.severity == Severity::Error) {
        let line = fault.span.map(|s| format!(" at line {}", s.line)).unwrap_or_default();
        return Err(format!("{}: {}{line}", fault.code, fault.message));
    }
    // A package carries customizations alone; they stand for the standard entity.
    let customized = loading.customizations.drain(..).map(|(address, mut entry)| {
        if let Resource::Entity(entity) = &mut entry.resource {
            entity.standard = true;
        }
        (address, entry)
    });
    let mut all: Vec<(Address, Entry)> = loading.repository.resources.into_iter().chain(customized).collect();
    match (all.pop(), all.is_empty()) {
        (Some(one), true) => Ok(one),
        _ => Err("it does not hold exactly one resource".to_owned()),
    }
}

#[derive(Default)]
struct Loading {
    repository: Repository,
    customizations: Vec<(Address, Entry)>,
    found: Vec<Diagnostic>,
    remarks: Vec<Remark>,
}

impl Loading {
    fn document(&mut self, node: &Node, origin: Origin, found: &mut Vec<Diagnostic>) {
        let Some((kind, spec_object, is_resource)) = header(node, found) else { return };
        envelope(node, spec_object, is_resource, found);
        let Some(metadata) = node.get("metadata") else { return };
        let Some(name) = text(metadata, "name") else { return };
        let empty = Node { span: node.span, kind: yaml::NodeKind::Mapping(Vec::new()) };
        let spec = node.get("spec").filter(|s| s.is_mapping()).unwrap_or(&empty);
        let at = metadata.get("name").map_or(node.span, |n| n.span);
        let resource = match kind {
            "Environment" => return self.environment(name, spec, origin, at, found),
            "Entity" => Resource::Entity(entity::decode(spec, found)),
            _ => Resource::Picklist(decode_picklist(spec)),
        };
        let address = Address::new(resource.kind(), name);
        let entry = Entry {
            resource,
            renamed_from: text(metadata, "renamedFrom"),
            labels: metadata.get("labels").map(labels).unwrap_or_default(),
            setup: setup(node),
            origin,
            customized: None,
        };
        if let Some((extends, _)) = spec.entry("extends") {
            if flag(spec, "standard") == Some(true) {
                let message = "a document is the standard definition or its customization, not both";
                found.push(
                    Diagnostic::error("RV115", message).at(extends.span).help("drop `standard` or `extends`"),
                );
            }
            self.customizations.push((address, entry));
            return;
        }
        match self.repository.resources.get(&address) {
            Some(first) => {
                let message = format!("`{address}` is declared twice");
                let help = format!("its first declaration is in {}; keep one of the two", first.origin.file);
                found.push(Diagnostic::error("RV106", message).at(at).help(help));
            }
            None => drop(self.repository.resources.insert(address, entry)),
        }
    }

    fn environment(
        &mut self,
        name: String,
        spec: &Node,
        origin: Origin,
        at: diagnostic::Span,
        found: &mut Vec<Diagnostic>,
    ) {
        if let Some((_, first)) = self.repository.environments.get(&name) {
            let help = format!("its first declaration is in {}; keep one of the two", first.file);
            let message = format!("environment `{name}` is declared twice");
            found.push(Diagnostic::error("RV106", message).at(at).help(help));
            return;
        }
        let setup = spec.get("setup");
        let environment = Environment {
            name: name.clone(),
            target: target(spec),
            include: texts(spec, "include").unwrap_or_default(),
            setup_default: setup.and_then(|s| word(s, "default")),
            setup_resources: setup.map(|s| actions(s, "resources")).unwrap_or_default(),
            prune: flag(spec, "prune").unwrap_or_default(),
            auto_apply: flag(spec, "autoApply").unwrap_or_default(),
            allow: texts(spec, "allow").unwrap_or_default(),
            max_destroy: count(spec, "maxDestroy"),
            require_signed_by: public_keys(spec, "requireSignedBy"),
        };
        self.repository.environments.insert(name, (environment, origin));
    }

    /// Joins each customization with its standard definition.
    fn combine(&mut self) {
        let mut seen: BTreeMap<Address, String> = BTreeMap::new();
        for (address, custom) in std::mem::take(&mut self.customizations) {
            let mut fault = |path: &[&str], message: String, help: String| {
                self.remarks.push(Remark {
                    origin: custom.origin.clone(),
                    path: path.iter().map(|step| (*step).to_owned()).collect(),
                    part: Part::Key,
                    diagnostic: Diagnostic::error("RV115", message).help(help),
                });
            };
            let extends = ["spec", "extends"];
            if let Some(first) = seen.insert(address.clone(), custom.origin.file.clone()) {
                let help = format!("its first customization is in {first}; put both into one document");
                fault(&extends, format!("`{address}` is customized twice"), help);
                continue;
            }
            let Some(base) = self.repository.resources.get_mut(&address) else {
                let help = format!("declare `{address}` with `standard: true` and its vendor's fields");
                fault(
                    &extends,
                    format!("`{address}` is customized, and its standard definition is not here"),
                    help,
                );
                continue;
            };
            let (Resource::Entity(standard), Resource::Entity(added)) = (&mut base.resource, custom.resource)
            else {
                continue;
            };
            if !standard.standard {
                let help = "merge the two documents, or mark the other one `standard: true`".to_owned();
                fault(&extends, format!("`{address}` is customized, and is no standard entity"), help);
                continue;
            }
            for (section, name) in add_members(standard, added) {
                let help =
                    "a standard member is referenced, never changed; give yours another name".to_owned();
                let message = format!("`{name}` belongs to the standard definition of `{address}`");
                fault(&["spec", section, &name], message, help);
            }
            base.labels.extend(custom.labels);
            if base.setup.is_empty() {
                base.setup = custom.setup;
            }
            base.customized = Some(custom.origin);
        }
        for entry in self.repository.resources.values_mut() {
            if let Resource::Entity(entity) = &mut entry.resource
                && entity.standard
                && entry.customized.is_none()
            {
                mark_all(entity);
            }
        }
    }
}

fn mark_all(entity: &mut Entity) {
    entity.fields.values_mut().for_each(|m| m.standard = true);
    entity.keys.values_mut().for_each(|m| m.standard = true);
    entity.indexes.values_mut().for_each(|m| m.standard = true);
    entity.checks.values_mut().for_each(|m| m.standard = true);
    entity.relationships.values_mut().for_each(|m| m.standard = true);
}

/// Adds the customization's members. Returns those that the standard definition has already.
fn add_members(standard: &mut Entity, added: Entity) -> Vec<(&'static str, String)> {
    mark_all(standard);
    let mut redefined = Vec::new();
    fn add<T>(
        section: &'static str,
        base: &mut IndexMap<String, T>,
        added: IndexMap<String, T>,
        redefined: &mut Vec<(&'static str, String)>,
    ) {
        for (name, member) in added {
            if base.contains_key(&name) {
                redefined.push((section, name));
            } else {
                base.insert(name, member);
            }
        }
    }
    add("fields", &mut standard.fields, added.fields, &mut redefined);
    add("keys", &mut standard.keys, added.keys, &mut redefined);
    add("indexes", &mut standard.indexes, added.indexes, &mut redefined);
    add("checks", &mut standard.checks, added.checks, &mut redefined);
    add("relationships", &mut standard.relationships, added.relationships, &mut redefined);
    redefined
}

/// The kind of a document of ours; none for another tool's document.
fn header(node: &Node, found: &mut Vec<Diagnostic>) -> Option<(&'static str, &'static Object, bool)> {
    let kind = node.get("kind").and_then(Node::as_text);
    match node.get("apiVersion") {
        Some(version) if version.as_text() == Some(API_VERSION) => {}
        Some(version) if version.text().is_some_and(|v| v.starts_with("reconcile/")) => {
            let message =
                format!("`{}` is no version that this `reconcile` knows", version.text().unwrap_or_default());
            let help = format!("write `apiVersion: {API_VERSION}`, or use a newer `reconcile`");
            found.push(Diagnostic::error("RV109", message).at(version.span).help(help));
            return None;
        }
        None if KINDS.iter().any(|(word, ..)| kind == Some(word)) && node.get("spec").is_some() => {
            let message = "the document has no `apiVersion`";
            let at = node.entry("kind").map_or(node.span, |(key, _)| key.span);
            found.push(
                Diagnostic::error("RV109", message).at(at).help(format!("write `apiVersion: {API_VERSION}`")),
            );
            return None;
        }
        Some(_) | None => return None,
    }
    let words = || KINDS.iter().map(|(word, ..)| *word);
    let Some(kind_node) = node.get("kind") else {
        let help = format!("it is one of {}", words().collect::<Vec<_>>().join(", "));
        found.push(Diagnostic::error("RV103", "a manifest needs `kind`").at(node.span).help(help));
        return None;
    };
    let word = kind_node.text().unwrap_or_default();
    // An importer's decisions may lie beside the manifests; `import --bindings` reads them.
    if word == BINDINGS_KIND {
        return None;
    }
    let known = KINDS.iter().find(|(known, ..)| *known == word).copied();
    if known.is_none() {
        let help = match nearest(word, words()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it is one of {}", words().collect::<Vec<_>>().join(", ")),
        };
        found.push(
            Diagnostic::error("RV108", format!("there is no kind `{word}`")).at(kind_node.span).help(help),
        );
    }
    known
}

/// Checks the keys around `spec`, and everything below them.
fn envelope(node: &Node, spec: &Object, is_resource: bool, found: &mut Vec<Diagnostic>) {
    let known: &[&str] = match is_resource {
        true => &["apiVersion", "kind", "metadata", "setup", "spec"],
        false => &["apiVersion", "kind", "metadata", "spec"],
    };
    for (key, value) in node.entries() {
        match key.text().unwrap_or_default() {
            "metadata" => check::object(value, &METADATA, found),
            "setup" if is_resource => check::object(value, &SETUP, found),
            "spec" => check::object(value, spec, found),
            name if known.contains(&name) => {}
            name => {
                let help = match nearest(name, known.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("it has: {}", known.join(", ")),
                };
                let message = format!("a manifest of this kind has no key `{name}`");
                found.push(Diagnostic::error("RV102", message).at(key.span).help(help));
            }
        }
    }
    for name in ["metadata", "spec"].into_iter().filter(|name| node.get(name).is_none()) {
        let at = node.entry("kind").map_or(node.span, |(_, value)| value.span);
        found.push(Diagnostic::error("RV103", format!("a manifest needs `{name}`")).at(at));
    }
}

fn decode_picklist(spec: &Node) -> Picklist {
    Picklist {
        display_name: translated(spec, "displayName"),
        description: translated(spec, "description"),
        options: members(spec, "options", |node| Choice {
            label: translated(node, "label"),
            description: translated(node, "description"),
            color: text(node, "color"),
            retired: flag(node, "retired"),
            renamed_from: text(node, "renamedFrom"),
        }),
    }
}

fn target(spec: &Node) -> TargetConfig {
    let Some([(provider, settings)]) = spec.get("target").map(Node::entries) else {
        return TargetConfig::default();
    };
    let one = settings.as_text().map(|value| (String::new(), value.to_owned()));
    TargetConfig {
        provider: provider.text().unwrap_or_default().to_owned(),
        settings: one.into_iter().chain(labels(settings)).collect(),
    }
}
