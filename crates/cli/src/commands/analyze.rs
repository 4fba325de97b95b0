//! `sigyn analyze`: what a rule set needs.

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Subcommand};
use serde_json::Value;
use sigyn_backends::Env;
use sigyn_convert::{Strictness, analyze, load_behind};
use sigyn_diagnostics::{Diagnostic, Sources, codes};
use sigyn_ir::{Compat, LoadOptions, RuleSet};

use crate::args::{Aim, Diagnostics, Pipelines, Rules};
use crate::findings::{self, Found};
use crate::screen::Screen;
use crate::setup::{self, PipelineNeed, Wanted};
use crate::table::{Form, Table};
use crate::{Exit, output};

/// The words of the command.
#[derive(Debug, Args)]
pub(crate) struct Analyze {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// The fields that rules ask for, as they stand in the queries of a target
    #[command(after_help = "Example:\n  sigyn analyze fields -t splunk -p splunk_windows examples/rules")]
    Fields(Fields),
    /// The log sources that rules read, with the numbers of rules by level
    #[command(after_help = "Example:\n  sigyn analyze logsource - examples/rules")]
    Logsource(LogSources),
}

#[derive(Debug, Args)]
struct Fields {
    #[command(flatten)]
    rules: Rules,
    #[command(flatten)]
    aim: Aim,
    #[command(flatten)]
    pipelines: Pipelines,
    /// Group the fields by log source
    #[arg(long, overrides_with = "no_group")]
    group: bool,
    /// One list of fields (the default)
    #[arg(long, overrides_with = "group")]
    no_group: bool,
    /// How the groups are printed
    #[arg(long, value_enum, default_value_t = Form::Table, value_name = "FORM")]
    format: Form,
}

#[derive(Debug, Args)]
struct LogSources {
    /// Which files of a folder are read
    #[arg(short = 'P', long, default_value = "*.yml", value_name = "PATTERN")]
    file_pattern: String,
    /// The column to sort by, largest first
    #[arg(short = 'k', long, default_value = "Overall", value_name = "COLUMN")]
    sort_by: String,
    /// How the table is printed
    #[arg(long, value_enum, default_value_t = Form::Table, value_name = "FORM")]
    format: Form,
    /// Where the table is written; `-` is standard output
    output: PathBuf,
    /// Rule files or folders; `-` reads standard input
    #[arg(required = true)]
    input: Vec<PathBuf>,
}

pub(crate) fn run(args: &Analyze) -> Exit {
    let outcome = match &args.what {
        What::Fields(fields) => fields.run(),
        What::Logsource(logsources) => logsources.run(),
    };
    outcome.unwrap_or_else(|found| {
        findings::print(&found, Diagnostics::Text);
        Exit::BadInput
    })
}

/// Rules of a call, put behind the texts of pipelines, with what is wrong with them already printed.
fn rules(
    before: Sources,
    input: &[PathBuf],
    pattern: &str,
) -> Result<(Arc<Sources>, RuleSet, Exit), Vec<Found>> {
    let (texts, mut found) = setup::texts(input, pattern)?;
    let (sources, loaded) = load_behind(before, texts, &LoadOptions::new(Compat::Spec));
    let sources = Arc::new(sources);
    let place = |diagnostic| Found::within(&sources, diagnostic);
    found.extend(loaded.diagnostics.into_iter().filter(Diagnostic::is_error).map(place));
    findings::print(&found, Diagnostics::Text);
    let exit = if found.is_empty() { Exit::Clean } else { Exit::Findings };
    Ok((sources, loaded.set, exit))
}

impl Fields {
    fn run(&self) -> Result<Exit, Vec<Found>> {
        let converter = setup::converter(Wanted {
            aim: &self.aim,
            pipelines: &self.pipelines,
            env: Env::default(),
            strictness: Strictness::Report,
            pipeline_need: PipelineNeed::Waived,
        })?;
        let (sources, set, exit) =
            rules(converter.sources().clone(), &self.rules.input, &self.rules.file_pattern)?;
        let fields = analyze::fields(&converter, set);
        let place = |failure: sigyn_convert::Failure| Found::within(&sources, failure.diagnostic);
        let found: Vec<Found> = fields.findings.into_iter().map(place).collect();
        findings::print(&found, Diagnostics::Text);
        let text = if self.group {
            let mut table = Table::new(&["logsource", "field"]);
            for (logsource, names) in &fields.by_logsource {
                for name in names {
                    table.row([logsource.as_str(), name]);
                }
            }
            table.render(self.format, Screen::stdout().width)
        } else {
            fields.all.iter().map(|name| format!("{name}\n")).collect()
        };
        output::write(std::path::Path::new("-"), text.as_bytes()).map_err(unwritable)?;
        Ok(if found.is_empty() { exit } else { Exit::Findings })
    }
}

impl LogSources {
    fn run(&self) -> Result<Exit, Vec<Found>> {
        const COLUMNS: &[&str] =
            &["Logsource", "Overall", "Critical", "High", "Medium", "Low", "Informational", "None"];
        let key = COLUMNS.iter().position(|column| column.eq_ignore_ascii_case(&self.sort_by)).ok_or_else(
            || {
                let message = format!("there is no column `{}`", self.sort_by);
                let help = format!("use one of {}", COLUMNS.join(", "));
                vec![Found::of("", Diagnostic::error(&codes::input::BAD_ARGUMENT, message).with_help(help))]
            },
        )?;
        let (_, set, exit) = rules(Sources::default(), &self.input, &self.file_pattern)?;
        let mut counts = analyze::logsources(&set);
        let number = |count: &analyze::LogSourceCount| match key {
            1 => count.overall,
            _ => count.levels.get(key - 2).map_or(0, |(_, number)| *number),
        };
        match key {
            0 => counts.sort_by(|one, other| other.category.cmp(&one.category)),
            _ => counts.sort_by_key(|count| std::cmp::Reverse(number(count))),
        }
        let mut table = Table::new(COLUMNS);
        for count in counts {
            let numbers = count.levels.iter().map(|(_, number)| Value::from(*number));
            let category = Value::from(count.category.unwrap_or_else(|| "None".to_owned()));
            table.row([category, count.overall.into()].into_iter().chain(numbers));
        }
        let text = table.render(self.format, Screen::stdout().width);
        output::write(&self.output, text.as_bytes()).map_err(unwritable)?;
        Ok(exit)
    }
}

fn unwritable(error: std::io::Error) -> Vec<Found> {
    vec![Found::of(
        "",
        Diagnostic::error(&codes::input::UNWRITABLE, format!("the output cannot be written: {error}")),
    )]
}
