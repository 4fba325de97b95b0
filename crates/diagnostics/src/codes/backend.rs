//! Codes of backends and dialect files.

use crate::Code;

/// No target has this name.
pub static UNKNOWN_TARGET: Code = Code {
    number: 5001,
    name: "unknown-target",
    summary: "No target has this name.",
    help: "`sigyn list targets` names them all.",
};

/// The target has no such output format.
pub static UNKNOWN_FORMAT: Code = Code {
    number: 5002,
    name: "unknown-format",
    summary: "The target has no such output format.",
    help: "`sigyn list formats TARGET` names them all.",
};

/// The target has no such correlation method.
pub static UNKNOWN_CORRELATION_METHOD: Code = Code {
    number: 5003,
    name: "unknown-correlation-method",
    summary: "The target has no such correlation method.",
    help: "`sigyn list correlation-methods TARGET` names them all.",
};

/// The target's query language cannot express this.
pub static UNSUPPORTED: Code = Code {
    number: 5004,
    name: "unsupported-by-target",
    summary: "The target's query language cannot express this.",
    help: "Rewrite the rule without the construct, or use another target; `--skip-unsupported` goes on without the rule.",
};

/// The target cannot express this value at this place.
pub static UNSUPPORTED_VALUE: Code = Code {
    number: 5005,
    name: "unsupported-value",
    summary: "The target cannot express this value at this place.",
    help: "Rewrite the value; `--skip-unsupported` goes on without the rule.",
};

/// The target cannot express this correlation.
pub static CORRELATION_UNSUPPORTED: Code = Code {
    number: 5006,
    name: "correlation-unsupported",
    summary: "The target cannot express this correlation.",
    help: "Use another target, or run the correlation in Sigyn.",
};

/// The dialect file is not well formed.
pub static DIALECT: Code = Code {
    number: 5007,
    name: "dialect-syntax",
    summary: "The dialect file is not well formed.",
    help: "Correct the key at the place shown; `docs/dialects.md` lists them all.",
};

/// The backend option is unknown or has a wrong value.
pub static BAD_OPTION: Code = Code {
    number: 5008,
    name: "bad-backend-option",
    summary: "The backend option is unknown or has a wrong value.",
    help: "`sigyn list options TARGET` names them all.",
};

/// A rule that the correlation refers to was not converted.
pub static REFERENCED_RULE_FAILED: Code = Code {
    number: 5009,
    name: "referenced-rule-failed",
    summary: "A rule that the correlation refers to was not converted.",
    help: "Mend the referenced rule first.",
};

/// The target has no wildcard for this place.
pub static WILDCARD: Code = Code {
    number: 5010,
    name: "wildcard-unsupported",
    summary: "The target has no wildcard for this place.",
    help: "Use a modifier such as `contains`, or a regular expression.",
};

/// A template of the target's format cannot be filled in.
pub static FORMAT_TEMPLATE: Code = Code {
    number: 5011,
    name: "format-template",
    summary: "A template of the target's format cannot be filled in.",
    help: "Mend the template in the dialect file, or choose another format; `docs/dialects.md` says what templates are given.",
};

/// All of this range.
pub static ALL: &[&Code] = &[
    &UNKNOWN_TARGET,
    &UNKNOWN_FORMAT,
    &UNKNOWN_CORRELATION_METHOD,
    &UNSUPPORTED,
    &UNSUPPORTED_VALUE,
    &CORRELATION_UNSUPPORTED,
    &DIALECT,
    &BAD_OPTION,
    &REFERENCED_RULE_FAILED,
    &WILDCARD,
    &FORMAT_TEMPLATE,
];
