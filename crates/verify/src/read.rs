//! A test file from its text.

mod expectation;

use sigyn_diagnostics::{Diagnostic, SourceId, Span, codes};
use sigyn_event::Timestamp;
use sigyn_ir::LogSource;
use sigyn_syntax::{Compat, Value, nearest};

use crate::events;
use crate::suite::{Arrival, Common, Given, Suite, Test};
use crate::values::{json, key_text};

const SUITE_KEYS: &[&str] =
    &["rules", "pipeline", "pipelines", "field_map", "defaults", "start", "logsource", "tests"];
const TEST_KEYS: &[&str] = &[
    "name",
    "description",
    "defaults",
    "start",
    "logsource",
    "events",
    "files",
    "expect",
    "expect_none",
    "allow_others",
    "arrival",
    "shuffle",
];

/// Reads a test file. What is wrong with it is said with its place; the tests that can be understood are there.
pub fn read(source: SourceId, text: &str) -> (Suite, Vec<Diagnostic>) {
    let mut reader = Reader::new();
    let mut suite = Suite::default();
    let stream = sigyn_yaml::parse(source, text);
    reader.findings.extend(stream.diagnostics().filter(|found| found.is_error()).cloned());
    let whole = Span::new(source, 0, 0);
    let Some(root) = stream.documents.into_iter().next().and_then(|document| document.root) else {
        if reader.findings.is_empty() {
            reader.wrong("the file is empty", whole);
        }
        return (suite, reader.findings);
    };
    let value = Value::resolve(root, Compat::Spec, &mut reader.findings);
    reader.suite(&value, &mut suite);
    (suite, reader.findings)
}

pub(crate) struct Reader {
    pub(crate) findings: Vec<Diagnostic>,
}

impl Reader {
    pub(crate) fn new() -> Self {
        Self { findings: Vec::new() }
    }

    pub(crate) fn wrong(&mut self, message: impl Into<String>, span: Span) {
        self.findings.push(Diagnostic::error(&codes::verify::BAD_TEST_FILE, message).at(span));
    }

    /// Every key must be known: a misspelled `expect` would be a test that never fails.
    pub(crate) fn known_keys(&mut self, value: &Value<'_>, known: &[&str], what: &str) -> bool {
        let Some(pairs) = value.as_map() else {
            self.wrong(format!("{what} is not a map"), value.span);
            return false;
        };
        for (key, _) in pairs {
            let name = key_text(key);
            if !known.contains(&name.as_str()) {
                let mut found =
                    Diagnostic::error(&codes::verify::BAD_TEST_FILE, format!("{what} has no key `{name}`"))
                        .at(key.span);
                let help = match nearest(&name, known) {
                    Some(near) => format!("write `{near}`"),
                    None => format!("it may have {}", known.join(", ")),
                };
                found = found.with_help(help);
                self.findings.push(found);
            }
        }
        true
    }

    fn suite(&mut self, value: &Value<'_>, suite: &mut Suite) {
        if !self.known_keys(value, SUITE_KEYS, "a test file") {
            return;
        }
        suite.rules = self.texts(value, "rules");
        suite.pipelines = self.texts(value, "pipeline");
        suite.pipelines.extend(self.texts(value, "pipelines"));
        for (field, name) in value.get_some("field_map").and_then(Value::as_map).into_iter().flatten() {
            suite.field_map.push((key_text(field), self.text(name, "a name of `field_map`")));
        }
        let common = self.common(value, &Common::default());
        let Some(tests) = value.get_some("tests") else {
            return self.wrong("the file has no `tests`", value.span);
        };
        let Some(items) = tests.as_list().filter(|items| !items.is_empty()) else {
            return self.wrong("`tests` is not a list of tests", tests.span);
        };
        for (at, item) in items.iter().enumerate() {
            let test = self.test(item, at, &common);
            suite.tests.extend(test);
        }
    }

    /// What a test may say itself or leave to its file.
    fn common(&mut self, value: &Value<'_>, above: &Common) -> Common {
        let mut common = above.clone();
        if let Some(defaults) = value.get_some("defaults") {
            match defaults.as_map() {
                Some(pairs) => {
                    for (key, value) in pairs {
                        let name = key_text(key);
                        common.defaults.retain(|(known, _)| *known != name);
                        common.defaults.push((name, json(value)));
                    }
                }
                None => self.wrong("`defaults` is not a map of fields", defaults.span),
            }
        }
        if let Some(start) = value.get_some("start") {
            common.start = start.source_text().and_then(|text| Timestamp::parse(text));
            if common.start.is_none() {
                self.wrong("`start` is no time like 2026-03-01T10:00:00Z", start.span);
            }
        }
        if let Some(source) = value.get_some("logsource") {
            common.log_source = self.log_source(source);
        }
        common
    }

    fn log_source(&mut self, value: &Value<'_>) -> Option<LogSource> {
        if !self.known_keys(value, &["product", "category", "service"], "`logsource`") {
            return None;
        }
        let text = |key| value.get_some(key).and_then(Value::source_text).map(ToString::to_string);
        Some(LogSource {
            product: text("product"),
            category: text("category"),
            service: text("service"),
            ..LogSource::default()
        })
    }

    fn test(&mut self, value: &Value<'_>, at: usize, above: &Common) -> Option<Test> {
        if !self.known_keys(value, TEST_KEYS, "a test") {
            return None;
        }
        let common = self.common(value, above);
        let name = value.get_some("name").and_then(Value::source_text);
        let mut given = Vec::new();
        for item in self.list(value, "events") {
            match events::expand(item, &common) {
                Ok(texts) => {
                    given.extend(texts.into_iter().map(|text| Given::Event { text, span: item.span }))
                }
                Err((message, span)) => self.wrong(message, span),
            }
        }
        for item in self.list(value, "files") {
            let path = self.text(item, "a path of `files`");
            given.push(Given::File { path, span: item.span });
        }
        if value.get("events").is_none() && value.get("files").is_none() {
            self.wrong("the test has neither `events` nor `files`", value.span);
        }
        if value.get("expect").is_none() && value.get("expect_none").is_none() {
            self.wrong(
                "the test expects nothing: write `expect`; `expect: []` if no rule may fire",
                value.span,
            );
        }
        let expect: Vec<_> = self
            .list(value, "expect")
            .into_iter()
            .filter_map(|item| self.expectation(item, common.start))
            .collect();
        let none = self.list(value, "expect_none");
        let expect_none =
            none.into_iter().map(|item| (self.text(item, "a rule of `expect_none`"), item.span)).collect();
        Some(Test {
            name: name.map_or_else(|| format!("test {}", at + 1), ToString::to_string),
            span: value.span,
            arrival: self.arrival(value, given.len()),
            given,
            log_source: common.log_source,
            // A test that only says what must not fire says nothing about the rest.
            allow_others: self.flag(value, "allow_others") || value.get("expect").is_none(),
            expect,
            expect_none,
        })
    }

    fn arrival(&mut self, value: &Value<'_>, count: usize) -> Arrival {
        let Some(order) = value.get_some("arrival") else {
            return if self.flag(value, "shuffle") { Arrival::Shuffled } else { Arrival::Written };
        };
        let items = order.as_list().unwrap_or_default();
        let number = |item: &Value<'_>| item.source_text().and_then(|text| text.parse::<usize>().ok());
        let numbers: Vec<usize> = items.iter().filter_map(number).collect();
        let mut sorted = numbers.clone();
        sorted.sort_unstable();
        if sorted != (1..=count).collect::<Vec<_>>() {
            self.wrong(format!("`arrival` must have each number from 1 to {count} once"), order.span);
            return Arrival::Written;
        }
        Arrival::Order(numbers)
    }

    pub(crate) fn flag(&mut self, value: &Value<'_>, key: &str) -> bool {
        let Some(flag) = value.get_some(key) else { return false };
        match flag.source_text().map(AsRef::as_ref) {
            Some("true") => true,
            Some("false") => false,
            _ => {
                self.wrong(format!("`{key}` is neither true nor false"), flag.span);
                false
            }
        }
    }

    pub(crate) fn text(&mut self, value: &Value<'_>, what: &str) -> String {
        match value.source_text() {
            Some(text) => text.to_string(),
            None => {
                self.wrong(format!("{what} is not a text"), value.span);
                String::new()
            }
        }
    }

    /// One text or a list of them.
    fn texts(&mut self, value: &Value<'_>, key: &str) -> Vec<String> {
        let what = format!("`{key}`");
        match value.get_some(key) {
            Some(list) if list.as_list().is_some() => {
                list.as_list().unwrap_or_default().iter().map(|item| self.text(item, &what)).collect()
            }
            Some(one) => vec![self.text(one, &what)],
            None => Vec::new(),
        }
    }

    fn list<'v, 's>(&mut self, value: &'v Value<'s>, key: &str) -> Vec<&'v Value<'s>> {
        let Some(list) = value.get_some(key) else { return Vec::new() };
        match list.as_list() {
            Some(items) => items.iter().collect(),
            None => {
                self.wrong(format!("`{key}` is not a list"), list.span);
                Vec::new()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let check = |text: &str, expect: &[&str]| {
            let (_, findings) = read(SourceId::default(), text);
            let messages: Vec<&str> = findings.iter().map(|found| found.message.as_str()).collect();
            assert_eq!(messages, expect, "{text}");
            assert!(findings.iter().all(|found| found.span.is_some()));
        };
        check("tests: [{events: [{a: 1}], expect: [{rule: x, count: {min: 2}}]}]", &[]);
        check("", &["the file is empty"]);
        check("test: []", &["a test file has no key `test`", "the file has no `tests`"]);
        check(
            "tests: [{events: [], expects: []}]",
            &[
                "a test has no key `expects`",
                "the test expects nothing: write `expect`; `expect: []` if no rule may fire",
            ],
        );
        check("tests: [{expect: []}]", &["the test has neither `events` nor `files`"]);
        check(
            "tests: [{events: [{$at: 5s}], expect: []}]",
            &["`$at` is no time; a span of time like 90s needs a `start`"],
        );
        check(
            "tests: [{events: [a, b], arrival: [1, 1], expect: []}]",
            &["`arrival` must have each number from 1 to 2 once"],
        );
        check("tests: [{events: [a], expect: [{rule: x, tme: 1}]}]", &["an expectation has no key `tme`"]);
        check("tests: [{events: [a], expect: [{count: 1}]}]", &["the expectation names no `rule`"]);
        check(
            "start: soon\ntests: [{events: [a], expect: []}]",
            &["`start` is no time like 2026-03-01T10:00:00Z"],
        );
    }

    #[test]
    fn tests_inherit_from_their_file() {
        let text = "start: 2026-03-01T10:00:00Z\ndefaults: {A: 1, B: 2}\nlogsource: {product: linux}\n\
                    tests:\n- name: one\n  defaults: {B: 3}\n  events:\n  - {$at: 1m30s, C: 4}\n  expect: [r]\n";
        let (suite, findings) = read(SourceId::default(), text);
        assert!(findings.is_empty(), "{findings:?}");
        let test = &suite.tests[0];
        assert_eq!(test.log_source.as_ref().unwrap().product.as_deref(), Some("linux"));
        let Given::Event { text, .. } = &test.given[0] else { unreachable!() };
        assert_eq!(text, r#"{"@timestamp":"2026-03-01T10:01:30Z","A":1,"B":3,"C":4}"#);
        assert_eq!(test.expect[0].rule, "r");
    }
}
