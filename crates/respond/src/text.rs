//! Text from logs, made harmless for where it is shown.
//!
//! Attackers write into logs whatever they like. What leaves for a channel has no control characters and none that turn the
//! direction of writing, is not longer than it needs to be, and holds nothing that a mail program or a chat makes a link of.

/// A value on one line: control characters and those that turn the direction or hide become visible, and it is cut.
pub fn line(text: &str, chars_max: usize) -> String {
    let mut out = String::new();
    for (at, c) in text.chars().enumerate() {
        if at == chars_max {
            out.push('…');
            break;
        }
        match c {
            '\n' | '\r' | '\t' => out.push(' '),
            c if c.is_control() || is_hidden(c) => out.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

/// Characters that are not seen and change how others are.
fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Addresses of pages that no program makes a link of: `https[:]//`. So is what looks like the name of a host.
pub fn defanged(text: &str) -> String {
    let mut out = text.replace("://", "[:]//");
    for word in ["www.", "mailto:", "WWW.", "MAILTO:", "Mailto:", "Www."] {
        let (head, last) = word.split_at(word.len() - 1);
        out = out.replace(word, &format!("{head}[{last}]"));
    }
    out
}

/// A value for Slack's own markup: what could begin a mention, a link or an entity is told apart by it.
pub fn slack(text: &str) -> String {
    defanged(&text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_lose_what_harms() {
        assert_eq!(line("a\r\nBcc: b\u{1b}[31m\u{202e}x", 100), "a  Bcc: b\\u{1b}[31m\\u{202e}x");
        assert_eq!(line("abcdef", 3), "abc…");
        assert_eq!(line("가나다", 3), "가나다");
        assert_eq!(
            defanged("see https://evil.org or www.evil.org"),
            "see https[:]//evil.org or www[.]evil.org"
        );
        assert_eq!(slack("<!channel> <http://x|y> &lt;"), "&lt;!channel&gt; &lt;http[:]//x|y&gt; &amp;lt;");
    }
}
