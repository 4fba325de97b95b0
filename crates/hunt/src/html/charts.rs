//! The charts of the page: levels, matches over time, tactics, hosts.

use std::collections::BTreeMap;
use std::fmt::Write;

use sigyn_attack::TACTICS;
use sigyn_event::Timestamp;

use super::text::{escaped, grouped, moment};
use crate::found::Hit;
use crate::rules::RuleInfo;
use crate::summary::Summary;

/// Bars of the chart over time.
const BINS: usize = 80;
/// Height of that chart in its own units, and what a single match takes of it at least.
const HEIGHT: f64 = 120.0;
const HEIGHT_MIN: f64 = 1.5;
/// Hosts that are named.
const HOSTS_MAX: usize = 10;
const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// A tile for each level.
pub(super) fn levels(out: &mut String, summary: &Summary, rules: &[RuleInfo]) {
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
            "<button class=\"tile {name}\" data-level=\"{name}\"><b>{}</b>{name}<small>{} {word}</small></button>",
            grouped(*events),
            grouped(*rules)
        );
    }
    out.push_str("</section>\n");
}

/// Matches over time, stacked by level.
pub(super) fn over_time(out: &mut String, hits: &[Hit<'_>], rules: &[RuleInfo]) {
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
    let _ = write!(
        out,
        "<h2>Over time</h2>\n<div class=\"card\"><h3>matches per bar, {} at most</h3>\n\
         <svg class=\"chart\" viewBox=\"0 0 {} {HEIGHT}\" preserveAspectRatio=\"none\" role=\"img\" \
         aria-label=\"Matches over time\">\n",
        grouped(u64::from(top)),
        BINS * 10
    );
    for y in [HEIGHT / 4.0, HEIGHT / 2.0, HEIGHT * 0.75, HEIGHT] {
        let _ = write!(out, "<line x1=\"0\" x2=\"{}\" y1=\"{y}\" y2=\"{y}\"/>", BINS * 10);
    }
    let edge = |at: usize| {
        let offset = i128::from(span + 1) * at as i128 / BINS as i128;
        Timestamp(first.0.saturating_add(i64::try_from(offset).unwrap_or(i64::MAX)))
    };
    for (at, bin) in bins.iter().enumerate().filter(|(_, bin)| !bin.is_empty()) {
        slot(out, at, bin, f64::from(top), [edge(at), edge(at + 1)]);
    }
    let middle = Timestamp(first.0 + span / 2);
    let _ = write!(
        out,
        "</svg>\n<p class=\"axis\"><span>{}</span><span>{}</span><span>{}</span></p></div>\n",
        moment(Some(first)),
        moment(Some(middle)),
        moment(Some(last))
    );
}

/// One bar, its levels on top of each other, the severest at the bottom.
fn slot(
    out: &mut String,
    at: usize,
    bin: &BTreeMap<usize, (&str, u32)>,
    top: f64,
    [from, to]: [Timestamp; 2],
) {
    let words: Vec<String> = bin.values().map(|(name, count)| format!("{count} {name}")).collect();
    let bound = |time: Timestamp| time.to_string().trim_end_matches('Z').to_owned();
    let _ = write!(
        out,
        "<g data-from=\"{}\" data-to=\"{}\"><title>{} to {}: {}</title><rect class=\"slot\" x=\"{}\" y=\"0\" \
         width=\"10\" height=\"{HEIGHT}\"/>",
        bound(from),
        bound(to),
        moment(Some(from)),
        moment(Some(to)),
        words.join(", "),
        at * 10
    );
    let mut y = HEIGHT;
    for (name, count) in bin.values() {
        let height = (f64::from(*count) * (HEIGHT - 4.0) / top).max(HEIGHT_MIN);
        y -= height;
        let _ = write!(
            out,
            "<rect class=\"{name}\" x=\"{}\" y=\"{y:.1}\" width=\"8\" height=\"{height:.1}\"/>",
            at * 10 + 1
        );
    }
    out.push_str("</g>\n");
}

/// Which tactics the rules tell of, and where most was found.
pub(super) fn tactics_and_hosts(out: &mut String, hits: &[Hit<'_>], rules: &[RuleInfo]) {
    let mut tactics: BTreeMap<usize, u64> = BTreeMap::new();
    let mut hosts: BTreeMap<&str, u64> = BTreeMap::new();
    for hit in hits {
        let Some(rule) = rules.get(hit.rule) else { continue };
        let mut of_rule: Vec<usize> = rule.tags.iter().filter_map(|tag| tactic(tag)).collect();
        of_rule.sort_unstable();
        of_rule.dedup();
        of_rule.into_iter().for_each(|tactic| *tactics.entry(tactic).or_default() += 1);
        if let Some(host) = hit.host.as_deref() {
            *hosts.entry(host).or_default() += 1;
        }
    }
    let mut hosts: Vec<(&str, u64)> = hosts.into_iter().collect();
    hosts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    hosts.truncate(HOSTS_MAX);
    let tactics: Vec<(String, u64)> =
        tactics.into_iter().map(|(at, count)| (TACTICS[at].replace('-', " "), count)).collect();
    out.push_str("<div class=\"pair\">\n");
    bars(out, "tactics of ATT&CK", tactics.iter().map(|(name, count)| (name.as_str(), *count)));
    bars(out, "hosts with most matches", hosts.into_iter());
    out.push_str("</div>\n");
}

fn bars<'a>(out: &mut String, title: &str, counts: impl Iterator<Item = (&'a str, u64)> + Clone) {
    let Some(top) = counts.clone().map(|(_, count)| count).max() else { return };
    let _ = write!(out, "<div class=\"card\"><h3>{}</h3><div class=\"bars\">", escaped(title));
    for (name, count) in counts {
        let share = (count * 100).div_ceil(top.max(1));
        let name = escaped(name);
        let _ = write!(
            out,
            "<span title=\"{name}\">{name}</span><div><div class=\"bar plain\" style=\"width:{share}%\"></div></div>\
             <span class=\"number\">{}</span>",
            grouped(count)
        );
    }
    out.push_str("</div></div>\n");
}

/// The tactic that a tag names.
fn tactic(tag: &str) -> Option<usize> {
    let name = tag.strip_prefix("attack.")?.replace('_', "-");
    TACTICS.iter().position(|tactic| *tactic == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tactics_are_told_from_other_tags() {
        let check = |tag: &str, expect: Option<&str>| assert_eq!(tactic(tag).map(|at| TACTICS[at]), expect);
        check("attack.credential_access", Some("credential-access"));
        check("attack.credential-access", Some("credential-access"));
        check("attack.t1059", None);
        check("cve.2024-1", None);
    }
}
