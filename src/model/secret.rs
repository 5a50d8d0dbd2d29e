//! Where a text holds a password: in a URL, after `password=`, under a key of that name.
//! Never judges what a variable holds: `${env:NAME}` is a name, and no secret.

use std::ops::Range;

use super::template::{Piece, pieces};

/// Tells whether a setting of this name holds nothing but a secret.
pub fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["password", "passwd", "passphrase", "secret", "token"].iter().any(|word| name.ends_with(word))
}

/// Tells whether a secret shows: whether it is more than the names of variables.
pub fn is_shown(secret: &str) -> bool {
    match pieces(secret) {
        Ok(found) => found.iter().any(|piece| !matches!(piece, Piece::Variable(_))),
        Err(_) => true,
    }
}

/// Returns the places of the secrets that show in a text: URLs with a password, and `password=…`.
pub fn secrets(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = in_urls(text).chain(in_parameters(text)).collect();
    found.retain(|place| !place.is_empty() && is_shown(&text[place.clone()]));
    found.sort_by_key(|place| (place.start, place.end));
    found
}

/// What ends a URL in a line of text.
fn ends_url(c: char) -> bool {
    c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '<' | '>')
}

/// `scheme://user:PASSWORD@host`
fn in_urls(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    text.match_indices("://").filter_map(|(at, sign)| {
        let start = at + sign.len();
        let url = &text[start..];
        let url = &url[..url.find(ends_url).unwrap_or(url.len())];
        // A password may hold `@`, `/`, `?` and `#` unescaped: then all up to the last `@` is taken for it.
        let end = url.rfind('@')?;
        let colon = outside(&url[..end])?;
        let port = &url[colon + 1..end];
        let port = &port[..port.find(['/', '?', '#', '@']).unwrap_or(port.len())];
        let has_user = url[..colon + 1 + port.len() + 1].ends_with('@') || port.parse::<u16>().is_err();
        has_user.then_some(start + colon + 1..start + end)
    })
}

/// The first `:` of a text that is in no placeholder.
fn outside(text: &str) -> Option<usize> {
    let mut is_inside = false;
    for (at, c) in text.char_indices() {
        match c {
            '{' if text[..at].ends_with('$') => is_inside = true,
            '}' => is_inside = false,
            ':' if !is_inside => return Some(at),
            _ => {}
        }
    }
    None
}

/// `password=SECRET` in a URL's query or between spaces, and `password: SECRET` of a mapping.
fn in_parameters(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    text.match_indices(['=', ':']).filter_map(|(at, sign)| {
        let after = &text[at + sign.len()..];
        let is_mapping = sign == ":";
        if !is_secret_name(word_before(&text[..at])) || (is_mapping && !after.starts_with(' ')) {
            return None;
        }
        let value = after.trim_start();
        let start = text.len() - value.len();
        let length = match value.chars().next()? {
            // The secret of a mapping is no mapping: this is a member that is called so.
            '{' | '[' if is_mapping => return None,
            quote @ ('\'' | '"') => value[1..].find(quote).map_or(value.len(), |end| end + 2),
            _ => length_of(value),
        };
        Some(start..start + length)
    })
}

/// The last word of a text, quoted or not.
fn word_before(text: &str) -> &str {
    let text = text.trim_end().trim_end_matches(['"', '\'']);
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let start = text.char_indices().rev().take_while(|(_, c)| is_part(*c)).last();
    start.map_or("", |(at, _)| &text[at..])
}

/// How long an unquoted value is; a placeholder in it may hold any sign.
fn length_of(value: &str) -> usize {
    let mut is_inside = false;
    for (at, c) in value.char_indices() {
        match c {
            '{' if value[..at].ends_with('$') => is_inside = true,
            '}' if is_inside => is_inside = false,
            _ if is_inside => {}
            _ if ends_url(c) || matches!(c, '&' | ',' | '}' | ']') => return at,
            _ => {}
        }
    }
    value.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_found_wherever_it_stands() {
        for (text, want) in [
            ("postgres://db/shop", vec![]),
            ("postgres://app@db/shop", vec![]),
            ("postgres://app:@db/shop", vec![]),
            ("postgres://app:hunter2@db/shop", vec!["hunter2"]),
            ("postgres://app:hunt@er2@db/shop", vec!["hunt@er2"]),
            ("postgres://app:hunt/er2@db/shop", vec!["hunt/er2"]),
            ("postgres://app:${env:PASSWORD}@db/shop", vec![]),
            ("postgres://${env:USER}:${env:PASSWORD}@db:5432/shop", vec![]),
            ("postgres://${env:USER}:x${env:PASSWORD}@db/shop", vec!["x${env:PASSWORD}"]),
            ("postgres://${env:HOST}:5432/shop", vec![]),
            ("postgres://db:5432/shop?password=hunter2&sslmode=require", vec!["hunter2"]),
            ("postgres://db/shop?password=${env:PASSWORD}", vec![]),
            ("host=db password='hunt er2' user=app", vec!["'hunt er2'"]),
            ("host=db password = hunter2 user=app", vec!["hunter2"]),
            ("host=db sslpassword=hunter2", vec!["hunter2"]),
            ("postgres://db:5432/shop?by=a@b", vec![]),
            ("{ user: app, password: hunter2, \"password\": \"a b\" }", vec!["hunter2", "\"a b\""]),
            ("password: { type: text }", vec![]),
            ("password: ${env:PASSWORD}", vec![]),
            ("password=", vec![]),
            (".reconcile/dev.db", vec![]),
            ("äöü=password", vec![]),
        ] {
            let found: Vec<&str> = secrets(text).into_iter().map(|place| &text[place]).collect();
            assert_eq!(found, want, "{text}");
        }
        assert!(is_secret_name("password") && is_secret_name("sslPassword") && !is_secret_name("schema"));
    }
}
