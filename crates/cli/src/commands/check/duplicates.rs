//! `sigyn check --duplicates`: rules that repeat each other.

use std::collections::HashSet;
use std::path::Path;

use serde::Serialize;
use sigyn_convert::load_behind;
use sigyn_diagnostics::render::{Finding as Shown, github, junit, sarif};
use sigyn_diagnostics::{Diagnostic, Sources, codes};
use sigyn_ir::{BacktrackingRegex, Compat, LoadOptions, RuleItem, RuleSet};
use sigyn_lint::{Pair, Repeat, duplicates};

use super::run::bad;
use super::{Check, Format};
use crate::args::Diagnostics;
use crate::findings::{self, Found};
use crate::{Exit, output, setup};

/// Differing comparisons that are shown of a rule as text; JSON has all.
const SHOWN_MAX: usize = 6;

/// A pair for programs. A contract.
#[derive(Serialize)]
struct Line<'a> {
    kind: &'static str,
    /// Of near rules, which part of their comparisons they share.
    shared_percent: Option<usize>,
    first: Side<'a>,
    second: Side<'a>,
}

#[derive(Serialize)]
struct Side<'a> {
    file: &'a str,
    line: usize,
    id: Option<&'a str>,
    title: &'a str,
    /// What only this rule compares.
    only: &'a [String],
}

/// Prints the pairs. Those that are the same or contained count for the exit code; near ones are for people to judge.
pub(super) fn run(check: &Check) -> Result<Exit, Vec<Found>> {
    let (texts, unread) = setup::texts(&check.rules.input, &check.rules.file_pattern)?;
    let options =
        LoadOptions { backtracking_regex: BacktrackingRegex::Allow, ..LoadOptions::new(Compat::Spec) };
    let (sources, loaded) = load_behind(Sources::default(), texts, &options);
    let sources = std::sync::Arc::new(sources);
    let errors = loaded.diagnostics.into_iter().filter(Diagnostic::is_error);
    let found: Vec<Found> =
        unread.into_iter().chain(errors.map(|diagnostic| Found::within(&sources, diagnostic))).collect();
    findings::print(&found, Diagnostics::Text);
    let pairs = duplicates(&loaded.set);
    let lines: Vec<Line<'_>> = pairs.iter().filter_map(|pair| line(pair, &loaded.set, &sources)).collect();
    let told: Vec<Diagnostic> = pairs.iter().filter_map(|pair| pair.to_diagnostic(&loaded.set)).collect();
    let shown: Vec<Shown<'_>> =
        told.iter().map(|diagnostic| Shown { diagnostic, sources: &sources, origin: "" }).collect();
    let json = |line: &Line<'_>| serde_json::to_string(line).map_err(|error| vec![bad(error.to_string())]);
    let text = match check.more.format {
        Format::Json => {
            format!("[{}]\n", lines.iter().map(json).collect::<Result<Vec<_>, _>>()?.join(",\n "))
        }
        Format::Ndjson => {
            lines.iter().map(|line| Ok(json(line)? + "\n")).collect::<Result<String, Vec<Found>>>()?
        }
        Format::Text => lines.iter().map(Line::text).collect(),
        Format::Sarif => sarif::render(&shown),
        Format::Github => shown.iter().map(|one| github::render(*one) + "\n").collect(),
        Format::Junit => junit::render(&shown, &clean(&shown, &sources)),
    };
    if let Some(path) = &check.junitxml {
        let xml = junit::render(&shown, &clean(&shown, &sources));
        output::write(path, xml.as_bytes()).map_err(unwritable)?;
    }
    output::write(Path::new("-"), text.as_bytes()).map_err(unwritable)?;
    if check.more.format == Format::Text {
        let count = |kind: &str| lines.iter().filter(|line| line.kind == kind).count();
        let summary = format!(
            "{} rules: {} the same, {} contained, {} near",
            loaded.set.items.len(),
            count("same"),
            count("contained"),
            count("near")
        );
        findings::say(Diagnostics::Text, &summary);
    }
    let is_repeated = pairs.iter().any(|pair| matches!(pair.repeat, Repeat::Same | Repeat::Contained));
    let errors = !found.is_empty() && !check.pass_on_error;
    Ok(if errors || is_repeated && !check.pass_on_issues { Exit::Findings } else { Exit::Clean })
}

fn unwritable(error: std::io::Error) -> Vec<Found> {
    let message = format!("the output cannot be written: {error}");
    vec![Found::of("", Diagnostic::error(&codes::input::UNWRITABLE, message))]
}

/// The files with no rule that repeats another.
fn clean<'a>(shown: &[Shown<'_>], sources: &'a Sources) -> Vec<&'a str> {
    let with: HashSet<_> =
        shown.iter().filter_map(|one| one.diagnostic.span).map(|span| span.source).collect();
    sources.iter().filter(|(id, _)| !with.contains(id)).map(|(_, file)| file.name.as_str()).collect()
}

fn line<'a>(pair: &'a Pair, set: &'a RuleSet, sources: &'a Sources) -> Option<Line<'a>> {
    let (kind, shared_percent) = match pair.repeat {
        Repeat::Same => ("same", None),
        Repeat::Contained => ("contained", None),
        Repeat::Near(percent) => ("near", Some(percent)),
    };
    let side = |at: usize, only: &'a [String]| {
        let item: &RuleItem = set.items.get(at)?;
        let file = sources.get(item.span().source)?;
        let meta = item.meta();
        Some(Side {
            file: &file.name,
            line: file.line_column(item.span().start).line,
            id: meta.id.as_deref(),
            title: &meta.title,
            only,
        })
    };
    Some(Line {
        kind,
        shared_percent,
        first: side(pair.first, &pair.only_first)?,
        second: side(pair.second, &pair.only_second)?,
    })
}

impl Line<'_> {
    fn text(&self) -> String {
        let relation = match self.shared_percent {
            Some(percent) => format!("shares {percent} % of its comparisons with"),
            None if self.kind == "same" => "matches the same as".to_owned(),
            None => "matches nothing that is not matched by".to_owned(),
        };
        let mut out = format!("{}\n  {relation}\n{}\n", self.first.text(), self.second.text());
        for (which, side) in [("first", &self.first), ("second", &self.second)] {
            for only in side.only.iter().take(SHOWN_MAX) {
                out += &format!("    only the {which}: {only}\n");
            }
            if side.only.len() > SHOWN_MAX {
                out += &format!("    only the {which}: and {} more\n", side.only.len() - SHOWN_MAX);
            }
        }
        out + "\n"
    }
}

impl Side<'_> {
    fn text(&self) -> String {
        format!("{}:{}: {}", self.file, self.line, self.title)
    }
}
