//! Texts of the page: short and readable.

use std::collections::BTreeSet;

use sigyn_event::Timestamp;
pub(super) use sigyn_page::{escaped, grouped, harmless};

/// A time to the second.
pub(super) fn moment(time: Option<Timestamp>) -> String {
    let text = time.map_or(String::new(), |time| time.to_string().replace('T', " "));
    text.get(..19).map_or(text.clone(), str::to_owned)
}

/// The first names, and how many others there are.
pub(super) fn names(names: &BTreeSet<String>) -> String {
    let shown: Vec<String> = names.iter().take(3).map(|name| escaped(name)).collect();
    let more = names.len().saturating_sub(3);
    if more > 0 { format!("{} and {more} more", shown.join(", ")) } else { shown.join(", ") }
}
