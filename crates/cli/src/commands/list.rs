//! `sigyn list`: what there is to choose from.

use std::path::Path;

use clap::{Args, Subcommand};
use serde_json::Value;
use sigyn_backends::{Dialect, targets};
use sigyn_diagnostics::{Diagnostic, codes};
use sigyn_ir::Modifier;

use crate::Exit;
use crate::args::Diagnostics;
use crate::findings::{self, Found};
use crate::output;
use crate::table::{Form, Table, terminal_width};

/// List what there is to choose from
#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(subcommand)]
    what: What,
    /// How the list is printed
    #[arg(long, value_enum, default_value_t = Form::Table, global = true, value_name = "FORM")]
    format: Form,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Targets that rules are converted for
    Targets,
    /// Output formats of a target, or of all
    Formats(OfTarget),
    /// Ways to write correlations for a target, or for all
    CorrelationMethods(OfTarget),
    /// Options of a target (`-O name=value`), or of all
    Options(OfTarget),
    /// Modifiers that stand behind field names in rules
    Modifiers,
}

#[derive(Debug, Args)]
struct OfTarget {
    /// The target
    target: Option<String>,
}

pub(crate) fn run(list: &List) -> Exit {
    let table = match &list.what {
        What::Targets => targets(),
        What::Formats(of) => of.rows(&["target", "format", "default", "description"], formats),
        What::CorrelationMethods(of) => {
            of.rows(&["target", "method", "default", "description"], correlation_methods)
        }
        What::Options(of) => of.rows(&["target", "option", "default", "description"], options),
        What::Modifiers => Ok(modifiers()),
    };
    match table {
        Ok(table) => {
            let text = table.render(list.format, terminal_width());
            match output::write(Path::new("-"), text.as_bytes()) {
                Ok(()) => Exit::Clean,
                Err(_) => Exit::BadInput,
            }
        }
        Err(diagnostic) => {
            findings::print(&[Found::of("", diagnostic)], Diagnostics::Text);
            Exit::BadInput
        }
    }
}

impl OfTarget {
    /// A table with the rows of one target, or of all.
    fn rows(&self, columns: &[&'static str], add: fn(&Dialect, &mut Table)) -> Result<Table, Diagnostic> {
        let mut table = Table::new(columns);
        match &self.target {
            Some(name) => {
                let target = targets::find(name).ok_or_else(|| {
                    Diagnostic::error(&codes::backend::UNKNOWN_TARGET, format!("there is no target `{name}`"))
                })?;
                add(target.build()?.dialect(), &mut table);
            }
            None => {
                for target in targets::ALL {
                    add(target.build()?.dialect(), &mut table);
                }
            }
        }
        Ok(table)
    }
}

fn targets() -> Result<Table, Diagnostic> {
    let mut table = Table::new(&["target", "pipeline_required", "aliases", "description"]);
    for target in targets::ALL {
        let target = target.build()?;
        let dialect = target.dialect();
        table.row([
            Value::from(dialect.name.as_str()),
            dialect.requires_pipeline.into(),
            dialect.aliases.clone().into(),
            dialect.title.as_str().into(),
        ]);
    }
    Ok(table)
}

fn formats(dialect: &Dialect, table: &mut Table) {
    for format in &dialect.formats {
        table.row([
            Value::from(dialect.name.as_str()),
            format.name.as_str().into(),
            (format.name == dialect.default_format).into(),
            format.title.as_str().into(),
        ]);
    }
}

fn correlation_methods(dialect: &Dialect, table: &mut Table) {
    for (name, method) in &dialect.correlation {
        table.row([
            Value::from(dialect.name.as_str()),
            name.as_str().into(),
            (*name == dialect.default_correlation_method).into(),
            method.title.as_str().into(),
        ]);
    }
}

fn options(dialect: &Dialect, table: &mut Table) {
    for option in &dialect.options {
        table.row([dialect.name.as_str(), &option.name, &option.default, &option.title]);
    }
}

fn modifiers() -> Table {
    let mut table = Table::new(&["modifier", "description"]);
    for modifier in Modifier::ALL {
        table.row([modifier.as_str(), modifier.summary()]);
    }
    table
}
