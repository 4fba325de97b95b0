//! What comes out: detections.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sigyn_ir::{ItemId, Level};

use crate::{Id, Plan, Value, Values};

/// A detection (E24). It is itself an event, which other rules may select on (E36): see [`Detection::fields`].
#[derive(Clone, Debug, PartialEq)]
pub struct Detection {
    /// The same for the same rule, logic, group and anchor, in every run (E3).
    pub id: Id,
    /// The rule.
    pub rule: ItemId,
    /// The anchor's time, or the instant at which it was decided: nanoseconds UTC.
    pub ts: i64,
    /// The earliest input that contributed.
    pub first_seen: i64,
    /// The last input at which it held; of a window its last input.
    pub last_seen: i64,
    /// What it hangs on.
    pub anchor: Anchor,
    /// The names and values of the group; `None` stands for events that lack the field (`missing: group`).
    pub group: Vec<(Arc<str>, Option<String>)>,
    /// The aggregate at the anchor; none for hits of single-event rules.
    pub value: Option<Value>,
    /// How many inputs contributed.
    pub total: u64,
    /// How many inputs had contributed at the anchor.
    pub total_at_anchor: u64,
    /// The oldest and the newest inputs that contributed, in canonical order.
    pub evidence: Vec<Evidence>,
    /// Whether inputs contributed that [`Self::evidence`] leaves out.
    pub is_truncated: bool,
    /// Whether an event that contributed would have been in more groups than the limit allows (E13).
    pub is_fanout_truncated: bool,
    /// Named values over all that contributed.
    pub outcomes: Vec<Outcome>,
    /// The same as they were at the anchor: what other rules read.
    pub outcomes_at_anchor: Vec<Outcome>,
    /// For each field of [`Plan::reads`] its values at the anchor: what other rules read of this detection (E14).
    pub values: Values,
    /// 0 to 100: what the rule says, else what its level stands for.
    pub risk: u8,
    /// The rule's level.
    pub level: Option<Level>,
    /// How many detections of the same group were left out behind this one (`suppress`).
    pub suppressed: u64,
    /// How many rules stand one on the other below it, itself included (E36).
    pub stratum: u32,
    /// Whether it can still change.
    pub status: Status,
    /// How often it has changed; not part of what runs have in common.
    pub revision: u32,
    /// Whether an event that came late made or changed it.
    pub is_late: bool,
    /// Whether it is shown to people: false if the rule is silent, or only others read it.
    pub is_signal: bool,
}

/// What a detection hangs on (E3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Anchor {
    /// The event or detection that opened it.
    Event(Id),
    /// A window: nanoseconds UTC.
    Window {
        /// Its start, or the first input of a session.
        start: i64,
        /// Its end, exclusive; of a session the instant at which it closed.
        end: i64,
    },
}

/// A reference to an input.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Evidence {
    /// The input's time.
    pub ts: i64,
    /// The rule that matched, the first of those listed if several did.
    pub rule: ItemId,
    /// The event's source; empty for detections.
    pub source: Arc<str>,
    /// The event's place in its source.
    pub seq: u64,
    /// The event's or the detection's id.
    pub eid: Id,
    /// Whether [`Self::eid`] names a detection of a correlation.
    pub is_detection: bool,
}

/// A named value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The name.
    pub name: Arc<str>,
    /// The value; none if no event had the field.
    pub value: OutcomeValue,
    /// Whether there were more values than the limit allows.
    pub is_truncated: bool,
}

/// The value of an outcome.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum OutcomeValue {
    /// No event had the field.
    None,
    /// A number.
    Number(Value),
    /// A text.
    Text(String),
    /// Different texts, in the order in which they came.
    Texts(Vec<String>),
}

/// Whether a detection can still change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Status {
    /// It was published before the watermark passed it.
    Provisional,
    /// It goes on: its totals and evidence can grow, its id and time stay.
    Open,
    /// It does not change again, unless a late event does it.
    Final,
    /// It is taken back.
    Retracted,
}

/// A value of a detection's field.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldValue {
    /// A text.
    Text(String),
    /// A number.
    Number(Value),
}

impl FieldValue {
    /// Its canonical text (E11).
    pub fn text(&self) -> String {
        match self {
            FieldValue::Text(text) => text.clone(),
            FieldValue::Number(number) => number.to_string(),
        }
    }
}

impl Detection {
    /// The detection as the event that it is: fields with their values, in a fixed order. They describe the
    /// detection as it was at its anchor, because rules that read it must not see it grow (E36, E38).
    ///
    /// `rule.id`, `rule.name`, `rule.title`, `rule.tags`, `rule.level`, `level`, `risk`, `detection.id`,
    /// `detection.value`, `detection.total`, `detection.first_seen` (RFC 3339), `detection.stratum`,
    /// `outcome.NAME`, the names of the group, and the fields that rules read of it beyond these.
    pub fn fields(&self, plan: &Plan) -> Vec<(String, Vec<FieldValue>)> {
        crate::own::fields(self, plan)
    }
}

impl OutcomeValue {
    /// The values as a field of an event has them.
    pub(crate) fn field_values(&self) -> Vec<FieldValue> {
        match self {
            OutcomeValue::None => Vec::new(),
            OutcomeValue::Number(number) => vec![FieldValue::Number(*number)],
            OutcomeValue::Text(text) => vec![FieldValue::Text(text.clone())],
            OutcomeValue::Texts(texts) => texts.iter().cloned().map(FieldValue::Text).collect(),
        }
    }
}
