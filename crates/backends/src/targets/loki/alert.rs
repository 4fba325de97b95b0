//! Alert rules: Loki's ruler and Grafana's provisioning.

use md5::{Digest, Md5};
use sigyn_diagnostics::codes;
use sigyn_ir::{Data, Level, Number, RuleItem};

use crate::{Error, Options};

/// A title as a name: everything but letters, digits, `_` and `:` becomes `_`.
fn name(title: &str) -> String {
    let mut name = String::with_capacity(title.len());
    let mut is_gap = false;
    for c in title.chars() {
        let is_kept = c.is_ascii_alphanumeric() || matches!(c, '_' | ':');
        if is_kept {
            name.push(c);
        } else if !is_gap {
            name.push('_');
        }
        is_gap = !is_kept;
    }
    name.trim_matches('_').to_owned()
}

/// Whether a query is a metric already, as those of correlations are.
fn is_metric(item: &RuleItem) -> bool {
    matches!(item, RuleItem::Correlation(_))
}

/// A rule of Loki's ruler. The reference counts the samples of a correlation's metric as if they were lines.
pub(super) fn ruler(item: &RuleItem, query: &str, is_reference: bool) -> Data {
    let meta = item.meta();
    let mut annotations = vec![
        ("description", meta.description.as_deref().map_or(Data::Null, Data::from)),
        ("summary", meta.title.as_str().into()),
    ];
    if let Some(author) = meta.author.as_deref().filter(|author| !author.is_empty()) {
        annotations.push(("author", author.into()));
    }
    let expr = match (is_reference, is_metric(item)) {
        (true, _) => format!("sum(count_over_time({query} [1m])) or vector(0) > 0"),
        (false, true) => query.to_owned(),
        (false, false) => format!("sum(count_over_time({query} [1m])) > 0"),
    };
    let labels = meta.level.map(|level| ("severity", level.as_str().into()));
    Data::map([
        ("alert", name(&meta.title).into()),
        ("annotations", Data::map(annotations)),
        ("expr", expr.into()),
        ("labels", Data::map(labels)),
    ])
}

/// A rule of Grafana's alerting.
pub(super) fn grafana(item: &RuleItem, query: &str, options: &Options, is_reference: bool) -> Data {
    let meta = item.meta();
    let uid = meta.id.clone().unwrap_or_else(|| {
        let digest = Md5::digest(&meta.title);
        digest.iter().take(7).map(|byte| format!("{byte:02x}")).collect()
    });
    let looks_metric =
        || ["sum", "count", "avg", "min", "max"].iter().any(|name| query.trim_start().starts_with(name));
    let is_metric = if is_reference { looks_metric() } else { is_metric(item) };
    let group_by = options.text("loki_group_by_field", "");
    let expr = match (is_metric, group_by.as_str()) {
        (true, _) => query.to_owned(),
        (false, "") => format!("sum(count_over_time({query}[1m])) > 0"),
        (false, label) => format!("sum by ({label})(count_over_time({query}[1m])) > 0"),
    };
    let mut labels = Vec::new();
    if let Some(level) = meta.level {
        let severity = match level {
            Level::Critical => "critical",
            Level::High => "warning",
            Level::Medium | Level::Low | Level::Informational => "info",
        };
        labels.push(("severity", severity.into()));
    }
    if let Some(id) = &meta.id {
        labels.push(("sigma_id", id.as_str().into()));
    }
    let description = meta.description.as_deref().filter(|text| !text.is_empty()).unwrap_or(&meta.title);
    Data::map([
        ("uid", uid.into()),
        ("title", name(&meta.title).into()),
        ("condition", "A".into()),
        ("data", Data::List(vec![grafana_query(expr, &options.text("grafana_datasource_uid", "loki"))])),
        ("noDataState", "OK".into()),
        ("execErrState", "OK".into()),
        (
            "annotations",
            Data::map([("summary", meta.title.as_str().into()), ("description", description.into())]),
        ),
        ("labels", Data::map(labels)),
        ("isPaused", false.into()),
        (
            "notification_settings",
            Data::map([("receiver", options.text("grafana_contact_point", "default").into())]),
        ),
    ])
}

fn grafana_query(expr: String, datasource: &str) -> Data {
    Data::map([
        ("refId", "A".into()),
        ("queryType", "instant".into()),
        ("relativeTimeRange", Data::map([("from", 600.into()), ("to", 0.into())])),
        ("datasourceUid", datasource.into()),
        (
            "model",
            Data::map([
                ("direction", "backward".into()),
                ("editorMode", "code".into()),
                ("expr", expr.into()),
                ("instant", true.into()),
                ("intervalMs", 1000.into()),
                ("maxDataPoints", 43_200.into()),
                ("queryType", "instant".into()),
                ("refId", "A".into()),
            ]),
        ),
    ])
}

/// The file of Loki's ruler.
pub(super) fn ruler_file(rules: Vec<Data>) -> Data {
    let group = Data::map([("name", "Sigma rules".into()), ("rules", Data::List(rules))]);
    Data::map([("groups", Data::List(vec![group]))])
}

/// The file of Grafana's provisioning. The error: the organisation is no number.
pub(super) fn grafana_file(rules: Vec<Data>, options: &Options) -> Result<Data, Error> {
    let interval = options.text("grafana_interval", "1m");
    let organisation = options.text("grafana_org_id", "1");
    let Ok(number) = organisation.trim().parse() else {
        let message = format!("the option `grafana_org_id` must be a number, not `{organisation}`");
        return Err(Error { code: &codes::backend::BAD_OPTION, ..Error::value(message) });
    };
    let group = Data::map([
        ("orgId", Data::Number(Number::Int(number))),
        ("name", interval.as_str().into()),
        ("folder", options.text("grafana_folder", "sigma").into()),
        ("interval", interval.as_str().into()),
        ("rules", Data::List(rules)),
    ]);
    Ok(Data::map([("apiVersion", 1.into()), ("groups", Data::List(vec![group]))]))
}

/// Data as Python prints it: how a document comes to stand inside a query of the reference.
pub(super) fn python(data: &Data) -> String {
    let pairs = |open: &str, items: Vec<String>, close: &str| format!("{open}{}{close}", items.join(", "));
    match data {
        Data::Null => "None".to_owned(),
        Data::Bool(value) => if *value { "True" } else { "False" }.to_owned(),
        Data::Number(number) => number.to_string(),
        Data::Text(text) => python_text(text),
        Data::List(items) => pairs("[", items.iter().map(python).collect(), "]"),
        Data::Map(entries) => {
            let entry = |(key, value): &(String, Data)| format!("{}: {}", python_text(key), python(value));
            pairs("{", entries.iter().map(entry).collect(), "}")
        }
    }
}

fn python_text(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::from(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}
