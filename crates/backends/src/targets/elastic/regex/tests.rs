//! Translations, each held against the original over texts that it finds and texts that it does not find.

use sigyn_ir::RegexFlags;

use super::*;

fn regex(pattern: &str, flags: &str) -> Regex {
    let flags = RegexFlags {
        ignore_case: flags.contains('i'),
        multiline: flags.contains('m'),
        dotall: flags.contains('s'),
    };
    Regex { pattern: SigmaString::literal(pattern), flags }
}

/// Lucene's pattern in the syntax of the crate: whole values, and `\<` and `\>` are characters.
fn whole(pattern: &str, ignores_case: bool) -> fancy_regex::Regex {
    let plain = pattern.replace("\\<", "[<]").replace("\\>", "[>]");
    let flag = if ignores_case { "i" } else { "" };
    fancy_regex::Regex::new(&format!("\\A(?s{flag}:{plain})\\z")).expect("a translation is a pattern")
}

fn check(pattern: &str, flags: &str, lucene: &str, found: &[&str], not_found: &[&str]) {
    let regex = regex(pattern, flags);
    for case in [Case::Spelled, Case::ByOperator] {
        let translated = LuceneRegex::translate(&regex, case, Dot::ButNewline)
            .unwrap_or_else(|error| panic!("{pattern}: {error}"));
        if case == Case::Spelled {
            assert_eq!(translated.pattern, lucene, "{pattern}");
            assert!(!translated.ignores_case, "{pattern}");
        }
        let original = fancy_regex::Regex::new(&format!("(?{flags}:{pattern})")).expect("valid");
        let translation = whole(&translated.pattern, translated.ignores_case);
        for (texts, is_found) in [(found, true), (not_found, false)] {
            for text in texts {
                assert_eq!(original.is_match(text).ok(), Some(is_found), "{pattern} in {text:?}");
                let ours = &translated.pattern;
                assert_eq!(translation.is_match(text).ok(), Some(is_found), "{ours} in {text:?}");
            }
        }
    }
}

fn refuse(pattern: &str, flags: &str, why: &str) {
    let error = LuceneRegex::translate(&regex(pattern, flags), Case::Spelled, Dot::Any).expect_err(pattern);
    assert!(error.message.contains(why), "{pattern}: {}", error.message);
}

#[test]
fn a_search_becomes_a_match_of_the_whole_value() {
    check("net\\s+view", "", r".*net\s+view.*", &["net  view", "a net view b"], &["netview"]);
    check(".*a.*", "s", ".*a.*", &["a", "\na"], &["b"]);
    check("a.b", "", ".*a[^\n]b.*", &["xaxbx"], &["a\nb"]);
    check("a{2,}b{1,3}?c{4}", "", ".*a{2,}b{1,3}c{4}.*", &["aabcccc"], &["abcccc"]);
}

#[test]
fn anchors_stand_at_open_ends() {
    check("^a$", "", "a", &["a"], &["ab", "ba"]);
    check(r"\Aab|c\z", "", "(ab.*|.*c)", &["abx", "xc"], &["xab", "cx"]);
    check("(^|,)x(?:,|$)", "", "(()|.*,)x(,.*|())", &["x", "a,x,b", "x,", "a,x"], &["ax", "xb"]);
    check("^(a|b)", "", "(a|b).*", &["ab", "bc"], &["cab"]);
    check("x(a$|b)", "", ".*x(a|b.*)", &["xa", "xbc"], &["xac"]);
    refuse("a^b", "", "an anchor inside");
    refuse("(a$)b", "", "an anchor inside");
    refuse("(?:a|$){2}", "", "repeated");
    refuse("^a", "m", "an anchor at lines");
}

#[test]
fn word_boundaries_stand_at_open_ends() {
    check(r"\bnet\b", "", r"(.*\W)?net(\W.*)?", &["net", "a net b", "net.exe"], &["netx", "xnet"]);
    check(r"\b\d+", "", r"(.*\W)?\d+.*", &["1", "a 12"], &["a1"]);
    check(r"-x\b", "", r".*-x(\W.*)?", &["-x", "a -x b"], &["-xy"]);
    check(r"\b-", "", r".*\w-.*", &["a-"], &["-", " -"]);
    refuse(r"\b.", "", "a word boundary before");
    refuse(r"a?\b", "", "a word boundary behind");
    refuse(r"a\bb", "", "a word boundary inside");
    refuse(r"a\Bb", "", "this kind of word boundary");
}

#[test]
fn case_is_the_operator_s_or_spelled() {
    check("(?i)ab-1", "", ".*[aA][bB]-1.*", &["AB-1", "ab-1"], &["a-1"]);
    check("a[b-c]", "i", ".*[aA][b-cB-C].*", &["AC", "ab"], &["AD"]);
    check("a(?i:b)c", "", ".*a([bB])c.*", &["aBc"], &["ABc"]);
    check("a(?i)b|c", "", ".*(a[bB]|[cC]).*", &["aB", "C"], &["AB"]);
    check("(?i)a(?-i)b", "", ".*[aA]b.*", &["Ab"], &["AB"]);
    check("straße", "i", ".*[sS][tT][rR][aA]ß[eE].*", &["STRAßE"], &["strasse"]);
    let by_operator =
        LuceneRegex::translate(&regex("(?i)ab", ""), Case::ByOperator, Dot::Any).expect("valid");
    assert_eq!((by_operator.pattern.as_str(), by_operator.ignores_case), (".*ab.*", true));
}

#[test]
fn what_lucene_takes_for_operators_is_escaped() {
    check(r#"a<b>"c"@d&e#f~g/h"#, "", r#".*a\<b\>\"c\"\@d\&e\#f\~g\/h.*"#, &["a<b>\"c\"@d&e#f~g/h"], &["a"]);
    check(r"[\w.\-\]^]+", "", r".*[\w\.\-\]\^]+.*", &["-", "]", "^", "a"], &[" "]);
    check("[^a-z]", "", ".*[^a-z].*", &["1"], &["b"]);
    check("[[:alpha:]_]{3}", "", ".*[A-Za-z_]{3}.*", &["a_B"], &["a1b"]);
    check("x(|y)z", "", ".*x(()|y)z.*", &["xz", "xyz"], &["xyyz"]);
    refuse(r"\p{L}", "", "Unicode properties");
    refuse("[a-z&&b]", "", "an intersection");
    refuse("(?=a)b", "", "look-around");
}

/// Patterns as rules have them, with what texts near them look like.
const NEAR: [(&str, &str); 8] = [
    (r"^.*cmd.{0,5}(?:/c|/r).+clip(?:\.exe)?$", r"[ ]{0,1}cmd[ ]{0,6}/[crx][a ]{0,2}clip(\.exe)?[ ]{0,1}"),
    (r"\bnet(?:\.exe)?\s+user\b", r"[a. ]{0,2}net(\.exe)?[ \t]{0,2}user[s. ]{0,1}"),
    (r"(^|[\s,;])-(?i:enc|e)\b", r"[ ,;x]{0,2}-[eE][nN]{0,1}[cC]{0,1}[ x]{0,1}"),
    (r"(?i)\\appdata\\(?:local|roaming)\\[^\\]{1,3}$", r"\\[aA]ppData\\(Local|roaming|x)\\[a\\]{0,4}"),
    (r"https?://(?:\d{1,3}\.){3}\d{1,3}", r"https?:/{1,2}([0-9]{1,4}\.){2,3}[0-9]{0,2}"),
    (r"a.c|b$", "[abc\n]{0,4}"),
    (r"\b\w+-\W", "[a -]{0,5}"),
    (r"[^a-c\d]{2}x?y*?", "[abcx1y -]{0,5}"),
];

#[test]
fn translations_find_what_the_originals_find() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for (pattern, near) in NEAR {
        let original = fancy_regex::Regex::new(pattern).expect("valid");
        let texts = proptest::string::string_regex(near).expect("valid");
        for case in [Case::Spelled, Case::ByOperator] {
            let ours = LuceneRegex::translate(&regex(pattern, ""), case, Dot::ButNewline).expect(pattern);
            let translation = whole(&ours.pattern, ours.ignores_case);
            let held = runner.run(&texts, |text| {
                let found = original.is_match(&text).ok();
                proptest::prop_assert_eq!(
                    translation.is_match(&text).ok(),
                    found,
                    "{} in {:?}",
                    ours.pattern,
                    text
                );
                Ok(())
            });
            assert!(held.is_ok(), "{pattern}: {held:?}");
        }
    }
}

#[test]
fn strings_become_patterns() {
    let pattern = LuceneRegex::of_string(&SigmaString::parse(r"*a\*b?.c")).expect("no placeholder");
    assert_eq!(pattern, r".*a\*b.\.c");
}
