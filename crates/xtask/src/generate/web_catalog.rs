//! The catalog of the web pack: what its rules say of themselves, by category, severity and stage.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use sigyn_diagnostics::{SourceFile, SourceId};
use sigyn_ir::{Compat, CorrelationCondition, Data, Level, LoadOptions, Meta, RuleItem, RuleSet};

use super::cell;

/// Where the pack stands.
const PACK: &str = "rules/web";

const INTRODUCTION: &str = "\
# Web rules

The rules of [rules/web](../rules/web): attacks in the access logs of web servers, without configuration:

    sigyn hunt -r rules/web access.log

Rules on single requests (*classification*) give no result of their own: nearly every server is asked for such things all day.
Rules of the stage *detection* tell of an address that goes on, *escalation* of signs that make it worse. Fields have the names
of ECS; logs with W3C's names (`cs-uri-query`) are read too. Addresses and queries are searched as they stand in the log
and decoded, once and twice. `sigyn-bench web` measures what is found.

Windows slide, both ends included: ten requests of which the last comes exactly a minute after the first are ten within a
minute. Missing pages, timeouts and the names of clients are no kinds of attack for `BEHAVIOR-MULTI-001`. One attempt at the
login of an administrator is what administrators do: `ESCALATION-AUTH-001` asks for a burst.
";

/// Severities from the worst on.
const LEVELS: [Level; 5] = [Level::Critical, Level::High, Level::Medium, Level::Low, Level::Informational];

/// Stages in their order.
const STAGES: [(&str, &str); 3] = [
    ("classification", "Single requests"),
    ("detection", "What an address does over time"),
    ("escalation", "What makes it worse"),
];

/// The page.
///
/// # Errors
/// A rule that cannot be read, or that lacks a category or a stage.
pub(super) fn page(root: &Path) -> Result<String> {
    let set = load(root)?;
    let mut rules = Vec::new();
    for item in &set.items {
        let rule = Rule::of(item, &set)?;
        // What only stands between two others is no entry of its own.
        if rule.name.contains("-0") {
            rules.push(rule);
        }
    }
    rules.sort_by(|a, b| a.name.cmp(&b.name));
    let mut page = INTRODUCTION.to_owned();
    for (stage, title) in STAGES {
        page.push_str(&format!("\n## {title}\n\n| rule | finds | category | severity | confidence | when |\n|---|---|---|---|---|---|\n"));
        for rule in rules.iter().filter(|rule| rule.stage == stage) {
            let Rule { name, title, category, level, confidence, when, .. } = rule;
            page.push_str(&format!(
                "| {name} | {title} | {category} | {level} | {confidence} | {} |\n",
                cell(when)
            ));
        }
    }
    page.push_str("\n## By category\n\n| category | rules |\n|---|---|\n");
    let mut categories: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    rules.iter().for_each(|rule| categories.entry(&rule.category).or_default().push(&rule.name));
    for (category, names) in categories {
        page.push_str(&format!("| {category} | {} |\n", names.join(", ")));
    }
    page.push_str("\n## By severity\n\n| severity | rules |\n|---|---|\n");
    for level in LEVELS {
        let names: Vec<&str> =
            rules.iter().filter(|rule| rule.level == level).map(|rule| rule.name.as_str()).collect();
        if !names.is_empty() {
            page.push_str(&format!("| {level} | {} |\n", names.join(", ")));
        }
    }
    Ok(page)
}

/// An entry.
struct Rule {
    name: String,
    title: String,
    category: String,
    stage: String,
    confidence: String,
    level: Level,
    when: String,
}

impl Rule {
    fn of(item: &RuleItem, set: &RuleSet) -> Result<Self> {
        let meta = item.meta();
        let title = meta.title.clone();
        let of = |key: &str| attribute(meta, key).with_context(|| format!("`{title}` has no {key}"));
        Ok(Self {
            name: meta.name.clone().with_context(|| format!("`{title}` has no name"))?,
            category: of("category")?,
            stage: of("stage")?,
            confidence: of("confidence")?,
            level: meta.level.with_context(|| format!("`{title}` has no level"))?,
            when: when(item, set),
            title,
        })
    }
}

fn attribute(meta: &Meta, key: &str) -> Option<String> {
    match meta.custom("custom_attributes")?.get(key)? {
        Data::Text(text) => Some(text.clone()),
        _ => None,
    }
}

/// The threshold of a correlation, for people.
fn when(item: &RuleItem, set: &RuleSet) -> String {
    let correlation = match item {
        RuleItem::Correlation(correlation) => correlation,
        RuleItem::Rule(rule) if rule.logsource.service.as_deref() == Some("detection") => {
            return "each detection that fits".to_owned();
        }
        RuleItem::Rule(_) => return "each request".to_owned(),
    };
    let names: Vec<String> = correlation
        .rules
        .iter()
        .filter_map(|rule| set.get(rule.target).and_then(|item| item.meta().name.clone()))
        .map(|name| format!("`{name}`"))
        .collect();
    let CorrelationCondition::Thresholds { thresholds, .. } = &correlation.condition else {
        return "each input".to_owned();
    };
    let Some(threshold) = thresholds.first() else { return "each input".to_owned() };
    let what = if names.len() > 1 { "kinds" } else { "inputs" };
    let group = correlation.group_by.iter().flatten().map(|field| format!("`{field}`"));
    format!(
        "{} {what} of {} in {} by {}",
        threshold.number,
        names.join(", "),
        correlation.timespan.text,
        group.collect::<Vec<_>>().join(", ")
    )
}

/// Every rule of the pack.
fn load(root: &Path) -> Result<RuleSet> {
    let folder = root.join(PACK);
    let entries = std::fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| {
        path.to_string_lossy().ends_with(".yml") && !path.to_string_lossy().ends_with(".test.yml")
    });
    paths.sort_unstable();
    let options = LoadOptions::new(Compat::Spec);
    let mut parsed = Vec::new();
    for (path, id) in paths.iter().zip(0..) {
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let file = SourceFile::new(path.display().to_string(), text);
        parsed.push(sigyn_ir::read(SourceId(id), &file, &options));
    }
    let loaded = sigyn_ir::resolve(parsed, &options);
    ensure!(loaded.failed.is_empty(), "rules of {PACK} cannot be read: {:?}", loaded.failed);
    Ok(loaded.set)
}
