//! What may be written at the cursor.

mod conditions;
mod detections;
mod references;

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;

use sigyn_attack::TACTICS;

use crate::hover::View;
use crate::knowledge::Part;
use crate::outline::Outline;
use crate::place::{Place, Role};
use crate::words::{self, Behind, Word};
use crate::workspace::Workspace;

/// What may be written, and what it takes the place of.
#[derive(Clone, Debug, Default)]
pub struct Completion {
    /// The word that is being written.
    pub replace: Range<usize>,
    /// What may stand there, best first.
    pub candidates: Vec<Candidate>,
}

/// Something that may be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// As it is shown.
    pub label: String,
    /// What it is.
    pub kind: CandidateKind,
    /// A few words beside it.
    pub detail: String,
    /// What it means, in Markdown.
    pub about: String,
    /// What is written.
    pub insert: String,
    /// By what it is found while typing, if not by its label.
    pub filter: Option<String>,
}

/// What a candidate is, for its icon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum CandidateKind {
    Key,
    Value,
    Field,
    Modifier,
    Selection,
    Keyword,
    Tag,
    Rule,
}

impl Candidate {
    fn new(label: impl Into<String>, kind: CandidateKind) -> Self {
        let label = label.into();
        let insert = label.clone();
        Self { label, kind, detail: String::new(), about: String::new(), insert, filter: None }
    }

    fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    fn about(mut self, about: impl Into<String>) -> Self {
        self.about = about.into();
        self
    }

    fn inserted(mut self, insert: impl Into<String>) -> Self {
        self.insert = insert.into();
        self
    }

    fn found_by(mut self, filter: impl Into<String>) -> Self {
        self.filter = Some(filter.into());
        self
    }
}

/// What may be written at an offset.
pub fn complete(workspace: &Workspace, path: &Path, offset: usize) -> Completion {
    let Some(text) = workspace.text(path) else { return Completion::default() };
    let offset = text.floor(offset);
    let outline = Outline::at(text.as_str(), offset);
    let place = Place::at(&outline, offset);
    let view = View { workspace, outline: &outline, place: &place, path, offset };
    let mut completion = view.completion();
    // An editor asks for the word on the cursor's line; whatever reaches beyond is left as it is.
    if outline.slice(&completion.replace).contains('\n') {
        completion.replace = offset..offset;
    }
    completion
}

impl View<'_> {
    fn completion(&self) -> Completion {
        let keys = self.place.keys();
        let is_key = matches!(self.place.role, Role::Key | Role::Bare);
        let is_value = matches!(self.place.role, Role::Value | Role::Bare);
        let in_list = self.place.path.last().is_some_and(|step| step.key().is_none());
        let candidates = match keys.as_slice() {
            _ if self.place.role == Role::Comment => self.suppressions(),
            [] if is_key => self.keys(words::TOP),
            ["logsource"] if is_key => self.keys(words::LOGSOURCE),
            ["logsource", part] if is_value => self.log_source_values(part),
            ["detection" | "filter", "condition"] => return self.condition(),
            ["detection"] if is_key => self.keys(words::DETECTION),
            ["filter"] if is_key => self.keys(words::FILTER),
            ["filter", "rules"] => self.rules(),
            ["detection" | "filter", _, ..] if is_key => return self.field_or_modifier(),
            ["level"] if is_value => values(words::LEVEL),
            ["status"] if is_value => values(words::STATUS),
            ["action"] if is_value => values(words::ACTION),
            ["date" | "modified"] if is_value => self.today(),
            ["tags"] if in_list => self.tags(),
            ["related"] if in_list && is_key => self.keys(words::RELATED),
            ["related", "type"] if is_value => values(words::RELATED_TYPE),
            ["related", "id"] if is_value => self.rule_ids(),
            ["correlation"] if is_key => self.keys(words::CORRELATION),
            ["correlation", "type"] if is_value => values(words::CORRELATION_TYPE),
            ["correlation", "timespan"] if is_value => values(words::TIMESPAN),
            ["correlation", "generate"] if is_value => values(words::BOOLEAN),
            ["correlation", "rules"] => self.rules(),
            ["correlation", "group-by"] | ["correlation", "condition", "field"] => self.correlated_fields(),
            ["correlation", "condition"] if self.place.role == Role::Value => {
                return self.extended_condition();
            }
            ["correlation", "condition"] if is_key => self.keys(words::CORRELATION_CONDITION),
            ["correlation", "aliases", _] if is_key => self.correlated_rules(),
            ["correlation", "aliases", _, _] if is_value => self.correlated_fields(),
            ["fields"] if in_list => self.fields(),
            _ => Vec::new(),
        };
        Completion { replace: self.place.word.clone(), candidates }
    }

    /// Keys that the map does not have yet.
    fn keys(&self, list: &'static [Word]) -> Vec<Candidate> {
        let has_colon = self.place.role == Role::Key;
        let own = self.outline.slice(&self.place.word);
        let there: BTreeSet<&str> = self
            .outline
            .children(self.place.entry)
            .filter_map(|at| self.outline.entry(at).step.key())
            .filter(|key| *key != own)
            .collect();
        let words = list.iter().filter(|word| !there.contains(word.name));
        words
            .map(|word| {
                let insert = match word.behind {
                    _ if has_colon => word.name.to_owned(),
                    // A name that goes on is left to be written.
                    _ if word.name.ends_with('_') => word.name.to_owned(),
                    Behind::Map => format!("{}:\n    ", word.name),
                    Behind::List => format!("{}:\n    - ", word.name),
                    Behind::Text | Behind::Nothing => format!("{}: ", word.name),
                };
                Candidate::new(word.name, CandidateKind::Key).about(word.about).inserted(insert)
            })
            .collect()
    }

    fn log_source_values(&self, part: &str) -> Vec<Candidate> {
        let Some(part) = Part::of(part) else { return Vec::new() };
        let values = self.workspace.knowledge.values(part, &self.source());
        let candidate = |(value, sources): (String, BTreeSet<String>)| {
            let some: Vec<&str> = sources.iter().take(3).map(String::as_str).collect();
            let more = if sources.len() > some.len() { " …" } else { "" };
            Candidate::new(value, CandidateKind::Value).detail(format!("{}{more}", some.join(", ")))
        };
        values.into_iter().map(candidate).collect()
    }

    fn tags(&self) -> Vec<Candidate> {
        let attack = &self.workspace.knowledge.facts.attack;
        let tactics = TACTICS.iter().filter(|tactic| attack.knows(tactic));
        let tactic =
            |tactic: &&str| Candidate::new(format!("attack.{tactic}"), CandidateKind::Tag).detail("tactic");
        let mut tags: Vec<Candidate> = tactics.map(tactic).collect();
        for technique in attack.techniques() {
            let label = format!("attack.{}", technique.id.to_ascii_lowercase());
            let found_by = format!("{label} {}", technique.name);
            let tag =
                Candidate::new(label, CandidateKind::Tag).detail(technique.name.as_str()).found_by(found_by);
            tags.push(tag.about(format!("Tactics: {}", technique.tactics.join(", "))));
        }
        for (namespace, values) in words::NAMESPACES {
            if namespace.name != "attack" && values.is_empty() {
                let tag = Candidate::new(format!("{}.", namespace.name), CandidateKind::Tag);
                tags.push(tag.about(namespace.about));
            }
            tags.extend(
                values.iter().map(|value| Candidate::new(*value, CandidateKind::Tag).about(namespace.about)),
            );
        }
        let listed = self.place.entry.map(|at| self.outline.entry(at).parent.unwrap_or(at));
        let there: BTreeSet<&str> = listed
            .map(|list| self.outline.texts(list))
            .unwrap_or_default()
            .iter()
            .filter(|range| **range != self.place.word)
            .map(|range| self.outline.slice(range))
            .collect();
        tags.retain(|tag| !there.contains(tag.label.as_str()));
        tags
    }

    fn today(&self) -> Vec<Candidate> {
        let today = self.workspace.knowledge.facts.today.iter();
        today.map(|day| Candidate::new(day, CandidateKind::Value).detail("today")).collect()
    }

    /// Names of checks within `# sigyn: allow(…)`.
    fn suppressions(&self) -> Vec<Candidate> {
        let before = self.outline.slice(&(self.place.word.start..self.offset));
        if before.rfind("sigyn: allow(").is_none_or(|at| before[at..].contains(')')) {
            return Vec::new();
        }
        let checks = sigyn_lint::ALL.iter().map(|check| {
            let candidate = Candidate::new(check.code.name, CandidateKind::Value);
            candidate.detail(check.code.to_string()).about(check.code.summary)
        });
        checks.collect()
    }
}

fn values(list: &'static [Word]) -> Vec<Candidate> {
    let candidate = |word: &Word| Candidate::new(word.name, CandidateKind::Value).about(word.about);
    list.iter().map(candidate).collect()
}
