//! Log source types of QRadar (`devicetype`) for the products and services of Sigma's log sources.

use sigyn_ir::LogSource;

/// By product, sorted.
static PRODUCTS: &[(&str, &[u32])] = &[
    ("MicrosoftAzure", &[413]),
    ("aws", &[347, 440, 456, 460, 501, 502, 507, 516, 519]),
    (
        "cisco",
        &[
            6, 20, 23, 26, 30, 31, 41, 56, 90, 94, 95, 113, 114, 115, 116, 117, 179, 182, 183, 194, 248, 250,
            273, 274, 316, 419, 429, 431, 435, 437, 448, 508,
        ],
    ),
    ("gcp", &[442, 449, 455, 461]),
    ("huawei", &[269, 283]),
    (
        "juniper",
        &[5, 17, 36, 45, 59, 64, 83, 111, 118, 122, 123, 139, 150, 168, 192, 235, 264, 290, 320, 344],
    ),
    ("linux", &[11]),
    ("m365", &[397]),
    ("macos", &[102]),
    ("okta", &[382]),
    ("sql", &[101]),
    ("windows", &[12]),
];

/// By service, sorted.
static SERVICES: &[(&str, &[u32])] = &[
    ("aaa", &[143]),
    ("apache", &[10]),
    ("auditd", &[11]),
    ("auth", &[12]),
    ("clamav", &[11]),
    ("cloudtrail", &[347]),
    ("cron", &[11]),
    ("exchange", &[99]),
    ("gcp.audit", &[449]),
    ("iis", &[13]),
    ("ldp", &[17]),
    ("lsa-server", &[191]),
    ("microsoft365portal", &[397, 452, 515]),
    ("okta", &[382]),
    ("powershell", &[12]),
    ("rdp", &[11, 12]),
    ("smbclient-security", &[11, 12]),
    ("sshd", &[11]),
    ("sudo", &[11]),
    ("syslog", &[11, 12]),
    ("sysmon", &[12]),
    ("taskscheduler", &[11, 12]),
    ("threat_detection", &[424]),
    ("windefend", &[433]),
    ("wmi", &[12]),
];

/// The types of a log source, of its product first.
pub(super) fn of(logsource: &LogSource) -> impl Iterator<Item = i128> {
    let find = |table: &'static [(&str, &[u32])], name: Option<&str>| {
        let at = name.and_then(|name| table.binary_search_by_key(&name, |(key, _)| key).ok());
        at.map_or(&[][..], |at| table[at].1)
    };
    let products = find(PRODUCTS, logsource.product.as_deref());
    let services = find(SERVICES, logsource.service.as_deref());
    products.iter().chain(services).map(|&number| i128::from(number))
}

#[cfg(test)]
mod tests {
    #[test]
    fn tables_are_sorted() {
        assert!(super::PRODUCTS.is_sorted() && super::SERVICES.is_sorted());
    }
}
