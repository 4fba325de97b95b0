//! `sigyn pipeline`: a look into processing pipelines.

use std::path::Path;
use std::sync::Arc;

use clap::{Args, Subcommand};
use sigyn_backends::Env;
use sigyn_convert::{Strictness, diff, load_behind};
use sigyn_diagnostics::{Diagnostic, codes};
use sigyn_ir::{Compat, LoadOptions};
use sigyn_pipeline::builtin;

use crate::args::{Aim, Diagnostics, Pipelines, Rules};
use crate::findings::{self, Found};
use crate::setup::{self, PipelineNeed, Wanted};
use crate::{Exit, output};

/// The words of the command.
#[derive(Debug, Args)]
pub(crate) struct Pipeline {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Print a built-in pipeline as YAML, to copy and edit
    #[command(after_help = "Example:\n  sigyn pipeline show splunk_windows")]
    Show(Show),
    /// Show what pipelines, the target's own included, do to rules: each rule before and after
    #[command(after_help = "Example:\n  sigyn pipeline diff -t splunk -p splunk_windows examples/rules")]
    Diff(Diff),
}

#[derive(Debug, Args)]
struct Show {
    /// The pipeline (`sigyn list pipelines`)
    name: String,
}

#[derive(Debug, Args)]
struct Diff {
    #[command(flatten)]
    rules: Rules,
    #[command(flatten)]
    pipelines: Pipelines,
    #[command(flatten)]
    aim: Aim,
    /// The output format, which may bring pipelines of its own
    #[arg(short, long, default_value = "default")]
    format: String,
}

pub(crate) fn run(args: &Pipeline) -> Exit {
    let outcome = match &args.what {
        What::Show(show) => show.run(),
        What::Diff(diff) => diff.run(),
    };
    outcome.unwrap_or_else(|found| {
        findings::print(&found, Diagnostics::Text);
        Exit::BadInput
    })
}

fn print(text: &str) -> Result<(), Vec<Found>> {
    output::write(Path::new("-"), text.as_bytes()).map_err(|error| {
        let message = format!("standard output cannot be written: {error}");
        vec![Found::of("", Diagnostic::error(&codes::input::UNWRITABLE, message))]
    })
}

impl Show {
    fn run(&self) -> Result<Exit, Vec<Found>> {
        let found = builtin::get(&self.name).ok_or_else(|| {
            let message = format!("there is no built-in pipeline `{}`", self.name);
            vec![Found::of("", Diagnostic::error(&codes::pipeline::UNKNOWN_PIPELINE, message))]
        })?;
        print(found.yaml)?;
        Ok(Exit::Clean)
    }
}

impl Diff {
    fn run(&self) -> Result<Exit, Vec<Found>> {
        let format = if self.format == "default" { String::new() } else { self.format.clone() };
        let converter = setup::converter(Wanted {
            aim: &self.aim,
            pipelines: &self.pipelines,
            env: Env { format, ..Env::default() },
            strictness: Strictness::Report,
            pipeline_need: PipelineNeed::Waived,
        })?;
        let (texts, mut found) = setup::texts(&self.rules.input, &self.rules.file_pattern)?;
        let (sources, loaded) =
            load_behind(converter.sources().clone(), texts, &LoadOptions::new(Compat::Spec));
        let sources = Arc::new(sources);
        let place = |diagnostic| Found::within(&sources, diagnostic);
        found.extend(loaded.diagnostics.into_iter().filter(Diagnostic::is_error).map(place));
        let before = loaded.set.items.clone();
        let mut out = String::new();
        for (before, after) in before.iter().zip(converter.prepare(loaded.set)) {
            out.push_str(&format!("{}\n", before.meta().title));
            for line in diff::lines(&before.outline(), &after.item.outline()) {
                out.push_str(&format!("{line}\n"));
            }
            out.push('\n');
            found.extend(after.failure.map(|failure| place(failure.diagnostic)));
        }
        print(&out)?;
        findings::print(&found, Diagnostics::Text);
        Ok(if found.is_empty() { Exit::Clean } else { Exit::Findings })
    }
}
