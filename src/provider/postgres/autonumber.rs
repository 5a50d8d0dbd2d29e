//! Fields that the target numbers: a default that takes the next number from a sequence of the table's own.
//! Never numbers a row that has a number.

use super::lexer::{literal, quote};

/// What the comment of such a sequence begins with; the format follows.
const MARK: &str = "reconcile autonumber ";

/// The comment of the sequence that numbers by this format.
pub fn comment(format: &str) -> String {
    format!("{MARK}{format}")
}

/// The format that the comment of a sequence tells of.
pub fn format(comment: Option<&str>) -> Option<String> {
    comment?.strip_prefix(MARK).map(str::to_owned)
}

/// The number as its format has it: `ORD-{seq:5}`, `{year}-{month}-{day}/{seq}`.
pub fn default_sql(sequence: &str, format: &str) -> String {
    let name = literal(&quote(sequence));
    let mut parts = Vec::new();
    let mut is_taken = false;
    let mut next = || {
        // The second time it is the number that was taken.
        let word = if std::mem::replace(&mut is_taken, true) { "currval" } else { "nextval" };
        format!("{word}({name})")
    };
    let mut rest = format;
    while let Some(open) = rest.find('{') {
        let Some(length) = rest[open..].find('}') else { break };
        let token = &rest[open + 1..open + length];
        let sql = match token.split_once(':') {
            // A width that is too small shortens nothing.
            Some(("seq", width)) => width
                .parse::<u8>()
                .ok()
                .map(|width| format!("translate(format('%{}s', {}), ' ', '0')", width.max(1), next())),
            Some(_) => None,
            None => match token {
                "seq" => Some(format!("{}::text", next())),
                "year" => Some("to_char(now() AT TIME ZONE 'UTC', 'YYYY')".to_owned()),
                "month" => Some("to_char(now() AT TIME ZONE 'UTC', 'MM')".to_owned()),
                "day" => Some("to_char(now() AT TIME ZONE 'UTC', 'DD')".to_owned()),
                _ => None,
            },
        };
        let end = open + length + 1;
        match sql {
            Some(sql) => {
                if open > 0 {
                    parts.push(literal(&rest[..open]));
                }
                parts.push(sql);
            }
            // Whatever else stands in braces stays as it is.
            None => parts.push(literal(&rest[..end])),
        }
        rest = &rest[end..];
    }
    if !rest.is_empty() || parts.is_empty() {
        parts.push(literal(rest));
    }
    format!("({})", parts.join(" || "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_becomes_an_expression() {
        for (format, sql) in [
            ("ORD-{seq:5}", "('ORD-' || translate(format('%5s', nextval('\"s\"')), ' ', '0'))"),
            ("{seq}", "(nextval('\"s\"')::text)"),
            ("{seq}{x}{seq}", "(nextval('\"s\"')::text || '{x}' || currval('\"s\"')::text)"),
            ("{", "('{')"),
        ] {
            assert_eq!(default_sql("s", format), sql, "{format}");
        }
    }
}
