//! A condition with its detections put in: what backends print and the engine compiles.

use std::borrow::Cow;

use sigyn_diagnostics::Span;

use crate::{
    Condition, ConditionExpr, Detection, DetectionEntry, DetectionItem, ExpansionKind, Linking, Rule, Value,
};

/// A boolean expression over field and keyword comparisons.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr<'r> {
    /// One must hold.
    Or(Vec<Expr<'r>>),
    /// All must hold.
    And(Vec<Expr<'r>>),
    /// It must not hold.
    Not(Box<Expr<'r>>),
    /// At least `count` must hold.
    AtLeast {
        /// How many.
        count: u32,
        /// Of what.
        of: Vec<Expr<'r>>,
    },
    /// A field compared with a value.
    Field {
        /// The field.
        field: Cow<'r, str>,
        /// The value.
        value: Cow<'r, Value>,
        /// Where the item stands.
        span: Span,
    },
    /// A value searched in the whole event.
    Keyword {
        /// The value.
        value: Cow<'r, Value>,
        /// Where the item stands.
        span: Span,
    },
    /// False.
    False,
    /// Nothing: an identifier that a pipeline emptied, or a selector that selects nothing (reference reading).
    Nothing,
}

impl Rule {
    /// The expression of one of the rule's conditions.
    pub fn expression<'r>(&'r self, condition: &'r Condition) -> Expr<'r> {
        self.lower(&condition.expr).folded()
    }

    fn lower<'r>(&'r self, expr: &'r ConditionExpr) -> Expr<'r> {
        match expr {
            ConditionExpr::Or(args) => Expr::Or(args.iter().map(|arg| self.lower(arg)).collect()),
            ConditionExpr::And(args) => Expr::And(args.iter().map(|arg| self.lower(arg)).collect()),
            ConditionExpr::Not(arg) => Expr::Not(Box::new(self.lower(arg))),
            ConditionExpr::AtLeast { count, of } => {
                Expr::AtLeast { count: *count, of: of.iter().map(|arg| self.lower(arg)).collect() }
            }
            ConditionExpr::Detection(id) => {
                self.detection(*id).map_or(Expr::Nothing, |(_, detection)| Expr::of_detection(detection))
            }
            ConditionExpr::False => Expr::False,
            ConditionExpr::Nothing => Expr::Nothing,
        }
    }
}

/// An operand after folding.
enum Folded<'r> {
    /// It always holds.
    True,
    Expr(Expr<'r>),
}

impl<'r> Expr<'r> {
    /// The same without what never holds below an operator: hardly a language can write it, and `a and not 1 of
    /// filter_*` without filters says no more than `a`. What is constant as a whole stays, for the target to refuse.
    fn folded(self) -> Self {
        match self.fold() {
            Folded::Expr(expr) => expr,
            Folded::True => Expr::Not(Box::new(Expr::False)),
        }
    }

    fn fold(self) -> Folded<'r> {
        match self {
            Expr::Or(args) => Self::fold_group(args, true),
            Expr::And(args) => Self::fold_group(args, false),
            Expr::Not(arg) => match arg.fold() {
                Folded::True => Folded::Expr(Expr::False),
                Folded::Expr(Expr::False) => Folded::True,
                Folded::Expr(arg) => Folded::Expr(Expr::Not(Box::new(arg))),
            },
            Expr::AtLeast { count, of } if count as usize > of.len() => Folded::Expr(Expr::False),
            expr => Folded::Expr(expr),
        }
    }

    /// `or` ends with what always holds and goes on without what never does; `and` the other way round.
    fn fold_group(args: Vec<Self>, is_or: bool) -> Folded<'r> {
        let (before, mut kept) = (args.len(), Vec::with_capacity(args.len()));
        for arg in args {
            match arg.fold() {
                Folded::True if is_or => return Folded::True,
                Folded::Expr(Expr::False) if !is_or => return Folded::Expr(Expr::False),
                Folded::True | Folded::Expr(Expr::False) => {}
                Folded::Expr(arg) => kept.push(arg),
            }
        }
        // A group that folding has not touched keeps its shape, even one of a single operand.
        match kept.len() {
            0 if before > 0 => {
                if is_or {
                    Folded::Expr(Expr::False)
                } else {
                    Folded::True
                }
            }
            1 if before > 1 => Folded::Expr(kept.remove(0)),
            _ if is_or => Folded::Expr(Expr::Or(kept)),
            _ => Folded::Expr(Expr::And(kept)),
        }
    }

    /// The same with numbers alone where a field is compared with a number and the text that the rule writes for it: for
    /// languages that compare numbers as numbers, and refuse or misread a text beside them.
    #[must_use]
    pub fn with_bare_numbers(self) -> Self {
        let all = |args: Vec<Self>| args.into_iter().map(Self::with_bare_numbers).collect();
        match self {
            Expr::Or(args) => Expr::Or(all(args)),
            Expr::And(args) => Expr::And(all(args)),
            Expr::Not(arg) => Expr::Not(Box::new(arg.with_bare_numbers())),
            Expr::AtLeast { count, of } => Expr::AtLeast { count, of: all(of) },
            Expr::Field { field, value, span } => match &*value {
                Value::Expansion { kind: ExpansionKind::Written, values } => match values.first() {
                    Some(number) => Expr::Field { field, value: Cow::Owned(number.clone()), span },
                    None => Expr::Field { field, value, span },
                },
                _ => Expr::Field { field, value, span },
            },
            other => other,
        }
    }

    /// A group: one entry stands for itself, none for nothing.
    pub fn of_detection(detection: &'r Detection) -> Self {
        let mut entries: Vec<_> = detection
            .entries
            .iter()
            .map(|entry| match entry {
                DetectionEntry::Item(item) => Expr::of_item(item),
                DetectionEntry::Group(group) => Expr::of_detection(group),
            })
            .collect();
        match entries.len() {
            0 => Expr::Nothing,
            1 => entries.remove(0),
            _ => Expr::linked(detection.linking, entries),
        }
    }

    /// An item: one value stands for itself, none for null.
    pub fn of_item(item: &'r DetectionItem) -> Self {
        let leaf = |value: Cow<'r, Value>| match &item.field {
            Some(field) => Expr::Field { field: Cow::Borrowed(field), value, span: item.span },
            None => Expr::Keyword { value, span: item.span },
        };
        let expr = match item.values.as_slice() {
            [] => leaf(Cow::Owned(Value::Null)),
            [value] => leaf(Cow::Borrowed(value)),
            values => {
                Expr::linked(item.linking, values.iter().map(|value| leaf(Cow::Borrowed(value))).collect())
            }
        };
        if item.is_negated { Expr::Not(Box::new(expr)) } else { expr }
    }

    fn linked(linking: Linking, args: Vec<Self>) -> Self {
        match linking {
            Linking::And => Expr::And(args),
            Linking::Or => Expr::Or(args),
        }
    }
}
