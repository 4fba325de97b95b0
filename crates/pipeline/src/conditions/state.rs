//! Conditions on the pipeline's state, the same for rules, detection items and field names.

use std::cmp::Ordering;

use sigyn_diagnostics::{Diagnostic, codes::pipeline as codes};
use sigyn_ir::{Data, Number};

use crate::{
    context::Scope,
    params::{Parameter, Params},
    values::numbers_equal,
};

/// A comparison with a value of the state.
#[derive(Debug)]
pub(crate) struct StateCondition {
    key: String,
    value: Data,
    op: &'static str,
}

pub(crate) const PARAMETERS: &[Parameter] = &[
    Parameter { name: "key", takes: "text", default: None, summary: "The key of the state." },
    Parameter { name: "val", takes: "a single value", default: None, summary: "What it is compared with." },
    Parameter {
        name: "op",
        takes: "eq, ne, gte, gt, lte or lt",
        default: Some("eq"),
        summary: "The comparison; a key that is not set never matches.",
    },
];

impl StateCondition {
    pub(crate) fn read(params: &Params<'_>) -> Option<Self> {
        let key = params.required_text("key");
        let value = params.scalar("val");
        let op = params.choice("op", &["eq", "ne", "gte", "gt", "lte", "lt"], "eq");
        Some(Self { key: key?, value: value?, op })
    }

    pub(crate) fn holds(&self, scope: Scope<'_>) -> Result<bool, Diagnostic> {
        let Some(value) = scope.cx.state.get(&self.key) else { return Ok(false) };
        compare(value, self.op, &self.value).ok_or_else(|| {
            let message = format!("the state `{}` cannot be compared with `{}`", self.key, self.op);
            Diagnostic::error(&codes::TRANSFORMATION, message)
        })
    }
}

/// A comparison of plain values; `None` if they have no order.
pub(crate) fn compare(one: &Data, op: &str, other: &Data) -> Option<bool> {
    let is_equal = match (number(one), number(other)) {
        (Some(one), Some(other)) => numbers_equal(one, other),
        _ => one == other,
    };
    match op {
        "eq" => return Some(is_equal),
        "ne" => return Some(!is_equal),
        _ => {}
    }
    let order = match (one, other) {
        (Data::Text(one), Data::Text(other)) => one.cmp(other),
        _ => number(one)?.as_f64().partial_cmp(&number(other)?.as_f64())?,
    };
    Some(holds_for(op, order))
}

/// What an ordering says about `gte`, `gt`, `lte` and `lt`.
pub(crate) fn holds_for(op: &str, order: Ordering) -> bool {
    match op {
        "eq" => order.is_eq(),
        "ne" => order.is_ne(),
        "gte" => order.is_ge(),
        "gt" => order.is_gt(),
        "lte" => order.is_le(),
        _ => order.is_lt(),
    }
}

fn number(data: &Data) -> Option<Number> {
    match data {
        Data::Number(number) => Some(*number),
        Data::Bool(value) => Some(Number::Int((*value).into())),
        _ => None,
    }
}
