//! The memory that matching an event needs. The caller owns it and hands it in again for each event.

use sigyn_event::NodeId;
use sigyn_ir::ItemId;

use crate::outcomes::Saying;
use crate::plan::{Assigning, Plans};
use crate::program::AtomId;
use crate::table::Hit;

/// Memory for one thread's matching. Made by [`Engine::scratch`](crate::Engine::scratch) and only good for that
/// engine; once warm, matching allocates nothing.
#[derive(Debug)]
pub struct Scratch {
    pub(crate) marks: Marks,
    pub(crate) plans: Plans,
    pub(crate) assigning: Assigning,
    /// For each place of the class's plan.
    pub(crate) prepared: Vec<Prepared>,
    pub(crate) texts: Vec<Text>,
    /// Texts of numbers, and folded texts.
    pub(crate) arena: String,
    pub(crate) identity: String,
    pub(crate) matched: Vec<ItemId>,
    pub(crate) cache: Cache,
    pub(crate) saying: Saying,
    /// How much work was done, for measurements.
    pub stats: Stats,
}

/// What is known of the event being matched.
#[derive(Debug)]
pub(crate) struct Marks {
    /// Which event it is; marks of other events are void.
    pub(crate) now: u32,
    /// For each atom: the event it was evaluated for, and the verdict in the lowest bit.
    atoms: Vec<u32>,
    /// For each rule: the event that woke it.
    woken_at: Vec<u32>,
    pub(crate) woken: Vec<u32>,
    /// Literals met.
    pub(crate) met: u32,
}

/// How much work a [`Scratch`] has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Events matched.
    pub events: u64,
    /// Rules evaluated.
    pub woken: u64,
    /// Values looked through.
    pub scanned: u64,
    /// Values that the cache knew.
    pub cached: u64,
    /// Events whose result was known.
    pub known: u64,
}

/// The texts of a field, once they are made.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Prepared {
    /// The event that they belong to.
    pub(crate) at: u32,
    pub(crate) start: u32,
    pub(crate) end: u32,
    pub(crate) has_map: bool,
}

/// A scalar as text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text {
    pub(crate) raw: Raw,
    /// Its folded form in the arena, once it is there.
    pub(crate) folded: Option<(u32, u32)>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Raw {
    Node(NodeId),
    Arena(u32, u32),
}

impl Scratch {
    pub(crate) fn new(fields: usize, atoms: usize, rules: usize, cache_entries: usize) -> Self {
        Self {
            marks: Marks {
                now: 0,
                atoms: vec![0; atoms],
                woken_at: vec![0; rules],
                woken: Vec::new(),
                met: 0,
            },
            plans: Plans::default(),
            assigning: Assigning::new(fields),
            prepared: Vec::new(),
            texts: Vec::new(),
            arena: String::new(),
            identity: String::new(),
            matched: Vec::new(),
            cache: Cache::new(cache_entries),
            saying: Saying::default(),
            stats: Stats::default(),
        }
    }

    /// Begins an event.
    pub(crate) fn begin(&mut self) {
        if self.marks.begin() {
            self.prepared.fill(Prepared::default());
        }
        self.stats.events += 1;
        self.texts.clear();
        self.arena.clear();
        self.matched.clear();
    }
}

impl Marks {
    /// Begins an event. Returns whether it is numbered like events before: then nothing is left of those here.
    fn begin(&mut self) -> bool {
        self.woken.clear();
        self.met = 0;
        // Half of the range, because atoms keep a verdict beside the mark.
        let is_full = self.now >= u32::MAX / 2;
        if is_full {
            self.now = 0;
            self.atoms.fill(0);
            self.woken_at.fill(0);
        }
        self.now += 1;
        is_full
    }

    /// A value has a literal.
    #[inline]
    pub(crate) fn meet(&mut self, hit: Hit<'_>) {
        self.met += 1;
        if let Some(mark) = self.atoms.get_mut(hit.atom as usize) {
            *mark = self.now << 1 | 1;
        }
        hit.rules.iter().for_each(|rule| self.wake(*rule));
    }

    #[inline]
    pub(crate) fn wake(&mut self, rule: u32) {
        if let Some(at) = self.woken_at.get_mut(rule as usize)
            && *at != self.now
        {
            *at = self.now;
            self.woken.push(rule);
        }
    }

    #[inline]
    pub(crate) fn verdict(&self, atom: AtomId) -> Option<bool> {
        let mark = *self.atoms.get(atom.0 as usize)?;
        (mark >> 1 == self.now).then_some(mark & 1 == 1)
    }

    #[inline]
    pub(crate) fn set_verdict(&mut self, atom: AtomId, verdict: bool) {
        if let Some(mark) = self.atoms.get_mut(atom.0 as usize) {
            *mark = self.now << 1 | u32::from(verdict);
        }
    }
}

/// Longer values repeat too rarely to be worth their place, in bytes.
const CACHED_BYTES_MAX: usize = 128;

/// Values that woke nothing. Each value has one place; a newer one takes it.
#[derive(Debug)]
pub(crate) struct Cache {
    entries: Vec<Cached>,
    /// `CACHED_BYTES_MAX` bytes for each entry.
    bytes: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Cached {
    hash: u64,
    length: u8,
    table: (u32, u32),
}

impl Cache {
    fn new(entries_max: usize) -> Self {
        let count = if entries_max == 0 { 0 } else { entries_max.next_power_of_two() };
        Self { entries: vec![Cached::default(); count], bytes: vec![0; count * CACHED_BYTES_MAX] }
    }

    pub(crate) fn takes(&self, text: &str) -> bool {
        !self.entries.is_empty() && text.len() <= CACHED_BYTES_MAX
    }

    fn place(&self, hash: u64) -> usize {
        usize::try_from(hash >> 16).unwrap_or(0) & (self.entries.len().saturating_sub(1))
    }

    /// Whether the value is known to wake nothing in the table, which is named by class and place.
    #[inline]
    pub(crate) fn has(&self, hash: u64, table: (u32, u32), text: &str) -> bool {
        let place = self.place(hash);
        self.entries.get(place).is_some_and(|entry| {
            entry.hash == hash
                && entry.table == table
                && usize::from(entry.length) == text.len()
                && self
                    .bytes
                    .get(place * CACHED_BYTES_MAX..)
                    .is_some_and(|bytes| bytes.starts_with(text.as_bytes()))
        })
    }

    pub(crate) fn put(&mut self, hash: u64, table: (u32, u32), text: &str) {
        let place = self.place(hash);
        let start = place * CACHED_BYTES_MAX;
        if let (Some(entry), Some(bytes), Ok(length)) = (
            self.entries.get_mut(place),
            self.bytes.get_mut(start..start + text.len()),
            u8::try_from(text.len()),
        ) {
            bytes.copy_from_slice(text.as_bytes());
            // Tables are numbered from one class on, so that no table has the mark of an empty place.
            *entry = Cached { hash, length, table };
        }
    }
}
