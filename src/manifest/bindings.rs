//! A file of bindings: what an importer decides for the resources of a package.
//! Never asks whether a package has them: the import does.

use std::collections::BTreeMap;

use super::check;
use super::decode::{flag, text, word};
use super::grammar::BINDINGS;
use crate::address::Address;
use crate::diagnostic::Diagnostic;
use crate::model::setup::Binding;
use crate::source::File;
use crate::yaml::{self, Node};

/// Decodes one file. With an error among the diagnostics, nothing of it may be used.
pub fn bindings(file: &File) -> (BTreeMap<Address, Binding>, Vec<Diagnostic>) {
    let (documents, mut found) = yaml::read(&file.text);
    let mut bindings = BTreeMap::new();
    if documents.len() != 1 {
        let message =
            format!("a file of bindings holds one document, and this one holds {}", documents.len());
        found.push(
            Diagnostic::error("RV103", message).help("write `apiVersion`, `kind: Bindings` and `resources`"),
        );
    }
    if let [document] = documents.as_slice() {
        check::object(&document.node, &BINDINGS, &mut found);
        let entries = document.node.get("resources").map(Node::entries).unwrap_or_default();
        for (key, node) in entries {
            match key.text().unwrap_or_default().parse::<Address>() {
                Ok(address) => {
                    bindings.insert(address, binding(node));
                }
                Err(error) => found.push(Diagnostic::error("RV101", error.to_string()).at(key.span)),
            }
        }
    }
    (bindings, found.into_iter().map(|d| d.in_file(&file.path)).collect())
}

fn binding(node: &Node) -> Binding {
    Binding {
        action: word(node, "action"),
        as_name: text(node, "as"),
        target: text(node, "target"),
        without_tasks: flag(node, "tasks") == Some(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::setup::Action;

    fn read(text: &str) -> (BTreeMap<Address, Binding>, Vec<String>) {
        let file = File { path: "bindings.yaml".to_owned(), text: text.to_owned() };
        let (bindings, found) = bindings(&file);
        (bindings, found.into_iter().map(|d| format!("{} {}", d.code, d.message)).collect())
    }

    #[test]
    fn decisions_are_read_and_mistakes_found() {
        let head = "apiVersion: reconcile/v1\nkind: Bindings\nresources:\n";
        let (bindings, found) = read(&format!("{head}  entity/order: {{ action: create, as: order2 }}\n"));
        assert_eq!(found, Vec::<String>::new());
        let order = &bindings[&"entity/order".parse().unwrap()];
        assert_eq!((order.action, order.as_name.as_deref()), (Some(Action::Create), Some("order2")));
        for (text, want) in [
            ("  order: { action: merge }\n", "RV101"),
            ("  entity/order: { action: marge }\n", "RV110"),
            ("  entity/order: { actoin: merge }\n", "RV102"),
            ("---\n{}\n", "RV103"),
        ] {
            let (_, found) = read(&format!("{head}{text}"));
            assert!(found.iter().any(|f| f.starts_with(want)), "{text}: {found:?}");
        }
    }
}
