//! The drawing. Titles come from rules, which are hostile input: they are escaped, and nothing in it is executed.

use std::fmt::Write;

use super::layout::Place;
use super::{Graph, Node, color};

const BOX_WIDTH: usize = 280;
const BOX_HEIGHT: usize = 54;
const GAP_X: usize = 90;
const GAP_Y: usize = 22;
const MARGIN: usize = 20;
/// Characters of a line that fit a box.
const CHARS_MAX: usize = 38;

const STYLE: &str = "text{font:13px system-ui,sans-serif;fill:#1d2329}.about{font-size:11px;fill:#5b6670}\
rect{fill:#fff;stroke-width:1.5}.read rect{stroke-dasharray:5 3}.line{fill:none;stroke:#8793a0;stroke-width:1.3}\
.selected{stroke-dasharray:4 3}.back{fill:#f6f8fa}\
@media(prefers-color-scheme:dark){text{fill:#e6e9ec}.about{fill:#a4afb9}rect{fill:#22282e}.back{fill:#14181c}}";

pub(super) fn draw(graph: &Graph, places: &[Place]) -> String {
    let columns = places.iter().map(|place| place.layer + 1).max().unwrap_or(0);
    let rows = places.iter().map(|place| place.row + 1).max().unwrap_or(0);
    let width = 2 * MARGIN + columns * BOX_WIDTH + columns.saturating_sub(1) * GAP_X;
    let height = 2 * MARGIN + rows * BOX_HEIGHT + rows.saturating_sub(1) * GAP_Y;
    let of_layer = |layer: usize| places.iter().filter(|place| place.layer == layer).count();
    // Columns with few rules stand in the middle.
    let corner = |place: &Place| {
        let x = MARGIN + place.layer * (BOX_WIDTH + GAP_X);
        let free = (rows - of_layer(place.layer)) * (BOX_HEIGHT + GAP_Y) / 2;
        (x, MARGIN + free + place.row * (BOX_HEIGHT + GAP_Y))
    };
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"Which rules read which\">\n<style>{STYLE}</style>\n\
         <defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" \
         orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" fill=\"#8793a0\"/></marker></defs>\n\
         <rect class=\"back\" width=\"100%\" height=\"100%\"/>\n"
    );
    for edge in &graph.edges {
        let (Some(from), Some(to)) = (places.get(edge.from), places.get(edge.to)) else { continue };
        let ((x1, y1), (x2, y2)) = (corner(from), corner(to));
        let (x1, y1, y2) = (x1 + BOX_WIDTH, y1 + BOX_HEIGHT / 2, y2 + BOX_HEIGHT / 2);
        let bend = GAP_X * 2 / 3;
        let class = if edge.is_selected { "line selected" } else { "line" };
        let _ = writeln!(
            out,
            "<path class=\"{class}\" marker-end=\"url(#tip)\" d=\"M{x1} {y1}C{} {y1} {} {y2} {x2} {y2}\"/>",
            x1 + bend,
            x2.saturating_sub(bend),
        );
    }
    for (node, place) in graph.nodes.iter().zip(places) {
        rule(&mut out, node, corner(place));
    }
    out.push_str("</svg>\n");
    out
}

fn rule(out: &mut String, node: &Node, (x, y): (usize, usize)) {
    let class = if node.is_shown { "rule" } else { "rule read" };
    let corner = if node.is_correlation { 14 } else { 3 };
    let level = node.level.map_or("none", |level| level.as_str());
    let _ = writeln!(
        out,
        "<g class=\"{class}\"><title>{} ({level})\n{}</title>\
         <rect x=\"{x}\" y=\"{y}\" width=\"{BOX_WIDTH}\" height=\"{BOX_HEIGHT}\" rx=\"{corner}\" stroke=\"{}\"/>\
         <text x=\"{}\" y=\"{}\">{}</text><text class=\"about\" x=\"{}\" y=\"{}\">{}</text></g>",
        escaped(&node.title),
        escaped(&node.about),
        color(node.level),
        x + 12,
        y + 23,
        escaped(&cut(&node.title)),
        x + 12,
        y + 41,
        escaped(&cut(&node.about)),
    );
}

fn cut(text: &str) -> String {
    if text.chars().count() <= CHARS_MAX {
        return text.to_owned();
    }
    text.chars().take(CHARS_MAX - 1).chain(['…']).collect()
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push('\n'),
            c if c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') => {
                out.push('\u{fffd}');
            }
            c => out.push(c),
        }
    }
    out
}
