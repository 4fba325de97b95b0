//! One detection against what a test wants of it.

use std::collections::BTreeSet;

use sigyn_event::Timestamp;

use crate::run::Detection;

/// What a test says about a detection; what is left out may be anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// When it fires.
    pub time: Option<Timestamp>,
    /// Its earliest event.
    pub first: Option<Timestamp>,
    /// Its latest event.
    pub last: Option<Timestamp>,
    /// Fields of its group with their texts.
    pub group: Vec<(String, Vec<String>)>,
    /// What was counted or measured, as canonical text.
    pub value: Option<String>,
    /// How many events it rests on.
    pub total: Option<u64>,
    /// The events that it rests on, by their numbers from 1.
    pub events: Option<BTreeSet<usize>>,
    /// Outcomes with their texts.
    pub outcomes: Vec<(String, Vec<String>)>,
}

/// Where a detection is not what a test wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What it is about: `time`, `group.user`, …
    pub what: String,
    /// What was wanted.
    pub wanted: String,
    /// What is.
    pub got: String,
}

impl Wanted {
    /// Where a detection differs.
    pub(crate) fn differences(&self, detection: &Detection) -> Vec<Difference> {
        let mut out = Vec::new();
        let mut check = |what: &str, wanted: Option<String>, got: String| {
            if let Some(wanted) = wanted.filter(|wanted| *wanted != got) {
                out.push(Difference { what: what.to_owned(), wanted, got });
            }
        };
        let shown = |time: Option<Timestamp>| time.map(|time| time.to_string());
        let nothing = || "nothing".to_owned();
        for (what, wanted, got) in [
            ("time", self.time, detection.time),
            ("first", self.first, detection.first),
            ("last", self.last, detection.last),
        ] {
            check(what, shown(wanted), shown(got).unwrap_or_else(nothing));
        }
        check("value", self.value.clone(), detection.value.clone().unwrap_or_else(nothing));
        check("total", self.total.map(|total| total.to_string()), detection.total.to_string());
        check("evidence", self.events.as_ref().map(numbers), numbers(&detection.events));
        for (prefix, wanted, got) in
            [("group", &self.group, &detection.group), ("outcome", &self.outcomes, &detection.outcomes)]
        {
            for (name, texts) in wanted {
                let found = got.iter().find(|(known, _)| known == name);
                let found = found.map_or_else(nothing, |(_, texts)| texts.join(", "));
                check(&format!("{prefix}.{name}"), Some(texts.join(", ")), found);
            }
        }
        out
    }
}

/// Numbers of events as people write them: `1–4, 7`.
pub(crate) fn numbers(numbers: &BTreeSet<usize>) -> String {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some((_, end)) if *end + 1 == *number => *end = *number,
            _ => runs.push((*number, *number)),
        }
    }
    let runs: Vec<String> = runs
        .iter()
        .map(|(start, end)| match end - start {
            0 => start.to_string(),
            1 => format!("{start}, {end}"),
            _ => format!("{start}–{end}"),
        })
        .collect();
    if runs.is_empty() { "nothing".to_owned() } else { runs.join(", ") }
}

/// Which wanted thing goes with which detection, so that as many as possible have one: for each wanted thing its
/// detection. `fits` says which may go together. Augmenting paths: greedy choice would fail tests that can be met.
pub(crate) fn assign(
    wanted: usize,
    detections: usize,
    fits: &dyn Fn(usize, usize) -> bool,
) -> Vec<Option<usize>> {
    let mut holder: Vec<Option<usize>> = vec![None; detections];
    for at in 0..wanted {
        let mut seen = vec![false; detections];
        augment(at, &mut holder, &mut seen, fits);
    }
    let mut out = vec![None; wanted];
    for (detection, holder) in holder.iter().enumerate() {
        if let Some(slot) = holder.and_then(|at| out.get_mut(at)) {
            *slot = Some(detection);
        }
    }
    out
}

fn augment(
    at: usize,
    holder: &mut [Option<usize>],
    seen: &mut [bool],
    fits: &dyn Fn(usize, usize) -> bool,
) -> bool {
    // One that is free, if there is one: a chain of moves is needed only without.
    if let Some(free) = (0..holder.len()).find(|free| holder[*free].is_none() && fits(at, *free)) {
        holder[free] = Some(at);
        return true;
    }
    for detection in 0..holder.len() {
        if seen[detection] || !fits(at, detection) {
            continue;
        }
        seen[detection] = true;
        if holder[detection].is_none_or(|other| augment(other, holder, seen, fits)) {
            holder[detection] = Some(at);
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_as_possible_find_a_partner() {
        // The first may have either, the second only the first's choice.
        let fits = |wanted: usize, detection: usize| matches!((wanted, detection), (0, 0 | 1) | (1, 0));
        assert_eq!(assign(2, 2, &fits), [Some(1), Some(0)]);
        assert_eq!(assign(2, 1, &fits), [Some(0), None]);
        assert_eq!(assign(0, 1, &fits), []);
    }

    #[test]
    fn numbers_are_written_in_runs() {
        for (set, expect) in
            [(vec![], "nothing"), (vec![3], "3"), (vec![1, 2], "1, 2"), (vec![1, 2, 3, 7], "1–3, 7")]
        {
            assert_eq!(numbers(&set.into_iter().collect()), expect);
        }
    }
}
