//! Records of the Linux audit daemon: `type=SYSCALL msg=audit(1604994496.155:92733): key=value …`.
//!
//! Each line is an event, as rules expect. Values lose their quotes; those that the kernel wrote as hexadecimal
//! digits because of spaces or worse are decoded. What `ausearch` adds in capitals (`SYSCALL=execve`) is kept.

use sigyn_event::{EventBuf, Timestamp};

use super::{Framing, Line, LineFormat, push_number};

/// The origin of these events.
pub(crate) const ORIGIN: &str = "auditd";
/// Fields that the kernel writes as hexadecimal digits when they hold a space, a quote or a control character.
const ENCODED: &[&str] =
    &["proctitle", "comm", "exe", "name", "cwd", "cmd", "acct", "data", "path", "dir", "key"];
/// Largest number of arguments of one record.
const FIELDS_MAX: usize = 4096;

pub(crate) const FORMAT: LineFormat = LineFormat {
    name: "Linux audit log",
    framing: Framing::Lines,
    is_line,
    decode: |line, buf, _| decode(line, buf),
    other: Some(ORIGIN),
    directive: None,
};

/// Whether the line is such a record.
pub(crate) fn is_line(line: &str) -> bool {
    (line.starts_with("type=") || line.starts_with("node=")) && line.contains("msg=audit(")
}

/// Decodes a line.
///
/// # Errors
/// That it has another format.
pub(crate) fn decode(line: Line<'_>, buf: &mut EventBuf) -> Result<(), &'static str> {
    if !line.text.contains("msg=audit(") {
        return Err("the line is no audit record");
    }
    buf.set_origin(Some(ORIGIN));
    buf.begin_map(None);
    pairs(line, buf, true);
    line.push(buf, "message");
    buf.end();
    Ok(())
}

/// Adds the pairs of a text. `msg='…'` of user-space records holds pairs of its own.
fn pairs(line: Line<'_>, buf: &mut EventBuf, is_outer: bool) {
    let mut rest = line.text;
    for _ in 0..FIELDS_MAX {
        // The enriched part stands behind a group separator.
        rest = rest.trim_start_matches([' ', '\u{1d}', ',']);
        let Some((key, behind)) = rest.split_once('=') else { break };
        // Words without a value, such as `avc:  denied`, are skipped.
        let key = key.rsplit(' ').next().unwrap_or(key);
        let (value, behind, quote) = value(behind);
        rest = behind;
        if key == "msg" && is_outer {
            match value.strip_prefix("audit(") {
                Some(stamp) => {
                    let stamp = stamp.trim_end_matches(':').trim_end_matches(')');
                    let (seconds, serial) = stamp.split_once(':').unwrap_or((stamp, ""));
                    buf.set_time(epoch(seconds));
                    push_number(buf, "serial", line.part(serial));
                }
                None => pairs(line.part(value), buf, false),
            }
            continue;
        }
        let is_argument = key.len() > 1 && key.starts_with('a') && key.as_bytes()[1].is_ascii_digit();
        let is_encoded =
            quote == Quote::None && (ENCODED.contains(&key) || is_argument && !is_syscall(line.text));
        match is_encoded.then(|| decoded(value)).flatten() {
            Some(text) => {
                let key = buf.name(key);
                buf.push_str(Some(key), &text);
            }
            None if value == "(null)" || value == "?" => {
                let key = buf.name(key);
                buf.push_null(Some(key));
            }
            None if quote == Quote::None => push_number_or_text(buf, key, line.part(value)),
            None => {
                line.part(value).push(buf, key);
            }
        }
    }
}

fn push_number_or_text(buf: &mut EventBuf, key: &str, value: Line<'_>) {
    // `0100755` and `08` are codes, not numbers.
    let has_leading_zero = value.text.len() > 1 && value.text.starts_with('0');
    if has_leading_zero {
        value.push(buf, key);
    } else {
        push_number(buf, key, value);
    }
}

/// In a SYSCALL record `a0` to `a3` are registers, in hexadecimal digits that are not text.
fn is_syscall(line: &str) -> bool {
    line.contains("type=SYSCALL")
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Quote {
    None,
    Some,
}

/// The value that follows, and what is behind it.
fn value(text: &str) -> (&str, &str, Quote) {
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote) {
            let (value, rest) = inner.split_once(quote).unwrap_or((inner, ""));
            return (value, rest, Quote::Some);
        }
    }
    let end = text.find([' ', '\u{1d}']).unwrap_or(text.len());
    let (value, rest) = text.split_at(end);
    (value, rest, Quote::None)
}

/// Text from hexadecimal digits; NULs between arguments become spaces.
fn decoded(digits: &str) -> Option<String> {
    let is_hex = digits.len() >= 2
        && digits.len().is_multiple_of(2)
        && digits.bytes().all(|byte| byte.is_ascii_digit() || (b'A'..=b'F').contains(&byte));
    if !is_hex {
        return None;
    }
    let bytes: Vec<u8> = (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap_or(b'?'))
        .map(|byte| if byte == 0 { b' ' } else { byte })
        .collect();
    String::from_utf8(bytes).ok()
}

/// Seconds with milliseconds since 1970.
fn epoch(text: &str) -> Option<Timestamp> {
    let (seconds, millis) = text.split_once('.').unwrap_or((text, "0"));
    let nanos = i128::from(seconds.parse::<i64>().ok()?) * 1_000_000_000
        + i128::from(millis.parse::<u32>().ok()?) * 1_000_000;
    i64::try_from(nanos).ok().map(Timestamp)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expect: &str) {
        let mut buf = EventBuf::new();
        decode(Line { text: line, base: 0 }, &mut buf).unwrap();
        let mut out = buf.time().map_or(String::new(), |time| time.to_string());
        for member in buf.event(line).root().iter().filter(|member| member.key != "message") {
            out.push_str(&format!(" {}=", member.key));
            member.value.write_json(&mut out);
        }
        assert_eq!(out, expect, "{line}");
    }

    #[test]
    fn pairs_are_read_as_the_kernel_meant_them() {
        check(
            r#"type=SYSCALL msg=audit(1604994496.155:92733): arch=c000003e syscall=59 a0=55 comm="arp" key=(null)"#,
            r#"2020-11-10T07:48:16.155Z type="SYSCALL" serial=92733 arch="c000003e" syscall=59 a0=55 comm="arp" key=null"#,
        );
        check(
            r#"type=EXECVE msg=audit(1604994496.155:1): argc=2 a0="sh" a1=6C73202F746D70"#,
            r#"2020-11-10T07:48:16.155Z type="EXECVE" serial=1 argc=2 a0="sh" a1="ls /tmp""#,
        );
        check(
            r#"node=h type=USER_CMD msg=audit(1.000:2): pid=3 msg='cwd="/" cmd=6C73 terminal=pts/0 res=success'"#,
            r#"1970-01-01T00:00:01Z node="h" type="USER_CMD" serial=2 pid=3 cwd="/" cmd="ls" terminal="pts/0" res="success""#,
        );
        check(
            "type=PATH msg=audit(1.5:2): mode=0100755 name=\"/x\"\u{1d}OUID=\"root\"",
            r#"1970-01-01T00:00:01.005Z type="PATH" serial=2 mode="0100755" name="/x" OUID="root""#,
        );
    }
}
