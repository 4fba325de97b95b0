//! Which of a list of rules an event wakes.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::class::NONE;
use crate::config::Config;
use crate::engine::Draft;
use crate::hash::QuickState;
use crate::program::{AtomId, AtomSet, FieldId};
use crate::table::{Literal, Table};
use crate::witness::{Wake, Witness, WitnessId, Witnesses};

/// What rules are woken by.
#[derive(Debug, Default)]
pub(crate) struct Sieve {
    /// Rules that nothing wakes.
    pub(crate) always: Vec<u32>,
    pub(crate) tables: Vec<Arc<Table>>,
    /// For each field the place of its table, or `NONE`.
    table_of: Vec<u32>,
    /// Atoms that hold if, and only if, looking through the event's values has met their literal.
    pub(crate) known: AtomSet,
}

/// Rules with the literals that wake them, and with the atoms that do.
type Woken = Vec<(WitnessId, u32)>;
type Direct = Vec<(AtomId, u32)>;

/// Makes sieves; what is the same in several is made once.
pub(crate) struct Sieves<'b> {
    pub(crate) drafts: &'b [Draft<'b>],
    pub(crate) witnesses: &'b Witnesses,
    /// Atoms that witnesses may tell about.
    pub(crate) met: &'b AtomSet,
    pub(crate) config: &'b Config,
    /// How many fields there are.
    pub(crate) fields: usize,
    pub(crate) made: HashMap<Vec<u32>, Arc<Sieve>>,
    pub(crate) tables: HashMap<(Woken, Direct), Arc<Table>, QuickState>,
}

impl Sieves<'_> {
    /// The sieve of a list of rules.
    pub(crate) fn of(&mut self, rules: &[u32]) -> Arc<Sieve> {
        if let Some(made) = self.made.get(rules) {
            return Arc::clone(made);
        }
        let sieve = Arc::new(self.make(rules));
        self.made.insert(rules.to_vec(), Arc::clone(&sieve));
        sieve
    }

    fn make(&mut self, rules: &[u32]) -> Sieve {
        let mut sieve =
            Sieve { table_of: vec![NONE; self.fields], known: self.met.like(), ..Sieve::default() };
        let mut by_field: BTreeMap<FieldId, (Woken, Direct)> = BTreeMap::new();
        for at in rules {
            match self.drafts.get(*at as usize).map(|draft| &draft.wake) {
                None | Some(Wake::Never) => {}
                Some(Wake::Always) => sieve.always.push(*at),
                Some(Wake::By(ids)) => {
                    for id in ids {
                        match self.witnesses.get(*id) {
                            Some(Witness::Literal(field, ..)) => {
                                by_field.entry(*field).or_default().0.push((*id, *at));
                            }
                            Some(Witness::Atom(field, atom)) => {
                                by_field.entry(*field).or_default().1.push((*atom, *at));
                            }
                            None => {}
                        }
                    }
                }
            }
        }
        for (field, (mut woken, mut direct)) in by_field {
            if let Some(at) = sieve.table_of.get_mut(field.0 as usize) {
                *at = u32::try_from(sieve.tables.len()).unwrap_or(NONE);
            }
            woken.sort_unstable();
            direct.sort_unstable();
            let known = woken.iter().filter_map(|(id, _)| self.witnesses.just(*id));
            known.filter(|atom| self.met.has(*atom)).for_each(|atom| sieve.known.insert(atom));
            sieve.tables.push(self.table(woken, direct));
        }
        sieve
    }

    fn table(&mut self, woken: Woken, direct: Direct) -> Arc<Table> {
        let key = (woken, direct);
        if let Some(made) = self.tables.get(&key) {
            return Arc::clone(made);
        }
        let rules: Vec<u32> = key.0.iter().map(|(_, rule)| *rule).collect();
        let mut literals = Vec::new();
        let mut start = 0;
        for chunk in key.0.chunk_by(|a, b| a.0 == b.0) {
            let range = start..start + chunk.len();
            start = range.end;
            let Some((id, _)) = chunk.first() else { continue };
            let Some(Witness::Literal(_, anchor, text)) = self.witnesses.get(*id) else { continue };
            let atom = self.witnesses.just(*id).filter(|atom| self.met.has(*atom));
            let rules = rules.get(range).unwrap_or_default();
            literals.push(Literal { anchor: *anchor, text, atom, rules });
        }
        let by_atom = key.1.chunk_by(|a, b| a.0 == b.0);
        let of_atom = |chunk: &[(AtomId, u32)]| {
            chunk.first().map(|(atom, _)| (*atom, chunk.iter().map(|(_, rule)| *rule).collect()))
        };
        let direct = by_atom.filter_map(of_atom).collect();
        let table = Arc::new(Table::new(&literals, direct, self.config.tables.is_on()));
        self.tables.insert(key, Arc::clone(&table));
        table
    }
}

impl Sieve {
    /// The place of a field's table.
    pub(crate) fn table_at(&self, field: FieldId) -> Option<u32> {
        self.table_of.get(field.0 as usize).copied().filter(|at| *at != NONE)
    }

    /// Whether a table compares values as they are.
    pub(crate) fn is_costly(&self, at: u32) -> bool {
        self.tables.get(at as usize).is_some_and(|table| table.is_costly())
    }

    /// Whether some literal of a table can be in the text of a number.
    pub(crate) fn has_digits(&self, at: u32) -> bool {
        self.tables.get(at as usize).is_some_and(|table| table.has_digits())
    }
}
