//! The rule matches whenever a common program starts.

use sigyn_ir::{ConditionExpr, DetectionEntry, Level, Part, SigmaString, Value};

use crate::logic::covers;
use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8426,
        name: "broad-rule",
        summary: "The whole rule is one look at a program that runs all the time.",
        help: "Add what is suspicious about it: arguments, a parent, a folder.",
    },
    severity: Severity::Warning,
    like: None,
    why: "It alerts thousands of times a day, and the alerts that matter drown.",
    example: Example {
        flagged: "detection:\n    selection:\n        Image|endswith: '\\svchost.exe'\n    condition: selection\n",
        clean: "detection:\n    selection:\n        Image|endswith: '\\svchost.exe'\n        CommandLine|contains: ' -x '\n    condition: selection\n",
    },
    options: &[],
    run: Run::Rule(run),
};

/// Programs that every Windows machine starts all the time.
const COMMON: &[&str] = &[
    "\\chrome.exe",
    "\\cmd.exe",
    "\\conhost.exe",
    "\\csrss.exe",
    "\\dllhost.exe",
    "\\explorer.exe",
    "\\lsass.exe",
    "\\msedge.exe",
    "\\msiexec.exe",
    "\\net.exe",
    "\\outlook.exe",
    "\\powershell.exe",
    "\\reg.exe",
    "\\rundll32.exe",
    "\\sc.exe",
    "\\services.exe",
    "\\svchost.exe",
    "\\taskhostw.exe",
    "\\winword.exe",
    "\\wmiprvse.exe",
];

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    let Some(rule) = cx.rule() else { return };
    let is_process = rule.logsource.category.as_deref() == Some("process_creation");
    // A rule for hunting or for a baseline says so with its level.
    let is_quiet = rule.meta.level.is_some_and(|level| level <= Level::Low);
    let [condition] = rule.conditions.as_slice() else { return };
    let ConditionExpr::Detection(id) = condition.expr else { return };
    let Some((_, detection)) = rule.detection(id).filter(|_| is_process && !is_quiet) else { return };
    let [DetectionEntry::Item(item)] = detection.entries.as_slice() else { return };
    let is_image = matches!(item.field.as_deref(), Some("Image" | "ParentImage"));
    if !is_image || item.is_negated {
        return;
    }
    for (at, value) in item.values.iter().enumerate() {
        let is_common = |name: &&str| {
            let end = SigmaString::from_parts([Part::Many, Part::Text((*name).to_owned())]);
            covers(value, &Value::Str(end))
        };
        if let Some(name) = COMMON.iter().find(|name| is_common(name)) {
            return report.at(cx.value_place(item, at), format!("`{}` runs all the time", &name[1..]));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "detection:\n    selection:\n        Image|endswith:\n            - '\\rare.exe'\n            - '\\Cmd.exe'\n    condition: selection\n", &["'\\Cmd.exe'"]);
        check(&super::CHECK, "detection:\n    selection:\n        Image|endswith: '\\rare.exe'\n    condition: selection\n", &[]);
        check(&super::CHECK, "level: low\ndetection:\n    selection:\n        Image|endswith: '\\cmd.exe'\n    condition: selection\n", &[]);
    }
}
