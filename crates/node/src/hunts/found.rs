//! What a hunt finds, on its way into the catalog.

use std::collections::HashMap;
use std::sync::Arc;

use sigyn_correlate::At;
use sigyn_runtime::live::Signal;
use sigyn_store::Id;
use sigyn_store::catalog::{Hunt, HuntDetection, HuntKind, HuntRule, Level, Named};

use super::again::{Pattern, Reason, Texts};
use crate::body::{Body, Matched};
use crate::book::Book;
use crate::entities::Entities;
use crate::notice::Notice;
use crate::respond::Decider;
use crate::telling::{Telling, group_text};
use crate::{Node, Result, now};

/// Detections of a hunt that are kept; all are counted.
const KEPT_MAX: u64 = 100_000;
/// Detections that wait to be written. Their ids are spread at random, so that each write changes most pages of the index of
/// ids: in portions of a thousand the same pages were written ten times as often, which took half of the time. They take 10 MiB.
const WAITING_MAX: usize = 25_000;
/// Those that become signals hold their events.
const SIGNALS_MAX: usize = 1_000;
/// They wait no longer, so that somebody who looks on sees them; in nanoseconds.
const WAITING_NANOS_MAX: i64 = 1_000_000_000;
/// Events that are fetched from the store for detections of several events.
const FETCHES_MAX: usize = 2_000;

/// Collects what a hunt finds.
pub(super) struct Found {
    node: Arc<Node>,
    hunt: Hunt,
    telling: Telling,
    waiting: Vec<HuntDetection>,
    texts: Texts,
    /// Of a back-fill, what each of those that wait becomes a signal with.
    signals: Vec<(Signal, Body, Entities)>,
    written: i64,
    counts: HashMap<String, HuntRule>,
    kept: u64,
    is_cut: bool,
}

impl Found {
    pub(super) fn new(node: Arc<Node>, book: Arc<Book>, hunt: Hunt) -> Self {
        let mut telling = Telling::new(Arc::clone(&node), book);
        telling.fetches_left = FETCHES_MAX;
        // Nobody takes a detection up after a restart.
        telling.is_resumed = false;
        Self {
            telling,
            node,
            hunt,
            waiting: Vec::new(),
            texts: Texts::default(),
            signals: Vec::new(),
            written: now(),
            counts: HashMap::new(),
            kept: 0,
            is_cut: false,
        }
    }

    /// The event that the next signals are of.
    pub(super) fn at_hand(&mut self, at: &At, bytes: &[u8]) {
        self.telling.explained = None;
        self.telling.copied.clear();
        if self.kept < KEPT_MAX {
            self.telling.copied.insert(at.seq, (Arc::clone(&at.source), bytes.to_vec()));
        }
    }

    /// What made the rule match of which the next signal is, whose event is not at hand.
    pub(super) fn explained(&mut self, matched: &[Matched]) {
        if !self.is_truncated() {
            self.telling.explained = Some(matched.to_vec());
        }
    }

    /// Whether no more detections are kept, and only their number is wanted.
    pub(super) fn is_truncated(&self) -> bool {
        self.kept >= KEPT_MAX
    }

    /// Counts detections of a rule.
    pub(super) fn count(&mut self, uid: &str, level: Option<&str>, detections: u64) {
        let (book, is_cut) = (&self.telling.book, self.kept >= KEPT_MAX);
        self.is_cut |= is_cut;
        if let Some(count) = self.counts.get_mut(uid) {
            count.detections += detections;
            return;
        }
        let meta = book.get(uid).map(|(_, item)| item.meta());
        let own = meta.and_then(|meta| meta.level).map(|level| level.as_str());
        let count = HuntRule {
            rule: uid.to_owned(),
            title: meta.map_or_else(String::new, |meta| meta.title.clone()),
            level: level.or(own).and_then(Level::parse).unwrap_or(Level::Informational),
            detections,
        };
        self.counts.insert(uid.to_owned(), count);
    }

    /// Signals that are evidence of others and nobody's result.
    pub(super) fn hide(&mut self, signals: Vec<Signal>) {
        self.telling.explained = None;
        self.telling.copied.clear();
        for signal in signals {
            let (body, _) = self.telling.told(&signal);
            self.telling.hide(signal.id, body);
        }
    }

    /// A signal of the event at hand.
    pub(super) fn add(&mut self, signal: &Signal) {
        self.made(signal);
    }

    /// A signal of an event of which the place is at hand, and what others of the same reason have in common with it.
    pub(super) fn first(&mut self, signal: &Signal, at: &At, reason: &Reason) {
        let Some(body) = self.made(signal) else { return };
        if let Some(found) = self.waiting.last() {
            reason.pattern.get_or_init(|| Pattern::of(found, &body, at));
        }
    }

    /// A signal like another before, but for its event's place.
    pub(super) fn again(&mut self, pattern: &Pattern, id: sigyn_correlate::Id, at: &At) {
        self.count(pattern.uid(), None, 1);
        if !self.is_truncated() {
            self.kept += 1;
            self.waiting.push(pattern.at(Id(id.0), at, &mut self.texts));
        }
    }

    /// Keeps what a signal says, if there is room. Returns it, but of those that are to become signals.
    fn made(&mut self, signal: &Signal) -> Option<Body> {
        self.count(&signal.rule, signal.level.as_deref(), 1);
        if self.is_truncated() {
            return None;
        }
        let level = signal.level.as_deref().and_then(Level::parse).unwrap_or(Level::Informational);
        self.kept += 1;
        let (mut body, entities) = self.telling.told(signal);
        body.is_back_filled = self.hunt.kind == HuntKind::BackFill;
        let found = HuntDetection {
            id: Id(signal.id.0),
            rule: signal.rule.to_string(),
            title: self.counts.get(&*signal.rule).map_or_else(String::new, |count| count.title.clone()),
            level,
            ts: signal.ts,
            first_seen: signal.first_seen,
            last_seen: signal.last_seen,
            group: group_text(signal),
            risk: signal.risk,
            total: signal.total,
            body: serde_json::to_string(&body).unwrap_or_default(),
            begins: None,
            is_signal: false,
        };
        self.waiting.push(found);
        if body.is_back_filled {
            // What live says of the same signal later goes before.
            self.signals.push((Signal { revision: 0, ..signal.clone() }, body, entities));
            return None;
        }
        Some(body)
    }

    /// A signal of several events.
    pub(super) fn late(&mut self, signal: &Signal) {
        self.telling.explained = None;
        self.telling.copied.clear();
        self.add(signal);
    }

    /// Whether enough waits to be written, or long enough.
    pub(super) fn is_full(&self) -> bool {
        let is_long = || self.waiting.len() >= 1_000 && now() - self.written > WAITING_NANOS_MAX;
        self.waiting.len() >= WAITING_MAX || self.signals.len() >= SIGNALS_MAX || is_long()
    }

    /// Writes what waits.
    pub(super) fn write(&mut self) -> Result<()> {
        let (waiting, mut signals) = (std::mem::take(&mut self.waiting), std::mem::take(&mut self.signals));
        let texts = std::mem::take(&mut self.texts.waiting);
        self.written = now();
        let id = self.hunt.id;
        let counts: Vec<HuntRule> = self.counts.values().cloned().collect();
        for (signal, body, _) in &mut signals {
            body.live = serde_json::value::to_raw_value(&*signal).ok();
        }
        let telling = &self.telling;
        // What a new rule finds in events that are not old is told and answered as if it had been there then.
        let mut decider = Decider::new(self.node.respond().config(), now());
        let (repeated, notices) = self.node.catalog().write(|tx| {
            tx.add_hunt_texts(id, &texts)?;
            let places = tx.add_hunt_detections(id, &waiting)?;
            let repeated: Vec<String> =
                places.iter().filter_map(|at| Some(waiting.get(*at)?.rule.clone())).collect();
            let mut notices = Vec::new();
            // What is there already was found live, and people may have worked on it.
            for (signal, body, entities) in &signals {
                if tx.signal(Id(signal.id.0))?.is_none() {
                    notices.extend(telling.put(tx, signal, (body, entities), &mut decider)?);
                }
            }
            let mut counts = counts;
            for rule in &repeated {
                let count = counts.iter_mut().find(|count| count.rule == *rule);
                count.into_iter().for_each(|count| count.detections = count.detections.saturating_sub(1));
            }
            tx.count_hunt(id, &counts, self.is_cut)?;
            Ok((repeated, notices))
        })?;
        if decider.is_anything() {
            self.node.respond().wake();
        }
        // Copies of an event are one event, and were counted as several.
        for rule in repeated {
            if let Some(count) = self.counts.get_mut(&rule) {
                count.detections = count.detections.saturating_sub(1);
            }
        }
        notices.iter().for_each(|notice| self.node.notices().tell(notice));
        self.node.notices().tell(&Notice::Hunts);
        Ok(())
    }
}
