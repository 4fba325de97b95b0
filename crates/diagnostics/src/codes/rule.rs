//! Codes of rules, correlations, filters and collections.

use crate::Code;

/// The document is not a map.
pub static NOT_A_MAP: Code = Code {
    number: 2001,
    name: "rule-not-a-map",
    summary: "The document is not a map.",
    help: "A rule is a map with `title`, `logsource` and `detection`.",
};

/// The rule has no title.
pub static MISSING_TITLE: Code = Code {
    number: 2002,
    name: "missing-title",
    summary: "The rule has no title.",
    help: "Add `title:` with a short text.",
};

/// The title is no text, is empty, or is longer than 256 characters.
pub static BAD_TITLE: Code = Code {
    number: 2003,
    name: "bad-title",
    summary: "The title is no text, is empty, or is longer than 256 characters.",
    help: "Shorten the title; details belong in `description`.",
};

/// The id is not a UUID.
pub static BAD_ID: Code = Code {
    number: 2004,
    name: "bad-id",
    summary: "The id is not a UUID.",
    help: "Write a UUID, for example one printed by `uuidgen`.",
};

/// The name is empty, too long, no text, or reads as a UUID.
pub static BAD_NAME: Code = Code {
    number: 2005,
    name: "bad-name",
    summary: "The name is empty, too long, no text, or reads as a UUID.",
    help: "Choose a name of 1 to 256 characters that is no UUID.",
};

/// An entry of `related` is not an `id` with a known `type`.
pub static BAD_RELATED: Code = Code {
    number: 2006,
    name: "bad-related",
    summary: "An entry of `related` is not an `id` with a known `type`.",
    help: "Use a UUID and one of derived, obsolete, merged, renamed, similar.",
};

/// The taxonomy is no text.
pub static BAD_TAXONOMY: Code = Code {
    number: 2007,
    name: "bad-taxonomy",
    summary: "The taxonomy is no text.",
    help: "Name the taxonomy, or leave the key out.",
};

/// The status is unknown.
pub static BAD_STATUS: Code = Code {
    number: 2008,
    name: "bad-status",
    summary: "The status is unknown.",
    help: "Use stable, test, experimental, deprecated or unsupported.",
};

/// The description is no text or longer than 65,535 characters.
pub static BAD_DESCRIPTION: Code = Code {
    number: 2009,
    name: "bad-description",
    summary: "The description is no text or longer than 65,535 characters.",
    help: "Shorten the description.",
};

/// The license is no text.
pub static BAD_LICENSE: Code = Code {
    number: 2010,
    name: "bad-license",
    summary: "The license is no text.",
    help: "Write an SPDX identifier.",
};

/// The author is no text.
pub static BAD_AUTHOR: Code = Code {
    number: 2011,
    name: "bad-author",
    summary: "The author is no text.",
    help: "Write the authors as one text, separated by commas.",
};

/// The references are no list.
pub static BAD_REFERENCES: Code = Code {
    number: 2012,
    name: "bad-references",
    summary: "The references are no list.",
    help: "Write a list of texts.",
};

/// The date cannot be read.
pub static BAD_DATE: Code =
    Code { number: 2013, name: "bad-date", summary: "The date cannot be read.", help: "Write YYYY-MM-DD." };

/// The date of modification cannot be read.
pub static BAD_MODIFIED: Code = Code {
    number: 2014,
    name: "bad-modified",
    summary: "The date of modification cannot be read.",
    help: "Write YYYY-MM-DD.",
};

/// The fields are no list of names.
pub static BAD_FIELDS: Code = Code {
    number: 2015,
    name: "bad-fields",
    summary: "The fields are no list of names.",
    help: "Write a list of field names.",
};

/// The false positives are no list.
pub static BAD_FALSE_POSITIVES: Code = Code {
    number: 2016,
    name: "bad-falsepositives",
    summary: "The false positives are no list.",
    help: "Write a list of texts.",
};

/// The level is unknown.
pub static BAD_LEVEL: Code = Code {
    number: 2017,
    name: "bad-level",
    summary: "The level is unknown.",
    help: "Use informational, low, medium, high or critical.",
};

/// A tag is not `namespace.name`.
pub static BAD_TAG: Code = Code {
    number: 2018,
    name: "bad-tag",
    summary: "A tag is not `namespace.name`.",
    help: "Write tags such as `attack.t1059`.",
};

/// The scope is no list.
pub static BAD_SCOPE: Code = Code {
    number: 2019,
    name: "bad-scope",
    summary: "The scope is no list.",
    help: "Write a list of texts.",
};

/// The rule has no log source.
pub static MISSING_LOGSOURCE: Code = Code {
    number: 2020,
    name: "missing-logsource",
    summary: "The rule has no log source.",
    help: "Add `logsource:` with category, product or service.",
};

/// The log source is no map, names none of category, product and service, or has a value that is no text.
pub static BAD_LOGSOURCE: Code = Code {
    number: 2021,
    name: "bad-logsource",
    summary: "The log source is no map, names none of category, product and service, or has a value that is no text.",
    help: "Give at least one of category, product and service as text.",
};

/// The rule has no detection.
pub static MISSING_DETECTION: Code = Code {
    number: 2022,
    name: "missing-detection",
    summary: "The rule has no detection.",
    help: "Add `detection:` with search identifiers and a condition.",
};

/// The detection is no map or has no search identifier.
pub static BAD_DETECTION: Code = Code {
    number: 2023,
    name: "bad-detection",
    summary: "The detection is no map or has no search identifier.",
    help: "Give at least one search identifier beside the condition.",
};

/// A search identifier is empty.
pub static EMPTY_SEARCH: Code = Code {
    number: 2024,
    name: "empty-search-identifier",
    summary: "A search identifier is empty.",
    help: "Give it a map of fields or a list of keywords.",
};

/// A value has a type that cannot stand here.
pub static BAD_VALUE: Code = Code {
    number: 2025,
    name: "bad-value",
    summary: "A value has a type that cannot stand here.",
    help: "Use text, numbers, booleans or null.",
};

/// The modifier does not exist.
pub static UNKNOWN_MODIFIER: Code = Code {
    number: 2026,
    name: "unknown-modifier",
    summary: "The modifier does not exist.",
    help: "`sigyn list modifiers` names them all.",
};

/// The modifiers cannot stand together in this order.
pub static MODIFIER_CHAIN: Code = Code {
    number: 2027,
    name: "bad-modifier-chain",
    summary: "The modifiers cannot stand together in this order.",
    help: "Reorder or remove a modifier.",
};

/// The modifier cannot be applied to a value of this type.
pub static MODIFIER_TYPE: Code = Code {
    number: 2028,
    name: "bad-modifier-value",
    summary: "The modifier cannot be applied to a value of this type.",
    help: "Change the value's type or the modifier.",
};

/// The regular expression is not valid.
pub static BAD_REGEX: Code = Code {
    number: 2029,
    name: "bad-regex",
    summary: "The regular expression is not valid.",
    help: "Correct the pattern at the place shown.",
};

/// The value is no network in CIDR notation.
pub static BAD_CIDR: Code = Code {
    number: 2030,
    name: "bad-cidr",
    summary: "The value is no network in CIDR notation.",
    help: "Write an address and a prefix length, such as 10.0.0.0/8.",
};

/// The value is no number that can be compared.
pub static BAD_NUMBER: Code = Code {
    number: 2031,
    name: "bad-number",
    summary: "The value is no number that can be compared.",
    help: "Write a finite number without quotes.",
};

/// A value with wildcards cannot be encoded.
pub static ENCODED_WILDCARD: Code = Code {
    number: 2032,
    name: "encoded-wildcard",
    summary: "A value with wildcards cannot be encoded.",
    help: "Remove the wildcards, or escape them with a backslash.",
};

/// `exists` needs a field, no other modifier, and true or false.
pub static EXISTS_MISUSED: Code = Code {
    number: 2033,
    name: "exists-misused",
    summary: "`exists` needs a field, no other modifier, and true or false.",
    help: "Write `field|exists: true`.",
};

/// A null value stands without a field.
pub static NULL_KEYWORD: Code = Code {
    number: 2034,
    name: "null-keyword",
    summary: "A null value stands without a field.",
    help: "Bind it to a field.",
};

/// The number is outside the range of the part of time.
pub static TIME_PART_RANGE: Code = Code {
    number: 2035,
    name: "time-part-out-of-range",
    summary: "The number is outside the range of the part of time.",
    help: "Use minute 0-59, hour 0-23, day 1-31, week 1-53, month 1-12.",
};

/// A list of values holds null.
pub static NULL_IN_LIST: Code = Code {
    number: 2036,
    name: "null-in-list",
    summary: "A list of values holds null.",
    help: "Sigyn reads it as one more branch; other tools may refuse it.",
};

/// A plain value means something else to other YAML readers.
pub static YAML_AMBIGUITY: Code = Code {
    number: 2037,
    name: "yaml-ambiguity",
    summary: "A plain value means something else to other YAML readers.",
    help: "Quote the value.",
};

/// A number stands under a modifier for text.
pub static NUMBER_AS_TEXT: Code = Code {
    number: 2038,
    name: "number-under-text-modifier",
    summary: "A number stands under a modifier for text.",
    help: "Quote the number.",
};

/// The network has bits set behind its prefix.
pub static HOST_BITS: Code = Code {
    number: 2039,
    name: "cidr-host-bits",
    summary: "The network has bits set behind its prefix.",
    help: "Write the network's own address.",
};

/// A text is expected here.
pub static EXPECTED_TEXT: Code = Code {
    number: 2040,
    name: "expected-text",
    summary: "A text is expected here.",
    help: "Quote the value.",
};

/// The id is no text.
pub static ID_NOT_TEXT: Code =
    Code { number: 2041, name: "id-not-text", summary: "The id is no text.", help: "Write a UUID." };

/// The name is no text.
pub static NAME_NOT_TEXT: Code =
    Code { number: 2042, name: "name-not-text", summary: "The name is no text.", help: "Quote the name." };

/// A tag has no namespace.
pub static TAG_WITHOUT_NAMESPACE: Code = Code {
    number: 2043,
    name: "tag-without-namespace",
    summary: "A tag has no namespace.",
    help: "Write tags such as `attack.t1059`.",
};

/// A value cannot be encoded as the modifier asks.
pub static NOT_ENCODABLE: Code = Code {
    number: 2044,
    name: "not-encodable",
    summary: "A value cannot be encoded as the modifier asks.",
    help: "Use characters that the encoding can express, and put a Base64 modifier behind a UTF-16 modifier.",
};

/// A reference to a field holds wildcards.
pub static FIELDREF_WILDCARD: Code = Code {
    number: 2045,
    name: "fieldref-wildcard",
    summary: "A reference to a field holds wildcards.",
    help: "Name one field; escape `*` and `?` with a backslash.",
};

/// The regular expression is empty.
pub static EMPTY_REGEX: Code = Code {
    number: 2046,
    name: "empty-regex",
    summary: "The regular expression is empty.",
    help: "Write a pattern, or remove the item.",
};

/// The regular expression needs look-around or back-references, which linear-time matching cannot do.
pub static UNSUPPORTED_REGEX: Code = Code {
    number: 2047,
    name: "unsupported-regex",
    summary: "The regular expression needs look-around or back-references, which linear-time matching cannot do.",
    help: "Rewrite the pattern without them, or allow backtracking for this run.",
};

/// The key of a detection item is no text.
pub static BAD_KEY: Code = Code {
    number: 2048,
    name: "bad-key",
    summary: "The key of a detection item is no text.",
    help: "Quote the name of the field.",
};

/// The correlation has no type.
pub static MISSING_CORRELATION_TYPE: Code = Code {
    number: 2050,
    name: "missing-correlation-type",
    summary: "The correlation has no type.",
    help: "Add `type:`.",
};

/// The type of the correlation is unknown.
pub static BAD_CORRELATION_TYPE: Code = Code {
    number: 2051,
    name: "bad-correlation-type",
    summary: "The type of the correlation is unknown.",
    help: "Use event_count, value_count, temporal, temporal_ordered, value_sum, value_avg, value_percentile or value_median.",
};

/// The correlation names no rules.
pub static BAD_CORRELATION_RULES: Code = Code {
    number: 2052,
    name: "bad-correlation-rules",
    summary: "The correlation names no rules.",
    help: "Give a list of ids or names.",
};

/// The time span is not a positive number with a unit.
pub static BAD_TIMESPAN: Code = Code {
    number: 2053,
    name: "bad-timespan",
    summary: "The time span is not a positive number with a unit.",
    help: "Write a number and s, m, h or d, such as 10m.",
};

/// `group-by` is no list of field names.
pub static BAD_GROUP_BY: Code = Code {
    number: 2054,
    name: "bad-group-by",
    summary: "`group-by` is no list of field names.",
    help: "Write a list of field names.",
};

/// The condition of the correlation cannot be read.
pub static BAD_CORRELATION_CONDITION: Code = Code {
    number: 2055,
    name: "bad-correlation-condition",
    summary: "The condition of the correlation cannot be read.",
    help: "Write an operator and a number such as `gte: 10`, with `field` where the type needs one.",
};

/// The aliases are no map from an alias to rules and fields.
pub static BAD_ALIASES: Code = Code {
    number: 2056,
    name: "bad-aliases",
    summary: "The aliases are no map from an alias to rules and fields.",
    help: "Write `alias: {rule: field}`.",
};

/// `generate` is not true or false, or stands twice with different values.
pub static BAD_GENERATE: Code = Code {
    number: 2057,
    name: "bad-generate",
    summary: "`generate` is not true or false, or stands twice with different values.",
    help: "Write true or false once.",
};

/// A referenced rule does not exist in the loaded set.
pub static UNKNOWN_RULE: Code = Code {
    number: 2058,
    name: "unknown-rule",
    summary: "A referenced rule does not exist in the loaded set.",
    help: "Load the rule too, or correct its id or name.",
};

/// Correlations refer to each other in a circle.
pub static CORRELATION_CYCLE: Code = Code {
    number: 2059,
    name: "correlation-cycle",
    summary: "Correlations refer to each other in a circle.",
    help: "Break the circle at one of the rules named.",
};

/// A correlation names the same rule twice.
pub static DUPLICATE_REFERENCE: Code = Code {
    number: 2060,
    name: "duplicate-reference",
    summary: "A correlation names the same rule twice.",
    help: "Remove one of the two.",
};

/// The percentile is missing or outside 0 to 100.
pub static MISSING_PERCENTILE: Code = Code {
    number: 2061,
    name: "missing-percentile",
    summary: "The percentile is missing or outside 0 to 100.",
    help: "Add `percentile:` with a number from 0 to 100.",
};

/// This type of correlation needs a field to count.
pub static MISSING_CONDITION_FIELD: Code = Code {
    number: 2062,
    name: "missing-condition-field",
    summary: "This type of correlation needs a field to count.",
    help: "Add `field:` to the condition.",
};

/// This type of correlation does not use the condition's field.
pub static UNUSED_CONDITION_FIELD: Code = Code {
    number: 2063,
    name: "unused-condition-field",
    summary: "This type of correlation does not use the condition's field.",
    help: "Remove the field.",
};

/// The correlation is not a map.
pub static CORRELATION_NOT_A_MAP: Code = Code {
    number: 2064,
    name: "correlation-not-a-map",
    summary: "The correlation is not a map.",
    help: "Give `correlation:` with type, rules, timespan and condition.",
};

/// The correlation has no time span.
pub static MISSING_TIMESPAN: Code = Code {
    number: 2065,
    name: "missing-timespan",
    summary: "The correlation has no time span.",
    help: "Add `timespan:`, such as 10m.",
};

/// An alias is not a map from rules to fields.
pub static BAD_ALIAS: Code = Code {
    number: 2066,
    name: "bad-alias",
    summary: "An alias is not a map from rules to fields.",
    help: "Write `alias: {rule: field}`.",
};

/// The correlation has no condition.
pub static MISSING_CORRELATION_CONDITION: Code = Code {
    number: 2067,
    name: "missing-correlation-condition",
    summary: "The correlation has no condition.",
    help: "Add `condition:` with an operator and a number, such as `gte: 10`.",
};

/// The condition over rules cannot be read or stands in the wrong type of correlation.
pub static BAD_EXTENDED_CONDITION: Code = Code {
    number: 2068,
    name: "bad-extended-condition",
    summary: "The condition over rules cannot be read or stands in the wrong type of correlation.",
    help: "Join the names of rules with `and`, `or`, `not` in a temporal correlation.",
};

/// The rules and the condition over them name different rules.
pub static EXTENDED_CONDITION_RULES: Code = Code {
    number: 2069,
    name: "extended-condition-rules",
    summary: "The rules and the condition over them name different rules.",
    help: "Name each rule in both, or leave `rules` out.",
};

/// The filter is no map.
pub static BAD_FILTER: Code = Code {
    number: 2070,
    name: "bad-filter",
    summary: "The filter is no map.",
    help: "Give `filter:` with rules, search identifiers and a condition.",
};

/// The filter does not say which rules it applies to.
pub static BAD_FILTER_RULES: Code = Code {
    number: 2071,
    name: "bad-filter-rules",
    summary: "The filter does not say which rules it applies to.",
    help: "Add `rules: any` or a list of ids and names.",
};

/// The filter needs exactly one condition, as text.
pub static BAD_FILTER_CONDITION: Code = Code {
    number: 2072,
    name: "bad-filter-condition",
    summary: "The filter needs exactly one condition, as text.",
    help: "Write `condition: not selection`.",
};

/// The filter keeps only what it describes.
pub static FILTER_WITHOUT_NOT: Code = Code {
    number: 2073,
    name: "filter-without-not",
    summary: "The filter keeps only what it describes.",
    help: "To exclude, write `condition: not selection`.",
};

/// All of this range.
pub static ALL: &[&Code] = &[
    &NOT_A_MAP,
    &MISSING_TITLE,
    &BAD_TITLE,
    &BAD_ID,
    &BAD_NAME,
    &BAD_RELATED,
    &BAD_TAXONOMY,
    &BAD_STATUS,
    &BAD_DESCRIPTION,
    &BAD_LICENSE,
    &BAD_AUTHOR,
    &BAD_REFERENCES,
    &BAD_DATE,
    &BAD_MODIFIED,
    &BAD_FIELDS,
    &BAD_FALSE_POSITIVES,
    &BAD_LEVEL,
    &BAD_TAG,
    &BAD_SCOPE,
    &MISSING_LOGSOURCE,
    &BAD_LOGSOURCE,
    &MISSING_DETECTION,
    &BAD_DETECTION,
    &EMPTY_SEARCH,
    &BAD_VALUE,
    &UNKNOWN_MODIFIER,
    &MODIFIER_CHAIN,
    &MODIFIER_TYPE,
    &BAD_REGEX,
    &BAD_CIDR,
    &BAD_NUMBER,
    &ENCODED_WILDCARD,
    &EXISTS_MISUSED,
    &NULL_KEYWORD,
    &TIME_PART_RANGE,
    &NULL_IN_LIST,
    &YAML_AMBIGUITY,
    &NUMBER_AS_TEXT,
    &HOST_BITS,
    &EXPECTED_TEXT,
    &ID_NOT_TEXT,
    &NAME_NOT_TEXT,
    &TAG_WITHOUT_NAMESPACE,
    &NOT_ENCODABLE,
    &FIELDREF_WILDCARD,
    &EMPTY_REGEX,
    &UNSUPPORTED_REGEX,
    &BAD_KEY,
    &MISSING_CORRELATION_TYPE,
    &BAD_CORRELATION_TYPE,
    &BAD_CORRELATION_RULES,
    &BAD_TIMESPAN,
    &BAD_GROUP_BY,
    &BAD_CORRELATION_CONDITION,
    &BAD_ALIASES,
    &BAD_GENERATE,
    &UNKNOWN_RULE,
    &CORRELATION_CYCLE,
    &DUPLICATE_REFERENCE,
    &MISSING_PERCENTILE,
    &MISSING_CONDITION_FIELD,
    &UNUSED_CONDITION_FIELD,
    &CORRELATION_NOT_A_MAP,
    &MISSING_TIMESPAN,
    &BAD_ALIAS,
    &MISSING_CORRELATION_CONDITION,
    &BAD_EXTENDED_CONDITION,
    &EXTENDED_CONDITION_RULES,
    &BAD_FILTER,
    &BAD_FILTER_RULES,
    &BAD_FILTER_CONDITION,
    &FILTER_WITHOUT_NOT,
];
