//! Splunk SPL2: `FROM dataset WHERE …`.
//!
//! `WHERE` compares strings with regard to case and binds `AND` tighter than `OR`, as the `where` command does.
//! So strings are compared in lower case, what has wildcards is a regular expression, and mixed operators are
//! grouped; the reference compares as written and leaves `OR` bare below `AND`.

use std::borrow::Cow;

use sigyn_ir::{Data, Expr, FieldRef, Number, Regex, RegexFlags, RuleItem, SigmaString, Value};

use super::{Builtin, undecided};
use crate::dialect::Operator;
use crate::target::FragResult;
use crate::{Cx, Dialect, Error, Frag, Target, text};

pub(super) static TARGET: Builtin = Builtin {
    name: "splunk_spl2",
    text: include_str!("splunk_spl2/dialect.yml"),
    build: |dialect| Box::new(Spl2 { dialect }),
};

struct Spl2 {
    dialect: Dialect,
}

impl Target for Spl2 {
    fn this(&self) -> &dyn Target {
        self
    }

    fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    fn never(&self, cx: &mut Cx<'_>) -> FragResult {
        if cx.env.is_reference() {
            return Err(Error::unsupported("the reference has no expression that is never true"));
        }
        Ok(Frag::Text("1=0".to_owned()))
    }

    fn stands_bare(&self, cx: &Cx<'_>, outer: Operator, inner: &Expr<'_>) -> bool {
        if cx.env.is_reference() {
            return text::stands_bare(self, cx, outer, inner);
        }
        match inner {
            Expr::Field { value, .. } | Expr::Keyword { value, .. } => {
                outer == Operator::Or || !matches!(**value, Value::Expansion { .. })
            }
            Expr::Or(args) => outer == Operator::Or || self.is_list(cx, Operator::Or, args),
            Expr::And(_) => outer == Operator::And,
            Expr::Not(_) => outer != Operator::Not,
            Expr::AtLeast { .. } => false,
            Expr::False | Expr::Nothing => true,
        }
    }

    fn is_list(&self, cx: &Cx<'_>, outer: Operator, args: &[Expr<'_>]) -> bool {
        let is_plain = |arg: &Expr<'_>| match arg {
            Expr::Field { value, .. } => match &**value {
                Value::Str(value) => !needs_pattern(value),
                Value::Number(_) => true,
                _ => false,
            },
            _ => false,
        };
        text::is_list(self, cx, outer, args) && (cx.env.is_reference() || args.iter().all(is_plain))
    }

    fn list(&self, cx: &mut Cx<'_>, outer: Operator, args: &[Expr<'_>]) -> FragResult {
        if cx.env.is_reference() { text::list(self, cx, outer, args) } else { self.any_of(cx, args) }
    }

    fn field(&self, cx: &mut Cx<'_>, field: &str, value: &Value) -> FragResult {
        undecided::field(self, cx, field, value)
    }

    fn field_string(&self, cx: &mut Cx<'_>, field: &str, value: &SigmaString) -> FragResult {
        if cx.env.is_reference() {
            return text::field_string(self, cx, field, value);
        }
        let name = self.field_name(cx, field);
        Ok(Frag::Text(if needs_pattern(value) {
            format!("match({name}, /{}/)", between_slashes(&text::whole_regex(value, true)?))
        } else {
            format!("lower({name})={}", lower_literal(value)?)
        }))
    }

    fn field_cased(&self, cx: &mut Cx<'_>, field: &str, value: &SigmaString) -> FragResult {
        if cx.env.is_reference() {
            return Err(Error::unsupported("the reference has no comparison with regard to case"));
        }
        let name = self.field_name(cx, field);
        Ok(Frag::Text(if needs_pattern(value) {
            format!("match({name}, /{}/)", between_slashes(&text::whole_regex(value, false)?))
        } else {
            format!("{name}={}", literal(value)?)
        }))
    }

    fn field_regex(&self, cx: &mut Cx<'_>, field: &str, value: &Regex) -> FragResult {
        if cx.env.is_reference() {
            return text::field_regex(self, cx, field, value);
        }
        Ok(Frag::Text(format!("match({}, /{}/)", self.field_name(cx, field), between_slashes(value))))
    }

    fn field_ref(&self, cx: &mut Cx<'_>, field: &str, other: &FieldRef) -> FragResult {
        // The reference compares with regard to case.
        if cx.env.is_reference() && !other.starts_with && !other.ends_with {
            return text::field_ref(self, cx, field, &FieldRef { is_cased: true, ..other.clone() });
        }
        text::field_ref(self, cx, field, other)
    }

    fn keyword_string(&self, cx: &mut Cx<'_>, value: &SigmaString) -> FragResult {
        if cx.env.is_reference() {
            let text = text::string(self, cx, value)?;
            let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(&text);
            return Ok(Frag::Text(format!("_raw LIKE \"%{inner}%\"")));
        }
        Ok(Frag::Text(format!("match(_raw, /{}/)", between_slashes(&text::inner_regex(value, true)?))))
    }

    fn keyword_number(&self, cx: &mut Cx<'_>, value: Number) -> FragResult {
        if cx.env.is_reference() {
            return text::keyword_number(self, cx, value);
        }
        self.keyword_string(cx, &SigmaString::literal(value.to_string()))
    }

    fn keyword_regex(&self, cx: &mut Cx<'_>, value: &Regex) -> FragResult {
        if cx.env.is_reference() {
            return text::keyword_regex(self, cx, value);
        }
        Ok(Frag::Text(format!("match(_raw, /{}/)", between_slashes(value))))
    }

    fn finish(&self, cx: &mut Cx<'_>, query: Frag) -> Result<String, Error> {
        if cx.state.get("dataset").is_none() {
            cx.state.set("dataset", Data::Text(cx.env.options.text("dataset", "main")));
        }
        text::finish(self, cx, query)
    }

    fn finalize(&self, cx: &mut Cx<'_>, query: String, _index: usize) -> Result<Data, Error> {
        let fields = match cx.rule {
            RuleItem::Rule(rule) => &rule.fields,
            RuleItem::Correlation(correlation) => &correlation.fields,
        };
        let start = if cx.env.format == "module" { "$result = " } else { "" };
        let names: Vec<_> = fields
            .iter()
            .map(|field| {
                if cx.env.is_reference() { Cow::Borrowed(field.as_str()) } else { self.field_name(cx, field) }
            })
            .collect();
        let table = if names.is_empty() { String::new() } else { format!(" | table {}", names.join(", ")) };
        Ok(Data::Text(format!("{start}{query}{table}")))
    }
}

impl Spl2 {
    /// One of several plain values of one field: strings in lower case and numbers, each kind a list.
    fn any_of(&self, cx: &mut Cx<'_>, args: &[Expr<'_>]) -> FragResult {
        let (mut strings, mut numbers) = (Vec::new(), Vec::new());
        let mut name = "";
        for arg in args {
            let Expr::Field { field, value, .. } = arg else { continue };
            name = field.as_ref();
            match &**value {
                Value::Str(value) => strings.push(lower_literal(value)?),
                Value::Number(number) => numbers.push(number.to_string()),
                _ => return Err(Error::unsupported("the target cannot write this value in a list")),
            }
        }
        let mut lists = Vec::new();
        let column = self.field_name(cx, name);
        if !strings.is_empty() {
            lists.push(format!("lower({column}) IN ({})", strings.join(", ")));
        }
        if !numbers.is_empty() {
            lists.push(format!("{column} IN ({})", numbers.join(", ")));
        }
        let text = lists.join(" OR ");
        let text = if lists.len() > 1 { format!("({text})") } else { text };
        undecided::grouped(self, cx, &[name], text)
    }
}

/// Whether a string cannot stand in quotes: it has wildcards, or `${` would start a template.
fn needs_pattern(value: &SigmaString) -> bool {
    value.as_literal().is_none_or(|text| text.contains("${"))
}

/// A regular expression as it stands between slashes; only bare slashes need an escape there.
fn between_slashes(value: &Regex) -> String {
    let mut out = String::new();
    if value.flags != RegexFlags::default() {
        out.push_str(&format!("(?{})", value.flags.letters()));
    }
    let pattern = value.pattern.to_raw();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                out.push(c);
                out.extend(chars.next());
            }
            '/' => out.push_str("\\/"),
            c => out.push(c),
        }
    }
    out
}

/// A string in double quotes.
fn literal(value: &SigmaString) -> Result<String, Error> {
    let spec = sigyn_ir::EscapeSpec { escape: Some("\\"), also_escaped: "\"\\", ..Default::default() };
    Ok(format!("\"{}\"", value.escaped(&spec)?))
}

fn lower_literal(value: &SigmaString) -> Result<String, Error> {
    literal(&value.map_text(str::to_lowercase))
}
