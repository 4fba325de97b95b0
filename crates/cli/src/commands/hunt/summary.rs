//! What people read: the tables on standard output, the sum on standard error.

use std::collections::BTreeMap;

use sigyn_event::Timestamp;
use sigyn_hunt::{Cause, Detected, Hit, Idle, RuleInfo, Summary};
use sigyn_ir::Level;
use sigyn_runtime::Correlated;

use super::Loaded;
use crate::args::Diagnostics;
use crate::findings;
use crate::grid::{Cell, Column, Fit, Grid, Line, MINUTE};
use crate::screen::{Screen, Tint, counted, grouped};

/// Damaged places and logs that are named without `--verbose`.
const NAMED_MAX: usize = 5;
/// Detections of correlations that the table lists.
const DETECTED_MAX: usize = 50;
/// Fields that the line on blind rules names.
const FIELDS_SHOWN: usize = 4;

/// Counts by rule, severest first.
pub(crate) fn counts(summary: &Summary, rules: &[RuleInfo], screen: Screen, fit: Fit) -> String {
    let mut found: Vec<_> =
        summary.rules.iter().filter_map(|(at, count)| Some((rules.get(*at)?, count))).collect();
    found.sort_by_key(|(rule, count)| (rule.rank(), std::cmp::Reverse(count.events)));
    let mut grid = Grid::new(&[
        Column { title: "LEVEL", least: None, line: Line::First },
        Column { title: "EVENTS", least: None, line: Line::First },
        Column { title: "RULE", least: Some(32), line: Line::First },
        Column { title: "FIRST", least: Some(MINUTE), line: Line::Second },
        Column { title: "LAST", least: Some(MINUTE), line: Line::Second },
        Column { title: "HOSTS", least: Some(14), line: Line::Second },
        Column { title: "USERS", least: Some(14), line: Line::Second },
    ]);
    for (rule, count) in found {
        grid.row([
            level(rule),
            Cell::Number(grouped(count.events)),
            Cell::Text(shown(&rule.title)),
            moment(count.first),
            moment(count.last),
            Cell::Names(count.hosts.iter().map(|name| shown(name)).collect()),
            Cell::Names(count.users.iter().map(|name| shown(name)).collect()),
        ]);
    }
    grid.render(screen, fit)
}

/// Detections of correlations, severest first, the oldest of equals first; nothing if there is none.
pub(crate) fn correlated(detected: &[Detected], rules: &[RuleInfo], screen: Screen, fit: Fit) -> String {
    if detected.is_empty() {
        return String::new();
    }
    let mut shown: Vec<&Detected> = detected.iter().collect();
    shown.sort_by_key(|one| (rules.get(one.rule).map_or(usize::MAX, RuleInfo::rank), one.time));
    let mut grid = Grid::new(&[
        Column { title: "LEVEL", least: None, line: Line::First },
        Column { title: "COUNT", least: None, line: Line::First },
        Column { title: "CORRELATION", least: Some(32), line: Line::First },
        Column { title: "FIRST", least: Some(MINUTE), line: Line::Second },
        Column { title: "LAST", least: Some(MINUTE), line: Line::Second },
        Column { title: "GROUP", least: Some(20), line: Line::Second },
    ]);
    for one in shown.iter().take(DETECTED_MAX) {
        let Some(rule) = rules.get(one.rule) else { continue };
        grid.row([
            level(rule),
            Cell::Number(grouped(one.total)),
            Cell::Text(shown_title(rule)),
            moment(Some(one.first)),
            moment(Some(one.last)),
            Cell::Text(self::shown(&one.group_text())),
        ]);
    }
    let mut out = grid.render(screen, fit);
    if shown.len() > DETECTED_MAX {
        let rest = grouped((shown.len() - DETECTED_MAX) as u64);
        out.push_str(&format!("and {rest} more; --timeline, --html and --format ndjson have all\n"));
    }
    format!("\n{out}")
}

fn shown_title(rule: &RuleInfo) -> String {
    shown(&rule.title)
}

/// Every match in order of time, detections of correlations among them.
pub(crate) fn timeline(
    hits: &mut [Hit<'_>],
    detected: &[Detected],
    rules: &[RuleInfo],
    screen: Screen,
    fit: Fit,
) -> String {
    hits.sort_by_key(|hit| hit.time);
    let mut detected = detected.iter().peekable();
    let mut grid = Grid::new(&[
        Column { title: "TIME", least: None, line: Line::First },
        Column { title: "LEVEL", least: None, line: Line::First },
        Column { title: "RULE", least: Some(32), line: Line::First },
        Column { title: "HOST", least: Some(12), line: Line::Second },
        Column { title: "USER", least: Some(12), line: Line::Second },
        Column { title: "LOG", least: Some(20), line: Line::Second },
        Column { title: "RECORD", least: None, line: Line::Second },
    ]);
    for hit in hits.iter() {
        // A detection stands behind the events of its time.
        while let Some(one) = detected.next_if(|one| hit.time.is_some_and(|time| one.time < time)) {
            detected_row(&mut grid, one, rules);
        }
        let Some(rule) = rules.get(hit.rule) else { continue };
        let name = |name: Option<&str>| Cell::Word(shown(name.unwrap_or("")), Tint::None);
        grid.row([
            moment(hit.time),
            level(rule),
            Cell::Text(shown(&rule.title)),
            name(hit.host.as_deref()),
            name(hit.user.as_deref()),
            Cell::Path(shown(&hit.member.path)),
            Cell::Number(grouped(hit.record)),
        ]);
    }
    detected.for_each(|one| detected_row(&mut grid, one, rules));
    grid.render(screen, fit)
}

/// A detection in a timeline: its group stands where events have their host.
fn detected_row(grid: &mut Grid, one: &Detected, rules: &[RuleInfo]) {
    let Some(rule) = rules.get(one.rule) else { return };
    grid.row([
        moment(Some(one.time)),
        level(rule),
        Cell::Text(shown(&rule.title)),
        Cell::Word(shown(&one.group_text()), Tint::None),
        Cell::Word(String::new(), Tint::None),
        Cell::Path(format!("{} together", counted(one.total, "event"))),
        Cell::Number(String::new()),
    ]);
}

/// A rule's level as tables show it.
pub(crate) fn level(rule: &RuleInfo) -> Cell {
    level_cell(rule.level)
}

/// A level as tables show it.
pub(crate) fn level_cell(level: Option<Level>) -> Cell {
    let name = level.map_or("none", Level::as_str);
    let (word, tint) = match level {
        Some(Level::Critical) => (name, Tint::Critical),
        Some(Level::High) => (name, Tint::High),
        Some(Level::Medium) => (name, Tint::Medium),
        Some(Level::Low) => (name, Tint::Low),
        // Twice as wide as the others when spelled out.
        Some(Level::Informational) => ("info", Tint::Dim),
        None => (name, Tint::Dim),
    };
    Cell::Word(word.to_owned(), tint)
}

/// What was read and found, what was not, and which rules could not find anything.
pub(crate) fn sum_up(summary: &Summary, loaded: &Loaded, idle: &[Idle], is_verbose: bool, is_stopped: bool) {
    let say = |line: &str| findings::say(Diagnostics::Text, line);
    if is_stopped {
        say("Stopped. This is what was found so far.");
    }
    let shapes: Vec<String> =
        summary.shapes.iter().map(|(name, reads)| format!("{} {name}", grouped(reads.logs))).collect();
    let logs = if shapes.is_empty() { String::new() } else { format!(" ({})", shapes.join(", ")) };
    say(&format!(
        "{} of {} matched {} in {} of {}{logs}",
        grouped(summary.rules.len() as u64),
        counted(loaded.program.rule_count() as u64, "rule"),
        counted(summary.hits, "time"),
        counted(summary.records(), "record"),
        counted(summary.logs(), "log"),
    ));
    if summary.damaged > 0 {
        let places = counted(summary.damaged, "damaged place");
        say(&format!("Skipped {places}; everything else was read:"));
        list(&summary.damage, summary.damaged, is_verbose, &say);
    }
    if summary.unknowns > 0 {
        say(&format!("Not read, because of no known shape: {}", counted(summary.unknowns, "file")));
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
            "Without a known log source: {}; no rule was tried on them",
            counted(summary.unclassified(), "record")
        ));
    }
    idle_rules(idle, loaded, is_verbose, &say);
    if !loaded.refused.is_empty() {
        say(&format!("Refused: {}", counted(loaded.refused.len() as u64, "rule or file")));
        for reason in findings::reasons(loaded.refused.iter().map(|found| &found.diagnostic)) {
            say(&format!("  {reason}"));
        }
    }
}

/// What correlations could not take in.
pub(crate) fn say_correlated(correlated: &Correlated, rules: &[RuleInfo]) {
    for rule in &correlated.degraded {
        let title = rules.get(rule.0 as usize).map_or(String::new(), shown_title);
        let line =
            format!("{title}: held more groups than fit and forgot the oldest; it may have missed something");
        findings::say(Diagnostics::Text, &line);
    }
    if correlated.untimed > 0 {
        let events = counted(correlated.untimed, "match");
        let line = format!(
            "Left out of correlations: {events} without a time, in logs in which nothing has one before"
        );
        findings::say(Diagnostics::Text, &line);
    }
    if correlated.copies > 0 {
        let events = counted(correlated.copies, "match");
        let line = format!("Left out of correlations: {events} on records that stand in several files");
        findings::say(Diagnostics::Text, &line);
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
        let count = counted(count as u64, "rule");
        say(&format!("{count} could not match: these logs hold no events of the log source{known}"));
        if is_verbose {
            unread.for_each(|idle| say(&format!("  {}: {}", title(idle), idle.reason)));
        }
    }
    let blind: Vec<&Idle> = of(|cause| matches!(cause, Cause::NoFields { .. })).collect();
    if blind.is_empty() {
        return;
    }
    let fields = most_wanted(&blind);
    let count = counted(blind.len() as u64, "rule");
    say(&format!("{count} could not match: no event has a field that is needed ({fields})"));
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
        say(&format!(
            "  and {} more{}",
            grouped(rest),
            if is_verbose { "" } else { " (--verbose names them)" }
        ));
    }
}

fn moment(time: Option<Timestamp>) -> Cell {
    Cell::Time(time.map(second).unwrap_or_default())
}

/// A time to the second: fractions make rows wide and are in every other form.
pub(crate) fn second(time: Timestamp) -> String {
    let text = time.to_string();
    text.get(..19).map_or(text.clone(), |text| text.replace('T', " "))
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
