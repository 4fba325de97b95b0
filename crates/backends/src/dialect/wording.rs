//! What is wrong with a dialect file, in words for the people who write one: the YAML library speaks of Rust's types.

use serde_saphyr::Error;

/// The message for an error of the YAML library in a text, and whether it is about the file as a whole.
pub(super) fn message(error: &Error, text: &str) -> (String, bool) {
    let message = match error.without_snippet() {
        Error::SerdeMissingField { field, .. } => {
            // Formats and options have names and titles too: only a key that the file nowhere begins a line with is
            // one of the dialect's own.
            let is_there =
                text.lines().any(|line| line.trim_start_matches(['{', '"', '\'']).starts_with(*field));
            return if is_there { (missing_here(field), false) } else { missing(field) };
        }
        Error::SerdeUnknownField { field, expected, .. } => {
            format!("unknown key `{field}`; there is {}", expected.join(", "))
        }
        Error::SerdeUnknownVariant { variant, expected, .. } => {
            format!("`{variant}` means nothing here; use {}", expected.join(", "))
        }
        Error::SerdeInvalidType { unexpected, expected, .. } => {
            format!("{} stands where {} is expected", plain(unexpected), plain(expected))
        }
        Error::SerdeInvalidValue { unexpected, expected, .. } => {
            format!("{} cannot stand here; expected is {}", plain(unexpected), plain(expected))
        }
        Error::DuplicateMappingKey { key: Some(key), .. } => format!("the key `{key}` comes twice"),
        Error::DuplicateMappingKey { key: None, .. } => "a key comes twice".to_owned(),
        Error::NullIntoString { .. } => {
            "null stands where a text is expected; write \"\" for an empty text, quote the key or value \
             \"null\", or leave the key out"
                .to_owned()
        }
        Error::InvalidCharNull { .. } | Error::InvalidCharNotSingleScalar { .. } => {
            "a single character is expected as the key here".to_owned()
        }
        Error::InvalidBooleanStrict { .. } => "true or false is expected".to_owned(),
        Error::MultipleDocuments { .. } => {
            "a dialect file holds one YAML document, this has several".to_owned()
        }
        Error::Eof { .. } => "the file is empty, or ends too early".to_owned(),
        Error::Unexpected { expected, .. } => format!("expected is {}", plain(expected)),
        Error::InvalidScalar { ty, .. } => format!("{} is expected", plain(ty)),
        other => free(&other.to_string()),
    };
    (message, false)
}

fn missing(key: &str) -> (String, bool) {
    let what = match key {
        "name" => "the word that stands behind -t",
        "title" => "what it is, in a few words",
        "operators" => "how `or`, `and` and `not` are written",
        _ => return (missing_here(key), false),
    };
    (format!("the dialect has no `{key}`: {what}"), true)
}

fn missing_here(key: &str) -> String {
    format!("the key `{key}` is missing here")
}

/// A text of serde's own, or of our own checks while reading. The place is said by the span.
fn free(message: &str) -> String {
    let message = message.rsplit_once(" at line ").map_or(message, |(before, _)| before);
    if message.contains("untagged enum Matcher") {
        return "a template is expected (`\"{field} starts {value}\"`), or `{expr: TEMPLATE, allow_wildcards: \
                true or false}` with templates that close their braces"
            .to_owned();
    }
    message.to_owned()
}

/// Names of Rust's and serde's types as people call them.
fn plain(name: &str) -> String {
    let name = name.trim_start_matches("struct ").trim_start_matches("enum ");
    match name {
        "mapping start" | "a map" | "map" | "mapping" => "a map (`key: value`)".to_owned(),
        "sequence start" | "a sequence" | "sequence" => "a list".to_owned(),
        "string scalar" | "scalar" | "a string" | "string" => "a text".to_owned(),
        "bool" | "boolean" | "a boolean" => "true or false".to_owned(),
        "unit" | "unit value" | "null" => "null".to_owned(),
        "a character" | "char" => "a single character".to_owned(),
        _ if name.ends_with("Dialect") || name.ends_with("Templates") => "a map (`key: value`)".to_owned(),
        _ if name == "Operator" => "`not`, `and` or `or`".to_owned(),
        other => other.replace("string ", "the text "),
    }
}
