//! `sigyn rules list`: which rules there are.

use std::cmp::Ordering;

use clap::{Args, ValueEnum};
use serde_json::Value;
use sigyn_convert::load_behind;
use sigyn_diagnostics::{Diagnostic, Sources};
use sigyn_hunt::Filter;
use sigyn_ir::{Compat, Level, LoadOptions, LogSource, RuleItem, Status};

use super::print;
use crate::args::{Diagnostics, Rules};
use crate::commands::hunt::{FilterArgs, level_cell};
use crate::findings::{self, Found};
use crate::grid::{Cell, Column, Fit, Grid, Line};
use crate::screen::{Screen, Tint, counted, grouped};
use crate::table::{Form, Table};
use crate::{Exit, setup};

/// The words of the command.
#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    rules: Rules,
    #[command(flatten)]
    filter: FilterArgs,
    /// Rules by this author: a part of the name, in any case
    #[arg(long, value_name = "NAME")]
    author: Option<String>,
    /// Rules with this text anywhere in their file, in any case; may be repeated, all must be there
    #[arg(long, value_name = "TEXT")]
    text: Vec<String>,
    /// What rules are sorted by
    #[arg(long, value_enum, default_value_t = Sort::Path, value_name = "KEY")]
    sort: Sort,
    /// Last first
    #[arg(long)]
    reverse: bool,
    /// How rules are printed
    #[arg(long, value_enum, default_value_t = Form::Table, value_name = "FORM")]
    format: Form,
    /// Keep the table to one line per row and shorten nothing, however narrow the terminal is
    #[arg(long)]
    wide: bool,
}

/// What rules are sorted by; where that is the same, by path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Sort {
    Path,
    Title,
    /// Severest first.
    Level,
    /// Most mature first.
    Status,
    Logsource,
    Author,
    /// Latest day of creation first.
    Date,
    /// Latest day of change, or else of creation, first.
    Modified,
}

/// A rule of the list.
struct Row<'s> {
    item: &'s RuleItem,
    path: &'s str,
    line: usize,
    text: &'s str,
}

impl List {
    pub(super) fn run(&self) -> Result<Exit, Vec<Found>> {
        let filter = self.filter.understood()?;
        let (texts, mut refused) = setup::texts(&self.rules.input, &self.rules.file_pattern)?;
        let (sources, loaded) = load_behind(Sources::default(), texts, &LoadOptions::new(Compat::Spec));
        let all = loaded.set.items.len();
        let mut rows: Vec<Row<'_>> = loaded
            .set
            .items
            .iter()
            .filter_map(|item| row(item, &sources))
            .filter(|row| self.wants(row, &filter))
            .collect();
        rows.sort_by(|one, other| {
            let order = self.sort.order(one, other);
            if self.reverse { order.reverse() } else { order }
        });
        match self.format {
            Form::Table => self.print_table(&rows)?,
            form => print(&table(&rows).render(form, None))?,
        }
        let line = format!("{} of {}.", grouped(rows.len() as u64), counted(all as u64, "rule"));
        findings::say(Diagnostics::Text, &line);
        let sources = std::sync::Arc::new(sources);
        let errors = loaded.diagnostics.into_iter().filter(Diagnostic::is_error);
        refused.extend(errors.map(|diagnostic| Found::within(&sources, diagnostic)));
        findings::print(&refused, Diagnostics::Text);
        Ok(if refused.is_empty() { Exit::Clean } else { Exit::Findings })
    }

    fn wants(&self, row: &Row<'_>, filter: &Filter) -> bool {
        let has = |text: &str, part: &str| text.to_lowercase().contains(&part.to_lowercase());
        // A correlation has no log source of its own.
        let is_source = filter.logsources.is_empty() || matches!(row.item, RuleItem::Rule(_));
        let author = row.item.meta().author.as_deref().unwrap_or_default();
        filter.admits(row.item)
            && is_source
            && self.author.as_deref().is_none_or(|wanted| has(author, wanted))
            && self.text.iter().all(|wanted| has(row.text, wanted))
    }

    fn print_table(&self, rows: &[Row<'_>]) -> Result<(), Vec<Found>> {
        if rows.is_empty() {
            return Ok(());
        }
        let mut grid = Grid::new(&[
            Column { title: "LEVEL", least: None, line: Line::First },
            Column { title: "STATUS", least: None, line: Line::First },
            Column { title: "RULE", least: Some(28), line: Line::First },
            Column { title: "LOG SOURCE", least: Some(16), line: Line::First },
            Column { title: "DATE", least: None, line: Line::First },
            Column { title: "PATH", least: Some(24), line: Line::Second },
        ]);
        for row in rows {
            let meta = row.item.meta();
            grid.row([
                level_cell(meta.level),
                Cell::Word(meta.status.map_or("", Status::as_str).to_owned(), Tint::None),
                Cell::Text(meta.title.clone()),
                Cell::Text(source(row.item)),
                Cell::Word(last_day(row).to_owned(), Tint::None),
                Cell::Path(row.path.to_owned()),
            ]);
        }
        let fit = if self.wide { Fit::Nothing } else { Fit::Screen };
        print(&grid.render(Screen::stdout(), fit))
    }
}

fn row<'s>(item: &'s RuleItem, sources: &'s Sources) -> Option<Row<'s>> {
    let span = item.span();
    let file = sources.get(span.source)?;
    Some(Row { item, path: &file.name, line: file.line_column(span.start).line, text: &file.text })
}

/// The day of the last change that the rule names.
fn last_day<'s>(row: &Row<'s>) -> &'s str {
    let meta = row.item.meta();
    meta.modified.as_deref().or(meta.date.as_deref()).unwrap_or_default()
}

/// A log source as one word, e.g. `windows/process_creation`.
fn source(item: &RuleItem) -> String {
    match item {
        RuleItem::Rule(rule) => {
            let LogSource { product, category, service, .. } = &rule.logsource;
            let parts: Vec<&str> =
                [product, category, service].into_iter().flatten().map(String::as_str).collect();
            parts.join("/")
        }
        RuleItem::Correlation(correlation) => correlation.kind.as_str().to_owned(),
    }
}

impl Sort {
    fn order(self, one: &Row<'_>, other: &Row<'_>) -> Ordering {
        let (mine, theirs) = (one.item.meta(), other.item.meta());
        let lower = |text: Option<&str>| text.unwrap_or_default().to_lowercase();
        let order = match self {
            Self::Path => Ordering::Equal,
            Self::Title => lower(Some(&mine.title)).cmp(&lower(Some(&theirs.title))),
            Self::Level => theirs.level.cmp(&mine.level),
            Self::Status => theirs.status.cmp(&mine.status),
            Self::Logsource => source(one.item).cmp(&source(other.item)),
            Self::Author => lower(mine.author.as_deref()).cmp(&lower(theirs.author.as_deref())),
            Self::Date => theirs.date.cmp(&mine.date),
            Self::Modified => last_day(other).cmp(last_day(one)),
        };
        order.then_with(|| (one.path, one.line).cmp(&(other.path, other.line)))
    }
}

fn table(rows: &[Row<'_>]) -> Table {
    let mut table = Table::new(&[
        "path",
        "line",
        "title",
        "id",
        "level",
        "status",
        "author",
        "date",
        "modified",
        "tags",
        "product",
        "category",
        "service",
        "correlation",
    ]);
    for row in rows {
        let meta = row.item.meta();
        let (source, kind) = match row.item {
            RuleItem::Rule(rule) => (rule.logsource.clone(), None),
            RuleItem::Correlation(correlation) => (LogSource::default(), Some(correlation.kind.as_str())),
        };
        table.row([
            Value::from(row.path),
            row.line.into(),
            meta.title.as_str().into(),
            meta.id.clone().into(),
            meta.level.map(Level::as_str).into(),
            meta.status.map(Status::as_str).into(),
            meta.author.clone().into(),
            meta.date.clone().into(),
            meta.modified.clone().into(),
            meta.tags.iter().map(ToString::to_string).collect::<Vec<_>>().into(),
            source.product.into(),
            source.category.into(),
            source.service.into(),
            kind.into(),
        ]);
    }
    table
}
