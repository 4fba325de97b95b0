//! Rules: what is there, what it says, what it finds, what it is in other languages.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sigyn_backends::{Env, Options, targets};
use sigyn_convert::{Converter, Settings, Strictness};
use sigyn_ir::{Compat, RuleItem};
use sigyn_node::Cost;
use sigyn_node::book::{self, Book, Refusal, Rule, finding_text};
use sigyn_pipeline::{NoFiles, builtin};
use sigyn_store::catalog::{Field, Filter, OverviewRequest, RuleSetting, Term, View};
use utoipa::ToSchema;

use super::signal::Version;
use crate::access::Caller;
use crate::app::{App, blocking};
use crate::problem::{Answer, Problem};
use crate::query::Query;
use crate::shape::{Level, Moment};

/// Nanoseconds of a day.
const DAY: i64 = 86_400 * 1_000_000_000;
/// Events that must have been measured before a cost is told.
const MEASURED_MIN: u64 = 20;

/// All rules.
#[derive(Serialize, ToSchema)]
pub(crate) struct RuleList {
    /// The rules.
    items: Vec<RuleRow>,
    /// What stands in the folders and is no rule.
    refused: Vec<RefusedRule>,
    /// When the folders were last read.
    read_at: Moment,
}

/// A rule as the list shows it.
#[derive(Serialize, ToSchema)]
pub(crate) struct RuleRow {
    /// What identifies it.
    uid: String,
    /// Its title.
    title: String,
    /// `rule`, or the type of a correlation: `event_count`, `temporal`, …; `detections` for a rule on detections.
    kind: String,
    /// How serious.
    level: Option<Level>,
    /// Its maturity.
    status: Option<String>,
    /// Its log source: `product=windows category=process_creation`.
    logsource: String,
    /// Its tags.
    tags: Vec<String>,
    /// Its file.
    path: String,
    /// Whether it is switched on.
    enabled: bool,
    /// Grows when it is switched on or off.
    version: u64,
    /// Whether its detections become signals; else they are there for other rules.
    shown: bool,
    /// Why no event can reach it.
    inert: Option<String>,
    /// Why it is not in force, or what last went wrong.
    error: Option<String>,
    /// Events or detections that matched since the server started.
    matches: u64,
    /// When its last signal happened.
    last: Option<Moment>,
    /// What it costs; none while too few events have come since the rules were read.
    cost: Option<RuleCost>,
    /// Signals of the last 24 hours.
    signals_day: u64,
    /// Signals of the last seven days.
    signals_week: u64,
    /// Of those of the week, found to be true, benign ones included.
    true_week: u64,
    /// Of those of the week, found to be false.
    false_week: u64,
}

/// What a rule costs, measured on one event of 128 since the rules were read.
#[derive(Serialize, ToSchema)]
pub(crate) struct RuleCost {
    /// Its part of the time in which rules are evaluated: 0 to 1. What rules share is counted with one of them.
    share: f64,
    /// For which part of the events it had to be evaluated: 0 to 1. All others were ruled out before.
    evaluated: f64,
    /// How long one evaluation takes, in nanoseconds.
    nanoseconds: u64,
    /// How many events were measured.
    events: u64,
}

impl RuleCost {
    /// None while so few were measured that it says nothing.
    fn of(cost: Cost) -> Option<Self> {
        let part = |part: u64, whole: u64| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
        (cost.events >= MEASURED_MIN).then(|| Self {
            share: part(cost.nanos, cost.all_nanos),
            evaluated: part(cost.evaluated, cost.events),
            nanoseconds: cost.nanos / cost.evaluated.max(1),
            events: cost.events,
        })
    }
}

/// Something broken.
#[derive(Serialize, ToSchema)]
pub(crate) struct RefusedRule {
    /// The file.
    path: String,
    /// The rule's title, if it has one.
    title: Option<String>,
    /// The finding's code.
    code: Option<String>,
    /// Why.
    message: String,
    /// The finding with its place, as text.
    text: String,
}

/// A rule with its text.
#[derive(Serialize, ToSchema)]
pub(crate) struct RuleDetail {
    /// As in the list.
    rule: RuleRow,
    /// Its YAML.
    text: String,
    /// What it says of itself.
    description: Option<String>,
    /// Who wrote it.
    author: Option<String>,
    /// Where more is to be read.
    references: Vec<String>,
    /// What else it may find.
    false_positives: Vec<String>,
    /// The rules that it reads: uids.
    reads: Vec<String>,
    /// The rules that read it: uids.
    read_by: Vec<String>,
    /// Who last switched it on or off.
    changed_by: Option<String>,
    /// When.
    changed_at: Option<Moment>,
}

/// Switches a rule.
#[derive(Deserialize, ToSchema)]
pub(crate) struct RuleChange {
    /// Whether it is to run.
    enabled: bool,
    /// Only if this is still its version.
    version: Option<u64>,
}

/// A rule in another language.
#[derive(Serialize, ToSchema)]
pub(crate) struct RuleQuery {
    /// The target.
    target: String,
    /// The queries; none if the target cannot say it.
    queries: Vec<String>,
    /// Why there is none, with the place, as text.
    refused: Option<String>,
    /// Fields that no pipeline has mapped.
    unmapped: Vec<String>,
}

/// A target of conversion.
#[derive(Serialize, ToSchema)]
pub(crate) struct TargetRow {
    /// Its name.
    name: String,
    /// What it is.
    title: String,
    /// Pipelines that are made for it.
    pipelines: Vec<String>,
    /// Whether it needs one.
    requires_pipeline: bool,
}

/// What a reload found.
#[derive(Serialize, ToSchema)]
pub(crate) struct Reloaded {
    /// Rules in force.
    rules: usize,
    /// What is broken.
    refused: Vec<RefusedRule>,
}

impl From<&Refusal> for RefusedRule {
    fn from(refusal: &Refusal) -> Self {
        let Refusal { path, title, code, message, text } = refusal.clone();
        Self { path, title, code, message, text }
    }
}

/// What the catalog knows of rules.
struct Known {
    settings: HashMap<String, RuleSetting>,
    day: HashMap<String, u64>,
    week: HashMap<String, u64>,
    is_true: HashMap<String, u64>,
    is_false: HashMap<String, u64>,
}

impl Known {
    fn read(view: &View<'_>, now: i64) -> sigyn_store::Result<Self> {
        let counts = |since: i64, verdicts: &[&str]| {
            let mut filter = Filter { since: Some(since), ..Filter::default() };
            if !verdicts.is_empty() {
                let values = verdicts.iter().map(|word| (*word).to_owned()).collect();
                filter.terms.push(Term { field: Field::Verdict, values, is_excluded: false });
            }
            let facets = vec![Field::Rule];
            let request = OverviewRequest { filter, histogram: None, facets, values_max: usize::MAX };
            let facet = view.overview(&request)?.facets.into_iter().next();
            Ok::<_, sigyn_store::Error>(
                facet.map_or_else(HashMap::new, |facet| facet.values.into_iter().collect()),
            )
        };
        let week = now.saturating_sub(7 * DAY);
        Ok(Self {
            settings: view.rule_settings()?.into_iter().map(|one| (one.uid.clone(), one)).collect(),
            day: counts(now.saturating_sub(DAY), &[])?,
            week: counts(week, &[])?,
            is_true: counts(week, &["true", "benign_true"])?,
            is_false: counts(week, &["false_positive"])?,
        })
    }
}

/// What a rule is.
fn kind(item: &RuleItem) -> String {
    match item {
        RuleItem::Correlation(correlation) => correlation.kind.to_string(),
        RuleItem::Rule(_) if item.is_on_detections() => "detections".to_owned(),
        RuleItem::Rule(_) => "rule".to_owned(),
    }
}

fn row(app: &App, rule: &Rule, item: &RuleItem, known: &Known) -> RuleRow {
    let meta = item.meta();
    let setting = known.settings.get(&rule.uid);
    let count = |counts: &HashMap<String, u64>| counts.get(&rule.uid).copied().unwrap_or(0);
    let state = app.node().rule_state(&rule.uid);
    RuleRow {
        uid: rule.uid.clone(),
        title: meta.title.clone(),
        kind: kind(item),
        level: level(item),
        status: meta.status.map(|status| status.as_str().to_owned()),
        logsource: match item {
            RuleItem::Rule(rule) => book::log_source_text(&rule.logsource),
            RuleItem::Correlation(_) => String::new(),
        },
        tags: meta.tags.iter().map(ToString::to_string).collect(),
        path: rule.path.clone(),
        enabled: rule.is_enabled,
        version: setting.map_or(0, |setting| setting.version),
        shown: rule.is_shown,
        inert: rule.inert.clone(),
        error: rule
            .error
            .clone()
            .or(state.error)
            .or_else(|| setting.and_then(|setting| setting.error.as_ref().map(|(error, _)| error.clone()))),
        matches: state.matches,
        last: state.last.map(Moment),
        cost: RuleCost::of(state.cost),
        signals_day: count(&known.day),
        signals_week: count(&known.week),
        true_week: count(&known.is_true),
        false_week: count(&known.is_false),
    }
}

/// The level of a rule.
pub(super) fn level(item: &RuleItem) -> Option<Level> {
    item.meta().level.map(|level| match level {
        sigyn_ir::Level::Informational => Level::Informational,
        sigyn_ir::Level::Low => Level::Low,
        sigyn_ir::Level::Medium => Level::Medium,
        sigyn_ir::Level::High => Level::High,
        sigyn_ir::Level::Critical => Level::Critical,
    })
}

fn find<'b>(book: &'b Book, uid: &str) -> Answer<(&'b Rule, &'b RuleItem)> {
    book.get(uid).ok_or_else(|| Problem::missing(format!("there is no rule {uid}")))
}

/// Lists all rules, and what is broken
#[utoipa::path(get, path = "/api/v1/rules", tag = "rules", security(("session" = ["read"]), ("key" = ["read"])),
    responses((status = 200, body = RuleList)))]
pub(crate) async fn list(State(app): State<App>) -> Answer<Json<RuleList>> {
    let now = sigyn_node::now();
    let known = app.read(move |view| Known::read(view, now)).await?;
    let book = app.node().book();
    let rules = book.rules.iter().zip(&book.set.items);
    let items = rules.map(|(rule, item)| row(&app, rule, item, &known)).collect();
    let refused = book.refused.iter().map(RefusedRule::from).collect();
    Ok(Json(RuleList { items, refused, read_at: Moment(book.read_at) }))
}

/// Shows a rule with its text
#[utoipa::path(get, path = "/api/v1/rules/{uid}", tag = "rules", security(("session" = ["read"]), ("key" = ["read"])),
    params(("uid" = String, Path, description = "the rule's uid")),
    responses((status = 200, body = RuleDetail), (status = 404, body = Problem)))]
pub(crate) async fn show(State(app): State<App>, Path(uid): Path<String>) -> Answer<Json<RuleDetail>> {
    let now = sigyn_node::now();
    let known = app.read(move |view| Known::read(view, now)).await?;
    let book = app.node().book();
    let (rule, item) = find(&book, &uid)?;
    let meta = item.meta();
    let setting = known.settings.get(&uid).filter(|setting| setting.version > 0);
    let readers = book.rules.iter().filter(|other| other.reads.contains(&uid));
    Ok(Json(RuleDetail {
        rule: row(&app, rule, item, &known),
        text: book.text(&uid).unwrap_or_default().to_owned(),
        description: meta.description.clone(),
        author: meta.author.clone(),
        references: meta.references.clone(),
        false_positives: meta.falsepositives.clone(),
        reads: rule.reads.clone(),
        read_by: readers.map(|reader| reader.uid.clone()).collect(),
        changed_by: setting.map(|setting| setting.changed_by.clone()),
        changed_at: setting.map(|setting| Moment(setting.changed_at)),
    }))
}

/// Switches a rule on or off
#[utoipa::path(patch, path = "/api/v1/rules/{uid}", tag = "rules",
    security(("session" = ["rules"]), ("key" = ["rules"])), request_body = RuleChange,
    params(("uid" = String, Path, description = "the rule's uid")),
    responses((status = 200, body = Version), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn change(
    State(app): State<App>,
    Path(uid): Path<String>,
    caller: Caller,
    Json(change): Json<RuleChange>,
) -> Answer<Json<Version>> {
    find(&app.node().book(), &uid)?;
    let version = app
        .write(move |tx, at| {
            let version = tx.set_rule(&uid, change.version, Some(change.enabled), None, &caller.actor(at))?;
            let action = if change.enabled { "rule.enable" } else { "rule.disable" };
            caller.audit(tx, at, action, &uid, &json!({}))?;
            Ok(version)
        })
        .await?;
    reload_book(&app).await?;
    Ok(Json(Version { version }))
}

/// Reads the rule folders again
#[utoipa::path(post, path = "/api/v1/rules/reload", tag = "rules",
    security(("session" = ["rules"]), ("key" = ["rules"])),
    responses((status = 200, body = Reloaded), (status = 404, body = Problem)))]
pub(crate) async fn reload(State(app): State<App>, caller: Caller) -> Answer<Json<Reloaded>> {
    app.write(move |tx, at| caller.audit(tx, at, "rules.reload", "", &json!({}))).await?;
    let book = reload_book(&app).await?;
    let refused = book.refused.iter().map(RefusedRule::from).collect();
    Ok(Json(Reloaded { rules: book.in_force(), refused }))
}

async fn reload_book(app: &App) -> Answer<Arc<Book>> {
    let app = app.clone();
    blocking(move || Ok(app.node().reload()?)).await
}

/// Lists the query languages that rules can be converted into
#[utoipa::path(get, path = "/api/v1/targets", tag = "rules", security(("session" = ["read"]), ("key" = ["read"])),
    responses((status = 200, body = Vec<TargetRow>)))]
pub(crate) async fn targets() -> Json<Vec<TargetRow>> {
    let built = targets::ALL.iter().filter_map(|target| target.build().ok());
    let row = |target: Box<dyn sigyn_backends::Target>| {
        let dialect = target.dialect();
        let own = |one: &&builtin::Builtin| one.allowed_backends.contains(&dialect.name.as_str());
        TargetRow {
            pipelines: builtin::all().iter().filter(own).map(|one| one.name.to_owned()).collect(),
            name: dialect.name.clone(),
            title: dialect.title.clone(),
            requires_pipeline: dialect.requires_pipeline,
        }
    };
    Json(built.map(row).collect())
}

/// Converts a rule into a query language
#[utoipa::path(get, path = "/api/v1/rules/{uid}/query", tag = "rules",
    security(("session" = ["read"]), ("key" = ["read"])),
    params(
        ("uid" = String, Path, description = "the rule's uid"),
        ("target" = String, Query, description = "the target's name"),
        ("pipeline" = Option<String>, Query, description = "a pipeline's name; may come several times"),
    ),
    responses((status = 200, body = RuleQuery), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn query(
    State(app): State<App>,
    Path(uid): Path<String>,
    RawQuery(text): RawQuery,
) -> Answer<Json<RuleQuery>> {
    let mut query = Query::parse(text.as_deref().unwrap_or_default())?;
    let target = query.take("target").ok_or_else(|| Problem::invalid("say which `target`"))?;
    let pipelines = query.take_all("pipeline");
    let book = app.node().book();
    blocking(move || convert(&book, &uid, target, &pipelines)).await.map(Json)
}

fn convert(book: &Book, uid: &str, target: String, pipelines: &[String]) -> Answer<RuleQuery> {
    find(book, uid)?;
    let at = book.find(uid);
    let no_target = || Problem::invalid(format!("there is no target `{target}`"));
    let built = targets::find(&target).and_then(|known| known.build().ok()).ok_or_else(no_target)?;
    let mut sources = book.sources.clone();
    let mut chain = Vec::new();
    for name in pipelines {
        let loaded = builtin::get(name).and_then(|known| known.load_into(&mut sources));
        chain.push(loaded.ok_or_else(|| Problem::invalid(format!("there is no pipeline `{name}`")))?);
    }
    let options = Options::new(Vec::new());
    let env = Env { compat: Compat::Spec, format: String::new(), method: None, options, attack: None };
    let settings = Settings {
        target: built,
        pipelines: chain,
        env,
        files: Arc::new(NoFiles),
        strictness: Strictness::Report,
        sources: sources.clone(),
    };
    let converter = Converter::new(settings).map_err(|found| Problem::invalid(found.message))?;
    let is_wanted: Vec<bool> = (0..book.set.items.len()).map(|place| Some(place) == at).collect();
    let (set, _) = book.set.subset(&is_wanted, &[]);
    let conversion = converter.convert(set);
    let mut answer = RuleQuery { target, queries: Vec::new(), refused: None, unmapped: Vec::new() };
    // What it reads stands before it.
    if let Some(own) = conversion.rules.into_iter().next_back() {
        answer.unmapped = own.unmapped;
        match own.queries {
            Ok(queries) => {
                let text = |query: &sigyn_ir::Data| {
                    query.as_str().map_or_else(|| query.to_json(Some(2)), str::to_owned)
                };
                answer.queries = queries.iter().map(text).collect();
            }
            Err(failure) => answer.refused = Some(finding_text(&failure.diagnostic, &sources)),
        }
    }
    Ok(answer)
}
