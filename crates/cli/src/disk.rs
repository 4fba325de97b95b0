//! What pipelines may read, fetch and run. Nothing, unless the call allows it.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use sigyn_pipeline::{Command as Wanted, Files, HttpRequest};

/// Largest file that a pipeline may read.
const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// How often a running command is looked at.
const POLL: Duration = Duration::from_millis(10);

/// Whether items may read files, fetch addresses and run commands of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum External {
    Refused,
    Allowed,
}

/// The files of this machine, and its programs.
#[derive(Debug)]
pub(crate) struct Disk {
    pub(crate) external: External,
    /// Folders that may be read; any if there is none.
    pub(crate) folders: Vec<PathBuf>,
}

impl Files for Disk {
    fn read(&self, path: &str) -> Result<String, String> {
        let path =
            std::fs::canonicalize(path).map_err(|error| format!("`{path}` cannot be read: {error}"))?;
        if !self.folders.is_empty() && !self.folders.iter().any(|folder| is_below(&path, folder)) {
            return Err(format!("`{}` lies outside the folders of --template-vars-path", path.display()));
        }
        let file = std::fs::File::open(&path).map_err(|error| error.to_string())?;
        let mut text = String::new();
        file.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(|error| error.to_string())?;
        Ok(text)
    }

    fn fetch(&self, request: &HttpRequest) -> Result<String, String> {
        crate::http::fetch(request)
    }

    fn run(&self, wanted: &Wanted) -> Result<String, String> {
        let [program, arguments @ ..] = wanted.arguments.as_slice() else {
            return Err("the command is empty".to_owned());
        };
        let mut command = if wanted.is_shell {
            let mut shell = Command::new("sh");
            shell.args(["-c", program]);
            shell
        } else {
            let mut command = Command::new(program);
            command.args(arguments);
            command
        };
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let child = child.map_err(|error| format!("`{program}` cannot be started: {error}"))?;
        output(child, wanted).map_err(|why| format!("`{program}` {why}"))
    }

    fn allows_external(&self) -> bool {
        self.external == External::Allowed
    }
}

fn is_below(path: &Path, folder: &Path) -> bool {
    std::fs::canonicalize(folder).is_ok_and(|folder| path.starts_with(folder))
}

/// Waits for a command and takes what it prints; one that runs or prints too long is ended.
fn output(mut child: Child, wanted: &Wanted) -> Result<String, String> {
    let limit = wanted.stdout_bytes_max;
    let stdout = child.stdout.take();
    // The pipe is read beside the wait: a full pipe would stop the command for ever.
    let reader = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let outcome = stdout.map_or(Ok(0), |stdout| stdout.take(limit + 1).read_to_end(&mut bytes));
        outcome.map(|_| bytes)
    });
    let deadline = Instant::now() + Duration::from_secs(wanted.timeout_seconds);
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break Ok(status),
            Ok(None) if Instant::now() < deadline => std::thread::sleep(POLL),
            Ok(None) => break Err(format!("did not end within {} s", wanted.timeout_seconds)),
            Err(error) => break Err(error.to_string()),
        }
    };
    if status.is_err() {
        let _ = child.kill();
        let _ = child.wait();
    }
    let status = status?;
    if !status.success() {
        return Err(format!("failed with {status}"));
    }
    let bytes =
        reader.join().map_err(|_| "could not be read".to_owned())?.map_err(|error| error.to_string())?;
    if bytes.len() as u64 > limit {
        return Err(format!("printed more than {limit} bytes"));
    }
    String::from_utf8(bytes).map_err(|_| "printed what is no UTF-8".to_owned())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn check(arguments: &[&str], is_shell: bool, expect: Result<&str, &str>) {
        let disk = Disk { external: External::Allowed, folders: Vec::new() };
        let got = disk.run(&Wanted {
            arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
            is_shell,
            timeout_seconds: 1,
            stdout_bytes_max: 10,
        });
        match expect {
            Ok(text) => assert_eq!(got.as_deref(), Ok(text), "{arguments:?}"),
            Err(part) => assert!(got.as_ref().is_err_and(|why| why.contains(part)), "{arguments:?}: {got:?}"),
        }
    }

    #[test]
    fn commands_are_held_to_their_limits() {
        check(&["echo", "a b"], false, Ok("a b\n"));
        check(&["echo a | tr a b"], true, Ok("b\n"));
        check(&["false"], false, Err("failed"));
        check(&["sleep", "5"], false, Err("within 1 s"));
        check(&["echo", "12345678901"], false, Err("more than 10"));
        check(&["no-such-program-here"], false, Err("cannot be started"));
        check(&[], false, Err("empty"));
    }

    #[test]
    fn files_outside_the_folders_are_refused() {
        let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let disk = Disk { external: External::Refused, folders: vec![here.join("src")] };
        assert!(disk.read(&here.join("src/disk.rs").to_string_lossy()).is_ok());
        assert!(disk.read(&here.join("src/../Cargo.toml").to_string_lossy()).is_err());
    }
}
