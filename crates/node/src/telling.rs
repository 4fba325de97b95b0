//! Signals as the catalog keeps them: with whom they are about, why they are there, and copies of the events that they rest on.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use sigyn_correlate::{Id, OutcomeValue, Status};
use sigyn_readers::Facts;
use sigyn_runtime::live::{Reference, Signal};
use sigyn_store::Id as StoreId;
use sigyn_store::catalog::{Level, Named, NewSignal, Put, Tx};

use crate::body::{Body, Matched, Piece};
use crate::book::Book;
use crate::decode::Records;
use crate::entities::Entities;
use crate::events;
use crate::evidence::{Explainer, event_json};
use crate::notice::Notice;
use crate::respond::{Decider, subject};
use crate::{Node, now};

/// Signals that are not shown, kept as evidence of those above them, and how much of events they hold, in bytes. A signal
/// whose evidence is gone says that there is more.
const HIDDEN_MAX: usize = 50_000;
const HIDDEN_BYTES_MAX: usize = 64 << 20;
/// Signals that are remembered for what is told of those above them; older ones are asked of the catalog.
const TOLD_MAX: usize = 20_000;
/// Pieces of evidence that are stored with a signal.
const PIECES_MAX: usize = 200;
/// Events of a signal that are looked into for whom it is about.
const LOOKED_INTO_MAX: usize = 20;

/// What signals above a signal take from it.
struct Below {
    is_shown: bool,
    rule: Arc<str>,
    entities: Entities,
}

/// Tells signals; one for each thread that does.
pub(crate) struct Telling {
    node: Arc<Node>,
    pub(crate) book: Arc<Book>,
    explainer: Explainer,
    records: Records,
    facts: Facts,
    hidden: HashMap<Id, Body>,
    /// What the bodies of `hidden` hold, in bytes.
    hidden_bytes: usize,
    /// The ids of `hidden`, the oldest first.
    hidden_order: VecDeque<Id>,
    /// Signals told last, also those that the catalog does not have yet.
    told: HashMap<Id, Below>,
    /// The ids of `told`, the oldest first.
    told_order: VecDeque<Id>,
    /// Events at hand by their place in the event log: source and bytes.
    pub(crate) copied: HashMap<u64, (Arc<str>, Vec<u8>)>,
    /// Which values made the rule match, if that is known and its event is not at hand.
    pub(crate) explained: Option<Vec<Matched>>,
    /// Events that may still be fetched from the store because they are not at hand.
    pub(crate) fetches_left: usize,
    /// Whether what is told is taken up again after a restart.
    pub(crate) is_resumed: bool,
}

impl Telling {
    pub(crate) fn new(node: Arc<Node>, book: Arc<Book>) -> Self {
        Self {
            explainer: Explainer::new(Arc::clone(&book)),
            node,
            book,
            records: Records::new(now()),
            facts: Facts::new(),
            hidden: HashMap::new(),
            hidden_bytes: 0,
            hidden_order: VecDeque::new(),
            told: HashMap::new(),
            told_order: VecDeque::new(),
            copied: HashMap::new(),
            explained: None,
            fetches_left: 0,
            is_resumed: true,
        }
    }

    /// Takes other rules up.
    pub(crate) fn renew(&mut self, book: Arc<Book>) {
        self.explainer = Explainer::new(Arc::clone(&book));
        self.book = book;
    }

    /// Keeps a signal that is not shown as evidence of those above it.
    pub(crate) fn hide(&mut self, id: Id, body: Body) {
        // Nobody takes it up after a restart: it is in no catalog.
        let body = Body { live: None, ..body };
        self.hidden_bytes += body.weight();
        match self.hidden.insert(id, body) {
            Some(old) => self.hidden_bytes -= old.weight(),
            None => self.hidden_order.push_back(id),
        }
        while self.hidden.len() > HIDDEN_MAX || self.hidden_bytes > HIDDEN_BYTES_MAX {
            let Some(oldest) = self.hidden_order.pop_front() else { return };
            self.hidden_bytes -= self.hidden.remove(&oldest).map_or(0, |body| body.weight());
        }
    }

    /// A signal as the catalog keeps it.
    pub(crate) fn told(&mut self, signal: &Signal) -> (Body, Entities) {
        let mut entities = Entities::default();
        for (name, value) in &signal.group {
            value.iter().for_each(|value| entities.add_field(name, value));
        }
        let (mut evidence, mut is_lost) = (Vec::new(), false);
        for (at, one) in signal.evidence.iter().take(PIECES_MAX).enumerate() {
            let mut piece = self.piece(one);
            if at < LOOKED_INTO_MAX {
                self.look_into(&mut piece, &mut entities);
                self.look_below(one, signal, &mut piece, &mut entities);
            }
            is_lost |= one.is_signal && piece.evidence.is_empty() && !self.is_kept(one.eid);
            evidence.push(piece);
        }
        let mut body = self.body(signal, evidence);
        body.is_truncated |= is_lost;
        self.remember(signal, &entities);
        (body, entities)
    }

    fn remember(&mut self, signal: &Signal, entities: &Entities) {
        let below =
            Below { is_shown: signal.is_shown, rule: signal.rule.clone(), entities: entities.clone() };
        if self.told.insert(signal.id, below).is_none() {
            self.told_order.push_back(signal.id);
        }
        while self.told.len() > TOLD_MAX {
            let Some(oldest) = self.told_order.pop_front() else { return };
            self.told.remove(&oldest);
        }
    }

    /// A signal is about whom the signals are about that it rests on. A rule that matches detections is named by what it
    /// matches: its own name says nothing about why it is there.
    fn look_below(&self, one: &Reference, signal: &Signal, piece: &mut Piece, entities: &mut Entities) {
        if !one.is_signal {
            return;
        }
        let is_own = one.rule == signal.rule;
        if let Some(below) = self.told.get(&one.eid) {
            entities.add_all(&below.entities);
            if is_own {
                piece.rule = below.rule.to_string();
            }
            return;
        }
        let kept = self.node.catalog().read(|view| {
            let id = StoreId(one.eid.0);
            Ok((view.signal(id)?, view.signal_entities(id)?))
        });
        // What the catalog cannot say now it says when somebody opens the signal below.
        let Ok((Some(kept), about)) = kept else { return };
        about.iter().for_each(|(kind, value)| entities.add_kind(kind, value));
        if is_own {
            piece.rule = kept.rule;
        }
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
            is_back_filled: false,
            group: signal.group.iter().map(|(name, value)| (name.to_string(), value.clone())).collect(),
            value: signal.value.as_ref().map(ToString::to_string),
            outcomes: signal.outcomes.iter().map(outcome).collect(),
            is_truncated: signal.is_truncated || signal.evidence.len() > PIECES_MAX,
            evidence,
            live: self.is_resumed.then(|| serde_json::value::to_raw_value(signal).ok()).flatten(),
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

    /// Whether the catalog has a signal, or will have it with what is written next.
    fn is_kept(&self, id: Id) -> bool {
        if let Some(below) = self.told.get(&id) {
            return below.is_shown;
        }
        // If it cannot say, it will say so when the signal is written.
        self.node.catalog().read(|view| view.signal(StoreId(id.0))).map_or(true, |signal| signal.is_some())
    }

    /// Copies what an event says, if it is at hand or may be fetched.
    fn look_into(&mut self, piece: &mut Piece, entities: &mut Entities) {
        let Some(position) = piece.position else { return };
        if let Some(explained) = self.explained.take() {
            piece.matched = explained;
            return;
        }
        if !self.copied.contains_key(&position) && self.fetches_left > 0 {
            self.fetches_left -= 1;
            // What cannot be fetched now is tried again when somebody looks at the signal.
            if let Ok(Some(found)) = events::find(&self.node, &piece.source, piece.ts, position) {
                self.copied.insert(position, (piece.source.as_str().into(), found.bytes));
            }
        }
        let Some((source, bytes)) = self.copied.get(&position) else { return };
        let (explainer, facts) = (&mut self.explainer, &mut self.facts);
        let mut told = None;
        let decoded = self.records.decode(source, bytes, &mut |event| {
            entities.add_event(event, facts);
            told = Some((event_json(event), explainer.explain(&piece.rule, event)));
        });
        if let (Ok(()), Some((json, matched))) = (decoded, told) {
            // What came as JSON mostly says the same byte for byte, and is kept once.
            piece.raw = (json.as_bytes() != &**bytes).then(|| String::from_utf8_lossy(bytes).into_owned());
            piece.event = Some(json);
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

    /// Writes a signal.
    pub(crate) fn put(
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
        let (text, group) = (serde_json::to_string(body).unwrap_or_default(), group_text(signal));
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
pub(crate) fn group_text(signal: &Signal) -> String {
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
