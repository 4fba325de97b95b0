//! Pairs as findings, for forms of output that hold nothing else.

use sigyn_diagnostics::{Code, Diagnostic, Label, Severity, Span};
use sigyn_ir::RuleSet;

use super::{Pair, Repeat};

/// Differing comparisons that are named of a rule.
const NAMED_MAX: usize = 6;

/// The kinds of pairs as codes, the severest first.
pub static REPEATS: &[&Code] = &[&SAME, &CONTAINED, &NEAR];

static SAME: Code = Code {
    number: 8901,
    name: "same-logic",
    summary: "Two rules match the same events.",
    help: "Keep one of them, and name the other in its `related`.",
};

static CONTAINED: Code = Code {
    number: 8902,
    name: "contained-rule",
    summary: "Every event that a rule matches, another one matches too.",
    help: "Remove the narrower rule, or give it what the wider one lacks, such as a higher level.",
};

static NEAR: Code = Code {
    number: 8903,
    name: "near-duplicate",
    summary: "Two rules share most of what they compare.",
    help: "Look whether one rule says both.",
};

impl Repeat {
    fn code(self) -> (&'static Code, Severity) {
        match self {
            Repeat::Same => (&SAME, Severity::Warning),
            Repeat::Contained => (&CONTAINED, Severity::Warning),
            Repeat::Near(_) => (&NEAR, Severity::Note),
        }
    }
}

impl Pair {
    /// The pair as a finding at the first rule, with the second beside it; none if the set is not the one that was
    /// searched.
    pub fn to_diagnostic(&self, set: &RuleSet) -> Option<Diagnostic> {
        let (first, second) = (set.items.get(self.first)?, set.items.get(self.second)?);
        let (one, other) = (&first.meta().title, &second.meta().title);
        let message = match self.repeat {
            Repeat::Same => format!("`{one}` matches the same events as `{other}`"),
            Repeat::Contained => format!("`{one}` matches nothing that `{other}` does not match"),
            Repeat::Near(percent) => format!("`{one}` shares {percent} % of its comparisons with `{other}`"),
        };
        let begin = |span: Span| Span { end: span.start, ..span };
        let (code, severity) = self.repeat.code();
        let mut diagnostic = Diagnostic::warning(code, message).at(begin(first.span()));
        diagnostic.severity = severity;
        diagnostic.related.push(Label { span: begin(second.span()), text: format!("`{other}`") });
        let differing = [("this rule", &self.only_first), ("the other", &self.only_second)];
        let parts: Vec<String> = differing.iter().filter_map(|(whose, only)| named(whose, only)).collect();
        if !parts.is_empty() {
            diagnostic.help = Some(format!("{} {}", code.help, parts.join("; ")));
        }
        Some(diagnostic)
    }
}

/// What only one of two rules compares.
fn named(whose: &str, only: &[String]) -> Option<String> {
    let shown = only.iter().take(NAMED_MAX).map(|one| format!("`{one}`")).collect::<Vec<_>>().join(", ");
    match only.len().checked_sub(NAMED_MAX) {
        _ if only.is_empty() => None,
        None | Some(0) => Some(format!("only {whose} has {shown}")),
        Some(more) => Some(format!("only {whose} has {shown} and {more} more")),
    }
}
