//! Which strategies the engine uses.

/// Whether a strategy is used. None of them changes what matches; each can be switched off, so that tests can hold
/// the engine with and without it against each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Switch {
    On,
    Off,
}

impl Switch {
    pub(crate) fn is_on(self) -> bool {
        self == Switch::On
    }
}

/// How an engine is built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Which rules are tried on an event.
    pub routing: Routing,
    /// Rules are woken by a literal that must be in the event for them to match; off: every candidate is evaluated.
    pub witnesses: Switch,
    /// Literals are found by hashes of their ends and of four bytes within; off: each is looked for by itself.
    pub tables: Switch,
    /// What values and events have met is remembered, up to [`cache_entries_max`](Self::cache_entries_max) values and
    /// [`outcome_bytes_max`](Self::outcome_bytes_max) of events.
    pub value_cache: Switch,
    /// A comparison that several rules share is made once per event.
    pub shared_atoms: Switch,
    /// Literals that a regular expression needs are looked for before it runs.
    pub regex_literals: Switch,
    /// Whether text that `base64` and `base64offset` made is compared with regard to case.
    pub base64_case: Base64Case,
    /// How many values the cache of a [`Scratch`](crate::Scratch) holds; rounded up to a power of two.
    pub cache_entries_max: usize,
    /// How much of events whose result is known the engine holds for all threads, in bytes.
    pub outcome_bytes_max: usize,
    /// How much memory one regular expression may take when compiled, in bytes.
    pub regex_bytes_max: usize,
    /// How many steps a backtracking regular expression may take on one value; beyond, it does not match.
    pub backtrack_steps_max: usize,
}

/// Which rules are tried on an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Routing {
    /// Those whose log source the event has.
    LogSource,
    /// All, whatever the event is.
    AllRules,
}

/// Case of encoded text (`reference/sigma.md` §4.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Base64Case {
    /// As written: `Zm9v` is not `zm9v`.
    Sensitive,
    /// As other strings of rules.
    Insensitive,
}

impl Config {
    /// Everything on, rules tried by log source: what hunting and serving use.
    pub const fn standard() -> Self {
        Self {
            routing: Routing::LogSource,
            witnesses: Switch::On,
            tables: Switch::On,
            value_cache: Switch::On,
            shared_atoms: Switch::On,
            regex_literals: Switch::On,
            base64_case: Base64Case::Sensitive,
            cache_entries_max: 4_096,
            outcome_bytes_max: 32 << 20,
            regex_bytes_max: 10 << 20,
            backtrack_steps_max: 1_000_000,
        }
    }
}
