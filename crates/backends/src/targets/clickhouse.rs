//! ClickHouse: plain queries, and rules for ClickDetect.

mod clickdetect;

use std::borrow::Cow;

use sigyn_ir::{Cidr, Correlation, Data, Expr, FieldRef, Number, Part, Regex, SigmaString, Value};

use super::sql::windows::Engine;
use super::{Builtin, sql};
use crate::dialect::Operator;
use crate::target::FragResult;
use crate::{Correlating, Cx, Dialect, Env, Error, Frag, Output, Subquery, Target, text};

pub(super) static TARGET: Builtin = Builtin {
    name: "clickhouse",
    text: include_str!("clickhouse/dialect.yml"),
    build: |dialect| Box::new(ClickHouse { dialect }),
};

struct ClickHouse {
    dialect: Dialect,
}

impl ClickHouse {
    /// The column with the whole event.
    fn full_log(&self, cx: &Cx<'_>) -> Result<String, Error> {
        let column = cx.env.options.text("full_log_column", "full_log");
        if column.is_empty() {
            return Err(Error::feature("no column with the whole event is named (option full_log_column)"));
        }
        Ok(column)
    }

    /// A keyword somewhere in the whole event. The reference asks for a whole word with the same case.
    fn keyword_text(&self, cx: &Cx<'_>, operator: &str, value: &SigmaString) -> FragResult {
        let column = self.full_log(cx)?;
        if cx.env.is_reference() {
            return Ok(Frag::Text(format!("hasToken({column}, {})", self.string(cx, value)?)));
        }
        sql::Ilike::like(self, cx, &column, operator, &value.clone().contained())
    }
}

impl sql::Ilike for ClickHouse {
    fn like(&self, cx: &Cx<'_>, field: &str, operator: &str, value: &SigmaString) -> FragResult {
        let form = self.dialect.string_forms.get("like").unwrap_or(&self.dialect.string);
        let pattern = text::bare_string(form, value)?;
        Ok(Frag::Text(format!("{} {operator} '{pattern}'", self.field_name(cx, field))))
    }
}

impl Target for ClickHouse {
    fn this(&self) -> &dyn Target {
        self
    }

    fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    fn not(&self, cx: &mut Cx<'_>, arg: &Expr<'_>) -> FragResult {
        sql::not(self, cx, arg)
    }

    /// Lists compare with regard to case, and need values of one type; the reference makes them all the same.
    fn is_list(&self, cx: &Cx<'_>, outer: Operator, args: &[Expr<'_>]) -> bool {
        let is_number = |arg: &Expr<'_>| match arg {
            Expr::Field { value, .. } => match &**value {
                Value::Number(_) => Some(true),
                Value::Str(string) if !string.has_case() => Some(false),
                _ => None,
            },
            _ => None,
        };
        let kind = args.first().and_then(is_number);
        let is_uniform = kind.is_some() && args.iter().all(|arg| is_number(arg) == kind);
        (cx.env.is_reference() || is_uniform) && text::is_list(self, cx, outer, args)
    }

    fn field_name<'n>(&self, cx: &Cx<'_>, name: &'n str) -> Cow<'n, str> {
        if cx.env.is_reference() {
            return Cow::Owned(sql::reference_name(name, '`', 0));
        }
        text::field_name(&self.dialect, name)
    }

    fn string(&self, cx: &Cx<'_>, value: &SigmaString) -> Result<String, Error> {
        match self.dialect.string_forms.get("reference") {
            Some(form) if cx.env.is_reference() => Ok(format!("'{}'", text::bare_string(form, value)?)),
            _ => text::string(self, cx, value),
        }
    }

    fn regex(&self, cx: &Cx<'_>, value: &Regex) -> Result<String, Error> {
        if !cx.env.is_reference() {
            text::refuse_backtracking(value)?;
        }
        let regex = text::regex(&self.dialect, value, cx.env.is_reference());
        // In `match` the dot takes newlines too unless told otherwise.
        let has_dot = value.pattern.has_text(|c| c == '.');
        if !cx.env.is_reference() && has_dot && !value.flags.dotall {
            return Ok(format!("(?-s){regex}"));
        }
        Ok(regex)
    }

    fn field_string(&self, cx: &mut Cx<'_>, field: &str, value: &SigmaString) -> FragResult {
        sql::field_string(self, cx, field, value)
    }

    fn field_cased(&self, cx: &mut Cx<'_>, field: &str, value: &SigmaString) -> FragResult {
        // The reference searches an expression without anchors anywhere in the value.
        sql::field_cased(self, cx, field, value)
    }

    fn field_cidr(&self, cx: &mut Cx<'_>, field: &str, value: &Cidr) -> FragResult {
        if cx.env.is_reference() {
            return text::field_cidr(self, cx, field, value);
        }
        // The function fails on a text that is no address, and with it the whole query.
        let (name, network) = (self.field_name(cx, field), value.network);
        Ok(Frag::Text(format!(
            "if(isIPv4String({name}) OR isIPv6String({name}), isIPAddressInRange({name}, '{network}'), 0)"
        )))
    }

    fn field_ref(&self, cx: &mut Cx<'_>, field: &str, other: &FieldRef) -> FragResult {
        sql::field_ref(self, cx, field, other)
    }

    fn keyword(&self, cx: &mut Cx<'_>, value: &Value) -> FragResult {
        match value {
            Value::Cased(string) => self.keyword_text(cx, "LIKE", string),
            other => text::keyword(self, cx, other),
        }
    }

    fn keyword_string(&self, cx: &mut Cx<'_>, value: &SigmaString) -> FragResult {
        self.keyword_text(cx, "ILIKE", value)
    }

    fn keyword_number(&self, cx: &mut Cx<'_>, value: Number) -> FragResult {
        if cx.env.is_reference() {
            return Ok(Frag::Text(format!("hasToken({}, '{value}')", self.full_log(cx)?)));
        }
        self.keyword_text(cx, "LIKE", &SigmaString::from_parts([Part::Text(value.to_string())]))
    }

    fn keyword_regex(&self, cx: &mut Cx<'_>, value: &Regex) -> FragResult {
        if cx.env.is_reference() {
            return Err(Error::unsupported("the target cannot search a regular expression without a field"));
        }
        let column = self.full_log(cx)?;
        text::field_regex(self, cx, &column, value)
    }

    fn finalize(&self, cx: &mut Cx<'_>, query: String, _index: usize) -> Result<Data, Error> {
        let query = sql::select(cx.rule, &sql::table(cx.env, &cx.state, "table_name"), query);
        match cx.env.format.as_str() {
            "clickdetect" => Ok(clickdetect::document(cx, query)),
            _ => Ok(Data::Text(query)),
        }
    }

    fn output(&self, env: &Env, queries: Vec<Data>) -> Result<Output, Error> {
        Ok(Output::List(match env.format.as_str() {
            "clickdetect" => {
                let style = clickdetect::style();
                queries.iter().map(|query| Data::Text(query.to_yaml(&style))).collect()
            }
            _ => queries,
        }))
    }

    fn correlation(
        &self,
        cx: &mut Cx<'_>,
        correlation: &Correlation,
        rules: &[Subquery<'_>],
    ) -> Result<Vec<String>, Error> {
        if !cx.env.is_reference() {
            let engine = Engine {
                target: self,
                table: &|state| sql::table(cx.env, state, "table_name"),
                micros: |column| format!("toUnixTimestamp64Micro(toDateTime64({column}, 6))"),
                time: |micros| format!("fromUnixTimestamp64Micro({micros})"),
                number: |column| {
                    let number = format!("toFloat64OrNull(toString({column}))");
                    format!("if(isFinite({number}), {number}, NULL)")
                },
                distinct: |value| format!("uniqExact({value})"),
                percentile: |value, part| format!("quantileExactInclusive({part})({value})"),
                tuple: |columns| {
                    let missing: Vec<_> = columns.iter().map(|column| format!("isNull({column})")).collect();
                    let texts: Vec<_> = columns.iter().map(|column| format!("toString({column})")).collect();
                    // A tuple cannot be null; an array as text can.
                    format!("if({}, NULL, toString([{}]))", missing.join(" OR "), texts.join(", "))
                },
                bucket: |instant, micros| format!("intDiv({instant}, {micros}) * {micros}"),
            };
            return sql::windows::compile(&engine, cx, correlation, rules).map(|query| vec![query]);
        }
        let printed: Vec<_> = rules.iter().map(|rule| clickdetect::printed(rule.queries)).collect();
        let rules: Vec<_> =
            rules.iter().zip(&printed).map(|(rule, queries)| Subquery { queries, ..rule.clone() }).collect();
        text::correlation(self, cx, correlation, &rules)
    }

    fn correlation_search(&self, cx: &mut Cx<'_>, it: Correlating<'_>) -> Result<String, Error> {
        let search = text::correlation_search(self, cx, it)?;
        let table = sql::table(cx.env, &cx.state, "table_name");
        Ok(search.replace("FROM logs WHERE", &format!("FROM {table} WHERE")))
    }

    fn correlation_aggregation(
        &self,
        cx: &mut Cx<'_>,
        it: Correlating<'_>,
        search: &str,
    ) -> Result<String, Error> {
        sql::correlation_aggregation(self, cx, it, search)
    }
}
