//! How PostgreSQL keeps the values of each field type: its column type, its defaults, its literals.
//! Never knows a whole column: `lower` puts these together.

use serde_json::{Number, Value};

use super::lexer::{literal, quote};
use super::native;
use crate::model::expression;
use crate::model::field::{DefaultValue, Field, FieldType};
use crate::validate;

/// What money is: the digits it has, and how many of them stand after the point.
pub const MONEY: (u8, u8) = (19, 4);

/// The column type of a field type as `format_type` writes it. A lookup has the type of the key it points to, and
/// a picklist that is kept as an enum has the enum's; here both are text.
pub fn column_type(ty: &FieldType) -> String {
    match ty {
        FieldType::Text { max_length: Some(length), .. } => format!("character varying({length})"),
        FieldType::Integer => "integer".to_owned(),
        FieldType::Bigint => "bigint".to_owned(),
        FieldType::Decimal { precision, scale } => format!("numeric({precision},{scale})"),
        FieldType::Money => format!("numeric({},{})", MONEY.0, MONEY.1),
        FieldType::Float => "double precision".to_owned(),
        FieldType::Boolean => "boolean".to_owned(),
        FieldType::Date => "date".to_owned(),
        FieldType::Time => "time without time zone".to_owned(),
        FieldType::Datetime => "timestamp with time zone".to_owned(),
        FieldType::Uuid => "uuid".to_owned(),
        FieldType::Json => "jsonb".to_owned(),
        FieldType::Binary { .. } => "bytea".to_owned(),
        FieldType::Text { max_length: None, .. }
        | FieldType::Picklist { .. }
        | FieldType::Lookup { .. }
        | FieldType::Autonumber { .. } => "text".to_owned(),
    }
}

/// The type of a field's column, where the field alone says it.
pub fn own_type(field: &Field) -> Option<String> {
    let native = field.native.as_deref().map(native::read).filter(|native| !native.ty.is_empty());
    match (native, &field.ty) {
        (Some(native), _) => Some(native.ty),
        (None, FieldType::Lookup { .. } | FieldType::Picklist { .. }) => None,
        (None, ty) => Some(column_type(ty)),
    }
}

/// The field type that a column type stands for, where `column_type` would write it so.
pub fn field_type(name: &str) -> Option<FieldType> {
    Some(match name {
        "text" => FieldType::Text { max_length: None, format: None },
        "integer" => FieldType::Integer,
        "bigint" => FieldType::Bigint,
        "double precision" => FieldType::Float,
        "boolean" => FieldType::Boolean,
        "date" => FieldType::Date,
        "time without time zone" => FieldType::Time,
        "timestamp with time zone" => FieldType::Datetime,
        "uuid" => FieldType::Uuid,
        "jsonb" => FieldType::Json,
        "bytea" => FieldType::Binary { max_length: None },
        _ => {
            let (base, numbers) = parameters(name);
            match (base, numbers.as_slice()) {
                ("character varying", [length]) => {
                    FieldType::Text { max_length: Some(u32::try_from(*length).ok()?), format: None }
                }
                ("numeric", [precision, scale]) => {
                    let (precision, scale) = (u8::try_from(*precision).ok()?, u8::try_from(*scale).ok()?);
                    // The model knows as many digits as every target can hold.
                    (precision <= 38 && scale <= precision)
                        .then_some(FieldType::Decimal { precision, scale })?
                }
                (_, _) => return None,
            }
        }
    })
}

/// The nearest field type of a column type that the model has no word for.
pub fn guess(name: &str) -> FieldType {
    if let Some(ty) = field_type(name) {
        return ty;
    }
    let text = |length: Option<i64>| FieldType::Text {
        max_length: length.and_then(|length| u32::try_from(length).ok()),
        format: None,
    };
    let (base, numbers) = parameters(name);
    if base.ends_with("[]") {
        return text(None);
    }
    match base {
        "smallint" | "serial" | "smallserial" => FieldType::Integer,
        "bigserial" | "oid" => FieldType::Bigint,
        "real" | "numeric" => FieldType::Float,
        "money" => FieldType::Money,
        "timestamp without time zone" | "timestamp with time zone" => FieldType::Datetime,
        "time without time zone" | "time with time zone" => FieldType::Time,
        "json" => FieldType::Json,
        "character" | "character varying" => text(numbers.first().copied()),
        _ => text(None),
    }
}

/// A type's name without its parameters, and these: `numeric`, `[12, 2]`.
pub fn parameters(name: &str) -> (&str, Vec<i64>) {
    let Some((base, rest)) = name.split_once('(') else { return (name, Vec::new()) };
    let Some((inside, after)) = rest.split_once(')') else { return (name, Vec::new()) };
    let numbers = inside.split(',').filter_map(|number| number.trim().parse().ok()).collect();
    // `timestamp(3) without time zone`, `character varying(20)[]`.
    match after.trim() {
        "" => (base.trim(), numbers),
        "without time zone" if base == "timestamp" => ("timestamp without time zone", numbers),
        "with time zone" if base == "timestamp" => ("timestamp with time zone", numbers),
        "without time zone" => ("time without time zone", numbers),
        "with time zone" => ("time with time zone", numbers),
        _ => (name, numbers),
    }
}

/// The one spelling of a column type that people write in several ways: `VARCHAR(20)`, `int8`, `decimal(10, 2)`.
/// Source: the PostgreSQL manual, "Data Types", table of names and aliases.
pub fn spelled(name: &str) -> String {
    let squeezed = name.split_whitespace().collect::<Vec<_>>().join(" ");
    // What is in quotes is a name of its own.
    if squeezed.contains('"') {
        return squeezed;
    }
    let lower = squeezed.to_lowercase();
    let (head, tail) = match lower.find("[]") {
        Some(place) => lower.split_at(place),
        None => (lower.as_str(), ""),
    };
    let (base, inside) = match head.split_once('(') {
        Some((base, rest)) => match rest.split_once(')') {
            Some((inside, after)) => (
                format!("{} {}", base.trim(), after.trim()).trim().to_owned(),
                Some(inside.split(',').map(str::trim).collect::<Vec<_>>().join(",")),
            ),
            None => (head.to_owned(), None),
        },
        None => (head.to_owned(), None),
    };
    let with = |base: &str| match &inside {
        Some(inside) => format!("{base}({inside})"),
        None => base.to_owned(),
    };
    let zoned = |base: &str, zone: &str| format!("{} {zone}", with(base));
    let known = match base.as_str() {
        "varchar" | "character varying" => with("character varying"),
        "char" | "character" | "bpchar" => match &inside {
            Some(_) => with("character"),
            None if base == "bpchar" => "bpchar".to_owned(),
            None => "character(1)".to_owned(),
        },
        "int" | "int4" | "integer" => "integer".to_owned(),
        "int8" | "bigint" => "bigint".to_owned(),
        "int2" | "smallint" => "smallint".to_owned(),
        "float8" | "double precision" | "float" => "double precision".to_owned(),
        "float4" | "real" => "real".to_owned(),
        "bool" | "boolean" => "boolean".to_owned(),
        "decimal" | "numeric" => match inside.as_deref() {
            Some(precision) if !precision.contains(',') => format!("numeric({precision},0)"),
            Some(_) | None => with("numeric"),
        },
        "timestamptz" | "timestamp with time zone" => zoned("timestamp", "with time zone"),
        "timestamp" | "timestamp without time zone" => zoned("timestamp", "without time zone"),
        "timetz" | "time with time zone" => zoned("time", "with time zone"),
        "time" | "time without time zone" => zoned("time", "without time zone"),
        "varbit" | "bit varying" => with("bit varying"),
        _ => head.to_owned(),
    };
    format!("{known}{tail}")
}

/// An expression of the author's, in such a form that it cannot leave its parentheses. `validate` refuses the
/// others; should one get here, PostgreSQL is given a name that it does not know and refuses it as well.
pub fn guarded(sql: &str) -> String {
    match expression::fault(sql) {
        None => sql.to_owned(),
        Some(_) => quote(sql),
    }
}

/// What a default comes to, as it stands after `DEFAULT`.
pub fn default_sql(ty: &FieldType, default: &DefaultValue) -> String {
    match (default, ty) {
        (DefaultValue::Sql { sql }, _) => format!("({})", guarded(sql)),
        (DefaultValue::Value(Value::String(word)), FieldType::Date) if word == "now" => {
            "CURRENT_DATE".to_owned()
        }
        (DefaultValue::Value(Value::String(word)), FieldType::Time) if word == "now" => {
            "LOCALTIME".to_owned()
        }
        (DefaultValue::Value(Value::String(word)), FieldType::Datetime) if word == "now" => {
            "now()".to_owned()
        }
        (DefaultValue::Value(Value::String(word)), FieldType::Uuid) if word == "generated" => {
            "gen_random_uuid()".to_owned()
        }
        (DefaultValue::Value(value), _) => value_sql(ty, value),
    }
}

/// Tells whether each row gets a value of its own, so that a new column cannot be filled without writing all rows.
pub fn is_volatile(ty: &FieldType, default: &DefaultValue) -> bool {
    match default {
        DefaultValue::Sql { sql } => {
            // Whatever is no literal may be volatile; `now()` and its kin are the same for all rows of a statement.
            let lower = sql.trim().to_lowercase();
            let is_stable = ["now()", "current_timestamp", "current_date", "localtime", "localtimestamp"]
                .contains(&lower.as_str());
            !is_stable && lower.contains('(')
        }
        DefaultValue::Value(Value::String(word)) => matches!(ty, FieldType::Uuid) && word == "generated",
        DefaultValue::Value(_) => false,
    }
}

/// A value as a literal of the type.
pub fn value_sql(ty: &FieldType, value: &Value) -> String {
    let is_number = is_number(ty);
    match (value, ty) {
        (Value::Null, _) => "NULL".to_owned(),
        // A text is JSON already, as its author wrote it.
        (Value::String(text), FieldType::Json) => literal(text),
        (value, FieldType::Json) => literal(&value.to_string()),
        (Value::String(text), FieldType::Binary { .. }) => {
            format!("'\\x{}'", text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>())
        }
        (Value::String(text), FieldType::Boolean) if text == "true" || text == "false" => text.clone(),
        (Value::String(text), _) if is_number && text.parse::<Number>().is_ok() => text.clone(),
        (Value::String(text), _) => literal(text),
        (Value::Bool(truth), FieldType::Boolean) => truth.to_string(),
        (Value::Number(number), _) if is_number => number.to_string(),
        (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_), _) => {
            literal(&value.to_string())
        }
    }
}

pub fn is_number(ty: &FieldType) -> bool {
    matches!(
        ty,
        FieldType::Integer
            | FieldType::Bigint
            | FieldType::Decimal { .. }
            | FieldType::Money
            | FieldType::Float
    )
}

/// The default that PostgreSQL's words for it stand for; none for a `NULL` that it would not keep. A constant that would come back in other
/// words, were it written as a value, keeps its own. `column` is the type of the column, where it is known.
pub fn default_value(ty: &FieldType, sql: &str, column: Option<&str>) -> Option<DefaultValue> {
    let value = |value: Value| Some(DefaultValue::Value(value));
    match (sql, ty) {
        ("CURRENT_DATE", FieldType::Date)
        | ("LOCALTIME", FieldType::Time)
        | ("now()", FieldType::Datetime) => return value("now".into()),
        ("gen_random_uuid()", FieldType::Uuid) => return value("generated".into()),
        (_, _) => {}
    }
    let own = || Some(DefaultValue::Sql { sql: sql.to_owned() });
    let Some((constant, casts)) = constant(sql) else { return own() };
    let is_plain_number = |text: &str| {
        let number = text.parse::<Number>().ok().filter(|number| number.to_string() == text)?;
        // `0.0` would be said as `0`.
        if number.is_f64() && number.as_f64().is_some_and(|float| float.fract() == 0.0) {
            return None;
        }
        casts.iter().all(|cast| *cast == literal_type(&number)).then_some(number)
    };
    let text = match constant {
        Constant::Text(text) => text,
        // A type that has a length keeps such a default, and says it back.
        Constant::Null => {
            let has_length = column.is_some_and(|column| column.contains('('));
            return has_length.then(|| DefaultValue::Sql { sql: "NULL".to_owned() });
        }
        Constant::Word(word) => {
            return match ty {
                FieldType::Boolean if casts.is_empty() => value(Value::Bool(word == "true")),
                _ => own(),
            };
        }
        Constant::Number(number) => {
            return match is_plain_number(&number).filter(|_| is_number(ty)) {
                Some(number) => value(number.into()),
                None => own(),
            };
        }
    };
    if is_number(ty) {
        return is_plain_number(&text).map_or_else(own, |number| value(number.into()));
    }
    let is_of_the_column = |cast: &&str| column.is_none_or(|column| base(cast) == base(column));
    if !casts.iter().all(is_of_the_column) || casts.len() > 1 {
        return own();
    }
    // A text is taken back only where a manifest may say it and it would be written again.
    let found = match ty {
        FieldType::Boolean => None,
        FieldType::Date | FieldType::Time | FieldType::Datetime if text == "now" => None,
        FieldType::Uuid if text == "generated" => None,
        _ => Some(Value::from(text.as_str())).filter(|value| validate::is_value(ty, value)),
    };
    found.map_or_else(own, value)
}

/// A type's name without what its parameters say.
fn base(name: &str) -> &str {
    match parameters(name).0 {
        "character" => "bpchar",
        base => base,
    }
}

/// The type that PostgreSQL gives a number without a cast.
/// Source: the PostgreSQL manual, "Numeric Constants".
fn literal_type(number: &Number) -> &'static str {
    match number.as_i64() {
        Some(whole) if i32::try_from(whole).is_ok() => "integer",
        Some(_) => "bigint",
        None => "numeric",
    }
}

/// A constant in PostgreSQL's own spelling.
enum Constant {
    Text(String),
    Number(String),
    /// `true` or `false`.
    Word(String),
    Null,
}

/// Reads `'x'::text`, `(-5)`, `'-5'::integer`, `true`, `NULL::text`; with the types that it is cast to.
fn constant(sql: &str) -> Option<(Constant, Vec<&str>)> {
    let sql = sql.trim();
    if let Some(rest) = sql.strip_prefix('\'') {
        let mut text = String::new();
        let mut chars = rest.char_indices().peekable();
        while let Some((place, c)) = chars.next() {
            if c != '\'' {
                text.push(c);
                continue;
            }
            if chars.peek().is_some_and(|(_, next)| *next == '\'') {
                chars.next();
                text.push('\'');
                continue;
            }
            return casts(&rest[place + 1..]).map(|casts| (Constant::Text(text), casts));
        }
        return None;
    }
    let place = sql.find("::").unwrap_or(sql.len());
    let (head, casts) = (sql[..place].trim(), casts(&sql[place..])?);
    let head = head.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(head);
    let constant = match head {
        "NULL" => Constant::Null,
        "true" | "false" => Constant::Word(head.to_owned()),
        _ => {
            let digits = head.strip_prefix('-').unwrap_or(head);
            let is_number = !digits.is_empty()
                && digits.starts_with(|c: char| c.is_ascii_digit())
                && digits.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-'));
            is_number.then(|| Constant::Number(head.to_owned()))?
        }
    };
    Some((constant, casts))
}

/// The types in what follows a constant, where it is nothing but casts.
fn casts(rest: &str) -> Option<Vec<&str>> {
    if rest.is_empty() {
        return Some(Vec::new());
    }
    let casts: Vec<&str> = rest.strip_prefix("::")?.split("::").collect();
    casts.iter().all(|cast| is_type_name(cast)).then_some(casts)
}

fn is_type_name(name: &str) -> bool {
    let mut in_quotes = false;
    !name.is_empty()
        && name.chars().all(|c| {
            if c == '"' {
                in_quotes = !in_quotes;
                return true;
            }
            in_quotes || c.is_alphanumeric() || matches!(c, '_' | ' ' | '.' | '(' | ')' | ',' | '[' | ']')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_spelled_in_one_way() {
        for (written, one) in [
            ("VARCHAR(20)", "character varying(20)"),
            ("int8", "bigint"),
            ("decimal(10, 2)", "numeric(10,2)"),
            ("numeric(5)", "numeric(5,0)"),
            ("timestamptz(3)", "timestamp(3) with time zone"),
            ("TIMESTAMP", "timestamp without time zone"),
            ("varchar(3)[]", "character varying(3)[]"),
            ("char", "character(1)"),
            ("\"My Type\"", "\"My Type\""),
            ("citext", "citext"),
        ] {
            assert_eq!(spelled(written), one, "{written}");
        }
    }

    #[test]
    fn a_default_reads_back() {
        let text = FieldType::Text { max_length: None, format: None };
        for (ty, sql, default) in [
            (text.clone(), "'it''s'::text", Value::from("it's")),
            (text.clone(), "'x'::character varying", Value::from("x")),
            (FieldType::Integer, "'-5'::integer", Value::from(-5)),
            (FieldType::Integer, "(-5)", Value::from(-5)),
            (FieldType::Decimal { precision: 4, scale: 2 }, "0.5", Value::from(0.5)),
            (FieldType::Boolean, "false", Value::Bool(false)),
            (FieldType::Json, "'{\"a\": 1}'::jsonb", Value::from("{\"a\": 1}")),
            (FieldType::Datetime, "now()", Value::from("now")),
        ] {
            let column = column_type(&ty);
            let column = if sql.ends_with("varying") { "character varying(5)" } else { &column };
            let found = default_value(&ty, sql, Some(column));
            assert_eq!(found, Some(DefaultValue::Value(default)), "{sql}");
        }
        for sql in
            ["lower('x'::text)", "('a'::text || 'b'::text)", "'a'::text || 'b'::text", "(1 + 2)", "'x'::name"]
        {
            let own = DefaultValue::Sql { sql: sql.to_owned() };
            assert_eq!(default_value(&text, sql, Some("text")), Some(own), "{sql}");
        }
        assert_eq!(default_value(&text, "NULL::character varying", None), None);
        let decimal = FieldType::Decimal { precision: 4, scale: 2 };
        for sql in ["1.50", "'1'::bigint"] {
            let own = DefaultValue::Sql { sql: sql.to_owned() };
            assert_eq!(default_value(&decimal, sql, Some("numeric(4,2)")), Some(own), "{sql}");
        }
    }
}
