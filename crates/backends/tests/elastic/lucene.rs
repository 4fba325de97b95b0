//! Lucene queries.

use crate::support::check;

fn lucene(selection: &str, ours: &str, reference: &str) {
    check("lucene", selection, "selection", ours, reference);
    check("opensearch_lucene", selection, "selection", ours, reference);
}

fn same(selection: &str, expected: &str) {
    lucene(selection, expected, expected);
}

#[test]
fn values_are_escaped_as_the_query_parser_needs_it() {
    same(r"{a: 'C:\x', b: '*\y.exe'}", r"a:C\:\\x AND b:*\\y.exe");
    same("{a: two words, b: '*two words*'}", r#"a:"two words" AND b:*two\ words*"#);
    same("{a: '', b: [x, 'y z']}", r#"a:"" AND (b:(x OR "y z"))"#);
    same("{a: true, b: 5, c|gte: 7, d|cidr: 10.0.0.0/8}", r"a:true AND b:5 AND c:>=7 AND d:10.0.0.0\/8");
    same("[k1, 'k 2']", r"*k1* OR *k\ 2*");
    // A tab ends a term for the parser, and only spaces are escaped in the reference.
    lucene("{a: \"x\\ty\"}", "a:\"x\\\ty\"", "a:x\ty");
    // An operator by itself, and what would begin a range: Elasticsearch takes `\>` for one, too.
    lucene("{a: AND}", r#"a:"AND""#, "a:AND");
    lucene("{a: '>x'}", r#"a:"\>x""#, r"a:\>x");
    lucene("['']", "**", r#"*""*"#);
}

#[test]
fn a_minus_is_no_operator() {
    lucene("{a: -5}", r"a:\-5", "a:-5");
    lucene("{a: [-5, 6]}", r"a:(\-5 OR 6)", "a:(-5 OR 6)");
}

#[test]
fn field_names_are_escaped_everywhere() {
    lucene("{'a b': x}", r"a\ b:x", r"a\ b:x");
    lucene("{'a:b': x}", r"a\:b:x", "a:b:x");
    check("lucene", "{'a b': null}", "not selection", r"_exists_:a\ b", "_exists_:a b");
    lucene("{'a:b|cidr': '2001:db8::/32'}", r"a\:b:2001\:db8\:\:\/32", r"a:b\:2001\:db8\:\:\/32");
}

#[test]
fn absent_fields_are_grouped() {
    check("lucene", "{a: null}", "selection", "NOT _exists_:a", "NOT _exists_:a");
    check("lucene", "{a: null}", "not selection", "_exists_:a", "_exists_:a");
    // `x OR NOT y` requires in Lucene that `y` does not hold.
    same("[{a: x}, {b: null}]", "a:x OR (NOT _exists_:b)");
    lucene("[{a: x}, {b|exists: false}]", "a:x OR (NOT _exists_:b)", "a:x OR NOT _exists_:b");
    check("lucene", "{b|exists: false}", "not selection", "_exists_:b", "NOT NOT _exists_:b");
}

#[test]
fn regular_expressions_match_whole_values() {
    lucene("{a|re: 'x+'}", "a:/.*x+.*/", "a:/x+/");
    lucene("{a|re: '^x.y$'}", "a:/x.y/", "a:/^x.y$/");
    lucene("{a|re|i: 'x/'}", r"a:/.*[xX]\/.*/", r"a:/(?i)x\//");
    lucene("{a|re: 'x(?=y)'}", "!cannot be translated", "a:/x(?=y)/");
    lucene("{'|re': 'x'}", "/.*x.*/", "!without a field");
}

#[test]
fn what_lucene_cannot_say_is_refused() {
    same("{a|cased: Abc}", "!regard to case");
    lucene("{a|cased: [Abc, Def]}", "!regard to case", "a:(Abc OR Def)");
    same("{a|fieldref: b}", "!compare two fields");
    same("{a|minute: 5}", "!timestamp");
    lucene("{a|minute: [5, 6]}", "!timestamp", "a:(5 OR 6)");
}

#[test]
fn alternatives_of_one_value_are_a_list() {
    same("{a|windash: -x}", r"a:(\-x OR \/x OR –x OR —x OR ―x)");
    check(
        "lucene",
        "{a|windash: -x}",
        "not selection",
        r"NOT a:(\-x OR \/x OR –x OR —x OR ―x)",
        r"NOT a:(\-x OR \/x OR –x OR —x OR ―x)",
    );
}
