//! Different values among the inputs of a window (E26, E46).

use std::collections::HashMap;

use hashbrown::DefaultHashBuilder;
use serde::{Deserialize, Serialize};

use crate::key::Key;
use crate::{group, varint};

/// From here on values are looked up rather than compared one by one.
const LOOKED_UP_FROM: u32 = 32;
/// Below this they are compared again.
const COMPARED_BELOW: u32 = 16;
/// The first two sizes of the list of values; after that it grows by quarters. Each size leaves memory behind that only lists of
/// that size can take: the first is enough for a dozen short values, the second is that of a page of evidence.
const SIZES: [usize; 2] = [96, 160];

/// The values of inputs in their order, and how many of them differ.
///
/// One behind the other in one piece of memory: one text takes its bytes and one, what several fields say together its key. With few of them comparing each costs less than
/// any table, and with many groups the price of an input is the memory that it touches.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Values {
    /// Before each value its length and two bits: the lowest says that the next value is of the same input, the other that the
    /// value is the one text of its key.
    #[serde(with = "crate::raw")]
    bytes: Vec<u8>,
    /// Where the first begins; what lies before is gone.
    start: u32,
    count: u32,
    different: u32,
    /// How often each is there, once there are many.
    #[expect(clippy::box_collection, reason = "most have none: 8 bytes instead of 48")]
    table: Option<Box<HashMap<Listed, u32, DefaultHashBuilder>>>,
}

/// A value as the table has it: whether it is the one text of its key, and its bytes.
type Listed = (bool, Key);

/// A value as it is written.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Compact<'v> {
    /// Whether it is the one text of its key. Such a key says its length, and so do we.
    is_text: bool,
    bytes: &'v [u8],
}

impl<'v> Compact<'v> {
    fn of(key: &'v Key) -> Self {
        match group::only_text(key.bytes()) {
            Some(bytes) => Self { is_text: true, bytes },
            None => Self { is_text: false, bytes: key.bytes() },
        }
    }

    fn listed(self) -> Listed {
        (self.is_text, Key::new(self.bytes))
    }

    /// Most differ at the end if they differ.
    fn is(self, other: Self) -> bool {
        self.bytes.last() == other.bytes.last() && self == other
    }
}

impl Values {
    /// How many differ.
    pub(crate) fn different(&self) -> usize {
        self.different as usize
    }

    /// See [`super::State::touch`].
    pub(super) fn touch(&self, step: usize) -> u64 {
        match step {
            1 => self.different.into(),
            2 => self.bytes.last().copied().unwrap_or(0).into(),
            _ => 0,
        }
    }

    /// Adds an input's values, which differ from each other.
    pub(crate) fn push(&mut self, values: &[Key]) {
        for (at, value) in values.iter().enumerate() {
            let value = Compact::of(value);
            match &mut self.table {
                Some(table) => {
                    *table.entry(value.listed()).or_default() += 1;
                    self.different = u32::try_from(table.len()).unwrap_or(u32::MAX);
                }
                None => self.different += u32::from(!self.has(self.start as usize, value)),
            }
            self.write(value, at + 1 < values.len());
            if self.table.is_none() && self.count >= LOOKED_UP_FROM {
                self.table = Some(Box::new(self.counted()));
            }
        }
    }

    /// Takes the oldest input's values away.
    pub(crate) fn pop_front(&mut self) {
        while let Some((value, end, has_more)) = read(&self.bytes, self.start as usize) {
            match &mut self.table {
                Some(table) => {
                    let key = value.listed();
                    if let Some(count) = table.get_mut(&key) {
                        *count -= 1;
                        if *count == 0 {
                            table.remove(&key);
                            self.different -= 1;
                        }
                    }
                }
                None => self.different -= u32::from(!self.has(end, value)),
            }
            self.start = u32::try_from(end).unwrap_or(u32::MAX);
            self.count -= 1;
            if !has_more {
                break;
            }
        }
        if self.count < COMPARED_BELOW {
            self.table = None;
        }
        if self.start as usize > self.bytes.len() / 2 {
            self.bytes.drain(..self.start as usize);
            self.start = 0;
        }
    }

    /// Whether so many still differ once the oldest input has gone.
    pub(crate) fn can_spare(&self, kept: u64) -> bool {
        if u64::from(self.different) < kept {
            return false;
        }
        // Where its values end, so that they are not found among themselves.
        let (mut end, mut has_more) = (self.start as usize, true);
        while has_more {
            let Some((_, behind, more)) = read(&self.bytes, end) else { break };
            (end, has_more) = (behind, more);
        }
        let (mut at, mut vanishing) = (self.start as usize, 0);
        while at < end {
            let Some((value, behind, _)) = read(&self.bytes, at) else { break };
            vanishing += u64::from(match &self.table {
                Some(table) => table.get(&value.listed()).is_none_or(|count| *count == 1),
                None => !self.has(end, value),
            });
            at = behind;
        }
        u64::from(self.different) - vanishing >= kept
    }

    /// Whether a value is there from a place on.
    fn has(&self, from: usize, value: Compact<'_>) -> bool {
        let mut at = from;
        while let Some((known, end, _)) = read(&self.bytes, at) {
            if known.is(value) {
                return true;
            }
            at = end;
        }
        false
    }

    fn counted(&self) -> HashMap<Listed, u32, DefaultHashBuilder> {
        let (mut table, mut at) = (HashMap::<Listed, u32, _>::default(), self.start as usize);
        while let Some((value, end, _)) = read(&self.bytes, at) {
            *table.entry(value.listed()).or_default() += 1;
            at = end;
        }
        table
    }

    fn write(&mut self, value: Compact<'_>, has_more: bool) {
        let needed = value.bytes.len() + if value.bytes.len() < 32 { 1 } else { 10 };
        if self.bytes.capacity() - self.bytes.len() < needed {
            // Of doubled room half would be empty in most groups.
            let (len, least) = (self.bytes.len(), self.bytes.len() + needed);
            let size = SIZES.into_iter().find(|size| *size >= least);
            self.bytes.reserve_exact(size.unwrap_or((len + len / 4).max(least)) - len);
        }
        let head = (value.bytes.len() as u64) << 2 | u64::from(value.is_text) << 1 | u64::from(has_more);
        varint::write(head, |byte| self.bytes.push(byte));
        self.bytes.extend_from_slice(value.bytes);
        self.count += 1;
    }
}

/// The value at a place, where it ends, and whether the next is of the same input.
#[inline]
fn read(bytes: &[u8], at: usize) -> Option<(Compact<'_>, usize, bool)> {
    let mut rest = bytes.get(at..)?;
    let head = varint::read(&mut rest)?;
    let value = rest.get(..usize::try_from(head >> 2).ok()?)?;
    let end = bytes.len() - rest.len() + value.len();
    Some((Compact { is_text: head & 2 != 0, bytes: value }, end, head & 1 == 1))
}

#[cfg(test)]
mod tests {
    use std::collections::{HashSet, VecDeque};

    use super::*;

    proptest::proptest! {
        /// Inputs come and leave as in a plain list, across the sizes at which the table comes and goes.
        #[test]
        fn different_values_are_counted(
            steps in proptest::collection::vec((proptest::collection::hash_set(0_u8..40, 1..4), 0_u8..3), 1..200),
            kept in 0_u64..12,
        ) {
            let mut values = Values::default();
            let mut plain: VecDeque<Vec<Vec<u8>>> = VecDeque::new();
            let different = |plain: &VecDeque<Vec<Vec<u8>>>, skip: usize| {
                plain.iter().skip(skip).flatten().collect::<HashSet<_>>().len()
            };
            for (input, leave) in steps {
                // Some are longer than what one byte counts.
                // And some are keys of one text, whose bytes could be those of another key.
                let key = |it: u8| match it % 3 {
                    0 => group::key([str::from_utf8(&vec![it / 3; usize::from(it / 3) * 5]).unwrap()]),
                    1 => vec![it / 3; usize::from(it / 3) * 5],
                    _ => vec![it; usize::from(it) * 5],
                };
                let input: HashSet<Vec<u8>> = input.into_iter().map(key).collect();
                let input: Vec<Vec<u8>> = input.into_iter().collect();
                values.push(&input.iter().map(|it| Key::new(it)).collect::<Vec<_>>());
                plain.push_back(input);
                for _ in 0..if leave == 2 { 2 } else { u8::from(plain.len() > 60) } {
                    proptest::prop_assert_eq!(values.can_spare(kept), different(&plain, 1) as u64 >= kept);
                    values.pop_front();
                    plain.pop_front();
                }
                proptest::prop_assert_eq!(values.different(), different(&plain, 0));
            }
        }
    }
}
