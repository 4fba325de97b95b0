//! Lists for people and for programs: one definition of the rows, four forms.

use serde_json::{Map, Value};

use crate::screen::{columns, wrap};

/// How a list is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Form {
    /// Aligned columns.
    Table,
    /// One JSON array of objects.
    Json,
    /// One JSON object per line.
    Ndjson,
    /// Comma-separated values with a header line.
    Csv,
}

/// Rows of text under column names. The names are keys in the machine-readable forms.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    columns: Vec<&'static str>,
    rows: Vec<Vec<Value>>,
    /// The last columns that only programs get: too much for a line.
    details: usize,
}

impl Table {
    pub(crate) fn new(columns: &[&'static str]) -> Self {
        Self { columns: columns.to_vec(), rows: Vec::new(), details: 0 }
    }

    /// Leaves the last columns out of the aligned form.
    pub(crate) fn with_details(mut self, details: usize) -> Self {
        self.details = details;
        self
    }

    /// Adds a row, a value per column.
    pub(crate) fn row<V: Into<Value>>(&mut self, values: impl IntoIterator<Item = V>) {
        self.rows.push(values.into_iter().map(Into::into).collect());
    }

    /// The list as text, with a line break at the end of each line.
    pub(crate) fn render(&self, form: Form, width: Option<usize>) -> String {
        match form {
            Form::Table => self.aligned(width),
            Form::Json => format!("{:#}\n", Value::Array(self.objects().collect())),
            Form::Ndjson => self.objects().map(|object| format!("{object}\n")).collect(),
            Form::Csv => self.separated(),
        }
    }

    fn objects(&self) -> impl Iterator<Item = Value> {
        self.rows.iter().map(|row| {
            // Keys in order of the alphabet, whether or not some crate makes serde_json's maps keep their order.
            let mut pairs: Vec<_> = self.columns.iter().zip(row).collect();
            pairs.sort_by_key(|(column, _)| **column);
            let pairs = pairs.into_iter().map(|(column, cell)| ((*column).to_owned(), cell.clone()));
            Value::Object(pairs.collect::<Map<_, _>>())
        })
    }

    fn separated(&self) -> String {
        let header = self.columns.iter().map(|column| (*column).to_owned()).collect();
        let rows = self.rows.iter().map(|row| row.iter().map(cell).collect());
        std::iter::once(header)
            .chain(rows)
            .map(|row: Vec<String>| row.iter().map(|cell| quoted(cell)).collect::<Vec<_>>().join(",") + "\n")
            .collect()
    }

    /// Columns padded to their widest cell. With a width, the last column is wrapped to fit in it.
    fn aligned(&self, width: Option<usize>) -> String {
        let shown = self.columns.len().saturating_sub(self.details);
        let titles: Vec<String> =
            self.columns.iter().take(shown).map(|column| column.replace('_', " ").to_uppercase()).collect();
        let rows: Vec<Vec<String>> =
            self.rows.iter().map(|row| row.iter().take(shown).map(cell).collect()).collect();
        let widths: Vec<usize> = (0..titles.len())
            .map(|at| std::iter::once(&titles).chain(&rows).map(|row| columns(&row[at])).max().unwrap_or(0))
            .collect();
        let before: usize = widths.iter().rev().skip(1).map(|width| width + 2).sum();
        let last = width.map_or(usize::MAX, |width| width.saturating_sub(before).max(20));
        let mut out = String::new();
        for row in std::iter::once(&titles).chain(&rows) {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths).take(row.len().saturating_sub(1)) {
                line.push_str(cell);
                line.push_str(&" ".repeat(width - columns(cell) + 2));
            }
            for (at, part) in wrap(row.last().map_or("", String::as_str), last).iter().enumerate() {
                let start = if at == 0 { line.clone() } else { " ".repeat(before) };
                out.push_str(format!("{start}{part}").trim_end());
                out.push('\n');
            }
        }
        out
    }
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(form: Form, width: Option<usize>, expect: &str) {
        let mut table = Table::new(&["name", "is_default", "what_it_is"]);
        table.row([Value::from("a"), true.into(), "one, two three four five six".into()]);
        table.row([Value::from("böses"), false.into(), Value::Null]);
        assert_eq!(table.render(form, width), expect);
    }

    #[test]
    fn columns_are_aligned_and_the_last_one_wraps_on_a_terminal() {
        check(
            Form::Table,
            None,
            "NAME   IS DEFAULT  WHAT IT IS\na      yes         one, two three four five six\nböses  no\n",
        );
        check(
            Form::Table,
            Some(39),
            "NAME   IS DEFAULT  WHAT IT IS\na      yes         one, two three four\n                   five six\nböses  no\n",
        );
    }

    #[test]
    fn programs_get_keys_and_types() {
        check(
            Form::Ndjson,
            Some(10),
            "{\"is_default\":true,\"name\":\"a\",\"what_it_is\":\"one, two three four five six\"}\n\
             {\"is_default\":false,\"name\":\"böses\",\"what_it_is\":null}\n",
        );
        check(
            Form::Csv,
            None,
            "name,is_default,what_it_is\na,yes,\"one, two three four five six\"\nböses,no,\n",
        );
        assert_eq!(Table::new(&["a"]).render(Form::Json, None), "[]\n");
    }
}
