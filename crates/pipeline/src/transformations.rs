//! Transformations (`transformations`). One file each, by the value of `type`; to add one, write the file and
//! add its name to the registry.

mod external;
mod field_list;
mod field_names;
mod placeholders;

pub(crate) use external::from_json;
use sigyn_diagnostics::codes::pipeline as codes;

use crate::{
    conditions::{Registration, registry},
    item::Transformation,
    params::{Params, Spec},
};

registry! { dyn Transformation;
    add_condition,
    add_field,
    address_prefix_to_cidr,
    attribute_from_field,
    attribute_from_logsource,
    case,
    change_logsource,
    command_placeholders,
    convert_type,
    detection_item_failure,
    drop_detection_item,
    drop_implied_detection_item,
    extract_fields,
    field_name_mapping,
    field_name_mapping_by_attribute,
    field_name_prefix,
    field_name_prefix_mapping,
    field_name_suffix,
    field_name_transform,
    file_placeholders,
    hashes_fields,
    http_placeholders,
    keep_file_name,
    keep_last_part,
    log_source_types,
    map_string,
    nest,
    payload_fields,
    payload_values,
    query_expression_placeholders,
    regex,
    remove_field,
    replace_string,
    rule_failure,
    set_custom_attribute,
    set_field,
    set_query_table,
    set_state,
    set_value,
    split_domain_user,
    split_hashes,
    strict_field_mapping_failure,
    supported_fields,
    table_field_failure,
    unstructured_fields,
    valid_fields,
    value_placeholders,
    wildcard_placeholders,
    yara_l_event_variable,
}

/// All transformations, by name.
pub fn specs() -> impl Iterator<Item = &'static Spec> {
    ALL.iter().map(|entry| entry.spec)
}

pub(crate) fn build(name: &str, params: &Params<'_>) -> Option<Box<dyn Transformation>> {
    let entry: Option<&Registration<dyn Transformation>> = ALL.iter().find(|entry| entry.spec.name == name);
    match entry {
        Some(entry) => (entry.build)(params),
        None => {
            let message = format!("there is no transformation `{name}`");
            params.report(&codes::UNKNOWN_TRANSFORMATION, params.type_span(), message);
            params.ignore_rest();
            None
        }
    }
}
