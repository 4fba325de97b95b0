//! The naive evaluator of correlations: Part I of the rules (E1–E50), by definition and nothing else.
//!
//! It shares no code with the crate `correlate`, knows all events at once, keeps no state and is quadratic or worse: for
//! each input of a correlation the window is found anew by looking at all inputs, and the predicate is computed from
//! scratch. Single-event rules are asked of [`crate::evaluator`]. Where Part I leaves room, `docs/correlation.md` decides;
//! those decisions are cited as D1, D2, ….
//!
//! [`case`] is the text form of rules, events and expected detections, [`random`] makes such cases, [`shrink`] makes them
//! small, [`hunt`] says by E42 how far results depend, [`laws`] are the small simulations that Part III quotes.

pub mod case;
pub mod hunt;
pub mod laws;
pub mod live;
mod negative;
pub mod number;
mod options;
mod predicate;
pub mod properties;
pub mod random;
mod reading;
pub mod row;
pub mod shrink;
mod strata;
mod windows;
mod world;

pub use number::Num;
pub use options::{Mode, Options, Percentile, Window};
pub use row::Row;
pub use world::{Ids, OwnIds, World, detections};

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};
use sigyn_ir::ItemId;

/// 128 bits that tell events and detections apart.
pub type Id = [u8; 16];

/// Nanoseconds since 1970, UTC. Wider than what events carry, so that sums need no care.
pub type Time = i128;

/// An event (E4).
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Event time in nanoseconds.
    pub ts: i64,
    /// Who wrote it.
    pub source: String,
    /// The source's own order, else 0.
    pub seq: u64,
    /// Its id: two events with the same id are the same event.
    pub eid: Id,
    /// What it says.
    pub fields: Map<String, Value>,
}

/// One component of a group: its canonical text, or nothing where it is missing and `missing: group` holds (E12).
pub type Component = Option<String>;

/// What a detection hangs on (E3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Anchor {
    /// The event or detection that opened the episode.
    Event(Id),
    /// A bucket or a session.
    Window(Time, Time),
}

/// What a rule found (E24).
#[derive(Clone, Debug, PartialEq)]
pub struct Detection {
    /// Its id, from what [`Ids`] says.
    pub id: Id,
    /// The rule.
    pub rule: ItemId,
    /// The rule's depth (E36).
    pub stratum: usize,
    /// Its time.
    pub ts: Time,
    /// The earliest contributing input.
    pub first_seen: Time,
    /// The last true input; of a bucket or session its last input.
    pub last_seen: Time,
    /// The components of the group, in the order of `group-by`.
    pub group: Vec<Component>,
    /// What it hangs on.
    pub anchor: Anchor,
    /// The aggregate at the anchor.
    pub value: Num,
    /// The number of contributing inputs.
    pub total: usize,
    /// The oldest and the newest contributing inputs.
    pub evidence: Vec<Id>,
    /// Whether inputs between the oldest and the newest are left out.
    pub truncated: bool,
    /// Whether a contributing event would have been in more groups than the limit allows (E13).
    pub is_cut: bool,
    /// Outcomes over all that contributed.
    pub outcomes: BTreeMap<String, Outcome>,
    /// Outcomes as they were at the anchor, which is what other rules read (D15).
    pub outcomes_at_anchor: BTreeMap<String, Outcome>,
    /// How many later episodes it stands for (E22).
    pub suppressed: usize,
    /// The instant at which it cannot change any more.
    pub closes: Time,
    /// Times and ids of the true inputs, the anchor's first.
    pub revisions: Vec<(Time, Id)>,
    /// What contributed at the anchor, in canonical order.
    pub(crate) at_anchor: Vec<Arc<world::Input>>,
}

/// A named value of a detection.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// `count`, `distinct`, `sum`, `min`, `max`.
    Number(Num),
    /// `first`, `last`.
    Text(String),
    /// `values`.
    Texts(Vec<String>),
}

impl Outcome {
    /// As canonical texts.
    pub fn texts(&self) -> Vec<String> {
        match self {
            Outcome::Number(number) => vec![number.to_string()],
            Outcome::Text(text) => vec![text.clone()],
            Outcome::Texts(texts) => texts.clone(),
        }
    }
}

/// An id as digits.
pub(crate) fn hex(id: &Id) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}
