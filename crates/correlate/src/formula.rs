//! Extended conditions in disjunctive normal form (E34).

use sigyn_ir::CorrelationExpr;

/// Alternatives, each a conjunction.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Formula {
    pub(crate) conjunctions: Vec<Conjunction>,
}

/// Rules that must have matched and rules that must not, by their places in the list; sorted, none twice.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Conjunction {
    pub(crate) must: Vec<u16>,
    pub(crate) must_not: Vec<u16>,
}

/// Why a condition has no normal form that can be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// More alternatives than the limit.
    TooLarge,
    /// An alternative names no rule that must match.
    NothingPositive,
}

impl Formula {
    /// The normal form. Alternatives that contradict themselves are left out, and those that another covers.
    pub(crate) fn new(
        expr: &CorrelationExpr,
        place: &impl Fn(&sigyn_ir::RuleRef) -> Option<u16>,
        max: usize,
    ) -> Result<Self, Flaw> {
        let mut conjunctions = normal(expr, false, place, max)?;
        conjunctions.retain(|it| !it.must.iter().any(|rule| it.must_not.contains(rule)));
        let covers = |a: &Conjunction, b: &Conjunction| {
            a.must.iter().all(|rule| b.must.contains(rule))
                && a.must_not.iter().all(|rule| b.must_not.contains(rule))
        };
        let mut kept: Vec<Conjunction> = Vec::new();
        for (at, it) in conjunctions.iter().enumerate() {
            let is_covered = conjunctions
                .iter()
                .enumerate()
                .any(|(other, by)| other != at && covers(by, it) && (!covers(it, by) || other < at));
            if !is_covered {
                kept.push(it.clone());
            }
        }
        if kept.iter().any(|it| it.must.is_empty()) || kept.is_empty() {
            return Err(Flaw::NothingPositive);
        }
        Ok(Self { conjunctions: kept })
    }

    /// Whether a rule must not match anywhere.
    pub(crate) fn has_negation(&self) -> bool {
        self.conjunctions.iter().any(|it| !it.must_not.is_empty())
    }
}

fn normal(
    expr: &CorrelationExpr,
    is_negated: bool,
    place: &impl Fn(&sigyn_ir::RuleRef) -> Option<u16>,
    max: usize,
) -> Result<Vec<Conjunction>, Flaw> {
    let (args, is_or) = match expr {
        CorrelationExpr::Rule(rule) => {
            let rules: Vec<u16> = place(rule).into_iter().collect();
            let (must, must_not) = if is_negated { (Vec::new(), rules) } else { (rules, Vec::new()) };
            return Ok(vec![Conjunction { must, must_not }]);
        }
        CorrelationExpr::Not(arg) => return normal(arg, !is_negated, place, max),
        CorrelationExpr::Or(args) => (args, !is_negated),
        CorrelationExpr::And(args) => (args, is_negated),
    };
    let mut all: Vec<Conjunction> = if is_or { Vec::new() } else { vec![Conjunction::default()] };
    for arg in args {
        let next = normal(arg, is_negated, place, max)?;
        if is_or {
            all.extend(next);
        } else {
            if all.len().saturating_mul(next.len()) > max {
                return Err(Flaw::TooLarge);
            }
            all = all.iter().flat_map(|a| next.iter().map(move |b| a.and(b))).collect();
        }
        if all.len() > max {
            return Err(Flaw::TooLarge);
        }
    }
    Ok(all)
}

impl Conjunction {
    fn and(&self, other: &Self) -> Self {
        let both = |a: &[u16], b: &[u16]| {
            let mut both = [a, b].concat();
            both.sort_unstable();
            both.dedup();
            both
        };
        Self { must: both(&self.must, &other.must), must_not: both(&self.must_not, &other.must_not) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sigyn_diagnostics::Span;
    use sigyn_ir::{ItemId, RuleRef};

    fn rule(name: &str) -> CorrelationExpr {
        CorrelationExpr::Rule(RuleRef { text: name.to_owned(), target: ItemId(0), span: Span::default() })
    }

    fn not(expr: CorrelationExpr) -> CorrelationExpr {
        CorrelationExpr::Not(Box::new(expr))
    }

    #[test]
    fn conditions_become_alternatives() {
        use CorrelationExpr::{And, Or};
        let place = |rule: &RuleRef| rule.text.bytes().next().map(|byte| u16::from(byte - b'a'));
        let check = |expr: CorrelationExpr, expect: Result<&[(&[u16], &[u16])], Flaw>| {
            let found = Formula::new(&expr, &place, 8).map(|formula| {
                formula.conjunctions.into_iter().map(|it| (it.must, it.must_not)).collect::<Vec<_>>()
            });
            let expect = expect.map(|all| all.iter().map(|(a, b)| (a.to_vec(), b.to_vec())).collect());
            assert_eq!(found, expect, "{expr:?}");
        };
        check(And(vec![rule("b"), rule("a")]), Ok(&[(&[0, 1], &[])]));
        check(
            And(vec![rule("a"), Or(vec![rule("b"), rule("c")]), not(rule("d"))]),
            Ok(&[(&[0, 1], &[3]), (&[0, 2], &[3])]),
        );
        check(And(vec![rule("a"), not(And(vec![rule("b"), rule("c")]))]), Ok(&[(&[0], &[1]), (&[0], &[2])]));
        check(Or(vec![rule("a"), And(vec![rule("a"), rule("b")])]), Ok(&[(&[0], &[])]));
        check(not(rule("a")), Err(Flaw::NothingPositive));
        check(And(vec![rule("a"), not(rule("a"))]), Err(Flaw::NothingPositive));
        let pair = || Or(vec![rule("a"), rule("b")]);
        check(And(vec![pair(), pair(), pair(), pair()]), Err(Flaw::TooLarge));
    }
}
