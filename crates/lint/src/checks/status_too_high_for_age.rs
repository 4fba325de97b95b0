//! The rule is too new for its status.

use sigyn_ir::Status;

use crate::check::{Default, OptionSpec};
use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8116,
        name: "status-too-high-for-age",
        summary: "The rule is too new for its status.",
        help: "Leave it `experimental` until it was in use for a while; with regression tests it may be `test`.",
    },
    severity: Severity::Note,
    like: Some(Like::sigmahq("sigmahq_status_to_high", "SigmahqStatusToHighIssue")),
    why: "A status above experimental promises that the rule was tried in earnest.",
    example: Example {
        flagged: "date: 2024-03-30\nstatus: stable",
        clean: "date: 2024-03-30\nstatus: experimental",
    },
    options: &[OptionSpec { name: "min_days_for_nolog_rule", default: Default::Int(60), summary: "Up to this age in days a rule without regression tests is experimental." }, OptionSpec { name: "min_days_for_log_rule", default: Default::Int(0), summary: "Up to this age in days a rule with regression tests is at most `test`." }],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    let meta = cx.meta();
    let (Some(status), Some(date), Some(today)) = (meta.status, &meta.date, &cx.facts.today) else { return };
    let is_tested = meta.custom("regression_tests_path").is_some();
    let (max, days) = if is_tested {
        (Status::Test, report.int("min_days_for_log_rule"))
    } else {
        (Status::Experimental, report.int("min_days_for_nolog_rule"))
    };
    let age = day_number(today).zip(day_number(date)).map(|(today, date)| today - date);
    if let Some(age) = age.filter(|age| status > max && *age <= days) {
        report.at(cx.place("status"), format!("a rule of {age} days is {status}, above {max}"));
    }
}

/// Days since some fixed day, by the Gregorian calendar.
fn day_number(date: &str) -> Option<i64> {
    let mut parts = date.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    // Years that begin in March put the day that some years lack at their end.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    Some(365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + (153 * month + 2) / 5 + day)
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "date: 2024-02-01\nstatus: test", &["test"]);
        check(&super::CHECK, "date: 2024-01-30\nstatus: test", &[]);
        check(&super::CHECK, "date: 2024-03-31\nregression_tests_path: x\nstatus: test", &[]);
        check(&super::CHECK, "date: 2024-03-31\nregression_tests_path: x\nstatus: stable", &["stable"]);
    }
}
