//! The whole query: stream selector, line filters, parser, label filters, further stages.

use sigyn_ir::{Data, Rule};

use super::pattern::label_name;
use super::writer::{Part, Stages};

/// The custom attribute that names the parser.
const PARSER: &str = "loki_parser";
/// The custom attribute that holds the stream selector.
const SELECTOR: &str = "logsource_loki_selection";

/// The query of a condition.
pub(super) fn query(rule: &Rule, condition: Part, stages: Stages, is_reference: bool) -> String {
    let parser = parser(rule);
    let filters = match condition {
        Part::Text(text) if !text.is_empty() => format!("{parser} {text}"),
        _ => String::new(),
    };
    let mut has_parser = !filters.is_empty();
    let mut query = filters;
    if stages.len() > 0 {
        let made = if stages.formats.is_empty() {
            String::new()
        } else {
            let start = if has_parser { "| ".to_owned() } else { format!("{parser} ") };
            has_parser = true;
            format!("{start}label_format {} | {}", stages.formats.join(","), stages.tests.join(" and "))
        };
        let needs_blank = !query.is_empty() && (is_reference || !stages.lines.is_empty());
        let separator = if needs_blank { " " } else { "" };
        query =
            format!("{}{separator}{query}{}", stages.lines.join(" "), spaced(&query, &made, is_reference));
    }
    if !rule.fields.is_empty() {
        // The reference forgets that there are no labels to show without a parser.
        if !has_parser && !is_reference {
            query = format!("{query} {}", parser.trim_end_matches(['|', ' ']));
        }
        let fields: Vec<_> =
            rule.fields.iter().map(|field| format!("{{{{.{}}}}}", label_name(field))).collect();
        query = format!("{query} | line_format \"{}\"", fields.join(" "));
    }
    format!("{} {query}", selector(rule))
}

/// What stands behind the filters, with a blank between, which the reference leaves out.
fn spaced(filters: &str, made: &str, is_reference: bool) -> String {
    let needs_blank = !is_reference && !filters.is_empty() && !made.is_empty();
    format!("{}{made}", if needs_blank { " " } else { "" })
}

fn text(data: &Data) -> String {
    data.as_str().map_or_else(|| data.to_json(None), str::to_owned)
}

/// The parser between pipes: the rule's own, else JSON for what usually arrives so, else logfmt.
fn parser(rule: &Rule) -> String {
    let parser = match rule.meta.custom(PARSER) {
        Some(data) => text(data),
        None if logs_json(rule) => "json".to_owned(),
        None => "logfmt".to_owned(),
    };
    let front = if parser.trim_start().starts_with('|') { "" } else { "| " };
    let back = if parser.trim_end().ends_with('|') { "" } else { " |" };
    format!("{front}{parser}{back}")
}

/// Promtail and Fluent Bit send Windows events as JSON, Logstash those of Azure; Zeek can write JSON.
fn logs_json(rule: &Rule) -> bool {
    matches!(rule.logsource.product.as_deref(), Some("windows" | "azure" | "zeek"))
}

/// Whether the lines are logfmt.
pub(super) fn is_logfmt(rule: &Rule) -> bool {
    rule.meta.custom(PARSER).is_none() && !logs_json(rule)
}

/// The stream selector: the rule's own, else the usual labels, else every stream.
fn selector(rule: &Rule) -> String {
    if let Some(data) = rule.meta.custom(SELECTOR) {
        return text(data);
    }
    match rule.logsource.product.as_deref() {
        Some("windows") => "{job=~\"eventlog|winlog|windows|fluentbit.*\"}".to_owned(),
        Some("azure") => "{job=\"logstash\"}".to_owned(),
        _ => "{job=~\".+\"}".to_owned(),
    }
}
