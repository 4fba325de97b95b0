//! What is done about signals: blocks of addresses, messages.

use std::net::IpAddr;

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sigyn_node::notice::Notice;
use sigyn_node::respond::{Respond, Verdict, subject};
use sigyn_respond::policy::Decision;
use sigyn_respond::safety::SECONDS_MIN;
use sigyn_respond::{Mode, Safety, after, parse};
use sigyn_store::Id;
use sigyn_store::catalog::{Block, BlockMode, BlockSpans, BlockState, Named, NewBlock, View};
use utoipa::ToSchema;

use crate::access::{Caller, random_hex};
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
    /// `requested`, `active`, `undoing`, `expired`, `undone`, `failed`; `refused`: a policy would have, and must not.
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
pub(crate) struct OutboxRow {
    /// The channel.
    channel: String,
    /// How many messages wait.
    waiting: u64,
    /// How many were given up.
    given_up: u64,
    /// What the last failure was.
    error: Option<String>,
}

impl From<Block> for BlockRow {
    fn from(block: Block) -> Self {
        Self {
            id: block.id.to_string(),
            address: block.address,
            is_dry_run: block.mode == BlockMode::DryRun,
            state: block.state.name().to_owned(),
            reason: block.reason,
            signal: block.signal.map(|id| id.to_string()),
            rule: block.rule,
            made: Moment(block.made),
            made_by: block.made_by,
            until: Moment(block.until),
            changed: Moment(block.changed),
            proof: block.proof,
        }
    }
}

/// An address to be blocked by hand.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewBlockBody {
    /// The address.
    address: String,
    /// For how long, in seconds.
    seconds: u64,
    /// Why.
    reason: String,
    /// The signal that it is about.
    #[serde(default)]
    signal: Option<String>,
    /// Whether it is only written down: yes, if nothing is said.
    #[serde(default = "yes")]
    is_dry_run: bool,
    /// Whether an address of one's own networks is meant.
    #[serde(default)]
    may_block_private: bool,
}

/// When a block is to end.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BlockUntil {
    /// The new end.
    until: Moment,
}

/// Whether an address may be blocked.
#[derive(Serialize, ToSchema)]
pub(crate) struct BlockCheck {
    /// The address as it is meant.
    address: String,
    /// Whether it may be blocked.
    may_block: bool,
    /// Why not.
    why: Option<String>,
    /// Whether it is blocked now, and not only written down.
    is_blocked: bool,
}

/// What a signal causes, as the settings are now.
#[derive(Serialize, ToSchema)]
pub(crate) struct SignalResponse {
    /// Alert rules that would tell of it, were it new.
    alerts: Vec<SignalAlert>,
    /// Silences that cover it now, by id.
    silences: Vec<String>,
    /// What the policies decide about it.
    policies: Vec<SignalPolicy>,
    /// Blocks that it has caused.
    blocks: Vec<BlockRow>,
}

/// An alert rule that tells of a signal.
#[derive(Serialize, ToSchema)]
pub(crate) struct SignalAlert {
    /// The alert rule's id.
    rule: String,
    /// Its name.
    name: String,
    /// The channels, by id.
    channels: Vec<String>,
}

/// What a policy decides about a signal.
#[derive(Serialize, ToSchema)]
pub(crate) struct SignalPolicy {
    /// The policy's id.
    policy: String,
    /// Its name.
    name: String,
    /// The address that it is about.
    address: Option<String>,
    /// Whether it would be blocked.
    would_block: bool,
    /// Whether that would only be written down.
    is_dry_run: bool,
    /// For how long, in seconds.
    seconds: Option<u64>,
    /// Why it would not.
    why: Option<String>,
}

fn yes() -> bool {
    true
}

fn block_id(text: &str) -> Answer<Id> {
    Id::parse(text).ok_or_else(|| Problem::missing(format!("there is no block {text}")))
}

/// Lists blocks, the newest first
#[utoipa::path(get, path = "/api/v1/blocks", tag = "response", security(("session" = ["read"]), ("key" = ["read"])),
    params(
        ("state" = Option<String>, Query,
            description = "those in this state: `requested`, `active`, `undoing`, `expired`, `undone`, `failed`, `refused`"),
        ("limit" = Option<u32>, Query, description = "how many: 100, at most 1,000"),
    ),
    responses((status = 200, body = Vec<BlockRow>), (status = 400, body = Problem)))]
pub(crate) async fn blocks(State(app): State<App>, RawQuery(text): RawQuery) -> Answer<Json<Vec<BlockRow>>> {
    let mut query = Query::parse(text.as_deref().unwrap_or_default())?;
    let state = query.take_as("state", BlockState::parse)?;
    let limit = query.take_limit(100, 1_000)?;
    let blocks = app.read(move |view| view.blocks(state, limit)).await?;
    Ok(Json(blocks.into_iter().map(BlockRow::from).collect()))
}

/// Blocks an address by hand
///
/// It is put in force a moment later: the list of blocks says whether it is. The allow-list holds here as well.
#[utoipa::path(post, path = "/api/v1/blocks", tag = "response", operation_id = "add_block",
    security(("session" = ["respond"]), ("key" = ["respond"])), request_body = NewBlockBody,
    responses((status = 200, body = BlockRow), (status = 400, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn add(
    State(app): State<App>,
    caller: Caller,
    Json(sent): Json<NewBlockBody>,
) -> Answer<Json<BlockRow>> {
    let safety = app.node().respond().config().safety.clone();
    let by_hand = by_hand(&app, &caller, &sent, &safety).await?;
    if !(SECONDS_MIN..=safety.seconds_max).contains(&sent.seconds) {
        return Err(Problem::invalid(format!(
            "a block lasts {SECONDS_MIN} to {} seconds",
            safety.seconds_max
        )));
    }
    if sent.reason.trim().is_empty() || sent.reason.chars().count() > 500 {
        return Err(Problem::invalid("say why, in up to 500 characters"));
    }
    let signal = sent
        .signal
        .as_deref()
        .map(|text| Id::parse(text).ok_or_else(|| Problem::invalid(format!("`{text}` is no signal's id"))));
    let (signal, seconds, reason) = (signal.transpose()?, sent.seconds, sent.reason);
    let random = random_hex(16).map_err(|_| Problem::internal())?;
    let id = block_id(&random)?;
    let mode = if sent.is_dry_run { BlockMode::DryRun } else { BlockMode::Real };
    let made = app
        .write(move |tx, at| {
            let until = after(at, seconds);
            let address = by_hand.to_string();
            let new =
                NewBlock { id, address: &address, mode, reason: reason.trim(), signal, rule: None, until };
            tx.add_block(&new, &caller.actor(at))?;
            let detail =
                json!({ "address": address, "seconds": seconds, "mode": mode.name(), "reason": reason });
            caller.audit(tx, at, "block.add", &id.to_string(), &detail)?;
            tx.block(id)
        })
        .await?;
    changed(&app);
    made.map(|block| Json(block.into())).ok_or_else(Problem::internal)
}

/// The address of a block by hand, if it may be blocked.
async fn by_hand(app: &App, caller: &Caller, sent: &NewBlockBody, safety: &Safety) -> Answer<IpAddr> {
    if safety.mode == Mode::Off {
        return Err(Problem::conflict("response is switched off"));
    }
    if !sent.is_dry_run && safety.mode != Mode::Real {
        return Err(Problem::conflict("response is set to dry run: nothing is blocked"));
    }
    let address =
        parse(&sent.address).ok_or_else(|| Problem::invalid(format!("`{}` is no address", sent.address)))?;
    let mut present = app.read(Respond::present).await?;
    present.sessions.extend(parse(&caller.client));
    safety.may_block(address, sent.may_block_private, &present).map_err(Problem::conflict)?;
    let (text, mode) =
        (address.to_string(), if sent.is_dry_run { BlockMode::DryRun } else { BlockMode::Real });
    let counts = app
        .read(move |view| {
            let now = sigyn_node::now();
            view.block_counts(&BlockSpans { address: &text, mode, now, memory: now, minute: now, hour: now })
        })
        .await?;
    if counts.in_force > 0 {
        return Err(Problem::conflict(format!("{address} is blocked already")));
    }
    if counts.at_once >= safety.at_once_max {
        return Err(Problem::conflict(format!("the cap of {} blocks is reached", safety.at_once_max)));
    }
    Ok(address)
}

/// Takes a block back
#[utoipa::path(post, path = "/api/v1/blocks/{id}/undo", tag = "response", operation_id = "undo_block",
    security(("session" = ["respond"]), ("key" = ["respond"])),
    params(("id" = String, Path, description = "the block's id")),
    responses((status = 200, body = BlockRow), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn undo(
    State(app): State<App>,
    Path(id): Path<String>,
    caller: Caller,
) -> Answer<Json<BlockRow>> {
    let id = block_id(&id)?;
    let block = app
        .write(move |tx, at| {
            tx.set_block_state(id, BlockState::Undoing, None, at)?;
            caller.audit(tx, at, "block.undo", &id.to_string(), &json!({}))?;
            tx.block(id)
        })
        .await?;
    changed(&app);
    block.map(|block| Json(block.into())).ok_or_else(Problem::internal)
}

/// Makes a block last longer or shorter
#[utoipa::path(post, path = "/api/v1/blocks/{id}/until", tag = "response", operation_id = "extend_block",
    security(("session" = ["respond"]), ("key" = ["respond"])), request_body = BlockUntil,
    params(("id" = String, Path, description = "the block's id")),
    responses((status = 200, body = BlockRow), (status = 400, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
pub(crate) async fn until(
    State(app): State<App>,
    Path(id): Path<String>,
    caller: Caller,
    Json(sent): Json<BlockUntil>,
) -> Answer<Json<BlockRow>> {
    let id = block_id(&id)?;
    let (now, Moment(until)) = (sigyn_node::now(), sent.until);
    let longest = app.node().respond().config().safety.seconds_max;
    if until < after(now, SECONDS_MIN) || until > after(now, longest) {
        return Err(Problem::invalid(format!("a block ends {SECONDS_MIN} to {longest} seconds from now")));
    }
    let block = app
        .write(move |tx, at| {
            tx.set_block_until(id, until, at)?;
            caller.audit(tx, at, "block.until", &id.to_string(), &json!({ "until": Moment(until) }))?;
            tx.block(id)
        })
        .await?;
    changed(&app);
    block.map(|block| Json(block.into())).ok_or_else(Problem::internal)
}

/// Says whether an address may be blocked, and whether it is
#[utoipa::path(get, path = "/api/v1/blocks/check", tag = "response", operation_id = "check_block",
    security(("session" = ["read"]), ("key" = ["read"])),
    params(("address" = String, Query, description = "the address")),
    responses((status = 200, body = BlockCheck), (status = 400, body = Problem)))]
pub(crate) async fn check(State(app): State<App>, RawQuery(text): RawQuery) -> Answer<Json<BlockCheck>> {
    let mut query = Query::parse(text.as_deref().unwrap_or_default())?;
    let address = query.take_as("address", parse)?.ok_or_else(|| Problem::invalid("which `address`?"))?;
    let text = address.to_string();
    let (present, counts) = app
        .read(move |view| {
            let now = sigyn_node::now();
            let mode = BlockMode::Real;
            let spans = BlockSpans { address: &text, mode, now, memory: now, minute: now, hour: now };
            Ok((Respond::present(view)?, view.block_counts(&spans)?))
        })
        .await?;
    let why = app.node().respond().config().safety.may_block(address, false, &present).err();
    let is_blocked = counts.in_force > 0;
    Ok(Json(BlockCheck { address: address.to_string(), may_block: why.is_none(), why, is_blocked }))
}

/// Says what a signal causes: who would be told, what policies decide
#[utoipa::path(get, path = "/api/v1/signals/{id}/response", tag = "response", operation_id = "signal_response",
    security(("session" = ["read"]), ("key" = ["read"])),
    params(("id" = String, Path, description = "the signal's id")),
    responses((status = 200, body = SignalResponse), (status = 404, body = Problem)))]
pub(crate) async fn of_signal(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Answer<Json<SignalResponse>> {
    let missing = || Problem::missing(format!("there is no signal {id}"));
    let wanted = Id::parse(&id).ok_or_else(missing)?;
    let (book, config) = (app.node().book(), app.node().respond().config());
    let read = move |view: &View<'_>| {
        let Some(subject) = subject::of_stored(view, wanted, &book)? else { return Ok(None) };
        let verdicts = Respond::verdicts(view, &config, &subject)?;
        let blocks = view.blocks(None, 1_000)?.into_iter().filter(|block| block.signal == Some(wanted));
        let blocks = blocks.map(BlockRow::from).collect();
        let silences = config.silenced_by(&subject, sigyn_node::now());
        let wants = config.rules.iter().filter(|(_, rule)| rule.is_enabled && rule.when.hold(&subject));
        let alert = |(id, rule): (&String, &sigyn_respond::AlertRule)| SignalAlert {
            rule: id.clone(),
            name: rule.name.clone(),
            channels: rule.channels.clone(),
        };
        let alerts = wants.map(alert).collect();
        let policies = verdicts.into_iter().map(SignalPolicy::from).collect();
        Ok(Some(SignalResponse { alerts, silences, policies, blocks }))
    };
    app.read(read).await?.map(Json).ok_or_else(missing)
}

impl From<Verdict> for SignalPolicy {
    fn from(verdict: Verdict) -> Self {
        let mut row = Self {
            policy: verdict.policy,
            name: verdict.name,
            address: None,
            would_block: false,
            is_dry_run: verdict.is_dry_run,
            seconds: None,
            why: None,
        };
        match verdict.decision {
            Decision::Nothing => {
                row.why = Some("it does not concern the signal, or the address is blocked".to_owned())
            }
            Decision::Refuse { address, why } => {
                row.address = address.map(|address| address.to_string());
                row.why = Some(why);
            }
            Decision::Block { address, is_dry_run, seconds } => {
                row.address = Some(address.to_string());
                (row.would_block, row.is_dry_run, row.seconds) = (true, is_dry_run, Some(seconds));
            }
        }
        row
    }
}

/// Lets the node do what was written, and those who watch know.
fn changed(app: &App) {
    app.node().respond().wake();
    app.node().notices().tell(&Notice::Response);
}

/// Lists the channels for messages, with what they have to send
#[utoipa::path(get, path = "/api/v1/alerts", tag = "response", security(("session" = ["read"]), ("key" = ["read"])),
    responses((status = 200, body = Vec<OutboxRow>)))]
pub(crate) async fn alerts(State(app): State<App>) -> Answer<Json<Vec<OutboxRow>>> {
    let counts = app.read(|view| view.outbox()).await?;
    let row = |counts: sigyn_store::catalog::OutboxCounts| OutboxRow {
        channel: counts.channel,
        waiting: counts.waiting,
        given_up: counts.given_up,
        error: counts.error,
    };
    Ok(Json(counts.into_iter().map(row).collect()))
}
