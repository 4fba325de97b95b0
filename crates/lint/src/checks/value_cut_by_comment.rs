//! A comment cuts a value.

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8427,
        name: "value-cut-by-comment",
        summary: "A value that is not quoted stops where a ` #` begins a comment.",
        help: "Quote the value.",
    },
    severity: Severity::Warning,
    like: None,
    why: "What stands behind the ` #` is not looked for; the rule matches more than was meant.",
    example: Example {
        flagged: "detection:\n    selection:\n        a|contains: foo #bar\n    condition: selection\n",
        clean: "detection:\n    selection:\n        a|contains: 'foo #bar'\n    condition: selection\n",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    for (_, item) in cx.items() {
        for place in cx.value_places(item) {
            // Who writes a comment leaves a blank behind the sign.
            let behind = cx.text.get(place.end as usize..).filter(|behind| behind.starts_with(' '));
            let Some(behind) = behind.and_then(|behind| behind.lines().next()) else { continue };
            let is_plain = !cx.text.get(place.range()).unwrap_or("").starts_with(['"', '\'', '|', '>', '[', '{']);
            let comment = behind.trim_start().strip_prefix('#');
            if is_plain && comment.is_some_and(|text| text.starts_with(|c: char| c.is_alphanumeric())) {
                report.at(place, "the value stops before the `#`");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "detection:\n    selection:\n        a:\n            - x #y\n            - x # y\n            - 'x' #y\n    condition: selection\n", &["x"]);
    }
}
