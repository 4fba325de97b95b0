//! Rules as a pipeline leaves them, without a query: for looking at pipelines and for counting fields.

use sigyn_ir::{RuleItem, RuleSet, State};
use sigyn_pipeline::{Context, Pipeline};

use crate::{Failure, taxonomy};

/// A rule after its pipeline.
#[derive(Debug)]
pub struct Prepared {
    /// The rule; half rewritten if the pipeline refused it.
    pub item: RuleItem,
    /// What the pipeline told the backend.
    pub state: State,
    /// Why the pipeline refused it, if it did.
    pub failure: Option<Failure>,
}

/// Applies a pipeline to each rule of a set, in order; `context` makes a fresh context.
pub fn prepare(pipeline: &Pipeline, set: RuleSet, context: impl Fn() -> Context) -> Vec<Prepared> {
    let mut set = set;
    let mut prepared = Vec::with_capacity(set.items.len());
    // Correlations stand behind the rules they read and may look at them as the pipeline left them.
    for at in 0..set.items.len() {
        let mut cx = context();
        let mut item = set.items[at].clone();
        let result = match &mut item {
            RuleItem::Rule(rule) => pipeline.apply(rule, &mut cx),
            RuleItem::Correlation(correlation) => pipeline.apply_correlation(correlation, &set, &mut cx),
        };
        let result = result.and_then(|()| taxonomy::check(&item, pipeline, &cx));
        set.items[at].clone_from(&item);
        prepared.push(Prepared { item, state: cx.state, failure: result.err().map(Failure::from) });
    }
    prepared
}
