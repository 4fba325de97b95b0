//! Detections: what a search identifier stands for, and the condition that joins them.

use std::sync::Arc;

use sigyn_diagnostics::Span;

use crate::{Modifier, Value};

/// A search identifier's place in its rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DetectionId(pub u32);

/// How things stand together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Linking {
    /// All must hold.
    And,
    /// One must hold.
    Or,
}

/// A named or nested group of detection items.
#[derive(Clone, Debug, PartialEq)]
pub struct Detection {
    /// Items and nested groups, in the order of the document.
    pub entries: Vec<DetectionEntry>,
    /// How they stand together.
    pub linking: Linking,
    /// Where it stands.
    pub span: Span,
}

/// A member of a [`Detection`].
#[derive(Clone, Debug, PartialEq)]
pub enum DetectionEntry {
    /// A field or keywords with their values.
    Item(DetectionItem),
    /// A nested group.
    Group(Detection),
}

/// `field|modifiers: values`, or keywords without a field.
#[derive(Clone, Debug, PartialEq)]
pub struct DetectionItem {
    /// The field; none for keywords.
    pub field: Option<String>,
    /// The modifiers as written, all of them already applied to `values`.
    pub modifiers: Vec<Modifier>,
    /// The values. Empty stands for null.
    pub values: Vec<Value>,
    /// How the values stand together.
    pub linking: Linking,
    /// Whether the whole item is negated (`neq`).
    pub is_negated: bool,
    /// Labels that pipeline items left here; a later item may ask for them.
    pub marks: Vec<Arc<str>>,
    /// Where the key and its values stand.
    pub span: Span,
}

impl DetectionItem {
    /// An item that a pipeline makes: its values are final.
    pub fn new(field: Option<String>, values: Vec<Value>, span: Span) -> Self {
        Self {
            field,
            modifiers: Vec::new(),
            values,
            linking: Linking::Or,
            is_negated: false,
            marks: Vec::new(),
            span,
        }
    }

    /// Leaves a label, once.
    pub fn mark(&mut self, label: &Arc<str>) {
        if !self.marks.contains(label) {
            self.marks.push(label.clone());
        }
    }

    /// Whether a pipeline item left this label.
    pub fn is_marked(&self, label: &str) -> bool {
        self.marks.iter().any(|mark| mark.as_ref() == label)
    }
}

impl Detection {
    /// A group of entries.
    pub fn new(entries: Vec<DetectionEntry>, linking: Linking, span: Span) -> Self {
        Self { entries, linking, span }
    }

    /// Calls `visit` for each item, nested ones included, in order.
    pub fn for_each_item<'a>(&'a self, visit: &mut impl FnMut(&'a DetectionItem)) {
        for entry in &self.entries {
            match entry {
                DetectionEntry::Item(item) => visit(item),
                DetectionEntry::Group(group) => group.for_each_item(visit),
            }
        }
    }

    /// Leaves a label on each item, nested ones included.
    pub fn mark(&mut self, label: &Arc<str>) {
        for entry in &mut self.entries {
            match entry {
                DetectionEntry::Item(item) => item.mark(label),
                DetectionEntry::Group(group) => group.mark(label),
            }
        }
    }
}

/// One condition of a rule, selectors expanded.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// As written.
    pub text: String,
    /// What it says.
    pub expr: ConditionExpr,
    /// Labels that pipeline items left here.
    pub marks: Vec<Arc<str>>,
    /// Identifiers that `1 of` selected alone. They stand for themselves in `expr`, but the reference goes on to
    /// count them as alternatives.
    pub lone: Vec<DetectionId>,
    /// Where it stands.
    pub span: Span,
}

/// A condition's tree.
#[derive(Clone, Debug, PartialEq)]
pub enum ConditionExpr {
    /// One must hold.
    Or(Vec<ConditionExpr>),
    /// All must hold.
    And(Vec<ConditionExpr>),
    /// It must not hold.
    Not(Box<ConditionExpr>),
    /// At least `count` must hold (`2 of sel*`).
    AtLeast {
        /// How many.
        count: u32,
        /// Of what.
        of: Vec<ConditionExpr>,
    },
    /// A search identifier.
    Detection(DetectionId),
    /// False: `1 of` over no identifier, under `not`.
    False,
    /// A selector that selects nothing, as the reference reads it: it is as if it were not there.
    Nothing,
}
