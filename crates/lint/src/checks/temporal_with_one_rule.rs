//! A temporal correlation refers to one rule.

use sigyn_ir::CorrelationType;

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8601,
        name: "temporal-with-one-rule",
        summary: "A temporal correlation refers to fewer than two rules.",
        help: "Name the other rule, or use `event_count`.",
    },
    severity: Severity::Warning,
    like: Some(Like::sigmahq("sigmahq_correlation_rules_minimum", "SigmahqCorrelationRulesMinimumIssue")),
    why: "That one rule matched is what the rule itself says already.",
    example: Example {
        flagged: "# path: correlation_x.yml\n---\ntitle: A Rule\nname: a\nlogsource:\n    product: windows\ndetection:\n    sel:\n        a: b\n    condition: sel\n---\ntitle: B Rule\nname: b\nlogsource:\n    product: windows\ndetection:\n    sel:\n        a: c\n    condition: sel\n---\ntitle: C\ncorrelation:\n    type: temporal\n    rules: [a]\n    group-by: [user]\n    timespan: 5m\n    condition:\n        gte: 2\n",
        clean: "# path: correlation_x.yml\n---\ntitle: A Rule\nname: a\nlogsource:\n    product: windows\ndetection:\n    sel:\n        a: b\n    condition: sel\n---\ntitle: B Rule\nname: b\nlogsource:\n    product: windows\ndetection:\n    sel:\n        a: c\n    condition: sel\n---\ntitle: C\ncorrelation:\n    type: temporal\n    rules: [a, b]\n    group-by: [user]\n    timespan: 5m\n    condition:\n        gte: 2\n",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    let Some(correlation) = cx.correlation() else { return };
    let is_temporal =
        matches!(correlation.kind, CorrelationType::Temporal | CorrelationType::TemporalOrdered);
    // Where `rules` is absent an extended condition names them.
    let is_named = cx.tree.get("correlation").is_some_and(|map| map.get_some("rules").is_some());
    if is_temporal && is_named && correlation.rules.len() < 2 {
        report.at(cx.inner_place("correlation", "rules"), "a temporal correlation needs two rules");
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "# path: correlation_x.yml\n---\ntitle: A Rule\nname: a\nlogsource:\n    product: windows\ndetection:\n    sel:\n        a: b\n    condition: sel\n---\ntitle: B Rule\nname: b\nlogsource:\n    product: windows\ndetection:\n    sel:\n        a: c\n    condition: sel\n---\ntitle: C\ncorrelation:\n    type: temporal_ordered\n    rules: [b]\n    group-by: [user]\n    timespan: 5m\n    condition:\n        gte: 2\n", &["[b]"]);
        check(&super::CHECK, "# path: correlation_x.yml\n---\ntitle: A Rule\nname: a\nlogsource:\n    product: windows\ndetection:\n    sel:\n        a: b\n    condition: sel\n---\ntitle: B Rule\nname: b\nlogsource:\n    product: windows\ndetection:\n    sel:\n        a: c\n    condition: sel\n---\ntitle: C\ncorrelation:\n    type: event_count\n    rules: [a]\n    group-by: [user]\n    timespan: 5m\n    condition:\n        gte: 2\n", &[]);
    }
}
