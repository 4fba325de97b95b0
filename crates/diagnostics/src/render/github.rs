//! Annotations of a GitHub workflow: one command per finding and line, which the runner shows beside the code.
//!
//! Source: GitHub's documentation, "Workflow commands for GitHub Actions", setting an error message.

use super::Finding;
use crate::Severity;

/// One finding as a workflow command, without a line break at the end.
pub fn render(finding: Finding<'_>) -> String {
    let diagnostic = finding.diagnostic;
    let command = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let place = finding.place(diagnostic.span);
    let mut properties = Vec::new();
    if !place.path.is_empty() {
        properties.push(format!("file={}", property(place.path)));
    }
    if let Some(region) = place.region {
        properties.push(format!("line={},endLine={}", region.line, region.end_line));
        // Columns across lines make the runner drop the annotation's place.
        if region.line == region.end_line {
            properties.push(format!("col={},endColumn={}", region.column, region.end_column));
        }
    }
    properties.push(format!("title={} {}", diagnostic.code, property(diagnostic.code.name)));
    let message = data(&format!("{}\n{}", diagnostic.message, diagnostic.way_out()));
    format!("::{command} {}::{message}", properties.join(","))
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Diagnostic, SourceFile, Sources, Span, codes};

    #[test]
    fn commands_carry_their_place_and_nothing_breaks_out() {
        let mut sources = Sources::default();
        let source = sources.add(SourceFile::new("a,b.yml", "a: b\nc: d\n"));
        let check = |start: usize, end: usize, expect: &str| {
            let found = Diagnostic::error(&codes::rule::MISSING_TITLE, "100%\n::stop");
            let found = found.at(Span::new(source, start, end)).with_help("mend it");
            let finding = Finding { diagnostic: &found, sources: &sources, origin: "" };
            assert_eq!(render(finding), expect);
        };
        let tail = "title=S2002 missing-title::100%25%0A::stop%0Amend it";
        check(0, 4, &format!("::error file=a%2Cb.yml,line=1,endLine=1,col=1,endColumn=5,{tail}"));
        check(0, 9, &format!("::error file=a%2Cb.yml,line=1,endLine=2,{tail}"));
    }
}
