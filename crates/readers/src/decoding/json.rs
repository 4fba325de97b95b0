//! JSON values onto the tape.
//!
//! Strings without escapes stay ranges of the input; the others are written out once into the buffer's arena.
//! Integers are kept exactly. A lone half of a surrogate pair becomes U+FFFD. A key that stands twice has both values.

mod keys;

use sigyn_event::{EventBuf, Text};

use keys::{Keys, Place};

/// Deepest nesting that is read.
pub(crate) const DEPTH_MAX: usize = 128;
/// Bytes of a string that are looked through by words; a call that uses wider registers pays only beyond.
const SHORT_BYTES: usize = 64;

/// As many digits always fit into 64 bits.
const DIGITS_SAFE: usize = 19;

/// Why a text is not the JSON that is read, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Broken {
    /// What is wrong.
    pub(crate) why: &'static str,
    /// Byte offset in the text.
    pub(crate) at: usize,
}

/// Reads a single value: see [`Json::value`].
///
/// # Errors
/// As there.
pub(crate) fn value(text: &str, at: usize, buf: &mut EventBuf) -> Result<usize, Broken> {
    Json::default().value(text, at, buf)
}

/// Reads values; kept by a thread for what it has learned about the order of keys.
#[derive(Debug, Default)]
pub(crate) struct Json {
    keys: Keys,
}

impl Json {
    /// Reads one value at `at`, spaces around it included, and gives the offset behind it.
    ///
    /// A value that is no object becomes the root's member `message`, so that events are always maps.
    ///
    /// # Errors
    /// What is wrong and where; the buffer then holds a part of the event.
    pub(crate) fn value(&mut self, text: &str, at: usize, buf: &mut EventBuf) -> Result<usize, Broken> {
        self.keys.begin(buf);
        let message = buf.name("message");
        let arena = buf.take_arena();
        let mut parser =
            Parser { text, bytes: text.as_bytes(), at, buf, arena, keys: &mut self.keys, broken: None };
        let result = parser.event(message);
        let Parser { at, buf, arena, broken, .. } = parser;
        // One check for all texts that were written out. They were copied from a text, so that it cannot fail.
        let is_text = buf.put_arena(arena);
        match result {
            Ok(()) if is_text => Ok(at),
            _ => Err(broken.unwrap_or(Broken { why: "a string is no UTF-8", at })),
        }
    }
}

struct Parser<'t, 'b> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    buf: &'b mut EventBuf,
    /// The buffer's arena, as bytes: most escapes stand a few bytes apart, and checking each piece would cost more
    /// than copying it.
    arena: Vec<u8>,
    keys: &'b mut Keys,
    broken: Option<Broken>,
}

/// The text is broken; the parser knows why. Small, so that results travel in registers.
struct Stop;

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

    /// Steps over a byte that may have spaces in front. Most have none: that is asked first.
    #[inline]
    fn takes(&mut self, byte: u8) -> bool {
        if self.peek() != Some(byte) {
            self.spaces();
        }
        let takes = self.peek() == Some(byte);
        self.at += usize::from(takes);
        takes
    }

    #[cold]
    fn broken<T>(&mut self, why: &'static str) -> Result<T, Stop> {
        self.broken = Some(Broken { why, at: self.at });
        Err(Stop)
    }

    /// The text ends within a string.
    #[cold]
    fn no_end<T>(&mut self) -> Result<T, Stop> {
        self.at = self.bytes.len();
        self.broken("the string does not end")
    }

    fn event(&mut self, message: Text) -> Result<(), Stop> {
        self.spaces();
        if self.peek() == Some(b'{') {
            self.object(None, 0)?;
        } else {
            self.buf.begin_map(None);
            self.value(Some(message), 1)?;
            self.buf.end();
        }
        self.spaces();
        Ok(())
    }

    /// A value. Most are strings: they are read in place, everything else by a call.
    #[inline]
    fn value(&mut self, key: Option<Text>, depth: usize) -> Result<(), Stop> {
        if self.peek() == Some(b'"') {
            let text = self.string()?;
            self.buf.push_text(key, text);
            return Ok(());
        }
        self.other_value(key, depth)
    }

    fn other_value(&mut self, key: Option<Text>, depth: usize) -> Result<(), Stop> {
        match self.peek() {
            Some(b'-' | b'0'..=b'9') => self.number(key),
            Some(b'{') => self.object(key, depth),
            Some(b'[') => self.array(key, depth),
            Some(b't') => self.word("true", |buf| buf.push_bool(key, true)),
            Some(b'f') => self.word("false", |buf| buf.push_bool(key, false)),
            Some(b'n') => self.word("null", |buf| buf.push_null(key)),
            Some(_) => self.broken("a value must stand here"),
            None => self.broken("the text ends where a value must stand"),
        }
    }

    fn object(&mut self, key: Option<Text>, depth: usize) -> Result<(), Stop> {
        self.enter(depth)?;
        self.buf.begin_map(key);
        self.spaces();
        if self.peek() == Some(b'}') {
            self.at += 1;
        } else {
            let mut place = Keys::first_in(key);
            loop {
                let key = self.key(place)?;
                place = Keys::behind(key);
                self.value(Some(key), depth + 1)?;
                if self.takes(b',') {
                    continue;
                }
                if self.takes(b'}') {
                    break;
                }
                return self.broken("a comma or a brace must stand behind a member");
            }
        }
        self.buf.end();
        Ok(())
    }

    /// A key and its colon, with the spaces around them.
    #[inline]
    fn key(&mut self, place: Place) -> Result<Text, Stop> {
        if self.peek() != Some(b'"') {
            self.spaces();
        }
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let key = match self.keys.expected(place, rest) {
            Some((key, length)) => {
                self.at += length;
                key
            }
            None => self.other_key(place)?,
        };
        if !self.takes(b':') {
            return self.broken("a colon must stand behind a key");
        }
        if self.peek().is_some_and(|byte| byte <= b' ') {
            self.spaces();
        }
        Ok(key)
    }

    fn other_key(&mut self, place: Place) -> Result<Text, Stop> {
        if self.peek() != Some(b'"') {
            return self.broken("a key must stand here");
        }
        let (start, written) = (self.at + 1, self.arena.len());
        let text = self.string()?;
        // An escaped key has been written out, any other one still stands in the text.
        let name = match self.arena.get(written..) {
            Some([]) | None => self.text.get(start..self.at - 1).unwrap_or(""),
            Some(bytes) => std::str::from_utf8(bytes).unwrap_or(""),
        };
        let key = self.buf.name_or(name, text);
        self.keys.came(place, key, name);
        Ok(key)
    }

    fn array(&mut self, key: Option<Text>, depth: usize) -> Result<(), Stop> {
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

    fn enter(&mut self, depth: usize) -> Result<(), Stop> {
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
    ) -> Result<(), Stop> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return self.broken("a value must stand here");
        }
        self.at += word.len();
        push(self.buf);
        Ok(())
    }

    fn number(&mut self, key: Option<Text>) -> Result<(), Stop> {
        let start = self.at;
        let is_negative = self.peek() == Some(b'-');
        self.at += usize::from(is_negative);
        let digits = self.at;
        let mut value = 0_u64;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            value = value.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
            self.at += 1;
        }
        let length = self.at - digits;
        // Longer ones may have gone round.
        let mut fits = length <= DIGITS_SAFE;
        if !fits && let Some(Ok(exact)) = self.text.get(digits..self.at).map(str::parse) {
            (value, fits) = (exact, true);
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
    fn string(&mut self) -> Result<Text, Stop> {
        let start = self.at + 1;
        let mut at = start;
        while let Some(word) = self.word_at(at).filter(|_| at - start < SHORT_BYTES) {
            let specials = specials(word);
            if specials != 0 {
                return self.string_to(start, at + (specials.trailing_zeros() / 8) as usize);
            }
            at += 8;
        }
        match memchr::memchr2(b'"', b'\\', self.bytes.get(at..).unwrap_or_default()) {
            Some(found) => self.string_to(start, at + found),
            None => self.no_end(),
        }
    }

    /// A string whose first quote or backslash stands at `at`.
    #[inline(always)]
    fn string_to(&mut self, start: usize, at: usize) -> Result<Text, Stop> {
        self.at = at;
        if self.peek() == Some(b'"') {
            self.at += 1;
            return Ok(self.buf.input_text(start, at - start));
        }
        self.escaped(start)
    }

    #[inline]
    fn word_at(&self, at: usize) -> Option<u64> {
        let word = self.bytes.get(at..)?.first_chunk::<8>()?;
        Some(u64::from_le_bytes(*word))
    }

    /// A string with escapes, the first of which stands here: written out into the arena.
    #[inline(never)]
    fn escaped(&mut self, start: usize) -> Result<Text, Stop> {
        let begun = self.arena.len();
        self.arena.extend_from_slice(self.bytes.get(start..self.at).unwrap_or_default());
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(self.buf.arena_text(begun, self.arena.len() - begun));
                }
                Some(b'\\') => {
                    self.at += 1;
                    self.escape()?;
                }
                Some(_) => {}
                None => return self.no_end(),
            }
            self.plain()?;
        }
    }

    /// Copies what stands in front of the next quote or backslash: whole words, of which the last is cut.
    #[inline]
    fn plain(&mut self) -> Result<(), Stop> {
        let start = self.at;
        while let Some(word) = self.word_at(self.at).filter(|_| self.at - start < SHORT_BYTES) {
            self.arena.extend_from_slice(&word.to_le_bytes());
            let specials = specials(word);
            if specials != 0 {
                let length = (specials.trailing_zeros() / 8) as usize;
                self.arena.truncate(self.arena.len() + length - 8);
                self.at += length;
                return Ok(());
            }
            self.at += 8;
        }
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let Some(length) = memchr::memchr2(b'"', b'\\', rest) else { return self.no_end() };
        self.arena.extend_from_slice(&rest[..length]);
        self.at += length;
        Ok(())
    }

    /// What stands behind a backslash.
    #[inline]
    fn escape(&mut self) -> Result<(), Stop> {
        let byte = match self.peek() {
            Some(byte @ (b'"' | b'\\' | b'/')) => byte,
            Some(b'b') => 0x8,
            Some(b'f') => 0xc,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'u') => {
                self.at += 1;
                let c = self.escaped_char()?;
                self.arena.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                return Ok(());
            }
            _ => return self.broken("this escape does not exist"),
        };
        self.at += 1;
        self.arena.push(byte);
        Ok(())
    }

    fn escaped_char(&mut self) -> Result<char, Stop> {
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
        Ok(char::from_u32(high).unwrap_or('\u{fffd}'))
    }

    fn hex(&mut self) -> Result<u32, Stop> {
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

/// Marks the highest bit of each byte that is a quote or a backslash. Of the marks only the lowest is sure.
#[inline]
fn specials(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let quotes = word ^ (ONES * b'"' as u64);
    let backslashes = word ^ (ONES * b'\\' as u64);
    (quotes.wrapping_sub(ONES) & !quotes | backslashes.wrapping_sub(ONES) & !backslashes) & HIGH
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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

    /// Any value without decimals, whose text is not unique.
    fn any_value() -> impl Strategy<Value = serde_json::Value> {
        let text = prop_oneof!["[a-z\"\\\\/\n]{0,40}", "\\PC{0,30}", "[ -~]{60,90}"];
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<u64>().prop_map(Into::into),
            text.prop_map(Into::into),
        ];
        let key = prop_oneof!["[ab]", "[ab\"\\\\]{0,3}", "[a-b]{28,34}", "\\PC{0,4}"];
        leaf.prop_recursive(4, 40, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
                prop::collection::vec((key.clone(), inner), 0..6)
                    .prop_map(|members| { serde_json::Value::Object(members.into_iter().collect()) }),
            ]
        })
    }

    proptest! {
        /// Once with keys unknown, then with the order of keys learned, and pretty-printed.
        #[test]
        fn any_text_is_read_as_others_read_it(values in prop::collection::vec(any_value(), 1..4)) {
            let (mut json, mut buf) = (Json::default(), EventBuf::new());
            for round in 0..3 {
                for value in &values {
                    let value = serde_json::json!({ "v": value, "after": 1 });
                    let text = match round {
                        2 => serde_json::to_string_pretty(&value).unwrap(),
                        _ => value.to_string(),
                    };
                    buf.clear();
                    prop_assert_eq!(json.value(&text, 0, &mut buf), Ok(text.len()));
                    let mut out = String::new();
                    buf.event(&text).write_json(&mut out);
                    prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&out).unwrap(), value);
                }
            }
        }

        /// Nothing panics, and whatever is said to be read lies within the text.
        #[test]
        fn damaged_text_is_refused_or_read(value in any_value(), at in any::<prop::sample::Index>(), byte in "[ -~\n]") {
            let mut text = serde_json::json!({ "v": value }).to_string();
            let (mut json, mut buf) = (Json::default(), EventBuf::new());
            let _ = json.value(&text, 0, &mut buf);
            let at = at.index(text.len());
            if text.is_char_boundary(at) && text.is_char_boundary(at + 1) {
                text.replace_range(at..=at, &byte);
            }
            buf.clear();
            match json.value(&text, 0, &mut buf) {
                Ok(end) => prop_assert!(end <= text.len()),
                Err(broken) => prop_assert!(broken.at <= text.len()),
            }
        }
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
