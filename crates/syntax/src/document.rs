//! Documents, their kinds, and collections (`action: global`, `reset`, `repeat`).

use sigyn_diagnostics::{Diagnostic, Span, codes};
use sigyn_yaml::Stream;

use crate::{Compat, Value, ValueKind};

/// A document of a file, merged with what the collection's actions bring.
#[derive(Clone, Debug)]
pub struct Document<'s> {
    /// What it is.
    pub kind: DocumentKind,
    /// Its content.
    pub value: Value<'s>,
    /// Where it stands.
    pub span: Span,
    /// What the YAML layer found. With an error among them the content is incomplete.
    pub diagnostics: Vec<Diagnostic>,
}

/// The kinds of documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DocumentKind {
    /// A detection rule.
    Rule,
    /// A correlation.
    Correlation,
    /// A filter.
    Filter,
    /// Text that is no rule: broken YAML, no map, an unknown action. Only the findings count.
    Broken,
}

/// Reads the documents of a stream in order.
///
/// Correlations and filters are neither merged with the global template nor remembered for `repeat`. Under
/// [`Compat::PySigma`] the template overwrites what the rule says and the merge works in place, as in the
/// reference; else the rule wins and the template stays as it is.
pub fn documents(stream: Stream<'_>, compat: Compat) -> Vec<Document<'_>> {
    let mut collection = Collection::new(compat);
    for document in stream.documents {
        let mut diagnostics = document.diagnostics;
        if compat.is_pysigma() {
            diagnostics.retain(|found| {
                found.code.number != codes::yaml::DUPLICATE_KEY.number
                    && found.code.number != codes::yaml::MERGE_KEY.number
            });
        }
        let Some(root) = document.root else {
            collection.broken(document.span, diagnostics);
            continue;
        };
        let value = Value::resolve(root, compat, &mut diagnostics);
        // An empty document, for example behind a last `---`, says nothing.
        if !value.is_null() || !diagnostics.is_empty() {
            collection.take(value, document.span, diagnostics);
        }
    }
    collection.documents
}

/// What `repeat` repeats.
enum Previous<'s> {
    Nothing,
    /// The global template itself (reference only).
    Global,
    Rule(Value<'s>),
}

struct Collection<'s> {
    compat: Compat,
    global: Option<Value<'s>>,
    previous: Previous<'s>,
    documents: Vec<Document<'s>>,
}

impl<'s> Collection<'s> {
    fn new(compat: Compat) -> Self {
        Self { compat, global: None, previous: Previous::Nothing, documents: Vec::new() }
    }

    fn broken(&mut self, span: Span, diagnostics: Vec<Diagnostic>) {
        let value = Value { kind: ValueKind::List(Vec::new()), span };
        self.documents.push(Document { kind: DocumentKind::Broken, value, span, diagnostics });
    }

    fn emit(&mut self, kind: DocumentKind, value: Value<'s>, span: Span, diagnostics: Vec<Diagnostic>) {
        self.documents.push(Document { kind, value, span, diagnostics });
    }

    fn take(&mut self, mut value: Value<'s>, span: Span, mut diagnostics: Vec<Diagnostic>) {
        if value.as_map().is_none() {
            let message = "the document is not a map";
            diagnostics.push(Diagnostic::error(&codes::rule::NOT_A_MAP, message).at(value.span));
            self.broken(span, diagnostics);
            return;
        }
        let action = value
            .get_some("action")
            .map(|action| (action.as_text().map(ToString::to_string).unwrap_or_default(), action.span));
        let Some((action, action_span)) = action else {
            if value.get("correlation").is_some() {
                self.emit(DocumentKind::Correlation, value, span, diagnostics);
            } else if value.get("filter").is_some() {
                self.emit(DocumentKind::Filter, value, span, diagnostics);
            } else {
                self.rule(value, span, diagnostics);
            }
            return;
        };
        remove(&mut value, "action");
        match action.as_str() {
            "global" => {
                self.global = Some(value);
                if self.compat.is_pysigma() {
                    self.previous = Previous::Global;
                }
                if !diagnostics.is_empty() {
                    self.broken(span, diagnostics);
                }
            }
            "reset" => self.global = None,
            "repeat" => self.repeat(value, span, diagnostics),
            _ => {
                let message = format!("the action `{action}` is unknown");
                diagnostics
                    .push(Diagnostic::error(&codes::collection::UNKNOWN_ACTION, message).at(action_span));
                self.broken(span, diagnostics);
            }
        }
    }

    fn rule(&mut self, mut value: Value<'s>, span: Span, diagnostics: Vec<Diagnostic>) {
        if let Some(global) = &self.global {
            match self.compat {
                Compat::PySigma => update(&mut value, global.clone()),
                Compat::Spec => {
                    let own = std::mem::replace(&mut value, global.clone());
                    update(&mut value, own);
                }
            }
        }
        // Most files hold one rule and nothing repeats it, but that is known only at their end; a rule is some
        // dozens of nodes.
        self.previous = Previous::Rule(value.clone());
        self.emit(DocumentKind::Rule, value, span, diagnostics);
    }

    fn repeat(&mut self, value: Value<'s>, span: Span, mut diagnostics: Vec<Diagnostic>) {
        let base = match (&self.previous, self.compat) {
            (Previous::Rule(previous), _) => Some(previous.clone()),
            (Previous::Global, _) => self.global.clone(),
            (Previous::Nothing, Compat::PySigma) => Some(Value { kind: ValueKind::Map(Vec::new()), span }),
            (Previous::Nothing, Compat::Spec) => None,
        };
        let Some(mut merged) = base else {
            let message = "there is no rule before this document to repeat";
            diagnostics.push(Diagnostic::error(&codes::collection::NOTHING_TO_REPEAT, message).at(span));
            self.broken(span, diagnostics);
            return;
        };
        update(&mut merged, value);
        match self.previous {
            Previous::Global => self.global = Some(merged.clone()),
            _ => self.previous = Previous::Rule(merged.clone()),
        }
        self.emit(DocumentKind::Rule, merged, span, diagnostics);
    }
}

fn remove(value: &mut Value<'_>, key: &str) {
    if let ValueKind::Map(pairs) = &mut value.kind {
        pairs.retain(|(name, _)| name.source_text().is_none_or(|text| text != key));
    }
}

/// Puts `over` on top of `base`: maps are merged, everything else is replaced.
fn update<'s>(base: &mut Value<'s>, over: Value<'s>) {
    let ValueKind::Map(pairs) = over.kind else {
        *base = over;
        return;
    };
    let ValueKind::Map(own) = &mut base.kind else {
        *base = Value { kind: ValueKind::Map(pairs), span: over.span };
        return;
    };
    for (key, value) in pairs {
        let name = key.source_text().cloned();
        match own.iter_mut().find(|(other, _)| name.is_some() && other.source_text() == name.as_ref()) {
            Some((_, old)) => update(old, value),
            None => own.push((key, value)),
        }
    }
}
