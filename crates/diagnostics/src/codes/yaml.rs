//! Codes of text that is not the YAML we read.

use crate::Code;

/// The text is not valid YAML.
pub static SYNTAX: Code = Code {
    number: 1001,
    name: "yaml-syntax",
    summary: "The text is not valid YAML.",
    help: "Mend the line shown; the other documents of the file are read all the same where their start can be found.",
};

/// A key stands twice in one map.
pub static DUPLICATE_KEY: Code = Code {
    number: 1002,
    name: "duplicate-key",
    summary: "A key stands twice in one map.",
    help: "Remove or rename one of the two; a list under one key says `or`.",
};

/// Merge keys (`<<`) are not part of Sigma's YAML.
pub static MERGE_KEY: Code = Code {
    number: 1003,
    name: "merge-key",
    summary: "Merge keys (`<<`) are not part of Sigma's YAML.",
    help: "Write the merged keys out.",
};

/// Aliases expand to more nodes than the budget allows.
pub static EXPANSION_LIMIT: Code = Code {
    number: 1004,
    name: "expansion-limit",
    summary: "Aliases expand to more nodes than the budget allows.",
    help: "Write the repeated parts out, or split the file.",
};

/// The document is nested deeper than the limit.
pub static NESTING_LIMIT: Code = Code {
    number: 1005,
    name: "nesting-limit",
    summary: "The document is nested deeper than the limit.",
    help: "Flatten the document.",
};

/// An alias refers to an anchor that does not exist.
pub static UNKNOWN_ALIAS: Code = Code {
    number: 1006,
    name: "unknown-alias",
    summary: "An alias refers to an anchor that does not exist.",
    help: "Define the anchor before the alias, or write the value out.",
};

/// The file is not UTF-8 text.
pub static NOT_UTF8: Code = Code {
    number: 1007,
    name: "not-utf8",
    summary: "The file is not UTF-8 text.",
    help: "Save the file as UTF-8.",
};

/// All of this range.
pub static ALL: &[&Code] =
    &[&SYNTAX, &DUPLICATE_KEY, &MERGE_KEY, &EXPANSION_LIMIT, &NESTING_LIMIT, &UNKNOWN_ALIAS, &NOT_UTF8];
