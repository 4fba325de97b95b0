//! What stands in an element besides elements: text, values, attributes.

use sigyn_event::Text;

use super::binxml::{Attribute, Broken, Element, Node, Span};
use super::emit::{Emit, LARGE, Scope, TEXT_BYTES_MAX};
use super::value::{Value, kind};

/// What an element holds.
#[derive(Clone, Copy, Default)]
pub(super) struct Layout {
    pub(super) has_text: bool,
    pub(super) has_elements: bool,
}

/// A node with its value put in.
enum Piece {
    Text(Span),
    Value(Value),
    Character(u16),
    Entity(Span),
    Nothing,
    Elements,
}

impl Emit<'_> {
    /// A node with its value.
    fn piece(&self, node: Node, scope: Scope<'_>) -> Result<Piece, Broken> {
        Ok(match node {
            Node::Element(_) | Node::Frame(_) => Piece::Elements,
            Node::Text(text) => Piece::Text(text),
            Node::Literal(value) => Piece::Value(value),
            Node::Character(unit) => Piece::Character(unit),
            Node::Entity(name) => Piece::Entity(name),
            Node::Instruction => Piece::Nothing,
            Node::Slot { id, is_optional } => match self.slot(scope, id) {
                None => Piece::Nothing,
                Some(value) if value.kind == kind::FRAME => Piece::Elements,
                Some(value) if value.kind == kind::ABSENT => Piece::Nothing,
                Some(value) if is_optional && value.is_empty(self.chunk) => Piece::Nothing,
                Some(value) => Piece::Value(value),
            },
        })
    }

    pub(super) fn layout(&self, nodes: Span, scope: Scope<'_>) -> Result<Layout, Broken> {
        let mut layout = Layout::default();
        for node in nodes.of(&self.trees.nodes) {
            match self.piece(*node, scope)? {
                Piece::Elements => {
                    layout.has_elements |= match node {
                        Node::Element(at) => self
                            .trees
                            .elements
                            .get(*at as usize)
                            .is_some_and(|child| !self.is_left_out(child, scope.frame)),
                        Node::Frame(frame) => self.has_roots(*frame),
                        Node::Slot { id, .. } => {
                            self.slot(scope, *id).is_some_and(|value| self.has_roots(value.start))
                        }
                        _ => false,
                    }
                }
                Piece::Text(text) => layout.has_text |= !text.is_empty(),
                Piece::Value(value) => layout.has_text |= !value.is_empty(self.chunk),
                Piece::Character(_) | Piece::Entity(_) => layout.has_text = true,
                Piece::Nothing => {}
            }
        }
        Ok(layout)
    }

    fn has_roots(&self, frame: u32) -> bool {
        self.frame(frame).is_ok_and(|frame| !frame.roots.is_empty())
    }

    pub(super) fn has_attributes(&self, element: &Element, scope: Scope<'_>) -> bool {
        let attributes = element.attributes.of(&self.trees.attributes);
        attributes.iter().any(|attribute| self.has_text(attribute, scope))
    }

    /// Whether an attribute has a value. Most are one literal or one slot.
    fn has_text(&self, attribute: &Attribute, scope: Scope<'_>) -> bool {
        match attribute.nodes.of(&self.trees.nodes) {
            [Node::Text(text)] => !text.is_empty(),
            [Node::Slot { id, .. }] => self
                .slot(scope, *id)
                .is_some_and(|value| value.kind != kind::FRAME && !value.is_empty(self.chunk)),
            _ => self.layout(attribute.nodes, scope).is_ok_and(|layout| layout.has_text),
        }
    }

    /// The attributes that have a value.
    pub(super) fn attributes(&mut self, element: &Element, scope: Scope<'_>) -> Result<(), Broken> {
        let key = self.trees.keys.of_attributes;
        self.buf.begin_map(Some(key));
        for attribute in element.attributes.of(&self.trees.attributes) {
            if self.has_text(attribute, scope) {
                let key = attribute.key;
                self.one(attribute.nodes, scope, Some(key))?;
            }
        }
        self.buf.end();
        Ok(())
    }

    /// [`content`](Self::content) of what is mostly one slot.
    fn one(&mut self, nodes: Span, scope: Scope<'_>, key: Option<Text>) -> Result<(), Broken> {
        if let [Node::Slot { id, .. }] = nodes.of(&self.trees.nodes)
            && let Some(value) = self.slot(scope, *id)
            && !value.is_array()
        {
            value.push(self.chunk, key, self.buf);
            return Ok(());
        }
        self.content(nodes, scope, key, false)
    }

    /// Text and values as one value: a number if there is nothing else, else text.
    pub(super) fn content(
        &mut self,
        nodes: Span,
        scope: Scope<'_>,
        key: Option<Text>,
        has_elements: bool,
    ) -> Result<(), Broken> {
        match self.number(nodes, scope, has_elements)? {
            Some(number) => {
                number.push(self.chunk, key, self.buf);
                Ok(())
            }
            None => self.text(nodes, scope, key),
        }
    }

    /// The one value that is a number. Beside elements, empty nodes do not count.
    fn number(&self, nodes: Span, scope: Scope<'_>, has_elements: bool) -> Result<Option<Value>, Broken> {
        let mut found = None;
        let mut count = 0;
        for node in nodes.of(&self.trees.nodes) {
            match self.piece(*node, scope)? {
                Piece::Value(value) if has_elements && value.is_empty(self.chunk) => {}
                Piece::Value(value) => {
                    found = Some(value);
                    count += 1;
                }
                Piece::Text(text) if has_elements && text.is_empty() => {}
                Piece::Text(_) | Piece::Character(_) | Piece::Entity(_) => return Ok(None),
                Piece::Nothing | Piece::Elements => {}
            }
        }
        Ok(found.filter(|value| count == 1 && value.is_bare()))
    }

    pub(super) fn text(&mut self, nodes: Span, scope: Scope<'_>, key: Option<Text>) -> Result<(), Broken> {
        let trees = self.trees;
        // One literal is taken as it stands in the names.
        if let [Node::Text(text)] = nodes.of(&trees.nodes) {
            let text = text.text(self.buf);
            self.buf.push_text(key, text);
            return Ok(());
        }
        let begun = self.buf.begin_text();
        for node in nodes.of(&trees.nodes) {
            if self.buf.begin_text() > TEXT_BYTES_MAX {
                return Err(LARGE);
            }
            match self.piece(*node, scope)? {
                Piece::Text(text) => self.buf.write_str(trees.name(text)),
                Piece::Value(value) => value.write(self.chunk, self.buf),
                Piece::Character(unit) => {
                    self.buf.write_char(char::from_u32(unit.into()).unwrap_or(char::REPLACEMENT_CHARACTER));
                }
                Piece::Entity(name) => self.entity(trees.name(name)),
                Piece::Nothing | Piece::Elements => {}
            }
        }
        let text = self.buf.end_text(begun);
        self.buf.push_text(key, text);
        Ok(())
    }

    fn entity(&mut self, name: &str) {
        match name {
            "amp" => self.buf.write_char('&'),
            "lt" => self.buf.write_char('<'),
            "gt" => self.buf.write_char('>'),
            "quot" => self.buf.write_char('"'),
            "apos" => self.buf.write_char('\''),
            _ => {
                self.buf.write_char('&');
                self.buf.write_str(name);
                self.buf.write_char(';');
            }
        }
    }
}
