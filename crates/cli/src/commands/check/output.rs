//! Findings on standard output, in the form asked for, and a summary for people on standard error.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use serde::Serialize;
use sigyn_diagnostics::render::{Finding as Shown, github, json, junit, sarif, text};
use sigyn_diagnostics::{Diagnostic, Severity, SourceFile, Sources, codes};
use sigyn_lint::{Finding, Outcome};

use super::mend::Mended;
use super::run::name;
use super::{Check, Format};
use crate::args::Diagnostics;
use crate::findings::{self, Found};
use crate::output;

/// What a run did.
pub(super) struct Summary<'a> {
    pub(super) outcome: &'a Outcome,
    /// How many findings the baseline knew.
    pub(super) known: usize,
    pub(super) mended: Mended,
}

/// The keys that findings of checks have beside those of all findings. A contract, as those are.
#[derive(Serialize)]
struct More<'a> {
    check: &'a str,
    validator: Option<&'a str>,
    pysigma_issue: Option<&'a str>,
    rule_id: Option<&'a str>,
    rule_title: Option<&'a str>,
}

impl<'a> More<'a> {
    fn of(finding: &'a Finding) -> Self {
        let rule = finding.rule.as_ref();
        Self {
            check: finding.name(),
            validator: finding.check.and_then(|check| check.like).map(|like| like.validator),
            pysigma_issue: finding.pysigma_issue,
            rule_id: rule.and_then(|rule| rule.id.as_deref()),
            rule_title: rule.map(|rule| rule.title.as_str()),
        }
    }
}

/// Prints everything.
pub(super) fn print(check: &Check, summary: &Summary<'_>, sources: &Sources) -> Result<(), Found> {
    let found = &summary.outcome.findings;
    let shown = |finding: &'_ Finding| -> String { name(finding, sources).to_owned() };
    let origins: Vec<String> = found.iter().map(shown).collect();
    let all: Vec<Shown<'_>> = found
        .iter()
        .zip(&origins)
        .map(|(finding, origin)| Shown { diagnostic: &finding.diagnostic, sources, origin })
        .collect();
    let lines =
        |render: fn(Shown<'_>) -> String| all.iter().map(|one| render(*one) + "\n").collect::<String>();
    let objects = || all.iter().zip(found).map(|(one, finding)| json::render_with(*one, &More::of(finding)));
    let out = match check.more.format {
        Format::Text => {
            let style = findings::style(&std::io::stdout());
            all.iter().map(|one| text::render(*one, style) + "\n").collect()
        }
        Format::Json => format!("[{}]\n", objects().collect::<Vec<_>>().join(",\n ")),
        Format::Ndjson => objects().map(|line| line + "\n").collect(),
        Format::Sarif => sarif::render(&all),
        Format::Github => lines(github::render),
        Format::Junit => junit::render(&all, &clean(found, sources)),
    };
    write(Path::new("-"), &out)?;
    if let Some(path) = &check.junitxml {
        write(path, &junit::render(&all, &clean(found, sources)))?;
    }
    if check.more.format == Format::Text {
        findings::say(Diagnostics::Text, &summary.to_text());
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<(), Found> {
    output::write(path, text.as_bytes()).map_err(|error| {
        let message = format!("cannot be written: {error}");
        Found::of(path.display().to_string(), Diagnostic::error(&codes::input::UNWRITABLE, message))
    })
}

/// The files without findings.
fn clean<'a>(found: &[Finding], sources: &'a Sources) -> Vec<&'a str> {
    let with: HashSet<_> = found.iter().map(|finding| finding.source).collect();
    // A file that is gone, while files are watched, has no name.
    let is_clean = |id, file: &SourceFile| !with.contains(&id) && !file.name.is_empty();
    sources.iter().filter(|(id, file)| is_clean(*id, file)).map(|(_, file)| file.name.as_str()).collect()
}

impl Summary<'_> {
    /// How many of what: by severity, then by check, the most frequent first.
    fn to_text(&self) -> String {
        let mut counts: BTreeMap<(Severity, &str), usize> = BTreeMap::new();
        for finding in &self.outcome.findings {
            *counts.entry((finding.diagnostic.severity, finding.name())).or_insert(0) += 1;
        }
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_by_key(|((severity, _), count)| std::cmp::Reverse((*severity, *count)));
        let mut lines: Vec<String> = counts
            .iter()
            .map(|((severity, name), count)| format!("{count:>7} {:<8} {name}", json::severity(*severity)))
            .collect();
        let total = |severity| -> usize {
            counts.iter().filter(|((of, _), _)| *of == severity).map(|(_, count)| count).sum()
        };
        let mut last = format!(
            "{}: {}, {}, {}",
            plural(self.outcome.rules, "rule"),
            plural(total(Severity::Error), "error"),
            plural(total(Severity::Warning), "warning"),
            plural(total(Severity::Note), "note"),
        );
        for (count, what) in [(self.outcome.suppressed, "suppressed"), (self.known, "in the baseline")] {
            if count > 0 {
                last += &format!(", {count} {what}");
            }
        }
        if self.mended.fixes > 0 {
            let (fixes, files) = (self.mended.fixes, self.mended.files);
            last += &format!("; mended {} in {}", plural(fixes, "finding"), plural(files, "file"));
        }
        lines.push(last);
        lines.join("\n")
    }
}

fn plural(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
