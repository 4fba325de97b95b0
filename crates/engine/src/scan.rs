//! Waking rules by what is in an event's values.

use std::io::Write as _;

use sigyn_event::{Event, Value, write_scalar};

use crate::fold::fold_into;
use crate::hash::hash_bytes;
use crate::matching::{Run, fold_text, piece, raw, raw_of};
use crate::plan::Look;
use crate::program::AtomKind;
use crate::recall::{self, Known, Met, Recall};
use crate::scratch::{Raw, Scratch};
use crate::table::Table;

impl<'r> Run<'r, '_> {
    /// Wakes rules by keywords in values that no field has.
    pub(crate) fn scan_loose(&mut self, recall: &mut Recall) {
        let plan = self.plan;
        for (at, look) in plan.looks.iter().enumerate().take(plan.loose) {
            self.scan_node(*look, recall, at);
        }
    }

    /// Wakes rules by what is in the values of their fields.
    pub(crate) fn scan_fields(&mut self, recall: &mut Recall) {
        let plan = self.plan;
        for (at, look) in plan.looks.iter().enumerate().skip(plan.loose) {
            self.scan_node(*look, recall, at);
        }
        for (place, table) in &plan.whole_fields {
            self.scan_prepared(*place, *table);
        }
    }

    /// Looks through a value without keeping its text: most wake nothing.
    #[inline]
    fn scan_node(&mut self, look: Look, recall: &mut Recall, at: usize) {
        if let Some(bytes) = self.event.text_bytes(look.node) {
            match recall.look(at, bytes) {
                Known::Same(met) => self.meet_again(met),
                known if bytes.is_ascii() => {
                    let met = self.scan_text(look, bytes);
                    if matches!(known, Known::Other) {
                        recall.keep(at, bytes, met);
                    }
                }
                _ => self.scan_other(look),
            }
            return;
        }
        match self.event.value(look.node) {
            None | Some(Value::Null | Value::Map(_)) => {}
            Some(Value::Int(_) | Value::Uint(_) | Value::Float(_)) if !look.has_digits => {}
            Some(Value::Int(number)) => self.scan_number(look, recall, at, number),
            Some(_) => self.scan_other(look),
        }
    }

    fn scan_number(&mut self, look: Look, recall: &mut Recall, at: usize, number: i64) {
        let key = recall::key_of(number);
        match recall.look(at, &key) {
            Known::Same(met) => self.meet_again(met),
            known => {
                let mut text = [0; 20];
                let mut rest = text.as_mut_slice();
                // There is room for every number.
                let _ = write!(rest, "{number}");
                let length = 20 - rest.len();
                let met = self.scan_text(look, text.get(..length).unwrap_or_default());
                if matches!(known, Known::Other) {
                    recall.keep(at, &key, met);
                }
            }
        }
    }

    /// Wakes what a value woke last time.
    #[inline]
    fn meet_again(&mut self, met: &[(u32, u32)]) {
        let Scratch { marks, stats, .. } = &mut *self.scratch;
        stats.cached += 1;
        for (table, needle) in met {
            if let Some(table) = self.class.sieve.tables.get(*table as usize) {
                table.again(*needle, &mut |hit| marks.meet(hit));
            }
        }
    }

    /// Looks through ASCII text.
    #[inline]
    fn scan_text(&mut self, look: Look, bytes: &[u8]) -> Met {
        let Scratch { marks, stats, .. } = &mut *self.scratch;
        let mut met = Met::default();
        for at in self.plan.tables(look) {
            let Some(table) = self.class.sieve.tables.get(at as usize) else { continue };
            stats.scanned += 1;
            table.scan(bytes, true, |hit| {
                met.add(at, hit.needle);
                marks.meet(hit);
            });
        }
        met
    }

    /// Looks through what is no ASCII text: all values of a list, folded.
    fn scan_other(&mut self, look: Look) {
        let Some(value) = self.event.value(look.node) else { return };
        for at in self.plan.tables(look) {
            if let Some(table) = self.class.sieve.tables.get(at as usize) {
                self.scan_scalars(value, table);
            }
        }
    }

    fn scan_scalars(&mut self, value: Value<'_>, table: &'r Table) {
        match value {
            Value::Null | Value::Map(_) => {}
            Value::List(list) => list.iter().for_each(|value| self.scan_scalars(value, table)),
            Value::Int(_) | Value::Uint(_) | Value::Float(_) if !table.has_digits() => {}
            scalar => {
                let Scratch { arena, marks, stats, .. } = &mut *self.scratch;
                stats.scanned += 1;
                let start = arena.len();
                match scalar {
                    Value::Text(text) => fold_into(arena, text),
                    other => write_scalar(arena, other),
                }
                let text = arena.get(start..).unwrap_or("").as_bytes();
                table.scan(text, text.is_ascii(), |hit| marks.meet(hit));
                arena.truncate(start);
            }
        }
    }

    /// Looks through the values of a field that something is evaluated on.
    fn scan_prepared(&mut self, place: usize, table_at: u32) {
        let Some(table) = self.class.sieve.tables.get(table_at as usize) else { return };
        let name = (self.id.0 + 1, table_at);
        let (start, end) = self.prepare(place);
        for at in start..end {
            let raw = raw(self.event, self.scratch, at);
            if !self.scratch.cache.takes(raw) {
                self.scan_value(table, at);
                continue;
            }
            let hash = hash_bytes(raw.as_bytes()) ^ u64::from(name.0) << 20 ^ u64::from(name.1);
            if self.scratch.cache.has(hash, name, raw) {
                self.scratch.stats.cached += 1;
            } else if !self.scan_value(table, at) {
                put(self.event, self.scratch, at, hash, name);
            }
        }
    }

    /// Whether a value wakes anything.
    fn scan_value(&mut self, table: &'r Table, at: u32) -> bool {
        self.scratch.stats.scanned += 1;
        let mut woke = false;
        let is_ascii = raw(self.event, self.scratch, at).is_ascii();
        let span = if is_ascii { (0, 0) } else { fold_text(self.event, self.scratch, at) };
        {
            let Scratch { arena, texts, marks, .. } = &mut *self.scratch;
            let text = if is_ascii { raw_of(self.event, texts, arena, at) } else { piece(arena, span) };
            table.scan(text.as_bytes(), is_ascii, |hit| {
                woke = true;
                marks.meet(hit);
            });
        }
        for (atom, rules) in &table.direct {
            let Some(AtomKind::Value(predicate)) =
                self.engine.atoms.atoms.get(atom.0 as usize).map(|atom| &atom.kind)
            else {
                continue;
            };
            let holds = self.tests(predicate, at);
            if holds {
                woke = true;
                rules.iter().for_each(|rule| self.scratch.marks.wake(*rule));
            }
        }
        woke
    }
}

fn put(event: Event<'_>, scratch: &mut Scratch, at: u32, hash: u64, name: (u32, u32)) {
    let Some(text) = scratch.texts.get(at as usize).map(|text| text.raw) else { return };
    match text {
        Raw::Node(node) => {
            scratch.cache.put(hash, name, event.value(node).and_then(Value::as_text).unwrap_or(""));
        }
        Raw::Arena(start, end) => {
            let Scratch { arena, cache, .. } = scratch;
            cache.put(hash, name, piece(arena, (start, end)));
        }
    }
}
