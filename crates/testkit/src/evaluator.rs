//! The reference evaluator: matching as the specification says it, and nothing else.
//!
//! Written from `reference/sigma.md` alone. It shares no code with the engine: fields are looked up by walking, strings are
//! regular expressions, numbers are strings of digits. It is slow and easy to read, and where it and the engine
//! differ one of them is wrong.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};

use regex::Regex;
use sigyn_event::{DateTime, Event, Value as Seen};
use sigyn_ir::{
    CompareOp, ConditionExpr, Detection, DetectionEntry, DetectionItem, Linking, Modifier, Number, Part,
    Rule, SigmaString, TimePart, Value,
};

/// Other names of a field, the best first, without the field's own.
pub type Aliases<'a> = &'a dyn Fn(&str) -> Vec<String>;

/// Further values of a field in an event, given those that it has under its own or another name.
pub type Further<'a> = &'a dyn Fn(&str, &[String]) -> Vec<String>;

/// Evaluates rules one by one.
#[derive(Debug, Default)]
pub struct Evaluator {
    /// Strings as regular expressions: they are asked for again and again.
    patterns: RefCell<HashMap<(String, bool), Regex>>,
}

/// Why a rule cannot be evaluated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotEvaluable(pub String);

/// What an event has of a field, or of all its leaves.
struct Values {
    texts: Vec<String>,
    is_present: bool,
    has_object: bool,
}

type Verdict = Result<bool, NotEvaluable>;

impl Evaluator {
    /// Whether a rule matches an event, its log source aside.
    ///
    /// # Errors
    /// The rule holds something that has no meaning without a target: a placeholder, query text.
    pub fn evaluate(&self, rule: &Rule, event: Event<'_>, aliases: Aliases<'_>) -> Verdict {
        self.evaluate_with(rule, event, aliases, &|_, _| Vec::new())
    }

    /// As [`evaluate`](Self::evaluate), where fields also have values in other words.
    ///
    /// # Errors
    /// As there.
    pub fn evaluate_with(
        &self,
        rule: &Rule,
        event: Event<'_>,
        aliases: Aliases<'_>,
        further: Further<'_>,
    ) -> Verdict {
        let context = Context { evaluator: self, rule, event, aliases, further };
        let mut verdict = false;
        for condition in &rule.conditions {
            verdict |= context.condition(&condition.expr)?;
        }
        Ok(verdict)
    }

    fn is_match(&self, pattern: String, is_cased: bool, text: &str) -> Verdict {
        let mut patterns = self.patterns.borrow_mut();
        let key = (pattern, is_cased);
        if !patterns.contains_key(&key) {
            let regex = Regex::new(&key.0).map_err(|error| NotEvaluable(error.to_string()))?;
            patterns.insert(key.clone(), regex);
        }
        Ok(patterns.get(&key).is_some_and(|regex| regex.is_match(text)))
    }
}

struct Context<'a> {
    evaluator: &'a Evaluator,
    rule: &'a Rule,
    event: Event<'a>,
    aliases: Aliases<'a>,
    further: Further<'a>,
}

impl Context<'_> {
    /// §5. No short cuts, so that an error anywhere is seen.
    fn condition(&self, expr: &ConditionExpr) -> Verdict {
        Ok(match expr {
            ConditionExpr::Or(args) => self.conditions(args)?.contains(&true),
            ConditionExpr::And(args) => !self.conditions(args)?.contains(&false),
            ConditionExpr::Not(arg) => !self.condition(arg)?,
            ConditionExpr::AtLeast { count, of } => {
                self.conditions(of)?.iter().filter(|holds| **holds).count() >= *count as usize
            }
            ConditionExpr::Detection(id) => match self.rule.detection(*id) {
                Some((_, detection)) => self.detection(detection)?,
                None => return Err(NotEvaluable("no such detection".to_owned())),
            },
            ConditionExpr::False => false,
            ConditionExpr::Nothing => return Err(NotEvaluable("an empty selector".to_owned())),
        })
    }

    fn conditions(&self, args: &[ConditionExpr]) -> Result<Vec<bool>, NotEvaluable> {
        args.iter().map(|arg| self.condition(arg)).collect()
    }

    /// §2.
    fn detection(&self, detection: &Detection) -> Verdict {
        let entries = detection.entries.iter().map(|entry| match entry {
            DetectionEntry::Item(item) => self.item(item),
            DetectionEntry::Group(group) => self.detection(group),
        });
        let verdicts: Vec<bool> = entries.collect::<Result<_, _>>()?;
        Ok(link(detection.linking, &verdicts))
    }

    fn item(&self, item: &DetectionItem) -> Verdict {
        let values = match &item.field {
            Some(field) => self.field(field),
            None => self.leaves(),
        };
        let mut verdicts = Vec::new();
        for value in &item.values {
            verdicts.push(self.value(value, item, &values)?);
        }
        if item.values.is_empty() {
            verdicts.push(self.value(&Value::Null, item, &values)?);
        }
        // `neq` negates the whole item (§4.2).
        Ok(link(item.linking, &verdicts) != item.is_negated)
    }

    /// §3.4: some element satisfies the predicate.
    fn value(&self, value: &Value, item: &DetectionItem, values: &Values) -> Verdict {
        let has = |modifier| item.modifiers.contains(&modifier);
        let is_base64 = has(Modifier::Base64) || has(Modifier::Base64Offset);
        let any = |holds: &dyn Fn(&str) -> Verdict| {
            let verdicts: Result<Vec<bool>, _> = values.texts.iter().map(|text| holds(text)).collect();
            verdicts.map(|verdicts| verdicts.contains(&true))
        };
        match value {
            Value::Str(text) => any(&|seen| self.string(text, is_base64, item.field.is_none(), seen)),
            Value::Cased(text) => any(&|seen| self.string(text, true, item.field.is_none(), seen)),
            Value::Number(number) => {
                let text = SigmaString::literal(decimal(*number));
                any(&|seen| self.string(&text, false, item.field.is_none(), seen))
            }
            Value::Bool(value) => {
                let text = SigmaString::literal(value.to_string());
                any(&|seen| self.string(&text, false, item.field.is_none(), seen))
            }
            Value::Null if item.field.is_some() => Ok(values.texts.is_empty() && !values.has_object),
            Value::Exists(exists) if item.field.is_some() => Ok(values.is_present == *exists),
            Value::Null | Value::Exists(_) => Err(NotEvaluable("needs a field".to_owned())),
            Value::Regex(regex) => {
                if let Some(name) = regex.pattern.placeholders().next() {
                    return Err(NotEvaluable(format!("%{name}%")));
                }
                let mut pattern = regex.pattern.to_raw();
                if !regex.flags.multiline && !pattern.contains("(?m") {
                    pattern = pcre_ends(&pattern);
                }
                let letters = regex.flags.letters();
                if !letters.is_empty() {
                    pattern = format!("(?{letters}){pattern}");
                }
                any(&|seen| self.evaluator.is_match(pattern.clone(), true, seen))
            }
            Value::Cidr(cidr) => {
                let network = (cidr.network.network(), u32::from(cidr.network.prefix_len()));
                any(&|seen| Ok(lies_in(seen, network)))
            }
            Value::Compare { op, number, part: None } => {
                any(&|seen| Ok(compare(seen, &decimal(*number)).is_some_and(|order| holds(*op, order))))
            }
            Value::Compare { op, number, part: Some(part) } => any(&|seen| {
                let part = part_of(seen, *part);
                let order = part.and_then(|part| compare(&part.to_string(), &decimal(*number)));
                Ok(order.is_some_and(|order| holds(*op, order)))
            }),
            Value::TimePart { part, number } => {
                any(&|seen| Ok(part_of(seen, *part).is_some_and(|part| part.to_string() == decimal(*number))))
            }
            Value::FieldRef { field, starts_with, ends_with } if item.field.is_some() => {
                self.field_ref(field, (*starts_with, *ends_with), has(Modifier::Cased), values)
            }
            Value::FieldRef { .. } => Err(NotEvaluable("needs a field".to_owned())),
            Value::Query { .. } => Err(NotEvaluable("query text".to_owned())),
            Value::Expansion { values: alternatives, .. } => {
                let mut verdict = false;
                for value in alternatives {
                    verdict |= self.value(value, item, values)?;
                }
                Ok(verdict)
            }
        }
    }

    /// §4.2 `fieldref`: some pair of values; `starts` alone leaves the end open, `ends` alone the beginning.
    fn field_ref(
        &self,
        other: &str,
        (starts, ends): (bool, bool),
        is_cased: bool,
        values: &Values,
    ) -> Verdict {
        let mut verdict = false;
        for other in &self.field(other).texts {
            let pattern = anchored(&regex::escape(other), !ends, !starts, is_cased);
            for seen in &values.texts {
                verdict |= self.evaluator.is_match(pattern.clone(), is_cased, seen)?;
            }
        }
        Ok(verdict)
    }

    /// §3.1: without regard to case against the whole value; keywords anywhere in it (§3.6).
    fn string(&self, text: &SigmaString, is_cased: bool, is_keyword: bool, seen: &str) -> Verdict {
        let mut pattern = String::new();
        for part in text.parts() {
            match part {
                Part::Text(text) => pattern.push_str(&regex::escape(text)),
                Part::Many => pattern.push_str(".*"),
                Part::One => pattern.push('.'),
                Part::Placeholder(name) => return Err(NotEvaluable(format!("%{name}%"))),
            }
        }
        let pattern = anchored(&pattern, !is_keyword, !is_keyword, is_cased);
        self.evaluator.is_match(pattern, is_cased, seen)
    }

    /// §3.3, with the other names of the field behind its own.
    fn field(&self, field: &str) -> Values {
        let mut names = vec![field.to_owned()];
        names.extend((self.aliases)(field));
        for name in names {
            let found = self.lookup(&name);
            if !found.is_empty() {
                let mut values = Values { texts: Vec::new(), is_present: true, has_object: false };
                found.into_iter().for_each(|value| flatten(value, &mut values));
                let further = (self.further)(field, &values.texts);
                values.texts.extend(further);
                return values;
            }
        }
        Values { texts: Vec::new(), is_present: false, has_object: false }
    }

    fn lookup(&self, name: &str) -> Vec<Seen<'_>> {
        let event = self.event;
        let of_root = |name: &str| {
            event
                .root()
                .iter()
                .filter(|member| member.key == name)
                .map(|member| member.value)
                .collect::<Vec<_>>()
        };
        let mut found = of_root(name);
        if found.is_empty() {
            found = event.aliases().filter(|member| member.key == name).map(|member| member.value).collect();
        }
        let mounts: Vec<_> = event.mounted().collect();
        if found.is_empty()
            && let Some((first, _)) = mounts.iter().find(|(_, member)| member.key == name)
        {
            let fits =
                |(mount, member): &&(usize, sigyn_event::Member<'_>)| mount == first && member.key == name;
            found = mounts.iter().filter(fits).map(|(_, member)| member.value).collect();
        }
        if let (true, Some((step, rest))) = (found.is_empty(), name.split_once('.')) {
            of_root(step).into_iter().for_each(|value| walk(value, rest, &mut found));
            let mut count = 0;
            while found.is_empty() && mounts.iter().any(|(mount, _)| *mount >= count) {
                for (_, member) in mounts.iter().filter(|(mount, _)| *mount == count) {
                    if member.key == step {
                        walk(member.value, rest, &mut found);
                    }
                }
                count += 1;
            }
        }
        found.extend(event.additional().filter(|member| member.key == name).map(|member| member.value));
        found
    }

    /// §3.6: strings and numbers, wherever they stand.
    fn leaves(&self) -> Values {
        fn collect(value: Seen<'_>, values: &mut Values) {
            match value {
                Seen::Map(map) => map.iter().for_each(|member| collect(member.value, values)),
                Seen::List(list) => list.iter().for_each(|value| collect(value, values)),
                Seen::Bool(_) => {}
                scalar => flatten(scalar, values),
            }
        }
        let mut values = Values { texts: Vec::new(), is_present: true, has_object: false };
        collect(Seen::Map(self.event.root()), &mut values);
        self.event.additional().for_each(|member| collect(member.value, &mut values));
        values
    }
}

fn link(linking: Linking, verdicts: &[bool]) -> bool {
    match linking {
        Linking::And => verdicts.iter().all(|holds| *holds),
        Linking::Or => verdicts.iter().any(|holds| *holds),
    }
}

fn walk<'e>(value: Seen<'e>, path: &str, found: &mut Vec<Seen<'e>>) {
    match value {
        Seen::List(list) => list.iter().for_each(|value| walk(value, path, found)),
        Seen::Map(map) => {
            let (step, rest) = match path.split_once('.') {
                Some((step, rest)) => (step, Some(rest)),
                None => (path, None),
            };
            for member in map.iter().filter(|member| member.key == step) {
                match rest {
                    Some(rest) => walk(member.value, rest, found),
                    None => found.push(member.value),
                }
            }
        }
        _ => {}
    }
}

/// The non-null scalars of a value as text (§3.3, §3.5).
fn flatten(value: Seen<'_>, values: &mut Values) {
    match value {
        Seen::Null => {}
        Seen::Map(_) => values.has_object = true,
        Seen::List(list) => list.iter().for_each(|value| flatten(value, values)),
        Seen::Bool(value) => values.texts.push(value.to_string()),
        Seen::Int(value) => values.texts.push(value.to_string()),
        Seen::Uint(value) => values.texts.push(value.to_string()),
        Seen::Float(value) => values.texts.push(decimal(Number::Float(value))),
        Seen::Text(text) => values.texts.push(text.to_owned()),
    }
}

/// Canonical decimal text (§3.5).
fn decimal(number: Number) -> String {
    match number {
        Number::Int(value) => value.to_string(),
        #[expect(clippy::cast_possible_truncation, reason = "integral and in range")]
        Number::Float(value) if value.fract() == 0.0 && value.abs() < 1e38 => (value as i128).to_string(),
        Number::Float(value) => value.to_string(),
    }
}

fn anchored(pattern: &str, front: bool, back: bool, is_cased: bool) -> String {
    let flags = if is_cased { "(?s)" } else { "(?is)" };
    let (front, back) = (if front { r"\A" } else { "" }, if back { r"\z" } else { "" });
    format!("{flags}{front}(?:{pattern}){back}")
}

/// `$` also matches before a final newline (§4.3).
fn pcre_ends(pattern: &str) -> String {
    let (mut out, mut is_escaped, mut in_class) = (String::new(), false, false);
    for c in pattern.chars() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '[' => in_class = true,
            ']' => in_class = false,
            '$' if !in_class => {
                out.push_str(r"(?:\n?\z)");
                continue;
            }
            _ => {}
        }
        out.push(c);
    }
    out
}

/// §4.2 `cidr`: both sides as 128 bits, IPv4 as mapped.
fn lies_in(text: &str, (network, prefix): (IpAddr, u32)) -> bool {
    let bits = |address: IpAddr| match address {
        IpAddr::V4(v4) => u128::from(v4.to_ipv6_mapped()),
        IpAddr::V6(v6) => u128::from(v6),
    };
    let prefix = if network.is_ipv4() { prefix + 96 } else { prefix };
    let address = match text.split_once('%') {
        Some((address, zone)) if !zone.is_empty() => address.parse::<Ipv6Addr>().map(IpAddr::V6).ok(),
        _ => text.parse::<IpAddr>().ok(),
    };
    let Some(address) = address else { return false };
    // An IPv6 network shorter than the mapped prefix holds no IPv4 address, however it is written.
    let is_v4 = |bits: u128| bits >> 32 == 0xffff;
    if prefix < 96 && is_v4(bits(address)) {
        return false;
    }
    let shift = 128 - prefix;
    bits(address).checked_shr(shift).unwrap_or(0) == bits(network).checked_shr(shift).unwrap_or(0)
}

/// §4.2 `gt` …: digits padded to the same length order as the numbers do.
fn compare(text: &str, limit: &str) -> Option<std::cmp::Ordering> {
    let form = Regex::new(r"\A([+-]?)([0-9]+)(?:\.([0-9]+))?\z").ok()?;
    let cut = |text: &str| {
        let captures = form.captures(text)?;
        let part = |at| captures.get(at).map_or("", |part| part.as_str()).to_owned();
        Some((part(1) == "-", part(2), part(3)))
    };
    let (a, b) = (cut(text)?, cut(limit)?);
    let (whole, fraction) = (a.1.len().max(b.1.len()), a.2.len().max(b.2.len()));
    let digits = |cut: &(bool, String, String)| format!("{:0>whole$}{:0<fraction$}", cut.1, cut.2);
    let (x, y) = (digits(&a), digits(&b));
    let is_zero = |digits: &str| digits.bytes().all(|digit| digit == b'0');
    let sign = |is_negative: bool, digits: &str| {
        if is_zero(digits) {
            0
        } else if is_negative {
            -1
        } else {
            1
        }
    };
    let (sign_x, sign_y) = (sign(a.0, &x), sign(b.0, &y));
    let of_same_sign = if sign_x < 0 { y.cmp(&x) } else { x.cmp(&y) };
    Some(sign_x.cmp(&sign_y).then(if sign_x == 0 { std::cmp::Ordering::Equal } else { of_same_sign }))
}

fn holds(op: CompareOp, order: std::cmp::Ordering) -> bool {
    match op {
        CompareOp::Lt => order.is_lt(),
        CompareOp::Lte => order.is_le(),
        CompareOp::Gt => order.is_gt(),
        CompareOp::Gte => order.is_ge(),
        CompareOp::Neq => order.is_ne(),
    }
}

/// §4.6.
fn part_of(text: &str, part: TimePart) -> Option<i64> {
    let time = DateTime::parse(text)?;
    Some(match part {
        TimePart::Minute => time.minute.into(),
        TimePart::Hour => time.hour.into(),
        TimePart::Day => time.day.into(),
        TimePart::Week => time.iso_week().into(),
        TimePart::Month => time.month.into(),
        TimePart::Year => time.year.into(),
    })
}
