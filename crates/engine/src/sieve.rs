//! Which of a list of rules an event wakes.

use std::collections::BTreeMap;

use crate::class::NONE;
use crate::config::Config;
use crate::engine::Draft;
use crate::program::{AtomId, AtomSet, FieldId};
use crate::table::{Literal, Table};
use crate::witness::{Wake, Witness, WitnessId, Witnesses};

/// What rules are woken by.
#[derive(Debug, Default)]
pub(crate) struct Sieve {
    /// Rules that nothing wakes.
    pub(crate) always: Vec<u32>,
    pub(crate) tables: Vec<Table>,
    /// For each field the place of its table, or `NONE`.
    table_of: Vec<u32>,
    /// Atoms that hold if, and only if, looking through the event's values has met their literal.
    pub(crate) known: AtomSet,
}

/// Rules with what wakes them.
type Woken = Vec<(WitnessId, u32)>;

impl Sieve {
    /// For a list of rules; `drafts` are all. `met` are atoms that witnesses may tell about.
    pub(crate) fn new(
        rules: &[u32],
        drafts: &[Draft<'_>],
        witnesses: &Witnesses,
        met: &AtomSet,
        fields: usize,
        config: &Config,
    ) -> Self {
        let mut sieve = Self { table_of: vec![NONE; fields], known: met.like(), ..Self::default() };
        let mut by_field: BTreeMap<FieldId, (Woken, BTreeMap<AtomId, Vec<u32>>)> = BTreeMap::new();
        for at in rules {
            match drafts.get(*at as usize).map(|draft| &draft.wake) {
                None | Some(Wake::Never) => {}
                Some(Wake::Always) => sieve.always.push(*at),
                Some(Wake::By(ids)) => {
                    for id in ids {
                        match witnesses.get(*id) {
                            Some(Witness::Literal(field, ..)) => {
                                by_field.entry(*field).or_default().0.push((*id, *at));
                            }
                            Some(Witness::Atom(field, atom)) => {
                                by_field.entry(*field).or_default().1.entry(*atom).or_default().push(*at);
                            }
                            None => {}
                        }
                    }
                }
            }
        }
        for (field, (woken, direct)) in by_field {
            if let Some(at) = sieve.table_of.get_mut(field.0 as usize) {
                *at = u32::try_from(sieve.tables.len()).unwrap_or(NONE);
            }
            let table = sieve.table(woken, witnesses, met, direct.into_iter().collect(), config);
            sieve.tables.push(table);
        }
        sieve
    }

    fn table(
        &mut self,
        mut woken: Woken,
        witnesses: &Witnesses,
        met: &AtomSet,
        direct: Vec<(AtomId, Vec<u32>)>,
        config: &Config,
    ) -> Table {
        woken.sort_unstable();
        let rules: Vec<u32> = woken.iter().map(|(_, rule)| *rule).collect();
        let mut literals = Vec::new();
        let mut start = 0;
        for chunk in woken.chunk_by(|a, b| a.0 == b.0) {
            let range = start..start + chunk.len();
            start = range.end;
            let Some((id, _)) = chunk.first() else { continue };
            let Some(Witness::Literal(_, anchor, text)) = witnesses.get(*id) else { continue };
            let atom = witnesses.just(*id).filter(|atom| met.has(*atom));
            if let Some(atom) = atom {
                self.known.insert(atom);
            }
            let rules = rules.get(range).unwrap_or_default();
            literals.push(Literal { anchor: *anchor, text, atom, rules });
        }
        Table::new(&literals, direct, config.tables.is_on())
    }

    /// The place of a field's table.
    pub(crate) fn table_at(&self, field: FieldId) -> Option<u32> {
        self.table_of.get(field.0 as usize).copied().filter(|at| *at != NONE)
    }
}
