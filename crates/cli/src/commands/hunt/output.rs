//! Matches on their way out: written as they come where the form allows it.

use std::io::{self, Write};

use sigyn_hunt::{Hit, RuleInfo, record};

use super::Format;

/// Writes matches to standard output in a form for programs.
pub(crate) struct Writer<'a> {
    format: Format,
    rules: &'a [RuleInfo],
    out: io::BufWriter<io::StdoutLock<'static>>,
    /// What is being written.
    text: String,
    is_first: bool,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(format: Format, rules: &'a [RuleInfo]) -> Self {
        let out = io::BufWriter::with_capacity(64 * 1024, io::stdout().lock());
        Self { format, rules, out, text: String::new(), is_first: true }
    }

    /// Writes what stands in front.
    pub(crate) fn begin(&mut self) -> io::Result<()> {
        match self.format {
            Format::Csv => self.out.write_all(record::CSV_HEADER.as_bytes()),
            Format::Json => self.out.write_all(b"["),
            Format::Table | Format::Ndjson => Ok(()),
        }
    }

    /// Writes a match; nothing for a table.
    pub(crate) fn hit(&mut self, hit: &Hit<'_>) -> io::Result<()> {
        let Some(rule) = self.rules.get(hit.rule) else { return Ok(()) };
        self.text.clear();
        match self.format {
            Format::Table => return Ok(()),
            Format::Ndjson => {
                record::write_json(&mut self.text, hit, rule);
                self.text.push('\n');
            }
            Format::Json => {
                self.text.push_str(if self.is_first { "\n" } else { ",\n" });
                record::write_json(&mut self.text, hit, rule);
            }
            Format::Csv => record::write_csv(&mut self.text, hit, rule),
        }
        self.is_first = false;
        self.out.write_all(self.text.as_bytes())
    }

    /// Writes what stands behind.
    pub(crate) fn end(mut self) -> io::Result<()> {
        if self.format == Format::Json {
            self.out.write_all(b"\n]\n")?;
        }
        self.out.flush()
    }
}
