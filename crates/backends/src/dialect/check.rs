//! What a dialect file must get right beyond its form: templates use only placeholders that they are given.

use super::{CorrelationDialect, Dialect, MatchDialect, Matcher};
use crate::Template;

/// What is wrong with a dialect, and a text near which it stands.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) message: String,
    pub(super) near: String,
}

impl Problem {
    pub(super) fn new(message: impl Into<String>, near: &str) -> Self {
        Self { message: message.into(), near: near.to_owned() }
    }
}

/// The first placeholder that a template is never given: the key, the placeholder, those it is given.
pub(super) fn check(dialect: &Dialect) -> Result<(), Problem> {
    let mut templates =
        Templates { forms: dialect.string_forms.keys().map(String::as_str).collect(), all: Vec::new() };
    templates.matching("match", &dialect.matching);
    let field = &dialect.field;
    templates.add("field.null", field.null.as_ref(), &["field"]);
    templates.add("field.exists", field.exists.as_ref(), &["field"]);
    templates.add("field.not_exists", field.not_exists.as_ref(), &["field"]);
    let pair = &["field1", "field2"];
    let field_ref = &dialect.field_ref;
    templates.add("field_ref.equal", field_ref.equal.as_ref(), pair);
    templates.add("field_ref.startswith", field_ref.startswith.as_ref(), pair);
    templates.add("field_ref.endswith", field_ref.endswith.as_ref(), pair);
    templates.add("field_ref.contains", field_ref.contains.as_ref(), pair);
    templates.add("field_ref.cased_equal", field_ref.cased_equal.as_ref(), pair);
    templates.add("field_ref.cased_startswith", field_ref.cased_startswith.as_ref(), pair);
    templates.add("field_ref.cased_endswith", field_ref.cased_endswith.as_ref(), pair);
    templates.add("field_ref.cased_contains", field_ref.cased_contains.as_ref(), pair);
    templates.add("operators.negation", dialect.operators.negation.as_ref(), &["expr"]);
    templates.add("operators.group", dialect.operators.group.as_ref(), &["expr"]);
    templates.add("compare.expr", dialect.compare.expr.as_ref(), &["field", "operator", "value"]);
    templates.add("time_part.expr", dialect.time_part.expr.as_ref(), &["field", "timestamp_part"]);
    templates.add("list.expr", dialect.list.expr.as_ref(), &["field", "op", "list"]);
    templates.add_string("list.item", dialect.list.item.as_ref(), &["value"]);
    templates.add_string("unbound.string", dialect.unbound.string.as_ref(), &["value", "regex"]);
    templates.add_string("unbound.cased", dialect.unbound.cased.as_ref(), &["value", "regex"]);
    templates.add("unbound.number", dialect.unbound.number.as_ref(), &["value"]);
    let flags = &["value", "regex", "flag_i", "flag_m", "flag_s"];
    templates.add("unbound.regex", dialect.unbound.regex.as_ref(), flags);
    templates.add("query.expression", Some(&dialect.query.expression), &["query", "state[*", "rule.*"]);
    for (name, method) in &dialect.correlation {
        templates.correlation(&format!("correlation.{name}"), method);
    }
    templates.check()
}

/// What may stand behind `|` in placeholders for states and attributes, besides the dialect's string forms.
const FORMS: [&str; 2] = ["field", "string"];

/// Templates with their keys and the placeholders that they are given (`*` at the end stands for any name).
struct Templates<'d> {
    all: Vec<(String, &'d Template, Vec<&'d str>)>,
    /// The names of the dialect's string forms.
    forms: Vec<&'d str>,
}

impl<'d> Templates<'d> {
    fn add(&mut self, key: &str, template: Option<&'d Template>, given: &[&'d str]) {
        self.all.extend(template.map(|template| (key.to_owned(), template, given.to_vec())));
    }

    /// As `add`, for a template that is given strings in every form.
    fn add_string(&mut self, key: &str, template: Option<&'d Template>, given: &[&'d str]) {
        let given = [given, self.forms.as_slice()].concat();
        self.add(key, template, &given);
    }

    fn matching(&mut self, section: &str, matching: &'d MatchDialect) {
        let value = &["field", "value", "regex"];
        let plain = [
            ("equal", matching.equal.as_ref()),
            ("startswith", matching.startswith.as_ref().map(Matcher::template)),
            ("endswith", matching.endswith.as_ref().map(Matcher::template)),
            ("contains", matching.contains.as_ref().map(Matcher::template)),
            ("wildcard", matching.wildcard.as_ref()),
            ("cased", matching.cased.as_ref()),
            ("cased_startswith", matching.cased_startswith.as_ref().map(Matcher::template)),
            ("cased_endswith", matching.cased_endswith.as_ref().map(Matcher::template)),
            ("cased_contains", matching.cased_contains.as_ref().map(Matcher::template)),
        ];
        for (key, template) in plain {
            self.add_string(&format!("{section}.{key}"), template, value);
        }
        let flags = &["field", "regex", "flag_i", "flag_m", "flag_s"];
        self.add(&format!("{section}.regex"), matching.regex.as_ref(), flags);
        let network = &["field", "value", "network", "prefixlen", "netmask"];
        self.add(&format!("{section}.cidr"), matching.cidr.as_ref(), network);
    }

    fn correlation(&mut self, section: &str, method: &'d CorrelationDialect) {
        let frame = &["search", "typing", "aggregate", "condition", "timespan", "groupby", "groups"];
        let mut add =
            |key: &str, template, given: &[&'d str]| self.add(&format!("{section}.{key}"), template, given);
        add("query", method.query.as_ref(), frame);
        add("search_single", method.search_single.as_ref(), &["query", "ruleid", "normalization"]);
        add("search_multi", method.search_multi.as_ref(), &["queries"]);
        add("search_multi_query", method.search_multi_query.as_ref(), &["query", "ruleid", "normalization"]);
        add("typing", method.typing.as_ref(), &["queries"]);
        add("typing_query", method.typing_query.as_ref(), &["query", "ruleid"]);
        add("normalization", method.normalization.as_ref(), &["alias", "field"]);
        add("referenced_rule", method.referenced_rule.as_ref(), &["ruleid"]);
        add("group_by", method.group_by.as_ref(), &["fields"]);
        add("group_by_field", method.group_by_field.as_ref(), &["field"]);
        add("fields", method.fields.as_ref(), &["fields"]);
        add("fields_field", method.fields_field.as_ref(), &["field"]);
        add("rule_reference", method.rule_reference.as_ref(), &["ruleid"]);
        for (kind, templates) in &method.types {
            add(&format!("types.{kind}.query"), templates.query.as_ref(), frame);
            add(
                &format!("types.{kind}.aggregation"),
                templates.aggregation.as_ref(),
                &[
                    "search",
                    "timespan",
                    "groupby",
                    "field",
                    "fields",
                    "referenced_rules",
                    "percentile",
                    "rule.*",
                ],
            );
            add(
                &format!("types.{kind}.condition"),
                templates.condition.as_ref(),
                &["op", "count", "field", "referenced_rules", "extended_condition"],
            );
        }
    }

    /// Whether what stands behind `|` in a placeholder, if anything, is a way to write a text.
    fn knows_form(&self, name: &str) -> bool {
        name.split_once('|').is_none_or(|(_, form)| FORMS.contains(&form) || self.forms.contains(&form))
    }

    fn check(self) -> Result<(), Problem> {
        for (key, template, given) in &self.all {
            let is_given = |name: &str| {
                given.iter().any(|known| match known.strip_suffix('*') {
                    Some(prefix) => name.starts_with(prefix) && self.knows_form(name),
                    None => name == *known,
                })
            };
            if let Some(name) = template.names().find(|name| !is_given(name)) {
                let known: Vec<_> = given.iter().map(|name| format!("{{{name}}}")).collect();
                let message =
                    format!("`{key}` has no placeholder `{{{name}}}`; it is given {}", known.join(", "));
                return Err(Problem::new(message, &format!("{{{name}}}")));
            }
        }
        Ok(())
    }
}
