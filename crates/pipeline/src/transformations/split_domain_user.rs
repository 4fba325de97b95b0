//! `split_domain_user`: `DOMAIN\user` into two fields.

use std::collections::HashMap;

use sigyn_diagnostics::{Diagnostic, codes::pipeline as codes};
use sigyn_ir::{Compat, Detection, DetectionEntry, DetectionItem, Linking, Part, Rule, SigmaString, Value};

use crate::{
    item::{Run, Transformation},
    params::{Example, Parameter, Params, Spec},
    walk::{self, Outcome},
};

pub(crate) static SPEC: Spec = Spec {
    name: "split_domain_user",
    summary: r"Splits values such as `DOMAIN\user` over the field of the user and that of its domain; a wildcard may stand for the backslash.",
    parameters: &[Parameter {
        name: "domains",
        takes: "map of text to text",
        default: None,
        summary: "For each field of a user the field of its domain.",
    }],
    examples: &[
        Example {
            title: "a name and a part of a domain",
            item: "domains: {User: Domain}",
            before: r"{User: ['NT AUTHORITY\SYSTEM', '*AUTHORI*', guest]}",
            after: "query: (User=SYSTEM and Domain=NT AUTHORITY) or (User=*AUTHORI* or Domain=*AUTHORI*) or User=guest",
        },
        Example {
            title: "the end of a name, the start of a domain",
            item: "domains: {User: Domain}",
            before: r"{User: ['*SYSTEM', 'NT AUT*']}",
            after: "query: User=*SYSTEM or (Domain=NT AUT* or (User=NT AUT* and Domain=null))",
        },
    ],
};

/// Alternatives of comparisons that hold together.
type Alternatives = Vec<Vec<(String, Value)>>;

#[derive(Debug)]
struct SplitDomainUser(HashMap<String, String>);

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Transformation>> {
    params.required("domains")?;
    Some(Box::new(SplitDomainUser(params.text_map("domains").into_iter().collect())))
}

impl Transformation for SplitDomainUser {
    fn apply(&self, rule: &mut Rule, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        walk::detection_items(rule, run, |item, run| {
            let Some((user, domain)) = item.field.as_ref().and_then(|field| self.0.get_key_value(field)) else {
                return Ok(Outcome::Kept);
            };
            let is_reference = run.cx.reading == Compat::PySigma;
            let mut groups = Vec::with_capacity(item.values.len());
            for value in &item.values {
                groups.push(if is_reference {
                    as_reference(item, value, user, domain, run)?
                } else {
                    let alternatives = split(value, user, domain)
                        .map_err(|message| run.fail(&codes::TRANSFORMATION, message))?;
                    group(item, alternatives)
                });
            }
            let linking = if is_reference { Linking::Or } else { flip(item.linking, item.is_negated) };
            let all = Detection::new(groups, linking, item.span);
            Ok(Outcome::Replaced(DetectionEntry::Group(all)))
        })
    }
}

fn flip(linking: Linking, is_negated: bool) -> Linking {
    match (linking, is_negated) {
        (linking, false) => linking,
        (Linking::Or, true) => Linking::And,
        (Linking::And, true) => Linking::Or,
    }
}

/// Alternatives as a group; a negated one is turned inside out.
fn group(item: &DetectionItem, alternatives: Alternatives) -> DetectionEntry {
    let entries = alternatives.into_iter().map(|together| {
        let items = together.into_iter().map(|(field, value)| {
            let new = DetectionItem::new(Some(field), vec![value], item.span);
            DetectionEntry::Item(DetectionItem { is_negated: item.is_negated, ..new })
        });
        let linking = flip(Linking::And, item.is_negated);
        DetectionEntry::Group(Detection::new(items.collect(), linking, item.span))
    });
    let linking = flip(Linking::Or, item.is_negated);
    DetectionEntry::Group(Detection::new(entries.collect(), linking, item.span))
}

fn split(value: &Value, user: &str, domain: &str) -> Result<Alternatives, String> {
    let alternatives = |text: &SigmaString, wrap: fn(SigmaString) -> Value| {
        split_text(text, user, domain, wrap)
    };
    match value {
        Value::Str(text) => alternatives(text, Value::Str),
        Value::Cased(text) => alternatives(text, Value::Cased),
        Value::Null | Value::Exists(_) => Ok(vec![vec![(user.to_owned(), value.clone())]]),
        Value::Expansion { values, .. } => {
            let mut all = Vec::new();
            for value in values {
                all.append(&mut split(value, user, domain)?);
            }
            Ok(all)
        }
        _ => Err("only texts can be split into domain and user".to_owned()),
    }
}

/// Where the backslash of `DOMAIN\user` may stand: at the one in the text, or within any wildcard.
fn split_text(
    text: &SigmaString,
    user: &str,
    domain: &str,
    wrap: fn(SigmaString) -> Value,
) -> Result<Alternatives, String> {
    let is_any = |part: &SigmaString| part.parts() == [Part::Many];
    let both = |of_domain: SigmaString, of_user: SigmaString| {
        let mut together = Vec::new();
        if !is_any(&of_user) {
            together.push((user.to_owned(), wrap(of_user)));
        }
        if !is_any(&of_domain) {
            together.push((domain.to_owned(), wrap(of_domain)));
        }
        together
    };
    let slashes: usize = text.parts().iter().map(|part| match part {
        Part::Text(text) => text.matches('\\').count(),
        _ => 0,
    }).sum();
    match slashes {
        0 => {}
        1 => {
            let (of_domain, of_user) = at_backslash(text);
            let together = both(of_domain, of_user);
            return Ok(if together.is_empty() { vec![vec![(user.to_owned(), wrap(text.clone()))]] } else { vec![together] });
        }
        _ => return Err(format!("`{text}` has more than one backslash, so domain and user cannot be told apart")),
    }
    let parts = text.parts();
    let mut all = Alternatives::new();
    let mut no_domain = vec![(user.to_owned(), wrap(text.clone()))];
    if text.has_wildcard() && !text.starts_with_many() {
        // Only an account without a domain begins like that.
        no_domain.push((domain.to_owned(), Value::Null));
    }
    for (at, part) in parts.iter().enumerate() {
        let (front, back) = match part {
            Part::Many => (at + 1, at),
            Part::One => (at, at + 1),
            _ => continue,
        };
        let of_domain = SigmaString::from_parts(parts[..front].iter().cloned());
        let of_user = SigmaString::from_parts(parts[back..].iter().cloned());
        let together = both(of_domain, of_user);
        // A wildcard at the start leaves the user as it is: that is the account without a domain, too.
        if !together.is_empty() && at > 0 {
            all.push(together);
        }
    }
    if text.starts_with_many() { all.insert(0, no_domain) } else { all.push(no_domain) }
    Ok(all)
}

fn at_backslash(text: &SigmaString) -> (SigmaString, SigmaString) {
    let (mut before, mut behind) = (SigmaString::default(), SigmaString::default());
    let mut is_found = false;
    for part in text.parts() {
        match part {
            Part::Text(text) if !is_found && text.contains('\\') => {
                let (left, right) = text.split_once('\\').unwrap_or((text, ""));
                before.push(Part::Text(left.to_owned()));
                behind.push(Part::Text(right.to_owned()));
                is_found = true;
            }
            part if is_found => behind.push(part.clone()),
            part => before.push(part.clone()),
        }
    }
    (before, behind)
}

/// The reference splits at a single backslash and looks for everything else in the user alone; a text with
/// several becomes several values.
fn as_reference(
    item: &DetectionItem,
    value: &Value,
    user: &str,
    domain: &str,
    run: &Run<'_>,
) -> Result<DetectionEntry, Diagnostic> {
    let plain = match value {
        Value::Str(text) | Value::Cased(text) => text.to_plain(),
        Value::Regex(regex) => regex.pattern.to_plain(),
        _ => return Err(run.fail(&codes::TRANSFORMATION, "only texts can be split into domain and user")),
    };
    let entry = |field: &str, texts: &[&str]| {
        let values = texts.iter().map(|text| Value::Str(SigmaString::parse(text))).collect();
        DetectionEntry::Item(DetectionItem::new(Some(field.to_owned()), values, item.span))
    };
    let texts: Vec<&str> = plain.split('\\').collect();
    let entries = match texts.as_slice() {
        [of_domain, of_user] => vec![entry(user, &[of_user]), entry(domain, &[of_domain])],
        texts => vec![entry(user, texts)],
    };
    Ok(DetectionEntry::Group(Detection::new(entries, Linking::And, item.span)))
}
