//! Expected texts are those of PyYAML 6.0.3.

use super::*;

fn check(data: Data, style: &YamlStyle, expect: &str) {
    assert_eq!(data.to_yaml(style), expect);
}

fn one(key: &str, value: Data) -> Data {
    Data::map([(key, value)])
}

const LIB_YAML: YamlStyle = YamlStyle {
    sort_keys: true,
    width: 80,
    indent: 2,
    allow_unicode: false,
    literal_blocks: false,
    emitter: YamlEmitter::LibYaml,
};

#[test]
fn texts_are_quoted_where_they_would_be_read_as_something_else() {
    for (text, expect) in [
        ("", "''"),
        ("word", "word"),
        ("yes", "'yes'"),
        ("~", "'~'"),
        ("0", "'0'"),
        ("08", "08"),
        ("0x1F", "'0x1F'"),
        ("0x", "0x"),
        ("1_000", "'1_000'"),
        ("1:20", "'1:20'"),
        ("1:60", "1:60"),
        ("1.5", "'1.5'"),
        (".5", "'.5'"),
        ("-.5", "-.5"),
        ("1e5", "1e5"),
        ("1.e+5", "'1.e+5'"),
        ("-.inf", "'-.inf'"),
        ("2020-01-01", "'2020-01-01'"),
        ("2020-1-1", "2020-1-1"),
        ("2020-1-1 1:00:00.5 +02:00", "'2020-1-1 1:00:00.5 +02:00'"),
        ("2020-01-01 ", "'2020-01-01 '"),
        ("a: b", "'a: b'"),
        ("a:b", "a:b"),
        ("a #b", "'a #b'"),
        ("- a", "'- a'"),
        ("-a", "-a"),
        ("---", "'---'"),
        ("it's", "it's"),
        ("'", "''''"),
        ("*a", "'*a'"),
        ("é", "\"\\xE9\""),
        ("\u{1f600}\t\u{feff}", "\"\\U0001F600\\t\\uFEFF\""),
        ("a\nb", "'a\n\n  b'"),
        ("a\n b", "\"a\\n b\""),
    ] {
        check(one("k", text.into()), &YamlStyle::default(), &format!("k: {expect}\n"));
    }
}

#[test]
fn collections_nest_in_block_style() {
    let data = Data::map([
        ("b", Data::List(vec!["x".into(), Data::List(vec!["z".into(), one("q", 1.into())])])),
        ("a", Data::map([("e", Data::List(vec![])), ("d", Data::Map(vec![])), ("c", Data::Null)])),
    ]);
    check(data.clone(), &YamlStyle::default(), "a:\n  c: null\n  d: {}\n  e: []\nb:\n- x\n- - z\n  - q: 1\n");
    check(
        data,
        &YamlStyle { sort_keys: false, indent: 4, ..YamlStyle::default() },
        "b:\n- x\n-   - z\n    -   q: 1\na:\n    e: []\n    d: {}\n    c: null\n",
    );
    check("word".into(), &YamlStyle::default(), "word\n...\n");
    check("word".into(), &LIB_YAML, "word\n");
}

#[test]
fn numbers_keep_their_type() {
    for (number, expect) in [
        (Number::Int(-3), "-3"),
        (Number::Float(1e17), "1.0e+17"),
        (Number::Float(f64::NEG_INFINITY), "-.inf"),
        (Number::Float(f64::NAN), ".nan"),
    ] {
        check(one("k", Data::Number(number)), &YamlStyle::default(), &format!("k: {expect}\n"));
    }
}

#[test]
fn long_lines_are_folded() {
    let words = "word ".repeat(17) + "é";
    let plain = words.replace('é', "end");
    let first = "word ".repeat(15) + "word";
    for (text, style, expect) in [
        (&plain, YamlStyle::default(), format!("k: {first}\n  word end\n")),
        (&words, YamlStyle::default(), format!("k: \"{first}\\\n  \\ word \\xE9\"\n")),
        (&words, LIB_YAML, format!("k: \"{first}\n  word \\xE9\"\n")),
        (
            &words,
            YamlStyle { allow_unicode: true, width: usize::MAX, ..YamlStyle::default() },
            format!("k: {words}\n"),
        ),
    ] {
        check(one("k", text.as_str().into()), &style, &expect);
    }
}

#[test]
fn keys_too_long_for_one_line_stand_behind_a_question_mark() {
    let long = "k".repeat(123);
    check(one(&long, 1.into()), &YamlStyle::default(), &format!("? {long}\n: 1\n"));
    check(one(&long, 1.into()), &LIB_YAML, &format!("{long}: 1\n"));
    check(one("a\nb", Data::texts(["x"])), &YamlStyle::default(), "? 'a\n\n  b'\n: - x\n");
}

#[test]
fn literal_blocks_keep_lines_and_ends() {
    let style = YamlStyle { literal_blocks: true, ..YamlStyle::default() };
    for (text, expect) in [
        ("a\nb", "|-\n  a\n  b\n"),
        ("a\n\nb\n", "|\n  a\n\n  b\n"),
        (" a\n\n", "|2+\n   a\n\n...\n"),
        ("a \nb", "\"a \\nb\"\n"),
        ("one line", "one line\n"),
    ] {
        check(one("k", text.into()), &style, &format!("k: {expect}"));
    }
}
