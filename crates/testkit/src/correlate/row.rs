//! A detection as it is compared: what E2 lists, and what consumers see of it.

use std::collections::{BTreeMap, HashMap};

use sigyn_ir::{ItemId, RuleSet};

use super::{Anchor, Component, Detection, Id, Outcome, Time};

/// A detection, whoever found it.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its id.
    pub id: Id,
    /// The rule.
    pub rule: ItemId,
    /// Its time, in nanoseconds.
    pub ts: Time,
    /// The earliest contributing input.
    pub first_seen: Time,
    /// The last true input.
    pub last_seen: Time,
    /// The components of the group.
    pub group: Vec<Component>,
    /// What it hangs on.
    pub anchor: Anchor,
    /// The aggregate at the anchor, as decimal text.
    pub value: String,
    /// The number of contributing inputs.
    pub total: u64,
    /// The oldest and newest contributing inputs.
    pub evidence: Vec<Id>,
    /// Whether some are left out between them.
    pub truncated: bool,
    /// Whether a contributing event would have been in more groups than the limit allows.
    pub is_cut: bool,
    /// How many later episodes it stands for.
    pub suppressed: u64,
    /// Outcomes by name, as canonical texts, over all that contributed.
    pub outcomes: BTreeMap<String, Vec<String>>,
    /// Outcomes as they were at the anchor.
    pub outcomes_at_anchor: BTreeMap<String, Vec<String>>,
}

impl From<&Detection> for Row {
    fn from(detection: &Detection) -> Self {
        let texts = |outcomes: &BTreeMap<String, Outcome>| {
            outcomes.iter().map(|(name, outcome)| (name.clone(), outcome.texts())).collect()
        };
        Self {
            id: detection.id,
            rule: detection.rule,
            ts: detection.ts,
            first_seen: detection.first_seen,
            last_seen: detection.last_seen,
            group: detection.group.clone(),
            anchor: detection.anchor,
            value: detection.value.to_string(),
            total: detection.total as u64,
            evidence: detection.evidence.clone(),
            truncated: detection.truncated,
            is_cut: detection.is_cut,
            suppressed: detection.suppressed as u64,
            outcomes: texts(&detection.outcomes),
            outcomes_at_anchor: texts(&detection.outcomes_at_anchor),
        }
    }
}

/// Ids as people know them: the number of an event, rule and time of a detection.
#[derive(Clone, Debug, Default)]
pub struct Names(HashMap<Id, String>);

impl Names {
    /// The names of detections; ids of events that are numbers are their own.
    pub fn of(set: &RuleSet, rows: &[Row]) -> Self {
        let named = |row: &Row| (row.id, format!("{}@{}", rule_name(set, row.rule), time_text(row.ts)));
        Self(rows.iter().map(named).collect())
    }

    /// The name of an event or detection.
    pub fn name(&self, id: &Id) -> String {
        match self.0.get(id) {
            Some(name) => name.clone(),
            None if id[..8] == [0; 8] => u128::from_be_bytes(*id).to_string(),
            None => super::hex(id),
        }
    }
}

impl Row {
    /// The row as a line of a case.
    pub fn line(&self, set: &RuleSet, names: &Names) -> String {
        let group: Vec<serde_json::Value> = self.group.iter().cloned().map(Into::into).collect();
        let anchor = match self.anchor {
            Anchor::Event(id) => names.name(&id),
            Anchor::Window(start, end) => format!("{}..{}", time_text(start), time_text(end)),
        };
        let evidence: Vec<String> = self.evidence.iter().map(|id| names.name(id)).collect();
        let mut line = format!(
            "{} {} at {} anchor {anchor} value {} total {} first {} last {}",
            rule_name(set, self.rule),
            serde_json::Value::from(group),
            time_text(self.ts),
            self.value,
            self.total,
            time_text(self.first_seen),
            time_text(self.last_seen)
        );
        if !evidence.is_empty() {
            line += &format!(" evidence {}", evidence.join(","));
        }
        if self.truncated {
            line += " truncated yes";
        }
        if self.is_cut {
            line += " cut yes";
        }
        if self.suppressed > 0 {
            line += &format!(" suppressed {}", self.suppressed);
        }
        let mut outcomes = |what: &str, outcomes: &BTreeMap<String, Vec<String>>| {
            for (name, texts) in outcomes {
                line += &format!(" {what} {name}={}", serde_json::Value::from(texts.clone()));
            }
        };
        outcomes("outcome", &self.outcomes_at_anchor);
        if self.outcomes != self.outcomes_at_anchor {
            outcomes("grown", &self.outcomes);
        }
        line
    }
}

/// The name of a rule, else its title.
pub fn rule_name(set: &RuleSet, rule: ItemId) -> String {
    let meta = set.get(rule).map(|item| item.meta());
    meta.map(|meta| meta.name.clone().unwrap_or_else(|| meta.title.clone())).unwrap_or_default()
}

/// Seconds since 1970 with as many decimals as needed.
pub fn time_text(ts: Time) -> String {
    let (seconds, rest) = (ts.div_euclid(1_000_000_000), ts.rem_euclid(1_000_000_000));
    if rest == 0 {
        return seconds.to_string();
    }
    // Negative times are written as the sign says: -0.5 is half a second before 1970.
    let (sign, seconds, rest) = match seconds < 0 {
        true => ("-", -seconds - 1, 1_000_000_000 - rest),
        false => ("", seconds, rest),
    };
    let decimals = format!("{rest:09}");
    format!("{sign}{seconds}.{}", decimals.trim_end_matches('0'))
}

/// Reads what [`time_text`] writes.
pub fn time_of(text: &str) -> Option<Time> {
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    let (seconds, decimals) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    if decimals.len() > 9 {
        return None;
    }
    let part = |text: &str| text.parse::<u64>().ok().map(Time::from);
    Some(sign * (part(seconds)? * 1_000_000_000 + part(&format!("{decimals:0<9}"))?))
}

/// What one side has and the other has not, as lines of cases; `-` for the first side, `+` for the second.
pub fn difference(set: &RuleSet, expected: &[Row], got: &[Row]) -> Vec<String> {
    let lines = |rows: &[Row]| {
        let names = Names::of(set, rows);
        rows.iter().map(|row| row.line(set, &names)).collect::<Vec<_>>()
    };
    // Lines with how often the second side has them and the first has not: many rounds are large.
    let mut open: HashMap<String, usize> = HashMap::new();
    for line in lines(got) {
        *open.entry(line).or_default() += 1;
    }
    let mut differences = Vec::new();
    for line in lines(expected) {
        match open.get_mut(&line).filter(|count| **count > 0) {
            Some(count) => *count -= 1,
            None => differences.push(format!("- {line}")),
        }
    }
    let left = open.into_iter().flat_map(|(line, count)| std::iter::repeat_n(line, count));
    let mut left: Vec<String> = left.map(|line| format!("+ {line}")).collect();
    left.sort();
    differences.append(&mut left);
    differences
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_they_are_written() {
        for (ts, text) in [
            (0, "0"),
            (1_001_000_000_000, "1001"),
            (1_500_000_000, "1.5"),
            (1, "0.000000001"),
            (-500_000_000, "-0.5"),
            (-1_500_000_000, "-1.5"),
            (-2_000_000_000, "-2"),
        ] {
            assert_eq!(time_text(ts), text);
            assert_eq!(time_of(text), Some(ts), "{text}");
        }
        for wrong in ["", "x", "1.0000000001", "1e3", "--1"] {
            assert_eq!(time_of(wrong), None, "{wrong}");
        }
    }
}
