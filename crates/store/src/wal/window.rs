//! Which ids came lately.

use std::collections::{HashMap, VecDeque};
use std::ops::Range;

use crate::Id;

/// The ids of the last records, each with its number. About 80 bytes each.
#[derive(Debug)]
pub(super) struct Window {
    numbers: HashMap<Id, u64>,
    order: VecDeque<(u64, Id)>,
    ids_max: usize,
}

impl Window {
    pub(super) fn new(ids_max: usize) -> Self {
        Self { numbers: HashMap::new(), order: VecDeque::new(), ids_max }
    }

    /// The number of the record with that id, if it came lately.
    pub(super) fn find(&self, id: Id) -> Option<u64> {
        if id.is_alone() {
            return None;
        }
        self.numbers.get(&id).copied()
    }

    /// Remembers a record; the oldest is forgotten for it. An id that does not come again is not remembered.
    pub(super) fn add(&mut self, id: Id, number: u64) {
        if self.ids_max == 0 || id.is_alone() {
            return;
        }
        while self.order.len() >= self.ids_max {
            self.forget_oldest();
        }
        self.numbers.insert(id, number);
        self.order.push_back((number, id));
    }

    /// Forgets records that were not stored after all.
    pub(super) fn forget(&mut self, lost: &Range<u64>) {
        self.order.retain(|(number, id)| {
            let is_kept = !lost.contains(number);
            if !is_kept && self.numbers.get(id) == Some(number) {
                self.numbers.remove(id);
            }
            is_kept
        });
    }

    fn forget_oldest(&mut self) {
        if let Some((number, id)) = self.order.pop_front()
            && self.numbers.get(&id) == Some(&number)
        {
            self.numbers.remove(&id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_go_and_what_failed_is_forgotten() {
        let mut window = Window::new(3);
        for number in 0..5 {
            window.add(Id::from(u128::from(number)), number);
        }
        let known =
            |window: &Window| -> Vec<u64> { (0..5).filter_map(|n| window.find(Id::from(n))).collect() };
        assert_eq!(known(&window), [2, 3, 4]);
        window.forget(&(3..5));
        assert_eq!(known(&window), [2]);
        window.add(Id::alone(1, 1, 1), 5);
        assert_eq!((window.find(Id::alone(1, 1, 1)), window.order.len()), (None, 1));
        // The same id again, later: forgetting the old one does not forget the new one.
        window.add(Id::from(2), 9);
        window.forget(&(2..3));
        assert_eq!(window.find(Id::from(2)), Some(9));
    }
}
