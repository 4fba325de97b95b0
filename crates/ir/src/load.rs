//! Loading: from text to a [`RuleSet`](crate::RuleSet), in two stages.
//!
//! [`read`] lowers one file by itself, so a caller may read many files at once; [`resolve`] puts files together:
//! filters are applied, references linked, rules ordered. Neither fails: a document that cannot be used is left
//! out and reported. Under [`Compat::PySigma`] one bad document refuses its whole file, as in the reference.

mod cidr;
mod condition;
mod correlation;
mod encode;
mod expand;
mod filter;
mod item;
mod meta;
mod modify;
mod options;
mod order;
mod python_regex;
mod regex;
mod resolve;
mod rule;

use sigyn_diagnostics::{Diagnostic, SourceFile, SourceId, Span};
use sigyn_syntax::{Attributes, DocumentKind};

pub use condition::reread_condition;
pub use item::{apply_modifiers, written_text};
pub use modify::is_modifier_chain;
pub use resolve::{FailedDocument, Loaded, resolve};
pub use sigyn_syntax::Compat;

pub use filter::Filter;

use crate::{Correlation, Rule, RuleRef};

/// How rules are read.
#[derive(Clone, Debug)]
pub struct LoadOptions {
    /// Which reading applies.
    pub compat: Compat,
    /// What happens to regular expressions that linear-time matching cannot do.
    pub backtracking_regex: BacktrackingRegex,
}

impl LoadOptions {
    /// Options for a reading, without backtracking.
    pub fn new(compat: Compat) -> Self {
        Self { compat, backtracking_regex: BacktrackingRegex::Refuse }
    }
}

/// What happens to regular expressions with look-around or back-references.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BacktrackingRegex {
    /// The rule is refused, with a code of its own.
    Refuse,
    /// The rule is loaded; whoever runs it needs a backtracking engine.
    Allow,
}

/// A file whose documents are lowered but not yet linked.
#[derive(Clone, Debug)]
pub struct ParsedFile {
    /// The file.
    pub source: SourceId,
    pub(crate) documents: Vec<ParsedDocument>,
}

impl ParsedFile {
    /// What was found so far, in the order of the documents.
    pub fn diagnostics(&self) -> impl Iterator<Item = &Diagnostic> {
        self.documents.iter().flat_map(|document| &document.diagnostics)
    }

    /// The documents, in the order in which [`sigyn_syntax::documents`] gives them.
    pub fn documents(&self) -> &[ParsedDocument] {
        &self.documents
    }
}

/// A document that is lowered but not yet linked.
#[derive(Clone, Debug)]
pub struct ParsedDocument {
    pub(crate) content: Content,
    pub(crate) title: Option<String>,
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    /// What a correlation refers to, also one that cannot be used.
    pub(crate) references: Vec<RuleRef>,
    pub(crate) span: Span,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

#[derive(Clone, Debug)]
pub(crate) enum Content {
    Nothing,
    Rule(Box<Rule>),
    Correlation(Box<Correlation>),
    Filter(Box<Filter>),
}

/// What a document was lowered to.
#[derive(Clone, Copy, Debug)]
pub enum Lowered<'a> {
    /// A detection rule.
    Rule(&'a Rule),
    /// A correlation, its references not linked yet.
    Correlation(&'a Correlation),
    /// A filter.
    Filter,
    /// Nothing that could be read.
    Nothing,
}

impl ParsedDocument {
    /// Whether nothing is wrong that keeps it from being used.
    pub fn is_usable(&self) -> bool {
        !self.diagnostics.iter().any(Diagnostic::is_error)
    }

    /// What it was lowered to; with an error among the findings it is incomplete.
    pub fn lowered(&self) -> Lowered<'_> {
        match &self.content {
            Content::Rule(rule) => Lowered::Rule(rule),
            Content::Correlation(correlation) => Lowered::Correlation(correlation),
            Content::Filter(_) => Lowered::Filter,
            Content::Nothing => Lowered::Nothing,
        }
    }

    /// The filter, if it is one that could be read.
    pub fn filter(&self) -> Option<&Filter> {
        match &self.content {
            Content::Filter(filter) => Some(filter),
            _ => None,
        }
    }

    /// What was found so far.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }
}

/// Reads and lowers one file. Pure: it may run on any thread.
pub fn read(source: SourceId, file: &SourceFile, options: &LoadOptions) -> ParsedFile {
    read_text(source, &file.text, options)
}

/// As [`read`], from a text.
pub fn read_text(source: SourceId, text: &str, options: &LoadOptions) -> ParsedFile {
    let stream = sigyn_yaml::parse(source, text);
    read_documents(source, &sigyn_syntax::documents(stream, options.compat), options)
}

/// As [`read`], from documents that are already read; they must have been read with the same reading.
pub fn read_documents(
    source: SourceId,
    documents: &[sigyn_syntax::Document<'_>],
    options: &LoadOptions,
) -> ParsedFile {
    ParsedFile { source, documents: documents.iter().map(|document| lower(document, options)).collect() }
}

/// What lowering carries along.
pub(crate) struct Context<'o> {
    pub(crate) options: &'o LoadOptions,
    pub(crate) findings: Vec<Diagnostic>,
    /// What the document refers to.
    pub(crate) references: Vec<RuleRef>,
}

impl<'o> Context<'o> {
    pub(crate) fn new(options: &'o LoadOptions, findings: Vec<Diagnostic>) -> Self {
        Self { options, findings, references: Vec::new() }
    }
}

impl Context<'_> {
    pub(crate) fn compat(&self) -> Compat {
        self.options.compat
    }

    /// Reports a warning; under the reference's reading there are none.
    pub(crate) fn warn(
        &mut self,
        code: &'static sigyn_diagnostics::Code,
        message: impl FnOnce() -> String,
        span: Span,
    ) {
        if !self.options.compat.is_pysigma() {
            self.findings.push(Diagnostic::warning(code, message()).at(span));
        }
    }

    /// Warns about a key that is not read.
    pub(crate) fn unknown_key(&mut self, message: String, near: Option<&str>, span: Span) {
        if self.options.compat.is_pysigma() {
            return;
        }
        let found = Diagnostic::warning(&sigyn_diagnostics::codes::collection::UNKNOWN_KEY, message).at(span);
        self.findings.push(match near {
            Some(near) => found.with_help(format!("did you mean `{near}`?")),
            None => found,
        });
    }

    pub(crate) fn error(
        &mut self,
        code: &'static sigyn_diagnostics::Code,
        message: impl Into<String>,
        span: Span,
    ) {
        self.findings.push(Diagnostic::error(code, message).at(span));
    }
}

fn lower(document: &sigyn_syntax::Document<'_>, options: &LoadOptions) -> ParsedDocument {
    let mut context = Context::new(options, document.diagnostics.clone());
    let mut parsed = ParsedDocument {
        content: Content::Nothing,
        title: None,
        id: None,
        name: None,
        references: Vec::new(),
        span: document.span,
        diagnostics: Vec::new(),
    };
    if document.kind != DocumentKind::Broken {
        let attributes = Attributes::read(&document.value, options.compat, &mut context.findings);
        parsed.title = attributes.title.as_ref().map(|title| title.value.to_string());
        parsed.id = attributes.id.as_ref().map(|id| id.value.clone());
        parsed.name = attributes.name.as_ref().map(|name| name.value.to_string());
        let options = options::read(&attributes, document.kind, &mut context);
        let (value, span) = (&document.value, document.span);
        parsed.content = match document.kind {
            DocumentKind::Rule => rule::lower(value, attributes, span, &mut context)
                .map_or(Content::Nothing, |rule| Content::Rule(Box::new(rule))),
            DocumentKind::Correlation => correlation::lower(value, attributes, span, &mut context)
                .map_or(Content::Nothing, |correlation| Content::Correlation(Box::new(correlation))),
            DocumentKind::Filter => filter::lower(value, attributes, span, &mut context)
                .map_or(Content::Nothing, |filter| Content::Filter(Box::new(filter))),
            DocumentKind::Broken => Content::Nothing,
        };
        match &mut parsed.content {
            Content::Rule(rule) => rule.options = options,
            Content::Correlation(correlation) => correlation.options = options,
            Content::Filter(_) | Content::Nothing => {}
        }
    }
    parsed.references = context.references;
    parsed.diagnostics = context.findings;
    parsed
}
