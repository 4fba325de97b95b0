//! Matches on their way out: written as they come where the form allows it.

use std::io::{self, Write};

use sigyn_hunt::{Hit, RuleInfo, record};

use super::Format;

/// Writes matches to standard output in a form for programs.
pub(crate) struct Writer<'a> {
    format: Format,
    rules: &'a [RuleInfo],
    out: io::BufWriter<io::StdoutLock<'static>>,
    is_first: bool,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(format: Format, rules: &'a [RuleInfo]) -> Self {
        let out = io::BufWriter::with_capacity(64 * 1024, io::stdout().lock());
        Self { format, rules, out, is_first: true }
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
    pub(crate) fn hit(&mut self, hit: &Hit) -> io::Result<()> {
        let Some(rule) = self.rules.get(hit.rule) else { return Ok(()) };
        match self.format {
            Format::Table => return Ok(()),
            Format::Ndjson => {
                self.out.write_all(record::json(hit, rule).as_bytes())?;
                self.out.write_all(b"\n")?;
            }
            Format::Json => {
                self.out.write_all(if self.is_first { b"\n" } else { b",\n" })?;
                self.out.write_all(record::json(hit, rule).as_bytes())?;
            }
            Format::Csv => self.out.write_all(record::csv(hit, rule).as_bytes())?,
        }
        self.is_first = false;
        Ok(())
    }

    /// Writes what stands behind.
    pub(crate) fn end(mut self) -> io::Result<()> {
        if self.format == Format::Json {
            self.out.write_all(b"\n]\n")?;
        }
        self.out.flush()
    }
}
