//! The coverage as one JSON document. Its keys are a contract; more may come.

use serde_json::{Map, Value, json};

use crate::{Catalogue, Coverage, Gap, Levels, TechniqueId, Wanted, source_gaps};

/// Everything: techniques with the rules that name them, tactics, log sources, and what is wanted.
pub fn document(coverage: &Coverage, catalogue: &Catalogue, wanted: Option<&Wanted>, gaps: &[Gap]) -> Value {
    let techniques: Vec<Value> =
        coverage.techniques().map(|(id, levels)| technique(coverage, catalogue, id, levels)).collect();
    let tactics = coverage.tactics(catalogue);
    let tactics: Vec<Value> = tactics
        .iter()
        .map(|line| {
            json!({
                "tactic": some(&line.name), "rules": line.levels.total(), "levels": counts(line.levels),
                "techniques": line.covered, "techniques_known": line.known,
            })
        })
        .collect();
    let mut document = json!({
        "rules": coverage.rules().len(),
        "rules_without_technique": coverage.untagged(),
        "techniques": techniques,
        "tactics": tactics,
        "logsources": sources(coverage, wanted),
    });
    if wanted.is_some()
        && let Value::Object(document) = &mut document
    {
        let lines = gaps.iter().map(|gap| {
            json!({
                "technique": gap.id.as_str(), "name": catalogue.name(&gap.id),
                "tactics": catalogue.tactics(&gap.id), "state": gap.state.as_str(),
                "rules": gap.rules, "other_rules": gap.others,
            })
        });
        document.insert("wanted".to_owned(), lines.collect());
    }
    document
}

fn technique(coverage: &Coverage, catalogue: &Catalogue, id: &TechniqueId, levels: Levels) -> Value {
    let rules = coverage.rules_for(id);
    let rules: Vec<Value> = rules
        .map(|rule| json!({"id": rule.id, "title": rule.title, "level": rule.level_name(), "logsource": rule.source}))
        .collect();
    json!({
        "technique": id.as_str(),
        "name": catalogue.name(id),
        "tactics": catalogue.tactics(id),
        "renamed_to": catalogue.successor(id).as_ref().map(TechniqueId::as_str),
        "score": levels.total(),
        "levels": counts(levels),
        "rules": rules,
    })
}

fn sources(coverage: &Coverage, wanted: Option<&Wanted>) -> Vec<Value> {
    let own = coverage.sources();
    let ids = |ids: &std::collections::BTreeSet<TechniqueId>| -> Value {
        ids.iter().map(TechniqueId::as_str).collect()
    };
    let line = |name: &str| {
        let source = own.get(name).cloned().unwrap_or_default();
        let mut line = Map::new();
        line.insert("logsource".to_owned(), name.into());
        line.insert("rules".to_owned(), source.levels.total().into());
        line.insert("levels".to_owned(), counts(source.levels));
        line.insert("techniques".to_owned(), ids(&source.techniques));
        line
    };
    let Some(Wanted::Rules(others)) = wanted else {
        return own.keys().map(|name| line(name).into()).collect();
    };
    let missing = source_gaps(coverage, others);
    let with_missing = missing.iter().map(|(name, missing)| {
        let mut line = line(name);
        line.insert("missing".to_owned(), ids(missing));
        line.into()
    });
    with_missing.collect()
}

fn counts(levels: Levels) -> Value {
    Value::Object(levels.counts().map(|(name, count)| (name.to_owned(), count.into())).collect())
}

fn some(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}
