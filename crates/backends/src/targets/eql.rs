//! Elasticsearch's event query language.

mod sequence;
mod value;

use std::borrow::Cow;

use sigyn_ir::{
    CompareOp, Correlation, Data, Expr, FieldRef, Number, Regex, RuleItem, SigmaString, TimePart, Value,
};

use super::Builtin;
use super::elastic::siem::{self, SiemFormat, SiemQuery};
use super::elastic::{absent_field, field_expansion, stands_bare};
use crate::dialect::Operator;
use crate::target::FragResult;
use crate::{Cx, Dialect, Error, Frag, Subquery, Target, text};

pub(super) static TARGET: Builtin = Builtin {
    name: "eql",
    text: include_str!("eql/dialect.yml"),
    build: |dialect| Box::new(Eql { dialect }),
};

struct Eql {
    dialect: Dialect,
}

const SIEM_RULE: SiemFormat = SiemFormat {
    language: "eql",
    kind: "eql",
    rule_type_id: "siem.eqlRule",
    keys: &[
        "name",
        "consumer",
        "enabled",
        "throttle",
        "schedule",
        "params",
        "rule_type_id",
        "notify_when",
        "tags",
        "actions",
    ],
    params: siem::PARAMS,
    informational_risk: 1,
    informational_severity: "informational",
};

/// The reference names the type of rules that are no EQL.
const SIEM_RULE_REFERENCE: SiemFormat = SiemFormat { rule_type_id: "siem.queryRule", ..SIEM_RULE };

const SIEM_RULE_NDJSON: SiemFormat =
    SiemFormat { keys: siem::KEYS_NDJSON, params: &[], informational_severity: "low", ..SIEM_RULE };

impl Target for Eql {
    fn this(&self) -> &dyn Target {
        self
    }

    fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    fn not(&self, cx: &mut Cx<'_>, arg: &Expr<'_>) -> FragResult {
        match absent_field(cx, arg) {
            // The reference forgets to quote the name.
            Some(field) if cx.env.is_reference() => Ok(Frag::Text(format!("?{field} != null"))),
            Some(field) => self.field_exists(cx, field, true),
            None => text::not(self, cx, arg),
        }
    }

    fn never(&self, _cx: &mut Cx<'_>) -> FragResult {
        Ok(Frag::Text("false".to_owned()))
    }

    fn stands_bare(&self, cx: &Cx<'_>, outer: Operator, inner: &Expr<'_>) -> bool {
        stands_bare(self, cx, outer, inner)
    }

    fn is_list(&self, cx: &Cx<'_>, outer: Operator, args: &[Expr<'_>]) -> bool {
        text::is_list(self, cx, outer, args) && (cx.env.is_reference() || value::is_list(args))
    }

    fn list(&self, cx: &mut Cx<'_>, outer: Operator, args: &[Expr<'_>]) -> FragResult {
        if cx.env.is_reference() { text::list(self, cx, outer, args) } else { value::list(self, cx, args) }
    }

    fn field_string(&self, cx: &mut Cx<'_>, field: &str, value: &SigmaString) -> FragResult {
        if cx.env.is_reference() {
            let is_exact = value.is_empty() || value::is_address(&value.to_plain());
            if is_exact {
                let (name, text) = (self.field_name(cx, field), self.string(cx, value)?);
                return Ok(Frag::Text(format!("{name}=={text}")));
            }
            return text::field_string(self, cx, field, value);
        }
        value::field_string(self, cx, field, value)
    }

    fn field_cased(&self, cx: &mut Cx<'_>, field: &str, value: &SigmaString) -> FragResult {
        if cx.env.is_reference() {
            return text::field_cased(self, cx, field, value);
        }
        value::field_cased(self, cx, field, value)
    }

    fn field_number(&self, cx: &mut Cx<'_>, field: &str, value: Number) -> FragResult {
        if cx.env.is_reference() {
            return text::field_token(self, cx, field, &value.to_string());
        }
        let name = self.field_name(cx, field);
        Ok(Frag::Text(value::present(cx, &name, format!("string({name}) == \"{value}\""))))
    }

    fn field_bool(&self, cx: &mut Cx<'_>, field: &str, value: bool) -> FragResult {
        if cx.env.is_reference() {
            return text::field_bool(self, cx, field, value);
        }
        // `:` compares strings only.
        Ok(Frag::Text(format!("{} == {value}", self.field_name(cx, field))))
    }

    fn field_compare(
        &self,
        cx: &mut Cx<'_>,
        field: &str,
        op: CompareOp,
        number: Number,
        part: Option<TimePart>,
    ) -> FragResult {
        let frag = text::field_compare(self, cx, field, op, number, part)?;
        let name = self.field_name(cx, field);
        Ok(match frag {
            Frag::Text(text) if !cx.env.is_reference() => Frag::Text(value::present(cx, &name, text)),
            frag => frag,
        })
    }

    fn field_regex(&self, cx: &mut Cx<'_>, field: &str, value: &Regex) -> FragResult {
        if cx.env.is_reference() {
            return text::field_regex(self, cx, field, value);
        }
        value::field_regex(self, cx, field, value)
    }

    fn field_expansion(&self, cx: &mut Cx<'_>, field: &str, values: &[Value]) -> FragResult {
        field_expansion(self, cx, field, values)
    }

    fn field_ref(&self, _: &mut Cx<'_>, _: &str, _: &FieldRef) -> FragResult {
        Err(Error::feature("EQL cannot compare two fields"))
    }

    fn field_exists(&self, cx: &mut Cx<'_>, field: &str, exists: bool) -> FragResult {
        if cx.env.is_reference() {
            return text::field_exists(self, cx, field, exists);
        }
        let operator = if exists { "!=" } else { "==" };
        Ok(Frag::Text(format!("?{} {operator} null", self.field_name(cx, field))))
    }

    fn keyword(&self, cx: &mut Cx<'_>, value: &Value) -> FragResult {
        // The reference writes the value alone, which is no condition.
        if !cx.env.is_reference() && !matches!(value, Value::Query { .. }) {
            return Err(Error::unsupported("EQL cannot search for a keyword without a field"));
        }
        text::keyword(self, cx, value)
    }

    fn field_name<'n>(&self, cx: &Cx<'_>, name: &'n str) -> Cow<'n, str> {
        if cx.env.is_reference() { text::field_name(&self.dialect, name) } else { value::field_name(name) }
    }

    fn string(&self, cx: &Cx<'_>, value: &SigmaString) -> Result<String, Error> {
        if cx.env.is_reference() {
            return text::string(self, cx, value);
        }
        Ok(value::literal(&value::wildcard_text(value)?))
    }

    fn finalize(&self, cx: &mut Cx<'_>, query: String, index: usize) -> Result<Data, Error> {
        let is_sequence = matches!(cx.rule, RuleItem::Correlation(_));
        let whole = if is_sequence { query.clone() } else { format!("any where {query}") };
        // The reference writes `any where` before sequences too.
        let in_rule = |cx: &Cx<'_>| match cx.env.is_reference() {
            true => format!("any where {query}"),
            false => whole.clone(),
        };
        let siem_rule = |cx: &Cx<'_>, format: &SiemFormat| {
            format.document(cx, SiemQuery { text: in_rule(cx), index, indices: indices(cx) })
        };
        Ok(match cx.env.format.as_str() {
            "eqlapi" => Data::map([("query", Data::Text(whole))]),
            "siem_rule" if cx.env.is_reference() => siem_rule(cx, &SIEM_RULE_REFERENCE),
            "siem_rule" => siem_rule(cx, &SIEM_RULE),
            "siem_rule_ndjson" => siem_rule(cx, &SIEM_RULE_NDJSON),
            _ => Data::Text(whole),
        })
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
        sequence::correlation(self, cx, correlation, rules).map(|query| vec![query])
    }
}

/// The indices that a detection rule searches: those that the pipeline names (state `index`), else those of the
/// option; a single name is a list of one.
fn indices(cx: &Cx<'_>) -> Data {
    let of_pipeline = cx.state.get("index").filter(|index| match index {
        Data::Text(text) => !text.is_empty(),
        Data::List(items) => !items.is_empty(),
        Data::Null | Data::Bool(false) => false,
        _ => true,
    });
    match of_pipeline.cloned().unwrap_or_else(|| siem::indices(cx.env)) {
        list @ Data::List(_) => list,
        single => Data::List(vec![single]),
    }
}
