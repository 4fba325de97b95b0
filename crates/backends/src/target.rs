//! A target: a dialect and the overrides that its query language needs.

use std::borrow::Cow;

use sigyn_ir::{
    Cidr, CompareOp, Correlation, Data, Expr, FieldRef, Number, Regex, Rule, RuleItem, SigmaString, TimePart,
    Timespan, Value,
};

use crate::dialect::{CorrelationDialect, Operator};
use crate::{Correlating, Cx, Deferred, Dialect, Env, Error, Frag, Output, Subquery, text};

/// The conversion of a part.
pub type FragResult = Result<Frag, Error>;

/// A target. Every method has a default that prints from the dialect; a target overrides what its language
/// cannot say with data alone. Defaults call the other methods through `self`, so an override is seen
/// everywhere.
pub trait Target: Send + Sync {
    /// The target as an object; always `self`.
    fn this(&self) -> &dyn Target;

    /// Its dialect.
    fn dialect(&self) -> &Dialect;

    /// Names of the pipelines that the target itself applies before the user's, for a format.
    fn pipelines_before(&self, _format: &str) -> Vec<String> {
        self.dialect().pipelines.clone()
    }

    /// Names of the pipelines that the target itself applies behind the user's, for a format.
    fn pipelines_after(&self, _format: &str) -> Vec<String> {
        Vec::new()
    }

    /// Converts a rule to its unfinished queries, one for each condition that says something.
    fn rule(
        &self,
        env: &Env,
        item: &RuleItem,
        rule: &Rule,
        state: &sigyn_ir::State,
    ) -> Result<Vec<Query>, Error> {
        text::rule(self.this(), env, item, rule, state)
    }

    /// Any expression.
    fn expr(&self, cx: &mut Cx<'_>, expr: &Expr<'_>) -> FragResult {
        text::expr(self.this(), cx, expr)
    }

    /// Alternatives.
    fn or(&self, cx: &mut Cx<'_>, args: &[Expr<'_>]) -> FragResult {
        text::or(self.this(), cx, args)
    }

    /// What must hold together.
    fn and(&self, cx: &mut Cx<'_>, args: &[Expr<'_>]) -> FragResult {
        text::and(self.this(), cx, args)
    }

    /// Converted operands with an operator between them.
    fn joined(&self, _cx: &Cx<'_>, operator: Operator, operands: Vec<String>) -> String {
        text::joined(self.this(), operator, &operands)
    }

    /// What must not hold.
    fn not(&self, cx: &mut Cx<'_>, arg: &Expr<'_>) -> FragResult {
        text::not(self.this(), cx, arg)
    }

    /// At least so many of these.
    fn at_least(&self, cx: &mut Cx<'_>, count: u32, of: &[Expr<'_>]) -> FragResult {
        text::at_least(self.this(), cx, count, of)
    }

    /// What never holds.
    fn never(&self, _cx: &mut Cx<'_>) -> FragResult {
        Err(Error::unsupported("the target has no expression that is never true"))
    }

    /// An expression in parentheses.
    fn group(&self, cx: &mut Cx<'_>, expr: &Expr<'_>) -> FragResult {
        text::group(self.this(), cx, expr)
    }

    /// Whether an operand stands without parentheses below an operator.
    fn stands_bare(&self, cx: &Cx<'_>, outer: Operator, inner: &Expr<'_>) -> bool {
        text::stands_bare(self.this(), cx, outer, inner)
    }

    /// Whether operands are written as a list of values of one field.
    fn is_list(&self, cx: &Cx<'_>, outer: Operator, args: &[Expr<'_>]) -> bool {
        text::is_list(self.this(), cx, outer, args)
    }

    /// Operands as a list of values of one field.
    fn list(&self, cx: &mut Cx<'_>, outer: Operator, args: &[Expr<'_>]) -> FragResult {
        text::list(self.this(), cx, outer, args)
    }

    /// A field compared with any value.
    fn field(&self, cx: &mut Cx<'_>, field: &str, value: &Value) -> FragResult {
        text::field(self.this(), cx, field, value)
    }

    /// A field compared with a string.
    fn field_string(&self, cx: &mut Cx<'_>, field: &str, value: &SigmaString) -> FragResult {
        text::field_string(self.this(), cx, field, value)
    }

    /// A field compared with a string with regard to case.
    fn field_cased(&self, cx: &mut Cx<'_>, field: &str, value: &SigmaString) -> FragResult {
        text::field_cased(self.this(), cx, field, value)
    }

    /// A field compared with a number.
    fn field_number(&self, cx: &mut Cx<'_>, field: &str, value: Number) -> FragResult {
        text::field_token(self.this(), cx, field, &value.to_string())
    }

    /// A field compared with a truth value.
    fn field_bool(&self, cx: &mut Cx<'_>, field: &str, value: bool) -> FragResult {
        text::field_bool(self.this(), cx, field, value)
    }

    /// A part of a field's timestamp.
    fn time_part(&self, cx: &Cx<'_>, field: &str, part: TimePart) -> Result<String, Error> {
        text::time_part(self.this(), cx, field, part)
    }

    /// A part of a field's timestamp compared with a number.
    fn field_time_part(&self, cx: &mut Cx<'_>, field: &str, part: TimePart, value: Number) -> FragResult {
        text::field_time_part(self.this(), cx, field, part, value)
    }

    /// A field matched with a regular expression.
    fn field_regex(&self, cx: &mut Cx<'_>, field: &str, value: &Regex) -> FragResult {
        text::field_regex(self.this(), cx, field, value)
    }

    /// A field that lies in a network.
    fn field_cidr(&self, cx: &mut Cx<'_>, field: &str, value: &Cidr) -> FragResult {
        text::field_cidr(self.this(), cx, field, value)
    }

    /// A field compared by size.
    fn field_compare(
        &self,
        cx: &mut Cx<'_>,
        field: &str,
        op: CompareOp,
        number: Number,
        part: Option<TimePart>,
    ) -> FragResult {
        text::field_compare(self.this(), cx, field, op, number, part)
    }

    /// A field compared with another.
    fn field_ref(&self, cx: &mut Cx<'_>, field: &str, other: &FieldRef) -> FragResult {
        text::field_ref(self.this(), cx, field, other)
    }

    /// A field without a value.
    fn field_null(&self, cx: &mut Cx<'_>, field: &str) -> FragResult {
        text::field_null(self.this(), cx, field)
    }

    /// A field that is there, or is not.
    fn field_exists(&self, cx: &mut Cx<'_>, field: &str, exists: bool) -> FragResult {
        text::field_exists(self.this(), cx, field, exists)
    }

    /// Query text of a pipeline for a field.
    fn field_query(&self, cx: &mut Cx<'_>, field: &str, query: &str, id: &str) -> FragResult {
        text::field_query(self.this(), cx, field, query, id)
    }

    /// Values that one written value stands for.
    fn field_expansion(&self, cx: &mut Cx<'_>, field: &str, values: &[Value]) -> FragResult {
        text::field_expansion(self.this(), cx, field, values)
    }

    /// Any value without a field.
    fn keyword(&self, cx: &mut Cx<'_>, value: &Value) -> FragResult {
        text::keyword(self.this(), cx, value)
    }

    /// A string without a field.
    fn keyword_string(&self, cx: &mut Cx<'_>, value: &SigmaString) -> FragResult {
        text::keyword_string(self.this(), cx, value)
    }

    /// A number without a field.
    fn keyword_number(&self, cx: &mut Cx<'_>, value: Number) -> FragResult {
        text::keyword_number(self.this(), cx, value)
    }

    /// A regular expression without a field.
    fn keyword_regex(&self, cx: &mut Cx<'_>, value: &Regex) -> FragResult {
        text::keyword_regex(self.this(), cx, value)
    }

    /// A field name, escaped and quoted.
    fn field_name<'n>(&self, _cx: &Cx<'_>, name: &'n str) -> Cow<'n, str> {
        text::field_name(self.dialect(), name)
    }

    /// Whether a string stands in quotes.
    fn quotes_string(&self, _cx: &Cx<'_>, value: &SigmaString) -> bool {
        text::quotes_string(self.dialect(), value)
    }

    /// A string, escaped and quoted.
    fn string(&self, cx: &Cx<'_>, value: &SigmaString) -> Result<String, Error> {
        text::string(self.this(), cx, value)
    }

    /// A regular expression, escaped.
    fn regex(&self, cx: &Cx<'_>, value: &Regex) -> Result<String, Error> {
        Ok(text::regex(self.dialect(), value, cx.env.is_reference()))
    }

    /// A deferred part as it stands behind the query.
    fn deferred(&self, _cx: &Cx<'_>, deferred: &Deferred) -> Result<String, Error> {
        Err(Error::unsupported(format!("the target cannot write `{}` behind the query", deferred.kind)))
    }

    /// Whether a deferred part of this kind may stand below `or` and negated groups, because it leaves a
    /// condition of its own in the main query.
    fn defers_anywhere(&self, _kind: &str) -> bool {
        false
    }

    /// The whole query: its frame and deferred parts.
    fn finish(&self, cx: &mut Cx<'_>, query: Frag) -> Result<String, Error> {
        text::finish(self.this(), cx, query)
    }

    /// A finished query in an output format. `index` counts the queries of the rule.
    fn finalize(&self, cx: &mut Cx<'_>, query: String, index: usize) -> Result<Data, Error> {
        text::finalize(self.this(), cx, query, index)
    }

    /// Whether a correlation reads its rules' queries with their format applied.
    fn finalizes_subqueries(&self, _env: &Env) -> bool {
        self.dialect().query.finalize_subqueries
    }

    /// Whether the reference's backend honours `generate`: a rule that a correlation reads stands in the output format
    /// or not at all. Most hand out such a rule's bare query, and a correlation below another one always.
    fn honours_generate(&self) -> bool {
        false
    }

    /// All queries of a run in an output format.
    fn output(&self, env: &Env, queries: Vec<Data>) -> Result<Output, Error> {
        text::output(self.this(), env, queries)
    }

    /// Whether pipelines apply to correlations, as they should.
    fn pipes_correlations(&self, _env: &Env) -> bool {
        true
    }

    /// Converts a correlation to its unfinished queries; `rules` are its rules with their queries, in order.
    fn correlation(
        &self,
        cx: &mut Cx<'_>,
        correlation: &Correlation,
        rules: &[Subquery<'_>],
    ) -> Result<Vec<String>, Error> {
        text::correlation(self.this(), cx, correlation, rules)
    }

    /// The search phase of a correlation.
    fn correlation_search(&self, cx: &mut Cx<'_>, it: Correlating<'_>) -> Result<String, Error> {
        text::correlation_search(self.this(), cx, it)
    }

    /// A query in the search phase over several queries.
    fn correlation_search_query<'q>(&self, query: &'q str) -> Cow<'q, str> {
        Cow::Borrowed(query)
    }

    /// A query in the typing phase.
    fn correlation_typing_query<'q>(&self, query: &'q str) -> Cow<'q, str> {
        Cow::Borrowed(query)
    }

    /// The aggregation phase of a correlation, behind the search phase.
    fn correlation_aggregation(
        &self,
        cx: &mut Cx<'_>,
        it: Correlating<'_>,
        search: &str,
    ) -> Result<String, Error> {
        text::correlation_aggregation(self.this(), cx, it, search)
    }

    /// The condition phase of a correlation.
    fn correlation_condition(&self, cx: &mut Cx<'_>, it: Correlating<'_>) -> Result<String, Error> {
        text::correlation_condition(self.this(), cx, it)
    }

    /// The grouping of a correlation.
    fn correlation_group_by(
        &self,
        cx: &Cx<'_>,
        method: &CorrelationDialect,
        group_by: Option<&[String]>,
    ) -> Result<String, Error> {
        text::correlation_group_by(self.this(), cx, method, group_by)
    }

    /// Fields worth showing in a correlation's result.
    fn correlation_fields(&self, cx: &Cx<'_>, it: Correlating<'_>) -> Result<String, Error> {
        text::correlation_fields(self.this(), cx, it)
    }

    /// A time span.
    fn timespan(&self, method: &CorrelationDialect, timespan: &Timespan) -> String {
        text::timespan(method, timespan)
    }
}

/// A query before its format is applied, with the state it leaves.
#[derive(Debug)]
pub struct Query {
    /// The text.
    pub text: String,
    /// The state at the end of the conversion.
    pub state: sigyn_ir::State,
}

/// A target that is a dialect file and nothing else.
#[derive(Debug)]
pub struct CustomTarget {
    dialect: Dialect,
}

impl CustomTarget {
    /// A target of this dialect.
    pub fn new(dialect: Dialect) -> Self {
        Self { dialect }
    }
}

impl Target for CustomTarget {
    fn this(&self) -> &dyn Target {
        self
    }

    fn dialect(&self) -> &Dialect {
        &self.dialect
    }
}
