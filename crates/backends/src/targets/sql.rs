//! What the SQL targets share.

pub(super) mod windows;

use sigyn_ir::{Data, Expr, FieldRef, Meta, RuleItem, SigmaString, State, Value};

use crate::target::FragResult;
use crate::{Correlating, Cx, Env, Error, Frag, Output, Target, text};

/// The table that a pipeline's state names, else that of an option, else `logs`.
pub(super) fn table(env: &Env, state: &State, option: &str) -> String {
    match state.get("table").and_then(Data::as_str) {
        Some(table) if !table.is_empty() => table.to_owned(),
        _ => env.options.text(option, "logs"),
    }
}

/// A negation that is true where a column has no value. The reference leaves it to the database, where a comparison
/// with NULL, and so its negation, never holds: an event without the field would slip through.
pub(super) fn not(target: &dyn Target, cx: &mut Cx<'_>, arg: &Expr<'_>) -> FragResult {
    let negation = target.dialect().operators.negation.as_ref();
    text::not_with(target, cx, arg, negation.filter(|_| !cx.env.is_reference()))
}

/// A name as the reference's SQL backends quote it: bare if it is made of ASCII word characters, else in quotes without
/// escapes. `shortest` is the least length of a bare name.
pub(super) fn reference_name(name: &str, quote: char, shortest: usize) -> String {
    // The reference's pattern ends with `$`, which also stands before a last newline.
    let word = name.strip_suffix('\n').unwrap_or(name);
    let is_bare = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_bare && word.len() >= shortest { name.to_owned() } else { format!("{quote}{name}{quote}") }
}

/// A field compared with another. The reference's SQL backends take `%` and `_` in the second one's value for wildcards.
pub(super) fn field_ref(target: &dyn Target, cx: &mut Cx<'_>, field: &str, other: &FieldRef) -> FragResult {
    if !cx.env.is_reference() {
        return text::field_ref(target, cx, field, other);
    }
    let (first, second) = (target.field_name(cx, field), target.field_name(cx, &other.field));
    Ok(Frag::Text(match (other.starts_with, other.ends_with) {
        (false, false) => format!("{first}={second}"),
        (true, false) => format!("{first} ILIKE {second} || '%'"),
        (false, true) => format!("{first} ILIKE '%' || {second}"),
        (true, true) => format!("{first} ILIKE '%' || {second} || '%'"),
    }))
}

/// A database with `ILIKE`, where `=` regards case.
pub(super) trait Ilike: Target {
    /// A field compared with a pattern, with `LIKE` or `ILIKE`.
    fn like(&self, cx: &Cx<'_>, field: &str, operator: &str, value: &SigmaString) -> FragResult;
}

/// A field compared with a string without regard to case. The reference compares with it, and takes `%` and `_` in a
/// value for wildcards.
pub(super) fn field_string(
    target: &impl Ilike,
    cx: &mut Cx<'_>,
    field: &str,
    value: &SigmaString,
) -> FragResult {
    if cx.env.is_reference() {
        text::field_string(target, cx, field, value)
    } else if value.has_wildcard() || value.has_case() {
        target.like(cx, field, "ILIKE", value)
    } else {
        equal(target, cx, field, value)
    }
}

/// A field compared with a string with regard to case.
pub(super) fn field_cased(
    target: &impl Ilike,
    cx: &mut Cx<'_>,
    field: &str,
    value: &SigmaString,
) -> FragResult {
    if cx.env.is_reference() {
        text::field_cased(target, cx, field, value)
    } else if value.has_wildcard() {
        target.like(cx, field, "LIKE", value)
    } else {
        equal(target, cx, field, value)
    }
}

/// A field that equals a string, with regard to case.
fn equal(target: &dyn Target, cx: &Cx<'_>, field: &str, value: &SigmaString) -> FragResult {
    Ok(Frag::Text(format!("{}={}", target.field_name(cx, field), target.string(cx, value)?)))
}

/// A keyword, where no column holds the whole event.
pub(super) fn keyword(target: &dyn Target, cx: &mut Cx<'_>, value: &Value, database: &str) -> FragResult {
    match value {
        Value::Str(_) | Value::Cased(_) | Value::Number(_) => Err(Error::feature(format!(
            "{database} tables have no column with the whole event to search a keyword in"
        ))),
        other => text::keyword(target, cx, other),
    }
}

/// A rule's condition as a whole query. That of a correlation is one already.
pub(super) fn select(rule: &RuleItem, table: &str, query: String) -> String {
    match rule {
        RuleItem::Rule(_) => format!("SELECT * FROM {table} WHERE {query}"),
        RuleItem::Correlation(_) => query,
    }
}

/// How a rule for Zircolite begins: what it is called, and its query.
pub(super) fn zircolite_rule(meta: &Meta, query: String) -> Vec<(&'static str, Data)> {
    let text = |value: Option<&str>| Data::from(value.unwrap_or_default());
    vec![
        ("title", meta.title.as_str().into()),
        ("id", text(meta.id.as_deref())),
        ("status", text(meta.status.map(|status| status.as_str()))),
        ("description", text(meta.description.as_deref())),
        ("author", text(meta.author.as_deref())),
        ("tags", Data::texts(meta.tags.iter().map(ToString::to_string))),
        ("falsepositives", Data::texts(meta.falsepositives.iter().cloned())),
        ("level", text(meta.level.map(|level| level.as_str()))),
        ("rule", Data::texts([query])),
        ("filename", "".into()),
    ]
}

/// All queries of a run; those for Zircolite are one JSON list.
pub(super) fn output(env: &Env, queries: Vec<Data>) -> Output {
    match env.format.as_str() {
        "zircolite" => Output::Text(Data::List(queries).to_json(None)),
        _ => Output::List(queries),
    }
}

/// The column that holds the time of an event.
pub(super) fn timestamp_field(env: &Env) -> String {
    env.options.text("timestamp_field", "timestamp")
}

/// The aggregation phase from the reference's templates, with the column that holds the time.
pub(super) fn correlation_aggregation(
    target: &dyn Target,
    cx: &mut Cx<'_>,
    it: Correlating<'_>,
    search: &str,
) -> Result<String, Error> {
    let text = text::correlation_aggregation(target, cx, it, search)?;
    Ok(text.replace("timestamp", &timestamp_field(cx.env)))
}
