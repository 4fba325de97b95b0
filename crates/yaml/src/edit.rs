//! Edits that leave every other byte as it is.

use std::fmt;

use sigyn_diagnostics::Span;

use crate::{Kind, Node, Stream};

/// Changes to a text, collected and then applied at once.
#[derive(Clone, Debug, Default)]
pub struct Edits {
    edits: Vec<(Span, String)>,
}

/// Why edits cannot be applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EditError {
    /// Two edits touch the same bytes.
    Overlap,
    /// A place does not lie in the text, or cuts a character in two.
    OutOfText,
}

impl fmt::Display for EditError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            EditError::Overlap => "two edits touch the same bytes",
            EditError::OutOfText => "an edit does not lie in the text",
        })
    }
}

impl std::error::Error for EditError {}

impl Edits {
    /// Replaces the bytes of a place.
    pub fn replace(&mut self, span: Span, text: impl Into<String>) {
        self.edits.push((span, text.into()));
    }

    /// Puts `key: value` behind the last pair of a block map, indented as its keys are. Returns false if the
    /// node is no map, has no pairs, or is written in braces.
    pub fn insert_key(&mut self, stream: &Stream<'_>, map: &Node<'_>, key: &str, value: &str) -> bool {
        let Kind::Mapping(pairs) = &map.kind else { return false };
        let (Some(first), Some(last)) = (pairs.first(), pairs.last()) else { return false };
        if stream.slice(map.span).starts_with('{') {
            return false;
        }
        let before = stream.text.get(..first.key.span.start as usize).unwrap_or("");
        let line = before.rfind('\n').map_or(0, |at| at + 1);
        let indent: String = before[line..].chars().map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        let end = line_end(stream.text, content_end(stream.text, last));
        let at = Span { source: map.span.source, start: end, end };
        let newline = if stream.text.contains("\r\n") { "\r\n" } else { "\n" };
        self.edits.push((at, format!("{newline}{indent}{key}: {value}")));
        true
    }

    /// The text with all edits applied.
    pub fn apply(mut self, text: &str) -> Result<String, EditError> {
        self.edits.sort_by_key(|(span, _)| (span.start, span.end));
        let mut out = String::with_capacity(text.len());
        let mut done = 0;
        for (span, with) in &self.edits {
            if (span.start as usize) < done {
                return Err(EditError::Overlap);
            }
            out.push_str(text.get(done..span.start as usize).ok_or(EditError::OutOfText)?);
            text.get(span.range()).ok_or(EditError::OutOfText)?;
            out.push_str(with);
            done = span.end as usize;
        }
        out.push_str(text.get(done..).ok_or(EditError::OutOfText)?);
        Ok(out)
    }
}

/// Where the pair's last byte that is no white space ends.
fn content_end(text: &str, pair: &crate::Pair<'_>) -> usize {
    let end = pair.value.span.to(pair.key.span).end as usize;
    text.get(..end).map_or(end, |before| before.trim_end().len())
}

fn line_end(text: &str, from: usize) -> u32 {
    let end = text.get(from..).and_then(|rest| rest.find('\n')).map_or(text.len(), |at| from + at);
    let end = if end > from && text.as_bytes().get(end - 1) == Some(&b'\r') { end - 1 } else { end };
    u32::try_from(end).unwrap_or(u32::MAX)
}
