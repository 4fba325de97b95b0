//! What standard output is: how wide, and whether it shows colours.

use std::io::IsTerminal;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Assumed if the terminal does not say: fits every window of today.
const WIDTH_ASSUMED: usize = 100;

/// Where text for people goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Screen {
    /// Columns to fit into; none if the text goes to a file or a pipe.
    pub(crate) width: Option<usize>,
    /// Whether text may be coloured.
    pub(crate) color: Color,
}

/// Whether text may be coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Color {
    Ansi,
    Plain,
}

/// How a piece of text stands out, on terminals only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tint {
    None,
    Bold,
    Dim,
    Critical,
    High,
    Medium,
    Low,
}

impl Screen {
    /// Standard output. `COLUMNS` overrides what the terminal says; `NO_COLOR` and `TERM=dumb` turn colours off.
    pub(crate) fn stdout() -> Self {
        if !std::io::stdout().is_terminal() {
            return Self { width: None, color: Color::Plain };
        }
        let told = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        let measured = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
        Self { width: told.or_else(measured).or(Some(WIDTH_ASSUMED)), color: Color::wanted() }
    }
}

impl Color {
    /// Colours, unless the environment declines them.
    pub(crate) fn wanted() -> Self {
        let is_declined = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        if is_declined || is_dumb { Self::Plain } else { Self::Ansi }
    }

    /// Text with its tint.
    pub(crate) fn paint(self, tint: Tint, text: &str) -> String {
        let code = match tint {
            Tint::None => return text.to_owned(),
            Tint::Bold => "1",
            Tint::Dim => "2",
            Tint::Critical => "1;97;41",
            Tint::High => "1;31",
            Tint::Medium => "33",
            Tint::Low => "36",
        };
        match self {
            Self::Ansi if !text.is_empty() => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            _ => text.to_owned(),
        }
    }
}

/// Columns that a text takes: two for most characters of East Asia, none for those that combine.
pub(crate) fn columns(text: &str) -> usize {
    text.width()
}

/// The text in at most so many columns; an ellipsis stands for what is left out at the end.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > width {
            break;
        }
        out.push(c);
    }
    out.push('…');
    out
}

/// The same with the end kept, which is what tells paths apart.
pub(crate) fn cut_front(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let mut used = 1;
    let fits = |c: &char| {
        used += c.width().unwrap_or(0);
        used <= width
    };
    let kept: Vec<char> = text.chars().rev().take_while(fits).collect();
    std::iter::once('…').chain(kept.into_iter().rev()).collect()
}

/// Breaks a text at spaces so that each part has at most so many columns where words allow it.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut parts = vec![String::new()];
    for word in text.split_whitespace() {
        let part = parts.last().map_or(0, |part| columns(part));
        if part > 0 && part + 1 + columns(word) > width {
            parts.push(String::new());
        }
        if let Some(part) = parts.last_mut() {
            if !part.is_empty() {
                part.push(' ');
            }
            part.push_str(word);
        }
    }
    parts
}

/// A number with its thousands apart.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number and what it counts, with an `s` where there is not one of it.
pub(crate) fn counted(number: u64, what: &str) -> String {
    format!("{} {what}{}", grouped(number), if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_by_columns_not_characters() {
        for (text, width, expect, front) in [
            ("short", 5, "short", "short"),
            ("longer", 5, "long…", "…nger"),
            ("日本語", 6, "日本語", "日本語"),
            ("日本語です", 6, "日本…", "…です"),
            ("", 0, "", ""),
        ] {
            assert_eq!((cut(text, width).as_str(), cut_front(text, width).as_str()), (expect, front));
        }
    }

    #[test]
    fn numbers_are_read_at_a_glance() {
        assert_eq!([grouped(0), grouped(999), grouped(1_234_567)], ["0", "999", "1,234,567"]);
        assert_eq!([counted(1, "rule"), counted(2_000, "rule")], ["1 rule", "2,000 rules"]);
    }
}
