//! What an SQL expression may look like that a person writes into a manifest.
//! Never understands SQL: it only sees to it that an expression cannot leave the parentheses it is put in.

/// Returns why `sql` cannot stand inside parentheses on its own, if it cannot.
pub fn fault(sql: &str) -> Option<String> {
    scan(sql, false)
}

/// Returns why `sql` cannot stand as the rest of one column or constraint in a list of them, if it cannot.
pub fn tail_fault(sql: &str) -> Option<String> {
    scan(sql, true)
}

/// Whose rules a text is read by. An expression may be read by either, and must stay where it is put in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    /// Names in `` `x` `` and `[x]`.
    Sqlite,
    /// Texts in `$a$…$a$` and `E'…'`; `[` and `]` are brackets.
    Postgres,
}

fn scan(sql: &str, in_list: bool) -> Option<String> {
    let read = |reading| scan_as(sql, in_list, reading);
    read(Reading::Sqlite).or_else(|| read(Reading::Postgres))
}

/// Tells whether a `$` before this character may open a quote.
fn is_tag(c: &char) -> bool {
    c.is_ascii_alphabetic() || matches!(c, '_' | '$') || !c.is_ascii()
}

fn scan_as(sql: &str, in_list: bool, reading: Reading) -> Option<String> {
    let is_postgres = reading == Reading::Postgres;
    let mut chars = sql.chars().peekable();
    let mut open: Vec<char> = Vec::new();
    let mut is_empty = true;
    // The name or number that ends right before the next character.
    let mut word = String::new();
    while let Some(c) = chars.next() {
        match c {
            '\0' => return Some("holds a NUL character".to_owned()),
            ';' => return Some("holds a `;`, which ends a statement".to_owned()),
            ',' if in_list && open.is_empty() => {
                return Some("holds a `,`, which ends a column".to_owned());
            }
            '(' => open.push(')'),
            '[' if is_postgres => open.push(']'),
            ')' if open.pop() != Some(')') => {
                return Some("closes a parenthesis that it did not open".to_owned());
            }
            ']' if is_postgres && open.pop() != Some(']') => {
                return Some("closes a `]` that it did not open".to_owned());
            }
            '\'' | '"' | '$' if is_postgres && word.starts_with(|c: char| c.is_ascii_digit()) => {
                return Some(format!("runs a number into a `{c}`; put a space between"));
            }
            '\'' if is_postgres && word.eq_ignore_ascii_case("e") => {
                return Some(
                    "holds an `E'…'`, which ends elsewhere on other targets; write `'…'`".to_owned(),
                );
            }
            '$' if is_postgres && word.is_empty() && chars.peek().is_some_and(is_tag) => {
                return Some("holds a `$`, which opens a quote on PostgreSQL".to_owned());
            }
            // The guards read on to the end of the quote; a doubled quote closes and opens again at once, which
            // comes to the same.
            '\'' | '"' if !chars.by_ref().any(|next| next == c) => {
                return Some(format!("opens a {c} that it does not close"));
            }
            '`' if !is_postgres && !chars.by_ref().any(|next| next == c) => {
                return Some(format!("opens a {c} that it does not close"));
            }
            '[' if !is_postgres && !chars.by_ref().any(|next| next == ']') => {
                return Some("opens a `[` that it does not close".to_owned());
            }
            '-' if chars.peek() == Some(&'-') => {
                return Some("holds a `--` comment, which would swallow what follows".to_owned());
            }
            '/' if chars.peek() == Some(&'*') => {
                return Some("holds a `/*` comment".to_owned());
            }
            _ => {}
        }
        is_empty &= c.is_whitespace();
        match c.is_ascii_alphanumeric() || matches!(c, '_' | '$') || !c.is_ascii() {
            true => word.push(c),
            false => word.clear(),
        }
    }
    match (is_empty, open.last()) {
        (true, _) => Some("is empty".to_owned()),
        (false, None) => None,
        (false, Some(']')) => Some("opens a `[` that it does not close".to_owned()),
        (false, Some(_)) => Some("opens a parenthesis that it does not close".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_stays_in_its_parentheses() {
        for sql in [
            "total >= 0",
            "status IN ('a;b', 'c)')",
            "\"a(\" > 1",
            "[x] = 'it''s'",
            "-1 - -2",
            "tags[1] = ANY (ARRAY['a', 'b'])",
            "note ~ '^\\d+$'",
            "a$b > 1 AND name = 'e' AND rate > 1e3",
            "total::numeric(10,2) >= 0::numeric",
        ] {
            assert_eq!(fault(sql), None, "{sql}");
        }
        for sql in [
            "",
            " ",
            "1)",
            "(1",
            "1; DROP TABLE x",
            "'a",
            "\"a",
            "[a",
            "`a",
            "1 -- x",
            "1 /* x",
            "1\0",
            "(1]",
            "a]",
        ] {
            assert!(fault(sql).is_some(), "{sql}");
        }
    }

    #[test]
    fn an_expression_stays_in_its_parentheses_by_the_rules_of_every_target() {
        for sql in [
            // A quote ends elsewhere.
            "a = E'\\') OR true; --'",
            "a = e'\n' '\\'",
            "a = $$'$$) OR true; --'",
            "a = $x$'$x$ || ')'",
            "a = 1$x$'$x$) --'",
            "a = 1e'\\') --'",
            // A bracket hides what the other target reads.
            "a[1) OR (1]",
            "a[']) OR true --']",
            "[x)] > 1",
            "`a)` > 1",
        ] {
            assert!(fault(sql).is_some(), "{sql}");
        }
    }

    #[test]
    fn the_rest_of_a_column_stays_in_its_column() {
        for sql in ["NVARCHAR(160) COLLATE NOCASE", "DECIMAL(10, 2)", "TEXT CHECK (a IN ('x', 'y'))", "[a,b]"]
        {
            assert_eq!(tail_fault(sql), None, "{sql}");
        }
        for sql in
            ["TEXT, b TEXT", "TEXT)", "TEXT; DROP TABLE x", "TEXT -- x", "TEXT /* x", "TEXT DEFAULT 'a"]
        {
            assert!(tail_fault(sql).is_some(), "{sql}");
        }
    }
}
