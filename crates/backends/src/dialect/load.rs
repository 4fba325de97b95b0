//! Reading dialect files.

use sigyn_diagnostics::{Diagnostic, SourceId, Span, codes};

use super::{Dialect, wording};

/// Reads a dialect file. The error names the key, the place and what is expected.
pub fn load(source: SourceId, text: &str) -> Result<Dialect, Diagnostic> {
    let mut dialect: Dialect = serde_saphyr::from_str(text).map_err(|error| {
        let (message, is_whole) = wording::message(&error, text);
        let diagnostic = Diagnostic::error(&codes::backend::DIALECT, message);
        match error.location().filter(|_| !is_whole) {
            Some(location) => diagnostic.at(line_span(source, text, location.line(), location.column())),
            None => diagnostic.at(Span::new(source, 0, 0)),
        }
    })?;
    if dialect.format("default").is_none() && dialect.default_format == "default" {
        dialect.formats.insert(
            0,
            super::FormatDialect {
                name: "default".to_owned(),
                title: "Plain queries".to_owned(),
                template: None,
                output: None,
            },
        );
    }
    super::check::check(&dialect).and_then(|()| super::names::check(&dialect)).map_err(|problem| {
        let start = text.find(&problem.near).unwrap_or(0);
        let end = if start == 0 { 0 } else { start + problem.near.len() };
        Diagnostic::error(&codes::backend::DIALECT, problem.message).at(Span::new(source, start, end))
    })?;
    Ok(dialect)
}

/// The rest of a line from a column on (both from 1).
fn line_span(source: SourceId, text: &str, line: u64, column: u64) -> Span {
    let to_usize = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let mut start = 0;
    for (at, content) in text.split_inclusive('\n').enumerate() {
        if at + 1 == to_usize(line) {
            let skipped: usize =
                content.chars().take(to_usize(column).saturating_sub(1)).map(char::len_utf8).sum();
            return Span::new(source, start + skipped, start + content.trim_end().len().max(skipped));
        }
        start += content.len();
    }
    Span::new(source, text.len(), text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALLEST: &str = "name: x\ntitle: X\noperators: {or: OR, and: AND, not: NOT}\n";

    fn check(more: &str, expected: Result<(), (&str, &str)>) {
        let text = format!("{SMALLEST}{more}");
        match (load(SourceId::default(), &text), expected) {
            (Ok(_), Ok(())) => {}
            (Err(found), Err((message, place))) => {
                assert!(found.message.contains(message), "{}", found.message);
                let span = found.span.unwrap_or_default();
                assert!(text[span.start as usize..].starts_with(place), "{} at {span:?}", found.message);
            }
            (found, expected) => panic!("{more}: {found:?}, not {expected:?}"),
        }
    }

    #[test]
    fn what_every_dialect_needs_is_missed_at_the_top() {
        for (text, key) in [
            ("title: X\noperators: {or: OR, and: AND, not: NOT}\n", "name"),
            ("name: x\noperators: {or: OR, and: AND, not: NOT}\n", "title"),
            ("name: x\ntitle: X\n", "operators"),
        ] {
            let found = load(SourceId::default(), text).unwrap_err();
            assert!(found.message.contains(&format!("has no `{key}`")), "{}", found.message);
            assert_eq!(found.span, Some(Span::default()), "{key}");
        }
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        check("", Ok(()));
        check("match: {equal: '{field}={value}'}\n", Ok(()));
        check("match: {equal: '{fild}'}\n", Err(("`match.equal` has no placeholder `{fild}`", "{fild}")));
        check("matches: {}\n", Err(("unknown key `matches`", "matches")));
        check("match: {startswith: [a]}\n", Err(("a template is expected", "")));
        check("string: {quote: null}\n", Err(("null stands where a text is expected", "null")));
        check("field: {quote: a, quote: b}\n", Err(("`quote` comes twice", "quote: b")));
        check("string: {replace: {ab: c}}\n", Err(("single character", "ab")));
        check("string: x\n", Err(("a map", "x")));
        check("aliases: x\n", Err(("a list", "x")));
        check("requires_pipeline: 3\n", Err(("true or false", "3")));
        check("operators: {or: a, and: b}\n", Err(("`operators` comes twice", "operators")));
        check("bool: {'true': x}\n", Err(("`false` is missing", "")));
        check("formats: [{name: f}]\n", Err(("`title` is missing here", "")));
        check("field: {null: 'no {field}'}\n", Err(("quote the key", "")));
        check("match: {equal: '{field'}\n", Err(("without `}`", "'{field'")));
        check("field: {quote_if: '('}\n", Err(("", "'('")));
        check("time_part: {names: {minutes: m}}\n", Err(("`time_part.names` has no `minutes`", "minutes")));
        check("correlation: {a: {}}\ndefault_correlation_method: b\n", Err(("there is a", "b")));
        check("string: {many: ''}\n", Err(("`string.many` is empty", "many")));
        check("query: {expression: 'x'}\n", Err(("must use {query}", "expression")));
        check("formats: [{name: f, title: F}, {name: f, title: G}]\n", Err(("two formats `f`", "f")));
        check(
            "formats: [{name: f, title: F, template: '{{ x'}]\n",
            Err(("`template` of the format `f`", "{{ x")),
        );
    }
}
