//! `sigyn test`: what must fire on which events, and what must not.

mod find;
mod suites;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use sigyn_diagnostics::{Diagnostic, codes};
use sigyn_verify::report::{self, Ran, Tally};

use crate::args::{Diagnostics, Pipelines};
use crate::findings::{self, Found};
use crate::screen::counted;
use crate::{Exit, output};

/// The words of the command.
#[derive(Debug, Args)]
pub(crate) struct Test {
    /// Folders of rules, rule files or test files
    #[arg(required = true, value_name = "PATHS")]
    paths: Vec<PathBuf>,
    /// Which files of a folder are read as rules
    #[arg(short = 'P', long, default_value = "*.yml", value_name = "PATTERN")]
    file_pattern: String,
    /// Only tests whose name, file or rule has this text in it; may be repeated
    #[arg(long, value_name = "TEXT")]
    filter: Vec<String>,
    /// How results are printed
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORM")]
    format: Format,
    /// Also name the tests that passed
    #[arg(long)]
    list: bool,
    /// A rule without a test is a failure
    #[arg(long)]
    require_tests: bool,
    #[command(flatten)]
    pipelines: Pipelines,
}

/// How results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// What is not as expected, with reasons.
    Text,
    /// One JSON object per test and line.
    Json,
    /// One document of JUnit's XML.
    Junit,
}

/// Runs the command.
pub(crate) fn run(args: &Test) -> Exit {
    test(args).unwrap_or_else(|found| {
        findings::print(&found, Diagnostics::Text);
        Exit::BadInput
    })
}

fn test(args: &Test) -> Result<Exit, Vec<Found>> {
    let found = find::find(&args.paths, &args.file_pattern)?;
    let results = suites::run(args, &found)?;
    if results.ran.is_empty() && !args.require_tests {
        let message = "there is no test".to_owned();
        let help = "a test stands beside its rule as `NAME.test.yml`; docs/testing.md describes it";
        let diagnostic = Diagnostic::error(&codes::verify::UNTESTED_RULE, message).with_help(help);
        return Err(vec![Found::of("", diagnostic)]);
    }
    findings::print(&results.refused, Diagnostics::Text);
    let text = match args.format {
        Format::Text if args.list => report::list(&results.ran) + &report::text(&results.ran),
        Format::Text => report::text(&results.ran),
        Format::Json => report::ndjson(&results.ran),
        Format::Junit => report::junit(&results.ran),
    };
    output::write(Path::new("-"), text.as_bytes()).map_err(|error| {
        vec![Found::of("-", Diagnostic::error(&codes::input::UNWRITABLE, error.to_string()))]
    })?;
    let tally = report::tally(&results.ran);
    sum_up(&results.ran, tally, &results.untested, args.require_tests);
    Ok(if tally.broken > 0 || !results.refused.is_empty() {
        Exit::BadInput
    } else if tally.failed > 0 || args.require_tests && !results.untested.is_empty() {
        Exit::Findings
    } else {
        Exit::Clean
    })
}

fn sum_up(ran: &[Ran], tally: Tally, untested: &[String], requires_tests: bool) {
    let say = |line: &str| findings::say(Diagnostics::Text, line);
    if requires_tests {
        untested.iter().for_each(|rule| say(&format!("no test: {rule}")));
    }
    let files = counted(ran.len() as u64, "test file");
    let without = match untested.len() {
        0 => String::new(),
        count => format!("; {} without a test", counted(count as u64, "rule")),
    };
    say(&format!(
        "{} passed, {} failed, {} could not be run, in {files}{without}",
        counted(tally.passed as u64, "test"),
        tally.failed,
        tally.broken,
    ));
}
