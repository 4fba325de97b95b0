//! Our answers in the shapes of the protocol, and back.

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;

use gen_lsp_types as lsp;

use super::Server;
use crate::actions::TextEdit;
use crate::complete::{Candidate, CandidateKind};
use crate::navigate::{Site, Symbol, SymbolKind};
use crate::text::{Change, Position, Text};
use crate::uri;

/// A position as the protocol has it.
fn position(position: Position) -> lsp::Position {
    lsp::Position { line: position.line, character: position.character }
}

/// A position as we have it.
pub(super) fn ours(position: &lsp::Position) -> Position {
    Position { line: position.line, character: position.character }
}

/// A range of a text.
pub(super) fn range(text: &Text, range: &Range<usize>) -> lsp::Range {
    let (start, end) = text.range(range);
    lsp::Range { start: position(start), end: position(end) }
}

/// The bytes of a range.
pub(super) fn bytes(text: &Text, range: &lsp::Range) -> Range<usize> {
    let (start, end) = (text.offset(ours(&range.start)), text.offset(ours(&range.end)));
    start.min(end)..start.max(end)
}

/// A change of a document.
pub(super) fn change(event: lsp::TextDocumentContentChangeEvent) -> Change {
    use lsp::TextDocumentContentChangeEvent as Event;
    match event {
        Event::TextDocumentContentChangePartial(part) => {
            Change { range: Some((ours(&part.range.start), ours(&part.range.end))), text: part.text }
        }
        Event::TextDocumentContentChangeWholeDocument(whole) => Change { range: None, text: whole.text },
    }
}

/// Markdown, or plain text for editors that show no other.
pub(super) fn markup(value: String, has_markdown: bool) -> lsp::MarkupContent {
    let kind = if has_markdown { lsp::MarkupKind::Markdown } else { lsp::MarkupKind::PlainText };
    lsp::MarkupContent { kind, value }
}

/// Something that may be written. `order` keeps ours: editors sort by name else.
pub(super) fn candidate(
    candidate: Candidate,
    range: lsp::Range,
    order: usize,
    has_markdown: bool,
) -> lsp::CompletionItem {
    let kind = match candidate.kind {
        CandidateKind::Key => lsp::CompletionItemKind::Property,
        CandidateKind::Value => lsp::CompletionItemKind::Value,
        CandidateKind::Field => lsp::CompletionItemKind::Field,
        CandidateKind::Modifier => lsp::CompletionItemKind::Function,
        CandidateKind::Selection => lsp::CompletionItemKind::Variable,
        CandidateKind::Keyword => lsp::CompletionItemKind::Keyword,
        CandidateKind::Tag => lsp::CompletionItemKind::Enum,
        CandidateKind::Rule => lsp::CompletionItemKind::Reference,
    };
    let some = |text: String| (!text.is_empty()).then_some(text);
    let is_long = candidate.insert.contains('\n');
    lsp::CompletionItem {
        label: candidate.label,
        kind: Some(kind),
        detail: some(candidate.detail),
        documentation: some(candidate.about)
            .map(|about| lsp::Documentation::MarkupContent(markup(about, has_markdown))),
        sort_text: Some(format!("{order:05}")),
        filter_text: candidate.filter,
        insert_text_format: Some(lsp::InsertTextFormat::PlainText),
        insert_text_mode: is_long.then_some(lsp::InsertTextMode::AdjustIndentation),
        text_edit: Some(lsp::TextEdit { range, new_text: candidate.insert }.into()),
        ..lsp::CompletionItem::default()
    }
}

/// What a symbol is, for its icon.
pub(super) fn symbol_kind(kind: SymbolKind) -> lsp::SymbolKind {
    match kind {
        SymbolKind::Rule => lsp::SymbolKind::Class,
        SymbolKind::Correlation => lsp::SymbolKind::Event,
        SymbolKind::Filter => lsp::SymbolKind::Interface,
        SymbolKind::Part => lsp::SymbolKind::Namespace,
        SymbolKind::Selection => lsp::SymbolKind::Variable,
        SymbolKind::Condition => lsp::SymbolKind::Function,
    }
}

/// A part of a document.
pub(super) fn symbol(text: &Text, part: Symbol) -> lsp::DocumentSymbol {
    let children: Vec<lsp::DocumentSymbol> =
        part.children.into_iter().map(|child| symbol(text, child)).collect();
    #[expect(deprecated, reason = "the field is part of the type")]
    lsp::DocumentSymbol {
        name: part.name,
        detail: (!part.detail.is_empty()).then_some(part.detail),
        kind: symbol_kind(part.kind),
        tags: None,
        deprecated: None,
        range: range(text, &part.range),
        selection_range: range(text, &part.selection),
        children: (!children.is_empty()).then_some(children),
    }
}

impl Server {
    /// The address of a file, as the editor wrote it if it has it open.
    pub(super) fn uri(&self, path: &Path) -> lsp::Uri {
        let open = self.open.get(path).map(|open| open.uri.clone());
        open.unwrap_or_else(|| uri::from_path(path)).into()
    }

    /// A place in a file that is open or indexed.
    pub(super) fn location(&self, path: &Path, place: &Range<usize>) -> Option<lsp::Location> {
        let text = self.workspace.text(path)?;
        Some(lsp::Location { uri: self.uri(path), range: range(text, place) })
    }

    pub(super) fn locations(&self, sites: &[Site]) -> Vec<lsp::Location> {
        sites.iter().filter_map(|site| self.location(&site.path, &site.range)).collect()
    }

    /// Edits of one document.
    pub(super) fn edit(&self, path: &Path, edits: &[TextEdit]) -> Option<lsp::WorkspaceEdit> {
        let text = self.workspace.text(path)?;
        let edits = edits
            .iter()
            .map(|edit| lsp::TextEdit { range: range(text, &edit.range), new_text: edit.text.clone() });
        let changes = HashMap::from([(self.uri(path), edits.collect())]);
        Some(lsp::WorkspaceEdit { changes: Some(changes), ..lsp::WorkspaceEdit::default() })
    }
}
