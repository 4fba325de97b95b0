//! What the live driver looks back at, and where it tells what it has found: the catalog.
//!
//! Changes of signals are written with everything else that they bring, in one transaction: see
//! [`Past::tell`]. Hits that correlations read are kept in memory, the newest of them; what is missing there, because they
//! were too many or the process is new, is worked out anew from the stored events.

use std::collections::{HashMap, HashSet};
use std::io;
use std::ops::Range;
use std::sync::Arc;

use serde::Deserialize;
use sigyn_correlate::{At, Id};
use sigyn_event::Event;
use sigyn_runtime::live::{Change, History, KeptHit, KeptHits, Recalled, Signal};
use sigyn_store::Id as StoreId;
use sigyn_store::catalog::{Field, Filter, Sort, Term, Tx};

use crate::body::Body;
use crate::book::Book;
use crate::entities::Entities;
use crate::events::Events;
use crate::notice::Notice;
use crate::respond::Decider;
use crate::telling::Telling;
use crate::{Node, now};

/// Hits that are kept at most; about 300 bytes each.
const HITS_MAX: usize = 500_000;
/// What a chunk has found is written when it is so large, in bytes, and what else it has found in the next transaction: each
/// event may match many rules and is copied for each. Half of it written is what a crash may leave as well.
const WRITE_BYTES: usize = 8 << 20;
/// Signals that are read at a time.
const PAGE: usize = 1_000;

/// The memory of the driver.
pub(crate) struct Past {
    node: Arc<Node>,
    pub(crate) telling: Telling,
    hits: KeptHits,
    /// Works out hits of stored events under the rules at hand.
    recalled: Option<Recalled>,
    events: Events,
}

impl Past {
    /// `is_first` says that no event came before what will be [kept](History::keep).
    pub(crate) fn new(node: Arc<Node>, book: Arc<Book>, is_first: bool) -> Self {
        Self {
            telling: Telling::new(Arc::clone(&node), book),
            node,
            hits: if is_first { KeptHits::new(HITS_MAX) } else { KeptHits::after_others(HITS_MAX) },
            recalled: None,
            events: Events::new(),
        }
    }

    pub(crate) fn book(&self) -> &Arc<Book> {
        &self.telling.book
    }

    /// Takes other rules up.
    pub(crate) fn renew(&mut self, book: Arc<Book>) {
        self.recalled = None;
        self.telling.renew(book);
    }

    /// Calls `visit` with hits of the stored events of an interval until it says no.
    fn recall(
        &mut self,
        interval: Range<i64>,
        visit: &mut dyn FnMut(&mut KeptHits, KeptHit) -> bool,
    ) -> io::Result<()> {
        let Self { node, telling, hits, recalled, events } = self;
        let recalled = recalled.get_or_insert_with(|| Recalled::new(Arc::clone(&telling.book.program)));
        let mut goes_on = true;
        let visited = events.visit(node, interval, &mut |at, event| {
            recalled.event(at, event, &mut |hit| goes_on = goes_on && visit(hits, hit));
            goes_on
        });
        visited.map_err(io::Error::other)
    }

    /// Writes changes in a transaction, and tells those who listen.
    fn write_out(&self, changes: &mut Vec<(&Change, Body, Entities)>) -> io::Result<()> {
        let respond = self.node.respond();
        let mut decider = Decider::new(respond.config(), now());
        let written = self.node.catalog().write(|tx| self.write(tx, changes, &mut decider));
        let notices = written.map_err(other)?;
        if decider.is_anything() {
            respond.wake();
        }
        notices.iter().for_each(|notice| self.node.notices().tell(notice));
        changes.clear();
        Ok(())
    }

    /// Writes changes; the caller tells those who listen when the transaction has happened.
    fn write(
        &self,
        tx: &Tx<'_>,
        changes: &[(&Change, Body, Entities)],
        decider: &mut Decider,
    ) -> sigyn_store::Result<Vec<Notice>> {
        let mut told = Vec::new();
        for (change, body, entities) in changes {
            let id = StoreId(change.signal().id.0);
            let Some(signal) = latest(tx, id, change)? else { continue };
            if let Change::Retract(_) = change {
                if tx.retract_signal(id, signal.revision)? {
                    told.push(Notice::SignalChanged(id));
                }
                continue;
            }
            told.extend(self.telling.put(tx, &signal, (body, entities), decider)?);
        }
        Ok(told)
    }
}

/// A change with a revision above that of what is stored, or none if that says the same. The driver's last word on a signal
/// holds: after a restart it tells again what led there, and counts revisions anew.
fn latest(tx: &Tx<'_>, id: StoreId, change: &Change) -> sigyn_store::Result<Option<Signal>> {
    let signal = change.signal().clone();
    // Mostly it is new, which takes less to see than to read all of what is stored.
    if tx.signal_revision(id)?.is_none_or(|stored| stored < signal.revision) {
        return Ok(Some(signal));
    }
    let Some(stored) = tx.signal(id)? else { return Ok(Some(signal)) };
    let is_retract = matches!(change, Change::Retract(_));
    if stored.is_retracted == is_retract {
        let known = tx.signal_body(id)?.and_then(|body| serde_json::from_str::<Body>(&body).ok());
        let known = known.and_then(|body| serde_json::from_str::<Signal>(body.live?.get()).ok());
        let plain = |it: Signal| Signal { revision: 0, is_late: false, superseded_by: None, ..it };
        if is_retract || known.is_some_and(|known| plain(known) == plain(signal.clone())) {
            return Ok(None);
        }
    }
    Ok(Some(Signal { revision: stored.revision.saturating_add(1), ..signal }))
}

fn other(error: sigyn_store::Error) -> io::Error {
    io::Error::other(error)
}

impl History for Past {
    fn keep(&mut self, hits: &[KeptHit]) -> io::Result<()> {
        hits.iter().for_each(|hit| self.hits.keep(hit));
        Ok(())
    }

    fn hits(
        &mut self,
        rules: &HashSet<Id>,
        interval: Range<i64>,
        visit: &mut dyn FnMut(KeptHit) -> bool,
    ) -> io::Result<()> {
        let missing = interval.start..self.hits.whole_from();
        if !missing.is_empty() {
            // The next look back mostly needs the same.
            self.recall(missing.clone(), &mut |kept, hit| {
                kept.keep(&hit);
                true
            })?;
            self.hits.is_whole_from(missing.start);
        }
        if self.hits.whole_from() > interval.start {
            // More than may be kept: it is handed on as it is worked out.
            return self.recall(interval, &mut |_, hit| !rules.contains(&hit.rule) || visit(hit));
        }
        self.hits.visit(rules, interval, visit);
        Ok(())
    }

    fn events(
        &mut self,
        interval: Range<i64>,
        visit: &mut dyn FnMut(&At, Event<'_>) -> bool,
    ) -> io::Result<()> {
        self.events.visit(&self.node, interval, visit).map_err(io::Error::other)
    }

    fn tell(&mut self, changes: &[Change]) -> io::Result<()> {
        if changes.is_empty() {
            return Ok(());
        }
        let (mut shown, mut bytes): (Vec<(&Change, Body, Entities)>, usize) = (Vec::new(), 0);
        // A signal may change several times within a chunk; what holds is the last word on it.
        let last: HashMap<Id, usize> =
            changes.iter().enumerate().map(|(at, change)| (change.signal().id, at)).collect();
        for (at, change) in changes.iter().enumerate() {
            let signal = change.signal();
            if last.get(&signal.id) != Some(&at) {
                continue;
            }
            let (body, entities) = self.telling.told(signal);
            if signal.is_shown {
                bytes += body.weight();
                shown.push((change, body, entities));
                if bytes >= WRITE_BYTES {
                    self.write_out(&mut shown)?;
                    bytes = 0;
                }
            } else {
                self.telling.hide(signal.id, body);
            }
        }
        self.write_out(&mut shown)
    }

    fn signals(&mut self, rule: &str, interval: Range<i64>, visit: &mut dyn FnMut(Signal)) -> io::Result<()> {
        self.signals_of(rule, interval, &|_| true, visit)
    }

    fn signals_of(
        &mut self,
        rule: &str,
        interval: Range<i64>,
        is_wanted: &dyn Fn(&[(Arc<str>, Option<String>)]) -> bool,
        visit: &mut dyn FnMut(Signal),
    ) -> io::Result<()> {
        let of_rule = Term { field: Field::Rule, values: vec![rule.to_owned()], is_excluded: false };
        let filter = Filter {
            since: Some(interval.start),
            until: Some(interval.end),
            terms: vec![of_rule],
            ..Filter::default()
        };
        let read = self.node.catalog().read(|view| {
            let mut after = None;
            loop {
                let page = view.signals(&filter, Sort::Oldest, after, PAGE)?;
                for stored in &page.signals {
                    let Some(body) = view.signal_body(stored.id)? else { continue };
                    // Late events touch few groups of many, and the rest of a body is long.
                    if !serde_json::from_str::<Grouped>(&body).is_ok_and(|it| is_wanted(&it.group)) {
                        continue;
                    }
                    let body: Option<Body> = serde_json::from_str(&body).ok();
                    if let Some(live) = body.and_then(|body| body.live)
                        && let Ok(signal) = serde_json::from_str::<Signal>(live.get())
                    {
                        visit(Signal { revision: stored.revision, ..signal });
                    }
                }
                after = page.next;
                if after.is_none() {
                    return Ok(());
                }
            }
        });
        read.map_err(other)
    }
}

/// The group in a body.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Grouped {
    group: Vec<(Arc<str>, Option<String>)>,
}
