//! `--target`: what a target cannot express is a finding too.

use sigyn_backends::{Env, Options};
use sigyn_convert::{Strictness, load_behind};
use sigyn_diagnostics::{Diagnostic, SourceFile, SourceId, Sources, Span};
use sigyn_ir::{BacktrackingRegex, Compat, LoadOptions};
use sigyn_lint::{Finding, RuleName};

use super::Check;
use crate::args::Aim;
use crate::findings::Found;
use crate::setup::{self, PipelineNeed, Wanted};

impl Check {
    /// The rules that the target of the call refuses, as findings in the texts.
    pub(super) fn refusals(&self, texts: &Sources) -> Result<Vec<Finding>, Vec<Found>> {
        let aim = Aim { target: self.more.target.clone(), dialect: self.more.dialect.clone() };
        if aim.target.is_none() && aim.dialect.is_none() {
            return Ok(Vec::new());
        }
        let env = Env {
            compat: Compat::Spec,
            format: String::new(),
            method: None,
            options: Options::default(),
            attack: None,
        };
        let converter = setup::converter(Wanted {
            aim: &aim,
            pipelines: &self.more.pipelines,
            env,
            strictness: Strictness::Report,
            pipeline_need: PipelineNeed::Waived,
        })?;
        let before = u32::try_from(converter.sources().iter().count()).unwrap_or(u32::MAX);
        let options =
            LoadOptions { backtracking_regex: BacktrackingRegex::Allow, ..LoadOptions::new(Compat::Spec) };
        let copies = texts.iter().map(|(_, file)| SourceFile::new(file.name.clone(), file.text.clone()));
        let (_, loaded) = load_behind(converter.sources().clone(), copies, &options);
        let mut findings = Vec::new();
        for rule in converter.convert(loaded.set).rules {
            let Err(failure) = rule.queries else { continue };
            let span = rule.item.span();
            let Some(source) = shifted(span, before).map(|span| span.source) else { continue };
            let meta = rule.item.meta();
            findings.push(Finding {
                diagnostic: moved(failure.diagnostic, span, before),
                source,
                check: None,
                pysigma_issue: None,
                rule: Some(RuleName { id: meta.id.clone(), title: meta.title.clone() }),
            });
        }
        Ok(findings)
    }
}

/// A place among the texts alone; `None` if it lies in a pipeline.
fn shifted(span: Span, before: u32) -> Option<Span> {
    Some(Span { source: SourceId(span.source.0.checked_sub(before)?), ..span })
}

/// A finding with its places among the texts alone; what points into pipelines points at the rule, or goes.
fn moved(mut diagnostic: Diagnostic, rule: Span, before: u32) -> Diagnostic {
    let place = diagnostic.span.and_then(|span| shifted(span, before));
    diagnostic.span = place.or_else(|| shifted(Span { end: rule.start, ..rule }, before));
    diagnostic.related.retain_mut(|label| match shifted(label.span, before) {
        Some(span) => {
            label.span = span;
            true
        }
        None => false,
    });
    diagnostic.fix = None;
    diagnostic
}
