//! The Common Event Format of ArcSight and the Log Event Extended Format of QRadar, behind a syslog header or not:
//! a few fields between bars, then pairs.
//!
//! Values have no types: what is written as a number is compared as one either way. The fields before the pairs have the names of CEF's dictionary in both formats. A custom field with a label
//! (`cs1=x cs1Label=Policy`) also has the label as its name.

use sigyn_event::{EventBuf, Timestamp};

use super::{Context, Framing, Line, LineFormat, syslog};

/// Pairs of a line that are read.
const PAIRS_MAX: usize = 1024;
/// What stands between the bars of CEF, behind the version.
const CEF_HEADER: [&str; 6] =
    ["deviceVendor", "deviceProduct", "deviceVersion", "deviceEventClassId", "name", "severity"];
/// The same for LEEF.
const LEEF_HEADER: [&str; 4] = ["deviceVendor", "deviceProduct", "deviceVersion", "deviceEventClassId"];

pub(crate) const FORMAT: LineFormat = LineFormat {
    name: "CEF or LEEF",
    framing: Framing::Lines,
    is_line,
    decode,
    other: None,
    directive: None,
};

/// Whether the line is CEF or LEEF, behind a syslog header if it has one.
pub(crate) fn is_line(line: &str) -> bool {
    start(line).is_some_and(|(_, rest)| rest.matches('|').take(4).count() == 4)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Cef,
    Leef,
}

/// Which format it is, and what stands behind its name.
fn start(line: &str) -> Option<(Kind, &str)> {
    [(Kind::Cef, "CEF:"), (Kind::Leef, "LEEF:")].into_iter().find_map(|(kind, mark)| {
        let at = memchr::memmem::find(line.as_bytes(), mark.as_bytes())?;
        let is_start = at == 0 || line.as_bytes().get(at - 1).is_some_and(u8::is_ascii_whitespace);
        let rest = line.get(at + mark.len()..)?;
        (is_start && rest.starts_with(|c: char| c.is_ascii_digit())).then_some((kind, rest))
    })
}

/// Decodes a line; one of syslog that holds something else is decoded as that.
///
/// # Errors
/// That it holds something else and is not syslog, or that its header is cut off.
pub(crate) fn decode(line: Line<'_>, buf: &mut EventBuf, cx: &Context<'_>) -> Result<(), &'static str> {
    let Some((kind, rest)) = start(line.text) else {
        if (syslog::FORMAT.is_line)(line.text) {
            return syslog::decode(line, buf, cx);
        }
        return Err("neither CEF nor LEEF");
    };
    let (version, mut rest) = until_bar(rest).ok_or("the header is cut off")?;
    buf.begin_map(None);
    line.part(version).push(buf, if kind == Kind::Cef { "cefVersion" } else { "leefVersion" });
    let names: &[&str] = if kind == Kind::Cef { &CEF_HEADER } else { &LEEF_HEADER };
    for name in names {
        let (field, behind) = until_bar(rest).ok_or("the header is cut off")?;
        push(buf, name, line.part(field), kind);
        rest = behind;
    }
    match kind {
        Kind::Cef => cef_pairs(line, rest, buf),
        Kind::Leef => leef_pairs(line, rest, version, buf),
    }
    line.push(buf, "message");
    buf.end();
    Ok(())
}

/// The field before the next bar that is not escaped, and what is behind the bar.
fn until_bar(text: &str) -> Option<(&str, &str)> {
    let mut from = 0;
    loop {
        let at = memchr::memchr2(b'|', b'\\', text.as_bytes().get(from..)?)? + from;
        if text.as_bytes().get(at) == Some(&b'|') {
            return Some((text.get(..at)?, text.get(at + 1..)?));
        }
        from = at + 2;
    }
}

fn cef_pairs(line: Line<'_>, text: &str, buf: &mut EventBuf) {
    let mut labels = Vec::new();
    let mut rest = text.trim_start();
    for _ in 0..PAIRS_MAX {
        let Some((key, behind)) = rest.split_once('=') else { break };
        let key = key.trim();
        let end = value_end(behind);
        let value = behind.get(..end).unwrap_or("").trim_end();
        pair(line, key, value, Kind::Cef, buf, &mut labels);
        rest = behind.get(end..).unwrap_or("").trim_start();
    }
    labelled(line, &labels, buf);
}

/// Where a value of CEF ends: before the next word that is followed by `=`. Values hold spaces, and `=` behind a
/// backslash.
fn value_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut from = 0;
    while let Some(found) = bytes.get(from..).and_then(|rest| memchr::memchr2(b'=', b'\\', rest)) {
        let at = from + found;
        if bytes.get(at) == Some(&b'\\') {
            from = at + 2;
            continue;
        }
        let before = bytes.get(..at).unwrap_or_default();
        let word = before.iter().rev().take_while(|byte| is_key_byte(**byte)).count();
        if word > 0 && word < at && before.get(at - word - 1) == Some(&b' ') {
            return at - word - 1;
        }
        from = at + 1;
    }
    text.len()
}

fn is_key_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'[' | b']')
}

/// LEEF 1 has tabs between its pairs, LEEF 2 may say what else: `^`, `x5E` or `0x09`.
fn leef_pairs(line: Line<'_>, text: &str, version: &str, buf: &mut EventBuf) {
    let (delimiter, text) = match text.split_once('|').filter(|_| version.starts_with('2')) {
        Some((given, behind)) if given.len() <= 5 && !given.contains('=') => (delimiter(given), behind),
        _ => ('\t', text),
    };
    let mut labels = Vec::new();
    for part in text.split(delimiter).take(PAIRS_MAX) {
        if let Some((key, value)) = part.split_once('=') {
            pair(line, key.trim(), value, Kind::Leef, buf, &mut labels);
        }
    }
    labelled(line, &labels, buf);
}

fn delimiter(given: &str) -> char {
    let digits = given.strip_prefix("0x").or_else(|| given.strip_prefix('x'));
    let named = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).and_then(char::from_u32);
    named.or_else(|| given.chars().next()).unwrap_or('\t')
}

/// Values by key, for the labels of custom fields.
type Labels<'t> = Vec<(&'t str, &'t str)>;

fn pair<'t>(
    line: Line<'_>,
    key: &'t str,
    value: &'t str,
    kind: Kind,
    buf: &mut EventBuf,
    labels: &mut Labels<'t>,
) {
    if key.is_empty() {
        return;
    }
    if matches!(key, "rt" | "end" | "start" | "devTime") && buf.time().is_none() {
        buf.set_time(time(value));
    }
    if key.ends_with("Label") || is_custom(key) {
        labels.push((key, value));
    }
    push(buf, key, line.part(value), kind);
}

/// `cs1`, `cn2`, `deviceCustomDate1`, `c6a3`, `cfp1`, `flexString1`.
fn is_custom(key: &str) -> bool {
    key.ends_with(|c: char| c.is_ascii_digit())
        && ["cs", "cn", "c6a", "cfp", "deviceCustomDate", "flexString", "flexNumber"]
            .iter()
            .any(|start| key.starts_with(start))
}

fn labelled(line: Line<'_>, labels: &Labels<'_>, buf: &mut EventBuf) {
    for (key, label) in labels {
        let Some(key) = key.strip_suffix("Label") else { continue };
        if let Some((_, value)) = labels.iter().find(|(other, _)| *other == key)
            && !label.is_empty()
        {
            push(buf, label, line.part(value), Kind::Cef);
        }
    }
}

fn push(buf: &mut EventBuf, key: &str, value: Line<'_>, kind: Kind) {
    if value.text.is_empty() {
        return;
    }
    if kind == Kind::Cef && value.text.contains('\\') {
        let key = buf.name(key);
        buf.push_str(Some(key), &unescaped(value.text));
        return;
    }
    value.push(buf, key);
}

/// CEF escapes bars, equals signs, backslashes and line ends.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, chars.as_str().chars().next()) {
            ('\\', Some(next @ ('|' | '=' | '\\'))) => {
                out.push(next);
                chars.next();
            }
            ('\\', Some('n' | 'r')) => {
                out.push('\n');
                chars.next();
            }
            _ => out.push(c),
        }
    }
    out
}

/// Milliseconds since 1970, or RFC 3339.
fn time(text: &str) -> Option<Timestamp> {
    let millis = text.parse::<i64>().ok().and_then(|millis| millis.checked_mul(1_000_000)).map(Timestamp);
    millis.or_else(|| Timestamp::parse(text))
}

#[cfg(test)]
mod tests {
    use super::super::tests::check_line;

    fn check(line: &str, expect: &str) {
        check_line(&super::FORMAT, &[], line, expect);
    }

    #[test]
    fn headers_pairs_and_labels_are_read() {
        check(
            r"CEF:0|Acme|Fire\|wall|1.0|100|worm stopped|10|src=10.0.0.1 dst=2.1.2.2 spt=1232 msg=a b\=c \\ d cs1=x y cs1Label=Policy rt=1700000000000",
            r#"2023-11-14T22:13:20Z cefVersion="0" deviceVendor="Acme" deviceProduct="Fire|wall" deviceVersion="1.0" deviceEventClassId="100" name="worm stopped" severity="10" src="10.0.0.1" dst="2.1.2.2" spt="1232" msg="a b=c \\ d" cs1="x y" cs1Label="Policy" rt="1700000000000" Policy="x y""#,
        );
        check(
            "<13>Nov 21 10:00:00 host LEEF:1.0|Acme|Box|2|Login|src=10.0.0.1\tusrName=bob",
            r#" leefVersion="1.0" deviceVendor="Acme" deviceProduct="Box" deviceVersion="2" deviceEventClassId="Login" src="10.0.0.1" usrName="bob""#,
        );
        check(
            "LEEF:2.0|Acme|Box|2|Login|^|src=10.0.0.1^usrName=bob",
            r#" leefVersion="2.0" deviceVendor="Acme" deviceProduct="Box" deviceVersion="2" deviceEventClassId="Login" src="10.0.0.1" usrName="bob""#,
        );
        check(
            "CEF:0|a|b|c|d|e|3|",
            r#" cefVersion="0" deviceVendor="a" deviceProduct="b" deviceVersion="c" deviceEventClassId="d" name="e" severity="3""#,
        );
        check("CEF:0|a|b|c|d", "the header is cut off");
    }

    #[test]
    fn other_lines_are_none() {
        for line in ["", "CEF:", "XCEF:0|a|b|c|d|e|1|", "see CEF:0 for more", "a|b|c|d|e"] {
            assert!(!super::is_line(line), "{line}");
        }
    }
}
