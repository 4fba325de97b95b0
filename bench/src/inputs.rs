//! The inputs that hunts are measured on, made once from the shared data into `target/bench-inputs`.

mod evtx;
mod flat;
mod routed;
mod vary;

use std::fs;
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sigyn_readers::{Decoder, Reader, Step};

use crate::report::grouped;

/// Raised when what is made changes, so that no old input is measured.
const VERSION: &str = "target/bench-inputs/2";
/// Copies of the recorded events in the flat inputs.
const COPIES: u32 = 32;
/// Copies of the recorded chunks in the large EVTX file, and of the recorded files in the folder of small ones.
const EVTX_COPIES: usize = 8;
/// Copies of an input where it is to last long.
const LONG_COPIES: usize = 8;

/// What there is to measure with.
#[derive(Debug)]
pub(crate) struct Inputs {
    /// A folder of rule files.
    pub(crate) rules: PathBuf,
    /// A file without a byte, for what a program takes before the first event.
    pub(crate) empty: PathBuf,
    /// The recorded events once, flat.
    pub(crate) base: PathBuf,
    pub(crate) logs: Vec<Input>,
}

/// A log, or a folder of logs.
#[derive(Clone, Debug)]
pub(crate) struct Input {
    pub(crate) name: &'static str,
    pub(crate) path: PathBuf,
    /// The same with the log source written into every event, for peers that cannot tell it.
    pub(crate) routed: Option<PathBuf>,
    pub(crate) events: u64,
    pub(crate) bytes: u64,
}

/// Makes what is missing and says what there is.
pub(crate) fn run() -> Result<()> {
    let Some(inputs) = prepare()? else { return Ok(()) };
    for input in &inputs.logs {
        println!(
            "{:<14} {:>10} events  {:>6.0} bytes each  {}",
            input.name,
            grouped(input.events as f64),
            input.bytes as f64 / input.events.max(1) as f64,
            input.path.display()
        );
    }
    Ok(())
}

/// The inputs; none if the shared data is not there.
pub(crate) fn prepare() -> Result<Option<Inputs>> {
    let (Some(sigmahq), Some(recorded), Some(mordor)) =
        (crate::data("sigmahq"), crate::data("evtx"), crate::data("mordor"))
    else {
        return Ok(None);
    };
    let folder = crate::workspace().join(VERSION);
    fs::create_dir_all(&folder)?;
    let at = |name: &str| folder.join(name);
    let logs = files(&recorded, "evtx")?;
    rules(&sigmahq, &at("rules"))?;
    made(&at("empty.ndjson"), |_| Ok(()))?;
    made(&at("flat.ndjson"), |out| flat::write(&logs, out))?;
    made(&at("routed.ndjson"), |out| routed::write(&at("flat.ndjson"), &at("rules"), out))?;
    for (base, same, own) in [
        ("flat.ndjson", "flat-x32.ndjson", "flat-distinct.ndjson"),
        ("routed.ndjson", "routed-x32.ndjson", "routed-distinct.ndjson"),
    ] {
        made(&at(same), |out| repeat(&at(base), out))?;
        made(&at(own), |out| distinct(&at(base), out))?;
    }
    small(&recorded, &logs, &at("evtx"))?;
    made(&at("large.evtx"), |out| evtx::join(&logs, EVTX_COPIES, out))?;
    made(&at("mordor.ndjson"), |out| unpack(&mordor, out))?;
    let mut inputs = Vec::new();
    for (name, path, routed) in [
        ("flat", "flat-x32.ndjson", Some("routed-x32.ndjson")),
        ("flat-distinct", "flat-distinct.ndjson", Some("routed-distinct.ndjson")),
        ("evtx-files", "evtx", None),
        ("evtx-large", "large.evtx", None),
        ("mordor", "mordor.ndjson", None),
    ] {
        let (events, bytes) = count(&at(path), &at(&format!("{name}.count")))?;
        inputs.push(Input { name, path: at(path), routed: routed.map(at), events, bytes });
    }
    Ok(Some(Inputs { rules: at("rules"), empty: at("empty.ndjson"), base: at("flat.ndjson"), logs: inputs }))
}

/// The same log over and over as a folder, for runs that last long beside what each thread learns anew. Links that no
/// program can tell from copies.
pub(crate) fn over_and_over(inputs: &Inputs, input: &Input) -> Result<PathBuf> {
    let folder = inputs.empty.with_file_name("long").join(input.name);
    for copy in 0..LONG_COPIES {
        let files = if input.path.is_dir() { files(&input.path, "evtx")? } else { vec![input.path.clone()] };
        for (number, file) in files.iter().enumerate() {
            let ending = file.extension().unwrap_or_default().to_string_lossy();
            let link = folder.join(copy.to_string()).join(format!("{number}.{ending}"));
            if !link.exists() {
                fs::create_dir_all(folder.join(copy.to_string()))?;
                fs::hard_link(file, link)?;
            }
        }
    }
    Ok(folder)
}

/// The recorded events once, flat; none if the shared data is not there.
pub(crate) fn flat() -> Result<Option<PathBuf>> {
    let Some(recorded) = crate::data("evtx") else { return Ok(None) };
    let folder = crate::workspace().join(VERSION);
    fs::create_dir_all(&folder)?;
    let (path, logs) = (folder.join("flat.ndjson"), files(&recorded, "evtx")?);
    made(&path, |out| flat::write(&logs, out))?;
    Ok(Some(path))
}

/// Writes a file if it is not there; under another name until it is complete.
fn made(path: &Path, write: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
    if path.exists() {
        return Ok(());
    }
    let part = path.with_extension("part");
    let mut out = BufWriter::with_capacity(1 << 20, fs::File::create(&part)?);
    write(&mut out).with_context(|| path.display().to_string())?;
    out.flush()?;
    fs::rename(part, path)?;
    Ok(())
}

fn repeat(base: &Path, out: &mut dyn Write) -> Result<()> {
    let bytes = fs::read(base)?;
    (0..COPIES).try_for_each(|_| out.write_all(&bytes))?;
    Ok(())
}

/// As many copies, each with values of its own.
fn distinct(base: &Path, out: &mut dyn Write) -> Result<()> {
    let text = fs::read_to_string(base)?;
    let events: Vec<serde_json::Map<String, serde_json::Value>> =
        text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    for copy in 0..COPIES {
        for event in &events {
            let mut event = event.clone();
            vary::event(&mut event, copy);
            serde_json::to_writer(&mut *out, &event)?;
            out.write_all(b"\n")?;
        }
    }
    Ok(())
}

/// The recorded files several times over, each copy in a folder of its own; links where the disk has them.
fn small(recorded: &Path, logs: &[PathBuf], to: &Path) -> Result<()> {
    if to.exists() {
        return Ok(());
    }
    let part = to.with_extension("part");
    for copy in 0..EVTX_COPIES {
        for log in logs {
            let file = part.join(copy.to_string()).join(log.strip_prefix(recorded)?);
            fs::create_dir_all(file.parent().context("a log lies in a folder")?)?;
            if fs::hard_link(log, &file).is_err() {
                fs::copy(log, &file)?;
            }
        }
    }
    fs::rename(part, to)?;
    Ok(())
}

/// The JSON lines of all recordings, one behind the other.
fn unpack(mordor: &Path, out: &mut dyn Write) -> Result<()> {
    for path in files(mordor, "zip")? {
        for step in Reader::new(path.to_string_lossy(), open(&path)?) {
            let Step::Batch(batch) = step else { continue };
            if batch.member.shape.name == "JSON" && batch.bytes.starts_with(b"{") {
                out.write_all(&batch.bytes)?;
                if !batch.bytes.ends_with(b"\n") {
                    out.write_all(b"\n")?;
                }
            }
        }
    }
    Ok(())
}

/// Copies the rules that are measured with, so that every program reads the same folder.
fn rules(sigmahq: &Path, to: &Path) -> Result<()> {
    if to.exists() {
        return Ok(());
    }
    let part = to.with_extension("part");
    for path in crate::rules::windows(sigmahq)? {
        let file = part.join(path.strip_prefix(sigmahq)?);
        fs::create_dir_all(file.parent().context("a rule lies in a folder")?)?;
        fs::copy(&path, file)?;
    }
    fs::rename(part, to)?;
    Ok(())
}

/// Events and bytes, counted once and kept.
fn count(path: &Path, kept: &Path) -> Result<(u64, u64)> {
    if let Ok(text) = fs::read_to_string(kept) {
        let (events, bytes) = text.trim().split_once(' ').context("a count is two numbers")?;
        return Ok((events.parse()?, bytes.parse()?));
    }
    let (events, bytes) = sizes(path)?;
    fs::write(kept, format!("{events} {bytes}"))?;
    Ok((events, bytes))
}

/// Events and bytes, by reading.
fn sizes(path: &Path) -> Result<(u64, u64)> {
    let logs = if path.is_dir() { files(path, "evtx")? } else { vec![path.to_owned()] };
    let (mut events, mut bytes) = (0, 0);
    let mut decoder = Decoder::new(None);
    for log in logs {
        bytes += fs::metadata(&log)?.len();
        for step in Reader::new(log.to_string_lossy(), open(&log)?) {
            if let Step::Batch(batch) = step {
                events += decoder.decode(&batch, &mut |_, _| true).records;
            }
        }
    }
    Ok((events, bytes))
}

/// A log that a call names.
pub(crate) fn own(path: &Path) -> Result<Input> {
    let (events, bytes) = sizes(path)?;
    Ok(Input { name: "a log of the call", path: path.to_owned(), routed: None, events, bytes })
}

/// Opens a log as a hunt does.
pub(crate) fn open(path: &Path) -> Result<BufReader<fs::File>> {
    let file = fs::File::open(path).with_context(|| path.display().to_string())?;
    let size = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
    Ok(BufReader::with_capacity(size.clamp(8 * 1024, 1 << 20), file))
}

/// The files with an extension below a folder, in order.
pub(crate) fn files(folder: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path, extension)?);
        } else if path.extension().is_some_and(|other| other.eq_ignore_ascii_case(extension)) {
            found.push(path);
        }
    }
    found.sort_unstable();
    Ok(found)
}
