//! `--report ndjson`: a record per rule file, for programs.
//!
//! The keys `path`, `queries`, `error`, `class` and `message` are a contract; `code` and `line` stand beside them.
//! A file of which only some rules were refused has both `queries` and `error`.

use rayon::prelude::*;
use serde::Serialize;
use sigyn_convert::{Converter, Failure, FileReport};
use sigyn_diagnostics::{Diagnostic, Group, SourceFile};
use sigyn_ir::LoadOptions;

use super::Convert;
use crate::findings::{self, Found};
use crate::progress::Progress;
use crate::{Exit, output};

#[derive(Serialize)]
struct Record<'a> {
    path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    queries: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Error<'a>>,
}

#[derive(Serialize)]
struct Error<'a> {
    class: &'a str,
    message: &'a str,
    code: String,
    line: Option<usize>,
}

/// Converts each file by itself and prints its record, in the order of the files.
pub(super) fn run(
    args: &Convert,
    converter: &Converter,
    options: &LoadOptions,
    texts: Vec<SourceFile>,
    unread: Vec<Found>,
) -> Exit {
    let progress = Progress::new("converting", texts.len());
    let reports: Vec<(String, FileReport)> = texts
        .into_par_iter()
        .map(|text| {
            let name = text.name.clone();
            let report = converter.convert_file(text, options);
            progress.step();
            (name, report)
        })
        .collect();
    progress.finish();
    let mut lines: String = unread.iter().map(|found| line(&unread_record(found))).collect();
    for (name, report) in &reports {
        lines.push_str(&line(&record(name, report)));
    }
    if let Err(error) = output::write(&args.output, lines.as_bytes()) {
        findings::say(args.report.diagnostics, &format!("the records cannot be written: {error}"));
        return Exit::BadInput;
    }
    sum_up(args, &reports);
    exit(args, &reports, &unread)
}

fn line(record: &Record<'_>) -> String {
    // Neither the keys nor the values can make this fail.
    serde_json::to_string(record).unwrap_or_default() + "\n"
}

fn record<'a>(path: &'a str, report: &'a FileReport) -> Record<'a> {
    let error = report.failures.first().map(|failure| error(failure, report));
    let is_partial = !report.queries.is_empty();
    let queries = (error.is_none() || is_partial).then_some(report.queries.as_slice());
    Record { path, queries, error }
}

fn error<'a>(failure: &'a Failure, report: &FileReport) -> Error<'a> {
    let diagnostic = &failure.diagnostic;
    let line =
        diagnostic.span.and_then(|span| Some(report.sources.get(span.source)?.line_column(span.start).line));
    Error {
        class: failure.reference_class,
        message: &diagnostic.message,
        code: diagnostic.code.to_string(),
        line,
    }
}

/// A file that cannot be read, or is no text.
fn unread_record(found: &Found) -> Record<'_> {
    let diagnostic = &found.diagnostic;
    let error = Error {
        class: sigyn_convert::reference_class(diagnostic.code),
        message: &diagnostic.message,
        code: diagnostic.code.to_string(),
        line: found.line(),
    };
    Record { path: &found.origin, queries: None, error: Some(error) }
}

fn sum_up(args: &Convert, reports: &[(String, FileReport)]) {
    let failures = || reports.iter().flat_map(|(_, report)| &report.failures);
    let refused = reports.iter().filter(|(_, report)| !report.failures.is_empty()).count();
    if refused == 0 {
        return;
    }
    let form = args.report.diagnostics;
    findings::say(form, &format!("{} files, {refused} of them with refused rules", reports.len()));
    for reason in findings::reasons(failures().map(|failure| &failure.diagnostic)) {
        findings::say(form, &format!("  {reason}"));
    }
}

fn exit(args: &Convert, reports: &[(String, FileReport)], unread: &[Found]) -> Exit {
    let is_skipped = |found: &Diagnostic| {
        args.skip_unsupported && matches!(found.code.group(), Group::Backend | Group::Pipeline)
    };
    let mut failures = reports.iter().flat_map(|(_, report)| &report.failures);
    if reports.is_empty() && unread.is_empty() {
        Exit::BadInput
    } else if unread.is_empty() && failures.all(|failure| is_skipped(&failure.diagnostic)) {
        Exit::Clean
    } else {
        Exit::Findings
    }
}
