//! Items: a transformation with the conditions under which it applies.

use std::{fmt, sync::Arc};

use sigyn_diagnostics::{Diagnostic, Span, codes::pipeline as codes};
use sigyn_ir::{Correlation, DetectionItem, Rule, RuleSet, Value};

use crate::{
    conditions::{self, DetectionItemCondition, FieldNameCondition, RuleCondition},
    context::{Context, Scope, Subject},
    linking::{self, Conditions, Link},
    node::{Kind, Node},
    params::Params,
    pipeline::Pipeline,
};

/// What rewrites a rule.
pub(crate) trait Transformation: fmt::Debug + Send + Sync {
    /// Rewrites a rule whose conditions hold.
    fn apply(&self, rule: &mut Rule, run: &mut Run<'_>) -> Result<(), Diagnostic>;

    /// Rewrites a correlation whose conditions hold; most only leave their mark.
    fn apply_correlation(&self, correlation: &mut Correlation, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        run.mark(&mut correlation.marks);
        Ok(())
    }

    /// Whether it renames fields of detection items.
    fn maps_fields(&self) -> bool {
        false
    }
}

/// One run of one item.
pub(crate) struct Run<'a> {
    pub(crate) item: &'a Item,
    pub(crate) cx: &'a mut Context,
    pub(crate) pipeline: &'a Pipeline,
    pub(crate) rules: Option<&'a RuleSet>,
}

impl Run<'_> {
    pub(crate) fn scope(&self) -> Scope<'_> {
        Scope { cx: self.cx, rules: self.rules }
    }

    /// Leaves the item's id among labels.
    pub(crate) fn mark(&self, marks: &mut Vec<Arc<str>>) {
        if let Some(id) = &self.item.gate.id
            && !marks.contains(id)
        {
            marks.push(id.clone());
        }
    }

    /// Whether the item's conditions on detection items hold.
    pub(crate) fn wants(&self, item: &DetectionItem) -> Result<bool, Diagnostic> {
        let scope = self.scope();
        let by_item = self.item.detection_item_conditions.holds(|condition| condition.holds(item, scope))?;
        let by_field =
            self.item.field_name_conditions.holds(|condition| condition.holds_for_item(item, scope))?;
        Ok(by_item && by_field)
    }

    /// Whether the item's conditions on field names hold.
    pub(crate) fn wants_field(&self, field: Option<&str>) -> Result<bool, Diagnostic> {
        let scope = self.scope();
        self.item.field_name_conditions.holds(|condition| condition.holds(field, scope))
    }

    /// An error of this item.
    pub(crate) fn fail(
        &self,
        code: &'static sigyn_diagnostics::Code,
        message: impl Into<String>,
    ) -> Diagnostic {
        Diagnostic::error(code, message)
    }
}

/// What items and post-processing items have in common.
#[derive(Debug)]
pub(crate) struct Gate {
    pub(crate) id: Option<Arc<str>>,
    pub(crate) type_name: String,
    pub(crate) rule_conditions: Conditions<dyn RuleCondition>,
    pub(crate) span: Span,
}

impl Gate {
    pub(crate) fn holds(&self, subject: Subject<'_>, scope: Scope<'_>) -> Result<bool, Diagnostic> {
        if self.rule_conditions.list.is_empty() {
            return Ok(true);
        }
        self.rule_conditions.holds(|condition| condition.holds(subject, scope))
    }

    /// Adds to an error which item it comes from.
    pub(crate) fn blame(&self, error: Diagnostic) -> Diagnostic {
        let text = match &self.id {
            Some(id) => format!("by item `{id}` ({}) of the pipeline", self.type_name),
            None => format!("by this item ({}) of the pipeline", self.type_name),
        };
        error.with_related(self.span, text)
    }
}

/// An item of `transformations`.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) gate: Gate,
    pub(crate) detection_item_conditions: Conditions<dyn DetectionItemCondition>,
    pub(crate) field_name_conditions: Conditions<dyn FieldNameCondition>,
    pub(crate) transformation: Box<dyn Transformation>,
}

/// The keys of an item that are not its transformation's.
const COMMON_KEYS: &[&str] = &[
    "type",
    "id",
    "rule_conditions",
    "rule_cond_expr",
    "rule_cond_op",
    "rule_cond_not",
    "detection_item_conditions",
    "detection_item_cond_expr",
    "detection_item_cond_op",
    "detection_item_cond_not",
    "field_name_conditions",
    "field_name_cond_expr",
    "field_name_cond_op",
    "field_name_cond_not",
    // Set by whoever loads the pipeline, never by the pipeline itself: read and ignored.
    "allow_template_vars",
    "vars_allowed_paths",
    "allow_external_sources",
    "restrict_template_path",
    "policy",
];

impl Item {
    /// Reads an item; `None` if anything is wrong with it.
    pub(crate) fn read(node: &Node, found: &mut Vec<Diagnostic>) -> Option<Self> {
        let before = found.len();
        let gate = read_gate(node, "transformation", found)?;
        let entries = node.as_map()?;
        let params = item_params(entries, &gate, "transformation", node.span);
        let detection_item_conditions =
            read_conditions(&params, Group::DetectionItem, conditions::detection_item);
        let field_name_conditions = read_conditions(&params, Group::FieldName, conditions::field_name);
        let transformation = crate::transformations::build(&gate.type_name, &params);
        found.extend(params.finish());
        if found.len() > before {
            return None;
        }
        Some(Self { gate, detection_item_conditions, field_name_conditions, transformation: transformation? })
    }
}

/// The entries of an item as parameters, with the keys of the item itself taken as known.
pub(crate) fn item_params<'a>(
    entries: &'a [crate::node::Entry],
    gate: &Gate,
    kind: &str,
    span: Span,
) -> Params<'a> {
    let params = Params::new(format!("{kind} `{}`", gate.type_name), entries, span);
    params.know(COMMON_KEYS);
    params
}

/// Reads what items and post-processing items have in common.
pub(crate) fn read_gate(node: &Node, kind: &str, found: &mut Vec<Diagnostic>) -> Option<Gate> {
    let Some(entries) = node.as_map() else {
        found.push(
            Diagnostic::error(&codes::SYNTAX, format!("an item must be a map, not {}", node.describe()))
                .at(node.span),
        );
        return None;
    };
    let params = Params::new(kind, entries, node.span);
    let type_name = params.required_text("type");
    let id = params.text("id").filter(|id| !id.is_empty()).map(Arc::from);
    let rule_conditions = read_conditions(&params, Group::Rule, conditions::rule);
    found.extend(params.into_found());
    Some(Gate { id, type_name: type_name?, rule_conditions, span: node.span })
}

/// The three groups of conditions.
#[derive(Clone, Copy)]
pub(crate) enum Group {
    Rule,
    DetectionItem,
    FieldName,
}

impl Group {
    /// The keys of the conditions, their expression, linking and negation.
    fn keys(self) -> [&'static str; 4] {
        match self {
            Group::Rule => ["rule_conditions", "rule_cond_expr", "rule_cond_op", "rule_cond_not"],
            Group::DetectionItem => [
                "detection_item_conditions",
                "detection_item_cond_expr",
                "detection_item_cond_op",
                "detection_item_cond_not",
            ],
            Group::FieldName => {
                ["field_name_conditions", "field_name_cond_expr", "field_name_cond_op", "field_name_cond_not"]
            }
        }
    }
}

fn read_conditions<C: ?Sized>(
    params: &Params<'_>,
    group: Group,
    build: impl Fn(&str, &Params<'_>) -> Option<Box<C>>,
) -> Conditions<C> {
    let [list_key, expr_key, op_key, not_key] = group.keys();
    let mut names = Vec::new();
    let mut list = Vec::new();
    let mut add = |name: String, node: &Node| {
        if let Some(condition) = read_condition(params, &name, node, &build) {
            list.push(condition);
            names.push(name);
        }
    };
    let mut is_named = false;
    match params.node(list_key) {
        None => {}
        Some(Node { kind: Kind::List(items), .. }) => {
            items.iter().enumerate().for_each(|(at, node)| add((at + 1).to_string(), node));
        }
        Some(Node { kind: Kind::Map(entries), .. }) => {
            is_named = true;
            entries.iter().for_each(|entry| add(crate::node::key_text(&entry.key), &entry.value));
        }
        Some(node) => params.report(
            &codes::BAD_PARAMETER,
            node.span,
            format!("`{list_key}` must be a list or a map, not {}", node.describe()),
        ),
    }
    let op = params.choice(op_key, &["and", "or"], "");
    let mut link = if op == "or" { Link::Any } else { Link::All };
    if let Some(text) = params.text(expr_key) {
        let span = params.node(expr_key).map_or(params.span, |node| node.span);
        if !op.is_empty() {
            params.report(
                &codes::BAD_PARAMETER,
                span,
                format!("`{expr_key}` and `{op_key}` exclude each other"),
            );
        } else if !is_named {
            let message = format!("`{expr_key}` needs `{list_key}` as a map from names to conditions");
            params.report(&codes::BAD_PARAMETER, span, message);
        } else if let Some(expr) = read_expression(params, &text, span, &names) {
            link = Link::Expr(expr);
        }
    }
    Conditions { list, link, is_negated: params.flag(not_key) }
}

fn read_expression(
    params: &Params<'_>,
    text: &str,
    span: Span,
    names: &[String],
) -> Option<linking::LinkExpr> {
    match linking::parse(text, names) {
        Ok(expr) => {
            let mut used = Vec::new();
            linking::referenced(&expr, &mut used);
            let unused: Vec<_> = (0..names.len())
                .filter(|at| !used.contains(at))
                .filter_map(|at| names.get(at).map(|name| format!("`{name}`")))
                .collect();
            if !unused.is_empty() {
                let message = format!("the expression does not use {}", unused.join(", "));
                params.report(&codes::BAD_PARAMETER, span, message);
            }
            Some(expr)
        }
        Err((reason, at)) => {
            // An expression on one line, bare or in quotes: the place inside it is exact enough.
            let start = span.start as usize + at;
            let place = if start < span.end as usize {
                Span::new(span.source, start, span.end as usize)
            } else {
                span
            };
            params.report(&codes::BAD_PARAMETER, place, format!("bad condition expression: {reason}"));
            None
        }
    }
}

fn read_condition<C: ?Sized>(
    params: &Params<'_>,
    name: &str,
    node: &Node,
    build: &impl Fn(&str, &Params<'_>) -> Option<Box<C>>,
) -> Option<Box<C>> {
    let Some(entries) = node.as_map() else {
        let message = format!("condition {name} must be a map, not {}", node.describe());
        params.report(&codes::SYNTAX, node.span, message);
        return None;
    };
    let type_params = Params::new(format!("condition {name}"), entries, node.span);
    let Some(type_name) = type_params.required_text("type") else {
        params.report_all(type_params.into_found());
        return None;
    };
    let own = Params::new(format!("condition `{type_name}`"), entries, node.span);
    own.know(&["type"]);
    let condition = build(&type_name, &own);
    params.report_all(own.finish());
    condition
}

/// The field that a reference names.
pub(crate) fn referenced_field(value: &Value) -> Option<&str> {
    match value {
        Value::FieldRef(other) => Some(&other.field),
        _ => None,
    }
}
