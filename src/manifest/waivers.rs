//! `metadata.waivers` of a resource: what lets its findings pass for a time.
//! Never says whether one still counts: that is a question of the day.

use jiff::civil::Date;

use super::decode::{text, texts};
use super::policy::{code, unreadable};
use crate::diagnostic::Diagnostic;
use crate::model::policy::Waiver;
use crate::yaml::Node;

/// Decodes the waivers; what is wrong with one is said at its place.
pub fn waivers(metadata: &Node, found: &mut Vec<Diagnostic>) -> Vec<Waiver> {
    let Some(list) = metadata.get("waivers").filter(|list| list.is_sequence()) else { return Vec::new() };
    list.items().iter().filter_map(|node| waiver(node, found)).collect()
}

fn waiver(node: &Node, found: &mut Vec<Diagnostic>) -> Option<Waiver> {
    let expires = node.get("expires").and_then(|value| {
        let date = value.as_text()?.parse::<Date>();
        // What is longer holds a time too, and a waiver counts for whole days.
        if date.is_err() || value.as_text().is_some_and(|text| text.len() != 10) {
            let help = "write the last day on which it counts: `2027-01-31`";
            unreadable("`expires` is no day", value, help, found);
            return None;
        }
        date.ok()
    });
    let reason = text(node, "reason");
    if let Some(empty) = node.get("reason").filter(|_| reason.as_ref().is_some_and(|r| r.trim().is_empty())) {
        unreadable("`reason` says nothing", empty, "say why this may pass", found);
    }
    Some(Waiver {
        code: code(node, found)?,
        path: text(node, "path"),
        reason: reason?,
        expires: expires?,
        environments: texts(node, "environments").unwrap_or_default(),
    })
}
