//! The order of rules in a set.

use std::collections::HashSet;

/// An order in which each rule stands behind those it refers to, else as loaded. `refers_to[a]` lists the rules
/// that `a` refers to; there is no cycle.
pub(crate) fn references_first(refers_to: &[Vec<usize>]) -> Vec<usize> {
    let mut order = Vec::with_capacity(refers_to.len());
    let mut is_placed = vec![false; refers_to.len()];
    for start in 0..refers_to.len() {
        // Depth first without recursion: chains of correlations may be long.
        let mut stack = vec![(start, 0)];
        while let Some((at, next)) = stack.pop() {
            if is_placed[at] {
                continue;
            }
            match refers_to[at].get(next) {
                Some(&target) => {
                    stack.push((at, next + 1));
                    if !is_placed[target] {
                        stack.push((target, 0));
                    }
                }
                None => {
                    is_placed[at] = true;
                    order.push(at);
                }
            }
        }
    }
    order
}

/// The circle that the references of an entry lead into, from its first entry. Every entry on the way waits for another.
pub(crate) fn circle(waits: &[HashSet<usize>], start: usize) -> Vec<usize> {
    let mut way = vec![start];
    while let Some(next) = way.last().and_then(|at| waits.get(*at)?.iter().min().copied()) {
        if let Some(from) = way.iter().position(|at| *at == next) {
            return way.split_off(from);
        }
        way.push(next);
    }
    way
}

/// Longest list that Python sorts without merging parts of it.
const UNMERGED_MAX: usize = 63;

/// The order of the reference: Python's `sorted` with "a rule is less than one that refers to it". That is no
/// order at all (most rules are neither less than nor equal to each other), so the result depends on the
/// algorithm, and this is the algorithm of CPython 3.13: find the run that the list starts with, turn it round if
/// it falls, and insert the rest by binary search. Longer lists that are not one run would be merged from parts;
/// they get [`references_first`], which differs only where the reference puts a rule before one that it needs.
pub(crate) fn as_reference(refers_to: &[Vec<usize>]) -> Vec<usize> {
    let is_less = |a: usize, b: usize| refers_to[b].contains(&a);
    let mut order: Vec<usize> = (0..refers_to.len()).collect();
    let run = first_run(&mut order, is_less);
    if run < order.len() && order.len() > UNMERGED_MAX {
        return references_first(refers_to);
    }
    binary_insertion(&mut order, run, is_less);
    order
}

/// The length of the run at the start of a list; a falling one is turned round, equals staying as they are.
fn first_run(order: &mut [usize], is_less: impl Fn(usize, usize) -> bool) -> usize {
    let falls = |order: &[usize], at: usize| is_less(order[at], order[at - 1]);
    let rising = |order: &[usize], from: usize| {
        (from..order.len()).find(|at| falls(order, *at)).unwrap_or(order.len())
    };
    let run = rising(order, 1);
    if run >= order.len() || (run > 1 && is_less(order[0], order[run - 1])) {
        return run;
    }
    // What stands before is all equal; it is turned round twice, and so keeps its order.
    order[..run].reverse();
    let mut equals = 0;
    let mut at = run + 1;
    while at < order.len() {
        if falls(order, at) {
            order[at - equals - 1..at].reverse();
            equals = 0;
        } else if is_less(order[at - 1], order[at]) {
            break;
        } else {
            equals += 1;
        }
        at += 1;
    }
    order[at - equals - 1..at].reverse();
    order[..at].reverse();
    rising(order, at)
}

/// Sorts what lies behind a sorted beginning into it, each behind what it is not less than.
fn binary_insertion(order: &mut [usize], sorted: usize, is_less: impl Fn(usize, usize) -> bool) {
    for at in sorted.max(1)..order.len() {
        let pivot = order[at];
        let (mut low, mut high) = (0, at);
        while low < high {
            let middle = low + (high - low) / 2;
            if is_less(pivot, order[middle]) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        order[low..=at].rotate_right(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn referenced_rules_come_first() {
        for (refers_to, order) in [
            (vec![vec![], vec![], vec![]], vec![0, 1, 2]),
            (vec![vec![1, 2], vec![], vec![]], vec![1, 2, 0]),
            (vec![vec![2], vec![0], vec![]], vec![2, 0, 1]),
        ] {
            assert_eq!(references_first(&refers_to), order, "{refers_to:?}");
        }
    }

    /// Expectations are what Python 3.13 prints.
    #[test]
    fn sorted_as_python_sorts() {
        for (refers_to, order) in SORTED {
            let refers_to: Vec<Vec<usize>> = refers_to.iter().map(|targets| targets.to_vec()).collect();
            assert_eq!(as_reference(&refers_to), *order, "{refers_to:?}");
        }
    }

    const SORTED: &[(&[&[usize]], &[usize])] = &[
        (&[&[4], &[0, 2], &[], &[2, 4], &[]], &[0, 2, 1, 4, 3]),
        (&[&[], &[2, 5], &[3], &[], &[6], &[3], &[3]], &[3, 4, 5, 6, 2, 0, 1]),
        (&[&[], &[], &[0, 3], &[], &[3]], &[0, 1, 3, 2, 4]),
        (&[&[1], &[4], &[], &[2], &[]], &[1, 2, 0, 3, 4]),
        (&[&[], &[0, 2], &[], &[2, 4], &[]], &[0, 2, 1, 4, 3]),
        (&[&[1, 3], &[], &[], &[1], &[], &[4], &[0]], &[1, 2, 3, 4, 0, 5, 6]),
        (&[&[], &[2], &[]], &[2, 0, 1]),
        (&[&[], &[], &[0, 3], &[], &[1]], &[0, 1, 3, 2, 4]),
        (&[&[], &[0, 3], &[0, 3], &[]], &[0, 3, 1, 2]),
        (&[&[5], &[2], &[0, 4], &[], &[], &[]], &[2, 3, 4, 5, 0, 1]),
        (&[&[], &[0, 2], &[], &[0, 1, 2, 6], &[1], &[0, 2], &[]], &[0, 2, 1, 6, 3, 4, 5]),
        (&[&[], &[2], &[]], &[2, 0, 1]),
        (&[&[], &[2], &[3], &[]], &[3, 2, 0, 1]),
        (&[&[4], &[], &[4], &[4], &[]], &[4, 0, 1, 2, 3]),
    ];
}
