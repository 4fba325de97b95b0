//! What a text allows: plain, in quotes, as a block; and what plain text YAML 1.1 reads as something else.

use sigyn_syntax::{Reading, scalar::plain_yaml11};

/// Which forms a text may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Analysis {
    pub(super) is_multiline: bool,
    pub(super) allows_plain: bool,
    pub(super) allows_single_quotes: bool,
    pub(super) allows_block: bool,
}

/// Line breaks of YAML 1.1 that the emitter keeps as they are.
pub(super) fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn is_blank_or_break(c: char) -> bool {
    matches!(c, '\0' | ' ' | '\t' | '\r') || is_break(c)
}

/// Whether a character stands in a file as it is.
fn is_printable(c: char, allow_unicode: bool) -> bool {
    match c {
        '\n' | ' '..='~' => true,
        '\u{feff}' | '\u{10ffff}' => false,
        '\u{85}' | '\u{a0}'..='\u{fffd}' | '\u{10000}'.. => allow_unicode,
        _ => false,
    }
}

impl Analysis {
    pub(super) fn of(text: &str, allow_unicode: bool) -> Self {
        if text.is_empty() {
            return Self {
                is_multiline: false,
                allows_plain: true,
                allows_single_quotes: true,
                allows_block: false,
            };
        }
        let is_multiline = text.contains(is_break);
        let at_edge = |c: char| c == ' ' || is_break(c);
        let pair = |test: fn(char, char) -> bool| {
            text.chars().zip(text.chars().skip(1)).any(|(before, behind)| test(before, behind))
        };
        let break_then_space = pair(|before, behind| is_break(before) && behind == ' ');
        let space_then_break = pair(|before, behind| before == ' ' && is_break(behind));
        let escapes = space_then_break || !text.chars().all(|c| is_printable(c, allow_unicode));
        let allows_single_quotes = !escapes && !break_then_space;
        let is_bare = !text.starts_with(at_edge) && !text.ends_with(at_edge) && !is_multiline;
        Self {
            is_multiline,
            allows_plain: allows_single_quotes && is_bare && !has_indicator(text),
            allows_single_quotes,
            allows_block: !escapes && !text.ends_with(' '),
        }
    }
}

/// Whether plain text would be read as structure or as a comment.
fn has_indicator(text: &str) -> bool {
    if text.starts_with("---") || text.starts_with("...") {
        return true;
    }
    let mut chars = text.chars().peekable();
    let mut before = None;
    while let Some(c) = chars.next() {
        let ends_word = chars.peek().is_none_or(|&next| is_blank_or_break(next));
        let is_indicator = match (before, c) {
            (None, '?' | '-') | (_, ':') => ends_word,
            (None, first) => "#,[]{}&*!|>'\"%@`".contains(first),
            (Some(before), '#') => is_blank_or_break(before),
            _ => false,
        };
        if is_indicator {
            return true;
        }
        before = Some(c);
    }
    false
}

/// Whether plain text is read as a string and not as null, a truth value, a number, a time, `<<` or `=`
/// (the types of YAML 1.1).
pub(super) fn is_string(text: &str) -> bool {
    text != "<<" && plain_yaml11(text) == Ok(Reading::Text)
}
