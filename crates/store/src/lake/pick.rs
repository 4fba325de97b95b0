//! Which fields of a file get a column.

use std::collections::{HashMap, HashSet};

use super::shred::{Leaf, shred};
use super::{NewEvent, Settings};
use crate::{Result, checksum};

/// How many events are looked at.
const SAMPLE: usize = 4_096;
/// With more distinct values than this share of all, a dictionary costs more than it saves: ids, hashes of anything.
const DISTINCT_MAX_PERCENT: usize = 60;
/// Below so many values nothing is said about how often they repeat.
const VALUES_MIN: usize = 256;

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
    count: usize,
    distinct: HashSet<u64>,
}

impl Seen {
    fn add(&mut self, value: &str) {
        self.count += 1;
        self.distinct.insert(checksum::of(value.as_bytes()));
    }

    fn repeats(&self) -> Option<Repeats> {
        let is_distinct = self.distinct.len() * 100 > self.count * DISTINCT_MAX_PERCENT;
        match self.count {
            0 => None,
            count if count >= VALUES_MIN && is_distinct => Some(Repeats::Rarely),
            _ => Some(Repeats::Often),
        }
    }
}

/// The fields that get a column, by name: those wanted first, then the most frequent.
pub(super) fn pick(events: &[&NewEvent<'_>], settings: &Settings) -> Result<Vec<Picked>> {
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
    let count_min = (sampled * usize::from(settings.share_min_percent)).div_ceil(100);
    let mut fields: Vec<(bool, usize, Picked)> = seen
        .into_iter()
        // The event as a whole is no field.
        .filter(|(name, _)| !name.is_empty())
        .map(|(name, (texts, others))| {
            let picked = Picked { texts: texts.repeats(), others: others.repeats(), name };
            (settings.wanted.contains(&picked.name), texts.count + others.count, picked)
        })
        .filter(|(is_wanted, count, _)| *is_wanted || *count >= count_min)
        .collect();
    fields.sort_by(|a, b| (b.0, b.1, &a.2.name).cmp(&(a.0, a.1, &b.2.name)));
    fields.truncate(settings.columns_max);
    let mut picked: Vec<Picked> = fields.into_iter().map(|(_, _, picked)| picked).collect();
    picked.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(picked)
}
