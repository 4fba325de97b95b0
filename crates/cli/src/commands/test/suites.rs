//! Test files with the rules they are about, run.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;
use sigyn_diagnostics::{Diagnostic, SourceId, Sources, codes};
use sigyn_engine::LogSources;
use sigyn_ir::{ItemId, Meta, RuleItem, RuleSet};
use sigyn_runtime::Program;
use sigyn_verify::report::Ran;
use sigyn_verify::{Case, Suite, Verdict, regression, regression_path};

use super::Test;
use super::find::{self, Files};
use crate::args::Pipelines;
use crate::commands::hunt::{Chosen, Selection, SelectionArgs, log_sources, place};
use crate::findings::Found;
use crate::input;
use crate::progress::Progress;

/// What came of all suites.
pub(super) struct Results {
    pub(super) ran: Vec<Ran>,
    /// Rules that no test says anything about, by path and title.
    pub(super) untested: Vec<String>,
    /// What cannot be read or used among the rules.
    pub(super) refused: Vec<Found>,
}

/// A suite that was run, with the rules it covers by [`key`].
struct Done {
    ran: Ran,
    covered: HashSet<String>,
    /// Pipelines that the suite names and that are files: they may stand among the rules, and are none.
    pipelines: Vec<PathBuf>,
    /// Rule files that could be used together.
    used: Vec<PathBuf>,
}

/// Runs every suite that was found.
pub(super) fn run(args: &Test, files: &Files) -> Result<Results, Vec<Found>> {
    let sources = log_sources()?;
    // What every suite would find wrong with the call is said once.
    let selection = Selection::new(&SelectionArgs::of(&args.pipelines))?;
    let progress = Progress::new("testing", files.tests.len());
    let mut done: Vec<Done> = files
        .tests
        .par_iter()
        .map(|path| {
            let done = suite(args, path, &sources);
            progress.step();
            done
        })
        .collect();
    progress.finish();
    let pipelines: HashSet<PathBuf> = done.iter().flat_map(|done| &done.pipelines).filter_map(same).collect();
    let rules: Vec<PathBuf> = files
        .rules
        .iter()
        .filter(|rule| !same(rule).is_some_and(|rule| pipelines.contains(&rule)))
        .cloned()
        .collect();
    let (texts, unread) = input::read(&rules, &Progress::hidden());
    let unread = unread.into_iter().map(|unread| Found::of(unread.name, unread.diagnostic)).collect();
    let Chosen { set, sources: texts, mut refused } = selection.choose(texts, unread);
    // A file that was asked for alone may read rules of others, which its tests name.
    let used: HashSet<PathBuf> = done.iter().flat_map(|done| &done.used).filter_map(same).collect();
    refused.retain(|found| {
        !lacks_others(found) || !found.file().and_then(same).is_some_and(|file| used.contains(&file))
    });
    done.extend(recorded(args, &set, &texts, &sources));
    let covered: HashSet<&String> = done.iter().flat_map(|done| &done.covered).collect();
    let untested = set.items.iter().filter(|item| !covered.contains(&key(item.meta())));
    let untested = untested.map(|item| described(item, &texts)).collect();
    let mut ran: Vec<Ran> = done.into_iter().map(|done| done.ran).collect();
    ran.retain(|ran| !ran.cases.is_empty());
    Ok(Results { ran, untested, refused })
}

/// Whether a rule is refused because others are not loaded.
fn lacks_others(found: &Found) -> bool {
    found.diagnostic.code.number == codes::rule::UNKNOWN_RULE.number
}

/// A file by the one path that it has however it is called.
fn same(path: impl AsRef<Path>) -> Option<PathBuf> {
    path.as_ref().canonicalize().ok()
}

/// By what a rule is known in two sets.
fn key(meta: &Meta) -> String {
    meta.id.clone().unwrap_or_else(|| meta.title.clone())
}

fn described(item: &RuleItem, sources: &Sources) -> String {
    let path = sources.get(item.span().source).map_or("", |file| file.name.as_str());
    format!("{path}: {}", item.meta().title)
}

/// The rules that tests say something about, with those that they read.
fn covered(cases: &[Case], set: &RuleSet) -> HashSet<String> {
    let mut waiting: Vec<ItemId> = cases.iter().flat_map(|case| case.rules.iter().copied()).collect();
    let mut covered = HashSet::new();
    while let Some(id) = waiting.pop() {
        let Some(item) = set.get(id) else { continue };
        if covered.insert(key(item.meta()))
            && let RuleItem::Correlation(correlation) = item
        {
            waiting.extend(correlation.reads());
        }
    }
    covered
}

fn broken(name: &str, findings: Vec<Diagnostic>) -> Case {
    let span = findings.iter().find_map(|found| found.span);
    Case {
        name: name.to_owned(),
        span: span.unwrap_or(sigyn_diagnostics::Span::new(SourceId::default(), 0, 0)),
        verdict: Verdict::Broken(findings),
        rules: std::collections::BTreeSet::new(),
        events: 0,
    }
}

/// One test file.
fn suite(args: &Test, path: &Path, log_sources: &LogSources) -> Done {
    let name = input::name(path);
    let mut sources = Sources::default();
    let done = |cases, sources, (covered, pipelines, used)| Done {
        ran: Ran { file: name.clone(), sources: Arc::new(sources), cases },
        covered,
        pipelines,
        used,
    };
    let nothing = (HashSet::new(), Vec::new(), Vec::new());
    let source = match input::read_one(path) {
        Ok(file) => sources.add(file),
        Err(unread) => {
            let cases = vec![broken("the file", vec![unread.diagnostic])];
            return done(cases, sources, nothing);
        }
    };
    let text = sources.get(source).map_or("", |file| file.text.as_str());
    let (mut suite, findings) = sigyn_verify::read(source, text);
    if !findings.is_empty() {
        return done(vec![broken("the file", findings)], sources, nothing);
    }
    let pipelines = pipelines(path, &suite);
    keep_asked_for(args, &name, &mut suite);
    if suite.tests.is_empty() {
        return done(Vec::new(), sources, (HashSet::new(), pipelines, Vec::new()));
    }
    match program(args, path, &suite, log_sources) {
        Ok((program, used)) => {
            let folder = path.parent().unwrap_or(Path::new("")).to_owned();
            let read = move |path: &str| read(&folder.join(path));
            let cases = sigyn_verify::run(&suite, &program, &read).cases;
            let covered = covered(&cases, &program.set);
            done(cases, sources, (covered, pipelines, used))
        }
        Err(findings) => {
            let cases = vec![broken("the rules", findings)];
            done(cases, sources, (HashSet::new(), pipelines, Vec::new()))
        }
    }
}

/// The pipelines of a suite that are files.
fn pipelines(path: &Path, suite: &Suite) -> Vec<PathBuf> {
    let files = suite.pipelines.iter().map(|name| path.with_file_name(name));
    files.filter(|file| file.is_file()).collect()
}

fn keep_asked_for(args: &Test, file: &str, suite: &mut Suite) {
    let is_asked_for = |texts: &[&str]| {
        args.filter.is_empty()
            || args.filter.iter().any(|filter| texts.iter().any(|text| text.contains(filter.as_str())))
    };
    suite.tests.retain(|test| {
        let rules = test.expect.iter().map(|expectation| expectation.rule.as_str());
        let texts: Vec<&str> = [file, test.name.as_str()].into_iter().chain(rules).collect();
        is_asked_for(&texts)
    });
}

/// The rules that a suite is about, compiled, and their files. Every one of them must be usable: a test of a refused rule tests nothing.
fn program(
    args: &Test,
    path: &Path,
    suite: &Suite,
    log_sources: &LogSources,
) -> Result<(Program, Vec<PathBuf>), Vec<Diagnostic>> {
    let plain = |found: Vec<Found>| found.into_iter().map(|found| found.diagnostic).collect::<Vec<_>>();
    let folder = path.parent().unwrap_or(Path::new(""));
    let named: Vec<PathBuf> = suite.rules.iter().map(|rule| folder.join(rule)).collect();
    let paths = if named.is_empty() { find::rules_beside(path, &pipelines(path, suite)) } else { named };
    let (files, missing) = input::collect(&paths, &args.file_pattern);
    let (texts, unread) = input::read(&files, &Progress::hidden());
    let problems: Vec<Diagnostic> =
        missing.into_iter().chain(unread).map(|unread| unread.diagnostic).collect();
    if !problems.is_empty() {
        return Err(problems);
    }
    if texts.is_empty() {
        let message = "no rule file stands beside the test file, and it names none";
        return Err(vec![Diagnostic::error(&codes::verify::UNREADABLE_INPUT, message)]);
    }
    let mut asked: Pipelines = args.pipelines.clone();
    // A pipeline is a built-in one, or a file beside the tests.
    asked.pipeline.extend(suite.pipelines.iter().map(|name| {
        let file = folder.join(name);
        if file.is_file() { input::name(&file) } else { name.clone() }
    }));
    let field_map = suite.field_map.iter().map(|(field, name)| format!("{field}={name}")).collect();
    let selection = SelectionArgs { field_map, ..SelectionArgs::of(&asked) };
    let selection = Selection::new(&selection).map_err(plain)?;
    let chosen = selection.choose(texts, Vec::new());
    let mut refused = plain(chosen.refused);
    let built = Program::build(chosen.set, log_sources, &suite.hints());
    refused.extend(built.refused);
    // Places in rules mean nothing in the test file: the message has to do.
    refused.iter_mut().for_each(|found| found.span = None);
    if refused.is_empty() { Ok((built.program, files)) } else { Err(refused) }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| error.to_string())
}

/// The rules that name regression data, tested with it: all with one program, each with a suite of its own.
fn recorded(args: &Test, set: &RuleSet, texts: &Arc<Sources>, log_sources: &LogSources) -> Vec<Done> {
    let is_recorded: Vec<bool> =
        set.items.iter().map(|item| regression_path(item.meta()).is_some()).collect();
    if !is_recorded.contains(&true) {
        return Vec::new();
    }
    let (set, _) = set.subset(&is_recorded, &[]);
    let built = Program::build(set, log_sources, &[]);
    let refused: Vec<Found> = built.refused.into_iter().map(|found| place(found, texts)).collect();
    crate::findings::print(&refused, crate::args::Diagnostics::Text);
    let program = built.program;
    let items = program.set.items.par_iter().filter_map(|item| {
        let path = regression_path(item.meta())?;
        let rule = texts.get(item.span().source).map_or("", |file| file.name.as_str());
        Some(recording(args, item.meta(), Path::new(rule), path, &program))
    });
    items.collect()
}

/// The regression data of one rule.
fn recording(args: &Test, meta: &Meta, rule: &Path, path: &str, program: &Program) -> Done {
    let mut sources = Sources::default();
    let mut name = path.to_owned();
    let mut cases = Vec::new();
    match find::above(rule, path).map(|path| input::read_one(&path)) {
        Some(Ok(file)) => {
            name.clone_from(&file.name);
            let source = sources.add(file);
            let text = sources.get(source).map_or("", |file| file.text.as_str());
            let (mut suite, findings) = regression(source, text, meta);
            if findings.is_empty() {
                keep_asked_for(args, &format!("{} {} {name}", meta.title, rule.display()), &mut suite);
                let read = |path: &str| match find::above(rule, path) {
                    Some(path) => read(&path),
                    None => Err("there is no such file above the rule".to_owned()),
                };
                cases = sigyn_verify::run(&suite, program, &read).cases;
            } else {
                cases.push(broken(&meta.title, findings));
            }
        }
        Some(Err(unread)) => cases.push(broken(&meta.title, vec![unread.diagnostic])),
        None => {
            let message = format!("`{path}` is not there, from any folder above the rule");
            let found = Diagnostic::error(&codes::verify::UNREADABLE_INPUT, message);
            cases.push(broken(&meta.title, vec![found]));
        }
    }
    let covered = covered(&cases, &program.set);
    Done {
        ran: Ran { file: name, sources: Arc::new(sources), cases },
        covered,
        pipelines: Vec::new(),
        used: Vec::new(),
    }
}
