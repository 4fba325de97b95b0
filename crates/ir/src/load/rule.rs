//! Lowering of detection rules.

use sigyn_diagnostics::{Span, codes};
use sigyn_syntax::{
    Attributes, Detections, LOGSOURCE_KEYS, Value, ValueKind, nearest, read_detections, read_logsource,
};

use super::{Context, condition, item, meta};
use crate::{Condition, Data, Detection, DetectionEntry, Linking, LogSource, Options, Rule};

pub(crate) fn lower(
    document: &Value<'_>,
    mut attributes: Attributes<'_>,
    span: Span,
    context: &mut Context<'_>,
) -> Option<Rule> {
    let logsource = logsource(document, context);
    let detections = read_detections(document, context.compat(), &mut context.findings)?;
    let fields = meta::texts(std::mem::take(&mut attributes.fields));
    let (identifiers, conditions) = lower_detections(detections, context);
    Some(Rule {
        meta: meta::meta(attributes),
        logsource,
        detections: identifiers,
        conditions,
        fields,
        options: Options::default(),
        marks: Vec::new(),
        span,
    })
}

/// The log source of a document.
pub(crate) fn logsource(document: &Value<'_>, context: &mut Context<'_>) -> LogSource {
    let logsource = read_logsource(document, &mut context.findings);
    for (key, _) in &logsource.custom {
        // Other keys are allowed and mean nothing; one that is nearly known was meant to mean something.
        if let Some(near) = nearest(&key.value, LOGSOURCE_KEYS) {
            let message = format!("the log source's key `{}` means nothing", key.value);
            context.unknown_key(message, Some(near), key.span);
        }
    }
    let text = |text: Option<sigyn_syntax::Spanned<std::borrow::Cow<'_, str>>>| {
        text.map(|text| text.value.into_owned())
    };
    LogSource {
        category: text(logsource.category),
        product: text(logsource.product),
        service: text(logsource.service),
        definition: text(logsource.definition),
        custom: logsource
            .custom
            .iter()
            .map(|(key, value)| (key.value.to_string(), meta::data(value)))
            .collect::<Vec<(String, Data)>>(),
    }
}

/// Search identifiers and conditions, also those of filters.
pub(crate) fn lower_detections(
    detections: Detections<'_>,
    context: &mut Context<'_>,
) -> (Vec<(String, Detection)>, Vec<Condition>) {
    if detections.identifiers.is_empty() {
        let message = "the detection has no search identifier";
        context.error(&codes::rule::BAD_DETECTION, message, detections.span);
    }
    let mut lowered = Vec::with_capacity(detections.identifiers.len());
    for identifier in &detections.identifiers {
        let name = &identifier.name;
        if !context.compat().is_pysigma() && condition::is_reserved(&name.value) {
            let message = format!("`{}` is a keyword of conditions", name.value);
            context.error(&codes::condition::RESERVED_IDENTIFIER, message, name.span);
        }
        let span = name.span.to(identifier.definition.span);
        let detection = definition(&identifier.definition, span, Place::Top, context);
        lowered.push((name.value.to_string(), detection));
    }
    let conditions = detections
        .conditions
        .iter()
        .map(|text| condition::lower(&text.value, text.span, &lowered, context))
        .collect();
    (lowered, conditions)
}

/// Whether a definition is an identifier's own or an entry of a list.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Top,
    Inner,
}

/// A definition: a map of items, a keyword or a list of them, or a list of definitions.
fn definition(value: &Value<'_>, span: Span, place: Place, context: &mut Context<'_>) -> Detection {
    let empty = |context: &mut Context<'_>| {
        let message = "there is nothing to search for";
        context.error(&codes::rule::EMPTY_SEARCH, message, span);
        Detection::new(Vec::new(), Linking::And, span)
    };
    match &value.kind {
        ValueKind::Map(pairs) if pairs.is_empty() => empty(context),
        ValueKind::Map(pairs) => {
            let items = pairs
                .iter()
                .filter_map(|(key, value)| item::lower(Some(key), value, context))
                .map(DetectionEntry::Item)
                .collect();
            Detection::new(items, Linking::And, span)
        }
        ValueKind::Scalar(_) => {
            if value.is_null() && !context.compat().is_pysigma() {
                return empty(context);
            }
            let item = item::lower(None, value, context).map(DetectionEntry::Item);
            Detection::new(item.into_iter().collect(), Linking::And, span)
        }
        ValueKind::List(items) => {
            if items.is_empty() && (place == Place::Inner || !context.compat().is_pysigma()) {
                return empty(context);
            }
            if items.iter().all(|item| item.as_scalar().is_some()) {
                let item = item::lower(None, value, context).map(DetectionEntry::Item);
                return Detection::new(item.into_iter().collect(), Linking::And, span);
            }
            let groups = items
                .iter()
                .map(|item| DetectionEntry::Group(definition(item, item.span, Place::Inner, context)))
                .collect();
            Detection::new(groups, Linking::Or, span)
        }
    }
}
