//! PPL, OpenSearch's piped query language.
//!
//! The reference leaves backslashes out of strings, calls the full-text search `match` for regular expressions,
//! counts without a time span and takes event ids for the rules of a correlation. By default the query says what
//! the rule says; what follows the reference stands in the dialect.

mod correlate;
mod literal;
mod source;

use std::borrow::Cow;

use sigyn_ir::{Correlation, Data, Expr, FieldRef, Regex, RuleItem, SigmaString, Value};

use super::elastic::comparison::{has_case, pattern, plain};
use super::{Builtin, undecided};
use crate::dialect::Operator;
use crate::target::FragResult;
use crate::{Cx, Dialect, Env, Error, Frag, Subquery, Target, text};

pub(super) static TARGET: Builtin = Builtin {
    name: "open_search_ppl",
    text: include_str!("open_search_ppl/dialect.yml"),
    build: |dialect| Box::new(Ppl { dialect }),
};

struct Ppl {
    dialect: Dialect,
}

impl Target for Ppl {
    fn this(&self) -> &dyn Target {
        self
    }

    fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    fn never(&self, _cx: &mut Cx<'_>) -> FragResult {
        Ok(Frag::Text("false".to_owned()))
    }

    fn field(&self, cx: &mut Cx<'_>, field: &str, value: &Value) -> FragResult {
        undecided::field(self, cx, field, value)
    }

    fn field_string(&self, cx: &mut Cx<'_>, field: &str, value: &SigmaString) -> FragResult {
        if cx.env.is_reference() {
            return text::field_string(self, cx, field, value);
        }
        let name = self.field_name(cx, field);
        Ok(Frag::Text(match value.as_literal().filter(|_| !has_case(value)) {
            Some(text) => format!("{name}={}", literal::quoted(text)),
            None => format!("ilike({name}, {})", literal::quoted(&pattern(value, '%', '_')?)),
        }))
    }

    fn field_cased(&self, cx: &mut Cx<'_>, field: &str, value: &SigmaString) -> FragResult {
        if cx.env.is_reference() {
            return text::field_cased(self, cx, field, value);
        }
        let name = self.field_name(cx, field);
        Ok(Frag::Text(match value.as_literal() {
            Some(text) => format!("{name}={}", literal::quoted(text)),
            None => format!("like({name}, {}, true)", literal::quoted(&pattern(value, '%', '_')?)),
        }))
    }

    /// The reference compares with regard to case.
    fn field_ref(&self, cx: &mut Cx<'_>, field: &str, other: &FieldRef) -> FragResult {
        let other = FieldRef { is_cased: other.is_cased || cx.env.is_reference(), ..other.clone() };
        text::field_ref(self, cx, field, &other)
    }

    fn field_bool(&self, cx: &mut Cx<'_>, field: &str, value: bool) -> FragResult {
        if cx.env.is_reference() {
            return text::field_bool(self, cx, field, value);
        }
        text::field_token(self, cx, field, if value { "true" } else { "false" })
    }

    fn field_regex(&self, cx: &mut Cx<'_>, field: &str, value: &Regex) -> FragResult {
        if cx.env.is_reference() {
            return text::field_regex(self, cx, field, value);
        }
        let name = self.field_name(cx, field);
        Ok(Frag::Text(format!("regexp_match({name}, {})", literal::quoted(&literal::regex(value)?))))
    }

    fn keyword(&self, cx: &mut Cx<'_>, value: &Value) -> FragResult {
        if cx.env.is_reference() || matches!(value, Value::Query { .. }) {
            return text::keyword(self, cx, value);
        }
        Err(Error::unsupported("PPL cannot search a value in all fields"))
    }

    fn is_list(&self, cx: &Cx<'_>, outer: Operator, args: &[Expr<'_>]) -> bool {
        let fits = |arg: &Expr<'_>| match arg {
            Expr::Field { value, .. } => match &**value {
                // A list is compared with regard to case.
                Value::Str(string) => !has_case(string),
                _ => false,
            },
            _ => false,
        };
        let is_string =
            |arg: &Expr<'_>| matches!(arg, Expr::Field { value, .. } if matches!(**value, Value::Str(_)));
        let is_right = args.iter().all(fits) || !args.iter().any(is_string);
        text::is_list(self, cx, outer, args) && (is_right || cx.env.is_reference())
    }

    fn list(&self, cx: &mut Cx<'_>, outer: Operator, args: &[Expr<'_>]) -> FragResult {
        let frag = text::list(self, cx, outer, args)?;
        match args.first() {
            Some(Expr::Field { field, .. }) => undecided::list(self, cx, field, frag),
            _ => Ok(frag),
        }
    }

    fn field_name<'n>(&self, cx: &Cx<'_>, name: &'n str) -> Cow<'n, str> {
        if cx.env.is_reference() { text::field_name(&self.dialect, name) } else { literal::field(name) }
    }

    fn string(&self, cx: &Cx<'_>, value: &SigmaString) -> Result<String, Error> {
        if cx.env.is_reference() {
            return text::string(self, cx, value);
        }
        Ok(literal::quoted(&plain(value)?))
    }

    fn finish(&self, cx: &mut Cx<'_>, query: Frag) -> Result<String, Error> {
        let condition = text::finish(self, cx, query)?;
        let condition =
            if cx.env.is_reference() { literal::wildcards_into_quotes(&condition) } else { condition };
        let RuleItem::Rule(rule) = cx.rule else { return Ok(condition) };
        let indices = source::indices(cx.env, rule)?;
        let times = source::Times::of(cx.env, &rule.meta)?;
        let search = times.search();
        Ok(format!("{search}source={indices} | where {condition}"))
    }

    fn pipes_correlations(&self, env: &Env) -> bool {
        !env.is_reference()
    }

    fn correlation(
        &self,
        cx: &mut Cx<'_>,
        correlation: &Correlation,
        rules: &[Subquery<'_>],
    ) -> Result<Vec<String>, Error> {
        if cx.env.is_reference() {
            correlate::reference(self, cx, correlation, rules)
        } else {
            correlate::query(self, cx, correlation, rules)
        }
        .map(|query| vec![query])
    }

    fn finalize(&self, _cx: &mut Cx<'_>, query: String, _index: usize) -> Result<Data, Error> {
        Ok(Data::Text(query))
    }
}
