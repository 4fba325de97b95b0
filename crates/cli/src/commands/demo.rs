//! `sigyn demo`: the bundled example rules in the languages of three targets.

use std::path::Path;

use clap::Args;
use sigyn_backends::Env;
use sigyn_convert::{Converter, Strictness, load};
use sigyn_diagnostics::SourceFile;
use sigyn_ir::{Compat, Data, LoadOptions};

use crate::args::{Aim, Diagnostics, Pipelines};
use crate::findings;
use crate::setup::{self, PipelineNeed, Wanted};
use crate::{Exit, output};

/// The command takes no words.
#[derive(Debug, Args)]
pub(crate) struct Demo {}

/// A rule of the repository by its name, with its text.
macro_rules! bundled {
    ($name:literal) => {
        (
            concat!("examples/rules/", $name, ".yml"),
            include_str!(concat!("../../../../examples/rules/", $name, ".yml")),
        )
    };
}

/// The rules, by the names they have in the repository.
const RULES: &[(&str, &str)] = &[
    bundled!("linux_history_cleared"),
    bundled!("linux_sshd_bad_protocol"),
    bundled!("web_path_traversal"),
    bundled!("windows_certutil_download"),
    bundled!("windows_password_guessing"),
];
/// The targets, chosen for how different they look.
const TARGETS: &[&str] = &["splunk", "esql", "kusto"];

pub(crate) fn run(_: &Demo) -> Exit {
    let mut out = String::new();
    for target in TARGETS {
        let converter = setup::converter(Wanted {
            aim: &Aim { target: Some((*target).to_owned()), dialect: None },
            pipelines: &Pipelines::default(),
            env: Env::default(),
            strictness: Strictness::Report,
            pipeline_need: PipelineNeed::Waived,
        });
        match converter {
            Ok(converter) => out.push_str(&chapter(&converter)),
            Err(found) => {
                findings::print(&found, Diagnostics::Text);
                return Exit::Internal;
            }
        }
    }
    out.push_str("Next: sigyn convert -t splunk -p splunk_windows RULES, sigyn list targets, sigyn help\n");
    match output::write(Path::new("-"), out.as_bytes()) {
        Ok(()) => Exit::Clean,
        Err(_) => Exit::BadInput,
    }
}

/// The queries of all rules for one target, each under the rule's title; refusals with their reason.
fn chapter(converter: &Converter) -> String {
    let files = RULES.iter().map(|(name, text)| SourceFile::new(*name, *text));
    let (_, loaded) = load(files, &LoadOptions::new(Compat::Spec));
    let conversion = converter.convert(loaded.set);
    let dialect = converter.target().dialect();
    let mut out = format!("== {} ({})\n\n", dialect.title, dialect.name);
    for rule in conversion.rules.iter().filter(|rule| rule.is_output) {
        out.push_str(&format!("-- {}\n", rule.item.meta().title));
        match &rule.queries {
            Ok(queries) => queries.iter().for_each(|query| out.push_str(&format!("{}\n", text(query)))),
            Err(failure) => {
                let diagnostic = &failure.diagnostic;
                out.push_str(&format!("refused, {}: {}\n", diagnostic.code, diagnostic.message));
            }
        }
        out.push('\n');
    }
    out
}

fn text(query: &Data) -> String {
    query.as_str().map_or_else(|| query.to_json(None), str::to_owned)
}
