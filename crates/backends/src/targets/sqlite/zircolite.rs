//! Rules as Zircolite reads them: a JSON object with the query and what helps to skip events early.

use std::collections::BTreeSet;

use sigyn_ir::{Data, Expr, Number, Rule, RuleItem, Value};

use super::{PLAN, Sqlite};
use crate::Cx;
use crate::targets::sql;

/// The version of the document's form.
const SCHEMA: i64 = 2;

pub(super) fn document(target: &Sqlite, cx: &Cx<'_>, query: String, index: usize) -> Data {
    let bound = |field: &str| match cx.rule {
        RuleItem::Rule(rule) => required_values(rule, index, field),
        RuleItem::Correlation(_) => Data::List(Vec::new()),
    };
    let mut pairs = sql::zircolite_rule(cx.rule.meta(), query);
    pairs.extend([("channel", bound("channel")), ("eventid", bound("eventid"))]);
    match cx.rule {
        RuleItem::Correlation(_) => {
            let plan = cx.state.get(PLAN).cloned().unwrap_or_default();
            let fields: BTreeSet<&str> = plan
                .get("required_fields")
                .and_then(Data::as_map)
                .into_iter()
                .flatten()
                .flat_map(|(_, fields)| fields.as_list().unwrap_or_default())
                .filter_map(Data::as_str)
                .collect();
            pairs.push(("correlation", true.into()));
            pairs.push(("required_fields", Data::texts(fields)));
            pairs.insert(pairs.len() - 1, ("correlation_plan", plan.clone()));
            pairs.push(("result_type", "correlation".into()));
        }
        RuleItem::Rule(rule) => {
            pairs.push(("required_fields", Data::texts(required_fields(rule))));
            pairs.push(("result_type", "event".into()));
            pairs.push(("source_table", target.table_of(cx.env, &cx.state).into()));
            let logsource = &rule.logsource;
            let parts = [
                ("product", &logsource.product),
                ("category", &logsource.category),
                ("service", &logsource.service),
            ];
            let parts = parts.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?.into())));
            pairs.push(("logsource", Data::map(parts)));
        }
    }
    pairs.push(("schema_version", SCHEMA.into()));
    Data::map(pairs)
}

/// The fields that a rule reads, sorted.
pub(super) fn required_fields(rule: &Rule) -> BTreeSet<String> {
    let mut fields = BTreeSet::new();
    for condition in &rule.conditions {
        collect_fields(&rule.expression(condition), &mut fields);
    }
    fields
}

fn collect_fields(expr: &Expr<'_>, fields: &mut BTreeSet<String>) {
    match expr {
        Expr::Or(args) | Expr::And(args) | Expr::AtLeast { of: args, .. } => {
            args.iter().for_each(|arg| collect_fields(arg, fields));
        }
        Expr::Not(arg) => collect_fields(arg, fields),
        Expr::Field { field, value, .. } => {
            fields.insert(field.to_string());
            if let Value::FieldRef(other) = &**value {
                fields.insert(other.field.clone());
            }
        }
        Expr::Keyword { .. } | Expr::False | Expr::Nothing => {}
    }
}

/// A value that a rule asks for, and its text by which values are sorted.
#[derive(Clone, PartialEq)]
enum Required {
    Number(Number),
    Text(String),
}

impl Required {
    fn sort_key(&self) -> String {
        match self {
            Required::Number(number) => number.to_string(),
            Required::Text(text) => text.clone(),
        }
    }
}

/// The values of which a field must have one for the rule to match; empty if any may do. Zircolite skips events
/// with other values before it looks at them, so in doubt nothing is required.
fn required_values(rule: &Rule, index: usize, field: &str) -> Data {
    let bound = rule.conditions.get(index).and_then(|condition| bound(&rule.expression(condition), field));
    let mut values = bound.unwrap_or_default();
    values.sort_by_key(Required::sort_key);
    Data::List(
        values
            .into_iter()
            .map(|value| match value {
                Required::Number(number) => Data::Number(number),
                Required::Text(text) => Data::Text(text),
            })
            .collect(),
    )
}

fn bound(expr: &Expr<'_>, field: &str) -> Option<Vec<Required>> {
    match expr {
        Expr::Field { field: name, value, .. } if name.to_lowercase() == field => match &**value {
            Value::Number(number) => Some(vec![Required::Number(*number)]),
            Value::Str(string) | Value::Cased(string) => {
                string.as_literal().map(|text| vec![Required::Text(text.to_owned())])
            }
            _ => None,
        },
        // Each of them must hold, so each may narrow the values down.
        Expr::And(args) => args.iter().filter_map(|arg| bound(arg, field)).reduce(|mut values, other| {
            values.retain(|value| other.contains(value));
            values
        }),
        Expr::Or(args) => args.iter().try_fold(Vec::new(), |mut values: Vec<Required>, arg| {
            for value in bound(arg, field)? {
                if !values.contains(&value) {
                    values.push(value);
                }
            }
            Some(values)
        }),
        _ => None,
    }
}
