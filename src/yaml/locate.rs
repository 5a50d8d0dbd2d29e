//! Finds the place of a part of a document by its path: `spec`, `fields`, `total`.
//! Never fails on a path that is not there: the nearest ancestor is the place to show.

use super::{Node, NodeKind};
use crate::diagnostic::Span;

/// Which half of an entry is meant. An item of a list has no key of its own: its value stands for both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Key,
    Value,
}

/// Returns the span of `path` in `document`, mappings by key and lists by index.
///
/// If the path ends early, that is the key of the deepest entry that exists, or the item, or the document's
/// first key. None only for an empty path into a document without a place to show.
pub fn locate(document: &Node, path: &[&str], part: Part) -> Option<Span> {
    let mut value = document;
    let mut key = first_key(document);
    for step in path {
        match next(value, step) {
            Some((next_key, next_value)) => {
                key = next_key;
                value = next_value;
            }
            None => return Some(key),
        }
    }
    Some(match part {
        Part::Key => key,
        // Nothing at all has no characters to show.
        Part::Value if value.span.start == value.span.end => key,
        Part::Value => value.span,
    })
}

fn first_key(document: &Node) -> Span {
    document.entries().first().map_or(document.span, |(key, _)| key.span)
}

fn next<'n>(value: &'n Node, step: &str) -> Option<(Span, &'n Node)> {
    match &value.kind {
        NodeKind::Scalar { .. } => None,
        NodeKind::Mapping(_) => value.entry(step).map(|(key, value)| (key.span, value)),
        NodeKind::Sequence(items) => items.get(step.parse::<usize>().ok()?).map(|item| (item.span, item)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::read;

    #[test]
    fn a_path_that_ends_early_shows_its_ancestor() {
        let text = "kind: Entity\nspec:\n  fields:\n    total: { type: decimal, of: [a, ö, c] }\n  note:\n";
        let (documents, found) = read(text);
        assert_eq!(found, []);
        let show = |path: &str, part| {
            let path: Vec<&str> = path.split('/').filter(|step| !step.is_empty()).collect();
            locate(&documents[0].node, &path, part).map(|s| &text[s.start as usize..s.end as usize])
        };
        assert_eq!(show("spec/fields/total/type", Part::Key), Some("type"));
        assert_eq!(show("spec/fields/total/type", Part::Value), Some("decimal"));
        assert_eq!(show("spec/fields/total", Part::Value), Some("{ type: decimal, of: [a, ö, c] }"));
        assert_eq!(show("spec/fields/total/of/1", Part::Value), Some("ö"));
        assert_eq!(show("spec/fields/total/of/9", Part::Value), Some("of"));
        assert_eq!(show("spec/fields/total/scale", Part::Value), Some("total"));
        assert_eq!(show("spec/note", Part::Value), Some("note"));
        assert_eq!(show("spec/views/a/b", Part::Value), Some("spec"));
        assert_eq!(show("metadata/name", Part::Key), Some("kind"));
    }
}
