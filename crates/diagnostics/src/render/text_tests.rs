//! What a terminal shows, finding by finding.

use super::*;
use crate::{Diagnostic, Edit, Sources, codes};

fn show(text: &str, build: impl Fn(Diagnostic) -> Diagnostic) -> String {
    let mut sources = Sources::default();
    sources.add(SourceFile::new("a.yml", text));
    sources.add(SourceFile::new("b.yml", "title: other\n"));
    let diagnostic = build(Diagnostic::error(&codes::rule::MISSING_TITLE, "no title"));
    render(Finding { diagnostic: &diagnostic, sources: &sources, origin: "rules/" }, Style::PLAIN)
}

fn check(text: &str, build: impl Fn(Diagnostic) -> Diagnostic, expect: &str) {
    let shown = show(text, build);
    assert_eq!(shown.trim_end(), expect.trim_matches('\n'), "got:\n{shown}");
}

fn span(start: usize, end: usize) -> Span {
    Span::new(SourceId(0), start, end)
}

#[test]
fn without_a_place_the_origin_is_named() {
    check(
        "a: b\n",
        |d| d,
        "
error[S2002]: no title
--> rules/
 = help: Add `title:` with a short text.",
    );
}

#[test]
fn wide_characters_are_underlined_by_their_width() {
    check(
        "äö: 日本\nb: c\n",
        |d| d.labelled(span(6, 12), "here").with_related(span(13, 14), "there"),
        "
error[S2002]: no title
 --> a.yml:1:5
  |
1 | äö: 日本
  |     ^^^^ here
2 | b: c
  | - there
  |
  = help: Add `title:` with a short text.",
    );
}

#[test]
fn the_end_of_a_file_is_shown_on_its_last_line() {
    let expect = "
error[S2002]: no title
 --> a.yml:1:5
  |
1 | a: b
  |     ^ end
  |
  = help: Add `title:` with a short text.";
    check("a: b\n", |d| d.labelled(span(5, 5), "end"), expect);
    check("a: b", |d| d.labelled(span(4, 4), "end"), expect);
    check("a: b\r\n\r\n", |d| d.labelled(span(90, 99), "end"), expect);
}

#[test]
fn an_empty_file_has_a_first_line() {
    check(
        "",
        |d| d.at(span(0, 0)),
        "
error[S2002]: no title
 --> a.yml:1:1
  |
1 |
  | ^
  |
  = help: Add `title:` with a short text.",
    );
}

#[test]
fn long_spans_are_folded() {
    check(
        "1: a\n2: b\n3:\n4:\n5:\n6:\n7:\n8:\n9:\nyy: z\n",
        |d| d.labelled(span(5, 32), "all").with_help("shorten it"),
        "
error[S2002]: no title
  --> a.yml:2:1
   |
 2 | / 2: b
 3 | | 3:
 4 | | 4:
 5 | | 5:
...  |
 9 | | 9:
10 | | yy: z
   | |_^ all
   |
   = help: shorten it",
    );
}

#[test]
fn other_files_and_fixes_stand_below() {
    let edits = vec![Edit { span: span(0, 1), text: "title".into() }];
    let fix = Fix { title: "rename".into(), edits, is_safe: true };
    check(
        "a: b\n",
        |d| {
            let other = Span::new(SourceId(1), 0, 5);
            d.labelled(span(0, 1), "x").with_related(other, "seen here").with_fix(fix.clone())
        },
        "
error[S2002]: no title
 --> a.yml:1:1
  |
1 | a: b
  | ^ x
  |
 ::: b.yml:1:1
  |
1 | title: other
  | ----- seen here
  |
  = help: Add `title:` with a short text.
help: rename
  |
1 - a: b
1 + title: b
  |",
    );
}

#[test]
fn no_control_character_reaches_the_terminal() {
    let hostile = "\u{1b}[31m\u{7}\u{202e}";
    let shown = show(&format!("a: {hostile}b\n"), |mut d| {
        d.message = hostile.into();
        let edits = vec![Edit { span: span(0, 1), text: hostile.into() }];
        let fix = Fix { title: hostile.into(), edits, is_safe: true };
        d.labelled(span(0, 5), hostile).with_help(hostile).with_fix(fix)
    });
    let bad: Vec<char> =
        shown.chars().filter(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}').collect();
    assert!(bad.is_empty(), "{bad:?} in:\n{shown}");
}

#[test]
fn long_lines_keep_their_position_and_show_the_place_only() {
    for (before, column) in [(400, 404), (1_000_000, 1_000_004)] {
        let text = format!("k: {}NEEDLE{}\nx: y\n", "é".repeat(before), "é".repeat(600));
        let start = 3 + 2 * before;
        let shown = show(&text, |d| d.labelled(span(start, start + 6), "needle"));
        assert!(shown.contains(&format!(" a.yml:1:{column}\n")), "{shown}");
        assert!(shown.contains("éNEEDLEé") && shown.contains("^^^^^^ needle"), "{shown}");
        assert!(shown.lines().all(|line| line.chars().count() < 200), "{shown}");
    }
}

#[test]
fn huge_spans_and_messages_are_cut() {
    let text = format!("k:\n{}", "- é\n".repeat(100_000));
    let shown = show(&text, |mut d| {
        d.message = "m".repeat(1_000_000);
        d.labelled(span(0, 400_000), "list")
    });
    assert!(shown.len() < 2_000, "{} bytes", shown.len());
    assert!(shown.contains("a.yml:1:1\n") && shown.contains("1 | k:\n"), "{shown}");
}

#[test]
fn colours_are_escapes_around_the_same_text() {
    let diagnostic = Diagnostic::warning(&codes::rule::MISSING_TITLE, "no title");
    let sources = Sources::default();
    let finding = Finding { diagnostic: &diagnostic, sources: &sources, origin: "r.yml" };
    let colored = render(finding, Style { color: Color::Ansi, ..Style::PLAIN });
    assert!(colored.contains("\u{1b}["));
    let mut plain = String::new();
    let mut in_escape = false;
    for c in colored.chars() {
        match (in_escape, c) {
            (false, '\u{1b}') => in_escape = true,
            (false, c) => plain.push(c),
            (true, c) => in_escape = c != 'm',
        }
    }
    assert_eq!(plain, render(finding, Style::PLAIN));
}
