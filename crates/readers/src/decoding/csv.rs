//! Rows of comma, semicolon or tab separated values under a header. Empty cells are missing.

use sigyn_event::EventBuf;

use super::Line;

/// Columns that are read.
pub(crate) const COLUMNS_MAX: usize = 4096;

/// The columns of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// Their names.
    pub(crate) names: Vec<String>,
    /// What stands between cells.
    pub(crate) delimiter: u8,
}

impl Header {
    /// Reads a header line if it can be one: three columns or more with different, name-like cells.
    pub(crate) fn of(line: &str) -> Option<Self> {
        let delimiter =
            [b',', b';', b'\t'].into_iter().max_by_key(|d| line.bytes().filter(|byte| byte == d).count())?;
        let names: Vec<String> = cells(line, delimiter).map(|cell| cell.text().into_owned()).collect();
        let is_name = |name: &String| {
            !name.trim().is_empty()
                && name.len() <= 128
                && !name.bytes().all(|byte| byte.is_ascii_digit())
                && !name.contains(['=', '{', '<'])
        };
        let mut sorted: Vec<&String> = names.iter().collect();
        sorted.sort_unstable();
        sorted.dedup();
        let is_header = names.len() >= 3 && names.iter().all(is_name) && sorted.len() == names.len();
        is_header.then_some(Self { names, delimiter })
    }

    /// How many cells a row has.
    pub(crate) fn count(&self, row: &str) -> usize {
        cells(row, self.delimiter).count()
    }
}

/// Decodes a row.
///
/// # Errors
/// That it has more cells than the header.
pub(crate) fn decode(line: Line<'_>, header: &Header, buf: &mut EventBuf) -> Result<(), &'static str> {
    buf.begin_map(None);
    let mut names = header.names.iter();
    for cell in cells(line.text, header.delimiter) {
        let name = names.next().ok_or("the row has more cells than the header")?;
        let text = cell.text();
        if text.is_empty() {
            continue;
        }
        // Cells have no types; what is written as a number is compared as one either way.
        match text {
            std::borrow::Cow::Borrowed(text) => {
                line.part(text).push(buf, name);
            }
            std::borrow::Cow::Owned(text) => {
                let key = buf.name(name);
                buf.push_str(Some(key), &text);
            }
        }
    }
    buf.end();
    Ok(())
}

struct Cell<'t> {
    raw: &'t str,
    is_quoted: bool,
}

impl<'t> Cell<'t> {
    fn text(&self) -> std::borrow::Cow<'t, str> {
        if self.is_quoted && self.raw.contains("\"\"") {
            return self.raw.replace("\"\"", "\"").into();
        }
        self.raw.into()
    }
}

fn cells(row: &str, delimiter: u8) -> impl Iterator<Item = Cell<'_>> {
    let mut rest = Some(row);
    std::iter::from_fn(move || {
        let text = rest?;
        if let Some(inner) = text.strip_prefix('"') {
            let bytes = inner.as_bytes();
            let mut at = 0;
            while let Some(found) = memchr::memchr(b'"', bytes.get(at..).unwrap_or_default()) {
                at += found;
                if bytes.get(at + 1) == Some(&b'"') {
                    at += 2;
                    continue;
                }
                let behind = inner.get(at + 1..).unwrap_or("");
                let end = memchr::memchr(delimiter, behind.as_bytes());
                rest = end.and_then(|end| behind.get(end + 1..));
                return Some(Cell { raw: inner.get(..at).unwrap_or(""), is_quoted: true });
            }
        }
        let end = memchr::memchr(delimiter, text.as_bytes());
        rest = end.and_then(|end| text.get(end + 1..));
        Some(Cell { raw: text.get(..end.unwrap_or(text.len())).unwrap_or(""), is_quoted: false })
    })
    .take(COLUMNS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(header: &str, row: &str, expect: &str) {
        let header = Header::of(header).unwrap();
        let mut buf = EventBuf::new();
        let result = decode(Line { text: row, base: 0 }, &header, &mut buf);
        let mut out = String::new();
        match result {
            Ok(()) => buf.event(row).write_json(&mut out),
            Err(why) => out.push_str(why),
        }
        assert_eq!(out, expect, "{row}");
    }

    #[test]
    fn cells_are_named_by_the_header() {
        check("a,b,c", r#"1,"x, ""y""",z"#, r#"{"a":"1","b":"x, \"y\"","c":"z"}"#);
        check("a;b;c", "1;;3", r#"{"a":"1","c":"3"}"#);
        check("a\t\"b b\"\tc", "1\t2", r#"{"a":"1","b b":"2"}"#);
        check("a,b,c", "1,2,3,4", "the row has more cells than the header");
        check("a,b,c", "\"open", r#"{"a":"\"open"}"#);
    }

    #[test]
    fn not_every_line_is_a_header() {
        for line in ["", "a,b", "a,b,a", "a,,b", "1,2,3", "x=1,y=2,z=3"] {
            assert_eq!(Header::of(line), None, "{line}");
        }
    }
}
