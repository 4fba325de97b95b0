//! A correlation has no group.

use sigyn_ir::CorrelationType;

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8602,
        name: "correlation-without-group",
        summary: "A correlation that counts or orders events has no `group-by`.",
        help: "Add `group-by` with the fields that belong together, e.g. a user or host.",
    },
    severity: Severity::Warning,
    like: Some(Like::sigmahq("sigmahq_correlation_group_by_existence", "SigmahqCorrelationGroupByExistenceIssue")),
    why: "Without a group the events of all users and hosts are counted together, and noise alone sets it off.",
    example: Example {
        flagged: "# path: correlation_x.yml\n---\ntitle: A Rule\nname: a\nlogsource:\n    product: windows\ndetection:\n    sel:\n        a: b\n    condition: sel\n---\ntitle: B Rule\nname: b\nlogsource:\n    product: windows\ndetection:\n    sel:\n        a: c\n    condition: sel\n---\ntitle: C\ncorrelation:\n    type: event_count\n    rules: [a]\n    timespan: 5m\n    condition:\n        gte: 2\n",
        clean: "# path: correlation_x.yml\n---\ntitle: A Rule\nname: a\nlogsource:\n    product: windows\ndetection:\n    sel:\n        a: b\n    condition: sel\n---\ntitle: B Rule\nname: b\nlogsource:\n    product: windows\ndetection:\n    sel:\n        a: c\n    condition: sel\n---\ntitle: C\ncorrelation:\n    type: event_count\n    rules: [a]\n    group-by: [user]\n    timespan: 5m\n    condition:\n        gte: 2\n",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    let Some(correlation) = cx.correlation() else { return };
    let is_grouped = matches!(
        correlation.kind,
        CorrelationType::EventCount
            | CorrelationType::ValueCount
            | CorrelationType::Temporal
            | CorrelationType::TemporalOrdered
    );
    if is_grouped && correlation.group_by.as_ref().is_none_or(Vec::is_empty) {
        report.at(cx.key_place("correlation"), "the correlation has no `group-by`");
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "# path: correlation_x.yml\n---\ntitle: A Rule\nname: a\nlogsource:\n    product: windows\ndetection:\n    sel:\n        a: b\n    condition: sel\n---\ntitle: B Rule\nname: b\nlogsource:\n    product: windows\ndetection:\n    sel:\n        a: c\n    condition: sel\n---\ntitle: C\ncorrelation:\n    type: temporal\n    rules: [a, b]\n    timespan: 5m\n    condition:\n        gte: 2\n", &["correlation"]);
        check(&super::CHECK, "# path: correlation_x.yml\n---\ntitle: A Rule\nname: a\nlogsource:\n    product: windows\ndetection:\n    sel:\n        a: b\n    condition: sel\n---\ntitle: B Rule\nname: b\nlogsource:\n    product: windows\ndetection:\n    sel:\n        a: c\n    condition: sel\n---\ntitle: C\ncorrelation:\n    type: temporal\n    rules: [a, b]\n    group-by: [user]\n    timespan: 5m\n    condition:\n        gte: 2\n", &[]);
    }
}
