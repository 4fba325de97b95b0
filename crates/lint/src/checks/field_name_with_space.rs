//! A field name has a space.

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8305,
        name: "field-name-with-space",
        summary: "A field name has a space.",
        help: "Write the name as the taxonomy does, without spaces.",
    },
    severity: Severity::Warning,
    like: Some(Like::sigmahq("sigmahq_space_fieldname", "SigmahqSpaceFieldNameIssue")),
    why: "Many targets need quotes around such a name or cannot have it.",
    example: Example {
        flagged: "detection:\n    selection:\n        Process Name: x\n    condition: selection\n",
        clean: "detection:\n    selection:\n        Image: x\n    condition: selection\n",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {

    for (_, item) in cx.items() {
        let Some(field) = &item.field else { continue };
        if field.contains(' ') {
            report.at(cx.item_key_place(item), format!("`{field}` has a space"));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "detection:\n    selection:\n        'a b|endswith': x\n        'c': y\n    condition: selection\n", &["'a b|endswith'"]);
        check(&super::CHECK, "detection:\n    selection:\n        c|contains: a b\n    condition: selection\n", &[]);
    }
}
