//! Running the binary in a folder of its own.

#![allow(dead_code, reason = "each test binary uses a part of this")]
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may end here, and shares its helpers"
)]

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A folder that goes away with its test.
pub struct Folder(pub PathBuf);

/// How a run ended.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Folder {
    /// A folder with these files.
    pub fn with(files: &[(&str, &str)]) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("sigyn-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = Self(std::env::temp_dir().join(name));
        std::fs::create_dir_all(&folder.0).unwrap();
        for (name, text) in files {
            folder.write(name, text.as_bytes());
        }
        folder
    }

    pub fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Runs the binary here; the words are split at spaces.
    /// Starts a server and stops it as soon as it has said something; its code is 0 if it listens.
    pub fn serve(&self, words: &str) -> Run {
        // Any port: tests run side by side.
        let words: Vec<&str> = words.split_whitespace().chain(["--listen", "127.0.0.1:0"]).collect();
        self.listens(&words)
    }

    /// Starts what serves until it is stopped, and stops it when it says where it listens.
    pub fn listens(&self, words: &[&str]) -> Run {
        let mut child = Command::new(env!("CARGO_BIN_EXE_sigyn"))
            .args(words)
            .current_dir(&self.0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut stdout).unwrap();
        child.kill().unwrap();
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        Run { code: i32::from(!stdout.starts_with("Sigyn listens")), stdout, stderr }
    }

    pub fn run(&self, words: &str) -> Run {
        self.run_with(words, b"")
    }

    pub fn run_with(&self, words: &str, stdin: &[u8]) -> Run {
        let mut child = Command::new(env!("CARGO_BIN_EXE_sigyn"))
            .args(words.split_whitespace())
            .current_dir(&self.0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(stdin).unwrap();
        let output = child.wait_with_output().unwrap();
        Run {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A rule with a detection.
pub fn rule(title: &str, detection: &str) -> String {
    format!("title: {title}\nlogsource:\n  category: test\ndetection:\n{detection}\n  condition: sel\n")
}
