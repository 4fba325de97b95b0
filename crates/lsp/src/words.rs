//! What the words of Sigma mean, for hovering and completion. The meanings are those of the specification, version 2.1.

/// A word with what it means.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Word {
    /// As written.
    pub(crate) name: &'static str,
    /// What it means, in a sentence or two.
    pub(crate) about: &'static str,
    /// What is put behind a key.
    pub(crate) behind: Behind,
}

/// What stands behind a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Behind {
    /// Nothing: the word is a value.
    Nothing,
    /// A text on the same line.
    Text,
    /// A list on the lines below.
    List,
    /// A map on the lines below.
    Map,
}

const fn text(name: &'static str, about: &'static str) -> Word {
    Word { name, about, behind: Behind::Text }
}

const fn list(name: &'static str, about: &'static str) -> Word {
    Word { name, about, behind: Behind::List }
}

const fn map(name: &'static str, about: &'static str) -> Word {
    Word { name, about, behind: Behind::Map }
}

const fn value(name: &'static str, about: &'static str) -> Word {
    Word { name, about, behind: Behind::Nothing }
}

/// The word of this name.
pub(crate) fn find(words: &'static [Word], name: &str) -> Option<&'static Word> {
    words.iter().find(|word| word.name == name)
}

/// Keys at the top of a document, in the order in which rules have them.
pub(crate) const TOP: &[Word] = &[
    text("title", "What the rule detects, in a few words; at most 256 characters."),
    text(
        "id",
        "A random UUID. It stays with the rule for ever; a rule that detects something else gets another.",
    ),
    text("name", "A name by which correlations and filters refer to the rule, beside its id."),
    list("related", "Other rules that this one comes from or takes the place of: `id` and `type`."),
    text("taxonomy", "Whose names the fields have; `sigma` if left out."),
    text("status", "How mature the rule is."),
    text("description", "What the rule detects and why that matters, in sentences."),
    text("license", "The licence of the rule, as SPDX writes it."),
    list("references", "Where the technique or the rule's source is described."),
    text("author", "Who wrote it; several names stand between commas."),
    text("date", "When it was written: `YYYY-MM-DD`."),
    text("modified", "When what it detects, its level or its status was changed last: `YYYY-MM-DD`."),
    list("tags", "What it belongs to: `attack.t1059.001`, `cve.2021-44228`, `tlp.green` …"),
    map("logsource", "Which events the rule reads."),
    map("detection", "Search identifiers, and the `condition` that says how they are put together."),
    map("correlation", "Several events together: counted, in order, or within a time span."),
    map("filter", "A condition that is added to rules, to leave out what is known to be harmless here."),
    list("fields", "Fields that are worth a look when the rule matches."),
    list("falsepositives", "What else the rule may match."),
    text("level", "How bad it is if the rule matches."),
    list("scope", "Where the rule is meant to be used."),
    text("action", "Of collections: what this document does for those behind it."),
];

/// Keys of `logsource`.
pub(crate) const LOGSOURCE: &[Word] = &[
    text("category", "A kind of events, whoever writes them: `process_creation`, `webserver`, `dns_query`."),
    text("product", "What writes them: `windows`, `linux`, `aws`."),
    text("service", "A part of the product with a log of its own: `security`, `sshd`, `cloudtrail`."),
    text("definition", "What must be set up so that there are such events; for people."),
];

/// Keys of `detection` that are no search identifiers.
pub(crate) const DETECTION: &[Word] = &[
    text(
        "condition",
        "How the search identifiers are put together: `and`, `or`, `not`, parentheses, `1 of selection_*`, `all of them`.",
    ),
    map("selection", "What events the rule looks for."),
    map("filter_main_", "What is left out of every match, by a name of your own."),
    map("filter_optional_", "What is left out where it is common, by a name of your own."),
];

/// Values of `status`.
pub(crate) const STATUS: &[Word] = &[
    value("stable", "Used for at least a year without findings that were wrong."),
    value("test", "Tried out; may still need to be tuned."),
    value("experimental", "New: expect findings that are wrong."),
    value("deprecated", "Another rule took its place (`related`); kept for reference."),
    value("unsupported", "Cannot be used as it is: it needs what Sigma cannot say yet."),
];

/// Values of `level`.
pub(crate) const LEVEL: &[Word] = &[
    value("informational", "Worth noting together with others; never an alert by itself."),
    value("low", "Seldom bad by itself; look at it together with others."),
    value("medium", "To be looked at, regularly if not at once."),
    value("high", "Most likely an attack; to be looked at quickly."),
    value("critical", "An attack; to be looked at now."),
];

/// Keys of an entry of `related`.
pub(crate) const RELATED: &[Word] =
    &[text("id", "The id of the other rule."), text("type", "How the two rules are related.")];

/// Values of `type` in `related`.
pub(crate) const RELATED_TYPE: &[Word] = &[
    value("derived", "This rule was made from the other, which may still be used."),
    value("obsolete", "This rule takes the place of the other, which is no longer used."),
    value("merged", "The other rule was merged into this one."),
    value("renamed", "The other id is an earlier one of this rule."),
    value("similar", "The other rule detects something similar."),
];

/// Keys of `correlation`.
pub(crate) const CORRELATION: &[Word] = &[
    text("type", "What is counted or compared."),
    list("rules", "The rules whose matches are looked at, by name or id."),
    list(
        "group-by",
        "Fields that must be the same in all events: each combination of values is looked at by itself.",
    ),
    text("timespan", "Within which time: a number and `s`, `m`, `h`, `d`, `w`, `M` (month) or `y`."),
    map(
        "condition",
        "What the number is compared with (`gte: 10`), or of temporal correlations a condition over the rules' names.",
    ),
    map("aliases", "Names for fields that are called differently in each rule, for `group-by`."),
    text("generate", "Whether the rules also stand for themselves; `false` if left out."),
];

/// Values of `type` in `correlation`.
pub(crate) const CORRELATION_TYPE: &[Word] = &[
    value("event_count", "How many events there are."),
    value("value_count", "How many different values a field has."),
    value("temporal", "All of the rules match, in any order."),
    value("temporal_ordered", "All of the rules match, in the order in which they are listed."),
    value("value_sum", "The sum of a field's numbers."),
    value("value_avg", "The average of a field's numbers."),
    value("value_percentile", "A percentile of a field's numbers (`percentile`)."),
    value("value_median", "The median of a field's numbers."),
];

/// Keys of a correlation's `condition`.
pub(crate) const CORRELATION_CONDITION: &[Word] = &[
    text("gte", "The number is this or greater."),
    text("gt", "The number is greater."),
    text("lte", "The number is this or less."),
    text("lt", "The number is less."),
    text("eq", "The number is this."),
    text("neq", "The number is another."),
    text("field", "The field whose values are counted or measured."),
    text("percentile", "Which percentile, from 0 to 100."),
];

/// Time spans that are usual.
pub(crate) const TIMESPAN: &[Word] = &[
    value("1m", "One minute."),
    value("5m", "Five minutes."),
    value("15m", "A quarter of an hour."),
    value("1h", "One hour."),
    value("24h", "24 hours."),
    value("7d", "Seven days."),
];

/// Values of switches.
pub(crate) const BOOLEAN: &[Word] = &[value("true", "Yes."), value("false", "No.")];

/// Keys of `filter`.
pub(crate) const FILTER: &[Word] = &[
    list("rules", "The rules that it is added to, by name or id; `any` for all with the same log source."),
    text("condition", "What is required in addition, e.g. `not selection`."),
    map("selection", "What events are meant."),
];

/// Values of `action`.
pub(crate) const ACTION: &[Word] = &[
    value("global", "What stands here is added to every rule behind it."),
    value("reset", "From here on nothing is added any more."),
    value("repeat", "The rule before, with what stands here put over it."),
];

/// Words of conditions.
pub(crate) const CONDITION: &[Word] = &[
    value("and", "Both sides hold."),
    value("or", "One side holds, or both."),
    value("not", "What follows does not hold."),
    value("1 of", "At least one of the search identifiers holds."),
    value("all of", "All of the search identifiers hold."),
    value("any of", "The same as `1 of`."),
    value("of", "Stands between a number, or `all`, and a pattern of names."),
    value("them", "All search identifiers whose name does not begin with `_`."),
];

/// Namespaces of tags, with values where there are few.
pub(crate) const NAMESPACES: &[(Word, &[&str])] = &[
    (
        value(
            "attack",
            "MITRE ATT&CK: a tactic (`attack.execution`), technique (`attack.t1059.001`), group or software.",
        ),
        &[],
    ),
    (value("car", "MITRE's Cyber Analytics Repository: `car.2016-04-002`."), &[]),
    (value("cve", "A vulnerability: `cve.2021-44228`."), &[]),
    (value("d3fend", "MITRE D3FEND: a tactic, technique or artefact."), &[]),
    (
        value("detection", "What kind of rule it is."),
        &["detection.dfir", "detection.emerging-threats", "detection.threat-hunting"],
    ),
    (value("stp", "Summiting the Pyramid: how hard the rule is to get around, e.g. `stp.4u`."), &[]),
    (
        value("tlp", "The traffic light protocol: who may see the rule."),
        &["tlp.clear", "tlp.green", "tlp.amber", "tlp.amber-strict", "tlp.red"],
    ),
];
