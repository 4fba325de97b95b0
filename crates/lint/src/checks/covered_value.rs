//! A value of a list is covered by another.

use sigyn_ir::Linking;

use crate::logic::covered;
use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8420,
        name: "covered-value",
        summary: "A value of a list matches nothing that another value of the list does not match.",
        help: "Remove it, or say what more was meant.",
    },
    severity: Severity::Note,
    like: None,
    why: "It changes nothing; perhaps the wide one is wider than was meant.",
    example: Example {
        flagged: "detection:\n    selection:\n        a|contains:\n            - mimi\n            - mimikatz\n    condition: selection\n",
        clean: "detection:\n    selection:\n        a|contains:\n            - mimikatz\n            - lsass\n    condition: selection\n",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    for (_, item) in cx.items().filter(|(_, item)| item.linking == Linking::Or && item.field.is_some()) {
        for (at, wide) in covered(&item.values) {
            let place = cx.value_place(item, at);
            report.with(place, "another value of the list covers this one", |found| {
                found.with_related(cx.value_place(item, wide), "this matches more")
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "detection:\n    selection:\n        a|endswith:\n            - '\\cmd.exe'\n            - '.EXE'\n    condition: selection\n", &["'\\cmd.exe'"]);
        check(&super::CHECK, "detection:\n    selection:\n        a|contains|all:\n            - a\n            - ab\n    condition: selection\n", &[]);
    }
}
