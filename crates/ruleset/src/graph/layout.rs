//! Where rules stand: in layers, each behind everything that it reads, and within a layer near what it is linked to.
//!
//! Layered drawing in the manner of Sugiyama: longest paths give the layers, a few sweeps that sort by the mean row of
//! neighbours take out most crossings. Graphs of rules are small, so nothing cleverer pays.

use super::Graph;

/// Sweeps over the layers; more changed nothing in graphs of a hundred rules.
const SWEEPS: usize = 8;

/// A rule's place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// Its column, from 0.
    pub(super) layer: usize,
    /// Its row within the column, from 0.
    pub(super) row: usize,
}

/// The place of every rule.
pub(super) fn layout(graph: &Graph) -> Vec<Place> {
    let layer = layers(graph);
    let count = layer.iter().max().map_or(0, |last| last + 1);
    let mut columns: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (node, layer) in layer.iter().enumerate() {
        columns[*layer].push(node);
    }
    let mut row = vec![0; graph.nodes.len()];
    let number = |columns: &[Vec<usize>], row: &mut [usize]| {
        for column in columns {
            column.iter().enumerate().for_each(|(at, node)| row[*node] = at);
        }
    };
    number(&columns, &mut row);
    for sweep in 0..SWEEPS {
        for step in 0..count {
            let column = if sweep % 2 == 0 { step } else { count - 1 - step };
            let mean = |node: usize, row: &[usize]| {
                let neighbours = graph.edges.iter().filter_map(|edge| match sweep % 2 == 0 {
                    true => (edge.to == node).then_some(edge.from),
                    false => (edge.from == node).then_some(edge.to),
                });
                let (sum, count) =
                    neighbours.fold((0, 0), |(sum, count), other| (sum + row[other] * 1_000, count + 1));
                // Without a neighbour on that side it stays where it is.
                if count == 0 { row[node] * 1_000 } else { sum / count }
            };
            let mut nodes = std::mem::take(&mut columns[column]);
            nodes.sort_by_key(|node| (mean(*node, &row), row[*node]));
            columns[column] = nodes;
            number(&columns, &mut row);
        }
    }
    layer.into_iter().zip(row).map(|(layer, row)| Place { layer, row }).collect()
}

/// The longest way to each rule. A cycle, which a set that loads has not, stops growing at the number of rules.
fn layers(graph: &Graph) -> Vec<usize> {
    let mut layer = vec![0; graph.nodes.len()];
    for _ in 0..graph.nodes.len() {
        let mut is_changed = false;
        for edge in &graph.edges {
            if layer[edge.to] <= layer[edge.from] && layer[edge.from] + 1 < graph.nodes.len() {
                layer[edge.to] = layer[edge.from] + 1;
                is_changed = true;
            }
        }
        if !is_changed {
            break;
        }
    }
    layer
}
