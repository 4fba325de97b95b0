//! `temporal` correlations: which rules matched within a time.
//!
//! The reference marks each event with the first rule that it matches and counts the marks, so that an event which two
//! rules match counts as one rule. Here every rule has a column of its own, and an event may set several.

use super::Esql;
use crate::{Correlating, Cx, Error, Subquery, Target};

/// The query; windows lie side by side, as those of the target's other correlations.
pub(super) fn query(target: &Esql, cx: &mut Cx<'_>, it: Correlating<'_>) -> Result<String, Error> {
    let Correlating { method, correlation, rules, .. } = it;
    let search = target.correlation_search(cx, it)?;
    let timespan = target.timespan(method, &correlation.timespan);
    let fields = target.correlation_fields(cx, it)?;
    let group_by = target.correlation_group_by(cx, method, correlation.group_by.as_deref())?;
    let condition = target.correlation_condition(cx, it)?;
    let mut marks = Vec::with_capacity(rules.len());
    for (at, rule) in rules.iter().enumerate() {
        marks.push(format!("rule_{at}=case({}, 1, 0)", either(rule)?));
    }
    let columns: Vec<_> = (0..rules.len()).map(|at| format!("rule_{at}")).collect();
    let seen: Vec<_> = columns.iter().map(|column| format!("{column}=max({column})")).collect();
    Ok(format!(
        "{search}\n| eval {}\n| eval timebucket=date_trunc({timespan}, @timestamp) | stats {}{fields}{group_by}\n\
         | eval event_type_count={}\n{condition}",
        marks.join(", "),
        seen.join(", "),
        columns.join("+")
    ))
}

/// The condition of a rule; a rule with several conditions matches by any of them.
fn either(rule: &Subquery<'_>) -> Result<String, Error> {
    let mut queries = Vec::with_capacity(rule.queries.len());
    for query in rule.queries {
        let Some(text) = query.as_str() else {
            return Err(Error::correlation("a query that is a document cannot stand in a correlation"));
        };
        queries.push(text);
    }
    Ok(match queries.as_slice() {
        [query] => (*query).to_owned(),
        queries => format!("({})", queries.join(") or (")),
    })
}
