//! Who the signals are about, and how much that adds up to.

use std::collections::HashMap;

use rusqlite::params;

use crate::Result;
use crate::catalog::codes::{code, value_of};
use crate::catalog::{Level, Verdict, View};

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
    /// The entities of a kind with the most risk from signals of a stretch of time. Signals found to be false, doubled or
    /// retracted do not count.
    ///
    /// # Errors
    /// What the database says.
    pub fn riskiest(&self, kind: &str, since: i64, until: i64, count: usize) -> Result<Vec<EntityRisk>> {
        let sql = "SELECT e.value, s.risk, s.level FROM signal_entities e JOIN signals s ON s.n = e.n \
                   WHERE e.kind = ?1 AND e.ts >= ?2 AND e.ts < ?3 AND s.is_retracted = 0 \
                   AND coalesce(s.verdict NOT IN (?4, ?5), TRUE)";
        let Some(number) = self.find_name(kind)? else { return Ok(Vec::new()) };
        let params = params![number, since, until, code(Verdict::FalsePositive), code(Verdict::Duplicate)];
        let mut found: HashMap<i64, (Vec<u8>, i64)> = HashMap::new();
        self.each(sql, params, |row| {
            let (risks, level) = found.entry(row.get(0)?).or_insert((Vec::new(), -1));
            risks.push(row.get(1)?);
            *level = row.get::<_, i64>(2)?.max(*level);
            Ok(())
        })?;
        let mut sums: Vec<Sum> =
            found.into_iter().map(|(value, (risks, level))| Sum::new(value, risks, level)).collect();
        sums.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.value.cmp(&b.value)));
        sums.truncate(count);
        sums.into_iter().map(|sum| self.entity(kind, &sum)).collect()
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
        self.entity(kind, &Sum::new(number, risks, level)).map(Some)
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

/// What the signals of an entity add up to.
struct Sum {
    value: i64,
    score: f64,
    signals: u64,
    level: i64,
}

impl Sum {
    fn new(value: i64, mut risks: Vec<u8>, level: i64) -> Self {
        risks.sort_unstable_by(|a, b| b.cmp(a));
        let places = std::iter::successors(Some(1.0_f64), |place| Some(place + 1.0));
        let score = risks.iter().zip(places).map(|(risk, place)| f64::from(*risk) * place.powf(-DECAY)).sum();
        Self { value, score, signals: risks.len() as u64, level }
    }
}
