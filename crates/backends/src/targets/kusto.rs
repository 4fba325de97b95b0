//! Kusto Query Language (KQL).
//!
//! KQL has operators for parts of strings (`startswith`, `endswith`, `contains`) and no wildcards: what has a
//! wildcard elsewhere becomes a regular expression, and a list of values is split into `in~ (…)` and one
//! comparison for each value with wildcards. `not` is a function.

mod reference;

use std::borrow::Cow;
use std::fmt::Write;

use sigyn_ir::{Cidr, CompareOp, Expr, FieldRef, Number, Regex, SigmaString, TimePart, Value};

use super::Builtin;
use crate::dialect::Operator;
use crate::target::FragResult;
use crate::{Ancestry, Cx, Dialect, Error, Frag, Target, text};

pub(super) static TARGET: Builtin = Builtin {
    name: "kusto",
    text: include_str!("kusto/dialect.yml"),
    build: |dialect| Box::new(Kusto { dialect }),
};

struct Kusto {
    dialect: Dialect,
}

impl Target for Kusto {
    fn this(&self) -> &dyn Target {
        self
    }

    fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    fn not(&self, cx: &mut Cx<'_>, arg: &Expr<'_>) -> FragResult {
        let is_operator = matches!(arg, Expr::Or(_) | Expr::And(_) | Expr::Not(_) | Expr::AtLeast { .. });
        let ancestry = Ancestry { not: true, ..cx.ancestry };
        let frag =
            cx.below(ancestry, |cx| if is_operator { self.group(cx, arg) } else { self.expr(cx, arg) })?;
        match frag {
            Frag::Text(text) => Ok(Frag::Text(format!("not({text})"))),
            // The reference prints an emptied group as Python prints nothing.
            Frag::Nothing if is_operator && cx.env.is_reference() => Ok(Frag::Text("not(None)".to_owned())),
            Frag::Nothing if cx.env.is_reference() => {
                Err(Error::unsupported("the reference cannot negate an identifier that is empty"))
            }
            other => Ok(other),
        }
    }

    fn never(&self, cx: &mut Cx<'_>) -> FragResult {
        if cx.env.is_reference() {
            return Err(Error::unsupported("the reference has no expression that is never true"));
        }
        Ok(Frag::Text("false".to_owned()))
    }

    fn is_list(&self, cx: &Cx<'_>, outer: Operator, args: &[Expr<'_>]) -> bool {
        // `has_all` looks for whole words, not for values: only the reference writes it.
        (outer == Operator::Or || cx.env.is_reference()) && text::is_list(self, cx, outer, args)
    }

    fn list(&self, cx: &mut Cx<'_>, outer: Operator, args: &[Expr<'_>]) -> FragResult {
        if cx.env.is_reference() { reference::list(self, cx, outer, args) } else { self.any_of(cx, args) }
    }

    fn field_string(&self, cx: &mut Cx<'_>, field: &str, value: &SigmaString) -> FragResult {
        if !cx.env.is_reference() && needs_pattern(value) {
            return text::field_regex(self, cx, field, &text::whole_regex(value, true)?);
        }
        text::field_string(self, cx, field, value)
    }

    fn field_cased(&self, cx: &mut Cx<'_>, field: &str, value: &SigmaString) -> FragResult {
        if cx.env.is_reference() {
            return Err(Error::unsupported("the reference has no comparison with regard to case"));
        }
        if needs_pattern(value) {
            return text::field_regex(self, cx, field, &text::whole_regex(value, false)?);
        }
        text::field_cased(self, cx, field, value)
    }

    fn field_regex(&self, cx: &mut Cx<'_>, field: &str, value: &Regex) -> FragResult {
        if !cx.env.is_reference()
            && let Err(error) = regex_syntax::parse(&value.pattern.to_raw())
        {
            let reason = error.to_string();
            let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ");
            return Err(Error::unsupported(format!(
                "KQL has the regular expressions of Rust's `regex` and cannot take this one: {reason}"
            )));
        }
        text::field_regex(self, cx, field, value)
    }

    fn field_bool(&self, cx: &mut Cx<'_>, field: &str, value: bool) -> FragResult {
        if cx.env.is_reference() {
            return Ok(Frag::Text(format!("{} =~ {value}", self.field_name(cx, field))));
        }
        text::field_bool(self, cx, field, value)
    }

    fn field_time_part(&self, cx: &mut Cx<'_>, field: &str, part: TimePart, value: Number) -> FragResult {
        if cx.env.is_reference() {
            return Err(Error::unsupported("the reference cannot read a part of a timestamp"));
        }
        text::field_time_part(self, cx, field, part, value)
    }

    fn field_compare(
        &self,
        cx: &mut Cx<'_>,
        field: &str,
        op: CompareOp,
        number: Number,
        part: Option<TimePart>,
    ) -> FragResult {
        // The reference compares the whole field.
        let part = part.filter(|_| !cx.env.is_reference());
        text::field_compare(self, cx, field, op, number, part)
    }

    fn field_cidr(&self, cx: &mut Cx<'_>, field: &str, value: &Cidr) -> FragResult {
        if cx.env.is_reference() {
            return text::field_cidr(self, cx, field, value);
        }
        let version = if value.network.addr().is_ipv4() { 4 } else { 6 };
        let name = self.field_name(cx, field);
        Ok(Frag::Text(format!("ipv{version}_is_in_range({name}, \"{}\")", value.network)))
    }

    fn field_ref(&self, cx: &mut Cx<'_>, field: &str, other: &FieldRef) -> FragResult {
        if cx.env.is_reference() {
            return Err(Error::unsupported("the reference cannot compare two fields"));
        }
        text::field_ref(self, cx, field, other)
    }

    fn field_null(&self, cx: &mut Cx<'_>, field: &str) -> FragResult {
        if cx.env.is_reference() {
            return Ok(Frag::Text(format!("isnull({})", self.field_name(cx, field))));
        }
        text::field_null(self, cx, field)
    }

    fn keyword_string(&self, cx: &mut Cx<'_>, value: &SigmaString) -> FragResult {
        if cx.env.is_reference() {
            return Ok(Frag::Text(self.string(cx, value)?));
        }
        text::keyword_string(self, cx, &value.without_outer_many())
    }

    fn keyword_number(&self, cx: &mut Cx<'_>, value: Number) -> FragResult {
        if cx.env.is_reference() {
            return Ok(Frag::Text(value.to_string()));
        }
        text::keyword_number(self, cx, value)
    }

    fn keyword_regex(&self, cx: &mut Cx<'_>, value: &Regex) -> FragResult {
        if cx.env.is_reference() {
            return Ok(Frag::Text(format!("_=~{}", self.regex(cx, value)?)));
        }
        text::keyword_regex(self, cx, value)
    }

    fn field_name<'n>(&self, cx: &Cx<'_>, name: &'n str) -> Cow<'n, str> {
        if cx.env.is_reference() { text::field_name(&self.dialect, name) } else { column(name) }
    }

    fn string(&self, cx: &Cx<'_>, value: &SigmaString) -> Result<String, Error> {
        if cx.env.is_reference() {
            // The reference takes the escape from every `*`, also one that belongs to a backslash.
            return Ok(text::string(self, cx, value)?.replace("\\*", "*"));
        }
        literal(value)
    }
}

impl Kusto {
    /// One of several values of one field: plain strings and numbers as lists, the others one by one.
    fn any_of(&self, cx: &mut Cx<'_>, args: &[Expr<'_>]) -> FragResult {
        let (mut strings, mut cased, mut numbers) = (Vec::new(), Vec::new(), Vec::new());
        let mut parts = Vec::new();
        let mut name = Cow::Borrowed("");
        for arg in args {
            let Expr::Field { field, value, .. } = arg else { continue };
            name = Cow::Owned(self.field_name(cx, field).into_owned());
            match &**value {
                Value::Str(value) if !value.has_wildcard() => strings.push(literal(value)?),
                Value::Cased(value) if !value.has_wildcard() => cased.push(literal(value)?),
                Value::Number(number) => numbers.push(number.to_string()),
                value => parts.extend(self.field(cx, field, value)?.text()),
            }
        }
        let mut all = Vec::new();
        for (operator, values) in [("in~", strings), ("in", cased), ("in", numbers)] {
            match values.as_slice() {
                [] => {}
                [value] if operator == "in" => all.push(format!("{name} == {value}")),
                values => all.push(format!("{name} {operator} ({})", values.join(", "))),
            }
        }
        all.append(&mut parts);
        Ok(Frag::Text(all.join(" or ")))
    }
}

/// Whether a wildcard stands where `startswith`, `endswith` and `contains` have none.
fn needs_pattern(value: &SigmaString) -> bool {
    let (front, back) = (value.starts_with_many(), value.ends_with_many());
    value.has_wildcard_within(usize::from(front), usize::from(back))
}

/// A text in double quotes; line breaks and tabs are written as escapes, because no literal may hold a break.
fn literal(value: &SigmaString) -> Result<String, Error> {
    let spec = sigyn_ir::EscapeSpec { escape: Some("\\"), also_escaped: "\"\\", ..Default::default() };
    let escaped = value.escaped(&spec)?;
    let mut out = String::with_capacity(escaped.len() + 2);
    out.push('"');
    for c in escaped.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    Ok(out)
}

/// A column: bare if it is an identifier or a path of identifiers into a dynamic column, else `['name']`.
/// Plain quotes, as the reference writes them, would make it a string.
fn column(name: &str) -> Cow<'_, str> {
    let is_identifier = |part: &str| {
        !part.is_empty()
            && !part.starts_with(|c: char| c.is_ascii_digit())
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    if name.split('.').all(is_identifier) {
        return Cow::Borrowed(name);
    }
    Cow::Owned(format!("['{}']", name.replace('\\', "\\\\").replace('\'', "\\'")))
}
