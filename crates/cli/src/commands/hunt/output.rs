//! Matches on their way out: written as they come where the form allows it.

use std::io::{self, Write};

use sigyn_hunt::record::{self, Columns};
use sigyn_hunt::{Detected, Hit, RuleInfo};

use super::Format;

/// Writes matches to standard output in a form for programs.
pub(crate) struct Writer<'a> {
    format: Format,
    columns: Columns,
    rules: &'a [RuleInfo],
    out: io::BufWriter<io::StdoutLock<'static>>,
    /// What is being written.
    text: String,
    is_first: bool,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(format: Format, columns: Columns, rules: &'a [RuleInfo]) -> Self {
        let out = io::BufWriter::with_capacity(64 * 1024, io::stdout().lock());
        Self { format, columns, rules, out, text: String::new(), is_first: true }
    }

    /// Writes what stands in front.
    pub(crate) fn begin(&mut self) -> io::Result<()> {
        match self.format {
            Format::Csv if self.columns == Columns::Detected => {
                self.out.write_all(record::CSV_HEADER_DETECTED.as_bytes())
            }
            Format::Csv => self.out.write_all(record::CSV_HEADER.as_bytes()),
            Format::Json => self.out.write_all(b"["),
            Format::Table | Format::Ndjson => Ok(()),
        }
    }

    /// Writes a match; nothing for a table.
    pub(crate) fn hit(&mut self, hit: &Hit<'_>) -> io::Result<()> {
        let Some(rule) = self.rules.get(hit.rule) else { return Ok(()) };
        let columns = self.columns;
        self.write(
            |text| record::write_json(text, hit, rule),
            |text| record::write_csv(text, hit, rule, columns),
        )
    }

    /// Writes a detection of a correlation; nothing for a table.
    pub(crate) fn detected(&mut self, detected: &Detected) -> io::Result<()> {
        let rules = self.rules;
        let Some(rule) = rules.get(detected.rule) else { return Ok(()) };
        self.write(
            |text| record::write_detected_json(text, detected, rules),
            |text| record::write_detected_csv(text, detected, rule),
        )
    }

    fn write(&mut self, json: impl Fn(&mut String), csv: impl Fn(&mut String)) -> io::Result<()> {
        self.text.clear();
        match self.format {
            Format::Table => return Ok(()),
            Format::Ndjson => {
                json(&mut self.text);
                self.text.push('\n');
            }
            Format::Json => {
                self.text.push_str(if self.is_first { "\n" } else { ",\n" });
                json(&mut self.text);
            }
            Format::Csv => csv(&mut self.text),
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
