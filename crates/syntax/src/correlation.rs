//! The `correlation` map.

use std::borrow::Cow;

use sigyn_diagnostics::{Code, Diagnostic, Span, codes};

use crate::condition::{Ast, parse_correlation_condition};
use crate::near::nearest;
use crate::{Compat, Reading, Spanned, Value, ValueKind};

/// Types of correlations, in the order of the specification.
const TYPES: &[&str] = &[
    "event_count",
    "value_count",
    "temporal",
    "temporal_ordered",
    "value_sum",
    "value_avg",
    "value_percentile",
    "value_median",
];

/// Keys of the `correlation` map.
pub const CORRELATION_KEYS: &[&str] =
    &["type", "rules", "generate", "group-by", "timespan", "aliases", "condition"];

/// Comparison operators.
const OPERATORS: &[&str] = &["lt", "lte", "gt", "gte", "eq", "neq"];

/// Keys of the `condition` map.
const CONDITION_KEYS: &[&str] = &["lt", "lte", "gt", "gte", "eq", "neq", "field", "percentile"];

/// Units of time spans with their seconds.
const UNITS: &[(char, u64)] =
    &[('s', 1), ('m', 60), ('h', 3600), ('d', 86_400), ('w', 604_800), ('M', 2_629_746), ('y', 31_556_952)];

/// A correlation as written.
#[derive(Clone, Debug)]
pub struct Correlation<'s> {
    /// A known type in lower case.
    pub kind: Option<Spanned<String>>,
    /// The rules it reads, as written; `None` if the key is absent.
    pub rules: Option<Vec<Spanned<Cow<'s, str>>>>,
    /// Whether the rules stand for themselves too, if said.
    pub generate: Option<bool>,
    /// The fields of a group; `None` if the key is absent.
    pub group_by: Option<Vec<Spanned<Cow<'s, str>>>>,
    /// The time span.
    pub timespan: Option<Spanned<Timespan>>,
    /// Names for fields that differ from rule to rule.
    pub aliases: Vec<Alias<'s>>,
    /// When it holds; `None` if the key is absent or cannot be read.
    pub condition: Option<CorrelationCondition<'s>>,
    /// Every other key.
    pub custom: Vec<(Spanned<Cow<'s, str>>, Value<'s>)>,
    /// Where it stands.
    pub span: Span,
}

/// A name for fields that differ from rule to rule.
#[derive(Clone, Debug)]
pub struct Alias<'s> {
    /// The name, as used in `group-by`.
    pub name: Cow<'s, str>,
    /// For each rule, as written, its field.
    pub fields: Vec<(Spanned<Cow<'s, str>>, Cow<'s, str>)>,
}

/// A time span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timespan {
    /// As written.
    pub text: String,
    /// How many units.
    pub count: u64,
    /// The unit.
    pub unit: char,
    /// The length in seconds.
    pub seconds: u64,
}

/// When a correlation holds.
#[derive(Clone, Debug)]
pub enum CorrelationCondition<'s> {
    /// Numbers compared.
    Match(MatchCondition<'s>),
    /// A boolean expression over rules.
    Extended {
        /// As written.
        text: Spanned<Cow<'s, str>>,
        /// What it says.
        ast: Ast,
    },
}

/// Numbers compared.
#[derive(Clone, Debug)]
pub struct MatchCondition<'s> {
    /// The comparisons; one in most rules.
    pub thresholds: Vec<Threshold>,
    /// The fields that are counted or measured.
    pub fields: Vec<Spanned<Cow<'s, str>>>,
    /// Whether the fields were written as a list.
    pub fields_are_list: bool,
    /// The percentile.
    pub percentile: Option<Spanned<Reading>>,
    /// Where it stands.
    pub span: Span,
}

/// One comparison.
#[derive(Clone, Debug)]
pub struct Threshold {
    /// A known operator.
    pub op: &'static str,
    /// A number: [`Reading::Int`] or [`Reading::Float`].
    pub number: Reading,
    /// Where it stands.
    pub span: Span,
}

impl Correlation<'_> {
    /// Whether the type is one of the temporal ones.
    pub fn is_temporal(&self) -> bool {
        self.kind.as_ref().is_some_and(|kind| kind.value.starts_with("temporal"))
    }
}

/// Reads `correlation` of a document; what is wrong with it is reported in the reference's order.
pub fn read_correlation<'s>(
    document: &Value<'s>,
    compat: Compat,
    findings: &mut Vec<Diagnostic>,
) -> Option<Correlation<'s>> {
    let (key, value) = document.pair("correlation")?;
    if value.as_map().is_none() {
        let message = "the correlation is not a map";
        findings.push(Diagnostic::error(&codes::rule::CORRELATION_NOT_A_MAP, message).at(key.span));
        return None;
    }
    let mut reader = Reader { document, value, key: key.span, compat, findings };
    let mut correlation = Correlation {
        kind: reader.kind(),
        rules: None,
        generate: None,
        group_by: None,
        timespan: None,
        aliases: Vec::new(),
        condition: None,
        custom: Vec::new(),
        span: value.span,
    };
    correlation.rules = reader.rules(&correlation);
    correlation.generate = reader.generate();
    correlation.group_by = reader.group_by();
    correlation.timespan = reader.timespan();
    correlation.aliases = reader.aliases();
    correlation.condition = reader.condition(&correlation);
    correlation.custom = value
        .as_map()
        .unwrap_or_default()
        .iter()
        .filter_map(|(key, value)| Some((Spanned::new(key.source_text()?.clone(), key.span), value)))
        .filter(|(key, _)| !CORRELATION_KEYS.contains(&key.value.as_ref()))
        .map(|(key, value)| (key, value.clone()))
        .collect();
    Some(correlation)
}

struct Reader<'a, 's> {
    document: &'a Value<'s>,
    value: &'a Value<'s>,
    key: Span,
    compat: Compat,
    findings: &'a mut Vec<Diagnostic>,
}

impl<'s> Reader<'_, 's> {
    fn error(&mut self, code: &'static Code, message: impl Into<String>, span: Span) {
        self.findings.push(Diagnostic::error(code, message).at(span));
    }

    fn kind(&mut self) -> Option<Spanned<String>> {
        let Some(value) = self.value.get_some("type") else {
            let message = "the correlation has no type";
            self.error(&codes::rule::MISSING_CORRELATION_TYPE, message, self.key);
            return None;
        };
        let text = value.source_text().map(|text| text.to_lowercase()).unwrap_or_default();
        if TYPES.contains(&text.as_str()) {
            return Some(Spanned::new(text, value.span));
        }
        let message = format!("the correlation type `{text}` is unknown");
        self.error(&codes::rule::BAD_CORRELATION_TYPE, message, value.span);
        None
    }

    fn rules(&mut self, correlation: &Correlation<'s>) -> Option<Vec<Spanned<Cow<'s, str>>>> {
        let code = &codes::rule::BAD_CORRELATION_RULES;
        let Some(value) = self.value.get_some("rules") else {
            if !correlation.is_temporal() {
                self.error(code, "the correlation names no rules", self.key);
            }
            return None;
        };
        if let Some(text) = value.as_text() {
            return Some(vec![Spanned::new(text.clone(), value.span)]);
        }
        let Some(items) = value.as_list() else {
            self.error(code, "`rules` is neither a text nor a list", value.span);
            return None;
        };
        if items.is_empty() && !self.compat.is_pysigma() && !correlation.is_temporal() {
            self.error(code, "the correlation names no rules", value.span);
        }
        let mut rules = Vec::with_capacity(items.len());
        for item in items {
            match item.source_text() {
                Some(text) => rules.push(Spanned::new(text.clone(), item.span)),
                None => self.error(code, "a reference is no text", item.span),
            }
        }
        Some(rules)
    }

    fn generate(&mut self) -> Option<bool> {
        let mut read = |value: Option<&Value<'s>>| -> Option<(bool, Span)> {
            let value = value?;
            match value.as_scalar().map(|scalar| scalar.reading) {
                Some(Reading::Bool(generate)) => Some((generate, value.span)),
                _ => {
                    let message = "`generate` is neither true nor false";
                    self.findings.push(Diagnostic::error(&codes::rule::BAD_GENERATE, message).at(value.span));
                    None
                }
            }
        };
        let inner = read(self.value.get_some("generate"));
        if self.compat.is_pysigma() {
            return inner.map(|(generate, _)| generate);
        }
        let outer = read(self.document.get_some("generate"));
        if let (Some((inner, _)), Some((outer, span))) = (inner, outer)
            && inner != outer
        {
            let message = "`generate` stands twice with different values";
            self.error(&codes::rule::BAD_GENERATE, message, span);
        }
        inner.or(outer).map(|(generate, _)| generate)
    }

    fn group_by(&mut self) -> Option<Vec<Spanned<Cow<'s, str>>>> {
        let value = self.value.get_some("group-by")?;
        if let Some(text) = value.as_text() {
            return Some(vec![Spanned::new(text.clone(), value.span)]);
        }
        let code = &codes::rule::BAD_GROUP_BY;
        let Some(items) = value.as_list() else {
            self.error(code, "`group-by` is neither a text nor a list", value.span);
            return None;
        };
        let mut fields = Vec::with_capacity(items.len());
        for item in items {
            match item.source_text() {
                Some(text) => fields.push(Spanned::new(text.clone(), item.span)),
                None => self.error(code, "an entry of `group-by` is no text", item.span),
            }
        }
        Some(fields)
    }

    fn timespan(&mut self) -> Option<Spanned<Timespan>> {
        let Some(value) = self.value.get_some("timespan") else {
            self.error(&codes::rule::MISSING_TIMESPAN, "the correlation has no time span", self.key);
            return None;
        };
        let timespan = value.as_text().and_then(|text| read_timespan(text));
        if timespan.is_none() {
            let text = value.source_text().cloned().unwrap_or_default();
            let message = format!("`{text}` is no time span");
            self.error(&codes::rule::BAD_TIMESPAN, message, value.span);
        }
        Some(Spanned::new(timespan?, value.span))
    }

    fn aliases(&mut self) -> Vec<Alias<'s>> {
        let Some(value) = self.value.get_some("aliases") else { return Vec::new() };
        let Some(pairs) = value.as_map() else {
            self.error(&codes::rule::BAD_ALIASES, "`aliases` is not a map", value.span);
            return Vec::new();
        };
        let mut aliases = Vec::with_capacity(pairs.len());
        for (alias, mapping) in pairs {
            let Some(fields) = mapping.as_map() else {
                let message = "an alias is not a map from rules to fields";
                self.error(&codes::rule::BAD_ALIAS, message, mapping.span);
                continue;
            };
            let fields = fields
                .iter()
                .filter_map(|(rule, field)| {
                    let rule = Spanned::new(rule.source_text()?.clone(), rule.span);
                    Some((rule, field.source_text()?.clone()))
                })
                .collect();
            let name = alias.source_text().cloned().unwrap_or_default();
            aliases.push(Alias { name, fields });
        }
        aliases
    }

    fn condition(&mut self, correlation: &Correlation<'s>) -> Option<CorrelationCondition<'s>> {
        let Some(value) = self.value.get_some("condition") else {
            if !correlation.is_temporal() {
                let message = "the correlation has no condition";
                self.error(&codes::rule::MISSING_CORRELATION_CONDITION, message, self.key);
            }
            return None;
        };
        if let ValueKind::Map(_) = value.kind {
            return self.match_condition(value).map(CorrelationCondition::Match);
        }
        let Some(text) = value.as_text() else {
            let message = "the condition is neither a map nor a text";
            self.error(&codes::rule::BAD_EXTENDED_CONDITION, message, value.span);
            return None;
        };
        if !correlation.is_temporal() {
            let message = "only temporal correlations have a condition that is a text";
            self.error(&codes::rule::BAD_EXTENDED_CONDITION, message, value.span);
            return None;
        }
        match parse_correlation_condition(text, self.compat) {
            Ok(ast) => {
                let text = Spanned::new(text.clone(), value.span);
                Some(CorrelationCondition::Extended { text, ast })
            }
            Err(error) => {
                self.error(&codes::rule::BAD_EXTENDED_CONDITION, error.message, value.span);
                None
            }
        }
    }

    fn match_condition(&mut self, value: &Value<'s>) -> Option<MatchCondition<'s>> {
        let code = &codes::rule::BAD_CORRELATION_CONDITION;
        let mut condition = MatchCondition {
            thresholds: Vec::new(),
            fields: Vec::new(),
            fields_are_list: false,
            percentile: None,
            span: value.span,
        };
        let before = self.findings.len();
        let pairs = value.as_map().unwrap_or_default();
        let operators = pairs
            .iter()
            .filter(|(key, _)| key.source_text().is_some_and(|key| OPERATORS.contains(&key.as_ref())))
            .count();
        if operators == 0 || (operators > 1 && self.compat.is_pysigma()) {
            let message = format!("the condition has {operators} comparisons where one is expected");
            self.error(code, message, value.span);
        }
        for (key, operand) in pairs {
            let name = key.source_text().cloned().unwrap_or_default();
            match OPERATORS.iter().find(|op| **op == name) {
                Some(op) => match self.number(operand) {
                    Some(number) => {
                        condition.thresholds.push(Threshold { op, number, span: key.span.to(operand.span) });
                    }
                    None => self.error(code, format!("`{op}` needs a number"), operand.span),
                },
                None if name == "field" => {
                    condition.fields_are_list = operand.as_list().is_some();
                    let items = operand.as_list().unwrap_or(std::slice::from_ref(operand));
                    condition.fields = items
                        .iter()
                        .filter(|item| !item.is_null())
                        .filter_map(|item| Some(Spanned::new(item.source_text()?.clone(), item.span)))
                        .collect();
                }
                None if name == "percentile" => match self.number(operand) {
                    Some(number) => condition.percentile = Some(Spanned::new(number, operand.span)),
                    None => self.error(code, "`percentile` needs a number", operand.span),
                },
                None => {
                    let message = format!("the condition has no key `{name}`");
                    let mut found = Diagnostic::error(code, message).at(key.span);
                    if let Some(near) = nearest(&name, CONDITION_KEYS) {
                        found = found.with_help(format!("did you mean `{near}`?"));
                    }
                    self.findings.push(found);
                }
            }
        }
        (self.findings.len() == before).then_some(condition)
    }

    /// A number; the reference takes whatever `int()` takes and cuts decimals off.
    fn number(&self, value: &Value<'s>) -> Option<Reading> {
        let scalar = value.as_scalar()?;
        match (scalar.reading, self.compat) {
            (Reading::Int(_), _) | (Reading::Float(_), Compat::Spec) => Some(scalar.reading),
            (Reading::Float(number), Compat::PySigma) =>
            {
                #[expect(clippy::cast_possible_truncation, reason = "this is what the reference does")]
                number.is_finite().then_some(Reading::Int(number as i128))
            }
            (Reading::Bool(flag), Compat::PySigma) => Some(Reading::Int(flag.into())),
            (Reading::Text, Compat::PySigma) => {
                scalar.text.trim().replace('_', "").parse().ok().map(Reading::Int)
            }
            _ => None,
        }
    }
}

/// A number and a unit, more than zero.
fn read_timespan(text: &str) -> Option<Timespan> {
    let unit = text.chars().next_back()?;
    let digits = &text[..text.len() - unit.len_utf8()];
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (_, seconds) = UNITS.iter().find(|(name, _)| *name == unit)?;
    let count: u64 = digits.parse().ok()?;
    let seconds = count.checked_mul(*seconds)?;
    (count > 0).then(|| Timespan { text: text.to_owned(), count, unit, seconds })
}
