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

/// Aggregations after `
pub static AGGREGATION: Code = Code {
    number: 3004,
    name: "condition-aggregation",
    summary: "Aggregations after `",
    help: "` are no longer part of Sigma.|Write a correlation rule that refers to this rule.",
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
];
