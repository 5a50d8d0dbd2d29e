//! A unique key in the target's own words, cut into what is unique: `btree (lower(email)) WHERE active`.
//! Never judges an expression: it is the author's, and the server reads it.

use super::lexer::{Token, tokens};

/// What rows may not share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySql {
    /// Columns and expressions, as they are written.
    pub parts: Vec<String>,
    /// The rows that it is about.
    pub predicate: Option<String>,
    /// Whether two rows without a value are alike.
    pub nulls_are_equal: bool,
}

/// Reads all that follows `USING`. None where it is not understood.
pub fn read(sql: &str) -> Option<KeySql> {
    let all = tokens(sql).ok()?;
    let open = usize::from(!all.first()?.is_sign("("));
    let close = closing(&all, open)?;
    let inner = all.get(open + 1..close)?;
    let mut parts = Vec::new();
    for part in split(inner) {
        parts.push(expression(sql, part)?);
    }
    let rest = &all[close + 1..];
    let run = |words: &[&str]| {
        rest.windows(words.len()).any(|run| run.iter().zip(words).all(|(token, word)| token.is(word)))
    };
    let predicate = rest.iter().position(|token| token.is("WHERE")).map(|at| {
        let from = rest[at].end();
        sql[from..].trim().to_owned()
    });
    (!parts.is_empty()).then(|| KeySql {
        parts,
        predicate,
        nulls_are_equal: run(&["NULLS", "NOT", "DISTINCT"]),
    })
}

/// Tells of a constraint that keeps rows apart by other operators than `=`: `EXCLUDE USING gist (during WITH &&)`.
pub fn excludes(sql: &str) -> bool {
    tokens(sql).unwrap_or_default().first().is_some_and(|token| token.is("EXCLUDE"))
}

/// What rows may not have in common, by operators of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exclusion {
    /// Columns and expressions, each with the operator that must not hold of two rows for all of them.
    pub parts: Vec<(String, String)>,
    /// The rows that it is about.
    pub predicate: Option<String>,
}

/// Reads a constraint that excludes. None where it is not understood.
pub fn exclusion(sql: &str) -> Option<Exclusion> {
    let all = tokens(sql).ok()?;
    let open = all.iter().position(|token| token.is_sign("("))?;
    let close = closing(&all, open)?;
    let mut parts = Vec::new();
    for part in split(all.get(open + 1..close)?) {
        let with = part.iter().rposition(|token| token.is("WITH"))?;
        let (first, last) = (part.get(with + 1)?, part.last()?);
        parts.push((expression(sql, part)?, sql[first.start..last.end()].to_owned()));
    }
    let predicate = match all[close..].iter().position(|token| token.is("WHERE")) {
        Some(place) => {
            let (from, to) = (close + place + 1, closing(&all, close + place + 1)?);
            Some(sql[all[from].start..all[to].end()].to_owned())
        }
        None => None,
    };
    (!parts.is_empty()).then_some(Exclusion { parts, predicate })
}

/// The columns of a key that is on columns alone.
pub fn columns(sql: &str) -> Vec<String> {
    let parts = read(sql).map(|key| key.parts).unwrap_or_default();
    let name = |part: &String| match tokens(part).unwrap_or_default().as_slice() {
        [only] => only.name(),
        _ => None,
    };
    parts.iter().filter_map(name).collect()
}

/// The same as a constraint has it: `UNIQUE NULLS NOT DISTINCT (a) INCLUDE (b)`.
pub fn clause(sql: &str) -> String {
    let all = tokens(sql).unwrap_or_default();
    let words = ["NULLS", "NOT", "DISTINCT"];
    let is_run = |run: &[Token<'_>]| run.iter().zip(words).all(|(token, word)| token.is(word));
    let from = all.iter().position(|token| token.is_sign("(")).map_or(0, |place| all[place].start);
    match all.windows(words.len()).position(is_run) {
        Some(place) => {
            let (start, end) = (all[place].start, all[place + words.len() - 1].end());
            let (keys, rest) = (sql[from..start].trim(), sql[end..].trim());
            format!("UNIQUE NULLS NOT DISTINCT {keys} {rest}").trim_end().to_owned()
        }
        None => format!("UNIQUE {}", &sql[from..]),
    }
}

/// The place of the bracket that closes the one at `open`.
fn closing(all: &[Token<'_>], open: usize) -> Option<usize> {
    if !all.get(open)?.is_sign("(") {
        return None;
    }
    let mut depth = 0_usize;
    for (at, token) in all.iter().enumerate().skip(open) {
        if token.is_sign("(") {
            depth += 1;
        } else if token.is_sign(")") {
            depth -= 1;
            if depth == 0 {
                return Some(at);
            }
        }
    }
    None
}

/// Cuts at the commas that stand in no bracket.
fn split<'a, 't>(all: &'a [Token<'t>]) -> Vec<&'a [Token<'t>]> {
    let (mut parts, mut from, mut depth) = (Vec::new(), 0, 0_usize);
    for (at, token) in all.iter().enumerate() {
        if token.is_sign("(") || token.is_sign("[") {
            depth += 1;
        } else if token.is_sign(")") || token.is_sign("]") {
            depth = depth.saturating_sub(1);
        } else if token.is_sign(",") && depth == 0 {
            parts.push(&all[from..at]);
            from = at + 1;
        }
    }
    parts.push(&all[from..]);
    parts
}

/// A column, a call or an expression in brackets, without what says how it is sorted.
fn expression(sql: &str, part: &[Token<'_>]) -> Option<String> {
    let first = part.first()?;
    let last = if first.is_sign("(") {
        closing(part, 0)?
    } else {
        first.name()?;
        let mut at = 0;
        while part.get(at + 1).is_some_and(|token| token.is_sign(".")) {
            at += 2;
        }
        match part.get(at + 1) {
            Some(token) if token.is_sign("(") => closing(part, at + 1)?,
            Some(_) | None => at,
        }
    };
    Some(sql[first.start..part.get(last)?.end()].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_says_what_is_unique() {
        let read = |sql: &str| read(sql).unwrap();
        let key = read(
            "btree (lower(email) text_pattern_ops, (a + f(b, c)) DESC NULLS LAST, \"x y\") INCLUDE (z) WHERE (active)",
        );
        assert_eq!(key.parts, ["lower(email)", "(a + f(b, c))", "\"x y\""]);
        assert_eq!(key.predicate.as_deref(), Some("(active)"));
        assert!(!key.nulls_are_equal);
        let key = read("(email COLLATE \"C\") NULLS NOT DISTINCT");
        assert_eq!((key.parts.as_slice(), key.predicate), (["email".to_owned()].as_slice(), None));
        assert!(key.nulls_are_equal);
        assert_eq!(super::read("btree email"), None);
        assert!(excludes("exclude USING gist (a WITH &&)") && !excludes("btree (exclude)"));
        let apart = exclusion(
            "EXCLUDE USING gist (room WITH =, (tsrange(a, b)) range_ops WITH OPERATOR(pg_catalog.&&)) WHERE (NOT off) DEFERRABLE",
        );
        let part = |expression: &str, operator: &str| (expression.to_owned(), operator.to_owned());
        let parts = vec![part("room", "="), part("(tsrange(a, b))", "OPERATOR(pg_catalog.&&)")];
        assert_eq!(apart, Some(Exclusion { parts, predicate: Some("(NOT off)".to_owned()) }));
        assert_eq!(exclusion("EXCLUDE USING gist (room)"), None);
        assert_eq!(
            clause("btree (a, \"b c\") INCLUDE (d) NULLS NOT DISTINCT WITH (fillfactor='70')"),
            "UNIQUE NULLS NOT DISTINCT (a, \"b c\") INCLUDE (d) WITH (fillfactor='70')"
        );
        assert_eq!(clause("btree (a) INCLUDE (b)"), "UNIQUE (a) INCLUDE (b)");
        assert_eq!(columns("btree (a, \"b c\") INCLUDE (d)"), ["a", "b c"]);
        assert_eq!(super::read("btree (lower(email)"), None);
    }
}
