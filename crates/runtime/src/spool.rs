//! Hits in canonical order, whatever the order in which they came and however many there are.
//!
//! The last log may hold the earliest event, so that nothing can be decided before all are read. Up to a limit hits wait in
//! memory; beyond it they are sorted and written to a store in runs, which are merged in the end. The crate opens no
//! file: the caller hands in the store.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sigyn_correlate::{At, Hit, Id, Plan, Values};
use sigyn_ir::ItemId;

/// Largest hit that is read back; a larger one cannot have been written.
const ROW_BYTES_MAX: u32 = 64 * 1024 * 1024;
/// Runs that are merged at once; more are merged into one first.
const RUNS_MAX: usize = 64;

/// A file of a store.
pub trait RunFile: Read + Write + Seek + Send {}

impl<T: Read + Write + Seek + Send> RunFile for T {}

/// Where runs go that memory has no room for: gives an empty file, which goes away when it is dropped.
pub type Store<'s> = dyn FnMut() -> io::Result<Box<dyn RunFile>> + 's;

/// Collects hits.
pub(crate) struct Spool<'s> {
    plan: &'s Plan,
    store: &'s mut Store<'s>,
    hits: Vec<Hit>,
    hits_max: usize,
    sources: Vec<Arc<str>>,
    runs: Vec<Box<dyn RunFile>>,
}

/// A hit as runs hold it.
#[derive(Debug, Serialize, Deserialize)]
struct Row {
    rule: u32,
    ts: i64,
    source: u32,
    seq: u64,
    eid: Id,
    values: Values,
}

impl<'s> Spool<'s> {
    /// A spool that holds so many hits in memory.
    pub(crate) fn new(plan: &'s Plan, hits_max: usize, store: &'s mut Store<'s>) -> Self {
        let (hits, sources, runs) = (Vec::new(), Vec::new(), Vec::new());
        Self { plan, store, hits, hits_max: hits_max.max(1), sources, runs }
    }

    /// Takes a hit. Hits of one source come one after the other.
    pub(crate) fn add(&mut self, hit: Hit) -> io::Result<()> {
        self.hits.push(hit);
        if self.hits.len() < self.hits_max {
            return Ok(());
        }
        sort(&mut self.hits, self.plan);
        let hits = std::mem::take(&mut self.hits);
        let run = self.write(&mut hits.into_iter().map(Ok))?;
        self.runs.push(run);
        if self.runs.len() < RUNS_MAX {
            return Ok(());
        }
        let runs = std::mem::take(&mut self.runs);
        let mut merged = Merged::new(runs, Vec::new(), &self.sources, self.plan)?;
        // Every source has its number already.
        let run = write(self.store, &mut merged, &mut |source| number(&self.sources, source))?;
        self.runs.push(run);
        Ok(())
    }

    fn write(&mut self, hits: &mut dyn Iterator<Item = io::Result<Hit>>) -> io::Result<Box<dyn RunFile>> {
        let sources = &mut self.sources;
        write(self.store, hits, &mut |source| match number(sources, source) {
            Some(number) => Some(number),
            None => {
                sources.push(source.clone());
                u32::try_from(sources.len() - 1).ok()
            }
        })
    }

    /// Gives all hits in the canonical order (E7).
    pub(crate) fn finish(mut self, take: &mut dyn FnMut(Hit)) -> io::Result<()> {
        sort(&mut self.hits, self.plan);
        if self.runs.is_empty() {
            self.hits.into_iter().for_each(take);
            return Ok(());
        }
        for hit in Merged::new(self.runs, self.hits, &self.sources, self.plan)? {
            take(hit?);
        }
        Ok(())
    }
}

/// The number of a source; the latest are asked for most.
fn number(sources: &[Arc<str>], source: &Arc<str>) -> Option<u32> {
    sources.iter().rposition(|known| known == source).and_then(|at| u32::try_from(at).ok())
}

/// Writes a run and turns it back to its beginning.
fn write(
    store: &mut Store<'_>,
    hits: &mut dyn Iterator<Item = io::Result<Hit>>,
    number: &mut dyn FnMut(&Arc<str>) -> Option<u32>,
) -> io::Result<Box<dyn RunFile>> {
    let mut out = BufWriter::with_capacity(256 * 1024, store()?);
    let mut bytes = Vec::new();
    for hit in hits {
        let hit = hit?;
        let source = number(&hit.at.source).ok_or_else(|| io::Error::other("too many logs"))?;
        let At { ts, seq, eid, .. } = hit.at;
        let row = Row { rule: hit.rule.0, ts, source, seq, eid, values: hit.values };
        bytes.clear();
        bytes = postcard::to_extend(&row, bytes).map_err(io::Error::other)?;
        out.write_all(&u32::try_from(bytes.len()).map_err(io::Error::other)?.to_le_bytes())?;
        out.write_all(&bytes)?;
    }
    let mut file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(file)
}

/// Runs, and what is in memory, as one sequence in order.
struct Merged<'m> {
    sources: &'m [Arc<str>],
    plan: &'m Plan,
    runs: Vec<BufReader<Box<dyn RunFile>>>,
    memory: std::vec::IntoIter<Hit>,
    heads: BinaryHeap<Head<'m>>,
}

/// The next hit of a run, or of memory.
struct Head<'m> {
    hit: Hit,
    run: Option<usize>,
    plan: &'m Plan,
}

impl<'m> Merged<'m> {
    fn new(
        runs: Vec<Box<dyn RunFile>>,
        memory: Vec<Hit>,
        sources: &'m [Arc<str>],
        plan: &'m Plan,
    ) -> io::Result<Self> {
        let runs = runs.into_iter().map(|run| BufReader::with_capacity(64 * 1024, run)).collect();
        let (memory, heads) = (memory.into_iter(), BinaryHeap::new());
        let mut merged = Self { sources, plan, runs, memory, heads };
        for run in 0..merged.runs.len() {
            merged.refill(Some(run))?;
        }
        merged.refill(None)?;
        Ok(merged)
    }

    fn refill(&mut self, run: Option<usize>) -> io::Result<()> {
        let hit = match run {
            Some(run) => self.read(run)?,
            None => self.memory.next(),
        };
        self.heads.extend(hit.map(|hit| Head { hit, run, plan: self.plan }));
        Ok(())
    }

    fn read(&mut self, run: usize) -> io::Result<Option<Hit>> {
        let Some(input) = self.runs.get_mut(run) else { return Ok(None) };
        let mut length = [0; 4];
        if input.read(&mut length[..1])? == 0 {
            return Ok(None);
        }
        input.read_exact(&mut length[1..])?;
        let length = u32::from_le_bytes(length);
        if length > ROW_BYTES_MAX {
            return Err(io::Error::other("a run of hits is damaged"));
        }
        let mut bytes = vec![0; length as usize];
        input.read_exact(&mut bytes)?;
        let row: Row = postcard::from_bytes(&bytes).map_err(io::Error::other)?;
        let source = self.sources.get(row.source as usize).cloned();
        let source = source.ok_or_else(|| io::Error::other("a run of hits is damaged"))?;
        let at = At { ts: row.ts, source, seq: row.seq, eid: row.eid };
        Ok(Some(Hit { rule: ItemId(row.rule), at, values: row.values }))
    }
}

impl Iterator for Merged<'_> {
    type Item = io::Result<Hit>;

    fn next(&mut self) -> Option<io::Result<Hit>> {
        let Head { hit, run, .. } = self.heads.pop()?;
        match self.refill(run) {
            Ok(()) => Some(Ok(hit)),
            Err(error) => {
                self.heads.clear();
                Some(Err(error))
            }
        }
    }
}

// A heap gives its greatest first: the order is turned round.
impl Ord for Head<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        order(&other.hit, &self.hit, self.plan)
    }
}

impl PartialOrd for Head<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Head<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Head<'_> {}

/// Puts hits into the canonical order (E7).
pub(crate) fn sort(hits: &mut [Hit], plan: &Plan) {
    hits.sort_unstable_by(|a, b| order(a, b, plan));
}

fn order(a: &Hit, b: &Hit, plan: &Plan) -> Ordering {
    let (x, y) = (&a.at, &b.at);
    (x.ts, &x.source, x.seq, x.eid)
        .cmp(&(y.ts, &y.source, y.seq, y.eid))
        .then_with(|| plan.uid(a.rule).cmp(&plan.uid(b.rule)))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use sigyn_correlate::Limits;
    use sigyn_ir::RuleSet;

    use super::*;

    /// Hits of several logs whose times run against each other.
    fn hits(count: u64) -> Vec<Hit> {
        (0..count)
            .map(|number| {
                let source: Arc<str> = format!("log {}", number / 10).into();
                let ts = i64::try_from(number.wrapping_mul(2_654_435_761) % 1_000).unwrap();
                let values = Values::new([vec![number.to_string()], vec![]]);
                let eid = Id::of(&[&number.to_le_bytes()]);
                Hit { rule: ItemId(0), at: At { ts, source, seq: number, eid }, values }
            })
            .collect()
    }

    #[test]
    fn runs_on_disk_change_nothing() {
        let (plan, _) = Plan::compile(&RuleSet::default(), &Limits::standard());
        let mut expect = hits(1_000);
        sort(&mut expect, &plan);
        for hits_max in [1, 7, 100, 1_000, 10_000] {
            let mut store = || Ok(Box::new(Cursor::new(Vec::new())) as Box<dyn RunFile>);
            let mut spool = Spool::new(&plan, hits_max, &mut store);
            hits(1_000).into_iter().for_each(|hit| spool.add(hit).unwrap());
            let mut got = Vec::new();
            spool.finish(&mut |hit| got.push(hit)).unwrap();
            assert!(got == expect, "{hits_max}");
        }
    }

    #[test]
    fn a_store_that_fails_is_said() {
        let (plan, _) = Plan::compile(&RuleSet::default(), &Limits::standard());
        let mut store = || Err(io::Error::other("full"));
        let mut spool = Spool::new(&plan, 2, &mut store);
        let failed = hits(10).into_iter().find_map(|hit| spool.add(hit).err());
        assert!(failed.is_some_and(|error| error.to_string() == "full"));
    }
}
