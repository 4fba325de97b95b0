//! A selector has no asterisk.

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8507,
        name: "selector-without-asterisk",
        summary: "A selector names one search identifier, without an asterisk.",
        help: "Add the asterisk, or name the identifier alone.",
    },
    severity: Severity::Note,
    like: Some(Like::sigmahq("sigmahq_missing_asterisk_condition", "SigmahqMissingAsteriskConditionIssue")),
    why: "`1 of selection` is `selection`; who writes it means several.",
    example: Example {
        flagged: "detection:\n    selection:\n        a: selection\n    condition: 1 of selection\n",
        clean: "detection:\n    selection1:\n        a: selection1\n    selection2:\n        a: selection2\n    condition: 1 of selection*\n",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    let Some(rule) = cx.rule() else { return };
    for (at, condition) in rule.conditions.iter().enumerate() {
        let text = &condition.text;
        for (of, _) in text.match_indices("of") {
            let behind = &text[of + 2..];
            let rest = behind.trim_start();
            let is_word = text[..of].ends_with(char::is_whitespace) && rest.len() < behind.len();
            let name = rest.split(|c: char| c.is_whitespace() || c == ')').next().unwrap_or("");
            if is_word && !name.is_empty() && name != "them" && !name.ends_with('*') {
                let start = text.len() - rest.len();
                let place = cx.condition_part(at, start..start + name.len());
                return report.at(place, format!("`{name}` has no asterisk"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "detection:\n    sel:\n        a: sel\n    fil:\n        a: fil\n    condition: (1 of sel) and not all of fil\n", &["sel"]);
        check(&super::CHECK, "detection:\n    s:\n        a: s\n    x:\n        a: x\n    condition: 1 of them or 1 of s*\n", &[]);
    }
}
