//! What a run finds.

use sigyn_diagnostics::{Diagnostic, SourceId};

use crate::Check;

/// One finding, with what surrounds it.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What, where and a way out.
    pub diagnostic: Diagnostic,
    /// The file it is about.
    pub source: SourceId,
    /// The check that found it; `None` if reading the rule did.
    pub check: Option<&'static Check>,
    /// The class of the issue or error that sigma-cli reports here.
    pub pysigma_issue: Option<&'static str>,
    /// The rule it is about, where that is known.
    pub rule: Option<RuleName>,
}

/// What a rule is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleName {
    /// UUID, if it has one.
    pub id: Option<String>,
    /// Title.
    pub title: String,
}

impl Finding {
    /// The name by which the finding is suppressed, configured and counted.
    pub fn name(&self) -> &'static str {
        self.diagnostic.code.name
    }

    /// Where it stands in its file, for sorting: findings without a place come first.
    pub(crate) fn order(&self) -> (SourceId, u32, u32, u16) {
        let (start, end) = self.diagnostic.span.map_or((0, 0), |span| (span.start, span.end));
        (self.source, start, end, self.diagnostic.code.number)
    }
}
