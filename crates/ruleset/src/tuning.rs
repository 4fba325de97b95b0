//! Whether somebody's own rules are touched by what changed in the rules that they build on.

use sigyn_syntax::DocumentKind;

use crate::compare::{Change, Kind};
use crate::snapshot::{Document, Refers, Snapshot};

/// Somebody's own folder: tuned copies of rules, filters and correlations over rules.
#[derive(Clone, Copy, Debug)]
pub struct Tuning<'s> {
    own: &'s Snapshot,
}

/// A document of that folder that a change touches.
#[derive(Clone, Copy, Debug)]
pub struct Touched<'s> {
    /// The document.
    pub document: &'s Document,
    /// What ties it to the rule.
    pub relation: Relation,
    /// For copies: what they say now.
    pub standing: Option<Standing>,
}

/// What ties a document to a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// It has the rule's id, or its title.
    Copy,
    /// It names the rule under `related`, as more than similar.
    Related,
    /// It is a filter that applies to the rule.
    Filter,
    /// It is a correlation that reads the rule.
    Correlation,
}

/// What a copy means beside the rule before and now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// What the rule means now: nothing to do.
    AsNew,
    /// What the rule meant before: it can follow.
    AsOld,
    /// Something of its own: to be merged by hand.
    Own,
}

impl Relation {
    /// The name of the relation.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Copy => "copy",
            Self::Related => "related",
            Self::Filter => "filter",
            Self::Correlation => "correlation",
        }
    }
}

impl Standing {
    /// The name of the standing.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AsNew => "as new",
            Self::AsOld => "as old",
            Self::Own => "own",
        }
    }
}

impl<'s> Tuning<'s> {
    /// The folder's documents.
    pub fn new(own: &'s Snapshot) -> Self {
        Self { own }
    }

    /// What a change touches. Copies are touched by new metadata and meaning; filters and correlations only by what
    /// changes verdicts or breaks their references. Changes of writing and place touch nothing.
    pub fn touched(&self, change: &Change<'_>) -> Vec<Touched<'s>> {
        if matches!(change.kind, Kind::Text | Kind::Moved) {
            return Vec::new();
        }
        let is_named_otherwise = change.parts.iter().any(|part| part == "id" || part == "name");
        let touches_references = change.kind != Kind::Metadata || is_named_otherwise;
        let touched = |document: &'s Document| {
            let relation = relation(document, change)?;
            let is_copy = matches!(relation, Relation::Copy | Relation::Related);
            let standing = is_copy.then(|| standing(document, change));
            (is_copy || touches_references).then_some(Touched { document, relation, standing })
        };
        self.own.documents.iter().filter_map(touched).collect()
    }
}

fn relation(own: &Document, change: &Change<'_>) -> Option<Relation> {
    let mut sides = change.old.into_iter().chain(change.new);
    match own.kind {
        DocumentKind::Filter => sides.any(|rule| refers(own, rule)).then_some(Relation::Filter),
        DocumentKind::Correlation if sides.clone().any(|rule| refers(own, rule)) => {
            Some(Relation::Correlation)
        }
        _ if sides.clone().any(|rule| is_copy(own, rule)) => Some(Relation::Copy),
        _ => {
            // A rule that is only similar does not build on the other.
            let names = |rule: &Document| {
                own.related().any(|(id, kind)| kind != "similar" && rule.id.as_ref() == Some(&id))
            };
            sides.any(names).then_some(Relation::Related)
        }
    }
}

fn is_copy(own: &Document, rule: &Document) -> bool {
    (own.id.is_some() && own.id == rule.id) || own.title == rule.title
}

fn refers(own: &Document, rule: &Document) -> bool {
    match &own.refers {
        Refers::Covered(source) => rule.source.as_ref().is_some_and(|rule| source.covers(rule)),
        Refers::To(names) => {
            let known = [rule.id.as_deref(), rule.name.as_deref()];
            known.into_iter().flatten().any(|known| names.contains(&known.to_lowercase()))
        }
    }
}

fn standing(own: &Document, change: &Change<'_>) -> Standing {
    let is_as = |rule: Option<&Document>| {
        rule.is_some_and(|rule| own.meaning.is_some() && own.meaning == rule.meaning)
    };
    if is_as(change.new) {
        Standing::AsNew
    } else if is_as(change.old) {
        Standing::AsOld
    } else {
        Standing::Own
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{RuleText, compare};

    const ID: &str = "5f1abf38-3b1a-4b7a-8c42-5d5b0f2d0a11";

    fn snapshot(text: &str) -> Snapshot {
        Snapshot::read(&[RuleText { path: "r.yml".to_owned(), text: text.to_owned() }])
    }

    fn rule(title: &str, value: &str, more: &str) -> String {
        format!(
            "title: {title}\n{more}logsource:\n    product: x\ndetection:\n    a: {{b: {value}}}\n    condition: a\n"
        )
    }

    fn check(own: &str, new: &str, expect: &[(&str, Option<&str>)]) {
        let old = snapshot(&rule("R", "1", &format!("id: {ID}\nname: r\n")));
        let (new, own) = (snapshot(new), snapshot(own));
        let comparison = compare(&old, &new);
        let touched = Tuning::new(&own).touched(&comparison.changes[0]);
        let got: Vec<_> = touched
            .iter()
            .map(|touched| (touched.relation.as_str(), touched.standing.map(Standing::as_str)))
            .collect();
        assert_eq!(got, expect);
    }

    #[test]
    fn copies_filters_and_correlations() {
        let new = rule("R", "2", &format!("id: {ID}\nname: r\n"));
        let louder = rule("R", "1", &format!("id: {ID}\nname: r\nlevel: high\n"));
        let filter = |source: &str, rules: &str| {
            format!(
                "title: F\nlogsource:\n    product: {source}\nfilter:\n    rules: {rules}\n    s: {{u: v}}\n    condition: not s\n"
            )
        };
        let correlation = "title: C\ncorrelation:\n    type: event_count\n    rules: [r]\n    timespan: 5m\n    condition:\n        gte: 3\n";
        check(&rule("Mine", "1", &format!("id: {ID}\n")), &new, &[("copy", Some("as old"))]);
        check(&rule("R", "2", ""), &new, &[("copy", Some("as new"))]);
        check(
            &rule("Mine", "3", &format!("related:\n    - id: {ID}\n      type: derived\n")),
            &new,
            &[("related", Some("own"))],
        );
        check(&rule("Mine", "3", &format!("related:\n    - id: {ID}\n      type: similar\n")), &new, &[]);
        check(&filter("x", &format!("[{ID}]")), &new, &[("filter", None)]);
        check(&filter("x", "[other]"), &new, &[]);
        check(&filter("x", "any"), &new, &[("filter", None)]);
        check(&filter("y", "any"), &new, &[]);
        check(correlation, &new, &[("correlation", None)]);
        check(correlation, &louder, &[]);
        check(&rule("R", "1", ""), &louder, &[("copy", Some("as new"))]);
    }
}
