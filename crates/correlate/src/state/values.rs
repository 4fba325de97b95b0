//! Different values among the inputs of a window (E26, E46).

use std::collections::HashMap;

use hashbrown::DefaultHashBuilder;
use serde::{Deserialize, Serialize};

use crate::key::Key;

/// From here on values are looked up rather than compared one by one.
const LOOKED_UP_FROM: u32 = 32;
/// Below this they are compared again.
const COMPARED_BELOW: u32 = 16;
/// What the list of values grows by.
const ROOM: usize = 64;

/// The values of inputs in their order, and how many of them differ.
///
/// One behind the other in one piece of memory: a value takes its bytes and one. With few of them comparing each costs less than
/// any table, and with many groups the price of an input is the memory that it touches.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Values {
    /// Before each value its length; the lowest bit says that the next value is of the same input.
    #[serde(with = "crate::raw")]
    bytes: Vec<u8>,
    /// Where the first begins; what lies before is gone.
    start: u32,
    count: u32,
    different: u32,
    /// How often each is there, once there are many.
    #[expect(clippy::box_collection, reason = "most have none: 8 bytes instead of 48")]
    table: Option<Box<HashMap<Key, u32, DefaultHashBuilder>>>,
}

impl Values {
    /// How many differ.
    pub(crate) fn different(&self) -> usize {
        self.different as usize
    }

    /// See [`super::State::touch`].
    pub(super) fn touch(&self) -> u64 {
        u64::from(self.different) + u64::from(self.bytes.last().copied().unwrap_or(0))
    }

    /// Adds an input's values, which differ from each other.
    pub(crate) fn push(&mut self, values: &[Key]) {
        for (at, value) in values.iter().enumerate() {
            match &mut self.table {
                Some(table) => {
                    *table.entry(value.clone()).or_default() += 1;
                    self.different = u32::try_from(table.len()).unwrap_or(u32::MAX);
                }
                None => self.different += u32::from(!self.has(self.start as usize, value.bytes())),
            }
            self.write(value.bytes(), at + 1 < values.len());
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
                    let key = Key::new(value);
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
                Some(table) => table.get(&Key::new(value)).is_none_or(|count| *count == 1),
                None => !self.has(end, value),
            });
            at = behind;
        }
        u64::from(self.different) - vanishing >= kept
    }

    /// Whether a value is there from a place on.
    fn has(&self, from: usize, value: &[u8]) -> bool {
        let mut at = from;
        while let Some((known, end, _)) = read(&self.bytes, at) {
            // Most differ at the end if they differ.
            if known.last() == value.last() && known == value {
                return true;
            }
            at = end;
        }
        false
    }

    fn counted(&self) -> HashMap<Key, u32, DefaultHashBuilder> {
        let (mut table, mut at) = (HashMap::<Key, u32, _>::default(), self.start as usize);
        while let Some((value, end, _)) = read(&self.bytes, at) {
            *table.entry(Key::new(value)).or_default() += 1;
            at = end;
        }
        table
    }

    fn write(&mut self, value: &[u8], has_more: bool) {
        let needed = value.len() + 10;
        if self.bytes.capacity() - self.bytes.len() < needed {
            // By quarters: of doubled room half would be empty in most groups.
            self.bytes.reserve_exact((self.bytes.len() / 4).max(ROOM).max(needed));
        }
        let mut head = value.len() << 1 | usize::from(has_more);
        while head >= 0x80 {
            self.bytes.push((head & 0x7F) as u8 | 0x80);
            head >>= 7;
        }
        self.bytes.push(head as u8);
        self.bytes.extend_from_slice(value);
        self.count += 1;
    }
}

/// The value at a place, where it ends, and whether the next is of the same input.
#[inline]
fn read(bytes: &[u8], at: usize) -> Option<(&[u8], usize, bool)> {
    let (mut head, mut shift, mut at) = (0_usize, 0, at);
    loop {
        let byte = *bytes.get(at)?;
        at += 1;
        head |= usize::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            break;
        }
        shift += 7;
        if shift > 56 {
            return None;
        }
    }
    let end = at + (head >> 1);
    Some((bytes.get(at..end)?, end, head & 1 == 1))
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
                let input: Vec<Vec<u8>> = input.into_iter().map(|it| vec![it; usize::from(it) * 5]).collect();
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
