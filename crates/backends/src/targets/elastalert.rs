//! Rules of ElastAlert 2: YAML documents around Lucene queries.
//!
//! `event_count` is the rule type `frequency`, `value_count` a `metric_aggregation` of the cardinality; ElastAlert
//! has nothing for the others.

use sigyn_ir::{
    Correlation, CorrelationCondition, CorrelationType, Data, Level, Number, RuleItem, Threshold,
    ThresholdOp, YamlEmitter, YamlStyle,
};

use super::Builtin;
use super::elastic::index;
use super::elastic::lucene::{Frame, Lucene};
use crate::{Correlating, Cx, Error, Subquery, Target};

pub(super) static TARGET: Builtin = Builtin {
    name: "elastalert",
    text: include_str!("elastalert/dialect.yml"),
    build: |dialect| Box::new(Lucene { dialect, frame: ElastAlert }),
};

struct ElastAlert;

impl Frame for ElastAlert {
    fn finalize(&self, cx: &mut Cx<'_>, query: String, index: usize) -> Result<Data, Error> {
        let mut document = match cx.rule {
            RuleItem::Rule(_) => vec![("type", Data::from("any"))],
            RuleItem::Correlation(correlation) => counting(cx, correlation)?,
        };
        let meta = cx.rule.meta();
        let query_string = Data::map([("query_string", Data::map([("query", Data::Text(query))]))]);
        document.extend([
            ("filter", Data::List(vec![Data::map([("query", query_string)])])),
            ("description", meta.description.as_deref().unwrap_or_default().into()),
            ("name", Data::Text(name(cx, index))),
            ("index", Data::Text(index::of_state(&cx.state))),
            ("priority", priority(meta.level).into()),
        ]);
        let style = YamlStyle { emitter: YamlEmitter::LibYaml, ..YamlStyle::default() };
        Ok(Data::Text(Data::map(document).to_yaml(&style)))
    }

    fn correlation(
        &self,
        target: &dyn Target,
        cx: &mut Cx<'_>,
        correlation: &Correlation,
        rules: &[Subquery<'_>],
    ) -> Result<Vec<String>, Error> {
        let name = cx.env.method.as_deref().unwrap_or("default");
        let Some(method) = target.dialect().correlation.get(name) else {
            return Err(Error::correlation(format!("the target has no correlation method `{name}`"))
                .as_reference("SigmaConversionError"));
        };
        counting(cx, correlation)?;
        if correlation.rules.len() != 1 {
            return Err(Error::feature("ElastAlert correlates the events of one rule only"));
        }
        cx.state.set("index", Data::Text(index::of_rules(rules)));
        let it = Correlating { method, correlation, rules, kind: correlation.kind.as_str() };
        Ok(vec![target.correlation_search(cx, it)?])
    }
}

/// The title. ElastAlert refuses a second rule of the same name, so that further conditions are numbered; in the
/// reference they are not.
fn name(cx: &Cx<'_>, index: usize) -> String {
    let title = &cx.rule.meta().title;
    if index == 0 || cx.env.is_reference() { title.clone() } else { format!("{title} ({})", index + 1) }
}

/// From 0, the lowest; a rule without a level counts as low.
fn priority(level: Option<Level>) -> i64 {
    match level {
        Some(Level::Informational) => 0,
        Some(Level::Low) | None => 1,
        Some(Level::Medium) => 2,
        Some(Level::High) => 3,
        Some(Level::Critical) => 4,
    }
}

/// The part of a rule that counts.
fn counting(cx: &Cx<'_>, correlation: &Correlation) -> Result<Vec<(&'static str, Data)>, Error> {
    let CorrelationCondition::Thresholds { thresholds, fields, fields_are_list, .. } = &correlation.condition
    else {
        return Err(no_such(correlation.kind));
    };
    let is_reference = cx.env.is_reference();
    let mut pairs = match correlation.kind {
        CorrelationType::EventCount => {
            let count = frequency(thresholds, is_reference)?;
            vec![
                ("type", Data::from("frequency")),
                ("num_events", Data::Number(count)),
                ("timeframe", timespan(cx, correlation)),
            ]
        }
        CorrelationType::ValueCount => {
            let field = match fields.as_slice() {
                [field] if !*fields_are_list => field.as_str().into(),
                [field] if !is_reference => field.as_str().into(),
                fields if is_reference => Data::texts(fields.iter().cloned()),
                _ => return Err(Error::correlation("ElastAlert counts the values of one field only")),
            };
            let mut pairs = vec![
                ("type", Data::from("metric_aggregation")),
                ("metric_agg_type", "cardinality".into()),
                ("metric_agg_key", field),
                ("buffer_time", timespan(cx, correlation)),
            ];
            let [threshold] = thresholds.as_slice() else {
                return Err(Error::correlation("ElastAlert alerts outside of a range, not inside"));
            };
            pairs.push(bound(*threshold, is_reference)?);
            pairs
        }
        kind => return Err(no_such(kind)),
    };
    if let Some(fields) = correlation.group_by.as_ref().filter(|fields| !fields.is_empty()) {
        pairs.push(("query_key", Data::texts(fields.iter().cloned())));
    }
    Ok(pairs)
}

fn no_such(kind: CorrelationType) -> Error {
    Error::correlation(format!("ElastAlert has no correlation `{kind}`"))
}

/// The number of events at which ElastAlert alerts.
fn frequency(thresholds: &[Threshold], is_reference: bool) -> Result<Number, Error> {
    let [threshold] = thresholds else {
        return Err(Error::correlation("ElastAlert cannot compare a number of events with a range"));
    };
    match threshold.op {
        ThresholdOp::Gte => Ok(threshold.number),
        ThresholdOp::Gt => Ok(plus(threshold.number, 1)),
        ThresholdOp::Lt | ThresholdOp::Lte => {
            Err(Error::feature("ElastAlert alerts on many events, not on few; it has `flatline` for none"))
        }
        // The reference takes these for `gte`.
        ThresholdOp::Eq | ThresholdOp::Neq if is_reference => Ok(threshold.number),
        ThresholdOp::Eq | ThresholdOp::Neq => {
            Err(Error::feature("ElastAlert alerts from a number of events on, not at just one"))
        }
    }
}

/// The bound of a metric: ElastAlert alerts above the maximum and below the minimum.
fn bound(threshold: Threshold, is_reference: bool) -> Result<(&'static str, Data), Error> {
    let number = threshold.number;
    let (name, number) = match threshold.op {
        ThresholdOp::Gt => ("max_threshold", number),
        ThresholdOp::Gte => ("max_threshold", plus(number, -1)),
        ThresholdOp::Lt => ("min_threshold", number),
        // The reference subtracts here too, so that the bound itself does not alert.
        ThresholdOp::Lte => ("min_threshold", plus(number, if is_reference { -1 } else { 1 })),
        ThresholdOp::Eq | ThresholdOp::Neq => {
            return Err(Error::feature("ElastAlert alerts above or below a number, not at it")
                .as_reference("KeyError"));
        }
    };
    Ok((name, Data::Number(number)))
}

fn plus(number: Number, step: i8) -> Number {
    match number {
        Number::Int(value) => Number::Int(value.saturating_add(step.into())),
        Number::Float(value) => Number::Float(value + f64::from(step)),
    }
}

/// A time span as the arguments of Python's `timedelta`, which has neither months nor years.
fn timespan(cx: &Cx<'_>, correlation: &Correlation) -> Data {
    let timespan = &correlation.timespan;
    let unit = match timespan.unit {
        's' => "seconds",
        'm' => "minutes",
        'h' => "hours",
        'd' => "days",
        'w' => "weeks",
        'M' if cx.env.is_reference() => "months",
        'y' if cx.env.is_reference() => "years",
        _ => {
            let seconds = Number::Int(timespan.seconds.into());
            return Data::map([("seconds", Data::Number(seconds))]);
        }
    };
    Data::map([(unit, Data::Number(Number::Int(timespan.count.into())))])
}
