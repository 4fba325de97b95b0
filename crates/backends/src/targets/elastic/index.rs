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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_index_is_named_once() {
        let named = |data: Data| {
            let mut state = State::default();
            state.set("index", data);
            of_state(&state)
        };
        assert_eq!(named("logs-*,a".into()), "logs-*,a");
        assert_eq!(named(Data::List(vec!["b".into(), Data::texts(["a", "b"])])), "a,b");
        assert_eq!(named(Data::texts(["a", "*"])), "*");
        assert_eq!(named(Data::List(Vec::new())), "*");
        assert_eq!(of_state(&State::default()), "*");
    }
}
