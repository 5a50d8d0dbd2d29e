//! What is said of each environment, said once for all of them.
//! Never names an environment where something holds for all that it could hold for.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Span};

/// File, place, code, message and help: what makes two remarks one.
type Same = (Option<String>, Option<Span>, &'static str, String, Option<String>);

/// Diagnostics with the environments that they hold for.
#[derive(Debug, Default)]
pub struct Tally(BTreeMap<Same, (Diagnostic, Vec<String>)>);

impl Tally {
    pub fn add(&mut self, diagnostic: Diagnostic, environment: &str) {
        let key = (
            diagnostic.file.clone(),
            diagnostic.span,
            diagnostic.code,
            diagnostic.message.clone(),
            diagnostic.help.clone(),
        );
        let (_, named) = self.0.entry(key).or_insert((diagnostic, Vec::new()));
        if !named.iter().any(|known| known == environment) {
            named.push(environment.to_owned());
        }
    }

    /// Returns them; those that do not hold for `all` say for which they do.
    pub fn told(self, all: &[&str]) -> Vec<Diagnostic> {
        let one = |(diagnostic, environments): (Diagnostic, Vec<String>)| {
            let is_for_all = all.iter().all(|name| environments.iter().any(|known| known == name));
            match is_for_all {
                true => diagnostic,
                false => {
                    let message = format!("{}, in {}", diagnostic.message, named(&environments));
                    Diagnostic { message, ..diagnostic }
                }
            }
        };
        self.0.into_values().map(one).collect()
    }
}

/// `environment `a``, or `environments `a`, `b``; cut where there are many.
pub fn named(environments: &[String]) -> String {
    const MOST: usize = 5;
    let word = if environments.len() == 1 { "environment" } else { "environments" };
    let names: Vec<String> = environments.iter().take(MOST).map(|name| format!("`{name}`")).collect();
    let more = match environments.len().saturating_sub(MOST) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{word} {}{more}", names.join(", "))
}
