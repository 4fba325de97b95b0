//! IBM QRadar, Ariel Query Language (AQL).

mod devices;
mod frame;
mod like;

use sigyn_ir::{Cidr, Data, Expr, Number, Regex, SigmaString, Value};

use super::Builtin;
use crate::dialect::Operator;
use crate::target::FragResult;
use crate::{Ancestry, Cx, Dialect, Error, Frag, Target, text};

pub(super) static TARGET: Builtin = Builtin {
    name: "qradar-aql-community",
    text: include_str!("qradar_aql_community/dialect.yml"),
    build: |dialect| Box::new(Qradar { dialect }),
};

struct Qradar {
    dialect: Dialect,
}

impl Target for Qradar {
    fn this(&self) -> &dyn Target {
        self
    }

    fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    fn expr(&self, cx: &mut Cx<'_>, expr: &Expr<'_>) -> FragResult {
        match expr {
            Expr::Nothing if cx.env.is_reference() => {
                Err(Error::unsupported("nothing is left to search for but the log source")
                    .as_reference("SigmaConversionError"))
            }
            _ => text::expr(self, cx, expr),
        }
    }

    /// `NOT` is written like a function.
    fn not(&self, cx: &mut Cx<'_>, arg: &Expr<'_>) -> FragResult {
        let is_operator = matches!(arg, Expr::Or(_) | Expr::And(_) | Expr::Not(_) | Expr::AtLeast { .. });
        let ancestry = Ancestry { not: true, ..cx.ancestry };
        let inner =
            cx.below(ancestry, |cx| if is_operator { self.group(cx, arg) } else { self.expr(cx, arg) })?;
        Ok(match inner {
            Frag::Text(text) => Frag::Text(format!("NOT({text})")),
            other => other,
        })
    }

    fn list(&self, cx: &mut Cx<'_>, outer: Operator, args: &[Expr<'_>]) -> FragResult {
        let Some(Expr::Field { field, .. }) = args.first() else { return text::list(self, cx, outer, args) };
        let mut values = Vec::with_capacity(args.len());
        let mut has_case = false;
        for arg in args {
            let Expr::Field { value, .. } = arg else { continue };
            values.push(match &**value {
                Value::Str(string) => {
                    has_case |= like::has_case(string);
                    string.clone()
                }
                // With regard to case, which the others are not.
                Value::Cased(_) if !cx.env.is_reference() => return text::or(self, cx, args),
                Value::Cased(string) => string.clone(),
                Value::Number(number) | Value::TimePart { number, .. } => {
                    SigmaString::literal(number.to_string())
                }
                _ => return text::or(self, cx, args),
            });
        }
        let mut name = self.field_name(cx, field).into_owned();
        let lowers = has_case && !cx.env.is_reference();
        if lowers {
            name = format!("LOWER({name})");
        }
        let values = values
            .iter()
            .map(|value| {
                let text = like::quoted(value, cx.env.is_reference())?;
                Ok(if lowers { text.to_lowercase() } else { text })
            })
            .collect::<Result<Vec<_>, Error>>()?;
        Ok(Frag::Text(format!("{name} IN({})", values.join(", "))))
    }

    fn field_string(&self, cx: &mut Cx<'_>, field: &str, value: &SigmaString) -> FragResult {
        let name = self.field_name(cx, field);
        like::field(&name, value, cx.env.is_reference()).map(Frag::Text)
    }

    fn field_cased(&self, cx: &mut Cx<'_>, field: &str, value: &SigmaString) -> FragResult {
        if cx.env.is_reference() {
            return text::field_cased(self, cx, field, value);
        }
        let name = self.field_name(cx, field);
        like::field_cased(&name, value).map(Frag::Text)
    }

    fn field_exists(&self, cx: &mut Cx<'_>, field: &str, exists: bool) -> FragResult {
        if cx.env.is_reference() {
            return Err(Error::unsupported("the target cannot say that a field is there"));
        }
        text::field_exists(self, cx, field, exists)
    }

    fn field_cidr(&self, cx: &mut Cx<'_>, field: &str, value: &Cidr) -> FragResult {
        // The reference forgets the quotes that a name with blanks needs.
        let name = if cx.env.is_reference() { field.into() } else { self.field_name(cx, field) };
        text::field_cidr(self, cx, &name, value)
    }

    fn keyword_string(&self, cx: &mut Cx<'_>, value: &SigmaString) -> FragResult {
        frame::keyword_string(cx, value).map(Frag::Text)
    }

    fn keyword_number(&self, cx: &mut Cx<'_>, value: Number) -> FragResult {
        frame::keyword_number(cx, value).map(Frag::Text)
    }

    fn keyword_regex(&self, cx: &mut Cx<'_>, value: &Regex) -> FragResult {
        let pattern = self.regex(cx, value)?;
        Ok(Frag::Text(frame::keyword_regex(cx, &pattern)))
    }

    fn finalize(&self, cx: &mut Cx<'_>, query: String, _index: usize) -> Result<Data, Error> {
        Ok(Data::Text(frame::query(self, cx, &query)))
    }
}
