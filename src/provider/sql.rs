//! The SQL that every target reads alike: names in double quotes, texts in single ones.
//! Never knows a target's own words.

/// Writes a name so that it is taken for a name, whatever it holds.
pub fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Writes a text as a literal.
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
