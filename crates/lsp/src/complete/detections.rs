//! Keys of detection items: fields of the log source, and modifiers that may follow.

use super::{Candidate, CandidateKind, Completion};
use crate::hover::{View, quoted};
use crate::modifiers;
use crate::place::Role;

impl View<'_> {
    /// A field, or behind a bar a modifier.
    pub(super) fn field_or_modifier(&self) -> Completion {
        let word = self.outline.slice(&self.place.word);
        let typed = &word[..(self.offset - self.place.word.start).min(word.len())];
        let Some(bar) = typed.rfind('|') else {
            let behind = word[typed.len()..].find('|').map_or(word.len(), |at| typed.len() + at);
            let replace = self.place.word.start..self.place.word.start + behind;
            return Completion { replace, candidates: self.fields() };
        };
        let (_, before, start) = modifiers::of_key(typed);
        debug_assert_eq!(start, bar + 1, "the last word begins behind the last bar");
        let end = word[bar + 1..].find('|').map_or(word.len(), |at| bar + 1 + at);
        let candidates = modifiers::next(&before)
            .into_iter()
            .map(|modifier| {
                let (item, matches) = modifiers::example(modifier);
                let about = format!("{}\n\n```yaml\n{item}\n```\n\nmatches {matches}", modifier.summary());
                Candidate::new(modifier.as_str(), CandidateKind::Modifier).about(about)
            })
            .collect();
        Completion { replace: self.place.word.start + bar + 1..self.place.word.start + end, candidates }
    }

    /// The fields of the document's log source; where the taxonomy is silent, those that other rules ask for.
    pub(super) fn fields(&self) -> Vec<Candidate> {
        let source = self.source();
        let known = self.workspace.knowledge.fields(&source);
        let from_taxonomy = !known.is_empty();
        let names: Vec<&str> = if from_taxonomy { known } else { self.workspace.index.fields(&source) };
        let own = self.outline.slice(&self.place.word);
        let there: Vec<&str> = match self.place.role {
            Role::Key | Role::Bare => {
                let children = self.outline.children(self.place.entry);
                children
                    .filter_map(|at| self.outline.entry(at).step.key())
                    .filter(|key| *key != own)
                    .collect()
            }
            _ => Vec::new(),
        };
        let free = names.into_iter().filter(|name| !there.contains(name));
        free.map(|name| {
            let field = Candidate::new(name, CandidateKind::Field);
            match self.workspace.knowledge.field(name) {
                Some(note) => field.detail(note.kind).about(note.about),
                None if from_taxonomy => field,
                None => field.about(format!("Other rules of the workspace ask for {}.", quoted(name))),
            }
        })
        .collect()
    }
}
