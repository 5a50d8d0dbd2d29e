//! Signatures as text: a first line, and one line of fixed length for each, sorted by key.
//! Never reads two texts as the same signatures.

use base64ct::{Base64, Encoding};

use super::{Signature, SignatureError};

/// The first line of every text of signatures.
pub const HEAD: &str = "reconcile package signatures v1\n";

/// A key, a space, 64 bytes as base64, and the line's end.
pub const LINE_BYTES: usize = KEY_BYTES + 1 + 88 + 1;
const KEY_BYTES: usize = 52;

/// More people than this do not sign one package.
pub const MAX_SIGNATURES: usize = 64;

/// Writes signatures, one for each key.
pub fn write(signatures: &[Signature]) -> String {
    let mut sorted = signatures.to_vec();
    sorted.sort();
    sorted.dedup_by_key(|signature| signature.key);
    let line =
        |signature: &Signature| format!("{} {}\n", signature.key, Base64::encode_string(&signature.bytes));
    std::iter::once(HEAD.to_owned()).chain(sorted.iter().map(line)).collect()
}

/// Reads what `write` writes, and nothing else. What the signatures are worth is not asked.
pub fn read(text: &[u8]) -> Result<Vec<Signature>, SignatureError> {
    let refuse = SignatureError::Malformed;
    let body = text.strip_prefix(HEAD.as_bytes()).ok_or(refuse("their first line is another"))?;
    let lines = body.chunks_exact(LINE_BYTES);
    if body.is_empty() || !lines.remainder().is_empty() {
        return Err(refuse("they are cut short, or have something added"));
    }
    if lines.len() > MAX_SIGNATURES {
        return Err(refuse("they are too many"));
    }
    let signatures: Option<Vec<Signature>> = lines.map(line).collect();
    let signatures = signatures.ok_or(refuse("a line is none that holds a key and its signature"))?;
    match signatures.is_sorted_by(|a, b| a.key < b.key) {
        true => Ok(signatures),
        false => Err(refuse("they are not sorted by key, or a key is there twice")),
    }
}

fn line(line: &[u8]) -> Option<Signature> {
    let line = std::str::from_utf8(line).ok()?.strip_suffix('\n')?;
    let (key, encoded) = line.split_once(' ')?;
    let mut bytes = [0; 64];
    let decoded = Base64::decode(encoded, &mut bytes).ok()?;
    (decoded.len() == 64).then_some(())?;
    Some(Signature { key: key.parse().ok()?, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fingerprint::Fingerprint;
    use crate::signature::PrivateKey;

    #[test]
    fn only_what_was_written_is_read() {
        let content = Fingerprint::of_bytes(b"a");
        let signed = |seed: u8| PrivateKey::from_seed([seed; 32]).sign(&content);
        let mut signatures = vec![signed(1), signed(2), signed(1)];
        let text = write(&signatures);
        signatures.sort();
        signatures.dedup();
        assert_eq!(read(text.as_bytes()), Ok(signatures));
        assert_eq!(text.len(), HEAD.len() + 2 * LINE_BYTES);
        let lines: Vec<&str> = text.lines().collect();
        let refused = |text: &str| {
            assert!(matches!(read(text.as_bytes()), Err(SignatureError::Malformed(_))), "{text}");
        };
        refused("");
        refused(HEAD);
        refused(&text[1..]);
        refused(&text[..text.len() - 1]);
        refused(&format!("{text}\n"));
        refused(&text.replace('\n', "\r\n"));
        refused(&text.replace(' ', "\t"));
        refused(&text.replacen("ed25519:", "ED25519:", 1));
        refused(&format!("{}\n{}\n{}\n", lines[0], lines[2], lines[1]));
        refused(&format!("{}\n{}\n{}\n", lines[0], lines[1], lines[1]));
        refused(&text.replace("v1", "v2"));
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 0x01;
            let is_refused = read(&bytes).is_err()
                || read(&bytes).unwrap().iter().any(|signature| signature.check(&content).is_err());
            assert!(is_refused, "byte {at}");
        }
        let many: Vec<Signature> = (0..=MAX_SIGNATURES as u8).map(signed).collect();
        refused(&write(&many));
        assert_eq!(read(write(&many[1..]).as_bytes()).unwrap().len(), MAX_SIGNATURES);
    }
}
