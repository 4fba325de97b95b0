//! From text to rules: values, modifiers, collections, filters, correlations, and what is refused.

#![allow(clippy::unwrap_used, clippy::too_many_lines, reason = "tests; the tables are long")]

use proptest::prelude::*;
use sigyn_diagnostics::{SourceFile, SourceId};
use sigyn_ir::{
    BacktrackingRegex, Compat, ConditionExpr, CorrelationCondition, DetectionEntry, DetectionItem, Linking,
    LoadOptions, Loaded, Modifier, Part, Rule, RuleItem, SigmaString, Value, read, read_text, resolve,
};

const SPEC: Compat = Compat::Spec;
const PYSIGMA: Compat = Compat::PySigma;

fn load(text: &str, compat: Compat) -> Loaded {
    load_files(&[text], compat)
}

fn load_files(texts: &[&str], compat: Compat) -> Loaded {
    let options = LoadOptions::new(compat);
    let files = (0..)
        .zip(texts)
        .map(|(at, text)| read(SourceId(at), &SourceFile::new(format!("{at}.yml"), *text), &options));
    resolve(files.collect(), &options)
}

fn rule_with(detection: &str) -> String {
    format!("title: t\nlogsource:\n  product: windows\ndetection:\n{detection}")
}

/// A rule with one identifier of one item, given as `key: values`.
fn rule_of(item: &str) -> String {
    rule_with(&format!("  sel:\n    {item}\n  condition: sel\n"))
}

fn rules(loaded: &Loaded) -> Vec<&Rule> {
    fn rule(item: &RuleItem) -> Option<&Rule> {
        match item {
            RuleItem::Rule(rule) => Some(rule),
            RuleItem::Correlation(_) => None,
        }
    }
    loaded.set.items.iter().filter_map(rule).collect()
}

fn errors(loaded: &Loaded) -> Vec<&'static str> {
    loaded.diagnostics.iter().filter(|found| found.is_error()).map(|found| found.code.name).collect()
}

fn warnings(loaded: &Loaded) -> Vec<&'static str> {
    loaded.diagnostics.iter().filter(|found| !found.is_error()).map(|found| found.code.name).collect()
}

fn titles(loaded: &Loaded) -> Vec<&str> {
    loaded.set.items.iter().map(|item| item.meta().title.as_str()).collect()
}

fn show(value: &Value) -> String {
    match value {
        Value::Str(text) => format!("'{text}'"),
        Value::Cased(text) => format!("cased '{text}'"),
        Value::Number(number) => number.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Null => "null".to_owned(),
        Value::Regex(regex) => format!("/{}/{}", regex.pattern.to_raw(), regex.flags.letters()),
        Value::Cidr(cidr) => format!("{} = {}", cidr.text, cidr.network),
        Value::Compare { op, number, part: None } => format!("{op} {number}"),
        Value::Compare { op, number, part: Some(part) } => format!("{part} {op} {number}"),
        Value::FieldRef(other) => {
            let star = |is_open| if is_open { "*" } else { "" };
            let case = if other.is_cased { "cased " } else { "" };
            format!("{case}{}field {}{}", star(other.ends_with), other.field, star(other.starts_with))
        }
        Value::Exists(exists) => format!("exists {exists}"),
        Value::TimePart { part, number } => format!("{part} {number}"),
        Value::Query { text, .. } => text.clone(),
        Value::Expansion { values, .. } => {
            format!("({})", values.iter().map(show).collect::<Vec<_>>().join(" | "))
        }
    }
}

fn show_item(item: &DetectionItem) -> String {
    let link = if item.linking == Linking::And { " & " } else { ", " };
    let values = item.values.iter().map(show).collect::<Vec<_>>().join(link);
    format!("{}{values}", if item.is_negated { "not " } else { "" })
}

/// The values of the one item, or the first error.
fn values(item: &str, compat: Compat) -> String {
    let loaded = load(&rule_of(item), compat);
    if let Some(error) = errors(&loaded).first() {
        return format!("! {error}");
    }
    let rule = rules(&loaded)[0];
    match &rule.detections[0].1.entries[0] {
        DetectionEntry::Item(item) => show_item(item),
        DetectionEntry::Group(_) => panic!("a group"),
    }
}

#[test]
fn plain_scalars() {
    for (text, ours, reference) in [
        ("4624", "4624", "4624"),
        ("-1.5", "-1.5", "-1.5"),
        ("1.0", "(1 | '1.0')", "1"),
        ("1.50", "(1.5 | '1.50')", "1.5"),
        ("-0", "(0 | '-0')", "0"),
        ("0.00001", "1e-05", "1e-05"),
        ("00000429", "'00000429'", "'00000429'"),
        ("010", "'010'", "8"),
        ("0x1F", "'0x1F'", "31"),
        ("1_000", "'1_000'", "1000"),
        ("12:30", "'12:30'", "750"),
        ("1e3", "'1e3'", "'1e3'"),
        (".5", "'.5'", "0.5"),
        ("+5", "'+5'", "5"),
        ("yes", "'yes'", "true"),
        ("off", "'off'", "false"),
        ("True", "true", "true"),
        ("~", "null", "null"),
        ("", "null", "null"),
        ("''", "''", "''"),
        ("'4624'", "'4624'", "'4624'"),
        ("!!str 5", "'5'", "'5'"),
        ("2024-01-01", "'2024-01-01'", "! bad-value"),
        (".inf", "'.inf'", "! bad-number"),
        ("12345678901234567890", "12345678901234567890", "1.2345678901234567e+19"),
        ("99999999999999999999999999999999999999999", "! bad-number", "1e+41"),
        ("[a, b]", "'a', 'b'", "'a', 'b'"),
        ("[]", "", ""),
        ("[a, [b]]", "! bad-value", "! bad-value"),
        ("{a: b}", "! bad-value", "! bad-value"),
        (r"C:\Windows\*", r"'C:\Windows\*'", r"'C:\Windows\*'"),
        (r"C:\Windows\\*", r"'C:\Windows\*'", r"'C:\Windows\*'"),
    ] {
        assert_eq!(values(&format!("f: {text}"), SPEC), ours, "{text}");
        assert_eq!(values(&format!("f: {text}"), PYSIGMA), reference, "{text} as the reference reads it");
    }
}

#[test]
fn modifiers() {
    for (item, ours, reference) in [
        ("f|contains: a", "'*a*'", "'*a*'"),
        ("f|contains: '*a'", "'*a*'", "'*a*'"),
        ("f|startswith: a", "'a*'", "'a*'"),
        ("f|endswith: a", "'*a'", "'*a'"),
        ("f|contains|all: [a, b]", "'*a*' & '*b*'", "'*a*' & '*b*'"),
        ("f|neq: [a, b]", "not 'a', 'b'", "not 'a', 'b'"),
        ("f|contains|cased: a", "cased '*a*'", "cased '*a*'"),
        ("f|cased|contains: a", "cased '*a*'", "cased '*a*'"),
        ("f|contains: 5", "'*5*'", "! bad-modifier-value"),
        ("f|contains: 010", "'*010*'", "! bad-modifier-value"),
        ("f|contains: null", "! bad-modifier-value", "! bad-modifier-value"),
        // Regular expressions.
        ("f|re: a.*b", "/a.*b/", "/a.*b/"),
        ("f|re|i|m: a", "/a/im", "/a/im"),
        ("f|re|ignorecase|dotall: a", "/a/is", "/a/is"),
        ("f|re: '('", "! bad-regex", "! bad-regex"),
        ("f|re: 'a(?!b)'", "! unsupported-regex", "/a(?!b)/"),
        ("f|re: 'x**'", "/x**/", "! bad-regex"),
        ("f|re: '\\T'", "! bad-regex", "! bad-regex"),
        ("f|re: 5", "/5/", "/5/"),
        ("f|re|contains: a", "/.*a.*/", "/.*a.*/"),
        ("f|re|contains: ^a$", "/^a$/", "/^a$/"),
        ("f|re|contains: ''", "//", "! empty-regex"),
        ("f|re|startswith: a", "! bad-modifier-chain", "/a.*/"),
        ("f|all|re: [a, b]", "/a/ & /b/", "! bad-modifier-chain"),
        ("f|re|cased: a", "! bad-modifier-chain", "! bad-modifier-value"),
        ("f|i: a", "! bad-modifier-chain", "! bad-modifier-value"),
        // Networks.
        ("f|cidr: 10.0.0.0/8", "10.0.0.0/8 = 10.0.0.0/8", "10.0.0.0/8 = 10.0.0.0/8"),
        ("f|cidr: 10.1.2.3/8", "10.1.2.3/8 = 10.0.0.0/8", "! bad-cidr"),
        ("f|cidr: 10.1.2.3", "10.1.2.3 = 10.1.2.3/32", "10.1.2.3 = 10.1.2.3/32"),
        ("f|cidr: 10.0.0.0/255.0.0.0", "10.0.0.0/255.0.0.0 = 10.0.0.0/8", "10.0.0.0/255.0.0.0 = 10.0.0.0/8"),
        ("f|cidr: 2001:DB8::/32", "2001:DB8::/32 = 2001:db8::/32", "2001:DB8::/32 = 2001:db8::/32"),
        ("f|cidr: x", "! bad-cidr", "! bad-cidr"),
        ("f|cidr: 10.0.0.0/33", "! bad-cidr", "! bad-cidr"),
        // Numbers and times.
        ("f|gte: 5", "gte 5", "gte 5"),
        ("f|lt: 1.5", "lt 1.5", "lt 1.5"),
        ("f|gt: '5'", "! bad-modifier-value", "! bad-modifier-value"),
        ("f|hour: 23", "hour 23", "hour 23"),
        ("f|hour: 24", "! time-part-out-of-range", "hour 24"),
        ("f|week: 53", "week 53", "week 53"),
        ("f|hour|gte: 8", "hour gte 8", "hour gte 8"),
        ("f|gte|hour: 8", "! bad-modifier-chain", "! bad-modifier-value"),
        // Presence and other fields.
        ("f|exists: true", "exists true", "exists true"),
        ("f|exists: 'yes'", "! bad-modifier-value", "! bad-modifier-value"),
        ("f|exists|all: true", "exists true", "exists true"),
        ("f|contains|exists: true", "! bad-modifier-chain", "! bad-modifier-value"),
        ("'|exists': true", "! exists-misused", "! exists-misused"),
        ("f|fieldref: g", "field g", "field g"),
        ("f|fieldref|endswith: g", "*field g", "*field g"),
        ("f|contains|fieldref: g", "*field g*", "! fieldref-wildcard"),
        ("f|fieldref: g*", "! fieldref-wildcard", "! fieldref-wildcard"),
        // Encodings.
        ("f|base64: foo", "'Zm9v'", "'Zm9v'"),
        ("f|base64: 'a*'", "! encoded-wildcard", "! encoded-wildcard"),
        (r"f|base64: 'a\*'", "'YSo='", "'YVwq'"),
        ("f|base64offset: foo", "('Zm9v' | 'Zvb' | 'mb2')", "('Zm9v' | 'Zvb' | 'mb2')"),
        ("f|base64offset|contains: foo", "('*Zm9v*' | '*Zvb*' | '*mb2*')", "('*Zm9v*' | '*Zvb*' | '*mb2*')"),
        ("f|base64offset: éa", "('w6lh' | 'OpY' | 'DqW')", "('w6' | 'OpYQ==' | 'Dq')"),
        ("f|wide|base64: é", "'6QA='", "! not-encodable"),
        ("f|utf16le|base64: ab", "'YQBiAA=='", "! unknown-modifier"),
        ("f|utf16|base64: a", "'//5hAA=='", "'77u/YQA='"),
        ("f|utf16be|base64: a", "'AGE='", "'AGE='"),
        ("f|wide: é", "! not-encodable", "! not-encodable"),
        ("f|base64|wide: a", "! bad-modifier-chain", "'Y\0Q\0=\0=\0'"),
        ("f|contains|base64: a", "! bad-modifier-chain", "! encoded-wildcard"),
        // Dashes and placeholders.
        (
            "f|windash: ' -a'",
            "(' -a' | ' /a' | ' –a' | ' —a' | ' ―a')",
            "(' -a' | ' /a' | ' –a' | ' —a' | ' ―a')",
        ),
        ("f|windash: a-b", "('a-b')", "('a-b')"),
        (
            "f|contains|windash: -a",
            "('*-a*' | '*/a*' | '*–a*' | '*—a*' | '*―a*')",
            "('*-a*' | '*/a*' | '*–a*' | '*—a*' | '*―a*')",
        ),
        ("f|cased|windash: a-b", "(cased 'a-b')", "(cased 'a-b')"),
        (
            "f|cased|windash: /a",
            "(cased '-a' | cased '/a' | cased '–a' | cased '—a' | cased '―a')",
            "('-a' | '/a' | '–a' | '—a' | '―a')",
        ),
        ("f|base64|windash: a", "! bad-modifier-chain", "('YQ==')"),
        ("f|expand: 'x%n%'", "'x%n%'", "'x%n%'"),
        ("f|neq|neq: a", "! bad-modifier-chain", "not 'a'"),
        ("f|nosuch: a", "! unknown-modifier", "! unknown-modifier"),
        ("f|Contains: a", "! unknown-modifier", "! unknown-modifier"),
    ] {
        assert_eq!(values(item, SPEC), ours, "{item}");
        assert_eq!(values(item, PYSIGMA), reference, "{item} as the reference reads it");
    }
}

#[test]
fn windash_varies_the_leftmost_dash_slowest() {
    let shown = values("f|windash: ' -foo-bar /q'", SPEC);
    let variants: Vec<&str> = shown.trim_matches(['(', ')']).split(" | ").collect();
    assert_eq!(variants.len(), 25);
    assert_eq!(variants[..2], ["' -foo-bar -q'", "' -foo-bar /q'"]);
    assert_eq!(variants[24], "' ―foo-bar ―q'");
}

#[test]
fn backtracking_is_a_choice() {
    let text = rule_of("f|re: 'a(?!b)'");
    let options = LoadOptions { compat: SPEC, backtracking_regex: BacktrackingRegex::Allow };
    let loaded = resolve(vec![read_text(SourceId(0), &text, &options)], &options);
    assert_eq!(errors(&loaded), [""; 0]);
}

#[test]
fn texts_as_written() {
    let check = |modifiers: &[Modifier], compat: Compat, written: &str, expect: Option<&str>| {
        let text = format!("a: {written}");
        let documents = sigyn_syntax::documents(sigyn_yaml::parse(SourceId(0), &text), compat);
        let scalar = documents[0].value.get("a").and_then(|value| value.as_scalar()).unwrap();
        let text = sigyn_ir::written_text(scalar, modifiers, compat);
        assert_eq!(text.map(|text| show(&Value::Str(text))).as_deref(), expect, "{written}");
    };
    check(&[Modifier::Contains], SPEC, "a", Some("'a'"));
    check(&[Modifier::Contains], SPEC, "5", None);
    // The reference has replaced placeholders in what it takes for written.
    let placeholder = show(&Value::Str(SigmaString::from_parts([Part::Placeholder("a".to_owned())])));
    check(&[Modifier::All, Modifier::Expand], PYSIGMA, "'%a%'", Some(&placeholder));
    check(&[Modifier::Expand], SPEC, "'%a%'", Some("'%a%'"));
}

#[test]
fn shapes_of_search_identifiers() {
    // The identifier, its groups and items, or the error; ours and the reference's.
    for (definition, ours, reference) in [
        ("{a: 1, b: 2}", "a & b", "a & b"),
        ("[x, y]", "keyword", "keyword"),
        ("x", "keyword", "keyword"),
        ("[{a: 1}, {b: 2, c: 3}]", "(a) | (b & c)", "(a) | (b & c)"),
        ("[{a: 1}, foo]", "(a) | (keyword)", "(a) | (keyword)"),
        ("{'|all': [x, y], a: 1}", "keyword & a", "keyword & a"),
        ("{1: x}", "1", "! bad-key"),
        ("{}", "! empty-search-identifier", "! empty-search-identifier"),
        ("[]", "! empty-search-identifier", "! null-keyword"),
        ("null", "! empty-search-identifier", "keyword"),
        ("[x, null]", "! null-keyword", "keyword"),
    ] {
        for (compat, expected) in [(SPEC, ours), (PYSIGMA, reference)] {
            let loaded = load(&rule_with(&format!("  sel: {definition}\n  condition: sel\n")), compat);
            let shown = match errors(&loaded).first() {
                Some(error) => format!("! {error}"),
                None => show_group(&rules(&loaded)[0].detections[0].1),
            };
            assert_eq!(shown, expected, "{definition} {compat:?}");
        }
    }
}

fn show_group(group: &sigyn_ir::Detection) -> String {
    let link = if group.linking == Linking::And { " & " } else { " | " };
    let entries = group.entries.iter().map(|entry| match entry {
        DetectionEntry::Item(item) => item.field.clone().unwrap_or("keyword".to_owned()),
        DetectionEntry::Group(group) => format!("({})", show_group(group)),
    });
    entries.collect::<Vec<_>>().join(link)
}

fn show_condition(expr: &ConditionExpr) -> String {
    let all = |args: &[ConditionExpr]| args.iter().map(show_condition).collect::<Vec<_>>().join(" ");
    match expr {
        ConditionExpr::Or(args) => format!("(or {})", all(args)),
        ConditionExpr::And(args) => format!("(and {})", all(args)),
        ConditionExpr::Not(arg) => format!("(not {})", show_condition(arg)),
        ConditionExpr::AtLeast { count, of } => format!("({count} of {})", all(of)),
        ConditionExpr::Detection(id) => id.0.to_string(),
        ConditionExpr::False => "false".to_owned(),
        ConditionExpr::Nothing => "nothing".to_owned(),
    }
}

#[test]
fn conditions() {
    for (condition, ours, reference) in [
        ("s1 and not s2", "(and 0 (not 1))", "(and 0 (not 1))"),
        ("1 of s*", "(or 0 1)", "(or 0 1)"),
        ("all of them", "(and 0 1 3)", "(and 0 1 3)"),
        ("1 of _*", "2", "2"),
        ("2 of s*", "(2 of 0 1)", "! condition-syntax"),
        ("3 of s*", "false", "! condition-syntax"),
        ("notepad", "3", "! unknown-identifier"),
        ("s1 AND s2", "(and 0 1)", "! condition-syntax"),
        ("s1 and not 1 of zzz_*", "(and 0 (not false))", "(and 0 (not nothing))"),
        ("s1 and not all of zzz_*", "! empty-selector", "(and 0 (not nothing))"),
        ("all of zzz_*", "! empty-selector", "nothing"),
        ("s3", "! unknown-identifier", "! unknown-identifier"),
        ("s1 | count() > 5", "! condition-aggregation", "! condition-aggregation"),
        ("5", "! condition-not-text", "! condition-not-text"),
        ("[]", "! missing-condition", "! missing-condition"),
    ] {
        let text =
            rule_with(&format!("  s1: a\n  s2: b\n  _s3: c\n  notepad: d\n  condition: {condition}\n"));
        for (compat, expected) in [(SPEC, ours), (PYSIGMA, reference)] {
            let loaded = load(&text, compat);
            let shown = match errors(&loaded).first() {
                Some(error) => format!("! {error}"),
                None => show_condition(&rules(&loaded)[0].conditions[0].expr),
            };
            assert_eq!(shown, expected, "{condition} {compat:?}");
        }
    }
}

#[test]
fn timeframe_is_no_search_identifier() {
    let text = rule_with("  sel: a\n  timeframe: 5m\n  condition: 1 of them\n");
    for (compat, names) in [(SPEC, vec!["sel"]), (PYSIGMA, vec!["sel", "timeframe"])] {
        let loaded = load(&text, compat);
        let found: Vec<&str> = rules(&loaded)[0].detections.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(found, names, "{compat:?}");
    }
}

/// A document with a correlation of `t` that has one more key.
fn counting(key: &str) -> String {
    format!(
        "---\ntitle: c\ncorrelation:\n  type: event_count\n  rules: [t]\n  timespan: 5m\n  condition: {{gte: 5}}\n  {key}\n"
    )
}

fn named(name: &str) -> String {
    rule_of("f: 1").replace("title: t", &format!("title: t\nname: {name}"))
}

#[test]
fn warnings_of_our_reading() {
    for (text, found) in [
        (rule_of("f: [a, null]"), "null-in-list"),
        (rule_of("f: yes"), "yaml-ambiguity"),
        (rule_of("f: 0o17"), "yaml-ambiguity"),
        (rule_of("f|contains: 5"), "number-under-text-modifier"),
        (rule_of("f|cidr: 10.1.2.3/8"), "cidr-host-bits"),
        (rule_with("  a: x\n  b: y\n  condition: a AND b\n"), "uppercase-keyword"),
        (rule_with("  a: x\n  condition: 5 of a\n"), "count-out-of-reach"),
        (rule_with("  a: x\n  condition: a and not 1 of b*\n"), "empty-selector"),
        (rule_of("f: 1").replace("  product: windows", "  product: windows\n  categroy: x"), "unknown-key"),
        (format!("{}{}", named("t"), counting("group_by: [a]")), "unknown-key"),
        (format!("{}{}", named("t"), counting("treshold: 5")), "unknown-key"),
        (format!("{}{}", named("t"), counting("window: tumbling")), "correlation-extension"),
    ] {
        assert_eq!(warnings(&load(&text, SPEC)), [found], "{text}");
        assert_eq!(warnings(&load(&text, PYSIGMA)), [""; 0], "{text}");
    }
}

#[test]
fn a_misspelt_key_is_answered_with_the_one_that_was_meant() {
    for (text, meant) in [
        (format!("{}{}", named("t"), counting("group_by: [a]")), Some("did you mean `group-by`?")),
        (format!("{}{}", named("t"), counting("treshold: 5")), None),
        (format!("{}{}", named("t"), counting("x: 1").replace("gte", "get")), Some("did you mean `gte`?")),
        (rule_of("f: 1").replace("  product", "  vendor: x\n  product"), None),
        (rule_of("f: 1").replace("  product", "  sevice: x\n  product"), Some("did you mean `service`?")),
    ] {
        let loaded = load(&text, SPEC);
        let help = loaded.diagnostics.iter().find_map(|found| found.help.as_deref());
        assert_eq!(help, meant, "{text}");
    }
}

/// The text under the place of each error.
#[test]
fn errors_point_at_their_place() {
    for (text, code, place) in [
        (rule_with("  s: x\n  condition: s and\n    nosuch\n"), "unknown-identifier", "s and\n    nosuch"),
        (rule_with("  s: x\n  condition: s and nosuch\n"), "unknown-identifier", "nosuch"),
        (rule_with("  s: x\n  condition: 's and nosuch'\n"), "unknown-identifier", "nosuch"),
        (rule_of("ünï|nosuch: é"), "unknown-modifier", "ünï|nosuch"),
        (rule_of("f|re: ['ö', 'é(']"), "bad-regex", "'é('"),
        (rule_of("f: 1\n    f: 2"), "duplicate-key", "f"),
        (rule_of("f: 1").replace("title: t", "title: t\nlevel: höch"), "bad-level", "höch"),
        (rule_of("f: 1").replace("title: t", "title: t\ntags: [attack]"), "tag-without-namespace", "attack"),
    ] {
        let loaded = load(&text, SPEC);
        let error = loaded.diagnostics.iter().find(|found| found.is_error()).unwrap();
        assert_eq!(error.code.name, code, "{text}");
        assert_eq!(&text[error.span.unwrap().range()], place, "{text}");
    }
}

#[test]
fn attributes() {
    let base = rule_of("f: 1");
    for (attribute, ours, reference) in [
        ("id: not-a-uuid", "bad-id", "bad-id"),
        ("id: 5", "id-not-text", "id-not-text"),
        ("id: '{929A690E-BEF0-4204-A928-EF5E620D6FCC}'", "", ""),
        ("name: ''", "bad-name", "bad-name"),
        ("name: 929a690e-bef0-4204-a928-ef5e620d6fcc", "bad-name", ""),
        ("related: [{id: 929a690e-bef0-4204-a928-ef5e620d6fcc, type: derived}]", "", ""),
        ("related: [{id: 929a690e-bef0-4204-a928-ef5e620d6fcc, type: same}]", "bad-related", "bad-related"),
        ("level: HIGH", "", ""),
        ("level: huge", "bad-level", "bad-level"),
        ("status: old", "bad-status", "bad-status"),
        ("date: 2024/1/2", "", ""),
        ("date: 2024-01-02", "", ""),
        ("date: 2024-02-30", "bad-date", "yaml-syntax bad-date"),
        ("date: 2024-1-2", "bad-date", "bad-date"),
        ("modified: soon", "bad-modified", "bad-modified"),
        ("author: [a, b]", "bad-author", "bad-author"),
        ("references: x", "bad-references", "bad-references"),
        ("falsepositives: x", "bad-falsepositives", "bad-falsepositives"),
        ("fields: x", "bad-fields", "bad-fields"),
        ("scope: x", "bad-scope", "bad-scope"),
        ("license: 5", "bad-license", "bad-license"),
        ("taxonomy: []", "bad-taxonomy", "bad-taxonomy"),
        ("tags: attack.t1059", "bad-tag", "bad-tag"),
        ("tags: [attack]", "tag-without-namespace", "tag-without-namespace"),
        ("anything: {kept: true}", "", ""),
    ] {
        let text = format!("{attribute}\n{base}");
        assert_eq!(errors(&load(&text, SPEC)).join(" "), ours, "{attribute}");
        assert_eq!(
            errors(&load(&text, PYSIGMA)).join(" "),
            reference,
            "{attribute} as the reference reads it"
        );
    }
    let long = |key: &str, length: usize| format!("{key}: {}\n", "é".repeat(length));
    let titled = |title: String| base.replace("title: t\n", &title);
    assert_eq!(errors(&load(&titled(long("title", 256)), SPEC)), [""; 0]);
    assert_eq!(errors(&load(&titled(long("title", 257)), SPEC)), ["bad-title"]);
    assert_eq!(errors(&load(&format!("{}{base}", long("description", 65_536)), SPEC)), ["bad-description"]);
    assert_eq!(errors(&load(&format!("{}{base}", long("description", 65_536)), PYSIGMA)), [""; 0]);
}

#[test]
fn a_broken_document_leaves_its_neighbours_alone() {
    let one = rule_of("f: 1").replace("title: t", "title: one");
    let three = rule_of("f: 3").replace("title: t", "title: three");
    for broken in ["title: [\n", "title: two\n", "- a\n", "action: foo\n", "title: two\ntitle: zwei\n"] {
        let text = format!("{one}---\n{broken}---\n{three}");
        let loaded = load(&text, SPEC);
        assert_eq!(titles(&loaded), ["one", "three"], "{broken}");
        assert_eq!(loaded.failed.len(), 1, "{broken}");
        assert!(!errors(&loaded).is_empty());
        let reference = load(&text, PYSIGMA);
        assert_eq!(titles(&reference), [""; 0], "{broken}: the reference refuses the file");
        assert_eq!(reference.failed.len(), 1);
    }
}

#[test]
fn collections() {
    let rule = |title: &str| format!("{title}detection:\n  s: x\n  condition: s\n");
    let global = "action: global\ntitle: g\nlogsource: {product: windows}\n";
    let text = format!("{global}---\n{}---\n{}", rule(""), rule("title: own\n"));
    assert_eq!(titles(&load(&text, SPEC)), ["g", "own"]);
    assert_eq!(titles(&load(&text, PYSIGMA)), ["g", "g"], "the template overwrites");

    let repeat =
        format!("{global}---\n{}---\naction: repeat\ntitle: again\nlevel: low\n", rule("title: own\n"));
    assert_eq!(titles(&load(&repeat, SPEC)), ["own", "again"]);
    assert_eq!(titles(&load(&repeat, PYSIGMA)), ["g", "again"]);

    let reset = format!("{global}---\naction: reset\n---\n{}", rule("title: own\n"));
    assert_eq!(errors(&load(&reset, SPEC)), ["missing-logsource"]);

    let after_global = format!("{global}---\naction: repeat\n{}---\nlevel: low\n", rule("title: first\n"));
    assert_eq!(errors(&load(&after_global, SPEC)), ["nothing-to-repeat", "missing-detection"]);
    assert_eq!(titles(&load(&after_global, PYSIGMA)), ["first", "first"], "`repeat` changes the template");
}

const FILTER: &str = "title: f\nlogsource: {product: windows}\nfilter:\n  rules: any\n  selection: {u: adm}\n  condition: not selection\n";

#[test]
fn filters() {
    let rule = rule_with("  sel: a\n  _hid: b\n  condition: 1 of _* or sel\n");
    let loaded = load_files(&[&rule, FILTER], SPEC);
    assert_eq!(errors(&loaded), [""; 0]);
    let filtered = rules(&loaded)[0];
    assert_eq!(show_condition(&filtered.conditions[0].expr), "(and (or 1 0) (not 2))");
    let reference = load_files(&[&rule, FILTER], PYSIGMA);
    let filtered = rules(&reference)[0];
    assert_eq!(
        show_condition(&filtered.conditions[0].expr),
        "(and (or (or 1 2) 0) (not 2))",
        "the reference's patterns see the filter's identifiers"
    );
    assert_eq!(filtered.conditions[0].text, "(1 of _* or sel) and (not _filt_aaaaaaaaaa_selection)");

    let named = rule.replace("title: t", "title: t\nname: rule_a");
    for (rules_key, is_applied) in [
        ("rules: [rule_a]", true),
        ("rules: rule_a", true),
        ("rules: []", true),
        ("rules: [rule_b]", false),
        ("rules: ANY", true),
    ] {
        let filter = FILTER.replace("rules: any", rules_key);
        for compat in [SPEC, PYSIGMA] {
            let loaded = load_files(&[&named, &filter], compat);
            assert_eq!(errors(&loaded), [""; 0]);
            assert_eq!(rules(&loaded)[0].detections.len() == 3, is_applied, "{rules_key}");
        }
    }
    for (from, to, error) in [
        ("  rules: any\n", "", "bad-filter-rules"),
        ("rules: any", "rules: 5", "bad-filter-rules"),
        ("condition: not selection", "condition: [selection]", "bad-filter-condition"),
        ("  condition: not selection\n", "", "bad-filter-condition"),
        ("not selection", "not nosuch", "unknown-identifier"),
        ("logsource: {product: windows}\n", "", "missing-logsource"),
    ] {
        assert_eq!(errors(&load(&FILTER.replace(from, to), SPEC)), [error], "{to}");
    }
    assert_eq!(warnings(&load(&FILTER.replace("not selection", "selection"), SPEC)), ["filter-without-not"]);
    for (of_rule, of_filter, error) in [
        ("", "", ""),
        ("ecs", "ECS", ""),
        ("", "Sigma", ""),
        ("ecs", "", "filter-taxonomy"),
        ("", "ecs", "filter-taxonomy"),
    ] {
        let with = |text: &str, taxonomy: &str| match taxonomy {
            "" => text.to_owned(),
            taxonomy => format!("taxonomy: {taxonomy}\n{text}"),
        };
        let texts = [with(&rule, of_rule), with(FILTER, of_filter)];
        let texts = [texts[0].as_str(), texts[1].as_str()];
        assert_eq!(errors(&load_files(&texts, SPEC)).concat(), error, "{of_rule} and {of_filter}");
        assert_eq!(errors(&load_files(&texts, PYSIGMA)), [""; 0]);
    }
    let other = FILTER.replace("product: windows", "product: linux");
    assert_eq!(rules(&load_files(&[&rule, &other], SPEC))[0].detections.len(), 2);
}

/// Two rules, `a` and `b`, and a correlation with this body.
fn correlation(body: &str) -> String {
    let rule = |name: &str| rule_of("f: 1").replace("title: t", &format!("title: {name}\nname: {name}"));
    format!("title: c\nname: c\ncorrelation:\n{body}---\n{}---\n{}", rule("a"), rule("b"))
}

#[test]
fn correlation_types() {
    for (body, ours, reference) in [
        ("  type: event_count\n  rules: [a]\n  timespan: 5m\n  condition: {gte: 5}\n", "", ""),
        ("  type: event_count\n  rules: a\n  timespan: 5m\n  condition: {gte: 5}\n", "", ""),
        ("  type: value_count\n  rules: [a]\n  timespan: 5m\n  condition: {gte: 5, field: x}\n", "", ""),
        (
            "  type: value_count\n  rules: [a]\n  timespan: 5m\n  condition: {gte: 5}\n",
            "missing-condition-field",
            "missing-condition-field",
        ),
        ("  type: temporal\n  rules: [a, b]\n  timespan: 5m\n", "", ""),
        ("  type: temporal\n  timespan: 5m\n", "bad-correlation-rules", ""),
        ("  type: temporal_ordered\n  rules: []\n  timespan: 5m\n", "bad-correlation-rules", ""),
        ("  type: temporal_ordered\n  rules: [a, b]\n  timespan: 5m\n", "", ""),
        ("  type: value_sum\n  rules: [a]\n  timespan: 5m\n  condition: {gt: 1.5, field: x}\n", "", ""),
        ("  type: value_avg\n  rules: [a]\n  timespan: 5m\n  condition: {gt: 1, field: x}\n", "", ""),
        ("  type: value_median\n  rules: [a]\n  timespan: 5m\n  condition: {gt: 1, field: x}\n", "", ""),
        (
            "  type: value_percentile\n  rules: [a]\n  timespan: 5m\n  condition: {gt: 1, field: x, percentile: 95}\n",
            "",
            "",
        ),
        (
            "  type: value_percentile\n  rules: [a]\n  timespan: 5m\n  condition: {gt: 1, field: x}\n",
            "missing-percentile",
            "",
        ),
        (
            "  type: value_percentile\n  rules: [a]\n  timespan: 5m\n  condition: {gt: 1, field: x, percentile: 101}\n",
            "missing-percentile",
            "",
        ),
        // Ranges are ours.
        (
            "  type: event_count\n  rules: [a]\n  timespan: 5m\n  condition: {gt: 1, lte: 9}\n",
            "",
            "bad-correlation-condition",
        ),
        (
            "  type: event_count\n  rules: [a]\n  timespan: 5m\n  condition: {gt: many}\n",
            "bad-correlation-condition",
            "bad-correlation-condition",
        ),
        (
            "  type: event_count\n  rules: [a]\n  timespan: 5m\n  condition: {gt: 1, foo: 2}\n",
            "bad-correlation-condition",
            "bad-correlation-condition",
        ),
        (
            "  type: event_count\n  rules: [a]\n  timespan: 5m\n",
            "missing-correlation-condition",
            "missing-correlation-condition",
        ),
        ("  type: event_count\n  rules: [a]\n  condition: {gt: 1}\n", "missing-timespan", "missing-timespan"),
        (
            "  type: event_count\n  rules: [a]\n  timespan: 0m\n  condition: {gt: 1}\n",
            "bad-timespan",
            "bad-timespan",
        ),
        (
            "  type: event_count\n  rules: [a]\n  timespan: 5x\n  condition: {gt: 1}\n",
            "bad-timespan",
            "bad-timespan",
        ),
        (
            "  type: event_count\n  timespan: 5m\n  condition: {gt: 1}\n",
            "bad-correlation-rules",
            "bad-correlation-rules",
        ),
        (
            "  type: nosuch\n  rules: [a]\n  timespan: 5m\n  condition: {gt: 1}\n",
            "bad-correlation-type",
            "bad-correlation-type",
        ),
        (
            "  rules: [a]\n  timespan: 5m\n  condition: {gt: 1}\n",
            "missing-correlation-type",
            "missing-correlation-type",
        ),
        (
            "  type: event_count\n  rules: [a, nosuch]\n  timespan: 5m\n  condition: {gt: 1}\n",
            "unknown-rule",
            "unknown-rule",
        ),
        (
            "  type: event_count\n  rules: [c]\n  timespan: 5m\n  condition: {gt: 1}\n",
            "correlation-cycle",
            "correlation-cycle",
        ),
        (
            "  type: event_count\n  rules: [a, a]\n  timespan: 5m\n  condition: {gt: 1}\n",
            "duplicate-reference",
            "",
        ),
        (
            "  type: event_count\n  rules: [a]\n  timespan: 5m\n  group-by: {}\n  condition: {gt: 1}\n",
            "bad-group-by",
            "bad-group-by",
        ),
        (
            "  type: event_count\n  rules: [a]\n  timespan: 5m\n  aliases: []\n  condition: {gt: 1}\n",
            "bad-aliases",
            "bad-aliases",
        ),
        (
            "  type: event_count\n  rules: [a]\n  timespan: 5m\n  aliases: {x: y}\n  condition: {gt: 1}\n",
            "bad-alias",
            "bad-alias",
        ),
        (
            "  type: event_count\n  rules: [a]\n  timespan: 5m\n  generate: perhaps\n  condition: {gt: 1}\n",
            "bad-generate",
            "bad-generate",
        ),
        // Extended conditions.
        ("  type: temporal\n  timespan: 5m\n  condition: a and not b\n", "", ""),
        ("  type: temporal\n  rules: [a, b]\n  timespan: 5m\n  condition: a and b\n", "", ""),
        (
            "  type: temporal\n  rules: [a, b]\n  timespan: 5m\n  condition: a\n",
            "extended-condition-rules",
            "extended-condition-rules",
        ),
        (
            "  type: temporal\n  rules: [a]\n  timespan: 5m\n  condition: a or b\n",
            "extended-condition-rules",
            "extended-condition-rules",
        ),
        (
            "  type: temporal\n  timespan: 5m\n  condition: a and\n",
            "bad-extended-condition",
            "bad-extended-condition",
        ),
        (
            "  type: event_count\n  rules: [a]\n  timespan: 5m\n  condition: a\n",
            "bad-extended-condition",
            "bad-extended-condition",
        ),
    ] {
        for (compat, expected) in [(SPEC, ours), (PYSIGMA, reference)] {
            let loaded = load(&correlation(body), compat);
            assert_eq!(errors(&loaded).first().copied().unwrap_or(""), expected, "{compat:?}\n{body}");
        }
    }
}

#[test]
fn references_are_linked_and_come_first() {
    let body = "  type: temporal\n  rules: [b, a]\n  timespan: 1M\n  group-by: [user]\n  aliases:\n    user: {a: x, b: y}\n";
    let loaded = load(&correlation(body), SPEC);
    assert_eq!(titles(&loaded), ["b", "a", "c"]);
    assert_eq!(loaded.set.outputs, [false, false, true]);
    assert_eq!(loaded.set.is_referenced, [true, true, false]);
    let RuleItem::Correlation(found) = &loaded.set.items[2] else { panic!("no correlation") };
    let targets: Vec<&str> =
        found.rules.iter().map(|rule| loaded.set.get(rule.target).unwrap().meta().title.as_str()).collect();
    assert_eq!(targets, ["b", "a"]);
    assert_eq!(loaded.set.get(found.aliases[0].fields[0].0.target).unwrap().meta().title, "a");
    assert_eq!(found.timespan.seconds, 2_629_746);
    let CorrelationCondition::Thresholds { thresholds, .. } = &found.condition else { panic!("extended") };
    assert_eq!((thresholds[0].op.as_str(), thresholds[0].number.to_string().as_str()), ("gte", "2"));
}

#[test]
fn generate_in_either_place() {
    let inner =
        "  type: event_count\n  rules: [a]\n  timespan: 5m\n  condition: {gte: 5}\n  generate: true\n";
    let outer = correlation(&inner.replace("  generate: true\n", "")).replacen(
        "title: c",
        "generate: true\ntitle: c",
        1,
    );
    let both = correlation(inner).replacen("title: c", "generate: false\ntitle: c", 1);
    let is_output = |loaded: &Loaded| {
        let at = titles(loaded).iter().position(|title| *title == "a").unwrap();
        loaded.set.outputs[at]
    };
    assert!(is_output(&load(&correlation(inner), SPEC)));
    assert!(is_output(&load(&correlation(inner), PYSIGMA)));
    assert!(is_output(&load(&outer, SPEC)));
    assert!(!is_output(&load(&outer, PYSIGMA)), "the reference looks inside only");
    assert_eq!(errors(&load(&both, SPEC)), ["bad-generate"]);
}

#[test]
fn what_refers_to_a_refused_rule_is_refused() {
    let body = "  type: event_count\n  rules: [a]\n  timespan: 5m\n  condition: {gte: 5}\n";
    let chained = "---\ntitle: d\ncorrelation:\n  type: event_count\n  rules: [c]\n  timespan: 5m\n  condition: {gte: 5}\n";
    let text = format!("{}{chained}", correlation(body));
    assert_eq!(titles(&load(&text, SPEC)), ["a", "c", "b", "d"]);
    let broken = text.replace("title: a\n", "title: a\nlevel: huge\n");
    assert_eq!(titles(&load(&broken, SPEC)), ["b"]);
    assert_eq!(errors(&load(&broken, SPEC)), ["bad-level", "unknown-rule", "unknown-rule"]);
}

#[test]
fn ids_and_names_are_unique_where_something_refers_to_them() {
    let id = "929a690e-bef0-4204-a928-ef5e620d6fcc";
    let a = rule_of("f: 1").replace("title: t", &format!("title: a\nid: {id}\nname: x"));
    let b = a.replace("title: a", "title: b").replace("name: x", "name: y");
    let c = rule_of("f: 1").replace("title: t", "title: c\nname: x");
    let counts = |rule: &str| {
        format!(
            "title: d\ncorrelation:\n  type: event_count\n  rules: [{rule}]\n  timespan: 5m\n  condition: {{gte: 5}}\n"
        )
    };
    for (other, code, reference) in [(&b, "duplicate-id", id), (&c, "duplicate-name", "x")] {
        let alone = load_files(&[&a, other], SPEC);
        assert_eq!((errors(&alone), warnings(&alone), alone.set.items.len()), (vec![], vec![code], 2));
        let referred = load_files(&[&a, other, &counts(reference)], SPEC);
        assert_eq!((errors(&referred), titles(&referred)), (vec![code], vec!["a", "d"]));
    }
    assert_eq!(titles(&load_files(&[&a, &b], PYSIGMA)), ["a", "b"]);
}

/// Rules with any of the pieces in any place.
fn ruleish() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("title: t\n"),
        Just("id: x\n"),
        Just("logsource:\n  product: a\n"),
        Just("detection:\n"),
        Just("  sel:\n"),
        Just("    f|contains: a\n"),
        Just("    f|re|i: ['(', 5]\n"),
        Just("    - x\n"),
        Just("    f|windash|base64offset: -é\n"),
        Just("    f|cidr: 1.2.3.4/5\n"),
        Just("    f|hour|gt: 5\n"),
        Just("  condition: 1 of sel* and not x\n"),
        Just("  condition: [sel, 5]\n"),
        Just("---\n"),
        Just("action: global\n"),
        Just("action: repeat\n"),
        Just("correlation:\n"),
        Just("  type: temporal\n"),
        Just("  rules: [a, b]\n"),
        Just("  timespan: 5m\n"),
        Just("  condition: a and b\n"),
        Just("  condition: {gte: 5, field: [a]}\n"),
        Just("name: a\n"),
        Just("name: b\n"),
        Just("filter:\n"),
        Just("  rules: any\n"),
        Just("tags: [a.b, 5]\n"),
        Just("date: 2024-13-01\n"),
        Just("  <<: *x\n"),
    ];
    prop::collection::vec(piece, 0..25).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn rulelike_text_is_loaded(text in ruleish()) {
        for compat in [SPEC, PYSIGMA] {
            let loaded = load(&text, compat);
            prop_assert_eq!(loaded.failed.is_empty(), errors(&loaded).is_empty());
            prop_assert_eq!(loaded.set.items.len(), loaded.set.outputs.len());
        }
    }

    #[test]
    fn any_values_are_lowered(value in any::<String>(), modifiers in "(\\|(contains|re|i|windash|wide|utf16|base64|base64offset|cased|expand|cidr|fieldref|all|neq|endswith)){0,4}") {
        let quoted = serde_json::to_string(&value).unwrap();
        for compat in [SPEC, PYSIGMA] {
            load(&rule_of(&format!("f{modifiers}: {quoted}")), compat);
        }
    }

    #[test]
    fn any_text_is_loaded(text in any::<String>()) {
        for compat in [SPEC, PYSIGMA] {
            load(&text, compat);
        }
    }
}
