//! Conditions of items: on the rule, on a detection item, on a field name. One file each, by the value of
//! `type`; to add one, write the file and add its name to the registry of its folder.

mod applied;
pub(crate) mod detection_item;
pub(crate) mod field_name;
pub(crate) mod rule;
mod state;

use std::fmt;

use sigyn_diagnostics::{Diagnostic, codes::pipeline as codes};
use sigyn_ir::{DetectionItem, Value};

use crate::{
    context::{Scope, Subject},
    item::referenced_field,
    params::{Params, Spec},
};

/// Makes a registry of the files of a folder: `mod` lines and the table that everything else reads.
macro_rules! registry {
    ($kind:ty; $($name:ident),* $(,)?) => {
        $(mod $name;)*

        pub(crate) static ALL: &[$crate::conditions::Registration<$kind>] = &[
            $($crate::conditions::Registration { spec: &$name::SPEC, build: $name::build },)*
        ];
    };
}
pub(crate) use registry;

/// An entry of a registry.
pub(crate) struct Registration<T: ?Sized + 'static> {
    pub(crate) spec: &'static Spec,
    pub(crate) build: fn(&Params<'_>) -> Option<Box<T>>,
}

/// A condition on the rule or correlation.
pub(crate) trait RuleCondition: fmt::Debug + Send + Sync {
    fn holds(&self, subject: Subject<'_>, scope: Scope<'_>) -> Result<bool, Diagnostic>;
}

/// A condition on a detection item.
pub(crate) trait DetectionItemCondition: fmt::Debug + Send + Sync {
    fn holds(&self, item: &DetectionItem, scope: Scope<'_>) -> Result<bool, Diagnostic>;
}

/// A condition on a field name.
pub(crate) trait FieldNameCondition: fmt::Debug + Send + Sync {
    /// For a field of a list, a reference or a detection item; `None` for keywords.
    fn holds(&self, field: Option<&str>, scope: Scope<'_>) -> Result<bool, Diagnostic>;

    /// For a detection item: its field, or one that its values refer to.
    fn holds_for_item(&self, item: &DetectionItem, scope: Scope<'_>) -> Result<bool, Diagnostic> {
        if self.holds(item.field.as_deref(), scope)? {
            return Ok(true);
        }
        for field in item.values.iter().filter_map(referenced_field) {
            if self.holds(Some(field), scope)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// What a condition is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConditionKind {
    /// The rule (`rule_conditions`).
    Rule,
    /// A detection item (`detection_item_conditions`).
    DetectionItem,
    /// A field name (`field_name_conditions`).
    FieldName,
}

/// What is known about a condition.
#[derive(Clone, Copy, Debug)]
pub struct ConditionSpec {
    /// What it is on.
    pub kind: ConditionKind,
    /// Name, summary, parameters.
    pub spec: &'static Spec,
}

/// All conditions, by kind and name.
pub fn condition_specs() -> impl Iterator<Item = ConditionSpec> {
    let specs = |kind| move |spec| ConditionSpec { kind, spec };
    let rule = rule::ALL.iter().map(|entry| entry.spec).map(specs(ConditionKind::Rule));
    let item = detection_item::ALL.iter().map(|entry| entry.spec).map(specs(ConditionKind::DetectionItem));
    let field = field_name::ALL.iter().map(|entry| entry.spec).map(specs(ConditionKind::FieldName));
    rule.chain(item).chain(field)
}

pub(crate) fn rule(name: &str, params: &Params<'_>) -> Option<Box<dyn RuleCondition>> {
    build(rule::ALL, "rule", name, params)
}

pub(crate) fn detection_item(name: &str, params: &Params<'_>) -> Option<Box<dyn DetectionItemCondition>> {
    build(detection_item::ALL, "detection item", name, params)
}

pub(crate) fn field_name(name: &str, params: &Params<'_>) -> Option<Box<dyn FieldNameCondition>> {
    build(field_name::ALL, "field name", name, params)
}

fn build<T: ?Sized>(all: &[Registration<T>], kind: &str, name: &str, params: &Params<'_>) -> Option<Box<T>> {
    match all.iter().find(|entry| entry.spec.name == name) {
        Some(entry) => (entry.build)(params),
        None => {
            let names: Vec<_> = all.iter().map(|entry| entry.spec.name).collect();
            let message = format!("there is no {kind} condition `{name}`; there are: {}", names.join(", "));
            params.report(&codes::UNKNOWN_CONDITION, params.type_span(), message);
            params.ignore_rest();
            None
        }
    }
}

/// Whether all or any values must do (`cond`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quantity {
    Any,
    All,
}

impl Quantity {
    pub(crate) fn read(params: &Params<'_>) -> Option<Self> {
        params.required("cond")?;
        Some(if params.choice("cond", &["any", "all"], "any") == "all" { Self::All } else { Self::Any })
    }

    pub(crate) fn of(self, values: &[Value], test: impl FnMut(&Value) -> bool) -> bool {
        match self {
            Self::Any => values.iter().any(test),
            Self::All => values.iter().all(test),
        }
    }
}

/// The parameter of all conditions on values.
pub(crate) const COND: crate::Parameter = crate::Parameter {
    name: "cond",
    takes: "any or all",
    default: None,
    summary: "Whether one value or every value must match.",
};
