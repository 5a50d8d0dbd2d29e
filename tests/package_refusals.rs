//! Archives that no one should believe, made byte by byte, and what is said of each.
//! Never unpacks anything to disk, and neither does what it tests.

mod packed;

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};

use packed::{about, decode, design, design_plan};
use proptest::prelude::*;
use reconcile::fingerprint::Fingerprint;
use reconcile::package::{MAX_ENTRIES, Package, read, verify, write};
use serde_json::{Value, json};
use zip::write::SimpleFileOptions;

type Files = BTreeMap<String, Vec<u8>>;

/// One entry, with what the archive says of it; `write_zip` says the truth where a field is left alone.
#[derive(Clone, Default)]
struct Raw {
    name: Vec<u8>,
    content: Vec<u8>,
    flags: u16,
    method: u16,
    attributes: u32,
    /// Claimed in place of the content's own size.
    size: Option<u32>,
    /// In the entry's own header, in place of the directory's name.
    header_name: Option<Vec<u8>>,
    extra: Vec<u8>,
    /// Where the directory says the entry begins, in place of where it does.
    offset: Option<u32>,
    /// Bytes that no entry owns, put before this one.
    gap: Vec<u8>,
    /// Left out of the directory.
    is_hidden: bool,
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |sum: u32, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| (sum >> 1) ^ (0xEDB8_8320 & (sum & 1).wrapping_neg()))
    })
}

fn write_zip(entries: &[Raw]) -> Vec<u8> {
    let (mut bytes, mut directory, mut n_listed) = (Vec::new(), Vec::new(), 0u16);
    for entry in entries {
        bytes.extend(&entry.gap);
        let offset = entry.offset.unwrap_or(bytes.len() as u32);
        let size = entry.size.unwrap_or(entry.content.len() as u32);
        let needed = if entry.method == 0 { 10 } else { 20 };
        let shared = |name: &[u8]| {
            let mut shared = Vec::new();
            shared.extend([needed, 0]);
            shared.extend(entry.flags.to_le_bytes());
            shared.extend(entry.method.to_le_bytes());
            shared.extend([0, 0, 0x21, 0]);
            shared.extend(crc32(&entry.content).to_le_bytes());
            shared.extend((entry.content.len() as u32).to_le_bytes());
            shared.extend(size.to_le_bytes());
            shared.extend((name.len() as u16).to_le_bytes());
            shared.extend((entry.extra.len() as u16).to_le_bytes());
            shared
        };
        let header_name = entry.header_name.as_ref().unwrap_or(&entry.name);
        bytes.extend(b"PK\x03\x04");
        bytes.extend(shared(header_name));
        bytes.extend(header_name);
        bytes.extend(&entry.extra);
        bytes.extend(&entry.content);
        if entry.is_hidden {
            continue;
        }
        n_listed += 1;
        directory.extend(b"PK\x01\x02");
        directory.extend([needed, 3]);
        directory.extend(shared(&entry.name));
        directory.extend([0; 6]);
        directory.extend(entry.attributes.to_le_bytes());
        directory.extend(offset.to_le_bytes());
        directory.extend(&entry.name);
        directory.extend(&entry.extra);
    }
    let start = bytes.len() as u32;
    bytes.extend(&directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend(n_listed.to_le_bytes());
    bytes.extend(n_listed.to_le_bytes());
    bytes.extend((directory.len() as u32).to_le_bytes());
    bytes.extend(start.to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}

/// At least this many zeros, deflated: one literal, and then copies of 258 bytes of what was there before.
fn zeros(n_bytes: u32) -> Vec<u8> {
    // A last block of fixed codes, and the literal 0.
    let mut bits = vec![true, true, false, false, false, true, true, false, false, false, false];
    // Length 258 and distance 1.
    let copy = [true, true, false, false, false, true, false, true, false, false, false, false, false];
    (0..n_bytes / 258).for_each(|_| bits.extend(copy));
    bits.extend([false; 7]);
    bits.chunks(8).map(|byte| byte.iter().rev().fold(0, |sum, bit| (sum << 1) | u8::from(*bit))).collect()
}

fn raw(name: &str, content: &[u8]) -> Raw {
    Raw { name: name.into(), content: content.to_vec(), attributes: 0o100644 << 16, ..Raw::default() }
}

fn entries(files: &Files) -> Vec<Raw> {
    files.iter().map(|(name, content)| raw(name, content)).collect()
}

fn package() -> Package {
    Package::new(about("orders"), design(), Some(design_plan()), Some("# Plan\n".to_owned())).unwrap()
}

/// A good archive with one entry more.
fn with(entry: Raw) -> Vec<u8> {
    let mut all = entries(package().files());
    all.push(entry);
    write_zip(&all)
}

/// A good archive, stored, whose order's entry is changed.
fn changed(change: impl Fn(&mut Raw)) -> Vec<u8> {
    let mut all = entries(package().files());
    change(all.iter_mut().find(|entry| entry.name.ends_with(b"order.yaml")).unwrap());
    write_zip(&all)
}

/// Brings the lists of entries up to date after `change`, as someone would who wants to be believed.
fn resealed(change: impl Fn(&mut Files)) -> Vec<u8> {
    let mut files = package().files().clone();
    change(&mut files);
    let listed: Vec<Value> = files
        .iter()
        .filter(|(path, _)| !matches!(path.as_str(), "manifest.json" | "SHA256SUMS"))
        .map(|(path, bytes)| {
            json!({ "path": path, "size": bytes.len(), "sha256": Fingerprint::of_bytes(bytes).to_string() })
        })
        .collect();
    edit(&mut files, "manifest.json", |manifest| manifest["files"] = Value::from(listed.clone()));
    resummed(files)
}

fn resummed(mut files: Files) -> Vec<u8> {
    files.remove("SHA256SUMS");
    let sums: String =
        files.iter().map(|(path, bytes)| format!("{}  {path}\n", Fingerprint::of_bytes(bytes))).collect();
    files.insert("SHA256SUMS".to_owned(), sums.into_bytes());
    write_zip(&entries(&files))
}

fn edit(files: &mut Files, path: &str, change: impl FnOnce(&mut Value)) {
    if let Some(bytes) = files.get_mut(path) {
        let mut value = serde_json::from_slice(bytes).unwrap();
        change(&mut value);
        *bytes = serde_json::to_vec_pretty(&value).unwrap();
    }
}

fn edit_manifest(change: impl Fn(&mut Value)) -> Vec<u8> {
    resealed(|files| edit(files, "manifest.json", &change))
}

fn edit_plan(change: impl Fn(&mut Value)) -> Vec<u8> {
    resealed(|files| edit(files, "plan.json", &change))
}

#[track_caller]
fn refused(bytes: &[u8], want: &str) {
    let Err(error) = read(bytes, &decode) else { panic!("it was read; wanted: {want}") };
    let message = error.to_string();
    assert!(message.contains(want), "{message:?} does not say {want:?}");
    assert!(!message.contains(reconcile::model::name::is_unprintable), "{message:?}");
}

#[test]
fn the_archives_made_here_are_read_where_nothing_is_wrong() {
    let package = package();
    assert_eq!(read(&write_zip(&entries(package.files())), &decode).unwrap(), package);
    assert_eq!(read(&resealed(|_| {}), &decode).unwrap().plan(), package.plan());
}

#[test]
fn a_name_that_could_leave_the_package_is_refused() {
    for (name, why) in [
        ("../x", "climbs out"),
        ("a/../../x", "climbs out"),
        ("resources/../../x.yaml", "climbs out"),
        ("/x", "absolute"),
        ("//server/share", "absolute"),
        ("..\\x", "backslash"),
        ("a\\..\\x", "backslash"),
        ("C:\\x", "backslash"),
        ("C:x", "colon"),
        ("x:ads", "colon"),
        ("", "is empty"),
        ("./x", "empty part"),
        ("a//x", "empty part"),
        ("con", "device"),
        ("resources/entity/AUX.yaml", "device"),
        ("steps/lpt1.sql", "device"),
        ("x.", "dot"),
        ("x ", "character"),
        ("x\0y", "character"),
        ("x\ny", "character"),
        ("x\u{1b}[2J", "character"),
        ("x\u{202e}y", "character"),
        ("%2e%2e/x", "does not list"),
    ] {
        refused(&with(raw(name, b"x")), why);
    }
    refused(&with(raw(&format!("{}x", "x/".repeat(3000)), b"x")), "too long");
    let no_utf8 = Raw { name: b"x\xff".to_vec(), ..raw("", b"x") };
    refused(&with(no_utf8), "is no UTF-8");
}

#[test]
fn what_is_no_plain_file_is_refused() {
    for (attributes, why) in [
        (0o120777 << 16, "link or a device"),
        (0o020666 << 16, "link or a device"),
        (0o010644 << 16, "link or a device"),
        (0o140644 << 16, "link or a device"),
        (0o040755 << 16, "folder"),
        (0x10, "folder"),
    ] {
        refused(&changed(|entry| entry.attributes = attributes), why);
    }
    refused(&with(raw("resources/", b"")), "folder");
    // The classic pair: a link, and a file that would be written through it.
    let mut all = entries(package().files());
    all.push(Raw { attributes: 0o120777 << 16, ..raw("steps/0009-out.sql", b"/etc") });
    all.push(raw("steps/0009-out.sql/passwd", b"x"));
    refused(&write_zip(&all), "link or a device");
}

#[test]
fn an_archive_that_two_readers_read_differently_is_refused() {
    let good = write(&package());
    let joined = |parts: &[&[u8]]| parts.concat();
    for (bytes, why) in [
        (Vec::new(), "too short"),
        (vec![0; 100], "does not end"),
        (b"PK\x05\x06".repeat(20), "does not end"),
        (joined(&[b"#!/bin/sh\n", &good]), "stands before"),
        (joined(&[&good, b"\n"]), "does not end"),
        (joined(&[&good, &good]), "stands before"),
        (changed(|entry| entry.gap = b"#!/bin/sh\n".to_vec()), "between them"),
        (changed(|entry| entry.gap = good.clone()), "between them"),
        (changed(|entry| entry.offset = Some(0)), "overlap"),
        (changed(|entry| entry.offset = Some(u32::MAX)), "overlap"),
        (changed(|entry| entry.header_name = Some(b"resources/entity/other.yaml".to_vec())), "contradicts"),
        (changed(|entry| entry.header_name = Some(b"resources/entity/ORDER.yaml".to_vec())), "contradicts"),
        (changed(|entry| entry.extra = vec![0x75, 0x70, 1, 0, 1]), "not"),
        (changed(|entry| entry.size = Some(u32::MAX)), "not"),
        (with(Raw { is_hidden: true, ..raw("hidden", b"x") }), "does not list"),
        (with(raw("resources/entity/order.yaml", b"x")), "is there twice"),
        (with(raw("Resources/Entity/ORDER.yaml", b"x")), "differs only in case"),
    ] {
        refused(&bytes, why);
    }
    let mut commented = good.clone();
    let length = commented.len();
    commented[length - 2] = 1;
    commented.push(b'x');
    refused(&commented, "does not end");
    // Prepended, with all offsets put right: only the first byte tells.
    let mut all = entries(package().files());
    all[0].gap = b"#!/bin/sh\n".to_vec();
    refused(&write_zip(&all), "between them");
    for length in 0..good.len() {
        assert!(verify(&good[..length]).is_err(), "{length} bytes");
    }
}

#[test]
fn an_archive_that_would_exhaust_is_refused_before_it_does() {
    let many: Vec<Raw> = (0..=MAX_ENTRIES).map(|i| raw(&format!("x{i}"), b"")).collect();
    refused(&write_zip(&many), "more than the 20000");

    let bomb = |size: u32| Raw { method: 8, size: Some(size), ..raw("PLAN.md", &zeros(size)) };
    refused(&write_zip(&[bomb(200 << 20)]), "134217728 bytes");
    let mut tight = zip::ZipWriter::new(Cursor::new(Vec::new()));
    tight.start_file("PLAN.md", SimpleFileOptions::default()).unwrap();
    tight.write_all(&vec![0; 4 << 20]).unwrap();
    refused(&tight.finish().unwrap().into_inner(), "more than 200 times");
    refused(&with(Raw { size: Some((16 << 20) + 1), ..raw("x", b"x") }), "16777216 bytes");
    let half: Vec<Raw> = (0..17)
        .map(|i| Raw { method: 8, size: Some(16 << 20), ..raw(&format!("x{i}"), &[7; 90_000]) })
        .collect();
    refused(&write_zip(&half), "together more than");
}

#[test]
fn the_bomb_made_here_is_one() {
    let bytes = write_zip(&[Raw { method: 8, size: Some(258_001), ..raw("x", &zeros(258_000)) }]);
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let options = zip::ZipReadOptions::new().ignore_crc32(true);
    let mut content = Vec::new();
    archive.by_index_with_options(0, options).unwrap().read_to_end(&mut content).unwrap();
    assert_eq!(content, vec![0; 258_001]);
}

#[test]
fn an_entry_that_lies_about_itself_is_refused() {
    refused(&changed(|entry| entry.flags = 1), "encrypted");
    refused(&changed(|entry| entry.flags = 0x41), "encrypted");
    refused(&changed(|entry| entry.flags = 0x2000), "encrypted");
    refused(&changed(|entry| entry.flags = 8), "does not unpack");
    for method in [1, 9, 12, 14, 93, 95, 98, 99] {
        refused(&changed(|entry| entry.method = method), &format!("method {method}"));
    }
    refused(&changed(|entry| entry.method = 8), "does not unpack");
    for size in [0, 1, 10_000] {
        refused(&changed(|entry| entry.size = Some(size)), "does not unpack");
    }
    // A bomb that claims to be short: unpacking stops at the claim.
    refused(&with(Raw { method: 8, size: Some(1000), ..raw("x", &zeros(200 << 20)) }), "does not unpack");
    refused(&changed(|entry| entry.content = b"\xff\xfe".to_vec()), "is no UTF-8 text");
}

#[test]
fn sums_must_list_everything_and_be_right() {
    let without = |path: &str| {
        let mut files = package().files().clone();
        files.remove(path);
        files
    };
    refused(&write_zip(&entries(&without("SHA256SUMS"))), "has no `SHA256SUMS`");
    refused(&resummed(without("manifest.json")), "has no `manifest.json`");
    refused(&write_zip(&entries(&without("PLAN.md"))), "lists `PLAN.md`, which is not there");
    refused(&with(raw("x", b"x")), "does not list `x`");
    refused(
        &changed(|entry| entry.content.push(b'\n')),
        "`resources/entity/order.yaml` of the package does not match",
    );
    let rewritten = |change: fn(&str) -> String| {
        let mut files = package().files().clone();
        let text = String::from_utf8(files["SHA256SUMS"].clone()).unwrap();
        files.insert("SHA256SUMS".to_owned(), change(&text).into_bytes());
        write_zip(&entries(&files))
    };
    refused(&rewritten(|text| text.replace('\n', "\r\n")), "SHA256SUMS");
    refused(&rewritten(|text| format!("{text}{text}")), "not written as");
    refused(&rewritten(str::to_uppercase), "SHA256SUMS");
    refused(&rewritten(|text| format!("{text}{}  SHA256SUMS\n", "0".repeat(64))), "lists `SHA256SUMS`");
    refused(&rewritten(|text| format!("{text}{}  \u{1b}[2J\n", "0".repeat(64))), "which is not there");
    refused(&rewritten(|_| String::new()), "does not list");
}

#[test]
fn a_manifest_that_does_not_fit_is_refused() {
    refused(&edit_manifest(|m| m["formatVersion"] = json!("2.0")), "newer `reconcile`");
    refused(&edit_manifest(|m| m["formatVersion"] = json!("0.9")), "none that `reconcile` ever wrote");
    refused(&edit_manifest(|m| m["formatVersion"] = json!(1)), "expected a string");
    refused(&edit_manifest(|m| m["complete"] = json!(false)), "not finished");
    refused(&edit_manifest(|m| m["complete"] = Value::Null), "manifest of the package is wrong");
    refused(&edit_manifest(|m| m["name"] = json!("../x")), "name of the package");
    refused(&edit_manifest(|m| m["name"] = json!("\u{1b}[2J")), "name of the package");
    refused(&edit_manifest(|m| m["toolVersion"] = json!("/../")), "no version");
    refused(&edit_manifest(|m| m["sourceEnvironment"] = json!("../x")), "environment");
    refused(&edit_manifest(|m| m["resources"].as_array_mut().unwrap().reverse()), "sorted");
    refused(&edit_manifest(|m| m["resources"][1] = m["resources"][0].clone()), "sorted");
    refused(&edit_manifest(|m| m["resources"][0]["address"] = json!("entity/other")), "none that a package");
    refused(&edit_manifest(|m| m["resources"][0]["address"] = json!("entity/a/../b")), "manifest");
    refused(&edit_manifest(|m| m["resources"] = json!([])), "none that a package");
    for member in ["formatVersion", "name", "provenance", "toolVersion", "complete", "resources", "files"] {
        let gone = |m: &mut Value| drop(m.as_object_mut().unwrap().remove(member));
        let mut files = package().files().clone();
        edit(&mut files, "manifest.json", gone);
        refused(&resummed(files), "manifest of the package is wrong");
    }
    refused(
        &resealed(|files| drop(files.remove("resources/entity/order.yaml"))),
        "has no `resources/entity/order.yaml`",
    );
    refused(
        &resealed(|files| drop(files.insert("evil.sh".to_owned(), b"x".to_vec()))),
        "none that a package",
    );
    let twin =
        |files: &mut Files| drop(files.insert("resources/entity/%4Frder.yaml".to_owned(), b"x".to_vec()));
    refused(&resealed(twin), "none that a package");
    let listed = |change: fn(&mut Value)| {
        let mut files = package().files().clone();
        edit(&mut files, "manifest.json", change);
        resummed(files)
    };
    refused(&listed(|m| m["files"][0]["size"] = json!(0)), "not what the manifest lists");
    refused(&listed(|m| m["files"][0]["sha256"] = json!("0".repeat(64))), "not what the manifest lists");
    refused(&listed(|m| drop(m["files"].as_array_mut().unwrap().remove(0))), "not what the manifest lists");
    refused(&listed(|m| m["files"].as_array_mut().unwrap().reverse()), "out of order");
}

#[test]
fn a_newer_version_may_say_more_but_not_hold_more() {
    let more = edit_manifest(|m| {
        m["formatVersion"] = json!("1.9");
        m["news"] = json!({ "a": 1 });
    });
    let package = read(&more, &decode).unwrap();
    assert_eq!(package.manifest().format_version, "1.9");
    assert_eq!(read(&write(&package), &decode).unwrap(), package);
    let next = resealed(|files| {
        files.insert("news/a.txt".to_owned(), b"x".to_vec());
        edit(files, "manifest.json", |m| m["formatVersion"] = json!("2.0"));
    });
    refused(&next, "newer `reconcile`");
}

#[test]
fn a_plan_that_says_something_else_is_refused() {
    let sql = "steps/0001-create-table-order.sql";
    refused(&edit_plan(|p| p["plan"]["environment"] = json!("production")), "for environment `production`");
    refused(&edit_plan(|p| p["plan"]["revision"]["dirty"] = json!(true)), "another revision");
    refused(
        &edit_plan(|p| p["plan"]["steps"][0]["statements"][0] = json!("drop table x")),
        "statements of the plan",
    );
    refused(
        &edit_plan(|p| p["plan"]["steps"][1]["statements"] = json!(["drop table x"])),
        "has no `steps/0002",
    );
    refused(&edit_plan(|p| p["plan"]["steps"][1]["id"] = json!(1)), "step 1 stands where step 2");
    refused(&edit_plan(|p| p["plan"]["steps"] = json!([])), "statements of the plan");
    refused(&edit_plan(|p| p["plan"] = Value::Null), "plan of the package is wrong");
    refused(&edit_plan(|p| p["formatVersion"] = json!("2.0")), "newer `reconcile`");
    refused(
        &edit_manifest(|m| m["environment"] = json!("production")),
        "manifest says environment `production`",
    );
    refused(&edit_manifest(|m| m["environment"] = Value::Null), "manifest says no environment");
    refused(&resealed(|files| drop(files.remove("plan.json"))), "it is for no environment");
    refused(&resealed(|files| drop(files.remove(sql))), "has no `steps/0001-create-table-order.sql`");
    refused(&resealed(|files| files.get_mut(sql).unwrap().push(b' ')), "statements of the plan");
    let more = |files: &mut Files| drop(files.insert("steps/0003-more.sql".to_owned(), b"x".to_vec()));
    refused(&resealed(more), "statements of the plan");
}

#[test]
fn a_resource_that_is_not_what_the_manifest_says_is_refused() {
    let rewritten = |from: &'static str, to: &'static str| {
        resealed(move |files| {
            let bytes = files.get_mut("resources/entity/order.yaml").unwrap();
            let text = String::from_utf8(bytes.clone()).unwrap();
            assert!(text.contains(from), "{text}");
            *bytes = text.replace(from, to).into_bytes();
        })
    };
    refused(&rewritten("name: order", "name: other"), "declares `entity/other`");
    refused(&rewritten("kind: Entity", "kind: Environment"), "`entity/order` of the package is wrong");
    refused(&rewritten("maxLength: 500", "maxLength: 5"), "does not hold what");
    refused(&rewritten("entity: account", "entity: secret"), "depends on other");
    refused(&rewritten("allowed: [merge, overwrite]", "allowed: [skip]"), "another setup");
    refused(&rewritten("spec:", "spec: {}\nx:"), "`entity/order` of the package is wrong");
    refused(
        &edit_manifest(|m| m["resources"][0]["action"] = json!("update")),
        "does not know the setup action",
    );
    refused(
        &edit_manifest(|m| m["resources"][0]["action"] = json!("destroy")),
        "manifest of the package is wrong",
    );
    refused(&edit_manifest(|m| m["resources"][0]["dependsOn"] = json!([])), "depends on other");
    refused(&edit_manifest(|m| m["resources"][0]["setup"] = json!({})), "another setup");
    refused(
        &edit_manifest(|m| m["resources"][0]["fingerprint"] = json!("0".repeat(64))),
        "does not hold what",
    );
}

#[test]
fn any_byte_that_flips_is_found_or_harmless() {
    let package = package();
    for good in [write(&package), write_zip(&entries(package.files()))] {
        for at in 0..good.len() {
            for mask in [0x01, 0x80, 0xff] {
                let mut bytes = good.clone();
                bytes[at] ^= mask;
                if let Ok(found) = read(&bytes, &decode) {
                    assert_eq!(found, package, "byte {at} ^ {mask:#x}");
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn whatever_is_done_to_a_package_it_is_refused_or_the_same(
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4usize), 1..6),
    ) {
        let package = package();
        let mut bytes = write(&package);
        for (at, value, kind) in edits {
            // One place more than there are bytes: what is empty can still be added to.
            let at = at.index(bytes.len() + 1);
            match bytes.get_mut(at) {
                None => bytes.push(value),
                Some(byte) if kind == 0 => *byte = value,
                Some(_) if kind == 1 => bytes.insert(at, value),
                Some(_) if kind == 2 => drop(bytes.remove(at)),
                Some(_) => bytes.truncate(at),
            }
        }
        if let Ok(found) = read(&bytes, &decode) {
            prop_assert_eq!(found, package);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(verify(&bytes).is_err());
    }
}
