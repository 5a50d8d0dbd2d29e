//! What the reader refuses, where it says so, and that it does not take long over it.
//! Never looks at what a manifest means: that is `manifest`'s.

use std::time::{Duration, Instant};

use reconcile::yaml::{MAX_BYTES, MAX_DEPTH, MAX_FOUND, MAX_NODES, read};

/// Each diagnostic as `code line:column text`, where text is what its span covers.
fn found(text: &str) -> Vec<String> {
    let show = |d: reconcile::diagnostic::Diagnostic| match d.span {
        None => d.code.to_owned(),
        Some(s) => {
            let covered = text[s.start as usize..s.end as usize].replace('\n', "\\n").replace('\0', "\\0");
            format!("{} {}:{} {covered}", d.code, s.line, s.column)
        }
    };
    read(text).1.into_iter().map(show).collect()
}

#[test]
fn every_mistake_is_at_its_place() {
    for (text, want) in [
        ("a: b\nc: [1, 2\n", &["RV001 3:1 "][..]),
        ("a: b: c\n", &["RV001 1:5 :"]),
        ("a: \"open\nb: c\n", &["RV001 1:4 \""]),
        ("a:\n\tb: c\n", &["RV001 2:2 b"]),
        ("ä: b\0c\n", &["RV001 1:5 \\0"]),
        ("a: 1\nb: 2\na: 3\n'b': 4\n", &["RV002 3:1 a", "RV002 4:1 'b'"]),
        ("x: { ö: 1, ö: 2 }\n", &["RV002 1:12 ö"]),
        ("x: &a 1\ny: *a\nz: !!str 1\n", &["RV004 1:4 &a", "RV004 2:4 *a", "RV004 3:4 !!str"]),
        ("y: *a\nz: 1\n", &["RV004 1:4 *"]),
        ("y: !x!y a\n", &["RV004 1:4 !"]),
        ("a: &a { b: 1 }\nc:\n  <<: *a\n", &["RV004 1:4 &a", "RV004 3:3 <<", "RV004 3:7 *a"]),
        ("a: &x\n  b: &y\n", &["RV004 1:4 &x", "RV004 2:6 &y"]),
        ("%YAML 1.2\n---\na: 1\n...\n# x\n%FOO b\r\n---\nb\n", &["RV004 1:1 %YAML 1.2", "RV004 6:1 %FOO b"]),
        ("? [a]\n: b\n? { c: d }\n: e\n: f\n", &["RV005 1:3 [a]", "RV005 3:3 { c: d }", "RV005 5:1 "]),
    ] {
        assert_eq!(found(text), want, "{text:?}");
    }
}

#[test]
fn the_first_place_of_a_duplicate_is_labelled() {
    let wide: String = (0..40).map(|n| format!("k{n}: {n}\n")).collect();
    for (text, first) in
        [("a: 1\na: 2\n".to_owned(), 1), (format!("{wide}k7: 0\n"), 8), (format!("{wide}k39: 0\n"), 40)]
    {
        let (documents, found) = read(&text);
        assert_eq!((found.len(), found[0].labels[0].0.line), (1, first));
        assert!(documents[0].node.entries().len() + 1 == text.lines().count());
    }
}

#[test]
fn documents_before_a_syntax_error_are_kept() {
    let (documents, found) = read("a: 1\n---\n---\n# nothing\n---\nb: 2\n---\nc: [\n");
    assert_eq!(
        documents.iter().map(|d| d.node.entries()[0].0.text()).collect::<Vec<_>>(),
        [Some("a"), Some("b")]
    );
    assert_eq!(found.len(), 1);
    assert!(found[0].is_error());
}

#[test]
fn line_ends_and_byte_order_marks_do_not_move_places() {
    for text in ["a: ö\nb: [c, d]\n", "a: ö\r\nb: [c, d]\r\n", "\u{feff}a: ö\nb: [c, d]\n"] {
        let (documents, found) = read(text);
        assert_eq!(found, []);
        let d = &documents[0].node.get("b").map(|b| b.items()[1].clone()).unwrap();
        assert_eq!((d.span.line, d.span.column), (2, 8));
        assert_eq!(&text[d.span.start as usize..d.span.end as usize], "d");
        assert_eq!(documents[0].node.get("a").and_then(|a| a.text()), Some("ö"));
    }
}

#[test]
fn limits_hold_at_their_edge() {
    let nested = |depth: usize| format!("{}x{}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(found(&nested(MAX_DEPTH)), [""; 0]);
    assert_eq!(found(&nested(MAX_DEPTH + 1)), ["RV003 1:65 ["]);
    assert_eq!(found(&"# ".repeat(MAX_BYTES / 2)), [""; 0]);
    assert_eq!(found(&"# ".repeat(MAX_BYTES / 2 + 1)), ["RV003"]);
    let items = |n: usize| format!("[{}]", "1,".repeat(n));
    assert_eq!(found(&items(MAX_NODES - 1)), [""; 0]);
    assert!(found(&items(MAX_NODES))[0].starts_with("RV003 1:"));
    assert_eq!(found(&"a: 1\n".repeat(1000)).len(), MAX_FOUND + 1);
}

#[test]
fn a_hostile_file_is_refused_in_no_time() {
    let anchor = format!("a: &a [{}]\nb:\n{}", "xxxxxxx,".repeat(20_000), "  - *a\n".repeat(2000));
    let laughs: String =
        (1..10).map(|n| format!("a{n}: &a{n} [{}]\n", format!("*a{},", n - 1).repeat(9))).collect();
    for (name, text, code) in [
        ("flow mappings", "{a: ".repeat(100_000), "RV003"),
        ("flow lists", "[".repeat(100_000), "RV003"),
        ("block lists", "- ".repeat(100_000), "RV003"),
        ("mixed", "{a: [".repeat(100_000), "RV003"),
        ("complex keys", "? ".repeat(100_000), "RV003"),
        ("quadratic aliases", anchor, "RV004"),
        ("billion laughs", format!("a0: &a0 x\n{laughs}"), "RV004"),
        ("one key again and again", "a: 1\n".repeat(100_000), "RV002"),
    ] {
        let start = Instant::now();
        let codes: Vec<&str> = read(&text).1.iter().map(|d| d.code).collect();
        assert!(codes.contains(&code), "{name}: {codes:?}");
        assert!(start.elapsed() < Duration::from_secs(5), "{name}: {:?}", start.elapsed());
    }
    let wide: String = (0..60_000).map(|n| format!("k{n}: 1\n")).collect();
    let start = Instant::now();
    assert_eq!(read(&wide).1, []);
    assert!(start.elapsed() < Duration::from_secs(5), "a wide mapping: {:?}", start.elapsed());
}
