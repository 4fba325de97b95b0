//! What a rule says about itself.

use crate::Data;

/// The attributes that rules, correlations and filters share.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Meta {
    /// Title, at most 256 characters.
    pub title: String,
    /// UUID in lower case with hyphens.
    pub id: Option<String>,
    /// Name for references.
    pub name: Option<String>,
    /// Relations to other rules.
    pub related: Vec<Related>,
    /// Taxonomy of field names; `sigma` if absent.
    pub taxonomy: Option<String>,
    /// Maturity.
    pub status: Option<Status>,
    /// Description.
    pub description: Option<String>,
    /// SPDX identifier.
    pub license: Option<String>,
    /// Authors.
    pub author: Option<String>,
    /// References.
    pub references: Vec<String>,
    /// Date of creation as `YYYY-MM-DD`.
    pub date: Option<String>,
    /// Date of change as `YYYY-MM-DD`.
    pub modified: Option<String>,
    /// Tags.
    pub tags: Vec<Tag>,
    /// Severity.
    pub level: Option<Level>,
    /// False positives.
    pub falsepositives: Vec<String>,
    /// Scope.
    pub scope: Vec<String>,
    /// Every other key, in order.
    pub custom: Vec<(String, Data)>,
}

impl Meta {
    /// Whether the fields are named as Sigma's own taxonomy names them; so they are if the rule does not say.
    pub fn has_sigma_taxonomy(&self) -> bool {
        self.taxonomy.as_deref().is_none_or(|taxonomy| taxonomy.eq_ignore_ascii_case("sigma"))
    }

    /// The value of a custom attribute.
    pub fn custom(&self, name: &str) -> Option<&Data> {
        self.custom.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// Sets a custom attribute.
    pub fn set_custom(&mut self, name: &str, value: Data) {
        match self.custom.iter_mut().find(|(key, _)| key == name) {
            Some((_, old)) => *old = value,
            None => self.custom.push((name.to_owned(), value)),
        }
    }
}

/// A relation to another rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// UUID of the other rule.
    pub id: String,
    /// `derived`, `obsolete`, `merged`, `renamed`, `similar` (or `correlation` in old rules).
    pub kind: String,
}

/// A tag, split at its first dot.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tag {
    /// Before the dot, e.g. `attack`.
    pub namespace: String,
    /// Behind the dot, e.g. `t1059.001`.
    pub name: String,
}

impl std::fmt::Display for Tag {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.namespace, self.name)
    }
}

macro_rules! names {
    ($type:ident { $($variant:ident = $text:literal),* $(,)? }) => {
        impl $type {
            /// All values, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// As written in rules.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }

            /// Reads what rules write, in any case.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str().eq_ignore_ascii_case(text))
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use names;

/// Maturity of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Status {
    Unsupported,
    Deprecated,
    Experimental,
    Test,
    Stable,
}

names!(Status {
    Unsupported = "unsupported",
    Deprecated = "deprecated",
    Experimental = "experimental",
    Test = "test",
    Stable = "stable",
});

/// Severity of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Level {
    Informational,
    Low,
    Medium,
    High,
    Critical,
}

names!(Level {
    Informational = "informational",
    Low = "low",
    Medium = "medium",
    High = "high",
    Critical = "critical",
});
