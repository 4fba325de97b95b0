//! SQLite: plain queries, and rules for Zircolite.
//!
//! Correlations are compiled to common table expressions over the time of the events (`correlation`).

mod correlation;
mod options;
mod zircolite;

use sigyn_ir::{Correlation, Data, FieldRef, SigmaString, State, TimePart, Value};

use self::options::Settings;
use super::{Builtin, sql};
use crate::dialect::Operator;
use crate::target::FragResult;
use crate::{Cx, Dialect, Env, Error, Frag, Output, Subquery, Target, text};

pub(super) static TARGET: Builtin = Builtin {
    name: "sqlite",
    text: include_str!("sqlite/dialect.yml"),
    build: |dialect| Box::new(Sqlite { dialect }),
};

struct Sqlite {
    dialect: Dialect,
}

/// The state that carries a correlation's plan to its Zircolite document.
const PLAN: &str = "sqlite_correlation_plan";

impl Sqlite {
    /// A table's name, each of its parts quoted where needed.
    fn table(&self, name: &str) -> String {
        let parts: Vec<_> = name.split('.').map(|part| text::field_name(&self.dialect, part)).collect();
        parts.join(".")
    }

    /// The table that a pipeline's state names, else the option's.
    fn table_of(&self, env: &Env, state: &State) -> String {
        self.table(&sql::table(env, state, "table"))
    }

    /// What says that case does not count, where a comparison of these texts would regard it.
    fn collation(&self, cx: &Cx<'_>, has_letters: bool) -> Result<&'static str, Error> {
        // The reference collates on demand only, but then also where no letter stands.
        let default = !cx.env.is_reference() && cx.env.format == "default";
        let collates = options::flag(&cx.env.options, "collate_nocase", default)?;
        Ok(if collates && (has_letters || cx.env.is_reference()) { " COLLATE NOCASE" } else { "" })
    }
}

impl Target for Sqlite {
    fn this(&self) -> &dyn Target {
        self
    }

    fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    /// SQLite reads a chain of alternatives as a tree as deep as the chain is long and refuses more than 1,000
    /// levels (`SQLITE_MAX_EXPR_DEPTH`): long chains get inner parentheses.
    fn joined(&self, cx: &Cx<'_>, operator: Operator, mut operands: Vec<String>) -> String {
        let flat_max = options::flat_operands_max(&cx.env.options);
        if operands.len() > flat_max {
            let length = (flat_max / 2).max(2);
            while operands.len() > length {
                let grouped = |chunk: &[String]| format!("({})", text::joined(self, operator, chunk));
                operands = operands.chunks(length).map(grouped).collect();
            }
        }
        text::joined(self, operator, &operands)
    }

    fn field_string(&self, cx: &mut Cx<'_>, field: &str, value: &SigmaString) -> FragResult {
        let frag = text::field_string(self, cx, field, value)?;
        let is_pattern = |c| self.dialect.matching.wildcard_also_for.contains(c);
        if value.has_wildcard() || value.has_text(is_pattern) {
            return Ok(frag);
        }
        let collation = self.collation(cx, value.has_text(|c| c.is_ascii_alphabetic()))?;
        Ok(frag.text().map_or(Frag::Nothing, |text| Frag::Text(text + collation)))
    }

    /// The week of ISO 8601; the reference counts weeks from the first Monday.
    fn time_part(&self, cx: &Cx<'_>, field: &str, part: TimePart) -> Result<String, Error> {
        if part != TimePart::Week || cx.env.is_reference() {
            return text::time_part(self, cx, field, part);
        }
        // A week is that of its Thursday.
        let thursday = format!("date({}, '-3 days', 'weekday 4')", self.field_name(cx, field));
        Ok(format!("((CAST(strftime('%j', {thursday}) AS INTEGER) - 1) / 7 + 1)"))
    }

    /// Tables hold truth values as texts or as numbers.
    fn field_bool(&self, cx: &mut Cx<'_>, field: &str, value: bool) -> FragResult {
        let name = self.field_name(cx, field);
        let collation = if cx.env.is_reference() { "" } else { self.collation(cx, true)? };
        Ok(Frag::Text(format!("({name}='{value}'{collation} OR {name}={})", u8::from(value))))
    }

    fn field_ref(&self, cx: &mut Cx<'_>, field: &str, other: &FieldRef) -> FragResult {
        let frag = text::field_ref(self, cx, field, other)?;
        if other.starts_with || other.ends_with || other.is_cased {
            return Ok(frag);
        }
        let collation = self.collation(cx, true)?;
        Ok(frag.text().map_or(Frag::Nothing, |text| Frag::Text(text + collation)))
    }

    fn keyword(&self, cx: &mut Cx<'_>, value: &Value) -> FragResult {
        sql::keyword(self, cx, value, "SQLite")
    }

    fn finalize(&self, cx: &mut Cx<'_>, query: String, index: usize) -> Result<Data, Error> {
        let query = sql::select(cx.rule, &self.table_of(cx.env, &cx.state), query);
        match cx.env.format.as_str() {
            "zircolite" => Ok(zircolite::document(self, cx, query, index)),
            _ => Ok(Data::Text(query)),
        }
    }

    fn honours_generate(&self) -> bool {
        true
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
        let settings = Settings::read(self, cx.env)?;
        let (query, plan) = correlation::compile(self, cx, &settings, correlation, rules)?;
        cx.state.set(PLAN, plan);
        Ok(vec![query])
    }
}
