//! From the words of the call to findings, and to the exit code.

use std::path::Path;

use sigyn_diagnostics::{Diagnostic, Severity, SourceFile, Sources, codes};
use sigyn_lint::{Baseline, Config, Facts, Finding, Linter, Outcome};

use super::{Check, changed, duplicates, mend, output, watch};
use crate::args::Diagnostics;
use crate::findings::{self, Found};
use crate::{Exit, commands, setup};

pub(crate) fn run(check: &Check) -> Exit {
    check.run().unwrap_or_else(|found| {
        findings::print(&found, Diagnostics::Text);
        Exit::BadInput
    })
}

impl Check {
    fn run(&self) -> Result<Exit, Vec<Found>> {
        if self.more.duplicates {
            return duplicates::run(self);
        }
        let linter = Linter::new(self.config()?, self.facts().map_err(|found| vec![found])?);
        if self.more.watch {
            return watch::run(self, linter);
        }
        let changed = match &self.more.changed_since {
            Some(revision) => Some(changed::files(revision).map_err(|message| vec![bad(message)])?),
            None => None,
        };
        let (mut texts, unread) = setup::texts(&self.rules.input, &self.rules.file_pattern)?;
        findings::print(&unread, Diagnostics::Text);
        let mended = if self.more.fix {
            mend::mend(&linter, &mut texts, self.more.is_unsafe, changed.as_ref())
                .map_err(|found| vec![found])?
        } else {
            mend::Mended::default()
        };
        let mut sources = Sources::default();
        for text in texts {
            sources.add(text);
        }
        let mut outcome = linter.run(&sources);
        outcome.add(self.refusals(&sources)?);
        if let Some(changed) = &changed {
            outcome.findings.retain(|finding| changed.has(name(finding, &sources)));
        }
        let known = self.baseline(&mut outcome, &sources)?;
        let report = output::Summary { outcome: &outcome, known, mended };
        output::print(self, &report, &sources).map_err(|found| vec![found])?;
        Ok(self.exit(&outcome, !unread.is_empty()))
    }

    /// What the findings mean for the exit code.
    pub(super) fn exit(&self, outcome: &Outcome, is_unread: bool) -> Exit {
        let has = |severity, is_error: bool| {
            let mut found = outcome.findings.iter();
            found
                .any(|found| found.diagnostic.severity == severity && found.diagnostic.is_error() == is_error)
        };
        let errors = (is_unread || has(Severity::Error, true)) && !self.pass_on_error;
        let issues = has(Severity::Warning, false) && !self.pass_on_issues;
        if errors || issues { Exit::Findings } else { Exit::Clean }
    }

    fn config(&self) -> Result<Config, Vec<Found>> {
        let mut config = match &self.validation_config {
            Some(path) => read_config(path)?,
            None => Config::all(),
        };
        let unknown = |name: &str| vec![bad(format!("there is no check `{name}`"))];
        for name in &self.exclude {
            if !config.exclude(&name.to_lowercase()) {
                return Err(unknown(name));
            }
        }
        if !self.more.select.is_empty()
            && let Some(name) = config.select(&self.more.select).first()
        {
            return Err(unknown(name));
        }
        Ok(config)
    }

    fn facts(&self) -> Result<Facts, Found> {
        let today = commands::hunt::now().map(|now| now.to_string().chars().take(10).collect());
        let mut facts = Facts::bundled(today);
        if let Some(path) = &self.more.attack_data {
            facts.attack = std::borrow::Cow::Owned(setup::attack(path)?);
        }
        Ok(facts)
    }

    /// Takes known findings out, or writes down all that are known from now on; says how many were known.
    pub(super) fn baseline(&self, outcome: &mut Outcome, sources: &Sources) -> Result<usize, Vec<Found>> {
        if let Some(path) = &self.more.write_baseline {
            let text = Baseline::of(&outcome.findings, sources).to_text();
            crate::output::write(path, text.as_bytes()).map_err(|error| {
                let message = format!("`{}` cannot be written: {error}", path.display());
                vec![Found::of("", Diagnostic::error(&codes::input::UNWRITABLE, message))]
            })?;
            let known = outcome.findings.len();
            outcome.findings.clear();
            return Ok(known);
        }
        let Some(path) = &self.more.baseline else { return Ok(0) };
        let file = setup::read(path).map_err(|found| vec![found])?;
        let baseline = Baseline::read(&file.text).map_err(|message| vec![bad(message)])?;
        Ok(baseline.subtract(&mut outcome.findings, sources))
    }
}

fn read_config(path: &Path) -> Result<Config, Vec<Found>> {
    let file = setup::read(path).map_err(|found| vec![found])?;
    let mut sources = Sources::default();
    let text = file.text.clone();
    let source = sources.add(SourceFile::new(file.name, file.text));
    let sources = std::sync::Arc::new(sources);
    let place = |diagnostic| Found::within(&sources, diagnostic);
    Config::from_yaml(source, &text).map_err(|found| found.into_iter().map(place).collect())
}

/// The path of the file that a finding is about.
pub(super) fn name<'a>(finding: &Finding, sources: &'a Sources) -> &'a str {
    sources.get(finding.source).map_or("", |file| file.name.as_str())
}

pub(super) fn bad(message: String) -> Found {
    Found::of("", Diagnostic::error(&codes::input::BAD_ARGUMENT, message))
}
