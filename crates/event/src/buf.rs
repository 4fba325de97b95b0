//! The tape that readers fill.

use crate::{Event, Timestamp};

/// How many nodes one event may have. A reader that meets more gives the event up.
pub const fn nodes_max() -> usize {
    NODES_MAX
}

const NODES_MAX: usize = 1 << 20;

/// Lengths above this cannot be held: the bit above marks text of the arena.
const LENGTH_MAX: u32 = ARENA - 1;
const ARENA: u32 = 1 << 31;

/// A piece of text: of the reader's input or of the buffer's own arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text {
    start: u32,
    /// Length in bytes; the highest bit says that it lies in the arena.
    length: u32,
}

impl Text {
    pub(crate) const EMPTY: Self = Self { start: 0, length: 0 };
}

/// A value's place in its [`EventBuf`]; by default that of the root.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
/// Text is either a range of the input, which is then handed to [`event`](Self::event), or copied into the arena.
#[derive(Clone, Debug, Default)]
pub struct EventBuf {
    pub(crate) nodes: Vec<Node>,
    pub(crate) arena: String,
    pub(crate) aliases: Vec<(Text, NodeId)>,
    pub(crate) mounts: Vec<NodeId>,
    open: Vec<u32>,
    time: Option<Timestamp>,
    origin: Option<&'static str>,
}

impl EventBuf {
    /// An empty buffer.
    pub fn new() -> Self {
        Self::default()
    }

    /// Forgets the event, keeps the memory.
    pub fn clear(&mut self) {
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
    pub fn input_text(&self, start: usize, length: usize) -> Text {
        match (u32::try_from(start), u32::try_from(length)) {
            (Ok(start), Ok(length)) if length <= LENGTH_MAX => Text { start, length },
            _ => Text::EMPTY,
        }
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
        let length = self.arena.len().saturating_sub(start);
        match (u32::try_from(start), u32::try_from(length)) {
            (Ok(start), Ok(length)) if length <= LENGTH_MAX => Text { start, length: length | ARENA },
            _ => Text::EMPTY,
        }
    }

    /// Opens a map: the root, a member (with a key) or an element of a list.
    pub fn begin_map(&mut self, key: Option<Text>) -> NodeId {
        self.begin(key, Kind::Map)
    }

    /// Opens a list.
    pub fn begin_list(&mut self, key: Option<Text>) -> NodeId {
        self.begin(key, Kind::List)
    }

    /// Closes the innermost open map or list.
    pub fn end(&mut self) {
        let next = self.place();
        if let Some(node) = self.open.pop().and_then(|at| self.nodes.get_mut(at as usize)) {
            node.next = next;
        }
    }

    /// Adds a text.
    pub fn push_text(&mut self, key: Option<Text>, text: Text) -> NodeId {
        self.push(key, Kind::Text(text))
    }

    /// Adds a text, copied into the arena.
    pub fn push_str(&mut self, key: Option<Text>, text: &str) -> NodeId {
        let text = self.store(text);
        self.push(key, Kind::Text(text))
    }

    /// Adds an integer.
    pub fn push_int(&mut self, key: Option<Text>, value: i64) -> NodeId {
        self.push(key, Kind::Int(value))
    }

    /// Adds an integer that may lie above the signed range.
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
    pub fn push_bool(&mut self, key: Option<Text>, value: bool) -> NodeId {
        self.push(key, Kind::Bool(value))
    }

    /// Adds a null.
    pub fn push_null(&mut self, key: Option<Text>) -> NodeId {
        self.push(key, Kind::Null)
    }

    /// Behind the root: what is pushed next (with a key) is one more value of the root's field of that name,
    /// e.g. a decoded form of what the log holds. Closes whatever is open.
    pub fn begin_additional(&mut self) {
        while !self.open.is_empty() {
            self.end();
        }
    }

    /// Another name in the root for a value that is there. A member of the root with that name goes before.
    pub fn alias(&mut self, name: Text, node: NodeId) {
        self.aliases.push((name, node));
    }

    /// Makes the members of a map count as members of the root. Members of the root go before those of mounts,
    /// earlier mounts before later ones.
    pub fn mount(&mut self, map: NodeId) {
        self.mounts.push(map);
    }

    fn begin(&mut self, key: Option<Text>, kind: Kind) -> NodeId {
        let id = self.push(key, kind);
        self.open.push(id.0);
        id
    }

    fn push(&mut self, key: Option<Text>, kind: Kind) -> NodeId {
        let at = self.place();
        self.nodes.push(Node { key: key.unwrap_or(Text::EMPTY), next: at.saturating_add(1), kind });
        NodeId(at)
    }

    fn place(&self) -> u32 {
        u32::try_from(self.nodes.len()).unwrap_or(u32::MAX)
    }

    pub(crate) fn text<'e>(&'e self, input: &'e str, text: Text) -> &'e str {
        let (source, length) = if text.length & ARENA != 0 {
            (self.arena.as_str(), text.length & LENGTH_MAX)
        } else {
            (input, text.length)
        };
        let start = text.start as usize;
        source.get(start..start + length as usize).unwrap_or("")
    }
}
