//! Making a difference small: rules and events go as long as the difference stays.

use serde_json::Value;

use super::random::Round;

impl Round {
    /// The smallest round that still differs.
    #[must_use]
    pub fn shrink(mut self, differs: &dyn Fn(&Round) -> bool) -> Round {
        loop {
            let before = self.clone();
            self = fewer(self, differs, |round| &mut round.events);
            self = fewer(self, differs, |round| &mut round.rules);
            self = simpler(self, differs);
            if self == before {
                return self;
            }
        }
    }
}

/// Takes away halves, quarters … of a list.
fn fewer<T: Clone>(
    mut round: Round,
    differs: &dyn Fn(&Round) -> bool,
    list: impl Fn(&mut Round) -> &mut Vec<T>,
) -> Round {
    let mut size = list(&mut round).len().div_ceil(2);
    while size > 0 {
        let mut at = 0;
        while at < list(&mut round).len() {
            let mut less = round.clone();
            let values = list(&mut less);
            values.drain(at..(at + size).min(values.len()));
            if differs(&less) {
                round = less;
            } else {
                at += size;
            }
        }
        size /= 2;
    }
    round
}

/// Takes away members of events, options and keys of rules, rules that a correlation lists, sources.
fn simpler(mut round: Round, differs: &dyn Fn(&Round) -> bool) -> Round {
    for at in 0..round.events.len() {
        let keys: Vec<String> = round.events[at].fields.keys().cloned().collect();
        for key in keys {
            round = attempt(round, differs, |round| drop(round.events[at].fields.remove(&key)));
            if let Some(Value::Array(list)) = round.events[at].fields.get(&key) {
                for alone in list.clone() {
                    round = attempt(round, differs, |round| {
                        round.events[at].fields.insert(key.clone(), alone);
                    });
                }
            }
        }
        round = attempt(round, differs, |round| {
            round.events[at].source = String::new();
            round.events[at].seq = 0;
        });
    }
    for at in 0..round.rules.len() {
        for inside in [None, Some("sigyn"), Some("correlation")] {
            let place = |rule: &Value| match inside {
                None => rule.clone(),
                Some(key) => rule.get(key).cloned().unwrap_or(Value::Null),
            };
            let keys: Vec<String> = place(&round.rules[at])
                .as_object()
                .map(|map| map.keys().cloned().collect())
                .unwrap_or_default();
            for key in keys {
                round = attempt(round, differs, |round| {
                    let rule = &mut round.rules[at];
                    let map = match inside {
                        None => rule.as_object_mut(),
                        Some(inside) => rule.get_mut(inside).and_then(Value::as_object_mut),
                    };
                    map.map(|map| map.remove(&key));
                });
            }
        }
        let listed = round.rules[at]["correlation"]["rules"].as_array().map_or(0, Vec::len);
        for rule in (0..listed).rev() {
            round = attempt(round, differs, |round| {
                if let Some(rules) = round.rules[at]["correlation"]["rules"].as_array_mut()
                    && rule < rules.len()
                {
                    rules.remove(rule);
                }
            });
        }
    }
    round
}

fn attempt(round: Round, differs: &dyn Fn(&Round) -> bool, change: impl FnOnce(&mut Round)) -> Round {
    let mut less = round.clone();
    change(&mut less);
    if less != round && differs(&less) { less } else { round }
}
