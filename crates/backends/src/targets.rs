//! The built-in targets, one folder each: a dialect and, where the language needs them, overrides.
//!
//! A new target is a folder with a `dialect.yml`, its module, and one line in [`ALL`].

mod clickhouse;
mod duckdb;
mod elastalert;
mod elastic;
mod eql;
mod esql;
mod kusto;
mod log_scale;
mod loki;
mod lucene;
mod open_search_ppl;
mod opensearch_lucene;
mod qradar_aql_community;
mod secops;
mod splunk;
mod splunk_spl2;
mod sql;
mod sqlite;
mod undecided;

use sigyn_diagnostics::{Diagnostic, SourceId};

use crate::{Dialect, Target, dialect};

/// A target that comes with Sigyn.
#[derive(Debug)]
pub struct Builtin {
    /// Its name, as in `-t NAME`.
    pub name: &'static str,
    /// Its dialect file, as a user would write it.
    pub text: &'static str,
    build: fn(Dialect) -> Box<dyn Target>,
}

/// All built-in targets, by name.
#[rustfmt::skip]
pub static ALL: &[&Builtin] = &[
    &clickhouse::TARGET,
    &duckdb::TARGET,
    &elastalert::TARGET,
    &eql::TARGET,
    &esql::TARGET,
    &kusto::TARGET,
    &log_scale::TARGET,
    &loki::TARGET,
    &lucene::TARGET,
    &open_search_ppl::TARGET,
    &opensearch_lucene::TARGET,
    &qradar_aql_community::TARGET,
    &secops::TARGET,
    &splunk::TARGET,
    &splunk_spl2::TARGET,
    &sqlite::TARGET,
];

impl Builtin {
    /// The target. The error would be a defect of ours; a test holds that there is none.
    pub fn build(&self) -> Result<Box<dyn Target>, Diagnostic> {
        dialect::load(SourceId::default(), self.text).map(self.build)
    }
}

/// A built-in target by its name.
pub fn find(name: &str) -> Option<&'static Builtin> {
    ALL.iter().copied().find(|target| target.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dialect_loads_under_its_name() {
        assert!(ALL.windows(2).all(|pair| pair[0].name < pair[1].name), "sorted by name");
        for target in ALL {
            let built = target.build().unwrap_or_else(|error| panic!("{}: {}", target.name, error.message));
            assert_eq!(built.dialect().name, target.name);
            assert!(built.dialect().format(&built.dialect().default_format).is_some(), "{}", target.name);
        }
    }
}
