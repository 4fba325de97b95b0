//! A whole day through a server: what it finds live, line after line in order, and what a hunt over what it has stored finds
//! must be the same signals by their ids, and must be those that the day's generator expects.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::{Fired, expected, open, pairs, verdict};
use crate::process;
use crate::report::{Table, grouped};
use crate::serve::Server;

/// Bytes of a request.
const REQUEST: usize = 4 << 20;
/// How long detection, the lake and a hunt may take.
const PATIENCE: Duration = Duration::from_secs(600);
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Signals by their ids: the address that they are about and the name of their rule.
type Found = BTreeMap<String, (String, String)>;

/// The day of a folder, live and hunted for.
pub(super) fn day(pack: &Path, folder: &Path) -> Result<Table> {
    let wanted = expected(&folder.join("expected-big.json"))?;
    let (must, open) = (pairs(&wanted["must"]), open(&wanted["depends"]));
    let text = std::fs::read(folder.join("big24h.log")).context("big24h.log")?;
    let server = Server::start(&process::sigyn()?, &[pack.to_owned()])?;
    let started = Instant::now();
    let lines = send(&server, &text)?;
    until(|| server.positions().map(|(end, detected)| detected >= end), "detection")?;
    let took = started.elapsed();
    let names = names(&server)?;
    // What the last seconds of the log decide is told when the source has been silent for a while.
    until(|| signals(&server, &names).map(|live| has_all(&live, &must)), "the last signals").ok();
    let live = signals(&server, &names)?;
    let (hunted, rate) = hunt(&server, &names)?;
    let ids = |found: &Found| found.keys().cloned().collect::<BTreeSet<_>>();
    let same =
        match (ids(&live).difference(&ids(&hunted)).count(), ids(&hunted).difference(&ids(&live)).count()) {
            (0, 0) => format!("the same {} ids", live.len()),
            (fewer, more) => format!("{fewer} only live, {more} only hunted for"),
        };
    let mut table = Table::new(
        "A day through a server",
        &["", "must fire", "live", "hunted for", "ids", "events/s live", "hunted"],
    );
    table.row([
        "big24h.log".to_owned(),
        must.len().to_string(),
        verdict(&behaviours(&live), &must, &open),
        verdict(&behaviours(&hunted), &must, &open),
        same,
        grouped(lines as f64 / took.as_secs_f64()),
        grouped(rate),
    ]);
    Ok(table)
}

/// Sends all lines, in order.
fn send(server: &Server, text: &[u8]) -> Result<usize> {
    let (mut rest, mut lines) = (text, 0);
    while !rest.is_empty() {
        let end = rest.len().min(REQUEST);
        let cut = rest[..end].iter().rposition(|byte| *byte == b'\n').map_or(rest.len(), |at| at + 1);
        let (part, more) = rest.split_at(cut);
        let deadline = Instant::now() + PATIENCE;
        // The whole request is refused while the server is busy, and sent again.
        while server.send("/api/v1/events?source=web", "application/x-ndjson", part)? == 429 {
            ensure!(Instant::now() < deadline, "the server stays busy");
            std::thread::sleep(LOOK_EVERY);
        }
        lines += part.iter().filter(|byte| **byte == b'\n').count();
        rest = more;
    }
    Ok(lines)
}

fn until(is: impl Fn() -> Result<bool>, what: &str) -> Result<()> {
    let deadline = Instant::now() + if what == "the last signals" { PATIENCE / 6 } else { PATIENCE };
    while !is()? {
        if Instant::now() > deadline {
            bail!("{what}: it takes too long");
        }
        std::thread::sleep(LOOK_EVERY);
    }
    Ok(())
}

/// The names of rules by their uids.
fn names(server: &Server) -> Result<BTreeMap<String, String>> {
    let list = server.json("/api/v1/rules")?;
    let mut names = BTreeMap::new();
    for rule in list["items"].as_array().into_iter().flatten() {
        let uid = rule["uid"].as_str().unwrap_or_default();
        let text = server.json(&format!("/api/v1/rules/{uid}"))?;
        let lines = text["text"].as_str().unwrap_or_default().lines();
        let name = lines.filter_map(|line| line.strip_prefix("name: ")).next();
        names.insert(uid.to_owned(), name.unwrap_or(uid).to_owned());
    }
    Ok(names)
}

/// Everything of a list that comes in pages.
fn all(server: &Server, path: &str) -> Result<Vec<Value>> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = server
            .json(&format!("{path}{}limit=1000{cursor}", if path.contains('?') { '&' } else { '?' }))?;
        items.extend(page["items"].as_array().into_iter().flatten().cloned());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Ok(items),
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn signals(server: &Server, names: &BTreeMap<String, String>) -> Result<Found> {
    let standing = all(server, "/api/v1/signals")?;
    let standing = standing.iter().filter(|signal| signal["is_retracted"] != true);
    let name = |signal: &Value| names.get(&text(&signal["rule"])).cloned().unwrap_or_default();
    Ok(standing.map(|signal| (text(&signal["id"]), (text(&signal["address"]), name(signal)))).collect())
}

/// A hunt of all rules over everything; what it finds, and events per second.
fn hunt(server: &Server, names: &BTreeMap<String, String>) -> Result<(Found, f64)> {
    let order = json!({ "name": "the day", "from": "2000-01-01T00:00:00Z" });
    let id = text(&server.post("/api/v1/hunts", &order)?["id"]);
    let path = format!("/api/v1/hunts/{id}");
    until(
        || Ok(!matches!(text(&server.json(&path)?["hunt"]["state"]).as_str(), "waiting" | "running")),
        "the hunt",
    )?;
    let done = &server.json(&path)?["hunt"];
    ensure!(done["state"] == "done", "the hunt ended as {}: {}", done["state"], done["error"]);
    let found = all(server, &format!("{path}/detections"))?;
    // A group is told as `source.ip=192.0.2.1`.
    let by = |one: &Value| text(&one["group"]).split(['=', ',']).nth(1).unwrap_or_default().to_owned();
    let name = |one: &Value| names.get(&text(&one["rule"])).cloned().unwrap_or_default();
    let found = found.iter().map(|one| (text(&one["id"]), (by(one), name(one)))).collect();
    Ok((found, done["events_per_second"].as_f64().unwrap_or(0.0)))
}

fn behaviours(found: &Found) -> Fired {
    found.values().filter(|(_, name)| name.starts_with("BEHAVIOR-")).cloned().collect()
}

/// Whether all that must fire has.
fn has_all(found: &Found, must: &Fired) -> bool {
    must.is_subset(&behaviours(found))
}
