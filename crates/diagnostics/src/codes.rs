//! The table of codes, one file per range. To add one: a `pub static` in its range's file, and its name in
//! that file's `ALL`. Numbers are explicit and never reused (a test holds both).

use crate::Code;

pub mod backend;
pub mod collection;
pub mod condition;
pub mod correlate;
pub mod engine;
pub mod input;
pub mod pipeline;
pub mod rule;
pub mod verify;
pub mod yaml;

/// Every code, in the order of its number.
pub fn all() -> impl Iterator<Item = &'static Code> {
    [
        yaml::ALL,
        rule::ALL,
        collection::ALL,
        condition::ALL,
        pipeline::ALL,
        backend::ALL,
        input::ALL,
        verify::ALL,
        engine::ALL,
        correlate::ALL,
    ]
    .into_iter()
    .flatten()
    .copied()
}

#[cfg(test)]
mod tests {
    #[test]
    fn numbers_and_names_are_unique_and_sorted() {
        let codes: Vec<_> = super::all().collect();
        assert!(codes.windows(2).all(|pair| pair[0].number < pair[1].number), "sorted, no number twice");
        let mut names: Vec<_> = codes.iter().map(|code| code.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), codes.len(), "no name twice");
        assert!(codes.iter().all(|code| !code.summary.is_empty() && !code.help.is_empty()));
    }
}
