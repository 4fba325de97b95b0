//! Conditions on the rule or correlation (`rule_conditions`).

use sigyn_ir::{DetectionItem, Rule};

use super::{RuleCondition, registry};

registry! { dyn RuleCondition;
    contains_detection_item,
    contains_field,
    is_sigma_correlation_rule,
    is_sigma_rule,
    logsource,
    processing_item_applied,
    processing_state,
    reading,
    rule_attribute,
    tag,
}

/// Whether a rule has a detection item like this.
fn has_item(rule: &Rule, mut test: impl FnMut(&DetectionItem) -> bool) -> bool {
    let mut found = false;
    for (_, detection) in &rule.detections {
        detection.for_each_item(&mut |item| found = found || test(item));
    }
    found
}
