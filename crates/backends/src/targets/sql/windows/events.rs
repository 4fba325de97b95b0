//! The events that a correlation counts.

use sigyn_ir::CorrelationType;

use super::super::timestamp_field;
use super::{Node, Writer, condition, group, nested};
use crate::Error;

/// What one SELECT takes from a table: events of one rule, or of several whose fields have the same names.
struct Branch {
    table: String,
    /// The columns of the grouping.
    groups: Vec<String>,
    /// The value that is counted or measured, if any.
    value: Option<String>,
    slot: usize,
    conditions: Vec<String>,
}

impl Writer<'_> {
    /// The relation of the events that a correlation counts: `sigma_ts`, its groups, `sigma_v` and `sigma_slot` (the
    /// rule's place).
    pub(super) fn events(&mut self, node: Node<'_>, number: usize) -> Result<String, Error> {
        let mut branches: Vec<Branch> = Vec::new();
        let mut selects = Vec::new();
        for (slot, rule) in node.rules.iter().enumerate() {
            match nested(rule) {
                Some(child) => selects.push(self.child(node, slot, child)?),
                None => {
                    let branch = self.branch(node, slot, condition(rule)?);
                    let is_same = |other: &&mut Branch| {
                        (&other.table, &other.groups, &other.value)
                            == (&branch.table, &branch.groups, &branch.value)
                    };
                    // Where rules need not be told apart, an event of two of them counts once.
                    match branches.iter_mut().find(is_same).filter(|_| !node.is_temporal()) {
                        Some(other) => other.conditions.extend(branch.conditions),
                        None => branches.push(branch),
                    }
                }
            }
        }
        for (at, branch) in branches.iter().enumerate() {
            let earlier = if node.is_temporal() { &[] } else { &branches[..at] };
            selects.push(self.select(branch, earlier));
        }
        let select = selects.join(" UNION ALL ");
        let events = self.relation(format!("sigma_events_{number}"), &select);
        let mut complete = vec!["sigma_ts IS NOT NULL".to_owned()];
        complete.extend(node.groups().iter().map(|group| format!("{group} IS NOT NULL")));
        if !node.measured().is_empty() {
            complete.push("sigma_v IS NOT NULL".to_owned());
        }
        Ok(format!("{events} WHERE {}", complete.join(" AND ")))
    }

    fn branch(&self, node: Node<'_>, slot: usize, condition: String) -> Branch {
        let rule = &node.rules[slot];
        let name =
            |field: &String| self.engine.target.field_name(self.cx, node.field_of(slot, field)).into_owned();
        let is_number = matches!(
            node.correlation.kind,
            CorrelationType::ValueSum
                | CorrelationType::ValueAvg
                | CorrelationType::ValuePercentile
                | CorrelationType::ValueMedian
        );
        let value = match node.measured() {
            [] => None,
            [field] if is_number => Some((self.engine.number)(&name(field))),
            [field] => Some(name(field)),
            fields => Some((self.engine.tuple)(&fields.iter().map(name).collect::<Vec<_>>())),
        };
        Branch {
            table: (self.engine.table)(rule.states.first().unwrap_or(&self.cx.state)),
            groups: node.group_by().iter().map(name).collect(),
            value,
            slot,
            conditions: vec![condition],
        }
    }

    /// The events of a branch that none before it has for the same group.
    fn select(&self, branch: &Branch, earlier: &[Branch]) -> String {
        let Branch { table, groups, value, slot, conditions } = branch;
        let time = self.engine.target.field_name(self.cx, &timestamp_field(self.cx.env)).into_owned();
        let mut filter = conditions.join(" OR ");
        for other in earlier.iter().filter(|other| other.table == *table && other.value == *value) {
            let same =
                groups.iter().zip(&other.groups).map(|(group, other)| format!(" AND {group} = {other}"));
            let known = format!("(({}){})", other.conditions.join(" OR "), same.collect::<String>());
            let negation = self.engine.target.dialect().operators.negation.as_ref();
            let fresh = negation.map_or_else(String::new, |negation| negation.fill(&[("expr", &known)]));
            filter = format!("({filter}) AND {fresh}");
        }
        let groups: String =
            groups.iter().enumerate().map(|(at, name)| format!(", {name} AS {}", group(at))).collect();
        let value = value.as_ref().map_or_else(String::new, |value| format!(", {value} AS sigma_v"));
        let time = (self.engine.micros)(&time);
        format!("SELECT {time} AS sigma_ts{groups}{value}, {slot} AS sigma_slot FROM {table} WHERE {filter}")
    }

    /// The instants of a correlation below as events. They know the fields of their grouping and what was measured.
    fn child(&mut self, node: Node<'_>, slot: usize, child: Node<'_>) -> Result<String, Error> {
        let alerts = self.alerts(child)?;
        let column = |field: &String| {
            let field = node.field_of(slot, field);
            let at = child.group_by().iter().position(|name| name == field);
            match at {
                Some(at) => Ok(group(at)),
                None if field == child.correlation.kind.as_str() => Ok("sigma_value".to_owned()),
                None => Err(Error::correlation(format!(
                    "the correlation `{}` below does not group by `{field}`",
                    child.correlation.meta.title
                ))),
            }
        };
        let groups = node.group_by().iter().map(column).collect::<Result<Vec<_>, _>>()?;
        let groups: String =
            groups.iter().enumerate().map(|(at, name)| format!(", {name} AS {}", group(at))).collect();
        let value = match node.measured() {
            [] => String::new(),
            [field] => format!(", {} AS sigma_v", column(field)?),
            _ => return Err(Error::correlation("several fields of a correlation below cannot be counted")),
        };
        Ok(format!("SELECT sigma_end AS sigma_ts{groups}{value}, {slot} AS sigma_slot FROM {alerts}"))
    }
}
