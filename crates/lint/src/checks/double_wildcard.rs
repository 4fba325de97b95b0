//! Two wildcards stand side by side.

use sigyn_ir::Part;

use crate::text::as_string;
use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8402,
        name: "double-wildcard",
        summary: "Two `*` stand side by side.",
        help: "Remove one of them.",
    },
    severity: Severity::Note,
    like: Some(Like::core("double_wildcard", "DoubleWildcardIssue")),
    why: "The second changes nothing, but costs time in some targets and hints at a mistake.",
    example: Example {
        flagged: "detection:\n    selection:\n        Image: 'a**b'\n    condition: selection\n",
        clean: "detection:\n    selection:\n        Image: 'a*b'\n    condition: selection\n",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    for (_, item) in cx.items() {
        for (at, value) in item.values.iter().enumerate() {
            if as_string(value).is_some_and(|text| text.parts().windows(2).any(|pair| pair == [Part::Many, Part::Many])) {
                report.at(cx.value_place(item, at), "two wildcards stand side by side");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "detection:\n    selection:\n        Image|contains: '**a'\n    condition: selection\n", &["'**a'"]);
        check(&super::CHECK, "detection:\n    selection:\n        Image: 'a*?*'\n    condition: selection\n", &[]);
    }
}
