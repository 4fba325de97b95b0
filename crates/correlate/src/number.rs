//! Numbers that correlations compare: exact integers, else floats (E27).

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};
use sigyn_event::write_float;
use sigyn_ir::{Number, Threshold, ThresholdOp};

/// A number.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Value {
    /// An integer, exact.
    Int(i128),
    /// A finite number that is no integer, or one that was computed with floats.
    Float(f64),
}

impl Value {
    /// Reads what `gt` reads as a number: `[+-]?[0-9]+(\.[0-9]+)?`. An integral decimal is an integer. Nothing else is
    /// a number; nor is what no finite float holds.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
        let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(a, b)| (a, Some(b)));
        let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !is_digits(whole) || !fraction.is_none_or(is_digits) {
            return None;
        }
        let is_integral = fraction.is_none_or(|fraction| fraction.bytes().all(|byte| byte == b'0'));
        if is_integral {
            let whole = text.split('.').next().unwrap_or(text);
            if let Ok(value) = whole.parse() {
                return Some(Value::Int(value));
            }
        }
        text.parse::<f64>().ok().filter(|value| value.is_finite()).map(Value::Float)
    }

    /// As a float.
    #[expect(clippy::cast_precision_loss, reason = "callers that need exact integers match on Int")]
    pub fn as_f64(self) -> f64 {
        match self {
            Value::Int(value) => value as f64,
            Value::Float(value) => value,
        }
    }

    /// A float, as an integer if it is one.
    #[expect(clippy::cast_possible_truncation, reason = "integral and far inside the range")]
    pub(crate) fn of_float(value: f64) -> Self {
        if value.fract() == 0.0 && value.abs() < 1e15 {
            Value::Int(value as i128)
        } else {
            Value::Float(value)
        }
    }

    /// The order of two numbers: integers exactly, an integer against a float as real numbers.
    pub fn order(self, other: Self) -> Ordering {
        match (self, other) {
            (Value::Int(a), Value::Int(b)) => a.cmp(&b),
            (Value::Int(a), Value::Float(b)) => int_against_float(a, b),
            (Value::Float(a), Value::Int(b)) => int_against_float(b, a).reverse(),
            (Value::Float(a), Value::Float(b)) => a.total_cmp(&if a == b { a } else { b }),
        }
    }
}

impl From<Number> for Value {
    fn from(number: Number) -> Self {
        match number {
            Number::Int(value) => Value::Int(value),
            Number::Float(value) => Value::Float(value),
        }
    }
}

/// Canonical decimal text (`reference/sigma.md` §3.5).
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Int(value) => write!(f, "{value}"),
            Value::Float(value) => {
                let mut text = String::new();
                write_float(&mut text, *value);
                f.write_str(&text)
            }
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "inside the range, as tested before")]
fn int_against_float(int: i128, float: f64) -> Ordering {
    const END: f64 = 170_141_183_460_469_231_731_687_303_715_884_105_728.0;
    if float >= END {
        return Ordering::Less;
    }
    if float < -END {
        return Ordering::Greater;
    }
    let whole = float.floor();
    match int.cmp(&(whole as i128)) {
        // The float lies above its floor.
        Ordering::Equal if float > whole => Ordering::Less,
        order => order,
    }
}

/// Whether an ordering satisfies an operator.
pub(crate) fn holds(op: ThresholdOp, order: Ordering) -> bool {
    match op {
        ThresholdOp::Lt => order.is_lt(),
        ThresholdOp::Lte => order.is_le(),
        ThresholdOp::Gt => order.is_gt(),
        ThresholdOp::Gte => order.is_ge(),
        ThresholdOp::Eq => order.is_eq(),
        ThresholdOp::Neq => order.is_ne(),
    }
}

/// Whether a value satisfies all comparisons.
pub(crate) fn all_hold(thresholds: &[Threshold], value: Value) -> bool {
    thresholds.iter().all(|threshold| holds(threshold.op, value.order(threshold.number.into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_gt_reads_them() {
        for (text, expect) in [
            ("5", Some(Value::Int(5))),
            ("+5", Some(Value::Int(5))),
            ("-05.50", Some(Value::Float(-5.5))),
            ("2.0", Some(Value::Int(2))),
            (".5", None),
            ("5.", None),
            ("1e3", None),
            ("0x1", None),
            ("", None),
            ("-", None),
            (" 1", None),
            ("true", None),
        ] {
            assert_eq!(Value::parse(text), expect, "{text}");
        }
        assert!(Value::parse(&"9".repeat(40)).is_some_and(|value| matches!(value, Value::Float(_))));
        assert_eq!(Value::parse(&"9".repeat(400)), None);
    }

    #[test]
    fn integers_and_floats_compare_as_real_numbers() {
        for (a, b, order) in [
            (Value::Int(2), Value::Float(2.5), Ordering::Less),
            (Value::Int(-2), Value::Float(-2.5), Ordering::Greater),
            (Value::Int((1 << 53) + 1), Value::Float(9_007_199_254_740_992.0), Ordering::Greater),
            (Value::Float(1e300), Value::Int(i128::MAX), Ordering::Greater),
            (Value::Float(0.0), Value::Float(-0.0), Ordering::Equal),
        ] {
            assert_eq!((a.order(b), b.order(a)), (order, order.reverse()), "{a:?} {b:?}");
        }
    }
}
