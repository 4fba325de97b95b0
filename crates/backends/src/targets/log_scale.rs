//! CrowdStrike LogScale.
//!
//! Comparisons with strings regard case, so nearly every string is printed as a regular expression. Networks are
//! a function behind the search.

use sigyn_ir::{Cidr, Number, Part, Regex, SigmaString, Value};

use super::Builtin;
use crate::target::FragResult;
use crate::{Cx, Deferred, Dialect, Error, Frag, Target, text};

pub(super) static TARGET: Builtin = Builtin {
    name: "log_scale",
    text: include_str!("log_scale/dialect.yml"),
    build: |dialect| Box::new(LogScale { dialect }),
};

struct LogScale {
    dialect: Dialect,
}

/// `cidr()` behind the search.
const CIDR: &str = "cidr";

impl LogScale {
    /// The string as a regular expression between slashes, anchored where it has no wildcard at its ends.
    fn pattern(&self, cx: &Cx<'_>, value: &SigmaString, flags: &str) -> Result<String, Error> {
        let (starts, ends) = (value.starts_with_many(), value.ends_with_many());
        let value = value.without_outer_many();
        let form = self.dialect.string_forms.get("pattern").unwrap_or(&self.dialect.string);
        let regex = text::bare_string(form, &value)?;
        // The dot takes newlines only with `d`, wildcards take them always.
        let dotall = if value.has_wildcard() && !cx.env.is_reference() { "d" } else { "" };
        let (front, back) = (if starts { "" } else { "^" }, if ends { "" } else { "$" });
        Ok(format!("/{front}{regex}{back}/{dotall}{flags}"))
    }

    fn field_pattern(&self, cx: &Cx<'_>, field: &str, value: &SigmaString, flags: &str) -> FragResult {
        let pattern = self.pattern(cx, value, flags)?;
        Ok(Frag::Text(format!("{}={pattern}", self.field_name(cx, field))))
    }

    /// A regular expression between slashes.
    fn regex_literal(&self, value: &Regex) -> String {
        // LogScale calls the flag `s` of others `d`.
        let flags = [(value.flags.ignore_case, "i"), (value.flags.multiline, "m"), (value.flags.dotall, "d")];
        let flags: String = flags.into_iter().filter(|(is_set, _)| *is_set).map(|(_, flag)| flag).collect();
        format!("/{}/{flags}", with_escaped_slashes(&value.pattern.to_raw()))
    }
}

impl Target for LogScale {
    fn this(&self) -> &dyn Target {
        self
    }

    fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    fn field_string(&self, cx: &mut Cx<'_>, field: &str, value: &SigmaString) -> FragResult {
        // The reference writes an empty regular expression, which begins a comment.
        if is_any(value) && !cx.env.is_reference() {
            return self.field_exists(cx, field, true);
        }
        self.field_pattern(cx, field, value, "i")
    }

    fn field_cased(&self, cx: &mut Cx<'_>, field: &str, value: &SigmaString) -> FragResult {
        // The reference leaves quotes inside its regular expressions.
        if cx.env.is_reference() {
            return text::field_cased(self, cx, field, value);
        }
        if is_any(value) {
            return self.field_exists(cx, field, true);
        }
        self.field_pattern(cx, field, value, "")
    }

    fn field_regex(&self, cx: &mut Cx<'_>, field: &str, value: &Regex) -> FragResult {
        // The reference leaves slashes bare, which end the expression, and writes `s`, which LogScale does not know.
        if cx.env.is_reference() {
            return text::field_regex(self, cx, field, value);
        }
        Ok(Frag::Text(format!("{}={}", self.field_name(cx, field), self.regex_literal(value))))
    }

    fn field_cidr(&self, cx: &mut Cx<'_>, field: &str, value: &Cidr) -> FragResult {
        if cx.ancestry.or {
            return Err(Error::feature("LogScale tells networks only behind the search, not below `or`"));
        }
        let network = value.network.to_string();
        let (field, value) = if cx.env.is_reference() {
            (field.to_owned(), network)
        } else {
            (self.field_name(cx, field).into_owned(), format!("\"{network}\""))
        };
        let deferred = Deferred { kind: CIDR, field: Some(field), value, is_negated: false, extra: None };
        Ok(Frag::Deferred(cx.defer(deferred)))
    }

    fn field_exists(&self, cx: &mut Cx<'_>, field: &str, exists: bool) -> FragResult {
        if cx.env.is_reference() {
            return Err(Error::unsupported("the target cannot say that a field is there"));
        }
        text::field_exists(self, cx, field, exists)
    }

    fn keyword(&self, cx: &mut Cx<'_>, value: &Value) -> FragResult {
        match value {
            Value::Cased(string) if !cx.env.is_reference() => self.free_text(cx, string, ""),
            other => text::keyword(self, cx, other),
        }
    }

    fn keyword_string(&self, cx: &mut Cx<'_>, value: &SigmaString) -> FragResult {
        // The reference leaves quotes inside its regular expressions, and slashes bare.
        if cx.env.is_reference() {
            return text::keyword_string(self, cx, value);
        }
        self.free_text(cx, value, "i")
    }

    fn keyword_number(&self, cx: &mut Cx<'_>, value: Number) -> FragResult {
        if cx.env.is_reference() {
            return text::keyword_number(self, cx, value);
        }
        self.free_text(cx, &SigmaString::literal(value.to_string()), "i")
    }

    fn keyword_regex(&self, cx: &mut Cx<'_>, value: &Regex) -> FragResult {
        if cx.env.is_reference() {
            return text::keyword_regex(self, cx, value);
        }
        Ok(Frag::Text(self.regex_literal(value)))
    }

    fn finish(&self, cx: &mut Cx<'_>, query: Frag) -> Result<String, Error> {
        let query = text::finish(self, cx, query)?;
        // A query does not begin with the pipe.
        Ok(match query.strip_prefix("| ") {
            Some(rest) if !cx.env.is_reference() => rest.to_owned(),
            _ => query,
        })
    }

    fn deferred(&self, _cx: &Cx<'_>, deferred: &Deferred) -> Result<String, Error> {
        let negation = if deferred.is_negated { "!" } else { "" };
        let field = deferred.field.as_deref().unwrap_or_default();
        Ok(format!("{negation}cidr({field}, subnet={})", deferred.value))
    }
}

impl LogScale {
    /// A text anywhere in the event.
    fn free_text(&self, cx: &Cx<'_>, value: &SigmaString, flags: &str) -> FragResult {
        if value.is_empty() || is_any(value) {
            return Ok(Frag::Text("*".to_owned()));
        }
        Ok(Frag::Text(self.pattern(cx, &value.clone().contained(), flags)?))
    }
}

/// Whether any value will do.
fn is_any(value: &SigmaString) -> bool {
    !value.is_empty() && value.parts().iter().all(|part| *part == Part::Many)
}

/// A regular expression that can stand between slashes.
fn with_escaped_slashes(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut is_escaped = false;
    for c in pattern.chars() {
        if c == '/' && !is_escaped {
            out.push('\\');
        }
        is_escaped = c == '\\' && !is_escaped;
        out.push(c);
    }
    out
}
