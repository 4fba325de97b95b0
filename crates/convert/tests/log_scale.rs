//! CrowdStrike LogScale: what our reading prints, and the reference's where it differs.

mod common;

use common::Setup;

const LOG_SCALE: Setup<'_> = Setup { target: "log_scale", format: "", options: &[], pipelines: &[] };

#[test]
fn strings_are_regular_expressions() {
    for (detection, ours, reference) in [
        ("a: {x: 'a.b'}", r"x=/^a\.b$/i", ""),
        ("a: {x|contains: 'a/b'}", r"x=/a\/b/i", ""),
        ("a: {x: 'a*b?'}", "x=/^a.*b.$/di", "x=/^a.*b.$/i"),
        ("a: {x: '*'}", "x=*", "x=//i"),
        ("a: {x: ''}", "x=/^$/i", ""),
        ("a: {x|cased: Ab}", "x=/^Ab$/", "x=\"Ab\""),
        ("a: {x|cased|startswith: 'A.'}", r"x=/^A\./", "x=/^\"A\\.\"/"),
        ("a: {'': foo/bar}", r"/foo\/bar/i", "/\"foo/bar\"/i"),
        ("a: {x|re|i|s: 'a/b\\/c'}", r"x=/a\/b\/c/id", r"x=/a/b\/c/is"),
        ("a: {x|exists: false}", "x!=*", "refused: the target cannot say that a field is there"),
    ] {
        LOG_SCALE.check(&format!("{detection}, condition: a"), ours, reference);
    }
}

#[test]
fn networks_stand_behind_the_search() {
    LOG_SCALE.check(
        "a: {x|cidr: 10.0.0.0/8}, b: {y: 1}, condition: b and not a",
        "y=1| !cidr(x, subnet=\"10.0.0.0/8\")",
        "y=1| !cidr(x, subnet=10.0.0.0/8)",
    );
    LOG_SCALE.check(
        "a: {x|cidr: 10.0.0.0/8}, condition: a",
        "cidr(x, subnet=\"10.0.0.0/8\")",
        "| cidr(x, subnet=10.0.0.0/8)",
    );
    LOG_SCALE.check(
        "a: {x|cidr: 10.0.0.0/8}, b: {y: 1}, condition: a or b",
        "refused: LogScale tells networks only behind the search, not below `or`",
        "",
    );
    // `not (a and b)` is no condition behind the search; the reference negates one half of it.
    LOG_SCALE.check(
        "a: {x|cidr: 10.0.0.0/8, y: 1}, condition: not a",
        "refused: the target can write `cidr` only behind the query, not below a negated group",
        "not (y=1)| cidr(x, subnet=10.0.0.0/8)",
    );
}
