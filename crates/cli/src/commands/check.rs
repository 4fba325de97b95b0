//! `sigyn check`: what is wrong with rules.

mod changed;
mod duplicates;
mod mend;
mod output;
mod run;
mod target;
mod watch;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
pub(crate) use run::run;

use crate::args::{Pipelines, Rules};

/// The words of the command.
#[derive(Debug, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) rules: Rules,
    /// A configuration file: which checks, on which rules, with which options (docs/checks/README.md)
    #[arg(short = 'c', long, visible_alias = "config", value_name = "FILE")]
    pub(crate) validation_config: Option<PathBuf>,
    /// Leave a check out, by its name or that of a validator; may be repeated
    #[arg(short = 'x', long, value_name = "CHECK", conflicts_with = "validation_config")]
    pub(crate) exclude: Vec<String>,
    /// Rules that cannot be read are findings: the exit code is 1 (the default)
    #[arg(short = 'e', long, overrides_with = "pass_on_error")]
    pub(crate) fail_on_error: bool,
    /// Rules that cannot be read do not count for the exit code
    #[arg(short = 'E', long, overrides_with = "fail_on_error")]
    pub(crate) pass_on_error: bool,
    /// Warnings count for the exit code (the default here, unlike in sigma-cli)
    #[arg(short = 'i', long, overrides_with = "pass_on_issues")]
    pub(crate) fail_on_issues: bool,
    /// Warnings do not count for the exit code
    #[arg(short = 'I', long, overrides_with = "fail_on_issues")]
    pub(crate) pass_on_issues: bool,
    /// Also write the results as JUnit's XML
    #[arg(long, value_name = "FILE")]
    pub(crate) junitxml: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) more: More,
}

/// What sigma-cli does not have.
#[derive(Debug, Args)]
#[command(next_help_heading = "Beyond sigma-cli")]
pub(crate) struct More {
    /// How findings are printed on standard output
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORM")]
    pub(crate) format: Format,
    /// Instead of checks: find rules that repeat each other, with the same logic, contained in another or nearly the same
    #[arg(long, conflicts_with_all = ["fix", "baseline", "write_baseline", "changed_since", "target", "dialect", "select"])]
    pub(crate) duplicates: bool,
    /// Run this check alone; may be repeated
    #[arg(long, value_name = "CHECK")]
    pub(crate) select: Vec<String>,
    /// Mend what can be mended without changing what a rule means
    #[arg(long)]
    pub(crate) fix: bool,
    /// With --fix, also mend what may change what a rule means
    #[arg(long = "unsafe", requires = "fix")]
    pub(crate) is_unsafe: bool,
    /// Leave out the findings of this file, which --write-baseline wrote
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,
    /// Write all findings to a file, so that --baseline leaves them out from now on
    #[arg(long, value_name = "FILE", conflicts_with = "baseline")]
    pub(crate) write_baseline: Option<PathBuf>,
    /// Check again whenever files change, until Ctrl-C; the exit code is that of the last state
    #[arg(long, conflicts_with_all = ["duplicates", "fix", "write_baseline", "changed_since"])]
    pub(crate) watch: bool,
    /// Print only findings in files that differ from this revision of the git repository
    #[arg(long, value_name = "REVISION")]
    pub(crate) changed_since: Option<String>,
    /// Also find what this target cannot express (`sigyn list targets`)
    #[arg(short, long)]
    pub(crate) target: Option<String>,
    /// The same for a target of your own: a dialect file (docs/dialects.md)
    #[arg(long, value_name = "FILE")]
    pub(crate) dialect: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) pipelines: Pipelines,
    /// MITRE ATT&CK as a STIX bundle, instead of what is built in
    #[arg(long, value_name = "FILE")]
    pub(crate) attack_data: Option<PathBuf>,
}

/// How findings are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people: the line underlined, help below.
    Text,
    /// One JSON array.
    Json,
    /// One JSON object per finding and line.
    Ndjson,
    /// One SARIF 2.1.0 document.
    Sarif,
    /// Annotations of a GitHub workflow.
    Github,
    /// Test results in JUnit's XML.
    Junit,
}
