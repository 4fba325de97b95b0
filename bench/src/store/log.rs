//! The event log: events that are on disk when their sender hears of it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Result;
use sigyn_store::wal::{Item, Log, Position, Record, Settings};
use sigyn_store::{Id, LocalDisk};

use super::timed;
use crate::report::{Table, grouped};

const EVENT_BYTES: usize = 1_000;
/// How many bytes each row of the table writes, where each batch is large.
const BYTES: usize = 512 << 20;

pub(super) fn run(folder: &Path) -> Result<Table> {
    let mut table = Table::new(
        "Event log, events of 1,000 bytes",
        &["what", "MB/s", "events/s", "batches/s", "processor µs per event"],
    );
    for (threads, batch, count) in [
        (1, 1, 2_000),
        (16, 1, 16_000),
        (64, 1, 64_000),
        (1, 100, 50_000),
        (4, 1_000, BYTES / EVENT_BYTES),
        (2, 10_000, BYTES / EVENT_BYTES),
    ] {
        append(folder, threads, batch, count, &mut table)?;
    }
    replay(folder, &mut table)?;
    table.note("appending ends with a sync for everybody; as many events as fit wait for the same one");
    table.note(
        "reading: opening and reading the log of the last row, from the page cache, every checksum checked",
    );
    Ok(table)
}

fn append(folder: &Path, threads: usize, batch: usize, count: usize, table: &mut Table) -> Result<()> {
    let _ = std::fs::remove_dir_all(folder);
    let settings = Settings { pending_bytes_max: 256 << 20, ..Settings::standard(1) };
    let (log, _) = Log::open(Arc::new(LocalDisk), folder, settings)?;
    let bytes = vec![b'x'; EVENT_BYTES];
    let next = AtomicU64::new(1);
    let batches = count / batch / threads;
    let one = || -> Result<()> {
        for _ in 0..batches {
            let first = next.fetch_add(batch as u64, Ordering::Relaxed);
            let record = |number| Record {
                id: Id::from(u128::from(number)),
                ingest: 0,
                source: "bench",
                bytes: &bytes,
            };
            let records: Vec<Record<'_>> = (first..first + batch as u64).map(record).collect();
            log.append(&records)?;
        }
        Ok(())
    };
    let ((), took) = timed(|| {
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..threads).map(|_| scope.spawn(one)).collect();
            workers
                .into_iter()
                .try_for_each(|worker| worker.join().unwrap_or_else(|_| anyhow::bail!("a thread failed")))
        })
    })?;
    let events = (batches * threads * batch) as f64;
    table.row([
        format!("append, {threads} senders, {batch} a batch"),
        grouped(took.per_second(events * EVENT_BYTES as f64 / 1e6)),
        grouped(took.per_second(events)),
        grouped(took.per_second((batches * threads) as f64)),
        format!("{:.2}", took.processor.as_secs_f64() * 1e6 / events),
    ]);
    Ok(())
}

fn replay(folder: &Path, table: &mut Table) -> Result<()> {
    let settings = Settings::standard(1);
    let ((log, report), opening) = timed(|| Ok(Log::open(Arc::new(LocalDisk), folder, settings)?))?;
    anyhow::ensure!(report.is_clean(), "{report:?}");
    let (events, reading) = timed(|| {
        let mut reader = log.read(Position::START);
        let mut events = 0_u64;
        while let Some(item) = reader.next()? {
            anyhow::ensure!(matches!(item, Item::Entry(_)), "{item:?}");
            events += 1;
        }
        Ok(events)
    })?;
    for (what, took) in [("open (all ids into the window)", opening), ("read", reading)] {
        let count = events as f64;
        table.row([
            what.to_owned(),
            grouped(took.per_second(log.bytes() as f64 / 1e6)),
            grouped(took.per_second(count)),
            String::new(),
            format!("{:.2}", took.processor.as_secs_f64() * 1e6 / count),
        ]);
    }
    Ok(())
}
