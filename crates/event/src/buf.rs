//! The tape that readers fill.

use std::sync::Arc;

use crate::vocabulary::{LayoutId, NameId, Vocabulary, VocabularyId, hash_name};
use crate::{Event, Timestamp};

/// How many nodes one event may have. A reader that meets more gives the event up.
pub const fn nodes_max() -> usize {
    NODES_MAX
}

const NODES_MAX: usize = 1 << 20;

/// Lengths above this cannot be held: the bits above say where the text lies.
const LENGTH_MAX: u32 = NAME - 1;
const ARENA: u32 = 1 << 31;
const NAME: u32 = 1 << 30;

/// A piece of text: of the reader's input, of the buffer's own arena, or a name of its vocabulary.
///
/// From the lowest bit: offset in bytes, or the number of a name, in 32; length in bytes in 30; whether it is a name;
/// whether it lies in the arena. One number and not two, so that it is never written in halves and read as a whole,
/// which stalls the processor; that was a tenth of the price of reading JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text(u64);

impl Text {
    pub(crate) const EMPTY: Self = Self(0);
    /// The empty name: the key of what has none.
    pub const NO_KEY: Self = Self::name(0);

    #[inline]
    const fn new(start: u32, length: u32) -> Self {
        Self(start as u64 | (length as u64) << 32)
    }

    #[inline]
    const fn name(number: u32) -> Self {
        Self::new(number, NAME)
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the lower half")]
    fn start(self) -> u32 {
        self.0 as u32
    }

    /// The length and what stands beside it.
    #[inline]
    fn length(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// The name, if this is one.
    #[inline]
    pub fn name_id(self) -> Option<NameId> {
        self.as_name().map(NameId)
    }

    /// The number of the name, if this is one.
    #[inline]
    pub(crate) fn as_name(self) -> Option<u32> {
        (self.length() & NAME != 0).then_some(self.start())
    }
}

/// A value's place in its [`EventBuf`]; by default that of the root.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeId(pub(crate) u32);

#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Text(Text),
    List,
    Map,
}

impl Kind {
    /// What a layout says about the value.
    #[inline]
    fn mark(&self) -> u32 {
        match self {
            Kind::Null => 0,
            Kind::Bool(_) => 1,
            Kind::Int(_) | Kind::Uint(_) | Kind::Float(_) => 2,
            Kind::Text(_) => 3,
            Kind::List => 4,
            Kind::Map => 5,
        }
    }
}

/// In a layout: the innermost map or list ends.
const MARK_END: u32 = u32::MAX;
/// In a layout: what follows are additional values.
const MARK_ADDITIONAL: u32 = u32::MAX - 1;
const MARK_KIND_BITS: u32 = 3;

/// A value with its key. Children follow their parent; `next` is the place behind the last of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    pub(crate) key: Text,
    pub(crate) next: u32,
    pub(crate) kind: Kind,
}

/// One event, as a tape. Cleared and filled again for each event; memory is kept.
///
/// A reader writes one map, the root, between [`begin_map`](Self::begin_map) and [`end`](Self::end). Behind it
/// it may add values for fields ([`begin_additional`](Self::begin_additional)), other names for values
/// ([`alias`](Self::alias)) and maps whose members count as members of the root ([`mount`](Self::mount)).
/// Text is a range of the input, which is then handed to [`event`](Self::event), copied into the arena, or, for keys,
/// a [`name`](Self::name) that the buffer remembers between events.
#[derive(Clone, Debug, Default)]
pub struct EventBuf {
    pub(crate) nodes: Vec<Node>,
    pub(crate) arena: String,
    pub(crate) aliases: Vec<(Text, NodeId)>,
    pub(crate) mounts: Vec<NodeId>,
    open: Vec<u32>,
    time: Option<Timestamp>,
    origin: Option<&'static str>,
    vocabulary: Arc<Vocabulary>,
    /// What was pushed, as numbers: the event's layout.
    marks: Vec<u32>,
    /// Whether some key is no name: then the event has no layout.
    has_other_keys: bool,
    layout: Option<LayoutId>,
}

impl EventBuf {
    /// An empty buffer.
    pub fn new() -> Self {
        Self::default()
    }

    /// Forgets the event, keeps the memory and the names.
    #[inline]
    pub fn clear(&mut self) {
        if self.vocabulary.is_full {
            self.vocabulary = Arc::default();
        }
        self.marks.clear();
        self.has_other_keys = false;
        self.layout = None;
        self.nodes.clear();
        self.arena.clear();
        self.aliases.clear();
        self.mounts.clear();
        self.open.clear();
        self.time = None;
        self.origin = None;
    }

    /// The event, with the input that its texts are ranges of.
    pub fn event<'e>(&'e self, input: &'e str) -> Event<'e> {
        Event { buf: self, input }
    }

    /// Whether the event has more nodes than an event may have.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.nodes.len() > NODES_MAX
    }

    /// When it happened, if the reader knows.
    pub fn time(&self) -> Option<Timestamp> {
        self.time
    }

    /// Sets when it happened.
    pub fn set_time(&mut self, time: Option<Timestamp>) {
        self.time = time;
    }

    /// What kind of source the reader read, if that is known apart from the fields. A free name; whoever
    /// classifies events gives it meaning.
    pub fn origin(&self) -> Option<&'static str> {
        self.origin
    }

    /// Sets what kind of source the reader read.
    pub fn set_origin(&mut self, origin: Option<&'static str>) {
        self.origin = origin;
    }

    /// A range of the input, in bytes. One that is not text there, or too long, reads as empty.
    #[inline]
    pub fn input_text(&self, start: usize, length: usize) -> Text {
        match (u32::try_from(start), u32::try_from(length)) {
            (Ok(start), Ok(length)) if length <= LENGTH_MAX => Text::new(start, length),
            _ => Text::EMPTY,
        }
    }

    /// Which vocabulary names and layouts of this buffer's events belong to. It changes when the buffer has learned
    /// too much and forgets it ([`clear`](Self::clear)), and when a copy of the buffer learns something.
    #[inline]
    pub fn vocabulary(&self) -> VocabularyId {
        self.vocabulary.id
    }

    /// The text of a key, as a name that is remembered between events. If there is no room for it, it is copied into
    /// the arena. The name is good until the next [`clear`](Self::clear), and beyond it while
    /// [`vocabulary`](Self::vocabulary) stays the same.
    #[inline]
    pub fn name(&mut self, name: &str) -> Text {
        let hash = hash_name(name.as_bytes());
        match self.vocabulary.find(hash, name) {
            Some(number) => Text::name(number),
            None => self.add_name(hash, name),
        }
    }

    /// As [`name`](Self::name), for a key that stands in the input or the arena already: without room for a name it
    /// stays that text.
    #[inline]
    pub fn name_or(&mut self, name: &str, text: Text) -> Text {
        let hash = hash_name(name.as_bytes());
        let known = self.vocabulary.find(hash, name);
        let number = known.or_else(|| Arc::make_mut(&mut self.vocabulary).add(hash, name));
        number.map_or(text, Text::name)
    }

    #[cold]
    fn add_name(&mut self, hash: u64, name: &str) -> Text {
        match Arc::make_mut(&mut self.vocabulary).add(hash, name) {
            Some(number) => Text::name(number),
            None => self.store(name),
        }
    }

    /// To be called when all values are there: if an event with this layout was [learned](Self::learn), this one gets
    /// its other names and mounts, and its number. Returns whether it was.
    #[inline]
    pub fn recall(&mut self) -> bool {
        if self.has_other_keys || !self.aliases.is_empty() || !self.mounts.is_empty() {
            return false;
        }
        self.layout = self.vocabulary.layout(&self.marks);
        let Some(layout) = self.layout else { return false };
        let (aliases, mounts) = self.vocabulary.links(layout);
        self.aliases.extend_from_slice(aliases);
        self.mounts.extend_from_slice(mounts);
        true
    }

    /// Remembers the event's layout with its other names and mounts, which must follow from keys and kinds of values
    /// alone; nothing may be added to the event afterwards. Without effect if some key is no name or there is no
    /// room.
    pub fn learn(&mut self) {
        let is_named = self.aliases.iter().all(|(name, _)| name.as_name().is_some());
        if is_named && !self.has_other_keys && self.layout.is_none() {
            let vocabulary = Arc::make_mut(&mut self.vocabulary);
            self.layout = vocabulary.learn(&self.marks, &self.aliases, &self.mounts);
        }
    }

    /// The event's layout, if it was [recalled](Self::recall) or [learned](Self::learn).
    #[inline]
    pub fn layout(&self) -> Option<LayoutId> {
        self.layout
    }

    /// Copies a text into the arena.
    pub fn store(&mut self, text: &str) -> Text {
        let start = self.begin_text();
        self.arena.push_str(text);
        self.end_text(start)
    }

    /// Begins a text that is written piece by piece with [`write_str`](Self::write_str) and
    /// [`write_char`](Self::write_char); the result goes to [`end_text`](Self::end_text).
    pub fn begin_text(&self) -> usize {
        self.arena.len()
    }

    /// Adds to the text being written.
    pub fn write_str(&mut self, text: &str) {
        self.arena.push_str(text);
    }

    /// Adds to the text being written.
    pub fn write_char(&mut self, c: char) {
        self.arena.push(c);
    }

    /// Ends a text.
    pub fn end_text(&mut self, start: usize) -> Text {
        self.arena_text(start, self.arena.len().saturating_sub(start))
    }

    /// Takes the arena as bytes, for a reader that writes many small pieces into it. Until it is
    /// [given back](Self::put_arena), no text may be written in another way.
    pub fn take_arena(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.arena).into_bytes()
    }

    /// Gives the arena back; its bytes are checked once. False if they are no UTF-8: then it is empty.
    pub fn put_arena(&mut self, bytes: Vec<u8>) -> bool {
        match String::from_utf8(bytes) {
            Ok(text) => {
                self.arena = text;
                true
            }
            Err(_) => false,
        }
    }

    /// A range of the arena, in bytes. One that is not text there, or too long, reads as empty.
    #[inline]
    pub fn arena_text(&self, start: usize, length: usize) -> Text {
        match (u32::try_from(start), u32::try_from(length)) {
            (Ok(start), Ok(length)) if length <= LENGTH_MAX => Text::new(start, length | ARENA),
            _ => Text::EMPTY,
        }
    }

    /// Opens a map: the root, a member (with a key) or an element of a list.
    #[inline]
    pub fn begin_map(&mut self, key: Option<Text>) -> NodeId {
        self.begin(key, Kind::Map)
    }

    /// Opens a list.
    #[inline]
    pub fn begin_list(&mut self, key: Option<Text>) -> NodeId {
        self.begin(key, Kind::List)
    }

    /// Closes the innermost open map or list.
    #[inline]
    pub fn end(&mut self) {
        let next = self.place();
        self.marks.push(MARK_END);
        if let Some(node) = self.open.pop().and_then(|at| self.nodes.get_mut(at as usize)) {
            node.next = next;
        }
    }

    /// Adds a text.
    #[inline]
    pub fn push_text(&mut self, key: Option<Text>, text: Text) -> NodeId {
        self.push(key, Kind::Text(text))
    }

    /// Adds a text, copied into the arena.
    pub fn push_str(&mut self, key: Option<Text>, text: &str) -> NodeId {
        let text = self.store(text);
        self.push(key, Kind::Text(text))
    }

    /// Adds an integer.
    #[inline]
    pub fn push_int(&mut self, key: Option<Text>, value: i64) -> NodeId {
        self.push(key, Kind::Int(value))
    }

    /// Adds an integer that may lie above the signed range.
    #[inline]
    pub fn push_uint(&mut self, key: Option<Text>, value: u64) -> NodeId {
        match i64::try_from(value) {
            Ok(value) => self.push(key, Kind::Int(value)),
            Err(_) => self.push(key, Kind::Uint(value)),
        }
    }

    /// Adds a decimal. What is no number (NaN, infinite) becomes null.
    pub fn push_float(&mut self, key: Option<Text>, value: f64) -> NodeId {
        self.push(key, if value.is_finite() { Kind::Float(value) } else { Kind::Null })
    }

    /// Adds a boolean.
    #[inline]
    pub fn push_bool(&mut self, key: Option<Text>, value: bool) -> NodeId {
        self.push(key, Kind::Bool(value))
    }

    /// Adds a null.
    #[inline]
    pub fn push_null(&mut self, key: Option<Text>) -> NodeId {
        self.push(key, Kind::Null)
    }

    /// Behind the root: what is pushed next (with a key) is one more value of the root's field of that name,
    /// e.g. a decoded form of what the log holds. Closes whatever is open.
    pub fn begin_additional(&mut self) {
        while !self.open.is_empty() {
            self.end();
        }
        self.marks.push(MARK_ADDITIONAL);
        self.layout = None;
    }

    /// Another name in the root for a value that is there. A member of the root with that name goes before.
    pub fn alias(&mut self, name: Text, node: NodeId) {
        self.aliases.push((name, node));
        self.layout = None;
    }

    /// Makes the members of a map count as members of the root. Members of the root go before those of mounts,
    /// earlier mounts before later ones.
    pub fn mount(&mut self, map: NodeId) {
        self.mounts.push(map);
        self.layout = None;
    }

    #[inline]
    fn begin(&mut self, key: Option<Text>, kind: Kind) -> NodeId {
        let id = self.push(key, kind);
        self.open.push(id.0);
        id
    }

    #[inline]
    fn push(&mut self, key: Option<Text>, kind: Kind) -> NodeId {
        let at = self.place();
        let key = key.unwrap_or(Text::NO_KEY);
        match key.as_name() {
            Some(name) => self.marks.push(name << MARK_KIND_BITS | kind.mark()),
            None => self.has_other_keys = true,
        }
        self.nodes.push(Node { key, next: at.saturating_add(1), kind });
        NodeId(at)
    }

    #[inline]
    fn place(&self) -> u32 {
        u32::try_from(self.nodes.len()).unwrap_or(u32::MAX)
    }

    #[inline]
    pub(crate) fn bytes<'e>(&'e self, input: &'e str, text: Text) -> &'e [u8] {
        let (length, start) = (text.length() & LENGTH_MAX, text.start() as usize);
        let source = match text.length() & !LENGTH_MAX {
            0 => input,
            ARENA => self.arena.as_str(),
            _ => return self.vocabulary.text(text.start()).as_bytes(),
        };
        source.as_bytes().get(start..start + length as usize).unwrap_or_default()
    }

    #[inline]
    pub(crate) fn text<'e>(&'e self, input: &'e str, text: Text) -> &'e str {
        let (length, start) = (text.length() & LENGTH_MAX, text.start() as usize);
        let source = match text.length() & !LENGTH_MAX {
            0 => input,
            ARENA => self.arena.as_str(),
            _ => return self.vocabulary.text(text.start()),
        };
        source.get(start..start + length as usize).unwrap_or("")
    }
}
