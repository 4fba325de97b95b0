//! The tokens of binary XML: elements, attributes, texts, and in templates the slots for values.

use std::ops::Range;

use sigyn_event::Text;

use super::binxml::{Attribute, Broken, Chunk, Element, NESTING_MAX, Node, Span, Trees, place, value};
use super::value::{kind, size};

/// Elements in elements of one stream.
const DEPTH_MAX: usize = 64;
/// No dependency of an element on a value.
const INDEPENDENT: u16 = 0xffff;

/// An element whose end is still to come.
#[derive(Clone, Copy, Debug)]
struct Open {
    name: Span,
    dependency: Option<u16>,
    attributes: Span,
    /// Where its nodes begin among the pending ones.
    first: usize,
    is_start_closed: bool,
    /// The attribute that is being read, with where its nodes begin.
    attribute: Option<(Span, usize)>,
}

/// A run of tokens that is being read.
pub(super) struct Stream<'t, 'c> {
    trees: &'t mut Trees,
    chunk: Chunk<'c>,
    at: usize,
    end: usize,
    is_template: bool,
    nesting: usize,
    open: Vec<Open>,
}

impl<'t, 'c> Stream<'t, 'c> {
    pub(super) fn new(
        trees: &'t mut Trees,
        chunk: Chunk<'c>,
        range: Range<usize>,
        is_template: bool,
        nesting: usize,
    ) -> Self {
        Self { trees, chunk, at: range.start, end: range.end, is_template, nesting, open: Vec::new() }
    }

    /// Reads all of it; its top-level nodes are then the last pending ones.
    pub(super) fn tokens(&mut self) -> Result<(), Broken> {
        while self.at < self.end {
            let token = self.take(1)?[0];
            match token {
                0x00 => break,
                0x01 | 0x41 => self.open(token)?,
                0x02 => {
                    self.end_attribute()?;
                    self.innermost()?.is_start_closed = true;
                }
                0x03 | 0x04 => self.close()?,
                0x05 | 0x45 => self.literal()?,
                0x06 | 0x46 => {
                    self.end_attribute()?;
                    let name = self.name()?;
                    let first = self.trees.pending.len();
                    self.innermost()?.attribute = Some((name, first));
                }
                0x07 | 0x47 => {
                    let text = self.string()?;
                    self.push(Node::Text(text))?;
                }
                0x08 | 0x48 => {
                    let character = self.u16()?;
                    self.push(Node::Character(character))?;
                }
                0x09 | 0x49 => {
                    let name = self.name()?;
                    self.push(Node::Entity(name))?;
                }
                0x0a => {
                    self.name()?;
                    self.push(Node::Instruction)?;
                }
                0x0b => {
                    self.string()?;
                    self.push(Node::Instruction)?;
                }
                0x0c if !self.is_template => {
                    let frame = self.trees.instance(self.chunk, &mut self.at, self.end, self.nesting)?;
                    self.push(Node::Frame(frame))?;
                }
                0x0d | 0x0e if self.is_template => {
                    let id = self.u16()?;
                    self.take(1)?;
                    self.push(Node::Slot { id, is_optional: token == 0x0e })?;
                }
                0x0f => {
                    self.take(3)?;
                }
                _ => return Err("a token is unknown or out of place"),
            }
        }
        if self.open.is_empty() { Ok(()) } else { Err("an element does not end") }
    }

    fn take(&mut self, length: usize) -> Result<&[u8], Broken> {
        let taken = self.chunk.bytes.get(self.at..self.at + length).ok_or("a token is cut off")?;
        self.at += length;
        Ok(taken)
    }

    fn u16(&mut self) -> Result<u16, Broken> {
        let raw = self.take(2)?;
        Ok(u16::from_le_bytes([raw[0], raw[1]]))
    }

    fn u32(&mut self) -> Result<u32, Broken> {
        let raw = self.take(4)?;
        Ok(u32::from_le_bytes([raw[0], raw[1], raw[2], raw[3]]))
    }

    fn innermost(&mut self) -> Result<&mut Open, Broken> {
        self.open.last_mut().ok_or("a token stands outside of elements")
    }

    fn push(&mut self, node: Node) -> Result<(), Broken> {
        let is_inside = self.open.last().is_none_or(|open| open.is_start_closed || open.attribute.is_some());
        // Fragments alone may stand outside of elements.
        if !is_inside || self.open.is_empty() && !matches!(node, Node::Frame(_)) {
            return Err("a token stands outside of elements");
        }
        self.trees.pending.push(node);
        Ok(())
    }

    /// A name: an offset; the name itself may follow if it is used here for the first time.
    fn name(&mut self) -> Result<Span, Broken> {
        let offset = self.u32()?;
        let chunk = self.chunk;
        let at = chunk.place(offset, self.at, |at| chunk.name(at).is_some_and(|(_, has_hash)| has_hash));
        let at = at.ok_or("a name is not there")?;
        let (text, has_hash) = chunk.name(at).ok_or("a name is not there")?;
        if !has_hash {
            self.trees.damaged_names.push(offset);
        }
        if at == self.at {
            // Link, hash, length, text, NUL.
            self.take(8 + text.len() + 2)?;
        }
        self.trees.text(text)
    }

    /// A length and a text, which ends at its first NUL.
    fn string(&mut self) -> Result<Span, Broken> {
        let length = 2 * usize::from(self.u16()?);
        let units = self.chunk.bytes.get(self.at..self.at + length).ok_or("a text is cut off")?;
        self.at += length;
        let end = units.as_chunks::<2>().0.iter().position(|unit| *unit == [0, 0]);
        self.trees.text(&units[..2 * end.unwrap_or(length / 2)])
    }

    fn open(&mut self, token: u8) -> Result<(), Broken> {
        if self.open.last().is_some_and(|open| !open.is_start_closed) {
            return Err("an element begins in the head of another");
        }
        if self.open.len() >= DEPTH_MAX {
            return Err("its elements are nested too deeply");
        }
        let dependency = if self.is_template { self.u16()? } else { INDEPENDENT };
        self.u32()?;
        let name = self.name()?;
        if token == 0x41 {
            self.u32()?;
        }
        let attributes = place(self.trees.attributes.len())?;
        self.open.push(Open {
            name,
            dependency: Some(dependency).filter(|id| *id != INDEPENDENT),
            attributes: Span { start: attributes, end: attributes },
            first: self.trees.pending.len(),
            is_start_closed: false,
            attribute: None,
        });
        Ok(())
    }

    fn end_attribute(&mut self) -> Result<(), Broken> {
        let Some((name, first)) = self.innermost()?.attribute.take() else { return Ok(()) };
        let nodes = self.trees.settle(first)?;
        self.trees.attributes.push(Attribute { name, nodes, key: Text::NO_KEY });
        self.innermost()?.attributes.end += 1;
        Ok(())
    }

    fn close(&mut self) -> Result<(), Broken> {
        self.end_attribute()?;
        let open = self.open.pop().ok_or("an element ends that did not begin")?;
        let trees = &mut *self.trees;
        let nodes = trees.settle(open.first)?;
        let name = trees.name(open.name);
        let is_data = name == "Data";
        let is_container = matches!(name, "EventData" | "UserData");
        let form = trees.form(open.attributes, nodes, is_container);
        let named = open.attributes.of(&trees.attributes).iter().find(|one| trees.name(one.name) == "Name");
        let data_name = match named.map(|one| one.nodes.of(&trees.nodes)) {
            Some([Node::Text(text)]) if is_data => *text,
            _ => Span::default(),
        };
        trees.elements.push(Element {
            name: open.name,
            attributes: open.attributes,
            nodes,
            dependency: open.dependency,
            form,
            is_data,
            is_container,
            data_name,
            key: Text::NO_KEY,
            data_key: Text::NO_KEY,
        });
        let at = place(trees.elements.len() - 1)?;
        trees.pending.push(Node::Element(at));
        Ok(())
    }

    /// A value that stands in the stream itself: mostly text.
    fn literal(&mut self) -> Result<(), Broken> {
        let kind = self.take(1)?[0];
        let node = match kind {
            kind::STRING => Node::Text(self.string()?),
            kind::NULL => Node::Literal(value(kind, self.at, 0)?),
            kind::XML => {
                if self.is_template || self.nesting >= NESTING_MAX {
                    return Err("a fragment stands where none is read");
                }
                let length = usize::from(self.u16()?);
                let start = self.at;
                self.take(length)?;
                let roots = self.trees.stream(self.chunk, start, start + length, false, self.nesting + 1)?;
                return roots.of(&self.trees.nodes).to_vec().into_iter().try_for_each(|node| self.push(node));
            }
            _ if size(kind) > 0 => {
                let start = self.at;
                self.take(size(kind))?;
                Node::Literal(value(kind, start, size(kind))?)
            }
            _ => return Err("a literal's type is unknown"),
        };
        self.push(node)
    }
}
