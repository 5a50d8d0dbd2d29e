//! One file to the documents of ours that it holds, each decoded by itself.
//! Never holds one document against another: `load` does.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::decode::{
    actions, count, flag, labels, members, public_keys, setup, text, texts, translated, word,
};
use super::grammar::{API_VERSION, BINDINGS_KIND, ENVIRONMENT_METADATA, KINDS, METADATA, Object, SETUP};
use super::overlay::{Overlay, overlay};
use super::placeholder::{Scan, prepare};
use super::{check, entity, secret, waivers, windows};
use crate::address::Address;
use crate::diagnostic::{Diagnostic, Span, nearest};
use crate::model::environment::{Environment, TargetConfig};
use crate::model::picklist::{self, Choice, Picklist};
use crate::model::repository::Entry;
use crate::model::resource::{KINDS as KNOWN, Resource, kind_entry};
use crate::model::setting::Setting;
use crate::model::state::Origin;
use crate::model::template::SIGN;
use crate::model::trash;
use crate::source::File;
use crate::yaml::{self, Document, Node, NodeKind};

/// The documents of one file, and what is wrong with them.
pub type DecodedFile = (Vec<Manifest>, Vec<Diagnostic>);

pub fn decode_file(file: &File) -> DecodedFile {
    let (documents, mut found) = yaml::read(&file.text);
    let decoded = documents.into_iter().enumerate().filter_map(|(number, document)| {
        let origin = Origin { file: file.path.clone(), document: number };
        decode_document(document, &file.text, origin, &mut found)
    });
    let decoded = decoded.collect();
    (decoded, found)
}

/// One document of ours, decoded, and not yet held against the others.
pub struct Manifest {
    pub name: String,
    /// The place of its name.
    pub at: Span,
    pub content: Content,
}

pub enum Content {
    Environment { environment: Box<Environment>, overlay: Overlay, origin: Origin },
    Resource(Box<Declaration>),
}

/// One resource as its document declares it.
pub struct Declaration {
    pub entry: Entry,
    pub extends: bool,
    /// What is wrong with its `spec` as it stands: a patch may make it another.
    pub faults: Vec<Diagnostic>,
    /// Where values of an environment are named: its `spec`, and the scalars that were refused.
    pub open: Option<(Node, Vec<Span>)>,
}

fn decode_document(
    document: Document,
    file: &str,
    origin: Origin,
    found: &mut Vec<Diagnostic>,
) -> Option<Manifest> {
    let Document { mut node, is_templated } = document;
    let (kind, spec_object, is_resource) = header(&node, found)?;
    let scan = if is_templated { prepare(&mut node, is_resource, file, found) } else { Scan::default() };
    let mut around = Vec::new();
    envelope(&node, is_resource, &mut around);
    let named = node.get("metadata").and_then(|metadata| metadata.get("name"));
    let at = named.map_or(node.span, |name| name.span);
    let name = named.and_then(Node::as_text).map(str::to_owned);
    if !is_resource {
        node.get("spec").into_iter().for_each(|spec| check::object(spec, spec_object, &mut around));
        found.extend(scan.unsaid(around));
        let (name, empty) = (name?, nothing_at(&node));
        let spec = node.get("spec").unwrap_or(&empty);
        secret::check(spec, found);
        let overlay = overlay(spec, found);
        let mut environment = Box::new(decode_environment(name.clone(), spec, &origin.file));
        environment.windows = windows::windows(spec, found);
        return Some(Manifest { name, at, content: Content::Environment { environment, overlay, origin } });
    }
    found.extend(scan.unsaid(around));
    let declaration = decode_resource(kind, name.as_deref(), &node, scan, origin, found)?;
    let Some(name) = name else {
        // What has no name can still be wrong.
        found.extend(declaration.faults);
        return None;
    };
    Some(Manifest { name, at, content: Content::Resource(Box::new(declaration)) })
}

fn decode_resource(
    kind: &str,
    name: Option<&str>,
    node: &Node,
    scan: Scan,
    origin: Origin,
    found: &mut Vec<Diagnostic>,
) -> Option<Declaration> {
    let kind = const { &KNOWN }.iter().find(|known| known.manifest == kind)?;
    let address = Address::new(kind.actions.kind.clone(), name.unwrap_or_default());
    let empty = nothing_at(node);
    let part = |key: &str| node.get(key).filter(|part| part.is_mapping()).unwrap_or(&empty);
    let (metadata, spec) = (part("metadata"), part("spec"));
    let mut faults = Vec::new();
    let resource = decode(&address, node.get("spec").unwrap_or(spec), &mut faults);
    // What names values is held against the grammar once they are filled in.
    if scan.names_values || node.get("spec").is_none() {
        faults.clear();
    }
    let faults = scan.unsaid(faults);
    let extends = spec.entry("extends").map(|(key, _)| key.span);
    if let Some(extends) = extends.filter(|_| flag(spec, "standard") == Some(true)) {
        let message = "a document is the standard definition or its customization, not both";
        found.push(Diagnostic::error("RV115", message).at(extends).help("drop `standard` or `extends`"));
    }
    let entry = Entry {
        resource: Arc::new(resource),
        renamed_from: text(metadata, "renamedFrom"),
        labels: metadata.get("labels").map(labels).unwrap_or_default(),
        waivers: waivers::waivers(metadata, found),
        setup: setup(node),
        origin,
        customized: None,
        variants: BTreeMap::new(),
    };
    let open = scan.names_values.then(|| (spec.clone(), scan.faulty));
    Some(Declaration { entry, extends: extends.is_some(), faults, open })
}

fn nothing_at(node: &Node) -> Node {
    Node { span: node.span, kind: NodeKind::Mapping(Vec::new()) }
}

fn decode_environment(name: String, spec: &Node, file: &str) -> Environment {
    let setup = spec.get("setup");
    Environment {
        name,
        target: target(spec, file),
        include: texts(spec, "include").unwrap_or_default(),
        setup_default: setup.and_then(|s| word(s, "default")),
        setup_resources: setup.map(|s| actions(s, "resources")).unwrap_or_default(),
        prune: flag(spec, "prune").unwrap_or_default(),
        auto_apply: flag(spec, "autoApply").unwrap_or_default(),
        self_heal: flag(spec, "selfHeal").unwrap_or_default(),
        follows: text(spec, "ref"),
        allow: texts(spec, "allow").unwrap_or_default(),
        max_destroy: count(spec, "maxDestroy"),
        require_signed_by: public_keys(spec, "requireSignedBy"),
        trash: count(spec, "trash").unwrap_or(trash::DEFAULT_DAYS),
        strategy: word(spec, "strategy"),
        windows: Vec::new(),
        policy: Arc::default(),
    }
}

/// Holds a resource's `spec` against the grammar and decodes it.
pub fn decode(address: &Address, spec: &Node, found: &mut Vec<Diagnostic>) -> Resource {
    let word = kind_entry(&address.kind).map(|kind| kind.manifest);
    if let Some((_, object, _)) = KINDS.iter().find(|(known, ..)| Some(*known) == word) {
        check::object(spec, object, found);
    }
    match address.kind == picklist::KIND {
        true => Resource::Picklist(decode_picklist(spec)),
        false => Resource::Entity(entity::decode(spec, found)),
    }
}

/// The kind of a document of ours; none for another tool's document.
fn header(node: &Node, found: &mut Vec<Diagnostic>) -> Option<(&'static str, &'static Object, bool)> {
    let kind = node.get("kind").and_then(Node::as_text);
    match node.get("apiVersion") {
        Some(version) if version.as_text() == Some(API_VERSION) => {}
        Some(version)
            if version.text().is_some_and(|v| v.contains(SIGN))
                && KINDS.iter().any(|(word, ..)| kind == Some(word))
                && node.get("spec").is_some() =>
        {
            let message = format!("`{}` cannot be an `apiVersion`", version.text().unwrap_or_default());
            let help = format!("nothing is filled in there; write `apiVersion: {API_VERSION}`");
            found.push(Diagnostic::error("RV131", message).at(version.span).help(help));
            return None;
        }
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
fn envelope(node: &Node, is_resource: bool, found: &mut Vec<Diagnostic>) {
    let known: &[&str] = match is_resource {
        true => &["apiVersion", "kind", "metadata", "setup", "spec"],
        false => &["apiVersion", "kind", "metadata", "spec"],
    };
    for (key, value) in node.entries() {
        match key.text().unwrap_or_default() {
            "metadata" if is_resource => check::object(value, &METADATA, found),
            "metadata" => check::object(value, &ENVIRONMENT_METADATA, found),
            "setup" if is_resource => check::object(value, &SETUP, found),
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
        storage: word(spec, "storage"),
        options: members(spec, "options", |node| Choice {
            label: translated(node, "label"),
            description: translated(node, "description"),
            color: text(node, "color"),
            retired: flag(node, "retired"),
            renamed_from: text(node, "renamedFrom"),
        }),
    }
}

fn target(spec: &Node, file: &str) -> TargetConfig {
    let Some([(provider, settings)]) = spec.get("target").map(Node::entries) else {
        return TargetConfig::default();
    };
    let setting = |node: &Node| Some(Setting::new(node.as_text()?).at(file, node.span.line));
    let one = setting(settings).map(|value| (String::new(), value));
    let named = |(key, value): &(Node, Node)| Some((key.text()?.to_owned(), setting(value)?));
    TargetConfig {
        provider: provider.text().unwrap_or_default().to_owned(),
        settings: one.into_iter().chain(settings.entries().iter().filter_map(named)).collect(),
    }
}
