//! One JSON object per finding and line.
//!
//! The keys are a contract: `code`, `name`, `severity`, `message`, `path`, `line`, `column`, `end_line`,
//! `end_column`, `byte_start`, `byte_end`, `help`, `related`, `fix`. Keys are only ever added. What a finding
//! does not have is `null` (or an empty list); lines and columns count from 1, columns in characters.

use serde::Serialize;

use super::{Finding, Place};
use crate::{Fix, Severity, Span};

#[derive(Serialize)]
struct Line<'a> {
    code: String,
    name: &'a str,
    severity: &'static str,
    message: &'a str,
    #[serde(flatten)]
    place: Position<'a>,
    help: &'a str,
    related: Vec<Related<'a>>,
    fix: Option<Change<'a>>,
}

#[derive(Serialize)]
struct Position<'a> {
    path: Option<&'a str>,
    line: Option<usize>,
    column: Option<usize>,
    end_line: Option<usize>,
    end_column: Option<usize>,
    byte_start: Option<usize>,
    byte_end: Option<usize>,
}

#[derive(Serialize)]
struct Related<'a> {
    message: &'a str,
    #[serde(flatten)]
    place: Position<'a>,
}

#[derive(Serialize)]
struct Change<'a> {
    title: &'a str,
    safe: bool,
    edits: Vec<Replacement<'a>>,
}

#[derive(Serialize)]
struct Replacement<'a> {
    #[serde(flatten)]
    place: Position<'a>,
    text: &'a str,
}

impl<'a> From<Place<'a>> for Position<'a> {
    fn from(place: Place<'a>) -> Self {
        let region = place.region;
        Self {
            path: Some(place.path).filter(|path| !path.is_empty()),
            line: region.map(|region| region.line),
            column: region.map(|region| region.column),
            end_line: region.map(|region| region.end_line),
            end_column: region.map(|region| region.end_column),
            byte_start: region.map(|region| region.byte_start),
            byte_end: region.map(|region| region.byte_end),
        }
    }
}

/// The word for a severity in machine-readable output.
pub fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

/// A finding's own keys with those of a caller behind them.
#[derive(Serialize)]
struct Wider<'a, T> {
    #[serde(flatten)]
    line: Line<'a>,
    #[serde(flatten)]
    more: &'a T,
}

/// One finding as a JSON object on one line, without a line break at the end.
pub fn render(finding: Finding<'_>) -> String {
    // Only maps with keys that are no text, or a failing writer, make this fail; neither occurs here.
    serde_json::to_string(&line(finding)).unwrap_or_default()
}

/// As [`render`], with the keys of a struct behind the finding's own.
pub fn render_with<T: Serialize>(finding: Finding<'_>, more: &T) -> String {
    serde_json::to_string(&Wider { line: line(finding), more }).unwrap_or_default()
}

fn line(finding: Finding<'_>) -> Line<'_> {
    let diagnostic = finding.diagnostic;
    let position = |span: Option<Span>| Position::from(finding.place(span));
    Line {
        code: diagnostic.code.to_string(),
        name: diagnostic.code.name,
        severity: severity(diagnostic.severity),
        message: &diagnostic.message,
        place: position(diagnostic.span),
        help: diagnostic.way_out(),
        related: diagnostic
            .related
            .iter()
            .map(|label| Related { message: &label.text, place: position(Some(label.span)) })
            .collect(),
        fix: diagnostic.fix.as_ref().map(|fix| change(fix, position)),
    }
}

fn change<'a>(fix: &'a Fix, position: impl Fn(Option<Span>) -> Position<'a>) -> Change<'a> {
    let edits = fix
        .edits
        .iter()
        .map(|edit| Replacement { place: position(Some(edit.span)), text: &edit.text })
        .collect();
    Change { title: &fix.title, safe: fix.is_safe, edits }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Diagnostic, Edit, SourceFile, SourceId, Sources, codes};

    fn check(text: &str, build: impl Fn(Diagnostic) -> Diagnostic, expect: &str) {
        let mut sources = Sources::default();
        sources.add(SourceFile::new("rules/a.yml", text));
        let diagnostic = build(Diagnostic::error(&codes::rule::MISSING_TITLE, "no \"title\""));
        let finding = Finding { diagnostic: &diagnostic, sources: &sources, origin: "rules" };
        assert_eq!(render(finding), expect);
    }

    fn span(start: usize, end: usize) -> Span {
        Span::new(SourceId(0), start, end)
    }

    const HEAD: &str =
        r#"{"code":"S2002","name":"missing-title","severity":"error","message":"no \"title\"","path":"#;
    const NO_PLACE: &str =
        r#""line":null,"column":null,"end_line":null,"end_column":null,"byte_start":null,"byte_end":null,"#;
    const HELP: &str = r#""help":"Add `title:` with a short text.","#;

    #[test]
    fn a_finding_without_a_place_names_its_origin() {
        let expect = format!("{HEAD}\"rules\",{NO_PLACE}{HELP}\"related\":[],\"fix\":null}}");
        check("a: b\n", |d| d, &expect);
    }

    #[test]
    fn a_span_of_an_unknown_source_is_no_place() {
        let expect = format!("{HEAD}\"rules\",{NO_PLACE}{HELP}\"related\":[],\"fix\":null}}");
        check("a: b\n", |d| d.at(Span::new(SourceId(7), 0, 1)), &expect);
    }

    #[test]
    fn columns_count_characters_and_offsets_count_bytes() {
        let place =
            r#""rules/a.yml","line":1,"column":5,"end_line":2,"end_column":2,"byte_start":6,"byte_end":11,"#;
        let expect = format!("{HEAD}{place}{HELP}\"related\":[],\"fix\":null}}");
        check("äö: 日\nb", |d| d.at(span(6, 11)), &expect);
    }

    #[test]
    fn spans_behind_the_end_are_brought_into_the_text() {
        let place =
            r#""rules/a.yml","line":1,"column":3,"end_line":1,"end_column":3,"byte_start":2,"byte_end":2,"#;
        let expect = format!("{HEAD}{place}{HELP}\"related\":[],\"fix\":null}}");
        check("ab", |d| d.at(span(90, 99)), &expect);
    }

    #[test]
    fn related_places_and_fixes_carry_their_own_positions() {
        let place =
            r#""rules/a.yml","line":1,"column":1,"end_line":1,"end_column":2,"byte_start":0,"byte_end":1,"#;
        let close = place.trim_end_matches(',');
        let expect = format!(
            "{HEAD}{place}\"help\":\"do\",\"related\":[{{\"message\":\"first\",\"path\":{close}}}],\
             \"fix\":{{\"title\":\"replace\",\"safe\":true,\"edits\":[{{\"path\":{place}\"text\":\"x\"}}]}}}}"
        );
        check(
            "ab",
            |d| {
                let edits = vec![Edit { span: span(0, 1), text: "x".into() }];
                d.at(span(0, 1)).with_related(span(0, 1), "first").with_help("do").with_fix(Fix {
                    title: "replace".into(),
                    edits,
                    is_safe: true,
                })
            },
            &expect,
        );
    }
}
