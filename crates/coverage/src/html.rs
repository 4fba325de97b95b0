//! The coverage as one page that opens offline: a heat map of ATT&CK, gaps, techniques with their rules, log sources.
//!
//! Rules are hostile input: what came from them is escaped. The page has no script, and its policy lets none run and no
//! request leave.

mod matrix;

use std::fmt::Write;

use sigyn_page::{STYLE, escaped, grouped};

use crate::{Catalogue, Coverage, Gap, Levels, State, TechniqueId};

const OWN_STYLE: &str = include_str!("../data/coverage.css");
/// Rules that are named for a technique; the number beside them is of all.
const RULES_MAX: usize = 500;

/// The page.
pub fn page(name: &str, coverage: &Coverage, catalogue: &Catalogue, gaps: Option<&[Gap]>) -> String {
    let mut out = String::with_capacity(512 * 1024);
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>Sigyn: coverage of {0}</title>\n<style>\n{STYLE}{OWN_STYLE}</style>\n</head>\n<body>\n<main>\n\
         <div class=\"columns\"><h1>What {0} covers</h1>\n",
        escaped(name)
    );
    let techniques = coverage.techniques().count();
    let _ = writeln!(
        out,
        "<p class=\"lead\">Of {} rules, {} name no technique of ATT&amp;CK; the others name {} techniques and \
         sub-techniques. A rule counts for the techniques of its tags; how well it detects them is not told here.</p>",
        grouped(coverage.rules().len() as u64),
        grouped(coverage.untagged() as u64),
        grouped(techniques as u64)
    );
    tiles(&mut out, coverage);
    out.push_str("</div>\n");
    matrix::matrix(&mut out, coverage, catalogue, gaps.unwrap_or_default());
    out.push_str("<div class=\"columns\">\n");
    if let Some(gaps) = gaps {
        gap_table(&mut out, catalogue, gaps);
    }
    technique_table(&mut out, coverage, catalogue);
    source_table(&mut out, coverage);
    out.push_str("</div>\n</main>\n</body>\n</html>\n");
    out
}

/// A tile for each level.
fn tiles(out: &mut String, coverage: &Coverage) {
    out.push_str("<section class=\"tiles\">\n");
    for name in Levels::NAMES {
        let of_level = coverage.rules().iter().filter(|rule| rule.level_name() == name);
        let count = of_level.clone().count() as u64;
        if count > 0 {
            let tagged = of_level.filter(|rule| !rule.techniques.is_empty()).count() as u64;
            let _ = writeln!(
                out,
                "<div class=\"tile {name}\"><b>{}</b>{name}<small>{} with techniques</small></div>",
                grouped(count),
                grouped(tagged)
            );
        }
    }
    out.push_str("</section>\n");
}

fn gap_table(out: &mut String, catalogue: &Catalogue, gaps: &[Gap]) {
    let open: Vec<&Gap> = gaps.iter().filter(|gap| gap.state != State::Covered).collect();
    let _ = writeln!(
        out,
        "<h2>Gaps</h2>\n<p>{} of {} techniques that are wanted have rules.</p>",
        gaps.len() - open.len(),
        gaps.len()
    );
    if open.is_empty() {
        return;
    }
    head(out, &["Technique", "Name", "Tactics", "State", "Other rules"]);
    for gap in open {
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td class=\"number\">{}</td></tr>",
            gap.id,
            name(catalogue, &gap.id),
            tactics(catalogue, &gap.id),
            gap.state.as_str(),
            gap.others.map_or(String::new(), |others| grouped(others as u64)),
        );
    }
    out.push_str("</tbody></table></div>\n");
}

fn technique_table(out: &mut String, coverage: &Coverage, catalogue: &Catalogue) {
    out.push_str("<h2>Techniques</h2>\n");
    head(out, &["Technique", "Rules", "Levels", "Name and rules", "Tactics"]);
    for (id, levels) in coverage.techniques() {
        let _ = write!(
            out,
            "<tr id=\"{id}\"><td>{id}</td><td class=\"number\">{}</td><td>{}</td><td class=\"rule\"><details><summary>{}</summary><ul>",
            grouped(levels.total() as u64),
            badges(levels),
            name(catalogue, id),
        );
        for rule in coverage.rules_for(id).take(RULES_MAX) {
            let _ = write!(
                out,
                "<li><span class=\"badge {0}\">{0}</span> {1}<small>{2}</small></li>",
                rule.level_name(),
                escaped(&rule.title),
                escaped(&rule.source)
            );
        }
        if levels.total() > RULES_MAX {
            let _ = write!(out, "<li>and {} more</li>", levels.total() - RULES_MAX);
        }
        let _ = writeln!(out, "</ul></details></td><td>{}</td></tr>", tactics(catalogue, id));
    }
    out.push_str("</tbody></table></div>\n");
}

fn source_table(out: &mut String, coverage: &Coverage) {
    out.push_str("<h2>Log sources</h2>\n");
    head(out, &["Log source", "Rules", "Levels", "Techniques"]);
    let mut sources: Vec<_> = coverage.sources().into_iter().collect();
    sources.sort_by_key(|(_, line)| std::cmp::Reverse(line.levels.total()));
    for (source, line) in sources {
        let _ = writeln!(
            out,
            "<tr><td class=\"rule\">{}</td><td class=\"number\">{}</td><td>{}</td><td class=\"number\">{}</td></tr>",
            escaped(source),
            grouped(line.levels.total() as u64),
            badges(line.levels),
            grouped(line.techniques.len() as u64)
        );
    }
    out.push_str("</tbody></table></div>\n");
}

fn head(out: &mut String, titles: &[&str]) {
    out.push_str("<div class=\"scroll\"><table>\n<thead><tr>");
    for title in titles {
        let _ = write!(out, "<th><span style=\"padding:.42rem .7rem;display:block\">{title}</span></th>");
    }
    out.push_str("</tr></thead>\n<tbody>\n");
}

fn badges(levels: Levels) -> String {
    let some = levels.counts().filter(|(_, count)| *count > 0);
    let badge = |(name, count): (&str, usize)| {
        format!("<span class=\"badge {name}\" title=\"{name}\">{count}</span>")
    };
    some.map(badge).collect::<Vec<_>>().join(" ")
}

/// A technique's name as markup, or what is known instead.
fn name(catalogue: &Catalogue, id: &TechniqueId) -> String {
    match (catalogue.name(id), catalogue.successor(id)) {
        (Some(name), _) => escaped(name),
        (None, Some(successor)) => format!("(revoked; now {successor})"),
        (None, None) => "(no name known)".to_owned(),
    }
}

fn tactics(catalogue: &Catalogue, id: &TechniqueId) -> String {
    let names = catalogue.tactics(id).iter().map(|name| escaped(&name.replace('-', " ")));
    names.collect::<Vec<_>>().join(", ")
}
