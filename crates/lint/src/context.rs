//! What a check sees.

use std::ops::Range;

use sigyn_diagnostics::{SourceId, Span};
use sigyn_ir::{Compat, Correlation, DetectionItem, Meta, Related, Rule, RuleSet, SigmaString, written_text};
use sigyn_syntax::{Spanned, Value};

use crate::{Facts, RuleName};

/// A rule with the tree it was read from.
#[derive(Clone, Copy, Debug)]
pub struct RuleContext<'a> {
    /// The path of the file as the call named it.
    pub path: &'a str,
    /// The text of the whole file.
    pub text: &'a str,
    /// The tree of the document, with places.
    pub tree: &'a Value<'a>,
    /// The rule or correlation.
    pub body: Body<'a>,
    /// Its detection items; see [`RuleContext::items`].
    pub(crate) items: &'a [(&'a str, &'a DetectionItem)],
    /// How the tree was read.
    pub(crate) compat: Compat,
    /// Facts about the world.
    pub facts: &'a Facts,
}

/// A rule or a correlation.
#[derive(Clone, Copy, Debug)]
pub enum Body<'a> {
    /// A detection rule.
    Rule(&'a Rule),
    /// A correlation.
    Correlation(&'a Correlation),
}

impl<'a> RuleContext<'a> {
    /// The detection rule, if it is one.
    pub fn rule(&self) -> Option<&'a Rule> {
        match self.body {
            Body::Rule(rule) => Some(rule),
            Body::Correlation(_) => None,
        }
    }

    /// The correlation, if it is one.
    pub fn correlation(&self) -> Option<&'a Correlation> {
        match self.body {
            Body::Correlation(correlation) => Some(correlation),
            Body::Rule(_) => None,
        }
    }

    /// What the rule says about itself.
    pub fn meta(&self) -> &'a Meta {
        match self.body {
            Body::Rule(rule) => &rule.meta,
            Body::Correlation(correlation) => &correlation.meta,
        }
    }

    /// The fields worth showing.
    pub fn fields(&self) -> &'a [String] {
        match self.body {
            Body::Rule(rule) => &rule.fields,
            Body::Correlation(correlation) => &correlation.fields,
        }
    }

    /// The name of the file without its folders.
    pub fn file_name(&self) -> &'a str {
        self.path.rsplit('/').next().unwrap_or(self.path)
    }

    /// The place of a top-level key's value, else of the title, else of the document's first key.
    pub fn place(&self, key: &str) -> Span {
        place(self.tree, key)
    }

    /// The place of the title, for what the rule as a whole has or lacks.
    pub fn title_place(&self) -> Span {
        self.place("title")
    }

    /// The place of a top-level key itself; as [`RuleContext::place`] if it is absent.
    pub fn key_place(&self, key: &str) -> Span {
        self.tree.pair(key).map_or_else(|| self.place(key), |(key, _)| key.span)
    }

    /// The place of an entry of a top-level list.
    pub fn entry_place(&self, key: &str, at: usize) -> Span {
        let entry = self.tree.get(key).and_then(Value::as_list).and_then(|list| list.get(at));
        entry.map_or_else(|| self.place(key), |entry| entry.span)
    }

    /// The place of a key below a top-level key, e.g. `product` of `logsource`.
    pub fn inner_place(&self, outer: &str, key: &str) -> Span {
        let inner = self.tree.get(outer).and_then(|map| map.get(key));
        inner.map_or_else(|| self.place(outer), |value| value.span)
    }

    /// All detection items with the name of their search identifier, in order.
    pub fn items(&self) -> impl Iterator<Item = (&'a str, &'a DetectionItem)> {
        self.items.iter().copied()
    }

    /// The place of one value of an item; the item's if it cannot be told apart.
    pub fn value_place(&self, item: &DetectionItem, at: usize) -> Span {
        self.item_parts(item)
            .and_then(|(_, value)| match value.as_list() {
                Some(list) => list.get(at).map(|entry| entry.span),
                None => Some(value.span),
            })
            .unwrap_or(item.span)
    }

    /// The places of an item's values in order, as [`RuleContext::value_place`] gives them one by one, each time looking for
    /// the item: there are lists of thousands of values.
    pub fn value_places(&self, item: &'a DetectionItem) -> impl Iterator<Item = Span> + use<'a> {
        let value = self.item_parts(item).map(|(_, value)| value);
        let place = move |at: usize| match value.map(|value| (value.as_list(), value.span)) {
            Some((Some(list), _)) => list.get(at).map(|entry| entry.span),
            Some((None, span)) => Some(span),
            None => None,
        };
        (0..item.values.len()).map(move |at| place(at).unwrap_or(item.span))
    }

    /// What stands for an item's values in the file, before its modifiers; `None` for a value that is no text.
    pub fn written(&self, item: &'a DetectionItem) -> impl Iterator<Item = Option<SigmaString>> + use<'a> {
        let compat = self.compat;
        let value = self.item_parts(item).map(|(_, value)| value);
        let values = value.map_or(&[][..], |value| value.as_list().unwrap_or(std::slice::from_ref(value)));
        values
            .iter()
            .map(move |value| value.as_scalar().and_then(|it| written_text(it, &item.modifiers, compat)))
    }

    /// The place of an item's key; the item's if it has none.
    pub fn item_key_place(&self, item: &DetectionItem) -> Span {
        self.item_parts(item).and_then(|(key, _)| key).map_or(item.span, |key| key.span)
    }

    /// The key and the values of an item in the tree.
    pub fn item_parts(&self, item: &DetectionItem) -> Option<(Option<&'a Value<'a>>, &'a Value<'a>)> {
        find_item(self.tree.get("detection")?, item)
    }

    /// The place of a part of a scalar's text; the whole scalar's if its text is not written as it is.
    pub fn part(&self, whole: Span, text: &str, part: Range<usize>) -> Span {
        let written = self.text.get(whole.range()).unwrap_or("");
        let quotes = if written == text {
            0
        } else if written.len() == text.len() + 2 && written.get(1..=text.len()) == Some(text) {
            1
        } else {
            return whole;
        };
        let start = whole.start as usize + quotes;
        Span::new(whole.source, start + part.start, start + part.end)
    }

    /// The place of a part of a condition's text.
    pub fn condition_part(&self, at: usize, part: Range<usize>) -> Span {
        let text =
            self.rule().and_then(|rule| rule.conditions.get(at)).map_or("", |condition| &condition.text);
        self.part(self.condition_place(at), text, part)
    }

    /// The first place of a text within a place.
    pub fn find(&self, within: Span, text: &str) -> Option<Span> {
        let start = within.start as usize + self.text.get(within.range())?.find(text)?;
        Some(Span::new(within.source, start, start + text.len()))
    }

    /// The last such character of a place, if only quotes stand behind it.
    pub fn last_char(&self, within: Span, wanted: char) -> Option<Span> {
        let written = self.text.get(within.range())?;
        let at = written.trim_end_matches(['"', '\'']).strip_suffix(wanted)?.len();
        let start = within.start as usize + at;
        Some(Span::new(within.source, start, start + wanted.len_utf8()))
    }

    /// The lines of a place with their line breaks, if nothing else stands on them.
    pub fn lines(&self, place: Span) -> Option<Span> {
        let range = place.range();
        let start = self.text.get(..range.start)?.rfind('\n').map_or(0, |at| at + 1);
        let end = self.text.get(range.end..)?.find('\n').map_or(self.text.len(), |at| range.end + at + 1);
        let before = self.text[start..range.start].trim();
        let behind = self.text[range.end..end].trim();
        (matches!(before, "" | "-") && behind.is_empty()).then(|| Span::new(place.source, start, end))
    }

    /// The line of a list's entry, with its dash, if the list has others and nothing else stands on the line.
    pub fn whole_line(&self, entry: Span) -> Option<Span> {
        let line = self.lines(entry)?;
        self.text.get(line.start as usize..entry.start as usize)?.trim().eq("-").then_some(line)
    }

    /// Where a new entry can be put before an entry of a block list, and how it is indented.
    pub fn entry_line(&self, entry: Span) -> (Option<Span>, &'a str) {
        let before = self.text.get(..entry.start as usize).unwrap_or("");
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let indent = &before[start..];
        match indent.trim_end().strip_suffix('-') {
            Some(indent) if indent.trim().is_empty() => (Some(Span::new(entry.source, start, start)), indent),
            _ => (None, ""),
        }
    }

    /// The search identifier's place in the tree: its name.
    pub fn identifier_place(&self, name: &str) -> Span {
        let detection = self.tree.get("detection");
        let pair = detection.and_then(|detection| detection.pair(name));
        pair.map_or_else(|| self.place("detection"), |(key, _)| key.span)
    }

    /// The place of a condition by its number.
    pub fn condition_place(&self, at: usize) -> Span {
        let condition = self.rule().and_then(|rule| rule.conditions.get(at));
        condition.map_or_else(|| self.place("detection"), |condition| condition.span)
    }
}

/// See [`RuleContext::place`].
pub(crate) fn place(tree: &Value<'_>, key: &str) -> Span {
    let found = tree.get(key).or_else(|| tree.get("title")).map(|value| value.span);
    let first = || tree.as_map().and_then(|pairs| pairs.first()).map_or(tree.span, |(key, _)| key.span);
    found.unwrap_or_else(first)
}

fn find_item<'a>(
    tree: &'a Value<'a>,
    item: &DetectionItem,
) -> Option<(Option<&'a Value<'a>>, &'a Value<'a>)> {
    if let Some(pairs) = tree.as_map() {
        for (key, value) in pairs {
            if key.span.start == item.span.start && key.span.source == item.span.source {
                return Some((Some(key), value));
            }
            if let Some(found) = find_item(value, item) {
                return Some(found);
            }
        }
        return None;
    }
    if tree.span == item.span {
        return Some((None, tree));
    }
    tree.as_list()?.iter().find_map(|entry| find_item(entry, item))
}

/// What the checks over all rules know about one of them.
#[derive(Clone, Debug)]
pub struct RuleFacts {
    /// Its file.
    pub source: SourceId,
    /// The path of its file as the call named it.
    pub path: String,
    /// Its title, with its place.
    pub title: Spanned<String>,
    /// UUID in lower case, with its place.
    pub id: Option<Spanned<String>>,
    /// Relations to other rules, with their places.
    pub related: Vec<Spanned<Related>>,
    /// Whether it is a correlation.
    pub is_correlation: bool,
}

impl RuleFacts {
    /// What the rule is called.
    pub(crate) fn name(&self) -> RuleName {
        RuleName { id: self.id.as_ref().map(|id| id.value.clone()), title: self.title.value.clone() }
    }

    /// The name of the file without its folders.
    pub fn file_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }
}

/// All rules of a run.
#[derive(Clone, Copy, Debug)]
pub struct SetContext<'a> {
    /// Those that the check is to look at.
    pub rules: &'a [&'a RuleFacts],
    /// The rules that can be used, linked.
    pub set: &'a RuleSet,
}
