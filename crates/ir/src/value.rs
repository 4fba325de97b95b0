//! Values of detection items, modifiers applied.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use crate::{Number, SigmaString};

/// A value that a field or the whole event is compared with.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Text with wildcards, compared without regard to case.
    Str(SigmaString),
    /// Text with wildcards, compared with regard to case (`cased`).
    Cased(SigmaString),
    /// A number.
    Number(Number),
    /// True or false.
    Bool(bool),
    /// No value.
    Null,
    /// A regular expression (`re`).
    Regex(Regex),
    /// A network (`cidr`).
    Cidr(Cidr),
    /// A comparison (`gt`, `gte`, `lt`, `lte`); with `part`, of a part of a timestamp.
    Compare {
        /// The operator.
        op: CompareOp,
        /// What is compared with.
        number: Number,
        /// The part of the timestamp that is compared, if any.
        part: Option<TimePart>,
    },
    /// The value of another field (`fieldref`).
    FieldRef(FieldRef),
    /// Whether the field is there (`exists`).
    Exists(bool),
    /// A part of a timestamp (`minute` … `year`).
    TimePart {
        /// The part.
        part: TimePart,
        /// What it must be.
        number: Number,
    },
    /// Query text of the target, put in by a pipeline; `{field}` and `{id}` are filled in when printed.
    Query {
        /// The text.
        text: String,
        /// The name that the pipeline gave.
        id: String,
    },
    /// Values that one written value stands for: or-ed, also under `all`.
    Expansion {
        /// Which modifier made it.
        kind: ExpansionKind,
        /// The values, in the reference's order.
        values: Vec<Value>,
    },
}

/// A comparison with another field of the same event.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FieldRef {
    /// The other field.
    pub field: String,
    /// The field's value starts with the other's.
    pub starts_with: bool,
    /// The field's value ends with the other's; with `starts_with`: contains it.
    pub ends_with: bool,
    /// Case counts (`cased`).
    pub is_cased: bool,
}

/// Where an [`Value::Expansion`] comes from; the engine compiles some of them better than as a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExpansionKind {
    /// `windash`.
    Windash,
    /// `base64offset`.
    Base64Offset,
    /// A pipeline or `expand`.
    Pipeline,
    /// A number and the text that the rule writes for it, where that is not the canonical one: `1.50` is the number 1.5
    /// and equals the text `1.50` too (`reference/sigma.md` §3.5). The number comes first.
    Written,
}

/// A regular expression. Kept as a string of parts because placeholders may stand in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Regex {
    /// The pattern; print it with [`SigmaString::to_raw`].
    pub pattern: SigmaString,
    /// The flags.
    pub flags: RegexFlags,
}

/// Flags of a regular expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct RegexFlags {
    /// `i`: without regard to case.
    pub ignore_case: bool,
    /// `m`: `^` and `$` match at lines.
    pub multiline: bool,
    /// `s`: the dot matches newlines.
    pub dotall: bool,
}

impl RegexFlags {
    /// The letters of the flags that are set, in alphabetical order.
    pub fn letters(self) -> String {
        let flags = [(self.ignore_case, 'i'), (self.multiline, 'm'), (self.dotall, 's')];
        flags.into_iter().filter(|(set, _)| *set).map(|(_, letter)| letter).collect()
    }
}

/// A network.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cidr {
    /// As written in the rule.
    pub text: String,
    /// Masked: no bits behind the prefix.
    pub network: IpNet,
}

/// A numeric comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum CompareOp {
    Lt,
    Lte,
    Gt,
    Gte,
    Neq,
}

/// A part of a timestamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum TimePart {
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

/// A value modifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Modifier {
    All,
    Neq,
    Base64,
    Base64Offset,
    Cased,
    Cidr,
    Contains,
    Startswith,
    Endswith,
    Exists,
    Expand,
    Fieldref,
    Gt,
    Gte,
    Lt,
    Lte,
    Re,
    IgnoreCase,
    Multiline,
    Dotall,
    Utf16,
    Utf16be,
    Wide,
    Windash,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

crate::meta::names!(CompareOp { Lt = "lt", Lte = "lte", Gt = "gt", Gte = "gte", Neq = "neq" });

crate::meta::names!(TimePart {
    Minute = "minute",
    Hour = "hour",
    Day = "day",
    Week = "week",
    Month = "month",
    Year = "year",
});

crate::meta::names!(Modifier {
    All = "all",
    Neq = "neq",
    Base64 = "base64",
    Base64Offset = "base64offset",
    Cased = "cased",
    Cidr = "cidr",
    Contains = "contains",
    Startswith = "startswith",
    Endswith = "endswith",
    Exists = "exists",
    Expand = "expand",
    Fieldref = "fieldref",
    Gt = "gt",
    Gte = "gte",
    Lt = "lt",
    Lte = "lte",
    Re = "re",
    IgnoreCase = "i",
    Multiline = "m",
    Dotall = "s",
    Utf16 = "utf16",
    Utf16be = "utf16be",
    Wide = "wide",
    Windash = "windash",
    Minute = "minute",
    Hour = "hour",
    Day = "day",
    Week = "week",
    Month = "month",
    Year = "year",
});

impl Cidr {
    /// The network as strings with `*`, for targets without networks: IPv4 split at whole bytes, IPv6 at hex
    /// digits, in the order of the addresses (what pySigma's `SigmaCIDRExpression.expand` gives).
    pub fn patterns(&self) -> Vec<String> {
        match self.network {
            IpNet::V4(network) => {
                let bytes = network.prefix_len().div_ceil(8);
                let subnets = network.subnets(bytes * 8).into_iter().flatten();
                subnets.map(|subnet| ipv4_pattern(subnet.network(), usize::from(bytes))).collect()
            }
            IpNet::V6(network) => {
                let digits = network.prefix_len().div_ceil(4);
                let subnets = network.subnets(digits * 4).into_iter().flatten();
                subnets.map(|subnet| ipv6_pattern(subnet.network(), subnet.broadcast())).collect()
            }
        }
    }
}

fn ipv4_pattern(address: Ipv4Addr, fixed_bytes: usize) -> String {
    let groups: Vec<String> = address.octets().iter().take(fixed_bytes).map(u8::to_string).collect();
    match fixed_bytes {
        0 => "*".to_owned(),
        4 => groups.join("."),
        _ => groups.join(".") + ".*",
    }
}

/// The text that the first and the last address begin with, and `*`. A last address that only goes on where the
/// first one ends (`2001:db8::` and `2001:db8::ffff:…`) shares all of the first.
fn ipv6_pattern(first: Ipv6Addr, last: Ipv6Addr) -> String {
    let text = first.to_string();
    if first == last {
        return text;
    }
    let last = last.to_string();
    let shared = text.bytes().zip(last.bytes()).take_while(|(a, b)| a == b).count();
    format!("{}*", &text[..shared])
}
