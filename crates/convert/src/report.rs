//! Rule files one by one, each a collection of its own: what `--report ndjson` prints.

use sigyn_backends::Output;
use sigyn_diagnostics::{Diagnostic, SourceFile, Sources};
use sigyn_ir::{Data, LoadOptions};

use crate::{Converter, Failure, load_behind};

/// What became of a rule file.
#[derive(Debug)]
pub struct FileReport {
    /// The output for the file: text queries as they are, documents as JSON.
    pub queries: Vec<String>,
    /// Why rules of the file have no query; the first one decides about the file.
    pub failures: Vec<Failure>,
    /// Everything else that was found.
    pub warnings: Vec<Diagnostic>,
    /// How many rules the file holds, refused ones included.
    pub rules: usize,
    /// The file behind the texts of the pipelines, for the places of findings.
    pub sources: Sources,
}

impl Converter {
    /// Converts a file by itself, with nothing of other files in sight.
    pub fn convert_file(&self, file: SourceFile, options: &LoadOptions) -> FileReport {
        let (sources, loaded) = load_behind(self.sources().clone(), [file], options);
        let mut failures: Vec<Failure> =
            loaded.failed.into_iter().map(|failed| Failure::from(failed.error)).collect();
        let warnings = loaded.diagnostics.into_iter().filter(|found| !found.is_error()).collect();
        let rules = failures.len() + loaded.set.items.len();
        let conversion = self.convert(loaded.set);
        // The reference goes through the rules in this order and stops at the first that it cannot convert.
        failures.extend(conversion.rules.into_iter().filter_map(|rule| rule.queries.err()));
        let queries = match conversion.output {
            Ok(output) => texts(output),
            Err(failure) => {
                failures.push(failure);
                Vec::new()
            }
        };
        FileReport { queries, failures, warnings, rules, sources }
    }
}

/// The queries of an output as texts.
fn texts(output: Output) -> Vec<String> {
    match output {
        Output::Text(text) => vec![text],
        Output::List(queries) => queries
            .into_iter()
            .map(|query| match query {
                Data::Text(text) => text,
                document => document.to_json(None),
            })
            .collect(),
    }
}
