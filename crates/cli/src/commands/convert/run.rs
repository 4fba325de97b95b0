//! The way of a call: settings, texts, conversion, output, findings.

use std::path::PathBuf;
use std::sync::Arc;

use sigyn_backends::Env;
use sigyn_convert::{Conversion, Converter, Strictness, load_behind};
use sigyn_diagnostics::{Diagnostic, Group, SourceFile, Sources, codes};
use sigyn_ir::{BacktrackingRegex, LoadOptions};

use super::{Convert, report, written};
use crate::Exit;
use crate::findings::{self, Found};
use crate::progress::Progress;
use crate::setup::{self, PipelineNeed, Wanted};

/// Runs the command.
pub(crate) fn run(args: &Convert) -> Exit {
    let outcome = converter(args).and_then(|(converter, options)| {
        let (texts, unread) = texts(args)?;
        Ok((converter, options, texts, unread))
    });
    let (converter, options, texts, unread) = match outcome {
        Ok(ready) => ready,
        Err(found) => {
            findings::print(&found, args.report.diagnostics);
            return Exit::BadInput;
        }
    };
    if args.own.records.is_some() {
        return report::run(args, &converter, &options, texts, unread);
    }
    let (sources, loaded) = load_behind(converter.sources().clone(), texts, &options);
    let names = loaded.set.items.len() + loaded.failed.len();
    let progress = Progress::new("converting", loaded.set.items.len());
    let conversion = converter.convert_watched(loaded.set, || progress.step());
    progress.finish();
    let mut run = Run { args, sources: Arc::new(sources), found: unread, rules: names, converted: 0 };
    let found: Vec<Found> = loaded.diagnostics.into_iter().map(|found| run.place(found)).collect();
    run.found.extend(found);
    run.finish(conversion)
}

/// The converter of the call, and how rules are read.
fn converter(args: &Convert) -> Result<(Converter, LoadOptions), Vec<Found>> {
    let compat = setup::compat(args.own.compat);
    // `default` is a word of the call, not of the dialect: it means the target's own default.
    let format = if args.format == "default" { String::new() } else { args.format.clone() };
    let attack =
        args.own.attack_data.as_deref().map(setup::attack).transpose().map_err(|found| vec![found])?;
    let env = Env {
        compat,
        format,
        method: args.correlation_method.clone(),
        options: setup::options(&args.backend_option)?,
        attack: attack.map(Arc::new),
    };
    let need = if args.without_pipeline { PipelineNeed::Waived } else { PipelineNeed::Held };
    let strictness = if args.own.strict_fields { Strictness::Refuse } else { Strictness::Report };
    let converter = setup::converter(Wanted {
        aim: &args.aim,
        pipelines: &args.pipelines,
        env,
        strictness,
        pipeline_need: need,
    })?;
    // Whether a pattern that needs backtracking can be searched is for the target to say.
    Ok((converter, LoadOptions { backtracking_regex: BacktrackingRegex::Allow, ..LoadOptions::new(compat) }))
}

/// The texts of rules and filters. A path that does not exist makes the call wrong; a file that cannot be read
/// is a finding.
fn texts(args: &Convert) -> Result<(Vec<SourceFile>, Vec<Found>), Vec<Found>> {
    let paths: Vec<PathBuf> = args.rules.input.iter().chain(&args.filter).cloned().collect();
    setup::texts(&paths, &args.rules.file_pattern)
}

/// A run on its way out.
struct Run<'a> {
    args: &'a Convert,
    sources: Arc<Sources>,
    found: Vec<Found>,
    rules: usize,
    converted: usize,
}

impl Run<'_> {
    fn place(&self, diagnostic: Diagnostic) -> Found {
        Found::within(&self.sources, diagnostic)
    }

    /// A refusal of the target. One that the user's own dialect file is behind names the file, which the user can
    /// change, before the rule, which the user may not want to.
    fn refusal(&self, diagnostic: Diagnostic) -> Found {
        let Some(path) = self.args.aim.dialect.as_deref() else { return self.place(diagnostic) };
        if diagnostic.code.group() != Group::Backend || diagnostic.help.is_some() {
            return self.place(diagnostic);
        }
        let path = path.display();
        let is_template = diagnostic.code.number == codes::backend::FORMAT_TEMPLATE.number;
        let help = if is_template {
            format!("mend the template in `{path}`; docs/dialects.md says what templates are given")
        } else {
            format!(
                "if the language can say this, add the key for it to `{path}` (docs/dialects.md lists all); \
                 else `--skip-unsupported` goes on without the rule"
            )
        };
        Found { origin: path.to_string(), ..self.place(diagnostic.with_help(help)) }
    }

    fn finish(mut self, conversion: Conversion) -> Exit {
        let mut unmapped = Vec::new();
        for rule in &conversion.rules {
            match &rule.queries {
                Ok(_) => self.converted += 1,
                Err(failure) => self.found.push(self.refusal(failure.diagnostic.clone())),
            }
            unmapped.extend(rule.unmapped.iter().map(String::as_str));
        }
        let written = written::write(self.args, &self.sources, &conversion);
        if let Err(diagnostic) = &written {
            self.found.push(self.refusal(diagnostic.clone()));
        }
        self.refuse_no_rules();
        let verbose = self.args.verbose;
        let form = self.args.report.diagnostics;
        let for_people = form == crate::args::Diagnostics::Text;
        let shown = |found: &&Found| verbose || !for_people || found.diagnostic.is_error();
        let shown: Vec<Found> = self.found.iter().filter(shown).cloned().collect();
        findings::print(&shown, form);
        self.sum_up(&unmapped, written.is_ok());
        let exit = if written.is_err() { Exit::BadInput } else { self.exit() };
        // The process ends here; taking a rule set apart piece by piece would cost a tenth of the run.
        std::mem::forget((self, conversion));
        exit
    }

    /// An input without a rule is a mistake that must not pass in silence.
    fn refuse_no_rules(&mut self) {
        if self.rules == 0 && !self.found.iter().any(|found| found.diagnostic.is_error()) {
            let message = "no file of the input holds a rule";
            self.found.push(Found::of("", Diagnostic::error(&codes::input::NO_RULES, message)));
        }
    }

    /// What was refused, by reason, and which fields no pipeline mapped.
    fn sum_up(&self, unmapped: &[&str], is_written: bool) {
        let form = self.args.report.diagnostics;
        let errors: Vec<&Diagnostic> =
            self.found.iter().map(|found| &found.diagnostic).filter(|found| found.is_error()).collect();
        if !errors.is_empty() || self.args.verbose {
            let refused = self.rules.saturating_sub(self.converted);
            let (converted, rules) = (self.converted, self.rules);
            let end = if is_written { "" } else { ", but the output could not be made (see above)" };
            findings::say(form, &format!("{converted} of {rules} rules converted, {refused} refused{end}"));
            for reason in findings::reasons(errors.into_iter()) {
                findings::say(form, &format!("  {reason}"));
            }
        }
        if let Some(line) = unmapped_line(unmapped, self.args.verbose) {
            findings::say(form, &line);
        }
    }

    fn exit(&self) -> Exit {
        let errors = || self.found.iter().map(|found| &found.diagnostic).filter(|found| found.is_error());
        if self.rules == 0 {
            return Exit::BadInput;
        }
        let is_skipped = |found: &Diagnostic| {
            self.args.skip_unsupported && matches!(found.code.group(), Group::Backend | Group::Pipeline)
        };
        // A run that yields nothing is no success, whatever was to be skipped.
        if errors().all(is_skipped) && (self.converted > 0 || errors().next().is_none()) {
            Exit::Clean
        } else {
            Exit::Findings
        }
    }
}

/// How many rules use each field that no pipeline mapped.
fn unmapped_line(unmapped: &[&str], verbose: bool) -> Option<String> {
    const SHOWN: usize = 8;
    let mut counts: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
    for field in unmapped {
        *counts.entry(field).or_default() += 1;
    }
    let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let shown = if verbose { counts.len() } else { SHOWN.min(counts.len()) };
    let names: Vec<String> =
        counts[..shown].iter().map(|(field, count)| format!("{field} ({count})")).collect();
    let more =
        if shown < counts.len() { format!(" and {} more", counts.len() - shown) } else { String::new() };
    (!counts.is_empty())
        .then(|| format!("{} fields without a mapping: {}{more}", counts.len(), names.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::unmapped_line;

    #[test]
    fn unmapped_fields_are_counted_and_the_list_is_cut() {
        assert_eq!(unmapped_line(&[], false), None);
        let line = unmapped_line(&["b", "a", "b"], false);
        assert_eq!(line.as_deref(), Some("2 fields without a mapping: b (2), a (1)"));
        let many = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
        assert!(unmapped_line(&many, false).is_some_and(|line| line.ends_with("h (1) and 2 more")));
        assert!(unmapped_line(&many, true).is_some_and(|line| line.ends_with("j (1)")));
    }
}
