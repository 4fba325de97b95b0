//! Events as tests write them, into records as logs hold them.
//!
//! An event is a text, which is a record of a log as it stands, or a map of fields. Keys that begin with `$` say how
//! events are made of it: `$at` when it happens, `$times` how often, `$every` how far apart, `$each` lists of values, of
//! which each event has one.

use serde_json::{Map, Value as Json};
use sigyn_diagnostics::Span;
use sigyn_event::Timestamp;
use sigyn_syntax::{Value, nearest};

use crate::suite::Common;
use crate::values::{duration, json, key_text, moment};

const CONTROLS: &[&str] = &["$at", "$times", "$every", "$each", "$text"];
/// Events that one item may stand for.
const TIMES_MAX: usize = 100_000;

/// What is wrong and where.
type Wrong = (String, Span);

/// The records that an item of `events` stands for.
pub(crate) fn expand(item: &Value<'_>, common: &Common) -> Result<Vec<String>, Wrong> {
    if let Some(text) = item.source_text() {
        return Ok(vec![text.to_string()]);
    }
    let pairs = item.as_map().ok_or_else(|| {
        ("an event is a map of fields, or a text that is a record as it stands".to_owned(), item.span)
    })?;
    let mut fields: Vec<(String, Json)> = common.defaults.clone();
    for (key, value) in pairs {
        let name = key_text(key);
        if name.starts_with('$') {
            if !CONTROLS.contains(&name.as_str()) {
                let near = nearest(&name, CONTROLS).map_or(String::new(), |near| format!("; write `{near}`"));
                return Err((format!("events have no `{name}`{near}"), key.span));
            }
        } else {
            set(&mut fields, name, json(value));
        }
    }
    let at = match item.get_some("$at") {
        Some(written) => {
            let text = written.source_text().map_or("", AsRef::as_ref);
            Some(moment(text, common.start).ok_or_else(|| {
                ("`$at` is no time; a span of time like 90s needs a `start`".to_owned(), written.span)
            })?)
        }
        None => None,
    };
    let each = each(item)?;
    let times = times(item, &each)?;
    let every = match item.get_some("$every") {
        Some(written) => {
            let text = written.source_text().map_or("", AsRef::as_ref);
            let span = duration(text)
                .ok_or_else(|| ("`$every` is no span of time like 10s".to_owned(), written.span))?;
            if at.is_none() && item.get("$text").is_none() {
                return Err(("`$every` needs an `$at`".to_owned(), written.span));
            }
            span
        }
        None => 0,
    };
    let text = item.get_some("$text").and_then(Value::source_text);
    (0..times)
        .map(|number| {
            let time = at.and_then(|at| {
                let shift = every.checked_mul(i64::try_from(number).ok()?)?;
                at.0.checked_add(shift).map(Timestamp)
            });
            match text {
                Some(text) => Ok(filled(text, time, &each, number)),
                None => Ok(object(&fields, time, &each, number)),
            }
        })
        .collect()
}

/// The lists of `$each`, by field.
fn each(item: &Value<'_>) -> Result<Vec<(String, Vec<Json>)>, Wrong> {
    let Some(written) = item.get_some("$each") else { return Ok(Vec::new()) };
    let wrong =
        || ("`$each` is a map of fields with lists of values, all equally long".to_owned(), written.span);
    let mut out: Vec<(String, Vec<Json>)> = Vec::new();
    for (key, values) in written.as_map().ok_or_else(wrong)? {
        let values: Vec<Json> = values.as_list().ok_or_else(wrong)?.iter().map(json).collect();
        if values.is_empty() || out.first().is_some_and(|(_, first)| first.len() != values.len()) {
            return Err(wrong());
        }
        out.push((key_text(key), values));
    }
    Ok(out)
}

fn times(item: &Value<'_>, each: &[(String, Vec<Json>)]) -> Result<usize, Wrong> {
    let length = each.first().map_or(1, |(_, values)| values.len());
    let Some(written) = item.get_some("$times") else { return Ok(length) };
    let times = written.source_text().and_then(|text| text.parse().ok());
    times
        .filter(|times| (1..=TIMES_MAX).contains(times))
        .ok_or_else(|| (format!("`$times` is no number from 1 to {TIMES_MAX}"), written.span))
}

fn set(fields: &mut Vec<(String, Json)>, name: String, value: Json) {
    match fields.iter_mut().find(|(known, _)| *known == name) {
        Some((_, old)) => *old = value,
        None => fields.push((name, value)),
    }
}

/// An event as a line of JSON. The time stands first, under the name that any reader takes for one.
fn object(
    fields: &[(String, Json)],
    time: Option<Timestamp>,
    each: &[(String, Vec<Json>)],
    number: usize,
) -> String {
    let mut out = Map::new();
    if let Some(time) = time {
        out.insert("@timestamp".to_owned(), Json::String(time.to_string()));
    }
    out.extend(fields.iter().cloned());
    for (field, values) in each {
        // Fewer values than events: they come again from the first.
        out.extend(values.get(number % values.len().max(1)).map(|value| (field.clone(), value.clone())));
    }
    Json::Object(out).to_string()
}

/// A record as it stands, with `{name}` for values of `$each` and `{time}` for the time.
fn filled(text: &str, time: Option<Timestamp>, each: &[(String, Vec<Json>)], number: usize) -> String {
    let mut out = text.to_owned();
    if let Some(time) = time {
        out = out.replace("{time}", &time.to_string()).replace("{clf_time}", &common_log_time(time));
    }
    for (field, values) in each {
        let value = values.get(number % values.len().max(1));
        let value = value.map_or_else(String::new, |value| match value {
            Json::String(text) => text.clone(),
            other => other.to_string(),
        });
        out = out.replace(&format!("{{{field}}}"), &value);
    }
    out
}

/// A time as access logs of web servers write it.
fn common_log_time(time: Timestamp) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let parts = time.date_time();
    let month = MONTHS.get(usize::from(parts.month).saturating_sub(1)).unwrap_or(&"Jan");
    format!(
        "{:02}/{month}/{:04}:{:02}:{:02}:{:02} +0000",
        parts.day, parts.year, parts.hour, parts.minute, parts.second
    )
}

#[cfg(test)]
mod tests {
    use sigyn_diagnostics::SourceId;
    use sigyn_syntax::Compat;

    use super::*;

    #[test]
    fn one_item_stands_for_several_events() {
        let check = |text: &str, expect: &[&str]| {
            let stream = sigyn_yaml::parse(SourceId::default(), text);
            let root = stream.documents.into_iter().next().unwrap().root.unwrap();
            let value = Value::resolve(root, Compat::Spec, &mut Vec::new());
            let start = Timestamp::parse("2026-03-01T10:00:00Z");
            let got = expand(&value, &Common { start, ..Common::default() });
            match got {
                Ok(texts) => assert_eq!(texts, expect, "{text}"),
                Err((message, _)) => assert_eq!([message.as_str()], expect, "{text}"),
            }
        };
        check("{a: 1, b: x}", &[r#"{"a":1,"b":"x"}"#]);
        check("a line", &["a line"]);
        check(
            "{$at: 1s, $times: 2, $every: 500ms}",
            &[r#"{"@timestamp":"2026-03-01T10:00:01Z"}"#, r#"{"@timestamp":"2026-03-01T10:00:01.500Z"}"#],
        );
        check("{$each: {u: [x, y], n: [1, 2]}}", &[r#"{"u":"x","n":1}"#, r#"{"u":"y","n":2}"#]);
        check("{$each: {u: [x, y]}, $times: 3}", &[r#"{"u":"x"}"#, r#"{"u":"y"}"#, r#"{"u":"x"}"#]);
        check("{$text: '{ip} [{clf_time}]', $at: 0, $each: {ip: [h]}}", &["h [01/Mar/2026:10:00:00 +0000]"]);
        check(
            "{$each: {u: [x, y], n: [1]}}",
            &["`$each` is a map of fields with lists of values, all equally long"],
        );
        check("{$tims: 2}", &["events have no `$tims`; write `$times`"]);
        check("{$every: 2s}", &["`$every` needs an `$at`"]);
        check("[1]", &["an event is a map of fields, or a text that is a record as it stands"]);
        check("{$times: 0}", &["`$times` is no number from 1 to 100000"]);
    }
}
