//! Which signals, as a query string: the same text in an address, in a link and in a selection.
//!
//! `since` and `until` are times; `text` a piece of the title or group; `entity` is `kind:value`; every other name is a
//! field, and `not.` before it turns it round. A name that comes twice means either value.

use sigyn_store::catalog::{Cursor, Field, Filter, Named, Sort, Term};

use crate::problem::{Answer, Problem};
use crate::shape::Moment;

/// A query that names more is refused.
const PAIRS_MAX: usize = 200;

/// A query string, taken apart.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query {
    pairs: Vec<(String, String)>,
}

impl Query {
    /// Takes a query string apart.
    pub(crate) fn parse(text: &str) -> Answer<Self> {
        let pairs: Vec<(String, String)> = form_urlencoded::parse(text.trim_start_matches('?').as_bytes())
            .into_owned()
            .take(PAIRS_MAX + 1)
            .collect();
        if pairs.len() > PAIRS_MAX {
            return Err(Problem::invalid(format!("a query of more than {PAIRS_MAX} parts")));
        }
        Ok(Self { pairs })
    }

    /// Takes the value of a name out; the last one counts.
    pub(crate) fn take(&mut self, name: &str) -> Option<String> {
        self.take_all(name).pop()
    }

    /// Takes all values of a name out.
    pub(crate) fn take_all(&mut self, name: &str) -> Vec<String> {
        let (own, rest) = std::mem::take(&mut self.pairs).into_iter().partition(|(known, _)| known == name);
        self.pairs = rest;
        own.into_iter().map(|(_, value)| value).filter(|value: &String| !value.is_empty()).collect()
    }

    /// Takes a value out and reads it.
    pub(crate) fn take_as<T>(&mut self, name: &str, read: impl Fn(&str) -> Option<T>) -> Answer<Option<T>> {
        let Some(value) = self.take(name) else { return Ok(None) };
        read(&value).map(Some).ok_or_else(|| Problem::invalid(format!("`{value}` is no {name}")))
    }

    /// How long a page is to be.
    pub(crate) fn take_limit(&mut self, usual: usize, max: usize) -> Answer<usize> {
        let limit = self.take_as("limit", |text| text.parse::<usize>().ok())?.unwrap_or(usual);
        if limit == 0 || limit > max {
            return Err(Problem::invalid(format!("`limit` is 1 to {max}")));
        }
        Ok(limit)
    }

    /// The order of a list and where its page begins.
    pub(crate) fn take_page(&mut self) -> Answer<(Sort, Option<Cursor>)> {
        let sort = self.take_as("sort", Sort::parse)?.unwrap_or(Sort::Newest);
        Ok((sort, self.take_as("cursor", Cursor::parse)?))
    }

    /// What is left is the filter; a name that means nothing is refused.
    pub(crate) fn filter(mut self) -> Answer<Filter> {
        let time = |text: &str| Moment::parse(text).map(|Moment(nanos)| nanos);
        let mut filter = Filter {
            since: self.take_as("since", time)?,
            until: self.take_as("until", time)?,
            text: self.take("text"),
            is_with_retracted: self.take_as("retracted", |text| text.parse().ok())?.unwrap_or(false),
            ..Filter::default()
        };
        for entity in self.take_all("entity") {
            let (kind, value) =
                entity.split_once(':').ok_or_else(|| Problem::invalid("`entity` is kind:value"))?;
            filter.entities.push((kind.to_owned(), value.to_owned()));
        }
        for (name, value) in self.pairs {
            let (is_excluded, word) =
                name.strip_prefix("not.").map_or((false, name.as_str()), |rest| (true, rest));
            let field = field(word)?;
            match filter.terms.iter_mut().find(|term| term.field == field && term.is_excluded == is_excluded)
            {
                Some(term) => term.values.push(value),
                None => filter.terms.push(Term { field, values: vec![value], is_excluded }),
            }
        }
        Ok(filter)
    }
}

/// The field of a word; `group` stands for the group key.
pub(crate) fn field(word: &str) -> Answer<Field> {
    let known = if word == "group" { Some(Field::Group) } else { Field::parse(word) };
    known.ok_or_else(|| Problem::invalid(format!("there is no field `{word}`")))
}

/// The word of a field.
pub(crate) fn field_name(field: Field) -> &'static str {
    if field == Field::Group { "group" } else { field.name() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_filters() {
        let check = |text: &str, expect: &str| {
            let got = Query::parse(text).and_then(Query::filter);
            let said = got.map_or_else(
                |problem| problem.words().to_owned(),
                |filter| {
                    let term = |term: &Term| {
                        let sign = if term.is_excluded { "!" } else { "" };
                        format!("{sign}{}={}", field_name(term.field), term.values.join("|"))
                    };
                    let mut parts: Vec<String> = filter.terms.iter().map(term).collect();
                    parts.extend(filter.since.map(|since| format!("since {since}")));
                    parts.extend(filter.entities.iter().map(|(kind, value)| format!("{kind} is {value}")));
                    parts.join(" ")
                },
            );
            assert_eq!(said, expect, "{text}");
        };
        check("", "");
        check("status=open&status=acknowledged&not.host=a%20b", "status=open|acknowledged !host=a b");
        check("since=1970-01-01T00:00:01Z&entity=host:x:y", "since 1000000000 host is x:y");
        check("group=k&verdict=", "group=k verdict=");
        check("colour=red", "there is no field `colour`");
        check("since=soon", "`soon` is no since");
    }
}
