//! Values of binary XML: what is empty, what is a number, and how each type is written as text.
//!
//! Types and sizes are those of [MS-EVEN6] 2.2.4.1; texts are those that Windows and the usual converters give:
//! GUIDs in lower case with braces, binary as upper hexadecimal digits, times with seven fractional digits.

use sigyn_event::{EventBuf, Text};

/// Types of values, as they stand in the file.
pub(super) mod kind {
    pub(crate) const NULL: u8 = 0x00;
    pub(crate) const STRING: u8 = 0x01;
    pub(crate) const ANSI: u8 = 0x02;
    pub(crate) const INT8: u8 = 0x03;
    pub(crate) const UINT8: u8 = 0x04;
    pub(crate) const INT16: u8 = 0x05;
    pub(crate) const UINT16: u8 = 0x06;
    pub(crate) const INT32: u8 = 0x07;
    pub(crate) const UINT32: u8 = 0x08;
    pub(crate) const INT64: u8 = 0x09;
    pub(crate) const UINT64: u8 = 0x0a;
    pub(crate) const REAL32: u8 = 0x0b;
    pub(crate) const REAL64: u8 = 0x0c;
    pub(crate) const BOOL: u8 = 0x0d;
    pub(crate) const BINARY: u8 = 0x0e;
    pub(crate) const GUID: u8 = 0x0f;
    pub(crate) const SIZE: u8 = 0x10;
    pub(crate) const FILETIME: u8 = 0x11;
    pub(crate) const SYSTIME: u8 = 0x12;
    pub(crate) const SID: u8 = 0x13;
    pub(crate) const HEX32: u8 = 0x14;
    pub(crate) const HEX64: u8 = 0x15;
    pub(crate) const XML: u8 = 0x21;
    /// The bit of arrays.
    pub(crate) const ARRAY: u8 = 0x80;
    /// Ours: an array's empty text, of which nothing stands in the element.
    pub(crate) const ABSENT: u8 = 0x7e;
    /// Ours: an embedded fragment that was read; `start` is its frame.
    pub(crate) const FRAME: u8 = 0x7f;
}

/// Bytes of the types that have a fixed number of them; 0 for the others.
pub(super) const fn size(kind: u8) -> usize {
    match kind {
        kind::INT8 | kind::UINT8 => 1,
        kind::INT16 | kind::UINT16 => 2,
        kind::INT32 | kind::UINT32 | kind::REAL32 | kind::BOOL | kind::HEX32 => 4,
        kind::INT64 | kind::UINT64 | kind::REAL64 | kind::FILETIME | kind::HEX64 => 8,
        kind::GUID | kind::SYSTIME => 16,
        _ => 0,
    }
}

/// Whether values of that type are read.
pub(super) const fn is_known(kind: u8) -> bool {
    matches!(kind, kind::NULL..=kind::HEX64 | kind::XML)
        || matches!(kind & !kind::ARRAY, kind::STRING..=kind::BOOL | kind::GUID | kind::FILETIME..=kind::HEX64)
}

/// A value's type and place in the chunk.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value {
    pub(super) kind: u8,
    pub(super) start: u32,
    pub(super) length: u32,
}

impl Value {
    pub(super) fn bytes(self, chunk: &[u8]) -> &[u8] {
        chunk.get(self.start as usize..(self.start + self.length) as usize).unwrap_or_default()
    }

    /// Whether nothing of it would be seen.
    #[inline]
    pub(super) fn is_empty(self, chunk: &[u8]) -> bool {
        match self.kind {
            kind::NULL | kind::ABSENT => true,
            kind::STRING => self.length < 2 || self.bytes(chunk).starts_with(&[0, 0]),
            kind::ANSI => self.bytes(chunk).iter().all(|byte| *byte == 0),
            kind::FRAME => false,
            _ => self.length == 0,
        }
    }

    /// Whether it stands for itself, without quotes.
    #[inline]
    pub(super) const fn is_bare(self) -> bool {
        matches!(self.kind, kind::INT8..=kind::UINT64 | kind::BOOL)
    }

    pub(super) const fn is_string(self) -> bool {
        matches!(self.kind, kind::STRING | kind::ANSI)
    }

    pub(super) const fn is_array(self) -> bool {
        self.kind & kind::ARRAY != 0
    }

    /// Adds the value to the open map or list.
    #[inline]
    pub(super) fn push(self, chunk: &[u8], key: Option<Text>, buf: &mut EventBuf) {
        let bytes = self.bytes(chunk);
        if self.is_bare() {
            match (self.kind, integer(self.kind, bytes)) {
                (kind::BOOL, value @ (0 | 1)) => buf.push_bool(key, value == 1),
                (kind::UINT64, value) => buf.push_uint(key, value.cast_unsigned()),
                (_, value) => buf.push_int(key, value),
            };
            return;
        }
        let begun = buf.begin_text();
        self.write(chunk, buf);
        let text = buf.end_text(begun);
        buf.push_text(key, text);
    }

    /// Writes the value into the text at hand; an array's items with commas between.
    pub(super) fn write(self, chunk: &[u8], buf: &mut EventBuf) {
        if !self.is_array() {
            return write(self.kind, self.bytes(chunk), buf);
        }
        let mut is_first = true;
        self.items(chunk, &mut |item| {
            if !std::mem::take(&mut is_first) {
                buf.write_char(',');
            }
            write(item.kind, item.bytes(chunk), buf);
        });
    }

    /// Calls `visit` for each item of an array.
    pub(super) fn items(self, chunk: &[u8], visit: &mut impl FnMut(Value)) {
        let bytes = self.bytes(chunk);
        let mut kind = self.kind & !kind::ARRAY;
        if kind == kind::BOOL && bytes.chunks_exact(4).any(|raw| integer(kind, raw) & !1 != 0) {
            kind = kind::INT32;
        }
        let mut at = 0;
        while at < bytes.len() {
            let rest = &bytes[at..];
            let (length, behind) = match kind {
                kind::STRING => {
                    let units = rest.as_chunks::<2>().0;
                    let end = units.iter().position(|unit| *unit == [0, 0]).unwrap_or(units.len());
                    (2 * end, 2)
                }
                kind::ANSI => (memchr::memchr(0, rest).unwrap_or(rest.len()), 1),
                kind::SID => (sid_bytes(rest), 0),
                // A type without a size is no array that is read; one step ends it.
                _ => (size(kind).max(1), 0),
            };
            if length > rest.len() {
                return;
            }
            let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            visit(Value { kind, start: self.start + place(at), length: place(length) });
            at += length + behind;
        }
    }
}

fn sid_bytes(bytes: &[u8]) -> usize {
    8 + 4 * usize::from(bytes.get(1).copied().unwrap_or(0))
}

/// A little-endian integer of a type; unsigned 64-bit ones as their bits.
#[inline]
fn integer(kind: u8, bytes: &[u8]) -> i64 {
    let mut raw = [0; 8];
    let length = bytes.len().min(size(kind));
    raw[..length].copy_from_slice(&bytes[..length]);
    let value = i64::from_le_bytes(raw);
    let bits = 64 - 8 * length;
    match kind {
        kind::INT8 | kind::INT16 | kind::INT32 | kind::BOOL if length > 0 => (value << bits) >> bits,
        _ => value,
    }
}

fn write(kind: u8, bytes: &[u8], buf: &mut EventBuf) {
    let number = |bytes: &[u8]| integer(kind::UINT64, bytes).cast_unsigned();
    match kind {
        kind::STRING => utf16(until_nul(bytes), &mut |text| buf.write_str(text)),
        kind::ANSI => {
            bytes.iter().filter(|byte| **byte != 0).for_each(|byte| buf.write_char(windows_1252(*byte)))
        }
        kind::BOOL => match integer(kind, bytes) {
            0 => buf.write_str("false"),
            1 => buf.write_str("true"),
            other => signed(other, buf),
        },
        kind::UINT64 => decimal(number(bytes), buf),
        kind::INT8..=kind::INT64 => signed(integer(kind, bytes), buf),
        kind::REAL32 => {
            let value = bytes.first_chunk().map_or(0.0, |raw| f32::from_le_bytes(*raw));
            buf.write_str(&format!("{value:?}"));
        }
        kind::REAL64 => {
            let value = bytes.first_chunk().map_or(0.0, |raw| f64::from_le_bytes(*raw));
            buf.write_str(&format!("{value:?}"));
        }
        kind::BINARY => hex_pairs(bytes, b"0123456789ABCDEF", buf),
        kind::GUID => guid(bytes, buf),
        kind::SIZE | kind::HEX32 | kind::HEX64 => hex(number(bytes), buf),
        kind::FILETIME => filetime(number(bytes), buf),
        kind::SYSTIME => systime(bytes, buf),
        kind::SID => sid(bytes, buf),
        _ => {}
    }
}

/// A string value ends at its first NUL.
fn until_nul(bytes: &[u8]) -> &[u8] {
    let units = bytes.as_chunks::<2>().0;
    // Most end with it or have none; the search for a zero unit is done over 16 at a time, without branches.
    let mut at = 0;
    for block in units.chunks(16) {
        if block.iter().fold(false, |has, unit| has | (u16::from_le_bytes(*unit) == 0)) {
            at += block.iter().position(|unit| *unit == [0, 0]).unwrap_or(0);
            break;
        }
        at += block.len();
    }
    &bytes[..2 * at]
}

/// Writes UTF-16; lone halves of pairs become U+FFFD. ASCII, which nearly all is, goes 32 units at a time.
pub(super) fn utf16(bytes: &[u8], write: &mut impl FnMut(&str)) {
    let units = bytes.as_chunks::<2>().0;
    let mut at = 0;
    let mut ascii = [0_u8; 32];
    for block in units.chunks(ascii.len()) {
        let mut all = 0;
        for (out, unit) in ascii.iter_mut().zip(block) {
            all |= u16::from_le_bytes(*unit);
            *out = unit[0];
        }
        if all >= 0x80 {
            break;
        }
        write(std::str::from_utf8(&ascii[..block.len()]).unwrap_or(""));
        at += block.len();
    }
    for c in char::decode_utf16(units[at..].iter().map(|unit| u16::from_le_bytes(*unit))) {
        write(c.unwrap_or('\u{fffd}').encode_utf8(&mut [0; 4]));
    }
}

/// A byte of the Western code page, which logs without another statement use.
fn windows_1252(byte: u8) -> char {
    const UPPER: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
        '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9f => UPPER[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

fn ascii(bytes: &[u8], buf: &mut EventBuf) {
    buf.write_str(std::str::from_utf8(bytes).unwrap_or(""));
}

fn decimal(mut value: u64, buf: &mut EventBuf) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + low(value % 10);
        value /= 10;
        if value == 0 {
            return ascii(&digits[at..], buf);
        }
    }
}

fn signed(value: i64, buf: &mut EventBuf) {
    if value < 0 {
        buf.write_char('-');
    }
    decimal(value.unsigned_abs(), buf);
}

/// The lowest byte; callers pass what fits.
fn low(value: u64) -> u8 {
    value.to_le_bytes()[0]
}

fn hex(mut value: u64, buf: &mut EventBuf) {
    let mut digits = [0; 18];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b"0123456789abcdef"[usize::from(low(value & 0xf))];
        value >>= 4;
        if value == 0 {
            break;
        }
    }
    digits[at - 2..at].copy_from_slice(b"0x");
    ascii(&digits[at - 2..], buf);
}

fn hex_pairs(bytes: &[u8], alphabet: &[u8; 16], buf: &mut EventBuf) {
    let mut out = [0; 64];
    for block in bytes.chunks(out.len() / 2) {
        for (pair, byte) in out.chunks_exact_mut(2).zip(block) {
            pair[0] = alphabet[usize::from(byte >> 4)];
            pair[1] = alphabet[usize::from(byte & 0xf)];
        }
        ascii(&out[..2 * block.len()], buf);
    }
}

fn guid(bytes: &[u8], buf: &mut EventBuf) {
    // The first three parts are little-endian.
    const ORDER: [[usize; 2]; 8] = [[3, 2], [1, 0], [5, 4], [7, 6], [8, 9], [10, 11], [12, 13], [14, 15]];
    let mut out = [b'-'; 38];
    (out[0], out[37]) = (b'{', b'}');
    let mut at = 1;
    for (part, pair) in ORDER.iter().enumerate() {
        at += usize::from(matches!(part, 2..=5));
        for place in pair {
            let byte = bytes.get(*place).copied().unwrap_or(0);
            out[at] = b"0123456789abcdef"[usize::from(byte >> 4)];
            out[at + 1] = b"0123456789abcdef"[usize::from(byte & 0xf)];
            at += 2;
        }
    }
    ascii(&out, buf);
}

fn sid(bytes: &[u8], buf: &mut EventBuf) {
    let [revision, count, authority @ .., _, _] = bytes.first_chunk::<10>().copied().unwrap_or_default();
    let authority: [u8; 6] = authority;
    let mut wide = [0; 8];
    wide[2..].copy_from_slice(&authority);
    buf.write_str("S-");
    decimal(revision.into(), buf);
    buf.write_char('-');
    decimal(u64::from_be_bytes(wide), buf);
    let parts = bytes.get(8..).unwrap_or_default().as_chunks::<4>().0;
    for part in parts.iter().take(count.into()) {
        buf.write_char('-');
        decimal(u32::from_le_bytes(*part).into(), buf);
    }
}

/// Digits with leading zeros into the whole of `out`.
fn padded(out: &mut [u8], mut value: u64) {
    for digit in out.iter_mut().rev() {
        *digit = b'0' + low(value % 10);
        value /= 10;
    }
}

/// Year, month, day, hour, minute, second, and ticks of 100 ns.
fn moment(parts: [u64; 7], buf: &mut EventBuf) {
    let mut out = *b"0000-00-00T00:00:00.0000000Z";
    for (range, part) in [0..4, 5..7, 8..10, 11..13, 14..16, 17..19, 20..27].into_iter().zip(parts) {
        padded(&mut out[range], part);
    }
    ascii(&out, buf);
}

/// Ticks of 100 ns since 1601. Years past 9999 keep their last four digits; what is no time is all zeros.
fn filetime(ticks: u64, buf: &mut EventBuf) {
    const DAY: u64 = 86_400 * 10_000_000;
    if i64::try_from(ticks).is_err() {
        return moment([0; 7], buf);
    }
    // The civil calendar from days since 0000-03-01, in eras of 400 years: a year begins in March, so that the
    // leap day is its last.
    let days = ticks / DAY + 584_694;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let seconds = ticks % DAY / 10_000_000;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    moment(
        [year % 10_000, month, day, seconds / 3_600, seconds / 60 % 60, seconds % 60, ticks % 10_000_000],
        buf,
    );
}

/// Eight fields of 16 bits. What is no time is the beginning of 1601, as Windows shows it.
fn systime(bytes: &[u8], buf: &mut EventBuf) {
    let field = |at: usize| integer(kind::UINT16, bytes.get(2 * at..).unwrap_or_default()).unsigned_abs();
    let [year, month, day] = [field(0), field(1), field(3)];
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 => 28 + u64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let is_valid = (1601..=30_827).contains(&year)
        && (1..=12).contains(&month)
        && (1..=days).contains(&day)
        && field(4) < 24
        && field(5) < 60
        && field(6) < 60
        && field(7) < 1_000;
    if !is_valid {
        return moment([1601, 1, 1, 0, 0, 0, 0], buf);
    }
    moment([year % 10_000, month, day, field(4), field(5), field(6), field(7) * 10_000], buf);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: u8, bytes: &[u8], expect: &str) {
        let mut buf = EventBuf::new();
        buf.begin_map(None);
        let key = buf.name("a");
        let value = Value { kind, start: 0, length: u32::try_from(bytes.len()).unwrap() };
        value.push(bytes, Some(key), &mut buf);
        buf.end();
        let mut out = String::new();
        buf.event("").write_json(&mut out);
        assert_eq!(out, format!("{{\"a\":{expect}}}"), "{kind:#x} {bytes:?}");
    }

    #[test]
    fn values_are_written_as_windows_does() {
        check(kind::STRING, b"a\0\xfc\0\0\0b\0", r#""aü""#);
        check(kind::STRING, b"a\0\x3d\xd8\0\xde\x3d\xd8", "\"a\u{1f600}\u{fffd}\"");
        check(kind::ANSI, b"a\x80\0b", r#""a€b""#);
        check(kind::INT8, &[0xff], "-1");
        check(kind::UINT8, &[0xff], "255");
        check(kind::INT16, &[0xfe, 0xff], "-2");
        check(kind::INT32, &[0, 0, 0, 0x80], "-2147483648");
        check(kind::UINT32, &[0xff; 4], "4294967295");
        check(kind::INT64, &[0xff; 8], "-1");
        check(kind::UINT64, &[0xff; 8], "18446744073709551615");
        check(kind::REAL32, &1.5_f32.to_le_bytes(), r#""1.5""#);
        check(kind::REAL64, &2.0_f64.to_le_bytes(), r#""2.0""#);
        check(kind::BOOL, &[1, 0, 0, 0], "true");
        check(kind::BOOL, &[4, 0, 0, 0], "4");
        check(kind::BINARY, &[0x0a, 0xff], r#""0AFF""#);
        check(
            kind::GUID,
            &[0x78, 0x56, 0x34, 0x12, 0xbc, 0x9a, 0xf0, 0xde, 1, 2, 3, 4, 5, 6, 7, 8],
            r#""{12345678-9abc-def0-0102-030405060708}""#,
        );
        check(kind::SIZE, &[0x10, 0, 0, 0], r#""0x10""#);
        check(kind::HEX32, &[0; 4], r#""0x0""#);
        check(kind::HEX64, &[0xff; 8], r#""0xffffffffffffffff""#);
        check(
            kind::FILETIME,
            &116_444_736_000_000_001_u64.to_le_bytes(),
            r#""1970-01-01T00:00:00.0000001Z""#,
        );
        check(kind::FILETIME, &[0xff; 8], r#""0000-00-00T00:00:00.0000000Z""#);
        check(
            kind::SYSTIME,
            &[0xe8, 7, 2, 0, 0, 0, 29, 0, 23, 0, 59, 0, 58, 0, 7, 0],
            r#""2024-02-29T23:59:58.0070000Z""#,
        );
        check(kind::SYSTIME, &[0; 16], r#""1601-01-01T00:00:00.0000000Z""#);
        check(kind::SID, &[1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 32, 2, 0, 0], r#""S-1-5-32-544""#);
        check(kind::ARRAY | kind::STRING, b"a\0\0\0\0\0b\0\0\0", r#""a,,b""#);
        check(kind::ARRAY | kind::UINT16, &[1, 0, 2, 0], r#""1,2""#);
    }
}
