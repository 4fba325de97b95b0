//! Which signals: a filter as a condition of SQL.

use rusqlite::types::Value;

use crate::catalog::codes::code;
use crate::catalog::{Field, Level, Named, Status, Verdict, View};
use crate::{Error, Result};

/// Which signals. All that is said must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// At or after, in nanoseconds UTC.
    pub since: Option<i64>,
    /// Before.
    pub until: Option<i64>,
    /// What fields are, or are not.
    pub terms: Vec<Term>,
    /// Entities that they are about: kind and value.
    pub entities: Vec<(String, String)>,
    /// A piece of the title or the group key, without regard to the case of ASCII letters.
    pub text: Option<String>,
    /// Whether retracted ones count too.
    pub is_with_retracted: bool,
}

/// A field is one of these values, or none of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// The field.
    pub field: Field,
    /// The values; the empty text stands for no value.
    pub values: Vec<String>,
    /// Whether it must be none of them.
    pub is_excluded: bool,
}

/// A condition with its parameters, which stand in it as `?`.
pub(super) struct Condition {
    pub(super) sql: String,
    pub(super) params: Vec<Value>,
}

impl Condition {
    fn and(&mut self, sql: &str, params: impl IntoIterator<Item = Value>) {
        if !self.sql.is_empty() {
            self.sql.push_str(" AND ");
        }
        self.sql.push_str(sql);
        self.params.extend(params);
    }
}

impl View<'_> {
    /// The condition on `signals s` (joined with `signal_details d` if [`reads_details`]).
    pub(super) fn condition(&self, filter: &Filter) -> Result<Condition> {
        let mut condition = Condition { sql: String::new(), params: Vec::new() };
        if let Some(since) = filter.since {
            condition.and("s.ts >= ?", [since.into()]);
        }
        if let Some(until) = filter.until {
            condition.and("s.ts < ?", [until.into()]);
        }
        for term in &filter.terms {
            self.add_term(&mut condition, term)?;
        }
        for (kind, value) in &filter.entities {
            let sql = "s.n IN (SELECT n FROM signal_entities WHERE kind = ? AND value = ?)";
            condition.and(sql, [self.number_of(kind)?.into(), self.number_of(value)?.into()]);
        }
        if let Some(text) = &filter.text {
            let pattern = pattern(text);
            let sql = "(d.title LIKE ? ESCAPE '\\' OR s.group_key IN \
                       (SELECT n FROM names WHERE text LIKE ? ESCAPE '\\'))";
            condition.and(sql, [pattern.clone().into(), pattern.into()]);
        }
        if !filter.is_with_retracted {
            condition.and("s.is_retracted = 0", []);
        }
        if condition.sql.is_empty() {
            condition.sql.push_str("TRUE");
        }
        Ok(condition)
    }

    fn add_term(&self, condition: &mut Condition, term: &Term) -> Result<()> {
        let column = term.field.name();
        let mut numbers = Vec::new();
        let mut has_null = false;
        for value in &term.values {
            if value.is_empty() {
                has_null = true;
            } else {
                numbers.push(self.number_in(term.field, value)?);
            }
        }
        let places = vec!["?"; numbers.len()].join(", ");
        let is_null = if has_null { "TRUE" } else { "FALSE" };
        // Without `coalesce`, what has no value would be neither in nor out.
        let not = if term.is_excluded { "NOT " } else { "" };
        let sql = if term.is_excluded || has_null {
            format!("{not}(coalesce(s.{column} IN ({places}), FALSE) OR (s.{column} IS NULL AND {is_null}))")
        } else {
            // The plain form, which an index serves.
            format!("s.{column} IN ({places})")
        };
        condition.and(&sql, numbers.into_iter().map(Value::from));
        Ok(())
    }

    /// The number that a field's value has in its column; one that nothing has if it is not known.
    fn number_in(&self, field: Field, value: &str) -> Result<i64> {
        let known = match field {
            Field::Level => Level::parse(value).map(code),
            Field::Status => Status::parse(value).map(code),
            Field::Verdict => Verdict::parse(value).map(code),
            _ => return self.number_of(value),
        };
        known.ok_or_else(|| Error::invalid(format!("`{value}` is no {}", field.name())))
    }

    fn number_of(&self, name: &str) -> Result<i64> {
        Ok(self.find_name(name)?.unwrap_or(-1))
    }
}

/// The condition so that no index of a closed list serves it where several of its values are wanted: they are in no order by
/// time then, and mostly they are most of the signals, such as all that are not closed. A page of those of a month out of a
/// million took seconds.
pub(super) fn without_list_indexes(sql: String, filter: &Filter) -> String {
    let several = filter.terms.iter().filter(|term| term.values.len() > 1);
    several.filter(|term| matches!(term.field, Field::Status | Field::Level)).fold(sql, |sql, term| {
        let column = term.field.name();
        sql.replace(&format!("s.{column} IN ("), &format!("+s.{column} IN ("))
    })
}

/// The condition so that the index by time does not serve it. To SQLite `+` makes it another expression than what the index is
/// of.
pub(in crate::catalog) fn without_time_index(sql: String) -> String {
    sql.replace("s.ts ", "+s.ts ")
}

/// The join that a filter needs beside `signals s`.
pub(super) fn details(filter: &Filter) -> &'static str {
    if filter.text.is_some() { " JOIN signal_details d ON d.n = s.n" } else { "" }
}

/// A piece of text as a pattern of `LIKE`.
fn pattern(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}
