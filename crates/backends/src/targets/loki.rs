//! Grafana Loki, LogQL.
//!
//! The target converts whole rules by itself: LogQL has no `not`, keywords are filters before the parser, and a
//! query that is too long is split.

mod alert;
mod correlate;
mod frame;
mod hint;
mod keyword;
mod partition;
mod pattern;
mod writer;

use std::borrow::Cow;

use sigyn_ir::{Correlation, Data, Rule, RuleItem, State, YamlStyle};

use self::hint::Hints;
use self::writer::{Part, Stages, Writer};
use super::Builtin;
use crate::normal::{Builder, Node};
use crate::{Cx, Dialect, Env, Error, Output, Query, Subquery, Target};

pub(super) static TARGET: Builtin = Builtin {
    name: "loki",
    text: include_str!("loki/dialect.yml"),
    build: |dialect| Box::new(Loki { dialect }),
};

/// From this length on a query is split: Loki takes 5,120 characters and expands queries before it counts.
const QUERY_CHARS_MAX: usize = 4096;

struct Loki {
    dialect: Dialect,
}

/// Whether a format is that of alert rules.
fn makes_alerts(env: &Env) -> bool {
    matches!(env.format.as_str(), "ruler" | "grafana_alerting")
}

/// Whether an option is switched on.
fn is_on(env: &Env, option: &str) -> bool {
    env.options.text(option, "false").eq_ignore_ascii_case("true")
}

impl Target for Loki {
    fn this(&self) -> &dyn Target {
        self
    }

    fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    fn rule(&self, env: &Env, item: &RuleItem, rule: &Rule, state: &State) -> Result<Vec<Query>, Error> {
        let is_reference = env.is_reference();
        let builder = Builder { is_reference };
        let mut conditions = Vec::with_capacity(rule.conditions.len());
        for (at, condition) in rule.conditions.iter().enumerate() {
            let node =
                builder.build(rule.expression(condition)).map_err(|error| error.or_at(condition.span))?;
            conditions.push((at, node));
        }
        let mut conversion = Conversion {
            env,
            rule,
            writer: Writer { is_reference, case_sensitive: is_on(env, "case_sensitive"), labels: 0 },
        };
        let texts = conversion.run(&conditions).map_err(|error| error.or_at(item.span()))?;
        Ok(texts.into_iter().map(|text| Query { text, state: state.clone() }).collect())
    }

    fn field_name<'n>(&self, _cx: &Cx<'_>, name: &'n str) -> Cow<'n, str> {
        Cow::Owned(pattern::label_name(name))
    }

    /// The reference counts the lines of whole alert rules.
    fn finalizes_subqueries(&self, env: &Env) -> bool {
        env.is_reference()
    }

    fn finalize(&self, cx: &mut Cx<'_>, query: String, _index: usize) -> Result<Data, Error> {
        let is_reference = cx.env.is_reference();
        Ok(match cx.env.format.as_str() {
            "ruler" => alert::ruler(cx.rule, &query, is_reference),
            "grafana_alerting" => alert::grafana(cx.rule, &query, &cx.env.options, is_reference),
            _ => Data::Text(query),
        })
    }

    fn output(&self, env: &Env, queries: Vec<Data>) -> Result<Output, Error> {
        let style = YamlStyle::default();
        Ok(match env.format.as_str() {
            "ruler" => Output::Text(alert::ruler_file(queries).to_yaml(&style)),
            "grafana_alerting" => {
                let style = YamlStyle { sort_keys: false, width: 1000, allow_unicode: true, ..style };
                Output::Text(alert::grafana_file(queries, &env.options)?.to_yaml(&style))
            }
            _ => Output::List(queries),
        })
    }

    fn correlation(
        &self,
        cx: &mut Cx<'_>,
        correlation: &Correlation,
        rules: &[Subquery<'_>],
    ) -> Result<Vec<String>, Error> {
        correlate::query(self, cx, correlation, rules).map(|query| vec![query])
    }
}

/// The conversion of one rule.
struct Conversion<'a> {
    env: &'a Env,
    rule: &'a Rule,
    writer: Writer,
}

impl Conversion<'_> {
    /// The queries of conditions, each with its place in the rule; those that are too long are split once.
    fn run(&mut self, conditions: &[(usize, Node<'_>)]) -> Result<Vec<String>, Error> {
        let queries = self.queries(conditions)?;
        if makes_alerts(self.env) {
            return Ok(queries);
        }
        let mut finished = Vec::with_capacity(queries.len());
        let mut split = Vec::new();
        for ((at, node), query) in conditions.iter().zip(queries) {
            let length = query.chars().count();
            if length < QUERY_CHARS_MAX {
                finished.push(query);
            } else {
                let partitions = length.div_ceil(QUERY_CHARS_MAX);
                let parts = partition::partition(node, partitions, self.env.is_reference());
                split.extend(parts.into_iter().map(|part| (*at, part)));
            }
        }
        finished.extend(self.queries(&split)?);
        Ok(finished)
    }

    fn queries(&mut self, conditions: &[(usize, Node<'_>)]) -> Result<Vec<String>, Error> {
        let is_reference = self.env.is_reference();
        // In the reference all parts of a split condition share their stages, which the first one prints.
        let mut shared: Vec<Stages> = self.rule.conditions.iter().map(|_| Stages::default()).collect();
        let mut parts = Vec::with_capacity(conditions.len());
        for (at, node) in conditions {
            if !is_reference {
                self.writer.labels = 0;
            }
            let mut own = Stages::default();
            let stages = match shared.get_mut(*at) {
                Some(stages) if is_reference => stages,
                _ => &mut own,
            };
            let part = self.writer.node(node, stages)?;
            if matches!(part, Part::Nothing) && !is_reference {
                return Err(Error::unsupported("nothing of the condition is left to search for"));
            }
            parts.push((part, own));
        }
        let mut queries = Vec::with_capacity(parts.len());
        for ((at, node), (part, own)) in conditions.iter().zip(parts) {
            let mut stages = match shared.get_mut(*at) {
                Some(stages) if is_reference => std::mem::take(stages),
                _ => own,
            };
            // The reference takes the hint of the first condition for all.
            let hinted =
                if is_reference { conditions.first().map_or(node, |(_, first)| first) } else { node };
            if stages.len() == 0 && is_on(self.env, "add_line_filters") {
                stages.lines.extend(self.hints().find(hinted).map(|hint| hint.text()));
            }
            queries.push(frame::query(self.rule, part, stages, is_reference));
        }
        Ok(queries)
    }

    fn hints(&self) -> Hints {
        Hints {
            is_reference: self.env.is_reference(),
            case_sensitive: self.writer.case_sensitive,
            is_logfmt: frame::is_logfmt(self.rule),
        }
    }
}
