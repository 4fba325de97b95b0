//! Decodings: one record's text into an event buffer, one file each.

pub(crate) mod application;
pub(crate) mod auditd;
pub(crate) mod cef;
pub(crate) mod combined;
pub(crate) mod csv;
pub(crate) mod evtx;
pub(crate) mod json;
pub(crate) mod logfmt;
pub(crate) mod server_error;
pub(crate) mod syslog;
pub(crate) mod w3c;
pub(crate) mod xml;
pub(crate) mod zeek;

use sigyn_event::{EventBuf, NodeId, Timestamp};

use crate::framing::Begins;

/// Formats whose records are lines, in the order in which they are tried: those that ask for more come first.
pub(crate) const LINE_FORMATS: &[&LineFormat] = &[
    &zeek::FORMAT,
    &w3c::FORMAT,
    &cef::FORMAT,
    &combined::FORMAT,
    &auditd::FORMAT,
    &server_error::APACHE,
    &server_error::NGINX,
    &syslog::SYSMON,
    &logfmt::FORMAT,
    &application::FORMAT,
    &syslog::FORMAT,
];

/// A format whose records are lines, or entries of lines.
#[derive(Debug)]
pub(crate) struct LineFormat {
    /// What it is called in reports.
    pub(crate) name: &'static str,
    pub(crate) framing: Framing,
    /// Whether a line is of the format.
    pub(crate) is_line: fn(&str) -> bool,
    /// Decodes a record, or says what is wrong with it.
    pub(crate) decode: fn(Line<'_>, &mut EventBuf, &Context<'_>) -> Result<(), &'static str>,
    /// The origin of lines of another kind, which are still text that rules may look for; none: they are damage.
    pub(crate) other: Option<&'static str>,
    /// Reads a line of the header, if there are such.
    pub(crate) directive: Option<fn(&str, &mut Header)>,
}

impl PartialEq for LineFormat {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for LineFormat {}

/// How records of a line format are cut.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Framing {
    /// Each line is one.
    Lines,
    /// Each line that does not begin with `#`, which is the mark of the header.
    Headed,
    /// Each line that begins an entry, with those below it.
    Entries(Begins),
}

/// What the header of a log says about its rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Header {
    /// Names of the columns.
    pub(crate) names: Vec<String>,
    /// Their types, if there are any.
    pub(crate) types: Vec<String>,
    pub(crate) separator: String,
    /// What stands between the elements of a list.
    pub(crate) set_separator: String,
    /// What an empty cell is written as.
    pub(crate) empty: String,
    /// What a missing cell is written as.
    pub(crate) unset: String,
    /// What the log is called, or what wrote it.
    pub(crate) path: String,
    pub(crate) origin: Option<&'static str>,
}

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
pub(crate) struct Context<'c> {
    /// The present, for times without a year: they are put into the last year that does not lie ahead.
    pub(crate) now: Option<Timestamp>,
    /// The header in force.
    pub(crate) header: &'c Header,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Decodes a line under a header; what comes out, the whole line aside, or what is wrong with it.
    pub(crate) fn check_line(format: &LineFormat, head: &[&str], text: &str, expect: &str) {
        let mut header = Header::default();
        for line in head {
            format.directive.unwrap()(line, &mut header);
        }
        let mut buf = EventBuf::new();
        let now = Timestamp::parse("2026-02-01T00:00:00Z");
        let result = (format.decode)(Line { text, base: 0 }, &mut buf, &Context { now, header: &header });
        let mut out = match result {
            Ok(()) => buf.origin().unwrap_or("").to_owned(),
            Err(why) => return assert_eq!(why, expect, "{text}"),
        };
        if let Some(time) = buf.time() {
            out.push_str(&format!("{}{time}", if out.is_empty() { "" } else { " " }));
        }
        let event = buf.event(text);
        for member in event.root().iter().chain(event.additional()).filter(|member| member.key != "message") {
            out.push_str(&format!(" {}=", member.key));
            member.value.write_json(&mut out);
        }
        assert_eq!(out, expect, "{text}");
    }
}
