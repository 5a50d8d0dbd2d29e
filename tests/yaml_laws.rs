//! What must hold for every value and every text: nothing is misread, nothing panics, nothing hangs.
//! Never compares with a stored text: the other YAML reader is the oracle.

use proptest::collection::vec;
use proptest::prelude::*;
use reconcile::yaml::{emit, emit_all, has_comments, has_inner_comments, leading_comments, read};
use serde_yaml::{Mapping, Number, Value};

const WORDS: &[&str] = &[
    "",
    "no",
    "NO",
    "y",
    "On",
    "null",
    "~",
    "true",
    "1",
    "-1",
    "0x10",
    "0o7",
    "007",
    "1e3",
    "1_000",
    "2024-01-01",
    "12:30:45",
    ".5",
    ".inf",
    ".NaN",
    "=",
    "<<",
    "- a",
    "a: b",
    "a:b",
    "a #b",
    "#",
    "---",
    "...",
    "--- a",
    "%a",
    "&a",
    "*a",
    "!a",
    "|",
    ">",
    "'",
    "\"",
    "[",
    "]",
    "{",
    "}",
    ",",
    "a, b",
    "?",
    "? a",
    ":",
    "\u{2028}",
    "\u{85}",
    "\u{feff}",
    " a",
    "a ",
    "a\nb",
    "a\nb\n",
    "a\n\nb\n\n",
    "a\n  b",
    "  a\nb",
    "a \nb",
    "\ta\nb",
    "a\n\tb",
    "a\n---\nb",
    "a\r\nb",
    "\n",
    "\na\nb",
    "a\n# b",
    "a\\b",
    "\0",
    "\u{7f}",
    "ö",
    "日本",
    "😀",
    "é\u{301}",
    "\u{ffff}",
];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => proptest::sample::select(WORDS).prop_map(str::to_owned),
        3 => "[a-z]{1,8}( [a-z]{1,8}){0,20}",
        2 => "[ -~\\n\\t]{0,20}",
        1 => "\\PC{0,12}",
        1 => any::<String>(),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::Bool),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<u64>().prop_map(Value::from),
        1 => any::<f64>().prop_filter("NaN is not equal to itself", |f| !f.is_nan()).prop_map(|f| Value::Number(Number::from(f))),
        6 => text().prop_map(Value::String),
    ];
    scalar.prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::Sequence),
            vec((text(), inner), 0..6).prop_map(|entries| {
                let entries = entries.into_iter().map(|(key, value)| (Value::String(key), value));
                Value::Mapping(entries.collect::<Mapping>())
            }),
        ]
    })
}

/// A text that is nearly YAML.
fn rubbish() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => proptest::sample::select(&[
            "a", ": ", ":", "- ", "\n", "\n  ", "\n\t", "{", "}", "[", "]", ",", "#", " # c", "&a", "*a", "!t", "|\n", ">-\n",
            "'", "\"", "? ", "<<: ", "---\n", "...\n", "%YAML 1.2\n", "\r\n", "\r", "\\", "\u{feff}", "ö", "\u{2028}", "\0", "~", "1",
        ][..]).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
        1 => value().prop_map(|value| emit(&value)),
    ];
    vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_written_value_is_read_back_by_both_readers(value in value()) {
        let text = emit(&value);
        let other: Value = serde_yaml::from_str(&text).map_err(|e| TestCaseError::fail(format!("{e}\n{text}")))?;
        prop_assert_eq!(&other, &value, "the other reader of\n{}", text);
        let (documents, found) = read(&text);
        prop_assert_eq!(&found, &[], "{}", text);
        prop_assert_eq!(documents.len(), 1);
        prop_assert_eq!(&documents[0].node.to_value(), &value, "our reader of\n{}", text);
        prop_assert_eq!(emit(&documents[0].node.to_value()), &*text);
        prop_assert_eq!(has_comments(&text), None, "{}", text);
    }

    #[test]
    fn several_documents_stay_several(values in vec(value(), 1..5)) {
        let (documents, found) = read(&emit_all(&values));
        prop_assert_eq!(found, []);
        prop_assert_eq!(documents.iter().map(|d| d.node.to_value()).collect::<Vec<_>>(), values);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in rubbish()) {
        let (_, found) = read(&text);
        for found in found {
            prop_assert!(found.is_error());
            if let Some(span) = found.span {
                prop_assert!(text.get(span.start as usize..span.end as usize).is_some(), "{:?}", span);
                prop_assert!(span.line > 0 && span.column > 0);
            }
        }
        let leading = leading_comments(&text);
        let body = text.trim_start_matches('\u{feff}');
        prop_assert!(body.starts_with(leading));
        let (any, inner) = (has_comments(&text), has_inner_comments(&text));
        prop_assert!(inner.is_none() || any.is_some());
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in vec(any::<u8>(), 0..200)) {
        read(&String::from_utf8_lossy(&bytes));
    }
}
