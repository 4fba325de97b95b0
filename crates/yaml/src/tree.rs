//! The tree: streams, documents, nodes.

use std::borrow::Cow;

use sigyn_diagnostics::{Diagnostic, SourceId, Span};

/// All documents of one text.
#[derive(Clone, Debug)]
pub struct Stream<'s> {
    /// The source that spans refer to.
    pub source: SourceId,
    /// The whole text.
    pub text: &'s str,
    /// The documents in order, broken ones included.
    pub documents: Vec<Document<'s>>,
}

impl<'s> Stream<'s> {
    /// The text that was read, byte for byte.
    pub fn print(&self) -> &'s str {
        self.text
    }

    /// The bytes of a span, empty if it does not lie in this text.
    pub fn slice(&self, span: Span) -> &'s str {
        self.text.get(span.range()).unwrap_or("")
    }

    /// The findings of all documents.
    pub fn diagnostics(&self) -> impl Iterator<Item = &Diagnostic> {
        self.documents.iter().flat_map(|document| &document.diagnostics)
    }
}

/// One document of a stream.
#[derive(Clone, Debug)]
pub struct Document<'s> {
    /// The content; `None` if the document is broken. An empty document has a null scalar.
    pub root: Option<Node<'s>>,
    /// From the document's first node (or its marker) to its end.
    pub span: Span,
    /// What is wrong with it.
    pub diagnostics: Vec<Diagnostic>,
}

/// A node with its place.
#[derive(Clone, Debug)]
pub struct Node<'s> {
    /// What it is.
    pub kind: Kind<'s>,
    /// The explicit tag, if any.
    pub tag: Option<Tag>,
    /// The bytes it was read from. An expanded alias has the place of the alias.
    pub span: Span,
}

/// What a node is.
#[derive(Clone, Debug)]
pub enum Kind<'s> {
    /// Text.
    Scalar(Scalar<'s>),
    /// A list.
    Sequence(Vec<Node<'s>>),
    /// Keys with values, in the order of the text.
    Mapping(Vec<Pair<'s>>),
}

/// A scalar, decoded: quotes and escapes are gone.
#[derive(Clone, Debug)]
pub struct Scalar<'s> {
    /// The text.
    pub text: Cow<'s, str>,
    /// How it was written.
    pub style: Style,
}

/// How a scalar was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Style {
    /// Bare; only such a scalar can be anything but text.
    Plain,
    /// In single quotes.
    SingleQuoted,
    /// In double quotes.
    DoubleQuoted,
    /// A literal or folded block.
    Block,
}

/// A key with its value.
#[derive(Clone, Debug)]
pub struct Pair<'s> {
    /// The key.
    pub key: Node<'s>,
    /// The value.
    pub value: Node<'s>,
    /// Whether an earlier pair of the map has the same key.
    pub is_duplicate: bool,
}

/// An explicit tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// The tag in full, e.g. `tag:yaml.org,2002:str`, or `!` for the non-specific tag.
    pub name: String,
}

impl Tag {
    /// The name behind `tag:yaml.org,2002:`, if the tag is one of YAML's own.
    pub fn core(&self) -> Option<&str> {
        self.name.strip_prefix("tag:yaml.org,2002:")
    }
}

impl<'s> Node<'s> {
    /// The scalar, if this is one.
    pub fn as_scalar(&self) -> Option<&Scalar<'s>> {
        match &self.kind {
            Kind::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// The items, if this is a list.
    pub fn as_sequence(&self) -> Option<&[Node<'s>]> {
        match &self.kind {
            Kind::Sequence(items) => Some(items),
            _ => None,
        }
    }

    /// The pairs, if this is a map.
    pub fn as_mapping(&self) -> Option<&[Pair<'s>]> {
        match &self.kind {
            Kind::Mapping(pairs) => Some(pairs),
            _ => None,
        }
    }

    /// The first pair with this key, if this is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Pair<'s>> {
        self.as_mapping()?.iter().find(|pair| pair.key.as_scalar().is_some_and(|scalar| scalar.text == key))
    }

    /// How many nodes this is, and how deeply they are nested; both 1 for a scalar.
    pub(crate) fn measure(&self) -> (usize, usize) {
        let mut nodes = 1;
        let mut depth = 0;
        let mut add = |node: &Node<'_>| {
            let (inner_nodes, inner_depth) = node.measure();
            nodes += inner_nodes;
            depth = depth.max(inner_depth);
        };
        match &self.kind {
            Kind::Scalar(_) => {}
            Kind::Sequence(items) => items.iter().for_each(&mut add),
            Kind::Mapping(pairs) => pairs.iter().for_each(|pair| {
                add(&pair.key);
                add(&pair.value);
            }),
        }
        (nodes, depth + 1)
    }
}
