//! The audit trail.

use axum::Json;
use axum::extract::{RawQuery, State};
use serde::Serialize;
use sigyn_store::catalog::{AuditEntry, AuditPage};
use utoipa::ToSchema;

use crate::app::App;
use crate::problem::{Answer, Problem};
use crate::query::Query;
use crate::shape::Moment;

/// A page of the audit trail.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditList {
    /// The newest first.
    items: Vec<AuditRow>,
    /// Where the next page begins; none if this is the last.
    next: Option<u64>,
}

/// Something that was done.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditRow {
    /// Its number; they have no gaps.
    number: u64,
    /// When.
    time: Moment,
    /// Who.
    who: String,
    /// From where.
    client: String,
    /// What.
    action: String,
    /// To what.
    target: String,
    /// Everything else.
    #[schema(value_type = Object)]
    detail: serde_json::Value,
}

/// Whether the trail is as it was written.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditState {
    /// Lines.
    lines: u64,
    /// The first line that is not as it was written, or is not there; none if all are.
    broken_at: Option<u64>,
    /// The hash of the last line, to be kept elsewhere.
    head: String,
}

impl From<AuditEntry> for AuditRow {
    fn from(entry: AuditEntry) -> Self {
        Self {
            number: entry.number,
            time: Moment(entry.at),
            who: entry.who,
            client: entry.client,
            action: entry.action,
            target: entry.target,
            detail: serde_json::from_str(&entry.detail).unwrap_or_default(),
        }
    }
}

/// Lists what was done
#[utoipa::path(get, path = "/api/v1/audit", tag = "people", security(("session" = ["admin"]), ("key" = ["admin"])),
    params(
        ("who" = Option<String>, Query, description = "what this one did"),
        ("target" = Option<String>, Query, description = "what was done to this"),
        ("cursor" = Option<u64>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "lines of a page: 100, at most 1,000"),
    ),
    responses((status = 200, body = AuditList), (status = 400, body = Problem)))]
pub(crate) async fn list(State(app): State<App>, RawQuery(text): RawQuery) -> Answer<Json<AuditList>> {
    let mut query = Query::parse(text.as_deref().unwrap_or_default())?;
    let (who, target) = (query.take("who"), query.take("target"));
    let before = query.take_as("cursor", |text| text.parse().ok())?;
    let limit = query.take_limit(100, 1_000)?;
    let entries = app
        .read(move |view| {
            view.audit(&AuditPage { who: who.as_deref(), target: target.as_deref(), before }, limit)
        })
        .await?;
    let next = entries.last().filter(|_| entries.len() == limit).map(|entry| entry.number);
    Ok(Json(AuditList { items: entries.into_iter().map(AuditRow::from).collect(), next }))
}

/// Checks that the trail is as it was written
#[utoipa::path(get, path = "/api/v1/audit/verify", tag = "people",
    security(("session" = ["admin"]), ("key" = ["admin"])),
    responses((status = 200, body = AuditState)))]
pub(crate) async fn verify(State(app): State<App>) -> Answer<Json<AuditState>> {
    let ((lines, head), broken_at) =
        app.read(|view| Ok((view.audit_head()?, view.verify_audit(None)?))).await?;
    let head = head.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Json(AuditState { lines, broken_at, head }))
}
