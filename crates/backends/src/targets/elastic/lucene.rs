//! The Lucene query language, as the targets that speak it write it.

use std::borrow::Cow;

use sigyn_ir::{Cidr, Correlation, Data, EscapeSpec, Expr, FieldRef, Number, Regex, SigmaString, Value};

use super::regex::{Case, Dot, LuceneRegex};
use super::{absent_field, field_expansion, stands_bare};
use crate::dialect::Operator;
use crate::target::FragResult;
use crate::{Cx, Dialect, Error, Frag, Subquery, Target, text};

/// What a target makes of its Lucene queries.
pub(in crate::targets) trait Frame: Send + Sync {
    /// A query in an output format.
    fn finalize(&self, cx: &mut Cx<'_>, query: String, index: usize) -> Result<Data, Error>;

    /// A correlation.
    fn correlation(
        &self,
        target: &dyn Target,
        cx: &mut Cx<'_>,
        correlation: &Correlation,
        rules: &[Subquery<'_>],
    ) -> Result<Vec<String>, Error> {
        text::correlation(target, cx, correlation, rules)
    }
}

/// A target that speaks Lucene.
pub(in crate::targets) struct Lucene<F> {
    /// The dialect.
    pub(in crate::targets) dialect: Dialect,
    /// What becomes of the queries.
    pub(in crate::targets) frame: F,
}

/// Words that the query parser takes for operators.
const OPERATORS: [&str; 3] = ["AND", "OR", "NOT"];

impl<F: Frame> Target for Lucene<F> {
    fn this(&self) -> &dyn Target {
        self
    }

    fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    fn not(&self, cx: &mut Cx<'_>, arg: &Expr<'_>) -> FragResult {
        match absent_field(cx, arg) {
            // The reference forgets to escape the name.
            Some(field) if cx.env.is_reference() => Ok(Frag::Text(format!("_exists_:{field}"))),
            Some(field) => Ok(Frag::Text(format!("_exists_:{}", self.field_name(cx, field)))),
            None => text::not(self, cx, arg),
        }
    }

    fn never(&self, _cx: &mut Cx<'_>) -> FragResult {
        Ok(Frag::Text("(NOT *:*)".to_owned()))
    }

    fn stands_bare(&self, cx: &Cx<'_>, outer: Operator, inner: &Expr<'_>) -> bool {
        stands_bare(self, cx, outer, inner)
    }

    fn list(&self, cx: &mut Cx<'_>, outer: Operator, args: &[Expr<'_>]) -> FragResult {
        if cx.env.is_reference() {
            return text::list(self, cx, outer, args);
        }
        let args: Vec<_> = args.iter().cloned().map(number_as_term).collect();
        text::list(self, cx, outer, &args)
    }

    fn field_expansion(&self, cx: &mut Cx<'_>, field: &str, values: &[Value]) -> FragResult {
        field_expansion(self, cx, field, values)
    }

    fn field_number(&self, cx: &mut Cx<'_>, field: &str, value: Number) -> FragResult {
        match signed(value).filter(|_| !cx.env.is_reference()) {
            Some(term) => self.field_string(cx, field, &term),
            None => text::field_token(self, cx, field, &value.to_string()),
        }
    }

    fn field_regex(&self, cx: &mut Cx<'_>, field: &str, value: &Regex) -> FragResult {
        if cx.env.is_reference() {
            return text::field_regex(self, cx, field, value);
        }
        let regex = LuceneRegex::translate(value, Case::Spelled, Dot::Any)?;
        Ok(Frag::Text(format!("{}:/{}/", self.field_name(cx, field), regex.pattern)))
    }

    fn keyword_regex(&self, cx: &mut Cx<'_>, value: &Regex) -> FragResult {
        if cx.env.is_reference() {
            return text::keyword_regex(self, cx, value);
        }
        let regex = LuceneRegex::translate(value, Case::Spelled, Dot::Any)?;
        Ok(Frag::Text(format!("/{}/", regex.pattern)))
    }

    fn field_ref(&self, _: &mut Cx<'_>, _: &str, _: &FieldRef) -> FragResult {
        Err(Error::feature("Lucene queries cannot compare two fields"))
    }

    fn field_cidr(&self, cx: &mut Cx<'_>, field: &str, value: &Cidr) -> FragResult {
        let escape_network = |network: String| network.replace(':', "\\:");
        if !cx.env.is_reference() {
            let network = escape_network(value.network.network().to_string());
            let prefix = value.network.prefix_len();
            return Ok(Frag::Text(format!("{}:{network}\\/{prefix}", self.field_name(cx, field))));
        }
        // The reference escapes no field, and takes its first colon for the one behind the field.
        let text = text::field_cidr(self, cx, field, value)?.text().unwrap_or_default();
        Ok(Frag::Text(match value.text.contains(':') {
            true => escape_network(text).replacen("\\:", ":", 1),
            false => text,
        }))
    }

    fn keyword_string(&self, cx: &mut Cx<'_>, value: &SigmaString) -> FragResult {
        let Some(template) = &self.dialect.unbound.string else {
            return text::keyword_string(self, cx, value);
        };
        // Wildcards stand around the value, so that it must not be a phrase.
        let text = match cx.env.is_reference() {
            true => text::string(self, cx, value)?,
            false => self.escaped(value)?,
        };
        Ok(Frag::Text(template.fill(&[("value", &text)])))
    }

    fn field_name<'n>(&self, cx: &Cx<'_>, name: &'n str) -> Cow<'n, str> {
        if cx.env.is_reference() {
            return text::field_name(&self.dialect, name);
        }
        escaped_field(name)
    }

    fn string(&self, cx: &Cx<'_>, value: &SigmaString) -> Result<String, Error> {
        if cx.env.is_reference() {
            return self.reference_string(cx, value);
        }
        let text = self.escaped(value)?;
        let is_phrase = !value.has_wildcard() && needs_phrase(&value.to_raw());
        // Spaces need no escape inside a phrase.
        Ok(if is_phrase { format!("\"{}\"", text.replace("\\ ", " ")) } else { text })
    }

    fn finalize(&self, cx: &mut Cx<'_>, query: String, index: usize) -> Result<Data, Error> {
        self.frame.finalize(cx, query, index)
    }

    fn correlation(
        &self,
        cx: &mut Cx<'_>,
        correlation: &Correlation,
        rules: &[Subquery<'_>],
    ) -> Result<Vec<String>, Error> {
        self.frame.correlation(self, cx, correlation, rules)
    }
}

impl<F: Frame> Lucene<F> {
    /// A string with everything escaped that the parser would not take as text, whitespace of all kinds included.
    fn escaped(&self, value: &SigmaString) -> Result<String, Error> {
        let dialect = &self.dialect.string;
        let spec = EscapeSpec {
            escape: dialect.escape.as_deref(),
            many: dialect.many.as_deref(),
            one: dialect.one.as_deref(),
            also_escaped: &format!("{}{}\t\n\r\u{3000}", dialect.quote, dialect.also_escaped),
            dropped: &dialect.dropped,
        };
        Ok(value.escaped(&spec)?)
    }

    /// The reference makes phrases of plain strings with spaces only.
    fn reference_string(&self, cx: &Cx<'_>, value: &SigmaString) -> Result<String, Error> {
        if value.has_wildcard() || !value.to_plain().contains(' ') {
            return text::string(self, cx, value);
        }
        let dialect = &self.dialect.string;
        let spec = EscapeSpec {
            escape: dialect.escape.as_deref(),
            many: dialect.many.as_deref(),
            one: dialect.one.as_deref(),
            also_escaped: &dialect.also_escaped.replace(' ', ""),
            dropped: &dialect.dropped,
        };
        Ok(format!("\"{}\"", value.escaped(&spec)?))
    }
}

/// Whether a text stands in quotes: it is empty, holds whitespace, is an operator, or begins with a sign that
/// makes a range, which no escape prevents.
fn needs_phrase(text: &str) -> bool {
    text.is_empty()
        || text.starts_with(['<', '>'])
        || text.contains(char::is_whitespace)
        || OPERATORS.contains(&text)
}

/// A number with a sign as a string: bare, the sign would exclude or require the number.
fn signed(number: Number) -> Option<SigmaString> {
    let text = number.to_string();
    text.contains(['-', '+']).then(|| SigmaString::literal(text))
}

fn number_as_term(expr: Expr<'_>) -> Expr<'_> {
    match expr {
        Expr::Field { field, value, span } => {
            let term = match &*value {
                Value::Number(number) => signed(*number).map(Value::Str),
                _ => None,
            };
            Expr::Field { field, value: term.map_or(value, Cow::Owned), span }
        }
        other => other,
    }
}

/// A field name with what the parser would not take as part of a name escaped.
fn escaped_field(name: &str) -> Cow<'_, str> {
    let needs_escape = |(at, c): (usize, char)| {
        c.is_whitespace() || ":()[]{}\"^~*?!&|\\/".contains(c) || (at == 0 && "+-".contains(c))
    };
    if !name.char_indices().any(needs_escape) {
        return Cow::Borrowed(name);
    }
    let mut escaped = String::with_capacity(name.len() + 4);
    for (at, c) in name.char_indices() {
        if needs_escape((at, c)) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    Cow::Owned(escaped)
}

/// A query as the value of `query` in the search interfaces of Elasticsearch and OpenSearch.
pub(in crate::targets) fn dsl(query: String) -> Data {
    let must = Data::List(vec![query_string(query)]);
    Data::map([("bool", Data::map([("must", must)]))])
}

fn query_string(query: String) -> Data {
    let query_string = Data::map([("query", Data::Text(query)), ("analyze_wildcard", true.into())]);
    Data::map([("query_string", query_string)])
}

/// A saved search of Kibana or OpenSearch Dashboards.
pub(in crate::targets) fn saved_search(cx: &Cx<'_>, query: String) -> Data {
    const INDEX: &str = "beats-*";
    let meta = cx.rule.meta();
    let empty = || Data::List(Vec::new());
    let highlight = Data::map([
        ("pre_tags", Data::texts(["@kibana-highlighted-field@"])),
        ("post_tags", Data::texts(["@/kibana-highlighted-field@"])),
        ("fields", Data::map([("*", Data::Map(Vec::new()))])),
        ("require_field_match", false.into()),
        ("fragment_size", i64::from(i32::MAX).into()),
    ]);
    let source = Data::map([
        ("index", Data::from(INDEX)),
        ("filter", empty()),
        ("highlight", highlight),
        ("query", query_string(query)),
    ]);
    let attributes = Data::map([
        ("title", Data::Text(format!("SIGMA - {}", meta.title))),
        ("description", meta.description.as_deref().map_or(Data::Null, Data::from)),
        ("hits", 0.into()),
        ("columns", empty()),
        ("sort", Data::texts(["@timestamp", "desc"])),
        ("version", 1.into()),
        ("kibanaSavedObjectMeta", Data::map([("searchSourceJSON", Data::Text(source.to_json(None)))])),
    ]);
    let reference = Data::map([
        ("id", Data::from(INDEX)),
        ("name", "kibanaSavedObjectMeta.searchSourceJSON.index".into()),
        ("type", "index-pattern".into()),
    ]);
    Data::map([
        ("id", super::rule_id(cx)),
        ("type", "search".into()),
        ("attributes", attributes),
        ("references", Data::List(vec![reference])),
    ])
}
