//! The condition grammars: ours and the reference's.

#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use sigyn_syntax::Compat;
use sigyn_syntax::condition::{
    Expr, ExprKind, Pattern, Quantifier, parse_condition, parse_correlation_condition,
};

fn show(expr: &Expr) -> String {
    let all = |args: &[Expr]| args.iter().map(show).collect::<Vec<_>>().join(" ");
    match &expr.kind {
        ExprKind::Or(args) => format!("(or {})", all(args)),
        ExprKind::And(args) => format!("(and {})", all(args)),
        ExprKind::Not(arg) => format!("(not {})", show(arg)),
        ExprKind::Identifier(name) => name.clone(),
        ExprKind::Selector { quantifier, pattern } => {
            let count = match quantifier {
                Quantifier::Any => "1".to_owned(),
                Quantifier::All => "all".to_owned(),
                Quantifier::AtLeast(count) => count.to_string(),
            };
            let pattern = match pattern {
                Pattern::Them => "THEM",
                Pattern::Glob(glob) => glob,
            };
            format!("[{count} {pattern}]")
        }
    }
}

/// The tree, or what is wrong and the text it is about.
fn read(text: &str, compat: Compat) -> String {
    match parse_condition(text, compat) {
        Ok(ast) => show(&ast.root),
        Err(error) => format!("{}@{}", error.code.name, &text[error.range]),
    }
}

#[test]
fn conditions() {
    // The condition, our reading, the reference's reading.
    for (text, ours, reference) in [
        ("a", "a", "a"),
        ("a and b or c", "(or (and a b) c)", "(or (and a b) c)"),
        ("a or b and not c", "(or a (and b (not c)))", "(or a (and b (not c)))"),
        ("not not a", "(not (not a))", "(not (not a))"),
        ("a and (b or c) and d", "(and a (or b c) d)", "(and a (or b c) d)"),
        ("(a and b) and c", "(and (and a b) c)", "(and (and a b) c)"),
        (
            "1 of sel* and not 1 of filter_*",
            "(and [1 sel*] (not [1 filter_*]))",
            "(and [1 sel*] (not [1 filter_*]))",
        ),
        ("all of them", "[all THEM]", "[all THEM]"),
        ("any of them", "[1 THEM]", "[1 THEM]"),
        ("1 of a", "[1 a]", "[1 a]"),
        ("a\n  and\tb", "(and a b)", "(and a b)"),
        // Word boundaries.
        ("notepad", "notepad", "(not epad)"),
        ("a andb", "condition-syntax@andb", "(and a b)"),
        ("android or oracle", "(or android oracle)", "(or android oracle)"),
        // Extensions of ours.
        ("2 of sel*", "[2 sel*]", "condition-syntax@of"),
        ("1 of s-*", "[1 s-*]", "condition-syntax@-*"),
        ("a AND NOT b", "(and a (not b))", "condition-syntax@AND"),
        ("ALL OF THEM", "[all THEM]", "condition-syntax@OF"),
        // Refused by both, if not in the same words.
        ("", "condition-syntax@", "condition-syntax@"),
        ("(a", "condition-syntax@", "condition-syntax@"),
        ("a)", "condition-syntax@)", "condition-syntax@)"),
        ("a b", "condition-syntax@b", "condition-syntax@b"),
        ("a and", "condition-syntax@", "condition-syntax@"),
        ("a & b", "condition-syntax@&", "condition-syntax@&"),
        ("a | count() > 5", "condition-aggregation@| count() > 5", "condition-aggregation@| count() > 5"),
        ("0 of them", "condition-syntax@0", "condition-syntax@of"),
        ("sel*", "condition-syntax@sel*", "condition-syntax@*"),
        ("all", "condition-syntax@", "all"),
        ("of", "condition-syntax@of", "of"),
    ] {
        assert_eq!(read(text, Compat::Spec), ours, "{text:?}");
        assert_eq!(read(text, Compat::PySigma), reference, "{text:?} as the reference reads it");
    }
}

#[test]
fn keywords_not_in_lower_case_are_named() {
    let text = "a AND Not 1 Of x*";
    let ast = parse_condition(text, Compat::Spec).unwrap();
    let words: Vec<&str> = ast.uppercase.iter().map(|range| &text[range.clone()]).collect();
    assert_eq!(words, ["AND", "Not", "Of"]);
}

#[test]
fn ranges_are_bytes_of_the_condition() {
    let text = "a and not 1 of filter_*";
    let ast = parse_condition(text, Compat::Spec).unwrap();
    let ExprKind::And(args) = &ast.root.kind else { panic!("no `and`") };
    assert_eq!(&text[args[1].range.clone()], "not 1 of filter_*");
    let ExprKind::Not(arg) = &args[1].kind else { panic!("no `not`") };
    assert_eq!(&text[arg.range.clone()], "1 of filter_*");
}

#[test]
fn patterns_do_not_see_hidden_identifiers() {
    let glob = |text: &str| Pattern::Glob(text.to_owned());
    for (pattern, name, selected) in [
        (Pattern::Them, "a", true),
        (Pattern::Them, "_a", false),
        (glob("sel*"), "sel", true),
        (glob("sel*"), "selection_1", true),
        (glob("*_allow"), "x_allow", true),
        (glob("a*b*c"), "aXbYc", true),
        (glob("a*b*c"), "aXc", false),
        (glob("ab*ba"), "aba", false),
        (glob("*"), "_x", false),
        (glob("_*"), "_x", true),
        (glob("a"), "a", true),
        (glob("a"), "ab", false),
    ] {
        assert_eq!(pattern.selects(name), selected, "{pattern:?} {name}");
    }
}

#[test]
fn deep_nesting_is_refused() {
    for text in [format!("{}a{}", "(".repeat(5_000), ")".repeat(5_000)), format!("{}a", "not ".repeat(5_000))]
    {
        for compat in [Compat::Spec, Compat::PySigma] {
            assert_eq!(parse_condition(&text, compat).unwrap_err().code.name, "condition-nesting-limit");
        }
    }
}

#[test]
fn correlation_conditions() {
    for (text, ours, reference) in [
        ("a and (b or c) and not d", "(and a (or b c) (not d))", "(and a (or b c) (not d))"),
        ("notepad and b", "(and notepad b)", "(and notepad b)"),
        ("rule-1 or b", "(or rule-1 b)", "!"),
        ("a AND b", "(and a b)", "!"),
        ("all and of", "(and all of)", "(and all of)"),
        ("a |", "!", "!"),
    ] {
        let read =
            |compat| parse_correlation_condition(text, compat).map_or("!".to_owned(), |ast| show(&ast.root));
        assert_eq!(read(Compat::Spec), ours, "{text:?}");
        assert_eq!(read(Compat::PySigma), reference, "{text:?} as the reference reads it");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_text_is_read(text in any::<String>()) {
        check(&text)?;
    }

    #[test]
    fn condition_like_text_is_read(words in prop::collection::vec(prop_oneof![
        Just("not"), Just("and"), Just("or"), Just("1"), Just("2"), Just("of"), Just("them"), Just("all"),
        Just("a"), Just("s_*"), Just("("), Just(")"), Just(" "), Just(" "), Just("|"), Just("é"), Just("\n"),
    ], 0..40)) {
        check(&words.concat())?;
    }
}

fn check(text: &str) -> Result<(), TestCaseError> {
    for compat in [Compat::Spec, Compat::PySigma] {
        for result in [parse_condition(text, compat), parse_correlation_condition(text, compat)] {
            match result {
                Ok(ast) => prop_assert!(text.get(ast.root.range).is_some()),
                Err(error) => prop_assert!(text.get(error.range).is_some()),
            }
        }
    }
    Ok(())
}
