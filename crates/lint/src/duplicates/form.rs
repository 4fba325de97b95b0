//! One form of a rule's logic: negation at the comparisons, operators flat, operands sorted and each once.

use std::collections::{BTreeSet, HashMap};

use sigyn_ir::{Expr, Rule, Value};

use super::Leaf;
use super::cover::Cover;

/// Logic without order.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Form {
    /// A comparison by its number, and whether it is negated.
    Leaf(u32, bool),
    And(Vec<Form>),
    Or(Vec<Form>),
    /// At least so many of two or more; `true`: not so.
    AtLeast(u32, Vec<Form>, bool),
    Always,
    Never,
}

/// A field, or none for a keyword, with what it is compared with.
#[derive(Debug)]
pub(super) struct Atom {
    pub(super) field: Option<String>,
    pub(super) value: Value,
}

/// The comparisons of all rules, each once: numbers are places.
#[derive(Debug, Default)]
pub(super) struct Atoms {
    pub(super) all: Vec<Atom>,
    numbers: HashMap<(Option<String>, String), u32>,
}

impl Atoms {
    /// A rule's form: one of its conditions must hold.
    pub(super) fn form(&mut self, rule: &Rule) -> Form {
        let conditions = rule.conditions.iter().map(|condition| self.of(&rule.expression(condition), false));
        let conditions = conditions.collect();
        joined(conditions, true)
    }

    fn of(&mut self, expr: &Expr<'_>, is_negated: bool) -> Form {
        match expr {
            Expr::And(args) | Expr::Or(args) => {
                let is_or = matches!(expr, Expr::Or(_)) != is_negated;
                let args = args.iter().map(|arg| self.of(arg, is_negated)).collect();
                joined(args, is_or)
            }
            Expr::Not(arg) => self.of(arg, !is_negated),
            Expr::AtLeast { count, of } => {
                let mut of: Vec<Form> = of.iter().map(|arg| self.of(arg, false)).collect();
                of.sort_unstable();
                Form::AtLeast(*count, of, is_negated)
            }
            Expr::Field { field, value, .. } => self.leaf(Some(field), value, is_negated),
            Expr::Keyword { value, .. } => self.leaf(None, value, is_negated),
            Expr::False if is_negated => Form::Always,
            Expr::False => Form::Never,
            // What a selector of nothing means is for the reading to say; it stands for nothing in both.
            Expr::Nothing => Form::Always,
        }
    }

    fn leaf(&mut self, field: Option<&str>, value: &Value, is_negated: bool) -> Form {
        if let Value::Expansion { values, .. } = value {
            let values = values.iter().map(|value| self.leaf(field, value, is_negated)).collect();
            return joined(values, !is_negated);
        }
        let key = (field.map(str::to_owned), key(value));
        let next = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        let all = &mut self.all;
        let number = *self.numbers.entry(key).or_insert_with(|| {
            all.push(Atom { field: field.map(str::to_owned), value: value.clone() });
            next
        });
        Form::Leaf(number, is_negated)
    }

    /// A comparison for people.
    pub(super) fn text(&self, atom: u32) -> String {
        let Some(Atom { field, value }) = self.all.get(atom as usize) else { return String::new() };
        let value = match value {
            Value::Str(text) => text.to_plain(),
            Value::Cased(text) => format!("{} (cased)", text.to_plain()),
            Value::Number(number) => number.to_string(),
            Value::Bool(value) => value.to_string(),
            Value::Null => "null".to_owned(),
            Value::Regex(regex) => format!("/{}/{}", regex.pattern.to_raw(), regex.flags.letters()),
            Value::Cidr(cidr) => cidr.network.to_string(),
            Value::FieldRef(other) => format!("the field {}", other.field),
            Value::Exists(true) => "(there)".to_owned(),
            Value::Exists(false) => "(not there)".to_owned(),
            other => format!("{other:?}"),
        };
        match field {
            Some(field) => format!("{field}: {value}"),
            None => format!("keyword {value}"),
        }
    }
}

/// Two values with one key match the same.
fn key(value: &Value) -> String {
    match value {
        Value::Str(text) => format!("s{}", text.to_plain().to_lowercase()),
        Value::Cidr(cidr) => format!("n{}", cidr.network),
        other => format!("{other:?}"),
    }
}

/// Operands under one operator, flat, sorted, each once.
fn joined(args: Vec<Form>, is_or: bool) -> Form {
    let mut flat = BTreeSet::new();
    for arg in args {
        match (arg, is_or) {
            (Form::Or(inner), true) | (Form::And(inner), false) => flat.extend(inner),
            (Form::Always, true) => return Form::Always,
            (Form::Never, false) => return Form::Never,
            (Form::Always, false) | (Form::Never, true) => {}
            (arg, _) => {
                flat.insert(arg);
            }
        }
    }
    let mut flat: Vec<Form> = flat.into_iter().collect();
    match (flat.len(), is_or) {
        (0, true) => Form::Never,
        (0, false) => Form::Always,
        (1, _) => flat.remove(0),
        (_, true) => Form::Or(flat),
        (_, false) => Form::And(flat),
    }
}

impl Form {
    /// Everything that is compared.
    pub(super) fn leaves(&self, out: &mut BTreeSet<Leaf>) {
        match self {
            Form::Leaf(atom, is_negated) => {
                out.insert((*atom, *is_negated));
            }
            Form::And(args) | Form::Or(args) | Form::AtLeast(_, args, _) => {
                args.iter().for_each(|arg| arg.leaves(out));
            }
            Form::Always | Form::Never => {}
        }
    }

    /// Comparisons of which one must hold wherever the form holds: the set that is used least. None if no such set is
    /// to be seen, as under a negation.
    pub(super) fn witness(&self, uses: &HashMap<u32, usize>) -> Option<Vec<u32>> {
        match self {
            Form::Leaf(atom, false) => Some(vec![*atom]),
            Form::Or(args) | Form::AtLeast(1.., args, false) => {
                args.iter().try_fold(Vec::new(), |mut all, arg| {
                    all.extend(arg.witness(uses)?);
                    Some(all)
                })
            }
            Form::And(args) => {
                let cost = |set: &Vec<u32>| set.iter().filter_map(|atom| uses.get(atom)).sum::<usize>();
                args.iter().filter_map(|arg| arg.witness(uses)).min_by_key(cost)
            }
            _ => None,
        }
    }

    /// Whether whatever this holds for, `general` holds for too.
    pub(super) fn follows_to(&self, general: &Form, cover: &Cover) -> bool {
        match (self, general) {
            (Form::Never, _) | (_, Form::Always) => true,
            (Form::Leaf(special, false), Form::Leaf(general, false)) => cover.is_above(*special, *general),
            (Form::Leaf(special, true), Form::Leaf(general, true)) => cover.is_above(*general, *special),
            (Form::Or(args), _) => args.iter().all(|arg| arg.follows_to(general, cover)),
            (_, Form::And(args)) => args.iter().all(|arg| self.follows_to(arg, cover)),
            (Form::And(args), Form::Or(wide)) => {
                args.iter().any(|arg| arg.follows_to(general, cover))
                    || wide.iter().any(|wide| self.follows_to(wide, cover))
            }
            (Form::And(args), _) => args.iter().any(|arg| arg.follows_to(general, cover)),
            (_, Form::Or(wide)) => wide.iter().any(|wide| self.follows_to(wide, cover)),
            _ => self == general,
        }
    }
}
