//! Events that came lately, so that copies are told (E6). The store's own index tells those from long ago.

use std::collections::HashSet;

use sigyn_correlate::Id;

/// A bounded memory of events: two generations, of which the older is dropped when the newer is full.
#[derive(Debug)]
pub(super) struct Recent {
    new: HashSet<Id>,
    old: HashSet<Id>,
    max: usize,
}

impl Recent {
    /// Remembers at least so many events and at most twice as many; one takes about 20 bytes.
    pub(super) fn new(max: usize) -> Self {
        Self { new: HashSet::new(), old: HashSet::new(), max: max.max(1) }
    }

    pub(super) fn has(&self, event: Id) -> bool {
        self.new.contains(&event) || self.old.contains(&event)
    }

    pub(super) fn add(&mut self, event: Id) {
        if self.new.len() >= self.max {
            self.old = std::mem::take(&mut self.new);
        }
        self.new.insert(event);
    }

    /// All, the older ones first.
    pub(super) fn all(&self) -> Vec<Id> {
        let sorted = |ids: &HashSet<Id>| {
            let mut ids: Vec<Id> = ids.iter().copied().collect();
            ids.sort_unstable();
            ids
        };
        let mut all = sorted(&self.old);
        all.extend(sorted(&self.new));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_are_remembered() {
        let id = |number: u8| Id([number; 16]);
        let mut recent = Recent::new(3);
        (0..8).for_each(|number| recent.add(id(number)));
        let known: Vec<u8> = (0..8).filter(|number| recent.has(id(*number))).collect();
        assert_eq!(known, [3, 4, 5, 6, 7]);
        assert_eq!(recent.all().len(), 5);
    }
}
