//! Binary XML into trees: templates once per chunk, with slots where a record's values go; records as a tree's
//! number and a run of values. Source: [MS-EVEN6] 2.2.12 and the documentation of libevtx.
//!
//! All trees of a chunk lie in a few flat lists, whose memory is kept from chunk to chunk. References within a
//! chunk (to templates and names) are offsets from the chunk's beginning. Where bytes were lost or inserted in the
//! middle, what stands behind has another beginning than what stands before: each reference is tried from each
//! of them, and the one counts where identifier or hash fit.

use sigyn_event::{EventBuf, Text};

use super::value::{Value, is_known, kind, size, utf16};

/// Elements in elements of one stream.
const DEPTH_MAX: usize = 64;
/// Fragments in values of fragments.
const NESTING_MAX: usize = 16;
/// Values of one template instance.
const VALUES_MAX: u32 = 4_096;
/// Bytes in front of a template's stream: the next template, its GUID, its length.
const DEFINITION_BYTES: usize = 24;
/// No dependency of an element on a value.
const INDEPENDENT: u16 = 0xffff;

/// Why a stream cannot be read.
pub(super) type Broken = &'static str;

/// A range of one of the lists.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Span {
    pub(super) fn of<T>(self, list: &[T]) -> &[T] {
        list.get(self.start as usize..self.end as usize).unwrap_or_default()
    }

    pub(super) fn text(self, buf: &EventBuf) -> Text {
        buf.input_text(self.start as usize, (self.end - self.start) as usize)
    }

    pub(super) const fn is_empty(self) -> bool {
        self.start == self.end
    }
}

/// What stands in an element or an attribute.
#[derive(Clone, Copy, Debug)]
pub(super) enum Node {
    Element(u32),
    /// Literal text, in `names`.
    Text(Span),
    /// A literal of another type.
    Literal(Value),
    /// A value of the instance.
    Slot {
        id: u16,
        is_optional: bool,
    },
    /// The elements of another frame.
    Frame(u32),
    Character(u16),
    Entity(Span),
    /// A processing instruction, which shows nothing.
    Instruction,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Attribute {
    pub(super) name: Span,
    pub(super) nodes: Span,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Element {
    pub(super) name: Span,
    pub(super) attributes: Span,
    pub(super) nodes: Span,
    /// The value without which the element is left out.
    pub(super) dependency: Option<u16>,
    pub(super) form: Form,
    /// Called `Data`.
    pub(super) is_data: bool,
    /// `EventData` or `UserData`, whose `Data` are fields by name.
    pub(super) is_container: bool,
    /// Its attribute `Name`, if that is a literal.
    pub(super) data_name: Span,
}

/// The forms that are written without a closer look. `Fields` says nothing about arrays, which repeat elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// No attributes, one slot.
    Slot(u16),
    /// Only elements, whose keys differ; if it is a container, each `Data` has a name.
    Fields,
    Other,
}

/// A tree with the values for its slots.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    /// The top-level nodes.
    pub(super) roots: Span,
    pub(super) values: Span,
    pub(super) has_arrays: bool,
}

#[derive(Clone, Copy, Debug)]
struct Template {
    offset: u32,
    roots: Result<Span, Broken>,
}

/// The trees of a chunk.
#[derive(Debug, Default)]
pub(super) struct Trees {
    /// Every literal text and name; what events' ranges refer to.
    pub(super) names: String,
    pub(super) nodes: Vec<Node>,
    pub(super) elements: Vec<Element>,
    pub(super) attributes: Vec<Attribute>,
    pub(super) frames: Vec<Frame>,
    pub(super) values: Vec<Value>,
    /// By offset.
    templates: Vec<Template>,
    /// Offsets of damaged names, to be reported.
    pub(super) damaged_names: Vec<u32>,
    pending: Vec<Node>,
    order: Vec<u32>,
}

/// A chunk's bytes and where its offsets may be counted from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chunk<'c> {
    pub(super) bytes: &'c [u8],
    /// The beginnings, in bytes from the first of `bytes`; negative if they lie before it.
    pub(super) bases: &'c [i64],
}

impl<'c> Chunk<'c> {
    pub(super) fn u16(self, at: usize) -> Option<u16> {
        self.bytes.get(at..)?.first_chunk().map(|raw| u16::from_le_bytes(*raw))
    }

    pub(super) fn u32(self, at: usize) -> Option<u32> {
        self.bytes.get(at..)?.first_chunk().map(|raw| u32::from_le_bytes(*raw))
    }

    pub(super) fn u64(self, at: usize) -> Option<u64> {
        self.bytes.get(at..)?.first_chunk().map(|raw| u64::from_le_bytes(*raw))
    }

    /// The places that an offset may mean.
    fn places(self, offset: u32) -> impl Iterator<Item = usize> + 'c {
        self.bases.iter().filter_map(move |base| usize::try_from(base + i64::from(offset)).ok())
    }

    /// Whether what an offset refers to stands right here.
    fn is_here(self, offset: u32, at: usize) -> bool {
        self.places(offset).any(|place| place == at)
    }

    /// The place that an offset means: the first that fits, else the first.
    fn place(self, offset: u32, fits: impl Fn(usize) -> bool) -> Option<usize> {
        if let [base] = self.bases {
            return usize::try_from(base + i64::from(offset)).ok();
        }
        self.places(offset).find(|place| fits(*place)).or_else(|| self.places(offset).next())
    }

    /// The text of a name and whether it has its hash; a name is a link, a hash, a length and the text.
    fn name(self, at: usize) -> Option<(&'c [u8], bool)> {
        let text = self.bytes.get(at + 8..at + 8 + 2 * usize::from(self.u16(at + 6)?))?;
        let hash = text.as_chunks::<2>().0.iter().fold(0_u32, |hash, unit| {
            hash.wrapping_mul(65_599).wrapping_add(u16::from_le_bytes(*unit).into())
        });
        Some((text, self.u16(at + 4)? == (hash & 0xffff) as u16))
    }
}

/// Marks of the lists' lengths, to go back to behind a record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    nodes: usize,
    elements: usize,
    attributes: usize,
}

impl Trees {
    /// Forgets the chunk.
    pub(super) fn clear(&mut self) {
        self.names.clear();
        self.nodes.clear();
        self.elements.clear();
        self.attributes.clear();
        self.templates.clear();
        self.damaged_names.clear();
        self.clear_record();
    }

    fn clear_record(&mut self) {
        self.frames.clear();
        self.values.clear();
        self.pending.clear();
    }

    /// Reads a record's stream; gives its frame.
    pub(super) fn record(&mut self, chunk: Chunk<'_>, start: usize, end: usize) -> Result<u32, Broken> {
        self.clear_record();
        self.fragment(chunk, start, end, 0)
    }

    /// Reads a stream of a record or a value: mostly one instance of a template.
    fn fragment(
        &mut self,
        chunk: Chunk<'_>,
        start: usize,
        end: usize,
        nesting: usize,
    ) -> Result<u32, Broken> {
        if nesting > NESTING_MAX {
            return Err("its fragments are nested too deeply");
        }
        let bytes = chunk.bytes.get(start..end).ok_or("it ends too early")?;
        let header = if bytes.first() == Some(&0x0f) { 4 } else { 0 };
        if bytes.get(header) == Some(&0x0c) {
            let mut at = start + header + 1;
            let frame = self.instance(chunk, &mut at, end, nesting)?;
            if at >= end || chunk.bytes[at] == 0 {
                return Ok(frame);
            }
        }
        let roots = self.stream(chunk, start, end, false, nesting)?;
        self.frame(Frame { roots, values: Span::default(), has_arrays: false })
    }

    fn frame(&mut self, frame: Frame) -> Result<u32, Broken> {
        self.frames.push(frame);
        place(self.frames.len() - 1)
    }

    /// An instance: the template's place, perhaps the template itself, then types and lengths, then the values.
    fn instance(
        &mut self,
        chunk: Chunk<'_>,
        at: &mut usize,
        end: usize,
        nesting: usize,
    ) -> Result<u32, Broken> {
        const SHORT: Broken = "an instance of a template is cut off";
        let identifier = chunk.u32(*at + 1).ok_or(SHORT)?;
        let offset = chunk.u32(*at + 5).ok_or(SHORT)?;
        *at += 9;
        if chunk.is_here(offset, *at) {
            let length = chunk.u32(*at + DEFINITION_BYTES - 4).ok_or(SHORT)?;
            *at = at.saturating_add(DEFINITION_BYTES).saturating_add(length as usize);
        }
        let count = chunk.u32(*at).ok_or(SHORT)?;
        if count > VALUES_MAX {
            return Err("an instance of a template has too many values");
        }
        *at += 4;
        let first = self.values.len();
        let mut from = *at + 4 * count as usize;
        let mut has_arrays = false;
        let mut has_xml = false;
        let descriptors = chunk.bytes.get(*at..from).ok_or(SHORT)?;
        for [low, high, kind, _] in descriptors.as_chunks().0 {
            let length = usize::from(u16::from_le_bytes([*low, *high]));
            self.values.push(value(*kind, from, length)?);
            has_arrays |= kind & kind::ARRAY != 0;
            has_xml |= *kind == kind::XML;
            from += length;
        }
        if from > end {
            return Err("the values of a template go beyond their record");
        }
        *at = from;
        let values = Span { start: place(first)?, end: place(self.values.len())? };
        if has_xml {
            self.fragments(chunk, values, nesting)?;
        }
        let roots = self.template(chunk, offset, identifier, nesting)?;
        self.frame(Frame { roots, values, has_arrays })
    }

    /// Reads the fragments among the values.
    fn fragments(&mut self, chunk: Chunk<'_>, values: Span, nesting: usize) -> Result<(), Broken> {
        for at in values.start as usize..values.end as usize {
            let Value { kind: kind::XML, start, length } = self.values[at] else { continue };
            let start = start as usize;
            let frame = self.fragment(chunk, start, start + length as usize, nesting + 1)?;
            self.values[at] = Value { kind: kind::FRAME, start: frame, length: 0 };
        }
        Ok(())
    }

    /// The tree of a template; read once per chunk, its damage included.
    fn template(
        &mut self,
        chunk: Chunk<'_>,
        offset: u32,
        identifier: u32,
        nesting: usize,
    ) -> Result<Span, Broken> {
        match self.templates.binary_search_by_key(&offset, |template| template.offset) {
            Ok(found) => self.templates[found].roots,
            Err(_) => {
                let roots = self.definition(chunk, offset, identifier, nesting);
                // Reading it may have read others.
                let to = self.templates.partition_point(|template| template.offset < offset);
                self.templates.insert(to, Template { offset, roots });
                roots
            }
        }
    }

    fn definition(
        &mut self,
        chunk: Chunk<'_>,
        offset: u32,
        identifier: u32,
        nesting: usize,
    ) -> Result<Span, Broken> {
        // The identifier is the first part of the GUID.
        let at = chunk.place(offset, |at| chunk.u32(at + 4) == Some(identifier));
        let at = at.ok_or("its template is not there")?;
        let length = chunk.u32(at + DEFINITION_BYTES - 4).ok_or("its template is not there")?;
        let start = at + DEFINITION_BYTES;
        let roots = self.stream(chunk, start, start.saturating_add(length as usize), true, nesting)?;
        match roots.of(&self.nodes) {
            [Node::Element(_)] => Ok(roots),
            _ => Err("its template is not one element"),
        }
    }

    /// Reads a stream of tokens; gives its top-level nodes.
    fn stream(
        &mut self,
        chunk: Chunk<'_>,
        start: usize,
        end: usize,
        is_template: bool,
        nesting: usize,
    ) -> Result<Span, Broken> {
        if end > chunk.bytes.len() || start > end {
            return Err("a stream of tokens is cut off");
        }
        let first = self.pending.len();
        let mut stream =
            Stream { trees: self, chunk, at: start, end, is_template, nesting, open: Vec::new() };
        let result = stream.tokens();
        let roots = match result {
            Ok(()) => self.settle(first),
            Err(broken) => Err(broken),
        };
        self.pending.truncate(first);
        roots
    }

    /// Moves pending nodes to where they stay.
    fn settle(&mut self, first: usize) -> Result<Span, Broken> {
        let start = place(self.nodes.len())?;
        self.nodes.extend(self.pending.drain(first..));
        Ok(Span { start, end: place(self.nodes.len())? })
    }

    pub(super) fn mark(&self) -> Mark {
        Mark { nodes: self.nodes.len(), elements: self.elements.len(), attributes: self.attributes.len() }
    }

    /// Drops what was read since, if no template is among it.
    pub(super) fn reset(&mut self, mark: Mark, templates: usize) {
        if self.templates.len() == templates {
            self.nodes.truncate(mark.nodes);
            self.elements.truncate(mark.elements);
            self.attributes.truncate(mark.attributes);
        }
    }

    pub(super) fn templates(&self) -> usize {
        self.templates.len()
    }

    /// Copies a text to the names.
    fn text(&mut self, units: &[u8]) -> Result<Span, Broken> {
        let start = place(self.names.len())?;
        utf16(units, &mut |text| self.names.push_str(text));
        Ok(Span { start, end: place(self.names.len())? })
    }

    pub(super) fn name(&self, span: Span) -> &str {
        self.names.get(span.start as usize..span.end as usize).unwrap_or("")
    }

    /// The form of an element that ends.
    fn form(&mut self, attributes: Span, nodes: Span, is_container: bool) -> Form {
        match nodes.of(&self.nodes) {
            [Node::Slot { id, .. }] if attributes.is_empty() => return Form::Slot(*id),
            [] => return Form::Other,
            _ => {}
        }
        let mut order = std::mem::take(&mut self.order);
        order.clear();
        for node in nodes.of(&self.nodes) {
            match node {
                Node::Element(at) => order.push(*at),
                _ => break,
            }
        }
        // Two elements of one name become `Name` and `Name_1`; those cases are written with care elsewhere.
        let key = |at: &u32| {
            let element = &self.elements[*at as usize];
            match is_container && element.is_data {
                true => (true, self.name(element.data_name)),
                false => (false, self.name(element.name)),
            }
        };
        order.sort_unstable_by(|left, right| key(left).cmp(&key(right)));
        let is_plain = order.len() == nodes.of(&self.nodes).len()
            && order.windows(2).all(|pair| key(&pair[0]) != key(&pair[1]))
            && order.iter().all(|at| key(at) != (true, ""));
        self.order = order;
        if is_plain { Form::Fields } else { Form::Other }
    }
}

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

struct Stream<'t, 'c> {
    trees: &'t mut Trees,
    chunk: Chunk<'c>,
    at: usize,
    end: usize,
    is_template: bool,
    nesting: usize,
    open: Vec<Open>,
}

impl Stream<'_, '_> {
    fn tokens(&mut self) -> Result<(), Broken> {
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
        let at = chunk.place(offset, |at| chunk.name(at).is_some_and(|(_, has_hash)| has_hash));
        let (text, has_hash) = at.and_then(|at| chunk.name(at)).ok_or("a name is not there")?;
        if !has_hash {
            self.trees.damaged_names.push(offset);
        }
        if chunk.is_here(offset, self.at) {
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
        self.trees.attributes.push(Attribute { name, nodes });
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

/// A value, whose bytes must be enough for its type. One without bytes is none.
fn value(kind: u8, start: usize, length: usize) -> Result<Value, Broken> {
    if !is_known(kind) {
        return Err("a value's type is unknown");
    }
    let needed = if kind == kind::SIZE { 4 } else { size(kind) };
    let kind = match length {
        0 if needed > 0 || kind == kind::XML => kind::NULL,
        _ => kind,
    };
    if length < needed && length > 0 {
        return Err("a value is shorter than its type");
    }
    let length = if needed > 0 && kind != kind::SIZE { length.min(needed) } else { length };
    Ok(Value { kind, start: place(start)?, length: place(length)? })
}

fn place(at: usize) -> Result<u32, Broken> {
    u32::try_from(at).map_err(|_| "it is too large")
}
