//! The names of a package's entries: made from addresses, turned back, and judged.
//! Never lets a name leave the package: no climbing, no device, nothing that two systems read differently.

use std::collections::{BTreeMap, BTreeSet};

use crate::address::Address;

/// Names that mean a device on some systems, whatever follows a dot.
const DEVICES: [&str; 24] = [
    "con", "prn", "aux", "nul", "com0", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8",
    "com9", "lpt0", "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];

const FOLDER: &str = "resources/";
const EXTENSION: &str = ".yaml";

/// The longest name that is read.
const MAX_BYTES: usize = 4096;

/// Returns the path of each resource: `resources/entity/order.yaml`.
///
/// Bytes other than letters, digits, `-` and `_` are written as `%XX`. Where two names differ in case only, their
/// capitals are written so too, because some systems take them for the same file.
pub fn paths<'a>(addresses: impl IntoIterator<Item = &'a Address>) -> BTreeMap<Address, String> {
    let mut same: BTreeMap<String, BTreeSet<&Address>> = BTreeMap::new();
    for address in addresses {
        let folded = path(address, Capitals::Kept).to_ascii_lowercase();
        same.entry(folded).or_default().insert(address);
    }
    let mut paths = BTreeMap::new();
    for twins in same.values() {
        let capitals = if twins.len() == 1 { Capitals::Kept } else { Capitals::Encoded };
        paths.extend(twins.iter().map(|address| ((*address).clone(), path(address, capitals))));
    }
    paths
}

/// Returns the address that `path` was made from, if it was made from one.
pub fn address_of(path_text: &str) -> Option<Address> {
    let (kind, encoded) = path_text.strip_prefix(FOLDER)?.strip_suffix(EXTENSION)?.split_once('/')?;
    let address: Address = format!("{kind}/{}", decoded(encoded)?).parse().ok()?;
    [Capitals::Kept, Capitals::Encoded]
        .into_iter()
        .any(|capitals| path(&address, capitals) == path_text)
        .then_some(address)
}

/// Returns why `name` can be no entry of any package, if it cannot.
pub fn fault(name: &str) -> Option<&'static str> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'/' | b'%');
    let is_device = |part: &str| {
        let stem = part.split('.').next().unwrap_or_default();
        DEVICES.iter().any(|device| stem.eq_ignore_ascii_case(device))
    };
    match name {
        "" => Some("is empty"),
        _ if name.len() > MAX_BYTES => Some("is too long"),
        _ if name.starts_with('/') => Some("is an absolute path"),
        _ if name.contains('\\') => Some("holds a backslash"),
        _ if name.contains(':') => Some("holds a colon, which names drives and streams"),
        _ if name.split('/').any(|part| part == "..") => Some("climbs out of the package"),
        _ if name.split('/').any(|part| part.is_empty() || part == ".") => Some("has an empty part"),
        _ if name.split('/').any(|part| part.ends_with('.')) => Some("has a part that ends with a dot"),
        _ if name.split('/').any(is_device) => Some("is the name of a device on some systems"),
        _ if !name.bytes().all(allowed) => Some("holds a character that names in packages do not use"),
        _ => None,
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Capitals {
    Kept,
    Encoded,
}

fn path(address: &Address, capitals: Capitals) -> String {
    format!("{FOLDER}{}/{}{EXTENSION}", address.kind, encoded(&address.name, capitals))
}

fn encoded(name: &str, capitals: Capitals) -> String {
    let is_device = DEVICES.iter().any(|device| name.eq_ignore_ascii_case(device));
    let mut out = String::with_capacity(name.len());
    for (at, byte) in name.bytes().enumerate() {
        let is_plain = match byte {
            _ if at == 0 && is_device => false,
            b'A'..=b'Z' => capitals == Capitals::Kept,
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => true,
            _ => false,
        };
        match is_plain {
            true => out.push(char::from(byte)),
            false => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
        rest = after;
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths_of(addresses: &[&str]) -> Vec<String> {
        let addresses: Vec<Address> = addresses.iter().map(|a| a.parse().unwrap()).collect();
        let paths = paths(&addresses);
        for (address, path) in &paths {
            assert_eq!(address_of(path).as_ref(), Some(address), "{path}");
            assert_eq!(fault(path), None, "{path}");
        }
        addresses.iter().map(|a| paths[a].clone()).collect()
    }

    #[test]
    fn names_are_written_so_that_every_system_reads_them_alike() {
        for (address, want) in [
            ("entity/order", "resources/entity/order.yaml"),
            ("entity/OrderLine", "resources/entity/OrderLine.yaml"),
            ("picklist/order-status_2", "resources/picklist/order-status_2.yaml"),
            ("entity/Order Line", "resources/entity/Order%20Line.yaml"),
            ("entity/a.b..c", "resources/entity/a%2Eb%2E%2Ec.yaml"),
            ("entity/..", "resources/entity/%2E%2E.yaml"),
            ("entity/.", "resources/entity/%2E.yaml"),
            ("entity/straße", "resources/entity/stra%C3%9Fe.yaml"),
            ("entity/100%", "resources/entity/100%25.yaml"),
            ("entity/%2e", "resources/entity/%252e.yaml"),
            ("entity/con", "resources/entity/%63on.yaml"),
            ("entity/Com1", "resources/entity/%43om1.yaml"),
            ("entity/con2", "resources/entity/con2.yaml"),
            ("entity/x:ads", "resources/entity/x%3Aads.yaml"),
            ("entity/\u{1b}[2J", "resources/entity/%1B%5B2J.yaml"),
        ] {
            assert_eq!(paths_of(&[address]), [want]);
        }
    }

    #[test]
    fn names_that_differ_in_case_only_stay_apart() {
        assert_eq!(
            paths_of(&["entity/order", "entity/Order", "entity/ORDER", "picklist/Order"]),
            [
                "resources/entity/order.yaml",
                "resources/entity/%4Frder.yaml",
                "resources/entity/%4F%52%44%45%52.yaml",
                "resources/picklist/Order.yaml",
            ]
        );
        let paths = paths_of(&["entity/Con", "entity/con", "entity/%4Frder", "entity/Order", "entity/order"]);
        let folded: BTreeSet<String> = paths.iter().map(|p| p.to_lowercase()).collect();
        assert_eq!(folded.len(), 5, "{paths:?}");
    }

    #[test]
    fn a_path_that_no_address_gives_has_none() {
        for path in [
            "resources/entity/.yaml",
            "resources/entity/a.b.yaml",
            "resources/entity/%6frder.yaml",
            "resources/entity/%6Frder.yaml",
            "resources/entity/a%2.yaml",
            "resources/entity/a%+1.yaml",
            "resources/entity/a%é.yaml",
            "resources/entity/%FF.yaml",
            "resources/entity/a%2Fb.yaml",
            "resources/entity/a/b.yaml",
            "resources/Entity/order.yaml",
            "resources/order.yaml",
            "entity/order.yaml",
        ] {
            assert_eq!(address_of(path), None, "{path}");
        }
    }

    #[test]
    fn a_name_that_leaves_the_package_is_refused() {
        for name in [
            "",
            "../x",
            "/x",
            "a/../../x",
            "a/..",
            "..",
            "..\\x",
            "C:\\x",
            "C:x",
            "x:ads",
            "a//b",
            "./a",
            "a/./b",
            "a/",
            "con",
            "a/NUL.txt",
            "aux.tar.gz",
            "a./b",
            "a ",
            "a b",
            "a\u{0}b",
            "a\nb",
            "é",
            "a\u{202e}b",
            "~/x*",
        ] {
            assert!(fault(name).is_some(), "{name:?}");
        }
        assert!(fault(&"a".repeat(5000)).is_some());
        for name in ["manifest.json", "SHA256SUMS", "steps/0001-a.sql", "a/b-c_d%20.yaml", "console"] {
            assert_eq!(fault(name), None, "{name:?}");
        }
    }
}
