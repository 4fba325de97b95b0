//! What came of suites, for people and for programs.

use std::fmt::Write;

use serde_json::{Value, json};
use sigyn_diagnostics::{SourceFile, Sources, Span};

use crate::run::{Case, Problem, Verdict};
use crate::steps::shown;

/// A suite that was run, by the name of its file.
#[derive(Debug)]
pub struct Ran {
    /// The test file.
    pub file: String,
    /// Its text, for places.
    pub sources: std::sync::Arc<Sources>,
    /// Its tests.
    pub cases: Vec<Case>,
}

/// How many tests ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// As expected.
    pub passed: usize,
    /// Not as expected.
    pub failed: usize,
    /// Could not be run.
    pub broken: usize,
}

/// Counts.
pub fn tally(ran: &[Ran]) -> Tally {
    let mut tally = Tally::default();
    for case in ran.iter().flat_map(|ran| &ran.cases) {
        match case.verdict {
            Verdict::Passed => tally.passed += 1,
            Verdict::Failed(_) => tally.failed += 1,
            Verdict::Broken(_) => tally.broken += 1,
        }
    }
    tally
}

impl Ran {
    fn line(&self, span: Span) -> usize {
        self.sources.get(span.source).map_or(1, |file: &SourceFile| file.line_column(span.start).line)
    }

    /// What went wrong with a test, line by line; the line in its file stands in front.
    fn problems(&self, case: &Case) -> Vec<(usize, String, Vec<String>)> {
        match &case.verdict {
            Verdict::Passed => Vec::new(),
            Verdict::Failed(problems) => problems
                .iter()
                .map(|Problem { what, details, span }| {
                    (self.line(span.unwrap_or(case.span)), what.clone(), details.clone())
                })
                .collect(),
            Verdict::Broken(found) => found
                .iter()
                .map(|found| {
                    let help = vec![found.way_out().to_owned()];
                    (self.line(found.span.unwrap_or(case.span)), found.message.clone(), help)
                })
                .collect(),
        }
    }
}

fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "passed",
        Verdict::Failed(_) => "failed",
        Verdict::Broken(_) => "broken",
    }
}

/// For people: what is not as expected, with its place and its reasons.
pub fn text(ran: &[Ran]) -> String {
    let mut out = String::new();
    for ran in ran {
        for case in ran.cases.iter().filter(|case| !matches!(case.verdict, Verdict::Passed)) {
            // Writing to a string cannot fail.
            let _ = writeln!(out, "{} {}: {}", word(&case.verdict), ran.file, shown(&case.name));
            for (line, what, details) in ran.problems(case) {
                let _ = writeln!(out, "  line {line}: {what}");
                for detail in details {
                    let _ = writeln!(out, "    {detail}");
                }
            }
        }
    }
    out
}

/// Every test, one line each.
pub fn list(ran: &[Ran]) -> String {
    let mut out = String::new();
    for ran in ran {
        for case in &ran.cases {
            let _ = writeln!(out, "{} {}: {}", word(&case.verdict), ran.file, shown(&case.name));
        }
    }
    out
}

/// For programs: one object per test and line. The keys are a contract.
pub fn ndjson(ran: &[Ran]) -> String {
    let mut out = String::new();
    for ran in ran {
        for case in &ran.cases {
            let problems: Vec<Value> = ran
                .problems(case)
                .into_iter()
                .map(|(line, message, details)| json!({ "line": line, "message": message, "details": details }))
                .collect();
            let object = json!({
                "file": ran.file,
                "line": ran.line(case.span),
                "test": case.name,
                "outcome": word(&case.verdict),
                "events": case.events,
                "problems": problems,
            });
            let _ = writeln!(out, "{object}");
        }
    }
    out
}

/// For continuous integration: JUnit's XML, a suite for each test file.
pub fn junit(ran: &[Ran]) -> String {
    let mut out =
        String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"sigyn test\">\n");
    for ran in ran {
        let count = |of: fn(&Verdict) -> bool| ran.cases.iter().filter(|case| of(&case.verdict)).count();
        let _ = writeln!(
            out,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\">",
            xml(&ran.file),
            ran.cases.len(),
            count(|verdict| matches!(verdict, Verdict::Failed(_))),
            count(|verdict| matches!(verdict, Verdict::Broken(_))),
        );
        for case in &ran.cases {
            let (name, file, line) = (xml(&case.name), xml(&ran.file), ran.line(case.span));
            let _ = write!(
                out,
                "    <testcase name=\"{name}\" classname=\"{file}\" file=\"{file}\" line=\"{line}\""
            );
            let problems = ran.problems(case);
            if problems.is_empty() {
                out.push_str("/>\n");
                continue;
            }
            out.push_str(">\n");
            let kind = if matches!(case.verdict, Verdict::Broken(_)) { "error" } else { "failure" };
            let message = problems.first().map_or("", |(_, what, _)| what.as_str());
            let mut body = String::new();
            for (line, what, details) in &problems {
                let _ = writeln!(body, "line {line}: {what}");
                for detail in details {
                    let _ = writeln!(body, "  {detail}");
                }
            }
            let _ = writeln!(out, "      <{kind} message=\"{}\">{}</{kind}>", xml(message), xml(&body));
            out.push_str("    </testcase>\n");
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

/// Text for XML; characters that XML cannot hold at all are shown as U+FFFD.
pub(crate) fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            c if u32::from(c) < 32 || matches!(c, '\u{FFFE}' | '\u{FFFF}') => out.push('\u{FFFD}'),
            c => out.push(c),
        }
    }
    out
}
