//! `sigyn rules graph`: which rules read which.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use sigyn_ruleset::Scope;
use sigyn_runtime::Program;

use super::write;
use crate::args::{Diagnostics, Pipelines};
use crate::commands::hunt::{Chosen, RuleFiles, Selection, SelectionArgs, log_sources, place};
use crate::findings::{self, Found};
use crate::screen::counted;
use crate::{Exit, setup};

/// The words of the command.
#[derive(Debug, Args)]
pub(super) struct Graph {
    /// Rule files, or folders of them
    #[arg(required = true, value_name = "RULES")]
    input: Vec<PathBuf>,
    /// Which files of a folder are read as rules
    #[arg(short = 'P', long, default_value = "*.yml", value_name = "PATTERN")]
    file_pattern: String,
    /// What is written
    #[arg(long, value_enum, default_value_t = Form::Dot, value_name = "FORM")]
    format: Form,
    /// Where to; `-` is standard output
    #[arg(short, long, default_value = "-", value_name = "FILE")]
    output: PathBuf,
    /// Also rules that neither read another nor are read
    #[arg(long)]
    all: bool,
}

/// A form of the drawing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    /// For Graphviz.
    Dot,
    /// A drawing.
    Svg,
}

impl Graph {
    pub(super) fn run(&self) -> Result<Exit, Vec<Found>> {
        let files = RuleFiles { rules: self.input.clone(), file_pattern: self.file_pattern.clone() };
        let (texts, unread) = setup::texts(&files.rules, &files.file_pattern)?;
        let chosen = Selection::new(&SelectionArgs::of(&Pipelines::default()))?.choose(texts, unread);
        let scope = if self.all { Scope::All } else { Scope::Chained };
        let Chosen { set, sources, mut refused } = chosen;
        // Which detections a rule on detections may match is known when rules are compiled, and so are circles over them.
        let built = Program::build(set, &log_sources()?, &[]);
        refused.extend(built.refused.into_iter().map(|found| place(found, &sources)));
        let program = built.program;
        let graph = sigyn_ruleset::Graph::of(&program.set, &program.selected(), scope);
        let text = match self.format {
            Form::Dot => graph.dot(),
            Form::Svg => graph.svg(),
        };
        write(&self.output, &text)?;
        findings::print(&refused, Diagnostics::Text);
        let (rules, links) = (graph.nodes.len() as u64, graph.edges.len() as u64);
        let line = format!("{}, {} between them.", counted(rules, "rule"), counted(links, "link"));
        findings::say(Diagnostics::Text, &line);
        Ok(if refused.is_empty() { Exit::Clean } else { Exit::Findings })
    }
}
