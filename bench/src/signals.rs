//! A million signals behind the real server: what the page asks for when it opens, and what closing 10,000 takes, over HTTP.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use serde_json::{Value, json};
use sigyn_event::Timestamp;
use sigyn_store::catalog::Catalog;

use crate::process;
use crate::report::{Table, grouped, mebibytes};
use crate::serve::Server;
use crate::store::catalog::{SIGNALS, STEP, fill};

/// Nanoseconds of an hour.
const HOUR: i64 = 3_600_000_000_000;
/// What an analyst sees first.
const NOT_CLOSED: &str = "status=open&status=acknowledged";
/// The counts beside the list, as the page asks for them.
const COUNTS: &str = "stack=level&values=8&facet=level&facet=status&facet=rule&facet=host&facet=user&facet=address&\
                      facet=tactic&facet=verdict&facet=assignee";
/// Each request is sent so often; all times are told.
const RUNS: usize = 3;
/// Signals that are closed at once.
const CLOSED: usize = 10_000;

/// Makes the signals, starts the server and asks.
pub(crate) fn run() -> Result<Vec<Table>> {
    let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos())?;
    let first = now - SIGNALS.cast_signed() * STEP;
    let rules = [crate::workspace().join("rules/web")];
    let server = Server::start_on(&process::sigyn()?, &rules, |folder| {
        fill(&Catalog::open(&folder.join("catalog.db"))?, first)
    })?;
    let mut table = Table::new(
        format!("{} signals of thirty days behind the server, over HTTP", grouped(SIGNALS as f64)),
        &["request", "first", "then", "", "result"],
    );
    let until = Timestamp(now + 60_000_000_000);
    for (name, hours, bucket) in
        [("a day", 24, 1_200), ("a week", 7 * 24, 10_800), ("thirty days", 720, 43_200)]
    {
        let span = format!("since={}&until={until}", Timestamp(now - hours * HOUR));
        let list = format!("/api/v1/signals?{NOT_CLOSED}&{span}&limit=200");
        ask(&mut table, &server, &format!("{name}: list by risk"), &format!("{list}&sort=risk"))?;
        ask(&mut table, &server, &format!("{name}: list, newest first"), &format!("{list}&sort=newest"))?;
        let counts = format!("/api/v1/signals/summary?{NOT_CLOSED}&{span}&bucket={bucket}&{COUNTS}");
        ask(&mut table, &server, &format!("{name}: counts, histogram"), &counts)?;
        let groups = format!("/api/v1/signals/summary?{NOT_CLOSED}&{span}&facet=rule&values=1000");
        ask(&mut table, &server, &format!("{name}: grouped by rule"), &groups)?;
        ask(&mut table, &server, &format!("{name}: overview"), &format!("/api/v1/overview?{span}"))?;
        together(&mut table, &server, name, &[format!("{list}&sort=risk"), counts])?;
    }
    ask(&mut table, &server, "rules", "/api/v1/rules")?;
    close(&mut table, &server, now)?;
    table.note(format!("Largest resident set of the server: {}.", mebibytes(server.peak())));
    Ok(vec![table])
}

fn shown(took: Duration) -> String {
    format!("{:.0} ms", took.as_secs_f64() * 1e3)
}

fn row(table: &mut Table, what: &str, took: &[Duration], result: String) {
    let time = |at: usize| took.get(at).map_or_else(String::new, |took| shown(*took));
    table.row([what.to_owned(), time(0), time(1), time(2), result]);
}

/// How much an answer tells.
fn told(answer: &Value) -> String {
    let total = answer["total"].as_u64().or_else(|| answer["signals"]["total"].as_u64());
    let items = answer["items"].as_array().map(|items| items.len() as u64);
    grouped(total.or(items).unwrap_or(0) as f64)
}

fn ask(table: &mut Table, server: &Server, what: &str, path: &str) -> Result<()> {
    let (mut took, mut result) = (Vec::new(), String::new());
    for _ in 0..RUNS {
        let start = Instant::now();
        let answer = server.json(path)?;
        took.push(start.elapsed());
        result = told(&answer);
    }
    row(table, what, &took, result);
    Ok(())
}

/// The view as a browser has it: all requests at once, until the last answer.
fn together(table: &mut Table, server: &Server, name: &str, paths: &[String]) -> Result<()> {
    let mut took = Vec::new();
    for _ in 0..RUNS {
        let start = Instant::now();
        std::thread::scope(|scope| -> Result<()> {
            let asked: Vec<_> = paths.iter().map(|path| scope.spawn(|| server.text(path))).collect();
            for one in asked {
                one.join().map_err(|_| anyhow::anyhow!("a request has failed"))??;
            }
            Ok(())
        })?;
        took.push(start.elapsed());
    }
    row(table, &format!("**{name}: the view, both at once**"), &took, String::new());
    Ok(())
}

/// Chooses the signals of a stretch of time that holds 10,000, closes them, and undoes that.
fn close(table: &mut Table, server: &Server, now: i64) -> Result<()> {
    let span = STEP * i64::try_from(CLOSED)?;
    let query =
        format!("{NOT_CLOSED}&since={}&until={}", Timestamp(now - 3 * span), Timestamp(now - 2 * span));
    let mut times = [const { Vec::new() }; 3];
    let mut results = [const { String::new() }; 3];
    for _ in 0..RUNS {
        let mut step = |at: usize, path: &str, body: &Value| -> Result<Value> {
            let start = Instant::now();
            let answer = server.post(path, body)?;
            times[at].push(start.elapsed());
            results[at] = answer.to_string();
            Ok(answer)
        };
        let made = step(0, "/api/v1/selections", &json!({ "query": query }))?;
        let number = made["selection"].as_i64().context("the selection has a number")?;
        let change = json!({ "status": "closed", "verdict": "benign_true", "reason": "known" });
        let done = step(1, &format!("/api/v1/selections/{number}/changes"), &change)?;
        let action = done["action"].as_i64().context("the action has a number")?;
        step(2, &format!("/api/v1/actions/{action}/undo"), &json!({}))?;
    }
    for ((name, took), result) in ["choose 10,000", "close them", "undo that"].iter().zip(&times).zip(results)
    {
        row(table, name, took, result);
    }
    Ok(())
}
