//! Trees with their values onto the tape, in the shape that the usual converters give as JSON: attributes under
//! `#attributes`, text beside them under `#text`, the `Data` of `EventData` by their names, numbers as numbers.
//!
//! Two ways lead there. Most elements hold one value or only elements with names of their own, which is known
//! from the template; they are written straight away. The others (arrays that repeat elements, names that stand
//! twice, fragments, mixed text) are laid out first.

use std::collections::HashMap;

use sigyn_event::{EventBuf, Text};

use super::binxml::{Broken, Element, Form, Frame, Node, Trees};
use super::content::Layout;
use super::value::{Value, kind};

/// Elements in elements, over all fragments.
const DEPTH_MAX: usize = 100;
/// Elements that one record may repeat an element to.
const COPIES_MAX: usize = 1 << 16;
/// Bytes of text that one record may unfold to.
pub(super) const TEXT_BYTES_MAX: usize = 16 * 1024 * 1024;

const DEEP: Broken = "its elements are nested too deeply";
pub(super) const LARGE: Broken = "it unfolds to too much";

/// Writes one record.
pub(super) struct Emit<'a> {
    pub(super) chunk: &'a [u8],
    pub(super) trees: &'a Trees,
    pub(super) buf: &'a mut EventBuf,
    /// Elements that may still be written.
    pub(super) budget: &'a mut usize,
}

/// An element with its values: those of a frame, and items of arrays in place of some.
#[derive(Clone, Debug)]
struct Kid {
    element: u32,
    frame: u32,
    items: Vec<(u16, Value)>,
}

/// Where an element's slots take their values from.
#[derive(Clone, Copy)]
pub(super) struct Scope<'s> {
    pub(super) frame: u32,
    pub(super) items: &'s [(u16, Value)],
}

impl Emit<'_> {
    /// Writes the record with that frame as the root map.
    pub(super) fn record(&mut self, frame: u32) -> Result<(), Broken> {
        let mut kids = Vec::new();
        let root = self.frame(frame)?.roots.of(&self.trees.nodes).first().copied();
        let (element, frame) = match root {
            Some(Node::Element(element)) => (element, frame),
            Some(Node::Frame(inner)) => {
                self.unfold(inner, 0, &mut kids)?;
                kids.first().map(|kid| (kid.element, kid.frame)).ok_or("it has no element")?
            }
            _ => return Err("it has no element"),
        };
        self.buf.begin_map(None);
        let root = self.element(element)?;
        self.value(root, Scope { frame, items: &[] }, Some(root.key), Place::Member, 0)?;
        self.buf.end();
        Ok(())
    }

    fn element(&mut self, at: u32) -> Result<Element, Broken> {
        *self.budget = self.budget.checked_sub(1).ok_or(LARGE)?;
        if self.buf.begin_text() > TEXT_BYTES_MAX || self.buf.is_full() {
            return Err(LARGE);
        }
        self.trees.elements.get(at as usize).copied().ok_or("it has no element")
    }

    pub(super) fn frame(&self, at: u32) -> Result<Frame, Broken> {
        self.trees.frames.get(at as usize).copied().ok_or("it has no element")
    }

    /// The value of a slot; none if the instance has fewer.
    #[inline]
    pub(super) fn slot(&self, scope: Scope<'_>, id: u16) -> Option<Value> {
        if let Some((_, item)) = scope.items.iter().find(|(slot, _)| *slot == id) {
            return Some(*item);
        }
        let frame = self.trees.frames.get(scope.frame as usize)?;
        frame.values.of(&self.trees.values).get(usize::from(id)).copied()
    }

    /// Whether an element is left out because the value that it depends on is null.
    #[inline]
    pub(super) fn is_left_out(&self, element: &Element, frame: u32) -> bool {
        element.dependency.is_some_and(|id| {
            let scope = Scope { frame, items: &[] };
            self.slot(scope, id).is_some_and(|value| value.kind == kind::NULL)
        })
    }

    /// Writes an element's value under a key, or into the open list.
    fn value(
        &mut self,
        element: Element,
        scope: Scope<'_>,
        key: Option<Text>,
        place: Place,
        depth: usize,
    ) -> Result<(), Broken> {
        if depth > DEPTH_MAX {
            return Err(DEEP);
        }
        if let Form::Slot(id) = element.form {
            let value = self.slot(scope, id);
            if value.is_none_or(|value| value.is_empty(self.chunk)) {
                self.nothing(key, place);
                return Ok(());
            }
            if let Some(value) = value.filter(|value| !value.is_array() && value.kind != kind::FRAME) {
                value.push(self.chunk, key, self.buf);
                return Ok(());
            }
        }
        let has_attributes =
            place == Place::Member && !element.attributes.is_empty() && self.has_attributes(&element, scope);
        let layout = match element.form {
            Form::Fields => Layout { has_text: false, has_elements: self.has_fields(&element, scope.frame) },
            _ => self.layout(element.nodes, scope)?,
        };
        if layout.has_elements || has_attributes {
            self.buf.begin_map(key);
            if has_attributes {
                self.attributes(&element, scope)?;
            }
            if layout.has_text {
                let key = self.trees.keys.of_text;
                self.content(element.nodes, scope, Some(key), true)?;
            }
            if layout.has_elements {
                self.members(&element, scope, element.is_container && place == Place::Member, depth)?;
            }
            self.buf.end();
        } else if layout.has_text {
            self.content(element.nodes, scope, key, false)?;
        } else {
            self.nothing(key, place);
        }
        Ok(())
    }

    /// An element without anything: an empty text as `Data`, else null.
    fn nothing(&mut self, key: Option<Text>, place: Place) {
        if place == Place::Data {
            self.buf.push_str(key, "");
        } else {
            self.buf.push_null(key);
        }
    }

    fn has_fields(&self, element: &Element, frame: u32) -> bool {
        element.nodes.of(&self.trees.nodes).iter().any(|node| match node {
            Node::Element(at) => {
                self.trees.elements.get(*at as usize).is_some_and(|child| !self.is_left_out(child, frame))
            }
            _ => false,
        })
    }

    /// The members of an element that are elements.
    fn members(
        &mut self,
        element: &Element,
        scope: Scope<'_>,
        is_container: bool,
        depth: usize,
    ) -> Result<(), Broken> {
        let trees = self.trees;
        // The form says that `Data` are fields, which they are in containers only.
        if element.form != Form::Fields
            || element.is_container != is_container
            || self.frame(scope.frame)?.has_arrays
        {
            return self.kids(element, scope, is_container, depth);
        }
        let inner = Scope { frame: scope.frame, items: &[] };
        for node in element.nodes.of(&trees.nodes) {
            let Node::Element(at) = node else { continue };
            let child = self.element(*at)?;
            if self.is_left_out(&child, scope.frame) {
                continue;
            }
            let is_field = is_container && child.is_data;
            let (key, place) =
                if is_field { (child.data_key, Place::Data) } else { (child.key, Place::Member) };
            self.value(child, inner, Some(key), place, depth + 1)?;
        }
        Ok(())
    }

    /// The same with care: repeated elements, names that stand twice, elements of fragments.
    fn kids(
        &mut self,
        element: &Element,
        scope: Scope<'_>,
        is_container: bool,
        depth: usize,
    ) -> Result<(), Broken> {
        let mut kids = Vec::new();
        for node in element.nodes.of(&self.trees.nodes) {
            self.lay_out(*node, scope, &mut kids)?;
        }
        let mut names = Vec::new();
        for kid in &kids {
            let child = self.element(kid.element)?;
            let is_field = is_container && child.is_data;
            names.push(if is_field { Some(self.data_name(&child, kid)?) } else { None });
        }
        let is_named = names.iter().flatten().any(|name| !name.is_empty());
        let mut seen: HashMap<(bool, &str), u32> = HashMap::new();
        let mut at = 0;
        while at < kids.len() {
            let kid = &kids[at];
            let child = self.element(kid.element)?;
            let mut run = 1;
            match &names[at] {
                Some(name) if is_named => {
                    if !name.is_empty() {
                        run = names[at..].iter().take_while(|other| other.as_ref() == Some(name)).count();
                        let key = self.key(name, seen.entry((true, name)).or_default());
                        self.fields(&kids[at..at + run], key, depth)?;
                    }
                }
                // Without names the `Data` are one list, where the first of them stands.
                Some(_) => {
                    if seen.insert((true, ""), 1).is_none() {
                        let named = kids.iter().zip(&names).filter(|(_, name)| name.is_some());
                        let fields: Vec<Kid> = named.map(|(kid, _)| kid.clone()).collect();
                        let key = self.trees.keys.of_data;
                        self.buf.begin_map(Some(key));
                        let key = self.trees.keys.of_text;
                        self.fields(&fields, key, depth)?;
                        self.buf.end();
                    }
                }
                None => {
                    let name = self.trees.name(child.name);
                    let key = self.key(name, seen.entry((false, name)).or_default());
                    let scope = Scope { frame: kid.frame, items: &kid.items };
                    self.value(child, scope, Some(key), Place::Member, depth + 1)?;
                }
            }
            at += run;
        }
        Ok(())
    }

    /// A name, numbered from its second time on.
    fn key(&mut self, name: &str, seen: &mut u32) -> Text {
        let key = if *seen == 0 { self.buf.name(name) } else { self.buf.name(&format!("{name}_{seen}")) };
        *seen += 1;
        key
    }

    /// One field, or a list of the values of several `Data`.
    fn fields(&mut self, kids: &[Kid], key: Text, depth: usize) -> Result<(), Broken> {
        if kids.len() > 1 {
            self.buf.begin_list(Some(key));
        }
        for kid in kids {
            let child = self.element(kid.element)?;
            let scope = Scope { frame: kid.frame, items: &kid.items };
            self.value(child, scope, Some(key).filter(|_| kids.len() == 1), Place::Data, depth + 1)?;
        }
        if kids.len() > 1 {
            self.buf.end();
        }
        Ok(())
    }

    /// The `Name` of a `Data`; empty if it has none.
    fn data_name(&mut self, child: &Element, kid: &Kid) -> Result<String, Broken> {
        if !child.data_name.is_empty() {
            return Ok(self.trees.name(child.data_name).to_owned());
        }
        let trees = self.trees;
        let attributes = child.attributes.of(&trees.attributes);
        let Some(name) = attributes.iter().find(|one| trees.name(one.name) == "Name") else {
            return Ok(String::new());
        };
        // Written into a buffer of its own, because the event's holds no text that can be read back.
        let mut buf = EventBuf::new();
        let scope = Scope { frame: kid.frame, items: &kid.items };
        let mut emit = Emit { chunk: self.chunk, trees, buf: &mut buf, budget: &mut *self.budget };
        emit.buf.begin_map(None);
        let key = emit.buf.store("");
        emit.text(name.nodes, scope, Some(key))?;
        emit.buf.end();
        let event = buf.event(&trees.names);
        Ok(event.leaves().find_map(sigyn_event::Value::as_text).unwrap_or("").to_owned())
    }

    /// The elements that a node stands for.
    fn lay_out(&mut self, node: Node, scope: Scope<'_>, kids: &mut Vec<Kid>) -> Result<(), Broken> {
        match node {
            Node::Element(at) => {
                let element = self.element(at)?;
                if !self.is_left_out(&element, scope.frame) {
                    self.copies(at, &element, scope.frame, kids)?;
                }
            }
            Node::Frame(frame) => self.unfold(frame, 0, kids)?,
            Node::Slot { id, .. } => {
                if let Some(Value { kind: kind::FRAME, start, .. }) = self.slot(scope, id) {
                    self.unfold(start, 0, kids)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The top-level elements of a frame.
    fn unfold(&mut self, frame: u32, depth: usize, kids: &mut Vec<Kid>) -> Result<(), Broken> {
        if depth > DEPTH_MAX {
            return Err(DEEP);
        }
        for node in self.frame(frame)?.roots.of(&self.trees.nodes) {
            match node {
                Node::Element(element) => {
                    *self.budget = self.budget.checked_sub(1).ok_or(LARGE)?;
                    kids.push(Kid { element: *element, frame, items: Vec::new() });
                }
                Node::Frame(inner) => self.unfold(*inner, depth + 1, kids)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// An element, once for each item if one of its values is an array: [MS-EVEN6] 3.1.4.7.5.
    fn copies(&mut self, at: u32, element: &Element, frame: u32, kids: &mut Vec<Kid>) -> Result<(), Broken> {
        let trees = self.trees;
        let first = kids.len();
        kids.push(Kid { element: at, frame, items: Vec::new() });
        if !self.frame(frame)?.has_arrays {
            return Ok(());
        }
        let attributes = element.attributes.of(&trees.attributes);
        let attribute_nodes = attributes.iter().flat_map(|one| one.nodes.of(&trees.nodes));
        for node in element.nodes.of(&trees.nodes).iter().chain(attribute_nodes) {
            let Node::Slot { id, .. } = node else { continue };
            let scope = Scope { frame, items: &kids[first].items };
            let Some(array) = self.slot(scope, *id).filter(|value| value.is_array()) else { continue };
            let mut items = Vec::new();
            array.items(self.chunk, &mut |item| items.push(item));
            // An array of one is that one's text.
            if items.len() < 2 {
                continue;
            }
            let made = items.len().saturating_mul(kids.len() - first);
            *self.budget = self.budget.checked_sub(made).filter(|_| made <= COPIES_MAX).ok_or(LARGE)?;
            let before = kids.split_off(first);
            for kid in before {
                for item in &items {
                    let is_absent = item.is_string() && item.is_empty(self.chunk);
                    let item = if is_absent { Value { kind: kind::ABSENT, ..*item } } else { *item };
                    let mut kid = kid.clone();
                    kid.items.push((*id, item));
                    kids.push(kid);
                }
            }
        }
        Ok(())
    }
}

/// Where an element stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// As a member by its own name, with its attributes.
    Member,
    /// As a field of a container, by its `Name`, without attributes.
    Data,
}
