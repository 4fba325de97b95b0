//! One signal: everything that is known of it, and what people make of it.

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::json;
use sigyn_node::evidence::{self, Story};
use sigyn_node::notice::Notice;
use sigyn_store::Id;
use sigyn_store::catalog::{Change, HistoryEntry, Named};
use utoipa::ToSchema;

use super::signals::Signal;
use crate::access::Caller;
use crate::app::{App, blocking};
use crate::problem::{Answer, Problem};
use crate::shape::{Moment, Status, Verdict};

/// Characters of a reason or note at most.
const TEXT_MAX: usize = 10_000;

/// A signal with everything that is known of it.
#[derive(Serialize, ToSchema)]
pub(crate) struct SignalDetail {
    /// As in the list.
    signal: Signal,
    /// Why it is there, in a sentence.
    why: String,
    /// Whether more events can still change it.
    is_provisional: bool,
    /// Whether a hunt made it, because its rule was not there when it happened.
    is_back_filled: bool,
    /// What its events have in common: field and value.
    group: Vec<Named1>,
    /// What was counted or measured.
    value: Option<String>,
    /// What the rule tells of its events.
    outcomes: Vec<Outcome>,
    /// What it rests on, the oldest first.
    #[schema(value_type = Vec<Evidence>)]
    evidence: Vec<Evidence>,
    /// Whether there is more than that.
    is_truncated: bool,
    /// Whom it is about, with the risk of the last seven days.
    entities: Vec<Entity>,
    /// What people made of it, the oldest first.
    history: Vec<History>,
}

/// A name with a value.
#[derive(Serialize, ToSchema)]
pub(crate) struct Named1 {
    /// The name.
    pub(super) name: String,
    /// The value; none if the events lack it.
    pub(super) value: Option<String>,
}

/// A name with values.
#[derive(Serialize, ToSchema)]
pub(crate) struct Outcome {
    /// The name.
    pub(super) name: String,
    /// The values.
    pub(super) values: Vec<String>,
}

/// Something that a signal rests on: an event, or another signal with its own evidence.
#[derive(Serialize, ToSchema)]
pub(crate) struct Evidence {
    /// When.
    time: Moment,
    /// The uid of the rule that matched it.
    rule: String,
    /// That rule's title.
    title: String,
    /// The event's id, or the signal's.
    id: String,
    /// Whether it is a signal.
    is_signal: bool,
    /// Who sent the event.
    source: Option<String>,
    /// The event's place in the event log.
    position: Option<u64>,
    /// The event; none if it is no longer kept.
    #[schema(value_type = Option<Object>)]
    event: Option<serde_json::Value>,
    /// The event as it came.
    raw: Option<String>,
    /// Which values made the rule match.
    matched: Vec<Matched>,
    /// What the signal rests on in its turn.
    #[schema(no_recursion)]
    evidence: Vec<Evidence>,
}

/// A condition of a rule that held.
#[derive(Serialize, ToSchema)]
pub(crate) struct Matched {
    /// The selection it belongs to.
    selection: String,
    /// The field, with the modifiers of the rule: `cs-uri-query|contains`.
    field: String,
    /// What the rule looks for, that was found.
    wanted: Vec<String>,
    /// The event's values.
    seen: Vec<String>,
}

/// Whom a signal is about.
#[derive(Serialize, ToSchema)]
pub(crate) struct Entity {
    /// `host`, `user`, `address`, …
    kind: String,
    /// Which.
    value: String,
    /// Its risk, 0 to 100.
    risk: f64,
    /// From how many signals.
    signals: u64,
}

/// A line of a signal's history.
#[derive(Serialize, ToSchema)]
pub(crate) struct History {
    /// When.
    time: Moment,
    /// Who.
    who: String,
    /// The change of many that it was part of.
    action: Option<i64>,
    /// The status from then on.
    status: Option<Status>,
    /// The verdict from then on.
    verdict: Option<Verdict>,
    /// The assignee from then on.
    assignee: Option<String>,
    /// The reason or note.
    note: Option<String>,
}

/// A change of a signal. What is left out stays as it is.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
pub(crate) struct SignalChange {
    /// Change it only if this is still its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u64>,
    /// Open, acknowledged or closed; closing needs a verdict.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
    /// What it turned out to be.
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<Verdict>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Who is at it from now on; `null` for nobody.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    assignee: Option<Option<String>>,
    /// Something to be read in the history.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

/// The version after a change.
#[derive(Serialize, ToSchema)]
pub(crate) struct Version {
    /// The version.
    pub(crate) version: u64,
}

/// Tells `null` from what is left out.
fn some<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl SignalChange {
    /// Checks lengths.
    pub(super) fn check(&self) -> Answer<()> {
        let texts =
            [self.reason.as_ref(), self.note.as_ref(), self.assignee.as_ref().and_then(Option::as_ref)];
        if texts.into_iter().flatten().any(|text| text.chars().count() > TEXT_MAX) {
            return Err(Problem::invalid(format!("a text of more than {TEXT_MAX} characters")));
        }
        Ok(())
    }

    /// As the catalog takes it.
    pub(super) fn change(&self) -> Change<'_> {
        Change {
            status: self.status.map(Into::into),
            verdict: self.verdict.map(Into::into),
            reason: self.reason.as_deref(),
            assignee: self.assignee.as_ref().map(|assignee| assignee.as_deref()),
            note: self.note.as_deref(),
        }
    }
}

impl From<HistoryEntry> for History {
    fn from(entry: HistoryEntry) -> Self {
        Self {
            time: Moment(entry.at),
            who: entry.who,
            action: entry.action,
            status: entry.status.map(Into::into),
            verdict: entry.verdict.map(Into::into),
            assignee: entry.assignee,
            note: entry.note,
        }
    }
}

impl From<evidence::Evidence> for Evidence {
    fn from(one: evidence::Evidence) -> Self {
        let matched = |matched: evidence::Matched| Matched {
            selection: matched.selection,
            field: matched.field,
            wanted: matched.wanted,
            seen: matched.seen,
        };
        Self {
            time: Moment(one.ts),
            rule: one.rule,
            title: one.title,
            id: one.id.to_string(),
            is_signal: one.is_signal,
            source: one.source,
            position: one.position,
            event: one.event.and_then(|text| serde_json::from_str(&text).ok()),
            raw: one.raw,
            matched: one.matched.into_iter().map(matched).collect(),
            evidence: one.evidence.into_iter().map(Self::from).collect(),
        }
    }
}

fn detail(story: Story) -> SignalDetail {
    let outcome = |(name, values)| Outcome { name, values };
    let entity = |entity: evidence::Entity| Entity {
        kind: entity.kind,
        value: entity.value,
        risk: entity.risk,
        signals: entity.signals,
    };
    SignalDetail {
        signal: story.signal.into(),
        why: story.why,
        is_provisional: story.is_provisional,
        is_back_filled: story.is_back_filled,
        group: story.group.into_iter().map(|(name, value)| Named1 { name, value }).collect(),
        value: story.value,
        outcomes: story.outcomes.into_iter().map(outcome).collect(),
        evidence: story.evidence.into_iter().map(Evidence::from).collect(),
        is_truncated: story.is_truncated,
        entities: story.entities.into_iter().map(entity).collect(),
        history: story.history.into_iter().map(History::from).collect(),
    }
}

/// Reads the id in an address.
fn signal_id(text: &str) -> Answer<Id> {
    Id::parse(text).ok_or_else(|| Problem::missing(format!("there is no signal {text}")))
}

/// Shows a signal with what it rests on
#[utoipa::path(get, path = "/api/v1/signals/{id}", tag = "signals",
    security(("session" = ["read"]), ("key" = ["read"])),
    params(("id" = String, Path, description = "the signal's id")),
    responses((status = 200, body = SignalDetail), (status = 404, body = Problem)))]
pub(crate) async fn show(State(app): State<App>, Path(id): Path<String>) -> Answer<Json<SignalDetail>> {
    let id = signal_id(&id)?;
    let story = blocking(move || Ok(evidence::story(app.node(), id)?)).await?;
    let story = story.ok_or_else(|| Problem::missing(format!("there is no signal {id}")))?;
    Ok(Json(detail(story)))
}

/// Changes a signal
#[utoipa::path(patch, path = "/api/v1/signals/{id}", tag = "signals",
    security(("session" = ["triage"]), ("key" = ["triage"])), request_body = SignalChange,
    params(("id" = String, Path, description = "the signal's id")),
    responses((status = 200, body = Version), (status = 400, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
pub(crate) async fn change(
    State(app): State<App>,
    Path(id): Path<String>,
    caller: Caller,
    Json(change): Json<SignalChange>,
) -> Answer<Json<Version>> {
    let id = signal_id(&id)?;
    change.check()?;
    let version = app
        .write(move |tx, at| {
            let version = tx.change_signal(id, change.version, &change.change(), &caller.actor(at))?;
            let words = change.change();
            let action =
                words.status.map_or("signal.change".to_owned(), |status| format!("signal.{}", status.name()));
            caller.audit(tx, at, &action, &id.to_string(), &json!(change))?;
            Ok(version)
        })
        .await?;
    app.node().notices().tell(&Notice::SignalChanged(id));
    Ok(Json(Version { version }))
}
