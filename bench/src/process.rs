//! Runs commands as whole processes and takes what they cost.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::resource::{Usage, UsageWho, getrusage};

/// How often a running process is asked for its memory: seldom enough not to be seen in the figures.
const POLL: Duration = Duration::from_millis(4);

/// What one run took.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Run {
    pub(crate) wall: Duration,
    /// Processor time of the process, in user and kernel mode.
    pub(crate) processor: Duration,
    /// The largest resident set seen, in bytes.
    pub(crate) peak_bytes: u64,
    /// Lines that it wrote.
    pub(crate) lines: usize,
}

/// What a command took over several runs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Measure {
    pub(crate) runs: Vec<Run>,
}

impl Measure {
    /// The wall time in the middle.
    pub(crate) fn median(&self) -> Duration {
        middle(self.runs.iter().map(|run| run.wall))
    }

    /// The shortest wall time: the one least disturbed by other work.
    pub(crate) fn shortest(&self) -> Duration {
        self.runs.iter().map(|run| run.wall).min().unwrap_or_default()
    }

    /// The processor time in the middle.
    pub(crate) fn processor(&self) -> Duration {
        middle(self.runs.iter().map(|run| run.processor))
    }

    /// The largest resident set seen.
    pub(crate) fn peak_bytes(&self) -> u64 {
        self.runs.iter().map(|run| run.peak_bytes).max().unwrap_or(0)
    }

    /// Lines that the last run wrote.
    pub(crate) fn lines(&self) -> usize {
        self.runs.last().map_or(0, |run| run.lines)
    }
}

fn middle(times: impl Iterator<Item = Duration>) -> Duration {
    let mut times: Vec<Duration> = times.collect();
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// Runs a command several times, what it writes thrown away.
pub(crate) fn measure(runs: usize, make: impl Fn() -> Command) -> Result<Measure> {
    let runs = (0..runs).map(|_| run(make(), Output::Dropped)).collect::<Result<_>>()?;
    Ok(Measure { runs })
}

/// What becomes of what a process writes to standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    Dropped,
    /// Written to a file, whose lines are counted when the process has ended.
    Counted,
}

/// Runs a command once, alone. Exit codes 0 and 1 (findings) are fine.
pub(crate) fn run(mut command: Command, output: Output) -> Result<Run> {
    let file = std::env::temp_dir().join(format!("sigyn-bench-{}.out", std::process::id()));
    let out = match output {
        Output::Dropped => Stdio::null(),
        Output::Counted => File::create(&file)?.into(),
    };
    command.stdin(Stdio::null()).stdout(out).stderr(Stdio::null());
    let before = used()?;
    let start = Instant::now();
    let child = command.spawn().with_context(|| format!("cannot start {command:?}"))?;
    let peak_bytes = wait(child, &command)?;
    let wall = start.elapsed();
    let processor = used()?.saturating_sub(before);
    let lines = match output {
        Output::Dropped => 0,
        Output::Counted => {
            let bytes = std::fs::read(&file)?;
            std::fs::remove_file(&file)?;
            bytes.iter().filter(|byte| **byte == b'\n').count()
        }
    };
    Ok(Run { wall, processor, peak_bytes, lines })
}

/// Runs commands at the same time and gives the wall time until the last one has ended.
pub(crate) fn together(commands: Vec<Command>) -> Result<Duration> {
    let start = Instant::now();
    let mut children = Vec::new();
    for mut command in commands {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        children.push((command.spawn()?, command));
    }
    for (mut child, command) in children {
        let status = child.wait()?;
        if !matches!(status.code(), Some(0 | 1)) {
            bail!("{command:?} ended with {status}");
        }
    }
    Ok(start.elapsed())
}

/// Waits for a process and gives the largest resident set seen.
fn wait(mut child: Child, command: &Command) -> Result<u64> {
    let mut peak_bytes = 0;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        peak_bytes = peak_bytes.max(peak(child.id()).unwrap_or(0));
        std::thread::sleep(POLL);
    };
    if !matches!(status.code(), Some(0 | 1)) {
        bail!("{command:?} ended with {status}");
    }
    Ok(peak_bytes)
}

/// Processor time of all processes that this one has waited for.
pub(crate) fn used() -> Result<Duration> {
    let usage: Usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let (user, system) = (usage.user_time(), usage.system_time());
    let micros = |seconds: i64, micros: i64| u64::try_from(seconds * 1_000_000 + micros).unwrap_or(0);
    Ok(Duration::from_micros(
        micros(user.tv_sec(), user.tv_usec()) + micros(system.tv_sec(), system.tv_usec()),
    ))
}

/// The high-water mark of a process's resident set (Linux).
pub(crate) fn peak(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

/// A command on one core, if the machine lets processes be pinned.
pub(crate) fn pinned(core: usize, program: &Path) -> Command {
    if Command::new("taskset").arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
        return Command::new(program);
    }
    let mut command = Command::new("taskset");
    command.arg("-c").arg(core.to_string()).arg(program);
    command
}

/// The release build of `sigyn`, made if it is not up to date.
pub(crate) fn sigyn() -> Result<PathBuf> {
    let built = Command::new("cargo").args(["build", "--release", "-q", "-p", "sigyn-cli"]).status()?;
    if !built.success() {
        bail!("the build failed");
    }
    Ok(crate::workspace().join("target/release/sigyn"))
}
