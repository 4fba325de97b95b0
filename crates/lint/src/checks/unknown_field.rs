//! The log source has no such field.

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8307,
        name: "unknown-field",
        summary: "The log source has no such field.",
        help: "Use a field that events of the log source have; docs and `sigyn list logsources` name them.",
    },
    severity: Severity::Warning,
    like: Some(Like::sigmahq("sigmahq_invalid_fieldname", "SigmahqInvalidFieldnameIssue")),
    why: "A rule that asks for a field which no event has never matches, or its filter never filters.",
    example: Example {
        flagged: "detection:\n    selection:\n        CmdLine: x\n    condition: selection\n",
        clean: "detection:\n    selection:\n        CommandLine: x\n    condition: selection\n",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    let Some(fields) = cx.rule().and_then(|rule| cx.facts.fields(&rule.logsource)) else { return };
    for (_, item) in cx.items() {
        let Some(field) = &item.field else { continue };
        if !fields.all.is_empty() && !fields.all.contains(&field.as_str()) {
            report.at(cx.item_key_place(item), format!("events of this log source have no `{field}`"));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "detection:\n    selection:\n        Image: x\n        Image2|contains: y\n    condition: selection\n", &["Image2|contains"]);
        check(&super::CHECK, "logsource:\n    product: unknown\ndetection:\n    selection:\n        x: y\n    condition: selection\n", &[]);
    }
}
