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

fn scan(sql: &str, in_list: bool) -> Option<String> {
    let mut chars = sql.chars().peekable();
    let mut depth = 0_usize;
    let mut is_empty = true;
    while let Some(c) = chars.next() {
        match c {
            '\0' => return Some("holds a NUL character".to_owned()),
            ';' => return Some("holds a `;`, which ends a statement".to_owned()),
            ',' if in_list && depth == 0 => {
                return Some("holds a `,`, which ends a column".to_owned());
            }
            '(' => depth += 1,
            ')' if depth == 0 => return Some("closes a parenthesis that it did not open".to_owned()),
            ')' => depth -= 1,
            // The guards read on to the end of the quote; a doubled quote closes and opens again at once, which
            // comes to the same.
            '\'' | '"' | '`' if !chars.by_ref().any(|next| next == c) => {
                return Some(format!("opens a {c} that it does not close"));
            }
            '[' if !chars.by_ref().any(|next| next == ']') => {
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
    }
    match (is_empty, depth) {
        (true, _) => Some("is empty".to_owned()),
        (false, 0) => None,
        (false, _) => Some("opens a parenthesis that it does not close".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_stays_in_its_parentheses() {
        for sql in ["total >= 0", "status IN ('a;b', 'c)')", "\"a(\" > 1", "[x)] = 'it''s'", "-1 - -2"] {
            assert_eq!(fault(sql), None, "{sql}");
        }
        for sql in
            ["", " ", "1)", "(1", "1; DROP TABLE x", "'a", "\"a", "[a", "`a", "1 -- x", "1 /* x", "1\0"]
        {
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
