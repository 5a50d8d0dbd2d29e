//! What a name may be. Names are kept exactly as written and quoted wherever a target sees them.
//! Never refuses a word for being reserved in SQL.

use super::task::TaskRules;

/// What names of our own objects in a target begin with.
pub const RESERVED_PREFIX: &str = "_reconcile_";

/// What a kind of target can be given: names, and the SQL of tasks.
#[derive(Clone, Copy, Debug)]
pub struct NameLimits {
    /// The longest name, in bytes of UTF-8.
    pub max_bytes: usize,
    /// Whether `Order` and `order` are one name.
    pub ignores_case: bool,
    /// Prefixes the target keeps for itself, in lower case.
    pub reserved_prefixes: &'static [&'static str],
    /// Whether it keeps them for itself in a table too: for columns, checks and relationships.
    pub reserves_members: bool,
    /// Whether keys and indexes may be on SQL of its own.
    pub indexes_sql: bool,
    pub tasks: TaskRules,
}

/// Returns why `name` is no name of a resource or member anywhere, if it is none.
pub fn fault(name: &str) -> Option<String> {
    if name.is_empty() {
        return Some("is empty".to_owned());
    }
    if name.chars().count() > 200 {
        return Some("is longer than 200 characters".to_owned());
    }
    if name.trim() != name {
        return Some("begins or ends with white space".to_owned());
    }
    if let Some(c) = name.chars().find(|c| is_unprintable(*c)) {
        return Some(format!("holds the control or invisible character U+{:04X}", c as u32));
    }
    if let Some(c) = name.chars().find(|c| matches!(c, '/' | '\\' | '*')) {
        return Some(format!("holds `{c}`, which addresses and patterns use"));
    }
    if name.to_lowercase().starts_with(RESERVED_PREFIX) {
        return Some(format!("begins with `{RESERVED_PREFIX}`, which `reconcile` keeps for itself"));
    }
    None
}

/// Returns why a target with these limits cannot hold `name`, if it cannot.
pub fn fault_on(name: &str, limits: &NameLimits) -> Option<String> {
    length_fault(name, limits).or_else(|| prefix_fault(name, limits))
}

/// As `fault_on`, of a name that means something in its table alone.
pub fn member_fault_on(name: &str, limits: &NameLimits) -> Option<String> {
    length_fault(name, limits).or_else(|| prefix_fault(name, limits).filter(|_| limits.reserves_members))
}

fn length_fault(name: &str, limits: &NameLimits) -> Option<String> {
    let is_long = name.len() > limits.max_bytes;
    is_long.then(|| format!("is {} bytes long, more than the {} it can hold", name.len(), limits.max_bytes))
}

fn prefix_fault(name: &str, limits: &NameLimits) -> Option<String> {
    let lower = name.to_lowercase();
    limits
        .reserved_prefixes
        .iter()
        .find(|prefix| lower.starts_with(**prefix))
        .map(|prefix| format!("begins with `{prefix}`, which it keeps for itself"))
}

/// Returns why `name` is no name of an environment, if it is none. Environments name files and flags, so their
/// names are plain: lower-case letters, digits, `-` and `_`, at most 64.
pub fn environment_fault(name: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    match name {
        "" => Some("is empty".to_owned()),
        _ if name.len() > 64 => Some("is longer than 64 characters".to_owned()),
        _ if !name.chars().all(plain) || name.starts_with(['-', '_']) => {
            Some("has other characters than a-z, 0-9, `-` and `_`, or begins with a sign".to_owned())
        }
        "con" | "prn" | "aux" | "nul" => Some("is the name of a device on some systems".to_owned()),
        _ => None,
    }
}

/// Characters that would move a terminal's cursor, reverse its text or not be seen at all.
/// Source: Unicode general categories Cc and Cf as far as UAX #9 and "Trojan Source" name them.
pub fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// Writes what would not be seen, or would move the cursor, as its number: `\u{1b}`.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match is_unprintable(c) {
            true => out.extend(c.escape_unicode()),
            false => out.push(c),
        }
    }
    out
}
