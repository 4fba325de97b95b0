//! Names and layouts that a buffer keeps between events.

#![allow(clippy::unwrap_used, reason = "tests")]

use sigyn_event::{Event, EventBuf, LayoutId, NodeId};

/// A member of the root of a sample event.
#[derive(Clone, Copy)]
enum Value {
    Text,
    Int,
    Float,
    Null,
    /// A map with one member of this name.
    Map(&'static str),
}
use Value::{Float, Int, Map, Null, Text};

/// Fills the buffer; an alias `also` for the first member is learned with the layout.
fn fill(buf: &mut EventBuf, members: &[(&str, Value)]) -> Option<LayoutId> {
    buf.clear();
    buf.begin_map(None);
    let mut first = None;
    for (key, value) in members {
        let key = Some(buf.name(key));
        let id = match value {
            Text => buf.push_str(key, "text"),
            Int => buf.push_int(key, 1),
            Float => buf.push_float(key, 1.5),
            Null => buf.push_null(key),
            Map(inner) => {
                let id = buf.begin_map(key);
                let inner = buf.name(inner);
                buf.push_int(Some(inner), 2);
                buf.end();
                id
            }
        };
        first.get_or_insert(id);
    }
    buf.end();
    if !buf.recall() {
        let also = buf.name("also");
        first.into_iter().for_each(|first| buf.alias(also, first));
        buf.learn();
    }
    buf.layout()
}

fn aliases(event: Event<'_>) -> Vec<(String, NodeId)> {
    event.aliases().map(|member| (member.key.to_owned(), member.id)).collect()
}

#[test]
fn events_that_differ_in_values_alone_have_one_layout() {
    let mut buf = EventBuf::new();
    let a = fill(&mut buf, &[("x", Int), ("y", Text)]);
    let names: Vec<_> = buf.event("").root().iter().map(|member| member.name.unwrap()).collect();
    let of_first = aliases(buf.event(""));
    assert_eq!(of_first.len(), 1);
    let vocabulary = buf.vocabulary();
    for (members, is_same) in [
        (&[("x", Float), ("y", Text)][..], true),
        (&[("x", Int), ("y", Null)], false),
        (&[("y", Text), ("x", Int)], false),
        (&[("x", Int)], false),
        (&[("x", Map("y")), ("z", Int)], false),
        (&[("x", Int), ("y", Text)], true),
    ] {
        let layout = fill(&mut buf, members);
        assert!(layout.is_some());
        assert_eq!(layout == a, is_same);
        if is_same {
            assert_eq!(aliases(buf.event("")), of_first);
            assert!(buf.event("").root().iter().map(|member| member.name.unwrap()).eq(names.iter().copied()));
        }
    }
    assert_eq!(buf.vocabulary(), vocabulary);
    // Nesting counts: the same keys and kinds in the same order, closed elsewhere.
    let inside = fill(&mut buf, &[("a", Map("b")), ("c", Int)]);
    buf.clear();
    buf.begin_map(None);
    let keys = ["a", "b", "c"].map(|key| buf.name(key));
    buf.begin_map(Some(keys[0]));
    buf.push_int(Some(keys[1]), 2);
    buf.push_int(Some(keys[2]), 1);
    buf.end();
    buf.end();
    assert!(!buf.recall());
    buf.learn();
    assert!(buf.layout().is_some() && buf.layout() != inside);
}

#[test]
fn what_is_added_later_voids_the_layout() {
    let mut buf = EventBuf::new();
    assert!(fill(&mut buf, &[("x", Int)]).is_some());
    buf.begin_additional();
    let key = buf.name("x");
    buf.push_str(Some(key), "more");
    assert_eq!(buf.layout(), None);
    // A key that is no name: nothing is known about the event.
    buf.clear();
    buf.begin_map(None);
    let key = buf.store("x");
    buf.push_int(Some(key), 1);
    buf.end();
    assert!(!buf.recall());
    buf.learn();
    assert_eq!(buf.layout(), None);
}

#[test]
fn copies_share_numbers_until_one_learns() {
    let mut buf = EventBuf::new();
    fill(&mut buf, &[("x", Int)]);
    let copy = buf.clone();
    assert_eq!(copy.vocabulary(), buf.vocabulary());
    fill(&mut buf, &[("y", Int)]);
    assert_ne!(copy.vocabulary(), buf.vocabulary());
    assert!(copy.event("").root().iter().all(|member| member.key == "x"));
}

#[test]
fn an_input_of_ever_new_keys_does_not_grow_the_vocabulary() {
    let mut buf = EventBuf::new();
    let mut seen = Vec::new();
    for at in 0..60_000 {
        fill(&mut buf, &[("x", Int), (&format!("key {at}"), Text)]);
        let mut keys = buf.event("").root().iter().map(|member| member.key.to_owned());
        assert_eq!(keys.by_ref().last().unwrap(), format!("key {at}"));
        if seen.last() != Some(&buf.vocabulary()) {
            seen.push(buf.vocabulary());
        }
    }
    assert!(seen.len() > 2, "it was forgotten and begun again");
}
