//! `yaml`: a YAML document.

use sigyn_diagnostics::Diagnostic;
use sigyn_ir::{Data, Number};

use crate::{
    Files, Output,
    finalizers::{Finalizer, to_data},
    node::typed,
    params::{Example, Parameter, Params, Spec},
    pipeline::Pipeline,
};

pub(crate) static SPEC: Spec = Spec {
    name: "yaml",
    summary: "Writes the queries as a YAML document.",
    parameters: &[Parameter {
        name: "indent",
        takes: "integer from 2 to 9",
        default: Some("2"),
        summary: "Spaces per level.",
    }],
    examples: &[Example {
        title: "a list",
        item: "",
        before: "[a=1, 'b: 2', \"x\\ny\"]",
        after: "- a=1\n- 'b: 2'\n- 'x\n\n  y'\n",
    }],
};

#[derive(Debug)]
struct Yaml(usize);

#[expect(clippy::unnecessary_wraps, reason = "the registry's signature")]
pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Finalizer>> {
    let indent = params.integer("indent").and_then(|indent| usize::try_from(indent).ok());
    // Other widths are ignored, as the reference's writer does.
    Some(Box::new(Yaml(indent.filter(|indent| (2..10).contains(indent)).unwrap_or(2))))
}

impl Finalizer for Yaml {
    fn apply(&self, output: Output, _: &Pipeline, _: &dyn Files) -> Result<Output, Diagnostic> {
        let mut writer = Writer { out: String::new(), indent: self.0 };
        writer.document(&to_data(output));
        Ok(Output::Text(writer.out))
    }
}

/// The line length from which on a space may become a line break.
const WIDTH: usize = 80;

/// Writes as PyYAML's `safe_dump`: block style, keys sorted, long texts folded.
struct Writer {
    out: String,
    indent: usize,
}

impl Writer {
    fn document(&mut self, data: &Data) {
        match data {
            Data::List(items) if !items.is_empty() => self.list(items, 0),
            Data::Map(pairs) if !pairs.is_empty() => self.map(pairs, 0, 0),
            data => {
                let is_plain = self.scalar(data, 0);
                self.out.push('\n');
                if is_plain {
                    self.out.push_str("...\n");
                }
            }
        }
    }

    fn list(&mut self, items: &[Data], column: usize) {
        for item in items {
            self.pad(column);
            self.out.push('-');
            match item {
                Data::List(inner) if !inner.is_empty() => {
                    let pad = " ".repeat(self.indent - 1);
                    self.out.push_str(&pad);
                    self.nested_list(inner, column + self.indent);
                }
                Data::Map(pairs) if !pairs.is_empty() => {
                    let pad = " ".repeat(self.indent - 1);
                    self.out.push_str(&pad);
                    self.map(pairs, column + self.indent, 1);
                }
                scalar => {
                    let pad = " ".repeat(self.indent - 1);
                    self.out.push_str(&pad);
                    self.scalar(scalar, column + self.indent);
                    self.out.push('\n');
                }
            }
        }
    }

    /// A list whose first dash stands on the line at hand.
    fn nested_list(&mut self, items: &[Data], column: usize) {
        let mut inner = Writer { out: String::new(), indent: self.indent };
        inner.list(items, column);
        self.out.push_str(inner.out.trim_start_matches(' '));
    }

    /// `written` says how many pairs begin on a line that already has its indentation.
    fn map(&mut self, pairs: &[(String, Data)], column: usize, written: usize) {
        let mut pairs: Vec<_> = pairs.iter().collect();
        pairs.sort_by(|one, other| one.0.cmp(&other.0));
        for (at, (key, value)) in pairs.into_iter().enumerate() {
            if at >= written {
                self.pad(column);
            }
            self.scalar(&Data::Text(key.clone()), column);
            self.out.push(':');
            match value {
                Data::List(items) if !items.is_empty() => {
                    self.out.push('\n');
                    self.list(items, column);
                }
                Data::Map(inner) if !inner.is_empty() => {
                    self.out.push('\n');
                    self.map(inner, column + self.indent, 0);
                }
                scalar => {
                    self.out.push(' ');
                    self.scalar(scalar, column + self.indent);
                    self.out.push('\n');
                }
            }
        }
    }

    fn pad(&mut self, column: usize) {
        self.out.extend(std::iter::repeat_n(' ', column));
    }

    /// Whether it was written bare.
    fn scalar(&mut self, data: &Data, column: usize) -> bool {
        let bare = match data {
            Data::Null => "null".to_owned(),
            Data::Bool(value) => value.to_string(),
            Data::Number(Number::Float(value)) if value.is_nan() => ".nan".to_owned(),
            Data::Number(Number::Float(value)) if value.is_infinite() => {
                if *value > 0.0 { ".inf" } else { "-.inf" }.to_owned()
            }
            Data::Number(number) => number.to_string(),
            Data::List(_) => "[]".to_owned(),
            Data::Map(_) => "{}".to_owned(),
            Data::Text(text) => return self.text(text, column),
        };
        self.out.push_str(&bare);
        !matches!(data, Data::List(_) | Data::Map(_))
    }

    fn text(&mut self, text: &str, column: usize) -> bool {
        let is_special = text.chars().any(|c| {
            (c < ' ' && c != '\n') || c == '\u{7f}' || !c.is_ascii() || c == '\u{feff}'
        });
        let edge_break = text.contains(" \n") || (text.contains('\n') && text.starts_with(' '));
        if is_special || edge_break {
            self.double_quoted(text, column);
        } else if !text.contains('\n') && is_bare(text) {
            self.folded(text, column);
            return true;
        } else {
            self.single_quoted(text, column);
        }
        false
    }

    fn line_len(&self) -> usize {
        self.out.rsplit('\n').next().map_or(0, |line| line.chars().count())
    }

    /// Bare text: a single space beyond the width becomes a line break.
    fn folded(&mut self, text: &str, column: usize) {
        let mut words = text.split(' ').peekable();
        while let Some(word) = words.next() {
            self.out.push_str(word);
            let Some(next) = words.peek() else { break };
            let is_single = !word.is_empty() && !next.is_empty();
            if is_single && self.line_len() > WIDTH {
                self.out.push('\n');
                self.pad(column);
            } else {
                self.out.push(' ');
            }
        }
    }

    fn single_quoted(&mut self, text: &str, column: usize) {
        self.out.push('\'');
        let lines: Vec<&str> = text.split('\n').collect();
        for (at, line) in lines.iter().enumerate() {
            if at > 0 {
                // A break stands for a space, so one more is needed; empty lines are breaks already.
                self.out.push('\n');
                if !line.is_empty() {
                    if !lines[at - 1].is_empty() || at == 1 {
                        self.out.push('\n');
                    }
                    self.pad(column);
                } else if at + 1 == lines.len() {
                    self.out.push('\n');
                    self.pad(column);
                }
            }
            self.folded(&line.replace('\'', "''"), column);
        }
        self.out.push('\'');
    }

    fn double_quoted(&mut self, text: &str, column: usize) {
        self.out.push('"');
        let chars: Vec<char> = text.chars().collect();
        for (at, &c) in chars.iter().enumerate() {
            match c {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\0' => self.out.push_str("\\0"),
                '\u{7}' => self.out.push_str("\\a"),
                '\u{8}' => self.out.push_str("\\b"),
                '\t' => self.out.push_str("\\t"),
                '\n' => self.out.push_str("\\n"),
                '\u{b}' => self.out.push_str("\\v"),
                '\u{c}' => self.out.push_str("\\f"),
                '\r' => self.out.push_str("\\r"),
                '\u{1b}' => self.out.push_str("\\e"),
                '\u{85}' => self.out.push_str("\\N"),
                '\u{a0}' => self.out.push_str("\\_"),
                '\u{2028}' => self.out.push_str("\\L"),
                '\u{2029}' => self.out.push_str("\\P"),
                ' '..='~' => self.out.push(c),
                c if (c as u32) <= 0xff => self.out.push_str(&format!("\\x{:02X}", c as u32)),
                c if (c as u32) <= 0xffff => self.out.push_str(&format!("\\u{:04X}", c as u32)),
                c => self.out.push_str(&format!("\\U{:08X}", c as u32)),
            }
            let is_inside = at > 0 && at + 1 < chars.len();
            if c == ' ' && is_inside && self.line_len() > WIDTH {
                self.out.push_str("\\\n");
                self.pad(column);
                if chars[at + 1] == ' ' {
                    self.out.push('\\');
                }
            }
        }
        self.out.push('"');
    }
}

/// Whether a text of one line can stand without quotes and is still read as that text.
fn is_bare(text: &str) -> bool {
    if !matches!(typed(text), Data::Text(_)) || matches!(text, "=" | "<<") || text.is_empty() {
        return false;
    }
    if text.starts_with(' ') || text.ends_with(' ') || text.starts_with("---") || text.starts_with("...") {
        return false;
    }
    let chars: Vec<char> = text.chars().collect();
    let is_gap = |at: usize| chars.get(at).is_none_or(|c| *c == ' ');
    let first_is_fine = match chars[0] {
        '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`' => false,
        '?' | ':' | '-' => !is_gap(1),
        _ => true,
    };
    first_is_fine
        && chars.iter().enumerate().all(|(at, c)| match c {
            ':' => !is_gap(at + 1),
            '#' => at == 0 || chars[at - 1] != ' ',
            _ => true,
        })
}
