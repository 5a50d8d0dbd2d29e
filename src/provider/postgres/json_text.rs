//! Conditions on texts that may be JSON, as SQL that never raises an error: PostgreSQL could be asked only since 16.
//! Never reads a text itself.

/// White space as JSON knows it.
const SPACE: &str = r"[ \t\n\r]";

/// A string; every character below a blank is written with a backslash.
const STRING: &str = r#""(?:[^"\\\u0001-\u001f]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*""#;

const SCALAR: &str = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null";

/// A list or an object whose members are scalars (`v`) and strings (`s`).
const INNERMOST: &str = r"\[(?:[sv](?:,[sv])*)?\]|\{(?:s:[sv](?:,s:[sv])*)?\}";

/// How deep lists and objects may lie in one another.
const DEEPEST: u32 = 500;

/// As many bytes as are looked at.
const LARGEST: u32 = 100_000_000;

/// A condition that `text` is JSON.
pub fn is_json(text: &str) -> String {
    let text = &plain(text);
    let tokens = format!(r"^(?:{SPACE}*(?:{STRING}|{SCALAR}|[][{{}},:]))*{SPACE}*$");
    let drawn = replace(&replace(&replace(text, STRING, "s"), SCALAR, "v"), &format!("{SPACE}+"), "");
    let reduced = replace("\"_reconcile_drawn\"", INNERMOST, "v");
    format!(
        "(CASE WHEN octet_length({text}) > {LARGEST} OR {text} !~ '{tokens}' THEN false ELSE EXISTS (\
         WITH RECURSIVE \"_reconcile_json\" (\"_reconcile_drawn\", \"_reconcile_before\", \"_reconcile_depth\") AS (\
         SELECT {drawn}, '' COLLATE \"C\", 0 UNION ALL SELECT {reduced}, \"_reconcile_drawn\", \"_reconcile_depth\" + 1 \
         FROM \"_reconcile_json\" WHERE \"_reconcile_drawn\" <> \"_reconcile_before\" AND \"_reconcile_depth\" < {DEEPEST}) \
         SELECT 1 FROM \"_reconcile_json\" WHERE \"_reconcile_drawn\" IN ('s', 'v')) END)"
    )
}

/// A condition that `jsonb` takes `text`, which is JSON, with all its numbers and characters.
pub fn is_storable(text: &str) -> String {
    let text = &plain(text);
    // An escaped backslash does not begin another escape, and a pair of surrogates is one character.
    let escapes = replace(
        &replace(text, r"\\\\", ""),
        r"\\u[dD][89abAB][0-9A-Fa-f]{2}\\u[dD][c-fC-F][0-9A-Fa-f]{2}",
        "",
    );
    let numbers = replace(text, STRING, "");
    format!(
        r"({escapes} !~ '\\u(?:0000|[dD][89a-fA-F])' AND {numbers} !~ '[0-9]{{255}}|[eE][+-]?[0-9]{{4}}')"
    )
}

/// A condition that no key of `text`, which `jsonb` takes, is there twice in one object: only the last would stay.
pub fn has_no_key_twice(text: &str) -> String {
    let stored = format!("({text})::jsonb::text");
    format!("{} = {}", n_keys(text), n_keys(&stored))
}

/// The text in a collation that regular expressions take.
fn plain(text: &str) -> String {
    format!("({text} COLLATE \"C\")")
}

fn n_keys(text: &str) -> String {
    let text = &plain(text);
    format!("length({})", replace(&replace(text, STRING, ""), "[^:]+", ""))
}

fn replace(text: &str, pattern: &str, by: &str) -> String {
    format!("regexp_replace({text}, '{pattern}', '{by}', 'g')")
}
