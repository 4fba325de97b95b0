//! ES|QL, Elasticsearch's piped query language.
//!
//! Three things of ES|QL are not as rules mean them, so that the query says more than the dialect does: strings
//! are compared with regard to case, `like` has escapes of its own below those of string literals, and a
//! comparison of a field that is absent is neither true nor false, which `not` leaves so.

mod format;
mod literal;
mod temporal;

use std::borrow::Cow;

use sigyn_ir::{
    Correlation, CorrelationCondition, CorrelationType, Data, Expr, FieldRef, Regex, RuleItem, SigmaString,
    Value,
};

use super::elastic::comparison::{has_case, pattern, plain};
use super::elastic::index;
use super::elastic::regex::{Case, Dot, LuceneRegex};
use super::{Builtin, undecided};
use crate::dialect::Operator;
use crate::target::FragResult;
use crate::{Correlating, Cx, Dialect, Error, Frag, Subquery, Target, text};

pub(super) static TARGET: Builtin = Builtin {
    name: "esql",
    text: include_str!("esql/dialect.yml"),
    build: |dialect| Box::new(Esql { dialect }),
};

struct Esql {
    dialect: Dialect,
}

impl Target for Esql {
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
        self.compare(cx, field, value, self.folds(cx, value))
    }

    fn field_cased(&self, cx: &mut Cx<'_>, field: &str, value: &SigmaString) -> FragResult {
        if cx.env.is_reference() {
            return text::field_cased(self, cx, field, value);
        }
        self.compare(cx, field, value, false)
    }

    fn field_regex(&self, cx: &mut Cx<'_>, field: &str, value: &Regex) -> FragResult {
        if cx.env.is_reference() {
            return text::field_regex(self, cx, field, value);
        }
        // `rlike` matches whole values with Lucene's regular expressions.
        let regex = LuceneRegex::translate(value, Case::Spelled, Dot::ButNewline)?;
        let name = self.field_name(cx, field);
        Ok(Frag::Text(format!("{name} rlike {}", literal::quoted(&regex.pattern, false))))
    }

    /// The reference compares equality with regard to case, and knows no other comparison of two fields.
    fn field_ref(&self, cx: &mut Cx<'_>, field: &str, other: &FieldRef) -> FragResult {
        let is_equality = !other.starts_with && !other.ends_with;
        if cx.env.is_reference() && !is_equality {
            return Err(Error::unsupported("the reference compares two fields for equality only"));
        }
        let regards_case = cx.env.is_reference() || !self.folds_case(cx);
        let other = FieldRef { is_cased: other.is_cased || regards_case, ..other.clone() };
        text::field_ref(self, cx, field, &other)
    }

    fn is_list(&self, cx: &Cx<'_>, outer: Operator, args: &[Expr<'_>]) -> bool {
        let is_string =
            |arg: &Expr<'_>| matches!(arg, Expr::Field { value, .. } if matches!(**value, Value::Str(_)));
        // The values of a list have one type.
        let is_uniform = args.iter().all(is_string) || !args.iter().any(is_string);
        text::is_list(self, cx, outer, args) && (is_uniform || cx.env.is_reference())
    }

    fn list(&self, cx: &mut Cx<'_>, outer: Operator, args: &[Expr<'_>]) -> FragResult {
        if cx.env.is_reference() {
            return text::list(self, cx, outer, args);
        }
        let mut strings = Vec::with_capacity(args.len());
        let mut name = "";
        for arg in args {
            if let Expr::Field { field, value, .. } = arg {
                name = field.as_ref();
                if let Value::Str(string) = &**value {
                    strings.push(string);
                }
            }
        }
        let frag = if strings.is_empty() {
            text::list(self, cx, outer, args)?
        } else {
            self.string_list(cx, name, &strings)?
        };
        undecided::list(self, cx, name, frag)
    }

    fn field_name<'n>(&self, cx: &Cx<'_>, name: &'n str) -> Cow<'n, str> {
        if cx.env.is_reference() { text::field_name(&self.dialect, name) } else { literal::field(name) }
    }

    fn finish(&self, cx: &mut Cx<'_>, query: Frag) -> Result<String, Error> {
        let text = text::finish(self, cx, query)?;
        let index = index::of_state(&cx.state);
        cx.state.set("index", Data::Text(index));
        Ok(text)
    }

    fn finalize(&self, cx: &mut Cx<'_>, query: String, index: usize) -> Result<Data, Error> {
        Ok(format::document(cx, query, index))
    }

    fn correlation(
        &self,
        cx: &mut Cx<'_>,
        correlation: &Correlation,
        rules: &[Subquery<'_>],
    ) -> Result<Vec<String>, Error> {
        let is_nested = rules.iter().any(|rule| matches!(rule.rule, RuleItem::Correlation(_)));
        if is_nested && !cx.env.is_reference() {
            return Err(Error::correlation("ES|QL cannot correlate correlations: a query has one source"));
        }
        cx.state.set("index", Data::Text(index::of_rules(rules)));
        let name = cx.env.method.as_deref().unwrap_or(&self.dialect.default_correlation_method);
        match self.dialect.correlation.get(name) {
            Some(method) if is_counted_by_rule(correlation) && !cx.env.is_reference() => {
                let kind = correlation.kind.as_str();
                temporal::query(self, cx, Correlating { method, correlation, rules, kind })
                    .map(|query| vec![query])
            }
            _ => text::correlation(self, cx, correlation, rules),
        }
    }

    fn correlation_fields(&self, cx: &Cx<'_>, it: Correlating<'_>) -> Result<String, Error> {
        if !cx.env.is_reference() {
            return text::correlation_fields(self, cx, it);
        }
        // The reference forgets the fields of the correlation itself.
        let without = Correlation { fields: Vec::new(), ..it.correlation.clone() };
        text::correlation_fields(self, cx, Correlating { correlation: &without, ..it })
    }
}

/// Whether a correlation counts the rules that matched.
fn is_counted_by_rule(correlation: &Correlation) -> bool {
    let has_thresholds = matches!(correlation.condition, CorrelationCondition::Thresholds { .. });
    correlation.kind == CorrelationType::Temporal && has_thresholds
}

impl Esql {
    /// Whether a comparison has to fold case. Where nothing can differ in case the field is read as it is, so
    /// that it may be an address or a number.
    fn folds(&self, cx: &Cx<'_>, value: &SigmaString) -> bool {
        self.folds_case(cx) && has_case(value)
    }

    fn folds_case(&self, cx: &Cx<'_>) -> bool {
        cx.env.options.text("case_sensitive", "false") != "true"
    }

    fn compare(&self, cx: &Cx<'_>, field: &str, value: &SigmaString, folds: bool) -> FragResult {
        let name = self.field_name(cx, field);
        let name = if folds { Cow::Owned(format!("to_lower({name})")) } else { name };
        Ok(Frag::Text(match value.as_literal() {
            Some(text) => format!("{name}=={}", literal::quoted(text, folds)),
            None => format!("{name} like {}", literal::quoted(&pattern(value, '*', '?')?, folds)),
        }))
    }

    fn string_list(&self, cx: &Cx<'_>, field: &str, values: &[&SigmaString]) -> FragResult {
        let folds = values.iter().any(|value| self.folds(cx, value));
        let name = self.field_name(cx, field);
        let name = if folds { format!("to_lower({name})") } else { name.into_owned() };
        let mut list = Vec::with_capacity(values.len());
        for value in values {
            list.push(literal::quoted(&plain(value)?, folds));
        }
        Ok(Frag::Text(format!("{name} in ({})", list.join(", "))))
    }
}
