//! Fields of the Unified Data Model whose values are names of an enumeration.
//! <https://docs.cloud.google.com/chronicle/docs/reference/udm-field-list>

/// Sorted.
static ENUMERATIONS: &[&str] = &[
    "asset.asset_type",
    "asset.deployment_status",
    "authentication.auth_type",
    "authentication.authentication_status",
    "authentication.mechanism",
    "cloud.cloud_environment",
    "dhcp.message_type",
    "dhcp.op_code",
    "file.file_type",
    "metadata.enrichment_state",
    "metadata.event_type",
    "network.application_protocol",
    "network.direction",
    "network.ip_protocol",
    "noun.platform",
    "permission.permission_type",
    "priority",
    "process.token_elevation_type",
    "reason",
    "reputation",
    "resource.resource_type",
    "role.type",
    "security_result.action",
    "security_result.alert_state",
    "security_result.association.association_type",
    "security_result.io_c_stats_type",
    "security_result.product_confidence",
    "security_result.product_priority",
    "security_result.product_severity",
    "security_result.security_category",
    "security_result.threat_status",
    "security_result.verdict_response",
    "security_result.verdict_type",
    "status",
    "threat_verdict",
    "user.account_type",
    "user.role",
    "verdict",
    "vulnerability.severity",
];

/// Whether a field's value is the name of a member of an enumeration: it is compared with regard to case. The
/// variable of an event (`$event1.`) in front does not count.
pub(super) fn is_enumeration(field: &str) -> bool {
    let path = match field.strip_prefix('$') {
        Some(rest) => rest.split_once('.').map_or("", |(_, path)| path),
        None => field,
    };
    ENUMERATIONS.binary_search(&path).is_ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn enumerations_are_sorted_and_found_behind_a_variable() {
        assert!(super::ENUMERATIONS.is_sorted());
        assert!(super::is_enumeration("$event1.network.direction"));
        assert!(!super::is_enumeration("network.dns_domain"));
    }
}
