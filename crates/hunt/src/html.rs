//! The report as one page that opens offline: charts, rules, and every match with search, filters and sorting.
//!
//! Logs are hostile. What came from one is escaped where it is markup, and reaches the script only as JSON in a
//! block that is not executed; the script puts it into the page as text. The page's policy lets no other script run,
//! by the script's hash, and no request leave.

mod charts;
mod data;
mod detections;
mod text;

use std::fmt::Write;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};
use sigyn_event::Timestamp;
use sigyn_page::STYLE;

use self::text::{escaped, grouped, moment, names};
use crate::detected::Detected;
use crate::found::Hit;
use crate::idle::{Cause, Idle};
use crate::rules::RuleInfo;
use crate::summary::Summary;

/// Matches that the page lists; the counts above the list are of all.
pub const ROWS_MAX: usize = 20_000;
const SCRIPT: &str = include_str!("../data/report.js");

/// The page.
pub fn page(
    summary: &Summary,
    rules: &[RuleInfo],
    hits: &[Hit<'_>],
    detected: &[Detected],
    idle: &[Idle],
    made: Option<Timestamp>,
) -> String {
    let mut out = String::with_capacity(64 * 1024 + hits.len().min(ROWS_MAX) * 200);
    let hash = BASE64_STANDARD.encode(Sha256::digest(SCRIPT.as_bytes()));
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; \
         script-src 'sha256-{hash}'\">\n\
         <title>Sigyn: {} matches</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n",
        grouped(summary.hits)
    );
    head(&mut out, summary, made);
    charts::levels(&mut out, summary, rules);
    charts::over_time(&mut out, hits, rules);
    charts::tactics_and_hosts(&mut out, hits, rules);
    let found = data::found(summary, rules);
    rule_table(&mut out, &found);
    detections::table(&mut out, detected, rules);
    match_table(&mut out, summary, hits);
    idle_table(&mut out, rules, idle);
    damage(&mut out, summary);
    out.push_str("</main>\n");
    let _ = writeln!(
        out,
        "<script type=\"application/json\" id=\"data\">{}</script>",
        data::json(&found, rules, hits)
    );
    let _ = write!(out, "<script>{SCRIPT}</script>\n</body>\n</html>\n");
    out
}

fn head(out: &mut String, summary: &Summary, made: Option<Timestamp>) {
    let when = made.map_or(String::new(), |time| {
        let time = time.to_string();
        format!(" Made {} UTC.", time.get(..16).unwrap_or(&time).replace('T', " "))
    });
    let _ = write!(
        out,
        "<h1>What was found</h1>\n<p class=\"lead\">{} matches of {} rules in {} records of {} logs.{when} \
         All times are UTC.</p>\n",
        grouped(summary.hits),
        grouped(summary.rules.len() as u64),
        grouped(summary.records()),
        grouped(summary.logs()),
    );
}

fn rule_table(out: &mut String, found: &[data::Found<'_>]) {
    out.push_str("<h2>Rules</h2>\n<div class=\"scroll tall\"><table>\n<thead><tr>");
    for (at, title) in ["Level", "Events", "Rule", "First", "Last", "Hosts", "Users"].into_iter().enumerate()
    {
        let _ = write!(out, "<th data-column=\"{at}\"><button>{title}</button></th>");
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for (at, data::Found { rule, count, .. }) in found.iter().enumerate() {
        let name = rule.level_name();
        let tags: Vec<String> = rule.tags.iter().map(|tag| escaped(tag)).collect();
        let _ = writeln!(
            out,
            "<tr class=\"row\" data-rule=\"{at}\"><td data-sort=\"{}\"><span class=\"badge {name}\">{name}</span></td>\
             <td class=\"number\" data-sort=\"{}\">{}</td><td class=\"rule\">{}<small>{}</small></td>\
             <td class=\"time\">{}</td><td class=\"time\">{}</td><td class=\"name\">{}</td><td class=\"name\">{}</td></tr>",
            rule.rank(),
            count.events,
            grouped(count.events),
            escaped(&rule.title),
            tags.join(" · "),
            moment(count.first),
            moment(count.last),
            names(&count.hosts),
            names(&count.users),
        );
    }
    out.push_str("</tbody></table></div>\n");
}

/// The frame of the list of matches; its rows are the script's.
fn match_table(out: &mut String, summary: &Summary, hits: &[Hit<'_>]) {
    out.push_str("<h2 id=\"matches\">Matches</h2>\n");
    let shown = hits.len().min(ROWS_MAX) as u64;
    if shown < summary.hits - summary.detected {
        let _ = writeln!(
            out,
            "<p>The {} severest of {}; <code>--format ndjson</code> has all.</p>",
            grouped(shown),
            grouped(summary.hits - summary.detected)
        );
    }
    out.push_str(
        "<noscript><p>The list of matches needs JavaScript, which this page brings along.</p></noscript>\n",
    );
    out.push_str(
        "<div class=\"scripted\" hidden><div class=\"tools\"><input id=\"search\" type=\"search\" \
         placeholder=\"Search rules, hosts, users, logs, tags, events\" aria-label=\"Search\">\n",
    );
    for name in ["critical", "high", "medium", "low", "informational"] {
        let _ = writeln!(out, "<button class=\"chip {name}\" data-level=\"{name}\">{name}</button>");
    }
    out.push_str(
        "<button class=\"chip\" id=\"clear\" hidden></button><span class=\"count\" id=\"count\" role=\"status\"></span></div>\n\
         <div class=\"scroll\"><table>\n<thead><tr>",
    );
    for (key, title) in [
        ("time", "Time"),
        ("level", "Level"),
        ("rule", "Rule"),
        ("host", "Host"),
        ("user", "User"),
        ("log", "Log"),
        ("record", "Record"),
    ] {
        let _ = write!(out, "<th data-key=\"{key}\"><button>{title}</button></th>");
    }
    out.push_str("</tr></thead>\n<tbody id=\"rows\"></tbody></table></div>\n");
    out.push_str("<button class=\"chip more\" id=\"more\">Show more</button></div>\n");
}

/// Rules that read records and were blind all the same. Those that had nothing to read are only counted: in most
/// hunts they are most rules.
fn idle_table(out: &mut String, rules: &[RuleInfo], idle: &[Idle]) {
    let (blind, unread): (Vec<_>, Vec<_>) =
        idle.iter().partition(|idle| matches!(idle.cause, Cause::NoFields { .. }));
    if idle.is_empty() {
        return;
    }
    out.push_str("<h2>Rules that could not match</h2>\n");
    if !unread.is_empty() {
        let _ = writeln!(
            out,
            "<p>{} rules read log sources that these logs hold no records of.</p>",
            grouped(unread.len() as u64)
        );
    }
    if blind.is_empty() {
        return;
    }
    let _ = write!(
        out,
        "<details><summary>{} rules need a field that no record had</summary>\n<div class=\"scroll\"><table>\n<thead><tr><th>Level</th><th>Rule</th><th>Why</th></tr></thead>\n<tbody>\n",
        grouped(blind.len() as u64)
    );
    for idle in blind {
        let Some(rule) = rules.get(idle.rule) else { continue };
        let name = rule.level_name();
        let _ = writeln!(
            out,
            "<tr><td><span class=\"badge {name}\">{name}</span></td><td>{}</td><td>{}</td></tr>",
            escaped(&rule.title),
            escaped(&idle.reason)
        );
    }
    out.push_str("</tbody></table></div>\n</details>\n");
}

fn damage(out: &mut String, summary: &Summary) {
    if summary.damaged + summary.unknowns == 0 {
        return;
    }
    out.push_str("<h2>Not read</h2>\n<ul>\n");
    for damage in summary.damage.iter().chain(&summary.unknown) {
        let offset = damage.offset.map_or(String::new(), |offset| format!(" at byte {offset}"));
        let _ = writeln!(out, "<li>{}{offset}: {}</li>", escaped(&damage.path), escaped(&damage.why));
    }
    out.push_str("</ul>\n");
}
