//! Matching cases: Markdown files with rules, events and what must become of them.
//!
//! ````text
//! ## What the case shows
//!
//! ```yaml
//! f: 'a*b'
//! ```
//!
//! - matches `{"f":"a\nb"}`
//! - differs `{"f":"ba"}`
//! ````
//!
//! The block is the body of a selection, or a whole `detection` if it has a `condition` line, or whole documents if
//! it has a `title` line. `- refused` instead of events says that the rule must not load.

use sigyn_diagnostics::SourceId;
use sigyn_engine::{Config, Engine, LogSources, Prepared, Routing, Switch};
use sigyn_event::EventBuf;
use sigyn_ir::{Compat, LoadOptions, Loaded, RuleItem};
use sigyn_pipeline::{Context, Pipeline};

use crate::evaluator::Evaluator;
use crate::json;

/// A rule with events.
#[derive(Clone, Debug)]
pub struct Case {
    /// The heading.
    pub title: String,
    /// The documents.
    pub rule: String,
    /// The events, with whether the rule must match.
    pub events: Vec<(String, bool)>,
    /// Whether the rule must not load.
    pub is_refused: bool,
}

/// The cases of a file.
///
/// # Errors
/// The file is not in the form above.
pub fn cases(text: &str) -> Result<Vec<Case>, String> {
    text.split("\n## ").skip(1).map(case).collect()
}

fn case(text: &str) -> Result<Case, String> {
    let title = text.lines().next().unwrap_or("").to_owned();
    let (_, behind) = text.split_once("```yaml\n").ok_or_else(|| format!("{title}: no rule"))?;
    let (body, list) = behind.split_once("```").ok_or_else(|| format!("{title}: the rule does not end"))?;
    let mut case = Case { title, rule: whole(body), events: Vec::new(), is_refused: false };
    for line in list.lines().filter(|line| line.starts_with("- ")) {
        let event = || line.split('`').nth(1).unwrap_or("").to_owned();
        match line.split([' ', '`']).nth(1) {
            Some("matches") => case.events.push((event(), true)),
            Some("differs") => case.events.push((event(), false)),
            Some("refused") => case.is_refused = true,
            _ => return Err(format!("{}: {line}", case.title)),
        }
    }
    if case.events.is_empty() && !case.is_refused {
        return Err(format!("{}: nothing expected", case.title));
    }
    Ok(case)
}

/// The document of a body.
fn whole(body: &str) -> String {
    let has = |key: &str| body.lines().any(|line| line.starts_with(key));
    let indented = |by: &str| body.lines().map(|line| format!("{by}{line}\n")).collect::<String>();
    if has("title:") {
        return body.to_owned();
    }
    let detection = if has("condition:") {
        indented("    ")
    } else {
        format!("    selection:\n{}    condition: selection\n", indented("        "))
    };
    format!("title: case\nlogsource:\n    category: test\ndetection:\n{detection}")
}

/// What placeholders of cases and of random rules stand for.
const PLACEHOLDERS: &str = r"
name: placeholders
vars:
    words: [cmd.exe, 'a*', '10', admin]
    one: k
    wild: '*?b'
transformations:
    - type: value_placeholders
      include: [words, one, wild]
";

/// Loads documents under our reading, and gives the placeholders `words`, `one` and `wild` their values.
pub fn load(text: &str) -> Loaded {
    let options = LoadOptions::new(Compat::Spec);
    let parsed = sigyn_ir::read_text(SourceId::default(), text, &options);
    let mut loaded = sigyn_ir::resolve(vec![parsed], &options);
    if text.contains('%')
        && let (Some(pipeline), _) = Pipeline::from_yaml(SourceId::default(), PLACEHOLDERS)
    {
        for item in &mut loaded.set.items {
            if let RuleItem::Rule(rule) = item
                && let Err(error) = pipeline.apply(rule, &mut Context::new(Compat::Spec))
            {
                loaded.diagnostics.push(error);
            }
        }
    }
    loaded
}

/// Every way to run the engine over all rules: everything on, each strategy off alone, and all off.
pub fn configs() -> Vec<(&'static str, Config)> {
    let all = Config { routing: Routing::AllRules, ..Config::standard() };
    let off = Switch::Off;
    vec![
        ("all on", all.clone()),
        ("no witnesses", Config { witnesses: off, ..all.clone() }),
        ("no tables", Config { tables: off, ..all.clone() }),
        ("no value cache", Config { value_cache: off, ..all.clone() }),
        ("no shared atoms", Config { shared_atoms: off, ..all.clone() }),
        ("no regex literals", Config { regex_literals: off, ..all.clone() }),
        ("tiny cache", Config { cache_entries_max: 2, outcome_bytes_max: 1 << 10, ..all.clone() }),
        (
            "all off",
            Config {
                witnesses: off,
                tables: off,
                value_cache: off,
                shared_atoms: off,
                regex_literals: off,
                ..all
            },
        ),
    ]
}

/// The same, with rules tried by log source.
pub fn routed_configs() -> Vec<(&'static str, Config)> {
    let routed = |config| Config { routing: Routing::LogSource, ..config };
    configs().into_iter().map(|(name, config)| (name, routed(config))).collect()
}

/// Runs a case through the evaluator and every configuration; gives what went wrong.
pub fn run(case: &Case) -> Vec<String> {
    let loaded = load(&case.rule);
    let errors: Vec<_> = loaded.diagnostics.iter().filter(|found| found.is_error()).collect();
    if case.is_refused {
        return if errors.is_empty() { vec![format!("{}: is not refused", case.title)] } else { Vec::new() };
    }
    if let Some(error) = errors.first() {
        return vec![format!("{}: {}", case.title, error.message)];
    }
    let mut wrong = Vec::new();
    let Some(RuleItem::Rule(rule)) = loaded.set.items.first() else {
        return vec![format!("{}: no rule", case.title)];
    };
    let evaluator = Evaluator::default();
    if let Err(error) = evaluator.check(rule) {
        wrong.push(format!("{}: {error:?}", case.title));
    }
    for (text, expect) in &case.events {
        match json::event(text) {
            Ok(buf) => match evaluator.evaluate(rule, buf.event(""), &|_| Vec::new()) {
                Ok(verdict) if verdict == *expect => {}
                other => wrong.push(format!("{}: {text}: the evaluator says {other:?}", case.title)),
            },
            Err(error) => wrong.push(format!("{}: {error}", case.title)),
        }
    }
    wrong.extend(run_engines(case, &loaded, rule));
    wrong
}

fn run_engines(case: &Case, loaded: &Loaded, rule: &sigyn_ir::Rule) -> Vec<String> {
    let mut wrong = Vec::new();
    let Ok(sources) = LogSources::built_in() else { return vec!["no table of log sources".to_owned()] };
    for (name, config) in configs() {
        let built = Engine::build(&loaded.set, &sources, config);
        if let Some((_, refused)) = built.refused.first() {
            wrong.push(format!("{}: refused: {}", case.title, refused.message));
            continue;
        }
        let (mut scratch, mut prepared) = (built.engine.scratch(), Prepared::default());
        // Twice and in one buffer, so that the second round meets warm caches and known layouts.
        let mut buf = EventBuf::new();
        for (text, expect) in case.events.iter().chain(&case.events) {
            let Ok(serde_json::Value::Object(root)) = serde_json::from_str(text) else { continue };
            json::fill(&mut buf, &root);
            let verdict = !built.engine.run(buf.event(""), &mut scratch).1.is_empty();
            if verdict != *expect {
                wrong.push(format!("{}: {text}: the engine ({name}) says {verdict}", case.title));
            }
            let short = built.engine.explain_held(rule, buf.event(""), None, &mut prepared);
            if built.engine.explain(rule, buf.event(""), None).matches != *expect || short.matches != *expect
            {
                wrong.push(format!("{}: {text}: explained otherwise", case.title));
            }
        }
    }
    wrong
}
