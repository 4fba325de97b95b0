//! The description of the HTTP interface.

/// The OpenAPI document, with a line end behind it.
pub(super) fn document() -> String {
    let json = serde_json::to_string_pretty(&sigyn_server::document()).unwrap_or_default();
    format!("{json}\n")
}
