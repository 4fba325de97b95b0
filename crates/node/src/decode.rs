//! Single records into events.
//!
//! The event log holds events one by one, from many sources. What a source's records look like is told by their content,
//! once for each source; JSON is told by its first character, so that it may come from anywhere, and a line that is not like those
//! before is looked at by itself: forwarders send what many programs write.

use std::collections::HashMap;
use std::io::Cursor;
use std::sync::Arc;

use sigyn_event::{Event, Timestamp};
use sigyn_readers::{Batch, Decoder, Filled, Member, Reader, Step};

/// Sources whose shape is remembered; beyond it they are looked at again.
const SOURCES_MAX: usize = 10_000;

/// Decodes records; kept by a thread for what it has learned.
pub(crate) struct Records {
    decoder: Decoder,
    shapes: HashMap<String, Arc<Member>>,
    json: Option<Arc<Member>>,
    spare: Filled,
}

impl Records {
    /// `now` serves times without a year.
    pub(crate) fn new(now: i64) -> Self {
        let json = shape(b"{\"a\":1}\n");
        Self {
            decoder: Decoder::new(Some(Timestamp(now))),
            shapes: HashMap::new(),
            json,
            spare: Filled::default(),
        }
    }

    /// Calls `visit` with the event of a record.
    ///
    /// # Errors
    /// Why it is none, in few words that repeat.
    pub(crate) fn decode(
        &mut self,
        source: &str,
        bytes: &[u8],
        visit: &mut dyn FnMut(Event<'_>),
    ) -> Result<(), String> {
        let member = self.member(source, bytes)?;
        let mut own = std::mem::take(&mut self.spare);
        own.clear();
        own.extend_from_slice(bytes);
        // One record is one line: what it breaks inside is part of it.
        own.bytes_mut().iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r')).for_each(|byte| *byte = b' ');
        let batch = Batch { member, offset: 0, bytes: own, oversized: Vec::new(), header: String::new() };
        let mut is_seen = false;
        let outcome = self.decoder.decode(&batch, &mut |_, event| {
            is_seen = true;
            visit(event);
            false
        });
        self.spare = batch.bytes;
        match outcome.flaws.into_iter().next() {
            Some(flaw) if !is_seen => Err(flaw.why),
            _ if is_seen => Ok(()),
            _ => Err("it is empty".to_owned()),
        }
    }

    fn member(&mut self, source: &str, bytes: &[u8]) -> Result<Arc<Member>, String> {
        if bytes.trim_ascii_start().first() == Some(&b'{')
            && let Some(json) = &self.json
        {
            return Ok(Arc::clone(json));
        }
        if let Some(known) = self.shapes.get(source) {
            let fits = std::str::from_utf8(bytes).map_or(true, |line| known.fits(line));
            let other = if fits { None } else { shape(bytes) };
            return Ok(other.unwrap_or_else(|| Arc::clone(known)));
        }
        let found = shape(bytes).ok_or("it is no log of a known shape")?;
        if self.shapes.len() >= SOURCES_MAX {
            self.shapes.clear();
        }
        self.shapes.insert(source.to_owned(), Arc::clone(&found));
        Ok(found)
    }
}

/// The shape of a log that begins so, if its records are single lines.
fn shape(bytes: &[u8]) -> Option<Arc<Member>> {
    let mut line = bytes.to_vec();
    line.push(b'\n');
    match Reader::new("", Cursor::new(line)).next()? {
        Step::Batch(batch) => Some(batch.member),
        Step::Unread(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_records_are_told_by_their_content() {
        let mut records = Records::new(1_770_000_000_000_000_000);
        let mut check = |source: &str, record: &str, expect: &str| {
            let mut said = String::new();
            let result = records.decode(source, record.as_bytes(), &mut |event| event.write_json(&mut said));
            let got = result.map_or_else(|why| format!("error: {why}"), |()| said);
            assert!(got.contains(expect), "{record}: {got}");
        };
        check("web", r#"{"Image":"a.exe"}"#, r#""Image":"a.exe""#);
        check(
            "access",
            r#"10.0.0.1 - - [10/Oct/2025:13:55:36 +0000] "GET /a?x=../../etc/passwd HTTP/1.1" 200 5 "-" "curl/8""#,
            r#""cs-uri-query":"x=../../etc/passwd""#,
        );
        check("syslog", "<13>Nov 21 19:26:09 vm app: hello", "hello");
        check("syslog", "<13>1 2026-11-21T19:26:09.904904+00:00 vm app - - - hello", "hello");
        // A server sends its access log by syslog, beside what other programs write.
        let access =
            r#"10.0.0.9 - - [10/Oct/2025:13:55:36 +0000] \"GET /b?y=1 HTTP/1.1\" 200 5 \"-\" \"curl/8\""#;
        let line = format!("<190>Nov 21 19:26:09 web1 nginx: {}", access.replace('\\', ""));
        check("syslog", &line, r#""c-ip":"10.0.0.9""#);
        // What came first from a source does not decide of what comes later.
        check("forwarder", "<13>Nov 21 19:26:09 fw CEF:0|a|b|c|d|e|3|src=1.1.1.1", r#""src":"1.1.1.1""#);
        check("forwarder", "<86>Nov 21 19:26:09 vm sshd[7]: Failed password", r#""appname":"sshd""#);
        check("forwarder", &line, r#""cs-uri-query":"y=1""#);
        check("access", "what is no line of any log", "what is no line of any log");
        // Shippers that parse nothing send the line in JSON.
        let shipped = format!(r#"{{"@timestamp":"2026-01-01T00:00:00Z","message":"{access}"}}"#);
        check("bulk:filebeat", &shipped, "2026-01-01");
        check("web", r#"{"Image":"a.exe""#, "error: ");
        check("web", "{\"a\":\"b\",\n\"c\":1}", r#""c":1"#);
    }
}
