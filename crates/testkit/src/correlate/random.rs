//! Random rule sets and events in which windows, cells, ties and chains matter.
//!
//! Few values and few instants, so that groups fill, thresholds are met exactly, instants are equal or exactly T apart, and
//! midnight UTC lies among the events. Two scales: windows of seconds around one midnight, and windows of hours and days over
//! several, where cells have different lengths.

mod events;

use serde_json::{Map, Value, json};

use super::options::SECOND;
use super::{Event, Time};
use crate::random::Random;

/// Rules and events.
#[derive(Clone, Debug, PartialEq)]
pub struct Round {
    /// Documents.
    pub rules: Vec<Value>,
    /// Events in the order of their making, which is no order of time.
    pub events: Vec<Event>,
}

/// What a round may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Correlations and rules over detections, at most.
    pub rules_max: usize,
    /// Events, at most.
    pub events_max: usize,
    /// Whether correlations read each other.
    pub has_chains: bool,
    /// Whether options other than the defaults occur.
    pub has_options: bool,
    /// Whether correlations over buckets expect keys.
    pub has_inventory: bool,
    /// Whether all correlations group by one field with one value.
    pub is_keyed: bool,
}

impl Shape {
    /// Everything.
    pub const ALL: Shape = Shape {
        rules_max: 5,
        events_max: 40,
        has_chains: true,
        has_options: true,
        has_inventory: false,
        is_keyed: false,
    };
    /// One rule.
    pub const ONE: Shape = Shape {
        rules_max: 1,
        events_max: 24,
        has_chains: false,
        has_options: true,
        has_inventory: false,
        is_keyed: false,
    };
}

/// The unit of a round's times.
#[derive(Clone, Copy, Debug)]
struct Scale {
    unit: Time,
    suffix: char,
    /// Windows in units.
    spans: &'static [u64],
    /// How many units the events cover.
    length: usize,
    start: Time,
}

const DAY: Time = 86_400 * SECOND;

impl Scale {
    fn choose(random: &mut Random<'_>) -> Self {
        let days = DAY * (20_000 + random.below(7) as Time);
        match random.below(3) {
            // Seconds around midnight, most of them behind it.
            0 | 1 => {
                let length = 12 + random.below(30);
                let before = random.below(length / 2 + 1) as Time;
                Scale {
                    unit: SECOND,
                    suffix: 's',
                    spans: &[1, 2, 3, 4, 5, 7, 10, 20],
                    length,
                    start: days - before * SECOND,
                }
            }
            _ => Scale {
                unit: 3_600 * SECOND,
                suffix: 'h',
                spans: &[2, 5, 6, 12, 24, 30, 36, 48],
                length: 60 + random.below(140),
                start: days + 3_600 * SECOND * random.below(24) as Time,
            },
        }
    }

    fn span(&self, random: &mut Random<'_>) -> String {
        format!("{}{}", self.spans[random.below(self.spans.len())], self.suffix)
    }
}

/// Rules and events of one seed.
pub fn round(random: &mut Random<'_>, shape: Shape) -> Round {
    let scale = Scale::choose(random);
    let mut maker = Maker { random, scale, shape, names: Vec::new(), correlations: Vec::new() };
    let rules = maker.rules();
    let count = 1 + maker.random.below(shape.events_max);
    let events = (0..count).map(|at| maker.event(at + 1)).collect();
    Round { rules, events }
}

impl Round {
    /// The rules as one file.
    pub fn text(&self) -> String {
        self.rules.iter().map(Value::to_string).collect::<Vec<_>>().join("\n---\n")
    }
}

struct Maker<'a, 'b> {
    random: &'a mut Random<'b>,
    scale: Scale,
    shape: Shape,
    /// Rules that may be listed.
    names: Vec<String>,
    correlations: Vec<String>,
}

/// In the week of the random events the clocks of Lord Howe Island are moved by half an hour, those of Asunción and Sydney by
/// an hour; nothing happens in Berlin.
const ZONES: &[&str] =
    &["+02:00", "-09:30", "Australia/Lord_Howe", "America/Asuncion", "Australia/Sydney", "Europe/Berlin"];
const LETTERS: [&str; 4] = ["a", "b", "c", "d"];
const USERS: [&str; 4] = ["x", "y", "X", "x\u{1}y"];

impl Maker<'_, '_> {
    fn once_in(&mut self, of: usize) -> bool {
        self.random.once_in(of)
    }

    fn has_option(&mut self, of: usize) -> bool {
        self.shape.has_options && self.random.once_in(of)
    }

    fn rules(&mut self) -> Vec<Value> {
        let mut rules = Vec::new();
        for letter in LETTERS.iter().take(2 + self.random.below(3)) {
            let name = format!("r{letter}");
            let key = if self.once_in(5) { json!([letter, "a"]) } else { json!(letter) };
            let mut rule = json!({
                "title": name, "name": name, "logsource": {"category": "test"},
                "detection": {"s": {"k": key}, "condition": "s"},
            });
            if self.once_in(3) {
                rule["level"] = json!("high");
            }
            rules.push(rule);
            self.names.push(name);
        }
        let count = 1 + self.random.below(self.shape.rules_max);
        for at in 0..count {
            let over_detections = self.shape.has_chains && !self.correlations.is_empty() && self.once_in(7);
            let rule = match over_detections {
                true => self.over_detections(at),
                false => self.correlation(at),
            };
            rules.push(rule);
        }
        rules
    }

    fn over_detections(&mut self, at: usize) -> Value {
        let name = format!("d{at}");
        let mut selection = Map::new();
        let producer = self.correlations[self.random.below(self.correlations.len())].clone();
        match self.random.below(5) {
            0 => drop(selection.insert("rule.level".to_owned(), json!("high"))),
            1 => drop(selection.insert("u".to_owned(), json!("x"))),
            _ => drop(selection.insert("rule.name".to_owned(), json!(producer))),
        }
        if self.once_in(4) {
            selection.insert("outcome.n|gte".to_owned(), json!(2));
        }
        self.names.push(name.clone());
        json!({
            "title": name, "name": name, "logsource": {"product": "sigyn", "service": "detection"},
            "detection": {"s": selection, "condition": "s"},
        })
    }

    /// Rules to list: mostly the newest, so that chains grow deep.
    fn listed(&mut self, count: usize) -> Vec<String> {
        let mut pool = match self.shape.has_chains {
            true => self.names.clone(),
            false => self.names.iter().filter(|name| name.starts_with('r')).cloned().collect(),
        };
        // A rule over detections beside what it reads would be one input by two ways.
        if self.once_in(2) {
            pool.retain(|name| !name.starts_with('d'));
        } else if pool.iter().any(|name| name.starts_with('d')) {
            pool.retain(|name| !name.starts_with('c'));
        }
        let mut listed = Vec::new();
        while listed.len() < count && !pool.is_empty() {
            let at = match self.once_in(2) {
                true => pool.len() - 1,
                false => self.random.below(pool.len()),
            };
            listed.push(pool.remove(at));
        }
        listed
    }

    fn correlation(&mut self, at: usize) -> Value {
        let name = format!("c{at}");
        let kind = self.random.pick(&[
            "event_count",
            "event_count",
            "value_count",
            "temporal",
            "temporal_ordered",
            "temporal",
            "temporal_ordered",
            "value_sum",
            "value_avg",
            "value_percentile",
            "value_median",
        ]);
        let is_temporal = kind.starts_with("temporal");
        let count = if is_temporal { 1 + self.random.below(3) } else { 1 + self.random.below(2) };
        let rules = self.listed(count);
        let mut correlation = json!({"type": kind, "rules": rules, "timespan": self.scale.span(self.random)});
        let group_by = self.group_by(&rules, &mut correlation);
        if let Some(group_by) = group_by {
            correlation["group-by"] = json!(group_by);
        }
        let mut has_negation = false;
        let condition = match is_temporal {
            true => self.temporal_condition(kind, &rules, &mut has_negation),
            false => Some(self.thresholds(kind)),
        };
        if let Some(condition) = condition {
            correlation["condition"] = condition;
        }
        let mut document = json!({"title": name, "name": name, "correlation": correlation});
        if self.once_in(3) {
            document["level"] = json!("high");
        }
        let is_whole =
            kind == "temporal_ordered" && !has_negation && document["correlation"].get("condition").is_none();
        let mut options = self.options(has_negation, &rules, is_whole);
        let is_of_days = matches!(document["correlation"]["timespan"].as_str(), Some("24h" | "48h"));
        if is_of_days && options.get("window") == Some(&json!("tumbling")) && self.once_in(2) {
            options.insert("timezone".to_owned(), json!(self.random.pick(ZONES)));
        }
        let components = document["correlation"]["group-by"].as_array().map_or(0, Vec::len);
        if self.shape.has_inventory && components > 0 && self.once_in(2) {
            let key = |random: &mut Random<'_>| match components {
                1 => json!(USERS[random.below(3)]),
                _ => json!(vec![USERS[random.below(3)]; components]),
            };
            let mut keys = vec![key(self.random), key(self.random)];
            keys.dedup();
            options.insert("inventory".to_owned(), Value::Array(keys));
            if self.once_in(2) {
                options.insert("window".to_owned(), json!("tumbling"));
            }
        }
        if !options.is_empty() {
            document["sigyn"] = Value::Object(options);
        }
        if self.once_in(6) {
            document["generate"] = json!(true);
        }
        self.names.push(name.clone());
        self.correlations.push(name);
        document
    }

    fn group_by(&mut self, rules: &[String], correlation: &mut Value) -> Option<Vec<&'static str>> {
        if self.shape.is_keyed {
            return Some(vec!["u"]);
        }
        match self.random.below(8) {
            0 => None,
            1 => Some(vec!["u", "v"]),
            2 => Some(vec!["v"]),
            3 => {
                let mut fields = Map::new();
                for rule in rules {
                    if !self.once_in(4) {
                        fields.insert(rule.clone(), json!(self.random.pick(&["u", "v"])));
                    }
                }
                if fields.is_empty() {
                    return Some(vec!["u"]);
                }
                correlation["aliases"] = json!({"who": fields});
                Some(vec!["who"])
            }
            _ => Some(vec!["u"]),
        }
    }

    fn number(&mut self) -> Value {
        match self.random.below(8) {
            0 => json!(2.5),
            1 => json!(-1),
            2 => json!(0),
            _ => json!(self.random.below(8)),
        }
    }

    fn thresholds(&mut self, kind: &str) -> Value {
        let is_count = matches!(kind, "event_count" | "value_count");
        let number = |maker: &mut Self| match is_count {
            true => json!(1 + maker.random.below(4)),
            false => maker.number(),
        };
        let mut condition = Map::new();
        match self.random.below(8) {
            0 => {
                let op = self.random.pick(&["lt", "lte", "eq", "neq"]);
                condition.insert(op.to_owned(), number(self));
            }
            1 => {
                condition.insert("gte".to_owned(), number(self));
                condition.insert("lt".to_owned(), number(self));
            }
            2 => drop(condition.insert("gt".to_owned(), number(self))),
            _ => drop(condition.insert("gte".to_owned(), number(self))),
        }
        match kind {
            "event_count" => {}
            "value_count" => {
                let field = match self.random.below(3) {
                    0 => json!(["v", "n"]),
                    1 => json!("n"),
                    _ => json!("v"),
                };
                condition.insert("field".to_owned(), field);
            }
            _ => drop(condition.insert("field".to_owned(), json!("n"))),
        }
        if kind == "value_percentile" {
            condition.insert("percentile".to_owned(), json!(self.random.below(11) * 10));
        }
        Value::Object(condition)
    }

    fn temporal_condition(&mut self, kind: &str, rules: &[String], has_negation: &mut bool) -> Option<Value> {
        match self.random.below(6) {
            0 | 1 => None,
            2 => Some(json!({"gte": 1 + self.random.below(rules.len())})),
            3 if self.once_in(3) => Some(json!({"lte": self.random.below(rules.len() + 1)})),
            _ => {
                let (text, negated) = self.expression(kind, rules);
                *has_negation = negated;
                Some(json!(text))
            }
        }
    }

    /// An extended condition over all of the rules.
    fn expression(&mut self, kind: &str, rules: &[String]) -> (String, bool) {
        let mut negated = false;
        let mut text = rules[0].clone();
        for rule in &rules[1..] {
            let join = match self.random.below(if kind == "temporal" { 5 } else { 3 }) {
                0 => " and ",
                1 | 2 => " and not ",
                3 => " or ",
                _ => {
                    // `(a) or (a … and not b)` and the like.
                    negated = true;
                    text = format!("({text}) and not {rule} or {} and {rule}", rules[0]);
                    continue;
                }
            };
            negated |= join.ends_with("not ");
            text = format!("({text}){join}{rule}");
        }
        (text, negated)
    }

    fn options(&mut self, has_negation: bool, rules: &[String], is_whole: bool) -> Map<String, Value> {
        let mut options = Map::new();
        let mut set = |key: &str, value: Value| drop(options.insert(key.to_owned(), value));
        if self.has_option(5) {
            set("window", json!("tumbling"));
            if self.once_in(2) {
                set("offset", json!(format!("{}{}", 1 + self.random.below(3), self.scale.suffix)));
            }
        } else if self.has_option(5) {
            set("window", json!("session"));
            if !self.once_in(4) {
                set("gap", json!(format!("{}{}", 1 + self.random.below(5), self.scale.suffix)));
            }
        } else if self.has_option(4) {
            set("window", json!(self.random.pick(&["before", "after"])));
            set("pivot", json!(rules[self.random.below(rules.len())]));
            if self.once_in(3) {
                set("on_match", json!("every"));
            }
        } else if is_whole && self.has_option(2) {
            set("on_match", json!("consume"));
        } else if self.has_option(4) {
            set("on_match", json!("every"));
        } else if self.has_option(4) && !has_negation {
            set("on_match", json!("reset"));
        }
        if self.has_option(4) {
            set("suppress", json!(self.scale.span(self.random)));
        }
        if self.has_option(4) {
            set("missing", json!("group"));
        }
        if self.has_option(4) {
            set("percentile", json!("nearest"));
        }
        if self.has_option(3) {
            set("evidence", json!(1 + self.random.below(3)));
        }
        if self.has_option(3) {
            let mut outcomes = Map::from_iter([("n".to_owned(), json!({"count": true}))]);
            let function = self.random.pick(&["distinct", "sum", "min", "max", "first", "last", "values"]);
            let field = self.random.pick(&["n", "v", "u"]);
            outcomes.insert("o".to_owned(), json!({function: field}));
            set("outcomes", Value::Object(outcomes));
        }
        if self.has_option(6) {
            set("revisions", json!("each"));
        }
        if self.has_option(8) {
            set("risk", json!(self.random.below(101)));
        }
        if self.has_option(8) {
            set("silent", json!(true));
        }
        options
    }
}

impl Round {
    /// The round as a case, with what the evaluator finds.
    pub fn as_case(&self, title: &str) -> String {
        let set = crate::matching::load(&self.text()).set;
        let rules = self.rules.iter().map(|rule| {
            let pairs = rule.as_object().into_iter().flatten();
            pairs.map(|(key, value)| format!("{key}: {value}\n")).collect::<String>()
        });
        let case = super::case::Case {
            title: title.to_owned(),
            rules: rules.collect::<Vec<_>>().join("---\n"),
            events: self.events.clone(),
            ..super::case::Case::default()
        };
        let found = super::detections(&set, &self.events, &super::OwnIds).unwrap_or_default();
        let rows: Vec<super::Row> = found.iter().map(super::Row::from).collect();
        case.text(&set, &rows)
    }
}
