//! What a misspelt word may have meant.

/// Most single-letter changes between a word and what it may have meant.
const CHANGES_MAX: usize = 2;

/// The known word that is nearest to `word`, if it is near enough to be a slip: at most two letters added, left out,
/// changed or swapped, and fewer than half of them.
pub fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let normal = |word: &str| word.to_ascii_lowercase().replace('_', "-");
    let written = normal(word);
    let changes = |known: &str| strsim::osa_distance(&written, &normal(known));
    let near = known.iter().filter_map(|known| {
        let count = changes(known);
        (count <= CHANGES_MAX && count * 2 < known.chars().count()).then_some((count, *known))
    });
    near.min_by_key(|(count, _)| *count).map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_near_and_other_words_are_not() {
        let known = ["type", "group-by", "timespan", "rules"];
        for (word, expect) in [
            ("group_by", Some("group-by")),
            ("groupby", Some("group-by")),
            ("Timespan", Some("timespan")),
            ("tiemspan", Some("timespan")),
            ("rule", Some("rules")),
            ("tpye", Some("type")),
            ("tag", None),
            ("threshold", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, &known), expect, "{word}");
        }
    }
}
