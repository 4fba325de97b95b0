//! `sigyn rules diff`: two versions side by side.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use sigyn_ruleset::{
    Change, Comparison, Document, Kind, RuleText, Snapshot, Standing, Touched, Tuning, compare,
};

use super::{bad, below, print};
use crate::args::Diagnostics;
use crate::commands::hunt::level_cell;
use crate::findings::{self, Found};
use crate::grid::{Cell, Column, Fit, Grid, Line};
use crate::pattern::Pattern;
use crate::screen::{Screen, Tint, counted, grouped};
use crate::table::{Form, Table};
use crate::{Exit, git, setup};

/// The words of the command.
#[derive(Debug, Args)]
pub(super) struct Diff {
    /// The rules before: a folder, a file, or `REVISION:PATH` of the git repository here (`v1.2:rules`)
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The rules now, named in the same ways
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// A folder of your own: tuned copies, filters and correlations; each change says which of them it touches
    #[arg(long, value_name = "FOLDER")]
    tuned: Option<PathBuf>,
    /// Only changes of this kind; may be repeated
    #[arg(long, value_enum, value_name = "KIND")]
    only: Vec<Only>,
    /// Below the table, show the lines of the logic that differ
    #[arg(long)]
    details: bool,
    /// Which files of a folder are read
    #[arg(short = 'P', long, default_value = "*.yml", value_name = "PATTERN")]
    file_pattern: String,
    /// How changes are printed
    #[arg(long, value_enum, default_value_t = Form::Table, value_name = "FORM")]
    format: Form,
    /// Keep the table to one line per row and shorten nothing, however narrow the terminal is
    #[arg(long)]
    wide: bool,
}

/// A kind of change, as the command line names it; and those that touch something of one's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Only {
    New,
    Gone,
    Meaning,
    Metadata,
    Text,
    Moved,
    /// What touches something in the folder of --tuned.
    Touching,
}

/// A change with what it touches.
struct Row<'s> {
    change: &'s Change<'s>,
    touched: Vec<Touched<'s>>,
}

impl Diff {
    pub(super) fn run(&self) -> Result<Exit, Vec<Found>> {
        let old = self.snapshot(&self.old)?;
        let new = self.snapshot(&self.new)?;
        let own = self.tuned.as_deref().map(|path| self.snapshot(path)).transpose()?.unwrap_or_default();
        let comparison = compare(&old, &new);
        let tuning = Tuning::new(&own);
        let rows: Vec<Row<'_>> = comparison
            .changes
            .iter()
            .map(|change| Row { change, touched: tuning.touched(change) })
            .filter(|row| self.wants(row))
            .collect();
        match self.format {
            Form::Table => self.print_table(&rows)?,
            form => print(&table(&rows).render(form, None))?,
        }
        findings::say(Diagnostics::Text, &summary(&old, &new, &comparison));
        if self.tuned.is_some() {
            let touching = rows.iter().filter(|row| !row.touched.is_empty()).count();
            let of = counted(own.documents().len() as u64, "document");
            let line = format!(
                "{} shown, {touching} of them touching your {of}.",
                counted(rows.len() as u64, "change")
            );
            findings::say(Diagnostics::Text, &line);
        }
        Ok(Exit::Clean)
    }

    fn wants(&self, row: &Row<'_>) -> bool {
        let is = |only: &Only| match only {
            Only::Touching => !row.touched.is_empty(),
            other => {
                other.to_possible_value().is_some_and(|kind| kind.get_name() == row.change.kind.as_str())
            }
        };
        self.only.is_empty() || self.only.iter().any(is)
    }

    /// The rules of a folder, a file or a revision.
    fn snapshot(&self, path: &Path) -> Result<Snapshot, Vec<Found>> {
        let spec = path.to_string_lossy();
        if !path.exists() && spec.contains(':') {
            let stored = git::files(&spec, &Pattern::new(&self.file_pattern)).map_err(bad)?;
            let text = |file: git::Stored| RuleText {
                path: file.path,
                text: String::from_utf8_lossy(&file.bytes).into_owned(),
            };
            return Ok(Snapshot::read(&stored.into_iter().map(text).collect::<Vec<_>>()));
        }
        let (files, unread) = setup::texts(&[path.to_path_buf()], &self.file_pattern)?;
        findings::print(&unread, Diagnostics::Text);
        Ok(Snapshot::read(&below(path, files)))
    }

    fn print_table(&self, rows: &[Row<'_>]) -> Result<(), Vec<Found>> {
        if rows.is_empty() {
            return Ok(());
        }
        let mut columns = vec![
            Column { title: "CHANGE", least: None, line: Line::First },
            Column { title: "LEVEL", least: None, line: Line::First },
            Column { title: "RULE", least: Some(28), line: Line::First },
            Column { title: "WHAT", least: Some(16), line: Line::First },
            Column { title: "PATH", least: Some(24), line: Line::Second },
        ];
        if self.tuned.is_some() {
            columns.push(Column { title: "YOURS", least: Some(20), line: Line::Second });
        }
        let mut grid = Grid::new(&columns);
        for row in rows {
            let (Some(rule), kind) = (row.change.document(), row.change.kind) else { continue };
            let mut cells = vec![
                Cell::Word(kind.as_str().to_owned(), tint(kind)),
                level_cell(rule.level),
                Cell::Text(rule.title.clone()),
                Cell::Text(what(row.change)),
                Cell::Path(paths(row.change)),
            ];
            if self.tuned.is_some() {
                cells.push(Cell::Text(row.touched.iter().map(yours).collect::<Vec<_>>().join(", ")));
            }
            grid.row(cells);
        }
        let fit = if self.wide { Fit::Nothing } else { Fit::Screen };
        let mut text = grid.render(Screen::stdout(), fit);
        if self.details {
            rows.iter().for_each(|row| text.push_str(&details(row.change)));
        }
        print(&text)
    }
}

fn tint(kind: Kind) -> Tint {
    match kind {
        Kind::New | Kind::Gone => Tint::Bold,
        Kind::Meaning => Tint::High,
        Kind::Metadata => Tint::None,
        Kind::Text | Kind::Moved => Tint::Dim,
    }
}

/// The path of the file; of one that moved, where from too. Where there is no room the end of it is kept.
fn paths(change: &Change<'_>) -> String {
    match (change.old, change.new) {
        (Some(old), Some(new)) if change.is_moved() => format!("{} → {}", old.path, new.path),
        (_, Some(rule)) | (Some(rule), None) => rule.path.clone(),
        (None, None) => String::new(),
    }
}

/// What differs, in words.
fn what(change: &Change<'_>) -> String {
    let mut parts = change.parts.clone();
    if change.is_moved() && change.kind != Kind::Moved {
        parts.push("moved".to_owned());
    }
    if let Some(successor) = change.successor {
        parts.push(format!("replaced by {}", successor.title));
    }
    parts.join(", ")
}

pub(super) fn yours(touched: &Touched<'_>) -> String {
    let standing = match touched.standing {
        Some(Standing::AsNew) => " (means the same now)",
        Some(Standing::AsOld) => " (means what it was before)",
        Some(Standing::Own) => " (means something of its own)",
        None => "",
    };
    format!("{} {}{standing}", touched.relation.as_str(), touched.document.path)
}

/// The lines of the logic that differ, below the rule's title.
fn details(change: &Change<'_>) -> String {
    if change.removed.is_empty() && change.added.is_empty() {
        return String::new();
    }
    let title = change.document().map_or("", |rule| rule.title.as_str());
    let removed = change.removed.iter().map(|line| format!("  - {line}\n"));
    let added = change.added.iter().map(|line| format!("  + {line}\n"));
    std::iter::once(format!("\n{title}\n")).chain(removed).chain(added).collect()
}

fn table(rows: &[Row<'_>]) -> Table {
    let mut table = Table::new(&[
        "change",
        "moved",
        "title",
        "id",
        "level",
        "path",
        "old_path",
        "parts",
        "removed",
        "added",
        "replaced_by",
        "touched",
    ]);
    for Row { change, touched } in rows {
        let Some(rule) = change.document() else { continue };
        let touched = touched.iter().map(|touched| {
            json!({
                "path": touched.document.path,
                "title": touched.document.title,
                "relation": touched.relation.as_str(),
                "means": touched.standing.map(Standing::as_str),
            })
        });
        let name = |document: &Document| document.id.clone().unwrap_or_else(|| document.title.clone());
        table.row([
            Value::from(change.kind.as_str()),
            change.is_moved().into(),
            rule.title.as_str().into(),
            rule.id.clone().into(),
            rule.level.map(sigyn_ir::Level::as_str).into(),
            rule.path.as_str().into(),
            change.old.map(|old| old.path.as_str()).into(),
            change.parts.clone().into(),
            change.removed.clone().into(),
            change.added.clone().into(),
            change.successor.map(name).into(),
            Value::Array(touched.collect()),
        ]);
    }
    table
}

/// How many rules there were, there are, and how they differ.
pub(super) fn summary(old: &Snapshot, new: &Snapshot, comparison: &Comparison<'_>) -> String {
    let named = |kind: Kind| match kind {
        Kind::Meaning | Kind::Metadata | Kind::Text => format!("changed in {}", kind.as_str()),
        other => other.as_str().to_owned(),
    };
    let counts = Kind::ALL.iter().filter(|kind| comparison.count(**kind) > 0);
    let mut parts: Vec<String> =
        counts.map(|kind| format!("{} {}", grouped(comparison.count(*kind) as u64), named(*kind))).collect();
    parts.push(format!("{} the same", grouped(comparison.same as u64)));
    let before = counted(old.documents().len() as u64, "rule");
    let now = grouped(new.documents().len() as u64);
    format!("{before} before, {now} now: {}.", parts.join(", "))
}
