//! What all written documents share: how they are laid out, and which versions are read.
//! Never names a document: each has a file of its own.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::model::name::escaped;

/// Why a document was not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    #[error(
        "the {document} has format version {found}, and this `reconcile` reads version {known}; \
         read it with a newer `reconcile`"
    )]
    Newer { document: &'static str, found: String, known: &'static str },
    #[error("the {document} has the format version `{found}`, which is none that `reconcile` ever wrote")]
    Unknown { document: &'static str, found: String },
    #[error("the {document} does not read: {message}")]
    Malformed { document: &'static str, message: String },
}

/// Writes a document: indented, settings in declared order, a newline at the end. Equal values give equal bytes.
pub fn write<T: Serialize>(document: &T) -> String {
    let Ok(mut text) = serde_json::to_string_pretty(document) else {
        unreachable!("BUG: a document has no JSON form")
    };
    text.push('\n');
    text
}

/// Reads a document of the major version of `known`. Newer minor versions may say more; that is passed over.
pub fn read<T: DeserializeOwned>(
    document: &'static str,
    known: &'static str,
    text: &str,
) -> Result<T, WireError> {
    let malformed =
        |error: serde_json::Error| WireError::Malformed { document, message: escaped(&error.to_string()) };
    let head: Head = serde_json::from_str(text).map_err(malformed)?;
    check_version(document, known, &head.format_version)?;
    // Read from the text and not from a generic value, which would lose the order of members.
    serde_json::from_str(text).map_err(malformed)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    format_version: String,
}

fn check_version(document: &'static str, known: &'static str, found: &str) -> Result<(), WireError> {
    let unknown = || WireError::Unknown { document, found: escaped(found) };
    let (major, minor) = found.split_once('.').ok_or_else(unknown)?;
    let number = |text: &str| match text.bytes().all(|b| b.is_ascii_digit()) {
        true => text.parse::<u32>().map_err(|_| unknown()),
        false => Err(unknown()),
    };
    let (major, _) = (number(major)?, number(minor)?);
    let ours = known.split_once('.').and_then(|(major, _)| major.parse::<u32>().ok()).unwrap_or_default();
    match major.cmp(&ours) {
        std::cmp::Ordering::Less => Err(unknown()),
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err(WireError::Newer { document, found: found.to_owned(), known }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newer_minors_are_read_and_other_majors_refused() {
        let check = |found: &str| check_version("plan", "2.1", found);
        assert_eq!(check("2.0"), Ok(()));
        assert_eq!(check("2.9"), Ok(()));
        assert!(matches!(check("3.0"), Err(WireError::Newer { .. })));
        for found in ["1.0", "", "2", "2.", ".1", "+2.1", "2.1.1", "two.one", "99999999999.0", "2.0\u{1b}"] {
            assert!(matches!(check(found), Err(WireError::Unknown { .. })), "{found}");
        }
    }
}
