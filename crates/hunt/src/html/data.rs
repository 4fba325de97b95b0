//! Matches as the page's script reads them: JSON, with texts that repeat written once.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::ROWS_MAX;
use super::text::harmless;
use crate::found::Hit;
use crate::rules::RuleInfo;
use crate::summary::{Count, Summary};

/// A rule that matched.
pub(super) struct Found<'a> {
    /// Its place in the set.
    at: usize,
    pub(super) rule: &'a RuleInfo,
    pub(super) count: &'a Count,
}

/// The rules that matched, severest and most frequent first.
pub(super) fn found<'a>(summary: &'a Summary, rules: &'a [RuleInfo]) -> Vec<Found<'a>> {
    let of = |(at, count): (&usize, &'a Count)| Some(Found { at: *at, rule: rules.get(*at)?, count });
    let mut found: Vec<_> = summary.rules.iter().filter_map(of).collect();
    found.sort_by_key(|found| (found.rule.rank(), std::cmp::Reverse(found.count.events)));
    found
}

/// The matches in order of time; when there are too many, the severest.
pub(super) fn json(found: &[Found<'_>], rules: &[RuleInfo], hits: &[Hit<'_>]) -> String {
    let mut shown: Vec<&Hit<'_>> = hits.iter().collect();
    if shown.len() > ROWS_MAX {
        shown.sort_by_key(|hit| rules.get(hit.rule).map_or(usize::MAX, RuleInfo::rank));
        shown.truncate(ROWS_MAX);
    }
    shown.sort_by_key(|hit| hit.time);
    let places: HashMap<usize, usize> = found.iter().enumerate().map(|(at, found)| (found.at, at)).collect();
    let mut texts = Texts::default();
    let rows: Vec<Value> = shown
        .into_iter()
        .filter_map(|hit| {
            let mut row = vec![
                texts.place(hit.time.map(|time| time.to_string()).as_deref()),
                Value::from(*places.get(&hit.rule)?),
                texts.place(hit.host.as_deref()),
                texts.place(hit.user.as_deref()),
                texts.place(Some(&hit.member.path)),
                hit.record.into(),
            ];
            row.extend(hit.event.as_deref().map(|event| Value::from(clean(event))));
            Some(Value::Array(row))
        })
        .collect();
    let rules: Vec<Value> = found
        .iter()
        .map(|Found { rule, .. }| {
            let tags: Vec<String> = rule.tags.iter().map(|tag| clean(tag)).collect();
            json!({ "title": clean(&rule.title), "id": rule.id, "level": rule.level_name(), "tags": tags })
        })
        .collect();
    let text = json!({ "rules": rules, "texts": texts.list, "hits": rows }).to_string();
    // `</script>` and `<!--` end or change the block that this stands in, whatever JSON says about them.
    text.replace('<', "\\u003c")
}

fn clean(text: &str) -> String {
    text.chars().map(harmless).collect()
}

#[derive(Default)]
struct Texts {
    list: Vec<String>,
    places: HashMap<String, usize>,
}

impl Texts {
    /// Where a text stands; -1 for none.
    fn place(&mut self, text: Option<&str>) -> Value {
        let Some(text) = text else { return Value::from(-1) };
        if let Some(place) = self.places.get(text) {
            return Value::from(*place);
        }
        self.places.insert(text.to_owned(), self.list.len());
        self.list.push(clean(text));
        Value::from(self.list.len() - 1)
    }
}
