//! Signals: lists and counts.

use axum::Json;
use axum::extract::{RawQuery, State};
use serde::Serialize;
use sigyn_store::catalog::{self, Field, Overview, OverviewRequest};
use utoipa::ToSchema;

use crate::app::App;
use crate::problem::{Answer, Problem};
use crate::query::{self, Query, field_name};
use crate::shape::{Level, Moment, Status, Verdict};

/// Signals of a page, if nobody says how many, and at most.
const PAGE: (usize, usize) = (100, 1_000);
/// Values of a field that are told apart, if nobody says how many, and at most.
const VALUES: (usize, usize) = (10, 1_000);

/// A signal as lists show it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Signal {
    /// The same for the same detection, in every run: 32 hexadecimal digits.
    pub(crate) id: String,
    /// The rule's uid.
    pub(crate) rule: String,
    /// The rule's title.
    pub(crate) title: String,
    /// How serious.
    pub(crate) level: Level,
    /// When.
    pub(crate) time: Moment,
    /// The earliest event that contributed.
    pub(crate) first_seen: Moment,
    /// The last event that contributed.
    pub(crate) last_seen: Moment,
    /// What its events have in common, as text.
    pub(crate) group: String,
    /// The first tactic of its rule.
    pub(crate) tactic: Option<String>,
    /// 0 to 100.
    pub(crate) risk: u8,
    /// How many events contributed.
    pub(crate) total: u64,
    /// How often it has changed by itself.
    pub(crate) revision: u32,
    /// The host it is about.
    pub(crate) host: Option<String>,
    /// The user it is about.
    pub(crate) user: Option<String>,
    /// The address it is about.
    pub(crate) address: Option<String>,
    /// Where it is in its life.
    pub(crate) status: Status,
    /// What it turned out to be; there if it is closed.
    pub(crate) verdict: Option<Verdict>,
    /// Why it was closed so.
    pub(crate) reason: Option<String>,
    /// Who is at it.
    pub(crate) assignee: Option<String>,
    /// Whether a late event has shown that there was nothing.
    pub(crate) is_retracted: bool,
    /// Grows with every change by people; give it back to change only what you have seen.
    pub(crate) version: u64,
}

impl From<catalog::Signal> for Signal {
    fn from(signal: catalog::Signal) -> Self {
        Self {
            id: signal.id.to_string(),
            rule: signal.rule,
            title: signal.title,
            level: signal.level.into(),
            time: Moment(signal.ts),
            first_seen: Moment(signal.first_seen),
            last_seen: Moment(signal.last_seen),
            group: signal.group,
            tactic: signal.tactic,
            risk: signal.risk,
            total: signal.total,
            revision: signal.revision,
            host: signal.host,
            user: signal.user,
            address: signal.address,
            status: signal.status.into(),
            verdict: signal.verdict.map(Verdict::from),
            reason: signal.reason,
            assignee: signal.assignee,
            is_retracted: signal.is_retracted,
            version: signal.version,
        }
    }
}

/// A page of signals.
#[derive(Serialize, ToSchema)]
pub(crate) struct SignalPage {
    /// The signals.
    items: Vec<Signal>,
    /// Where the next page begins; none if this is the last.
    next: Option<String>,
}

/// How many.
#[derive(Serialize, ToSchema)]
pub(crate) struct Count {
    /// Exactly.
    count: u64,
}

/// Counts of signals: in all, over time, by fields.
#[derive(Serialize, ToSchema)]
pub(crate) struct Summary {
    /// How many in all.
    pub(crate) total: u64,
    /// When; if asked for.
    pub(crate) histogram: Option<Histogram>,
    /// By field, in the order asked for.
    pub(crate) facets: Vec<Facet>,
}

/// Counts over time.
#[derive(Serialize, ToSchema)]
pub(crate) struct Histogram {
    /// The field that it is stacked by.
    stack: String,
    /// How wide a bucket is, in seconds.
    bucket: i64,
    /// The values that are told apart, the most frequent first; the empty text stands for no value.
    values: Vec<String>,
    /// The buckets that hold anything, by time.
    buckets: Vec<Bucket>,
}

/// A stretch of time.
#[derive(Serialize, ToSchema)]
pub(crate) struct Bucket {
    /// Where it begins.
    start: Moment,
    /// How many of each value; behind them those of all other values.
    counts: Vec<u64>,
}

/// Counts by the values of a field.
#[derive(Serialize, ToSchema)]
pub(crate) struct Facet {
    /// The field.
    field: String,
    /// The most frequent values; the empty text stands for no value.
    values: Vec<FacetValue>,
    /// How many have other values.
    others: u64,
}

/// A value of a field.
#[derive(Serialize, ToSchema)]
pub(crate) struct FacetValue {
    /// The value.
    value: String,
    /// How many have it.
    count: u64,
}

impl Summary {
    pub(crate) fn of(overview: Overview, histogram: Option<(i64, Field)>) -> Self {
        let facet = |facet: catalog::Facet| Facet {
            field: field_name(facet.field).to_owned(),
            values: facet.values.into_iter().map(|(value, count)| FacetValue { value, count }).collect(),
            others: facet.others,
        };
        let bucket = |bucket: catalog::Bucket| Bucket { start: Moment(bucket.start), counts: bucket.counts };
        Self {
            total: overview.total,
            histogram: overview.histogram.zip(histogram).map(|(histogram, (width, field))| Histogram {
                stack: field_name(field).to_owned(),
                bucket: width / 1_000_000_000,
                values: histogram.values,
                buckets: histogram.buckets.into_iter().map(bucket).collect(),
            }),
            facets: overview.facets.into_iter().map(facet).collect(),
        }
    }
}

/// Lists signals, a page at a time
///
/// The filter is `since`, `until` (times), `text` (a piece of the title or group), `entity` (`kind:value`), `retracted`
/// (`true` to see those too) and the fields `rule`, `level`, `status`, `verdict`, `assignee`, `tactic`, `host`, `user`,
/// `address`, `group`. A field that comes twice means either value, an empty value none, and `not.` in front turns it round.
#[utoipa::path(get, path = "/api/v1/signals", tag = "signals",
    security(("session" = ["read"]), ("key" = ["read"])),
    params(
        ("sort" = Option<String>, Query, description = "`newest` (the default), `oldest`, `level` or `risk`"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "signals of a page: 100, at most 1,000"),
        ("since" = Option<String>, Query, description = "at or after this time"),
        ("until" = Option<String>, Query, description = "before this time"),
        ("text" = Option<String>, Query, description = "a piece of the title or group"),
        ("entity" = Option<String>, Query, description = "`kind:value`"),
        ("status" = Option<String>, Query, description = "like every other field: any of them, `not.status` for none of them"),
    ),
    responses((status = 200, body = SignalPage), (status = 400, body = Problem)))]
pub(crate) async fn list(State(app): State<App>, RawQuery(text): RawQuery) -> Answer<Json<SignalPage>> {
    let mut query = Query::parse(text.as_deref().unwrap_or_default())?;
    let ((sort, cursor), limit) = (query.take_page()?, query.take_limit(PAGE.0, PAGE.1)?);
    let filter = query.filter()?;
    let page = app.read(move |view| view.signals(&filter, sort, cursor, limit)).await?;
    let next = page.next.map(|cursor| cursor.to_string());
    Ok(Json(SignalPage { items: page.signals.into_iter().map(Signal::from).collect(), next }))
}

/// Counts signals; the filter is that of the list
#[utoipa::path(get, path = "/api/v1/signals/count", tag = "signals",
    security(("session" = ["read"]), ("key" = ["read"])),
    responses((status = 200, body = Count), (status = 400, body = Problem)))]
pub(crate) async fn count(State(app): State<App>, RawQuery(text): RawQuery) -> Answer<Json<Count>> {
    let filter = Query::parse(text.as_deref().unwrap_or_default())?.filter()?;
    let count = app.read(move |view| view.count_signals(&filter)).await?;
    Ok(Json(Count { count }))
}

/// Counts signals over time and by fields; the filter is that of the list
#[utoipa::path(get, path = "/api/v1/signals/summary", tag = "signals",
    security(("session" = ["read"]), ("key" = ["read"])),
    params(
        ("bucket" = Option<i64>, Query, description = "width of a bucket in seconds; without it there is no histogram. The filter then needs `since` and `until`"),
        ("stack" = Option<String>, Query, description = "the field that the histogram is stacked by: `level`"),
        ("facet" = Option<String>, Query, description = "a field to count by; may come several times"),
        ("values" = Option<u32>, Query, description = "values of a field that are told apart: 10, at most 1,000"),
    ),
    responses((status = 200, body = Summary), (status = 400, body = Problem)))]
pub(crate) async fn summary(State(app): State<App>, RawQuery(text): RawQuery) -> Answer<Json<Summary>> {
    let mut query = Query::parse(text.as_deref().unwrap_or_default())?;
    let width = query.take_as("bucket", |text| text.parse::<i64>().ok()?.checked_mul(1_000_000_000))?;
    let stack = query.take("stack").map_or(Ok(Field::Level), |word| query::field(&word))?;
    let facets = query.take_all("facet").iter().map(|word| query::field(word)).collect::<Answer<Vec<_>>>()?;
    let values_max = query.take_as("values", |text| text.parse().ok())?.unwrap_or(VALUES.0);
    if values_max > VALUES.1 {
        return Err(Problem::invalid(format!("`values` is at most {}", VALUES.1)));
    }
    let histogram = width.map(|width| (width, stack));
    let request = OverviewRequest { filter: query.filter()?, histogram, facets, values_max };
    let overview = app.read(move |view| view.overview(&request)).await?;
    Ok(Json(Summary::of(overview, histogram)))
}
