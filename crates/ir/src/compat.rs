//! What the reference implementation calls our findings.

use sigyn_diagnostics::Code;
use sigyn_diagnostics::codes::{collection, condition, rule, yaml};

/// Our code, the class of the reference's exception, and when it is raised.
static CLASSES: &[(&Code, &str, Rank)] = &[
    (&yaml::SYNTAX, "ScannerError", Rank::Yaml),
    (&yaml::EXPANSION_LIMIT, "ScannerError", Rank::Yaml),
    (&yaml::NESTING_LIMIT, "ScannerError", Rank::Yaml),
    (&yaml::UNKNOWN_ALIAS, "ComposerError", Rank::Yaml),
    (&yaml::NOT_UTF8, "UnicodeDecodeError", Rank::Yaml),
    (&yaml::DUPLICATE_KEY, "YAMLError", Rank::Collected),
    (&yaml::MERGE_KEY, "YAMLError", Rank::Collected),
    (&rule::NOT_A_MAP, "AttributeError", Rank::Raised),
    (&rule::MISSING_TITLE, "SigmaTitleError", Rank::Collected),
    (&rule::BAD_TITLE, "SigmaTitleError", Rank::Collected),
    (&rule::BAD_ID, "SigmaIdentifierError", Rank::Collected),
    (&rule::ID_NOT_TEXT, "AttributeError", Rank::Raised),
    (&rule::BAD_NAME, "SigmaNameError", Rank::Collected),
    (&rule::NAME_NOT_TEXT, "SigmaTypeError", Rank::Collected),
    (&rule::BAD_RELATED, "SigmaRelatedError", Rank::Collected),
    (&rule::BAD_TAXONOMY, "SigmaTaxonomyError", Rank::Collected),
    (&rule::BAD_STATUS, "SigmaStatusError", Rank::Collected),
    (&rule::BAD_DESCRIPTION, "SigmaDescriptionError", Rank::Collected),
    (&rule::BAD_LICENSE, "SigmaLicenseError", Rank::Collected),
    (&rule::BAD_AUTHOR, "SigmaAuthorError", Rank::Collected),
    (&rule::BAD_REFERENCES, "SigmaReferencesError", Rank::Collected),
    (&rule::BAD_DATE, "SigmaDateError", Rank::Collected),
    (&rule::BAD_MODIFIED, "SigmaModifiedError", Rank::Collected),
    (&rule::BAD_FIELDS, "SigmaFieldsError", Rank::Collected),
    (&rule::BAD_FALSE_POSITIVES, "SigmaFalsePositivesError", Rank::Collected),
    (&rule::BAD_LEVEL, "SigmaLevelError", Rank::Collected),
    (&rule::BAD_TAG, "SigmaTagError", Rank::Collected),
    (&rule::TAG_WITHOUT_NAMESPACE, "SigmaValueError", Rank::Collected),
    (&rule::BAD_SCOPE, "SigmaScopeError", Rank::Collected),
    (&rule::MISSING_LOGSOURCE, "SigmaLogsourceError", Rank::Collected),
    (&rule::BAD_LOGSOURCE, "SigmaLogsourceError", Rank::Collected),
    (&rule::MISSING_DETECTION, "SigmaDetectionError", Rank::Collected),
    (&rule::BAD_DETECTION, "SigmaDetectionError", Rank::Collected),
    (&rule::EMPTY_SEARCH, "SigmaDetectionError", Rank::Collected),
    (&rule::BAD_KEY, "AttributeError", Rank::Raised),
    (&rule::BAD_VALUE, "SigmaTypeError", Rank::Collected),
    (&rule::UNKNOWN_MODIFIER, "SigmaModifierError", Rank::Collected),
    (&rule::MODIFIER_CHAIN, "SigmaValueError", Rank::Collected),
    (&rule::MODIFIER_TYPE, "SigmaTypeError", Rank::Collected),
    (&rule::BAD_REGEX, "SigmaRegularExpressionError", Rank::Collected),
    (&rule::EMPTY_REGEX, "IndexError", Rank::Raised),
    (&rule::BAD_CIDR, "SigmaTypeError", Rank::Collected),
    (&rule::BAD_NUMBER, "SigmaValueError", Rank::Collected),
    (&rule::ENCODED_WILDCARD, "SigmaValueError", Rank::Collected),
    (&rule::NOT_ENCODABLE, "SigmaValueError", Rank::Collected),
    (&rule::FIELDREF_WILDCARD, "SigmaValueError", Rank::Collected),
    (&rule::EXISTS_MISUSED, "SigmaValueError", Rank::Collected),
    (&rule::NULL_KEYWORD, "SigmaConditionError", Rank::Convert),
    (&rule::CORRELATION_NOT_A_MAP, "AttributeError", Rank::Raised),
    (&rule::MISSING_CORRELATION_TYPE, "SigmaCorrelationTypeError", Rank::Collected),
    (&rule::BAD_CORRELATION_TYPE, "SigmaCorrelationTypeError", Rank::Collected),
    (&rule::BAD_CORRELATION_RULES, "SigmaCorrelationRuleError", Rank::Collected),
    (&rule::BAD_TIMESPAN, "SigmaTimespanError", Rank::Collected),
    (&rule::MISSING_TIMESPAN, "SigmaCorrelationRuleError", Rank::Collected),
    (&rule::BAD_GROUP_BY, "SigmaCorrelationRuleError", Rank::Collected),
    (&rule::BAD_ALIASES, "SigmaCorrelationRuleError", Rank::Collected),
    (&rule::BAD_ALIAS, "SigmaCorrelationRuleError", Rank::Raised),
    (&rule::BAD_GENERATE, "SigmaCorrelationRuleError", Rank::Collected),
    (&rule::BAD_CORRELATION_CONDITION, "SigmaCorrelationConditionError", Rank::Raised),
    (&rule::EXTENDED_CONDITION_RULES, "SigmaCorrelationConditionError", Rank::Raised),
    // A local variable of the reference has no value after these.
    (&rule::MISSING_CORRELATION_CONDITION, "UnboundLocalError", Rank::Raised),
    (&rule::BAD_EXTENDED_CONDITION, "UnboundLocalError", Rank::Raised),
    (&rule::MISSING_CONDITION_FIELD, "SigmaCorrelationRuleError", Rank::Raised),
    (&rule::UNKNOWN_RULE, "SigmaRuleNotFoundError", Rank::Resolve),
    (&rule::CORRELATION_CYCLE, "RecursionError", Rank::Convert),
    (&rule::BAD_FILTER, "SigmaFilterError", Rank::Collected),
    (&rule::BAD_FILTER_RULES, "SigmaFilterRuleReferenceError", Rank::Collected),
    (&rule::BAD_FILTER_CONDITION, "SigmaFilterConditionError", Rank::Collected),
    (&collection::UNKNOWN_ACTION, "SigmaCollectionError", Rank::Collected),
    (&condition::MISSING, "SigmaConditionError", Rank::Collected),
    (&condition::NOT_TEXT, "TypeError", Rank::Convert),
    (&condition::SYNTAX, "SigmaConditionError", Rank::Convert),
    (&condition::AGGREGATION, "SigmaConditionError", Rank::Convert),
    (&condition::UNKNOWN_IDENTIFIER, "SigmaConditionError", Rank::Convert),
    (&condition::NESTING_LIMIT, "RecursionError", Rank::Convert),
];

/// When the reference raises an error. It collects most of what is wrong with documents and looks at it only
/// after everything was read, so what it raises on the spot comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// Before any document is looked at.
    Yaml,
    /// On the spot.
    Raised,
    /// When references are resolved.
    Resolve,
    /// When all documents are read.
    Collected,
    /// When the rule is converted.
    Convert,
}

pub(crate) fn rank(code: &Code) -> Rank {
    pysigma_rank(code).unwrap_or(Rank::Convert)
}

/// When the reference implementation raises what we report with this code; `None` if it does not.
pub fn pysigma_rank(code: &Code) -> Option<Rank> {
    find(code).map(|(_, _, rank)| *rank)
}

fn find(code: &Code) -> Option<&'static (&'static Code, &'static str, Rank)> {
    CLASSES.iter().find(|(known, _, _)| known.number == code.number)
}

/// The class of the exception that the reference implementation raises where we report this code; `None` if it
/// has none, because it takes such a document.
pub fn pysigma_class(code: &Code) -> Option<&'static str> {
    find(code).map(|(_, class, _)| *class)
}
