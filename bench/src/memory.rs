//! Memory of a hunt that does not end: the same events through standard input again and again.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use crate::report::{Table, grouped, mebibytes};
use crate::{inputs, process};

/// How much is streamed unless the call says otherwise.
pub(crate) const GIGABYTES: usize = 10;
/// Streamed amounts after which memory is looked at, as shares of all.
const MARKS: [u64; 4] = [1, 10, 50, 100];

/// Streams so many gigabytes and gives the largest resident set by then.
pub(crate) fn run(gigabytes: usize) -> Result<Vec<Table>> {
    let Some(inputs) = inputs::prepare()? else { return Ok(Vec::new()) };
    let sigyn = process::sigyn()?;
    let events = std::fs::read(&inputs.base)?;
    let mut child = Command::new(&sigyn)
        .args(["hunt", "--format", "ndjson", "-r"])
        .arg(&inputs.rules)
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let mut stdin = child.stdin.take().context("standard input is a pipe")?;
    let all = gigabytes as u64 * 1_000_000_000;
    let start = Instant::now();
    let mut table = Table::new(
        format!("Memory: {gigabytes} GB of repeated events through standard input"),
        &["streamed", "largest resident set"],
    );
    let (mut streamed, mut marks) = (0, MARKS.iter());
    let mut mark = marks.next();
    while streamed < all {
        stdin.write_all(&events)?;
        streamed += events.len() as u64;
        while let Some(share) = mark.filter(|share| streamed >= all * **share / 100) {
            let peak = process::peak(child.id()).unwrap_or(0);
            table.row([format!("{:.1} GB", streamed as f64 / 1e9), mebibytes(peak)]);
            eprintln!("{share} %: {}", mebibytes(peak));
            mark = marks.next();
        }
    }
    drop(stdin);
    let status = child.wait()?;
    ensure!(matches!(status.code(), Some(0 | 1)), "the hunt ended with {status}");
    let seconds = start.elapsed().as_secs_f64();
    table.note(format!(
        "{} MB/s of wall time with as many threads as the machine has.",
        grouped(streamed as f64 / 1e6 / seconds)
    ));
    Ok(vec![table])
}
