//! `sigyn demo`: what Sigyn does, on rules and logs that are part of the program or made up by it.

mod convert;
mod hunt;
mod live;
mod samples;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::args::Diagnostics;
use crate::findings;
use crate::{Exit, output};

/// Without a word, the demonstration is a server.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Demo {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    live: live::Words,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Hunt in the bundled sample logs and explain a match
    #[command(after_help = "Example:\n  sigyn demo hunt")]
    Hunt,
    /// Convert the bundled example rules for three targets
    #[command(after_help = "Example:\n  sigyn demo convert")]
    Convert,
    /// Write the bundled rules and logs into a folder, to try other commands on them
    #[command(after_help = "Example:\n  sigyn demo save samples")]
    Save {
        /// The folder; it is made if it does not exist
        #[arg(value_name = "FOLDER")]
        folder: PathBuf,
    },
}

/// Runs the command. It ends with 0 although it finds something: finding it is what it is for.
pub(crate) fn run(demo: &Demo) -> Exit {
    let text = match &demo.what {
        None => return live::run(&demo.live),
        Some(What::Hunt) => hunt::text(),
        Some(What::Convert) => convert::text(),
        Some(What::Save { folder }) => samples::save(folder),
    };
    let written = text.and_then(|text| {
        output::write(std::path::Path::new("-"), text.as_bytes())
            .map_err(|error| samples::unwritable("-", &error))
    });
    match written {
        Ok(()) => Exit::Clean,
        Err(found) => {
            findings::print(&found, Diagnostics::Text);
            Exit::BadInput
        }
    }
}

/// How this program was called, so that what is printed can be typed: `sigyn`, or the relative path in front of it.
fn program() -> String {
    let called = std::env::args_os().next().map(PathBuf::from);
    let called = called.filter(|path| path.is_relative()).and_then(|path| path.to_str().map(str::to_owned));
    called.unwrap_or_else(|| "sigyn".to_owned())
}
