//! Any text gives a tree that prints as the same bytes and whose places lie inside the text, one in another.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sigyn_diagnostics::SourceId;
use sigyn_yaml::{Kind, Node};

fn check(node: &Node<'_>, text: &str, is_aliased: bool) {
    assert!(text.get(node.span.range()).is_some(), "{:?} lies outside the text", node.span);
    let inside = |inner: &Node<'_>| {
        // What an alias stands for lies where the anchor is.
        let is_inside = node.span.start <= inner.span.start && inner.span.end <= node.span.end;
        assert!(is_aliased || is_inside || inner.span.start < node.span.start, "{:?} in {:?}", inner.span, node.span);
        check(inner, text, true);
    };
    match &node.kind {
        Kind::Scalar(_) => {}
        Kind::Sequence(items) => items.iter().for_each(inside),
        Kind::Mapping(pairs) => pairs.iter().for_each(|pair| {
            inside(&pair.key);
            inside(&pair.value);
        }),
    }
}

fuzz_target!(|text: &str| {
    let stream = sigyn_yaml::parse(SourceId::default(), text);
    assert_eq!(stream.print(), text);
    for document in &stream.documents {
        if let Some(root) = &document.root {
            check(root, text, false);
        }
    }
});
