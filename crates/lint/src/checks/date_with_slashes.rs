//! A date is written with slashes.

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8131,
        name: "date-with-slashes",
        summary: "A date is written with slashes.",
        help: "Write `YYYY-MM-DD`.",
    },
    severity: Severity::Note,
    like: None,
    why: "The specification knows the form with hyphens only; some tools refuse the other.",
    example: Example {
        flagged: "date: 2024/03/01",
        clean: "date: 2024-03-01",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    let meta = cx.meta();
    for (key, day) in [("date", &meta.date), ("modified", &meta.modified)] {
        let place = cx.place(key);
        let is_written = cx.text.get(place.range()).is_some_and(|written| written.contains('/'));
        if let Some(day) = day.as_ref().filter(|_| is_written) {
            report.with(place, "the date is written with slashes", |found| {
                found.fixed_by(&format!("write {day}"), Some(place), day)
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "modified: '2024/4/1'", &["'2024/4/1'"]);
        check(&super::CHECK, "modified: 2024-03-31", &[]);
    }
}
