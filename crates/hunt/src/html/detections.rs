//! Detections of correlations: one row each, with the tree of evidence behind it.

use std::fmt::Write;

use super::text::{escaped, grouped, moment};
use crate::detected::{Detected, Origin, Piece};
use crate::rules::RuleInfo;

/// Detections that the page lists.
const ROWS_MAX: usize = 2_000;
/// Pieces of evidence that a detection shows.
const PIECES_MAX: usize = 200;

/// The table; nothing if there is no detection.
pub(super) fn table(out: &mut String, detected: &[Detected], rules: &[RuleInfo]) {
    if detected.is_empty() {
        return;
    }
    out.push_str("<h2>Correlations</h2>\n");
    let mut shown: Vec<&Detected> = detected.iter().collect();
    shown.sort_by_key(|one| (rules.get(one.rule).map_or(usize::MAX, RuleInfo::rank), one.time));
    if shown.len() > ROWS_MAX {
        let (few, all) = (grouped(ROWS_MAX as u64), grouped(shown.len() as u64));
        let _ = writeln!(out, "<p>The {few} severest of {all}.</p>");
        shown.truncate(ROWS_MAX);
    }
    out.push_str(
        "<div class=\"scroll tall\"><table>\n<thead><tr><th>Level</th><th>Count</th><th>Rule</th><th>Group</th>\
         <th>First</th><th>Last</th></tr></thead>\n<tbody>\n",
    );
    for one in shown {
        let Some(rule) = rules.get(one.rule) else { continue };
        let name = rule.level_name();
        let _ = write!(
            out,
            "<tr><td><span class=\"badge {name}\">{name}</span></td><td class=\"number\">{}</td><td class=\"rule\">{}",
            grouped(one.total),
            escaped(&rule.title),
        );
        for (name, values) in &one.outcomes {
            let _ = write!(out, "<small>{}: {}</small>", escaped(name), escaped(&values.join(", ")));
        }
        out.push_str("<details><summary>Evidence</summary>");
        let mut left = PIECES_MAX;
        tree(out, &one.evidence, rules, &mut left);
        if one.is_truncated || left == 0 {
            out.push_str("<small>and more</small>");
        }
        let _ = writeln!(
            out,
            "</details></td><td class=\"name\">{}</td><td class=\"time\">{}</td><td class=\"time\">{}</td></tr>",
            escaped(&one.group_text()),
            moment(Some(one.first)),
            moment(Some(one.last)),
        );
    }
    out.push_str("</tbody></table></div>\n");
}

fn tree(out: &mut String, pieces: &[Piece], rules: &[RuleInfo], left: &mut usize) {
    out.push_str("<ul>");
    for piece in pieces {
        if *left == 0 {
            break;
        }
        *left -= 1;
        let title = rules.get(piece.rule).map_or(String::new(), |rule| escaped(&rule.title));
        let time = moment(Some(piece.time));
        match &piece.of {
            Origin::Record { path, record } => {
                let _ = write!(out, "<li>{time} {title}: {} record {}</li>", escaped(path), grouped(*record));
            }
            Origin::Detection { evidence, is_truncated, .. } => {
                let _ = write!(out, "<li>{time} {title}");
                tree(out, evidence, rules, left);
                out.push_str(if *is_truncated { "<small>and more</small></li>" } else { "</li>" });
            }
        }
    }
    out.push_str("</ul>");
}
