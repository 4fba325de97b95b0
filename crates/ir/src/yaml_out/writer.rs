//! Characters, lines and columns of a YAML document.

use std::fmt::Write;

use super::scalar::is_break;
use super::{YamlEmitter, YamlStyle};

/// A document being written.
pub(super) struct Writer<'s> {
    style: &'s YamlStyle,
    out: String,
    /// Characters in the line so far.
    column: usize,
    /// Whether the last character separates tokens.
    after_blank: bool,
    /// Whether only indentation and `-`, `?`, `:` stand in the line so far.
    indention: bool,
    /// Whether the document needs an end mark, because its last scalar could go on.
    is_open: bool,
}

impl<'s> Writer<'s> {
    pub(super) fn new(style: &'s YamlStyle) -> Self {
        Self { style, out: String::new(), column: 0, after_blank: true, indention: true, is_open: false }
    }

    pub(super) fn style(&self) -> &'s YamlStyle {
        self.style
    }

    pub(super) fn is_indention(&self) -> bool {
        self.indention
    }

    /// Blanks per level; what makes no sense counts as two.
    pub(super) fn step(&self) -> usize {
        if (2..10).contains(&self.style.indent) { self.style.indent } else { 2 }
    }

    /// The column behind which lines are folded.
    fn width(&self) -> usize {
        if self.style.width > self.step() * 2 { self.style.width } else { 80 }
    }

    pub(super) fn finish(mut self) -> String {
        self.start_line(0);
        if self.is_open {
            self.out.push_str("...\n");
        }
        self.out
    }

    fn push(&mut self, c: char) {
        self.out.push(c);
        self.column += 1;
    }

    fn push_str(&mut self, text: &str) {
        self.out.push_str(text);
        self.column += text.chars().count();
    }

    fn break_line(&mut self, with: char) {
        self.out.push(with);
        self.column = 0;
        self.after_blank = true;
        self.indention = true;
    }

    /// Goes to a column of a fresh line, or of this one if nothing but indentation stands in it.
    pub(super) fn start_line(&mut self, indent: usize) {
        let is_used = !self.indention || self.column > indent || (self.column == indent && !self.after_blank);
        if is_used {
            self.break_line('\n');
        }
        while self.column < indent {
            self.push(' ');
            self.after_blank = true;
        }
    }

    /// Writes a mark of YAML's structure, with a blank before it if it needs one.
    pub(super) fn indicator(&mut self, text: &str, needs_blank: bool, keeps_indention: bool) {
        if needs_blank && !self.after_blank {
            self.push(' ');
        }
        self.push_str(text);
        self.after_blank = false;
        self.indention &= keeps_indention;
        self.is_open = false;
    }

    /// Text without quotes.
    pub(super) fn plain(&mut self, text: &str, indent: usize, folds: bool, is_root: bool) {
        self.indicator("", !text.is_empty(), false);
        self.is_open = is_root && self.style.emitter == YamlEmitter::PyYaml;
        self.folded(text, indent, folds, false);
        self.after_blank = false;
        self.indention = false;
    }

    /// Text in single quotes.
    pub(super) fn single_quoted(&mut self, text: &str, indent: usize, folds: bool) {
        self.indicator("'", true, false);
        self.folded(text, indent, folds, true);
        self.indicator("'", false, false);
    }

    /// Text that goes on in the next line at single blanks; a break of the text is an empty line.
    fn folded(&mut self, text: &str, indent: usize, folds: bool, doubles_quotes: bool) {
        let mut chars = text.chars().peekable();
        let mut before = None;
        while let Some(c) = chars.next() {
            let is_after_break = before.is_some_and(is_break);
            if c == ' ' {
                let is_single =
                    before.is_some_and(|c| c != ' ') && chars.peek().is_some_and(|&next| next != ' ');
                if folds && is_single && self.column > self.width() {
                    self.start_line(indent);
                } else {
                    self.push(c);
                }
            } else if is_break(c) {
                if !is_after_break && c == '\n' {
                    self.break_line('\n');
                }
                self.break_line(c);
            } else {
                if is_after_break {
                    self.start_line(indent);
                }
                if c == '\'' && doubles_quotes {
                    self.push(c);
                }
                self.push(c);
                self.indention = false;
            }
            before = Some(c);
        }
        if before.is_some_and(is_break) {
            self.start_line(indent);
        }
    }

    /// Text in double quotes, with escapes.
    pub(super) fn double_quoted(&mut self, text: &str, indent: usize, folds: bool) {
        self.indicator("\"", true, false);
        match self.style.emitter {
            YamlEmitter::PyYaml => self.escaped(text, indent, folds),
            YamlEmitter::LibYaml => self.escaped_at_blanks(text, indent, folds),
        }
        self.indicator("\"", false, false);
    }

    /// Lines end with a backslash, at blanks and beside escapes.
    fn escaped(&mut self, text: &str, indent: usize, folds: bool) {
        let chars: Vec<char> = text.chars().collect();
        let mut was_escape = false;
        for (at, &c) in chars.iter().enumerate() {
            let is_escape = self.needs_escape(c);
            if is_escape {
                self.escape(c);
            }
            let is_inside = at > 0 && at + 1 < chars.len();
            let may_fold = c == ' ' || is_escape || was_escape;
            if folds && is_inside && may_fold && self.column > self.width() + usize::from(is_escape) {
                self.push('\\');
                self.start_line(indent);
                self.after_blank = false;
                self.indention = false;
                if chars[if is_escape { at + 1 } else { at }] == ' ' {
                    self.push('\\');
                }
            }
            if !is_escape {
                self.push(c);
            }
            was_escape = is_escape;
        }
    }

    /// Lines end at blanks.
    fn escaped_at_blanks(&mut self, text: &str, indent: usize, folds: bool) {
        let mut chars = text.chars().peekable();
        let mut before = None;
        while let Some(c) = chars.next() {
            let is_inside = before.is_some() && chars.peek().is_some();
            if self.needs_escape(c) {
                self.escape(c);
            } else if folds && c == ' ' && before != Some(' ') && is_inside && self.column > self.width() {
                self.start_line(indent);
                if chars.peek() == Some(&' ') {
                    self.push('\\');
                }
            } else {
                self.push(c);
            }
            before = Some(c);
        }
    }

    fn needs_escape(&self, c: char) -> bool {
        match c {
            '"' | '\\' | '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}' => true,
            ' '..='~' => false,
            '\u{a0}'..='\u{fffd}' => !self.style.allow_unicode,
            _ => true,
        }
    }

    fn escape(&mut self, c: char) {
        let short = match c {
            '\0' => '0',
            '\u{7}' => 'a',
            '\u{8}' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\u{b}' => 'v',
            '\u{c}' => 'f',
            '\r' => 'r',
            '\u{1b}' => 'e',
            '"' | '\\' => c,
            '\u{85}' => 'N',
            '\u{a0}' => '_',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            _ => {
                let mut text = String::new();
                // Writing to a string cannot fail.
                let _ = match u32::from(c) {
                    code @ ..=0xff => write!(text, "\\x{code:02X}"),
                    code @ ..=0xffff => write!(text, "\\u{code:04X}"),
                    code => write!(text, "\\U{code:08X}"),
                };
                return self.push_str(&text);
            }
        };
        self.push('\\');
        self.push(short);
    }

    /// Text as a literal block, line for line.
    pub(super) fn literal(&mut self, text: &str, indent: usize) {
        let mut mark = "|".to_owned();
        if text.starts_with(|c| c == ' ' || is_break(c)) {
            mark.push_str(&self.step().to_string());
        }
        let mut backwards = text.chars().rev();
        let ends_with_break = backwards.next().is_some_and(is_break);
        let goes_on = ends_with_break && backwards.next().is_none_or(is_break);
        if !ends_with_break {
            mark.push('-');
        } else if goes_on {
            mark.push('+');
        }
        self.indicator(&mark, true, false);
        self.is_open = goes_on;
        self.break_line('\n');
        let mut at_start = true;
        for c in text.chars() {
            if is_break(c) {
                self.break_line(c);
            } else {
                if at_start {
                    self.start_line(indent);
                }
                self.push(c);
            }
            at_start = is_break(c);
        }
        if !at_start {
            self.break_line('\n');
        }
    }
}
