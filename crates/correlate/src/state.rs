//! The state of one group of one correlation.

mod pile;
mod record;
mod sequence;
mod silence;
mod sliding;
mod tally;
mod values;

use serde::{Deserialize, Serialize};

pub(crate) use pile::Pile;
pub(crate) use record::Record;
pub(crate) use sequence::Sequence;
pub(crate) use silence::Silence;
pub(crate) use sliding::Sliding;
pub(crate) use tally::holds_alone;

use crate::input::{Entry, Sources};
use crate::plan::{Node, Operator, Plan, Shape};
use crate::{Detection, Id, Values};

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
    /// Whether the group at hand has something to tell when the step ends.
    pub(crate) has_news: bool,
    /// Whether the group at hand may have to be looked at earlier than it asked for.
    pub(crate) is_due_earlier: bool,
}

/// A detection as consumers see it.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) ts: i64,
    /// Its id as an input: that of the detection, or of its revision.
    pub(crate) eid: Id,
    /// What consumers read of it.
    pub(crate) values: Values,
    /// All of it, where rules on detections look at it.
    pub(crate) detection: Option<Box<Detection>>,
    /// Whether it is a further input at which the detection held (E38).
    pub(crate) is_revision: bool,
}

/// The state of a group with more than one input.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum State {
    Sliding(Box<Sliding>),
    Pile(Box<Pile>),
    Sequence(Box<Sequence>),
}

impl State {
    pub(crate) fn new(operator: &Operator) -> Self {
        match operator.shape {
            shape if shape.is_at_inputs() => State::Sliding(Box::new(Sliding::new(operator))),
            Shape::Consuming => State::Sequence(Box::new(Sequence::new(operator))),
            _ => State::Pile(Box::new(Pile::new())),
        }
    }

    /// Takes an input; in canonical order.
    pub(crate) fn input(&mut self, entry: Entry, group: &[u8], cx: &mut Cx<'_>) {
        match self {
            State::Sliding(state) => state.input(entry, group, cx),
            State::Pile(state) => state.input(entry, group, cx),
            State::Sequence(state) => state.input(&entry, group, cx),
        }
    }

    /// Decides what a watermark decides.
    pub(crate) fn settle(&mut self, watermark: i64, group: &[u8], cx: &mut Cx<'_>) {
        match self {
            State::Sliding(state) => state.settle(watermark, group, cx),
            State::Pile(state) => state.settle(watermark, group, cx),
            State::Sequence(state) => state.silence.settle(watermark, group, cx),
        }
    }

    /// The last instant that must lie before a watermark for anything to happen; none if nothing is left to happen.
    pub(crate) fn due(&self, operator: &Operator) -> Option<i64> {
        match self {
            State::Sliding(state) => state.due(operator),
            State::Pile(state) => state.due(operator),
            State::Sequence(state) => state.due(operator),
        }
    }

    /// Inputs that it holds.
    pub(crate) fn len(&self) -> usize {
        match self {
            State::Sliding(state) => state.len(),
            State::Pile(_) => 1,
            State::Sequence(state) => state.len(),
        }
    }

    /// Whether nothing is left that an input from a watermark on could be together with.
    pub(crate) fn is_over(&mut self, watermark: i64, operator: &Operator) -> bool {
        match self {
            State::Sliding(state) => state.expire(watermark, operator),
            State::Pile(state) => state.is_idle(),
            State::Sequence(state) => state.expire(watermark, operator),
        }
    }

    /// The time of the oldest input that it holds.
    pub(crate) fn oldest(&self) -> Option<i64> {
        match self {
            State::Sliding(state) => state.oldest(),
            State::Pile(state) => state.oldest(),
            State::Sequence(state) => state.oldest(),
        }
    }

    /// Takes the oldest input away, for want of memory; its time.
    pub(crate) fn drop_oldest(&mut self) -> Option<i64> {
        match self {
            State::Sliding(state) => state.drop_oldest(),
            State::Pile(_) => None,
            State::Sequence(state) => state.drop_oldest(),
        }
    }

    /// Publishes what is open; all of it, or what has changed since it was last published.
    pub(crate) fn publish_open(&mut self, is_all: bool, group: &[u8], cx: &mut Cx<'_>) {
        match self {
            State::Sliding(state) => state.publish_open(is_all, group, cx),
            State::Pile(state) => state.silence.publish_open(is_all, group, cx),
            State::Sequence(state) => state.silence.publish_open(is_all, group, cx),
        }
    }

    /// Something that changes with the state: reading it brings it near, before it is needed. What can be read without waiting
    /// in the first of [`STEPS`](Self::STEPS), then what that points to, and so on.
    #[inline]
    pub(crate) fn touch(&self, step: usize) -> u64 {
        match self {
            State::Sliding(state) => state.touch(step),
            State::Pile(state) if step == 0 => state.touch(),
            State::Sequence(state) if step == 0 => state.touch(),
            State::Pile(_) | State::Sequence(_) => 0,
        }
    }

    /// See [`Self::touch`].
    pub(crate) const STEPS: usize = 4;
}
