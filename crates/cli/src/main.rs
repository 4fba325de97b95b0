//! The `sigyn` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    sigyn_cli::main(std::env::args_os())
}
