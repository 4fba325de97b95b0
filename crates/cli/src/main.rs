//! The `sigyn` binary.

use std::ffi::OsString;
use std::process::ExitCode;

/// Rules are read on all cores into many small pieces; the C library's allocator took two fifths of that time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    #[cfg(unix)]
    if is_server(&words) {
        give_memory_back_sooner(&words);
    }
    sigyn_cli::main(words)
}

/// Whether these are the words of a server: `demo` is one unless it is told to show something else.
#[cfg(unix)]
fn is_server(words: &[OsString]) -> bool {
    let is_option = |word: &OsString| word.as_encoded_bytes().starts_with(b"-");
    match words.get(1) {
        Some(command) if command == "serve" => true,
        Some(command) if command == "demo" => words.get(2).is_none_or(is_option),
        _ => false,
    }
}

/// Starts the program anew, as the same process, with an allocator that returns memory within 50 ms of its being freed. Left
/// to itself it waits for a second, in which a busy server frees hundreds of megabytes: under recorded attacks the resident
/// set was 653 MiB, and 317 when memory was returned at once. What ends soon is faster if it keeps its memory.
///
/// The allocator reads its environment before `main`, and its own call for it is not safe Rust. If this fails, the server
/// runs with what it has.
#[cfg(unix)]
fn give_memory_back_sooner(words: &[OsString]) {
    use std::os::unix::process::CommandExt;
    const DELAY: &str = "MIMALLOC_PURGE_DELAY";
    if std::env::var_os(DELAY).is_some() {
        return;
    }
    let (Ok(program), Some((name, rest))) = (std::env::current_exe(), words.split_first()) else { return };
    let _ = std::process::Command::new(program).arg0(name).args(rest).env(DELAY, "50").exec();
}
