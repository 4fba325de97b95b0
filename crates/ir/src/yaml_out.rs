//! Plain data as YAML, as Python's `yaml.dump` prints it: block style, a scalar in the plainest form that reads
//! back as the same value, long lines folded.

mod scalar;
mod writer;

use scalar::Analysis;
use writer::Writer;

use crate::{Data, Number};

/// How YAML is printed; the default is that of `yaml.dump`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct YamlStyle {
    /// Keys of maps in alphabetical order instead of their own.
    pub sort_keys: bool,
    /// The column behind which lines are folded at the next blank.
    pub width: usize,
    /// Blanks per level.
    pub indent: usize,
    /// Characters outside ASCII as they are, not as escapes.
    pub allow_unicode: bool,
    /// Texts of several lines as literal blocks (`|`).
    pub literal_blocks: bool,
    /// Whose habits are followed where the two implementations differ.
    pub emitter: YamlEmitter,
}

/// The two implementations behind `yaml.dump`. They differ in how they fold double-quoted text and in which keys
/// they write behind `?`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum YamlEmitter {
    /// The one in Python (`Dumper`, `SafeDumper`).
    PyYaml,
    /// The one in C (`CDumper`, `CSafeDumper`).
    LibYaml,
}

impl Default for YamlStyle {
    fn default() -> Self {
        Self {
            sort_keys: true,
            width: 80,
            indent: 2,
            allow_unicode: false,
            literal_blocks: false,
            emitter: YamlEmitter::PyYaml,
        }
    }
}

/// Where a node stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    Item,
    /// A key in front of its colon.
    Key,
    /// A key behind `?`, or a value.
    Value,
}

impl Data {
    /// The data as one YAML document with a newline at its end.
    pub fn to_yaml(&self, style: &YamlStyle) -> String {
        let mut writer = Writer::new(style);
        node(&mut writer, self, None, Place::Root);
        writer.finish()
    }
}

/// Writes a node; `indent` is that of the collection around it.
fn node(writer: &mut Writer<'_>, data: &Data, indent: Option<usize>, place: Place) {
    match data {
        Data::List(items) if items.is_empty() => writer.indicator("[]", true, false),
        Data::Map(pairs) if pairs.is_empty() => writer.indicator("{}", true, false),
        Data::List(items) => {
            // A list that is a map's value stands below its key without indentation.
            let is_flush = place == Place::Value && !writer.is_indention();
            let inner = indent.map_or(0, |indent| if is_flush { indent } else { indent + writer.step() });
            for item in items {
                writer.start_line(inner);
                writer.indicator("-", true, true);
                node(writer, item, Some(inner), Place::Item);
            }
        }
        Data::Map(pairs) => map(writer, pairs, indent.map_or(0, |indent| indent + writer.step())),
        Data::Text(text) => {
            let analysis = Analysis::of(text, writer.style().allow_unicode);
            self::text(writer, text, &analysis, indent, place);
        }
        Data::Null => word(writer, "null", indent, place),
        Data::Bool(value) => word(writer, if *value { "true" } else { "false" }, indent, place),
        Data::Number(number) => word(writer, &number_text(*number), indent, place),
    }
}

fn map(writer: &mut Writer<'_>, pairs: &[(String, Data)], indent: usize) {
    let mut pairs: Vec<&(String, Data)> = pairs.iter().collect();
    if writer.style().sort_keys {
        pairs.sort_by(|(a, _), (b, _)| a.cmp(b));
    }
    for (key, value) in pairs {
        let analysis = Analysis::of(key, writer.style().allow_unicode);
        writer.start_line(indent);
        if is_simple_key(writer.style(), key, &analysis) {
            text(writer, key, &analysis, Some(indent), Place::Key);
            writer.indicator(":", false, false);
        } else {
            writer.indicator("?", true, true);
            text(writer, key, &analysis, Some(indent), Place::Value);
            writer.start_line(indent);
            writer.indicator(":", true, true);
        }
        node(writer, value, Some(indent), Place::Value);
    }
}

/// Whether a key may stand in front of its colon: it has one line and is short.
fn is_simple_key(style: &YamlStyle, key: &str, analysis: &Analysis) -> bool {
    match style.emitter {
        // Five of the 127 characters are taken by the tag `!!str`, though it is not written.
        YamlEmitter::PyYaml => !key.is_empty() && !analysis.is_multiline && key.chars().count() + 5 < 128,
        YamlEmitter::LibYaml => !analysis.is_multiline && !key.contains('\r') && key.len() <= 128,
    }
}

/// The indentation of a scalar's further lines.
fn hanging(writer: &Writer<'_>, indent: Option<usize>) -> usize {
    indent.unwrap_or(0) + writer.step()
}

/// A scalar that needs no quotes.
fn word(writer: &mut Writer<'_>, word: &str, indent: Option<usize>, place: Place) {
    let indent = hanging(writer, indent);
    writer.plain(word, indent, true, place == Place::Root);
}

fn text(writer: &mut Writer<'_>, text: &str, analysis: &Analysis, indent: Option<usize>, place: Place) {
    let (is_key, folds) = (place == Place::Key, place != Place::Key);
    let indent = hanging(writer, indent);
    let has_lines = text.contains('\n');
    if writer.style().literal_blocks && has_lines && !is_key {
        if analysis.allows_block {
            writer.literal(text, indent);
        } else {
            writer.double_quoted(text, indent, folds);
        }
    } else if analysis.allows_plain && scalar::is_string(text) {
        writer.plain(text, indent, folds, place == Place::Root);
    } else if analysis.allows_single_quotes && !(is_key && analysis.is_multiline) {
        writer.single_quoted(text, indent, folds);
    } else {
        writer.double_quoted(text, indent, folds);
    }
}

/// A decimal has a dot even before an exponent, as YAML 1.1 asks.
fn number_text(number: Number) -> String {
    match number {
        Number::Float(value) if value.is_nan() => ".nan".to_owned(),
        Number::Float(value) if value.is_infinite() => if value > 0.0 { ".inf" } else { "-.inf" }.to_owned(),
        Number::Float(_) => {
            let text = number.to_string();
            if text.contains('.') { text } else { text.replacen('e', ".0e", 1) }
        }
        Number::Int(_) => number.to_string(),
    }
}

#[cfg(test)]
mod tests;
