//! IBM QRadar, Ariel Query Language (AQL).

mod devices;
mod frame;
mod like;

use std::borrow::Cow;

use sigyn_ir::{ConditionExpr, Data, Expr, Number, Regex, Rule, RuleItem, SigmaString, State, Value};

use super::Builtin;
use crate::dialect::Operator;
use crate::target::FragResult;
use crate::{Ancestry, Cx, Dialect, Env, Error, Frag, Query, Target, text};

pub(super) static TARGET: Builtin = Builtin {
    name: "qradar-aql-community",
    text: include_str!("qradar_aql_community/dialect.yml"),
    build: |dialect| Box::new(Qradar { dialect }),
};

/// Words of AQL that are no names without quotes.
static RESERVED: &[&str] = &[
    "and",
    "as",
    "between",
    "by",
    "case",
    "cidr",
    "desc",
    "else",
    "end",
    "exists",
    "from",
    "group",
    "having",
    "ilike",
    "imatches",
    "in",
    "incidr",
    "into",
    "is",
    "last",
    "like",
    "limit",
    "matches",
    "not",
    "null",
    "offset",
    "or",
    "order",
    "parameters",
    "select",
    "start",
    "stop",
    "text",
    "then",
    "when",
    "where",
];

struct Qradar {
    dialect: Dialect,
}

impl Target for Qradar {
    fn this(&self) -> &dyn Target {
        self
    }

    fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    fn rule(&self, env: &Env, item: &RuleItem, rule: &Rule, state: &State) -> Result<Vec<Query>, Error> {
        if env.is_reference() {
            for condition in &rule.conditions {
                refuse_nothing(rule, &condition.expr).map_err(|error| error.or_at(condition.span))?;
            }
        }
        text::rule(self, env, item, rule, state)
    }

    /// `NOT` is written like a function.
    fn not(&self, cx: &mut Cx<'_>, arg: &Expr<'_>) -> FragResult {
        let is_operator = matches!(arg, Expr::Or(_) | Expr::And(_) | Expr::Not(_) | Expr::AtLeast { .. });
        let ancestry = Ancestry { not: true, ..cx.ancestry };
        let inner =
            cx.below(ancestry, |cx| if is_operator { self.group(cx, arg) } else { self.expr(cx, arg) })?;
        Ok(match inner {
            Frag::Text(text) => Frag::Text(format!("NOT({text})")),
            other => other,
        })
    }

    fn list(&self, cx: &mut Cx<'_>, outer: Operator, args: &[Expr<'_>]) -> FragResult {
        let Some(Expr::Field { field, .. }) = args.first() else { return text::list(self, cx, outer, args) };
        let mut values = Vec::with_capacity(args.len());
        let mut has_case = false;
        for arg in args {
            let Expr::Field { value, .. } = arg else { continue };
            values.push(match &**value {
                Value::Str(string) => {
                    has_case |= like::has_case(string);
                    string.clone()
                }
                // With regard to case, which the others are not.
                Value::Cased(_) if !cx.env.is_reference() => return text::or(self, cx, args),
                Value::Cased(string) => string.clone(),
                Value::Number(number) | Value::TimePart { number, .. } => {
                    SigmaString::literal(number.to_string())
                }
                _ => return text::or(self, cx, args),
            });
        }
        let mut name = self.field_name(cx, field).into_owned();
        let lowers = has_case && !cx.env.is_reference();
        if lowers {
            name = format!("LOWER({name})");
        }
        let values = values
            .iter()
            .map(|value| {
                let text = like::quoted(value, cx.env.is_reference())?;
                Ok(if lowers { text.to_lowercase() } else { text })
            })
            .collect::<Result<Vec<_>, Error>>()?;
        Ok(Frag::Text(format!("{name} IN({})", values.join(", "))))
    }

    fn field_string(&self, cx: &mut Cx<'_>, field: &str, value: &SigmaString) -> FragResult {
        let name = self.field_name(cx, field);
        like::field(&name, value, cx.env.is_reference()).map(Frag::Text)
    }

    fn field_cased(&self, cx: &mut Cx<'_>, field: &str, value: &SigmaString) -> FragResult {
        if cx.env.is_reference() {
            return text::field_cased(self, cx, field, value);
        }
        let name = self.field_name(cx, field);
        like::field_cased(&name, value).map(Frag::Text)
    }

    fn field_exists(&self, cx: &mut Cx<'_>, field: &str, exists: bool) -> FragResult {
        if cx.env.is_reference() {
            return Err(Error::unsupported("the target cannot say that a field is there"));
        }
        text::field_exists(self, cx, field, exists)
    }

    /// Names that are no plain word stand in double quotes. The reference quotes only those with blanks.
    fn field_name<'n>(&self, cx: &Cx<'_>, name: &'n str) -> Cow<'n, str> {
        let is_word = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && !RESERVED.iter().any(|word| word.eq_ignore_ascii_case(name));
        let is_function = name.contains('(') && name.ends_with(')');
        if cx.env.is_reference() || is_word || is_function {
            return text::field_name(&self.dialect, name);
        }
        Cow::Owned(format!("\"{}\"", name.replace('"', "\"\"")))
    }

    fn field_expansion(&self, cx: &mut Cx<'_>, field: &str, values: &[Value]) -> FragResult {
        // The reference stumbles over values that stand for values that stand for values.
        let is_nested = values.iter().any(|value| matches!(value, Value::Expansion { .. }));
        if is_nested && cx.env.is_reference() {
            return Err(Error::unsupported("values stand for values").as_reference("AttributeError"));
        }
        text::field_expansion(self, cx, field, values)
    }

    fn keyword_string(&self, cx: &mut Cx<'_>, value: &SigmaString) -> FragResult {
        frame::keyword_string(cx, value).map(Frag::Text)
    }

    fn keyword_number(&self, cx: &mut Cx<'_>, value: Number) -> FragResult {
        frame::keyword_number(cx, value).map(Frag::Text)
    }

    fn keyword_regex(&self, cx: &mut Cx<'_>, value: &Regex) -> FragResult {
        let pattern = self.regex(cx, value)?;
        Ok(Frag::Text(frame::keyword_regex(cx, &pattern)))
    }

    fn finalize(&self, cx: &mut Cx<'_>, query: String, _index: usize) -> Result<Data, Error> {
        Ok(Data::Text(frame::query(self, cx, &query)))
    }
}

/// The reference refuses search identifiers of which the pipeline leaves nothing.
fn refuse_nothing(rule: &Rule, expr: &ConditionExpr) -> Result<(), Error> {
    match expr {
        ConditionExpr::Or(args) | ConditionExpr::And(args) | ConditionExpr::AtLeast { of: args, .. } => {
            args.iter().try_for_each(|arg| refuse_nothing(rule, arg))
        }
        ConditionExpr::Not(arg) => refuse_nothing(rule, arg),
        ConditionExpr::Detection(id) => match rule.detection(*id) {
            Some((_, detection)) if Expr::of_detection(detection) != Expr::Nothing => Ok(()),
            _ => Err(nothing_left()),
        },
        ConditionExpr::False | ConditionExpr::Nothing => Err(nothing_left()),
    }
}

fn nothing_left() -> Error {
    Error::unsupported("nothing is left to search for but the log source")
        .as_reference("SigmaConversionError")
}
