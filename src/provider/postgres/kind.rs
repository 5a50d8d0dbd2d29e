//! The sorts of column types between which values can be carried over.
//! Never knows what a field means: it reads the name that `format_type` gives a type.

use super::types;

/// PostgreSQL keeps a time to the microsecond.
pub const FINEST: i64 = 6;

/// One column type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind<'a> {
    /// At most so many characters.
    Text(Option<i64>),
    /// Padded with blanks to so many characters.
    Padded(i64),
    /// A whole number of so many bits.
    Whole(u8),
    /// So many digits, and so many of them after the point.
    Numeric(Option<(i64, i64)>),
    /// A binary floating point number of so many bits.
    Float(u8),
    Boolean,
    Date,
    /// With so many digits of a second.
    Time(i64),
    /// A day and a time without a zone.
    Local(i64),
    Instant(i64),
    Uuid,
    /// JSON as it was written.
    Written,
    Json,
    Bytes,
    Other(&'a str),
}

impl<'a> Kind<'a> {
    /// Reads a type's name.
    pub fn of(name: &'a str) -> Kind<'a> {
        let (base, numbers) = types::parameters(name);
        let digits = numbers.first().copied().unwrap_or(FINEST);
        match (base, numbers.as_slice()) {
            ("text" | "character varying", []) => Kind::Text(None),
            ("character varying", [length]) => Kind::Text(Some(*length)),
            ("character", []) => Kind::Padded(1),
            ("character", [length]) => Kind::Padded(*length),
            ("smallint", []) => Kind::Whole(16),
            ("integer", []) => Kind::Whole(32),
            ("bigint", []) => Kind::Whole(64),
            ("numeric", []) => Kind::Numeric(None),
            ("numeric", [precision]) => Kind::Numeric(Some((*precision, 0))),
            ("numeric", [precision, scale]) => Kind::Numeric(Some((*precision, *scale))),
            ("real", []) => Kind::Float(32),
            ("double precision", []) => Kind::Float(64),
            ("boolean", []) => Kind::Boolean,
            ("date", []) => Kind::Date,
            ("time without time zone", _) => Kind::Time(digits),
            ("timestamp without time zone", _) => Kind::Local(digits),
            ("timestamp with time zone", _) => Kind::Instant(digits),
            ("uuid", []) => Kind::Uuid,
            ("json", []) => Kind::Written,
            ("jsonb", []) => Kind::Json,
            ("bytea", []) => Kind::Bytes,
            (_, _) => Kind::Other(name),
        }
    }

    /// A type of this sort into which a cast cuts and rounds nothing: without a length, without a precision.
    pub fn unbounded(self) -> String {
        match self {
            Kind::Text(_) | Kind::Padded(_) => "text".to_owned(),
            Kind::Whole(bits) => match bits {
                16 => "smallint".to_owned(),
                32 => "integer".to_owned(),
                _ => "bigint".to_owned(),
            },
            Kind::Numeric(_) => "numeric".to_owned(),
            Kind::Float(bits) => if bits == 32 { "real" } else { "double precision" }.to_owned(),
            Kind::Boolean => "boolean".to_owned(),
            Kind::Date => "date".to_owned(),
            Kind::Time(_) => "time".to_owned(),
            Kind::Local(_) => "timestamp".to_owned(),
            Kind::Instant(_) => "timestamp with time zone".to_owned(),
            Kind::Uuid => "uuid".to_owned(),
            Kind::Written => "json".to_owned(),
            Kind::Json => "jsonb".to_owned(),
            Kind::Bytes => "bytea".to_owned(),
            Kind::Other(name) => without_parameters(name),
        }
    }

    /// What a list holds, where one value of another kind can become the only one in it.
    pub fn as_list_of(self, one: Kind<'_>) -> Option<Kind<'a>> {
        let Kind::Other(name) = self else { return None };
        let is_list = |kind: Kind<'_>| matches!(kind, Kind::Other(name) if name.ends_with("[]"));
        name.strip_suffix("[]").filter(|_| !is_list(one)).map(Kind::of)
    }

    /// The smallest and the greatest number of a whole type.
    pub fn range(bits: u8) -> (i64, i64) {
        match bits {
            16 => (i64::from(i16::MIN), i64::from(i16::MAX)),
            32 => (i64::from(i32::MIN), i64::from(i32::MAX)),
            _ => (i64::MIN, i64::MAX),
        }
    }
}

/// A type's name without what stands in parentheses. A `bit` or `character` without a length would have the length
/// one, so these become the types that take any.
fn without_parameters(name: &str) -> String {
    let (mut plain, mut depth, mut in_quotes) = (String::new(), 0_usize, false);
    for c in name.chars() {
        match c {
            '"' => in_quotes = !in_quotes,
            '(' if !in_quotes => depth += 1,
            _ => {}
        }
        if depth == 0 {
            plain.push(c);
        }
        if c == ')' && !in_quotes {
            depth = depth.saturating_sub(1);
        }
    }
    let (base, arrays) =
        plain.split_once("[]").map_or((plain.as_str(), ""), |(base, _)| (base, &plain[base.len()..]));
    let base = match base.trim() {
        "bit" => "bit varying",
        "character" => "bpchar",
        base => base,
    };
    format!("{base}{arrays}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cast_to_a_type_without_bounds_cuts_nothing() {
        for (name, unbounded) in [
            ("character varying(3)", "text"),
            ("character(3)", "text"),
            ("numeric(12,2)", "numeric"),
            ("timestamp(3) with time zone", "timestamp with time zone"),
            ("bit(3)", "bit varying"),
            ("character varying(3)[]", "character varying[]"),
            ("character(3)[]", "bpchar[]"),
            ("numeric(4,2)[]", "numeric[]"),
            ("\"My (odd) Type\"", "\"My (odd) Type\""),
            ("interval(3)", "interval"),
        ] {
            assert_eq!(Kind::of(name).unbounded(), unbounded, "{name}");
        }
    }
}
