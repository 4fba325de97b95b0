//! From the parser's events to the tree.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle};
use sigyn_diagnostics::{Diagnostic, SourceId, Span, codes};

use crate::{Document, Kind, Node, Pair, Scalar, Stream, Style, Tag};

/// How deeply lists and maps may be nested.
pub const NESTING_MAX: usize = 64;

/// How many nodes the aliases of one document may expand to.
pub const ALIAS_NODES_MAX: usize = 10_000;

/// Above this many pairs a map's keys are compared through a set; below, one by one is faster.
const LINEAR_KEYS_MAX: usize = 16;

/// Reads a text. It never fails as a whole: a broken document has findings and no root, and reading goes on at
/// the next line that starts with `---`.
pub fn parse(source: SourceId, text: &str) -> Stream<'_> {
    let mut documents = Vec::with_capacity(1);
    let mut base = 0;
    while let Some(rest) = text.get(base..) {
        let mut builder = Builder::new(source, base);
        let broken_at = builder.run(rest);
        let start = builder.start;
        documents.append(&mut builder.documents);
        let Some(error) = broken_at else { break };
        // The marker of the broken document itself stands at its start, so the search begins behind it.
        let next = next_marker(text, start + usize::from(text[start..].starts_with("---")) * 3);
        let end = next.unwrap_or(text.len());
        let span = Span::new(source, start, text[..end].trim_end().len().max(start));
        documents.push(Document { root: None, span, diagnostics: vec![error] });
        match next {
            Some(next) => base = next,
            None => break,
        }
    }
    Stream { source, text, documents }
}

/// The next line, from `from` on, that is a document marker.
fn next_marker(text: &str, from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += text.get(at..)?.find("\n---")? + 1;
        let behind = text.as_bytes().get(at + 3);
        if behind.is_none_or(u8::is_ascii_whitespace) {
            return Some(at);
        }
    }
}

/// A collection that is not closed yet.
enum Frame<'s> {
    Sequence { items: Vec<Node<'s>>, meta: Meta },
    Mapping { pairs: Vec<Pair<'s>>, key: Option<Node<'s>>, meta: Meta },
}

/// What a collection's start says.
struct Meta {
    start: usize,
    anchor: usize,
    tag: Option<Tag>,
}

struct Builder<'s> {
    source: SourceId,
    /// Where the text that the parser sees begins in the whole text.
    base: usize,
    /// Where the current document starts.
    start: usize,
    frames: Vec<Frame<'s>>,
    anchors: HashMap<usize, Node<'s>>,
    alias_nodes: usize,
    root: Option<Node<'s>>,
    diagnostics: Vec<Diagnostic>,
    documents: Vec<Document<'s>>,
    /// Where the last node ended: the parser's end of a block collection lies behind the white space.
    last_end: usize,
}

impl<'s> Builder<'s> {
    fn new(source: SourceId, base: usize) -> Self {
        Self {
            source,
            base,
            start: base,
            frames: Vec::new(),
            anchors: HashMap::new(),
            alias_nodes: 0,
            root: None,
            diagnostics: Vec::new(),
            documents: Vec::new(),
            last_end: base,
        }
    }

    /// Reads documents until the text ends or a document is broken; then returns what is wrong with it.
    fn run(&mut self, text: &'s str) -> Option<Diagnostic> {
        let options = granit_parser::options! {
            emit_comments: false,
            emit_unresolved_aliases: true,
            simple_key_max_lookahead: 4096,
        };
        for next in Parser::new_from_str_with_options(text, options) {
            let (event, span) = match next {
                Ok(next) => next,
                Err(error) => {
                    let at = self.offset(text, *error.marker());
                    return Some(self.syntax_error(error.kind(), &error.info(), at, text));
                }
            };
            let (start, end) = (self.offset(text, span.start), self.offset(text, span.end));
            if let Err(error) = self.event(event, start, end) {
                return Some(*error);
            }
        }
        None
    }

    fn offset(&self, text: &str, marker: granit_parser::Marker) -> usize {
        let bytes = marker
            .byte_offset()
            .unwrap_or_else(|| text.char_indices().nth(marker.index()).map_or(text.len(), |(at, _)| at));
        self.base + bytes
    }

    fn syntax_error(&self, kind: &ErrorKind, info: &str, at: usize, text: &str) -> Diagnostic {
        let mut start = (at - self.base).min(text.len());
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        let width = text[start..].chars().next().map_or(0, char::len_utf8);
        let span = Span::new(self.source, self.base + start, self.base + start + width);
        if matches!(kind, ErrorKind::RecursionLimitExceeded) {
            return nesting_error(span);
        }
        Diagnostic::error(&codes::yaml::SYNTAX, info.to_owned()).at(span)
    }

    fn event(&mut self, event: Event<'s>, start: usize, end: usize) -> Result<(), Box<Diagnostic>> {
        match event {
            Event::DocumentStart(..) => {
                self.start = start;
                self.last_end = end;
                self.anchors.clear();
                self.alias_nodes = 0;
            }
            Event::DocumentEnd => self.close_document(),
            Event::Scalar(text, style, anchor, tag) => {
                let scalar = Scalar { text, style: style_of(style) };
                let tag = tag.map(|tag| tag_of(&tag));
                let span = Span::new(self.source, start, end);
                self.last_end = self.last_end.max(end);
                self.place(Node { kind: Kind::Scalar(scalar), tag, span }, anchor);
            }
            Event::SequenceStart(_, anchor, tag) => {
                let meta = self.open(start, end, anchor, tag)?;
                self.frames.push(Frame::Sequence { items: Vec::new(), meta });
            }
            Event::MappingStart(_, anchor, tag) => {
                let meta = self.open(start, end, anchor, tag)?;
                self.frames.push(Frame::Mapping { pairs: Vec::new(), key: None, meta });
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(start, end),
            Event::Alias(id) => self.alias(id, Span::new(self.source, start, end))?,
            Event::UnresolvedAlias(name) => {
                let span = Span::new(self.source, start, end);
                let message = format!("the alias *{name} has no anchor before it");
                return Err(Box::new(Diagnostic::error(&codes::yaml::UNKNOWN_ALIAS, message).at(span)));
            }
            _ => {}
        }
        Ok(())
    }

    fn open(
        &mut self,
        start: usize,
        end: usize,
        anchor: usize,
        tag: Option<Cow<'s, granit_parser::Tag>>,
    ) -> Result<Meta, Box<Diagnostic>> {
        if self.frames.len() >= NESTING_MAX {
            return Err(Box::new(nesting_error(Span::new(self.source, start, end))));
        }
        self.last_end = self.last_end.max(end);
        Ok(Meta { start, anchor, tag: tag.map(|tag| tag_of(&tag)) })
    }

    fn close(&mut self, start: usize, end: usize) {
        // The end of a flow collection is its bracket; that of a block collection is empty and lies at the next
        // token, behind white space and comments.
        if end > start {
            self.last_end = self.last_end.max(end);
        }
        let Some(frame) = self.frames.pop() else { return };
        let (kind, meta) = match frame {
            Frame::Sequence { items, meta } => (Kind::Sequence(items), meta),
            Frame::Mapping { pairs, meta, .. } => (Kind::Mapping(self.checked(pairs)), meta),
        };
        let span = Span::new(self.source, meta.start, self.last_end.max(meta.start));
        self.place(Node { kind, tag: meta.tag, span }, meta.anchor);
    }

    /// Reports keys that stand twice, and merge keys.
    fn checked(&mut self, mut pairs: Vec<Pair<'s>>) -> Vec<Pair<'s>> {
        let mut duplicates = Vec::new();
        let key = |pair: &Pair<'s>| pair.key.as_scalar().map(|scalar| scalar.text.clone());
        if pairs.len() > LINEAR_KEYS_MAX {
            let mut seen = HashSet::with_capacity(pairs.len());
            duplicates.extend(
                pairs.iter().enumerate().filter(|(_, pair)| key(pair).is_some_and(|key| !seen.insert(key))),
            );
        } else {
            let text = |pair: &'_ Pair<'s>, other: &str| {
                pair.key.as_scalar().is_some_and(|scalar| scalar.text == other)
            };
            duplicates.extend(pairs.iter().enumerate().filter(|(at, pair)| {
                pair.key
                    .as_scalar()
                    .is_some_and(|scalar| pairs[..*at].iter().any(|before| text(before, &scalar.text)))
            }));
        }
        let duplicates: Vec<usize> = duplicates.into_iter().map(|(at, _)| at).collect();
        for at in duplicates {
            pairs[at].is_duplicate = true;
            let name = pairs[at].key.as_scalar().map(|scalar| scalar.text.clone()).unwrap_or_default();
            let message = format!("the key `{name}` stands twice in one map");
            let first = pairs.iter().find(|pair| pair.key.as_scalar().is_some_and(|s| s.text == name));
            let mut diagnostic =
                Diagnostic::error(&codes::yaml::DUPLICATE_KEY, message).at(pairs[at].key.span);
            if let Some(first) = first {
                diagnostic = diagnostic.with_related(first.key.span, "first here");
            }
            self.diagnostics.push(diagnostic);
        }
        for pair in &pairs {
            let merge = |s: &Scalar<'_>| s.style == Style::Plain && s.text == "<<";
            if pair.key.as_scalar().is_some_and(merge) {
                self.diagnostics.push(
                    Diagnostic::error(&codes::yaml::MERGE_KEY, "merge keys are not read").at(pair.key.span),
                );
            }
        }
        pairs
    }

    fn alias(&mut self, id: usize, span: Span) -> Result<(), Box<Diagnostic>> {
        let Some(node) = self.anchors.get(&id) else {
            let message = "the alias stands inside the node that it refers to";
            return Err(Box::new(Diagnostic::error(&codes::yaml::UNKNOWN_ALIAS, message).at(span)));
        };
        let (nodes, depth) = node.measure();
        self.alias_nodes = self.alias_nodes.saturating_add(nodes);
        if self.alias_nodes > ALIAS_NODES_MAX {
            let message = format!("aliases expand to more than {ALIAS_NODES_MAX} nodes");
            return Err(Box::new(Diagnostic::error(&codes::yaml::EXPANSION_LIMIT, message).at(span)));
        }
        if self.frames.len() + depth > NESTING_MAX {
            return Err(Box::new(nesting_error(span)));
        }
        let node = Node { span, ..node.clone() };
        self.last_end = self.last_end.max(span.end as usize);
        self.place(node, 0);
        Ok(())
    }

    /// Puts a finished node where it belongs.
    fn place(&mut self, node: Node<'s>, anchor: usize) {
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        match self.frames.last_mut() {
            None => self.root = Some(node),
            Some(Frame::Sequence { items, .. }) => items.push(node),
            Some(Frame::Mapping { pairs, key, .. }) => match key.take() {
                None => *key = Some(node),
                Some(key) => pairs.push(Pair { key, value: node, is_duplicate: false }),
            },
        }
    }

    fn close_document(&mut self) {
        let root = self.root.take();
        let span = Span::new(self.source, self.start, self.last_end.max(self.start));
        let diagnostics = std::mem::take(&mut self.diagnostics);
        self.documents.push(Document { root, span, diagnostics });
        self.start = self.last_end;
    }
}

fn nesting_error(span: Span) -> Diagnostic {
    let message = format!("lists and maps are nested more than {NESTING_MAX} deep");
    Diagnostic::error(&codes::yaml::NESTING_LIMIT, message).at(span)
}

fn style_of(style: ScalarStyle) -> Style {
    match style {
        ScalarStyle::Plain => Style::Plain,
        ScalarStyle::SingleQuoted => Style::SingleQuoted,
        ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
        _ => Style::Block,
    }
}

fn tag_of(tag: &granit_parser::Tag) -> Tag {
    Tag { name: format!("{}{}", tag.handle(), tag.suffix()) }
}
