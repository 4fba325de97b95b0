//! `rule_attribute`: a comparison with an attribute of the rule.

use sigyn_diagnostics::{Diagnostic, codes::pipeline as codes};
use sigyn_ir::{Data, Level, Meta, Number, Status};

use crate::{
    conditions::{RuleCondition, state},
    context::{Scope, Subject},
    params::{Parameter, Params, Spec},
    values::{parse_number, python_str},
};

pub(crate) static SPEC: Spec = Spec {
    name: "rule_attribute",
    summary: "Holds if an attribute of the rule, or a custom one, compares like this; levels, statuses, dates and numbers have an order.",
    parameters: &[
        Parameter { name: "attribute", takes: "text", default: None, summary: "The attribute, e.g. `level`." },
        Parameter { name: "value", takes: "a single value", default: None, summary: "What it is compared with." },
        Parameter {
            name: "op",
            takes: "eq, ne, gte, gt, lte, lt, in or not_in",
            default: Some("eq"),
            summary: "The comparison; `in` and `not_in` for lists. A rule without the attribute never matches.",
        },
    ],
    examples: &[],
};

#[derive(Debug)]
struct RuleAttribute {
    attribute: String,
    value: Data,
    op: &'static str,
}

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn RuleCondition>> {
    let attribute = params.required_text("attribute");
    let value = params.scalar("value");
    let ops = ["eq", "ne", "gte", "gt", "lte", "lt", "in", "not_in"];
    let op = params.choice("op", &ops, "eq");
    Some(Box::new(RuleAttribute { attribute: attribute?, value: value?, op }))
}

/// An attribute by how it compares.
enum Attribute<'a> {
    Text(&'a str),
    List(Vec<String>),
    Date(&'a str),
    Level(Level),
    Status(Status),
    Custom(&'a Data),
}

impl RuleCondition for RuleAttribute {
    fn holds(&self, subject: Subject<'_>, _: Scope<'_>) -> Result<bool, Diagnostic> {
        let (meta, fields) = match subject {
            Subject::Rule(rule) => (&rule.meta, &rule.fields),
            Subject::Correlation(correlation) => (&correlation.meta, &correlation.fields),
        };
        match attribute(meta, fields, &self.attribute) {
            Some(attribute) => self.compare(attribute),
            None => Ok(false),
        }
    }
}

fn attribute<'a>(meta: &'a Meta, fields: &[String], name: &str) -> Option<Attribute<'a>> {
    let text = |text: &'a Option<String>| text.as_deref().map(Attribute::Text);
    match name {
        "title" => Some(Attribute::Text(&meta.title)),
        "id" => text(&meta.id),
        "name" => text(&meta.name),
        "taxonomy" => Some(Attribute::Text(meta.taxonomy.as_deref().unwrap_or("sigma"))),
        "status" => meta.status.map(Attribute::Status),
        "description" => text(&meta.description),
        "license" => text(&meta.license),
        "author" => text(&meta.author),
        "references" => Some(Attribute::List(meta.references.clone())),
        "date" => meta.date.as_deref().map(Attribute::Date),
        "modified" => meta.modified.as_deref().map(Attribute::Date),
        "tags" => Some(Attribute::List(meta.tags.iter().map(ToString::to_string).collect())),
        "level" => meta.level.map(Attribute::Level),
        "falsepositives" => Some(Attribute::List(meta.falsepositives.clone())),
        "fields" => Some(Attribute::List(fields.to_vec())),
        "scope" => Some(Attribute::List(meta.scope.clone())),
        other => meta.custom(other).map(Attribute::Custom),
    }
}

impl RuleAttribute {
    fn compare(&self, attribute: Attribute<'_>) -> Result<bool, Diagnostic> {
        match attribute {
            Attribute::Text(text) => self.compare_text(text),
            Attribute::List(items) => self.compare_list(|value| items.iter().any(|item| item == value)),
            Attribute::Date(date) => self.compare_date(date),
            Attribute::Level(level) => {
                let other = self.value.as_str().and_then(Level::parse);
                let other = other.ok_or_else(|| self.refuse("is no level"))?;
                self.ordered(level.cmp(&other))
            }
            Attribute::Status(status) => {
                let other = self.value.as_str().and_then(Status::parse);
                let other = other.ok_or_else(|| self.refuse("is no status"))?;
                self.ordered(status.cmp(&other))
            }
            Attribute::Custom(Data::Text(text)) => self.compare_text(text),
            Attribute::Custom(Data::List(items)) => {
                self.compare_list(|value| items.iter().any(|item| python_str(item) == value))
            }
            Attribute::Custom(Data::Number(number)) => self.compare_number(*number),
            Attribute::Custom(Data::Bool(value)) => self.compare_number(Number::Int((*value).into())),
            Attribute::Custom(_) => Err(self.refuse("cannot be compared with a map or nothing")),
        }
    }

    fn compare_text(&self, text: &str) -> Result<bool, Diagnostic> {
        match self.op {
            "eq" => Ok(self.value.as_str() == Some(text)),
            "ne" => Ok(self.value.as_str() != Some(text)),
            _ => Err(self.refuse("is compared with a text, which has no order")),
        }
    }

    /// A list is never equal to a single value and has no order.
    fn compare_list(&self, contains: impl Fn(&str) -> bool) -> Result<bool, Diagnostic> {
        Ok(match self.op {
            "in" => contains(&python_str(&self.value)),
            "not_in" => !contains(&python_str(&self.value)),
            op => op == "ne",
        })
    }

    fn compare_number(&self, number: Number) -> Result<bool, Diagnostic> {
        let other = match &self.value {
            Data::Number(other) => Some(*other),
            Data::Text(text) => parse_number(text),
            _ => None,
        };
        let other = other.ok_or_else(|| self.refuse("is no number"))?;
        state::compare(&Data::Number(number), self.op, &Data::Number(other))
            .ok_or_else(|| self.refuse("is compared with a number, which holds nothing"))
    }

    /// Dates are written as year, month, day: their order is that of the texts.
    fn compare_date(&self, date: &str) -> Result<bool, Diagnostic> {
        let other = self.value.as_str().filter(|text| {
            text.len() == 10
                && text.bytes().enumerate().all(|(at, byte)| match at {
                    4 | 7 => byte == b'-',
                    _ => byte.is_ascii_digit(),
                })
        });
        let other = other.ok_or_else(|| self.refuse("is no date like 2024-01-31"))?;
        self.ordered(date.cmp(other))
    }

    fn ordered(&self, order: std::cmp::Ordering) -> Result<bool, Diagnostic> {
        if matches!(self.op, "in" | "not_in") {
            return Err(self.refuse("is compared with a single value, which holds nothing"));
        }
        Ok(state::holds_for(self.op, order))
    }

    fn refuse(&self, reason: &str) -> Diagnostic {
        let value = python_str(&self.value);
        let message = format!("`{value}` {reason} (`{}` on attribute `{}`)", self.op, self.attribute);
        Diagnostic::error(&codes::TRANSFORMATION, message)
    }
}
