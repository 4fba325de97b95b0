//! What is said of the documents of a request.

use std::fmt::Write;

use super::request::{Item, Request};

/// Which parts of an answer a client wants (`filter_path`).
struct Wanted<'f> {
    filter: Option<Vec<&'f str>>,
    /// The keys of an item; none are all.
    keys: Vec<&'f str>,
}

impl<'f> Wanted<'f> {
    fn of(filter: Option<&'f str>) -> Self {
        let filter: Option<Vec<&str>> = filter.map(|filter| filter.split(',').collect());
        let items = filter.iter().flatten().filter_map(|path| path.strip_prefix("items."));
        let keys = items.filter_map(|path| path.split('.').nth(1)).collect();
        Self { filter, keys }
    }

    fn part(&self, name: &str) -> bool {
        self.filter.as_ref().is_none_or(|paths| paths.iter().any(|path| path.split('.').next() == Some(name)))
    }

    fn key(&self, name: &str) -> bool {
        self.keys.is_empty() || self.keys.iter().any(|key| *key == name || *key == "*")
    }
}

/// The answer, compact and in this order: some clients look for the text `"errors":false,"items":[`.
pub(super) fn written(request: &Request<'_>, took: i64, filter: Option<&str>) -> String {
    let wanted = Wanted::of(filter);
    let mut out = String::with_capacity(64 + request.items.len() * 160);
    out.push('{');
    if wanted.part("took") {
        let _ = write!(out, "\"took\":{took},");
    }
    if wanted.part("errors") {
        let has_errors = request.items.iter().any(|item| item.error.is_some());
        let _ = write!(out, "\"errors\":{has_errors},");
    }
    if wanted.part("items") {
        let names: Vec<String> = request.indices.iter().map(|index| quoted(&index.name)).collect();
        out.push_str("\"items\":[");
        for (at, item) in request.items.iter().enumerate() {
            let name = names.get(item.index).map_or("\"\"", String::as_str);
            let _ = write!(out, "{{\"{}\":", item.action.name());
            describe(&mut out, item, at, name, &wanted);
            out.push_str("},");
        }
        trim(&mut out);
        out.push_str("],");
    }
    trim(&mut out);
    out.push('}');
    out
}

/// What is said of the one document of a request.
pub(super) fn described(request: &Request<'_>) -> String {
    let mut out = String::new();
    if let (Some(item), Some(index)) = (request.items.first(), request.indices.first()) {
        describe(&mut out, item, 0, &quoted(&index.name), &Wanted::of(None));
    }
    out
}

fn describe(out: &mut String, item: &Item<'_>, at: usize, index: &str, wanted: &Wanted<'_>) {
    let id = item.id.as_ref().map_or_else(|| format!("\"{at}\""), |id| quoted(id));
    let status = item.status.to_string();
    let error = item.error.map(|reason| {
        let is_conflict = item.status == 409;
        let kind =
            if is_conflict { "version_conflict_engine_exception" } else { "illegal_argument_exception" };
        format!("{{\"type\":\"{kind}\",\"reason\":{}}}", quoted(reason))
    });
    let outcome: &[(&str, &str)] = match &error {
        Some(error) => &[("error", error)],
        None => &[
            ("result", if item.status == 200 { "\"updated\"" } else { "\"created\"" }),
            ("_seq_no", "0"),
            ("_primary_term", "1"),
            ("_version", "1"),
            ("_shards", "{\"total\":1,\"successful\":1,\"failed\":0}"),
        ],
    };
    out.push('{');
    for (name, value) in [("_index", index), ("_id", &id), ("status", &status)].iter().chain(outcome) {
        if wanted.key(name) {
            let _ = write!(out, "\"{name}\":{value},");
        }
    }
    trim(out);
    out.push('}');
}

/// Takes a comma off that nothing follows.
fn trim(out: &mut String) {
    if out.ends_with(',') {
        out.pop();
    }
}

/// A text in JSON.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_have_what_is_asked_for() {
        let body =
            b"{\"create\":{\"_index\":\"x\",\"_id\":\"a\\\"\"}}\n{}\n{\"index\":{\"_index\":\"x\"}}\n{}\n";
        let mut request = Request::parse(body, "i").unwrap();
        (request.items[0].status, request.items[0].error) = (409, Some("there"));
        let check = |filter: Option<&str>, expect: &str| {
            let got = written(&request, 1, filter);
            serde_json::from_str::<serde_json::Value>(&got).unwrap();
            assert_eq!(got, expect, "{filter:?}");
        };
        let conflict = "{\"type\":\"version_conflict_engine_exception\",\"reason\":\"there\"}";
        check(
            None,
            &format!(
                "{{\"took\":1,\"errors\":true,\"items\":[{{\"create\":{{\"_index\":\"x\",\"_id\":\"a\\\"\",\"status\":409,\
                 \"error\":{conflict}}}}},{{\"index\":{{\"_index\":\"x\",\"_id\":\"1\",\"status\":201,\"result\":\"created\",\
                 \"_seq_no\":0,\"_primary_term\":1,\"_version\":1,\"_shards\":{{\"total\":1,\"successful\":1,\"failed\":0}}}}}}]}}"
            ),
        );
        check(
            Some("errors,items.*.error,items.*.status"),
            &format!(
                "{{\"errors\":true,\"items\":[{{\"create\":{{\"status\":409,\"error\":{conflict}}}}},{{\"index\":{{\"status\":201}}}}]}}"
            ),
        );
        check(Some("took"), "{\"took\":1}");
        check(Some("nothing"), "{}");
    }
}
