//! Group keys: tuples of canonical texts, with their lengths, so that components cannot run together (E11–E13).

use std::sync::Arc;

use sigyn_ir::Missing;

use crate::Values;

/// The marker of a component that is missing.
const MISSING: u8 = 0;
/// Before a component that is there.
const PRESENT: u8 = 1;

/// Appends a component.
fn write(key: &mut Vec<u8>, text: Option<&str>) {
    match text {
        None => key.push(MISSING),
        Some(text) => {
            key.push(PRESENT);
            key.extend_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes());
            key.extend_from_slice(text.as_bytes());
        }
    }
}

/// The key of a tuple.
pub(crate) fn key<'t>(texts: impl IntoIterator<Item = &'t str>) -> Vec<u8> {
    let mut key = Vec::new();
    texts.into_iter().for_each(|text| write(&mut key, Some(text)));
    key
}

/// The text of a key of one component that is there; none of any other key.
pub(crate) fn only_text(key: &[u8]) -> Option<&[u8]> {
    let (size, text) = key.strip_prefix(&[PRESENT])?.split_first_chunk::<4>()?;
    (u32::from_le_bytes(*size) as usize == text.len()).then_some(text)
}

/// A key as names and values.
pub(crate) fn read(key: &[u8], names: &[Arc<str>]) -> Vec<(Arc<str>, Option<String>)> {
    let mut rest = key;
    names
        .iter()
        .map(|name| {
            let value = match rest.split_first() {
                Some((&PRESENT, behind)) => behind.split_first_chunk::<4>().and_then(|(size, behind)| {
                    let (text, behind) = behind.split_at_checked(u32::from_le_bytes(*size) as usize)?;
                    rest = behind;
                    Some(String::from_utf8_lossy(text).into_owned())
                }),
                Some((_, behind)) => {
                    rest = behind;
                    None
                }
                None => None,
            };
            (name.clone(), value)
        })
        .collect()
}

/// The tuples of an input: one per combination of different values, the first component changing slowest. None if a
/// component is missing and that is not a value.
#[derive(Debug, Default)]
pub(crate) struct Tuples {
    /// One behind the other.
    keys: Vec<u8>,
    ends: Vec<usize>,
    pub(crate) is_truncated: bool,
}

impl Tuples {
    /// Makes the tuples of some fields of an input.
    pub(crate) fn make(&mut self, values: &Values, slots: &[usize], missing: Missing, max: usize) {
        self.keys.clear();
        self.ends.clear();
        self.is_truncated = false;
        if self.make_single(values, slots) {
            return;
        }
        self.make_of(slots.iter().map(|slot| values.get(*slot)), missing, max);
    }

    /// Makes the tuples of some lists of texts.
    pub(crate) fn make_of<'t, L: IntoIterator<Item = &'t str>>(
        &mut self,
        lists: impl Iterator<Item = L>,
        missing: Missing,
        max: usize,
    ) {
        self.keys.clear();
        self.ends.clear();
        self.is_truncated = false;
        let mut components: Vec<Vec<Option<&str>>> = Vec::new();
        for list in lists {
            let mut different: Vec<Option<&str>> = Vec::new();
            for text in list {
                // One more than can be used tells that there are more.
                if different.len() <= max && !different.contains(&Some(text)) {
                    different.push(Some(text));
                }
            }
            if different.is_empty() {
                match missing {
                    Missing::Skip => return,
                    Missing::Group => different.push(None),
                }
            }
            components.push(different);
        }
        let combinations = components.iter().fold(1_usize, |count, all| count.saturating_mul(all.len()));
        self.is_truncated = combinations > max;
        for number in 0..combinations.min(max) {
            let mut below = combinations;
            for all in &components {
                below /= all.len().max(1);
                let text = all.get(number / below.max(1) % all.len().max(1)).copied().flatten();
                write(&mut self.keys, text);
            }
            self.ends.push(self.keys.len());
        }
    }

    /// The usual case without lists: every component has one value. False if it is not.
    fn make_single(&mut self, values: &Values, slots: &[usize]) -> bool {
        for slot in slots {
            let mut texts = values.get(*slot);
            let (Some(text), None) = (texts.next(), texts.next()) else {
                self.keys.clear();
                return false;
            };
            write(&mut self.keys, Some(text));
        }
        self.ends.push(self.keys.len());
        true
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| self.keys.get(start..*end).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_have_a_tuple_per_combination() {
        let names: Vec<Arc<str>> = vec!["x".into(), "y".into()];
        let check = |x: &[&str], y: &[&str], missing, max, expect: &[(&str, &str)], is_truncated| {
            let values = Values::new([x, y]);
            let mut tuples = Tuples::default();
            tuples.make(&values, &[0, 1], missing, max);
            let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "<missing>".into());
            let found: Vec<(String, String)> = tuples
                .iter()
                .map(|key| read(key, &names))
                .map(|key| (text(&key[0].1), text(&key[1].1)))
                .collect();
            let expect: Vec<(String, String)> =
                expect.iter().map(|(x, y)| ((*x).to_owned(), (*y).to_owned())).collect();
            assert_eq!((found, tuples.is_truncated), (expect, is_truncated), "{x:?} {y:?}");
        };
        check(&["a"], &["b"], Missing::Skip, 64, &[("a", "b")], false);
        check(&["a"], &[], Missing::Skip, 64, &[], false);
        check(&["a"], &[], Missing::Group, 64, &[("a", "<missing>")], false);
        check(
            &["a", "b", "a"],
            &["c", "d"],
            Missing::Skip,
            64,
            &[("a", "c"), ("a", "d"), ("b", "c"), ("b", "d")],
            false,
        );
        check(&["a", "b"], &["c", "d"], Missing::Skip, 3, &[("a", "c"), ("a", "d"), ("b", "c")], true);
    }

    #[test]
    fn no_fields_are_one_group() {
        let mut tuples = Tuples::default();
        tuples.make(&Values::default(), &[], Missing::Skip, 64);
        assert_eq!(tuples.iter().collect::<Vec<_>>(), [b""]);
    }

    #[test]
    fn fanout_is_cut_at_the_limit() {
        for count in [63, 64, 65] {
            let texts: Vec<String> = (0..count).map(|number| number.to_string()).collect();
            let mut tuples = Tuples::default();
            tuples.make(&Values::new([&texts]), &[0], Missing::Skip, 64);
            assert_eq!((tuples.iter().count(), tuples.is_truncated), (count.min(64), count > 64));
        }
    }
}
