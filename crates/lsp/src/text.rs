//! Texts with positions as editors count them.
//!
//! An editor names a place by line and by code units within the line; which units is negotiated. Sigyn counts bytes.
//! A [`Text`] keeps the starts of its lines and the places of characters that are more than one unit long, so that
//! either way is a binary search: a line of a million characters costs no more than a short one.

use std::ops::Range;
use std::sync::Arc;

/// How an editor counts within a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Encoding {
    /// Bytes.
    Utf8,
    /// 16-bit units: every editor can do this.
    #[default]
    Utf16,
    /// Characters.
    Utf32,
}

/// A place as editors name it; both numbers count from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Position {
    /// The line.
    pub line: u32,
    /// Units from the start of the line.
    pub character: u32,
}

/// A change of a text.
#[derive(Clone, Debug)]
pub struct Change {
    /// What goes; everything if absent.
    pub range: Option<(Position, Position)>,
    /// What comes.
    pub text: String,
}

/// A text with an index of its positions. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Text {
    content: Arc<str>,
    encoding: Encoding,
    /// Offsets at which lines start. A line ends with `\n`, `\r\n` or `\r`.
    lines: Arc<[u32]>,
    wide: Arc<[Wide]>,
}

/// A character whose bytes and units differ in number.
#[derive(Clone, Copy, Debug)]
struct Wide {
    /// Its offset in bytes, and in units counted through the whole text.
    byte: u32,
    unit: u32,
    bytes: u8,
    units: u8,
}

impl Text {
    /// Takes a text in.
    pub fn new(content: impl Into<Arc<str>>, encoding: Encoding) -> Self {
        let content = content.into();
        let lines = lines(&content);
        let wide = wide(&content, encoding);
        Self { content, encoding, lines, wide }
    }

    /// The whole text.
    pub fn as_str(&self) -> &str {
        &self.content
    }

    /// The whole text, shared.
    pub fn shared(&self) -> Arc<str> {
        self.content.clone()
    }

    /// The offset of a position; one behind the end of its line or text counts as that end.
    pub fn offset(&self, position: Position) -> usize {
        let line = position.line as usize;
        let Some(start) = self.lines.get(line).copied() else { return self.content.len() };
        let end = self.lines.get(line + 1).map_or(self.content.len(), |end| *end as usize);
        let end = start as usize + self.content[start as usize..end].trim_end_matches(['\n', '\r']).len();
        let unit = self.unit_of(start).saturating_add(position.character);
        // Who counts bytes may count into a character.
        self.floor((self.byte_of(unit) as usize).clamp(start as usize, end))
    }

    /// The position of an offset; one inside a character counts as its start.
    pub fn position(&self, offset: usize) -> Position {
        let offset = u32::try_from(offset.min(self.content.len())).unwrap_or(u32::MAX);
        let line = self.lines.partition_point(|start| *start <= offset).saturating_sub(1);
        let start = self.lines.get(line).copied().unwrap_or(0);
        let character = self.unit_of(offset).saturating_sub(self.unit_of(start));
        Position { line: u32::try_from(line).unwrap_or(u32::MAX), character }
    }

    /// The offset brought into the text and onto the start of a character.
    pub(crate) fn floor(&self, offset: usize) -> usize {
        let mut offset = offset.min(self.content.len());
        while !self.content.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }

    /// The positions of a range.
    pub fn range(&self, range: &Range<usize>) -> (Position, Position) {
        (self.position(range.start), self.position(range.end.max(range.start)))
    }

    /// The text with a change made.
    #[must_use]
    pub fn changed(&self, change: &Change) -> Self {
        let Some((start, end)) = change.range else {
            return Self::new(change.text.as_str(), self.encoding);
        };
        let (start, end) = (self.offset(start), self.offset(end));
        let (start, end) = (start.min(end), start.max(end));
        let mut content = String::with_capacity(self.content.len() + change.text.len());
        content.push_str(&self.content[..start]);
        content.push_str(&change.text);
        content.push_str(&self.content[end..]);
        Self::new(content, self.encoding)
    }

    fn unit_of(&self, byte: u32) -> u32 {
        let at = self.wide.partition_point(|wide| wide.byte < byte);
        let Some(last) = at.checked_sub(1).map(|at| self.wide[at]) else { return byte };
        match byte.checked_sub(last.byte + u32::from(last.bytes)) {
            Some(behind) => last.unit + u32::from(last.units) + behind,
            None => last.unit,
        }
    }

    fn byte_of(&self, unit: u32) -> u32 {
        let at = self.wide.partition_point(|wide| wide.unit <= unit);
        let Some(last) = at.checked_sub(1).map(|at| self.wide[at]) else { return unit };
        match unit.checked_sub(last.unit + u32::from(last.units)) {
            Some(behind) => (last.byte + u32::from(last.bytes)).saturating_add(behind),
            None => last.byte,
        }
    }
}

fn lines(text: &str) -> Arc<[u32]> {
    let bytes = text.as_bytes();
    let ends = |at: usize| match bytes[at] {
        b'\n' => true,
        b'\r' => bytes.get(at + 1) != Some(&b'\n'),
        _ => false,
    };
    let starts = (0..bytes.len()).filter(|at| ends(*at)).map(|at| u32::try_from(at + 1).unwrap_or(u32::MAX));
    std::iter::once(0).chain(starts).collect()
}

fn wide(text: &str, encoding: Encoding) -> Arc<[Wide]> {
    if encoding == Encoding::Utf8 || text.is_ascii() {
        return Arc::default();
    }
    let mut unit = 0_u32;
    let mut wide = Vec::new();
    for (byte, c) in text.char_indices() {
        let units = if encoding == Encoding::Utf16 { c.len_utf16() } else { 1 };
        if !c.is_ascii() {
            let small = |length: usize| u8::try_from(length).unwrap_or(u8::MAX);
            let byte = u32::try_from(byte).unwrap_or(u32::MAX);
            wide.push(Wide { byte, unit, bytes: small(c.len_utf8()), units: small(units) });
        }
        unit = unit.saturating_add(u32::try_from(units).unwrap_or(0));
    }
    wide.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ASCII, two and three bytes, an astral character, each way of ending a line.
    const TEXT: &str = "a: ä€\nb: 😀x😀\r\nc\rd";

    #[test]
    fn positions_are_counted_as_agreed() {
        let check = |encoding, needle: &str, line, character| {
            let text = Text::new(TEXT, encoding);
            let offset = TEXT.find(needle).unwrap();
            assert_eq!(text.position(offset), Position { line, character }, "{encoding:?} {needle}");
            assert_eq!(text.offset(Position { line, character }), offset, "{encoding:?} {needle}");
        };
        for (needle, line, of_utf8, of_utf16, of_utf32) in [
            ("ä", 0, 3, 3, 3),
            ("€", 0, 5, 4, 4),
            ("b", 1, 0, 0, 0),
            ("x", 1, 7, 5, 4),
            ("c", 2, 0, 0, 0),
            ("d", 3, 0, 0, 0),
        ] {
            check(Encoding::Utf8, needle, line, of_utf8);
            check(Encoding::Utf16, needle, line, of_utf16);
            check(Encoding::Utf32, needle, line, of_utf32);
        }
    }

    #[test]
    fn positions_outside_the_text_are_brought_into_it() {
        let text = Text::new(TEXT, Encoding::Utf16);
        let check = |line, character, expect: usize| {
            assert_eq!(text.offset(Position { line, character }), expect, "{line}:{character}");
        };
        check(0, 99, TEXT.find('\n').unwrap());
        check(1, 99, TEXT.find("\r\n").unwrap());
        check(9, 0, TEXT.len());
        check(u32::MAX, u32::MAX, TEXT.len());
        check(0, u32::MAX, TEXT.find('\n').unwrap());
        // Half of a pair is its start.
        check(1, 4, TEXT.find("😀").unwrap());
        let bytes = Text::new(TEXT, Encoding::Utf8);
        assert_eq!(bytes.offset(Position { line: 1, character: 5 }), TEXT.find("😀").unwrap());
        assert_eq!(text.position(usize::MAX), Position { line: 3, character: 1 });
    }

    #[test]
    fn every_offset_comes_back() {
        for encoding in [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32] {
            let text = Text::new(TEXT, encoding);
            for (offset, c) in TEXT.char_indices() {
                // The place between \r and \n belongs to the end of the line.
                if c != '\n' || TEXT.as_bytes()[offset - 1] != b'\r' {
                    assert_eq!(text.offset(text.position(offset)), offset, "{encoding:?} {offset}");
                }
            }
        }
    }

    #[test]
    fn changes_are_made() {
        let at = |line, character| Position { line, character };
        let check = |range: Option<(Position, Position)>, with: &str, expect: &str| {
            let text = Text::new("ab😀\ncd\n", Encoding::Utf16);
            let changed = text.changed(&Change { range, text: with.to_owned() });
            assert_eq!(changed.as_str(), expect);
        };
        check(None, "x", "x");
        check(Some((at(0, 1), at(0, 2))), "X", "aX😀\ncd\n");
        check(Some((at(0, 4), at(1, 0))), "", "ab😀cd\n");
        check(Some((at(0, 2), at(0, 4))), "é", "abé\ncd\n");
        check(Some((at(9, 0), at(9, 9))), "e", "ab😀\ncd\ne");
        check(Some((at(1, 2), at(0, 0))), "-", "-\n");
    }
}
