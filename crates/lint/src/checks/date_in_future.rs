//! A date lies in the future.

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8130,
        name: "date-in-future",
        summary: "`date` or `modified` lies in the future.",
        help: "Correct the day.",
    },
    severity: Severity::Warning,
    like: None,
    why: "Month and day were most likely exchanged.",
    example: Example {
        flagged: "date: 2031-02-01",
        clean: "date: 2024-02-01",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    let Some(today) = &cx.facts.today else { return };
    let meta = cx.meta();
    for (key, day) in [("date", &meta.date), ("modified", &meta.modified)] {
        if day.as_ref().is_some_and(|day| day > today) {
            report.at(cx.place(key), format!("`{key}` lies behind {today}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "modified: 2024-04-01", &["2024-04-01"]);
        check(&super::CHECK, "modified: 2024-03-31", &[]);
    }
}
