//! Reading of the mapping `sigyn:`.
//!
//! What cannot be read is reported and remembered in [`Options::unread`]; it never refuses the document, because
//! converting it does not need the options.

use sigyn_diagnostics::{Code, Diagnostic, Span, codes};
use sigyn_syntax::{Attributes, DocumentKind, Reading, Scalar, Value, nearest};

use super::{Context, meta};
use crate::options::{EVIDENCE_MAX, OUTCOMES_MAX};
use crate::{
    Aggregate, Data, Missing, Number, OnMatch, Options, Outcome, PercentileKind, Revisions, WindowKind,
};

/// The key under which the options stand.
const KEY: &str = "sigyn";
/// Keys of every rule.
const OF_ALL: &[&str] = &["silent", "risk", "outcomes"];
/// Keys of correlations alone.
const OF_CORRELATIONS: &[&str] = &[
    "window",
    "gap",
    "offset",
    "timezone",
    "pivot",
    "on_match",
    "suppress",
    "missing",
    "percentile",
    "revisions",
    "evidence",
    "inventory",
];
/// Units of time spans with their seconds.
const UNITS: &[(char, u64)] = &[('s', 1), ('m', 60), ('h', 3_600), ('d', 86_400), ('w', 604_800)];

/// The options of a document.
pub(crate) fn read(attributes: &Attributes<'_>, kind: DocumentKind, context: &mut Context<'_>) -> Options {
    let mut options = Options::default();
    let Some((_, value)) = attributes.custom.iter().find(|(key, _)| key == KEY) else { return options };
    let mut reader = Reader { context, options: &mut options };
    let Some(pairs) = value.as_map() else {
        reader.bad(KEY, "`sigyn` is not a map".into(), value.span, None);
        return options;
    };
    for (key, value) in pairs {
        let name = key.source_text().map_or("", |text| text.as_ref());
        let is_of_correlations = OF_CORRELATIONS.contains(&name);
        let is_of_all = OF_ALL.contains(&name) && kind != DocumentKind::Filter;
        if is_of_all || (is_of_correlations && kind == DocumentKind::Correlation) {
            reader.option(name, value);
        } else {
            reader.unknown(name, is_of_correlations, kind, key.span);
        }
    }
    options
}

struct Reader<'a, 'o> {
    context: &'a mut Context<'o>,
    options: &'a mut Options,
}

impl Reader<'_, '_> {
    fn warn(&mut self, code: &'static Code, message: String, span: Span, help: Option<String>) {
        if self.context.compat().is_pysigma() {
            return;
        }
        let found = Diagnostic::warning(code, message).at(span);
        self.context.findings.push(match help {
            Some(help) => found.with_help(help),
            None => found,
        });
    }

    fn bad(&mut self, key: &str, message: String, span: Span, help: Option<String>) {
        self.options.unread.push(key.to_owned());
        self.warn(&codes::collection::BAD_OPTION, message, span, help);
    }

    fn unknown(&mut self, name: &str, is_of_correlations: bool, kind: DocumentKind, span: Span) {
        let (message, help) = if is_of_correlations {
            (format!("`{name}` is an option of correlations"), None)
        } else if name == "lateness" {
            let help =
                "How late events may come is a property of a source: set it where the source is set up.";
            ("a rule has no option `lateness`".to_owned(), Some(help.to_owned()))
        } else {
            let known: Vec<&str> = match kind {
                DocumentKind::Correlation => [OF_ALL, OF_CORRELATIONS].concat(),
                _ => OF_ALL.to_vec(),
            };
            let near = nearest(name, &known).map(|near| format!("did you mean `{near}`?"));
            (format!("there is no option `{name}`"), near)
        };
        self.warn(&codes::collection::UNKNOWN_OPTION, message, span, help);
    }

    fn option(&mut self, key: &str, value: &Value<'_>) {
        let is_read = match key {
            "silent" => set(&mut self.options.is_silent, boolean(value)),
            "risk" => match number(value).and_then(Options::risk_of) {
                Some(risk) => {
                    self.options.risk = Some(risk);
                    true
                }
                None => false,
            },
            "outcomes" => self.outcomes(value),
            "window" => set(&mut self.options.window, text(value).and_then(WindowKind::parse)),
            "gap" => set(&mut self.options.gap_seconds, span_of(value).filter(|span| *span > 0).map(Some)),
            "offset" => set(&mut self.options.offset_seconds, span_of(value)),
            "timezone" => set(&mut self.options.timezone, text(value).map(|text| Some(text.to_owned()))),
            "pivot" => set(&mut self.options.pivot, text(value).map(|text| Some(text.to_owned()))),
            "on_match" => set(&mut self.options.on_match, text(value).and_then(OnMatch::parse)),
            "suppress" => {
                set(&mut self.options.suppress_seconds, span_of(value).filter(|span| *span > 0).map(Some))
            }
            "missing" => set(&mut self.options.missing, text(value).and_then(Missing::parse)),
            "percentile" => set(&mut self.options.percentile, text(value).and_then(PercentileKind::parse)),
            "revisions" => set(&mut self.options.revisions, text(value).and_then(Revisions::parse)),
            "evidence" => set(&mut self.options.evidence, count_of(value).map(Some)),
            "inventory" => set(&mut self.options.inventory, inventory(value)),
            _ => false,
        };
        if !is_read {
            let message = format!("the option `{key}` cannot be read");
            self.bad(key, message, value.span, Some(expected(key)));
        }
    }

    /// Each with a finding of its own, because a map of outcomes is long.
    fn outcomes(&mut self, value: &Value<'_>) -> bool {
        let Some(pairs) = value.as_map() else { return false };
        if pairs.len() > OUTCOMES_MAX {
            let message = format!("more than {OUTCOMES_MAX} outcomes");
            self.bad("outcomes", message, value.span, None);
            return true;
        }
        for (key, value) in pairs {
            let name = key.source_text().map_or("", |text| text.as_ref());
            match outcome(name, value) {
                Some(outcome) => self.options.outcomes.push(outcome),
                None => {
                    let message = format!("the outcome `{name}` cannot be read");
                    self.bad("outcomes", message, value.span, Some(expected("outcomes")));
                }
            }
        }
        true
    }
}

/// What an option takes.
fn expected(key: &str) -> String {
    let names = |names: &[&str]| format!("Write one of {}.", names.join(", "));
    match key {
        "silent" => "Write true or false.".into(),
        "risk" => "Write a number from 0 to 100.".into(),
        "outcomes" => "Write `name: {sum: field}` with one of distinct, sum, min, max, first, last, values \
                       and a field, or `name: {count: true}`."
            .into(),
        "window" => names(&["sliding", "tumbling", "session", "before", "after"]),
        "on_match" => names(&["episode", "every", "reset", "consume"]),
        "missing" => names(&["skip", "group"]),
        "percentile" => names(&["linear", "nearest"]),
        "revisions" => names(&["anchor", "each"]),
        "timezone" => "Write UTC, an offset such as +02:00, or a zone such as Europe/Berlin.".into(),
        "pivot" => "Write a rule as `rules` lists it.".into(),
        "evidence" => format!("Write a number from 0 to {EVIDENCE_MAX}."),
        "inventory" => "Write a list: for each key its value, or the list of its values.".into(),
        _ => "Write a time span such as 30s, 5m, 1h or 1d.".into(),
    }
}

fn set<T>(place: &mut T, value: Option<T>) -> bool {
    match value {
        Some(value) => {
            *place = value;
            true
        }
        None => false,
    }
}

fn text<'v>(value: &'v Value<'_>) -> Option<&'v str> {
    value.as_text().map(|text| text.as_ref())
}

fn boolean(value: &Value<'_>) -> Option<bool> {
    match value.as_scalar()?.reading {
        Reading::Bool(value) => Some(value),
        _ => None,
    }
}

fn number(value: &Value<'_>) -> Option<Number> {
    match value.as_scalar()?.reading {
        Reading::Int(value) => Some(Number::Int(value)),
        Reading::Float(value) => Some(Number::Float(value)),
        _ => None,
    }
}

fn count_of(value: &Value<'_>) -> Option<u32> {
    match number(value)? {
        Number::Int(value) if (0..=EVIDENCE_MAX).contains(&value) => u32::try_from(value).ok(),
        _ => None,
    }
}

/// A time span in seconds; zero is one.
fn span_of(value: &Value<'_>) -> Option<u64> {
    let text = value.as_text()?;
    let unit = text.chars().next_back()?;
    let digits = &text[..text.len() - unit.len_utf8()];
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (_, seconds) = UNITS.iter().find(|(name, _)| *name == unit)?;
    digits.parse::<u64>().ok()?.checked_mul(*seconds)
}

fn inventory(value: &Value<'_>) -> Option<Vec<Vec<String>>> {
    let canonical = |value: &Value<'_>| value.as_scalar().and_then(canonical);
    value
        .as_list()?
        .iter()
        .map(|key| match key.as_list() {
            Some(values) => values.iter().map(canonical).collect(),
            None => Some(vec![canonical(key)?]),
        })
        .collect()
}

/// A scalar's canonical text; null has none.
fn canonical(scalar: &Scalar<'_>) -> Option<String> {
    match Data::from(scalar) {
        Data::Text(text) => Some(text),
        Data::Bool(value) => Some(value.to_string()),
        Data::Number(Number::Int(value)) => Some(value.to_string()),
        #[expect(clippy::cast_possible_truncation, reason = "integral and far inside the range")]
        Data::Number(Number::Float(value)) if value.fract() == 0.0 && value.abs() < 1e30 => {
            Some((value as i128).to_string())
        }
        Data::Number(Number::Float(value)) => Some(value.to_string()),
        Data::Null | Data::List(_) | Data::Map(_) => None,
    }
}

fn outcome(name: &str, value: &Value<'_>) -> Option<Outcome> {
    let [(key, value)] = value.as_map()? else { return None };
    let aggregate = Aggregate::parse(key.source_text()?)?;
    let field = match aggregate {
        Aggregate::Count => {
            boolean(value).filter(|is_on| *is_on)?;
            String::new()
        }
        _ => text(value).filter(|field| !field.is_empty())?.to_owned(),
    };
    let is_name = !name.is_empty() && meta::is_plain(name);
    is_name.then(|| Outcome { name: name.to_owned(), aggregate, field })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Compat, LoadOptions, Lowered, read_text};
    use sigyn_diagnostics::SourceId;

    const RULE: &str = "title: t\nlogsource: {category: c}\ndetection: {s: {a: b}, condition: s}\n";
    const CORRELATION: &str = "title: t\ncorrelation:\n  type: event_count\n  rules: [r]\n  \
                               timespan: 1m\n  condition: {gte: 2}\n";

    /// The options of a document, and the codes and help of what was found.
    fn load(head: &str, options: &str) -> (Options, Vec<String>) {
        let text = format!("{head}sigyn: {options}\n");
        let file = read_text(SourceId::default(), &text, &LoadOptions::new(Compat::Spec));
        let document = &file.documents()[0];
        assert!(document.is_usable(), "{text}: {:?}", document.diagnostics());
        let found = document.diagnostics().iter().map(|found| {
            format!("{} {} {}", found.code.number, found.message, found.help.as_deref().unwrap_or(""))
        });
        let options = match document.lowered() {
            Lowered::Rule(rule) => rule.options.clone(),
            Lowered::Correlation(correlation) => correlation.options.clone(),
            _ => panic!("{text}"),
        };
        (options, found.collect())
    }

    #[test]
    fn options_are_read() {
        let base = Options::default();
        for (head, text, expect) in [
            (CORRELATION, "{}", base.clone()),
            (
                CORRELATION,
                "{window: Session, gap: 5m, on_match: every, suppress: 1h}",
                Options {
                    window: WindowKind::Session,
                    gap_seconds: Some(300),
                    on_match: OnMatch::Every,
                    suppress_seconds: Some(3600),
                    ..base.clone()
                },
            ),
            (
                CORRELATION,
                "{window: tumbling, offset: 0s, timezone: '+02:00', missing: group, evidence: 4}",
                Options {
                    window: WindowKind::Tumbling,
                    timezone: Some("+02:00".into()),
                    missing: Missing::Group,
                    evidence: Some(4),
                    ..base.clone()
                },
            ),
            (
                CORRELATION,
                "{window: after, pivot: r, on_match: consume}",
                Options {
                    window: WindowKind::After,
                    pivot: Some("r".into()),
                    on_match: OnMatch::Consume,
                    ..base.clone()
                },
            ),
            (
                CORRELATION,
                "{inventory: [a, 1.0, [b, true]], percentile: nearest, revisions: each}",
                Options {
                    inventory: vec![vec!["a".into()], vec!["1".into()], vec!["b".into(), "true".into()]],
                    percentile: PercentileKind::Nearest,
                    revisions: Revisions::Each,
                    ..base.clone()
                },
            ),
            (
                RULE,
                "{silent: true, risk: 40, outcomes: {bytes: {sum: n}, hits: {count: true}}}",
                Options {
                    is_silent: true,
                    risk: Some(40),
                    outcomes: vec![
                        Outcome { name: "bytes".into(), aggregate: Aggregate::Sum, field: "n".into() },
                        Outcome { name: "hits".into(), aggregate: Aggregate::Count, field: String::new() },
                    ],
                    ..base.clone()
                },
            ),
        ] {
            assert_eq!(load(head, text), (expect, Vec::new()), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_said_and_remembered() {
        for (head, text, unread, part) in [
            (CORRELATION, "5", "sigyn", "2088 `sigyn` is not a map"),
            (
                CORRELATION,
                "{window: round}",
                "window",
                "Write one of sliding, tumbling, session, before, after.",
            ),
            (CORRELATION, "{gap: 0s}", "gap", "Write a time span"),
            (CORRELATION, "{evidence: -1}", "evidence", "Write a number from 0"),
            (CORRELATION, "{inventory: [{a: b}]}", "inventory", "2088"),
            (RULE, "{risk: 101}", "risk", "Write a number from 0 to 100"),
            (RULE, "{outcomes: {a: {mean: f}}}", "outcomes", "the outcome `a` cannot be read"),
            (RULE, "{outcomes: {a b: {count: true}}}", "outcomes", "2088"),
            (RULE, "{silent: 1}", "silent", "true or false"),
            (CORRELATION, "{supress: 1h}", "", "2087 there is no option `supress` did you mean `suppress`?"),
            (CORRELATION, "{lateness: 1h}", "", "2087 a rule has no option `lateness` How late"),
            (RULE, "{window: sliding}", "", "2087 `window` is an option of correlations"),
        ] {
            let (options, found) = load(head, text);
            assert_eq!(options.unread.concat(), unread, "{text}");
            assert!(found.len() == 1 && found[0].contains(part), "{text}: {found:?}");
        }
    }
}
