//! Which comparisons follow from others: `*\cmd.exe` from `*\system32\cmd.exe`.
//!
//! SigmaHQ's rules make some 20,000 different comparisons, 6,000 of them of one field: comparing all pairs would cost
//! seconds. A pattern that takes another in holds none but its literals, so that its longest literal stands in the other's
//! text. Three bytes of that literal lead from the places of a text to the few patterns that could take it in: those three
//! that the fewest patterns have. With the first three it took 11 s, because paths begin alike.

use std::collections::HashMap;

use sigyn_ir::{Part, SigmaString, Value};

use super::form::{Atom, Atoms};
use crate::logic::covers;

/// Bytes of a literal by which patterns are looked up.
const GRAM: usize = 3;
type Gram = [u8; GRAM];

/// For each comparison those that hold wherever it holds, itself among them, in order.
#[derive(Debug)]
pub(super) struct Cover(Vec<Vec<u32>>);

/// The patterns of one field.
#[derive(Default)]
struct Patterns {
    by_gram: HashMap<Gram, Vec<u32>>,
    /// Those whose literals are shorter, and networks.
    short: Vec<u32>,
}

impl Cover {
    pub(super) fn of(atoms: &Atoms) -> Self {
        let shapes: Vec<Option<Vec<String>>> = atoms.all.iter().map(|atom| literals(&atom.value)).collect();
        let longest = |at: usize| shapes[at].iter().flatten().max_by_key(|literal| literal.len());
        let mut fields: HashMap<Option<&str>, Patterns> = HashMap::new();
        let mut counts: HashMap<(Option<&str>, Gram), usize> = HashMap::new();
        for (at, atom) in atoms.all.iter().enumerate() {
            let field = atom.field.as_deref();
            longest(at)
                .into_iter()
                .flat_map(|literal| grams(literal))
                .for_each(|gram| *counts.entry((field, gram)).or_default() += 1);
        }
        for (number, (at, atom)) in (0..).zip(atoms.all.iter().enumerate()) {
            let field = atom.field.as_deref();
            if shapes[at].is_none() {
                continue;
            }
            let all = longest(at).into_iter().flat_map(|literal| grams(literal));
            let patterns = fields.entry(field).or_default();
            match all.min_by_key(|gram| counts.get(&(field, *gram)).copied()) {
                Some(gram) => patterns.by_gram.entry(gram).or_default().push(number),
                None => patterns.short.push(number),
            }
        }
        let above = (0..).zip(&atoms.all).map(|(number, atom): (u32, &Atom)| {
            let own = shapes.get(number as usize).and_then(Option::as_ref);
            let (Some(patterns), Some(own)) = (fields.get(&atom.field.as_deref()), own) else {
                return vec![number];
            };
            let mut above = patterns.near(own);
            above.retain(|wide| {
                let wide = *wide as usize;
                let is_within = longest(wide).is_none_or(|part| own.iter().any(|text| text.contains(part)));
                is_within && covers(&atoms.all[wide].value, &atom.value)
            });
            above.push(number);
            above.sort_unstable();
            above.dedup();
            above
        });
        Self(above.collect())
    }

    /// What holds wherever a comparison holds.
    pub(super) fn above(&self, atom: u32) -> &[u32] {
        self.0.get(atom as usize).map_or(&[], Vec::as_slice)
    }

    /// Whether `general` holds wherever `special` holds.
    pub(super) fn is_above(&self, special: u32, general: u32) -> bool {
        self.above(special).binary_search(&general).is_ok()
    }
}

impl Patterns {
    /// Those that could take in what has these literals.
    fn near(&self, literals: &[String]) -> Vec<u32> {
        let of_grams = literals.iter().flat_map(|literal| grams(literal));
        let mut near: Vec<u32> =
            of_grams.filter_map(|gram| self.by_gram.get(&gram)).flatten().copied().collect();
        near.extend(&self.short);
        near.sort_unstable();
        near.dedup();
        near
    }
}

/// All runs of so many bytes.
fn grams(text: &str) -> impl Iterator<Item = Gram> {
    text.as_bytes().windows(GRAM).filter_map(|window| window.first_chunk().copied())
}

/// The literal parts of a value that can take others in, in lower case; none for values that only take in themselves.
fn literals(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Str(text) | Value::Cased(text) => Some(parts(text)),
        Value::Cidr(_) => Some(Vec::new()),
        _ => None,
    }
}

fn parts(text: &SigmaString) -> Vec<String> {
    let literal = |part: &Part| match part {
        Part::Text(text) => Some(text.chars().flat_map(char::to_lowercase).collect()),
        _ => None,
    };
    text.parts().iter().filter_map(literal).collect()
}
