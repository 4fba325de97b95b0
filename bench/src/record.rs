//! Figures written down with date, machine and commit: everything about hunting in one run, or about checking, correlating
//! or serving.

use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use sigyn_event::Timestamp;

use crate::report::Table;
use crate::{check, correlate as correlations, hunt, memory, serve as serving, stages};

/// Measures and writes `bench/records/DATE-hunt.md`.
pub(crate) fn hunt() -> Result<()> {
    let mut tables = hunt::run(hunt::RUNS)?;
    tables.extend(stages::run(None)?);
    tables.extend(memory::run(memory::GIGABYTES)?);
    write("hunt", "Hunting", &tables)
}

/// Measures and writes `bench/records/DATE-check.md`.
pub(crate) fn check() -> Result<()> {
    write("check", "Checking", &check::run(check::RUNS)?)
}

/// Measures and writes `bench/records/DATE-correlate.md`.
pub(crate) fn correlate() -> Result<()> {
    write("correlate", "Correlating", &correlations::run(correlations::RUNS)?)
}

/// Measures and writes `bench/records/DATE-serve.md`; each load lasts so many seconds.
pub(crate) fn serve(seconds: usize) -> Result<()> {
    write("serve", "Serving", &serving::run(seconds, None)?)
}

fn write(name: &str, title: &str, tables: &[Table]) -> Result<()> {
    if tables.is_empty() {
        return Ok(());
    }
    let date = date()?;
    let mut text =
        format!("# {title}, {date}\n\nCommit {}, release profile. Machine: {}.\n", commit()?, machine());
    text.push_str(&format!(
        "`cargo run --release -p sigyn-bench -- record {name}`; what is measured how is in [the readme](../README.md).\n"
    ));
    for table in tables {
        text.push('\n');
        text.push_str(&table.markdown());
    }
    let file = format!("bench/records/{date}-{name}.md");
    let path = crate::workspace().join(&file);
    std::fs::write(&path, &text).with_context(|| path.display().to_string())?;
    print!("{text}");
    println!("\nwritten to {file}");
    Ok(())
}

fn date() -> Result<String> {
    let nanos = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos())?;
    let text = Timestamp(nanos).to_string();
    Ok(text.get(..10).unwrap_or(&text).to_owned())
}

/// The commit that was measured, with a mark if the files differ from it.
fn commit() -> Result<String> {
    let git = |words: &[&str]| -> Result<String> {
        let out = Command::new("git").args(words).current_dir(crate::workspace()).output()?;
        Ok(String::from_utf8_lossy(&out.stdout).trim().to_owned())
    };
    let name = git(&["rev-parse", "--short", "HEAD"])?;
    let changed = git(&["status", "--porcelain", "--untracked-files=no"])?;
    Ok(if changed.is_empty() { name } else { format!("{name} with changes") })
}

/// What kind of machine this is (Linux).
fn machine() -> String {
    let line = |path: &str, key: &str| {
        let text = std::fs::read_to_string(path).ok()?;
        let line = text.lines().find(|line| line.starts_with(key))?;
        line.split_once(':').map(|(_, value)| value.trim().to_owned())
    };
    let model = line("/proc/cpuinfo", "model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    let memory =
        line("/proc/meminfo", "MemTotal").and_then(|text| text.split(' ').next()?.parse::<u64>().ok());
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    format!("{model}, {cores} cores, {} GiB, {}", memory.unwrap_or(0).div_ceil(1 << 20), std::env::consts::OS)
}
