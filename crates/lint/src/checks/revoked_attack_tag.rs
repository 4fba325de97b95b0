//! A technique was revoked.

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8220,
        name: "revoked-attack-tag",
        summary: "A tag names a technique that ATT&CK has replaced by another.",
        help: "Write the technique that took its place.",
    },
    severity: Severity::Note,
    like: None,
    why: "Navigators and dashboards no longer know the old number, so the rule is missing from them.",
    example: Example { flagged: "tags:\n    - attack.t1086", clean: "tags:\n    - attack.t1059.001" },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    for (at, tag) in cx.meta().tags.iter().enumerate().filter(|(_, tag)| tag.namespace == "attack") {
        let Some(new) = cx.facts.attack.successor(&tag.name).map(str::to_ascii_lowercase) else { continue };
        let place = cx.entry_place("tags", at);
        report.with(place, format!("`{tag}` is `attack.{new}` now"), |found| {
            found.fixed_by(&format!("write `attack.{new}`"), Some(place), &format!("attack.{new}"))
        });
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "tags:\n    - attack.t1086\n    - car.t1086\n    - attack.t1059", &["attack.t1086"]);
        check(&super::CHECK, "tags:\n    - attack.t9999", &[]);
    }
}
