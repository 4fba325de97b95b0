//! The registry: one line for each check, in alphabetical order of their names.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::Check;

macro_rules! registry {
    ($($module:ident,)*) => {
        $(mod $module;)*

        /// Every check, in the order of the names.
        pub static ALL: &[&Check] = &[$(&$module::CHECK,)*];
    };
}

registry! {
    all_of_them,
    all_with_single_value,
    all_without_contains,
    base64offset_without_contains,
    branch_link,
    broad_rule,
    broken_related_link,
    condition_always_true,
    condition_never_true,
    control_character,
    correlation_file_name,
    correlation_without_group,
    covered_value,
    custom_log_source_key,
    date_in_future,
    date_with_slashes,
    description_too_short,
    disallowed_tlp_tag,
    double_wildcard,
    duplicate_file_name,
    duplicate_search_identifier,
    duplicate_title,
    duplicate_value,
    escaped_wildcard,
    event_id_under_category,
    expensive_regex,
    falsepositive_in_lower_case,
    falsepositive_misspelled,
    falsepositive_without_content,
    field_name_in_other_case,
    field_name_with_space,
    fields_key_used,
    file_name_length,
    file_name_without_separator,
    filter_cancels_selection,
    folder_of_other_product,
    id_not_random,
    id_used_twice,
    invalid_hash,
    link_in_description,
    localized_user,
    malformed_car_tag,
    malformed_cve_tag,
    malformed_stp_tag,
    malformed_tag,
    missing_author,
    missing_date,
    missing_description,
    missing_detection_tag,
    missing_id,
    missing_level,
    missing_status,
    misspelled_key,
    mitre_link,
    modified_before_date,
    modified_same_as_date,
    modified_without_date,
    modifier_twice,
    modifier_without_effect,
    number_as_string,
    of_them_with_single_identifier,
    provider_under_category,
    redundant_field,
    redundant_regex_wildcard,
    reference_listed_twice,
    regex_without_pattern,
    related_to_itself,
    retired_status,
    revoked_attack_tag,
    selector_of_single_identifier,
    selector_without_asterisk,
    selector_without_match,
    several_detection_tags,
    several_tlp_tags,
    specific_log_source,
    status_too_high_for_age,
    sysmon_without_event_id,
    tag_listed_twice,
    technique_without_tactic,
    temporal_with_one_rule,
    them_with_single_identifier,
    title_ends_with_dot,
    title_starts_with_detects,
    title_too_long,
    title_word_in_lower_case,
    unconventional_file_name,
    unexpected_file_name_start,
    unknown_attack_tag,
    unknown_d3fend_tag,
    unknown_detection_tag,
    unknown_field,
    unknown_key,
    unknown_log_source,
    unknown_tag_namespace,
    unknown_tlp_tag,
    unknown_tlp_v1_tag,
    unknown_tlp_v2_tag,
    unsupported_regex_group,
    unused_search_identifier,
    upper_case_log_source,
    value_always_there,
    value_cut_by_comment,
    wildcard_instead_of_endswith,
    wildcard_instead_of_startswith,
    wildcards_instead_of_contains,
    windash_with_all,
}

static BY_NAME: LazyLock<HashMap<&'static str, &'static Check>> =
    LazyLock::new(|| ALL.iter().map(|check| (check.code.name, *check)).collect());

/// A check by its name, e.g. `escaped-wildcard`.
pub fn by_name(name: &str) -> Option<&'static Check> {
    BY_NAME.get(name).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn examples_are_flagged_and_their_mended_forms_are_not() {
        for check in ALL {
            let (flagged, _) = testing::run(check, &split(check.example.flagged));
            assert!(!flagged.is_empty(), "{}: the example is not flagged", check.code.name);
            let (clean, _) = testing::run(check, &split(check.example.clean));
            assert!(clean.is_empty(), "{}: {clean:?}", check.code.name);
        }
    }

    /// Files of an example stand apart by a line `...`.
    fn split(text: &str) -> Vec<&str> {
        text.split("\n...\n").collect()
    }

    #[test]
    fn codes_and_names_are_unique_and_sorted() {
        let names: Vec<_> = ALL.iter().map(|check| check.code.name).collect();
        assert!(names.is_sorted(), "sorted by name");
        let mut numbers: Vec<_> = ALL.iter().map(|check| check.code.number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), ALL.len(), "no number twice");
        assert!(numbers.iter().all(|number| (8100..9000).contains(number)));
        assert_eq!(BY_NAME.len(), ALL.len(), "no name twice");
        let is_said = |check: &&Check| {
            !check.why.is_empty() && !check.code.summary.is_empty() && !check.code.help.is_empty()
        };
        assert!(ALL.iter().all(is_said));
    }
}
