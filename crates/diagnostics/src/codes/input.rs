//! Codes of files, arguments and other input of a run.

use crate::Code;

/// The file or folder does not exist.
pub static NOT_FOUND: Code = Code {
    number: 6001,
    name: "file-not-found",
    summary: "The file or folder does not exist.",
    help: "Check the path.",
};

/// The file cannot be read.
pub static UNREADABLE: Code = Code {
    number: 6002,
    name: "file-unreadable",
    summary: "The file cannot be read.",
    help: "Check the permissions.",
};

/// The input holds no rule.
pub static NO_RULES: Code = Code {
    number: 6003,
    name: "no-rules",
    summary: "The input holds no rule.",
    help: "Check the path and `--file-pattern`.",
};

/// The file is larger than a rule file may be.
pub static TOO_LARGE: Code = Code {
    number: 6004,
    name: "file-too-large",
    summary: "The file is larger than a rule file may be.",
    help: "Split the file.",
};

/// All of this range.
pub static ALL: &[&Code] = &[&NOT_FOUND, &UNREADABLE, &NO_RULES, &TOO_LARGE];
