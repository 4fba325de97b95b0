//! From a name to what it means, and back; what a document and the workspace hold.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use sigyn_syntax::DocumentKind;

use crate::condition::{Block, TokenKind, tokens};
use crate::index::{Key, RuleEntry};
use crate::outline::{Outline, Step, unquoted};
use crate::place::{Place, Role};
use crate::workspace::Workspace;

/// How many symbols of the workspace are listed.
const SYMBOLS_MAX: usize = 500;

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// The file.
    pub path: Arc<Path>,
    /// Where.
    pub range: Range<usize>,
}

/// A part of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    /// What it is called.
    pub name: String,
    /// A few words beside it.
    pub detail: String,
    /// What it is.
    pub kind: SymbolKind,
    /// All of it.
    pub range: Range<usize>,
    /// Its name.
    pub selection: Range<usize>,
    /// Its parts.
    pub children: Vec<Symbol>,
}

/// What a symbol is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum SymbolKind {
    Rule,
    Correlation,
    Filter,
    Part,
    Selection,
    Condition,
}

/// A rule of the workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleSymbol {
    /// Its title.
    pub name: String,
    /// Its id or name.
    pub detail: String,
    /// What it is.
    pub kind: SymbolKind,
    /// Where.
    pub site: Site,
}

/// What a cursor is on.
enum Subject {
    /// A search identifier of the document: its name.
    Selection(String),
    /// A pattern of search identifiers.
    Selections(TokenKind),
    /// A rule, by what refers to it.
    Rule(Key),
    /// The rule of this document.
    Own(Box<RuleEntry>),
}

/// Where what stands at an offset is defined.
pub fn definition(workspace: &Workspace, path: &Path, offset: usize) -> Vec<Site> {
    let Some(text) = workspace.text(path) else { return Vec::new() };
    let offset = text.floor(offset);
    let outline = Outline::at(text.as_str(), offset);
    let own = |range: Range<usize>| Site { path: path.into(), range };
    match subject(workspace, path, &outline, offset) {
        Some(Subject::Selection(name)) => named(&outline, &TokenKind::Name(name)).map(own).collect(),
        Some(Subject::Selections(kind)) => named(&outline, &kind).map(own).collect(),
        Some(Subject::Rule(key)) => {
            let rules = workspace.index.rules(&key);
            rules.map(|(path, _, rule)| Site { path: path.clone(), range: rule.place() }).collect()
        }
        Some(Subject::Own(rule)) => vec![own(rule.place())],
        None => Vec::new(),
    }
}

fn named(outline: &Outline<'_>, kind: &TokenKind) -> impl Iterator<Item = Range<usize>> {
    let block = Block::of(outline);
    let names: Vec<Range<usize>> = block
        .map(|block| block.meant_by(kind).into_iter().map(|(_, place)| place.clone()).collect())
        .unwrap_or_default();
    names.into_iter()
}

/// All places that mean what stands at an offset; its definition too, if wanted.
pub fn references(workspace: &Workspace, path: &Path, offset: usize, with_definition: bool) -> Vec<Site> {
    let Some(text) = workspace.text(path) else { return Vec::new() };
    let offset = text.floor(offset);
    let outline = Outline::at(text.as_str(), offset);
    let mut sites = Vec::new();
    match subject(workspace, path, &outline, offset) {
        Some(Subject::Selection(name)) => {
            let Some(block) = Block::of(&outline) else { return sites };
            let own = |range: &Range<usize>| Site { path: path.into(), range: range.clone() };
            if with_definition {
                sites.extend(
                    block.names.iter().filter(|(known, _)| *known == name).map(|(_, place)| own(place)),
                );
            }
            for token in block.conditions.iter().flatten() {
                if block.meant_by(&token.kind).iter().any(|(known, _)| *known == name) {
                    sites.push(own(&token.place));
                }
            }
        }
        Some(Subject::Rule(key)) => {
            let rules: Vec<RuleEntry> =
                workspace.index.rules(&key).map(|(_, _, rule)| rule.clone()).collect();
            match rules.is_empty() {
                true => sites.extend(referring(workspace, &key)),
                false => {
                    rules.iter().for_each(|rule| sites.extend(of_rule(workspace, rule, with_definition)))
                }
            }
        }
        Some(Subject::Own(rule)) => sites.extend(of_rule(workspace, &rule, with_definition)),
        Some(Subject::Selections(_)) | None => {}
    }
    sites.sort_by(|a, b| (&a.path, a.range.start).cmp(&(&b.path, b.range.start)));
    sites.dedup();
    sites
}

fn of_rule(workspace: &Workspace, rule: &RuleEntry, with_definition: bool) -> Vec<Site> {
    let id = rule.id.iter().map(|(id, _)| Key::Id(id.clone()));
    let name = rule.name.iter().map(|(name, _)| Key::Name(name.clone()));
    let keys: Vec<Key> = id.chain(name).collect();
    let mut sites: Vec<Site> = keys.iter().flat_map(|key| referring(workspace, key)).collect();
    if with_definition {
        for key in &keys {
            let rules = workspace.index.rules(key);
            sites.extend(rules.map(|(path, _, rule)| Site { path: path.clone(), range: rule.place() }));
        }
    }
    sites
}

fn referring(workspace: &Workspace, key: &Key) -> Vec<Site> {
    let references = workspace.index.references(key);
    references.map(|(path, found)| Site { path: path.clone(), range: found.place.clone() }).collect()
}

fn subject(workspace: &Workspace, path: &Path, outline: &Outline<'_>, offset: usize) -> Option<Subject> {
    let place = Place::at(outline, offset);
    let keys = place.keys();
    let word = unquoted(outline.slice(&place.word));
    let reference = || Some(Subject::Rule(Key::of_reference(&word)));
    match (keys.as_slice(), place.role) {
        (["detection" | "filter", "condition"], _) => {
            let block = Block::of(outline)?;
            match block.token_at(offset)?.kind.clone() {
                TokenKind::Name(name) => Some(Subject::Selection(name)),
                kind => Some(Subject::Selections(kind)),
            }
        }
        (["detection" | "filter"], Role::Key) => {
            let block = Block::of(outline)?;
            block.names.iter().any(|(name, _)| *name == word).then(|| Subject::Selection(word.into_owned()))
        }
        (["correlation" | "filter", "rules"] | ["related", "id"], Role::Value | Role::Bare) => reference(),
        (["correlation", "aliases", _], Role::Key) => reference(),
        (["correlation", "condition"], Role::Value) => {
            let tokens = tokens(outline, &place.word);
            let token =
                tokens.into_iter().find(|token| token.place.start <= offset && offset <= token.place.end)?;
            match token.kind {
                TokenKind::Name(name) => Some(Subject::Rule(Key::of_reference(&name))),
                _ => None,
            }
        }
        (["id" | "name" | "title"], Role::Value) | ([], Role::Key) if is_naming(&keys, &word) => {
            let rules = &workspace.index.file(path)?.rules;
            let own = rules.iter().rfind(|rule| rule.range.start <= offset)?;
            Some(Subject::Own(Box::new(own.clone())))
        }
        _ => None,
    }
}

fn is_naming(keys: &[&str], word: &str) -> bool {
    !keys.is_empty() || matches!(word, "id" | "name" | "title")
}

/// The parts of a document.
pub fn symbols(workspace: &Workspace, path: &Path) -> Vec<Symbol> {
    let Some(text) = workspace.text(path) else { return Vec::new() };
    Outline::all(text.as_str()).iter().filter_map(document).collect()
}

fn document(outline: &Outline<'_>) -> Option<Symbol> {
    let top = |name| outline.child(None, name);
    let kind = match (top("correlation"), top("filter")) {
        (Some(_), _) => SymbolKind::Correlation,
        (None, Some(_)) => SymbolKind::Filter,
        (None, None) => SymbolKind::Rule,
    };
    let title = top("title").or_else(|| top("action"));
    let first = outline.numbers().next()?;
    let selection = outline.entry(title.unwrap_or(first));
    let ends = outline.ends();
    let mut children = Vec::new();
    for at in outline.children(None) {
        let Some(key) = outline.entry(at).step.key() else { continue };
        if !matches!(key, "logsource" | "detection" | "correlation" | "filter") {
            continue;
        }
        let mut part = symbol(outline, at, &ends, SymbolKind::Part);
        for inner in outline.children(Some(at)).filter(|_| matches!(key, "detection" | "filter")) {
            let kind = match outline.entry(inner).step.key() {
                Some("condition") => SymbolKind::Condition,
                Some("timeframe" | "rules") | None => SymbolKind::Part,
                Some(_) => SymbolKind::Selection,
            };
            part.children.push(symbol(outline, inner, &ends, kind));
        }
        children.push(part);
    }
    let name = title.map(|at| outline.value(at).into_owned()).filter(|title| !title.is_empty());
    let start = outline.entry(first).key.start;
    let end = ends.iter().copied().max().unwrap_or(start);
    Some(Symbol {
        name: name.unwrap_or_else(|| "(without a title)".to_owned()),
        detail: top("level").map(|at| outline.value(at).into_owned()).unwrap_or_default(),
        kind,
        range: start..end,
        selection: selection.key.clone(),
        children,
    })
}

fn symbol(outline: &Outline<'_>, at: usize, ends: &[usize], kind: SymbolKind) -> Symbol {
    let entry = outline.entry(at);
    let name = match &entry.step {
        Step::Key(name) if !name.is_empty() => name.clone(),
        _ => "-".to_owned(),
    };
    let detail = if entry.is_block { String::new() } else { outline.value(at).chars().take(80).collect() };
    Symbol {
        name,
        detail,
        kind,
        range: entry.key.start..ends.get(at).copied().unwrap_or(entry.key.end),
        selection: entry.key.clone(),
        children: Vec::new(),
    }
}

/// The rules whose title, name, id or file has all words of a query in it.
pub fn workspace_symbols(workspace: &Workspace, query: &str) -> Vec<RuleSymbol> {
    let words: Vec<String> = query.split_whitespace().map(str::to_lowercase).collect();
    let rules = workspace
        .index
        .files()
        .flat_map(|(path, file)| file.rules.iter().map(move |rule| (path, file, rule)));
    let found = rules.filter_map(|(path, file, rule)| {
        let text =
            |text: &Option<(String, Range<usize>)>| text.as_ref().map_or("", |(text, _)| text).to_owned();
        let (title, id, name) = (text(&rule.title), text(&rule.id), text(&rule.name));
        let all = format!("{title}\n{id}\n{name}\n{}", file.name).to_lowercase();
        words.iter().all(|word| all.contains(word)).then(|| RuleSymbol {
            name: title,
            detail: if name.is_empty() { id } else { name },
            kind: match rule.kind {
                DocumentKind::Correlation => SymbolKind::Correlation,
                DocumentKind::Filter => SymbolKind::Filter,
                DocumentKind::Rule | DocumentKind::Broken => SymbolKind::Rule,
            },
            site: Site { path: path.clone(), range: rule.place() },
        })
    });
    found.take(SYMBOLS_MAX).collect()
}
