//! Counts: how many, when, of what kind.

use std::collections::HashMap;

use rusqlite::types::ValueRef;
use rusqlite::{Row, params_from_iter};

use super::Filter;
use super::filter::{details, without_list_indexes, without_time_index};
use super::tally::Tally;
use crate::catalog::codes::value_of;
use crate::catalog::{Field, Level, Named, Status, Verdict, View};
use crate::{Error, Result};

/// A histogram with more buckets is refused.
const BUCKETS_MAX: i64 = 10_000;

/// What to count.
#[derive(Clone, Debug)]
pub struct OverviewRequest {
    /// Which signals.
    pub filter: Filter,
    /// Into how wide buckets of time, in nanoseconds, stacked by which field. With it the filter needs both ends of time.
    pub histogram: Option<(i64, Field)>,
    /// By which fields else.
    pub facets: Vec<Field>,
    /// How many values of a field are told apart; the others are counted together.
    pub values_max: usize,
}

/// The counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overview {
    /// How many in all.
    pub total: u64,
    /// When.
    pub histogram: Option<Histogram>,
    /// Of what, in the order asked for.
    pub facets: Vec<Facet>,
}

/// Counts by time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histogram {
    /// The values that are told apart, the most frequent first; the empty text stands for no value.
    pub values: Vec<String>,
    /// The buckets that hold anything, by time.
    pub buckets: Vec<Bucket>,
}

/// A stretch of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Where it begins.
    pub start: i64,
    /// How many of each value; behind them those of all other values.
    pub counts: Vec<u64>,
}

/// Counts by value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facet {
    /// The field.
    pub field: Field,
    /// The most frequent values with their counts; the empty text stands for no value.
    pub values: Vec<(String, u64)>,
    /// How many have other values.
    pub others: u64,
}

impl View<'_> {
    /// Counts signals, all that is asked for in one pass: about half a second for a million.
    ///
    /// # Errors
    /// [`Error::is_invalid`] for a histogram without ends or with too many buckets; what the database says.
    pub fn overview(&self, request: &OverviewRequest) -> Result<Overview> {
        let width = request.histogram.map_or(Ok(1), |(width, _)| check_width(&request.filter, width))?;
        let stack = request.histogram.map(|(_, field)| field);
        let mut fields = request.facets.clone();
        // The one that is stacked mostly is counted by too: each column costs a twentieth of the time.
        let stacked = stack.map(|stack| {
            fields.iter().position(|field| *field == stack).unwrap_or_else(|| {
                fields.push(stack);
                fields.len() - 1
            })
        });
        let condition = self.condition(&request.filter)?;
        let listed = fields.iter().map(|field| format!(", s.{}", field.name())).collect::<String>();
        let mut wanted = condition.sql;
        if self.is_wide(&request.filter)? {
            wanted = without_time_index(without_list_indexes(wanted, &request.filter));
        }
        let sql = format!("SELECT s.ts{listed} FROM signals s{} WHERE {wanted}", details(&request.filter));
        let mut total = 0;
        let mut facets = request.facets.iter().map(|_| Tally::default()).collect::<Vec<_>>();
        let mut buckets: HashMap<(i64, i64), u64> = HashMap::new();
        self.each(&sql, params_from_iter(condition.params), |row| {
            total += 1;
            for (at, tally) in facets.iter_mut().enumerate() {
                tally.add(number_at(row, at + 1)?);
            }
            if let Some(at) = stacked {
                let (ts, value) = (number_at(row, 0)?.unwrap_or(0), number_at(row, at + 1)?.unwrap_or(-1));
                *buckets.entry((ts.div_euclid(width), value)).or_default() += 1;
            }
            Ok(())
        })?;
        let facets = request.facets.iter().zip(facets);
        let facets = facets.map(|(field, tally)| self.facet(*field, tally, request.values_max));
        let histogram = stack.map(|field| self.histogram(field, width, buckets, request.values_max));
        Ok(Overview { total, histogram: histogram.transpose()?, facets: facets.collect::<Result<_>>()? })
    }

    /// Whether a filter's time spans more than a part of the signals: then reading all of them is cheaper than the detour through an index.
    pub(in crate::catalog) fn is_wide(&self, filter: &Filter) -> Result<bool> {
        // Each by itself, so that the index answers it.
        let sql = "SELECT (SELECT min(ts) FROM signals), (SELECT max(ts) FROM signals)";
        let ends =
            self.one(sql, (), |row| Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, Option<i64>>(1)?)))?;
        let Some((Some(first), Some(last))) = ends else { return Ok(true) };
        let since = i128::from(filter.since.unwrap_or(first).max(first));
        let until = i128::from(filter.until.unwrap_or(last).min(last));
        Ok((until - since) * 4 > i128::from(last) - i128::from(first))
    }

    fn facet(&self, field: Field, tally: Tally, values_max: usize) -> Result<Facet> {
        let counts: Vec<(i64, u64)> = tally.counts().collect();
        let total: u64 = counts.iter().map(|(_, count)| count).sum();
        let top = self.top(field, counts, values_max)?;
        let others = total - top.iter().map(|(_, _, count)| count).sum::<u64>();
        Ok(Facet { field, values: top.into_iter().map(|(_, text, count)| (text, count)).collect(), others })
    }

    fn histogram(
        &self,
        field: Field,
        width: i64,
        counts: HashMap<(i64, i64), u64>,
        values_max: usize,
    ) -> Result<Histogram> {
        let mut by_value: HashMap<i64, u64> = HashMap::new();
        for ((_, value), count) in &counts {
            *by_value.entry(*value).or_default() += count;
        }
        let top = self.top(field, by_value.into_iter().collect(), values_max)?;
        let mut buckets: HashMap<i64, Vec<u64>> = HashMap::new();
        for ((bucket, value), count) in counts {
            let place = top.iter().position(|(number, _, _)| *number == value).unwrap_or(top.len());
            buckets.entry(bucket).or_insert_with(|| vec![0; top.len() + 1])[place] += count;
        }
        let mut buckets: Vec<Bucket> = buckets
            .into_iter()
            .map(|(at, counts)| Bucket { start: at.saturating_mul(width), counts })
            .collect();
        buckets.sort_by_key(|bucket| bucket.start);
        Ok(Histogram { values: top.into_iter().map(|(_, text, _)| text).collect(), buckets })
    }

    /// The most frequent values: number, text, count.
    fn top(
        &self,
        field: Field,
        mut counts: Vec<(i64, u64)>,
        values_max: usize,
    ) -> Result<Vec<(i64, String, u64)>> {
        counts.sort_unstable_by_key(|(number, count)| (std::cmp::Reverse(*count), *number));
        counts.truncate(values_max);
        counts.into_iter().map(|(number, count)| Ok((number, self.text_in(field, number)?, count))).collect()
    }

    /// The text of a number in a field's column.
    fn text_in(&self, field: Field, number: i64) -> Result<String> {
        if number < 0 {
            return Ok(String::new());
        }
        let word = match field {
            Field::Level => value_of::<Level>(number).map(Named::name),
            Field::Status => value_of::<Status>(number).map(Named::name),
            Field::Verdict => value_of::<Verdict>(number).map(Named::name),
            _ => {
                let text = self.one("SELECT text FROM names WHERE n = ?1", [number], |row| row.get(0))?;
                return Ok(text.unwrap_or_default());
            }
        };
        Ok(word.unwrap_or_default().to_owned())
    }
}

/// A number or nothing, without the checks of other types: a million rows have ten of them each.
fn number_at(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<i64>> {
    Ok(match row.get_ref(column)? {
        ValueRef::Integer(number) => Some(number),
        _ => None,
    })
}

fn check_width(filter: &Filter, width: i64) -> Result<i64> {
    let (Some(since), Some(until)) = (filter.since, filter.until) else {
        return Err(Error::invalid("a histogram needs a beginning and an end"));
    };
    if width <= 0 || until.saturating_sub(since) / width >= BUCKETS_MAX {
        return Err(Error::invalid(format!("a histogram of more than {BUCKETS_MAX} buckets")));
    }
    Ok(width)
}
