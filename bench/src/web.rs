//! The web pack on labelled requests and on bursts with known thresholds: what it finds by class, where it errs, and whether
//! behaviours fire exactly where they must, in whatever order lines come.

mod served;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use sigyn_engine::LogSources;
use sigyn_runtime::{Log, Pace, Program, replay_paced};

use crate::report::Table;

/// Files of the pack that read other rules.
const READERS: [&str; 2] = ["behaviour.yml", "escalation.yml"];
/// How late lines of a stream may be.
const LATENESS_NANOS: i64 = 120_000_000_000;
/// How many missing and wrong detections a row names.
const NAMED_MAX: usize = 3;

/// An address and the behaviour that fires for it.
type Fired = BTreeSet<(String, String)>;

/// Everything that is measured; `own` is a folder with a log of a day and what must fire in it, as the data's generator
/// writes them: it goes through the engine in memory, and through a server.
pub(crate) fn run(own: Option<&str>) -> Result<Vec<Table>> {
    let pack = crate::workspace().join("rules/web");
    if let Some(own) = own {
        let all = build(&pack, |_| true)?;
        let folder = Path::new(own);
        return Ok(vec![day(&all, folder)?, served::day(&pack, folder)?]);
    }
    let Some(data) = crate::data("web") else { return Ok(Vec::new()) };
    let mut tables = requests(&build(&pack, |name| !READERS.contains(&name))?, &data)?;
    tables.push(behaviours(&build(&pack, |_| true)?, &data.join("behaviour"))?);
    Ok(tables)
}

/// The rules of the pack's files of these names.
fn build(pack: &Path, wanted: impl Fn(&str) -> bool) -> Result<Program> {
    let mut paths = Vec::new();
    crate::rules::collect(pack, &mut paths)?;
    paths.sort_unstable();
    let name = |path: &PathBuf| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    paths.retain(|path| !name(path).ends_with(".test.yml") && wanted(&name(path)));
    let built = Program::build(crate::rules::load(&paths)?, &LogSources::built_in()?, &[]);
    ensure!(built.refused.is_empty(), "rules are refused: {:?}", built.refused);
    Ok(built.program)
}

fn log(path: &Path) -> Result<Log> {
    let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
    Ok(Log { name: Arc::from(path.to_string_lossy()), bytes: bytes.into(), first: 1, hint: None })
}

fn name_of(program: &Program, rule: sigyn_ir::ItemId) -> String {
    program.set.get(rule).and_then(|item| item.meta().name.clone()).unwrap_or_default()
}

/// What single requests are found for.
fn requests(program: &Program, data: &Path) -> Result<Vec<Table>> {
    let told = replay_paced(program, &[log(&data.join("dev.log"))?], &Pace::Canonical);
    let mut fired: BTreeMap<u64, BTreeSet<String>> = BTreeMap::new();
    for hit in &told.fired {
        for event in &hit.evidence {
            fired.entry(event.record).or_default().insert(name_of(program, hit.rule));
        }
    }
    let (mut found, mut wrong) = (Tally::default(), Tally::default());
    let text = std::fs::read_to_string(data.join("dev.ndjson"))?;
    for line in text.lines() {
        let request: Value = serde_json::from_str(line)?;
        let field = |key: &str| request[key].as_str();
        let names = |key: &str| -> BTreeSet<&str> {
            request[key].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
        };
        let label = field("label").unwrap_or_default();
        let none = BTreeSet::new();
        let has = fired.get(&request["line_no"].as_u64().unwrap_or(0)).unwrap_or(&none);
        let (expect, may) = (names("expect"), names("may"));
        for rule in &expect {
            // A line has the tier of its own class; what else must fire on it is of its group.
            let tier =
                if class(label) == Some(*rule) { field("tier") } else { field("group").or(Some("others")) };
            found.count(format!("{rule} {}", tier.unwrap_or("")), has.contains(*rule));
        }
        let group = match label {
            "benign" if request["tricky"] == true => "benign, tricky",
            "benign" => field("group").unwrap_or("benign"),
            attack => attack,
        };
        wrong.count(
            group.to_owned(),
            has.iter().any(|rule| !expect.contains(rule.as_str()) && !may.contains(rule.as_str())),
        );
    }
    Ok(vec![
        found.table("Requests that must be found, by rule and tier", "found"),
        wrong.table("Requests for which a rule fires that must not, by group", "wrong"),
    ])
}

/// The rule of a class of requests.
fn class(label: &str) -> Option<&'static str> {
    Some(match label {
        "sqli" => "WEB-SQLI-001",
        "xss" => "WEB-XSS-001",
        "cmdi" => "WEB-CMD-001",
        "path_traversal" => "WEB-PATH-001",
        "scan" => "WEB-SCAN-001",
        "ua" => "WEB-UA-001",
        _ => return None,
    })
}

/// How many of how many, by name.
#[derive(Default)]
struct Tally(BTreeMap<String, (usize, usize)>);

impl Tally {
    fn count(&mut self, name: String, holds: bool) {
        let (some, all) = self.0.entry(name).or_default();
        *some += usize::from(holds);
        *all += 1;
    }

    fn table(&self, title: &str, what: &'static str) -> Table {
        let mut table = Table::new(title, &["", what, "of", "share"]);
        for (name, (some, all)) in &self.0 {
            let share = 100.0 * *some as f64 / (*all).max(1) as f64;
            table.row([name.clone(), some.to_string(), all.to_string(), format!("{share:.2} %")]);
        }
        table
    }
}

/// The small logs with thresholds at their edges: in order, shuffled, and as a stream brings them.
fn behaviours(program: &Program, folder: &Path) -> Result<Table> {
    let expected = expected(&folder.join("expected.json"))?;
    let files = expected["files"].as_object().context("no `files`")?;
    let mut table = Table::new("Behaviours", &["", "must fire", "in order", "shuffled", "as a stream"]);
    for (file, expected) in files {
        let log = log(&folder.join(file))?;
        let lines = log.bytes.iter().filter(|byte| **byte == b'\n').count();
        let stream = Pace::Stream { lateness_nanos: LATENESS_NANOS, batch: 64, seed: 1 };
        let paces = [Pace::Canonical, Pace::Order(shuffled(lines)), stream];
        let must = pairs(&expected["must"]);
        let mut cells = vec![file.clone(), must.len().to_string()];
        for pace in &paces {
            cells.push(verdict(&fired(program, &log, pace), &must, &open(&expected["depends"])));
        }
        table.row(cells);
    }
    table.note("Where readings of a window differ, the sliding closed one counts, and attacks alone are kinds of attack.");
    Ok(table)
}

/// A whole day.
fn day(program: &Program, folder: &Path) -> Result<Table> {
    let expected = expected(&folder.join("expected-big.json"))?;
    let log = log(&folder.join("big24h.log"))?;
    let must = pairs(&expected["must"]);
    let mut table = Table::new("A day", &["", "must fire", "in order"]);
    let verdict = verdict(&fired(program, &log, &Pace::Canonical), &must, &open(&expected["depends"]));
    table.row(["big24h.log".to_owned(), must.len().to_string(), verdict]);
    Ok(table)
}

fn expected(path: &Path) -> Result<Value> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    Ok(serde_json::from_str(&text)?)
}

fn fired(program: &Program, log: &Log, pace: &Pace) -> Fired {
    let told = replay_paced(program, std::slice::from_ref(log), pace);
    let behaviours = told.fired.iter().map(|hit| (hit, name_of(program, hit.rule)));
    let address =
        |group: &[(String, Vec<String>)]| group.first().and_then(|(_, values)| values.first()).cloned();
    behaviours
        .filter(|(_, name)| name.starts_with("BEHAVIOR-"))
        .map(|(hit, name)| (address(&hit.group).unwrap_or_default(), name))
        .collect()
}

fn pair(entry: &Value) -> (String, String) {
    let text = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
    (text("ip"), text("rule"))
}

fn pairs(entries: &Value) -> Fired {
    entries.as_array().into_iter().flatten().map(pair).collect()
}

/// Where the readings of a window differ: which fires under ours.
fn open(entries: &Value) -> BTreeMap<(String, String), bool> {
    let entries = entries.as_array().into_iter().flatten();
    let ours = |entry: &Value| {
        let readings = &entry["readings"];
        let of_kinds = readings["sliding_closed/attack_types"].as_bool();
        readings["sliding_closed"].as_bool().or(of_kinds).unwrap_or(false)
    };
    entries.map(|entry| (pair(entry), ours(entry))).collect()
}

fn verdict(got: &Fired, must: &Fired, open: &BTreeMap<(String, String), bool>) -> String {
    let ours = open.iter().filter(|(_, fires)| **fires).map(|(pair, _)| pair);
    let wanted: Fired = must.iter().chain(ours).cloned().collect();
    let names = |pairs: Vec<&(String, String)>| {
        let some = pairs.iter().take(NAMED_MAX).map(|(address, rule)| format!("{address} {rule}"));
        some.collect::<Vec<_>>().join(", ")
    };
    let missing: Vec<&(String, String)> = wanted.difference(got).collect();
    let wrong: Vec<&(String, String)> = got.difference(&wanted).collect();
    if missing.is_empty() && wrong.is_empty() {
        return "exact".to_owned();
    }
    format!(
        "{} missing: {}; {} wrong: {}",
        missing.len(),
        names(missing.clone()),
        wrong.len(),
        names(wrong.clone())
    )
}

/// The numbers from 1 in an order that is always the same.
fn shuffled(count: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (1..=count).collect();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for at in (1..order.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let other = usize::try_from(state >> 33).unwrap_or(0) % (at + 1);
        order.swap(at, other);
    }
    order
}
