//! Values and what they wake as numbers, the same in all files.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use sigyn_engine::{ClassId, Engine, Spark};
use sigyn_event::write_float;

/// A row that is matched by itself.
pub(super) const SINGLE: u32 = u32::MAX;
/// A row that wakes no rule.
pub(super) const NOTHING: u32 = u32::MAX - 1;
/// Numbers below this are no texts'.
const FIRST: u32 = 16;
/// Unions of sets that are at hand; a power of two.
const LAST: usize = 1 << 14;
/// The kind of a text.
pub(super) const TEXT: u32 = 1;

/// What is told apart of a value of which only its kind counts, because that decides how an event is read. None: lists and
/// objects, whose parts do.
pub(super) fn kind_of(json: &str) -> Option<u32> {
    Some(match json.as_bytes().first()? {
        b'"' => TEXT,
        b'n' => 2,
        b't' | b'f' => 3,
        b'-' | b'0'..=b'9' => 4,
        _ => return None,
    })
}

/// A list as far as it decides how an event is read: how many elements of which kinds. None if there are objects in it, whose keys
/// do.
fn skeleton(json: &serde_json::Value, out: &mut String) -> Option<()> {
    use serde_json::Value;
    match json {
        Value::Null => out.push('n'),
        Value::Bool(_) => out.push('t'),
        Value::Number(_) => out.push('0'),
        Value::String(_) => out.push('s'),
        Value::Object(_) => return None,
        Value::Array(list) => {
            out.push('[');
            list.iter().try_for_each(|one| skeleton(one, out))?;
            out.push(']');
        }
    }
    Some(())
}

/// For maps whose keys are numbers of ours, which nobody outside can choose.
pub(super) type QuickState = BuildHasherDefault<Quick>;

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Quick(u64);

impl Hasher for Quick {
    fn finish(&self) -> u64 {
        // The map takes the lower bits; those of a product that are mixed are the upper ones.
        self.0.rotate_left(26)
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(u64::from(number));
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
}

/// Texts as numbers.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    known: HashMap<Box<str>, u32>,
    buffer: String,
    pub(super) bytes: usize,
}

impl Numbers {
    /// The number of the kind of a list or an object.
    pub(super) fn of_kind(&mut self, value: &str) -> u32 {
        let mut out = String::new();
        let json = serde_json::from_str(value).ok();
        match json.and_then(|json| skeleton(&json, &mut out)) {
            Some(()) => self.of(true, &out),
            None => self.of(true, value),
        }
    }

    /// The number of a text, or of JSON that is none.
    pub(super) fn of(&mut self, is_json: bool, text: &str) -> u32 {
        self.buffer.clear();
        self.buffer.push(if is_json { 'j' } else { 't' });
        self.buffer.push_str(text);
        if let Some(number) = self.known.get(self.buffer.as_str()) {
            return *number;
        }
        let number = u32::try_from(self.known.len()).unwrap_or(NOTHING - 1 - FIRST) + FIRST;
        self.bytes += self.buffer.len() + 64;
        self.known.insert(self.buffer.as_str().into(), number);
        number
    }
}

/// Writes what events have as the text of a scalar; not for others, and numbers that have none.
pub(super) fn write_scalar(json: &serde_json::Value, text: &mut String) -> bool {
    use serde_json::Value;
    match json {
        Value::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(_), _, _) | (_, Some(_), _) => text.push_str(&number.to_string()),
            (_, _, Some(number)) => write_float(text, number),
            _ => return false,
        },
        Value::String(value) => text.push_str(value),
        Value::Null | Value::Array(_) | Value::Object(_) => return false,
    }
    true
}

/// Sets of what wakes rules, as numbers; 0 is the empty one.
#[derive(Debug)]
pub(super) struct Sparks {
    sets: Vec<Box<[Spark]>>,
    known: HashMap<Box<[Spark]>, u32>,
    unions: HashMap<(u32, u32), u32, QuickState>,
    /// The last unions, each in the place that its sets say: nearly all that are asked for.
    last: Vec<(u32, u32, u32)>,
    text: String,
    found: Vec<Spark>,
}

impl Default for Sparks {
    fn default() -> Self {
        let known = HashMap::from([(Box::default(), 0)]);
        Self {
            sets: vec![Box::default()],
            known,
            unions: HashMap::default(),
            last: vec![(0, 0, 0); LAST],
            text: String::new(),
            found: Vec::new(),
        }
    }
}

impl Sparks {
    /// What a value wakes; [`SINGLE`] if that cannot be said of it alone.
    pub(super) fn of(
        &mut self,
        engine: &Engine,
        class: ClassId,
        tables: &[u32],
        value: &str,
        is_json: bool,
    ) -> u32 {
        let mut found = std::mem::take(&mut self.found);
        found.clear();
        let is_known = if is_json {
            let json: Option<serde_json::Value> = serde_json::from_str(value).ok();
            json.is_some_and(|json| self.of_json(engine, class, tables, &json, &mut found))
        } else {
            engine.sparks(class, tables, value, &mut self.text, &mut found);
            true
        };
        let number = if is_known { self.number(&mut found) } else { SINGLE };
        self.found = found;
        number
    }

    /// What the scalars of a value wake, wherever in it they stand.
    fn of_json(
        &mut self,
        engine: &Engine,
        class: ClassId,
        tables: &[u32],
        json: &serde_json::Value,
        found: &mut Vec<Spark>,
    ) -> bool {
        use serde_json::Value;
        let mut text = String::new();
        match json {
            Value::Null => return true,
            Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                if !write_scalar(json, &mut text) {
                    return false;
                }
            }
            Value::Array(list) => {
                return list.iter().all(|one| self.of_json(engine, class, tables, one, found));
            }
            Value::Object(map) => {
                return map.values().all(|one| self.of_json(engine, class, tables, one, found));
            }
        }
        engine.sparks(class, tables, &text, &mut self.text, found);
        true
    }

    fn number(&mut self, found: &mut Vec<Spark>) -> u32 {
        found.sort_unstable();
        found.dedup();
        if let Some(number) = self.known.get(found.as_slice()) {
            return *number;
        }
        let number = u32::try_from(self.sets.len()).unwrap_or(SINGLE);
        self.sets.push(found.as_slice().into());
        self.known.insert(found.as_slice().into(), number);
        number
    }

    /// What two sets wake together.
    #[inline]
    pub(super) fn union(&mut self, a: u32, b: u32) -> u32 {
        if a == b || b == 0 {
            return a;
        }
        if a == 0 {
            return b;
        }
        let mixed = (u64::from(a) << 32 | u64::from(b)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let place = usize::try_from(mixed >> 40).unwrap_or(0) % LAST;
        if let Some((left, right, union)) = self.last.get(place)
            && (*left, *right) == (a, b)
        {
            return *union;
        }
        let union = self.union_afresh(a, b);
        if let Some(last) = self.last.get_mut(place) {
            *last = (a, b, union);
        }
        union
    }

    #[cold]
    fn union_afresh(&mut self, a: u32, b: u32) -> u32 {
        if a == SINGLE || b == SINGLE {
            return SINGLE;
        }
        let pair = (a.min(b), a.max(b));
        if let Some(known) = self.unions.get(&pair) {
            return *known;
        }
        let mut all = [self.get(a), self.get(b)].concat();
        let number = self.number(&mut all);
        self.unions.insert(pair, number);
        number
    }

    /// What is in a set.
    pub(super) fn get(&self, set: u32) -> &[Spark] {
        self.sets.get(set as usize).map_or(&[], AsRef::as_ref)
    }

    /// How much memory they take, in bytes; about.
    pub(super) fn bytes(&self) -> usize {
        (self.sets.len() + self.unions.len()) * 128
    }
}
