//! Google SecOps: UDM search and YARA-L 2.0.
//!
//! Comparisons are negated by themselves, because `NOT` gives other results than `!=` there. Strings with wildcards
//! and lists of values are regular expressions.

mod exact;
mod fields;
mod reference;

use sigyn_ir::{Rule, RuleItem, State};

use super::Builtin;
use crate::{Cx, Dialect, Env, Error, Query, Target};

pub(super) static TARGET: Builtin = Builtin {
    name: "secops",
    text: include_str!("secops/dialect.yml"),
    build: |dialect| Box::new(SecOps { dialect }),
};

struct SecOps {
    dialect: Dialect,
}

impl Target for SecOps {
    fn this(&self) -> &dyn Target {
        self
    }

    fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    fn pipelines_after(&self, format: &str) -> Vec<String> {
        if format == "yara_l" { vec!["secops_yara_l".to_owned()] } else { Vec::new() }
    }

    fn rule(&self, env: &Env, item: &RuleItem, rule: &Rule, state: &State) -> Result<Vec<Query>, Error> {
        let mut queries = Vec::with_capacity(rule.conditions.len());
        for condition in &rule.conditions {
            let mut cx = Cx::new(env, item, state.clone());
            let text = if env.is_reference() {
                reference::query(self, &mut cx, rule, condition)
            } else {
                exact::query(&cx, rule, condition)
            };
            queries.push(Query { text: text.map_err(|error| error.or_at(condition.span))?, state: cx.state });
        }
        Ok(queries)
    }
}
