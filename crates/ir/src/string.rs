//! Strings of rules: text, wildcards and placeholders as parts.

use std::fmt::{self, Write};

/// One part of a [`SigmaString`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// Literal text.
    Text(String),
    /// `*`: any run of characters, also an empty one.
    Many,
    /// `?`: exactly one character.
    One,
    /// `%name%` under `expand`, until a pipeline gives it a value.
    Placeholder(String),
}

/// A string value of a rule, lossless: a literal `*` is text, a wildcard is a part of its own.
///
/// Escapes are those of the reference implementation (`reference/sigma.md` §3.2): a backslash before `*`, `?`
/// or `\` makes that character literal, before anything else it stands for itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct SigmaString {
    parts: Vec<Part>,
}

/// Why a string cannot be written in a target's syntax.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StringError {
    /// The target has no wildcard for any run of characters.
    NoManyWildcard,
    /// The target has no wildcard for one character.
    NoOneWildcard,
    /// A placeholder has not been given a value.
    Placeholder(String),
}

impl fmt::Display for StringError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StringError::NoManyWildcard => {
                f.write_str("the target has no wildcard for any run of characters")
            }
            StringError::NoOneWildcard => f.write_str("the target has no wildcard for a single character"),
            StringError::Placeholder(name) => write!(f, "the placeholder %{name}% has no value"),
        }
    }
}

/// How a target writes a string.
#[derive(Clone, Debug, Default)]
pub struct EscapeSpec<'a> {
    /// Put before a character that needs it; `None` writes such characters as they are.
    pub escape: Option<&'a str>,
    /// The wildcard for any run of characters; `None` refuses strings that hold one.
    pub many: Option<&'a str>,
    /// The wildcard for one character; `None` refuses strings that hold one.
    pub one: Option<&'a str>,
    /// Characters escaped besides those of the wildcards (the quote, the escape itself, …).
    pub also_escaped: &'a str,
    /// Characters left out.
    pub dropped: &'a str,
}

/// Characters of some texts. Nearly all are ASCII, and most strings are asked for each of theirs: a bit answers.
struct CharSet<'a, const N: usize> {
    ascii: u128,
    texts: [&'a str; N],
}

impl<'a, const N: usize> CharSet<'a, N> {
    fn of(texts: [&'a str; N]) -> Self {
        let bytes = texts.iter().flat_map(|text| text.bytes()).filter(u8::is_ascii);
        Self { ascii: bytes.fold(0, |set, byte| set | 1 << byte), texts }
    }

    fn has(&self, c: char) -> bool {
        if c.is_ascii() {
            self.ascii & (1 << u32::from(c)) != 0
        } else {
            self.texts.iter().any(|text| text.contains(c))
        }
    }
}

/// What a regular expression needs escaped.
const REGEX_SPECIAL: &str = ".*+?^$[](){}\\|";

impl SigmaString {
    /// Reads a value as it stands in a rule.
    pub fn parse(text: &str) -> Self {
        let is_special = |byte: u8| matches!(byte, b'\\' | b'*' | b'?');
        // Looking at every byte is faster than stopping at the first: it is done for many at once.
        if !text.bytes().fold(false, |found, byte| found | is_special(byte)) {
            return Self::literal(text);
        }
        let (mut parts, mut run, mut rest) = (Vec::new(), String::with_capacity(text.len()), text);
        while let Some(at) = rest.bytes().position(is_special) {
            run.push_str(&rest[..at]);
            let (sign, behind) = rest[at..].split_at(1);
            rest = behind;
            let wildcard = match sign {
                "*" => Part::Many,
                "?" => Part::One,
                _ => {
                    let is_escape = rest.starts_with(['*', '?', '\\']);
                    let (meant, behind) = if is_escape { rest.split_at(1) } else { (sign, rest) };
                    run.push_str(meant);
                    rest = behind;
                    continue;
                }
            };
            if !run.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut run)));
            }
            parts.push(wildcard);
        }
        run.push_str(rest);
        if !run.is_empty() {
            parts.push(Part::Text(run));
        }
        Self { parts }
    }

    /// Reads wildcards but takes backslashes as they are (values under `re`).
    pub fn parse_unescaped(text: &str) -> Self {
        let mut string = Self::default();
        for piece in text.split_inclusive(['*', '?']) {
            let plain = piece.strip_suffix(['*', '?']).unwrap_or(piece);
            string.push_str(plain);
            match &piece[plain.len()..] {
                "*" => string.parts.push(Part::Many),
                "?" => string.parts.push(Part::One),
                _ => {}
            }
        }
        string
    }

    /// A string without wildcards.
    pub fn literal(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { parts: if text.is_empty() { Vec::new() } else { vec![Part::Text(text)] } }
    }

    /// A string of these parts; neighbouring texts are joined, empty ones dropped.
    pub fn from_parts(parts: impl IntoIterator<Item = Part>) -> Self {
        let mut string = Self::default();
        for part in parts {
            string.push(part);
        }
        string
    }

    /// The parts in order. No two texts stand side by side and none is empty.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Adds a part at the end.
    pub fn push(&mut self, part: Part) {
        match (self.parts.last_mut(), part) {
            (_, Part::Text(text)) if text.is_empty() => {}
            (Some(Part::Text(last)), Part::Text(text)) => last.push_str(&text),
            (_, part) => self.parts.push(part),
        }
    }

    fn push_str(&mut self, text: &str) {
        match self.parts.last_mut() {
            _ if text.is_empty() => {}
            Some(Part::Text(last)) => last.push_str(text),
            _ => self.parts.push(Part::Text(text.to_owned())),
        }
    }

    /// Adds another string at the end.
    pub fn append(&mut self, other: Self) {
        for part in other.parts {
            self.push(part);
        }
    }

    /// Puts a part before the first.
    pub fn prepend(&mut self, part: Part) {
        let rest = std::mem::take(&mut self.parts);
        self.push(part);
        self.append(Self { parts: rest });
    }

    /// `*text*`, without doubling wildcards that are there.
    #[must_use]
    pub fn contained(self) -> Self {
        self.ending().starting()
    }

    /// `text*`: what `startswith` means.
    #[must_use]
    pub fn starting(mut self) -> Self {
        if !self.ends_with_many() {
            self.parts.push(Part::Many);
        }
        self
    }

    /// `*text`: what `endswith` means.
    #[must_use]
    pub fn ending(mut self) -> Self {
        if !self.starts_with_many() {
            self.parts.insert(0, Part::Many);
        }
        self
    }

    /// Whether the string is empty.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Length in characters; a wildcard or placeholder counts as one.
    pub fn len(&self) -> usize {
        self.parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => text.chars().count(),
                _ => 1,
            })
            .sum()
    }

    /// The text, if the string has no wildcard and no placeholder.
    pub fn as_literal(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// Whether the string begins with `*`.
    pub fn starts_with_many(&self) -> bool {
        self.parts.first() == Some(&Part::Many)
    }

    /// Whether the string ends with `*`.
    pub fn ends_with_many(&self) -> bool {
        self.parts.last() == Some(&Part::Many)
    }

    /// Whether the string begins with this text.
    pub fn starts_with(&self, text: &str) -> bool {
        matches!(self.parts.first(), Some(Part::Text(first)) if first.starts_with(text))
    }

    /// Whether the string ends with this text.
    pub fn ends_with(&self, text: &str) -> bool {
        matches!(self.parts.last(), Some(Part::Text(last)) if last.ends_with(text))
    }

    /// Whether the string holds a wildcard.
    pub fn has_wildcard(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Many | Part::One))
    }

    /// Whether the literal text holds such a character.
    pub fn has_text(&self, test: impl Fn(char) -> bool) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Text(text) if text.chars().any(&test)))
    }

    /// Whether the literal text holds such an ASCII character. `test` is asked for every byte, and only its answers for ASCII
    /// may be true: that way many are looked at at once, eight times as fast as [`SigmaString::has_text`].
    pub fn has_ascii(&self, test: impl Fn(u8) -> bool) -> bool {
        let has =
            |text: &String| text.bytes().fold(false, |found, byte| found | (byte.is_ascii() & test(byte)));
        self.parts.iter().any(|part| matches!(part, Part::Text(text) if has(text)))
    }

    /// Whether its literal text has letters that come in two cases.
    pub fn has_case(&self) -> bool {
        self.has_text(|c| c.is_lowercase() || c.is_uppercase())
    }

    /// Whether a part between these two (0 is the first, counted from both ends) is a wildcard.
    pub fn has_wildcard_within(&self, skip_front: usize, skip_back: usize) -> bool {
        let end = self.parts.len().saturating_sub(skip_back);
        self.parts
            .get(skip_front..end)
            .is_some_and(|parts| parts.iter().any(|part| matches!(part, Part::Many | Part::One)))
    }

    /// The string without its first and last parts, as many as asked for.
    #[must_use]
    pub fn without_parts(&self, front: usize, back: usize) -> Self {
        let end = self.parts.len().saturating_sub(back);
        Self { parts: self.parts.get(front..end).unwrap_or_default().to_vec() }
    }

    /// The string without the wildcards `*` at its two ends, at most one of each.
    pub fn without_outer_many(&self) -> Self {
        self.without_parts(usize::from(self.starts_with_many()), usize::from(self.ends_with_many()))
    }

    /// How many wildcards `*` stand in a row at its start and at its end; if it is nothing else, all at its start.
    pub fn outer_many(&self) -> (usize, usize) {
        let front = self.parts.iter().take_while(|part| **part == Part::Many).count();
        let back = self.parts[front..].iter().rev().take_while(|part| **part == Part::Many).count();
        (front, back)
    }

    /// The names of the placeholders, in order.
    pub fn placeholders(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Placeholder(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// The string as a rule would write it, except that backslashes stay as they are: wildcards bare, literal
    /// `*` and `?` behind a backslash, placeholders in percent signs. This is the reference's `str()`.
    pub fn to_plain(&self) -> String {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => {
                    for c in text.chars() {
                        if matches!(c, '*' | '?') {
                            out.push('\\');
                        }
                        out.push(c);
                    }
                }
                Part::Many => out.push('*'),
                Part::One => out.push('?'),
                Part::Placeholder(name) => {
                    // Writing to a string cannot fail.
                    let _ = write!(out, "%{name}%");
                }
            }
        }
        out
    }

    /// The string as raw text: wildcards bare, nothing escaped. This is how a regular expression is kept.
    pub fn to_raw(&self) -> String {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Many => out.push('*'),
                Part::One => out.push('?'),
                Part::Placeholder(name) => {
                    // Writing to a string cannot fail.
                    let _ = write!(out, "%{name}%");
                }
            }
        }
        out
    }

    /// The string in a target's syntax.
    pub fn escaped(&self, spec: &EscapeSpec<'_>) -> Result<String, StringError> {
        let special = CharSet::of([spec.also_escaped, spec.many.unwrap_or(""), spec.one.unwrap_or("")]);
        let dropped = CharSet::of([spec.dropped]);
        let mut out = String::with_capacity(self.parts.len() * 16);
        for part in &self.parts {
            match part {
                Part::Text(text) => {
                    for c in text.chars() {
                        if dropped.has(c) {
                            continue;
                        }
                        if let (Some(escape), true) = (spec.escape, special.has(c)) {
                            out.push_str(escape);
                        }
                        out.push(c);
                    }
                }
                Part::Many => out.push_str(spec.many.ok_or(StringError::NoManyWildcard)?),
                Part::One => out.push_str(spec.one.ok_or(StringError::NoOneWildcard)?),
                Part::Placeholder(name) => return Err(StringError::Placeholder(name.clone())),
            }
        }
        Ok(out)
    }

    /// The string as a regular expression without anchors: `*` is `.*`, `?` is `.`, everything else literal.
    pub fn to_regex(&self, also_escaped: &str) -> Result<String, StringError> {
        let also_escaped = format!("{REGEX_SPECIAL}{also_escaped}");
        let spec = EscapeSpec {
            escape: Some("\\"),
            many: Some(".*"),
            one: Some("."),
            also_escaped: &also_escaped,
            dropped: "",
        };
        self.escaped(&spec)
    }

    /// The string with each literal text replaced.
    #[must_use]
    pub fn map_text(&self, mut map: impl FnMut(&str) -> String) -> Self {
        Self::from_parts(self.parts.iter().map(|part| match part {
            Part::Text(text) => Part::Text(map(text)),
            other => other.clone(),
        }))
    }

    /// Every combination of the values that `values` gives for each placeholder, the first placeholder varying
    /// slowest. A placeholder for which it gives `None` stays.
    pub fn expand(&self, values: &mut impl FnMut(&str) -> Option<Vec<SigmaString>>) -> Vec<SigmaString> {
        let mut results = vec![SigmaString::default()];
        for part in &self.parts {
            let choices = match part {
                Part::Placeholder(name) => values(name),
                _ => None,
            };
            match choices {
                None => results.iter_mut().for_each(|result| result.push(part.clone())),
                Some(choices) => {
                    results = results
                        .iter()
                        .flat_map(|result| {
                            choices.iter().map(|choice| {
                                let mut longer = result.clone();
                                longer.append(choice.clone());
                                longer
                            })
                        })
                        .collect();
                }
            }
        }
        results
    }
}

/// As [`SigmaString::to_plain`].
impl fmt::Display for SigmaString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_plain())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Part {
        Part::Text(text.to_owned())
    }

    #[test]
    fn escapes_follow_the_reference() {
        for (written, parts) in [
            (r"a\b", vec![text(r"a\b")]),
            (r"a\\b", vec![text(r"a\b")]),
            (r"C:\Windows\*", vec![text(r"C:\Windows*")]),
            (r"C:\Windows\\*", vec![text(r"C:\Windows\"), Part::Many]),
            (r"a\\\*", vec![text(r"a\*")]),
            (r"a\\\", vec![text(r"a\\")]),
            (r"a\\\\", vec![text(r"a\\")]),
            (r"a\", vec![text(r"a\")]),
            ("?*", vec![Part::One, Part::Many]),
            ("", vec![]),
        ] {
            assert_eq!(SigmaString::parse(written).parts(), parts, "{written}");
        }
    }

    #[test]
    fn wildcards_at_the_ends_are_not_doubled() {
        assert_eq!(SigmaString::parse("*a").contained().to_plain(), "*a*");
        assert_eq!(SigmaString::parse("").contained().to_plain(), "*");
        assert_eq!(SigmaString::parse("a*").ending().to_plain(), "*a*");
    }

    #[test]
    fn expansion_varies_the_first_placeholder_slowest() {
        let name = |name: &str| Part::Placeholder(name.to_owned());
        let string = SigmaString::from_parts([name("a"), text("-"), name("a"), name("b")]);
        let expanded = string.expand(&mut |name| {
            (name == "a").then(|| vec![SigmaString::literal("1"), SigmaString::parse("*")])
        });
        let plain: Vec<_> = expanded.iter().map(SigmaString::to_plain).collect();
        assert_eq!(plain, ["1-1%b%", "1-*%b%", "*-1%b%", "*-*%b%"]);
    }
}
