//! The heat map: a column per tactic, a cell per technique, its sub-techniques folded in.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use sigyn_attack::TACTICS;
use sigyn_page::{escaped, grouped};

use crate::{Catalogue, Coverage, Gap, TechniqueId};

/// From how many rules on a cell has a shade, the palest first. Numbers of rules spread over three orders of magnitude, so
/// steps grow.
const SHADES: [usize; 5] = [1, 3, 10, 30, 100];

struct Matrix<'a> {
    coverage: &'a Coverage,
    catalogue: &'a Catalogue,
    gaps: BTreeSet<&'a TechniqueId>,
    /// Techniques with their sub-techniques.
    families: BTreeMap<TechniqueId, Vec<TechniqueId>>,
}

/// Writes the heat map.
pub(super) fn matrix(out: &mut String, coverage: &Coverage, catalogue: &Catalogue, gaps: &[Gap]) {
    let known = catalogue.all().into_iter().chain(coverage.techniques().map(|(id, _)| id.clone()));
    let mut families: BTreeMap<TechniqueId, BTreeSet<TechniqueId>> = BTreeMap::new();
    for id in known.chain(gaps.iter().map(|gap| gap.id.clone())) {
        match id.parent() {
            Some(parent) => {
                families.entry(parent).or_default().insert(id);
            }
            None => {
                families.entry(id).or_default();
            }
        }
    }
    let matrix = Matrix {
        coverage,
        catalogue,
        gaps: gaps.iter().filter(|gap| gap.rules == 0).map(|gap| &gap.id).collect(),
        families: families.into_iter().map(|(id, subs)| (id, subs.into_iter().collect())).collect(),
    };
    out.push_str("<h2 class=\"columns\">Heat map</h2>\n");
    legend(out, !gaps.is_empty());
    out.push_str("<div class=\"matrix\">\n");
    for tactic in TACTICS.iter().copied().chain([""]) {
        matrix.column(out, tactic);
    }
    out.push_str("</div>\n");
}

fn legend(out: &mut String, has_gaps: bool) {
    out.push_str("<div class=\"columns\"><div class=\"legend\"><span class=\"cell s0\">no rule</span>");
    for (at, from) in SHADES.iter().enumerate() {
        let to = SHADES.get(at + 1).map_or("and more".to_owned(), |next| format!("to {}", next - 1));
        let _ = write!(out, "<span class=\"cell s{}\">{from} {to}</span>", at + 1);
    }
    if has_gaps {
        out.push_str("<span class=\"cell gap\">wanted, no rule</span>");
    }
    out.push_str("</div></div>\n");
}

impl Matrix<'_> {
    fn column(&self, out: &mut String, tactic: &str) {
        let is_in = |id: &TechniqueId| match self.catalogue.tactics(id) {
            [] => tactic.is_empty(),
            tactics => tactics.iter().any(|name| name == tactic),
        };
        let mut cells = String::new();
        let (mut covered, mut all) = (0, 0);
        for (id, subs) in &self.families {
            // A sub-technique may have tactics of its own; a technique stands wherever one of the family does.
            let subs: Vec<&TechniqueId> = subs.iter().filter(|sub| is_in(sub)).collect();
            if !is_in(id) && subs.is_empty() {
                continue;
            }
            all += 1;
            covered += usize::from(self.coverage.count_with_subs(id).total() > 0);
            self.cell(&mut cells, id, &subs);
        }
        if all > 0 {
            let name =
                if tactic.is_empty() { "tactic not known".to_owned() } else { tactic.replace('-', " ") };
            let _ = writeln!(
                out,
                "<section class=\"tactic\"><h3>{name}<small>{covered} of {all} techniques</small></h3>\n{cells}</section>"
            );
        }
    }

    fn cell(&self, out: &mut String, id: &TechniqueId, subs: &[&TechniqueId]) {
        let levels = self.coverage.count_with_subs(id);
        let is_gap = self.gaps.contains(id) || subs.iter().any(|sub| self.gaps.contains(*sub));
        let gap = if is_gap { " gap" } else { "" };
        let what = format!("<span class=\"what\">{}</span><b>{}</b>", self.label(id), shown(levels.total()));
        let title = escaped(&format!("{id} {}", levels.to_text()));
        let _ = write!(out, "<div class=\"cell s{}{gap}\" title=\"{title}\">", shade(levels.total()));
        if subs.is_empty() {
            let _ = write!(out, "<div class=\"top\">{}</div>", self.linked(id, &what));
        } else {
            let _ = write!(out, "<details><summary>{what}</summary>");
            for sub in [id].into_iter().chain(subs.iter().copied()) {
                let levels = self.coverage.count(sub);
                let gap = if self.gaps.contains(sub) { " gap" } else { "" };
                let label = if sub == id { "itself".to_owned() } else { self.label(sub) };
                let what = self.linked(sub, &format!("<span>{label}</span>"));
                let _ = write!(
                    out,
                    "<div class=\"sub s{}{gap}\" title=\"{}\">{what}<b>{}</b></div>",
                    shade(levels.total()),
                    escaped(&format!("{sub} {}", levels.to_text())),
                    shown(levels.total())
                );
            }
            out.push_str("</details>");
        }
        out.push_str("</div>\n");
    }

    fn label(&self, id: &TechniqueId) -> String {
        self.catalogue.name(id).map_or_else(|| id.to_string(), escaped)
    }

    /// A link to the technique's line below, which it has if there are rules.
    fn linked(&self, id: &TechniqueId, what: &str) -> String {
        if self.coverage.count(id).total() > 0 {
            format!("<a href=\"#{id}\">{what}</a>")
        } else {
            what.to_owned()
        }
    }
}

fn shown(count: usize) -> String {
    if count == 0 { String::new() } else { grouped(count as u64) }
}

fn shade(count: usize) -> usize {
    SHADES.iter().filter(|from| count >= **from).count()
}
