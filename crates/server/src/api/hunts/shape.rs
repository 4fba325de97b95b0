//! Hunts as the API shows them.

use serde::{Deserialize, Serialize};
use sigyn_store::catalog;
use utoipa::ToSchema;

use super::super::signal::{Evidence, Named1, Outcome};
use crate::shape::{Level, Moment, seconds};

/// What comes of the detections of a hunt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum HuntKind {
    /// They are looked at here.
    Hunt,
    /// They become signals.
    BackFill,
}

/// Where a hunt is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum HuntState {
    /// Others are before it.
    Waiting,
    /// It is at work.
    Running,
    /// It has looked at everything.
    Done,
    /// Somebody stopped it; what it had found is there.
    Cancelled,
    /// It could not go on.
    Failed,
}

/// What to hunt for, and where.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
pub(crate) struct HuntOrder {
    /// What people call it.
    #[serde(default)]
    pub(super) name: String,
    /// The uids of rules; left out or empty, all that are in force. What they read is hunted with them.
    #[serde(default)]
    pub(super) rules: Vec<String>,
    /// The uid of a rule: it, all that it reads, and all that read it. Instead of `rules`.
    pub(super) chain: Option<String>,
    /// Detections at or after this moment; `since`, as filters of signals call it, is taken too.
    #[serde(alias = "since")]
    pub(super) from: Moment,
    /// Detections before this moment, also called `until`; now, if left out.
    #[serde(alias = "until")]
    pub(super) to: Option<Moment>,
    /// What comes of the detections: `hunt` if left out; `back_fill` asks for the scope `rules`.
    pub(super) kind: Option<HuntKind>,
}

/// A hunt.
#[derive(Serialize, ToSchema)]
pub(crate) struct Hunt {
    /// Its id.
    pub(super) id: String,
    /// What people call it.
    pub(super) name: String,
    /// What comes of its detections.
    pub(super) kind: HuntKind,
    /// Where it is in its life.
    pub(super) state: HuntState,
    /// The uids of its rules; all that are in force if there are none.
    pub(super) rules: Vec<String>,
    /// The uid of the rule whose chain is meant, if it is one.
    pub(super) chain: Option<String>,
    /// Detections at or after.
    pub(super) from: Moment,
    /// Before.
    pub(super) to: Moment,
    /// When it was ordered.
    pub(super) made: Moment,
    /// By whom; empty for a rule that was back-filled because it was new.
    pub(super) made_by: String,
    /// When it last began.
    pub(super) started: Option<Moment>,
    /// When it ended.
    pub(super) ended: Option<Moment>,
    /// How often it has begun: more than once after a restart.
    pub(super) runs: u64,
    /// 0 to 1.
    pub(super) progress: f64,
    /// Files looked at.
    pub(super) files: u64,
    /// Files in all.
    pub(super) files_all: u64,
    /// Events looked at.
    pub(super) events: u64,
    /// Events in all.
    pub(super) events_all: u64,
    /// Events per second since it began.
    pub(super) events_per_second: Option<f64>,
    /// How many detections it has found: exactly.
    pub(super) detections: u64,
    /// Whether not all of them are kept.
    pub(super) is_truncated: bool,
    /// What is to be known of its result, such as damaged files.
    pub(super) remarks: Vec<String>,
    /// Why it failed.
    pub(super) error: Option<String>,
}

/// A page of hunts.
#[derive(Serialize, ToSchema)]
pub(crate) struct HuntPage {
    /// The newest first.
    pub(super) items: Vec<Hunt>,
    /// Where the next page begins; none if this is the last.
    pub(super) next: Option<i64>,
}

/// What a rule has found in a hunt.
#[derive(Serialize, ToSchema)]
pub(crate) struct HuntRule {
    /// The uid.
    pub(super) rule: String,
    /// The title.
    pub(super) title: String,
    /// How serious.
    pub(super) level: Level,
    /// How many detections: exactly.
    pub(super) detections: u64,
}

/// A hunt with what its rules have found.
#[derive(Serialize, ToSchema)]
pub(crate) struct HuntDetail {
    /// As in the list.
    pub(super) hunt: Hunt,
    /// The most serious rules first.
    pub(super) rules: Vec<HuntRule>,
}

/// A detection of a hunt.
#[derive(Serialize, ToSchema)]
pub(crate) struct HuntDetection {
    /// The id of the signal that it is or would have been.
    pub(super) id: String,
    /// The rule's uid.
    pub(super) rule: String,
    /// The rule's title.
    pub(super) title: String,
    /// How serious.
    pub(super) level: Level,
    /// When.
    pub(super) time: Moment,
    /// The earliest event that contributed.
    pub(super) first_seen: Moment,
    /// The last.
    pub(super) last_seen: Moment,
    /// What its events have in common, as text.
    pub(super) group: String,
    /// 0 to 100.
    pub(super) risk: u8,
    /// How many events contributed.
    pub(super) total: u64,
    /// Whether there is a signal of this id.
    pub(super) is_signal: bool,
}

/// A page of detections.
#[derive(Serialize, ToSchema)]
pub(crate) struct HuntDetectionPage {
    /// The detections.
    pub(super) items: Vec<HuntDetection>,
    /// Where the next page begins; none if this is the last.
    pub(super) next: Option<String>,
}

/// A detection with what it rests on.
#[derive(Serialize, ToSchema)]
pub(crate) struct HuntDetectionDetail {
    /// As in the list.
    pub(super) detection: HuntDetection,
    /// Why it is there, in a sentence.
    pub(super) why: String,
    /// What its events have in common: field and value.
    pub(super) group: Vec<Named1>,
    /// What was counted or measured.
    pub(super) value: Option<String>,
    /// What the rule tells of its events.
    pub(super) outcomes: Vec<Outcome>,
    /// What it rests on, the oldest first.
    #[schema(value_type = Vec<Evidence>)]
    pub(super) evidence: Vec<Evidence>,
    /// Whether there is more than that.
    pub(super) is_truncated: bool,
}

impl From<catalog::HuntKind> for HuntKind {
    fn from(kind: catalog::HuntKind) -> Self {
        match kind {
            catalog::HuntKind::Hunt => Self::Hunt,
            catalog::HuntKind::BackFill => Self::BackFill,
        }
    }
}

impl From<HuntKind> for catalog::HuntKind {
    fn from(kind: HuntKind) -> Self {
        match kind {
            HuntKind::Hunt => Self::Hunt,
            HuntKind::BackFill => Self::BackFill,
        }
    }
}

impl From<catalog::HuntState> for HuntState {
    fn from(state: catalog::HuntState) -> Self {
        match state {
            catalog::HuntState::Waiting => Self::Waiting,
            catalog::HuntState::Running => Self::Running,
            catalog::HuntState::Done => Self::Done,
            catalog::HuntState::Cancelled => Self::Cancelled,
            catalog::HuntState::Failed => Self::Failed,
        }
    }
}

impl From<catalog::Hunt> for Hunt {
    fn from(hunt: catalog::Hunt) -> Self {
        let (events, events_all) = hunt.progress.events;
        let (files, files_all) = hunt.progress.files;
        #[expect(clippy::cast_precision_loss, reason = "a share that people read")]
        let progress = match hunt.state {
            catalog::HuntState::Done => 1.0,
            _ if events_all == 0 => 0.0,
            _ => events as f64 / events_all as f64,
        };
        let lasted = hunt.started.map(|started| {
            seconds(hunt.ended.unwrap_or_else(sigyn_node::now).saturating_sub(started)).max(0.001)
        });
        #[expect(clippy::cast_precision_loss, reason = "a rate that people read")]
        let events_per_second = lasted.map(|lasted| events as f64 / lasted);
        Self {
            id: hunt.id.to_string(),
            name: hunt.name,
            kind: hunt.kind.into(),
            state: hunt.state.into(),
            rules: hunt.rules,
            chain: hunt.chain,
            from: Moment(hunt.since),
            to: Moment(hunt.until),
            made: Moment(hunt.made),
            made_by: hunt.made_by,
            started: hunt.started.map(Moment),
            ended: hunt.ended.map(Moment),
            runs: hunt.runs,
            progress,
            files,
            files_all,
            events,
            events_all,
            events_per_second,
            detections: hunt.detections,
            is_truncated: hunt.is_truncated,
            remarks: hunt.remarks.lines().map(str::to_owned).collect(),
            error: hunt.error,
        }
    }
}

impl From<catalog::HuntDetection> for HuntDetection {
    fn from(one: catalog::HuntDetection) -> Self {
        Self {
            id: one.id.to_string(),
            rule: one.rule,
            title: one.title,
            level: one.level.into(),
            time: Moment(one.ts),
            first_seen: Moment(one.first_seen),
            last_seen: Moment(one.last_seen),
            group: one.group,
            risk: one.risk,
            total: one.total,
            is_signal: one.is_signal,
        }
    }
}
