//! Changes of the field list, the same for rules and correlations.

use sigyn_diagnostics::Diagnostic;
use sigyn_ir::{Correlation, Rule};

use crate::item::{Run, Transformation};

/// A change of the field list by the names of fields.
#[derive(Debug)]
pub(super) struct FieldListChange {
    /// The names.
    pub(super) names: Vec<String>,
    /// Changes a list by these names.
    pub(super) change: fn(&mut Vec<String>, &[String]),
}

impl Transformation for FieldListChange {
    fn apply(&self, rule: &mut Rule, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        (self.change)(&mut rule.fields, &self.names);
        run.mark(&mut rule.marks);
        Ok(())
    }

    fn apply_correlation(&self, rule: &mut Correlation, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        (self.change)(&mut rule.fields, &self.names);
        run.mark(&mut rule.marks);
        Ok(())
    }
}
