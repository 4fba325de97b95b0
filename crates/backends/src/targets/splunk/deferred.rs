//! What stands behind or before a search.

use blake2::{Blake2s256, Digest};

use crate::{Cx, Deferred};

/// `| regex` behind the search.
pub(super) const REGEX: &str = "regex";
/// `| where 'a'='b'` behind the search.
pub(super) const FIELD_REF: &str = "fieldref";
/// The same with regard to case.
pub(super) const CASED_FIELD_REF: &str = "fieldref|cased";
/// `| rex` and `| eval` before the search.
pub(super) const EVALUATED: &str = "rex";
/// The state that names the fields evaluated before the search.
pub(super) const CONDITION_FIELDS: &str = "deferred_or_condition_fields";

/// The longest name that PCRE takes for a group.
const GROUP_NAME_MAX: usize = 32;

/// The names that an evaluated regular expression uses.
struct Names {
    group: String,
    condition: String,
}

/// Defers the evaluation of a regular expression to a field of its own and returns the field's name.
pub(super) fn evaluate(cx: &mut Cx<'_>, field: String, value: String) -> String {
    let same_field =
        |deferred: &&Deferred| deferred.kind == EVALUATED && deferred.field.as_ref() == Some(&field);
    let count = cx.deferred.iter().filter(same_field).count() + 1;
    let suffix = if count == 1 { String::new() } else { count.to_string() };
    // A group's name must not hold dots.
    let clean = field.rsplit_once('.').map_or(field.as_str(), |(_, last)| last).to_owned();
    let names = Names {
        group: group_name(&clean, &format!("Match{suffix}")),
        condition: format!("{clean}Condition{suffix}"),
    };
    let condition = names.condition.clone();
    let extra = Some(Box::new(names) as _);
    cx.defer(Deferred { kind: EVALUATED, field: Some(field), value, is_negated: false, extra });
    condition
}

fn group_name(clean: &str, suffix: &str) -> String {
    let name = format!("{clean}{suffix}");
    if name.chars().count() <= GROUP_NAME_MAX {
        return name;
    }
    let digest: String = Blake2s256::digest(clean).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    let kept = GROUP_NAME_MAX.saturating_sub(suffix.len() + digest.len());
    let prefix: String = clean.chars().take(kept).collect();
    format!("{prefix}{digest}{suffix}")
}

fn names(deferred: &Deferred) -> Option<&Names> {
    deferred.extra.as_ref().and_then(|extra| extra.downcast_ref())
}

/// The field that an evaluated regular expression sets.
pub(super) fn condition_field(deferred: &Deferred) -> String {
    names(deferred).map_or_else(String::new, |names| names.condition.clone())
}

/// A comparison of two fields: `where` regards case, and where a field is missing it is neither true nor false.
pub(super) fn field_ref(deferred: &Deferred) -> String {
    let (first, second) = (deferred.field.as_deref().unwrap_or("_raw"), &deferred.value);
    let equal = match deferred.kind {
        CASED_FIELD_REF => format!("'{first}'='{second}'"),
        _ => format!("lower('{first}')=lower('{second}')"),
    };
    if !deferred.is_negated {
        return format!("where {equal}");
    }
    format!("where NOT (isnotnull('{first}') AND isnotnull('{second}') AND {equal})")
}

/// A deferred part as a command.
pub(super) fn text(deferred: &Deferred) -> String {
    let field = deferred.field.as_deref().unwrap_or("_raw");
    let value = &deferred.value;
    match (deferred.kind, names(deferred)) {
        (FIELD_REF, _) => {
            format!("where {}'{field}'='{value}'", if deferred.is_negated { "NOT " } else { "" })
        }
        (EVALUATED, Some(Names { group, condition })) => format!(
            "rex field={field} \"(?<{group}>{value})\"\n| eval {condition}=if(isnotnull({group}), \"true\", \"false\")"
        ),
        _ => format!("regex {field}{}\"{value}\"", if deferred.is_negated { "!=" } else { "=" }),
    }
}

/// Moves leading `field=value` terms before the evaluations, so that the index is searched with them first.
pub(super) fn lead_with_plain_terms(cx: &Cx<'_>, query: String) -> String {
    let Some(evaluated) = cx.state.get(CONDITION_FIELDS).and_then(sigyn_ir::Data::as_list) else {
        return query;
    };
    let Some((before, search)) = query.split_once(super::SEARCH) else { return query };
    let mut terms = Vec::new();
    let mut rest = search;
    while let Some((field, length)) = plain_term(rest) {
        if evaluated.iter().any(|name| name.as_str() == Some(field)) {
            break;
        }
        terms.push(rest[..length].trim());
        rest = &rest[length..];
    }
    if terms.is_empty() {
        // A search cannot begin with `| rex`; the reference prints it all the same.
        return if cx.env.is_reference() { query } else { format!("*{query}") };
    }
    format!("{}{before}{}{rest}", terms.join(" "), super::SEARCH)
}

/// A leading `field="value"` or `field=value` with the blanks behind it: the field and the length in bytes.
fn plain_term(text: &str) -> Option<(&str, usize)> {
    let field_end =
        text.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.')).filter(|&end| end > 0)?;
    let value = text[field_end..].strip_prefix('=')?;
    let quoted = value.strip_prefix('"').and_then(|inner| inner.find('"')).map(|end| end + 2);
    let length = match quoted {
        Some(length) => length,
        None => {
            let end = value.find(|c: char| c.is_whitespace() || c == '"' || c == ')').unwrap_or(value.len());
            Some(end).filter(|&end| end > 0)?
        }
    };
    let end = field_end + 1 + length;
    let blanks = text[end..].len() - text[end..].trim_start().len();
    Some((&text[..field_end], end + blanks))
}
