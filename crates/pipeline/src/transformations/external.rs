//! Values for placeholders from outside: what `file_placeholders`, `http_placeholders` and
//! `command_placeholders` have in common.

use std::sync::OnceLock;

use sigyn_diagnostics::{Diagnostic, codes::pipeline as codes};
use sigyn_ir::{Data, Number, Rule, SigmaString};

use super::placeholders::{self, Choice, EXCLUDE, INCLUDE};
use crate::{
    Files,
    item::Run,
    node::{Kind, Node},
    params::{Parameter, Params},
    pyregex::PyRegex,
    values::python_str,
};

mod path;
mod table;

pub(super) const COMMON: [Parameter; 7] = [
    INCLUDE,
    EXCLUDE,
    Parameter {
        name: "format",
        takes: "plaintext, csv, json or yaml",
        default: Some("plaintext"),
        summary: "What the source holds; plain text has one value per line.",
    },
    Parameter {
        name: "filter",
        takes: "regular expression",
        default: Some("none"),
        summary: "Only values that it matches somewhere are taken.",
    },
    Parameter {
        name: "csv_column",
        takes: "text or integer",
        default: Some("none"),
        summary: "For csv: the column by name, or by place from 0.",
    },
    Parameter {
        name: "csv_has_header",
        takes: "true or false",
        default: Some("true"),
        summary: "For csv: whether the first line names the columns.",
    },
    Parameter {
        name: "jq_expression",
        takes: "text",
        default: Some("none"),
        summary: "For json and yaml: the path to the values, e.g. `.items[].name`.",
    },
];

/// How the text of a source becomes values.
#[derive(Debug)]
pub(super) struct External {
    choice: Choice,
    format: Format,
    filter: Option<PyRegex>,
    values: OnceLock<Result<Vec<SigmaString>, String>>,
}

#[derive(Debug)]
enum Format {
    Plain,
    Csv { column: Column, has_header: bool },
    Json(path::Path),
    Yaml(path::Path),
}

/// A column of a table.
#[derive(Debug)]
pub(super) enum Column {
    Name(String),
    Place(usize),
}

impl External {
    pub(super) fn read(params: &Params<'_>) -> Option<Self> {
        let choice = Choice::read(params);
        let name = params.choice("format", &["plaintext", "csv", "json", "yaml"], "plaintext");
        let filter = match params.node("filter") {
            Some(_) => Some(params.regex("filter")?),
            None => None,
        };
        let column = read_column(params);
        let has_header = params.flag_or("csv_has_header", true);
        let expression = params.text("jq_expression");
        let format = match name {
            "csv" => {
                let Some(column) = column else {
                    params.missing("csv_column");
                    return None;
                };
                if matches!(column, Column::Name(_)) && !has_header {
                    let message = "a column by name needs a header: `csv_has_header: true`";
                    params.report(&codes::BAD_PARAMETER, params.span, message);
                }
                Format::Csv { column, has_header }
            }
            "json" | "yaml" => {
                let Some(expression) = expression else {
                    params.missing("jq_expression");
                    return None;
                };
                match path::Path::parse(&expression) {
                    Ok(path) if name == "json" => Format::Json(path),
                    Ok(path) => Format::Yaml(path),
                    Err(reason) => {
                        let span = params.node("jq_expression").map_or(params.span, |node| node.span);
                        let message = format!("the path `{expression}` is not supported: {reason}");
                        params.report(&codes::BAD_PARAMETER, span, message);
                        return None;
                    }
                }
            }
            _ => Format::Plain,
        };
        Some(Self { choice, format, filter, values: OnceLock::new() })
    }

    /// Replaces placeholders by the values of the source, which is asked once.
    pub(super) fn apply(
        &self,
        rule: &mut Rule,
        run: &mut Run<'_>,
        fetch: impl Fn(&dyn Files) -> Result<String, String>,
    ) -> Result<(), Diagnostic> {
        placeholders::replace(&self.choice, rule, run, |_, run| {
            let files = run.cx.files.as_ref();
            if !files.allows_external() {
                let message = "the pipeline wants values from outside, which is switched off";
                return Err(run
                    .fail(&codes::EXTERNAL, message)
                    .with_help("allow external sources for this run if you trust the pipeline"));
            }
            let values = self.values.get_or_init(|| fetch(files).and_then(|text| self.parse(&text)));
            values.clone().map_err(|reason| run.fail(&codes::TRANSFORMATION, reason))
        })
    }

    fn parse(&self, text: &str) -> Result<Vec<SigmaString>, String> {
        let mut values = match &self.format {
            Format::Plain => {
                text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
            }
            Format::Csv { column, has_header } => table::column(text, column, *has_header)?,
            Format::Json(path) => {
                let json: serde_json::Value = serde_json::from_str(text)
                    .map_err(|error| format!("the source is not valid JSON: {error}"))?;
                scalars(path.select(&from_json(&json))?)?
            }
            Format::Yaml(path) => {
                let (node, found) = crate::node::read(sigyn_diagnostics::SourceId(u32::MAX), text);
                let node = match (node, found.into_iter().find(Diagnostic::is_error)) {
                    (_, Some(error)) => {
                        return Err(format!("the source is not valid YAML: {}", error.message));
                    }
                    (node, None) => node.map_or(Data::Null, |node| node.to_data()),
                };
                scalars(path.select(&node)?)?
            }
        };
        if let Some(filter) = &self.filter {
            values.retain(|value| filter.matches(value));
        }
        Ok(values.iter().map(|value| SigmaString::parse(value)).collect())
    }
}

fn read_column(params: &Params<'_>) -> Option<Column> {
    match params.node("csv_column") {
        Some(Node { kind: Kind::Scalar(Data::Text(name)), .. }) => Some(Column::Name(name.clone())),
        Some(_) => {
            params.integer("csv_column").and_then(|place| usize::try_from(place).ok()).map(Column::Place)
        }
        None => None,
    }
}

fn scalars(found: Vec<Data>) -> Result<Vec<String>, String> {
    let mut values = Vec::with_capacity(found.len());
    for data in found {
        match data {
            Data::Null => {}
            Data::List(_) | Data::Map(_) => {
                return Err("the path selects a list or map; select single values (`.items[]`)".to_owned());
            }
            data => values.push(python_str(&data)),
        }
    }
    Ok(values)
}

/// JSON as plain data.
pub(crate) fn from_json(json: &serde_json::Value) -> Data {
    match json {
        serde_json::Value::Null => Data::Null,
        serde_json::Value::Bool(value) => Data::Bool(*value),
        serde_json::Value::Number(number) => Data::Number(match (number.as_i64(), number.as_u64()) {
            (Some(value), _) => Number::Int(value.into()),
            (None, Some(value)) => Number::Int(value.into()),
            (None, None) => Number::Float(number.as_f64().unwrap_or(0.0)),
        }),
        serde_json::Value::String(text) => Data::Text(text.clone()),
        serde_json::Value::Array(items) => Data::List(items.iter().map(from_json).collect()),
        serde_json::Value::Object(map) => {
            Data::Map(map.iter().map(|(key, value)| (key.clone(), from_json(value))).collect())
        }
    }
}
