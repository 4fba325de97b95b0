//! The driver: batches in, changes out.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use sigyn_correlate::{Detection, Hit, Id, Machine, Pushed, Status};

use super::arrival::{Gathered, Rules, View};
use super::feeds::{FeedHealth, Feeds};
use super::health::RuleHealth;
use super::history::{History, KeptHit};
use super::known::Known;
use super::matcher::{Matching, Memory};
use super::recent::Recent;
use super::replace::Next;
use super::settings::Settings;
use super::signal::{Change, Signal};
use super::{Kind, LiveError};
use crate::program::Program;

/// Nanoseconds of a second.
const SECOND: i64 = 1_000_000_000;

/// The state machine behind all threads.
#[derive(Debug)]
pub struct Live {
    pub(super) settings: Settings,
    pub(super) view: Arc<View>,
    pub(super) rules: Arc<Rules>,
    /// None only while it is taken apart.
    pub(super) machine: Machine,
    /// Runs ahead of the watermark; it can be wrong.
    pub(super) ahead: Option<Machine>,
    pub(super) memory: Memory,
    pub(super) feeds: Feeds,
    pub(super) recent: Recent,
    /// Hits that lie before the watermark, and since when the first of them waits.
    pub(super) late: Vec<Hit>,
    pub(super) late_since: Option<i64>,
    /// Hits that wait for the watermark, by their second.
    pub(super) waiting: BTreeMap<i64, usize>,
    pub(super) waiting_count: usize,
    pub(super) known: Known,
    /// Changes that were not told yet, because the history failed.
    pub(super) untold: Vec<Change>,
    /// Changes that were told in the midst of a step, and are to be given out at its end.
    pub(super) given: Vec<Change>,
    /// By rule: since when its detections count (E44), and since when its hits are kept.
    pub(super) since: Vec<Since>,
    pub(super) health: Vec<RuleHealth>,
    pub(super) next: Option<Next>,
    /// How often the watermark moved on because too much waited for it.
    pub(super) forced: u64,
}

/// Since when a rule counts, in event time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Since {
    /// Its detections before this are not told.
    pub(super) active: i64,
    /// Its hits from here on are kept.
    pub(super) kept: i64,
}

impl Since {
    /// From the beginning.
    pub(super) const EVER: Self = Self { active: i64::MIN, kept: i64::MIN };
}

impl Live {
    /// A driver that has seen nothing. Its rules are in force for all of time.
    pub fn new(program: Arc<Program>, settings: Settings) -> Self {
        let rules = Arc::new(Rules::new(program));
        let machine = Machine::new(rules.plan.clone());
        Self::of(rules, machine, settings)
    }

    pub(super) fn of(rules: Arc<Rules>, machine: Machine, settings: Settings) -> Self {
        let count = rules.program.set.items.len();
        let view = View {
            number: 0,
            rules: rules.clone(),
            next: None,
            retention: settings.retention,
            is_timed: settings.lateness.is_adaptive,
        };
        Self {
            view: Arc::new(view),
            machine,
            ahead: settings.provisional_after.map(|_| Machine::new(rules.plan.clone())),
            memory: Memory::new(&rules),
            feeds: Feeds::default(),
            recent: Recent::new(settings.recent_max),
            late: Vec::new(),
            late_since: None,
            waiting: BTreeMap::new(),
            waiting_count: 0,
            known: Known::default(),
            untold: Vec::new(),
            given: Vec::new(),
            since: vec![Since::EVER; count],
            health: health(&rules),
            next: None,
            forced: 0,
            rules,
            settings,
        }
    }

    /// The rules in force, for [`Intake::new`](super::Intake::new). It changes when rules do; batches of another view are
    /// not taken.
    pub fn view(&self) -> &Arc<View> {
        &self.view
    }

    /// All events before this instant have been seen, but for late ones: nanoseconds UTC.
    pub fn watermark(&self) -> i64 {
        self.machine.watermark()
    }

    /// What came of each feed, and where a restart would read on.
    pub fn feeds(&self) -> impl Iterator<Item = FeedHealth> {
        self.feeds.health(&self.settings.lateness)
    }

    /// What each rule has done.
    pub fn rules(&self) -> &[RuleHealth] {
        &self.health
    }

    /// Hits that wait for the watermark, and late ones that wait for their repair.
    pub fn waiting(&self) -> (usize, usize) {
        (self.waiting_count, self.late.len())
    }

    /// How often the watermark moved on because too much waited for it.
    pub fn forced(&self) -> u64 {
        self.forced
    }

    /// Says where a feed begins, before its first batch; without it a feed begins at 0. `now` is the time of day.
    ///
    /// # Errors
    /// There are too many feeds.
    pub fn open_feed(&mut self, feed: &Arc<str>, offset: u64, now: i64) -> Result<(), LiveError> {
        if !self.feeds.knows(feed) && self.feeds.len() >= self.settings.feeds_max {
            return Err(LiveError(Kind::Feeds(self.settings.feeds_max)));
        }
        self.feeds.open(feed, offset, now);
        Ok(())
    }

    /// Takes batches, in any order, and decides what can be decided. `now` is the time of day: which feeds are silent, and how
    /// long late events have waited. Call it without batches about once a second. Gives the changes, which have been told to
    /// the history.
    ///
    /// # Errors
    /// A batch was matched under other rules, there are too many feeds, or the history failed. Nothing was lost; if it was
    /// the history, the batches may or may not have been taken in, and do no harm if they come again.
    pub fn take(
        &mut self,
        batches: Vec<Gathered>,
        now: i64,
        history: &mut dyn History,
    ) -> Result<Vec<Change>, LiveError> {
        if batches.iter().any(|batch| batch.view != self.view.number) {
            return Err(LiveError(Kind::OtherView));
        }
        let new: HashSet<&Arc<str>> =
            batches.iter().map(|batch| &batch.feed).filter(|feed| !self.feeds.knows(feed)).collect();
        if self.feeds.len() + new.len() > self.settings.feeds_max {
            return Err(LiveError(Kind::Feeds(self.settings.feeds_max)));
        }
        let batches: Vec<Gathered> =
            batches.into_iter().filter(|batch| !self.feeds.has(&batch.feed, &batch.offsets)).collect();
        let (batches, events) = self.without_copies(batches);
        self.keep(&batches, history)?;
        events.into_iter().for_each(|event| self.recent.add(event));
        batches.into_iter().for_each(|(batch, copies)| self.take_in(batch, copies, now));
        self.run(now, history)?;
        self.tell(history)
    }

    /// Leaves out events that were there before (E6); gives how many of each batch were, and the new ones.
    fn without_copies(&self, batches: Vec<Gathered>) -> (Vec<(Gathered, u64)>, HashSet<Id>) {
        let mut events: HashSet<Id> = HashSet::new();
        let mut last: Option<(Id, bool)> = None;
        let mut kept = Vec::with_capacity(batches.len());
        for mut batch in batches {
            let mut copies = 0;
            batch.hits.retain(|hit| match last {
                Some((event, is_new)) if event == hit.at.eid => is_new,
                _ => {
                    let is_new = !self.recent.has(hit.at.eid) && events.insert(hit.at.eid);
                    last = Some((hit.at.eid, is_new));
                    copies += u64::from(!is_new);
                    is_new
                }
            });
            // The next batch may begin with a copy of this one's last event.
            last = None;
            kept.push((batch, copies));
        }
        (kept, events)
    }

    /// Keeps hits that others read, for repairs.
    fn keep(&self, batches: &[(Gathered, u64)], history: &mut dyn History) -> Result<(), LiveError> {
        let hits = batches.iter().flat_map(|(batch, _)| &batch.hits);
        let kept = hits.filter_map(|hit| {
            let rules = self.view.at(hit.at.ts);
            let rule = rules.key(hit.rule).filter(|_| rules.plan.is_read(hit.rule))?;
            Some(KeptHit { rule, at: hit.at.clone(), values: hit.values.clone() })
        });
        let kept: Vec<KeptHit> = kept.collect();
        if !kept.is_empty() {
            history.keep(&kept)?;
        }
        Ok(())
    }

    fn take_in(&mut self, batch: Gathered, copies: u64, now: i64) {
        let mut late = 0;
        for hit in batch.hits {
            match &mut self.next {
                Some(next) if hit.at.ts >= next.from => next.hits.push(hit),
                _ => late += u64::from(self.hit(hit)),
            }
        }
        if late > 0 {
            self.late_since.get_or_insert(now);
        }
        let counts = self.feeds.add(&batch.feed, &batch.offsets, (batch.newest, &batch.arrivals), now);
        counts.events += batch.events;
        counts.untimed += batch.untimed;
        counts.retimed += batch.retimed;
        counts.late += late;
        counts.copies += copies;
    }

    /// Takes a hit under the rules at hand; says whether it is late.
    pub(super) fn hit(&mut self, hit: Hit) -> bool {
        let (plan, place) = (self.rules.plan.clone(), hit.rule.0 as usize);
        let is_active = self.since.get(place).is_some_and(|since| hit.at.ts >= since.active);
        if let Some(health) = self.health.get_mut(place) {
            health.matches += u64::from(is_active);
        }
        if is_active
            && plan.is_signal(hit.rule)
            && let Some(detection) = plan.detection_of(&hit)
        {
            let is_late = hit.at.ts < self.machine.watermark();
            self.change(Detection { is_late, ..detection }, Change::Add);
        }
        if !plan.is_read(hit.rule) {
            return false;
        }
        let ts = hit.at.ts;
        if let Some(ahead) = &mut self.ahead {
            // What comes too late for it is left out: it will be known when the watermark passes.
            ahead.push(hit.clone());
        }
        if self.machine.push(hit.clone()) == Pushed::Late {
            self.late.push(hit);
            return true;
        }
        *self.waiting.entry(ts.div_euclid(SECOND)).or_default() += 1;
        self.waiting_count += 1;
        false
    }

    /// Decides what can be decided at a time of day.
    fn run(&mut self, now: i64, history: &mut dyn History) -> Result<(), LiveError> {
        let allowed = self.feeds.watermark(&self.settings.lateness, now).unwrap_or(i64::MIN);
        let watermark = allowed.max(self.pressed()).max(self.machine.watermark());
        let is_due =
            self.late_since.is_some_and(|since| now.saturating_sub(since) >= self.settings.repair_after);
        if is_due || self.late.len() >= self.settings.late_max {
            self.repair(history)?;
        }
        self.switch_if_due(watermark, history)?;
        self.advance(watermark);
        self.preview(now);
        Ok(())
    }

    /// The watermark at which so much waits as may.
    fn pressed(&mut self) -> i64 {
        if let Some(next) = self.next.as_ref().filter(|next| next.hits.len() > self.settings.waiting_max) {
            return next.from;
        }
        if self.waiting_count <= self.settings.waiting_max {
            return i64::MIN;
        }
        self.forced += 1;
        // Down to half, so that it is not done for every hit.
        let mut left = self.waiting_count;
        for (second, count) in &self.waiting {
            left -= count;
            if left <= self.settings.waiting_max / 2 {
                return second.saturating_add(1).saturating_mul(SECOND);
            }
        }
        i64::MIN
    }

    /// Moves the watermark.
    pub(super) fn advance(&mut self, watermark: i64) {
        if watermark <= self.machine.watermark() {
            return;
        }
        let mut out = Vec::new();
        let mut matching = Matching { rules: &self.rules, memory: &mut self.memory };
        self.machine.advance(watermark, &mut matching, &mut out);
        self.passed(watermark, out);
    }

    /// The watermark has passed, with what that decided.
    pub(super) fn passed(&mut self, watermark: i64, decided: Vec<Detection>) {
        self.known.at_edge.retain(|_, ts| *ts >= watermark);
        while let Some(first) = self.waiting.first_entry() {
            if first.key().saturating_add(1).saturating_mul(SECOND) > watermark {
                break;
            }
            self.waiting_count -= first.remove();
        }
        self.tell_taken();
        for detection in decided {
            self.decided(detection);
        }
        for signal in self.known.refuted(watermark) {
            self.retract(signal);
        }
        self.note_degraded();
    }

    /// Notes what the machine had to forget.
    pub(super) fn note_degraded(&mut self) {
        for degraded in self.machine.take_degraded() {
            if let Some(health) = self.health.get_mut(degraded.rule as usize) {
                health.degrade(degraded.from..degraded.to);
            }
        }
    }

    /// Tells matches that are not shown but that evidence names.
    pub(super) fn tell_taken(&mut self) {
        for detection in std::mem::take(&mut self.memory.taken) {
            if self.is_active(&detection) {
                self.change(detection, Change::Add);
            }
        }
    }

    pub(super) fn is_active(&self, detection: &Detection) -> bool {
        self.since.get(detection.rule.0 as usize).is_some_and(|since| detection.ts >= since.active)
    }

    /// The machine says what holds.
    fn decided(&mut self, detection: Detection) {
        if !self.is_active(&detection) {
            return;
        }
        let Some(signal) = Signal::of(detection.clone(), &self.rules.plan, &self.rules.names) else { return };
        if signal.ts >= self.machine.watermark() {
            self.known.at_edge.insert(signal.id, signal.ts);
        }
        let told = self.known.confirm(signal.id, || signal.group_key());
        let was_open = match signal.status {
            Status::Open => !self.known.open.insert(signal.id),
            _ => self.known.open.remove(&signal.id),
        };
        match told {
            Some(told) if is_alike(&told, &signal) => {}
            Some(told) => {
                let revision = signal.revision.max(told.revision.saturating_add(1));
                self.put(Change::Update(Signal { revision, ..signal }));
            }
            None if was_open => self.put(Change::Update(signal)),
            None => self.added(detection),
        }
    }

    fn added(&mut self, detection: Detection) {
        if let Some(health) = self.health.get_mut(detection.rule.0 as usize) {
            health.matches += 1;
        }
        self.change(detection, Change::Add);
    }

    /// What holds unless something in between changes it.
    ///
    /// Events wait for others to come between them and the latest, but no longer than others may be under way: the last
    /// events of a burst are told of when it has been silent for a while, not when the next event comes.
    fn preview(&mut self, now: i64) {
        let (Some(after), Some(ahead)) = (self.settings.provisional_after, &mut self.ahead) else { return };
        let Some(newest) = self.feeds.newest() else { return };
        let is_quiet = self.feeds.heard().is_some_and(|heard| now.saturating_sub(heard) >= after);
        let shown = if is_quiet { newest } else { newest.saturating_sub(after.max(0)) };
        let to = shown.saturating_add(1).max(self.machine.watermark());
        let mut out = Vec::new();
        ahead.advance(to, &mut Matching { rules: &self.rules, memory: &mut self.memory }, &mut out);
        ahead.take_degraded();
        self.tell_taken();
        let watermark = self.machine.watermark();
        for detection in out {
            let is_new = detection.ts >= watermark
                && !self.known.at_edge.contains_key(&detection.id)
                && !self.known.open.contains(&detection.id)
                && !self.known.is_claimed(detection.id);
            if is_new && self.is_active(&detection) && self.rules.plan.is_monotone(detection.rule) {
                let detection = Detection { status: Status::Provisional, ..detection };
                let Some(signal) = Signal::of(detection.clone(), &self.rules.plan, &self.rules.names) else {
                    continue;
                };
                self.known.claim(signal);
                self.added(detection);
            }
        }
    }

    /// A detection as a change.
    pub(super) fn change(&mut self, detection: Detection, how: fn(Signal) -> Change) {
        if let Some(signal) = Signal::of(detection, &self.rules.plan, &self.rules.names) {
            self.put(how(signal));
        }
    }

    pub(super) fn retract(&mut self, signal: Signal) {
        let revision = signal.revision.saturating_add(1);
        self.put(Change::Retract(Signal { status: Status::Retracted, revision, ..signal }));
    }

    pub(super) fn put(&mut self, change: Change) {
        let signal = change.signal();
        let place = self.rules.names.item(&signal.rule).map(|item| item.0 as usize);
        if let Some(health) = place.and_then(|place| self.health.get_mut(place)) {
            match &change {
                Change::Add(_) => health.signals += 1,
                Change::Update(_) => {}
                Change::Retract(_) => health.signals = health.signals.saturating_sub(1),
            }
            health.last = health.last.max(Some(signal.ts));
        }
        self.untold.push(change);
    }

    /// Tells the history what has changed.
    pub(super) fn tell(&mut self, history: &mut dyn History) -> Result<Vec<Change>, LiveError> {
        if !self.untold.is_empty() {
            history.tell(&self.untold)?;
        }
        self.given.append(&mut self.untold);
        Ok(std::mem::take(&mut self.given))
    }

    /// Ends: no event comes any more, as at the end of files. Everything that is open closes.
    ///
    /// # Errors
    /// The history failed.
    pub fn finish(mut self, history: &mut dyn History) -> Result<Vec<Change>, LiveError> {
        self.repair(history)?;
        self.switch_if_due(i64::MAX, history)?;
        let mut out = Vec::new();
        let mut matching = Matching { rules: &self.rules, memory: &mut self.memory };
        self.machine.finish(&mut matching, &mut out);
        self.passed(i64::MAX, out);
        self.tell(history)
    }
}

/// Each rule's health, before anything happens.
pub(super) fn health(rules: &Rules) -> Vec<RuleHealth> {
    let items = (0..rules.program.set.items.len()).filter_map(|at| u32::try_from(at).ok());
    items
        .map(|at| RuleHealth::of(rules.names.uid(sigyn_ir::ItemId(at)).unwrap_or_else(|| "".into())))
        .collect()
}

/// Whether two states are one, but for what describes how they became known (E2).
fn is_alike(a: &Signal, b: &Signal) -> bool {
    let plain = |it: &Signal| Signal { revision: 0, is_late: false, superseded_by: None, ..it.clone() };
    plain(a) == plain(b)
}
