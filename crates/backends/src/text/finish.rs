//! From expressions to finished queries and outputs.

use sigyn_ir::{Data, Rule, RuleItem, SigmaString, State};

use super::value::bare_string;
use crate::target::Query;
use crate::{Cx, Env, Error, Frag, Output, Target};

pub(crate) fn rule(
    target: &dyn Target,
    env: &Env,
    item: &RuleItem,
    rule: &Rule,
    state: &State,
) -> Result<Vec<Query>, Error> {
    let mut queries = Vec::with_capacity(rule.conditions.len());
    for condition in &rule.conditions {
        let mut cx = Cx::new(env, item, state.clone());
        cx.note_lone(rule, condition);
        let expr = rule.expression(condition);
        let expr = if target.dialect().matching.number_texts { expr } else { expr.with_bare_numbers() };
        let frag = target.expr(&mut cx, &expr).map_err(|error| error.or_at(condition.span))?;
        if frag == Frag::Nothing {
            if env.is_reference() {
                continue;
            }
            return Err(
                Error::unsupported("nothing of the condition is left to search for").or_at(condition.span)
            );
        }
        let text = target.finish(&mut cx, frag).map_err(|error| error.or_at(condition.span))?;
        queries.push(Query { text, state: cx.state });
    }
    Ok(queries)
}

pub(crate) fn finish(target: &dyn Target, cx: &mut Cx<'_>, query: Frag) -> Result<String, Error> {
    let dialect = &target.dialect().query;
    let query = match query {
        Frag::Text(text) => text,
        Frag::Deferred(_) | Frag::Nothing => dialect.deferred_only.clone(),
    };
    let mut values = Vec::new();
    for name in dialect.expression.names() {
        values.push((name, placeholder(target, cx, name, &query)?));
    }
    let values: Vec<_> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut text = dialect.expression.fill(&values);
    if !cx.deferred.is_empty() {
        let (Some(start), Some(separator)) = (&dialect.deferred_start, &dialect.deferred_separator) else {
            return Err(Error::unsupported("the target cannot write conditions behind the query"));
        };
        let parts = cx
            .deferred
            .iter()
            .map(|deferred| target.deferred(cx, deferred))
            .collect::<Result<Vec<_>, _>>()?;
        text.push_str(start);
        text.push_str(&parts.join(separator));
    }
    Ok(text)
}

/// `{query}`, `{state[NAME]}` and `{rule.NAME}`, the last two as they are or in a form (`{state[NAME]|FORM}`).
fn placeholder(target: &dyn Target, cx: &Cx<'_>, name: &str, query: &str) -> Result<String, Error> {
    if name == "query" {
        return Ok(query.to_owned());
    }
    let (base, _) = name.split_once('|').unwrap_or((name, ""));
    if let Some(key) = base.strip_prefix("state[").and_then(|rest| rest.strip_suffix(']')) {
        let default = || target.dialect().query.state_defaults.get(key).cloned().unwrap_or_default();
        return in_form(target, cx, name, cx.state.get(key).map_or_else(default, plain));
    }
    rule_attribute(target, cx, name)
}

/// `{rule.NAME}`, as it is or in a form; empty if the rule has no such attribute.
pub(super) fn rule_attribute(target: &dyn Target, cx: &Cx<'_>, name: &str) -> Result<String, Error> {
    let (base, _) = name.split_once('|').unwrap_or((name, ""));
    let Some(key) = base.strip_prefix("rule.") else { return Ok(String::new()) };
    in_form(target, cx, name, cx.rule.to_data().get(key).map_or_else(String::new, plain))
}

/// A text as the part of a placeholder behind `|` asks for it: a field's name, a string, one of the string forms.
fn in_form(target: &dyn Target, cx: &Cx<'_>, placeholder: &str, text: String) -> Result<String, Error> {
    let Some((_, form)) = placeholder.split_once('|') else { return Ok(text) };
    match (form, target.dialect().string_forms.get(form)) {
        ("field", _) => Ok(target.field_name(cx, &text).into_owned()),
        (_, Some(form)) => Ok(bare_string(form, &SigmaString::literal(text))?),
        _ => target.string(cx, &SigmaString::literal(text)),
    }
}

/// Data as text in a query.
fn plain(data: &Data) -> String {
    match data {
        Data::Text(text) => text.clone(),
        Data::Null => String::new(),
        other => other.to_json(None),
    }
}

pub(crate) fn finalize(
    target: &dyn Target,
    cx: &mut Cx<'_>,
    query: String,
    index: usize,
) -> Result<Data, Error> {
    match target.dialect().format(&cx.env.format).and_then(|format| format.template.as_deref()) {
        None => Ok(Data::Text(query)),
        Some(template) => {
            let options = cx.env.options.iter().map(|(name, value)| (name, value.clone()));
            let index = i64::try_from(index).unwrap_or(i64::MAX);
            let values = Data::map([
                ("query", Data::Text(query)),
                ("rule", cx.rule.to_data()),
                ("index", index.into()),
                ("state", Data::map(cx.state.iter().map(|(name, value)| (name, value.clone())))),
                ("options", Data::map(options)),
            ]);
            render(template, &values).map(Data::Text).map_err(|why| failed("template", &cx.env.format, &why))
        }
    }
}

pub(crate) fn output(target: &dyn Target, env: &Env, queries: Vec<Data>) -> Result<Output, Error> {
    match target.dialect().format(&env.format).and_then(|format| format.output.as_deref()) {
        None => Ok(Output::List(queries)),
        Some(template) => {
            let options = env.options.iter().map(|(name, value)| (name, value.clone()));
            let values = Data::map([("queries", Data::List(queries)), ("options", Data::map(options))]);
            render(template, &values).map(Output::Text).map_err(|why| failed("output", &env.format, &why))
        }
    }
}

fn render(template: &str, values: &Data) -> Result<String, minijinja::Error> {
    jinja().render_str(template, to_template_value(values))
}

/// The format's key that went wrong, and why.
fn failed(key: &str, format: &str, why: &minijinja::Error) -> Error {
    Error::template(format!("`{key}` of the format `{format}` cannot be filled in: {}", reason(why)))
}

/// The library's words without the name that it gives a nameless template.
fn reason(why: &minijinja::Error) -> String {
    let kind = why.kind();
    let what = why.detail().map_or_else(|| kind.to_string(), |detail| format!("{kind}: {detail}"));
    why.line().map_or(what.clone(), |line| format!("{what} (line {line} of the template)"))
}

/// The environment of format templates. A name that is not defined is an error, not an empty text.
pub(crate) fn jinja() -> minijinja::Environment<'static> {
    let mut environment = minijinja::Environment::new();
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    environment
}

fn to_template_value(data: &Data) -> minijinja::Value {
    match data {
        Data::Null => minijinja::Value::from(()),
        Data::Bool(value) => (*value).into(),
        Data::Number(sigyn_ir::Number::Int(value)) => (*value).into(),
        Data::Number(sigyn_ir::Number::Float(value)) => (*value).into(),
        Data::Text(text) => text.as_str().into(),
        Data::List(items) => items.iter().map(to_template_value).collect::<Vec<_>>().into(),
        Data::Map(pairs) => minijinja::Value::from_pairs(
            pairs.iter().map(|(key, value)| (minijinja::Value::from(key.as_str()), to_template_value(value))),
        ),
    }
}
