//! Two search identifiers say the same.

use sigyn_ir::Detection;

use crate::logic::detection_follows;
use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8513,
        name: "duplicate-search-identifier",
        summary: "Two search identifiers of a rule look for the same.",
        help: "Remove one of them; perhaps other values were meant.",
    },
    severity: Severity::Note,
    like: None,
    why: "One of the two was copied and not changed.",
    example: Example {
        flagged: "detection:\n    a:\n        x: y\n    b:\n        x: y\n    condition: a or b",
        clean: "detection:\n    a:\n        a: a\n    b:\n        a: b\n    condition: a or b\n",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    let Some(rule) = cx.rule() else { return };
    for (at, (name, detection)) in rule.detections.iter().enumerate() {
        let same = |(_, other): &&(String, Detection)| {
            detection_follows(detection, other) && detection_follows(other, detection)
        };
        if let Some((first, _)) = rule.detections[..at].iter().find(same) {
            report.with(cx.identifier_place(name), format!("this is the same as `{first}`"), |found| {
                found.with_related(cx.identifier_place(first), "the first one")
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "detection:\n    a:\n        x|contains: Y\n        z: 1\n    b:\n        z: 1\n        x: '*y*'\n    condition: a or b", &["b"]);
        check(&super::CHECK, "detection:\n    a:\n        x: y\n    b:\n        x|contains: y\n    condition: a or b", &[]);
    }
}
