//! `sigyn rules`: care for a folder of rules.

mod diff;
mod list;
mod new;

use std::path::Path;

use clap::{Args, Subcommand};
use sigyn_diagnostics::{Diagnostic, codes};

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
    /// List the rules of a folder
    #[command(
        after_help = "Examples:\n  sigyn rules list examples/rules\n  sigyn rules list examples/rules --level high --sort date --format json"
    )]
    List(list::List),
    /// Write a new rule: id, date, file name and all that `sigyn check` asks for, to fill in
    #[command(
        after_help = "Example:\n  sigyn rules new --title Certutil --author Me --logsource product=windows,category=dns_query -o -"
    )]
    New(new::New),
}

pub(crate) fn run(rules: &Rules) -> Exit {
    let outcome = match &rules.what {
        What::Diff(diff) => diff.run(),
        What::List(list) => list.run(),
        What::New(new) => new.run(),
    };
    outcome.unwrap_or_else(|found| {
        findings::print(&found, Diagnostics::Text);
        Exit::BadInput
    })
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
