//! Renaming a search identifier with all its uses, or saying why that would change what the rule means.
//!
//! This goes by the tree, not by lines: what is changed must be certain.

use std::ops::Range;
use std::path::Path;

use sigyn_diagnostics::{Diagnostic, SourceId};
use sigyn_syntax::condition::{Pattern, parse_condition};
use sigyn_syntax::{Compat, Detections, DocumentKind, documents, read_detections, read_filter};

use crate::condition::{TokenKind, tokens_in};
use crate::workspace::Workspace;

/// Words that a condition reads as something else.
const RESERVED: &[&str] =
    &["and", "or", "not", "of", "them", "all", "any", "condition", "timeframe", "rules"];

/// The search identifiers and conditions of one document, by their places.
struct Doc {
    names: Vec<(String, Range<usize>)>,
    conditions: Vec<(String, Range<usize>)>,
}

/// The name that would be renamed at an offset, and where it stands.
pub fn renamable(workspace: &Workspace, path: &Path, offset: usize) -> Option<(String, Range<usize>)> {
    let text = workspace.text(path)?.as_str();
    let docs = read(text).ok()?;
    at(&docs, text, offset)
}

/// The places that get a new name.
///
/// # Errors
/// Why it cannot be renamed, for people.
pub fn rename(
    workspace: &Workspace,
    path: &Path,
    offset: usize,
    new: &str,
) -> Result<Vec<Range<usize>>, String> {
    let text = workspace.text(path).ok_or("the document is not open")?.as_str();
    let docs = read(text)?;
    let (old, _) = at(&docs, text, offset).ok_or("only search identifiers can be renamed")?;
    check_name(new)?;
    let concerned = concerned(&docs, text, &old, offset);
    let mut places: Vec<Range<usize>> = Vec::new();
    for doc in concerned {
        if doc.names.iter().any(|(name, _)| name == new) && old != new {
            return Err(format!("there is a search identifier `{new}` already"));
        }
        for (name, place) in doc.names.iter().filter(|(name, _)| *name == old) {
            let written = text.get(place.clone()).unwrap_or("");
            let quotes = usize::from(written.starts_with(['"', '\'']));
            let inner = place.start + quotes..place.end.saturating_sub(quotes);
            if text.get(inner.clone()) != Some(name) {
                return Err(format!("`{name}` is written in a form that cannot be renamed"));
            }
            places.push(inner);
        }
        for (condition, place) in &doc.conditions {
            uses(text, (condition, place), (&old, new), &mut places)?;
        }
    }
    places.sort_unstable_by_key(|place| place.start);
    places.dedup();
    Ok(places)
}

fn check_name(new: &str) -> Result<(), String> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let starts_well = new.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    if !starts_well || !new.chars().all(is_word) {
        return Err("a search identifier has letters of English, digits, `_` and `-` only".to_owned());
    }
    if RESERVED.iter().any(|word| new.eq_ignore_ascii_case(word))
        || new.bytes().all(|byte| byte.is_ascii_digit())
    {
        return Err(format!("`{new}` means something else in a condition"));
    }
    Ok(())
}

/// Where a condition uses the old name. A pattern must mean as much with the new one as with the old one.
fn uses(
    text: &str,
    (condition, place): (&str, &Range<usize>),
    (old, new): (&str, &str),
    places: &mut Vec<Range<usize>>,
) -> Result<(), String> {
    if let Err(error) = parse_condition(condition, Compat::Spec) {
        return Err(format!("the condition cannot be read: {error}"));
    }
    let written = text.get(place.clone()).unwrap_or("");
    if written.starts_with('"') && written.contains('\\') {
        return Err("the condition is written with escapes".to_owned());
    }
    for token in tokens_in(written, place.start) {
        let pattern = match token.kind {
            TokenKind::Name(name) if name == old => {
                places.push(token.place);
                continue;
            }
            TokenKind::Pattern(glob) if glob == old => {
                places.push(token.place);
                continue;
            }
            TokenKind::Pattern(glob) => Pattern::Glob(glob),
            TokenKind::Them => Pattern::Them,
            _ => continue,
        };
        let shown = match &pattern {
            Pattern::Glob(glob) => glob,
            Pattern::Them => "them",
        };
        match (pattern.selects(old), pattern.selects(new)) {
            (true, false) => {
                return Err(format!("`{shown}` in the condition means `{old}`, but would not mean `{new}`"));
            }
            (false, true) => {
                return Err(format!(
                    "`{shown}` in the condition does not mean `{old}`, but would mean `{new}`"
                ));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The documents of a text. Those of a collection share places with its global part.
fn read(text: &str) -> Result<Vec<Doc>, String> {
    let mut docs = Vec::new();
    for document in documents(sigyn_yaml::parse(SourceId::default(), text), Compat::Spec) {
        if let Some(error) = document.diagnostics.iter().find(|found| Diagnostic::is_error(found)) {
            return Err(format!("the document cannot be read: {}", error.message));
        }
        let mut ignored = Vec::new();
        let detections = match document.kind {
            DocumentKind::Rule => read_detections(&document.value, Compat::Spec, &mut ignored),
            DocumentKind::Filter => {
                read_filter(&document.value, Compat::Spec, &mut ignored).map(|filter| filter.detections)
            }
            DocumentKind::Correlation | DocumentKind::Broken => None,
        };
        docs.extend(detections.map(doc));
    }
    Ok(docs)
}

fn doc(detections: Detections<'_>) -> Doc {
    let names = detections.identifiers.into_iter();
    let conditions = detections.conditions.into_iter();
    Doc {
        names: names.map(|it| (it.name.value.into_owned(), it.name.span.range())).collect(),
        conditions: conditions.map(|it| (it.value.into_owned(), it.span.range())).collect(),
    }
}

/// The name at an offset: of a search identifier, or its use in a condition.
fn at(docs: &[Doc], text: &str, offset: usize) -> Option<(String, Range<usize>)> {
    let covers = |place: &Range<usize>| place.start <= offset && offset <= place.end;
    for doc in docs {
        if let Some((name, place)) = doc.names.iter().find(|(_, place)| covers(place)) {
            return Some((name.clone(), place.clone()));
        }
        let (_, condition) = match doc.conditions.iter().find(|(_, place)| covers(place)) {
            Some(condition) => condition,
            None => continue,
        };
        let tokens = tokens_in(text.get(condition.clone()).unwrap_or(""), condition.start);
        let token = tokens.into_iter().find(|token| covers(&token.place));
        if let Some((TokenKind::Name(name) | TokenKind::Pattern(name), place)) =
            token.map(|token| (token.kind, token.place))
            && doc.names.iter().any(|(known, _)| *known == name)
        {
            return Some((name, place));
        }
    }
    None
}

/// The documents that share the name at an offset, directly or through a part that they have in common.
fn concerned<'d>(docs: &'d [Doc], text: &str, old: &str, offset: usize) -> Vec<&'d Doc> {
    let places = |doc: &Doc| -> Vec<Range<usize>> {
        let names = doc.names.iter().filter(|(name, _)| name == old).map(|(_, place)| place.clone());
        let mentions = |place: &Range<usize>| {
            let tokens = tokens_in(text.get(place.clone()).unwrap_or(""), place.start);
            tokens.iter().any(|token| match &token.kind {
                TokenKind::Name(name) | TokenKind::Pattern(name) => name == old,
                _ => false,
            })
        };
        let conditions = doc.conditions.iter().map(|(_, place)| place.clone()).filter(mentions);
        names.chain(conditions).collect()
    };
    let all: Vec<(&Doc, Vec<Range<usize>>)> = docs.iter().map(|doc| (doc, places(doc))).collect();
    let mut shared: Vec<Range<usize>> = Vec::new();
    let mut taken = vec![false; all.len()];
    loop {
        let mut changed = false;
        for (at, (_, places)) in all.iter().enumerate().filter(|(_, (_, places))| !places.is_empty()) {
            let is_here = places.iter().any(|place| place.start <= offset && offset <= place.end);
            if !taken[at] && (is_here || places.iter().any(|place| shared.contains(place))) {
                taken[at] = true;
                changed = true;
                shared.extend(places.iter().cloned());
            }
        }
        if !changed {
            break;
        }
    }
    all.into_iter().zip(taken).filter(|(_, taken)| *taken).map(|((doc, _), _)| doc).collect()
}
