//! All documents of a repository to its environments and resources.
//! Never stops at a mistake: every document is read, and what can be decoded is.

use std::collections::{BTreeMap, btree_map};
use std::sync::Arc;

use indexmap::IndexMap;

use super::decode::{actions, count, flag, labels, members, setup, text, texts, translated, word};
use super::grammar::{API_VERSION, BINDINGS_KIND, KINDS, METADATA, Object, SETUP};
use super::place::place;
use super::{check, entity};
use crate::address::Address;
use crate::diagnostic::{self, Diagnostic, Severity, Span, nearest};
use crate::model::entity::Entity;
use crate::model::environment::{Environment, TargetConfig};
use crate::model::picklist::{Choice, Picklist};
use crate::model::repository::{Entry, Remark, Repository};
use crate::model::resource::Resource;
use crate::model::state::Origin;
use crate::model::trash;
use crate::source::{File, Files};
use crate::yaml::{self, Node, Part};

/// Fewer files than this are not worth another thread.
const FILES_AT_ONCE: usize = 64;

/// Decodes all manifests. The diagnostics are placed and sorted, the source's notes among them.
pub fn load(files: &Files) -> (Repository, Vec<Diagnostic>) {
    let mut loading = Loading::default();
    loading.found.extend(files.notes.iter().cloned());
    for note in &files.notes {
        loading.repository.unfinished.push(note.message.clone());
    }
    for (file, (documents, found)) in files.files.iter().zip(decode_all(&files.files)) {
        loading.found.extend(found.into_iter().map(|d| d.in_file(&file.path)));
        for document in documents {
            let fault = loading.take(document);
            loading.found.extend(fault.map(|d| d.in_file(&file.path)));
        }
    }
    loading.combine();
    let Loading { repository, mut found, remarks, .. } = loading;
    found.extend(place(remarks, files));
    diagnostic::sort(&mut found);
    (repository, found)
}

type DecodedFile = (Vec<Manifest>, Vec<Diagnostic>);

/// Decodes every file by itself, in the order of the files, on as many threads as the machine has processors.
fn decode_all(files: &[File]) -> Vec<DecodedFile> {
    let n_threads =
        std::thread::available_parallelism().map_or(1, usize::from).min(files.len() / FILES_AT_ONCE);
    if n_threads < 2 {
        return files.iter().map(decode_file).collect();
    }
    std::thread::scope(|scope| {
        let share = |files: &'_ [File]| files.iter().map(decode_file).collect::<Vec<_>>();
        let threads: Vec<_> = files
            .chunks(files.len().div_ceil(n_threads))
            .map(|files| scope.spawn(move || share(files)))
            .collect();
        let decoded = threads.into_iter().map(|thread| thread.join());
        decoded.flat_map(|part| part.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}

fn decode_file(file: &File) -> DecodedFile {
    let (documents, mut found) = yaml::read(&file.text);
    let nodes = documents.into_iter().map(|d| d.node).enumerate();
    let decoded = nodes.filter_map(|(document, node)| {
        decode_document(&node, Origin { file: file.path.clone(), document }, &mut found)
    });
    let decoded = decoded.collect();
    (decoded, found)
}

/// Only the environments, whatever else is in the files, and whatever is wrong with them.
pub fn environments(files: &Files) -> Vec<Environment> {
    let manifests =
        files.files.iter().filter(|f| f.text.contains("Environment")).flat_map(|f| decode_file(f).0);
    let environments = manifests.filter_map(|manifest| match manifest.content {
        Content::Environment { environment, .. } => Some(*environment),
        Content::Resource { .. } => None,
    });
    environments.collect()
}

/// Decodes one resource document of a package. Errors are one text, the first fault first.
pub fn document(path: &str, text: &str) -> Result<(Address, Entry), String> {
    let (mut manifests, found) = decode_file(&File { path: path.to_owned(), text: text.to_owned() });
    if let Some(fault) = found.iter().find(|d| d.severity == Severity::Error) {
        let line = fault.span.map(|s| format!(" at line {}", s.line)).unwrap_or_default();
        return Err(format!("{}: {}{line}", fault.code, fault.message));
    }
    let Some(Manifest { name, content: Content::Resource { mut entry, extends }, .. }) = manifests.pop()
    else {
        return Err("it does not hold exactly one resource".to_owned());
    };
    if !manifests.is_empty() {
        return Err("it does not hold exactly one resource".to_owned());
    }
    // A package carries customizations alone; they stand for the standard entity.
    if extends && let Resource::Entity(entity) = Arc::make_mut(&mut entry.resource) {
        entity.standard = true;
    }
    Ok((Address::new(entry.resource.kind(), name), *entry))
}

/// One document of ours, decoded, and not yet held against the others.
struct Manifest {
    name: String,
    /// The place of its name.
    at: Span,
    content: Content,
}

enum Content {
    Environment { environment: Box<Environment>, origin: Origin },
    Resource { entry: Box<Entry>, extends: bool },
}

fn decode_document(node: &Node, origin: Origin, found: &mut Vec<Diagnostic>) -> Option<Manifest> {
    let (kind, spec_object, is_resource) = header(node, found)?;
    envelope(node, spec_object, is_resource, found);
    let metadata = node.get("metadata")?;
    let name = text(metadata, "name")?;
    let at = metadata.get("name").map_or(node.span, |n| n.span);
    let empty = Node { span: node.span, kind: yaml::NodeKind::Mapping(Vec::new()) };
    let spec = node.get("spec").filter(|s| s.is_mapping()).unwrap_or(&empty);
    let resource = match kind {
        "Environment" => {
            let environment = Box::new(decode_environment(name.clone(), spec));
            return Some(Manifest { name, at, content: Content::Environment { environment, origin } });
        }
        "Entity" => Resource::Entity(entity::decode(spec, found)),
        _ => Resource::Picklist(decode_picklist(spec)),
    };
    let extends = spec.entry("extends").map(|(key, _)| key.span);
    if let Some(extends) = extends.filter(|_| flag(spec, "standard") == Some(true)) {
        let message = "a document is the standard definition or its customization, not both";
        found.push(Diagnostic::error("RV115", message).at(extends).help("drop `standard` or `extends`"));
    }
    let entry = Entry {
        resource: Arc::new(resource),
        renamed_from: text(metadata, "renamedFrom"),
        labels: metadata.get("labels").map(labels).unwrap_or_default(),
        setup: setup(node),
        origin,
        customized: None,
    };
    let content = Content::Resource { entry: Box::new(entry), extends: extends.is_some() };
    Some(Manifest { name, at, content })
}

fn decode_environment(name: String, spec: &Node) -> Environment {
    let setup = spec.get("setup");
    Environment {
        name,
        target: target(spec),
        include: texts(spec, "include").unwrap_or_default(),
        setup_default: setup.and_then(|s| word(s, "default")),
        setup_resources: setup.map(|s| actions(s, "resources")).unwrap_or_default(),
        prune: flag(spec, "prune").unwrap_or_default(),
        auto_apply: flag(spec, "autoApply").unwrap_or_default(),
        allow: texts(spec, "allow").unwrap_or_default(),
        max_destroy: count(spec, "maxDestroy"),
        trash: count(spec, "trash").unwrap_or(trash::DEFAULT_DAYS),
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
    /// Takes one document in; answers what is wrong with it beside those taken before.
    fn take(&mut self, manifest: Manifest) -> Option<Diagnostic> {
        let Manifest { name, at, content } = manifest;
        let twice = |what: String, first: &str| {
            let help = format!("its first declaration is in {first}; keep one of the two");
            Some(Diagnostic::error("RV106", format!("{what} is declared twice")).at(at).help(help))
        };
        match content {
            Content::Environment { environment, origin } => match self.repository.environments.entry(name) {
                btree_map::Entry::Occupied(first) => {
                    twice(format!("environment `{}`", first.key()), &first.get().1.file)
                }
                btree_map::Entry::Vacant(place) => {
                    place.insert((*environment, origin));
                    None
                }
            },
            Content::Resource { entry, extends } => {
                let address = Address::new(entry.resource.kind(), name);
                if extends {
                    self.customizations.push((address, *entry));
                    return None;
                }
                match self.repository.resources.entry(address) {
                    btree_map::Entry::Occupied(first) => {
                        twice(format!("`{}`", first.key()), &first.get().origin.file)
                    }
                    btree_map::Entry::Vacant(place) => {
                        place.insert(*entry);
                        None
                    }
                }
            }
        }
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
            let (Resource::Entity(standard), Resource::Entity(added)) =
                (Arc::make_mut(&mut base.resource), Arc::unwrap_or_clone(custom.resource))
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
            if entry.resource.is_standard()
                && entry.customized.is_none()
                && let Resource::Entity(entity) = Arc::make_mut(&mut entry.resource)
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
