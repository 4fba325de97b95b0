//! Alert rules: which signals are told where, and what holds for all alerts.

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use sigyn_node::respond::config::ONLY;
use sigyn_respond::{AlertRule, Alerting};
use utoipa::ToSchema;

use super::documents::{self, Conditions, Made, Meta};
use crate::access::Caller;
use crate::app::App;
use crate::problem::{Answer, Problem};

/// An alert rule.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AlertRuleBody {
    /// What people call it.
    name: String,
    /// Whether it is in force.
    #[serde(default = "yes")]
    is_enabled: bool,
    /// Which signals.
    #[serde(default)]
    when: Conditions,
    /// Ids of channels.
    channels: Vec<String>,
    /// What makes signals one group, which is told in one message: rule and entity, if nothing else is said.
    #[serde(default = "usual_group")]
    group_by: Vec<GroupBy>,
    /// How long the first message of a group waits for more, in seconds.
    #[serde(default = "usual_wait")]
    wait_seconds: u64,
    /// How long a group is not told of again, in seconds.
    #[serde(default = "usual_quiet")]
    quiet_seconds: u64,
    /// Signals whose last event is older are not told; null: however old.
    #[serde(default = "usual_age")]
    age_seconds_max: Option<u64>,
}

/// A part of what makes signals one group.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum GroupBy {
    Rule,
    Level,
    Address,
    Host,
    User,
    /// The first of address, user, host that there is.
    Entity,
}

/// An alert rule as it is stored.
#[derive(Serialize, ToSchema)]
pub(crate) struct AlertRuleRow {
    #[serde(flatten)]
    meta: Meta,
    #[serde(flatten)]
    rule: AlertRuleBody,
}

/// What holds for all alerts.
#[derive(Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct AlertingBody {
    /// Where people reach this page, for links in messages; null: no links.
    page: Option<String>,
    /// Internal machines that messages and hooks may be sent to. Everything else internal is refused.
    targets: Vec<TargetBody>,
}

/// An internal network that may be connected to.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TargetBody {
    /// The network, or an address.
    network: String,
    /// The one port there; null: each.
    port: Option<u16>,
    /// What it is for.
    #[serde(default)]
    note: String,
}

/// What holds for all alerts, as it is stored.
#[derive(Serialize, ToSchema)]
pub(crate) struct AlertingRow {
    /// Grows with every change; 0 if there was none.
    version: u64,
    #[serde(flatten)]
    alerting: AlertingBody,
}

fn yes() -> bool {
    true
}

fn usual_group() -> Vec<GroupBy> {
    vec![GroupBy::Rule, GroupBy::Entity]
}

fn usual_wait() -> u64 {
    10
}

fn usual_quiet() -> u64 {
    3_600
}

#[expect(clippy::unnecessary_wraps, reason = "the default of a field that may be absent")]
fn usual_age() -> Option<u64> {
    Some(86_400)
}

fn checked(app: &App, sent: &AlertRuleBody) -> Answer<AlertRule> {
    let rule: AlertRule = documents::stored(sent)?;
    let known = app.node().respond().config();
    if let Some(id) = rule.channels.iter().find(|id| !known.channels.contains_key(*id)) {
        return Err(Problem::invalid(format!("there is no channel {id}")));
    }
    Ok(rule)
}

/// Lists the alert rules
#[utoipa::path(get, path = "/api/v1/alert-rules", tag = "alerts", operation_id = "alert_rules",
    security(("session" = ["read"]), ("key" = ["read"])), responses((status = 200, body = Vec<AlertRuleRow>)))]
pub(crate) async fn list(State(app): State<App>) -> Answer<Json<Vec<AlertRuleRow>>> {
    documents::rows::<AlertRule, _, _>(&app, |meta, rule| AlertRuleRow { meta, rule }).await
}

/// Makes an alert rule
#[utoipa::path(post, path = "/api/v1/alert-rules", tag = "alerts", operation_id = "add_alert_rule",
    security(("session" = ["respond"]), ("key" = ["respond"])), request_body = AlertRuleBody,
    responses((status = 200, body = Made), (status = 400, body = Problem)))]
pub(crate) async fn add(
    State(app): State<App>,
    caller: Caller,
    Json(sent): Json<AlertRuleBody>,
) -> Answer<Json<Made>> {
    let rule = checked(&app, &sent)?;
    Ok(Json(documents::add(&app, caller, &rule).await?))
}

/// Changes an alert rule
#[utoipa::path(put, path = "/api/v1/alert-rules/{id}", tag = "alerts", operation_id = "change_alert_rule",
    security(("session" = ["respond"]), ("key" = ["respond"])), request_body = AlertRuleBody,
    params(("id" = String, Path, description = "the alert rule's id"),
        ("version" = Option<u64>, Query, description = "only if it still has this version")),
    responses((status = 200, body = Made), (status = 400, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
pub(crate) async fn change(
    State(app): State<App>,
    Path(id): Path<String>,
    RawQuery(text): RawQuery,
    caller: Caller,
    Json(sent): Json<AlertRuleBody>,
) -> Answer<Json<Made>> {
    let rule = checked(&app, &sent)?;
    documents::change(&app, caller, id, text.as_deref(), &rule).await
}

/// Removes an alert rule
#[utoipa::path(delete, path = "/api/v1/alert-rules/{id}", tag = "alerts", operation_id = "remove_alert_rule",
    security(("session" = ["respond"]), ("key" = ["respond"])),
    params(("id" = String, Path, description = "the alert rule's id")),
    responses((status = 204), (status = 404, body = Problem)))]
pub(crate) async fn remove(
    State(app): State<App>,
    Path(id): Path<String>,
    caller: Caller,
) -> Answer<StatusCode> {
    documents::remove::<AlertRule>(&app, caller, id).await
}

/// Says what holds for all alerts
#[utoipa::path(get, path = "/api/v1/alerting", tag = "alerts", operation_id = "alerting",
    security(("session" = ["read"]), ("key" = ["read"])), responses((status = 200, body = AlertingRow)))]
pub(crate) async fn alerting(State(app): State<App>) -> Answer<Json<AlertingRow>> {
    let (meta, kept) = documents::find::<Alerting>(&app, ONLY).await?.unzip();
    let alerting = documents::shown(&kept.unwrap_or_default())?;
    Ok(Json(AlertingRow { version: documents::version_of_one(meta.as_ref()), alerting }))
}

/// Changes what holds for all alerts
#[utoipa::path(put, path = "/api/v1/alerting", tag = "alerts", operation_id = "change_alerting",
    security(("session" = ["admin"]), ("key" = ["admin"])), request_body = AlertingBody,
    params(("version" = Option<u64>, Query, description = "only if it still has this version")),
    responses((status = 200, body = Made), (status = 400, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn change_alerting(
    State(app): State<App>,
    RawQuery(text): RawQuery,
    caller: Caller,
    Json(sent): Json<AlertingBody>,
) -> Answer<Json<Made>> {
    let kept: Alerting = documents::stored(&sent)?;
    documents::change_only(&app, caller, text.as_deref(), &kept).await
}
