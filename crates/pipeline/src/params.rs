//! Parameters of items, conditions and finalizers: what they are called, and reading them with places.

use std::cell::{Cell, RefCell};

use sigyn_diagnostics::{Code, Diagnostic, Span, codes::pipeline as codes};
use sigyn_ir::{Data, LogSource, Number};

use crate::{
    node::{Entry, Kind, Node},
    pyregex::{PyRegex, Replacement},
};

/// A parameter, for `sigyn list` and the documentation.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its key.
    pub name: &'static str,
    /// What it takes, e.g. `text` or `map of text to text or list of texts`.
    pub takes: &'static str,
    /// Its value if the key is absent; `None` if it must be given.
    pub default: Option<&'static str>,
    /// One sentence.
    pub summary: &'static str,
}

/// An example: an item, a rule before and after. They run as tests.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// What it shows.
    pub title: &'static str,
    /// The item's YAML without its `type`; for a pipeline with more than the item, `transformations:` and so on.
    pub item: &'static str,
    /// The rule's YAML: its detection, or whole if it has the key `detection`; for post-processing and
    /// finalizers the query or queries.
    pub before: &'static str,
    /// The rule afterwards, one fact per line.
    pub after: &'static str,
}

/// What is known about a transformation, post-processing item, finalizer or condition.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// The value of `type`.
    pub name: &'static str,
    /// One sentence: what it does.
    pub summary: &'static str,
    /// Its parameters.
    pub parameters: &'static [Parameter],
    /// Examples.
    pub examples: &'static [Example],
}

/// The entries of one map, read key by key; unread keys are findings in the end.
pub(crate) struct Params<'a> {
    /// E.g. ``transformation `case` ``.
    pub(crate) owner: String,
    entries: &'a [Entry],
    pub(crate) span: Span,
    used: RefCell<Vec<&'a str>>,
    /// How many of the used keys belong to somebody else.
    shared: Cell<usize>,
    found: RefCell<Vec<Diagnostic>>,
}

impl<'a> Params<'a> {
    pub(crate) fn new(owner: impl Into<String>, entries: &'a [Entry], span: Span) -> Self {
        Self {
            owner: owner.into(),
            entries,
            span,
            used: RefCell::new(Vec::new()),
            shared: Cell::new(0),
            found: RefCell::new(Vec::new()),
        }
    }

    /// Reports at a place.
    pub(crate) fn report(&self, code: &'static Code, span: Span, message: impl Into<String>) {
        self.found.borrow_mut().push(Diagnostic::error(code, message).at(span));
    }

    pub(crate) fn report_all(&self, diagnostics: Vec<Diagnostic>) {
        self.found.borrow_mut().extend(diagnostics);
    }

    fn wrong(&self, name: &str, node: &Node, expected: &str) {
        let message = format!("`{name}` of {} must be {expected}, not {}", self.owner, node.describe());
        self.report(&codes::BAD_PARAMETER, node.span, message);
    }

    /// The value of a key. Null counts as absent.
    pub(crate) fn node(&self, name: &'a str) -> Option<&'a Node> {
        self.any_node(name).filter(|node| !matches!(node.kind, Kind::Scalar(Data::Null)))
    }

    /// The value of a key, null too.
    pub(crate) fn any_node(&self, name: &'a str) -> Option<&'a Node> {
        self.used.borrow_mut().push(name);
        self.entries.iter().find(|entry| entry.key.as_str() == Some(name)).map(|entry| &entry.value)
    }

    /// Reports that a key is missing.
    pub(crate) fn missing(&self, name: &str) {
        self.report(&codes::BAD_PARAMETER, self.span, format!("{} needs `{name}`", self.owner));
    }

    pub(crate) fn required(&self, name: &'a str) -> Option<&'a Node> {
        let node = self.node(name);
        if node.is_none() {
            self.missing(name);
        }
        node
    }

    pub(crate) fn text(&self, name: &'a str) -> Option<String> {
        let node = self.node(name)?;
        let text = node.as_text();
        if text.is_none() {
            self.wrong(name, node, "a text (put it in quotes)");
        }
        text.map(str::to_owned)
    }

    pub(crate) fn required_text(&self, name: &'a str) -> Option<String> {
        self.required(name)?;
        self.text(name)
    }

    pub(crate) fn flag(&self, name: &'a str) -> bool {
        match self.node(name) {
            None => false,
            Some(Node { kind: Kind::Scalar(Data::Bool(value)), .. }) => *value,
            Some(node) => {
                self.wrong(name, node, "true or false");
                false
            }
        }
    }

    pub(crate) fn flag_or(&self, name: &'a str, default: bool) -> bool {
        if self.node(name).is_some() { self.flag(name) } else { default }
    }

    pub(crate) fn integer(&self, name: &'a str) -> Option<u64> {
        let node = self.node(name)?;
        let value = match &node.kind {
            Kind::Scalar(Data::Number(Number::Int(value))) => u64::try_from(*value).ok(),
            _ => None,
        };
        if value.is_none() {
            self.wrong(name, node, "an integer from 0");
        }
        value
    }

    pub(crate) fn data(&self, name: &'a str) -> Option<Data> {
        self.node(name).map(Node::to_data)
    }

    /// A scalar, null too, that must be there.
    pub(crate) fn scalar(&self, name: &'a str) -> Option<Data> {
        match self.any_node(name) {
            Some(Node { kind: Kind::Scalar(data), .. }) => Some(data.clone()),
            Some(node) => {
                self.wrong(name, node, "a single value");
                None
            }
            None => {
                self.missing(name);
                None
            }
        }
    }

    /// A text or a list of texts.
    pub(crate) fn texts(&self, name: &'a str) -> Option<Vec<String>> {
        let node = self.node(name)?;
        match &node.kind {
            Kind::Scalar(Data::Text(text)) => Some(vec![text.clone()]),
            Kind::List(items) => {
                let mut texts = Vec::with_capacity(items.len());
                for item in items {
                    match item.as_text() {
                        Some(text) => texts.push(text.to_owned()),
                        None => self.wrong(name, item, "a list of texts"),
                    }
                }
                Some(texts)
            }
            _ => {
                self.wrong(name, node, "a text or a list of texts");
                None
            }
        }
    }

    pub(crate) fn required_texts(&self, name: &'a str) -> Option<Vec<String>> {
        self.required(name)?;
        self.texts(name)
    }

    /// A log source of which at least one part is given.
    pub(crate) fn required_logsource(&self) -> Option<LogSource> {
        let source = LogSource {
            category: self.text("category"),
            product: self.text("product"),
            service: self.text("service"),
            ..LogSource::default()
        };
        if source == LogSource::default() {
            let message = format!("{} needs a category, a product or a service", self.owner);
            self.report(&codes::BAD_PARAMETER, self.span, message);
            return None;
        }
        Some(source)
    }

    /// One of a few words.
    pub(crate) fn choice(
        &self,
        name: &'a str,
        words: &[&'static str],
        default: &'static str,
    ) -> &'static str {
        let Some(node) = self.node(name) else { return default };
        match node.as_text().and_then(|text| words.iter().find(|word| **word == text)) {
            Some(word) => word,
            None => {
                let message = format!("`{name}` of {} must be one of {}", self.owner, words.join(", "));
                self.report(&codes::BAD_PARAMETER, node.span, message);
                default
            }
        }
    }

    /// A regular expression.
    pub(crate) fn regex(&self, name: &'a str) -> Option<PyRegex> {
        let text = self.required_text(name)?;
        self.compile(&text, self.node(name).map_or(self.span, |node| node.span))
    }

    pub(crate) fn compile(&self, text: &str, span: Span) -> Option<PyRegex> {
        match PyRegex::new(text) {
            Ok(regex) => Some(regex),
            Err(reason) => {
                let message = format!("the regular expression `{text}` is not valid: {reason}");
                self.report(&codes::BAD_PARAMETER, span, message);
                None
            }
        }
    }

    /// A replacement with references to the groups of a pattern.
    pub(crate) fn replacement(&self, name: &'a str, template: &str, regex: &PyRegex) -> Option<Replacement> {
        match Replacement::new(template, regex) {
            Ok(replacement) => Some(replacement),
            Err(reason) => {
                let span = self.node(name).map_or(self.span, |node| node.span);
                let message = format!("the replacement `{template}` is not valid: {reason}");
                self.report(&codes::BAD_PARAMETER, span, message);
                None
            }
        }
    }

    /// A map's entries.
    pub(crate) fn map(&self, name: &'a str) -> Option<&'a [Entry]> {
        let node = self.node(name)?;
        let entries = node.as_map();
        if entries.is_none() {
            self.wrong(name, node, "a map");
        }
        entries
    }

    /// A map from text to text.
    pub(crate) fn text_map(&self, name: &'a str) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        for entry in self.map(name).unwrap_or_default() {
            match (&entry.key, &entry.value.kind) {
                (Data::Text(key), Kind::Scalar(value)) => {
                    pairs.push((key.clone(), crate::values::python_str(value)));
                }
                _ => self.wrong(name, &entry.value, "a map from text to text"),
            }
        }
        pairs
    }

    /// A map from text (or null, if `or_null`) to a text or a list of texts. The second part of each tuple says
    /// whether a list was written.
    pub(crate) fn mapping(&self, name: &'a str, or_null: bool) -> Option<Vec<Mapping>> {
        self.required(name)?;
        let mut pairs = Vec::new();
        for entry in self.map(name)? {
            let from = match &entry.key {
                Data::Text(text) => Some(text.clone()),
                Data::Null if or_null => None,
                _ => {
                    let message = format!("keys of `{name}` of {} must be texts", self.owner);
                    self.report(&codes::BAD_PARAMETER, entry.key_span, message);
                    continue;
                }
            };
            match &entry.value.kind {
                Kind::Scalar(Data::Text(to)) => pairs.push(Mapping::One(from, to.clone())),
                Kind::List(items) if items.iter().all(|item| item.as_text().is_some()) => {
                    let to = items.iter().filter_map(|item| item.as_text().map(str::to_owned)).collect();
                    pairs.push(Mapping::Many(from, to));
                }
                _ => self.wrong(name, &entry.value, "a map to texts or lists of texts"),
            }
        }
        Some(pairs)
    }

    /// Takes keys as known that somebody else reads.
    pub(crate) fn know(&self, names: &[&'a str]) {
        self.used.borrow_mut().extend_from_slice(names);
        self.shared.set(names.len());
    }

    /// Where the value of `type` stands.
    pub(crate) fn type_span(&self) -> Span {
        let entry = self.entries.iter().find(|entry| entry.key.as_str() == Some("type"));
        entry.map_or(self.span, |entry| entry.value.span)
    }

    /// Takes all keys as known: nobody can say which are right.
    pub(crate) fn ignore_rest(&self) {
        self.used.borrow_mut().extend(self.entries.iter().filter_map(|entry| entry.key.as_str()));
    }

    /// Everything found, without a look at unread keys.
    pub(crate) fn into_found(self) -> Vec<Diagnostic> {
        self.found.into_inner()
    }

    /// Everything found; keys that nobody asked for are findings.
    pub(crate) fn finish(self) -> Vec<Diagnostic> {
        let used = self.used.into_inner();
        let mut found = self.found.into_inner();
        for entry in self.entries {
            let is_known = entry.key.as_str().is_some_and(|key| used.contains(&key));
            if !is_known {
                let key = crate::node::key_text(&entry.key);
                let mut names: Vec<_> = used.iter().skip(self.shared.get()).copied().collect();
                names.sort_unstable();
                names.dedup();
                found.push(
                    Diagnostic::error(&codes::BAD_PARAMETER, format!("{} has no `{key}`", self.owner))
                        .labelled(entry.key_span, "unknown key")
                        .with_help(match names.as_slice() {
                            [] => "it takes no parameters".to_owned(),
                            names => format!("it takes: {}", names.join(", ")),
                        }),
                );
            }
        }
        found
    }
}

/// An entry of a mapping.
#[derive(Clone, Debug)]
pub(crate) enum Mapping {
    One(Option<String>, String),
    Many(Option<String>, Vec<String>),
}
