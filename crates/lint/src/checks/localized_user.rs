//! A user is named in one language of Windows.

use sigyn_ir::Value;

use crate::text::plain;
use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8308,
        name: "localized-user",
        summary: "A built-in account is named in one language of Windows.",
        help: "Use the SID, or list `AUTHORI` and `AUTORI` with `contains`.",
    },
    severity: Severity::Warning,
    like: Some(Like::sigmahq("sigmahq_field_user", "SigmahqFieldUserIssue")),
    why: "`NT AUTHORITY` is `AUTORITE NT` on French machines; the rule misses them.",
    example: Example {
        flagged: "detection:\n    selection:\n        User: 'NT AUTHORITY\\SYSTEM'\n    condition: selection\n",
        clean: "detection:\n    selection:\n        User|contains:\n            - AUTHORI\n            - AUTORI\n    condition: selection\n",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {

    for (_, item) in cx.items() {
        let Some(field) = &item.field else { continue };
        if field.to_lowercase().contains("user") && item.values.len() == 1 && is_local(&item.values[0]) {
            report.at(cx.item_key_place(item), "this name is that of one language");
        }
    }
}

fn is_local(value: &Value) -> bool {
    plain(value).is_some_and(|text| text.contains("AUTORI") || text.contains("AUTHORI"))
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "detection:\n    selection:\n        SubjectUserName|contains: AUTORITE\n    condition: selection\n", &["SubjectUserName|contains"]);
        check(&super::CHECK, "detection:\n    selection:\n        Image: AUTHORI\n    condition: selection\n", &[]);
    }
}
