//! A technique is tagged without its tactic.

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8217,
        name: "technique-without-tactic",
        summary: "A technique is tagged without a tactic that it serves.",
        help: "Add the tag of the tactic, e.g. `attack.execution` beside `attack.t1059`.",
    },
    severity: Severity::Note,
    like: Some(Like::sigmahq("sigmahq_tags_techniques_without_tactics", "SigmahqTagsTechniquesWithoutTacticsIssue")),
    why: "Navigators and dashboards that group by tactic miss the rule.",
    example: Example {
        flagged: "tags:\n    - attack.t1059",
        clean: "tags:\n    - attack.execution\n    - attack.t1059",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    let tags: Vec<(usize, &str)> = cx
        .meta()
        .tags
        .iter()
        .enumerate()
        .filter(|(_, tag)| tag.namespace == "attack")
        .map(|(at, tag)| (at, tag.name.as_str()))
        .collect();
    let mut missing: Vec<(&str, usize)> = Vec::new();
    for (at, name) in &tags {
        if !name.starts_with('t') || !name.contains(|c: char| c.is_numeric()) {
            continue;
        }
        for tactic in cx.facts.attack.tactics_of(&name.to_lowercase()).unwrap_or_default() {
            // A name that starts with t never counts as a tactic: the reference takes it for a technique.
            let parts = cx.facts.attack.parts_of(tactic);
            let names = |tag: &str| tag == tactic || parts.iter().any(|part| part == tag);
            let is_there = !tactic.starts_with('t') && tags.iter().any(|(_, tag)| names(tag));
            if !is_there && !missing.iter().any(|(known, _)| known == tactic) {
                missing.push((tactic, *at));
            }
        }
    }
    for (tactic, at) in missing {
        let place = cx.entry_place("tags", at);
        report.with(place, format!("the tactic `attack.{tactic}` of this technique is not tagged"), |found| {
            let (line, indent) = cx.entry_line(place);
            let text = format!("{indent}- attack.{tactic}\n");
            found.fixed_by(&format!("add `attack.{tactic}`"), line, &text)
        });
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "tags:\n    - attack.t1078", &["attack.t1078", "attack.t1078", "attack.t1078", "attack.t1078"]);
        check(&super::CHECK, "tags:\n    - attack.execution\n    - attack.t1059\n    - attack.t1059.001", &[]);
        // A later version has two tactics in the place of `defense-evasion`.
        check(&super::CHECK, "tags:\n    - attack.stealth\n    - attack.t1036", &[]);
        check(&super::CHECK, "tags:\n    - attack.defense-impairment\n    - attack.t1036\n    - attack.t1685", &[]);
        check(&super::CHECK, "tags:\n    - attack.stealth\n    - attack.t1685", &["attack.t1685"]);
        check(&super::CHECK, "tags:\n    - attack.g0001\n    - attack.t9999", &[]);
    }
}
