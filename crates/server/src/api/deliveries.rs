//! Messages: those that wait, those that were sent, those that were given up.

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use serde::Serialize;
use serde_json::json;
use sigyn_respond::Notice;
use sigyn_store::catalog::{Delivery, DeliveryPage, DeliveryState, Named};
use utoipa::ToSchema;

use super::DONE;
use crate::access::Caller;
use crate::app::App;
use crate::problem::{Answer, Problem};
use crate::query::Query;
use crate::shape::Moment;

/// A page of messages.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeliveryList {
    /// The newest first.
    items: Vec<DeliveryRow>,
    /// Where the next page begins; none if this is the last.
    next: Option<i64>,
}

/// A message.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeliveryRow {
    /// Its number.
    number: i64,
    /// What makes it one for the receiver, however often it is sent.
    key: String,
    /// The channel's id.
    channel: String,
    /// `waiting`, `sent`, `given_up`.
    state: String,
    /// What it says, in one line.
    headline: String,
    /// Whether it is a test.
    is_test: bool,
    /// How many signals it tells of.
    signals: u64,
    /// The first of them, by id.
    first_signal: Option<String>,
    /// When it was written.
    made: Moment,
    /// When it is tried next, if it waits.
    due: Option<Moment>,
    /// How often it has been tried.
    attempts: u32,
    /// When it was sent or given up.
    done: Option<Moment>,
    /// What went wrong the last time.
    error: Option<String>,
}

impl From<Delivery> for DeliveryRow {
    fn from(one: Delivery) -> Self {
        let notice: Notice = serde_json::from_str(&one.payload).unwrap_or_default();
        Self {
            number: one.number,
            headline: notice.headline(),
            is_test: notice.is_test,
            signals: notice.count,
            first_signal: notice.signals.first().map(|signal| signal.id.clone()),
            key: one.key,
            channel: one.channel,
            state: one.state.name().to_owned(),
            made: Moment(one.at),
            due: (one.state == DeliveryState::Waiting).then_some(Moment(one.due)),
            attempts: one.attempts,
            done: one.done.map(Moment),
            error: one.error,
        }
    }
}

/// Lists messages, the newest first
#[utoipa::path(get, path = "/api/v1/deliveries", tag = "alerts", operation_id = "deliveries",
    security(("session" = ["read"]), ("key" = ["read"])),
    params(
        ("channel" = Option<String>, Query, description = "those to this channel, by id"),
        ("state" = Option<String>, Query, description = "`waiting`, `sent` or `given_up`"),
        ("cursor" = Option<i64>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "messages of a page: 100, at most 1,000"),
    ),
    responses((status = 200, body = DeliveryList), (status = 400, body = Problem)))]
pub(crate) async fn list(State(app): State<App>, RawQuery(text): RawQuery) -> Answer<Json<DeliveryList>> {
    let mut query = Query::parse(text.as_deref().unwrap_or_default())?;
    let channel = query.take("channel");
    let state = query.take_as("state", DeliveryState::parse)?;
    let before = query.take_as("cursor", |text| text.parse().ok())?;
    let limit = query.take_limit(100, 1_000)?;
    let found = app
        .read(move |view| {
            view.deliveries(&DeliveryPage { channel: channel.as_deref(), state, before }, limit)
        })
        .await?;
    let next = found.last().filter(|_| found.len() == limit).map(|last| last.number);
    Ok(Json(DeliveryList { items: found.into_iter().map(DeliveryRow::from).collect(), next }))
}

/// Tries a message again now
#[utoipa::path(post, path = "/api/v1/deliveries/{number}/retry", tag = "alerts", operation_id = "retry_delivery",
    security(("session" = ["respond"]), ("key" = ["respond"])),
    params(("number" = i64, Path, description = "the message's number")),
    responses((status = 204), (status = 404, body = Problem)))]
pub(crate) async fn retry(
    State(app): State<App>,
    Path(number): Path<i64>,
    caller: Caller,
) -> Answer<StatusCode> {
    let is_there = app
        .write(move |tx, at| {
            caller.audit(tx, at, "delivery.retry", &number.to_string(), &json!({}))?;
            tx.retry_message(number, at)
        })
        .await?;
    app.node().respond().wake();
    if is_there { Ok(DONE) } else { Err(Problem::missing("there is no such message that is not sent")) }
}
