//! `set_query_table`: the table that a query reads.

use std::collections::HashMap;

use sigyn_diagnostics::{Diagnostic, codes::pipeline as codes};
use sigyn_ir::{Compat, Correlation, Data, Detection, DetectionEntry, DetectionItem, Number, Rule, Value};

use crate::{
    item::{Run, Transformation},
    node::Kind,
    params::{Example, Parameter, Params, Spec},
    values::parse_number,
};

/// The state that names the table.
pub(super) const QUERY_TABLE: &str = "query_table";

/// The fields of Windows event ids.
const EVENT_ID_FIELDS: [&str; 2] = ["EventID", "EventCode"];

pub(crate) static SPEC: Spec = Spec {
    name: "set_query_table",
    summary: "Chooses the table that the query reads and notes it in the state `query_table`; a table that stands there \
              already is kept, a rule without one is refused.",
    parameters: &[
        Parameter {
            name: "table",
            takes: "text",
            default: Some("none"),
            summary: "The table for all rules.",
        },
        Parameter {
            name: "categories",
            takes: "map of text to text",
            default: Some("empty"),
            summary: "For each category of a log source its table.",
        },
        Parameter {
            name: "event_ids",
            takes: "map of text to list of integers",
            default: Some("empty"),
            summary: "For each table the Windows event ids in it, for rules whose log source has no category: the \
                      first `EventID` or `EventCode` in an identifier that begins with `sel` decides.",
        },
    ],
    examples: &[
        Example {
            title: "by the category",
            item: "categories: {process_creation: DeviceProcessEvents}",
            before: "{detection: {sel: {A: x}, condition: sel}, logsource: {category: process_creation}}",
            after: "query: A=x\nstate: query_table=DeviceProcessEvents",
        },
        Example {
            title: "by the event id",
            item: "event_ids: {SecurityEvent: [4624, 4625]}",
            before: "{detection: {sel: [{EventID: 1}, {EventID: 4625}], condition: sel}, logsource: {service: security}}",
            after: "query: EventID=1 or EventID=4625\nlogsource: service=security\nstate: query_table=SecurityEvent",
        },
    ],
};

#[derive(Debug)]
struct SetQueryTable {
    table: Option<String>,
    categories: HashMap<String, String>,
    event_ids: HashMap<i128, String>,
}

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Transformation>> {
    let table = params.text("table").filter(|table| !table.is_empty());
    let categories = params.text_map("categories").into_iter().collect();
    let mut event_ids = HashMap::new();
    for entry in params.map("event_ids").unwrap_or_default() {
        let table = crate::node::key_text(&entry.key);
        let Kind::List(ids) = &entry.value.kind else {
            params.report(&codes::BAD_PARAMETER, entry.value.span, "`event_ids` must map tables to lists of integers");
            continue;
        };
        for id in ids {
            match &id.kind {
                Kind::Scalar(Data::Number(Number::Int(id))) => {
                    event_ids.insert(*id, table.clone());
                }
                _ => params.report(&codes::BAD_PARAMETER, id.span, "an event id must be an integer"),
            }
        }
    }
    Some(Box::new(SetQueryTable { table, categories, event_ids }))
}

impl Transformation for SetQueryTable {
    fn apply(&self, rule: &mut Rule, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        let known = || run.cx.state.get(QUERY_TABLE).and_then(first_text);
        let category = rule.logsource.category.as_deref().filter(|category| !category.is_empty());
        let table = match (&self.table, known(), category) {
            (Some(table), ..) => Some(table.clone()),
            (None, Some(table), _) => Some(table),
            (None, None, Some(category)) => self.categories.get(category).cloned(),
            (None, None, None) => self.by_event_id(rule, run)?,
        };
        let Some(table) = table else {
            let message = match category {
                Some(category) => format!("no table is known for the log source category `{category}`"),
                None => "no table is known for the rule: its log source has no category, and no selection names an \
                         event id with a table"
                    .to_owned(),
            };
            return Err(run.fail(&codes::RULE_FAILURE, message).with_help(
                "set the state `query_table` in a pipeline of lower priority, or add the category to this item",
            ));
        };
        run.cx.state.set(QUERY_TABLE, Data::Text(table));
        run.mark(&mut rule.marks);
        Ok(())
    }

    fn apply_correlation(&self, _: &mut Correlation, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        Err(run.fail(&codes::TRANSFORMATION, "a correlation reads no single table"))
    }
}

/// The table that the state names: a text, or the first of a list.
fn first_text(data: &Data) -> Option<String> {
    let text = match data {
        Data::List(items) => items.first()?.as_str()?,
        other => other.as_str()?,
    };
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

impl SetQueryTable {
    fn by_event_id(&self, rule: &Rule, run: &Run<'_>) -> Result<Option<String>, Diagnostic> {
        for (name, detection) in &rule.detections {
            if name.to_lowercase().starts_with("sel")
                && let Some(table) = self.in_detection(detection, run)?
            {
                return Ok(Some(table));
            }
        }
        Ok(None)
    }

    fn in_detection(&self, detection: &Detection, run: &Run<'_>) -> Result<Option<String>, Diagnostic> {
        for entry in &detection.entries {
            let table = match entry {
                DetectionEntry::Item(item) => self.in_item(item, run)?,
                // The reference looks into nested groups, but forgets what it finds.
                DetectionEntry::Group(group) => match run.cx.reading {
                    Compat::Spec => self.in_detection(group, run)?,
                    Compat::PySigma => None,
                },
            };
            if table.is_some() {
                return Ok(table);
            }
        }
        Ok(None)
    }

    fn in_item(&self, item: &DetectionItem, run: &Run<'_>) -> Result<Option<String>, Diagnostic> {
        let is_event_id = item.field.as_deref().is_some_and(|field| EVENT_ID_FIELDS.contains(&field));
        if !is_event_id || !run.wants(item)? {
            return Ok(None);
        }
        for value in &item.values {
            match event_id(value) {
                Some(id) => {
                    if let Some(table) = self.event_ids.get(&id) {
                        return Ok(Some(table.clone()));
                    }
                }
                None if run.cx.reading == Compat::PySigma => {
                    return Err(run.fail(&codes::TRANSFORMATION, "an event id is not an integer").at(item.span));
                }
                None => {}
            }
        }
        Ok(None)
    }
}

fn event_id(value: &Value) -> Option<i128> {
    let number = match value {
        Value::Str(text) | Value::Cased(text) => parse_number(&text.to_plain())?,
        Value::Number(number) => *number,
        _ => return None,
    };
    match number {
        Number::Int(id) => Some(id),
        Number::Float(_) => None,
    }
}
