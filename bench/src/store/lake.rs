//! The lake: process events as a hunt reads them.

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use sigyn_store::catalog::{Catalog, Split, SplitQuery};
use sigyn_store::lake::{Lake, NewEvent, ReadRequest, Settings};
use sigyn_store::{Id, LocalDisk};

use super::{Random, timed};
use crate::report::{Table, grouped};

/// How many events are written in one call, all of one hour.
const PART: usize = 100_000;
const PARTS: usize = 10;
const FIELDS: [&str; 8] =
    ["ComputerName", "User", "Image", "ParentImage", "CommandLine", "ParentCommandLine", "Hashes", "EventID"];

pub(super) fn run(folder: &Path) -> Result<Table> {
    let mut table = Table::new(
        "Lake, process events of Sysmon's shape",
        &["what", "events/s", "events/s and core", "result"],
    );
    let settings = Settings { compact_rows_max: 2_000_000, ..Settings::standard() };
    let lake = Lake::open(Arc::new(LocalDisk), &folder.join("lake"), settings, Id::from(1))?;
    let catalog = Catalog::open(&folder.join("catalog.db"))?;
    let mut random = Random(11);
    let (mut json_bytes, mut wall, mut cores) = (0, 0.0, 0.0);
    for part in 0..PARTS {
        let texts: Vec<String> = (0..PART).map(|_| process(&mut random)).collect();
        json_bytes += texts.iter().map(String::len).sum::<usize>();
        let events: Vec<NewEvent<'_>> =
            texts.iter().enumerate().map(|(at, json)| event(part * PART + at, json)).collect();
        let (splits, took) = timed(|| Ok(lake.write(&events, 0)?))?;
        catalog.write(|tx| tx.change_splits(&splits, &[]))?;
        wall += took.wall.as_secs_f64();
        cores += took.processor.as_secs_f64();
    }
    let count = (PART * PARTS) as f64;
    let size = |splits: &[Split]| {
        let bytes: u64 = splits.iter().map(|split| split.bytes).sum();
        format!("{:.0} bytes of {:.0} each", bytes as f64 / count, json_bytes as f64 / count)
    };
    let splits = || -> Result<Vec<Split>> { Ok(catalog.read(|view| view.splits(&SplitQuery::default()))?) };
    table.row(["write".into(), grouped(count / wall), grouped(count / cores), size(&splits()?)]);
    scan(&mut table, &lake, &splits()?, "read 8 fields, as written")?;
    let (compacted, took) = timed(|| Ok(lake.compact(&catalog, 0)?))?;
    let result = format!("{} files to {}, {}", compacted.removed, compacted.added, size(&splits()?));
    table.row([
        "put together".into(),
        grouped(took.per_second(count)),
        grouped(took.per_core(count)),
        result,
    ]);
    scan(&mut table, &lake, &splits()?, "read 8 fields, put together")?;
    let split = splits()?.remove(0);
    let reader = lake.open_split(&split)?;
    let rows: Vec<u64> = (0..100).map(|_| random.below(split.rows)).collect();
    let (events, took) = timed(|| Ok(reader.events(&rows)?))?;
    table.row([
        "restore 100 events anywhere".into(),
        grouped(took.per_second(100.0)),
        grouped(took.per_core(100.0)),
        format!("{} in {} ms", events.len(), took.milliseconds()),
    ]);
    let ((), took) = timed(|| Ok(reader.verify()?))?;
    let megabytes = split.bytes as f64 / 1e6;
    let result = format!("{} MB/s", grouped(took.per_second(megabytes)));
    table.row([
        "check a file".into(),
        grouped(took.per_second(count)),
        grouped(took.per_core(count)),
        result,
    ]);
    table.note(
        "one thread; values are distributed as in a recorded network, 8 % of the command lines are unique",
    );
    table.note("reading gives keys of each row and every distinct value; matching is not part of it");
    Ok(table)
}

/// Reads all rows as a hunt does, and looks at each distinct value once.
fn scan(table: &mut Table, lake: &Lake, splits: &[Split], what: &str) -> Result<()> {
    let fields: Vec<String> = FIELDS.map(str::to_owned).into();
    let ((rows, distinct), took) = timed(|| {
        let (mut rows, mut distinct) = (0_usize, 0_usize);
        for split in splits {
            let reader = lake.open_split(split)?;
            let mut seen: Vec<sigyn_store::lake::Values> = Vec::new();
            let request = ReadRequest { fields: &fields, since: None, until: None, rows_max: 65_536 };
            for batch in reader.batches(&request) {
                let batch = batch?;
                rows += batch.rows();
                let values: Vec<_> = batch.columns.iter().map(|column| column.values.clone()).collect();
                for (at, values) in values.iter().enumerate() {
                    if seen.get(at).is_none_or(|seen| !seen.is_same(values)) {
                        distinct += values.iter().filter(|value| !value.is_empty()).count();
                    }
                }
                seen = values;
            }
        }
        Ok((rows, distinct))
    })?;
    let result = format!("{} distinct values", grouped(distinct as f64));
    table.row([
        what.to_owned(),
        grouped(took.per_second(rows as f64)),
        grouped(took.per_core(rows as f64)),
        result,
    ]);
    Ok(())
}

fn event<'e>(number: usize, json: &'e str) -> NewEvent<'e> {
    NewEvent {
        id: Id::from((number as u128).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)),
        class: "windows-process_creation",
        time: i64::try_from(number).unwrap_or(0) * 3_000_000,
        ingest: 0,
        source: "bench",
        sequence: number as u64,
        json,
        raw: None,
    }
}

pub(super) fn process(random: &mut Random) -> String {
    let image = random.skewed(2_000);
    let parent = random.skewed(300);
    let command = match random.below(100) {
        0..8 => format!("tool{image}.exe --job {:x}{:x}", random.next(), random.next()),
        _ => format!(
            "tool{image}.exe /c run-template {} --quiet --config C:\\\\ProgramData\\\\app\\\\settings.json",
            random.skewed(40_000)
        ),
    };
    let mut event = format!(
        r#"{{"Channel":"Microsoft-Windows-Sysmon/Operational","EventID":1,"ComputerName":"host{}.corp.example","User":"CORP\\user{}""#,
        random.skewed(5_000),
        random.skewed(4_000),
    );
    event.push_str(&format!(
        r#","Image":"C:\\Windows\\System32\\tool{image}.exe","CommandLine":"{command}","ParentImage":"C:\\Program Files\\App\\parent{parent}.exe""#
    ));
    event.push_str(&format!(
        r#","ParentCommandLine":"parent{parent}.exe -k group{}","Hashes":"SHA256={:064x}","ProcessGuid":"{{{:08x}-{:08x}}}","ProcessId":{},"IntegrityLevel":"High"}}"#,
        random.skewed(300),
        u128::from(image).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835),
        random.next(),
        random.next(),
        random.below(65_536),
    ));
    event
}
