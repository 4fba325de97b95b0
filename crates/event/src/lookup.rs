//! Fields by name or path.

use crate::{Event, NodeId, Value};

/// A field's name, cut once: the whole name and, where it has dots, its steps.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FieldPath {
    name: Box<str>,
    /// Ends of the steps within the name; empty if it has no dot.
    dots: Box<[usize]>,
}

/// What a field name resolved to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolved {
    /// Nothing is there.
    Missing,
    /// Something is there, even if it is null or empty.
    Present,
}

impl FieldPath {
    /// Cuts a name.
    pub fn new(name: &str) -> Self {
        let dots = name.match_indices('.').map(|(at, _)| at).collect();
        Self { name: name.into(), dots }
    }

    /// The whole name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the name can be a path.
    pub fn has_steps(&self) -> bool {
        !self.dots.is_empty()
    }

    /// The first step; the whole name if it has no dot.
    pub fn first_step(&self) -> &str {
        self.step(0).0
    }

    /// The step that begins at a place, and the place where the rest begins.
    fn step(&self, from: usize) -> (&str, Option<usize>) {
        let end = self.dots.iter().copied().find(|dot| *dot >= from);
        let step = self.name.get(from..end.unwrap_or(self.name.len())).unwrap_or("");
        (step, end.map(|dot| dot + 1))
    }
}

impl<'e> Event<'e> {
    /// Calls `visit` for everything that a field name leads to: values as they stand, lists not flattened.
    ///
    /// The whole name as a key goes first: in the root, then among the other names, then in the mounted maps in
    /// their order. Only if none of them has it, the name is a path from the root, then from each mount; lists
    /// on the way are followed in every element. A key that stands twice has both values. Additional values of
    /// the name come behind. Source of the semantic: `reference/sigma.md` §3.3.
    pub fn visit(self, path: &FieldPath, visit: &mut impl FnMut(Value<'e>)) -> Resolved {
        self.visit_places(path, &mut |id| self.value(id).into_iter().for_each(&mut *visit))
    }

    /// As [`visit`](Self::visit), with the places of the values. They follow from the event's keys and nesting, not
    /// from its values: events with one [layout](Self::layout) have the same.
    pub fn visit_places(self, path: &FieldPath, visit: &mut impl FnMut(NodeId)) -> Resolved {
        let mut resolved = self.visit_key(path.name(), visit);
        if resolved == Resolved::Missing && path.has_steps() {
            resolved = self.visit_path(path, visit);
        }
        for member in self.additional().filter(|member| member.key == path.name()) {
            found(member.id, visit, &mut resolved);
        }
        resolved
    }

    fn visit_key(self, name: &str, visit: &mut impl FnMut(NodeId)) -> Resolved {
        let mut resolved = Resolved::Missing;
        let members = self.root().iter().filter(|member| member.key == name);
        members.for_each(|member| found(member.id, visit, &mut resolved));
        if resolved == Resolved::Missing {
            let aliases = self.aliases().filter(|member| member.key == name);
            aliases.for_each(|member| found(member.id, visit, &mut resolved));
        }
        if resolved == Resolved::Missing {
            let mut first = None;
            for (mount, member) in self.mounted().filter(|(_, member)| member.key == name) {
                if *first.get_or_insert(mount) == mount {
                    found(member.id, visit, &mut resolved);
                }
            }
        }
        resolved
    }

    /// The name as a path from the root, then from each mount.
    fn visit_path(self, path: &FieldPath, visit: &mut impl FnMut(NodeId)) -> Resolved {
        let mut resolved = Resolved::Missing;
        let starts = std::iter::once(NodeId::default()).chain(self.buf.mounts.iter().copied());
        for start in starts {
            if resolved == Resolved::Missing {
                self.walk(start, path, Some(0), &mut |id| found(id, visit, &mut resolved));
            }
        }
        resolved
    }

    /// Calls `visit` for everything that the steps behind the first lead to, from a value that the first step led
    /// to. For callers that index the keys of an event themselves.
    pub fn visit_below(self, first: NodeId, path: &FieldPath, visit: &mut impl FnMut(NodeId)) {
        let (_, rest) = path.step(0);
        self.walk(first, path, rest, visit);
    }

    fn walk(self, node: NodeId, path: &FieldPath, from: Option<usize>, visit: &mut dyn FnMut(NodeId)) {
        let Some(at) = from else { return visit(node) };
        match self.value(node) {
            Some(Value::Map(map)) => {
                let (step, rest) = path.step(at);
                for member in map.iter().filter(|member| member.key == step) {
                    self.walk(member.id, path, rest, visit);
                }
            }
            Some(Value::List(list)) => {
                list.members().for_each(|member| self.walk(member.id, path, from, visit))
            }
            _ => {}
        }
    }

    /// The first value of a field.
    pub fn first(self, path: &FieldPath) -> Option<Value<'e>> {
        let mut first = None;
        self.visit(path, &mut |value| {
            first.get_or_insert(value);
        });
        first
    }
}

fn found(id: NodeId, visit: &mut impl FnMut(NodeId), resolved: &mut Resolved) {
    *resolved = Resolved::Present;
    visit(id);
}
