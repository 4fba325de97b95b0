//! The overview: what happened, how serious, to whom.

use axum::Json;
use axum::extract::{RawQuery, State};
use serde::Serialize;
use sigyn_store::catalog::{EntityRisk, Field, Filter, Named, OverviewRequest, Status, Term};
use utoipa::ToSchema;

use super::signals::Summary;
use crate::app::App;
use crate::problem::{Answer, Problem};
use crate::query::Query;
use crate::shape::{Level, Moment};

/// What is looked at if nobody says since when: a day, in nanoseconds.
const USUAL: i64 = 86_400 * 1_000_000_000;
/// Buckets of its histogram.
const BUCKETS: i64 = 48;
/// Values told of each field.
const VALUES: usize = 10;

/// What happened in a stretch of time.
#[derive(Serialize, ToSchema)]
pub(crate) struct OverviewAnswer {
    /// From when.
    since: Moment,
    /// Until when.
    until: Moment,
    /// All signals, by level over time, and by rule, tactic, host, user, address, status and verdict.
    signals: Summary,
    /// Signals that nobody has closed, by level.
    open: Summary,
    /// Hosts with the most risk.
    hosts: Vec<Risk>,
    /// Users with the most risk.
    users: Vec<Risk>,
    /// Addresses with the most risk.
    addresses: Vec<Risk>,
    /// Events that have come since the beginning.
    events: u64,
    /// Sources.
    sources: u64,
    /// Rules in force.
    rules: u64,
    /// What could not be read and waits.
    dead_letters: u64,
}

/// Somebody with risk.
#[derive(Serialize, ToSchema)]
pub(crate) struct Risk {
    /// Who.
    value: String,
    /// 0 to 100.
    score: f64,
    /// From how many signals.
    signals: u64,
    /// The highest level among them.
    level: Option<Level>,
}

impl From<EntityRisk> for Risk {
    fn from(risk: EntityRisk) -> Self {
        Self {
            value: risk.value,
            score: risk.score,
            signals: risk.signals,
            level: risk.level.map(Level::from),
        }
    }
}

/// Sums up a stretch of time: the last day, if nothing else is said
#[utoipa::path(get, path = "/api/v1/overview", tag = "overview",
    security(("session" = ["read"]), ("key" = ["read"])),
    params(
        ("since" = Option<String>, Query, description = "from when; a day before `until`"),
        ("until" = Option<String>, Query, description = "until when; now"),
    ),
    responses((status = 200, body = OverviewAnswer), (status = 400, body = Problem)))]
pub(crate) async fn overview(
    State(app): State<App>,
    RawQuery(text): RawQuery,
) -> Answer<Json<OverviewAnswer>> {
    let mut query = Query::parse(text.as_deref().unwrap_or_default())?;
    let until = query.take_as("until", Moment::parse)?.map_or_else(sigyn_node::now, |Moment(until)| until);
    let since =
        query.take_as("since", Moment::parse)?.map_or(until.saturating_sub(USUAL), |Moment(since)| since);
    let wide = until.saturating_sub(since);
    if wide <= 0 {
        return Err(Problem::invalid("`since` is before `until`"));
    }
    // Whole seconds, so that it can be said.
    let width = (wide / BUCKETS / 1_000_000_000).max(1) * 1_000_000_000;
    let filter = Filter { since: Some(since), until: Some(until), ..Filter::default() };
    let not_closed =
        Term { field: Field::Status, values: vec![Status::Closed.name().to_owned()], is_excluded: true };
    let open = OverviewRequest {
        filter: Filter { terms: vec![not_closed], ..filter.clone() },
        histogram: None,
        facets: vec![Field::Level, Field::Status],
        values_max: VALUES,
    };
    let all = OverviewRequest {
        filter,
        histogram: Some((width, Field::Level)),
        facets: vec![
            Field::Level,
            Field::Rule,
            Field::Tactic,
            Field::Host,
            Field::User,
            Field::Address,
            Field::Status,
            Field::Verdict,
        ],
        values_max: VALUES,
    };
    let rules = app.node().book().in_force() as u64;
    let histogram = all.histogram;
    // Side by side: at a million signals either takes half a second of a core.
    let counts = app.read(move |view| Ok((view.overview(&all)?, view.overview(&open)?)));
    let others = app.read(move |view| {
        let risks = view.riskiest(&["host", "user", "address"], since, until, VALUES)?;
        Ok((risks, view.sources()?, view.count_dead_letters()?))
    });
    let ((all, open), (risks, sources, dead)) = tokio::try_join!(counts, others)?;
    let mut risks = risks.into_iter();
    let mut list = || risks.next().unwrap_or_default().into_iter().map(Risk::from).collect();
    Ok(Json(OverviewAnswer {
        since: Moment(since),
        until: Moment(until),
        signals: Summary::of(all, histogram),
        open: Summary::of(open, None),
        hosts: list(),
        users: list(),
        addresses: list(),
        events: sources.iter().map(|source| source.events).sum(),
        sources: sources.len() as u64,
        rules,
        dead_letters: dead.iter().map(|(_, _, count)| count).sum(),
    }))
}
