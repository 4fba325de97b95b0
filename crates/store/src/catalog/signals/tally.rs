//! Counting by number: a million signals by a dozen fields at once.

use std::collections::HashMap;

/// How often each number of a column came. Names are numbered as they come, so nearly all numbers are small: a place in a row is
/// found in a fifth of the time of one in a map.
#[derive(Default)]
pub(super) struct Tally {
    /// By number, one place further: the first is that of no value.
    row: Vec<u64>,
    /// Those that are too great for the row.
    beyond: HashMap<i64, u64>,
}

impl Tally {
    /// Numbers from here on are in the map: the row takes 2 MiB at most.
    const ROW_MAX: usize = 1 << 18;

    /// Counts a number; none is no value.
    pub(super) fn add(&mut self, number: Option<i64>) {
        let number = number.unwrap_or(-1);
        match usize::try_from(number.saturating_add(1)) {
            Ok(place) if place < self.row.len() => self.row[place] += 1,
            Ok(place) if place < Self::ROW_MAX => {
                self.row.resize((place + 1).next_power_of_two(), 0);
                self.row[place] = 1;
            }
            _ => *self.beyond.entry(number).or_default() += 1,
        }
    }

    /// The numbers that came, with how often; -1 for no value, which no column holds.
    pub(super) fn counts(self) -> impl Iterator<Item = (i64, u64)> {
        let numbers = (-1_i64..).zip(self.row).filter(|(_, count)| *count > 0);
        numbers.chain(self.beyond)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_told_wherever_it_was_kept() {
        let border = i64::try_from(Tally::ROW_MAX).unwrap();
        let given = [0, 7, 7, 1, border - 2, border - 1, border, border, i64::MAX - 1];
        let mut tally = Tally::default();
        given.iter().for_each(|number| tally.add(Some(*number)));
        tally.add(None);
        let mut found: Vec<_> = tally.counts().collect();
        found.sort_unstable();
        let expected = [
            (-1, 1),
            (0, 1),
            (1, 1),
            (7, 2),
            (border - 2, 1),
            (border - 1, 1),
            (border, 2),
            (i64::MAX - 1, 1),
        ];
        assert_eq!(found, expected);
    }
}
