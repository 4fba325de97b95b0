//! Windows event XML: exports of the Event Viewer, and what Sysmon for Linux writes to syslog.
//!
//! Only what these events use is read: elements, attributes, the five named entities and character references.
//! The fields come out flat, under the names that rules use.

use sigyn_event::{EventBuf, Timestamp};

use super::Line;

/// Elements of one event.
const ELEMENTS_MAX: usize = 10_000;

/// The event that begins in a text: from `<Event` to `</Event>`.
pub(crate) fn event(text: &str) -> Option<&str> {
    let start = memchr::memmem::find_iter(text.as_bytes(), "<Event").find(|at| {
        text.as_bytes().get(at + 6).is_some_and(|byte| matches!(byte, b'>' | b' ' | b'\n' | b'\r'))
    })?;
    let rest = text.get(start..)?;
    let end = memchr::memmem::find(rest.as_bytes(), b"</Event>")?;
    rest.get(..end + 8)
}

/// Decodes an event. Behind it the root map is closed.
///
/// # Errors
/// That it is not the XML of an event.
pub(crate) fn decode(line: Line<'_>, buf: &mut EventBuf) -> Result<(), &'static str> {
    let xml = event(line.text).ok_or("the text holds no whole <Event>")?;
    buf.begin_map(None);
    let mut section = Section::Other;
    let mut tags = Tags { rest: xml };
    for _ in 0..ELEMENTS_MAX {
        let Some(tag) = tags.next() else { break };
        match (section, tag.name) {
            (_, "System") => section = Section::System,
            (_, "EventData") => section = Section::Data,
            (_, "UserData") => section = Section::User,
            (_, "RenderingInfo") => section = Section::Rendering,
            (_, "/System" | "/EventData" | "/UserData" | "/RenderingInfo") => section = Section::Other,
            (_, name) if name.starts_with('/') || name.starts_with(['?', '!']) => {}
            (Section::System, name) => system(line, buf, name, tag),
            (Section::Data, "Data") => {
                let key = attribute(tag.attributes, "Name").unwrap_or("Data");
                push(line, buf, &key.replace(' ', ""), tag.text);
            }
            (Section::Data | Section::User, name) if !tag.text.trim().is_empty() => {
                push(line, buf, name, tag.text)
            }
            (Section::Rendering, "Message") => push(line, buf, "Message", tag.text),
            _ => {}
        }
    }
    buf.end();
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    Other,
    System,
    Data,
    User,
    Rendering,
}

fn system(line: Line<'_>, buf: &mut EventBuf, name: &str, tag: Tag<'_>) {
    match name {
        "Provider" => {
            for (name, key) in [("Name", "Provider_Name"), ("Guid", "Provider_Guid")] {
                if let Some(value) = attribute(tag.attributes, name) {
                    push(line, buf, key, value);
                }
            }
        }
        "TimeCreated" => {
            let text = attribute(tag.attributes, "SystemTime");
            buf.set_time(text.and_then(Timestamp::parse));
            if let Some(text) = text {
                push(line, buf, "SystemTime", text);
            }
        }
        "Security" => {
            if let Some(value) = attribute(tag.attributes, "UserID") {
                push(line, buf, "UserID", value);
            }
        }
        "Execution" => {
            for (name, key) in [("ProcessID", "Execution_ProcessID"), ("ThreadID", "Execution_ThreadID")] {
                if let Some(value) = attribute(tag.attributes, name) {
                    push(line, buf, key, value);
                }
            }
        }
        "EventID" | "Version" | "Level" | "Task" | "Opcode" | "EventRecordID" => {
            super::push_number(buf, name, line.part(tag.text.trim()));
        }
        "Keywords" | "Channel" | "Computer" => push(line, buf, name, tag.text),
        _ => {}
    }
}

fn push<'t>(line: Line<'t>, buf: &mut EventBuf, key: &str, text: &'t str) {
    if text.contains('&') {
        let key = buf.name(key);
        buf.push_str(Some(key), &unescaped(text));
    } else {
        line.part(text).push(buf, key);
    }
}

#[derive(Clone, Copy)]
struct Tag<'t> {
    /// With a slash in front if it closes.
    name: &'t str,
    attributes: &'t str,
    /// What follows up to the next tag.
    text: &'t str,
}

struct Tags<'t> {
    rest: &'t str,
}

impl<'t> Tags<'t> {
    fn next(&mut self) -> Option<Tag<'t>> {
        let start = memchr::memchr(b'<', self.rest.as_bytes())?;
        let inner = self.rest.get(start + 1..)?;
        // `>` may stand in an attribute's value.
        let bytes = inner.as_bytes();
        let mut at = 0;
        loop {
            at += memchr::memchr3(b'>', b'"', b'\'', bytes.get(at..)?)?;
            let byte = bytes[at];
            if byte == b'>' {
                break;
            }
            at += 1;
            at += memchr::memchr(byte, bytes.get(at..)?)? + 1;
        }
        let tag = inner.get(..at)?;
        let behind = inner.get(at + 1..)?;
        let end = memchr::memchr(b'<', behind.as_bytes()).unwrap_or(behind.len());
        self.rest = behind.get(end..)?;
        let is_empty = tag.ends_with('/');
        let tag = tag.trim_end_matches('/');
        let tag = if is_empty || !inner.starts_with('/') { tag } else { inner.get(..at)? };
        let (name, attributes) = tag.split_once([' ', '\n', '\r', '\t']).unwrap_or((tag, ""));
        let text = if is_empty { "" } else { behind.get(..end)? };
        Some(Tag { name, attributes, text })
    }
}

fn attribute<'t>(attributes: &'t str, name: &str) -> Option<&'t str> {
    let mut rest = attributes;
    loop {
        let (key, behind) = rest.split_once('=')?;
        let behind = behind.trim_start();
        let quote = behind.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        let (value, behind) = behind.get(1..)?.split_once(quote)?;
        if key.trim() == name {
            return Some(value);
        }
        rest = behind;
    }
}

fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('&') {
        out.push_str(before);
        let entity = behind.split_once(';').and_then(|(entity, rest)| Some((character(entity)?, rest)));
        match entity {
            Some((c, behind)) => {
                out.push(c);
                rest = behind;
            }
            None => {
                out.push('&');
                rest = behind;
            }
        }
    }
    out.push_str(rest);
    out
}

fn character(entity: &str) -> Option<char> {
    match entity {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let code = entity.strip_prefix('#')?;
            let code = match code.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                None => code.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_out_flat() {
        let xml = concat!(
            "<Event xmlns='x'><System><Provider Name=\"Linux-Sysmon\" Guid=\"{g}\"/><EventID>1</EventID>",
            "<TimeCreated SystemTime=\"2022-01-01T00:00:00.5Z\"/><Computer>h</Computer><Security UserID='0'/></System>",
            "<EventData><Data Name=\"Image\">/bin/a&amp;b&#x41;</Data><Data>u</Data><Data Name='Empty'/></EventData></Event>",
        );
        let mut buf = EventBuf::new();
        decode(Line { text: xml, base: 0 }, &mut buf).unwrap();
        let mut out = buf.time().map_or(String::new(), |time| time.to_string());
        buf.event(xml).write_json(&mut out);
        assert_eq!(
            out,
            r#"2022-01-01T00:00:00.500Z{"Provider_Name":"Linux-Sysmon","Provider_Guid":"{g}","EventID":1,"SystemTime":"2022-01-01T00:00:00.5Z","Computer":"h","UserID":"0","Image":"/bin/a&bA","Data":"u","Empty":""}"#
        );
    }

    #[test]
    fn what_is_no_event_is_refused() {
        for text in ["", "<Event", "<EventID>1</EventID>", "<Event>"] {
            assert_eq!(event(text), None, "{text}");
        }
        assert_eq!(event("x <Event><a b='>'/></Event> y"), Some("<Event><a b='>'/></Event>"));
    }
}
