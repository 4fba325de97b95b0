//! The view that everything above reads.

use crate::Timestamp;
use crate::buf::{EventBuf, Kind, Node, NodeId};
use crate::vocabulary::{LayoutId, NameId, VocabularyId};

/// An event: a filled [`EventBuf`] with its input.
#[derive(Clone, Copy, Debug)]
pub struct Event<'e> {
    pub(crate) buf: &'e EventBuf,
    pub(crate) input: &'e str,
}

/// A value of an event.
#[derive(Clone, Copy, Debug)]
pub enum Value<'e> {
    /// There, but without a value.
    Null,
    /// True or false.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// An integer above the signed range.
    Uint(u64),
    /// A finite decimal.
    Float(f64),
    /// A text.
    Text(&'e str),
    /// A list.
    List(List<'e>),
    /// A map.
    Map(Map<'e>),
}

/// A list of an event.
#[derive(Clone, Copy, Debug)]
pub struct List<'e> {
    members: Members<'e>,
}

/// A map of an event. A key may stand twice: then it has both values.
#[derive(Clone, Copy, Debug)]
pub struct Map<'e> {
    members: Members<'e>,
}

/// A key of a map with its value.
#[derive(Clone, Copy, Debug)]
pub struct Member<'e> {
    /// The key; empty in lists.
    pub key: &'e str,
    /// The key's number in the event's [vocabulary](Event::vocabulary), if it has one.
    pub name: Option<NameId>,
    /// The value.
    pub value: Value<'e>,
    /// The value's place.
    pub id: NodeId,
}

/// A range of siblings on the tape.
#[derive(Clone, Copy, Debug)]
struct Members<'e> {
    event: Event<'e>,
    at: u32,
    end: u32,
}

impl<'e> Iterator for Members<'e> {
    type Item = Member<'e>;

    #[inline]
    fn next(&mut self) -> Option<Member<'e>> {
        if self.at >= self.end {
            return None;
        }
        let id = NodeId(self.at);
        let node = self.event.buf.nodes.get(self.at as usize)?;
        // A node that was never closed ends nowhere; going on by one keeps this finite.
        self.at = node.next.max(self.at + 1);
        let key = self.event.buf.text(self.event.input, node.key);
        Some(Member { key, name: node.key.as_name().map(NameId), value: self.event.value_of(id, node), id })
    }
}

impl<'e> List<'e> {
    /// The elements.
    pub fn iter(self) -> impl Iterator<Item = Value<'e>> {
        self.members.map(|member| member.value)
    }

    /// The elements with their places.
    pub fn members(self) -> impl Iterator<Item = Member<'e>> {
        self.members
    }
}

impl<'e> Map<'e> {
    /// The members, in order.
    #[inline]
    pub fn iter(self) -> impl Iterator<Item = Member<'e>> {
        self.members
    }
}

impl<'e> Event<'e> {
    /// The whole event; an empty map if nothing was written.
    #[inline]
    pub fn root(self) -> Map<'e> {
        let end = self.buf.nodes.first().map_or(0, |node| node.next);
        Map { members: Members { event: self, at: 1, end } }
    }

    /// The bytes of the text at a place of this event's tape, if there is a text. Cheaper than the text.
    #[inline]
    pub fn text_bytes(self, id: NodeId) -> Option<&'e [u8]> {
        match self.buf.nodes.get(id.0 as usize)?.kind {
            Kind::Text(text) => Some(self.buf.bytes(self.input, text)),
            _ => None,
        }
    }

    /// The value at a place of this event's tape.
    #[inline]
    pub fn value(self, id: NodeId) -> Option<Value<'e>> {
        self.buf.nodes.get(id.0 as usize).map(|node| self.value_of(id, node))
    }

    /// Which vocabulary [`Member::name`] and [`layout`](Self::layout) belong to. To be compared once for each event
    /// by whoever keeps anything under such numbers.
    #[inline]
    pub fn vocabulary(self) -> VocabularyId {
        self.buf.vocabulary()
    }

    /// The event's layout: see [`LayoutId`]. None if the reader met no event like it, or cannot say.
    #[inline]
    pub fn layout(self) -> Option<LayoutId> {
        self.buf.layout()
    }

    /// When it happened, if the reader knows.
    pub fn time(self) -> Option<Timestamp> {
        self.buf.time()
    }

    /// What kind of source it was read from, if the reader says so.
    pub fn origin(self) -> Option<&'static str> {
        self.buf.origin()
    }

    /// Values added behind the root: each is one more value of the field named by its key.
    pub fn additional(self) -> impl Iterator<Item = Member<'e>> {
        let at = self.buf.nodes.first().map_or(0, |node| node.next);
        let end = u32::try_from(self.buf.nodes.len()).unwrap_or(u32::MAX);
        Members { event: self, at, end }
    }

    /// Members of mounted maps with the number of their mount, in order.
    pub fn mounted(self) -> impl Iterator<Item = (usize, Member<'e>)> {
        self.buf.mounts.iter().enumerate().flat_map(move |(mount, id)| {
            let members = match self.value(*id) {
                Some(Value::Map(map)) => map.members,
                _ => Members { event: self, at: 0, end: 0 },
            };
            members.map(move |member| (mount, member))
        })
    }

    /// Other names for values, in order.
    pub fn aliases(self) -> impl Iterator<Item = Member<'e>> {
        self.buf.aliases.iter().filter_map(move |(name, id)| {
            let key = self.buf.text(self.input, *name);
            let name = name.as_name().map(NameId);
            self.value(*id).map(|value| Member { key, name, value, id: *id })
        })
    }

    /// Every value that is no list and no map, wherever it stands, additional ones included. Keys are not values.
    pub fn leaves(self) -> impl Iterator<Item = Value<'e>> {
        self.leaf_members().map(|member| member.value)
    }

    /// As [`leaves`](Self::leaves), with keys and places.
    #[inline]
    pub fn leaf_members(self) -> impl Iterator<Item = Member<'e>> {
        let nodes = self.buf.nodes.iter().zip(0..);
        nodes.filter(|(node, _)| !matches!(node.kind, Kind::List | Kind::Map)).map(move |(node, at)| {
            let (key, id) = (self.buf.text(self.input, node.key), NodeId(at));
            Member { key, name: node.key.as_name().map(NameId), value: self.value_of(id, node), id }
        })
    }

    #[inline(always)]
    fn value_of(self, id: NodeId, node: &Node) -> Value<'e> {
        let members = || Members { event: self, at: id.0 + 1, end: node.next };
        match node.kind {
            Kind::Null => Value::Null,
            Kind::Bool(value) => Value::Bool(value),
            Kind::Int(value) => Value::Int(value),
            Kind::Uint(value) => Value::Uint(value),
            Kind::Float(value) => Value::Float(value),
            Kind::Text(text) => Value::Text(self.buf.text(self.input, text)),
            Kind::List => Value::List(List { members: members() }),
            Kind::Map => Value::Map(Map { members: members() }),
        }
    }
}

impl<'e> Value<'e> {
    /// The text, if this is one.
    #[inline]
    pub fn as_text(self) -> Option<&'e str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Calls `visit` for each scalar in it that is not null; lists are flattened. Returns whether a map is among
    /// them: a map is a value, but no predicate on scalars holds for it.
    pub fn scalars(self, visit: &mut impl FnMut(Value<'e>)) -> bool {
        match self {
            Value::Null => false,
            Value::Map(_) => true,
            Value::List(list) => {
                let mut has_map = false;
                for value in list.iter() {
                    has_map |= value.scalars(visit);
                }
                has_map
            }
            scalar => {
                visit(scalar);
                false
            }
        }
    }
}
