//! Texts of the page: escaped, short, readable.

use std::collections::BTreeSet;

use sigyn_event::Timestamp;

/// Text as markup that shows it.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(harmless(c)),
        }
    }
    out
}

/// A character, unless it would forge what the page says: marks that turn the direction of text, and controls.
pub(super) fn harmless(c: char) -> char {
    match c {
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        c if c.is_control() && c != '\n' && c != '\t' => '\u{fffd}',
        c => c,
    }
}

/// A time to the second.
pub(super) fn moment(time: Option<Timestamp>) -> String {
    let text = time.map_or(String::new(), |time| time.to_string().replace('T', " "));
    text.get(..19).map_or(text.clone(), str::to_owned)
}

/// The first names, and how many others there are.
pub(super) fn names(names: &BTreeSet<String>) -> String {
    let shown: Vec<String> = names.iter().take(3).map(|name| escaped(name)).collect();
    let more = names.len().saturating_sub(3);
    if more > 0 { format!("{} and {more} more", shown.join(", ")) } else { shown.join(", ") }
}

/// Thousands apart.
pub(super) fn grouped(number: u64) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_from_a_log_is_text() {
        assert_eq!(
            escaped("<script>alert('x')&\"\u{202e}\u{1b}"),
            "&lt;script&gt;alert(&#39;x&#39;)&amp;&quot;\u{fffd}\u{fffd}"
        );
        assert_eq!([grouped(0), grouped(999), grouped(1_234_567)], ["0", "999", "1,234,567"]);
    }
}
