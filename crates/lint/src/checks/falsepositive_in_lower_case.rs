//! A false positive starts in lower case.

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8118,
        name: "falsepositive-in-lower-case",
        summary: "An entry of `falsepositives` starts in lower case.",
        help: "Start it with a capital.",
    },
    severity: Severity::Note,
    like: Some(Like::sigmahq("sigmahq_falsepositives_capital", "SigmahqFalsepositivesCapitalIssue")),
    why: "Entries are shown as sentences to analysts.",
    example: Example {
        flagged: "falsepositives:\n    - administrators",
        clean: "falsepositives:\n    - Administrators",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    for (at, entry) in cx.meta().falsepositives.iter().enumerate() {
        let Some(first) = entry.chars().next() else { continue };
        let upper: String = first.to_uppercase().collect();
        if upper == first.to_string() {
            continue;
        }
        let place = cx.entry_place("falsepositives", at);
        let letter = cx.part(place, entry, 0..first.len_utf8());
        report.with(place, "the entry starts in lower case", |found| {
            found.fixed_by("start it with a capital", (letter != place).then_some(letter), &upper)
        });
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "falsepositives:\n    - Known\n    - 'admins do it'", &["'admins do it'"]);
        check(&super::CHECK, "falsepositives:\n    - 7zip", &[]);
    }
}
