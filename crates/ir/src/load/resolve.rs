//! The second stage: files put together.

use std::collections::{HashMap, HashSet};

use sigyn_diagnostics::{Diagnostic, SourceId, Span, codes};
use sigyn_syntax::{Compat, normal_uuid};

use super::{Content, Context, LoadOptions, ParsedDocument, ParsedFile, order};
use crate::compat;
use crate::{Correlation, CorrelationCondition, CorrelationExpr, ItemId, Meta, RuleItem, RuleRef, RuleSet};

/// The circle that the references of an entry lead into, from its first entry. Every entry on the way waits for another.
fn circle(waits: &[HashSet<usize>], start: usize) -> Vec<usize> {
    let mut way = vec![start];
    while let Some(next) = way.last().and_then(|at| waits.get(*at)?.iter().min().copied()) {
        if let Some(from) = way.iter().position(|at| *at == next) {
            return way.split_off(from);
        }
        way.push(next);
    }
    way
}

/// By what people know a rule.
fn name(meta: &Meta) -> String {
    let given =
        [Some(meta.title.clone()).filter(|title| !title.is_empty()), meta.name.clone(), meta.id.clone()];
    given.into_iter().flatten().next().unwrap_or_default()
}

/// What loading gives.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The rules that can be used.
    pub set: RuleSet,
    /// Everything that was found, file by file. Under [`Compat::PySigma`] the first error of a file is the one
    /// that the reference would raise.
    pub diagnostics: Vec<Diagnostic>,
    /// The documents that cannot be used.
    pub failed: Vec<FailedDocument>,
}

impl Loaded {
    /// The error that decides about a file: its first.
    pub fn file_error(&self, source: SourceId) -> Option<&Diagnostic> {
        self.failed.iter().find(|failed| failed.source == source).map(|failed| &failed.error)
    }
}

/// A document that cannot be used.
#[derive(Clone, Debug)]
pub struct FailedDocument {
    /// Its file.
    pub source: SourceId,
    /// Its place.
    pub span: Span,
    /// Its title, if it has one.
    pub title: Option<String>,
    /// Its id, if it has one.
    pub id: Option<String>,
    /// The error that decides.
    pub error: Diagnostic,
}

/// A rule on its way into the set.
struct Entry {
    item: RuleItem,
    source: SourceId,
    findings: Vec<Diagnostic>,
    refers_to: Vec<usize>,
    is_alive: bool,
}

/// Puts files together: filters are applied, references linked, rules ordered.
///
/// A correlation that refers to a rule which does not exist or cannot be used is refused, and so is what refers
/// to it. Rules stand in the order of the files, except that referenced ones come first.
pub fn resolve(files: Vec<ParsedFile>, options: &LoadOptions) -> Loaded {
    let mut resolver =
        Resolver { options, entries: Vec::new(), filters: Vec::new(), loaded: Loaded::default() };
    match options.compat {
        Compat::Spec => files.into_iter().for_each(|file| resolver.take_file(file)),
        Compat::PySigma => resolver.take_whole_files(files),
    }
    resolver.check_duplicates();
    resolver.apply_filters();
    resolver.link();
    resolver.finish()
}

struct Resolver<'o> {
    options: &'o LoadOptions,
    entries: Vec<Entry>,
    filters: Vec<super::filter::Filter>,
    loaded: Loaded,
}

impl Resolver<'_> {
    /// Under the reference's reading a file is used as a whole or not at all.
    fn take_whole_files(&mut self, files: Vec<ParsedFile>) {
        let documents = files.iter().flat_map(|file| &file.documents);
        let known: HashSet<String> =
            documents.flat_map(|document| [&document.id, &document.name]).flatten().cloned().collect();
        for file in files {
            match decisive(&file, &known) {
                Some((document, error)) => self.refuse_file(file, document, error),
                None => self.take_file(file),
            }
        }
    }

    fn take_file(&mut self, file: ParsedFile) {
        for document in file.documents {
            let is_usable = document.is_usable();
            if !is_usable {
                let error = document.diagnostics.iter().find(|found| found.is_error());
                if let Some(error) = error.cloned() {
                    self.loaded.failed.push(failed(file.source, &document, error));
                }
            }
            self.loaded.diagnostics.extend(document.diagnostics);
            let item = match document.content {
                _ if !is_usable => continue,
                Content::Nothing => continue,
                Content::Filter(filter) => {
                    self.filters.push(*filter);
                    continue;
                }
                Content::Rule(rule) => RuleItem::Rule(*rule),
                Content::Correlation(correlation) => RuleItem::Correlation(*correlation),
            };
            self.entries.push(Entry {
                item,
                source: file.source,
                findings: Vec::new(),
                refers_to: Vec::new(),
                is_alive: true,
            });
        }
    }

    /// Under the reference's reading: nothing of the file is used, and the decisive error comes first.
    fn refuse_file(&mut self, file: ParsedFile, document: usize, error: Diagnostic) {
        let mut findings: Vec<Diagnostic> =
            file.documents.iter().flat_map(|document| &document.diagnostics).cloned().collect();
        if error.code.number == codes::rule::UNKNOWN_RULE.number {
            findings.push(error.clone());
        }
        self.loaded.failed.push(failed(file.source, &file.documents[document], error));
        findings.sort_by_key(|found| compat::rank(found.code));
        self.loaded.diagnostics.append(&mut findings);
    }

    /// Ids and names stand for one rule. Where something refers to one that two rules have, the second is refused;
    /// else both are used, with a warning. The reference lets the last one win.
    fn check_duplicates(&mut self) {
        if self.options.compat.is_pysigma() {
            return;
        }
        let referenced = self.referenced_texts();
        let mut ids: HashMap<String, Span> = HashMap::new();
        let mut names: HashMap<String, Span> = HashMap::new();
        for entry in &mut self.entries {
            let span = entry.item.span();
            let meta = entry.item.meta();
            for (seen, text, code, what) in [
                (&mut ids, &meta.id, &codes::collection::DUPLICATE_ID, "id"),
                (&mut names, &meta.name, &codes::collection::DUPLICATE_NAME, "name"),
            ] {
                let Some(text) = text else { continue };
                match seen.get(text) {
                    None => {
                        seen.insert(text.clone(), span);
                    }
                    Some(first) => {
                        let message = format!("another rule has the {what} `{text}`");
                        if referenced.contains(text) {
                            let error = Diagnostic::error(code, message).at(span);
                            entry.findings.push(error.with_related(*first, "the other rule"));
                        } else {
                            let warning = Diagnostic::warning(code, message).at(span);
                            self.loaded.diagnostics.push(warning.with_related(*first, "the other rule"));
                        }
                    }
                }
            }
            entry.is_alive = entry.findings.is_empty();
        }
    }

    /// Ids and names that correlations and filters refer to.
    fn referenced_texts(&self) -> HashSet<String> {
        let of_correlations = self.entries.iter().flat_map(|entry| match &entry.item {
            RuleItem::Correlation(correlation) => correlation.rules.as_slice(),
            RuleItem::Rule(_) => &[],
        });
        let of_filters = self.filters.iter().flat_map(|filter| filter.rules.iter().flatten());
        of_correlations.map(|rule| rule.text.clone()).chain(of_filters.cloned()).collect()
    }

    fn apply_filters(&mut self) {
        let mut ids = HashSet::new();
        let is_spec = !self.options.compat.is_pysigma();
        let filters = std::mem::take(&mut self.filters);
        let filters: Vec<_> = filters
            .into_iter()
            .filter(|filter| match &filter.id {
                // The same filter twice counts once.
                Some(id) if is_spec => ids.insert(id.clone()),
                _ => true,
            })
            .collect();
        for entry in self.entries.iter_mut().filter(|entry| entry.is_alive) {
            let RuleItem::Rule(rule) = &mut entry.item else { continue };
            let mut context = Context::new(self.options, Vec::new());
            let matching = filters.iter().filter(|filter| filter.applies_to(rule)).collect::<Vec<_>>();
            for (at, filter) in matching.into_iter().enumerate() {
                filter.apply(rule, at, &mut context);
            }
            entry.is_alive &= !context.findings.iter().any(Diagnostic::is_error);
            entry.findings.append(&mut context.findings);
        }
    }

    /// Links references, and refuses what refers to nothing, to itself, or to what was refused.
    fn link(&mut self) {
        let ids: HashMap<String, usize> = self.index(|meta| meta.id.clone());
        let names: HashMap<String, usize> = self.index(|meta| meta.name.clone());
        for at in 0..self.entries.len() {
            let entry = &mut self.entries[at];
            let RuleItem::Correlation(correlation) = &mut entry.item else { continue };
            let mut linker = Linker { ids: &ids, names: &names, findings: Vec::new(), options: self.options };
            linker.correlation(correlation);
            entry.refers_to = correlation.rules.iter().map(|rule| rule.target.0 as usize).collect();
            entry.is_alive &= linker.findings.is_empty();
            entry.findings.append(&mut linker.findings);
        }
        self.refuse_cycles();
        self.refuse_dependents();
    }

    fn index(&self, key: impl Fn(&Meta) -> Option<String>) -> HashMap<String, usize> {
        let alive = self.entries.iter().enumerate().filter(|(_, entry)| entry.is_alive);
        alive.filter_map(|(at, entry)| Some((key(entry.item.meta())?, at))).collect()
    }

    fn refuse_cycles(&mut self) {
        // A correlation stands in a circle if nothing is left to take away from what it refers to.
        let mut waits: Vec<HashSet<usize>> = self
            .entries
            .iter()
            .map(|entry| match entry.is_alive {
                true => entry.refers_to.iter().copied().collect(),
                false => HashSet::new(),
            })
            .collect();
        loop {
            let done: HashSet<usize> = (0..waits.len()).filter(|at| waits[*at].is_empty()).collect();
            let before: usize = waits.iter().map(HashSet::len).sum();
            waits.iter_mut().for_each(|wait| wait.retain(|target| !done.contains(target)));
            if waits.iter().map(HashSet::len).sum::<usize>() == before {
                break;
            }
        }
        let circles: Vec<Option<Vec<usize>>> =
            (0..waits.len()).map(|at| (!waits[at].is_empty()).then(|| circle(&waits, at))).collect();
        let names: Vec<String> = self.entries.iter().map(|entry| name(entry.item.meta())).collect();
        for (at, (entry, circle)) in self.entries.iter_mut().zip(&circles).enumerate() {
            if let Some(circle) = circle {
                let way: Vec<String> = circle
                    .iter()
                    .chain(circle.first())
                    .map(|at| format!("`{}`", names.get(*at).map_or("", String::as_str)))
                    .collect();
                let way = way.join(" reads ");
                let message = match circle.contains(&at) {
                    true => format!("the correlation reads itself: {way}"),
                    false => format!("the correlation reads rules that read themselves: {way}"),
                };
                let finding = Diagnostic::error(&codes::rule::CORRELATION_CYCLE, message);
                entry.findings.push(finding.at(entry.item.span()));
                entry.is_alive = false;
            }
        }
    }

    fn refuse_dependents(&mut self) {
        loop {
            let alive: Vec<bool> = self.entries.iter().map(|entry| entry.is_alive).collect();
            let mut changed = false;
            for entry in self.entries.iter_mut().filter(|entry| entry.is_alive) {
                let RuleItem::Correlation(correlation) = &entry.item else { continue };
                let dead =
                    correlation.rules.iter().find(|rule| alive.get(rule.target.0 as usize) != Some(&true));
                if let Some(dead) = dead {
                    let message = format!("the rule `{}` cannot be used", dead.text);
                    let finding = Diagnostic::error(&codes::rule::UNKNOWN_RULE, message).at(dead.span);
                    entry.findings.push(finding);
                    entry.is_alive = false;
                    changed = true;
                }
            }
            if !changed {
                break;
            }
        }
        if self.options.compat.is_pysigma() {
            let dead: HashSet<SourceId> =
                self.entries.iter().filter(|entry| !entry.is_alive).map(|entry| entry.source).collect();
            self.entries
                .iter_mut()
                .filter(|entry| dead.contains(&entry.source))
                .for_each(|entry| entry.is_alive = false);
        }
    }

    fn finish(mut self) -> Loaded {
        let mut place = vec![usize::MAX; self.entries.len()];
        let mut kept = Vec::with_capacity(self.entries.len());
        for (at, entry) in self.entries.into_iter().enumerate() {
            if let Some(error) = entry.findings.iter().find(|found| found.is_error()) {
                let meta = entry.item.meta();
                self.loaded.failed.push(FailedDocument {
                    source: entry.source,
                    span: entry.item.span(),
                    title: Some(meta.title.clone()),
                    id: meta.id.clone(),
                    error: error.clone(),
                });
            }
            self.loaded.diagnostics.extend(entry.findings);
            if entry.is_alive {
                place[at] = kept.len();
                kept.push((entry.item, entry.refers_to));
            }
        }
        let refers_to: Vec<Vec<usize>> =
            kept.iter().map(|(_, targets)| targets.iter().map(|target| place[*target]).collect()).collect();
        let sorted = match self.options.compat {
            Compat::Spec => order::references_first(&refers_to),
            Compat::PySigma => order::as_reference(&refers_to),
        };
        // From the number at loading to the number in the set.
        let mut number = vec![0; kept.len()];
        sorted.iter().enumerate().for_each(|(to, from)| number[*from] = to);
        let renumber = |target: ItemId| {
            let at = place.get(target.0 as usize).and_then(|at| number.get(*at)).copied();
            ItemId(at.and_then(|at| u32::try_from(at).ok()).unwrap_or(u32::MAX))
        };
        let mut items: Vec<Option<RuleItem>> = kept.into_iter().map(|(item, _)| Some(item)).collect();
        let mut set = RuleSet::default();
        for from in sorted {
            let Some(mut item) = items[from].take() else { continue };
            if let RuleItem::Correlation(correlation) = &mut item {
                for_each_reference(correlation, &mut |rule| rule.target = renumber(rule.target));
            }
            set.items.push(item);
        }
        outputs(&mut set, self.options.compat);
        self.loaded.set = set;
        self.loaded
    }
}

/// Which rules stand for themselves. Ours: those that nothing refers to, and those that a correlation wants to
/// (`generate`). The reference silences a rule as soon as one correlation does not.
fn outputs(set: &mut RuleSet, compat: Compat) {
    let mut referenced = vec![false; set.items.len()];
    let mut wanted = vec![false; set.items.len()];
    let mut silenced = vec![false; set.items.len()];
    for item in &set.items {
        let RuleItem::Correlation(correlation) = item else { continue };
        for rule in &correlation.rules {
            let at = rule.target.0 as usize;
            if at < referenced.len() {
                referenced[at] = true;
                wanted[at] |= correlation.generate;
                silenced[at] |= !correlation.generate;
            }
        }
    }
    set.outputs = (0..set.items.len())
        .map(|at| match compat {
            Compat::Spec => !referenced[at] || wanted[at],
            Compat::PySigma => !silenced[at],
        })
        .collect();
    set.is_referenced = referenced;
}

fn failed(source: SourceId, document: &ParsedDocument, error: Diagnostic) -> FailedDocument {
    FailedDocument {
        source,
        span: document.span,
        title: document.title.clone(),
        id: document.id.clone(),
        error,
    }
}

/// The document and the error that the reference would raise for a file: broken YAML before everything, then
/// what it raises on the spot, then what it does not find when it resolves references, then the first of what
/// it collected.
fn decisive(file: &ParsedFile, known: &HashSet<String>) -> Option<(usize, Diagnostic)> {
    let errors = file.documents.iter().enumerate().flat_map(|(at, document)| {
        document.diagnostics.iter().filter(|found| found.is_error()).map(move |found| (at, found))
    });
    let (at, error) = errors.min_by_key(|(_, found)| compat::rank(found.code))?;
    if compat::rank(error.code) > compat::Rank::Resolve {
        let mut references = file
            .documents
            .iter()
            .enumerate()
            .flat_map(|(at, document)| document.references.iter().map(move |reference| (at, reference)));
        let missing = references.find(|(_, reference)| {
            let text = normal_uuid(&reference.text);
            !known.contains(text.as_ref().unwrap_or(&reference.text))
        });
        if let Some((at, reference)) = missing {
            return Some((at, unknown_rule(reference)));
        }
    }
    Some((at, error.clone()))
}

fn unknown_rule(rule: &RuleRef) -> Diagnostic {
    let message = format!("the rule `{}` is not among those loaded", rule.text);
    Diagnostic::error(&codes::rule::UNKNOWN_RULE, message).at(rule.span)
}

struct Linker<'a> {
    ids: &'a HashMap<String, usize>,
    names: &'a HashMap<String, usize>,
    findings: Vec<Diagnostic>,
    options: &'a LoadOptions,
}

impl Linker<'_> {
    fn correlation(&mut self, correlation: &mut Correlation) {
        for rule in &mut correlation.rules {
            if !self.link(rule) {
                self.findings.push(unknown_rule(rule));
            }
        }
        let is_spec = !self.options.compat.is_pysigma();
        if is_spec {
            self.check_twice(&correlation.rules);
        }
        for rule in correlation.aliases.iter_mut().flat_map(|alias| &mut alias.fields) {
            // The reference never resolves what aliases name.
            if !self.link(&mut rule.0) && is_spec {
                self.findings.push(unknown_rule(&rule.0));
            }
        }
        if let CorrelationCondition::Extended { expr, .. } = &mut correlation.condition {
            for_each_rule(expr, &mut |rule| {
                // Each is one of `rules`, where it was reported already.
                self.link(rule);
            });
        }
    }

    /// Links a reference, by id if it reads as one, else by name; false if there is no such rule.
    fn link(&self, rule: &mut RuleRef) -> bool {
        let found = match normal_uuid(&rule.text) {
            Some(id) => self.ids.get(&id),
            None => self.names.get(&rule.text),
        };
        if let Some(at) = found {
            rule.target = ItemId(u32::try_from(*at).unwrap_or(u32::MAX));
        }
        found.is_some()
    }

    fn check_twice(&mut self, rules: &[RuleRef]) {
        for (at, rule) in rules.iter().enumerate() {
            let first = rules[..at].iter().find(|other| other.target == rule.target);
            if let Some(first) = first
                && rule.target != super::correlation::UNLINKED
            {
                let message = format!("`{}` is the same rule as `{}`", rule.text, first.text);
                let finding = Diagnostic::error(&codes::rule::DUPLICATE_REFERENCE, message).at(rule.span);
                self.findings.push(finding.with_related(first.span, "first here"));
            }
        }
    }
}

fn for_each_reference(correlation: &mut Correlation, visit: &mut impl FnMut(&mut RuleRef)) {
    correlation.rules.iter_mut().for_each(&mut *visit);
    for alias in &mut correlation.aliases {
        alias.fields.iter_mut().for_each(|(rule, _)| visit(rule));
    }
    if let CorrelationCondition::Extended { expr, .. } = &mut correlation.condition {
        for_each_rule(expr, visit);
    }
}

fn for_each_rule(expr: &mut CorrelationExpr, visit: &mut impl FnMut(&mut RuleRef)) {
    match expr {
        CorrelationExpr::Or(args) | CorrelationExpr::And(args) => {
            args.iter_mut().for_each(|arg| for_each_rule(arg, visit));
        }
        CorrelationExpr::Not(arg) => for_each_rule(arg, visit),
        CorrelationExpr::Rule(rule) => visit(rule),
    }
}
