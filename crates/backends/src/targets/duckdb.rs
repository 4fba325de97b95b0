//! DuckDB.

use std::borrow::Cow;

use sigyn_ir::{Correlation, Data, Expr, FieldRef, Regex, SigmaString, Value};

use super::sql::windows::Engine;
use super::{Builtin, sql};
use crate::target::FragResult;
use crate::{Correlating, Cx, Dialect, Env, Error, Frag, Output, Subquery, Target, text};

pub(super) static TARGET: Builtin = Builtin {
    name: "duckdb",
    text: include_str!("duckdb/dialect.yml"),
    build: |dialect| Box::new(DuckDb { dialect }),
};

struct DuckDb {
    dialect: Dialect,
}

impl DuckDb {
    /// The table; the reference knows only one.
    fn table(&self, cx: &Cx<'_>) -> String {
        if cx.env.is_reference() {
            return "logs".to_owned();
        }
        sql::table(cx.env, &cx.state, "table")
    }
}

impl sql::Ilike for DuckDb {
    fn like(&self, cx: &Cx<'_>, field: &str, operator: &str, value: &SigmaString) -> FragResult {
        // Patterns have no escape unless they name one, and without one they are faster.
        let needs_escape = value.has_text(|c| matches!(c, '%' | '_'));
        let (form, escape) = if needs_escape { ("escaped_like", " ESCAPE '\\'") } else { ("like", "") };
        let form = self.dialect.string_forms.get(form).unwrap_or(&self.dialect.string);
        let pattern = text::bare_string(form, value)?;
        Ok(Frag::Text(format!("{} {operator} '{pattern}'{escape}", self.field_name(cx, field))))
    }
}

impl Target for DuckDb {
    fn this(&self) -> &dyn Target {
        self
    }

    fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    fn not(&self, cx: &mut Cx<'_>, arg: &Expr<'_>) -> FragResult {
        sql::not(self, cx, arg)
    }

    fn field_name<'n>(&self, cx: &Cx<'_>, name: &'n str) -> Cow<'n, str> {
        if cx.env.is_reference() {
            return Cow::Owned(sql::reference_name(name, '"', 1));
        }
        text::field_name(&self.dialect, name)
    }

    fn field_string(&self, cx: &mut Cx<'_>, field: &str, value: &SigmaString) -> FragResult {
        sql::field_string(self, cx, field, value)
    }

    fn field_cased(&self, cx: &mut Cx<'_>, field: &str, value: &SigmaString) -> FragResult {
        // The reference uses GLOB without its escapes.
        sql::field_cased(self, cx, field, value)
    }

    fn regex(&self, cx: &Cx<'_>, value: &Regex) -> Result<String, Error> {
        if !cx.env.is_reference() {
            text::refuse_backtracking(value)?;
        }
        let regex = text::regex(&self.dialect, value, cx.env.is_reference());
        // The reference leaves quotes bare, which end the literal.
        Ok(if cx.env.is_reference() { regex.replace("''", "'") } else { regex })
    }

    fn field_exists(&self, cx: &mut Cx<'_>, field: &str, exists: bool) -> FragResult {
        if cx.env.is_reference() && !exists {
            let there = Value::Exists(true);
            let expr = Expr::Field { field: field.into(), value: Cow::Owned(there), span: cx.span };
            return self.not(cx, &expr);
        }
        text::field_exists(self, cx, field, exists)
    }

    fn field_ref(&self, cx: &mut Cx<'_>, field: &str, other: &FieldRef) -> FragResult {
        sql::field_ref(self, cx, field, other)
    }

    fn keyword(&self, cx: &mut Cx<'_>, value: &Value) -> FragResult {
        sql::keyword(self, cx, value, "DuckDB")
    }

    fn finalize(&self, cx: &mut Cx<'_>, query: String, _index: usize) -> Result<Data, Error> {
        let query = sql::select(cx.rule, &self.table(cx), query);
        Ok(match cx.env.format.as_str() {
            "zircolite" => Data::map(sql::zircolite_rule(cx.rule.meta(), query)),
            _ => Data::Text(query),
        })
    }

    fn output(&self, env: &Env, queries: Vec<Data>) -> Result<Output, Error> {
        Ok(sql::output(env, queries))
    }

    fn correlation(
        &self,
        cx: &mut Cx<'_>,
        correlation: &Correlation,
        rules: &[Subquery<'_>],
    ) -> Result<Vec<String>, Error> {
        if cx.env.is_reference() {
            return text::correlation(self, cx, correlation, rules);
        }
        let engine = Engine {
            target: self,
            table: &|state| sql::table(cx.env, state, "table"),
            micros: |column| format!("epoch_us(CAST({column} AS TIMESTAMP))"),
            time: |micros| format!("make_timestamp({micros})"),
            number: |column| {
                format!("CASE WHEN isfinite(TRY_CAST({column} AS DOUBLE)) THEN CAST({column} AS DOUBLE) END")
            },
            distinct: |value| format!("COUNT(DISTINCT {value})"),
            percentile: |value, part| format!("quantile_cont({value}, {part})"),
            tuple: |columns| {
                let present: Vec<_> = columns.iter().map(|column| format!("{column} IS NOT NULL")).collect();
                format!("CASE WHEN {} THEN ROW({}) END", present.join(" AND "), columns.join(", "))
            },
            bucket: |instant, micros| format!("{instant} // {micros} * {micros}"),
        };
        sql::windows::compile(&engine, cx, correlation, rules).map(|query| vec![query])
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
