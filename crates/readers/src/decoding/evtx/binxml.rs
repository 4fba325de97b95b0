//! Binary XML into trees: templates once per chunk, with slots where a record's values go; records as a tree's
//! number and a run of values. Source: [MS-EVEN6] 2.2.12 and the documentation of libevtx.
//!
//! All trees of a chunk lie in a few flat lists, whose memory is kept from chunk to chunk. References within a
//! chunk (to templates and names) are offsets from the chunk's beginning. Where bytes were lost or inserted in the
//! middle, what stands behind has another beginning than what stands before: each reference is tried from each
//! of them, and the one counts where identifier or hash fit.

use sigyn_event::{EventBuf, Text, VocabularyId};

use super::stream::Stream;
use super::value::{Value, is_known, kind, size, utf16};

/// Fragments in values of fragments.
pub(super) const NESTING_MAX: usize = 16;
/// Values of one template instance.
const VALUES_MAX: u32 = 4_096;
/// Bytes in front of a template's stream: the next template, its GUID, its length.
const DEFINITION_BYTES: usize = 24;

/// With what the stream of a template begins.
const FRAGMENT_HEADER: u32 = 0x0001_010f;

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
    pub(super) key: Text,
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
    /// The names as keys of the buffer.
    pub(super) key: Text,
    pub(super) data_key: Text,
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
    at: usize,
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
    /// By place.
    templates: Vec<Template>,
    /// Offsets of damaged names, to be reported.
    pub(super) damaged_names: Vec<u32>,
    /// Nodes of what did not end yet.
    pub(super) pending: Vec<Node>,
    order: Vec<u32>,
    pub(super) keys: Keys,
}

/// Which names are keys of the buffer already.
#[derive(Debug)]
pub(super) struct Keys {
    vocabulary: Option<VocabularyId>,
    elements: usize,
    attributes: usize,
    pub(super) of_attributes: Text,
    pub(super) of_text: Text,
    pub(super) of_data: Text,
}

impl Default for Keys {
    fn default() -> Self {
        let none = Text::NO_KEY;
        Self {
            vocabulary: None,
            elements: 0,
            attributes: 0,
            of_attributes: none,
            of_text: none,
            of_data: none,
        }
    }
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

    /// The place that an offset means: `here`, where it is read, or the first, if what is there fits; else the first.
    pub(super) fn place(self, offset: u32, here: usize, fits: impl Fn(usize) -> bool) -> Option<usize> {
        if let [base] = self.bases {
            return usize::try_from(base + i64::from(offset)).ok();
        }
        // What stands right behind its first use is no chance, as another thing of the kind elsewhere may be.
        let is_here = self.places(offset).any(|place| place == here) && fits(here);
        let found = Some(here).filter(|_| is_here).or_else(|| self.places(offset).find(|place| fits(*place)));
        found.or_else(|| self.places(offset).next())
    }

    /// The text of a name and whether it has its hash; a name is a link, a hash, a length and the text.
    pub(super) fn name(self, at: usize) -> Option<(&'c [u8], bool)> {
        let text = self.bytes.get(at + 8..at + 8 + 2 * usize::from(self.u16(at + 6)?))?;
        let hash = text.as_chunks::<2>().0.iter().fold(0_u32, |hash, unit| {
            hash.wrapping_mul(65_599).wrapping_add(u16::from_le_bytes(*unit).into())
        });
        // Zeros would be a name without a letter, with its hash.
        Some((text, !text.is_empty() && self.u16(at + 4)? == (hash & 0xffff) as u16))
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
        self.forget_keys();
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
    pub(super) fn instance(
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
        // The identifier is the first part of the GUID.
        let definition = chunk.place(offset, *at, |at| {
            chunk.u32(at + 4) == Some(identifier) && chunk.u32(at + DEFINITION_BYTES) == Some(FRAGMENT_HEADER)
        });
        let definition = definition.ok_or("its template is not there")?;
        if definition == *at {
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
        let roots = self.template(chunk, definition, nesting)?;
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
    fn template(&mut self, chunk: Chunk<'_>, at: usize, nesting: usize) -> Result<Span, Broken> {
        match self.templates.binary_search_by_key(&at, |template| template.at) {
            Ok(found) => self.templates[found].roots,
            Err(to) => {
                let roots = self.definition(chunk, at, nesting);
                self.templates.insert(to, Template { at, roots });
                roots
            }
        }
    }

    fn definition(&mut self, chunk: Chunk<'_>, at: usize, nesting: usize) -> Result<Span, Broken> {
        let length = chunk.u32(at + DEFINITION_BYTES - 4).ok_or("its template is not there")?;
        let start = at + DEFINITION_BYTES;
        let roots = self.stream(chunk, start, start.saturating_add(length as usize), true, nesting)?;
        match roots.of(&self.nodes) {
            [Node::Element(_)] => Ok(roots),
            _ => Err("its template is not one element"),
        }
    }

    /// Reads a stream of tokens; gives its top-level nodes.
    pub(super) fn stream(
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
        let result = Stream::new(self, chunk, start..end, is_template, nesting).tokens();
        let roots = match result {
            Ok(()) => self.settle(first),
            Err(broken) => Err(broken),
        };
        self.pending.truncate(first);
        roots
    }

    /// Moves pending nodes to where they stay.
    pub(super) fn settle(&mut self, first: usize) -> Result<Span, Broken> {
        let start = place(self.nodes.len())?;
        self.nodes.extend(self.pending.drain(first..));
        Ok(Span { start, end: place(self.nodes.len())? })
    }

    /// Makes keys of the names of what was read since; of all, if the buffer forgot its own.
    pub(super) fn make_keys(&mut self, buf: &mut EventBuf) {
        if self.keys.vocabulary != Some(buf.vocabulary()) {
            self.keys = Keys {
                of_attributes: buf.name("#attributes"),
                of_text: buf.name("#text"),
                of_data: buf.name("Data"),
                vocabulary: Some(buf.vocabulary()),
                ..Keys::default()
            };
        }
        let name = |span: Span| self.names.get(span.start as usize..span.end as usize).unwrap_or("");
        for element in self.elements.iter_mut().skip(self.keys.elements) {
            element.key = buf.name(name(element.name));
            element.data_key = buf.name(name(element.data_name));
        }
        for attribute in self.attributes.iter_mut().skip(self.keys.attributes) {
            attribute.key = buf.name(name(attribute.name));
        }
        (self.keys.elements, self.keys.attributes) = (self.elements.len(), self.attributes.len());
    }

    fn forget_keys(&mut self) {
        self.keys.elements = self.keys.elements.min(self.elements.len());
        self.keys.attributes = self.keys.attributes.min(self.attributes.len());
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
            self.forget_keys();
        }
    }

    pub(super) fn templates(&self) -> usize {
        self.templates.len()
    }

    /// Copies a text to the names.
    pub(super) fn text(&mut self, units: &[u8]) -> Result<Span, Broken> {
        let start = place(self.names.len())?;
        utf16(units, &mut |text| self.names.push_str(text));
        Ok(Span { start, end: place(self.names.len())? })
    }

    pub(super) fn name(&self, span: Span) -> &str {
        self.names.get(span.start as usize..span.end as usize).unwrap_or("")
    }

    /// The form of an element that ends.
    pub(super) fn form(&mut self, attributes: Span, nodes: Span, is_container: bool) -> Form {
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

/// A value, whose bytes must be enough for its type. One without bytes is none.
pub(super) fn value(kind: u8, start: usize, length: usize) -> Result<Value, Broken> {
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

pub(super) fn place(at: usize) -> Result<u32, Broken> {
    u32::try_from(at).map_err(|_| "it is too large")
}
