//! Events put together from the columns at hand: for those who read only what decides as good as the stored ones, and without
//! the price of reading all of a file's columns again for a few rows.

use sigyn_event::write_string;

use super::forms::Form;
use super::layout::{Columns, Leaf};

/// What of a shape's JSON stands before each of its values, and behind the last.
pub(super) fn pieces(shape: &str) -> Vec<String> {
    let (mut pieces, mut piece) = (Vec::new(), String::new());
    let (mut is_key, mut is_escaped) = (false, false);
    for char in shape.chars() {
        match char {
            // All values of a shape are 0.
            '0' if !is_key => {
                pieces.push(std::mem::take(&mut piece));
                continue;
            }
            '"' if !is_escaped => is_key = !is_key,
            _ => {}
        }
        is_escaped = is_key && char == '\\' && !is_escaped;
        piece.push(char);
    }
    pieces.push(piece);
    pieces
}

/// What stands for values that are not at hand, and that nobody asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Others {
    /// One of the same kind, if that is always the same; else there is no such event.
    AreOfAKind,
    /// Anything.
    AreAnything,
}

/// Writes the event of a row as JSON, of those values that are in the columns. Returns whether that can be done.
pub(super) fn write(
    form: &Form,
    leaves: &[Leaf],
    columns: &Columns<'_>,
    row: usize,
    others: Others,
    out: &mut String,
) -> bool {
    out.clear();
    if leaves.len() + 1 != form.pieces.len() {
        return false;
    }
    let mut pieces = form.pieces.iter();
    for (leaf, piece) in leaves.iter().zip(pieces.by_ref()) {
        out.push_str(piece);
        let value = |column| columns.get(column).and_then(|column| column.value(row));
        let (text, json) = leaf.part.map_or((None, None), |part| (value(part.text), value(part.json)));
        match (text, json, leaf.part) {
            (Some(text), _, _) => write_string(out, text),
            (None, Some(json), _) => out.push_str(json),
            // What rules look for in a value of which they know nothing else is not in it.
            (None, None, None) if leaf.is_text => out.push_str("\"\""),
            (None, None, None) => out.push('0'),
            (None, None, Some(_)) if others == Others::AreAnything => out.push_str("null"),
            (None, None, Some(_)) => return false,
        }
    }
    pieces.for_each(|piece| out.push_str(piece));
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_come_apart_at_their_values() {
        let check = |shape: &str, expect: &[&str]| assert_eq!(pieces(shape), expect, "{shape}");
        check(r#"{"a":0,"b0":{"c":0}}"#, &[r#"{"a":"#, r#","b0":{"c":"#, "}}"]);
        check(r#"{"a\\":0,"\"0":0}"#, &[r#"{"a\\":"#, r#","\"0":"#, "}"]);
        check("0", &["", ""]);
    }
}
