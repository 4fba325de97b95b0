//! Filters: lowering, and applying them to rules.

use sigyn_diagnostics::{Span, codes};
use sigyn_syntax::{Attributes, FilterRules, Value, normal_uuid, read_filter};

use super::{Context, condition, rule};
use crate::{Condition, ConditionExpr, Detection, DetectionId, LogSource, Rule};

/// A filter with its identifiers in a namespace of their own.
#[derive(Clone, Debug)]
pub struct Filter {
    pub(crate) id: Option<String>,
    /// How its fields are named; `None` for Sigma's own names.
    taxonomy: Option<String>,
    /// The log source that its rules have.
    pub logsource: LogSource,
    /// Ids and names; `None` for every rule with the log source.
    pub rules: Option<Vec<String>>,
    /// Search identifiers, in the order of the document.
    pub detections: Vec<(String, Detection)>,
    /// What is added to the conditions of its rules.
    pub condition: Condition,
}

pub(crate) fn lower(
    document: &Value<'_>,
    attributes: Attributes<'_>,
    _span: Span,
    context: &mut Context<'_>,
) -> Option<Filter> {
    let logsource = rule::logsource(document, context);
    let written = read_filter(document, context.compat(), &mut context.findings)?;
    let rules = match &written.rules {
        FilterRules::Any => None,
        FilterRules::Listed(rules) => Some(rules.iter().map(|rule| rule.value.to_string()).collect()),
    };
    let (detections, mut conditions) = rule::lower_detections(written.detections, context);
    let condition = conditions.pop()?;
    if !has_not(&condition.expr) {
        context.warn(
            &codes::rule::FILTER_WITHOUT_NOT,
            || "the filter keeps only what it describes".to_owned(),
            condition.span,
        );
    }
    let taxonomy = foreign(attributes.taxonomy.as_ref().map(|taxonomy| taxonomy.value.as_ref()));
    Some(Filter { id: attributes.id.map(|id| id.value), taxonomy, logsource, rules, detections, condition })
}

/// The name of a taxonomy other than Sigma's, in lower case.
fn foreign(taxonomy: Option<&str>) -> Option<String> {
    taxonomy.map(str::to_ascii_lowercase).filter(|taxonomy| taxonomy != "sigma")
}

fn has_not(expr: &ConditionExpr) -> bool {
    match expr {
        ConditionExpr::Not(_) => true,
        ConditionExpr::Or(args) | ConditionExpr::And(args) => args.iter().any(has_not),
        ConditionExpr::AtLeast { of, .. } => of.iter().any(has_not),
        _ => false,
    }
}

impl Filter {
    /// Whether the filter applies to a rule: same log source, and listed.
    pub(crate) fn applies_to(&self, rule: &Rule) -> bool {
        let listed = |text: &String| match normal_uuid(text) {
            Some(id) => rule.meta.id.as_ref() == Some(&id),
            None => rule.meta.name.as_ref() == Some(text),
        };
        self.logsource.covers(&rule.logsource)
            && self.rules.as_ref().is_none_or(|rules| rules.iter().any(listed))
    }

    /// Adds the filter's condition to each condition of a rule. `at` numbers the filters of a rule.
    ///
    /// Our reading joins two finished conditions. The reference joins two texts, after it renamed the filter's
    /// identifiers, and reads the result again: a pattern of the rule that starts with `_` then selects them.
    pub(crate) fn apply(&self, rule: &mut Rule, at: usize, context: &mut Context<'_>) {
        // The same name may mean another field in another taxonomy. The reference does not look.
        if !context.compat().is_pysigma() && self.taxonomy != foreign(rule.meta.taxonomy.as_deref()) {
            let name = |taxonomy: Option<&str>| format!("`{}`", taxonomy.unwrap_or("sigma"));
            let own = name(self.taxonomy.as_deref());
            let message =
                format!("the filter's taxonomy is {own}, the rule's {}", name(rule.meta.taxonomy.as_deref()));
            context.error(&codes::collection::FILTER_TAXONOMY, message, self.condition.span);
            return;
        }
        let prefix = format!("_filt_{}", letters(at));
        let first = rule.detections.len();
        for (name, detection) in &self.detections {
            rule.add_detection(format!("{prefix}_{name}"), detection.clone());
        }
        let filter_text = renamed(&self.condition.text, &prefix);
        for condition in &mut rule.conditions {
            let text = format!("({}) and ({filter_text})", condition.text);
            if context.compat().is_pysigma() {
                *condition = condition::lower(&text, condition.span, &rule.detections, context);
            } else {
                let own = std::mem::replace(&mut condition.expr, ConditionExpr::Nothing);
                let filter = moved(&self.condition.expr, u32::try_from(first).unwrap_or(u32::MAX));
                condition.expr = ConditionExpr::And(vec![own, filter]);
                condition.text = text;
            }
        }
    }
}

/// Ten letters that count.
fn letters(mut number: usize) -> String {
    let mut letters = [b'a'; 10];
    for letter in letters.iter_mut().rev() {
        *letter += u8::try_from(number % 26).unwrap_or(0);
        number /= 26;
    }
    letters.iter().map(|letter| char::from(*letter)).collect()
}

/// The condition with each identifier and pattern behind a prefix.
fn renamed(text: &str, prefix: &str) -> String {
    const KEYWORDS: &[&str] = &["not", "and", "or", "all", "any", "of", "1"];
    let mut out = String::with_capacity(text.len() * 2);
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_alphabetic() || c == '*') {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '*' | '_' | '-');
        let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let (token, behind) = rest.split_at(length);
        if KEYWORDS.iter().any(|word| token.eq_ignore_ascii_case(word)) {
            out.push_str(token);
        } else {
            out.push_str(prefix);
            out.push('_');
            out.push_str(if token == "them" { "*" } else { token });
        }
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// The expression with its identifiers counted from `first`.
fn moved(expr: &ConditionExpr, first: u32) -> ConditionExpr {
    let all = |args: &[ConditionExpr]| args.iter().map(|arg| moved(arg, first)).collect();
    match expr {
        ConditionExpr::Or(args) => ConditionExpr::Or(all(args)),
        ConditionExpr::And(args) => ConditionExpr::And(all(args)),
        ConditionExpr::Not(arg) => ConditionExpr::Not(Box::new(moved(arg, first))),
        ConditionExpr::AtLeast { count, of } => ConditionExpr::AtLeast { count: *count, of: all(of) },
        ConditionExpr::Detection(id) => ConditionExpr::Detection(DetectionId(id.0.saturating_add(first))),
        ConditionExpr::False => ConditionExpr::False,
        ConditionExpr::Nothing => ConditionExpr::Nothing,
    }
}
