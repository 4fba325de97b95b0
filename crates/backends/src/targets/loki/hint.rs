//! Line filters that save work (`add_line_filters`): text that every line of a match contains.
//!
//! The reference takes any value for text of the line. But JSON and logfmt write some characters with escapes, so
//! by default only characters that no encoding touches count, and only positive comparisons with strings.

use std::borrow::Cow;

use sigyn_ir::{Part, Value};

use super::pattern;
use crate::normal::{Leaf, Node};

/// A filter.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Hint {
    kind: Kind,
    value: String,
    is_negated: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Text,
    IgnoringCase,
    Regex,
    Network,
}

/// How hints are looked for.
#[derive(Clone, Copy)]
pub(super) struct Hints {
    pub(super) is_reference: bool,
    pub(super) case_sensitive: bool,
    pub(super) is_logfmt: bool,
}

impl Hint {
    /// As a line filter.
    pub(super) fn text(&self) -> String {
        let sign = if self.is_negated { '!' } else { '|' };
        match self.kind {
            Kind::Text => format!("{sign}= {}", pattern::quote(&self.value)),
            Kind::IgnoringCase => {
                format!("{sign}~ {}", pattern::quote(&format!("(?i){}", pattern::escape(&self.value))))
            }
            Kind::Regex => format!("{sign}~ {}", pattern::quote(&self.value)),
            Kind::Network => format!("{sign}= ip(\"{}\")", self.value),
        }
    }
}

impl Hints {
    /// The longest text that a condition asks for.
    pub(super) fn find(self, node: &Node<'_>) -> Option<Hint> {
        match node {
            Node::Leaf(leaf) if self.is_reference => self.reference(leaf),
            Node::Leaf(leaf) => self.exact(leaf),
            Node::And(branch) => {
                let hints = branch.args.iter().filter_map(|arg| self.find(arg));
                // The first of the longest.
                hints.reduce(|longest, hint| if length(&hint) > length(&longest) { hint } else { longest })
            }
            Node::Or(branch) => {
                let hints: Option<Vec<_>> = branch.args.iter().map(|arg| self.find(arg)).collect();
                common(&hints?)
            }
            Node::Nothing => None,
        }
    }

    fn exact(self, leaf: &Leaf<'_>) -> Option<Hint> {
        let (string, ignores_case) = match (&leaf.field, &*leaf.value) {
            (Some(_), Value::Str(string)) if !leaf.is_negated => (string, !self.case_sensitive),
            (Some(_), Value::Cased(string)) if !leaf.is_negated => (string, false),
            _ => return None,
        };
        let texts = string.parts().iter().filter_map(|part| match part {
            Part::Text(text) => Some(text.as_str()),
            _ => None,
        });
        let runs = texts.flat_map(|text| text.split(|c: char| !is_written_as_it_is(c)));
        let longest = runs.reduce(|longest, run| if run.len() > longest.len() { run } else { longest })?;
        // A letter or two are in every line.
        const USEFUL_BYTES_MIN: usize = 3;
        (longest.len() >= USEFUL_BYTES_MIN).then(|| Hint {
            kind: if ignores_case { Kind::IgnoringCase } else { Kind::Text },
            value: if ignores_case { longest.to_ascii_lowercase() } else { longest.to_owned() },
            is_negated: false,
        })
    }

    fn reference(self, leaf: &Leaf<'_>) -> Option<Hint> {
        let is_negated = leaf.is_negated;
        let field = leaf.field.as_deref()?;
        let is_text = |string: &sigyn_ir::SigmaString| self.case_sensitive && !string.has_wildcard();
        let text = match &*leaf.value {
            Value::Str(string) if is_text(string) => string.to_plain(),
            Value::Cased(string) => string.to_plain(),
            Value::Str(string) => {
                let pattern = pattern::from_string(string, true, pattern::Place::Label, true).ok()?;
                return Some(Hint { kind: Kind::Regex, value: without_anchors(&pattern).into(), is_negated });
            }
            Value::Number(number) | Value::TimePart { number, .. } => number.to_string(),
            Value::Bool(value) => if *value { "True" } else { "False" }.to_owned(),
            Value::Null if self.is_logfmt => String::new(),
            Value::Regex(regex) => {
                let value = without_anchors(&regex.pattern.to_raw()).into_owned();
                return Some(Hint { kind: Kind::Regex, value, is_negated });
            }
            Value::Cidr(cidr) => {
                return Some(Hint { kind: Kind::Network, value: cidr.text.clone(), is_negated });
            }
            _ => return None,
        };
        match (self.is_logfmt, is_negated) {
            (true, _) => Some(Hint { kind: Kind::Text, value: format!("{field}={text}"), is_negated }),
            (false, false) => Some(Hint { kind: Kind::Text, value: text, is_negated }),
            (false, true) => None,
        }
    }
}

/// Whether JSON and logfmt write a character inside a value as it is.
fn is_written_as_it_is(c: char) -> bool {
    matches!(c, ' '..='~') && !matches!(c, '"' | '\\' | '/' | '<' | '>' | '&' | '\'' | '=')
}

fn length(hint: &Hint) -> usize {
    hint.value.chars().count()
}

/// A pattern without `^` in front and `$` behind; flags in front stay.
fn without_anchors(pattern: &str) -> Cow<'_, str> {
    let flags_end = match pattern.find(')') {
        Some(at) if pattern.starts_with("(?") && at > 2 => at + 1,
        _ => 0,
    };
    let (flags, rest) = pattern.split_at(flags_end);
    let inner = rest.strip_prefix('^').unwrap_or(rest);
    let inner = inner.strip_suffix('$').unwrap_or(inner);
    if inner.is_empty() || inner.len() == rest.len() {
        Cow::Borrowed(pattern)
    } else {
        Cow::Owned(format!("{flags}{inner}"))
    }
}

/// The longest text that stands in each hint.
fn common(hints: &[Hint]) -> Option<Hint> {
    let (first, rest) = hints.split_first()?;
    let is_usable = |hint: &Hint| !hint.is_negated && hint.kind == first.kind;
    if !matches!(first.kind, Kind::Text | Kind::IgnoringCase) || !hints.iter().all(is_usable) {
        return None;
    }
    let mut shared: Vec<char> = first.value.chars().collect();
    for hint in rest {
        let other: Vec<char> = hint.value.chars().collect();
        shared = longest_run(&shared, &other);
    }
    let is_useful = !shared.is_empty() && !rest.is_empty();
    is_useful.then(|| Hint { value: shared.into_iter().collect(), ..first.clone() })
}

/// The longest run of characters that stands in both, the first if there are several.
fn longest_run(one: &[char], other: &[char]) -> Vec<char> {
    let (mut best_end, mut best) = (0, 0);
    let mut before = vec![0; other.len() + 1];
    for (at, c) in one.iter().enumerate() {
        let mut row = vec![0; other.len() + 1];
        for (place, d) in other.iter().enumerate() {
            if c == d {
                row[place + 1] = before[place] + 1;
                if row[place + 1] > best {
                    (best, best_end) = (row[place + 1], at + 1);
                }
            }
        }
        before = row;
    }
    one[best_end - best..best_end].to_vec()
}
