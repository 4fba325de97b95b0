//! Comparisons, compiled.

use std::cmp::Ordering;

use ipnet::IpNet;
use memchr::memmem::Finder;
use sigyn_event::DateTime;
use sigyn_ir::TimePart;

use crate::pattern::{Case, Pattern};
use crate::regexes::{Limits, Pattern as Regex};
use crate::spec::{Limit, Op, Spec, address};

/// What one text of an event is tested with.
#[derive(Debug)]
pub(crate) enum Predicate {
    Text {
        pattern: Pattern,
        case: Case,
        /// For literals anywhere.
        finders: Box<[Option<Finder<'static>>]>,
    },
    Regex(Box<Regex>),
    Cidr(IpNet),
    /// The number as canonical decimal text: texts are compared digit by digit, exactly.
    Number(Op, Box<str>),
    Time(TimePart, Op, Limit),
}

impl Predicate {
    /// # Errors
    /// A regular expression that is not valid or too large; the text says which.
    pub(crate) fn new(spec: &Spec, limits: Limits) -> Result<Self, String> {
        Ok(match spec {
            Spec::Text(pattern, case) => {
                Predicate::Text { finders: pattern.finders(), pattern: pattern.clone(), case: *case }
            }
            Spec::Regex(source) => Predicate::Regex(Box::new(Regex::new(source, limits)?)),
            Spec::Cidr(network) => Predicate::Cidr(*network),
            Spec::Number(op, limit) => Predicate::Number(*op, limit.text().into()),
            Spec::Time(part, op, limit) => Predicate::Time(*part, *op, *limit),
        })
    }

    /// Whether [`test`](Self::test) wants folded text.
    pub(crate) fn wants_folded(&self) -> bool {
        matches!(self, Predicate::Text { case: Case::Insensitive, .. })
    }

    /// Whether an ASCII text satisfies it, without folding it, where that is as good.
    #[inline]
    pub(crate) fn test_ascii(&self, text: &str) -> Option<bool> {
        let Predicate::Text { pattern, case: Case::Insensitive, .. } = self else { return None };
        let text = text.as_bytes();
        let is = |part: Option<&[u8]>, literal: &str| {
            part.is_some_and(|part| part.eq_ignore_ascii_case(literal.as_bytes()))
        };
        match pattern {
            Pattern::Any => Some(true),
            Pattern::Exact(literal) => Some(is(Some(text), literal)),
            Pattern::Prefix(literal) => Some(is(text.get(..literal.len()), literal)),
            Pattern::Suffix(literal) => {
                let start = text.len().checked_sub(literal.len());
                Some(is(start.and_then(|start| text.get(start..)), literal))
            }
            Pattern::Contains(_) | Pattern::Glob(_) => None,
        }
    }

    /// Whether a text satisfies it; folded if [`wants_folded`](Self::wants_folded) says so.
    pub(crate) fn test(&self, text: &str) -> bool {
        match self {
            Predicate::Text { pattern, finders, .. } => pattern.matches(finders, text),
            Predicate::Regex(regex) => regex.is_match(text),
            Predicate::Cidr(network) => address(text).is_some_and(|address| network.contains(&address)),
            Predicate::Number(op, limit) => compare(text, limit).is_some_and(|order| op.holds(order)),
            Predicate::Time(part, op, limit) => {
                DateTime::parse(text).is_some_and(|time| op.holds(order_of_int(part_of(time, *part), *limit)))
            }
        }
    }
}

impl Op {
    fn holds(self, order: Ordering) -> bool {
        match self {
            Op::Lt => order.is_lt(),
            Op::Lte => order.is_le(),
            Op::Gt => order.is_gt(),
            Op::Gte => order.is_ge(),
            Op::Eq => order.is_eq(),
            Op::Neq => order.is_ne(),
        }
    }
}

fn part_of(time: DateTime, part: TimePart) -> i128 {
    match part {
        TimePart::Minute => time.minute.into(),
        TimePart::Hour => time.hour.into(),
        TimePart::Day => time.day.into(),
        TimePart::Week => time.iso_week().into(),
        TimePart::Month => time.month.into(),
        TimePart::Year => time.year.into(),
    }
}

/// A decimal, cut: digits without zeros that say nothing.
struct Decimal<'t> {
    is_negative: bool,
    whole: &'t str,
    fraction: &'t str,
}

impl<'t> Decimal<'t> {
    /// Reads text of the form `[+-]?[0-9]+(\.[0-9]+)?`.
    fn read(text: &'t str) -> Option<Self> {
        let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !are_digits(whole) || !are_digits(fraction) {
            return None;
        }
        let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
        let is_zero = whole.is_empty() && fraction.is_empty();
        Some(Self { is_negative: text.starts_with('-') && !is_zero, whole, fraction })
    }

    fn order(&self, other: &Self) -> Ordering {
        let magnitude = || {
            let by_length = self.whole.len().cmp(&other.whole.len());
            by_length.then(self.whole.cmp(other.whole)).then(self.fraction.cmp(other.fraction))
        };
        match (self.is_negative, other.is_negative) {
            (false, false) => magnitude(),
            (true, true) => magnitude().reverse(),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

/// How a text stands to a number; none if it is no decimal.
fn compare(text: &str, limit: &str) -> Option<Ordering> {
    Some(Decimal::read(text)?.order(&Decimal::read(limit)?))
}

fn order_of_int(value: i128, limit: Limit) -> Ordering {
    match limit {
        Limit::Int(limit) => value.cmp(&limit),
        Limit::Float(bits) => {
            // Parts of a time are small; the conversion is exact.
            #[expect(clippy::cast_precision_loss, reason = "parts of a time are small")]
            (value as f64).total_cmp(&f64::from_bits(bits))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_compared_exactly() {
        let check = |text: &str, limit: &str, expect: Option<Ordering>| {
            assert_eq!(compare(text, limit), expect, "{text} {limit}");
        };
        check("9007199254740993", "9007199254740992", Some(Ordering::Greater));
        check("-1.5", "-1", Some(Ordering::Less));
        check("-0", "0", Some(Ordering::Equal));
        check("+007.00", "7", Some(Ordering::Equal));
        check("1.25", "1.5", Some(Ordering::Less));
        check(&"9".repeat(60), &i128::MAX.to_string(), Some(Ordering::Greater));
        for text in ["", "-", "1.", ".5", "1e3", "0x1", " 1", "true"] {
            check(text, "1", None);
        }
    }
}
