//! SigmaHQ's regression data: an `info.yml` with recorded logs, which a rule names in `regression_tests_path`.
//!
//! Paths in it are taken from the top of the repository. `match_count`, where given, is how often the rule must
//! match; without it once or more. Other rules may match the recordings too.

use sigyn_diagnostics::{Diagnostic, SourceId, Span, codes};
use sigyn_ir::Meta;
use sigyn_syntax::{Compat, Value};

use crate::Wanted;
use crate::suite::{Arrival, Count, Expectation, Given, Suite, Test};

/// The path of a rule's regression data from the top of its repository, if the rule names one.
pub fn regression_path(meta: &Meta) -> Option<&str> {
    meta.custom("regression_tests_path").and_then(|path| path.as_str())
}

/// Reads an `info.yml` as the suite of one rule, which is named by its id, or by its title if it has none.
pub fn regression(source: SourceId, text: &str, meta: &Meta) -> (Suite, Vec<Diagnostic>) {
    let mut findings = Vec::new();
    let mut suite = Suite::default();
    let stream = sigyn_yaml::parse(source, text);
    findings.extend(stream.diagnostics().filter(|found| found.is_error()).cloned());
    let root = stream.documents.into_iter().next().and_then(|document| document.root);
    let value = root.map(|root| Value::resolve(root, Compat::Spec, &mut findings));
    let rule = meta.id.clone().unwrap_or_else(|| meta.title.clone());
    let infos = value.as_ref().and_then(|value| value.get_some("regression_tests_info"));
    let Some(infos) = infos.and_then(Value::as_list) else {
        let message = "the file has no list `regression_tests_info`";
        let at = Span::new(source, 0, 0);
        findings.push(Diagnostic::error(&codes::verify::BAD_TEST_FILE, message).at(at));
        return (suite, findings);
    };
    for info in infos {
        let text = |key| info.get_some(key).and_then(Value::source_text);
        let Some(path) = text("path") else {
            let message = "the test names no `path`";
            findings.push(Diagnostic::error(&codes::verify::BAD_TEST_FILE, message).at(info.span));
            continue;
        };
        let count = match text("match_count").map(|count| (count.parse(), info.span)) {
            None => Count { min: 1, max: None },
            Some((Ok(count), _)) => Count::exactly(count),
            Some((Err(_), span)) => {
                let message = "`match_count` is no number";
                findings.push(Diagnostic::error(&codes::verify::BAD_TEST_FILE, message).at(span));
                continue;
            }
        };
        let wanted = Wanted::default();
        suite.tests.push(Test {
            name: text("name").map_or_else(|| "regression".to_owned(), ToString::to_string),
            span: info.span,
            given: vec![Given::File { path: path.to_string(), span: info.span }],
            log_source: None,
            expect: vec![Expectation { rule: rule.clone(), count, wanted, span: info.span }],
            expect_none: Vec::new(),
            allow_others: true,
            arrival: Arrival::Written,
        });
    }
    (suite, findings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_info_file_is_a_suite() {
        let meta = Meta { id: Some("8a".to_owned()), ..Meta::default() };
        let text = "id: 1\nregression_tests_info:\n- {name: Positive, type: evtx, path: a/b.evtx}\n\
                    - {path: c.json, match_count: 3}\n";
        let (suite, findings) = regression(SourceId::default(), text, &meta);
        assert!(findings.is_empty());
        let counts: Vec<Count> = suite.tests.iter().map(|test| test.expect[0].count).collect();
        assert_eq!(counts, [Count { min: 1, max: None }, Count::exactly(3)]);
        assert!(suite.tests.iter().all(|test| test.allow_others && test.expect[0].rule == "8a"));
        assert_eq!(regression(SourceId::default(), "id: 1\n", &meta).1.len(), 1);
    }
}
