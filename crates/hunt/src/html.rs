//! The report as one page: no scripts, no requests, everything that came from a log escaped.

use std::collections::BTreeMap;
use std::fmt::Write;

use sigyn_event::Timestamp;

use crate::found::Hit;
use crate::idle::{Cause, Idle};
use crate::rules::RuleInfo;
use crate::summary::Summary;

/// Matches that the page lists; the counts above the list are of all.
pub const ROWS_MAX: usize = 5_000;
const STYLE: &str = include_str!("../data/report.css");
/// Bars of the chart over time.
const BINS: usize = 60;
const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// The page.
pub fn page(
    summary: &Summary,
    rules: &[RuleInfo],
    hits: &[Hit<'_>],
    idle: &[Idle],
    made: Option<Timestamp>,
) -> String {
    let mut out = String::with_capacity(64 * 1024 + hits.len() * 400);
    out.push_str("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    out.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    out.push_str("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n");
    let _ = write!(
        out,
        "<title>Sigyn: {} matches</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n",
        summary.hits
    );
    head(&mut out, summary, made);
    levels(&mut out, summary, rules);
    over_time(&mut out, hits, rules);
    rule_table(&mut out, summary, rules);
    match_table(&mut out, summary, rules, hits);
    idle_table(&mut out, rules, idle);
    damage(&mut out, summary);
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

fn head(out: &mut String, summary: &Summary, made: Option<Timestamp>) {
    let when = made.map_or(String::new(), |time| format!(" Made {time}."));
    let _ = write!(
        out,
        "<h1>What was found</h1>\n<p class=\"lead\">{} matches of {} rules in {} records of {} logs.{when}</p>\n",
        grouped(summary.hits),
        grouped(summary.rules.len() as u64),
        grouped(summary.records()),
        grouped(summary.logs()),
    );
}

fn levels(out: &mut String, summary: &Summary, rules: &[RuleInfo]) {
    let mut counts: BTreeMap<usize, (&str, u64, u64)> = BTreeMap::new();
    for (at, count) in &summary.rules {
        let Some(rule) = rules.get(*at) else { continue };
        let entry = counts.entry(rule.rank()).or_insert((rule.level_name(), 0, 0));
        entry.1 += count.events;
        entry.2 += 1;
    }
    out.push_str("<section class=\"tiles\">\n");
    for (name, events, rules) in counts.values() {
        let word = if *rules == 1 { "rule" } else { "rules" };
        let _ = writeln!(
            out,
            "<div class=\"tile {name}\"><b>{}</b><span>{name}</span><small>{rules} {word}</small></div>",
            grouped(*events)
        );
    }
    out.push_str("</section>\n");
}

/// Matches over time, stacked by level.
fn over_time(out: &mut String, hits: &[Hit<'_>], rules: &[RuleInfo]) {
    let times = hits.iter().filter_map(|hit| hit.time);
    let (Some(first), Some(last)) = (times.clone().min(), times.max()) else { return };
    let span = last.0.saturating_sub(first.0).max(NANOS_PER_SECOND);
    let mut bins: Vec<BTreeMap<usize, (&str, u32)>> = vec![BTreeMap::new(); BINS];
    for hit in hits {
        let (Some(time), Some(rule)) = (hit.time, rules.get(hit.rule)) else { continue };
        let share = i128::from(time.0 - first.0) * BINS as i128 / (i128::from(span) + 1);
        let bin = usize::try_from(share).unwrap_or(0).min(BINS - 1);
        bins[bin].entry(rule.rank()).or_insert((rule.level_name(), 0)).1 += 1;
    }
    let top =
        bins.iter().map(|bin| bin.values().map(|(_, count)| count).sum::<u32>()).max().unwrap_or(1).max(1);
    out.push_str("<h2>Over time</h2>\n<svg class=\"chart\" viewBox=\"0 0 600 120\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"Matches over time\">\n");
    for (at, bin) in bins.iter().enumerate() {
        let mut y = 120.0;
        for (name, count) in bin.values() {
            // Even a single match can be seen.
            let height = (f64::from(*count) * 116.0 / f64::from(top)).max(1.5);
            y -= height;
            let _ = writeln!(
                out,
                "<rect class=\"{name}\" x=\"{}\" y=\"{y:.1}\" width=\"8.6\" height=\"{height:.1}\"><title>{count} {name}</title></rect>",
                at * 10
            );
        }
    }
    let _ = write!(out, "</svg>\n<p class=\"axis\"><span>{first}</span><span>{last}</span></p>\n");
}

fn rule_table(out: &mut String, summary: &Summary, rules: &[RuleInfo]) {
    let mut found: Vec<_> =
        summary.rules.iter().filter_map(|(at, count)| Some((rules.get(*at)?, count))).collect();
    found.sort_by_key(|(rule, count)| (rule.rank(), std::cmp::Reverse(count.events)));
    let top = found.iter().map(|(_, count)| count.events).max().unwrap_or(1).max(1);
    out.push_str("<h2>Rules</h2>\n<div class=\"scroll\"><table>\n<thead><tr><th>Level</th><th class=\"number\">Events</th><th></th><th>Rule</th><th>First</th><th>Last</th><th>Hosts</th><th>Users</th></tr></thead>\n<tbody>\n");
    for (rule, count) in found {
        let width = (count.events * 60 / top).max(2);
        let name = rule.level_name();
        let tags: Vec<String> = rule.tags.iter().map(|tag| escaped(tag)).collect();
        let _ = writeln!(
            out,
            "<tr><td><span class=\"badge {name}\">{name}</span></td><td class=\"number\">{}</td><td><svg width=\"60\" height=\"8\" aria-hidden=\"true\"><rect class=\"{name}\" width=\"{width}\" height=\"8\" rx=\"2\"/></svg></td><td>{}<small>{}</small></td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
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

fn match_table(out: &mut String, summary: &Summary, rules: &[RuleInfo], hits: &[Hit<'_>]) {
    let mut shown: Vec<&Hit<'_>> = hits.iter().collect();
    // When there are too many, the severest stay.
    if shown.len() > ROWS_MAX {
        shown.sort_by_key(|hit| rules.get(hit.rule).map_or(usize::MAX, RuleInfo::rank));
        shown.truncate(ROWS_MAX);
    }
    shown.sort_by_key(|hit| hit.time);
    out.push_str("<h2>Matches</h2>\n");
    if (shown.len() as u64) < summary.hits {
        let _ = writeln!(
            out,
            "<p>The {} severest of {}; <code>--format ndjson</code> has all.</p>",
            grouped(shown.len() as u64),
            grouped(summary.hits)
        );
    }
    out.push_str("<div class=\"scroll\"><table>\n<thead><tr><th>Time</th><th>Level</th><th>Rule</th><th>Host</th><th>User</th><th>Log</th><th class=\"number\">Record</th></tr></thead>\n<tbody>\n");
    for hit in shown {
        let Some(rule) = rules.get(hit.rule) else { continue };
        let name = rule.level_name();
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td><span class=\"badge {name}\">{name}</span></td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td class=\"number\">{}</td></tr>",
            moment(hit.time),
            escaped(&rule.title),
            escaped(hit.host.as_deref().unwrap_or("")),
            escaped(hit.user.as_deref().unwrap_or("")),
            escaped(&hit.member.path),
            hit.record,
        );
        if let Some(event) = &hit.event {
            let _ = writeln!(
                out,
                "<tr class=\"event\"><td colspan=\"7\"><details><summary>event</summary><pre>{}</pre></details></td></tr>",
                escaped(event)
            );
        }
    }
    out.push_str("</tbody></table></div>\n");
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

fn moment(time: Option<Timestamp>) -> String {
    time.map_or(String::new(), |time| time.to_string().replace('T', " "))
}

fn names(names: &std::collections::BTreeSet<String>) -> String {
    let shown: Vec<String> = names.iter().take(3).map(|name| escaped(name)).collect();
    let more = names.len().saturating_sub(3);
    if more > 0 { format!("{} and {more} more", shown.join(", ")) } else { shown.join(", ") }
}

/// Thousands apart.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Marks that turn the direction of text would let a log forge what the page says.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => out.push('\u{fffd}'),
            c if c.is_control() && c != '\n' && c != '\t' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_from_a_log_is_text() {
        assert_eq!(
            escaped("<script>alert('x')&\"\u{202e}\u{1b}"),
            "&lt;script&gt;alert(&#39;x&#39;)&amp;&quot;\u{fffd}\u{fffd}"
        );
        assert_eq!([grouped(0), grouped(999), grouped(1_234_567)], ["0", "999", "1,234,567"]);
    }
}
