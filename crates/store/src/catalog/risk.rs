//! Who the signals are about, and how much that adds up to.

use std::collections::HashMap;

use rusqlite::params;

use super::signals::without_time_index;
use crate::Result;
use crate::catalog::codes::{code, value_of};
use crate::catalog::{Filter, Level, Verdict, View};

/// The exponent by which further signals of an entity count less, the greatest risk first: many small ones do not make a
/// great one. The sum of n^-1.5 over all n is 2.612, which makes 100 the most there can be. Elastic's entity risk has
/// the same shape.
const DECAY: f64 = 1.5;
const SUM_MAX: f64 = 2.612_375_348_685_488;

/// How much risk an entity has.
#[derive(Clone, Debug, PartialEq)]
pub struct EntityRisk {
    /// Its kind.
    pub kind: String,
    /// Its value.
    pub value: String,
    /// 0 to 100.
    pub score: f64,
    /// How many signals it comes from.
    pub signals: u64,
    /// The highest level among them.
    pub level: Option<Level>,
}

impl View<'_> {
    /// For each of several kinds the entities with the most risk from signals of a stretch of time: one look at the signals, a
    /// third of a second for two million entities. Signals found to be false, doubled or retracted do not count.
    ///
    /// # Errors
    /// What the database says.
    pub fn riskiest(
        &self,
        kinds: &[&str],
        since: i64,
        until: i64,
        count: usize,
    ) -> Result<Vec<Vec<EntityRisk>>> {
        let weights = self.weights(since, until)?;
        kinds
            .iter()
            .map(|kind| {
                let mut sums = self.sums(kind, since, until, &weights)?;
                sums.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.value.cmp(&b.value)));
                sums.truncate(count);
                sums.into_iter().map(|sum| self.entity(kind, &sum)).collect()
            })
            .collect()
    }

    /// What the signals of a stretch of time add to the risk of whom they are about.
    fn weights(&self, since: i64, until: i64) -> Result<Weights> {
        let stretch = Filter { since: Some(since), until: Some(until), ..Filter::default() };
        let wanted =
            "s.ts >= ?1 AND s.ts < ?2 AND s.is_retracted = 0 AND coalesce(s.verdict NOT IN (?3, ?4), TRUE)";
        let wanted = match self.is_wide(&stretch)? {
            true => without_time_index(wanted.to_owned()),
            false => wanted.to_owned(),
        };
        let sql = format!("SELECT s.n, s.risk, s.level FROM signals s WHERE {wanted}");
        let params = params![since, until, code(Verdict::FalsePositive), code(Verdict::Duplicate)];
        let mut weights = Weights::default();
        self.each(&sql, params, |row| {
            weights.add(row.get(0)?, (row.get(1)?, row.get(2)?));
            Ok(())
        })?;
        Ok(weights)
    }

    /// What the signals of each entity of a kind add up to.
    fn sums(&self, kind: &str, since: i64, until: i64, weights: &Weights) -> Result<Vec<Sum>> {
        let Some(number) = self.find_name(kind)? else { return Ok(Vec::new()) };
        // An index has all of it: no row is looked up.
        let sql = "SELECT e.value, e.n FROM signal_entities e WHERE e.kind = ?1 AND e.ts >= ?2 AND e.ts < ?3";
        let mut found: HashMap<i64, (Vec<u8>, i64)> = HashMap::new();
        self.each(sql, params![number, since, until], |row| {
            if let Some((risk, level)) = weights.get(row.get(1)?) {
                let (risks, highest) = found.entry(row.get(0)?).or_insert((Vec::new(), -1));
                risks.push(risk);
                *highest = i64::from(level).max(*highest);
            }
            Ok(())
        })?;
        let most = found.values().map(|(risks, _)| risks.len()).max().unwrap_or(0);
        let shares = shares(most);
        Ok(found.into_iter().map(|(value, (risks, level))| Sum::new(value, risks, level, &shares)).collect())
    }

    /// The risk of an entity from signals of a stretch of time; none if it has none that count.
    ///
    /// # Errors
    /// What the database says.
    pub fn entity_risk(&self, kind: &str, value: &str, since: i64, until: i64) -> Result<Option<EntityRisk>> {
        let sql = "SELECT s.risk, s.level FROM signal_entities e JOIN signals s ON s.n = e.n \
                   WHERE e.kind = ?1 AND e.value = ?2 AND e.ts >= ?3 AND e.ts < ?4 AND s.is_retracted = 0 \
                   AND coalesce(s.verdict NOT IN (?5, ?6), TRUE)";
        let (Some(kind_number), Some(number)) = (self.find_name(kind)?, self.find_name(value)?) else {
            return Ok(None);
        };
        let (false_positive, duplicate) = (code(Verdict::FalsePositive), code(Verdict::Duplicate));
        let params = params![kind_number, number, since, until, false_positive, duplicate];
        let (mut risks, mut level) = (Vec::new(), -1);
        self.each(sql, params, |row| {
            risks.push(row.get(0)?);
            level = row.get::<_, i64>(1)?.max(level);
            Ok(())
        })?;
        if risks.is_empty() {
            return Ok(None);
        }
        let shares = shares(risks.len());
        self.entity(kind, &Sum::new(number, risks, level, &shares)).map(Some)
    }

    fn entity(&self, kind: &str, sum: &Sum) -> Result<EntityRisk> {
        let value = self.one("SELECT text FROM names WHERE n = ?1", [sum.value], |row| row.get(0))?;
        Ok(EntityRisk {
            kind: kind.to_owned(),
            value: value.unwrap_or_default(),
            score: sum.score / SUM_MAX,
            signals: sum.signals,
            level: value_of(sum.level),
        })
    }
}

/// Risk and level of signals by their row number. Rows are numbered as they come, so those of a stretch of time stand close
/// together: three bytes for each.
#[derive(Default)]
struct Weights {
    first: i64,
    row: Vec<Option<(u8, u8)>>,
    /// Those that stand apart.
    apart: HashMap<i64, (u8, u8)>,
}

impl Weights {
    /// Rows in between that are left empty at most.
    const GAP_MAX: usize = 1 << 20;

    fn add(&mut self, number: i64, weight: (u8, u8)) {
        if self.row.is_empty() {
            self.first = number;
        }
        match self.place(number) {
            Some(place) if place < self.row.len() => self.row[place] = Some(weight),
            Some(place) if place - self.row.len() < Self::GAP_MAX => {
                self.row.resize(place, None);
                self.row.push(Some(weight));
            }
            _ => drop(self.apart.insert(number, weight)),
        }
    }

    fn get(&self, number: i64) -> Option<(u8, u8)> {
        let near = self.place(number).and_then(|place| self.row.get(place).copied()).flatten();
        near.or_else(|| self.apart.get(&number).copied())
    }

    fn place(&self, number: i64) -> Option<usize> {
        usize::try_from(number.checked_sub(self.first)?).ok()
    }
}

/// How much the greatest risk of an entity counts, the second, and so on.
fn shares(count: usize) -> Vec<f64> {
    let places = std::iter::successors(Some(1.0_f64), |place| Some(place + 1.0));
    places.take(count).map(|place| place.powf(-DECAY)).collect()
}

/// What the signals of an entity add up to.
struct Sum {
    value: i64,
    score: f64,
    signals: u64,
    level: i64,
}

impl Sum {
    fn new(value: i64, mut risks: Vec<u8>, level: i64, shares: &[f64]) -> Self {
        risks.sort_unstable_by(|a, b| b.cmp(a));
        let score = risks.iter().zip(shares).map(|(risk, share)| f64::from(*risk) * share).sum();
        Self { value, score, signals: risks.len() as u64, level }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_found_wherever_their_rows_stand() {
        let far = i64::try_from(Weights::GAP_MAX).unwrap();
        // In the order of an index by time: rows may come before the first one, and far behind the last.
        let given =
            [(100, (5, 1)), (101, (6, 2)), (110, (7, 3)), (7, (8, 4)), (111 + far, (9, 0)), (105, (1, 1))];
        let mut weights = Weights::default();
        given.iter().for_each(|(number, weight)| weights.add(*number, *weight));
        for (number, weight) in given {
            assert_eq!(weights.get(number), Some(weight), "{number}");
        }
        for number in [0, 99, 102, 112, i64::MIN, i64::MAX] {
            assert_eq!(weights.get(number), None, "{number}");
        }
    }
}
