//! Two lists of lines, side by side.

use std::fmt;

/// A line of a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// In both lists.
    Same(String),
    /// Only in the first.
    Gone(String),
    /// Only in the second.
    New(String),
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Line::Same(line) => write!(f, "  {line}"),
            Line::Gone(line) => write!(f, "- {line}"),
            Line::New(line) => write!(f, "+ {line}"),
        }
    }
}

/// The shortest difference: what both have in common, in order, is kept. The price is the product of the two
/// lengths, which outlines of rules keep small; what is equal at both ends costs nothing.
pub fn lines(before: &[String], after: &[String]) -> Vec<Line> {
    let head = before.iter().zip(after).take_while(|(one, other)| one == other).count();
    let (before_rest, after_rest) = (&before[head..], &after[head..]);
    let tail =
        before_rest.iter().rev().zip(after_rest.iter().rev()).take_while(|(one, other)| one == other).count();
    let mut lines: Vec<Line> = before[..head].iter().cloned().map(Line::Same).collect();
    middle(&before_rest[..before_rest.len() - tail], &after_rest[..after_rest.len() - tail], &mut lines);
    lines.extend(before_rest[before_rest.len() - tail..].iter().cloned().map(Line::Same));
    lines
}

fn middle(before: &[String], after: &[String], lines: &mut Vec<Line>) {
    // `common[i][j]`: how many lines the lists have in common from i and j on.
    let width = after.len() + 1;
    let mut common = vec![0_usize; (before.len() + 1) * width];
    for i in (0..before.len()).rev() {
        for j in (0..after.len()).rev() {
            common[i * width + j] = if before[i] == after[j] {
                common[(i + 1) * width + j + 1] + 1
            } else {
                common[(i + 1) * width + j].max(common[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    while i < before.len() || j < after.len() {
        if i < before.len() && j < after.len() && before[i] == after[j] {
            lines.push(Line::Same(before[i].clone()));
            (i, j) = (i + 1, j + 1);
        } else if j == after.len()
            || (i < before.len() && common[(i + 1) * width + j] >= common[i * width + j + 1])
        {
            lines.push(Line::Gone(before[i].clone()));
            i += 1;
        } else {
            lines.push(Line::New(after[j].clone()));
            j += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn what_is_common_is_kept() {
        let check = |before: &str, after: &str, expect: &str| {
            let list =
                |text: &str| text.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect();
            let (before, after): (Vec<String>, Vec<String>) = (list(before), list(after));
            let shown: Vec<String> =
                lines(&before, &after).iter().map(|line| line.to_string().replace(' ', "")).collect();
            assert_eq!(shown.join(" "), expect);
        };
        check("a b c", "a b c", "a b c");
        check("", "a b", "+a +b");
        check("a b", "", "-a -b");
        check("a b c d", "a x c d", "a -b +x c d");
        check("a b c", "b c d", "-a b c +d");
        check("a b c d e", "e a c d", "+e a -b c d -e");
    }
}
