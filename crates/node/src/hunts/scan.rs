//! Looks through files of the lake for events that rules match: by columns where rows say the same again and again, else row by
//! row. Both find the same; which one it is shows in time only.

mod hand_over;

use std::collections::HashMap;
use std::sync::Arc;

use sigyn_correlate::At;
use sigyn_engine::{ClassId, Engine, Scratch};
use sigyn_event::Event;
use sigyn_ir::ItemId;
use sigyn_runtime::live::Retro;
use sigyn_store::catalog::Split;
use sigyn_store::lake::{SplitReader, StoredEvent};

use super::again::Reason;
use super::columns::Rows;
use super::forms::Form;
use super::layout::{Columns, Layout, SHAPE};
use super::stand_in::Others;
use crate::events::Events;
use crate::evidence::Explainer;
use crate::{Node, Result};

/// Rows of a file that are put together at a time.
const EVENTS: usize = 4_096;
/// Rows that are numbered at a time: the columns of as many stay in the processor's caches.
const SLICE: usize = 16_384;
/// Rows that are put together at a time because of what their numbers say.
const CHOSEN: usize = 16_384;
/// Forms of a file at most, and kinds of events that are learned in it; with more it is looked through row by row.
const FORMS_MAX: usize = 256;
const KINDS_MAX: usize = 256;
/// What is known of values and rows may take so much, in bytes; beyond it everything is forgotten.
const MEMORY_MAX: usize = 128 << 20;

/// An event of the lake that rules match.
pub(crate) struct Stored<'m> {
    pub(crate) event: Event<'m>,
    /// As it came, or as JSON of the same meaning.
    pub(crate) bytes: &'m [u8],
}

/// What is made of what rules match.
pub(crate) trait Sink {
    /// So many rows of the file at hand have been looked at.
    fn looked(&mut self, rows: u64) -> Result<()>;
    /// An event that rules match.
    fn event(&mut self, at: &At, stored: Stored<'_>, class: Option<ClassId>, rules: &[ItemId]) -> Result<()>;
    /// An event that a [bare](Retro::is_bare) rule matches, with the values that made it match.
    fn place(&mut self, at: &At, rule: ItemId, reason: &Reason) -> Result<()>;
    /// So many events that a rule matches, of which no more is wanted.
    fn counted(&mut self, rule: ItemId, events: u64) -> Result<()>;
    /// Whether the events are wanted, and not only where they stand.
    fn wants_events(&self) -> bool;
    /// Whether only the number is wanted.
    fn wants_numbers(&self) -> bool;
}

/// What is known of rows that say the same.
#[derive(Clone)]
enum Known {
    /// They do not decide enough: each is matched by itself.
    Single,
    /// These rules match.
    Rules(Arc<Matches>),
}

/// Rules that match rows that say the same.
#[derive(Default)]
struct Matches {
    /// Each with whether others read what it matches: then its matches count at any time.
    rules: Vec<(ItemId, bool)>,
    /// Whether they are all [bare](Retro::is_bare), and look for nothing in values that no field has.
    is_bare: bool,
    is_read: bool,
    /// Where the values of the rules' fields stand.
    leaves: Vec<usize>,
}

impl Matches {
    /// The rules that count, of a row at a time that is wanted or is not.
    fn useful(&self, is_wanted: bool) -> impl Iterator<Item = ItemId> {
        self.rules.iter().filter(move |(_, is_read)| is_wanted || *is_read).map(|(rule, _)| *rule)
    }
}

/// What made rules match rows that say the same, with the same values.
type Told = Arc<[(ItemId, Reason)]>;

/// Memory for looking through files.
pub(crate) struct Scan<'s> {
    retro: &'s Retro,
    engine: &'s Engine,
    scratch: Scratch,
    events: Events,
    explainer: Explainer,
    forms: Vec<Form>,
    form_of: HashMap<String, usize>,
    rows: Rows,
    /// By the number of a sequence.
    known: Vec<Known>,
    /// By the number of what rows say with all values that matter.
    told: Vec<Option<Told>>,
    nothing: Arc<Matches>,
    /// Whether files are looked through by columns; tests do without.
    pub(crate) is_by_columns: bool,
    /// How many files were.
    pub(crate) files_by_columns: u64,
}

impl<'s> Scan<'s> {
    pub(crate) fn new(retro: &'s Retro, explainer: Explainer) -> Self {
        Self {
            retro,
            engine: retro.engine(),
            scratch: retro.engine().scratch(),
            events: Events::new(),
            explainer,
            forms: Vec::new(),
            form_of: HashMap::new(),
            rows: Rows::default(),
            known: Vec::new(),
            told: Vec::new(),
            nothing: Arc::default(),
            is_by_columns: true,
            files_by_columns: 0,
        }
    }

    /// Looks through a file for events that matter to the hunt.
    pub(crate) fn split(&mut self, node: &Node, split: &Split, sink: &mut dyn Sink) -> Result<()> {
        let open = node.lake().open_split(split)?;
        if self.rows.bytes() > MEMORY_MAX {
            (self.rows, self.known, self.told) = (Rows::default(), Vec::new(), Vec::new());
        }
        // What came as other text than JSON is read as its source is, not as its columns are.
        let forms = if self.is_by_columns && !open.has_raw() { self.learn(&open)? } else { None };
        match forms {
            Some(forms) => self.by_columns(&open, &forms, sink),
            None => self.by_rows(&open, sink),
        }
    }

    fn by_rows(&mut self, open: &SplitReader, sink: &mut dyn Sink) -> Result<()> {
        let feed = self.retro.feed();
        let mut looked = 0;
        for events in open.events_of(feed.start, feed.end, EVENTS)? {
            let events = events?;
            events.iter().try_for_each(|stored| self.one(stored, sink))?;
            looked += events.len() as u64;
            sink.looked(looked)?;
        }
        Ok(())
    }

    /// Matches an event by itself.
    fn one(&mut self, stored: &StoredEvent, sink: &mut dyn Sink) -> Result<()> {
        let (retro, engine, scratch) = (self.retro, self.engine, &mut self.scratch);
        let bytes = stored.raw.as_deref().unwrap_or(&stored.json).as_bytes();
        let mut outcome = Ok(());
        self.events.of_stored(stored, &mut |at, event| {
            let (class, rules) = engine.run(event, scratch);
            if rules.iter().any(|rule| retro.is_useful(*rule, at.ts)) {
                outcome = sink.event(at, Stored { event, bytes }, class, rules);
            }
            true
        });
        outcome
    }

    /// Finds the forms of a file's events, and learns what decides on those that are new. None if they are too many.
    fn learn(&mut self, open: &SplitReader) -> Result<Option<Vec<usize>>> {
        let feed = self.retro.feed();
        let mut used: Vec<usize> = Vec::new();
        // The first and the last row of each new form.
        let mut samples: HashMap<usize, (u64, u64)> = HashMap::new();
        for slice in open.slices(&[SHAPE.to_owned()], feed.start, feed.end, SLICE * 8) {
            let slice = slice?;
            let Some(shapes) = slice.columns.first() else { return Ok(None) };
            let mut of_key = vec![None; shapes.values.len()];
            for (row, key) in (slice.first_row..).zip(&shapes.keys) {
                let (Some(of_key), Some(shape)) =
                    (of_key.get_mut(*key as usize), shapes.values.get(*key as usize))
                else {
                    return Ok(None);
                };
                let form = *of_key.get_or_insert_with(|| form(&mut self.forms, &mut self.form_of, shape));
                if !used.contains(&form) {
                    used.push(form);
                    if used.len() > FORMS_MAX {
                        return Ok(None);
                    }
                }
                if self.forms.get(form).is_some_and(Form::is_new) {
                    samples.entry(form).or_insert((row, row)).1 = row;
                }
            }
        }
        let mut rows: Vec<(u64, usize)> =
            samples.into_iter().flat_map(|(form, (first, last))| [(first, form), (last, form)]).collect();
        rows.sort_unstable();
        rows.dedup();
        let numbers: Vec<u64> = rows.iter().map(|(row, _)| *row).collect();
        for (stored, (_, form)) in open.events(&numbers)?.iter().zip(&rows) {
            let Some(form) = self.forms.get_mut(*form) else { continue };
            let (engine, scratch) = (self.engine, &mut self.scratch);
            self.events.of_stored(stored, &mut |_, event| {
                form.learn(engine, event, scratch);
                true
            });
        }
        // Rows of which nothing less than the event decides are put together anyway.
        let is_single = |form: &usize| self.forms.get(*form).is_none_or(|form| form.is_single);
        Ok((!used.iter().any(is_single)).then_some(used))
    }

    fn by_columns(&mut self, open: &SplitReader, used: &[usize], sink: &mut dyn Sink) -> Result<()> {
        let feed = self.retro.feed();
        let layout = Layout::new(self.engine, open, &self.forms, used);
        let (mut numbers, mut times, mut left) = (Vec::new(), Vec::new(), Vec::new());
        // Where rows that stand behind one another begin: in the file, and here.
        let mut starts: Vec<(u64, usize)> = Vec::new();
        self.rows.begin();
        let kinds_before = self.rows.kinds();
        for slice in open.slices(&layout.names, feed.start, feed.end, SLICE) {
            let slice = slice?;
            starts.push((slice.first_row, numbers.len()));
            let (forms, form_of) = (&self.forms, &self.form_of);
            let mut of_shape = |shape: &str| form_of.get(shape).copied().unwrap_or(usize::MAX);
            let columns = Columns::new(&layout, &slice);
            let mut new = Vec::new();
            let kinds = self.rows.kinds_of(&layout, forms, &mut of_shape, &columns, &mut |row| new.push(row));
            self.meet(open, slice.first_row, &kinds, &mut new)?;
            if self.rows.kinds() - kinds_before > KINDS_MAX {
                return self.by_rows(open, sink);
            }
            let mut new = Vec::new();
            self.rows.number(self.engine, &layout, &columns, &kinds, &mut numbers, &mut new);
            self.represent(&layout, &columns, slice.first_row, &new, &mut left);
            times.extend_from_slice(&slice.times);
            sink.looked(times.len() as u64)?;
        }
        let row_of = |at: usize| {
            let (first, start) = starts[starts.partition_point(|(_, start)| *start <= at) - 1];
            first + (at - start) as u64
        };
        // Kind by kind they were met; events are read, and handed out, as they stand.
        left.sort_unstable();
        self.represent_stored(open, &left)?;
        self.matched(open, &layout, (&numbers, &times), &row_of, sink)
    }

    /// Learns what decides on events of a kind that is new, from one of them each.
    fn meet(
        &mut self,
        open: &SplitReader,
        first_row: u64,
        kinds: &[u32],
        new: &mut Vec<usize>,
    ) -> Result<()> {
        if new.is_empty() {
            return Ok(());
        }
        new.sort_unstable();
        new.truncate(KINDS_MAX);
        let rows: Vec<u64> = new.iter().map(|row| first_row + *row as u64).collect();
        for (stored, row) in open.events(&rows)?.iter().zip(new.iter()) {
            let Some(number) = kinds.get(*row) else { continue };
            let (form, version) = self.rows.form_of(*number);
            let Some(form) = self.forms.get_mut(form) else { continue };
            let (engine, scratch) = (self.engine, &mut self.scratch);
            let mut kind = None;
            self.events.of_stored(stored, &mut |_, event| {
                kind = form.learn(engine, event, scratch);
                true
            });
            // What it learned just now is in no column that is read of this file.
            self.rows.learned(*number, kind.filter(|_| form.version == version));
        }
        Ok(())
    }

    /// Matches an event of each sequence that is new: of rows of the columns at hand, with their numbers. Those of which more
    /// must be read than the columns are left.
    fn represent(
        &mut self,
        layout: &Layout,
        columns: &Columns<'_>,
        first_row: u64,
        new: &[(usize, u32)],
        left: &mut Vec<(u64, u32)>,
    ) {
        self.known.resize(self.rows.sequences.len(), Known::Single);
        let mut json = String::new();
        for (row, number) in new {
            if self.stand_in(layout, columns, *number, *row, Others::AreOfAKind, &mut json) {
                self.judge(&json, *number);
            } else {
                left.push((first_row + *row as u64, *number));
            }
        }
    }

    /// Matches the events of some rows for all that have their numbers.
    fn represent_stored(&mut self, open: &SplitReader, new: &[(u64, u32)]) -> Result<()> {
        for chunk in new.chunks(CHOSEN) {
            let rows: Vec<u64> = chunk.iter().map(|(row, _)| *row).collect();
            for (stored, (_, number)) in open.events(&rows)?.iter().zip(chunk) {
                self.judge(stored.raw.as_deref().unwrap_or(&stored.json), *number);
            }
        }
        Ok(())
    }

    /// Takes what an event says for all rows with its number.
    fn judge(&mut self, json: &str, number: u32) {
        let (retro, engine, scratch) = (self.retro, self.engine, &mut self.scratch);
        let (rows, nothing) = (&self.rows, &self.nothing);
        // A number without a slot is matched row by row, as is what says nothing here.
        let Some(known) = self.known.get_mut(number as usize) else { return };
        self.events.of_json(json, &mut |event| {
            let (_, found) = engine.run(event, scratch);
            let rules: Vec<(ItemId, bool)> = found
                .iter()
                .filter(|rule| retro.is_ever_useful(**rule))
                .map(|rule| (*rule, retro.is_read(*rule)))
                .collect();
            if scratch.looked_everywhere() {
                return;
            }
            if rules.is_empty() {
                *known = Known::Rules(Arc::clone(nothing));
                return;
            }
            let own: Vec<u32> = rules.iter().filter_map(|(rule, _)| engine.rule_of(*rule)).collect();
            let is_bare = |(rule, _): &(ItemId, bool)| retro.is_bare(*rule);
            *known = Known::Rules(Arc::new(Matches {
                is_bare: rules.iter().all(is_bare) && !own.iter().any(|rule| engine.has_keywords(*rule)),
                is_read: rules.iter().any(|(_, is_read)| *is_read),
                leaves: rows.awake(number).map_or_else(Vec::new, |awake| awake.kind.places(engine, &own)),
                rules,
            }));
        });
    }
}

/// The form with a shape.
fn form(forms: &mut Vec<Form>, form_of: &mut HashMap<String, usize>, shape: &str) -> usize {
    if let Some(known) = form_of.get(shape) {
        return *known;
    }
    forms.push(Form::new(shape));
    form_of.insert(shape.to_owned(), forms.len() - 1);
    forms.len() - 1
}

#[cfg(test)]
mod tests;
