//! The silence behind a detection (E22).

use serde::{Deserialize, Serialize};

use super::{Cx, Record};
use crate::detection::Status;

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
        cx.out.has_news |= record.has_news();
        cx.out.is_due_earlier = true;
        self.0 = Some(Box::new(Silent { record, until, cell_end }));
    }

    /// Whether a detection with the time `ts` is left out; then it is counted. `within` is an instant of its cell.
    pub(crate) fn swallows(&mut self, ts: i64, within: i64, cx: &mut Cx<'_>) -> bool {
        match &mut self.0 {
            Some(silent) if ts <= silent.until && within < silent.cell_end => {
                silent.record.suppress();
                cx.out.has_news |= silent.record.has_news();
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
