//! Test results in JUnit's XML, as continuous integration reads them: a suite for each kind of finding, a failed
//! case for each finding, and one passed case for each file without any.

use std::fmt::Write;

use super::Finding;
use crate::render::json::severity;

/// All findings as one document; `clean` are the files without findings.
pub fn render(findings: &[Finding<'_>], clean: &[&str]) -> String {
    let mut out =
        String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"sigyn check\">\n");
    let mut suites: Vec<(&str, Vec<&Finding<'_>>)> = Vec::new();
    for finding in findings {
        let name = finding.diagnostic.code.name;
        match suites.iter_mut().find(|(known, _)| *known == name) {
            Some((_, suite)) => suite.push(finding),
            None => suites.push((name, vec![finding])),
        }
    }
    for (name, suite) in &suites {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "  <testsuite name=\"{name}\" tests=\"{0}\" failures=\"{0}\">", suite.len());
        for finding in suite {
            out.push_str(&case(finding));
        }
        out.push_str("  </testsuite>\n");
    }
    if !clean.is_empty() {
        let _ = writeln!(out, "  <testsuite name=\"clean\" tests=\"{}\" failures=\"0\">", clean.len());
        for path in clean {
            let path = escape(path);
            let _ = writeln!(out, "    <testcase name=\"{path}\" classname=\"clean\" file=\"{path}\"/>");
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn case(finding: &Finding<'_>) -> String {
    let diagnostic = finding.diagnostic;
    let place = finding.place(diagnostic.span);
    let (path, name) = (escape(place.path), diagnostic.code.name);
    let line = place.region.map_or(1, |region| region.line);
    let kind = severity(diagnostic.severity);
    let message = escape(&diagnostic.message);
    let text = escape(&format!("{}:{line}: {}", place.path, diagnostic.way_out()));
    format!(
        "    <testcase name=\"{path}:{line}\" classname=\"{name}\" file=\"{path}\" line=\"{line}\">\n      \
         <failure type=\"{kind}\" message=\"{message}\">{text}</failure>\n    </testcase>\n"
    )
}

/// Text for XML; characters that XML cannot hold at all are shown as U+FFFD.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push_str("&#9;"),
            c if u32::from(c) < 32 || matches!(c, '\u{FFFE}' | '\u{FFFF}') => out.push('\u{FFFD}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Diagnostic, SourceFile, Sources, Span, codes};

    #[test]
    fn findings_fail_and_clean_files_pass() {
        let mut sources = Sources::default();
        let source = sources.add(SourceFile::new("a&b.yml", "x\ny\n"));
        let found = Diagnostic::warning(&codes::rule::MISSING_TITLE, "no <title>\u{1}");
        let found = found.at(Span::new(source, 2, 3)).with_help("add it");
        let finding = Finding { diagnostic: &found, sources: &sources, origin: "" };
        let expect = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<testsuites name=\"sigyn check\">
  <testsuite name=\"missing-title\" tests=\"1\" failures=\"1\">
    <testcase name=\"a&amp;b.yml:2\" classname=\"missing-title\" file=\"a&amp;b.yml\" line=\"2\">
      <failure type=\"warning\" message=\"no &lt;title&gt;\u{FFFD}\">a&amp;b.yml:2: add it</failure>
    </testcase>
  </testsuite>
  <testsuite name=\"clean\" tests=\"1\" failures=\"0\">
    <testcase name=\"c.yml\" classname=\"clean\" file=\"c.yml\"/>
  </testsuite>
</testsuites>
";
        assert_eq!(render(&[finding], &["c.yml"]), expect);
    }
}
