//! Comparisons as plain data: what is shared between rules is decided here.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::{IpNet, Ipv4Net};
use sigyn_ir::{CompareOp, Modifier, Number, SigmaString, TimePart, Value};

use crate::config::{Base64Case, Config};
use crate::pattern::{Case, Pattern, Unresolved};
use crate::regexes::Source;

/// A comparison of one text. Numbers and booleans of events are compared by their text: canonical decimals are
/// equal exactly if the numbers are, and no number reads `true`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Spec {
    Text(Pattern, Case),
    Regex(Source),
    Cidr(IpNet),
    Number(Op, Limit),
    Time(TimePart, Op, Limit),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Op {
    Lt,
    Lte,
    Gt,
    Gte,
    Eq,
    Neq,
}

/// A number of a rule; a decimal by its bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Limit {
    Int(i128),
    Float(u64),
}

/// A comparison of an item, of whatever kind.
pub(crate) enum Test {
    Value(Spec),
    Null,
    Exists(bool),
    FieldRef {
        field: String,
        starts_with: bool,
        ends_with: bool,
        case: Case,
    },
    /// Values that one written value stands for, or-ed.
    Any(Vec<Test>),
}

/// Why the engine cannot take a value.
pub(crate) enum Refusal {
    Placeholder(String),
    Query(String),
    /// A comparison that needs a field, among keywords.
    NeedsField(&'static str),
}

impl From<Unresolved> for Refusal {
    fn from(unresolved: Unresolved) -> Self {
        Refusal::Placeholder(unresolved.0)
    }
}

/// Where a value stands: what else than the value itself says how it is compared.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    has_field: bool,
    is_base64: bool,
}

impl Place {
    pub(crate) fn new(has_field: bool, modifiers: &[Modifier], config: &Config) -> Self {
        let has = |modifier| modifiers.contains(&modifier);
        let is_base64 = has(Modifier::Base64) || has(Modifier::Base64Offset);
        Self { has_field, is_base64: is_base64 && config.base64_case == Base64Case::Sensitive }
    }

    pub(crate) fn test(self, value: &Value) -> Result<Test, Refusal> {
        Ok(Test::Value(match value {
            Value::Str(text) if self.is_base64 => self.text(text, Case::Sensitive)?,
            Value::Str(text) => self.text(text, Case::Insensitive)?,
            Value::Cased(text) => self.text(text, Case::Sensitive)?,
            Value::Number(number) => {
                self.text(&SigmaString::literal(canonical(*number)), Case::Insensitive)?
            }
            Value::Bool(value) => self.text(&SigmaString::literal(value.to_string()), Case::Insensitive)?,
            Value::Regex(regex) => {
                if let Some(name) = regex.pattern.placeholders().next() {
                    return Err(Refusal::Placeholder(name.to_owned()));
                }
                Spec::Regex(Source { text: regex.pattern.to_raw(), flags: regex.flags })
            }
            Value::Cidr(cidr) => Spec::Cidr(normal_network(cidr.network)),
            Value::Compare { op, number, part } => match part {
                None => Spec::Number((*op).into(), (*number).into()),
                Some(part) => Spec::Time(*part, (*op).into(), (*number).into()),
            },
            Value::TimePart { part, number } => Spec::Time(*part, Op::Eq, (*number).into()),
            Value::Null if self.has_field => return Ok(Test::Null),
            Value::Null => return Err(Refusal::NeedsField("null")),
            Value::Exists(exists) if self.has_field => return Ok(Test::Exists(*exists)),
            Value::Exists(_) => return Err(Refusal::NeedsField("exists")),
            Value::FieldRef(other) if self.has_field => {
                let case = if other.is_cased { Case::Sensitive } else { Case::Insensitive };
                let (starts_with, ends_with) = (other.starts_with, other.ends_with);
                return Ok(Test::FieldRef { field: other.field.clone(), starts_with, ends_with, case });
            }
            Value::FieldRef(_) => return Err(Refusal::NeedsField("fieldref")),
            Value::Query { text, .. } => return Err(Refusal::Query(text.clone())),
            Value::Expansion { values, .. } => {
                let tests = values.iter().map(|value| self.test(value));
                return Ok(Test::Any(tests.collect::<Result<_, _>>()?));
            }
        }))
    }

    /// A keyword is looked for anywhere in a value, whatever it says itself (`reference/sigma.md` §3.6).
    fn text(self, text: &SigmaString, case: Case) -> Result<Spec, Refusal> {
        let pattern = if self.has_field {
            Pattern::new(text, case)?
        } else {
            Pattern::new(&text.clone().contained(), case)?
        };
        Ok(Spec::Text(pattern, case))
    }
}

/// The canonical decimal text of a number (`reference/sigma.md` §3.5).
pub(crate) fn canonical(number: Number) -> String {
    match number {
        Number::Int(value) => value.to_string(),
        Number::Float(value) => {
            let mut out = String::new();
            sigyn_event::write_float(&mut out, value);
            out
        }
    }
}

impl From<CompareOp> for Op {
    fn from(op: CompareOp) -> Self {
        match op {
            CompareOp::Lt => Op::Lt,
            CompareOp::Lte => Op::Lte,
            CompareOp::Gt => Op::Gt,
            CompareOp::Gte => Op::Gte,
            CompareOp::Neq => Op::Neq,
        }
    }
}

impl Limit {
    /// The canonical decimal text.
    pub(crate) fn text(self) -> String {
        canonical(match self {
            Limit::Int(value) => Number::Int(value),
            Limit::Float(bits) => Number::Float(f64::from_bits(bits)),
        })
    }
}

impl From<Number> for Limit {
    fn from(number: Number) -> Self {
        match number {
            Number::Int(value) => Limit::Int(value),
            Number::Float(value) => match sigyn_event::integral(value) {
                Some(value) => Limit::Int(value),
                None => Limit::Float(value.to_bits()),
            },
        }
    }
}

/// IPv4 addresses written as IPv6 count as IPv4, on both sides.
fn normal_network(network: IpNet) -> IpNet {
    if let IpNet::V6(v6) = network
        && let (Some(v4), Some(length)) = (v6.network().to_ipv4_mapped(), v6.prefix_len().checked_sub(96))
        && let Ok(v4) = Ipv4Net::new(v4, length)
    {
        return IpNet::V4(v4);
    }
    network
}

/// An address of an event: a zone id is ignored.
pub(crate) fn address(text: &str) -> Option<IpAddr> {
    let address = match text.split_once('%') {
        Some((address, zone)) if !zone.is_empty() && address.contains(':') => address,
        _ => text,
    };
    match address.parse().ok()? {
        IpAddr::V6(v6) => Some(v6.to_ipv4_mapped().map_or(IpAddr::V6(v6), |v4: Ipv4Addr| IpAddr::V4(v4))),
        v4 => Some(v4),
    }
}
