//! An event id of one log source is asked for that has a category.

use sigyn_ir::{Number, Value};

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8301,
        name: "specific-log-source",
        summary: "An event id of one log source is asked for, where a category says the same.",
        help: "Use the category, e.g. `category: process_creation` for event 1 of Sysmon.",
    },
    severity: Severity::Warning,
    like: Some(Like::core("specific_instead_of_generic_logsource", "SpecificInsteadOfGenericLogsourceIssue")),
    why: "The rule works with one sensor only; with the category it works with every sensor that reports such events.",
    example: Example {
        flagged: "logsource:\n    product: windows\n    service: sysmon\ndetection:\n    selection:\n        EventID: 1\n        Image: x\n    condition: selection\n",
        clean: "logsource:\n    product: windows\n    category: process_creation\ndetection:\n    selection:\n        Image: x\n    condition: selection\n",
    },
    options: &[],
    run: Run::Rule(run),
};

/// Events of Sysmon and of the security log with their categories.
const SYSMON: &[(i128, &str)] = &[
    (1, "process_creation"),
    (2, "file_change"),
    (3, "network_connection"),
    (4, "sysmon_status"),
    (5, "process_termination"),
    (6, "driver_load"),
    (7, "image_load"),
    (8, "create_remote_thread"),
    (9, "raw_access_thread"),
    (10, "process_access"),
    (11, "file_event"),
    (12, "registry_event"),
    (13, "registry_event"),
    (14, "registry_event"),
    (15, "create_stream_hash"),
    (16, "sysmon_status"),
    (17, "pipe_created"),
    (18, "pipe_created"),
    (19, "wmi_event"),
    (20, "wmi_event"),
    (21, "wmi_event"),
    (22, "dns_query"),
    (23, "file_delete"),
    (24, "clipboard_change"),
    (25, "process_tampering"),
    (26, "file_delete_detected"),
    (27, "file_block_executable"),
    (28, "file_block_shredding"),
    (29, "file_executable_detected"),
    (255, "sysmon_error"),
];
const SECURITY: &[(i128, &str)] = &[(4688, "process_creation")];

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    let Some(rule) = cx.rule() else { return };
    let source = &rule.logsource;
    let events = match (source.product.as_deref(), source.service.as_deref()) {
        (Some("windows"), Some("sysmon")) => SYSMON,
        (Some("windows"), Some("security")) => SECURITY,
        _ => return,
    };
    for (_, item) in cx.items().filter(|(_, item)| item.field.as_deref() == Some("EventID")) {
        for (at, value) in item.values.iter().enumerate() {
            let Value::Number(Number::Int(id)) = value else { continue };
            if let Some((_, category)) = events.iter().find(|(event, _)| event == id) {
                report.at(cx.value_place(item, at), format!("event {id} is the category `{category}`"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "logsource:\n    product: windows\n    service: security\ndetection:\n    selection:\n        EventID:\n            - 4688\n            - 4624\n    condition: selection\n", &["4688"]);
        check(&super::CHECK, "logsource:\n    product: windows\n    service: sysmon\ndetection:\n    selection:\n        EventID: '1'\n    condition: selection\n", &[]);
        check(&super::CHECK, "logsource:\n    product: windows\ndetection:\n    selection:\n        EventID: 1\n    condition: selection\n", &[]);
    }
}
