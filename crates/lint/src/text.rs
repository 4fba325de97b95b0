//! Values as the reference prints them, for the checks that compare or quote its texts.

use sigyn_ir::{SigmaString, Value};

/// The string of a value that pySigma takes for a string.
pub(crate) fn as_string(value: &Value) -> Option<&SigmaString> {
    match value {
        Value::Str(text) | Value::Cased(text) => Some(text),
        _ => None,
    }
}

/// A value as text, equal for two values exactly if the reference's `str()` is. Null has none there that repeats.
pub(crate) fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Str(text) | Value::Cased(text) => Some(text.to_plain()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Null => None,
        other => Some(format!("{other:?}")),
    }
}

/// Whether Python's `str.islower` holds: some letter with case, and none that is upper case.
pub(crate) fn is_lower(text: &str) -> bool {
    text.chars().any(char::is_lowercase) && !text.chars().any(char::is_uppercase)
}

/// Whether a text is digits between hyphens, as many in each part as asked for; 0 asks for any number of them. One
/// line break at the end does not matter, as in Python's `$`.
pub(crate) fn digits_between_hyphens(text: &str, counts: &[usize]) -> bool {
    let text = text.strip_suffix('\n').unwrap_or(text);
    let parts: Vec<&str> = text.split('-').collect();
    let fits = |(part, count): (&&str, &usize)| {
        let digits = part.chars().count();
        part.chars().all(|c| c.is_ascii_digit()) && if *count == 0 { digits > 0 } else { digits == *count }
    };
    parts.len() == counts.len() && parts.iter().zip(counts).all(fits)
}
