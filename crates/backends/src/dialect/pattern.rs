//! Regular expressions that decide about quoting.

use serde::{Deserialize, Deserializer, de};

/// A regular expression that is tested at the start of a text.
#[derive(Clone, Debug)]
pub struct Pattern(fancy_regex::Regex);

impl Pattern {
    /// Compiles a pattern; the error says what is wrong.
    pub fn new(pattern: &str) -> Result<Self, String> {
        fancy_regex::Regex::new(&format!(r"\A(?:{pattern})")).map(Self).map_err(|error| error.to_string())
    }

    /// Whether the text begins with a match. A pattern that runs into its backtracking limit does not match.
    pub fn matches(&self, text: &str) -> bool {
        self.0.is_match(text).unwrap_or(false)
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Pattern::new(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// A regular expression whose matches are escaped.
#[derive(Clone, Debug)]
pub struct Search(fancy_regex::Regex);

impl Search {
    /// Where matches start.
    pub fn starts<'t>(&'t self, text: &'t str) -> impl Iterator<Item = usize> + 't {
        self.0.find_iter(text).filter_map(Result::ok).map(|found| found.start())
    }
}

impl<'de> Deserialize<'de> for Search {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let pattern = String::deserialize(deserializer)?;
        fancy_regex::Regex::new(&pattern).map(Self).map_err(de::Error::custom)
    }
}
