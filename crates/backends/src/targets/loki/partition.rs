//! Queries that are too long, split.

use crate::normal::{Branch, Node};

/// Splits a condition at its topmost `or` into as many conditions as asked for, or as the `or` has operands; the
/// condition itself if it has no `or`. Together they match what the condition matches: nothing above the `or`
/// is negated.
///
/// The reference leaves out the operands that remain when they are not divided evenly.
pub(super) fn partition<'r>(node: &Node<'r>, partitions: usize, is_reference: bool) -> Vec<Node<'r>> {
    let mut copy = node.clone();
    let Some(branch) = topmost_or(&mut copy) else { return vec![copy] };
    let count = branch.args.len();
    let partitions = partitions.min(count).max(1);
    let args = std::mem::take(&mut branch.args);
    let size = if is_reference { count / partitions } else { count.div_ceil(partitions) };
    args.chunks(size.max(1))
        .take(partitions)
        .map(|chunk| {
            let mut part = copy.clone();
            if let Some(branch) = topmost_or(&mut part) {
                branch.args = chunk.to_vec();
            }
            part
        })
        .collect()
}

/// The first `or` in the order of depth.
fn topmost_or<'n, 'r>(node: &'n mut Node<'r>) -> Option<&'n mut Branch<'r>> {
    let mut level = vec![node];
    while !level.is_empty() {
        let mut below = Vec::new();
        for node in level {
            match node {
                Node::Or(branch) => return Some(branch),
                Node::And(branch) => below.extend(branch.args.iter_mut()),
                Node::Leaf(_) | Node::Nothing => {}
            }
        }
        level = below;
    }
    None
}
