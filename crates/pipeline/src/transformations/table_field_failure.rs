//! `table_field_failure`: refuses what the table does not have.

use std::collections::{HashMap, HashSet};

use sigyn_diagnostics::{Diagnostic, codes::pipeline as codes};
use sigyn_ir::{Compat, Data, Rule};

use super::set_query_table::QUERY_TABLE;
use crate::{
    item::{Run, Transformation, referenced_field},
    node::Kind,
    params::{Example, Parameter, Params, Spec},
    schema::{self, Schema},
    walk::{self, Outcome},
};

pub(crate) static SPEC: Spec = Spec {
    name: "table_field_failure",
    summary: "Refuses rules with a field that the table in the state `query_table` does not have; a table that nobody \
              describes may have any field.",
    parameters: &[
        Parameter {
            name: "schema",
            takes: "text",
            default: Some("none"),
            summary: "A built-in list of tables and their fields: azure_monitor, microsoft_xdr or sentinel_asim.",
        },
        Parameter {
            name: "tables",
            takes: "map of text to list of texts",
            default: Some("empty"),
            summary: "For each table its fields, besides those of the schema.",
        },
        Parameter {
            name: "common",
            takes: "list of texts",
            default: Some("empty"),
            summary: "Fields that every table has (the reference's reading goes without them).",
        },
    ],
    examples: &[Example {
        title: "an unknown field",
        item: "transformations:\n- {type: set_state, key: query_table, val: T}\n\
               - {type: table_field_failure, tables: {T: [A, B]}}",
        before: "{A: 1, C: 2}",
        after: "error: unknown-table-field: the table `T` has no field `C`",
    }],
};

#[derive(Debug)]
struct TableFieldFailure {
    schema: Option<&'static Schema>,
    tables: HashMap<String, HashSet<String>>,
    common: Vec<String>,
}

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Transformation>> {
    let schema = match params.text("schema") {
        None => None,
        Some(name) => {
            let found = schema::find(&name);
            if found.is_none() {
                let span = params.node("schema").map_or(params.span, |node| node.span);
                let names = schema::names().collect::<Vec<_>>().join(", ");
                let message = format!("there is no schema `{name}`; there are: {names}");
                params.report(&codes::BAD_PARAMETER, span, message);
            }
            found
        }
    };
    let mut tables = HashMap::new();
    for entry in params.map("tables").unwrap_or_default() {
        let Kind::List(fields) = &entry.value.kind else {
            params.report(&codes::BAD_PARAMETER, entry.value.span, "`tables` must map tables to lists of fields");
            continue;
        };
        let fields: HashSet<_> = fields.iter().filter_map(|field| field.as_text().map(str::to_owned)).collect();
        tables.insert(crate::node::key_text(&entry.key), fields);
    }
    let common = params.texts("common").unwrap_or_default();
    Some(Box::new(TableFieldFailure { schema, tables, common }))
}

impl Transformation for TableFieldFailure {
    fn apply(&self, rule: &mut Rule, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        let Some(table) = run.cx.state.get(QUERY_TABLE).and_then(Data::as_str).map(str::to_owned) else {
            return Ok(());
        };
        let columns = self.schema.and_then(|schema| schema.table(&table));
        let more = self.tables.get(&table);
        if columns.is_none() && more.is_none() {
            return Ok(());
        }
        let is_reference = run.cx.reading == Compat::PySigma;
        let is_known = |field: &str| {
            // The reference takes `Hashes` for a field of every table.
            (if is_reference { field == "Hashes" } else { self.common.iter().any(|known| known == field) })
                || more.is_some_and(|fields| fields.contains(field))
                || columns.as_ref().is_some_and(|columns| columns.has(field))
        };
        walk::detection_items(rule, run, |item, run| {
            // Keywords have no field and are searched in the whole row.
            let Some(own) = &item.field else { return Ok(Outcome::Kept) };
            let mut fields = std::iter::once(own.as_str()).chain(item.values.iter().filter_map(referenced_field));
            match fields.find(|field| !is_known(field)) {
                None => Ok(Outcome::Kept),
                Some(field) => {
                    let message = format!("the table `{table}` has no field `{field}`");
                    Err(run.fail(&codes::UNKNOWN_TABLE_FIELD, message))
                }
            }
        })
    }
}
