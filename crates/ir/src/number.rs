//! Numbers of rules.

use std::fmt;

/// An integer (exact) or a decimal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// An integer; more digits than fit are refused at load.
    Int(i128),
    /// A decimal that is no integer.
    Float(f64),
}

impl Number {
    /// The number as a float, for comparisons that need one.
    #[expect(clippy::cast_precision_loss, reason = "callers that need exact integers match on Int")]
    pub fn as_f64(self) -> f64 {
        match self {
            Number::Int(value) => value as f64,
            Number::Float(value) => value,
        }
    }
}

/// As Python prints it: an integer as digits, a decimal as the shortest text that reads back as the same
/// number, with an exponent below 1e-4 and from 1e16.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Number::Int(value) => write!(f, "{value}"),
            Number::Float(value) if value == 0.0 => {
                f.write_str(if value.is_sign_negative() { "-0.0" } else { "0.0" })
            }
            Number::Float(value) if (1e-4..1e16).contains(&value.abs()) => {
                let text = value.to_string();
                f.write_str(&text)?;
                if text.contains('.') { Ok(()) } else { f.write_str(".0") }
            }
            Number::Float(value) => {
                let text = format!("{value:e}");
                let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
                let exponent: i32 = exponent.parse().unwrap_or(0);
                let sign = if exponent < 0 { '-' } else { '+' };
                write!(f, "{mantissa}e{sign}{:02}", exponent.abs())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printed_as_python_prints_it() {
        for (number, text) in [
            (Number::Int(-4), "-4"),
            (Number::Float(1.5), "1.5"),
            (Number::Float(1e-5), "1e-05"),
            (Number::Float(1.25e17), "1.25e+17"),
            (Number::Float(0.0001), "0.0001"),
            (Number::Float(1e15), "1000000000000000.0"),
        ] {
            assert_eq!(number.to_string(), text);
        }
    }
}
