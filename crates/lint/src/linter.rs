//! Running checks: each file by itself, then all rules together.

use rayon::prelude::*;
use sigyn_diagnostics::{Diagnostic, SourceFile, SourceId, Sources, codes};
use sigyn_ir::{
    Compat, DetectionItem, LoadOptions, Lowered, Meta, ParsedDocument, ParsedFile, read_documents, resolve,
};
use sigyn_syntax::{Document, Spanned, Value, documents};

use crate::context::place;
use crate::refusal::{self, NOT_PORTABLE, Refusal};
use crate::suppress::Suppressions;
use crate::{Body, Check, Config, Facts, Finding, Report, RuleContext, RuleFacts, RuleName, Run, SetContext};

/// Runs checks as configured.
#[derive(Debug)]
pub struct Linter {
    config: Config,
    facts: Facts,
    /// Checks of single rules that see them as pySigma does, and those of ours.
    like_pysigma: Vec<&'static Check>,
    ours: Vec<&'static Check>,
    over_all: Vec<&'static Check>,
}

/// What a run found.
#[derive(Debug, Default)]
pub struct Outcome {
    /// In the order of the files and their text.
    pub findings: Vec<Finding>,
    /// How many findings were suppressed in their files.
    pub suppressed: usize,
    /// How many rules and correlations were looked at.
    pub rules: usize,
}

impl Outcome {
    /// Puts findings of others among these, in the order of the files and their text.
    pub fn add(&mut self, findings: Vec<Finding>) {
        self.findings.extend(findings);
        self.findings.sort_by_key(Finding::order);
    }
}

/// Fewer texts are checked by the thread that asks: waking others takes longer, above all where they are busy.
const PARALLEL_MIN: usize = 16;

/// How closely a text is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    /// Every check.
    AtRules,
    /// What checks of all rules need to know of it.
    AtNames,
}

impl Look {
    fn checks<'a>(self, all: &'a [&'static Check]) -> &'a [&'static Check] {
        if self == Look::AtRules { all } else { &[] }
    }
}

/// A text read both ways: as the specification says, and as pySigma does.
#[derive(Debug)]
pub struct Trees<'t> {
    source: SourceId,
    text: &'t str,
    spec: Vec<Document<'t>>,
    pysigma: Vec<Document<'t>>,
}

impl<'t> Trees<'t> {
    /// Reads a text.
    pub fn read(source: SourceId, text: &'t str) -> Self {
        let stream = sigyn_yaml::parse(source, text);
        let spec = documents(stream.clone(), Compat::Spec);
        Self { source, text, spec, pysigma: documents(stream, Compat::PySigma) }
    }

    /// The documents as the specification reads them.
    pub fn spec(&self) -> &[Document<'t>] {
        &self.spec
    }
}

/// What looking at one file gives, before all that looking at several tells.
#[derive(Clone, Debug)]
pub struct Looked {
    source: SourceId,
    parsed: ParsedFile,
    refusals: Vec<Refusal>,
    findings: Vec<Finding>,
    by_spec: Vec<RuleFacts>,
    by_pysigma: Vec<RuleFacts>,
    rules: usize,
}

impl Linter {
    /// A linter for a configuration.
    pub fn new(config: Config, facts: Facts) -> Self {
        let (mut like_pysigma, mut ours, mut over_all) = (Vec::new(), Vec::new(), Vec::new());
        for check in config.checks() {
            match (check.run, check.like) {
                (Run::Set(_), _) => over_all.push(check),
                (Run::Rule(_), Some(_)) => like_pysigma.push(check),
                (Run::Rule(_), None) => ours.push(check),
            }
        }
        Self { config, facts, like_pysigma, ours, over_all }
    }

    /// Checks all texts, as many at once as there are threads.
    pub fn run(&self, sources: &Sources) -> Outcome {
        let files: Vec<(SourceId, &SourceFile)> = sources.iter().collect();
        self.together(look_at_each(files, |(id, file)| self.look(id, file)), sources)
    }

    /// Checks one text among others that it refers to, or that say the same: what [`Linter::run`] finds in it, when it is
    /// given the texts in this order. The one text was looked at before.
    pub fn run_for(&self, focus: Looked, sources: &Sources, order: &[SourceId]) -> Outcome {
        let source = focus.source;
        let other = |id: &SourceId| Some((*id, sources.get(*id).filter(|_| *id != source)?));
        let others: Vec<(SourceId, &SourceFile)> = order.iter().filter_map(other).collect();
        let mut looked = look_at_each(others, |(id, file)| self.look_as(id, file, Look::AtNames));
        let before = order.iter().take_while(|id| **id != source).count();
        looked.insert(before.min(looked.len()), focus);
        let mut outcome = self.pool(looked);
        outcome.findings.retain(|finding| finding.source == source);
        outcome.suppressed = suppress(&mut outcome.findings, sources);
        outcome
    }

    /// What was found in each file, and what is to be found over all of them.
    pub(crate) fn together(&self, looked: Vec<Looked>, sources: &Sources) -> Outcome {
        let mut outcome = self.pool(looked);
        outcome.suppressed = suppress(&mut outcome.findings, sources);
        outcome
    }

    /// The same, with what the files themselves allow.
    fn pool(&self, looked: Vec<Looked>) -> Outcome {
        let mut outcome = Outcome { rules: looked.iter().map(|file| file.rules).sum(), ..Outcome::default() };
        let (mut parsed, mut refusals) = (Vec::new(), Vec::new());
        let (mut by_spec, mut by_pysigma) = (Vec::new(), Vec::new());
        for file in looked {
            parsed.push(file.parsed);
            refusals.extend(file.refusals.into_iter().map(|refusal| (file.source, refusal)));
            outcome.findings.extend(file.findings);
            by_spec.extend(file.by_spec);
            by_pysigma.extend(file.by_pysigma);
        }
        let loaded = resolve(parsed, &LoadOptions::new(Compat::Spec));
        outcome.findings.extend(with_reference(loaded.diagnostics, refusals));
        for check in &self.over_all {
            let Run::Set(run) = check.run else { continue };
            let all = if check.like.is_some() { &by_pysigma } else { &by_spec };
            let rules: Vec<&RuleFacts> = all
                .iter()
                .filter(|rule| !self.config.is_excluded(check, rule.id.as_ref().map(|id| id.value.as_str())))
                .collect();
            let mut report = self.report(check, SourceId::default(), None, &mut outcome.findings);
            run(&SetContext { rules: &rules, set: &loaded.set }, &mut report);
        }
        outcome.findings.sort_by_key(Finding::order);
        outcome
    }

    /// What one file gives by itself.
    pub(crate) fn look(&self, source: SourceId, file: &SourceFile) -> Looked {
        self.look_as(source, file, Look::AtRules)
    }

    /// What one text gives by itself, for who has read it already. `name` is its path as checks see it.
    pub fn look_at(&self, name: &str, trees: &Trees<'_>) -> Looked {
        self.look_at_trees(name, trees, Look::AtRules)
    }

    fn look_as(&self, source: SourceId, file: &SourceFile, look: Look) -> Looked {
        self.look_at_trees(&file.name, &Trees::read(source, &file.text), look)
    }

    fn look_at_trees(&self, name: &str, trees: &Trees<'_>, look: Look) -> Looked {
        let Trees { source, text, spec, pysigma } = trees;
        let (source, file) = (*source, (name, *text));
        let parsed = read_documents(source, spec, &LoadOptions::new(Compat::Spec));
        let reference = read_documents(source, pysigma, &LoadOptions::new(Compat::PySigma));
        let is_crash = refusal::is_crash(&reference);
        let mut findings = Vec::new();
        let (mut by_spec, mut by_pysigma) = (Vec::new(), Vec::new());
        for (document, lowered) in spec.iter().zip(parsed.documents()) {
            let items = items(lowered);
            if let Some(cx) = self.context(file, document, lowered, &items, Compat::Spec) {
                self.check(look.checks(&self.ours), source, &cx, &mut findings);
                by_spec.push(facts(source, &cx));
            }
        }
        let mut refusals = Vec::new();
        for (document, lowered) in pysigma.iter().zip(reference.documents()) {
            let refused = refusal::of_document(document.kind, lowered, is_crash);
            let items = items(lowered);
            let cx = self.context(file, document, lowered, &items, Compat::PySigma);
            let cx = cx.filter(|_| !is_crash && refused.is_empty());
            if let Some(cx) = cx {
                let first = findings.len();
                self.check(look.checks(&self.like_pysigma), source, &cx, &mut findings);
                if refusal::stops_validators(&cx) {
                    findings[first..].iter_mut().for_each(|finding| finding.pysigma_issue = None);
                } else {
                    by_pysigma.push(facts(source, &cx));
                }
            }
            refusals.extend(refused);
        }
        let is_rule = |document: &&ParsedDocument| {
            matches!(document.lowered(), Lowered::Rule(_) | Lowered::Correlation(_))
        };
        let rules = parsed.documents().iter().filter(is_rule).count();
        Looked { source, parsed, refusals, findings, by_spec, by_pysigma, rules }
    }

    /// What checks see of a document that can be used.
    fn context<'a>(
        &'a self,
        (path, text): (&'a str, &'a str),
        document: &'a Document<'a>,
        lowered: &'a ParsedDocument,
        items: &'a [(&'a str, &'a DetectionItem)],
        compat: Compat,
    ) -> Option<RuleContext<'a>> {
        let body = match lowered.lowered() {
            _ if !lowered.is_usable() => return None,
            Lowered::Rule(rule) => Body::Rule(rule),
            Lowered::Correlation(correlation) => Body::Correlation(correlation),
            Lowered::Filter | Lowered::Nothing => return None,
        };
        Some(RuleContext { path, text, tree: &document.value, body, items, compat, facts: &self.facts })
    }

    fn check(
        &self,
        checks: &[&'static Check],
        source: SourceId,
        cx: &RuleContext<'_>,
        findings: &mut Vec<Finding>,
    ) {
        let meta = cx.meta();
        let first = findings.len();
        for check in checks {
            if let Run::Rule(run) = check.run
                && !self.config.is_excluded(check, meta.id.as_deref())
            {
                run(cx, &mut self.report(check, source, None, findings));
            }
        }
        for finding in &mut findings[first..] {
            finding.rule = Some(RuleName { id: meta.id.clone(), title: meta.title.clone() });
        }
    }

    fn report<'a>(
        &'a self,
        check: &'static Check,
        source: SourceId,
        rule: Option<RuleName>,
        findings: &'a mut Vec<Finding>,
    ) -> Report<'a> {
        Report {
            check,
            severity: self.config.severity(check),
            options: self.config.options(check),
            source,
            rule,
            findings,
        }
    }
}

/// Looks at texts, with as many threads as there are if they are many.
fn look_at_each<'f>(
    files: Vec<(SourceId, &'f SourceFile)>,
    look: impl Fn((SourceId, &'f SourceFile)) -> Looked + Send + Sync,
) -> Vec<Looked> {
    if files.len() < PARALLEL_MIN {
        files.into_iter().map(look).collect()
    } else {
        files.into_par_iter().map(look).collect()
    }
}

/// All detection items of a rule with the name of their search identifier, in order: dozens of checks go through them.
fn items(document: &ParsedDocument) -> Vec<(&str, &DetectionItem)> {
    let Lowered::Rule(rule) = document.lowered() else { return Vec::new() };
    let mut items = Vec::new();
    for (name, detection) in &rule.detections {
        detection.for_each_item(&mut |item| items.push((name.as_str(), item)));
    }
    items
}

fn facts(source: SourceId, cx: &RuleContext<'_>) -> RuleFacts {
    let meta: &Meta = cx.meta();
    let entry = |at: usize| cx.entry_place("related", at);
    RuleFacts {
        source,
        path: cx.path.to_owned(),
        title: Spanned::new(meta.title.clone(), place(cx.tree, "title")),
        id: meta.id.clone().map(|id| Spanned::new(id, cx.place("id"))),
        related: meta
            .related
            .iter()
            .enumerate()
            .map(|(at, related)| Spanned::new(related.clone(), id_place(cx.tree, at).unwrap_or(entry(at))))
            .collect(),
        is_correlation: cx.correlation().is_some(),
    }
}

/// The place of the id in an entry of `related`.
fn id_place(tree: &Value<'_>, at: usize) -> Option<sigyn_diagnostics::Span> {
    Some(tree.get("related")?.as_list()?.get(at)?.get("id")?.span)
}

/// What loading found, with the name that the reference has for it; and what only the reference refuses.
fn with_reference(
    diagnostics: Vec<Diagnostic>,
    refusals: Vec<(SourceId, Refusal)>,
) -> impl Iterator<Item = Finding> {
    let mut refusals: Vec<Option<(SourceId, Refusal)>> = refusals.into_iter().map(Some).collect();
    let mut findings = Vec::with_capacity(diagnostics.len());
    for diagnostic in diagnostics {
        // Ids that two rules have are found by a check, for each of the rules.
        if !diagnostic.is_error() && diagnostic.code.number == codes::collection::DUPLICATE_ID.number {
            continue;
        }
        let same = refusals.iter_mut().find(|refusal| {
            diagnostic.is_error()
                && refusal.as_ref().is_some_and(|(_, refusal)| {
                    refusal.diagnostic.code.number == diagnostic.code.number
                        && refusal.diagnostic.span == diagnostic.span
                })
        });
        let class = same.and_then(Option::take).and_then(|(_, refusal)| refusal.class);
        let source = diagnostic.span.map(|span| span.source).unwrap_or_default();
        findings.push(Finding { diagnostic, source, check: None, pysigma_issue: class, rule: None });
    }
    let portable = refusals.into_iter().flatten().map(|(source, refusal)| {
        let message = format!("pySigma refuses this: {}", refusal.diagnostic.message);
        let mut diagnostic = Diagnostic::warning(&NOT_PORTABLE, message);
        diagnostic.span = refusal.diagnostic.span;
        Finding { diagnostic, source, check: None, pysigma_issue: refusal.class, rule: None }
    });
    findings.into_iter().chain(portable)
}

/// Takes out what the files themselves allow; says how much.
fn suppress(findings: &mut Vec<Finding>, sources: &Sources) -> usize {
    let before = findings.len();
    let mut current: Option<(SourceId, Suppressions)> = None;
    // Findings come file by file, so each text is looked at once.
    findings.retain(|finding| {
        if current.as_ref().is_none_or(|(source, _)| *source != finding.source) {
            let text = sources.get(finding.source).map_or("", |file| file.text.as_str());
            current = Some((finding.source, Suppressions::read(text)));
        }
        !current.as_ref().is_some_and(|(_, suppressions)| suppressions.covers(finding))
    });
    before - findings.len()
}
