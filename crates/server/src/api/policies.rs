//! Response: which signals block whom, and what holds for all blocks.

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sigyn_node::respond::Respond;
use sigyn_node::respond::config::{Kept, ONLY};
use sigyn_respond::safety::Backend;
use sigyn_respond::{Mode, Policy, Safety};
use sigyn_store::catalog::{BlockMode, BlockState};
use utoipa::ToSchema;

use super::channels::{Count, is_hook};
use super::documents::{self, Conditions, Made, Meta};
use crate::access::Caller;
use crate::app::{App, blocking};
use crate::problem::{Answer, Problem};

/// Blocks that one stop takes back.
const STOPPED_MAX: usize = 100_000;

/// A response policy.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PolicyBody {
    /// What people call it.
    name: String,
    /// Whether it is in force.
    #[serde(default = "yes")]
    is_enabled: bool,
    /// Whether what it blocks is only written down: yes, if nothing is said.
    #[serde(default = "yes")]
    is_dry_run: bool,
    /// Which signals; at least one condition.
    when: Conditions,
    /// How long an address is blocked, in seconds.
    seconds: u64,
    /// By how much a block is longer for each that the address has had within a week; 1: not at all.
    #[serde(default = "once")]
    repeat_factor: u32,
    /// Whether addresses of one's own networks are blocked.
    #[serde(default)]
    may_block_private: bool,
    /// Signals whose last event is older make no block; null: however old.
    #[serde(default = "usual_age")]
    age_seconds_max: Option<u64>,
}

/// A response policy as it is stored.
#[derive(Serialize, ToSchema)]
pub(crate) struct PolicyRow {
    #[serde(flatten)]
    meta: Meta,
    #[serde(flatten)]
    policy: PolicyBody,
}

/// Whether addresses are blocked at all.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ModeBody {
    /// No policy is asked.
    Off,
    /// What would be blocked is written down, and nothing is.
    DryRun,
    /// Policies that are no dry run themselves block.
    Real,
}

/// What puts blocks in force.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum BackendBody {
    /// The helper on this machine, with nftables.
    Nftables,
    /// A program that takes signed requests.
    Hook {
        /// A channel of the kind `webhook`.
        channel: String,
    },
}

/// What holds for all blocks. What is left out is as at first: off, and careful.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResponseBody {
    /// Whether addresses are blocked at all.
    mode: ModeBody,
    /// What puts blocks in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    backend: Option<BackendBody>,
    /// Blocks that rules may make in a minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    per_minute_max: Option<u64>,
    /// Blocks that rules may make in an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    per_hour_max: Option<u64>,
    /// Blocks in force at the same time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at_once_max: Option<u64>,
    /// The longest that an address is blocked, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seconds_max: Option<u64>,
    /// The allow-list: who is never blocked.
    #[serde(default)]
    never: Vec<NeverBody>,
    /// Networks of proxies and CDNs in front: never blocked; whom they speak for is looked up.
    #[serde(default)]
    trusted_proxies: Vec<String>,
    /// Whether the helper's machine is where clients connect, so that one behind a proxy can be blocked there.
    #[serde(default)]
    is_helper_at_edge: bool,
    /// Sources whose events may be forged, and that cause no block; `*` stands for any characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    untrusted_sources: Option<Vec<String>>,
}

/// Somebody who is never blocked.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NeverBody {
    /// The network, or an address.
    network: String,
    /// Who that is.
    #[serde(default)]
    note: String,
}

/// What holds for all blocks, and how it stands.
#[derive(Serialize, ToSchema)]
pub(crate) struct ResponseRow {
    /// Grows with every change; 0 if there was none.
    version: u64,
    #[serde(flatten)]
    response: ResponseBody,
    /// The socket of the helper that blocks; none if the server was started without.
    helper: Option<String>,
    /// Whether that helper answers and its table is in place.
    is_helper_ready: bool,
    /// What it says: how many addresses it blocks, or what is wrong.
    helper_says: String,
    /// Who is not blocked either because of what they are now: this machine, its gateways, where people are logged in from.
    present: Vec<String>,
    /// Real blocks in force.
    active: u64,
    /// Blocks that would be in force, were they no dry run.
    active_dry: u64,
}

/// Stops all blocking.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stop {
    /// Whether the blocks that are in force are taken back.
    is_undoing: bool,
}

fn yes() -> bool {
    true
}

fn once() -> u32 {
    1
}

#[expect(clippy::unnecessary_wraps, reason = "the default of a field that may be absent")]
fn usual_age() -> Option<u64> {
    Some(600)
}

/// Lists the response policies
#[utoipa::path(get, path = "/api/v1/response/policies", tag = "response", operation_id = "policies",
    security(("session" = ["read"]), ("key" = ["read"])), responses((status = 200, body = Vec<PolicyRow>)))]
pub(crate) async fn list(State(app): State<App>) -> Answer<Json<Vec<PolicyRow>>> {
    documents::rows::<Policy, _, _>(&app, |meta, policy| PolicyRow { meta, policy }).await
}

/// Makes a response policy
#[utoipa::path(post, path = "/api/v1/response/policies", tag = "response", operation_id = "add_policy",
    security(("session" = ["admin"]), ("key" = ["admin"])), request_body = PolicyBody,
    responses((status = 200, body = Made), (status = 400, body = Problem)))]
pub(crate) async fn add(
    State(app): State<App>,
    caller: Caller,
    Json(sent): Json<PolicyBody>,
) -> Answer<Json<Made>> {
    let policy: Policy = documents::stored(&sent)?;
    Ok(Json(documents::add(&app, caller, &policy).await?))
}

/// Changes a response policy
#[utoipa::path(put, path = "/api/v1/response/policies/{id}", tag = "response", operation_id = "change_policy",
    security(("session" = ["admin"]), ("key" = ["admin"])), request_body = PolicyBody,
    params(("id" = String, Path, description = "the policy's id"),
        ("version" = Option<u64>, Query, description = "only if it still has this version")),
    responses((status = 200, body = Made), (status = 400, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
pub(crate) async fn change(
    State(app): State<App>,
    Path(id): Path<String>,
    RawQuery(text): RawQuery,
    caller: Caller,
    Json(sent): Json<PolicyBody>,
) -> Answer<Json<Made>> {
    let policy: Policy = documents::stored(&sent)?;
    documents::change(&app, caller, id, text.as_deref(), &policy).await
}

/// Removes a response policy; its blocks stay until they end
#[utoipa::path(delete, path = "/api/v1/response/policies/{id}", tag = "response", operation_id = "remove_policy",
    security(("session" = ["admin"]), ("key" = ["admin"])),
    params(("id" = String, Path, description = "the policy's id")),
    responses((status = 204), (status = 404, body = Problem)))]
pub(crate) async fn remove(
    State(app): State<App>,
    Path(id): Path<String>,
    caller: Caller,
) -> Answer<StatusCode> {
    documents::remove::<Policy>(&app, caller, id).await
}

/// Says what holds for all blocks, and how it stands
#[utoipa::path(get, path = "/api/v1/response", tag = "response", operation_id = "response",
    security(("session" = ["read"]), ("key" = ["read"])), responses((status = 200, body = ResponseRow)))]
pub(crate) async fn show(State(app): State<App>) -> Answer<Json<ResponseRow>> {
    let (meta, kept) = documents::find::<Safety>(&app, ONLY).await?.unzip();
    let (present, active) = app
        .read(|view| {
            let active = view.blocks(Some(BlockState::Active), STOPPED_MAX)?;
            Ok((Respond::present(view)?, active))
        })
        .await?;
    let node = app.node().clone();
    let helper = blocking(move || Ok(node.respond().helper_state())).await?;
    let mut present: Vec<String> =
        present.own.iter().chain(&present.sessions).map(ToString::to_string).collect();
    present.sort_unstable();
    present.dedup();
    let real = active.iter().filter(|block| block.mode == BlockMode::Real).count() as u64;
    Ok(Json(ResponseRow {
        version: documents::version_of_one(meta.as_ref()),
        response: documents::shown(&kept.unwrap_or_default())?,
        helper: helper.path.map(|path| path.display().to_string()),
        is_helper_ready: helper.is_ready,
        helper_says: helper.says,
        present,
        active: real,
        active_dry: active.len() as u64 - real,
    }))
}

/// Changes what holds for all blocks
#[utoipa::path(put, path = "/api/v1/response", tag = "response", operation_id = "change_response",
    security(("session" = ["admin"]), ("key" = ["admin"])), request_body = ResponseBody,
    params(("version" = Option<u64>, Query, description = "only if it still has this version")),
    responses((status = 200, body = Made), (status = 400, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn change_response(
    State(app): State<App>,
    RawQuery(text): RawQuery,
    caller: Caller,
    Json(sent): Json<ResponseBody>,
) -> Answer<Json<Made>> {
    let kept: Safety = documents::stored(&sent)?;
    if let Backend::Hook { channel } = &kept.backend {
        let config = app.node().respond().config();
        if !config.channels.get(channel).is_some_and(is_hook) {
            return Err(Problem::invalid(format!("{channel} is no channel of the kind `webhook`")));
        }
    }
    documents::change_only(&app, caller, text.as_deref(), &kept).await
}

/// Stops all blocking at once: the mode is off, and blocks are taken back if that is asked for
#[utoipa::path(post, path = "/api/v1/response/stop", tag = "response", operation_id = "stop_response",
    security(("session" = ["respond"]), ("key" = ["respond"])), request_body = Stop,
    responses((status = 200, body = Count)))]
pub(crate) async fn stop(
    State(app): State<App>,
    caller: Caller,
    Json(sent): Json<Stop>,
) -> Answer<Json<Count>> {
    let kept = documents::find::<Safety>(&app, ONLY).await?.map(|(_, kept)| kept).unwrap_or_default();
    let off = Safety { mode: Mode::Off, ..kept };
    let body = serde_json::to_string(&off).map_err(|_| Problem::internal())?;
    let count = app
        .write(move |tx, at| {
            tx.put_document(Safety::KIND, ONLY, &body, None, &caller.actor(at))?;
            let mut count = 0;
            for state in [BlockState::Requested, BlockState::Active] {
                if !sent.is_undoing {
                    break;
                }
                for block in tx.blocks(Some(state), STOPPED_MAX)? {
                    tx.set_block_state(block.id, BlockState::Undoing, None, at)?;
                    count += 1;
                }
            }
            caller.audit(tx, at, "response.stop", "", &json!({ "undoing": count }))?;
            Ok(count)
        })
        .await?;
    documents::reload(&app).await?;
    Ok(Json(Count { count }))
}
