//! What an input is, by its first bytes. Nothing is guessed from names: an analyst's `x.bin` may well be EVTX.

use std::sync::Arc;

use sigyn_event::EventBuf;

use crate::decoding::{Framing, LINE_FORMATS, LineFormat, csv, evtx, json};
use crate::framing::{
    Chunks, Entries, FILE_MAGIC, Frame, Headed, JsonStream, Lines, Rows, XmlEvents, first_chunk,
};

/// Lines looked at.
const LINES_MAX: usize = 20;
/// Members that hold the records of a wrapper: CloudTrail, Azure, Google Cloud, Elasticsearch and others.
const WRAPPERS: &[&str] = &[
    "Records", "records", "value", "entries", "Events", "events", "hits", "results", "logs", "data", "items",
];
/// A record of Google Workspace's: its `events` are parts of it.
const NO_WRAPPER: &str = "\"admin#reports#activity\"";

/// How an input is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// What it is called in reports.
    pub name: &'static str,
    pub(crate) decoding: Decoding,
    pub(crate) cut: Cut,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Decoding {
    Evtx,
    Json,
    Csv(Arc<csv::Header>),
    Line(&'static LineFormat),
    Xml,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    Chunks,
    Lines,
    Rows,
    XmlEvents,
    JsonStream { skip: usize, marker: Vec<u8> },
}

/// A shape that was tried, and why it is not this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// The shape's name.
    pub shape: &'static str,
    /// Why not.
    pub why: String,
}

impl Shape {
    pub(crate) fn framing(&self) -> Box<dyn Frame> {
        match &self.cut {
            Cut::Chunks => Box::new(Chunks::default()),
            Cut::Lines => match &self.decoding {
                Decoding::Line(LineFormat { framing: Framing::Headed, .. }) => Box::new(Headed::default()),
                Decoding::Line(LineFormat { framing: Framing::Entries(begins), .. }) => {
                    Box::new(Entries::new(*begins))
                }
                _ => Box::new(Lines::default()),
            },
            Cut::Rows => Box::new(Rows::default()),
            Cut::XmlEvents => Box::new(XmlEvents::default()),
            Cut::JsonStream { skip, marker } => Box::new(JsonStream::new(*skip, marker.clone())),
        }
    }
}

/// Tells the shape of an unpacked input.
///
/// # Errors
/// All that was tried.
pub(crate) fn sniff(head: &[u8], is_whole: bool) -> Result<Shape, Vec<Tried>> {
    let mut tried = Vec::new();
    if head.starts_with(FILE_MAGIC) || first_chunk(head).is_some() || evtx::has_record(head) {
        return Ok(Shape { name: "EVTX", decoding: Decoding::Evtx, cut: Cut::Chunks });
    }
    tried.push(Tried { shape: "EVTX", why: "neither a file header nor a chunk nor a record".to_owned() });
    let text = String::from_utf8_lossy(head);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let bom = head.len().min(3) * usize::from(head.starts_with(b"\xef\xbb\xbf"));
    match json_shape(text, is_whole) {
        Ok(mut shape) => {
            if let Cut::JsonStream { skip, .. } = &mut shape.cut {
                *skip += bom;
            }
            return Ok(shape);
        }
        Err(why) => tried.push(Tried { shape: "JSON", why }),
    }
    if head.iter().take(1024).any(|byte| *byte == 0) {
        // Damaged places are zeros, too; a line that is a whole object is no chance.
        if text.lines().take(LINES_MAX).any(is_json_line) {
            return Ok(Shape { name: "JSON lines", decoding: Decoding::Json, cut: Cut::Lines });
        }
        tried.push(Tried { shape: "text", why: "binary: it holds NUL bytes".to_owned() });
        return Err(tried);
    }
    if text.trim_start().starts_with('<') && text.contains("<Event") && !text.trim_start().starts_with("<1") {
        return Ok(Shape { name: "event XML", decoding: Decoding::Xml, cut: Cut::XmlEvents });
    }
    tried.push(Tried { shape: "event XML", why: "no <Event> at the beginning".to_owned() });
    lines_shape(text, is_whole, tried)
}

fn lines_shape(text: &str, is_whole: bool, mut tried: Vec<Tried>) -> Result<Shape, Vec<Tried>> {
    let mut lines: Vec<&str> =
        text.lines().filter(|line| !line.trim().is_empty()).take(LINES_MAX + 1).collect();
    // The last line may be cut off.
    if lines.len() > LINES_MAX || !is_whole && lines.len() > 1 {
        lines.pop();
    }
    let tried_line = |name, hits| {
        let why = format!("{hits} of the first {} lines are such", lines.len());
        Tried { shape: name, why }
    };
    let is_most = |hits: usize| hits > 0 && hits * 2 >= lines.len();
    for format in LINE_FORMATS {
        let hits = lines.iter().filter(|line| (format.is_line)(line)).count();
        let begins = |begins: fn(&str) -> bool| lines.first().is_some_and(|line| begins(line));
        let is_it = match format.framing {
            Framing::Lines => is_most(hits),
            // A header comes once; an entry begins with the first line or not at all.
            Framing::Headed => begins(format.is_line),
            Framing::Entries(test) => begins(test) && is_most(hits),
        };
        if is_it {
            return Ok(Shape { name: format.name, decoding: Decoding::Line(format), cut: Cut::Lines });
        }
        tried.push(tried_line(format.name, hits));
    }
    let hits = lines.iter().filter(|line| is_json_line(line)).count();
    if is_most(hits) {
        return Ok(Shape { name: "JSON lines", decoding: Decoding::Json, cut: Cut::Lines });
    }
    tried.push(tried_line("JSON lines", hits));
    match csv_header(&lines) {
        Ok(header) => Ok(Shape { name: "CSV", decoding: Decoding::Csv(Arc::new(header)), cut: Cut::Rows }),
        Err(why) => {
            tried.push(Tried { shape: "CSV", why });
            Err(tried)
        }
    }
}

fn is_json_line(line: &str) -> bool {
    line.starts_with('{') && json::value(line, 0, &mut EventBuf::new()) == Ok(line.len())
}

fn csv_header(lines: &[&str]) -> Result<csv::Header, String> {
    let (first, rows) = lines.split_first().ok_or("it is empty")?;
    let header = csv::Header::of(first).ok_or("the first line is no header of three columns or more")?;
    let fitting =
        rows.iter().filter(|row| row.contains('"') || header.count(row) == header.names.len()).count();
    if rows.is_empty() || fitting * 2 < rows.len() {
        return Err(format!(
            "{fitting} of {} rows have the header's {} columns",
            rows.len(),
            header.names.len()
        ));
    }
    Ok(header)
}

fn json_shape(text: &str, is_whole: bool) -> Result<Shape, String> {
    let start = text.len() - text.trim_start().len();
    let shape = |cut| Shape { name: "JSON", decoding: Decoding::Json, cut };
    let stream = |skip: usize| {
        let at = text.get(skip..).and_then(|rest| rest.find('{')).map_or(skip, |at| skip + at);
        shape(Cut::JsonStream { skip, marker: marker(text, at) })
    };
    match text.as_bytes().get(start) {
        Some(b'[') => {
            let inner = text.get(start + 1..).unwrap_or("").trim_start();
            // `[2024-01-01 …] text` is a log line, not a list.
            if inner.starts_with(['{', ']', '[']) || inner.is_empty() {
                return Ok(stream(start));
            }
            Err("a bracket, but no list of objects behind it".to_owned())
        }
        Some(b'{') => {
            let mut buf = EventBuf::new();
            match json::value(text, start, &mut buf) {
                Ok(end) => {
                    let value = text.get(start..end).unwrap_or("");
                    let is_alone = is_whole && text.get(end..).is_none_or(|rest| rest.trim().is_empty());
                    if let Some(skip) = wrapper(text, start).filter(|_| is_alone) {
                        return Ok(stream(skip));
                    }
                    let is_line = !value.trim_end().contains('\n');
                    let is_followed_by_line = value.ends_with('\n') || value.ends_with('\r') || is_alone;
                    Ok(if is_line && is_followed_by_line { shape(Cut::Lines) } else { stream(start) })
                }
                // Cut off by the end of what is looked at; or broken, which the records will show.
                Err(broken) if broken.at + 8 >= text.trim_end().len() && !is_whole => {
                    Ok(stream(wrapper(text, start).unwrap_or(start)))
                }
                Err(broken) if text.lines().take(LINES_MAX).filter(|line| is_json_line(line)).count() > 1 => {
                    let _ = broken;
                    Ok(shape(Cut::Lines))
                }
                Err(broken) if looks_like_object(text, start) => {
                    let _ = broken;
                    let first = text.lines().next().unwrap_or("");
                    Ok(if first.len() > 2 && first.trim_end().ends_with('}') {
                        shape(Cut::Lines)
                    } else {
                        stream(start)
                    })
                }
                Err(broken) => Err(format!("{} (byte {})", broken.why, broken.at)),
            }
        }
        _ => Err("it begins with neither a brace nor a bracket".to_owned()),
    }
}

/// `{"…` or `{` and a line end: an object even if it is broken further on.
fn looks_like_object(text: &str, start: usize) -> bool {
    text.get(start + 1..).is_some_and(|rest| rest.trim_start().starts_with('"'))
}

/// How records begin: on lines of their own with that indentation, or with that first key.
fn marker(text: &str, at: usize) -> Vec<u8> {
    let before = text.get(..at).unwrap_or("");
    let indent = before.len() - before.trim_end_matches([' ', '\t']).len();
    let is_line_start = before.len() == indent || before[..before.len() - indent].ends_with('\n');
    if is_line_start && text.get(at..).is_some_and(|rest| rest.contains('\n')) {
        return format!("\n{}{{", &before[before.len() - indent..]).into_bytes();
    }
    let key = text.get(at..).and_then(|rest| rest.split_inclusive('"').nth(1).map(|key| (rest, key.len())));
    key.and_then(|(rest, length)| rest.get(..rest.find('"')? + 1 + length))
        .unwrap_or("{\"")
        .as_bytes()
        .to_vec()
}

/// Where the records of a wrapper begin: behind `{"Records": [`.
fn wrapper(text: &str, start: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let spaces = |mut at: usize| {
        while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
            at += 1;
        }
        at
    };
    let mut at = spaces(start + 1);
    for _ in 0..64 {
        let key_start = at + 1;
        let key_end = key_start + memchr::memchr(b'"', bytes.get(key_start..)?)?;
        let key = text.get(key_start..key_end)?;
        at = spaces(key_end + 1);
        if bytes.get(at) != Some(&b':') {
            return None;
        }
        at = spaces(at + 1);
        if WRAPPERS.contains(&key) && !text.get(start..at)?.contains(NO_WRAPPER) {
            match bytes.get(at) {
                Some(b'[') if bytes.get(spaces(at + 1)) == Some(&b'{') => return Some(at + 1),
                Some(b'{') if key == "hits" => return wrapper(text, at),
                _ => {}
            }
        }
        // `value` wants a map at the top; a member's value is read by itself.
        at = spaces(json::value(text, at, &mut EventBuf::new()).ok()?);
        if bytes.get(at) != Some(&b',') {
            return None;
        }
        at = spaces(at + 1);
        if bytes.get(at) != Some(&b'"') {
            return None;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(head: &str, expect: &str) {
        let got = match sniff(head.as_bytes(), true) {
            Ok(shape) => match shape.cut {
                Cut::JsonStream { skip, marker } => {
                    format!("{} from {skip} by {:?}", shape.name, String::from_utf8_lossy(&marker))
                }
                cut => format!("{} {cut:?}", shape.name),
            },
            Err(tried) => {
                tried.last().map_or(String::new(), |tried| format!("not {}: {}", tried.shape, tried.why))
            }
        };
        assert_eq!(got, expect, "{head}");
    }

    #[test]
    fn shapes_are_told_by_content() {
        check("{\"a\":1}\n{\"a\":2}\n", "JSON Lines");
        check("{\"a\":1}", "JSON Lines");
        check("{\"a\":1}{\"a\":2}", "JSON from 0 by \"{\\\"a\\\"\"");
        check("[{\"a\":1},{\"a\":2}]", "JSON from 0 by \"{\\\"a\\\"\"");
        check("{\n  \"a\": 1\n}\n{\n  \"a\": 2\n}\n", "JSON from 0 by \"\\n{\"");
        check("[\n  {\n  \"a\": 1\n}\n]", "JSON from 0 by \"\\n  {\"");
        check("{\"Records\": [{\"a\":1}]}", "JSON from 13 by \"{\\\"a\\\"\"");
        check("{\"took\":1,\"hits\":{\"total\":1,\"hits\":[{\"a\":1}]}}", "JSON from 36 by \"{\\\"a\\\"\"");
        check(
            "1.1.1.1 - - [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.1\" 200 1\n",
            "Apache/nginx access log Lines",
        );
        check("type=CWD msg=audit(1.0:1): cwd=\"/\"\n", "Linux audit log Lines");
        check("Nov 21 19:26:09 vm app: hello\n", "syslog Lines");
        check("Nov 21 19:26:09 vm sysmon: <Event><System/></Event>\n", "Sysmon for Linux Lines");
        check("<?xml version='1.0'?><Events><Event></Event></Events>", "event XML XmlEvents");
        check("a,b,c\n1,2,3\n", "CSV Rows");
        check("just some\nwords here\n", "not CSV: the first line is no header of three columns or more");
        check("a\0b", "not text: binary: it holds NUL bytes");
    }
}
