//! Rules as short text, for comparison.

use sigyn_ir::{Expr, Rule, SigmaString, Value};

use crate::{Context, values::python_str};

pub(super) fn rule(rule: &Rule, cx: &Context, maps_fields: bool) -> String {
    let mut lines: Vec<String> = rule
        .conditions
        .iter()
        .map(|condition| format!("query: {}", expression(&rule.expression(condition), false)))
        .collect();
    if !rule.fields.is_empty() {
        lines.push(format!("fields: {}", rule.fields.join(", ")));
    }
    let source = &rule.logsource;
    let parts: Vec<_> =
        [("category", &source.category), ("product", &source.product), ("service", &source.service)]
            .into_iter()
            .filter_map(|(name, value)| value.as_ref().map(|value| format!("{name}={value}")))
            .collect();
    // Examples that are not about the log source have none of these.
    if source.service.is_some() {
        lines.push(format!("logsource: {}", parts.join(" ")));
    }
    for (name, value) in &rule.meta.custom {
        lines.push(format!("custom: {name}={}", python_str(value)));
    }
    for (name, value) in cx.state.iter() {
        lines.push(format!("state: {name}={}", python_str(value)));
    }
    let unmapped = cx.unmapped_fields(rule);
    let is_selective = maps_fields && cx.mappings.iter().next().is_some();
    if is_selective && !unmapped.is_empty() {
        lines.push(format!("unmapped: {}", unmapped.join(", ")));
    }
    lines.join("\n")
}

fn expression(expr: &Expr<'_>, is_inner: bool) -> String {
    let joined = |args: &[Expr<'_>], word: &str| {
        let args: Vec<_> = args.iter().map(|arg| expression(arg, true)).collect();
        let text = args.join(word);
        if is_inner { format!("({text})") } else { text }
    };
    match expr {
        Expr::Or(args) => joined(args, " or "),
        Expr::And(args) => joined(args, " and "),
        Expr::Not(arg) => format!("not {}", expression(arg, true)),
        Expr::AtLeast { count, of } => format!("{count} of {}", joined(of, ", ")),
        Expr::Field { field, value, .. } => format!("{field}={}", self::value(value)),
        Expr::Keyword { value, .. } => self::value(value),
        Expr::False => "false".to_owned(),
        Expr::Nothing => "nothing".to_owned(),
    }
}

fn text(string: &SigmaString) -> String {
    let plain = string.to_plain();
    if plain.parse::<f64>().is_ok() { format!("'{plain}'") } else { plain }
}

fn value(value: &Value) -> String {
    match value {
        Value::Str(string) => text(string),
        Value::Cased(string) => format!("cased({})", text(string)),
        Value::Number(number) => number.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Null => "null".to_owned(),
        Value::Regex(regex) => format!("/{}/{}", regex.pattern.to_raw(), regex.flags.letters()),
        Value::Cidr(cidr) => cidr.network.to_string(),
        Value::Expansion { values, .. } => {
            let values: Vec<_> = values.iter().map(self::value).collect();
            format!("({})", values.join(" or "))
        }
        Value::Query { text, id } => format!("query({text}, {id})"),
        other => format!("{other:?}"),
    }
}
