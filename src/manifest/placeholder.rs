//! `${…}` in a document: where it may stand, and the values that are put in its place.
//! Never reads a variable: a target is opened with those, and nothing else knows them.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Span};
use crate::model::template::{Fault, NoPlaceholder, Piece, SIGN, literal, pieces};
use crate::yaml::{MAX_BYTES, Node, NodeKind, narrow};

/// What may be named at a place of a document.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Zone {
    /// Nothing: it is the same in every environment.
    Literal,
    /// Values of the environment.
    Values,
    /// Variables of the process that opens the target.
    Variables,
}

/// What was found in one document.
#[derive(Debug, Default)]
pub struct Scan {
    /// Whether a value is named where it may be.
    pub names_values: bool,
    /// The scalars about which something was said.
    pub faulty: Vec<Span>,
}

impl Scan {
    /// Leaves out what follows from a placeholder that was refused.
    pub fn unsaid(&self, found: Vec<Diagnostic>) -> Vec<Diagnostic> {
        let is_new = |d: &Diagnostic| !d.span.is_some_and(|span| self.faulty.contains(&span));
        found.into_iter().filter(is_new).collect()
    }
}

/// Says what is wrong with the placeholders of a document, and makes all that is literal what it means.
pub fn prepare(node: &mut Node, is_resource: bool, text: &str, found: &mut Vec<Diagnostic>) -> Scan {
    let scan = scan(node, is_resource, text, found);
    unescape(node, is_resource);
    if is_resource
        && !scan.names_values
        && let NodeKind::Mapping(entries) = &mut node.kind
    {
        let specs = entries.iter_mut().filter(|(key, _)| key.text() == Some("spec"));
        specs.for_each(|(_, spec)| fill(spec, &Values::new(), &mut Filled::default()));
    }
    scan
}

/// The part of a document that an entry leads to.
fn zone(path: &[&str], is_resource: bool) -> Zone {
    match (is_resource, path) {
        (true, ["spec", ..]) => Zone::Values,
        (false, ["spec", "target", ..]) => Zone::Variables,
        (false, ["spec", "patches", _, "spec", ..]) => Zone::Values,
        (true | false, _) => Zone::Literal,
    }
}

/// Says where a placeholder stands that may not, or that is none. `text` is the file's.
fn scan(document: &Node, is_resource: bool, text: &str, found: &mut Vec<Diagnostic>) -> Scan {
    let mut scan = Scan::default();
    walk(document, &mut Vec::new(), &mut |node, path, is_key| {
        let zone = zone(path, is_resource);
        let Some((written, message, help)) = judged(node, zone, is_key, &mut scan.names_values) else {
            return;
        };
        scan.faulty.push(node.span);
        found.push(Diagnostic::error("RV131", message).at(narrow(text, node.span, &written)).help(help));
    });
    scan
}

/// Visits every scalar that holds the sign, keys too, with the path to it.
fn walk<'n>(node: &'n Node, path: &mut Vec<&'n str>, visit: &mut impl FnMut(&Node, &[&str], bool)) {
    match &node.kind {
        NodeKind::Scalar { text, .. } if text.contains(SIGN) => visit(node, path, false),
        NodeKind::Scalar { .. } => {}
        NodeKind::Sequence(items) => {
            for item in items {
                path.push("");
                walk(item, path, visit);
                path.pop();
            }
        }
        NodeKind::Mapping(entries) => {
            for (key, value) in entries {
                if key.text().is_some_and(|text| text.contains(SIGN)) {
                    visit(key, path, true);
                }
                path.push(key.text().unwrap_or_default());
                walk(value, path, visit);
                path.pop();
            }
        }
    }
}

type Told = (String, String, &'static str);

fn judged(node: &Node, zone: Zone, is_key: bool, names_values: &mut bool) -> Option<Told> {
    let found = match pieces(node.text().unwrap_or_default()) {
        Ok(found) => found,
        Err(fault) => return Some(no_placeholder(fault)),
    };
    for piece in found {
        let (written, message, help) = match (piece, zone) {
            (Piece::Text(_), _) => continue,
            (Piece::Value(name), _) if is_key => (
                format!("${{value:{name}}}"),
                "cannot be a key",
                "a key is a name, which is the same in every environment; use `patches` to add a member in one",
            ),
            (Piece::Variable(_), Zone::Variables) if !is_key => continue,
            (Piece::Value(_), Zone::Values) => {
                *names_values = true;
                continue;
            }
            (Piece::Value(name), Zone::Literal) => (
                format!("${{value:{name}}}"),
                "cannot stand here",
                "values are filled in below `spec` of a resource; write this out",
            ),
            (Piece::Value(name), Zone::Variables) => (
                format!("${{value:{name}}}"),
                "cannot name a target",
                "write it out, or name a variable of the process: `${env:NAME}`",
            ),
            (Piece::Variable(name), Zone::Literal | Zone::Values | Zone::Variables) => (
                format!("${{env:{name}}}"),
                "stands outside of an environment's `target`",
                "what a variable holds would end in plans, packages and journals; use `${value:NAME}` and give \
                 every environment its value",
            ),
        };
        return Some((written.clone(), format!("`{written}` {message}"), help));
    }
    None
}

fn no_placeholder(found: NoPlaceholder<'_>) -> Told {
    let short: String = found.written.chars().take(60).collect();
    let (fault, help) = match found.fault {
        Fault::Open => ("has no `}`", "write `${value:NAME}`; `$${` stands for `${` itself"),
        Fault::Unknown => ("is no placeholder", "write `${value:NAME}`; `$${` stands for `${` itself"),
        Fault::ValueName => (
            "names no value",
            "a value's name has letters, digits, `_`, `-` and `.`, and begins with a letter or digit",
        ),
        Fault::VariableName => {
            ("names no variable", "a variable's name has letters, digits and `_`, and begins with no digit")
        }
    };
    (found.written.to_owned(), format!("`{short}` {fault}"), help)
}

/// Puts `${` where `$${` stands, wherever nothing can be named: keys, and what is outside of `spec`.
pub fn unescape(document: &mut Node, is_resource: bool) {
    unescape_below(document, &mut Vec::new(), is_resource);
}

fn unescape_below(node: &mut Node, path: &mut Vec<String>, is_resource: bool) {
    match &mut node.kind {
        NodeKind::Scalar { .. } => {
            let steps: Vec<&str> = path.iter().map(String::as_str).collect();
            if zone(&steps, is_resource) == Zone::Literal {
                unescape_scalar(node);
            }
        }
        NodeKind::Sequence(items) => {
            path.push(String::new());
            items.iter_mut().for_each(|item| unescape_below(item, path, is_resource));
            path.pop();
        }
        NodeKind::Mapping(entries) => {
            for (key, value) in entries {
                unescape_scalar(key);
                path.push(key.text().unwrap_or_default().to_owned());
                unescape_below(value, path, is_resource);
                path.pop();
            }
        }
    }
}

fn unescape_scalar(node: &mut Node) {
    let NodeKind::Scalar { text, .. } = &mut node.kind else { return };
    if text.contains(SIGN)
        && let Some(plain) = literal(text)
    {
        *text = plain.into_owned();
    }
}

/// The values of one environment, by name.
pub type Values = BTreeMap<String, Node>;

/// What filling in has met.
#[derive(Debug, Default)]
pub struct Filled {
    /// The scalars that named values, each with the names.
    pub named: Vec<(Span, Vec<String>)>,
    /// The scalars that name what is no value here; they stay as they are.
    pub missing: Vec<(Span, String)>,
    /// How many bytes all filled scalars have.
    n_bytes: usize,
    /// The first scalar that would have made the document longer than a file may be.
    pub too_long: Option<Span>,
}

/// Puts the values in. A scalar that is nothing but a name becomes the value, type and all; elsewhere the value is
/// written into the text. `$${` becomes `${`.
pub fn fill(node: &mut Node, values: &Values, filled: &mut Filled) {
    let span = node.span;
    match &mut node.kind {
        NodeKind::Sequence(items) => items.iter_mut().for_each(|item| fill(item, values, filled)),
        NodeKind::Mapping(entries) => entries.iter_mut().for_each(|(_, value)| fill(value, values, filled)),
        NodeKind::Scalar { text, .. } if !text.contains(SIGN) => {}
        NodeKind::Scalar { text, .. } => {
            let Ok(found) = pieces(text) else { return };
            let names: Vec<&str> = found
                .iter()
                .filter_map(|piece| match piece {
                    Piece::Value(name) => Some(*name),
                    Piece::Text(_) | Piece::Variable(_) => None,
                })
                .collect();
            let missing: Vec<&str> =
                names.iter().copied().filter(|name| !values.contains_key(*name)).collect();
            if !missing.is_empty() {
                filled.missing.extend(missing.into_iter().map(|name| (span, name.to_owned())));
                return;
            }
            let length = |name: &&str| values.get(*name).and_then(Node::text).map_or(0, str::len);
            filled.n_bytes += text.len() + names.iter().map(length).sum::<usize>();
            if filled.n_bytes > MAX_BYTES {
                filled.too_long.get_or_insert(span);
                return;
            }
            if !names.is_empty() {
                filled.named.push((span, names.iter().map(|name| (*name).to_owned()).collect()));
            }
            node.kind = match found.as_slice() {
                [Piece::Value(name)] => values[*name].kind.clone(),
                pieces => NodeKind::Scalar { text: written(pieces, values), plain: false },
            };
        }
    }
}

fn written(pieces: &[Piece<'_>], values: &Values) -> String {
    let mut text = String::new();
    for piece in pieces {
        text.push_str(match piece {
            Piece::Text(text) => text,
            Piece::Value(name) => values.get(*name).and_then(Node::text).unwrap_or_default(),
            // Refused where the document was scanned.
            Piece::Variable(_) => "",
        });
    }
    text
}
