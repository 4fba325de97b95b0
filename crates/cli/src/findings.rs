//! Findings of a run: printed on standard error in the form asked for, and summed up at the end.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::sync::Arc;

use sigyn_diagnostics::render::{Finding, json, sarif, text};
use sigyn_diagnostics::{Diagnostic, Sources};

use crate::args::Diagnostics;
use crate::screen::Color;

/// A finding with the texts it points into.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) diagnostic: Diagnostic,
    pub(crate) sources: Arc<Sources>,
    /// The file it concerns, for findings without a place.
    pub(crate) origin: String,
}

impl Found {
    /// A finding about the call itself, or about a file that was not read.
    pub(crate) fn of(origin: impl Into<String>, diagnostic: Diagnostic) -> Self {
        Self { diagnostic, sources: Arc::default(), origin: origin.into() }
    }

    /// A finding in one of these texts.
    pub(crate) fn within(sources: &Arc<Sources>, diagnostic: Diagnostic) -> Self {
        Self { diagnostic, sources: sources.clone(), origin: String::new() }
    }

    /// The line of its place, if it has one.
    pub(crate) fn line(&self) -> Option<usize> {
        let span = self.diagnostic.span?;
        Some(self.sources.get(span.source)?.line_column(span.start).line)
    }

    /// The file of its place, if it has one.
    pub(crate) fn file(&self) -> Option<&str> {
        Some(self.sources.get(self.diagnostic.span?.source)?.name.as_str())
    }

    fn finding(&self) -> Finding<'_> {
        Finding { diagnostic: &self.diagnostic, sources: &self.sources, origin: &self.origin }
    }
}

/// Prints all findings on standard error. Nothing can be done if that fails, so nothing is.
pub(crate) fn print(found: &[Found], form: Diagnostics) {
    let out = match form {
        Diagnostics::Text => {
            let style = style(&std::io::stderr());
            found.iter().map(|found| text::render(found.finding(), style) + "\n").collect()
        }
        Diagnostics::Json => found.iter().map(|found| json::render(found.finding()) + "\n").collect(),
        Diagnostics::Sarif => sarif::render(&found.iter().map(Found::finding).collect::<Vec<_>>()),
    };
    let _ = std::io::stderr().lock().write_all(out.as_bytes());
}

/// Prints a line for people on standard error; programs that asked for findings get findings only.
pub(crate) fn say(form: Diagnostics, line: &str) {
    if form == Diagnostics::Text {
        let _ = writeln!(std::io::stderr().lock(), "{line}");
    }
}

/// The reasons of findings with their numbers, most frequent first: `2 × S5004 unsupported-by-target`.
pub(crate) fn reasons<'a>(diagnostics: impl Iterator<Item = &'a Diagnostic>) -> Vec<String> {
    let mut counts: BTreeMap<u16, (usize, String)> = BTreeMap::new();
    for diagnostic in diagnostics {
        let name = || format!("{} {}", diagnostic.code, diagnostic.code.name);
        counts.entry(diagnostic.code.number).or_insert_with(|| (0, name())).0 += 1;
    }
    let mut counts: Vec<(usize, String)> = counts.into_values().collect();
    counts.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    counts.into_iter().map(|(count, name)| format!("{count} × {name}")).collect()
}

/// How text looks on an output: coloured on a terminal whose user has nothing against it.
pub(crate) fn style(output: &impl IsTerminal) -> text::Style {
    let color = match Color::wanted() {
        Color::Ansi if output.is_terminal() => text::Color::Ansi,
        _ => text::Color::Plain,
    };
    text::Style { color, ..text::Style::PLAIN }
}

#[cfg(test)]
mod tests {
    use sigyn_diagnostics::codes;

    use super::*;

    #[test]
    fn reasons_are_counted_and_the_most_frequent_comes_first() {
        let all = [&codes::rule::BAD_ID, &codes::rule::MISSING_TITLE, &codes::rule::MISSING_TITLE];
        let all = all.map(|code| Diagnostic::error(code, "x"));
        assert_eq!(reasons(all.iter()), ["2 × S2002 missing-title", "1 × S2004 bad-id"]);
        assert!(reasons([].iter()).is_empty());
    }
}
