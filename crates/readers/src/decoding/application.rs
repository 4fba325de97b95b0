//! What applications write as text: entries that begin with a time and a level, and hold as many lines as a stack
//! trace needs.
//!
//! Covered are the layouts of log4j and logback, of Python's logging with its usual formats, of Ruby's Logger, of
//! Tomcat, of PostgreSQL's stderr, of Monolog. The whole entry is the field `message`. Which technology it is, is told
//! by traces in the entry: rules for exceptions are written for one technology each.

use sigyn_event::{DateTime, EventBuf, Timestamp};

use super::{Context, Framing, Line, LineFormat, combined::MONTHS};

/// Words that levels are written with; in capitals, or in brackets in any case.
const LEVELS: &[&str] = &[
    "TRACE",
    "DEBUG",
    "INFO",
    "NOTICE",
    "WARN",
    "WARNING",
    "ERROR",
    "SEVERE",
    "CRITICAL",
    "FATAL",
    "ALERT",
    "EMERGENCY",
    "LOG",
    "STATEMENT",
    "DETAIL",
    "HINT",
    "PANIC",
    "EXCEPTION",
    "FINE",
    "CONFIG",
    "FATA",
    "ERRO",
];
/// Words between the time and the level: process, thread, logger, separators.
const WORDS_MAX: usize = 7;

/// Origins of entries: of those that do not say what wrote them, and of those that do.
const ORIGIN: &str = "application";
const JVM: &str = "application_jvm";
const PYTHON: &str = "application_python";
const NODEJS: &str = "application_nodejs";
const RUBY: &str = "application_ruby";
pub(crate) const ORIGINS: [&str; 5] = [ORIGIN, JVM, PYTHON, NODEJS, RUBY];

/// Traces that name a technology: all texts of a row must be in one line.
const EVIDENCE: &[(&str, &[&str])] = &[
    (JVM, &["\tat ", ".java:"]),
    (JVM, &["    at ", ".java:"]),
    (JVM, &["\tat ", "(Native Method)"]),
    (JVM, &["Caused by: ", "Exception"]),
    (PYTHON, &["Traceback (most recent call last):"]),
    (PYTHON, &["  File \"", "\", line "]),
    (NODEJS, &["    at ", "node:internal"]),
    (NODEJS, &["    at ", ".js:"]),
    (NODEJS, &["    at ", ".ts:"]),
    (RUBY, &[".rb:", ":in `"]),
    (RUBY, &[".rb:", ":in '"]),
];

pub(crate) const FORMAT: LineFormat = LineFormat {
    name: "application log",
    framing: Framing::Entries(begins),
    is_line: |line| begins(line) || is_continuation(line),
    decode,
    other: Some(ORIGIN),
    directive: None,
};

/// Whether an entry begins with the line.
fn begins(line: &str) -> bool {
    head(line).is_some()
}

/// What stands below the first line of an entry.
fn is_continuation(line: &str) -> bool {
    line.starts_with([' ', '\t', '}', ')'])
        || ["Caused by:", "Traceback ", "During handling", "The above exception"]
            .iter()
            .any(|start| line.starts_with(start))
        || line.split_once(':').is_some_and(|(class, _)| {
            // `django.core.exceptions.PermissionDenied: …`, `java.lang.IllegalStateException: …`
            let last = class.rsplit(['.', ':']).next().unwrap_or(class);
            !class.contains(' ')
                && ["Error", "Exception", "Denied", "Warning"].iter().any(|end| last.ends_with(end))
        })
}

struct Head<'t> {
    time: Option<Timestamp>,
    level: &'t str,
}

/// The time and the level at the beginning of a line, in either order.
fn head(line: &str) -> Option<Head<'_>> {
    // Ruby's Logger: `E, [2026-03-02T08:00:00.123456 #12] ERROR -- : text`
    let line = line.split_once(", [").filter(|(letter, _)| letter.len() == 1).map_or(line, |(_, rest)| rest);
    if let Some((time, rest)) = time(line) {
        return level(rest, WORDS_MAX).map(|level| Head { time: Some(time), level });
    }
    let (first, rest) = line.split_once([' ', ':', '['])?;
    let level = LEVELS.iter().find(|level| **level == first)?;
    // `ERROR:name:text` and `ERROR 2026-03-02 08:00:00,123 …`
    let time = time(rest.trim_start_matches([' ', '[']));
    let is_named =
        rest.split_once(':').is_some_and(|(name, _)| is_name(name)) && line.contains(&format!("{level}:"));
    (time.is_some() || is_named).then(|| Head { time: time.map(|(time, _)| time), level: first })
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
}

/// A time at the beginning, in brackets or not, and what follows it.
fn time(line: &str) -> Option<(Timestamp, &str)> {
    let text = line.trim_start_matches('[');
    if let Some(time) = tomcat_time(text) {
        return Some(time);
    }
    let (day, rest) = text.split_at_checked(10)?;
    let is_day = day.bytes().enumerate().all(|(at, byte)| match at {
        4 | 7 => matches!(byte, b'-' | b'/'),
        _ => byte.is_ascii_digit(),
    });
    let clock = rest.strip_prefix(['T', ' ']).filter(|_| is_day)?;
    let end =
        clock.find(|c: char| !c.is_ascii_digit() && !matches!(c, ':' | '.' | ',')).unwrap_or(clock.len());
    let (clock, rest) = clock.split_at(end);
    let zone_end = rest.find([' ', ']', '\t', ',']).unwrap_or(rest.len());
    let (zone, behind) = rest.split_at(zone_end);
    let (zone, behind) = if is_zone(zone) { (zone, behind) } else { ("", rest) };
    let clock = clock.trim_end_matches([':', '.', ',']).replace(',', ".");
    let text = format!("{}T{clock}{}", day.replace('/', "-"), if zone.is_empty() { "Z" } else { zone });
    Some((DateTime::parse(&text)?.timestamp()?, behind))
}

/// `Z`, `+01:00`; a zone's name is left to what follows.
fn is_zone(text: &str) -> bool {
    text == "Z" || text.len() == 6 && text.starts_with(['+', '-']) && text.as_bytes().get(3) == Some(&b':')
}

/// `02-Mar-2026 08:00:00.123`
fn tomcat_time(text: &str) -> Option<(Timestamp, &str)> {
    let (day, rest) = text.split_once(' ')?;
    let mut parts = day.split('-');
    let (date, month, year) = (parts.next()?, parts.next()?, parts.next().filter(|year| year.len() == 4)?);
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    let (clock, rest) = rest.split_once(' ')?;
    let time = DateTime::parse(&format!("{year}-{month:02}-{date:0>2}T{clock}Z"))?.timestamp()?;
    Some((time, rest))
}

/// The level among the first words. A program's name with a colon, as syslog has it, ends the search.
fn level(rest: &str, words_max: usize) -> Option<&str> {
    let mut text = rest.trim_start_matches(']');
    for _ in 0..words_max {
        text = text.trim_start();
        // What stands in brackets is one word.
        if let Some((inner, behind)) = text.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
            if let Some(level) = LEVELS.iter().find(|level| level.eq_ignore_ascii_case(inner.trim())) {
                return inner.get(..level.len()).or(Some(inner));
            }
            text = behind;
            continue;
        }
        let (word, behind) = text.split_once([' ', '\t']).unwrap_or((text, ""));
        let bare = word
            .trim_matches(|c: char| matches!(c, '[' | ']' | '(' | ')' | '|' | ',' | '-' | ':' | '<' | '>'));
        // Monolog: `production.ERROR:`
        let last = bare.rsplit('.').next().unwrap_or(bare);
        if LEVELS.contains(&last) {
            return Some(last);
        }
        if word.is_empty() || word.len() > 1 && word.ends_with(':') {
            return None;
        }
        text = behind;
    }
    None
}

fn decode(line: Line<'_>, buf: &mut EventBuf, _: &Context<'_>) -> Result<(), &'static str> {
    let first = line.text.lines().next().unwrap_or("");
    let head = head(first).ok_or("no entry of an application's log")?;
    buf.set_origin(Some(origin(line.text)));
    buf.set_time(head.time);
    buf.begin_map(None);
    line.part(head.level).push(buf, "level");
    line.push(buf, "message");
    buf.end();
    Ok(())
}

fn origin(text: &str) -> &'static str {
    let is_in = |parts: &[&str]| text.lines().any(|line| parts.iter().all(|part| line.contains(part)));
    EVIDENCE.iter().find(|(_, parts)| is_in(parts)).map_or(ORIGIN, |(origin, _)| origin)
}

#[cfg(test)]
mod tests {
    use super::super::tests::check_line;

    fn check(text: &str, expect: &str) {
        check_line(&super::FORMAT, &[], text, expect);
    }

    #[test]
    fn heads_of_common_layouts_are_read() {
        check(
            "2026-03-02 08:00:00,123 ERROR [main] com.acme.A - x",
            r#"application 2026-03-02T08:00:00.123Z level="ERROR""#,
        );
        check(
            "2026-03-02 08:00:00,123 - acme - WARNING - x",
            r#"application 2026-03-02T08:00:00.123Z level="WARNING""#,
        );
        check(
            "2026-03-02T08:00:00.5+01:00 INFO 1 --- [main] c.a.A : x",
            r#"application 2026-03-02T07:00:00.500Z level="INFO""#,
        );
        check(
            "[2026-03-02 08:00:00] production.ERROR: x",
            r#"application 2026-03-02T08:00:00Z level="ERROR""#,
        );
        check(
            "E, [2026-03-02T08:00:00.5 #12] ERROR -- : x",
            r#"application 2026-03-02T08:00:00.500Z level="ERROR""#,
        );
        check(
            "02-Mar-2026 08:00:00.1 SEVERE [main] org.x.Y z",
            r#"application 2026-03-02T08:00:00.100Z level="SEVERE""#,
        );
        check("ERROR 2026-03-02 08:00:00,1 views x", r#"application 2026-03-02T08:00:00.100Z level="ERROR""#);
        check("ERROR:root:x", r#"application level="ERROR""#);
        check(
            "2026-03-02 08:00:00.1 UTC [12] bob@db ERROR:  syntax error",
            r#"application 2026-03-02T08:00:00.100Z level="ERROR""#,
        );
        check(
            "2026-03-02 08:00:00 ERROR x\njava.lang.A: y\n\tat a.b.C.d(C.java:1)",
            r#"application_jvm 2026-03-02T08:00:00Z level="ERROR""#,
        );
        check(
            "2026-03-02 08:00:00 [error] x\nTraceback (most recent call last):\n  File \"a.py\", line 1",
            r#"application_python 2026-03-02T08:00:00Z level="error""#,
        );
    }

    #[test]
    fn other_lines_begin_no_entry() {
        for line in [
            "",
            "2026-11-21T19:26:54+00:00 vm app: ERROR line",
            "2026-11-21T19:26:54+00:00 vm app[1]: [ERROR] line",
            "2026-03-02 08:00:00 10.0.0.1 GET /error - 200",
            "ERROR somewhere",
            "a,b,c",
        ] {
            assert!(!super::begins(line), "{line}");
        }
    }
}
