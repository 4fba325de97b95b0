//! Conditions as label filters and line filters.

use sigyn_ir::{CompareOp, FieldRef, Number, Regex, SigmaString, TimePart, Value};

use super::keyword::{self, Keyword};
use super::pattern::{self, Place, label_name};
use crate::normal::{Branch, Leaf, Node};
use crate::{Error, Template, text};

/// What a part of a condition becomes.
pub(super) enum Part {
    /// Label filters.
    Text(String),
    /// A stage of its own ([`Stages`]).
    Stage,
    /// Nothing.
    Nothing,
}

/// Stages of a query besides its label filters.
#[derive(Debug, Default)]
pub(super) struct Stages {
    /// Line filters, before the parser.
    pub(super) lines: Vec<String>,
    /// Labels made behind the label filters.
    pub(super) formats: Vec<String>,
    /// Filters of these labels.
    pub(super) tests: Vec<String>,
}

impl Stages {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.lines.len() + self.formats.len() + self.tests.len()
    }
}

/// Writes the conditions of one rule.
pub(super) struct Writer {
    pub(super) is_reference: bool,
    /// Compare strings with regard to case.
    pub(super) case_sensitive: bool,
    /// How many labels were made so far.
    pub(super) labels: usize,
}

impl Writer {
    pub(super) fn node(&mut self, node: &Node<'_>, stages: &mut Stages) -> Result<Part, Error> {
        match node {
            Node::Or(branch) => self.or(branch, stages),
            Node::And(branch) => self.and(branch, stages),
            Node::Leaf(leaf) => self.leaf(leaf, stages).map_err(|error| error.or_at(leaf.span)),
            Node::Nothing => Ok(Part::Nothing),
        }
    }

    fn or(&mut self, branch: &Branch<'_>, stages: &mut Stages) -> Result<Part, Error> {
        let mut keywords = Vec::new();
        for arg in &branch.args {
            let keyword = match arg {
                Node::Leaf(leaf) if leaf.field.is_none() => self.alternative(&leaf.value)?,
                _ => None,
            };
            match keyword {
                Some(keyword) => keywords.push(keyword),
                None if !keywords.is_empty() => return Err(mixed()),
                None => {}
            }
        }
        if !keywords.is_empty() {
            let are_all = branch.args.iter().all(|arg| arg.is_keyword());
            // The reference leaves out what stands before the first keyword, and what was an `and` under `not`
            // becomes "none of them".
            if !self.is_reference && (!are_all || branch.is_negated || branch.below_or) {
                return Err(mixed());
            }
            let operator = if branch.is_negated { "!~" } else { "|~" };
            let joined = keyword::alternatives(&keywords, self.is_reference)?;
            stages.lines.push(format!("{operator} {joined}"));
            return Ok(Part::Stage);
        }
        let before = stages.len();
        let joined = self.join(branch, " or ", stages)?;
        if stages.len() > before && !self.is_reference {
            return Err(Error::unsupported(
                "LogQL has stages for comparisons of fields and parts of timestamps: they cannot stand below `or`",
            ));
        }
        Ok(joined)
    }

    /// A keyword below `or`; the reference does not see those that are neither text nor regular expression.
    fn alternative(&self, value: &Value) -> Result<Option<Keyword>, Error> {
        Ok(match value {
            Value::Str(string) => {
                // The reference forgets about case where there are wildcards.
                let is_cased = self.case_sensitive && !(self.is_reference && string.has_wildcard());
                Some(Keyword::Text { string: string.clone(), is_cased })
            }
            Value::Cased(string) => Some(Keyword::Text { string: string.clone(), is_cased: true }),
            Value::Regex(regex) => Some(Keyword::Regex(regex.clone())),
            Value::Number(number) | Value::TimePart { number, .. } if !self.is_reference => {
                Some(Keyword::Text { string: SigmaString::literal(number.to_string()), is_cased: true })
            }
            _ if self.is_reference => None,
            other => return Err(keyword::refuse(other)),
        })
    }

    fn and(&mut self, branch: &Branch<'_>, stages: &mut Stages) -> Result<Part, Error> {
        if branch.below_or && branch.args.iter().any(Node::is_keyword) {
            return Err(mixed());
        }
        self.join(branch, " and ", stages)
    }

    fn join(&mut self, branch: &Branch<'_>, joiner: &str, stages: &mut Stages) -> Result<Part, Error> {
        let mut joined = String::new();
        for arg in &branch.args {
            // `and` binds tighter than `or`; nothing else needs parentheses.
            let needs_group = joiner == " and " && matches!(arg, Node::Or(_));
            let text = match self.node(arg, stages)? {
                Part::Text(text) if needs_group => format!("({text})"),
                Part::Text(text) if !text.is_empty() => text,
                _ => continue,
            };
            if !joined.is_empty() {
                joined.push_str(joiner);
            }
            joined.push_str(&text);
        }
        if joined.is_empty() && !self.is_reference {
            return Ok(if stages.len() > 0 { Part::Stage } else { Part::Nothing });
        }
        Ok(Part::Text(joined))
    }

    fn leaf(&mut self, leaf: &Leaf<'_>, stages: &mut Stages) -> Result<Part, Error> {
        match &leaf.field {
            Some(field) => self.field(field, &leaf.value, leaf.is_negated, stages),
            None => self.keyword(&leaf.value, leaf.is_negated, stages),
        }
    }

    fn field(
        &mut self,
        field: &str,
        value: &Value,
        is_negated: bool,
        stages: &mut Stages,
    ) -> Result<Part, Error> {
        let name = label_name(field);
        let equal = if is_negated { "!=" } else { "=" };
        let matches = if is_negated { "!~" } else { "=~" };
        Ok(Part::Text(match value {
            Value::Str(string) => self.field_string(&name, string, is_negated, false)?,
            Value::Cased(string) if string.has_wildcard() => {
                let pattern = pattern::from_string(string, false, Place::Label, self.is_reference)?;
                format!("{name}{matches}{}", pattern::quote(&pattern))
            }
            Value::Cased(string) => {
                format!("{name}{equal}{}", pattern::quote_string(string, self.is_reference)?)
            }
            Value::Number(number) => self.or_absent(&name, is_negated, format!("{name}{equal}{number}")),
            Value::Bool(_) if self.is_reference => {
                return Err(Error::unsupported("LogQL has no truth values"));
            }
            Value::Bool(value) => {
                let string = SigmaString::literal(value.to_string());
                self.field_string(&name, &string, is_negated, false)?
            }
            Value::Null => format!("{name}{equal}``"),
            Value::Regex(regex) if self.is_reference => {
                format!("{name}{matches}{}", pattern::quote_regex(regex))
            }
            Value::Regex(regex) => {
                text::refuse_backtracking(regex)?;
                format!("{name}{matches}{}", pattern::quote(&pattern::searched(regex)))
            }
            Value::Cidr(cidr) => {
                // The reference writes the field as the rule does, which need not be a label.
                let shown = if self.is_reference { field } else { &name };
                self.or_absent(&name, is_negated, format!("{shown}{equal}ip(\"{}\")", cidr.network))
            }
            Value::Compare { op, number, part } => {
                return self.compare(&name, *op, *number, *part, is_negated, stages);
            }
            Value::FieldRef(other) => {
                let made = self.field_ref(&name, other);
                let label = self.make_label("match", &made, stages);
                stages.tests.push(format!("{label}{equal}`true`"));
                return Ok(Part::Stage);
            }
            Value::Exists(exists) => format!("{name}{}\"\"", if *exists == is_negated { "=" } else { "!=" }),
            Value::TimePart { part, number } => {
                let label = self.time_part(&name, *part, stages)?;
                // The reference compares text, and the parts have leading zeros.
                let quote = if self.is_reference { "`" } else { "" };
                stages.tests.push(format!("{label}{equal}{quote}{number}{quote}"));
                return Ok(Part::Stage);
            }
            Value::Query { text, id } => {
                if is_negated && !self.is_reference {
                    return Err(Error::unsupported("query text of a pipeline cannot be negated in LogQL"));
                }
                Template::parse(text).map_err(Error::value)?.fill(&[("field", &name), ("id", id)])
            }
            Value::Expansion { values, .. } => self.expansion(field, values, is_negated, stages)?,
        }))
    }

    /// A template that is `true` if the field compares with the other one.
    fn field_ref(&self, name: &str, other: &FieldRef) -> String {
        let function = match (other.starts_with, other.ends_with) {
            (true, true) => "contains",
            (true, false) => "hasPrefix",
            (false, true) => "hasSuffix",
            (false, false) => "eq",
        };
        let (first, second) = (format!(".{name}"), format!(".{}", label_name(&other.field)));
        let test = if self.is_reference {
            format!("{function} {second} {first}")
        } else {
            // Two absent labels are equal to a template, but no field equals one that is missing.
            let folds = !self.case_sensitive && !other.is_cased;
            let text = |label: &str| if folds { format!("(lower {label})") } else { label.to_owned() };
            format!("and {first} {second} ({function} {} {})", text(&second), text(&first))
        };
        format!("{{{{ if {test} }}}}true{{{{ else }}}}false{{{{ end }}}}")
    }

    /// A negated comparison of numbers or addresses, which leaves out lines without the label, though the comparison
    /// does not hold for them. The reference forgets these lines.
    fn or_absent(&self, name: &str, is_negated: bool, comparison: String) -> String {
        if is_negated && !self.is_reference { format!("({comparison} or {name}=``)") } else { comparison }
    }

    fn field_string(
        &self,
        name: &str,
        string: &SigmaString,
        is_negated: bool,
        is_expanded: bool,
    ) -> Result<String, Error> {
        // Values that one value stands for are an afterthought of the reference: text that is empty is compared as
        // it is, and with wildcards too if case counts.
        let is_plain = match (is_expanded, self.case_sensitive) {
            (true, case_sensitive) => case_sensitive || string.is_empty(),
            (false, case_sensitive) => case_sensitive && !string.has_wildcard(),
        };
        if is_plain {
            let equal = if is_negated { "!=" } else { "=" };
            return Ok(format!("{name}{equal}{}", pattern::quote_string(string, self.is_reference)?));
        }
        let ignore_case = self.is_reference || !self.case_sensitive;
        let pattern = pattern::from_string(string, ignore_case, Place::Label, self.is_reference)?;
        Ok(format!("{name}{}{}", if is_negated { "!~" } else { "=~" }, pattern::quote(&pattern)))
    }

    /// Values that one value stands for, as the reference writes them: without parentheses.
    fn expansion(
        &mut self,
        field: &str,
        values: &[Value],
        is_negated: bool,
        stages: &mut Stages,
    ) -> Result<String, Error> {
        let mut parts = Vec::with_capacity(values.len());
        for value in values {
            let part = match value {
                Value::Str(string) => {
                    Part::Text(self.field_string(&label_name(field), string, is_negated, true)?)
                }
                Value::Expansion { .. } => {
                    return Err(Error::unsupported("values stand for values that stand for values")
                        .as_reference("AttributeError"));
                }
                other => self.field(field, other, is_negated, stages)?,
            };
            if let Part::Text(text) = part {
                parts.push(text);
            }
        }
        Ok(parts.join(if is_negated { " and " } else { " or " }))
    }

    fn compare(
        &mut self,
        name: &str,
        op: CompareOp,
        number: Number,
        part: Option<TimePart>,
        is_negated: bool,
        stages: &mut Stages,
    ) -> Result<Part, Error> {
        let operator = match (op, is_negated) {
            (CompareOp::Lt, false) | (CompareOp::Gte, true) => "<",
            (CompareOp::Lte, false) | (CompareOp::Gt, true) => "<=",
            (CompareOp::Gt, false) | (CompareOp::Lte, true) => ">",
            (CompareOp::Gte, false) | (CompareOp::Lt, true) => ">=",
            (CompareOp::Neq, _) if self.is_reference => {
                return Err(Error::unsupported("the target has no comparison `neq`").as_reference("KeyError"));
            }
            (CompareOp::Neq, false) => "!=",
            (CompareOp::Neq, true) => "=",
        };
        match part {
            // The reference compares the whole timestamp.
            Some(part) if !self.is_reference => {
                let label = self.time_part(name, part, stages)?;
                stages.tests.push(format!("{label}{operator}{number}"));
                Ok(Part::Stage)
            }
            _ => Ok(Part::Text(self.or_absent(name, is_negated, format!("{name}{operator}{number}")))),
        }
    }

    /// A label with a part of a field's timestamp (seconds since 1970), by Go's reference time.
    fn time_part(&mut self, name: &str, part: TimePart, stages: &mut Stages) -> Result<String, Error> {
        let layout = match part {
            TimePart::Minute => "04",
            TimePart::Hour => "15",
            TimePart::Day => "02",
            TimePart::Week => return Err(Error::feature("Loki cannot read the week of a timestamp")),
            TimePart::Month => "01",
            TimePart::Year => "2006",
        };
        Ok(self.make_label("date", &format!("{{{{ date \"{layout}\" (unixToTime .{name}) }}}}"), stages))
    }

    fn make_label(&mut self, kind: &str, template: &str, stages: &mut Stages) -> String {
        let label = format!("{kind}_{}", self.labels);
        self.labels += 1;
        stages.formats.push(format!("{label}=`{template}`"));
        label
    }

    fn keyword(&mut self, value: &Value, is_negated: bool, stages: &mut Stages) -> Result<Part, Error> {
        let filter = match value {
            Value::Query { text, id } => {
                let text = Template::parse(text).map_err(Error::value)?;
                if text.uses("field") {
                    return Err(Error::value(format!("the query text of `{id}` needs a field")));
                }
                return Ok(Part::Text(text.fill(&[("id", id)])));
            }
            Value::Str(string) => {
                let is_text = self.case_sensitive && !string.has_wildcard();
                if is_text { self.line_text(string)? } else { self.line_string(string)? }
            }
            Value::Cased(string) if string.has_wildcard() && !self.is_reference => {
                let trimmed = pattern::trimmed(string);
                line_pattern(pattern::from_string(&trimmed, false, Place::Line, false)?)
            }
            Value::Cased(string) => self.line_text(string)?,
            Value::Number(number) | Value::TimePart { number, .. } => {
                // A line filter takes text; the reference forgets the quotes.
                let quote = if self.is_reference { "" } else { "`" };
                Some(("=", format!("{quote}{number}{quote}")))
            }
            Value::Regex(regex) if self.is_reference => {
                pattern::without_outer_wildcards(&regex.pattern.to_raw()).map(|pattern| {
                    let pattern = SigmaString::parse_unescaped(&pattern);
                    ("~", pattern::quote_regex(&Regex { pattern, flags: regex.flags }))
                })
            }
            Value::Regex(regex) => {
                text::refuse_backtracking(regex)?;
                line_pattern(pattern::with_flags(regex))
            }
            other => return Err(keyword::refuse(other)),
        };
        let Some((operator, text)) = filter else { return Ok(Part::Nothing) };
        stages.lines.push(format!("{}{operator} {text}", if is_negated { '!' } else { '|' }));
        Ok(Part::Stage)
    }

    fn line_text(&self, string: &SigmaString) -> Result<Option<(&'static str, String)>, Error> {
        Ok(Some(("=", pattern::quote_string(string, self.is_reference)?)))
    }

    /// A string as a pattern; nothing if every line matches.
    fn line_string(&self, string: &SigmaString) -> Result<Option<(&'static str, String)>, Error> {
        if self.is_reference {
            let pattern = pattern::from_string(string, true, Place::Line, true)?;
            return Ok(pattern::without_outer_wildcards(&pattern).and_then(line_pattern));
        }
        let trimmed = pattern::trimmed(string);
        if trimmed.is_empty() && string.has_wildcard() {
            return Ok(None);
        }
        Ok(line_pattern(pattern::from_string(&trimmed, !self.case_sensitive, Place::Line, false)?))
    }
}

/// A line filter by a regular expression.
fn line_pattern(pattern: String) -> Option<(&'static str, String)> {
    Some(("~", pattern::quote(&pattern)))
}

fn mixed() -> Error {
    Error::feature(
        "line filters stand before the parser: keywords and fields, or keywords under `and`, cannot stand below `or`",
    )
}
