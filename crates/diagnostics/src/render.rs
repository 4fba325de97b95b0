//! Rendering: for people ([`text`]), for programs ([`json`]), for code scanners ([`sarif`]), as annotations of a
//! GitHub workflow ([`github`]) and as test results ([`junit`]).
//!
//! All are pure functions from findings to text. They read the same place of a finding, so a line and
//! column that a person sees are the ones that a program gets.

pub mod github;
pub mod json;
pub mod junit;
pub mod sarif;
pub mod text;

use crate::{Diagnostic, SourceFile, Sources, Span};

/// A finding with what it takes to show it.
#[derive(Clone, Copy, Debug)]
pub struct Finding<'a> {
    /// The finding.
    pub diagnostic: &'a Diagnostic,
    /// The texts that its spans point into.
    pub sources: &'a Sources,
    /// The file or other input it concerns, named where the finding has no place; may be empty.
    pub origin: &'a str,
}

/// A place, worked out for readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place<'a> {
    pub(crate) path: &'a str,
    /// Lines and columns from 1, columns in characters; the end is behind the last character.
    pub(crate) region: Option<Region>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Region {
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) end_line: usize,
    pub(crate) end_column: usize,
    pub(crate) byte_start: usize,
    pub(crate) byte_end: usize,
}

impl<'a> Finding<'a> {
    /// The source of a span, if the table has it.
    pub(crate) fn file(&self, span: Span) -> Option<&'a SourceFile> {
        self.sources.get(span.source)
    }

    /// Where a span lies; the origin alone if its source is unknown or there is no span.
    pub(crate) fn place(&self, span: Option<Span>) -> Place<'a> {
        let known = span.and_then(|span| Some((span, self.file(span)?)));
        match known {
            Some((span, file)) => Place { path: &file.name, region: Some(Region::of(file, span)) },
            None => Place { path: self.origin, region: None },
        }
    }
}

impl Region {
    fn of(file: &SourceFile, span: Span) -> Self {
        let bytes = file.clamp(span);
        let offset = |byte: usize| u32::try_from(byte).unwrap_or(u32::MAX);
        let start = file.line_column(offset(bytes.start));
        let end = file.line_column(offset(bytes.end));
        Self {
            line: start.line,
            column: start.column,
            end_line: end.line,
            end_column: end.column,
            byte_start: bytes.start,
            byte_end: bytes.end,
        }
    }
}
