//! Suppressions in files: `# sigyn: allow(name, name) reason`.
//!
//! Behind something, it holds for that line. On a line of its own it holds for the next entry with all that
//! belongs to it, and before everything else in a document for the whole document. A name is that of a check, a
//! validator or a code.

use std::ops::Range;

use crate::Finding;

/// How a suppression begins.
const MARK: &str = "sigyn: allow(";

/// The suppressions of a text.
#[derive(Debug, Default)]
pub(crate) struct Suppressions {
    allowed: Vec<(String, Range<u32>)>,
}

impl Suppressions {
    /// Finds them.
    pub(crate) fn read(text: &str) -> Self {
        // Nearly every file has none.
        if !text.contains(MARK) {
            return Self::default();
        }
        let lines = lines(text);
        let mut allowed = Vec::new();
        for (at, line) in lines.iter().enumerate() {
            let Some((names, is_alone)) = names(line.text) else { continue };
            let range = if !is_alone {
                line.range.clone()
            } else if is_head(&lines[..at]) {
                line.range.start..document_end(&lines, at)
            } else {
                block(&lines, at + 1)
            };
            allowed.extend(names.map(|name| (name.to_owned(), range.clone())));
        }
        Self { allowed }
    }

    /// Whether a finding is not wanted.
    pub(crate) fn covers(&self, finding: &Finding) -> bool {
        let start = finding.diagnostic.span.map_or(0, |span| span.start);
        let code = &finding.diagnostic.code;
        self.allowed.iter().any(|(name, range)| {
            let is_named = name == code.name
                || finding.check.is_some_and(|check| check.group() == name)
                || code.to_string() == *name;
            is_named && (range.contains(&start) || (range.start == 0 && finding.diagnostic.span.is_none()))
        })
    }
}

struct Line<'a> {
    text: &'a str,
    range: Range<u32>,
}

impl Line<'_> {
    fn indent(&self) -> usize {
        self.text.len() - self.text.trim_start().len()
    }

    fn is_empty(&self) -> bool {
        let text = self.text.trim_start();
        text.is_empty() || text.starts_with('#')
    }

    fn is_marker(&self) -> bool {
        self.text.trim_end() == "---"
    }
}

fn lines(text: &str) -> Vec<Line<'_>> {
    let mut start = 0_u32;
    text.split_inclusive('\n')
        .map(|line| {
            let end = start + u32::try_from(line.len()).unwrap_or(0);
            let range = start..end;
            start = end;
            Line { text: line.trim_end_matches(['\n', '\r']), range }
        })
        .collect()
}

/// The names that a line allows, and whether nothing stands before the comment.
fn names(line: &str) -> Option<(impl Iterator<Item = &str>, bool)> {
    let at = line.find(MARK)?;
    let before = line[..at].trim_end().strip_suffix('#')?;
    if !before.is_empty() && !before.ends_with([' ', '\t']) {
        return None;
    }
    let inner = line[at + MARK.len()..].split_once(')')?.0;
    Some((inner.split(',').map(str::trim).filter(|name| !name.is_empty()), before.trim().is_empty()))
}

/// Whether the document has no content in these lines.
fn is_head(before: &[Line<'_>]) -> bool {
    before.iter().rev().take_while(|line| !line.is_marker()).all(Line::is_empty)
}

fn document_end(lines: &[Line<'_>], from: usize) -> u32 {
    let has_content = lines[from..].iter().position(|line| !line.is_empty() && !line.is_marker());
    let content = from + has_content.unwrap_or(0);
    let next = lines[content..].iter().find(|line| line.is_marker());
    next.map_or(u32::MAX, |line| line.range.start)
}

/// The next entry with the lines that belong to it: those that are indented deeper, and a list under its key.
fn block(lines: &[Line<'_>], from: usize) -> Range<u32> {
    let Some(first) = lines.get(from..).and_then(|rest| rest.iter().position(|line| !line.is_empty())) else {
        return 0..0;
    };
    let head = &lines[from + first];
    let is_key = !head.text.trim_start().starts_with("- ");
    let belongs = |line: &&Line<'_>| {
        line.is_empty()
            || line.indent() > head.indent()
            || (is_key && line.indent() == head.indent() && line.text.trim_start().starts_with("- "))
    };
    let last = lines[from + first + 1..].iter().take_while(belongs).last().unwrap_or(head);
    head.range.start..last.range.end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suppressions_cover_what_they_stand_at() {
        let check = |text: &str, name: &str, expect: &[&str]| {
            let suppressions = Suppressions::read(text);
            let covered: Vec<&str> = suppressions
                .allowed
                .iter()
                .filter(|(known, _)| known == name)
                .map(|(_, range)| text[range.start as usize..(range.end as usize).min(text.len())].trim_end())
                .collect();
            assert_eq!(covered, expect, "{text}");
        };
        check("a: 1 # sigyn: allow(x) because\nb: 2\n", "x", &["a: 1 # sigyn: allow(x) because"]);
        check("a: 1\n# sigyn: allow(x, y)\nb:\n  c: 3\nd: 4\n", "y", &["b:\n  c: 3"]);
        check("a: 1\n# sigyn: allow(x)\nb:\n- c\n- d\ne: 4\n", "x", &["b:\n- c\n- d"]);
        check("# sigyn: allow(x)\na: 1\nb: 2\n---\nc: 3\n", "x", &["# sigyn: allow(x)\na: 1\nb: 2"]);
        check("a: 1\n---\n# sigyn: allow(x)\nc: 3\n", "x", &["# sigyn: allow(x)\nc: 3"]);
        check("a: 'no # sigyn: allow(x'\nb: x#sigyn: allow(x)\n", "x", &[]);
    }
}
