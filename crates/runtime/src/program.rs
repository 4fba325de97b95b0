//! Rules, compiled for everything that happens to an event.

use sigyn_diagnostics::Diagnostic;
use sigyn_engine::{ClassId, Config, Engine, Inert, LogSources};
use sigyn_ir::{ItemId, LogSource, RuleSet};

/// Compiled rules. Immutable; shared between threads.
#[derive(Debug)]
pub struct Program {
    /// What matches single events.
    pub engine: Engine,
    /// The rules.
    pub set: RuleSet,
    hints: usize,
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
        hints.iter().for_each(|hint| sources.declare(hint.clone()));
        let mut set = set;
        let mut built = Engine::build(&set, &sources, Config::standard());
        let mut refused: Vec<Diagnostic> =
            built.refused.iter().map(|(_, diagnostic)| diagnostic.clone()).collect();
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
        let program = Self { engine: built.engine, set, hints: hints.len() };
        Built { program, refused, inert: built.inert }
    }

    /// Whether a rule's detections are shown: not if only a correlation reads them.
    pub fn is_shown(&self, rule: ItemId) -> bool {
        self.set.outputs.get(rule.0 as usize).copied().unwrap_or(true)
    }

    /// The class of events that have the log source of a hint, by the hint's place.
    pub fn hint(&self, at: usize) -> Option<ClassId> {
        (at < self.hints).then(|| self.engine.declared(at)).flatten()
    }
}
