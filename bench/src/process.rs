//! Times a command as a whole process.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// What a command took, over several runs.
#[derive(Debug)]
pub(crate) struct Measure {
    /// Wall time of each run, shortest first.
    pub(crate) walls: Vec<Duration>,
    /// The largest resident set seen, in bytes.
    pub(crate) peak_bytes: u64,
}

impl Measure {
    /// The wall time in the middle.
    pub(crate) fn median(&self) -> Duration {
        self.walls[self.walls.len() / 2]
    }

    /// The shortest wall time: the one least disturbed by other work.
    pub(crate) fn shortest(&self) -> Duration {
        self.walls[0]
    }
}

/// Runs a command several times. Exit codes 0 and 1 (findings) are fine.
pub(crate) fn measure(runs: usize, make: impl Fn() -> Command) -> Result<Measure> {
    let mut walls = Vec::new();
    let mut peak_bytes = 0;
    for _ in 0..runs {
        let mut command = make();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let start = Instant::now();
        let mut child = command.spawn().with_context(|| format!("cannot start {command:?}"))?;
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            peak_bytes = peak_bytes.max(peak(child.id()).unwrap_or(0));
            // A millisecond of error at most, in runs of a hundred and more.
            std::thread::sleep(Duration::from_millis(1));
        };
        walls.push(start.elapsed());
        if !matches!(status.code(), Some(0 | 1)) {
            bail!("{command:?} ended with {status}");
        }
    }
    walls.sort_unstable();
    Ok(Measure { walls, peak_bytes })
}

/// The high-water mark of a process's resident set (Linux).
fn peak(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}
