//! A reference stands there twice.

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8126,
        name: "reference-listed-twice",
        summary: "A reference stands there twice.",
        help: "Remove one of the two.",
    },
    severity: Severity::Note,
    like: Some(Like::core("duplicate_references", "DuplicateReferencesIssue")),
    why: "It is most likely that another link was meant.",
    example: Example {
        flagged: "references:\n    - https://a.org\n    - https://a.org",
        clean: "references:\n    - https://a.org\n    - https://b.org",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    let all: Vec<String> = cx.meta().references.clone();
    for (at, entry) in all.iter().enumerate() {
        // Once for each entry that repeats, at its second place.
        if all[..at].iter().filter(|other| *other == entry).count() == 1 {
            let place = cx.entry_place("references", at);
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
        check(&super::CHECK, "references:\n    - a\n    - a\n    - a", &["a"]);
        check(&super::CHECK, "references:\n    - a\n    - b", &[]);
    }
}
