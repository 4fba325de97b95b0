//! Findings for people, laid out as rustc does: code and message, the line underlined, other places, help.
//!
//! Only the lines around a finding are handed to the printer, so the price of a finding does not grow with
//! its file. Text from rules is hostile: control characters are shown, never sent to the terminal.

use std::ops::Range;

use annotate_snippets::renderer::DEFAULT_TERM_WIDTH;
use annotate_snippets::{
    Annotation, AnnotationKind, Group, Level, Origin, Patch, Renderer, Snippet, normalize_untrusted_str,
};

use super::Finding;
use crate::{Fix, Severity, SourceFile, SourceId, Span};

/// Longest stretch of source shown whole, in bytes. Beyond it, what follows a place is cut.
const EXCERPT_BYTES_MAX: usize = 64 * 1024;
/// What is shown on both sides of a place in a line that is cut, in bytes.
const CUT_BYTES: usize = 240;
/// Longest message printed, in characters; findings quote rules, and a rule may hold a megabyte in a value.
const MESSAGE_CHARS_MAX: usize = 1_000;

/// How findings look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Colours as ANSI escapes, or plain text.
    pub color: Color,
    /// Width to lay out for, in columns.
    pub width: usize,
}

/// Whether to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Color {
    /// No escapes.
    Plain,
    /// ANSI escapes.
    Ansi,
}

impl Style {
    /// Plain text, 140 columns.
    pub const PLAIN: Style = Style { color: Color::Plain, width: DEFAULT_TERM_WIDTH };
}

/// One finding on several lines, with a line break at the end.
pub fn render(finding: Finding<'_>, style: Style) -> String {
    let renderer = match style.color {
        Color::Plain => Renderer::plain(),
        Color::Ansi => Renderer::styled(),
    };
    let mut groups = vec![problem(finding)];
    groups.extend(finding.diagnostic.fix.as_ref().and_then(|fix| suggestion(finding, fix)));
    let mut out = renderer.term_width(style.width.max(40)).render(&groups);
    out.push('\n');
    out
}

fn problem<'a>(finding: Finding<'a>) -> Group<'a> {
    let diagnostic = finding.diagnostic;
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level.primary_title(shorten(&diagnostic.message)).id(diagnostic.code.to_string());
    let mut group = Group::with_title(title);
    let marks = marks(finding);
    if marks.is_empty() && !finding.origin.is_empty() {
        group = group.element(Origin::path(finding.origin));
    }
    for (file, marks) in marks {
        group = add_snippets(group, file, &marks);
    }
    group.element(Level::HELP.message(printable(diagnostic.way_out())))
}

/// A range of a file with a word on it.
struct Mark<'a> {
    kind: AnnotationKind,
    range: Range<usize>,
    text: &'a str,
}

/// All places of a finding whose source is known, by file: the finding's own first.
fn marks<'a>(finding: Finding<'a>) -> Vec<(&'a SourceFile, Vec<Mark<'a>>)> {
    let diagnostic = finding.diagnostic;
    let own = diagnostic.span.map(|span| (AnnotationKind::Primary, span, diagnostic.label.as_str()));
    let related =
        diagnostic.related.iter().map(|label| (AnnotationKind::Context, label.span, label.text.as_str()));
    let mut files: Vec<(SourceId, &SourceFile, Vec<Mark<'a>>)> = Vec::new();
    for (kind, span, text) in own.into_iter().chain(related) {
        let Some(file) = finding.file(span) else { continue };
        let mark = Mark { kind, range: visible(file, span), text };
        match files.iter_mut().find(|(id, ..)| *id == span.source) {
            Some((_, _, marks)) => marks.push(mark),
            None => files.push((span.source, file, vec![mark])),
        }
    }
    files.into_iter().map(|(_, file, marks)| (file, marks)).collect()
}

/// The range to underline: inside the text, and not behind the last line break, where nothing is to see.
fn visible(file: &SourceFile, span: Span) -> Range<usize> {
    let mut range = file.clamp(span);
    let last = file.text.trim_end_matches(['\n', '\r']).len();
    range.start = range.start.min(last);
    range.end = range.end.min(last).max(range.start);
    range
}

fn add_snippets<'a>(group: Group<'a>, file: &'a SourceFile, marks: &[Mark<'a>]) -> Group<'a> {
    let whole = marks.iter().fold(None, |whole: Option<Range<usize>>, mark| match whole {
        Some(range) => Some(range.start.min(mark.range.start)..range.end.max(mark.range.end)),
        None => Some(mark.range.clone()),
    });
    let Some(whole) = whole else { return group };
    let lines = line_bounds(&file.text, &whole);
    if lines.len() <= EXCERPT_BYTES_MAX {
        let snippet = excerpt(file, lines.clone())
            .path(file.name.as_str())
            .annotations(marks.iter().map(|mark| annotation(mark, lines.start, lines.end)));
        return group.element(snippet);
    }
    // Too much to show: each place alone, cut, with its position said in so many words, because a cut
    // line would make the printer count columns from the cut.
    marks.iter().fold(group, |group, mark| {
        let lines = line_bounds(&file.text, &(mark.range.start..mark.range.start));
        let cut = cut(&file.text, lines, mark.range.start);
        let position = file.line_column(u32::try_from(mark.range.start).unwrap_or(u32::MAX));
        let origin = Origin::path(file.name.as_str()).line(position.line).char_column(position.column);
        let shown = annotation(mark, cut.start, cut.end);
        group.element(origin).element(excerpt(file, cut).annotation(shown))
    })
}

fn excerpt<'a, T: Clone>(file: &'a SourceFile, range: Range<usize>) -> Snippet<'a, T> {
    let line = file.line_column(u32::try_from(range.start).unwrap_or(u32::MAX)).line;
    Snippet::source(&file.text[range]).line_start(line)
}

/// The mark as counted from the start of an excerpt and cut to it.
fn annotation<'a>(mark: &Mark<'a>, start: usize, end: usize) -> Annotation<'a> {
    let shift = |offset: usize| offset.clamp(start, end) - start;
    let annotation = mark.kind.span(shift(mark.range.start)..shift(mark.range.end));
    if mark.text.is_empty() { annotation } else { annotation.label(printable(mark.text)) }
}

/// The range widened to whole lines, without the last line break.
fn line_bounds(text: &str, range: &Range<usize>) -> Range<usize> {
    let start = text[..range.start].rfind('\n').map_or(0, |at| at + 1);
    let end = text[range.end..].find('\n').map_or(text.len(), |at| range.end + at);
    let shown = text[start..end].trim_end_matches('\r').len();
    start..(start + shown).max(range.end)
}

/// A window of a line around an offset, on character boundaries.
fn cut(text: &str, line: Range<usize>, around: usize) -> Range<usize> {
    let mut start = around.saturating_sub(CUT_BYTES).max(line.start);
    let mut end = (around + CUT_BYTES).min(line.end);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    start..end
}

/// The fix as a group of its own; none if it reaches into several files or is too long to show.
fn suggestion<'a>(finding: Finding<'a>, fix: &'a Fix) -> Option<Group<'a>> {
    let first = fix.edits.first()?.span.source;
    if fix.edits.iter().any(|edit| edit.span.source != first) {
        return None;
    }
    let file = finding.sources.get(first)?;
    let ranges: Vec<Range<usize>> = fix.edits.iter().map(|edit| file.clamp(edit.span)).collect();
    let start = ranges.iter().map(|range| range.start).min()?;
    let end = ranges.iter().map(|range| range.end).max()?;
    let lines = line_bounds(&file.text, &(start..end));
    let added: usize = fix.edits.iter().map(|edit| edit.text.len()).sum();
    if lines.len() + added > EXCERPT_BYTES_MAX {
        return None;
    }
    let patches = ranges.into_iter().zip(&fix.edits).map(|(range, edit)| {
        Patch::new(range.start - lines.start..range.end - lines.start, edit.text.as_str())
    });
    let snippet = excerpt(file, lines.clone()).path(file.name.as_str()).patches(patches);
    Some(Level::HELP.secondary_title(printable(&fix.title)).element(snippet))
}

/// A text for the places where the printer passes escapes on: cut, and control characters made visible.
fn printable(text: &str) -> String {
    normalize_untrusted_str(&shorten(text))
}

/// A text cut to what fits on a screen.
fn shorten(text: &str) -> String {
    match text.char_indices().nth(MESSAGE_CHARS_MAX) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;
