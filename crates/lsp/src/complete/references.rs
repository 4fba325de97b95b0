//! Other rules: by name or id, and the fields that they share.

use std::collections::BTreeSet;

use sigyn_syntax::DocumentKind;

use super::{Candidate, CandidateKind};
use crate::hover::View;
use crate::index::{File, Key, RuleEntry};
use crate::knowledge::words;

/// How many rules are offered: editors filter the list, and SigmaHQ has 3,780.
const RULES_MAX: usize = 10_000;

impl View<'_> {
    /// Rules and correlations that may be referred to, those of this file first.
    pub(super) fn rules(&self) -> Vec<Candidate> {
        self.referable(|rule| rule.name.as_ref().or(rule.id.as_ref()).map(|(text, _)| text.clone()))
    }

    /// The same, by id only.
    pub(super) fn rule_ids(&self) -> Vec<Candidate> {
        self.referable(|rule| rule.id.as_ref().map(|(id, _)| id.clone()))
    }

    fn referable(&self, reference: impl Fn(&RuleEntry) -> Option<String>) -> Vec<Candidate> {
        let index = &self.workspace.index;
        let own = index.file(self.path);
        let others = index.files().filter(|(path, _)| path.as_ref() != self.path).map(|(_, file)| file);
        let rules =
            own.into_iter().chain(others).flat_map(|file| file.rules.iter().map(move |rule| (file, rule)));
        let offset = self.offset;
        let is_own = |file: &File, rule: &RuleEntry| {
            own.is_some_and(|own| std::ptr::eq(own, file)) && rule.range.contains(&offset)
        };
        rules
            .filter(|(file, rule)| rule.kind != DocumentKind::Filter && !is_own(file, rule))
            .filter_map(|(file, rule)| {
                let reference = reference(rule)?;
                let title = rule.title.as_ref().map_or("", |(title, _)| title.as_str());
                let candidate = Candidate::new(reference.clone(), CandidateKind::Rule).detail(title);
                let about = format!("{} · {}", crate::hover::quoted(&file.name), words(&rule.source));
                Some(candidate.about(about).found_by(format!("{reference} {title}")))
            })
            .take(RULES_MAX)
            .collect()
    }

    /// The rules that the correlation at hand names.
    pub(super) fn correlated_rules(&self) -> Vec<Candidate> {
        let names = self.correlated().into_iter();
        names.map(|name| Candidate::new(name, CandidateKind::Rule)).collect()
    }

    fn correlated(&self) -> Vec<String> {
        let Some(outer) = self.outline.child(None, "correlation") else { return Vec::new() };
        let Some(rules) = self.outline.child(Some(outer), "rules") else { return Vec::new() };
        let texts = self.outline.texts(rules);
        texts.iter().map(|range| crate::outline::unquoted(self.outline.slice(range)).into_owned()).collect()
    }

    /// Fields of the rules that the correlation at hand names.
    pub(super) fn correlated_fields(&self) -> Vec<Candidate> {
        let index = &self.workspace.index;
        let mut fields: BTreeSet<String> = BTreeSet::new();
        for name in self.correlated() {
            let key = Key::of_reference(&name);
            for (_, _, rule) in index.rules(&key) {
                fields.extend(self.workspace.knowledge.fields(&rule.source).into_iter().map(str::to_owned));
                fields.extend(rule.fields.iter().cloned());
            }
        }
        let candidate = |field: String| {
            let note = self.workspace.knowledge.field(&field);
            let candidate = Candidate::new(field, CandidateKind::Field);
            note.map_or(candidate.clone(), |note| candidate.detail(note.kind).about(note.about))
        };
        fields.into_iter().map(candidate).collect()
    }
}
