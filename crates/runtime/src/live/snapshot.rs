//! The driver as bytes, with the positions of the feeds that it stands for.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sigyn_correlate::{Hit, Id, Machine, SnapshotError, Status};
use sigyn_ir::ItemId;

use super::arrival::Rules;
use super::driver::{Live, Since};
use super::feeds::Feeds;
use super::health::RuleHealth;
use super::history::{History, KeptHit, Row};
use super::matcher::Matching;
use super::replace::names_of_logic;
use super::settings::Settings;
use super::{Kind as LiveKind, LiveError};
use crate::program::Program;

/// What every snapshot begins with.
const MAGIC: &[u8; 8] = b"sigynliv";
/// The version of the form. A change of any field is a new version.
const VERSION: u32 = 3;

/// Why a driver cannot begin from a snapshot. The way out is to begin without one and to read the feeds from the front.
#[derive(Debug)]
pub struct RestoreError(Kind);

#[derive(Debug)]
enum Kind {
    Version(u32),
    Damaged,
    Machine(SnapshotError),
    History(LiveError),
}

impl RestoreError {
    /// Whether the snapshot itself is of no use: trying again does not help, reading the feeds from the front does.
    pub fn is_unreadable(&self) -> bool {
        !matches!(self.0, Kind::History(_))
    }
}

impl fmt::Display for RestoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Version(version) => {
                write!(f, "the snapshot has version {version}, this program reads version {VERSION}")
            }
            Kind::Damaged => f.write_str("the snapshot is damaged: its checksum does not fit"),
            Kind::Machine(_) => f.write_str("the state of the correlations cannot be read"),
            Kind::History(_) => f.write_str("what was since the snapshot cannot be read"),
        }
    }
}

impl std::error::Error for RestoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Kind::Machine(error) => Some(error),
            Kind::History(error) => Some(error),
            _ => None,
        }
    }
}

/// What is kept of a driver. Rules are named by hashes, because their places change with every reload.
#[derive(Serialize, Deserialize)]
struct Image {
    watermark: i64,
    feeds: Feeds,
    recent: Vec<Id>,
    late: Vec<Row>,
    late_since: Option<i64>,
    waiting: Vec<(i64, usize)>,
    open: Vec<Id>,
    at_edge: Vec<(Id, i64)>,
    /// By uid and logic.
    active: Vec<(Id, i64)>,
    /// By what hits are kept under.
    kept: Vec<(Id, i64)>,
    health: Vec<RuleHealth>,
    forced: u64,
}

impl Live {
    /// The driver as bytes; it goes on as before. [`restore`](Self::restore) gives one that goes on from there: read each feed
    /// from its [position](Self::feeds) on, and all that was taken since comes again. None while other rules wait for
    /// their instant, which passes: the last snapshot serves until then.
    ///
    /// # Errors
    /// The state cannot be written down; not in practice.
    pub fn snapshot(&mut self) -> Result<Option<Vec<u8>>, RestoreError> {
        if self.next.is_some() {
            return Ok(None);
        }
        let machine = self.machine.snapshot().map_err(|error| RestoreError(Kind::Machine(error)))?;
        let watermark = self.machine.watermark();
        let late = self.late.iter().filter_map(|hit| {
            let rule = self.rules.key(hit.rule)?;
            Some(Row::of(&KeptHit { rule, at: hit.at.clone(), values: hit.values.clone() }))
        });
        let mut open: Vec<Id> = self.known.open.iter().copied().collect();
        open.sort_unstable();
        let since = |rule: ItemId| self.since.get(rule.0 as usize);
        let mut active: Vec<(Id, i64)> = names_of_logic(&self.rules.plan)
            .into_iter()
            .filter_map(|(name, rule)| Some((name, since(rule)?.active)))
            .collect();
        active.sort_unstable();
        let mut kept: Vec<(Id, i64)> =
            super::replace::kept_since(&self.rules, &self.since).into_iter().collect();
        kept.sort_unstable();
        let image = Image {
            watermark,
            feeds: self.feeds.clone(),
            recent: self.recent.all(),
            late: late.collect(),
            late_since: self.late_since,
            waiting: self.waiting.iter().map(|(second, count)| (*second, *count)).collect(),
            open,
            at_edge: self.known.at_edge.iter().map(|(id, ts)| (*id, *ts)).collect(),
            active,
            kept,
            health: self.health.clone(),
            forced: self.forced,
        };
        let body = postcard::to_stdvec(&image).map_err(|_| RestoreError(Kind::Damaged))?;
        let mut bytes = Vec::with_capacity(64 + body.len() + machine.len());
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&Id::of(&[&body]).0);
        bytes.extend_from_slice(&(body.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&body);
        // It has a checksum of its own.
        bytes.extend_from_slice(&machine);
        Ok(Some(bytes))
    }

    /// A driver from bytes. Rules may have changed since: those that are the same go on, others are in force from the first instant
    /// that no event had reached, with state from what was.
    ///
    /// # Errors
    /// The bytes are damaged or of another version, or the history cannot be read.
    pub fn restore(
        program: Arc<Program>,
        settings: Settings,
        bytes: &[u8],
        history: &mut dyn History,
    ) -> Result<Self, RestoreError> {
        let (image, machine) = image(bytes)?;
        let rules = Arc::new(Rules::new(program));
        let known = match Machine::restore(rules.plan.clone(), machine) {
            Ok(machine) => Some(machine),
            Err(error) if error.is_of_other_rules() => None,
            Err(error) => return Err(RestoreError(Kind::Machine(error))),
        };
        let is_same = known.is_some();
        let machine = known.unwrap_or_else(|| Machine::new(rules.plan.clone()));
        let mut live = Self::of(rules, machine, settings);
        let from = image.feeds.newest().map_or(image.watermark, |newest| newest.saturating_add(1));
        let watermark = image.watermark;
        let uids = image.health.iter().map(|health| health.rule.clone()).collect();
        live.take_back(image, from);
        let failed = |error| RestoreError(Kind::History(error));
        if !is_same {
            live.rebuild(watermark, history).map_err(failed)?;
        }
        live.fork();
        live.claim_told(uids, history).map_err(failed)?;
        Ok(live)
    }

    /// Everything but the machine.
    fn take_back(&mut self, image: Image, from: i64) {
        let Image { feeds, recent, late, late_since, waiting, open, at_edge, .. } = image;
        self.feeds = feeds;
        recent.into_iter().for_each(|event| self.recent.add(event));
        let items: HashMap<Id, ItemId> =
            (0..).map(ItemId).zip(&self.rules.keys).filter_map(|(item, key)| Some(((*key)?, item))).collect();
        let late = late.into_iter().map(Row::hit);
        self.late = late
            .filter_map(|kept| Some(Hit { rule: *items.get(&kept.rule)?, at: kept.at, values: kept.values }))
            .collect();
        self.late_since = late_since.filter(|_| !self.late.is_empty());
        self.waiting_count = waiting.iter().map(|(_, count)| count).sum();
        self.waiting = waiting.into_iter().collect();
        self.known.open = open.into_iter().collect();
        self.known.at_edge = at_edge.into_iter().collect();
        self.forced = image.forced;
        let names: HashMap<ItemId, Id> =
            names_of_logic(&self.rules.plan).into_iter().map(|(name, item)| (item, name)).collect();
        let active: HashMap<Id, i64> = image.active.into_iter().collect();
        let kept: HashMap<Id, i64> = image.kept.into_iter().collect();
        for (at, since) in self.since.iter_mut().enumerate() {
            let item = ItemId(u32::try_from(at).unwrap_or(u32::MAX));
            let name = names.get(&item).and_then(|name| active.get(name));
            let key = self.rules.key(item).and_then(|key| kept.get(&key));
            *since = Since { active: name.copied().unwrap_or(from), kept: key.copied().unwrap_or(from) };
        }
        let mut old: HashMap<Arc<str>, RuleHealth> =
            image.health.into_iter().map(|health| (health.rule.clone(), health)).collect();
        for health in &mut self.health {
            if let Some(known) = old.remove(&health.rule) {
                *health = known;
            }
        }
    }

    /// Makes the state of all correlations from what was.
    fn rebuild(&mut self, watermark: i64, history: &mut dyn History) -> Result<(), LiveError> {
        let rules = self.rules.clone();
        let fresh: Vec<ItemId> = rules
            .plan
            .rules()
            .iter()
            .copied()
            .filter(|rule| !rules.plan.children(*rule).is_empty())
            .collect();
        let fill = self.back_fill(&rules, &fresh, watermark..i64::MAX, history)?;
        for (at, since) in self.since.iter_mut().enumerate() {
            if fill.kept.contains(&ItemId(u32::try_from(at).unwrap_or(u32::MAX))) {
                since.kept = fill.from;
            }
        }
        let late: HashSet<(Id, ItemId)> = self.late.iter().map(|hit| (hit.at.eid, hit.rule)).collect();
        for hit in fill.hits {
            // What waits for its repair is not yet part of what was told.
            if !late.contains(&(hit.at.eid, hit.rule)) {
                self.machine.push(hit);
            }
        }
        let mut out = Vec::new();
        let mut matching = Matching { rules: &rules, memory: &mut self.memory };
        self.machine.advance(watermark, &mut matching, &mut out);
        self.memory.taken.clear();
        let mut open = Vec::new();
        self.machine.open(&mut open);
        self.known.open.retain(|id| open.iter().any(|detection| detection.id == *id));
        Ok(())
    }

    /// What was told of instants that the watermark has not reached must be confirmed: events may come in another order now. What
    /// rules told as provisional that are gone, nobody will confirm.
    fn claim_told(&mut self, uids: Vec<Arc<str>>, history: &mut dyn History) -> Result<(), LiveError> {
        let rules = self.rules.clone();
        let above = rules.plan.rules().iter().filter(|rule| !rules.plan.children(**rule).is_empty());
        let uids: BTreeSet<Arc<str>> = above.filter_map(|rule| rules.names.uid(*rule)).chain(uids).collect();
        let mut lost = Vec::new();
        for uid in uids {
            let logic = rules.names.item(&uid).and_then(|rule| rules.plan.logic_hash(rule));
            let known = &mut self.known;
            history
                .signals(&uid, self.machine.watermark()..i64::MAX, &mut |signal| {
                    let is_sure = signal.stratum == 1 || known.at_edge.contains_key(&signal.id);
                    match Some(signal.logic) == logic {
                        _ if is_sure || known.open.contains(&signal.id) => {}
                        true => known.claim(signal),
                        // Those that are final are of rules that were in force then.
                        false if signal.status == Status::Provisional => lost.push(signal),
                        false => {}
                    }
                })
                .map_err(|error| LiveError(LiveKind::History(error)))?;
        }
        lost.into_iter().for_each(|signal| self.retract(signal));
        Ok(())
    }
}

/// Everything but the machine, and the machine's bytes.
fn image(bytes: &[u8]) -> Result<(Image, &[u8]), RestoreError> {
    let damaged = || RestoreError(Kind::Damaged);
    let rest = bytes.strip_prefix(MAGIC).ok_or_else(damaged)?;
    let (version, rest) = rest.split_first_chunk::<4>().ok_or_else(damaged)?;
    let version = u32::from_le_bytes(*version);
    if version != VERSION {
        return Err(RestoreError(Kind::Version(version)));
    }
    let (checksum, rest) = rest.split_first_chunk::<16>().ok_or_else(damaged)?;
    let (length, rest) = rest.split_first_chunk::<8>().ok_or_else(damaged)?;
    let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| damaged())?;
    let (body, machine) = rest.split_at_checked(length).ok_or_else(damaged)?;
    if Id::of(&[body]).0 != *checksum {
        return Err(damaged());
    }
    Ok((postcard::from_bytes(body).map_err(|_| damaged())?, machine))
}
