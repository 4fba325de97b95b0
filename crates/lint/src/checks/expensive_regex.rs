//! A regular expression is expensive.

use regex_syntax::ast::parse::Parser;
use regex_syntax::ast::{Ast, RepetitionKind, RepetitionRange};
use sigyn_ir::Value;

use crate::prelude::*;

pub(crate) static CHECK: Check = Check {
    code: Code {
        number: 8424,
        name: "expensive-regex",
        summary: "A regular expression repeats what is repeated already, or repeats very often.",
        help: "Write the repetition once; give counts only where they matter.",
    },
    severity: Severity::Warning,
    like: None,
    why: "Engines that backtrack need a time that doubles with every character: an attacker who writes the log can stop them.",
    example: Example {
        flagged: "detection:\n    selection:\n        a|re: '(a+)+b'\n    condition: selection\n",
        clean: "detection:\n    selection:\n        a|re: 'a+b'\n    condition: selection\n",
    },
    options: &[],
    run: Run::Rule(run),
};

/// More repetitions than this make an automaton large.
const COUNT_MAX: u32 = 1_000;

fn run(cx: &RuleContext<'_>, report: &mut Report<'_>) {
    for (_, item) in cx.items() {
        for (at, value) in item.values.iter().enumerate() {
            let Value::Regex(regex) = value else { continue };
            let Ok(ast) = Parser::new().parse(&regex.pattern.to_raw()) else { continue };
            if let Some(problem) = problem(&ast, 0) {
                report.at(cx.value_place(item, at), problem);
            }
        }
    }
}

/// What is expensive in a pattern; `open` counts the repetitions without end around it.
fn problem(ast: &Ast, open: u32) -> Option<&'static str> {
    match ast {
        Ast::Repetition(repetition) => {
            let (is_open, count) = bounds(&repetition.op.kind);
            if count > COUNT_MAX {
                return Some("this repeats more than a thousand times");
            }
            if is_open && open > 0 {
                return Some("this repeats what is repeated already");
            }
            problem(&repetition.ast, open + u32::from(is_open))
        }
        Ast::Group(group) => problem(&group.ast, open),
        Ast::Alternation(alternation) => alternation.asts.iter().find_map(|ast| problem(ast, open)),
        // Something else between the repetitions keeps them apart.
        Ast::Concat(concat) => {
            let is_apart = concat.asts.iter().any(|ast| !matches!(ast, Ast::Repetition(_) | Ast::Group(_)));
            concat.asts.iter().find_map(|ast| problem(ast, if is_apart { 0 } else { open }))
        }
        _ => None,
    }
}

/// Whether a repetition has no end, and its largest count.
fn bounds(kind: &RepetitionKind) -> (bool, u32) {
    match kind {
        RepetitionKind::ZeroOrOne => (false, 1),
        RepetitionKind::ZeroOrMore | RepetitionKind::OneOrMore => (true, 0),
        RepetitionKind::Range(RepetitionRange::Exactly(count)) => (false, *count),
        RepetitionKind::Range(RepetitionRange::AtLeast(count)) => (true, *count),
        RepetitionKind::Range(RepetitionRange::Bounded(_, count)) => (false, *count),
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::check;

    #[test]
    fn cases() {
        check(&super::CHECK, "detection:\n    selection:\n        a|re:\n            - '(x*)*'\n            - '(x*y)*'\n            - 'a{2000}'\n            - '(?:a+|b)+'\n    condition: selection\n", &["'(x*)*'", "'a{2000}'", "'(?:a+|b)+'"]);
    }
}
