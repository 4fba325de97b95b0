//! `attribute_from_logsource`: a custom attribute by the rule's log source.

use std::collections::HashMap;

use sigyn_diagnostics::Diagnostic;
use sigyn_ir::{Data, Rule};

use crate::{
    item::{Run, Transformation},
    params::{Example, Parameter, Params, Spec},
};

pub(crate) static SPEC: Spec = Spec {
    name: "attribute_from_logsource",
    summary: "Sets a custom attribute to a list of one text, chosen by the log source, unless the rule has the attribute. The item counts as applied only if the attribute is set.",
    parameters: &[
        Parameter { name: "attribute", takes: "text", default: None, summary: "The attribute." },
        Parameter {
            name: "values",
            takes: "map of text to text",
            default: None,
            summary: "For a category, else a service, else a product the value.",
        },
    ],
    examples: &[Example {
        title: "a kind of event",
        item: "attribute: event_types\nvalues: {test: PROCESS_LAUNCH}",
        before: "{A: 1}",
        after: "query: A=1\ncustom: event_types=['PROCESS_LAUNCH']",
    }],
};

#[derive(Debug)]
struct AttributeFromLogsource {
    attribute: String,
    values: HashMap<String, String>,
}

pub(crate) fn build(params: &Params<'_>) -> Option<Box<dyn Transformation>> {
    let attribute = params.required_text("attribute");
    params.required("values")?;
    let values = params.text_map("values").into_iter().collect();
    Some(Box::new(AttributeFromLogsource { attribute: attribute?, values }))
}

impl Transformation for AttributeFromLogsource {
    fn apply(&self, rule: &mut Rule, run: &mut Run<'_>) -> Result<(), Diagnostic> {
        match rule.meta.custom(&self.attribute) {
            Some(Data::Text(text)) if !text.is_empty() => {
                let value = Data::texts([text.clone()]);
                rule.meta.set_custom(&self.attribute, value);
                run.mark(&mut rule.marks);
                return Ok(());
            }
            Some(Data::List(items)) if !items.is_empty() => {
                run.mark(&mut rule.marks);
                return Ok(());
            }
            _ => {}
        }
        let source = &rule.logsource;
        let names = [&source.category, &source.service, &source.product];
        let found = names.into_iter().flatten().find_map(|name| self.values.get(name));
        if found.is_some() {
            run.mark(&mut rule.marks);
        }
        rule.meta.set_custom(&self.attribute, Data::texts(found.cloned()));
        Ok(())
    }
}
