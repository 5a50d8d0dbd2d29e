//! The resources that are not the same in every environment: decoded once for each, with its values and patches.
//! Never touches a resource that names no value and has no patch.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::overlay::{Overlay, Patch, Whose, own_place, patched};
use super::placeholder::{Filled, fill};
use super::tally::{Tally, named};
use crate::address::Address;
use crate::diagnostic::{Diagnostic, Span, nearest};
use crate::model::repository::{Entry, Repository};
use crate::model::resource::Resource;
use crate::model::state::Origin;
use crate::source::Files;
use crate::yaml::{MAX_BYTES, Node, narrow};

/// A document whose resource differs between environments.
#[derive(Clone, Debug)]
pub struct Varying {
    pub address: Address,
    pub origin: Origin,
    pub spec: Node,
    /// Whether it names values: then no environment takes it as it stands.
    pub names_values: bool,
    /// What is wrong with it as it stands.
    pub found: Vec<Diagnostic>,
    /// The scalars about which something was said already.
    pub faulty: Vec<Span>,
}

/// Turns a `spec` into a resource, and says what is wrong with it.
pub type Decode = fn(&Address, &Node, &mut Vec<Diagnostic>) -> Resource;

/// Everything that is needed to make variants.
pub struct Variants<'a> {
    pub repository: &'a Repository,
    pub overlays: &'a BTreeMap<String, Overlay>,
    pub files: &'a Files,
    pub decode: Decode,
}

/// A name that some environments have no value for: the document, the scalar, the name.
type Lacking = BTreeMap<(String, Span, String), Vec<String>>;

impl Variants<'_> {
    /// Decodes one document for every environment that reads it. `entry` becomes what it is in most of them.
    pub fn of(&self, varying: &Varying, entry: &mut Entry, found: &mut Vec<Diagnostic>) {
        let environments = self.repository.environments_of(&varying.address);
        let mut tally = Tally::default();
        let mut lacking = Lacking::new();
        let mut resources = BTreeMap::new();
        for environment in &environments {
            let Some(overlay) = self.overlays.get(*environment) else { continue };
            let patch = overlay.patches.get(&varying.address);
            if patch.is_none() && !varying.names_values {
                let file = &varying.origin.file;
                varying.found.iter().for_each(|d| tally.add(d.clone().in_file(file), environment));
                continue;
            }
            let one = self.one(varying, environment, overlay, patch, &mut lacking);
            one.found.into_iter().for_each(|diagnostic| tally.add(diagnostic, environment));
            resources.insert((*environment).to_owned(), Arc::new(one.resource));
        }
        found.extend(tally.told(&environments));
        found.extend(lacking.into_iter().map(|(place, names)| self.lacks(place, &names)));
        // As it stands, a document that names values is no resource.
        if varying.names_values
            && let Some(first) = resources.values().next()
        {
            entry.resource = first.clone();
        }
        resources.retain(|_, resource| *resource != entry.resource);
        entry.variants = resources;
    }

    fn one(
        &self,
        varying: &Varying,
        environment: &str,
        overlay: &Overlay,
        patch: Option<&Patch>,
        lacking: &mut Lacking,
    ) -> One {
        let file = varying.origin.file.as_str();
        let patch_file = self.repository.environments.get(environment).map_or(file, |(_, at)| &at.file);
        let length = self.files.text(file).map_or(0, str::len);
        let mut found = Vec::new();
        let (mut spec, from) = match patch {
            Some(patch) => {
                let patched = patched(&varying.spec, patch, length, &mut found);
                (patched.spec, Some(patched.from))
            }
            None => (varying.spec.clone(), None),
        };
        let mut filled = Filled::default();
        fill(&mut spec, &overlay.values, &mut filled);
        if let Some(span) = filled.too_long {
            let message = format!("with its values, the resource has more than {MAX_BYTES} bytes");
            found.push(Diagnostic::error("RV003", message).at(span).help("shorten the values"));
        }
        let resource = (self.decode)(&varying.address, &spec, &mut found);
        let place = |span: Span| match own_place(span, from) {
            (Whose::Manifest, span) => (file.to_owned(), span),
            (Whose::Patch, span) => (patch_file.to_owned(), span),
        };
        let mut silent: BTreeSet<Span> = varying.faulty.iter().copied().collect();
        for (span, name) in filled.missing {
            silent.insert(span);
            let (file, span) = place(span);
            lacking.entry((file, span, name)).or_default().push(environment.to_owned());
        }
        let said = |diagnostic: Diagnostic| {
            let Some(span) = diagnostic.span else { return Some(diagnostic.in_file(file)) };
            if silent.contains(&span) {
                return None;
            }
            let diagnostic = match filled.named.iter().find(|(place, _)| *place == span) {
                Some((_, names)) => explained(diagnostic, names, overlay),
                None => diagnostic,
            };
            let (file, span) = place(span);
            Some(diagnostic.in_file(file).at(span))
        };
        One { found: found.into_iter().filter_map(said).collect(), resource }
    }

    fn lacks(&self, (file, span, name): (String, Span, String), environments: &[String]) -> Diagnostic {
        let verb = if environments.len() == 1 { "has" } else { "have" };
        let message = format!("{} {verb} no value `{name}`", named(environments));
        let known: BTreeSet<&str> =
            self.overlays.values().flat_map(|overlay| overlay.values.keys().map(String::as_str)).collect();
        let lacking = environments.first().and_then(|name| self.repository.environments.get(name));
        let add = lacking.map(|(_, at)| format!("add `{name}` to `spec.values` in {}", at.file));
        let help = match nearest(&name, known.into_iter().filter(|known| *known != name)) {
            Some(near) => format!("did you mean `{near}`? Or {}", add.unwrap_or_default()),
            None => add.unwrap_or_default(),
        };
        let text = self.files.text(&file).unwrap_or_default();
        let span = narrow(text, span, &format!("${{value:{name}}}"));
        Diagnostic::error("RV130", message).in_file(file).at(span).help(help)
    }
}

struct One {
    found: Vec<Diagnostic>,
    resource: Resource,
}

/// Adds what stands at the place: the text shows only the name.
fn explained(diagnostic: Diagnostic, names: &[String], overlay: &Overlay) -> Diagnostic {
    let value = |name: &String| {
        let text = overlay.values.get(name).and_then(Node::text).unwrap_or_default();
        let short: String = text.chars().take(60).collect();
        format!("`${{value:{name}}}` is `{short}`")
    };
    let values = names.iter().map(value).collect::<Vec<_>>().join(", ");
    let help = match &diagnostic.help {
        Some(help) => format!("{help}; {values}"),
        None => values,
    };
    diagnostic.help(help)
}
