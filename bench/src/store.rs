//! The store: what the event log, the catalog and the lake cost at the size of a busy month.

pub(crate) mod catalog;
mod lake;
mod log;
mod retro;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::report::Table;

/// All figures, or those of one part.
pub(crate) fn run(part: Option<&str>) -> Result<Vec<Table>> {
    let mut tables = Vec::new();
    for (name, measure) in [
        ("log", log::run as fn(&Path) -> Result<Table>),
        ("catalog", catalog::run),
        ("lake", lake::run),
        ("retro", retro::run),
    ] {
        if part.is_none_or(|part| part == name) {
            let folder = Folder::new(name)?;
            tables.push(measure(&folder.0)?);
        }
    }
    Ok(tables)
}

/// A folder on the disk of the workspace, because that is what is measured; gone afterwards.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Result<Self> {
        let folder = crate::workspace().join("target/bench-store").join(name);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        Ok(Self(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// How long something takes, by the wall clock and in processor time of this thread and those it waits for.
pub(crate) fn timed<T>(f: impl FnOnce() -> Result<T>) -> Result<(T, Took)> {
    let (start, before) = (Instant::now(), processor()?);
    let value = f()?;
    Ok((value, Took { wall: start.elapsed(), processor: processor()?.saturating_sub(before) }))
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Took {
    pub(crate) wall: Duration,
    processor: Duration,
}

impl Took {
    /// How many in a second of the wall clock.
    fn per_second(&self, count: f64) -> f64 {
        count / self.wall.as_secs_f64()
    }

    /// How many in a second of processor time.
    fn per_core(&self, count: f64) -> f64 {
        count / self.processor.as_secs_f64()
    }

    fn milliseconds(&self) -> String {
        format!("{:.1}", self.wall.as_secs_f64() * 1e3)
    }

    fn processor_milliseconds(&self) -> String {
        format!("{:.1}", self.processor.as_secs_f64() * 1e3)
    }
}

/// Processor time of this process, user and kernel.
fn processor() -> Result<Duration> {
    use nix::sys::resource::{UsageWho, getrusage};
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    let seconds = |time: nix::sys::time::TimeVal| {
        let micros = u64::try_from(time.tv_sec() * 1_000_000 + time.tv_usec()).unwrap_or(0);
        Duration::from_micros(micros)
    };
    Ok(seconds(usage.user_time()) + seconds(usage.system_time()))
}

/// A row of numbers that look random: the same in each run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// A number below an end, small ones far more often: as hosts and programs are distributed.
    fn skewed(&mut self, end: u64) -> u64 {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a number below `end`"
        )]
        let number = ((end as f64).powf(self.below(1 << 30) as f64 / f64::from(1 << 30))) as u64;
        number.min(end - 1)
    }
}
