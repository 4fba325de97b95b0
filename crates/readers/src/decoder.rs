//! Batches into events.

use std::sync::LazyLock;

use memchr::memmem::Finder;
use sigyn_event::{Event, EventBuf, Timestamp};

use crate::decoding::json::Json;
use crate::decoding::{Context, Framing, Header, Line, LineFormat, combined, csv, evtx, xml};
use crate::framing::{entries, rows};
use crate::reader::Batch;
use crate::shapes;
use crate::sniff::{Cut, Decoding};

/// Flaws of one batch that are described; the others are only counted.
const FLAWS_MAX: usize = 100;
/// Beginnings of objects in a broken line that are tried.
const OBJECTS_TRIED_MAX: usize = 64;

/// What stands between time and request of an access log's line, as JSON writes it. Looking for it costs some 30 ns a kilobyte,
/// and nearly no other record has it.
static ACCESS_LINE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"] \\\""));

/// Decodes batches; kept by a thread for its memory. Decoding an event allocates nothing once it is warm, except
/// where a record's text has to be rewritten.
#[derive(Debug)]
pub struct Decoder {
    now: Option<Timestamp>,
    /// The header in force, for logs that have one.
    header: Header,
    buf: EventBuf,
    json: Json,
    shapes: shapes::Scratch,
    chunks: evtx::Chunks,
}

/// A damaged place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// Offset in the unpacked input, where known.
    pub offset: Option<u64>,
    /// What is wrong.
    pub why: String,
}

/// What became of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Records that were decoded.
    pub records: u64,
    /// Records and places that were not.
    pub damaged: u64,
    /// The first of them.
    pub flaws: Vec<Flaw>,
}

impl Outcome {
    fn flaw(&mut self, offset: Option<u64>, why: impl Into<String>) {
        self.damaged += 1;
        if self.flaws.len() < FLAWS_MAX {
            self.flaws.push(Flaw { offset, why: why.into() });
        }
    }
}

impl Decoder {
    /// A decoder. `now` serves times without a year; without it they are left out.
    pub fn new(now: Option<Timestamp>) -> Self {
        Self {
            now,
            header: Header::default(),
            buf: EventBuf::new(),
            json: Json::default(),
            shapes: shapes::Scratch::default(),
            chunks: evtx::Chunks::default(),
        }
    }

    /// Calls `visit` with each record's number within the batch, counted from 0, and its event, in order. Stops
    /// early, without an outcome for the rest, if `visit` says so by returning false.
    pub fn decode(&mut self, batch: &Batch, visit: &mut dyn FnMut(u64, Event<'_>) -> bool) -> Outcome {
        let mut outcome = Outcome::default();
        for offset in &batch.oversized {
            outcome.flaw(Some(*offset), "the record is too long");
        }
        if batch.member.shape.decoding == Decoding::Evtx {
            self.evtx(batch, &mut outcome, visit);
            return outcome;
        }
        // One pass validates the whole batch; a single bad byte must not cost the others their text.
        let lossy;
        let text = match std::str::from_utf8(&batch.bytes) {
            Ok(text) => text,
            Err(_) => {
                lossy = String::from_utf8_lossy(&batch.bytes);
                &*lossy
            }
        };
        match &batch.member.shape.cut {
            Cut::JsonStream { marker, .. } => self.json_stream(batch, text, marker, &mut outcome, visit),
            Cut::XmlEvents => self.xml_events(batch, text, &mut outcome, visit),
            Cut::Rows => {
                let header_rows = usize::from(batch.offset == 0);
                for (at, row) in rows::rows(text).skip(header_rows) {
                    if !self.line(batch, text, Line { text: row, base: at }, &mut outcome, visit) {
                        break;
                    }
                }
            }
            Cut::Lines | Cut::Chunks => {
                if let Decoding::Line(format) = &batch.member.shape.decoding {
                    self.begin(format, &batch.header);
                    if let Framing::Entries(begins) = format.framing {
                        for (at, entry) in entries::entries(text, begins) {
                            if !self.line(batch, text, Line { text: entry, base: at }, &mut outcome, visit) {
                                break;
                            }
                        }
                        return outcome;
                    }
                }
                let mut start = 0;
                while start < text.len() {
                    let rest = &text.as_bytes()[start..];
                    let end = start + memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                    let line = Line { text: text.get(start..end).unwrap_or(""), base: start };
                    if !self.line(batch, text, line, &mut outcome, visit) {
                        break;
                    }
                    start = end + 1;
                }
            }
        }
        outcome
    }

    /// Takes up the header in force where a batch begins.
    fn begin(&mut self, format: &LineFormat, header: &str) {
        self.header = Header::default();
        if let Some(directive) = format.directive {
            header.lines().for_each(|line| directive(line, &mut self.header));
        }
    }

    /// One line, or one row; empty ones are no records.
    fn line(
        &mut self,
        batch: &Batch,
        input: &str,
        line: Line<'_>,
        outcome: &mut Outcome,
        visit: &mut dyn FnMut(u64, Event<'_>) -> bool,
    ) -> bool {
        let trimmed = line.text.trim_end_matches('\r').trim_start_matches('\u{feff}');
        if trimmed.trim().is_empty() {
            return true;
        }
        let line = line.part(trimmed);
        self.buf.clear();
        let result = match &batch.member.shape.decoding {
            Decoding::Json => self.json_line(input, line),
            Decoding::Csv(header) => csv::decode(line, header, &mut self.buf)
                .map(|()| shapes::apply(&mut self.buf, input, &mut self.shapes)),
            Decoding::Line(format) => {
                if let Some(directive) = format.directive.filter(|_| line.text.starts_with('#')) {
                    directive(line.text, &mut self.header);
                    return true;
                }
                (format.decode)(line, &mut self.buf, &Context { now: self.now, header: &self.header })
            }
            Decoding::Xml | Decoding::Evtx => xml::decode(line, &mut self.buf),
        };
        if let Err(why) = result {
            // A line of another kind is still text that rules may look for.
            let Decoding::Line(LineFormat { other: Some(origin), .. }) = &batch.member.shape.decoding else {
                outcome.flaw(Some(batch.offset + line.base as u64), why);
                let is_json = batch.member.shape.decoding == Decoding::Json;
                if !(is_json && self.last_object(input, line)) {
                    return true;
                }
                outcome.records += 1;
                return visit(outcome.records - 1, self.buf.event(input));
            };
            self.buf.clear();
            self.buf.set_origin(Some(origin));
            self.buf.begin_map(None);
            line.push(&mut self.buf, "message");
            self.buf.end();
        }
        outcome.records += 1;
        visit(outcome.records - 1, self.buf.event(input))
    }

    /// A whole object at the end of a broken line: where a line end was lost, the line behind it is still sound.
    /// Says whether there is one; it is then in the buffer.
    fn last_object(&mut self, input: &str, line: Line<'_>) -> bool {
        let starts = memchr::memmem::find_iter(line.text.as_bytes(), "{\"").filter(|at| *at > 0);
        for at in starts.take(OBJECTS_TRIED_MAX) {
            self.buf.clear();
            let part = Line { text: line.text.get(at..).unwrap_or(""), base: line.base + at };
            if self.json_line(input, part).is_ok() {
                return true;
            }
        }
        false
    }

    fn json_line(&mut self, input: &str, line: Line<'_>) -> Result<(), &'static str> {
        let end = self.json.value(input, line.base, &mut self.buf).map_err(|broken| broken.why)?;
        if end < line.base + line.text.len() {
            return Err("text follows the value");
        }
        self.finish_json(input, line.text);
        Ok(())
    }

    /// What a record of JSON carries and what its fields are called, when its values are there.
    fn finish_json(&mut self, input: &str, record: &str) {
        if ACCESS_LINE.find(record.as_bytes()).is_some() {
            combined::carry(&mut self.buf, input);
        }
        shapes::apply(&mut self.buf, input, &mut self.shapes);
    }

    fn json_stream(
        &mut self,
        batch: &Batch,
        text: &str,
        marker: &[u8],
        outcome: &mut Outcome,
        visit: &mut dyn FnMut(u64, Event<'_>) -> bool,
    ) {
        let mut at = 0;
        while let Some(start) = next_object(text.as_bytes(), at) {
            self.buf.clear();
            match self.json.value(text, start, &mut self.buf) {
                Ok(end) => {
                    self.finish_json(text, text.get(start..end).unwrap_or_default());
                    outcome.records += 1;
                    if !visit(outcome.records - 1, self.buf.event(text)) {
                        return;
                    }
                    at = end;
                }
                Err(broken) => {
                    outcome.flaw(Some(batch.offset + broken.at as u64), broken.why);
                    let from = start + 1;
                    let next = memchr::memmem::find(text.as_bytes().get(from..).unwrap_or_default(), marker);
                    match next.filter(|_| !marker.is_empty()) {
                        Some(next) => at = from + next,
                        None => return,
                    }
                }
            }
        }
    }

    fn xml_events(
        &mut self,
        batch: &Batch,
        text: &str,
        outcome: &mut Outcome,
        visit: &mut dyn FnMut(u64, Event<'_>) -> bool,
    ) {
        let mut at = 0;
        while let Some(event) = text.get(at..).and_then(xml::event) {
            let line = Line { text, base: 0 }.part(event);
            at = line.base + event.len();
            self.buf.clear();
            match xml::decode(line, &mut self.buf) {
                Ok(()) => {
                    outcome.records += 1;
                    if !visit(outcome.records - 1, self.buf.event(text)) {
                        return;
                    }
                }
                Err(why) => outcome.flaw(Some(batch.offset + line.base as u64), why),
            }
        }
    }

    fn evtx(&mut self, batch: &Batch, outcome: &mut Outcome, visit: &mut dyn FnMut(u64, Event<'_>) -> bool) {
        let memory = (&mut self.buf, &mut self.shapes);
        self.chunks.decode(&batch.bytes, batch.offset, memory, &mut |item| match item {
            evtx::Item::Damaged { offset, why } => {
                outcome.flaw(Some(offset), why);
                true
            }
            evtx::Item::Record(event) => {
                outcome.records += 1;
                visit(outcome.records - 1, event)
            }
        });
    }
}

/// The next brace outside strings: what stands between records only separates them.
fn next_object(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += memchr::memchr2(b'{', b'"', bytes.get(at..)?)?;
        if bytes[at] == b'{' {
            return Some(at);
        }
        // A string of a wrapper's end.
        at += 1;
        loop {
            at += memchr::memchr3(b'"', b'\\', b'\n', bytes.get(at..)?)?;
            let byte = bytes[at];
            at += if byte == b'\\' { 2 } else { 1 };
            if byte != b'\\' {
                break;
            }
        }
    }
}
