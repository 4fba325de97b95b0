//! The order of rules in a set.

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

/// The order of the reference: Python's `sorted` with "a referenced rule is smaller", which is no order at all,
/// so the result depends on the algorithm.
pub(crate) fn as_reference(refers_to: &[Vec<usize>]) -> Vec<usize> {
    let is_less = |a: usize, b: usize| refers_to[b].contains(&a);
    let mut order: Vec<usize> = (0..refers_to.len()).collect();
    let run = (1..order.len()).find(|at| is_less(order[*at], order[at - 1])).unwrap_or(order.len());
    binary_insertion(&mut order, run, is_less);
    order
}

/// Sorts what lies behind a sorted beginning into it, each behind what it is not smaller than.
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
