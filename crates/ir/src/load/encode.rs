//! Base64 and UTF-16.
//!
//! A UTF-16 modifier makes bytes of a text, and those need not be UTF-8. Until a Base64 modifier takes them
//! they travel in a [`SigmaString`] of one character per byte above a private mark; what is left of the mark at
//! the end of the chain is refused, for no event text could ever equal such bytes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sigyn_diagnostics::codes;
use sigyn_syntax::Compat;

use super::modify::Problem;
use crate::{Modifier, Part, SigmaString, Value};

/// Bytes 0x80–0xFF of encoded text are kept as private-use characters from here on.
const BYTE_MARK: u32 = 0x0010_FF00;

fn wildcard_problem() -> Problem {
    Problem::new(&codes::rule::ENCODED_WILDCARD, "a value with wildcards cannot be encoded")
}

/// The bytes of a text without wildcards.
fn bytes(text: &SigmaString, compat: Compat) -> Result<Vec<u8>, Problem> {
    if text.has_wildcard() {
        return Err(wildcard_problem());
    }
    Ok(match compat {
        // The reference encodes what it would print, escapes included.
        Compat::PySigma => text.to_plain().into_bytes(),
        Compat::Spec => unmark(&text.to_raw()),
    })
}

fn unmark(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for c in text.chars() {
        match u32::from(c).checked_sub(BYTE_MARK).and_then(|byte| u8::try_from(byte).ok()) {
            Some(byte) => out.push(byte),
            None => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    out
}

/// `base64`.
pub(crate) fn base64(text: &SigmaString, compat: Compat) -> Result<SigmaString, Problem> {
    Ok(SigmaString::literal(STANDARD.encode(bytes(text, compat)?)))
}

/// `base64offset`: the three encodings, in the order of the offsets.
pub(crate) fn base64_offset(text: &SigmaString, compat: Compat) -> Result<Vec<SigmaString>, Problem> {
    const STARTS: [usize; 3] = [0, 2, 3];
    const CUTS: [usize; 3] = [0, 3, 2];
    let bytes = bytes(text, compat)?;
    let length = match compat {
        // The reference counts characters, and so cuts text outside ASCII at the wrong place.
        Compat::PySigma => text.len(),
        Compat::Spec => bytes.len(),
    };
    Ok((0..3)
        .map(|offset| {
            let mut padded = vec![b' '; offset];
            padded.extend_from_slice(&bytes);
            let encoded = STANDARD.encode(padded);
            let end = encoded.len().saturating_sub(CUTS[(length + offset) % 3]);
            SigmaString::literal(encoded.get(STARTS[offset]..end).unwrap_or(""))
        })
        .collect())
}

/// `wide`, `utf16`, `utf16be`.
pub(crate) fn utf16(text: &SigmaString, modifier: Modifier, compat: Compat) -> Result<SigmaString, Problem> {
    let mut parts = Vec::with_capacity(text.parts().len() + 1);
    if modifier == Modifier::Utf16 {
        parts.push(Part::Text(match compat {
            // The reference writes the byte order mark as UTF-8.
            Compat::PySigma => "\u{feff}".to_owned(),
            Compat::Spec => mark(&[0xff, 0xfe]),
        }));
    }
    for part in text.parts() {
        parts.push(match part {
            Part::Text(text) => Part::Text(encode_part(text, modifier, compat)?),
            other => other.clone(),
        });
    }
    Ok(SigmaString::from_parts(parts))
}

fn encode_part(text: &str, modifier: Modifier, compat: Compat) -> Result<String, Problem> {
    let bytes: Vec<u8> = text
        .encode_utf16()
        .flat_map(|unit| match modifier {
            Modifier::Utf16be => unit.to_be_bytes(),
            _ => unit.to_le_bytes(),
        })
        .collect();
    match compat {
        Compat::Spec => Ok(mark(&bytes)),
        Compat::PySigma => String::from_utf8(bytes).map_err(|_| {
            let message = format!("`{modifier}` cannot encode `{text}`");
            Problem::new(&codes::rule::NOT_ENCODABLE, message)
        }),
    }
}

fn mark(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|byte| {
            let code = if byte.is_ascii() { u32::from(*byte) } else { BYTE_MARK + u32::from(*byte) };
            char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
        })
        .collect()
}

/// Refuses bytes that no Base64 modifier took.
pub(crate) fn check_finished(value: &Value) -> Result<(), Problem> {
    let is_marked = |text: &SigmaString| {
        text.parts().iter().any(|part| match part {
            Part::Text(text) if text.is_ascii() => false,
            Part::Text(text) => text.chars().any(|c| (BYTE_MARK..=BYTE_MARK + 0xff).contains(&u32::from(c))),
            _ => false,
        })
    };
    match value {
        Value::Str(text) | Value::Cased(text) if is_marked(text) => {
            let message = "bytes of UTF-16 that are no text need `base64` or `base64offset` behind them";
            Err(Problem::new(&codes::rule::NOT_ENCODABLE, message))
        }
        Value::Expansion { values, .. } => values.iter().try_for_each(check_finished),
        _ => Ok(()),
    }
}
