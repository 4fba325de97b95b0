//! What the evaluator has found out before.
//!
//! Whether a comparison holds depends on nothing but the comparison and the text, and recorded events repeat their
//! texts: without this, millions of events could not be evaluated naively.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::marker::PhantomData;
use std::rc::Rc;

use regex::Regex;
use sigyn_ir::Value;

use super::NotEvaluable;
use super::text::fold;

/// Beyond this everything is forgotten, in bytes of texts and verdicts.
const BYTES_MAX: usize = 400 << 20;

/// Comparisons are known by the addresses of their values: rules are borrowed as long as the memory lives, so that
/// no other value can come to stand at the same place.
#[derive(Debug, Default)]
pub(super) struct Memory<'r> {
    numbers: RefCell<HashMap<usize, usize, BuildHasherDefault<OfAddress>>>,
    fields: RefCell<HashMap<String, OfField>>,
    regexes: RefCell<HashMap<String, Rc<Regex>>>,
    bytes: RefCell<usize>,
    rules: PhantomData<&'r Value>,
}

/// A hash of addresses: the standard one takes a third of all time.
#[derive(Default)]
struct OfAddress(u64);

impl Hasher for OfAddress {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_usize(usize::from(*byte)));
    }

    fn write_usize(&mut self, address: usize) {
        self.0 = (self.0 ^ address as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(26);
    }
}

#[derive(Debug, Default)]
struct OfField {
    comparisons: usize,
    texts: HashMap<Rc<str>, Rc<Seen>>,
}

/// A text that some event has of a field.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) text: Rc<str>,
    /// Of the text; two texts do not share all of its 128 bits.
    pub(super) hash: [u64; 2],
    chars: OnceCell<Vec<char>>,
    folded: OnceCell<Vec<char>>,
    verdicts: RefCell<Vec<Option<bool>>>,
}

impl Seen {
    pub(super) fn chars(&self, is_cased: bool) -> &[char] {
        if is_cased {
            self.chars.get_or_init(|| self.text.chars().collect())
        } else {
            self.folded.get_or_init(|| self.text.chars().map(fold).collect())
        }
    }
}

impl<'r> Memory<'r> {
    /// A text of a field; the empty name stands for all leaves.
    pub(super) fn text(&self, field: &str, text: &str) -> Rc<Seen> {
        let mut fields = self.fields.borrow_mut();
        if *self.bytes.borrow() > BYTES_MAX {
            fields.values_mut().for_each(|field| field.texts.clear());
            *self.bytes.borrow_mut() = 0;
        }
        if !fields.contains_key(field) {
            fields.insert(field.to_owned(), OfField::default());
        }
        let Some(of_field) = fields.get_mut(field) else { return new(text) };
        if let Some(seen) = of_field.texts.get(text) {
            return seen.clone();
        }
        let seen = new(text);
        of_field.texts.insert(seen.text.clone(), seen.clone());
        *self.bytes.borrow_mut() += 9 * text.len() + 200;
        seen
    }

    /// The number of a comparison among those of its field.
    pub(super) fn number(&self, field: &str, value: &'r Value) -> usize {
        let address = std::ptr::from_ref(value).addr();
        *self.numbers.borrow_mut().entry(address).or_insert_with(|| {
            let mut fields = self.fields.borrow_mut();
            let of_field = fields.entry(field.to_owned()).or_default();
            of_field.comparisons += 1;
            of_field.comparisons - 1
        })
    }

    /// What is known of a comparison with a text, or else what `find_out` says.
    pub(super) fn verdict(
        &self,
        number: usize,
        seen: &Seen,
        find_out: impl FnOnce() -> Result<bool, NotEvaluable>,
    ) -> Result<bool, NotEvaluable> {
        if let Some(Some(verdict)) = seen.verdicts.borrow().get(number) {
            return Ok(*verdict);
        }
        let verdict = find_out()?;
        let mut verdicts = seen.verdicts.borrow_mut();
        if verdicts.len() <= number {
            *self.bytes.borrow_mut() += number + 1 - verdicts.len();
            verdicts.resize(number + 1, None);
        }
        verdicts[number] = Some(verdict);
        Ok(verdict)
    }

    pub(super) fn regex(&self, pattern: &str) -> Result<Rc<Regex>, NotEvaluable> {
        let mut regexes = self.regexes.borrow_mut();
        if let Some(regex) = regexes.get(pattern) {
            return Ok(regex.clone());
        }
        let regex = Rc::new(Regex::new(pattern).map_err(|error| NotEvaluable(error.to_string()))?);
        regexes.insert(pattern.to_owned(), regex.clone());
        Ok(regex)
    }
}

fn new(text: &str) -> Rc<Seen> {
    let hash = |seed: u64| {
        let mut hasher = DefaultHasher::new();
        (seed, text).hash(&mut hasher);
        hasher.finish()
    };
    Rc::new(Seen {
        text: text.into(),
        hash: [hash(1), hash(2)],
        chars: OnceCell::new(),
        folded: OnceCell::new(),
        verdicts: RefCell::new(Vec::new()),
    })
}
