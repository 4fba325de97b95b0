//! Hunts over everything that is stored: orders, progress, results.

mod shape;

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use serde_json::json;
use sigyn_node::evidence::{self, Finding};
use sigyn_node::hunts::Order;
use sigyn_store::Id;
use sigyn_store::catalog::{self, HuntQuery, Level as StoredLevel, Named, Sort};

use self::shape::{
    Hunt, HuntDetail, HuntDetection, HuntDetectionDetail, HuntDetectionPage, HuntKind, HuntOrder, HuntPage,
    HuntRule,
};
use super::DONE;
use super::signal::{Evidence, Named1, Outcome};
use crate::access::Caller;
use crate::app::{App, blocking};
use crate::problem::{Answer, Problem};
use crate::query::Query;
use crate::shape::{Level, Moment, Scope};

/// Hunts of a page, and detections, if nobody says how many, and at most.
const PAGE: (usize, usize) = (100, 1_000);
/// Characters of a hunt's name at most.
const NAME_MAX: usize = 200;

/// Reads the id of a hunt in an address.
fn hunt_id(text: &str) -> Answer<Id> {
    Id::parse(text).ok_or_else(|| no_hunt(text))
}

fn no_hunt(id: impl std::fmt::Display) -> Problem {
    Problem::missing(format!("there is no hunt {id}"))
}

/// Lists hunts, the newest first
#[utoipa::path(get, path = "/api/v1/hunts", tag = "hunts", security(("session" = ["read"]), ("key" = ["read"])),
    params(
        ("cursor" = Option<i64>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "how many: 100, at most 1,000"),
    ),
    responses((status = 200, body = HuntPage), (status = 400, body = Problem)))]
pub(crate) async fn list(State(app): State<App>, RawQuery(text): RawQuery) -> Answer<Json<HuntPage>> {
    let mut query = Query::parse(text.as_deref().unwrap_or_default())?;
    let before = query.take_as("cursor", |text| text.parse().ok())?;
    let limit = query.take_limit(PAGE.0, PAGE.1)?;
    let hunts = app.read(move |view| view.hunts(before, limit)).await?;
    let next = hunts.last().filter(|_| hunts.len() == limit).map(|hunt| hunt.number);
    Ok(Json(HuntPage { items: hunts.into_iter().map(Hunt::from).collect(), next }))
}

/// Orders a hunt over everything that is stored. Hunts are worked off one after the other
#[utoipa::path(post, path = "/api/v1/hunts", tag = "hunts",
    security(("session" = ["triage"]), ("key" = ["triage"])), request_body = HuntOrder,
    responses((status = 201, body = Hunt), (status = 400, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 429, body = Problem)))]
pub(crate) async fn order(
    State(app): State<App>,
    caller: Caller,
    Json(order): Json<HuntOrder>,
) -> Answer<(StatusCode, Json<Hunt>)> {
    let kind = order.kind.unwrap_or(HuntKind::Hunt);
    if kind == HuntKind::BackFill && !caller.scopes.contains(&Scope::Rules) {
        return Err(Problem::forbidden("a back-fill makes signals: it asks for the scope `rules`"));
    }
    if order.name.chars().count() > NAME_MAX {
        return Err(Problem::invalid(format!("a name of more than {NAME_MAX} characters")));
    }
    let detail = json!(order);
    let answer = blocking(move || {
        let to = order.to.map_or_else(sigyn_node::now, |Moment(to)| to);
        let asked = Order {
            name: order.name,
            kind: kind.into(),
            rules: order.rules,
            chain: order.chain,
            since: order.from.0,
            until: to,
            by: caller.name.clone(),
        };
        let id = app
            .node()
            .order_hunt(&asked, |tx, at, id| caller.audit(tx, at, "hunt.order", &id.to_string(), &detail))?;
        let hunt = app.node().catalog().read(|view| view.hunt(id))?;
        hunt.ok_or_else(|| no_hunt(id))
    });
    Ok((StatusCode::CREATED, Json(answer.await?.into())))
}

/// Shows a hunt with what its rules have found
#[utoipa::path(get, path = "/api/v1/hunts/{id}", tag = "hunts",
    security(("session" = ["read"]), ("key" = ["read"])),
    params(("id" = String, Path, description = "the hunt's id")),
    responses((status = 200, body = HuntDetail), (status = 404, body = Problem)))]
pub(crate) async fn show(State(app): State<App>, Path(id): Path<String>) -> Answer<Json<HuntDetail>> {
    let id = hunt_id(&id)?;
    let (hunt, rules) = app.read(move |view| Ok((view.hunt(id)?, view.hunt_rules(id)?))).await?;
    let rule = |rule: catalog::HuntRule| HuntRule {
        rule: rule.rule,
        title: rule.title,
        level: rule.level.into(),
        detections: rule.detections,
    };
    let hunt = hunt.ok_or_else(|| no_hunt(id))?.into();
    Ok(Json(HuntDetail { hunt, rules: rules.into_iter().map(rule).collect() }))
}

/// Stops a hunt; what it has found stays
#[utoipa::path(post, path = "/api/v1/hunts/{id}/cancel", tag = "hunts",
    security(("session" = ["triage"]), ("key" = ["triage"])),
    params(("id" = String, Path, description = "the hunt's id")),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn cancel(
    State(app): State<App>,
    Path(id): Path<String>,
    caller: Caller,
) -> Answer<StatusCode> {
    let id = hunt_id(&id)?;
    let stopped = app
        .write(move |tx, at| {
            let Some(hunt) = tx.hunt(id)? else { return Ok(None) };
            caller.audit(tx, at, "hunt.cancel", &hunt.id.to_string(), &json!({}))?;
            tx.cancel_hunt(id, at).map(Some)
        })
        .await?;
    app.node().notices().tell(&sigyn_node::notice::Notice::Hunts);
    match stopped {
        None => Err(no_hunt(id)),
        Some(false) => Err(Problem::conflict("the hunt is over")),
        Some(true) => Ok(DONE),
    }
}

/// Forgets a hunt with everything that it found
#[utoipa::path(delete, path = "/api/v1/hunts/{id}", tag = "hunts",
    security(("session" = ["triage"]), ("key" = ["triage"])),
    params(("id" = String, Path, description = "the hunt's id")),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn remove(
    State(app): State<App>,
    Path(id): Path<String>,
    caller: Caller,
) -> Answer<StatusCode> {
    let id = hunt_id(&id)?;
    let is_gone = app
        .write(move |tx, at| {
            caller.audit(tx, at, "hunt.remove", &id.to_string(), &json!({}))?;
            tx.remove_hunt(id)
        })
        .await?;
    app.node().notices().tell(&sigyn_node::notice::Notice::Hunts);
    if is_gone { Ok(DONE) } else { Err(no_hunt(id)) }
}

/// Lists what a hunt has found
#[utoipa::path(get, path = "/api/v1/hunts/{id}/detections", tag = "hunts",
    security(("session" = ["read"]), ("key" = ["read"])),
    params(
        ("id" = String, Path, description = "the hunt's id"),
        ("rule" = Option<String>, Query, description = "of this rule"),
        ("level" = Option<Level>, Query, description = "at least of this level"),
        ("signal" = Option<bool>, Query, description = "of which there is a signal, or is none"),
        ("sort" = Option<String>, Query, description = "`newest` or `oldest`"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "how many: 100, at most 1,000"),
    ),
    responses((status = 200, body = HuntDetectionPage), (status = 400, body = Problem),
        (status = 404, body = Problem)))]
pub(crate) async fn detections(
    State(app): State<App>,
    Path(id): Path<String>,
    RawQuery(text): RawQuery,
) -> Answer<Json<HuntDetectionPage>> {
    let id = hunt_id(&id)?;
    let mut query = Query::parse(text.as_deref().unwrap_or_default())?;
    let sort = query.take_as("sort", Sort::parse)?.unwrap_or(Sort::Newest);
    if !matches!(sort, Sort::Newest | Sort::Oldest) {
        return Err(Problem::invalid("`sort` is `newest` or `oldest`"));
    }
    let wanted = HuntQuery {
        rule: query.take("rule"),
        level: query.take_as("level", StoredLevel::parse)?,
        is_signal: query.take_as("signal", |text| text.parse().ok())?,
        is_oldest_first: sort == Sort::Oldest,
        after: query.take_as("cursor", cursor)?,
        count: query.take_limit(PAGE.0, PAGE.1)?,
    };
    let limit = wanted.count;
    let found =
        app.read(move |view| Ok((view.hunt(id)?.is_some(), view.hunt_detections(id, &wanted)?))).await?;
    let (true, found) = found else { return Err(no_hunt(id)) };
    let last = found.last().filter(|_| found.len() == limit);
    let next = last.map(|last| format!("{}_{}", last.ts, last.id));
    Ok(Json(HuntDetectionPage { items: found.into_iter().map(HuntDetection::from).collect(), next }))
}

/// Where a page begins: the time and the id of the detection before.
fn cursor(text: &str) -> Option<(i64, Id)> {
    let (ts, id) = text.split_once('_')?;
    Some((ts.parse().ok()?, Id::parse(id)?))
}

/// Shows a detection of a hunt with what it rests on
#[utoipa::path(get, path = "/api/v1/hunts/{id}/detections/{detection}", tag = "hunts",
    security(("session" = ["read"]), ("key" = ["read"])),
    params(
        ("id" = String, Path, description = "the hunt's id"),
        ("detection" = String, Path, description = "the detection's id"),
    ),
    responses((status = 200, body = HuntDetectionDetail), (status = 404, body = Problem)))]
pub(crate) async fn detection(
    State(app): State<App>,
    Path((id, detection)): Path<(String, String)>,
) -> Answer<Json<HuntDetectionDetail>> {
    let none = || Problem::missing(format!("the hunt has no detection {detection}"));
    let (hunt, one) = (hunt_id(&id)?, Id::parse(&detection).ok_or_else(none)?);
    let found = blocking(move || Ok(evidence::finding(app.node(), hunt, one)?)).await?;
    let Finding { detection, why, group, value, outcomes, evidence, is_truncated } =
        found.ok_or_else(none)?;
    Ok(Json(HuntDetectionDetail {
        detection: detection.into(),
        why,
        group: group.into_iter().map(|(name, value)| Named1 { name, value }).collect(),
        value,
        outcomes: outcomes.into_iter().map(|(name, values)| Outcome { name, values }).collect(),
        evidence: evidence.into_iter().map(Evidence::from).collect(),
        is_truncated,
    }))
}
