//! RV134: a password that stands in a manifest.
//! Never repeats it: neither the message nor the place shows a character of it.

use crate::diagnostic::Diagnostic;
use crate::model::secret::secrets;
use crate::yaml::Node;

/// Says where a target's settings hold what only a variable may hold.
pub fn check(spec: &Node, found: &mut Vec<Diagnostic>) {
    let Some([(_, settings)]) = spec.get("target").map(Node::entries) else { return };
    let help = "put it into a variable of the process that runs `reconcile`, and name that: `${env:NAME}`; \
                what was committed once is known, so change it too";
    let mut refuse = |at: &Node, what: &str| {
        found.push(
            Diagnostic::error("RV134", format!("{what} stands in the manifest")).at(at.span).help(help),
        );
    };
    if settings.text().is_some_and(|text| !secrets(text).is_empty()) {
        refuse(settings, "a password");
    }
    for (key, value) in settings.entries() {
        let (name, text) = (key.text().unwrap_or_default(), value.text().unwrap_or_default());
        let is_secret = crate::model::secret::is_secret_name(name) && crate::model::secret::is_shown(text);
        if is_secret || !secrets(text).is_empty() {
            refuse(value, "a password");
        }
    }
}
