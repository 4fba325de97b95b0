//! `sigyn explain`: why a rule matches an event, or does not; why a correlation fired, or how far it came.

mod courses;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use sigyn_diagnostics::{Diagnostic, codes};
use sigyn_engine::{Explanation, Step};
use sigyn_ir::RuleItem;
use sigyn_readers::{Decoder, Reader, Step as Read};

use super::hunt::{Loaded, RuleFiles, Selection, SelectionArgs, now};
use crate::args::{Diagnostics, Pipelines};
use crate::findings::{self, Found};
use crate::{Exit, input, output};

/// Say why a rule matches an event, or a correlation fires, or does not
///
/// LOGS are of any shape that `sigyn hunt` reads. Of a rule on single events each part of the condition is shown with the
/// values that it looked at in one record; an arrow marks the parts that decide.
///
/// Of correlations and chains, over all records: what fired, level by level with its groups and windows, down to the
/// records; in the groups in which it did not fire, the window that came nearest; and what the rules below brought. Exit
/// code 1 means that a rule matches.
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The rule: a file, or a folder of them
    #[arg(value_name = "RULE")]
    rule: PathBuf,
    /// The event: a log; `-` reads standard input. Of correlations: logs and folders
    #[arg(required = true, value_name = "LOGS")]
    logs: Vec<PathBuf>,
    /// Which record of the log, counted from 1 over all of it; 1 if nothing correlates. Only rules on single events are
    /// explained then
    #[arg(long, value_name = "NUMBER")]
    record: Option<u64>,
    /// Which rule, by id, name or title; without it those that no other reads
    #[arg(long, value_name = "RULE")]
    only: Option<String>,
    /// How it is printed
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORM")]
    format: Format,
    #[command(flatten)]
    pipelines: Pipelines,
    /// A field of the rules is called otherwise in this log; may be repeated
    #[arg(long, value_name = "FIELD=NAME")]
    field_map: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// An indented tree.
    Text,
    /// One JSON object per rule and line.
    Ndjson,
}

/// Runs the command.
pub(crate) fn run(args: &Explain) -> Exit {
    explain(args).unwrap_or_else(|found| {
        findings::print(&found, Diagnostics::Text);
        Exit::BadInput
    })
}

fn explain(args: &Explain) -> Result<Exit, Vec<Found>> {
    let selection = SelectionArgs { field_map: args.field_map.clone(), ..SelectionArgs::of(&args.pipelines) };
    let files = RuleFiles { rules: vec![args.rule.clone()], file_pattern: "*.yml".to_owned() };
    let selection = Selection::new(&selection)?;
    let loaded = selection.load(&files)?;
    findings::print(&loaded.refused, Diagnostics::Text);
    let set = &loaded.program.set;
    let is_above = match &args.only {
        Some(only) => is_above_events(set.items.get(courses::named(set, only)?)),
        None => set.items.iter().any(|item| is_above_events(Some(item))),
    };
    if is_above && args.record.is_none() {
        return courses::explain(args, &selection, &files);
    }
    let [event] = args.logs.as_slice() else {
        let message = "several logs are for correlations; of one log `--record` says which event".to_owned();
        return Err(vec![Found::of("", Diagnostic::error(&codes::input::BAD_ARGUMENT, message))]);
    };
    let name = input::name(event);
    let bytes = open(event).map_err(|error| {
        vec![Found::of(&name, Diagnostic::error(&codes::input::UNREADABLE, format!("`{name}`: {error}")))]
    })?;
    let mut explained = on_record(&loaded, &name, bytes, args.record.unwrap_or(1))?;
    if let Some(only) = &args.only {
        let rule = courses::named(&loaded.program.set, only)?;
        explained.retain(|(at, _)| *at == rule);
    }
    let is_match = explained.iter().any(|(_, explanation)| explanation.matches);
    let title = |at: &usize| loaded.infos.get(*at).map_or("", |info| info.title.as_str());
    let text: String =
        explained.iter().map(|(at, explanation)| render(args.format, title(at), explanation)).collect();
    output::write(Path::new("-"), text.as_bytes()).map_err(|error| {
        vec![Found::of("-", Diagnostic::error(&codes::input::UNWRITABLE, error.to_string()))]
    })?;
    Ok(if is_match { Exit::Findings } else { Exit::Clean })
}

/// Whether a rule reads what others found.
fn is_above_events(item: Option<&RuleItem>) -> bool {
    item.is_some_and(|item| matches!(item, RuleItem::Correlation(_)) || item.is_on_detections())
}

/// Every rule, by its place, on one record of a log; records are counted from 1.
pub(crate) fn on_record(
    loaded: &Loaded,
    name: &str,
    bytes: Box<dyn BufRead + Send>,
    number: u64,
) -> Result<Vec<(usize, Explanation)>, Vec<Found>> {
    let mut decoder = Decoder::new(now());
    let mut scratch = loaded.program.engine.scratch();
    let (mut before, mut explained) = (0, None);
    for step in Reader::new(name, bytes) {
        let Read::Batch(batch) = step else { continue };
        let outcome = decoder.decode(&batch, &mut |record, event| {
            if before + record + 1 < number {
                return true;
            }
            let class = loaded.program.engine.classify(event, &mut scratch);
            let rules = loaded.program.set.items.iter().enumerate().filter_map(|(at, item)| match item {
                RuleItem::Rule(rule) => Some((at, loaded.program.engine.explain(rule, event, class))),
                RuleItem::Correlation(_) => None,
            });
            explained = Some(rules.collect());
            false
        });
        if explained.is_some() {
            break;
        }
        before += outcome.records;
    }
    explained.ok_or_else(|| {
        let message = format!("`{name}` has no record {number}; it has {before}");
        vec![Found::of(name, Diagnostic::error(&codes::input::BAD_ARGUMENT, message))]
    })
}

fn open(path: &Path) -> std::io::Result<Box<dyn BufRead + Send>> {
    if input::is_stdin(path) {
        return Ok(Box::new(BufReader::new(std::io::stdin())));
    }
    Ok(Box::new(BufReader::new(std::fs::File::open(path)?)))
}

fn render(format: Format, title: &str, explanation: &Explanation) -> String {
    if format == Format::Ndjson {
        let conditions: Vec<Value> = explanation.conditions.iter().map(value).collect();
        let object = json!({
            "rule": title,
            "matches": explanation.matches,
            "is_tried": explanation.is_tried,
            "conditions": conditions,
        });
        return format!("{object}\n");
    }
    let lines = sigyn_verify::explained(title, explanation);
    lines.into_iter().map(|line| line + "\n").collect()
}

fn value(step: &Step) -> Value {
    let parts: Vec<Value> = step.parts.iter().map(value).collect();
    json!({ "label": step.label, "holds": step.holds, "decides": step.decides, "seen": step.seen, "parts": parts })
}
