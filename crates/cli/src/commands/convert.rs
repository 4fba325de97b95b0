//! `sigyn convert`: rules into the queries of a target.

mod report;
mod run;
mod written;

use std::path::PathBuf;

use clap::Args;
pub(crate) use run::run;

use crate::args::{Aim, Compat, Pipelines, Report, Rules};

/// The words of the command.
#[derive(Debug, Args)]
pub(crate) struct Convert {
    #[command(flatten)]
    pub(crate) rules: Rules,
    #[command(flatten)]
    pub(crate) aim: Aim,
    #[command(flatten)]
    pub(crate) pipelines: Pipelines,
    /// Go on without a pipeline where the target needs one
    #[arg(long)]
    pub(crate) without_pipeline: bool,
    /// The output format (`sigyn list formats TARGET`)
    #[arg(short, long, default_value = "default")]
    pub(crate) format: String,
    /// The way correlations are written (`sigyn list correlation-methods TARGET`)
    #[arg(short, long, value_name = "METHOD")]
    pub(crate) correlation_method: Option<String>,
    /// A file or folder with filters to apply to the rules; may be repeated
    #[arg(long, value_name = "PATH")]
    pub(crate) filter: Vec<PathBuf>,
    /// Rules that the target cannot express are left out and do not count as findings
    #[arg(short, long, overrides_with = "fail_unsupported")]
    pub(crate) skip_unsupported: bool,
    /// Rules that the target cannot express are findings: the exit code is 1 (the default)
    #[arg(long, overrides_with = "skip_unsupported")]
    pub(crate) fail_unsupported: bool,
    /// Write the queries there; `-` is standard output
    #[arg(short, long, default_value = "-", value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Write a file per rule into this folder (also `-od`)
    #[arg(long, value_name = "FOLDER", conflicts_with = "output")]
    pub(crate) output_dir: Option<PathBuf>,
    /// Names of these files, from {path}, {stem} and {index} (also `-ot`)
    #[arg(long, default_value = "{stem}.txt", value_name = "TEMPLATE")]
    pub(crate) output_filename_template: String,
    /// Character encoding of the output
    #[arg(short, long, default_value = "utf-8")]
    pub(crate) encoding: String,
    /// Print JSON documents with this indentation per level
    #[arg(short, long, value_name = "WIDTH")]
    pub(crate) json_indent: Option<usize>,
    /// An option of the target (`sigyn list options TARGET`); may be repeated
    #[arg(short = 'O', long, value_name = "KEY=VALUE")]
    pub(crate) backend_option: Vec<String>,
    /// Say more: warnings, every unmapped field
    #[arg(long)]
    pub(crate) verbose: bool,
    #[command(flatten)]
    pub(crate) own: Own,
    #[command(flatten)]
    pub(crate) report: Report,
}

/// What sigma-cli does not have.
#[derive(Debug, Args)]
#[command(next_help_heading = "Beyond sigma-cli")]
pub(crate) struct Own {
    /// Whose reading is followed where the reference implementation strays from the specification
    #[arg(long, value_enum, value_name = "IMPLEMENTATION")]
    pub(crate) compat: Option<Compat>,
    /// Print one record per rule file, each converted as a collection of its own
    #[arg(long = "report", value_enum, value_name = "FORM")]
    pub(crate) records: Option<Records>,
    /// Names of ATT&CK techniques, groups and software for formats that print them: a JSON file
    #[arg(long, value_name = "FILE")]
    pub(crate) attack_data: Option<PathBuf>,
    /// Refuse rules with fields that no pipeline maps
    #[arg(long)]
    pub(crate) strict_fields: bool,
}

/// A form of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Records {
    /// One JSON object per line: `path` with `queries`, or with `error` (`class`, `message`)
    Ndjson,
}
