//! What the tests of targets share: a rule, how it is converted, and what comes out.

use std::sync::Arc;

use sigyn_backends::{Env, Options, Output, Target, targets};
use sigyn_convert::{Converter, Failure, Settings, Strictness};
use sigyn_diagnostics::{SourceId, Sources};
use sigyn_ir::{BacktrackingRegex, Compat, Data, LoadOptions};
use sigyn_pipeline::{NoFiles, builtin};

/// How a rule is converted; everything else is left at its default.
#[derive(Clone, Copy, Default)]
pub(crate) struct Setup<'a> {
    pub(crate) target: &'a str,
    pub(crate) format: &'a str,
    pub(crate) options: &'a [(&'a str, &'a str)],
    pub(crate) pipelines: &'a [&'a str],
}

impl Setup<'_> {
    fn build(&self) -> Box<dyn Target> {
        let builtin = targets::find(self.target).unwrap_or_else(|| panic!("no target {}", self.target));
        builtin.build().unwrap_or_else(|error| panic!("{}", error.message))
    }

    /// The whole output, or the message of the first refusal.
    pub(crate) fn convert(&self, rule: &str, compat: Compat) -> String {
        let load = LoadOptions { backtracking_regex: BacktrackingRegex::Allow, ..LoadOptions::new(compat) };
        let loaded = sigyn_ir::resolve(vec![sigyn_ir::read_text(SourceId::default(), rule, &load)], &load);
        if let Some(error) = loaded.diagnostics.iter().find(|diagnostic| diagnostic.is_error()) {
            return format!("not loaded: {}", error.message);
        }
        let option = |(name, value): &(&str, &str)| ((*name).to_owned(), Data::from(*value));
        let pipeline = |name: &&str| {
            let builtin = builtin::get(name).unwrap_or_else(|| panic!("no pipeline {name}"));
            builtin.load(SourceId(1)).unwrap_or_else(|| panic!("{name} does not load"))
        };
        let settings = Settings {
            target: self.build(),
            pipelines: self.pipelines.iter().map(pipeline).collect(),
            env: Env {
                compat,
                format: self.format.to_owned(),
                options: Options::new(self.options.iter().map(option)),
                ..Env::default()
            },
            files: Arc::new(NoFiles),
            strictness: Strictness::Report,
            sources: Sources::default(),
        };
        let converter = Converter::new(settings).unwrap_or_else(|error| panic!("{}", error.message));
        let conversion = converter.convert(loaded.set);
        let failure = conversion.rules.iter().find_map(|rule| rule.queries.as_ref().err());
        match (failure, &conversion.output) {
            (Some(Failure { diagnostic, .. }), _) | (None, Err(Failure { diagnostic, .. })) => {
                format!("refused: {}", diagnostic.message)
            }
            (None, Ok(Output::Text(text))) => text.clone(),
            (None, Ok(Output::List(queries))) => {
                let texts: Vec<_> = queries
                    .iter()
                    .map(|query| query.as_str().map_or_else(|| query.to_json(None), str::to_owned))
                    .collect();
                texts.join("\n")
            }
        }
    }

    /// Checks what our reading and the reference's make of a detection (the text of its map, with `condition`).
    /// An empty expectation of the reference is the same as ours.
    pub(crate) fn check(&self, detection: &str, ours: &str, reference: &str) {
        let rule = format!("title: t\nlogsource: {{product: windows}}\ndetection: {{{detection}}}\n");
        self.check_rule(&rule, ours, reference);
    }

    /// As [`Setup::check`], for a whole rule or several documents.
    pub(crate) fn check_rule(&self, rule: &str, ours: &str, reference: &str) {
        assert_eq!(self.convert(rule, Compat::Spec), ours, "our reading of\n{rule}");
        let reference = if reference.is_empty() { ours } else { reference };
        assert_eq!(self.convert(rule, Compat::PySigma), reference, "the reference's reading of\n{rule}");
    }
}
