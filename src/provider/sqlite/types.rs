//! How SQLite keeps the values of each field type: its storage, its check, its defaults.
//! Never knows a whole column: `lower` puts these together.

use serde_json::{Number, Value};

use super::lexer::{Sort, literal, normal, quote, tokens};
use crate::model::expression;
use crate::model::field::{DefaultValue, FieldType};

/// A version 4 uuid in lower case.
pub const NEW_UUID: &str = "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || \
     substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || \
     substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))";

/// What money is: the digits it has, and how many of them stand after the point.
pub const MONEY: (u8, u8) = (19, 4);

/// The storage class of a type; a lookup has that of the key it points to, which is text unless known better.
pub fn storage(ty: &FieldType) -> &'static str {
    match ty {
        FieldType::Integer | FieldType::Bigint | FieldType::Boolean => "INTEGER",
        FieldType::Decimal { .. } | FieldType::Money | FieldType::Float => "REAL",
        FieldType::Binary { .. } => "BLOB",
        FieldType::Text { .. }
        | FieldType::Date
        | FieldType::Time
        | FieldType::Datetime
        | FieldType::Uuid
        | FieldType::Json
        | FieldType::Picklist { .. }
        | FieldType::Lookup { .. }
        | FieldType::Autonumber { .. } => "TEXT",
    }
}

/// The rule that holds a type's values; `column` is in quotes. All of them let NULL pass.
pub fn check(ty: &FieldType, column: &str) -> Option<String> {
    let c = column;
    match ty {
        FieldType::Text { max_length: Some(length), .. } | FieldType::Binary { max_length: Some(length) } => {
            Some(format!("length({c}) <= {length}"))
        }
        FieldType::Integer => Some(format!("{c} BETWEEN -2147483648 AND 2147483647")),
        FieldType::Decimal { precision, scale } => Some(decimal_check(c, *precision, *scale)),
        FieldType::Money => Some(decimal_check(c, MONEY.0, MONEY.1)),
        FieldType::Boolean => Some(format!("{c} IN (0, 1)")),
        FieldType::Date => Some(format!("{c} IS date({c})")),
        FieldType::Time => Some(format!("{c} IS NULL OR ({c} GLOB '??:??*' AND time({c}) IS NOT NULL)")),
        FieldType::Datetime => Some(format!(
            "{c} IS NULL OR (date(substr({c}, 1, 10)) IS substr({c}, 1, 10) AND datetime({c}) IS NOT NULL)"
        )),
        FieldType::Uuid => Some(format!(
            "{c} GLOB '????????-????-????-????-????????????' AND length(replace({c}, '-', '')) = 32 \
             AND replace({c}, '-', '') NOT GLOB '*[^0-9a-fA-F]*'"
        )),
        FieldType::Json => Some(format!("json_valid({c})")),
        FieldType::Text { max_length: None, .. }
        | FieldType::Binary { max_length: None }
        | FieldType::Bigint
        | FieldType::Float
        | FieldType::Picklist { .. }
        | FieldType::Lookup { .. }
        | FieldType::Autonumber { .. } => None,
    }
}

fn decimal_check(column: &str, precision: u8, scale: u8) -> String {
    let digits = precision.saturating_sub(scale);
    format!("abs({column}) < 1e{digits} AND round({column}, {scale}) = {column}")
}

/// An expression of the author's, in such a form that it cannot leave its parentheses. `validate` refuses the
/// others; should one get here, SQLite is given a name that it does not know and refuses it as well.
pub fn guarded(sql: &str) -> String {
    match expression::fault(sql) {
        None => sql.to_owned(),
        Some(_) => quote(sql),
    }
}

/// An expression that somebody else wrote, without its comments.
pub fn without_comments(sql: &str) -> String {
    match (expression::fault(sql), tokens(sql)) {
        (Some(_), Ok(tokens)) => tokens.iter().map(|token| token.text).collect::<Vec<_>>().join(" "),
        (_, _) => sql.to_owned(),
    }
}

/// What a default comes to, as it stands after `DEFAULT`.
pub fn default_sql(ty: &FieldType, default: &DefaultValue, storage: &str) -> String {
    match (default, ty) {
        (DefaultValue::Sql { sql }, _) => format!("({})", guarded(sql)),
        (DefaultValue::Value(Value::String(word)), _) if word == "now" => match ty {
            FieldType::Date => "(date('now'))".to_owned(),
            FieldType::Time => "(time('now'))".to_owned(),
            FieldType::Datetime => "(strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))".to_owned(),
            _ => literal(word),
        },
        (DefaultValue::Value(Value::String(word)), FieldType::Uuid) if word == "generated" => {
            format!("({NEW_UUID})")
        }
        (DefaultValue::Value(value), _) => value_sql(ty, value, storage),
    }
}

/// A value as a literal of the type.
pub fn value_sql(ty: &FieldType, value: &Value, storage: &str) -> String {
    let is_number = matches!(storage, "INTEGER" | "REAL");
    match (value, ty) {
        (Value::Null, _) => "NULL".to_owned(),
        // A text is JSON already, as its author wrote it.
        (Value::String(text), FieldType::Json) => literal(text),
        (value, FieldType::Json) => literal(&value.to_string()),
        (Value::String(text), FieldType::Binary { .. }) => {
            format!("x'{}'", text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>())
        }
        (Value::String(text), FieldType::Boolean) if text == "true" || text == "false" => {
            u8::from(text == "true").to_string()
        }
        (Value::String(text), _) if is_number && text.parse::<Number>().is_ok() => text.clone(),
        (Value::String(text), _) => literal(text),
        (Value::Bool(truth), _) if is_number => u8::from(*truth).to_string(),
        (Value::Number(number), _) if is_number => number.to_string(),
        (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_), _) => {
            literal(&value.to_string())
        }
    }
}

/// The default that a text after `DEFAULT` stands for; none for `NULL`.
pub fn default_value(ty: &FieldType, sql: &str, storage: &str) -> Option<DefaultValue> {
    let wanted = normal(sql);
    let words = ["now", "generated"].map(Value::from);
    let literal = tokens(sql).ok().and_then(|tokens| match tokens.as_slice() {
        [one] if one.sort == Sort::Text => one.name().map(Value::from),
        [one] if one.sort == Sort::Number => number(one.text),
        [sign, one] if sign.is_sign("-") && one.sort == Sort::Number => number(&format!("-{}", one.text)),
        [one] if one.is("NULL") => Some(Value::Null),
        [one] if one.sort == Sort::Blob => blob_text(one.text).map(Value::from),
        _ => None,
    });
    let typed = literal.clone().and_then(|value| match (ty, value) {
        (FieldType::Json, Value::String(text)) => serde_json::from_str(&text).ok(),
        (FieldType::Boolean, Value::Number(number)) => Some(Value::Bool(number.as_i64() == Some(1))),
        (_, _) => None,
    });
    if literal == Some(Value::Null) {
        return None;
    }
    for value in words.into_iter().chain(typed).chain(literal) {
        let default = DefaultValue::Value(value);
        if normal(&default_sql(ty, &default, storage)) == wanted {
            return Some(default);
        }
    }
    let sql = sql.trim();
    let inner = sql.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(sql);
    Some(DefaultValue::Sql { sql: without_comments(inner.trim()) })
}

fn number(text: &str) -> Option<Value> {
    text.parse::<Number>().ok().map(Value::Number)
}

fn blob_text(text: &str) -> Option<String> {
    let digits = text.get(2..text.len().checked_sub(1)?)?;
    let pairs = digits.as_bytes().chunks(2);
    let bytes: Option<Vec<u8>> =
        pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect();
    String::from_utf8(bytes?).ok()
}

/// The field type that a type name of somebody else's comes nearest to.
pub fn guess(type_name: &str) -> FieldType {
    let upper = type_name.to_ascii_uppercase();
    let base: String = upper.chars().take_while(|c| *c != '(').collect();
    let base = base.trim();
    let numbers: Vec<u32> =
        upper.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok()).collect();
    let length = numbers.first().copied().filter(|length| *length > 0);
    match base {
        "DATE" => FieldType::Date,
        "TIME" => FieldType::Time,
        "DATETIME" | "TIMESTAMP" | "TIMESTAMP WITH TIME ZONE" => FieldType::Datetime,
        "BOOLEAN" | "BOOL" => FieldType::Boolean,
        "UUID" | "GUID" => FieldType::Uuid,
        "JSON" => FieldType::Json,
        "MONEY" => FieldType::Money,
        "DECIMAL" | "NUMERIC" | "NUMBER" => match numbers.as_slice() {
            [precision, rest @ ..] if (1..=38).contains(precision) => {
                let scale = rest.first().copied().unwrap_or(0).min(*precision);
                FieldType::Decimal { precision: small(*precision), scale: small(scale) }
            }
            _ => FieldType::Float,
        },
        _ if base.contains("INT") => FieldType::Bigint,
        _ if ["CHAR", "CLOB", "TEXT"].iter().any(|part| base.contains(part)) => {
            FieldType::Text { max_length: length, format: None }
        }
        "" | "ANY" => FieldType::Text { max_length: None, format: None },
        _ if base.contains("BLOB") || base.contains("BINARY") => FieldType::Binary { max_length: length },
        _ if ["REAL", "FLOA", "DOUB"].iter().any(|part| base.contains(part)) => FieldType::Float,
        _ => FieldType::Text { max_length: None, format: None },
    }
}

fn small(number: u32) -> u8 {
    u8::try_from(number).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_types_are_read_as_sqlite_reads_them() {
        let text = |length| FieldType::Text { max_length: length, format: None };
        for (name, ty) in [
            ("NVARCHAR(160)", text(Some(160))),
            ("varchar(20)", text(Some(20))),
            ("INTEGER", FieldType::Bigint),
            ("UNSIGNED BIG INT", FieldType::Bigint),
            ("DECIMAL(10,2)", FieldType::Decimal { precision: 10, scale: 2 }),
            ("NUMERIC", FieldType::Float),
            ("double precision", FieldType::Float),
            ("DATETIME", FieldType::Datetime),
            ("BLOB", FieldType::Binary { max_length: None }),
            ("", text(None)),
        ] {
            assert_eq!(guess(name), ty, "{name}");
        }
    }

    #[test]
    fn a_default_reads_back() {
        let json = FieldType::Json;
        for (ty, default) in [
            (FieldType::Datetime, Value::from("now")),
            (FieldType::Uuid, Value::from("generated")),
            (FieldType::Boolean, Value::Bool(true)),
            (FieldType::Bigint, Value::from(-5)),
            (FieldType::Float, Value::from(0.5)),
            (json, serde_json::json!({ "a": ["it's"] })),
            (FieldType::Binary { max_length: None }, Value::from("ab")),
            (FieldType::Text { max_length: None, format: None }, Value::from("now")),
        ] {
            let default = DefaultValue::Value(default);
            let sql = default_sql(&ty, &default, storage(&ty));
            assert_eq!(default_value(&ty, &sql, storage(&ty)), Some(default), "{sql}");
        }
    }
}
