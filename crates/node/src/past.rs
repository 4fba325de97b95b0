//! What the live driver looks back at, and where it tells what it has found: the catalog.
//!
//! Changes of signals are written with everything else that the same events brought, in one transaction: see
//! [`Past::tell`]. Hits that correlations read are kept in memory, the newest of them; late events reach no farther back.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::ops::Range;
use std::sync::Arc;

use sigyn_correlate::{At, Id, OutcomeValue, Status};
use sigyn_event::Event;
use sigyn_readers::Facts;
use sigyn_runtime::live::{Change, History, KeptHit, Reference, Signal};
use sigyn_store::Id as StoreId;
use sigyn_store::catalog::{Field, Filter, Level, Named, NewSignal, Put, Sort, Term, Tx};

use crate::body::{Body, Piece};
use crate::book::Book;
use crate::decode::Records;
use crate::entities::Entities;
use crate::evidence::{event_json, explain};
use crate::notice::Notice;
use crate::respond::{Decider, subject};
use crate::{Node, now};

/// Hits that are kept at most; about 300 bytes each.
const HITS_MAX: usize = 500_000;
/// Signals that are not shown, kept as evidence of those above them.
const HIDDEN_MAX: usize = 50_000;
/// Pieces of evidence that are stored with a signal.
const PIECES_MAX: usize = 200;
/// Signals of a rule that are looked back at, and at a time.
const SIGNALS_MAX: usize = 100_000;
const PAGE: usize = 1_000;

/// Events of a signal that are looked into for whom it is about.
const LOOKED_INTO_MAX: usize = 20;

/// The memory of the driver.
pub(crate) struct Past {
    node: Arc<Node>,
    pub(crate) book: Arc<Book>,
    hits: BTreeMap<(i64, Id, Id), KeptHit>,
    hidden: HashMap<Id, Body>,
    /// Events of the chunk at hand that some rule matches, by their place in the event log: source and bytes.
    pub(crate) copied: HashMap<u64, (Arc<str>, Vec<u8>)>,
    records: Records,
    facts: Facts,
}

impl Past {
    pub(crate) fn new(node: Arc<Node>, book: Arc<Book>) -> Self {
        Self {
            node,
            book,
            hits: BTreeMap::new(),
            hidden: HashMap::new(),
            copied: HashMap::new(),
            records: Records::new(now()),
            facts: Facts::new(),
        }
    }

    /// A signal as the catalog keeps it.
    fn told(&mut self, signal: &Signal) -> (Body, Entities) {
        let mut entities = Entities::default();
        for (name, value) in &signal.group {
            value.iter().for_each(|value| entities.add_field(name, value));
        }
        let mut evidence: Vec<Piece> = Vec::new();
        for (at, one) in signal.evidence.iter().take(PIECES_MAX).enumerate() {
            let mut piece = self.piece(one);
            if at < LOOKED_INTO_MAX {
                self.look_into(&mut piece, &mut entities);
            }
            evidence.push(piece);
        }
        (self.body(signal, evidence), entities)
    }

    fn body(&self, signal: &Signal, evidence: Vec<Piece>) -> Body {
        let outcome = |outcome: &sigyn_correlate::Outcome| {
            let values = match &outcome.value {
                OutcomeValue::None => Vec::new(),
                OutcomeValue::Number(value) => vec![value.to_string()],
                OutcomeValue::Text(text) => vec![text.clone()],
                OutcomeValue::Texts(texts) => texts.clone(),
            };
            (outcome.name.to_string(), values)
        };
        Body {
            why: self.why(signal, &evidence),
            is_provisional: signal.status == Status::Provisional,
            group: signal.group.iter().map(|(name, value)| (name.to_string(), value.clone())).collect(),
            value: signal.value.as_ref().map(ToString::to_string),
            outcomes: signal.outcomes.iter().map(outcome).collect(),
            is_truncated: signal.is_truncated || signal.evidence.len() > PIECES_MAX,
            evidence,
            live: serde_json::to_value(signal).ok(),
        }
    }

    fn piece(&self, one: &Reference) -> Piece {
        let hidden = self.hidden.get(&one.eid).filter(|_| one.is_signal);
        Piece {
            ts: one.ts,
            rule: one.rule.to_string(),
            id: one.eid.to_string(),
            is_signal: one.is_signal,
            source: one.source.to_string(),
            position: (!one.is_signal).then_some(one.seq),
            evidence: hidden.map_or_else(Vec::new, |body| body.evidence.clone()),
            ..Piece::default()
        }
    }

    /// Copies what an event of the chunk at hand says.
    fn look_into(&mut self, piece: &mut Piece, entities: &mut Entities) {
        let Some((source, bytes)) = piece.position.and_then(|position| self.copied.get(&position)) else {
            return;
        };
        let (book, facts) = (&self.book, &mut self.facts);
        let mut told = None;
        let decoded = self.records.decode(source, bytes, &mut |event| {
            entities.add_event(event, facts);
            told = Some((event_json(event), explain(book, &piece.rule, event)));
        });
        if let (Ok(()), Some((json, matched))) = (decoded, told) {
            piece.event = Some(json);
            piece.raw = Some(String::from_utf8_lossy(bytes).into_owned());
            piece.matched = matched;
        }
    }

    /// Why a signal is there, in a sentence.
    fn why(&self, signal: &Signal, evidence: &[Piece]) -> String {
        let title =
            |uid: &str| self.book.get(uid).map_or(uid.to_owned(), |(_, item)| item.meta().title.clone());
        if signal.stratum <= 1
            && let Some(matched) = evidence.first().and_then(|piece| piece.matched.first())
        {
            let seen: String = matched.seen.first().map_or("", String::as_str).chars().take(200).collect();
            let field = matched.field.split('|').next().unwrap_or_default();
            return format!("`{field}` is `{seen}`");
        }
        let mut below: Vec<String> = Vec::new();
        for piece in evidence {
            let title = title(&piece.rule);
            if !below.contains(&title) {
                below.push(title);
            }
        }
        let group = group_text(signal);
        let of = if group.is_empty() { String::new() } else { format!(" for {group}") };
        let events = if signal.total == 1 { "event" } else { "events" };
        format!("{} {events}{of}: {}", signal.total, below.join(", "))
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
            let signal = change.signal();
            let id = StoreId(signal.id.0);
            if let Change::Retract(_) = change {
                if tx.retract_signal(id, signal.revision)? {
                    told.push(Notice::SignalChanged(id));
                }
                continue;
            }
            told.extend(self.put(tx, signal, (body, entities), decider)?);
        }
        Ok(told)
    }

    fn put(
        &self,
        tx: &Tx<'_>,
        signal: &Signal,
        (body, entities): (&Body, &Entities),
        decider: &mut Decider,
    ) -> sigyn_store::Result<Option<Notice>> {
        let id = StoreId(signal.id.0);
        let item = self.book.get(&signal.rule).map(|(_, item)| item.meta());
        let tactic = item.and_then(|meta| meta.tags.iter().find_map(tactic));
        let level = signal.level.as_deref().and_then(Level::parse).unwrap_or(Level::Informational);
        let text = serde_json::to_string(body).unwrap_or_default();
        let group = group_text(signal);
        let pairs = entities.pairs();
        let new = NewSignal {
            id,
            rule: &signal.rule,
            title: item.map_or(&signal.rule, |meta| &meta.title),
            level,
            ts: signal.ts,
            first_seen: signal.first_seen,
            last_seen: signal.last_seen,
            group: &group,
            tactic: tactic.as_deref(),
            risk: signal.risk,
            total: signal.total,
            revision: signal.revision,
            entities: &pairs,
            body: &text,
        };
        let put = tx.put_signal(&new)?;
        if put == Put::New && !decider.is_idle() {
            decider.signal(tx, &subject::of_new(&new, body, &self.book))?;
        }
        Ok(match put {
            Put::New => Some(Notice::SignalAdded(id)),
            Put::Updated => Some(Notice::SignalChanged(id)),
            Put::Same => None,
        })
    }
}

/// The group in one line.
fn group_text(signal: &Signal) -> String {
    let pair = |(name, value): &(Arc<str>, Option<String>)| match value {
        Some(value) => format!("{name}={value}"),
        None => format!("{name} missing"),
    };
    signal.group.iter().map(pair).collect::<Vec<_>>().join(", ")
}

/// The tactic that a tag names.
fn tactic(tag: &sigyn_ir::Tag) -> Option<String> {
    let name = tag.name.to_ascii_lowercase();
    let is_technique =
        name.starts_with(['t', 's', 'g']) && name[1..].starts_with(|c: char| c.is_ascii_digit());
    (tag.namespace.eq_ignore_ascii_case("attack") && !is_technique).then(|| name.replace('_', "-"))
}

fn other(error: sigyn_store::Error) -> io::Error {
    io::Error::other(error)
}

impl History for Past {
    fn keep(&mut self, hits: &[KeptHit]) -> io::Result<()> {
        for hit in hits {
            self.hits.entry((hit.at.ts, hit.rule, hit.at.eid)).or_insert_with(|| hit.clone());
        }
        while self.hits.len() > HITS_MAX {
            self.hits.pop_first();
        }
        Ok(())
    }

    fn hits(
        &mut self,
        rules: &HashSet<Id>,
        interval: Range<i64>,
        visit: &mut dyn FnMut(KeptHit) -> bool,
    ) -> io::Result<()> {
        let first = Id::default();
        for (_, hit) in self.hits.range((interval.start, first, first)..(interval.end, first, first)) {
            if rules.contains(&hit.rule) && !visit(hit.clone()) {
                break;
            }
        }
        Ok(())
    }

    fn events(
        &mut self,
        interval: Range<i64>,
        visit: &mut dyn FnMut(&At, Event<'_>) -> bool,
    ) -> io::Result<()> {
        crate::replay::events(&self.node, interval, visit)
    }

    fn tell(&mut self, changes: &[Change]) -> io::Result<()> {
        if changes.is_empty() {
            return Ok(());
        }
        let mut shown: Vec<(&Change, Body, Entities)> = Vec::new();
        // A signal may change several times within a chunk; what holds is the last word on it.
        let last: HashMap<Id, usize> =
            changes.iter().enumerate().map(|(at, change)| (change.signal().id, at)).collect();
        for (at, change) in changes.iter().enumerate() {
            let signal = change.signal();
            if last.get(&signal.id) != Some(&at) {
                continue;
            }
            let (body, entities) = self.told(signal);
            if signal.is_shown {
                shown.push((change, body, entities));
            } else if self.hidden.len() < HIDDEN_MAX {
                self.hidden.insert(signal.id, body);
            }
        }
        let catalog = self.node.catalog();
        let respond = self.node.respond();
        let mut decider = Decider::new(respond.config(), now());
        let notices = catalog.write(|tx| self.write(tx, &shown, &mut decider)).map_err(other)?;
        if decider.is_anything() {
            respond.wake();
        }
        notices.iter().for_each(|notice| self.node.notices().tell(notice));
        Ok(())
    }

    fn signals(&mut self, rule: &str, interval: Range<i64>, visit: &mut dyn FnMut(Signal)) -> io::Result<()> {
        let of_rule = Term { field: Field::Rule, values: vec![rule.to_owned()], is_excluded: false };
        let filter = Filter {
            since: Some(interval.start),
            until: Some(interval.end),
            terms: vec![of_rule],
            ..Filter::default()
        };
        let mut bodies = Vec::new();
        let read = self.node.catalog().read(|view| {
            let mut after = None;
            loop {
                let page = view.signals(&filter, Sort::Oldest, after, PAGE)?;
                for signal in &page.signals {
                    bodies.extend(view.signal_body(signal.id)?);
                }
                after = page.next;
                if after.is_none() || bodies.len() >= SIGNALS_MAX {
                    return Ok(());
                }
            }
        });
        read.map_err(other)?;
        for body in bodies {
            let live = serde_json::from_str::<Body>(&body).ok().and_then(|body| body.live);
            if let Some(signal) = live.and_then(|live| serde_json::from_value(live).ok()) {
                visit(signal);
            }
        }
        Ok(())
    }
}
