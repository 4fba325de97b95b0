//! What a target cannot say as it stands is said another way or refused, in our reading.

mod common;

use common::Setup;

fn check(target: &str, detection: &str, ours: &str, reference: &str) {
    Setup { target, ..Setup::default() }.check(detection, ours, reference);
}

#[test]
fn a_selector_that_selects_nothing_below_not_says_nothing() {
    let with = |condition: &str| format!("a: {{x: 1}}, b: {{y: 2}}, condition: {condition}");
    check("splunk", &with("a and not 1 of filter_*"), "x=1", "");
    check("splunk", &with("a and not 1 of f_* and not any of g_*"), "x=1", "");
    check("lucene", &with("a and not 1 of f_* and b"), "x:1 AND y:2", "");
    check(
        "eql",
        &with("not (b or not 1 of f_*) or a"),
        "any where string(x) == \"1\"",
        "any where (not (y:2)) or x:1",
    );
    check("splunk", &with("a or 3 of them"), "x=1", "not loaded: `of` is not expected here");
    // What is constant as a whole is no query.
    let refused = "refused: the target has no expression that is never true";
    check("splunk", &with("a and 3 of them"), refused, "not loaded: `of` is not expected here");
}

#[test]
fn regular_expressions_without_a_field() {
    check("splunk", "a: {'|re': 'a.b'}, condition: a", "*\n| regex _raw=\"a.b\"", "a.b");
    check(
        "splunk",
        "a: {'|re': 'a.b'}, b: {x: 1}, condition: b and not a",
        "x=1\n| regex _raw!=\"a.b\"",
        "x=1 NOT a.b",
    );
}

#[test]
fn look_around_is_for_targets_whose_engine_has_it() {
    let detection = "a: {x|re: '(?=a)b'}, condition: a";
    check("splunk", detection, "*\n| regex x=\"(?=a)b\"", "");
    let refused = "refused: the target's regular expressions have no look-around";
    check("clickhouse", detection, refused, "SELECT * FROM logs WHERE match(x, '(?=a)b')");
    check("duckdb", detection, refused, "SELECT * FROM logs WHERE regexp_matches(x, '(?=a)b')");
}

#[test]
fn slashes_do_not_begin_a_comment() {
    check("secops", "a: {x: '*'}, condition: a", "x = /.*/ nocase", "x = /^/ nocase");
}

#[test]
fn tuples_are_counted_or_refused() {
    let rule = "title: a\nname: a\nlogsource: {product: windows}\ndetection: {s: {x: 1}, condition: s}\n---\n\
                title: c\ncorrelation:\n  type: value_count\n  rules: [a]\n  group-by: [g]\n  timespan: 5m\n  \
                condition: {gte: 3, field: [x, y]}\n";
    for target in ["splunk", "esql"] {
        let setup = Setup { target, ..Setup::default() };
        let ours = setup.convert(rule, sigyn_ir::Compat::Spec);
        assert_eq!(ours, "refused: the target counts the values of one field only", "{target}");
        let reference = setup.convert(rule, sigyn_ir::Compat::PySigma);
        assert!(reference.contains("(x, y)"), "{target}: {reference}");
    }
}
