//! Why a rule matches an event, or does not.

use std::cell::OnceCell;

use sigyn_event::{Event, FieldPath, Resolved, Value, write_scalar};
use sigyn_ir::{ConditionExpr, Detection, DetectionEntry, DetectionItem, Linking, Rule};

use crate::Config;
use crate::class::{Class, ClassId};
use crate::derive::of_texts;
use crate::engine::Engine;
use crate::fold::fold;
use crate::pattern::Case;
use crate::predicate::Predicate;
use crate::program::limits;
use crate::spec::{Place, Refusal, Test};

/// What became of a rule on an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// Whether the rule matches.
    pub matches: bool,
    /// Whether the event has the rule's log source; without it the rule is not even tried.
    pub is_tried: bool,
    /// Each condition of the rule.
    pub conditions: Vec<Step>,
}

/// A part of a condition with its verdict. All parts are evaluated, also those that no longer decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What it is: `and`, `not`, the name of a selection, `Field|modifier`, a value.
    pub label: String,
    /// Whether it holds.
    pub holds: bool,
    /// Whether the verdict above would be another without it.
    pub decides: bool,
    /// The values of the event that it looked at, as text.
    pub seen: Vec<String>,
    /// Its parts.
    pub parts: Vec<Step>,
}

impl Engine {
    /// Why a rule matches an event or does not. The class is that of [`classify`](Self::classify); without one the
    /// fields have only their own names. Meant for people: nothing of it is fast.
    pub fn explain(&self, rule: &Rule, event: Event<'_>, class: Option<ClassId>) -> Explanation {
        self.told(rule, event, class, (&mut Prepared::default(), Wanted::All))
    }

    /// As [`explain`](Self::explain), for many events of one rule: values that do not hold are left out, and what the rule
    /// asks for is compiled once. `prepared` is a new one for each rule of each engine. An event of a rule with
    /// hundreds of values and some expressions takes a twentieth of the time.
    pub fn explain_held(
        &self,
        rule: &Rule,
        event: Event<'_>,
        class: Option<ClassId>,
        prepared: &mut Prepared,
    ) -> Explanation {
        self.told(rule, event, class, (prepared, Wanted::Held))
    }

    fn told(
        &self,
        rule: &Rule,
        event: Event<'_>,
        class: Option<ClassId>,
        (prepared, wanted): (&mut Prepared, Wanted),
    ) -> Explanation {
        let class = class.and_then(|class| self.classes.get(class.0 as usize));
        let mut explainer = Explainer { engine: self, class, event, rule, prepared, at: 0, wanted };
        let mut conditions: Vec<_> = rule
            .conditions
            .iter()
            .map(|condition| explainer.condition(&condition.expr).unwrap_or_else(|| leaf("nothing", false)))
            .collect();
        let holds = conditions.iter().any(|step| step.holds);
        mark(&mut conditions, holds, true);
        let is_tried = match self.config.routing {
            crate::Routing::AllRules => true,
            crate::Routing::LogSource => class.is_some_and(|class| class.is_read_by(&rule.logsource)),
        };
        Explanation { matches: holds && is_tried, is_tried, conditions }
    }
}

/// What a rule asks for, ready to be compared: filled by the first event that is explained.
///
/// Which items are met, and in which order, is the rule's alone: all parts are always evaluated. So they are known by
/// their number.
#[derive(Debug, Default)]
pub struct Prepared(Vec<PreparedItem>);

#[derive(Debug)]
struct PreparedItem {
    label: String,
    /// Each value as it is shown, and how it is compared; none if the engine cannot take it.
    values: Vec<(String, Option<Ready>)>,
}

/// A [`Test`] with its predicates compiled.
#[derive(Debug)]
enum Ready {
    Any(Vec<Ready>),
    Null,
    Exists(bool),
    /// None if it does not compile: then it never holds.
    Value(Option<Predicate>),
    FieldRef {
        field: String,
        starts_with: bool,
        ends_with: bool,
        case: Case,
    },
}

impl Ready {
    fn new(test: Test, config: &Config) -> Self {
        match test {
            Test::Any(tests) => Self::Any(tests.into_iter().map(|test| Self::new(test, config)).collect()),
            Test::Null => Self::Null,
            Test::Exists(exists) => Self::Exists(exists),
            Test::Value(spec) => Self::Value(Predicate::new(&spec, limits(config)).ok()),
            Test::FieldRef { field, starts_with, ends_with, case } => {
                Self::FieldRef { field, starts_with, ends_with, case }
            }
        }
    }
}

impl PreparedItem {
    fn new(item: &DetectionItem, config: &Config) -> Self {
        let place = Place::new(item.field.is_some(), &item.modifiers, config);
        let null = [sigyn_ir::Value::Null];
        let written = if item.values.is_empty() { &null[..] } else { &item.values };
        let values = written.iter().map(|value| {
            let label = shown(value);
            match place.test(value) {
                Ok(test) => (label, Some(Ready::new(test, config))),
                Err(refusal) => (format!("{label}: {}", why(&refusal)), None),
            }
        });
        let mut label = item.field.clone().unwrap_or_else(|| "keywords".to_owned());
        for modifier in &item.modifiers {
            label.push('|');
            label.push_str(modifier.as_str());
        }
        Self { label, values: values.collect() }
    }
}

/// Which values are told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    All,
    Held,
}

struct Explainer<'a> {
    engine: &'a Engine,
    class: Option<&'a Class>,
    event: Event<'a>,
    rule: &'a Rule,
    prepared: &'a mut Prepared,
    /// The number of the next item.
    at: usize,
    wanted: Wanted,
}

/// What an event has of a field.
#[derive(Default)]
struct Values {
    texts: Vec<String>,
    /// The texts folded, when something asks for that.
    folded: OnceCell<Vec<String>>,
    is_present: bool,
    has_map: bool,
}

impl Explainer<'_> {
    fn condition(&mut self, expr: &ConditionExpr) -> Option<Step> {
        match expr {
            ConditionExpr::Or(args) => some(group("or", self.conditions(args), Any)),
            ConditionExpr::And(args) => some(group("and", self.conditions(args), All)),
            ConditionExpr::AtLeast { count, of } => {
                let parts = self.conditions(of);
                let holds = parts.iter().filter(|part| part.holds).count() >= *count as usize;
                Some(Step { label: format!("{count} of"), holds, decides: false, seen: Vec::new(), parts })
            }
            ConditionExpr::Not(arg) => self.condition(arg).map(|step| Step {
                label: "not".to_owned(),
                holds: !step.holds,
                decides: false,
                seen: Vec::new(),
                parts: vec![step],
            }),
            ConditionExpr::Detection(id) => {
                let (name, detection) = self.rule.detection(*id)?;
                let step = self.detection(detection)?;
                Some(Step { label: name.to_owned(), holds: step.holds, parts: vec![step], ..leaf("", false) })
            }
            ConditionExpr::False => Some(leaf("no such selection", false)),
            ConditionExpr::Nothing => None,
        }
    }

    fn conditions(&mut self, args: &[ConditionExpr]) -> Vec<Step> {
        args.iter().filter_map(|arg| self.condition(arg)).collect()
    }

    fn detection(&mut self, detection: &Detection) -> Option<Step> {
        let parts: Vec<_> = detection
            .entries
            .iter()
            .filter_map(|entry| match entry {
                DetectionEntry::Item(item) => Some(self.item(item)),
                DetectionEntry::Group(group) => self.detection(group),
            })
            .collect();
        some(match detection.linking {
            Linking::And => group("all of", parts, All),
            Linking::Or => group("one of", parts, Any),
        })
    }

    fn item(&mut self, item: &DetectionItem) -> Step {
        if self.prepared.0.len() == self.at {
            self.prepared.0.push(PreparedItem::new(item, &self.engine.config));
        }
        let Some(prepared) = self.prepared.0.get(self.at) else { return leaf("nothing", false) };
        self.at += 1;
        let values = match &item.field {
            Some(field) => self.values(field),
            None => self.keywords(),
        };
        let (mut parts, mut held) = (Vec::new(), 0);
        for (label, test) in &prepared.values {
            let holds = test.as_ref().is_some_and(|test| self.holds(test, &values));
            held += usize::from(holds);
            if holds || self.wanted == Wanted::All {
                parts.push(leaf(label, holds));
            }
        }
        let holds = match item.linking {
            Linking::And => held == prepared.values.len(),
            Linking::Or => held > 0,
        };
        let label = prepared.label.clone();
        let seen = match &item.field {
            Some(_) if !values.is_present => vec!["(missing)".to_owned()],
            _ => values.texts,
        };
        Step { label, holds: holds != item.is_negated, decides: false, seen, parts }
    }

    fn values(&self, field: &str) -> Values {
        let mut values = Values::default();
        let own = std::iter::once(field);
        let names: Vec<&str> = match self.class {
            Some(class) => class.names_of(field).collect(),
            None => own.collect(),
        };
        for name in names {
            let resolved = self.event.visit(&FieldPath::new(name), &mut |value| {
                values.has_map |= value.scalars(&mut |scalar| values.texts.push(text(scalar)));
            });
            if resolved == Resolved::Present {
                values.is_present = true;
                break;
            }
        }
        if let Some(class) = self.class.filter(|_| values.is_present) {
            let further = of_texts(class, field, self.event, &values.texts);
            values.texts.extend(further);
        }
        values
    }

    fn keywords(&self) -> Values {
        let is_searched = |value: &Value<'_>| !matches!(value, Value::Null | Value::Bool(_));
        let texts = self.event.leaves().filter(is_searched).map(text).collect();
        Values { texts, is_present: true, ..Values::default() }
    }

    fn holds(&self, test: &Ready, values: &Values) -> bool {
        match test {
            Ready::Any(tests) => tests.iter().any(|test| self.holds(test, values)),
            Ready::Null => values.texts.is_empty() && !values.has_map,
            Ready::Exists(exists) => values.is_present == *exists,
            Ready::Value(None) => false,
            Ready::Value(Some(predicate)) if predicate.wants_folded() => {
                let folded =
                    values.folded.get_or_init(|| values.texts.iter().map(|text| fold(text)).collect());
                folded.iter().any(|text| predicate.test(text))
            }
            Ready::Value(Some(predicate)) => values.texts.iter().any(|text| predicate.test(text)),
            Ready::FieldRef { field, starts_with, ends_with, case } => {
                let others = self.values(field).texts;
                let form = |text: &String| match case {
                    Case::Sensitive => text.clone(),
                    Case::Insensitive => fold(text),
                };
                values.texts.iter().map(form).any(|mine| {
                    others.iter().map(form).any(|theirs| match (starts_with, ends_with) {
                        (true, true) => mine.contains(&theirs),
                        (true, false) => mine.starts_with(&theirs),
                        (false, true) => mine.ends_with(&theirs),
                        (false, false) => mine == theirs,
                    })
                })
            }
        }
    }
}

use Join::{All, Any};

#[derive(Clone, Copy)]
enum Join {
    All,
    Any,
}

fn group(label: &str, parts: Vec<Step>, join: Join) -> Step {
    let holds = match join {
        All => parts.iter().all(|part| part.holds),
        Any => parts.iter().any(|part| part.holds),
    };
    Step { label: label.to_owned(), holds, decides: false, seen: Vec::new(), parts }
}

/// A group of one stands for its member, one of none for nothing.
fn some(mut step: Step) -> Option<Step> {
    match step.parts.len() {
        0 => None,
        1 => step.parts.pop(),
        _ => Some(step),
    }
}

fn leaf(label: &str, holds: bool) -> Step {
    Step { label: label.to_owned(), holds, decides: false, seen: Vec::new(), parts: Vec::new() }
}

/// Marks the parts without which the verdict of what stands above them could be another: those that agree with it.
fn mark(parts: &mut [Step], verdict: bool, is_deciding: bool) {
    for part in parts {
        let is_not = part.label == "not";
        part.decides = is_deciding && part.holds == verdict;
        let below = if is_not { !part.holds } else { part.holds };
        let is_deciding = part.decides;
        mark(&mut part.parts, below, is_deciding);
    }
}

fn text(value: Value<'_>) -> String {
    let mut out = String::new();
    write_scalar(&mut out, value);
    out
}

fn why(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Placeholder(name) => format!("the placeholder `%{name}%` has no value"),
        Refusal::Query(_) => "query text of a target".to_owned(),
        Refusal::NeedsField(what) => format!("`{what}` needs a field"),
    }
}

/// A value as a rule would write it.
fn shown(value: &sigyn_ir::Value) -> String {
    use sigyn_ir::Value as Written;
    match value {
        Written::Str(text) | Written::Cased(text) => text.to_plain(),
        Written::Number(number) => number.to_string(),
        Written::Bool(value) | Written::Exists(value) => value.to_string(),
        Written::Null => "null".to_owned(),
        Written::Regex(regex) => regex.pattern.to_raw(),
        Written::Cidr(cidr) => cidr.text.clone(),
        Written::Compare { op, number, part: None } => format!("{op} {number}"),
        Written::Compare { op, number, part: Some(part) } => format!("{part} {op} {number}"),
        Written::TimePart { part, number } => format!("{part} {number}"),
        Written::FieldRef(other) => format!("field {}", other.field),
        Written::Query { text, .. } => text.clone(),
        Written::Expansion { values, .. } => values.first().map(shown).unwrap_or_default(),
    }
}
