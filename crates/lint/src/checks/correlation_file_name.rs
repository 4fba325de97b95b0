//! The file of a correlation is not named as one.

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8603,
        name: "correlation-file-name",
        summary: "The name of a file with a correlation does not start with `correlation_`.",
        help: "Rename the file.",
    },
    severity: Severity::Note,
    like: Some(Like::sigmahq("sigmahq_correlation_filename_prefix", "SigmahqCorrelationFilenamePrefixIssue")),
    why: "SigmaHQ tells correlations by their file names.",
    example: Example {
        flagged: "# path: x_y.yml\n---\ntitle: A Rule\nname: a\nlogsource:\n    product: windows\ndetection:\n    sel:\n        a: b\n    condition: sel\n---\ntitle: B Rule\nname: b\nlogsource:\n    product: windows\ndetection:\n    sel:\n        a: c\n    condition: sel\n---\ntitle: C\ncorrelation:\n    type: event_count\n    rules: [a]\n    group-by: [user]\n    timespan: 5m\n    condition:\n        gte: 2\n",
        clean: "# path: correlation_x.yml\n---\ntitle: A Rule\nname: a\nlogsource:\n    product: windows\ndetection:\n    sel:\n        a: b\n    condition: sel\n---\ntitle: B Rule\nname: b\nlogsource:\n    product: windows\ndetection:\n    sel:\n        a: c\n    condition: sel\n---\ntitle: C\ncorrelation:\n    type: event_count\n    rules: [a]\n    group-by: [user]\n    timespan: 5m\n    condition:\n        gte: 2\n",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    if cx.correlation().is_some() && !cx.file_name().starts_with("correlation_") {
        let message = format!("`{}` does not start with `correlation_`", cx.file_name());
        report.at(cx.key_place("correlation"), message);
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "# path: win_correlation_x.yml\n---\ntitle: A Rule\nname: a\nlogsource:\n    product: windows\ndetection:\n    sel:\n        a: b\n    condition: sel\n---\ntitle: B Rule\nname: b\nlogsource:\n    product: windows\ndetection:\n    sel:\n        a: c\n    condition: sel\n---\ntitle: C\ncorrelation:\n    type: event_count\n    rules: [a]\n    group-by: [user]\n    timespan: 5m\n    condition:\n        gte: 2\n", &["correlation"]);
        check(&super::CHECK, "# path: x.yml", &[]);
    }
}
