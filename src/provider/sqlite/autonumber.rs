//! Fields that the target numbers: a trigger takes the next number from our sequences.
//! Never numbers a row that has a number.

use super::lexer::{literal, quote};
use super::table::{Table, Trigger};

/// What the names of our triggers begin with.
pub const PREFIX: &str = "_reconcile_autonumber.";

const FORMAT_MARK: &str = "-- format ";

/// The name of a field's sequence.
pub fn sequence(table: &str, field: &str) -> String {
    format!("{}.{}", table.replace('.', "\\."), field.replace('.', "\\."))
}

/// The trigger that numbers new rows.
pub fn trigger(table: &Table, field: &str, format: &str) -> Trigger {
    let name = format!("{PREFIX}{}", sequence(&table.name, field));
    let sequence = literal(&sequence(&table.name, field));
    let next = format!("(SELECT \"next\" - 1 FROM \"_reconcile_sequence\" WHERE \"name\" = {sequence})");
    let key = table.primary_key();
    let row = match key.is_empty() {
        true => "rowid = NEW.rowid".to_owned(),
        false => {
            let same = |column: &String| format!("{0} IS NEW.{0}", quote(column));
            key.iter().map(same).collect::<Vec<_>>().join(" AND ")
        }
    };
    let line: String = format.chars().filter(|c| !c.is_control()).collect();
    let (title, on, column) = (quote(&name), quote(&table.name), quote(field));
    let sql = format!(
        "CREATE TRIGGER {title} AFTER INSERT ON {on} WHEN NEW.{column} IS NULL\nBEGIN\n  {FORMAT_MARK}{line}\n  \
         INSERT INTO \"_reconcile_sequence\" (\"name\", \"next\") VALUES ({sequence}, 2)\n    \
         ON CONFLICT (\"name\") DO UPDATE SET \"next\" = \"next\" + 1;\n  \
         UPDATE {on} SET {column} = {number} WHERE {row};\nEND",
        number = number(format, &next),
    );
    Trigger { name, sql }
}

/// Reads a field and its format back from one of our triggers on `table`.
pub fn read(table: &str, trigger: &Trigger) -> Option<(String, String)> {
    let rest = trigger.name.strip_prefix(PREFIX)?;
    let field = rest.strip_prefix(&sequence(table, ""))?.replace("\\.", ".");
    let line = trigger.sql.lines().find_map(|line| line.trim_start().strip_prefix(FORMAT_MARK))?;
    Some((field, line.to_owned()))
}

/// The number as its format has it, for the value of an expression: `ORD-{seq:5}`, `{year}-{month}-{day}/{seq}`.
pub fn number(format: &str, next: &str) -> String {
    let mut parts = Vec::new();
    let mut rest = format;
    while let Some(open) = rest.find('{') {
        let Some(length) = rest[open..].find('}') else { break };
        let token = &rest[open + 1..open + length];
        let sql = match token.split_once(':') {
            Some(("seq", width)) => {
                width.parse::<u8>().ok().map(|width| format!("printf('%0{}d', {next})", width.max(1)))
            }
            Some(_) => None,
            None => match token {
                "seq" => Some(format!("CAST({next} AS TEXT)")),
                "year" => Some("strftime('%Y', 'now')".to_owned()),
                "month" => Some("strftime('%m', 'now')".to_owned()),
                "day" => Some("strftime('%d', 'now')".to_owned()),
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
    parts.join(" || ")
}

/// The statement that sets a sequence beyond the rows that are there.
pub fn start(table: &str, field: &str) -> String {
    format!(
        "INSERT INTO \"_reconcile_sequence\" (\"name\", \"next\") SELECT {}, count(*) + 1 FROM {} WHERE true \
         ON CONFLICT (\"name\") DO UPDATE SET \"next\" = max(\"next\", excluded.\"next\")",
        literal(&sequence(table, field)),
        quote(table)
    )
}

/// The statement that drops a sequence.
pub fn forget(table: &str, field: &str) -> String {
    format!("DELETE FROM \"_reconcile_sequence\" WHERE \"name\" = {}", literal(&sequence(table, field)))
}

/// The statement that gives a sequence another name.
pub fn rename(table: (&str, &str), field: (&str, &str)) -> String {
    format!(
        "UPDATE \"_reconcile_sequence\" SET \"name\" = {} WHERE \"name\" = {}",
        literal(&sequence(table.1, field.1)),
        literal(&sequence(table.0, field.0))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_becomes_an_expression() {
        for (format, sql) in [
            ("ORD-{seq:5}", "'ORD-' || printf('%05d', n)"),
            ("{seq}", "CAST(n AS TEXT)"),
            ("{year}/{seq}'{x}", "strftime('%Y', 'now') || '/' || CAST(n AS TEXT) || '''{x}'"),
            ("{", "'{'"),
        ] {
            assert_eq!(number(format, "n"), sql, "{format}");
        }
    }
}
