//! Rules over a corpus: how often each fires, against what is declared and what it was before.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Map, Value as Json, json};
use sigyn_diagnostics::{Diagnostic, SourceId, Span, codes};
use sigyn_ir::Meta;
use sigyn_syntax::{Compat, Value};

use crate::read::Reader;
use crate::report::xml;
use crate::steps::shown;
use crate::suite::Count;

/// How often a rule fired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Its id, if it has one.
    pub id: Option<String>,
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Its title.
    pub title: String,
    /// How often.
    pub count: u64,
}

impl Counted {
    /// A rule that fired so often.
    pub fn new(meta: &Meta, count: u64) -> Self {
        Self { id: meta.id.clone(), name: meta.name.clone(), title: meta.title.clone(), count }
    }

    /// By what it is the same rule in another run.
    fn key(&self) -> &str {
        self.id.as_deref().unwrap_or(&self.title)
    }

    fn is(&self, name: &str) -> bool {
        self.id.as_deref().is_some_and(|id| id.eq_ignore_ascii_case(name))
            || self.name.as_deref() == Some(name)
            || self.title == name
    }
}

/// What a corpus is declared to hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expectations {
    /// By rule.
    pub rules: Vec<(String, Count, Span)>,
    /// For every rule that is not named.
    pub others: Option<Count>,
}

/// Counts of an earlier run, by id, or by title for rules without.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Saved(BTreeMap<String, (String, u64)>);

/// What came of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its title.
    pub title: String,
    /// Its id.
    pub id: Option<String>,
    /// How often it fired.
    pub count: u64,
    /// How often it should have.
    pub expected: Option<Count>,
    /// How often it fired before; none without an earlier run, 0 for a rule that is new.
    pub before: Option<u64>,
    /// Whether the rule is still there.
    pub is_there: bool,
}

impl Row {
    /// Whether it fired as often as declared.
    pub fn is_met(&self) -> bool {
        self.expected.is_none_or(|count| count.holds(usize::try_from(self.count).unwrap_or(usize::MAX)))
    }

    /// Whether it fired as often as before.
    pub fn is_same(&self) -> bool {
        self.before.is_none_or(|before| before == self.count)
    }
}

/// Reads declared counts: `rules:` with a rule's id, name or title and its `count`, `min` or `max`, and `others:` for all
/// that are not named.
pub fn read_expectations(source: SourceId, text: &str) -> (Expectations, Vec<Diagnostic>) {
    let mut reader = Reader::new();
    let mut out = Expectations::default();
    let stream = sigyn_yaml::parse(source, text);
    reader.findings.extend(stream.diagnostics().filter(|found| found.is_error()).cloned());
    let root = stream.documents.into_iter().next().and_then(|document| document.root);
    let Some(root) = root else {
        reader.wrong("the file is empty", Span::new(source, 0, 0));
        return (out, reader.findings);
    };
    let value = Value::resolve(root, Compat::Spec, &mut reader.findings);
    if !reader.known_keys(&value, &["rules", "others"], "a file of expectations") {
        return (out, reader.findings);
    }
    if let Some(others) = value.get_some("others") {
        reader.known_keys(others, &["count", "min", "max"], "`others`");
        out.others = Some(reader.bounds(others));
    }
    for item in value.get_some("rules").and_then(Value::as_list).unwrap_or_default() {
        reader.known_keys(item, &["rule", "count", "min", "max"], "an expectation");
        match item.get_some("rule").and_then(Value::source_text) {
            Some(rule) => out.rules.push((rule.to_string(), reader.bounds(item), item.span)),
            None => reader.wrong("the expectation names no `rule`", item.span),
        }
    }
    if out.rules.is_empty() && out.others.is_none() {
        reader.wrong("the file expects nothing: write `rules` or `others`", value.span);
    }
    (out, reader.findings)
}

impl Saved {
    /// Reads counts that [`save`] wrote.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn read(text: &str) -> Result<Self, String> {
        let value: Json = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let rules = value.get("rules").and_then(Json::as_object).ok_or("it has no map `rules`")?;
        let one = |(key, value): (&String, &Json)| {
            let title = value.get("title").and_then(Json::as_str).unwrap_or(key).to_owned();
            let count = value.get("count").and_then(Json::as_u64);
            count.map(|count| (key.clone(), (title, count))).ok_or(format!("`{key}` has no count"))
        };
        Ok(Self(rules.iter().map(one).collect::<Result<_, _>>()?))
    }
}

/// Counts as a later run reads them, in an order that makes differences small.
pub fn save(counted: &[Counted]) -> String {
    let sorted: BTreeMap<&str, &Counted> =
        counted.iter().filter(|rule| rule.count > 0).map(|rule| (rule.key(), rule)).collect();
    let rules: Map<String, Json> = sorted
        .into_iter()
        .map(|(key, rule)| (key.to_owned(), json!({ "title": rule.title, "count": rule.count })))
        .collect();
    format!("{:#}\n", json!({ "version": 1, "rules": rules }))
}

/// Puts counts beside what is declared and what was before: rules that fired, should have, or did. The rules of
/// expectations must be there.
pub fn judge(
    counted: &[Counted],
    expectations: &Expectations,
    saved: Option<&Saved>,
) -> (Vec<Row>, Vec<Diagnostic>) {
    let mut findings = Vec::new();
    for (name, _, span) in &expectations.rules {
        if !counted.iter().any(|rule| rule.is(name)) {
            let message = format!("there is no rule `{name}`");
            findings.push(Diagnostic::error(&codes::verify::UNKNOWN_RULE, message).at(*span));
        }
    }
    let mut rows: Vec<Row> = counted
        .iter()
        .map(|rule| {
            let named = expectations.rules.iter().find(|(name, _, _)| rule.is(name));
            let before = saved.map(|saved| saved.0.get(rule.key()).map_or(0, |(_, count)| *count));
            Row {
                title: rule.title.clone(),
                id: rule.id.clone(),
                count: rule.count,
                expected: named.map(|(_, count, _)| *count).or(expectations.others),
                before,
                is_there: true,
            }
        })
        .filter(|row| row.count > 0 || !row.is_met() || !row.is_same())
        .collect();
    for (key, (title, before)) in saved.into_iter().flat_map(|saved| &saved.0) {
        if !counted.iter().any(|rule| rule.key() == key) {
            let (title, before) = (title.clone(), Some(*before));
            rows.push(Row {
                title,
                id: Some(key.clone()),
                count: 0,
                expected: None,
                before,
                is_there: false,
            });
        }
    }
    (rows, findings)
}

/// For people: what is not as declared, then what is not as before; all rules if asked for.
pub fn text(rows: &[Row], all: All) -> String {
    let mut out = String::new();
    for row in rows {
        let title = shown(&row.title);
        // Writing to a string cannot fail.
        let _ = match (row.is_met(), row.is_same(), row.expected, row.before) {
            (false, _, Some(expected), _) => {
                writeln!(out, "failed   {title}: fired {}, expected {expected}", times(row.count))
            }
            (_, false, _, Some(before)) if !row.is_there => {
                writeln!(out, "gone     {title}: fired {} before", times(before))
            }
            (_, false, _, Some(before)) => writeln!(out, "changed  {title}: {before} → {}", row.count),
            _ if all == All::Shown => writeln!(out, "         {title}: {}", row.count),
            _ => Ok(()),
        };
    }
    out
}

fn times(count: u64) -> String {
    match count {
        1 => "once".to_owned(),
        count => format!("{count} times"),
    }
}

/// Whether rules that are as expected are named too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum All {
    /// They are.
    Shown,
    /// Only what differs is.
    Hidden,
}

/// For programs: one object per rule and line. The keys are a contract.
pub fn ndjson(rows: &[Row]) -> String {
    let mut out = String::new();
    for row in rows {
        let object = json!({
            "rule": { "id": row.id, "title": row.title },
            "count": row.count,
            "min": row.expected.map(|count| count.min),
            "max": row.expected.and_then(|count| count.max),
            "before": row.before,
            "is_met": row.is_met(),
            "is_same": row.is_same(),
        });
        let _ = writeln!(out, "{object}");
    }
    out
}

/// For continuous integration: JUnit's XML with a case for each rule that something is expected of.
pub fn junit(rows: &[Row]) -> String {
    let judged: Vec<&Row> =
        rows.iter().filter(|row| row.expected.is_some() || row.before.is_some()).collect();
    let failed = judged.iter().filter(|row| !row.is_met() || !row.is_same()).count();
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"sigyn backtest\">\n  \
         <testsuite name=\"backtest\" tests=\"{}\" failures=\"{failed}\">\n",
        judged.len()
    );
    for row in judged {
        let title = xml(&row.title);
        let _ = write!(out, "    <testcase name=\"{title}\" classname=\"backtest\"");
        let line = text(std::slice::from_ref(row), All::Hidden);
        if line.is_empty() {
            out.push_str("/>\n");
        } else {
            let line = xml(line.trim());
            let _ = writeln!(out, ">\n      <failure message=\"{line}\"/>\n    </testcase>");
        }
    }
    out.push_str("  </testsuite>\n</testsuites>\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(title: &str, count: u64) -> Counted {
        Counted { id: None, name: None, title: title.to_owned(), count }
    }

    #[test]
    fn counts_are_held_against_what_is_declared_and_what_was() {
        let text_of = |yaml: &str, saved: Option<&str>, counts: &[(&str, u64)]| {
            let (expectations, findings) = read_expectations(SourceId::default(), yaml);
            assert!(findings.is_empty(), "{findings:?}");
            let saved = saved.map(|saved| Saved::read(saved).unwrap());
            let counted: Vec<Counted> = counts.iter().map(|(title, count)| counted(title, *count)).collect();
            let (rows, findings) = judge(&counted, &expectations, saved.as_ref());
            assert!(findings.is_empty());
            text(&rows, All::Hidden)
        };
        let yaml = "rules:\n- {rule: a, min: 1, max: 3}\n- {rule: b, count: 2}\nothers: {max: 0}\n";
        assert_eq!(text_of(yaml, None, &[("a", 3), ("b", 2), ("c", 0)]), "");
        let got = text_of(yaml, None, &[("a", 4), ("b", 0), ("c", 1)]);
        let expect = "failed   a: fired 4 times, expected 1 to 3\nfailed   b: fired 0 times, expected 2\n\
                      failed   c: fired once, expected 0\n";
        assert_eq!(got, expect);
        let before = save(&[counted("a", 1), counted("b", 2), counted("gone", 5)]);
        let got = text_of("others: {min: 0}", Some(&before), &[("a", 1), ("b", 3), ("new", 1)]);
        assert_eq!(got, "changed  b: 2 → 3\nchanged  new: 0 → 1\ngone     gone: fired 5 times before\n");
    }

    #[test]
    fn a_rule_that_is_not_there_is_no_rule_that_does_not_fire() {
        let (expectations, _) = read_expectations(SourceId::default(), "rules: [{rule: typo, max: 0}]");
        assert_eq!(judge(&[counted("a", 1)], &expectations, None).1.len(), 1);
        let check = |yaml: &str| read_expectations(SourceId::default(), yaml).1.len();
        assert_eq!((check(""), check("rule: x"), check("rules: [{min: 1}]")), (1, 2, 2));
    }
}
