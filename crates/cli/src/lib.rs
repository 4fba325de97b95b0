//! The command line: arguments, files, progress, tables and exit codes.
//!
//! Each command is one module under [`commands`] and holds no logic of its own: what a command does is a call
//! of a library, so that whatever can be done here can be done without a terminal.

mod args;
mod commands;
mod disk;
mod exit;
mod findings;
mod git;
mod grid;
mod http;
mod input;
mod output;
mod pattern;
mod progress;
mod screen;
mod setup;
mod store;
mod table;

use std::ffi::OsString;
use std::panic::AssertUnwindSafe;
use std::process::ExitCode;

/// The definition of a command and those below it.
pub use clap::Command as Definition;
use clap::{CommandFactory, Parser};
pub use exit::Exit;

use crate::args::{Command, Sigyn};

/// Runs the command line and says how it ended.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let parsed = match Sigyn::try_parse_from(args::spell_out(args)) {
        Ok(parsed) => parsed,
        Err(error) => {
            // Help and version are asked for and go to standard output; the rest is a wrong call.
            let exit = if error.use_stderr() { Exit::BadInput } else { Exit::Clean };
            let _ = error.print();
            return exit.into();
        }
    };
    // A panic is a defect of ours, which must not look like a finding to a script.
    std::panic::catch_unwind(AssertUnwindSafe(|| run(&parsed))).unwrap_or(Exit::Internal).into()
}

fn run(sigyn: &Sigyn) -> Exit {
    match &sigyn.command {
        Command::Hunt(hunt) => commands::hunt::run(hunt),
        Command::Explain(explain) => commands::explain::run(explain),
        Command::Test(test) => commands::test::run(test),
        Command::Backtest(backtest) => commands::backtest::run(backtest),
        Command::Check(check) => commands::check::run(check),
        Command::Rules(rules) => commands::rules::run(rules),
        Command::Convert(convert) => commands::convert::run(convert),
        Command::Coverage(coverage) => commands::coverage::run(coverage),
        Command::Analyze(analyze) => commands::analyze::run(analyze),
        Command::Pipeline(pipeline) => commands::pipeline::run(pipeline),
        Command::Demo(demo) => commands::demo::run(demo),
        Command::List(list) => commands::list::run(list),
        Command::Serve(serve) => commands::serve::run(serve),
        Command::Lsp(lsp) => commands::lsp::run(lsp),
    }
}

/// The definition of the command line, from which its page is written.
pub fn definition() -> Definition {
    Sigyn::command()
}
