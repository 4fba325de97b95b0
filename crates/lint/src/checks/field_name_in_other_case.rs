//! A field name is in another case than the field.

use crate::facts::Fields;
use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8306,
        name: "field-name-in-other-case",
        summary: "A field name differs from the field of the log source in upper and lower case.",
        help: "Write it as the taxonomy does.",
    },
    severity: Severity::Warning,
    like: Some(Like::sigmahq("sigmahq_fieldname_cast", "SigmahqFieldnameCastIssue")),
    why: "Field names are compared exactly: the rule never matches.",
    example: Example {
        flagged: "detection:\n    selection:\n        commandline: x\n    condition: selection\n",
        clean: "detection:\n    selection:\n        CommandLine: x\n    condition: selection\n",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    let Some(fields) = cx.rule().and_then(|rule| cx.facts.fields(&rule.logsource)) else { return };
    for (_, item) in cx.items() {
        let Some(field) = &item.field else { continue };
        if !fields.all.contains(&field.as_str()) && has_in_other_case(fields, field) {
            report.at(cx.item_key_place(item), format!("`{field}` is in another case than the field of the log source"));
        }
    }
}

fn has_in_other_case(fields: &Fields, name: &str) -> bool {
    let name = name.to_lowercase();
    fields.all.iter().any(|field| field.to_lowercase() == name)
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "detection:\n    selection:\n        image|endswith: x\n        Image: y\n        Nothing: z\n    condition: selection\n", &["image|endswith"]);
    }
}
