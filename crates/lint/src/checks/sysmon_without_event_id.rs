//! A rule for Sysmon asks for no event id.

use sigyn_ir::DetectionEntry;

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8304,
        name: "sysmon-without-event-id",
        summary: "A rule for the service `sysmon` asks for no event id.",
        help: "Add `EventID`, or use the category of the events that are meant.",
    },
    severity: Severity::Warning,
    like: Some(Like::sigmahq("sigmahq_sysmon_missing_eventid", "SigmahqSysmonMissingEventidIssue")),
    why: "The rule is tried on every event of Sysmon, whatever it is about.",
    example: Example {
        flagged: "logsource:\n    product: windows\n    service: sysmon\ndetection:\n    selection:\n        Image: x\n    condition: selection\n",
        clean: "logsource:\n    product: windows\n    service: sysmon\ndetection:\n    selection:\n        EventID: 16\n        Image: x\n    condition: selection\n",
    },
    options: &[],
    run: Run::Rule(run),
};

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    let Some(rule) = cx.rule().filter(|rule| rule.logsource.service.as_deref() == Some("sysmon")) else { return };
    let mut entries = rule.detections.iter().flat_map(|(_, detection)| &detection.entries);
    let is_event_id = |entry: &DetectionEntry| {
        matches!(entry, DetectionEntry::Item(item) if item.field.as_deref() == Some("EventID"))
    };
    if !entries.any(is_event_id) {
        report.at(cx.inner_place("logsource", "service"), "the rule asks for no event id of Sysmon");
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "logsource:\n    service: sysmon\ndetection:\n    selection:\n        Image: x\n    condition: selection\n", &["sysmon"]);
        check(&super::CHECK, "logsource:\n    product: windows\n    service: security\ndetection:\n    selection:\n        Image: x\n    condition: selection\n", &[]);
    }
}
