//! The policy of a repository: how weighty findings are, how things are named, what they must say, rules of its own.
//! Never judges: the room `policy` does.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::address::{Address, glob};

/// What `policy` of `reconcile.yaml` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    pub severities: Vec<Severities>,
    pub naming: Vec<Naming>,
    pub required: Vec<Required>,
    pub rules: Vec<Rule>,
}

/// How much a finding stands in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Shown.
    Notice,
    /// Must be allowed by name before apply.
    Consent,
    /// Nothing is applied with it.
    Refuse,
}

impl Severity {
    pub fn word(self) -> &'static str {
        match self {
            Severity::Notice => "notice",
            Severity::Consent => "consent",
            Severity::Refuse => "refuse",
        }
    }
}

/// How much what is wrong with a manifest stands in the way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Gravity {
    /// Nothing is planned.
    #[default]
    Error,
    /// `lint` shows it.
    Warning,
}

impl Gravity {
    pub fn word(self) -> &'static str {
        match self {
            Gravity::Error => "error",
            Gravity::Warning => "warning",
        }
    }
}

/// How weighty the findings of one code are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Severities {
    pub code: String,
    /// None leaves it as it is.
    pub severity: Option<Severity>,
    /// Globs over environments; empty: all.
    pub environments: Vec<String>,
    /// Whether a waiver beside a resource may let one through.
    pub waivable: bool,
}

/// What a name looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Naming {
    /// Globs over addresses; empty: all.
    pub resources: Vec<String>,
    /// The section whose members it speaks of; none: of the resource's own name.
    pub member: Option<String>,
    pub look: Look,
    pub message: Option<String>,
    pub gravity: Gravity,
}

/// A style that has a name, or a regular expression that all of the name fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    Style(Style),
    Pattern(String),
}

/// A style of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Style {
    Kebab,
    Snake,
    Camel,
    Pascal,
    Constant,
}

impl Style {
    pub const ALL: [Style; 5] = [Style::Kebab, Style::Snake, Style::Camel, Style::Pascal, Style::Constant];

    pub fn word(self) -> &'static str {
        match self {
            Style::Kebab => "kebab",
            Style::Snake => "snake",
            Style::Camel => "camel",
            Style::Pascal => "pascal",
            Style::Constant => "constant",
        }
    }

    /// The regular expression of its names.
    pub fn pattern(self) -> &'static str {
        match self {
            Style::Kebab => "[a-z][a-z0-9]*(-[a-z0-9]+)*",
            Style::Snake => "[a-z][a-z0-9]*(_[a-z0-9]+)*",
            Style::Camel => "[a-z][a-zA-Z0-9]*",
            Style::Pascal => "[A-Z][a-zA-Z0-9]*",
            Style::Constant => "[A-Z][A-Z0-9]*(_[A-Z0-9]+)*",
        }
    }

    /// A name in this style, for messages.
    pub fn example(self) -> &'static str {
        match self {
            Style::Kebab => "order-line",
            Style::Snake => "order_line",
            Style::Camel => "orderLine",
            Style::Pascal => "OrderLine",
            Style::Constant => "ORDER_LINE",
        }
    }
}

/// What a resource, or each of some members, must say of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Required {
    /// Globs over addresses; empty: all.
    pub resources: Vec<String>,
    /// `fields` or `options`; none: the resource itself.
    pub member: Option<String>,
    pub labels: Vec<String>,
    pub description: bool,
    pub display_name: bool,
    pub gravity: Gravity,
}

/// A rule of the repository's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pub name: String,
    /// A formula; where it is true, the rule speaks.
    pub when: String,
    pub message: String,
    pub severity: Severity,
    /// Globs over environments; empty: all.
    pub environments: Vec<String>,
    /// Whether a waiver beside a resource may let one through.
    pub waivable: bool,
}

/// What a rule may speak of.
pub const NAMES: &[&str] = &["change", "finding", "resource", "environment"];

/// What makes a finding of one resource pass for a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiver {
    pub code: String,
    /// The path inside the resource; none: all of it.
    pub path: Option<String>,
    pub reason: String,
    /// The last day on which it counts.
    pub expires: Date,
    /// Globs over environments; empty: all.
    pub environments: Vec<String>,
}

impl Waiver {
    /// Tells whether it does not count any more.
    pub fn is_over(&self, today: Date) -> bool {
        self.expires < today
    }

    /// Tells whether it speaks of a finding, and of this environment.
    pub fn is_for(&self, code: &str, path: Option<&str>, environment: &str) -> bool {
        let is_there = self.path.is_none() || self.path.as_deref() == path;
        self.code == code && is_there && applies(&self.environments, environment)
    }
}

impl fmt::Display for Waiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if let Some(path) = &self.path {
            write!(f, " {path}")?;
        }
        write!(f, " until {}: {}", self.expires, self.reason)?;
        match self.environments.as_slice() {
            [] => Ok(()),
            globs => write!(f, " (in {})", globs.join(", ")),
        }
    }
}

/// Tells whether globs over environments take one in; none take all.
pub fn applies(globs: &[String], environment: &str) -> bool {
    globs.is_empty() || globs.iter().any(|pattern| glob(pattern, environment))
}

/// Tells whether globs over addresses take one in; none take all.
pub fn speaks_of(globs: &[String], address: &Address) -> bool {
    let text = address.to_string();
    globs.is_empty() || globs.iter().any(|pattern| glob(pattern, &text))
}

impl Policy {
    pub fn is_empty(&self) -> bool {
        *self == Policy::default()
    }

    /// How weighty the findings of a code are in an environment, where it says so: the last word counts.
    pub fn severity(&self, code: &str, environment: &str) -> Option<Severity> {
        let of_it = |one: &&Severities| one.code == code && applies(&one.environments, environment);
        self.severities.iter().filter(of_it).filter_map(|one| one.severity).next_back()
    }

    /// Tells whether a waiver may let a finding of this code through.
    pub fn is_waivable(&self, code: &str, environment: &str) -> bool {
        let of_it = |one: &&Severities| one.code == code && applies(&one.environments, environment);
        self.severities.iter().filter(of_it).all(|one| one.waivable)
    }

    /// Each thing that it says, with a name that tells it from others, for comparing two policies.
    pub fn said(&self) -> Vec<(String, String)> {
        let globs = |what: &str, globs: &[String]| match globs {
            [] => String::new(),
            globs => format!("{what}{}", globs.join(", ")),
        };
        let waivable = |yes: bool| if yes { "" } else { ", no waiver" };
        let severities = self.severities.iter().map(|one| {
            let word = one.severity.map_or("as it is", Severity::word);
            let place = globs(" in ", &one.environments);
            (format!("severities {}{place}", one.code), format!("{word}{}", waivable(one.waivable)))
        });
        let naming = self.naming.iter().map(|one| {
            let of = one.member.as_deref().unwrap_or("resources");
            let look = match &one.look {
                Look::Style(style) => style.word().to_owned(),
                Look::Pattern(pattern) => pattern.clone(),
            };
            let what = format!("naming {of}{}", globs(" of ", &one.resources));
            (what, format!("{look}, {}", one.gravity.word()))
        });
        let required = self.required.iter().map(|one| {
            let of = one.member.as_deref().unwrap_or("resources");
            let mut wanted: Vec<String> = one.labels.iter().map(|label| format!("label {label}")).collect();
            wanted.extend(one.description.then(|| "description".to_owned()));
            wanted.extend(one.display_name.then(|| "displayName".to_owned()));
            let what = format!("required {of}{}", globs(" of ", &one.resources));
            (what, format!("{}, {}", wanted.join(", "), one.gravity.word()))
        });
        let rules = self.rules.iter().map(|one| {
            let place = globs(" in ", &one.environments);
            let text = format!("{} when {}{place}{}", one.severity.word(), one.when, waivable(one.waivable));
            (format!("rules {}", one.name), text)
        });
        severities.chain(naming).chain(required).chain(rules).collect()
    }
}

/// Reads a regular expression that all of a name must fit.
pub fn pattern(text: &str) -> Result<regex::Regex, String> {
    let whole = format!("^(?:{text})$");
    let built = regex::RegexBuilder::new(&whole).size_limit(1 << 20).nest_limit(50).build();
    // The library draws the expression over several lines; its last one says what is wrong.
    built.map_err(|error| {
        let text = error.to_string();
        let last = text.lines().last().unwrap_or_default();
        last.trim_start_matches("error: ").to_owned()
    })
}
