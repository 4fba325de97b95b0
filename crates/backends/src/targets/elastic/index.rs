//! The indices that a query searches, as pipelines name them in the state `index`.

use sigyn_ir::{Data, State};

use crate::Subquery;

/// All indices.
const ALL: &str = "*";

/// The indices of a rule.
pub(in crate::targets) fn of_state(state: &State) -> String {
    match state.get("index") {
        Some(Data::Text(text)) => text.clone(),
        named => joined(named.into_iter()),
    }
}

/// The indices of the rules that a correlation reads.
pub(in crate::targets) fn of_rules(rules: &[Subquery<'_>]) -> String {
    let all = Data::from(ALL);
    joined(rules.iter().flat_map(|rule| rule.states).map(|state| state.get("index").unwrap_or(&all)))
}

/// Each index once, in alphabetical order.
fn joined<'d>(named: impl Iterator<Item = &'d Data>) -> String {
    let mut names = Vec::new();
    named.for_each(|data| collect(data, &mut names));
    if names.is_empty() || names.contains(&ALL) {
        return ALL.to_owned();
    }
    names.sort_unstable();
    names.dedup();
    names.join(",")
}

fn collect<'d>(data: &'d Data, into: &mut Vec<&'d str>) {
    match data {
        Data::Text(text) => into.push(text),
        Data::List(items) => items.iter().for_each(|item| collect(item, into)),
        _ => {}
    }
}
