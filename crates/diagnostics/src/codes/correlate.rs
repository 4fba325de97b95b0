//! Codes of correlations and chains that cannot be followed.

use crate::Code;

/// An option of the rule could not be read.
pub static UNREAD_OPTION: Code = Code {
    number: 7101,
    name: "unread-option",
    summary: "An option of the rule could not be read, so what the rule means over time is not known.",
    help: "Mend the option; `sigyn check` says what it takes.",
};

/// Rules read each other's detections in a circle.
pub static CHAIN_CYCLE: Code = Code {
    number: 7102,
    name: "chain-cycle",
    summary: "Rules read each other's detections in a circle.",
    help: "Let one of them select on something other than the next rule's detections.",
};

/// A rule that the correlation needs cannot be used.
pub static UNUSABLE_RULE: Code = Code {
    number: 7103,
    name: "unusable-rule",
    summary: "A rule that the correlation needs cannot be used.",
    help: "Mend that rule first.",
};

/// An alternative of the condition names no rule that must match.
pub static ABSENCE_ALONE: Code = Code {
    number: 7104,
    name: "absence-alone",
    summary: "An alternative of the condition names no rule that must match.",
    help: "Name a rule that must match beside those that must not, or list the keys that must be heard of in `inventory`.",
};

/// An ordered correlation has alternatives.
pub static ORDERED_ALTERNATIVES: Code = Code {
    number: 7105,
    name: "ordered-alternatives",
    summary: "No order is defined between the alternatives of an ordered correlation.",
    help: "Join names, or names with `not`, by `and`; write a correlation of its own for each alternative.",
};

/// The condition has too many alternatives.
pub static OVERSIZED_CONDITION: Code = Code {
    number: 7106,
    name: "oversized-condition",
    summary: "The condition has too many alternatives.",
    help: "Split the correlation.",
};

/// The window is too long.
pub static OVERSIZED_WINDOW: Code = Code {
    number: 7107,
    name: "oversized-window",
    summary: "The window is longer than events are kept.",
    help: "Use a shorter time span.",
};

/// Options that cannot go together.
pub static OPTION_CONFLICT: Code = Code {
    number: 7108,
    name: "option-conflict",
    summary: "Options of the correlation cannot go together, or one lacks another.",
    help: "Leave one of them out, or add what is missing.",
};

/// A name that is no time zone.
pub static UNKNOWN_ZONE: Code = Code {
    number: 7109,
    name: "unknown-zone",
    summary: "There is no such time zone.",
    help: "Write UTC, an offset such as +02:00, or a zone of the IANA database such as Europe/Berlin.",
};

/// More than one field where one number is measured.
pub static SEVERAL_FIELDS: Code = Code {
    number: 7110,
    name: "several-measured-fields",
    summary: "Sums, averages, percentiles and medians are of one field.",
    help: "Name one field, or write a correlation for each.",
};

/// A sliding window that is judged when it closes.
pub static JUDGED_AT_CLOSE: Code = Code {
    number: 7111,
    name: "judged-at-close",
    summary: "The condition can become false again, so it is judged in fixed windows when they close.",
    help: "Say so with `sigyn: {window: tumbling}`, or use `window: session`.",
};

/// A percentile without a percentile.
pub static NO_PERCENTILE: Code = Code {
    number: 7112,
    name: "no-percentile",
    summary: "The correlation does not say which percentile it measures.",
    help: "Add `percentile:` to its condition.",
};

/// All of this range.
pub static ALL: &[&Code] = &[
    &UNREAD_OPTION,
    &CHAIN_CYCLE,
    &UNUSABLE_RULE,
    &ABSENCE_ALONE,
    &ORDERED_ALTERNATIVES,
    &OVERSIZED_CONDITION,
    &OVERSIZED_WINDOW,
    &OPTION_CONFLICT,
    &UNKNOWN_ZONE,
    &SEVERAL_FIELDS,
    &JUDGED_AT_CLOSE,
    &NO_PERCENTILE,
];
