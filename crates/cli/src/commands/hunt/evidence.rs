//! What detections of correlations rest on, level by level, down to records.

use sigyn_hunt::{Detected, Origin, Piece, RuleInfo};

use super::summary::{second, shown};
use crate::screen::{counted, grouped};

/// Pieces of evidence that one detection shows.
const PIECES_MAX: usize = 100;

/// A tree for each detection, in order of time.
pub(super) fn trees(detected: &[Detected], rules: &[RuleInfo]) -> String {
    let mut out = String::new();
    for one in detected {
        let Some(rule) = rules.get(one.rule) else { continue };
        out.push_str(&format!("\n{} {} ({})\n", second(one.time), shown(&rule.title), rule.level_name()));
        let mut facts = vec![counted(one.total, "event")];
        facts.extend(Some(one.group_text()).filter(|group| !group.is_empty()));
        facts.extend(one.outcomes.iter().map(|(name, values)| format!("{name}: {}", values.join(", "))));
        facts.extend(one.is_open.then(|| "goes on where the logs end".to_owned()));
        facts.iter().for_each(|fact| out.push_str(&format!("  {}\n", shown(fact))));
        let mut left = PIECES_MAX;
        tree(&mut out, &one.evidence, rules, 1, &mut left);
        if one.is_truncated || left == 0 {
            out.push_str("  and more\n");
        }
    }
    out
}

fn tree(out: &mut String, pieces: &[Piece], rules: &[RuleInfo], depth: usize, left: &mut usize) {
    for piece in pieces {
        if *left == 0 {
            return;
        }
        *left -= 1;
        let title = shown(rules.get(piece.rule).map_or("", |rule| &rule.title));
        let line = format!("{}- {} {title}", "  ".repeat(depth), second(piece.time));
        match &piece.of {
            Origin::Record { path, record } => {
                out.push_str(&format!("{line}: {} record {}\n", shown(path), grouped(*record)));
            }
            Origin::Detection { evidence, is_truncated, .. } => {
                out.push_str(&format!("{line}\n"));
                tree(out, evidence, rules, depth + 1, left);
                if *is_truncated {
                    out.push_str(&format!("{}and more\n", "  ".repeat(depth + 1)));
                }
            }
        }
    }
}
