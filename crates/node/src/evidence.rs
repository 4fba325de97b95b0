//! What a signal rests on, told for people: events with the values that made rules match, down the chain.

use std::collections::HashMap;
use std::sync::Arc;

use sigyn_engine::{Explanation, Prepared, Scratch, Step};
use sigyn_event::Event;
use sigyn_ir::RuleItem;
use sigyn_store::Id;
use sigyn_store::catalog::{HistoryEntry, HuntDetection, Signal};

pub use crate::body::Matched;
use crate::body::{Body, Piece};
use crate::book::Book;
use crate::decode::Records;
use crate::{Node, Result, events, now};

/// How far down a chain is followed, and how many pieces are told in all.
const DEPTH_MAX: usize = 8;
const PIECES_MAX: usize = 500;
/// Rules whose conditions are kept compiled at most; a few KiB each, more if they hold regular expressions.
const PREPARED_MAX: usize = 500;
/// The risk of an entity is that of so long, in nanoseconds.
const RISK_OF: i64 = 7 * 86_400 * 1_000_000_000;

/// A signal with everything that is known of it.
#[derive(Clone, Debug)]
pub struct Story {
    /// The signal.
    pub signal: Signal,
    /// Why it is there, in a sentence.
    pub why: String,
    /// Whether more events can still change it.
    pub is_provisional: bool,
    /// Whether a hunt made it, because its rule was not there when it happened.
    pub is_back_filled: bool,
    /// Fields and values of its group.
    pub group: Vec<(String, Option<String>)>,
    /// What was counted or measured.
    pub value: Option<String>,
    /// Named values over its events.
    pub outcomes: Vec<(String, Vec<String>)>,
    /// What it rests on, the oldest first.
    pub evidence: Vec<Evidence>,
    /// Whether there is more than that.
    pub is_truncated: bool,
    /// Whom it is about.
    pub entities: Vec<Entity>,
    /// What people made of it, the oldest first.
    pub history: Vec<HistoryEntry>,
}

/// An event or a signal that a signal rests on.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// When, in nanoseconds UTC.
    pub ts: i64,
    /// The uid of the rule that matched.
    pub rule: String,
    /// That rule's title; empty if the rule is gone.
    pub title: String,
    /// The event's id, or the signal's.
    pub id: String,
    /// Whether it is a signal.
    pub is_signal: bool,
    /// Who sent the event.
    pub source: Option<String>,
    /// The event's place in the event log.
    pub position: Option<u64>,
    /// The event as JSON; none if it is no longer kept.
    pub event: Option<String>,
    /// The event as it came.
    pub raw: Option<String>,
    /// Which values made the rule match.
    pub matched: Vec<Matched>,
    /// Whether the event stands here again, for another rule that matches it too.
    pub is_beside: bool,
    /// What the signal rests on in its turn.
    pub evidence: Vec<Evidence>,
}

/// Whom a signal is about.
#[derive(Clone, Debug)]
pub struct Entity {
    /// Its kind.
    pub kind: String,
    /// Its value.
    pub value: String,
    /// 0 to 100, from the signals of seven days.
    pub risk: f64,
    /// How many signals that comes from.
    pub signals: u64,
}

/// Tells a signal; none if there is no such signal.
///
/// # Errors
/// What the catalog or the event log says.
pub fn story(node: &Node, id: Id) -> Result<Option<Story>> {
    let now = now();
    let found = node.catalog().read(|view| {
        let Some(signal) = view.signal(id)? else { return Ok(None) };
        let body = view.signal_body(id)?.unwrap_or_default();
        let mut entities = Vec::new();
        for (kind, value) in view.signal_entities(id)? {
            let own = view.entity_risk(&kind, &value, now.saturating_sub(RISK_OF), i64::MAX)?;
            let (risk, signals) = own.map_or((0.0, 0), |own| (own.score, own.signals));
            entities.push(Entity { kind, value, risk, signals });
        }
        Ok(Some((signal, body, entities, view.signal_history(id)?)))
    })?;
    let Some((signal, body, entities, history)) = found else { return Ok(None) };
    let body: Body = serde_json::from_str(&body).unwrap_or_default();
    let mut teller = Teller::new(node, signal.ts);
    let evidence = teller.pieces(&signal.rule, body.evidence, DEPTH_MAX)?;
    Ok(Some(Story {
        why: why_of_all(body.why, &evidence),
        signal,
        is_provisional: body.is_provisional,
        is_back_filled: body.is_back_filled,
        group: body.group,
        value: body.value,
        outcomes: body.outcomes,
        evidence,
        is_truncated: body.is_truncated || teller.is_lost,
        entities,
        history,
    }))
}

/// A detection of a hunt with what it rests on.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The detection.
    pub detection: HuntDetection,
    /// Why it is there, in a sentence.
    pub why: String,
    /// Fields and values of its group.
    pub group: Vec<(String, Option<String>)>,
    /// What was counted or measured.
    pub value: Option<String>,
    /// Named values over its events.
    pub outcomes: Vec<(String, Vec<String>)>,
    /// What it rests on, the oldest first.
    pub evidence: Vec<Evidence>,
    /// Whether there is more than that.
    pub is_truncated: bool,
}

/// Tells a detection of a hunt; none if there is no such detection.
///
/// # Errors
/// What the catalog or the store of events says.
pub fn finding(node: &Node, hunt: Id, id: Id) -> Result<Option<Finding>> {
    let Some(detection) = node.catalog().read(|view| view.hunt_detection(hunt, id))? else { return Ok(None) };
    let body: Body = serde_json::from_str(&detection.body).unwrap_or_default();
    let mut teller = Teller::new(node, detection.ts);
    let evidence = teller.pieces(&detection.rule, body.evidence, DEPTH_MAX)?;
    Ok(Some(Finding {
        why: why_of_all(body.why, &evidence),
        detection,
        group: body.group,
        value: body.value,
        outcomes: body.outcomes,
        evidence,
        is_truncated: body.is_truncated,
    }))
}

/// The sentence, which names the rules that events are counted by, with those that match the same events beside them.
fn why_of_all(mut why: String, evidence: &[Evidence]) -> String {
    let mut named: Vec<&str> = evidence.iter().filter(|one| !one.is_beside).map(|one| &*one.title).collect();
    for beside in evidence.iter().filter(|one| one.is_beside && !one.title.is_empty()) {
        if !named.contains(&&*beside.title) {
            named.push(&beside.title);
            why.push_str(", ");
            why.push_str(&beside.title);
        }
    }
    why
}

struct Teller<'n> {
    node: &'n Node,
    book: Arc<Book>,
    explainer: Explainer,
    records: Records,
    left: usize,
    /// Whether a signal that was met is no longer there, and with it what it rests on.
    is_lost: bool,
}

impl<'n> Teller<'n> {
    /// `now` serves times without a year.
    fn new(node: &'n Node, now: i64) -> Self {
        let book = node.book();
        let explainer = Explainer::new(Arc::clone(&book));
        Self { node, book, explainer, records: Records::new(now), left: PIECES_MAX, is_lost: false }
    }

    /// What a detection of a rule rests on.
    fn pieces(&mut self, of: &str, pieces: Vec<Piece>, depth: usize) -> Result<Vec<Evidence>> {
        let mut told = Vec::new();
        for piece in pieces {
            if self.left == 0 {
                break;
            }
            self.left -= 1;
            let one = self.piece(piece, depth)?;
            let beside = self.beside(of, &one);
            self.left = self.left.saturating_sub(beside.len());
            told.push(one);
            told.extend(beside);
        }
        Ok(told)
    }

    /// An event again for each further rule that a correlation reads and that matches it too: it counts once (E20) and is kept once,
    /// but that one request is three kinds of attack is what people want to see.
    fn beside(&mut self, of: &str, one: &Evidence) -> Vec<Evidence> {
        let Some((rule, RuleItem::Correlation(_))) = self.book.get(of) else { return Vec::new() };
        let others: Vec<String> = rule.reads.iter().filter(|uid| **uid != one.rule).cloned().collect();
        let Some(raw) = one.raw.as_ref().filter(|_| !one.is_signal && !others.is_empty()) else {
            return Vec::new();
        };
        let (explainer, mut found) = (&mut self.explainer, Vec::new());
        let source = one.source.as_deref().unwrap_or_default();
        // What cannot be decoded any more has been told as it is.
        let _ = self.records.decode(source, raw.as_bytes(), &mut |event| {
            for uid in &others {
                let matched = explainer.told(uid, event).filter(|told| told.matches);
                found.extend(matched.map(|told| (uid.clone(), told)));
            }
        });
        let title =
            |uid: &str| self.book.get(uid).map_or(String::new(), |(_, item)| item.meta().title.clone());
        let beside = found.into_iter().map(|(uid, told)| Evidence {
            title: title(&uid),
            rule: uid,
            matched: matched(&told),
            is_beside: true,
            ..one.clone()
        });
        beside.collect()
    }

    fn piece(&mut self, piece: Piece, depth: usize) -> Result<Evidence> {
        let title = self.book.get(&piece.rule).map_or(String::new(), |(_, item)| item.meta().title.clone());
        let mut told = Evidence {
            is_beside: false,
            ts: piece.ts,
            title,
            id: piece.id,
            is_signal: piece.is_signal,
            source: Some(piece.source).filter(|source| !source.is_empty()),
            position: piece.position,
            raw: piece.raw.or_else(|| piece.event.clone()),
            event: piece.event,
            matched: piece.matched,
            evidence: Vec::new(),
            rule: piece.rule,
        };
        if told.is_signal && !piece.evidence.is_empty() {
            told.evidence = self.pieces(&told.rule, piece.evidence, depth.saturating_sub(1))?;
        } else if told.is_signal {
            if let Some(id) = Id::parse(&told.id).filter(|_| depth > 1) {
                let body = self.node.catalog().read(|view| view.signal_body(id))?;
                self.is_lost |= body.is_none();
                let body: Body = body.and_then(|body| serde_json::from_str(&body).ok()).unwrap_or_default();
                told.evidence = self.pieces(&told.rule, body.evidence, depth - 1)?;
            }
        } else if told.event.is_none() {
            self.fetch(&mut told)?;
        }
        Ok(told)
    }

    /// Takes an event out of the store, if it is still kept.
    fn fetch(&mut self, told: &mut Evidence) -> Result<()> {
        let Some(position) = told.position else { return Ok(()) };
        let source = told.source.as_deref().unwrap_or_default();
        let Some(found) = events::find(self.node, source, told.ts, position)? else { return Ok(()) };
        let (explainer, rule) = (&mut self.explainer, &told.rule);
        let (mut json, mut matched) = (None, Vec::new());
        let decoded = self.records.decode(source, &found.bytes, &mut |event| {
            json = Some(event_json(event));
            matched = explainer.explain(rule, event);
        });
        if decoded.is_ok() {
            (told.event, told.matched) = (json, matched);
        }
        told.raw = Some(String::from_utf8_lossy(&found.bytes).into_owned());
        Ok(())
    }
}

/// An event as JSON.
pub(crate) fn event_json(event: Event<'_>) -> String {
    let mut text = String::new();
    event.write_json(&mut text);
    text
}

/// Tells which values of an event made a rule match; kept for the memory that matching takes.
pub(crate) struct Explainer {
    book: Arc<Book>,
    scratch: Scratch,
    /// What rules ask for, compiled, by their uids.
    prepared: HashMap<String, Prepared>,
}

impl Explainer {
    pub(crate) fn new(book: Arc<Book>) -> Self {
        Self { scratch: book.program.engine.scratch(), book, prepared: HashMap::new() }
    }

    pub(crate) fn explain(&mut self, uid: &str, event: Event<'_>) -> Vec<Matched> {
        self.told(uid, event).map_or_else(Vec::new, |told| matched(&told))
    }

    /// The whole explanation; none if there is no such rule on events.
    fn told(&mut self, uid: &str, event: Event<'_>) -> Option<Explanation> {
        let Some((_, RuleItem::Rule(rule))) = self.book.get(uid) else { return None };
        let engine = &self.book.program.engine;
        let class = engine.classify(event, &mut self.scratch);
        if self.prepared.len() >= PREPARED_MAX && !self.prepared.contains_key(uid) {
            self.prepared.clear();
        }
        let prepared = self.prepared.entry(uid.to_owned()).or_default();
        Some(engine.explain_held(rule, event, class, prepared))
    }
}

/// The conditions that held, as a flat list.
fn matched(explanation: &Explanation) -> Vec<Matched> {
    let mut found = Vec::new();
    for step in explanation.conditions.iter().filter(|step| step.holds) {
        gather(step, "", &mut found);
    }
    found
}

/// Below a step: selections are steps without values, items of fields have values and the rule's values as parts.
fn gather(step: &Step, selection: &str, found: &mut Vec<Matched>) {
    if !step.holds {
        return;
    }
    if !step.seen.is_empty() {
        let wanted = step.parts.iter().filter(|part| part.holds).map(|part| part.label.clone()).collect();
        let one = Matched {
            selection: selection.to_owned(),
            field: step.label.clone(),
            wanted,
            seen: step.seen.clone(),
        };
        if !found.contains(&one) {
            found.push(one);
        }
        return;
    }
    // What a negation holds back has no part in why the rule matches.
    if step.label == "not" {
        return;
    }
    let is_operator = matches!(step.label.as_str(), "and" | "or" | "");
    let inner = if is_operator || !selection.is_empty() { selection } else { &step.label };
    step.parts.iter().for_each(|part| gather(part, inner, found));
}
