//! All documents of a repository to its environments and resources.
//! Never stops at a mistake: every document is read, and what can be decoded is.

use std::collections::{BTreeMap, BTreeSet};

use super::decode::{actions, count, flag, labels, members, setup, text, texts, translated, word};
use super::grammar::{API_VERSION, BINDINGS_KIND, KINDS, METADATA, Object, SETUP};
use super::overlay::{Overlay, overlay};
use super::place::place;
use super::placeholder::{Filled, Scan, fill, scan, unescape};
use super::standard::combine;
use super::tally::Tally;
use super::variants::{Variants, Varying};
use super::{check, entity, secret};
use crate::address::Address;
use crate::diagnostic::{self, Diagnostic, Severity, nearest};
use crate::model::environment::{Environment, TargetConfig};
use crate::model::picklist::{self, Choice, Picklist};
use crate::model::repository::{Entry, Repository};
use crate::model::resource::{KINDS as KNOWN, Resource, kind_entry};
use crate::model::setting::Setting;
use crate::model::state::Origin;
use crate::model::template::SIGN;
use crate::source::Files;
use crate::yaml::{self, Document, Node, NodeKind};

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
        for (number, document) in documents.into_iter().enumerate() {
            let mut found = Vec::new();
            let origin = Origin { file: file.path.clone(), document: number };
            loading.document(document, &file.text, origin, &mut found);
            loading.found.extend(found.into_iter().map(|d| d.in_file(&file.path)));
        }
    }
    loading.vary(files);
    loading.combine(files);
    let Loading { repository, mut found, .. } = loading;
    diagnostic::sort(&mut found);
    (repository, found)
}

/// Decodes one resource document of a package. Errors are one text, the first fault first.
pub fn document(path: &str, text: &str) -> Result<(Address, Entry), String> {
    let mut loading = Loading::default();
    let (documents, mut found) = yaml::read(text);
    for (number, document) in documents.into_iter().enumerate() {
        loading.document(document, text, Origin { file: path.to_owned(), document: number }, &mut found);
    }
    if !loading.varying.is_empty() {
        return Err("it names values of an environment, and belongs to none".to_owned());
    }
    found.extend(loading.faults.into_values().flatten());
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
    overlays: BTreeMap<String, Overlay>,
    /// The resources that name values.
    varying: Vec<Varying>,
    /// What is wrong with the `spec` of the others, as it stands.
    faults: BTreeMap<Origin, Vec<Diagnostic>>,
    found: Vec<Diagnostic>,
}

impl Loading {
    fn document(&mut self, document: Document, file: &str, origin: Origin, found: &mut Vec<Diagnostic>) {
        let Document { mut node, is_templated } = document;
        let Some((kind, spec_object, is_resource)) = header(&node, found) else { return };
        let scan = if is_templated { prepare(&mut node, is_resource, file, found) } else { Scan::default() };
        let mut around = Vec::new();
        envelope(&node, is_resource, &mut around);
        let named = node.get("metadata").and_then(|metadata| metadata.get("name"));
        let at = named.map_or(node.span, |name| name.span);
        let name = named.and_then(Node::as_text).map(str::to_owned);
        if is_resource {
            found.extend(unsaid(around, &scan));
            return self.resource(kind, name, &node, scan, (origin, at), found);
        }
        node.get("spec").into_iter().for_each(|spec| check::object(spec, spec_object, &mut around));
        found.extend(unsaid(around, &scan));
        if let Some(name) = name {
            let empty = nothing_at(&node);
            self.environment(name, node.get("spec").unwrap_or(&empty), origin, at, found);
        }
    }

    fn resource(
        &mut self,
        kind: &str,
        name: Option<String>,
        node: &Node,
        scan: Scan,
        (origin, at): (Origin, diagnostic::Span),
        found: &mut Vec<Diagnostic>,
    ) {
        let Some(kind) = const { &KNOWN }.iter().find(|known| known.manifest == kind) else { return };
        let address = Address::new(kind.actions.kind.clone(), name.clone().unwrap_or_default());
        let empty = nothing_at(node);
        let part = |key: &str| node.get(key).filter(|part| part.is_mapping()).unwrap_or(&empty);
        let (metadata, spec) = (part("metadata"), part("spec"));
        let mut faults = Vec::new();
        let resource = decode(&address, node.get("spec").unwrap_or(spec), &mut faults);
        // What names values is held against the grammar once they are filled in.
        if scan.names_values || node.get("spec").is_none() {
            faults.clear();
        }
        let faults = unsaid(faults, &scan);
        if name.is_none() {
            return found.extend(faults);
        }
        let entry = Entry {
            resource,
            renamed_from: text(metadata, "renamedFrom"),
            labels: metadata.get("labels").map(labels).unwrap_or_default(),
            setup: setup(node),
            origin: origin.clone(),
            customized: None,
            variants: BTreeMap::new(),
        };
        if !self.keep(address.clone(), entry, spec, at, found) {
            return found.extend(faults);
        }
        if scan.names_values {
            let (spec, faulty) = (spec.clone(), scan.faulty);
            self.varying.push(Varying { address, origin, spec, names_values: true, found: faults, faulty });
        } else if !faults.is_empty() {
            self.faults.insert(origin, faults);
        }
    }

    /// Keeps a resource or its customization, unless it is declared already.
    fn keep(
        &mut self,
        address: Address,
        entry: Entry,
        spec: &Node,
        at: diagnostic::Span,
        found: &mut Vec<Diagnostic>,
    ) -> bool {
        if let Some((extends, _)) = spec.entry("extends") {
            if flag(spec, "standard") == Some(true) {
                let message = "a document is the standard definition or its customization, not both";
                found.push(
                    Diagnostic::error("RV115", message).at(extends.span).help("drop `standard` or `extends`"),
                );
            }
            self.customizations.push((address, entry));
            return true;
        }
        if let Some(first) = self.repository.resources.get(&address) {
            let message = format!("`{address}` is declared twice");
            let help = format!("its first declaration is in {}; keep one of the two", first.origin.file);
            found.push(Diagnostic::error("RV106", message).at(at).help(help));
            return false;
        }
        self.repository.resources.insert(address, entry);
        true
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
            target: target(spec, &origin.file),
            include: texts(spec, "include").unwrap_or_default(),
            setup_default: setup.and_then(|s| word(s, "default")),
            setup_resources: setup.map(|s| actions(s, "resources")).unwrap_or_default(),
            prune: flag(spec, "prune").unwrap_or_default(),
            auto_apply: flag(spec, "autoApply").unwrap_or_default(),
            allow: texts(spec, "allow").unwrap_or_default(),
            max_destroy: count(spec, "maxDestroy"),
        };
        secret::check(spec, found);
        self.overlays.insert(name.clone(), overlay(spec, found));
        self.repository.environments.insert(name, (environment, origin));
    }

    /// Decodes what differs between environments.
    fn vary(&mut self, files: &Files) {
        let mut varying = std::mem::take(&mut self.varying);
        varying.extend(self.patched(&varying, files));
        for one in &varying {
            let custom = self.customizations.iter_mut().find(|(_, entry)| entry.origin == one.origin);
            let taken = match custom {
                Some(_) => None,
                None => self.repository.resources.remove(&one.address),
            };
            let variants = Variants { repository: &self.repository, overlays: &self.overlays, files, decode };
            match (custom, taken) {
                (Some((_, entry)), _) => variants.of(one, entry, &mut self.found),
                (None, Some(mut entry)) => {
                    variants.of(one, &mut entry, &mut self.found);
                    self.repository.resources.insert(one.address.clone(), entry);
                }
                (None, None) => {}
            }
        }
        for (origin, faults) in std::mem::take(&mut self.faults) {
            self.found.extend(faults.into_iter().map(|d| d.in_file(&origin.file)));
        }
    }

    /// The documents that are patched and name no values, read once more; and what is wrong with the patches.
    fn patched(&mut self, varying: &[Varying], files: &Files) -> Vec<Varying> {
        let known: BTreeSet<&Origin> = varying.iter().map(|one| &one.origin).collect();
        let mut wanted: BTreeMap<Origin, Address> = BTreeMap::new();
        for (name, overlay) in &self.overlays {
            for (address, patch) in &overlay.patches {
                let Some((environment, at)) = self.repository.environments.get(name) else { continue };
                match self.patchable(address, environment) {
                    Ok(origin) if known.contains(origin) => {}
                    Ok(origin) => drop(wanted.insert(origin.clone(), address.clone())),
                    Err(fault) => self.found.push(fault.in_file(&at.file).at(patch.at)),
                }
            }
        }
        let mut read = Vec::new();
        for group in wanted.iter().collect::<Vec<_>>().chunk_by(|(a, _), (b, _)| a.file == b.file) {
            let Some(text) = group.first().and_then(|(origin, _)| files.text(&origin.file)) else { continue };
            let mut documents: Vec<Option<Document>> = yaml::read(text).0.into_iter().map(Some).collect();
            for (origin, address) in group {
                let document = documents.get_mut(origin.document).and_then(Option::take);
                let Some(Document { mut node, is_templated }) = document else { continue };
                let scan = match is_templated {
                    true => prepare(&mut node, true, text, &mut Vec::new()),
                    false => Scan::default(),
                };
                let Some(spec) = node.get("spec").cloned() else { continue };
                let found = self.faults.remove(*origin).unwrap_or_default();
                let (address, origin) = ((*address).clone(), (*origin).clone());
                let faulty = scan.faulty;
                read.push(Varying { address, origin, spec, names_values: false, found, faulty });
            }
        }
        read
    }

    /// The document that a patch of an environment goes into.
    fn patchable(&self, address: &Address, environment: &Environment) -> Result<&Origin, Diagnostic> {
        let refuse = |message: String, help: String| Err(Diagnostic::error("RV132", message).help(help));
        let Some(entry) = self.repository.resources.get(address) else {
            let known: Vec<String> = self.repository.resources.keys().map(Address::to_string).collect();
            let help = match nearest(&address.to_string(), known.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "declare it, or leave the patch out".to_owned(),
            };
            return refuse(format!("a patch is for `{address}`, which no document declares"), help);
        };
        if !environment.includes(address) {
            let message = format!("a patch is for `{address}`, which this environment does not include");
            return refuse(message, "add it to `include`, or leave the patch out".to_owned());
        }
        let custom = self.customizations.iter().find(|(customized, _)| customized == address);
        match (custom, entry.resource.is_standard()) {
            (Some((_, custom)), _) => Ok(&custom.origin),
            (None, false) => Ok(&entry.origin),
            (None, true) => refuse(
                format!("a patch is for the standard definition of `{address}`"),
                "what its vendor defines is never changed; add a document with `extends: standard`"
                    .to_owned(),
            ),
        }
    }

    /// Joins customizations with standard definitions.
    fn combine(&mut self, files: &Files) {
        let clashes = combine(&mut self.repository, std::mem::take(&mut self.customizations));
        let mut by_environment: BTreeMap<Option<String>, Vec<_>> = BTreeMap::new();
        for clash in clashes {
            by_environment.entry(clash.environment).or_default().push((clash.address, clash.remark));
        }
        let mut tallies: BTreeMap<Address, Tally> = BTreeMap::new();
        for (environment, clashes) in by_environment {
            let (addresses, remarks): (Vec<Address>, Vec<_>) = clashes.into_iter().unzip();
            let Some(environment) = environment else {
                self.found.extend(place(remarks, files, None));
                continue;
            };
            let origin = self.repository.environments.get(&environment).map(|(_, origin)| origin);
            for (address, placed) in addresses.into_iter().zip(place(remarks, files, origin)) {
                tallies.entry(address).or_default().add(placed, &environment);
            }
        }
        for (address, tally) in tallies {
            self.found.extend(tally.told(&self.repository.environments_of(&address)));
        }
    }
}

/// Says what is wrong with the placeholders of a document, and makes all that is literal what it means.
fn prepare(node: &mut Node, is_resource: bool, text: &str, found: &mut Vec<Diagnostic>) -> Scan {
    let scan = scan(node, is_resource, text, found);
    unescape(node, is_resource);
    if is_resource
        && !scan.names_values
        && let NodeKind::Mapping(entries) = &mut node.kind
    {
        let specs = entries.iter_mut().filter(|(key, _)| key.text() == Some("spec"));
        specs.for_each(|(_, spec)| fill(spec, &BTreeMap::new(), &mut Filled::default()));
    }
    scan
}

fn nothing_at(node: &Node) -> Node {
    Node { span: node.span, kind: NodeKind::Mapping(Vec::new()) }
}

/// Leaves out what follows from a placeholder that was refused.
fn unsaid(found: Vec<Diagnostic>, scan: &Scan) -> Vec<Diagnostic> {
    let is_new = |d: &Diagnostic| !d.span.is_some_and(|span| scan.faulty.contains(&span));
    found.into_iter().filter(is_new).collect()
}

/// Holds a resource's `spec` against the grammar and decodes it.
fn decode(address: &Address, spec: &Node, found: &mut Vec<Diagnostic>) -> Resource {
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
            "metadata" => check::object(value, &METADATA, found),
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
