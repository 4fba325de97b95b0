//! Codes of processing pipelines.

use crate::Code;

/// The processing pipeline is not well formed.
pub static SYNTAX: Code = Code {
    number: 4001,
    name: "pipeline-syntax",
    summary: "The processing pipeline is not well formed.",
    help: "Compare with `sigyn pipeline show NAME`; the reference lists every key.",
};

/// The pipeline names a transformation that does not exist.
pub static UNKNOWN_TRANSFORMATION: Code = Code {
    number: 4002,
    name: "unknown-transformation",
    summary: "The pipeline names a transformation that does not exist.",
    help: "`sigyn list transformations` names them all.",
};

/// The pipeline names a condition that does not exist.
pub static UNKNOWN_CONDITION: Code = Code {
    number: 4003,
    name: "unknown-pipeline-condition",
    summary: "The pipeline names a condition that does not exist.",
    help: "`sigyn list conditions` names them all.",
};

/// A parameter of a pipeline item is missing, unknown or of the wrong type.
pub static BAD_PARAMETER: Code = Code {
    number: 4004,
    name: "bad-pipeline-parameter",
    summary: "A parameter of a pipeline item is missing, unknown or of the wrong type.",
    help: "Correct the parameter; the message says what is expected.",
};

/// No pipeline has this name, and no file either.
pub static UNKNOWN_PIPELINE: Code = Code {
    number: 4005,
    name: "unknown-pipeline",
    summary: "No pipeline has this name, and no file either.",
    help: "`sigyn list pipelines` names the built-in ones; a path must exist.",
};

/// The pipeline is made for other targets.
pub static NOT_ALLOWED: Code = Code {
    number: 4006,
    name: "pipeline-not-allowed",
    summary: "The pipeline is made for other targets.",
    help: "Choose a pipeline for this target, or pass `--disable-pipeline-check`.",
};

/// The target needs a processing pipeline.
pub static REQUIRED: Code = Code {
    number: 4007,
    name: "pipeline-required",
    summary: "The target needs a processing pipeline.",
    help: "Add `-p NAME`, or `--without-pipeline` if the fields already fit.",
};

/// The pipeline refuses the rule.
pub static RULE_FAILURE: Code = Code {
    number: 4008,
    name: "rule-refused-by-pipeline",
    summary: "The pipeline refuses the rule.",
    help: "The message says what the pipeline cannot map; adapt the pipeline or leave the rule out.",
};

/// The pipeline leaves a field of the rule unmapped.
pub static UNMAPPED_FIELD: Code = Code {
    number: 4009,
    name: "unmapped-field",
    summary: "The pipeline leaves a field of the rule unmapped.",
    help: "Add the field to a mapping of the pipeline.",
};

/// A placeholder of the rule has no value.
pub static UNRESOLVED_PLACEHOLDER: Code = Code {
    number: 4010,
    name: "unresolved-placeholder",
    summary: "A placeholder of the rule has no value.",
    help: "Add a pipeline with `value_placeholders` and the variable, or another placeholder transformation.",
};

/// A transformation cannot be applied to the rule.
pub static TRANSFORMATION: Code = Code {
    number: 4011,
    name: "transformation-failed",
    summary: "A transformation cannot be applied to the rule.",
    help: "The message says why; adapt the pipeline or the rule.",
};

/// A template of the pipeline cannot be rendered.
pub static TEMPLATE: Code = Code {
    number: 4012,
    name: "template-failed",
    summary: "A template of the pipeline cannot be rendered.",
    help: "Correct the template at the place shown.",
};

/// The pipeline wants to read a file, a URL or a command, which is switched off.
pub static EXTERNAL: Code = Code {
    number: 4013,
    name: "external-source-refused",
    summary: "The pipeline wants to read a file, a URL or a command, which is switched off.",
    help: "Set `allow_external_sources: true` on the item if you trust the pipeline.",
};

/// A field does not exist in the target's schema.
pub static INVALID_TARGET_FIELD: Code = Code {
    number: 4014,
    name: "invalid-target-field",
    summary: "A field does not exist in the target's schema.",
    help: "Map the field to one of the schema, or leave the rule out for this target.",
};

/// A value of the Hashes field names no supported algorithm.
pub static INVALID_HASH: Code = Code {
    number: 4015,
    name: "invalid-hash",
    summary: "A value of the Hashes field names no supported algorithm.",
    help: "Use one of the algorithms that the pipeline lists.",
};

/// The table that the query reads has no such field.
pub static UNKNOWN_TABLE_FIELD: Code = Code {
    number: 4016,
    name: "unknown-table-field",
    summary: "The table that the query reads has no such field.",
    help: "Map the field to one of the table, add it to `tables` of the item, or choose another table.",
};

/// The rule names its fields by another taxonomy, and the pipeline leaves some unmapped.
pub static FOREIGN_TAXONOMY: Code = Code {
    number: 4017,
    name: "foreign-taxonomy",
    summary: "The rule names its fields by another taxonomy, and the pipeline leaves some unmapped.",
    help: "Map the rule's fields with a pipeline (a field that the logs have may be mapped to itself), or leave `taxonomy` out if they are Sigma's.",
};

/// All of this range.
pub static ALL: &[&Code] = &[
    &SYNTAX,
    &UNKNOWN_TRANSFORMATION,
    &UNKNOWN_CONDITION,
    &BAD_PARAMETER,
    &UNKNOWN_PIPELINE,
    &NOT_ALLOWED,
    &REQUIRED,
    &RULE_FAILURE,
    &UNMAPPED_FIELD,
    &UNRESOLVED_PLACEHOLDER,
    &TRANSFORMATION,
    &TEMPLATE,
    &EXTERNAL,
    &INVALID_TARGET_FIELD,
    &INVALID_HASH,
    &UNKNOWN_TABLE_FIELD,
    &FOREIGN_TAXONOMY,
];
