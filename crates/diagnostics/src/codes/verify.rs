//! Codes of tests of rules.

use crate::Code;

/// A test file says something that cannot be.
pub static BAD_TEST_FILE: Code = Code {
    number: 6501,
    name: "bad-test-file",
    summary: "A test file says something that cannot be.",
    help: "docs/testing.md describes every key.",
};

/// A test names a rule that is not among the rules under test.
pub static UNKNOWN_RULE: Code = Code {
    number: 6502,
    name: "unknown-rule-in-test",
    summary: "A test names a rule that is not among the rules under test.",
    help: "Name it by its id, its name or its title, or add its file to `rules`.",
};

/// A test's log or rule file cannot be read.
pub static UNREADABLE_INPUT: Code = Code {
    number: 6503,
    name: "unreadable-test-input",
    summary: "A test's log or rule file cannot be read.",
    help: "Paths are taken from the folder of the test file.",
};

/// A rule has no test.
pub static UNTESTED_RULE: Code = Code {
    number: 6504,
    name: "rule-without-test",
    summary: "A rule has no test.",
    help: "Write one beside it, as docs/testing.md describes.",
};

/// All of this range.
pub static ALL: &[&Code] = &[&BAD_TEST_FILE, &UNKNOWN_RULE, &UNREADABLE_INPUT, &UNTESTED_RULE];
