//! `add_condition`: more that must hold.

use sigyn_diagnostics::Diagnostic;
use sigyn_ir::{Compat, ConditionExpr, Data, Detection, DetectionId, LogSource, Rule, reread_condition};

use crate::{
    detections,
    item::{Run, Transformation},
    node::Node,
    params::{Example, Parameter, Params, Spec},
};

pub(crate) static SPEC: Spec = Spec {
    name: "add_condition",
    summary: "Joins a detection to each of the rule's conditions with `and`.",
    parameters: &[
        Parameter {
            name: "conditions",
            takes: "map of field (with modifiers) to value or list of values",
            default: None,
            summary: "The detection.",
        },
        Parameter {
            name: "name",
            takes: "text",
            default: Some("_cond_1, _cond_2, …"),
            summary: "Its name; a detection of this name is replaced.",
        },
        Parameter {
            name: "template",
            takes: "true or false",
            default: Some("false"),
            summary: "Whether `$category`, `$product` and `$service` in values stand for the rule's log source.",
        },
        Parameter {
            name: "negated",
            takes: "true or false",
            default: Some("false"),
            summary: "Whether the detection must not hold.",
        },
    ],
    examples: &[
        Example {
            title: "an event id",
            item: "conditions: {EventID: [1, 2]}",
            before: "{A: x, B: y}",
            after: "query: (EventID=1 or EventID=2) and (A=x and B=y)",
        },
        Example {
            title: "with modifiers",
            item: "conditions: {'Image|endswith|all': ['\\\\a.exe', x]}",
            before: "{A: x}",
            after: "query: (Image=*\\a.exe and Image=*x) and A=x",
        },
        Example {
            title: "negated, from the log source",
            item: "conditions: {index: '$product-${category}'}\ntemplate: true\nnegated: true",
            before: "{detection: {sel: {A: x}, condition: sel}, logsource: {product: windows, category: dns}}",
            after: "query: not index=windows-dns and A=x",
        },
    ],
};

#[derive(Debug)]
struct AddCondition {
    definition: Node,
    /// The detection, if it is the same for all rules.
    detection: Option<Detection>,
    name: Option<String>,
    is_negated: bool,
}

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Transformation>> {
    let definition = params.required("conditions").cloned();
    let name = params.text("name");
    let is_template = params.flag("template");
    let is_negated = params.flag("negated");
    let definition = definition?;
    let detection = match detections::read(&definition) {
        Ok(detection) => (!is_template).then_some(detection),
        Err(errors) => {
            params.report_all(errors);
            return None;
        }
    };
    Some(Box::new(AddCondition { definition, detection, name, is_negated }))
}

impl Transformation for AddCondition {
    fn apply(&self, rule: &mut Rule, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        let mut detection = match &self.detection {
            Some(detection) => detection.clone(),
            None => self.filled(&rule.logsource, run)?,
        };
        if let Some(id) = &run.item.gate.id {
            detection.mark(id);
        }
        let name = self.name.clone().unwrap_or_else(|| unused_name(rule));
        let place = rule.detections.iter().position(|(known, _)| *known == name);
        let id = match place {
            Some(at) => {
                rule.detections[at].1 = detection;
                DetectionId(u32::try_from(at).unwrap_or(u32::MAX))
            }
            None => rule.add_detection(name.clone(), detection),
        };
        let Rule { conditions, detections, .. } = rule;
        for condition in conditions {
            let mut added = ConditionExpr::Detection(id);
            if self.is_negated {
                added = ConditionExpr::Not(Box::new(added));
            }
            let not = if self.is_negated { "not " } else { "" };
            let before = std::mem::replace(&mut condition.expr, ConditionExpr::Nothing);
            condition.expr = ConditionExpr::And(vec![added, before]);
            let is_reread = run.cx.reading == Compat::PySigma && sees_more(&condition.text);
            condition.text = match condition.text.as_str() {
                "" => format!("{not}{name}"),
                text => format!("{not}{name} and ({text})"),
            };
            if is_reread {
                let reread = reread_condition(&condition.text, condition.span, detections)?;
                (condition.expr, condition.lone) = (reread.expr, reread.lone);
            }
            run.mark(&mut condition.marks);
        }
        run.cx.added.push(name);
        run.mark(&mut rule.marks);
        Ok(())
    }

    /// A correlation has no detections: nothing happens, and no mark is left.
    fn apply_correlation(
        &self,
        _: &mut sigyn_ir::Correlation,
        _: &mut Run<'_>,
    ) -> Result<(), Diagnostic> {
        Ok(())
    }
}

/// Whether a condition reads otherwise with one more identifier beside it: it has a selector for hidden
/// identifiers (which the reference's added ones are), or nothing at all.
fn sees_more(text: &str) -> bool {
    text.contains("of _") || text.trim().is_empty()
}

impl AddCondition {
    fn filled(&self, source: &LogSource, run: &Run<'_>) -> Result<Detection, Diagnostic> {
        let filled = fill_node(&self.definition, source);
        detections::read(&filled).map_err(|mut errors| {
            errors.pop().unwrap_or_else(|| {
                run.fail(&sigyn_diagnostics::codes::pipeline::TRANSFORMATION, "the template makes no detection")
            })
        })
    }
}

fn fill_node(node: &Node, source: &LogSource) -> Node {
    use crate::node::{Entry, Kind};
    let kind = match &node.kind {
        Kind::Scalar(Data::Text(text)) => Kind::Scalar(Data::Text(fill(text, source))),
        Kind::Scalar(data) => Kind::Scalar(data.clone()),
        Kind::List(items) => Kind::List(items.iter().map(|item| fill_node(item, source)).collect()),
        Kind::Map(entries) => Kind::Map(
            entries
                .iter()
                .map(|entry| Entry { value: fill_node(&entry.value, source), ..entry.clone() })
                .collect(),
        ),
    };
    Node { kind, span: node.span }
}

/// Python's `string.Template`, lenient: `$name` and `${name}`, `$$` for a dollar; unknown names stay.
pub(super) fn fill(text: &str, source: &LogSource) -> String {
    let value = |name: &str| {
        let value = match name {
            "category" => &source.category,
            "product" => &source.product,
            "service" => &source.service,
            _ => return None,
        };
        Some(value.as_deref().unwrap_or("None"))
    };
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let behind = &rest[at + 1..];
        if let Some(after) = behind.strip_prefix('$') {
            out.push('$');
            rest = after;
            continue;
        }
        let (inner, is_braced) = match behind.strip_prefix('{') {
            Some(inner) => (inner, true),
            None => (behind, false),
        };
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let len = inner.find(|c| !is_name(c)).unwrap_or(inner.len());
        let (name, after) = inner.split_at(len);
        let after = if is_braced { after.strip_prefix('}') } else { Some(after) };
        match (value(name), after) {
            (Some(value), Some(after)) => {
                out.push_str(value);
                rest = after;
            }
            _ => {
                out.push('$');
                rest = behind;
            }
        }
    }
    out.push_str(rest);
    out
}

fn unused_name(rule: &Rule) -> String {
    let is_used = |name: &str| rule.detections.iter().any(|(known, _)| known == name);
    let mut number = 1;
    loop {
        let name = format!("_cond_{number}");
        if !is_used(&name) {
            return name;
        }
        number += 1;
    }
}
