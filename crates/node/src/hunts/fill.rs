//! Rules that are new, changed or switched on are hunted for in what is stored, and what they find becomes signals.

use std::collections::BTreeMap;

use sigyn_store::catalog::HuntKind;

use super::Order;
use crate::book::Book;
use crate::{Node, Result, now, storage};

/// Where the catalog keeps which rules were in force last, with the hashes of their logic.
const KNOWN: &str = "rules.filled";
/// Nanoseconds of an hour.
const HOUR: i64 = 3_600 * 1_000_000_000;
/// Titles that the name of a hunt has at most.
const TITLES_MAX: usize = 3;

impl Node {
    /// Orders a hunt for rules in force that were not, or said something else, when this was last called.
    ///
    /// # Errors
    /// What the catalog says.
    pub(crate) fn fill_back(&self) -> Result<()> {
        let book = self.book();
        let rules: BTreeMap<&str, &str> = book
            .rules
            .iter()
            .filter(|rule| rule.is_enabled && rule.error.is_none())
            .filter_map(|rule| Some((rule.uid.as_str(), rule.logic.as_deref()?)))
            .collect();
        let (known, policy) =
            self.catalog().read(|view| Ok((view.setting(KNOWN)?, storage::policy(view)?)))?;
        let kept = serde_json::to_vec(&rules).unwrap_or_default();
        if known.as_ref() == Some(&kept) {
            return Ok(());
        }
        // Without a list this is the first start: nothing has been before the rules.
        let known: Option<BTreeMap<String, String>> =
            known.and_then(|known| serde_json::from_slice(&known).ok());
        let is_new = |(uid, logic): &(&&str, &&str)| {
            known.as_ref().is_some_and(|known| known.get(**uid).map(String::as_str) != Some(**logic))
        };
        let new: Vec<String> = rules.iter().filter(is_new).map(|(uid, _)| (*uid).to_owned()).collect();
        if new.is_empty() || policy.back_fill_hours == 0 {
            self.catalog().write(|tx| tx.set_setting(KNOWN, Some(&kept)))?;
            return Ok(());
        }
        let until = now();
        let order = Order {
            name: name(&book, &new),
            kind: HuntKind::BackFill,
            rules: new,
            chain: None,
            since: until.saturating_sub(HOUR.saturating_mul(policy.back_fill_hours.into())),
            until,
            by: String::new(),
        };
        self.order_hunt(&order, |tx, _, _| tx.set_setting(KNOWN, Some(&kept)))?;
        Ok(())
    }
}

fn name(book: &Book, rules: &[String]) -> String {
    let title = |uid: &String| book.get(uid).map(|(_, item)| item.meta().title.clone());
    let titles: Vec<String> = rules.iter().take(TITLES_MAX).filter_map(title).collect();
    let more = rules.len().saturating_sub(titles.len());
    let list = titles.join(", ");
    if more == 0 { format!("New: {list}") } else { format!("New: {list} and {more} more") }
}
