//! Codes of what documents are to each other, and of keys that nothing reads.

use crate::Code;

/// The action of the collection is unknown.
pub static UNKNOWN_ACTION: Code = Code {
    number: 2080,
    name: "unknown-action",
    summary: "The action of the collection is unknown.",
    help: "Use global, reset or repeat.",
};

/// `action: repeat` has no document before it.
pub static NOTHING_TO_REPEAT: Code = Code {
    number: 2081,
    name: "nothing-to-repeat",
    summary: "`action: repeat` has no document before it.",
    help: "Put a rule before it.",
};

/// Two rules have the same id.
pub static DUPLICATE_ID: Code = Code {
    number: 2082,
    name: "duplicate-id",
    summary: "Two rules have the same id.",
    help: "Give one of them a fresh UUID.",
};

/// Two rules have the same name.
pub static DUPLICATE_NAME: Code = Code {
    number: 2083,
    name: "duplicate-name",
    summary: "Two rules have the same name.",
    help: "Rename one of them.",
};

/// A key is not known and nothing reads it.
pub static UNKNOWN_KEY: Code = Code {
    number: 2084,
    name: "unknown-key",
    summary: "A key is not known and nothing reads it.",
    help: "Check how the key is written, or leave it out.",
};

/// A key of a correlation is an extension of the specification.
pub static CORRELATION_EXTENSION: Code = Code {
    number: 2085,
    name: "correlation-extension",
    summary: "A key of a correlation is an extension of the specification.",
    help: "Leave the key out where the rule is to mean the same everywhere.",
};

/// A filter and a rule it applies to name their fields by different taxonomies.
pub static FILTER_TAXONOMY: Code = Code {
    number: 2086,
    name: "filter-taxonomy",
    summary: "A filter and a rule it applies to name their fields by different taxonomies.",
    help: "Write a filter for each taxonomy, and list the rules it applies to.",
};

/// A key of `sigyn:` is not known, or not for this kind of rule.
pub static UNKNOWN_OPTION: Code = Code {
    number: 2087,
    name: "unknown-option",
    summary: "A key of `sigyn:` is not known, or not for this kind of rule.",
    help: "Check how the key is written; `docs/correlation.md` lists the options.",
};

/// The value of a key of `sigyn:` cannot be read.
pub static BAD_OPTION: Code = Code {
    number: 2088,
    name: "bad-option",
    summary: "The value of a key of `sigyn:` cannot be read.",
    help: "`docs/correlation.md` says what each option takes.",
};

/// A rule reads another one that cannot be used.
pub static LOST_REFERENCE: Code = Code {
    number: 2095,
    name: "lost-reference",
    summary: "A rule reads another one that cannot be used.",
    help: "Mend the rule that it reads; what is wrong with it is said beside this.",
};

/// All of this range.
pub static ALL: &[&Code] = &[
    &UNKNOWN_ACTION,
    &NOTHING_TO_REPEAT,
    &DUPLICATE_ID,
    &DUPLICATE_NAME,
    &UNKNOWN_KEY,
    &CORRELATION_EXTENSION,
    &FILTER_TAXONOMY,
    &UNKNOWN_OPTION,
    &BAD_OPTION,
    &LOST_REFERENCE,
];
