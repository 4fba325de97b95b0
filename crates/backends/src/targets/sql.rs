//! What the SQL targets share.

pub(super) mod windows;

use std::borrow::Cow;

use sigyn_ir::{Data, Expr, SigmaString, State};

use crate::target::FragResult;
use crate::{Cx, Env, Target, text};

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

/// Whether the case of a text can differ.
pub(super) fn has_case(value: &SigmaString) -> bool {
    value.has_text(|c| c.is_lowercase() || c.is_uppercase())
}

/// A name as the reference's SQL backends quote it: bare if it is made of ASCII word characters, else in quotes without
/// escapes. `shortest` is the least length of a bare name.
pub(super) fn reference_name(name: &str, quote: char, shortest: usize) -> String {
    // The reference's pattern ends with `$`, which also stands before a last newline.
    let word = name.strip_suffix('\n').unwrap_or(name);
    let is_bare = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_bare && word.len() >= shortest { name.to_owned() } else { format!("{quote}{name}{quote}") }
}

/// Two fields compared as the reference's SQL backends do: `%` and `_` in the second one's value are wildcards.
pub(super) fn reference_field_ref(names: (Cow<'_, str>, Cow<'_, str>), starts: bool, ends: bool) -> String {
    let (first, second) = names;
    match (starts, ends) {
        (false, false) => format!("{first}={second}"),
        (true, false) => format!("{first} ILIKE {second} || '%'"),
        (false, true) => format!("{first} ILIKE '%' || {second}"),
        (true, true) => format!("{first} ILIKE '%' || {second} || '%'"),
    }
}

/// The column that holds the time of an event.
pub(super) fn timestamp_field(env: &Env) -> String {
    env.options.text("timestamp_field", "timestamp")
}

/// The reference's templates with the column that holds the time.
pub(super) fn with_timestamp_field(env: &Env, text: &str) -> String {
    text.replace("timestamp", &timestamp_field(env))
}
