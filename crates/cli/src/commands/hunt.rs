//! `sigyn hunt`: rules over logs.

mod evidence;
mod output;
mod rules;
mod run;
mod summary;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
pub(crate) use rules::{Chosen, Loaded, Selection, choice, log_source, log_sources, place};
pub(crate) use run::{inputs, not_stored, now, run, thread_count, watched};
pub(crate) use summary::{correlated, counts, level_cell, second, shown};

use crate::args::Pipelines;

/// Find what rules match in logs
///
/// LOGS are files, folders or `-`: EVTX, JSON of any common shape, CSV, web access logs, syslog, audit logs, plain or
/// packed. What a log is, is told by its content; nothing has to be configured. Exit code 1 means that something was
/// found.
#[derive(Debug, Args)]
pub(crate) struct Hunt {
    #[command(flatten)]
    pub(crate) rules: RuleFiles,
    /// Log files or folders; `-` reads standard input
    #[arg(required = true, value_name = "LOGS")]
    pub(crate) logs: Vec<PathBuf>,
    /// How results are printed: counts by rule as a table, or every match
    #[arg(long, value_enum, default_value_t = Format::Table, value_name = "FORM")]
    pub(crate) format: Format,
    /// As a table, print every match in order of time instead of counts
    #[arg(long)]
    pub(crate) timeline: bool,
    /// Below the table, show what each detection of a correlation rests on, down to records
    #[arg(long)]
    pub(crate) evidence: bool,
    /// Keep the table to one line per row and shorten nothing, however narrow the terminal is
    #[arg(long)]
    pub(crate) wide: bool,
    /// Also write a report as one HTML page that opens offline
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Also write what was read and which rules could not match, and why, as one JSON object
    #[arg(long, value_name = "FILE")]
    pub(crate) summary: Option<PathBuf>,
    /// Add the event to every match
    #[arg(long)]
    pub(crate) include_event: bool,
    /// Only events at or after this time (`2026-01-31` or `2026-01-31T12:00:00Z`)
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<String>,
    /// Only events before this time
    #[arg(long, value_name = "TIME")]
    pub(crate) to: Option<String>,
    #[command(flatten)]
    pub(crate) selection: SelectionArgs,
    /// Threads that match; as many as the machine has if left out
    #[arg(long, value_name = "NUMBER")]
    pub(crate) threads: Option<usize>,
    /// Say more: every refused rule, every damaged place, every rule that could not match
    #[arg(long)]
    pub(crate) verbose: bool,
}

/// Where rules come from.
#[derive(Debug, Args)]
pub(crate) struct RuleFiles {
    /// A rule file or a folder of them; may be repeated
    #[arg(short, long, required = true, value_name = "RULES")]
    pub(crate) rules: Vec<PathBuf>,
    /// Which files of a folder are read as rules
    #[arg(short = 'P', long, default_value = "*.yml", value_name = "PATTERN")]
    pub(crate) file_pattern: String,
}

/// Which rules.
#[derive(Debug, Default, Args)]
pub(crate) struct FilterArgs {
    /// Rules of this level and above
    #[arg(long, value_name = "LEVEL")]
    pub(crate) level: Option<String>,
    /// Rules of this status; may be repeated
    #[arg(long, value_name = "STATUS")]
    pub(crate) status: Vec<String>,
    /// Rules with this tag or one below it, e.g. `attack.t1059`; may be repeated
    #[arg(long, value_name = "TAG")]
    pub(crate) tag: Vec<String>,
    /// Rules for this log source, e.g. `product=windows,category=process_creation`; may be repeated
    #[arg(long, value_name = "KEY=VALUE,…")]
    pub(crate) logsource: Vec<String>,
}

/// Which rules, and under which names they find fields.
#[derive(Debug, Args)]
pub(crate) struct SelectionArgs {
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
    /// A field of the rules is called otherwise in these logs; may be repeated
    #[arg(long, value_name = "FIELD=NAME")]
    pub(crate) field_map: Vec<String>,
    #[command(flatten)]
    pub(crate) pipelines: Pipelines,
}

impl SelectionArgs {
    /// Every rule, through these pipelines.
    pub(crate) fn of(pipelines: &Pipelines) -> Self {
        Self { filter: FilterArgs::default(), field_map: Vec::new(), pipelines: pipelines.clone() }
    }
}

/// How results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Counts by level and rule.
    Table,
    /// One JSON array with every match.
    Json,
    /// One JSON object per match and line.
    Ndjson,
    /// Every match as a row under a header.
    Csv,
}
