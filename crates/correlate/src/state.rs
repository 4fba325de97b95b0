//! The state of one group of one correlation.

mod pile;
mod sliding;
mod tally;

use serde::{Deserialize, Serialize};

pub(crate) use pile::Pile;
pub(crate) use sliding::Sliding;
pub(crate) use tally::holds_alone;

use crate::detection::{Anchor, Evidence, Status};
use crate::gather::Gather;
use crate::group;
use crate::input::{Entry, Sources};
use crate::plan::{Node, Operator, Plan};
use crate::{Detection, Id, Outcome, Value, Values, ValuesWriter};

/// What a step works with.
pub(crate) struct Cx<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) node: &'a Node,
    pub(crate) operator: &'a Operator,
    pub(crate) sources: &'a Sources,
    pub(crate) out: &'a mut Output,
}

/// What a step gives.
#[derive(Debug, Default)]
pub(crate) struct Output {
    /// What consumers see.
    pub(crate) seen: Vec<Seen>,
    /// Whether a consumer wants every input at which a detection held.
    pub(crate) wants_revisions: bool,
    /// What the caller sees.
    pub(crate) published: Vec<Detection>,
}

/// A detection as consumers see it.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) detection: Detection,
    /// Its id as an input: that of the detection, or of its revision.
    pub(crate) eid: Id,
    /// Whether it is a further input at which the detection held (E38).
    pub(crate) is_revision: bool,
}

/// The state of a group with more than one input.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum State {
    Sliding(Box<Sliding>),
    Pile(Box<Pile>),
}

impl State {
    pub(crate) fn new(operator: &Operator) -> Self {
        match operator.shape {
            crate::plan::Shape::Sliding | crate::plan::Shape::Deadline => {
                State::Sliding(Box::new(Sliding::new(operator)))
            }
            _ => State::Pile(Box::new(Pile::new())),
        }
    }

    /// Takes an input; in canonical order.
    pub(crate) fn input(&mut self, entry: Entry, group: &[u8], cx: &mut Cx<'_>) {
        match self {
            State::Sliding(state) => state.input(entry, group, cx),
            State::Pile(state) => state.input(entry, group, cx),
        }
    }

    /// Decides what a watermark decides.
    pub(crate) fn settle(&mut self, watermark: i64, group: &[u8], cx: &mut Cx<'_>) {
        match self {
            State::Sliding(state) => state.settle(watermark, group, cx),
            State::Pile(state) => state.settle(watermark, group, cx),
        }
    }

    /// The last instant that must lie before a watermark for anything to happen; none if nothing is left to happen.
    pub(crate) fn due(&self, operator: &Operator) -> Option<i64> {
        match self {
            State::Sliding(state) => state.due(operator),
            State::Pile(state) => state.due(operator),
        }
    }

    /// Inputs that it holds.
    pub(crate) fn len(&self) -> usize {
        match self {
            State::Sliding(state) => state.len(),
            State::Pile(_) => 1,
        }
    }

    /// Whether nothing is left that an input from a watermark on could be together with.
    pub(crate) fn is_over(&mut self, watermark: i64, operator: &Operator) -> bool {
        match self {
            State::Sliding(state) => state.expire(watermark, operator),
            State::Pile(state) => state.is_idle(),
        }
    }

    /// The time of the oldest input that it holds.
    pub(crate) fn oldest(&self) -> Option<i64> {
        match self {
            State::Sliding(state) => state.oldest(),
            State::Pile(state) => state.oldest(),
        }
    }

    /// Takes the oldest input away, for want of memory; its time.
    pub(crate) fn drop_oldest(&mut self) -> Option<i64> {
        match self {
            State::Sliding(state) => state.drop_oldest(),
            State::Pile(_) => None,
        }
    }

    /// Publishes what is open; all of it, or what has changed since it was last published.
    pub(crate) fn publish_open(&mut self, is_all: bool, group: &[u8], cx: &mut Cx<'_>) {
        match self {
            State::Sliding(state) => state.publish_open(is_all, group, cx),
            State::Pile(state) => state.silence.publish_open(is_all, group, cx),
        }
    }
}

/// A detection in the making.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) id: Id,
    pub(crate) ts: i64,
    anchor: Anchor,
    value: Value,
    pub(crate) last_seen: i64,
    total_at_anchor: u64,
    outcomes_at_anchor: Vec<Outcome>,
    values: Values,
    pub(crate) gather: Gather,
    suppressed: u64,
    pub(crate) revision: u32,
    /// The revision and the count of suppressed ones when it was last published.
    published: Option<(u32, u64)>,
}

impl Record {
    /// Opens a detection, with what contributed to its anchor.
    pub(crate) fn open(
        (anchor, ts): (Anchor, i64),
        (value, last_seen): (Value, i64),
        gather: Gather,
        group: &[u8],
        cx: &Cx<'_>,
    ) -> Self {
        let mut record = Self {
            id: cx.node.detection_id(group, anchor),
            ts,
            anchor,
            value,
            last_seen,
            total_at_anchor: gather.total,
            outcomes_at_anchor: gather.outcomes(&cx.operator.outcomes),
            values: Values::default(),
            gather,
            suppressed: 0,
            revision: 0,
            published: None,
        };
        if !cx.node.reads.is_empty() {
            let detection = record.detection(Status::Open, group, cx);
            let mut writer = ValuesWriter::default();
            let (gather, extras) = (&record.gather, &cx.operator.extras);
            crate::own::write_reads(&mut writer, cx.node, &detection, |name, write| {
                if let Some(at) = extras.iter().position(|extra| &**extra == name) {
                    gather.extra(at).for_each(write);
                }
            });
            record.values = writer.finish();
        }
        record.gather.forget_extras();
        record
    }

    /// Shows it to consumers.
    pub(crate) fn show(&self, group: &[u8], cx: &mut Cx<'_>) {
        if cx.node.consumers.is_empty() && cx.node.watchers.is_empty() {
            return;
        }
        let detection = self.detection(Status::Open, group, cx);
        cx.out.seen.push(Seen { detection, eid: self.id, is_revision: false });
    }

    /// Shows a further input at which it held, decided at `ts`.
    pub(crate) fn show_revision(&self, eid: Id, ts: i64, group: &[u8], cx: &mut Cx<'_>) {
        let detection = Detection { ts, ..self.detection(Status::Open, group, cx) };
        let eid = Id::of(&[&self.id.0, &eid.0]);
        cx.out.seen.push(Seen { detection, eid, is_revision: true });
    }

    pub(crate) fn grow(&mut self, last_seen: i64) {
        self.last_seen = self.last_seen.max(last_seen);
        self.revision = self.revision.saturating_add(1);
    }

    pub(crate) fn suppress(&mut self) {
        self.suppressed += 1;
    }

    /// Shows it to the caller: as it stays, or as it is now.
    pub(crate) fn publish(&mut self, status: Status, group: &[u8], cx: &mut Cx<'_>) {
        let detection = self.detection(status, group, cx);
        cx.out.published.push(detection);
        self.published = Some((self.revision, self.suppressed));
    }

    /// Shows it as it is now: when it opens, and whenever it has grown to twice what was shown. Showing every change would
    /// cost more than everything else.
    pub(crate) fn publish_open(&mut self, is_all: bool, group: &[u8], cx: &mut Cx<'_>) {
        let is_news = self.published.is_none_or(|(revision, suppressed)| {
            self.revision > revision.saturating_mul(2) || self.suppressed > suppressed.saturating_mul(2)
        });
        if is_all || is_news {
            self.publish(Status::Open, group, cx);
        }
    }

    fn detection(&self, status: Status, group: &[u8], cx: &Cx<'_>) -> Detection {
        let (refs, is_truncated) = self.gather.evidence();
        let evidence = refs
            .map(|at| {
                // By its place in the list: numbers of rules are those of the plan that the state came from.
                let children = &cx.operator.children;
                let rule = children.get(usize::from(at.child)).copied().unwrap_or(sigyn_ir::ItemId(at.rule));
                Evidence {
                    ts: at.ts,
                    rule,
                    source: cx.sources.name(at.source),
                    seq: at.seq,
                    eid: at.eid,
                    is_detection: cx.plan.node(rule).is_some_and(|node| node.stratum > 1),
                }
            })
            .collect();
        Detection {
            id: self.id,
            rule: cx.node.item,
            ts: self.ts,
            first_seen: self.gather.first_seen,
            last_seen: self.last_seen,
            anchor: self.anchor,
            group: group::read(group, &cx.operator.group),
            value: Some(self.value),
            total: self.gather.total,
            total_at_anchor: self.total_at_anchor,
            evidence,
            is_truncated,
            is_fanout_truncated: self.gather.is_fanout_truncated,
            outcomes: self.gather.outcomes(&cx.operator.outcomes),
            outcomes_at_anchor: self.outcomes_at_anchor.clone(),
            values: self.values.clone(),
            risk: cx.node.risk,
            level: cx.node.level,
            suppressed: self.suppressed,
            stratum: cx.node.stratum,
            status,
            revision: self.revision,
            is_late: false,
            is_signal: cx.node.is_signal,
        }
    }
}

/// The silence behind a detection (E22): it keeps the detection, which still counts what is left out.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Silence(Option<Box<Silent>>);

#[derive(Debug, Serialize, Deserialize)]
struct Silent {
    record: Record,
    /// The last instant of the silence, inclusive.
    until: i64,
    /// The end of the cell, exclusive.
    cell_end: i64,
}

impl Silence {
    /// A detection has closed at an instant: it is final, unless it is followed by a silence.
    pub(crate) fn begin(
        &mut self,
        mut record: Record,
        closed: i64,
        cell_end: i64,
        group: &[u8],
        cx: &mut Cx<'_>,
    ) {
        if cx.operator.suppress == 0 || closed >= cell_end {
            return record.publish(Status::Final, group, cx);
        }
        self.end(group, cx);
        let until = closed.saturating_add(cx.operator.suppress);
        self.0 = Some(Box::new(Silent { record, until, cell_end }));
    }

    /// Whether a detection with the time `ts` is left out; then it is counted. `within` is an instant of its cell.
    pub(crate) fn swallows(&mut self, ts: i64, within: i64) -> bool {
        match &mut self.0 {
            Some(silent) if ts <= silent.until && within < silent.cell_end => {
                silent.record.suppress();
                true
            }
            _ => false,
        }
    }

    /// The last instant at which something may be left out.
    pub(crate) fn due(&self) -> Option<i64> {
        self.0.as_ref().map(|silent| silent.until.min(silent.cell_end.saturating_sub(1)))
    }

    pub(crate) fn settle(&mut self, watermark: i64, group: &[u8], cx: &mut Cx<'_>) {
        if self.due().is_some_and(|due| due < watermark) {
            self.end(group, cx);
        }
    }

    pub(crate) fn end(&mut self, group: &[u8], cx: &mut Cx<'_>) {
        if let Some(mut silent) = self.0.take() {
            silent.record.publish(Status::Final, group, cx);
        }
    }

    pub(crate) fn publish_open(&mut self, is_all: bool, group: &[u8], cx: &mut Cx<'_>) {
        if let Some(silent) = &mut self.0 {
            silent.record.publish_open(is_all, group, cx);
        }
    }
}
