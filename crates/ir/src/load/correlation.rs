//! Lowering of correlations; references stay text until the set is resolved.

use sigyn_diagnostics::{Diagnostic, Span, codes};
use sigyn_syntax::condition::{Expr, ExprKind};
use sigyn_syntax::{
    Attributes, CORRELATION_KEYS, Compat, Correlation as Written, CorrelationCondition as WrittenCondition,
    MatchCondition, Reading, Value, nearest, read_correlation,
};

use super::{Context, meta};
use crate::{
    Alias, Correlation, CorrelationCondition, CorrelationExpr, CorrelationType, ItemId, Number, Options,
    RuleRef, Threshold, ThresholdOp, Timespan,
};

/// Keys beyond the specification that say how events are put into windows and how often a correlation speaks.
const EXTENSIONS: &[&str] = &["window", "gap", "on_match", "suppress", "missing"];

/// The target of a reference that is not linked yet.
pub(crate) const UNLINKED: ItemId = ItemId(u32::MAX);

pub(crate) fn lower(
    document: &Value<'_>,
    mut attributes: Attributes<'_>,
    span: Span,
    context: &mut Context<'_>,
) -> Option<Correlation> {
    let written = read_correlation(document, context.compat(), &mut context.findings)?;
    context.references = named(&written);
    warn_of_keys(&written, context);
    let kind = CorrelationType::parse(&written.kind.as_ref()?.value)?;
    // The reference fails later, and with another error, where the condition is missing after these.
    let condition = condition(&written, kind, context);
    let rules = references(&written, condition.as_ref(), context);
    let timespan = written.timespan.as_ref()?;
    let fields = meta::texts(std::mem::take(&mut attributes.fields));
    let mut meta = meta::meta(attributes);
    if !context.compat().is_pysigma() {
        // Outside the map `generate` is no custom attribute (JSON schema).
        meta.custom.retain(|(key, _)| key != "generate");
    }
    Some(Correlation {
        meta,
        kind,
        rules,
        timespan: Timespan {
            text: timespan.value.text.clone(),
            count: timespan.value.count,
            unit: timespan.value.unit,
            seconds: timespan.value.seconds,
        },
        group_by: written.group_by.map(meta::texts),
        aliases: written
            .aliases
            .into_iter()
            .map(|alias| Alias {
                name: alias.name.into_owned(),
                fields: alias
                    .fields
                    .into_iter()
                    .map(|(rule, field)| (reference(&rule.value, rule.span), field.into_owned()))
                    .collect(),
            })
            .collect(),
        condition: condition?,
        generate: written.generate.unwrap_or(false),
        fields,
        options: Options::default(),
        marks: Vec::new(),
        span,
    })
}

/// Keys that nothing reads, and keys that other tools do not read.
fn warn_of_keys(written: &Written<'_>, context: &mut Context<'_>) {
    for (key, _) in &written.custom {
        let name = &key.value;
        if EXTENSIONS.contains(&name.as_ref()) {
            let message = || format!("`{name}` is not in the specification: no query of a target follows it");
            context.warn(&codes::collection::CORRELATION_EXTENSION, message, key.span);
        } else {
            let message = format!("a correlation has no key `{name}`");
            context.unknown_key(message, nearest(name, CORRELATION_KEYS), key.span);
        }
    }
}

fn reference(text: &str, span: Span) -> RuleRef {
    RuleRef { text: text.to_owned(), target: UNLINKED, span }
}

/// Everything that is referred to, whether the correlation can be used or not.
fn named(written: &Written<'_>) -> Vec<RuleRef> {
    let mut named: Vec<RuleRef> =
        written.rules.iter().flatten().map(|rule| reference(&rule.value, rule.span)).collect();
    if let (true, Some(WrittenCondition::Extended { text, ast })) = (named.is_empty(), &written.condition) {
        collect(&expression(&ast.root, text.span), &mut named);
    }
    named
}

/// The rules that are read: those listed, else those of the extended condition in the order of appearance.
fn references(
    written: &Written<'_>,
    condition: Option<&CorrelationCondition>,
    context: &mut Context<'_>,
) -> Vec<RuleRef> {
    let listed: Vec<RuleRef> =
        written.rules.iter().flatten().map(|rule| reference(&rule.value, rule.span)).collect();
    let Some(CorrelationCondition::Extended { expr, .. }) = condition else {
        return listed;
    };
    let mut named = Vec::new();
    collect(expr, &mut named);
    if listed.is_empty() {
        return named;
    }
    let lacks = |refs: &[RuleRef], text: &str| !refs.iter().any(|other| other.text == text);
    let wrong: Vec<&RuleRef> = listed
        .iter()
        .filter(|rule| lacks(&named, &rule.text))
        .chain(named.iter().filter(|rule| lacks(&listed, &rule.text)))
        .collect();
    if let Some(first) = wrong.first() {
        let names: Vec<&str> = wrong.iter().map(|rule| rule.text.as_str()).collect();
        let message = format!("`rules` and the condition differ in {}", names.join(", "));
        context.error(&codes::rule::EXTENDED_CONDITION_RULES, message, first.span);
    }
    listed
}

fn collect(expr: &CorrelationExpr, into: &mut Vec<RuleRef>) {
    match expr {
        CorrelationExpr::Or(args) | CorrelationExpr::And(args) => {
            args.iter().for_each(|arg| collect(arg, into));
        }
        CorrelationExpr::Not(arg) => collect(arg, into),
        CorrelationExpr::Rule(rule) => {
            if !into.iter().any(|other| other.text == rule.text) {
                into.push(rule.clone());
            }
        }
    }
}

fn condition(
    written: &Written<'_>,
    kind: CorrelationType,
    context: &mut Context<'_>,
) -> Option<CorrelationCondition> {
    match &written.condition {
        Some(WrittenCondition::Match(condition)) => thresholds(condition, written, kind, context),
        Some(WrittenCondition::Extended { text, ast }) => Some(CorrelationCondition::Extended {
            text: text.value.to_string(),
            expr: expression(&ast.root, text.span),
        }),
        None if written.is_temporal() && context.findings.iter().all(|found| !is_condition_error(found)) => {
            if context.compat() == Compat::Spec {
                refuse_no_rules(written, context);
            }
            // Without a condition all rules must have matched.
            let count = written.rules.as_ref().map_or(0, Vec::len) as i128;
            Some(CorrelationCondition::Thresholds {
                thresholds: vec![Threshold { op: ThresholdOp::Gte, number: Number::Int(count) }],
                fields: Vec::new(),
                fields_are_list: false,
                percentile: None,
            })
        }
        None => None,
    }
}

fn is_condition_error(found: &Diagnostic) -> bool {
    found.code.number == codes::rule::BAD_CORRELATION_CONDITION.number
        || found.code.number == codes::rule::BAD_EXTENDED_CONDITION.number
}

fn thresholds(
    condition: &MatchCondition<'_>,
    written: &Written<'_>,
    kind: CorrelationType,
    context: &mut Context<'_>,
) -> Option<CorrelationCondition> {
    let needs_field = !matches!(
        kind,
        CorrelationType::EventCount | CorrelationType::Temporal | CorrelationType::TemporalOrdered
    );
    if needs_field && condition.fields.is_empty() {
        let message = format!("`{kind}` needs a field to count");
        context.error(&codes::rule::MISSING_CONDITION_FIELD, message, condition.span);
    }
    if !needs_field && !condition.fields.is_empty() {
        context.warn(
            &codes::rule::UNUSED_CONDITION_FIELD,
            || format!("`{kind}` does not use the field"),
            condition.span,
        );
    }
    let percentile = condition.percentile.as_ref().and_then(|percentile| number(percentile.value));
    if context.compat() == Compat::Spec {
        let fits = percentile.is_some_and(|number| (0.0..=100.0).contains(&number.as_f64()));
        if (kind == CorrelationType::ValuePercentile || percentile.is_some()) && !fits {
            let message = "`percentile` must be a number from 0 to 100";
            context.error(&codes::rule::MISSING_PERCENTILE, message, condition.span);
        }
        refuse_no_rules(written, context);
        check_decimals(condition, kind, context);
    }
    let thresholds = condition
        .thresholds
        .iter()
        .filter_map(|threshold| {
            Some(Threshold { op: ThresholdOp::parse(threshold.op)?, number: number(threshold.number)? })
        })
        .collect();
    Some(CorrelationCondition::Thresholds {
        thresholds,
        fields: condition.fields.iter().map(|field| field.value.to_string()).collect(),
        fields_are_list: condition.fields_are_list,
        percentile,
    })
}

/// Only an extended condition can name the rules in place of `rules`.
fn refuse_no_rules(written: &Written<'_>, context: &mut Context<'_>) {
    let code = &codes::rule::BAD_CORRELATION_RULES;
    let is_reported = context.findings.iter().any(|found| found.code.number == code.number);
    if written.rules.as_ref().is_none_or(Vec::is_empty) && !is_reported {
        context.error(code, "the correlation names no rules", written.span);
    }
}

/// Counts are integers; sums, averages, percentiles and medians may be compared with decimals.
fn check_decimals(condition: &MatchCondition<'_>, kind: CorrelationType, context: &mut Context<'_>) {
    let measures = matches!(
        kind,
        CorrelationType::ValueSum
            | CorrelationType::ValueAvg
            | CorrelationType::ValuePercentile
            | CorrelationType::ValueMedian
    );
    for threshold in &condition.thresholds {
        if !measures && matches!(threshold.number, Reading::Float(number) if number.fract() != 0.0) {
            let message = format!("`{kind}` counts and cannot be compared with a decimal");
            context.error(&codes::rule::BAD_CORRELATION_CONDITION, message, threshold.span);
        }
    }
}

fn number(reading: Reading) -> Option<Number> {
    match reading {
        Reading::Int(value) => Some(Number::Int(value)),
        #[expect(clippy::cast_possible_truncation, reason = "integral and far inside the range")]
        Reading::Float(value) if value.fract() == 0.0 && value.abs() < 1e15 => {
            Some(Number::Int(value as i128))
        }
        Reading::Float(value) => Some(Number::Float(value)),
        _ => None,
    }
}

fn expression(expr: &Expr, span: Span) -> CorrelationExpr {
    let all = |args: &[Expr]| args.iter().map(|arg| expression(arg, span)).collect();
    match &expr.kind {
        ExprKind::Or(args) => CorrelationExpr::Or(all(args)),
        ExprKind::And(args) => CorrelationExpr::And(all(args)),
        ExprKind::Not(arg) => CorrelationExpr::Not(Box::new(expression(arg, span))),
        ExprKind::Identifier(name) => CorrelationExpr::Rule(reference(name, span)),
        // The grammar of correlations has no selectors.
        ExprKind::Selector { .. } => CorrelationExpr::Or(Vec::new()),
    }
}
