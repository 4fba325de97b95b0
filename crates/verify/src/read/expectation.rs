//! What a test expects of one rule.

use std::collections::BTreeSet;

use sigyn_event::Timestamp;
use sigyn_syntax::{Value, ValueKind};

use super::Reader;
use crate::compare::Wanted;
use crate::suite::{Count, Expectation};
use crate::values::{key_text, moment};

const KEYS: &[&str] =
    &["rule", "count", "time", "first", "last", "group", "value", "total", "events", "evidence", "outcomes"];

impl Reader {
    /// An expectation: a rule's name, or a map.
    pub(super) fn expectation(&mut self, value: &Value<'_>, start: Option<Timestamp>) -> Option<Expectation> {
        if let Some(rule) = value.source_text() {
            let (rule, count) = (rule.to_string(), Count::exactly(1));
            return Some(Expectation { rule, count, wanted: Wanted::default(), span: value.span });
        }
        if !self.known_keys(value, KEYS, "an expectation") {
            return None;
        }
        let Some(rule) = value.get_some("rule").and_then(Value::source_text) else {
            self.wrong("the expectation names no `rule`", value.span);
            return None;
        };
        let mut time = |key: &str| {
            let written = value.get_some(key)?;
            let time = written.source_text().and_then(|text| moment(text, start));
            if time.is_none() {
                let message =
                    format!("`{key}` is neither a time nor, with a `start`, a span of time like 90s");
                self.wrong(message, written.span);
            }
            time
        };
        let (at, first, last) = (time("time"), time("first"), time("last"));
        let events = self.events(value, "events").or_else(|| self.events(value, "evidence"));
        let total = self.number(value, "total").and_then(|total| u64::try_from(total).ok());
        let number = value.get_some("value").map(|number| self.text(number, "`value`"));
        Some(Expectation {
            rule: rule.to_string(),
            count: self.count(value),
            wanted: Wanted {
                time: at,
                first,
                last,
                group: self.fields(value, "group"),
                value: number,
                total,
                events,
                outcomes: self.fields(value, "outcomes"),
            },
            span: value.span,
        })
    }

    fn number(&mut self, value: &Value<'_>, key: &str) -> Option<usize> {
        let written = value.get_some(key)?;
        let number = written.source_text().and_then(|text| text.parse().ok());
        if number.is_none() {
            self.wrong(format!("`{key}` is no number"), written.span);
        }
        number
    }

    fn count(&mut self, value: &Value<'_>) -> Count {
        match value.get_some("count") {
            Some(range) if range.as_map().is_some() => {
                self.known_keys(range, &["min", "max"], "`count`");
                self.bounds(range)
            }
            None => Count::exactly(1),
            Some(_) => self.bounds(value),
        }
    }

    /// How many: `count`, or `min` and `max`.
    pub(crate) fn bounds(&mut self, value: &Value<'_>) -> Count {
        if let Some(count) = self.number(value, "count") {
            return Count::exactly(count);
        }
        let count = Count { min: self.number(value, "min").unwrap_or(0), max: self.number(value, "max") };
        if count.max.is_some_and(|max| max < count.min) {
            self.wrong("`max` is less than `min`", value.span);
        }
        count
    }

    /// Numbers of events: a list of numbers and of runs like `1-5`.
    fn events(&mut self, value: &Value<'_>, key: &str) -> Option<BTreeSet<usize>> {
        let written = value.get_some(key)?;
        let one = std::slice::from_ref(written);
        let mut out = BTreeSet::new();
        for item in written.as_list().unwrap_or(one) {
            let text = item.source_text().map_or("", AsRef::as_ref);
            let (first, last) = text.split_once('-').unwrap_or((text, text));
            match (first.trim().parse::<usize>(), last.trim().parse::<usize>()) {
                (Ok(first), Ok(last)) if 1 <= first && first <= last && last - first < 1_000_000 => {
                    out.extend(first..=last);
                }
                _ => self.wrong(format!("`{key}` is no list of numbers from 1, or runs like 1-5"), item.span),
            }
        }
        Some(out)
    }

    /// Names with one text or several.
    fn fields(&mut self, value: &Value<'_>, key: &str) -> Vec<(String, Vec<String>)> {
        let Some(written) = value.get_some(key) else { return Vec::new() };
        let Some(pairs) = written.as_map() else {
            self.wrong(format!("`{key}` is not a map"), written.span);
            return Vec::new();
        };
        let what = format!("a value of `{key}`");
        pairs
            .iter()
            .map(|(name, value)| {
                let texts = match &value.kind {
                    ValueKind::List(items) => items.iter().map(|item| self.text(item, &what)).collect(),
                    _ => vec![self.text(value, &what)],
                };
                (key_text(name), texts)
            })
            .collect()
    }
}
