//! What the pages share that Sigyn writes: one look, and texts that stay texts.
//!
//! Rules and logs are hostile input. Whatever comes from them goes through [`escaped`] before it stands in a page.

/// The style of every page: light and dark, on screen and on paper. Colours of levels are the classes `critical` to
/// `none`, which set `--tint`.
pub const STYLE: &str = include_str!("../data/page.css");

/// Text as markup that shows it.
pub fn escaped(text: &str) -> String {
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
pub fn harmless(c: char) -> char {
    match c {
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        c if c.is_control() && c != '\n' && c != '\t' => '\u{fffd}',
        c => c,
    }
}

/// Thousands apart.
pub fn grouped(number: u64) -> String {
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
    fn what_came_from_outside_is_text() {
        assert_eq!(
            escaped("<script>alert('x')&\"\u{202e}\u{1b}"),
            "&lt;script&gt;alert(&#39;x&#39;)&amp;&quot;\u{fffd}\u{fffd}"
        );
        assert_eq!([grouped(0), grouped(999), grouped(1_234_567)], ["0", "999", "1,234,567"]);
    }
}
