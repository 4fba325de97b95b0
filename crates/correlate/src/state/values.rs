//! Different values among the inputs of a window (E26, E46).

use std::collections::HashMap;

use hashbrown::DefaultHashBuilder;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::key::{Bytes, Key};
use crate::{group, varint};

/// From here on values are looked up rather than compared one by one.
const LOOKED_UP_FROM: u32 = 32;
/// Below this they are compared again.
const COMPARED_BELOW: u32 = 16;
/// Bytes of values that stand in place: with what is beside them 128, as a page of evidence, so that either takes what the other
/// left. Enough for a dozen and a half of short values.
const NEAR: usize = 110;

/// The values of inputs in their order, and how many of them differ.
///
/// One behind the other in one piece of memory: one text takes its bytes and one, what several fields say together its key. With few
/// of them comparing each costs less than any table, and with many groups the price of an input is the memory that it touches: so
/// they stand in place as long as there is room.
#[derive(Clone, Debug)]
pub(crate) struct Values {
    /// Where they are once there is none; then nothing stands in place.
    far: Option<Box<Far>>,
    count: u32,
    different: u32,
    /// Where the first begins, and the last ends, in place.
    start: u8,
    end: u8,
    /// Before each value its length and two bits: the lowest says that the next value is of the same input, the other that the
    /// value is the one text of its key.
    near: [u8; NEAR],
}

const _: () = assert!(size_of::<Values>() == 128 && NEAR < 256);

/// Values in a list of their own.
#[derive(Clone, Debug, Default)]
struct Far {
    bytes: Vec<u8>,
    /// Where the first begins; what lies before is gone.
    start: usize,
    /// How often each is there, once there are many.
    table: Option<HashMap<Listed, u32, DefaultHashBuilder>>,
}

impl Default for Values {
    fn default() -> Self {
        Self { far: None, count: 0, different: 0, start: 0, end: 0, near: [0; NEAR] }
    }
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
            1 => u64::from(self.different) ^ u64::from(self.near[NEAR - 1]),
            2 => self.far.as_ref().map_or(0, |far| far.bytes.last().copied().unwrap_or(0)).into(),
            _ => 0,
        }
    }

    /// Those that are there.
    fn bytes(&self) -> &[u8] {
        match &self.far {
            Some(far) => far.bytes.get(far.start..).unwrap_or_default(),
            None => self.near.get(usize::from(self.start)..usize::from(self.end)).unwrap_or_default(),
        }
    }

    fn table(&self) -> Option<&HashMap<Listed, u32, DefaultHashBuilder>> {
        self.far.as_ref()?.table.as_ref()
    }

    /// Adds an input's values, which differ from each other.
    pub(crate) fn push(&mut self, values: &[Key]) {
        for (at, value) in values.iter().enumerate() {
            let value = Compact::of(value);
            match self.far.as_mut().and_then(|far| far.table.as_mut()) {
                Some(table) => {
                    *table.entry(value.listed()).or_default() += 1;
                    self.different = u32::try_from(table.len()).unwrap_or(u32::MAX);
                }
                None => self.different += u32::from(!has(self.bytes(), value)),
            }
            self.write(value, at + 1 < values.len());
            if self.count >= LOOKED_UP_FROM && self.table().is_none() {
                let table = counted(self.bytes());
                self.make_far(0).table = Some(table);
            }
        }
    }

    /// Takes the oldest input's values away.
    pub(crate) fn pop_front(&mut self) {
        while let Some((value, size, has_more)) = read(self.bytes()) {
            let rest = self.bytes().get(size..).unwrap_or_default();
            match self.table().is_some() {
                true => {
                    let key = value.listed();
                    let table = self.far.as_mut().and_then(|far| far.table.as_mut());
                    if let Some(table) = table
                        && let Some(count) = table.get_mut(&key)
                    {
                        *count -= 1;
                        if *count == 0 {
                            table.remove(&key);
                            self.different -= 1;
                        }
                    }
                }
                false => self.different -= u32::from(!has(rest, value)),
            }
            self.drop_bytes(size);
            self.count -= 1;
            if !has_more {
                break;
            }
        }
        let Some(far) = &mut self.far else { return };
        if self.count < COMPARED_BELOW {
            far.table = None;
        }
        if far.start > far.bytes.len() / 2 {
            far.bytes.drain(..far.start);
            far.start = 0;
        }
        if far.table.is_none() && far.bytes.len() - far.start <= NEAR / 2 {
            let left = far.bytes.split_off(far.start);
            (self.far, self.start, self.end) = (None, 0, left.len() as u8);
            if let Some(place) = self.near.get_mut(..left.len()) {
                place.copy_from_slice(&left);
            }
        }
    }

    /// Takes bytes away from the front.
    fn drop_bytes(&mut self, size: usize) {
        match &mut self.far {
            Some(far) => far.start += size,
            // Not more than what stands in place.
            None => self.start += size as u8,
        }
    }

    /// Whether so many still differ once the oldest input has gone.
    pub(crate) fn can_spare(&self, kept: u64) -> bool {
        if u64::from(self.different) < kept {
            return false;
        }
        let all = self.bytes();
        // Where its values end, so that they are not found among themselves.
        let (mut rest, mut has_more) = (all, true);
        while has_more {
            let Some((_, size, more)) = read(rest) else { break };
            (rest, has_more) = (rest.get(size..).unwrap_or_default(), more);
        }
        let (mut at, mut vanishing) = (all, 0);
        while at.len() > rest.len() {
            let Some((value, size, _)) = read(at) else { break };
            vanishing += u64::from(match self.table() {
                Some(table) => table.get(&value.listed()).is_none_or(|count| *count == 1),
                None => !has(rest, value),
            });
            at = at.get(size..).unwrap_or_default();
        }
        u64::from(self.different) - vanishing >= kept
    }

    /// Whether another input is likely to have no room in place. Before that nothing is won by letting go of values.
    pub(crate) fn is_crowded(&self) -> bool {
        let size = self.bytes().len();
        self.far.is_some() || size + size / self.count.max(1) as usize + 1 > NEAR
    }

    /// Moves what is there to a list, with room for so much more.
    fn make_far(&mut self, room: usize) -> &mut Far {
        let near = self.near.get(usize::from(self.start)..usize::from(self.end)).unwrap_or_default();
        let far = self.far.get_or_insert_with(|| {
            let mut bytes = Vec::with_capacity(near.len() + room);
            bytes.extend_from_slice(near);
            Box::new(Far { bytes, ..Far::default() })
        });
        (self.start, self.end) = (0, 0);
        far
    }

    fn write(&mut self, value: Compact<'_>, has_more: bool) {
        let head = (value.bytes.len() as u64) << 2 | u64::from(value.is_text) << 1 | u64::from(has_more);
        let (mut written, mut len) = ([0; 10], 0);
        varint::write(head, |byte| {
            written[len] = byte;
            len += 1;
        });
        let head = written.get(..len).unwrap_or_default();
        let size = head.len() + value.bytes.len();
        self.count += 1;
        if self.far.is_none() && self.bytes().len() + size <= NEAR {
            if usize::from(self.end) + size > NEAR {
                self.near.copy_within(usize::from(self.start)..usize::from(self.end), 0);
                (self.start, self.end) = (0, self.end - self.start);
            }
            let end = usize::from(self.end);
            if let Some(place) = self.near.get_mut(end..end + size) {
                let (first, second) = place.split_at_mut(head.len());
                first.copy_from_slice(head);
                second.copy_from_slice(value.bytes);
            }
            // Not more than what stands in place.
            self.end += size as u8;
            return;
        }
        let far = self.make_far(size.max(NEAR / 2));
        if far.bytes.capacity() - far.bytes.len() < size {
            // Of doubled room half would be empty in most groups.
            far.bytes.reserve_exact(size.max(far.bytes.len() / 4));
        }
        far.bytes.extend_from_slice(head);
        far.bytes.extend_from_slice(value.bytes);
    }
}

/// Whether a value is among some.
fn has(mut values: &[u8], value: Compact<'_>) -> bool {
    while let Some((known, size, _)) = read(values) {
        if known.is(value) {
            return true;
        }
        values = values.get(size..).unwrap_or_default();
    }
    false
}

fn counted(mut values: &[u8]) -> HashMap<Listed, u32, DefaultHashBuilder> {
    let mut table = HashMap::<Listed, u32, _>::default();
    while let Some((value, size, _)) = read(values) {
        *table.entry(value.listed()).or_default() += 1;
        values = values.get(size..).unwrap_or_default();
    }
    table
}

/// The first of some values, how many bytes it takes, and whether the next is of the same input.
#[inline]
fn read(bytes: &[u8]) -> Option<(Compact<'_>, usize, bool)> {
    let mut rest = bytes;
    let head = varint::read(&mut rest)?;
    let value = rest.get(..usize::try_from(head >> 2).ok()?)?;
    let size = bytes.len() - rest.len() + value.len();
    Some((Compact { is_text: head & 2 != 0, bytes: value }, size, head & 1 == 1))
}

/// As an image has them: how many there are, how many differ, their bytes.
type Image<'b> = (u32, u32, &'b [u8]);

impl Serialize for Values {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.count, self.different, Bytes(self.bytes())).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (count, different, bytes) = Image::deserialize(deserializer)?;
        let mut values = Self { count, different, ..Self::default() };
        match values.near.get_mut(..bytes.len()).filter(|_| count < LOOKED_UP_FROM) {
            Some(place) => {
                place.copy_from_slice(bytes);
                values.end = bytes.len() as u8;
            }
            None => {
                let table = (count >= LOOKED_UP_FROM).then(|| counted(bytes));
                values.far = Some(Box::new(Far { bytes: bytes.to_vec(), start: 0, table }));
            }
        }
        Ok(values)
    }
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
