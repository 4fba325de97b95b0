//! A tag is no number of the Cyber Analytics Repository.

use crate::text::digits_between_hyphens;
use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8209,
        name: "malformed-car-tag",
        summary: "A `car` tag is no number of the Cyber Analytics Repository.",
        help: "Write `car.YYYY-MM-NNN`.",
    },
    severity: Severity::Warning,
    like: Some(Like::core("cartag", "InvalidPatternTagIssue")),
    why: "Nothing is found under it.",
    example: Example {
        flagged: "tags:\n    - car.2016-4-2",
        clean: "tags:\n    - car.2016-04-002",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    for (at, tag) in cx.meta().tags.iter().enumerate() {
        if tag.namespace == "car" && !digits_between_hyphens(&tag.name, &[4, 2, 3]) {
            report.at(cx.entry_place("tags", at), format!("`{tag}` is not of the form `car.YYYY-MM-NNN`"));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "tags:\n    - car.2016-04-002\n    - car.2016-04-02", &["car.2016-04-02"]);
        check(&super::CHECK, "tags:\n    - cars.x", &[]);
    }
}
