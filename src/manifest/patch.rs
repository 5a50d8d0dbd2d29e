//! Patches: a part of a `spec` laid over the whole, as JSON Merge Patch (RFC 7396) says.
//! Never lays one patch over another: what two of them set is a mistake, so their order says nothing.

use crate::diagnostic::{Diagnostic, Span};
use crate::yaml::{Node, NodeKind};

/// Lays `patch` over `base`: mappings are merged, `null` removes, everything else replaces.
pub fn merge(base: &Node, patch: &Node, found: &mut Vec<Diagnostic>) -> Node {
    let NodeKind::Mapping(changes) = &patch.kind else { return patch.clone() };
    let mut entries = base.entries().to_vec();
    for (key, value) in changes {
        let at = entries.iter().position(|(known, _)| known.text() == key.text());
        match (at, value.is_null()) {
            (Some(at), true) => drop(entries.remove(at)),
            (Some(at), false) => entries[at].1 = merge(&entries[at].1, value, found),
            (None, false) => {
                let nothing = Node { span: value.span, kind: NodeKind::Mapping(Vec::new()) };
                entries.push((key.clone(), merge(&nothing, value, found)));
            }
            (None, true) => {
                let name = key.text().unwrap_or_default();
                let message = format!("the patch removes `{name}`, which is not there");
                let help = format!("leave it out; or, to add it with nothing in it, write `{name}: {{}}`");
                found.push(Diagnostic::error("RV133", message).at(key.span).help(help));
            }
        }
    }
    // What is wrong with the whole is wrong with what the manifest declares, where it declares anything.
    let span = if base.is_mapping() { base.span } else { patch.span };
    Node { span, kind: NodeKind::Mapping(entries) }
}

/// Joins two patches of one resource. What both of them set is said, and stays as the first one has it.
pub fn join(first: &mut Node, second: &Node, found: &mut Vec<Diagnostic>) {
    join_below(first, second, &mut Vec::new(), found);
}

fn join_below<'n>(first: &mut Node, second: &'n Node, path: &mut Vec<&'n str>, found: &mut Vec<Diagnostic>) {
    let (NodeKind::Mapping(entries), NodeKind::Mapping(more)) = (&mut first.kind, &second.kind) else {
        return;
    };
    for (key, value) in more {
        path.push(key.text().unwrap_or_default());
        match entries.iter_mut().find(|(known, _)| known.text() == key.text()) {
            None => entries.push((key.clone(), value.clone())),
            Some((_, there)) if there.is_mapping() && value.is_mapping() => {
                join_below(there, value, path, found)
            }
            Some((there, _)) => {
                let message = format!("two patches set `{}`", path.join("/"));
                let twice = Diagnostic::error("RV133", message).at(key.span);
                found.push(twice.label(there.span, "the first one").help("keep one of the two"));
            }
        }
        path.pop();
    }
}

/// Moves every place in a node behind the end of another file, so that a place tells which file it is in.
pub fn moved(node: &Node, by: u32) -> Node {
    let span = Span { start: node.span.start + by, end: node.span.end + by, ..node.span };
    let kind = match &node.kind {
        NodeKind::Scalar { .. } => node.kind.clone(),
        NodeKind::Sequence(items) => NodeKind::Sequence(items.iter().map(|item| moved(item, by)).collect()),
        NodeKind::Mapping(entries) => {
            let pair = |(key, value): &(Node, Node)| (moved(key, by), moved(value, by));
            NodeKind::Mapping(entries.iter().map(pair).collect())
        }
    };
    Node { span, kind }
}
