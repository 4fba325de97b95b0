//! Whether Python's `re.compile` takes a pattern: the reference's verdict on regular expressions.
//!
//! This reads the syntax of Python 3.13 and builds nothing. What it keeps of each part is the least and the most
//! it can match, because a look-behind must have one width.

mod group;

/// How deeply groups may be nested; Python gives up somewhere above.
const NESTING_MAX: usize = 200;
/// The most repetitions that Python counts; also "any number".
const REPEAT_MAX: u64 = 4_294_967_295;

/// Takes a pattern, or says why Python does not.
pub(crate) fn check(pattern: &str) -> Result<(), String> {
    let mut parser = Parser {
        chars: pattern.chars().collect(),
        at: 0,
        groups: vec![Some(Width::ZERO)],
        names: Vec::new(),
        conditions: Vec::new(),
        look_behind_from: None,
        depth: 0,
        is_verbose: false,
    };
    if parser.starts_verbose() {
        parser.is_verbose = true;
    }
    parser.alternatives(Nesting::Outermost)?;
    if parser.peek().is_some() {
        return Err("unbalanced parenthesis".to_owned());
    }
    match parser.conditions.iter().any(|group| *group >= parser.groups.len()) {
        true => Err("invalid group reference".to_owned()),
        false => Ok(()),
    }
}

/// The least and the most that a part matches.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Width {
    min: u64,
    max: u64,
}

impl Width {
    const ZERO: Self = Self { min: 0, max: 0 };
    const ONE: Self = Self { min: 1, max: 1 };

    fn then(self, other: Self) -> Self {
        Self {
            min: self.min.saturating_add(other.min).min(REPEAT_MAX),
            max: self.max.saturating_add(other.max).min(REPEAT_MAX),
        }
    }

    fn or(self, other: Self) -> Self {
        Self { min: self.min.min(other.min), max: self.max.max(other.max) }
    }

    fn times(self, min: u64, max: u64) -> Self {
        Self {
            min: self.min.saturating_mul(min).min(REPEAT_MAX),
            max: self.max.saturating_mul(max).min(REPEAT_MAX),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Nesting {
    Outermost,
    Group,
}

/// What a repetition may follow.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Nothing,
    Anchor,
    Repeat,
    Item(Width),
}

struct Parser {
    chars: Vec<char>,
    at: usize,
    /// Widths of the groups; `None` while one is open. Group 0 is the whole.
    groups: Vec<Option<Width>>,
    names: Vec<(String, usize)>,
    /// Groups that conditionals ask for; they may be opened later.
    conditions: Vec<usize>,
    /// Groups from this one on were opened inside the look-behind at hand.
    look_behind_from: Option<usize>,
    depth: usize,
    is_verbose: bool,
}

type Checked<T> = Result<T, String>;

fn error<T>(message: impl Into<String>) -> Checked<T> {
    Err(message.into())
}

impl Parser {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek();
        self.at += usize::from(next.is_some());
        next
    }

    fn take(&mut self, c: char) -> bool {
        let found = self.peek() == Some(c);
        self.at += usize::from(found);
        found
    }

    /// Whether global flags at the start switch white space off.
    fn starts_verbose(&self) -> bool {
        let text: String = self.chars.iter().collect();
        let mut rest = text.as_str();
        while let Some(flags) = rest.strip_prefix("(?") {
            let Some(end) = flags.find(|c: char| !"aiLmsux".contains(c)) else { return false };
            if !flags[end..].starts_with(')') {
                return false;
            }
            if flags[..end].contains('x') {
                return true;
            }
            rest = &flags[end + 1..];
        }
        false
    }

    fn alternatives(&mut self, nesting: Nesting) -> Checked<Width> {
        self.depth += 1;
        if self.depth > NESTING_MAX {
            return error("groups are nested too deep");
        }
        let mut width = self.sequence(nesting)?;
        while self.take('|') {
            // Global flags may stand only at the very start, so not behind a bar.
            width = width.or(self.sequence(Nesting::Group)?);
        }
        self.depth -= 1;
        Ok(width)
    }

    fn sequence(&mut self, nesting: Nesting) -> Checked<Width> {
        let mut total = Width::ZERO;
        let mut before = Before::Nothing;
        let mut is_start = nesting == Nesting::Outermost;
        while let Some(c) = self.peek() {
            if matches!(c, '|' | ')') {
                break;
            }
            self.at += 1;
            if self.is_verbose && (c.is_whitespace() || c == '#') {
                if c == '#' {
                    while self.next().is_some_and(|c| c != '\n') {}
                }
                continue;
            }
            let item = match c {
                '\\' => self.escape()?,
                '[' => self.set()?,
                '*' | '+' | '?' | '{' => match self.repeat(c)? {
                    Some((min, max)) => {
                        let width = match before {
                            Before::Nothing | Before::Anchor => return error("nothing to repeat"),
                            Before::Repeat => return error("multiple repeat"),
                            Before::Item(width) => width,
                        };
                        // The item was counted once already; widths only matter inside a look-behind.
                        total = minus(total, width).then(width.times(min, max));
                        if !self.take('?') {
                            self.take('+');
                        }
                        before = Before::Repeat;
                        continue;
                    }
                    None => Before::Item(Width::ONE),
                },
                '(' => match self.group(is_start)? {
                    Some(item) => item,
                    // Comments and global flags are nothing.
                    None => continue,
                },
                '^' | '$' => Before::Anchor,
                _ => Before::Item(Width::ONE),
            };
            is_start = false;
            if let Before::Item(width) = item {
                total = total.then(width);
            }
            before = item;
        }
        Ok(total)
    }

    /// How often, behind `*`, `+`, `?` or `{`; `None` if the brace is an ordinary character.
    fn repeat(&mut self, c: char) -> Checked<Option<(u64, u64)>> {
        match c {
            '*' => return Ok(Some((0, REPEAT_MAX))),
            '+' => return Ok(Some((1, REPEAT_MAX))),
            '?' => return Ok(Some((0, 1))),
            _ => {}
        }
        let start = self.at;
        if self.peek() == Some('}') {
            return Ok(None);
        }
        let low = self.digits();
        let high = if self.take(',') { self.digits() } else { low.clone() };
        if !self.take('}') {
            self.at = start;
            return Ok(None);
        }
        let number = |digits: &str, absent: u64| {
            if digits.is_empty() { Some(absent) } else { digits.parse().ok().filter(|n| *n < REPEAT_MAX) }
        };
        let (Some(min), Some(max)) = (number(&low, 0), number(&high, REPEAT_MAX)) else {
            return error("the repetition number is too large");
        };
        if max < min {
            return error("min repeat greater than max repeat");
        }
        Ok(Some((min, max)))
    }

    fn digits(&mut self) -> String {
        let mut digits = String::new();
        while let Some(c) = self.peek().filter(char::is_ascii_digit) {
            digits.push(c);
            self.at += 1;
        }
        digits
    }

    /// Takes so many hexadecimal digits.
    fn hex(&mut self, count: usize, escape: char) -> Checked<u32> {
        let mut value = 0_u32;
        for _ in 0..count {
            let Some(digit) = self.peek().and_then(|c| c.to_digit(16)) else {
                return error(format!("incomplete escape \\{escape}"));
            };
            value = value.wrapping_mul(16).wrapping_add(digit);
            self.at += 1;
        }
        if value > 0x0010_ffff {
            return error(format!("bad escape \\{escape}"));
        }
        Ok(value)
    }

    /// Escapes that mean the same inside and outside of sets; `None` for others.
    fn common_escape(&mut self, c: char) -> Checked<Option<u32>> {
        match c {
            'a' | 'f' | 'n' | 'r' | 't' | 'v' => Ok(Some(u32::from(match c {
                'a' => '\u{7}',
                'f' => '\u{c}',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                _ => '\u{b}',
            }))),
            'x' => self.hex(2, c).map(Some),
            'u' => self.hex(4, c).map(Some),
            'U' => self.hex(8, c).map(Some),
            'N' => {
                let is_open = self.take('{');
                let start = self.at;
                while self.peek().is_some_and(|c| c != '}') {
                    self.at += 1;
                }
                // The names of characters are not known here.
                let is_named = is_open && self.at > start && self.take('}');
                if is_named { Ok(Some(u32::from('\u{e000}'))) } else { error("missing character name") }
            }
            _ => Ok(None),
        }
    }

    fn escape(&mut self) -> Checked<Before> {
        let Some(c) = self.next() else { return error("bad escape (end of pattern)") };
        match c {
            'A' | 'b' | 'B' | 'Z' => return Ok(Before::Anchor),
            'd' | 'D' | 's' | 'S' | 'w' | 'W' => return Ok(Before::Item(Width::ONE)),
            '0' => {
                for _ in 0..2 {
                    if self.peek().is_some_and(|c| c.is_digit(8)) {
                        self.at += 1;
                    }
                }
                return Ok(Before::Item(Width::ONE));
            }
            '1'..='9' => return self.numbered(c).map(Before::Item),
            _ => {}
        }
        if self.common_escape(c)?.is_some() {
            return Ok(Before::Item(Width::ONE));
        }
        if c.is_ascii_alphabetic() {
            error(format!("bad escape \\{c}"))
        } else {
            Ok(Before::Item(Width::ONE))
        }
    }

    /// A back-reference, or a character by three octal digits.
    fn numbered(&mut self, first: char) -> Checked<Width> {
        let mut number = first.to_string();
        if let Some(second) = self.peek().filter(char::is_ascii_digit) {
            self.at += 1;
            number.push(second);
            let third = self.peek().filter(|c| c.is_digit(8));
            if let (true, true, Some(third)) = (first.is_digit(8), second.is_digit(8), third) {
                self.at += 1;
                number.push(third);
                return match u32::from_str_radix(&number, 8) {
                    Ok(0..=0o377) => Ok(Width::ONE),
                    _ => error(format!("octal escape value \\{number} outside of range 0-0o377")),
                };
            }
        }
        self.reference(number.parse().unwrap_or(usize::MAX))
    }

    fn reference(&mut self, group: usize) -> Checked<Width> {
        match self.groups.get(group) {
            None => error(format!("invalid group reference {group}")),
            Some(None) => error("cannot refer to an open group"),
            Some(Some(_)) if self.look_behind_from.is_some_and(|from| group >= from) => {
                error("cannot refer to group defined in the same lookbehind subpattern")
            }
            Some(Some(width)) => Ok(*width),
        }
    }

    fn set(&mut self) -> Checked<Before> {
        self.take('^');
        let mut is_first = true;
        loop {
            let Some(c) = self.next() else { return error("unterminated character set") };
            if c == ']' && !is_first {
                return Ok(Before::Item(Width::ONE));
            }
            is_first = false;
            let low = self.set_member(c)?;
            if !self.take('-') {
                continue;
            }
            let Some(c) = self.next() else { return error("unterminated character set") };
            if c == ']' {
                return Ok(Before::Item(Width::ONE));
            }
            let high = self.set_member(c)?;
            if !matches!((low, high), (Some(low), Some(high)) if low <= high) {
                return error("bad character range");
            }
        }
    }

    /// A member of a set; `None` for a class of characters.
    fn set_member(&mut self, c: char) -> Checked<Option<u32>> {
        if c != '\\' {
            return Ok(Some(u32::from(c)));
        }
        let Some(c) = self.next() else { return error("bad escape (end of pattern)") };
        match c {
            'd' | 'D' | 's' | 'S' | 'w' | 'W' => return Ok(None),
            'b' => return Ok(Some(8)),
            '0'..='7' => {
                let mut value = c.to_digit(8).unwrap_or(0);
                for _ in 0..2 {
                    if let Some(digit) = self.peek().and_then(|c| c.to_digit(8)) {
                        self.at += 1;
                        value = value * 8 + digit;
                    }
                }
                return if value > 0o377 {
                    error("octal escape value outside of range")
                } else {
                    Ok(Some(value))
                };
            }
            _ => {}
        }
        match self.common_escape(c)? {
            Some(value) => Ok(Some(value)),
            None if c.is_ascii_alphanumeric() => error(format!("bad escape \\{c}")),
            None => Ok(Some(u32::from(c))),
        }
    }
}

/// Takes back an item that was counted. At the limit nothing exact is known any more, and need not be.
fn minus(total: Width, item: Width) -> Width {
    let take = |total: u64, item: u64| if total == REPEAT_MAX { total } else { total.saturating_sub(item) };
    Width { min: take(total.min, item.min), max: take(total.max, item.max) }
}
