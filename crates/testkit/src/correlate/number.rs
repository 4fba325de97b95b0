//! Numbers as E27 and D5 say: exact integers, and f64 for everything else.

use std::cmp::Ordering;
use std::fmt;

use sigyn_ir::Number;

/// An integer, or a decimal that is none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Num {
    /// An integer.
    Int(i128),
    /// A number that is not integral, or lies beyond i128.
    Float(f64),
}

impl fmt::Display for Num {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Num::Int(value) => value.fmt(f),
            Num::Float(value) => value.fmt(f),
        }
    }
}

/// 2¹²⁷: the first f64 beyond i128.
const BEYOND: f64 = 170_141_183_460_469_231_731_687_303_715_884_105_728.0;

impl Num {
    /// A decimal; an integer if it is integral.
    pub fn of_f64(value: f64) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "integral and in range")]
        match value.fract() == 0.0 && (-BEYOND..BEYOND).contains(&value) {
            true => Num::Int(value as i128),
            false => Num::Float(value),
        }
    }

    /// A number of a rule.
    pub fn of_rule(number: Number) -> Self {
        match number {
            Number::Int(value) => Num::Int(value),
            Number::Float(value) => Num::of_f64(value),
        }
    }

    /// Reads `[+-]?[0-9]+(\.[0-9]+)?`; anything else is no number.
    pub fn parse(text: &str) -> Option<Self> {
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
        let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !are_digits(whole) || !are_digits(fraction) {
            return None;
        }
        if fraction.bytes().all(|byte| byte == b'0') {
            let integer = text.split('.').next().unwrap_or(text);
            if let Ok(value) = integer.parse() {
                return Some(Num::Int(value));
            }
        }
        let value: f64 = text.parse().ok()?;
        value.is_finite().then(|| Num::of_f64(value))
    }

    /// As f64, rounded.
    pub fn as_f64(self) -> f64 {
        match self {
            Num::Int(value) => value as f64,
            Num::Float(value) => value,
        }
    }

    /// Which is larger, without rounding.
    pub fn compare(self, other: Num) -> Ordering {
        match (self, other) {
            (Num::Int(a), Num::Int(b)) => a.cmp(&b),
            (Num::Float(a), Num::Float(b)) => a.total_cmp(&b),
            (Num::Int(a), Num::Float(b)) => compare_mixed(a, b),
            (Num::Float(a), Num::Int(b)) => compare_mixed(b, a).reverse(),
        }
    }

    /// The sum: exact over integers, otherwise of f64 in the given order (E27).
    pub fn sum(values: &[Num]) -> Num {
        let exact = values.iter().try_fold(0_i128, |sum, value| match value {
            Num::Int(value) => sum.checked_add(*value),
            Num::Float(_) => None,
        });
        match exact {
            Some(sum) => Num::Int(sum),
            None => Num::of_f64(values.iter().fold(0.0, |sum, value| sum + value.as_f64())),
        }
    }
}

fn compare_mixed(a: i128, b: f64) -> Ordering {
    if b >= BEYOND {
        return Ordering::Less;
    }
    if b < -BEYOND {
        return Ordering::Greater;
    }
    #[expect(clippy::cast_possible_truncation, reason = "in range")]
    let whole = b.trunc() as i128;
    let fraction = b - b.trunc();
    // Never equal here: an integral f64 is an integer.
    a.cmp(&whole).then(if fraction > 0.0 { Ordering::Less } else { Ordering::Greater })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_numbers_by_their_form() {
        let check = |text: &str, expect: Option<Num>| assert_eq!(Num::parse(text), expect, "{text}");
        check("5", Some(Num::Int(5)));
        check("+05.00", Some(Num::Int(5)));
        check("-0", Some(Num::Int(0)));
        check("0.1", Some(Num::Float(0.1)));
        check("170141183460469231731687303715884105727", Some(Num::Int(i128::MAX)));
        for text in ["", "-", "5.", ".5", "1e3", " 5", "0x10", "NaN", "inf", "1_0", "٣"] {
            check(text, None);
        }
        check(&"9".repeat(400), None);
    }

    #[test]
    fn integers_and_decimals_compare_without_rounding() {
        let check = |a: Num, b: f64, expect: Ordering| {
            assert_eq!(a.compare(Num::of_f64(b)), expect, "{a} {b}");
            assert_eq!(Num::of_f64(b).compare(a), expect.reverse(), "{b} {a}");
        };
        check(Num::Int(3), 2.5, Ordering::Greater);
        check(Num::Int(2), 2.5, Ordering::Less);
        check(Num::Int(-2), -2.5, Ordering::Greater);
        check(Num::Int(-3), -2.5, Ordering::Less);
        check(Num::Int((1 << 53) + 1), 9_007_199_254_740_992.0, Ordering::Greater);
        check(Num::Int(i128::MAX), 1e39, Ordering::Less);
        check(Num::Int(i128::MIN), -1e39, Ordering::Greater);
        check(Num::Int(0), -0.0, Ordering::Equal);
    }

    #[test]
    fn sums_are_exact_as_long_as_all_are_integers() {
        let big = 1 << 53;
        assert_eq!(Num::sum(&[Num::Int(big), Num::Int(1)]), Num::Int(big + 1));
        assert_eq!(Num::sum(&[Num::Int(big), Num::Int(1), Num::Float(0.5)]), Num::Int(big));
        assert_eq!(Num::sum(&[Num::Float(0.1), Num::Float(0.2)]), Num::Float(0.1 + 0.2));
        assert_eq!(Num::sum(&[Num::Int(i128::MAX), Num::Int(1)]), Num::Float(BEYOND));
    }
}
