//! Syslog lines: RFC 3164, RFC 5424, the hybrid with an ISO time, and what Cisco devices write.
//!
//! The whole text is the field `message`; host, program and process stand beside it. A payload that is itself a
//! record (Sysmon for Linux, the audit daemon, a web server's access log) is decoded as that record.

use sigyn_event::{DateTime, EventBuf, Timestamp};

use super::{Context, Framing, Line, LineFormat, auditd, cef, combined, logfmt, push_number, xml};

/// The origin of these events.
pub(crate) const ORIGIN: &str = "syslog";
/// The origin of messages of Cisco devices, known by their `%FACILITY-SEVERITY-MNEMONIC`.
pub(crate) const ORIGIN_CISCO: &str = "cisco_syslog";
/// The origin of messages of Huawei devices.
pub(crate) const ORIGIN_HUAWEI: &str = "huawei_syslog";
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/// A clock may run ahead of ours by this before a time without a year is taken for last year's.
const AHEAD_NANOS_MAX: i64 = 86_400_000_000_000;

pub(crate) const FORMAT: LineFormat = LineFormat {
    name: "syslog",
    framing: Framing::Lines,
    is_line,
    decode,
    other: Some(ORIGIN),
    directive: None,
};

pub(crate) const SYSMON: LineFormat = LineFormat { name: "Sysmon for Linux", is_line: is_sysmon, ..FORMAT };

/// The message behind the header, or the whole line if it has none.
pub(crate) fn message(line: &str) -> &str {
    Parts::of(line).message
}

/// Whether the line is syslog.
fn is_line(line: &str) -> bool {
    let parts = Parts::of(line);
    !parts.time.is_empty() || cisco_tag(line).is_some()
}

/// Whether the line holds an event of Sysmon for Linux.
fn is_sysmon(line: &str) -> bool {
    is_line(line) && xml::event(line).is_some()
}

/// Decodes a line.
///
/// # Errors
/// That it is not syslog, or that the event in it is broken.
pub(crate) fn decode(line: Line<'_>, buf: &mut EventBuf, cx: &Context<'_>) -> Result<(), &'static str> {
    let parts = Parts::of(line.text);
    if xml::event(parts.message).is_some() {
        return xml::decode(line.part(parts.message), buf);
    }
    if auditd::is_line(parts.message) {
        return auditd::decode(line.part(parts.message), buf);
    }
    if combined::is_line(parts.message) {
        combined::decode(line.part(parts.message), buf)?;
        if !matches!(parts.host, "" | "-") {
            line.part(parts.host).push(buf, "host");
        }
        return Ok(());
    }
    if cef::is_line(line.text) {
        return cef::decode(line, buf, cx);
    }
    // FortiGate's; other pairs behind a header are a message like any other.
    if parts.message.contains("devid=") && logfmt::is_line(parts.message) {
        return logfmt::decode(line, buf, cx);
    }
    let cisco = cisco_tag(line.text);
    if parts.time.is_empty() && cisco.is_none() {
        return Err("the line has no syslog header");
    }
    buf.set_origin(Some(match cisco {
        Some(_) => ORIGIN_CISCO,
        // Huawei's mark: `%%01BGP/4/…`.
        None if line.text.contains("%%01") => ORIGIN_HUAWEI,
        None => ORIGIN,
    }));
    buf.set_time(time(parts.time, cx));
    buf.begin_map(None);
    if let Some(priority) = parts.priority {
        for (key, number) in [("facility", priority / 8), ("severity", priority % 8)] {
            let key = buf.name(key);
            buf.push_int(Some(key), i64::from(number));
        }
    }
    for (key, text) in [("host", parts.host), ("appname", parts.program)] {
        if !matches!(text, "" | "-") {
            line.part(text).push(buf, key);
        }
    }
    if !parts.pid.is_empty() {
        push_number(buf, "pid", line.part(parts.pid));
    }
    if let Some(tag) = cisco {
        line.part(tag).push(buf, "mnemonic");
    }
    line.push(buf, "message");
    sudo(line.part(parts.message), parts.program, buf);
    query(line.part(parts.message), parts.program, buf);
    detection(line.part(parts.message), parts.program, buf);
    buf.end();
    Ok(())
}

/// `user : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/sh`: rules name these words as fields.
fn sudo(message: Line<'_>, program: &str, buf: &mut EventBuf) {
    if program != "sudo" {
        return;
    }
    for pair in message.text.split([';', ':']) {
        if let Some((key, value)) = pair.split_once('=')
            && key.trim().bytes().all(|byte| byte.is_ascii_uppercase())
        {
            message.part(value.trim()).push(buf, key.trim());
        }
    }
}

/// A name server's query: `client @0x7f 10.0.0.1#53 (example.org): query: example.org IN A +` of BIND, `query[A]
/// example.org from 10.0.0.1` of dnsmasq.
fn query(message: Line<'_>, program: &str, buf: &mut EventBuf) {
    let found = match program {
        "named" => message.text.split_once(" query: ").and_then(|(_, rest)| {
            let mut words = rest.split_ascii_whitespace();
            Some((words.next()?, words.nth(1)?))
        }),
        "dnsmasq" => message.text.split_once("query[").and_then(|(_, rest)| {
            let (kind, rest) = rest.split_once("] ")?;
            Some((rest.split(' ').next()?, kind))
        }),
        _ => None,
    };
    if let Some((name, kind)) = found {
        message.part(name).push(buf, "query");
        message.part(kind).push(buf, "record_type");
    }
}

/// ClamAV's finding: `/srv/x.exe: Win.Test.EICAR_HDB-1 FOUND`.
fn detection(message: Line<'_>, program: &str, buf: &mut EventBuf) {
    if !program.contains("clam") {
        return;
    }
    let found = message.text.strip_suffix(" FOUND").and_then(|text| text.rsplit_once(": "));
    if let Some((file, signature)) = found {
        message.part(file).push(buf, "Filename");
        message.part(signature).push(buf, "Signature");
    }
}

#[derive(Default)]
struct Parts<'t> {
    priority: Option<u8>,
    time: &'t str,
    host: &'t str,
    program: &'t str,
    pid: &'t str,
    message: &'t str,
}

impl<'t> Parts<'t> {
    fn of(line: &'t str) -> Self {
        let mut parts = Self { message: line, ..Self::default() };
        let mut rest = line;
        if let Some((number, behind)) = line.strip_prefix('<').and_then(|rest| rest.split_once('>'))
            && let Ok(number) = number.parse()
        {
            parts.priority = Some(number);
            rest = behind;
            parts.message = rest;
        }
        if parts.priority.is_some()
            && let Some(behind) = rest.strip_prefix("1 ")
        {
            parts.rfc_5424(behind);
        } else if let Some((time, behind)) = split_time(rest) {
            parts.time = time;
            parts.rfc_3164(behind);
        }
        parts
    }

    fn rfc_5424(&mut self, text: &'t str) {
        let mut words = text.splitn(6, ' ');
        let mut next = || words.next().unwrap_or("");
        (self.time, self.host, self.program) = (next(), next(), next());
        let (pid, _id, rest) = (next(), next(), next());
        self.pid = if pid == "-" { "" } else { pid };
        self.message = behind_structured_data(rest);
    }

    fn rfc_3164(&mut self, text: &'t str) {
        let (host, rest) = text.split_once(' ').unwrap_or((text, ""));
        self.host = host;
        self.message = rest;
        let end = rest.find([':', '[', ' ']).unwrap_or(rest.len());
        let (program, behind) = rest.split_at(end);
        let (pid, behind) = match behind.strip_prefix('[').and_then(|behind| behind.split_once(']')) {
            Some((pid, behind)) => (pid, behind),
            None => ("", behind),
        };
        if let Some(message) = behind.strip_prefix(':') {
            (self.program, self.pid) = (program, pid);
            self.message = message.trim_start();
        }
    }
}

/// The message behind `-` or `[id key="value"]…`.
fn behind_structured_data(text: &str) -> &str {
    let mut rest = text;
    if let Some(behind) = rest.strip_prefix('-') {
        return behind.trim_start();
    }
    while rest.starts_with('[') {
        let mut is_quoted = false;
        let mut is_escaped = false;
        let end = rest.char_indices().find(|(_, c)| {
            let is_end = *c == ']' && !is_quoted;
            match c {
                '"' if !is_escaped => is_quoted = !is_quoted,
                _ => {}
            }
            is_escaped = *c == '\\' && !is_escaped;
            is_end
        });
        let Some((end, _)) = end else { break };
        rest = rest.get(end + 1..).unwrap_or("");
    }
    rest.trim_start()
}

/// A time in front of a line, in the old form or in ISO 8601.
fn split_time(text: &str) -> Option<(&str, &str)> {
    if let Some((word, rest)) = text.split_once(' ')
        && word.len() >= 19
        && DateTime::parse(word).is_some()
    {
        return Some((word, rest));
    }
    let cut = |at: usize| Some((text.get(..at)?, text.get(at..)?.strip_prefix(' ')?));
    if let Some((time, rest)) = cut(20)
        && time_with_year(time).is_some()
    {
        return Some((time, rest));
    }
    let (time, rest) = cut(15)?;
    old_time(time).map(|_| (time, rest))
}

/// `Nov 21 2026 19:26:09`, as network devices write it.
fn time_with_year(text: &str) -> Option<Timestamp> {
    let (day, rest) = text.split_at_checked(7)?;
    let (year, clock) = rest.split_once(' ').filter(|(year, _)| year.len() == 4)?;
    let without = format!("{day}{clock}");
    let (month, day, clock) = old_time(&without)?;
    DateTime::parse(&format!("{year}-{month:02}-{day:02}T{clock}Z"))?.timestamp()
}

/// Month, day and clock of `Nov 21 19:26:09`.
fn old_time(text: &str) -> Option<(usize, u8, &str)> {
    let month = MONTHS.iter().position(|month| text.starts_with(month))? + 1;
    let day = text.get(3..6)?.trim().parse().ok()?;
    let clock = text.get(7..15)?;
    let is_clock = clock.bytes().enumerate().all(|(at, byte)| match at {
        2 | 5 => byte == b':',
        _ => byte.is_ascii_digit(),
    });
    is_clock.then_some((month, day, clock))
}

fn time(text: &str, cx: &Context<'_>) -> Option<Timestamp> {
    if let Some(time) = Timestamp::parse(text) {
        return Some(time);
    }
    if let Some(time) = time_with_year(text) {
        return Some(time);
    }
    let (month, day, clock) = old_time(text)?;
    let now = cx.now?;
    let in_year = |year: i32| DateTime::parse(&format!("{year}-{month:02}-{day:02}T{clock}Z"))?.timestamp();
    let year = now.date_time().year;
    in_year(year).filter(|time| time.0 <= now.0.saturating_add(AHEAD_NANOS_MAX)).or_else(|| in_year(year - 1))
}

/// `%PARSER-5-CFGLOG_LOGGEDCMD`, without the sign.
fn cisco_tag(line: &str) -> Option<&str> {
    let at = memchr::memchr(b'%', line.as_bytes())?;
    let (tag, _) = line.get(at + 1..)?.split_once(':')?;
    let mut parts = tag.splitn(3, '-');
    let (facility, severity, mnemonic) = (parts.next()?, parts.next()?, parts.next()?);
    let is_word = |word: &str| {
        !word.is_empty()
            && word
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-'))
    };
    let is_digit = severity.len() == 1 && severity.bytes().all(|byte| (b'0'..=b'7').contains(&byte));
    (is_word(facility) && is_digit && is_word(mnemonic)).then_some(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expect: &str) {
        let mut buf = EventBuf::new();
        let now = Timestamp::parse("2026-02-01T00:00:00Z");
        decode(
            Line { text: line, base: 0 },
            &mut buf,
            &Context { now, header: &super::super::Header::default() },
        )
        .unwrap();
        let mut out = format!("{} ", buf.origin().unwrap_or("-"));
        out.push_str(&buf.time().map_or("-".to_owned(), |time| time.to_string()));
        for member in buf.event(line).root().iter().filter(|member| member.key != "message") {
            out.push_str(&format!(" {}=", member.key));
            member.value.write_json(&mut out);
        }
        assert_eq!(out, expect, "{line}");
    }

    #[test]
    fn headers_of_all_kinds_are_read() {
        check(
            "<13>Nov 21 19:26:09 vm app: hello",
            r#"syslog 2025-11-21T19:26:09Z facility=1 severity=5 host="vm" appname="app""#,
        );
        check(
            "Jan  2 09:26:09 vm sshd[12]: hello",
            r#"syslog 2026-01-02T09:26:09Z host="vm" appname="sshd" pid=12"#,
        );
        check(
            r#"<13>1 2026-11-21T19:26:09.904904+00:00 vm app 7 - [timeQuality tzKnown="1"] hello"#,
            r#"syslog 2026-11-21T19:26:09.904904Z facility=1 severity=5 host="vm" appname="app" pid=7"#,
        );
        check(
            "<133>2026-11-21T19:26:54+00:00 vm t line two",
            r#"syslog 2026-11-21T19:26:54Z facility=16 severity=5 host="vm""#,
        );
        check(
            "172.16.0.1 6705: Feb 17 13:40:03.673: %PARSER-5-CFGLOG_LOGGEDCMD: User:x",
            r#"cisco_syslog - mnemonic="PARSER-5-CFGLOG_LOGGEDCMD""#,
        );
        check(
            "Mar  2 2026 08:00:00 r1 %%01BGP/4/BGP_AUTH_FAILED(l)[1]:x",
            r#"huawei_syslog 2026-03-02T08:00:00Z host="r1" appname="%%01BGP/4/BGP_AUTH_FAILED(l)" pid=1"#,
        );
    }

    #[test]
    fn messages_of_known_programs_are_taken_apart() {
        check(
            "Mar  2 08:00:00 ns named[7]: client @0x7f 10.0.0.1#53 (a.org): query: a.org IN TXT + (10.0.0.2)",
            r#"syslog 2025-03-02T08:00:00Z host="ns" appname="named" pid=7 query="a.org" record_type="TXT""#,
        );
        check(
            "Mar  2 08:00:00 ns dnsmasq[7]: query[A] a.org from 10.0.0.1",
            r#"syslog 2025-03-02T08:00:00Z host="ns" appname="dnsmasq" pid=7 query="a.org" record_type="A""#,
        );
        check(
            "Mar  2 08:00:00 h clamd[7]: /srv/x: Win.Test.EICAR_HDB-1 FOUND",
            r#"syslog 2025-03-02T08:00:00Z host="h" appname="clamd" pid=7 Filename="/srv/x" Signature="Win.Test.EICAR_HDB-1""#,
        );
        check(
            r#"<190>Mar  2 08:00:00 web1 nginx: 10.0.0.1 - - [02/Mar/2026:07:59:59 +0000] "GET /x HTTP/1.1" 200 5"#,
            r#"web_access 2026-03-02T07:59:59Z c-ip="10.0.0.1" cs-method="GET" cs-uri="/x" cs-uri-stem="/x" cs-version="HTTP/1.1" sc-status=200 sc-bytes=5"#,
        );
        check(
            "Mar  2 08:00:00 h CEF:0|a|b|c|d|e|3|src=1.1.1.1",
            r#"- - cefVersion="0" deviceVendor="a" deviceProduct="b" deviceVersion="c" deviceEventClassId="d" name="e" severity="3" src="1.1.1.1""#,
        );
    }
}
