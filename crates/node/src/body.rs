//! What is stored with a signal beside the columns by which it is found.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Everything about a signal that only its page shows; kept as JSON.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Body {
    /// Why it is there, in a sentence.
    pub(crate) why: String,
    /// Whether more events can still change it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_provisional: bool,
    /// Whether a hunt made it, because its rule was not there when it happened.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_back_filled: bool,
    /// Fields and values of its group.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) group: Vec<(String, Option<String>)>,
    /// What was counted or measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<String>,
    /// Named values.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) outcomes: Vec<(String, Vec<String>)>,
    /// What it rests on, the oldest first.
    pub(crate) evidence: Vec<Piece>,
    /// Whether there is more.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_truncated: bool,
    /// The signal as the live driver knows it, to go on after a restart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) live: Option<Box<RawValue>>,
}

impl Body {
    /// How much its texts take, in bytes.
    pub(crate) fn weight(&self) -> usize {
        fn of(piece: &Piece) -> usize {
            let texts =
                piece.event.as_ref().map_or(0, String::len) + piece.raw.as_ref().map_or(0, String::len);
            let matched =
                piece.matched.iter().flat_map(|one| one.wanted.iter().chain(&one.seen)).map(String::len);
            size_of::<Piece>() + texts + matched.sum::<usize>() + piece.evidence.iter().map(of).sum::<usize>()
        }
        size_of::<Self>() + self.why.len() + self.evidence.iter().map(of).sum::<usize>()
    }
}

/// An event or a signal below a signal. Where it stands comes last: what is before it many have in common.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Piece {
    /// The uid of the rule that matched.
    pub(crate) rule: String,
    /// Whether it is a signal.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_signal: bool,
    /// The event as JSON: a copy, because events are kept for a shorter time than signals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) event: Option<String>,
    /// The event as it came; none if that is what `event` says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) raw: Option<String>,
    /// Which values made the rule match.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) matched: Vec<Matched>,
    /// What a signal rests on that is not shown and so stands nowhere else.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) evidence: Vec<Piece>,
    /// When, in nanoseconds UTC.
    pub(crate) ts: i64,
    /// Its id: 32 hexadecimal digits.
    pub(crate) id: String,
    /// Who sent the event.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) source: String,
    /// The event's place in the event log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) position: Option<u64>,
}

/// A condition of a rule that held.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matched {
    /// The selection it belongs to.
    pub selection: String,
    /// The field with the rule's modifiers.
    pub field: String,
    /// What the rule looks for, that was found.
    pub wanted: Vec<String>,
    /// The event's values.
    pub seen: Vec<String>,
}
