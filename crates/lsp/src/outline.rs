//! The shape of a document by its lines: what stands under what, also while it is half typed.
//!
//! The YAML tree is exact, but there is none while a line is being written, which is just when an editor asks. An
//! [`Outline`] looks at indentation, dashes and colons only. It answers what completion and hovering ask; what changes
//! a document (renaming) and what judges it (findings) goes by the tree. One pass, linear in the text.

use std::borrow::Cow;
use std::ops::Range;

/// One document of a text, by its lines. Ranges are those of the whole text.
#[derive(Debug)]
pub(crate) struct Outline<'t> {
    text: &'t str,
    /// Keys and list items in the order of the text.
    entries: Vec<Entry>,
    /// Where the document stands.
    pub(crate) range: Range<usize>,
}

/// A key or a list item.
#[derive(Debug)]
pub(crate) struct Entry {
    /// The entry under which it stands.
    pub(crate) parent: Option<usize>,
    /// Column in bytes.
    column: usize,
    /// The key with its quotes; of an item, its dash.
    pub(crate) key: Range<usize>,
    /// What it is.
    pub(crate) step: Step,
    /// What stands behind it on its line and on lines that go on with it; empty if nothing does.
    pub(crate) value: Range<usize>,
    /// Whether the value is a literal or folded block.
    pub(crate) is_block: bool,
}

/// A step on the way from a document's root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Into the value of a key.
    Key(String),
    /// Into a list.
    Item,
}

impl Step {
    /// The key, if it is one.
    pub(crate) fn key(&self) -> Option<&str> {
        match self {
            Step::Key(name) => Some(name),
            Step::Item => None,
        }
    }
}

/// What a line is made of.
struct Shape {
    /// Column, end, and what it is.
    parts: Vec<(Range<usize>, Step)>,
    /// What stands behind the parts.
    rest: Range<usize>,
}

impl<'t> Outline<'t> {
    /// The outline of the document that an offset lies in.
    pub(crate) fn at(text: &'t str, offset: usize) -> Self {
        Self::new(text, document_at(text, offset))
    }

    /// The outlines of all documents.
    pub(crate) fn all(text: &'t str) -> Vec<Self> {
        let mut all = Vec::new();
        let (mut start, mut at) = (0, 0);
        for line in text.split_inclusive('\n') {
            if is_marker(line) && at > start {
                all.push(Self::new(text, start..at));
                start = at;
            }
            at += line.len();
        }
        all.push(Self::new(text, start..text.len()));
        all
    }

    fn new(text: &'t str, range: Range<usize>) -> Self {
        let mut outline = Self { text, entries: Vec::new(), range: range.clone() };
        let mut top: Option<usize> = None;
        let mut start = range.start;
        for line in text[range].split_inclusive('\n') {
            let line_start = start;
            start += line.len();
            let line = line.trim_end();
            let indent = line.len() - line.trim_start().len();
            let open = top.map(|at| &outline.entries[at]);
            if open.is_some_and(|entry| entry.is_block && (line.is_empty() || indent > entry.column)) {
                outline.extend(top, line_start + line.len());
                continue;
            }
            let content = &line[indent..];
            if content.is_empty() || content.starts_with('#') || is_marker(line) {
                continue;
            }
            let shape = shape(line);
            if shape.parts.is_empty() {
                // What stands in braces below its key is its value; another word may become a key yet.
                let is_flow = content.starts_with(['{', '[']);
                let starts = |entry: &Entry| entry.value.is_empty() && is_flow && indent > entry.column;
                let goes_on = |entry: &Entry| !entry.value.is_empty() && indent > entry.column;
                let (starts, goes_on) = (open.is_some_and(starts), open.is_some_and(goes_on));
                if starts {
                    outline.start_value(top, line_start + indent);
                }
                if starts || goes_on {
                    outline.extend(top, line_start + shape.rest.end);
                }
                continue;
            }
            let last = shape.parts.len() - 1;
            for (at, (place, step)) in shape.parts.into_iter().enumerate() {
                let parent = outline.parent_of(top, place.start, &step);
                let rest = if at == last { shape.rest.clone() } else { place.end..place.end };
                let is_block = at == last && is_block_header(&line[rest.clone()]);
                outline.entries.push(Entry {
                    parent,
                    column: place.start,
                    key: line_start + place.start..line_start + place.end,
                    step,
                    value: line_start + rest.start..line_start + rest.end,
                    is_block,
                });
                top = Some(outline.entries.len() - 1);
            }
        }
        outline
    }

    /// The entry under which something at a column stands; a list may stand at the column of its key.
    fn parent_of(&self, mut top: Option<usize>, column: usize, step: &Step) -> Option<usize> {
        while let Some(at) = top {
            let entry = &self.entries[at];
            let is_list = *step == Step::Item && entry.step != Step::Item;
            if entry.column < column || (is_list && entry.column == column && entry.value.is_empty()) {
                return top;
            }
            top = entry.parent;
        }
        None
    }

    fn start_value(&mut self, entry: Option<usize>, start: usize) {
        if let Some(entry) = entry.and_then(|at| self.entries.get_mut(at)) {
            entry.value = start..start;
        }
    }

    fn extend(&mut self, entry: Option<usize>, end: usize) {
        if let Some(entry) = entry.and_then(|at| self.entries.get_mut(at)) {
            entry.value.end = entry.value.end.max(end);
        }
    }

    /// An entry by its number.
    pub(crate) fn entry(&self, at: usize) -> &Entry {
        &self.entries[at]
    }

    /// The numbers of all entries, in the order of the text.
    pub(crate) fn numbers(&self) -> Range<usize> {
        0..self.entries.len()
    }

    /// Where each entry ends, with all that stands under it.
    pub(crate) fn ends(&self) -> Vec<usize> {
        let mut ends: Vec<usize> =
            self.entries.iter().map(|entry| entry.value.end.max(entry.key.end)).collect();
        for at in (0..self.entries.len()).rev() {
            if let Some(parent) = self.entries[at].parent {
                ends[parent] = ends[parent].max(ends[at]);
            }
        }
        ends
    }

    /// The way to an entry, itself included.
    pub(crate) fn path(&self, entry: Option<usize>) -> Vec<Step> {
        let mut path = Vec::new();
        let mut next = entry;
        while let Some(at) = next {
            path.push(self.entries[at].step.clone());
            next = self.entries[at].parent;
        }
        path.reverse();
        path
    }

    /// The entries directly under one, or at the top.
    pub(crate) fn children(&self, parent: Option<usize>) -> impl Iterator<Item = usize> {
        self.numbers().filter(move |at| self.entries[*at].parent == parent)
    }

    /// The key of this name under an entry, or at the top.
    pub(crate) fn child(&self, parent: Option<usize>, name: &str) -> Option<usize> {
        self.children(parent).find(|at| self.entries[*at].step.key() == Some(name))
    }

    /// What stands behind an entry, without quotes.
    pub(crate) fn value(&self, entry: usize) -> Cow<'t, str> {
        unquoted(self.slice(&self.entries[entry].value))
    }

    /// The text of a key under a key at the top, also where both stand in braces on one line.
    pub(crate) fn text_of(&self, outer: &str, name: &str) -> Option<Cow<'t, str>> {
        let outer = self.child(None, outer)?;
        if let Some(inner) = self.child(Some(outer), name) {
            return Some(self.value(inner)).filter(|value| !value.is_empty());
        }
        let braces = self.slice(&self.entries[outer].value).strip_prefix('{')?;
        let pairs = braces.trim_end_matches('}').split(',');
        let mut found = pairs.filter_map(|pair| pair.split_once(':'));
        found.find(|(key, _)| key.trim() == name).map(|(_, value)| unquoted(value.trim()))
    }

    /// The texts of a list, or the one text that stands in its place, each with its range.
    pub(crate) fn texts(&self, entry: usize) -> Vec<Range<usize>> {
        let own = &self.entries[entry].value;
        if own.is_empty() {
            let items = self.children(Some(entry)).map(|at| self.entries[at].value.clone());
            return items.filter(|value| !value.is_empty()).collect();
        }
        let Some(inner) = self.slice(own).strip_prefix('[') else { return vec![own.clone()] };
        let mut start = own.start + 1;
        let mut texts = Vec::new();
        for part in inner.trim_end_matches(']').split(',') {
            let lead = part.len() - part.trim_start().len();
            texts.push(start + lead..start + lead + part.trim().len());
            start += part.len() + 1;
        }
        texts
    }

    /// A part of the text.
    pub(crate) fn slice(&self, range: &Range<usize>) -> &'t str {
        self.text.get(range.clone()).unwrap_or("")
    }

    /// The whole text.
    pub(crate) fn text(&self) -> &'t str {
        self.text
    }

    /// The entry that a place at a column below an offset would stand under, if nothing else stood on its line.
    pub(crate) fn open_at(&self, offset: usize, column: usize) -> Option<usize> {
        let before = self.entries.partition_point(|entry| entry.key.start < offset);
        self.parent_of(before.checked_sub(1), column, &Step::Key(String::new()))
    }

    /// The last entry that starts at or before an offset.
    pub(crate) fn last_before(&self, offset: usize) -> Option<usize> {
        self.entries.partition_point(|entry| entry.key.start <= offset).checked_sub(1)
    }
}

/// The document that an offset lies in: between two lines that are markers.
fn document_at(text: &str, offset: usize) -> Range<usize> {
    let offset = offset.min(text.len());
    let mut start = 0;
    let mut line_start = 0;
    for line in text.split_inclusive('\n') {
        if line_start > offset && is_marker(line) {
            return start..line_start;
        }
        if is_marker(line) {
            start = line_start;
        }
        line_start += line.len();
    }
    start..text.len()
}

fn is_marker(line: &str) -> bool {
    line.strip_prefix("---").is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
}

fn is_block_header(value: &str) -> bool {
    let Some(rest) = value.strip_prefix(['|', '>']) else { return false };
    rest.chars().all(|c| matches!(c, '+' | '-' | '0'..='9'))
}

/// Dashes and the key that a line begins with. Columns count from its start.
fn shape(line: &str) -> Shape {
    let mut at = line.len() - line.trim_start().len();
    let mut parts = Vec::new();
    while let Some(rest) = line[at..].strip_prefix('-') {
        if !(rest.is_empty() || rest.starts_with([' ', '\t'])) {
            break;
        }
        parts.push((at..at + 1, Step::Item));
        at = line.len() - rest.trim_start().len();
    }
    let rest = &line[at..];
    if let Some((key, behind)) = key(rest) {
        let name = unquoted(&rest[..key]).into_owned();
        parts.push((at..at + key, Step::Key(name)));
        at = line.len() - rest[behind..].trim_start().len();
    }
    let end = at + content_end(&line[at..]);
    Shape { parts, rest: at..end }
}

/// Where a key ends, and where its colon does.
fn key(text: &str) -> Option<(usize, usize)> {
    let is_end = |rest: &str| rest.is_empty() || rest.starts_with([' ', '\t']);
    if let Some(quote) = text.chars().next().filter(|c| matches!(c, '"' | '\'')) {
        let close = text[1..].find(quote)? + 2;
        let colon = text[close..].trim_start().strip_prefix(':').filter(|rest| is_end(rest))?;
        return Some((close, text.len() - colon.len()));
    }
    if text.starts_with(['{', '[', '#', '&', '*', '!', '|', '>']) {
        return None;
    }
    let mut from = 0;
    while let Some(found) = text[from..].find(':') {
        let at = from + found;
        if text[..at].contains(" #") {
            return None;
        }
        if is_end(&text[at + 1..]) {
            return Some((text[..at].trim_end().len(), at + 1));
        }
        from = at + 1;
    }
    None
}

/// Where what stands on a line ends, before a comment.
fn content_end(text: &str) -> usize {
    if text.starts_with('#') {
        return 0;
    }
    let quoted = text.chars().next().filter(|c| matches!(c, '"' | '\''));
    let from = quoted.and_then(|quote| text[1..].rfind(quote)).map_or(0, |at| at + 1);
    let end = text[from..].find(" #").map_or(text.len(), |at| from + at);
    text[..end].trim_end().len()
}

/// A text without the quotes around it. Escapes stay as they are: names do not have any.
pub(crate) fn unquoted(text: &str) -> Cow<'_, str> {
    let inner = |quote: char| text.strip_prefix(quote).map(|rest| rest.strip_suffix(quote).unwrap_or(rest));
    match (inner('\''), inner('"')) {
        (Some(inner), _) if inner.contains("''") => Cow::Owned(inner.replace("''", "'")),
        (Some(inner), _) | (_, Some(inner)) => Cow::Borrowed(inner),
        _ => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each entry as `path = value`.
    fn show(text: &str) -> Vec<String> {
        let mut shown = Vec::new();
        for outline in Outline::all(text) {
            for at in outline.numbers() {
                let path: Vec<String> = outline
                    .path(Some(at))
                    .into_iter()
                    .map(|step| step.key().map_or("-".to_owned(), str::to_owned))
                    .collect();
                shown.push(format!("{} = {}", path.join("/"), outline.slice(&outline.entry(at).value)));
            }
        }
        shown
    }

    #[test]
    fn keys_and_items_are_found() {
        let check = |text: &str, expect: &[&str]| assert_eq!(show(text), expect, "{text}");
        check("a: b # c\nd:\n    e: 'f # g' # h\n", &["a = b", "d = ", "d/e = 'f # g'"]);
        check(
            "a:\n- b\n- c: d\n  e: f\ng: h",
            &["a = ", "a/- = b", "a/- = ", "a/-/c = d", "a/-/e = f", "g = h"],
        );
        check("a: |\n  b: c\n\n  d\ne: f", &["a = |\n  b: c\n\n  d", "e = f"]);
        check("a: b and\n  c\nd: e", &["a = b and\n  c", "d = e"]);
        check(
            "'a b': c\n\"d\": e\nf|g:\n  - - h",
            &["a b = c", "d = e", "f|g = ", "f|g/- = ", "f|g/-/- = h"],
        );
        check("a: 1\n---\nb: 2\n---\nc: 3", &["a = 1", "b = 2", "c = 3"]);
        check("a:\n  {b: c}\nd:\n  e\n", &["a = {b: c}", "d = "]);
        check("http://x\na:b\nc :\n", &["c = "]);
        check("", &[]);
        check("ä: ö\n- ü", &["ä = ö", "- = ü"]);
    }

    #[test]
    fn texts_are_read_out_of_braces_and_lists() {
        let text = "logsource: {product: windows, category: 'x'}\ntags: [a.b, c]\ntitle: t\nrules:\n  - r\n";
        let outline = Outline::at(text, 0);
        let of = |name| outline.text_of("logsource", name).map(Cow::into_owned);
        assert_eq!(
            (of("product"), of("category"), of("service")),
            (Some("windows".into()), Some("x".into()), None)
        );
        let texts = |name| {
            let entry = outline.child(None, name).unwrap();
            outline.texts(entry).iter().map(|range| outline.slice(range)).collect::<Vec<_>>()
        };
        assert_eq!(texts("tags"), ["a.b", "c"]);
        assert_eq!(texts("title"), ["t"]);
        assert_eq!(texts("rules"), ["r"]);
    }
}
