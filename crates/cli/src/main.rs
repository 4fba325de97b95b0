//! The `sigyn` binary.

use std::process::ExitCode;

/// Rules are read on all cores into many small pieces; the C library's allocator took two fifths of that time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    sigyn_cli::main(std::env::args_os())
}
