//! Making a difference small: rules and events lose members as long as the difference stays.

use serde_json::{Map, Value};
use sigyn_engine::{Config, LogSources};
use sigyn_event::EventBuf;
use sigyn_ir::RuleItem;

use crate::agree::{Difference, Trial, Ways};
use crate::{json, matching};

/// Rules and events, each a JSON object, over which engine and evaluator may differ.
#[derive(Clone, Debug, PartialEq)]
pub struct Round {
    /// Documents.
    pub rules: Vec<Value>,
    /// Events; each is met twice, so that the second time meets warm caches.
    pub events: Vec<Value>,
}

/// A difference in a round.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// In words.
    pub what: String,
    /// The place of the rule among the rules of the round.
    pub rule: usize,
    /// The place of the event.
    pub event: usize,
    /// What the evaluator says.
    pub expected: bool,
}

/// One of the ways to compile a set.
pub type Way = (&'static str, Config);

impl Round {
    /// The rules as one file.
    pub fn text(&self) -> String {
        self.rules.iter().map(Value::to_string).collect::<Vec<_>>().join("\n---\n")
    }

    /// Compares all rules on all events twice; gives what was compared, or the first difference.
    ///
    /// # Errors
    /// What differs.
    pub fn run(
        &self,
        sources: &LogSources,
        ways: &[Way],
        explains: bool,
    ) -> Result<crate::agree::Counts, Box<Found>> {
        let loaded = matching::load(&self.text());
        // Rules that do not load are left out of the set: titles lead back.
        let place = |item: usize| {
            let title = match loaded.set.items.get(item) {
                Some(RuleItem::Rule(rule)) => rule.meta.title.as_str(),
                _ => "",
            };
            self.rules.iter().position(|rule| rule.get("title").and_then(Value::as_str) == Some(title))
        };
        let found = |difference: Difference, event: usize, round: &str| {
            let Difference { strategy, rule, expected } = difference;
            let what =
                format!("{strategy}, {round}: the evaluator says {expected}, the engine {}", !expected);
            Box::new(Found { what, rule: place(rule.0 as usize).unwrap_or(0), event, expected })
        };
        let refused = |what| Box::new(Found { what, rule: 0, event: 0, expected: false });
        let ways = Ways::new(&loaded.set, sources, ways).map_err(refused)?;
        let mut trial = Trial::new(&ways).map_err(refused)?;
        // One buffer, so that events of one layout are met as such.
        let (mut buf, empty) = (EventBuf::new(), Map::new());
        for (round, name) in ["first", "again"].into_iter().enumerate() {
            for (at, root) in self.events.iter().enumerate() {
                json::fill(&mut buf, root.as_object().unwrap_or(&empty));
                let event = buf.event("");
                trial.event(event, &|_| true).map_err(|difference| found(difference, at, name))?;
                if explains && round == 0 {
                    for rule in (at % 8..trial.rule_count()).step_by(8) {
                        trial.explain(event, rule).map_err(|difference| found(difference, at, name))?;
                    }
                }
            }
        }
        let mut counts = trial.counts;
        // The second time tells nothing new about pairs.
        (counts.events, counts.pairs, counts.matches) =
            (counts.events / 2, counts.pairs / 2, counts.matches / 2);
        Ok(counts)
    }

    /// The smallest round that still differs.
    pub fn shrink(mut self, differs: &dyn Fn(&Round) -> bool) -> Round {
        loop {
            let before = self.clone();
            fewer(&mut self, differs, |round| &mut round.rules);
            fewer(&mut self, differs, |round| &mut round.events);
            for at in 0..self.rules.len() {
                smaller(&mut self, differs, |round| &mut round.rules[at]);
            }
            for at in 0..self.events.len() {
                smaller(&mut self, differs, |round| &mut round.events[at]);
            }
            if self == before {
                return self;
            }
        }
    }

    /// As a case of the corpus, if it is down to one rule; otherwise in the same form with more documents.
    pub fn as_case(&self, found: &Found) -> String {
        let mut text = String::from("## A difference\n\n```yaml\n");
        for (at, rule) in self.rules.iter().enumerate() {
            if at > 0 {
                text.push_str("---\n");
            }
            for (key, value) in rule.as_object().into_iter().flatten() {
                text.push_str(&format!("{key}: {value}\n"));
            }
        }
        text.push_str("```\n\n");
        for event in &self.events {
            let word = if found.expected { "matches" } else { "differs" };
            text.push_str(&format!("- {word} `{event}`\n"));
        }
        text + "\n" + &found.what
    }
}

/// Takes away halves, quarters … of a list.
fn fewer(round: &mut Round, differs: &dyn Fn(&Round) -> bool, list: impl Fn(&mut Round) -> &mut Vec<Value>) {
    let mut size = list(round).len() / 2;
    while size > 0 {
        let mut at = 0;
        while at < list(round).len() && list(round).len() > 1 {
            let mut less = round.clone();
            let values = list(&mut less);
            values.drain(at..(at + size).min(values.len()));
            if !values.is_empty() && differs(&less) {
                *round = less;
            } else {
                at += size;
            }
        }
        size /= 2;
    }
}

/// Makes one value smaller, step by step.
fn smaller(round: &mut Round, differs: &dyn Fn(&Round) -> bool, value: impl Fn(&mut Round) -> &mut Value) {
    let mut at = 0;
    loop {
        let Some(candidate) = candidates(value(round)).into_iter().nth(at) else { return };
        let mut less = round.clone();
        *value(&mut less) = candidate;
        if differs(&less) {
            *round = less;
            at = 0;
        } else {
            at += 1;
        }
    }
}

/// Every value that is one step smaller, the boldest steps first.
fn candidates(value: &Value) -> Vec<Value> {
    match value {
        Value::Object(map) => {
            let without = map.keys().map(|key| {
                let mut less = map.clone();
                less.remove(key);
                Value::Object(less)
            });
            let within = map.iter().flat_map(|(key, value)| {
                candidates(value).into_iter().map(move |candidate| {
                    let mut less = map.clone();
                    less.insert(key.clone(), candidate);
                    Value::Object(less)
                })
            });
            without.chain(within).collect()
        }
        Value::Array(list) => {
            let alone = list.iter().cloned();
            let without = (0..list.len()).map(|at| {
                let mut less = list.clone();
                less.remove(at);
                Value::Array(less)
            });
            let within = list.iter().enumerate().flat_map(|(at, value)| {
                candidates(value).into_iter().map(move |candidate| {
                    let mut less = list.clone();
                    less[at] = candidate;
                    Value::Array(less)
                })
            });
            alone.chain(without).chain(within).collect()
        }
        Value::String(text) => shorter(text).into_iter().map(Value::String).collect(),
        _ => Vec::new(),
    }
}

/// Shorter texts: what stands in brackets, without `not`, halves, without one character.
fn shorter(text: &str) -> Vec<String> {
    let mut texts = Vec::new();
    let mut open = Vec::new();
    for (at, c) in text.char_indices() {
        match c {
            '(' => open.push(at + 1),
            ')' => texts.extend(open.pop().map(|from| text[from..at].to_owned())),
            _ => {}
        }
    }
    texts.extend(text.strip_prefix("not ").map(str::to_owned));
    let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let middle = places[places.len() / 2];
    if places.len() > 3 {
        texts.push(text[..middle].to_owned());
        texts.push(text[middle..].to_owned());
    }
    if places.len() <= 200 {
        for pair in places.windows(2) {
            texts.push(format!("{}{}", &text[..pair[0]], &text[pair[1]..]));
        }
    }
    texts
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_does_not_matter_goes() {
        let round = Round {
            rules: vec![json!({"a": 1}), json!({"b": ["xx", "needle in hay"], "c": "not (q)"})],
            events: vec![json!(1), json!({"k": [1, {"l": 2}]})],
        };
        let differs = |round: &Round| {
            round.text().contains("need")
                && round.events.iter().any(|event| event.to_string().contains("\"l\""))
        };
        let small = round.shrink(&differs);
        assert_eq!(small.rules, [json!({"b": "need"})]);
        assert_eq!(small.events, [json!({"k": {"l": 2}})]);
    }
}
