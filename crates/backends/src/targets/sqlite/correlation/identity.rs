//! Names that stay the same from run to run: digests of what a correlation says.

use sha2::{Digest, Sha256};
use sigyn_ir::{Correlation, CorrelationCondition, CorrelationExpr, Data, RuleRef};

/// The digest of a correlation, in hexadecimal digits.
pub(super) fn digest(correlation: &Correlation) -> String {
    let text = sorted(description(correlation)).to_json(None);
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The correlation as plain data, without what is absent.
fn description(correlation: &Correlation) -> Data {
    let meta = &correlation.meta;
    let texts = [
        ("id", meta.id.as_deref()),
        ("status", meta.status.map(|status| status.as_str())),
        ("level", meta.level.map(|level| level.as_str())),
        ("author", meta.author.as_deref()),
        ("description", meta.description.as_deref()),
        ("name", meta.name.as_deref()),
        ("date", meta.date.as_deref()),
        ("modified", meta.modified.as_deref()),
    ];
    let tags: Vec<String> = meta.tags.iter().map(ToString::to_string).collect();
    let lists = [
        ("references", &meta.references),
        ("fields", &correlation.fields),
        ("falsepositives", &meta.falsepositives),
        ("scope", &meta.scope),
        ("tags", &tags),
    ];
    let mut pairs = vec![("title", Data::from(meta.title.as_str()))];
    pairs.extend(texts.into_iter().filter_map(|(name, text)| Some((name, text?.into()))));
    let lists = lists.into_iter().filter(|(_, texts)| !texts.is_empty());
    pairs.extend(lists.map(|(name, texts)| (name, Data::texts(texts.iter().cloned()))));
    let mut pairs: Vec<(String, Data)> =
        pairs.into_iter().map(|(key, data)| (key.to_owned(), data)).collect();
    let mut set = |key: &str, data: Data| match pairs.iter_mut().find(|(name, _)| name == key) {
        Some((_, old)) => *old = data,
        None => pairs.push((key.to_owned(), data)),
    };
    // `generate` beside the correlation is no attribute of its own.
    for (key, data) in meta.custom.iter().filter(|(key, _)| key != "generate") {
        set(key, data.clone());
    }
    set("correlation", of_correlation(correlation));
    Data::Map(pairs)
}

fn of_correlation(correlation: &Correlation) -> Data {
    let aliases = correlation.aliases.iter().map(|alias| {
        let fields = alias.fields.iter().map(|(rule, field)| (rule.text.clone(), field.as_str().into()));
        (alias.name.clone(), Data::map(fields))
    });
    let rules = correlation.rules.iter().filter(|rule| !is_implied(correlation, rule));
    Data::map([
        ("type", correlation.kind.as_str().into()),
        ("rules", Data::texts(rules.map(|rule| rule.text.clone()))),
        ("timespan", correlation.timespan.text.as_str().into()),
        ("group-by", correlation.group_by.as_ref().map_or(Data::Null, |fields| Data::texts(fields.clone()))),
        ("aliases", Data::map(aliases)),
        ("condition", of_condition(&correlation.condition)),
    ])
}

fn of_condition(condition: &CorrelationCondition) -> Data {
    match condition {
        CorrelationCondition::Extended { text, .. } => text.as_str().into(),
        CorrelationCondition::Thresholds { thresholds, fields, fields_are_list, percentile } => {
            let mut pairs: Vec<(&str, Data)> = thresholds
                .iter()
                .map(|threshold| (threshold.op.as_str(), Data::Number(threshold.number)))
                .collect();
            match fields.as_slice() {
                [] => {}
                [field] if !fields_are_list => pairs.push(("field", field.as_str().into())),
                fields => pairs.push(("field", Data::texts(fields.iter().cloned()))),
            }
            pairs.extend(percentile.map(|number| ("percentile", Data::Number(number))));
            Data::map(pairs)
        }
    }
}

/// Whether a rule stands only in the extended condition, not in a list of rules.
fn is_implied(correlation: &Correlation, rule: &RuleRef) -> bool {
    fn holds(expr: &CorrelationExpr, rule: &RuleRef) -> bool {
        match expr {
            CorrelationExpr::Or(args) | CorrelationExpr::And(args) => args.iter().any(|arg| holds(arg, rule)),
            CorrelationExpr::Not(arg) => holds(arg, rule),
            CorrelationExpr::Rule(other) => other.span == rule.span,
        }
    }
    match &correlation.condition {
        CorrelationCondition::Extended { expr, .. } => holds(expr, rule),
        CorrelationCondition::Thresholds { .. } => false,
    }
}

/// The data with the keys of all maps in order.
fn sorted(data: Data) -> Data {
    match data {
        Data::Map(pairs) => {
            let mut pairs: Vec<_> = pairs.into_iter().map(|(key, data)| (key, sorted(data))).collect();
            pairs.sort_by(|(a, _), (b, _)| a.cmp(b));
            Data::Map(pairs)
        }
        Data::List(items) => Data::List(items.into_iter().map(sorted).collect()),
        other => other,
    }
}
