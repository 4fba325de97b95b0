//! The rules: what the folders hold now, what of it is in force, and what is refused.
//!
//! A book is read as a whole and never changed; a reload makes another. One broken rule costs no other.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use sigyn_convert::load;
use sigyn_correlate::{Limits, Plan};
use sigyn_diagnostics::render::{self, Finding};
use sigyn_diagnostics::{Diagnostic, Sources, Span};
use sigyn_engine::LogSources;
use sigyn_ir::{Compat, ItemId, LoadOptions, LogSource, RuleItem, RuleSet};
use sigyn_runtime::Program;
use sigyn_store::catalog::{Catalog, RuleSetting};

use crate::files::rule_files;
use crate::{Error, Result, now};

/// All rules of a node at one time.
#[derive(Debug)]
pub struct Book {
    /// What is in force, compiled.
    pub program: Arc<Program>,
    /// Everything that could be read, in force or not; what is read stands before what reads it.
    pub set: RuleSet,
    /// One entry for each rule, in the order of `set`.
    pub rules: Vec<Rule>,
    /// Documents and files that are no rules.
    pub refused: Vec<Refusal>,
    /// The texts.
    pub sources: Sources,
    /// When it was read, in nanoseconds UTC.
    pub read_at: i64,
    by_uid: HashMap<String, usize>,
}

/// A rule of the book.
#[derive(Clone, Debug)]
pub struct Rule {
    /// What identifies it for good: its id, else made from its name, else from its title and logic.
    pub uid: String,
    /// Its file.
    pub path: String,
    /// What it reads: uids.
    pub reads: Vec<String>,
    /// The hash of its logic, which the ids of its detections hang on (E3); none if it is refused.
    pub logic: Option<String>,
    /// How many rules stand one on the other below it, itself included; none if it is refused.
    pub stratum: Option<u32>,
    /// Whether it is switched on.
    pub is_enabled: bool,
    /// Whether its detections become signals.
    pub is_shown: bool,
    /// Why no event can reach it.
    pub inert: Option<String>,
    /// Why it is not in force although it is switched on.
    pub error: Option<String>,
}

/// Something in the folders that is not in force because it is broken.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The file.
    pub path: String,
    /// The rule's title, if it has one.
    pub title: Option<String>,
    /// The code of the finding, as documented.
    pub code: Option<String>,
    /// Why, in a sentence.
    pub message: String,
    /// The finding as people read it, with the place.
    pub text: String,
}

impl Book {
    /// How many rules are in force, those among them that only feed others.
    pub fn in_force(&self) -> usize {
        self.rules.iter().filter(|rule| rule.is_enabled && rule.error.is_none()).count()
    }

    /// Reads rule folders; the catalog knows what is switched off.
    ///
    /// # Errors
    /// If a path is not there, or what the catalog says.
    pub fn read(paths: &[PathBuf], catalog: &Catalog) -> Result<Self> {
        let (texts, unread) = rule_files(paths)?;
        let settings = catalog.read(|view| view.rule_settings())?;
        let unread = unread.into_iter().map(|(path, why)| Refusal {
            text: format!("{path}: {why}"),
            path,
            title: None,
            code: None,
            message: why,
        });
        let mut refused: Vec<Refusal> = unread.collect();
        let (sources, loaded) = load(texts, &LoadOptions::new(Compat::Spec));
        refused.extend(
            loaded
                .failed
                .iter()
                .map(|failed| Refusal { title: failed.title.clone(), ..refusal(&failed.error, &sources) }),
        );
        let set = loaded.set;
        let (plan, found) = Plan::compile(&set, &Limits::standard());
        let mut rules: Vec<Rule> = (0..set.items.len()).map(|at| entry(at, &set, &plan, &sources)).collect();
        for diagnostic in found.iter().filter(|found| found.is_error()) {
            note(diagnostic, &set, &mut rules, &sources, &mut refused);
        }
        switch_off(&mut rules, &settings);
        let program = compile(&set, &mut rules, &sources, &mut refused)?;
        let by_uid = rules.iter().enumerate().map(|(at, rule)| (rule.uid.clone(), at)).collect();
        Ok(Self { program: Arc::new(program), set, rules, refused, sources, read_at: now(), by_uid })
    }

    /// What is in force, and some rules beside it whether they are switched on or not.
    pub(crate) fn program_with(&self, uids: &HashSet<String>) -> Result<Program> {
        let is_wanted = |rule: &Rule| rule.error.is_none() && (rule.is_enabled || uids.contains(&rule.uid));
        let is_wanted: Vec<bool> = self.rules.iter().map(is_wanted).collect();
        let (wanted, _) = self.set.subset(&is_wanted, &[]);
        let table = LogSources::built_in().map_err(|error| Error::invalid(error.to_string()))?;
        Ok(Program::build(wanted, &table, &[]).program)
    }

    /// The place of a rule.
    pub fn find(&self, uid: &str) -> Option<usize> {
        self.by_uid.get(uid).copied()
    }

    /// A rule with what its text says.
    pub fn get(&self, uid: &str) -> Option<(&Rule, &RuleItem)> {
        let at = self.find(uid)?;
        Some((self.rules.get(at)?, self.set.items.get(at)?))
    }

    /// The text of a rule as it stands in its file.
    pub fn text(&self, uid: &str) -> Option<&str> {
        let span = self.get(uid)?.1.span();
        self.sources.get(span.source).map(|file| file.slice(span))
    }
}

/// The log source that a rule names, as people write it.
pub fn log_source_text(source: &LogSource) -> String {
    let parts = [("product", &source.product), ("category", &source.category), ("service", &source.service)];
    let parts =
        parts.iter().filter_map(|(name, value)| value.as_ref().map(|value| format!("{name}={value}")));
    parts.collect::<Vec<_>>().join(" ")
}

fn entry(at: usize, set: &RuleSet, plan: &Plan, sources: &Sources) -> Rule {
    let id = ItemId(u32::try_from(at).unwrap_or(u32::MAX));
    let (meta, span) =
        set.items.get(at).map_or((None, Span::default()), |item| (Some(item.meta()), item.span()));
    let path = sources.get(span.source).map_or("", |file| file.name.as_str());
    let own = || meta.and_then(|meta| meta.id.clone()).unwrap_or_else(|| format!("{path}#{}", span.start));
    let uid_of = |id: &ItemId| plan.uid(*id).map(str::to_owned);
    Rule {
        uid: plan.uid(id).map_or_else(own, str::to_owned),
        path: path.to_owned(),
        reads: plan.children(id).iter().filter_map(uid_of).collect(),
        logic: plan.logic_hash(id).map(|hash| hash.to_string()),
        stratum: plan.stratum(id),
        is_enabled: true,
        is_shown: plan.is_signal(id),
        inert: None,
        error: None,
    }
}

fn switch_off(rules: &mut [Rule], settings: &[RuleSetting]) {
    let off: HashSet<&str> =
        settings.iter().filter(|setting| !setting.is_enabled).map(|setting| setting.uid.as_str()).collect();
    for rule in rules {
        rule.is_enabled = !off.contains(rule.uid.as_str());
    }
}

/// Compiles what is switched on, and notes what cannot be.
fn compile(
    set: &RuleSet,
    rules: &mut [Rule],
    sources: &Sources,
    refused: &mut Vec<Refusal>,
) -> Result<Program> {
    let is_wanted: Vec<bool> = rules.iter().map(|rule| rule.is_enabled).collect();
    let (wanted, _) = set.subset(&is_wanted, &[]);
    let table = LogSources::built_in().map_err(|error| Error::invalid(error.to_string()))?;
    let built = Program::build(wanted, &table, &[]);
    for diagnostic in &built.refused {
        note(diagnostic, set, rules, sources, refused);
    }
    for inert in built.inert {
        let span = built.program.set.get(inert.rule).map(RuleItem::span);
        if let Some(rule) = span.and_then(|span| place(span, set)).and_then(|at| rules.get_mut(at)) {
            rule.inert = Some(inert.reason);
        }
    }
    Ok(built.program)
}

/// Notes a finding at the rule that it is about, or as a refusal if it is about none.
fn note(
    diagnostic: &Diagnostic,
    set: &RuleSet,
    rules: &mut [Rule],
    sources: &Sources,
    refused: &mut Vec<Refusal>,
) {
    let at = diagnostic.span.and_then(|span| place(span, set));
    match at.and_then(|at| rules.get_mut(at)) {
        Some(rule) => {
            rule.error.get_or_insert_with(|| diagnostic.message.clone());
        }
        None => refused.push(refusal(diagnostic, sources)),
    }
}

/// The rule whose text holds a place.
fn place(span: Span, set: &RuleSet) -> Option<usize> {
    set.items.iter().position(|item| {
        let own = item.span();
        own.source == span.source && own.start <= span.start && span.start <= own.end
    })
}

/// A finding as people read it.
pub fn finding_text(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let finding = Finding { diagnostic, sources, origin: "" };
    render::text::render(finding, render::text::Style::PLAIN)
}

fn refusal(diagnostic: &Diagnostic, sources: &Sources) -> Refusal {
    let path =
        diagnostic.span.and_then(|span| sources.get(span.source)).map_or("", |file| file.name.as_str());
    Refusal {
        path: path.to_owned(),
        title: None,
        code: Some(diagnostic.code.to_string()),
        message: diagnostic.message.clone(),
        text: finding_text(diagnostic, sources),
    }
}
