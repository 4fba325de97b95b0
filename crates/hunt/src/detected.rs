//! What several events say together, as results tell it.

use std::sync::Arc;

use sigyn_event::Timestamp;

/// A detection of a correlation, or of a rule on detections.
#[derive(Clone, Debug, PartialEq)]
pub struct Detected {
    /// The rule's place in its set.
    pub rule: usize,
    /// Its id: the same in every run over the same events.
    pub id: String,
    /// When it was decided.
    pub time: Timestamp,
    /// Its earliest input.
    pub first: Timestamp,
    /// The last input at which it held.
    pub last: Timestamp,
    /// The fields of its group with their values; none for events that lack the field.
    pub group: Vec<(Arc<str>, Option<String>)>,
    /// What was counted or measured when it fired.
    pub value: Option<String>,
    /// How many inputs contributed in the end.
    pub total: u64,
    /// The oldest and the newest inputs.
    pub evidence: Vec<Piece>,
    /// Whether there are more inputs than that.
    pub is_truncated: bool,
    /// Named values.
    pub outcomes: Vec<(Arc<str>, Vec<String>)>,
    /// 0 to 100.
    pub risk: u8,
    /// Whether it can still grow: it goes on where the logs end.
    pub is_open: bool,
}

/// A piece of evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The rule that it is of.
    pub rule: usize,
    /// When.
    pub time: Timestamp,
    /// What it is.
    pub of: Origin,
}

/// What a piece of evidence is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A record of a log, by its number from 1.
    Record {
        /// The log.
        path: Arc<str>,
        /// The number.
        record: u64,
    },
    /// A detection, by its id, with what that one rests on.
    Detection {
        /// The id.
        id: String,
        /// Its evidence.
        evidence: Vec<Piece>,
        /// Whether there is more than that.
        is_truncated: bool,
    },
}

impl Detected {
    /// The group in one line: `TargetUserName=anna, IpAddress=198.51.100.1`.
    pub fn group_text(&self) -> String {
        let pair = |(name, value): &(Arc<str>, Option<String>)| match value {
            Some(value) => format!("{name}={value}"),
            None => format!("{name} missing"),
        };
        self.group.iter().map(pair).collect::<Vec<_>>().join(", ")
    }

    /// The records at the bottom of all evidence, in order, each once.
    pub fn records(&self) -> Vec<(&str, u64)> {
        let mut out = Vec::new();
        let mut waiting: Vec<&Piece> = self.evidence.iter().collect();
        while let Some(piece) = waiting.pop() {
            match &piece.of {
                Origin::Record { path, record } => out.push((&**path, *record)),
                Origin::Detection { evidence, .. } => waiting.extend(evidence),
            }
        }
        out.sort_unstable();
        out.dedup();
        out
    }
}
