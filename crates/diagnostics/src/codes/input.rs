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

/// The file is not JSON.
pub static NOT_JSON: Code = Code {
    number: 6005,
    name: "not-json",
    summary: "The file is not JSON.",
    help: "Check that it is the file that was meant.",
};

/// An argument of the call has a value that it cannot have.
pub static BAD_ARGUMENT: Code = Code {
    number: 6006,
    name: "bad-argument",
    summary: "An argument of the call has a value that it cannot have.",
    help: "`sigyn help COMMAND` describes every argument.",
};

/// A character of the output does not exist in the encoding asked for.
pub static NOT_ENCODABLE: Code = Code {
    number: 6007,
    name: "character-not-encodable",
    summary: "A character of the output does not exist in the encoding asked for.",
    help: "Leave `--encoding` out: UTF-8 has every character.",
};

/// The output cannot be written.
pub static UNWRITABLE: Code = Code {
    number: 6008,
    name: "output-unwritable",
    summary: "The output cannot be written.",
    help: "Check that the folder exists and may be written to.",
};

/// A link leads to nothing.
pub static DANGLING_LINK: Code = Code {
    number: 6009,
    name: "dangling-link",
    summary: "A link leads to nothing.",
    help: "Remove the link, or restore what it led to.",
};

/// A configuration of checks says something that cannot be.
pub static BAD_CHECK_CONFIG: Code = Code {
    number: 6020,
    name: "bad-check-configuration",
    summary: "A configuration of checks says something that cannot be.",
    help: "`sigyn list checks` names every check; docs/checks/README.md describes the file.",
};

/// All of this range.
pub static ALL: &[&Code] = &[
    &NOT_FOUND,
    &UNREADABLE,
    &NO_RULES,
    &TOO_LARGE,
    &NOT_JSON,
    &BAD_ARGUMENT,
    &NOT_ENCODABLE,
    &UNWRITABLE,
    &DANGLING_LINK,
    &BAD_CHECK_CONFIG,
];
