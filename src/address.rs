//! The name of one declared thing: `kind/name`, and of a place inside it.
//! Never knows which kinds exist: the registry in `model` does.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A sort of resource, in lower case as addresses write it: `entity`, `picklist`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind(Cow<'static, str>);

impl Kind {
    /// Names a kind at compile time; only `model` calls this.
    pub const fn of(name: &'static str) -> Kind {
        Kind(Cow::Borrowed(name))
    }

    /// The kind as addresses write it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Identifies one resource inside an environment: its kind and its name, written `kind/name`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    pub kind: Kind,
    pub name: String,
}

/// A text that is no address.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is no address; an address is `kind/name`, for example `entity/order`")]
pub struct NoAddress(pub String);

impl Address {
    pub fn new(kind: Kind, name: impl Into<String>) -> Address {
        Address { kind, name: name.into() }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.name)
    }
}

impl FromStr for Address {
    type Err = NoAddress;

    fn from_str(text: &str) -> Result<Address, NoAddress> {
        match text.split_once('/') {
            Some((kind, name)) if is_kind(kind) && !name.is_empty() && !name.contains('/') => {
                Ok(Address::new(Kind(Cow::Owned(kind.to_owned())), name))
            }
            _ => Err(NoAddress(text.to_owned())),
        }
    }
}

fn is_kind(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Address, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for Address {
    fn schema_name() -> Cow<'static, str> {
        "Address".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "`kind/name`, for example `entity/order`.",
            "pattern": "^[a-z-]+/[^/]+$"
        })
    }
}

/// Tells whether `text` matches `pattern`, in which `*` stands for any run of characters, `/` included.
///
/// Linear in the product of the lengths at worst: a star is retried from its last place only.
pub fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if p < pattern.len() && pattern[p] == '*' {
            star = Some((p, t));
            p += 1;
        } else if p < pattern.len() && pattern[p] == text[t] {
            p += 1;
            t += 1;
        } else if let Some((at, from)) = star {
            star = Some((at, from + 1));
            p = at + 1;
            t = from + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_reads_back_as_written() {
        for text in ["entity/order", "picklist/Order Status", "entity/straße"] {
            assert_eq!(text.parse::<Address>().map(|a| a.to_string()), Ok(text.to_owned()));
        }
        for text in ["", "order", "entity/", "/order", "Entity/order", "entity/a/b"] {
            assert_eq!(text.parse::<Address>(), Err(NoAddress(text.to_owned())));
        }
    }

    #[test]
    fn a_star_stands_for_any_run() {
        for (pattern, text, want) in [
            ("entity/*", "entity/order", true),
            ("*", "entity/order", true),
            ("entity/o*r", "entity/order", true),
            ("entity/o*x", "entity/order", false),
            ("entity/order", "entity/orders", false),
            ("a*b*c", "aXbYbZc", true),
            ("", "", true),
        ] {
            assert_eq!(glob(pattern, text), want, "{pattern} against {text}");
        }
    }
}
