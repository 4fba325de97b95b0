//! From expressions to finished queries and outputs.

use sigyn_ir::{Data, Rule, RuleItem, State};

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
        let frag =
            target.expr(&mut cx, &rule.expression(condition)).map_err(|error| error.or_at(condition.span))?;
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
    let mut text = dialect.expression.fill_with(|name| placeholder(cx, dialect, name, &query));
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

/// `{query}`, `{state[NAME]}` and `{rule.NAME}`.
fn placeholder(cx: &Cx<'_>, dialect: &crate::dialect::QueryDialect, name: &str, query: &str) -> String {
    if name == "query" {
        return query.to_owned();
    }
    if let Some(key) = name.strip_prefix("state[").and_then(|rest| rest.strip_suffix(']')) {
        let default = || dialect.state_defaults.get(key).cloned().unwrap_or_default();
        return cx.state.get(key).map_or_else(default, plain);
    }
    name.strip_prefix("rule.")
        .map_or_else(String::new, |key| cx.rule.to_data().get(key).map_or_else(String::new, plain))
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
