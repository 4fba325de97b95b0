//! Trees, places, recovery and edits, and the properties that hold for any text.

#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use sigyn_diagnostics::SourceId;
use sigyn_yaml::{Edits, Kind, Node, Stream, parse};

fn read(text: &str) -> Stream<'_> {
    parse(SourceId(0), text)
}

/// The tree in a short form: `{k: v}`, `[a]`, scalars in angle brackets; `!` for a broken document.
fn show(stream: &Stream<'_>) -> String {
    let documents = stream.documents.iter().map(|document| match &document.root {
        Some(root) => show_node(root),
        None => "!".to_owned(),
    });
    documents.collect::<Vec<_>>().join(" | ")
}

fn show_node(node: &Node<'_>) -> String {
    let join = |items: Vec<String>| items.join(", ");
    match &node.kind {
        Kind::Scalar(scalar) => format!("<{}>", scalar.text),
        Kind::Sequence(items) => format!("[{}]", join(items.iter().map(show_node).collect())),
        Kind::Mapping(pairs) => {
            let pair = |pair: &sigyn_yaml::Pair<'_>| {
                let mark = if pair.is_duplicate { "=" } else { "" };
                format!("{mark}{}: {}", show_node(&pair.key), show_node(&pair.value))
            };
            format!("{{{}}}", join(pairs.iter().map(pair).collect()))
        }
    }
}

fn codes(stream: &Stream<'_>) -> Vec<&'static str> {
    stream.diagnostics().map(|found| found.code.name).collect()
}

#[test]
fn trees() {
    for (text, tree, found) in [
        ("a: 1\nb: [x, 'y']\n", "{<a>: <1>, <b>: [<x>, <y>]}", vec![]),
        ("a: 00000429", "{<a>: <00000429>}", vec![]),
        ("", "", vec![]),
        ("# only a comment\n", "", vec![]),
        ("\u{feff}a: 1\n", "{<a>: <1>}", vec![]),
        ("a: 1\r\nb: 2\r\n", "{<a>: <1>, <b>: <2>}", vec![]),
        ("a: 1\na: 2\n", "{<a>: <1>, =<a>: <2>}", vec!["duplicate-key"]),
        ("a: &x [1, 2]\nb: *x\n", "{<a>: [<1>, <2>], <b>: [<1>, <2>]}", vec![]),
        ("a: &x {k: 1}\nb:\n  <<: *x\n", "{<a>: {<k>: <1>}, <b>: {<<<>: {<k>: <1>}}}", vec!["merge-key"]),
        ("a: *x\n", "!", vec!["unknown-alias"]),
        ("a: &x [*x]\n", "!", vec!["unknown-alias"]),
        ("a: 1\n---\nb: 2\n---\nc: 3\n", "{<a>: <1>} | {<b>: <2>} | {<c>: <3>}", vec![]),
        ("a: 1\n---\nb: [\n---\nc: 3\n", "{<a>: <1>} | ! | {<c>: <3>}", vec!["yaml-syntax"]),
        ("a: 1\n---\nb: \"x\n---\nc: 3\n", "{<a>: <1>} | ! | {<c>: <3>}", vec!["yaml-syntax"]),
        ("---\n x: [\n---\nb: [\n---\nc: 3\n", "! | ! | {<c>: <3>}", vec!["yaml-syntax", "yaml-syntax"]),
        ("a: 1\n b: [\n---\nc: 3\n", "! | {<c>: <3>}", vec!["yaml-syntax"]),
        ("a: |\n  x\n  y\nb: >-\n  f\n  g\n", "{<a>: <x\ny\n>, <b>: <f g>}", vec![]),
    ] {
        let stream = read(text);
        assert_eq!(show(&stream), tree, "{text:?}");
        assert_eq!(codes(&stream), found, "{text:?}");
    }
}

#[test]
fn deep_documents_and_alias_bombs_are_refused() {
    let deep = format!("{}{}\n---\nb: 1\n", "[".repeat(500), "]".repeat(500));
    let stream = read(&deep);
    assert_eq!(show(&stream), "! | {<b>: <1>}");
    assert_eq!(codes(&stream), ["nesting-limit"]);

    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..9 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    assert_eq!(codes(&read(&bomb)), ["expansion-limit"]);
}

/// The text under the place of each node: scalars and whole collections.
#[test]
fn places_are_bytes() {
    let text =
        "größe: 'Ünïcode'\nmap:\n  日本: [a, \"b\\u00e9\"]  # ©\n  tail: x\nend: |\n  blöck\n\nlast: y\n";
    let stream = read(text);
    let root = stream.documents[0].root.as_ref().unwrap();
    let place = |key: &str| stream.slice(root.get(key).unwrap().value.span);
    assert_eq!(stream.slice(root.get("größe").unwrap().key.span), "größe");
    assert_eq!(place("größe"), "'Ünïcode'");
    assert_eq!(place("map"), "日本: [a, \"b\\u00e9\"]  # ©\n  tail: x");
    assert_eq!(place("last"), "y");
    assert!(place("end").contains("blöck"), "{:?}", place("end"));
    let list = &root.get("map").unwrap().value.get("日本").unwrap().value;
    assert_eq!(stream.slice(list.span), "[a, \"b\\u00e9\"]");
    let items = list.as_sequence().unwrap();
    assert_eq!(stream.slice(items[1].span), "\"b\\u00e9\"");
    assert_eq!(items[1].as_scalar().unwrap().text, "bé");

    let second = read("a: 1\n---\nb: [\n---\nçé: dé\n");
    let root = second.documents[2].root.as_ref().unwrap();
    assert_eq!(second.slice(root.get("çé").unwrap().value.span), "dé", "places behind a broken document");
}

#[test]
fn edits_leave_every_other_byte() {
    let text = "title: a  # keep\r\nlogsource:\r\n    product: windows # x\r\n\r\ntags: []\r\n";
    let stream = read(text);
    let root = stream.documents[0].root.as_ref().unwrap();
    let mut edits = Edits::default();
    edits.replace(root.get("title").unwrap().value.span, "b");
    let logsource = &root.get("logsource").unwrap().value;
    assert!(edits.insert_key(&stream, logsource, "service", "sysmon"));
    assert_eq!(
        edits.apply(text).unwrap(),
        "title: b  # keep\r\nlogsource:\r\n    product: windows # x\r\n    service: sysmon\r\n\r\ntags: []\r\n"
    );

    let mut overlapping = Edits::default();
    overlapping.replace(root.span, "x");
    overlapping.replace(root.get("title").unwrap().value.span, "y");
    assert!(overlapping.apply(text).is_err());
}

/// Text that looks like YAML often enough to reach the far corners of the parser.
fn yamlish() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("a: "),
        Just("- "),
        Just("\n"),
        Just("  "),
        Just("---\n"),
        Just("...\n"),
        Just("'"),
        Just("\""),
        Just("["),
        Just("]"),
        Just("{"),
        Just("}"),
        Just(", "),
        Just("|\n"),
        Just(">-\n"),
        Just("&x "),
        Just("*x"),
        Just("!t "),
        Just("!!str "),
        Just("<<: "),
        Just("# c\n"),
        Just("? "),
        Just(": "),
        Just("é"),
        Just("\u{1f600}"),
        Just("%YAML 1.2\n"),
        Just("\t"),
        Just("\r\n"),
        Just("\\"),
        Just("\0"),
        Just("b"),
        Just("\u{feff}"),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

fn check(text: &str) {
    let stream = read(text);
    assert_eq!(stream.print(), text);
    assert_eq!(Edits::default().apply(text).unwrap(), text);
    for document in &stream.documents {
        assert!(document.root.is_some() || !document.diagnostics.is_empty(), "{text:?}");
        if let Some(root) = &document.root {
            check_places(root, text);
        }
    }
}

fn check_places(node: &Node<'_>, text: &str) {
    assert!(text.get(node.span.range()).is_some(), "{:?} in {text:?}", node.span);
    match &node.kind {
        Kind::Scalar(_) => {}
        Kind::Sequence(items) => items.iter().for_each(|item| check_places(item, text)),
        Kind::Mapping(pairs) => pairs.iter().for_each(|pair| {
            check_places(&pair.key, text);
            check_places(&pair.value, text);
        }),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn yamlish_text_prints_as_it_was(text in yamlish()) {
        check(&text);
    }

    #[test]
    fn any_text_prints_as_it_was(text in any::<String>()) {
        check(&text);
    }

    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        check(&String::from_utf8_lossy(&bytes));
    }

    /// What was written under a place can be written there again.
    #[test]
    fn replacing_scalars_by_themselves_changes_nothing(text in yamlish()) {
        let stream = read(&text);
        let mut edits = Edits::default();
        for document in stream.documents.iter().filter(|document| document.diagnostics.is_empty()) {
            if let Some(Kind::Mapping(pairs)) = document.root.as_ref().map(|root| &root.kind) {
                for pair in pairs.iter().filter(|pair| pair.value.as_scalar().is_some()) {
                    edits.replace(pair.value.span, stream.slice(pair.value.span));
                }
            }
        }
        prop_assert_eq!(edits.apply(&text).unwrap(), text);
    }
}
