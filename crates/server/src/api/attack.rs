//! Where the rules stand in MITRE ATT&CK, and what of it has happened.

use std::collections::{BTreeMap, HashMap};

use axum::Json;
use axum::extract::{RawQuery, State};
use serde::Serialize;
use sigyn_attack::{Attack, TACTICS, Technique};
use sigyn_node::book::Book;
use sigyn_store::catalog::{Field, Filter, OverviewRequest};
use utoipa::ToSchema;

use super::rules::level;
use crate::app::App;
use crate::problem::{Answer, Problem};
use crate::query::Query;
use crate::shape::{Level, Moment};

/// What is looked at if nobody says since when: a day, in nanoseconds.
const USUAL: i64 = 86_400 * 1_000_000_000;

/// The matrix.
#[derive(Serialize, ToSchema)]
pub(crate) struct AttackMatrix {
    /// The version of ATT&CK.
    version: Option<String>,
    /// Signals are counted from when.
    since: Moment,
    /// Until when.
    until: Moment,
    /// The tactics, in the order of an intrusion.
    tactics: Vec<AttackTactic>,
}

/// A tactic.
#[derive(Serialize, ToSchema)]
pub(crate) struct AttackTactic {
    /// Its short name, as in tags: `initial-access`.
    tactic: String,
    /// Its techniques, by their ids; sub-techniques stand behind theirs, and only where a rule names them.
    techniques: Vec<AttackTechnique>,
}

/// A technique, with the rules that name it or one of its sub-techniques.
#[derive(Clone, Serialize, ToSchema)]
pub(crate) struct AttackTechnique {
    /// Its id: `T1190`, `T1059.001`.
    id: String,
    /// Its name.
    name: String,
    /// The uids of the rules.
    rules: Vec<String>,
    /// How many of them are in force and have data that they could match.
    working: u64,
    /// Signals of these rules in the stretch of time.
    signals: u64,
    /// The most serious level of the rules that had one.
    level: Option<Level>,
}

/// What rules say of a technique.
#[derive(Default)]
struct Told {
    rules: Vec<String>,
    working: u64,
    signals: u64,
    level: Option<Level>,
}

/// Shows the matrix of ATT&CK with rules and signals: those of the last day, if nothing else is said
#[utoipa::path(get, path = "/api/v1/attack", tag = "rules", security(("session" = ["read"]), ("key" = ["read"])),
    params(
        ("since" = Option<String>, Query, description = "count signals from when; a day before `until`"),
        ("until" = Option<String>, Query, description = "until when; now"),
    ),
    responses((status = 200, body = AttackMatrix), (status = 400, body = Problem)))]
pub(crate) async fn matrix(State(app): State<App>, RawQuery(text): RawQuery) -> Answer<Json<AttackMatrix>> {
    let mut query = Query::parse(text.as_deref().unwrap_or_default())?;
    let until = query.take_as("until", Moment::parse)?.map_or_else(sigyn_node::now, |Moment(until)| until);
    let since =
        query.take_as("since", Moment::parse)?.map_or(until.saturating_sub(USUAL), |Moment(since)| since);
    let filter = Filter { since: Some(since), until: Some(until), ..Filter::default() };
    let facets = vec![Field::Rule];
    let request = OverviewRequest { filter, histogram: None, facets, values_max: usize::MAX };
    let counted = app.read(move |view| view.overview(&request)).await?;
    let counts: HashMap<String, u64> = counted.facets.into_iter().flat_map(|facet| facet.values).collect();
    let attack = Attack::bundled();
    let told = told(&app.node().book(), attack, &counts);
    Ok(Json(AttackMatrix {
        version: attack.version().map(str::to_owned),
        since: Moment(since),
        until: Moment(until),
        tactics: TACTICS
            .iter()
            .map(|tactic| row(tactic, attack, &told))
            .filter(|row| !row.techniques.is_empty())
            .collect(),
    }))
}

/// What the rules of a book say of techniques, by ids. A rule that names a sub-technique counts for its technique too, once.
fn told(book: &Book, attack: &Attack, counts: &HashMap<String, u64>) -> BTreeMap<String, Told> {
    let mut told: BTreeMap<String, Told> = BTreeMap::new();
    for (rule, item) in book.rules.iter().zip(&book.set.items) {
        let mut ids: Vec<String> = Vec::new();
        for tag in &item.meta().tags {
            let tag = tag.to_string();
            let Some(id) = tag.strip_prefix("attack.t").map(|rest| format!("T{rest}")) else { continue };
            let id = attack.successor(&id).map_or(id.clone(), str::to_owned);
            ids.extend(id.split_once('.').map(|(whole, _)| whole.to_owned()));
            ids.push(id);
        }
        ids.sort_unstable();
        ids.dedup();
        let signals = counts.get(&rule.uid).copied().unwrap_or(0);
        let works = rule.is_enabled && rule.error.is_none() && rule.inert.is_none();
        for id in ids {
            let told = told.entry(id).or_default();
            told.rules.push(rule.uid.clone());
            told.working += u64::from(works);
            told.signals += signals;
            if signals > 0 {
                told.level = told.level.max(level(item));
            }
        }
    }
    told
}

fn row(tactic: &str, attack: &Attack, told: &BTreeMap<String, Told>) -> AttackTactic {
    let is_here = |technique: &&Technique| technique.tactics.iter().any(|name| name == tactic);
    let is_shown = |technique: &&Technique| !technique.id.contains('.') || told.contains_key(&technique.id);
    let cell = |technique: &Technique| {
        let none = Told::default();
        let Told { rules, working, signals, level } = told.get(&technique.id).unwrap_or(&none);
        AttackTechnique {
            id: technique.id.clone(),
            name: technique.name.clone(),
            rules: rules.clone(),
            working: *working,
            signals: *signals,
            level: *level,
        }
    };
    let techniques = attack.techniques().filter(is_here).filter(is_shown).map(cell).collect();
    AttackTactic { tactic: tactic.to_owned(), techniques }
}
