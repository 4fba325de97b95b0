//! `address_prefix_to_cidr`: addresses that start with a text as networks.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use sigyn_diagnostics::{Diagnostic, codes::pipeline as codes};
use sigyn_ir::{Cidr, Compat, Part, Rule, SigmaString, Value};

use crate::{
    item::{Run, Transformation},
    params::{Example, Parameter, Params, Spec},
    walk::{self, NewValue},
};

pub(crate) static SPEC: Spec = Spec {
    name: "address_prefix_to_cidr",
    summary: "Turns values that an address starts with into networks; other values with wildcards are refused.",
    parameters: &[Parameter {
        name: "fields",
        takes: "list of texts",
        default: None,
        summary: "The fields that hold addresses.",
    }],
    examples: &[
        Example {
            title: "a network",
            item: "fields: [ip]",
            before: "{'ip|startswith': '10.1.', other: '10.*'}",
            after: "query: ip=10.1.0.0/16 and other=10.*",
        },
        Example {
            title: "a part of a byte",
            item: "fields: [ip]",
            before: "{ip: '10.1*'}",
            after: "error: transformation-failed: `10.1*` is no network: `ip` supports `startswith` with whole parts of an address only",
        },
    ],
};

#[derive(Debug)]
struct AddressPrefix {
    fields: Vec<String>,
}

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Transformation>> {
    Some(Box::new(AddressPrefix { fields: params.required_texts("fields")? }))
}

impl Transformation for AddressPrefix {
    fn apply(&self, rule: &mut Rule, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        walk::values(rule, run, |field, value, run| {
            let Some(field) = field.filter(|field| self.fields.iter().any(|known| known == field)) else {
                return Ok(NewValue::Kept);
            };
            let is_reference = run.cx.reading == Compat::PySigma;
            let text = match value {
                Value::Str(text) | Value::Cased(text) => text,
                // The reference stumbles over anything that is no text.
                _ if is_reference => {
                    let message = format!("the value of `{field}` is no text");
                    return Err(run.fail(&codes::TRANSFORMATION, message));
                }
                _ => return Ok(NewValue::Kept),
            };
            if !text.has_wildcard() {
                return Ok(NewValue::Kept);
            }
            match network(text, is_reference) {
                Some(cidr) => Ok(NewValue::Become(vec![Value::Cidr(cidr)])),
                None => {
                    let message = format!(
                        "`{text}` is no network: `{field}` supports `startswith` with whole parts of an address only"
                    );
                    Err(run.fail(&codes::TRANSFORMATION, message))
                }
            }
        })
    }
}

/// The addresses that start with a text.
fn network(text: &SigmaString, is_reference: bool) -> Option<Cidr> {
    let prefix = match text.parts() {
        [Part::Text(prefix), Part::Many] => prefix.as_str(),
        _ => return None,
    };
    // The reference reads `10.1*` as `10.1.*`.
    if !is_reference && !prefix.ends_with(['.', ':']) {
        return None;
    }
    let (first, last) = range(prefix)?;
    let network = match (first, last) {
        (IpAddr::V4(first), IpAddr::V4(last)) => {
            let length = prefix_length(u128::from(u32::from(first)), u128::from(u32::from(last)), 32);
            format!("{first}/{length}")
        }
        (IpAddr::V6(first), IpAddr::V6(last)) => {
            let length = prefix_length(u128::from(first), u128::from(last), 128);
            format!("{first}/{length}")
        }
        _ => return None,
    };
    Some(Cidr { network: network.parse().ok()?, text: network })
}

/// The length of the first network of a range of addresses.
fn prefix_length(first: u128, last: u128, bits: u32) -> u32 {
    let free = if first == 0 { bits } else { first.trailing_zeros().min(bits) };
    let span = last.saturating_sub(first).saturating_add(1);
    bits - free.min(128 - span.leading_zeros() - 1).min(bits)
}

/// The first and the last address; a text with a colon or of hexadecimal digits alone is taken for IPv6.
fn range(prefix: &str) -> Option<(IpAddr, IpAddr)> {
    let is_v6 = prefix.chars().all(|c| c.is_ascii_hexdigit() || c == ':')
        && prefix.split(':').count() <= 8
        && prefix.split(':').all(|part| part.len() <= 4);
    if is_v6 {
        if prefix.contains("::") {
            let whole: Ipv6Addr = prefix.parse().ok()?;
            return Some((whole.into(), whole.into()));
        }
        let fill = |default: &'static str| -> Option<IpAddr> {
            let parts: Vec<_> = (0..8).map(|at| part(prefix, ':', at).unwrap_or(default)).collect();
            parts.join(":").parse::<Ipv6Addr>().ok().map(IpAddr::from)
        };
        return Some((fill("0000")?, fill("ffff")?));
    }
    let is_v4 = prefix.chars().all(|c| c.is_ascii_digit() || c == '.') && prefix.split('.').count() <= 4;
    if !is_v4 {
        return None;
    }
    let fill = |default: &'static str| -> Option<IpAddr> {
        let parts: Vec<_> = (0..4).map(|at| part(prefix, '.', at).unwrap_or(default)).collect();
        parts.join(".").parse::<Ipv4Addr>().ok().map(IpAddr::from)
    };
    Some((fill("0")?, fill("255")?))
}

/// A part of an address, if it is there and not empty.
fn part(text: &str, separator: char, at: usize) -> Option<&str> {
    text.split(separator).nth(at).filter(|part| !part.is_empty())
}
