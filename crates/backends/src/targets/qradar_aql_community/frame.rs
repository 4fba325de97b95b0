//! The whole statement: table, fields, log source type; keywords, which depend on the table.

use sigyn_ir::{Data, Number, RuleItem, SigmaString};

use super::{devices, like};
use crate::{Cx, Error, Target};

/// The table, which a pipeline chooses.
fn table(cx: &Cx<'_>) -> String {
    cx.state.get("table").and_then(Data::as_str).unwrap_or("events").to_owned()
}

/// The raw text of an event, or both of a flow.
fn payloads(cx: &Cx<'_>) -> &'static [&'static str] {
    if table(cx) == "flows" {
        &["UTF8(sourcepayload)", "UTF8(destinationpayload)"]
    } else {
        &["UTF8(payload)"]
    }
}

/// The same comparison of every payload.
fn any(cx: &Cx<'_>, compare: impl Fn(&str) -> Result<String, Error>) -> Result<String, Error> {
    let parts = payloads(cx).iter().map(|payload| compare(payload)).collect::<Result<Vec<_>, _>>()?;
    Ok(if parts.len() > 1 && !cx.env.is_reference() {
        format!("({})", parts.join(" OR "))
    } else {
        parts.join(" OR ")
    })
}

/// A string that stands anywhere. The reference compares the whole payload with it.
pub(super) fn keyword_string(cx: &Cx<'_>, value: &SigmaString) -> Result<String, Error> {
    if !cx.env.is_reference() {
        let value = value.clone().contained();
        return any(cx, |payload| like::field(payload, &value, false));
    }
    let text = like::quoted(value, true)?;
    if like::looks_numeric(&text) {
        return any(cx, |payload| Ok(format!("{payload} LIKE {text}")));
    }
    let parts: Vec<_> =
        payloads(cx).iter().map(|payload| format!("LOWER({payload}) LIKE {}", text.to_lowercase())).collect();
    // The reference forgets a blank.
    Ok(parts.join(" OR"))
}

/// A number that stands anywhere.
pub(super) fn keyword_number(cx: &Cx<'_>, value: Number) -> Result<String, Error> {
    if cx.env.is_reference() {
        any(cx, |payload| Ok(format!("{payload} LIKE {value}")))
    } else {
        any(cx, |payload| Ok(format!("{payload} LIKE '%{value}%'")))
    }
}

/// A regular expression that matches anywhere. The reference forgets the quotes, and that flows have two payloads.
pub(super) fn keyword_regex(cx: &Cx<'_>, pattern: &str) -> String {
    match (cx.env.is_reference(), payloads(cx)) {
        (true, [payload]) => format!("{payload} MATCHES {pattern}"),
        (true, [one, other, ..]) => format!("{one} LIKE {pattern} OR {other} MATCHES {pattern}"),
        (_, payloads) => {
            let parts: Vec<_> =
                payloads.iter().map(|payload| format!("{payload} MATCHES '{pattern}'")).collect();
            if parts.len() > 1 { format!("({})", parts.join(" OR ")) } else { parts.concat() }
        }
    }
}

/// The statement.
pub(super) fn query(target: &dyn Target, cx: &Cx<'_>, query: &str) -> String {
    let RuleItem::Rule(rule) = cx.rule else { return query.to_owned() };
    let names = rule.fields.iter().map(|field| target.field_name(cx, field).into_owned());
    let fields: Vec<_> = std::iter::once("*".to_owned()).chain(names).collect();
    let mut types: Vec<i128> = devices::of(&rule.logsource).collect();
    if let Some(more) = cx.state.get("device_types").and_then(Data::as_list) {
        types.extend(more.iter().filter_map(|value| match value {
            Data::Number(Number::Int(number)) => Some(*number),
            _ => None,
        }));
    }
    let types = if cx.env.is_reference() { hashed(&types) } else { sorted(types) };
    let condition = match types.as_slice() {
        [] => query.to_owned(),
        types => {
            let query = if needs_group(query) { format!("({query})") } else { query.to_owned() };
            match types {
                [only] => format!("devicetype={only} AND {query}"),
                several => {
                    let list: Vec<_> = several.iter().map(ToString::to_string).collect();
                    format!("devicetype IN({}) AND {query}", list.join(", "))
                }
            }
        }
    };
    format!("SELECT {} FROM {} WHERE {condition}", fields.join(", "), table(cx))
}

/// Whether an `OR` stands outside of parentheses.
fn needs_group(query: &str) -> bool {
    let mut outside = String::new();
    let mut rest = query;
    while let Some(open) = rest.find('(') {
        outside.push_str(&rest[..open]);
        match closing(&rest[open..]) {
            Some(length) => {
                if outside.contains(" OR ") {
                    return true;
                }
                outside.clear();
                rest = &rest[open + length..];
            }
            None => {
                outside.push('(');
                rest = &rest[open + 1..];
            }
        }
    }
    outside.push_str(rest);
    outside.contains(" OR ")
}

/// How long the text from an opening parenthesis to its closing one is.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at + 1);
        }
    }
    None
}

fn sorted(mut numbers: Vec<i128>) -> Vec<i128> {
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

/// Small numbers in the order in which a Python set yields them: that of its hash table, where a number is its own
/// hash and collisions go to the next places.
fn hashed(numbers: &[i128]) -> Vec<i128> {
    let mut table: Vec<Option<i128>> = vec![None; 8];
    let mut used = 0;
    for &number in numbers {
        let at = place(&table, number);
        if table[at].is_some() {
            continue;
        }
        table[at] = Some(number);
        used += 1;
        if used * 5 >= (table.len() - 1) * 3 {
            let mut size = 8;
            while size <= used * 4 {
                size *= 2;
            }
            let old = std::mem::replace(&mut table, vec![None; size]);
            for number in old.into_iter().flatten() {
                let at = place(&table, number);
                table[at] = Some(number);
            }
        }
    }
    table.into_iter().flatten().collect()
}

/// Where a number is or goes.
fn place(table: &[Option<i128>], number: i128) -> usize {
    const LINEAR_PROBES: usize = 9;
    let mask = table.len() - 1;
    let hash = usize::try_from(number.unsigned_abs()).unwrap_or(0);
    let (mut perturb, mut at) = (hash, hash & mask);
    loop {
        let last = if at + LINEAR_PROBES <= mask { at + LINEAR_PROBES } else { at };
        let is_free_or_it = |slot: &Option<i128>| slot.is_none_or(|found| found == number);
        if let Some(slot) = table[at..=last].iter().position(is_free_or_it) {
            return at + slot;
        }
        perturb >>= 5;
        at = (at * 5 + 1 + perturb) & mask;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_as_in_a_set_of_python() {
        for (numbers, order) in [
            (&[11, 12, 11][..], &[11, 12][..]),
            (&[347, 440, 456, 460, 501], &[456, 460, 501, 440, 347]),
            (&[1, 9, 17, 8], &[8, 1, 9, 17]),
        ] {
            assert_eq!(hashed(numbers), order);
        }
    }

    #[test]
    fn an_or_outside_of_parentheses_needs_some() {
        for (query, expected) in
            [("a OR b", true), ("(a OR b)", false), ("(a OR b) AND c", false), ("((a) OR b", true)]
        {
            assert_eq!(needs_group(query), expected, "{query}");
        }
    }
}
