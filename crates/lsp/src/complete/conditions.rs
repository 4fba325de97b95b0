//! Conditions: what may follow what.

use std::collections::BTreeMap;

use super::{Candidate, CandidateKind, Completion};
use crate::condition::{Block, TokenKind, tokens};
use crate::hover::View;
use crate::words;

impl View<'_> {
    /// The words that may stand at the cursor, by what stands before it.
    pub(super) fn condition(&self) -> Completion {
        let Some(block) = Block::of(self.outline) else { return Completion::default() };
        let (replace, before) = self.word_of(block.conditions.iter().flatten().cloned().collect());
        let candidates = match before {
            Some(TokenKind::Name(_) | TokenKind::Pattern(_) | TokenKind::Them | TokenKind::Closing) => {
                keywords(&["and", "or"])
            }
            Some(TokenKind::Quantifier) => keywords(&["of"]),
            Some(TokenKind::Of) => patterns(&block).into_iter().chain(keywords(&["them"])).collect(),
            Some(TokenKind::Joint | TokenKind::Opening) | None => {
                let names = block.names.iter();
                let names = names.map(|(name, _)| Candidate::new(name.as_str(), CandidateKind::Selection));
                let more = patterns(&block).into_iter().flat_map(|pattern| {
                    let of = |word: &str| {
                        let insert = format!("{word} {}", pattern.label);
                        Candidate { label: insert.clone(), insert, ..pattern.clone() }
                    };
                    [of("1 of"), of("all of")]
                });
                names.chain(more).chain(keywords(&["not", "1 of", "all of"])).collect()
            }
        };
        Completion { replace, candidates }
    }

    /// The condition of a temporal correlation: names of its rules.
    pub(super) fn extended_condition(&self) -> Completion {
        let (replace, before) = self.word_of(tokens(self.outline, &self.place.word));
        let candidates = match before {
            Some(TokenKind::Joint | TokenKind::Opening) | None => {
                self.correlated_rules().into_iter().chain(keywords(&["not"])).collect()
            }
            _ => keywords(&["and", "or"]),
        };
        Completion { replace, candidates }
    }

    /// The word under the cursor, and what stands before it.
    fn word_of(&self, tokens: Vec<crate::condition::Token>) -> (std::ops::Range<usize>, Option<TokenKind>) {
        let at = tokens.iter().position(|token| {
            let is_word = !matches!(self.outline.slice(&token.place), "(" | ")");
            is_word && token.place.start < self.offset && self.offset <= token.place.end
        });
        let replace = at.map_or(self.offset..self.offset, |at| tokens[at].place.clone());
        let before = tokens.iter().rfind(|token| token.place.end <= replace.start && token.place != replace);
        (replace.clone(), before.map(|token| token.kind.clone()))
    }
}

fn keywords(names: &[&str]) -> Vec<Candidate> {
    let about = |name: &str| words::find(words::CONDITION, name).map_or("", |word| word.about);
    names.iter().map(|name| Candidate::new(*name, CandidateKind::Keyword).about(about(name))).collect()
}

/// Patterns for names that begin alike: `selection_*` for `selection_img` and `selection_cli`.
fn patterns(block: &Block) -> Vec<Candidate> {
    let mut starts: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, _) in &block.names {
        for (at, _) in name.match_indices('_').filter(|(at, _)| *at > 0) {
            starts.entry(&name[..=at]).or_default().push(name);
        }
    }
    let shared = starts.into_iter().filter(|(_, names)| names.len() > 1);
    shared
        .map(|(start, names)| {
            let candidate = Candidate::new(format!("{start}*"), CandidateKind::Selection);
            candidate.detail(names.join(", "))
        })
        .collect()
}
