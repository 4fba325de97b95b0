//! Field names, strings and regular expressions.

use std::borrow::Cow;
use std::collections::BTreeMap;

use sigyn_ir::{EscapeSpec, Part, Regex, RegexFlags, SigmaString, StringError};

use crate::dialect::StringDialect;
use crate::{Cx, Dialect, Error, Target};

pub(crate) fn field_name<'n>(dialect: &Dialect, name: &'n str) -> Cow<'n, str> {
    let field = &dialect.field;
    let mut escaped = Cow::Borrowed(name);
    if let Some(escape) = &field.escape {
        let mut places: Vec<usize> =
            field.escape_matches.iter().flat_map(|search| search.starts(name)).collect();
        if let (false, Some(quote)) = (field.keep_quote, &field.quote) {
            places.extend(name.match_indices(quote.as_str()).map(|(at, _)| at));
        }
        places.sort_unstable();
        places.dedup();
        // From the back, so that earlier places stay right.
        for at in places.into_iter().rev() {
            escaped.to_mut().insert_str(at, escape);
        }
    }
    let Some(quote) = &field.quote else { return escaped };
    let quotes = match (&field.quote_unless, &field.quote_if) {
        (Some(pattern), _) => !pattern.matches(&escaped),
        (None, Some(pattern)) => pattern.matches(&escaped),
        (None, None) => true,
    };
    if quotes { Cow::Owned(format!("{quote}{escaped}{quote}")) } else { escaped }
}

pub(crate) fn quotes_string(dialect: &Dialect, value: &SigmaString) -> bool {
    let string = &dialect.string;
    if string.quote.is_empty() {
        return false;
    }
    match (&string.quote_unless, &string.quote_if) {
        (Some(pattern), _) => !pattern.matches(&value.to_plain()),
        (None, Some(pattern)) => pattern.matches(&value.to_plain()),
        (None, None) => true,
    }
}

pub(crate) fn string(target: &dyn Target, cx: &Cx<'_>, value: &SigmaString) -> Result<String, Error> {
    let dialect = &target.dialect().string;
    let escaped = bare_string(dialect, value)?;
    Ok(if target.quotes_string(cx, value) {
        format!("{quote}{escaped}{quote}", quote = dialect.quote)
    } else {
        escaped
    })
}

/// A string, escaped but without quotes.
pub(crate) fn bare_string(dialect: &StringDialect, value: &SigmaString) -> Result<String, StringError> {
    let also_escaped = format!("{}{}", dialect.quote, dialect.also_escaped);
    let spec = EscapeSpec {
        escape: dialect.escape.as_deref(),
        many: dialect.many.as_deref(),
        one: dialect.one.as_deref(),
        also_escaped: &also_escaped,
        dropped: &dialect.dropped,
    };
    if dialect.replace.is_empty() {
        return value.escaped(&spec);
    }
    // Characters with a text of their own cut the string: what stands between them is escaped as usual.
    let mut out = String::new();
    for part in value.parts() {
        let Part::Text(text) = part else {
            out.push_str(&SigmaString::from_parts([part.clone()]).escaped(&spec)?);
            continue;
        };
        for piece in text.split_inclusive(|c| dialect.replace.contains_key(&c)) {
            let last = piece.chars().next_back().and_then(|c| Some((c, dialect.replace.get(&c)?)));
            let plain = last.map_or(piece, |(c, _)| &piece[..piece.len() - c.len_utf8()]);
            out.push_str(&SigmaString::literal(plain).escaped(&spec)?);
            out.push_str(last.map_or("", |(_, replacement)| replacement));
        }
    }
    Ok(out)
}

/// A text with characters written as other texts.
fn replaced(replace: &BTreeMap<char, String>, text: String) -> String {
    if replace.is_empty() {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match replace.get(&c) {
            Some(replacement) => out.push_str(replacement),
            None => out.push(c),
        }
    }
    out
}

/// Puts the escape before each occurrence of a string that needs it, found from left to right.
pub(crate) fn regex(dialect: &Dialect, value: &Regex, is_reference: bool) -> String {
    let spec = &dialect.regex;
    let pattern = value.pattern.to_raw();
    let mut out = String::with_capacity(pattern.len() + 8);
    if !spec.without_flags && value.flags != Default::default() {
        out.push_str("(?");
        out.push_str(&value.flags.letters());
        out.push(')');
    }
    let mut rest = pattern.as_str();
    while let Some(c) = rest.chars().next() {
        // What is escaped already stays as it is; the reference escapes the character behind the escape again.
        if spec.keep_escape && !is_reference && !spec.escape.is_empty() && rest.starts_with(&spec.escape) {
            let behind = rest[spec.escape.len()..].chars().next().map_or(0, char::len_utf8);
            let length = spec.escape.len() + behind;
            out.push_str(&rest[..length]);
            rest = &rest[length..];
            continue;
        }
        let escape_itself = (!spec.keep_escape).then_some(spec.escape.as_str());
        let found = spec.escaped.iter().map(String::as_str).chain(escape_itself);
        let length = match found.filter(|text| !text.is_empty()).find(|text| rest.starts_with(text)) {
            Some(text) => {
                out.push_str(&spec.escape);
                text.len()
            }
            None => c.len_utf8(),
        };
        out.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    replaced(&spec.replace, out)
}

/// A string as a regular expression over the whole value.
pub(crate) fn whole_regex(value: &SigmaString, ignore_case: bool) -> Result<Regex, StringError> {
    let start = if value.starts_with_many() { "" } else { "^" };
    let end = if value.ends_with_many() { "" } else { "$" };
    let mut regex = inner_regex(value, ignore_case)?;
    regex.pattern = SigmaString::literal(format!("{start}{}{end}", regex.pattern.to_raw()));
    Ok(regex)
}

/// A string as a regular expression that is searched anywhere in the value.
pub(crate) fn inner_regex(value: &SigmaString, ignore_case: bool) -> Result<Regex, StringError> {
    let pattern = SigmaString::literal(value.without_outer_many().to_regex("")?);
    let flags = RegexFlags { ignore_case, multiline: false, dotall: value.has_wildcard() };
    Ok(Regex { pattern, flags })
}

/// Refuses what engines without backtracking (RE2) cannot match, and placeholders, which would stand as text.
pub(crate) fn refuse_backtracking(value: &Regex) -> Result<(), Error> {
    use regex_syntax::ast::{ErrorKind, parse::Parser};
    if let Some(name) = value.pattern.placeholders().next() {
        return Err(sigyn_ir::StringError::Placeholder(name.to_owned()).into());
    }
    match Parser::new().parse(&value.pattern.to_raw()).map_err(|error| error.kind().clone()) {
        Err(ErrorKind::UnsupportedLookAround) => {
            Err(Error::unsupported("the target's regular expressions have no look-around"))
        }
        Err(ErrorKind::UnsupportedBackreference) => {
            Err(Error::unsupported("the target's regular expressions have no back-references"))
        }
        _ => Ok(()),
    }
}
