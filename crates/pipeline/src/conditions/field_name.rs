//! Conditions on a field name (`field_name_conditions`).

use super::{FieldNameCondition, registry};

registry! { dyn FieldNameCondition;
    exclude_fields,
    include_fields,
    processing_item_applied,
    processing_state,
}
