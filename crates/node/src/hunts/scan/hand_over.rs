//! What rules match, on its way from a file to whom it may concern: of a row as little as is wanted of it.

use std::collections::HashMap;
use std::sync::Arc;

use sigyn_correlate::{At, Id};
use sigyn_ir::ItemId;
use sigyn_store::lake::SplitReader;

use super::super::again::Reason;
use super::super::layout::{Columns, Layout, Part};
use super::super::numbers::{NOTHING, SINGLE};
use super::super::stand_in::{self, Others};
use super::{CHOSEN, Known, Scan, Sink, Told};
use crate::Result;

/// Rows of which only the place and some values are read at a time: what is new among them costs a look at all columns.
const PLACES: usize = 131_072;

impl Scan<'_> {
    /// Hands over what rules match.
    pub(super) fn matched(
        &mut self,
        open: &SplitReader,
        layout: &Layout,
        (numbers, times): (&[u32], &[i64]),
        row_of: &dyn Fn(usize) -> u64,
        sink: &mut dyn Sink,
    ) -> Result<()> {
        let retro = self.retro;
        let needs_event = sink.wants_events();
        // To read every row once is cheaper than to choose most of them.
        let singles = numbers.iter().filter(|number| match self.known.get(**number as usize) {
            Some(Known::Rules(matches)) => !matches.rules.is_empty() && (!matches.is_bare || needs_event),
            _ => **number != NOTHING,
        });
        let singles = singles.count();
        if singles > numbers.len() / 2 && singles > CHOSEN {
            return self.by_rows(open, sink);
        }
        self.files_by_columns += 1;
        let mut counts = vec![0_u64; self.known.len()];
        let (mut singles, mut places) = (Vec::new(), Vec::new());
        let mut only_counts = sink.wants_numbers();
        for (at, number) in numbers.iter().enumerate().filter(|(_, number)| **number != NOTHING) {
            let Some(Known::Rules(matches)) = self.known.get(*number as usize) else {
                singles.push(row_of(at));
                continue;
            };
            let is_wanted = times.get(at).is_some_and(|ts| retro.is_wanted(*ts));
            if matches.rules.is_empty() || !(is_wanted || matches.is_read) {
                continue;
            }
            if only_counts && !matches.is_read {
                counts.get_mut(*number as usize).into_iter().for_each(|count| *count += 1);
            } else if !matches.is_bare || needs_event {
                singles.push(row_of(at));
            } else {
                places.push((row_of(at), *number));
            }
            if singles.len() >= CHOSEN || places.len() >= PLACES {
                self.hand_over(open, layout, &mut singles, &mut places, sink)?;
                only_counts = sink.wants_numbers();
            }
        }
        self.hand_over(open, layout, &mut singles, &mut places, sink)?;
        for (known, count) in self.known.iter().zip(&counts).filter(|(_, count)| **count > 0) {
            if let Known::Rules(matches) = known {
                matches.useful(true).try_for_each(|rule| sink.counted(rule, *count))?;
            }
        }
        Ok(())
    }

    /// Hands over rows that were chosen.
    fn hand_over(
        &mut self,
        open: &SplitReader,
        layout: &Layout,
        singles: &mut Vec<u64>,
        places: &mut Vec<(u64, u32)>,
        sink: &mut dyn Sink,
    ) -> Result<()> {
        if !singles.is_empty() {
            open.events(singles)?.iter().try_for_each(|stored| self.one(stored, sink))?;
            singles.clear();
        }
        if !places.is_empty() {
            self.places(open, layout, places, sink)?;
            places.clear();
        }
        Ok(())
    }

    /// Hands over rows of which only their place is wanted, and the values that made rules match.
    fn places(
        &mut self,
        open: &SplitReader,
        layout: &Layout,
        chosen: &[(u64, u32)],
        sink: &mut dyn Sink,
    ) -> Result<()> {
        let rows: Vec<u64> = chosen.iter().map(|(row, _)| *row).collect();
        let numbers: Vec<u32> = chosen.iter().map(|(_, number)| *number).collect();
        let mut distinct = numbers.clone();
        distinct.sort_unstable();
        distinct.dedup();
        let parts: HashMap<u32, Option<Vec<Part>>> =
            distinct.into_iter().map(|number| (number, self.parts_of(layout, number))).collect();
        let names = layout.names_of(parts.values().flatten().flatten());
        let mut start = 0;
        for (places, slice) in open.places(&rows, &names)? {
            let range = start..start + places.len();
            start = range.end;
            let (Some(rows), Some(numbers)) = (rows.get(range.clone()), numbers.get(range)) else { break };
            let columns = Columns::new(layout, &slice);
            let spoken = self.rows.spoken(&columns, numbers, &|number| parts.get(&number).cloned().flatten());
            let told = self.told_of(open, layout, &columns, (rows, numbers, &spoken))?;
            for ((place, number), told) in places.into_iter().zip(numbers).zip(told) {
                let Some(Known::Rules(matches)) = self.known.get(*number as usize) else { continue };
                let at = At {
                    ts: place.time,
                    source: self.events.source(&place.source),
                    seq: place.sequence,
                    eid: Id(place.id.0),
                };
                for rule in matches.useful(self.retro.is_wanted(at.ts)) {
                    let reason = told.iter().find(|(known, _)| *known == rule);
                    sink.place(&at, rule, reason.map_or(&Reason::default(), |(_, reason)| reason))?;
                }
            }
        }
        Ok(())
    }

    /// The columns of what the rules read that match a sequence; none if something stands in no column.
    fn parts_of(&self, layout: &Layout, number: u32) -> Option<Vec<Part>> {
        let Some(Known::Rules(matches)) = self.known.get(number as usize) else { return None };
        let (form, _) = self.rows.form_of(self.rows.awake(number)?.number);
        let parts = layout.of_form.get(&form)?;
        matches.leaves.iter().map(|leaf| parts.get(*leaf).and_then(|leaf| leaf.part)).collect()
    }

    /// What made rules match some rows: known, or found out from one event of those that say the same.
    fn told_of(
        &mut self,
        open: &SplitReader,
        layout: &Layout,
        columns: &Columns<'_>,
        (rows, numbers, spoken): (&[u64], &[u32], &[u32]),
    ) -> Result<Vec<Told>> {
        self.told.resize(self.rows.spoken.len(), None);
        let mut own: HashMap<u64, Told> = HashMap::new();
        let (mut left, mut json) = (Vec::new(), String::new());
        for (at, ((row, number), spoken)) in rows.iter().zip(numbers).zip(spoken).enumerate() {
            if self.told.get(*spoken as usize).is_some_and(Option::is_some) {
                continue;
            }
            // All that the rules read is in the columns.
            let others = Others::AreAnything;
            if *spoken != SINGLE && self.stand_in(layout, columns, *number, at, others, &mut json) {
                let told = self.tell(&json, *number);
                self.told
                    .get_mut(*spoken as usize)
                    .into_iter()
                    .for_each(|slot| *slot = Some(Arc::clone(&told)));
            } else {
                left.push((*row, *number));
            }
        }
        for left in left.chunks(CHOSEN) {
            let wanted: Vec<u64> = left.iter().map(|(row, _)| *row).collect();
            for (stored, (row, number)) in open.events(&wanted)?.iter().zip(left) {
                let json = stored.raw.as_deref().unwrap_or(&stored.json);
                own.insert(*row, self.tell(json, *number));
            }
        }
        let told = |(row, spoken): (&u64, &u32)| {
            let known = self.told.get(*spoken as usize).and_then(Option::as_ref).or_else(|| own.get(row));
            known.map_or_else(|| Arc::new([]) as Told, Arc::clone)
        };
        Ok(rows.iter().zip(spoken).map(told).collect())
    }

    /// Writes an event that says what a row says with a sequence. Returns whether that can be done.
    pub(super) fn stand_in(
        &self,
        layout: &Layout,
        columns: &Columns<'_>,
        number: u32,
        row: usize,
        others: Others,
        json: &mut String,
    ) -> bool {
        let Some(awake) = self.rows.awake(number) else { return false };
        let (form, _) = self.rows.form_of(awake.number);
        let found = self.forms.get(form).zip(layout.of_form.get(&form));
        found.is_some_and(|(form, leaves)| stand_in::write(form, leaves, columns, row, others, json))
    }

    /// What made the rules of a sequence match an event.
    fn tell(&mut self, json: &str, number: u32) -> Told {
        let mut told: Told = Arc::new([]);
        let Some(Known::Rules(matches)) = self.known.get(number as usize) else { return told };
        let (retro, explainer) = (self.retro, &mut self.explainer);
        self.events.of_json(json, &mut |event| {
            let reason = |rule: ItemId| {
                let matched = explainer.explain(&retro.uid(rule)?, event);
                Some((rule, Reason { matched, ..Reason::default() }))
            };
            told = matches.useful(true).filter_map(reason).collect();
        });
        told
    }
}
