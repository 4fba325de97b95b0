//! `sigyn rules`: care for a folder of rules.

mod diff;
mod graph;
mod install;
mod list;
mod new;

use std::path::Path;

use clap::{Args, Subcommand};
use sigyn_diagnostics::{Diagnostic, SourceFile, codes};
use sigyn_ruleset::RuleText;

use crate::args::Diagnostics;
use crate::findings::{self, Found};
use crate::{Exit, output};

/// The words of the command.
#[derive(Debug, Args)]
pub(crate) struct Rules {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Say what differs between two versions of a rule folder, and whose tuned copies it touches
    ///
    /// A rule is the same rule if its id is the same; without, if its path or title is. It is `new`, `gone`, changed in
    /// `meaning` (it may give another verdict; order, names of identifiers and ways of writing do not count), in
    /// `metadata` (title, level, tags …), in `text` only (comments, layout, quoting, order), or `moved`.
    #[command(after_help = "Example:\n  sigyn rules diff examples/rules examples/rules --details")]
    Diff(diff::Diff),
    /// Draw which rules read which: correlations, and rules on detections
    ///
    /// What is read stands to the left of what reads it. A dashed frame marks rules that give no signal of their own.
    /// Exit code 1 means that a rule was refused, as one that reads itself is, with the circle.
    #[command(
        after_help = "Examples:\n  sigyn rules graph rules\n  sigyn rules graph rules --format svg -o graph.svg"
    )]
    Graph(graph::Graph),
    /// List the rules of a folder
    #[command(
        after_help = "Examples:\n  sigyn rules list examples/rules\n  sigyn rules list examples/rules --level high --sort date --format json"
    )]
    List(list::List),
    /// Take rules from a git repository or a folder into a managed folder, or update those that are there
    ///
    /// The managed folder has layers: `upstream/NAME` is replaced by every update, `custom` and `tuned` are yours and never
    /// touched. `active` is what the layers come to, for other commands to read: a rule of yours takes the place of the
    /// upstream rule with its id. `sources.json` says where rules came from and which commit they are. Without FROM, every
    /// source is updated.
    #[command(
        after_help = "Examples:\n  sigyn rules install examples/rules --into managed --name examples\n  sigyn rules install --into managed"
    )]
    Install(install::Install),
    /// Write a new rule: id, date, file name and all that `sigyn check` asks for, to fill in
    #[command(
        after_help = "Example:\n  sigyn rules new --title Certutil --author Me --logsource product=windows,category=dns_query -o -"
    )]
    New(new::New),
}

pub(crate) fn run(rules: &Rules) -> Exit {
    let outcome = match &rules.what {
        What::Diff(diff) => diff.run(),
        What::Graph(graph) => graph.run(),
        What::List(list) => list.run(),
        What::Install(install) => install.run(),
        What::New(new) => new.run(),
    };
    outcome.unwrap_or_else(|found| {
        findings::print(&found, Diagnostics::Text);
        Exit::BadInput
    })
}

/// Files with their paths below the folder that they were found in; a file that was named itself, by its name.
fn below(folder: &Path, files: Vec<SourceFile>) -> Vec<RuleText> {
    let path = |name: &str| {
        let below = Path::new(name).strip_prefix(folder).ok().filter(|below| !below.as_os_str().is_empty());
        let below = below.or_else(|| Path::new(name).file_name().map(Path::new));
        below.map_or_else(|| name.to_owned(), |below| below.to_string_lossy().replace('\\', "/"))
    };
    files.into_iter().map(|file| RuleText { path: path(&file.name), text: file.text }).collect()
}

fn bad(message: impl Into<String>) -> Vec<Found> {
    vec![Found::of("", Diagnostic::error(&codes::input::BAD_ARGUMENT, message))]
}

/// Writes to a file, or to standard output if the path is `-`.
fn write(path: &Path, text: &str) -> Result<(), Vec<Found>> {
    output::write(path, text.as_bytes()).map_err(|error| {
        let message = format!("`{}` cannot be written: {error}", path.display());
        vec![Found::of("", Diagnostic::error(&codes::input::UNWRITABLE, message))]
    })
}

fn print(text: &str) -> Result<(), Vec<Found>> {
    write(Path::new("-"), text)
}
