//! Decodings: one record's text into an event buffer, one file each.

pub(crate) mod auditd;
pub(crate) mod combined;
pub(crate) mod csv;
pub(crate) mod evtx;
pub(crate) mod json;
pub(crate) mod syslog;
pub(crate) mod xml;

use sigyn_event::{EventBuf, NodeId, Timestamp};

/// A record's text with its place in the input that the buffer's ranges refer to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line<'t> {
    /// The record, without its line end.
    pub(crate) text: &'t str,
    /// Offset of the record in the input.
    pub(crate) base: usize,
}

impl<'t> Line<'t> {
    /// A part of the line, by the part itself: `part` must be a slice of `text`.
    pub(crate) fn part(self, part: &'t str) -> Line<'t> {
        let offset = (part.as_ptr() as usize).wrapping_sub(self.text.as_ptr() as usize);
        // A slice of something else would name a wrong place, never one outside: the buffer checks ranges.
        Line { text: part, base: self.base.wrapping_add(offset) }
    }

    /// Adds the text as a value of the open map, without copying it.
    pub(crate) fn push(self, buf: &mut EventBuf, key: &str) -> NodeId {
        let key = buf.name(key);
        let text = buf.input_text(self.base, self.text.len());
        buf.push_text(Some(key), text)
    }
}

/// Adds an integer, or the text if it is none.
pub(crate) fn push_number(buf: &mut EventBuf, key: &str, line: Line<'_>) {
    match line.text.parse() {
        Ok(number) => {
            let key = buf.name(key);
            buf.push_int(Some(key), number);
        }
        Err(_) => {
            line.push(buf, key);
        }
    }
}

/// What decoding needs to know beside the record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context {
    /// The present, for times without a year: they are put into the last year that does not lie ahead.
    pub(crate) now: Option<Timestamp>,
}
