//! Pairs of rules that repeat each other, and pairs that do not.

use sigyn_diagnostics::{SourceFile, Sources};
use sigyn_ir::{Compat, LoadOptions, RuleSet};

use super::{Pair, Repeat, duplicates};

fn set(rules: &[(&str, &str)]) -> RuleSet {
    let options = LoadOptions::new(Compat::Spec);
    let mut sources = Sources::default();
    for (at, (source, detection)) in rules.iter().enumerate() {
        let text = format!("title: rule {at}\nlogsource: {{{source}}}\ndetection: {{{detection}}}\n");
        sources.add(SourceFile::new(format!("{at}.yml"), text));
    }
    let parsed = sources.iter().map(|(id, file)| sigyn_ir::read(id, file, &options)).collect();
    sigyn_ir::resolve(parsed, &options).set
}

fn pairs(rules: &[(&str, &str)]) -> Vec<Pair> {
    let set = set(rules);
    assert_eq!(set.items.len(), rules.len(), "all rules can be read: {rules:?}");
    duplicates(&set)
}

/// How two rules of one log source stand to each other: `None`, or which comes first and how.
fn check(one: &str, other: &str, expect: Option<(usize, Repeat)>) {
    let found = pairs(&[("product: x", one), ("product: x", other)]);
    let found: Vec<_> = found.iter().map(|pair| (pair.first, pair.repeat)).collect();
    assert_eq!(found, expect.into_iter().collect::<Vec<_>>(), "{one} | {other}");
}

#[test]
fn the_same_logic_is_known_in_other_words() {
    let same = Some((0, Repeat::Same));
    check("a: {b: c}, condition: a", "x: {b: C}, condition: x", same);
    check("a: {b|contains: c}, condition: a", "a: {b: '*c*'}, condition: a", same);
    check("a: {b: [c, d]}, condition: a", "x: {b: d}, y: {b: c}, condition: 1 of them", same);
    check("a: {b: c, d: e}, condition: a", "x: {d: e}, y: {b: c}, condition: y and x", same);
    check(
        "a: {b: c}, f: {d: e}, condition: a and not f",
        "f: {d: e}, a: {b: c}, condition: not f and a",
        same,
    );
    check(
        "a: {b: c}, f: {d: e}, g: {h: i}, condition: a and not f and not g",
        "a: {b: c}, f: {d: e}, g: {h: i}, condition: a and not (f or g)",
        same,
    );
    check("a: {b: c}, condition: [a]", "a: {b: c}, condition: [a, a]", same);
    check("a: {b|cidr: 10.0.0.0/8}, condition: a", "a: {b|cidr: '10.0.0.0/8'}, condition: a", same);
    check("a: {b: [c, '*c']}, condition: a", "a: {b: '*c'}, condition: a", same);
}

#[test]
fn other_logic_is_not_the_same() {
    check("a: {b: c}, condition: a", "a: {b: d}, condition: a", None);
    check("a: {b: c}, condition: a", "a: {d: c}, condition: a", None);
    check("a: {b: c}, condition: a", "a: {b|re: c}, condition: a", None);
    check("a: {b: c}, condition: a", "a: {b: c}, condition: not a", None);
    check("a: {b|endswith: cde}, condition: a", "a: {b|startswith: cde}, condition: a", None);
    check("a: {b|fieldref: c}, condition: a", "a: {b: c}, condition: a", None);
}

#[test]
fn a_rule_contained_in_another_comes_first() {
    let (first, second) = (Some((0, Repeat::Contained)), Some((1, Repeat::Contained)));
    check("a: {b: c, d: e}, condition: a", "a: {b: c}, condition: a", first);
    check("a: {b: c}, condition: a", "a: {b: c, d: e}, condition: a", second);
    check(
        "a: {b|endswith: '\\system32\\cmd.exe'}, condition: a",
        "a: {b|endswith: '\\cmd.exe'}, condition: a",
        first,
    );
    check("a: {b: [c, d]}, condition: a", "a: {b: [c, d, e]}, condition: a", first);
    check(
        "a: {b|contains|all: [foo, bar]}, condition: a",
        "a: {b|contains: [oba, foo]}, condition: a",
        first,
    );
    check("a: {b: c}, f: {d: e}, condition: a and not f", "a: {b: c}, condition: a", first);
    check(
        "a: {b: c}, f: {d|contains: eee}, condition: a and not f",
        "a: {b: c}, f: {d|contains: eeee}, condition: a and not f",
        first,
    );
    check("a: {b|cased: Abc}, condition: a", "a: {b: abc}, condition: a", first);
    check("a: {b|cidr: 10.1.0.0/16}, condition: a", "a: {b|cidr: 10.0.0.0/8}, condition: a", first);
    check("a: {b|windash|contains: ' -x'}, condition: a", "a: {b|contains: 'x'}, condition: a", first);
}

#[test]
fn what_does_not_follow_is_not_contained() {
    check("a: {b: [c, d]}, condition: a", "a: {b: [c, e]}, condition: a", None);
    check("a: {b|contains: foo, d: e}, condition: a", "a: {b|contains: foobar}, condition: a", None);
    check("a: {b: abc, d: e}, condition: a", "a: {b|cased: Abc}, condition: a", None);
    check(
        "a: {b: c}, f: {d: e}, condition: a and not f",
        "a: {b: c}, f: {d: g}, condition: a and not f",
        None,
    );
}

#[test]
fn near_rules_share_most_of_what_they_compare() {
    let list = |names: &[&str]| format!("a: {{b: [{}]}}, condition: a", names.join(", "));
    let (one, other) = (
        list(&["c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9", "x"]),
        list(&["c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9", "y"]),
    );
    check(&one, &other, Some((0, Repeat::Near(81))));
    check(&list(&["c1", "c2", "c3", "x"]), &list(&["c1", "c2", "c3", "y"]), None);
    check(
        "a: {b: c, d: e, f: g}, condition: a",
        "a: {b: c}, x: {d: e}, y: {f: g}, condition: a and x and y",
        Some((0, Repeat::Same)),
    );
    let found = pairs(&[("product: x", &one), ("product: x", &other)]);
    assert_eq!(
        (found[0].only_first.as_slice(), found[0].only_second.as_slice()),
        (&["b: x".to_owned()][..], &["b: y".to_owned()][..])
    );
}

#[test]
fn log_sources_must_be_the_same_or_covered() {
    let logic = "a: {b: c}, condition: a";
    let check = |one: &str, other: &str, expect: Option<(usize, Repeat)>| {
        let found = pairs(&[(one, logic), (other, logic)]);
        let found: Vec<_> = found.iter().map(|pair| (pair.first, pair.repeat)).collect();
        assert_eq!(found, expect.into_iter().collect::<Vec<_>>(), "{one} | {other}");
    };
    check("product: x", "product: y", None);
    check("product: x", "{category: c}".trim_matches(['{', '}']), None);
    check("product: x, category: c", "product: x", Some((0, Repeat::Contained)));
    check("product: x", "product: x, category: c", Some((1, Repeat::Contained)));
}

#[test]
fn of_many_that_are_the_same_each_is_told_once() {
    let logic = "a: {b: c}, condition: a";
    let found = pairs(&[("product: x", logic), ("product: x", logic), ("product: x", logic)]);
    assert_eq!(found.iter().map(|pair| (pair.first, pair.second)).collect::<Vec<_>>(), [(0, 1), (0, 2)]);
    assert!(found.iter().all(|pair| pair.only_first.is_empty() && pair.only_second.is_empty()));
}
