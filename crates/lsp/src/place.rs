//! Where in a document a cursor stands: under which keys, and on what.

use std::ops::Range;

use crate::outline::{Outline, Step};

/// What stands at a cursor, or would.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The way to the map or list around it; of a value, its key included.
    pub(crate) path: Vec<Step>,
    /// What it is.
    pub(crate) role: Role,
    /// The whole key, value or word; empty, at the cursor, if there is none.
    pub(crate) word: Range<usize>,
    /// The entry that the path leads to.
    pub(crate) entry: Option<usize>,
}

/// What a word is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// The key of a map.
    Key,
    /// The value of a key.
    Value,
    /// A key without its colon, or a list's entry.
    Bare,
    /// A comment.
    Comment,
}

impl Place {
    /// What stands at an offset.
    pub(crate) fn at(outline: &Outline<'_>, offset: usize) -> Self {
        let text = outline.text();
        let line_start = text[..offset].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[offset..].find('\n').map_or(text.len(), |at| offset + at);
        let line = text[line_start..line_end].trim_end_matches('\r');
        let entry = outline.last_before(offset);
        let on_line = entry.filter(|at| outline.entry(*at).key.start >= line_start);
        if let Some(comment) = comment(outline, entry, line, line_start).filter(|start| *start <= offset) {
            return Self {
                path: outline.path(entry),
                role: Role::Comment,
                word: comment..line_start + line.len(),
                entry,
            };
        }
        if let Some(at) = on_line {
            return Self::on_entry(outline, at, offset);
        }
        // Below an entry: what goes on with its value, or a line of its own.
        let covers = |value: &Range<usize>| value.start <= offset && offset <= value.end;
        if let Some(at) = entry.filter(|at| covers(&outline.entry(*at).value)) {
            return Self::value(outline, at, offset);
        }
        let content = line.trim_start();
        let column = (offset - line_start).min(line.len() - content.len());
        let open = outline.open_at(line_start, column);
        if let Some(at) = open.filter(|at| !outline.entry(*at).value.is_empty()) {
            return Self { role: Role::Value, word: offset..offset, ..Self::value(outline, at, offset) };
        }
        let start = line_start + line.len() - content.len();
        let word = if start <= offset {
            start..line_start + line.trim_end().len().max(offset - line_start)
        } else {
            offset..offset
        };
        Self { path: outline.path(open), role: Role::Bare, word, entry: open }
    }

    fn on_entry(outline: &Outline<'_>, at: usize, offset: usize) -> Self {
        let entry = outline.entry(at);
        let is_item = entry.step == Step::Item;
        if !is_item && offset <= entry.key.end {
            return Self {
                path: outline.path(entry.parent),
                role: Role::Key,
                word: entry.key.clone(),
                entry: entry.parent,
            };
        }
        let place = Self::value(outline, at, offset);
        let is_flow = outline.slice(&entry.value).starts_with(['{', '[']);
        match is_item && !is_flow {
            true => Self { role: Role::Bare, ..place },
            false => place,
        }
    }

    fn value(outline: &Outline<'_>, at: usize, offset: usize) -> Self {
        let entry = outline.entry(at);
        let value = entry.value.clone();
        let is_inside = !value.is_empty() && value.start <= offset && offset <= value.end;
        let word = if is_inside { value.clone() } else { offset..offset };
        let place = Self { path: outline.path(Some(at)), role: Role::Value, word, entry: Some(at) };
        match outline.slice(&(value.start..offset.clamp(value.start, value.end))) {
            before if is_inside && before.starts_with(['{', '[']) => in_flow(outline, place, before, offset),
            _ => place,
        }
    }

    /// The keys of the path, items left out.
    pub(crate) fn keys(&self) -> Vec<&str> {
        self.path.iter().filter_map(Step::key).collect()
    }
}

/// Where the comment of a line starts.
fn comment(outline: &Outline<'_>, entry: Option<usize>, line: &str, line_start: usize) -> Option<usize> {
    let entry = entry.map(|at| outline.entry(at));
    let in_block = entry
        .is_some_and(|entry| entry.is_block && entry.value.end > line_start && entry.key.start < line_start);
    if in_block {
        return None;
    }
    if line.trim_start().starts_with('#') {
        return Some(line_start + line.len() - line.trim_start().len());
    }
    // Behind the value, as the outline has it.
    let from = entry.map_or(0, |entry| entry.value.end.max(entry.key.end)).max(line_start) - line_start;
    line.get(from..)?.find(" #").map(|at| line_start + from + at + 1)
}

/// The place within braces and brackets, by what stands before it.
fn in_flow(outline: &Outline<'_>, place: Place, before: &str, offset: usize) -> Place {
    let mut open: Vec<Option<&str>> = Vec::new();
    let mut brackets = Vec::new();
    let mut start = 0;
    let mut quote = None;
    for (at, c) in before.char_indices() {
        match (quote, c) {
            (Some(open), c) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '{' | '[') => {
                brackets.push(c);
                open.push(None);
                start = at + 1;
            }
            (None, '}' | ']') => {
                brackets.pop();
                open.pop();
                start = at + 1;
            }
            (None, ',') => {
                if let Some(key) = open.last_mut() {
                    *key = None;
                }
                start = at + 1;
            }
            (None, ':') if before[at + 1..].starts_with(' ') || at + 1 == before.len() => {
                if let Some(key) = open.last_mut() {
                    *key = Some(before[start..at].trim());
                }
                start = at + 1;
            }
            _ => {}
        }
    }
    let typed = before[start..].trim_start();
    let start = offset - typed.len();
    let behind = outline.slice(&(offset..place.word.end));
    let end = offset + behind.find([',', '}', ']', ':', ' ', '\n']).unwrap_or(behind.len());
    let mut path = place.path;
    let depth = brackets.len();
    for (bracket, key) in brackets.iter().zip(&open).take(depth.saturating_sub(1)) {
        path.push(if *bracket == '[' { Step::Item } else { Step::Key(key.unwrap_or("").to_owned()) });
    }
    let role = match (brackets.last(), open.last().copied().flatten()) {
        (Some('{'), Some(key)) => {
            path.push(Step::Key(key.to_owned()));
            Role::Value
        }
        (Some('{'), None) => Role::Key,
        (Some(_), _) => {
            path.push(Step::Item);
            Role::Bare
        }
        (None, _) => Role::Value,
    };
    Place { path, role, word: start..end, entry: place.entry }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The place at `|`, as `path role word`.
    fn check(text: &str, expect: &str) {
        let offset = text.find('¦').unwrap();
        let text = text.replace('¦', "");
        let outline = Outline::at(&text, offset);
        let place = Place::at(&outline, offset);
        let path: Vec<&str> = place.path.iter().map(|step| step.key().unwrap_or("-")).collect();
        let shown = format!("{} {:?} {}", path.join("/"), place.role, outline.slice(&place.word));
        assert_eq!(shown.trim(), expect, "{text}");
    }

    #[test]
    fn places_are_found_while_typing() {
        check("sta¦", "Bare sta");
        check("title: a\nsta¦", "Bare sta");
        check("title: a\n¦", "Bare");
        check("title: ¦", "title Value");
        check("title: a b¦ # c", "title Value a b");
        check("title: a b # c¦", "title Comment # c");
        check("le¦vel: low", "Key level");
        check("logsource:\n    ¦", "logsource Bare");
        check("logsource:\n    prod¦\ndetection:\n", "logsource Bare prod");
        check("logsource:\n    product: win¦", "logsource/product Value win");
        check("detection:\n    sel:\n        Image|¦", "detection/sel Bare Image|");
        check("detection:\n    sel:\n        Image|con¦tains: a", "detection/sel Key Image|contains");
        check("detection:\n    sel:\n        - Im¦", "detection/sel/- Bare Im");
        check("detection:\n    sel:\n        - Image: a\n          Com¦", "detection/sel/- Bare Com");
        check(
            "detection:\n    condition: a and\n        not ¦b\nlevel: x",
            "detection/condition Value a and\n        not b",
        );
        check("detection:\n    condition: a and\n        ¦", "detection/condition Value");
        check(
            "detection:\n    condition: >\n        a and ¦b\n",
            "detection/condition Value >\n        a and b",
        );
        check("tags:\n    - attack.¦", "tags/- Bare attack.");
        check("tags:\n- ¦\nlevel: x", "tags/- Bare");
        check("tags:\n    - a\n    ¦", "tags Bare");
        check("description: |\n    a: b¦\n", "description Value |\n    a: b");
        check("a: 1\n---\nlo¦", "Bare lo");
        check("# sigyn: al¦low(x)", "Comment # sigyn: allow(x)");
    }

    #[test]
    fn places_are_found_in_braces() {
        check("logsource: {pro¦}", "logsource Key pro");
        check("logsource: {product: win¦, category: x}", "logsource/product Value win");
        check("logsource: {product: windows, ¦}", "logsource Key");
        check("tags: [attack.t1, attack.¦]", "tags/- Bare attack.");
        check("detection:\n    a: {Image|en¦dswith: x}", "detection/a Key Image|endswith");
        check("detection:\n    a:\n        {Image: x, Us¦er: y}", "detection/a Key User");
        check("detection: {a: {b¦: x}}", "detection/a Key b");
    }
}
