//! Codes of conditions.

use crate::Code;

/// The condition cannot be parsed.
pub static SYNTAX: Code = Code {
    number: 3001,
    name: "condition-syntax",
    summary: "The condition cannot be parsed.",
    help: "A condition joins identifiers with `and`, `or`, `not`, parentheses and `1 of`/`all of`.",
};

/// The condition names a search identifier that the detection does not define.
pub static UNKNOWN_IDENTIFIER: Code = Code {
    number: 3002,
    name: "unknown-identifier",
    summary: "The condition names a search identifier that the detection does not define.",
    help: "Define the identifier, or correct its name.",
};

/// A selector matches no search identifier.
pub static EMPTY_SELECTOR: Code = Code {
    number: 3003,
    name: "empty-selector",
    summary: "A selector matches no search identifier.",
    help: "Correct the pattern, or define an identifier that it matches.",
};

/// Aggregations after `|` are no longer part of Sigma.
pub static AGGREGATION: Code = Code {
    number: 3004,
    name: "condition-aggregation",
    summary: "Aggregations after `|` are no longer part of Sigma.",
    help: "Write a correlation rule that refers to this rule.",
};

/// A condition keyword is not in lower case.
pub static UPPERCASE_KEYWORD: Code = Code {
    number: 3005,
    name: "uppercase-keyword",
    summary: "A condition keyword is not in lower case.",
    help: "Write `and`, `or`, `not`, `of`, `all`, `any`, `them` in lower case; other tools refuse the rule.",
};

/// A search identifier has the name of a condition keyword.
pub static RESERVED_IDENTIFIER: Code = Code {
    number: 3006,
    name: "reserved-identifier",
    summary: "A search identifier has the name of a condition keyword.",
    help: "Rename the identifier.",
};

/// The detection has no condition.
pub static MISSING: Code = Code {
    number: 3007,
    name: "missing-condition",
    summary: "The detection has no condition.",
    help: "Add `condition:` with the identifiers that must match.",
};

/// The condition is nested deeper than the limit.
pub static NESTING_LIMIT: Code = Code {
    number: 3008,
    name: "condition-nesting-limit",
    summary: "The condition is nested deeper than the limit.",
    help: "Split the condition into several search identifiers.",
};

/// The condition is no text.
pub static NOT_TEXT: Code = Code {
    number: 3009,
    name: "condition-not-text",
    summary: "The condition is no text.",
    help: "Write the condition as a text, or a list of texts.",
};

/// The condition asks for more search identifiers than there are.
pub static COUNT_OUT_OF_REACH: Code = Code {
    number: 3010,
    name: "count-out-of-reach",
    summary: "The condition asks for more search identifiers than there are.",
    help: "Lower the number.",
};

/// All of this range.
pub static ALL: &[&Code] = &[
    &SYNTAX,
    &UNKNOWN_IDENTIFIER,
    &EMPTY_SELECTOR,
    &AGGREGATION,
    &UPPERCASE_KEYWORD,
    &RESERVED_IDENTIFIER,
    &MISSING,
    &NESTING_LIMIT,
    &NOT_TEXT,
    &COUNT_OUT_OF_REACH,
];
