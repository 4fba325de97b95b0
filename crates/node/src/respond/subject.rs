//! Signals as alerting and blocking see them.

use serde_json::Value;
use sigyn_respond::{Level, Subject};
use sigyn_store::Id;
use sigyn_store::catalog::{Named, NewSignal, View};

use crate::body::{Body, Piece};
use crate::book::Book;

/// Lists of forwarded addresses that are looked at.
const FORWARDED_MAX: usize = 50;
/// What the last part of a field's name is that holds such a list, in small letters, with `_` for every other sign.
const FORWARDED: &[&str] =
    &["x_forwarded_for", "http_x_forwarded_for", "forwarded_for", "forwarded_ip", "xff"];

/// A signal that is being written.
pub(crate) fn of_new(signal: &NewSignal<'_>, body: &Body, book: &Book) -> Subject {
    let entities = signal.entities.iter().map(|(kind, value)| ((*kind).to_owned(), (*value).to_owned()));
    let (sources, forwarded) = evidence(body);
    Subject {
        id: signal.id.to_string(),
        rule: signal.rule.to_owned(),
        title: signal.title.to_owned(),
        level: level(signal.level),
        risk: signal.risk,
        tags: tags(signal.rule, book),
        ts: signal.ts,
        last_seen: signal.last_seen,
        group: signal.group.to_owned(),
        total: signal.total,
        entities: entities.collect(),
        why: body.why.clone(),
        sources,
        forwarded,
    }
}

/// A signal as it stands in the catalog; none if it is not there.
///
/// # Errors
/// What the catalog says.
pub fn of_stored(view: &View<'_>, id: Id, book: &Book) -> sigyn_store::Result<Option<Subject>> {
    let Some(signal) = view.signal(id)? else { return Ok(None) };
    let body = view.signal_body(id)?.and_then(|text| serde_json::from_str::<Body>(&text).ok());
    let body = body.unwrap_or_default();
    let (sources, forwarded) = evidence(&body);
    Ok(Some(Subject {
        id: id.to_string(),
        level: level(signal.level),
        risk: signal.risk,
        tags: tags(&signal.rule, book),
        ts: signal.ts,
        last_seen: signal.last_seen,
        total: signal.total,
        entities: view.signal_entities(id)?,
        why: body.why.clone(),
        rule: signal.rule,
        title: signal.title,
        group: signal.group,
        sources,
        forwarded,
    }))
}

fn level(level: sigyn_store::catalog::Level) -> Level {
    // The two lists have the same words; a test says so.
    serde_json::from_value(level.name().into()).unwrap_or_default()
}

fn tags(rule: &str, book: &Book) -> Vec<String> {
    let tags = book.get(rule).map(|(_, item)| item.meta().tags.as_slice()).unwrap_or_default();
    tags.iter().map(|tag| format!("{}.{}", tag.namespace, tag.name)).collect()
}

/// Who sent the events, and for whom proxies say they speak.
fn evidence(body: &Body) -> (Vec<String>, Vec<String>) {
    let (mut sources, mut forwarded) = (Vec::new(), Vec::new());
    gather(&body.evidence, &mut sources, &mut forwarded);
    (sources, forwarded)
}

fn gather(pieces: &[Piece], sources: &mut Vec<String>, forwarded: &mut Vec<String>) {
    for piece in pieces {
        if !piece.source.is_empty() && !sources.contains(&piece.source) {
            sources.push(piece.source.clone());
        }
        let event = piece.event.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok());
        if let Some(event) = event
            && forwarded.len() < FORWARDED_MAX
        {
            find_forwarded("", &event, forwarded);
        }
        gather(&piece.evidence, sources, forwarded);
    }
}

fn find_forwarded(name: &str, value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(name, value)| find_forwarded(name, value, found)),
        Value::Array(items) => {
            // Several headers of the same name are one list.
            let texts: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            match texts.len() == items.len() && !texts.is_empty() {
                true => find_forwarded(name, &Value::from(texts.join(",")), found),
                false => items.iter().for_each(|value| find_forwarded(name, value, found)),
            }
        }
        Value::String(text) => {
            let last = name.rsplit('.').next().unwrap_or_default();
            let plain: String = last
                .chars()
                .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' })
                .collect();
            if FORWARDED.contains(&plain.as_str()) && found.len() < FORWARDED_MAX {
                found.push(text.clone());
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_have_the_same_words() {
        for (stored, name) in sigyn_store::catalog::Level::ALL {
            assert_eq!(level(*stored).name(), *name);
        }
    }

    #[test]
    fn proxies_say_for_whom_they_speak() {
        let check = |event: &str, expect: &[&str]| {
            let mut found = Vec::new();
            find_forwarded("", &serde_json::from_str(event).unwrap(), &mut found);
            assert_eq!(found, expect, "{event}");
        };
        check(r#"{"source.ip":"1.1.1.1","X-Forwarded-For":"2.2.2.2, 3.3.3.3"}"#, &["2.2.2.2, 3.3.3.3"]);
        check(
            r#"{"http":{"request":{"headers":{"x-forwarded-for":["2.2.2.2","3.3.3.3"]}}}}"#,
            &["2.2.2.2,3.3.3.3"],
        );
        check(r#"{"network.forwarded_ip":"2.2.2.2"}"#, &["2.2.2.2"]);
        check(r#"{"url.query":"X-Forwarded-For: 2.2.2.2","x":{"forwarded":"y"}}"#, &[]);
    }
}
