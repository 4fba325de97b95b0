//! `sigyn list`: what there is to choose from.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::Value;
use sigyn_backends::{Dialect, Target, targets};
use sigyn_diagnostics::{Diagnostic, codes};
use sigyn_ir::Modifier;
use sigyn_pipeline::{ConditionKind, ConditionSpec, Parameter, Spec, builtin};

use crate::Exit;
use crate::args::Diagnostics;
use crate::findings::{self, Found};
use crate::output;
use crate::screen::Screen;
use crate::setup;
use crate::table::{Form, Table};

/// The words of the command.
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
    #[command(after_help = "Example:\n  sigyn list targets")]
    Targets,
    /// Output formats of a target, or of all
    #[command(after_help = "Example:\n  sigyn list formats splunk")]
    Formats(OfDialect),
    /// Ways to write correlations for a target, or for all
    #[command(after_help = "Example:\n  sigyn list correlation-methods splunk")]
    CorrelationMethods(OfDialect),
    /// Options of a target (`-O name=value`), or of all
    #[command(after_help = "Example:\n  sigyn list options splunk")]
    Options(OfDialect),
    /// Processing pipelines that are built in, all or those for a target
    #[command(after_help = "Example:\n  sigyn list pipelines splunk")]
    Pipelines(OfTarget),
    /// Modifiers that stand behind field names in rules
    #[command(after_help = "Example:\n  sigyn list modifiers")]
    Modifiers,
    /// Checks of `sigyn check`, with the names that sigma-cli's configuration files use
    #[command(alias = "validators", after_help = "Example:\n  sigyn list checks")]
    Checks,
    /// Transformations of pipelines (`transformations`)
    #[command(after_help = "Example:\n  sigyn list transformations")]
    Transformations,
    /// Conditions of pipelines (`rule_conditions`, `detection_item_conditions`, `field_name_conditions`)
    #[command(after_help = "Example:\n  sigyn list conditions")]
    Conditions,
    /// Post-processing items of pipelines (`postprocessing`)
    #[command(after_help = "Example:\n  sigyn list postprocessing")]
    Postprocessing,
    /// Finalizers of pipelines (`finalizers`)
    #[command(after_help = "Example:\n  sigyn list finalizers")]
    Finalizers,
}

#[derive(Debug, Args)]
struct OfTarget {
    /// The target
    target: Option<String>,
}

#[derive(Debug, Args)]
struct OfDialect {
    /// The target
    target: Option<String>,
    /// A target of your own instead: a dialect file
    #[arg(long, value_name = "FILE", conflicts_with = "target")]
    dialect: Option<PathBuf>,
}

pub(crate) fn run(list: &List) -> Exit {
    let table = match &list.what {
        What::Targets => targets(),
        What::Formats(of) => of.rows(&["target", "format", "default", "description"], formats),
        What::CorrelationMethods(of) => {
            of.rows(&["target", "method", "default", "description"], correlation_methods)
        }
        What::Options(of) => of.rows(&["target", "option", "default", "description"], options),
        What::Pipelines(of) => of.pipelines(),
        What::Modifiers => Ok(modifiers()),
        What::Checks => Ok(checks()),
        What::Transformations => Ok(specs("transformation", sigyn_pipeline::transformation_specs())),
        What::Conditions => Ok(conditions()),
        What::Postprocessing => Ok(specs("item", sigyn_pipeline::postprocessing_specs())),
        What::Finalizers => Ok(specs("finalizer", sigyn_pipeline::finalizer_specs())),
    };
    match table {
        Ok(table) => {
            let text = table.render(list.format, Screen::stdout().width);
            match output::write(Path::new("-"), text.as_bytes()) {
                Ok(()) => Exit::Clean,
                Err(_) => Exit::BadInput,
            }
        }
        Err(found) => {
            findings::print(&[found], Diagnostics::Text);
            Exit::BadInput
        }
    }
}

impl OfDialect {
    /// A table with the rows of one target, or of all.
    fn rows(&self, columns: &[&'static str], add: fn(&Dialect, &mut Table)) -> Result<Table, Found> {
        let mut table = Table::new(columns);
        match (&self.dialect, &self.target) {
            (Some(path), _) => add(&setup::dialect_of(path)?, &mut table),
            (None, Some(name)) => add(known(name).and_then(build)?.dialect(), &mut table),
            (None, None) => {
                for target in targets::ALL {
                    add(build(target)?.dialect(), &mut table);
                }
            }
        }
        Ok(table)
    }
}

fn build(target: &targets::Builtin) -> Result<Box<dyn Target>, Found> {
    target.build().map_err(|diagnostic| Found::of("", diagnostic))
}

impl OfTarget {
    fn pipelines(&self) -> Result<Table, Found> {
        let mut table = Table::new(&["pipeline", "priority", "targets", "description"]);
        if let Some(name) = &self.target {
            known(name)?;
        }
        let is_for = |allowed: &[&str]| match &self.target {
            Some(target) => allowed.is_empty() || allowed.contains(&target.as_str()),
            None => true,
        };
        for pipeline in builtin::all().iter().filter(|pipeline| is_for(pipeline.allowed_backends)) {
            let made_for = match pipeline.allowed_backends {
                [] => Value::from("all"),
                names => names.to_vec().into(),
            };
            table.row([
                Value::from(pipeline.name),
                pipeline.priority.into(),
                made_for,
                pipeline.title.into(),
            ]);
        }
        Ok(table)
    }
}

fn known(name: &str) -> Result<&'static targets::Builtin, Found> {
    targets::find(name).ok_or_else(|| {
        let message = format!("there is no target `{name}`");
        Found::of("", Diagnostic::error(&codes::backend::UNKNOWN_TARGET, message))
    })
}

/// Items of pipelines with their parameters; those in brackets may be left out.
fn specs<'a>(what: &'static str, specs: impl Iterator<Item = &'a Spec>) -> Table {
    let mut table = Table::new(&[what, "description", "parameters"]).with_details(1);
    for spec in specs {
        table.row([Value::from(spec.name), spec.summary.into(), parameters(spec)]);
    }
    table
}

fn parameters(spec: &Spec) -> Value {
    let name = |parameter: &Parameter| match parameter.default {
        Some(_) => format!("[{}]", parameter.name),
        None => parameter.name.to_owned(),
    };
    spec.parameters.iter().map(name).collect::<Vec<_>>().into()
}

fn conditions() -> Table {
    let mut table = Table::new(&["on", "condition", "description", "parameters"]).with_details(1);
    for ConditionSpec { kind, spec } in sigyn_pipeline::condition_specs() {
        let on = match kind {
            ConditionKind::Rule => "rule",
            ConditionKind::DetectionItem => "detection item",
            ConditionKind::FieldName => "field name",
        };
        table.row([Value::from(on), spec.name.into(), spec.summary.into(), parameters(spec)]);
    }
    table
}

fn targets() -> Result<Table, Found> {
    let mut table = Table::new(&["target", "pipeline_required", "aliases", "description"]);
    for target in targets::ALL {
        let target = build(target)?;
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

fn checks() -> Table {
    let mut table = Table::new(&["check", "code", "severity", "validator", "description"]);
    for check in sigyn_lint::ALL {
        table.row([
            Value::from(check.code.name),
            check.code.to_string().into(),
            sigyn_diagnostics::render::json::severity(check.severity).into(),
            check.like.map(|like| like.validator).into(),
            check.code.summary.into(),
        ]);
    }
    table
}

fn modifiers() -> Table {
    let mut table = Table::new(&["modifier", "description"]);
    for modifier in Modifier::ALL {
        table.row([modifier.as_str(), modifier.summary()]);
    }
    table
}
