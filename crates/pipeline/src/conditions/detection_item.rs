//! Conditions on a detection item (`detection_item_conditions`).

use super::{DetectionItemCondition, registry};

registry! { dyn DetectionItemCondition;
    contains_wildcard,
    is_null,
    match_string,
    match_value,
    processing_item_applied,
    processing_state,
}
