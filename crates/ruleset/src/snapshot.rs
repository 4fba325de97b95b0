//! What a folder of rules held at one time.

use sigyn_diagnostics::{SourceId, Span};
use sigyn_ir::{Compat, Level, LoadOptions, LogSource, Lowered, ParsedDocument, read_documents};
use sigyn_syntax::{DocumentKind, normal_uuid};

use crate::meaning::{self, Meaning};
use crate::plain::Plain;

/// A rule file: its path below the folder, with `/` between names, and its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleText {
    /// The path.
    pub path: String,
    /// The text.
    pub text: String,
}

/// The documents of a folder, in the order of its files.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    pub(crate) documents: Vec<Document>,
}

/// A rule, correlation or filter of a snapshot.
#[derive(Clone, Debug)]
pub struct Document {
    /// The path of its file below the folder.
    pub path: String,
    /// Title; the path for a document without.
    pub title: String,
    /// UUID in lower case.
    pub id: Option<String>,
    /// Name for references.
    pub name: Option<String>,
    /// Severity.
    pub level: Option<Level>,
    /// Its place among the documents of its file, from 0.
    pub(crate) place: usize,
    pub(crate) kind: DocumentKind,
    /// Its part of the file, comments before it included.
    pub(crate) text: String,
    /// What it says, in order.
    pub(crate) plain: Plain,
    /// What it means; `None` if it cannot be used.
    pub(crate) meaning: Option<Meaning>,
    /// The log source of a rule.
    pub(crate) source: Option<LogSource>,
    /// What a filter or a correlation refers to.
    pub(crate) refers: Refers,
}

/// What a document refers to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Refers {
    /// These ids and names, in lower case; empty for detection rules.
    To(Vec<String>),
    /// Every rule that this log source covers.
    Covered(LogSource),
}

impl Snapshot {
    /// Reads rule files. What is wrong with a document makes its meaning unknown and costs nothing else.
    pub fn read(files: &[RuleText]) -> Self {
        Self { documents: files.iter().flat_map(read).collect() }
    }

    /// Its documents.
    pub fn documents(&self) -> &[Document] {
        &self.documents
    }
}

fn read(file: &RuleText) -> Vec<Document> {
    let source = SourceId::default();
    let documents = sigyn_syntax::documents(sigyn_yaml::parse(source, &file.text), Compat::Spec);
    let parsed = read_documents(source, &documents, &LoadOptions::new(Compat::Spec));
    let mut start = 0;
    let mut out = Vec::with_capacity(documents.len());
    for (place, (document, parsed)) in documents.iter().zip(parsed.documents()).enumerate() {
        // The text between two documents, comments mostly, belongs to the second; behind the last one to the last.
        let is_last = place + 1 == documents.len();
        let end = if is_last { file.text.len() } else { end_of(document.span, &file.text).max(start) };
        let text = file.text.get(start..end).unwrap_or_default().to_owned();
        start = end;
        out.push(of(file, place, text, document, parsed));
    }
    out
}

fn end_of(span: Span, text: &str) -> usize {
    (span.end as usize).min(text.len())
}

fn of(
    file: &RuleText,
    place: usize,
    text: String,
    document: &sigyn_syntax::Document<'_>,
    parsed: &ParsedDocument,
) -> Document {
    let plain = Plain::of(&document.value);
    let id = plain.text("id").map(|id| normal_uuid(id).unwrap_or_else(|| id.to_lowercase()));
    let source = match parsed.lowered() {
        Lowered::Rule(rule) => Some(rule.logsource.clone()),
        _ => None,
    };
    Document {
        path: file.path.clone(),
        title: plain.text("title").unwrap_or(&file.path).to_owned(),
        id,
        name: plain.text("name").map(str::to_owned),
        level: plain.text("level").and_then(Level::parse),
        place,
        kind: document.kind,
        text,
        meaning: meaning::of(parsed),
        source,
        refers: refers(&plain, parsed),
        plain,
    }
}

fn refers(plain: &Plain, parsed: &ParsedDocument) -> Refers {
    let part = |key: &str| plain.get(key).map(|part| part.texts("rules")).unwrap_or_default();
    match parsed.filter() {
        Some(filter) if filter.rules.is_none() => Refers::Covered(filter.logsource.clone()),
        _ => {
            let written = part("correlation").into_iter().chain(part("filter"));
            Refers::To(written.map(str::to_lowercase).collect())
        }
    }
}

impl Document {
    /// The ids of rules that it says it stems from, is like or takes the place of, with the kind of relation.
    pub(crate) fn related(&self) -> impl Iterator<Item = (String, &str)> {
        let related = self.plain.get("related").map(Plain::items).unwrap_or_default();
        related
            .iter()
            .filter_map(|relation| Some((relation.text("id")?.to_lowercase(), relation.text("type")?)))
    }
}
