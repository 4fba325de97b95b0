//! A tag stands there twice.

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8207,
        name: "tag-listed-twice",
        summary: "A tag stands there twice.",
        help: "Remove one of the two.",
    },
    severity: Severity::Note,
    like: Some(Like::core("duplicate_tag", "DuplicateTagIssue")),
    why: "It is most likely that another tag was meant.",
    example: Example {
        flagged: "tags:\n    - attack.t1059\n    - attack.t1059",
        clean: "tags:\n    - attack.t1059",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    let all: Vec<String> = cx.meta().tags.iter().map(ToString::to_string).collect();
    for (at, entry) in all.iter().enumerate() {
        // Once for each entry that repeats, at its second place.
        if all[..at].iter().filter(|other| *other == entry).count() == 1 {
            let place = cx.entry_place("tags", at);
            report.with(place, format!("`{entry}` stands here twice"), |found| {
                found.fixed_by("remove it", cx.whole_line(place), "")
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "tags:\n    - a.b\n    - c.d\n    - a.b", &["a.b"]);
        check(&super::CHECK, "tags:\n    - a.b\n    - a.B", &[]);
    }
}
