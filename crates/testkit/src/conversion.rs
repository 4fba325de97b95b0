//! Conversion cases: a Markdown file with a rule and what the targets make of it.
//!
//! ```text
//! # Title
//!
//! Why the case is there.
//!
//! ~~~yaml
//! the rule, or several documents
//! ~~~
//!
//! ## plain
//!
//! ~~~
//! what the plain target prints
//! ~~~
//!
//! ## splunk
//!
//! ~~~refused
//! S5004 what the target cannot say
//! ~~~
//!
//! ## splunk, pysigma
//!
//! ~~~
//! what the reference prints
//! ~~~
//! ```
//!
//! Everything below the rule is a snapshot: it is written by running the test with `SIGYN_UPDATE=1`, never by
//! hand.

use std::fmt::Write;
use std::sync::Arc;

use sigyn_backends::{CustomTarget, Env, Output, Target, dialect, targets};
use sigyn_convert::{Converter, Failure, Settings, Strictness};
use sigyn_diagnostics::{Diagnostic, SourceId, Sources};
use sigyn_ir::{BacktrackingRegex, Compat, Data, LoadOptions};
use sigyn_pipeline::NoFiles;

/// The dialect of the plain target.
const PLAIN: &str = include_str!("conversion/plain.yml");

/// The part of a case that people write.
#[derive(Debug)]
pub struct Case {
    /// Everything up to the end of the rule.
    head: String,
    /// The rule.
    rule: String,
}

/// What one target makes of a rule under one reading.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    Printed(String),
    Refused(String),
}

impl Case {
    /// Reads the part of a case that people write; the error says what is missing.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (_, behind) = text.split_once("```yaml\n").ok_or("no ```yaml block with the rule")?;
        let (rule, _) = behind.split_once("```").ok_or("the rule's block does not end")?;
        let head_length = text.len() - behind.len() + rule.len() + "```\n".len();
        let head = text.get(..head_length).ok_or("nothing behind the rule's block")?;
        Ok(Self { head: head.to_owned(), rule: rule.to_owned() })
    }

    /// The whole case as it should be on disk.
    ///
    /// # Errors
    /// A built-in target or the plain dialect does not load.
    pub fn render(&self) -> Result<String, Diagnostic> {
        let mut out = self.head.clone();
        let plain = || dialect::load(SourceId::default(), PLAIN).map(CustomTarget::new);
        let expected = run(&self.rule, Box::new(plain()?), Compat::Spec);
        section(&mut out, "plain", &expected);
        for target in targets::ALL {
            let ours = run(&self.rule, target.build()?, Compat::Spec);
            if ours != expected {
                section(&mut out, target.name, &ours);
            }
            let theirs = run(&self.rule, target.build()?, Compat::PySigma);
            if theirs != ours {
                section(&mut out, &format!("{}, pysigma", target.name), &theirs);
            }
        }
        Ok(out)
    }
}

fn section(out: &mut String, name: &str, outcome: &Outcome) {
    let (kind, text) = match outcome {
        Outcome::Printed(text) => ("", text),
        Outcome::Refused(text) => ("refused", text),
    };
    // Writing to a string cannot fail.
    let _ = write!(out, "\n## {name}\n\n```{kind}\n{text}\n```\n");
}

fn run(rule: &str, target: Box<dyn Target>, compat: Compat) -> Outcome {
    let options = LoadOptions { backtracking_regex: BacktrackingRegex::Allow, ..LoadOptions::new(compat) };
    let parsed = sigyn_ir::read_text(SourceId::default(), rule, &options);
    let loaded = sigyn_ir::resolve(vec![parsed], &options);
    if let Some(error) = loaded.diagnostics.iter().find(|diagnostic| diagnostic.is_error()) {
        return refused(error);
    }
    let env = Env { compat, ..Env::default() };
    let settings = Settings {
        target,
        pipelines: Vec::new(),
        env,
        files: Arc::new(NoFiles),
        strictness: Strictness::Report,
        sources: Sources::default(),
    };
    let converter = match Converter::new(settings) {
        Ok(converter) => converter,
        Err(error) => return refused(&error),
    };
    let conversion = converter.convert(loaded.set);
    let failure = conversion.rules.iter().find_map(|rule| rule.queries.as_ref().err());
    match (failure, conversion.output) {
        (Some(Failure { diagnostic, .. }), _) => refused(diagnostic),
        (None, Err(Failure { diagnostic, .. })) => refused(&diagnostic),
        (None, Ok(Output::Text(text))) => Outcome::Printed(text),
        (None, Ok(Output::List(queries))) => {
            let texts: Vec<_> = queries
                .iter()
                .map(|query| match query {
                    Data::Text(text) => text.clone(),
                    document => document.to_json(Some(2)),
                })
                .collect();
            Outcome::Printed(texts.join("\n\n"))
        }
    }
}

fn refused(diagnostic: &Diagnostic) -> Outcome {
    Outcome::Refused(format!("{} {}", diagnostic.code, diagnostic.message))
}
