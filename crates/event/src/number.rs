//! Numbers as text.

use std::fmt::Write;

use crate::Value;

/// 2^127: below it an integral float is exactly an `i128`.
const I128_END: f64 = 170_141_183_460_469_231_731_687_303_715_884_105_728.0;

/// The integer that a float is, if it is one and fits.
pub fn integral(value: f64) -> Option<i128> {
    if value.fract() == 0.0 && value.abs() < I128_END {
        #[expect(clippy::cast_possible_truncation, reason = "integral and in range")]
        return Some(value as i128);
    }
    None
}

/// Appends the canonical decimal text of a float: an integral value as that integer, any other as the shortest
/// decimal that reads back as the same number, without exponent. Source: `reference/sigma.md` §3.5.
pub fn write_float(out: &mut String, value: f64) {
    // Writing to a string cannot fail.
    let _ = match integral(value) {
        Some(value) => write!(out, "{value}"),
        None => write!(out, "{value}"),
    };
}

/// Appends a scalar's text: canonical decimals, `true` or `false`, text as it is. Null, lists and maps have none.
pub fn write_scalar(out: &mut String, value: Value<'_>) {
    // Writing to a string cannot fail.
    let _ = match value {
        Value::Text(text) => out.write_str(text),
        Value::Bool(value) => out.write_str(if value { "true" } else { "false" }),
        Value::Int(value) => write!(out, "{value}"),
        Value::Uint(value) => write!(out, "{value}"),
        Value::Float(value) => {
            write_float(out, value);
            Ok(())
        }
        Value::Null | Value::List(_) | Value::Map(_) => Ok(()),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_written_without_exponent() {
        for (value, text) in [
            (-0.0, "0"),
            (4624.0, "4624"),
            (-1.5, "-1.5"),
            (1e-7, "0.0000001"),
            (1e21, "1000000000000000000000"),
            (0.1, "0.1"),
        ] {
            let mut out = String::new();
            write_float(&mut out, value);
            assert_eq!(out, text);
        }
    }
}
