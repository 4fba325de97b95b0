//! JSON values onto the tape.
//!
//! Strings without escapes stay ranges of the input; the others are written out once into the buffer's arena.
//! Integers are kept exactly. A lone half of a surrogate pair becomes U+FFFD. A key that stands twice has both values.

use sigyn_event::{EventBuf, Text};

/// Deepest nesting that is read.
pub(crate) const DEPTH_MAX: usize = 128;

/// Why a text is not the JSON that is read, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Broken {
    /// What is wrong.
    pub(crate) why: &'static str,
    /// Byte offset in the text.
    pub(crate) at: usize,
}

/// Reads one value at `at`, spaces around it included, and gives the offset behind it.
///
/// A value that is no object becomes the root's member `message`, so that events are always maps.
///
/// # Errors
/// What is wrong and where; the buffer then holds a part of the event.
pub(crate) fn value(text: &str, at: usize, buf: &mut EventBuf) -> Result<usize, Broken> {
    let mut parser = Parser { text, bytes: text.as_bytes(), at, buf };
    parser.spaces();
    if parser.peek() == Some(b'{') {
        parser.value(None, 0)?;
    } else {
        parser.buf.begin_map(None);
        let key = parser.buf.name("message");
        parser.value(Some(key), 1)?;
        parser.buf.end();
    }
    parser.spaces();
    Ok(parser.at)
}

struct Parser<'t, 'b> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    buf: &'b mut EventBuf,
}

impl Parser<'_, '_> {
    #[inline]
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    #[inline]
    fn spaces(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn broken<T>(&self, why: &'static str) -> Result<T, Broken> {
        Err(Broken { why, at: self.at })
    }

    /// The text ends within a string.
    fn no_end<T>(&self) -> Result<T, Broken> {
        Err(Broken { why: "the string does not end", at: self.bytes.len() })
    }

    fn value(&mut self, key: Option<Text>, depth: usize) -> Result<(), Broken> {
        match self.peek() {
            Some(b'"') => {
                let text = self.string()?;
                self.buf.push_text(key, text);
                Ok(())
            }
            Some(b'{') => self.object(key, depth),
            Some(b'[') => self.array(key, depth),
            Some(b'-' | b'0'..=b'9') => self.number(key),
            Some(b't') => self.word("true", |buf| buf.push_bool(key, true)),
            Some(b'f') => self.word("false", |buf| buf.push_bool(key, false)),
            Some(b'n') => self.word("null", |buf| buf.push_null(key)),
            Some(_) => self.broken("a value must stand here"),
            None => self.broken("the text ends where a value must stand"),
        }
    }

    fn object(&mut self, key: Option<Text>, depth: usize) -> Result<(), Broken> {
        self.enter(depth)?;
        self.buf.begin_map(key);
        self.spaces();
        if self.peek() == Some(b'}') {
            self.at += 1;
        } else {
            loop {
                self.spaces();
                if self.peek() != Some(b'"') {
                    return self.broken("a key must stand here");
                }
                let key = self.string()?;
                let key = self.buf.name_of(self.text, key);
                self.spaces();
                if self.peek() != Some(b':') {
                    return self.broken("a colon must stand behind a key");
                }
                self.at += 1;
                self.spaces();
                self.value(Some(key), depth + 1)?;
                self.spaces();
                match self.peek() {
                    Some(b',') => self.at += 1,
                    Some(b'}') => {
                        self.at += 1;
                        break;
                    }
                    _ => return self.broken("a comma or a brace must stand behind a member"),
                }
            }
        }
        self.buf.end();
        Ok(())
    }

    fn array(&mut self, key: Option<Text>, depth: usize) -> Result<(), Broken> {
        self.enter(depth)?;
        self.buf.begin_list(key);
        self.spaces();
        if self.peek() == Some(b']') {
            self.at += 1;
        } else {
            loop {
                self.spaces();
                self.value(None, depth + 1)?;
                self.spaces();
                match self.peek() {
                    Some(b',') => self.at += 1,
                    Some(b']') => {
                        self.at += 1;
                        break;
                    }
                    _ => return self.broken("a comma or a bracket must stand behind an element"),
                }
            }
        }
        self.buf.end();
        Ok(())
    }

    fn enter(&mut self, depth: usize) -> Result<(), Broken> {
        if depth >= DEPTH_MAX {
            return self.broken("the value is nested too deeply");
        }
        if self.buf.is_full() {
            return self.broken("the value has too many parts");
        }
        self.at += 1;
        Ok(())
    }

    fn word(
        &mut self,
        word: &str,
        push: impl FnOnce(&mut EventBuf) -> sigyn_event::NodeId,
    ) -> Result<(), Broken> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return self.broken("a value must stand here");
        }
        self.at += word.len();
        push(self.buf);
        Ok(())
    }

    fn number(&mut self, key: Option<Text>) -> Result<(), Broken> {
        let start = self.at;
        let is_negative = self.peek() == Some(b'-');
        self.at += usize::from(is_negative);
        let digits = self.at;
        let mut value = 0_u64;
        let mut fits = true;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            match value.checked_mul(10).and_then(|value| value.checked_add(u64::from(digit - b'0'))) {
                Some(next) => value = next,
                None => fits = false,
            }
            self.at += 1;
        }
        if self.at == digits {
            return self.broken("a number must have digits");
        }
        if fits && !matches!(self.peek(), Some(b'.' | b'e' | b'E')) {
            if !is_negative {
                self.buf.push_uint(key, value);
                return Ok(());
            }
            if let Some(value) = 0_i64.checked_sub_unsigned(value) {
                self.buf.push_int(key, value);
                return Ok(());
            }
        }
        while let Some(b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-') = self.peek() {
            self.at += 1;
        }
        match self.text.get(start..self.at).map(str::parse::<f64>) {
            Some(Ok(value)) => {
                self.buf.push_float(key, value);
                Ok(())
            }
            _ => self.broken("this is no number"),
        }
    }

    /// The string that opens here, as a range of the input if nothing in it is escaped.
    #[inline]
    fn string(&mut self) -> Result<Text, Broken> {
        let start = self.at + 1;
        let rest = self.bytes.get(start..).unwrap_or_default();
        // Most strings are short: a plain loop beats a call for the first bytes.
        let mut length = 0;
        let special = loop {
            match rest.get(length) {
                Some(byte @ (b'"' | b'\\')) => break *byte,
                Some(_) if length < 24 => length += 1,
                Some(_) => match memchr::memchr2(b'"', b'\\', &rest[length..]) {
                    Some(found) => {
                        length += found;
                        break rest[length];
                    }
                    None => return self.no_end(),
                },
                None => return self.no_end(),
            }
        };
        if special == b'"' {
            self.at = start + length + 1;
            return Ok(self.buf.input_text(start, length));
        }
        self.escaped(start, start + length)
    }

    /// A string with escapes: the first of them stands at `at`.
    fn escaped(&mut self, start: usize, at: usize) -> Result<Text, Broken> {
        let begun = self.buf.begin_text();
        self.buf.write_str(self.text.get(start..at).unwrap_or(""));
        self.at = at;
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(self.buf.end_text(begun));
                }
                Some(b'\\') => {
                    self.at += 1;
                    let c = self.escape()?;
                    self.buf.write_char(c);
                }
                Some(_) => {
                    let rest = &self.bytes[self.at..];
                    let Some(length) = memchr::memchr2(b'"', b'\\', rest) else { return self.no_end() };
                    self.buf.write_str(self.text.get(self.at..self.at + length).unwrap_or(""));
                    self.at += length;
                }
                None => return self.no_end(),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Broken> {
        let byte = self.peek();
        self.at += 1;
        Ok(match byte {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let high = self.hex()?;
                let is_pair = (0xd800..0xdc00).contains(&high) && self.bytes[self.at..].starts_with(b"\\u");
                if is_pair {
                    let back = self.at;
                    self.at += 2;
                    let low = self.hex()?;
                    if (0xdc00..0xe000).contains(&low) {
                        let c = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                        return Ok(char::from_u32(c).unwrap_or('\u{fffd}'));
                    }
                    self.at = back;
                }
                char::from_u32(high).unwrap_or('\u{fffd}')
            }
            _ => {
                self.at -= 1;
                return self.broken("this escape does not exist");
            }
        })
    }

    fn hex(&mut self) -> Result<u32, Broken> {
        let digits = self.bytes.get(self.at..self.at + 4).unwrap_or_default();
        let value =
            digits.iter().try_fold(0, |value, digit| Some(value * 16 + char::from(*digit).to_digit(16)?));
        match value.filter(|_| digits.len() == 4) {
            Some(value) => {
                self.at += 4;
                Ok(value)
            }
            None => self.broken("four hexadecimal digits must stand here"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: Result<&str, &str>) {
        let mut buf = EventBuf::new();
        let got = value(text, 0, &mut buf);
        let mut out = String::new();
        buf.event(text).write_json(&mut out);
        match expect {
            Ok(json) => assert_eq!((got, out.as_str()), (Ok(text.len()), json), "{text}"),
            Err(why) => assert!(got.is_err_and(|broken| broken.why.contains(why)), "{text}: {got:?}"),
        }
    }

    #[test]
    fn values_are_kept_exactly() {
        check(
            r#" {"a":1,"b":[true,null,-2,{"c":"d"}],"a":2} "#,
            Ok(r#"{"a":1,"b":[true,null,-2,{"c":"d"}],"a":2}"#),
        );
        check(
            r#"{"u":18446744073709551615,"i":-9223372036854775808}"#,
            Ok(r#"{"u":18446744073709551615,"i":-9223372036854775808}"#),
        );
        check(
            r#"{"f":1.50,"e":1e3,"big":123456789012345678901234567890}"#,
            Ok(r#"{"f":1.5,"e":1000,"big":123456789012345677877719597056}"#),
        );
        check(
            r#"{"a\u0062\\":"C:\\x\n\ud83d\ude00\ud83d"}"#,
            Ok("{\"ab\\\\\":\"C:\\\\x\\n\u{1f600}\u{fffd}\"}"),
        );
        check(
            r#"{"long":"0123456789012345678901234567890123456789\"x"}"#,
            Ok(r#"{"long":"0123456789012345678901234567890123456789\"x"}"#),
        );
        check("{}", Ok("{}"));
        check("\"text\"", Ok(r#"{"message":"text"}"#));
    }

    #[test]
    fn what_is_no_json_says_why() {
        check(r#"{"a":}"#, Err("a value"));
        check(r#"{"a" 1}"#, Err("colon"));
        check(r#"{"a":1"#, Err("comma"));
        check(r#"{"a":"x"#, Err("does not end"));
        check(r#"{"a":"\q"}"#, Err("escape"));
        check(r#"{"a":"\u12"}"#, Err("hexadecimal"));
        check(r#"{"a":-}"#, Err("digits"));
        check(&"[".repeat(DEPTH_MAX + 1), Err("deeply"));
        check("", Err("ends"));
    }
}
