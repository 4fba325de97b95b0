//! A detection in the making.

use serde::{Deserialize, Serialize};

use super::{Cx, Seen};
use crate::detection::{Anchor, Evidence, Status};
use crate::gather::Gather;
use crate::group;
use crate::plan::{Operator, Shape};
use crate::{Detection, Id, Outcome, Value, Values, ValuesWriter};

/// A detection in the making.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) id: Id,
    pub(crate) ts: i64,
    /// An id, or start and end of a window: the operator says which.
    anchor: [u8; 16],
    /// If it is an integer of usual size; else it is among what is rare, as the next.
    value: i32,
    total_at_anchor: u32,
    pub(crate) last_seen: i64,
    pub(crate) gather: Gather,
    pub(crate) revision: u32,
    /// The total when it was last published. Of more than it can say every change is news.
    published_total: u32,
    /// What most have not.
    rare: Option<Box<Rare>>,
}

/// What only some detections have.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Rare {
    /// Whether it is left out behind another (E22).
    is_suppressed: bool,
    value: Option<Value>,
    total_at_anchor: Option<u64>,
    outcomes_at_anchor: Box<[Outcome]>,
    values: Values,
    suppressed: u64,
    /// The count of suppressed ones when it was last published.
    published_suppressed: u64,
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
            anchor: bytes_of(anchor),
            value: 0,
            last_seen,
            total_at_anchor: 0,
            gather,
            revision: 0,
            published_total: 0,
            rare: None,
        };
        match value {
            Value::Int(number) => match i32::try_from(number) {
                Ok(number) => record.value = number,
                Err(_) => record.rare_mut().value = Some(value),
            },
            Value::Float(_) => record.rare_mut().value = Some(value),
        }
        match u32::try_from(record.gather.total) {
            Ok(total) => record.total_at_anchor = total,
            Err(_) => record.rare_mut().total_at_anchor = Some(record.gather.total),
        }
        if !cx.operator.outcomes.is_empty() {
            let outcomes = record.gather.outcomes(&cx.operator.outcomes);
            record.rare_mut().outcomes_at_anchor = outcomes;
        }
        if !cx.node.reads.is_empty() {
            let detection = record.bare(Status::Open, group, cx);
            let mut writer = ValuesWriter::default();
            let (gather, extras) = (&record.gather, &cx.operator.extras);
            crate::own::write_reads(&mut writer, cx.node, &detection, |name, write| {
                if let Some(at) = extras.iter().position(|extra| &**extra == name) {
                    gather.extra(at).for_each(write);
                }
            });
            record.rare_mut().values = writer.finish();
        }
        record.gather.forget_extras();
        record
    }

    fn rare_mut(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    fn value(&self) -> Value {
        let large = self.rare.as_ref().and_then(|rare| rare.value);
        large.unwrap_or(Value::Int(self.value.into()))
    }

    fn total_at_anchor(&self) -> u64 {
        let large = self.rare.as_ref().and_then(|rare| rare.total_at_anchor);
        large.unwrap_or(self.total_at_anchor.into())
    }

    fn anchor(&self, operator: &Operator) -> Anchor {
        if operator.shape.is_at_inputs() || operator.shape == Shape::Consuming {
            return Anchor::Event(Id(self.anchor));
        }
        let (start, end) = self.anchor.split_at(8);
        let instant = |bytes: &[u8]| i64::from_le_bytes(bytes.try_into().unwrap_or_default());
        Anchor::Window { start: instant(start), end: instant(end) }
    }

    fn values(&self) -> Values {
        self.rare.as_ref().map_or_else(Values::default, |rare| rare.values.clone())
    }

    fn suppressed(&self) -> u64 {
        self.rare.as_ref().map_or(0, |rare| rare.suppressed)
    }

    /// Shows it to consumers.
    pub(crate) fn show(&self, group: &[u8], cx: &mut Cx<'_>) {
        let (consumers, watchers) = (&cx.node.consumers, &cx.node.watchers);
        if consumers.is_empty() && watchers.is_empty() {
            return;
        }
        let detection = (!watchers.is_empty()).then(|| Box::new(self.detection(Status::Open, group, cx)));
        let values = self.values();
        cx.out.seen.push(Seen { ts: self.ts, eid: self.id, values, detection, is_revision: false });
    }

    /// Shows a further input at which it held, decided at `ts`.
    pub(crate) fn show_revision(&self, eid: Id, ts: i64, cx: &mut Cx<'_>) {
        let eid = Id::of(&[&self.id.0, &eid.0]);
        let values = self.values();
        cx.out.seen.push(Seen { ts, eid, values, detection: None, is_revision: true });
    }

    /// See [`super::State::touch`].
    pub(super) fn touch(&self, step: usize) -> u64 {
        match step {
            0 => 0,
            1 => u64::from(self.revision) ^ self.last_seen.cast_unsigned() ^ self.gather.total,
            _ => self.gather.touch(step),
        }
    }

    /// A further input is true.
    pub(crate) fn grow(&mut self) {
        self.revision = self.revision.saturating_add(1);
    }

    /// Counts another that is left out behind this one.
    pub(crate) fn suppress(&mut self) {
        self.rare_mut().suppressed += 1;
    }

    /// Leaves it out behind another (E22).
    pub(crate) fn leave_out(&mut self) {
        self.rare_mut().is_suppressed = true;
    }

    /// Whether it is left out behind another.
    pub(crate) fn is_suppressed(&self) -> bool {
        self.rare.as_ref().is_some_and(|rare| rare.is_suppressed)
    }

    /// Shows it to the caller: as it stays, or as it is now.
    pub(crate) fn publish(&mut self, status: Status, group: &[u8], cx: &mut Cx<'_>) {
        let detection = self.detection(status, group, cx);
        cx.out.published.push(detection);
        self.published_total = u32::try_from(self.gather.total).unwrap_or(u32::MAX).max(1);
        if let Some(rare) = &mut self.rare {
            rare.published_suppressed = rare.suppressed;
        }
    }

    /// Whether it opened, or its total has grown to twice what was shown, or the count of suppressed ones beyond that. Showing
    /// every change would cost more than everything else.
    pub(crate) fn has_news(&self) -> bool {
        self.published_total == 0
            || self.gather.total >= u64::from(self.published_total) * 2
            || self.rare.as_ref().is_some_and(|it| it.suppressed > it.published_suppressed.saturating_mul(2))
    }

    /// Shows it as it is now, if there is news or all are wanted.
    pub(crate) fn publish_open(&mut self, is_all: bool, group: &[u8], cx: &mut Cx<'_>) {
        if is_all || self.has_news() {
            self.publish(Status::Open, group, cx);
        }
    }

    fn detection(&self, status: Status, group: &[u8], cx: &Cx<'_>) -> Detection {
        let (count, is_truncated) = self.gather.evidence_size(cx.operator);
        let mut evidence = Vec::with_capacity(count);
        for at in self.gather.evidence() {
            let rule = cx.operator.children.get(usize::from(at.child)).copied().unwrap_or(cx.node.item);
            let is_detection = cx.plan.node(rule).is_some_and(|node| node.stratum > 1);
            let source = cx.sources.name(at.source);
            evidence.push(Evidence { ts: at.ts, rule, source, seq: at.seq, eid: at.eid, is_detection });
        }
        Detection { evidence, is_truncated, ..self.bare(status, group, cx) }
    }

    /// The detection without its evidence.
    fn bare(&self, status: Status, group: &[u8], cx: &Cx<'_>) -> Detection {
        Detection {
            id: self.id,
            rule: cx.node.item,
            ts: self.ts,
            first_seen: self.gather.first_seen,
            last_seen: self.last_seen,
            anchor: self.anchor(cx.operator),
            group: group::read(group, &cx.operator.group),
            value: Some(self.value()),
            total: self.gather.total,
            total_at_anchor: self.total_at_anchor(),
            evidence: Vec::new(),
            is_truncated: false,
            is_fanout_truncated: self.gather.is_fanout_truncated(),
            outcomes: self.gather.outcomes(&cx.operator.outcomes).into_vec(),
            outcomes_at_anchor: self.rare.as_ref().map_or_else(Vec::new, |it| it.outcomes_at_anchor.to_vec()),
            values: self.values(),
            risk: cx.node.risk,
            level: cx.node.level,
            suppressed: self.suppressed(),
            stratum: cx.node.stratum,
            status,
            revision: self.revision,
            is_late: false,
            is_signal: cx.node.is_signal,
        }
    }
}

/// What [`Record::anchor`] is made of.
fn bytes_of(anchor: Anchor) -> [u8; 16] {
    match anchor {
        Anchor::Event(eid) => eid.0,
        Anchor::Window { start, end } => {
            let mut bytes = [0; 16];
            bytes[..8].copy_from_slice(&start.to_le_bytes());
            bytes[8..].copy_from_slice(&end.to_le_bytes());
            bytes
        }
    }
}
