//! Log sources.

use std::borrow::Cow;

use sigyn_diagnostics::{Diagnostic, codes};

use crate::{Spanned, Value};

/// A log source as written.
#[derive(Clone, Debug, Default)]
pub struct LogSource<'s> {
    /// `category`.
    pub category: Option<Spanned<Cow<'s, str>>>,
    /// `product`.
    pub product: Option<Spanned<Cow<'s, str>>>,
    /// `service`.
    pub service: Option<Spanned<Cow<'s, str>>>,
    /// `definition`: text for people.
    pub definition: Option<Spanned<Cow<'s, str>>>,
    /// Every other key.
    pub custom: Vec<(Spanned<Cow<'s, str>>, Value<'s>)>,
}

/// Keys of a log source that mean something.
pub const LOGSOURCE_KEYS: &[&str] = &["category", "product", "service", "definition"];

/// Reads `logsource` of a document; what is wrong with it is reported.
pub fn read_logsource<'s>(document: &Value<'s>, findings: &mut Vec<Diagnostic>) -> LogSource<'s> {
    let mut logsource = LogSource::default();
    let Some((key, value)) = document.pair("logsource") else {
        let message = "the document has no log source";
        findings.push(Diagnostic::error(&codes::rule::MISSING_LOGSOURCE, message).at(document.span));
        return logsource;
    };
    let mut error = |message: String, span| {
        findings.push(Diagnostic::error(&codes::rule::BAD_LOGSOURCE, message).at(span));
    };
    let Some(pairs) = value.as_map() else {
        error("the log source is not a map".to_owned(), key.span.to(value.span));
        return logsource;
    };
    let mut is_empty = true;
    let mut wrong = None;
    for (name, value) in pairs {
        let Some((name, key_span)) = name.source_text().map(|text| (text, name.span)) else { continue };
        let slot = match name.as_ref() {
            "category" => &mut logsource.category,
            "product" => &mut logsource.product,
            "service" => &mut logsource.service,
            "definition" => &mut logsource.definition,
            _ => {
                logsource.custom.push((Spanned::new(name.clone(), key_span), value.clone()));
                continue;
            }
        };
        if value.is_null() {
            continue;
        }
        is_empty &= name == "definition";
        match value.as_text() {
            Some(text) => *slot = Some(Spanned::new(text.clone(), value.span)),
            None => wrong = wrong.or(Some((format!("`{name}` of the log source is no text"), value.span))),
        }
    }
    if is_empty {
        error("the log source has neither category, product nor service".to_owned(), key.span);
    } else if let Some((message, span)) = wrong {
        error(message, span);
    }
    logsource
}
