//! EQL queries.

use sigyn_ir::{Compat, Data};

use crate::support::{Way, check};

fn eql(selection: &str, ours: &str, reference: &str) {
    check("eql", selection, "selection", ours, reference);
}

fn same(selection: &str, expected: &str) {
    eql(selection, expected, expected);
}

#[test]
fn strings_are_compared_without_case() {
    same(r"{a: 'C:\x', b: '*y?'}", r#"any where a:"C:\\x" and b:"*y?""#);
    same("{a: [x, 'y*']}", r#"any where a like~ ("x", "y*")"#);
    same("{a|cidr: 10.0.0.0/8, b|gte: 7}", r#"any where cidrMatch(a, "10.0.0.0/8") and b >= 7"#);
    same("{a: null}", "any where ?a == null");
    check("eql", "{a: null}", "not selection", "any where ?a != null", "any where ?a != null");
    eql("{a: ''}", r#"any where a == """#, r#"any where a=="""#);
    // A field of type `ip` knows no `like~`.
    eql("{a: 10.0.0.1}", r#"any where a == "10.0.0.1""#, r#"any where a=="10.0.0.1""#);
    eql(
        "{a: [10.0.0.1, x]}",
        r#"any where a == "10.0.0.1" or a:"x""#,
        r#"any where a like~ ("10.0.0.1", "x")"#,
    );
    // A wildcard cannot be escaped in EQL, a line break must be.
    eql(r"{a: 'x\*y*'}", r#"any where a regex~ "x\\*y.*""#, r#"any where a:"x\*y*""#);
    eql("{a: \"x\\ny\"}", r#"any where a:"x\ny""#, "any where a:\"x\\\ny\"");
}

#[test]
fn only_strings_are_compared_with_a_colon() {
    eql("{a: 5}", r#"any where string(a) == "5""#, "any where a:5");
    eql("{a: [5, x]}", r#"any where string(a) like~ ("5", "x")"#, r#"any where a like~ (5, "x")"#);
    eql("{a: true}", "any where a == true", "any where a:true");
}

/// Elasticsearch negates comparisons themselves, which an absent field then does not meet.
#[test]
fn negated_comparisons_hold_for_absent_fields() {
    for (selection, ours, reference) in [
        ("{a: 5}", r#"(?a != null and string(a) == "5")"#, "a:5"),
        ("{a|gte: 5}", "(?a != null and a >= 5)", "a >= 5"),
        ("{a: x}", r#"a:"x""#, r#"a:"x""#),
    ] {
        let whole = |negated: &str| format!("any where not {negated}");
        check("eql", selection, "not selection", &whole(ours), &whole(reference));
    }
}

#[test]
fn case_counts_under_cased() {
    same("{a|cased: Abc}", r#"any where a == "Abc""#);
    eql("{a|cased|contains: Abc}", r#"any where a like "*Abc*""#, r#"any where a == "*Abc*""#);
    eql(
        "{a|cased: [Abc, Def]}",
        r#"any where a == "Abc" or a == "Def""#,
        r#"any where a like~ ("Abc", "Def")"#,
    );
}

#[test]
fn regular_expressions_match_whole_values() {
    eql(r"{a|re: '\d+'}", r#"any where a regex ".*\\d+.*""#, r#"any where a regex~ "\\d+""#);
    eql("{a|re|i: '^x\"'}", r#"any where a regex~ "x\\\".*""#, r#"any where a regex~ "(?i)^x"""#);
}

#[test]
fn field_names_are_quoted() {
    eql("{a-b: x, c d: y}", r#"any where `a-b`:"x" and `c d`:"y""#, r#"any where a-b:"x" and `c d`:"y""#);
    check("eql", "{'c d': null}", "not selection", "any where ?`c d` != null", "any where ?c d != null");
}

#[test]
fn what_eql_cannot_say_is_refused() {
    eql("[x]", "!keyword", r#"any where "x""#);
    same("{a|fieldref: b}", "!compare two fields");
    eql("{a|exists: true}", "any where ?a != null", "!is there");
    eql("[{a|exists: false}, {b: x}]", r#"any where (?a == null) or b:"x""#, "!is there");
}

const RULES: &str = "\
title: A
name: a
logsource: {category: test}
detection: {selection: {f: x}, condition: selection}
---
title: B
name: b
logsource: {category: test}
detection: {one: {f: y}, two: {g: z}, condition: [one, two]}
---
";

/// Holds a correlation: `body` are the keys of `correlation`.
fn correlation(body: &str, ours: &str, reference: &str) {
    let rules = format!("{RULES}title: C\ncorrelation:\n  {}\n", body.replace("; ", "\n  "));
    for (compat, expected) in [(Compat::Spec, ours), (Compat::PySigma, reference)] {
        let found = Way::new("eql", compat).convert(&rules);
        match (expected.strip_prefix('!'), found) {
            (None, Ok(queries)) => {
                let last = queries.last().and_then(Data::as_str);
                assert_eq!(last, Some(expected), "{body} ({compat:?})");
            }
            (Some(why), Err(message)) => assert!(message.contains(why), "{body} ({compat:?}): {message}"),
            (_, found) => panic!("{body} ({compat:?}): {found:?}"),
        }
    }
}

#[test]
fn events_are_counted_from_below_only() {
    correlation(
        "type: event_count; rules: [a]; group-by: [u]; timespan: 5m; condition: {gte: 3}",
        "sequence by u with maxspan=5m\n  [any where f:\"x\"] with runs=3",
        "sequence by u with maxspan=5m \n [any where f:\"x\"]  with runs=3",
    );
    correlation(
        "type: event_count; rules: [a]; timespan: 2w; condition: {gt: 3}",
        "sequence with maxspan=14d\n  [any where f:\"x\"] with runs=4",
        "sequence  with maxspan=2w \n [any where f:\"x\"]  with runs=3",
    );
    correlation(
        "type: event_count; rules: [a]; timespan: 5m; condition: {lt: 3}",
        "!at least 1 to 100 events",
        "sequence  with maxspan=5m \n [any where f:\"x\"]  with runs=3",
    );
    correlation(
        "type: event_count; rules: [a]; group-by: [u]; timespan: 5m; condition: {gte: 1}",
        "any where (f:\"x\") and ?u != null",
        "sequence by u with maxspan=5m \n [any where f:\"x\"]  with runs=1",
    );
    // Events of either rule, not of one behind the other.
    correlation(
        "type: event_count; rules: [a, b]; timespan: 5m; condition: {gte: 3}",
        "sequence with maxspan=5m\n  [any where (f:\"x\") or ((f:\"y\") or (g:\"z\"))] with runs=3",
        "sequence  with maxspan=5m \n [any where f:\"x\"] \n [any where f:\"y\"] \n [any where g:\"z\"]  with runs=3",
    );
}

#[test]
fn rules_in_order_are_a_sequence() {
    correlation(
        "type: temporal_ordered; rules: [a, b]; group-by: [u]; timespan: 5m",
        "sequence by u with maxspan=5m\n  [any where f:\"x\"]\n  [any where (f:\"y\") or (g:\"z\")]",
        "sequence by u with maxspan=5m \n [any where f:\"x\"] \n [any where f:\"y\"] \n [any where g:\"z\"] by  with runs=2",
    );
    correlation(
        "type: temporal_ordered; rules: [a, b]; group-by: [u]; timespan: 5m; aliases: {u: {a: s.user, b: t-user}}",
        "sequence with maxspan=5m\n  [any where f:\"x\"] by s.user\n  [any where (f:\"y\") or (g:\"z\")] by `t-user`",
        "!aliases",
    );
}

#[test]
fn what_no_sequence_says_is_refused() {
    correlation(
        "type: temporal; rules: [a, b]; group-by: [u]; timespan: 5m",
        "!no time span",
        "sample by u \n [any where f:\"x\"] \n [any where f:\"y\"] \n [any where g:\"z\"] ",
    );
    correlation(
        "type: value_count; rules: [a]; group-by: [u]; timespan: 5m; condition: {gte: 3, field: v}",
        "!aggregate values",
        "sequence by u with maxspan=5m \n [any where f:\"x\"] by v with runs=3",
    );
}
