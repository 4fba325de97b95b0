//! Codes of the matching engine.

use crate::Code;

/// A placeholder in a value was never given one.
pub static PLACEHOLDER: Code = Code {
    number: 7001,
    name: "placeholder-without-value",
    summary: "A placeholder in a value was never given one.",
    help: "Give the name its values with a pipeline (`-p`) that expands placeholders.",
};

/// A pipeline put query text of a target into the rule.
pub static QUERY_TEXT: Code = Code {
    number: 7002,
    name: "query-text-in-rule",
    summary: "A pipeline put query text of a target into the rule.",
    help: "Hunt without that pipeline; it is made for converting.",
};

/// A comparison stands among keywords but compares a field.
pub static NEEDS_FIELD: Code = Code {
    number: 7003,
    name: "keyword-without-field",
    summary: "A comparison stands among keywords but compares a field.",
    help: "Write the name of the field before the modifier.",
};

/// A regular expression is not valid or takes too much memory.
pub static REGEX: Code = Code {
    number: 7004,
    name: "oversized-regex",
    summary: "A regular expression is not valid or takes too much memory.",
    help: "Use smaller counted repetitions, or split the expression.",
};

/// Nothing is left of the rule's condition.
pub static NO_CONDITION: Code = Code {
    number: 7005,
    name: "empty-condition",
    summary: "Nothing is left of the rule's condition.",
    help: "A pipeline dropped all that the condition names; hunt without it.",
};

/// No known events have the rule's log source.
pub static UNKNOWN_LOG_SOURCE: Code = Code {
    number: 7006,
    name: "unknown-log-source",
    summary: "No known events have the rule's log source.",
    help: "Say which events have it: add a group to a table of log sources, or name the source of the logs on the command line.",
};

/// All of this range.
pub static ALL: &[&Code] =
    &[&PLACEHOLDER, &QUERY_TEXT, &NEEDS_FIELD, &REGEX, &NO_CONDITION, &UNKNOWN_LOG_SOURCE];
