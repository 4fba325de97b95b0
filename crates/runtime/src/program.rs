//! Rules, compiled for everything that happens to an event.

use std::sync::Arc;

use sigyn_correlate::{Limits, Plan};
use sigyn_diagnostics::Diagnostic;
use sigyn_engine::{ClassId, Config, Engine, Inert, LogSources};
use sigyn_ir::{ItemId, LogSource, RuleItem, RuleSet};

/// Compiled rules. Immutable; shared between threads.
#[derive(Debug)]
pub struct Program {
    /// What matches single events, and detections.
    pub engine: Engine,
    /// The rules.
    pub set: RuleSet,
    /// What correlates; none if nothing has to.
    pub(crate) plan: Option<Arc<Plan>>,
    shown: Vec<bool>,
    /// How many rules can give results.
    active: usize,
    hints: usize,
    /// Detections of rules from this place on are not shown to rules on detections.
    pub(crate) shown_to_rules: usize,
}

/// What building gives.
#[derive(Debug)]
pub struct Built {
    /// The program, with every rule that can be used.
    pub program: Program,
    /// Rules that cannot be used, each with the reason.
    pub refused: Vec<Diagnostic>,
    /// Rules that no event of a known log source can reach.
    pub inert: Vec<Inert>,
}

impl Program {
    /// Compiles a set. `hints` are log sources that the caller will say events have, see [`hint`](Self::hint).
    pub fn build(set: RuleSet, sources: &LogSources, hints: &[LogSource]) -> Built {
        let mut sources = sources.clone();
        sources.declare(detections());
        hints.iter().for_each(|hint| sources.declare(hint.clone()));
        let mut set = set;
        let mut refused: Vec<Diagnostic> = Vec::new();
        let mut built = Engine::build(&set, &sources, Config::standard());
        refused.extend(built.refused.iter().map(|(_, diagnostic)| diagnostic.clone()));
        // A correlation cannot do without a rule that it reads.
        if built.refused.iter().any(|(id, _)| set.is_referenced.get(id.0 as usize) == Some(&true)) {
            let mut is_gone = vec![false; set.items.len()];
            for (id, _) in &built.refused {
                if let Some(slot) = is_gone.get_mut(id.0 as usize) {
                    *slot = true;
                }
            }
            let (rest, lost) = set.subset(&vec![true; set.items.len()], &is_gone);
            refused.extend(lost.into_iter().map(|lost| set.lost(lost)));
            set = rest;
            built = Engine::build(&set, &sources, Config::standard());
        }
        let shown: Vec<bool> = set
            .items
            .iter()
            .enumerate()
            .map(|(at, item)| set.outputs.get(at).copied().unwrap_or(true) && !item.options().is_silent)
            .collect();
        let needs_plan = shown.contains(&false) || set.items.iter().any(is_above_events);
        let plan = needs_plan.then(|| {
            let (plan, found) = Plan::compile(&set, &Limits::standard());
            refused.extend(found.into_iter().filter(Diagnostic::is_error));
            Arc::new(plan)
        });
        let is_refused = |id: usize| built.refused.iter().any(|(refused, _)| refused.0 as usize == id);
        let is_active = |(at, item): (usize, &RuleItem)| {
            let id = ItemId(u32::try_from(at).unwrap_or(u32::MAX));
            let is_usable = match item {
                RuleItem::Rule(_) => !is_refused(at),
                RuleItem::Correlation(_) => plan.as_ref().is_some_and(|plan| plan.stratum(id).is_some()),
            };
            is_usable && shown.get(at) == Some(&true)
        };
        let active = set.items.iter().enumerate().filter(|one| is_active(*one)).count();
        let (shown_to_rules, hints) = (usize::MAX, hints.len());
        let program = Self { engine: built.engine, set, plan, shown, active, hints, shown_to_rules };
        Built { program, refused, inert: built.inert }
    }

    /// How many rules can give results: those that are usable and shown.
    pub fn rule_count(&self) -> usize {
        self.active
    }

    /// Whether some rule reads more than single events.
    pub fn correlates(&self) -> bool {
        self.set.items.iter().any(is_above_events)
    }

    /// Whether a rule's detections are shown: not if it is silent, or only a correlation reads them.
    pub fn is_shown(&self, rule: ItemId) -> bool {
        self.shown.get(rule.0 as usize).copied().unwrap_or(true)
    }

    /// What correlates; none if nothing has to.
    pub fn plan(&self) -> Option<&Plan> {
        self.plan.as_deref()
    }

    /// Rules on detections, each with the rules whose detections it may match.
    pub fn selected(&self) -> Vec<(ItemId, ItemId)> {
        let Some(plan) = &self.plan else { return Vec::new() };
        let readers = plan.rules().iter().copied().filter(|rule| plan.is_on_detections(*rule));
        readers.flat_map(|reader| plan.children(reader).iter().map(move |read| (reader, *read))).collect()
    }

    /// The class of events that have the log source of a hint, by the hint's place.
    pub fn hint(&self, at: usize) -> Option<ClassId> {
        (at < self.hints).then(|| self.engine.declared(at + 1)).flatten()
    }

    /// The class of detections.
    pub(crate) fn detections(&self) -> Option<ClassId> {
        self.engine.declared(0)
    }
}

/// The log source of detections (E36).
fn detections() -> LogSource {
    let text = |text: &str| Some(text.to_owned());
    LogSource { product: text("sigyn"), service: text("detection"), ..LogSource::default() }
}

/// Whether a rule reads hits or detections of others.
fn is_above_events(item: &RuleItem) -> bool {
    matches!(item, RuleItem::Correlation(_)) || item.is_on_detections()
}
