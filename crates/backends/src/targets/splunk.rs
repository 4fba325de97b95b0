//! Splunk SPL.
//!
//! Regular expressions and comparisons of fields are commands behind the search (`| regex`, `| where`). Below
//! `or` a regular expression is evaluated into a field before the search, which then asks for that field.

mod data_model;
mod deferred;
mod lone_selector;

use sigyn_ir::{
    Correlation, CorrelationType, Data, Expr, FieldRef, Part, Regex, RuleItem, SigmaString, Value,
};

use super::Builtin;
use crate::dialect::Operator;
use crate::target::FragResult;
use crate::{Cx, Deferred, Dialect, Env, Error, Frag, Output, Subquery, Target, text};

pub(super) static TARGET: Builtin = Builtin {
    name: "splunk",
    text: include_str!("splunk/dialect.yml"),
    build: |dialect| Box::new(Splunk { dialect }),
};

struct Splunk {
    dialect: Dialect,
}

const SEARCH: &str = "\n| search ";

impl Target for Splunk {
    fn this(&self) -> &dyn Target {
        self
    }

    fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    fn is_list(&self, cx: &Cx<'_>, outer: Operator, args: &[Expr<'_>]) -> bool {
        let is_plain = |arg: &Expr<'_>| match arg {
            Expr::Field { value, .. } => match &**value {
                Value::Str(value) => !needs_pattern(value),
                value => !matches!(value, Value::Cased(_)),
            },
            _ => false,
        };
        text::is_list(self, cx, outer, args) && (cx.env.is_reference() || args.iter().all(is_plain))
    }

    fn field_string(&self, cx: &mut Cx<'_>, field: &str, value: &SigmaString) -> FragResult {
        if !cx.env.is_reference() && needs_pattern(value) {
            return self.field_regex(cx, field, &text::whole_regex(value, true)?);
        }
        text::field_string(self, cx, field, value)
    }

    fn field_cased(&self, cx: &mut Cx<'_>, field: &str, value: &SigmaString) -> FragResult {
        if cx.env.is_reference() {
            return text::field_cased(self, cx, field, value);
        }
        self.field_regex(cx, field, &text::whole_regex(value, false)?)
    }

    fn keyword_string(&self, cx: &mut Cx<'_>, value: &SigmaString) -> FragResult {
        if !cx.env.is_reference() && needs_pattern(value) {
            return self.field_regex(cx, "_raw", &text::inner_regex(value, true)?);
        }
        text::keyword_string(self, cx, value)
    }

    fn keyword_regex(&self, cx: &mut Cx<'_>, value: &Regex) -> FragResult {
        if cx.env.is_reference() {
            return text::keyword_regex(self, cx, value);
        }
        // A search knows no regular expressions: bare, this would be a word to look for.
        self.field_regex(cx, "_raw", value)
    }

    fn field_regex(&self, cx: &mut Cx<'_>, field: &str, value: &Regex) -> FragResult {
        let Some(value) = text::field_regex(self, cx, field, value)?.text() else { return Ok(Frag::Nothing) };
        // The reference defers below a negated group too, where the command would hold for the whole search.
        let is_evaluated = is_below_or(cx) || (cx.ancestry.negated_group && !cx.env.is_reference());
        if !is_evaluated {
            let field = Some(field.to_owned());
            let deferred = Deferred { kind: deferred::REGEX, field, value, is_negated: false, extra: None };
            return Ok(Frag::Deferred(cx.defer(deferred)));
        }
        let condition = deferred::evaluate(cx, field.to_owned(), value);
        text::field_string(self, cx, &condition, &SigmaString::literal("true"))
    }

    fn field_ref(&self, cx: &mut Cx<'_>, field: &str, other: &FieldRef) -> FragResult {
        if is_below_or(cx) {
            return Err(Error::feature("Splunk compares fields only behind the search, not below `or`"));
        }
        let value = text::field_ref(self, cx, field, other)?.text().unwrap_or_default();
        let field = Some(field.to_owned());
        let kind = if other.is_cased { deferred::CASED_FIELD_REF } else { deferred::FIELD_REF };
        let deferred = Deferred { kind, field, value, is_negated: false, extra: None };
        Ok(Frag::Deferred(cx.defer(deferred)))
    }

    fn correlation(
        &self,
        cx: &mut Cx<'_>,
        correlation: &Correlation,
        rules: &[Subquery<'_>],
    ) -> Result<Vec<String>, Error> {
        if !cx.env.is_reference() {
            check_searches(correlation, rules)?;
        }
        text::correlation(self, cx, correlation, rules)
    }

    fn defers_anywhere(&self, kind: &str) -> bool {
        kind == deferred::EVALUATED
    }

    fn deferred(&self, cx: &Cx<'_>, deferred: &Deferred) -> Result<String, Error> {
        Ok(match deferred.kind {
            deferred::FIELD_REF | deferred::CASED_FIELD_REF if !cx.env.is_reference() => {
                deferred::field_ref(deferred)
            }
            _ => deferred::text(deferred),
        })
    }

    fn finish(&self, cx: &mut Cx<'_>, query: Frag) -> Result<String, Error> {
        let (evaluated, behind): (Vec<_>, Vec<_>) = std::mem::take(&mut cx.deferred)
            .into_iter()
            .partition(|deferred| deferred.kind == deferred::EVALUATED);
        cx.deferred = behind;
        if evaluated.is_empty() {
            return text::finish(self, cx, query);
        }
        let query = query.text().unwrap_or_else(|| self.dialect.query.deferred_only.clone());
        let parts: Vec<_> = evaluated.iter().map(deferred::text).collect();
        cx.state
            .set(deferred::CONDITION_FIELDS, Data::texts(evaluated.iter().map(deferred::condition_field)));
        text::finish(self, cx, Frag::Text(format!("\n| {}{SEARCH}{query}", parts.join("\n| "))))
    }

    fn finalize(&self, cx: &mut Cx<'_>, query: String, _index: usize) -> Result<Data, Error> {
        let fields = match cx.rule {
            RuleItem::Rule(rule) if !rule.fields.is_empty() => Some(rule.fields.join(",")),
            _ => None,
        };
        let table = |separator: &str| {
            fields.map_or_else(String::new, |fields| format!("{separator}| table {fields}"))
        };
        match cx.env.format.as_str() {
            "savedsearches" if !cx.env.is_reference() => {
                let query = deferred::lead_with_plain_terms(cx, query);
                Ok(Data::Text(saved_search(cx.rule, &(query + &table("\n")))))
            }
            "savedsearches" => Ok(Data::Text(saved_search(cx.rule, &(query + &table("\n"))))),
            "data_model" => data_model::finalize(cx, &query).map(Data::Text),
            _ => Ok(Data::Text(deferred::lead_with_plain_terms(cx, query) + &table(" "))),
        }
    }

    fn output(&self, env: &Env, queries: Vec<Data>) -> Result<Output, Error> {
        if env.format != "savedsearches" {
            return Ok(Output::List(queries));
        }
        let times = [
            ("dispatch.earliest_time", env.options.text("min_time", "-30d")),
            ("dispatch.latest_time", env.options.text("max_time", "now")),
        ];
        let searches: Vec<_> = queries.iter().filter_map(Data::as_str).collect();
        Ok(Output::Text(format!("\n[default]{}\n{}", settings(&times), searches.join("\n"))))
    }
}

/// Whether a command behind the search would stand in for a part of an `or`.
fn is_below_or(cx: &Cx<'_>) -> bool {
    cx.ancestry.or || (cx.env.is_reference() && lone_selector::is_above(cx))
}

/// Whether a string cannot be searched for: SPL has no wildcard for one character, and none can make `*` literal.
fn needs_pattern(value: &SigmaString) -> bool {
    value.parts().iter().any(|part| match part {
        Part::One => true,
        Part::Text(text) => text.contains('*'),
        _ => false,
    })
}

/// What `multisearch` cannot hold, and what nothing marks without it; the reference prints both.
fn check_searches(correlation: &Correlation, rules: &[Subquery<'_>]) -> Result<(), Error> {
    let queries: usize = rules.iter().map(|rule| rule.queries.len()).sum();
    let is_temporal =
        matches!(correlation.kind, CorrelationType::Temporal | CorrelationType::TemporalOrdered);
    if is_temporal && queries == 1 {
        return Err(Error::correlation("one search has no `event_type`, which tells the rules apart"));
    }
    let reads_correlation = rules.iter().any(|rule| matches!(rule.rule, RuleItem::Correlation(_)));
    if queries > 1 && reads_correlation {
        return Err(Error::correlation("`multisearch` takes searches only, not the result of a correlation"));
    }
    Ok(())
}

/// A stanza of savedsearches.conf.
fn saved_search(rule: &RuleItem, search: &str) -> String {
    let title = rule.meta().title.replace(['[', ']'], "");
    let description = rule.meta().description.as_deref().map_or("", str::trim).to_owned();
    format!("\n[{title}]{}", settings(&[("description", description), ("search", search.to_owned())]))
}

/// Settings, one a line; lines of a value end with a backslash where it goes on.
fn settings(settings: &[(&str, String)]) -> String {
    settings.iter().map(|(name, value)| format!("\n{name} = {}", value.replace('\n', " \\\n"))).collect()
}
