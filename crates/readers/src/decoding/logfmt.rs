//! Lines of `key=value` pairs: logfmt, as Go programs and Heroku write it, and FortiGate's logs, behind a syslog
//! header or not.
//!
//! Values may stand in quotes, with a backslash before what would end them. Values have no types:
//! what is written as a number is compared as one either way.

use sigyn_event::{DateTime, EventBuf, Timestamp};

use super::{Context, Framing, Line, LineFormat, syslog};

/// Pairs of a line that are read.
const PAIRS_MAX: usize = 1024;
/// Pairs that a line must have to be taken for this.
const PAIRS_MIN: usize = 3;

pub(crate) const FORMAT: LineFormat =
    LineFormat { name: "logfmt", framing: Framing::Lines, is_line, decode, other: None, directive: None };

/// Whether the line, behind a syslog header if it has one, is made of nothing but pairs.
pub(crate) fn is_line(line: &str) -> bool {
    let mut pairs = Pairs { rest: syslog::message(line).trim() };
    let count = pairs.by_ref().take(PAIRS_MAX).count();
    count >= PAIRS_MIN && pairs.rest.is_empty()
}

/// Decodes a line; one of syslog that holds something else is decoded as that.
///
/// # Errors
/// That it holds something else, and is not syslog.
pub(crate) fn decode(line: Line<'_>, buf: &mut EventBuf, cx: &Context<'_>) -> Result<(), &'static str> {
    if !is_line(line.text) && (syslog::FORMAT.is_line)(line.text) {
        return syslog::decode(line, buf, cx);
    }
    let text = syslog::message(line.text).trim();
    let mut pairs = Pairs { rest: text };
    buf.begin_map(None);
    let (mut time, mut day) = (None, "");
    for (key, value, is_quoted) in pairs.by_ref().take(PAIRS_MAX) {
        match key {
            // FortiGate's: nanoseconds since 1970.
            "eventtime" => time = value.parse().ok().and_then(nanoseconds),
            "ts" | "time" | "timestamp" | "t" if time.is_none() => {
                time = Timestamp::parse(value).or_else(|| at(day, value));
            }
            "date" => day = value,
            _ => {}
        }
        if is_quoted && value.contains('\\') {
            let key = buf.name(key);
            buf.push_str(Some(key), &unescaped(value));
        } else {
            line.part(value).push(buf, key);
        }
    }
    line.push(buf, "message");
    buf.end();
    buf.set_time(time);
    if pairs.rest.is_empty() { Ok(()) } else { Err("text that is no key=value pair") }
}

/// FortiGate's `date=2026-03-02 time=08:00:00`.
fn at(day: &str, clock: &str) -> Option<Timestamp> {
    (day.len() == 10).then(|| DateTime::parse(&format!("{day}T{clock}Z")))??.timestamp()
}

/// Older FortiOS writes seconds there.
fn nanoseconds(number: i64) -> Option<Timestamp> {
    let is_seconds = number < 100_000_000_000;
    number.checked_mul(if is_seconds { 1_000_000_000 } else { 1 }).map(Timestamp)
}

/// Key, value as written, and whether it stands in quotes. Stops where something else begins.
struct Pairs<'t> {
    rest: &'t str,
}

impl<'t> Iterator for Pairs<'t> {
    type Item = (&'t str, &'t str, bool);

    fn next(&mut self) -> Option<Self::Item> {
        let text = self.rest.trim_start();
        let end = text.find(['=', ' ', '"'])?;
        let (key, behind) = text.split_at(end);
        let value = behind.strip_prefix('=')?;
        let is_key = !key.is_empty()
            && key
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'@' | b'/'));
        if !is_key {
            return None;
        }
        let Some(inner) = value.strip_prefix('"') else {
            let end = value.find(' ').unwrap_or(value.len());
            let (value, rest) = value.split_at(end);
            self.rest = rest.trim_start();
            return Some((key, value, false));
        };
        let mut at = 0;
        loop {
            let found = memchr::memchr2(b'"', b'\\', inner.as_bytes().get(at..)?)? + at;
            if inner.as_bytes().get(found) == Some(&b'"') {
                self.rest = inner.get(found + 1..)?.trim_start();
                return Some((key, inner.get(..found)?, true));
            }
            at = found + 2;
        }
    }
}

fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, chars.as_str().chars().next()) {
            ('\\', Some(next @ ('"' | '\\'))) => {
                out.push(next);
                chars.next();
            }
            ('\\', Some('n')) => {
                out.push('\n');
                chars.next();
            }
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::tests::check_line;

    fn check(line: &str, expect: &str) {
        check_line(&super::FORMAT, &[], line, expect);
    }

    #[test]
    fn pairs_are_read_and_quotes_taken_off() {
        check(
            r#"ts=2026-03-02T08:00:00Z level=info msg="a \"b\" c" n="3" empty="""#,
            r#"2026-03-02T08:00:00Z ts="2026-03-02T08:00:00Z" level="info" msg="a \"b\" c" n="3" empty="""#,
        );
        check(
            r#"<189>date=2026-03-02 time=08:00:00 devname="fw" devid="FG" logid="0100032102" type="event" subtype="system" cfgpath="firewall.policy""#,
            r#"2026-03-02T08:00:00Z date="2026-03-02" time="08:00:00" devname="fw" devid="FG" logid="0100032102" type="event" subtype="system" cfgpath="firewall.policy""#,
        );
    }

    #[test]
    fn other_lines_are_none() {
        for line in [
            "",
            "a=1 b=2",
            "a=1 b=2 words c=3",
            "a=1 b=2 c=\"open",
            "https://x/?a=1&b=2 c=3 d=4 e",
            "=1 =2 =3",
        ] {
            assert!(!super::is_line(line), "{line}");
        }
    }
}
