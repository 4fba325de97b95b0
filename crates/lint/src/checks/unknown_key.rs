//! The rule has a key that Sigma does not define.

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8122,
        name: "unknown-key",
        summary: "The rule has a key that Sigma does not define.",
        help: "Correct its spelling; keys of your own are kept, but nobody else knows them.",
    },
    severity: Severity::Note,
    like: Some(Like::sigmahq("sigmahq_unknown_field", "SigmahqUnknownFieldIssue")),
    why: "A misspelled key is ignored without a word, and with it what it was to say.",
    example: Example {
        flagged: "falsepostives:\n    - Unknown",
        clean: "falsepositives:\n    - Unknown",
    },
    options: &[],
    run: Run::Rule(run),
};

/// Keys of every document, and what SigmaHQ adds.
const KNOWN: &[&str] = &[
    "title", "id", "name", "taxonomy", "related", "status", "description", "license", "references", "tags",
    "author", "date", "modified", "fields", "falsepositives", "level", "scope", "custom_attributes",
    "applied_processing_items", "regression_tests_path", "simulation",
    // Our own: validators of other tools report it as unknown, which they may.
    "sigyn",
];
/// Keys of detection rules.
const OF_RULES: &[&str] = &["logsource", "detection"];
/// Keys of correlations; those that belong below `correlation` are silently taken here too.
const OF_CORRELATIONS: &[&str] =
    &["correlation", "type", "rules", "generate", "timespan", "group_by", "aliases", "condition"];

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    let own = if cx.correlation().is_some() { OF_CORRELATIONS } else { OF_RULES };
    let pairs = cx.tree.as_map().unwrap_or_default();
    let is_known = |name: &str| KNOWN.contains(&name) || own.contains(&name);
    let mut unknown = pairs
        .iter()
        .filter_map(|(key, _)| key.source_text().map(|text| (text.as_ref(), key.span)))
        .filter(|(name, _)| !is_known(name));
    let Some((first, place)) = unknown.next() else { return };
    let rest: Vec<(&str, Span)> = unknown.collect();
    let names: Vec<String> = rest.iter().map(|(name, _)| format!(", `{name}`")).collect();
    report.with(place, format!("Sigma does not define `{first}`{}", names.concat()), |found| {
        rest.iter().fold(found, |found, (_, place)| found.with_related(*place, "and this"))
    });
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "xyz: 1\nabc: 2", &["xyz"]);
        check(&super::CHECK, "simulation: []", &[]);
    }
}
