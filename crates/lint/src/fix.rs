//! Applying fixes to a text: every byte that a fix does not name stays as it is.

use sigyn_diagnostics::{Diagnostic, Edit, Fix, SourceId, Span};
use sigyn_yaml::Edits;

use crate::Finding;

/// Which fixes are applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Safety {
    /// Those that keep the meaning of the rule.
    Safe,
    /// All.
    Unsafe,
}

/// A text with fixes applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The new text.
    pub text: String,
    /// How many fixes were applied.
    pub count: usize,
    /// How many were not, because they touch what another changed: the next round takes them.
    pub left: usize,
}

/// Findings with fixes of one edit.
pub(crate) trait Fixed: Sized {
    /// With a fix that keeps the meaning of the rule; without one if there is no place for it.
    fn fixed_by(self, title: &str, place: Option<Span>, text: &str) -> Self;
}

impl Fixed for Diagnostic {
    fn fixed_by(self, title: &str, place: Option<Span>, text: &str) -> Self {
        let Some(span) = place else { return self };
        let edits = vec![Edit { span, text: text.to_owned() }];
        self.with_fix(Fix { title: title.to_owned(), edits, is_safe: true })
    }
}

/// Applies the fixes of one file's findings that do not touch each other; the first comes first.
pub fn apply_fixes(text: &str, source: SourceId, findings: &[Finding], safety: Safety) -> Applied {
    let mut taken: Vec<(u32, u32)> = Vec::new();
    let mut edits = Edits::default();
    let (mut count, mut left) = (0, 0);
    for fix in findings.iter().filter_map(|finding| finding.diagnostic.fix.as_ref()) {
        if (safety == Safety::Safe && !fix.is_safe) || fix.edits.iter().any(|edit| edit.span.source != source)
        {
            continue;
        }
        if touches(fix, &taken) {
            left += 1;
            continue;
        }
        for edit in &fix.edits {
            taken.push((edit.span.start, edit.span.end));
            edits.replace(edit.span, edit.text.clone());
        }
        count += 1;
    }
    match edits.apply(text) {
        Ok(text) => Applied { text, count, left },
        // A fix with edits that overlap among themselves is a defect of its check; nothing is changed.
        Err(_) => Applied { text: text.to_owned(), count: 0, left: 0 },
    }
}

fn touches(fix: &Fix, taken: &[(u32, u32)]) -> bool {
    fix.edits.iter().any(|edit| {
        taken.iter().any(|&(start, end)| {
            let is_same_point = edit.span.start == start && edit.span.end == end;
            is_same_point || (edit.span.start < end && start < edit.span.end)
        })
    })
}
