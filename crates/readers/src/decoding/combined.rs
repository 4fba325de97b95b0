//! Access logs of Apache and nginx: the combined and the common format, with or without a virtual host in front.
//!
//! Fields carry the names that rules for web servers use. What the log leaves out as `-` is missing. The URL's
//! decoded forms, and texts without the server's own escapes, are additional values of their fields, so that a
//! rule finds what was meant whichever way it was written.
//!
//! Such a line also comes as the message of another record: shippers that parse nothing send it in JSON ([`carry`]), servers and
//! forwarders by syslog.

use std::net::IpAddr;

use sigyn_event::{DateTime, Event, EventBuf, Timestamp};

use super::{Framing, Line, LineFormat, push_number, syslog};

/// The origin of these events.
pub(crate) const ORIGIN: &str = "web_access";
/// Rounds of percent decoding: attackers encode twice.
const ROUNDS_MAX: usize = 2;
pub(crate) const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

pub(crate) const FORMAT: LineFormat = LineFormat {
    name: "Apache/nginx access log",
    framing: Framing::Lines,
    is_line,
    decode: |line, buf, _| decode(line, buf),
    other: Some(ORIGIN),
    directive: None,
};

/// Where records that carry a log line as text have it.
const CARRIERS: [&str; 3] = ["message", "MESSAGE", "log"];
/// Members of records that tell of a request in fields of their own: then the text says nothing new.
const TOLD: [&str; 5] = ["http", "url", "http.request.method", "cs-method", "c-ip"];

/// Whether the line has this format.
pub(crate) fn is_line(line: &str) -> bool {
    Parts::of(line).is_some()
}

/// Decodes a line.
///
/// # Errors
/// That it has another format.
pub(crate) fn decode(line: Line<'_>, buf: &mut EventBuf) -> Result<(), &'static str> {
    let parts = Parts::of(line.text).ok_or("the line is not in the combined or common log format")?;
    buf.set_origin(Some(ORIGIN));
    buf.set_time(time(parts.time));
    buf.begin_map(None);
    for (key, text) in parts.fields() {
        let node = line.part(text).push(buf, key);
        if let Some(alias) = alias(key) {
            let alias = buf.name(alias);
            buf.alias(alias, node);
        }
    }
    push_number(buf, "sc-status", line.part(parts.status));
    if parts.bytes != "-" && !parts.bytes.is_empty() {
        push_number(buf, "sc-bytes", line.part(parts.bytes));
    }
    line.push(buf, "message");
    buf.end();
    buf.begin_additional();
    parts.add_decoded(buf);
    Ok(())
}

/// Whether a record of JSON may carry a line of an access log as text in a member of its root: then more is in the event than
/// its members say.
pub fn may_carry(key: &str) -> bool {
    CARRIERS.contains(&key)
}

/// Whether a text is such a line.
pub fn is_carried(text: &str) -> bool {
    Parts::of(syslog::message(text.trim_end())).is_some()
}

/// Adds what an access log's line says to a record of JSON that carries it as text. To be called when the record's values are
/// there and before anything is made of its layout, which this is a part of.
pub(crate) fn carry(buf: &mut EventBuf, input: &str) {
    let Some(text) = carried(buf.event(input)).map(str::to_owned) else { return };
    let Some(parts) = Parts::of(syslog::message(text.trim_end())) else { return };
    buf.set_origin(Some(ORIGIN));
    buf.set_time(time(parts.time));
    buf.begin_additional();
    for (key, text) in parts.fields() {
        for key in [Some(key), alias(key)].into_iter().flatten() {
            let key = buf.name(key);
            buf.push_str(Some(key), text);
        }
    }
    for (key, text) in [("sc-status", parts.status), ("sc-bytes", parts.bytes)] {
        if let Ok(number) = text.parse() {
            let key = buf.name(key);
            buf.push_int(Some(key), number);
        }
    }
    parts.add_decoded(buf);
}

/// The text that a record carries, if it does not tell in fields of its own what stands in it.
fn carried(event: Event<'_>) -> Option<&str> {
    let mut text = None;
    for member in event.root().iter() {
        if TOLD.contains(&member.key) {
            return None;
        }
        if text.is_none() && CARRIERS.contains(&member.key) {
            text = member.value.as_text();
        }
    }
    text
}

/// The other name that rules have for a field.
fn alias(key: &str) -> Option<&'static str> {
    Some(match key {
        "cs-uri" => "c-uri",
        "cs-uri-query" => "c-uri-query",
        "cs-user-agent" => "c-useragent",
        "c-ip" => "src_ip",
        _ => return None,
    })
}

/// Adds the forms of a text that differ from it.
pub(crate) fn add_decoded(buf: &mut EventBuf, key: &str, text: &str, is_url: bool) {
    let mut last = text.to_owned();
    let mut add = |form: String, last: &mut String| {
        if form != *last {
            let key = buf.name(key);
            buf.push_str(Some(key), &form);
            *last = form;
        }
    };
    if text.contains('\\') {
        let form = without_escapes(text);
        add(form, &mut last);
    }
    if is_url {
        for _ in 0..ROUNDS_MAX {
            if !last.contains(['%', '+']) {
                break;
            }
            let form = percent_decoded(&last);
            add(form, &mut last);
        }
    }
}

/// `%41` and `+` decoded; what is no valid sequence stays as it is.
fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    let hex = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    while let Some(byte) = bytes.get(at) {
        match (byte, hex(bytes.get(at + 1)), hex(bytes.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                out.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
                at += 3;
                continue;
            }
            (b'+', _, _) => out.push(b' '),
            _ => out.push(*byte),
        }
        at += 1;
    }
    String::from_utf8(out).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// Without the escapes that servers write: `\"`, `\\`, `\t`, `\x41`.
fn without_escapes(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        at += 1;
        if *byte != b'\\' {
            out.push(*byte);
            continue;
        }
        let next = bytes.get(at).copied();
        at += 1;
        match next {
            Some(b'n') => out.push(b'\n'),
            Some(b'r') => out.push(b'\r'),
            Some(b't') => out.push(b'\t'),
            Some(b'x' | b'X') => {
                let code = text.get(at..at + 2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
                if let Some(code) = code {
                    out.push(code);
                    at += 2;
                } else {
                    out.extend(b"\\x");
                }
            }
            Some(other) => out.push(other),
            None => out.push(b'\\'),
        }
    }
    String::from_utf8(out).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// `10/Oct/2000:13:55:36 -0700`.
fn time(text: &str) -> Option<Timestamp> {
    let (day, rest) = text.split_once('/')?;
    let (month, rest) = rest.split_once('/')?;
    let (year, rest) = rest.split_once(':')?;
    let (clock, zone) = rest.split_once(' ')?;
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    let zone = format!("{}:{}", zone.get(..3)?, zone.get(3..)?);
    DateTime::parse(&format!("{year}-{month:02}-{day:0>2}T{clock}{zone}"))?.timestamp()
}

#[derive(Default)]
struct Parts<'t> {
    host: &'t str,
    client: &'t str,
    user: &'t str,
    time: &'t str,
    method: &'t str,
    uri: &'t str,
    stem: &'t str,
    query: &'t str,
    version: &'t str,
    status: &'t str,
    bytes: &'t str,
    referer: &'t str,
    agent: &'t str,
}

impl<'t> Parts<'t> {
    fn of(line: &'t str) -> Option<Self> {
        let (front, rest) = line.split_once('[')?;
        let mut parts = Self::default();
        parts.front(front)?;
        let (time, rest) = rest.split_once(']')?;
        parts.time = time;
        let (request, rest) = quoted(rest)?;
        parts.request(request);
        let rest = rest.trim_start();
        let (status, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        if status.len() != 3 || !status.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        parts.status = status;
        let rest = rest.trim_start();
        let (bytes, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        parts.bytes = bytes;
        if let Some((referer, rest)) = quoted(rest) {
            parts.referer = referer;
            parts.agent = quoted(rest).map_or("", |(agent, _)| agent);
        }
        Some(parts)
    }

    /// `client ident user`, or `host:port client ident user` as Apache's `vhost_combined` has it. Only behind an address may
    /// a user's name have blanks: the front of a line of syslog must not be taken for a host, a client and a name.
    fn front(&mut self, front: &'t str) -> Option<()> {
        let is_address = |word: &str| word.parse::<IpAddr>().is_ok();
        let mut words = front.split_ascii_whitespace();
        let (a, b, c) = (words.next()?, words.next()?, words.next()?);
        match (words.next(), words.next()) {
            (None, _) => (self.client, self.user) = (a, c),
            (Some(_), _) if is_address(a) && !is_address(b) => {
                let behind = front.trim().strip_prefix(a)?.trim_start().strip_prefix(b)?;
                (self.client, self.user) = (a, behind.trim());
            }
            (Some(user), None) => {
                (self.host, self.client, self.user) = (a.split(':').next().unwrap_or(a), b, user);
            }
            (Some(_), Some(_)) => return None,
        }
        Some(())
    }

    /// Its texts by field; what the log leaves out is missing.
    fn fields(&self) -> impl Iterator<Item = (&'static str, &'t str)> {
        let all = [
            ("c-ip", self.client),
            ("cs-username", self.user),
            ("cs-method", self.method),
            ("cs-uri", self.uri),
            ("cs-uri-stem", self.stem),
            ("cs-uri-query", self.query),
            ("cs-version", self.version),
            ("cs-referer", self.referer),
            ("cs-user-agent", self.agent),
            ("cs-host", self.host),
        ];
        all.into_iter().filter(|(_, text)| !matches!(*text, "" | "-"))
    }

    /// Adds the decoded forms of its texts.
    fn add_decoded(&self, buf: &mut EventBuf) {
        for (key, text, is_url) in [
            ("cs-uri", self.uri, true),
            ("c-uri", self.uri, true),
            ("cs-uri-stem", self.stem, true),
            ("cs-uri-query", self.query, true),
            ("cs-referer", self.referer, true),
            ("cs-user-agent", self.agent, false),
            ("c-useragent", self.agent, false),
        ] {
            add_decoded(buf, key, text, is_url);
        }
    }

    fn request(&mut self, request: &'t str) {
        let (method, rest) = request.split_once(' ').unwrap_or(("", request));
        let (uri, version) = match rest.rsplit_once(' ') {
            Some((uri, version)) if version.starts_with("HTTP/") => (uri, version),
            _ => (rest, ""),
        };
        let is_method =
            !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
        // A request that is none, e.g. bytes of a TLS handshake, is kept as the URL it was meant to be.
        (self.method, self.uri) = if is_method { (method, uri) } else { ("", request) };
        self.version = if is_method { version } else { "" };
        let (stem, query) = self.uri.split_once('?').unwrap_or((self.uri, ""));
        (self.stem, self.query) = (stem, query);
    }
}

/// The quoted text that follows, and what is behind it. `\"` does not end it.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start().strip_prefix('"')?;
    let bytes = text.as_bytes();
    let mut at = 0;
    loop {
        at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[at] == b'"' {
            return Some((text.get(..at)?, text.get(at + 1..)?));
        }
        at += 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expect: &str) {
        let mut buf = EventBuf::new();
        decode(Line { text: line, base: 0 }, &mut buf).unwrap();
        let mut out = buf.time().map_or(String::new(), |time| time.to_string());
        let event = buf.event(line);
        for member in event.root().iter().chain(event.additional()).filter(|member| member.key != "message") {
            out.push_str(&format!(" {}=", member.key));
            member.value.write_json(&mut out);
        }
        assert_eq!(out, expect, "{line}");
    }

    #[test]
    fn requests_are_taken_apart_and_decoded() {
        check(
            r#"10.0.0.1 - bob [10/Oct/2000:13:55:36 -0700] "GET /a%2Fb?q=%2527+x HTTP/1.0" 200 12 "-" "curl/8 \"q\"""#,
            r#"2000-10-10T20:55:36Z c-ip="10.0.0.1" cs-username="bob" cs-method="GET" cs-uri="/a%2Fb?q=%2527+x" cs-uri-stem="/a%2Fb" cs-uri-query="q=%2527+x" cs-version="HTTP/1.0" cs-user-agent="curl/8 \\\"q\\\"" sc-status=200 sc-bytes=12 cs-uri="/a/b?q=%27 x" cs-uri="/a/b?q=' x" c-uri="/a/b?q=%27 x" c-uri="/a/b?q=' x" cs-uri-stem="/a/b" cs-uri-query="q=%27 x" cs-uri-query="q=' x" cs-user-agent="curl/8 \"q\"" c-useragent="curl/8 \"q\"""#,
        );
        check(
            r#"10.0.0.1 - john doe [10/Oct/2000:13:55:36 +0000] "-" 408 -"#,
            r#"2000-10-10T13:55:36Z c-ip="10.0.0.1" cs-username="john doe" sc-status=408"#,
        );
        check(
            r#"10.0.0.5 10.0.0.1 - bob [10/Oct/2000:13:55:36 +0000] "-" 408 -"#,
            r#"2000-10-10T13:55:36Z c-ip="10.0.0.1" cs-username="bob" cs-host="10.0.0.5" sc-status=408"#,
        );
        check(
            r#"www.example.org:80 10.0.0.1 - - [10/Oct/2000:13:55:36 +0000] "-" 408 -"#,
            r#"2000-10-10T13:55:36Z c-ip="10.0.0.1" cs-host="www.example.org" sc-status=408"#,
        );
        check(
            r#"::1 - - [10/Oct/2000:13:55:36 +0000] "\x16\x03" 400 0 "-" "-""#,
            "2000-10-10T13:55:36Z c-ip=\"::1\" cs-uri=\"\\\\x16\\\\x03\" cs-uri-stem=\"\\\\x16\\\\x03\" sc-status=400 sc-bytes=0 cs-uri=\"\\u0016\\u0003\" c-uri=\"\\u0016\\u0003\" cs-uri-stem=\"\\u0016\\u0003\"",
        );
    }

    #[test]
    fn other_lines_are_refused() {
        for line in [
            "",
            "a b c [x] \"GET / HTTP/1.1\" ok 1",
            "Oct 10 13:55:36 host sshd[1]: \"x\" 200 1",
            "a [b] \"c",
            // Syslog around a line: the line stands behind it.
            r#"<134>Nov 22 16:06:08 web1 nginx: 10.0.0.1 - - [22/Nov/2026:16:06:08 +0000] "GET / HTTP/1.1" 200 1"#,
            r#"Nov 22 16:06:08 web1 10.0.0.1 - - [22/Nov/2026:16:06:08 +0000] "GET / HTTP/1.1" 200 1"#,
            r#"<134>1 2026-11-22T16:06:08Z web1 nginx - - - 10.0.0.1 - - [22/Nov/2026:16:06:08 +0000] "GET / HTTP/1.1" 200 1"#,
        ] {
            assert!(!is_line(line), "{line}");
        }
    }
}
