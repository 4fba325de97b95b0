//! Jinja templates and what they may look at: the rule, the query, the pipeline with its state and variables.
//!
//! Values print as Python prints them, and the usual methods of Python's texts, lists and maps are there.
//! Templates cannot run code or read files.

pub(crate) mod methods;

use std::{fmt, sync::Arc};

use minijinja::{
    Environment, Error, ErrorKind, UndefinedBehavior,
    value::{Enumerator, Object, ObjectRepr, Value},
};
use sigyn_diagnostics::{Diagnostic, codes::pipeline as codes};
use sigyn_ir::{Correlation, Data, Meta, Number, Rule, RuleItem, State};

use crate::{
    Files,
    params::{Parameter, Params},
    pipeline::Pipeline,
};

/// The parameters of all templates.
pub(crate) const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "template",
        takes: "text",
        default: None,
        summary: "The template; with `path` its file.",
    },
    Parameter {
        name: "path",
        takes: "text",
        default: Some("none"),
        summary: "The folder that holds the template's file.",
    },
    Parameter {
        name: "autoescape",
        takes: "true or false",
        default: Some("false"),
        summary: "Whether values are escaped for HTML.",
    },
    Parameter {
        name: "vars",
        takes: "text",
        default: Some("none"),
        summary: "A Python file with more names; refused, because it would run code. Use the pipeline's `vars`.",
    },
];

/// The names that a template knows.
pub(crate) type Names = Vec<(String, Value)>;

/// A template.
#[derive(Debug)]
pub(crate) struct Template {
    text: String,
    folder: Option<String>,
    escapes_html: bool,
}

/// Steps after which a template is stopped.
const FUEL_MAX: u64 = 5_000_000;

impl Template {
    pub(crate) fn read(params: &Params<'_>) -> Option<Self> {
        let text = params.required_text("template");
        let folder = params.text("path");
        let escapes_html = params.flag("autoescape");
        if let Some(node) = params.node("vars") {
            let message = "`vars` names a Python file, which is not run here; use the pipeline's `vars`";
            params.report(&codes::EXTERNAL, node.span, message);
        }
        let text = text?;
        if folder.is_none()
            && let Err(error) = environment(escapes_html).template_from_str(&text)
        {
            let span = params.node("template").map_or(params.span, |node| node.span);
            params.report(&codes::TEMPLATE, span, format!("the template is not valid: {}", describe(&error)));
            return None;
        }
        Some(Self { text, folder, escapes_html })
    }

    pub(crate) fn render(&self, names: Names, files: &dyn Files) -> Result<String, Diagnostic> {
        let mut environment = environment(self.escapes_html);
        environment.set_fuel(Some(FUEL_MAX));
        let fail = |reason: String| Diagnostic::error(&codes::TEMPLATE, reason);
        let text = match &self.folder {
            None => self.text.clone(),
            Some(folder) => {
                if self.text.split(['/', '\\']).any(|part| part == "..") {
                    return Err(fail(format!("the template `{}` lies outside its folder", self.text)));
                }
                let path = format!("{}/{}", folder.trim_end_matches('/'), self.text);
                files
                    .read(&path)
                    .map_err(|reason| fail(format!("the template `{path}` cannot be read: {reason}")))?
            }
        };
        environment
            .render_str(&text, map(names))
            .map_err(|error| fail(format!("the template fails: {}", describe(&error))))
    }
}

fn describe(error: &Error) -> String {
    match (error.detail(), error.line()) {
        (Some(detail), Some(line)) => format!("{detail} (line {line})"),
        (Some(detail), None) => detail.to_owned(),
        (None, Some(line)) => format!("{} (line {line})", error.kind()),
        (None, None) => error.kind().to_string(),
    }
}

fn environment(escapes_html: bool) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Lenient);
    environment.set_auto_escape_callback(move |_| {
        if escapes_html { minijinja::AutoEscape::Html } else { minijinja::AutoEscape::None }
    });
    environment.set_unknown_method_callback(|_, value, name, args| methods::call(value, name, args));
    environment.set_formatter(|out, state, value| {
        if matches!(value.kind(), minijinja::value::ValueKind::String) || value.is_undefined() {
            return minijinja::escape_formatter(out, state, value);
        }
        minijinja::escape_formatter(out, state, &Value::from(methods::python_text(value)))
    });
    environment.add_filter("tojson", |value: Value| {
        let text = methods::to_data(&value).to_json(None);
        let safe = [("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026"), ("'", "\\u0027")]
            .iter()
            .fold(text, |text, (from, to)| text.replace(from, to));
        Value::from_safe_string(safe)
    });
    environment
}

/// Plain data as a template sees it.
pub(crate) fn value(data: &Data) -> Value {
    match data {
        Data::Null => Value::from(()),
        Data::Bool(value) => Value::from(*value),
        Data::Number(Number::Int(number)) => {
            i64::try_from(*number).map_or_else(|_| Value::from(*number), Value::from)
        }
        Data::Number(Number::Float(number)) => Value::from(*number),
        Data::Text(text) => Value::from(text.as_str()),
        Data::List(items) => items.iter().map(value).collect(),
        Data::Map(pairs) => map(pairs.iter().map(|(key, data)| (key.clone(), value(data)))),
    }
}

fn map(pairs: impl IntoIterator<Item = (String, Value)>) -> Value {
    Value::from_object(OrderedMap(pairs.into_iter().collect()))
}

/// A map that keeps its order, whatever the template engine's own does.
#[derive(Debug)]
struct OrderedMap(Vec<(String, Value)>);

impl Object for OrderedMap {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let key = key.as_str()?;
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone())
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.0.iter().map(|(name, _)| Value::from(name.as_str())).collect())
    }
}

/// Something that prints as a text and has attributes: a level, a tag, a date.
#[derive(Debug)]
struct Named {
    text: String,
    attributes: Vec<(&'static str, Value)>,
}

impl Object for Named {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let key = key.as_str()?;
        self.attributes.iter().find(|(name, _)| *name == key).map(|(_, value)| value.clone())
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut minijinja::State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        match method {
            "isoformat" if args.is_empty() => Ok(Value::from(self.text.as_str())),
            "strftime" => match args.first().and_then(Value::as_str) {
                Some(format) => Ok(Value::from(methods::strftime(&self.text, format))),
                None => Err(Error::new(ErrorKind::MissingArgument, "strftime needs a format")),
            },
            _ => methods::call(&Value::from(self.text.as_str()), method, args),
        }
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn named(text: impl Into<String>, attributes: Vec<(&'static str, Value)>) -> Value {
    Value::from_object(Named { text: text.into(), attributes })
}

/// A rule as templates see it: its attributes by their name in the file, `custom_attributes`, and for detection
/// rules `logsource`, for correlations `type`, `group_by` and `timespan`.
pub fn rule_value(rule: &RuleItem) -> Value {
    let mut pairs = meta_pairs(rule.meta());
    match rule {
        RuleItem::Rule(rule) => pairs.extend(rule_pairs(rule)),
        RuleItem::Correlation(correlation) => pairs.extend(correlation_pairs(correlation)),
    }
    map(pairs.into_iter().map(|(name, value)| (name.to_owned(), value)))
}

fn meta_pairs(meta: &Meta) -> Vec<(&'static str, Value)> {
    let text = |text: &Option<String>| text.as_deref().map_or_else(|| Value::from(()), Value::from);
    let texts = |texts: &[String]| texts.iter().map(|text| Value::from(text.as_str())).collect();
    let date = |date: &Option<String>| match date {
        Some(date) => {
            let part = |at: usize| date.split('-').nth(at).and_then(|part| part.parse::<i64>().ok());
            let part = |at| part(at).map_or_else(|| Value::from(()), Value::from);
            named(date.as_str(), vec![("year", part(0)), ("month", part(1)), ("day", part(2))])
        }
        None => Value::from(()),
    };
    let enumeration = |name: Option<(&'static str, usize)>| match name {
        Some((name, at)) => named(
            name,
            vec![("name", Value::from(name.to_uppercase())), ("value", Value::from(at as u64 + 1))],
        ),
        None => Value::from(()),
    };
    let tags = meta.tags.iter().map(|tag| {
        named(
            tag.to_string(),
            vec![
                ("namespace", Value::from(tag.namespace.as_str())),
                ("name", Value::from(tag.name.as_str())),
            ],
        )
    });
    let related: Value = meta
        .related
        .iter()
        .map(|related| {
            map([
                ("id".to_owned(), Value::from(related.id.as_str())),
                ("type".to_owned(), Value::from(related.kind.as_str())),
            ])
        })
        .collect();
    vec![
        ("title", Value::from(meta.title.as_str())),
        ("id", text(&meta.id)),
        ("name", text(&meta.name)),
        ("related", map([("related".to_owned(), related)])),
        ("taxonomy", Value::from(meta.taxonomy.as_deref().unwrap_or("sigma"))),
        ("status", enumeration(meta.status.map(|status| (status.as_str(), status as usize)))),
        ("description", text(&meta.description)),
        ("license", text(&meta.license)),
        ("author", text(&meta.author)),
        ("references", texts(&meta.references)),
        ("date", date(&meta.date)),
        ("modified", date(&meta.modified)),
        ("tags", tags.collect()),
        ("level", enumeration(meta.level.map(|level| (level.as_str(), level as usize)))),
        ("falsepositives", texts(&meta.falsepositives)),
        ("scope", texts(&meta.scope)),
        ("custom_attributes", map(meta.custom.iter().map(|(name, data)| (name.clone(), value(data))))),
    ]
}

fn rule_pairs(rule: &Rule) -> Vec<(&'static str, Value)> {
    let text = |text: &Option<String>| text.as_deref().map_or_else(|| Value::from(()), Value::from);
    let source = &rule.logsource;
    let custom = source.custom.iter().map(|(name, data)| (name.clone(), value(data)));
    vec![
        ("fields", rule.fields.iter().map(|field| Value::from(field.as_str())).collect()),
        (
            "logsource",
            map([
                ("category".to_owned(), text(&source.category)),
                ("product".to_owned(), text(&source.product)),
                ("service".to_owned(), text(&source.service)),
                ("definition".to_owned(), text(&source.definition)),
                ("custom_attributes".to_owned(), map(custom)),
            ]),
        ),
    ]
}

fn correlation_pairs(correlation: &Correlation) -> Vec<(&'static str, Value)> {
    let texts = |texts: &[String]| texts.iter().map(|text| Value::from(text.as_str())).collect();
    vec![
        ("fields", texts(&correlation.fields)),
        ("type", Value::from(correlation.kind.as_str())),
        ("rules", correlation.rules.iter().map(|reference| Value::from(reference.text.as_str())).collect()),
        ("group_by", correlation.group_by.as_deref().map_or_else(|| Value::from(()), texts)),
        (
            "timespan",
            named(
                correlation.timespan.text.as_str(),
                vec![("seconds", Value::from(correlation.timespan.seconds))],
            ),
        ),
    ]
}

/// What templates of a pipeline know: `pipeline`, and with a query `rule` and `query`.
pub(crate) fn names(pipeline: &Pipeline, state: &State, of_rule: Option<(&RuleItem, &str)>) -> Names {
    let vars = map(pipeline.vars.iter().map(|(name, data)| (name.clone(), value(data))));
    let state = map(state.iter().map(|(name, data)| (name.to_owned(), value(data))));
    let of_pipeline = map([
        ("state".to_owned(), state),
        ("vars".to_owned(), vars),
        ("name".to_owned(), pipeline.name.as_deref().map_or_else(|| Value::from(()), Value::from)),
        ("priority".to_owned(), Value::from(pipeline.priority)),
    ]);
    let mut names = vec![("pipeline".to_owned(), of_pipeline)];
    if let Some((rule, query)) = of_rule {
        names.push(("rule".to_owned(), rule_value(rule)));
        names.push(("query".to_owned(), Value::from(query)));
    }
    names
}
