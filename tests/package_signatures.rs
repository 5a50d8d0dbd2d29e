//! Signed packages: what is believed, and everything that is not.
//! Never lets a signature through that is missing, damaged, of other content or of somebody else.

mod packed;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use packed::{about, decode, design, design_plan};
use proptest::prelude::*;
use reconcile::package::{Package, PackageError, Sealed, read, write};
use reconcile::signature::{self, MAX_SIGNATURES, PrivateKey, PublicKey};

fn key(seed: u8) -> PrivateKey {
    PrivateKey::from_seed([seed; 32])
}

fn unsigned() -> Vec<u8> {
    write(&Package::new(about("orders"), design(), Some(design_plan()), Some("# Plan\n".to_owned())).unwrap())
}

fn other() -> Vec<u8> {
    write(&Package::new(about("others"), design(), Some(design_plan()), None).unwrap())
}

fn sealed(bytes: &[u8], seeds: &[u8]) -> Sealed {
    let mut sealed = Sealed::open(bytes.to_vec(), None).unwrap();
    seeds.iter().for_each(|seed| sealed.add(key(*seed).sign(sealed.fingerprint())).unwrap());
    sealed
}

fn signed(bytes: &[u8], seeds: &[u8]) -> Vec<u8> {
    sealed(bytes, seeds).to_bytes().unwrap()
}

/// The text in the zip's comment.
fn comment(signed: &[u8]) -> Vec<u8> {
    signed[unsigned().len()..].to_vec()
}

/// A package with a comment that says its true length.
fn commented(comment: &[u8]) -> Vec<u8> {
    let mut bytes = unsigned();
    let at = bytes.len() - 2;
    bytes[at..].copy_from_slice(&(comment.len() as u16).to_le_bytes());
    bytes.extend(comment);
    bytes
}

/// What is said of a package where the key `1` must have signed it.
fn refused(bytes: &[u8], words: &str) {
    let result = Sealed::open(bytes.to_vec(), None).and_then(|sealed| sealed.signed_by(&[key(1).public()]));
    let error = result.expect_err("it was believed").to_string();
    assert!(error.contains(words), "{error}");
}

#[test]
fn signing_changes_no_byte_of_the_content() {
    let bytes = unsigned();
    let both = signed(&bytes, &[1, 2]);
    assert_eq!(both, signed(&signed(&bytes, &[2]), &[1]), "the order of signing is not told");
    assert_eq!(both, signed(&both, &[1]), "signing twice is signing once");
    let opened = Sealed::open(both.clone(), None).unwrap();
    assert_eq!(opened.content(), bytes);
    let mut signers = vec![key(1).public(), key(2).public()];
    signers.sort();
    assert_eq!(opened.signers(), signers);
    assert_eq!(opened.signed_by(&[key(2).public(), key(3).public()]), Ok(vec![key(2).public()]));
    assert_eq!(read(opened.content(), &decode).unwrap(), read(&bytes, &decode).unwrap());
    assert!(read(&both, &decode).is_err(), "a package is read without its signatures, or not at all");
    assert_eq!(Sealed::open(bytes.clone(), None).unwrap().signers(), []);
    // Any other reader of zips finds the same entries.
    let archive = zip::ZipArchive::new(std::io::Cursor::new(both)).unwrap();
    assert_eq!(archive.len(), zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap().len());
}

#[test]
fn as_many_sign_as_are_read_and_no_more() {
    let seeds: Vec<u8> = (0..MAX_SIGNATURES as u8).collect();
    let mut full = sealed(&unsigned(), &seeds);
    let opened = Sealed::open(full.to_bytes().unwrap(), None).unwrap();
    assert_eq!(opened.signers().len(), MAX_SIGNATURES);
    assert_eq!(opened.content(), unsigned());
    let one_more = key(200).sign(full.fingerprint());
    assert!(matches!(full.add(one_more), Err(PackageError::TooManySignatures { .. })));
}

#[test]
fn what_is_not_signed_by_a_key_that_counts_is_refused() {
    let (bytes, good) = (unsigned(), signed(&unsigned(), &[1]));
    assert!(Sealed::open(good.clone(), None).unwrap().signed_by(&[key(1).public()]).is_ok());
    refused(&bytes, "is not signed");
    refused(&signed(&bytes, &[2]), "not signed by a key that counts here, but by ed25519:");
    assert!(sealed(&bytes, &[1]).signed_by(&[]).is_err(), "no key at all counts for nobody");
    // For other content.
    let foreign = comment_of(&other(), &[1]);
    refused(&commented(&foreign), "is not of this content");
    // Of another package, beside a good one of a stranger.
    let mut stolen = Sealed::open(other(), None).unwrap();
    let theirs = key(1).sign(stolen.fingerprint());
    let ours = key(2).sign(&reconcile::fingerprint::Fingerprint::of_bytes(&bytes));
    refused(&commented(signature::write(&[theirs, ours]).as_bytes()), "is not of this content");
    assert!(stolen.add(ours).is_err());
    // The right signature under another's name.
    let borrowed = signature::Signature { key: key(1).public(), ..ours };
    refused(&commented(signature::write(&[borrowed]).as_bytes()), "is not of this content");
}

fn comment_of(bytes: &[u8], seeds: &[u8]) -> Vec<u8> {
    signed(bytes, seeds)[bytes.len()..].to_vec()
}

#[test]
fn a_comment_that_is_not_as_written_is_refused() {
    let good = signed(&unsigned(), &[1]);
    let lines = comment(&good);
    assert_eq!(commented(&lines), good);
    let ends = "does not end as a zip does";
    for cut in 1..=lines.len() + 22 {
        refused(&good[..good.len() - cut], ends);
    }
    for added in [&b"\n"[..], b"\0", b"x", &lines, &commented(b"")[..], b"PK\x05\x06"] {
        refused(&[&good[..], added].concat(), "");
        refused(&commented(&[&lines[..], added].concat()), "");
        refused(&commented(&[added, &lines[..]].concat()), "");
    }
    refused(&commented(b"hello"), ends);
    refused(&commented(&vec![0; lines.len()]), "their first line is another");
    refused(&commented(&vec![b' '; lines.len()]), "their first line is another");
    let mut nul = lines.clone();
    nul[100] = 0;
    refused(&commented(&nul), "none that holds a key");
    let newer = String::from_utf8(lines.clone()).unwrap().replace("v1", "v2");
    refused(&commented(newer.as_bytes()), "their first line is another");
    // A wrong length, and one that is right for another number of signatures.
    for length in
        [0u16, 1, lines.len() as u16 - 1, lines.len() as u16 + 1, lines.len() as u16 + 142, u16::MAX]
    {
        let mut bytes = good.clone();
        let at = unsigned().len() - 2;
        bytes[at..at + 2].copy_from_slice(&length.to_le_bytes());
        refused(&bytes, ends);
    }
    // A second end of a zip inside the comment, for a reader who looks for the last one.
    let mut two = lines.clone();
    two[60..82]
        .copy_from_slice(&[b"PK\x05\x06", &[0; 16][..], &(lines.len() as u16 - 82).to_le_bytes()].concat());
    refused(&commented(&two), "none that holds a key");
    // The same key twice.
    let line = &lines[signature::HEAD.len()..];
    refused(&commented(&[&lines[..], line].concat()), "a key is there twice");
}

#[test]
fn detached_signatures_count_as_those_inside_do() {
    let bytes = unsigned();
    let lines = comment(&signed(&bytes, &[1]));
    let open = |bytes: &[u8], text: &[u8]| Sealed::open(bytes.to_vec(), Some(text));
    let opened = open(&bytes, &lines).unwrap();
    assert_eq!(opened.signers(), [key(1).public()]);
    assert_eq!(opened.content(), bytes);
    assert_eq!(open(&signed(&bytes, &[2]), &lines).unwrap().signers().len(), 2);
    assert_eq!(open(&signed(&bytes, &[1]), &lines).unwrap().signers(), [key(1).public()]);
    assert!(open(&other(), &lines).is_err());
    for text in [&b""[..], b"\0", signature::HEAD.as_bytes(), &lines[1..], &lines[..lines.len() - 1]] {
        assert!(matches!(open(&bytes, text), Err(PackageError::Signature(_))), "{text:?}");
    }
    for at in 0..lines.len() {
        let mut text = lines.clone();
        text[at] ^= 1;
        assert!(open(&bytes, &text).is_err(), "byte {at}");
    }
}

#[test]
fn no_byte_of_a_signed_package_flips_unseen() {
    let good = signed(&unsigned(), &[1]);
    for at in 0..good.len() {
        for mask in [0x01, 0x80, 0xff] {
            let mut bytes = good.clone();
            bytes[at] ^= mask;
            assert!(Sealed::open(bytes, None).is_err(), "byte {at} ^ {mask:#x}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn whatever_is_done_to_a_signed_package_it_is_refused_or_the_same(
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4usize), 1..6),
    ) {
        let mut bytes = signed(&unsigned(), &[1]);
        for (at, value, kind) in edits {
            let at = at.index(bytes.len() + 1);
            match bytes.get_mut(at) {
                None => bytes.push(value),
                Some(byte) if kind == 0 => *byte = value,
                Some(_) if kind == 1 => bytes.insert(at, value),
                Some(_) if kind == 2 => drop(bytes.remove(at)),
                Some(_) => bytes.truncate(at),
            }
        }
        if let Ok(found) = Sealed::open(bytes, None).and_then(|s| s.signed_by(&[key(1).public()]).map(|_| s)) {
            let content = unsigned();
            prop_assert_eq!(found.content(), content.as_slice());
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), text: Option<Vec<u8>>) {
        prop_assert!(Sealed::open(bytes, text.as_deref()).is_err());
    }
}

fn reconcile(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_reconcile")).args(arguments).current_dir(folder).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_private_key_is_for_its_owner_alone_and_never_shown() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let made = reconcile(folder, &["package", "keygen", "--out", "a.key"]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let public: PublicKey = text(&made.stdout).trim().parse().unwrap();
    let pem = fs::read_to_string(folder.join("a.key")).unwrap();
    assert_eq!(PrivateKey::from_pem(&pem).unwrap().public(), public);
    assert_eq!(PublicKey::from_text(&fs::read_to_string(folder.join("a.key.pub")).unwrap()), Ok(public));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(folder.join("a.key")).unwrap().permissions().mode() & 0o777, 0o600);
    }
    // What is there stays: the key, and a public key whose private one is gone.
    let again = reconcile(folder, &["package", "keygen", "--out", "a.key"]);
    assert_eq!(again.status.code(), Some(1));
    fs::write(folder.join("b.key.pub"), "mine").unwrap();
    assert_eq!(reconcile(folder, &["package", "keygen", "--out", "b.key"]).status.code(), Some(1));
    assert!(!folder.join("b.key").exists());
    assert_eq!(fs::read_to_string(folder.join("b.key.pub")).unwrap(), "mine");
    assert_eq!(fs::read_to_string(folder.join("a.key")).unwrap(), pem);
    // Every way to hand it over wrongly, and every way to use it rightly.
    fs::write(folder.join("x.zip"), unsigned()).unwrap();
    let secret = pem.lines().nth(1).unwrap();
    for arguments in [
        &["package", "keygen", "--out", "a.key"][..],
        &["package", "verify", "x.zip", "--key", "a.key"],
        &["package", "verify", "x.zip", "--key", &pem],
        &["package", "sign", "x.zip", "--key", &pem],
        &["package", "sign", "x.zip", "--key", "a.key.pub"],
        &["package", "sign", "a.key", "--key", "a.key"],
        &["package", "inspect", "a.key"],
        &["package", "sign", "x.zip", "--key", "a.key", "--verbose"],
        &["package", "sign", "x.zip", "--key", "a.key", "--detached"],
        &["package", "verify", "x.zip", "--key", "a.key.pub", "--format", "json"],
    ] {
        let output = reconcile(folder, arguments);
        let said = text(&output.stdout) + &text(&output.stderr);
        assert!(!said.contains(&secret[22..]), "{arguments:?}: {said}");
    }
}

#[test]
fn openssl_and_we_understand_each_other() {
    if Command::new("openssl").arg("version").output().is_err() {
        eprintln!("skipped: there is no openssl here");
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let openssl = |arguments: &[&str]| {
        let output = Command::new("openssl").args(arguments).current_dir(folder).output().unwrap();
        assert!(output.status.success(), "openssl {arguments:?}: {}", text(&output.stderr));
    };
    let ours = |arguments: &[&str]| {
        let output = reconcile(folder, arguments);
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    };
    fs::write(folder.join("x.zip"), unsigned()).unwrap();
    // Their keys, our signature.
    openssl(&["genpkey", "-algorithm", "ed25519", "-out", "their.key"]);
    openssl(&["pkey", "-in", "their.key", "-pubout", "-out", "their.pub"]);
    ours(&["package", "sign", "x.zip", "--key", "their.key", "--detached"]);
    ours(&["package", "verify", "x.zip", "--key", "their.pub"]);
    // Their judgement of it.
    let lines = signature::read(&fs::read(folder.join("x.zip.sig")).unwrap()).unwrap();
    let fingerprint = *Sealed::open(unsigned(), None).unwrap().fingerprint();
    fs::write(folder.join("message"), signature::message(&fingerprint)).unwrap();
    fs::write(folder.join("signature"), lines[0].bytes).unwrap();
    openssl(&[
        "pkeyutl",
        "-verify",
        "-pubin",
        "-inkey",
        "their.pub",
        "-rawin",
        "-in",
        "message",
        "-sigfile",
        "signature",
    ]);
    // Our keys, their signature.
    ours(&["package", "keygen", "--out", "our.key"]);
    openssl(&["pkeyutl", "-sign", "-inkey", "our.key", "-rawin", "-in", "message", "-out", "made"]);
    let public = PublicKey::from_text(&fs::read_to_string(folder.join("our.key.pub")).unwrap()).unwrap();
    let bytes = fs::read(folder.join("made")).unwrap().try_into().unwrap();
    let made = signature::write(&[signature::Signature { key: public, bytes }]);
    fs::write(folder.join("x.zip.sig"), made).unwrap();
    ours(&["package", "verify", "x.zip", "--key", "our.key.pub"]);
    openssl(&["pkey", "-pubin", "-in", "our.key.pub", "-noout"]);
    // Keys of other kinds are none.
    openssl(&["genpkey", "-algorithm", "x25519", "-out", "x25519.key"]);
    openssl(&["pkey", "-in", "x25519.key", "-pubout", "-out", "x25519.pub"]);
    assert_eq!(
        reconcile(folder, &["package", "sign", "x.zip", "--key", "x25519.key"]).status.code(),
        Some(1)
    );
    assert_eq!(
        reconcile(folder, &["package", "verify", "x.zip", "--key", "x25519.pub"]).status.code(),
        Some(1)
    );
}
