//! What people read: the tables on standard output, the sum on standard error.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde_json::Value;
use sigyn_event::Timestamp;
use sigyn_hunt::{Cause, Hit, Idle, RuleInfo, Summary};

use super::Loaded;
use crate::args::Diagnostics;
use crate::findings;
use crate::table::{Form, Table, terminal_width};

/// Damaged places and logs that are named without `--verbose`.
const NAMED_MAX: usize = 5;
/// Fields that the line on blind rules names.
const FIELDS_SHOWN: usize = 4;
/// Hosts and users that a row names.
const NAMES_SHOWN: usize = 2;

/// Counts by rule, severest first.
pub(crate) fn counts(summary: &Summary, rules: &[RuleInfo]) -> String {
    let mut found: Vec<_> =
        summary.rules.iter().filter_map(|(at, count)| Some((rules.get(*at)?, count))).collect();
    found.sort_by_key(|(rule, count)| (rule.rank(), std::cmp::Reverse(count.events)));
    let mut table = Table::new(&["level", "events", "first", "last", "hosts", "users", "rule"]);
    for (rule, count) in found {
        table.row([
            Value::from(rule.level_name()),
            count.events.into(),
            moment(count.first).into(),
            moment(count.last).into(),
            names(&count.hosts).into(),
            names(&count.users).into(),
            shown(&rule.title).into(),
        ]);
    }
    table.render(Form::Table, terminal_width())
}

/// Every match in order of time.
pub(crate) fn timeline(hits: &mut [Hit<'_>], rules: &[RuleInfo]) -> String {
    hits.sort_by_key(|hit| hit.time);
    let mut table = Table::new(&["time", "level", "host", "user", "log", "record", "rule"]);
    for hit in hits.iter() {
        let Some(rule) = rules.get(hit.rule) else { continue };
        table.row([
            Value::from(moment(hit.time)),
            rule.level_name().into(),
            shown(hit.host.as_deref().unwrap_or("")).into(),
            shown(hit.user.as_deref().unwrap_or("")).into(),
            shown(&hit.member.path).into(),
            hit.record.into(),
            shown(&rule.title).into(),
        ]);
    }
    table.render(Form::Table, terminal_width())
}

/// What was read and found, what was not, and which rules could not find anything.
pub(crate) fn sum_up(summary: &Summary, loaded: &Loaded, idle: &[Idle], is_verbose: bool, is_stopped: bool) {
    let say = |line: &str| findings::say(Diagnostics::Text, line);
    if is_stopped {
        say("Stopped. This is what was found so far.");
    }
    let shapes: Vec<String> =
        summary.shapes.iter().map(|(name, reads)| format!("{} {name}", reads.logs)).collect();
    let logs = if shapes.is_empty() { String::new() } else { format!(" ({})", shapes.join(", ")) };
    say(&format!(
        "{} of {} rules matched {} times in {} records of {} logs{logs}",
        summary.rules.len(),
        loaded.engine.rule_count(),
        summary.hits,
        summary.records(),
        summary.logs(),
    ));
    if summary.damaged > 0 {
        say(&format!("{} damaged places were skipped, everything else was read:", summary.damaged));
        list(&summary.damage, summary.damaged, is_verbose, &say);
    }
    if summary.unknowns > 0 {
        say(&format!("{} files are of no known shape and were not read:", summary.unknowns));
        if is_verbose {
            list(&summary.unknown, summary.unknowns, is_verbose, &say);
        } else {
            let paths: Vec<String> =
                summary.unknown.iter().take(NAMED_MAX).map(|place| shown(&place.path)).collect();
            say(&format!(
                "  {}{}",
                paths.join(", "),
                if summary.unknowns > paths.len() as u64 { ", …" } else { "" }
            ));
            say("  (--verbose says what was tried)");
        }
    }
    if summary.unclassified() > 0 {
        say(&format!(
            "{} records are of no known log source; no rule was tried on them",
            summary.unclassified()
        ));
    }
    idle_rules(idle, loaded, is_verbose, &say);
    if loaded.correlations > 0 {
        say(&format!("{} correlations were left out: a hunt matches single events", loaded.correlations));
    }
    if !loaded.refused.is_empty() {
        say(&format!("{} rules or files were refused:", loaded.refused.len()));
        for reason in findings::reasons(loaded.refused.iter().map(|found| &found.diagnostic)) {
            say(&format!("  {reason}"));
        }
    }
}

/// Rules that could not match: no known log source, none of these logs is one, or no record has what they need.
fn idle_rules(idle: &[Idle], loaded: &Loaded, is_verbose: bool, say: &impl Fn(&str)) {
    let of = |fits: fn(&Cause) -> bool| idle.iter().filter(move |idle| fits(&idle.cause));
    let title = |idle: &Idle| shown(loaded.infos.get(idle.rule).map_or("", |info| &info.title));
    let unknown = of(|cause| matches!(cause, Cause::UnknownLogSource)).count();
    let unread = of(|cause| matches!(cause, Cause::UnknownLogSource | Cause::NoRecords));
    let count = unread.clone().count();
    if count > 0 {
        let known = if unknown > 0 {
            format!("; {unknown} of them read log sources that Sigyn does not know")
        } else {
            String::new()
        };
        say(&format!("{count} rules could not match: these logs hold no events of their log source{known}"));
        if is_verbose {
            unread.for_each(|idle| say(&format!("  {}: {}", title(idle), idle.reason)));
        }
    }
    let blind: Vec<&Idle> = of(|cause| matches!(cause, Cause::NoFields { .. })).collect();
    if blind.is_empty() {
        return;
    }
    let fields = most_wanted(&blind);
    say(&format!("{} rules could not match: no event has a field that they need ({fields})", blind.len()));
    if is_verbose {
        blind.iter().for_each(|idle| say(&format!("  {}: {}", title(idle), shown(&idle.reason))));
    }
}

/// The fields that most rules are in want of: `CommandLine for 12, Hashes for 3, …`.
fn most_wanted(blind: &[&Idle]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for idle in blind {
        if let Cause::NoFields { fields, .. } = &idle.cause {
            fields.iter().for_each(|field| *counts.entry(field).or_default() += 1);
        }
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let named = counts.iter().take(FIELDS_SHOWN);
    let mut text =
        named.map(|(name, count)| format!("{} for {count}", shown(name))).collect::<Vec<_>>().join(", ");
    if counts.len() > FIELDS_SHOWN {
        text.push_str(", …");
    }
    text
}

fn list(places: &[sigyn_hunt::Damage], all: u64, is_verbose: bool, say: &impl Fn(&str)) {
    let count = if is_verbose { places.len() } else { NAMED_MAX.min(places.len()) };
    for place in &places[..count] {
        let offset = place.offset.map_or(String::new(), |offset| format!(" at byte {offset}"));
        say(&format!("  {}{offset}: {}", shown(&place.path), shown(&place.why)));
    }
    let rest = all - count as u64;
    if rest > 0 {
        say(&format!("  and {rest} more{}", if is_verbose { "" } else { " (--verbose names them)" }));
    }
}

fn moment(time: Option<Timestamp>) -> String {
    // Fractions of a second make rows wide and are in every other form.
    let text = time.map_or(String::new(), |time| time.to_string());
    text.get(..19).map_or(text.clone(), |text| text.replace('T', " "))
}

fn names(names: &BTreeSet<String>) -> String {
    let first: Vec<String> = names.iter().take(NAMES_SHOWN).map(|name| shown(name)).collect();
    let mut text = first.join(", ");
    if names.len() > NAMES_SHOWN {
        // Writing to a string cannot fail.
        let _ = write!(text, " +{}", names.len() - NAMES_SHOWN);
    }
    text
}

/// Text from a log without what a terminal would obey.
pub(crate) fn shown(text: &str) -> String {
    let is_harmful =
        |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if is_harmful(c) { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn logs_do_not_speak_to_the_terminal() {
        assert_eq!(shown("a\u{1b}[31mb\n\u{202e}c"), "a\u{fffd}[31mb\u{fffd}\u{fffd}c");
    }
}
