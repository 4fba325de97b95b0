//! What is done about signals: blocks of addresses, messages.

use axum::Json;
use axum::extract::{RawQuery, State};
use serde::Serialize;
use sigyn_store::catalog::{BlockState, Named};
use utoipa::ToSchema;

use crate::app::App;
use crate::problem::{Answer, Problem};
use crate::query::Query;
use crate::shape::Moment;

/// An address that is blocked, was, or would be.
#[derive(Serialize, ToSchema)]
pub(crate) struct BlockRow {
    /// Its id.
    id: String,
    /// The address.
    address: String,
    /// Whether it is only written down.
    is_dry_run: bool,
    /// `requested`, `active`, `expired`, `undone`, `failed`.
    state: String,
    /// Why.
    reason: String,
    /// The signal that caused it.
    signal: Option<String>,
    /// That signal's rule.
    rule: Option<String>,
    /// When it was asked for.
    made: Moment,
    /// By whom.
    made_by: String,
    /// Until when.
    until: Moment,
    /// When its state last changed.
    changed: Moment,
    /// What shows that it is in force, or why it is not.
    proof: Option<String>,
}

/// What a channel has to send.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChannelRow {
    /// The channel.
    channel: String,
    /// How many messages wait.
    waiting: u64,
    /// How many were given up.
    given_up: u64,
    /// What the last failure was.
    error: Option<String>,
}

/// Lists blocks, the newest first
#[utoipa::path(get, path = "/api/v1/blocks", tag = "response", security(("session" = ["read"]), ("key" = ["read"])),
    params(
        ("state" = Option<String>, Query, description = "those in this state"),
        ("limit" = Option<u32>, Query, description = "how many: 100, at most 1,000"),
    ),
    responses((status = 200, body = Vec<BlockRow>), (status = 400, body = Problem)))]
pub(crate) async fn blocks(State(app): State<App>, RawQuery(text): RawQuery) -> Answer<Json<Vec<BlockRow>>> {
    let mut query = Query::parse(text.as_deref().unwrap_or_default())?;
    let state = query.take_as("state", BlockState::parse)?;
    let limit = query.take_limit(100, 1_000)?;
    let blocks = app.read(move |view| view.blocks(state, limit)).await?;
    let row = |block: sigyn_store::catalog::Block| BlockRow {
        id: block.id.to_string(),
        address: block.address,
        is_dry_run: block.mode == sigyn_store::catalog::BlockMode::DryRun,
        state: block.state.name().to_owned(),
        reason: block.reason,
        signal: block.signal.map(|id| id.to_string()),
        rule: block.rule,
        made: Moment(block.made),
        made_by: block.made_by,
        until: Moment(block.until),
        changed: Moment(block.changed),
        proof: block.proof,
    };
    Ok(Json(blocks.into_iter().map(row).collect()))
}

/// Lists the channels for messages, with what they have to send
#[utoipa::path(get, path = "/api/v1/alerts", tag = "response", security(("session" = ["read"]), ("key" = ["read"])),
    responses((status = 200, body = Vec<ChannelRow>)))]
pub(crate) async fn alerts(State(app): State<App>) -> Answer<Json<Vec<ChannelRow>>> {
    let counts = app.read(|view| view.outbox()).await?;
    let row = |counts: sigyn_store::catalog::OutboxCounts| ChannelRow {
        channel: counts.channel,
        waiting: counts.waiting,
        given_up: counts.given_up,
        error: counts.error,
    };
    Ok(Json(counts.into_iter().map(row).collect()))
}
