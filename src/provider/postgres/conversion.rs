//! What becomes of a value when its column gets another type, and whether it survives that.
//! Never cuts or rounds a value: a conversion that would is written so that PostgreSQL refuses it.

use super::json_text;
use super::kind::{FINEST, Kind};
use super::types;
use crate::model::field::FieldType;

/// A number as JSON writes it, with at most three digits of an exponent.
const NUMBER: &str = r"^[ \t\n\r]*-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?[ \t\n\r]*$";

/// As many characters as a number in a text may have.
const LONGEST_NUMBER: u32 = 300;

const DAY: &str = "(?!0000)[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])";

const TIME: &str = "(?:[01][0-9]|2[0-3]):[0-5][0-9]";

const ZONE: &str = "(?: ?(?:[Zz]|[+-](?:0[0-9]|1[0-4])(?::?[0-5][0-9])?))?";

const UUID: &str = "^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$";

/// Bytes in hexadecimal digits that are characters, none of them NUL.
/// Source: RFC 3629, section 4.
const UTF8: &str = "^(?:0[1-9a-f]|[1-7][0-9a-f]|(?:c[2-9a-f]|d[0-9a-f])[89ab][0-9a-f]|e0[ab][0-9a-f][89ab][0-9a-f]\
     |e[1-9a-cef](?:[89ab][0-9a-f]){2}|ed[89][0-9a-f][89ab][0-9a-f]|f0[9ab][0-9a-f](?:[89ab][0-9a-f]){2}\
     |f[1-3](?:[89ab][0-9a-f]){3}|f48[0-9a-f](?:[89ab][0-9a-f]){2})*$";

const ASCII: &str = "^(?:0[1-9a-f]|[1-7][0-9a-f])*$";

/// As many bytes as are read as characters.
const LARGEST: u32 = 100_000_000;

/// The finite numbers that are some float, not counting 0.
const DOUBLES: (&str, &str) = ("1e-307", "1.7e308");
const REALS: (&str, &str) = ("1e-37", "3.4e38");

/// An expression for the value of a column as one of another type, to stand after `USING`. A value that would not
/// survive unchanged raises an error.
pub fn convert(value: &str, from: &FieldType, to: &FieldType, from_type: &str, to_type: &str) -> String {
    if from == to && from_type == to_type || !needs_using(from_type, to_type) {
        return value.to_owned();
    }
    let (old, new) = (Kind::of(from_type), Kind::of(to_type));
    let plain = carried(value, old, new);
    let guard = match (old, new) {
        _ if new.as_list_of(old).is_some() => match survives(value, old, new) {
            Some(guard) => guard,
            None => return plain,
        },
        // What is JSON need not be known: a cast of what is none raises an error of its own.
        (_, Kind::Json) if is_read_as_text(old, new) => {
            let text = text(value, old);
            format!("{} AND {}", json_text::is_storable(&text), json_text::has_no_key_twice(&text))
        }
        (_, Kind::Written) if is_read_as_text(old, new) => return plain,
        (Kind::Bytes, Kind::Text(None)) => return plain,
        (Kind::Date, Kind::Local(_) | Kind::Instant(_)) => return plain,
        // What is out of range is refused by the column itself.
        (Kind::Numeric(_), Kind::Numeric(Some((_, scale)))) => format!("{value} = round({value}, {scale})"),
        (Kind::Numeric(_) | Kind::Float(_), Kind::Whole(_)) => format!("{value} = trunc({value})"),
        (_, Kind::Other(name)) if is_read_as_text(old, new) && is_cut(name) => {
            format!("{plain} = {}::{name}", text(value, old))
        }
        (_, _) => match survives(value, old, new) {
            Some(guard) => guard,
            None => return plain,
        },
    };
    format!("CASE WHEN {guard} THEN {plain} ELSE {} END", refused(value, old, new))
}

/// A condition that a value survives unchanged as one of another type. It raises no error, whatever the value is;
/// where there is no value it may be anything.
pub fn kept(value: &str, from: &FieldType, to: &FieldType, from_type: &str, to_type: &str) -> String {
    let mut terms = Vec::new();
    if from_type != to_type {
        terms.extend(survives(value, Kind::of(from_type), Kind::of(to_type)));
    }
    if let (FieldType::Binary { max_length: Some(length) }, Kind::Bytes) = (to, Kind::of(to_type))
        && from != to
    {
        terms.push(format!("octet_length({}) <= {length}", carried(value, Kind::of(from_type), Kind::Bytes)));
    }
    match terms.as_slice() {
        [] => "true".to_owned(),
        [one] => one.clone(),
        _ => format!("(CASE WHEN {} THEN {} ELSE false END)", terms[0], terms[1]),
    }
}

/// A value as one of another type; only where it survives that.
pub fn carried_over(value: &str, from_type: &str, to_type: &str) -> String {
    if from_type == to_type {
        return value.to_owned();
    }
    let carried = carried(value, Kind::of(from_type), Kind::of(to_type));
    match carried.ends_with(&format!("::{to_type}")) {
        true => carried,
        false => format!("{carried}::{to_type}"),
    }
}

/// A value in the other type without a length and a precision, so that no cast can cut or round it.
pub fn unbounded(value: &str, from_type: &str, to_type: &str) -> String {
    match from_type == to_type {
        true => value.to_owned(),
        false => carried(value, Kind::of(from_type), Kind::of(to_type)),
    }
}

/// Tells whether a value that survives is the same in both types, so that it can go back as it is.
pub fn is_same_value(one: &str, other: &str) -> bool {
    if one == other {
        return true;
    }
    match (Kind::of(one), Kind::of(other)) {
        (Kind::Text(_), Kind::Text(_)) | (Kind::Whole(_), Kind::Whole(_)) => true,
        // Without a scale, a number has as many digits after the point as it was written with.
        (Kind::Numeric(Some(_)), Kind::Numeric(Some(_))) => true,
        (Kind::Time(_), Kind::Time(_)) => true,
        (Kind::Local(_), Kind::Local(_)) | (Kind::Instant(_), Kind::Instant(_)) => true,
        // A day survives in its one spelling, and 0 and 1 are all that survives as a truth.
        (Kind::Text(_), Kind::Date) => true,
        (Kind::Whole(_), Kind::Boolean) | (Kind::Boolean, Kind::Whole(_)) => true,
        (_, _) => false,
    }
}

/// Tells whether PostgreSQL changes the type in its catalog alone, and writes no row again.
/// Source: `ATColumnChangeRequiresRewrite`; our sessions are in UTC.
pub fn is_rewrite_free(from_type: &str, to_type: &str) -> bool {
    if from_type == to_type {
        return true;
    }
    match (Kind::of(from_type), Kind::of(to_type)) {
        (Kind::Text(_), Kind::Text(None)) => true,
        (Kind::Text(Some(old)), Kind::Text(Some(new))) => old <= new,
        (Kind::Numeric(Some(_)), Kind::Numeric(None)) => true,
        (Kind::Numeric(Some((digits, scale))), Kind::Numeric(Some((new, same)))) => {
            scale == same && digits <= new
        }
        (Kind::Time(old), Kind::Time(new))
        | (Kind::Local(old), Kind::Local(new))
        | (Kind::Instant(old), Kind::Instant(new)) => old <= new,
        (Kind::Local(_), Kind::Instant(new)) | (Kind::Instant(_), Kind::Local(new)) => new == FINEST,
        (Kind::Other("cidr"), Kind::Other("inet")) => true,
        (Kind::Text(_), Kind::Other("citext")) | (Kind::Other("citext"), Kind::Text(None)) => true,
        (Kind::Other(old), Kind::Other("bit varying")) => old.starts_with("bit varying("),
        (_, _) => false,
    }
}

/// Tells whether a change of type needs a word on how: what PostgreSQL would do by itself is not there, or would
/// lose something in silence.
pub fn needs_using(from_type: &str, to_type: &str) -> bool {
    if is_rewrite_free(from_type, to_type) {
        return false;
    }
    let (old, new) = (Kind::of(from_type), Kind::of(to_type));
    match (old, new) {
        // A number that is out of range is refused; a text that is too long too, but for blanks at its end.
        (Kind::Whole(_), Kind::Whole(_) | Kind::Numeric(_)) => false,
        (Kind::Whole(16), Kind::Float(_)) | (Kind::Whole(32), Kind::Float(64)) => false,
        (Kind::Float(32), Kind::Float(64)) => false,
        (Kind::Numeric(Some((_, old))), Kind::Numeric(Some((_, new)))) => new < old,
        (Kind::Text(_) | Kind::Padded(_), Kind::Text(None)) => false,
        (_, Kind::Text(_)) => matches!(old, Kind::Text(_) | Kind::Padded(_) | Kind::Bytes | Kind::Other(_)),
        (_, _) => true,
    }
}

/// A value in a type of this kind, without a length or a precision; only where it survives that.
fn carried(value: &str, old: Kind<'_>, new: Kind<'_>) -> String {
    let base = new.unbounded();
    if let Some(element) = new.as_list_of(old) {
        let (only, of) = (carried(value, old, element), element.unbounded());
        return format!("CASE WHEN {value} IS NOT NULL THEN ARRAY[{only}]::{of}[] END");
    }
    match (old, new) {
        (Kind::Text(_), Kind::Text(_) | Kind::Padded(_)) => value.to_owned(),
        (_, Kind::Text(_) | Kind::Padded(_)) => text(value, old),
        (Kind::Whole(_) | Kind::Numeric(_) | Kind::Float(_), Kind::Boolean) => format!("({value} = 1)"),
        (Kind::Boolean, Kind::Whole(_)) => format!("{value}::integer"),
        (Kind::Boolean, Kind::Numeric(_) | Kind::Float(_)) => format!("{value}::integer::{base}"),
        // By its digits, which a cast to numeric would round to fifteen.
        (Kind::Float(_), Kind::Numeric(_)) => format!("{value}::text::numeric"),
        (Kind::Float(64), Kind::Float(32)) => format!("{value}::real"),
        (Kind::Whole(_) | Kind::Numeric(_) | Kind::Float(_) | Kind::Boolean, Kind::Json) => {
            format!("to_jsonb({value})")
        }
        (Kind::Whole(_) | Kind::Numeric(_) | Kind::Float(_) | Kind::Boolean, Kind::Written) => {
            format!("to_json({value})")
        }
        (Kind::Date, Kind::Instant(_)) => format!("({value}::timestamp AT TIME ZONE 'UTC')"),
        (Kind::Local(_), Kind::Instant(_)) | (Kind::Instant(_), Kind::Local(_)) => {
            format!("({value} AT TIME ZONE 'UTC')")
        }
        (Kind::Instant(_), Kind::Date) => format!("({value} AT TIME ZONE 'UTC')::date"),
        (Kind::Bytes, Kind::Bytes) => value.to_owned(),
        (_, Kind::Bytes) => format!("convert_to({}, 'UTF8')", text(value, old)),
        (_, Kind::Boolean) if is_read_as_text(old, new) => {
            let word = format!("lower(btrim({}))", text(value, old));
            format!("({word} IN ('true', '1'))")
        }
        (_, Kind::Whole(_)) if is_read_as_text(old, new) => format!("{}::numeric::{base}", text(value, old)),
        (_, _) if is_read_as_text(old, new) => format!("{}::{base}", text(value, old)),
        (_, _) => format!("{value}::{base}"),
    }
}

/// Tells of two kinds between which values go by way of their text.
fn is_read_as_text(old: Kind<'_>, new: Kind<'_>) -> bool {
    let is_number =
        |kind: Kind<'_>| matches!(kind, Kind::Whole(_) | Kind::Numeric(_) | Kind::Float(_) | Kind::Boolean);
    let is_moment = |kind: Kind<'_>| matches!(kind, Kind::Date | Kind::Local(_) | Kind::Instant(_));
    let is_json = |kind: Kind<'_>| matches!(kind, Kind::Json | Kind::Written);
    let has_own = is_number(old) && (is_number(new) || is_json(new))
        || is_moment(old) && is_moment(new)
        || matches!((old, new), (Kind::Time(_), Kind::Time(_)) | (Kind::Uuid, Kind::Uuid))
        || matches!((old, new), (Kind::Json, Kind::Json | Kind::Written) | (Kind::Written, Kind::Written))
        || matches!((old, new), (Kind::Other(one), Kind::Other(other)) if same_base(one, other));
    !has_own
}

/// Tells of a type whose values are cut or rounded in silence.
fn is_cut(name: &str) -> bool {
    ["bit", "character", "interval", "numeric", "time"].iter().any(|base| name.starts_with(base))
}

fn same_base(one: &str, other: &str) -> bool {
    Kind::Other(one).unbounded() == Kind::Other(other).unbounded()
}

/// The value as text.
fn text(value: &str, kind: Kind<'_>) -> String {
    match kind {
        Kind::Text(_) => value.to_owned(),
        Kind::Bytes => format!("convert_from({value}, 'UTF8')"),
        Kind::Padded(_)
        | Kind::Whole(_)
        | Kind::Numeric(_)
        | Kind::Float(_)
        | Kind::Boolean
        | Kind::Date
        | Kind::Time(_)
        | Kind::Local(_)
        | Kind::Instant(_)
        | Kind::Uuid
        | Kind::Written
        | Kind::Json
        | Kind::Other(_) => format!("{value}::text"),
    }
}

/// An expression that raises an error for a value, and is NULL where there is none. It hangs on the value, so that
/// it is not raised before there is one.
fn refused(value: &str, old: Kind<'_>, new: Kind<'_>) -> String {
    let base = new.unbounded();
    match new {
        Kind::Text(Some(length)) | Kind::Padded(length) => {
            format!("{} || repeat('.', {length} + 1)", text(value, old))
        }
        // Texts of any length take everything that is a text.
        Kind::Text(None) => text(value, old),
        Kind::Bytes => format!(r"('\x not unchanged as bytea' || left({value}::text, 0))::bytea"),
        Kind::Whole(_)
        | Kind::Numeric(_)
        | Kind::Float(_)
        | Kind::Boolean
        | Kind::Date
        | Kind::Time(_)
        | Kind::Local(_)
        | Kind::Instant(_)
        | Kind::Uuid
        | Kind::Written
        | Kind::Json
        | Kind::Other(_) => {
            let told = base.replace('\'', "''");
            format!("('a value would not stay unchanged as {told}' || left({value}::text, 0))::{base}")
        }
    }
}

/// What must hold for a value to survive; none where every value does.
fn survives(value: &str, old: Kind<'_>, new: Kind<'_>) -> Option<String> {
    let never = Some("false".to_owned());
    let v = value;
    if let Some(element) = new.as_list_of(old) {
        return match (old, old == element) {
            (_, true) => None,
            // A document is no list of itself.
            (Kind::Json | Kind::Written, false) => never,
            (_, false) => survives(value, old, element),
        };
    }
    match (old, new) {
        (Kind::Bytes, Kind::Bytes) | (Kind::Boolean, Kind::Boolean) | (Kind::Uuid, Kind::Uuid) => None,
        (Kind::Date, Kind::Date) => None,
        (Kind::Bytes, Kind::Whole(_) | Kind::Numeric(_) | Kind::Float(_) | Kind::Boolean) => never,
        (Kind::Bytes, new) => {
            let text = text(v, old);
            let fits = text_fits(&text, new).unwrap_or_else(|| "true".to_owned());
            Some(format!(
                "(CASE WHEN octet_length({v}) > {LARGEST} THEN false \
                 WHEN encode({v}, 'hex') ~ '{ASCII}' OR (getdatabaseencoding() = 'UTF8' AND encode({v}, 'hex') ~ '{UTF8}') \
                 THEN {fits} ELSE false END)"
            ))
        }
        (_, Kind::Bytes) => None,
        (_, Kind::Text(None)) => None,
        // The blanks at the end of a padded text are nothing of its own.
        (Kind::Padded(_), Kind::Text(Some(length)) | Kind::Padded(length)) => {
            Some(format!("char_length({v}::text) <= {length}"))
        }
        (Kind::Text(Some(old)), Kind::Text(Some(new))) if old <= new => None,
        (_, Kind::Text(_) | Kind::Padded(_)) => text_fits(&text(v, old), new),
        (Kind::Whole(old), Kind::Whole(new)) if old <= new => None,
        (Kind::Whole(_) | Kind::Numeric(_), Kind::Whole(bits)) => {
            let (least, most) = Kind::range(bits);
            let whole = match old {
                Kind::Numeric(_) => format!("{v} = trunc({v}) AND "),
                _ => String::new(),
            };
            Some(format!("({whole}{v}::numeric BETWEEN {least} AND {most})"))
        }
        (Kind::Whole(_), Kind::Numeric(None)) => None,
        (Kind::Whole(_), Kind::Numeric(Some(bounds))) => Some(fits_decimal(&format!("{v}::numeric"), bounds)),
        (Kind::Numeric(_), Kind::Numeric(Some(bounds))) => {
            Some(format!("({v} = 'NaN' OR {})", fits_decimal(v, bounds)))
        }
        (Kind::Numeric(_), Kind::Numeric(None)) => None,
        (Kind::Whole(_) | Kind::Numeric(_), Kind::Float(bits)) => {
            Some(is_float(&format!("{v}::numeric"), bits))
        }
        (Kind::Whole(_) | Kind::Numeric(_) | Kind::Float(_), Kind::Boolean) => {
            Some(format!("({v} IN (0, 1))"))
        }
        (Kind::Float(32), Kind::Float(64)) | (Kind::Float(32), Kind::Float(32)) => None,
        (Kind::Float(64), Kind::Float(64)) => None,
        (Kind::Float(_), Kind::Float(_)) => Some(format!(
            "(CASE WHEN {v} = 0 OR abs({v}) BETWEEN {} AND {} THEN {v}::real::text = {v}::text \
             ELSE {v}::text IN ('NaN', 'Infinity', '-Infinity') END)",
            REALS.0, REALS.1
        )),
        (Kind::Float(_), Kind::Whole(bits)) => {
            let (least, most) = Kind::range(bits);
            // The greatest number of 64 bits is no float; the one after it is, and is too great.
            Some(format!(
                "(CASE WHEN {v} >= {least} AND {v} < {} THEN {v} = trunc({v}) ELSE false END)",
                i128::from(most) + 1
            ))
        }
        (Kind::Float(_), Kind::Numeric(bounds)) => {
            let fits = bounds.map(|bounds| fits_decimal(&format!("{v}::text::numeric"), bounds));
            Some(format!(
                "(CASE WHEN {v}::text IN ('NaN', 'Infinity', '-Infinity') THEN false ELSE {} END)",
                fits.unwrap_or_else(|| "true".to_owned())
            ))
        }
        (Kind::Boolean, Kind::Whole(_) | Kind::Float(_) | Kind::Numeric(None)) => None,
        (Kind::Boolean, Kind::Numeric(Some(bounds))) => {
            Some(fits_decimal(&format!("{v}::integer::numeric"), bounds))
        }
        (Kind::Whole(_) | Kind::Boolean, Kind::Json | Kind::Written) => None,
        (Kind::Numeric(_) | Kind::Float(_), Kind::Json | Kind::Written) => {
            Some(format!("({v}::text NOT IN ('NaN', 'Infinity', '-Infinity'))"))
        }
        (Kind::Date, Kind::Local(_) | Kind::Instant(_)) => {
            Some(format!("(NOT isfinite({v}) OR {v} <= date '294276-12-31')"))
        }
        (Kind::Local(_), Kind::Date) => Some(format!("{v} = date_trunc('day', {v})")),
        (Kind::Instant(_), Kind::Date) => {
            Some(format!("({v} AT TIME ZONE 'UTC') = date_trunc('day', {v} AT TIME ZONE 'UTC')"))
        }
        (Kind::Time(old), Kind::Time(new))
        | (Kind::Local(old) | Kind::Instant(old), Kind::Local(new) | Kind::Instant(new))
            if old <= new =>
        {
            None
        }
        (Kind::Time(_), Kind::Time(digits)) => Some(format!("{v} = {v}::time({digits})")),
        (Kind::Local(_), Kind::Local(digits) | Kind::Instant(digits)) => {
            Some(format!("{v} = {v}::timestamp({digits})"))
        }
        (Kind::Instant(_), Kind::Local(digits) | Kind::Instant(digits)) => {
            Some(format!("{v} = {v}::timestamp({digits}) with time zone"))
        }
        (Kind::Json, Kind::Json | Kind::Written) | (Kind::Written, Kind::Written) => None,
        (Kind::Written, Kind::Json) => Some(storable(&text(v, old))),
        (Kind::Other(one), Kind::Other(other)) if same_base(one, other) => {
            (is_cut(other) && !is_rewrite_free(one, other)).then(|| format!("{v} = {v}::{other}"))
        }
        (_, new) => text_fits(&text(v, old), new),
    }
}

/// What must hold for a text to be a value of a kind; none where every text is.
fn text_fits(t: &str, new: Kind<'_>) -> Option<String> {
    Some(match new {
        Kind::Text(None) | Kind::Bytes => return None,
        Kind::Text(Some(length)) => format!("char_length({t}) <= {length}"),
        Kind::Padded(length) => format!("(char_length({t}) <= {length} AND {t} = rtrim({t}, ' '))"),
        Kind::Whole(bits) => {
            let (least, most) = Kind::range(bits);
            is_number(
                t,
                &format!("{t}::numeric = trunc({t}::numeric) AND {t}::numeric BETWEEN {least} AND {most}"),
            )
        }
        Kind::Numeric(None) => is_number(t, "true"),
        Kind::Numeric(Some(bounds)) => is_number(t, &fits_decimal(&format!("{t}::numeric"), bounds)),
        Kind::Float(bits) => is_number(t, &is_float(&format!("{t}::numeric"), bits)),
        Kind::Boolean => format!("(lower(btrim({t})) IN ('true', 'false', '1', '0'))"),
        Kind::Date => is_day(t, &format!("^{DAY}$")),
        Kind::Time(digits) => format!("({t} COLLATE \"C\" ~ '^{TIME}{}$')", seconds(digits)),
        // A zone would be passed over in silence.
        Kind::Local(digits) => is_day(t, &format!("^{DAY}(?:[T ]{TIME}{})?$", seconds(digits))),
        Kind::Instant(digits) => is_day(t, &format!("^{DAY}(?:[T ]{TIME}{}{ZONE})?$", seconds(digits))),
        Kind::Uuid => format!("({t} COLLATE \"C\" ~ '{UUID}')"),
        Kind::Written => json_text::is_json(t),
        Kind::Json => format!("(CASE WHEN {} THEN {} ELSE false END)", json_text::is_json(t), storable(t)),
        Kind::Other(name) => {
            let digits = format!("{t} COLLATE \"C\" ~ '^[01]*$'");
            match types::parameters(name) {
                ("bit varying", numbers) if numbers.is_empty() => digits,
                ("bit varying", numbers) => format!("({digits} AND char_length({t}) <= {})", numbers[0]),
                ("bit", numbers) => {
                    let length = numbers.first().copied().unwrap_or(1);
                    format!("({digits} AND char_length({t}) = {length})")
                }
                // The type alone knows its texts, and refuses the others.
                (_, _) => return None,
            }
        }
    })
}

/// A condition that `jsonb` takes a text that is JSON, and loses nothing of it.
fn storable(t: &str) -> String {
    format!(
        "(CASE WHEN {} THEN {} ELSE false END)",
        json_text::is_storable(t),
        json_text::has_no_key_twice(t)
    )
}

/// A condition that a text is a number of which `and` holds.
fn is_number(t: &str, and: &str) -> String {
    format!(
        "(CASE WHEN char_length({t}) <= {LONGEST_NUMBER} AND {t} COLLATE \"C\" ~ '{NUMBER}' THEN {and} ELSE false END)"
    )
}

/// A condition that a number has the digits for it.
fn fits_decimal(number: &str, (precision, scale): (i64, i64)) -> String {
    format!("({number} = round({number}, {scale}) AND abs({number}) < 1e{})", precision - scale)
}

/// A condition that a number is the same as a float, which is told by its shortest digits.
fn is_float(number: &str, bits: u8) -> String {
    let (ty, (least, most)) = match bits {
        32 => ("real", REALS),
        _ => ("double precision", DOUBLES),
    };
    format!(
        "(CASE WHEN {number} = 0 THEN true WHEN abs({number}) BETWEEN {least} AND {most} \
         THEN {number}::{ty}::text::numeric = {number} ELSE false END)"
    )
}

/// A condition that a text begins with a day that there is.
fn is_day(t: &str, pattern: &str) -> String {
    format!(
        "(CASE WHEN {t} COLLATE \"C\" ~ '{pattern}' THEN substr({t}, 9, 2)::integer <= extract(day FROM \
         make_date(substr({t}, 1, 4)::integer, substr({t}, 6, 2)::integer, 1) + interval '1 month' - interval '1 day') \
         ELSE false END)"
    )
}

/// The seconds of a time, with at most so many digits after the point.
fn seconds(digits: i64) -> String {
    match digits.clamp(0, FINEST) {
        0 => "(?::[0-5][0-9])?".to_owned(),
        digits => format!(r"(?::[0-5][0-9](?:\.[0-9]{{1,{digits}}})?)?"),
    }
}
