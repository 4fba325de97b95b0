//! The reference evaluator: matching as the specification says it, and nothing else.
//!
//! Written from `reference/sigma.md` alone. It shares no code with the engine: fields are looked up by walking, strings are
//! compared character by character, numbers are strings of digits. It is slow and easy to read, and where it and the
//! engine differ one of them is wrong. It remembers what it found out about a comparison and a text, which
//! changes no verdict, so that millions of recorded events can be held against the engine.

mod compare;
mod fields;
mod memory;
mod text;

use std::cell::RefCell;
use std::collections::hash_map::DefaultHasher;
use std::collections::{HashMap, HashSet};
use std::hash::{Hash, Hasher};
use std::rc::Rc;

use sigyn_event::Event;
use sigyn_ir::{
    ConditionExpr, Detection, DetectionEntry, DetectionId, DetectionItem, FieldRef, Linking, Modifier, Rule,
    SigmaString, Value,
};

use compare::{compare, decimal, holds, lies_in, part_of};
use fields::Found;
use memory::{Memory, Seen};

/// Other names of a field, the best first, without the field's own.
pub type Aliases<'a> = &'a dyn Fn(&str) -> Vec<String>;

/// Further values of a field in an event, given those that it has under its own or another name.
pub type Further<'a> = &'a dyn Fn(&str, &[String]) -> Vec<String>;

/// Evaluates rules one by one.
#[derive(Debug, Default)]
pub struct Evaluator<'r> {
    memory: Memory<'r>,
}

/// Why a rule cannot be evaluated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotEvaluable(pub String);

/// An event under evaluation: its fields are looked up once for all rules.
pub struct Evaluation<'a, 'r> {
    evaluator: &'a Evaluator<'r>,
    event: Event<'a>,
    aliases: Aliases<'a>,
    further: Further<'a>,
    fields: RefCell<HashMap<&'r str, Rc<Values>>>,
    /// Every key that may begin a field's name.
    keys: HashSet<&'a str>,
}

/// What an event has of a field, or of all its leaves.
struct Values {
    texts: Vec<Rc<Seen>>,
    is_present: bool,
    has_object: bool,
}

type Verdict = Result<bool, NotEvaluable>;

/// The name under which the leaves are kept. A field's name may be anything but empty.
const LEAVES: &str = "";

impl<'r> Evaluator<'r> {
    /// Whether a rule matches an event, its log source aside.
    ///
    /// # Errors
    /// The rule holds something that has no meaning without a target: a placeholder, query text.
    pub fn evaluate(&self, rule: &'r Rule, event: Event<'_>, aliases: Aliases<'_>) -> Verdict {
        self.event(event, aliases).evaluate(rule)
    }

    /// An event, to be evaluated with several rules.
    pub fn event<'a>(&'a self, event: Event<'a>, aliases: Aliases<'a>) -> Evaluation<'a, 'r> {
        self.event_with(event, aliases, &|_, _| Vec::new())
    }

    /// As [`event`](Self::event), where fields also have values in other words.
    pub fn event_with<'a>(
        &'a self,
        event: Event<'a>,
        aliases: Aliases<'a>,
        further: Further<'a>,
    ) -> Evaluation<'a, 'r> {
        let (fields, keys) = (RefCell::default(), fields::keys(event));
        Evaluation { evaluator: self, event, aliases, further, fields, keys }
    }

    /// Whether every comparison that a rule's conditions ask for has a meaning: each is made once with an empty text.
    ///
    /// # Errors
    /// The first that has none.
    pub fn check(&self, rule: &'r Rule) -> Result<(), NotEvaluable> {
        let buf = sigyn_event::EventBuf::new();
        let event = self.event(buf.event(""), &|_| Vec::new());
        let mut result = Ok(());
        for (id, (_, detection)) in (0..).map(DetectionId).zip(&rule.detections) {
            if !rule.conditions.iter().any(|condition| names(&condition.expr, id)) {
                continue;
            }
            detection.for_each_item(&mut |item| {
                let texts = vec![self.memory.text(item.field.as_deref().unwrap_or(LEAVES), "")];
                let values = Values { texts, is_present: true, has_object: false };
                for value in &item.values {
                    if let (Ok(()), Err(error)) = (&result, event.value(value, item, &values)) {
                        result = Err(error);
                    }
                }
            });
        }
        result
    }
}

/// The texts of a field, in the order of the event: canonical texts of its non-null scalars (§3.3, §3.5).
pub fn texts(event: Event<'_>, field: &str) -> Vec<String> {
    fields::field(event, &[field.to_owned()]).texts
}

/// Whether a condition names a detection.
fn names(expr: &ConditionExpr, wanted: DetectionId) -> bool {
    match expr {
        ConditionExpr::Or(args) | ConditionExpr::And(args) | ConditionExpr::AtLeast { of: args, .. } => {
            args.iter().any(|arg| names(arg, wanted))
        }
        ConditionExpr::Not(arg) => names(arg, wanted),
        ConditionExpr::Detection(id) => *id == wanted,
        ConditionExpr::False | ConditionExpr::Nothing => false,
    }
}

impl<'r> Evaluation<'_, 'r> {
    /// Whether a rule matches the event, its log source aside.
    ///
    /// # Errors
    /// As [`Evaluator::evaluate`], where the verdict depends on what cannot be evaluated; ask
    /// [`Evaluator::check`] before.
    pub fn evaluate(&self, rule: &'r Rule) -> Verdict {
        some(&rule.conditions, |condition| self.condition(&condition.expr, rule))
    }

    /// What the event has of some fields, as a hash: the verdict on a rule that names no other fields and no keywords
    /// depends on nothing else.
    pub fn signature(&self, fields: &[&'r str]) -> [u64; 2] {
        let mut hashers = [DefaultHasher::new(), DefaultHasher::new()];
        for (at, field) in fields.iter().enumerate() {
            let values = self.values(field);
            if !values.is_present {
                continue;
            }
            for (side, hasher) in hashers.iter_mut().enumerate() {
                (at, values.has_object, values.texts.len()).hash(hasher);
                values.texts.iter().for_each(|seen| seen.hash[side].hash(hasher));
            }
        }
        hashers.map(|hasher| hasher.finish())
    }

    /// §5.
    fn condition(&self, expr: &ConditionExpr, rule: &'r Rule) -> Verdict {
        Ok(match expr {
            ConditionExpr::Or(args) => some(args, |arg| self.condition(arg, rule))?,
            ConditionExpr::And(args) => every(args, |arg| self.condition(arg, rule))?,
            ConditionExpr::Not(arg) => !self.condition(arg, rule)?,
            ConditionExpr::AtLeast { count, of } => {
                let mut holding = 0;
                for arg in of {
                    holding += u32::from(self.condition(arg, rule)?);
                }
                holding >= *count
            }
            ConditionExpr::Detection(id) => match rule.detection(*id) {
                Some((_, detection)) => self.detection(detection)?,
                None => return Err(NotEvaluable("no such detection".to_owned())),
            },
            ConditionExpr::False => false,
            ConditionExpr::Nothing => return Err(NotEvaluable("an empty selector".to_owned())),
        })
    }

    /// §2.
    fn detection(&self, detection: &'r Detection) -> Verdict {
        linked(detection.linking, &detection.entries, |entry| match entry {
            DetectionEntry::Item(item) => self.item(item),
            DetectionEntry::Group(group) => self.detection(group),
        })
    }

    fn item(&self, item: &'r DetectionItem) -> Verdict {
        let values = self.values(item.field.as_deref().unwrap_or(LEAVES));
        let verdict = if item.values.is_empty() {
            self.value(&Value::Null, item, &values)?
        } else {
            linked(item.linking, &item.values, |value| self.value(value, item, &values))?
        };
        // `neq` negates the whole item (§4.2).
        Ok(verdict != item.is_negated)
    }

    /// §3.4: some element satisfies the predicate.
    fn value(&self, value: &'r Value, item: &'r DetectionItem, values: &Values) -> Verdict {
        match value {
            Value::Null if item.field.is_some() => Ok(values.texts.is_empty() && !values.has_object),
            Value::Exists(exists) if item.field.is_some() => Ok(values.is_present == *exists),
            Value::Null | Value::Exists(_) => Err(NotEvaluable("needs a field".to_owned())),
            Value::FieldRef(other) if item.field.is_some() => Ok(self.field_ref(other, values)),
            Value::FieldRef(_) => Err(NotEvaluable("needs a field".to_owned())),
            Value::Query { .. } => Err(NotEvaluable("query text".to_owned())),
            Value::Expansion { values: alternatives, .. } => {
                some(alternatives, |value| self.value(value, item, values))
            }
            _ if values.texts.is_empty() => Ok(false),
            value => {
                let memory = &self.evaluator.memory;
                let number = memory.number(item.field.as_deref().unwrap_or(LEAVES), value);
                some(&values.texts, |seen| memory.verdict(number, seen, || self.text(value, item, seen)))
            }
        }
    }

    /// Whether one text satisfies a comparison.
    fn text(&self, value: &Value, item: &DetectionItem, seen: &Seen) -> Verdict {
        let has = |modifier| item.modifiers.contains(&modifier);
        let is_base64 = has(Modifier::Base64) || has(Modifier::Base64Offset);
        let is_keyword = item.field.is_none();
        match value {
            Value::Str(text) => string(text, is_base64, is_keyword, seen),
            Value::Cased(text) => string(text, true, is_keyword, seen),
            Value::Number(number) => string(&SigmaString::literal(decimal(*number)), false, is_keyword, seen),
            Value::Bool(value) => string(&SigmaString::literal(value.to_string()), false, is_keyword, seen),
            Value::Regex(regex) => {
                if let Some(name) = regex.pattern.placeholders().next() {
                    return Err(NotEvaluable(format!("%{name}%")));
                }
                let letters = regex.flags.letters();
                let mut pattern = text::pcre_ends(&regex.pattern.to_raw(), regex.flags.multiline);
                if !letters.is_empty() {
                    pattern = format!("(?{letters}){pattern}");
                }
                Ok(self.evaluator.memory.regex(&pattern)?.is_match(&seen.text))
            }
            Value::Cidr(cidr) => {
                let network = (cidr.network.network(), u32::from(cidr.network.prefix_len()));
                Ok(lies_in(&seen.text, network))
            }
            Value::Compare { op, number, part: None } => {
                Ok(compare(&seen.text, &decimal(*number)).is_some_and(|order| holds(*op, order)))
            }
            Value::Compare { op, number, part: Some(part) } => {
                let part = part_of(&seen.text, *part);
                let order = part.and_then(|part| compare(&part.to_string(), &decimal(*number)));
                Ok(order.is_some_and(|order| holds(*op, order)))
            }
            Value::TimePart { part, number } => {
                Ok(part_of(&seen.text, *part).is_some_and(|part| part.to_string() == decimal(*number)))
            }
            _ => Err(NotEvaluable("no comparison of a text".to_owned())),
        }
    }

    /// §4.2 `fieldref`: some pair of values; `starts` alone leaves the end open, `ends` alone the beginning.
    fn field_ref(&self, other: &'r FieldRef, values: &Values) -> bool {
        self.values(&other.field).texts.iter().any(|theirs| {
            let theirs = theirs.chars(other.is_cased);
            let mut mine = values.texts.iter().map(|mine| mine.chars(other.is_cased));
            mine.any(|mine| match (other.starts_with, other.ends_with) {
                (false, false) => mine == theirs,
                (true, false) => mine.starts_with(theirs),
                (false, true) => mine.ends_with(theirs),
                (true, true) => theirs.is_empty() || mine.windows(theirs.len()).any(|part| part == theirs),
            })
        })
    }

    /// What the event has of a field.
    fn values(&self, field: &'r str) -> Rc<Values> {
        if let Some(values) = self.fields.borrow().get(field) {
            return values.clone();
        }
        let found = if field == LEAVES {
            fields::leaves(self.event)
        } else {
            let mut names = vec![field.to_owned()];
            names.extend((self.aliases)(field));
            // Most rules name fields that the event has not: those need no walk.
            let can_begin = |name: &String| {
                let step = name.split('.').next().unwrap_or(name);
                self.keys.contains(name.as_str()) || self.keys.contains(step)
            };
            names.retain(can_begin);
            fields::field(self.event, &names)
        };
        let Found { mut texts, is_present, has_object } = found;
        if is_present && field != LEAVES {
            let further = (self.further)(field, &texts);
            texts.extend(further);
        }
        let texts = texts.iter().map(|text| self.evaluator.memory.text(field, text)).collect();
        let values = Rc::new(Values { texts, is_present, has_object });
        self.fields.borrow_mut().insert(field, values.clone());
        values
    }
}

/// §3.1: without regard to case against the whole value; keywords anywhere in it (§3.6).
fn string(text: &SigmaString, is_cased: bool, is_keyword: bool, seen: &Seen) -> Verdict {
    let mut pattern = text::pattern(text, is_cased)?;
    if is_keyword {
        pattern.insert(0, text::Place::Many);
        pattern.push(text::Place::Many);
    }
    Ok(text::is_match(&pattern, seen.chars(is_cased)))
}

fn linked<'a, T>(linking: Linking, of: &'a [T], holds: impl FnMut(&'a T) -> Verdict) -> Verdict {
    match linking {
        Linking::And => every(of, holds),
        Linking::Or => some(of, holds),
    }
}

fn some<'a, T>(of: &'a [T], mut holds: impl FnMut(&'a T) -> Verdict) -> Verdict {
    for one in of {
        if holds(one)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn every<'a, T>(of: &'a [T], mut holds: impl FnMut(&'a T) -> Verdict) -> Verdict {
    for one in of {
        if !holds(one)? {
            return Ok(false);
        }
    }
    Ok(true)
}
