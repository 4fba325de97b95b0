//! Which fields of a file get a column.

use std::collections::HashMap;

use super::shred::{Leaf, shred};
use super::{NewEvent, Settings};
use crate::{Result, checksum};

/// How many events are looked at.
const SAMPLE: usize = 4_096;
/// With more distinct values than this share of all, a dictionary costs more than it saves: ids, hashes of anything.
const DISTINCT_MAX_PERCENT: f64 = 60.0;
/// Below so many values nothing is said about how often they repeat.
const VALUES_MIN: u32 = 256;

/// A field that gets a column, or two. A value for which the sample shows no column goes to the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Picked {
    pub(super) name: String,
    /// For its texts.
    pub(super) texts: Option<Repeats>,
    /// For its other values.
    pub(super) others: Option<Repeats>,
}

/// Whether the values of a column repeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeats {
    Often,
    Rarely,
}

/// The values seen of a kind.
#[derive(Default)]
struct Seen {
    count: u32,
    bytes: usize,
    /// How often each was seen.
    distinct: HashMap<u64, u32>,
}

impl Seen {
    fn add(&mut self, value: &str) {
        self.count += 1;
        self.bytes += value.len();
        *self.distinct.entry(checksum::of(value.as_bytes())).or_default() += 1;
    }

    /// Whether the values repeat, in a row group that has `scale` times as many as were seen, and whose dictionary may take
    /// so many bytes. How many distinct values are still to come is estimated by those that were seen once and twice (Chao): of
    /// command lines that each occur a dozen times a sample shows mostly one.
    fn repeats(&self, scale: f64, dictionary_bytes_max: usize) -> Option<Repeats> {
        if self.count == 0 {
            return None;
        }
        let seen = |times: u32| self.distinct.values().filter(|count| **count == times).count();
        let (once, twice) = (as_float(seen(1)), as_float(seen(2)));
        let rows = f64::from(self.count) * scale.max(1.0);
        let distinct = (as_float(self.distinct.len()) + once * once / (2.0 * twice.max(0.5))).min(rows);
        // The format has four bytes of length before each.
        let bytes = distinct * (as_float(self.bytes) / f64::from(self.count) + 4.0);
        let is_distinct =
            distinct * 100.0 > rows * DISTINCT_MAX_PERCENT || bytes > as_float(dictionary_bytes_max);
        let is_rare = self.count >= VALUES_MIN && is_distinct;
        Some(if is_rare { Repeats::Rarely } else { Repeats::Often })
    }
}

/// A number as it counts in estimates.
fn as_float(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

/// The fields that get a column, by name: those wanted first, then the most frequent. `events` are some of a file of so many
/// rows.
pub(super) fn pick(events: &[&NewEvent<'_>], rows: u64, settings: &Settings) -> Result<Vec<Picked>> {
    let step = events.len().div_ceil(SAMPLE).max(1);
    let mut seen: HashMap<String, (Seen, Seen)> = HashMap::new();
    let mut sampled = 0_usize;
    let mut shape = String::new();
    for event in events.iter().step_by(step) {
        sampled += 1;
        shred(event.json, &mut shape, &mut |name, leaf| {
            let (texts, others) = match seen.get_mut(name) {
                Some(known) => known,
                None => seen.entry(name.to_owned()).or_default(),
            };
            match leaf {
                Leaf::Text(text) => texts.add(&text),
                Leaf::Json(json) => others.add(json),
            }
            Ok(())
        })?;
    }
    let count_min = (sampled * usize::from(settings.share_min_permille)).div_ceil(1_000);
    let in_group = usize::try_from(rows).unwrap_or(usize::MAX).min(settings.group_rows_max);
    let scale = as_float(in_group) / as_float(sampled.max(1));
    let repeats = |seen: &Seen| seen.repeats(scale, settings.dictionary_bytes_max);
    let mut fields: Vec<(bool, usize, Picked)> = seen
        .into_iter()
        // The event as a whole is no field.
        .filter(|(name, _)| !name.is_empty())
        .map(|(name, (texts, others))| {
            let picked = Picked { texts: repeats(&texts), others: repeats(&others), name };
            (settings.wanted.contains(&picked.name), (texts.count + others.count) as usize, picked)
        })
        .filter(|(is_wanted, count, _)| *is_wanted || *count >= count_min)
        .collect();
    fields.sort_by(|a, b| (b.0, b.1, &a.2.name).cmp(&(a.0, a.1, &b.2.name)));
    fields.truncate(settings.columns_max);
    let mut picked: Vec<Picked> = fields.into_iter().map(|(_, _, picked)| picked).collect();
    picked.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(picked)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is picked for a column of `count` values, a sample of a row group with `scale` times as many.
    fn check(values: impl Iterator<Item = usize>, scale: f64, expect: Repeats) {
        let mut seen = Seen::default();
        values.for_each(|value| seen.add(&format!("value {value}")));
        assert_eq!(seen.repeats(scale, 1 << 20), Some(expect));
    }

    #[test]
    fn values_that_repeat_in_a_row_group_get_a_dictionary() {
        check((0..4_096).map(|at| at % 7), 1.0, Repeats::Often);
        check(0..4_096, 200.0, Repeats::Rarely);
        // Of 20,000 values hardly any is seen twice in a sample, and each occurs forty times in the row group.
        let some = || {
            let next = |state: &mut u64| {
                *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                usize::try_from(*state >> 33).ok().map(|value| value % 20_000)
            };
            (0..4_096).scan(1, move |state, _: u32| next(state))
        };
        check(some(), 200.0, Repeats::Often);
        // A dictionary of all of them would not pay where they stand hardly more often than that.
        check(some(), 1.0, Repeats::Rarely);
        // A million values do not fit, however often they occur.
        check((0..4_096).map(|at| if at < 4_000 { at } else { at - 4_000 }), 10_000.0, Repeats::Rarely);
        // A few values say nothing.
        check(0..100, 1.0, Repeats::Often);
    }
}
